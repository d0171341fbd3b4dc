/* SPDX-License-Identifier: Apache-2.0 */
/* Texts in libbpf's dialect: told apart, and compiled in this process. */
#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "compile/absent.h"
#include "compile/clang.h"
#include "compile/dialect.h"
#include "kernel/btf.h"
#include "suites.h"
#include "util/cleanup.h"
#include "util/text.h"

/* ------------------------------------------------------------- told apart */

START_TEST(the_text_tells_its_dialect) {
    static const struct {
        const char *text;
        enum rp_dialect dialect;
    } texts[] = {
        {"BPF_HASH(h, u32);\nint kprobe__x(void *ctx) { return 0; }\n", RP_DIALECT_BCC},
        {"#include <uapi/linux/ptrace.h>\nint f(struct pt_regs *ctx) { return 0; }\n",
         RP_DIALECT_BCC},
        {"// SEC(\"kprobe/x\")\nint f(void *ctx) { return 0; }\n", RP_DIALECT_BCC},
        {"int f(void *ctx) { bpf_trace_printk(\"SEC()\"); return 0; }\n", RP_DIALECT_BCC},
        {"", RP_DIALECT_BCC},
        {"SEC(\"kprobe/x\") int f(void *ctx) { return 0; }\n", RP_DIALECT_LIBBPF},
        {"#include \"vmlinux.h\"\n", RP_DIALECT_LIBBPF},
        {"#include \"../x86/vmlinux_612.h\"\n", RP_DIALECT_LIBBPF},
        {"#include <bpf/bpf_helpers.h>\n", RP_DIALECT_LIBBPF},
        {"#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = "
         "record)\n",
         RP_DIALECT_LIBBPF},
    };
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        ck_assert_msg(rp_dialect_of_text(texts[i].text, RP_DIALECT_AUTO) == texts[i].dialect, "%s",
                      texts[i].text);
        ck_assert_int_eq(rp_dialect_of_text(texts[i].text, RP_DIALECT_BCC), RP_DIALECT_BCC);
        ck_assert_int_eq(rp_dialect_of_text(texts[i].text, RP_DIALECT_LIBBPF), RP_DIALECT_LIBBPF);
    }
    ck_assert(rp_is_vmlinux_header("vmlinux.h"));
    ck_assert(!rp_is_vmlinux_header("vmlinux"));
    ck_assert(!rp_is_vmlinux_header("linux/bpf.h"));
    ck_assert(!rp_is_vmlinux_header("vmlinux.h/other.h"));
}
END_TEST

/* ------------------------------------------------------------- compiled */

#define HEAD                                                                                       \
    "#include \"vmlinux.h\"\n#include <bpf/bpf_helpers.h>\n#include <bpf/bpf_tracing.h>\n"         \
    "#include <bpf/bpf_core_read.h>\nchar LICENSE[] SEC(\"license\") = \"GPL\";\n"

static struct rp_error *compile_as(const char *text, bool portable, struct rp_object **object) {
    const struct rp_compile_opts opts = {.size = sizeof(opts),
                                         .name = "own.bpf.c",
                                         .types = RP_TYPES_BTF,
                                         .dry_run = true,
                                         .portable = portable};
    struct rp_timings timings = {0};
    return rp_clang_compile(text, &opts, &timings, object);
}

/* What libbpf makes of the text; the caller closes it. */
static struct bpf_object *open_text(const char *text, bool portable) {
    struct rp_object *object = NULL;
    struct rp_error *err = compile_as(text, portable, &object);
    ck_assert_msg(!err, "%s", err ? rp_error_why(err) : "");
    ck_assert_ptr_nonnull(object->elf);
    ck_assert_msg(!object->note, "%s", object->note);
    struct bpf_object *opened = bpf_object__open_mem(object->elf, object->elf_size, NULL);
    ck_assert_msg(opened, "libbpf does not open it");
    rp_object_free(object);
    return opened;
}

