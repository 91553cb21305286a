// Should a message's payload be copied into the ring, or should libzmq's message be kept until the writer is done?
//
// Usage: copy_threshold how=copy|keep [size=465] [paced=0] [hold=0] [seconds=0.3]
// A separate process sends as fast as possible (paced=1: one message every 100 us). One thread receives; copy copies
// the payload into a byte ring, keep moves the zmq_msg_t into a ring of messages; a second thread adds up the
// payload's words, as a parser would read them, and releases the record. CPU is that of the whole process, libzmq's
// I/O thread included, since keeping moves the free() between threads.
// hold=N: no second thread; receives N messages, releases none, and prints the memory they pin, in bytes per byte of
// payload: copies in the ring, or what malloc allocated for libzmq, which keeps the whole buffer of one read from the
// network while any message in it is alive. N should be many times the 1000 that libzmq itself queues.
// Leaves out: the writer's own work, so both sides find the payload in the cache more often than in the daemon.
#include "bench.h"
#include <malloc.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <zmq.h>

enum { RING_BYTES = 8 << 20, SLOTS = 1 << 13, PUBLISH_MAX = 256 };

static char *ring;
static zmq_msg_t *slots;
static bool keeps;
static _Alignas(128) atomic_size_t written; // bytes of the byte ring, or messages
static _Alignas(128) atomic_size_t released;
static atomic_bool over;
static volatile uint64_t sink;

static void send_load(const char *endpoint, size_t size, bool paced) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    prctl(PR_SET_TIMERSLACK, 1000UL);
    void *context = zmq_ctx_new(), *socket = zmq_socket(context, ZMQ_PUSH);
    char *payload = need(calloc(1, size));
    if (zmq_connect(socket, endpoint) != 0) exit(71);
    while (zmq_send(socket, payload, size, 0) >= 0) {
        if (paced) sleep_us(100);
    }
    exit(0);
}

static void read_words(const void *bytes, size_t size) {
    uint64_t sum = 0, word;
    for (size_t at = 0; at + 8 <= size; at += 8) {
        memcpy(&word, (const char *)bytes + at, 8);
        sum += word;
    }
    sink += sum;
}

static void *consume(void *unused) {
    (void)unused;
    size_t at = 0;
    while (!atomic_load_explicit(&over, memory_order_relaxed)) {
        size_t end = atomic_load_explicit(&written, memory_order_acquire);
        if (at == end) {
            sleep_us(50);
            continue;
        }
        while (at < end) {
            if (keeps) {
                zmq_msg_t *message = &slots[at++ % SLOTS];
                read_words(zmq_msg_data(message), zmq_msg_size(message));
                zmq_msg_close(message);
            } else {
                uint64_t size;
                memcpy(&size, ring + at % RING_BYTES, 8);
                read_words(ring + at % RING_BYTES + 8, size);
                at += (size + 15) & ~7ul;
            }
        }
        atomic_store_explicit(&released, at, memory_order_release);
    }
    return NULL;
}

/// Appends a payload. The byte ring has room after its end for one record, so that records need not be split.
static size_t put(size_t at, zmq_msg_t *message) {
    if (keeps) {
        zmq_msg_t *slot = &slots[at % SLOTS];
        zmq_msg_init(slot);
        zmq_msg_move(slot, message);
        return at + 1;
    }
    uint64_t size = zmq_msg_size(message);
    memcpy(ring + at % RING_BYTES, &size, 8);
    memcpy(ring + at % RING_BYTES + 8, zmq_msg_data(message), size);
    return at + ((size + 15) & ~7ul);
}

static bool has_room(size_t at, size_t size) {
    size_t used = at - atomic_load_explicit(&released, memory_order_acquire);
    return keeps ? used < SLOTS : used + 2 * size + 64 < RING_BYTES;
}

