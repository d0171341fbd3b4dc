/* SPDX-License-Identifier: Apache-2.0 */
/* Types written from BTF have the kernel's sizes and offsets: the compiler itself is asked. */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "compile/source.h"
#include "compile/types.h"
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
static void write_asserts(FILE *out, const struct btf *btf, uint32_t id, unsigned step) {
    const struct btf_type *t = btf__type_by_id(btf, id);
    const char *word = btf_kind(t) == BTF_KIND_UNION ? "union" : "struct";
    /* The second of a name has another one. */
    const char *name =
        rp_btf_name(rp_kernel_types_or_null(), rp_btf_type(rp_kernel_types_or_null(), id));
    fprintf(out, "_Static_assert(sizeof(%s %s) == %u, \"size of %s\");\n", word, name, t->size,
            name);
    for (unsigned i = 0; i < btf_vlen(t); i += step) {
        const char *member = btf__name_by_offset(btf, btf_members(t)[i].name_off);
        if (is_plain_member(t, i, member))
            fprintf(out, "_Static_assert(__builtin_offsetof(%s %s, %s) == %u, \"%s.%s\");\n", word,
                    name, member, btf_member_bit_offset(t, i) / 8, name, member);
    }
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
            seen++ % 40 != wanted)
            continue;
        const char *name = btf__name_by_offset(btf, t->name_off);
        if (strncmp(name, "bpf_", 4) == 0 || strstr(name, "xdp_md") || strstr(name, "__sk_buff"))
            continue; /* libbcc's own bpf.h has those, of the release it was made for */
        write_asserts(out, btf, id, taken % 3 + 1);
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
            write_asserts(out, btf, (uint32_t)id, 1);
    }
    fclose(out);
    assert_compiles(text);
}
END_TEST

