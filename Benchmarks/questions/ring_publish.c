// How many messages should one store of the ring's cursor publish to the consumer?
//
// Usage: ring_publish batch=64 [rate=0] [doze=500] [work=0] [size=465] [seconds=0.3]
// Two threads, each on its own core, and a byte ring of 8 MiB laid out like the daemon's (Sources/Ring): the producer
// copies payloads in and publishes every `batch` of them with one release store, then wakes the consumer if it sleeps
// (an exchange, and a futex call only then). The consumer reads all published records and releases them at once; if
// there are none it dozes `doze` microseconds at a time for 5 ms before it sleeps; with doze=0 it sleeps at once.
// rate: events per second, in ticks of 100 us; 0 for as fast as possible, 1024 per tick. The rest of a tick is
// published at its end, like a round of the receiver. work: nanoseconds that the consumer spends per event, in place
// of parsing and deflate. Delay is from the copy to the consumer's read, of every 16th event.
// Leaves out: libzmq, several rings per consumer, padding records (a record may extend beyond the ring's end).
#include "bench.h"
#include <linux/futex.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

enum { RING_BYTES = 8 << 20, DELAYS_MAX = 1 << 20 };

static char *ring;
static size_t size, batch;
static double rate, doze_us, work_ns, seconds;
static _Alignas(128) _Atomic uint64_t written;
static _Alignas(128) _Atomic uint64_t read_to;
static _Alignas(128) _Atomic uint32_t parked;
static _Alignas(128) atomic_bool over;
static uint64_t wakes, consumed, sink, delay_count;
static double consumer_cpu, producer_cpu, *delays;

static void futex(int operation, uint32_t value, const struct timespec *timeout) {
    syscall(SYS_futex, &parked, operation | FUTEX_PRIVATE_FLAG, value, timeout, NULL, 0);
}

static void publish(uint64_t at) {
    atomic_store_explicit(&written, at, memory_order_release);
    if (atomic_exchange_explicit(&parked, 0, memory_order_acq_rel) == 1) {
        futex(FUTEX_WAKE, 1, NULL);
        wakes++;
    }
}

static void spend(double ns) {
    if (ns <= 0) return;
    for (double end = now() + ns / 1e9; now() < end;) {
    }
}

static void read_record(const char *record) {
    uint64_t sum = 0, word;
    for (size_t at = 0; at + 8 <= size; at += 8) {
        memcpy(&word, record + at, 8);
        sum += word;
    }
    sink += sum;
    if (++consumed % 16 == 0 && delay_count < DELAYS_MAX) {
        double stamp;
        memcpy(&stamp, record, 8);
        delays[delay_count++] = now() - stamp;
    }
    spend(work_ns);
}

static void park(uint64_t at) {
    struct timespec timeout = {0, 100000000};
    atomic_exchange_explicit(&parked, 1, memory_order_acq_rel);
    if (atomic_load_explicit(&written, memory_order_acquire) == at) {
        futex(FUTEX_WAIT, 1, &timeout);
    }
    atomic_exchange_explicit(&parked, 0, memory_order_acq_rel);
}

static void *consume(void *unused) {
    (void)unused;
    pin_to(1);
    uint64_t at = 0;
    double last_work = 0;
    while (!atomic_load_explicit(&over, memory_order_relaxed)) {
        uint64_t end = atomic_load_explicit(&written, memory_order_acquire);
        if (at == end) {
            if (doze_us > 0 && now() - last_work < 0.005) {
                sleep_us((long)doze_us);
            } else {
                park(at);
            }
            continue;
        }
        for (; at < end; at += (size + 15) & ~7ul) read_record(ring + at % RING_BYTES + 8);
        atomic_store_explicit(&read_to, at, memory_order_release);
        if (doze_us > 0) last_work = now();
    }
    consumer_cpu = cpu_seconds(RUSAGE_THREAD);
    return NULL;
}

static const char *payload;

/// Appends a record; waits while the ring is full.
static uint64_t put(uint64_t at, uint64_t number) {
    uint64_t record = (size + 15) & ~7ul;
    while (at + record - atomic_load_explicit(&read_to, memory_order_acquire) > RING_BYTES) {
        publish(at);
        sleep_us(20);
    }
    char *slot = ring + at % RING_BYTES;
    memcpy(slot, &size, 8);
    memcpy(slot + 8, payload, size);
    if (number % 16 == 15) {
        double stamp = now();
        memcpy(slot + 8, &stamp, 8);
    }
    return at + record;
}

static uint64_t produce(void) {
    uint64_t at = 0, count = 0, open = 0;
    for (double start = now(), t = start; t < start + seconds; t = now()) {
        uint64_t due = rate > 0 ? (uint64_t)((t - start) * rate) : count + 1024;
        for (; count < due; count++) {
            at = put(at, count);
            if (++open == batch) {
                publish(at);
                open = 0;
            }
        }
        if (open > 0) publish(at);
        open = 0;
        if (rate > 0) sleep_us(100);
    }
    return count;
}

int main(int argc, char **argv) {
    size = (size_t)option(argc, argv, "size", 465);
    batch = (size_t)option(argc, argv, "batch", 64);
    rate = option(argc, argv, "rate", 0);
    doze_us = option(argc, argv, "doze", 500);
    work_ns = option(argc, argv, "work", 0);
    seconds = option(argc, argv, "seconds", 0.3);
    ring = need(malloc(RING_BYTES + size + 64));
    memset(ring, 0, RING_BYTES + size + 64);
    payload = need(calloc(1, size));
    delays = need(calloc(DELAYS_MAX, sizeof *delays));
    pthread_t consumer;
    pthread_create(&consumer, NULL, consume, NULL);
    pin_to(0);
    // The consumer keeps the system's timer slack, like the daemon's writer.
    prctl(PR_SET_TIMERSLACK, 1000UL);
    double cpu = cpu_seconds(RUSAGE_THREAD), start = now();
    uint64_t count = produce();
    producer_cpu = cpu_seconds(RUSAGE_THREAD) - cpu;
    double took = now() - start;
    while (atomic_load(&read_to) != atomic_load(&written)) sleep_us(50);
    atomic_store(&over, true);
    publish(atomic_load(&written));
    pthread_join(consumer, NULL);
    double events = (double)count;
    printf("{\"rate\":%.0f,\"producer_ns\":%.1f,\"consumer_ns\":%.1f,", events / took, producer_cpu / events * 1e9,
        consumer_cpu / events * 1e9);
    printf("\"wakes_k\":%.3f,\"p50_us\":%.1f,\"p99_us\":%.1f}\n", (double)wakes / events * 1000,
        percentile(delays, delay_count, 0.5) * 1e6, percentile(delays, delay_count, 0.99) * 1e6);
    return 0;
}
