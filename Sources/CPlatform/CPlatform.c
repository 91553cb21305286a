#define _GNU_SOURCE
#include "CPlatform.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <linux/futex.h>
#include <linux/openat2.h>
#include <pthread.h>
#include <pwd.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

int cplatform_futex_wait(const uint32_t *word, uint32_t expected, int64_t timeout_ns) {
    struct timespec timeout = {timeout_ns / 1000000000, timeout_ns % 1000000000};
    long result = syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, expected,
                          timeout_ns < 0 ? NULL : &timeout, NULL, 0);
    return result < 0 ? -errno : 0;
}

int cplatform_futex_wake(const uint32_t *word, int count) {
    long result = syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, count, NULL, NULL, 0);
    return result < 0 ? -errno : (int)result;
}

void cplatform_cpu_relax(void) {
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield" ::: "memory");
#endif
}

int cplatform_eventfd(void) {
    int fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    return fd < 0 ? -errno : fd;
}

int cplatform_eventfd_signal(int fd) {
    uint64_t one = 1;
    for (;;) {
        if (write(fd, &one, sizeof one) == sizeof one || errno == EAGAIN) return 0;
        if (errno != EINTR) return -errno;
    }
}

int cplatform_eventfd_drain(int fd) {
    uint64_t count;
    for (;;) {
        if (read(fd, &count, sizeof count) == sizeof count || errno == EAGAIN) return 0;
        if (errno != EINTR) return -errno;
    }
}

void cplatform_start_writing(int fd) { sync_file_range(fd, 0, 0, SYNC_FILE_RANGE_WRITE); }

// Whether the error of renameat2 means that the flag is not supported here: by the file system (EINVAL on NFS,
// FUSE and ZFS), by the kernel, or by a container's filter, which returns EPERM.
static bool lacks_rename_noreplace(int error) {
    return error == EINVAL || error == ENOSYS || error == EOPNOTSUPP || error == EPERM;
}

int cplatform_rename_noreplace(int from_directory, const char *from, int to_directory, const char *to) {
    if (renameat2(from_directory, from, to_directory, to, RENAME_NOREPLACE) == 0) return 0;
    if (!lacks_rename_noreplace(errno)) return -errno;
    // linkat does not replace a file either. Between the two calls the file has both names.
    if (linkat(from_directory, from, to_directory, to, 0) != 0) return -errno;
    return unlinkat(from_directory, from, 0) == 0 ? 0 : -errno;
}

// Does the same as openat2 with RESOLVE_BENEATH and RESOLVE_NO_SYMLINKS, one folder at a time: for kernels and
// containers without that call.
static int walk_beneath(int directory, const char *path, int flags, mode_t mode) {
    if (path[0] == '/') return -EXDEV;
    int folder = directory;
    for (;;) {
        size_t length = strcspn(path, "/");
        char name[NAME_MAX + 1];
        if (length > NAME_MAX) return folder == directory ? -ENAMETOOLONG : (close(folder), -ENAMETOOLONG);
        memcpy(name, path, length);
        name[length] = 0;
        path += length;
        path += strspn(path, "/");
        bool is_last = *path == 0;
        int next = -EXDEV;
        if (strcmp(name, "..") != 0) {
            int how = is_last ? flags : O_PATH | O_DIRECTORY;
            next = openat(folder, name, how | O_CLOEXEC | O_NOFOLLOW, mode);
            if (next < 0) next = -errno;
        }
        if (folder != directory) close(folder);
        // For a symbolic link O_DIRECTORY reports ENOTDIR.
        if (next == -ENOTDIR && !is_last) next = -ELOOP;
        if (next < 0 || is_last) return next;
        folder = next;
    }
}

