/* SPDX-License-Identifier: Apache-2.0 */
#include "query/complete/clang.h"

#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>

#include "util/array.h"
#include "util/error.h"

/* The one whose header this was compiled with, then any: its C interface only grows. */
static const char *const files[] = {LIBCLANG_SONAME, "libclang.so.1", "libclang.so"};

static struct rp_clang opened;

static struct rp_error *unusable(const char *why) {
    return rp_error_hint_set(
        rp_error_new(ENOENT, why, "cannot look at C: libclang is missing"),
        "install it: the package %s of Debian and Ubuntu has it (any other version will do)",
        LIBCLANG_PACKAGE);
}

struct rp_error *rp_clang_open(const struct rp_clang **out) {
    static const char *const functions[] = {RP_CLANG_FUNCTIONS(RP_CLANG_NAME)};
    static struct rp_library library = {.files = files,
                                        .file_count = RP_COUNT(files),
                                        .mode = RTLD_NOW | RTLD_LOCAL,
                                        .functions = functions,
                                        .function_count = RP_COUNT(functions)};
    *out = &opened;
    if (opened.index)
        return NULL;
    char text[128];
    const char *why = rp_library_open(&library, &opened, text);
    if (why)
        return unusable(why);
    opened.index = opened.createIndex(0, 0);
    return opened.index ? NULL : rp_error_nomem();
}

void rp_clang_take(const struct rp_clang *clang, CXString text, char *buffer, size_t size) {
    const char *characters = clang->getCString(text);
    snprintf(buffer, size, "%s", characters ? characters : "");
    clang->disposeString(text);
}
