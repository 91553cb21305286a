#define _GNU_SOURCE
#include "CPlatform.h"

#include <arpa/inet.h>
#include <errno.h>
#include <ifaddrs.h>
#include <linux/sockios.h>
#include <linux/tcp.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

int cplatform_peer_credentials(int fd, pid_t *pid, uid_t *uid, gid_t *gid) {
    struct ucred peer;
    socklen_t length = sizeof peer;
    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &length) != 0) return -errno;
    *pid = peer.pid;
    *uid = peer.uid;
    *gid = peer.gid;
    return 0;
}

int cplatform_connection(int fd, struct cplatform_connection *connection) {
    *connection = (struct cplatform_connection){0};
    int waiting = 0, unsent = 0;
    if (ioctl(fd, SIOCINQ, &waiting) != 0 || ioctl(fd, SIOCOUTQ, &unsent) != 0) return -errno;
    connection->bytes_unsent = unsent > 0 ? (uint32_t)unsent : 0;
    struct tcp_info info = {0};
    socklen_t length = sizeof info;
    if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &length) != 0) return 0;
    if (length < offsetof(struct tcp_info, tcpi_bytes_received) + sizeof info.tcpi_bytes_received) return 0;
    uint64_t unread = waiting > 0 ? (uint64_t)waiting : 0;
    connection->counts_bytes = true;
    connection->bytes_read = info.tcpi_bytes_received > unread ? info.tcpi_bytes_received - unread : 0;
    connection->bytes_confirmed = info.tcpi_bytes_acked;
    connection->silent_ms = info.tcpi_last_data_recv;
    return 0;
}

static void write_address(const struct sockaddr_storage *address, char name[80]) {
    char text[INET6_ADDRSTRLEN];
    if (address->ss_family == AF_INET) {
        const struct sockaddr_in *four = (const struct sockaddr_in *)address;
        if (inet_ntop(AF_INET, &four->sin_addr, text, sizeof text) == NULL) return;
        snprintf(name, 80, "tcp://%s:%u", text, ntohs(four->sin_port));
    } else if (address->ss_family == AF_INET6) {
        const struct sockaddr_in6 *six = (const struct sockaddr_in6 *)address;
        if (inet_ntop(AF_INET6, &six->sin6_addr, text, sizeof text) == NULL) return;
        snprintf(name, 80, "tcp://[%s]:%u", text, ntohs(six->sin6_port));
    }
}

void cplatform_peer_name(int fd, char name[80]) {
    name[0] = 0;
    struct sockaddr_storage address;
    socklen_t length = sizeof address;
    if (getpeername(fd, (struct sockaddr *)&address, &length) != 0) return;
    if (address.ss_family == AF_UNIX) {
        pid_t pid;
        uid_t uid;
        gid_t gid;
        if (cplatform_peer_credentials(fd, &pid, &uid, &gid) != 0) return;
        snprintf(name, 80, "ipc://uid=%u,pid=%d", (unsigned)uid, (int)pid);
    } else {
        write_address(&address, name);
    }
}

void cplatform_local_name(int fd, char name[80]) {
    name[0] = 0;
    struct sockaddr_storage address;
    socklen_t length = sizeof address;
    if (getsockname(fd, (struct sockaddr *)&address, &length) == 0) write_address(&address, name);
}

bool cplatform_peer_has_left(int fd) {
    struct pollfd item = {.fd = fd, .events = POLLRDHUP};
    return poll(&item, 1, 0) > 0 && (item.revents & (POLLRDHUP | POLLHUP | POLLERR)) != 0;
}

void cplatform_end_connection(int fd) { shutdown(fd, SHUT_RDWR); }

int cplatform_epoll_create(void) {
    int set = epoll_create1(EPOLL_CLOEXEC);
    return set < 0 ? -errno : set;
}

static int change_member(int set, int operation, int fd, uint64_t token, uint32_t interest) {
    struct epoll_event event = {.events = interest, .data.u64 = token};
    return epoll_ctl(set, operation, fd, &event) == 0 ? 0 : -errno;
}

int cplatform_epoll_add(int set, int fd, uint64_t token, uint32_t interest) {
    return change_member(set, EPOLL_CTL_ADD, fd, token, interest);
}

