/* SPDX-License-Identifier: Apache-2.0 */
/* Functions of libbcc's that this library defines ahead of it. */
#ifndef RP_COMPILE_INTERPOSE_H
#define RP_COMPILE_INTERPOSE_H

#include <stdbool.h>

/* What libbcc's map creation met, between begin and end. */
struct rp_map_creation {
    bool dry_run;        /* hand out descriptors of /dev/null */
    bool keep_rw_engine; /* see interpose.c */
    int failed_errno;    /* of the first map that could not be created, or 0 */
    char failed_name[64];
    unsigned failed_type, failed_key_size, failed_value_size, failed_max_entries;
};

/* NULL ends it. */
void rp_map_creation_watch(struct rp_map_creation *creation);

#endif
