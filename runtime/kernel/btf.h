/* SPDX-License-Identifier: Apache-2.0 */
/* BTF, the kernel's types: read where it is, without a copy; the running kernel's own; and types as
 * C declarations. */
#ifndef RP_KERNEL_BTF_H
#define RP_KERNEL_BTF_H

#include <bpf/btf.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "reprobe.h"
#include "util/vec.h"

/* A type that C can name: a struct, a union, an enum or a typedef. */
struct rp_btf_entry {
    uint32_t id, at; /* at: the offset in the types */
};

/* A type whose name another one before it has, too, with another layout: C needs a second name. */
struct rp_btf_namesake {
    const struct btf_type *type;
    char *name; /* "NAME___2", as in vmlinux.h; and so on */
};

struct rp_btf {
    const struct rp_btf *base;   /* of a module: vmlinux; its own ids and strings continue those */
    uint32_t first_id, end_id;   /* its own types have the ids from first_id to end_id - 1 */
    const char *types, *strings; /* the two sections, in `bytes` */
    uint32_t first_string, end_string; /* the offsets of its own strings */
    RP_VEC(uint32_t) marks;            /* the offset in `types` of every 16th type */
    RP_VEC(struct rp_btf_entry) nameable;
    RP_VEC(struct rp_btf_namesake) namesakes; /* in the order of types; the kernel's only */
    struct rp_btf_names *names;               /* by which those of modules are found */
    void *bytes;                              /* the data it was made from */
    size_t size;
    bool of_program;     /* made of a program's debug information: no source has its types */
    char *module;        /* its name, if it comes from rp_kernel_module_types() */
    struct rp_btf *next; /* in a list */
};

/* Maps the file, or reads it if the kernel does not allow mapping (before Linux 6.16; a module's
 * types). `base` must live longer. NULL and errno on failure. */
struct rp_btf *rp_btf_open(const char *path, const struct rp_btf *base);
/* From `bytes`, which mmap() returned and rp_btf_free() unmaps; on failure they stay the caller's.
 */
struct rp_btf *rp_btf_new(void *bytes, size_t size, const struct rp_btf *base);
/* Frees it and all that follow it in its list; NULL is allowed. */
void rp_btf_free(struct rp_btf *btf);

/* Never NULL: an unknown id is void. */
const struct btf_type *rp_btf_type(const struct rp_btf *btf, uint32_t id);
static inline const struct btf_type *rp_btf_entry_type(const struct rp_btf *btf,
                                                       const struct rp_btf_entry *entry) {
    return (const struct btf_type *)(btf->types + entry->at);
}
/* Never NULL: "" if it has no name. */
static inline const char *rp_btf_string(const struct rp_btf *btf, uint32_t offset) {
    if (offset < btf->first_string && btf->base)
        btf = btf->base;
    return offset < btf->end_string ? btf->strings + (offset - btf->first_string) : "";
}
/* Gives each type that has another one's name, and another layout, a name of its own; of a module,
 * also beside those of vmlinux. False: no memory. */
bool rp_btf_find_namesakes(struct rp_btf *btf);
/* The name that the type has beside its namesakes; NULL: its own. */
const char *rp_btf_namesake(const struct rp_btf *btf, const struct btf_type *t);
static inline const char *rp_btf_name(const struct rp_btf *btf, const struct btf_type *t) {
    const char *other = t->name_off ? rp_btf_namesake(btf, t) : NULL;
    return other ? other : rp_btf_string(btf, t->name_off);
}

/* A value of an enum of any size. */
struct rp_btf_enumerator {
    const char *name;
    int64_t value; /* an unsigned one's bits, if it has 64 */
};
/* Value `i` of such a type. */
static inline struct rp_btf_enumerator rp_btf_enumerator(const struct rp_btf *btf,
                                                         const struct btf_type *t, unsigned i) {
    if (btf_is_enum64(t))
        return (struct rp_btf_enumerator){rp_btf_string(btf, btf_enum64(t)[i].name_off),
                                          (int64_t)btf_enum64_value(&btf_enum64(t)[i])};
    int32_t value = btf_enum(t)[i].val;
    return (struct rp_btf_enumerator){rp_btf_string(btf, btf_enum(t)[i].name_off),
                                      btf_kflag(t) ? value : (int64_t)(uint32_t)value};
}

