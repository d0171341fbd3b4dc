/* SPDX-License-Identifier: Apache-2.0 */
/* Probe specs: text that says where a program runs. */
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/ksyms.h"
#include "probe/probe.h"
#include "util/array.h"
#include "util/cleanup.h"
#include "util/nearest.h"
#include "util/text.h"

/* The kernel's KSYM_NAME_LEN (Linux 6.1), its final NUL left out. */
#define NAME_MAX_LEN 511
/* As much of a misspelt spec as a message repeats. */
#define SHOWN_MAX 80

const struct rp_probe_kind *const rp_probe_kinds[] = {
    &rp_kprobe_kind,   &rp_kretprobe_kind,  &rp_fentry_kind,
    &rp_fexit_kind,    &rp_uprobe_kind,     &rp_uretprobe_kind,
    &rp_usdt_kind,     &rp_tracepoint_kind, &rp_raw_tracepoint_kind,
    &rp_tp_btf_kind,   &rp_profile_kind,    &rp_interval_kind,
    &rp_software_kind, &rp_hardware_kind,   NULL,
};

struct rp_error *rp_probe_error(int errnum, const char *fmt, ...) {
    va_list args;
    va_start(args, fmt);
    RP_AUTO_FREE char *why = rp_text_of(fmt, args);
    va_end(args);
    return rp_error_new(errnum, why, "cannot use the probe");
}

/* ------------------------------------------------------------------ kinds */

static bool is_word(const char *text, size_t length, const char *word) {
    return word && strlen(word) == length && !memcmp(text, word, length);
}

const struct rp_probe_kind *rp_probe_kind_find(const char *name, size_t length) {
    for (const struct rp_probe_kind *const *kind = rp_probe_kinds; *kind; kind++)
        if (is_word(name, length, (*kind)->name) || is_word(name, length, (*kind)->alias) ||
            is_word(name, length, (*kind)->also))
            return *kind;
    return NULL;
}

/* "kprobe:FUNCTION[+OFFSET], …", malloc()ed. */
static char *usages(void) {
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    if (!out)
        return NULL;
    for (const struct rp_probe_kind *const *kind = rp_probe_kinds; *kind; kind++)
        fprintf(out, "%s%s", kind == rp_probe_kinds ? "" : ", ", (*kind)->usage);
    fclose(out);
    return text;
}

/* A hint of all there is to choose from. */
static struct rp_error *hint_usages(struct rp_error *err) {
    RP_AUTO_FREE char *all = usages();
    return rp_error_hint_set(err, "a probe is one of %s", all ? all : "");
}

/* Kinds that other tracers have: no misspellings of ours. */
static bool is_foreign(const char *name) {
    static const char *const foreign[] = {"iter", "lsm",        "begin",
                                          "end",  "watchpoint", "asyncwatchpoint"};
    for (size_t i = 0; i < RP_COUNT(foreign); i++)
        if (!strcmp(name, foreign[i]))
            return true;
    return false;
}

struct rp_error *rp_probe_kind_unknown(const char *name) {
    struct rp_error *err = rp_probe_error(EINVAL, "unknown probe kind \"%.*s\"%s", SHOWN_MAX, name,
                                          is_foreign(name) ? ": reprobe does not have it" : "");
    struct rp_nearest nearest = {.wanted = name};
    for (const struct rp_probe_kind *const *kind = rp_probe_kinds; *kind && !is_foreign(name);
         kind++)
        rp_nearest_add(&nearest, (*kind)->name);
    RP_AUTO_FREE char *guess = rp_nearest_text(&nearest, "");
    rp_nearest_clear(&nearest);
    if (!guess)
        return hint_usages(err);
    RP_AUTO_FREE char *all = usages();
    return rp_error_hint_set(err, "did you mean %s? A probe is one of %s", guess, all ? all : "");
}

/* ------------------------------------------------------------------ text -> spec */

static struct rp_error *stray_character(char c, const char *noun) {
    if (isprint((unsigned char)c))
        return rp_probe_error(EINVAL, "'%c' cannot be part of a %s's name", c, noun);
    return rp_probe_error(EINVAL, "the byte 0x%02x cannot be part of a %s's name", (unsigned char)c,
                          noun);
}

