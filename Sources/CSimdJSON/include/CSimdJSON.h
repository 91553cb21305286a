// Strict JSON parsing: simdjson's first stage finds the structure, a small grammar of our own walks it.
//
// simdjson's stage 1 (SIMD, chosen for the processor at run time) checks UTF-8, control characters and quotes,
// and returns the position of every structural character. The walk over those positions checks the rest of RFC
// 8259 and keeps raw positions, so an event can be copied as its producer wrote it. Unlike simdjson's DOM it
// builds no tape, unescapes only the few requested strings, and accepts numbers of any length, as the RFC does;
// it refuses a number that is infinite as a double, because readers of the files refuse it.
//
// A reader belongs to one thread. Nothing reads beyond `length` bytes.
#ifndef TOUCHPOINT_CSIMDJSON_H
#define TOUCHPOINT_CSIMDJSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct csimdjson_reader csimdjson_reader;

/// The result of a read.
typedef enum {
    CSIMDJSON_OK = 0,
    /// No further value.
    CSIMDJSON_END = 1,
    CSIMDJSON_INVALID_JSON = 2,
    CSIMDJSON_INVALID_UTF8 = 3,
    CSIMDJSON_NOT_AN_OBJECT = 4,
    CSIMDJSON_TOO_DEEP = 5,
    CSIMDJSON_NO_MEMORY = 6,
} csimdjson_code;

/// Bytes of a string value, unescaped; valid until the next index call. `bytes` is NULL if absent.
typedef struct {
    const uint8_t *bytes;
    size_t length;
} csimdjson_text;

/// A range of the indexed text; a `length` of 0 means none.
typedef struct {
    size_t start;
    size_t length;
} csimdjson_range;

/// One JSON object and the fields that Touchpoint recognises in it.
typedef struct {
    csimdjson_range object;
    /// `channel`, else `context.channel`
    csimdjson_text channel;
    /// `timestamp`, `originalTimestamp`, `time`
    csimdjson_text times[3];
    /// `messageId`, else `id`
    csimdjson_text id;
    /// `event`, else `type`
    csimdjson_text name;
    /// The raw values of these keys, for batches and the fields their events inherit; of equal keys the first.
    csimdjson_range context;
    csimdjson_range sent_at;
    /// The `sentAt` member with its key.
    csimdjson_range sent_at_member;
    /// `batch`, if it is an array of one or more objects, the only one of that name, and may be split.
    csimdjson_range batch;
    /// The value of the reserved key.
    csimdjson_range reserved;
    /// Whether `id` is the value of `messageId`.
    bool id_is_message_id;
    /// Whether `name` is the value of `event`.
    bool name_is_event;
    bool has_reserved_key;
    bool has_batch;
    bool has_context;
    bool has_sent_at;
    /// Whether the object has line breaks, which are outside strings by the grammar.
    bool has_line_breaks;
} csimdjson_event;

/// Returns NULL if memory is exhausted.
csimdjson_reader *csimdjson_reader_create(size_t depth_max);
void csimdjson_reader_destroy(csimdjson_reader *reader);

/// Finds the structure of `length` bytes, which must stay in place while events are read from them.
csimdjson_code csimdjson_index(csimdjson_reader *reader, const uint8_t *bytes, size_t length);

/// Declares the indexed text one element of an array: a `batch` in it is not an envelope's.
void csimdjson_keep_batches(csimdjson_reader *reader);

/// Reads the next value at the top level, or the next element after `csimdjson_enter_array`. A valid value that
/// is no object returns CSIMDJSON_NOT_AN_OBJECT with its range, and reading can continue. A value followed by a
/// bracket that closes nothing, by a key, or at the top level by a comma, is CSIMDJSON_INVALID_JSON.
csimdjson_code csimdjson_next(csimdjson_reader *reader, csimdjson_event *event);

/// Enters the next array; `csimdjson_next` then reads its elements, and returns CSIMDJSON_END only if the array
/// and then the text end as they should.
csimdjson_code csimdjson_enter_array(csimdjson_reader *reader);

/// Returns the position of the last error, in bytes from the start of the indexed text.
size_t csimdjson_error_offset(const csimdjson_reader *reader);

/// Returns the number of structural positions: at most a third of it can be events in an array.
size_t csimdjson_structurals(const csimdjson_reader *reader);

#ifdef __cplusplus
}
#endif

#include "CSimdJSONPlan.h"

#endif
