#include "Program.h"

#include "Structure.h"

#include <algorithm>
#include <memory>
#include <new>

namespace {

using draft = csimdjson_plan::draft;
using member = csimdjson_plan::member;

std::string string_of(const uint8_t *bytes, size_t length) {
    return std::string(reinterpret_cast<const char *>(bytes), length);
}

text text_of(const std::string &string) {
    return {reinterpret_cast<const uint8_t *>(string.data()), string.size()};
}

member &member_named(draft &of, const std::string &name) {
    for (member &member : of.members) if (member.name == name) return member;
    of.members.emplace_back();
    of.members.back().name = name;
    return of.members.back();
}

/// Assigns a name its place in the set of names seen; false if all 64 are taken.
bool give_bit(draft &of, member &member) {
    if (member.bit != 255) return true;
    if (of.bits == 64) return false;
    member.bit = uint8_t(of.bits++);
    return true;
}

table table_of(program &program, const std::vector<member> &members) {
    table result{uint32_t(program.entries.size()), 63, 0};
    while (size_t(1) << (64 - result.shift) < members.size() * 2) result.shift--;
    std::vector<entry> list(size_t(1) << (64 - result.shift), entry{0, 0, entry::unused, 0, 0, 0, false, false, 0});
    for (const member &member : members) {
        short_name name(text_of(member.name));
        uint32_t at = name.hash(member.name.size(), result.shift);
        while (at < list.size() && list[at].is_used()) at++;
        bool has_bit = member.bit != 255;
        entry added{name.first, name.last, uint32_t(member.name.size()), uint32_t(program.names.size()), member.child,
                    uint8_t(has_bit ? member.bit : 0), has_bit, member.is_described, 0};
        if (at == list.size()) list.push_back(added);
        else list[at] = added;
        program.names += member.name;
    }
    list.push_back(entry{0, 0, entry::unused, 0, 0, 0, false, false, 0});
    result.count = uint32_t(list.size());
    program.entries.insert(program.entries.end(), list.begin(), list.end());
    return result;
}

template <typename element>
run append(std::vector<element> &to, const std::vector<element> &list) {
    run result{uint32_t(to.size()), uint32_t(list.size())};
    to.insert(to.end(), list.begin(), list.end());
    return result;
}

node node_of(program &program, const draft &draft) {
    node node;
    const csimdjson_rules &rules = draft.rules;
    node.rules = rules;
    node.members = table_of(program, draft.members);
    node.required = draft.required;
    node.slots = append(program.numbers, draft.slots);
    node.patterns = append(program.pattern_members, draft.patterns);
    node.dependencies = append(program.dependencies, draft.dependencies);
    node.bounds = append(program.bounds, draft.bounds);
    for (int i = 0; i < 5; i++) node.lists[i] = append(program.numbers, draft.lists[i]);
    node.has_values = draft.has_values;
    std::vector<member> strings;
    for (const std::string &string : draft.strings) {
        strings.emplace_back();
        strings.back().name = string;
    }
    node.strings = table_of(program, strings);
    if (!draft.values.empty()) {
        node.values = uint32_t(program.values.size());
        program.values.push_back(draft.values);
    }
    auto is_set = [](uint32_t number) { return number != CSIMDJSON_NO_NODE; };
    node.looks_inside = !draft.members.empty() || node.patterns.count > 0 || node.lists[CSIMDJSON_PREFIX_ITEMS].count > 0
        || rules.is_closed || is_set(rules.additional) || is_set(rules.items) || is_set(rules.contains)
        || is_set(rules.names) || rules.items_min > 0 || rules.items_max < UINT32_MAX || rules.members_min > 0
        || rules.members_max < UINT32_MAX;
    node.has_more = is_set(rules.condition) || is_set(rules.negated) || rules.has_unique_items
        || node.lists[CSIMDJSON_ALL_OF].count > 0 || node.lists[CSIMDJSON_ANY_OF].count > 0
        || node.lists[CSIMDJSON_ONE_OF].count > 0 || node.lists[CSIMDJSON_WHOLE].count > 0;
    node.checks_strings = rules.length_min > 0 || rules.length_max < UINT32_MAX || rules.format || is_set(rules.pattern);
    node.is_simple = !node.has_more && !node.has_values && !rules.is_never && node.slots.count == 0;
    return node;
}

/// Notes beside the names of a node's members which values their nodes accept by the first byte.
void note_plain_types(program &program, const node &node) {
    for (uint32_t i = 0; i < node.members.count; i++) {
        entry &entry = program.entries[node.members.first + i];
        if (!entry.is_used() || !entry.is_described) continue;
        const struct node &child = program.nodes[entry.value];
        if (!child.is_simple) continue;
        uint8_t types = child.rules.types & (CSIMDJSON_NULL | CSIMDJSON_BOOLEAN);
        if (!child.checks_strings) types |= child.rules.types & CSIMDJSON_STRING;
        if (child.bounds.count == 0) types |= child.rules.types & CSIMDJSON_NUMBER;
        entry.plain_types = types;
    }
}

} // namespace

