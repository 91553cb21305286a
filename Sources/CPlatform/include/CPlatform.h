// What Swift cannot reach on Linux: macros, variadic system calls, and processor hints. Every function is safe
// to call from any thread. Those that return int return 0 or a result on success and -errno on failure, so that
// no Swift code reads errno.
#ifndef TOUCHPOINT_CPLATFORM_H
#define TOUCHPOINT_CPLATFORM_H

#include <stdbool.h>
#include <stdint.h>
#include <stddef.h>
#include <sys/epoll.h>
#include <sys/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/// Waits until `*word` differs from `expected`, a waker calls, or `timeout_ns` have passed (negative: no
/// limit). Returns 0 if woken, -EAGAIN if the word differed, -ETIMEDOUT or -EINTR. See futex(2).
int cplatform_futex_wait(const uint32_t *word, uint32_t expected, int64_t timeout_ns);

/// Wakes up to `count` waiters on `word`; returns the number woken.
int cplatform_futex_wake(const uint32_t *word, int count);

/// Tells the processor that this is a spin-wait loop.
void cplatform_cpu_relax(void);

/// Prefetches the cache line of `address` for a write, without waiting. Any address is allowed: an unmapped one
/// is no error.
static inline void cplatform_fetch(const void *address) {
#if defined(__x86_64__)
    __asm__ volatile("prefetchw %0" : : "m"(*(const char *)address));
#else
    __builtin_prefetch(address, 1);
#endif
}

/// Prefetches `count` bytes for reading.
static inline void cplatform_fetch_text(const void *start, size_t count) {
    for (size_t at = 0; at < count; at += 64) __builtin_prefetch((const char *)start + at);
}

/// Creates a non-blocking, close-on-exec eventfd(2).
int cplatform_eventfd(void);

/// Adds one to an eventfd; a full counter is no error, because its reader is awake then.
int cplatform_eventfd_signal(int fd);

/// Resets an eventfd to 0; that it is 0 already is no error.
int cplatform_eventfd_drain(int fd);

/// Starts writing a file's dirty pages, without waiting; a hint, whose errors fdatasync(2) reports.
void cplatform_start_writing(int fd);

/// Calls renameat2(2) with RENAME_NOREPLACE: fails with -EEXIST instead of replacing a file. If that is not
/// supported, linkat(2) and unlinkat(2): a crash between them leaves both names.
int cplatform_rename_noreplace(int from_directory, const char *from, int to_directory, const char *to);

/// Opens `path` below `directory` without ever leaving it: openat2(2) with RESOLVE_BENEATH and
/// RESOLVE_NO_SYMLINKS, or, on kernels before 5.6 and in containers that refuse that call, openat(2) with
/// O_NOFOLLOW folder by folder. Adds O_CLOEXEC; `mode` matters only with O_CREAT. Returns the descriptor;
/// retries after EINTR.
int cplatform_open_beneath(int directory, const char *path, int flags, mode_t mode);

/// Takes an exclusive flock(2) without waiting: -EWOULDBLOCK if another process holds it.
int cplatform_lock_exclusive(int fd);

/// Returns the process at the other end of a connected Unix socket (SO_PEERCRED).
int cplatform_peer_credentials(int fd, pid_t *pid, uid_t *uid, gid_t *gid);

/// Duplicates a descriptor of the same open file, close-on-exec.
int cplatform_duplicate(int fd);

/// The kernel's figures of a connected stream socket.
struct cplatform_connection {
    /// TCP: whether the two numbers below are counted.
    bool counts_bytes;
    /// Bytes that this end has read from the socket.
    uint64_t bytes_read;
    /// Bytes that this end sent and the other end's system acknowledged.
    uint64_t bytes_confirmed;
    /// Bytes in the send queue.
    uint32_t bytes_unsent;
    /// Milliseconds since data last arrived; 0 if that is not counted.
    uint32_t silent_ms;
};
int cplatform_connection(int fd, struct cplatform_connection *connection);

