/* SPDX-License-Identifier: Apache-2.0 */
#include <check.h>
#include <stdlib.h>

#include "suites.h"
#include "util/nearest.h"

/* What is suggested for `wanted` out of `names`, which NULL ends. */
static char *suggestion(const char *wanted, const char *const *names, const char *prefix) {
    struct rp_nearest nearest = {.wanted = wanted};
    for (; *names; names++)
        rp_nearest_add(&nearest, *names);
    char *text = rp_nearest_text(&nearest, prefix);
    rp_nearest_clear(&nearest);
    return text;
}

static void expect(const char *wanted, const char *const *names, const char *expected) {
    char *text = suggestion(wanted, names, "");
    if (expected)
        ck_assert_str_eq(text, expected);
    else
        ck_assert_ptr_null(text);
    free(text);
}

START_TEST(test_ranking) {
    static const char *const names[] = {"vfs_write", "xfs_read", "vfs_readf", "vfs_readv",
                                        "kfree",     "vfs_read", NULL};
    expect("vfs_raed", names, "vfs_read, vfs_readf or vfs_readv");
}
END_TEST

START_TEST(test_swapped_neighbours_are_one_edit) {
    static const char *const names[] = {"sched", "scheme", NULL};
    expect("schde", names, "sched");
}
END_TEST

START_TEST(test_same_prefix_wins) {
    static const char *const names[] = {"xcp_sendmsg", "tcp_sendmsk", NULL};
    expect("tcp_sendmsx", names, "tcp_sendmsk or xcp_sendmsg");
}
END_TEST

START_TEST(test_part_of_a_name_comes_last) {
    static const char *const names[] = {"do_sys_openat2", "openat", NULL};
    expect("openat2", names, "openat or do_sys_openat2");
}
END_TEST

START_TEST(test_nothing_near) {
    static const char *const names[] = {"kfree", "sched_switch", "", NULL};
    expect("tcp_v4_connect", names, NULL);
}
END_TEST

START_TEST(test_short_names_need_to_be_close) {
    static const char *const names[] = {"xyz", "abd", NULL};
    expect("abc", names, "abd");
}
END_TEST

START_TEST(test_names_once) {
    static const char *const names[] = {"kfree", "kfree", NULL};
    expect("kfre", names, "kfree");
}
END_TEST

START_TEST(test_prefix_of_text) {
    static const char *const names[] = {"kfree", NULL};
    char *text = suggestion("kfreee", names, "kprobe:");
    ck_assert_str_eq(text, "kprobe:kfree");
    free(text);
}
END_TEST

START_TEST(test_overlong_names_are_passed_over) {
    char name[4096];
    for (size_t i = 0; i < sizeof(name); i++)
        name[i] = 'a';
    name[sizeof(name) - 1] = '\0';
    const char *const names[] = {name, NULL};
    expect("aaaa", names, NULL);
    expect(name, names, NULL);
}
END_TEST

Suite *nearest_suite(void) {
    Suite *suite = suite_create("nearest");
    TCase *tests = tcase_create("nearest");
    tcase_add_test(tests, test_ranking);
    tcase_add_test(tests, test_swapped_neighbours_are_one_edit);
    tcase_add_test(tests, test_same_prefix_wins);
    tcase_add_test(tests, test_part_of_a_name_comes_last);
    tcase_add_test(tests, test_nothing_near);
    tcase_add_test(tests, test_short_names_need_to_be_close);
    tcase_add_test(tests, test_names_once);
    tcase_add_test(tests, test_prefix_of_text);
    tcase_add_test(tests, test_overlong_names_are_passed_over);
    suite_add_tcase(suite, tests);
    return suite;
}
