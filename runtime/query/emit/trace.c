/* SPDX-License-Identifier: Apache-2.0 */
/* trace: a record each time. */
#include "query/plan.h"

static void write_type(const struct rp_query_plan *p) {
    fputs("struct event {\n", p->out);
    if (p->part_count)
        fputs("    u64 place; /* number of the probe */\n"
              "    u32 absent; /* bits of those that the probe does not have */\n",
              p->out);
    if (p->part_count || rp_has_task(p))
        fputs("    u32 pid;\n    char comm[16];\n", p->out);
    rp_write_members(p, &p->columns);
    fputs("};\n", p->out);
}

/* Of the first columns, pid and comm, and of those behind them. */
static unsigned absent_bits(const struct rp_query_plan *part) {
    unsigned bits = rp_has_task(part) ? 0 : 3;
    for (size_t i = 0; i < part->columns.count; i++)
        bits |= part->columns.items[i].is_absent ? 4U << i : 0;
    return bits;
}

/* Which of several probes it is. */
static void write_place(const struct rp_query_plan *part, const char *target) {
    unsigned long long first = (unsigned long long)(part->first_point + part->pair) << 32;
    fprintf(part->out, "    %splace = 0x%llx%s;\n    %sabsent = %u;\n", target, first,
            part->points[0].is_pattern ? " | bpf_get_attach_cookie(ctx)" : "", target,
            absent_bits(part));
    if (!rp_has_task(part))
        fprintf(part->out, "    %spid = 0;\n    __builtin_memset(%scomm, 0, sizeof(%scomm));\n",
                target, target, target);
}

static void write_values(const struct rp_query_plan *p, size_t s, const char *target) {
    const struct rp_query_plan *whole = p->part ? p->whole : p;
    if (p->part)
        write_place(p, target);
    if (rp_has_task(p))
        rp_write_task(p, s, target);
    if (rp_values_may_fail(&whole->columns))
        fprintf(p->out, "    %sunread = 0;\n", target);
    rp_write_values(p, s, &p->columns, target);
}

/* The reader of an iterator waits for each row: none is lost. */
static void write_row(const struct rp_query_plan *p, size_t s) {
    struct rp_name event = rp_own(p, "event");
    char target[80];
    snprintf(target, sizeof(target), "%s.", event.text);
    fputs("\n", p->out);
    rp_write_begin(p, s);
    fprintf(p->out, "    struct event %s = {};\n", event.text);
    write_values(p, s, target);
    rp_write_row(p, s, event.text);
    rp_write_end(p);
}

static void write_map(const struct rp_query_plan *p) {
    fprintf(p->out, "BPF_RINGBUF_OUTPUT(%s, 64);\n", rp_own(p, "events").text);
}

static void write_event(const struct rp_query_plan *p, size_t s) {
    const struct rp_query_plan *whole = p->part ? p->whole : p;
    struct rp_name event = rp_own(p, "event"), events = rp_own(whole, "events");
    char target[80];
    snprintf(target, sizeof(target), "%s->", event.text);
    rp_write_first_half(p);
    fputs("\n", p->out);
    rp_write_begin(p, s);
    fprintf(p->out,
            "    struct event *%s = %s.ringbuf_reserve(sizeof(struct event));\n"
            "    if (!%s)\n"
            "        return 0; /* the buffer is full: counted as lost */\n",
            event.text, events.text, event.text);
    write_values(p, s, target);
    fprintf(p->out, "    %s.ringbuf_submit(%s, 0);\n", events.text, event.text);
    rp_write_end(p);
}

static void write_parts(const struct rp_query_plan *p) {
    write_map(p);
    for (size_t i = 0; i < p->part_count; i++) {
        struct rp_query_plan *part = &p->parts[i];
        part->out = p->out;
        part->writing = p->writing;
        part->neutral = p->neutral;
        write_event(part, part->pair ? 1 : 0);
    }
}

void rp_write_trace(const struct rp_query_plan *p) {
    size_t s = p->pair ? 1 : 0;
    write_type(p);
    if (p->part_count) {
        write_parts(p);
    } else if (p->points[s].spec.kind->write_row) {
        write_row(p, s);
    } else {
        write_map(p);
        write_event(p, s);
    }
}
