/* SPDX-License-Identifier: Apache-2.0 */
#include "probe/leaving.h"

#include "probe/binary.h"
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
