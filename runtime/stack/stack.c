/* SPDX-License-Identifier: Apache-2.0 */
/* Turns the stack ids and addresses of a BPF_STACK_TRACE into names. */
#include <bpf/bpf.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "compile/module.h"
#include "compile/object.h"
#include "record/view.h"
#include "stack/symbols.h"
#include "util/cleanup.h"
#include "util/error.h"

#define DEPTH RP_STACK_DEPTH

struct rp_stack {
    const struct rp_module *module;
    struct rp_symbols *symbols;
    struct rp_session *session; /* in which processes are watched */
    int timer;                  /* -1: none are */
    char *names[2 * DEPTH + 2]; /* innermost first */
    size_t count;
};

struct rp_error *rp_stack_new(const struct rp_module *module, struct rp_stack **out) {
    RP_AUTO_FREE struct rp_stack *stack = calloc(1, sizeof(*stack));
    if (!stack)
        return rp_error_nomem();
    stack->module = module;
    stack->timer = -1;
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
    if (stack->timer >= 0) {
        rp_session_unwatch(stack->session, stack->timer);
        close(stack->timer);
    }
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
    uint64_t times;
    if (read(stack->timer, &times, sizeof(times)) == sizeof(times))
        rp_symbols_notice_again(stack->symbols);
    return true;
}

static struct rp_error *look_each_second(struct rp_session *session, struct rp_stack *stack) {
    const struct itimerspec second = {.it_value = {.tv_sec = 1}, .it_interval = {.tv_sec = 1}};
    stack->session = session;
    stack->timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
    if (stack->timer < 0 || timerfd_settime(stack->timer, 0, &second, NULL))
        return rp_error_new(errno, NULL, "cannot set a timer");
    return rp_session_watch(session, stack->timer, look_again, stack);
}

struct rp_error *rp_stack_watch(struct rp_session *session, struct rp_stack *stack) {
    struct rp_module *module = (struct rp_module *)stack->module;
    bool any = false;
    for (size_t i = 0; i < rp_module_map_count(module); i++) {
        const char *name = rp_module_map_name(module, i);
        if (rp_module_map_schema(module, name)->means != RP_MEANS_PROCESSES)
            continue;
        RP_TRY(rp_session_read(session, module, name, on_process, stack));
        any = true;
    }
    return any ? look_each_second(session, stack) : NULL;
}

void rp_stack_add(struct rp_stack *stack, const char *map, int32_t id, pid_t pid,
                  const char *mark) {
    const struct rp_object_map *traces = rp_module_map(stack->module, map);
    uint64_t addresses[DEPTH] = {0};
    if (id == -EEXIST) /* another stack took its slot in the map */
        add(stack, "[missed]", mark);
    if (id < 0 || !traces || !rp_map_keeps_stacks(traces) ||
        bpf_map_lookup_elem(rp_module_map_fd(stack->module, map), &id, addresses))
        return;
    for (size_t i = 0; i < DEPTH && addresses[i]; i++)
        add(stack, rp_symbols_name(stack->symbols, pid, addresses[i]), mark);
}

static uint64_t number_of(const struct rp_column *column, const void *data, size_t size) {
    const struct rp_view view = {column->type, data, size, column->bit_offset, column->bit_size};
    return rp_view_present(&view) ? rp_view_uint(&view) : 0;
}

/* The process that the record is of; 0: it does not tell. */
static pid_t process_of(const struct rp_layout *layout, const void *data, size_t size) {
    for (size_t i = 0; i < layout->columns.count; i++)
        if (layout->columns.items[i].means == RP_MEMBER_PID && layout->columns.items[i].type)
            return (pid_t)number_of(&layout->columns.items[i], data, size);
    return 0;
}

/* Whose stack it is: of one that does not tell that of -p; 0: of the kernel, or nobody's. */
static pid_t owner(const struct rp_stack *stack, enum rp_member_meaning means, pid_t pid) {
    return means == RP_MEMBER_USER_STACK && !pid ? rp_module_target_pid(stack->module) : pid;
}

bool rp_stack_add_record(struct rp_stack *stack, const struct rp_layout *layout, const void *data,
                         size_t size) {
    bool any = false;
    for (size_t i = 0; i < layout->columns.count; i++) {
        const struct rp_column *column = &layout->columns.items[i];
        bool user = column->means == RP_MEMBER_USER_STACK;
        if (!column->stacks || !column->type)
            continue;
        rp_stack_add(stack, column->stacks, (int32_t)number_of(column, data, size),
                     owner(stack, column->means, user ? process_of(layout, data, size) : 0), "");
        any = true;
    }
    return any;
}

char *rp_stack_text(struct rp_stack *stack, const struct rp_map_number *number) {
    if (!number->member->stacks)
        return NULL;
    rp_stack_clear(stack);
    rp_stack_add(stack, number->member->stacks, (int32_t)number->value,
                 owner(stack, number->member->means, number->pid), "");
    RP_AUTO_FREE char *folded = rp_stack_fold(stack, "", 0);
    return folded ? strdup(*folded ? folded + 1 : "-") : NULL;
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