/* The number of CO-RE relocations in the object of the text. */
static unsigned relocations(const char *text, bool portable) {
    struct rp_object *object = NULL;
    struct rp_error *err = compile_as(text, portable, &object);
    ck_assert_msg(!err, "%s", err ? rp_error_why(err) : "");
    struct bpf_object *opened = bpf_object__open_mem(object->elf, object->elf_size, NULL);
    ck_assert_ptr_nonnull(opened);
    bpf_object__close(opened);
    /* The section .BTF.ext: magic, version, flags, hdr_len, func, line, core_relo (offset, length).
     */
    static const unsigned char head[] = {0x9f, 0xeb, 1, 0, 32, 0, 0, 0};
    const char *ext = memmem(object->elf, object->elf_size, head, sizeof(head));
    ck_assert_ptr_nonnull(ext);
    unsigned length;
    memcpy(&length, ext + 28, sizeof(length));
    rp_object_free(object);
    return length;
}

START_TEST(programs_maps_and_variables_are_libbpfs) {
    struct bpf_object *object =
        open_text(HEAD "const volatile int limit = 3;\nint seen;\n"
                       "struct { __uint(type, BPF_MAP_TYPE_HASH); __uint(max_entries, 10);\n"
                       "  __type(key, u32); __type(value, struct task_struct *); } tasks "
                       "SEC(\".maps\");\n"
                       "SEC(\"tp/sched/sched_switch\") int on_switch(void *ctx) {\n"
                       "  u32 key = limit; bpf_map_delete_elem(&tasks, &key); seen++; return 0; }\n"
                       "SEC(\"kprobe/vfs_read\") int BPF_KPROBE(on_read, struct file *file) {\n"
                       "  return BPF_CORE_READ(file, f_flags); }\n",
                  false);
    struct bpf_program *program = bpf_object__find_program_by_name(object, "on_switch");
    ck_assert_str_eq(bpf_program__section_name(program), "tp/sched/sched_switch");
    program = bpf_object__find_program_by_name(object, "on_read");
    ck_assert_str_eq(bpf_program__section_name(program), "kprobe/vfs_read");
    ck_assert_uint_eq(bpf_map__max_entries(bpf_object__find_map_by_name(object, "tasks")), 10);
    const struct btf *btf = bpf_object__btf(object);
    ck_assert_int_gt(btf__find_by_name_kind(btf, "limit", BTF_KIND_VAR), 0);
    ck_assert_int_gt(btf__find_by_name_kind(btf, ".rodata", BTF_KIND_DATASEC), 0);
    bpf_object__close(object);
}
END_TEST

START_TEST(offsets_are_this_kernels_or_relocated) {
    static const char reads[] =
        HEAD "SEC(\"kprobe/x\") int f(void *ctx) { struct task_struct *t = (void "
             "*)bpf_get_current_task();\n  return BPF_CORE_READ(t, real_parent, tgid); }\n";
    ck_assert_uint_eq(relocations(reads, false), 0);
    ck_assert_uint_gt(relocations(reads, true), 0);
    ck_assert_uint_gt(relocations(reads, true), 0); /* the second one is LLVM's weak point */
    static const char asks[] =
        HEAD "struct task_struct___old { long state; } __attribute__((preserve_access_index));\n"
             "SEC(\"kprobe/x\") int f(void *ctx) { struct task_struct___old *t = (void "
             "*)bpf_get_current_task();\n  return bpf_core_field_exists(t->state); }\n";
    ck_assert_uint_gt(relocations(asks, false), 0);
    /* A type that the text declares itself has offsets of its own. */
    static const char own[] =
        "#include <bpf/bpf_helpers.h>\n#include <bpf/bpf_core_read.h>\n"
        "struct task_struct { int tgid; };\nSEC(\"kprobe/x\") int f(void *ctx) {\n"
        "  struct task_struct *t = (void *)bpf_get_current_task();\n"
        "  return BPF_CORE_READ(t, tgid); }\nchar LICENSE[] SEC(\"license\") = \"GPL\";\n";
    ck_assert_uint_gt(relocations(own, false), 0);
    ck_assert_uint_eq(relocations(reads, false), 0);
}
END_TEST

