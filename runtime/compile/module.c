/* SPDX-License-Identifier: Apache-2.0 */
/* An object in the kernel: its maps, its programs, its types. */
#include "compile/module_parts.h"

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "compile/builds.h"
#include "compile/compile.h"
#include "compile/effects.h"
#include "compile/flow.h"
#include "compile/keep_maps.h"
#include "compile/link.h"
#include "compile/load.h"
#include "compile/object.h"
#include "compile/object_file.h"
#include "compile/schema.h"
#include "compile/tails.h"
#include "util/cleanup.h"
#include "util/clock.h"
#include "util/error.h"
#include "util/file.h"
#include "util/nearest.h"
#include "util/opts.h"

/* ------------------------------------------------------------- making and ending */

/* The index of the map of `kept` that is declared like `map` of this module; -1: none. */
static ssize_t find_alike(const struct rp_module *module, const struct rp_module *kept,
                          const struct rp_object_map *map) {
    ssize_t i = rp_object_map(kept->object, map->name);
    if (i < 0 || (size_t)i >= rp_module_map_count(kept) ||
        !rp_maps_alike(map, module->btf, &kept->object->maps[i], kept->btf))
        return -1;
    return i;
}

/* What is not said of its maps: inferred, or from before an edit. */
static struct rp_error *infer_schema(struct rp_module *module, const struct rp_module *kept) {
    RP_TRY(rp_schema_infer(module->object, module->btf, module->schema));
    for (size_t i = 0; kept && i < rp_module_map_count(module); i++) {
        ssize_t before = find_alike(module, kept, &module->object->maps[i]);
        if (before >= 0 && !rp_map_schema_keep((struct rp_map_schema *)&module->schema->maps[i],
                                               &kept->schema->maps[before]))
            return rp_error_nomem();
    }
    return NULL;
}

static struct rp_error *find_schema(struct rp_module *module, const struct rp_schema *said,
                                    const struct rp_module *kept) {
    module->schema = rp_schema_of(module->object);
    if (!module->schema)
        return rp_error_nomem();
    if (!rp_schema_says_all(said, module->schema, rp_module_map_count(module)))
        RP_TRY(infer_schema(module, kept));
    return said ? rp_schema_apply(module->object, module->btf, said, &module->schema) : NULL;
}

/* What decides which maps of the module before an edit stay. */
struct keeping {
    struct rp_module *module;
    const struct rp_compile_opts *opts;
    const struct rp_schema *said; /* NULL: the module's schema is not known yet, or inferred */
};

/* Whether the stacks that are told by their ids are kept with the map. */
static bool keeps_stacks(const struct keeping *k, const struct rp_member_schema *member) {
    const struct rp_object *object = k->module->object;
    ssize_t i = member->stacks ? rp_object_map(object, member->stacks) : -1;
    return !member->stacks ||
           (i >= 0 && find_alike(k->module, k->opts->keep_maps_of, &object->maps[i]) >= 0);
}

/* Whether the numbers in a map that meant `before` still tell the same. */
static bool numbers_stay(const struct keeping *k, const struct rp_map_schema *before) {
    for (size_t i = 0; i < before->member_count; i++)
        if ((k->opts->attaches_elsewhere && before->members[i].means == RP_MEMBER_ATTACH_POINT) ||
            !keeps_stacks(k, &before->members[i]))
            return false;
    return true;
}

/* Whether the map is made anew whatever there was. */
static bool is_fresh(const struct rp_object *object, const struct rp_object_map *map) {
    bool fixed = map->data && (map->flags & BPF_F_RDONLY_PROG); /* settings may be others */
    bool tails = object->elf && map->type == BPF_MAP_TYPE_PROG_ARRAY;
    return fixed || tails || map->tails.count || rp_map_type_is_output(map->type);
}

/* reuse() of struct rp_elf_link: the descriptor stays the other module's. */
static int kept_map(void *ctx, size_t i) {
    const struct keeping *k = ctx;
    struct rp_module *module = k->module;
    const struct rp_object_map *map = &module->object->maps[i];
    const struct rp_module *kept = k->opts->keep_maps_of;
    ssize_t before = kept && !is_fresh(module->object, map) ? find_alike(module, kept, map) : -1;
    if (before < 0 || !numbers_stay(k, &kept->schema->maps[before]))
        return -1;
    if (rp_schema_map(k->said, map->name) &&
        !rp_map_schema_same(&module->schema->maps[i], &kept->schema->maps[before]))
        return -1;
    module->kept[i] = kept->map_fds[before] >= 0;
    return kept->map_fds[before];
}

