/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "compile/scan.h"
#include "suites.h"
#include "util/array.h"

static struct rp_scan scan;

static void scan_text(const char *text) {
    rp_scan_clear(&scan);
    rp_scan_text(&scan, text, strlen(text));
}

#define mentions(name) rp_names_has(&scan.mentioned, name)
#define defines(name)  rp_names_has(&scan.defined, name)

START_TEST(comments_and_strings_mention_nothing) {
    scan_text("int a; /* b \n c */ // d\nchar *s = \"e \\\" f\"; char g = 'h';");
    ck_assert(mentions("a") && mentions("s") && mentions("g"));
    ck_assert(!mentions("b") && !mentions("c") && !mentions("d") && !mentions("e") &&
              !mentions("f") && !mentions("h"));
}
END_TEST

START_TEST(tags_with_a_body_are_defined) {
    scan_text("struct a { int x; }; struct b; union c { int y; } v; struct d *p;\n"
              "struct __attribute__((packed)) e { int z; }; enum f { G = 1, H = (2 + 1), I };");
    ck_assert(defines("a") && defines("c") && defines("e") && defines("f"));
    ck_assert(defines("G") && defines("H") && defines("I"));
    ck_assert(!defines("b") && !defines("d") && !defines("x") && !defines("v"));
    ck_assert(rp_names_has(&scan.tags, "b") && rp_names_has(&scan.tags, "d"));
}
END_TEST

START_TEST(typedefs_define_their_name) {
    scan_text("typedef unsigned int a_t; typedef struct b { int in_b; } c_t;\n"
              "typedef int (*d_t)(int arg, void *p); typedef char e_t[16];\n"
              "typedef struct { int x; } f_t __attribute__((packed)); typedef enum { J, K } g_t;");
    ck_assert(defines("a_t") && defines("b") && defines("c_t") && defines("d_t"));
    ck_assert(defines("e_t") && defines("f_t") && defines("g_t") && defines("J") && defines("K"));
    ck_assert(!defines("arg") && !defines("p") && !defines("x") && !defines("in_b"));
}
END_TEST

START_TEST(what_the_source_declares) {
    scan_text("BPF_HASH(hash, u32); static int func(void) { return used; }\n"
              "int f(struct pt_regs *ctx, u64 arg) { u64 local = OTHER, second; struct x *ptr;\n"
              "  const char *text; goto label; case VALUE: return RESULT; y = a * factor; }");
    static const char *const declared[] = {"hash", "func", "ctx", "arg", "local", "ptr", "text"};
    static const char *const others[] = {"used", "OTHER", "label", "VALUE", "RESULT", "factor"};
    for (size_t i = 0; i < sizeof(declared) / sizeof(declared[0]); i++)
        ck_assert_msg(rp_names_has(&scan.declared, declared[i]), "%s", declared[i]);
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
        ck_assert_msg(!rp_names_has(&scan.declared, others[i]), "%s", others[i]);
}
END_TEST

START_TEST(directives) {
    scan_text("#include <linux/sched.h>\n # include \"own.h\"\n#define FOO BAR\n"
              "#define F(x) \\\n  (x + baz)\nint a = 1 # 2;\n");
    ck_assert_uint_eq(scan.includes.count, 2);
    ck_assert_str_eq(scan.includes.items[0], "linux/sched.h");
    ck_assert_str_eq(scan.includes.items[1], "own.h");
    ck_assert(defines("FOO") && defines("F"));
    ck_assert(mentions("BAR") && mentions("baz"));
}
END_TEST

START_TEST(what_may_read_more) {
    static const char *const more[] = {"#include HEADER\n",       "#include /* */ \"a.h\"\n",
                                       "#import \"a.h\"\n",       "#inc\\\nlude \"a.h\"\n",
                                       "%:include \"a.h\"\n",     "#include_next <a.h>\n",
                                       "enum {\n#embed \"a\"\n}", "?\?=include \"a.h\"\n"};
    static const char *const told =
        "#\n#if 1\n#else\n#endif\n# 1 \"a.c\"\n#pragma once\n#define A(x) \\\n #x\n#line 2\n"
        "typedef struct {\n#include \"a.h\"\n} t;\n# /*\n*/ include <b.h>\nint c = 4\n% 3;\n";
    for (size_t i = 0; i < RP_COUNT(more); i++) {
        scan_text(more[i]);
        ck_assert_msg(scan.reads_more, "%s", more[i]);
    }
    scan_text(told);
    ck_assert(!scan.reads_more);
    ck_assert_uint_eq(scan.includes.count, 2);
}
END_TEST

START_TEST(tracepoints) {
    scan_text("TRACEPOINT_PROBE(sched, sched_switch) { }\nTRACEPOINT_PROBE ( irq , softirq_entry )"
              "{ } TRACEPOINT_PROBE(broken");
    ck_assert_uint_eq(scan.tracepoints.count, 2);
    ck_assert_str_eq(scan.tracepoints.items[0], "sched:sched_switch");
    ck_assert_str_eq(scan.tracepoints.items[1], "irq:softirq_entry");
}
END_TEST

/* Whatever is cut off wherever: the scan ends, and within the text. */
START_TEST(every_prefix_of_a_text_ends) {
    static const char text[] =
        "#include <a/b.h>\ntypedef struct { enum e { A = (1), B } x; } t;\n"
        "/* c */ struct s { char *p[4]; }; #define M \"q\\\"\" \\\n 'x'\n"
        "typedef int (*f)(void); TRACEPOINT_PROBE(sched, x) { return 0x1f; } // end";
    for (size_t len = 0; len < sizeof(text); len++) {
        char *copy = malloc(len ? len : 1); /* exact, so that a sanitizer sees a read beyond it */
        memcpy(copy, text, len);
        rp_scan_clear(&scan);
        rp_scan_text(&scan, copy, len);
        free(copy);
    }
    ck_assert(defines("t") && defines("s") && defines("f"));
}
END_TEST

static void teardown(void) {
    rp_scan_clear(&scan);
}

Suite *scan_suite(void) {
    Suite *suite = suite_create("scan");
    TCase *tc = tcase_create("scan");
    tcase_add_checked_fixture(tc, NULL, teardown);
    tcase_add_test(tc, comments_and_strings_mention_nothing);
    tcase_add_test(tc, tags_with_a_body_are_defined);
    tcase_add_test(tc, typedefs_define_their_name);
    tcase_add_test(tc, what_the_source_declares);
    tcase_add_test(tc, directives);
    tcase_add_test(tc, what_may_read_more);
    tcase_add_test(tc, tracepoints);
    tcase_add_test(tc, every_prefix_of_a_text_ends);
    suite_add_tcase(suite, tc);
    return suite;
}
