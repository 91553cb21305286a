#include "Structure.h"
#include "Text.h"

#include <cmath>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <new>
#include <simdjson.h>

namespace {

using simdjson::internal::dom_parser_implementation;

// For the few functions that run for every structural of every event: the compiler deems them too large.
#define INLINE __attribute__((always_inline)) inline

/// Returns the end of the number at `at`, by RFC 8259, section 6; NULL if there is none, or it is infinite as a
/// double. The byte after the number must be one that no number contains.
const uint8_t *number_end(const uint8_t *at) {
    const uint8_t *start = at;
    if (*at == '-') at++;
    if (!is_digit(*at)) return nullptr;
    if (*at++ != '0') while (is_digit(*at)) at++;
    if (*at == '.') {
        if (!is_digit(*++at)) return nullptr;
        while (is_digit(*at)) at++;
    }
    bool has_exponent = (*at | 0x20) == 'e';
    if (has_exponent) {
        at++;
        if (*at == '+' || *at == '-') at++;
        if (!is_digit(*at)) return nullptr;
        while (is_digit(*at)) at++;
    }
    if (!has_exponent && at - start < 300) return at;
    std::string copy(reinterpret_cast<const char *>(start), size_t(at - start));
    return std::isfinite(strtod(copy.c_str(), nullptr)) ? at : nullptr;
}

} // namespace

/// Finds the next occurrence of a byte: searched once per stretch of text instead of once per string. Positions
/// must be queried in ascending order.
class finder {
public:
    explicit finder(uint8_t byte) : byte(byte) {}

    void reset(const uint8_t *text, size_t size) {
        json = text;
        length = size;
        look(0);
    }

    /// Returns the first occurrence at or after `from`; the length of the text if there is none.
    INLINE size_t next(size_t from) {
        if (__builtin_expect(found < from, false)) look(from);
        return found;
    }

    /// Whether the byte occurs in [from, to).
    INLINE bool has(size_t from, size_t to) {
        // In most cases it is not near.
        if (__builtin_expect(found >= to, true)) return false;
        if (found < from) look(from);
        return found < to;
    }

private:
    void look(size_t from) {
        auto at = static_cast<const uint8_t *>(memchr(json + from, byte, length - from));
        found = at == nullptr ? length : size_t(at - json);
    }

    const uint8_t byte;
    const uint8_t *json = nullptr;
    size_t length = 0;
    size_t found = 0;
};

struct csimdjson_reader {
    std::unique_ptr<dom_parser_implementation> stage1;
    size_t depth_max;
    /// The present maximum depth: above `depth_max` inside a batch, whose events count from their own start.
    size_t depth_limit = 0;
    const uint8_t *json = nullptr;
    size_t length = 0;
    const uint32_t *next = nullptr;
    const uint32_t *end = nullptr;
    /// What was read last.
    const uint32_t *last = nullptr;
    const uint32_t *last_end = nullptr;
    bool last_has_escapes = false;
    size_t count = 0;
    bool in_array = false;
    bool first_element = false;
    /// Whether a batch is not split, but belongs to its event.
    bool keeps_batches = false;
    size_t error_offset = 0;
    csimdjson_code failure = CSIMDJSON_OK;
    finder backslash{'\\'}, line_feed{'\n'}, carriage_return{'\r'};
    /// The open bracket of each level: '{' or '['.
    std::unique_ptr<uint8_t[]> open;
    std::unique_ptr<uint8_t[]> scratch;
    size_t scratch_size = 0;
    size_t scratch_used = 0;

    // The walk goes from structural to structural: `at` points at the position of the next one, and `end` is
    // after the last. Stage 1 stores the text's length there, so at[1] can always be read. Functions that walk
    // return the place they reached, or NULL after `fail`; it is passed on instead of stored in the reader,
    // because everything else depends on it.
    using place = const uint32_t *;

    place fail(size_t offset, csimdjson_code code = CSIMDJSON_INVALID_JSON) {
        error_offset = offset;
        failure = code;
        return nullptr;
    }

    /// Returns the byte at a structural; 0 at the end.
    uint8_t mark(place at) const { return at < end ? json[*at] : 0; }

