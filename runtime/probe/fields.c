/* SPDX-License-Identifier: Apache-2.0 */
/* Whether a C text reads the same at another attach point. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "compile/flow.h"
#include "compile/module.h"
#include "probe/fields.h"
#include "probe/kind.h"
#include "reprobe_query.h"
#include "util/cleanup.h"
#include "util/lexer.h"

struct comparing {
    const struct rp_spec *from, *to;
    const char *to_text;
};

/* NULL where both places have the same; nothing is known of what is not at the first. */
static struct rp_error *compare(const char *name, const char *before, const char *after) {
    if (!before || (after && !strcmp(before, after)))
        return NULL;
    return rp_error_hint_set(rp_probe_error(EINVAL,
                                            "the program reads the field %s, which is %s there",
                                            name, after ? "another one" : "not"),
                             "attach a program that is written for that probe");
}

static struct rp_error *check_field(const struct comparing *c, const char *name) {
    RP_AUTO_FREE char *before = c->from->kind->field(c->from, name),
                      *after = c->to->kind->field(c->to, name);
    struct rp_error *err = compare(name, before, after);
    return err ? rp_error_what_set(err, "cannot move it to %s", c->to_text) : NULL;
}

static bool is_context(const struct rp_spec *spec, const struct rp_token *token) {
    const struct rp_probe_kind *kind = spec->kind;
    return rp_token_is(token, "ctx") || (kind->context && rp_token_is(token, kind->context)) ||
           (kind->other_context && rp_token_is(token, kind->other_context));
}

/* Each `args->FIELD`. */
static struct rp_error *check_text(const struct comparing *c, const char *source) {
    struct rp_lexer lexer = {.p = source, .end = source + strlen(source)};
    struct rp_token token = rp_lex(&lexer);
    while (token.kind != RP_TOKEN_END) {
        bool context = is_context(c->from, &token);
        token = rp_lex(&lexer);
        if (!context || strncmp(token.text, "->", 2) != 0)
            continue;
        while (token.kind == RP_TOKEN_PUNCT)
            token = rp_lex(&lexer);
        RP_AUTO_FREE char *name =
            token.kind == RP_TOKEN_IDENT ? strndup(token.text, token.len) : NULL;
        if (name)
            RP_TRY(check_field(c, name));
    }
    return NULL;
}

struct rp_error *rp_probe_check_fields(const char *source, const char *from, const char *to) {
    RP_AUTO(rp_spec_clear) struct rp_spec before = {0}, after = {0};
    if (rp_probe_is_pattern(from) || rp_probe_is_pattern(to))
        return NULL;
    RP_TRY(rp_spec_parse(from, &before));
    RP_TRY(rp_spec_parse(to, &after));
    const struct comparing comparing = {&before, &after, to};
    return before.kind->field && after.kind->field ? check_text(&comparing, source) : NULL;
}

/* ------------------------------------------------------------------ what its instructions read */

/* "pid" of "int pid;\toffset:16;\tsize:4;"; malloc()ed. */
static char *name_in(const char *field) {
    const char *end = field + strcspn(field, ";["), *name = end;
    while (name > field && !strchr(" *", name[-1]))
        name--;
    return strndup(name, (size_t)(end - name));
}

static struct rp_error *check_read(const struct comparing *c, const struct rp_flow_read *read) {
    RP_AUTO_FREE char *before = c->from->kind->field_at(c->from, read->offset),
                      *after = c->to->kind->field_at(c->to, read->offset);
    RP_AUTO_FREE char *name = before ? name_in(before) : NULL;
    return before && !name ? rp_error_nomem() : compare(name, before, after);
}

/* All calls have a type of arguments in common, which a program can be written for. */
static bool is_of_any_call(const struct rp_module *module, const struct rp_spec *a,
                           const struct rp_spec *b) {
    return rp_module_has_sections(module) && a->category && b->category &&
           !strcmp(a->category, b->category) && !strcmp(a->category, "syscalls");
}

struct rp_error *rp_probe_check_context(const struct rp_module *module, const char *function,
                                        const char *from, const char *to) {
    RP_AUTO(rp_spec_clear) struct rp_spec before = {0}, after = {0};
    struct rp_flow_reads reads = {0};
    if (!from || !strcmp(from, to) || rp_probe_is_pattern(from) || rp_probe_is_pattern(to))
        return NULL;
    RP_TRY(rp_spec_parse(from, &before));
    RP_TRY(rp_spec_parse(to, &after));
    if (!before.kind->field_at || !after.kind->field_at || is_of_any_call(module, &before, &after))
        return NULL;
    const struct comparing comparing = {&before, &after, to};
    struct rp_error *err = rp_module_context_reads(module, function, &reads);
    for (size_t i = 0; i < reads.count && !err; i++)
        err = check_read(&comparing, &reads.items[i]);
    rp_vec_clear(&reads);
    return err;
}
