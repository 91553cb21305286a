// Connections that say nothing: what a collector spends on producers that are connected and have nothing to send.
//
// Usage: idle_connections PORT COUNT
//
// Opens COUNT connections to a ROUTER socket on a loopback port, completes the handshake of ZMTP 3.1 as DEALER without
// a key on each, prints "open", and then only answers each PING with a PONG, until standard input ends. Prints one line
// of JSON then: the connections still open, and the PINGs answered. At most 32 handshakes are unfinished at a time.
//
// Leaves out: messages, several addresses, connecting again. Ends at once if the collector ends a connection.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { GREETING = 64, ROOM = 512, UNFINISHED_MAX = 32, HANDSHAKE_MS = 30000, COMMAND = 4, LONG = 2 };

// `room` has what was received and is not a whole frame yet.
struct connection {
    int fd;
    size_t used;
    bool is_greeted, is_ready;
    unsigned char room[ROOM];
};

static const unsigned char greeting[GREETING] = {0xFF, 0, 0, 0, 0, 0, 0, 0, 0, 0x7F, 3, 1, 'N', 'U', 'L', 'L'};
static const unsigned char ready[] = "\x04\x1C\x05READY\x0BSocket-Type\0\0\0\x06" "DEALER";
static long opened, pings;

static void fail(const char *what) {
    fprintf(stderr, "idle_connections: %s (%ld connections were open)\n", what, opened);
    exit(1);
}

static void fail_system(const char *what) {
    fprintf(stderr, "idle_connections: %s: %s (%ld connections were open)\n", what, strerror(errno), opened);
    exit(1);
}

static void send_all(const struct connection *c, const void *bytes, size_t count) {
    if (send(c->fd, bytes, count, MSG_NOSIGNAL) != (ssize_t)count) fail_system("send");
}

static void begin(struct connection *c, int set, uint16_t port) {
    int on = 1;
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct epoll_event interest = {.events = EPOLLIN, .data.ptr = c};
    c->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (c->fd < 0) fail_system("socket");
    if (connect(c->fd, (struct sockaddr *)&address, sizeof address) != 0) fail_system("connect");
    setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    send_all(c, greeting, sizeof greeting);
    if (epoll_ctl(set, EPOLL_CTL_ADD, c->fd, &interest) != 0) fail_system("epoll_ctl");
}

// `body` of a command is the length of its name, its name, and its data.
static void take_command(struct connection *c, const unsigned char *body, size_t count) {
    if (count >= 6 && !memcmp(body, "\5READY", 6)) {
        if (c->is_ready) fail("a second READY");
        c->is_ready = true;
        opened++;
    } else if (count >= 7 && !memcmp(body, "\4PING", 5)) {  // 2 bytes of time, then what PONG repeats
        unsigned char pong[2 + UINT8_MAX] = {COMMAND, (unsigned char)(count - 2)};
        memcpy(pong + 2, "\4PONG", 5);
        memcpy(pong + 7, body + 7, count - 7);
        send_all(c, pong, count);
        pings++;
    } else {
        fail("a command that is neither READY nor PING");
    }
}

static void take(struct connection *c) {
    size_t at = 0;
    if (!c->is_greeted && c->used >= GREETING) {
        if (c->room[0] != 0xFF || c->room[9] != 0x7F || c->room[10] != 3) fail("no greeting of ZMTP 3");
        c->is_greeted = true;
        at = GREETING;
        send_all(c, ready, sizeof ready - 1);
    }
    while (c->is_greeted && c->used - at >= 2 && c->used - at >= 2 + (size_t)c->room[at + 1]) {
        if (!(c->room[at] & COMMAND) || c->room[at] & LONG) fail("a frame that is no short command");
        take_command(c, c->room + at + 2, c->room[at + 1]);
        at += 2 + (size_t)c->room[at + 1];
    }
    memmove(c->room, c->room + at, c->used -= at);
}

static void receive(struct connection *c) {
    ssize_t received = recv(c->fd, c->room + c->used, ROOM - c->used, 0);
    if (received < 0) fail_system("recv");
    if (received == 0) fail("the collector ended a connection");
    c->used += (size_t)received;
    take(c);
}

int main(int argc, char **argv) {
    long port = argc == 3 ? atol(argv[1]) : 0, count = argc == 3 ? atol(argv[2]) : 0, begun = 0;
    if (port < 1 || port > UINT16_MAX || count < 1) {
        fprintf(stderr, "usage: idle_connections PORT COUNT\n");
        return 64;
    }
    struct connection *connections = calloc((size_t)count, sizeof *connections);
    int set = epoll_create1(EPOLL_CLOEXEC);
    struct epoll_event input = {.events = EPOLLIN, .data.ptr = NULL}, events[256];
    if (!connections || set < 0 || epoll_ctl(set, EPOLL_CTL_ADD, STDIN_FILENO, &input) != 0) fail_system("epoll");
    for (bool is_announced = false;;) {
        while (begun < count && begun - opened < UNFINISHED_MAX) begin(&connections[begun++], set, (uint16_t)port);
        if (opened == count && !is_announced) {
            is_announced = true;
            printf("open\n");
            fflush(stdout);
        }
        int found = epoll_wait(set, events, 256, opened < count ? HANDSHAKE_MS : -1);
        if (found < 0) fail_system("epoll_wait");
        if (found == 0) fail("waited 30 s for a handshake");
        for (int i = 0; i < found; i++) {
            char byte;
            if (events[i].data.ptr) {
                receive(events[i].data.ptr);
            } else if (read(STDIN_FILENO, &byte, 1) <= 0) {
                printf("{\"open\":%ld,\"pings\":%ld}\n", opened, pings);
                return 0;
            }
        }
    }
}
