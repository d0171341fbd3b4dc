/* SPDX-License-Identifier: Apache-2.0 */
#include "debug/frame_info.h"

#include <dwarf.h>
#include <gelf.h>
#include <stdlib.h>
#include <string.h>

#include "debug/frame_entries.h"
#include "util/vec.h"

#define SECTION_MAX    ((uint64_t)1 << 30) /* bytes, decompressed */
#define TABLE_ENCODING (DW_EH_PE_datarel | DW_EH_PE_sdata4)

struct function {
    uint64_t begin, end; /* addresses */
    size_t offset;       /* its entry's, in the section */
};

struct rp_frame_info {
    struct rp_frame_section section;
    /* .eh_frame_hdr has the functions in order, beside addresses of .eh_frame: linkers write it. */
    struct rp_frame_place header;
    size_t table, table_count; /* its offset, and how many rows it has */
    /* Else they are put in order here. */
    bool is_indexed;
    RP_VEC(struct function) functions;
};

/* ------------------------------------------------------------------ functions by address */

static int compare_functions(const void *a, const void *b) {
    const struct function *x = a, *y = b;
    return x->begin < y->begin ? -1 : x->begin > y->begin;
}

static void index_functions(struct rp_frame_info *info) {
    struct rp_frame_entry entry;
    if (info->is_indexed)
        return;
    info->is_indexed = true;
    for (size_t offset = 0; rp_frame_entry(&info->section, offset, &entry); offset = entry.end) {
        struct rp_frame_function found;
        if (rp_frame_function(&info->section, offset, &found) && found.begin < found.end)
            rp_vec_push(&info->functions, ((struct function){found.begin, found.end, offset}));
    }
    if (info->functions.count)
        qsort(info->functions.items, info->functions.count, sizeof(struct function),
              compare_functions);
}

static uint64_t table_word(const struct rp_frame_info *info, size_t number) {
    struct rp_bytes word = rp_frame_bytes(&info->header, info->table + number * 4);
    return info->header.address + (uint64_t)rp_bytes_signed(&word, 4);
}

static uint64_t begin_of(const struct rp_frame_info *info, size_t i) {
    return info->table_count ? table_word(info, 2 * i) : info->functions.items[i].begin;
}

/* The FDE of the last function that begins at the address, or before. */
static bool find_offset(struct rp_frame_info *info, uint64_t address, size_t *offset) {
    if (!info->table_count)
        index_functions(info);
    size_t low = 0, high = info->table_count ? info->table_count : info->functions.count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (begin_of(info, middle) <= address)
            low = middle + 1;
        else
            high = middle;
    }
    if (!low)
        return false;
    *offset = info->table_count ? table_word(info, 2 * (low - 1) + 1) - info->section.place.address
                                : info->functions.items[low - 1].offset;
    return *offset < info->section.place.size;
}

bool rp_frame_info_row(struct rp_frame_info *info, uint64_t address, struct rp_frame_row *out) {
    struct rp_frame_function found;
    size_t offset;
    return find_offset(info, address, &offset) &&
           rp_frame_function(&info->section, offset, &found) && address >= found.begin &&
           address < found.end && rp_frame_row(&info->section, &found, address, out);
}

/* ------------------------------------------------------------------ the file */

static bool is_of_this_machine(Elf *elf) {
    GElf_Ehdr header;
    return gelf_getehdr(elf, &header) && header.e_ident[EI_CLASS] == ELFCLASS64 &&
           header.e_ident[EI_DATA] == ELFDATA2LSB;
}

static Elf_Scn *section_named(Elf *elf, const char *wanted, GElf_Shdr *header) {
    size_t names;
    if (elf_getshdrstrndx(elf, &names))
        return NULL;
    for (Elf_Scn *section = elf_nextscn(elf, NULL); section; section = elf_nextscn(elf, section)) {
        const char *name =
            gelf_getshdr(section, header) ? elf_strptr(elf, names, header->sh_name) : NULL;
        if (name && !strcmp(name, wanted))
            return section;
    }
    return NULL;
}

static bool decompress(Elf_Scn *section, const GElf_Shdr *header) {
    GElf_Chdr compressed;
    return !(header->sh_flags & SHF_COMPRESSED) ||
           (gelf_getchdr(section, &compressed) && compressed.ch_size <= SECTION_MAX &&
            elf_compress(section, 0, 0) >= 0);
}

