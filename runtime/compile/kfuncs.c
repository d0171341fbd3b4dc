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

/* A function that the text itself declares. */
static bool is_declared(const struct rp_scan *scan, const char *name) {
    return rp_names_has(&scan->mentioned, "__ksym") && rp_names_has(&scan->declared, name);
}

/* libbpf compares what the functions are given with the kernel's types. LLVM leaves out of the BTF
 * a struct that is only pointed to, if a member points to it, too: so there is a variable of it. */
static void keep_type(struct rp_scan *scan, const struct rp_btf *btf, uint32_t id,
                      struct rp_names *kept, FILE *out) {
    const struct btf_type *pointer = rp_btf_type(btf, rp_btf_skip_modifiers(btf, id));
    if (!btf_is_ptr(pointer))
        return;
    const struct btf_type *type = rp_btf_type(btf, rp_btf_skip_modifiers(btf, pointer->type));
    const char *name = rp_btf_name(btf, type);
    if (!btf_is_struct(type) || !*name || rp_names_has(&scan->defined, name) ||
        !rp_names_add(kept, name, strlen(name)))
        return;
    rp_names_add(&scan->mentioned, name, strlen(name));
    fprintf(
        out,
        "static struct %s (*rp_kept_%zu)[1] __attribute__((used, section(\".reprobe.out\")));\n",
        name, kept->count);
}

static void keep_types(struct rp_scan *scan, const struct rp_btf *btf, uint32_t proto,
                       struct rp_names *kept, FILE *out) {
    const struct btf_type *type = rp_btf_type(btf, proto);
    keep_type(scan, btf, type->type, kept, out);
    for (uint16_t i = 0; i < btf_vlen(type); i++)
        keep_type(scan, btf, btf_params(type)[i].type, kept, out);
}

static void declare(struct rp_scan *scan, const struct rp_btf *btf, const struct btf_type *function,
                    FILE *out) {
    RP_AUTO_FREE char *text =
        rp_btf_declaration(btf, function->type, rp_btf_name(btf, function), NULL);
    if (!text)
        return;
    rp_scan_text(scan, text, strlen(text));
    fprintf(out, "extern %s __attribute__((weak, section(\".ksyms\")));\n", text);
}

void rp_kfuncs_write(struct rp_scan *scan, const struct rp_btf *btf, FILE *out) {
    struct rp_names wanted = {0}, kept = {0};
    find_wanted(scan, &wanted);
    bool any = wanted.count || rp_names_has(&scan->mentioned, "__ksym");
    for (uint32_t id = btf->first_id; any && id < btf->end_id; id++) {
        const struct btf_type *type = rp_btf_type(btf, id);
        if (!btf_is_func(type))
            continue;
        const char *name = rp_btf_name(btf, type);
        bool is_wanted = rp_names_has(&wanted, name);
        if (is_wanted)
            declare(scan, btf, type, out);
        if (is_wanted || is_declared(scan, name))
            keep_types(scan, btf, type->type, &kept, out);
    }
    rp_names_clear(&wanted);
    rp_names_clear(&kept);
}
