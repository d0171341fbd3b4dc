/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The entries of a section with call frame information: common ones (CIE), and one for each
 * function (FDE), whose instructions go on where those of its common one ended.
 */
#ifndef RP_DEBUG_FRAME_ENTRIES_H
#define RP_DEBUG_FRAME_ENTRIES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "debug/bytes.h"
#include "debug/frame_info.h"

/* Bytes that are at an address in the program. */
struct rp_frame_place {
    const uint8_t *bytes;
    size_t size;
    uint64_t address;
};

struct rp_frame_section {
    struct rp_frame_place place;
    bool is_eh_frame; /* else .debug_frame */
};

struct rp_frame_entry {
    struct rp_bytes body; /* behind its identifier */
    uint64_t id;
    size_t id_offset, end; /* in the section */
    bool is_64;
};

struct rp_frame_common {
    uint64_t code_factor;
    int64_t data_factor;
    unsigned return_register;
    uint8_t encoding; /* of a function's addresses */
    bool has_size;    /* of what is before a function's instructions */
    bool is_signal;
    struct rp_bytes instructions;
};

struct rp_frame_function {
    struct rp_frame_common common;
    uint64_t begin, end; /* addresses */
    struct rp_bytes instructions;
};

/* From that offset on. */
struct rp_bytes rp_frame_bytes(const struct rp_frame_place *place, size_t offset);
size_t rp_frame_offset(const struct rp_frame_place *place, const struct rp_bytes *bytes);
/* A number, or an address, which may count from where it is, as DW_EH_PE_* says. */
uint64_t rp_frame_number(struct rp_bytes *bytes, uint8_t encoding);
uint64_t rp_frame_address(const struct rp_frame_place *place, struct rp_bytes *bytes,
                          uint8_t encoding);

/* False: there is none at that offset, or not of that kind. */
bool rp_frame_entry(const struct rp_frame_section *section, size_t offset,
                    struct rp_frame_entry *out);
bool rp_frame_function(const struct rp_frame_section *section, size_t offset,
                       struct rp_frame_function *out);

/* What holds at an address of the function (frame_rows.c). */
bool rp_frame_row(const struct rp_frame_section *section, const struct rp_frame_function *function,
                  uint64_t address, struct rp_frame_row *out);

#endif