    /// Whether the string at a structural has escapes.
    ///
    /// Stage 1 has checked the rest of the string: that it ends before the next structural, followed only by
    /// white space, and that it is UTF-8 without control characters.
    INLINE bool has_escapes(place at) { return backslash.has(*at, at[1]); }

    /// Returns the position of the closing quote of the string at a structural.
    size_t closing_quote(place at) const {
        size_t quote = at[1] - 1;
        while (is_space(json[quote])) quote--;
        return quote;
    }

    /// Whether the string at a structural is valid; false after `fail`.
    INLINE bool is_string(place at) { return __builtin_expect(!has_escapes(at), true) || are_escapes_good(at); }

    bool are_escapes_good(place at) {
        const uint8_t *bad = nullptr;
        if (unescape(json + *at + 1, json + closing_quote(at), nullptr, &bad)) return true;
        fail(size_t(bad - json));
        return false;
    }

    /// Whether the scalar at a structural ends at `stop`.
    bool ends(place at, const uint8_t *stop) const {
        size_t offset = size_t(stop - json);
        return offset == at[1] || (offset < length && is_space(*stop));
    }

    bool is_literal(place at, const char *word, size_t size) const {
        return length - *at >= size && memcmp(json + *at, word, size) == 0 && ends(at, json + *at + size);
    }

    /// Skips the string, number or literal at a structural before the end.
    INLINE place scalar(place at) {
        if (json[*at] == '"') return is_string(at) ? at + 1 : nullptr;
        return number_or_literal(at);
    }

    place number_or_literal(place at) {
        bool good;
        switch (json[*at]) {
        case 't': good = is_literal(at, "true", 4); break;
        case 'f': good = is_literal(at, "false", 5); break;
        case 'n': good = is_literal(at, "null", 4); break;
        default: good = is_number(at);
        }
        return good ? at + 1 : fail(*at);
    }

    INLINE bool is_number(place at) const {
        // The byte after a number ends it, unless that is the end of the text.
        if (__builtin_expect(at + 1 == end, false)) return is_last_number(at);
        const uint8_t *stop = number_end(json + *at);
        return stop != nullptr && ends(at, stop);
    }

    bool is_last_number(place at) const {
        std::string copy(reinterpret_cast<const char *>(json + *at), length - *at);
        auto start = reinterpret_cast<const uint8_t *>(copy.c_str());
        const uint8_t *stop = number_end(start);
        return stop != nullptr && ends(at, json + *at + (stop - start));
    }

    /// Skips a key and its colon, and checks that a value and the object's end can follow.
    INLINE place key(place at) {
        if (__builtin_expect(end - at < 4, false)) return cut_member(at);
        if (json[*at] != '"') return fail(*at);
        if (!is_string(at)) return nullptr;
        return json[at[1]] == ':' ? at + 2 : fail(at[1]);
    }

    /// Fails at the first error of a member that has fewer than four structurals left.
    place cut_member(place at) {
        if (mark(at) != '"') return fail(at < end ? *at : length);
        if (!is_string(at)) return nullptr;
        if (mark(++at) != ':') return fail(at < end ? *at : length);
        if (++at < end && json[*at] != '{' && json[*at] != '[' && !scalar(at)) return nullptr;
        return fail(length);
    }

    /// Skips any value, inside `depth` open levels.
    ///
    /// One loop with a stack of brackets: most of an event is processed here.
    place value(place at, const size_t depth) {
        size_t level = depth;
        for (;;) {
            if (at >= end) return fail(length);
            uint8_t first = json[*at];
            if (first == '{' || first == '[') {
                if (++level > depth_limit) return fail(*at, CSIMDJSON_TOO_DEEP);
                open[level] = first;
                at++;
                // In ASCII '}' and ']' are their opening brackets plus two.
                if (mark(at) != first + 2) {
                    if (first == '{' && !(at = key(at))) return nullptr;
                    continue;
                }
            } else {
                if (!(at = scalar(at))) return nullptr;
                if (level == depth) return at;
            }
            // A value has ended; the levels around it may end too, any number of them.
            while (mark(at) != ',') {
                if (mark(at) != open[level] + 2) return fail(at < end ? *at : length);
                at++;
                if (--level == depth) return at;
            }
            at++;
            if (open[level] == '{' && !(at = key(at))) return nullptr;
        }
    }

