/* SPDX-License-Identifier: Apache-2.0 */
/* What to show of a struct where nobody says what of it. */
#include <string.h>

#include "kernel/btf.h"
#include "query/query.h"
#include "query/tree/tree.h"
#include "util/array.h"

/* Of any other struct: as many of its first members that are numbers or text. */
#define FIRST_MEMBERS 4

static const struct {
    const char *name;
    const char *members[4];
} default_field[] = {
    {"bio", {"bi_iter.bi_sector", "bi_iter.bi_size"}},
    {"block_device", {"bd_dev"}},
    {"cgroup", {"kn->name"}},
    {"cred", {"uid.val", "euid.val"}},
    {"dentry", {"d_name.name"}},
    {"file", {"f_path.dentry->d_name.name"}},
    {"file_system_type", {"name"}},
    {"filename", {"name"}},
    {"gendisk", {"disk_name"}},
    {"in6_addr", {"in6_u.u6_addr8"}},
    {"in_addr", {"s_addr"}},
    {"inode", {"i_ino"}},
    {"iov_iter", {"count"}},
    {"kiocb", {"ki_filp->f_path.dentry->d_name.name", "ki_pos"}},
    {"kernel_clone_args", {"flags", "exit_signal"}},
    {"kernel_siginfo", {"si_signo", "si_code"}},
    {"linux_binprm", {"filename"}},
    {"module", {"name"}},
    {"net_device", {"name"}},
    {"path", {"dentry->d_name.name"}},
    {"pid", {"numbers[0].nr"}},
    {"qstr", {"name"}},
    {"request", {"__sector", "__data_len"}},
    {"sk_buff", {"len"}},
    {"sock", {"__sk_common.skc_family", "__sk_common.skc_num", "__sk_common.skc_dport"}},
    {"socket", {"state", "type"}},
    {"super_block", {"s_id"}},
    {"task_struct", {"comm", "pid"}},
    {"vfsmount", {"mnt_sb->s_id"}},
    {"vm_area_struct", {"vm_start", "vm_end"}},
};

/* Structs that say nothing to people. */
static bool is_dumb(const char *name) {
    static const char *const names[] = {"mm_struct", "mnt_idmap", "user_namespace", "page", "folio",
                                        "pt_regs",   "nsproxy",   "css_set",        "net",  "rq"};
    for (size_t i = 0; i < RP_COUNT(names); i++)
        if (!strcmp(names[i], name))
            return true;
    return false;
}

static bool first_members(struct rp_c_types *types, const struct rp_c_type *of,
                          bool (*each)(void *ctx, const char *path), void *ctx) {
    const struct btf_type *t = rp_btf_type(of->btf, of->plain);
    unsigned shown = 0;
    for (unsigned i = 0; i < btf_vlen(t) && shown < FIRST_MEMBERS; i++) {
        const char *name = rp_btf_string(of->btf, btf_members(t)[i].name_off);
        struct rp_c_member member;
        if (!*name || !rp_c_member_find(types, of, name, strlen(name), &member))
            continue;
        if (!rp_c_is_integer(member.type) && !rp_c_is_string(types, member.type) &&
            (!member.type->size || !rp_c_is_text(types, member.type, name, strlen(name))))
            continue;
        if (!each(ctx, name))
            return false;
        shown++;
    }
    return true;
}

void rp_default_fields(struct rp_c_types *types, const struct rp_c_type *type,
                       bool (*each)(void *ctx, const char *path), void *ctx) {
    const struct rp_c_type *of = type->kind == RP_C_POINTER ? rp_c_type_to(types, type) : type;
    if (!of || !rp_c_is_complete(of))
        return;
    const char *name = rp_btf_name(of->btf, rp_btf_type(of->btf, of->plain));
    if (of->btf->of_program) { /* a struct of the kernel's that is called alike is another one */
        first_members(types, of, each, ctx);
        return;
    }
    if (is_dumb(name))
        return;
    for (size_t i = 0; i < RP_COUNT(default_field); i++) {
        const char *const *members = default_field[i].members;
        if (strcmp(default_field[i].name, name) != 0)
            continue;
        for (size_t m = 0; m < RP_COUNT(default_field[i].members) && members[m]; m++)
            if (!each(ctx, members[m]))
                return;
        return;
    }
    first_members(types, of, each, ctx);
}
