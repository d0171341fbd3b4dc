/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libbcc (0.26 to 0.37) reads the kernel's memory at "task->files->fdt->fd[1]" from the wrong
 * address: it writes "&task->files->fdt->fd + 1" for what is behind a member.
 * "*(task->files->fdt->fd + 1)" means the same in C, and libbcc reads that from where it is. So all
 * subscripts behind an arrow are written that way, and "1[task->comm]", which ends libbcc; but for
 * "ctx->args[1]" of a raw tracepoint, where libbcc must see that what it gets is the kernel's, and
 * for macros and what they are given, where libbcc reads nothing: the kernel's verifier refuses
 * that, and tells of the line.
 */
#include "compile/subscripts.h"

#include <stdio.h>
#include <stdlib.h>

#include "compile/embedded.h"
#include "util/array.h"
#include "util/lexer.h"
#include "util/names.h"

#define DEPTH_MAX 64

struct speller {
    struct rp_lexer lexer;
    const char *copied; /* the text up to here is written */
    FILE *out;
    struct rp_token last, before_last, third_last; /* that were taken */
    bool in_address;                               /* the last is the bracket of "&(" */
    unsigned depth;
    struct rp_names contexts; /* of raw tracepoints */
    struct rp_names macros;   /* that take arguments */
};

static struct rp_token peek(const struct speller *s) {
    struct rp_lexer ahead = s->lexer;
    return rp_lex(&ahead);
}

static void copy_to(struct speller *s, const char *end) {
    fwrite(s->copied, 1, (size_t)(end - s->copied), s->out);
    s->copied = end;
}

static bool is_keyword(const struct rp_token *token) {
    static const char *const words[] = {
        "return", "sizeof", "if",       "while",  "for",        "switch",       "case",
        "else",   "do",     "goto",     "typeof", "__typeof__", "struct",       "union",
        "enum",   "const",  "volatile", "static", "inline",     "__attribute__"};
    for (size_t i = 0; i < RP_COUNT(words); i++)
        if (rp_token_is(token, words[i]))
            return true;
    return false;
}

static bool is_operand(const struct rp_token *token) {
    return (token->kind == RP_TOKEN_IDENT && !is_keyword(token)) ||
           token->kind == RP_TOKEN_NUMBER || rp_token_is(token, ")") || rp_token_is(token, "]");
}

/* "(struct x *)&a", "(u64)&a": not "(b) & a". */
static bool is_behind_cast(const struct speller *s) {
    static const char *const words[] = {"*",   "long", "int",   "char",  "short", "unsigned",
                                        "u64", "s64",  "u32",   "s32",   "u16",   "s16",
                                        "u8",  "s8",   "__u64", "__s64", "__u32"};
    const struct rp_token *t = &s->third_last;
    if (!rp_token_is(&s->before_last, ")"))
        return false;
    for (size_t i = 0; i < RP_COUNT(words); i++)
        if (rp_token_is(t, words[i]))
            return true;
    return t->len > 2 && !memcmp(t->text + t->len - 2, "_t", 2);
}

/* Whether a text of the prelude's defines a macro of that name with parameters. */
static bool defines(const char *text, const struct rp_token *name) {
    static const char mark[] = "#define ";
    for (const char *at = text; (at = strstr(at, mark));) {
        at += sizeof(mark) - 1;
        if (!strncmp(at, name->text, name->len) && at[name->len] == '(')
            return true;
    }
    return false;
}

static bool is_macro(const struct speller *s, const struct rp_token *name) {
    return name->kind == RP_TOKEN_IDENT &&
           (rp_names_has_n(&s->macros, name->text, name->len) ||
            defines(rp_embedded_snippets_h, name) || defines(rp_embedded_base_h, name) ||
            defines(rp_embedded_glue_h, name));
}

/* "&" in front of what comes next takes its address: it is not "a & b", and not "a && b". */
static bool is_address_taken(const struct speller *s) {
    if (rp_token_is(&s->last, "("))
        return s->in_address;
    if (!rp_token_is(&s->last, "&") || (is_operand(&s->before_last) && !is_behind_cast(s)))
        return false;
    return !rp_token_is(&s->before_last, "&") || s->before_last.text + 1 != s->last.text;
}

