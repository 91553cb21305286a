// The steps that no collector of this kind can omit, and nothing else: receive, parse, deflate, write.
//
// Usage: bare_parts FOLDER MESSAGES [--engine isal|zlib] [--level N] [--receive libzmq|recv]
//        bare_parts --versions
// Binds a PULL socket on a loopback port that the system assigns and prints the endpoint. For each of MESSAGES
// messages (one event, or NDJSON) it parses every event with simdjson's DOM, reads its channel, puts metadata of
// Touchpoint's form and size before its bytes, and deflates the line into the gzip stream of its channel,
// FOLDER/CHANNEL.ndjson.gz. Prints seconds from the first message to the last byte written, CPU seconds, and bytes
// before and after compression. It uses the cheapest way found for each library: one copy of a message into padded
// memory, parse_many for NDJSON, 64 KiB of lines per call of deflate.
//
// With --receive recv the socket is not libzmq's: one connection is accepted, its handshake answered unread, and its
// bytes are read 64 KiB at a time and cut at the lengths of the frames. That is the least that receiving costs.
//
// Leaves out: acknowledgements, threads besides libzmq's, syncs and flush points, folders by time, file names,
// manifest, checksums of files, limits, quarantine, nesting depth, events spread over lines, arrays, batches, gzip
// payloads, ledger, statistics, recovery, memory limits, and every check of the system's results that is not needed
// to stop at an error.
#include <arpa/inet.h>
#include <endian.h>
#include <fcntl.h>
#include <isa-l.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <simdjson.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
#include <zlib.h>
#include <zmq.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

static constexpr size_t pending_bytes = 64 << 10, output_bytes = 64 << 10, read_bytes = 64 << 10;

[[noreturn]] static void fail(const char *what) {
    fprintf(stderr, "bare_parts: %s\n", what);
    exit(1);
}

static double now() {
    timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return double(t.tv_sec) + double(t.tv_nsec) / 1e9;
}

static double cpu_seconds() {
    rusage u;
    getrusage(RUSAGE_SELF, &u);
    return double(u.ru_utime.tv_sec + u.ru_stime.tv_sec) + double(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6;
}

struct Totals {
    long events = 0, raw = 0, compressed = 0;
};

// One gzip stream that writes one file.
class Stream {
  public:
    Stream(const std::string &path, bool isal, int level, Totals &totals) : isal(isal), totals(totals) {
        file = open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0644);
        if (file < 0) fail(path.c_str());
        if (isal) {
            const uint32_t sizes[] = {ISAL_DEF_LVL0_DEFAULT, ISAL_DEF_LVL1_DEFAULT, ISAL_DEF_LVL2_DEFAULT,
                                      ISAL_DEF_LVL3_DEFAULT};
            isal_deflate_init(&igzip);
            igzip.level = uint32_t(level);
            igzip.level_buf_size = sizes[level];
            level_buffer.resize(sizes[level]);
            igzip.level_buf = level_buffer.data();
            igzip.gzip_flag = IGZIP_GZIP;
        } else if (deflateInit2(&zlib, level, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) != Z_OK) {
            fail("deflateInit2");
        }
    }

    // Returns room for a line of `bytes` bytes.
    char *room(size_t bytes) {
        if (used + bytes > pending.size()) flush(false);
        if (bytes > pending.size()) pending.resize(bytes);
        return pending.data() + used;
    }

    void add(size_t bytes) { used += bytes; }

    void finish() {
        flush(true);
        close(file);
    }

  private:
    void flush(bool end) {
        totals.raw += long(used);
        isal ? flush_isal(end) : flush_zlib(end);
        used = 0;
    }

    void flush_isal(bool end) {
        igzip.next_in = reinterpret_cast<uint8_t *>(pending.data());
        igzip.avail_in = uint32_t(used);
        igzip.end_of_stream = end;
        do {
            igzip.next_out = reinterpret_cast<uint8_t *>(output);
            igzip.avail_out = output_bytes;
            if (isal_deflate(&igzip) != COMP_OK) fail("isal_deflate");
            write_out(output_bytes - igzip.avail_out);
        } while (igzip.avail_out == 0);
    }

    void flush_zlib(bool end) {
        zlib.next_in = reinterpret_cast<Bytef *>(pending.data());
        zlib.avail_in = uInt(used);
        do {
            zlib.next_out = reinterpret_cast<Bytef *>(output);
            zlib.avail_out = output_bytes;
            if (deflate(&zlib, end ? Z_FINISH : Z_NO_FLUSH) == Z_STREAM_ERROR) fail("deflate");
            write_out(output_bytes - zlib.avail_out);
        } while (zlib.avail_out == 0);
    }

    void write_out(size_t bytes) {
        if (bytes > 0 && write(file, output, bytes) != ssize_t(bytes)) fail("write");
        totals.compressed += long(bytes);
    }

    bool isal;
    Totals &totals;
    int file;
    isal_zstream igzip{};
    z_stream zlib{};
    std::vector<uint8_t> level_buffer;
    std::vector<char> pending = std::vector<char>(pending_bytes);
    size_t used = 0;
    char output[output_bytes];
};

