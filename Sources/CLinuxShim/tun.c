#define _GNU_SOURCE
#include "tun.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/uio.h>
#include <unistd.h>

int vine_tun_open(const char *name, int uncut) {
  int descriptor = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
  if (descriptor < 0) return -1;
  struct ifreq request = {.ifr_flags = IFF_TUN | IFF_NO_PI | IFF_VNET_HDR};
  strncpy(request.ifr_name, name, IFNAMSIZ - 1);
  unsigned offloads = uncut ? TUN_F_CSUM | TUN_F_TSO4 : 0;
  if (ioctl(descriptor, TUNSETIFF, &request) != 0 || ioctl(descriptor, TUNSETOFFLOAD, offloads) != 0) {
    int error = errno;
    close(descriptor);
    errno = error;
    return -1;
  }
  return descriptor;
}

long vine_tun_read(int descriptor, struct vine_offload *offload, void *packet, size_t room) {
  struct iovec parts[] = {{offload, sizeof *offload}, {packet, room}};
  long count = readv(descriptor, parts, 2);
  if (count < 0) return -1;
  return count > (long)sizeof *offload ? count - (long)sizeof *offload : 0;
}

int vine_tun_write(
  int descriptor, const void *packet, size_t count, uint16_t segment_size, uint16_t ip_count, uint16_t headers_count) {
  struct vine_offload offload = vine_offload_of(packet, 0, segment_size, ip_count, headers_count);
  struct iovec parts[] = {{&offload, sizeof offload}, {(void *)packet, count}};
  return writev(descriptor, parts, 2) < 0 ? -1 : 0;
}
