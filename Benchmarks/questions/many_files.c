// A commit of many files: one sync per file, or one for the whole file system?
//
// Usage: many_files how=each|range|threads|range-threads|syncfs files=100 folder=DIR [bytes=8192] [commits=5] [other=0]
// Appends `bytes` to each of `files` open files, then makes all of it durable:
//   each     fdatasync of one file after another, as the daemon does
//   range    sync_file_range(SYNC_FILE_RANGE_WRITE) on all of them first, then each
//   threads  each, on four threads; range-threads: the ranges first
//   syncfs   one syncfs(2)
// Latency is from the first sync to the last, without the writes. other=MEGABYTES: before every commit another
// process writes that much to a file of its own on the same file system and syncs nothing.
// Leaves out: new files (folders to sync), renames, manifest lines. On kernels before 5.8 syncfs does not report
// errors of writing back; later ones report every error of the file system since it was opened, so one file's error
// cannot be distinguished from another's.
#include "bench.h"
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/wait.h>

enum { THREADS = 4, FILES_MAX = 1000, COMMITS_MAX = 100 };

static int files[FILES_MAX], file_count;
static atomic_int next_file;

static void write_all(size_t bytes, off_t at) {
    static char payload[1 << 20];
    memset(payload, 'x', sizeof payload);
    if (bytes > sizeof payload) die("bytes");
    for (int i = 0; i < file_count; i++) {
        if (pwrite(files[i], payload, bytes, at) != (ssize_t)bytes) die("pwrite");
    }
}

static void *sync_some(void *unused) {
    (void)unused;
    for (int i; (i = atomic_fetch_add(&next_file, 1)) < file_count;) {
        if (fdatasync(files[i]) != 0) die("fdatasync");
    }
    return NULL;
}

static void start_ranges(size_t bytes, off_t at) {
    for (int i = 0; i < file_count; i++) {
        if (sync_file_range(files[i], at, (off_t)bytes, SYNC_FILE_RANGE_WRITE) != 0) die("sync_file_range");
    }
}

/// Commits; returns the seconds that the syncs take.
static double commit(const char *how, size_t bytes, off_t at) {
    pthread_t threads[THREADS];
    int extra = strstr(how, "threads") ? THREADS - 1 : 0;
    atomic_store(&next_file, 0);
    double start = now();
    if (strcmp(how, "syncfs") == 0) {
        if (syncfs(files[0]) != 0) die("syncfs");
        return now() - start;
    }
    if (strstr(how, "range")) start_ranges(bytes, at);
    for (int i = 0; i < extra; i++) pthread_create(&threads[i], NULL, sync_some, NULL);
    sync_some(NULL);
    for (int i = 0; i < extra; i++) pthread_join(threads[i], NULL);
    return now() - start;
}

static int open_file(const char *folder, int number) {
    char path[4096];
    snprintf(path, sizeof path, "%s/many-files-%d-%d", folder, (int)getpid(), number);
    int file = open(path, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0600);
    if (file < 0 || unlink(path) != 0) die(path);
    return file;
}

/// Creates another process' dirty pages, as a copy of a large file does; its file is removed when it is closed.
static void make_dirty(int file, size_t megabytes) {
    pid_t child = fork();
    if (child == 0) {
        char *block = need(calloc(1, 1 << 20));
        for (size_t i = 0; i < megabytes; i++) {
            if (pwrite(file, block, 1 << 20, (off_t)i << 20) < 0) _exit(1);
        }
        _exit(0);
    }
    int status = 0;
    waitpid(child, &status, 0);
    if (status != 0) die("writing other data");
}

int main(int argc, char **argv) {
    const char *how = text_option(argc, argv, "how", "each"), *folder = text_option(argc, argv, "folder", ".");
    size_t bytes = (size_t)option(argc, argv, "bytes", 8192), other = (size_t)option(argc, argv, "other", 0);
    int commits = (int)option(argc, argv, "commits", 5);
    file_count = (int)option(argc, argv, "files", 100);
    if (file_count > FILES_MAX || commits > COMMITS_MAX) die("files, commits");
    for (int i = 0; i < file_count; i++) files[i] = open_file(folder, i);
    // The first commit creates the files.
    write_all(bytes, 0);
    if (syncfs(files[0]) != 0) die("syncfs");
    printf("{\"ms\":[");
    for (int i = 0; i < commits; i++) {
        int dirty = other > 0 ? open_file(folder, FILES_MAX + i) : -1;
        off_t at = (off_t)bytes * (i + 1);
        if (other > 0) make_dirty(dirty, other);
        write_all(bytes, at);
        printf("%s%.3f", i ? "," : "", commit(how, bytes, at) * 1e3);
        if (dirty >= 0 && (ftruncate(dirty, 0) != 0 || close(dirty) != 0)) die("other file");
    }
    printf("]}\n");
    return 0;
}
