#define _GNU_SOURCE
#include "CLinuxShim.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sockios.h>
#include <linux/udp.h>
#include <pthread.h>
#include <sched.h>
#include <stddef.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/timex.h>
#include <unistd.h>

_Static_assert(sizeof(struct vine_message) == sizeof(struct mmsghdr), "vine_message is mmsghdr");
_Static_assert(offsetof(struct vine_message, length) == offsetof(struct mmsghdr, msg_len), "vine_message is mmsghdr");

int vine_receive_messages(int descriptor, struct vine_message *messages, unsigned int count) {
  return recvmmsg(descriptor, (struct mmsghdr *)messages, count, MSG_DONTWAIT, NULL);
}

int vine_stamp_arrivals(int descriptor, int on) {
  return setsockopt(descriptor, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof on);
}

int64_t vine_arrival(const struct vine_message *message) {
  struct msghdr *header = (struct msghdr *)&message->header;
  for (struct cmsghdr *part = CMSG_FIRSTHDR(header); part != NULL; part = CMSG_NXTHDR(header, part)) {
    if (part->cmsg_level != SOL_SOCKET || part->cmsg_type != SCM_TIMESTAMPNS) continue;
    struct timespec time;
    memcpy(&time, CMSG_DATA(part), sizeof time);
    return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
  }
  return 0;
}

int vine_coalesce_datagrams(int descriptor, int on) {
  return setsockopt(descriptor, IPPROTO_UDP, UDP_GRO, &on, sizeof on);
}

uint32_t vine_segment_size(const struct vine_message *message) {
  struct msghdr *header = (struct msghdr *)&message->header;
  for (struct cmsghdr *part = CMSG_FIRSTHDR(header); part != NULL; part = CMSG_NXTHDR(header, part)) {
    if (part->cmsg_level != IPPROTO_UDP || part->cmsg_type != UDP_GRO) continue;
    int size;
    memcpy(&size, CMSG_DATA(part), sizeof size);
    return size > 0 ? (uint32_t)size : 0;
  }
  return 0;
}

void vine_cut_message(struct vine_message *message, void *room, uint16_t size) {
  struct msghdr *header = &message->header;
  header->msg_control = room;
  header->msg_controllen = CMSG_SPACE(sizeof size);
  struct cmsghdr *part = CMSG_FIRSTHDR(header);
  part->cmsg_level = IPPROTO_UDP;
  part->cmsg_type = UDP_SEGMENT;
  part->cmsg_len = CMSG_LEN(sizeof size);
  memcpy(CMSG_DATA(part), &size, sizeof size);
}

int vine_send_messages(int descriptor, struct vine_message *messages, unsigned int count) {
  return sendmmsg(descriptor, (struct mmsghdr *)messages, count, MSG_DONTWAIT | MSG_NOSIGNAL);
}

int vine_accept(int listener, struct sockaddr_in *peer) {
  socklen_t length = sizeof *peer;
  return accept4(listener, (struct sockaddr *)peer, &length, SOCK_NONBLOCK | SOCK_CLOEXEC);
}

int vine_epoll_create(void) { return epoll_create1(EPOLL_CLOEXEC); }

int vine_epoll_set(int epoll, int descriptor, uint32_t events, uint64_t token) {
  struct epoll_event event = {.events = events, .data = {.u64 = token}};
  if (epoll_ctl(epoll, EPOLL_CTL_ADD, descriptor, &event) == 0) return 0;
  return errno == EEXIST ? epoll_ctl(epoll, EPOLL_CTL_MOD, descriptor, &event) : -1;
}

int vine_epoll_remove(int epoll, int descriptor) { return epoll_ctl(epoll, EPOLL_CTL_DEL, descriptor, NULL); }

int vine_epoll_wait(int epoll, struct vine_ready *ready, int milliseconds) {
  struct epoll_event events[VINE_READY_MAX];
  int count = epoll_wait(epoll, events, VINE_READY_MAX, milliseconds);
  for (int i = 0; i < count; i++) ready[i] = (struct vine_ready){events[i].data.u64, events[i].events};
  return count < 0 && errno == EINTR ? 0 : count;
}

int vine_event_create(void) { return eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC); }

void vine_event_raise(int descriptor) {
  uint64_t one = 1;
  // EAGAIN: the counter is full and the reader is called anyway.
  (void)!write(descriptor, &one, sizeof one);
}

void vine_event_clear(int descriptor) {
  uint64_t count;
  (void)!read(descriptor, &count, sizeof count);
}

int vine_set_option(int descriptor, int level, int name, int value) {
  return setsockopt(descriptor, level, name, &value, sizeof value);
}

void vine_set_buffers(int descriptor, int receive, int send) {
  if (receive > 0 && vine_set_option(descriptor, SOL_SOCKET, SO_RCVBUFFORCE, receive) != 0)
    (void)vine_set_option(descriptor, SOL_SOCKET, SO_RCVBUF, receive);
  if (send > 0 && vine_set_option(descriptor, SOL_SOCKET, SO_SNDBUFFORCE, send) != 0)
    (void)vine_set_option(descriptor, SOL_SOCKET, SO_SNDBUF, send);
}

int vine_bind_to_device(int descriptor, const char *interface) {
  return setsockopt(descriptor, SOL_SOCKET, SO_BINDTODEVICE, interface, (socklen_t)strlen(interface));
}

int vine_socket_error(int descriptor) {
  int error = 0;
  socklen_t length = sizeof error;
  return getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &error, &length) == 0 ? error : errno;
}

int vine_unacknowledged(int descriptor) {
  int count = 0;
  return ioctl(descriptor, SIOCOUTQ, &count) == 0 ? count : 0;
}

int vine_enter_network_namespace(const char *path) {
  int descriptor = open(path, O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) return -1;
  int result = setns(descriptor, CLONE_NEWNET);
  int error = errno;
  close(descriptor);
  errno = error;
  return result;
}

int vine_go_first(int first) {
  const struct sched_param parameters = {.sched_priority = first ? 1 : 0};
  // Without SCHED_RESET_ON_FORK a child would have the priority, too.
  return sched_setscheduler(0, (first ? SCHED_RR : SCHED_OTHER) | SCHED_RESET_ON_FORK, &parameters);
}

void vine_name_thread(const char *name) { (void)pthread_setname_np(pthread_self(), name); }

const char *vine_error_text(int error) {
  const char *text = strerrordesc_np(error);
  return text != NULL ? text : "unknown error";
}

int64_t vine_clock_error(void) {
  struct timex time = {.modes = 0};
  if (adjtimex(&time) < 0 || (time.status & STA_UNSYNC)) return -1;
  return time.maxerror / 1000;
}
