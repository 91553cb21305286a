#include "Formats.h"
#include "Program.h"
#include "Structure.h"
#include "Text.h"

#include <algorithm>
#include <new>

namespace {

using place = const uint32_t *;

// For what runs for every member of every event.
#define INLINE __attribute__((always_inline)) inline

/// Steps a value may cost for each of its structural positions: far more than a plan needs, and a limit for rules
/// that look at the same value again and again.
constexpr size_t steps_each = 1024;
constexpr size_t level_max = 1024;
constexpr size_t violations_max = 8;
constexpr size_t path_max = 160;

/// The type of a value by its first byte; CSIMDJSON_NUMBER for every number.
struct first_bytes {
    uint8_t type[256];

    constexpr first_bytes() : type() {
        for (uint8_t &each : type) each = CSIMDJSON_NUMBER;
        type[size_t('{')] = CSIMDJSON_OBJECT;
        type[size_t('[')] = CSIMDJSON_ARRAY;
        type[size_t('"')] = CSIMDJSON_STRING;
        type[size_t('t')] = type[size_t('f')] = CSIMDJSON_BOOLEAN;
        type[size_t('n')] = CSIMDJSON_NULL;
    }
};

constexpr first_bytes by_first_byte;

/// Between a string and the next structural there is only white space.
size_t closing_quote(const uint8_t *json, place at) {
    size_t quote = at[1] - 1;
    while (json[quote] != '"') quote--;
    return quote;
}

/// Returns where the number or literal at a structural ends.
const uint8_t *scalar_end(const uint8_t *json, place at) {
    size_t stop = at[1];
    while (is_space(json[stop - 1])) stop--;
    return json + stop;
}

} // namespace

const uint32_t *append_canonical(const uint8_t *json, place at, std::string &out) {
    auto string = [&](place quote) {
        size_t start = *quote + 1, stop = closing_quote(json, quote);
        std::string plain(stop - start, '\0');
        const uint8_t *bad = nullptr;
        auto to = reinterpret_cast<uint8_t *>(&plain[0]);
        plain.resize(size_t(unescape(json + start, json + stop, to, &bad) - to));
        return '"' + std::to_string(plain.size()) + ':' + plain;
    };
    switch (json[*at]) {
    case '"': out += string(at); return at + 1;
    case 't': case 'f': case 'n': out += char(json[*at]); return at + 1;
    case '[':
        out += '[';
        at++;
        while (json[*at] != ']') {
            at = append_canonical(json, at, out);
            out += ',';
            if (json[*at] == ',') at++;
        }
        out += ']';
        return at + 1;
    case '{': {
        std::vector<std::pair<std::string, std::string>> members;
        at++;
        while (json[*at] != '}') {
            members.emplace_back(string(at), std::string());
            at = append_canonical(json, at + 2, members.back().second);
            if (json[*at] == ',') at++;
        }
        std::sort(members.begin(), members.end());
        out += '{';
        for (auto &member : members) out += member.first + member.second + ',';
        out += '}';
        return at + 1;
    }
    default:
        decimal(json + *at, scalar_end(json, at)).append(out);
        out += ';';
        return at + 1;
    }
}

struct csimdjson_walk {
    const program *plan = nullptr;
    const uint8_t *json = nullptr;
    size_t steps = 0;
    size_t level = 0;
    bool has_anywhere = false;
    /// Whether the value has any escape: most have none.
    bool has_escapes = false;
    /// Whether only the verdict is wanted, as within `anyOf`: the first violation ends the walk of the value.
    bool is_quiet = false;
    std::vector<uint8_t> scratch;
    std::string canonical;
    /// The keys on the way to the present value; NULL for an element.
    std::vector<place> path;

    csimdjson_violation violations[violations_max];
    uint8_t paths[violations_max][path_max];
    std::vector<csimdjson_capture> captures;
    csimdjson_found found;

