// Raw access to one interface's frames: for the link emulator of the tests.
#ifndef VINE_PACKET_SOCKET_H
#define VINE_PACKET_SOCKET_H

#include <stdint.h>
#include "CLinuxShim.h"

/// A nonblocking socket with whole Ethernet frames of the interface, in the thread's network namespace; what it sends
/// itself is not seen. -1 and errno.
int vine_packet_socket(const char *interface);
/// Frames that the kernel dropped in front of the socket since the last call.
uint32_t vine_packet_drops(int descriptor);
/// Turns checksum and segmentation offloads of an interface off, so that every frame is whole and of its own size: 0,
/// or -1 and errno of the first that is not possible. What the interface has not got is passed over.
int vine_plain_interface(const char *interface);
/// epoll_pwait2: waits at most so many nanoseconds.
int vine_epoll_wait_precisely(int epoll, struct vine_ready *ready, int64_t nanoseconds);
/// Timers of this thread are not rounded, and it goes before other threads where it may.
void vine_precise_timers(void);
/// Runs `body` in the network namespace at `path`, then goes back: 0, or -1 and errno.
int vine_in_network_namespace(const char *path, void (*body)(void *), void *context);
/// SIGHUP, SIGTERM and SIGINT only set a flag that is read and cleared here: the number of one that came, or 0.
void vine_catch_signals(void);
int vine_caught_signal(void);

#endif