static int copy_of(int fd) {
    return fd < 0 ? -1 : fcntl(fd, F_DUPFD_CLOEXEC, 0);
}

/* Of our own maps only the ids of stacks: those that are in the maps that are kept stay true. -1: a
 * new one. */
static int kept_own_map(struct rp_module *module, const struct rp_module *kept, size_t i) {
    const char *known = rp_unwind_map_name(RP_UNWIND_KNOWN);
    int fd = kept && kept->object->unwinds ? rp_module_map_fd(kept, known) : -1;
    if (fd < 0 || strcmp(module->object->maps[i].name, known) != 0)
        return module->object->maps[i].fd;
    module->stacks_of = kept;
    return copy_of(fd);
}

static struct rp_error *create_maps(struct keeping *k) {
    struct rp_module *module = k->module;
    const struct rp_object *object = module->object;
    const struct rp_module *kept = k->opts->keep_maps_of;
    for (size_t i = 0; i < object->map_count; i++) {
        const struct rp_object_map *map = &object->maps[i];
        module->map_fds[i] = i >= rp_module_map_count(module) ? kept_own_map(module, kept, i)
                             : map->fd >= 0                   ? map->fd
                                                              : copy_of(kept_map(k, i));
        if (module->map_fds[i] < 0)
            module->map_fds[i] = rp_map_create(map, module->btf_fd);
        if (module->map_fds[i] < 0)
            return rp_map_create_error(module->name, map, errno);
    }
    return NULL;
}

/* The descriptors of the object itself are closed with it. */
static void close_maps(struct rp_module *module) {
    for (size_t i = 0; module->map_fds && i < module->object->map_count; i++)
        if (module->map_fds[i] >= 0 && module->object->maps[i].fd < 0)
            close(module->map_fds[i]);
    free(module->map_fds);
    free(module->kept);
}

static struct rp_error *load_types(struct rp_module *module) {
    const struct rp_object *object = module->object;
    if (!object->btf)
        return NULL;
    RP_AUTO_FREE void *raw = malloc(object->btf_size);
    if (!raw)
        return rp_error_nomem();
    memcpy(raw, object->btf, object->btf_size);
    if (module->movable)
        rp_link_programs_static(object, raw, object->btf_size);
    module->btf_fd = bpf_btf_load(raw, object->btf_size, NULL);
    return NULL;
}

static struct rp_error *link_elf(struct rp_module *module, const struct rp_compile_opts *opts,
                                 const struct rp_module_needs *needs) {
    struct keeping keeping = {module, opts, NULL};
    const struct rp_elf_link how = {.name = opts->name,
                                    .settings = opts->settings,
                                    .setting_count = opts->setting_count,
                                    .parse = needs->parse,
                                    .reuse = kept_map,
                                    .ctx = &keeping};
    return rp_elf_link(module->object, &how);
}

static struct rp_error *refuse_effects(struct rp_module *module, const char *hint) {
    RP_AUTO_FREE char *effects = NULL;
    module->read_only = strdup(hint);
    if (!module->read_only)
        return rp_error_nomem();
    RP_TRY(rp_module_effects(module, &effects));
    if (!effects)
        return NULL;
    RP_AUTO_FREE char *why = rp_text("it changes the system: %s", effects);
    return why ? rp_error_hint_set(rp_error_new(EPERM, why, "cannot load %s", module->name), "%s",
                                   hint)
               : rp_error_nomem();
}

