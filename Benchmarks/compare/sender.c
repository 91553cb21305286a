// A lean producer: sends generated events to a PULL or ROUTER socket as fast as libzmq takes them, or at a rate.
//
// Usage: sender ENDPOINT [--pattern push|dealer] [--events N] [--batch B] [--window W] [--rate R] [--size S]
//                        [--channels C] [--keys FILE]
//        sender - [--events N] [--size S] [--channels C]
//   --batch     events per message, as NDJSON       --window    dealer: unanswered messages
//   --rate      events per second, 0: no limit      --size      bytes per event
//   --channels  3: web, app, store; else c0, c1, … take turns
//   --keys      encrypts with CURVE. The file has three lines in Z85: the collector's public key, the sender's public
//               key, the sender's secret key
// With - in place of an endpoint it writes the events to standard output, one per line, for programs without ZeroMQ.
//
// The events have the form of touchpoint-send's generated ones: prepared variants of properties, a sequence number in
// three places, a time, and a CRC-32 that `touchpointctl verify --generated` can check. Everything else is rendered
// beforehand, so that an event costs two copies and some digits. There are 257 variants, not 64: a window of deflate
// (32 KiB) contains all 64, if they are adjacent without metadata, and each event would be a copy of an earlier one.
// 257 is a prime, so that each channel gets them all.
//
// Prints one line of JSON: what was sent, the seconds and CPU seconds from the first message to the last that left
// the process, and with dealer the answers and how long they took. startedAt and endedAt are in CLOCK_MONOTONIC.
//
// Leaves out: resending, more than one connection or thread, real content.
#define _GNU_SOURCE
#include <errno.h>
#include <malloc.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <time.h>
#include <zlib.h>
#include <zmq.h>

enum { VARIANTS = 257, LENGTHS = 8, PATIENCE_MS = 60000, DIGITS = 20, TIME_BYTES = 23, KEY_BYTES = 40 };

struct options {
    const char *endpoint, *keys;
    bool dealer;
    long events, batch, window, size, channels;
    double rate;
};

// The part of an event that depends on its channel, with the offsets of its digits, its time and its checksum.
struct head {
    char *text;
    size_t bytes, id_at, time_at, sequence_at, crc_at;
    int length;
};

// The properties of a variant for one length of channel names, up to the number at their end.
struct tail {
    char *text;
    size_t bytes;
    uint32_t crc;  // of it, before the last inversion
};

struct generator {
    struct options options;
    char run[17];
    struct head *heads;
    struct tail tails[LENGTHS][VARIANTS];
    char digits[DIGITS + 1];  // the sequence number, right-aligned
    int digit_count;
    long made;
    int64_t millisecond;
    char time[TIME_BYTES + 1];
};

// The outcome of the messages; times are nanoseconds.
struct answers {
    int64_t *times;  // by message: when it was sent, then how long its answer took
    long outstanding, answered, acknowledged, quarantined, rejected;
};

static void fail(const char *what) {
    fprintf(stderr, "sender: %s\n", what);
    exit(1);
}

static void fail_zmq(const char *what) {
    fprintf(stderr, "sender: %s: %s\n", what, errno == EAGAIN ? "waited 60 s" : zmq_strerror(errno));
    exit(1);
}

