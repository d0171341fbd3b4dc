/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A library for LD_PRELOAD: the allocation of the number FAILING fails, counted from the program's
 * first one on; with FAILING_COUNT the process says at its end how many there were.
 */
#include <dlfcn.h>
#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t count, size_t size);
extern void *__libc_realloc(void *old, size_t size);

static unsigned long number, wanted;
static bool counting;

__attribute__((constructor)) static void begin(void) {
    const char *text = getenv("FAILING");
    wanted = text ? strtoul(text, NULL, 10) : 0;
    counting = getenv("FAILING_COUNT") != NULL;
    unsetenv("LD_PRELOAD"); /* the command of -c is not tried */
}

__attribute__((destructor)) static void end(void) {
    if (counting)
        fprintf(stderr, "allocations: %lu\n", number);
}

/* Whether the caller is C++'s `new`, which ends the process when it fails. */
static bool is_new(const void *caller) {
    Dl_info info;
    return dladdr(caller, &info) && info.dli_fname && strstr(info.dli_fname, "libstdc++");
}

static bool fails(const void *caller) {
    static __thread bool inside;
    if (inside || (!wanted && !counting))
        return false;
    inside = true;
    bool now = !is_new(caller) && __atomic_add_fetch(&number, 1, __ATOMIC_RELAXED) == wanted;
    inside = false;
    if (now)
        errno = ENOMEM;
    return now;
}

void *malloc(size_t size) {
    return fails(__builtin_return_address(0)) ? NULL : __libc_malloc(size);
}

void *calloc(size_t count, size_t size) {
    return fails(__builtin_return_address(0)) ? NULL : __libc_calloc(count, size);
}

void *realloc(void *old, size_t size) {
    return fails(__builtin_return_address(0)) ? NULL : __libc_realloc(old, size);
}
