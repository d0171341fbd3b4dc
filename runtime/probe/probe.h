/* SPDX-License-Identifier: Apache-2.0 */
/* Probes, for the rest of the runtime. */
#ifndef RP_PROBE_PROBE_H
#define RP_PROBE_PROBE_H

#include "compile/module.h"
#include "probe/kind.h"
#include "reprobe.h"

/* Of a spec or a pattern, which need not be well-formed. *program, malloc()ed, is the one that must
 * run for RP_TASKS_PROGRAM, or NULL: any. */
enum rp_tasks rp_probe_tasks(const char *text, char **program);

/* rp_probe_attach() for one process only, if the probe is in a program or library: other processes
 * that use the file are not slowed down. Its children are not probed either. */
struct rp_error *rp_probe_attach_in(struct rp_module *module, const char *function,
                                    const char *spec, pid_t pid, struct rp_probe **out);

/* Of an iterator: *fd is the caller's; while it is read, the program runs, once for everything
 * there is, and what it writes is what is read. -1: it is not an iterator. */
struct rp_error *rp_probe_open_rows(const struct rp_probe *probe, int *fd);

/* Stops the probe without waiting for the kernel's grace period (tens of milliseconds): its events
 * end within a few milliseconds. */
void rp_probe_disable(struct rp_probe *probe);
/* The same for one that is to be freed: begins to detach it. rp_probe_free() waits; detach several,
 * then free them, and they wait together. */
void rp_probe_detach(struct rp_probe *probe);
/* Ends and frees the probe; no event happens after the return. If its program can be stopped
 * (rp_compile_opts.movable), the kernel's grace period passes in the background. */
void rp_probe_leave(struct rp_probe *probe);
struct rp_module *rp_probe_module(const struct rp_probe *probe);

#endif
