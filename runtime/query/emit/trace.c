/* SPDX-License-Identifier: Apache-2.0 */
/* trace: a record each time. */
#include "query/plan.h"

void rp_write_trace(const struct rp_query_plan *p) {
    struct rp_name event = rp_own(p, "event"), events = rp_own(p, "events");
    size_t s = p->pair ? 1 : 0;
    char target[80];
    snprintf(target, sizeof(target), "%s->", event.text);
    fputs("struct event {\n    u32 pid;\n    char comm[16];\n", p->out);
    rp_write_members(p, &p->columns);
    fprintf(p->out, "};\nBPF_RINGBUF_OUTPUT(%s, 64);\n", events.text);
    rp_write_first_half(p);
    fputs("\n", p->out);
    rp_write_begin(p, s);
    fprintf(p->out,
            "    struct event *%s = %s.ringbuf_reserve(sizeof(struct event));\n"
            "    if (!%s)\n"
            "        return 0; /* the buffer is full: counted as lost */\n",
            event.text, events.text, event.text);
    fprintf(p->out,
            "    %s->pid = bpf_get_current_pid_tgid() >> 32;\n"
            "    bpf_get_current_comm(&%s->comm, sizeof(%s->comm));\n",
            event.text, event.text, event.text);
    rp_write_values(p, &p->columns, target);
    fprintf(p->out, "    %s.ringbuf_submit(%s, 0);\n", events.text, event.text);
    rp_write_end(p);
}