/* False: there is no such section, or nothing in it. */
static bool read_section(Elf *elf, const char *name, struct rp_frame_place *out) {
    GElf_Shdr header;
    Elf_Scn *section = section_named(elf, name, &header);
    if (!section || header.sh_type == SHT_NOBITS || !decompress(section, &header))
        return false;
    const Elf_Data *data = elf_getdata(section, NULL);
    if (!data || !data->d_buf || !data->d_size)
        return false;
    *out = (struct rp_frame_place){data->d_buf, data->d_size, header.sh_addr};
    return true;
}

static bool find_segment(Elf *elf, bool (*is_it)(const GElf_Phdr *, uint64_t), uint64_t address,
                         GElf_Phdr *out) {
    size_t count;
    if (elf_getphdrnum(elf, &count))
        return false;
    for (size_t i = 0; i < count; i++)
        if (gelf_getphdr(elf, (int)i, out) && is_it(out, address))
            return true;
    return false;
}

static bool is_header(const GElf_Phdr *segment, uint64_t address) {
    (void)address;
    return segment->p_type == PT_GNU_EH_FRAME;
}

static bool has_address(const GElf_Phdr *segment, uint64_t address) {
    return segment->p_type == PT_LOAD && address >= segment->p_vaddr &&
           address - segment->p_vaddr < segment->p_filesz;
}

/* A segment from that many bytes on. */
static bool read_segment(Elf *elf, const GElf_Phdr *segment, uint64_t skip,
                         struct rp_frame_place *out) {
    const Elf_Data *data = elf_getdata_rawchunk(elf, (int64_t)(segment->p_offset + skip),
                                                segment->p_filesz - skip, ELF_T_BYTE);
    if (!data || !data->d_buf || !data->d_size)
        return false;
    *out = (struct rp_frame_place){data->d_buf, data->d_size, segment->p_vaddr + skip};
    return true;
}

/* Where .eh_frame is, and the table of it, if there is one. False: there is no header. */
static bool read_header(Elf *elf, struct rp_frame_info *info, uint64_t *eh_frame) {
    GElf_Phdr segment;
    struct rp_frame_place *header = &info->header;
    if (!find_segment(elf, is_header, 0, &segment) || !read_segment(elf, &segment, 0, header))
        return false;
    struct rp_bytes in = rp_frame_bytes(header, 0);
    const uint8_t *encodings = rp_bytes_take(&in, 4);
    if (!encodings || encodings[0] != 1)
        return false;
    *eh_frame = rp_frame_address(header, &in, encodings[1]);
    if (in.is_bad)
        return false;
    bool has_table = encodings[2] != DW_EH_PE_omit && encodings[3] == TABLE_ENCODING;
    uint64_t count = has_table ? rp_frame_number(&in, encodings[2]) : 0;
    info->table = rp_frame_offset(header, &in);
    info->table_count = !in.is_bad && count <= rp_bytes_left(&in) / 8 ? count : 0;
    return true;
}

/* A file without sections has only the header, which tells where it begins. */
static bool read_eh_frame(Elf *elf, struct rp_frame_info *info) {
    uint64_t address = 0;
    bool has_header = read_header(elf, info, &address);
    GElf_Phdr segment;
    bool is_read = read_section(elf, ".eh_frame", &info->section.place) ||
                   (has_header && find_segment(elf, has_address, address, &segment) &&
                    read_segment(elf, &segment, address - segment.p_vaddr, &info->section.place));
    if (!has_header || address != info->section.place.address)
        info->table_count = 0; /* it tells of something else */
    return is_read;
}

static struct rp_frame_info *read_info(Elf *elf, bool is_eh_frame) {
    struct rp_frame_info *info = is_of_this_machine(elf) ? calloc(1, sizeof(*info)) : NULL;
    if (!info)
        return NULL;
    info->section.is_eh_frame = is_eh_frame;
    if (is_eh_frame ? read_eh_frame(elf, info)
                    : read_section(elf, ".debug_frame", &info->section.place))
        return info;
    rp_frame_info_free(info);
    return NULL;
}

struct rp_frame_info *rp_frame_info_of_eh_frame(Elf *elf) {
    return read_info(elf, true);
}

struct rp_frame_info *rp_frame_info_of_debug_frame(Elf *elf) {
    return read_info(elf, false);
}

void rp_frame_info_free(struct rp_frame_info *info) {
    if (info)
        rp_vec_clear(&info->functions);
    free(info);
}
