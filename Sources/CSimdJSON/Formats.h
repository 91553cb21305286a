// The formats of JSON Schema that are checked.
#ifndef TOUCHPOINT_FORMATS_H
#define TOUCHPOINT_FORMATS_H

#include "CSimdJSONPlan.h"

/// Whether a text has the format.
bool has_format(uint8_t format, const uint8_t *at, size_t length);

#endif
