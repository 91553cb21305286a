// Regular expressions that take time in proportion to the text: RE2 behind a C header.
//
// A pattern is compiled once and then only read, by any number of threads.
#ifndef TOUCHPOINT_CRE2_H
#define TOUCHPOINT_CRE2_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct cre2_pattern cre2_pattern;

/// Compiles a pattern in RE2's syntax, in at most `memory_max` bytes. Returns NULL with a message in `error`, cut to
/// `error_size` bytes with its zero.
cre2_pattern *cre2_compile(const uint8_t *pattern, size_t length, size_t memory_max, char *error, size_t error_size);
void cre2_destroy(cre2_pattern *pattern);

/// Whether UTF-8 text has the pattern anywhere. Takes a `cre2_pattern`.
bool cre2_matches(const void *pattern, const uint8_t *bytes, size_t length);

#ifdef __cplusplus
}
#endif
#endif
