/* SPDX-License-Identifier: Apache-2.0 */
/* Tail calls: maps of programs that are declared with functions in them. A map takes programs of
 * one type, that of the first that uses it, and so the functions are loaded when that is known. */
#ifndef RP_COMPILE_TAILS_H
#define RP_COMPILE_TAILS_H

#include <stdbool.h>

#include "compile/object.h"

struct rp_error;

/* Loads a function as the same type of program; *fd stays the loader's. */
struct rp_tail_loader {
    struct rp_error *(*load)(void *ctx, const char *function, int *fd);
    void *ctx;
    const int *map_fds; /* of the object's maps */
};

/* Fills the maps that `function`, which is loaded, calls through. */
struct rp_error *rp_tails_load(struct rp_object *object, const struct rp_object_function *function,
                               const struct rp_tail_loader *loader);
/* Whether other functions get there by such a map. */
bool rp_object_is_tail(const struct rp_object *object, const char *function);

#endif
