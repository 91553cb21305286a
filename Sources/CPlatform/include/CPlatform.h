// What Swift cannot reach on Linux: macros, variadic system calls, and processor hints.
// Every function is safe to call from any thread. Those that return int give 0 or a result on
// success and -errno on failure, so that errno never has to cross the language border.
#ifndef TOUCHPOINT_CPLATFORM_H
#define TOUCHPOINT_CPLATFORM_H

#include <stdbool.h>
#include <stdint.h>
#include <stddef.h>
#include <sys/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/// Waits until `*word` differs from `expected`, somebody wakes it, or `timeout_ns` have passed
/// (negative: no limit). 0 when woken, -EAGAIN when the word differed, -ETIMEDOUT, -EINTR. See futex(2).
int cplatform_futex_wait(const uint32_t *word, uint32_t expected, int64_t timeout_ns);

/// Wakes up to `count` waiters on `word`; gives how many were woken.
int cplatform_futex_wake(const uint32_t *word, int count);

/// Tells the processor that this is a spin-wait loop.
void cplatform_cpu_relax(void);

/// Has the processor bring the cache line of `address` near, to be written soon, and does not wait. Any
/// address will do: one that is not there is no error.
static inline void cplatform_fetch(const void *address) {
#if defined(__x86_64__)
    __asm__ volatile("prefetchw %0" : : "m"(*(const char *)address));
#else
    __builtin_prefetch(address, 1);
#endif
}

/// The same for so many bytes, to be read soon.
static inline void cplatform_fetch_text(const void *start, size_t count) {
    for (size_t at = 0; at < count; at += 64) __builtin_prefetch((const char *)start + at);
}

/// A non-blocking, close-on-exec eventfd(2).
int cplatform_eventfd(void);

/// Adds one to an eventfd; a full counter is no error, since its reader is then awake anyway.
int cplatform_eventfd_signal(int fd);

/// Takes everything that stood in an eventfd; nothing there is no error.
int cplatform_eventfd_drain(int fd);

/// Begins to write a file's dirty pages and does not wait; a hint, whose errors fdatasync(2) reports.
void cplatform_start_writing(int fd);

/// renameat2(2) with RENAME_NOREPLACE: fails with -EEXIST rather than replace a file. Where that is not
/// to be had, linkat(2) and unlinkat(2): a crash between them leaves both names.
int cplatform_rename_noreplace(int from_directory, const char *from, int to_directory, const char *to);

/// Opens `path` below `directory` without ever leaving it: openat2(2) with RESOLVE_BENEATH and
/// RESOLVE_NO_SYMLINKS, or, on kernels before 5.6 and in containers that refuse that call, openat(2) with
/// O_NOFOLLOW folder by folder. O_CLOEXEC is added; `mode` matters only with O_CREAT. Gives the descriptor;
/// EINTR is retried.
int cplatform_open_beneath(int directory, const char *path, int flags, mode_t mode);

/// Takes an exclusive flock(2) without waiting: -EWOULDBLOCK when somebody else holds it.
int cplatform_lock_exclusive(int fd);

/// The process at the other end of a connected Unix socket (SO_PEERCRED).
int cplatform_peer_credentials(int fd, pid_t *pid, uid_t *uid, gid_t *gid);

/// Another descriptor of the same open file, close-on-exec.
int cplatform_duplicate(int fd);

/// What the kernel knows of a connected stream socket.
struct cplatform_connection {
    /// TCP: the two numbers below are counted.
    bool counts_bytes;
    /// Bytes that were taken out of the socket at this end.
    uint64_t bytes_read;
    /// Bytes that this end sent and the other end's system has confirmed.
    uint64_t bytes_confirmed;
    /// Bytes in the send queue.
    uint32_t bytes_unsent;
    /// Milliseconds since anything arrived; 0 where that is not counted.
    uint32_t silent_ms;
};
int cplatform_connection(int fd, struct cplatform_connection *connection);

/// Who is at the other end, as an endpoint: tcp://10.0.0.7:4711, tcp://[2001:db8::7]:4711, or for a Unix
/// socket ipc://uid=1000,pid=4711. Empty when that cannot be told. NUL-terminated, at most 80 bytes.
void cplatform_peer_name(int fd, char name[80]);

/// Whether the other end has closed or reset the connection.
bool cplatform_peer_has_left(int fd);

/// Ends a connection in both directions, without closing the descriptor.
void cplatform_end_connection(int fd);

/// Starts rand(3) from a number that nobody can guess.
int cplatform_seed_rand(void);

/// Whether the user `uid`, as listed in the system's user and group databases, belongs to `gid`.
bool cplatform_user_in_group(uid_t uid, gid_t gid);

/// Nanoseconds of CLOCK_REALTIME and CLOCK_MONOTONIC.
int64_t cplatform_realtime_ns(void);
int64_t cplatform_monotonic_ns(void);

/// Names the calling thread, at most 15 bytes; longer names are cut.
void cplatform_name_thread(const char *name);

/// Total and available bytes of the file system that holds `fd`, and how many files (inodes) it still takes;
/// UINT64_MAX where it does not count them.
int cplatform_disk_space(int fd, uint64_t *total, uint64_t *available, uint64_t *files);

/// Gives a file room for `length` bytes from `offset` on, without changing its size: fallocate(2), or where
/// the file system cannot do that, only a look whether it has so much. -ENOSPC or -EDQUOT without room.
int cplatform_reserve(int fd, int64_t offset, int64_t length);

/// Gives back the room that a file has behind its end.
int cplatform_release_reserved(int fd);

#ifdef __cplusplus
}
#endif
#endif
