/* SPDX-License-Identifier: Apache-2.0 */
/* The tracing file system: where it is, and its lists of events. */
#ifndef RP_KERNEL_TRACEFS_H
#define RP_KERNEL_TRACEFS_H

#include <stdbool.h>

struct rp_error;

/* *path is the path of tracefs ("/sys/kernel/tracing" or under debugfs). Mounts it if it is only
 * not mounted. */
struct rp_error *rp_tracefs_path(const char **path);
/* The same, or NULL without an error. */
const char *rp_tracefs_path_or_null(void);
/* Whether it is there, and not shown to this user: it is root's. */
bool rp_tracefs_is_denied(void);
/* Calls `each` with "category:name" of every tracepoint until it returns false. */
struct rp_error *rp_tracefs_each_event(bool (*each)(void *ctx, const char *event), void *ctx);
/* Calls `each` with the name of every function that ftrace can trace, until it returns false.
 * Fails if the kernel has no list (without CONFIG_DYNAMIC_FTRACE) or does not show it to this user.
 */
struct rp_error *rp_tracefs_each_function(bool (*each)(void *ctx, const char *function), void *ctx);
/* The text of events/CATEGORY/NAME/format, malloc()ed; NULL if there is no such event. */
char *rp_tracefs_event_format(const char *category, const char *name);
/* The same, and where tracefs does not show the events of system calls (it is root's; or this
 * kernel has none), the fields that they have elsewhere: their names and types are known
 * (kernel/syscalls.h). */
char *rp_event_format(const char *category, const char *name);
/* The first field in what is left of a format: "TYPE NAME[SIZE];…"; NULL: there is none, or no
 * format. */
const char *rp_event_next_field(const char *format);
/* Mounts `fstype` on `path` if nothing of that type is there. NULL: it is there now. */
struct rp_error *rp_mount_if_missing(const char *fstype, const char *path);

#endif
