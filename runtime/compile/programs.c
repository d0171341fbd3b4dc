/* SPDX-License-Identifier: Apache-2.0 */
/* A module's functions in the kernel: each is loaded when it is attached, as that kind of program.
 */
#include <bpf/bpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "compile/link.h"
#include "compile/load.h"
#include "compile/module_parts.h"
#include "compile/tails.h"
#include "compile/verifier.h"
#include "util/cleanup.h"
#include "util/clock.h"
#include "util/error.h"
#include "util/text.h"

/* How many unused programs are kept: loading one is the longest part of a move. */
#define SPARE_PROGRAMS 16

/* ------------------------------------------------------------- loading */

static struct rp_error *no_function(const struct rp_module *module, const char *function) {
    RP_AUTO_FREE char *list = NULL;
    for (size_t i = 0; i < module->object->function_count; i++) {
        const char *name = module->object->functions[i].name;
        if (!rp_link_is_callback(name) && !rp_text_list(&list, name))
            return rp_error_nomem();
    }
    struct rp_error *err =
        rp_error_new(ENOENT, "the source has no such function", "cannot load %s", function);
    return list ? rp_error_hint_set(err, "its functions are: %s", list)
                : rp_error_hint_set(err, "it has no functions");
}

/* The function as it is loaded: linked, with what counts its losses behind it and a gate before it,
 * where the program is to have these. */
static struct rp_error *link_program(const struct rp_module *module,
                                     const struct rp_program *program,
                                     struct rp_object_function *linked) {
    const struct rp_object *object = module->object;
    RP_TRY(rp_link_function(object, rp_object_function(object, program->function), module->map_fds,
                            module->target, linked));
    bool linked_all = !program->counts_lost ||
                      rp_link_losses(object, linked, module->map_fds[object->map_count - 1]);
    linked_all = linked_all && (!program->gate.words || rp_link_gate(linked, &program->gate));
    return linked_all ? NULL : rp_error_nomem();
}

/* program->fd is -1, and *log says why, if the kernel rejects it. */
static struct rp_error *load_once(const struct rp_module *module, struct rp_program *program,
                                  char **log) {
    RP_AUTO(rp_link_clear) struct rp_object_function linked = {0};
    RP_TRY(link_program(module, program, &linked));
    program->fd = rp_program_load(module->object, &linked, &program->kind, module->btf_fd, log);
    return NULL;
}

/* libbpf writes a call of no function where a relocation found nothing. */
static struct rp_error *cannot_load(const struct rp_module *module,
                                    const struct rp_object_function *function, const char *log) {
    struct rp_error *err = rp_load_error(function->name, module->name, errno, log);
    if (!function->absent || !strstr(log, "#195896080"))
        return err;
    return rp_error_hint_set(err,
                             "this kernel has no %s: ask first, with bpf_core_field_exists() or "
                             "bpf_core_type_exists()",
                             function->absent);
}

/* Some may be more than the kernel allows (functions that call each other, bytes of stack): then
 * without. Errors with a gate are not reported: if there are any, they are clearer without. */
static struct rp_error *load(struct rp_module *module, const struct rp_object_function *function,
                             struct rp_program *program) {
    RP_AUTO_FREE char *log = NULL;
    program->counts_lost = module->object->elf && module->object->counts_lost;
    RP_TRY(load_once(module, program, program->gate.words || program->counts_lost ? NULL : &log));
    if (program->fd < 0 && program->counts_lost) {
        program->counts_lost = false;
        RP_TRY(load_once(module, program, program->gate.words ? NULL : &log));
        module->blind |= program->fd >= 0;
    }
    return program->fd >= 0 || program->gate.words ? NULL
                                                   : cannot_load(module, function, log ? log : "");
}

static bool same_kind(const struct rp_program_kind *a, const struct rp_program_kind *b) {
    return a->type == b->type && a->attach_type == b->attach_type &&
           a->attach_btf == b->attach_btf && a->attach_object == b->attach_object;
}

/* A program that can be used: the only one without a gate, or one with a gate that is not in use.
 */
static struct rp_program *find_program(const struct rp_module *module, const char *function,
                                       const struct rp_program_kind *kind, bool gated) {
    for (size_t i = 0; i < module->programs.count; i++) {
        struct rp_program *program = module->programs.items[i];
        if (strcmp(program->function, function) == 0 && same_kind(&program->kind, kind) &&
            !program->gate.words == !gated && (!gated || !program->users))
            return program;
    }
    return NULL;
}

