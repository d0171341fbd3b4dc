/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "kernel/features.h"
#include "reprobe.h"
#include "reprobe_query.h"
#include "suites.h"
#include "util/array.h"
#include "util/index.h"
#include "util/names.h"

/* ------------------------------------------------------------- what came */

struct answer {
    struct rp_names words;
    char *wanted; /* what it is, of the word that is looked for */
    const char *word;
};

static void take(void *ctx, const char *text, const char *what) {
    struct answer *answer = ctx;
    ck_assert_msg(rp_names_add(&answer->words, text, strlen(text)), "`%s` came twice", text);
    ck_assert_ptr_nonnull(what);
    if (answer->word && strcmp(text, answer->word) == 0)
        answer->wanted = strdup(what);
}

static void end(struct answer *answer) {
    rp_names_clear(&answer->words);
    free(answer->wanted);
}

/* Fails unless `word` came, and is `what` (NULL: whatever it is). */
static void check(struct rp_error *err, struct answer *answer, const char *asked,
                  const char *what) {
    ck_assert_msg(!err, "%s: %s", asked, err ? rp_error_why(err) : "");
    ck_assert_msg(answer->wanted, "`%s` does not come of `%s` (%zu others do)", answer->word, asked,
                  answer->words.count);
    ck_assert_msg(!what || strcmp(answer->wanted, what) == 0, "`%s` of `%s` is `%s`", answer->word,
                  asked, answer->wanted);
}

static void check_none(struct rp_error *err, const struct answer *answer, const char *asked) {
    ck_assert_msg(!err, "%s: %s", asked, err ? rp_error_why(err) : "");
    ck_assert_msg(!answer->words.count, "`%s` comes of `%s`", answer->words.items[0], asked);
}

/* ------------------------------------------------------------- C */

/* Completes `text` where it has a "|". */
static struct rp_error *complete_c(const char *text, struct answer *answer) {
    const char *bar = strchr(text, '|');
    char *source = NULL;
    ck_assert_int_ge(asprintf(&source, "%.*s%s", (int)(bar - text), text, bar + 1), 0);
    struct rp_error *err = rp_complete_c(source, (size_t)(bar - text), take, answer);
    free(source);
    return err;
}

#define PROGRAM                                                                                    \
    "#include <linux/fs.h>\n"                                                                      \
    "struct event { u32 pid; char name[16]; };\n"                                                  \
    "BPF_HASH(counts, u32, struct event);\nBPF_RINGBUF_OUTPUT(events, 8);\n"                       \
    "static inline int is_mine(u32 pid) { return pid == 1; }\n"                                    \
    "int kprobe__vfs_read(struct pt_regs *ctx, struct file *file)\n{\n"                            \
    "    struct task_struct *task = (void *)bpf_get_current_task();\n"                             \
    "    struct event event = {};\n    if (is_mine(4)) {\n"
#define REST "\n    }\n    return 0;\n}\n"

