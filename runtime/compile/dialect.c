/* SPDX-License-Identifier: Apache-2.0 */
#include "compile/dialect.h"

#include "util/text.h"

bool rp_is_vmlinux_header(const char *include) {
    const char *name = rp_last_name(include);
    size_t len = strlen(name);
    return strncmp(name, "vmlinux", 7) == 0 && len >= 9 && strcmp(name + len - 2, ".h") == 0;
}

enum rp_dialect rp_dialect_of_scan(const struct rp_scan *scan, enum rp_dialect said) {
    if (said != RP_DIALECT_AUTO)
        return said;
    if (rp_names_has(&scan->mentioned, "SEC") ||
        rp_names_has(&scan->mentioned, "preserve_access_index"))
        return RP_DIALECT_LIBBPF;
    for (size_t i = 0; i < scan->includes.count; i++)
        if (strncmp(scan->includes.items[i], "bpf/", 4) == 0 ||
            rp_is_vmlinux_header(scan->includes.items[i]))
            return RP_DIALECT_LIBBPF;
    return RP_DIALECT_BCC;
}

enum rp_dialect rp_dialect_of_text(const char *text, enum rp_dialect said) {
    struct rp_scan scan = {0};
    rp_scan_text(&scan, text, strlen(text));
    enum rp_dialect dialect = rp_dialect_of_scan(&scan, said);
    rp_scan_clear(&scan);
    return dialect;
}
