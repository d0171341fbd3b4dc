/* SPDX-License-Identifier: Apache-2.0 */
/* What is behind a struct rp_tool. */
#ifndef RP_TOOLS_TOOL_H
#define RP_TOOLS_TOOL_H

#include "reprobe_tool.h"

struct rp_tool_own {
    struct rp_tool tool; /* what host programs see */
    struct rp_session_opts session;
    struct rp_target target;
    char **flags; /* -D, of rp_tool_define() */
    size_t flag_count;
};

#endif
