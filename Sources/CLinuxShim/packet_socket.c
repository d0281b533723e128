#define _GNU_SOURCE
#include "packet_socket.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/ethtool.h>
#include <linux/filter.h>
#include <linux/if_packet.h>
#include <linux/sockios.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

#ifndef PACKET_IGNORE_OUTGOING
#define PACKET_IGNORE_OUTGOING 23
#endif

int vine_packet_socket(const char *interface) {
  unsigned index = if_nametoindex(interface);
  if (index == 0) return -1;
  int descriptor = socket(AF_PACKET, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (descriptor < 0) return -1;
  int one = 1;
  struct sockaddr_ll address = {
      .sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL), .sll_ifindex = (int)index};
  if (setsockopt(descriptor, SOL_PACKET, PACKET_IGNORE_OUTGOING, &one, sizeof one) != 0 ||
      bind(descriptor, (struct sockaddr *)&address, sizeof address) != 0) {
    int error = errno;
    close(descriptor);
    errno = error;
    return -1;
  }
  // Without a queue of the kernel's in between: the emulator is the queue.
  (void)setsockopt(descriptor, SOL_PACKET, PACKET_QDISC_BYPASS, &one, sizeof one);
  vine_set_buffers(descriptor, 16 << 20, 4 << 20);
  return descriptor;
}

int vine_prepare_injection(int descriptor) {
  // Unread, a packet socket still costs a tenth of every packet that passes: this filter lets none in.
  struct sock_filter none = {.code = BPF_RET | BPF_K, .k = 0};
  struct sock_fprog filter = {.len = 1, .filter = &none};
  int one = 1;
  if (setsockopt(descriptor, SOL_SOCKET, SO_ATTACH_FILTER, &filter, sizeof filter) != 0) return -1;
  vine_set_buffers(descriptor, 0, 8 << 20);
  return setsockopt(descriptor, SOL_PACKET, PACKET_VNET_HDR, &one, sizeof one);
}

int vine_inject(
  int descriptor, int interface, const uint8_t *ethernet, const void *packet, size_t count, uint16_t segment_size,
  uint16_t ip_count, uint16_t headers_count) {
  struct vine_offload offload = vine_offload_of(packet, ETH_HLEN, segment_size, ip_count, headers_count);
  struct iovec parts[] = {
      {&offload, sizeof offload}, {(void *)ethernet, ETH_HLEN}, {(void *)packet, count}};
  struct sockaddr_ll address = {
      .sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_IP), .sll_ifindex = interface, .sll_halen = ETH_ALEN};
  struct msghdr message = {
      .msg_name = &address, .msg_namelen = sizeof address, .msg_iov = parts, .msg_iovlen = 3};
  return sendmsg(descriptor, &message, MSG_DONTWAIT | MSG_NOSIGNAL) < 0 ? -1 : 0;
}

static int ask(int descriptor, unsigned long question, const char *interface, struct ifreq *request) {
  *request = (struct ifreq){0};
  strncpy(request->ifr_name, interface, IFNAMSIZ - 1);
  return ioctl(descriptor, question, request);
}

int vine_hardware_address(const char *interface, uint8_t address[6]) {
  int descriptor = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (descriptor < 0) return -1;
  struct ifreq request;
  int result = ask(descriptor, SIOCGIFHWADDR, interface, &request), error = errno;
  close(descriptor);
  errno = error;
  if (result != 0) return -1;
  if (request.ifr_hwaddr.sa_family != ARPHRD_ETHER) {
    errno = EAFNOSUPPORT;
    return -1;
  }
  memcpy(address, request.ifr_hwaddr.sa_data, 6);
  return 0;
}

int vine_interface_mtu(int descriptor, const char *interface) {
  struct ifreq request;
  return ask(descriptor, SIOCGIFMTU, interface, &request) == 0 ? request.ifr_mtu : -1;
}

int vine_neighbour(int descriptor, const char *interface, uint32_t address, uint8_t hardware[6]) {
  struct arpreq request = {0};
  struct sockaddr_in *who = (struct sockaddr_in *)&request.arp_pa;
  who->sin_family = AF_INET;
  who->sin_addr.s_addr = address;
  strncpy(request.arp_dev, interface, sizeof request.arp_dev - 1);
  if (ioctl(descriptor, SIOCGARP, &request) != 0 || !(request.arp_flags & ATF_COM)) return 0;
  if (request.arp_ha.sa_family != ARPHRD_ETHER) return 0;
  memcpy(hardware, request.arp_ha.sa_data, 6);
  return 1;
}

uint32_t vine_packet_drops(int descriptor) {
  struct tpacket_stats stats = {0};
  socklen_t length = sizeof stats;
  return getsockopt(descriptor, SOL_PACKET, PACKET_STATISTICS, &stats, &length) == 0 ? stats.tp_drops : 0;
}

int vine_plain_interface(const char *interface) {
  static const uint32_t off[] = {ETHTOOL_STSO, ETHTOOL_SGSO, ETHTOOL_SGRO, ETHTOOL_STXCSUM};
  int descriptor = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (descriptor < 0) return -1;
  int result = 0;
  for (unsigned i = 0; i < sizeof off / sizeof *off && result == 0; i++) {
    struct ethtool_value value = {.cmd = off[i], .data = 0};
    struct ifreq request = {0};
    strncpy(request.ifr_name, interface, IFNAMSIZ - 1);
    request.ifr_data = (char *)&value;
    if (ioctl(descriptor, SIOCETHTOOL, &request) != 0 && errno != EOPNOTSUPP) result = -1;
  }
  int error = errno;
  close(descriptor);
  errno = error;
  return result;
}

int vine_epoll_wait_precisely(int epoll, struct vine_ready *ready, int64_t nanoseconds) {
  struct epoll_event events[VINE_READY_MAX];
  struct timespec limit = {.tv_sec = nanoseconds / 1000000000, .tv_nsec = nanoseconds % 1000000000};
  int count = epoll_pwait2(epoll, events, VINE_READY_MAX, &limit, NULL);
  for (int i = 0; i < count; i++) ready[i] = (struct vine_ready){events[i].data.u64, events[i].events};
  return count < 0 && errno == EINTR ? 0 : count;
}

void vine_precise_timers(void) {
  (void)prctl(PR_SET_TIMERSLACK, 1UL, 0, 0, 0);
  // A link does not wait for the programs at its ends.
  struct sched_param priority = {.sched_priority = 10};
  (void)sched_setscheduler(0, SCHED_FIFO, &priority);
}

int vine_in_network_namespace(const char *path, void (*body)(void *), void *context) {
  int own = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
  if (own < 0) return -1;
  int result = vine_enter_network_namespace(path);
  int error = errno;
  if (result == 0) {
    body(context);
    if (setns(own, CLONE_NEWNET) != 0) _exit(71);
  }
  close(own);
  errno = error;
  return result;
}

static volatile sig_atomic_t caught;
static void note(int number) { caught = number; }

void vine_catch_signals(void) {
  struct sigaction action = {.sa_handler = note};
  sigaction(SIGHUP, &action, NULL);
  sigaction(SIGTERM, &action, NULL);
  sigaction(SIGINT, &action, NULL);
}

int vine_caught_signal(void) {
  int number = caught;
  caught = 0;
  return number;
}