    /// Records a violation at the present path, or at a member of it; returns whether the walk goes on.
    bool report(csimdjson_kind kind, text name = {nullptr, 0}, const uint8_t *value = nullptr) {
        if (is_quiet) return false;
        found.kinds |= uint32_t(1) << kind;
        size_t index = found.violations_total++;
        if (index >= violations_max) return true;
        size_t length = 0;
        for (place key : path) {
            if (key == nullptr) append(index, length, {reinterpret_cast<const uint8_t *>("[]"), 2}, false);
            else append(index, length, key_text(key), true);
        }
        if (name.bytes != nullptr) append(index, length, name, true);
        violations[index] = {kind, paths[index], length, value};
        return true;
    }

    /// Does the same for a value whose place is of interest.
    bool report_value(csimdjson_kind kind, place at) { return report(kind, {nullptr, 0}, json + *at); }

    /// Appends a part of a path, cut where the room ends, but not within a character.
    void append(size_t index, size_t &length, text part, bool is_name) {
        uint8_t *out = paths[index];
        if (is_name && length > 0 && length < path_max) out[length++] = '.';
        size_t room = path_max - length, count = part.length;
        if (count > room) {
            count = room < 3 ? 0 : room - 3;
            while (count > 0 && (part.bytes[count] & 0xC0) == 0x80) count--;
        }
        memcpy(out + length, part.bytes, count);
        length += count;
        if (count == part.length) return;
        for (int i = 0; i < 3 && length < path_max; i++) out[length++] = '.';
    }

    /// Ends the walk of a value that costs too much.
    __attribute__((noinline)) place give_up() {
        steps = 0;
        found.kinds |= uint32_t(1) << CSIMDJSON_WORK;
        return nullptr;
    }

    /// Skips a value.
    place skip(place at) const {
        uint8_t first = json[*at++];
        if (first != '{' && first != '[') return at;
        for (size_t depth = 1; depth > 0;) {
            uint8_t mark = json[*at++];
            if (mark == '{' || mark == '[') depth++;
            else if (mark == '}' || mark == ']') depth--;
        }
        return at;
    }

    /// Returns the string at a structural, unescaped; valid until the next call.
    INLINE text key_text(place at) {
        size_t start = *at + 1, length = closing_quote(json, at) - start;
        if (__builtin_expect(!has_escapes, true)) return {json + start, length};
        return unescaped(start, length);
    }

    __attribute__((noinline)) text unescaped(size_t start, size_t length) {
        if (memchr(json + start, '\\', length) == nullptr) return {json + start, length};
        const uint8_t *bad = nullptr;
        if (scratch.size() < length) scratch.resize(length);
        uint8_t *stop = unescape(json + start, json + start + length, scratch.data(), &bad);
        return {scratch.data(), size_t(stop - scratch.data())};
    }

    csimdjson_range range(place at, place behind) const {
        size_t stop = *behind;
        while (is_space(json[stop - 1])) stop--;
        return {*at, stop - *at};
    }

    void capture(uint32_t slot, place at, place behind) {
        captures.push_back({slot, by_first_byte.type[json[*at]], range(at, behind)});
    }

    /// Whether a value meets a node; nothing is recorded.
    bool meets(uint32_t id, place at) {
        bool was_quiet = is_quiet;
        size_t depth = path.size(), outer = level;
        is_quiet = true;
        bool result = check(id, at) != nullptr;
        is_quiet = was_quiet;
        // A walk that ended early has not gone back.
        path.resize(depth);
        level = outer;
        return result;
    }

    /// Whether the walk was ended early.
    bool is_out() const { return found.kinds & uint32_t(1) << CSIMDJSON_WORK; }

    /// Checks the value at a structural, and returns the place after it. Returns NULL if the walk ends here: after
    /// `give_up`, and in quiet mode after the first violation.
    place check(uint32_t id, place at) {
        const node &node = plan->nodes[id];
        if (__builtin_expect(steps == 0 || level >= level_max, false)) return give_up();
        steps--;
        if (node.rules.is_never && !report(CSIMDJSON_SCHEMA)) return nullptr;
        level++;
        place behind = value(node, at);
        if (behind && node.has_values && !has_value(node, at, behind) && !report(CSIMDJSON_ENUM)) behind = nullptr;
        if (behind && node.has_more && !meets_more(node, at)) behind = nullptr;
        level--;
        if (behind && node.slots.count > 0 && !is_quiet)
            for (uint32_t i = 0; i < node.slots.count; i++)
                capture(plan->numbers[node.slots.first + i], at, behind);
        return behind;
    }

