// Linux interfaces that Swift's Glibc module does not show: calls behind _GNU_SOURCE, variadic calls, and macros.
// This header must not define _GNU_SOURCE itself (fd_set would get two definitions in two modules); the .c does.
#ifndef VINE_LINUX_SHIM_H
#define VINE_LINUX_SHIM_H

#include <stdint.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <netinet/in.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <net/if.h>

/// The same as the kernel's `struct mmsghdr`, which needs _GNU_SOURCE.
struct vine_message {
  struct msghdr header;
  unsigned int length;
};

/// recvmmsg without blocking and without a time limit: the number of messages, or -1 and errno.
int vine_receive_messages(int descriptor, struct vine_message *messages, unsigned int count);

/// Whether the kernel says when each datagram came in (SO_TIMESTAMPNS): 0, or -1 and errno.
int vine_stamp_arrivals(int descriptor, int on);
/// Room for what the kernel says of one datagram.
enum { VINE_CONTROL_BYTES = 64 };
/// When a received datagram came in, in nanoseconds of the time of day; 0 if the kernel did not say.
int64_t vine_arrival(const struct vine_message *message);

/// Whether the kernel may hand over several datagrams of one sender as one message (UDP_GRO): 0, or -1 and errno.
int vine_coalesce_datagrams(int descriptor, int on);
/// How long each datagram in a received message is, the last one perhaps shorter; 0: it is one datagram.
uint32_t vine_segment_size(const struct vine_message *message);
/// Has the kernel cut a message into datagrams of `size` bytes (UDP_SEGMENT). `room`: VINE_CONTROL_BYTES.
void vine_cut_message(struct vine_message *message, void *room, uint16_t size);

/// sendmmsg without blocking: the number of messages sent, or -1 and errno if not even the first was.
int vine_send_messages(int descriptor, struct vine_message *messages, unsigned int count);

/// accept4 with SOCK_NONBLOCK and SOCK_CLOEXEC.
int vine_accept(int listener, struct sockaddr_in *peer);

/// One epoll instance, close on exec.
int vine_epoll_create(void);
/// EPOLL_CTL_ADD, and EPOLL_CTL_MOD if the descriptor is there already.
int vine_epoll_set(int epoll, int descriptor, uint32_t events, uint64_t token);
int vine_epoll_remove(int epoll, int descriptor);

/// What is ready, in the order of epoll_wait.
struct vine_ready {
  uint64_t token;
  uint32_t events;
};
enum { VINE_READY_MAX = 64 };
/// Waits at most `milliseconds`; an interrupted wait counts as none ready.
int vine_epoll_wait(int epoll, struct vine_ready *ready, int milliseconds);

/// A nonblocking eventfd, and its two ends.
int vine_event_create(void);
void vine_event_raise(int descriptor);
void vine_event_clear(int descriptor);

/// An integer socket option: 0, or -1 and errno.
int vine_set_option(int descriptor, int level, int name, int value);
/// A socket's buffers, beyond the system's limit where the process may (SO_RCVBUFFORCE, SO_SNDBUFFORCE).
void vine_set_buffers(int descriptor, int receive, int send);
/// SO_BINDTODEVICE.
int vine_bind_to_device(int descriptor, const char *interface);
/// What became of a nonblocking connect (SO_ERROR).
int vine_socket_error(int descriptor);
/// Bytes written to a TCP socket that the other side has not acknowledged (SIOCOUTQ); 0 if there is no telling.
int vine_unacknowledged(int descriptor);

/// Moves the calling thread into the network namespace at `path`: 0, or -1 and errno.
int vine_enter_network_namespace(const char *path);
/// The name that `ps -L` and `top -H` show, at most 15 bytes.
void vine_name_thread(const char *name);
/// Whether the calling thread gets a processor before all that have no real-time priority (SCHED_RR, 1): 0, or -1 and
/// errno.
int vine_go_first(int first);

/// strerror that two threads may call at once; a constant text.
const char *vine_error_text(int error);

/// How far the clock may be off, in milliseconds, as NTP tells the kernel; -1 if nothing keeps it.
int64_t vine_clock_error(void);

#include "netfilter_news.h"
#include "packet_socket.h"
#include "tun.h"

#endif
