/* SPDX-License-Identifier: Apache-2.0 */
/* What the prompt holds: more of hold.c than prompt.h tells. */
#ifndef REPROBE_ENTRY_H
#define REPROBE_ENTRY_H

#include "prompt.h"

/* How many places a pattern may have unless `limit` says more: attached at once, or one by one. */
#define ENTRY_LIMIT_AT_ONCE    1000
#define ENTRY_LIMIT_ONE_BY_ONE 200

/* C that is attached to `places`, where there are some, else to what its functions name. */
struct rp_error *entry_load_at(struct prompt *prompt, const char *name, const char *text,
                               const struct attach_points *attach_points);
/* One more probe of it. */
struct rp_error *entry_attach(struct prompt *prompt, struct entry *entry, const char *function,
                              const char *spec);
/* Where it is attached now. */
struct rp_error *entry_attach_points(const struct entry *entry,
                                     struct attach_points *attach_points);
/* As one would type it: the question, or the name of the C. malloc()ed. */
char *entry_line(const struct entry *entry);
void entry_print_title(const struct entry *entry);

struct rp_error *entry_pause(struct prompt *prompt, struct entry *entry);
struct rp_error *entry_resume(struct prompt *prompt, struct entry *entry);
/* Pauses what prints rows, and says which; false when nothing does. */
bool entry_pause_rows(struct prompt *prompt);

/* One of its maps, or all that have data, to `out`. */
struct rp_error *entry_print_map(const struct prompt *prompt, const struct entry *entry,
                                 const char *map, int as, FILE *out);
struct rp_error *entry_print_maps(const struct prompt *prompt, const struct entry *entry, int as,
                                  FILE *out);
/* All maps of all that is held, to stdout. */
struct rp_error *entry_print_all(const struct prompt *prompt);
/* Frees what we know of them; what the kernel has goes with the session. */
void entry_forget_all(struct prompt *prompt);

/* hold_verbs.c. The command of -c has ended: so has a `wait` for it. */
void wait_ended(struct prompt *prompt);

#endif
