/* SPDX-License-Identifier: Apache-2.0 */
/*
 * asked [ROUNDS]: how long someone at the prompt waits for the types of an expression and for
 * completions: of each, the first time in a process, the median of ROUNDS (100) after it, and how
 * many words came.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "query/scope.h"
#include "reprobe_query.h"
#include "util/array.h"
#include "util/clock.h"

static void count(void *ctx, const char *text, const char *what) {
    (void)text;
    (void)what;
    ++*(size_t *)ctx;
}

static struct rp_error *look(const char *text, size_t *words) {
    static const struct rp_argument list[] = {{.name = "file", .type = "struct file *", .words = 1},
                                              {.name = "count", .type = "size_t", .words = 1}};
    static const struct rp_arguments arguments = {.list = (struct rp_argument *)list,
                                                  .count = RP_COUNT(list),
                                                  .known = true,
                                                  .readable = RP_COUNT(list)};
    static const struct rp_spec spec = {.kind = &rp_kprobe_kind, .target = (char *)"vfs_read"};
    const struct rp_scope_source source = {
        .spec = &spec, .arguments = &arguments, .memory = RP_MEMORY_EITHER};
    struct rp_question_scope scope = {0};
    const struct rp_node *node;
    *words = 1;
    struct rp_error *err = rp_question_scope_begin(&scope, &source);
    if (!err)
        err = rp_tree_parse(&scope.scope, text, &node);
    rp_question_scope_clear(&scope);
    return err;
}

static struct rp_error *complete_expression(const char *text, size_t *words) {
    return rp_complete_expression("kprobe:vfs_read", text, strlen(text), count, words);
}

static struct rp_error *complete_c(const char *text, size_t *words) {
    return rp_complete_c(text, strlen(text), count, words);
}

static struct rp_error *complete_probe(const char *text, size_t *words) {
    return rp_complete_probe(text, count, words);
}

#define PROGRAM                                                                                    \
    "BPF_HASH(counts, u32);\n"                                                                     \
    "int kprobe__vfs_read(struct pt_regs *ctx, struct file *file)\n{\n"                            \
    "    struct task_struct *task = (void *)bpf_get_current_task();\n    "

static const struct {
    const char *what, *text;
    struct rp_error *(*ask)(const char *text, size_t *words);
} questions[] = {
    {"type of", "count", look},
    {"type of", "file->f_path.dentry->d_name.name", look},
    {"expression", "file->f_pa", complete_expression},
    {"expression", "file->f_path.dentry->d_parent->d_na", complete_expression},
    {"expression", "coun", complete_expression},
    {"C", PROGRAM "task->mm->ow", complete_c},
    {"C", PROGRAM "task->", complete_c},
    {"C", PROGRAM "u64 id = bpf_get_cur", complete_c},
    {"C", PROGRAM "struct task_st", complete_c},
    {"probe", "vfs_re", complete_probe},
    {"probe", "v", complete_probe},
    {"probe", "tracepoint:sched:sched_sw", complete_probe},
    {"probe", "uprobe:libc.so.6:mall", complete_probe},
};

static double once(size_t question, size_t *words) {
    *words = 0;
    uint64_t start = rp_now_ns();
    struct rp_error *err = questions[question].ask(questions[question].text, words);
    double ms = rp_ms_since(start);
    if (!err)
        return ms;
    rp_error_print(err, stderr);
    rp_error_free(err);
    exit(1);
}

static int compare(const void *a, const void *b) {
    double left = *(const double *)a, right = *(const double *)b;
    return (left > right) - (left < right);
}

static void measure(size_t question, size_t rounds) {
    size_t words;
    double first = once(question, &words), *later = calloc(rounds, sizeof(*later));
    for (size_t i = 0; later && i < rounds; i++)
        later[i] = once(question, &words);
    if (later)
        qsort(later, rounds, sizeof(*later), compare);
    const char *line = strrchr(questions[question].text, '\n');
    printf("%-12s %-38s %8.2f %8.2f %7zu\n", questions[question].what,
           line ? line + 5 : questions[question].text, first, later ? later[rounds / 2] : 0, words);
    fflush(stdout);
    free(later);
}

int main(int argc, char **argv) {
    int rounds = argc > 1 ? atoi(argv[1]) : 100, status = 0;
    if (rounds < 1) {
        fprintf(stderr, "usage: asked [ROUNDS]\n");
        return 2;
    }
    printf("%-12s %-38s %8s %8s %7s\n", "", "", "FIRST ms", "LATER ms", "WORDS");
    fflush(stdout);
    for (size_t i = 0; i < RP_COUNT(questions) && !status; i++) {
        pid_t child = fork();
        if (child == 0) {
            measure(i, (size_t)rounds);
            _exit(0);
        }
        if (child < 0 || waitpid(child, &status, 0) < 0)
            status = 1;
    }
    return status ? 1 : 0;
}
