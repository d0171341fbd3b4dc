/* SPDX-License-Identifier: Apache-2.0 */
#include "compile/effects.h"

#include <linux/bpf.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/btf.h"
#include "util/array.h"
#include "util/cleanup.h"
#include "util/error.h"
#include "util/text.h"

/* Helpers that tracing programs may call (Linux 6.18: no new ones are added) and that change what
 * others see. Those that change packets and sockets can only be called where the program's result
 * decides anyway: see rp_probe_kind.decides. */
static const struct {
    int id;
    const char *name;
} changing[] = {{BPF_FUNC_probe_write_user, "bpf_probe_write_user"},
                {BPF_FUNC_override_return, "bpf_override_return"},
                {BPF_FUNC_send_signal, "bpf_send_signal"},
                {BPF_FUNC_send_signal_thread, "bpf_send_signal_thread"},
                {BPF_FUNC_setsockopt, "bpf_setsockopt"},
                {BPF_FUNC_sysctl_set_new_value, "bpf_sysctl_set_new_value"},
                {BPF_FUNC_bprm_opts_set, "bpf_bprm_opts_set"},
                {BPF_FUNC_sys_bpf, "bpf_sys_bpf"},
                {BPF_FUNC_sys_close, "bpf_sys_close"}};

/* How the names of kernel functions begin that look, or change only what the program itself holds:
 * references, iterators, its own objects, lists, masks. */
static const char *const harmless[] = {"bpf_arena_",
                                       "bpf_cast_to_kern_ctx",
                                       "bpf_cgroup_acquire",
                                       "bpf_cgroup_ancestor",
                                       "bpf_cgroup_from_id",
                                       "bpf_cgroup_release",
                                       "bpf_copy_from_user",
                                       "bpf_cpumask_",
                                       "bpf_dynptr_",
                                       "bpf_get_",
                                       "bpf_iter_",
                                       "bpf_kptr_xchg",
                                       "bpf_list_",
                                       "bpf_local_irq_",
                                       "bpf_map_sum_elem_count",
                                       "bpf_mem",
                                       "bpf_obj_drop",
                                       "bpf_obj_new",
                                       "bpf_path_d_path",
                                       "bpf_percpu_obj_",
                                       "bpf_preempt_",
                                       "bpf_put_file",
                                       "bpf_rbtree_",
                                       "bpf_rcu_read_",
                                       "bpf_rdonly_cast",
                                       "bpf_refcount_acquire",
                                       "bpf_session_",
                                       "bpf_str",
                                       "bpf_task_acquire",
                                       "bpf_task_from_",
                                       "bpf_task_get_cgroup",
                                       "bpf_task_release",
                                       "bpf_task_under_cgroup",
                                       "bpf_throw",
                                       "bpf_wq_"};

static bool is_harmless(const char *kfunc) {
    for (size_t i = 0; i < RP_COUNT(harmless); i++)
        if (rp_starts_with(kfunc, harmless[i]))
            return true;
    return false;
}

static const char *helper_name(int id) {
    for (size_t i = 0; i < RP_COUNT(changing); i++)
        if (changing[i].id == id)
            return changing[i].name;
    return NULL;
}

/* The kernel's own are known by their type; of a module's nothing is known. */
static const char *kfunc_name(const struct bpf_insn *insn) {
    const struct rp_btf *btf = insn->off ? NULL : rp_kernel_types_or_null();
    uint32_t id = (uint32_t)insn->imm;
    if (!btf || id < btf->first_id || id >= btf->end_id)
        return "a function of a kernel module";
    return rp_btf_name(btf, rp_btf_type(btf, id));
}

/* The name of what a call changes the system with; NULL: it does not. */
static const char *effect_of(const struct bpf_insn *insn) {
    if (insn->code != (BPF_JMP | BPF_CALL))
        return NULL;
    if (!insn->src_reg)
        return helper_name(insn->imm);
    const char *name = insn->src_reg == BPF_PSEUDO_KFUNC_CALL ? kfunc_name(insn) : NULL;
    return name && !is_harmless(name) ? name : NULL;
}

struct rp_error *rp_function_effects(const struct rp_object_function *function, char **out) {
    RP_AUTO_FREE char *list = NULL;
    *out = NULL;
    for (uint32_t i = 0; i < function->insn_count; i++) {
        const struct bpf_insn *insn = &function->insns[i];
        const char *name = effect_of(insn);
        if (name && !(list && rp_text_has_word(list, ", ", name)) && !rp_text_list(&list, name))
            return rp_error_nomem();
        i += rp_insn_is_wide(insn);
    }
    *out = rp_take(list);
    return NULL;
}