/* The id of the first of its own types of that kind and name; 0 if there is none. */
uint32_t rp_btf_find(const struct rp_btf *btf, const char *name, unsigned kind);
/* The name of the next one of its own types of that kind whose name begins with `prefix`, behind
 * *id, which becomes its id; 0: from the first on. NULL: there is none. */
const char *rp_btf_next_named(const struct rp_btf *btf, unsigned kind, const char *prefix,
                              uint32_t *id);

/* The struct or union with the tag or typedef `name`; NULL if there is none, or it is only
 * declared. */
const struct btf_type *rp_btf_find_composite(const struct rp_btf *btf, const char *name);

/* Where in bytes the struct `t`, or one without a name in it, has a member whose name is the first
 * `length` characters of `name`. */
bool rp_btf_member_offset(const struct rp_btf *btf, const struct btf_type *t, const char *name,
                          size_t length, uint32_t *bytes);

/* In bytes, by value; 0 if it has no size. */
uint64_t rp_btf_size(const struct rp_btf *btf, uint32_t id);
/* In bytes, at least 1, and 1 for a packed type. */
unsigned rp_btf_align(const struct rp_btf *btf, uint32_t id);

/* The type without const and the like; and without typedefs. */
uint32_t rp_btf_skip_modifiers(const struct rp_btf *btf, uint32_t id);
uint32_t rp_btf_skip_to_base(const struct rp_btf *btf, uint32_t id);
static inline const struct btf_type *rp_btf_base_type(const struct rp_btf *btf, uint32_t id) {
    return rp_btf_type(btf, rp_btf_skip_to_base(btf, id));
}

/* ------------------------------------------------------------- the running kernel's */

/* The types of vmlinux (Linux 5.4, CONFIG_DEBUG_INFO_BTF), read by the first call; valid until
 * rp_kernel_btf_release(). */
struct rp_error *rp_kernel_types(const struct rp_btf **out);
/* The same, or NULL without an error. */
const struct rp_btf *rp_kernel_types_or_null(void);
/* The same in libbpf's form, which takes ten times as long and a copy: only for calls of libbpf. */
const struct btf *rp_kernel_btf_or_null(void);

/* The types of the loaded modules, as a list. Free them with rp_btf_free() before the types of
 * vmlinux are released. NULL if there are none. */
struct rp_btf *rp_kernel_module_types(void);
/* The number that the kernel has for the types of the loaded module; 0: it has none. */
uint32_t rp_btf_object_of(const char *module);
/* A descriptor of those, for the next load of a program; 0 for 0, as for the kernel's own. */
int rp_btf_object_fd(uint32_t object);

/* Frees the types of vmlinux, which makes the above pointers invalid. The next call reads them
 * again. */
void rp_kernel_btf_release(void);

/* ------------------------------------------------------------- types in C */

/* How to write a declaration, if not in the usual way. */
struct rp_btf_declaration {
    bool plain;    /* with types that need no declaration: no typedefs, all pointers alike, enums as
                      numbers */
    bool familiar; /* as people write it: with const, and "unsigned long" for BTF's "long unsigned
                      int" */
    /* The text for a type without a name, malloc()ed; NULL: "struct {…}". */
    char *(*anonymous)(void *ctx, uint32_t id);
    void *ctx;
};

/* "TYPE name" in C's inside-out way, const and the like left out: "char name[16]"; with the name ""
 * just the type, "char [16]". The type's own const is always left out. `spelling` may be NULL.
 * malloc()ed, or NULL without memory. */
char *rp_btf_declaration(const struct rp_btf *btf, uint32_t id, const char *name,
                         const struct rp_btf_declaration *spelling);

/* The type as people write it, without a name and without its own const: "struct filename *", "char
 * [16]". malloc()ed; NULL: out of memory. */
char *rp_type_declaration(const struct rp_btf *btf, uint32_t id);
/* "struct filename *name", "char comm[16]" of such a text, malloc()ed. */
char *rp_type_declare(const char *type, const char *name);

/* "struct", "union" or "enum". */
const char *rp_btf_tag_word(const struct btf_type *t);

#endif
