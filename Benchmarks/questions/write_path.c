// How should a commit's bytes reach the disk?
//
// Usage: write_path how=plain|range|keep|extend|direct|direct-keep bytes=250000 folder=DIR [commits=20] [pause=2000]
// A commit is what the daemon does between two answers: its bytes are written in four parts, `pause` microseconds
// apart (in place of parsing and deflate), then fdatasync. One file receives all commits.
//   plain        write(2), then fdatasync
//   range        sync_file_range(SYNC_FILE_RANGE_WRITE) after every part, so that the disk starts early
//   keep         plain, with blocks reserved 16 MiB ahead: fallocate(FALLOC_FL_KEEP_SIZE)
//   extend       plain, with fallocate(0): the file is longer than its data (cut at the end)
//   direct       O_DIRECT from an aligned buffer; the next commit rewrites the block at the end
//   direct-keep  direct, with keep's reservation
// Latency is from the last part's write to the return of fdatasync; blocked is the time in all writes before it;
// CPU is that of this thread, without the kernel's own.
// Leaves out: the CRC and deflate of the bytes, folders and renames, other writers on the disk.
#include "bench.h"
#include <fcntl.h>
#include <stdbool.h>

enum { PARTS = 4, AHEAD = 16 << 20, BLOCK = 4096, COMMITS_MAX = 1000 };

struct log {
    int file;
    bool direct, ranges;
    int reserve; // fallocate's mode, -1 for none
    off_t end, reserved, aligned; // aligned: up to here direct writes are done
    char *blocks; // of a direct file: from `aligned` on
};

static void reserve(struct log *l, size_t count) {
    if (l->reserve < 0 || l->end + (off_t)count <= l->reserved) return;
    if (fallocate(l->file, l->reserve, l->reserved, AHEAD) != 0) die("fallocate");
    l->reserved += AHEAD;
}

static void put_direct(struct log *l, const char *bytes, size_t count, bool last) {
    size_t held = (size_t)(l->end - l->aligned);
    memcpy(l->blocks + held, bytes, count);
    held += count;
    l->end += (off_t)count;
    // Whole blocks; with the last part also the partial one, padded with zeros.
    size_t whole = held / BLOCK * BLOCK, wanted = last ? (held + BLOCK - 1) / BLOCK * BLOCK : whole;
    if (wanted == 0) return;
    memset(l->blocks + held, 0, wanted > held ? wanted - held : 0);
    if (pwrite(l->file, l->blocks, wanted, l->aligned) != (ssize_t)wanted) die("pwrite");
    memmove(l->blocks, l->blocks + whole, held - whole);
    l->aligned += (off_t)whole;
}

static void put(struct log *l, const char *bytes, size_t count, bool last) {
    reserve(l, count + BLOCK);
    if (l->direct) return put_direct(l, bytes, count, last);
    if (pwrite(l->file, bytes, count, l->end) != (ssize_t)count) die("pwrite");
    if (l->ranges && !last && sync_file_range(l->file, l->end, (off_t)count, SYNC_FILE_RANGE_WRITE) != 0)
        die("sync_file_range");
    l->end += (off_t)count;
}

static struct log open_log(const char *how, const char *folder, size_t bytes) {
    char path[4096];
    bool direct = strncmp(how, "direct", 6) == 0;
    snprintf(path, sizeof path, "%s/write-path-%d", folder, (int)getpid());
    struct log l = {.direct = direct, .ranges = strcmp(how, "range") == 0, .reserve = -1};
    if (strstr(how, "keep")) l.reserve = FALLOC_FL_KEEP_SIZE;
    if (strcmp(how, "extend") == 0) l.reserve = 0;
    l.file = open(path, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC | (direct ? O_DIRECT : 0), 0600);
    if (l.file < 0 || unlink(path) != 0) die(path);
    if (posix_memalign((void **)&l.blocks, BLOCK, bytes + 2 * BLOCK) != 0) die("memory");
    return l;
}

static void print(const char *name, const double *values, int count, const char *end) {
    printf("\"%s\":[", name);
    for (int i = 0; i < count; i++) printf("%s%.1f", i ? "," : "", values[i] * 1e6);
    printf("]%s", end);
}

int main(int argc, char **argv) {
    const char *how = text_option(argc, argv, "how", "plain"), *folder = text_option(argc, argv, "folder", ".");
    size_t bytes = (size_t)option(argc, argv, "bytes", 250000), part = bytes / PARTS;
    int commits = (int)option(argc, argv, "commits", 20);
    long pause = (long)option(argc, argv, "pause", 2000);
    double latency[COMMITS_MAX], blocked[COMMITS_MAX], cpu[COMMITS_MAX];
    struct log l = open_log(how, folder, bytes);
    char *payload = need(malloc(bytes));
    memset(payload, 'x', bytes);
    for (int i = -2; i < commits && i < COMMITS_MAX; i++) { // the first two make the file
        double spent = 0, cpu_before = cpu_seconds(RUSAGE_THREAD);
        for (int p = 0; p < PARTS - 1; p++) {
            double start = now();
            put(&l, payload, part, false);
            spent += now() - start;
            sleep_us(pause);
        }
        double start = now();
        put(&l, payload, bytes - part * (PARTS - 1), true);
        if (fdatasync(l.file) != 0) die("fdatasync");
        if (i < 0) continue;
        latency[i] = now() - start;
        blocked[i] = spent;
        cpu[i] = cpu_seconds(RUSAGE_THREAD) - cpu_before;
    }
    printf("{");
    print("latency_us", latency, commits, ",");
    print("blocked_us", blocked, commits, ",");
    print("cpu_us", cpu, commits, "}\n");
    return 0;
}
