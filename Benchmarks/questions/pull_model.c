// A receiver reduced to libzmq and a copy: PULL, payloads into memory, under a self-generated load.
//
// Usage: pull_model [rate=0] [batch=1] [size=465] [peers=1] [io=1] [hwm=1000] [idle=-1] [slack=50]
//        [fill=0] [seconds=0.3]
// rate: events per second of all peers together, 0 for as fast as possible; each peer is a separate process.
// idle: what to do when no message is waiting: -1 waits in zmq_poll at once; 0 yields, N sleeps N microseconds, then
// checks once more before zmq_poll. slack: the thread's timer slack in microseconds (50 is the system's).
// fill=1: at the end it stops receiving for half a second, and prints the memory that the full queues use. Latency is
// from just before zmq_send to the copy, of every 16th message.
// Leaves out: JSON, ring, writer, disk, so the cores are less busy than the daemon's; and the network between
// machines. Senders pace themselves by 50 us ticks, which makes small bursts from 20,000 events per second on.
#include "bench.h"
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <zmq.h>

enum { MEMORY_BYTES = 16 << 20, TICK_US = 50, BATCH_MAX = 256, LATENCIES_MAX = 1 << 20, PEERS_MAX = 16 };

struct load {
    double rate;
    long batch, size;
};

static void send_one(void *socket, char *payload, size_t size) {
    double stamp = now();
    memcpy(payload, &stamp, sizeof stamp);
    if (zmq_send(socket, payload, size, 0) < 0) exit(0);
}

/// The peer process: sends until it is killed.
static void send_load(int endpoint_pipe, struct load load) {
    char endpoint[256] = "";
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    prctl(PR_SET_TIMERSLACK, 1000UL);
    if (read(endpoint_pipe, endpoint, sizeof endpoint - 1) <= 0) exit(0);
    void *context = zmq_ctx_new(), *socket = zmq_socket(context, ZMQ_PUSH);
    if (zmq_connect(socket, endpoint) != 0) exit(71);
    size_t size = (size_t)(load.size * load.batch);
    char *payload = need(malloc(size));
    memset(payload, 'x', size);
    double start = now(), sent = 0;
    for (;;) {
        if (load.rate > 0) {
            double due = (now() - start) * load.rate;
            for (; sent < due; sent += (double)load.batch) send_one(socket, payload, size);
            sleep_us(TICK_US);
        } else {
            send_one(socket, payload, size);
        }
    }
}

struct receiver {
    void *socket;
    char *memory;
    size_t at;
    long idle_us;
    long messages, polls;
    double *latencies;
    size_t latency_count;
};

static void keep(struct receiver *r, zmq_msg_t *message) {
    size_t size = zmq_msg_size(message);
    if (r->at + size > MEMORY_BYTES) r->at = 0;
    memcpy(r->memory + r->at, zmq_msg_data(message), size);
    if (++r->messages % 16 == 0 && r->latency_count < LATENCIES_MAX) {
        double stamp;
        memcpy(&stamp, r->memory + r->at, sizeof stamp);
        r->latencies[r->latency_count++] = now() - stamp;
    }
    r->at += (size + 7) & ~(size_t)7;
}

/// Receives up to BATCH_MAX messages without waiting, like a round of the daemon's receiver.
static int receive_batch(struct receiver *r, zmq_msg_t *message) {
    int count = 0;
    while (count < BATCH_MAX && zmq_msg_recv(message, r->socket, ZMQ_DONTWAIT) >= 0) {
        keep(r, message);
        count++;
    }
    return count;
}

static void work_until(struct receiver *r, double deadline) {
    zmq_msg_t message;
    zmq_msg_init(&message);
    while (now() < deadline) {
        if (receive_batch(r, &message) > 0) continue;
        if (r->idle_us >= 0) {
            if (r->idle_us > 0) sleep_us(r->idle_us);
            else sched_yield();
            if (receive_batch(r, &message) > 0) continue;
        }
        zmq_pollitem_t item = {r->socket, 0, ZMQ_POLLIN, 0};
        r->polls++;
        zmq_poll(&item, 1, 250);
    }
    zmq_msg_close(&message);
}