static struct rp_token take(struct speller *s) {
    bool address = is_address_taken(s);
    struct rp_token token = rp_lex(&s->lexer);
    s->in_address = address && rp_token_is(&token, "(");
    s->third_last = s->before_last;
    s->before_last = s->last;
    s->last = token;
    return token;
}

/* Behind the bracket that closes the one at `open`. */
static struct rp_lexer behind_group(struct rp_lexer lexer) {
    int depth = 0;
    for (struct rp_token t = rp_lex(&lexer); t.kind != RP_TOKEN_END; t = rp_lex(&lexer)) {
        depth += rp_token_is(&t, "(") + rp_token_is(&t, "[") + rp_token_is(&t, "{");
        depth -= rp_token_is(&t, ")") + rp_token_is(&t, "]") + rp_token_is(&t, "}");
        if (depth <= 0)
            return lexer;
    }
    return lexer;
}

static bool is_arrow(const struct rp_token *t, struct rp_lexer *lexer) {
    struct rp_lexer ahead = *lexer;
    struct rp_token next = rp_lex(&ahead);
    if (!rp_token_is(t, "-") || !rp_token_is(&next, ">") || t->text + 1 != next.text)
        return false;
    *lexer = ahead;
    return true;
}

/* Whether what is in the brackets that come next follows a pointer. */
static bool group_follows(struct rp_lexer lexer) {
    struct rp_lexer end = behind_group(lexer);
    struct rp_token open = rp_lex(&lexer), t = rp_lex(&lexer);
    bool follows = rp_token_is(&open, "(") && rp_token_is(&t, "*");
    for (; !follows && lexer.p < end.p && t.kind != RP_TOKEN_END; t = rp_lex(&lexer))
        follows = is_arrow(&t, &lexer);
    return follows;
}

/* How many subscripts stand behind an arrow in the primary expression that comes next. */
static unsigned count_subscripts(const struct speller *s) {
    struct rp_lexer lexer = s->lexer, ahead = lexer;
    struct rp_token t = rp_lex(&ahead);
    bool group = rp_token_is(&t, "(");
    bool arrow = group ? group_follows(lexer) : t.kind == RP_TOKEN_NUMBER;
    unsigned count = 0;
    lexer = group ? behind_group(lexer) : ahead;
    for (;;) {
        ahead = lexer;
        t = rp_lex(&ahead);
        if (rp_token_is(&t, "(") || rp_token_is(&t, "[")) {
            lexer = behind_group(lexer);
            count += arrow && rp_token_is(&t, "[") && lexer.p[-1] == ']';
        } else if (rp_token_is(&t, ".") || is_arrow(&t, &ahead)) {
            arrow |= !rp_token_is(&t, ".");
            rp_lex(&ahead);
            lexer = ahead;
        } else {
            return count;
        }
    }
}

static void spell(struct speller *s, const char *end);

/* Brackets and all in them. */
static void spell_group(struct speller *s) {
    const char *end = behind_group(s->lexer).p;
    bool has_arrow = memmem(s->lexer.p, (size_t)(end - s->lexer.p), "->", 2);
    bool of_macro = has_arrow && is_macro(s, &s->last);
    take(s);
    if (!of_macro)
        spell(s, end);
    while (s->lexer.p < end)
        take(s);
}

static void spell_subscript(struct speller *s) {
    const char *end = behind_group(s->lexer).p;
    copy_to(s, take(s).text);
    fputs(" + (", s->out);
    s->copied++;
    spell(s, end - 1);
    copy_to(s, end - 1);
    fputs(")))", s->out);
    take(s);
    s->copied = end;
}

