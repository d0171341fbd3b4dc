/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The kernel's types: found, measured, and written in C.
 *
 * libbpf copies all of BTF and notes where each of 130,000 types begins. A source needs some
 * hundred of them. Here the bytes stay where they are; one pass notes every 16th type and the types
 * that C can name, and a type is found from there in a few steps.
 */
#include "kernel/btf.h"

#include <bpf/bpf.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "util/array.h"
#include "util/cleanup.h"
#include "util/error.h"
#include "util/text.h"

#define STRIDE 16 /* types from one mark to the next */

/* Without pointers BTF is a tree; no compiler writes a longer chain than this. */
#define DEPTH_MAX 64

static const struct btf_type void_type;

/* ------------------------------------------------------------- walking */

/* The length of a type: a number of bytes, and some more for each member. A kind without a length
 * is unknown. */
static const struct {
    uint8_t fixed, each;
} lengths[1 << 5] = {
#define LENGTH(more, each)                                                                         \
    { sizeof(struct btf_type) + (more), each }
    [BTF_KIND_INT] = LENGTH(sizeof(uint32_t), 0),
    [BTF_KIND_PTR] = LENGTH(0, 0),
    [BTF_KIND_ARRAY] = LENGTH(sizeof(struct btf_array), 0),
    [BTF_KIND_STRUCT] = LENGTH(0, sizeof(struct btf_member)),
    [BTF_KIND_UNION] = LENGTH(0, sizeof(struct btf_member)),
    [BTF_KIND_ENUM] = LENGTH(0, sizeof(struct btf_enum)),
    [BTF_KIND_FWD] = LENGTH(0, 0),
    [BTF_KIND_TYPEDEF] = LENGTH(0, 0),
    [BTF_KIND_VOLATILE] = LENGTH(0, 0),
    [BTF_KIND_CONST] = LENGTH(0, 0),
    [BTF_KIND_RESTRICT] = LENGTH(0, 0),
    [BTF_KIND_FUNC] = LENGTH(0, 0),
    [BTF_KIND_FUNC_PROTO] = LENGTH(0, sizeof(struct btf_param)),
    [BTF_KIND_VAR] = LENGTH(sizeof(struct btf_var), 0),
    [BTF_KIND_DATASEC] = LENGTH(0, sizeof(struct btf_var_secinfo)),
    [BTF_KIND_FLOAT] = LENGTH(0, 0),
    [BTF_KIND_DECL_TAG] = LENGTH(sizeof(struct btf_decl_tag), 0),
    [BTF_KIND_TYPE_TAG] = LENGTH(0, 0),
    [BTF_KIND_ENUM64] = LENGTH(0, sizeof(struct btf_enum64)),
#undef LENGTH
};

/* In bytes; 0 if the kind is unknown. */
static inline size_t length(const struct btf_type *t) {
    unsigned kind = btf_kind(t); /* five bits */
    return lengths[kind].fixed + (size_t)lengths[kind].each * btf_vlen(t);
}

static const struct btf_type *after(const struct btf_type *t) {
    return (const struct btf_type *)((const char *)t + length(t));
}

static bool is_nameable(unsigned kind) {
    static const uint32_t kinds = 1U << BTF_KIND_STRUCT | 1U << BTF_KIND_UNION |
                                  1U << BTF_KIND_ENUM | 1U << BTF_KIND_ENUM64 |
                                  1U << BTF_KIND_TYPEDEF;
    return kinds >> kind & 1;
}

/* False, with errno, if it is not BTF of a known form. */
static bool index_types(struct rp_btf *btf, size_t types_len) {
    uint32_t index = 0;
    for (size_t at = 0, len; at < types_len; at += len, index++) {
        const struct btf_type *t = (const struct btf_type *)(btf->types + at);
        size_t left = types_len - at;
        len = left < sizeof(*t) ? 0 : length(t);
        if (!len || len > left) {
            errno = EINVAL;
            return false;
        }
        const struct rp_btf_entry entry = {btf->first_id + index, (uint32_t)at};
        if ((index % STRIDE == 0 && !rp_vec_push(&btf->marks, entry.at)) ||
            (is_nameable(btf_kind(t)) && !rp_vec_push(&btf->nameable, entry)))
            return false;
    }
    btf->end_id = btf->first_id + index;
    return true;
}