    INLINE place value(const node &node, place at) {
        switch (json[*at]) {
        case '{':
            if (!(node.rules.types & CSIMDJSON_OBJECT) && !report_value(CSIMDJSON_TYPE, at)) return nullptr;
            return node.looks_inside || has_anywhere ? object(node, at) : skip(at);
        case '[':
            if (!(node.rules.types & CSIMDJSON_ARRAY) && !report_value(CSIMDJSON_TYPE, at)) return nullptr;
            return node.looks_inside || has_anywhere ? array(node, at) : skip(at);
        case '"':
            if (!(node.rules.types & CSIMDJSON_STRING)) return report_value(CSIMDJSON_TYPE, at) ? at + 1 : nullptr;
            return !node.checks_strings || is_plainly_long_enough(node, at) || string(node, at) ? at + 1 : nullptr;
        case 't': case 'f': return node.rules.types & CSIMDJSON_BOOLEAN || report_value(CSIMDJSON_TYPE, at) ? at + 1 : nullptr;
        case 'n': return node.rules.types & CSIMDJSON_NULL || report_value(CSIMDJSON_TYPE, at) ? at + 1 : nullptr;
        default: return number(node, at) ? at + 1 : nullptr;
        }
    }

    /// Whether only the length of a string is checked, and it is within its limits however many bytes a character has.
    INLINE bool is_plainly_long_enough(const node &node, place at) {
        const csimdjson_rules &rules = node.rules;
        if (has_escapes || rules.format || rules.pattern != CSIMDJSON_NO_NODE) return false;
        size_t length = closing_quote(json, at) - *at - 1;
        return length <= rules.length_max && length / 4 >= rules.length_min;
    }

    bool string(const node &node, place at) {
        const csimdjson_rules &rules = node.rules;
        bool has_pattern = rules.pattern != CSIMDJSON_NO_NODE;
        text text = key_text(at);
        if (rules.length_min > 0 || rules.length_max < UINT32_MAX) {
            // Characters are at most as many as bytes, and at least a quarter of them.
            size_t count = text.length;
            if (count > rules.length_max || count < size_t(rules.length_min) * 4) {
                count = 0;
                for (size_t i = 0; i < text.length; i++) count += (text.bytes[i] & 0xC0) != 0x80;
            }
            if ((count < rules.length_min || count > rules.length_max) && !report(CSIMDJSON_LENGTH)) return false;
            text = key_text(at);
        }
        if (rules.format && !has_format(rules.format, text.bytes, text.length)) {
            if (!report(CSIMDJSON_FORMAT)) return false;
            text = key_text(at);
        }
        return !has_pattern || matches(rules.pattern, text) || report(CSIMDJSON_PATTERN);
    }

    bool matches(uint32_t pattern, text text) {
        steps -= std::min(steps, text.length / 16);
        return plan->matcher(plan->patterns[pattern], text.bytes, text.length);
    }

    INLINE bool number(const node &node, place at) {
        uint8_t types = node.rules.types;
        if (types & CSIMDJSON_NUMBER && node.bounds.count == 0) return true;
        return is_plainly_within(node, at) || is_number(node, at);
    }

    /// Whether a number has its type and is within its bounds, as far as can be told without a fraction.
    INLINE bool is_plainly_within(const node &node, place at) {
        int64_t whole = 0;
        bool has_rest = false;
        if (!whole_part(json + *at, json + at[1], &whole, &has_rest)) return false;
        uint8_t types = node.rules.types;
        if (!(types & CSIMDJSON_NUMBER || (types & CSIMDJSON_INTEGER && !has_rest))) return false;
        // The fraction leads away from zero.
        bool is_negative = json[*at] == '-';
        int64_t least = has_rest && is_negative ? whole - 1 : whole, most = has_rest && !is_negative ? whole + 1 : whole;
        for (uint32_t i = 0; i < node.bounds.count; i++) {
            const number_bound &bound = plan->bounds[node.bounds.first + i];
            if (least < bound.least || most > bound.most) return false;
        }
        return true;
    }

