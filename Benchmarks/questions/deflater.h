// One gzip stream of ISA-L or zlib, with flush points, as in Sources/Compression.
#ifndef DEFLATER_H
#define DEFLATER_H

#include "bench.h"
#include <isa-l/igzip_lib.h>
#include <zlib.h>

enum flush { FLUSH_NONE, FLUSH_SYNC, FLUSH_FULL, FLUSH_FINISH };

struct deflater {
    struct isal_zstream *isal; // NULL: zlib
    z_stream zlib;
    uint8_t *level_buffer;
    size_t memory;
    size_t taken, given;
};

/// Returns the level buffer's size: the level's tables and `kilotokens` times 1024 symbols of four bytes, the limit
/// of symbols per block. The library's names: 1 is MIN, 16 SMALL, 32 MEDIUM, 64 LARGE, 128 EXTRA_LARGE.
static inline size_t level_buffer_bytes(int level, size_t kilotokens) {
    static const size_t required[] = {0, ISAL_DEF_LVL1_REQ, ISAL_DEF_LVL2_REQ, ISAL_DEF_LVL3_REQ};
    return level == 0 ? 0 : required[level] + 4 * 1024 * kilotokens;
}

static inline void deflater_open_isal(struct deflater *d, int level, size_t kilotokens, int history_bits) {
    size_t bytes = level_buffer_bytes(level, kilotokens);
    memset(d, 0, sizeof *d);
    d->isal = need(malloc(sizeof *d->isal));
    d->level_buffer = bytes ? need(malloc(bytes)) : NULL;
    d->memory = sizeof *d->isal + bytes;
    isal_deflate_init(d->isal);
    d->isal->level = (uint32_t)level;
    d->isal->level_buf = d->level_buffer;
    d->isal->level_buf_size = (uint32_t)bytes;
    d->isal->gzip_flag = IGZIP_GZIP;
    d->isal->hist_bits = (uint16_t)history_bits;
}

static inline void deflater_open_zlib(struct deflater *d, int level) {
    memset(d, 0, sizeof *d);
    if (deflateInit2(&d->zlib, level, Z_DEFLATED, 31, 8, Z_DEFAULT_STRATEGY) != Z_OK) die("deflateInit2");
    d->memory = (1 << 17) + (1 << 17) + 6 * 1024 + sizeof d->zlib;
}

static inline void deflater_close(struct deflater *d) {
    if (!d->isal) deflateEnd(&d->zlib);
    free(d->isal);
    free(d->level_buffer);
}

/// Deflates all of the input; `room` must suffice for the output. Returns the output's size.
static inline size_t deflate_step(
    struct deflater *d, const char *input, size_t count, enum flush flush, uint8_t *output, size_t room) {
    static const int zlib_flush[] = {Z_NO_FLUSH, Z_SYNC_FLUSH, Z_FULL_FLUSH, Z_FINISH};
    static const uint16_t isal_flush[] = {NO_FLUSH, SYNC_FLUSH, FULL_FLUSH, NO_FLUSH};
    size_t produced = 0;
    if (d->isal) {
        d->isal->next_in = (uint8_t *)input;
        d->isal->avail_in = (uint32_t)count;
        d->isal->next_out = output;
        d->isal->avail_out = (uint32_t)room;
        d->isal->flush = isal_flush[flush];
        d->isal->end_of_stream = flush == FLUSH_FINISH;
        if (isal_deflate(d->isal) != COMP_OK || d->isal->avail_in || !d->isal->avail_out) die("isal_deflate");
        produced = room - d->isal->avail_out;
    } else {
        d->zlib.next_in = (Bytef *)input;
        d->zlib.avail_in = (uInt)count;
        d->zlib.next_out = output;
        d->zlib.avail_out = (uInt)room;
        int code = deflate(&d->zlib, zlib_flush[flush]);
        if (code < 0 || d->zlib.avail_in || !d->zlib.avail_out) die("deflate");
        produced = room - d->zlib.avail_out;
    }
    d->taken += count;
    d->given += produced;
    return produced;
}

static inline void deflater_open(struct deflater *d, int argc, char **argv) {
    int level = (int)option(argc, argv, "level", 1);
    if (strcmp(text_option(argc, argv, "engine", "isal"), "zlib") == 0) {
        deflater_open_zlib(d, level);
    } else {
        size_t kilotokens = (size_t)option(argc, argv, "kilotokens", 16);
        deflater_open_isal(d, level, kilotokens, (int)option(argc, argv, "history", 0));
    }
}

#endif
