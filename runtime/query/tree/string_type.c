/* SPDX-License-Identifier: Apache-2.0 */
/* Which structs are strings of C++, Rust or Go, and which of their members say where the text is,
 * and how many bytes it has. */
#include "query/tree/string_type.h"

#include <string.h>

#include "query/tree/tree.h"
#include "util/array.h"

/* The members that say it, by the names that the libraries give them. */
struct form {
    const char *type;
    bool is_template; /* `type` is what its name begins with */
    const char *text, *length;
};

static const struct form forms[] = {
    /* libstdc++ since C++11: the older string has its length elsewhere, and is none of these */
    {"basic_string<char,", true, "_M_dataplus._M_p", "_M_string_length"},
    {"basic_string_view<char,", true, "_M_str", "_M_len"},
    /* libc++, and since LLVM 16 */
    {"basic_string_view<char,", true, "__data", "__size"},
    {"basic_string_view<char,", true, "__data_", "__size_"},
    {"&str", false, "data_ptr", "length"},
    {"&mut str", false, "data_ptr", "length"},
    /* Go's string and []byte */
    {"string", false, "str", "len"},
    {"[]uint8", false, "array", "len"},
    /* of alloc::string::String, since Rust 1.82 and before */
    {"String", false, "vec.buf.inner.ptr.pointer.pointer", "vec.len"},
    {"String", false, "vec.buf.ptr.pointer.pointer", "vec.len"},
};

/* Where libc++'s string has its two layouts, since LLVM 20 and before. */
static const char *const libcxx_roots[] = {"__rep_", "__r_.__value_"};
#define LIBCXX_STRING "basic_string<char,"

/* ------------------------------------------------------------------ which it is */

/* The member at the end of "a.b.c". */
static bool find_path(struct rp_c_types *types, const struct rp_c_type *of, const char *path,
                      struct rp_c_member *out) {
    out->type = of;
    for (; *path; path += strspn(path, ".")) {
        size_t length = strcspn(path, ".");
        if (out->type->kind != RP_C_COMPOSITE ||
            !rp_c_member_find(types, out->type, path, length, out))
            return false;
        path += length;
    }
    return true;
}

static bool has_path(struct rp_c_types *types, const struct rp_c_type *of, const char *path) {
    struct rp_c_member member;
    return find_path(types, of, path, &member);
}

static const char *name_of(const struct rp_c_type *type) {
    bool is_struct = type->kind == RP_C_COMPOSITE && type->btf && type->btf->of_program;
    return is_struct ? rp_btf_name(type->btf, rp_btf_type(type->btf, type->plain)) : "";
}

static const struct form *form_of(struct rp_c_types *types, const struct rp_c_type *type) {
    const char *name = name_of(type);
    for (size_t i = 0; *name && i < RP_COUNT(forms); i++) {
        const struct form *form = &forms[i];
        bool is_it = form->is_template ? !strncmp(name, form->type, strlen(form->type))
                                       : !strcmp(name, form->type);
        if (is_it && has_path(types, type, form->text) && has_path(types, type, form->length))
            return form;
    }
    return NULL;
}

/* The layouts of ABI version 1: the short one's size comes first. */
static bool find_libcxx(struct rp_c_types *types, const struct rp_c_type *type,
                        struct rp_string_type *out) {
    if (strncmp(name_of(type), LIBCXX_STRING, strlen(LIBCXX_STRING)) != 0)
        return false;
    for (size_t i = 0; i < RP_COUNT(libcxx_roots); i++) {
        struct rp_c_member root, text, size;
        *out = (struct rp_string_type){.root = libcxx_roots[i]};
        if (!find_path(types, type, out->root, &root) ||
            !find_path(types, root.type, "__s.__data_", &text) || !text.bit_offset ||
            !find_path(types, root.type, "__s.__size_", &size) ||
            !has_path(types, root.type, "__l.__size_") ||
            !has_path(types, root.type, "__l.__data_"))
            continue;
        out->has_bit = size.bits != 0;
        return size.bits ? has_path(types, root.type, "__s.__is_long_") : size.type->size == 1;
    }
    return false;
}

bool rp_c_string_find(struct rp_c_types *types, const struct rp_c_type *type,
                      struct rp_string_type *out) {
    const struct rp_c_type *of = type->kind == RP_C_POINTER ? rp_c_type_to(types, type) : type;
    const struct form *form = of ? form_of(types, of) : NULL;
    if (!form)
        return of && find_libcxx(types, of, out);
    *out = (struct rp_string_type){.text = form->text, .length = form->length};
    return true;
}

bool rp_c_is_string(struct rp_c_types *types, const struct rp_c_type *type) {
    struct rp_string_type string;
    return rp_c_string_find(types, type, &string);
}
