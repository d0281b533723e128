#include <stdint.h>
#include <libnet.h>
