// What a second walk needs of a reader: the text and the positions that the first stage found in it.
#ifndef TOUCHPOINT_STRUCTURE_H
#define TOUCHPOINT_STRUCTURE_H

#include "CSimdJSON.h"

/// The indexed text of a reader; valid until the next index call.
struct structure {
    const uint8_t *json;
    size_t length;
    const uint32_t *first;
    /// After the last position; the text's length is stored there.
    const uint32_t *end;
    /// The position of the value that was read last, and after it.
    const uint32_t *last, *last_end;
    /// Whether that value may have escapes.
    bool has_escapes;
};

structure structure_of(const csimdjson_reader *reader);

#endif
