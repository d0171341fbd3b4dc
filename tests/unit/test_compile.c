/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "compile/compile.h"
#include "reprobe.h"
#include "suites.h"
#include "util/cleanup.h"

static struct rp_error *compile(const char *text, struct rp_module **module) {
    const struct rp_compile_opts opts = {
        .size = sizeof(opts), .name = "own.c", .types = RP_TYPES_BTF, .dry_run = true};
    return rp_module_compile(text, &opts, module);
}

static void assert_error_has(const char *text, const char *words) {
    struct rp_module *module = NULL;
    struct rp_error *err = compile(text, &module);
    ck_assert_msg(err, "it compiled: %s", text);
    ck_assert_msg(strstr(rp_error_why(err), words), "`%s` is not in: %s", words, rp_error_why(err));
    ck_assert_ptr_null(module);
    rp_error_free(err);
}

START_TEST(functions_and_maps_are_listed) {
    struct rp_module *module;
    struct rp_error *err = compile("#include <reprobe/callback.h>\n"
                                   "BPF_HASH(counts, u32);\nBPF_RINGBUF_OUTPUT(events, 8);\n"
                                   "BPF_CALLBACK(add, u32 index) { return 0; }\n"
                                   "static int helper(void) { return 1; }\n"
                                   "int kprobe__vfs_read(void *ctx) { return helper(); }\n"
                                   "TRACEPOINT_PROBE(sched, sched_switch) { return 0; }\n",
                                   &module);
    ck_assert_msg(!err, "%s", err ? rp_error_why(err) : "");
    ck_assert_uint_eq(rp_module_map_count(module), 2);
    ck_assert_ptr_null(rp_module_function_name(module, 99));
    size_t count = rp_module_function_count(module), named = 0;
    for (size_t i = 0; i < count; i++)
        named += strcmp(rp_module_function_name(module, i), "kprobe__vfs_read") == 0;
    ck_assert_uint_eq(named, 1);
    ck_assert_uint_eq(count, 2); /* without the callback */
    ck_assert(!rp_module_uses_target(module));
    ck_assert(!rp_module_prints_trace(module));
    rp_module_free(module);
}
END_TEST

START_TEST(target_and_trace_are_seen) {
    struct rp_module *module;
    struct rp_error *err = compile("int f(void *ctx) { if (is_target() || TARGET_PID == 3)\n"
                                   "  bpf_trace_printk(\"hi\\n\"); return 0; }\n",
                                   &module);
    ck_assert_msg(!err, "%s", err ? rp_error_why(err) : "");
    ck_assert(rp_module_uses_target(module));
    ck_assert(rp_module_prints_trace(module));
    rp_module_free(module);
}
END_TEST

START_TEST(errors_have_the_authors_lines) {
    assert_error_has("int f(void *ctx) { return nowhere; }\n", "own.c:1:27: error:");
    assert_error_has("\n\n#include <linux/sched.h>\nint f(void *ctx)\n{\n  foo_t x;\n}\n",
                     "own.c:6:3: error: use of undeclared identifier 'foo_t'");
    assert_error_has("int f(struct pt_regs *ctx) { return ctx->nope; }\n",
                     "no member named 'nope'");
    assert_error_has("int f(void *ctx) {\n  return 0;\n", "own.c:");
    assert_error_has("BPF_HASH(h, u32);\nint f(void *ctx) { h.nonsense(); return 0; }\n",
                     "own.c:2:");
    assert_error_has("#include \"not_there.h\"\n", "own.c:1:10: fatal error:");
    assert_error_has("#include <not/there.h>\n#error stop\n", "own.c:2:2: error: stop");
    /* libbcc adds a struct of a dozen lines before the first, and lines before the second. */
    assert_error_has("TRACEPOINT_PROBE(sched, sched_switch) { return 0; }\n\n"
                     "int kprobe__x(struct pt_regs *ctx, int a, int b)\n{\n  return nope;\n}\n",
                     "own.c:5:10: error:");
    assert_error_has("TRACEPOINT_PROBE(sched, sched_switch) { return nope; }\n",
                     "own.c:1:48: error:");
    /* The function that the kernel calls is written between the two. */
    assert_error_has("#include <reprobe/callback.h>\nBPF_CALLBACK(c, u32 i,\n  void *p)\n{\n"
                     "  return 1;\n} int f(void *ctx) { return nope; }\n",
                     "own.c:6:29: error: use of undeclared identifier 'nope'");
    assert_error_has("#include <reprobe/callback.h>\nBPF_CALLBACK(c, u32 i,\n  nope p)\n{ }\n",
                     "1 error\nown.c:3:3: error: unknown type name 'nope'");
}
END_TEST

