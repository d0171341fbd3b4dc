/* SPDX-License-Identifier: Apache-2.0 */
/* The names in an expression, and what they stand for. */
#include <string.h>

#include "compile/scan.h"
#include "query/query.h"

void rp_reads_each(const char *expression, bool (*each)(void *ctx, const char *name, size_t length),
                   void *ctx) {
    struct rp_lexer lexer = {.p = expression, .end = expression + strlen(expression)};
    bool skip = false; /* what comes next is a member, or a tag */
    for (;;) {
        struct rp_token token = rp_lex(&lexer);
        if (token.kind == RP_TOKEN_END)
            return;
        bool is_tag_word = rp_token_is(&token, "struct") || rp_token_is(&token, "union") ||
                           rp_token_is(&token, "enum");
        if (token.kind == RP_TOKEN_IDENT && !skip && !is_tag_word &&
            !each(ctx, token.text, token.len))
            return;
        bool arrow = rp_token_is(&token, ">") && token.text > expression && token.text[-1] == '-';
        skip = is_tag_word || arrow || rp_token_is(&token, ".");
    }
}

struct search {
    const char *name;
    bool found;
};

static bool is_it(void *ctx, const char *name, size_t length) {
    struct search *search = ctx;
    search->found = strlen(search->name) == length && !memcmp(search->name, name, length);
    return !search->found;
}

bool rp_reads(const char *expression, const char *name) {
    struct search search = {.name = name};
    rp_reads_each(expression, is_it, &search);
    return search.found;
}

const struct rp_builtin *rp_builtin_find(const char *name) {
    for (const struct rp_builtin *b = rp_builtins; b->name; b++)
        if (!strcmp(b->name, name))
            return b;
    return NULL;
}

bool rp_builtin_is_at(const struct rp_builtin *builtin, const char *task) {
    bool runs = !task;
    return runs || !builtin->of_task || (*task && strcmp(builtin->name, "stack") != 0);
}

const struct rp_argument *rp_argument_find(const struct rp_arguments *arguments, const char *name) {
    for (size_t i = 0; i < arguments->count; i++)
        if (!strcmp(arguments->list[i].name, name))
            return &arguments->list[i];
    return NULL;
}

bool rp_is_c_name(const char *text) {
    struct rp_lexer lexer = {.p = text, .end = text + strlen(text)};
    struct rp_token token = rp_lex(&lexer);
    return token.kind == RP_TOKEN_IDENT && token.text == text && !text[token.len];
}