static struct rp_error *fill(struct rp_module *module, const struct rp_compile_opts *opts,
                             const struct rp_module_needs *needs) {
    const struct rp_object *object = module->object;
    RP_TRY(rp_target_constants(opts->target, module->target));
    if (rp_target_is_by_task(opts) && object->uses_is_target && !object->by_task)
        return rp_error_hint_set(rp_error_new(EINVAL,
                                              "it was compiled only for targets that are processes",
                                              "cannot use %s for this target", opts->name),
                                 "`reprobe build` compiles for all kinds of targets");
    module->name = strdup(opts->name);
    module->map_fds = calloc(object->map_count + 1, sizeof(*module->map_fds));
    module->kept = calloc(object->map_count + 1, sizeof(*module->kept));
    if (!module->name || !module->map_fds || !module->kept)
        return rp_error_nomem();
    for (size_t i = 0; i < object->map_count; i++)
        module->map_fds[i] = -1;
    if (object->btf)
        module->btf = btf__new(object->btf, object->btf_size);
    if (opts->setting_count && !object->elf)
        return rp_error_hint_set(rp_error_new(EINVAL, "it is in BCC's dialect, which has none",
                                              "cannot change the settings of %s", opts->name),
                                 "define a macro: -D NAME=VALUE");
    if (object->elf && !opts->dry_run)
        RP_TRY(link_elf(module, opts, needs));
    if (opts->read_only)
        RP_TRY(refuse_effects(module, opts->read_only));
    RP_AUTO_SCHEMA struct rp_schema *said = NULL;
    if (opts->schema)
        RP_TRY(rp_schema_read(opts->schema, &said));
    RP_TRY(find_schema(module, said, opts->keep_maps_of));
    if (opts->dry_run)
        return NULL;
    RP_TRY(load_types(module));
    return create_maps(&(struct keeping){module, opts, said});
}

static struct rp_error *read_elf(struct rp_object *object, const struct rp_compile_opts *opts) {
    struct rp_error *err = object->elf ? rp_elf_read(object) : NULL;
    if (!err && !opts->portable) /* that is for others */
        err = rp_elf_check_runs(object);
    return err ? rp_error_what_set(err, "cannot load %s", opts->name) : NULL;
}

/* Takes `object`. */
static struct rp_error *module_new(struct rp_object *object, const struct rp_compile_opts *opts,
                                   const struct rp_module_needs *needs,
                                   const struct rp_timings *timings, struct rp_module **out) {
    struct rp_module *module = calloc(1, sizeof(*module));
    if (!module || !object) {
        free(module);
        rp_object_free(object);
        return rp_error_nomem();
    }
    module->object = object;
    module->btf_fd = -1;
    module->movable = opts->movable;
    module->timings = *timings;
    uint64_t start = rp_now_ns();
    struct rp_error *err = read_elf(object, opts);
    if (!err)
        err = fill(module, opts, needs);
    module->timings.load_ms += rp_ms_since(start);
    if (err) {
        rp_module_free(module);
        return err;
    }
    *out = module;
    return NULL;
}

/* `target` is what `opts` points to. */
static struct rp_error *read_opts(const struct rp_compile_opts *given, struct rp_compile_opts *opts,
                                  struct rp_target *target) {
    RP_TRY(rp_opts_read(opts, sizeof(*opts), given, "rp_compile_opts"));
    RP_TRY(rp_opts_read(target, sizeof(*target), opts->target, "rp_target"));
    opts->target = target;
    return NULL;
}

struct rp_error *rp_module_of_text(const char *text, const struct rp_compile_opts *given,
                                   const struct rp_module_needs *needs, struct rp_module **out) {
    *out = NULL;
    struct rp_compile_opts opts;
    struct rp_target target;
    RP_TRY(read_opts(given, &opts, &target));
    if (!opts.name)
        opts.name = opts.path ? opts.path : "source";
    struct rp_object *object = NULL;
    struct rp_timings timings = {0};
    RP_TRY(rp_compile(text, &opts, needs->before, &timings, &object));
    return module_new(object, &opts, needs, &timings, out);
}

static struct rp_error *load_object(const char *path, const struct rp_compile_opts *opts,
                                    struct rp_object **out) {
    if (opts->cflag_count || opts->types != RP_TYPES_AUTO)
        return rp_error_hint_set(
            rp_error_new(EINVAL, "it is compiled already", "cannot use %s", path),
            "use -D, -I, --types and compiler flags with `reprobe build`");
    struct rp_object *object = NULL;
    RP_TRY(rp_object_load(path, &object));
    struct rp_error *err = object->elf ? NULL : rp_origin_fits(&object->origin);
    if (err) {
        rp_object_free(object);
        return rp_error_what_set(err, "cannot use %s", path);
    }
    *out = object;
    return NULL;
}

