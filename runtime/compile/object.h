/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A compiled source, complete and in this process's own memory: it does not refer to libbcc, to the
 * kernel or to the process that compiled it. It can be loaded, cached and written to a file.
 */
#ifndef RP_COMPILE_OBJECT_H
#define RP_COMPILE_OBJECT_H

#include <linux/bpf.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "util/vec.h"

/* Records of BTF's function and line information (linux/bpf.h: struct bpf_func_info, bpf_line_info)
 * in the kernel's format. */
struct rp_object_records {
    void *data;
    uint32_t count, size; /* of one record, in bytes */
};

struct rp_object_function {
    char *name;
    /* A load of a map (BPF_PSEUDO_MAP_FD) has the map's index here, not a descriptor. For other
     * values that are known only when a function is loaded see link.h. */
    struct bpf_insn *insns;
    uint32_t insn_count;
    struct rp_object_records funcs, lines;
    /* Of an ELF file (elf.h): its section, which says where it is attached ("kprobe/vfs_read");
     * NULL of others. What the kernel is to know of it (BPF_F_SLEEPABLE, …). */
    char *section;
    uint32_t flags;
    bool is_optional; /* SEC("?…"): nobody loads it who does not ask for it */
    char *absent; /* members and types that it reads and this kernel lacks, "a, b"; NULL: none */
};

struct rp_object_types {
    RP_VEC(uint32_t);
};

/* A function that a map of programs (BPF_MAP_TYPE_PROG_ARRAY) is declared with, for tail calls. */
struct rp_object_tail {
    uint32_t key;
    const char *function; /* the object's */
};

struct rp_object_map {
    char *name;
    uint32_t type; /* enum bpf_map_type */
    uint32_t key_size, value_size, max_entries, flags;
    uint32_t btf_key, btf_value; /* type ids in the object's BTF, or 0 */
    int inner_fd;                /* for maps of maps, only while compiling */
    /* What functions send through it, in libbcc's notation ("pid#u32"); empty if unknown. */
    char **fields;
    size_t field_count;
    /* The types of what is sent through it, in the object's BTF; 0: one that is not known. */
    struct rp_object_types records;
    /* Of an ELF file: variables, and what they begin as; NULL of others. */
    void *data;
    bool is_libbpfs; /* of libbpf's headers, not of the author's */
    RP_VEC(struct rp_object_tail) tails;
    bool tails_loaded; /* they are in the map */
    /* A map that was opened or created while compiling (pinned, shared, nested), which the object
     * closes; -1: created when the object is loaded. */
    int fd;
};

/* What an object was compiled from. */
struct rp_object_origin {
    char *source;  /* its name, for people */
    char *reprobe; /* the version that compiled it */
    char *kernel;  /* kernel/features.h: name and build */
    char *kernel_build;
    /* A digest of the kernel's types and tracepoints that it was compiled with, and the names that
     * selected them: with these another kernel can check whether its own are the same. */
    char *types;                                        /* NULL: from installed headers */
    char *mentioned, *defined, *declared, *tracepoints; /* see scan.h; separated by spaces */
    bool whole;                                         /* see rp_source_prepare() */
    bool uses_modules; /* some of the types come from loaded modules */
    char *builds;      /* of users' programs that it was written for: builds.h; or NULL */
};

struct rp_object {
    struct rp_object_function *functions;
    size_t function_count;
    struct rp_object_map *maps;
    size_t map_count;
    /* Pinned, shared or nested: such maps belong to this process, not to the object. */
    bool has_foreign_maps;
    /* The last maps are ours: those of unwound_stack() (prelude/unwind.h), and an array of one u64
     * that counts records that could not be sent. */
    bool unwinds, counts_lost;
    bool uses_target_pid, uses_is_target; /* the source mentions the wake-up flags */
    bool by_task; /* is_target() can check users, names and cgroups: see link.h */
    char *license;
    uint32_t kern_version;
    void *btf; /* raw, or NULL */
    uint32_t btf_size;
    char *note; /* for the user: warnings; or NULL */
    struct rp_object_origin origin;
    /* The other kind of object: a whole ELF file, as libbpf opens it. Of the above it has only a
     * note and an origin until rp_elf_read() fills in the rest. NULL: libbcc compiled it. */
    void *elf;
    uint32_t elf_size;
    uint32_t loss_function; /* the type of functions that we add to count losses; 0: none */
};

/* Whether it is the first half of an instruction that loads 64 bits: a constant, a map, a function
 * (BPF_LD | BPF_DW | BPF_IMM; two of these are 0). */
static inline bool rp_insn_is_wide(const struct bpf_insn *insn) {
    return insn->code == (BPF_LD | BPF_DW);
}

void rp_object_free(struct rp_object *object);

/* Puts a line behind the object's note; takes it. False without memory, as when `line` is NULL. */
bool rp_object_add_note(struct rp_object *object, char *line);

/* NULL, or -1, if there is none of that name. */
const struct rp_object_function *rp_object_function(const struct rp_object *object,
                                                    const char *name);
#define RP_LOSS_MAP "rp_lost"
/* Its one value is an array of u64: records that did not fit into a full buffer, and behind these,
 * by the number of the error, those that were refused; EMSGSIZE: larger than the buffer. */
