/* SPDX-License-Identifier: Apache-2.0 */
#include "util/demangle.h"

#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>

/* Of libstdc++; C has no header for it. Without it there are the symbols as they are. */
char *rp_demangle(const char *symbol) {
    typedef char *demangle_fn(const char *symbol, char *buffer, size_t *size, int *status);
    static demangle_fn *demangle;
    static bool looked;
    int status = -1;
    if (strncmp(symbol, "_Z", 2) != 0)
        return NULL;
    void *library = looked ? NULL : dlopen("libstdc++.so.6", RTLD_LAZY | RTLD_LOCAL);
    if (library)
        *(void **)&demangle = dlsym(library, "__cxa_demangle");
    looked = true;
    char *name = demangle ? demangle(symbol, NULL, NULL, &status) : NULL;
    if (!status)
        return name;
    free(name);
    return NULL;
}

/* Where the parameters begin: at the last parenthesis that closes at the end, or before " const".
 */
static size_t without_parameters(const char *demangled) {
    const char *close = strrchr(demangled, ')');
    size_t depth = 0;
    for (const char *at = close; at && at > demangled; at--) {
        depth += *at == ')';
        depth -= *at == '(';
        if (!depth)
            return (size_t)(at - demangled);
    }
    return strlen(demangled);
}

size_t rp_without_hash(const char *demangled, size_t length) {
    static const size_t hash = 19;
    if (length <= hash || strncmp(demangled + length - hash, "::h", 3) != 0 ||
        strspn(demangled + length - 16, "0123456789abcdef") < 16)
        return length;
    return length - hash;
}

/* "[abi:cxx11]", which compilers put behind the name of what returns std::string. */
static size_t without_tags(const char *demangled, size_t length) {
    while (length && demangled[length - 1] == ']') {
        size_t at = length;
        while (at && demangled[at - 1] != '[')
            at--;
        if (!at || strncmp(demangled + at, "abi:", 4) != 0)
            break;
        length = at - 1;
    }
    return length;
}

static bool is(const char *demangled, size_t length, const char *name) {
    return strlen(name) == length && !strncmp(demangled, name, length);
}

/* "int " of "int twice<int>(int)": of templates the type of what they return stands before. */
static size_t result_length(const char *demangled) {
    size_t bare = without_parameters(demangled), length = 0, depth = 0;
    if (!bare || demangled[bare - 1] != '>')
        return 0;
    for (size_t i = 0; i < bare; i++) {
        if (!depth && !strncmp(demangled + i, "operator", strlen("operator")))
            break;
        depth += strchr("<([{", demangled[i]) != NULL;
        depth -= depth && strchr(">)]}", demangled[i]);
        if (!depth && demangled[i] == ' ')
            length = i + 1;
    }
    return length;
}

static bool is_without_parameters(const char *demangled, const char *name) {
    size_t whole = strlen(demangled), bare = without_parameters(demangled);
    return is(demangled, whole, name) || is(demangled, bare, name) ||
           is(demangled, without_tags(demangled, bare), name) ||
           is(demangled, rp_without_hash(demangled, bare), name);
}

bool rp_demangled_is(const char *demangled, const char *name) {
    return is_without_parameters(demangled, name) ||
           is_without_parameters(demangled + result_length(demangled), name);
}
