#include "CSimdJSON.h"

#include <cmath>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <new>
#include <simdjson.h>

namespace {

using simdjson::internal::dom_parser_implementation;

bool is_space(uint8_t c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }
bool is_digit(uint8_t c) { return c >= '0' && c <= '9'; }

int hex(const uint8_t *at) {
    int value = 0;
    for (int i = 0; i < 4; i++) {
        uint8_t c = at[i];
        int digit = is_digit(c) ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
        if (digit < 0) return -1;
        value = value * 16 + digit;
    }
    return value;
}

/// The code point of the `\u` escape at `at` (which points at the `u`), and how many bytes it spans;
/// -1 where it is malformed or an unpaired surrogate.
int32_t unicode_escape(const uint8_t *at, const uint8_t *end, size_t *span) {
    if (end - at < 5) return -1;
    int32_t high = hex(at + 1);
    *span = 5;
    if (high < 0 || (high >= 0xDC00 && high <= 0xDFFF)) return -1;
    if (high < 0xD800 || high > 0xDBFF) return high;
    if (end - at < 11 || at[5] != '\\' || at[6] != 'u') return -1;
    int32_t low = hex(at + 7);
    if (low < 0xDC00 || low > 0xDFFF) return -1;
    *span = 11;
    return 0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00);
}

uint8_t *put_utf8(uint8_t *out, int32_t c) {
    if (c < 0x80) {
        *out++ = uint8_t(c);
    } else if (c < 0x800) {
        *out++ = uint8_t(0xC0 | c >> 6);
        *out++ = uint8_t(0x80 | (c & 0x3F));
    } else if (c < 0x10000) {
        *out++ = uint8_t(0xE0 | c >> 12);
        *out++ = uint8_t(0x80 | (c >> 6 & 0x3F));
        *out++ = uint8_t(0x80 | (c & 0x3F));
    } else {
        *out++ = uint8_t(0xF0 | c >> 18);
        *out++ = uint8_t(0x80 | (c >> 12 & 0x3F));
        *out++ = uint8_t(0x80 | (c >> 6 & 0x3F));
        *out++ = uint8_t(0x80 | (c & 0x3F));
    }
    return out;
}

uint8_t simple_escape(uint8_t c) {
    switch (c) {
    case '"': case '\\': case '/': return c;
    case 'b': return '\b';
    case 'f': return '\f';
    case 'n': return '\n';
    case 'r': return '\r';
    case 't': return '\t';
    default: return 0;
    }
}

/// Checks the escapes in [at, end); with `out` also writes the text without them, which is never
/// longer. Gives the end of what was written, or NULL on a bad escape, whose place is left in `*bad`.
uint8_t *unescape(const uint8_t *at, const uint8_t *end, uint8_t *out, const uint8_t **bad) {
    uint8_t scratch[4];
    bool keep = out != nullptr;
    if (!keep) out = scratch;
    while (at < end) {
        auto next = static_cast<const uint8_t *>(memchr(at, '\\', size_t(end - at)));
        if (next == nullptr) next = end;
        if (keep) {
            memcpy(out, at, size_t(next - at));
            out += next - at;
        }
        if (next == end) break;
        *bad = next;
        if (end - next < 2) return nullptr;
        if (next[1] == 'u') {
            size_t span = 0;
            int32_t c = unicode_escape(next + 1, end, &span);
            if (c < 0) return nullptr;
            uint8_t *written = put_utf8(out, c);
            if (keep) out = written;
            at = next + 1 + span;
        } else {
            uint8_t c = simple_escape(next[1]);
            if (c == 0) return nullptr;
            if (keep) *out++ = c;
            at = next + 2;
        }
    }
    return out;
}

