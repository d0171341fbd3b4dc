/* SPDX-License-Identifier: Apache-2.0 */
/* The entries of a map with a given descriptor. */
#ifndef RP_RECORD_MAP_EACH_H
#define RP_RECORD_MAP_EACH_H

#include <linux/bpf.h>

#include "compile/module.h"

struct rp_error *rp_map_info(int fd, const char *name, struct bpf_map_info *info);
bool rp_map_is_per_cpu(const struct bpf_map_info *info);
/* rp_map_each() of a map that is described by `info`. */
struct rp_error *rp_map_entries(int fd, const char *name, const struct bpf_map_info *info,
                                rp_map_entry_fn each, void *ctx);

#endif