/* Linux 5.12; of kprobes, uprobes and tracepoints 6.7. */
static uint64_t missed_by(const struct rp_program *program) {
    struct bpf_prog_info info = {0};
    uint32_t size = sizeof(info);
    return program->fd < 0 || bpf_obj_get_info_by_fd(program->fd, &info, &size)
               ? 0
               : info.recursion_misses;
}

static uint64_t missed_where_attached(const struct rp_module *module, bool returns, bool *known) {
    uint64_t missed = 0;
    *known = true;
    for (size_t i = 0; i < module->watched.count; i++) {
        const struct rp_missing *missing = &module->watched.items[i];
        bool its = true;
        if (missing->is_return == returns)
            missed += missing->missed(missing->ctx, &its);
        *known = *known && its;
    }
    return missed;
}

uint64_t rp_module_missed(const struct rp_module *module) {
    bool known;
    uint64_t missed = module->missed + missed_where_attached(module, false, &known);
    for (size_t i = 0; i < module->programs.count; i++)
        missed += missed_by(module->programs.items[i]);
    return missed;
}

uint64_t rp_module_missed_returns(const struct rp_module *module, bool *known) {
    uint64_t missed = module->missed_returns + missed_where_attached(module, true, known);
    *known = *known && !module->unsure_of_returns;
    return missed;
}

void rp_module_add_unseen(struct rp_module *module, uint64_t processes) {
    module->unseen += processes;
}

uint64_t rp_module_unseen(const struct rp_module *module) {
    return module->unseen;
}

const struct rp_module *rp_module_stacks_of(const struct rp_module *module) {
    return module->stacks_of;
}

void rp_module_add_cut(struct rp_module *module, uint64_t stacks) {
    module->cut += stacks;
}

static uint64_t count_unwound(const struct rp_module *module, uint32_t which) {
    uint64_t count = 0;
    ssize_t map = rp_object_map(module->object, rp_unwind_map_name(RP_UNWIND_COUNTS));
    if (!module->object->unwinds || map < 0 || module->map_fds[map] < 0 ||
        bpf_map_lookup_elem(module->map_fds[map], &which, &count))
        return 0;
    return count;
}

uint64_t rp_module_missed_stacks(const struct rp_module *module) {
    return count_unwound(module, RP_UNWOUND_MISSED);
}

uint64_t rp_module_cut_stacks(const struct rp_module *module) {
    return module->cut + count_unwound(module, RP_UNWOUND_CUT);
}

struct rp_error *rp_module_watch(struct rp_module *module, const struct rp_missing *missing) {
    return rp_vec_push(&module->watched, *missing) ? NULL : rp_error_nomem();
}

void rp_module_unwatch(struct rp_module *module, const struct rp_missing *missing, uint64_t missed,
                       bool known) {
    *(missing->is_return ? &module->missed_returns : &module->missed) += missed;
    module->unsure_of_returns |= missing->is_return && !known;
    for (size_t i = module->watched.count; i-- > 0;)
        if (module->watched.items[i].ctx == missing->ctx)
            rp_vec_remove(&module->watched, i);
}

static void drop_program(struct rp_module *module, struct rp_program *program) {
    module->missed += missed_by(program);
    if (program->gate.words)
        rp_gates_give_back(&module->gates, &program->gate);
    if (program->fd >= 0)
        close(program->fd);
    free(program);
}

/* NULL: it cannot be loaded; *err says why, but only without a gate. */
static struct rp_program *add_program(struct rp_module *module,
                                      const struct rp_object_function *function,
                                      const struct rp_program_kind *kind, bool gated,
                                      struct rp_error **err) {
    struct rp_program *program =
        rp_vec_reserve(&module->programs, 1) ? calloc(1, sizeof(*program)) : NULL;
    if (!program) {
        *err = rp_error_nomem();
        return NULL;
    }
    *program =
        (struct rp_program){.module = module, .function = function->name, .kind = *kind, .fd = -1};
    if (!gated || rp_gates_take(&module->gates, &program->gate))
        *err = load(module, function, program);
    if (program->fd < 0) {
        drop_program(module, program);
        return NULL;
    }
    rp_vec_push(&module->programs, program); /* there is room */
    return program;
}

