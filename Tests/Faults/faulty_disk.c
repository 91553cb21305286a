// Makes calls of a running program that change files below one folder fail, falsely succeed, write only half, cut
// the power of the file system, stop the program or end it: at the n-th such call, counted over all threads.
//
// Use: cc -O2 -fPIC -shared -o faulty_disk.so faulty_disk.c -ldl, make a file of 4096 zeros, then
//      FAULTY_DISK_FILE=FILE FAULTY_DISK_ROOT=FOLDER LD_PRELOAD=./faulty_disk.so PROGRAM…
// The file is `struct plan`; faulty_disk.py maps it too, reads its counts and writes faults into it while the
// program runs. FOLDER is an absolute path without symbolic links.
//
// A call counts if its file is below FOLDER, or was before it was removed. Kinds are numbered as in `enum kind`;
// open is three kinds: creating, for writing, and for reading (folders too).
//
// A failed fdatasync behaves as on Linux: with `drop`, what was written since the last successful one is zeros
// afterwards, and the next fdatasync reports success.
//
// Not covered: files reached by other calls (a test with strace asserts that there are none), C libraries other
// than glibc, and processors on which long is not as wide as a pointer.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum kind {
    WRITE, FDATASYNC, FSYNC, FTRUNCATE, RENAME, MKDIR, UNLINK, OPEN_CREATE, OPEN_WRITE, OPEN_READ, READ, SPACE,
    ALLOCATE, KINDS
};
enum action { PASS, FAIL, KILL_BEFORE, KILL_AFTER, CUT, HALF, LIE, STOP_BEFORE, STOP_AFTER };
// Programs with a defect, for twins: LAZY buffers writes until it closes the file, DEAF ignores that a write
// failed.
enum twin { NONE, LAZY, DEAF };

struct plan {
    _Atomic uint64_t calls; // of the kinds in `mask`, since the plan was made
    _Atomic uint64_t hits;
    uint64_t first, last; // the calls that are hit, from 1
    _Atomic uint32_t mask; // kinds that are hit, a bit each
    uint32_t action, error, drop, twin;
    uint32_t ready; // set here, when the program has the plan
    _Atomic uint64_t of_kind[KINDS];
    _Atomic uint64_t cut_at; // nanoseconds since 1970 just before the power was cut; set afterwards
};

enum { FILES = 4096, LAZY_BYTES = 1 << 20 };
static struct plan *plan;
static char root[4096];
static size_t root_length;
static _Atomic int64_t synced[FILES]; // by descriptor: bytes that a good fdatasync has covered
static struct lazy {
    char *bytes;
    size_t count;
} held[FILES];
static pthread_mutex_t held_lock = PTHREAD_MUTEX_INITIALIZER;

