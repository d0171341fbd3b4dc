/* SPDX-License-Identifier: Apache-2.0 */
#include "probe/kernel_function.h"

#include <stdlib.h>
#include <string.h>

#include "kernel/btf.h"
#include "kernel/ksyms.h"
#include "kernel/tracefs.h"
#include "probe/arguments.h"
#include "probe/kernel_event.h"
#include "util/cleanup.h"

bool rp_kernel_function_use_own_name(struct rp_spec *spec) {
    char *own = rp_syscall_function(spec->target);
    if (!own)
        return false;
    free(spec->target);
    spec->target = own;
    return true;
}

/* ------------------------------------------------------------------ arguments */

/* The kernel's function of a syscall has one argument, the caller's registers: what is in them, its
 * tracepoint tells. *found is whether there is one. */
struct rp_error *rp_arguments_add_syscall(struct rp_arguments *arguments, const char *function,
                                          bool *found) {
    RP_AUTO_FREE char *known = rp_syscall_function(function);
    const char *syscall = known ? rp_syscall_of(known) : NULL;
    RP_AUTO_FREE char *event = NULL;
    if (!syscall || asprintf(&event, "sys_enter_%s", syscall) < 0)
        event = NULL;
    RP_AUTO_FREE char *format = event ? rp_tracefs_event_format("syscalls", event) : NULL;
    *found = format;
    if (!format)
        return NULL;
    arguments->result = strdup("long");
    return arguments->result ? rp_arguments_add_fields(arguments, format) : rp_error_nomem();
}

static struct rp_error *add_prototype(const struct rp_spec *spec, struct rp_arguments *arguments) {
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

struct rp_error *rp_kernel_function_arguments(const struct rp_spec *spec, size_t registers,
                                              struct rp_arguments *arguments) {
    RP_TRY(add_prototype(spec, arguments));
    if (arguments->readable > registers)
        arguments->readable = registers;
    return NULL;
}

/* ------------------------------------------------------------------ calls */

char *rp_kernel_function_call(const struct rp_spec *spec, enum rp_call_part part, const char *entry,
                              const char *end) {
    if (part != RP_CALL_WHOLE)
        return rp_spec_as(spec, part == RP_CALL_ENTRY ? entry : end);
    return rp_syscall_of(spec->target) ? NULL : rp_spec_as(spec, "fexit");
}
