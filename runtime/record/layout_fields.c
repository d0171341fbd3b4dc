/* SPDX-License-Identifier: Apache-2.0 */
/* Layouts from libbcc's field strings: "NAME#TYPE", with clang's TYPE. */
#include <bpf/btf.h>
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/btf.h"
#include "record/layout.h"
#include "util/error.h"
#include "util/text.h"

#define DIMENSIONS_MAX 8

/* C's own names and the most common typedefs, so that they need no BTF. BPF is a 64-bit machine. */
static const struct builtin {
    const char *name;
    enum rp_kind kind;
    unsigned size;
    bool is_char;
} builtins[] = {
    {"char", RP_TEXT, 1, true},
    {"signed char", RP_INT, 1, true},
    {"unsigned char", RP_UINT, 1, false},
    {"short", RP_INT, 2, false},
    {"unsigned short", RP_UINT, 2, false},
    {"int", RP_INT, 4, false},
    {"unsigned int", RP_UINT, 4, false},
    {"long", RP_INT, 8, false},
    {"unsigned long", RP_UINT, 8, false},
    {"long long", RP_INT, 8, false},
    {"unsigned long long", RP_UINT, 8, false},
    {"__int128", RP_BYTES, 16, false},
    {"unsigned __int128", RP_BYTES, 16, false},
    {"_Bool", RP_BOOL, 1, false},
    {"float", RP_FLOAT, 4, false},
    {"double", RP_FLOAT, 8, false},
    {"bool", RP_BOOL, 1, false},
    {"u8", RP_UINT, 1, false},
    {"u16", RP_UINT, 2, false},
    {"u32", RP_UINT, 4, false},
    {"u64", RP_UINT, 8, false},
    {"s8", RP_INT, 1, false},
    {"s16", RP_INT, 2, false},
    {"s32", RP_INT, 4, false},
    {"s64", RP_INT, 8, false},
    {"__u8", RP_UINT, 1, false},
    {"__u16", RP_UINT, 2, false},
    {"__u32", RP_UINT, 4, false},
    {"__u64", RP_UINT, 8, false},
    {"__s8", RP_INT, 1, false},
    {"__s16", RP_INT, 2, false},
    {"__s32", RP_INT, 4, false},
    {"__s64", RP_INT, 8, false},
    {"__be16", RP_UINT, 2, false},
    {"__be32", RP_UINT, 4, false},
    {"__be64", RP_UINT, 8, false},
    {"uint8_t", RP_UINT, 1, false},
    {"uint16_t", RP_UINT, 2, false},
    {"uint32_t", RP_UINT, 4, false},
    {"uint64_t", RP_UINT, 8, false},
    {"int8_t", RP_INT, 1, false},
    {"int16_t", RP_INT, 2, false},
    {"int32_t", RP_INT, 4, false},
    {"int64_t", RP_INT, 8, false},
    {"size_t", RP_UINT, 8, false},
    {"ssize_t", RP_INT, 8, false},
    {"loff_t", RP_INT, 8, false},
    {"pid_t", RP_INT, 4, false},
    {"uid_t", RP_UINT, 4, false},
    {"gid_t", RP_UINT, 4, false},
    {"dev_t", RP_UINT, 4, false},
};

/* Whether `text` ends with the word `word`: "int const" ends with "const". */
static bool ends_in_word(const char *text, size_t length, const char *word) {
    size_t n = strlen(word);
    return length >= n && !memcmp(text + length - n, word, n) &&
           (length == n || strchr(" *", text[length - n - 1]));
}

/* Removes qualifiers and blanks from both ends. */
static void trim(const char **text, size_t *length) {
    static const char *const words[] = {"const", "volatile", "restrict", "__restrict"};
    for (bool again = true; again;) {
        again = false;
        for (; *length && isspace((unsigned char)**text); (*text)++)
            --*length;
        while (*length && isspace((unsigned char)(*text)[*length - 1]))
            --*length;
        for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
            size_t n = strlen(words[i]);
            if (*length > n && !memcmp(*text, words[i], n) && (*text)[n] == ' ') {
                *text += n;
                *length -= n;
                again = true;
            } else if (ends_in_word(*text, *length, words[i])) {
                *length -= n;
                again = true;
            }
        }
    }
}

/* Removes "[N]" from the end; false if there is none. The length of "[]" is 0. */
static bool cut_dimension(const char *text, size_t *length, uint32_t *count) {
    if (!*length || text[*length - 1] != ']')
        return false;
    size_t open = *length - 1;
    while (open && text[open] != '[')
        open--;
    if (text[open] != '[')
        return false;
    unsigned long number = strtoul(text + open + 1, NULL, 10);
    *count = number > UINT32_MAX ? UINT32_MAX : (uint32_t)number;
    *length = open;
    while (*length && text[*length - 1] == ' ')
        --*length;
    return true;
}

