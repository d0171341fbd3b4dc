/* SPDX-License-Identifier: Apache-2.0 */
/* A question becomes a program. */
#include <stdlib.h>
#include <string.h>

#include "ask/write.h"
#include "util/cleanup.h"
#include "util/error.h"

#define AUTO_PROGRAM RP_AUTO(rp_program_clear)
#define AUTO_WRITTEN RP_AUTO(cleanup_written)
static void cleanup_written(struct rp_written **written) {
    rp_written_free(*written);
}

void rp_written_free(struct rp_written *written) {
    if (!written)
        return;
    free(written->text);
    free(written->neutral);
    for (size_t i = 0; i < written->attach_count; i++) {
        free(written->attach[i].function);
        free(written->attach[i].spec);
    }
    free(written->attach);
    for (size_t i = 0; i < written->header_count; i++)
        free(written->headers[i]);
    free(written->headers);
    free(written->title);
    free(written->note);
    free(written);
}

/* ------------------------------------------------------------------ the text */

/* A comment cannot hold its own end. */
static void write_in_comment(FILE *out, const char *text) {
    for (; *text; text++) {
        putc(*text, out);
        if (*text == '*' && text[1] == '/')
            putc(' ', out);
    }
}

static bool names_all(const struct rp_answer *p) {
    for (size_t i = 0; i < p->site_count; i++)
        if (!p->sites[i].names_itself)
            return false;
    return true;
}

static void write_comment(const struct rp_answer *p) {
    RP_AUTO_FREE char *line = rp_question_line(p->question);
    FILE *out = p->out;
    if (names_all(p)) {
        fputs("/* ", out);
        write_in_comment(out, line ? line : "");
        fputs(" */\n", out);
        return;
    }
    fputs("/*\n * ", out);
    write_in_comment(out, line ? line : "");
    fputs("\n * reprobe run", out);
    for (size_t i = 0; i < p->site_count; i++)
        if (!p->sites[i].names_itself) {
            fprintf(out, " -a '%s=", p->sites[i].function);
            write_in_comment(out, p->sites[i].text);
            fputs("'", out);
        }
    fputs(" FILE\n */\n", out);
}

static bool compares_text(const struct rp_answer *p) {
    for (size_t i = 0; i < p->clause_count; i++)
        if (p->clauses[i].compared_count)
            return true;
    return false;
}

static bool reads_stack(const struct rp_answer *p, const char *text) {
    return text && rp_reads(text, "stack") &&
           !rp_argument_find(rp_program_entry(p)->arguments, "stack");
}

static bool needs_stacks(const struct rp_answer *p) {
    const struct rp_question *q = p->question;
    bool needs = reads_stack(p, q->condition);
    for (size_t i = 0; i < q->expr_count; i++)
        needs |= reads_stack(p, q->exprs[i]);
    for (size_t i = 0; i < q->key_count; i++)
        needs |= reads_stack(p, q->keys[i]);
    return needs && q->verb != RP_ASK_STACK && q->verb != RP_ASK_PROFILE;
}

static void write_helpers(const struct rp_answer *p) {
    if (needs_stacks(p))
        fputs("BPF_STACK_TRACE(stacks, 16384);\n", p->out);
    if (compares_text(p))
        fputs("\n/* Whether `text` is `wanted`, which has `size` bytes, its end included. */\n"
              "static bool is_text(const char *text, const char *wanted, int size)\n"
              "{\n"
              "#pragma unroll\n"
              "    for (int i = 0; i < size; i++)\n"
              "        if (text[i] != wanted[i])\n"
              "            return false;\n"
              "    return true;\n"
              "}\n\n",
              p->out);
}

static void write_verb(const struct rp_answer *p) {
    switch (p->question->verb) {
    case RP_ASK_TRACE:
        rp_write_trace(p);
        return;
    case RP_ASK_COUNT:
        rp_write_count(p);
        return;
    case RP_ASK_HIST:
        rp_write_hist(p);
        return;
    case RP_ASK_LATENCY:
        rp_write_latency(p);
        return;
    default:
        rp_write_stacks(p);
    }
}

static char *write_text(struct rp_answer *p, bool neutral) {
    char *text = NULL;
    size_t size;
    p->neutral = neutral;
    p->out = open_memstream(&text, &size);
    if (!p->out)
        return NULL;
    if (!neutral)
        write_comment(p);
    write_helpers(p);
    write_verb(p);
    bool failed = ferror(p->out);
    fclose(p->out);
    p->out = NULL;
    if (!failed)
        return text;
    free(text);
    return NULL;
}

/* ------------------------------------------------------------------ what goes with it */

static char *write_title(const struct rp_answer *p) {
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    if (!out)
        return NULL;
    for (size_t i = 0; i < p->site_count; i++) {
        const struct rp_site *site = &p->sites[i];
        bool plain = site->is_pattern || (p->pair && i) || !site->spec.target ||
                     (site->arguments->known && !site->arguments->count &&
                      !rp_spec_is_kernel_function(&site->spec));
        RP_AUTO_FREE char *one =
            plain ? strdup(site->text) : rp_arguments_signature(site->text, site->arguments);
        fprintf(out, "%s%s", i ? ", " : "", one ? one : site->text);
    }
    fclose(out);
    return text;
}

/* The return of a call comes first: what is found at an entry will be seen to end. */
static bool set_attach(const struct rp_answer *p, struct rp_written *written) {
    written->attach = calloc(p->site_count, sizeof(*written->attach));
    for (size_t i = 0; written->attach && i < p->site_count; i++) {
        const struct rp_site *site = &p->sites[p->pair ? 1 - i : i];
        written->attach[i].function = strdup(site->function);
        written->attach[i].spec = strdup(site->text);
        written->attach_count = i + 1;
        if (!written->attach[i].function || !written->attach[i].spec)
            return false;
    }
    return written->attach;
}

static bool set_headers(const struct rp_answer *p, struct rp_written *written) {
    written->headers = calloc(p->columns.count + 1, sizeof(*written->headers));
    for (size_t i = 0; written->headers && i < p->columns.count; i++) {
        written->headers[i] = strdup(p->columns.list[i].text);
        if (!written->headers[i])
            return false;
        written->header_count = i + 1;
    }
    return written->headers;
}

struct rp_error *rp_question_write(const struct rp_question *question, struct rp_written **out) {
    AUTO_PROGRAM struct rp_answer program = {0};
    RP_TRY(rp_plan(question, &program));
    AUTO_WRITTEN struct rp_written *written = calloc(1, sizeof(*written));
    if (!written)
        return rp_error_nomem();
    written->text = write_text(&program, false);
    written->neutral = write_text(&program, true);
    written->title = write_title(&program);
    written->note = rp_take(program.note);
    if (!written->text || !written->neutral || !written->title || !set_attach(&program, written) ||
        !set_headers(&program, written))
        return rp_error_nomem();
    *out = rp_take(written);
    return NULL;
}