int cplatform_open_beneath(int directory, const char *path, int flags, mode_t mode) {
    static atomic_bool lacks_openat2 = false;
    struct open_how how = {
        .flags = (uint64_t)(flags | O_CLOEXEC),
        .mode = (flags & O_CREAT) ? mode : 0,
        .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS,
    };
    for (;;) {
        long fd = -1;
        if (atomic_load_explicit(&lacks_openat2, memory_order_relaxed)) {
            fd = walk_beneath(directory, path, flags, mode);
            if (fd < 0) errno = (int)-fd;
        } else {
            fd = syscall(SYS_openat2, directory, path, &how, sizeof how);
            // A container that does not know the call returns EPERM. So does a file that may not be changed;
            // then the fallback fails in the same way.
            if (fd < 0 && (errno == ENOSYS || errno == EPERM)) {
                bool is_certain = errno == ENOSYS;
                fd = walk_beneath(directory, path, flags, mode);
                if (fd >= 0 || is_certain) atomic_store_explicit(&lacks_openat2, true, memory_order_relaxed);
                if (fd < 0) errno = (int)-fd;
            }
        }
        if (fd >= 0) return (int)fd;
        if (errno != EINTR && errno != EAGAIN) return -errno;
    }
}

int cplatform_lock_exclusive(int fd) { return flock(fd, LOCK_EX | LOCK_NB) == 0 ? 0 : -errno; }

int cplatform_duplicate(int fd) {
    int copy = fcntl(fd, F_DUPFD_CLOEXEC, 0);
    return copy < 0 ? -errno : copy;
}

int cplatform_seed_rand(void) {
    unsigned seed;
    if (getrandom(&seed, sizeof seed, 0) != sizeof seed) return -errno;
    srand(seed);
    return 0;
}

bool cplatform_user_in_group(uid_t uid, gid_t gid) {
    struct passwd user, *found = NULL;
    char buffer[16384];
    if (getpwuid_r(uid, &user, buffer, sizeof buffer, &found) != 0 || found == NULL) return false;
    gid_t groups[1024];
    int count = 1024;
    if (getgrouplist(user.pw_name, user.pw_gid, groups, &count) < 0) return false;
    for (int i = 0; i < count; i++)
        if (groups[i] == gid) return true;
    return false;
}

// Clamps a clock that is before 1970 or after 2262 (a machine without a battery, a broken time server) to that
// end, so that no caller has to handle a negative time.
static int64_t nanoseconds(clockid_t clock) {
    struct timespec now;
    clock_gettime(clock, &now);
    if (now.tv_sec < 0) return 0;
    if (now.tv_sec > 9223372035) return 9223372035000000000;
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

int64_t cplatform_realtime_ns(void) { return nanoseconds(CLOCK_REALTIME); }
int64_t cplatform_monotonic_ns(void) { return nanoseconds(CLOCK_MONOTONIC); }

void cplatform_name_thread(const char *name) {
    char cut[16];
    snprintf(cut, sizeof cut, "%s", name);
    pthread_setname_np(pthread_self(), cut);
}

int cplatform_reserve(int fd, int64_t offset, int64_t length) {
    while (fallocate(fd, FALLOC_FL_KEEP_SIZE, offset, length) != 0) {
        if (errno == EOPNOTSUPP || errno == ENOSYS) {
            struct statvfs status;
            if (fstatvfs(fd, &status) != 0) return -errno;
            uint64_t available = (uint64_t)status.f_bavail * status.f_frsize;
            return available < (uint64_t)length ? -ENOSPC : 0;
        }
        if (errno != EINTR) return -errno;
    }
    return 0;
}

// Truncating a file to its present size frees what is reserved beyond its end.
int cplatform_release_reserved(int fd) {
    struct stat status;
    if (fstat(fd, &status) != 0) return -errno;
    return ftruncate(fd, status.st_size) == 0 ? 0 : -errno;
}

int cplatform_disk_space(int fd, uint64_t *total, uint64_t *available, uint64_t *files) {
    struct statvfs status;
    if (fstatvfs(fd, &status) != 0) return -errno;
    *total = (uint64_t)status.f_blocks * status.f_frsize;
    *available = (uint64_t)status.f_bavail * status.f_frsize;
    *files = status.f_files == 0 ? UINT64_MAX : (uint64_t)status.f_favail;
    return 0;
}

bool cplatform_contains(const void *bytes, size_t count, const void *word, size_t word_count) {
    return memmem(bytes, count, word, word_count) != NULL;
}
