// Writes lines as the daemon would write them for generated events.
//
// Usage: make_lines file=PATH megabytes=100. The same bytes every time. Leaves out what real producers have: many
// kinds of events, long tails of values; these lines improve the compression ratio of every engine.
#include "events.h"

int main(int argc, char **argv) {
    const char *path = text_option(argc, argv, "file", NULL);
    size_t wanted = (size_t)(option(argc, argv, "megabytes", 100) * 1e6), written = 0;
    FILE *file = path ? fopen(path, "w") : NULL;
    if (!file) die("file=");
    struct events *events = events_new(465);
    while (written < wanted) {
        char line[2 * EVENT_BYTES_MAX];
        size_t length = next_line(events, line);
        if (fwrite(line, 1, length, file) != length) die(path);
        written += length;
    }
    if (fclose(file) != 0) die(path);
    printf("{\"bytes\":%zu,\"lines\":%lu}\n", written, (unsigned long)events->made);
    return 0;
}
