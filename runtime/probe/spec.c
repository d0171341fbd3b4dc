/* SPDX-License-Identifier: Apache-2.0 */
/* What the kinds share when they parse their specs. */
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "probe/kind.h"
#include "util/cleanup.h"
#include "util/text.h"

/* The kernel's KSYM_NAME_LEN (Linux 6.1), its final NUL left out. */
#define NAME_MAX_LEN 511

struct rp_error *rp_probe_error(int errnum, const char *fmt, ...) {
    va_list args;
    va_start(args, fmt);
    RP_AUTO_FREE char *why = rp_text_of(fmt, args);
    va_end(args);
    return rp_error_new(errnum, why, "cannot use the probe");
}

/* ------------------------------------------------------------------ text -> spec */

static struct rp_error *stray_character(char c, const char *noun) {
    if (isprint((unsigned char)c))
        return rp_probe_error(EINVAL, "the %s's name cannot contain '%c'", noun, c);
    return rp_probe_error(EINVAL, "the %s's name cannot contain the byte 0x%02x", noun,
                          (unsigned char)c);
}

struct rp_error *rp_spec_name(const char *text, size_t length, const char *noun, const char *marks,
                              char **out) {
    if (length == 0)
        return rp_probe_error(EINVAL, "the %s is missing", noun);
    if (length > NAME_MAX_LEN)
        return rp_probe_error(ENAMETOOLONG,
                              "the name of the %s has %zu bytes; at most %d are allowed", noun,
                              length, NAME_MAX_LEN);
    for (size_t i = 0; i < length; i++)
        if (!isalnum((unsigned char)text[i]) && !strchr(marks, text[i]))
            return stray_character(text[i], noun);
    *out = strndup(text, length);
    return *out ? NULL : rp_error_nomem();
}

/* Decimal, or hexadecimal with 0x. */
static struct rp_error *parse_offset(const char *text, uint64_t *out) {
    if (!*text)
        return rp_probe_error(EINVAL, "the offset after the + is missing");
    char *end = NULL;
    int base = text[0] == '0' && (text[1] == 'x' || text[1] == 'X') ? 16 : 10;
    errno = 0;
    *out = strtoull(text, &end, base);
    if (!isdigit((unsigned char)text[0]) || *end || errno)
        return rp_probe_error(EINVAL, "\"%.40s\" is not an offset in bytes, such as 8 or 0x8",
                              text);
    return NULL;
}

/* Whether the + at `at` is of a name: of "operator+=", of Rust's "dyn A + B". */
static bool is_of_name(const char *text, const char *at) {
    static const char word[] = "operator";
    const char *before = at;
    while (before > text && before[-1] == '+')
        before--;
    size_t length = strlen(word);
    return at[1] == ' ' ||
           ((size_t)(before - text) >= length && !strncmp(before - length, word, length));
}

/* The + before an offset. */
static const char *find_plus(const char *text) {
    const char *plus = strchr(text, '+');
    while (plus && is_of_name(text, plus))
        plus = strchr(plus + 1, '+');
    return plus;
}

struct rp_error *rp_spec_function(const char *text, const char *marks, struct rp_spec *spec) {
    const char *plus = find_plus(text);
    size_t length = plus ? (size_t)(plus - text) : strlen(text);
    RP_TRY(rp_spec_name(text, length, "function", marks, &spec->target));
    return plus ? parse_offset(plus + 1, &spec->offset) : NULL;
}

struct rp_error *rp_spec_check_return(const char *text, const char *instead,
                                      const struct rp_spec *spec) {
    if (!find_plus(text))
        return NULL;
    return rp_error_hint_set(
        rp_probe_error(EINVAL, "a %s is at a function's return and has no offset",
                       spec->kind->name),
        "%s is at an instruction, %s at the return", instead, spec->kind->usage);
}

struct rp_error *rp_spec_number(const char *text, const char *noun, uint64_t *number) {
    if (!*text)
        return rp_probe_error(EINVAL, "the %s is missing", noun);
    char *end = NULL;
    errno = 0;
    *number = strtoull(text, &end, 10);
    if (!isdigit((unsigned char)text[0]) || *end || errno || !*number)
        return rp_probe_error(EINVAL, "\"%.40s\" is not a %s: it is a whole number, at least 1",
                              text, noun);
    return NULL;
}

