/* SPDX-License-Identifier: Apache-2.0 */
/*
 * compile-{stock,reprobe} ROUNDS FILE.c…: compiles each file ROUNDS times in this one process, with
 * the flags in FILE.flags (one a line), and prints "NAME MS" for each file that compiles (median of
 * the rounds) and "NAME -" for each that does not. Built twice: on libbcc alone, and on libreprobe.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#ifdef STOCK
#include <bcc/bcc_common.h>
#else
#include "reprobe.h"
#endif

#define MAX_FLAGS  64
#define MAX_ROUNDS 100

static double now_ms(void) {
    struct timespec ts;
    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (double)ts.tv_sec * 1e3 + (double)ts.tv_nsec / 1e6;
}

static char *read_file(const char *path) {
    FILE *file = fopen(path, "r");
    char *text = NULL;
    size_t size = 0;
    if (!file || getdelim(&text, &size, '\0', file) < 0) {
        free(text);
        text = NULL;
    }
    if (file)
        fclose(file);
    return text;
}

static int read_flags(const char *source, const char **flags) {
    char path[4096];
    snprintf(path, sizeof(path), "%.*s.flags", (int)strlen(source) - 2, source);
    char *text = read_file(path);
    int count = 0;
    for (char *flag = text ? strtok(text, "\n") : NULL; flag && count < MAX_FLAGS;
         flag = strtok(NULL, "\n"))
        flags[count++] = flag;
    return count;
}

#ifdef STOCK
static int compile(const char *text, const char **flags, int count) {
    void *module = bpf_module_create_c_from_string(text, 0, flags, count, true, NULL);
    if (!module)
        return -1;
    for (size_t i = 0; i < bpf_num_tables(module); i++)
        close(bpf_table_fd_id(module, i));
    bpf_module_destroy(module);
    return 0;
}
#else
static int compile(const char *text, const char **flags, int count) {
    const struct rp_compile_opts opts = {
        .size = sizeof(opts), .types = RP_TYPES_BTF, .cflags = flags, .cflag_count = (size_t)count};
    struct rp_module *module;
    struct rp_error *err = rp_module_compile(text, &opts, &module);
    if (err) {
        rp_error_print(err, stderr);
        rp_error_free(err);
        return -1;
    }
    rp_module_free(module);
    return 0;
}
#endif

static int by_value(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

int main(int argc, char **argv) {
    int rounds = argc > 1 ? (int)strtol(argv[1], NULL, 10) : 0;
    if (rounds < 1 || rounds > MAX_ROUNDS || argc < 3) {
        fprintf(stderr, "Usage: %s ROUNDS FILE.c…\n", argv[0]);
        return 2;
    }
    for (int i = 2; i < argc; i++) {
        const char *flags[MAX_FLAGS];
        char *text = read_file(argv[i]);
        int count = read_flags(argv[i], flags), failed = text ? 0 : -1;
        double ms[MAX_ROUNDS] = {0};
        for (int r = 0; r < rounds && !failed; r++) {
            double start = now_ms();
            failed = compile(text, flags, count);
            ms[r] = now_ms() - start;
        }
        qsort(ms, (size_t)rounds, sizeof(ms[0]), by_value);
        const char *slash = strrchr(argv[i], '/');
        if (failed)
            printf("%s -\n", slash ? slash + 1 : argv[i]);
        else
            printf("%s %.3f\n", slash ? slash + 1 : argv[i], ms[rounds / 2]);
        fflush(stdout);
        free(text);
    }
    return 0;
}