    __attribute__((noinline)) bool is_number(const node &node, place at) {
        uint8_t types = node.rules.types;
        if (!(types & (CSIMDJSON_NUMBER | CSIMDJSON_INTEGER))) return report_value(CSIMDJSON_TYPE, at);
        decimal value(json + *at, scalar_end(json, at));
        if (!(types & CSIMDJSON_NUMBER) && !value.is_integer()) return report_value(CSIMDJSON_TYPE, at);
        for (uint32_t i = 0; i < node.bounds.count; i++) {
            const number_bound &bound = plan->bounds[node.bounds.first + i];
            if (!is_within(value, bound)) return report(CSIMDJSON_RANGE);
        }
        return true;
    }

    static bool is_within(const decimal &value, const number_bound &bound) {
        const decimal &limit = bound.limit;
        switch (bound.kind) {
        case CSIMDJSON_MINIMUM: return value.compare(limit) >= 0;
        case CSIMDJSON_MAXIMUM: return value.compare(limit) <= 0;
        case CSIMDJSON_EXCLUSIVE_MINIMUM: return value.compare(limit) > 0;
        case CSIMDJSON_EXCLUSIVE_MAXIMUM: return value.compare(limit) < 0;
        default: return value.is_multiple_of(limit);
        }
    }

    /// Whether a value is one of the accepted ones.
    bool has_value(const node &node, place at, place behind) {
        if (json[*at] == '"') return plan->find(node.strings, key_text(at)) != nullptr;
        if (node.values == CSIMDJSON_NO_NODE) return false;
        steps -= std::min(steps, size_t(behind - at));
        canonical.clear();
        append_canonical(json, at, canonical);
        const auto &values = plan->values[node.values];
        return values.find(canonical) != values.end();
    }

    place object(const node &node, place at) {
        const csimdjson_rules &rules = node.rules;
        uint64_t seen = 0;
        uint32_t count = 0;
        place start = at++;
        path.push_back(nullptr);
        if (json[*at] == '}') at++;
        else if (!(at = is_plain(node) ? plain_members(node, at, seen, count) : members(node, at, seen, count)))
            return nullptr;
        path.pop_back();
        uint64_t missing = node.required & ~seen;
        if (__builtin_expect(missing != 0, false) && !report_missing(node, missing)) return nullptr;
        if ((count < rules.members_min || count > rules.members_max) && !report(CSIMDJSON_LENGTH)) return nullptr;
        if (node.dependencies.count > 0 && !meets_dependencies(node, start, seen)) return nullptr;
        return at;
    }

    /// Whether the members of an object are told apart by names alone, as they are written.
    bool is_plain(const node &node) const {
        return node.patterns.count == 0 && node.rules.names == CSIMDJSON_NO_NODE && !has_anywhere && !has_escapes;
    }

    /// Checks members from the key at a structural to the end of their object, and returns the place after it.
    place members(const node &node, place at, uint64_t &seen, uint32_t &count) {
        // After a member there is a comma, or the bracket that ends the object.
        do {
            if (!(at = member(node, at, seen))) return nullptr;
            count++;
        } while (json[*at++] == ',');
        return at;
    }

    /// Does the same where most values need only a look at their first byte.
    place plain_members(const node &node, place at, uint64_t &all_seen, uint32_t &count) {
        const program *plan = this->plan;
        const uint8_t *json = this->json;
        const table names = node.members;
        // Whether nothing is said of members that the node does not name.
        const bool is_open = node.rules.additional == CSIMDJSON_NO_NODE && !node.rules.is_closed;
        uint64_t seen = 0;
        uint32_t steps_taken = 0;
        do {
            place key = at;
            steps_taken++;
            const uint8_t *name = json + *key + 1;
            const entry *entry = plan->find(names, {name, size_t(json + closing_quote(json, key) - name)});
            if (__builtin_expect(entry == nullptr || !entry->is_described, false)) {
                if (entry == nullptr && is_open) at = skip(key + 2);
                else if (!(at = member(node, key, seen))) return nullptr;
                continue;
            }
            seen |= uint64_t(entry->has_bit) << entry->bit;
            at = key + 3;
            if (entry->plain_types & by_first_byte.type[json[key[2]]]) continue;
            path.back() = key;
            const auto &child = plan->nodes[entry->value];
            at = child.is_simple ? value(child, key + 2) : check(entry->value, key + 2);
            if (__builtin_expect(at == nullptr, false)) return nullptr;
        } while (json[*at++] == ',');
        all_seen = seen;
        count = steps_taken;
        if (__builtin_expect(steps <= steps_taken, false)) return give_up();
        steps -= steps_taken;
        return at;
    }

