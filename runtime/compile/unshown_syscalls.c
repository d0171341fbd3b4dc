/* SPDX-License-Identifier: Apache-2.0 */
#include "compile/unshown_syscalls.h"

#include <stdlib.h>
#include <string.h>

#include "arch/arch.h"
#include "kernel/features.h"
#include "kernel/ksyms.h"
#include "kernel/syscalls.h"
#include "kernel/tracefs.h"
#include "util/array.h"
#include "util/cleanup.h"
#include "util/text.h"

char *rp_unshown_syscall(const char *category, const char *event) {
    RP_AUTO_FREE char *shown = rp_tracefs_event_format(category, event);
    return shown ? NULL : rp_event_format(category, event);
}

/* The number of the call, if a program at the raw tracepoint of all calls can do what one at its
 * tracepoint would; otherwise -1. */
static long raw_number(const char *event) {
    bool at_return;
    const char *name = rp_syscall_of_event(event, &at_return);
    return rp_kernel_may_trace() && rp_arch.number && rp_kernel_has_syscall(name)
               ? rp_syscall_number(name)
               : -1;
}

const char *rp_unshown_syscall_way(const char *event) {
    return raw_number(event) < 0 ? "given" : "raw";
}

/* Where the name begins in "TYPE NAME". */
static size_t name_in(const char *field, size_t length) {
    while (length && field[length - 1] != ' ' && field[length - 1] != '*')
        length--;
    return length;
}

/* The member of TRACEPOINT_PROBE's struct, as libbcc has it: numbers of C's own types are as wide
 * as the registers that they come in. */
static void write_member(FILE *out, const char *field, size_t length, size_t name, bool at_return,
                         unsigned index) {
    static const char *const numbers[] = {"char", "short", "int", "long"};
    (void)at_return;
    (void)index;
    bool is_unsigned = !strncmp(field, "unsigned ", 9);
    const char *type = field + (is_unsigned ? 9 : 0);
    for (size_t i = 0; i < RP_COUNT(numbers); i++)
        if (!strncmp(type, numbers[i], strlen(numbers[i])) &&
            type + strlen(numbers[i]) + 1 == field + name) {
            fprintf(out, " %s %.*s;", is_unsigned ? "u64" : "s64", (int)(length - name),
                    field + name);
            return;
        }
    fprintf(out, " %.*s __attribute__((aligned(8)));", (int)length, field);
}

typedef void (*field_fn)(FILE *out, const char *field, size_t length, size_t name, bool at_return,
                         unsigned index);

/* Calls `each` with "TYPE NAME" of the fields that are the call's own. */
static void each_field(const char *format, bool at_return, field_fn each, FILE *out) {
    unsigned index = 0;
    for (const char *at = format; (at = rp_event_next_field(at));) {
        size_t length = strcspn(at, ";"), name = name_in(at, length);
        if (strncmp(at + name, "common_", 7) != 0 && strncmp(at + name, "__syscall_nr", 12) != 0)
            each(out, at, length, name, at_return, index++);
    }
}

static void write_set(FILE *out, const char *field, size_t length, size_t name, bool at_return,
                      unsigned index) {
    int width = (int)(length - name);
    fprintf(out, " \\\n    args.%.*s = (typeof(args.%.*s))", width, field + name, width,
            field + name);
    if (at_return)
        fputs("ctx->args[1];", out);
    else
        fprintf(out, "syscall_argument(ctx, %u);", index);
}

/* TRACEPOINT_PROBE(syscalls, EVENT) as a program at the raw tracepoint of all calls, which hands
 * the fields to what the source has as the tracepoint's. libbcc writes attributes before the first
 * declaration, as prelude/callback.h says. */
static void write_raw_probe(const char *event, long number, const char *format, FILE *out) {
    bool at_return;
    const char *call = rp_syscall_of_event(event, &at_return);
    fprintf(out,
            "#define RP_PROBE_syscalls__%s \\\n"
            "  static inline void rp_before_%s(void); \\\n"
            "  static __always_inline int rp_%s(struct tracepoint__syscalls__%s *args); \\\n"
            "  __attribute__((section(\".bpf.fn.rawsyscall__%s\"))) \\\n"
            "  int rawsyscall__%s(struct bpf_raw_tracepoint_args *ctx) { \\\n"
            "    struct tracepoint__syscalls__%s args = {}; \\\n"
            "    if (!%s_syscall(ctx, %ld)) return 0; /* %s */ \\\n"
            "    args.__syscall_nr = %ld;",
            event, event, event, event, event, event, event, at_return ? "leaves" : "enters",
            number, call, number);
    each_field(format, at_return, write_set, out);
    fprintf(out,
            " \\\n"
            "    return rp_%s(&args); } \\\n"
            "  static __always_inline int rp_%s(struct tracepoint__syscalls__%s *args)\n",
            event, event, event);
}

static void write_probe(const char *category, const char *event, FILE *out) {
    RP_AUTO_FREE char *format = rp_unshown_syscall(category, event);
    long number = format ? raw_number(event) : -1;
    if (format) {
        fprintf(out, "struct tracepoint__syscalls__%s { u64 __do_not_use__; int __syscall_nr;",
                event);
        each_field(format, false, write_member, out);
        fputs(" };\n", out);
    }
    if (number >= 0)
        write_raw_probe(event, number, format, out);
    else
        fprintf(out,
                "#define RP_PROBE_%s__%s int tracepoint__%s__%s(struct tracepoint__%s__%s *args)\n",
                category, event, category, event, category, event);
}

void rp_write_unshown_syscalls(const struct rp_names *tracepoints, FILE *out) {
    fputs("#undef TRACEPOINT_PROBE\n"
          "#define TRACEPOINT_PROBE(category, event) RP_PROBE_##category##__##event\n",
          out);
    for (size_t i = 0; i < tracepoints->count; i++) {
        const char *name = tracepoints->items[i], *event = strchr(name, ':') + 1;
        RP_AUTO_FREE char *category = strndup(name, (size_t)(event - 1 - name));
        if (category)
            write_probe(category, event, out);
    }
}
