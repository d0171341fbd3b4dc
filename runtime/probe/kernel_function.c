/* SPDX-License-Identifier: Apache-2.0 */
#include "probe/kernel_function.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/btf.h"
#include "kernel/ksyms.h"
#include "kernel/tracefs.h"
#include "probe/arguments.h"
#include "probe/describe.h"
#include "probe/kernel_event.h"
#include "probe/kind.h"
#include "util/cleanup.h"
#include "util/nearest.h"
#include "util/text.h"

bool rp_kernel_function_use_own_name(struct rp_spec *spec) {
    char *own = rp_syscall_function(spec->target);
    if (!own)
        return false;
    free(spec->target);
    spec->target = own;
    return true;
}

/* ------------------------------------------------------------------ which function */

bool rp_kernel_function_is_address(const struct rp_spec *spec) {
    return spec->target[0] == '0' && (spec->target[1] == 'x' || spec->target[1] == 'X');
}

struct which {
    const struct rp_spec *spec;
    uint64_t wanted;        /* an address, or 0 */
    uint64_t first, second; /* of those that are meant */
    char modules[2][64];    /* theirs */
    unsigned count;
    bool has_module; /* it has a function at all */
};

static bool is_in(const char *module, const char *wanted) {
    return !wanted || !strcmp(wanted, module ? module : "vmlinux");
}

static bool look_for(void *ctx, const char *name, const char *module, uint64_t address) {
    struct which *which = ctx;
    const struct rp_spec *spec = which->spec;
    if (!is_in(module, spec->category))
        return true;
    which->has_module = true;
    if (which->wanted ? address != which->wanted : strcmp(name, spec->target) != 0)
        return true;
    if (which->count && address && address == which->first) /* one function with two names */
        return true;
    if (which->count < 2) {
        *(which->count ? &which->second : &which->first) = address;
        snprintf(which->modules[which->count], sizeof(which->modules[0]), "%s",
                 module ? module : "vmlinux");
    }
    which->count++;
    return true;
}

static struct rp_error *several(const struct which *which) {
    const struct rp_spec *spec = which->spec;
    struct rp_error *err =
        rp_probe_error(EADDRNOTAVAIL,
                       "this kernel has %u functions named %s, and the name does "
                       "not say which one you mean",
                       which->count, spec->target);
    if (which->count == 2 && strcmp(which->modules[0], which->modules[1]) != 0)
        return rp_error_hint_set(err, "use %s:%s:%s or %s:%s:%s", spec->kind->name,
                                 which->modules[0], spec->target, spec->kind->name,
                                 which->modules[1], spec->target);
    if (!which->first)
        return rp_error_hint_set(err, "as root, who sees their addresses, use kprobe:0xADDRESS");
    return rp_error_hint_set(err, "use the address of one: kprobe:0x%" PRIx64 " or 0x%" PRIx64,
                             which->first, which->second);
}

/* What is meant, perhaps: of the module's functions, and of the modules. */
struct near {
    const struct rp_spec *spec;
    struct rp_nearest functions, modules;
    char elsewhere[64]; /* a module that has the function; "": none */
};

static bool add_near(void *ctx, const char *name, const char *module, uint64_t address) {
    struct near *near = ctx;
    (void)address;
    const char *in = module ? module : "vmlinux";
    if (is_in(module, near->spec->category))
        rp_nearest_add(&near->functions, name);
    rp_nearest_add(&near->modules, in);
    if (!strcmp(name, near->spec->target))
        snprintf(near->elsewhere, sizeof(near->elsewhere), "%s", in);
    return true;
}

/* "kprobe:vmlinux:vfs_read", or NULL. */
static char *near_spec(const struct which *which) {
    const struct rp_spec *spec = which->spec;
    struct near near = {
        .spec = spec, .functions = {.wanted = spec->target}, .modules = {.wanted = spec->category}};
    rp_error_free(rp_ksyms_each(add_near, &near));
    RP_AUTO_FREE char *before =
        rp_text(which->has_module ? "%s:%s:" : "%s:", spec->kind->name, spec->category);
    char *text = NULL;
    if (*near.elsewhere)
        text = rp_text("%s:%s:%s", spec->kind->name, near.elsewhere, spec->target);
    else if (before)
        text = rp_nearest_text(which->has_module ? &near.functions : &near.modules, before);
    rp_nearest_clear(&near.functions);
    rp_nearest_clear(&near.modules);
    return text;
}

static struct rp_error *none(const struct which *which) {
    const struct rp_spec *spec = which->spec;
    if (which->wanted)
        return rp_error_hint_set(
            rp_probe_error(ENOENT, "no function of the kernel begins at %s", spec->target),
            "/proc/kallsyms has their addresses, if it is read as root");
    RP_AUTO_FREE char *near = near_spec(which);
    struct rp_error *err =
        which->has_module ? rp_probe_error(ENOENT, "the module %s has no function %s",
                                           spec->category, spec->target)
                          : rp_probe_error(ENOENT, "no module named %s is loaded", spec->category);
    if (near)
        return rp_error_hint_set(err, "did you mean %s?", near);
    if (!which->has_module)
        return rp_error_hint_set(err,
                                 "/proc/modules has those that are; the kernel itself is vmlinux");
    return rp_error_hint_set(
        err, "reprobe list '%s:*PART*' finds functions by a part of their names", spec->kind->name);
}

