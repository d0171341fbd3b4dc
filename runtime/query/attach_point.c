/* SPDX-License-Identifier: Apache-2.0 */
/* The places where a program's functions run. */
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "compile/scan.h"
#include "query/plan.h"
#include "util/cleanup.h"
#include "util/error.h"

void rp_attach_point_clear(struct rp_attach_point *point) {
    rp_spec_clear(&point->spec);
    free(point->text);
    rp_arguments_free(point->arguments);
    *point = (struct rp_attach_point){0};
}

static bool is_c_name(const char *text) {
    struct rp_lexer lexer = {.p = text, .end = text + strlen(text)};
    struct rp_token token = rp_lex(&lexer);
    return token.kind == RP_TOKEN_IDENT && token.text == text && !text[token.len];
}

static bool is_pattern(const char *text) {
    return text[strcspn(text, "*?[")];
}

/* A function's name that says by itself where it belongs, or one of our own. */
static void name_function(struct rp_attach_point *point, const char *fallback) {
    RP_AUTO_FREE char *name = point->is_pattern ? NULL : rp_spec_function_name(&point->spec);
    point->names_itself = name && is_c_name(name) && strlen(name) < sizeof(point->function);
    snprintf(point->function, sizeof(point->function), "%.63s",
             point->names_itself ? name : fallback);
}

struct rp_error *rp_attach_point_open(const char *text, const char *fallback,
                                      struct rp_attach_point *point) {
    point->is_pattern = is_pattern(text);
    if (point->is_pattern) {
        point->text = strdup(text);
        size_t length = strcspn(text, ":");
        point->spec.kind = rp_probe_kind_find(text, length);
        point->arguments = calloc(1, sizeof(*point->arguments));
        if (!point->text || !point->arguments)
            return rp_error_nomem();
        if (!point->spec.kind)
            return rp_probe_check(text);
    } else {
        RP_TRY(rp_spec_parse(text, &point->spec));
        if (point->spec.kind->use_own_name)
            point->spec.kind->use_own_name(&point->spec);
        RP_TRY(rp_arguments_of_spec(&point->spec, &point->arguments));
        point->text = rp_spec_text(&point->spec);
        if (!point->text)
            return rp_error_nomem();
    }
    if (point->spec.kind->memory)
        point->memory = point->spec.kind->memory(&point->spec, point->arguments);
    if (point->spec.kind->task)
        point->task = point->spec.kind->task(point->arguments);
    point->is_return = rp_spec_is_return(&point->spec);
    name_function(point, fallback);
    return NULL;
}
