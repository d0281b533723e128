#define _GNU_SOURCE
#include "CAllocationCount.h"

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>

static __thread struct vine_counts counts;

struct vine_counts vine_counts_now(void) { return counts; }

// MARK: The heap

extern void *__libc_malloc(size_t);
extern void *__libc_calloc(size_t, size_t);
extern void *__libc_realloc(void *, size_t);
extern void *__libc_memalign(size_t, size_t);

void *malloc(size_t size) {
  counts.allocations++;
  return __libc_malloc(size);
}

void *calloc(size_t number, size_t size) {
  counts.allocations++;
  return __libc_calloc(number, size);
}

void *realloc(void *old, size_t size) {
  counts.allocations++;
  return __libc_realloc(old, size);
}

void *memalign(size_t alignment, size_t size) {
  counts.allocations++;
  return __libc_memalign(alignment, size);
}

void *aligned_alloc(size_t alignment, size_t size) { return memalign(alignment, size); }

int posix_memalign(void **result, size_t alignment, size_t size) {
  void *memory = memalign(alignment, size);
  if (memory == NULL) return ENOMEM;
  *result = memory;
  return 0;
}

// MARK: References

// Swift's runtime has these for instruments.
extern bool _swift_enableSwizzlingOfAllocationAndRefCountingFunctions_forInstrumentsOnly;
extern void *(*_swift_retain)(void *);
extern void *(*_swift_retain_n)(void *, uint32_t);
extern void (*_swift_release)(void *);
extern void (*_swift_release_n)(void *, uint32_t);

static void *(*retain)(void *);
static void *(*retain_n)(void *, uint32_t);
static void (*release)(void *);
static void (*release_n)(void *, uint32_t);

static void *counted_retain(void *object) {
  counts.retains++;
  return retain(object);
}

static void *counted_retain_n(void *object, uint32_t number) {
  counts.retains++;
  return retain_n(object, number);
}

static void counted_release(void *object) {
  counts.releases++;
  release(object);
}

static void counted_release_n(void *object, uint32_t number) {
  counts.releases++;
  release_n(object, number);
}

void vine_count_references(int on) {
  if (retain == NULL) {
    retain = _swift_retain, retain_n = _swift_retain_n, release = _swift_release, release_n = _swift_release_n;
  }
  _swift_retain = on ? counted_retain : retain;
  _swift_retain_n = on ? counted_retain_n : retain_n;
  _swift_release = on ? counted_release : release;
  _swift_release_n = on ? counted_release_n : release_n;
  _swift_enableSwizzlingOfAllocationAndRefCountingFunctions_forInstrumentsOnly = on != 0;
}