static const struct {
    const char *text, *word, *what;
} in_c[] = {
    {PROGRAM "file->f_pa|" REST, "f_path", "struct path"},
    {PROGRAM "event.pid = task->mm->ow|" REST, "owner", "struct task_struct *"},
    {PROGRAM "event.pid = task->mm->|" REST, "owner", "struct task_struct *"},
    {PROGRAM "event.pid = task->mm->owner->co|" REST, "comm", "char [16]"},
    {PROGRAM "file->f_path.dentry->d_name.|" REST, "name", NULL},
    {PROGRAM "event.|" REST, "pid", "u32"},
    {PROGRAM "ev|" REST, "event", "struct event"},
    {PROGRAM "ta|" REST, "task", "struct task_struct *"},
    {PROGRAM "counts.lo|" REST, "lookup_or_try_init", NULL},
    {PROGRAM "events.ringbuf_o|" REST, "ringbuf_output", NULL},
    {PROGRAM "is_m|" REST, "is_mine", "int (u32 pid)"},
    {PROGRAM "u64 id = bpf_get_cur|" REST, "bpf_get_current_pid_tgid", "u64 (*)(void)"},
    {PROGRAM "whi|" REST, "while", "keyword"},
    {PROGRAM "struct task_st|" REST, "task_struct", "struct"},
    {PROGRAM "struct eve|" REST, "event", "struct"},
    {PROGRAM "PIDTYPE_T|" REST, "PIDTYPE_TGID", "enum pid_type"},
    {PROGRAM "if (S_ISR|" REST, "S_ISREG", NULL},
    {PROGRAM "struct sock *sk = 0; sk->__sk_common.skc_fam|" REST, "skc_family", NULL},
    {PROGRAM "PT_REGS_PA|" REST, "PT_REGS_PARM1", NULL},
    {"BPF_HA|", "BPF_HASH", "macro(...)"},
    {"struct task_st|", "task_struct", "struct"},
    {"TRACEPOINT_PROBE(sch|", "sched", NULL},
    {"TRACEPOINT_PROBE(sched, sched_sw|)", "sched_switch", NULL},
    {"TRACEPOINT_PROBE(sched, sched_switch) {\n    u32 pid = args->next_p|\n}", "next_pid", NULL},
    {"int kprobe__x(struct pt_regs *ctx, struct filename *name) { name->na|", "name",
     "const char *"},
};

START_TEST(c_goes_on) {
    for (size_t i = 0; i < RP_COUNT(in_c); i++) {
        struct answer answer = {.word = in_c[i].word};
        struct rp_error *err = complete_c(in_c[i].text, &answer);
        check(err, &answer, in_c[i].text, in_c[i].what);
        end(&answer);
    }
}
END_TEST

/* All of a struct of more than a hundred members, not only what the text mentions. */
START_TEST(members_are_complete) {
    struct answer answer = {.word = "comm"};
    struct rp_error *err = complete_c(PROGRAM "task->|" REST, &answer);
    check(err, &answer, "task->", "char [16]");
    ck_assert_uint_gt(answer.words.count, 100);
    ck_assert(rp_names_has(&answer.words, "real_parent"));
    end(&answer);
}
END_TEST

START_TEST(c_has_nothing_to_add) {
    static const char *const nowhere[] = {
        "int f(void *ctx) { /* ta|sk */ }", "int f(void *ctx) { // ta|sk\n }",
        "int f(void *ctx) { char s[] = \"ta|sk\"; }", "int f(void *ctx) { int x = 1|; }",
        "int f(int x) { x->a|; }"};
    for (size_t i = 0; i < RP_COUNT(nowhere); i++) {
        struct answer answer = {0};
        struct rp_error *err = complete_c(nowhere[i], &answer);
        check_none(err, &answer, nowhere[i]);
        end(&answer);
    }
}
END_TEST

/* A text without an end, or with a place that it has not. */
START_TEST(any_text_will_do) {
    static const char *const texts[] = {"",  "}",        "(((",    "\"", "/*",
                                        "#", "#include", "struct", "->"};
    for (size_t i = 0; i < RP_COUNT(texts); i++) {
        struct answer answer = {0};
        rp_error_free(rp_complete_c(texts[i], 1000, take, &answer));
        end(&answer);
    }
}
END_TEST

/* ------------------------------------------------------------- expressions */

