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

/// A name as a table compares it: its length, its first and its last eight bytes. Up to 16 bytes that is all of it.
struct short_name {
    uint64_t first = 0, last = 0;

    __attribute__((always_inline)) explicit short_name(text name) {
        const uint8_t *bytes = name.bytes;
        size_t length = name.length;
        if (length >= 8) {
            memcpy(&first, bytes, 8);
            memcpy(&last, bytes + length - 8, 8);
        } else if (length >= 4) {
            uint32_t low, high;
            memcpy(&low, bytes, 4);
            memcpy(&high, bytes + length - 4, 4);
            first = low;
            last = high;
        } else if (length > 0) {
            first = bytes[0] | uint64_t(bytes[length / 2]) << 8;
            last = bytes[length - 1];
        }
    }

    /// Returns a number below 2^(64 - shift).
    __attribute__((always_inline)) uint32_t hash(size_t length, uint32_t shift) const {
        return uint32_t(((first ^ (last << 29 | last >> 35) ^ length) * 0xD6E8FEB86659FD93) >> shift);
    }
};

/// A name in a table, 32 bytes: two in a line of the cache.
struct entry {
    uint64_t first, last;
    /// `unused` in an entry without a name.
    uint32_t length;
    /// Where the name is in `names`.
    uint32_t name;
    /// What the name stands for.
    uint32_t value;
    /// The place in the set of names that were seen, if it has one.
    uint8_t bit;
    bool has_bit;
    /// Whether the node describes the member.
    bool is_described;
    /// The types of values that need no further look than at their first byte.
    uint8_t plain_types;

    static constexpr uint32_t unused = UINT32_MAX;
    bool is_used() const { return length != unused; }
};

/// Names by hash: at most half of its 2^(64 - shift) places are used, and the entry after the last is not.
struct table {
    uint32_t first = 0;
    uint8_t shift = 63;
    /// The number of entries, with those behind the places, into which the last ones run over.
    uint32_t count = 0;
};

/// A number of entries of a list.
struct run {
    uint32_t first = 0;
    uint32_t count = 0;
};

/// A bound of numbers; its digits are in `program.digits`.
struct number_bound {
    uint8_t kind;
    /// What is surely within the bound: whole numbers from the least to the most, none if the least is greater.
    int64_t least, most;
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

/// What a value must be. The rules that most nodes lack are behind `has_more`; what most need comes first, since
/// the nodes of a large plan are not in the cache.
struct alignas(64) node {
    run slots, bounds;
    table members;
    uint64_t required = 0;
    bool has_values = false;
    /// Whether the node checks or wants anything of its value's members or elements.
    bool looks_inside = false;
    /// Whether a string is checked for more than being one.
    bool checks_strings = false;
    /// Whether the value is neither wanted nor compared, nor checked by further nodes.
    bool is_simple = false;
    /// Whether there are rules that look at the value as a whole once more.
    bool has_more = false;
    csimdjson_rules rules;
    run patterns, dependencies, lists[5];
    /// The strings that are accepted; other values are in `values`.
    table strings;
    uint32_t values = CSIMDJSON_NO_NODE;
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
        short_name parts(name);
        const entry *at = entries.data() + in.first + parts.hash(name.length, in.shift);
        for (;; at++) {
            if (at->first == parts.first && at->last == parts.last && at->length == name.length
                && (name.length <= 16 || memcmp(names.data() + at->name, name.bytes, name.length) == 0))
                return at;
            if (__builtin_expect(!at->is_used(), false)) return nullptr;
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
