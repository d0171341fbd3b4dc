/* SPDX-License-Identifier: Apache-2.0 */
/* Debug information of programs: functions, their arguments and where these are, types, variables,
 * lines. What is changed is in one of the sections that have it; all else is as the compiler has
 * made it. */
#include <fcntl.h>
#include <gelf.h>
#include <linux/btf.h>

#include "debug/cfi.h"
#include "debug/frames.h"
#include "debug/lines.h"
#include "debug/programs.h"
#include "fuzz.h"
#include "probe/arguments.h"
#include "probe/binary.h"
#include "probe/typed.h"
#include "query/tree/tree.h"
#include "util/array.h"

size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t most);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t most, unsigned seed);

/* ------------------------------------------------------------------ what is changed */

static bool is_debug(const char *name) {
    return name && (!strncmp(name, ".debug_", 7) || !strcmp(name, ".eh_frame"));
}

struct part {
    size_t offset, size;
};

/* The section number `wanted`, counted round and round; false: there is none. */
static bool find_part(const uint8_t *data, size_t size, unsigned wanted, struct part *out) {
    struct part parts[32];
    size_t names, count = 0;
    elf_version(EV_CURRENT);
    Elf *elf = elf_memory((char *)data, size);
    Elf_Scn *scn = elf && !elf_getshdrstrndx(elf, &names) ? elf_nextscn(elf, NULL) : NULL;
    for (; scn && count < RP_COUNT(parts); scn = elf_nextscn(elf, scn)) {
        GElf_Shdr header;
        if (gelf_getshdr(scn, &header) && is_debug(elf_strptr(elf, names, header.sh_name)) &&
            header.sh_size && header.sh_offset < size && header.sh_size <= size - header.sh_offset)
            parts[count++] = (struct part){header.sh_offset, header.sh_size};
    }
    if (elf)
        elf_end(elf);
    if (count)
        *out = parts[wanted % count];
    return count > 0;
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t most, unsigned seed) {
    struct part part;
    if (!find_part(data, size, seed, &part))
        return LLVMFuzzerMutate(data, size, most);
    /* A few bytes of a long section: what is before them still leads there. */
    size_t from = (seed >> 8) % part.size, length = part.size - from;
    if (length > 64 && seed & 0x80)
        length = 64;
    LLVMFuzzerMutate(data + part.offset + from, length, length);
    return size;
}

/* ------------------------------------------------------------------ what is read */

static void look_at_type(const struct rp_btf *btf, uint32_t id) {
    struct rp_c_types types = {0};
    rp_c_types_add_program(&types, btf);
    const struct rp_c_type *type = rp_c_type_of(&types, btf, id);
    for (unsigned depth = 0; type && depth < 8; depth++) {
        RP_AUTO_FREE char *text = rp_c_type_text(type), *code = rp_c_type_code(type);
        struct rp_c_member member;
        MUST(text && code);
        rp_c_is_string(&types, type);
        if (type->kind == RP_C_COMPOSITE && rp_c_member_find(&types, type, "next", 4, &member))
            type = member.type;
        else
            type = type->kind == RP_C_POINTER ? rp_c_type_to(&types, type) : NULL;
    }
    rp_c_types_clear(&types);
}

static bool reads_all(const void *ctx, const char *name) {
    (void)ctx, (void)name;
    return true;
}

static void look_at_arguments(const char *path, uint64_t address,
                              const struct rp_source_line *line) {
    struct rp_arguments *arguments = calloc(1, sizeof(*arguments));
    MUST(arguments);
    fuzz_end(rp_typed_arguments(path, address, line, arguments));
    struct rp_function_text text = {.out = fuzz_nowhere(),
                                    .arguments = arguments,
                                    .name = "on_event",
                                    .context = "ctx",
                                    .reads = reads_all};
    for (size_t i = 0; i < arguments->count; i++) {
        const struct rp_argument *argument = &arguments->list[i];
        if (!argument->btf)
            continue;
        look_at_type(argument->btf, argument->id);
        if (!argument->missing)
            rp_typed_write(&text, argument);
    }
    fuzz_end(rp_typed_add_global(arguments, "counter"));
    rp_arguments_free(arguments);
}

