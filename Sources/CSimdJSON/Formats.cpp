#include "Formats.h"

#include "Text.h"

#include <initializer_list>

namespace {

/// A text that is read from its start to its end.
class cursor {
public:
    cursor(const uint8_t *at, size_t length) : at(at), end(at + length) {}

    bool is_done() const { return at == end; }
    size_t left() const { return size_t(end - at); }
    uint8_t peek() const { return at < end ? *at : 0; }

    bool take(uint8_t byte) {
        if (peek() != byte || at == end) return false;
        at++;
        return true;
    }

    /// Takes a number of exactly `count` digits; -1 if there is none.
    int number(int count) {
        int value = 0;
        for (; count > 0; count--) {
            if (!is_digit(peek())) return -1;
            value = value * 10 + (*at++ - '0');
        }
        return value;
    }

    const uint8_t *at;
    const uint8_t *const end;
};

bool is_letter(uint8_t c) { return (c | 0x20) >= 'a' && (c | 0x20) <= 'z'; }
bool is_alphanumeric(uint8_t c) { return is_letter(c) || is_digit(c); }
bool is_hex(uint8_t c) { return is_digit(c) || ((c | 0x20) >= 'a' && (c | 0x20) <= 'f'); }
bool is_one_of(uint8_t c, const char *set) { return c != 0 && strchr(set, c) != nullptr; }

/// RFC 3339, full-date.
bool date(cursor &text) {
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    int year = text.number(4);
    if (year < 0 || !text.take('-')) return false;
    int month = text.number(2);
    if (month < 1 || month > 12 || !text.take('-')) return false;
    int day = text.number(2);
    bool is_leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return day >= 1 && day <= days[month - 1] + (month == 2 && is_leap);
}

/// RFC 3339, full-time; second 60 only where UTC has it.
bool time(cursor &text) {
    int hour = text.number(2);
    if (hour < 0 || hour > 23 || !text.take(':')) return false;
    int minute = text.number(2);
    if (minute < 0 || minute > 59 || !text.take(':')) return false;
    int second = text.number(2);
    if (second < 0 || second > 60) return false;
    if (text.take('.')) {
        if (!is_digit(text.peek())) return false;
        while (is_digit(text.peek())) text.at++;
    }
    int offset = 0;
    if (!text.take('Z') && !text.take('z')) {
        bool is_ahead = text.take('+');
        if (!is_ahead && !text.take('-')) return false;
        int hours = text.number(2);
        if (hours < 0 || hours > 23 || !text.take(':')) return false;
        int minutes = text.number(2);
        if (minutes < 0 || minutes > 59) return false;
        offset = (hours * 60 + minutes) * (is_ahead ? 1 : -1);
    }
    return second < 60 || (hour * 60 + minute - offset + 2 * 1440) % 1440 == 1439;
}

bool uuid(cursor &text) {
    bool is_first = true;
    for (int part : {8, 4, 4, 4, 12}) {
        if (!is_first && !text.take('-')) return false;
        is_first = false;
        for (; part > 0; part--) {
            if (!is_hex(text.peek())) return false;
            text.at++;
        }
    }
    return true;
}

bool ipv4(cursor &text) {
    for (int part = 0; part < 4; part++) {
        if (part > 0 && !text.take('.')) return false;
        int value = 0, count = 0;
        bool begins_zero = text.peek() == '0';
        for (; is_digit(text.peek()) && count < 4; count++) value = value * 10 + (*text.at++ - '0');
        if (count == 0 || count > 3 || value > 255 || (begins_zero && count > 1)) return false;
    }
    return true;
}

/// RFC 4291, section 2.2.
bool ipv6(cursor &text) {
    int groups = 0;
    bool has_gap = false;
    if (text.peek() == ':') {
        text.at++;
        if (!text.take(':')) return false;
        has_gap = true;
        if (text.is_done()) return true;
    }
    for (;;) {
        const uint8_t *start = text.at;
        int count = 0;
        for (; is_hex(text.peek()); count++) text.at++;
        if (text.peek() == '.') {
            text.at = start;
            groups += 2;
            if (!ipv4(text)) return false;
            break;
        }
        if (count < 1 || count > 4) return false;
        groups++;
        if (!text.take(':')) break;
        if (!text.take(':')) continue;
        if (has_gap) return false;
        has_gap = true;
        if (!is_hex(text.peek())) break;
    }
    return has_gap ? groups < 8 : groups == 8;
}

/// RFC 1123, section 2.1: labels of letters, digits and hyphens. Labels in Punycode are not decoded.
bool hostname(const uint8_t *at, size_t length) {
    if (length == 0 || length > 253) return false;
    size_t label = 0;
    for (size_t i = 0; i < length; i++) {
        if (at[i] == '.') {
            if (label == 0 || at[i - 1] == '-') return false;
            label = 0;
            continue;
        }
        if (!is_alphanumeric(at[i]) && (at[i] != '-' || label == 0)) return false;
        if (label == 3 && at[i] == '-' && at[i - 1] == '-' && (at[i - 3] | 0x20) != 'x') return false;
        if (++label > 63) return false;
    }
    return label > 0 && at[length - 1] != '-';
}

/// RFC 5321, section 4.1.2.
bool email(const uint8_t *at, size_t length) {
    const uint8_t *end = at + length, *sign = end;
    while (sign > at && sign[-1] != '@') sign--;
    if (sign == at) return false;
    const uint8_t *local_end = sign - 1;
    if (local_end == at || local_end - at > 64) return false;
    if (*at == '"') {
        if (local_end - at < 2 || local_end[-1] != '"') return false;
        for (const uint8_t *p = at + 1; p < local_end - 1; p++) {
            if (*p == '\\') {
                if (++p >= local_end - 1) return false;
            } else if (*p == '"' || *p < 0x20 || *p > 0x7E) return false;
        }
    } else {
        if (*at == '.' || local_end[-1] == '.') return false;
        for (const uint8_t *p = at; p < local_end; p++) {
            if (*p == '.' && p[1] == '.') return false;
            if (!is_alphanumeric(*p) && !is_one_of(*p, "!#$%&'*+-/=?^_`{|}~.")) return false;
        }
    }
    if (sign == end) return false;
    if (*sign != '[') return hostname(sign, size_t(end - sign));
    if (end[-1] != ']') return false;
    sign++;
    bool is_new = end - sign > 6 && memcmp(sign, "IPv6:", 5) == 0;
    cursor address(is_new ? sign + 5 : sign, size_t(end - 1 - (is_new ? sign + 5 : sign)));
    return (is_new ? ipv6(address) : ipv4(address)) && address.is_done();
}

/// Takes characters of RFC 3986 until one of `stops`: unreserved ones, those of `more`, and escapes.
bool uri_part(cursor &text, const char *more, const char *stops) {
    while (!text.is_done() && !is_one_of(text.peek(), stops)) {
        uint8_t c = *text.at++;
        if (c == '%') {
            if (text.left() < 2 || !is_hex(text.at[0]) || !is_hex(text.at[1])) return false;
            text.at += 2;
        } else if (!is_alphanumeric(c) && !is_one_of(c, "-._~!$&'()*+,;=") && !is_one_of(c, more)) return false;
    }
    return true;
}

bool authority(cursor &text) {
    const uint8_t *stop = text.at;
    while (stop < text.end && !is_one_of(*stop, "/?#")) stop++;
    const uint8_t *host = stop;
    while (host > text.at && host[-1] != '@') host--;
    if (host > text.at) {
        cursor user(text.at, size_t(host - 1 - text.at));
        if (!uri_part(user, ":", "")) return false;
    }
    cursor rest(host, size_t(stop - host));
    if (rest.take('[')) {
        const uint8_t *close = static_cast<const uint8_t *>(memchr(rest.at, ']', rest.left()));
        if (close == nullptr) return false;
        cursor address(rest.at, size_t(close - rest.at));
        bool is_future = (address.peek() | 0x20) == 'v';
        if (is_future ? !uri_part(address, ":", "") : !ipv6(address) || !address.is_done()) return false;
        rest.at = close + 1;
    } else if (!uri_part(rest, "", ":")) return false;
    if (rest.take(':')) while (is_digit(rest.peek())) rest.at++;
    text.at = stop;
    return rest.is_done();
}

/// RFC 3986, section 3.
bool uri(cursor &text) {
    if (!is_letter(text.peek())) return false;
    while (is_alphanumeric(text.peek()) || is_one_of(text.peek(), "+-.")) text.at++;
    if (!text.take(':')) return false;
    if (text.left() >= 2 && text.at[0] == '/' && text.at[1] == '/') {
        text.at += 2;
        if (!authority(text)) return false;
    }
    if (!uri_part(text, ":@/", "?#")) return false;
    if (text.take('?') && !uri_part(text, ":@/?", "#")) return false;
    return !text.take('#') || uri_part(text, ":@/?", "");
}

bool date_time(cursor &text) {
    return date(text) && (text.take('T') || text.take('t')) && time(text);
}

} // namespace

bool has_format(uint8_t format, const uint8_t *at, size_t length) {
    cursor text(at, length);
    switch (format) {
    case CSIMDJSON_DATE_TIME: return date_time(text) && text.is_done();
    case CSIMDJSON_DATE: return date(text) && text.is_done();
    case CSIMDJSON_TIME: return time(text) && text.is_done();
    case CSIMDJSON_UUID: return uuid(text) && text.is_done();
    case CSIMDJSON_URI: return uri(text) && text.is_done();
    case CSIMDJSON_EMAIL: return email(at, length);
    case CSIMDJSON_IPV4: return ipv4(text) && text.is_done();
    case CSIMDJSON_IPV6: return ipv6(text) && text.is_done();
    case CSIMDJSON_HOSTNAME: return hostname(at, length);
    default: return true;
    }
}
