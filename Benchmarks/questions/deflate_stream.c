// One gzip stream: the cost of the step size, the level, ISA-L's level buffer and flushes.
//
// Usage: deflate_stream file=LINES [megabytes=24] [engine=isal|zlib] [level=1] [kilotokens=16] [history=0]
//        [step=65536] [sync=0] [full=0]
// step: bytes per call. sync, full: a flush every that many bytes, 0 for none. history: ISA-L's hist_bits, 0 for its
// default 15. The time is that of the fastest of four passes. The stream is read back with zlib to check it and to
// count its blocks.
// Leaves out: filling the input (it is in the cache, one buffer read once), writing the output, other streams.
#include "deflater.h"

/// Counts deflate blocks that are not empty, and checks that the stream inflates to the input.
static size_t count_blocks(uint8_t *gzip, size_t size, const char *expected, size_t expected_size) {
    static uint8_t out[1 << 20];
    z_stream z = {.next_in = gzip, .avail_in = (uInt)size};
    size_t blocks = 0, done = 0, at_block = 0;
    if (inflateInit2(&z, 31) != Z_OK) die("inflateInit2");
    for (int code = Z_OK; code != Z_STREAM_END;) {
        z.next_out = out;
        z.avail_out = sizeof out;
        code = inflate(&z, Z_BLOCK);
        if (code != Z_OK && code != Z_STREAM_END) die("inflate");
        size_t count = sizeof out - z.avail_out;
        if (done + count > expected_size || memcmp(out, expected + done, count) != 0) die("inflate gave other bytes");
        done += count;
        if ((z.data_type & 128) && done > at_block) {
            blocks++;
            at_block = done;
        }
    }
    inflateEnd(&z);
    if (done != expected_size) die("inflate gave less");
    return blocks ? blocks : 1;
}

struct plan {
    size_t step, sync, full;
};

/// Deflates everything; returns the seconds.
static double deflate_all(
    struct deflater *d, const char *lines, size_t size, struct plan plan, uint8_t *out, size_t room) {
    size_t since_sync = 0, since_full = 0;
    double start = now();
    for (size_t at = 0; at < size; at += plan.step) {
        size_t count = size - at < plan.step ? size - at : plan.step;
        since_sync += count;
        since_full += count;
        enum flush flush = FLUSH_NONE;
        if (plan.sync && since_sync >= plan.sync) flush = FLUSH_SYNC;
        if (plan.full && since_full >= plan.full) flush = FLUSH_FULL;
        if (at + count == size) flush = FLUSH_FINISH;
        if (flush != FLUSH_NONE) since_sync = 0;
        if (flush == FLUSH_FULL) since_full = 0;
        deflate_step(d, lines + at, count, flush, out + d->given, room - d->given);
    }
    return now() - start;
}

int main(int argc, char **argv) {
    struct plan plan = {(size_t)option(argc, argv, "step", 65536), (size_t)option(argc, argv, "sync", 0),
        (size_t)option(argc, argv, "full", 0)};
    size_t size, max = (size_t)(option(argc, argv, "megabytes", 24) * 1e6);
    char *lines = read_file(text_option(argc, argv, "file", NULL), max, &size);
    // Repeats a short file; it is longer than any look-back, so the ratio does not change.
    for (size_t once = size; size + once <= max; size += once) memcpy(lines + size, lines, once);
    size_t room = size + size / 4 + (64 << 20);
    uint8_t *output = need(malloc(room));
    memset(output, 0, room);
    struct deflater d;
    double seconds = 0;
    for (int pass = 0; pass < 4; pass++) {
        if (pass > 0) deflater_close(&d);
        deflater_open(&d, argc, argv);
        double took = deflate_all(&d, lines, size, plan, output, room);
        if (pass == 0 || took < seconds) seconds = took;
    }
    size_t blocks = count_blocks(output, d.given, lines, size), steps = (size + plan.step - 1) / plan.step;
    printf("{\"mbps\":%.1f,\"ratio\":%.4f,\"ns_step\":%.0f,", (double)size / seconds / 1e6,
        (double)size / (double)d.given, seconds / (double)steps * 1e9);
    printf("\"memory_kib\":%.1f,\"block_kib\":%.1f}\n", (double)d.memory / 1024,
        (double)size / (double)blocks / 1024);
    deflater_close(&d);
    free(lines);
    free(output);
    return 0;
}