static struct rp_error *type_by_name(const struct btf *btf, const char *name, uint32_t kind,
                                     struct rp_type **out) {
    int id = btf ? btf__find_by_name_kind(btf, name, kind) : -1;
    return id > 0 ? rp_type_from_btf(btf, (uint32_t)id, out) : NULL;
}

/* "struct NAME" and the like: from the source's types, or else from the kernel's. */
static struct rp_error *tagged_type(const char *name, const struct btf *extra,
                                    struct rp_type **out) {
    static const struct {
        const char *keyword;
        uint32_t kind;
    } tags[] = {{"struct ", BTF_KIND_STRUCT},
                {"union ", BTF_KIND_UNION},
                {"enum ", BTF_KIND_ENUM},
                {"enum ", BTF_KIND_ENUM64}};
    const struct btf *known[] = {extra, rp_kernel_btf_or_null()};
    for (size_t i = 0; i < 2; i++) {
        for (size_t j = 0; j < sizeof(tags) / sizeof(tags[0]) && !*out; j++) {
            size_t n = strlen(tags[j].keyword);
            if (!strncmp(name, tags[j].keyword, n))
                RP_TRY(type_by_name(known[i], name + n, tags[j].kind, out));
        }
    }
    return NULL;
}

static struct rp_error *builtin_type(const char *name, struct rp_type **out) {
    for (size_t i = 0; i < sizeof(builtins) / sizeof(builtins[0]); i++) {
        const struct builtin *builtin = &builtins[i];
        if (strcmp(builtin->name, name) != 0)
            continue;
        struct rp_type *type = rp_type_new(builtin->kind, builtin->size);
        if (!type)
            return rp_error_nomem();
        type->is_char = builtin->is_char;
        type->count = builtin->kind == RP_TEXT;
        type->is_number = builtin->kind == RP_BYTES;
        *out = type;
        return NULL;
    }
    return NULL;
}

static struct rp_error *plain_type(const char *name, const struct btf *extra,
                                   struct rp_type **out) {
    RP_TRY(type_by_name(extra, name, BTF_KIND_TYPEDEF, out));
    if (!*out)
        RP_TRY(builtin_type(name, out));
    if (!*out)
        RP_TRY(type_by_name(rp_kernel_btf_or_null(), name, BTF_KIND_TYPEDEF, out));
    return NULL;
}

static struct rp_error *new_type(enum rp_kind kind, unsigned size, struct rp_type **out) {
    *out = rp_type_new(kind, size);
    return *out ? NULL : rp_error_nomem();
}

/* A type without its array dimensions. */
static struct rp_error *element_type(const char *text, size_t length, const struct btf *extra,
                                     struct rp_type **out) {
    trim(&text, &length);
    if (length && text[length - 1] == '*')
        return new_type(RP_POINTER, 8, out);
    RP_AUTO_FREE char *name = strndup(text, length);
    if (!name)
        return rp_error_nomem();
    /* "enum (unnamed enum at FILE:1:2)": its names are lost, it has the size of an int. */
    if (rp_starts_with(name, "enum ") && strchr(name, '('))
        return new_type(RP_UINT, 4, out);
    if (rp_starts_with(name, "struct ") || rp_starts_with(name, "union ") ||
        rp_starts_with(name, "enum "))
        return tagged_type(name, extra, out);
    return plain_type(name, extra, out);
}

/* The "(*" of a pointer to a function or array, or NULL; skips the file name of an anonymous
 * struct. */
static const char *pointer_in(const char *text) {
    bool anonymous = strstr(text, "(anonymous") || strstr(text, "(unnamed");
    return anonymous ? NULL : strstr(text, "(*");
}

struct rp_error *rp_type_from_text(const char *text, const struct btf *extra,
                                   struct rp_type **out) {
    *out = NULL;
    uint32_t counts[DIMENSIONS_MAX];
    size_t dimensions = 0, length = strlen(text);
    const char *pointer = pointer_in(text);
    if (pointer) { /* "int (*[4])(int)": an array of 4 pointers */
        const char *close = strchr(pointer, ')');
        text = pointer + 1;
        length = close ? (size_t)(close - text) : strlen(text);
    }
    while (dimensions < DIMENSIONS_MAX && cut_dimension(text, &length, &counts[dimensions]))
        dimensions++;
    RP_AUTO_TYPE struct rp_type *type = NULL;
    RP_TRY(element_type(text, length, extra, &type));
    for (size_t i = 0; i < dimensions && type; i++) { /* the last one is the innermost */
        if (type->size * counts[i] > RP_TYPE_SIZE_MAX)
            return NULL;
        struct rp_type *array = rp_type_array(rp_take(type), counts[i]);
        if (!array)
            return rp_error_nomem();
        type = array;
    }
    *out = rp_take(type);
    return NULL;
}