/* ------------------------------------------------------------- making one */

/* Finds the sections; the strings end with a NUL. */
static bool find_sections(struct rp_btf *btf, size_t *types_len) {
    const struct btf_header *header = btf->bytes;
    if (btf->size < sizeof(*header) || header->magic != BTF_MAGIC || header->hdr_len > btf->size)
        return false;
    size_t left = btf->size - header->hdr_len;
    if (header->type_off > left || header->type_len > left - header->type_off ||
        header->str_off > left || header->str_len > left - header->str_off || !header->str_len)
        return false;
    btf->types = (const char *)btf->bytes + header->hdr_len + header->type_off;
    btf->strings = (const char *)btf->bytes + header->hdr_len + header->str_off;
    btf->first_string = btf->base ? btf->base->end_string : 0;
    btf->end_string = btf->first_string + header->str_len;
    btf->first_id = btf->base ? btf->base->end_id : 1;
    *types_len = header->type_len;
    return !btf->strings[header->str_len - 1];
}

struct rp_btf *rp_btf_new(void *bytes, size_t size, const struct rp_btf *base) {
    struct rp_btf *btf = calloc(1, sizeof(*btf));
    if (!btf)
        return NULL;
    *btf = (struct rp_btf){.base = base, .bytes = bytes, .size = size};
    size_t types_len = 0;
    errno = EINVAL;
    if (find_sections(btf, &types_len) && index_types(btf, types_len))
        return btf;
    btf->bytes = NULL;
    rp_btf_free(btf);
    return NULL;
}

/* The kernel returns one page of its types per read. */
static bool read_all(int fd, char *bytes, size_t size) {
    for (size_t done = 0; done < size;) {
        ssize_t n = read(fd, bytes + done, size - done);
        if (n == 0)
            errno = EIO;
        if (n <= 0)
            return false;
        done += (size_t)n;
    }
    return true;
}

struct rp_btf *rp_btf_open(const char *path, const struct rp_btf *base) {
    RP_AUTO_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC);
    struct stat st;
    if (fd < 0 || fstat(fd, &st))
        return NULL;
    size_t size = (size_t)st.st_size;
    void *bytes = mmap(NULL, size, PROT_READ, MAP_PRIVATE, fd, 0);
    bool filled = bytes != MAP_FAILED;
    if (!filled) /* not malloc()ed, so that freeing it returns it to the system */
        bytes = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE,
                     -1, 0);
    if (bytes == MAP_FAILED)
        return NULL;
    struct rp_btf *btf = filled || read_all(fd, bytes, size) ? rp_btf_new(bytes, size, base) : NULL;
    if (!btf) {
        int saved = errno;
        munmap(bytes, size);
        errno = saved;
    }
    return btf;
}

void rp_btf_free(struct rp_btf *btf) {
    while (btf) {
        struct rp_btf *next = btf->next;
        int saved = errno;
        if (btf->bytes)
            munmap(btf->bytes, btf->size);
        rp_vec_clear(&btf->marks);
        rp_vec_clear(&btf->nameable);
        for (size_t i = 0; i < btf->namesakes.count; i++)
            free(btf->namesakes.items[i].name);
        rp_vec_clear(&btf->namesakes);
        free(btf->names);
        free(btf->module);
        free(btf);
        errno = saved;
        btf = next;
    }
}

/* ------------------------------------------------------------- looking at it */

