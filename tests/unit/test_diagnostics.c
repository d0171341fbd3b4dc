/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <string.h>

#include "compile/diagnostics.h"
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
    struct rp_error *err = rp_compile_error("own.c", "/abs/own.c", output);
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
    struct rp_error *err = rp_compile_error("own.c", "/abs/own.c", "");
    ck_assert_str_eq(rp_error_why(err), "the compiler gave no reason");
    rp_error_free(err);
}
END_TEST

START_TEST(many_errors_are_cut) {
    char many[4096] = "";
    for (int i = 0; i < 30; i++)
        strcat(many, "/abs/own.c:1:1: error: again\n");
    struct rp_error *err = rp_compile_error("own.c", "/abs/own.c", many);
    ck_assert_ptr_nonnull(strstr(rp_error_why(err), "30 errors"));
    ck_assert_ptr_nonnull(strstr(rp_error_why(err), "… and 20 more"));
    rp_error_free(err);
}
END_TEST

START_TEST(the_verifiers_reason_and_line) {
    static const char log[] = "bpf: Failed to load program: Permission denied\n"
                              "; struct task *t = lookup(&k);\n"
                              "0: (85) call bpf_map_lookup_elem#1\n"
                              "; return t->pid;\n"
                              "1: (61) r0 = *(u32 *)(r0 +0)\n"
                              "R0 invalid mem access 'map_value_or_null'\n"
                              "processed 2 insns (limit 1000000)\n\n";
    struct rp_error *err = rp_load_error("f", EACCES, log);
    ck_assert_str_eq(rp_error_why(err), "the kernel's verifier refused it: R0 invalid mem access "
                                        "'map_value_or_null'\n    return t->pid;");
    ck_assert_str_eq(rp_error_detail(err), log);
    rp_error_free(err);
    err = rp_load_error("f", EPERM, "");
    ck_assert_str_eq(rp_error_why(err), strerror(EPERM));
    ck_assert_ptr_nonnull(rp_error_hint(err));
    rp_error_free(err);
}
END_TEST

Suite *diagnostics_suite(void) {
    Suite *suite = suite_create("diagnostics");
    TCase *tc = tcase_create("diagnostics");
    tcase_add_test(tc, compile_errors_without_noise);
    tcase_add_test(tc, warnings_are_the_authors_own);
    tcase_add_test(tc, no_reason_is_still_an_error);
    tcase_add_test(tc, many_errors_are_cut);
    tcase_add_test(tc, the_verifiers_reason_and_line);
    suite_add_tcase(suite, tc);
    return suite;
}
