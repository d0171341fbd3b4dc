/* SPDX-License-Identifier: Apache-2.0 */
#include "query/tree/habits.h"

#include <string.h>

#include "util/array.h"

#define A_VERB "it is a question of its own: "

static const struct {
    const char *word, *hint;
} habits[] = {
    {"args", "arguments and fields have their own names here: filename, not args->filename"},
    {"ctx", "arguments and fields have their own names here: filename, not ctx->filename"},
    {"retval", "what is returned is `ret`"},
    {"probe", "where a question has several probes, each row says which"},
    {"func", "where a question has several probes, each row says which"},
    {"and", "conditions are joined by &&"},
    {"or", "conditions are joined by ||"},
    {"not", "what is not true is !COND"},
    {"where", "a condition stands behind `if`"},
    {"when", "a condition stands behind `if`"},
    {"group", "keys stand behind `by`"},
    {"limit", "so many events: `until N`; so many rows: `top N PROBE`"},
    {"printf", "a text of one's own: print \"{comm} opens {filename}\""},
    {"print", "a text of one's own: print \"{comm} opens {filename}\""},
    {"count", A_VERB "count PROBE by KEY"},
    {"sum", A_VERB "sum PROBE EXPR by KEY"},
    {"avg", A_VERB "avg PROBE EXPR by KEY"},
    {"min", A_VERB "min PROBE EXPR by KEY"},
    {"max", A_VERB "max PROBE EXPR by KEY"},
    {"stats", A_VERB "stats PROBE EXPR by KEY"},
    {"hist", A_VERB "hist PROBE EXPR by KEY"},
    {"quantize", A_VERB "hist PROBE EXPR by KEY"},
    {"lhist", A_VERB "hist PROBE EXPR linear(LOW,HIGH,STEP)"},
    {"exit", "it ends with `until N` or `until COND`"},
    {"=~", "a pattern is compared by ~: comm ~ \"ba*\""},
    {"@", "questions keep their numbers themselves: count, sum and hist, `by` a key"},
};

const char *rp_habit_hint(const char *word, size_t length) {
    for (size_t i = 0; i < RP_COUNT(habits); i++)
        if (strlen(habits[i].word) == length && !memcmp(habits[i].word, word, length))
            return habits[i].hint;
    return NULL;
}