const struct btf_type *rp_btf_type(const struct rp_btf *btf, uint32_t id) {
    if (id < btf->first_id && btf->base)
        btf = btf->base;
    if (id < btf->first_id || id >= btf->end_id)
        return &void_type;
    uint32_t index = id - btf->first_id;
    const struct btf_type *t =
        (const struct btf_type *)(btf->types + btf->marks.items[index / STRIDE]);
    for (uint32_t steps = index % STRIDE; steps; steps--)
        t = after(t);
    return t;
}

static bool is_called(const struct rp_btf *btf, const struct btf_type *t, const char *name) {
    return *rp_btf_string(btf, t->name_off) == *name && strcmp(rp_btf_name(btf, t), name) == 0;
}

uint32_t rp_btf_find(const struct rp_btf *btf, const char *name, unsigned kind) {
    if (is_nameable(kind)) {
        for (size_t i = 0; i < btf->nameable.count; i++) {
            const struct btf_type *t = rp_btf_entry_type(btf, &btf->nameable.items[i]);
            if (btf_kind(t) == kind && is_called(btf, t, name))
                return btf->nameable.items[i].id;
        }
        return 0;
    }
    const struct btf_type *t = (const struct btf_type *)btf->types;
    for (uint32_t id = btf->first_id; id < btf->end_id; id++, t = after(t))
        if (btf_kind(t) == kind && is_called(btf, t, name))
            return id;
    return 0;
}

const char *rp_btf_next_named(const struct rp_btf *btf, unsigned kind, const char *prefix,
                              uint32_t *id) {
    for (*id = *id ? *id + 1 : btf->first_id; *id < btf->end_id; ++*id) {
        const struct btf_type *t = rp_btf_type(btf, *id);
        if (btf_kind(t) == kind && rp_starts_with(rp_btf_name(btf, t), prefix))
            return rp_btf_name(btf, t);
    }
    return NULL;
}

uint32_t rp_btf_skip_modifiers(const struct rp_btf *btf, uint32_t id) {
    const struct btf_type *t = rp_btf_type(btf, id);
    for (unsigned depth = 0; depth < DEPTH_MAX && btf_is_mod(t); depth++) {
        id = t->type;
        t = rp_btf_type(btf, id);
    }
    return id;
}

uint32_t rp_btf_skip_to_base(const struct rp_btf *btf, uint32_t id) {
    const struct btf_type *t = rp_btf_type(btf, id);
    for (unsigned depth = 0; depth < DEPTH_MAX && (btf_is_mod(t) || btf_is_typedef(t)); depth++) {
        id = t->type;
        t = rp_btf_type(btf, id);
    }
    return id;
}

uint64_t rp_btf_size(const struct rp_btf *btf, uint32_t id) {
    uint64_t count = 1;
    for (unsigned depth = 0; depth < DEPTH_MAX; depth++) {
        const struct btf_type *t = rp_btf_base_type(btf, id);
        switch (btf_kind(t)) {
        case BTF_KIND_INT:
        case BTF_KIND_STRUCT:
        case BTF_KIND_UNION:
        case BTF_KIND_ENUM:
        case BTF_KIND_ENUM64:
        case BTF_KIND_FLOAT:
            return count * t->size;
        case BTF_KIND_PTR:
            return count * sizeof(void *);
        case BTF_KIND_ARRAY:
            count *= btf_array(t)->nelems;
            id = btf_array(t)->type;
            break;
        default:
            return 0;
        }
    }
    return 0;
}

const struct btf_type *rp_btf_find_composite(const struct rp_btf *btf, const char *name) {
    for (size_t i = 0; i < btf->nameable.count; i++) {
        const struct rp_btf_entry *entry = &btf->nameable.items[i];
        if (!is_called(btf, rp_btf_entry_type(btf, entry), name))
            continue;
        const struct btf_type *t = rp_btf_base_type(btf, entry->id);
        if (btf_is_composite(t))
            return t;
    }
    return NULL;
}