static const struct {
    const char *spec, *text, *word, *what;
} in_expressions[] = {
    {"kprobe:do_unlinkat", "na", "name", "struct filename *"},
    {"kprobe:do_unlinkat", "name->na", "name", "const char *"},
    {"kprobe:do_unlinkat", "dfd name->", "refcnt", "atomic_t"},
    {"kprobe:do_unlinkat", "\"x\" (name)->na", "name", NULL},
    {"kprobe:do_unlinkat", "dfd, ((struct sock *)name)->__sk_common.skc_fam", "skc_family", NULL},
    {"kprobe:do_unlinkat", "dfd + co", "comm", "the thread's name"},
    {"kprobe:do_unlinkat", "", "cgroup", NULL},
    {"kprobe:do_unlinkat", "(struct task_st", "task_struct", "struct"},
    {"kprobe:do_unlinkat", "dfd == AT_FD", "AT_FDCWD", "macro"},
    {"kprobe:do_unlinkat", "dfd == PIDTYPE_T", "PIDTYPE_TGID", "enum pid_type"},
    {"kprobe:vfs_read", "file->f_path.dentry->d_na", "d_name", "struct qstr"},
    {"kprobe:vfs_read", "file->f_path.dentry[0].d_na", "d_name", "struct qstr"},
    {"kprobe:vfs_read", "file->f_inode->i_sb->s_i", "s_id", "char [32]"},
    {"kprobe:do_unlinkat", "dfd, usy", "usym(", "usym(ADDRESS)"},
    {"kprobe:do_unlinkat", "hex(dfd) + ks", "kstack", "the kernel's stack"},
    {"kprobe:do_unlinkat", "hex(dfd) + ks", "ksym(", "ksym(ADDRESS)"},
    {"tracepoint:sched:sched_switch", "next_c", "next_comm", "char [16]"},
    {"tracepoint:sched:sched_switch", "prev_pid next_p", "next_pid", "pid_t"},
};

START_TEST(expressions_go_on) {
    for (size_t i = 0; i < RP_COUNT(in_expressions); i++) {
        const char *text = in_expressions[i].text;
        struct answer answer = {.word = in_expressions[i].word};
        struct rp_error *err =
            rp_complete_expression(in_expressions[i].spec, text, strlen(text), take, &answer);
        check(err, &answer, text, in_expressions[i].what);
        end(&answer);
    }
}
END_TEST

START_TEST(expressions_have_nothing_to_add) {
    static const char *const nowhere[] = {"\"na", "name->nx", "->", "name)->", ".", "dfd.", "1"};
    for (size_t i = 0; i < RP_COUNT(nowhere); i++) {
        struct answer answer = {0};
        struct rp_error *err = rp_complete_expression("kprobe:do_unlinkat", nowhere[i],
                                                      strlen(nowhere[i]), take, &answer);
        check_none(err, &answer, nowhere[i]);
        end(&answer);
    }
}
END_TEST

/* ------------------------------------------------------------- probes */

static const struct {
    const char *prefix, *word, *what;
} in_probes[] = {
    {"", "kprobe:", NULL},
    {"kp", "kprobe:", NULL},
    {"vfs_re", "vfs_read", "function"},
    {"sche", "sched:", "tracepoints"},
    {"sched_sw", "sched_switch", "sched:sched_switch"},
    {"sched:sched_sw", "sched:sched_switch", "tracepoint"},
    {"tracepoint:", "tracepoint:sched:", "tracepoints"},
    {"tracepoint:sched:sched_sw", "tracepoint:sched:sched_switch", "tracepoint"},
    {"t:sched:sched_sw", "t:sched:sched_switch", "tracepoint"},
    {"rawtracepoint:sched_sw", "rawtracepoint:sched_switch", NULL},
    {"uprobe:/bi", "uprobe:/bin/", "folder"},
    {"uprobe:/bin/s", "uprobe:/bin/sh:", "file"},
    {"uprobe:ba", "uprobe:bash:", NULL},
    {"uprobe:libc.", "uprobe:libc.so.6:", NULL},
    {"uprobe:bash:readl", "uprobe:bash:readline", "function"},
    {"uretprobe:libc.so.6:mall", "uretprobe:libc.so.6:malloc", "function"},
    {"profile:", "profile:hz:", "unit of time"},
    {"software:page-f", "software:page-faults", NULL},
};

