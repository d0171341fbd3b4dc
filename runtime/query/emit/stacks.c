/* SPDX-License-Identifier: Apache-2.0 */
/* stack and profile: how often each stack was seen. */
#include <string.h>

#include "query/plan.h"

static bool has_key(const struct rp_query_plan *p, const char *name) {
    for (size_t i = 0; i < p->question->key_count; i++)
        if (!strcmp(p->question->keys[i], name))
            return true;
    return false;
}

static bool reads_stack(const struct rp_node *node) {
    return rp_node_reads(node, "stack") || rp_node_reads(node, "kstack") ||
           rp_node_reads(node, "ustack");
}

static bool reads_user_stack(const struct rp_node *node) {
    return rp_node_reads(node, "ustack") || rp_node_reads_user_address(node);
}

static bool has_user_key(const struct rp_query_plan *p) {
    for (size_t i = 0; i < p->keys.count; i++)
        if (reads_user_stack(p->keys.items[i].node))
            return true;
    return false;
}

/* Whether stacks are told apart by process. Names of a process's functions take knowing which one
 * it is; the kernel's stacks are one for all. */
static bool is_by_process(const struct rp_query_plan *p) {
    return p->question->verb == RP_VERB_PROFILE || has_key(p, "pid") || has_key(p, "ustack") ||
           rp_plan_has_user_stack(p) || has_user_key(p);
}

bool rp_plan_reads_stack(const struct rp_query_plan *p) {
    for (size_t i = 0; i < p->part_count; i++)
        if (rp_plan_reads_stack(&p->parts[i]))
            return true;
    if (p->part_count)
        return false;
    return p->question->verb != RP_VERB_STACK && p->question->verb != RP_VERB_PROFILE &&
           rp_plan_any(p, reads_stack);
}

bool rp_plan_names_user_stacks(const struct rp_query_plan *p) {
    for (size_t i = 0; i < p->part_count; i++)
        if (rp_plan_names_user_stacks(&p->parts[i]))
            return true;
    if (p->part_count)
        return false;
    if (p->question->verb == RP_VERB_STACK || p->question->verb == RP_VERB_PROFILE)
        return is_by_process(p) || rp_plan_any(p, rp_node_reads_user_address);
    return (rp_plan_has_user_stack(p) && rp_plan_reads_stack(p)) ||
           rp_plan_any(p, reads_user_stack);
}

static void write_types(const struct rp_query_plan *p) {
    fputs("struct key {\n"
          "    u32 pid;\n"
          "    int user_stack, kernel_stack; /* ids in `stacks`; negative: no stack */\n"
          "    char comm[16];\n",
          p->out);
    rp_write_interval_member(p);
    rp_write_members(p, &p->keys);
    fputs("};\n"
          "BPF_HASH(counts, struct key, u64, 40960);\n"
          "BPF_STACK_TRACE(stacks, 16384);\n"
          "BPF_ARRAY(missed, u64, 1); /* stacks that were not counted: `counts` was full */\n",
          p->out);
}

void rp_write_stacks(const struct rp_query_plan *p) {
    size_t s = p->pair ? 1 : 0;
    struct rp_name key = rp_own(p, "key");
    bool process = is_by_process(p), comm = process || has_key(p, "comm");
    const char *k = key.text, *context = rp_context(p, s);
    FILE *out = p->out;
    write_types(p);
    rp_write_first_half(p);
    fputs("\n", out);
    rp_write_begin(p, s);
    fprintf(out, "    struct key %s = {};\n", k);
    if (process)
        fprintf(out, "    %s.pid = bpf_get_current_pid_tgid() >> 32;\n", k);
    if (p->question->verb == RP_VERB_PROFILE)
        fprintf(out, "    if (!%s.pid)\n        return 0; /* the CPU's idle task */\n", k);
    if (process) {
        fprintf(out, "    see_process(%s.pid);\n", k);
        p->writing->uses |= RP_USES_SEE_PROCESS;
    }
    if (comm)
        fprintf(out, "    bpf_get_current_comm(&%s.comm, sizeof(%s.comm));\n", k, k);
    if (process)
        rp_write_user_stack(out, context, k, ".user_stack");
    else
        fprintf(out, "    %s.user_stack = -1;\n", k);
    if (p->points[0].spec.kind->in_files)
        fprintf(out, "    %s.kernel_stack = -1;\n", k);
    else
        fprintf(out, "    %s.kernel_stack = stacks.get_stackid(%s, 0);\n", k, context);
    rp_write_interval(p, k);
    char target[80];
    snprintf(target, sizeof(target), "%s.", k);
    rp_write_values(p, s, &p->keys, target);
    rp_write_increment(p, "counts");
    rp_write_end(p);
}
