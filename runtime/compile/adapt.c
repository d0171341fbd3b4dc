/* SPDX-License-Identifier: Apache-2.0 */
#include "compile/adapt.h"

#include <stdio.h>
#include <string.h>

#include "compile/scan.h"

struct adapter {
    const char *path;
    const char *copied; /* the text up to here is in `out` */
    const char *line_start;
    unsigned line;
    FILE *out;
    struct callback {
        const char *args, *end; /* its parentheses; NULL: not at a callback */
        unsigned line;
    } callback;
};

static void copy_to(struct adapter *a, const char *end) {
    fwrite(a->copied, 1, (size_t)(end - a->copied), a->out);
    a->copied = end;
}

/* Moves on to `at`, and updates `line` and `line_start`. */
static void count_lines(struct adapter *a, const char *at) {
    for (const char *nl; (nl = memchr(a->line_start, '\n', (size_t)(at - a->line_start)));) {
        a->line_start = nl + 1;
        a->line++;
    }
}

/*
 * libbcc inserts the struct of a tracepoint and an attribute before a function, and declarations of
 * its arguments after its brace. Before and after the brace a line marker restores the line; the
 * rest of the line keeps its columns.
 */
static void mark_line(struct adapter *a, const char *at) {
    copy_to(a, at);
    count_lines(a, at);
    fprintf(a->out, "\n#line %u \"%s\"\n%*s", a->line, a->path, (int)(at - a->line_start), "");
}

/*
 * "out.ringbuf_output(array, …)": libbcc (0.26 to 0.37) takes the type that the argument points to
 * without checking that it is a pointer, and an array ends the process. "&(array)[0]" is a pointer,
 * and means the same if the argument is one already.
 */
static void spell_pointer(struct adapter *a, struct rp_lexer ahead) {
    struct rp_token open = rp_lex(&ahead), first = rp_lex(&ahead), t = first;
    if (!rp_token_is(&open, "(") || rp_token_is(&first, "&"))
        return;
    for (int depth = 0; depth || !rp_token_is(&t, ","); t = rp_lex(&ahead)) {
        depth += rp_token_is(&t, "(") + rp_token_is(&t, "[");
        depth -= rp_token_is(&t, ")") + rp_token_is(&t, "]");
        if (t.kind == RP_TOKEN_END || depth < 0)
            return;
    }
    copy_to(a, first.text);
    fprintf(a->out, "&(");
    copy_to(a, t.text);
    fprintf(a->out, ")[0]");
}

/*
 * "BPF_CALLBACK(…) {…}": puts the function that the kernel calls (prelude/callback.h) after the
 * body. If the macro defined it, its lines would be wrong, because libbcc inserts some right before
 * it; and libbcc does not look for kernel pointers in a body that is called before it is defined.
 */
static void begin_callback(struct adapter *a, const struct rp_token *name, struct rp_lexer ahead) {
    copy_to(a, name->text);
    count_lines(a, name->text);
    fputs(RP_ADAPT_CALLBACK, a->out);
    a->copied = name->text + name->len;
    rp_skip_parentheses(&ahead);
    a->callback = (struct callback){.args = a->copied, .end = ahead.p, .line = a->line};
}

static void end_callback(struct adapter *a, const char *end) {
    const struct callback *callback = &a->callback;
    copy_to(a, end);
    fprintf(a->out, "\n#line %u \"%s\"\nRP_WRAPPER%.*s", callback->line, a->path,
            (int)(callback->end - callback->args), callback->args);
    mark_line(a, end);
    a->callback.args = NULL;
}

char *rp_adapt(const char *path, const char *text) {
    char *adapted = NULL;
    size_t size;
    struct adapter a = {.path = path,
                        .copied = text,
                        .line_start = text,
                        .line = 1,
                        .out = open_memstream(&adapted, &size)};
    if (!a.out)
        return NULL;
    fprintf(a.out, "#line 1 \"%s\"\n", path);
    struct rp_lexer lx = {.p = text, .end = text + strlen(text), .line_start = true};
    struct rp_token before = {0};
    int depth = 0;
    for (struct rp_token t = rp_lex(&lx); t.kind != RP_TOKEN_END; before = t, t = rp_lex(&lx)) {
        if (t.first && rp_token_is(&t, "#")) {
            rp_skip_directive(&lx);
            continue;
        }
        if (rp_token_is(&t, "ringbuf_output") && rp_token_is(&before, "."))
            spell_pointer(&a, lx);
        if (rp_token_is(&t, "BPF_CALLBACK") && depth == 0)
            begin_callback(&a, &t, lx);
        if (rp_token_is(&t, "{") && depth++ == 0 && rp_token_is(&before, ")")) {
            mark_line(&a, t.text);
            mark_line(&a, t.text + 1);
        }
        if (rp_token_is(&t, "}") && --depth == 0 && a.callback.args)
            end_callback(&a, t.text + 1);
    }
    copy_to(&a, lx.end);
    fputc('\n', a.out);
    fclose(a.out);
    return adapted;
}
