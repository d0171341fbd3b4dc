/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "compile/compile.h"
#include "compile/link.h"
#include "compile/object_file.h"
#include "reprobe.h"
#include "suites.h"
#include "util/array.h"
#include "util/cleanup.h"
#include "util/digest.h"

#define DIGEST_SIZE 64

static const uint64_t target[RP_TARGET_COUNT] = {[RP_TARGET_PID] = 4711};

static struct rp_object *compile(void) {
    static const char text[] =
        "struct event { u32 pid; char comm[16]; };\n"
        "BPF_HASH(calls, u32); BPF_RINGBUF_OUTPUT(events, 8);\n"
        "int kprobe__x(struct pt_regs *ctx) {\n"
        "  struct event e = {.pid = TARGET_PID}; calls.increment(e.pid);\n"
        "  struct task_struct *task = (struct task_struct *)bpf_get_current_task();\n"
        "  e.pid += task->tgid; events.ringbuf_output(&e, sizeof(e), 0); return 0; }\n"
        "int other(void *ctx) { return 3; }\n";
    const struct rp_compile_opts opts = {.size = sizeof(opts), .name = "own.c", .dry_run = true};
    struct rp_timings timings = {0};
    struct rp_object *object = NULL;
    struct rp_error *err = rp_compile(text, &opts, NULL, &timings, &object);
    ck_assert_msg(!err, "%s", err ? rp_error_why(err) : "");
    return object;
}

/* Each with what libbcc makes of its operations, and with macros that are made of others. */
static const char *const sources[] = {
    "BPF_HASH(m, u32, u64); int f(void *ctx) { u32 k = 1; u64 z = 0, *v = m.lookup(&k);\n"
    "  m.increment(k); m.atomic_increment(k, 2); m.lookup_or_init(&k, &z);\n"
    "  m.lookup_or_try_init(&k, &z); m.update(&k, &z); m.insert(&k, &z); m.delete(&k);\n"
    "  if (v) lock_xadd(v, 1); return 0; }",
    "BPF_PERCPU_HASH(p, u32); BPF_PERCPU_ARRAY(q, u64, 4); BPF_ARRAY(a, u64, 4);\n"
    "BPF_TABLE(\"lru_hash\", u32, u64, l, 8); BPF_LPM_TRIE(t, u64);\n"
    "int f(void *ctx) { u32 k = 1; int i = 1; p.increment(k); q.increment(i); a.increment(i);\n"
    "  l.increment(k); return 0; }",
    "BPF_HISTOGRAM(h); BPF_HISTOGRAM(g, u32, 8);\n"
    "int f(void *ctx) { h.increment(bpf_log2l(bpf_ktime_get_ns())); g.atomic_increment(3);\n"
    "  return 0; }",
    "struct e { u32 pid; char comm[16]; }; BPF_PERF_OUTPUT(out);\n"
    "int f(void *ctx) { struct e e = {.pid = bpf_get_current_pid_tgid() >> 32};\n"
    "  bpf_get_current_comm(e.comm, sizeof(e.comm)); out.perf_submit(ctx, &e, sizeof(e));\n"
    "  return 0; }",
    "BPF_RINGBUF_OUTPUT(out, 8); int f(void *ctx) { u64 v = 1, *r; out.ringbuf_output(&v, 8, 0);\n"
    "  if ((r = out.ringbuf_reserve(8))) { *r = 2; out.ringbuf_submit(r, 0); } return 0; }",
    "BPF_STACK_TRACE(s, 1024); int kprobe__x(struct pt_regs *ctx) {\n"
    "  return s.get_stackid(ctx, BPF_F_USER_STACK) + PT_REGS_PARM3(ctx) + PT_REGS_RC(ctx); }",
    "BPF_PROG_ARRAY(j, 4); int f(void *ctx) { j.call(ctx, 1); return 0; }",
    "BPF_CGROUP_ARRAY(c, 1); int f(void *ctx) { return c.check_current_task(0); }",
    "BPF_PERF_ARRAY(c, 4); int f(void *ctx) { return c.perf_read(CUR_CPU_IDENTIFIER); }",
    "BPF_QUEUE(q, u64, 4); BPF_STACK(s, u64, 4); int f(void *ctx) { u64 v = 1; q.push(&v, 0);\n"
    "  q.pop(&v); s.peek(&v); return 0; }",
    "KFUNC_PROBE(vfs_read, struct file *file, char *buf, size_t count) { return count; }\n"
    "KRETFUNC_PROBE(vfs_read, struct file *file, char *buf, size_t count, loff_t *pos, int ret)\n"
    "{ return ret; }",
    "RAW_TRACEPOINT_PROBE(sys_enter) { struct pt_regs *regs = (struct pt_regs *)ctx->args[0];\n"
    "  return PT_REGS_PARM1_SYSCALL(regs) + PT_REGS_PARM4_SYSCALL(regs); }",
    "int f(struct __sk_buff *skb) { u64 n = 14; return load_byte(skb, n) + skb->len; }",
    "int f(struct bpf_perf_event_data *ctx) { return bpf_get_smp_processor_id() +\n"
    "  PT_REGS_IP(&ctx->regs) + bpf_get_prandom_u32() + bpf_trace_printk(\"x\"); }",
    "BPF_DEVMAP(d, 4); BPF_CPUMAP(c, 4); BPF_XSKMAP(x, 4);\n"
    "int f(struct xdp_md *ctx) { return d.redirect_map(1, 0); }",
};

