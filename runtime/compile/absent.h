/* SPDX-License-Identifier: Apache-2.0 */
/* Members of kernel types, types and enumerators, that the running kernel lacks, and that a text
 * names although: it asks bpf_core_field_exists() before it reads them. Its author compiled with
 * another kernel's vmlinux.h. So they are declared; libbpf finds no such field, and makes what
 * reads it an instruction that must not be reached. */
#ifndef RP_COMPILE_ABSENT_H
#define RP_COMPILE_ABSENT_H

#include <stdbool.h>

#include "util/text.h"

/* Pairs: "struct cfs_rq", then "nr_queued"; "" for the type itself; "enum bpf_func_id", then an
 * enumerator. Of a function "()", then its name. */
struct rp_absent {
    struct rp_texts words;
};

/* Which may be absent, since the text asks for such. */
struct rp_absent_asked {
    bool members, types, functions, values;
};

/* Adds those that clang, which said `output` of `text`, did not find. False: there are no more. */
bool rp_absent_find(struct rp_absent *absent, const char *text, const char *output,
                    struct rp_absent_asked asked);
/* `types` with them, malloc()ed. No offset and no size changes. NULL: out of memory. */
char *rp_absent_declare(const struct rp_absent *absent, const char *types);
/* What to tell the user, malloc()ed; NULL if there are none. */
char *rp_absent_note(const struct rp_absent *absent);
void rp_absent_clear(struct rp_absent *absent);

#endif
