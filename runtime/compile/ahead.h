/* SPDX-License-Identifier: Apache-2.0 */
/* An object that was compiled in advance by a child process, kept in memory under its key until it
 * is asked for; see rp_compile_ahead_to(). */
#ifndef RP_COMPILE_AHEAD_H
#define RP_COMPILE_AHEAD_H

#include "compile/object.h"

struct rp_error;

/* The object of that key; NULL: it is not there. It is gone then. */
struct rp_object *rp_ahead_get(const char *key);
/* Whether this process compiles in advance. */
bool rp_ahead_is_child(void);
/* Hands the object to the process that waits for it. NULL: it need not be compiled. Returns what
 * the compile ends with: nothing is loaded here. */
struct rp_error *rp_ahead_hand_over(const char *key, const struct rp_object *object);

#endif
