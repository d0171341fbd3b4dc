/* SPDX-License-Identifier: Apache-2.0 */
/* sample 1/N and until N: how many events have come, of all CPUs together. */
#include <inttypes.h>

#include "query/plan.h"

static void write_counted(const struct rp_query_plan *p, const char *map, const char *what,
                          const char *function, const char *operation, uint64_t number) {
    fprintf(p->out,
            "BPF_ARRAY(%s, u64, 1); /* %s */\n"
            "\n"
            "static bool %s(void)\n"
            "{\n"
            "    int none = 0;\n"
            "    u64 *count = %s.lookup(&none);\n"
            "    return !count || __sync_fetch_and_add(count, 1) %s %" PRIu64 ";\n"
            "}\n\n",
            map, what, function, map, operation, number);
}

void rp_write_limit_maps(const struct rp_query_plan *p) {
    const struct rp_question *q = p->question;
    if (q->sample)
        write_counted(p, RP_MAP_SAMPLED, "events: the first of each so many is taken", "is_skipped",
                      "%", q->sample);
    if (q->until)
        write_counted(p, RP_MAP_TAKEN, "events: only the first of them are taken", "is_late",
                      ">=", q->until);
}

void rp_write_limits(const struct rp_query_plan *p) {
    const struct rp_question *q = p->question;
    if (q->sample)
        fputs("    if (is_skipped())\n        return 0;\n", p->out);
    if (q->until)
        fputs("    if (is_late())\n        return 0;\n", p->out);
}
