// <stdbool.h> for pktbuff.h; <netinet/in.h> first, or in_addr gets two definitions in two modules.
#include <stdbool.h>
#include <netinet/in.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_queue.h>
#include <libnetfilter_queue/libnetfilter_queue.h>
