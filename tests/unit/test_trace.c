/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "stream/trace_pipe.h"
#include "suites.h"

START_TEST(lines_of_every_shape) {
    static const struct {
        const char *text, *task;
        pid_t pid;
        int cpu;
        double time;
        const char *message;
    } good[] = {
        {"            bash-3022    [001] d..21  9876.543210: bpf_trace_printk: Hello, World!",
         "bash", 3022, 1, 9876.543210, "Hello, World!"},
        {"           <...>-7       [000] d..3.     1.000001: bpf_trace_printk: ", "<...>", 7, 0,
         1.000001, ""},
        {" my-odd [1] task-12  (     12) [011] .....   2.5: bpf_trace_printk: a: b [3] -4",
         "my-odd [1] task", 12, 11, 2.5, "a: b [3] -4"},
        {"     kworker/0:1-99 [000] d.h1. 3.25: bpf_trace_printk: x", "kworker/0:1", 99, 0, 3.25,
         "x"},
        /* What tasks call themselves. */
        {" systemd-1 [000]-4711    [001] d..21  5.5: bpf_trace_printk: hello", "systemd-1 [000]",
         4711, 1, 5.5, "hello"},
        {"  -1 [0] : bpf_t-4711    [001] d..21  5.5: bpf_trace_printk: hello", "-1 [0] : bpf_t",
         4711, 1, 5.5, "hello"},
        {"    x\nsystemd-1 -4711    [001] d..21  5.5: bpf_trace_printk: hello", "x\nsystemd-1 ",
         4711, 1, 5.5, "hello"},
    };
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        char text[256];
        struct rp_trace_line line;
        strcpy(text, good[i].text);
        ck_assert_msg(rp_trace_line_parse(text, &line), "%s", good[i].text);
        ck_assert_str_eq(line.task, good[i].task);
        ck_assert_int_eq(line.pid, good[i].pid);
        ck_assert_int_eq(line.cpu, good[i].cpu);
        ck_assert_double_eq_tol(line.time, good[i].time, 1e-9);
        ck_assert_str_eq(line.message, good[i].message);
    }
}
END_TEST

START_TEST(lost_lines_are_counted) {
    ck_assert_uint_eq(rp_trace_lost_parse("CPU:1 [LOST 12 EVENTS]"), 12);
    ck_assert_uint_eq(rp_trace_lost_parse("CPU:1 [LOST EVENTS]"), 0);
    ck_assert_uint_eq(rp_trace_lost_parse(" bash-1 [000] d..1 1.0: CPU:1 [LOST 12 EVENTS]"), 0);
}
END_TEST

START_TEST(other_lines_are_passed_over) {
    static const char *const others[] = {
        "",
        "# tracer: nop",
        "CPU:1 [LOST 12 EVENTS]",
        "bash-1 [000] d..1 1.0: sched_switch: prev_comm=bash",
        "bpf_trace_printk: no head",
        ": bpf_trace_printk: ",
        "x [000] 1.0: bpf_trace_printk: no pid",
        "-1 [0",
        ") [0] ) [1]",
    };
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        char text[128];
        struct rp_trace_line line;
        strcpy(text, others[i]);
        ck_assert_msg(!rp_trace_line_parse(text, &line), "taken: %s", others[i]);
    }
}
END_TEST

Suite *trace_suite(void) {
    Suite *suite = suite_create("trace_pipe");
    TCase *tc = tcase_create("trace_pipe");
    tcase_add_test(tc, lines_of_every_shape);
    tcase_add_test(tc, lost_lines_are_counted);
    tcase_add_test(tc, other_lines_are_passed_over);
    suite_add_tcase(suite, tc);
    return suite;
}