/// Whether [at, end) is a number by RFC 8259, section 6.
bool is_number(const uint8_t *at, const uint8_t *end) {
    const uint8_t *start = at;
    bool has_exponent = false;
    if (at < end && *at == '-') at++;
    if (at == end || !is_digit(*at)) return false;
    if (*at == '0') at++;
    else while (at < end && is_digit(*at)) at++;
    if (at < end && *at == '.') {
        at++;
        if (at == end || !is_digit(*at)) return false;
        while (at < end && is_digit(*at)) at++;
    }
    if (at < end && (*at == 'e' || *at == 'E')) {
        has_exponent = true;
        at++;
        if (at < end && (*at == '+' || *at == '-')) at++;
        if (at == end || !is_digit(*at)) return false;
        while (at < end && is_digit(*at)) at++;
    }
    if (at != end) return false;
    if (!has_exponent && end - start < 300) return true;
    std::string copy(reinterpret_cast<const char *>(start), size_t(end - start));
    return std::isfinite(strtod(copy.c_str(), nullptr));
}

} // namespace

struct csimdjson_reader {
    std::unique_ptr<dom_parser_implementation> stage1;
    size_t depth_max;
    const uint8_t *json = nullptr;
    size_t length = 0;
    uint32_t next = 0;   // index of the structural that comes next
    uint32_t count = 0;
    bool in_array = false;
    bool first_element = false;
    size_t error_offset = 0;
    std::unique_ptr<uint8_t[]> scratch;
    size_t scratch_size = 0;
    size_t scratch_used = 0;

    size_t position(uint32_t index) const { return index < count ? stage1->structural_indexes[index] : length; }
    uint8_t at(uint32_t index) const { return index < count ? json[stage1->structural_indexes[index]] : 0; }

    csimdjson_code fail(size_t offset, csimdjson_code code = CSIMDJSON_INVALID_JSON) {
        error_offset = offset;
        return code;
    }

    /// The end of the scalar at structural `index`: its last byte that is no white space, plus one.
    size_t scalar_end(uint32_t index) const {
        size_t end = position(index + 1);
        while (is_space(json[end - 1])) end--;
        return end;
    }

    /// The inside of the string at structural `next`, which is stepped over.
    csimdjson_code string(csimdjson_range *inside, bool *escaped) {
        size_t start = position(next) + 1;
        size_t end = scalar_end(next);
        if (end <= start || json[end - 1] != '"') return fail(start - 1);
        *inside = {start, end - 1 - start};
        *escaped = memchr(json + start, '\\', inside->length) != nullptr;
        if (*escaped) {
            const uint8_t *bad = nullptr;
            if (!unescape(json + start, json + end - 1, nullptr, &bad)) return fail(size_t(bad - json));
        }
        next++;
        return CSIMDJSON_OK;
    }

    csimdjson_code literal(const char *word, size_t size) {
        size_t start = position(next);
        if (scalar_end(next) - start != size || memcmp(json + start, word, size) != 0) return fail(start);
        next++;
        return CSIMDJSON_OK;
    }

    /// Any value at structural `next`, checked and stepped over.
    csimdjson_code value(size_t depth) {
        switch (at(next)) {
        case '{': return members(depth + 1, nullptr, false);
        case '[': return elements(depth + 1, nullptr);
        case '"': {
            csimdjson_range inside;
            bool escaped;
            return string(&inside, &escaped);
        }
        case 't': return literal("true", 4);
        case 'f': return literal("false", 5);
        case 'n': return literal("null", 4);
        default:
            if (next >= count) return fail(length);
            if (!is_number(json + position(next), json + scalar_end(next))) return fail(position(next));
            next++;
            return CSIMDJSON_OK;
        }
    }

    /// The array at structural `next`; tells whether it holds one or more objects and nothing else.
    csimdjson_code elements(size_t depth, bool *only_objects) {
        if (depth > depth_max) return fail(position(next), CSIMDJSON_TOO_DEEP);
        bool objects = true;
        next++;
        if (at(next) == ']') {
            next++;
            if (only_objects) *only_objects = false;
            return CSIMDJSON_OK;
        }
        for (;;) {
            objects = objects && at(next) == '{';
            if (csimdjson_code code = value(depth)) return code;
            uint8_t mark = at(next);
            if (mark != ',' && mark != ']') return fail(position(next));
            next++;
            if (mark == ']') break;
        }
        if (only_objects) *only_objects = objects;
        return CSIMDJSON_OK;
    }

