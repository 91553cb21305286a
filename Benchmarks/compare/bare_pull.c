// The minimum of a collector over ZeroMQ: receives every message and drops it.
//
// Usage: bare_pull COUNT. Binds a PULL socket on a loopback port that the system assigns, prints the
// endpoint, receives COUNT messages, and prints seconds (from the first to the last message) and CPU
// seconds of the process. Leaves out everything Touchpoint does: reading, filing, compressing, writing.
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>
#include <zmq.h>

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

int main(int argc, char **argv) {
    long count = argc > 1 ? atol(argv[1]) : 0, received = 0, bytes = 0;
    void *context = zmq_ctx_new(), *socket = zmq_socket(context, ZMQ_PULL);
    char endpoint[256];
    size_t size = sizeof endpoint;
    if (count <= 0 || zmq_bind(socket, "tcp://127.0.0.1:*") != 0 ||
        zmq_getsockopt(socket, ZMQ_LAST_ENDPOINT, endpoint, &size) != 0) {
        fprintf(stderr, "usage: bare_pull COUNT (%s)\n", zmq_strerror(zmq_errno()));
        return 64;
    }
    printf("%s\n", endpoint);
    fflush(stdout);
    zmq_msg_t message;
    zmq_msg_init(&message);
    double start = 0;
    while (received < count) {
        int length = zmq_msg_recv(&message, socket, 0);
        if (length < 0) return 74;
        if (received++ == 0) start = now();
        bytes += length;
    }
    double seconds = now() - start;
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    double cpu = (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
                 (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
    printf("{\"messages\":%ld,\"bytes\":%ld,\"seconds\":%.6f,\"cpuSeconds\":%.6f}\n", received, bytes, seconds, cpu);
    zmq_msg_close(&message);
    zmq_close(socket);
    zmq_ctx_term(context);
    return 0;
}
