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
#include "debug/frames.h"
#include "record/look.h"
#include "record/map_merge.h"
#include "record/view.h"
#include "stack/symbols.h"
#include "stack/unwind.h"
#include "util/cleanup.h"
#include "util/error.h"
#include "util/names.h"
#include "util/text.h"
#include "util/vec.h"

#define DEPTH RP_STACK_DEPTH

struct rp_stack {
    const struct rp_module *module;
    struct rp_symbols *symbols;
    struct rp_unwind *unwind;   /* or NULL */
    struct rp_session *session; /* in which processes are watched */
    int timer;                  /* -1: none are */
    struct rp_texts names;      /* innermost first */
    struct rp_names ids;        /* of tables' stacks, in the order in which they were first seen */
    struct rp_stack *next;      /* of all that there are */
};

/* ------------------------------------------------------------- names of single addresses */

static struct rp_stack *all;

static struct rp_stack *who_knows(pid_t pid) {
    for (struct rp_stack *stack = all; stack; stack = stack->next)
        if (rp_symbols_knows(stack->symbols, pid))
            return stack;
    return all;
}

/* The module tells of processes that had ended. */
static const char *find(struct rp_stack *stack, pid_t pid, uint64_t address, uint64_t *offset) {
    size_t before = rp_symbols_unseen(stack->symbols);
    const char *found = rp_symbols_find(stack->symbols, pid, address, offset);
    rp_module_add_unseen((struct rp_module *)stack->module,
                         rp_symbols_unseen(stack->symbols) - before);
    return found;
}

static bool name_of(pid_t pid, uint64_t address, char *name, size_t size, uint64_t *offset) {
    struct rp_stack *stack = who_knows(pid);
    if (!stack)
        return false;
    const char *found = find(stack, pid, address, offset);
    snprintf(name, size, "%s", found);
    return strcmp(found, RP_SYMBOL_UNKNOWN) != 0;
}

int32_t rp_stack_first_id(struct rp_stack *stack, int32_t id) {
    return rp_is_unwound(id) ? rp_unwind_first_id(stack->unwind, id) : id;
}

static struct rp_stack *stack_of(const struct rp_module *module) {
    struct rp_stack *stack = all;
    while (stack && (!module || stack->module != module))
        stack = stack->next;
    return stack;
}

/* Without names their ids tell them apart. */
static char *text_of(const struct rp_module *module, const struct rp_map_number *number,
                     size_t *rank) {
    struct rp_stack *stack = stack_of(module);
    char id[16];
    size_t length = (size_t)snprintf(id, sizeof(id), "%" PRId32, (int32_t)number->value);
    *rank = 0;
    if (!stack)
        return strdup(id);
    rp_names_add(&stack->ids, id, length);
    *rank = (size_t)rp_names_find(&stack->ids, id, length);
    return rp_stack_text(stack, number);
}

static void enlist(struct rp_stack *stack) {
    stack->next = all;
    all = stack;
    rp_look_set_user_names(name_of);
    rp_map_set_stack_text(text_of);
}

static void strike(const struct rp_stack *stack) {
    struct rp_stack **at = &all;
    while (*at && *at != stack)
        at = &(*at)->next;
    if (*at)
        *at = stack->next;
}

/* ------------------------------------------------------------- stacks */

struct rp_error *rp_stack_new(const struct rp_module *module, struct rp_stack **out) {
    RP_AUTO_FREE struct rp_stack *stack = calloc(1, sizeof(*stack));
    if (!stack)
        return rp_error_nomem();
    stack->module = module;
    stack->timer = -1;
    RP_TRY(rp_symbols_new(&stack->symbols));
    struct rp_error *err = rp_unwind_new((struct rp_module *)module, &stack->unwind);
    if (err) {
        rp_symbols_free(stack->symbols);
        return err;
    }
    const struct rp_stack *before = stack_of(rp_module_stacks_of(module));
    if (before)
        rp_unwind_take_stacks(stack->unwind, before->unwind);
    enlist(stack);
    *out = rp_take(stack);
    return NULL;
}

void rp_stack_clear(struct rp_stack *stack) {
    rp_texts_clear(&stack->names);
}

void rp_stack_free(struct rp_stack *stack) {
    if (!stack)
        return;
    strike(stack);
    rp_stack_clear(stack);
    rp_names_clear(&stack->ids);
    if (stack->timer >= 0) {
        rp_session_unwatch(stack->session, stack->timer);
        close(stack->timer);
    }
    if (stack->session && stack->unwind)
        rp_session_unwatch(stack->session, rp_unwind_fd(stack->unwind));
    rp_unwind_free(stack->unwind);
    rp_symbols_free(stack->symbols);
    free(stack);
}

static void add(struct rp_stack *stack, const char *name, const char *mark) {
    rp_texts_add(&stack->names, rp_text("%s%s", name, mark));
}

