/* SPDX-License-Identifier: Apache-2.0 */
/* A question as a line, as it can be typed again; and what is said of it. */
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "query/plan.h"
#include "query/question_parser.h"
#include "record/look.h"
#include "util/cleanup.h"
#include "util/error.h"
#include "util/text.h"

/* A C++ function's name may have white space outside parentheses, too. */
static void write_probe(FILE *out, const char *probe) {
    const char *quote = strchr(probe, '\'') ? "\"" : "'";
    /* One with both kinds came without. */
    if (rp_question_is_word(probe) || (*quote == '"' && strchr(probe, '"')))
        quote = "";
    fprintf(out, "%s%s%s", quote, probe, quote);
}

static void write_list(FILE *out, const char *before, char **list, size_t count) {
    for (size_t i = 0; i < count; i++)
        fprintf(out, "%s%s", i ? ", " : before, list[i]);
}

/* In the largest unit of which it is so many whole ones. */
static void write_every(FILE *out, const struct rp_question *q) {
    static const char *const units[] = {"h", "m", "s", "ms", "us", "ns"};
    size_t i = 0;
    while (q->every_ns % rp_unit_factor(units[i], strlen(units[i])))
        i++;
    fprintf(out, " every %" PRIu64 "%s", q->every_ns / rp_unit_factor(units[i], strlen(units[i])),
            units[i]);
    if (q->verb != RP_VERB_TOP && q->top)
        fprintf(out, " top %" PRIu64, q->top);
}

char *rp_question_line(const struct rp_question *question) {
    const struct rp_question *q = question;
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    if (!out)
        return NULL;
    fputs(rp_verb_name(q->verb), out);
    static const char profile[] = "profile:hz:";
    if (q->verb == RP_VERB_TOP && q->top)
        fprintf(out, " %" PRIu64, q->top);
    for (size_t i = 0; i < q->probe_count; i++) {
        bool number =
            q->verb == RP_VERB_PROFILE && strncmp(q->probes[i], profile, sizeof(profile) - 1) == 0;
        fputs(i && q->verb == RP_VERB_TRACE ? ", " : " ", out);
        write_probe(out, q->probes[i] + (number ? sizeof(profile) - 1 : 0));
    }
    if (q->print)
        fprintf(out, " print %s", q->print);
    else
        write_list(out, " ", q->exprs, q->expr_count);
    if (q->linear)
        fprintf(out, " linear(%" PRId64 ",%" PRId64 ",%" PRId64 ")", q->low, q->high, q->step);
    write_list(out, " matching ", q->matching, q->matching_count);
    write_list(out, " by ", q->keys, q->key_count);
    if (q->predicate)
        fprintf(out, " if %s", q->predicate);
    if (q->every_ns)
        write_every(out, q);
    if (q->sample)
        fprintf(out, " sample 1/%" PRIu64, q->sample);
    if (q->until)
        fprintf(out, " until %" PRIu64, q->until);
    if (q->until_condition)
        fprintf(out, " until %s", q->until_condition);
    fclose(out);
    return text;
}

struct rp_error *rp_cannot_answer(const struct rp_question *question, int errnum, const char *fmt,
                                  ...) {
    RP_AUTO_FREE char *line = rp_question_line(question);
    va_list args;
    va_start(args, fmt);
    RP_AUTO_FREE char *why = rp_text_of(fmt, args);
    va_end(args);
    return rp_error_new(errnum, why, "cannot answer `%s`", line ? line : "");
}
