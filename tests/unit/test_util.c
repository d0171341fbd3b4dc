/* SPDX-License-Identifier: Apache-2.0 */
#include <dlfcn.h>
#include <errno.h>
#include <locale.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "reprobe_tool.h"
#include "suites.h"
#include "util/capture.h"
#include "util/cleanup.h"
#include "util/error.h"
#include "util/file.h"
#include "util/library.h"
#include "util/names.h"
#include "util/vec.h"

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
    ck_assert_str_eq(set.items[999], "n999");
    ck_assert(rp_names_has(&set, "n500"));
    ck_assert(!rp_names_has(&set, "n1000"));
    ck_assert(!rp_names_has(&set, "n"));
    ck_assert(!rp_names_has(&set, ""));
    ck_assert(rp_names_has_n(&set, "n12345", 3));
    rp_names_clear(&set);
    ck_assert(!rp_names_has(&set, "n500"));
}
END_TEST

START_TEST(vec_grows_and_shrinks) {
    struct {
        RP_VEC(uint16_t);
    } numbers = {0};
    for (unsigned i = 0; i < 1000; i++)
        ck_assert(rp_vec_push(&numbers, (uint16_t)i));
    ck_assert_uint_eq(numbers.count, 1000);
    ck_assert_uint_ge(numbers.capacity, 1000);
    ck_assert_uint_eq(numbers.items[999], 999);
    rp_vec_remove(&numbers, 0);
    rp_vec_remove(&numbers, 998);
    ck_assert_uint_eq(numbers.count, 998);
    ck_assert_uint_eq(numbers.items[0], 1);
    ck_assert_uint_eq(numbers.items[997], 998);
    const uint16_t more[] = {7, 8, 9};
    ck_assert(rp_vec_append(&numbers, more, 3));
    ck_assert(rp_vec_append(&numbers, more, 0));
    ck_assert_uint_eq(numbers.count, 1001);
    ck_assert_uint_eq(numbers.items[1000], 9);
    rp_vec_clear(&numbers);
    ck_assert(!numbers.items && !numbers.count && !numbers.capacity);
}
END_TEST

/* Items that are added one by one are zeroed, even in memory that was used before. */
START_TEST(vec_adds_zeroed_items) {
    RP_AUTO_FREE RP_VEC(struct {
        int a;
        char *b;
    }) pairs = {0};
    for (int i = 0; i < 3; i++) {
        __auto_type pair = rp_vec_add(&pairs);
        ck_assert(pair && !pair->a && !pair->b);
        pair->a = i + 1;
    }
    pairs.count = 1;
    __auto_type again = rp_vec_add(&pairs);
    ck_assert(again && !again->a && !again->b);
    ck_assert_int_eq(pairs.items[0].a, 1);
}
END_TEST

