/* SPDX-License-Identifier: Apache-2.0 */
#include "compile/fickle.h"

/* Words whose meaning depends on more than the text. */
static const char *const words[] = {
    "__DATE__",    "__TIME__", "__TIMESTAMP__", "__has_include", "__has_include_next",
    "__has_embed", NULL};

/* Whether the key covers all that the flag can change: not if it reads files. */
static bool is_plain_flag(const char *flag) {
    return flag[0] != '-' || (flag[1] && strchr("DUIWfmOgsw", flag[1])) || strcmp(flag, "-x") == 0;
}

bool rp_is_fickle(const struct rp_scan *scan, const struct rp_compile_opts *opts) {
    if (scan->reads_more || rp_names_has_any(&scan->mentioned, words))
        return true;
    for (size_t i = 0; i < opts->cflag_count; i++)
        if (!is_plain_flag(opts->cflags[i]) && (!i || strcmp(opts->cflags[i - 1], "-D") != 0))
            return true;
    return false;
}