    /// The object at structural `next`; with `event` its members are looked at, in `context` only for
    /// the channel.
    csimdjson_code members(size_t depth, csimdjson_event *event, bool context) {
        if (depth > depth_max) return fail(position(next), CSIMDJSON_TOO_DEEP);
        next++;
        if (at(next) == '}') {
            next++;
            return CSIMDJSON_OK;
        }
        for (;;) {
            if (at(next) != '"') return fail(position(next));
            csimdjson_range key;
            bool escaped;
            if (csimdjson_code code = string(&key, &escaped)) return code;
            if (at(next) != ':') return fail(position(next));
            next++;
            csimdjson_code code = event ? member(depth, event, context, key, escaped) : value(depth);
            if (code) return code;
            uint8_t mark = at(next);
            if (mark != ',' && mark != '}') return fail(position(next));
            next++;
            if (mark == '}') return CSIMDJSON_OK;
        }
    }

    csimdjson_text text(csimdjson_range range, bool escaped) {
        if (!escaped) return {json + range.start, range.length};
        uint8_t *out = scratch.get() + scratch_used;
        const uint8_t *bad = nullptr;
        uint8_t *end = unescape(json + range.start, json + range.start + range.length, out, &bad);
        if (end == nullptr) return {nullptr, 0};
        scratch_used = size_t(end - scratch.get());
        return {out, size_t(end - out)};
    }

    /// One member of an event whose key has been read. First of several equal keys wins.
    csimdjson_code member(size_t depth, csimdjson_event *event, bool context, csimdjson_range key_range, bool escaped) {
        csimdjson_text key = text(key_range, escaped);
        auto is = [&](const char *name, size_t size) { return key.length == size && memcmp(key.bytes, name, size) == 0; };
        if (context) return is("channel", 7) ? wanted(depth, &event->channel, 2) : value(depth);
        switch (key.length) {
        case 2: if (is("id", 2)) return wanted(depth, &event->id, 2); break;
        case 4:
            if (is("type", 4)) return wanted(depth, &event->name, 2);
            if (is("time", 4)) return wanted(depth, &event->time, 3);
            break;
        case 5:
            if (is("event", 5)) return wanted(depth, &event->name, 1);
            if (is("batch", 5)) return batch(depth, event);
            break;
        case 6: if (is("sentAt", 6)) return kept(depth, &event->sent_at, &event->has_sent_at); break;
        case 7:
            if (is("channel", 7)) return wanted(depth, &event->channel, 1);
            if (is("context", 7)) return this->context(depth, event);
            break;
        case 9:
            if (is("messageId", 9)) return wanted(depth, &event->id, 1);
            if (is("timestamp", 9)) return wanted(depth, &event->time, 1);
            break;
        case 11: if (is("_touchpoint", 11)) return kept(depth, &event->reserved, &event->has_reserved_key); break;
        case 17: if (is("originalTimestamp", 17)) return wanted(depth, &event->time, 2); break;
        default: break;
        }
        return value(depth);
    }

    // How well the key fits that gave each text so far; a lower rank replaces a higher one.
    struct { csimdjson_text *text; int rank; } ranks[4];

    int &rank_of(csimdjson_text *field) {
        for (auto &entry : ranks) {
            if (entry.text == field) return entry.rank;
            if (entry.text == nullptr) {
                entry = {field, 99};
                return entry.rank;
            }
        }
        return ranks[3].rank;
    }

    csimdjson_code wanted(size_t depth, csimdjson_text *field, int rank) {
        int &best = rank_of(field);
        if (at(next) != '"' || rank >= best) return value(depth);
        csimdjson_range inside;
        bool escaped;
        if (csimdjson_code code = string(&inside, &escaped)) return code;
        if (inside.length == 0) return CSIMDJSON_OK;
        *field = text(inside, escaped);
        best = rank;
        return CSIMDJSON_OK;
    }

