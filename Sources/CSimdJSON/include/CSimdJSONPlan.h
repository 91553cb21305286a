// A second walk over the structure of a text that was read: it finds the values of wanted paths and checks values
// against a plan, both at once.
//
// A plan is a graph of nodes. A node says what a value must be, which slots want it, and which nodes its members and
// elements have. Node 0 accepts everything. A plan is built once, sealed, and then only read, by any number of threads.
// A walk belongs to one thread, and keeps its memory from one value to the next.
//
// The grammar of the text is proven by the first walk, so this one only counts brackets where the plan says nothing.
// Work is bounded: the number of steps by the number of structural positions, the depth of the recursion by a constant.
#ifndef TOUCHPOINT_CSIMDJSON_PLAN_H
#define TOUCHPOINT_CSIMDJSON_PLAN_H

#include "CSimdJSON.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct csimdjson_plan csimdjson_plan;
typedef struct csimdjson_walk csimdjson_walk;

/// The types of JSON values, as bits. A number without a fraction is both.
enum {
    CSIMDJSON_NULL = 1,
    CSIMDJSON_BOOLEAN = 2,
    CSIMDJSON_OBJECT = 4,
    CSIMDJSON_ARRAY = 8,
    CSIMDJSON_STRING = 16,
    CSIMDJSON_NUMBER = 32,
    CSIMDJSON_INTEGER = 64,
    CSIMDJSON_ANY = 127,
};

/// What a value violates.
typedef enum {
    CSIMDJSON_MISSING = 0,
    CSIMDJSON_TYPE = 1,
    CSIMDJSON_UNPLANNED = 2,
    CSIMDJSON_ENUM = 3,
    CSIMDJSON_RANGE = 4,
    CSIMDJSON_LENGTH = 5,
    CSIMDJSON_PATTERN = 6,
    CSIMDJSON_FORMAT = 7,
    /// A rule that is made of other rules.
    CSIMDJSON_SCHEMA = 8,
    /// The value needs more steps than one of its size may cost: it was not checked to its end.
    CSIMDJSON_WORK = 9,
} csimdjson_kind;

/// Formats that are checked.
typedef enum {
    CSIMDJSON_NO_FORMAT = 0,
    CSIMDJSON_DATE_TIME = 1,
    CSIMDJSON_DATE = 2,
    CSIMDJSON_TIME = 3,
    CSIMDJSON_UUID = 4,
    CSIMDJSON_URI = 5,
    CSIMDJSON_EMAIL = 6,
    CSIMDJSON_IPV4 = 7,
    CSIMDJSON_IPV6 = 8,
    CSIMDJSON_HOSTNAME = 9,
} csimdjson_format;

typedef enum {
    CSIMDJSON_ALL_OF = 0,
    CSIMDJSON_ANY_OF = 1,
    CSIMDJSON_ONE_OF = 2,
    CSIMDJSON_PREFIX_ITEMS = 3,
    /// Like ALL_OF, but reported as one violation.
    CSIMDJSON_WHOLE = 4,
} csimdjson_list;

typedef enum {
    CSIMDJSON_MINIMUM = 0,
    CSIMDJSON_MAXIMUM = 1,
    CSIMDJSON_EXCLUSIVE_MINIMUM = 2,
    CSIMDJSON_EXCLUSIVE_MAXIMUM = 3,
    CSIMDJSON_MULTIPLE_OF = 4,
} csimdjson_bound;

/// The rules of a node that are numbers; nodes are given by their numbers, CSIMDJSON_NO_NODE for none.
typedef struct {
    uint8_t types;
    uint8_t format;
    /// Whether nothing is accepted.
    bool is_never;
    /// Whether members that the node does not describe are violations.
    bool is_closed;
    bool has_unique_items;
    uint32_t length_min, length_max;
    uint32_t pattern;
    uint32_t members_min, members_max;
    uint32_t items_min, items_max;
    uint32_t contains_min, contains_max;
    uint32_t additional, items, contains, names, condition, consequent, alternative, negated;
} csimdjson_rules;

#define CSIMDJSON_NO_NODE UINT32_MAX

typedef bool (*csimdjson_matcher)(const void *pattern, const uint8_t *bytes, size_t length);

/// Returns NULL if memory is exhausted.
csimdjson_plan *csimdjson_plan_create(csimdjson_matcher matcher);
void csimdjson_plan_destroy(csimdjson_plan *plan);

