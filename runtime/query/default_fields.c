/* SPDX-License-Identifier: Apache-2.0 */
/* What to show of a struct where nobody says what of it. */
#include <string.h>

#include "query/query.h"
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

static bool first_members(const struct rp_btf_type *type, const struct btf_type *t,
                          bool (*each)(void *ctx, const char *path), void *ctx) {
    unsigned shown = 0;
    for (unsigned i = 0; i < btf_vlen(t) && shown < FIRST_MEMBERS; i++) {
        const char *name = rp_btf_string(type->btf, btf_members(t)[i].name_off);
        struct rp_btf_type member;
        struct rp_expression is;
        if (!*name || !rp_type_member(type, name, &member) || !rp_type_describe(&member, &is))
            continue;
        if (is.shape != RP_SHAPE_INT && (is.shape != RP_SHAPE_TEXT || !is.size))
            continue;
        if (!each(ctx, name))
            return false;
        shown++;
    }
    return true;
}

void rp_default_fields(const char *text, bool (*each)(void *ctx, const char *path), void *ctx) {
    struct rp_btf_type type;
    if (!rp_type_find(text, &type) || type.pointers > 1 || type.elements)
        return;
    const struct btf_type *t = rp_btf_type(type.btf, type.id);
    const char *name = rp_btf_name(type.btf, t);
    if (!btf_is_composite(t) || is_dumb(name))
        return;
    for (size_t i = 0; i < RP_COUNT(default_field); i++) {
        if (strcmp(default_field[i].name, name) != 0)
            continue;
        for (size_t m = 0; m < RP_COUNT(default_field[i].members) && default_field[i].members[m];
             m++) {
            struct rp_btf_type member;
            /* Not every kernel has every member. */
            if (rp_type_member(&type, default_field[i].members[m], &member) &&
                !each(ctx, default_field[i].members[m]))
                return;
        }
        return;
    }
    first_members(&type, t, each, ctx);
}
