/* SPDX-License-Identifier: Apache-2.0 */
#include "kernel/syscalls.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>

#include "arch/arch.h"
#include "syscall_names.h" /* the build makes it, of the headers' __NR_NAMEs */
#include "util/array.h"

/* ------------------------------------------------------------------ numbers */

struct name {
    long number;
    const char *text;
};

static const struct name native[] = {RP_SYSCALL_NAMES};
static const struct name of_32_bits[] = {RP_SYSCALL_NAMES_32};

/* Calls that the headers of Linux 6.1, Debian 12's, lack. From 424 on all processors have the same
 * numbers. */
static const struct name newer[] = {
    {451, "cachestat"},         {452, "fchmodat2"},        {453, "map_shadow_stack"},
    {454, "futex_wake"},        {455, "futex_wait"},       {456, "futex_requeue"},
    {457, "statmount"},         {458, "listmount"},        {459, "lsm_get_self_attr"},
    {460, "lsm_set_self_attr"}, {461, "lsm_list_modules"}, {462, "mseal"},
    {463, "setxattrat"},        {464, "getxattrat"},       {465, "listxattrat"},
    {466, "removexattrat"},     {467, "open_tree_attr"},   {468, "file_getattr"},
    {469, "file_setattr"},
};

static const char *name_in(const struct name *names, size_t count, long number) {
    for (size_t i = 0; i < count; i++)
        if (names[i].number == number && names[i].text)
            return names[i].text;
    return NULL;
}

const char *rp_syscall_name(long number, bool narrow) {
    const char *name = narrow ? name_in(of_32_bits, RP_COUNT(of_32_bits), number)
                              : name_in(native, RP_COUNT(native), number);
    return name ? name : name_in(newer, RP_COUNT(newer), number);
}

static long number_in(const struct name *names, size_t count, const char *name) {
    for (size_t i = 0; i < count; i++)
        if (names[i].text && !strcmp(names[i].text, name))
            return names[i].number;
    return -1;
}

/* Where the kernel's function, and so the tracepoint, has another name than the call. */
static const struct {
    const char *function, *call;
} others[] = {
    {"newfstat", "fstat"}, {"newlstat", "lstat"},      {"newstat", "stat"},
    {"newuname", "uname"}, {"sendfile64", "sendfile"}, {"umount", "umount2"},
};

long rp_syscall_number(const char *name) {
    for (size_t i = 0; i < RP_COUNT(others); i++)
        if (!strcmp(others[i].function, name))
            name = others[i].call;
    long number = number_in(native, RP_COUNT(native), name);
    return number >= 0 ? number : number_in(newer, RP_COUNT(newer), name);
}

/* ------------------------------------------------------------------ arguments */

static const struct call {
    const char *name, *arguments;
} calls[] = {
#include "kernel/syscall_table.h"
};

void rp_syscalls_each(bool (*each)(void *ctx, const char *name), void *ctx) {
    for (size_t i = 0; i < RP_COUNT(calls); i++)
        if (!each(ctx, calls[i].name))
            return;
}

const char *rp_syscall_of_event(const char *event, bool *at_return) {
    static const char enter[] = "sys_enter_", leave[] = "sys_exit_";
    *at_return = !strncmp(event, leave, sizeof(leave) - 1);
    if (*at_return)
        return event + sizeof(leave) - 1;
    return strncmp(event, enter, sizeof(enter) - 1) ? NULL : event + sizeof(enter) - 1;
}

static const char *arguments_of(const char *name) {
    if (!strcmp(name, "clone") && rp_arch.clone)
        return rp_arch.clone;
    for (size_t i = 0; i < RP_COUNT(calls); i++)
        if (!strcmp(calls[i].name, name))
            return calls[i].arguments;
    return NULL;
}

/* kernel/trace/trace_syscalls.c: the number, and then a word for each argument. */
char *rp_syscall_event_format(const char *event) {
    bool at_return;
    const char *name = rp_syscall_of_event(event, &at_return),
               *rest = name ? arguments_of(name) : NULL;
    char *text = NULL;
    size_t size;
    FILE *out = rest ? open_memstream(&text, &size) : NULL;
    if (!out)
        return NULL;
    fprintf(out,
            "name: %s\nformat:\n"
            "\tfield:unsigned short common_type;\toffset:0;\tsize:2;\tsigned:0;\n"
            "\tfield:unsigned char common_flags;\toffset:2;\tsize:1;\tsigned:0;\n"
            "\tfield:unsigned char common_preempt_count;\toffset:3;\tsize:1;\tsigned:0;\n"
            "\tfield:int common_pid;\toffset:4;\tsize:4;\tsigned:1;\n\n"
            "\tfield:int __syscall_nr;\toffset:8;\tsize:4;\tsigned:1;\n",
            event);
    if (at_return)
        fputs("\tfield:long ret;\toffset:16;\tsize:8;\tsigned:1;\n", out);
    for (unsigned offset = 16; !at_return && *rest; offset += 8) {
        size_t length = strcspn(rest, ",");
        fprintf(out, "\tfield:%.*s;\toffset:%u;\tsize:8;\tsigned:0;\n", (int)length, rest, offset);
        rest += length + strspn(rest + length, ", ");
    }
    bool failed = ferror(out);
    if (!fclose(out) && !failed)
        return text;
    free(text);
    return NULL;
}
