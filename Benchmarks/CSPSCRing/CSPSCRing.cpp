// See the header for what this is, and what it leaves out.
#include "CSPSCRing.h"

#include <atomic>
#include <cstdint>
#include <cstring>
#include <new>
#include <sys/mman.h>

namespace {
constexpr size_t guard_bytes = 4096;
constexpr uint32_t data = 1, padding = 2;

struct header {
    uint32_t length, kind;
};
size_t record_bytes(size_t payload) { return (payload + sizeof(header) + 7) & ~size_t{7}; }
}  // namespace

struct spsc_ring {
    // The producer's line.
    alignas(128) std::atomic<size_t> written{0};
    size_t claimed = 0, read_seen = 0;
    // The consumer's line.
    alignas(128) std::atomic<size_t> read{0};
    size_t position = 0, written_seen = 0;
    // Neither writes these.
    alignas(128) size_t capacity = 0;
    char *records = nullptr;

    bool has_room(size_t needed) {
        if (needed <= capacity - (claimed - read_seen)) return true;
        read_seen = read.load(std::memory_order_acquire);
        return needed <= capacity - (claimed - read_seen);
    }

    char *claim(size_t payload) {
        size_t size = record_bytes(payload), offset = claimed & (capacity - 1), to_end = capacity - offset;
        size_t needed = size <= to_end ? size : to_end + size;
        if (!has_room(needed)) return nullptr;
        if (size > to_end) {
            put(offset, {static_cast<uint32_t>(to_end - sizeof(header)), padding});
            offset = 0;
        }
        put(offset, {static_cast<uint32_t>(payload), data});
        claimed += needed;
        return records + offset + sizeof(header);
    }

    void put(size_t offset, header value) { std::memcpy(records + offset, &value, sizeof value); }

    header get() const {
        header value;
        std::memcpy(&value, records + (position & (capacity - 1)), sizeof value);
        return value;
    }
};

spsc_ring *spsc_ring_create(size_t capacity) {
    void *memory = mmap(nullptr, capacity + guard_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) return nullptr;
    auto *ring = new (std::nothrow) spsc_ring;
    if (ring == nullptr) {
        munmap(memory, capacity + guard_bytes);
        return nullptr;
    }
    ring->capacity = capacity;
    ring->records = static_cast<char *>(memory);
    return ring;
}

void spsc_ring_destroy(spsc_ring *ring) {
    munmap(ring->records, ring->capacity + guard_bytes);
    delete ring;
}

size_t spsc_ring_push(spsc_ring *ring, const void *message, size_t size, size_t count) {
    size_t pushed = 0;
    while (pushed < count) {
        char *room = ring->claim(size);
        if (room == nullptr) break;
        std::memcpy(room, message, size);
        pushed++;
    }
    ring->written.store(ring->claimed, std::memory_order_release);
    return pushed;
}

size_t spsc_ring_drain(spsc_ring *ring) {
    size_t bytes = 0;
    while (true) {
        if (ring->position == ring->written_seen) {
            ring->written_seen = ring->written.load(std::memory_order_acquire);
            if (ring->position == ring->written_seen) break;
        }
        header value = ring->get();
        ring->position += record_bytes(value.length);
        if (value.kind == data) bytes += value.length;
    }
    ring->read.store(ring->position, std::memory_order_release);
    return bytes;
}
