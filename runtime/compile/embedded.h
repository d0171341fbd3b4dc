/* SPDX-License-Identifier: Apache-2.0 */
/* Texts of this directory's prelude/, made into strings at build time. */
#ifndef RP_COMPILE_EMBEDDED_H
#define RP_COMPILE_EMBEDDED_H

/* What a source includes one as. */
#define RP_CALLBACK_HEADER "reprobe/callback.h"

extern const char rp_embedded_base_h[], rp_embedded_snippets_h[], rp_embedded_glue_h[],
    rp_embedded_callback_h[];

#endif