    /// Checks the member whose key is at a structural.
    place member(const node &node, place key, uint64_t &seen) {
        const csimdjson_rules &rules = node.rules;
        if (__builtin_expect(steps == 0, false)) return give_up();
        steps--;
        path.back() = key;
        text name = key_text(key);
        const entry *entry = plan->find(node.members, name);
        place at = key + 2, behind = nullptr;
        bool is_described = false;
        uint32_t slots = has_anywhere && !is_quiet ? anywhere(name) : CSIMDJSON_NO_NODE;
        if (entry != nullptr) {
            seen |= uint64_t(entry->has_bit) << entry->bit;
            is_described = entry->is_described;
            if (is_described && !(behind = check(entry->value, at))) return nullptr;
        }
        for (uint32_t i = 0; i < node.patterns.count; i++) {
            const pattern_member &member = plan->pattern_members[node.patterns.first + i];
            if (!matches(member.pattern, key_text(key))) continue;
            is_described = true;
            if (!(behind = check(member.node, at))) return nullptr;
        }
        if (!is_described) {
            if (rules.additional != CSIMDJSON_NO_NODE && !(behind = check(rules.additional, at))) return nullptr;
            if (rules.is_closed && !report_value(CSIMDJSON_UNPLANNED, at)) return nullptr;
        }
        if (rules.names != CSIMDJSON_NO_NODE && !meets(rules.names, key) && !report(CSIMDJSON_SCHEMA)) return nullptr;
        if (behind == nullptr && !(behind = has_anywhere ? check(0, at) : skip(at))) return nullptr;
        if (slots != CSIMDJSON_NO_NODE)
            for (uint32_t slot : plan->anywhere_slots[slots]) capture(slot, at, behind);
        return behind;
    }

    uint32_t anywhere(text name) const {
        const entry *found = plan->find(plan->anywhere, name);
        return found == nullptr ? CSIMDJSON_NO_NODE : found->value;
    }

    bool report_missing(const node &node, uint64_t missing) {
        for (uint32_t i = 0; i < node.members.count; i++) {
            const entry &entry = plan->entries[node.members.first + i];
            if (!entry.is_used() || !entry.has_bit || !(missing >> entry.bit & 1)) continue;
            auto name = reinterpret_cast<const uint8_t *>(plan->names.data()) + entry.name;
            if (!report(CSIMDJSON_MISSING, {name, entry.length})) return false;
        }
        return true;
    }

    bool meets_dependencies(const node &node, place at, uint64_t seen) {
        for (uint32_t i = 0; i < node.dependencies.count; i++) {
            const dependency &dependency = plan->dependencies[node.dependencies.first + i];
            if (!(seen >> dependency.bit & 1)) continue;
            uint64_t missing = dependency.needed & ~seen;
            if (missing != 0 && !report_missing(node, missing)) return false;
            if (dependency.node != CSIMDJSON_NO_NODE && !check(dependency.node, at)) return false;
        }
        return true;
    }

    place array(const node &node, place at) {
        const csimdjson_rules &rules = node.rules;
        const run &prefix = node.lists[CSIMDJSON_PREFIX_ITEMS];
        uint32_t count = 0, contained = 0;
        at++;
        path.push_back(nullptr);
        while (json[*at] != ']') {
            if (__builtin_expect(steps == 0, false)) return give_up();
            steps--;
            uint32_t id = count < prefix.count ? plan->numbers[prefix.first + count] : rules.items;
            if (rules.contains != CSIMDJSON_NO_NODE && meets(rules.contains, at)) contained++;
            if (id != CSIMDJSON_NO_NODE) at = check(id, at);
            else at = has_anywhere ? check(0, at) : skip(at);
            if (at == nullptr) return nullptr;
            count++;
            if (json[*at] == ',') at++;
        }
        path.pop_back();
        if ((count < rules.items_min || count > rules.items_max) && !report(CSIMDJSON_LENGTH)) return nullptr;
        if (rules.contains != CSIMDJSON_NO_NODE
            && (contained < rules.contains_min || contained > rules.contains_max) && !report(CSIMDJSON_SCHEMA))
            return nullptr;
        return at + 1;
    }

