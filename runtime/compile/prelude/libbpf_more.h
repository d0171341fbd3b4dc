/* SPDX-License-Identifier: Apache-2.0 */
/* After libbpf's headers: what newer releases of it have and the one that reprobe was built with may lack. */
#ifndef __noinline
#define __noinline __attribute__((noinline))
#endif
#ifndef __weak
#define __weak __attribute__((weak))
#endif
#ifndef __ksym
#define __ksym __attribute__((section(".ksyms")))
#endif
#ifndef __kptr
#define __kptr __attribute__((btf_type_tag("kptr")))
#endif
#ifndef __kptr_untrusted
#define __kptr_untrusted __attribute__((btf_type_tag("kptr_untrusted")))
#endif
#ifndef __percpu_kptr
#define __percpu_kptr __attribute__((btf_type_tag("percpu_kptr")))
#endif
#ifndef __ulong
#define __ulong(name, val) enum { ___bpf_concat(__unique_value, __COUNTER__) = val } name
#endif
#ifndef __arg_ctx
#define __arg_ctx      __attribute__((btf_decl_tag("arg:ctx")))
#define __arg_nonnull  __attribute__((btf_decl_tag("arg:nonnull")))
#define __arg_nullable __attribute__((btf_decl_tag("arg:nullable")))
#define __arg_trusted  __attribute__((btf_decl_tag("arg:trusted")))
#endif
#ifndef likely
#define likely(x) __builtin_expect(!!(x), 1)
#endif
#ifndef unlikely
#define unlikely(x) __builtin_expect(!!(x), 0)
#endif
#ifndef bpf_ksym_exists
#define bpf_ksym_exists(sym) (!!(sym))
#endif

/* Open-coded iterators (Linux 6.4). The first pointer is only there to begin the iterator where C lets a
 * for statement declare things; naming the destructor makes clang write its BTF. */
#ifndef bpf_for
struct bpf_iter_num;
extern int bpf_iter_num_new(struct bpf_iter_num *it, int start, int end) __weak __ksym;
extern int *bpf_iter_num_next(struct bpf_iter_num *it) __weak __ksym;
extern void bpf_iter_num_destroy(struct bpf_iter_num *it) __weak __ksym;
#define RP_ITERATOR(kind) __attribute__((aligned(8), cleanup(bpf_iter_##kind##_destroy)))
#define bpf_for(i, start, end)                                                                     \
    for (struct bpf_iter_num rp_it RP_ITERATOR(num),                                               \
         *rp_begin __attribute__((unused)) =                                                       \
             (bpf_iter_num_new(&rp_it, (start), (end)), (void)bpf_iter_num_destroy, (void *)0);    \
         ({                                                                                        \
             int *rp_at = bpf_iter_num_next(&rp_it);                                               \
             rp_at && ((i) = *rp_at, (i) >= (start) && (i) < (end));                               \
         });)
#define bpf_repeat(times)                                                                          \
    for (struct bpf_iter_num rp_it RP_ITERATOR(num),                                               \
         *rp_begin __attribute__((unused)) =                                                       \
             (bpf_iter_num_new(&rp_it, 0, (times)), (void)bpf_iter_num_destroy, (void *)0);        \
         bpf_iter_num_next(&rp_it);)
#endif
#ifndef bpf_for_each
#define bpf_for_each(kind, item, args...)                                                          \
    for (struct bpf_iter_##kind rp_it RP_ITERATOR(kind),                                           \
         *rp_begin __attribute__((unused)) = (bpf_iter_##kind##_new(&rp_it, ##args),               \
                                              (void)bpf_iter_##kind##_destroy, (void *)0);         \
         ((item) = bpf_iter_##kind##_next(&rp_it));)
#endif

#if defined(BPF_KPROBE) && !defined(BPF_UPROBE)
#define BPF_UPROBE(name, args...)    BPF_KPROBE(name, ##args)
#define BPF_URETPROBE(name, args...) BPF_KRETPROBE(name, ##args)
#endif

/* bpf_usdt_arg(), also of what is at an address that two registers make (libbpf 1.7): "8@-4(%rax,%rbx,8)". In
 * the word of its type a description then has where the second register is, and how far it is shifted. */
#if defined(BPF_USDT) && defined(RP_USDT_INDEXED) && !defined(bpf_usdt_arg)
__weak __hidden int rp_usdt_arg(struct pt_regs *ctx, __u64 number, long *value)
{
    int id = __bpf_usdt_spec_id(ctx), failed;
    struct __bpf_usdt_spec *spec = id < 0 ? (void *)0 : bpf_map_lookup_elem(&__bpf_usdt_specs, &id);
    unsigned long base = 0, index = 0, read = 0;
    if (!spec || number >= BPF_USDT_MAX_ARG_CNT || number >= spec->arg_cnt)
        return (bpf_usdt_arg)(ctx, number, value);
    struct __bpf_usdt_arg_spec *arg = &spec->args[number];
    __u32 word = arg->arg_type;
    if ((word & 0xff) != RP_USDT_INDEXED)
        return (bpf_usdt_arg)(ctx, number, value);
    *value = 0;
    failed = bpf_probe_read_kernel(&base, sizeof(base), (void *)ctx + arg->reg_off);
    if (!failed)
        failed = bpf_probe_read_kernel(&index, sizeof(index), (void *)ctx + (word >> 8 & 0xfff));
    index <<= word >> 20 & 0xf;
    if (!failed)
        failed = bpf_probe_read_user(&read, sizeof(read), (void *)(base + index + arg->val_off));
    if (failed)
        return failed;
    read <<= arg->arg_bitshift;
    *value = arg->arg_signed ? (long)read >> arg->arg_bitshift : (long)(read >> arg->arg_bitshift);
    return 0;
}
#define bpf_usdt_arg(ctx, number, value) rp_usdt_arg(ctx, number, value)
#endif

#if defined(bpf_core_type_id_kernel) && !defined(bpf_core_cast)
extern void *bpf_rdonly_cast(const void *obj, unsigned int btf_id) __weak __ksym;
#define bpf_core_cast(ptr, type)                                                                   \
    ((__typeof__(type) *)bpf_rdonly_cast((ptr), bpf_core_type_id_kernel(type)))
#endif