START_TEST(members_of_other_kernels_may_be_asked_for) {
    static const struct rp_absent_asked members = {.members = true},
                                        types_too = {.members = true, .types = true},
                                        functions = {.functions = true};
    struct rp_absent absent = {0};
    static const char said[] = "x.c:1:2: error: no member named 'q' in 'struct a'\n  t->q\n    ^\n"
                               "x.c:1:2: error: no member named 'q' in 'struct a'\n"
                               "x.c:3:4: error: no member named 'r' in 'b_t' (aka 'struct b')\n";
    ck_assert(rp_absent_find(&absent, "", said, members));
    ck_assert(!rp_absent_find(&absent, "", said, members));
    ck_assert_uint_eq(absent.words.count, 4);
    RP_AUTO_FREE char *types = rp_absent_declare(
        &absent, "struct a;\nstruct b { struct a *p; };\nstruct a { char c; struct { int d; } e; } "
                 "__attribute__((packed));\n");
    ck_assert_str_eq(types,
                     "struct a;\nstruct b { union { struct { struct a *p; }; unsigned char r; }; "
                     "};\nstruct a { union { struct { char c; struct { int d; } e; } "
                     "__attribute__((packed)); unsigned char q; } __attribute__((packed)); } "
                     "__attribute__((packed));\n");
    RP_AUTO_FREE char *note = rp_absent_note(&absent);
    ck_assert_ptr_nonnull(strstr(note, "this kernel has no q in struct a, no r in struct b: "));
    rp_absent_clear(&absent);
    ck_assert_ptr_null(rp_absent_note(&absent));
    static const char incomplete[] = "x.c:1:2: error: incomplete definition of type 'struct c'\n";
    ck_assert(!rp_absent_find(&absent, "", incomplete, members));
    ck_assert(rp_absent_find(&absent, "", incomplete, types_too));
    RP_AUTO_FREE char *with_type = rp_absent_declare(&absent, "struct a;\n");
    ck_assert_str_eq(with_type,
                     "struct a;\nstruct c { } __attribute__((preserve_access_index));\n");
    RP_AUTO_FREE char *its_note = rp_absent_note(&absent);
    ck_assert_ptr_nonnull(strstr(its_note, "this kernel has no struct c: "));
    rp_absent_clear(&absent);
    ck_assert(rp_absent_find(&absent, "",
                             "x.c:1:2: error: use of undeclared identifier 'other'\n"
                             "x.c:1:2: error: call to undeclared function 'bpf_f'; ISO C99\n",
                             functions));
    RP_AUTO_FREE char *with_function = rp_absent_declare(&absent, "");
    ck_assert_str_eq(with_function,
                     "extern void *bpf_f() __attribute__((weak, section(\".ksyms\")));\n");
    rp_absent_clear(&absent);
    static const struct rp_absent_asked values = {.values = true};
    static const char asks[] = "a(enum e, B); bpf_core_enum_value_exists( enum e , B) "
                               "bpf_core_enum_value_exists(enum e, BC)";
    ck_assert(!rp_absent_find(&absent, asks, "error: use of undeclared identifier 'D'", values));
    ck_assert(rp_absent_find(&absent, asks, "error: use of undeclared identifier 'BC'", values));
    RP_AUTO_FREE char *with_value = rp_absent_declare(&absent, "enum e { A = 1 };\n");
    ck_assert_str_eq(with_value, "enum e { A = 1 , BC = 0 };\n");
    rp_absent_clear(&absent);
}
END_TEST

/* The record's type of output `map` in the section .reprobe.out; 0: not there. */
static int record_of(const struct btf *btf, const char *map, __u32 *size) {
    int id = btf__find_by_name_kind(btf, ".reprobe.out", BTF_KIND_DATASEC);
    int var = btf__find_by_name_kind(btf, map, BTF_KIND_VAR);
    const struct btf_type *section = id > 0 ? btf__type_by_id(btf, (__u32)id) : NULL;
    ck_assert_int_gt(var, 0);
    for (int i = 0; section && i < btf_vlen(section); i++) {
        const struct btf_type *t = btf__type_by_id(btf, btf_var_secinfos(section)[i].type);
        t = btf__type_by_id(btf, t->type); /* the pointer */
        t = btf__type_by_id(btf, t->type); /* the function */
        const struct btf_param *params = btf_params(t);
        if (btf__type_by_id(btf, params[0].type)->type != btf__type_by_id(btf, (__u32)var)->type)
            continue;
        t = btf__type_by_id(btf, btf__type_by_id(btf, params[1].type)->type); /* the array */
        t = btf__type_by_id(btf, btf_array(t)->type);
        bool unknown = !strcmp(btf__name_by_offset(btf, t->name_off), "rp_unknown");
        *size = unknown ? 0 : t->size;
        return 1;
    }
    return 0;
}

