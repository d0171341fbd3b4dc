/* SPDX-License-Identifier: Apache-2.0 */
/* The texts in prelude/, which the build turns into strings. */
#ifndef RP_COMPILE_EMBEDDED_H
#define RP_COMPILE_EMBEDDED_H

/* The name by which a source includes it. */
#define RP_CALLBACK_HEADER "reprobe/callback.h"

extern const char rp_embedded_base_h[], rp_embedded_snippets_h[], rp_embedded_glue_h[],
    rp_embedded_callback_h[], rp_embedded_unwind_h[];

/* For libbpf's dialect: C's headers, libbpf's (which come from libbpf's development package, and
 * are LGPL-2.1 OR BSD-2-Clause), and ours before and after them. */
extern const char rp_embedded_c_headers_h[], rp_embedded_libbpf_outputs_h[],
    rp_embedded_libbpf_more_h[], rp_embedded_bpf_helpers_h[], rp_embedded_bpf_helper_defs_h[],
    rp_embedded_bpf_tracing_h[], rp_embedded_bpf_core_read_h[], rp_embedded_bpf_endian_h[],
    rp_embedded_usdt_bpf_h[];

#endif
