// Shared by the programs of this folder: clocks, CPU time, options, order statistics, files.
//
// Each program receives its case as KEY=VALUE arguments and prints one JSON object of numbers. questions.py builds
// them, runs the cases in turn, and prints tables of medians.
#ifndef BENCH_H
#define BENCH_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif

#include <errno.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

static inline double seconds_of(clockid_t clock) {
    struct timespec t;
    clock_gettime(clock, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static inline double now(void) { return seconds_of(CLOCK_MONOTONIC); }

/// Returns user and system seconds of RUSAGE_SELF, RUSAGE_THREAD or RUSAGE_CHILDREN.
static inline double cpu_seconds(int who) {
    struct rusage usage;
    getrusage(who, &usage);
    return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
           (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

static inline void sleep_us(long us) {
    struct timespec t = {us / 1000000, us % 1000000 * 1000};
    nanosleep(&t, NULL);
}

static inline void die(const char *what) {
    fprintf(stderr, "%s: %s\n", what, strerror(errno));
    exit(71);
}

static inline void *need(void *memory) {
    if (!memory) die("memory");
    return memory;
}

/// Returns the text after `name=`, or `otherwise`.
static inline const char *text_option(int argc, char **argv, const char *name, const char *otherwise) {
    size_t length = strlen(name);
    for (int i = 1; i < argc; i++) {
        if (strncmp(argv[i], name, length) == 0 && argv[i][length] == '=') return argv[i] + length + 1;
    }
    return otherwise;
}

static inline double option(int argc, char **argv, const char *name, double otherwise) {
    const char *text = text_option(argc, argv, name, NULL);
    return text ? atof(text) : otherwise;
}

/// Steele, Lea, Flood: SplitMix, 2014; the generator of Sources/Producer too.
static inline uint64_t split_mix(uint64_t *state) {
    uint64_t mixed = *state += 0x9e3779b97f4a7c15;
    mixed = (mixed ^ (mixed >> 30)) * 0xbf58476d1ce4e5b9;
    mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111eb;
    return mixed ^ (mixed >> 31);
}

static inline int by_value(const void *a, const void *b) {
    double left = *(const double *)a, right = *(const double *)b;
    return left < right ? -1 : left > right;
}

/// Returns a percentile, sorting the values; 0 if there are none.
static inline double percentile(double *values, size_t count, double share) {
    if (count == 0) return 0;
    qsort(values, count, sizeof *values, by_value);
    return values[(size_t)(share * (double)(count - 1) + 0.5)];
}

static inline void pin_to(int core) {
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(core % (int)sysconf(_SC_NPROCESSORS_ONLN), &set);
    sched_setaffinity(0, sizeof set, &set);
}

/// Returns the kilobytes in a line of /proc/self/status, such as "VmRSS:".
static inline double status_kib(const char *field) {
    FILE *file = fopen("/proc/self/status", "r");
    char line[256];
    double value = 0;
    while (file && fgets(line, sizeof line, file)) {
        if (strncmp(line, field, strlen(field)) == 0) value = atof(line + strlen(field));
    }
    if (file) fclose(file);
    return value;
}

/// Reads the first `max` bytes of a file, followed by 64 readable bytes.
static inline char *read_file(const char *path, size_t max, size_t *size) {
    FILE *file = path ? fopen(path, "r") : NULL;
    if (!file) die(path ? path : "file=");
    char *bytes = (char *)need(malloc(max + 64));
    *size = fread(bytes, 1, max, file);
    memset(bytes + *size, 0, 64);
    fclose(file);
    return bytes;
}

#endif
