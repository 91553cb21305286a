// The ring that Sources/Ring is compared with: a single-producer, single-consumer ring in idiomatic C++, in
// the style of rigtorp's SPSCQueue (https://github.com/rigtorp/SPSCQueue).
//
// The same as in Sources/Ring: contiguous records of an 8-byte header (length, kind) and payload, rounded
// up to 8 bytes; a padding record before the end; cursors that count bytes, 128 bytes apart; a copy of the
// other side's cursor; one release store per batch; a zeroed guard after the records.
// Leaves out: waking a sleeping consumer and requesting room (one atomic exchange each per batch in
// Sources/Ring), counters of fullness, the check that a record is valid, ends that free themselves.
//
// Use: spsc_ring_create; spsc_ring_push on one thread, spsc_ring_drain on one thread; spsc_ring_destroy.
#ifndef TOUCHPOINT_CSPSCRING_H
#define TOUCHPOINT_CSPSCRING_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct spsc_ring spsc_ring;

/// Creates a ring of `capacity` bytes, a power of two; NULL if memory is exhausted.
spsc_ring *spsc_ring_create(size_t capacity);
void spsc_ring_destroy(spsc_ring *ring);

/// Producer: copies `message` in up to `count` times and publishes the records with one store; returns how
/// many there was room for.
size_t spsc_ring_push(spsc_ring *ring, const void *message, size_t size, size_t count);

/// Consumer: reads all published records and frees their room with one store; returns the bytes of their
/// payloads.
size_t spsc_ring_drain(spsc_ring *ring);

#ifdef __cplusplus
}
#endif
#endif
