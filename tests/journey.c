/* SPDX-License-Identifier: Apache-2.0 */
/*
 * For scripts/journey: preloaded into a program that was compiled with -finstrument-functions, it
 * notes which function calls which while the first byte of the file $JOURNEY_WINDOW is not zero,
 * and writes them to $JOURNEY_CALLS at the end, in the order in which they were first made:
 * "CALLER-OBJECT OFFSET CALLEE-OBJECT OFFSET". A caller is the last of our functions that has not
 * returned: what comes between (readline, libbcc, qsort) does not count.
 */
#include <dlfcn.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#define QUIET __attribute__((no_instrument_function))

enum { DEPTH_MAX = 4096, SLOTS = 1 << 16, CALLS_MAX = SLOTS / 2 };

struct call {
    void *from, *to;
};

static struct call slots[SLOTS], *calls[CALLS_MAX]; /* a hash table; in their order */
static unsigned count;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static const volatile unsigned char *window;
static char *out_path;
static __thread void *stack[DEPTH_MAX];
static __thread unsigned depth;

QUIET static void note(void *from, void *to) {
    size_t at = (((uintptr_t)from * 31) ^ (uintptr_t)to) * 0x9E3779B97F4A7C15ULL >> 48;
    pthread_mutex_lock(&lock);
    while (slots[at].to && (slots[at].from != from || slots[at].to != to))
        at = (at + 1) % SLOTS;
    if (!slots[at].to && count < CALLS_MAX) {
        slots[at] = (struct call){from, to};
        calls[count++] = &slots[at];
    }
    pthread_mutex_unlock(&lock);
}

QUIET void __cyg_profile_func_enter(void *function, void *site);
QUIET void __cyg_profile_func_enter(void *function, void *site) {
    (void)site;
    if (window && *window && depth < DEPTH_MAX)
        note(depth ? stack[depth - 1] : NULL, function);
    if (depth < DEPTH_MAX)
        stack[depth] = function;
    depth++;
}

QUIET void __cyg_profile_func_exit(void *function, void *site);
QUIET void __cyg_profile_func_exit(void *function, void *site) {
    (void)function;
    (void)site;
    depth -= depth > 0;
}

/* What the program starts is not watched. */
QUIET __attribute__((constructor)) static void begin(void) {
    const char *path = getenv("JOURNEY_WINDOW");
    out_path = getenv("JOURNEY_CALLS");
    int fd = path && out_path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    void *byte = fd >= 0 ? mmap(NULL, 1, PROT_READ, MAP_SHARED, fd, 0) : MAP_FAILED;
    if (byte != MAP_FAILED)
        window = byte;
    unsetenv("LD_PRELOAD");
}

QUIET static void put(FILE *out, void *function) {
    Dl_info info;
    if (function && dladdr(function, &info))
        fprintf(out, "%s %tx ", info.dli_fname, (char *)function - (char *)info.dli_fbase);
    else
        fputs("- 0 ", out);
}

QUIET __attribute__((destructor)) static void end(void) {
    FILE *out = window ? fopen(out_path, "we") : NULL;
    for (unsigned i = 0; out && i < count; i++) {
        put(out, calls[i]->from);
        put(out, calls[i]->to);
        fputc('\n', out);
    }
    if (out)
        fclose(out);
}