enum { RP_LOST_FULL, RP_LOST_KINDS = 128 };
/* Adds the map that counts records which could not be sent; object->maps has a place for it, as for
 * the others. */
struct rp_error *rp_object_add_loss_map(struct rp_object *object);
/* How many of the object's maps are ours; they come last, and the author's first. */
size_t rp_object_added_maps(const struct rp_object *object);

/* The maps of unwound_stack(), in their order. */
enum {
    RP_UNWIND_RULES,  /* how to get from a function to the one that called it */
    RP_UNWIND_KNOWN,  /* the ids of stacks that were told of */
    RP_UNWIND_WALKS,  /* what tells of them */
    RP_UNWIND_COUNTS, /* on or off, and what is missing */
    RP_UNWIND_MAPS,
};
/* The entries of the last one. */
enum { RP_UNWOUND_ON, RP_UNWOUND_MISSED, RP_UNWOUND_CUT };
const char *rp_unwind_map_name(size_t i);
struct rp_error *rp_object_add_unwind_maps(struct rp_object *object);
/* Replaces what `to` has by a copy. False without memory: then, as where there are none, it is
 * empty. */
bool rp_object_records_set(struct rp_object_records *to, const void *data, uint32_t count,
                           uint32_t size);
ssize_t rp_object_map(const struct rp_object *object, const char *name);
/* Whether any function has a call of that kind: `src_reg` 0 and a helper (enum bpf_func_id), or
 * BPF_PSEUDO_CALL and an offset. */
bool rp_object_calls(const struct rp_object *object, int src_reg, int imm);

/* ------------------------------------------------------------- maps, and their types in the BTF */

struct btf;

/* For an enum bpf_map_type: whether such a map holds data rather than events, programs or other
 * objects; whether it carries events; whether it always has all its entries; whether it has a value
 * for each CPU. */
bool rp_map_type_is_data(uint32_t type);
bool rp_map_type_is_output(uint32_t type);
bool rp_map_type_is_array(uint32_t type);
bool rp_map_type_is_per_cpu(uint32_t type);

/* Addresses of a stack: the kernel's limit, PERF_MAX_STACK_DEPTH. */
#define RP_STACK_DEPTH 127
/* Whether it is a BPF_STACK_TRACE of addresses. */
bool rp_map_keeps_stacks(const struct rp_object_map *map);

/* A key, a value, or a member of one. */
struct rp_part_type {
    const struct btf *btf;
    uint32_t id;     /* without typedefs and qualifiers; 0: unknown */
    uint32_t size;   /* bytes */
    uint32_t offset; /* of a member, from the beginning of the key or value */
};

struct btf_var_secinfo;
/* Whether the variable has less space than its type: LLVM has made a bool of a static one that has
 * two values, and the type tells nothing of that. */
bool rp_variable_is_shrunk(const struct btf *btf, const struct btf_var_secinfo *variable);

/* The types of the map's key and value in `btf` (NULL: none); 0 if unknown. */
void rp_map_type_ids(const struct rp_object_map *map, const struct btf *btf, uint32_t *key,
                     uint32_t *value);
struct rp_part_type rp_map_key_type(const struct rp_object_map *map, const struct btf *btf);
struct rp_part_type rp_map_value_type(const struct rp_object_map *map, const struct btf *btf);

/* An integer of at most 8 bytes that is not a character or bool; an unknown type of such a size
 * counts, too. */
bool rp_part_is_number(const struct rp_part_type *type);
/* The same, and unsigned. */
bool rp_part_is_unsigned(const struct rp_part_type *type);
/* An array of characters. */
bool rp_part_is_text(const struct rp_part_type *type);
/* An array; `element` is the type of its elements. */
bool rp_part_is_array(const struct rp_part_type *type, struct rp_part_type *element,
                      uint32_t *count);

/* The number of members of a struct, without those of anonymous structs in it; 0 for other types.
 */
unsigned rp_part_member_count(const struct rp_part_type *type);
/* Member `i`; false if there is none, or it is a bit field. *name belongs to the BTF. */
bool rp_part_member(const struct rp_part_type *type, unsigned i, struct rp_part_type *member,
                    const char **name);
/* The member "outer.inner"; "" is the key or value itself. */
bool rp_part_find(const struct rp_part_type *type, const char *path, struct rp_part_type *member);
/* The member that begins at that byte and is not a struct; false if there is none. */
bool rp_part_at(const struct rp_part_type *type, uint32_t offset, struct rp_part_type *member);
/* The members of a struct rp_stats_s64 or rp_stats_u64 (record/stats.h), in their order. */
enum rp_stats_part {
    RP_STATS_COUNT,
    RP_STATS_LOW,
    RP_STATS_MIDDLE,
    RP_STATS_HIGH,
    RP_STATS_MOST,
    RP_STATS_LEAST,
    RP_STATS_PARTS,
};
struct rp_stats_type {
    bool is_unsigned;
    unsigned figures;           /* that can be told of the members: enum rp_figure */
    int offset[RP_STATS_PARTS]; /* bytes; -1: it has no such member */
};
/* Whether it is one of these; `stats` may be NULL. */
bool rp_part_is_stats(const struct rp_part_type *type, struct rp_stats_type *stats);
/* "u32", "struct key", "8 bytes"; malloc()ed. */
char *rp_part_text(const struct rp_part_type *type);

#endif