static void look_at_frames(struct rp_frames *frames, uint64_t address) {
    const struct rp_frame_list *list = rp_frames_at(frames, address);
    for (size_t i = 0; list && i < list->count; i++) {
        MUST(strlen(list->items[i].name) < SIZE_MAX);
        MUST(!list->items[i].file || strlen(list->items[i].file) < SIZE_MAX);
    }
}

struct look {
    const char *path;
    struct rp_frames *frames; /* or NULL */
};

static bool look_at_function(void *ctx, const char *name, uint64_t address, uint64_t size) {
    (void)name;
    const struct look *look = ctx;
    look_at_arguments(look->path, address, NULL);
    look_at_arguments(look->path, address + size / 2, NULL);
    for (uint64_t at = 0; look->frames && at < size && at < 256; at += 5)
        look_at_frames(look->frames, address + at);
    return true;
}

static void look_at_rows(const struct rp_debug *debug) {
    for (uint64_t at = 0x1000; at < 0x1200; at += 16) {
        struct rp_line_rows rows = {0};
        rp_error_free(rp_debug_line_rows(debug, at, 256, &rows));
        rp_vec_clear(&rows);
    }
}

static void look_at_lines(const struct rp_debug *debug, const char *path) {
    struct rp_lines all = {0};
    look_at_rows(debug);
    for (unsigned number = 1; number < 40; number += 3) {
        const struct rp_source_line line = {.file = "small.c", .number = number};
        rp_error_free(rp_debug_line(debug, &line, &all));
        for (size_t i = 0; i < all.count && i < 8; i++) {
            struct rp_source_line there = line;
            there.is_empty = all.items[i].is_empty;
            look_at_arguments(path, all.items[i].address, &there);
        }
        rp_vec_clear(&all);
    }
}

static void look_at_names(const struct rp_debug *debug) {
    static const unsigned kinds[] = {BTF_KIND_STRUCT, BTF_KIND_ENUM, BTF_KIND_TYPEDEF};
    static const char *const names[] = {"conf", "mode", "conf_t"};
    for (size_t i = 0; i < RP_COUNT(names); i++)
        rp_debug_type_named(debug, names[i], kinds[i]);
    struct rp_debug_inlined inlined = {0};
    rp_error_free(rp_debug_inlined_find(debug, "half", 0, &inlined));
    rp_debug_inlined_clear(&inlined);
}

/* Takes `fd`. */
static void look_at_callers(int fd) {
    struct rp_cfi *cfi = rp_cfi_open(fd);
    struct rp_rule rule;
    for (uint64_t offset = 0; cfi && offset < 0x2000; offset += 64) {
        uint64_t address;
        if (rp_cfi_address(cfi, offset, &address))
            for (unsigned at = 0; at < 64; at += 7)
                rp_cfi_rule(cfi, address + at, at % 2, &rule);
    }
    rp_cfi_free(cfi);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    char path[32];
    const struct rp_debug *debug;
    RP_AUTO_CLOSE int fd = fuzz_file(data, size, path);
    MUST(fd >= 0);
    struct rp_error *err = rp_binary_check(path);
    if (!err)
        err = rp_debug_open(path, &debug);
    bool has = !err;
    fuzz_end(err);
    look_at_callers(fcntl(fd, F_DUPFD_CLOEXEC, 0));
    if (has) {
        struct look look = {path, rp_frames_open(fd)};
        rp_error_free(rp_binary_each_function(path, look_at_function, &look));
        rp_frames_free(look.frames);
        look_at_lines(debug, path);
        look_at_names(debug);
    }
    rp_debug_release();
    return 0;
}
