// What the disk itself takes: appends some bytes and calls fdatasync, at a pace, and says how long the calls took.
//
// Usage: bare_fdatasync FILE BYTES PER_SECOND SECONDS. Creates FILE and removes it at the end. Prints the number of
// syncs and p50, p99 and the longest of them in microseconds. A sync that is late is not made up for.
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

int main(int argc, char **argv) {
    size_t bytes = argc == 5 ? (size_t)atol(argv[2]) : 0;
    double pace = argc == 5 ? atof(argv[3]) : 0, seconds = argc == 5 ? atof(argv[4]) : 0;
    if (bytes < 1 || pace <= 0 || seconds <= 0) {
        fprintf(stderr, "usage: bare_fdatasync FILE BYTES PER_SECOND SECONDS\n");
        return 64;
    }
    int file = open(argv[1], O_WRONLY | O_CREAT | O_EXCL | O_APPEND, 0600);
    long most = (long)(pace * seconds) + 1, count = 0;
    int64_t *times = calloc((size_t)most, sizeof *times);
    char *data = malloc(bytes);
    uint32_t random = 1;  // bytes that a disk cannot compress
    for (size_t i = 0; i < bytes; i++) data[i] = (char)((random = random * 1664525 + 1013904223) >> 24);
    int64_t start = now(), end = start + (int64_t)(seconds * 1e9), next = start;
    while (file >= 0 && count < most && now() < end) {
        sleep_until(next);
        next += (int64_t)(1e9 / pace);
        if (next < now()) next = now();
        if (write(file, data, bytes) != (ssize_t)bytes) break;
        int64_t begin = now();
        if (fdatasync(file) != 0) break;
        times[count++] = now() - begin;
    }
    unlink(argv[1]);
    if (count == 0) {
        perror(argv[1]);
        return 74;
    }
    qsort(times, (size_t)count, sizeof *times, ascending);
    printf("{\"syncs\":%ld,\"p50\":%.1f,\"p99\":%.1f,\"max\":%.1f}\n", count, (double)times[count / 2] / 1e3,
           (double)times[(long)((double)count * 0.99)] / 1e3, (double)times[count - 1] / 1e3);
    return 0;
}