csimdjson_plan *csimdjson_plan_create(csimdjson_matcher matcher) {
    auto plan = new (std::nothrow) csimdjson_plan;
    if (plan != nullptr) plan->program.matcher = matcher;
    return plan;
}

void csimdjson_plan_destroy(csimdjson_plan *plan) { delete plan; }

uint32_t csimdjson_plan_add(csimdjson_plan *plan) {
    plan->drafts.emplace_back();
    return uint32_t(plan->drafts.size() - 1);
}

csimdjson_rules csimdjson_plan_rules(void) {
    csimdjson_rules rules;
    memset(&rules, 0, sizeof rules);
    rules.length_max = rules.items_max = rules.members_max = rules.contains_max = UINT32_MAX;
    rules.contains_min = 1;
    rules.additional = rules.items = rules.contains = rules.names = rules.condition = CSIMDJSON_NO_NODE;
    rules.consequent = rules.alternative = rules.negated = rules.pattern = CSIMDJSON_NO_NODE;
    rules.types = CSIMDJSON_ANY;
    return rules;
}

void csimdjson_plan_define(csimdjson_plan *plan, uint32_t node, const csimdjson_rules *rules) {
    plan->drafts[node].rules = *rules;
}

bool csimdjson_plan_member(csimdjson_plan *plan, uint32_t node, const uint8_t *name, size_t length, uint32_t child) {
    member &member = member_named(plan->drafts[node], string_of(name, length));
    member.child = child;
    member.is_described = true;
    return true;
}

bool csimdjson_plan_require(csimdjson_plan *plan, uint32_t node, const uint8_t *name, size_t length) {
    draft &draft = plan->drafts[node];
    member &member = member_named(draft, string_of(name, length));
    if (!give_bit(draft, member)) return false;
    draft.required |= uint64_t(1) << member.bit;
    return true;
}

bool csimdjson_plan_depend(csimdjson_plan *plan, uint32_t node, const uint8_t *name, size_t length,
                           const uint8_t *needed, size_t needed_length) {
    draft &draft = plan->drafts[node];
    member &first = member_named(draft, string_of(name, length));
    if (!give_bit(draft, first)) return false;
    uint8_t bit = first.bit;
    member &second = member_named(draft, string_of(needed, needed_length));
    if (!give_bit(draft, second)) return false;
    draft.dependencies.push_back({bit, uint64_t(1) << second.bit, CSIMDJSON_NO_NODE});
    return true;
}

bool csimdjson_plan_depend_node(csimdjson_plan *plan, uint32_t node, const uint8_t *name, size_t length,
                                uint32_t child) {
    draft &draft = plan->drafts[node];
    member &member = member_named(draft, string_of(name, length));
    if (!give_bit(draft, member)) return false;
    draft.dependencies.push_back({member.bit, 0, child});
    return true;
}

uint32_t csimdjson_plan_pattern(csimdjson_plan *plan, const void *pattern) {
    plan->program.patterns.push_back(pattern);
    return uint32_t(plan->program.patterns.size() - 1);
}

void csimdjson_plan_pattern_member(csimdjson_plan *plan, uint32_t node, uint32_t pattern, uint32_t child) {
    plan->drafts[node].patterns.push_back({pattern, child});
}

void csimdjson_plan_list(csimdjson_plan *plan, uint32_t node, csimdjson_list list, uint32_t child) {
    plan->drafts[node].lists[list].push_back(child);
}

