/* SPDX-License-Identifier: Apache-2.0 */
#include "debug/frame_entries.h"

#include <dwarf.h>
#include <string.h>

struct rp_bytes rp_frame_bytes(const struct rp_frame_place *place, size_t offset) {
    struct rp_bytes all = {place->bytes, place->bytes + place->size, false};
    rp_bytes_take(&all, offset);
    return all;
}

size_t rp_frame_offset(const struct rp_frame_place *place, const struct rp_bytes *bytes) {
    return (size_t)(bytes->at - place->bytes);
}

bool rp_frame_entry(const struct rp_frame_section *section, size_t offset,
                    struct rp_frame_entry *out) {
    struct rp_bytes all = rp_frame_bytes(&section->place, offset);
    uint64_t size = rp_bytes_unsigned(&all, 4);
    out->is_64 = size == UINT32_MAX;
    if (out->is_64)
        size = rp_bytes_unsigned(&all, 8);
    out->body = rp_bytes_part(&all, size);
    if (all.is_bad || size == 0)
        return false;
    out->id_offset = rp_frame_offset(&section->place, &out->body);
    out->end = rp_frame_offset(&section->place, &all);
    out->id = rp_bytes_unsigned(&out->body, out->is_64 ? 8 : 4);
    return !out->body.is_bad;
}

static bool is_common(const struct rp_frame_section *section, const struct rp_frame_entry *entry) {
    return entry->id == (section->is_eh_frame ? 0 : entry->is_64 ? UINT64_MAX : UINT32_MAX);
}

uint64_t rp_frame_number(struct rp_bytes *bytes, uint8_t encoding) {
    switch (encoding & 0x0f) {
    case DW_EH_PE_absptr:
    case DW_EH_PE_udata8:
    case DW_EH_PE_sdata8:
        return rp_bytes_unsigned(bytes, 8);
    case DW_EH_PE_uleb128:
        return rp_bytes_uleb(bytes);
    case DW_EH_PE_sleb128:
        return (uint64_t)rp_bytes_sleb(bytes);
    case DW_EH_PE_udata4:
        return rp_bytes_unsigned(bytes, 4);
    case DW_EH_PE_sdata4:
        return (uint64_t)rp_bytes_signed(bytes, 4);
    case DW_EH_PE_udata2:
        return rp_bytes_unsigned(bytes, 2);
    case DW_EH_PE_sdata2:
        return (uint64_t)rp_bytes_signed(bytes, 2);
    default:
        bytes->is_bad = true;
        return 0;
    }
}

/* What counts from anything but itself, or is elsewhere, is not what linkers write for functions.
 */
uint64_t rp_frame_address(const struct rp_frame_place *place, struct rp_bytes *bytes,
                          uint8_t encoding) {
    uint64_t here = place->address + rp_frame_offset(place, bytes);
    uint8_t from = encoding & 0xf0;
    if (from != DW_EH_PE_absptr && from != DW_EH_PE_pcrel)
        bytes->is_bad = true;
    return rp_frame_number(bytes, encoding) + (from == DW_EH_PE_pcrel ? here : 0);
}

/* The letters of "zR…" say what is there. */
static void read_augmentation(struct rp_bytes *bytes, const char *letters,
                              struct rp_frame_common *out) {
    struct rp_bytes data = rp_bytes_part(bytes, rp_bytes_uleb(bytes));
    for (; *letters; letters++)
        if (*letters == 'R')
            out->encoding = rp_bytes_next(&data);
        else if (*letters == 'L')
            rp_bytes_take(&data, 1);
        else if (*letters == 'P')
            rp_frame_number(&data, rp_bytes_next(&data));
        else if (*letters == 'S')
            out->is_signal = true;
        else if (*letters != 'B' && *letters != 'G') /* arm64's, which have no data */
            break;
    bytes->is_bad = bytes->is_bad || data.is_bad;
}

static bool read_common(const struct rp_frame_section *section, uint64_t offset,
                        struct rp_frame_common *out) {
    struct rp_frame_entry entry;
    if (offset > section->place.size || !rp_frame_entry(section, offset, &entry) ||
        !is_common(section, &entry))
        return false;
    struct rp_bytes *body = &entry.body;
    *out = (struct rp_frame_common){.encoding = DW_EH_PE_absptr};
    uint64_t version = rp_bytes_next(body);
    const char *letters = (const char *)body->at;
    rp_bytes_take(body, strnlen(letters, rp_bytes_left(body)) + 1);
    if (body->is_bad || (version != 1 && version != 3 && version != 4))
        return false;
    if (version == 4 && rp_bytes_unsigned(body, 2) != 8) /* bytes of an address, and of a segment */
        return false;
    out->code_factor = rp_bytes_uleb(body);
    out->data_factor = rp_bytes_sleb(body);
    uint64_t reg = version == 1 ? rp_bytes_next(body) : rp_bytes_uleb(body);
    out->has_size = letters[0] == 'z';
    if (out->has_size)
        read_augmentation(body, letters + 1, out);
    out->return_register = (unsigned)reg;
    out->instructions = *body;
    return !body->is_bad && reg < RP_FRAME_REGISTERS && (out->has_size || !letters[0]);
}

bool rp_frame_function(const struct rp_frame_section *section, size_t offset,
                       struct rp_frame_function *out) {
    struct rp_frame_entry entry;
    if (!rp_frame_entry(section, offset, &entry) || is_common(section, &entry))
        return false;
    if (!read_common(section, section->is_eh_frame ? entry.id_offset - entry.id : entry.id,
                     &out->common))
        return false;
    uint8_t encoding = out->common.encoding;
    out->begin = rp_frame_address(&section->place, &entry.body, encoding);
    out->end = out->begin + rp_frame_number(&entry.body, encoding);
    if (out->common.has_size)
        rp_bytes_take(&entry.body, rp_bytes_uleb(&entry.body));
    out->instructions = entry.body;
    return !entry.body.is_bad;
}
