/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Objects in libbpf's dialect: an ELF file, as `clang -target bpf` writes it. libbpf is the linker
 * of such an object: it creates the maps, relocates what the compiler left open (maps, variables,
 * other functions, fields of the kernel's types), and hands each function over before it loads it.
 * From there on the object is like any other, and libbpf is gone.
 */
#ifndef RP_COMPILE_ELF_H
#define RP_COMPILE_ELF_H

#include "compile/object.h"

struct rp_error;
struct btf;

/* Reads object->elf and fills in the rest of the object: its functions with their sections, its
 * maps as they are declared, its types. Needs no privileges. Errors say why; after one the object
 * is the caller's to free. */
struct rp_error *rp_elf_read(struct rp_object *object);
/* Why reprobe does not run it although others do: it registers itself with the kernel (struct_ops),
 * which takes more than to be attached. Errors as above; of other objects NULL. */
struct rp_error *rp_elf_check_runs(const struct rp_object *object);

/* The text of a value -> its bytes; as rp_value_parse() does, which is above this folder. */
typedef struct rp_error *(*rp_elf_parse_fn)(const struct btf *btf, uint32_t type, const char *text,
                                            void *data);

/* How it is linked; all may be zero. */
struct rp_elf_link {
    const char *name; /* of the file, in messages */
    /* "NAME=VALUE" of `const volatile` variables, and what reads the values. */
    const char *const *settings;
    size_t setting_count;
    rp_elf_parse_fn parse;
    /* The descriptor of a map of another module that map `i` is to be; -1: it is a new one. */
    int (*reuse)(void *ctx, size_t i);
    void *ctx;
};

/* Creates the object's maps (map->fd, which is the object's) and puts what can be loaded in place
 * of each function's instructions. Errors are complete. */
struct rp_error *rp_elf_link(struct rp_object *object, const struct rp_elf_link *how);

/* A `const volatile` variable of the object. */
struct rp_elf_setting {
    const char *name;
    uint32_t type;       /* in the object's BTF */
    const uint8_t *data; /* its value as compiled */
    size_t size;         /* bytes */
    size_t map;          /* the index of the map that it is in, */
    uint32_t offset;     /* and where */
};
/* The first from number *i on, which is counted up; false: there are no more. `btf` is the
 * object's. */
bool rp_elf_setting(const struct rp_object *object, const struct btf *btf, size_t *i,
                    struct rp_elf_setting *out);

#endif