// `{"_touchpoint":{"receivedAt":"…","node":"c1","source":"push","seq":17,"run":"…"}`, as the daemon writes it.
class Metadata {
  public:
    static constexpr size_t bytes_max = 192;

    // Sets the time of the messages that follow.
    void stamp() {
        timespec t;
        clock_gettime(CLOCK_REALTIME, &t);
        if (t.tv_sec != second) {
            second = t.tv_sec;
            tm parts;
            gmtime_r(&second, &parts);
            strftime(time, sizeof time, "%Y-%m-%dT%H:%M:%S.", &parts);
        }
        snprintf(time + 20, sizeof time - 20, "%06ldZ", t.tv_nsec / 1000);
    }

    char *write(char *out) {
        out = append(out, "{\"_touchpoint\":{\"receivedAt\":\"");
        out = append(out, {time, 27});
        out = append(out, "\",\"node\":\"vm\",\"source\":\"producers\",\"seq\":");
        char digits[20], *digit = digits + sizeof digits;
        for (long rest = ++sequence; rest > 0; rest /= 10) *--digit = char('0' + rest % 10);
        out = append(out, {digit, size_t(digits + sizeof digits - digit)});
        return append(out, ",\"run\":\"20261122T033124.093Z-25a1\"}");
    }

    static char *append(char *out, std::string_view text) {
        memcpy(out, text.data(), text.size());
        return out + text.size();
    }

  private:
    time_t second = -1;
    char time[48] = "";
    long sequence = 0;
};

class Parts {
  public:
    Parts(std::string folder, bool isal, int level) : folder(std::move(folder)), isal(isal), level(level) {}

    Totals totals;

    void stamp() { metadata.stamp(); }

    void take(const char *bytes, size_t count) {
        if (count + simdjson::SIMDJSON_PADDING > payload.size()) payload.resize(count + simdjson::SIMDJSON_PADDING);
        memcpy(payload.data(), bytes, count);
        memchr(payload.data(), '\n', count) ? lines(count) : one(count);
    }

    void finish() {
        for (auto &stream : streams) stream.second->finish();
    }

  private:
    void one(size_t count) {
        simdjson::dom::element document;
        if (parser.parse(payload.data(), count, false).get(document)) fail("not JSON");
        event(document, {payload.data(), count});
    }

    void lines(size_t count) {
        simdjson::dom::document_stream stream;
        if (parser.parse_many(payload.data(), count, payload.size()).get(stream)) fail("not NDJSON");
        for (auto at = stream.begin(); at != stream.end(); ++at) {
            simdjson::dom::element document;
            if ((*at).get(document)) fail("not JSON");
            event(document, at.source());
        }
    }

    void event(simdjson::dom::element document, std::string_view bytes) {
        std::string_view channel;
        if (document["channel"].get(channel)) fail("no channel");
        Stream &stream = find(channel);
        char *start = stream.room(bytes.size() + Metadata::bytes_max), *end = metadata.write(start);
        *end++ = ',';
        end = Metadata::append(end, bytes.substr(1));
        *end++ = '\n';
        stream.add(size_t(end - start));
        totals.events++;
    }

    Stream &find(std::string_view channel) {
        key.assign(channel);
        auto found = streams.find(key);
        if (found != streams.end()) return *found->second;
        auto stream = std::make_unique<Stream>(folder + "/" + key + ".ndjson.gz", isal, level, totals);
        return *streams.emplace(key, std::move(stream)).first->second;
    }

    std::string folder, key;
    bool isal;
    int level;
    simdjson::dom::parser parser;
    std::vector<char> payload = std::vector<char>(1 << 20);
    std::unordered_map<std::string, std::unique_ptr<Stream>> streams;
    Metadata metadata;
};

static void *listen_by_libzmq() {
    void *context = zmq_ctx_new(), *socket = zmq_socket(context, ZMQ_PULL);
    char endpoint[256];
    size_t size = sizeof endpoint;
    int patience = 60000;
    zmq_setsockopt(socket, ZMQ_RCVTIMEO, &patience, sizeof patience);
    if (zmq_bind(socket, "tcp://127.0.0.1:*") != 0 ||
        zmq_getsockopt(socket, ZMQ_LAST_ENDPOINT, endpoint, &size) != 0)
        fail(zmq_strerror(zmq_errno()));
    printf("%s\n", endpoint);
    fflush(stdout);
    return socket;
}

// Receives messages of one frame by libzmq, and calls `took` before each one with whether none was waiting.
template <typename Took>
static void receive_by_libzmq(Parts &parts, long messages, Took took) {
    void *socket = listen_by_libzmq();
    zmq_msg_t message;
    zmq_msg_init(&message);
    for (long received = 0; received < messages; received++) {
        bool waited = zmq_msg_recv(&message, socket, ZMQ_DONTWAIT) < 0;
        if (waited && zmq_msg_recv(&message, socket, 0) < 0) fail("waited 60 s for a message");
        // A collector receives all waiting messages in one batch, at most 256, with one time.
        took(received, waited || received % 256 == 0);
        parts.take(static_cast<const char *>(zmq_msg_data(&message)), zmq_msg_size(&message));
    }
}