    /// Whether a value meets the rules that are made of other rules.
    bool meets_more(const node &node, place at) {
        const csimdjson_rules &rules = node.rules;
        if (!meets_lists(node, at)) return false;
        if (rules.negated != CSIMDJSON_NO_NODE && meets(rules.negated, at) && !report(CSIMDJSON_SCHEMA)) return false;
        if (rules.condition != CSIMDJSON_NO_NODE) {
            uint32_t next = meets(rules.condition, at) ? rules.consequent : rules.alternative;
            if (next != CSIMDJSON_NO_NODE && !check(next, at)) return false;
        }
        if (rules.has_unique_items && json[*at] == '[' && !is_unique(at) && !report(CSIMDJSON_SCHEMA)) return false;
        // What was given up within a quiet part has no verdict.
        return !is_out();
    }

    bool meets_lists(const node &node, place at) {
        const run &all = node.lists[CSIMDJSON_ALL_OF], &whole = node.lists[CSIMDJSON_WHOLE];
        for (uint32_t i = 0; i < all.count; i++)
            if (!check(plan->numbers[all.first + i], at)) return false;
        for (uint32_t i = 0; i < whole.count; i++)
            if (!meets(plan->numbers[whole.first + i], at) && !report(CSIMDJSON_SCHEMA)) return false;
        const run &any = node.lists[CSIMDJSON_ANY_OF], &one = node.lists[CSIMDJSON_ONE_OF];
        if (any.count > 0 && count(any, at, 1) == 0 && !report(CSIMDJSON_SCHEMA)) return false;
        return one.count == 0 || count(one, at, 2) == 1 || report(CSIMDJSON_SCHEMA);
    }

    /// Returns how many nodes of a list a value meets, up to `enough`.
    uint32_t count(const run &list, place at, uint32_t enough) {
        uint32_t result = 0;
        for (uint32_t i = 0; i < list.count && result < enough; i++)
            if (meets(plan->numbers[list.first + i], at)) result++;
        return result;
    }

    bool is_unique(place at) {
        place start = at;
        std::vector<std::string> elements;
        at++;
        while (json[*at] != ']') {
            elements.emplace_back();
            at = append_canonical(json, at, elements.back());
            if (json[*at] == ',') at++;
        }
        steps -= std::min(steps, size_t(at - start));
        std::sort(elements.begin(), elements.end());
        return std::adjacent_find(elements.begin(), elements.end()) == elements.end();
    }
};

csimdjson_walk *csimdjson_walk_create(void) { return new (std::nothrow) csimdjson_walk; }

void csimdjson_walk_destroy(csimdjson_walk *walk) { delete walk; }

bool csimdjson_walk_run(csimdjson_walk *walk, const csimdjson_plan *plan, const csimdjson_reader *reader, size_t start,
                        uint32_t node, csimdjson_found *found) try {
    structure text = structure_of(reader);
    if (text.last == nullptr || *text.last != start) return false;
    walk->plan = &plan->program;
    walk->json = text.json;
    walk->steps = steps_each * (size_t(text.last_end - text.last) + 1);
    walk->level = 0;
    walk->is_quiet = false;
    walk->has_escapes = text.has_escapes;
    walk->has_anywhere = !plan->program.anywhere_slots.empty();
    walk->path.clear();
    walk->captures.clear();
    memset(&walk->found, 0, sizeof walk->found);
    walk->check(node, text.last);
    walk->path.clear();
    walk->is_quiet = false;
    if (walk->is_out()) walk->report(CSIMDJSON_WORK);
    walk->found.violations = walk->violations;
    walk->found.violations_kept = std::min(walk->found.violations_total, violations_max);
    walk->found.captures = walk->captures.data();
    walk->found.captures_count = walk->captures.size();
    *found = walk->found;
    return true;
} catch (const std::bad_alloc &) {
    return false;
}
