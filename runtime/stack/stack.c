/* SPDX-License-Identifier: Apache-2.0 */
/* Turns the stack ids and addresses of a BPF_STACK_TRACE into names. */
#include <bpf/bpf.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "compile/module.h"
#include "stack/symbols.h"
#include "util/cleanup.h"
#include "util/error.h"

/* The kernel's limit, PERF_MAX_STACK_DEPTH. */
#define DEPTH         127
#define LOOK_AGAIN_NS 1000000000

struct rp_stack {
    const struct rp_module *module;
    const char *map;
    struct rp_symbols *symbols;
    char *names[2 * DEPTH + 2]; /* innermost first */
    size_t count;
};

struct rp_error *rp_stack_new(const struct rp_module *module, const char *map,
                              struct rp_stack **out) {
    RP_AUTO_FREE struct rp_stack *stack = calloc(1, sizeof(*stack));
    if (!stack)
        return rp_error_nomem();
    stack->module = module;
    stack->map = map;
    RP_TRY(rp_symbols_new(&stack->symbols));
    *out = rp_take(stack);
    return NULL;
}

void rp_stack_clear(struct rp_stack *stack) {
    while (stack->count)
        free(stack->names[--stack->count]);
}

void rp_stack_free(struct rp_stack *stack) {
    if (!stack)
        return;
    rp_stack_clear(stack);
    rp_symbols_free(stack->symbols);
    free(stack);
}

static void add(struct rp_stack *stack, const char *name, const char *mark) {
    size_t capacity = sizeof(stack->names) / sizeof(stack->names[0]);
    char *text;
    if (stack->count < capacity && asprintf(&text, "%s%s", name, mark) >= 0)
        stack->names[stack->count++] = text;
}

static bool on_process(void *ctx, const void *data, size_t size) {
    const struct rp_stack *stack = ctx;
    pid_t pid;
    if (size >= sizeof(pid)) {
        memcpy(&pid, data, sizeof(pid));
        rp_symbols_notice(stack->symbols, pid);
    }
    return true;
}

/* Files that a process has loaded since. */
static bool look_again(void *ctx) {
    const struct rp_stack *stack = ctx;
    rp_symbols_notice_again(stack->symbols);
    return true;
}

struct rp_error *rp_stack_watch(struct rp_session *session, struct rp_stack *stack,
                                const char *output) {
    RP_TRY(rp_session_read(session, (struct rp_module *)stack->module, output, on_process, stack));
    return rp_session_every(session, LOOK_AGAIN_NS, look_again, stack);
}

void rp_stack_add(struct rp_stack *stack, int32_t id, pid_t pid, const char *mark) {
    int fd = rp_module_map_fd(stack->module, stack->map);
    uint64_t addresses[DEPTH] = {0};
    if (id == -EEXIST) /* another stack took its slot in the map */
        add(stack, "[missed]", mark);
    if (id < 0 || bpf_map_lookup_elem(fd, &id, addresses))
        return;
    for (size_t i = 0; i < DEPTH && addresses[i]; i++)
        add(stack, rp_symbols_name(stack->symbols, pid, addresses[i]), mark);
}

void rp_stack_print(const struct rp_stack *stack, FILE *out) {
    for (size_t i = 0; i < stack->count; i++) {
        fputs("    ", out);
        rp_print_text(stack->names[i], SIZE_MAX, out);
        fputc('\n', out);
    }
}

void rp_json_stack(struct rp_writer *json, const char *name, const struct rp_stack *stack) {
    rp_json_array(json, name);
    for (size_t i = 0; i < stack->count; i++)
        rp_json_string(json, NULL, stack->names[i]);
    rp_json_array_end(json);
}

/* A ';' in a name would split it. */
static void fold_name(const char *name, size_t max, FILE *out) {
    for (size_t i = 0; i < max && name[i]; i++)
        fputc(name[i] == ';' ? ':' : (unsigned char)name[i] < 0x20 ? '?' : name[i], out);
}

char *rp_stack_fold(const struct rp_stack *stack, const char *comm, size_t max) {
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    if (!out)
        return NULL;
    fold_name(comm, max, out);
    for (size_t i = stack->count; i-- > 0;) {
        fputc(';', out);
        fold_name(stack->names[i], SIZE_MAX, out);
    }
    fclose(out);
    return text;
}

static struct rp_error *add_missed(void *ctx, const void *key, const void *value) {
    uint64_t missed;
    (void)key;
    memcpy(&missed, value, sizeof(missed));
    *(uint64_t *)ctx += missed;
    return NULL;
}

struct rp_error *rp_stack_report_missed(const struct rp_stack *stack, const char *noun,
                                        const char *map, FILE *out) {
    uint64_t missed = 0;
    RP_TRY(rp_map_each(stack->module, "missed", add_missed, &missed));
    if (missed)
        fprintf(out, "reprobe: %" PRIu64 " %s were not counted: the map `%s` is full\n", missed,
                noun, map);
    return NULL;
}