static void *bind_pull(void *context, int hwm, char *endpoint, size_t size) {
    void *socket = zmq_socket(context, ZMQ_PULL);
    zmq_setsockopt(socket, ZMQ_RCVHWM, &hwm, sizeof hwm);
    if (zmq_bind(socket, "tcp://127.0.0.1:*") != 0 || zmq_getsockopt(socket, ZMQ_LAST_ENDPOINT, endpoint, &size) != 0)
        die("zmq_bind");
    return socket;
}

/// Starts the peers, forked before any thread exists; they read the endpoint from the pipe.
static void start_peers(pid_t *children, int peers, int *endpoint_pipe, struct load load) {
    if (peers > PEERS_MAX || pipe(endpoint_pipe) != 0) die("pipe");
    for (int i = 0; i < peers; i++) {
        if ((children[i] = fork()) == 0) send_load(endpoint_pipe[0], load);
    }
}

static void end_peers(pid_t *children, int peers) {
    for (int i = 0; i < peers; i++) {
        kill(children[i], SIGKILL);
        waitpid(children[i], NULL, 0);
    }
}

/// Allocates memory and touches it, so that it does not count as growth later.
static void *touched(size_t bytes) {
    void *memory = need(malloc(bytes));
    memset(memory, 1, bytes);
    return memory;
}

static void print(struct receiver *r, double seconds, double cpu, double all_messages, double batch) {
    double events = (double)r->messages * batch, senders = cpu_seconds(RUSAGE_CHILDREN) / (all_messages * batch);
    printf("\"rate\":%.0f,\"cpu_us\":%.4f,\"senders_us\":%.4f,", events / seconds, cpu / events * 1e6, senders * 1e6);
    printf("\"polls_s\":%.0f,\"p50_us\":%.1f,\"p99_us\":%.1f}\n", (double)r->polls / seconds,
        percentile(r->latencies, r->latency_count, 0.5) * 1e6, percentile(r->latencies, r->latency_count, 0.99) * 1e6);
}

int main(int argc, char **argv) {
    int peers = (int)option(argc, argv, "peers", 1), endpoint_pipe[2];
    struct load load = {option(argc, argv, "rate", 0) / peers, (long)option(argc, argv, "batch", 1),
        (long)option(argc, argv, "size", 465)};
    pid_t children[PEERS_MAX];
    start_peers(children, peers, endpoint_pipe, load);
    void *context = zmq_ctx_new();
    zmq_ctx_set(context, ZMQ_IO_THREADS, (int)option(argc, argv, "io", 1));
    char endpoint[256] = "";
    struct receiver r = {.idle_us = (long)option(argc, argv, "idle", -1)};
    r.socket = bind_pull(context, (int)option(argc, argv, "hwm", 1000), endpoint, sizeof endpoint);
    r.memory = touched(MEMORY_BYTES);
    r.latencies = touched(LATENCIES_MAX * sizeof *r.latencies);
    for (int i = 0; i < peers; i++) {
        if (write(endpoint_pipe[1], endpoint, sizeof endpoint - 1) < 0) die("write");
    }
    prctl(PR_SET_TIMERSLACK, (unsigned long)(option(argc, argv, "slack", 50) * 1000));
    double rss_before = status_kib("VmRSS:");
    work_until(&r, now() + 0.1); // connecting, and the first wave
    double all = (double)r.messages, start = now(), cpu = cpu_seconds(RUSAGE_SELF);
    r.messages = r.polls = 0;
    r.latency_count = 0;
    work_until(&r, start + option(argc, argv, "seconds", 0.3));
    double seconds = now() - start;
    cpu = cpu_seconds(RUSAGE_SELF) - cpu;
    double running = status_kib("VmRSS:") - rss_before;
    if (option(argc, argv, "fill", 0) > 0) sleep_us(500000);
    printf("{\"running_mib\":%.2f,\"full_mib\":%.2f,", running / 1024, (status_kib("VmRSS:") - rss_before) / 1024);
    end_peers(children, peers);
    print(&r, seconds, cpu, all + (double)r.messages, (double)load.batch);
    return 0; // what the queues hold goes with the process
}