static int64_t clock_ns(clockid_t clock) {
    struct timespec t;
    clock_gettime(clock, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static double cpu_seconds(void) {
    struct rusage u;
    getrusage(RUSAGE_SELF, &u);
    return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) +
           (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6;
}

// --- Generated events ---

static uint64_t next_random(uint64_t *state) {  // SplitMix64
    uint64_t z = *state += 0x9e3779b97f4a7c15;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
}

static const char *pages[] = {"/", "/search?q=running+shoes", "/p/espresso-machine-15-bar", "/p/down-jacket-women",
                              "/cart", "/checkout/payment", "/account/orders", "/c/garden/furniture"};
static const char *campaigns[] = {"autumn-sale", "newsletter-47", "brand-search", "retargeting-cart", "(none)"};
static const char *words[] = {"stainless", "organic", "cotton", "waterproof", "limited", "bundle", "refill", "outdoor",
                              "compact", "wireless", "family", "classic", "premium", "recycled", "summer", "evening"};
#define PICK(list, state) list[next_random(state) % (sizeof list / sizeof *list)]

// Returns `{"path":…,"position":` of a variant, `bytes` long.
static struct tail make_tail(int variant, size_t bytes) {
    static const char end[] = "\",\"position\":";
    uint64_t random = (uint64_t)variant;
    char *text = malloc(bytes + 256);
    const char *page = PICK(pages, &random), *campaign = PICK(campaigns, &random);
    unsigned sku = (unsigned)(next_random(&random) % 1000000);
    unsigned price = (unsigned)(next_random(&random) % 500), cents = 10 + (unsigned)(next_random(&random) % 90);
    unsigned quantity = 1 + (unsigned)(next_random(&random) % 4);
    size_t at = (size_t)sprintf(text, "{\"path\":\"%s\",\"campaign\":\"%s\",\"sku\":\"%u\",\"price\":%u.%u,"
                                "\"quantity\":%u,\"description\":\"", page, campaign, sku, price, cents, quantity);
    size_t until = bytes < at + sizeof end - 1 ? at : bytes - (sizeof end - 1);
    while (at < until) at += (size_t)sprintf(text + at, "%s ", PICK(words, &random));
    strcpy(text + until, end);
    struct tail tail = {text, until + sizeof end - 1, 0};
    tail.crc = ~(uint32_t)crc32(0, (const Bytef *)text, (uInt)tail.bytes);
    return tail;
}

static int channel_name(const struct generator *g, long channel, char *name) {
    static const char *three[] = {"web", "app", "store"};
    return g->options.channels == 3 ? sprintf(name, "%s", three[channel]) : sprintf(name, "c%ld", channel);
}

static void make_head(struct generator *g, long channel) {
    char name[32], text[512], *end = text;
    struct head *head = &g->heads[channel];
    head->length = channel_name(g, channel, name);
    end += sprintf(end, "{\"type\":\"track\",\"event\":\"Generated\",\"messageId\":\"g-%s-0-", g->run);
    head->id_at = (size_t)(end - text);
    end += sprintf(end, "%0*d\",\"channel\":\"%s\",\"timestamp\":\"", g->digit_count, 0, name);
    head->time_at = (size_t)(end - text);
    end += sprintf(end, "%*sZ\",\"generated\":{\"run\":\"%s\",\"producer\":0,\"sequence\":", TIME_BYTES, "", g->run);
    head->sequence_at = (size_t)(end - text);
    end += sprintf(end, "%0*d,\"crc32\":\"", g->digit_count, 0);
    head->crc_at = (size_t)(end - text);
    end += sprintf(end, "00000000\"},\"properties\":");
    head->bytes = (size_t)(end - text);
    free(head->text);
    head->text = strdup(text);
}

// Renders everything for sequence numbers of `digit_count` digits: each event has the same size.
static void render(struct generator *g, int digit_count) {
    g->digit_count = digit_count;
    for (long c = 0; c < g->options.channels; c++) make_head(g, c);
    for (int length = 0; length < LENGTHS; length++) {
        struct head *head = NULL;
        for (long c = 0; c < g->options.channels && !head; c++)
            if (g->heads[c].length == length) head = &g->heads[c];
        if (!head) continue;
        size_t others = head->bytes + (size_t)digit_count + 2;
        size_t bytes = (size_t)g->options.size > others ? (size_t)g->options.size - others : 0;
        for (int v = 0; v < VARIANTS; v++) {
            free(g->tails[length][v].text);
            g->tails[length][v] = make_tail(v, bytes);
        }
    }
}

static void prepare(struct generator *g) {
    uint64_t seed = (uint64_t)clock_ns(CLOCK_REALTIME);
    snprintf(g->run, sizeof g->run, "%016llx", (unsigned long long)next_random(&seed));
    g->heads = calloc((size_t)g->options.channels, sizeof *g->heads);
    memset(g->digits, '0', DIGITS);
    render(g, 1);
}

// Returns the next sequence number, in decimal digits.
static const char *next_sequence(struct generator *g) {
    char *digit = g->digits + DIGITS - 1;
    while (*digit == '9') *digit-- = '0';
    ++*digit;
    int count = (int)(g->digits + DIGITS - digit);
    if (count > g->digit_count) render(g, count);
    return g->digits + DIGITS - g->digit_count;
}

// Updates the time as text; reads the clock, and renders once a millisecond.
static void update_time(struct generator *g) {
    int64_t now = clock_ns(CLOCK_REALTIME) / 1000000;
    if (now == g->millisecond) return;
    g->millisecond = now;
    time_t second = (time_t)(now / 1000);
    struct tm parts;
    gmtime_r(&second, &parts);
    size_t at = strftime(g->time, sizeof g->time, "%Y-%m-%dT%H:%M:%S", &parts);
    snprintf(g->time + at, sizeof g->time - at, ".%03d", (int)(now % 1000));
}

// Continues a checksum; for a few bytes this is faster than a call of zlib.
static uint32_t continue_crc(uint32_t crc, const char *bytes, size_t count) {
    const z_crc_t *table = get_crc_table();
    for (size_t i = 0; i < count; i++) crc = (uint32_t)table[(crc ^ (uint8_t)bytes[i]) & 255] ^ (crc >> 8);
    return crc;
}

// Writes the next event; returns its end.
static char *write_event(struct generator *g, char *out) {
    static const char hex[] = "0123456789abcdef";
    const char *sequence = next_sequence(g);
    size_t count = (size_t)g->digit_count;
    const struct head *head = &g->heads[g->made % g->options.channels];
    const struct tail *tail = &g->tails[head->length][g->made % VARIANTS];
    memcpy(out, head->text, head->bytes);
    memcpy(out + head->bytes, tail->text, tail->bytes);
    char *end = out + head->bytes + tail->bytes;
    memcpy(end, sequence, count);
    memcpy(end + count, "}}", 2);
    uint32_t crc = ~continue_crc(tail->crc, end, count + 1);
    memcpy(out + head->id_at, sequence, count);
    memcpy(out + head->time_at, g->time, TIME_BYTES);
    memcpy(out + head->sequence_at, sequence, count);
    for (int i = 0; i < 8; i++) out[head->crc_at + (size_t)i] = hex[crc >> (28 - 4 * i) & 15];
    g->made++;
    return end + count + 2;
}

// Writes the next message: up to a batch of events, one per line.
static void make_message(struct generator *g, zmq_msg_t *message) {
    long left = g->options.events - g->made, count = left < g->options.batch ? left : g->options.batch;
    size_t room = (size_t)count * ((size_t)g->options.size + 1) - 1;
    if (zmq_msg_init_size(message, room) != 0) fail_zmq("no memory for a message");
    if (g->options.batch > 1 || g->made % 32 == 0 || g->options.rate > 0) update_time(g);
    char *start = zmq_msg_data(message), *end = start;
    for (long i = 0; i < count; i++) {
        if (i > 0) *end++ = '\n';
        end = write_event(g, end);
    }
    if (end != start + room) fail("--size is less than an event's fixed parts need");
}

// --- Sending ---

static void send_message(void *socket, zmq_msg_t *message, int flags) {
    if (zmq_msg_send(message, socket, flags) < 0) fail_zmq("no room in the queue");
}

// Returns when message `number` is due; 0 without a rate.
static int64_t due(const struct options *o, int64_t start, long number) {
    return o->rate > 0 ? start + (int64_t)((double)number * (double)o->batch / o->rate * 1e9) : 0;
}

static void sleep_until(int64_t moment) {
    struct timespec t = {moment / 1000000000, moment % 1000000000};
    while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL) == EINTR) {}
}

