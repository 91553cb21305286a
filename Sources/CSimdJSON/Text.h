// The text of JSON strings: what both walks over the structure need.
#ifndef TOUCHPOINT_TEXT_H
#define TOUCHPOINT_TEXT_H

#include <cstddef>
#include <cstdint>
#include <cstring>

static inline bool is_space(uint8_t c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }
static inline bool is_digit(uint8_t c) { return c >= '0' && c <= '9'; }

static inline int hex(const uint8_t *at) {
    int value = 0;
    for (int i = 0; i < 4; i++) {
        uint8_t c = at[i];
        int digit = is_digit(c) ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
        if (digit < 0) return -1;
        value = value * 16 + digit;
    }
    return value;
}

/// Returns the code point of the `\u` escape at `at` (which points at the `u`), and its length in bytes; -1 if
/// it is malformed or an unpaired surrogate.
static inline int32_t unicode_escape(const uint8_t *at, const uint8_t *end, size_t *span) {
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

static inline uint8_t *put_utf8(uint8_t *out, int32_t c) {
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

static inline uint8_t simple_escape(uint8_t c) {
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

/// Checks the escapes in [at, end); with `out` also writes the unescaped text, which is never longer. Returns
/// the end of what was written, or NULL on a bad escape, whose position is in `*bad`.
static inline uint8_t *unescape(const uint8_t *at, const uint8_t *end, uint8_t *out, const uint8_t **bad) {
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

#endif