    /// Skips the array at a structural; reports whether it contains one or more objects and nothing else.
    place elements(place at, size_t depth, bool *only_objects) {
        if (depth > depth_limit) return fail(*at, CSIMDJSON_TOO_DEEP);
        *only_objects = mark(++at) != ']';
        if (!*only_objects) return at + 1;
        for (;;) {
            *only_objects = *only_objects && mark(at) == '{';
            if (!(at = value(at, depth))) return nullptr;
            uint8_t behind = mark(at);
            if (behind != ',' && behind != ']') return fail(at < end ? *at : length);
            at++;
            if (behind == ']') return at;
        }
    }

    /// Skips the object at a structural and reads its members; in `context` only the channel.
    place members(place at, size_t depth, csimdjson_event *event, bool context) {
        if (depth > depth_limit) return fail(*at, CSIMDJSON_TOO_DEEP);
        if (mark(++at) == '}') return at + 1;
        for (;;) {
            place name = at;
            if (!(at = key(at))) return nullptr;
            csimdjson_text key = text(name);
            at = context ? context_member(at, depth, key) : member(at, depth, event, key.bytes, key.length);
            if (!at) return nullptr;
            uint8_t behind = mark(at);
            if (behind != ',' && behind != '}') return fail(at < end ? *at : length);
            at++;
            if (behind == '}') return at;
        }
    }

    /// Returns the string at a structural, which must be valid, unescaped.
    INLINE csimdjson_text text(place at) {
        size_t start = *at + 1, quote = closing_quote(at);
        if (__builtin_expect(!has_escapes(at), true)) return {json + start, quote - start};
        return unescaped(start, quote);
    }

    csimdjson_text unescaped(size_t start, size_t quote) {
        uint8_t *out = scratch.get() + scratch_used;
        const uint8_t *bad = nullptr;
        uint8_t *stop = unescape(json + start, json + quote, out, &bad);
        if (stop == nullptr) return {nullptr, 0};
        scratch_used = size_t(stop - scratch.get());
        return {out, size_t(stop - out)};
    }

    /// Reads one member of an event: `at` is its value. The first of several equal keys wins.
    INLINE place member(place at, size_t depth, csimdjson_event *event, const uint8_t *key, size_t key_length) {
        auto is = [&](const char *name, size_t size) { return memcmp(key, name, size) == 0; };
        switch (key_length) {
        case 2: if (is("id", 2)) return wanted(at, depth, id, 2); break;
        case 4:
            if (is("type", 4)) return wanted(at, depth, name, 2);
            if (is("time", 4)) return wanted(at, depth, times[2], 1);
            break;
        case 5:
            if (is("event", 5)) return wanted(at, depth, name, 1);
            if (is("batch", 5)) return batch(at, depth, event);
            break;
        case 6: if (is("sentAt", 6)) return sent_at(at, depth, event); break;
        case 7:
            if (is("channel", 7)) return wanted(at, depth, channel, 1);
            if (is("context", 7)) return this->context(at, depth, event);
            break;
        case 9:
            if (is("messageId", 9)) return wanted(at, depth, id, 1);
            if (is("timestamp", 9)) return wanted(at, depth, times[0], 1);
            break;
        case 11: if (is("_touchpoint", 11)) return kept(at, depth, &event->reserved, &event->has_reserved_key); break;
        case 17: if (is("originalTimestamp", 17)) return wanted(at, depth, times[1], 1); break;
        default: break;
        }
        return value(at, depth);
    }

    /// Reads one member of an event's context.
    place context_member(place at, size_t depth, csimdjson_text key) {
        bool is_channel = key.length == 7 && memcmp(key.bytes, "channel", 7) == 0;
        return is_channel ? wanted(at, depth, channel, 2) : value(at, depth);
    }

    /// A field that several keys can supply: its text and its key's rank; a lower rank replaces a higher.
    struct field { csimdjson_text text; int rank; };
    field channel, id, name;
    /// `timestamp`, `originalTimestamp`, `time`: the caller decides which of them counts.
    field times[3];

    place wanted(place at, size_t depth, field &field, int rank) {
        if (json[*at] != '"' || rank >= field.rank) return value(at, depth);
        if (!is_string(at)) return nullptr;
        csimdjson_text found = text(at);
        if (found.length > 0) field = {found, rank};
        return at + 1;
    }