#define OUTPUT(type, name)                                                                         \
    "struct { __uint(type, BPF_MAP_TYPE_" type "); __uint(max_entries, 4096); } " name             \
    " SEC(\".maps\");\n"

START_TEST(outputs_keep_the_type_of_their_records) {
    struct bpf_object *object = open_text(
        HEAD
        "struct one { u64 a, b; };\nstruct two { u32 c; };\n#define SIZE sizeof(struct "
        "one)\nstruct three { u64 d[3]; };\nstruct holder { struct three *last; } holder;\n" OUTPUT(
            "RINGBUF", "pointed") OUTPUT("RINGBUF", "reserved") OUTPUT("RINGBUF", "sent")
            OUTPUT("RINGBUF", "sized") OUTPUT("RINGBUF", "macro") OUTPUT("RINGBUF", "odd")
                OUTPUT("PERF_EVENT_ARRAY",
                       "perf") "SEC(\"kprobe/x\") int f(void *ctx) {\n"
                               "  struct one one = {1, 2};\n  struct two two = {3}, *p = &two;\n"
                               "  struct one *e = bpf_ringbuf_reserve(&reserved, sizeof(*e), 0);\n"
                               "  if (e) { e->a = 1; bpf_ringbuf_submit(e, 0); }\n"
                               "  bpf_ringbuf_output(&sent, &one, sizeof(one), 0);\n"
                               "  bpf_ringbuf_output(&sized, p, 4, 0);\n"
                               "  e = bpf_ringbuf_reserve(&macro, SIZE, 0);\n  if (e) "
                               "bpf_ringbuf_discard(e, 0);\n"
                               "  e = bpf_ringbuf_reserve(&odd, (8 + 8), 0);\n  if (e) "
                               "bpf_ringbuf_discard(e, 0);\n"
                               "  holder.last = bpf_ringbuf_reserve(&pointed, "
                               "sizeof(struct three), 0);\n"
                               "  struct three *t = holder.last;\n"
                               "  if (t) { t->d[0] = 1; bpf_ringbuf_submit(t, 0); }\n"
                               "  bpf_perf_event_output(ctx, &perf, BPF_F_CURRENT_CPU, &two, "
                               "sizeof(two));\n"
                               "  return 0; }\n",
        false);
    const struct btf *btf = bpf_object__btf(object);
    static const struct {
        const char *map;
        __u32 size;
    } outputs[] = {{"reserved", 16}, {"sent", 16}, {"sized", 4},   {"macro", 16},
                   {"odd", 0},       {"perf", 4},  {"pointed", 24}};
    for (size_t i = 0; i < sizeof(outputs) / sizeof(outputs[0]); i++) {
        __u32 size = 99;
        ck_assert_msg(record_of(btf, outputs[i].map, &size), "%s is not there", outputs[i].map);
        ck_assert_msg(size == outputs[i].size, "%s: %u", outputs[i].map, size);
    }
    bpf_object__close(object);
}
END_TEST

/* What a function of the kernel is given has its type, though only a member points to it. */
START_TEST(what_kernel_functions_are_given_has_a_type) {
    const struct rp_btf *kernel;
    ck_assert_ptr_null(rp_kernel_types(&kernel));
    if (!rp_btf_find(kernel, "bpf_sock_destroy", BTF_KIND_FUNC))
        return; /* Linux 6.5 */
    static const char body[] =
        "SEC(\"iter/tcp\") int f(struct bpf_iter__tcp *ctx) {\n"
        "  struct sock_common *sk = ctx->sk_common;\n  return sk ? bpf_sock_destroy(sk) : 0; }\n";
    static const char *const declarations[] = {
        "", "extern int bpf_sock_destroy(struct sock_common *sock) __ksym;\n"};
    for (size_t i = 0; i < 2; i++) {
        RP_AUTO_FREE char *text = rp_text("%s%s%s", HEAD, declarations[i], body);
        struct bpf_object *object = open_text(text, false);
        const struct btf *btf = bpf_object__btf(object);
        ck_assert_int_gt(btf__find_by_name_kind(btf, "sock_common", BTF_KIND_STRUCT), 0);
        ck_assert_int_lt(btf__find_by_name_kind(btf, "sock_common", BTF_KIND_FWD), 0);
        bpf_object__close(object);
    }
}
END_TEST

