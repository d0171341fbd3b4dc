/* SPDX-License-Identifier: Apache-2.0 */
/* Cells of text, and columns that fit a terminal. */
#include <stdlib.h>
#include <string.h>

#include "record/fit.h"
#include "suites.h"
#include "util/array.h"
#include "util/cells.h"
#include "util/cleanup.h"
#include "util/writer.h"

START_TEST(test_cells) {
    static const struct {
        const char *text;
        size_t cells;
    } texts[] = {
        {"", 0},     {"abc", 3}, {"…", 1},        {"é", 1},        {"e\u0301", 1},
        {"日本", 4}, {"a😀b", 4}, {"\xff\xfe", 2}, {"\xe6\x97", 2}, {"한글", 4},
    };
    for (size_t i = 0; i < RP_COUNT(texts); i++)
        ck_assert_uint_eq(rp_cells(texts[i].text, strlen(texts[i].text)), texts[i].cells);
}
END_TEST

START_TEST(test_cells_fit_whole_characters) {
    ck_assert_uint_eq(rp_cells_fit("日本", 6, 3), 3);
    ck_assert_uint_eq(rp_cells_fit("日本", 6, 1), 0);
    ck_assert_uint_eq(rp_cells_fit("e\u0301x", 4, 1), 3);
    ck_assert_uint_eq(rp_cells_fit("abc", 3, 9), 3);
}
END_TEST

/* A name, a text, a number, in terminals of any width. */
START_TEST(test_fit) {
    static const struct {
        size_t room, widths[3];
        bool fits;
    } cases[] = {
        {100, {15, 64, 8}, true}, /* all that is wanted */
        {60, {15, 35, 8}, true},  /* all that there is, and some of what is wanted */
        {55, {15, 30, 8}, true},  /* all that there is */
        {54, {15, 29, 8}, true},  /* text is cut */
        {35, {13, 12, 8}, true},  {25, {8, 8, 7}, true},
        {23, {8, 8, 5}, true}, /* a header is cut, too; the number is not */
        {22, {8, 8, 5}, false},
    };
    for (size_t i = 0; i < RP_COUNT(cases); i++) {
        struct rp_fit columns[3] = {
            {.header = 4, .wanted = 15, .widest = 15, .is_text = true},
            {.header = 8, .wanted = 64, .widest = 30, .is_text = true},
            {.header = 8, .wanted = 7, .widest = 5},
        };
        ck_assert_int_eq(rp_fit(columns, 3, cases[i].room), cases[i].fits);
        for (size_t c = 0; c < 3; c++)
            ck_assert_uint_eq(columns[c].width, cases[i].widths[c]);
    }
}
END_TEST

static void check_cell(const char *text, size_t width, bool is_text, const char *expected) {
    const struct rp_fit column = {.width = width, .is_text = is_text};
    RP_AUTO_FREE char *got = NULL;
    size_t size;
    FILE *out = open_memstream(&got, &size);
    struct rp_writer w;
    rp_writer_begin(&w, out);
    rp_fit_write(&w, &column, text, strlen(text), false);
    rp_writer_flush(&w);
    fclose(out);
    ck_assert_str_eq(got, expected);
}

START_TEST(test_fit_cells) {
    check_cell("abc", 5, true, "abc   ");
    check_cell("abcdef", 5, true, "abcd… ");
    check_cell("日本語", 5, true, "日本… ");
    check_cell("日本語", 4, true, "日…  ");
    check_cell("日本", 5, true, "日本  ");
    check_cell("123456", 3, false, "123456 "); /* a part of a number is another number */
    check_cell("[10,200,3000]", 7, true, "[10,…   ");
    check_cell("[10,200,3000]", 9, true, "[10,200,… ");
    check_cell("", 3, true, "    ");
}
END_TEST

Suite *fit_suite(void) {
    Suite *suite = suite_create("fit");
    TCase *tests = tcase_create("fit");
    tcase_add_test(tests, test_cells);
    tcase_add_test(tests, test_cells_fit_whole_characters);
    tcase_add_test(tests, test_fit);
    tcase_add_test(tests, test_fit_cells);
    suite_add_tcase(suite, tests);
    return suite;
}
