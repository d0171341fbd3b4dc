/* SPDX-License-Identifier: Apache-2.0 */
#include "compile/scan.h"

#include <stdio.h>
#include <string.h>

/* A walk over the tokens that remembers the last few. */
struct walk {
    struct rp_lexer lx;
    struct rp_scan *scan;
    struct rp_token before[3]; /* the last one first */
};

static bool is_one_of(const struct rp_token *token, const char *const *words) {
    for (; *words; words++)
        if (rp_token_is(token, *words))
            return true;
    return false;
}

/* A word that may precede a name without declaring it. */
static bool is_no_type(const struct rp_token *token) {
    static const char *const words[] = {"return", "goto",   "case",     "else",   "sizeof",
                                        "struct", "union",  "enum",     "typeof", "do",
                                        "const",  "static", "volatile", "inline", "extern",
                                        "define", "undef",  "ifdef",    "ifndef", NULL};
    return token->kind != RP_TOKEN_IDENT || is_one_of(token, words);
}

static bool is_type_before_star(const struct walk *w) {
    static const char *const tag_words[] = {"struct", "union", "enum", NULL};
    static const char *const words[] = {"void", "char", "int", "long", "short", "unsigned", NULL};
    const struct rp_token *type = &w->before[1];
    return is_one_of(&w->before[2], tag_words) || is_one_of(type, words) ||
           (type->len > 2 && memcmp(type->text + type->len - 2, "_t", 2) == 0);
}

/* "u64 NAME =", "struct x *NAME;", "int NAME(", "BPF_HASH(NAME,": a name that the source declares
 * itself is not the kernel's, even if an enumerator has the same name. */
static bool is_declared(const struct walk *w, const struct rp_token *name) {
    if (name->kind != RP_TOKEN_IDENT)
        return false;
    struct rp_lexer ahead = w->lx;
    struct rp_token next = rp_lex(&ahead);
    if (next.kind != RP_TOKEN_PUNCT || !strchr("=;,()[", *next.text))
        return false;
    if (rp_token_is(&w->before[0], "*"))
        return is_type_before_star(w);
    if (rp_token_is(&w->before[0], "("))
        return w->before[1].len > 4 && memcmp(w->before[1].text, "BPF_", 4) == 0;
    return !is_no_type(&w->before[0]);
}

static struct rp_token take(struct walk *w) {
    struct rp_token token = rp_lex(&w->lx);
    if (token.kind == RP_TOKEN_IDENT)
        rp_names_add(&w->scan->mentioned, token.text, token.len);
    if (is_declared(w, &token))
        rp_names_add(&w->scan->declared, token.text, token.len);
    w->before[2] = w->before[1];
    w->before[1] = w->before[0];
    w->before[0] = token;
    return token;
}

static struct rp_token peek(const struct walk *w) {
    struct rp_lexer ahead = w->lx;
    return rp_lex(&ahead);
}

/* Behind "include": false if there is neither <FILE> nor "FILE". */
static bool scan_include(struct walk *w) {
    const char *p = w->lx.p;
    while (p < w->lx.end && (*p == ' ' || *p == '\t'))
        p++;
    if (p >= w->lx.end || (*p != '<' && *p != '"'))
        return false;
    char close = *p == '<' ? '>' : '"';
    const char *start = ++p;
    while (p < w->lx.end && *p != close && *p != '\n')
        p++;
    if (p >= w->lx.end || *p != close)
        return false;
    rp_names_add(&w->scan->includes, start, (size_t)(p - start));
    if (close == '"')
        rp_names_add(&w->scan->quoted, start, (size_t)(p - start));
    w->lx.p = p + 1;
    return true;
}

/* Behind the '#' of a directive that has a word: false if it may read a file that is not told. */
static bool scan_directive(struct walk *w) {
    static const char *const plain[] = {"undef", "if",   "ifdef",  "ifndef", "elif",    "elifdef",
                                        "endif", "else", "error",  "line",   "warning", "elifndef",
                                        "ident", "sccs", "pragma", NULL};
    struct rp_token word = take(w);
    if (rp_token_is(&word, "include"))
        return scan_include(w);
    if (!rp_token_is(&word, "define")) /* a line marker is a number */
        return word.kind == RP_TOKEN_NUMBER || is_one_of(&word, plain);
    struct rp_token name = take(w);
    if (name.kind == RP_TOKEN_IDENT)
        rp_names_add(&w->scan->defined, name.text, name.len);
    return true;
}

/* Other ways to write '#'. */
static bool is_other_hash(const struct walk *w, const struct rp_token *token) {
    size_t left = (size_t)(w->lx.end - token->text);
    return (left > 1 && memcmp(token->text, "%:", 2) == 0) ||
           (left > 2 && memcmp(token->text, "?\?=", 3) == 0);
}

/* The next one that is not of a directive's beginning. */
static struct rp_token next(struct walk *w) {
    for (;;) {
        struct rp_token token = take(w);
        if (!token.first || token.kind != RP_TOKEN_PUNCT)
            return token;
        struct rp_token word = peek(w);
        bool is_empty = word.first || word.kind == RP_TOKEN_END;
        if (is_other_hash(w, &token))
            w->scan->reads_more = true;
        if (!rp_token_is(&token, "#"))
            return token;
        if (!is_empty && !scan_directive(w))
            w->scan->reads_more = true;
    }
}