/* What such texts begin with, and what libbpf's headers of today have. */
START_TEST(customs_compile) {
    static const char *const texts[] = {
        /* no vmlinux.h */
        "#include <bpf/bpf_helpers.h>\nSEC(\"kprobe/x\") int f(void *ctx) { return 0; }\n",
        /* the kernel's interface, typedefs of one's own */
        "#include <linux/bpf.h>\n#include <bpf/bpf_helpers.h>\ntypedef unsigned int u32;\n"
        "SEC(\"xdp\") int f(struct xdp_md *ctx) { u32 n = ctx->data_end - ctx->data; return n ? "
        "XDP_PASS : XDP_DROP; }\n",
        "#include <linux/types.h>\n#include <linux/ptrace.h>\n#include <bpf/bpf_helpers.h>\n"
        "#include <bpf/bpf_tracing.h>\nSEC(\"kprobe/x\") int BPF_KPROBE(f, int a) { return a; }\n",
        HEAD
        "typedef unsigned int u32;\ntypedef unsigned long long __u64;\n"
        "SEC(\"kprobe/x\") int f(void *ctx) { struct task_struct *t = (void "
        "*)bpf_get_current_task();\n  u32 n = BPF_CORE_READ(t, se.sum_exec_runtime); return n; }\n",
        HEAD
        "#include <stdbool.h>\n#include <stdint.h>\n#include <stddef.h>\n#include <string.h>\n"
        "#include <errno.h>\n#include <limits.h>\nstruct own { uint64_t a; int32_t b; bool c; };\n"
        "SEC(\"kprobe/x\") int f(void *ctx) { struct own o = {}; return offsetof(struct own, c) "
        "+ o.b - EINVAL + INT_MAX; }\n",
        HEAD "SEC(\"uprobe//bin/sh:main\") int BPF_UPROBE(f, int argc) { return argc; }\n"
             "SEC(\"uretprobe//bin/sh:main\") int BPF_URETPROBE(g, int ret) { return ret; }\n",
        HEAD "SEC(\"ksyscall/kill\") int BPF_KSYSCALL(f, int pid, int sig) { return sig; }\n",
        HEAD
        "#include <bpf/usdt.bpf.h>\nSEC(\"usdt//bin/sh:a:b\") int BPF_USDT(f, void *a, long b) { "
        "return b; }\n",
        HEAD "static long add(u32 i, void *ctx) { *(u64 *)ctx += i; return 0; }\n"
             "SEC(\"kprobe/x\") int f(void *ctx) { u64 sum = 0; bpf_loop(10, add, &sum, 0); return "
             "sum; }\n",
        HEAD "extern int LINUX_KERNEL_VERSION __kconfig;\nextern const void vfs_read __ksym;\n"
             "SEC(\"raw_tp/sched_switch\") int f(void *ctx) { return LINUX_KERNEL_VERSION + "
             "(long)&vfs_read; }\n",
        HEAD
        "SEC(\"tp_btf/sched_switch\") int BPF_PROG(f, bool preempt, struct task_struct *prev, "
        "struct task_struct *next) { bpf_printk(\"%d %s\", prev->pid, next->comm); return 0; }\n",
        HEAD
        "SEC(\"iter/task\") int f(struct bpf_iter__task *ctx) { struct seq_file *seq = "
        "ctx->meta->seq; struct task_struct *t = ctx->task; if (t) BPF_SEQ_PRINTF(seq, \"%d\\n\", "
        "t->tgid); return 0; }\n",
        HEAD "#define TC_ACT_OK 0\n#include <bpf/bpf_endian.h>\nSEC(\"tc\") int f(struct __sk_buff "
             "*skb) "
             "{ return skb->protocol == bpf_htons(0x800) ? TC_ACT_OK : 2; }\n",
    };
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        bpf_object__close(open_text(texts[i], i % 2));
}
END_TEST

