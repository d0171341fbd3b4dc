/* SPDX-License-Identifier: Apache-2.0 */
/* sample 1/N and until N: how many events have come, of all CPUs together; every TIME: in which
 * interval. */
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
    if (q->until_condition)
        fputs("BPF_ARRAY(" RP_MAP_TAKEN ", u64, 1); /* 1: the last event has come */\n"
              "\n"
              "static bool is_over(bool last)\n"
              "{\n"
              "    int none = 0;\n"
              "    u64 *ended = " RP_MAP_TAKEN ".lookup(&none);\n"
              "    if (!ended || *(volatile u64 *)ended)\n"
              "        return true;\n"
              "    return last && __sync_fetch_and_add(ended, 1);\n"
              "}\n\n",
              p->out);
    if (rp_has_interval(p))
        fputs("BPF_ARRAY(" RP_MAP_INTERVALS ", u32, 1); /* which one goes on; moved on from "
              "outside */\n"
              "\n"
              "static u32 this_interval(void)\n"
              "{\n"
              "    int none = 0;\n"
              "    u32 *number = " RP_MAP_INTERVALS ".lookup(&none);\n"
              "    return number ? *number : 0;\n"
              "}\n\n",
              p->out);
}

void rp_write_interval_member(const struct rp_query_plan *p) {
    if (rp_has_interval(p))
        fputs("    u32 interval;\n", p->out);
}

void rp_write_interval(const struct rp_query_plan *p, const char *key) {
    if (rp_has_interval(p))
        fprintf(p->out, "    %s.interval = this_interval();\n", key);
}

/* The first event of which it is true is taken, and none behind it. */
static void write_last(const struct rp_query_plan *p) {
    struct rp_reads *reads = &p->writing->reads;
    if (rp_node_may_fail(p->until)) {
        reads->missed = rp_reads_name(reads, "missed");
        fprintf(p->out, "    int %s = 0;\n", reads->missed);
    }
    struct rp_code last = rp_reads_condition(reads, p->until);
    const char *is_last = rp_reads_name(reads, "last");
    fprintf(p->out, "    bool %s = %s;\n", is_last, last.text);
    if (reads->missed)
        fprintf(p->out, "    if (!%s && %s)\n        unread_until.atomic_increment(0);\n", is_last,
                reads->missed);
    reads->missed = NULL;
    fprintf(p->out, "    if (is_over(%s))\n        return 0;\n", is_last);
}

void rp_write_limits(const struct rp_query_plan *p) {
    const struct rp_question *q = p->question;
    if (q->sample)
        fputs("    if (is_skipped())\n        return 0;\n", p->out);
    if (q->until)
        fputs("    if (is_late())\n        return 0;\n", p->out);
    if (p->until)
        write_last(p);
    else if (p->part && p->whole->question->until_condition)
        fputs("    if (is_over(false))\n        return 0;\n", p->out);
}
