// Counts what a thread asks of the heap and of Swift's reference counting. For the benchmark only: whoever links this
// gets malloc and its relatives from here, which count and go on to glibc's.
#ifndef VINE_ALLOCATION_COUNT_H
#define VINE_ALLOCATION_COUNT_H

#include <stdint.h>

struct vine_counts {
  uint64_t allocations, retains, releases;
};

/// Whether Swift's runtime calls the counters. Off where strings are copied: on that way it follows short ones, which
/// are no objects.
void vine_count_references(int on);
/// Of the calling thread, since it began.
struct vine_counts vine_counts_now(void);

#endif
