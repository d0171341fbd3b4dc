/* SPDX-License-Identifier: Apache-2.0 */
#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "suites.h"
#include "tools/common/table.h"
#include "tools/common/tool.h"

static void cells(struct rp_row *row, const void *record, const void *ctx) {
    const char *text = ctx;
    (void)record;
    rp_cell_uint(row, "PID", 7, 42);
    rp_cell_text(row, "COMM", 8, text, strlen(text));
    rp_cell_int(row, "RET", -5, -13);
    rp_cell_double(row, "LAT(ms)", -8, 2, 1.005e3);
    rp_cell_none(row, "FLAGS", -6);
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
    const struct rp_table table = {.tool = &tool, .cells = cells, .ctx = text};
    char *got = printed(print, &table);
    ck_assert_str_eq(got, expected);
    free(got);
}

START_TEST(cells_make_header_row_and_json) {
    check(rp_table_header, false, "", "PID     COMM       RET  LAT(ms)  FLAGS PATH\n");
    check(rp_table_row, false, "sh", "42      sh         -13  1005.00      ? /x\n");
    check(rp_table_header, true, "", "");
    check(rp_table_row, true, "a\"\n",
          "{\"pid\":42,\"comm\":\"a\\\"\\u000a\",\"ret\":-13,\"lat_ms\":1005.00,\"flags\":null,"
          "\"path\":\"/x\"}\n");
}
END_TEST

/* A cell that is too long is not cut: it moves the others. */
START_TEST(long_cells_push) {
    check(rp_table_row, false, "0123456789", "42      0123456789   -13  1005.00      ? /x\n");
}
END_TEST

START_TEST(signals_have_names) {
    static const struct {
        const char *text;
        int signal; /* 0: none */
    } cases[] = {{"IO", 29},       {"POLL", 29},     {"9", 9},   {"KILL", 9},   {"sigkill", 9},
                 {"SIGRTMIN", 34}, {"rtmin+30", 64}, {"64", 64}, {"SIG32", 32}, {"0", 0},
                 {"65", 0},        {"", 0},          {"SIG", 0}, {"KILLS", 0},  {"RTMIN+31", 0},
                 {"-9", 0},        {"9x", 0}};
    char name[RP_SIGNAL_NAME];
    int signal;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        bool found = rp_parse_signal(cases[i].text, &signal);
        ck_assert_msg(found == !!cases[i].signal, "%s", cases[i].text);
        ck_assert(!found || signal == cases[i].signal);
    }
    for (int i = 1; i <= 64; i++)
        ck_assert(rp_parse_signal(rp_signal_name(i, name), &signal) && signal == i);
    ck_assert_str_eq(rp_signal_name(36, name), "SIGRTMIN+2");
    ck_assert_str_eq(rp_signal_name(29, name), "SIGIO");
    ck_assert_str_eq(rp_signal_name(-5, name), "SIG-5");
}
END_TEST

START_TEST(families_become_a_macro) {
    struct rp_tool *tool = rp_tool_new();
    struct rp_tool_own *own = (struct rp_tool_own *)tool;
    ck_assert(rp_tool_define_family(tool, '4') && rp_tool_define_family(tool, '6'));
    ck_assert(!rp_tool_define_family(tool, '5'));
    ck_assert_uint_eq(own->flags.count, 2);
    ck_assert_str_eq(own->flags.items[0], "-DFAMILY=AF_INET");
    ck_assert_str_eq(own->flags.items[1], "-DFAMILY=AF_INET6");
    rp_tool_free(tool);
}
END_TEST

START_TEST(ports_become_a_macro) {
    struct rp_tool *tool = rp_tool_new();
    const struct rp_tool_own *own = (const struct rp_tool_own *)tool;
    ck_assert(rp_tool_define_ports(tool, "LOCAL_PORT", "80"));
    ck_assert(rp_tool_define_ports(tool, "REMOTE_PORT", "1,65535"));
    static const char *const bad[] = {"",     ",",     "80,", ",80",  "80,,81",
                                      "0",    "65536", "80 ", "http", "18446744073709551696",
                                      "80,-1"};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        ck_assert_msg(!rp_tool_define_ports(tool, "P", bad[i]), "%s", bad[i]);
    ck_assert_uint_eq(own->flags.count, 2);
    ck_assert_str_eq(own->flags.items[0], "-DLOCAL_PORT(x)=((x) == 80)");
    ck_assert_str_eq(own->flags.items[1], "-DREMOTE_PORT(x)=((x) == 1 || (x) == 65535)");
    rp_tool_free(tool);
}
END_TEST

static void address_cells(struct rp_row *row, const void *record, const void *ctx) {
    static const uint8_t four[4] = {192, 0, 2, 1};
    static const uint8_t six[16] = {0x20, 0x01, 0x0d, 0xb8, [15] = 1};
    (void)record, (void)ctx;
    rp_cell_address(row, "SADDR", 12, AF_INET, four);
    rp_cell_address(row, "DADDR", 0, AF_INET6, six);
}

START_TEST(addresses_are_cells) {
    const struct rp_tool tool = {0};
    const struct rp_table table = {.tool = &tool, .cells = address_cells};
    char *got = printed(rp_table_row, &table);
    ck_assert_str_eq(got, "192.0.2.1    2001:db8::1\n");
    free(got);
}
END_TEST

Suite *tool_suite(void) {
    Suite *suite = suite_create("tool");
    TCase *tc = tcase_create("tool");
    tcase_add_test(tc, cells_make_header_row_and_json);
    tcase_add_test(tc, long_cells_push);
    tcase_add_test(tc, signals_have_names);
    tcase_add_test(tc, families_become_a_macro);
    tcase_add_test(tc, ports_become_a_macro);
    tcase_add_test(tc, addresses_are_cells);
    suite_add_tcase(suite, tc);
    return suite;
}