/* "a->b[i].c", of which `count` subscripts are to be written in the other way. */
static void spell_postfix(struct speller *s, unsigned count) {
    struct rp_token first = peek(s);
    copy_to(s, first.text);
    for (unsigned i = 0; i < count; i++)
        fputs("(*(", s->out);
    bool group = rp_token_is(&first, "(");
    bool arrow = group ? group_follows(s->lexer) : first.kind == RP_TOKEN_NUMBER;
    if (group)
        spell_group(s);
    else
        take(s);
    while (count) {
        struct rp_lexer ahead = s->lexer;
        struct rp_token t = rp_lex(&ahead);
        if (arrow && rp_token_is(&t, "[")) {
            spell_subscript(s);
            count--;
        } else if (rp_token_is(&t, "(") || rp_token_is(&t, "[")) {
            spell_group(s);
        } else {
            arrow |= is_arrow(&t, &ahead);
            while (s->lexer.p < ahead.p)
                take(s);
            take(s);
        }
    }
}

static bool begins_primary(const struct speller *s, const struct rp_token *t) {
    bool member = rp_token_is(&s->last, ".") ||
                  (rp_token_is(&s->last, ">") && rp_token_is(&s->before_last, "-"));
    return !member && ((t->kind == RP_TOKEN_IDENT && !is_keyword(t)) ||
                       t->kind == RP_TOKEN_NUMBER || rp_token_is(t, "("));
}

/* "#define NAME(" */
static void find_macro(struct speller *s, struct rp_lexer lexer) {
    struct rp_token define = rp_lex(&lexer), name = rp_lex(&lexer);
    if (rp_token_is(&define, "define") && name.kind == RP_TOKEN_IDENT && lexer.p < lexer.end &&
        *lexer.p == '(')
        rp_names_add(&s->macros, name.text, name.len);
}

/* "struct bpf_raw_tracepoint_args *ctx", or what RAW_TRACEPOINT_PROBE() makes of it; and macros. */
static void find_names(struct speller *s) {
    struct rp_lexer lexer = s->lexer;
    for (struct rp_token t = rp_lex(&lexer); t.kind != RP_TOKEN_END; t = rp_lex(&lexer)) {
        if (t.first && rp_token_is(&t, "#"))
            find_macro(s, lexer);
        if (rp_token_is(&t, "RAW_TRACEPOINT_PROBE"))
            rp_names_add(&s->contexts, "ctx", 3);
        struct rp_lexer ahead = lexer;
        struct rp_token star = rp_lex(&ahead), name = rp_lex(&ahead);
        if (rp_token_is(&t, "bpf_raw_tracepoint_args") && rp_token_is(&star, "*") &&
            name.kind == RP_TOKEN_IDENT)
            rp_names_add(&s->contexts, name.text, name.len);
    }
}

/* Up to `end`. */
static void spell(struct speller *s, const char *end) {
    if (++s->depth > DEPTH_MAX)
        s->lexer.p = end;
    while (s->lexer.p < end) {
        struct rp_token t = peek(s);
        if (t.kind == RP_TOKEN_END || t.text >= end)
            break;
        bool is_value = begins_primary(s, &t) && !is_address_taken(s) &&
                        !rp_names_has_n(&s->contexts, t.text, t.len);
        unsigned count = is_value ? count_subscripts(s) : 0;
        if (t.first && rp_token_is(&t, "#")) {
            take(s);
            rp_skip_directive(&s->lexer);
        } else if (count) {
            spell_postfix(s, count);
        } else if (rp_token_is(&t, "(") && s->last.kind == RP_TOKEN_IDENT) {
            spell_group(s);
        } else {
            take(s);
        }
    }
    s->depth--;
}

char *rp_spell_subscripts(const char *text) {
    char *spelled = NULL;
    size_t size;
    struct speller s = {.lexer = {.p = text, .end = text + strlen(text), .line_start = true},
                        .copied = text,
                        .out = open_memstream(&spelled, &size)};
    if (!s.out)
        return NULL;
    find_names(&s);
    spell(&s, s.lexer.end);
    rp_names_clear(&s.contexts);
    rp_names_clear(&s.macros);
    copy_to(&s, s.lexer.end);
    fclose(s.out);
    return spelled;
}
