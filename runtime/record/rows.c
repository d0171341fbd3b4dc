/* SPDX-License-Identifier: Apache-2.0 */
/* The rows of an iterator: what its program gives to bpf_seq_write(), or lines of text. */
#include <bpf/btf.h>
#include <errno.h>
#include <linux/bpf.h>
#include <string.h>

#include "compile/module.h"
#include "record/layout.h"
#include "util/cleanup.h"
#include "util/error.h"

/* The type of the rows, which prelude/glue.h puts into a struct; 0: none is known. *several is
 * whether there are rows of other types, too. */
static int find_type(const struct btf *btf, bool *several) {
    int found = 0;
    *several = false;
    for (uint32_t id = 1; btf && id < btf__type_cnt(btf); id++) {
        const struct btf_type *t = btf__type_by_id(btf, id);
        if (!btf_is_struct(t) || btf_vlen(t) != 1 ||
            strcmp(btf__name_by_offset(btf, t->name_off), "rp_row") != 0)
            continue;
        int type = btf__resolve_type(btf, btf_members(t)->type);
        *several |= found && type != found;
        found = type;
    }
    return found;
}

static bool is_text(const struct btf *btf, int id) {
    const struct btf_type *t = btf__type_by_id(btf, (uint32_t)id);
    return btf_is_int(t) && t->size == 1;
}

struct rp_error *rp_layout_of_rows(const struct rp_module *module, struct rp_layout **out) {
    *out = NULL;
    const struct btf *btf = rp_module_btf(module);
    bool several, text = rp_module_calls(module, BPF_FUNC_seq_printf) ||
                         rp_module_calls(module, BPF_FUNC_seq_printf_btf);
    int id = text ? 0 : find_type(btf, &several);
    if (id <= 0 || is_text(btf, id))
        return NULL;
    if (several)
        return rp_error_hint_set(
            rp_error_new(EINVAL,
                         "they are structs of different types, and nothing tells them apart",
                         "cannot read the iterators' rows"),
            "write one type of row in a file, or text with bpf_seq_printf()");
    RP_TRY(rp_layout_from_btf(btf, (uint32_t)id, out));
    const struct rp_map_schema *schema = rp_module_rows_schema(module);
    struct rp_error *err = schema ? rp_layout_apply_schema(*out, schema) : NULL;
    if (err)
        rp_layout_free(rp_take(*out));
    return err;
}
