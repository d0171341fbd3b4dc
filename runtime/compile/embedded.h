/* SPDX-License-Identifier: Apache-2.0 */
/* The texts in prelude/, which the build turns into strings. */
#ifndef RP_COMPILE_EMBEDDED_H
#define RP_COMPILE_EMBEDDED_H

/* The name by which a source includes it. */
#define RP_CALLBACK_HEADER "reprobe/callback.h"

extern const char rp_embedded_base_h[], rp_embedded_snippets_h[], rp_embedded_glue_h[],
    rp_embedded_callback_h[];

#endif
