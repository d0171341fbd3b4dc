/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RP_QUERY_TREE_HABITS_H
#define RP_QUERY_TREE_HABITS_H

#include <stddef.h>

/* How questions say what a word means in the languages of other tools (bpftrace, ply, SQL, Python);
 * NULL if it means nothing there. */
const char *rp_habit_hint(const char *word, size_t length);

#endif
