/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "reprobe.h"
#include "suites.h"

static void cells(struct rp_row *row, const void *record, const void *ctx) {
    const char *text = ctx;
    (void)record;
    rp_cell_uint(row, "PID", 7, 42);
    rp_cell_text(row, "COMM", 8, text, strlen(text));
    rp_cell_int(row, "RET", -5, -13);
    rp_cell_double(row, "LAT(ms)", -8, 2, 1.005e3);
    rp_cell_text(row, "PATH", 0, "/x", 2);
}

/* What `print` writes to stdout. */
static char *printed(void (*print)(const struct rp_table *, const void *),
                     const struct rp_table *table) {
    char path[] = "/tmp/reprobe-unit.XXXXXX";
    char *text = calloc(1, 4096);
    fflush(stdout);
    int file = mkstemp(path), before = dup(STDOUT_FILENO);
    ck_assert_int_ge(file, 0);
    unlink(path);
    dup2(file, STDOUT_FILENO);
    print(table, NULL);
    fflush(stdout);
    dup2(before, STDOUT_FILENO);
    ck_assert_int_ge(pread(file, text, 4095, 0), 0);
    close(before);
    close(file);
    return text;
}

static void check(void (*print)(const struct rp_table *, const void *), bool json, const char *text,
                  const char *expected) {
    const struct rp_tool tool = {.json = json};
    const struct rp_table table = {&tool, cells, text};
    char *got = printed(print, &table);
    ck_assert_str_eq(got, expected);
    free(got);
}

START_TEST(cells_make_header_row_and_json) {
    check(rp_table_header, false, "", "PID     COMM       RET  LAT(ms) PATH\n");
    check(rp_table_row, false, "sh", "42      sh         -13  1005.00 /x\n");
    check(rp_table_header, true, "", "");
    check(
        rp_table_row, true, "a\"\n",
        "{\"pid\":42,\"comm\":\"a\\\"\\u000a\",\"ret\":-13,\"lat_ms\":1005.00,\"path\":\"/x\"}\n");
}
END_TEST

/* A cell that is too long is not cut: it moves the others. */
START_TEST(long_cells_push) {
    check(rp_table_row, false, "0123456789", "42      0123456789   -13  1005.00 /x\n");
}
END_TEST

Suite *tool_suite(void) {
    Suite *suite = suite_create("tool");
    TCase *tc = tcase_create("tool");
    tcase_add_test(tc, cells_make_header_row_and_json);
    tcase_add_test(tc, long_cells_push);
    suite_add_tcase(suite, tc);
    return suite;
}
