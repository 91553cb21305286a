// A plan as a walk reads it: flat tables.
#ifndef TOUCHPOINT_PROGRAM_H
#define TOUCHPOINT_PROGRAM_H

#include "CSimdJSONPlan.h"
#include "Decimal.h"

#include <cstring>
#include <deque>
#include <string>
#include <unordered_set>
#include <vector>

/// Some bytes.
struct text {
    const uint8_t *bytes;
    size_t length;

    bool operator==(const text &other) const {
        return length == other.length && memcmp(bytes, other.bytes, length) == 0;
    }
};

/// Whether two texts of one length are the same; most names are short.
inline bool is_same(const void *left, const void *right, size_t length) {
    auto a = static_cast<const uint8_t *>(left), b = static_cast<const uint8_t *>(right);
    auto differ = [&](auto word, size_t at) {
        auto other = word;
        memcpy(&word, a + at, sizeof word);
        memcpy(&other, b + at, sizeof other);
        return word ^ other;
    };
    if (length > 16) return memcmp(a, b, length) == 0;
    if (length >= 8) return (differ(uint64_t(), 0) | differ(uint64_t(), length - 8)) == 0;
    if (length >= 4) return (differ(uint32_t(), 0) | differ(uint32_t(), length - 4)) == 0;
    for (size_t i = 0; i < length; i++) if (a[i] != b[i]) return false;
    return true;
}

/// Returns a hash of a name: of its length, its first and its last eight bytes.
inline uint64_t hash_of(text name) {
    uint64_t first = 0, last = 0;
    if (name.length >= 8) {
        memcpy(&first, name.bytes, 8);
        memcpy(&last, name.bytes + name.length - 8, 8);
    } else if (name.length >= 4) {
        uint32_t low, high;
        memcpy(&low, name.bytes, 4);
        memcpy(&high, name.bytes + name.length - 4, 4);
        first = low;
        last = high;
    } else if (name.length > 0) {
        first = name.bytes[0] | uint64_t(name.bytes[name.length / 2]) << 8;
        last = name.bytes[name.length - 1];
    }
    uint64_t mixed = (first ^ (last << 29 | last >> 35) ^ name.length * 0x9E3779B97F4A7C15) * 0xD6E8FEB86659FD93;
    return mixed ^ mixed >> 32;
}

/// A name in a table, 24 bytes.
struct entry {
    uint64_t hash;
    /// Where the name is in `names`.
    uint32_t name;
    uint32_t length;
    /// What the name stands for.
    uint32_t value;
    /// The place in the set of names that were seen; 255 for none.
    uint8_t bit;
    /// Whether the node describes the member.
    bool is_described;
    bool is_used;
};

/// Names by hash: a power of two of entries, at most half of them used.
struct table {
    uint32_t first = 0;
    /// The number of entries less one; without names there is one, which is not used.
    uint32_t mask = 0;
};

/// A number of entries of a list.
struct run {
    uint32_t first = 0;
    uint32_t count = 0;
};

/// A bound of numbers; its digits are in `program.digits`.
struct number_bound {
    uint8_t kind;
    decimal limit;
};

struct dependency {
    uint8_t bit;
    /// The members that are needed then.
    uint64_t needed;
    /// What then checks the object; CSIMDJSON_NO_NODE for none.
    uint32_t node;
};

struct pattern_member {
    uint32_t pattern;
    uint32_t node;
};

/// What a value must be. The rules that most nodes lack are behind `has_more`.
struct node {
    csimdjson_rules rules;
    table members;
    uint64_t required = 0;
    run slots, patterns, dependencies, bounds, lists[5];
    /// The strings that are accepted; other values are in `values`.
    table strings;
    uint32_t values = CSIMDJSON_NO_NODE;
    bool has_values = false;
    /// Whether the node checks or wants anything of its value's members or elements.
    bool looks_inside = false;
    /// Whether a string is checked for more than being one.
    bool checks_strings = false;
    /// Whether the value is neither wanted nor compared, nor checked by further nodes.
    bool is_simple = false;
    /// Whether there are rules that look at the value as a whole once more.
    bool has_more = false;
};

struct program {
    std::vector<node> nodes;
    std::vector<entry> entries;
    std::string names;
    std::vector<uint32_t> numbers;
    std::vector<dependency> dependencies;
    std::vector<pattern_member> pattern_members;
    std::vector<number_bound> bounds;
    /// The texts of bounds, which do not move.
    std::deque<std::string> digits;
    std::vector<std::unordered_set<std::string>> values;
    std::vector<const void *> patterns;
    table roots, anywhere;
    /// By the number of the name.
    std::vector<uint32_t> root_nodes;
    std::vector<std::vector<uint32_t>> anywhere_slots;
    csimdjson_matcher matcher = nullptr;

    /// Returns the entry of a name, or NULL.
    __attribute__((always_inline)) const entry *find(const table &in, text name) const {
        uint64_t hash = hash_of(name);
        for (uint64_t at = hash;; at++) {
            const entry &found = entries[in.first + (at & in.mask)];
            if (!found.is_used) return nullptr;
            if (found.hash == hash && found.length == name.length
                && is_same(names.data() + found.name, name.bytes, name.length))
                return &found;
        }
    }
};

/// A plan while it is built, and then its program.
struct csimdjson_plan {
    struct member {
        std::string name;
        uint32_t child = 0;
        uint8_t bit = 255;
        bool is_described = false;
    };
    /// A node with its lists still apart.
    struct draft {
        csimdjson_rules rules = csimdjson_plan_rules();
        std::vector<member> members;
        uint64_t required = 0;
        uint32_t bits = 0;
        std::vector<uint32_t> slots, lists[5];
        std::vector<dependency> dependencies;
        std::vector<pattern_member> patterns;
        std::vector<number_bound> bounds;
        std::vector<std::string> strings;
        std::unordered_set<std::string> values;
        bool has_values = false;
    };

    std::deque<draft> drafts{1};
    std::vector<member> roots;
    std::vector<std::pair<std::string, std::vector<uint32_t>>> anywhere;
    program program;
};

/// Appends a text that is the same for equal JSON values: members in the order of their names, strings without escapes,
/// numbers as decimals. `at` is the structural that begins the value; returns the one after it.
const uint32_t *append_canonical(const uint8_t *json, const uint32_t *at, std::string &out);

#endif