static int64_t push(struct generator *g, void *socket) {
    int64_t start = 0;
    zmq_msg_t message;
    for (long number = 0; g->made < g->options.events; number++) {
        if (g->options.rate > 0 && number > 0) sleep_until(due(&g->options, start, number));
        make_message(g, &message);
        send_message(socket, &message, 0);
        if (number == 0) start = clock_ns(CLOCK_MONOTONIC);
    }
    return start;
}

static void take_answer(struct answers *a, const char *id, size_t id_bytes, const char *text, size_t bytes) {
    static const char committed[] = "{\"status\":\"committed\",\"events\":", none[] = "\"quarantined\":[]";
    long number = 0;
    for (size_t i = 0; i < id_bytes; i++) number = number * 10 + (id[i] - '0');
    a->times[number] = clock_ns(CLOCK_MONOTONIC) - a->times[number];
    a->outstanding--;
    a->answered++;
    if (bytes < sizeof committed || memcmp(text, committed, sizeof committed - 1) != 0) {
        a->rejected++;
        return;
    }
    a->acknowledged += strtol(text + sizeof committed - 1, NULL, 10);
    if (!memmem(text, bytes, none, sizeof none - 1)) a->quarantined++;
}

// Receives one answer; returns false if there is none and `flags` say not to wait.
static bool receive_answer(struct answers *a, void *socket, int flags) {
    char id[32], text[512];
    int id_bytes = zmq_recv(socket, id, sizeof id, flags);
    if (id_bytes < 0 && errno == EAGAIN && flags == ZMQ_DONTWAIT) return false;
    if (id_bytes < 0) fail_zmq("no answer");
    int bytes = zmq_recv(socket, text, sizeof text - 1, 0);
    if (bytes < 0 || bytes >= (int)sizeof text) fail("an answer that is too long");
    text[bytes] = 0;
    take_answer(a, id, (size_t)id_bytes, text, (size_t)bytes);
    return true;
}

