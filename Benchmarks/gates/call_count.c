// Counts the allocations of a running program, by their call site. What else the Swift runtime does cannot be counted
// here, because it is linked into the program; scripts/hot-loops searches for that.
//
// Use: cc -O2 -fPIC -shared -o call_count.so call_count.c, make a file of CALL_COUNT_BYTES zeros, then
//      CALL_COUNT_FILE=FILE LD_PRELOAD=./call_count.so PROGRAM…
// and read FILE at any time, also while the program runs: gates.py does. It is an array of call sites: 8 bytes with
// the return address and, in the highest byte, the number of the name; 8 bytes with the calls. Names are numbered 0
// for malloc's family and 1 for C++'s new. From MAPS_OFFSET on it contains /proc/self/maps as it was at the start.
//
// Leaves out: freed memory; sizes; calls before its own start; any processor but x86-64, any C library but glibc. A
// full table ends the program.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { PLACES = 16384, MAPS_OFFSET = PLACES * 16, CALL_COUNT_BYTES = 1 << 19 };

struct place {
    uint64_t key, calls;
};
static struct place *places;

// Also called with the registers of a running Swift function: it uses general registers only.
__attribute__((target("general-regs-only"), visibility("hidden"))) void call_count_add(uint64_t name,
                                                                                     uint64_t address) {
    if (places == NULL) return;
    uint64_t key = name << 56 | address;
    uint64_t at = (key * 0x9E3779B97F4A7C15u) >> 50;
    for (int tries = 0; tries < PLACES; tries++, at = (at + 1) % PLACES) {
        uint64_t found = 0;
        if (!__atomic_compare_exchange_n(&places[at].key, &found, key, 0, __ATOMIC_RELAXED, __ATOMIC_RELAXED) &&
            found != key)
            continue;
        __atomic_fetch_add(&places[at].calls, 1, __ATOMIC_RELAXED);
        return;
    }
    abort();
}

__attribute__((constructor)) static void start(void) {
    const char *path = getenv("CALL_COUNT_FILE");
    int file = path == NULL ? -1 : open(path, O_RDWR | O_CLOEXEC);
    if (file < 0) {
        fprintf(stderr, "call_count: CALL_COUNT_FILE: %s\n", path == NULL ? "not set" : strerror(errno));
        exit(64);
    }
    char *memory = mmap(NULL, CALL_COUNT_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    if (memory == MAP_FAILED) abort();
    close(file);
    int maps = open("/proc/self/maps", O_RDONLY | O_CLOEXEC);
    char *end = memory + MAPS_OFFSET;
    ssize_t count;
    while ((count = read(maps, end, (size_t)(memory + CALL_COUNT_BYTES - 1 - end))) > 0) end += count;
    close(maps);
    places = (struct place *)memory;
}

// Allocations. glibc's internal names avoid a search for the next definition.

void *__libc_malloc(size_t);
void *__libc_calloc(size_t, size_t);
void *__libc_realloc(void *, size_t);
void *__libc_memalign(size_t, size_t);

enum { MALLOC, NEW };
#define COUNT(NAME) call_count_add(NAME, (uint64_t)__builtin_return_address(0))

void *malloc(size_t size) {
    COUNT(MALLOC);
    return __libc_malloc(size);
}
void *calloc(size_t count, size_t size) {
    COUNT(MALLOC);
    return __libc_calloc(count, size);
}
void *realloc(void *memory, size_t size) {
    COUNT(MALLOC);
    return __libc_realloc(memory, size);
}
void *aligned_alloc(size_t alignment, size_t size) {
    COUNT(MALLOC);
    return __libc_memalign(alignment, size);
}
void *memalign(size_t alignment, size_t size) {
    COUNT(MALLOC);
    return __libc_memalign(alignment, size);
}
int posix_memalign(void **memory, size_t alignment, size_t size) {
    COUNT(MALLOC);
    *memory = __libc_memalign(alignment, size);
    return *memory == NULL ? ENOMEM : 0;
}

// C++'s operators new, by their mangled names; if memory is exhausted they end the program.
static void *or_abort(void *memory) {
    if (memory == NULL) abort();
    return memory;
}
void *_Znwm(size_t size) {
    COUNT(NEW);
    return or_abort(__libc_malloc(size));
}
void *_Znam(size_t size) {
    COUNT(NEW);
    return or_abort(__libc_malloc(size));
}
void *_ZnwmRKSt9nothrow_t(size_t size, __attribute__((unused)) const void *nothrow) {
    COUNT(NEW);
    return __libc_malloc(size);
}
void *_ZnamRKSt9nothrow_t(size_t size, __attribute__((unused)) const void *nothrow) {
    COUNT(NEW);
    return __libc_malloc(size);
}
void *_ZnwmSt11align_val_t(size_t size, size_t alignment) {
    COUNT(NEW);
    return or_abort(__libc_memalign(alignment, size));
}
