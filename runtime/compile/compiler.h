/* SPDX-License-Identifier: Apache-2.0 */
/* libbcc's compiler, opened when something is compiled: it brings LLVM, which costs several times
 * what all else costs. What libbcc has beside it is in kernel/bcc.h. */
#ifndef RP_COMPILE_COMPILER_H
#define RP_COMPILE_COMPILER_H

#include <bcc/bcc_common.h>
#include <stdbool.h>

#include "util/digest.h"
#include "util/library.h"

struct rp_error;

#define RP_COMPILER_FUNCTIONS(F)                                                                   \
    F(bpf_module_create_c_from_string)                                                             \
    F(bpf_module_destroy)                                                                          \
    F(bpf_module_license)                                                                          \
    F(bpf_module_kern_version)                                                                     \
    F(bpf_num_functions)                                                                           \
    F(bpf_function_name)                                                                           \
    F(bpf_function_start_id)                                                                       \
    F(bpf_function_size_id)                                                                        \
    F(bcc_func_load)                                                                               \
    F(bpf_num_tables)                                                                              \
    F(bpf_table_name)                                                                              \
    F(bpf_table_fd_id)                                                                             \
    F(bpf_table_type_id)                                                                           \
    F(bpf_table_flags_id)                                                                          \
    F(bpf_table_max_entries_id)                                                                    \
    F(bpf_table_key_size_id)                                                                       \
    F(bpf_table_leaf_size_id)                                                                      \
    F(bpf_perf_event_fields)                                                                       \
    F(bpf_perf_event_field)

struct rp_compiler {
    RP_COMPILER_FUNCTIONS(RP_LIBRARY_MEMBER)
};

/* Kept from then on. Where libbcc is missing: an error of ENOENT, with the package that has it. */
struct rp_error *rp_compiler_open(const struct rp_compiler **out);

/* Lets go of the compiler's code, which the kernel reads again from its files when it is needed:
 * some 70 MiB that are resident after a compile. */
void rp_compiler_rest(void);

/* Adds what tells this compiler from every other: the files of libbcc, clang and LLVM, which need
 * not be open. False if they cannot be found. */
bool rp_compiler_identify(struct rp_digest *key);

#endif