static int accept_by_recv() {
    int listener = socket(AF_INET, SOCK_STREAM, 0), on = 1;
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto *any = reinterpret_cast<sockaddr *>(&address);
    if (bind(listener, any, size) != 0 || listen(listener, 1) != 0 || getsockname(listener, any, &size) != 0)
        fail("no port to listen on");
    printf("tcp://127.0.0.1:%d\n", ntohs(address.sin_port));
    fflush(stdout);
    int connection = accept(listener, nullptr, nullptr);
    timeval patience{60, 0};
    static const unsigned char greeting[64] = {0xFF, 0, 0, 0, 0, 0, 0, 0, 0, 0x7F, 3, 1, 'N', 'U', 'L', 'L'};
    static const char ready[] = "\x04\x1A\x05READY\x0BSocket-Type\0\0\0\x04PULL";
    setsockopt(connection, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    setsockopt(connection, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    if (send(connection, greeting, sizeof greeting, MSG_NOSIGNAL) != ssize_t(sizeof greeting) ||
        send(connection, ready, sizeof ready - 1, MSG_NOSIGNAL) != ssize_t(sizeof ready - 1))
        fail("no handshake");
    char theirs[64];
    if (recv(connection, theirs, sizeof theirs, MSG_WAITALL) != ssize_t(sizeof theirs)) fail("no greeting");
    return connection;
}

// The same without libzmq.
template <typename Took>
static void receive_by_recv(Parts &parts, long messages, Took took) {
    enum { more = 1, is_long = 2, command = 4 };
    int connection = accept_by_recv();
    std::vector<char> room(1 << 20);
    size_t used = 0;
    for (long received = 0; received < messages;) {
        if (room.size() - used < read_bytes) fail("a message of more than 960 KiB");
        ssize_t count = recv(connection, room.data() + used, read_bytes, 0);
        if (count <= 0) fail(count == 0 ? "the producer ended too early" : "waited 60 s for a message");
        used += size_t(count);
        size_t at = 0;
        bool is_first = true;
        while (received < messages) {
            const char *frame = room.data() + at;
            size_t head = used > at && frame[0] & is_long ? 9 : 2, body;
            if (used - at < head) break;
            if (head == 9) {
                memcpy(&body, frame + 1, sizeof body);
                body = be64toh(body);
            } else {
                body = uint8_t(frame[1]);
            }
            if (body > room.size() || used - at - head < body) break;
            at += head + body;
            if (frame[0] & command) continue;
            if (frame[0] & more) fail("a message of several frames");
            took(received++, is_first);
            is_first = false;
            parts.take(frame + head, body);
        }
        memmove(room.data(), room.data() + at, used -= at);
    }
    close(connection);
}

static int print_versions() {
    int major, minor, patch;
    zmq_version(&major, &minor, &patch);
    printf("libzmq %d.%d.%d, simdjson %d.%d.%d, ISA-L %d.%d.%d, zlib %s\n", major, minor, patch,
           simdjson::SIMDJSON_VERSION_MAJOR, simdjson::SIMDJSON_VERSION_MINOR, simdjson::SIMDJSON_VERSION_REVISION,
           ISAL_MAJOR_VERSION, ISAL_MINOR_VERSION, ISAL_PATCH_VERSION, zlibVersion());
    return 0;
}

int main(int argc, char **argv) {
    if (argc == 2 && !strcmp(argv[1], "--versions")) return print_versions();
    bool isal = true, by_libzmq = true;
    int level = 1;
    for (int i = 3; i + 1 < argc; i += 2) {
        if (!strcmp(argv[i], "--engine")) isal = strcmp(argv[i + 1], "zlib") != 0;
        if (!strcmp(argv[i], "--level")) level = atoi(argv[i + 1]);
        if (!strcmp(argv[i], "--receive")) by_libzmq = strcmp(argv[i + 1], "recv") != 0;
    }
    long messages = argc > 2 ? atol(argv[2]) : 0;
    if (messages <= 0 || level < 1 || level > (isal ? 3 : 9)) {
        fprintf(stderr, "usage: bare_parts FOLDER MESSAGES [--engine isal|zlib] [--level N]\n"
                        "                  [--receive libzmq|recv]\n");
        return 64;
    }
    Parts parts(argv[1], isal, level);
    double start = 0;
    auto took = [&](long received, bool is_new_batch) {
        if (received == 0) start = now();
        if (is_new_batch) parts.stamp();
    };
    by_libzmq ? receive_by_libzmq(parts, messages, took) : receive_by_recv(parts, messages, took);
    parts.finish();
    printf("{\"events\":%ld,\"seconds\":%.6f,\"cpuSeconds\":%.6f,\"rawBytes\":%ld,\"compressedBytes\":%ld}\n",
           parts.totals.events, now() - start, cpu_seconds(), parts.totals.raw, parts.totals.compressed);
    return 0;
}