bool rp_btf_member_offset(const struct rp_btf *btf, const struct btf_type *t, const char *name,
                          size_t length, uint32_t *bytes) {
    for (uint16_t i = 0; btf_is_composite(t) && i < btf_vlen(t); i++) {
        const struct btf_member *member = &btf_members(t)[i];
        const char *own = rp_btf_string(btf, member->name_off);
        uint32_t inside = 0;
        bool found = *own ? !strncmp(own, name, length) && !own[length]
                          : rp_btf_member_offset(btf, rp_btf_base_type(btf, member->type), name,
                                                 length, &inside);
        if (!found)
            continue;
        *bytes = btf_member_bit_offset(t, i) / 8 + inside;
        return true;
    }
    return false;
}

/* A type is packed if its alignment or size does not fit its members. */
static unsigned align_of_composite(const struct rp_btf *btf, const struct btf_type *t) {
    const struct btf_member *m = btf_members(t);
    unsigned align = 1;
    for (unsigned i = 0; i < btf_vlen(t); i++) {
        unsigned its = rp_btf_align(btf, m[i].type);
        if (!btf_member_bitfield_size(t, i) && btf_member_bit_offset(t, i) % (8 * its))
            return 1;
        align = its > align ? its : align;
    }
    return t->size % align ? 1 : align;
}

unsigned rp_btf_align(const struct rp_btf *btf, uint32_t id) {
    for (unsigned depth = 0; depth < DEPTH_MAX; depth++) {
        const struct btf_type *t = rp_btf_base_type(btf, id);
        switch (btf_kind(t)) {
        case BTF_KIND_INT:
        case BTF_KIND_ENUM:
        case BTF_KIND_ENUM64:
        case BTF_KIND_FLOAT:
            return t->size && t->size < sizeof(void *) ? t->size : sizeof(void *);
        case BTF_KIND_PTR:
            return sizeof(void *);
        case BTF_KIND_ARRAY:
            id = btf_array(t)->type;
            break;
        case BTF_KIND_STRUCT:
        case BTF_KIND_UNION:
            return align_of_composite(btf, t);
        default:
            return 1;
        }
    }
    return 1;
}

/* ------------------------------------------------------------- types of one name */

const char *rp_btf_namesake(const struct rp_btf *btf, const struct btf_type *t) {
    size_t from = 0, to = btf->namesakes.count;
    while (from < to) {
        size_t middle = from + (to - from) / 2;
        const struct rp_btf_namesake *namesake = &btf->namesakes.items[middle];
        if (namesake->type == t)
            return namesake->name;
        if (namesake->type < t)
            from = middle + 1;
        else
            to = middle;
    }
    return btf->base ? rp_btf_namesake(btf->base, t) : NULL;
}

/* Whether C may take one for the other: what their members are is told by those. */
static bool is_alike(const struct rp_btf *btf, uint32_t a_id, uint32_t b_id) {
    const struct btf_type *a = rp_btf_base_type(btf, a_id), *b = rp_btf_base_type(btf, b_id);
    if (!btf_is_composite(a) || !btf_is_composite(b))
        return btf_kind(a) == btf_kind(b) && rp_btf_size(btf, a_id) == rp_btf_size(btf, b_id);
    if (btf_kind(a) != btf_kind(b) || a->size != b->size || btf_vlen(a) != btf_vlen(b))
        return false;
    for (unsigned i = 0; i < btf_vlen(a); i++)
        if (btf_members(a)[i].name_off != btf_members(b)[i].name_off ||
            btf_members(a)[i].offset != btf_members(b)[i].offset)
            return false;
    return true;
}

/* The first type of each name: tags and typedefs are apart, and a name is once in the strings. */
struct rp_btf_names {
    size_t mask;
    struct {
        uint32_t key; /* 0: free */
        uint32_t id;
    } slots[];
};

static uint32_t key_of(const struct btf_type *t) {
    return t->name_off << 1 | btf_is_typedef(t);
}

