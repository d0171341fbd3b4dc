/* SPDX-License-Identifier: Apache-2.0 */
/* Host programs that count stacks in the kernel, and print them at the end. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "compile/schema.h"
#include "flamegraph.h"
#include "reprobe_tool.h"
#include "tool.h"
#include "util/cleanup.h"
#include "util/error.h"
#include "util/opts.h"
#include "util/vec.h"

/* Stacks that differ only in the offsets within their functions count as one. */
struct sample {
    int32_t kernel, user; /* ids; below 0: there is none */
    uint32_t pid;
    char *comm; /* its own; "" when the key has none */
    uint64_t count;
    char *folded;
};

struct counter {
    const struct rp_stacks *stacks;
    struct rp_stack *stack; /* of the sample that is being printed */
    FILE *out;
    struct rp_flamegraph *graph;
    /* Of the map's key; NULL: it has none. */
    const struct rp_member_schema *kernel, *user, *pid, *comm;
    size_t value_size, value_count; /* see rp_map_sizes() */
    RP_VEC(struct sample) samples;
};

static void counter_clear(struct counter *c) {
    rp_flamegraph_free(c->graph);
    for (size_t i = 0; i < c->samples.count; i++) {
        free(c->samples.items[i].comm);
        free(c->samples.items[i].folded);
    }
    rp_vec_clear(&c->samples);
}

/* ------------------------------------------------------------------ the counts */

/* That the members are in the key, and of such types, is known of a schema. */
static struct rp_error *open_map(struct counter *c) {
    const char *map = c->stacks->map;
    const struct rp_map_schema *schema = rp_module_map_schema(c->stacks->module, map);
    size_t key_size;
    if (!schema || schema->means != RP_MEANS_STACKS)
        return rp_error_new(EINVAL, "it does not count stacks", "cannot print the map %s", map);
    c->kernel = rp_map_schema_member(schema, false, RP_MEMBER_KERNEL_STACK);
    c->user = rp_map_schema_member(schema, false, RP_MEMBER_USER_STACK);
    c->pid = rp_map_schema_member(schema, false, RP_MEMBER_PID);
    c->comm = rp_map_schema_member(schema, false, RP_MEMBER_COMM);
    return rp_map_sizes(c->stacks->module, map, &key_size, &c->value_size, &c->value_count);
}

static uint64_t number_at(const void *at, size_t size) {
    uint64_t wide = 0;
    uint32_t word;
    if (size == sizeof(wide))
        return memcpy(&wide, at, size), wide;
    memcpy(&word, at, sizeof(word));
    return word;
}

/* The number that the member is in the key; `none` when the key has no such member. */
static uint64_t member_of(const struct rp_member_schema *member, const void *key, uint64_t none) {
    return member ? number_at((const char *)key + member->offset, member->size) : none;
}

static struct rp_error *keep(void *ctx, const void *key, const void *value) {
    struct counter *c = ctx;
    const struct rp_stacks *stacks = c->stacks;
    const struct rp_map_schema *schema = rp_module_map_schema(stacks->module, stacks->map);
    if (stacks->interval && !rp_map_is_of_interval(schema, key, *stacks->interval))
        return NULL;
    size_t stride = (c->value_size + 7) / 8 * 8;
    struct sample sample = {.kernel = (int32_t)member_of(c->kernel, key, UINT64_MAX),
                            .user = (int32_t)member_of(c->user, key, UINT64_MAX),
                            .pid = (uint32_t)member_of(c->pid, key, 0)};
    for (size_t i = 0; i < c->value_count; i++)
        sample.count += number_at((const char *)value + i * stride, c->value_size);
    sample.comm =
        c->comm ? strndup((const char *)key + c->comm->offset, c->comm->size) : strdup("");
    if (sample.comm && rp_vec_push(&c->samples, sample))
        return NULL;
    free(sample.comm);
    return rp_error_nomem();
}

static void add_stack(struct counter *c, const struct rp_member_schema *member, int32_t id,
                      pid_t pid, const char *mark) {
    if (member)
        rp_stack_add(c->stack, member->stacks, id, pid, mark);
}

/* Names the stack of the sample, in c->stack. */
static void name_stack(struct counter *c, const struct sample *s) {
    const struct rp_stacks *stacks = c->stacks;
    const char *mark = stacks->annotate || stacks->as == RP_STACKS_SVG ? "_[k]" : "";
    rp_stack_clear(c->stack);
    add_stack(c, c->kernel, s->kernel, 0, mark);
    if (stacks->delimit && s->kernel >= 0 && s->user >= 0)
        rp_stack_add_line(c->stack, stacks->as == RP_STACKS_FOLDED ? "-" : "--");
    add_stack(c, c->user, s->user, (pid_t)s->pid, "");
}

static int compare_stacks(const void *a, const void *b) {
    const struct sample *left = a, *right = b;
    int order = (left->pid > right->pid) - (left->pid < right->pid);
    return order ? order : strcmp(left->folded, right->folded);
}

static int compare_counts(const void *a, const void *b) {
    const struct sample *left = a, *right = b;
    int order = (left->count > right->count) - (left->count < right->count);
    return order ? order : compare_stacks(a, b);
}