struct rp_error *rp_kernel_function_find(const struct rp_spec *spec, uint64_t *address) {
    struct which which = {.spec = spec};
    bool by_address = rp_kernel_function_is_address(spec);
    if (by_address)
        which.wanted = strtoull(spec->target, NULL, 16);
    RP_TRY(rp_ksyms_each(look_for, &which));
    *address = which.first;
    if (which.count > 1 && !by_address)
        return several(&which);
    if (which.count && !which.first && spec->category)
        return rp_error_hint_set(
            rp_probe_error(EPERM, "the kernel hides the addresses of its functions"),
            "run as root (sudo), with kernel.kptr_restrict below 2");
    return which.count || (!spec->category && !by_address) ? NULL : none(&which);
}

/* ------------------------------------------------------------------ arguments */

/* The kernel's function for a syscall has one argument, the caller's registers; the syscall's
 * tracepoint describes these. *found: whether there is one. */
struct rp_error *rp_arguments_add_syscall(struct rp_arguments *arguments, const char *function,
                                          bool *found) {
    RP_AUTO_FREE char *known = rp_syscall_function(function);
    const char *syscall = known ? rp_syscall_of(known) : NULL;
    RP_AUTO_FREE char *event = NULL;
    if (!syscall || asprintf(&event, "sys_enter_%s", syscall) < 0)
        event = NULL;
    RP_AUTO_FREE char *format = event ? rp_event_format("syscalls", event) : NULL;
    *found = format;
    if (!format)
        return NULL;
    arguments->result = strdup("long");
    return arguments->result ? rp_arguments_add_fields(arguments, format) : rp_error_nomem();
}

struct rp_error *rp_kernel_function_arguments(const struct rp_spec *spec,
                                              struct rp_arguments *arguments) {
    const struct rp_btf *btf;
    uint32_t proto = rp_kernel_prototype(spec->target, NULL, &btf);
    if (proto)
        return rp_arguments_add_prototype(arguments, btf, proto, 0);
    if (!rp_ksym_exists(spec->target))
        RP_TRY(rp_spec_check(spec));
    struct rp_btf *modules = rp_kernel_module_types();
    proto = rp_kernel_prototype(spec->target, modules, &btf);
    struct rp_error *err = proto ? rp_arguments_add_prototype(arguments, btf, proto, 0)
                                 : rp_arguments_add_unknown(arguments);
    rp_btf_free(modules);
    return err;
}

/* ------------------------------------------------------------------ calls */

bool rp_kernel_function_is_native(const struct rp_spec *spec) {
    RP_AUTO_FREE char *own = rp_syscall_function(spec->target);
    return own;
}

char *rp_kernel_function_call(const struct rp_spec *spec, enum rp_call_part part, const char *entry,
                              const char *end) {
    if (part == RP_CALL_ENTRY || part == RP_CALL_RETURN)
        return rp_spec_as(spec, part == RP_CALL_ENTRY ? entry : end);
    return rp_is_syscall_function(spec->target) ? NULL : rp_spec_as(spec, "fexit");
}

/* ------------------------------------------------------------------ for people */

bool rp_kernel_function_exists(const struct rp_spec *spec) {
    return rp_ksym_exists(spec->target);
}

struct function {
    const char *wanted;
    char *module;
    uint64_t address;
    unsigned count;
};

static bool find_function(void *ctx, const char *name, const char *module, uint64_t address) {
    struct function *function = ctx;
    if (strcmp(name, function->wanted) != 0)
        return true;
    if (!function->count++) {
        function->module = module ? strdup(module) : NULL;
        function->address = address;
    }
    return true;
}

void rp_kernel_function_describe(const struct rp_spec *spec, FILE *out) {
    rp_describe_signature(spec, out);
    struct function function = {.wanted = spec->target};
    rp_error_free(rp_ksyms_each(find_function, &function));
    uint64_t size = rp_ksym_size(spec->target);
    if (function.module) {
        rp_describe_label(out, "module");
        fprintf(out, "%s\n", function.module);
    }
    rp_describe_label(out, "address");
    if (function.address)
        fprintf(out, "0x%" PRIx64, function.address + spec->offset);
    else
        fputs("not shown (kernel.kptr_restrict, or this is not root)", out);
    if (size)
        fprintf(out, ", of %" PRIu64 " bytes", size);
    fputc('\n', out);
    if (function.count > 1)
        fprintf(out, "  %-*s%u functions of this kernel have that name\n", RP_LABEL_WIDTH, "",
                function.count);
    free(function.module);
}