static size_t find_slot(const struct rp_btf_names *names, uint32_t key) {
    size_t at = key * UINT64_C(0x9e3779b97f4a7c15) >> 20 & names->mask;
    while (names->slots[at].key && names->slots[at].key != key)
        at = (at + 1) & names->mask;
    return at;
}

static struct rp_btf_names *make_names(size_t count) {
    size_t mask = 63;
    while (mask < count + count / 2)
        mask = 2 * mask + 1;
    struct rp_btf_names *names = calloc(1, sizeof(*names) + (mask + 1) * sizeof(names->slots[0]));
    if (names)
        names->mask = mask;
    return names;
}

static unsigned count_namesakes(const struct rp_btf *btf, uint32_t name) {
    unsigned count = btf->base ? count_namesakes(btf->base, name) : 0;
    for (size_t i = 0; i < btf->namesakes.count; i++)
        count += btf->namesakes.items[i].type->name_off == name;
    return count;
}

static bool add_namesake(struct rp_btf *btf, const struct btf_type *t) {
    char *name =
        rp_text("%s___%u", rp_btf_string(btf, t->name_off), count_namesakes(btf, t->name_off) + 2);
    const struct rp_btf_namesake namesake = {t, name};
    if (name && rp_vec_push(&btf->namesakes, namesake))
        return true;
    free(name);
    return false;
}

bool rp_btf_find_namesakes(struct rp_btf *btf) {
    const struct rp_btf_names *others = btf->base ? btf->base->names : NULL;
    struct rp_btf_names *names = btf->names = make_names(btf->nameable.count);
    for (size_t i = 0; names && i < btf->nameable.count; i++) {
        const struct btf_type *t = rp_btf_entry_type(btf, &btf->nameable.items[i]);
        uint32_t id = btf->nameable.items[i].id, key = key_of(t), first = id;
        if (!t->name_off)
            continue;
        size_t at = find_slot(names, key);
        if (names->slots[at].key) {
            first = names->slots[at].id;
        } else {
            size_t before = others ? find_slot(others, key) : 0;
            if (others && others->slots[before].key)
                first = others->slots[before].id;
            names->slots[at].key = key;
            names->slots[at].id = first;
        }
        if (first != id && !is_alike(btf, first, id) && !add_namesake(btf, t))
            return false;
    }
    return names != NULL;
}

/* ------------------------------------------------------------- the running kernel's */

static struct rp_btf *open_kernels(const char *path, const struct rp_btf *base) {
    struct rp_btf *btf = rp_btf_open(path, base);
    if (!btf || rp_btf_find_namesakes(btf))
        return btf;
    rp_btf_free(btf);
    errno = ENOMEM;
    return NULL;
}

/* Kept, because the kernel's types do not change while this process lives. */
static struct rp_btf *vmlinux;
static struct btf *vmlinux_of_libbpf;
static int vmlinux_errno;

const struct rp_btf *rp_kernel_types_or_null(void) {
    if (!vmlinux && !vmlinux_errno) {
        vmlinux = open_kernels("/sys/kernel/btf/vmlinux", NULL);
        if (!vmlinux)
            vmlinux_errno = errno ? errno : ENOENT;
    }
    return vmlinux;
}

struct rp_error *rp_kernel_types(const struct rp_btf **out) {
    *out = rp_kernel_types_or_null();
    if (*out)
        return NULL;
    return rp_error_hint_set(
        rp_error_new(vmlinux_errno, "/sys/kernel/btf/vmlinux cannot be read",
                     "cannot get the kernel's types"),
        "this kernel was built without CONFIG_DEBUG_INFO_BTF: install its headers and use "
        "--types=headers, or run it in the lab: reprobe lab -- …");
}

const struct btf *rp_kernel_btf_or_null(void) {
    const struct rp_btf *types = rp_kernel_types_or_null();
    if (!vmlinux_of_libbpf && types)
        vmlinux_of_libbpf = btf__new(types->bytes, (uint32_t)types->size);
    return vmlinux_of_libbpf;
}

