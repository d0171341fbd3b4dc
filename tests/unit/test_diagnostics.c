/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "compile/diagnostics.h"
#include "compile/hints.h"
#include "kernel/btf.h"
#include "suites.h"
#include "util/cleanup.h"

static const char output[] = "In file included from <built-in>:2:\n"
                             "/virtual/include/bcc/helpers.h:3:1: warning: not the author's\n"
                             "/abs/own.c:4:7: warning: unused variable 'x'\n"
                             "  int x;\n"
                             "      ^\n"
                             "/abs/own.c:9:3: error: unknown type name 'foo'\n"
                             "  foo y;\n"
                             "  ^\n"
                             "/abs/own.c:2:1: note: did you mean this\n"
                             "1 warning and 1 error generated.\n";

START_TEST(compile_errors_without_noise) {
    struct rp_error *err = rp_compile_error("own.c", "/abs/own.c", output, NULL);
    ck_assert_str_eq(rp_error_what(err), "cannot compile own.c");
    ck_assert_str_eq(rp_error_why(err), "1 error\nown.c:9:3: error: unknown type name 'foo'\n"
                                        "  foo y;\n  ^\nown.c:2:1: note: did you mean this");
    ck_assert_str_eq(rp_error_detail(err), output);
    rp_error_free(err);
}
END_TEST

START_TEST(warnings_are_the_authors_own) {
    RP_AUTO_FREE char *text = rp_compile_warnings("own.c", "/abs/own.c", output);
    ck_assert_str_eq(text, "own.c:4:7: warning: unused variable 'x'\n  int x;\n      ^");
    ck_assert_ptr_null(rp_compile_warnings("own.c", "/abs/own.c", "1 warning generated.\n"));
}
END_TEST

START_TEST(no_reason_is_still_an_error) {
    struct rp_error *err = rp_compile_error("own.c", "/abs/own.c", "", NULL);
    ck_assert_str_eq(rp_error_why(err), "the compiler did not say why");
    rp_error_free(err);
}
END_TEST

START_TEST(many_errors_are_cut) {
    char many[4096] = "";
    for (int i = 0; i < 60; i++) /* each twice: that is one */
        snprintf(many + strlen(many), 64, "/abs/own.c:%d:1: error: again\n", i / 2 + 1);
    struct rp_error *err = rp_compile_error("own.c", "/abs/own.c", many, NULL);
    ck_assert_ptr_nonnull(strstr(rp_error_why(err), "30 errors"));
    ck_assert_ptr_nonnull(strstr(rp_error_why(err), "… and 20 more"));
    rp_error_free(err);
}
END_TEST

START_TEST(only_the_authors_places) {
    static const char noisy[] =
        "In file included from <built-in>:412:\n"
        "In file included from ././include/linux/kconfig.h:3:\n"
        "                 from /virtual/main.c:2:\n"
        "/abs/own.c:4:2: error: no member named 'a' in 'struct b' [-Werror,-Wsome]\n"
        "  PT(x);\n"
        "  ^~~~~\n"
        "/virtual/include/bcc/helpers.h:9:1: note: expanded from macro 'PT'\n"
        "#define PT(x) x->a\n"
        "              ^\n"
        "<scratch space>:1:2: note: expanded from here\n"
        "abc\n"
        "/abs/own.c:1:1: note: expanded from macro 'MINE'\n"
        "#define MINE\n"
        "/dev/shm/reprobe-tree.1.2/include/reprobe-types.h:7:1: error: ours is wrong\n"
        "struct ours\n"
        "^\n"
        "2 errors generated.\n";
    struct rp_error *err = rp_compile_error("own.c", "/abs/own.c", noisy, NULL);
    ck_assert_str_eq(rp_error_why(err), "2 errors\n"
                                        "own.c:4:2: error: no member named 'a' in 'struct b'\n"
                                        "  PT(x);\n"
                                        "  ^~~~~\n"
                                        "own.c:1:1: note: expanded from macro 'MINE'\n"
                                        "#define MINE\n"
                                        "ours is wrong");
    rp_error_free(err);
}
END_TEST

/* The error that clang's words about `text`, as a file, become. */
static struct rp_error *error_about(const char *text, const char *place, const char *rest) {
    char path[] = "/tmp/reprobe-unit.XXXXXX";
    int fd = mkstemp(path);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    close(fd);
    RP_AUTO_FREE char *said = NULL;
    ck_assert_int_ge(asprintf(&said, "%s:%s%s", path, place, rest), 0);
    struct rp_error *err = rp_compile_error("own.c", path, said, NULL);
    unlink(path);
    return err;
}

START_TEST(the_line_is_the_authors) {
    static const char text[] = "int a;\n    bpf_trace_printk(fmt, 3);\nint f(void) { return x; }\n";
    struct rp_error *err =
        error_about(text, "2:13: error: wrong\n",
                    "    ({ char _fmt[] = fmt; bpf_trace_printk_(_fmt, 3); });\n            ^\n");
    ck_assert_str_eq(rp_error_why(err),
                     "1 error\nown.c:2: error: wrong\n    bpf_trace_printk(fmt, 3);");
    rp_error_free(err);
    err = error_about(text, "3:22: error: wrong\n",
                      "              return x; }\n                     ^\n");
    ck_assert_str_eq(rp_error_why(err), "1 error\nown.c:3:22: error: wrong\n"
                                        "int f(void) { return x; }\n                     ^");
    rp_error_free(err);
    err = error_about(text, "9:1: error: expected '}'\n", "^\n");
    ck_assert_str_eq(rp_error_why(err), "1 error\nown.c:9:1: error: expected '}'\n^");
    rp_error_free(err);
}
END_TEST

