/* SPDX-License-Identifier: Apache-2.0 */
/* Debug information that is not on this machine, from debuginfod servers (elfutils' debuginfod(8)).
 * Nothing is fetched unless rp_debuginfod_use() has said so. */
#ifndef RP_DEBUG_DEBUGINFOD_H
#define RP_DEBUG_DEBUGINFOD_H

#include <stdbool.h>
#include <stdint.h>

struct rp_debuginfod {
    /* Called some times a second until the debug information of that program is here: `got` bytes
     * of `all`, which is 0 until it is known. False ends it. */
    bool (*progress)(const char *program, uint64_t got, uint64_t all);
    /* It has come, from that server; or it has not, which `url` NULL says. */
    void (*end)(const char *program, const char *url);
};

/* From now on; NULL: no longer. `use` stays where it is. The servers are those of the environment's
 * DEBUGINFOD_URLS; what comes is kept where DEBUGINFOD_CACHE_PATH says, or in the user's
 * .cache/debuginfod_client. */
void rp_debuginfod_use(const struct rp_debuginfod *use);
/* What an interrupt has ended may be asked for again. */
void rp_debuginfod_again(void);
/* A descriptor of the debug information of that build of the program, and its path in *name
 * (malloc()ed); -1: it does not come. What does not come is asked for once. At most 60 s, or the
 * environment's DEBUGINFOD_MAXTIME. */
int rp_debuginfod_fetch(const char *program, const char *build_id, char **name);
/* Why that did not come; NULL: it was not asked for, or has come. */
const char *rp_debuginfod_why(const char *program);

#endif