/* The type's text, after the '#'. */
static const char *field_type(const char *field) {
    const char *mark = strchr(field, '#');
    return mark ? mark + 1 : "";
}

/* An unnamed bit field is padding: libbcc has it, BTF does not. */
static bool is_padding(const char *field) {
    const char *type = field_type(field);
    return *field == '#' && !rp_starts_with(type, "struct ") && !rp_starts_with(type, "union ");
}

static uint64_t round_up(uint64_t n, uint64_t to) {
    return (n + to - 1) / to * to;
}

/* Appends a field to the struct. *known becomes false if its offset or that of later fields is
 * unknown. */
static struct rp_error *add_field(struct rp_type *record, const char *field, bool last,
                                  const struct btf *extra, bool *known) {
    RP_AUTO_TYPE struct rp_type *type = NULL;
    RP_AUTO_FREE char *name = strndup(field, strcspn(field, "#"));
    if (!name)
        return rp_error_nomem();
    if (!is_padding(field))
        RP_TRY(rp_type_from_text(field_type(field), extra, &type));
    if (!type) {
        *known = last;
        type = rp_type_new(RP_BYTES, 0);
        if (!type)
            return rp_error_nomem();
        type->to_the_end = true;
    }
    uint64_t offset = round_up(record->size, type->align);
    record->size = offset + type->size;
    if (record->align < type->align)
        record->align = type->align;
    if (!rp_type_add_member(record, name, rp_take(type), offset * 8, 0))
        return rp_error_nomem();
    return NULL;
}

struct rp_error *rp_layout_from_fields(const char *const *fields, size_t count,
                                       const struct btf *extra, struct rp_layout **out) {
    RP_AUTO_TYPE struct rp_type *record = rp_type_new(RP_STRUCT, 0);
    if (!record)
        return rp_error_nomem();
    bool known = count > 0;
    for (size_t i = 0; i < count && known; i++)
        RP_TRY(add_field(record, fields[i], i + 1 == count, extra, &known));
    if (!known)
        return rp_layout_new(NULL, "data", out);
    record->size = round_up(record->size, record->align);
    return rp_layout_new(rp_take(record), "data", out);
}

/* Whether the member may be the field: it has the same name, and the same type if the field's type
 * is known. */
static struct rp_error *member_matches(const struct btf *btf, const struct btf_member *member,
                                       const char *field, bool *matches) {
    const char *type = field_type(field), *name = btf__name_by_offset(btf, member->name_off);
    size_t length = strcspn(field, "#");
    *matches = name && strlen(name) == length && !memcmp(name, field, length);
    if (!*matches || strchr(type, '('))
        return NULL;
    RP_AUTO_TYPE struct rp_type *told = NULL, *actual = NULL;
    RP_TRY(rp_type_from_text(type, btf, &told));
    if (!told)
        return NULL;
    RP_TRY(rp_type_from_btf(btf, member->type, &actual));
    *matches = rp_type_same(told, actual);
    return NULL;
}

static struct rp_error *struct_matches(const struct btf *btf, const struct btf_type *t,
                                       const char *const *fields, size_t count, bool *matches) {
    size_t member = 0;
    *matches = true;
    for (size_t i = 0; i < count && *matches; i++) {
        if (is_padding(fields[i]))
            continue;
        if (member == btf_vlen(t))
            *matches = false;
        else
            RP_TRY(member_matches(btf, &btf_members(t)[member++], fields[i], matches));
    }
    *matches &= member == btf_vlen(t);
    return NULL;
}

struct rp_error *rp_layout_has(const struct btf *btf, const struct rp_object_types *types,
                               uint32_t id, bool *has) {
    RP_AUTO_TYPE struct rp_type *type = NULL;
    RP_TRY(rp_type_from_btf(btf, id, &type));
    *has = false;
    for (size_t i = 0; i < types->count && !*has; i++) {
        RP_AUTO_TYPE struct rp_type *other = NULL;
        RP_TRY(rp_type_from_btf(btf, types->items[i], &other));
        *has = rp_type_same(type, other);
    }
    return NULL;
}

struct rp_error *rp_layout_add(const struct btf *btf, uint32_t id, struct rp_object_types *types) {
    bool has;
    RP_TRY(rp_layout_has(btf, types, id, &has));
    return has || rp_vec_push(types, id) ? NULL : rp_error_nomem();
}

struct rp_error *rp_layout_find(const struct btf *btf, const char *const *fields, size_t count,
                                struct rp_object_types *types) {
    for (uint32_t id = 1; btf && id < btf__type_cnt(btf); id++) {
        const struct btf_type *t = btf__type_by_id(btf, id);
        bool matches = false;
        if (btf_is_struct(t))
            RP_TRY(struct_matches(btf, t, fields, count, &matches));
        if (matches)
            RP_TRY(rp_layout_add(btf, id, types));
    }
    return NULL;
}
