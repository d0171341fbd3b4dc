/* SPDX-License-Identifier: Apache-2.0 */
#include "probe/leaving.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "probe/binary.h"
#include "probe/go.h"
#include "probe/probe.h"
#include "util/array.h"

/* C++ and Rust have tables for what an exception passes; so has C, for cleanup at the end of a
 * thread. A stripped program of Rust tells its language by what it needs of libgcc. */
static const struct {
    const char *symbol;
    bool imported, has_tables;
    const char *what;
} ways[] = {
    {"__gxx_personality_v0", false, true, "an exception passes the function"},
    {"rust_eh_personality", false, true, "a panic passes the function"},
    {"_Unwind_RaiseException", true, true, "an exception or a panic passes the function"},
    {"swapcontext", true, false, "the stack is changed in the function (swapcontext)"},
};

const char *rp_leaving_of(const char *path) {
    bool has_tables = rp_binary_has_section(path, ".gcc_except_table");
    for (size_t i = 0; i < RP_COUNT(ways); i++)
        if ((has_tables || !ways[i].has_tables) &&
            rp_binary_has_symbol(path, ways[i].symbol, ways[i].imported))
            return ways[i].what;
    return NULL;
}

/* ------------------------------------------------------------------ single functions */

static const char is_jumped_to[] = "it is jumped to, not called";
static const char is_left_again[] = "it keeps the address to return to, and may return there again";
static const char follows_stack[] = "it follows the stack from the address that it returns to";

/* What is on top of the stack at their entry is not an address to return to, or is read. A '*'
 * stands for whatever follows. */
static const struct {
    const char *name, *why;
} never[] = {
    {"_start", is_jumped_to},
    {"_dl_start_user", is_jumped_to},
    {"_dl_runtime_*", is_jumped_to},
    {"__restore", is_jumped_to},
    {"__restore_rt", is_jumped_to},
    {"__start_context", is_jumped_to},
    {"__push___start_context", is_jumped_to},
    {"setjmp", is_left_again},
    {"_setjmp", is_left_again},
    {"__setjmp", is_left_again},
    {"sigsetjmp", is_left_again},
    {"__sigsetjmp", is_left_again},
    {"__sigsetjmp_cancel", is_left_again},
    {"getcontext", is_left_again},
    {"__getcontext", is_left_again},
    {"swapcontext", is_left_again},
    {"__swapcontext", is_left_again},
    {"__morestack", is_left_again},
    {"_Unwind_RaiseException", follows_stack},
    {"_Unwind_Resume", follows_stack},
    {"_Unwind_Resume_or_Rethrow", follows_stack},
    {"_Unwind_ForcedUnwind", follows_stack},
    {"__cxa_throw", follows_stack},
    {"__cxa_rethrow", follows_stack},
    {"__x86.get_pc_thunk.*", "it reads the address that it returns to"},
};

static bool is_name(const char *name, const char *wanted) {
    size_t length = strcspn(wanted, "*");
    return !strncmp(name, wanted, length) && (wanted[length] || !name[length]);
}

/* "f.cold", "f.cold.0", "f() [clone .cold]" and "f.__part.1": code of a function's that the
 * compiler has put elsewhere. */
static bool is_part(const char *name) {
    static const char *const marks[] = {".cold", ".eh", ".__part"};
    for (size_t i = 0; i < RP_COUNT(marks); i++) {
        const char *mark = strstr(name, marks[i]);
        const char *end = mark ? mark + strlen(marks[i]) : "";
        if (mark > name &&
            (!*end || *end == ']' || (*end == '.' && isdigit((unsigned char)end[1]))))
            return true;
    }
    return false;
}

const char *rp_leaving_of_function(const char *function) {
    static const char own[] = "__GI_"; /* glibc's names for its own use */
    if (!strncmp(function, own, strlen(own)))
        function += strlen(own);
    for (size_t i = 0; i < RP_COUNT(never); i++)
        if (is_name(function, never[i].name))
            return never[i].why;
    return is_part(function) ? is_jumped_to : NULL;
}

struct rp_error *rp_leaving_check(const char *path, const char *function) {
    const char *why = rp_leaving_of_function(function);
    if (!why)
        return rp_go_refuse_return(path);
    return rp_error_hint_set(
        rp_probe_error(EINVAL, "a probe at the return of %s would destroy the program: %s",
                       function, why),
        "uprobe:%s:%s is at its entry", path, function);
}