struct rp_btf *rp_kernel_module_types(void) {
    const struct rp_btf *base = rp_kernel_types_or_null();
    RP_AUTO_CLOSEDIR DIR *dir = base ? opendir("/sys/kernel/btf") : NULL;
    struct rp_btf *list = NULL;
    for (struct dirent *entry; dir && (entry = readdir(dir));) {
        if (*entry->d_name == '.' || strcmp(entry->d_name, "vmlinux") == 0)
            continue;
        char path[PATH_MAX];
        snprintf(path, sizeof(path), "/sys/kernel/btf/%s", entry->d_name);
        struct rp_btf *one = open_kernels(path, base);
        if (!one)
            continue; /* unloaded meanwhile, or from another build of the kernel */
        one->module = strdup(entry->d_name);
        one->next = list;
        list = one;
    }
    return list;
}

uint32_t rp_btf_object_of(const char *module) {
    uint32_t id = 0;
    while (!bpf_btf_get_next_id(id, &id)) {
        char name[64] = "";
        struct bpf_btf_info info = {.name = (uintptr_t)name, .name_len = sizeof(name)};
        uint32_t size = sizeof(info);
        RP_AUTO_CLOSE int fd = bpf_btf_get_fd_by_id(id);
        if (fd >= 0 && !bpf_obj_get_info_by_fd(fd, &info, &size) && info.kernel_btf &&
            !strcmp(name, module))
            return id;
    }
    return 0;
}

int rp_btf_object_fd(uint32_t object) {
    static uint32_t open_id;
    static int open_fd = -1;
    if (!object || object == open_id)
        return object ? open_fd : 0;
    if (open_fd >= 0)
        close(open_fd);
    open_fd = bpf_btf_get_fd_by_id(object);
    open_id = open_fd >= 0 ? object : 0;
    return open_fd;
}

void rp_kernel_btf_release(void) {
    btf__free(rp_take(vmlinux_of_libbpf));
    rp_btf_free(rp_take(vmlinux));
}

/* ------------------------------------------------------------- types in C */

const char *rp_btf_tag_word(const struct btf_type *t) {
    switch (btf_kind(t)) {
    case BTF_KIND_UNION:
        return "union";
    case BTF_KIND_FWD:
        return btf_kflag(t) ? "union" : "struct";
    case BTF_KIND_ENUM:
    case BTF_KIND_ENUM64:
        return "enum";
    default:
        return "struct";
    }
}

static bool is_const(const struct rp_btf *btf, uint32_t id) {
    const struct btf_type *t = rp_btf_type(btf, id);
    for (; id && btf_is_mod(t); id = t->type, t = rp_btf_type(btf, id))
        if (btf_kind(t) == BTF_KIND_CONST)
            return true;
    return false;
}

/* "unsigned short", "short" */
static char *number_of_size(unsigned size, bool has_sign) {
    const char *name = size == 1 ? "char" : size == 2 ? "short" : size == 8 ? "long long" : "int";
    return rp_text("%s%s", has_sign ? (size == 1 ? "signed " : "") : "unsigned ", name);
}

static char *parameters(const struct rp_btf *btf, const struct btf_type *proto,
                        const struct rp_btf_declaration *spelling) {
    struct rp_btf_declaration full = *spelling;
    full.plain = false;
    const struct btf_param *p = btf_params(proto);
    unsigned count = btf_vlen(proto);
    char *list = strdup(count ? "" : "void");
    for (unsigned i = 0; i < count; i++) {
        RP_AUTO_FREE char *one =
            p[i].type ? rp_btf_declaration(btf, p[i].type, "", &full) : strdup("...");
        if (!rp_text_list(&list, one))
            return NULL;
    }
    return list;
}

/* BTF uses the compiler's names for integers. */
static const char *familiar_name(const char *name) {
    static const char *const names[][2] = {
        {"long int", "long"},
        {"long unsigned int", "unsigned long"},
        {"long long int", "long long"},
        {"long long unsigned int", "unsigned long long"},
        {"short int", "short"},
        {"short unsigned int", "unsigned short"},
        {"_Bool", "bool"},
    };
    for (size_t i = 0; i < RP_COUNT(names); i++)
        if (!strcmp(name, names[i][0]))
            return names[i][1];
    return name;
}

