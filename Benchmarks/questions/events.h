// Events like those of touchpoint-send --generate (Sources/Producer/GeneratedEvents.swift): the same members, words
// and about the same length, but the same bytes in every run.
#ifndef EVENTS_H
#define EVENTS_H

#include "bench.h"
#include <zlib.h>

enum { EVENT_BYTES_MAX = 1024, VARIANTS = 64 };

struct events {
    char variant[VARIANTS][EVENT_BYTES_MAX];
    unsigned long checksum[VARIANTS];
    uint64_t made;
};

static inline const char *pick(uint64_t *state, const char *const *choices, size_t count) {
    return choices[split_mix(state) % count];
}

/// Writes the properties up to the sequence number, about `bytes` long.
static inline void make_variant(char *out, uint64_t state, size_t bytes) {
    static const char *const pages[] = {"/", "/search?q=running+shoes", "/p/espresso-machine-15-bar",
        "/p/down-jacket-women", "/cart", "/checkout/payment", "/account/orders", "/c/garden/furniture"};
    static const char *const campaigns[] = {
        "autumn-sale", "newsletter-47", "brand-search", "retargeting-cart", "(none)"};
    static const char *const words[] = {"stainless", "organic", "cotton", "waterproof", "limited", "bundle",
        "refill", "outdoor", "compact", "wireless", "family", "classic", "premium", "recycled", "summer", "evening"};
    static const char end[] = "\",\"position\":";
    const char *page = pick(&state, pages, 8), *campaign = pick(&state, campaigns, 5);
    unsigned sku = split_mix(&state) % 1000000, euros = split_mix(&state) % 500;
    unsigned cents = 10 + split_mix(&state) % 90, quantity = 1 + split_mix(&state) % 4;
    size_t length = (size_t)sprintf(out,
        "{\"path\":\"%s\",\"campaign\":\"%s\",\"sku\":\"%u\",\"price\":%u.%u,\"quantity\":%u,\"description\":\"", page,
        campaign, sku, euros, cents, quantity);
    size_t limit = bytes > sizeof end ? bytes - sizeof end + 1 : 0;
    while (length < limit) length += (size_t)sprintf(out + length, "%s ", pick(&state, words, 16));
    if (limit > 0 && length > limit) length = limit;
    strcpy(out + length, end);
}

static inline struct events *events_new(size_t event_bytes) {
    struct events *events = (struct events *)need(calloc(1, sizeof *events));
    // Apart from the properties an event has about 240 bytes.
    size_t bytes = event_bytes > 240 ? event_bytes - 240 : 0;
    for (uint64_t i = 0; i < VARIANTS; i++) {
        make_variant(events->variant[i], i, bytes);
        events->checksum[i] = crc32(0, (const Bytef *)events->variant[i], (uInt)strlen(events->variant[i]));
    }
    return events;
}

/// Writes the next event, without a line feed, and returns its length. Events are three microseconds apart.
static inline size_t next_event(struct events *events, char *out) {
    unsigned long number = ++events->made, microseconds = number * 3, variant = (number - 1) % VARIANTS;
    char tail[32];
    int tail_length = sprintf(tail, "%lu}", number);
    unsigned long checksum = crc32(events->checksum[variant], (const Bytef *)tail, (uInt)tail_length);
    return (size_t)sprintf(out,
        "{\"type\":\"track\",\"event\":\"Generated\",\"messageId\":\"g-5eed0f7e57ab1e55-0-%lu\",\"channel\":\"web\","
        "\"timestamp\":\"2026-11-22T10:%02lu:%02lu.%03luZ\",\"generated\":{\"run\":\"5eed0f7e57ab1e55\",\"producer\":0,"
        "\"sequence\":%lu,\"crc32\":\"%08lx\"},\"properties\":%s%s}",
        number, microseconds / 60000000 % 60, microseconds / 1000000 % 60, microseconds / 1000 % 1000, number, checksum,
        events->variant[variant], tail);
}

/// Writes the next event as the daemon does (docs/FILES.md), with a line feed. Messages received together share
/// `receivedAt`: 64 here, a medium value under load.
static inline size_t next_line(struct events *events, char *out) {
    unsigned long number = events->made + 1, microseconds = number / 64 * 64 * 3;
    size_t length = (size_t)sprintf(out,
        "{\"_touchpoint\":{\"receivedAt\":\"2026-11-22T10:%02lu:%02lu.%06luZ\",\"node\":\"c1\","
        "\"source\":\"producers\",\"seq\":%lu,\"run\":\"20261122T095959.093Z-25a1\"},",
        microseconds / 60000000 % 60, microseconds / 1000000 % 60, microseconds % 1000000, number);
    // The metadata's brace replaces the event's own.
    char event[EVENT_BYTES_MAX];
    size_t event_length = next_event(events, event);
    memcpy(out + length, event + 1, event_length - 1);
    length += event_length - 1;
    out[length] = '\n';
    return length + 1;
}

#endif
