/* SPDX-License-Identifier: Apache-2.0 */
/* libstdc++'s std::__cxx11::string and std::string_view, libc++'s std::__1: those of char. What is
 * said here of their layout is what their sources say; both libraries keep it for their ABIs' sake.
 */
#include "debug/strings.h"

#include <stdlib.h>
#include <string.h>

#include "util/array.h"
#include "util/cleanup.h"
#include "util/text.h"

#define STRING      "basic_string<char,"
#define STRING_VIEW "basic_string_view<char,"
#define HIDER       "_Alloc_hider"

/* ------------------------------------------------------------------ where it is declared */

/* What it is in: innermost first, without names that say nothing. */
struct within {
    const char *names[3];
    unsigned count;
};

static void find_within(Dwarf_Die *die, struct within *out) {
    RP_AUTO_FREE Dwarf_Die *scopes = NULL;
    int count = rp_dw.dwarf_getscopes_die(die, &scopes);
    *out = (struct within){{"", "", ""}, 0};
    for (int i = 1; i < count && out->count < RP_COUNT(out->names); i++) {
        const char *name = rp_dw.dwarf_diename(&scopes[i]);
        unsigned tag = (unsigned)rp_dw.dwarf_tag(&scopes[i]);
        if (name && tag != DW_TAG_compile_unit)
            out->names[out->count++] = name;
    }
}

static bool is_within(const struct within *in, const char *inner, const char *outer) {
    return in->count == 1 + !!*outer && !strcmp(in->names[0], inner) &&
           !strcmp(in->names[1], outer);
}

/* ------------------------------------------------------------------ layouts */

static void add(struct rp_btf_writer *out, uint32_t id, const char *name, uint32_t type,
                uint32_t byte) {
    rp_btf_writer_more(out, id, rp_btf_writer_string(out, name));
    rp_btf_writer_more(out, id, type);
    rp_btf_writer_more(out, id, byte * 8);
}

static uint32_t add_integer(struct rp_btf_writer *out, const char *name, uint32_t size) {
    uint32_t id = rp_btf_writer_add(out, name, BTF_KIND_INT, 0, false, size);
    rp_btf_writer_more(out, id, size * 8);
    return id;
}

static uint32_t add_size(struct rp_btf_writer *out) {
    return add_integer(out, "long unsigned int", 8);
}

static uint32_t add_text_pointer(struct rp_btf_writer *out) {
    uint32_t to = add_integer(out, "char", 1);
    return rp_btf_writer_add(out, "", BTF_KIND_PTR, 0, false, to);
}

static uint32_t add_text(struct rp_btf_writer *out, uint32_t count) {
    uint32_t of = add_integer(out, "char", 1), index = add_integer(out, "unsigned int", 4);
    uint32_t id = rp_btf_writer_add(out, "", BTF_KIND_ARRAY, 0, false, 0);
    rp_btf_writer_more(out, id, of);
    rp_btf_writer_more(out, id, index);
    rp_btf_writer_more(out, id, count);
    return id;
}

/* The pointer comes first where the allocator has no members. */
static void set_hider(struct rp_btf_writer *out, uint32_t id) {
    add(out, id, "_M_p", add_text_pointer(out), 0);
    rp_btf_writer_set(out, id, HIDER, BTF_KIND_STRUCT, 1, true, 8);
}

static void set_libstdcxx(struct rp_btf_writer *out, uint32_t id, const char *name) {
    uint32_t hider = rp_btf_writer_reserve(out);
    set_hider(out, hider);
    add(out, id, "_M_dataplus", hider, 0);
    add(out, id, "_M_string_length", add_size(out), 8);
    add(out, id, "_M_local_buf", add_text(out, 16), 16);
    rp_btf_writer_set(out, id, name, BTF_KIND_STRUCT, 3, true, 32);
}

static uint32_t add_struct(struct rp_btf_writer *out, uint32_t id, const char *name, unsigned count,
                           uint32_t size) {
    rp_btf_writer_set(out, id, name, BTF_KIND_STRUCT, count, true, size);
    return id;
}

/* The lowest bit of the first byte says that it is a long one. */
static void set_libcxx(struct rp_btf_writer *out, uint32_t id, const char *name) {
    uint32_t l = rp_btf_writer_reserve(out), s = rp_btf_writer_reserve(out),
             rep = rp_btf_writer_reserve(out);
    add(out, l, "__cap_", add_size(out), 0);
    add(out, l, "__size_", add_size(out), 8);
    add(out, l, "__data_", add_text_pointer(out), 16);
    add(out, s, "__size_", add_integer(out, "unsigned char", 1), 0);
    add(out, s, "__data_", add_text(out, 23), 1);
    add(out, rep, "__l", add_struct(out, l, "__long", 3, 24), 0);
    add(out, rep, "__s", add_struct(out, s, "__short", 2, 24), 0);
    add(out, id, "__rep_", add_struct(out, rep, "__rep", 2, 24), 0);
    add_struct(out, id, name, 1, 24);
}

static void set_view(struct rp_btf_writer *out, uint32_t id, const char *name, bool is_libcxx) {
    add(out, id, is_libcxx ? "__data_" : "_M_str", add_text_pointer(out), is_libcxx ? 0 : 8);
    add(out, id, is_libcxx ? "__size_" : "_M_len", add_size(out), is_libcxx ? 8 : 0);
    add_struct(out, id, name, 2, 16);
}

bool rp_debug_write_string(struct rp_btf_writer *out, uint32_t id, Dwarf_Die *die,
                           const char *name) {
    struct within in;
    bool is_string = rp_starts_with(name, STRING), is_view = rp_starts_with(name, STRING_VIEW);
    if (!is_string && !is_view && strcmp(name, HIDER) != 0)
        return false;
    find_within(die, &in);
    bool is_libcxx = is_within(&in, "__1", "std");
    bool has_allocator = strstr(is_string ? name : in.names[0], "allocator<char>") != NULL;
    if (is_view && (is_libcxx || is_within(&in, "std", "")))
        set_view(out, id, name, is_libcxx);
    else if (is_string && is_libcxx && has_allocator)
        set_libcxx(out, id, name);
    else if (is_string && is_within(&in, "__cxx11", "std") && has_allocator)
        set_libstdcxx(out, id, name);
    else if (!is_string && !is_view && rp_starts_with(in.names[0], STRING) && has_allocator)
        set_hider(out, id);
    else
        return false;
    return true;
}

/* ------------------------------------------------------------------ how it is passed */

static bool has_member(Dwarf_Die *class, const char *name) {
    Dwarf_Die child;
    for (bool any = rp_dw_first(class, &child); any; any = rp_dw_next(&child)) {
        const char *own = rp_dw.dwarf_diename(&child);
        if (rp_dw.dwarf_tag(&child) == DW_TAG_member && own && !strcmp(own, name))
            return true;
    }
    return false;
}

bool rp_debug_is_string(Dwarf_Die *die) {
    const char *name = rp_dw.dwarf_diename(die);
    return name && rp_starts_with(name, STRING) && has_member(die, "_M_dataplus");
}

bool rp_debug_is_string_view(Dwarf_Die *die) {
    const char *name = rp_dw.dwarf_diename(die);
    return name && rp_starts_with(name, STRING_VIEW) && has_member(die, "_M_str");
}
