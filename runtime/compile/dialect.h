/* SPDX-License-Identifier: Apache-2.0 */
/* Which dialect of BPF C a text is written in. */
#ifndef RP_COMPILE_DIALECT_H
#define RP_COMPILE_DIALECT_H

#include "compile/scan.h"
#include "reprobe.h"

/* Of a text that was scanned; `said` is what the user said, and RP_DIALECT_AUTO lets the text
 * decide: it is libbpf's if it has sections, or includes libbpf's headers or vmlinux.h. */
enum rp_dialect rp_dialect_of_scan(const struct rp_scan *scan, enum rp_dialect said);
enum rp_dialect rp_dialect_of_text(const char *text, enum rp_dialect said);

/* Whether `include` is a vmlinux.h, whatever it is called: "vmlinux.h", "vmlinux_601.h",
 * "x86/vmlinux.h". */
bool rp_is_vmlinux_header(const char *include);

#endif
