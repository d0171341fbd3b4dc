/* SPDX-License-Identifier: Apache-2.0 */
/* What is behind a struct rp_tool. */
#ifndef RP_TOOLS_TOOL_H
#define RP_TOOLS_TOOL_H

#include "reprobe_tool.h"
#include "util/text.h"

struct rp_tool_own {
    struct rp_tool tool; /* what host programs see */
    struct rp_session_opts session;
    struct rp_target target;
    struct rp_texts flags; /* -D, of rp_tool_define() */
    uint64_t begun_ns;     /* when all was attached, of CLOCK_MONOTONIC */
};

/* What stands above and in the column of the time that the command line asks for. */
const char *rp_tool_time_name(const struct rp_tool *tool);
void rp_tool_time(const struct rp_tool *tool, char text[16]);

/* An error if --events was given: the tool prints reports. */
struct rp_error *rp_tool_check_reports(const struct rp_tool *tool);

#endif
