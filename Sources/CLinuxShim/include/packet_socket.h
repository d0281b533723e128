// Raw access to one interface's frames: for injection, and for the link emulator of the tests.
#ifndef VINE_PACKET_SOCKET_H
#define VINE_PACKET_SOCKET_H

#include <stddef.h>
#include <stdint.h>
#include "CLinuxShim.h"
#include "offload.h"

/// A nonblocking socket with whole Ethernet frames of the interface, in the thread's network namespace; what it sends
/// itself is not seen. -1 and errno.
int vine_packet_socket(const char *interface);
/// Frames that the kernel dropped in front of the socket since the last call.
uint32_t vine_packet_drops(int descriptor);
/// Makes a packet socket one that only sends, and takes a `vine_offload` before each frame (PACKET_VNET_HDR): 0, or -1
/// and errno.
int vine_prepare_injection(int descriptor);
/// Sends one frame from its parts; `ethernet` has 14 bytes. `segment_size` is payload of TCP or UDP to cut to, 0 for a
/// packet that is whole; `headers_count` those of both headers, `ip_count` of IPv4 alone. 0, or -1 and errno.
int vine_inject(
  int descriptor, int interface, const uint8_t *ethernet, const void *packet, size_t count, uint16_t segment_size,
  uint16_t ip_count, uint16_t headers_count);

/// The hardware address of an Ethernet interface, in the thread's network namespace: 0, or -1 and errno.
int vine_hardware_address(const char *interface, uint8_t address[6]);
/// The interface's MTU, or -1 and errno.
int vine_interface_mtu(int socket, const char *interface);
/// What the kernel knows of a neighbour's hardware address (network byte order in): 1 if it knows it, otherwise 0.
int vine_neighbour(int socket, const char *interface, uint32_t address, uint8_t hardware[6]);

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