START_TEST(probes_go_on) {
    bool has_tracefs = !access("/sys/kernel/tracing/available_events", R_OK);
    for (size_t i = 0; i < RP_COUNT(in_probes); i++) {
        if (!has_tracefs && strstr(in_probes[i].word, "sched"))
            continue;
        if (!rp_kernel_has_kprobes() && !strcmp(in_probes[i].word, "vfs_read"))
            continue; /* the word means a kprobe */
        struct answer answer = {.word = in_probes[i].word};
        check(rp_complete_probe(in_probes[i].prefix, take, &answer), &answer, in_probes[i].prefix,
              in_probes[i].what);
        end(&answer);
    }
}
END_TEST

/* What this kernel cannot do is not offered. */
START_TEST(only_what_there_is) {
    struct answer answer = {.word = "kprobe:vfs_read"};
    struct rp_error *err = rp_complete_probe("kprobe:vfs_re", take, &answer);
    if (rp_kernel_has_kprobes())
        check(err, &answer, "kprobe:vfs_re", "function");
    else
        check_none(err, &answer, "kprobe:vfs_re");
    end(&answer);
    static const char *const nothing[] = {"no_such_thing", "nosuchkind:x",
                                          "tracepoint:no:", "uprobe:/no/such/", "usdt:/bin/sh:"};
    for (size_t i = 0; i < RP_COUNT(nothing); i++) {
        struct answer none = {0};
        check_none(rp_complete_probe(nothing[i], take, &none), &none, nothing[i]);
        end(&none);
    }
}
END_TEST

START_TEST(a_missing_file_is_told) {
    struct answer answer = {0};
    struct rp_error *err = rp_complete_probe("uprobe:/no/such:ma", take, &answer);
    ck_assert_ptr_nonnull(err);
    ck_assert_str_eq(rp_error_what(err), "cannot list what is in /no/such");
    rp_error_free(err);
    end(&answer);
}
END_TEST

/* ------------------------------------------------------------- the index */

static void append(void *ctx, const char *word) {
    char *text = ctx;
    strcat(strcat(text, word), " ");
}

START_TEST(the_index_is_sorted) {
    static const char *const words[] = {"b", "ab", "", "abc", "ab", "b", "aa", "abd"};
    struct rp_index index = {0};
    char found[64] = "";
    rp_index_each(&index, "", append, found);
    ck_assert_str_eq(found, "");
    for (size_t i = 0; i < RP_COUNT(words); i++)
        ck_assert(rp_index_add(&index, words[i]));
    rp_index_each(&index, "ab", append, found);
    ck_assert_str_eq(found, "ab abc abd ");
    rp_index_each(&index, "b", append, found);
    rp_index_each(&index, "c", append, found);
    ck_assert_str_eq(found, "ab abc abd b ");
    ck_assert(rp_index_add(&index, "abb"));
    *found = '\0';
    rp_index_each(&index, "", append, found);
    ck_assert_str_eq(found, " aa ab abb abc abd b ");
    rp_index_clear(&index);
}
END_TEST

Suite *complete_suite(void) {
    Suite *suite = suite_create("complete");
    TCase *tc = tcase_create("complete");
    tcase_add_test(tc, the_index_is_sorted);
    suite_add_tcase(suite, tc);
    if (access("/sys/kernel/btf/vmlinux", R_OK)) {
        puts("complete: skipped but for the index, this kernel has no BTF");
        return suite;
    }
    tcase_add_test(tc, members_are_complete);
    tcase_add_test(tc, a_missing_file_is_told);
    TCase *each = tcase_create("each");
    tcase_set_tags(each, "long"); /* left out under valgrind */
    tcase_add_test(each, c_goes_on);
    tcase_add_test(each, c_has_nothing_to_add);
    tcase_add_test(each, any_text_will_do);
    tcase_add_test(each, expressions_go_on);
    tcase_add_test(each, expressions_have_nothing_to_add);
    tcase_add_test(each, probes_go_on);
    tcase_add_test(each, only_what_there_is);
    suite_add_tcase(suite, each);
    return suite;
}
