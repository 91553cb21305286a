// How many raw bytes should be collected before each call of deflate, for one stream and for many in turn?
//
// Usage: deflate_pieces file=LINES piece=65536 streams=1 megabytes=64 [engine=isal|zlib] [level=1] [kilotokens=16]
//        [flush=0|1] [dictionary=BYTES]
// Lines go, one by one, to random streams, into the stream's own buffer of `piece` bytes, which is deflated when the
// next line does not fit, without a flush (as the daemon's writer does between commits) or with one. With
// `dictionary` (ISA-L only) one deflater serves all streams: for each piece it is reset, given that many of the last
// bytes of the stream's lines, and flushed, so that a reader sees the pieces of a stream as one stream. Streams start
// with buffers filled to different levels. The rate is bytes deflated per time of filling and deflating, in the
// fastest quarter; the ratio includes a last flush of each stream, so with many streams it is that of short ones.
// Leaves out: JSON, routing, commits (each flushes every stream, however little it contains), writing the output;
// with `dictionary` the ends of streams.
#include "deflater.h"
#include <isa-l/crc.h>

enum { OUTPUT_BYTES = 1 << 20 };

struct stream {
    struct deflater *deflater;
    char *pending;          // `history` bytes that are deflated already, then `count` that are not
    size_t history, count;
    uint32_t crc;
};

static uint8_t output[OUTPUT_BYTES];

static double deflated; // bytes
static size_t dictionary_bytes; // 0: each stream has a deflater of its own
static enum flush usual;

/// Resets the deflater and sets its dictionary; without the reset the library would look back beyond it.
static void recall(struct stream *s) {
    struct isal_zstream *isal = s->deflater->isal;
    isal_deflate_reset(isal);
    if (s->history && isal_deflate_set_dict(isal, (uint8_t *)s->pending, (uint32_t)s->history) != COMP_OK)
        die("isal_deflate_set_dict");
    s->crc = crc32_gzip_refl(s->crc, (uint8_t *)s->pending + s->history, s->count);
}

static void remember(struct stream *s) {
    size_t all = s->history + s->count, kept = all < dictionary_bytes ? all : dictionary_bytes;
    memmove(s->pending, s->pending + all - kept, kept);
    s->history = kept;
}

static void flush_pending(struct stream *s, enum flush flush) {
    deflated += (double)s->count;
    if (dictionary_bytes) recall(s);
    deflate_step(s->deflater, s->pending + s->history, s->count, flush, output, sizeof output);
    if (dictionary_bytes) remember(s);
    s->count = 0;
}

static void put(struct stream *s, const char *line, size_t length, size_t piece) {
    if (s->count + length > piece) flush_pending(s, usual);
    memcpy(s->pending + s->history + s->count, line, length);
    s->count += length;
}

struct text {
    char *lines;
    size_t size, at;
};

/// Returns the next line that fits into a piece; at its end the text starts again. (For a longer line the daemon
/// enlarges the buffer; there are few, omitted here.)
static const char *next(struct text *text, size_t piece, size_t *length) {
    for (;;) {
        if (text->at >= text->size) text->at = 0;
        const char *line = text->lines + text->at, *end = memchr(line, '\n', text->size - text->at);
        *length = end ? (size_t)(end - line) + 1 : text->size - text->at;
        text->at += *length;
        if (*length <= piece) return line;
    }
}

static void put_next(struct stream *s, struct text *text, size_t piece) {
    size_t length;
    const char *line = next(text, piece, &length);
    put(s, line, length, piece);
}

/// Touches all of the stream's memory with a first call, then fills its buffer to a random level.
static void prepare(struct stream *s, struct text *text, size_t piece, size_t height) {
    s->pending = need(malloc(piece + dictionary_bytes));
    memset(s->pending, 0, piece + dictionary_bytes);
    put_next(s, text, piece);
    flush_pending(s, usual);
    while (s->count + 2048 < height) put_next(s, text, piece);
}

/// Returns bytes deflated per second of filling and deflating.
static double measure(struct stream *streams, size_t count, struct text *text, size_t piece, double bytes) {
    static uint64_t random = 1;
    double start = now(), filled = 0;
    deflated = 0;
    while (filled < bytes) {
        size_t length;
        const char *line = next(text, piece, &length);
        put(&streams[count > 1 ? split_mix(&random) % count : 0], line, length, piece);
        filled += (double)length;
    }
    return deflated / (now() - start);
}

int main(int argc, char **argv) {
    size_t piece = (size_t)option(argc, argv, "piece", 65536), count = (size_t)option(argc, argv, "streams", 1);
    double bytes = option(argc, argv, "megabytes", 64) * 1e6, best = 0, taken = 0, given = 0;
    struct text text = {0};
    text.lines = read_file(text_option(argc, argv, "file", NULL), 100000000, &text.size);
    dictionary_bytes = (size_t)option(argc, argv, "dictionary", 0);
    usual = dictionary_bytes || option(argc, argv, "flush", 0) != 0 ? FLUSH_SYNC : FLUSH_NONE;
    size_t deflater_count = dictionary_bytes ? 1 : count;
    struct stream *streams = need(calloc(count, sizeof *streams));
    struct deflater *deflaters = need(calloc(deflater_count, sizeof *deflaters));
    for (size_t i = 0; i < deflater_count; i++) deflater_open(&deflaters[i], argc, argv);
    if (dictionary_bytes && !deflaters[0].isal) errno = EINVAL, die("dictionary= takes engine=isal");
    if (dictionary_bytes) deflaters[0].isal->gzip_flag = IGZIP_DEFLATE;
    uint64_t random = 2;
    for (size_t i = 0; i < count; i++) {
        streams[i].deflater = &deflaters[dictionary_bytes ? 0 : i];
        prepare(&streams[i], &text, piece, count > 1 ? split_mix(&random) % piece : 0);
    }
    for (int quarter = 0; quarter < 4; quarter++) {
        double rate = measure(streams, count, &text, piece, bytes / 4);
        if (rate > best) best = rate;
    }
    for (size_t i = 0; i < count; i++) flush_pending(&streams[i], FLUSH_SYNC);
    for (size_t i = 0; i < deflater_count; i++) {
        taken += (double)deflaters[i].taken;
        given += (double)deflaters[i].given;
    }
    double memory = (double)(deflater_count * deflaters[0].memory + count * (piece + dictionary_bytes));
    printf("{\"mbps\":%.1f,\"ratio\":%.4f,\"memory_mib\":%.1f}\n", best / 1e6, taken / given, memory / (1 << 20));
    return 0;
}
