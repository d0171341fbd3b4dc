/* SPDX-License-Identifier: Apache-2.0 */
#include "kernel/current.h"

#include <bpf/bpf.h>
#include <string.h>

#include "arch/arch.h"
#include "kernel/btf.h"
#include "kernel/features.h"
#include "util/array.h"
#include "util/cleanup.h"

/* A kernel that keeps no addresses of variables (no CONFIG_KALLSYMS_ALL) refuses it. */
static bool can_read(uint32_t id) {
    const struct bpf_insn insns[] = {
        {.code = BPF_LD | BPF_DW, /* and BPF_IMM, which is 0, as BPF_LD is */
         .dst_reg = BPF_REG_1,
         .src_reg = BPF_PSEUDO_BTF_ID,
         .imm = (int)id},
        {0},
        {.code = BPF_JMP | BPF_CALL, .imm = BPF_FUNC_this_cpu_ptr},
        {.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0},
        {.code = BPF_JMP | BPF_EXIT},
    };
    RP_AUTO_CLOSE int fd =
        bpf_prog_load(BPF_PROG_TYPE_TRACEPOINT, NULL, "GPL", insns, RP_COUNT(insns), NULL);
    return fd >= 0;
}

static bool find(struct rp_kernel_variable *out) {
    const struct rp_btf *btf = rp_kernel_types_or_null();
    *out = (struct rp_kernel_variable){0};
    if (!btf || !rp_kernel_at_least(5, 10))
        return false;
    out->id = rp_btf_find(btf, "__preempt_count", BTF_KIND_VAR);
    if (out->id)
        return can_read(out->id);
    static const char member[] = "preempt_count";
    out->id = rp_btf_find(btf, "pcpu_hot", BTF_KIND_VAR);
    return out->id &&
           rp_btf_member_offset(btf, rp_btf_base_type(btf, rp_btf_type(btf, out->id)->type), member,
                                strlen(member), &out->offset) &&
           can_read(out->id);
}

bool rp_kernel_preempt_count(struct rp_kernel_variable *out) {
    static struct rp_kernel_variable known;
    static enum { NOT_YET, THERE, ABSENT } state;
    if (state == NOT_YET)
        state = rp_arch.has_preempt_count && find(&known) ? THERE : ABSENT;
    *out = known;
    return state == THERE;
}
