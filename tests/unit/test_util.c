/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <string.h>

#include "reprobe.h"
#include "suites.h"
#include "util/capture.h"
#include "util/cleanup.h"
#include "util/error.h"
#include "util/names.h"

START_TEST(error_prints_what_why_and_hint) {
    struct rp_error *err =
        rp_error_hint_set(rp_error_new(ENOENT, NULL, "cannot open %s", "x"), "make %s", "it");
    RP_AUTO_FREE char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    rp_error_print(err, out);
    fclose(out);
    ck_assert_str_eq(text, "reprobe: cannot open x: No such file or directory\nhint: make it\n");
    ck_assert_int_eq(rp_error_errno(err), ENOENT);
    rp_error_what_set(err, "other");
    ck_assert_str_eq(rp_error_what(err), "other");
    rp_error_free(err);
    rp_error_free(rp_error_nomem());
    rp_error_free(NULL);
}
END_TEST

START_TEST(names_keep_order_and_find) {
    struct rp_names set = {0};
    char name[16];
    for (int i = 0; i < 1000; i++) {
        int len = snprintf(name, sizeof(name), "n%d", i);
        ck_assert(rp_names_add(&set, name, (size_t)len));
        ck_assert(!rp_names_add(&set, name, (size_t)len));
    }
    ck_assert_uint_eq(set.count, 1000);
    ck_assert_str_eq(set.names[999], "n999");
    ck_assert(rp_names_has(&set, "n500"));
    ck_assert(!rp_names_has(&set, "n1000"));
    ck_assert(!rp_names_has(&set, "n"));
    ck_assert(!rp_names_has(&set, ""));
    ck_assert(rp_names_has_n(&set, "n12345", 3));
    rp_names_clear(&set);
    ck_assert(!rp_names_has(&set, "n500"));
}
END_TEST

START_TEST(capture_takes_both_streams_and_gives_them_back) {
    fflush(stdout);
    struct rp_capture capture = rp_capture_begin();
    printf("out\n");
    fprintf(stderr, "err\n");
    RP_AUTO_FREE char *text = rp_capture_end(&capture);
    ck_assert_ptr_nonnull(strstr(text, "out\n"));
    ck_assert_ptr_nonnull(strstr(text, "err\n"));
    capture = rp_capture_begin();
    RP_AUTO_FREE char *empty = rp_capture_end(&capture);
    ck_assert_str_eq(empty, "");
}
END_TEST

START_TEST(durations) {
    static const struct {
        const char *text;
        uint64_t ns;
    } good[] = {{"1", 1000000000},     {"0.5", 500000000},   {"10s", 10000000000},
                {"250ms", 250000000},  {"7us", 7000},        {"2m", 120000000000},
                {"1h", 3600000000000}, {"1e3ms", 1000000000}};
    static const char *const bad[] = {"",  "0",   "-1",  "s",   "1 s",  "1d",
                                      "x", "1sx", "inf", "nan", "1e30", "1e-12"};
    uint64_t ns;
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        ck_assert_msg(rp_parse_duration(good[i].text, &ns), "%s", good[i].text);
        ck_assert_uint_eq(ns, good[i].ns);
    }
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        ck_assert_msg(!rp_parse_duration(bad[i], &ns), "`%s` was taken", bad[i]);
}
END_TEST

Suite *util_suite(void) {
    Suite *suite = suite_create("util");
    TCase *tc = tcase_create("util");
    tcase_add_test(tc, error_prints_what_why_and_hint);
    tcase_add_test(tc, names_keep_order_and_find);
    tcase_add_test(tc, capture_takes_both_streams_and_gives_them_back);
    tcase_add_test(tc, durations);
    suite_add_tcase(suite, tc);
    return suite;
}