    place kept(place at, size_t depth, csimdjson_range *range, bool *present) {
        place behind = value(at, depth);
        if (behind && !*present) *range = range_between(at, behind);
        *present = *present || behind;
        return behind;
    }

    place sent_at(place at, size_t depth, csimdjson_event *event) {
        place behind = kept(at, depth, &event->sent_at, &event->has_sent_at);
        if (!behind) return nullptr;
        // The key and its colon precede the value.
        size_t start = at[-2];
        event->sent_at_member = {start, event->sent_at.start + event->sent_at.length - start};
        return behind;
    }

    /// Returns the range of the value at a structural, up to the place that the walk has reached.
    csimdjson_range range_between(place at, place behind) const {
        size_t stop = behind < end ? *behind : length;
        while (is_space(json[stop - 1])) stop--;
        return {*at, stop - *at};
    }

    place context(place at, size_t depth, csimdjson_event *event) {
        if (event->has_context) return value(at, depth);
        place behind = mark(at) == '{' ? members(at, depth + 1, event, true) : value(at, depth);
        if (!behind) return nullptr;
        event->context = range_between(at, behind);
        event->has_context = true;
        return behind;
    }

    /// The place of the value of the event's `batch`.
    place batch_at = nullptr;

    place batch(place at, size_t depth, csimdjson_event *event) {
        if (in_array || keeps_batches || event->has_batch || mark(at) != '[') return no_batch(at, depth, event);
        bool only_objects = false;
        depth_limit += depth + 1;
        place behind = elements(at, depth + 1, &only_objects);
        depth_limit -= depth + 1;
        if (!behind) return nullptr;
        if (!only_objects) return no_batch(at, depth, event);
        event->has_batch = true;
        event->batch = range_between(at, behind);
        batch_at = at;
        return behind;
    }

    /// Skips the value of a `batch` that belongs to the event.
    ///
    /// Of two batches neither can be the envelope's own: the object is then one event, whose levels count from
    /// its own start.
    place no_batch(place at, size_t depth, csimdjson_event *event) {
        if (event->batch.length > 0 && !value(batch_at, depth)) return nullptr;
        event->batch = {0, 0};
        event->has_batch = true;
        return value(at, depth);
    }

    /// Reads the next value as an event.
    csimdjson_code read(csimdjson_event *event) {
        memset(event, 0, sizeof *event);
        for (field *field : {&channel, &id, &name, &times[0], &times[1], &times[2]}) *field = {{nullptr, 0}, 99};
        depth_limit = depth_max;
        event->object.start = next < end ? *next : length;
        size_t escape = backslash.next(event->object.start);
        bool is_object = mark(next) == '{';
        place behind = is_object ? members(next, 1, event, false) : value(next, 0);
        if (!behind) return failure;
        event->object = range_between(next, behind);
        last = next;
        last_end = next = behind;
        event->channel = channel.text;
        for (int i = 0; i < 3; i++) event->times[i] = times[i].text;
        event->id = id.text;
        event->id_is_message_id = id.rank == 1;
        event->name = name.text;
        event->name_is_event = name.rank == 1;
        size_t start = event->object.start, stop = start + event->object.length;
        last_has_escapes = escape < stop;
        event->has_line_breaks = line_feed.has(start, stop) || carriage_return.has(start, stop);
        if (is_object) return CSIMDJSON_OK;
        error_offset = start;
        return CSIMDJSON_NOT_AN_OBJECT;
    }

    /// Reads one of several consecutive values, and checks that the next token can follow it. If a bracket
    /// closes that is not open, or a key belongs to no object, the brackets before it cannot be trusted.
    csimdjson_code read_among_others(csimdjson_event *event) {
        csimdjson_code code = read(event);
        uint8_t behind = mark(next);
        bool is_usual = behind == 0 || (in_array ? behind == ',' && mark(next + 1) == '{' : behind == '{');
        return __builtin_expect(is_usual, true) ? code : check_behind(code);
    }