/* `expected` is in the hint; NULL: there is none. */
static void hints(const char *message, const char *line, const char *expected) {
    static const char text[] = "struct event { int pid; };\nTRACEPOINT_PROBE(a, b) { }\n";
    struct rp_scan scan = {0};
    rp_scan_text(&scan, text, strlen(text));
    RP_AUTO_FREE char *hint = rp_compile_hint(message, line, &scan);
    rp_scan_clear(&scan);
    if (!expected)
        ck_assert_msg(!hint, "%s: %s", message, hint);
    else
        ck_assert_msg(hint && strstr(hint, expected), "%s: %s", message, hint ? hint : "no hint");
}

START_TEST(hints_from_the_words_alone) {
    hints("use of undeclared identifier 'ctx'", "", "called `args`");
    hints("use of undeclared identifier 'args'", "", "struct pt_regs *ctx");
    hints("use of undeclared identifier 'current'", "", "bpf_get_current_task()");
    hints("use of undeclared identifier ''", "", "#define it");
    hints("use of undeclared identifier 'SOME_MACRO_OF_NOBODY'", "", "#define it");
    hints("use of undeclared identifier 'cuont'; did you mean 'count'?", "", NULL);
    hints("use of undeclared identifier 'noinline'; did you mean 'inline'?", "",
          "`noinline` alone");
    hints("member reference base type 'void' is not a structure or union",
          "    return PT_REGS_PARM1(ctx);", "struct pt_regs *ctx");
    hints("expected ';' after expression", "", "write a `;`");
    hints("array initializer must be an initializer list or string literal",
          "    bpf_trace_printk(fmt);", "in quotes");
    hints("cannot use map function inside a macro", "", "outside the macro");
    hints("too many arguments, bcc only supports in-register parameters", "", "fewer parameters");
    hints("implicitly declaring library function 'strlen' with type 'x'", "", "no C library");
    hints("'mine.h' file not found", "", "-I");
    hints("no member named 'frob' in 'struct h_table_t'", "", "lookup_or_try_init");
    hints("no member named 'incremnt' in 'struct h_table_t'; did you mean 'increment'?", "", NULL);
    hints("Looks like the BPF stack limit of 512 bytes is exceeded. Please move", "",
          "BPF_PERCPU_ARRAY");
    hints("BPF has no instruction for this (sdiv)", "", "u64");
    hints("something new", "", NULL);
}
END_TEST

/* Each that has a member which the first of its name lacks. */
START_TEST(a_member_of_another_type_of_that_name) {
    const struct rp_btf *btf = rp_kernel_types_or_null();
    for (size_t i = 0; btf && i < btf->namesakes.count; i++) {
        const struct btf_type *other = btf->namesakes.items[i].type;
        const char *name = rp_btf_string(btf, other->name_off);
        const struct btf_type *first = rp_btf_find_composite(btf, name);
        uint32_t at;
        for (unsigned m = 0; first && btf_is_struct(other) && m < btf_vlen(other); m++) {
            const char *member = rp_btf_string(btf, btf_members(other)[m].name_off);
            if (!*member || rp_btf_member_offset(btf, first, member, strlen(member), &at))
                continue;
            char message[512];
            snprintf(message, sizeof(message), "no member named '%s' in 'struct %s'", member, name);
            hints(message, "", "this kernel has several types of that name: `struct ");
        }
    }
}
END_TEST

START_TEST(hints_from_the_kernel) {
    if (!rp_kernel_btf_or_null())
        return;
    hints("no member named 'real_parnt' in 'struct task_struct'", "", "has real_parent");
    hints("no member named 'f_inod' in 'struct file'; did you mean 'f_inode'?", "", NULL);
    hints("no member named 'qqqqqqqq' in 'struct task_struct'", "", "no such field");
    hints("no member named 'piid' in 'struct event'", "", NULL);
    hints("unknown type name 'task_struct'", "", "write `struct task_struct`");
    hints("unknown type name 'evnt'", "", "event");
    hints("incomplete definition of type 'struct tsk_struct'", "", "struct task_struct");
    hints("incomplete definition of type 'struct tracepoint__a__b'", "", NULL);
    hints("variable has incomplete type 'struct qqqqqqqqqqqq'", "", "no type of that name");
    hints("use of undeclared identifier 'TCP_ESTABLISHD'", "", "TCP_ESTABLISHED");
}
END_TEST

START_TEST(hints_from_libbcc) {
    hints("implicit declaration of function 'bpf_get_curent_pid_tgid' is invalid in C99", "",
          "bpf_get_current_pid_tgid");
    hints("implicit declaration of function 'frobnicate' is invalid in C99", "", "static inline");
    hints("redefinition of 'bpf_spin_lock'", "", "leave it out");
}
END_TEST

Suite *diagnostics_suite(void) {
    Suite *suite = suite_create("diagnostics");
    TCase *tc = tcase_create("diagnostics");
    tcase_add_test(tc, compile_errors_without_noise);
    tcase_add_test(tc, warnings_are_the_authors_own);
    tcase_add_test(tc, no_reason_is_still_an_error);
    tcase_add_test(tc, many_errors_are_cut);
    tcase_add_test(tc, only_the_authors_places);
    tcase_add_test(tc, the_line_is_the_authors);
    tcase_add_test(tc, hints_from_the_words_alone);
    tcase_add_test(tc, hints_from_the_kernel);
    tcase_add_test(tc, a_member_of_another_type_of_that_name);
    tcase_add_test(tc, hints_from_libbcc);
    suite_add_tcase(suite, tc);
    return suite;
}