struct rp_error *rp_module_of_file(const char *path, const struct rp_compile_opts *given,
                                   const struct rp_module_needs *needs, struct rp_module **out) {
    *out = NULL;
    struct rp_compile_opts opts;
    struct rp_target target;
    RP_TRY(read_opts(given, &opts, &target));
    if (strcmp(path, "-") != 0)
        opts.path = path;
    if (!opts.name)
        opts.name = opts.path ? path : "standard input";
    if (opts.path && rp_object_file_is(path)) {
        struct rp_timings timings = {.cached = true};
        struct rp_object *object = NULL;
        uint64_t start = rp_now_ns();
        RP_TRY(load_object(path, &opts, &object));
        timings.types_ms = rp_ms_since(start);
        return module_new(object, &opts, needs, &timings, out);
    }
    RP_AUTO_FREE char *text = NULL;
    RP_TRY(rp_file_read(path, &text));
    return rp_module_of_text(text, &opts, needs, out);
}

struct rp_error *rp_module_save(const struct rp_module *module, const char *path) {
    return rp_object_save(module->object, path);
}

void rp_module_free(struct rp_module *module) {
    if (!module)
        return;
    rp_module_end_programs(module);
    close_maps(module);
    if (module->btf_fd >= 0)
        close(module->btf_fd);
    btf__free(module->btf);
    rp_schema_free(module->schema);
    rp_object_free(module->object);
    free(module->read_only);
    free(module->name);
    free(module);
}

/* ------------------------------------------------------------- queries */

const char *rp_module_section(const struct rp_module *module, const char *function) {
    const struct rp_object_function *found = rp_object_function(module->object, function);
    return found ? found->section : NULL;
}

char *rp_module_build(const struct rp_module *module, const char *function) {
    size_t length;
    const char *build = rp_build_for(module->object->origin.builds, function, &length);
    return build ? strndup(build, length) : NULL;
}

bool rp_module_is_tail(const struct rp_module *module, const char *function) {
    return rp_object_is_tail(module->object, function);
}

struct rp_error *rp_module_context_reads(const struct rp_module *module, const char *function,
                                         struct rp_flow_reads *reads) {
    const struct rp_object_function *found = rp_object_function(module->object, function);
    *reads = (struct rp_flow_reads){0};
    return found ? rp_flow_context(module->object, found, reads) : NULL;
}

bool rp_module_is_optional(const struct rp_module *module, const char *function) {
    const struct rp_object_function *found = rp_object_function(module->object, function);
    return found && found->is_optional;
}

bool rp_module_has_sections(const struct rp_module *module) {
    return module->object->elf;
}

bool rp_module_setting(const struct rp_module *module, size_t *i, struct rp_elf_setting *out) {
    return rp_elf_setting(module->object, module->btf, i, out);
}

const char *rp_module_note(const struct rp_module *module) {
    return module->object->note;
}

bool rp_module_uses_target(const struct rp_module *module) {
    bool beyond_pid = false;
    for (size_t i = RP_TARGET_PID + 1; i <= RP_TARGET_CGROUP; i++)
        beyond_pid |= module->target[i] != 0;
    return module->object->uses_is_target || (module->object->uses_target_pid && !beyond_pid);
}

pid_t rp_module_target_pid(const struct rp_module *module) {
    return (pid_t)module->target[RP_TARGET_PID];
}

const struct rp_timings *rp_module_timings(const struct rp_module *module) {
    return &module->timings;
}

void rp_module_add_attach_ms(struct rp_module *module, double ms) {
    module->timings.attach_ms += ms;
}

size_t rp_module_function_count(const struct rp_module *module) {
    size_t count = 0;
    while (rp_module_function_name(module, count))
        count++;
    return count;
}

/* Skips callbacks: only the functions that pass them can be attached. */
const char *rp_module_function_name(const struct rp_module *module, size_t i) {
    const struct rp_object *object = module->object;
    for (size_t f = 0; f < object->function_count; f++)
        if (!rp_link_is_callback(object->functions[f].name) && i-- == 0)
            return object->functions[f].name;
    return NULL;
}

