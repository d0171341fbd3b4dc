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

struct rp_error;
struct rp_source;

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
};

struct rp_object {
    struct rp_object_function *functions;
    size_t function_count;
    struct rp_object_map *maps;
    size_t map_count;
    /* Pinned, shared or nested: such maps belong to this process, not to the object. */
    bool has_foreign_maps;
    /* The last map is ours: an array of one u64 that counts records that could not be sent. */
    bool counts_lost;
    bool uses_target_pid, uses_is_target; /* the source mentions the wake-up flags */
    bool by_task; /* is_target() can check users, names and cgroups: see link.h */
    char *license;
    uint32_t kern_version;
    void *btf; /* raw, or NULL */
    uint32_t btf_size;
    char *note; /* for the user: warnings; or NULL */
    struct rp_object_origin origin;
};

/* Whether it is the first half of an instruction that loads 64 bits: a constant, a map, a function
 * (BPF_LD | BPF_DW | BPF_IMM; two of these are 0). */
static inline bool rp_insn_is_wide(const struct bpf_insn *insn) {
    return insn->code == (BPF_LD | BPF_DW);
}

void rp_object_free(struct rp_object *object);

/* NULL, or -1, if there is none of that name. */
const struct rp_object_function *rp_object_function(const struct rp_object *object,
                                                    const char *name);
ssize_t rp_object_map(const struct rp_object *object, const char *name);
/* Whether any function has a call of that kind: `src_reg` 0 and a helper (enum bpf_func_id), or
 * BPF_PSEUDO_CALL and an offset. */
bool rp_object_calls(const struct rp_object *object, int src_reg, int imm);

/* `name` is the name of the source; `source` is as prepared, NULL: compiled against installed
 * headers. */
struct rp_error *rp_origin_fill(struct rp_object_origin *origin, const char *name,
                                const struct rp_source *source);
/* Checks whether an object of that origin, from a file, can be used here; the error says why not.
 */
struct rp_error *rp_origin_fits(const struct rp_object_origin *origin);

#endif
