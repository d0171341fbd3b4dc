/* SPDX-License-Identifier: Apache-2.0 */
/*
 * stacks spin MS: uses so much of a CPU in spin_inner(), called by spin_outer()
 *
 * stacks jit MS [NAME [LATER]]: does so in code that it makes; NAME goes to the perf map of this
 * process, at once or when so many milliseconds of the CPU were used
 *
 * stacks leak MS [FILE]: allocates in leak_small(), leak_big() and others, frees what no_leak()
 * has, makes the file, and sleeps
 *
 * To be compiled without optimization: the functions are what the test looks for.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

static volatile long sum;
static void *volatile kept[32];

static double used(void) {
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static void spin_inner(void) {
    for (int i = 0; i < 1000000; i++)
        sum += i;
}

static void spin_outer(void) {
    spin_inner();
    sum++;
}

/* Runs a million times around. */
typedef void code_fn(long times);
static const unsigned char code[] = {
#if defined(__x86_64__) /* dec, jnz, ret */
    0x48, 0xff, 0xcf, 0x75,
    0xfb, 0xc3
#elif defined(__aarch64__) /* subs, b.ne, ret */
    0x00, 0x04, 0x00, 0xf1, 0xe1, 0xff, 0xff,
    0x54, 0xc0, 0x03, 0x5f, 0xd6
#else
#error "write the loop for this architecture"
#endif
};

static code_fn *make_code(void) {
    void *at = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    memcpy(at, code, sizeof(code));
    mprotect(at, 4096, PROT_READ | PROT_EXEC);
    __builtin___clear_cache((char *)at, (char *)at + sizeof(code));
    return (code_fn *)at;
}

static void name_code(code_fn *made, const char *name) {
    char path[64];
    snprintf(path, sizeof(path), "/tmp/perf-%d.map", getpid());
    FILE *map = fopen(path, "w");
    if (map) {
        fprintf(map, "%lx %zx %s\n", (unsigned long)made, sizeof(code), name);
        fclose(map);
    }
}

static void leak_small(int i) {
    kept[i] = malloc(100);
}

/* So large that malloc() itself calls mmap(). */
static void leak_big(int i) {
    kept[i] = calloc(1024, 1024);
}

static void leak_mapped(int i) {
    kept[i] = mmap(NULL, 12288, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

static void *mapped(void) {
    return mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

static void leak_remapped(int i) {
    kept[i] = mremap(mapped(), 4096, 409600, MREMAP_MAYMOVE);
}

static void no_mapping(void) {
    munmap(mremap(mapped(), 4096, 409600, MREMAP_MAYMOVE), 409600);
}

static void leak_aligned(int i) {
    void *at = NULL;
    if (!posix_memalign(&at, 64, 640))
        kept[i] = at;
}

static volatile size_t too_much = (size_t)1 << 60;

/* What realloc() cannot replace is still there. */
static void leak_kept(int i) {
    kept[i] = malloc(77);
    void *grown = realloc(kept[i], too_much);
    if (grown)
        abort();
}

/* posix_memalign() leaves what it had to set, and realloc() to nothing frees. */
static void no_result(void) {
    static volatile size_t nothing;
    void *aligned = &aligned, *freed = malloc(60);
    if (!posix_memalign(&aligned, 64, too_much))
        abort();
    void *left = realloc(freed, nothing); /* NOLINT(clang-analyzer-optin.portability.UnixAPI) */
    if (left)
        abort();
}

static void no_leak(void) {
    void *aligned = NULL;
    free(realloc(calloc(10, 30), 2000000));
    if (!posix_memalign(&aligned, 64, 5000))
        free(aligned);
    munmap(mmap(NULL, 20480, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), 20480);
}

static void leak(void) {
    for (int i = 0; i < 10; i++) {
        leak_small(i);
        no_leak();
    }
    for (int i = 10; i < 13; i++)
        leak_big(i);
    leak_mapped(13);
    for (int i = 14; i < 16; i++)
        leak_aligned(i);
    leak_kept(16);
    no_result();
    leak_remapped(17);
    no_mapping();
}

int main(int argc, char **argv) {
    if (argc < 3) {
        fprintf(stderr,
                "Usage: stacks spin MS, stacks jit MS [NAME [LATER]], stacks leak MS [FILE]\n");
        return 2;
    }
    long ms = strtol(argv[2], NULL, 10);
    double end = used() + (double)ms;
    if (!strcmp(argv[1], "leak")) {
        leak();
        if (argc > 3)
            close(creat(argv[3], 0600));
        nanosleep(&(struct timespec){.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000}, NULL);
        return 0;
    }
    code_fn *made = !strcmp(argv[1], "jit") ? make_code() : NULL;
    const char *name = made && argc > 3 ? argv[3] : NULL;
    double named = argc > 4 ? used() + strtod(argv[4], NULL) : 0;
    while (used() < end) {
        if (name && used() >= named) {
            name_code(made, name);
            name = NULL;
        }
        if (made)
            made(1000000);
        else
            spin_outer();
    }
    return 0;
}