size_t rp_module_map_count(const struct rp_module *module) {
    return module->object->map_count - rp_object_added_maps(module->object);
}

const char *rp_module_map_name(const struct rp_module *module, size_t i) {
    return i < rp_module_map_count(module) ? module->object->maps[i].name : NULL;
}

int rp_module_map_fd(const struct rp_module *module, const char *name) {
    ssize_t i = rp_object_map(module->object, name);
    return i < 0 ? -1 : module->map_fds[i];
}

const struct rp_object_map *rp_module_map(const struct rp_module *module, const char *name) {
    ssize_t i = rp_object_map(module->object, name);
    return i < 0 ? NULL : &module->object->maps[i];
}

bool rp_module_kept(const struct rp_module *module, const char *name) {
    ssize_t i = rp_object_map(module->object, name);
    return i >= 0 && module->kept[i];
}

const struct rp_map_schema *rp_module_map_schema(const struct rp_module *module, const char *map) {
    ssize_t i = rp_object_map(module->object, map);
    return i < 0 ? NULL : &module->schema->maps[i];
}

const struct rp_map_schema *rp_module_rows_schema(const struct rp_module *module) {
    size_t behind = module->object->map_count;
    return module->schema->map_count > behind ? &module->schema->maps[behind] : NULL;
}

struct rp_error *rp_module_set_schema(struct rp_module *module, const struct rp_schema *schema) {
    RP_AUTO_SCHEMA struct rp_schema *said = NULL;
    RP_TRY(rp_schema_read(schema, &said));
    return rp_schema_apply(module->object, module->btf, said, &module->schema);
}

struct rp_error *rp_module_map_missing(const struct rp_module *module, const char *name) {
    struct rp_nearest near = {.wanted = name};
    for (size_t i = 0; i < rp_module_map_count(module); i++)
        rp_nearest_add(&near, rp_module_map_name(module, i));
    RP_AUTO_FREE char *names = rp_nearest_text(&near, "");
    rp_nearest_clear(&near);
    struct rp_error *err = rp_error_new(ENOENT, "the source does not declare it",
                                        "cannot find the map or output `%s`", name);
    return names ? rp_error_hint_set(err, "did you mean %s?", names) : err;
}

bool rp_module_calls(const struct rp_module *module, int helper) {
    return rp_object_calls(module->object, 0, helper);
}

bool rp_module_prints_trace(const struct rp_module *module) {
    return rp_module_calls(module, BPF_FUNC_trace_printk) ||
           rp_module_calls(module, BPF_FUNC_trace_vprintk);
}

bool rp_module_writes_rows(const struct rp_module *module) {
    return rp_module_calls(module, BPF_FUNC_seq_printf) ||
           rp_module_calls(module, BPF_FUNC_seq_write) ||
           rp_module_calls(module, BPF_FUNC_seq_printf_btf);
}

struct rp_error *rp_module_effects(const struct rp_module *module, char **out) {
    RP_AUTO_FREE char *lines = NULL;
    *out = NULL;
    for (size_t i = 0; i < module->object->function_count; i++) {
        const struct rp_object_function *function = &module->object->functions[i];
        RP_AUTO_FREE char *effects = NULL;
        RP_TRY(rp_function_effects(function, &effects));
        if (!effects)
            continue;
        RP_AUTO_FREE char *before = rp_take(lines);
        lines = rp_text("%s%s%s calls %s", before ? before : "", before ? "\n" : "", function->name,
                        effects);
        if (!lines)
            return rp_error_nomem();
    }
    *out = rp_take(lines);
    return NULL;
}

const char *rp_module_read_only(const struct rp_module *module) {
    return module->read_only;
}

void rp_module_lost(const struct rp_module *module, uint64_t counts[RP_LOST_KINDS]) {
    uint32_t zero = 0;
    memset(counts, 0, RP_LOST_KINDS * sizeof(*counts));
    if (module->object->counts_lost)
        bpf_map_lookup_elem(module->map_fds[module->object->map_count - 1], &zero, counts);
}

bool rp_module_is_blind(const struct rp_module *module) {
    return module->blind;
}

const struct btf *rp_module_btf(const struct rp_module *module) {
    return module->btf;
}
