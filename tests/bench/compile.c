/* SPDX-License-Identifier: Apache-2.0 */
/*
 * compile-{stock,reprobe} [cold] ROUNDS FILE.c…: compiles each file ROUNDS times in this one
 * process (cold: each time in a process of its own, started and waited for), with the flags in
 * FILE.flags (one a line), and prints "NAME MS" for each file that compiles (median of the rounds)
 * and "NAME -" for each that does not. Built twice: on libbcc alone, and on libreprobe. Status 1:
 * one did not.
 */
#include <fcntl.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
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

extern char **environ;

/* The same in a process of its own. */
static int compile_cold(const char *program, const char *file) {
    char one[] = "1";
    char *argv[] = {(char *)program, one, (char *)file, NULL};
    posix_spawn_file_actions_t quiet;
    posix_spawn_file_actions_init(&quiet);
    posix_spawn_file_actions_addopen(&quiet, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
    pid_t pid;
    int status = -1;
    int failed = posix_spawn(&pid, "/proc/self/exe", &quiet, NULL, argv, environ) ||
                 waitpid(pid, &status, 0) != pid || status;
    posix_spawn_file_actions_destroy(&quiet);
    return failed ? -1 : 0;
}

static int by_value(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Prints the file's line; whether it compiles. */
static bool time_file(const char *program, const char *file, int rounds, bool cold) {
    const char *flags[MAX_FLAGS];
    char *text = read_file(file);
    int count = read_flags(file, flags), failed = text ? 0 : -1;
    double ms[MAX_ROUNDS] = {0};
    for (int r = 0; r < rounds && !failed; r++) {
        double start = now_ms();
        failed = cold ? compile_cold(program, file) : compile(text, flags, count);
        ms[r] = now_ms() - start;
    }
    qsort(ms, (size_t)rounds, sizeof(ms[0]), by_value);
    const char *slash = strrchr(file, '/');
    if (failed)
        printf("%s -\n", slash ? slash + 1 : file);
    else
        printf("%s %.3f\n", slash ? slash + 1 : file, ms[rounds / 2]);
    fflush(stdout);
    free(text);
    return !failed;
}

int main(int argc, char **argv) {
    bool cold = argc > 1 && strcmp(argv[1], "cold") == 0;
    int first = cold ? 2 : 1, failed = 0;
    int rounds = argc > first ? (int)strtol(argv[first], NULL, 10) : 0;
    if (rounds < 1 || rounds > MAX_ROUNDS || argc < first + 2) {
        fprintf(stderr, "Usage: %s [cold] ROUNDS FILE.c…\n", argv[0]);
        return 2;
    }
    for (int i = first + 1; i < argc; i++)
        failed |= !time_file(argv[0], argv[i], rounds, cold);
    return failed;
}