struct rp_error *rp_spec_check_offset(const struct rp_spec *spec, uint64_t size) {
    if (!size || spec->offset < size)
        return NULL;
    return rp_error_hint_set(
        rp_probe_error(ERANGE, "the offset is outside the function: %s has %" PRIu64 " bytes",
                       spec->target, size),
        "use an offset below %" PRIu64, size);
}

/* ------------------------------------------------------------------ spec -> text */

char *rp_spec_text(const struct rp_spec *spec) {
    char offset[32] = "";
    if (spec->offset)
        snprintf(offset, sizeof(offset), "+%" PRIu64, spec->offset);
    char *text = NULL;
    if (asprintf(&text, "%s:%s%s%s%s%s%s", spec->kind->name, spec->path ? spec->path : "",
                 spec->path ? ":" : "", spec->category ? spec->category : "",
                 spec->category ? ":" : "", spec->target, offset) < 0)
        return NULL;
    return text;
}

char *rp_spec_as(const struct rp_spec *spec, const char *kind) {
    return rp_text("%s:%s%s%s%s%s", kind, spec->path ? spec->path : "", spec->path ? ":" : "",
                   spec->category ? spec->category : "", spec->category ? ":" : "", spec->target);
}

char *rp_spec_call(const struct rp_spec *spec, enum rp_call_part part) {
    return spec->kind->call && !spec->offset ? spec->kind->call(spec, part) : NULL;
}

void rp_spec_clear(struct rp_spec *spec) {
    free(spec->path);
    free(spec->category);
    free(spec->target);
    *spec = (struct rp_spec){0};
}

/* ------------------------------------------------------------------ what a spec is */

const char *rp_spec_find(const char *spec, const char *marks) {
    size_t depth = 0;
    for (; *spec; spec++) {
        depth += *spec == '(';
        depth -= *spec == ')' && depth;
        if (!depth && strchr(marks, *spec))
            return spec;
    }
    return NULL;
}

/* False: out of memory. */
static bool copy(const struct rp_spec *spec, struct rp_spec *out) {
    *out = *spec;
    out->path = spec->path ? strdup(spec->path) : NULL;
    out->category = spec->category ? strdup(spec->category) : NULL;
    out->target = strdup(spec->target);
    return !spec->path == !out->path && !spec->category == !out->category && out->target;
}

struct rp_error *rp_spec_check(const struct rp_spec *spec) {
    RP_AUTO(rp_spec_clear) struct rp_spec own;
    if (!copy(spec, &own))
        return rp_error_nomem();
    struct rp_error *err = own.kind->resolve(&own);
    if (!err && own.kind->refuses)
        err = own.kind->refuses(&own);
    RP_AUTO_FREE char *full = rp_spec_text(&own);
    return err && full ? rp_error_what_set(err, "cannot attach %s", full) : err;
}

static bool is_plain(const struct rp_spec *spec) {
    return spec->kind->arguments && !spec->path && !spec->category && !spec->offset && spec->target;
}

bool rp_spec_is_same_event(const struct rp_spec *a, const struct rp_spec *b) {
    return a->kind != b->kind && is_plain(a) && is_plain(b) &&
           a->kind->of_functions == b->kind->of_functions &&
           !a->kind->decides == !b->kind->decides && a->kind->is_return == b->kind->is_return &&
           strcmp(a->target, b->target) == 0;
}

const char *rp_spec_noun(const struct rp_spec *spec) {
    return spec->kind->noun ? spec->kind->noun : "argument";
}

enum rp_memory rp_memory_of_process(const struct rp_spec *spec,
                                    const struct rp_arguments *arguments) {
    (void)spec;
    (void)arguments;
    return RP_MEMORY_USER;
}

bool rp_spec_is_return(const struct rp_spec *spec) {
    return spec->kind->is_return || (spec->kind->returns && spec->kind->returns(spec));
}

bool rp_spec_begins_with_file(const char *text) {
    size_t length = strcspn(text, ":");
    return text[length] && memchr(text, '/', length);
}