/* What a source uses of libbcc's own headers is found; else it would be compiled twice. */
START_TEST(no_source_needs_all_of_the_headers) {
    const char *text = sources[_i];
    const struct rp_compile_opts opts = {.size = sizeof(opts), .name = "own.c", .dry_run = true};
    struct rp_timings timings = {0};
    struct rp_object *object = NULL;
    struct rp_error *err = rp_compile(text, &opts, NULL, &timings, &object);
    ck_assert_msg(!err, "%s\n%s", text, err ? rp_error_why(err) : "");
    ck_assert_msg(!object->origin.whole, "%s", text);
    rp_object_free(object);
}
END_TEST

static int file_of(const void *data, size_t size) {
    int fd = memfd_create("object", MFD_CLOEXEC);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(pwrite(fd, data, size, 0), (ssize_t)size);
    return fd;
}

/* The object's file as bytes, malloc()ed. */
static uint8_t *bytes_of(const struct rp_object *object, size_t *size) {
    RP_AUTO_CLOSE int fd = memfd_create("object", MFD_CLOEXEC);
    ck_assert_ptr_null(rp_object_write(object, fd));
    struct stat st;
    ck_assert_int_eq(fstat(fd, &st), 0);
    *size = (size_t)st.st_size;
    uint8_t *data = malloc(*size);
    ck_assert_int_eq(pread(fd, data, *size, 0), st.st_size);
    return data;
}

static struct rp_error *read_bytes(const void *data, size_t size, struct rp_object **out) {
    RP_AUTO_CLOSE int fd = file_of(data, size);
    return rp_object_read(fd, out);
}

START_TEST(a_file_holds_all_of_it) {
    struct rp_object *object = compile(), *copy = NULL;
    ck_assert_ptr_nonnull(rp_object_function(object, "kprobe__x"));
    ck_assert_int_ge(rp_object_map(object, "events"), 0);
    ck_assert(object->uses_target_pid && object->counts_lost);
    ck_assert_uint_gt(rp_object_function(object, "kprobe__x")->lines.count, 3);
    size_t size, copy_size;
    RP_AUTO_FREE uint8_t *data = bytes_of(object, &size);
    ck_assert_ptr_null(read_bytes(data, size, &copy));
    ck_assert_uint_eq(copy->function_count, object->function_count);
    ck_assert_uint_eq(copy->map_count, object->map_count);
    RP_AUTO_FREE uint8_t *again = bytes_of(copy, &copy_size);
    ck_assert_uint_eq(copy_size, size);
    ck_assert_mem_eq(again, data, size);
    rp_object_free(object);
    rp_object_free(copy);
}
END_TEST

START_TEST(what_is_cut_or_altered_is_refused) {
    struct rp_object *object = compile(), *copy = NULL;
    size_t size;
    RP_AUTO_FREE uint8_t *data = bytes_of(object, &size);
    for (size_t cut = 0; cut < size; cut += cut < 128 ? 1 : 97) {
        struct rp_error *err = read_bytes(data, cut, &copy);
        ck_assert_msg(err, "%zu bytes of %zu were taken", cut, size);
        ck_assert_int_eq(rp_error_errno(err), EBADMSG);
        rp_error_free(err);
    }
    for (size_t at = 0; at < size; at++) {
        data[at] ^= 1;
        struct rp_error *err = read_bytes(data, size, &copy);
        ck_assert_msg(err, "the change of byte %zu was not seen", at);
        rp_error_free(err);
        data[at] ^= 1;
    }
    rp_object_free(object);
}
END_TEST

