// The least that receiving costs: accepts ZeroMQ PUSH connections, and reads and counts their bytes.
//
// Usage: bare_recv PORT CONNECTIONS
//
// Answers every connection with a ZMTP 3.1 greeting and a READY command for PULL, at once and unread, and then waits
// for all connections in one epoll set and reads 64 KiB at a time into one buffer. Ends when CONNECTIONS have come and
// gone. Prints one line of JSON: the bytes read, and the CPU seconds of this process since the first byte.
//
// Leaves out everything that makes a message of the bytes.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

static const unsigned char greeting[64] = {0xFF, 0, 0, 0, 0, 0, 0, 0, 0, 0x7F, 3, 1, 'N', 'U', 'L', 'L'};
static const unsigned char ready[] = "\x04\x1A\x05READY\x0BSocket-Type\0\0\0\x04PULL";

static double cpu(void) {
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return usage.ru_utime.tv_sec + usage.ru_stime.tv_sec + (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

int main(int count, char **arguments) {
    if (count != 3) return 64;
    int left = atoi(arguments[2]), set = epoll_create1(0), on = 1;
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(arguments[1])),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(listener, (struct sockaddr *)&address, sizeof address) != 0 || listen(listener, 1024) != 0) return 73;
    struct epoll_event interest = {.events = EPOLLIN, .data.fd = listener}, events[256];
    epoll_ctl(set, EPOLL_CTL_ADD, listener, &interest);
    static char buffer[64 << 10];
    long long bytes = 0;
    double begun = 0;
    while (left > 0) {
        int found = epoll_wait(set, events, 256, -1);
        for (int at = 0; at < found; at++) {
            int fd = events[at].data.fd;
            if (fd == listener) {
                int accepted = accept4(listener, NULL, NULL, SOCK_NONBLOCK);
                if (accepted < 0) continue;
                setsockopt(accepted, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
                if (write(accepted, greeting, sizeof greeting) < 0 || write(accepted, ready, sizeof ready - 1) < 0)
                    return 74;
                interest.data.fd = accepted;
                epoll_ctl(set, EPOLL_CTL_ADD, accepted, &interest);
                continue;
            }
            ssize_t received = recv(fd, buffer, sizeof buffer, 0);
            if (received > 0) {
                if (bytes == 0) begun = cpu();
                bytes += received;
            } else if (received == 0) {
                close(fd);
                left--;
            }
        }
    }
    printf("{\"bytes\":%lld,\"cpu\":%.6f}\n", bytes, cpu() - begun);
    return 0;
}