#define REAL(name)                                                                                                \
    static __typeof__(name) *real;                                                                                \
    if (real == NULL) real = (__typeof__(name) *)dlsym(RTLD_NEXT, #name)

__attribute__((constructor)) static void begin(void) {
    const char *file = getenv("FAULTY_DISK_FILE"), *folder = getenv("FAULTY_DISK_ROOT");
    if (file == NULL || folder == NULL || strlen(folder) >= sizeof root) return;
    strcpy(root, folder);
    root_length = strlen(root);
    int fd = open(file, O_RDWR | O_CLOEXEC);
    if (fd < 0) abort();
    void *map = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (map == MAP_FAILED) abort();
    close(fd);
    plan = map;
    plan->ready = 1;
}

// Returns the path of an open file in `path`; false if it is not below the root.
static int path_of(int fd, char *path, size_t size) {
    if (plan == NULL || fd < 0) return 0;
    char link[40];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    int before = errno;
    ssize_t length = readlink(link, path, size - 1);
    errno = before;
    if (length <= 0) return 0;
    path[length] = 0;
    return strncmp(path, root, root_length) == 0 && strchr("/ ", path[root_length]) != NULL;
}

static int is_below(int fd) {
    char path[4096];
    return path_of(fd, path, sizeof path);
}

static int path_is_below(const char *path) {
    return plan != NULL && strncmp(path, root, root_length) == 0 && strchr("/", path[root_length]) != NULL;
}

static enum action decide(enum kind kind) {
    atomic_fetch_add(&plan->of_kind[kind], 1);
    if (!(atomic_load(&plan->mask) & 1u << kind)) return PASS;
    uint64_t number = atomic_fetch_add(&plan->calls, 1) + 1;
    if (number < plan->first || number > plan->last) return PASS;
    enum action action = plan->action;
    if (action == HALF && kind != WRITE) return PASS;
    atomic_fetch_add(&plan->hits, 1);
    return action;
}

static void end_program(void) {
    kill(getpid(), SIGKILL);
    for (;;) pause();
}

// Stops all threads, each after its current call; the calling one at once. The process that follows the plan then
// cuts the power, or ends the program.
static void stop_program(void) {
    kill(getpid(), SIGSTOP);
    for (;;) pause();
}

// Simulates a power failure: nothing that is not on the disk will get there (FS_IOC_SHUTDOWN, no log flush).
static void cut_power(void) {
    int fd = (int)syscall(SYS_openat, AT_FDCWD, root, O_RDONLY | O_CLOEXEC, 0);
    uint32_t flag = 2;
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    if (fd < 0 || ioctl(fd, 0x8004587d, &flag) != 0) abort();
    plan->cut_at = (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
    close(fd);
}

// Acts before a call: returns 0 to make the call; otherwise the call is skipped and *result is its result.
static int before_call(enum action action, long lie, long *result) {
    switch (action) {
        case FAIL:
            errno = (int)plan->error;
            *result = -1;
            return 1;
        case LIE: *result = lie; return 1;
        case KILL_BEFORE: end_program(); return 1;
        case STOP_BEFORE: stop_program(); return 1;
        case CUT: cut_power(); return 0;
        default: return 0;
    }
}

// Acts after a call, before its result is returned.
static void after_call(enum action action) {
    if (action == KILL_AFTER) end_program();
    if (action == STOP_AFTER) stop_program();
}

#define AROUND(kind, lie, call)                                                                                   \
    do {                                                                                                          \
        enum action action = decide(kind);                                                                        \
        long early;                                                                                               \
        if (before_call(action, lie, &early)) return early;                                                 \
        __typeof__(call) result = call;                                                                           \
        after_call(action);                                                                                       \
        return result;                                                                                            \
    } while (0)

// MARK: what is written

static ssize_t write_all(int fd, const char *bytes, size_t count) {
    REAL(write);
    size_t done = 0;
    while (done < count) {
        ssize_t n = real(fd, bytes + done, count - done);
        if (n <= 0) return -1;
        done += (size_t)n;
    }
    return 0;
}

static void let_go(int fd) {
    if (fd < 0 || fd >= FILES || held[fd].bytes == NULL) return;
    pthread_mutex_lock(&held_lock);
    write_all(fd, held[fd].bytes, held[fd].count);
    free(held[fd].bytes);
    held[fd].bytes = NULL;
    held[fd].count = 0;
    pthread_mutex_unlock(&held_lock);
}

static int hold_back(int fd, const void *bytes, size_t count, const char *path) {
    if (fd >= FILES || strstr(path, ".open") == NULL || count > LAZY_BYTES) return 0;
    if (held[fd].count + count > LAZY_BYTES) let_go(fd);
    pthread_mutex_lock(&held_lock);
    if (held[fd].bytes == NULL) held[fd].bytes = malloc(LAZY_BYTES);
    if (held[fd].bytes == NULL) abort();
    memcpy(held[fd].bytes + held[fd].count, bytes, count);
    held[fd].count += count;
    pthread_mutex_unlock(&held_lock);
    return 1;
}

ssize_t write(int fd, const void *bytes, size_t count) {
    REAL(write);
    char path[4096];
    if (!path_of(fd, path, sizeof path)) return real(fd, bytes, count);
    enum action action = decide(WRITE);
    long early;
    if (before_call(action, (long)count, &early)) return early;
    if (plan->twin == LAZY && hold_back(fd, bytes, count, path)) return (ssize_t)count;
    ssize_t result = real(fd, bytes, action == HALF && count > 1 ? count / 2 : count);
    if (plan->twin == DEAF && result < (ssize_t)count) result = (ssize_t)count;
    after_call(action);
    return result;
}

ssize_t pwrite(int fd, const void *bytes, size_t count, off_t at) {
    REAL(pwrite);
    if (!is_below(fd)) return real(fd, bytes, count, at);
    AROUND(WRITE, (long)count, real(fd, bytes, count, at));
}

ssize_t pread(int fd, void *bytes, size_t count, off_t at) {
    REAL(pread);
    if (!is_below(fd)) return real(fd, bytes, count, at);
    AROUND(READ, 0, real(fd, bytes, count, at));
}

int ftruncate(int fd, off_t size) {
    REAL(ftruncate);
    if (!is_below(fd)) return real(fd, size);
    AROUND(FTRUNCATE, 0, real(fd, size));
}

int fallocate(int fd, int mode, off_t at, off_t length) {
    REAL(fallocate);
    if (!is_below(fd)) return real(fd, mode, at, length);
    AROUND(ALLOCATE, 0, real(fd, mode, at, length));
}

// Returns an error's number, not -1.
int posix_fallocate(int fd, off_t at, off_t length) {
    REAL(posix_fallocate);
    if (!is_below(fd)) return real(fd, at, length);
    enum action action = decide(ALLOCATE);
    long early;
    if (before_call(action, 0, &early)) return early == 0 ? 0 : (int)plan->error;
    int result = real(fd, at, length);
    after_call(action);
    return result;
}

int close(int fd) {
    REAL(close);
    let_go(fd);
    return real(fd);
}

// MARK: syncs

static int64_t size_of(int fd) {
    struct stat status;
    return fstat(fd, &status) == 0 ? (int64_t)status.st_size : 0;
}

static void drop_unsynced(int fd) {
    if (fd >= FILES) return;
    int before = errno;
    int64_t good = atomic_load(&synced[fd]), size = size_of(fd);
    if (size > good) {
        syscall(SYS_fallocate, fd, 3 /* PUNCH_HOLE | KEEP_SIZE */, good, size - good);
    }
    errno = before;
}

int fdatasync(int fd) {
    REAL(fdatasync);
    if (!is_below(fd)) return real(fd);
    if (plan->twin == LAZY) return 0;
    enum action action = decide(FDATASYNC);
    int64_t size = size_of(fd);
    long early;
    if ((action == FAIL || action == LIE) && plan->drop) drop_unsynced(fd);
    if (before_call(action, 0, &early)) return (int)early;
    int result = real(fd);
    if (result == 0 && fd < FILES) atomic_store(&synced[fd], size);
    after_call(action);
    return result;
}

int fsync(int fd) {
    REAL(fsync);
    if (!is_below(fd)) return real(fd);
    AROUND(FSYNC, 0, real(fd));
}

// MARK: names

int renameat2(int from, const char *old, int to, const char *new, unsigned flags) {
    REAL(renameat2);
    if (!is_below(from)) return real(from, old, to, new, flags);
    AROUND(RENAME, 0, real(from, old, to, new, flags));
}

int renameat(int from, const char *old, int to, const char *new) {
    REAL(renameat);
    if (!is_below(from)) return real(from, old, to, new);
    AROUND(RENAME, 0, real(from, old, to, new));
}

// The fallback for a rename that is refused.
int linkat(int from, const char *old, int to, const char *new, int flags) {
    REAL(linkat);
    if (!is_below(from)) return real(from, old, to, new, flags);
    AROUND(RENAME, 0, real(from, old, to, new, flags));
}

int mkdirat(int folder, const char *name, mode_t mode) {
    REAL(mkdirat);
    if (!is_below(folder)) return real(folder, name, mode);
    AROUND(MKDIR, 0, real(folder, name, mode));
}

int unlinkat(int folder, const char *name, int flags) {
    REAL(unlinkat);
    if (!is_below(folder)) return real(folder, name, flags);
    AROUND(UNLINK, 0, real(folder, name, flags));
}

int unlink(const char *path) {
    REAL(unlink);
    if (!path_is_below(path)) return real(path);
    AROUND(UNLINK, 0, real(path));
}

int fstatvfs(int fd, struct statvfs *status) {
    REAL(fstatvfs);
    if (!is_below(fd)) return real(fd, status);
    AROUND(SPACE, 0, real(fd, status));
}

static enum kind kind_of_open(uint64_t flags) {
    if (flags & O_CREAT) return OPEN_CREATE;
    return (flags & O_ACCMODE) == O_RDONLY ? OPEN_READ : OPEN_WRITE;
}

static long note_opened(long fd, enum action action) {
    if (fd >= 0 && fd < FILES) atomic_store(&synced[fd], size_of((int)fd));
    after_call(action);
    return fd;
}

// openat2 has no function of its own in glibc.
long syscall(long number, ...) {
    REAL(syscall);
    va_list list;
    va_start(list, number);
    long a = va_arg(list, long), b = va_arg(list, long), c = va_arg(list, long), d = va_arg(list, long);
    long e = va_arg(list, long), f = va_arg(list, long);
    va_end(list);
    if (number != SYS_openat2 || !is_below((int)a)) return real(number, a, b, c, d, e, f);
    const struct open_how *how = (const struct open_how *)c;
    enum action action = decide(kind_of_open(how->flags));
    long early;
    if (action == LIE) action = PASS;
    if (before_call(action, 0, &early)) return early;
    return note_opened(real(number, a, b, c, d, e, f), action);
}

int openat(int folder, const char *path, int flags, ...) {
    REAL(openat);
    va_list list;
    va_start(list, flags);
    mode_t mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(list, mode_t) : 0;
    va_end(list);
    int counts = plan != NULL && (path[0] == '/' ? path_is_below(path) : is_below(folder));
    if (!counts) return real(folder, path, flags, mode);
    enum action action = decide(kind_of_open((uint64_t)flags));
    long early;
    if (action == LIE) action = PASS;
    if (before_call(action, 0, &early)) return (int)early;
    return (int)note_opened(real(folder, path, flags, mode), action);
}
