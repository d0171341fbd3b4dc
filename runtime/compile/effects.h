/* SPDX-License-Identifier: Apache-2.0 */
/* What a function does besides looking: the helpers and kernel functions that it calls which change
 * the system. The instructions tell, whoever compiled them. */
#ifndef RP_COMPILE_EFFECTS_H
#define RP_COMPILE_EFFECTS_H

#include "compile/object.h"

/* "bpf_send_signal, …": what the function calls that changes the system; malloc()ed. *out is NULL
 * if there is nothing of that kind. A kernel function (kfunc) counts unless it is known to change
 * only what the program itself holds. */
struct rp_error *rp_function_effects(const struct rp_object_function *function, char **out);

#endif