// Waits for an answer or the time, whichever is first. No answer may be ready already.
static void wait_until(void *socket, int64_t moment) {
    int fd;
    size_t size = sizeof fd;
    if (zmq_getsockopt(socket, ZMQ_FD, &fd, &size) != 0) fail_zmq("no descriptor of the socket");
    int64_t left = moment - clock_ns(CLOCK_MONOTONIC);
    if (left <= 0) return;
    struct timespec timeout = {left / 1000000000, left % 1000000000};
    struct pollfd poll = {fd, POLLIN, 0};
    ppoll(&poll, 1, &timeout, NULL);
}

static void send_request(struct generator *g, struct answers *a, void *socket, long number) {
    zmq_msg_t message;
    char id[32];
    int id_bytes = sprintf(id, "%ld", number);
    make_message(g, &message);
    a->times[number] = clock_ns(CLOCK_MONOTONIC);
    if (zmq_send(socket, id, (size_t)id_bytes, ZMQ_SNDMORE) < 0) fail_zmq("no room in the queue");
    send_message(socket, &message, 0);
    a->outstanding++;
}

static int64_t deal(struct generator *g, struct answers *a, void *socket) {
    const struct options *o = &g->options;
    int64_t start = 0;
    for (long number = 0; g->made < o->events;) {
        while (a->outstanding >= o->window) receive_answer(a, socket, 0);
        if (o->rate > 0 && number > 0) {
            while (receive_answer(a, socket, ZMQ_DONTWAIT)) {}
            if (clock_ns(CLOCK_MONOTONIC) < due(o, start, number)) {
                wait_until(socket, due(o, start, number));
                continue;
            }
        }
        send_request(g, a, socket, number);
        if (number == 0) start = clock_ns(CLOCK_MONOTONIC);
        number++;
        if (number % 16 == 0) while (receive_answer(a, socket, ZMQ_DONTWAIT)) {}
    }
    while (a->outstanding > 0) receive_answer(a, socket, 0);
    return start;
}

// --- The program ---

