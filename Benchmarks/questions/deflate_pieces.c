// How many raw bytes to gather before each call of deflate, for one stream and for many that take turns.
//
// Usage: deflate_pieces file=LINES piece=65536 streams=1 megabytes=64 [engine=isal|zlib] [level=1] [buffer=small]
// Lines go, one by one, to streams picked at random, into the stream's own buffer of `piece` bytes, which is
// deflated without a flush when the next line does not fit: as the daemon's writer does between commits. Streams
// start with buffers filled to different heights. Time is that of filling and deflating; the ratio counts a last
// flush of each stream.
// Leaves out: JSON, routing, commits (each flushes every stream, however little it holds), writing the output.
#include "deflater.h"

enum { OUTPUT_BYTES = 1 << 20 };

struct stream {
    struct deflater deflater;
    char *pending;
    size_t count;
};

static uint8_t output[OUTPUT_BYTES];
static double deflating;

static void flush_pending(struct stream *s, enum flush flush) {
    double start = now();
    deflate_step(&s->deflater, s->pending, s->count, flush, output, sizeof output);
    deflating += now() - start;
    s->count = 0;
}

static void put(struct stream *s, const char *line, size_t length, size_t piece) {
    if (s->count + length > piece) flush_pending(s, FLUSH_NONE);
    memcpy(s->pending + s->count, line, length);
    s->count += length;
}

/// The next line of the text, which begins again at its end.
static const char *next(const char *text, size_t size, size_t *at, size_t *length) {
    if (*at >= size) *at = 0;
    const char *line = text + *at, *end = memchr(line, '\n', size - *at);
    *length = end ? (size_t)(end - line) + 1 : size - *at;
    *at += *length;
    return line;
}

int main(int argc, char **argv) {
    size_t size, at = 0, length, piece = (size_t)option(argc, argv, "piece", 65536);
    size_t count = (size_t)option(argc, argv, "streams", 1);
    double megabytes = option(argc, argv, "megabytes", 64);
    char *lines = read_file(text_option(argc, argv, "file", NULL), 100000000, &size);
    struct stream *streams = need(calloc(count, sizeof *streams));
    uint64_t random = 1;
    for (size_t i = 0; i < count; i++) {
        deflater_open(&streams[i].deflater, argc, argv);
        streams[i].pending = need(malloc(piece));
        memset(streams[i].pending, 0, piece);
        // A first call touches all of the stream's memory.
        const char *line = next(lines, size, &at, &length);
        if (length <= piece) put(&streams[i], line, length, piece);
        flush_pending(&streams[i], FLUSH_NONE);
        size_t height = count > 1 ? split_mix(&random) % piece : 0;
        while (streams[i].count + 2048 < height) {
            line = next(lines, size, &at, &length);
            if (length <= piece) put(&streams[i], line, length, piece);
        }
    }
    deflating = 0;
    double start = now(), bytes = 0;
    while (bytes < megabytes * 1e6) {
        const char *line = next(lines, size, &at, &length);
        // A line longer than a piece would get a larger buffer in the daemon; a few, left out here.
        if (length > piece) continue;
        put(&streams[count > 1 ? split_mix(&random) % count : 0], line, length, piece);
        bytes += (double)length;
    }
    double seconds = now() - start, spent = deflating, taken = 0, given = 0;
    for (size_t i = 0; i < count; i++) {
        flush_pending(&streams[i], FLUSH_SYNC);
        taken += (double)streams[i].deflater.taken;
        given += (double)streams[i].deflater.given;
    }
    printf("{\"mbps\":%.1f,\"deflate_share\":%.3f,\"ratio\":%.4f,\"memory_mib\":%.1f}\n", bytes / seconds / 1e6,
        spent / seconds, taken / given, (double)count * (double)(streams[0].deflater.memory + piece) / (1 << 20));
    return 0;
}