    csimdjson_code check_behind(csimdjson_code code) {
        if (code != CSIMDJSON_OK && code != CSIMDJSON_NOT_AN_OBJECT) return code;
        uint8_t behind = mark(next);
        bool is_wrong;
        if (!in_array) is_wrong = behind == '}' || behind == ':' || behind == ',' || behind == ']';
        // A key outside any object.
        else if (behind == ',' && mark(next + 1) == '"') is_wrong = mark(next + 2) == ':';
        // After a whole object, another one only lacks its comma; any other token shows that it is not whole.
        else is_wrong = behind != ',' && behind != ']' && behind != '{';
        return is_wrong ? unexpected() : code;
    }

    csimdjson_code unexpected() {
        fail(next < end ? *next : length);
        return failure;
    }
};

csimdjson_reader *csimdjson_reader_create(size_t depth_max) {
    auto reader = new (std::nothrow) csimdjson_reader;
    if (reader == nullptr) return nullptr;
    reader->depth_max = depth_max;
    const auto &implementation = simdjson::get_active_implementation();
    reader->open.reset(new (std::nothrow) uint8_t[depth_max + 3]);
    if (!reader->open || implementation->create_dom_parser_implementation(4096, 4, reader->stage1)) {
        delete reader;
        return nullptr;
    }
    return reader;
}

void csimdjson_reader_destroy(csimdjson_reader *reader) { delete reader; }

csimdjson_code csimdjson_index(csimdjson_reader *reader, const uint8_t *bytes, size_t length) {
    reader->json = bytes;
    reader->length = length;
    reader->next = reader->end = reader->last = reader->last_end = nullptr;
    reader->count = 0;
    reader->scratch_used = 0;
    reader->in_array = false;
    reader->keeps_batches = false;
    reader->error_offset = 0;
    for (finder *finder : {&reader->backslash, &reader->line_feed, &reader->carriage_return})
        finder->reset(bytes, length);
    if (length == 0) return CSIMDJSON_INVALID_JSON;
    if (length > reader->stage1->capacity() && reader->stage1->set_capacity(length + length / 2))
        return CSIMDJSON_NO_MEMORY;
    if (length > reader->scratch_size) {
        reader->scratch.reset(new (std::nothrow) uint8_t[length + length / 2]);
        reader->scratch_size = reader->scratch ? length + length / 2 : 0;
        if (!reader->scratch) return CSIMDJSON_NO_MEMORY;
    }
    switch (reader->stage1->stage1(bytes, length, simdjson::stage1_mode::regular)) {
    case simdjson::SUCCESS: break;
    case simdjson::UTF8_ERROR: return CSIMDJSON_INVALID_UTF8;
    case simdjson::MEMALLOC: case simdjson::CAPACITY: return CSIMDJSON_NO_MEMORY;
    default: return CSIMDJSON_INVALID_JSON;
    }
    reader->next = reader->stage1->structural_indexes.get();
    reader->count = reader->stage1->n_structural_indexes;
    reader->end = reader->next + reader->count;
    return CSIMDJSON_OK;
}

void csimdjson_keep_batches(csimdjson_reader *reader) { reader->keeps_batches = true; }

csimdjson_code csimdjson_enter_array(csimdjson_reader *reader) {
    if (reader->mark(reader->next) != '[') return reader->unexpected();
    reader->next++;
    reader->in_array = true;
    reader->first_element = true;
    return CSIMDJSON_OK;
}

csimdjson_code csimdjson_next(csimdjson_reader *reader, csimdjson_event *event) {
    if (!reader->in_array) return reader->next >= reader->end ? CSIMDJSON_END : reader->read_among_others(event);
    uint8_t mark = reader->mark(reader->next);
    if (mark == ']') {
        reader->next++;
        reader->in_array = false;
        return reader->next == reader->end ? CSIMDJSON_END : reader->unexpected();
    }
    if (!reader->first_element) {
        if (mark != ',') return reader->unexpected();
        reader->next++;
    }
    reader->first_element = false;
    return reader->read_among_others(event);
}

size_t csimdjson_error_offset(const csimdjson_reader *reader) { return reader->error_offset; }

size_t csimdjson_structurals(const csimdjson_reader *reader) { return reader->count; }

structure structure_of(const csimdjson_reader *reader) {
    return {reader->json,      reader->length, reader->end - reader->count, reader->end, reader->last,
            reader->last_end, reader->last_has_escapes};
}
