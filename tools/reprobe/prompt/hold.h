/* SPDX-License-Identifier: Apache-2.0 */
/* What the prompt holds: more of hold.c than prompt.h tells. */
#ifndef REPROBE_HOLD_H
#define REPROBE_HOLD_H

#include "prompt.h"

/* How many places a pattern may have unless `limit` says more: attached at once, or one by one. */
#define HELD_LIMIT_AT_ONCE    1000
#define HELD_LIMIT_ONE_BY_ONE 200

/* C that is attached to `places`, where there are some, else to what its functions name. */
struct rp_error *held_load_at(struct prompt *prompt, const char *name, const char *text,
                              const struct places *places);
/* One more probe of it. */
struct rp_error *held_attach(struct prompt *prompt, struct held *held, const char *function,
                             const char *spec);
/* Where it is attached now. */
struct rp_error *held_places(const struct held *held, struct places *places);
/* As one would type it: the question, or the name of the C. malloc()ed. */
char *held_line(const struct held *held);
void held_print_title(const struct held *held);

struct rp_error *held_pause(struct prompt *prompt, struct held *held);
struct rp_error *held_resume(struct prompt *prompt, struct held *held);
/* Pauses what prints rows, and says which; false when nothing does. */
bool held_pause_rows(struct prompt *prompt);

/* One of its maps, or all that have data, to `out`. */
struct rp_error *held_print_map(const struct prompt *prompt, const struct held *held,
                                const char *map, int as, FILE *out);
struct rp_error *held_print_maps(const struct prompt *prompt, const struct held *held, int as,
                                 FILE *out);
/* All maps of all that is held, to stdout. */
struct rp_error *held_print_all(const struct prompt *prompt);
/* Frees what we know of them; what the kernel has goes with the session. */
void held_forget_all(struct prompt *prompt);

/* hold_verbs.c. The command of -c has ended: so has a `wait` for it. */
void wait_ended(struct prompt *prompt);

#endif