/* After "enum X {": the enumerators. */
static void scan_enumerators(struct walk *w) {
    bool at_name = true;
    for (int depth = 0;;) {
        struct rp_token token = next(w);
        if (token.kind == RP_TOKEN_END || (depth == 0 && rp_token_is(&token, "}")))
            return;
        if (rp_token_is(&token, "(") || rp_token_is(&token, "{"))
            depth++;
        else if (rp_token_is(&token, ")") || rp_token_is(&token, "}"))
            depth--;
        if (at_name && token.kind == RP_TOKEN_IDENT) {
            rp_names_add(&w->scan->defined, token.text, token.len);
            at_name = false;
        }
        if (depth == 0 && rp_token_is(&token, ","))
            at_name = true;
    }
}

/* Behind the { of a struct: what stands before ; , [ or : there. Those of structs in it are found
 * with it. */
static void scan_members(const struct walk *w) {
    struct rp_lexer lx = w->lx;
    struct rp_token last = {0};
    int depth = 0;
    for (struct rp_token token = rp_lex(&lx); token.kind != RP_TOKEN_END; token = rp_lex(&lx)) {
        depth += rp_token_is(&token, "{") - rp_token_is(&token, "}");
        if (depth <= 0)
            return;
        if (last.kind == RP_TOKEN_IDENT && token.kind == RP_TOKEN_PUNCT &&
            strchr(";,[:", *token.text))
            rp_names_add(&w->scan->members, last.text, last.len);
        last = token;
    }
}

/* After `struct`, `union` or `enum`. */
static void scan_tag(struct walk *w, bool is_enum) {
    struct rp_token name = peek(w);
    while (rp_token_is(&name, "__attribute__")) {
        next(w);
        rp_skip_parentheses(&w->lx);
        name = peek(w);
    }
    if (name.kind == RP_TOKEN_IDENT) {
        next(w);
        rp_names_add(&w->scan->tags, name.text, name.len);
    }
    struct rp_token brace = peek(w);
    if (!rp_token_is(&brace, "{"))
        return;
    if (name.kind == RP_TOKEN_IDENT)
        rp_names_add(&w->scan->defined, name.text, name.len);
    if (!is_enum) {
        scan_members(w);
        return;
    }
    next(w);
    scan_enumerators(w);
}

/* After `typedef`: the name is the one after "(*", or the last one outside braces and brackets. */
static void scan_typedef(struct walk *w) {
    struct rp_token name = {0};
    int braces = 0, others = 0;
    bool found = false;
    for (struct rp_token token = next(w), last = {0};; last = token, token = next(w)) {
        if (token.kind == RP_TOKEN_END)
            return;
        if (braces == 0 && others <= 0 && rp_token_is(&token, ";"))
            break;
        bool is_enum = rp_token_is(&token, "enum");
        if (is_enum || rp_token_is(&token, "struct") || rp_token_is(&token, "union")) {
            scan_tag(w, is_enum);
            continue;
        }
        braces += rp_token_is(&token, "{") - rp_token_is(&token, "}");
        others += rp_token_is(&token, "(") + rp_token_is(&token, "[");
        others -= rp_token_is(&token, ")") + rp_token_is(&token, "]");
        if (rp_token_is(&token, "__attribute__"))
            found = found || name.len;
        if (braces || found || token.kind != RP_TOKEN_IDENT)
            continue;
        if (others == 1 && rp_token_is(&last, "*"))
            found = true;
        if (others == 0 || found)
            name = token;
    }
    if (name.len)
        rp_names_add(&w->scan->defined, name.text, name.len);
}

/* "TRACEPOINT_PROBE(category, name)". */
static void scan_tracepoint(struct walk *w) {
    struct walk ahead = *w;
    struct rp_token open = next(&ahead), category = next(&ahead), comma = next(&ahead),
                    name = next(&ahead);
    if (!rp_token_is(&open, "(") || category.kind != RP_TOKEN_IDENT || !rp_token_is(&comma, ",") ||
        name.kind != RP_TOKEN_IDENT)
        return;
    char event[256];
    int len = snprintf(event, sizeof(event), "%.*s:%.*s", (int)category.len, category.text,
                       (int)name.len, name.text);
    if (len > 0 && (size_t)len < sizeof(event))
        rp_names_add(&w->scan->tracepoints, event, (size_t)len);
}

void rp_scan_text(struct rp_scan *scan, const char *text, size_t len) {
    struct walk w = {.lx = {.p = text, .end = text + len, .line_start = true}, .scan = scan};
    for (;;) {
        struct rp_token token = next(&w);
        if (token.kind == RP_TOKEN_END)
            return;
        if (rp_token_is(&token, "typedef"))
            scan_typedef(&w);
        else if (rp_token_is(&token, "enum"))
            scan_tag(&w, true);
        else if (rp_token_is(&token, "struct") || rp_token_is(&token, "union"))
            scan_tag(&w, false);
        else if (rp_token_is(&token, "TRACEPOINT_PROBE"))
            scan_tracepoint(&w);
    }
}

void rp_scan_clear(struct rp_scan *scan) {
    scan->reads_more = false;
    rp_names_clear(&scan->mentioned);
    rp_names_clear(&scan->defined);
    rp_names_clear(&scan->declared);
    rp_names_clear(&scan->members);
    rp_names_clear(&scan->tags);
    rp_names_clear(&scan->includes);
    rp_names_clear(&scan->quoted);
    rp_names_clear(&scan->tracepoints);
}
