#include "CRE2.h"

#include <cstdio>
#include <memory>
#include <new>
#include <re2/re2.h>

struct cre2_pattern {
    re2::RE2 expression;
};

cre2_pattern *cre2_compile(const uint8_t *pattern, size_t length, size_t memory_max, char *error, size_t error_size) {
    re2::RE2::Options options;
    options.set_log_errors(false);
    options.set_max_mem(int64_t(memory_max));
    re2::StringPiece text(reinterpret_cast<const char *>(pattern), length);
    std::unique_ptr<cre2_pattern> compiled(new (std::nothrow) cre2_pattern{{text, options}});
    if (compiled && compiled->expression.ok()) return compiled.release();
    snprintf(error, error_size, "%s", compiled ? compiled->expression.error().c_str() : "out of memory");
    return nullptr;
}

void cre2_destroy(cre2_pattern *pattern) { delete pattern; }

bool cre2_matches(const void *pattern, const uint8_t *bytes, size_t length) {
    re2::StringPiece text(reinterpret_cast<const char *>(bytes), length);
    return re2::RE2::PartialMatch(text, static_cast<const cre2_pattern *>(pattern)->expression);
}
