#include "netfilter_news.h"

#include <errno.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>
#include <sys/socket.h>
#include <unistd.h>

int vine_netfilter_news_open(void) {
  int descriptor = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_NETFILTER);
  if (descriptor < 0) return -1;
  const struct sockaddr_nl address = {.nl_family = AF_NETLINK, .nl_groups = 1u << (NFNLGRP_NFTABLES - 1)};
  if (bind(descriptor, (const struct sockaddr *)&address, sizeof address) != 0) {
    int error = errno;
    close(descriptor);
    errno = error;
    return -1;
  }
  return descriptor;
}

int vine_netfilter_news_came(int descriptor) {
  char message[8192];
  int any = 0;
  // At most so many: rules that change all the time are looked at again the next time.
  for (int round = 0; round < 256; round++) {
    ssize_t count = recv(descriptor, message, sizeof message, MSG_DONTWAIT);
    if (count <= 0 && errno != ENOBUFS) break;
    any = 1;
  }
  return any;
}
