/* Preloaded into a collector: while the file named by SLOW_DISK_WHILE exists, each fdatasync takes 1.2 s longer. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdlib.h>
#include <unistd.h>

int fdatasync(int file) {
    static int (*next)(int);
    const char *mark = getenv("SLOW_DISK_WHILE");
    if (!next) next = (int (*)(int))dlsym(RTLD_NEXT, "fdatasync");
    if (mark && access(mark, F_OK) == 0) usleep(1200000);
    return next(file);
}