int cplatform_epoll_change(int set, int fd, uint64_t token, uint32_t interest) {
    return change_member(set, EPOLL_CTL_MOD, fd, token, interest);
}

int cplatform_epoll_remove(int set, int fd) { return change_member(set, EPOLL_CTL_DEL, fd, 0, 0); }

int cplatform_epoll_wait(int set, struct cplatform_event *events, int count, int timeout_ms) {
    struct epoll_event ready[256];
    if (count > 256) count = 256;
    int found = epoll_wait(set, ready, count, timeout_ms);
    for (int at = 0; at < found; at++) {
        events[at].token = ready[at].data.u64;
        events[at].state = ready[at].events;
    }
    return found < 0 ? 0 : found;
}

// Finds the address of an interface by its name.
static int address_of_interface(const char *name, int family, struct sockaddr_storage *address, socklen_t *length) {
    struct ifaddrs *all = NULL;
    if (getifaddrs(&all) != 0) return -errno;
    int result = -EADDRNOTAVAIL;
    for (struct ifaddrs *one = all; one != NULL; one = one->ifa_next) {
        if (one->ifa_addr == NULL || one->ifa_addr->sa_family != family || strcmp(one->ifa_name, name) != 0) continue;
        *length = family == AF_INET ? sizeof(struct sockaddr_in) : sizeof(struct sockaddr_in6);
        memcpy(address, one->ifa_addr, *length);
        result = 0;
        break;
    }
    freeifaddrs(all);
    return result;
}

static int address_of_host(const char *host, int family, struct sockaddr_storage *address, socklen_t *length) {
    bool is_any = strcmp(host, "*") == 0;
    struct addrinfo hints = {.ai_family = family, .ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE};
    struct addrinfo *found = NULL;
    if (getaddrinfo(is_any ? NULL : host, "0", &hints, &found) != 0) return -EADDRNOTAVAIL;
    *length = found->ai_addrlen;
    memcpy(address, found->ai_addr, found->ai_addrlen);
    freeaddrinfo(found);
    return 0;
}

int cplatform_listen_tcp(const char *host, uint16_t port, bool is_ipv6, int backlog) {
    int family = is_ipv6 ? AF_INET6 : AF_INET, on = 1, off = 0;
    struct sockaddr_storage address;
    socklen_t length = 0;
    int result = address_of_interface(host, family, &address, &length);
    if (result < 0) result = address_of_host(host, family, &address, &length);
    if (result < 0) return result;
    if (is_ipv6) ((struct sockaddr_in6 *)&address)->sin6_port = htons(port);
    else ((struct sockaddr_in *)&address)->sin_port = htons(port);
    int fd = socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) return -errno;
    if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) == 0
        && (!is_ipv6 || setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off) == 0)
        && bind(fd, (struct sockaddr *)&address, length) == 0 && listen(fd, backlog) == 0) return fd;
    result = -errno;
    close(fd);
    return result;
}

int cplatform_accept(int fd) {
    for (;;) {
        int accepted = accept4(fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (accepted >= 0) return accepted;
        // A connection that ended meanwhile is no reason to stop.
        if (errno != EINTR && errno != ECONNABORTED) return -errno;
    }
}

void cplatform_tune_tcp(int fd) {
    int on = 1, idle = 15, interval = 5, count = 3, unconfirmed = 20000;
    if (setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) != 0) return;
    setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
    setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &idle, sizeof idle);
    setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &interval, sizeof interval);
    setsockopt(fd, IPPROTO_TCP, TCP_KEEPCNT, &count, sizeof count);
    setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &unconfirmed, sizeof unconfirmed);
}

void cplatform_set_send_buffer(int fd, int bytes) {
    setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &bytes, sizeof bytes);
}

ssize_t cplatform_receive(int fd, void *room, size_t count) {
    for (;;) {
        ssize_t received = recv(fd, room, count, 0);
        if (received >= 0) return received;
        if (errno != EINTR) return -errno;
    }
}

ssize_t cplatform_send(int fd, const void *bytes, size_t count) {
    for (;;) {
        ssize_t sent = send(fd, bytes, count, MSG_NOSIGNAL);
        if (sent >= 0) return sent;
        if (errno != EINTR) return -errno;
    }
}