static struct rp_error *merge(struct counter *c) {
    struct sample *samples = c->samples.items;
    if (!c->samples.count)
        return NULL;
    for (size_t i = 0; i < c->samples.count; i++) {
        name_stack(c, &samples[i]);
        samples[i].folded = rp_stack_fold(c->stack, samples[i].comm, SIZE_MAX);
        if (!samples[i].folded)
            return rp_error_nomem();
    }
    qsort(samples, c->samples.count, sizeof(*samples), compare_stacks);
    size_t kept = 0;
    for (size_t i = 0; i < c->samples.count; i++) {
        struct sample *s = &samples[i], *last = kept ? &samples[kept - 1] : NULL;
        if (last && !compare_stacks(last, s)) {
            last->count += s->count;
            free(rp_take(s->folded));
            free(rp_take(s->comm));
        } else {
            struct sample sample = *s;
            s->folded = s->comm = NULL;
            samples[kept++] = sample;
        }
    }
    c->samples.count = kept;
    qsort(samples, kept, sizeof(*samples), compare_counts);
    return NULL;
}

/* ------------------------------------------------------------------ printing */

static void print_json(const struct counter *c, const struct sample *s) {
    struct rp_writer json;
    rp_json_begin(&json, c->out);
    if (c->stacks->time)
        rp_json_string(&json, "time", c->stacks->time);
    if (c->comm)
        rp_json_string(&json, "comm", s->comm);
    if (c->pid)
        rp_json_uint(&json, "pid", s->pid);
    rp_json_uint(&json, "count", s->count);
    rp_json_stack(&json, "stack", c->stack);
    rp_json_end(&json);
}

/* With the process and the task's name, where the key has them. */
static void print_text(const struct counter *c, const struct sample *s) {
    rp_stack_print(c->stack, c->out);
    if (*s->comm || s->pid) {
        fputs("    -                ", c->out);
        if (*s->comm)
            rp_print_text(s->comm, SIZE_MAX, c->out);
        if (s->pid)
            fprintf(c->out, "%s(%u)", *s->comm ? " " : "", s->pid);
        fputc('\n', c->out);
    }
    fprintf(c->out, "        %" PRIu64 "\n\n", s->count);
}

static struct rp_error *print(struct counter *c, const struct sample *s) {
    switch (c->stacks->as) {
    case RP_STACKS_TEXT:
        name_stack(c, s);
        print_text(c, s);
        return NULL;
    case RP_STACKS_JSON:
        name_stack(c, s);
        print_json(c, s);
        return NULL;
    case RP_STACKS_FOLDED:
        fprintf(c->out, "%s %" PRIu64 "\n", s->folded, s->count);
        return NULL;
    case RP_STACKS_SVG:
        return rp_flamegraph_add(c->graph, s->folded, s->count);
    }
    return NULL;
}

/* Before anything is gathered: what cannot be written then would be lost. */
static struct rp_error *check_file(const struct rp_stacks *stacks) {
    if (stacks->as != RP_STACKS_SVG)
        return NULL;
    FILE *file = fopen(stacks->path, "ae");
    if (!file)
        return rp_error_new(errno, NULL, "cannot write %s", stacks->path);
    fclose(file);
    return NULL;
}

static struct rp_error *save_svg(const struct counter *c) {
    const struct rp_stacks *stacks = c->stacks;
    FILE *file = fopen(stacks->path, "we");
    if (file)
        rp_flamegraph_write(c->graph, stacks->title, file);
    bool failed = !file || ferror(file);
    if ((file && fclose(file)) || failed)
        return rp_error_new(errno, NULL, "cannot write %s", stacks->path);
    return NULL;
}

static struct rp_error *print_all(struct counter *c) {
    RP_TRY(open_map(c));
    RP_TRY(rp_map_each(c->stacks->module, c->stacks->map, keep, c));
    RP_TRY(merge(c));
    size_t most = c->stacks->most, count = c->samples.count;
    for (size_t i = most && most < count ? count - most : 0; i < count; i++)
        RP_TRY(print(c, &c->samples.items[i]));
    return c->stacks->as == RP_STACKS_SVG ? save_svg(c) : NULL;
}

struct rp_error *rp_stacks_print(const struct rp_stacks *given, struct rp_stack *stack, FILE *out) {
    struct rp_stacks stacks;
    RP_TRY(rp_opts_read(&stacks, sizeof(stacks), given, "rp_stacks"));
    RP_AUTO(counter_clear) struct counter c = {.stacks = &stacks, .stack = stack, .out = out};
    RP_TRY(rp_flamegraph_new(&c.graph));
    return print_all(&c);
}

static struct rp_error *run(struct rp_session *session, const struct rp_stacks *stacks,
                            struct rp_stack *stack) {
    RP_TRY(rp_stack_watch(session, stack));
    rp_tool_print_start(session, stacks->tool);
    RP_TRY(rp_session_run(session));
    return rp_stacks_print(stacks, stack, stdout);
}

struct rp_error *rp_stacks_run(struct rp_session *session, const struct rp_stacks *given) {
    struct rp_stacks stacks;
    RP_TRY(rp_opts_read(&stacks, sizeof(stacks), given, "rp_stacks"));
    struct rp_stack *stack;
    RP_TRY(rp_tool_check_reports(stacks.tool));
    RP_TRY(check_file(&stacks));
    RP_TRY(rp_stack_new(stacks.module, &stack));
    struct rp_error *err = run(session, &stacks, stack);
    rp_stack_free(stack);
    return err;
}