static bool on_process(void *ctx, const void *data, size_t size) {
    const struct rp_stack *stack = ctx;
    pid_t pid;
    if (size >= sizeof(pid)) {
        memcpy(&pid, data, sizeof(pid));
        rp_unwind_notice(stack->unwind, pid);
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
    rp_unwind_notice_again(stack->unwind);
    return true;
}

static bool on_walks(void *ctx) {
    const struct rp_stack *stack = ctx;
    rp_unwind_read(stack->unwind);
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

static bool keeps_processes(const struct rp_map_schema *map) {
    for (size_t i = 0; i < map->member_count; i++)
        if (map->members[i].means == RP_MEMBER_USER_STACK)
            return true;
    return false;
}

/* Rows that may be of nothing but a process's id. */
static bool tells_processes(const struct rp_map_schema *map) {
    return map->means == RP_MEANS_ROWS && map->member_count == 1 &&
           map->members[0].means == RP_MEMBER_PID && !map->members[0].offset;
}

/* Whether its rows tell of processes whose stacks it keeps. */
static bool has_rows_of_processes(const struct rp_module *module) {
    bool keeps = false, tells = false;
    for (size_t i = 0; i < rp_module_map_count(module); i++) {
        const struct rp_map_schema *map =
            rp_module_map_schema(module, rp_module_map_name(module, i));
        keeps |= keeps_processes(map);
        tells |= tells_processes(map);
    }
    return keeps && tells;
}

struct rp_error *rp_stack_watch(struct rp_session *session, struct rp_stack *stack) {
    struct rp_module *module = (struct rp_module *)stack->module;
    bool any = has_rows_of_processes(module);
    for (size_t i = 0; i < rp_module_map_count(module); i++) {
        const char *name = rp_module_map_name(module, i);
        if (rp_module_map_schema(module, name)->means != RP_MEANS_PROCESSES)
            continue;
        RP_TRY(rp_session_read(session, module, name, on_process, stack));
        any = true;
    }
    if (!any)
        return NULL;
    RP_TRY(look_each_second(session, stack));
    return stack->unwind ? rp_session_watch(session, rp_unwind_fd(stack->unwind), on_walks, stack)
                         : NULL;
}

static bool shows_lines;

void rp_stack_show_lines(bool shows) {
    shows_lines = shows;
}

bool rp_stack_shows_lines(void) {
    return shows_lines;
}

/* `frame` may be NULL. */
static void add_frame(struct rp_stack *stack, const char *name, bool is_inlined,
                      const struct rp_frame *frame, const char *mark) {
    const char *inlined = is_inlined ? " (inlined)" : "";
    if (shows_lines && frame && frame->file)
        rp_texts_add(&stack->names,
                     rp_text("%s%s %s:%u%s", name, inlined, frame->file, frame->line, mark));
    else
        rp_texts_add(&stack->names, rp_text("%s%s%s", name, inlined, mark));
}

/* Of a process that ended at once, or runs another program by now, and of a file that was replaced,
 * the files are known that were seen when its stack was followed. */
static char *name_at(struct rp_stack *stack, pid_t pid, uint64_t address,
                     const struct rp_frame *frame) {
    uint64_t offset;
    const char *found =
        rp_symbols_sees(stack->symbols, pid) ? find(stack, pid, address, &offset) : NULL;
    if (found && *found != '[') /* neither its file alone, nor nothing */
        return strdup(found);
    char *name = frame ? strdup(frame->name) : rp_unwind_name(stack->unwind, pid, address);
    return name ? name : strdup(found ? found : find(stack, pid, address, &offset));
}

static void add_frames(struct rp_stack *stack, pid_t pid, uint64_t address, const char *mark) {
    const struct rp_frame_list *frames = rp_unwind_frames(stack->unwind, pid, address);
    size_t inlined = frames ? frames->count - 1 : 0;
    const struct rp_frame *own = frames ? &frames->items[inlined] : NULL;
    for (size_t i = 0; i < inlined; i++)
        add_frame(stack, frames->items[i].name, true, &frames->items[i], mark);
    RP_AUTO_FREE char *name = name_at(stack, pid, address, own);
    if (name)
        add_frame(stack, name, false, own, mark);
}

/* The function that a call returns to may end with it. */
static void add_unwound(struct rp_stack *stack, int32_t id, pid_t pid, const char *mark) {
    const struct rp_unwound *found = rp_unwind_find(stack->unwind, id);
    for (uint32_t i = 0; found && i < found->count; i++) {
        uint64_t address = found->addresses[i] & ~RP_UNWOUND_CALLER;
        bool is_caller = found->addresses[i] & RP_UNWOUND_CALLER;
        add_frames(stack, pid, address - is_caller, mark);
    }
    if (!found)
        add(stack, "[missed]", mark);
    else if (found->is_cut)
        add(stack, "[cut]", mark);
}

void rp_stack_add(struct rp_stack *stack, const char *map, int32_t id, pid_t pid,
                  const char *mark) {
    const struct rp_object_map *traces = rp_module_map(stack->module, map);
    uint64_t addresses[DEPTH] = {0};
    if (id == -EEXIST) /* another stack took its slot in the map */
        add(stack, "[missed]", mark);
    if (rp_is_unwound(id))
        add_unwound(stack, id, pid, mark);
    if (id < 0 || rp_is_unwound(id) || !traces || !rp_map_keeps_stacks(traces) ||
        bpf_map_lookup_elem(rp_module_map_fd(stack->module, map), &id, addresses))
        return;
    uint64_t offset;
    for (size_t i = 0; i < DEPTH && addresses[i]; i++)
        add(stack, find(stack, pid, addresses[i], &offset), mark);
}

void rp_stack_add_line(struct rp_stack *stack, const char *line) {
    add(stack, line, "");
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
    if (stack->timer >= 0 && layout->columns.count == 1 &&
        layout->columns.items[0].means == RP_MEMBER_PID)
        on_process(stack, data, size);
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
    for (size_t i = 0; i < stack->names.count; i++) {
        fputs("    ", out);
        rp_print_text(stack->names.items[i], SIZE_MAX, out);
        fputc('\n', out);
    }
}

void rp_json_stack(struct rp_writer *json, const char *name, const struct rp_stack *stack) {
    rp_json_array(json, name);
    for (size_t i = 0; i < stack->names.count; i++)
        rp_json_string(json, NULL, stack->names.items[i]);
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
    for (size_t i = stack->names.count; i-- > 0;) {
        fputc(';', out);
        fold_name(stack->names.items[i], SIZE_MAX, out);
    }
    fclose(out);
    return text;
}
