// <stdbool.h> for pktbuff.h; <netinet/in.h> first, or in_addr gets two definitions in two modules.
#ifndef VINE_NETFILTER_QUEUE_SHIM_H
#define VINE_NETFILTER_QUEUE_SHIM_H

#include <endian.h>
#include <stdbool.h>
#include <netinet/in.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_queue.h>
#include <libnetfilter_queue/libnetfilter_queue.h>

// What Swift can't call: attribute macros and functions over arrays of attribute pointers.

/// One message of a queue. `payload` points into the message; NULL if it is no packet.
struct vine_queue_message {
  uint32_t identifier;
  uint32_t length;
  /// The packet's whole length; more than `length` if the kernel cut it.
  uint32_t whole;
  uint16_t queue;
  /// The host left checksums to its interface; they are not there yet.
  bool lacks_checksum;
  /// The host left the cutting into segments to its interface.
  bool is_super;
  /// When the machine got it, in nanoseconds of CLOCK_REALTIME; 0 if the kernel does not say.
  int64_t arrival;
  void *payload;
};

/// Reads one netlink message: 1 a packet, 0 something else, -errno an error that the kernel reports (0: an
/// acknowledgement, told apart by `is_acknowledgement`).
static inline int vine_queue_parse(const struct nlmsghdr *message, struct vine_queue_message *result) {
  struct nlattr *attributes[NFQA_MAX + 1] = {0};
  if (message->nlmsg_type == NLMSG_ERROR) {
    if (message->nlmsg_len < MNL_NLMSG_HDRLEN + sizeof(struct nlmsgerr)) return -71 /* EPROTO */;
    return ((const struct nlmsgerr *)mnl_nlmsg_get_payload(message))->error;
  }
  if (message->nlmsg_type != ((NFNL_SUBSYS_QUEUE << 8) | NFQNL_MSG_PACKET)) return 0;
  if (nfq_nlmsg_parse(message, attributes) < 0 || attributes[NFQA_PACKET_HDR] == NULL) return 0;
  const struct nfqnl_msg_packet_hdr *header = mnl_attr_get_payload(attributes[NFQA_PACKET_HDR]);
  result->identifier = ntohl(header->packet_id);
  result->queue = ntohs(((const struct nfgenmsg *)mnl_nlmsg_get_payload(message))->res_id);
  uint32_t info = attributes[NFQA_SKB_INFO] != NULL ? ntohl(mnl_attr_get_u32(attributes[NFQA_SKB_INFO])) : 0;
  result->lacks_checksum = (info & NFQA_SKB_CSUMNOTREADY) != 0;
  result->is_super = (info & NFQA_SKB_GSO) != 0;
  result->arrival = 0;
  if (attributes[NFQA_TIMESTAMP] != NULL) {
    const struct nfqnl_msg_packet_timestamp *stamp = mnl_attr_get_payload(attributes[NFQA_TIMESTAMP]);
    result->arrival = (int64_t)be64toh(stamp->sec) * 1000000000 + (int64_t)be64toh(stamp->usec) * 1000;
  }
  result->payload = attributes[NFQA_PAYLOAD] != NULL ? mnl_attr_get_payload(attributes[NFQA_PAYLOAD]) : NULL;
  result->length = attributes[NFQA_PAYLOAD] != NULL ? mnl_attr_get_payload_len(attributes[NFQA_PAYLOAD]) : 0;
  result->whole =
    attributes[NFQA_CAP_LEN] != NULL ? ntohl(mnl_attr_get_u32(attributes[NFQA_CAP_LEN])) : result->length;
  return 1;
}

/// Whether a message ends a request that asked for an acknowledgement, and which one.
static inline bool vine_queue_is_answer(const struct nlmsghdr *message, uint32_t sequence) {
  return message->nlmsg_type == NLMSG_ERROR && message->nlmsg_seq == sequence;
}

/// The steps of setting a queue up; each is one request, so that an error names its step.
enum vine_queue_step { VINE_QUEUE_BIND, VINE_QUEUE_COPY, VINE_QUEUE_FLAGS, VINE_QUEUE_LENGTH, VINE_QUEUE_STEPS };

/// Writes the request of one step into `buffer` (MNL_SOCKET_BUFFER_SIZE bytes are enough).
/// Fail-open is switched off by name: an overflow must drop. `super`: packets come as the host made them, before they
/// are cut into segments; without it they come cut and with checksums.
static inline struct nlmsghdr *vine_queue_request(
  char *buffer, enum vine_queue_step step, uint16_t queue, uint32_t length, bool super) {
  struct nlmsghdr *message = nfq_nlmsg_put(buffer, NFQNL_MSG_CONFIG, queue);
  switch (step) {
  case VINE_QUEUE_BIND: nfq_nlmsg_cfg_put_cmd(message, AF_INET, NFQNL_CFG_CMD_BIND); break;
  case VINE_QUEUE_COPY: nfq_nlmsg_cfg_put_params(message, NFQNL_COPY_PACKET, 65531); break;
  case VINE_QUEUE_FLAGS:
    mnl_attr_put_u32(message, NFQA_CFG_MASK, htonl(NFQA_CFG_F_FAIL_OPEN | NFQA_CFG_F_GSO));
    mnl_attr_put_u32(message, NFQA_CFG_FLAGS, htonl(super ? NFQA_CFG_F_GSO : 0));
    break;
  default: nfq_nlmsg_cfg_put_qmaxlen(message, length);
  }
  message->nlmsg_flags |= NLM_F_ACK;
  message->nlmsg_seq = (uint32_t)step + 1;
  return message;
}

/// Writes the verdict DROP for every packet of `queue` up to `identifier`.
static inline struct nlmsghdr *vine_queue_drop(char *buffer, uint16_t queue, uint32_t identifier) {
  struct nlmsghdr *message = nfq_nlmsg_put(buffer, NFQNL_MSG_VERDICT_BATCH, queue);
  nfq_nlmsg_verdict_put(message, (int)identifier, NF_DROP);
  return message;
}

#endif
