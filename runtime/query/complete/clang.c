/* SPDX-License-Identifier: Apache-2.0 */
#include "query/complete/clang.h"

#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "util/array.h"
#include "util/error.h"

/* The one whose header this was compiled with, then any: its C interface only grows. */
static const char *const names[] = {LIBCLANG_SONAME, "libclang.so.1", "libclang.so"};

static struct rp_clang opened;

static struct rp_error *unusable(const char *why) {
    return rp_error_hint_set(
        rp_error_new(ENOENT, why, "cannot look at C: libclang is missing"),
        "install it: the package %s of Debian and Ubuntu has it (any other version will do)",
        LIBCLANG_PACKAGE);
}

static void *open_library(void) {
    void *library = NULL;
    for (size_t i = 0; i < RP_COUNT(names) && !library; i++)
        library = dlopen(names[i], RTLD_NOW | RTLD_LOCAL);
    return library;
}

/* The first function that the library lacks, or NULL. */
static const char *find_functions(void *library, struct rp_clang *clang) {
#define FIND(name)                                                                                 \
    if (!((clang)->name = (__typeof__((clang)->name))dlsym(library, "clang_" #name)))              \
        return "clang_" #name;
    RP_CLANG_FUNCTIONS(FIND)
#undef FIND
    return NULL;
}

struct rp_error *rp_clang_open(const struct rp_clang **out) {
    *out = &opened;
    if (opened.index)
        return NULL;
    void *library = open_library();
    if (!library) {
        const char *why = dlerror();
        return unusable(why ? why : "no such library");
    }
    struct rp_clang found;
    char why[128];
    const char *missing = find_functions(library, &found);
    found.index = missing ? NULL : found.createIndex(0, 0);
    if (!found.index) {
        snprintf(why, sizeof(why), "it has no %s", missing ? missing : "room for an index");
        dlclose(library);
        return unusable(why);
    }
    opened = found;
    return NULL;
}

void rp_clang_take(const struct rp_clang *clang, CXString text, char *buffer, size_t size) {
    const char *characters = clang->getCString(text);
    snprintf(buffer, size, "%s", characters ? characters : "");
    clang->disposeString(text);
}
