/* SPDX-License-Identifier: Apache-2.0 */
/* sum, avg, min, max and stats: exact figures of a number, per CPU. Each verb gathers only what it
 * shows. */
#include <string.h>

#include "query/plan.h"

static bool is_unsigned(const struct rp_query_plan *p) {
    const struct rp_c_type *type = p->number.node->type;
    return !type->is_signed && type->size == sizeof(uint64_t);
}

static const char *struct_name(const struct rp_query_plan *p) {
    return is_unsigned(p) ? "rp_stats_u64" : "rp_stats_s64";
}

/* ------------------------------------------------------------------ what is declared */

/* Each extreme is the largest of what is never below 0, with which entries begin. */
static void write_type(const struct rp_query_plan *p, unsigned figures) {
    const char *of = is_unsigned(p) ? "number" : "number with its highest bit changed";
    fprintf(p->out, "struct %s {\n    u64 count;\n", struct_name(p));
    if (figures & (RP_FIGURE_SUM | RP_FIGURE_AVG))
        fputs(
            "    s64 low, middle, high; /* low + middle * 2^22 + high * 2^43 cannot overflow */\n",
            p->out);
    if (figures & RP_FIGURE_MAX)
        fprintf(p->out, "    u64 most; /* the largest %s */\n", of);
    if (figures & RP_FIGURE_MIN)
        fprintf(p->out, "    u64 least; /* the largest ~ of the %s */\n", of);
    fputs("};\n", p->out);
}

/* Another task may come in between where the kernel lets it: in programs of functions in files. */
static void write_raise(const struct rp_query_plan *p) {
    fputs("\n"
          "static bool raise(u64 *most, u64 value)\n"
          "{\n"
          "#pragma unroll\n"
          "    for (int i = 0; i < 8; i++) {\n"
          "        u64 before = *(volatile u64 *)most;\n"
          "        if (value <= before ||\n"
          "            __sync_val_compare_and_swap(most, before, value) == before)\n"
          "            return true;\n"
          "    }\n"
          "    return false;\n"
          "}\n",
          p->out);
}

static void write_sum(const struct rp_query_plan *p) {
    unsigned size = (unsigned)p->number.node->type->size;
    if (size <= 2) {
        fputs("    __sync_fetch_and_add(&stats->low, value);\n", p->out);
        return;
    }
    fputs("    __sync_fetch_and_add(&stats->low, value & 0x3fffff);\n", p->out);
    if (size <= 4)
        fputs("    __sync_fetch_and_add(&stats->middle, value >> 22);\n", p->out);
    else
        fputs("    __sync_fetch_and_add(&stats->middle, value >> 22 & 0x1fffff);\n"
              "    __sync_fetch_and_add(&stats->high, value >> 43);\n",
              p->out);
}

static void write_note(const struct rp_query_plan *p, unsigned figures) {
    const char *order = is_unsigned(p) ? "value" : "(u64)value ^ 1ULL << 63";
    fprintf(p->out,
            "\n"
            "static bool note(struct %s *stats, %s value)\n"
            "{\n",
            struct_name(p), is_unsigned(p) ? "u64" : "s64");
    if (figures & RP_FIGURE_MIN)
        fprintf(p->out, "    if (!raise(&stats->least, ~(%s)))\n        return false;\n", order);
    if (figures & RP_FIGURE_MAX)
        fprintf(p->out, "    if (!raise(&stats->most, %s))\n        return false;\n", order);
    if (figures & (RP_FIGURE_SUM | RP_FIGURE_AVG))
        write_sum(p);
    fputs("    __sync_fetch_and_add(&stats->count, 1);\n"
          "    return true;\n"
          "}\n",
          p->out);
}

static void write_declarations(const struct rp_query_plan *p, const char *map, unsigned figures) {
    write_type(p, figures);
    if (rp_has_key(p)) {
        rp_write_key_type(p, NULL);
        fprintf(p->out, "BPF_PERCPU_HASH(%s, struct key, struct %s);\n" RP_MISSED_MAP, map,
                struct_name(p));
    } else {
        fprintf(p->out, "BPF_PERCPU_ARRAY(%s, struct %s, 1);\n" RP_MISSED_MAP, map, struct_name(p));
    }
    if (figures & (RP_FIGURE_MIN | RP_FIGURE_MAX))
        write_raise(p);
    write_note(p, figures);
}

/* ------------------------------------------------------------------ the function */

void rp_write_stats(const struct rp_query_plan *p) {
    const char *name = NULL;
    unsigned figures = rp_plan_figures(p, &name);
    struct rp_name map = rp_own(p, name), key = rp_own(p, "key"), none = rp_own(p, "none"),
                   stats = rp_own(p, "stats");
    size_t s = p->pair ? 1 : 0;
    write_declarations(p, map.text, figures);
    rp_write_first_half(p);
    fputs("\n", p->out);
    rp_write_begin(p, s);
    const char *number = rp_write_number(p);
    if (rp_has_key(p)) {
        rp_write_key(p, s);
        fprintf(p->out, "    struct %s %s = {}, *%s = %s.lookup_or_try_init(&%s, &%s);\n",
                struct_name(p), none.text, stats.text, map.text, key.text, none.text);
    } else {
        fprintf(p->out, "    int %s = 0;\n    struct %s *%s = %s.lookup(&%s);\n", none.text,
                struct_name(p), stats.text, map.text, none.text);
    }
    fprintf(p->out,
            "    if (!%s || !note(%s, %s))\n"
            "        missed.atomic_increment(0);\n",
            stats.text, stats.text, number);
    rp_write_end(p);
}