/* The type's own name, with which a declaration begins. */
static char *base_word(const struct rp_btf *btf, uint32_t id,
                       const struct rp_btf_declaration *spelling) {
    const struct btf_type *t = rp_btf_type(btf, id);
    const char *name = rp_btf_name(btf, t);
    unsigned kind = btf_kind(t);
    if (!id)
        return strdup("void");
    if (kind == BTF_KIND_INT && spelling->familiar)
        return strdup(familiar_name(name));
    if (kind == BTF_KIND_INT || kind == BTF_KIND_FLOAT || kind == BTF_KIND_TYPEDEF)
        return strdup(name);
    if ((kind == BTF_KIND_ENUM || kind == BTF_KIND_ENUM64) && (spelling->plain || !*name))
        return number_of_size(t->size, btf_kflag(t));
    if (*name)
        return rp_text("%s %s", rp_btf_tag_word(t), name);
    return spelling->anonymous ? spelling->anonymous(spelling->ctx, id)
                               : rp_text("%s {…}", rp_btf_tag_word(t));
}

char *rp_btf_declaration(const struct rp_btf *btf, uint32_t id, const char *name,
                         const struct rp_btf_declaration *spelling) {
    static const struct rp_btf_declaration usual = {0};
    if (!spelling)
        spelling = &usual;
    RP_AUTO_FREE char *inner = strdup(name);
    for (bool outermost = true; inner; outermost = false) {
        const char *before = spelling->familiar && !outermost && is_const(btf, id) ? "const " : "";
        id = spelling->plain ? rp_btf_skip_to_base(btf, id) : rp_btf_skip_modifiers(btf, id);
        const struct btf_type *t = rp_btf_type(btf, id);
        unsigned kind = btf_kind(t);
        char *outer;
        if (id && kind == BTF_KIND_PTR) {
            outer = rp_text("*%s%s", before, inner);
            id = spelling->plain ? 0 : t->type;
        } else if (id && kind == BTF_KIND_ARRAY) {
            outer = rp_text(*inner == '*' ? "(%s)[%u]" : "%s[%u]", inner, btf_array(t)->nelems);
            id = btf_array(t)->type;
        } else if (id && kind == BTF_KIND_FUNC_PROTO) {
            RP_AUTO_FREE char *params = parameters(btf, t, spelling);
            outer = rp_text("(%s)(%s)", inner, params);
            id = t->type;
        } else {
            RP_AUTO_FREE char *word = base_word(btf, id, spelling);
            return rp_text("%s%s%s%s", before, word, *inner ? " " : "", inner);
        }
        free(inner);
        inner = outer;
    }
    return NULL;
}

/* A type without a name cannot be declared by name: a pointer to it is just a pointer. */
static char *spell_anonymous(void *ctx, uint32_t id) {
    (void)ctx;
    (void)id;
    return strdup("void");
}

char *rp_type_declaration(const struct rp_btf *btf, uint32_t id) {
    static const struct rp_btf_declaration familiar = {.familiar = true,
                                                       .anonymous = spell_anonymous};
    return rp_btf_declaration(btf, id, "", &familiar);
}

char *rp_type_declare(const char *type, const char *name) {
    const char *within = strstr(type, "(*");
    if (within) {
        within += 2;
        return rp_text("%.*s%s%s", (int)(within - type), type, name, within);
    }
    const char *array = strchr(type, '[');
    int length = (int)(array ? array - type : (ptrdiff_t)strlen(type));
    while (length && type[length - 1] == ' ')
        length--;
    return rp_text("%.*s%s%s%s", length, type, length && type[length - 1] == '*' ? "" : " ", name,
                   array ? array : "");
}