static size_t receive(void *socket, double seconds, size_t size) {
    size_t at = atomic_load(&written), count = 0, unpublished = 0;
    zmq_msg_t message;
    zmq_msg_init(&message);
    for (double end = now() + seconds; now() < end;) {
        while (unpublished < PUBLISH_MAX && has_room(at, size) && zmq_msg_recv(&message, socket, ZMQ_DONTWAIT) >= 0) {
            at = put(at, &message);
            unpublished++;
        }
        atomic_store_explicit(&written, at, memory_order_release);
        count += unpublished;
        if (unpublished == 0) sleep_us(50);
        unpublished = 0;
    }
    zmq_msg_close(&message);
    return count;
}

/// Returns the bytes that malloc has allocated, in heaps and separate mappings.
static double allocated(void) {
    struct mallinfo2 info = mallinfo2();
    return (double)info.uordblks + (double)info.hblkhd;
}

static void measure_pinned(void *socket, size_t hold, size_t size) {
    zmq_msg_t *held = need(calloc(hold, sizeof *held)), message;
    zmq_msg_init(&message);
    for (size_t i = 0; i < hold; i++) zmq_msg_init(&held[i]);
    // The first hundred warm malloc up.
    double ring_bytes = 0, before = 0;
    for (size_t i = 0; i < hold + 100; i++) {
        if (i == 100) before = allocated();
        if (zmq_msg_recv(&message, socket, 0) < 0) die("zmq_msg_recv");
        if (i < 100) continue;
        if (keeps) zmq_msg_move(&held[i - 100], &message);
        else ring_bytes += (double)((size + 15) & ~7ul);
    }
    // A slot is a message of 64 bytes.
    double pinned = keeps ? allocated() - before + (double)(hold * sizeof *held) : ring_bytes;
    printf("{\"pinned\":%.3f}\n", pinned / (double)hold / (double)size);
}

static void measure_time(void *socket, double seconds, size_t size) {
    pthread_t consumer;
    ring = need(calloc(1, RING_BYTES + 2 * size + 64));
    slots = need(calloc(SLOTS, sizeof *slots));
    memset(ring, 1, RING_BYTES);
    pthread_create(&consumer, NULL, consume, NULL);
    receive(socket, 0.15, size);
    double start = now(), cpu = cpu_seconds(RUSAGE_SELF), own = cpu_seconds(RUSAGE_THREAD);
    size_t count = receive(socket, seconds, size);
    double took = now() - start;
    cpu = cpu_seconds(RUSAGE_SELF) - cpu;
    own = cpu_seconds(RUSAGE_THREAD) - own;
    atomic_store(&over, true);
    pthread_join(consumer, NULL);
    printf("{\"rate\":%.0f,\"cpu_us\":%.4f,\"receiver_us\":%.4f}\n", (double)count / took, cpu / (double)count * 1e6,
        own / (double)count * 1e6);
}

int main(int argc, char **argv) {
    size_t size = (size_t)option(argc, argv, "size", 465), hold = (size_t)option(argc, argv, "hold", 0);
    bool paced = option(argc, argv, "paced", 0) > 0;
    keeps = strcmp(text_option(argc, argv, "how", "copy"), "keep") == 0;
    // The sender is forked before any thread exists; it reads the endpoint from the pipe.
    int endpoint_pipe[2];
    if (pipe(endpoint_pipe) != 0) die("pipe");
    pid_t sender = fork();
    char endpoint[256] = "";
    if (sender == 0) {
        if (read(endpoint_pipe[0], endpoint, sizeof endpoint - 1) <= 0) exit(0);
        send_load(endpoint, size, paced);
    }
    void *context = zmq_ctx_new(), *socket = zmq_socket(context, ZMQ_PULL);
    size_t length = sizeof endpoint;
    if (zmq_bind(socket, "tcp://127.0.0.1:*") != 0 || zmq_getsockopt(socket, ZMQ_LAST_ENDPOINT, endpoint, &length) != 0)
        die("zmq_bind");
    if (write(endpoint_pipe[1], endpoint, sizeof endpoint - 1) < 0) die("write");
    if (hold > 0) measure_pinned(socket, hold, size);
    else measure_time(socket, option(argc, argv, "seconds", 0.3), size);
    kill(sender, SIGKILL);
    waitpid(sender, NULL, 0);
    return 0;
}
