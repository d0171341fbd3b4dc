/* SPDX-License-Identifier: Apache-2.0 */
#include "compile/kfuncs.h"

#include <string.h>

#include "compile/clang_headers.h"
#include "kernel/btf.h"
#include "util/cleanup.h"

/* bpf_for_each(task, …) calls bpf_iter_task_new() and the like. */
static void add_iterators(const struct rp_scan *scan, struct rp_names *wanted) {
    static const char *const ends[] = {"new", "next", "destroy"};
    if (!rp_names_has(&scan->mentioned, "bpf_for_each"))
        return;
    char name[128];
    for (size_t i = 0; i < scan->mentioned.count; i++) {
        for (size_t end = 0; end < 3; end++) {
            int len =
                snprintf(name, sizeof(name), "bpf_iter_%s_%s", scan->mentioned.items[i], ends[end]);
            if (len > 0 && (size_t)len < sizeof(name))
                rp_names_add(wanted, name, (size_t)len);
        }
    }
}

/* Names of the source that nothing else explains. */
static void find_wanted(const struct rp_scan *scan, struct rp_names *wanted) {
    struct rp_names helpers = {0};
    for (size_t i = 0; i < scan->mentioned.count; i++) {
        const char *name = scan->mentioned.items[i];
        if (!strstr(name, "bpf_") || rp_names_has(&scan->declared, name) ||
            rp_names_has(&scan->defined, name))
            continue;
        if (!helpers.count)
            rp_clang_header_names(&helpers);
        if (!rp_names_has(&helpers, name))
            rp_names_add(wanted, name, strlen(name));
    }
    rp_names_clear(&helpers);
    add_iterators(scan, wanted);
}

void rp_kfuncs_write(struct rp_scan *scan, const struct rp_btf *btf, FILE *out) {
    struct rp_names wanted = {0};
    find_wanted(scan, &wanted);
    for (uint32_t id = btf->first_id; wanted.count && id < btf->end_id; id++) {
        const struct btf_type *type = rp_btf_type(btf, id);
        const char *name = rp_btf_name(btf, type);
        if (!btf_is_func(type) || !rp_names_has(&wanted, name))
            continue;
        RP_AUTO_FREE char *text = rp_btf_declaration(btf, type->type, name, NULL);
        if (!text)
            break;
        rp_scan_text(scan, text, strlen(text));
        fprintf(out, "extern %s __attribute__((weak, section(\".ksyms\")));\n", text);
    }
    rp_names_clear(&wanted);
}
