// Virtio's header in front of a packet: what its sender left to an interface.
#ifndef VINE_OFFLOAD_H
#define VINE_OFFLOAD_H

#include <stdint.h>

struct vine_offload {
  uint8_t flags, type;
  uint16_t header_count, segment_size, checksum_start, checksum_offset;
};

/// What an interface has to do with an IPv4 packet that `lead` bytes are in front of; see `vine_inject`.
struct vine_offload vine_offload_of(
  const void *packet, uint16_t lead, uint16_t segment_size, uint16_t ip_count, uint16_t headers_count);
int vine_offload_lacks_checksum(const struct vine_offload *offload);
int vine_offload_is_super(const struct vine_offload *offload);

#endif
