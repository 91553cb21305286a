// Measures the disk alone: appends some bytes and calls fdatasync at a fixed rate, and reports the calls' time.
//
// Usage: bare_fdatasync FILE BYTES PER_SECOND SECONDS. Creates FILE and removes it at the end. Prints the number of
// syncs and their p50, p99 and maximum in microseconds. It does not make up for a late sync.
//
// A slow sync counts once, but delays every message that arrives meanwhile. So it also prints the wait of messages
// that arrive every 100 µs until the end of the first sync that begins after them: waitP50, waitP99.
//
// Leaves out: more than one file, new files and folders, and everything before the write.
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

static int64_t now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static void sleep_until(int64_t moment) {
    struct timespec t = {moment / 1000000000, moment % 1000000000};
    clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL);
}

static int ascending(const void *a, const void *b) {
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

static void print_quantiles(const char *prefix, int64_t *times, long count) {
    qsort(times, (size_t)count, sizeof *times, ascending);
    printf("\"%s50\":%.1f,\"%s99\":%.1f", prefix, (double)times[count / 2] / 1e3, prefix,
           (double)times[(long)((double)count * 0.99)] / 1e3);
}

// Prints the wait of messages that arrive every 100 µs.
static void print_waits(const int64_t *begin, const int64_t *end, long count) {
    long most = (begin[count - 1] - begin[0]) / 100000 + 1, waits = 0;
    int64_t *times = calloc((size_t)most, sizeof *times), moment = begin[0];
    for (long sync = 0; sync < count; sync++)
        for (; moment <= begin[sync] && waits < most; moment += 100000) times[waits++] = end[sync] - moment;
    print_quantiles("waitP", times, waits);
}

// Appends and syncs at the given rate; returns the number of syncs.
static long sync_often(int file, size_t bytes, double pace, int64_t until, int64_t *begin, int64_t *end, long most) {
    char *data = malloc(bytes);
    uint32_t random = 1;  // bytes that a disk cannot compress
    for (size_t i = 0; i < bytes; i++) data[i] = (char)((random = random * 1664525 + 1013904223) >> 24);
    long count = 0;
    for (int64_t next = now(); count < most && next < until; count++) {
        sleep_until(next);
        if (write(file, data, bytes) != (ssize_t)bytes) break;
        begin[count] = now();
        if (fdatasync(file) != 0) break;
        end[count] = now();
        next += (int64_t)(1e9 / pace);
        if (next < end[count]) next = end[count];
    }
    free(data);
    return count;
}

int main(int argc, char **argv) {
    size_t bytes = argc == 5 ? (size_t)atol(argv[2]) : 0;
    double pace = argc == 5 ? atof(argv[3]) : 0, seconds = argc == 5 ? atof(argv[4]) : 0;
    if (bytes < 1 || pace <= 0 || seconds <= 0) {
        fprintf(stderr, "usage: bare_fdatasync FILE BYTES PER_SECOND SECONDS\n");
        return 64;
    }
    int file = open(argv[1], O_WRONLY | O_CREAT | O_EXCL | O_APPEND, 0600);
    long most = (long)(pace * seconds) + 1;
    int64_t *begin = calloc((size_t)most, sizeof *begin), *end = calloc((size_t)most, sizeof *end);
    long count = file < 0 ? 0 : sync_often(file, bytes, pace, now() + (int64_t)(seconds * 1e9), begin, end, most);
    if (count == 0) {
        perror(argv[1]);
        return 74;
    }
    unlink(argv[1]);
    printf("{\"syncs\":%ld,", count);
    print_waits(begin, end, count);
    for (long i = 0; i < count; i++) end[i] -= begin[i];
    printf(",");
    print_quantiles("p", end, count);
    printf(",\"max\":%.1f}\n", (double)end[count - 1] / 1e3);
    return 0;
}