    csimdjson_code kept(size_t depth, csimdjson_range *range, bool *present) {
        size_t start = position(next);
        if (csimdjson_code code = value(depth)) return code;
        range_since(start, range);
        *present = true;
        return CSIMDJSON_OK;
    }

    void range_since(size_t start, csimdjson_range *range) const {
        size_t end = position(next);
        while (is_space(json[end - 1])) end--;
        *range = {start, end - start};
    }

    csimdjson_code context(size_t depth, csimdjson_event *event) {
        size_t start = position(next);
        csimdjson_code code = at(next) == '{' ? members(depth + 1, event, true) : value(depth);
        if (code) return code;
        range_since(start, &event->context);
        event->has_context = true;
        return CSIMDJSON_OK;
    }

    csimdjson_code batch(size_t depth, csimdjson_event *event) {
        size_t start = position(next);
        bool only_objects = false;
        csimdjson_code code = at(next) == '[' ? elements(depth + 1, &only_objects) : value(depth);
        if (code) return code;
        // Of two batches neither may be taken for the envelope's own: the object is then one event.
        if (only_objects && !event->has_batch) range_since(start, &event->batch);
        else event->batch = {0, 0};
        event->has_batch = true;
        return CSIMDJSON_OK;
    }

    /// The value at structural `next` as an event.
    csimdjson_code read(csimdjson_event *event) {
        memset(event, 0, sizeof *event);
        memset(ranks, 0, sizeof ranks);
        scratch_used = 0;
        size_t start = position(next);
        event->object.start = start;
        bool is_object = at(next) == '{';
        if (csimdjson_code code = is_object ? members(1, event, false) : value(0)) return code;
        range_since(start, &event->object);
        event->has_line_breaks = memchr(json + start, '\n', event->object.length) != nullptr ||
                                 memchr(json + start, '\r', event->object.length) != nullptr;
        return is_object ? CSIMDJSON_OK : fail(start, CSIMDJSON_NOT_AN_OBJECT);
    }
};

csimdjson_reader *csimdjson_reader_create(size_t depth_max) {
    auto reader = new (std::nothrow) csimdjson_reader;
    if (reader == nullptr) return nullptr;
    reader->depth_max = depth_max;
    const auto &implementation = simdjson::get_active_implementation();
    if (implementation->create_dom_parser_implementation(4096, 4, reader->stage1)) {
        delete reader;
        return nullptr;
    }
    return reader;
}

void csimdjson_reader_destroy(csimdjson_reader *reader) { delete reader; }

csimdjson_code csimdjson_index(csimdjson_reader *reader, const uint8_t *bytes, size_t length) {
    reader->json = bytes;
    reader->length = length;
    reader->next = reader->count = 0;
    reader->in_array = false;
    reader->error_offset = 0;
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
    reader->count = reader->stage1->n_structural_indexes;
    return CSIMDJSON_OK;
}

csimdjson_code csimdjson_enter_array(csimdjson_reader *reader) {
    if (reader->at(reader->next) != '[') return reader->fail(reader->position(reader->next));
    reader->next++;
    reader->in_array = true;
    reader->first_element = true;
    return CSIMDJSON_OK;
}

csimdjson_code csimdjson_next(csimdjson_reader *reader, csimdjson_event *event) {
    if (!reader->in_array) return reader->next >= reader->count ? CSIMDJSON_END : reader->read(event);
    uint8_t mark = reader->at(reader->next);
    if (mark == ']' ) {
        reader->next++;
        reader->in_array = false;
        return reader->next == reader->count ? CSIMDJSON_END : reader->fail(reader->position(reader->next));
    }
    if (!reader->first_element) {
        if (mark != ',') return reader->fail(reader->position(reader->next));
        reader->next++;
    }
    reader->first_element = false;
    return reader->read(event);
}

size_t csimdjson_error_offset(const csimdjson_reader *reader) { return reader->error_offset; }

size_t csimdjson_structurals(const csimdjson_reader *reader) { return reader->count; }
