/* SPDX-License-Identifier: Apache-2.0 */
/* libbcc without its compiler: attaching, ring buffers and their callbacks, symbols, USDT. It is
 * libbcc_bpf.so, of the same package. A program is not linked with it: it has C++ objects that
 * libbcc.so (compile/compiler.h) has too, and where the one sees those of the other they are
 * destroyed twice. So it is opened first, and for itself. */
#ifndef RP_KERNEL_BCC_H
#define RP_KERNEL_BCC_H

#include <bcc/bcc_elf.h>
#include <bcc/bcc_proc.h>
#include <bcc/bcc_syms.h>
#include <bcc/bcc_usdt.h>
#include <bcc/libbpf.h>

#include "util/library.h"

#define RP_BCC_FUNCTIONS(F)                                                                        \
    F(bpf_attach_kprobe)                                                                           \
    F(bpf_attach_uprobe)                                                                           \
    F(bpf_detach_kprobe)                                                                           \
    F(bpf_detach_uprobe)                                                                           \
    F(bpf_attach_tracepoint)                                                                       \
    F(bpf_attach_raw_tracepoint)                                                                   \
    F(bpf_attach_perf_event)                                                                       \
    F(bcc_prog_load_xattr)                                                                         \
    F(bpf_consume_ringbuf)                                                                         \
    F(bpf_free_ringbuf)                                                                            \
    F(bcc_procutils_each_module)                                                                   \
    F(bcc_elf_foreach_sym)                                                                         \
    F(bcc_elf_foreach_usdt)                                                                        \
    F(bcc_resolve_symname)                                                                         \
    F(bcc_symcache_resolve)                                                                        \
    F(bcc_symbol_free_demangle_name)                                                               \
    F(bcc_free_symcache)                                                                           \
    F(bcc_usdt_close)                                                                              \
    F(bcc_usdt_get_location)                                                                       \
    F(bcc_usdt_get_argument)

/* Those that return a pointer. */
#define RP_BCC_MAKERS(F)                                                                           \
    F(bpf_new_ringbuf)                                                                             \
    F(bcc_procutils_which)                                                                         \
    F(bcc_procutils_which_so)                                                                      \
    F(bcc_symcache_new)                                                                            \
    F(bcc_usdt_new_frompath)

struct rp_bcc {
    RP_BCC_FUNCTIONS(RP_LIBRARY_MEMBER)
    RP_BCC_MAKERS(RP_LIBRARY_MEMBER)
};

/* Opens the library when it is first called. Where it is missing each function fails as it
 * otherwise does, with -1 or NULL, and errno is ELIBACC. */
const struct rp_bcc *rp_bcc(void);

#endif
