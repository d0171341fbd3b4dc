/* SPDX-License-Identifier: Apache-2.0 */
/* Host programs that count stacks in the kernel, and print them at the end. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "flamegraph.h"
#include "reprobe_tool.h"
#include "util/cleanup.h"
#include "util/error.h"
#include "util/opts.h"
#include "util/vec.h"

/* Stacks that differ only in the offsets within their functions count as one. */
struct sample {
    struct rp_stack_key key;
    uint64_t count;
    char *folded;
};

struct counter {
    const struct rp_stacks *stacks;
    struct rp_stack *stack; /* of the sample that is being printed */
    FILE *out;
    struct rp_flamegraph *graph;
    RP_VEC(struct sample) samples;
};

static void counter_clear(struct counter *c) {
    rp_flamegraph_free(c->graph);
    for (size_t i = 0; i < c->samples.count; i++)
        free(c->samples.items[i].folded);
    rp_vec_clear(&c->samples);
}

/* ------------------------------------------------------------------ the counts */

static struct rp_error *keep(void *ctx, const void *key, const void *value) {
    struct counter *c = ctx;
    struct sample *sample = rp_vec_add(&c->samples);
    if (!sample)
        return rp_error_nomem();
    memcpy(&sample->key, key, sizeof(sample->key));
    memcpy(&sample->count, value, sizeof(sample->count));
    return NULL;
}

/* Sets c->stack to the names of the key's stack. */
static void name_stack(struct counter *c, const struct rp_stack_key *key) {
    const struct rp_stacks *stacks = c->stacks;
    const char *mark = stacks->annotate || stacks->as == RP_STACKS_SVG ? "_[k]" : "";
    rp_stack_clear(c->stack);
    rp_stack_add(c->stack, key->kernel_stack, 0, mark);
    rp_stack_add(c->stack, key->user_stack, (pid_t)key->pid, "");
}

static int compare_stacks(const void *a, const void *b) {
    const struct sample *left = a, *right = b;
    int order = (left->key.pid > right->key.pid) - (left->key.pid < right->key.pid);
    return order ? order : strcmp(left->folded, right->folded);
}

static int compare_counts(const void *a, const void *b) {
    const struct sample *left = a, *right = b;
    int order = (left->count > right->count) - (left->count < right->count);
    return order ? order : compare_stacks(a, b);
}

static struct rp_error *merge(struct counter *c) {
    if (!c->samples.count)
        return NULL;
    for (size_t i = 0; i < c->samples.count; i++) {
        struct sample *s = &c->samples.items[i];
        name_stack(c, &s->key);
        s->folded = rp_stack_fold(c->stack, s->key.comm, sizeof(s->key.comm));
        if (!s->folded)
            return rp_error_nomem();
    }
    qsort(c->samples.items, c->samples.count, sizeof(*c->samples.items), compare_stacks);
    size_t kept = 0;
    for (size_t i = 0; i < c->samples.count; i++) {
        struct sample *s = &c->samples.items[i], *last = kept ? &c->samples.items[kept - 1] : NULL;
        if (last && !compare_stacks(last, s)) {
            last->count += s->count;
            free(rp_take(s->folded));
        } else {
            c->samples.items[kept] = *s;
            s->folded = kept++ == i ? s->folded : NULL;
        }
    }
    c->samples.count = kept;
    qsort(c->samples.items, c->samples.count, sizeof(*c->samples.items), compare_counts);
    return NULL;
}

/* ------------------------------------------------------------------ printing */

static void print_json(const struct counter *c, const struct sample *s) {
    struct rp_writer json;
    rp_json_begin(&json, c->out);
    rp_json_text(&json, "comm", s->key.comm, sizeof(s->key.comm));
    rp_json_uint(&json, "pid", s->key.pid);
    rp_json_uint(&json, "count", s->count);
    rp_json_stack(&json, "stack", c->stack);
    rp_json_end(&json);
}

/* Whose stack it is, if the tool shows that. */
static void print_text(const struct counter *c, const struct sample *s) {
    rp_stack_print(c->stack, c->out);
    if (*s->key.comm || s->key.pid) {
        fputs("    -                ", c->out);
        rp_print_text(s->key.comm, sizeof(s->key.comm), c->out);
        if (s->key.pid)
            fprintf(c->out, " (%u)", s->key.pid);
        fputc('\n', c->out);
    }
    fprintf(c->out, "        %" PRIu64 "\n\n", s->count);
}

static struct rp_error *print(struct counter *c, const struct sample *s) {
    switch (c->stacks->as) {
    case RP_STACKS_TEXT:
        name_stack(c, &s->key);
        print_text(c, s);
        return NULL;
    case RP_STACKS_JSON:
        name_stack(c, &s->key);
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
    RP_TRY(rp_map_each(c->stacks->module, "counts", keep, c));
    RP_TRY(merge(c));
    for (size_t i = 0; i < c->samples.count; i++)
        RP_TRY(print(c, &c->samples.items[i]));
    return c->stacks->as == RP_STACKS_SVG ? save_svg(c) : NULL;
}

struct rp_error *rp_stacks_print(const struct rp_stacks *given, struct rp_stack *stack, FILE *out) {
    struct rp_stacks stacks;
    RP_TRY(rp_opts_read(&stacks, sizeof(stacks), given, "rp_stacks"));
    RP_AUTO(counter_clear) struct counter c = {.stacks = &stacks, .stack = stack, .out = out};
    RP_TRY(rp_flamegraph_new(&c.graph));
    RP_TRY(print_all(&c));
    return rp_stack_report_missed(stack, "stacks", "counts", stderr);
}

static struct rp_error *run(struct rp_session *session, const struct rp_stacks *stacks,
                            struct rp_stack *stack) {
    RP_TRY(rp_stack_watch(session, stack, "processes"));
    if (stacks->tool->verbose)
        rp_session_print_probes(session, stderr);
    RP_TRY(rp_session_run(session));
    return rp_stacks_print(stacks, stack, stdout);
}

struct rp_error *rp_stacks_run(struct rp_session *session, const struct rp_stacks *given) {
    struct rp_stacks stacks;
    RP_TRY(rp_opts_read(&stacks, sizeof(stacks), given, "rp_stacks"));
    struct rp_stack *stack;
    RP_TRY(rp_stack_new(stacks.module, "stacks", &stack));
    struct rp_error *err = run(session, &stacks, stack);
    rp_stack_free(stack);
    return err;
}
