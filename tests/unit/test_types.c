/* SPDX-License-Identifier: Apache-2.0 */
/* Types written from BTF have the kernel's sizes and offsets: the compiler itself is asked. */
#include <bpf/btf.h>
#include <string.h>

#include "kernel/btf.h"
#include "reprobe.h"
#include "suites.h"
#include "util/cleanup.h"

/* Compiles without making maps; fails the test with the compiler's words. */
static void assert_compiles(const char *text) {
    const struct rp_compile_opts opts = {
        .size = sizeof(opts), .types = RP_TYPES_BTF, .dry_run = true};
    struct rp_module *module = NULL;
    struct rp_error *err = rp_module_compile(text, &opts, &module);
    ck_assert_msg(!err, "%s", err ? rp_error_why(err) : "");
    rp_module_free(module);
}

static bool is_plain_member(const struct btf_type *t, unsigned i, const char *name) {
    return *name && !btf_member_bitfield_size(t, i);
}

/* Asserts of the struct's size and of the offset of every `step`th member. */
static void write_asserts(FILE *out, const struct btf *btf, const struct btf_type *t,
                          unsigned step) {
    const char *word = btf_kind(t) == BTF_KIND_UNION ? "union" : "struct";
    const char *name = btf__name_by_offset(btf, t->name_off);
    fprintf(out, "_Static_assert(sizeof(%s %s) == %u, \"size of %s\");\n", word, name, t->size,
            name);
    for (unsigned i = 0; i < btf_vlen(t); i += step) {
        const char *member = btf__name_by_offset(btf, btf_members(t)[i].name_off);
        if (is_plain_member(t, i, member))
            fprintf(out, "_Static_assert(__builtin_offsetof(%s %s, %s) == %u, \"%s.%s\");\n", word,
                    name, member, btf_member_bit_offset(t, i) / 8, name, member);
    }
}

/* Not one of several types with one name: C can have only one of them. */
static bool is_only_one(const struct btf *btf, uint32_t id, const struct btf_type *t) {
    static const unsigned kinds[] = {BTF_KIND_STRUCT, BTF_KIND_UNION, BTF_KIND_ENUM};
    const char *name = btf__name_by_offset(btf, t->name_off);
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        int found = btf__find_by_name_kind(btf, name, kinds[i]);
        if (found > 0 && found != (int)id)
            return false;
    }
    return true;
}

/* Structs from all over the kernel, a batch at a time. */
START_TEST(sizes_and_offsets_are_the_kernels) {
    const struct btf *btf = rp_kernel_btf_or_null();
    if (!btf)
        return; /* the lab's kernels have it */
    uint32_t count = btf__type_cnt(btf), wanted = (uint32_t)_i, taken = 0;
    RP_AUTO_FREE char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    for (uint32_t id = 1, seen = 0; id < count && taken < 1500; id++) {
        const struct btf_type *t = btf__type_by_id(btf, id);
        if (!btf_is_composite(t) || !t->name_off || !t->size || !btf_vlen(t) ||
            seen++ % 40 != wanted || !is_only_one(btf, id, t))
            continue;
        const char *name = btf__name_by_offset(btf, t->name_off);
        if (strncmp(name, "bpf_", 4) == 0 || strstr(name, "xdp_md") || strstr(name, "__sk_buff"))
            continue; /* libbcc's own bpf.h has those, of the release it was made for */
        write_asserts(out, btf, t, taken % 3 + 1);
        taken++;
    }
    fclose(out);
    ck_assert_uint_gt(taken, 50);
    assert_compiles(text);
}
END_TEST

START_TEST(the_big_ones) {
    static const char *const names[] = {
        "task_struct", "sock",      "sk_buff",    "file",        "inode",   "dentry", "request",
        "tcp_sock",    "mm_struct", "net_device", "super_block", "pt_regs", "cred"};
    const struct btf *btf = rp_kernel_btf_or_null();
    if (!btf)
        return;
    RP_AUTO_FREE char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        int id = btf__find_by_name_kind(btf, names[i], BTF_KIND_STRUCT);
        if (id > 0)
            write_asserts(out, btf, btf__type_by_id(btf, (uint32_t)id), 1);
    }
    fclose(out);
    assert_compiles(text);
}
END_TEST

START_TEST(pointers_are_followed_where_members_are_named) {
    assert_compiles("int f(struct pt_regs *ctx, struct file *file) {\n"
                    "  struct task_struct *t = (void *)bpf_get_current_task();\n"
                    "  return file->f_inode->i_sb->s_dev + t->real_parent->mm->pgd->pgd +\n"
                    "         t->nsproxy->pid_ns_for_children->ns.inum + ctx->ip;\n}\n");
}
END_TEST

START_TEST(a_source_may_define_a_kernel_type_itself) {
    assert_compiles("struct list_head { int mine; };\nenum pid_type { MINE };\n"
                    "typedef struct { int a; } atomic_t;\n"
                    "int f(void *ctx) { struct list_head l = {}; struct task_struct *t =\n"
                    "  (void *)bpf_get_current_task(); return l.mine + t->pid; }\n");
}
END_TEST

/* Kernel enumerators and typedefs share the name space of variables and functions. */
START_TEST(a_source_may_use_the_kernels_names) {
    assert_compiles("BPF_ARRAY(all, u64, 1);\nstatic int fail(void) { return -1; }\n"
                    "static u64 none;\n"
                    "int f(void *ctx) { int regular = 1; char *remote = 0; all.increment(0);\n"
                    "  return fail() + none + regular + (remote != 0) + NR_FILE_PAGES; }\n");
}
END_TEST

START_TEST(macros_that_btf_does_not_carry) {
    assert_compiles(
        "#include <net/sock.h>\n#include <bcc/proto.h>\n"
        "int f(struct pt_regs *ctx, struct sock *sk) {\n"
        "  u16 family = sk->sk_family; struct inet_sock *inet = inet_sk(sk);\n"
        "  u32 dev = MKDEV(8, 1); umode_t mode = 0;\n"
        "  return family == AF_INET6 && S_ISREG(mode) && inet->inet_sport == ntohs(80)\n"
        "    && dev && BPF_F_CURRENT_CPU && NSEC_PER_SEC && IS_ENABLED(CONFIG_SMP)\n"
        "    && LINUX_VERSION_CODE > KERNEL_VERSION(4, 0, 0); }\n");
}
END_TEST

Suite *types_suite(void) {
    Suite *suite = suite_create("types");
    TCase *tc = tcase_create("types");
    tcase_set_timeout(tc, 120);
    tcase_add_test(tc, the_big_ones);
    tcase_add_test(tc, pointers_are_followed_where_members_are_named);
    tcase_add_test(tc, a_source_may_define_a_kernel_type_itself);
    tcase_add_test(tc, a_source_may_use_the_kernels_names);
    tcase_add_test(tc, macros_that_btf_does_not_carry);
    suite_add_tcase(suite, tc);
    tc = tcase_create("all structs");
    tcase_set_timeout(tc, 120);
    tcase_set_tags(tc, "long"); /* left out under valgrind */
    tcase_add_loop_test(tc, sizes_and_offsets_are_the_kernels, 0, 40);
    suite_add_tcase(suite, tc);
    return suite;
}