bool csimdjson_plan_bound(csimdjson_plan *plan, uint32_t node, csimdjson_bound bound, const uint8_t *text,
                          size_t length) {
    plan->program.digits.push_back(string_of(text, length));
    const std::string &digits = plan->program.digits.back();
    auto at = reinterpret_cast<const uint8_t *>(digits.data());
    decimal limit(at, at + digits.size());
    if (bound == CSIMDJSON_MULTIPLE_OF && limit.digit_count() > 18) return false;
    number_bound added{uint8_t(bound), INT64_MAX, INT64_MIN, limit};
    int64_t whole = 0;
    if (bound != CSIMDJSON_MULTIPLE_OF && whole_number(at, at + digits.size(), &whole)) {
        bool is_least = bound == CSIMDJSON_MINIMUM || bound == CSIMDJSON_EXCLUSIVE_MINIMUM;
        bool is_exclusive = bound == CSIMDJSON_EXCLUSIVE_MINIMUM || bound == CSIMDJSON_EXCLUSIVE_MAXIMUM;
        added.least = is_least ? whole + is_exclusive : INT64_MIN;
        added.most = is_least ? INT64_MAX : whole - is_exclusive;
    }
    plan->drafts[node].bounds.push_back(added);
    return true;
}

bool csimdjson_plan_value(csimdjson_plan *plan, uint32_t node, const uint8_t *json, size_t length) {
    std::unique_ptr<csimdjson_reader, void (*)(csimdjson_reader *)> reader(csimdjson_reader_create(64),
                                                                            csimdjson_reader_destroy);
    csimdjson_event event;
    if (!reader || csimdjson_index(reader.get(), json, length) != CSIMDJSON_OK) return false;
    csimdjson_keep_batches(reader.get());
    csimdjson_code code = csimdjson_next(reader.get(), &event);
    if (code != CSIMDJSON_OK && code != CSIMDJSON_NOT_AN_OBJECT) return false;
    std::string canonical;
    append_canonical(json, structure_of(reader.get()).first, canonical);
    draft &draft = plan->drafts[node];
    draft.has_values = true;
    if (canonical[0] != '"') {
        draft.values.insert(canonical);
        return true;
    }
    std::string string = canonical.substr(canonical.find(':') + 1);
    auto &strings = draft.strings;
    if (std::find(strings.begin(), strings.end(), string) == strings.end()) strings.push_back(string);
    return true;
}

void csimdjson_plan_slot(csimdjson_plan *plan, uint32_t node, uint32_t slot) {
    plan->drafts[node].slots.push_back(slot);
}

void csimdjson_plan_anywhere(csimdjson_plan *plan, const uint8_t *name, size_t length, uint32_t slot) {
    std::string wanted = string_of(name, length);
    for (auto &known : plan->anywhere) {
        if (known.first == wanted) return known.second.push_back(slot);
    }
    plan->anywhere.push_back({wanted, {slot}});
}

void csimdjson_plan_root(csimdjson_plan *plan, const uint8_t *name, size_t length, uint32_t node) {
    plan->roots.emplace_back();
    plan->roots.back().name = string_of(name, length);
    plan->roots.back().child = uint32_t(plan->program.root_nodes.size());
    plan->program.root_nodes.push_back(node);
}

void csimdjson_plan_seal(csimdjson_plan *plan) {
    program &program = plan->program;
    program.nodes.reserve(plan->drafts.size());
    for (const draft &draft : plan->drafts) program.nodes.push_back(node_of(program, draft));
    for (const node &node : program.nodes) note_plain_types(program, node);
    program.roots = table_of(program, plan->roots);
    std::vector<member> names;
    for (auto &known : plan->anywhere) {
        names.emplace_back();
        names.back().name = known.first;
        names.back().child = uint32_t(program.anywhere_slots.size());
        program.anywhere_slots.push_back(known.second);
    }
    program.anywhere = table_of(program, names);
    plan->drafts.clear();
    plan->roots.clear();
    plan->anywhere.clear();
}

csimdjson_root csimdjson_plan_find(const csimdjson_plan *plan, const uint8_t *name, size_t length) {
    const entry *found = plan->program.find(plan->program.roots, {name, length});
    if (found == nullptr) return {CSIMDJSON_NO_NODE, CSIMDJSON_NO_NODE};
    return {found->value, plan->program.root_nodes[found->value]};
}