/* What libbcc writes in place of map operations is there although the source does not say it. */
START_TEST(operations_that_libbcc_rewrites) {
    struct rp_module *module;
    struct rp_error *err = compile(
        "struct data { u64 ts; int a[4]; };\n"
        "BPF_HASH(h, u64, struct data); BPF_ARRAY(a, u64, 4); BPF_PERCPU_ARRAY(pa, u64, 4);\n"
        "BPF_HISTOGRAM(dist); BPF_STACK_TRACE(stacks, 64); BPF_PERF_OUTPUT(p);\n"
        "BPF_RINGBUF_OUTPUT(r, 8); BPF_LPM_TRIE(trie, u64); BPF_QUEUE(q, u64, 8);\n"
        "BPF_PROG_ARRAY(jmp, 4); BPF_PERF_ARRAY(counters, 4); BPF_CGROUP_ARRAY(cg, 1);\n"
        "int f(struct pt_regs *ctx, struct file *file) {\n"
        "  u64 k = 1, v = 2; struct data d = {}, *found = h.lookup(&k);\n"
        "  if (found) d.ts = found->ts; h.update(&k, &d); h.insert(&k, &d); h.delete(&k);\n"
        "  found = h.lookup_or_try_init(&k, &d); if (found) found->a[1]++;\n"
        "  int zero = 0; u64 *n = a.lookup(&zero); if (n) lock_xadd(n, 1);\n"
        "  a.increment(0); a.atomic_increment(1); pa.increment(2); dist.increment(bpf_log2l(k));\n"
        "  v = stacks.get_stackid(ctx, 0); q.push(&v, 0); q.pop(&v); trie.lookup(&k);\n"
        "  counters.perf_read(CUR_CPU_IDENTIFIER); cg.check_current_task(0);\n"
        "  char name[16] = {}; r.ringbuf_output(name, sizeof(name), 0);\n"
        "  r.ringbuf_output(d.a, sizeof(d.a), 0);\n"
        "  p.perf_submit(ctx, &d, sizeof(d)); r.ringbuf_output(&d, sizeof(d), 0);\n"
        "  struct data *e = r.ringbuf_reserve(sizeof(*e)); if (!e) return 0;\n"
        "  e->ts = (u64)file->f_inode->i_ino; r.ringbuf_submit(e, 0); jmp.call(ctx, 1);\n"
        "  char s[8]; bpf_probe_read_user_str(s, sizeof(s), (void *)PT_REGS_PARM2(ctx));\n"
        "  bpf_trace_printk(\"%d %s\\n\", (int)v, s); return 0; }\n",
        &module);
    ck_assert_msg(!err, "%s", err ? rp_error_why(err) : "");
    ck_assert(rp_module_prints_trace(module));
    ck_assert_uint_eq(rp_module_map_count(module), 12);
    rp_module_free(module);
    assert_error_has("int f(void *ctx) { nowhere(); return 0; }\n", "nowhere");
}
END_TEST

START_TEST(no_temporary_tree_is_left) {
    struct rp_module *module;
    struct rp_private_dir tree = {0};
    const struct rp_names none = {0};
    ck_assert_ptr_null(rp_tree_create(&tree, "", "", &none));
    struct stat st;
    ck_assert_int_eq(stat(tree.path, &st), 0);
    char path[256];
    snprintf(path, sizeof(path), "%s", tree.path);
    rp_private_dir_remove(&tree);
    ck_assert_int_eq(stat(path, &st), -1);
    rp_error_free(compile("int f(void *ctx) { return 0; }", &module));
    rp_module_free(module);
    ck_assert_ptr_null(getenv("BCC_KERNEL_SOURCE"));
}
END_TEST

START_TEST(the_working_directory_stays) {
    RP_AUTO_FREE char *before = getcwd(NULL, 0);
    struct rp_module *module;
    rp_error_free(compile("int f(void *ctx) { return 0; }", &module));
    rp_module_free(module);
    rp_error_free(compile("int f(void *ctx) { return nowhere; }", &module));
    RP_AUTO_FREE char *after = getcwd(NULL, 0);
    ck_assert_str_eq(before, after);
}
END_TEST

START_TEST(files_that_are_no_source) {
    static const struct {
        const char *path;
        int errnum;
    } bad[] = {{"/nonexistent.c", ENOENT}, {"/", EISDIR}, {"/bin/sh", ENOEXEC}};
    const struct rp_compile_opts opts = {.size = sizeof(opts), .dry_run = true};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct rp_module *module = NULL;
        struct rp_error *err = rp_module_compile_file(bad[i].path, &opts, &module);
        ck_assert_ptr_nonnull(err);
        ck_assert_int_eq(rp_error_errno(err), bad[i].errnum);
        ck_assert_ptr_nonnull(strstr(rp_error_what(err), bad[i].path));
        rp_error_free(err);
    }
}
END_TEST

Suite *compile_suite(void) {
    Suite *suite = suite_create("compile");
    TCase *tc = tcase_create("compile");
    tcase_add_test(tc, functions_and_maps_are_listed);
    tcase_add_test(tc, target_and_trace_are_seen);
    tcase_add_test(tc, errors_have_the_authors_lines);
    tcase_add_test(tc, operations_that_libbcc_rewrites);
    tcase_add_test(tc, no_temporary_tree_is_left);
    tcase_add_test(tc, the_working_directory_stays);
    tcase_add_test(tc, files_that_are_no_source);
    suite_add_tcase(suite, tc);
    return suite;
}