/* What does not fit a size_t counts as no memory, and the array is what it was. */
START_TEST(vec_says_when_there_is_no_memory) {
    RP_AUTO_FREE RP_VEC(uint64_t) numbers = {0};
    ck_assert(rp_vec_push(&numbers, 42));
    const uint64_t *before = numbers.items;
    ck_assert(!rp_vec_reserve(&numbers, SIZE_MAX));
    ck_assert(!rp_vec_reserve(&numbers, SIZE_MAX / 8));
    volatile size_t too_many = SIZE_MAX - 1; /* which the compiler need not know */
    ck_assert(!rp_vec_append(&numbers, before, too_many));
    ck_assert_ptr_eq(numbers.items, before);
    ck_assert_uint_eq(numbers.count, 1);
    ck_assert_uint_eq(numbers.items[0], 42);
    ck_assert(rp_vec_reserve(&numbers, 0));
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

START_TEST(json_has_its_commas) {
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    ck_assert_ptr_nonnull(out);
    struct rp_writer json;
    rp_json_begin(&json, out);
    rp_json_array(&json, "empty");
    rp_json_array_end(&json);
    rp_json_array(&json, "mixed");
    rp_json_uint(&json, NULL, UINT64_MAX);
    rp_json_object(&json, NULL);
    rp_json_object_end(&json);
    rp_json_int(&json, NULL, INT64_MIN);
    rp_json_array_end(&json);
    rp_json_object(&json, "in\"side");
    rp_json_bool(&json, "yes", true);
    rp_json_bool(&json, "no", false);
    rp_json_object_end(&json);
    rp_json_text(&json, "text",
                 "\x1b\xff"
                 "abc",
                 4);
    rp_json_number(&json, "number", "1e3");
    rp_json_end(&json);
    rp_json_begin(&json, out);
    rp_json_string(&json, "next", "line");
    rp_json_end(&json);
    fclose(out);
    ck_assert_str_eq(text, "{\"empty\":[],\"mixed\":[18446744073709551615,{},-9223372036854775808],"
                           "\"in\\\"side\":{\"yes\":true,\"no\":false},"
                           "\"text\":\"\\u001b\\\\xffab\",\"number\":1e3}\n{\"next\":\"line\"}\n");
    free(text);
}
END_TEST

/* In every locale, and never what JSON does not have. */
START_TEST(json_numbers_are_json) {
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    ck_assert_ptr_nonnull(out);
    locale_t comma = newlocale(LC_NUMERIC_MASK, "de_DE.UTF-8", (locale_t)0), before = (locale_t)0;
    if (comma)
        before = uselocale(comma);
    struct rp_writer json;
    rp_json_begin(&json, out);
    rp_json_double(&json, "a", 3, 1.0005);
    rp_json_double(&json, "b", 0, -2.5e15);
    rp_json_double(&json, "c", 1, NAN);
    rp_json_double(&json, "d", 1, -INFINITY);
    rp_json_end(&json);
    if (comma) {
        uselocale(before);
        freelocale(comma);
    }
    fclose(out);
    ck_assert_str_eq(text, "{\"a\":1.000,\"b\":-2500000000000000,\"c\":null,\"d\":null}\n");
    free(text);
}
END_TEST

/* Longer than the writer's buffer. */
START_TEST(json_may_be_long) {
    char *text = NULL, *expected = NULL;
    size_t size;
    char long_text[5000];
    memset(long_text, 'x', sizeof(long_text) - 1);
    long_text[sizeof(long_text) - 1] = '\0';
    FILE *out = open_memstream(&text, &size);
    ck_assert_ptr_nonnull(out);
    struct rp_writer json;
    rp_json_begin(&json, out);
    for (int i = 0; i < 3; i++)
        rp_json_string(&json, "x", long_text);
    rp_json_end(&json);
    fclose(out);
    ck_assert_int_gt(
        asprintf(&expected, "{\"x\":\"%1$s\",\"x\":\"%1$s\",\"x\":\"%1$s\"}\n", long_text), 0);
    ck_assert_str_eq(text, expected);
    free(text);
    free(expected);
}
END_TEST

/* A file's name may be anybody's; the lines of a message are ours. */
START_TEST(error_is_safe_on_a_terminal) {
    struct rp_error *err = rp_error_hint_set(
        rp_error_new(0, "a.c:1: \x1b]0;x\x07 in \"b\\n\"\n\tcaret ^", "cannot read x\x1b[31m\xff"),
        "try y\xe2\x80\xae");
    RP_AUTO_FREE char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    rp_error_print(err, out);
    fclose(out);
    ck_assert_str_eq(text, "reprobe: cannot read x\\x1b[31m\\xff: a.c:1: \\x1b]0;x\\x07 in "
                           "\"b\\n\"\n\tcaret ^\nhint: try y\\xe2\\x80\\xae\n");
    rp_error_free(err);
}
END_TEST

/* Nothing is made in a directory of another user but root. */
START_TEST(directories_are_made_for_their_user) {
    char top[] = "/tmp/reprobe-unit.XXXXXX", path[64], others[64];
    ck_assert_ptr_nonnull(mkdtemp(top));
    snprintf(path, sizeof(path), "%s/a/b/c", top);
    struct stat st;
    ck_assert(rp_file_make_directory(path) && rp_file_make_directory(path));
    ck_assert(stat(path, &st) == 0 && S_ISDIR(st.st_mode) && (st.st_mode & 0777) == 0700);
    snprintf(others, sizeof(others), "%s/a", top);
    if (geteuid() == 0) {
        ck_assert_int_eq(chown(others, 65534, 65534), 0);
        snprintf(others, sizeof(others), "%s/a/d/e", top);
        ck_assert(!rp_file_make_directory(others));
        ck_assert_int_eq(errno, EACCES);
        ck_assert_int_ne(stat(others, &st), 0);
    }
    for (size_t cut = strlen(path); cut >= strlen(top); cut -= 2) {
        path[cut] = '\0';
        ck_assert_int_eq(rmdir(path), 0);
    }
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

START_TEST(libraries_open_whole_or_not) {
    static const char *const functions[] = {"strlen", "no_such_function"};
    static const char *const files[] = {"libno-such-library.so.1", "libc.so.6"};
    struct {
        __typeof__(strlen) *strlen;
    } c;
    struct rp_library library = {.files = files,
                                 .file_count = 2,
                                 .mode = RTLD_LAZY,
                                 .functions = functions,
                                 .function_count = 1};
    char why[128];
    struct rp_library whole = library;
    ck_assert_ptr_null(rp_library_open(&whole, &c, why));
    ck_assert_uint_eq(c.strlen("four"), 4);
    ck_assert_ptr_null(rp_library_open(&whole, &c, why));
    library.function_count = 2;
    ck_assert_str_eq(rp_library_open(&library, (void *[2]){0}, why),
                     "it has no function no_such_function");
    library.file_count = 1;
    ck_assert_ptr_nonnull(strstr(rp_library_open(&library, &c, why), "libno-such-library.so.1"));
}
END_TEST

Suite *util_suite(void) {
    Suite *suite = suite_create("util");
    TCase *tc = tcase_create("util");
    tcase_add_test(tc, error_prints_what_why_and_hint);
    tcase_add_test(tc, names_keep_order_and_find);
    tcase_add_test(tc, vec_grows_and_shrinks);
    tcase_add_test(tc, vec_adds_zeroed_items);
    tcase_add_test(tc, vec_says_when_there_is_no_memory);
    tcase_add_test(tc, capture_takes_both_streams_and_gives_them_back);
    tcase_add_test(tc, json_has_its_commas);
    tcase_add_test(tc, json_numbers_are_json);
    tcase_add_test(tc, json_may_be_long);
    tcase_add_test(tc, error_is_safe_on_a_terminal);
    tcase_add_test(tc, directories_are_made_for_their_user);
    tcase_add_test(tc, durations);
    tcase_add_test(tc, libraries_open_whole_or_not);
    suite_add_tcase(suite, tc);
    return suite;
}