struct tail_kind {
    struct rp_module *module;
    const struct rp_program_kind *kind;
};

static struct rp_error *load_tail(void *ctx, const char *function, int *fd) {
    const struct tail_kind *tail = ctx;
    return rp_module_load(tail->module, function, tail->kind, fd);
}

static struct rp_error *load_tails(struct rp_module *module,
                                   const struct rp_object_function *function,
                                   const struct rp_program_kind *kind) {
    struct tail_kind tail = {module, kind};
    const struct rp_tail_loader loader = {load_tail, &tail, module->map_fds};
    return rp_tails_load(module->object, function, &loader);
}

static struct rp_program *load_if_needed(struct rp_module *module, const char *name,
                                         const struct rp_program_kind *kind, bool gated,
                                         struct rp_error **err) {
    *err = NULL;
    struct rp_program *program = find_program(module, name, kind, gated);
    if (program)
        return program;
    const struct rp_object_function *function = rp_object_function(module->object, name);
    if (!function) {
        *err = no_function(module, name);
        return NULL;
    }
    uint64_t start = rp_now_ns();
    program = add_program(module, function, kind, gated, err);
    if (program)
        *err = load_tails(module, function, kind);
    module->timings.load_ms += rp_ms_since(start);
    return *err ? NULL : program;
}

struct rp_error *rp_module_load(struct rp_module *module, const char *name,
                                const struct rp_program_kind *kind, int *fd) {
    struct rp_error *err;
    struct rp_program *program = load_if_needed(module, name, kind, false, &err);
    if (program)
        *fd = program->fd;
    return err;
}

struct rp_error *rp_program_take(struct rp_module *module, const char *function,
                                 const struct rp_program_kind *kind, struct rp_program **out) {
    struct rp_error *err = NULL;
    *out = NULL;
    /* It has no gate: the kernel did not accept it with one. */
    if (module->movable && !find_program(module, function, kind, false))
        *out = load_if_needed(module, function, kind, true, &err);
    if (!*out && !err)
        *out = load_if_needed(module, function, kind, false, &err);
    if (*out)
        (*out)->users++;
    return err;
}

/* Drops the program that was loaded first if there are too many: fentry and the like need a program
 * for each attach point. */
static void drop_spare(struct rp_module *module) {
    size_t spare = 0, first = 0;
    for (size_t i = module->programs.count; i-- > 0;)
        if (module->programs.items[i]->gate.words && !module->programs.items[i]->users) {
            spare++;
            first = i;
        }
    if (spare <= SPARE_PROGRAMS)
        return;
    drop_program(module, module->programs.items[first]);
    rp_vec_remove(&module->programs, first);
}

void rp_program_give_back(struct rp_program *program) {
    if (--program->users)
        return;
    if (!program->module)
        free(program);
    else if (program->gate.words)
        drop_spare(program->module);
}

static struct rp_error *verify(const struct rp_program *program, char **log) {
    const struct rp_module *module = program->module;
    RP_AUTO(rp_link_clear) struct rp_object_function linked = {0};
    RP_TRY(link_program(module, program, &linked));
    RP_AUTO_FREE char *text = NULL;
    if (!rp_program_verify(module->object, &linked, &program->kind, module->btf_fd, &text))
        return rp_load_error(program->function, module->name, errno, text ? text : "");
    *log = rp_take(text);
    return NULL;
}

struct rp_error *rp_module_verify(const struct rp_module *module, int program, char **log) {
    for (size_t i = 0; i < module->programs.count; i++)
        if (module->programs.items[i]->fd == program)
            return verify(module->programs.items[i], log);
    return rp_error_new(ENOENT, "its program does not belong to the module",
                        "cannot verify it again");
}

/* ------------------------------------------------------------- ending */

/* A program that is still attached is freed when it is given back. */
static void end_program(struct rp_program *program) {
    close(program->fd);
    if (program->users)
        *program = (struct rp_program){.fd = -1, .users = program->users};
    else
        free(program);
}

void rp_module_end_programs(struct rp_module *module) {
    for (size_t i = 0; i < module->programs.count; i++)
        end_program(module->programs.items[i]);
    rp_vec_clear(&module->programs);
    rp_vec_clear(&module->watched);
    rp_gates_clear(&module->gates);
}
