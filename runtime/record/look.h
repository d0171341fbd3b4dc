/* SPDX-License-Identifier: Apache-2.0 */
/* How a number is shown, where its schema says more of it than its type does (rp_member_schema's
 * unit): "duration", "errno", "in:us". */
#ifndef RP_RECORD_LOOK_H
#define RP_RECORD_LOOK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct rp_writer;

/* A number as it was read; `decimals` of its last digits stand behind the point. */
struct rp_look_value {
    __int128 number;
    unsigned bits, decimals;
    bool is_signed;
};

struct rp_look {
    const char *name;
    void (*write)(struct rp_writer *w, const struct rp_look_value *value, const char *rest);
    unsigned width; /* of a usual one */
    bool of_sums;   /* sums of such numbers are shown alike */
    bool in_json;   /* there, too: as it is, it says nothing (addresses in the network's order), or
                       something else than its heading (a unit that was chosen) */
    bool is_text;   /* what it writes is not a number */
    bool of_bytes;  /* an array of 4 or 16 bytes may be such a number */
};

/* The look that `text` begins with ("in:us"; *rest is "us"), or NULL. */
const struct rp_look *rp_look_find(const char *text, const char **rest);
/* The function at an address of a process, and how far behind its beginning that is; false: it is
 * not known. */
typedef bool (*rp_user_name_fn)(pid_t pid, uint64_t address, char *name, size_t size,
                                uint64_t *offset);
/* What the look "usym" asks; NULL: nobody. */
void rp_look_set_user_names(rp_user_name_fn fn);

/* How much a unit is ("us": 1000, of nanoseconds; "KiB": 1024); 0: there is no such unit. */
uint64_t rp_unit_factor(const char *name, uint64_t length);
#endif