/// Returns the other end as an endpoint: tcp://10.0.0.7:4711, tcp://[2001:db8::7]:4711, or for a Unix socket
/// ipc://uid=1000,pid=4711. Empty if unknown. NUL-terminated, at most 80 bytes.
void cplatform_peer_name(int fd, char name[80]);

/// Whether the other end has closed or reset the connection.
bool cplatform_peer_has_left(int fd);

/// Ends a connection in both directions, without closing the descriptor.
void cplatform_end_connection(int fd);

/// Seeds rand(3) with an unpredictable number.
int cplatform_seed_rand(void);

/// Whether the user `uid` belongs to the group `gid` in the system's user and group databases.
bool cplatform_user_in_group(uid_t uid, gid_t gid);

/// Return CLOCK_REALTIME and CLOCK_MONOTONIC in nanoseconds.
int64_t cplatform_realtime_ns(void);
int64_t cplatform_monotonic_ns(void);

/// Sets the calling thread's name, cut to 15 bytes.
void cplatform_name_thread(const char *name);

/// Returns total and available bytes of the file system of `fd`, and how many more files (inodes) it can hold;
/// UINT64_MAX if it does not count them.
int cplatform_disk_space(int fd, uint64_t *total, uint64_t *available, uint64_t *files);

/// Reserves `length` bytes from `offset` on for a file, without changing its size: fallocate(2), or, if the
/// file system does not support that, only a check of the free space. -ENOSPC or -EDQUOT without room.
int cplatform_reserve(int fd, int64_t offset, int64_t length);

/// Frees the space reserved beyond a file's end.
int cplatform_release_reserved(int fd);

/// A ready member of an epoll(7) set.
struct cplatform_event {
    uint64_t token;
    /// EPOLLIN, EPOLLOUT, EPOLLRDHUP, EPOLLHUP, EPOLLERR.
    uint32_t state;
};

/// Creates a close-on-exec epoll(7) set.
int cplatform_epoll_create(void);

/// Adds a descriptor to a set, level-triggered.
int cplatform_epoll_add(int set, int fd, uint64_t token, uint32_t interest);

/// Changes what a member waits for.
int cplatform_epoll_change(int set, int fd, uint64_t token, uint32_t interest);

/// Removes a member.
int cplatform_epoll_remove(int set, int fd);

/// Waits for members to be ready; returns how many of `events` are filled, 0 after EINTR too.
int cplatform_epoll_wait(int set, struct cplatform_event *events, int count, int timeout_ms);

/// Listens on a TCP address, non-blocking, close-on-exec, with SO_REUSEADDR. `host` is an address, a name, an
/// interface, or "*". Returns -EADDRNOTAVAIL if it is none of this machine.
int cplatform_listen_tcp(const char *host, uint16_t port, bool is_ipv6, int backlog);

/// Accepts a connection, non-blocking, close-on-exec.
int cplatform_accept(int fd);

/// Sets TCP_NODELAY and keep-alive: 15 s, then every 5 s, three times; 20 s for unconfirmed data.
void cplatform_tune_tcp(int fd);

/// Sets SO_SNDBUF.
void cplatform_set_send_buffer(int fd, int bytes);

/// Writes the local address of a TCP socket as `tcp://host:port`; empty if it has none.
void cplatform_local_name(int fd, char name[80]);

/// Calls recv(2); retries after EINTR.
ssize_t cplatform_receive(int fd, void *room, size_t count);

/// Calls send(2) with MSG_NOSIGNAL; retries after EINTR.
ssize_t cplatform_send(int fd, const void *bytes, size_t count);

#ifdef __cplusplus
}
#endif
// Whether the first bytes contain the second ones; neither may be NULL.
bool cplatform_contains(const void *bytes, size_t count, const void *word, size_t word_count);

#endif