START_TEST(kernel_functions_are_declared) {
    /* Not declared, declared, and declared in a way of the text's own. */
    static const char *const texts[] = {
        HEAD "SEC(\"tp_btf/sched_switch\") int f(void *ctx) { bpf_rcu_read_lock(); "
             "bpf_rcu_read_unlock(); return 0; }\n",
        HEAD "extern void bpf_rcu_read_lock(void) __ksym;\n"
             "SEC(\"tp_btf/sched_switch\") int f(void *ctx) { bpf_rcu_read_lock(); return 0; }\n",
        HEAD
        "#define OWN\nextern struct task_struct OWN * bpf_task_from_pid(u64 pid, ...) __ksym;\n"
        "SEC(\"tp_btf/sched_switch\") int f(void *ctx) { return !bpf_task_from_pid(1, 2); }\n",
    };
    const struct rp_btf *btf = rp_kernel_types_or_null();
    if (!btf || !rp_btf_find(btf, "bpf_task_from_pid", BTF_KIND_FUNC)) /* since Linux 6.2 */
        return;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        bpf_object__close(open_text(texts[i], false));
}
END_TEST

START_TEST(errors_have_the_authors_lines_here_too) {
    static const struct {
        const char *text, *words, *hint;
    } texts[] = {
        {HEAD "SEC(\"kprobe/x\") int f(void *ctx) {\n  return nowhere;\n}\n",
         "own.bpf.c:7:10: error:", NULL},
        {HEAD "SEC(\"kprobe/x\") int f(void *ctx) {\n  struct task_struct *t = (void "
              "*)bpf_get_current_task();\n  return BPF_CORE_READ(t, real_parnt, tgid);\n}\n",
         "no member named 'real_parnt' in 'struct task_struct'", "real_parent"},
        {HEAD "SEC(\"kprobe/x\") int f(void *ctx) { return bpf_get_current_pid_tgidd(); }\n",
         "own.bpf.c:6:", "bpf_get_current_pid_tgid"},
        {HEAD "SEC(\"kprobe/x\") int f(struct pt_regz *ctx) {\n  return ctx->di;\n}\n",
         "own.bpf.c:7:", "struct pt_regs"},
        {HEAD
         "SEC(\"kprobe/x\") int f(void *ctx) {\n  char big[600] = {};\n  bpf_probe_read(big, 600, "
         "ctx);\n  return big[3];\n}\n",
         "own.bpf.c:", NULL},
        {"#include \"not_there.h\"\n#include <bpf/bpf_helpers.h>\n",
         "own.bpf.c:1:10: fatal error:", NULL},
    };
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        struct rp_object *object = NULL;
        struct rp_error *err = compile_as(texts[i].text, false, &object);
        ck_assert_msg(err, "it compiled: %s", texts[i].text);
        ck_assert_ptr_null(object);
        ck_assert_msg(strstr(rp_error_why(err), texts[i].words), "`%s` is not in: %s",
                      texts[i].words, rp_error_why(err));
        ck_assert_msg(!strstr(rp_error_why(err), "/virtual"), "%s", rp_error_why(err));
        const char *hint = rp_error_hint(err) ? rp_error_hint(err) : "";
        ck_assert_msg(!texts[i].hint || strstr(hint, texts[i].hint) ||
                          strstr(rp_error_why(err), texts[i].hint),
                      "`%s` is not in: %s\n%s", texts[i].hint, hint, rp_error_why(err));
        rp_error_free(err);
    }
}
END_TEST

Suite *dialect_suite(void) {
    Suite *suite = suite_create("dialect");
    TCase *told = tcase_create("told apart");
    tcase_add_test(told, the_text_tells_its_dialect);
    tcase_add_test(told, members_of_other_kernels_may_be_asked_for);
    suite_add_tcase(suite, told);
    TCase *compiled = tcase_create("compiled");
    tcase_set_tags(compiled, "long"); /* clang, under valgrind */
    tcase_add_test(compiled, programs_maps_and_variables_are_libbpfs);
    tcase_add_test(compiled, offsets_are_this_kernels_or_relocated);
    tcase_add_test(compiled, outputs_keep_the_type_of_their_records);
    tcase_add_test(compiled, what_kernel_functions_are_given_has_a_type);
    tcase_add_test(compiled, customs_compile);
    tcase_add_test(compiled, kernel_functions_are_declared);
    tcase_add_test(compiled, errors_have_the_authors_lines_here_too);
    suite_add_tcase(suite, compiled);
    return suite;
}
