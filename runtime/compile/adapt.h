/* SPDX-License-Identifier: Apache-2.0 */
/* What is changed in the author's text before libbcc sees it. */
#ifndef RP_COMPILE_ADAPT_H
#define RP_COMPILE_ADAPT_H

/* The text with line markers, so that every message and every line in the BTF is the author's of
 * the file `path`, although libbcc adds lines; and without a form that makes libbcc abort.
 * malloc()ed, NULL without memory. */
char *rp_adapt(const char *path, const char *text);

/* What it writes for BPF_CALLBACK, as long. */
#define RP_ADAPT_CALLBACK "RP_CALLBACK_"

#endif
