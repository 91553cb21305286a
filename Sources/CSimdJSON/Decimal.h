// Exact decimal numbers, as JSON writes them: compared and divided without rounding, at any length.
#ifndef TOUCHPOINT_DECIMAL_H
#define TOUCHPOINT_DECIMAL_H

#include "Text.h"

#include <string>

/// Reads a number that has no exponent, and at most 18 digits before its point; false for any other.
///
/// `stop` is at or after the number's end, which no digit and no point follows. `*has_rest`: whether it has a point.
static inline bool whole_part(const uint8_t *at, const uint8_t *stop, int64_t *whole, bool *has_rest) {
    bool is_negative = *at == '-';
    if (is_negative) at++;
    const uint8_t *first = at;
    int64_t value = 0;
    for (; at < stop && is_digit(*at); at++) value = int64_t(uint64_t(value) * 10 + (*at - '0'));
    if (at - first > 18) return false;
    *has_rest = at < stop && *at == '.';
    if (*has_rest) for (at++; at < stop && is_digit(*at); at++) {}
    *whole = is_negative ? -value : value;
    return at == stop || (*at | 0x20) != 'e';
}

/// The same for a number without a point.
static inline bool whole_number(const uint8_t *at, const uint8_t *stop, int64_t *whole) {
    bool has_rest = false;
    return whole_part(at, stop, whole, &has_rest) && !has_rest;
}

/// A number's text, taken apart. The text must stay in place.
class decimal {
public:
    /// `at` begins a valid JSON number that ends at `stop`.
    decimal(const uint8_t *at, const uint8_t *stop) {
        is_negative = at < stop && *at == '-';
        if (is_negative) at++;
        int64_t places = 0, position = 0;
        bool behind_point = false;
        const uint8_t *last = nullptr;
        for (; at < stop && (is_digit(*at) || *at == '.'); at++) {
            if (*at == '.') {
                behind_point = true;
                continue;
            }
            if (behind_point) places++;
            if (*at != '0' && first == nullptr) first = at;
            if (first == nullptr) continue;
            position++;
            if (*at == '0') continue;
            last = at;
            digits = position;
        }
        int64_t trailing = first ? position - digits : 0;
        end = last ? last + 1 : first;
        // The power of ten of the last digit that is not zero.
        exponent = trailing - places + (at < stop ? exponent_at(at + 1, stop) : 0);
        if (first == nullptr) exponent = 0;
    }

    bool is_zero() const { return first == nullptr; }
    bool is_integer() const { return exponent >= 0; }
    /// The number of digits that cannot be left out.
    int64_t digit_count() const { return digits; }

    /// Returns a negative number, zero or a positive one.
    int compare(const decimal &other) const {
        if (is_zero() || other.is_zero()) return sign() - other.sign();
        if (is_negative != other.is_negative) return sign();
        return is_negative ? -compare_size(other) : compare_size(other);
    }

    /// Whether the number is a whole multiple of `divisor`, which is positive and has at most 18 digits.
    bool is_multiple_of(const decimal &divisor) const {
        if (is_zero()) return true;
        // The last digit is not zero, so the number has a decimal place that no multiple of the divisor has.
        if (exponent < divisor.exponent) return false;
        uint64_t by = divisor.mantissa();
        return times_power_of_ten(remainder(by), uint64_t(exponent - divisor.exponent), by) == 0;
    }

    /// Appends a text that is the same for equal numbers.
    void append(std::string &out) const {
        if (is_zero()) {
            out += '0';
            return;
        }
        if (is_negative) out += '-';
        for (const uint8_t *at = first; at < end; at++) if (*at != '.') out += char(*at);
        out += 'e';
        out += std::to_string(exponent);
    }

private:
    static int64_t exponent_at(const uint8_t *at, const uint8_t *stop) {
        bool is_below = at < stop && *at == '-';
        if (at < stop && (*at == '-' || *at == '+')) at++;
        int64_t value = 0;
        for (; at < stop && is_digit(*at); at++) if (value < int64_t(1) << 50) value = value * 10 + (*at - '0');
        return is_below ? -value : value;
    }

    int sign() const { return is_zero() ? 0 : is_negative ? -1 : 1; }

    int compare_size(const decimal &other) const {
        int64_t size = exponent + digits, other_size = other.exponent + other.digits;
        if (size != other_size) return size < other_size ? -1 : 1;
        const uint8_t *left = first, *right = other.first;
        while (left < end || right < other.end) {
            if (left < end && *left == '.') left++;
            if (right < other.end && *right == '.') right++;
            uint8_t a = left < end ? *left++ : '0', b = right < other.end ? *right++ : '0';
            if (a != b) return a < b ? -1 : 1;
        }
        return 0;
    }

    uint64_t mantissa() const { return remainder(UINT64_MAX); }

    uint64_t remainder(uint64_t by) const {
        unsigned __int128 value = 0;
        for (const uint8_t *at = first; at < end; at++) if (*at != '.') value = (value * 10 + (*at - '0')) % by;
        return uint64_t(value);
    }

    static uint64_t times_power_of_ten(uint64_t value, uint64_t power, uint64_t by) {
        unsigned __int128 result = value % by, base = 10 % by;
        for (; power > 0; power >>= 1) {
            if (power & 1) result = result * base % by;
            base = base * base % by;
        }
        return uint64_t(result);
    }

    bool is_negative = false;
    /// The first digit that is not zero, and behind the last one; a point may be between.
    const uint8_t *first = nullptr;
    const uint8_t *end = nullptr;
    int64_t digits = 0;
    int64_t exponent = 0;
};

#endif