struct rp_error *rp_spec_name(const char *text, size_t length, const char *noun, const char *marks,
                              char **out) {
    if (length == 0)
        return rp_probe_error(EINVAL, "the %s is missing", noun);
    if (length > NAME_MAX_LEN)
        return rp_probe_error(ENAMETOOLONG, "the %s's name is %zu bytes long, more than %d", noun,
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
        return rp_probe_error(EINVAL, "\"%.40s\" is no offset in bytes, such as 8 or 0x8", text);
    return NULL;
}

struct rp_error *rp_spec_function(const char *text, const char *marks, struct rp_spec *spec) {
    const char *plus = strchr(text, '+');
    size_t length = plus ? (size_t)(plus - text) : strlen(text);
    RP_TRY(rp_spec_name(text, length, "function", marks, &spec->target));
    return plus ? parse_offset(plus + 1, &spec->offset) : NULL;
}

struct rp_error *rp_spec_check_return(const char *text, const char *instead,
                                      const struct rp_spec *spec) {
    if (!strchr(text, '+'))
        return NULL;
    return rp_error_hint_set(
        rp_probe_error(EINVAL, "a %s is where a function returns: it has no offset",
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
        return rp_probe_error(EINVAL, "\"%.40s\" is no %s: it is a whole number from 1 on", text,
                              noun);
    return NULL;
}

struct rp_error *rp_spec_check_offset(const struct rp_spec *spec, uint64_t size) {
    if (!size || spec->offset < size)
        return NULL;
    return rp_error_hint_set(
        rp_probe_error(ERANGE, "the offset is outside the function: %s is %" PRIu64 " bytes long",
                       spec->target, size),
        "use an offset below %" PRIu64, size);
}

/* What is wrong with the text whatever the kind. */
static struct rp_error *check_text(const char *text) {
    if (!*text)
        return hint_usages(rp_probe_error(EINVAL, "it is empty"));
    if (text[strcspn(text, " \t\r\n\v\f")])
        return rp_error_hint_set(rp_probe_error(EINVAL, "it contains white space"),
                                 "write it without: KIND:NAME; a program whose path has some is "
                                 "reached by a symbolic link");
    if (text[strcspn(text, "*?[]")])
        return rp_error_hint_set(
            rp_probe_error(EINVAL, "it is a pattern; only one place can stand here"),
            "reprobe list '%.*s' shows what matches", SHOWN_MAX, text);
    return NULL;
}

static struct rp_error *no_colon(const char *text) {
    const struct rp_probe_kind *kind = rp_probe_kind_find(text, strlen(text));
    if (kind)
        return rp_error_hint_set(rp_probe_error(EINVAL, "it says the kind of probe, but not where"),
                                 "usage: %s", kind->usage);
    return hint_usages(
        rp_probe_error(EINVAL, "there is no colon: a probe is KIND:NAME, such as kprobe:vfs_read"));
}

static struct rp_error *parse(const char *text, struct rp_spec *spec) {
    RP_TRY(check_text(text));
    const char *colon = strchr(text, ':');
    if (!colon)
        return no_colon(text);
    size_t length = (size_t)(colon - text);
    spec->kind = rp_probe_kind_find(text, length);
    if (spec->kind)
        return spec->kind->parse(colon + 1, spec);
    RP_AUTO_FREE char *name = strndup(text, length);
    if (length == 0)
        return hint_usages(rp_probe_error(EINVAL, "the probe kind is missing"));
    return name ? rp_probe_kind_unknown(name) : rp_error_nomem();
}

struct rp_error *rp_spec_parse(const char *text, struct rp_spec *spec) {
    *spec = (struct rp_spec){0};
    text = text ? text : "";
    struct rp_error *err = parse(text, spec);
    if (!err)
        return NULL;
    if (!rp_error_hint(err) && spec->kind)
        rp_error_hint_set(err, "usage: %s", spec->kind->usage);
    rp_spec_clear(spec);
    return rp_error_what_set(err, "cannot understand the probe \"%.*s\"%s", SHOWN_MAX, text,
                             strlen(text) > SHOWN_MAX ? "..." : "");
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

void rp_spec_clear(struct rp_spec *spec) {
    free(spec->path);
    free(spec->category);
    free(spec->target);
    *spec = (struct rp_spec){0};
}

/* ------------------------------------------------------------------ function name -> spec */

static char *kernel_function_spec(const char *kind, const char *function) {
    RP_AUTO_FREE char *syscall = rp_syscall_function(function);
    char *text = NULL;
    if (asprintf(&text, "%s:%s", kind, syscall ? syscall : function) < 0)
        return NULL;
    return text;
}

static char *tracepoint_spec(const char *kind, const char *rest) {
    const char *between = strstr(rest, "__");
    if (!between || between == rest || !between[2])
        return NULL;
    char *text = NULL;
    if (asprintf(&text, "%s:%.*s:%s", kind, (int)(between - rest), rest, between + 2) < 0)
        return NULL;
    return text;
}

static char *plain_spec(const char *kind, const char *rest) {
    char *text = NULL;
    return asprintf(&text, "%s:%s", kind, rest) < 0 ? NULL : text;
}

char *rp_probe_spec_of_function(const char *function) {
    static const struct {
        const char *prefix;
        const struct rp_probe_kind *kind;
        char *(*spec)(const char *kind, const char *rest);
    } conventions[] = {
        {"kprobe__", &rp_kprobe_kind, kernel_function_spec},
        {"kretprobe__", &rp_kretprobe_kind, kernel_function_spec},
        {"tracepoint__", &rp_tracepoint_kind, tracepoint_spec},
        {"raw_tracepoint__", &rp_raw_tracepoint_kind, plain_spec},
        {"tp_btf__", &rp_tp_btf_kind, plain_spec},
        {"kfunc__", &rp_fentry_kind, kernel_function_spec},
        {"kretfunc__", &rp_fexit_kind, kernel_function_spec},
    };
    for (size_t i = 0; i < RP_COUNT(conventions); i++) {
        size_t length = strlen(conventions[i].prefix);
        if (!strncmp(function, conventions[i].prefix, length) && function[length])
            return conventions[i].spec(conventions[i].kind->name, function + length);
    }
    return NULL;
}