/// Adds a node that accepts everything, and returns its number.
uint32_t csimdjson_plan_add(csimdjson_plan *plan);
/// Returns rules that accept everything.
csimdjson_rules csimdjson_plan_rules(void);
void csimdjson_plan_define(csimdjson_plan *plan, uint32_t node, const csimdjson_rules *rules);

/// Adds a member by name. A member that is only `required` is not described. Returns false if the node has no room for
/// another required name: it has 64.
bool csimdjson_plan_member(csimdjson_plan *plan, uint32_t node, const uint8_t *name, size_t length, uint32_t child);
bool csimdjson_plan_require(csimdjson_plan *plan, uint32_t node, const uint8_t *name, size_t length);
/// If there is a member `name`, then also a member `needed`.
bool csimdjson_plan_depend(csimdjson_plan *plan, uint32_t node, const uint8_t *name, size_t length,
                           const uint8_t *needed, size_t needed_length);
/// If there is a member `name`, the object is checked by `child` as well.
bool csimdjson_plan_depend_node(csimdjson_plan *plan, uint32_t node, const uint8_t *name, size_t length, uint32_t child);
/// `pattern` must outlive the plan. Returns its number for `csimdjson_rules` and pattern members.
uint32_t csimdjson_plan_pattern(csimdjson_plan *plan, const void *pattern);
void csimdjson_plan_pattern_member(csimdjson_plan *plan, uint32_t node, uint32_t pattern, uint32_t child);
void csimdjson_plan_list(csimdjson_plan *plan, uint32_t node, csimdjson_list list, uint32_t child);
/// `text` is a JSON number. Returns false if it has too many digits to divide by.
bool csimdjson_plan_bound(csimdjson_plan *plan, uint32_t node, csimdjson_bound bound, const uint8_t *text,
                          size_t length);
/// Adds a value that is accepted, as JSON text. Returns false if it cannot be read.
bool csimdjson_plan_value(csimdjson_plan *plan, uint32_t node, const uint8_t *json, size_t length);
/// Adds a slot that wants the value of the node.
void csimdjson_plan_slot(csimdjson_plan *plan, uint32_t node, uint32_t slot);
/// Adds a slot that wants the members of this name at any depth.
void csimdjson_plan_anywhere(csimdjson_plan *plan, const uint8_t *name, size_t length, uint32_t slot);
/// Names a node, to be found by `csimdjson_plan_find`. The names are numbered from 0 on.
void csimdjson_plan_root(csimdjson_plan *plan, const uint8_t *name, size_t length, uint32_t node);
/// Ends the building.
void csimdjson_plan_seal(csimdjson_plan *plan);
/// A named node, and the number of its name.
typedef struct {
    uint32_t number;
    uint32_t node;
} csimdjson_root;

/// Returns the node of that name; CSIMDJSON_NO_NODE twice if there is none.
csimdjson_root csimdjson_plan_find(const csimdjson_plan *plan, const uint8_t *name, size_t length);

/// A violation: its kind and the path of what it concerns, as text; never a value.
typedef struct {
    csimdjson_kind kind;
    const uint8_t *path;
    size_t length;
    /// Where the value is, of `CSIMDJSON_TYPE` and `CSIMDJSON_UNPLANNED`; NULL for others.
    const uint8_t *value;
} csimdjson_violation;

/// The value that a slot wants, as a range of the indexed text, and its type bit (CSIMDJSON_NUMBER for every number).
typedef struct {
    uint32_t slot;
    uint32_t type;
    csimdjson_range range;
} csimdjson_capture;

/// What a walk found; valid until the next one.
typedef struct {
    const csimdjson_violation *violations;
    /// At most 8 are kept.
    size_t violations_kept;
    size_t violations_total;
    /// A bit for each kind that was seen, also of violations that were not kept.
    uint32_t kinds;
    const csimdjson_capture *captures;
    size_t captures_count;
} csimdjson_found;

/// Returns NULL if memory is exhausted.
csimdjson_walk *csimdjson_walk_create(void);
void csimdjson_walk_destroy(csimdjson_walk *walk);

/// Walks the value that the reader has accepted last, which starts at byte `start` of its indexed text. Returns false
/// if there is none or memory is exhausted.
bool csimdjson_walk_run(csimdjson_walk *walk, const csimdjson_plan *plan, const csimdjson_reader *reader, size_t start,
                        uint32_t node, csimdjson_found *found);

#ifdef __cplusplus
}
#endif
#endif
