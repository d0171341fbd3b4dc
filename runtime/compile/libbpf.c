/* SPDX-License-Identifier: Apache-2.0 */
#include "compile/libbpf.h"

#include <bpf/btf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "util/cleanup.h"
#include "util/error.h"
#include "util/vec.h"
#include "util/worker.h"

/* What a map gets whose declaration leaves it to the loader. */
#define ENTRIES      10240
#define RINGBUF_SIZE (256 * 1024)
/* A worker that reads a file is ended after so many seconds. */
#define WORKER_S 10

/* ------------------------------------------------------------- what libbpf says */

/* libbpf has one printer in a process, without a context. */
static struct {
    FILE *out;
    char *text;
    size_t size;
    libbpf_print_fn_t before;
    char relocation[256]; /* the last one that it spoke of */
    RP_VEC(struct rp_libbpf_absent) absent;
} said;

/* "prog 'f': relo #0: <byte_off> [7] struct data.a (0:0 @ offset 0)", and after what it found:
 * "prog 'f': relo #0: substituting insn #5 w/ invalid insn". */
static void hear_relocation(const char *fmt, va_list args) RP_PRINTF(1, 0);
static void hear_relocation(const char *fmt, va_list args) {
    bool fails = strstr(fmt, "relo #%d: substituting insn");
    if (!fails && !strstr(fmt, "relo #%d: %s\n"))
        return;
    char line[256], kind[16], name[128];
    struct rp_libbpf_absent absent;
    vsnprintf(line, sizeof(line), fmt, args);
    if (!fails) {
        memcpy(said.relocation, line, sizeof(line));
    } else if (sscanf(said.relocation,
                      "libbpf: prog '%63[^']': relo #%*d: <%*[^>]> [%*d] %15s %127s",
                      absent.program, kind, name) == 3) {
        snprintf(absent.what, sizeof(absent.what), "%s %s", kind, name);
        rp_vec_push(&said.absent, absent);
    }
}

struct rp_libbpf_absent *rp_libbpf_absent(size_t *count) {
    *count = said.absent.count;
    return said.absent.items;
}

static int hear(enum libbpf_print_level level, const char *fmt, va_list args) RP_PRINTF(2, 0);
static int hear(enum libbpf_print_level level, const char *fmt, va_list args) {
    if (level == LIBBPF_DEBUG)
        hear_relocation(fmt, args);
    if (level != LIBBPF_WARN || !said.out)
        return 0;
    static const char prefix[] = "libbpf: ";
    bool prefixed = strncmp(fmt, prefix, strlen(prefix)) == 0;
    return vfprintf(said.out, prefixed ? fmt + strlen(prefix) : fmt, args);
}

void rp_libbpf_quiet(void) {
    said.out = open_memstream(&said.text, &said.size);
    said.before = libbpf_set_print(hear);
}

char *rp_libbpf_quiet_end(void) {
    libbpf_set_print(said.before);
    rp_vec_clear(&said.absent);
    if (said.out)
        fclose(said.out);
    said.out = NULL;
    RP_AUTO_FREE char *text = rp_take(said.text);
    while (text && said.size && text[said.size - 1] == '\n')
        text[--said.size] = '\0';
    return text && *text ? rp_take(text) : NULL;
}

/* ------------------------------------------------------------- opening */

/* Whether the kernel wants a map of that type without a number of entries, or counts them itself.
 */
static bool has_no_entries(enum bpf_map_type type) {
    switch (type) {
    case BPF_MAP_TYPE_PERF_EVENT_ARRAY: /* libbpf: one for each CPU */
    case BPF_MAP_TYPE_CGROUP_STORAGE:
    case BPF_MAP_TYPE_PERCPU_CGROUP_STORAGE:
    case BPF_MAP_TYPE_SK_STORAGE:
    case BPF_MAP_TYPE_INODE_STORAGE:
    case BPF_MAP_TYPE_TASK_STORAGE:
    case BPF_MAP_TYPE_STRUCT_OPS:
        return true;
    default:
        return (int)type > BPF_MAP_TYPE_USER_RINGBUF; /* newer than this program */
    }
}

/* The customs of those who write loaders for their objects. */
static void complete_map(struct bpf_map *map) {
    enum bpf_map_type type = bpf_map__type(map);
    bool is_ring = type == BPF_MAP_TYPE_RINGBUF || type == BPF_MAP_TYPE_USER_RINGBUF;
    if (!bpf_map__max_entries(map) && !has_no_entries(type))
        bpf_map__set_max_entries(map, is_ring ? RINGBUF_SIZE : ENTRIES);
    if (type == BPF_MAP_TYPE_STACK_TRACE && !bpf_map__value_size(map))
        bpf_map__set_value_size(map, RP_STACK_DEPTH * sizeof(uint64_t));
    bool of_words = type == BPF_MAP_TYPE_STACK_TRACE || type == BPF_MAP_TYPE_PERF_EVENT_ARRAY ||
                    type == BPF_MAP_TYPE_PROG_ARRAY;
    if (of_words && !bpf_map__key_size(map))
        bpf_map__set_key_size(map, sizeof(uint32_t));
    if (of_words && !bpf_map__value_size(map))
        bpf_map__set_value_size(map, sizeof(uint32_t));
}

struct rp_error *rp_libbpf_open(const void *elf, size_t size, struct bpf_object **out) {
    LIBBPF_OPTS(bpf_object_open_opts, opts, .object_name = "object");
    rp_libbpf_quiet();
    *out = bpf_object__open_mem(elf, size, &opts);
    int errnum = errno;
    RP_AUTO_FREE char *why = rp_libbpf_quiet_end();
    if (!*out)
        return rp_error_new(errnum, why, "ELF file");
    struct bpf_map *map;
    for (map = NULL; (map = bpf_object__next_map(*out, map));)
        complete_map(map);
    return NULL;
}

struct file {
    const void *elf;
    size_t size;
};

/* What is wrong with it is said where it is opened. */
static int try_file(void *ctx) {
    const struct file *file = ctx;
    struct bpf_object *object = NULL;
    alarm(WORKER_S);
    rp_error_free(rp_libbpf_open(file->elf, file->size, &object));
    return 0;
}

struct rp_error *rp_libbpf_check(const void *elf, size_t size) {
    int status;
    struct rp_error *err =
        rp_worker_run("libbpf, which was to read it", try_file, &(struct file){elf, size}, &status);
    return err ? rp_error_hint_set(err, "the file is damaged: build or copy it again") : NULL;
}

/* usdt.bpf.h: usdt_specs.c fills in the one, and nobody the other, which is for Linux before 5.15.
 */
static bool is_libbpfs(const char *name) {
    return strcmp(name, "__bpf_usdt_specs") == 0 || strcmp(name, "__bpf_usdt_ip_to_spec_id") == 0;
}

void rp_libbpf_describe_map(const struct bpf_map *map, struct rp_object_map *out) {
    out->type = bpf_map__type(map);
    out->key_size = bpf_map__key_size(map);
    out->value_size = bpf_map__value_size(map);
    out->max_entries = bpf_map__max_entries(map);
    out->flags = bpf_map__map_flags(map);
    out->is_libbpfs = is_libbpfs(bpf_map__name(map));
}
