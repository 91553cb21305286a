// The cost of simdjson's parts on events: stage 1 alone, DOM, On-Demand.
//
// Usage: json_stages parse=stage1|dom|ondemand shape=single|whole|lines [seconds=0.3]
// single: one event of about 465 bytes per call. whole: a message of 100 events, one per line, parsed at once.
// lines: the same message, split at line feeds, one call per line. Prints nanoseconds per event, of the fastest of
// ten slices.
// stage1 checks UTF-8 and lists structural characters, no grammar. dom builds the tape, which checks the grammar.
// ondemand visits every value, unescapes every key and string and reads every number, which is what checking
// everything takes. On-Demand is compiled into this program, so its instruction set is the compiler's: build it with
// -march=haswell for a fair comparison; stage 1 and DOM choose theirs at run time, in the library.
// Leaves out: looking up members, copying the payload (it is in a ring with room after it).
#include "events.h"
#include <simdjson.h>
#include <string>
#include <vector>

using namespace simdjson;

static const size_t message_count = 64, batch = 100;
static size_t sink = 0;

struct message {
    std::string bytes; // with SIMDJSON_PADDING behind it
    size_t length;
    std::vector<size_t> ends; // of each line, without its line feed
};

static std::vector<message> make_messages(size_t events_each) {
    std::vector<message> messages;
    events *source = events_new(465);
    char event[EVENT_BYTES_MAX];
    for (size_t i = 0; i < message_count; i++) {
        message m;
        for (size_t j = 0; j < events_each; j++) {
            size_t length = next_event(source, event);
            if (j > 0) m.bytes += '\n';
            m.bytes.append(event, length);
            m.ends.push_back(m.bytes.size());
        }
        m.length = m.bytes.size();
        m.bytes.append(SIMDJSON_PADDING, ' ');
        messages.push_back(m);
    }
    return messages;
}

struct stage1 {
    std::unique_ptr<internal::dom_parser_implementation> parser;
    stage1() {
        if (get_active_implementation()->create_dom_parser_implementation(1 << 20, 64, parser)) die("simdjson");
    }
    void one(const char *bytes, size_t length) {
        if (parser->stage1(reinterpret_cast<const uint8_t *>(bytes), length, stage1_mode::regular)) die("stage 1");
        sink += parser->n_structural_indexes;
    }
    void many(const char *bytes, size_t length) { one(bytes, length); }
};

struct dom_tape {
    dom::parser parser;
    void one(const char *bytes, size_t length) {
        sink += parser.parse(bytes, length, false).value_unsafe().is_object();
    }
    void many(const char *bytes, size_t length) {
        dom::document_stream stream;
        if (parser.parse_many(bytes, length, length).get(stream)) die("parse_many");
        for (auto document : stream) sink += document.value().is_object();
    }
};

static void visit(ondemand::value value) {
    switch (ondemand::json_type(value.type())) {
    case ondemand::json_type::object:
        for (auto field : value.get_object()) {
            sink += std::string_view(field.unescaped_key()).size();
            visit(field.value());
        }
        break;
    case ondemand::json_type::array:
        for (auto element : value.get_array()) visit(element.value());
        break;
    case ondemand::json_type::string: sink += std::string_view(value.get_string()).size(); break;
    case ondemand::json_type::number: sink += size_t(ondemand::number(value.get_number()).is_double()); break;
    case ondemand::json_type::boolean: sink += bool(value.get_bool()); break;
    case ondemand::json_type::null: sink += bool(value.is_null()); break;
    }
}

static void visit_members(ondemand::object object) {
    for (auto field : object) {
        sink += std::string_view(field.unescaped_key()).size();
        visit(field.value());
    }
}

struct on_demand {
    ondemand::parser parser;
    void one(const char *bytes, size_t length) {
        ondemand::document document = parser.iterate(bytes, length, length + SIMDJSON_PADDING);
        visit_members(document.get_object());
        if (document.current_location().error() != OUT_OF_BOUNDS) die("more than one value");
    }
    void many(const char *bytes, size_t length) {
        ondemand::document_stream stream;
        if (parser.iterate_many(bytes, length, length).get(stream)) die("iterate_many");
        for (auto document : stream) visit_members(document.get_object());
    }
};

/// Parses all messages once.
template <class Parser> static void pass(Parser &parser, const std::vector<message> &messages, bool whole) {
    for (auto &m : messages) {
        if (whole) {
            parser.many(m.bytes.data(), m.length);
            continue;
        }
        size_t at = 0;
        for (size_t end : m.ends) {
            parser.one(m.bytes.data() + at, end - at);
            at = end + 1;
        }
    }
}

/// Returns nanoseconds per event, of the fastest of ten slices.
template <class Parser> static double measure(const std::string &shape, double seconds) {
    auto messages = make_messages(shape == "single" ? 1 : batch);
    double events = double(messages.size() * messages[0].ends.size()), best = 0;
    Parser parser;
    pass(parser, messages, shape == "whole");
    for (int slice = 0; slice < 10; slice++) {
        double start = now(), passes = 0;
        for (; now() - start < seconds / 10; passes++) pass(parser, messages, shape == "whole");
        double each = (now() - start) / passes / events;
        if (slice == 0 || each < best) best = each;
    }
    return best * 1e9;
}

int main(int argc, char **argv) {
    std::string parse = text_option(argc, argv, "parse", "stage1"), shape = text_option(argc, argv, "shape", "single");
    double seconds = option(argc, argv, "seconds", 0.3);
    double ns = parse == "stage1" ? measure<stage1>(shape, seconds)
                : parse == "dom"  ? measure<dom_tape>(shape, seconds)
                                  : measure<on_demand>(shape, seconds);
    printf("{\"ns\":%.1f,\"sink\":%zu}\n", ns, sink % 10);
    return 0;
}