START_TEST(pointers_are_followed_where_members_are_named) {
    assert_compiles("int f(struct pt_regs *ctx, struct file *file) {\n"
                    "  struct task_struct *t = (void *)bpf_get_current_task();\n"
                    "  return file->f_inode->i_sb->s_dev + t->real_parent->mm->pgd->pgd +\n"
                    "         t->nsproxy->pid_ns_for_children->ns.inum + ctx->sp;\n}\n");
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

/* ------------------------------------------------------------- the reader */

/* It finds what libbpf finds. */
START_TEST(the_reader_agrees_with_libbpf) {
    const struct rp_btf *types = rp_kernel_types_or_null();
    const struct btf *btf = rp_kernel_btf_or_null();
    if (!btf)
        return;
    ck_assert_uint_eq(types->end_id, btf__type_cnt(btf));
    for (uint32_t id = 1; id < types->end_id; id++) {
        const struct btf_type *ours = rp_btf_type(types, id), *theirs = btf__type_by_id(btf, id);
        ck_assert_mem_eq(ours, theirs, sizeof(*ours));
        ck_assert_str_eq(rp_btf_string(types, ours->name_off),
                         btf__name_by_offset(btf, theirs->name_off));
        if (!rp_btf_namesake(types, ours))
            ck_assert_str_eq(rp_btf_name(types, ours), rp_btf_string(types, ours->name_off));
        int64_t size = btf__resolve_size(btf, id);
        if (size <= 0 || btf_is_datasec(theirs) || btf_is_var(theirs) || btf_is_decl_tag(theirs))
            continue;
        ck_assert_uint_eq(rp_btf_size(types, id), (uint64_t)size);
        /* libbpf before 1.1 does not see that a type is packed. */
        if (rp_btf_align(types, id) != 1)
            ck_assert_int_eq((int)rp_btf_align(types, id), btf__align_of(btf, id));
    }
    ck_assert_uint_eq(rp_btf_find(types, "task_struct", BTF_KIND_STRUCT),
                      (uint32_t)btf__find_by_name_kind(btf, "task_struct", BTF_KIND_STRUCT));
    ck_assert_uint_eq(rp_btf_find(types, "schedule", BTF_KIND_FUNC),
                      (uint32_t)btf__find_by_name_kind(btf, "schedule", BTF_KIND_FUNC));
    ck_assert_uint_eq(rp_btf_find(types, "task_struct", BTF_KIND_UNION), 0);
    ck_assert_uint_eq(btf_kind(rp_btf_type(types, types->end_id)), BTF_KIND_UNKN);
    ck_assert_str_eq(rp_btf_string(types, types->end_string), "");
}
END_TEST

START_TEST(released_types_are_read_again) {
    if (!rp_kernel_types_or_null())
        return;
    uint32_t count = rp_kernel_types_or_null()->end_id;
    assert_compiles("int f(struct pt_regs *ctx) { return ctx->sp; }\n");
    rp_source_release();
    rp_kernel_btf_release();
    ck_assert_uint_eq(rp_kernel_types_or_null()->end_id, count);
    assert_compiles("int f(struct pt_regs *ctx) { return ctx->sp; }\n");
}
END_TEST

/* What libbpf made, as rp_btf_new() takes it; `size` of it. */
static struct rp_btf *read_from(const void *raw, uint32_t size, const struct rp_btf *base) {
    void *bytes = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    ck_assert_ptr_ne(bytes, MAP_FAILED);
    memcpy(bytes, raw, size);
    struct rp_btf *btf = rp_btf_new(bytes, size, base);
    int saved = errno;
    if (!btf)
        munmap(bytes, size);
    errno = saved;
    return btf;
}

START_TEST(broken_btf_is_refused) {
    struct btf *btf = btf__new_empty();
    btf__add_int(btf, "int", 4, BTF_INT_SIGNED);
    btf__add_struct(btf, "s", 4);
    btf__add_field(btf, "member", 1, 0, 0);
    uint32_t size;
    const char *raw = btf__raw_data(btf, &size);
    struct rp_btf *whole = read_from(raw, size, NULL);
    ck_assert_ptr_nonnull(whole);
    ck_assert_uint_eq(rp_btf_size(whole, 2), 4);
    rp_btf_free(whole);
    for (uint32_t less = 1; less < size; less++) {
        errno = 0;
        ck_assert_ptr_null(read_from(raw, less, NULL));
        ck_assert_int_eq(errno, EINVAL);
    }
    RP_AUTO_FREE char *wrong = malloc(size);
    memcpy(wrong, raw, size);
    const struct btf_header *header = (const struct btf_header *)wrong;
    struct btf_type *first = (struct btf_type *)(wrong + header->hdr_len + header->type_off);
    first->info = 31U << 24;
    ck_assert_ptr_null(read_from(wrong, size, NULL));
    btf__free(btf);
}
END_TEST

/* ------------------------------------------------------------- modules */

/* A module's types: struct NAME, with a member by value of a struct inside it, an enum, a typedef,
 * and a type that vmlinux has as well. */
static struct rp_btf *make_module(const char *name, const char *inner) {
    struct btf *btf = btf__new_empty_split((struct btf *)rp_kernel_btf_or_null());
    int task = btf__find_by_name_kind(btf, "task_struct", BTF_KIND_STRUCT);
    int number = btf__find_by_name_kind(btf, "int", BTF_KIND_INT);
    int pointer = btf__add_ptr(btf, task);
    int inside = btf__add_struct(btf, inner, 4);
    btf__add_field(btf, "value", number, 0, 0);
    int outside = btf__add_struct(btf, name, 16);
    int other = outside + 3; /* as below */
    btf__add_field(btf, "task", pointer, 0, 0);
    btf__add_field(btf, "inside", inside, 64, 0);
    btf__add_field(btf, "other", other, 96, 0);
    btf__add_typedef(btf, "rp_module_t", outside);
    btf__add_enum(btf, "rp_module_enum", 4);
    btf__add_enum_value(btf, "RP_MODULE_CONSTANT", 7);
    ck_assert_int_eq(btf__add_struct(btf, "list_head", 4), other);
    btf__add_field(btf, "not_this_one", number, 0, 0);
    uint32_t size;
    const void *raw = btf__raw_data(btf, &size);
    struct rp_btf *module = read_from(raw, size, rp_kernel_types_or_null());
    ck_assert_ptr_nonnull(module);
    ck_assert(rp_btf_find_namesakes(module));
    btf__free(btf);
    return module;
}

/* What is written for a source with that text, malloc()ed. */
static char *types_for(const char *text, const struct rp_btf *modules, bool *uses_modules) {
    struct rp_scan scan = {0};
    rp_scan_text(&scan, text, strlen(text));
    const struct rp_names none = {0};
    const struct rp_types_names names = {.wanted = &scan.mentioned,
                                         .earlier = &none,
                                         .later = &scan.defined,
                                         .declared = &scan.declared};
    char *written = NULL;
    size_t size;
    FILE *out = open_memstream(&written, &size);
    *uses_modules = rp_types_write(rp_kernel_types_or_null(), modules, &names, out);
    fclose(out);
    rp_scan_clear(&scan);
    return written;
}

static void assert_types(const char *text, const struct rp_btf *modules, bool uses_modules,
                         const char *has, const char *lacks) {
    bool used;
    RP_AUTO_FREE char *written = types_for(text, modules, &used);
    ck_assert_int_eq(used, uses_modules);
    ck_assert_msg(strstr(written, has) != NULL, "no %s in: %s", has, written);
    ck_assert_msg(!lacks || !strstr(written, lacks), "%s in: %s", lacks, written);
}

START_TEST(modules_have_what_vmlinux_lacks) {
    if (!rp_kernel_types_or_null())
        return;
    /* Both modules' types have the same ids. */
    struct rp_btf *modules = make_module("rp_first", "rp_inner");
    modules->next = make_module("rp_second", "rp_inner");
    assert_types("struct rp_first *p; p->inside.value p->task->pid", modules, true,
                 "struct rp_first { struct task_struct *task; struct rp_inner inside; ",
                 "rp_second");
    assert_types("struct rp_first *p; p->inside.value", modules, true,
                 "struct rp_inner { int value;", NULL);
    assert_types("struct rp_second *p; p->inside.value", modules, true, "struct rp_second { ",
                 "rp_first");
    assert_types("struct rp_first a; struct rp_second b;", modules, true, "struct rp_second { ",
                 NULL);
    assert_types("rp_module_t x = {};", modules, true, "typedef struct rp_first rp_module_t;",
                 NULL);
    assert_types("x == RP_MODULE_CONSTANT", modules, true, "RP_MODULE_CONSTANT = 7", NULL);
    /* A name of the source's own, or of vmlinux's, is not the module's. */
    assert_types("struct list_head l; struct rp_second { int a; };", modules, false,
                 "struct list_head { ", "not_this_one");
    assert_types("struct task_struct *t; t->pid", modules, false, "pid", NULL);
    rp_btf_free(modules);
}
END_TEST

/* The module's list_head is not vmlinux's: what has one by value keeps its layout. */
START_TEST(types_of_one_name_are_told_apart) {
    if (!rp_kernel_types_or_null())
        return;
    struct rp_btf *module = make_module("rp_outer", "rp_inner");
    assert_types("struct rp_outer *p; p->other.not_this_one", module, true,
                 "struct list_head___2 { int not_this_one; }", "next");
    assert_types("struct rp_outer *p; p->other.not_this_one", module, true,
                 "struct list_head___2 other; ", NULL);
    assert_types("struct list_head___2 l; l.not_this_one", module, true,
                 "struct list_head___2 { int not_this_one; }", "next");
    assert_types("struct list_head l; l.next", module, false, "*next; ", "not_this_one");
    uint32_t id = rp_btf_find(module, "rp_outer", BTF_KIND_STRUCT);
    RP_AUTO_FREE char *other =
        rp_type_declaration(module, btf_members(rp_btf_type(module, id))[2].type);
    ck_assert_str_eq(other, "struct list_head___2");
    ck_assert_uint_eq(rp_btf_find(module, "list_head", BTF_KIND_STRUCT), 0);
    rp_btf_free(module);
}
END_TEST

Suite *types_suite(void) {
    Suite *suite = suite_create("types");
    TCase *tc = tcase_create("types");
    tcase_add_test(tc, the_big_ones);
    tcase_add_test(tc, pointers_are_followed_where_members_are_named);
    tcase_add_test(tc, a_source_may_define_a_kernel_type_itself);
    tcase_add_test(tc, a_source_may_use_the_kernels_names);
    tcase_add_test(tc, macros_that_btf_does_not_carry);
    tcase_add_test(tc, the_reader_agrees_with_libbpf);
    tcase_add_test(tc, released_types_are_read_again);
    tcase_add_test(tc, broken_btf_is_refused);
    tcase_add_test(tc, modules_have_what_vmlinux_lacks);
    tcase_add_test(tc, types_of_one_name_are_told_apart);
    suite_add_tcase(suite, tc);
    tc = tcase_create("all structs");
    tcase_set_tags(tc, "long"); /* left out under valgrind */
    tcase_add_loop_test(tc, sizes_and_offsets_are_the_kernels, 0, 40);
    suite_add_tcase(suite, tc);
    return suite;
}