/* Even one whose digest is right: nothing is read beyond it, whatever it says. */
START_TEST(what_lies_is_read_safely) {
    struct rp_object *object = compile();
    size_t size;
    RP_AUTO_FREE uint8_t *data = bytes_of(object, &size);
    srandom(1);
    unsigned refused = 0, taken = 0;
    for (int i = 0; i < 3000; i++) {
        size_t at = (size_t)random() % (size - DIGEST_SIZE);
        uint8_t before = data[at];
        data[at] = i % 2 ? 0xff : (uint8_t)random();
        char hex[65];
        struct rp_digest digest = rp_digest_begin();
        rp_digest_add(&digest, data, size - DIGEST_SIZE);
        rp_digest_end(&digest, hex);
        memcpy(data + size - DIGEST_SIZE, hex, DIGEST_SIZE);
        struct rp_object *copy = NULL;
        struct rp_error *err = read_bytes(data, size, &copy);
        refused += err != NULL;
        taken += err == NULL;
        for (size_t f = 0; copy && f < copy->function_count; f++) {
            RP_AUTO_FREE int *fds = calloc(copy->map_count + 1, sizeof(*fds));
            struct rp_object_function linked;
            struct rp_error *unlinked =
                rp_link_function(copy, &copy->functions[f], fds, target, &linked);
            if (!unlinked)
                rp_link_clear(&linked);
            rp_error_free(unlinked);
        }
        rp_error_free(err);
        rp_object_free(copy);
        data[at] = before;
    }
    ck_assert_uint_gt(refused, 0);
    ck_assert_uint_gt(taken, 0);
    rp_object_free(object);
}
END_TEST

static unsigned count_constants(const struct rp_object_function *function, int low, int high) {
    unsigned count = 0;
    for (uint32_t i = 0; i + 1 < function->insn_count; i++)
        if (rp_insn_is_wide(&function->insns[i])) {
            count += !function->insns[i].src_reg && function->insns[i].imm == low &&
                     function->insns[i + 1].imm == high;
            i++;
        }
    return count;
}

START_TEST(linking_fills_in_maps_and_the_target) {
    struct rp_object *object = compile();
    const struct rp_object_function *function = rp_object_function(object, "kprobe__x");
    const int fds[] = {100, 101, 102};
    ck_assert_uint_eq(object->map_count, 3);
    struct rp_object_function linked;
    ck_assert_uint_eq(count_constants(function, 0, (int)RP_SLOT_TARGET), 1);
    ck_assert_ptr_null(rp_link_function(object, function, fds, target, &linked));
    ck_assert_uint_eq(count_constants(&linked, 4711, 0), 1);
    ck_assert_uint_eq(count_constants(&linked, 0, (int)RP_SLOT_TARGET), 0);
    unsigned maps = 0;
    for (uint32_t i = 0; i < linked.insn_count; i++)
        if (rp_insn_is_wide(&linked.insns[i])) {
            ck_assert(!linked.insns[i].src_reg ||
                      (linked.insns[i].imm >= 100 && linked.insns[i].imm <= 102));
            maps += linked.insns[i].src_reg == BPF_PSEUDO_MAP_FD;
            i++;
        }
    ck_assert_uint_ge(maps, 3);
    rp_link_clear(&linked);
    rp_object_free(object);
}
END_TEST

static void replace(char **text, const char *with) {
    free(*text);
    *text = strdup(with);
}

START_TEST(another_kernel_with_the_same_types_will_do) {
    struct rp_object *object = compile();
    ck_assert_ptr_null(rp_origin_fits(&object->origin));
    replace(&object->origin.kernel_build, "another");
    replace(&object->origin.kernel, "Linux 4.2.0-other x86_64");
    ck_assert_ptr_null(rp_origin_fits(&object->origin));
    replace(&object->origin.types, "others");
    struct rp_error *err = rp_origin_fits(&object->origin);
    ck_assert_ptr_nonnull(err);
    ck_assert_ptr_nonnull(strstr(rp_error_why(err), "Linux 4.2.0-other"));
    ck_assert_ptr_nonnull(strstr(rp_error_hint(err), "reprobe build own.c"));
    rp_error_free(err);
    free(rp_take(object->origin.types)); /* compiled against installed headers */
    err = rp_origin_fits(&object->origin);
    ck_assert_ptr_nonnull(err);
    rp_error_free(err);
    rp_object_free(object);
}
END_TEST

Suite *object_suite(void) {
    Suite *suite = suite_create("object");
    TCase *tc = tcase_create("object");
    tcase_add_test(tc, a_file_holds_all_of_it);
    tcase_add_loop_test(tc, no_source_needs_all_of_the_headers, 0, (int)RP_COUNT(sources));
    tcase_add_test(tc, what_is_cut_or_altered_is_refused);
    tcase_add_test(tc, linking_fills_in_maps_and_the_target);
    tcase_add_test(tc, another_kernel_with_the_same_types_will_do);
    suite_add_tcase(suite, tc);
    tc = tcase_create("damage");
    tcase_set_tags(tc, "long");
    tcase_add_test(tc, what_lies_is_read_safely);
    suite_add_tcase(suite, tc);
    return suite;
}
