// A TUN device whose packets have virtio's header in front, so that they come and go uncut.
#ifndef VINE_TUN_H
#define VINE_TUN_H

#include <stddef.h>
#include <stdint.h>
#include "offload.h"

/// Opens a device in the thread's network namespace; it goes with the descriptor. `uncut`: TCP comes in super-packets
/// and without checksums. The descriptor, or -1 and errno.
int vine_tun_open(const char *name, int uncut);
/// One packet: its length, 0 for none that could be read, or -1 and errno.
long vine_tun_read(int descriptor, struct vine_offload *offload, void *packet, size_t room);
/// One packet; `segment_size` and the others as for `vine_inject`. 0, or -1 and errno.
int vine_tun_write(
  int descriptor, const void *packet, size_t count, uint16_t segment_size, uint16_t ip_count, uint16_t headers_count);

#endif
