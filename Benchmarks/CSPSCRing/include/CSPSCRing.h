// The ring that Sources/Ring is measured against: a single-producer, single-consumer ring as one would
// write it in C++, in the manner of rigtorp's SPSCQueue (https://github.com/rigtorp/SPSCQueue).
//
// The same as Sources/Ring: records of an 8-byte header (length, kind) and payload, rounded up to 8
// bytes, in one piece; a padding record before the end; cursors that count bytes, 128 bytes apart; each
// side's copy of the other's cursor; one release store a batch; a zeroed guard behind the records.
// Left out: waking a sleeping consumer and asking for room (an atomic exchange a batch each in
// Sources/Ring), counters of fullness, the check that a record read makes sense, ends that free
// themselves.
//
// Use: spsc_ring_create; spsc_ring_push on one thread, spsc_ring_drain on one thread; spsc_ring_destroy.
#ifndef TOUCHPOINT_CSPSCRING_H
#define TOUCHPOINT_CSPSCRING_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct spsc_ring spsc_ring;

/// A ring of `capacity` bytes, a power of two; NULL when there is no memory.
spsc_ring *spsc_ring_create(size_t capacity);
void spsc_ring_destroy(spsc_ring *ring);

/// Producer: copies `message` in up to `count` times and publishes them with one store; gives how many
/// there was room for.
size_t spsc_ring_push(spsc_ring *ring, const void *message, size_t size, size_t count);

/// Consumer: walks all that is published and gives the room back with one store; gives the bytes of
/// their payloads.
size_t spsc_ring_drain(spsc_ring *ring);

#ifdef __cplusplus
}
#endif
#endif
