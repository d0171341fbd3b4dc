/* SPDX-License-Identifier: Apache-2.0 */
/* count, hist and latency: sums in maps. */
#include <inttypes.h>
#include <string.h>

#include "query/plan.h"
#include "util/cleanup.h"

void rp_write_count(const struct rp_query_plan *p) {
    struct rp_name counts = rp_own(p, "counts");
    if (rp_has_key(p)) {
        rp_write_key_type(p, NULL);
        fprintf(p->out, "BPF_HASH(%s, struct key, u64);\n" RP_MISSED_MAP, counts.text);
    } else {
        fprintf(p->out, "BPF_ARRAY(%s, u64, 1);\n", counts.text);
    }
    rp_write_first_half(p);
    for (size_t s = p->pair ? 1 : 0; s < p->point_count; s++) {
        fputs("\n", p->out);
        rp_write_begin(p, s);
        if (rp_has_key(p)) {
            rp_write_key(p, s);
            rp_write_increment(p, counts.text);
        } else {
            fprintf(p->out, "    %s.atomic_increment(0);\n", counts.text);
        }
        rp_write_end(p);
    }
}

/* ------------------------------------------------------------------ histograms */

bool rp_has_negative(const struct rp_query_plan *p) {
    const struct rp_node *number = p->number.node;
    return number && p->question->verb == RP_VERB_HIST && !p->question->linear &&
           number->type->is_signed;
}

/* bpf_log2l() of numbers from 2^63 on is 64. */
static bool may_be_huge(const struct rp_query_plan *p) {
    const struct rp_node *number = p->number.node;
    return number && !number->type->is_signed && number->type->size == sizeof(uint64_t);
}

static void write_maps(const struct rp_query_plan *p) {
    bool linear = p->question->linear;
    struct rp_name dist = rp_own(p, linear ? "dist_linear" : "dist");
    if (linear || rp_has_key(p)) {
        rp_write_key_type(p, linear ? "s64 slot; /* the lower end of the bucket */"
                                    : "u64 slot; /* log2 of the value */");
        fprintf(p->out, "BPF_HASH(%s, struct key, u64);\n" RP_MISSED_MAP, dist.text);
    } else {
        fprintf(p->out, may_be_huge(p) ? "BPF_HISTOGRAM(%s, int, 65);\n" : "BPF_HISTOGRAM(%s);\n",
                dist.text);
    }
    if (rp_has_negative(p))
        fputs("BPF_ARRAY(negative, u64, 1); /* negative values: not in the histogram */\n", p->out);
}

static void write_slot(const struct rp_query_plan *p, const char *number) {
    const struct rp_question *q = p->question;
    struct rp_name key = rp_own(p, "key"), value = rp_own(p, "value");
    if (!q->linear) {
        fprintf(p->out, "    %s.slot = bpf_log2l(%s);\n", key.text, number);
        return;
    }
    fprintf(p->out, "    s64 %s = %s;\n", value.text, number);
    if (may_be_huge(p)) /* it has no sign */
        fprintf(p->out, "    if (%s < 0)\n        %s = 0x7fffffffffffffff;\n", value.text,
                value.text);
    fprintf(p->out,
            "    if (%s < %" PRId64 ")\n"
            "        %s.slot = %" PRId64 ";\n"
            "    else if (%s >= %" PRId64 ")\n"
            "        %s.slot = %" PRId64 ";\n"
            "    else\n"
            "        %s.slot = ",
            value.text, q->low, key.text, q->low - q->step, value.text, q->high, key.text, q->high,
            key.text);
    if (q->low)
        fprintf(p->out, "%s - (u64)(%s - %s%" PRId64 "%s) %% %" PRId64 ";\n", value.text,
                value.text, q->low < 0 ? "(" : "", q->low, q->low < 0 ? ")" : "", q->step);
    else
        fprintf(p->out, "%s - (u64)%s %% %" PRId64 ";\n", value.text, value.text, q->step);
}

static void write_sum(const struct rp_query_plan *p, const char *number) {
    size_t s = p->pair ? 1 : 0;
    if (p->question->linear || rp_has_key(p)) {
        rp_write_key(p, s);
        write_slot(p, number);
        rp_write_increment(p, rp_own(p, p->question->linear ? "dist_linear" : "dist").text);
    } else {
        fprintf(p->out, "    %s.atomic_increment(bpf_log2l(%s));\n", rp_own(p, "dist").text,
                number);
    }
}

const char *rp_write_number(const struct rp_query_plan *p) {
    struct rp_code number = rp_reads_value(&p->writing->reads, p->number.node);
    if (number.unread)
        fprintf(p->out,
                "    if (%s) {\n"
                "        unread_number.atomic_increment(0);\n"
                "        return 0;\n"
                "    }\n",
                number.unread);
    return number.text;
}

/* In a variable of its own where it stands twice. */
static const char *write_positive(const struct rp_query_plan *p) {
    struct rp_reads *reads = &p->writing->reads;
    const char *text = rp_write_number(p);
    if (!rp_has_negative(p))
        return text;
    if (strcspn(text, " (") < strlen(text)) {
        const char *name = rp_reads_name(reads, "value");
        RP_AUTO_FREE char *local = rp_c_type_declare(p->number.node->type, name);
        fprintf(p->out, "    %s = %s;\n", local ? local : "", text);
        text = name;
    }
    fprintf(p->out,
            "    if (%s < 0) {\n"
            "        negative.atomic_increment(0);\n"
            "        return 0;\n"
            "    }\n",
            text);
    return text;
}

void rp_write_hist(const struct rp_query_plan *p) {
    write_maps(p);
    rp_write_first_half(p);
    fputs("\n", p->out);
    rp_write_begin(p, p->pair ? 1 : 0);
    write_sum(p, write_positive(p));
    rp_write_end(p);
}

void rp_write_latency(const struct rp_query_plan *p) {
    struct rp_name dist = rp_own(p, "dist");
    char number[80];
    snprintf(number, sizeof(number), "%s / 1000", rp_own(p, "ns").text);
    if (rp_has_key(p)) {
        rp_write_key_type(p, "u64 slot; /* log2 of microseconds */");
        fprintf(p->out, "BPF_HASH(%s, struct key, u64);\n" RP_MISSED_MAP, dist.text);
    } else {
        fprintf(p->out, "BPF_HISTOGRAM(%s); /* microseconds */\n", dist.text);
    }
    rp_write_call(p);
    fputs("\n", p->out);
    rp_write_begin(p, 1);
    write_sum(p, number);
    rp_write_end(p);
}