static int ascending(const void *a, const void *b) {
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

static void print_answers(struct answers *a) {
    qsort(a->times, (size_t)a->answered, sizeof *a->times, ascending);
    const double parts[] = {0.5, 0.99, 0.999, 1};
    const char *names[] = {"p50", "p99", "p999", "max"};
    printf(",\"acknowledged\":%ld,\"quarantinedMessages\":%ld,\"rejectedMessages\":%ld,\"latency\":{",
           a->acknowledged, a->quarantined, a->rejected);
    for (int i = 0; i < 4; i++) {
        long at = (long)((double)a->answered * parts[i]);
        if (at >= a->answered) at = a->answered - 1;
        printf("%s\"%s\":%.1f", i ? "," : "", names[i], (double)a->times[at] / 1e3);
    }
    printf("}");
}

static bool is_dealer(const char *pattern) {
    if (strcmp(pattern, "push") != 0 && strcmp(pattern, "dealer") != 0) fail("--pattern is push or dealer");
    return pattern[0] == 'd';
}

static struct options parse(int argc, char **argv) {
    struct options o = {NULL, NULL, false, 1000000, 1, 64, 465, 3, 0};
    for (int i = 1; i < argc; i++) {
        const char *value = i + 1 < argc ? argv[i + 1] : "";
        if (argv[i][0] != '-' || !argv[i][1]) { o.endpoint = argv[i]; continue; }
        i++;
        if (!strcmp(argv[i - 1], "--pattern")) o.dealer = is_dealer(value);
        else if (!strcmp(argv[i - 1], "--events")) o.events = atol(value);
        else if (!strcmp(argv[i - 1], "--batch")) o.batch = atol(value);
        else if (!strcmp(argv[i - 1], "--window")) o.window = atol(value);
        else if (!strcmp(argv[i - 1], "--rate")) o.rate = atof(value);
        else if (!strcmp(argv[i - 1], "--size")) o.size = atol(value);
        else if (!strcmp(argv[i - 1], "--channels")) o.channels = atol(value);
        else if (!strcmp(argv[i - 1], "--keys")) o.keys = value;
        else o.endpoint = NULL, i = argc;
    }
    if (!o.endpoint || o.events < 1 || o.batch < 1 || o.window < 1 || o.size < 1 || o.channels < 1 ||
        o.channels > 1000000) {
        fprintf(stderr, "usage: sender ENDPOINT [--pattern push|dealer] [--events N] [--batch B] [--window W]\n"
                        "              [--rate R] [--size S] [--channels C] [--keys FILE]\n"
                        "       sender - [--events N] [--size S] [--channels C]\n");
        exit(64);
    }
    return o;
}

static void use_keys(void *socket, const char *path) {
    static const int names[] = {ZMQ_CURVE_SERVERKEY, ZMQ_CURVE_PUBLICKEY, ZMQ_CURVE_SECRETKEY};
    char key[KEY_BYTES + 2];
    FILE *file = fopen(path, "r");
    if (!file) fail("--keys: the file cannot be read");
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (fscanf(file, "%41s", key) != 1 || strlen(key) != KEY_BYTES ||
            zmq_setsockopt(socket, names[i], key, KEY_BYTES + 1) != 0)
            fail("--keys: the file has no three keys of 40 characters, or libzmq has no CURVE");
    fclose(file);
}

static void *open_socket(void *context, const struct options *o) {
    void *socket = zmq_socket(context, o->dealer ? ZMQ_DEALER : ZMQ_PUSH);
    const struct { int name, value; } options[] = {
        {ZMQ_IMMEDIATE, 1},  // the first message waits for the connection
        {ZMQ_SNDTIMEO, PATIENCE_MS}, {ZMQ_RCVTIMEO, PATIENCE_MS}, {ZMQ_LINGER, PATIENCE_MS},
    };
    for (size_t i = 0; i < sizeof options / sizeof *options; i++)
        zmq_setsockopt(socket, options[i].name, &options[i].value, sizeof(int));
    if (o->keys) use_keys(socket, o->keys);
    if (zmq_connect(socket, o->endpoint) != 0) fail_zmq(o->endpoint);
    return socket;
}

static int print_events(struct generator *g) {
    char *line = malloc((size_t)g->options.size + 1024);
    update_time(g);
    while (g->made < g->options.events) {
        char *end = write_event(g, line);
        if (end != line + g->options.size) fail("--size is less than an event's fixed parts need");
        *end++ = '\n';
        if (fwrite(line, (size_t)(end - line), 1, stdout) != 1) fail("standard output cannot be written");
    }
    if (fflush(stdout) != 0) fail("standard output cannot be written");
    free(line);
    return 0;
}

int main(int argc, char **argv) {
    static struct generator g;
    static struct answers answers;
    g.options = parse(argc, argv);
    prctl(PR_SET_TIMERSLACK, 1000);
    mallopt(M_TRIM_THRESHOLD, 1 << 30);  // memory of messages that were sent is kept for the next ones
    mallopt(M_MMAP_THRESHOLD, 1 << 30);
    prepare(&g);
    if (!strcmp(g.options.endpoint, "-")) return print_events(&g);
    if (g.options.dealer) answers.times = calloc((size_t)(g.options.events / g.options.batch) + 1, sizeof(int64_t));
    void *context = zmq_ctx_new(), *socket = open_socket(context, &g.options);
    double cpu = cpu_seconds();
    int64_t start = g.options.dealer ? deal(&g, &answers, socket) : push(&g, socket);
    zmq_close(socket);
    zmq_ctx_term(context);  // until everything has left the process
    int64_t end = clock_ns(CLOCK_MONOTONIC);
    printf("{\"run\":\"%s\",\"events\":%ld,\"seconds\":%.6f,\"cpuSeconds\":%.6f,\"startedAt\":%.6f,\"endedAt\":%.6f",
           g.run, g.made, (double)(end - start) / 1e9, cpu_seconds() - cpu, (double)start / 1e9, (double)end / 1e9);
    if (g.options.dealer) print_answers(&answers);
    printf("}\n");
    return 0;
}
