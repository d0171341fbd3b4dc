/* SPDX-License-Identifier: Apache-2.0 */
/* trace: a record each time. */
#include "query/plan.h"

static void write_type(const struct rp_query_plan *p) {
    fputs("struct event {\n", p->out);
    if (rp_has_task(p))
        fputs("    u32 pid;\n    char comm[16];\n", p->out);
    rp_write_members(p, &p->columns);
    fputs("};\n", p->out);
}

static void write_values(const struct rp_query_plan *p, size_t s, const char *target) {
    if (rp_has_task(p))
        rp_write_task(p, s, target);
    if (rp_values_may_fail(&p->columns))
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

static void write_event(const struct rp_query_plan *p, size_t s) {
    struct rp_name event = rp_own(p, "event"), events = rp_own(p, "events");
    char target[80];
    snprintf(target, sizeof(target), "%s->", event.text);
    fprintf(p->out, "BPF_RINGBUF_OUTPUT(%s, 64);\n", events.text);
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

void rp_write_trace(const struct rp_query_plan *p) {
    size_t s = p->pair ? 1 : 0;
    write_type(p);
    if (p->points[s].spec.kind->write_row)
        write_row(p, s);
    else
        write_event(p, s);
}
