#include "offload.h"

#include <linux/virtio_net.h>
#include <netinet/in.h>

// Since Linux 6.2; older headers do not have it.
#ifndef VIRTIO_NET_HDR_GSO_UDP_L4
#define VIRTIO_NET_HDR_GSO_UDP_L4 5
#endif

_Static_assert(sizeof(struct vine_offload) == sizeof(struct virtio_net_hdr), "vine_offload is virtio_net_hdr");

struct vine_offload vine_offload_of(
  const void *packet, uint16_t lead, uint16_t segment_size, uint16_t ip_count, uint16_t headers_count) {
  struct vine_offload offload = {0};
  if (segment_size == 0) return offload;
  int is_tcp = ((const uint8_t *)packet)[9] == IPPROTO_TCP;
  offload.flags = VIRTIO_NET_HDR_F_NEEDS_CSUM;
  offload.type = is_tcp ? VIRTIO_NET_HDR_GSO_TCPV4 : VIRTIO_NET_HDR_GSO_UDP_L4;
  offload.header_count = lead + headers_count;
  offload.segment_size = segment_size;
  offload.checksum_start = lead + ip_count;
  offload.checksum_offset = is_tcp ? 16 : 6;
  return offload;
}

int vine_offload_lacks_checksum(const struct vine_offload *offload) {
  return (offload->flags & VIRTIO_NET_HDR_F_NEEDS_CSUM) != 0;
}

int vine_offload_is_super(const struct vine_offload *offload) { return offload->type != VIRTIO_NET_HDR_GSO_NONE; }
