/* SPDX-License-Identifier: Apache-2.0 */
/* Changes the author's text before libbcc sees it. */
#ifndef RP_COMPILE_ADAPT_H
#define RP_COMPILE_ADAPT_H

/* Adds line markers, so that messages and the BTF have the author's lines of the file `path`
 * although libbcc adds some, and rewrites a form that makes libbcc abort. malloc()ed; NULL: out of
 * memory. */
char *rp_adapt(const char *path, const char *text);

/* What it writes for BPF_CALLBACK, of the same length. */
#define RP_ADAPT_CALLBACK "RP_CALLBACK_"

#endif
