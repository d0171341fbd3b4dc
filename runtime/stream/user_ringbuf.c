/* SPDX-License-Identifier: Apache-2.0 */
/* User ring buffer (Linux 6.1): from this process to programs. */
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/bpf.h>
#include <stdlib.h>
#include <string.h>

#include "compile/module.h"
#include "record/layout.h"
#include "record/value_parse.h"
#include "util/cleanup.h"
#include "util/error.h"
#include "util/text.h"
#include "util/vec.h"

/* struct rp_user_ringbuf is libbpf's struct. */
static struct user_ring_buffer *writer_of(struct rp_user_ringbuf *ring) {
    return (struct user_ring_buffer *)ring;
}

struct rp_error *rp_user_ringbuf_open(const struct rp_module *module, const char *name,
                                      struct rp_user_ringbuf **out) {
    *out = NULL;
    const struct rp_object_map *map = rp_module_map(module, name);
    if (!map)
        return rp_module_map_missing(module, name);
    if (map->type != BPF_MAP_TYPE_USER_RINGBUF)
        return rp_error_hint_set(
            rp_error_new(EINVAL, "it is not a user ring buffer", "cannot write to %s", name),
            rp_module_has_sections(module)
                ? "declare %s with __uint(type, BPF_MAP_TYPE_USER_RINGBUF)"
                : "declare it with BPF_USER_RINGBUF(%s, pages)",
            name);
    struct user_ring_buffer *writer = user_ring_buffer__new(rp_module_map_fd(module, name), NULL);
    if (!writer)
        return rp_error_new(errno, NULL, "cannot write to %s", name);
    *out = (struct rp_user_ringbuf *)writer;
    return NULL;
}

int rp_user_ringbuf_reserve(struct rp_user_ringbuf *ring, size_t size, int timeout_ms, void **out) {
    *out = NULL;
    if (size > UINT32_MAX)
        return E2BIG;
    *out = user_ring_buffer__reserve_blocking(writer_of(ring), (uint32_t)size, timeout_ms);
    return *out ? 0 : errno;
}

void rp_user_ringbuf_submit(struct rp_user_ringbuf *ring, void *record) {
    user_ring_buffer__submit(writer_of(ring), record);
}

void rp_user_ringbuf_discard(struct rp_user_ringbuf *ring, void *record) {
    user_ring_buffer__discard(writer_of(ring), record);
}

int rp_user_ringbuf_send(struct rp_user_ringbuf *ring, const void *data, size_t size) {
    if (size > UINT32_MAX)
        return E2BIG;
    void *record = user_ring_buffer__reserve(writer_of(ring), (uint32_t)size);
    if (!record)
        return errno;
    memcpy(record, data, size);
    user_ring_buffer__submit(writer_of(ring), record);
    return 0;
}

void rp_user_ringbuf_free(struct rp_user_ringbuf *ring) {
    user_ring_buffer__free(writer_of(ring));
}

/* ------------------------------------------------------------- samples as text */

/* The types of what programs read, of which the macros of the prelude make members of struct
 * rp_sample: each once. */
struct samples {
    const struct btf *btf;
    RP_VEC(uint32_t) types;
};

static void samples_clear(struct samples *samples) {
    rp_vec_clear(&samples->types);
}

static const char *name_of(const struct btf *btf, uint32_t id) {
    const struct btf_type *type = btf__type_by_id(btf, id);
    const char *name = type ? btf__name_by_offset(btf, type->name_off) : NULL;
    return name ? name : "";
}

/* A character is what is behind a pointer to anything: it tells nothing. */
static bool tells_nothing(const struct btf *btf, uint32_t id) {
    const struct btf_type *type = btf__type_by_id(btf, id);
    return !type || (btf_is_int(type) && type->size == 1);
}

static bool add_type(struct samples *samples, uint32_t id) {
    for (size_t i = 0; i < samples->types.count; i++)
        if (samples->types.items[i] == id ||
            (*name_of(samples->btf, id) && strcmp(name_of(samples->btf, samples->types.items[i]),
                                                  name_of(samples->btf, id)) == 0))
            return true;
    return tells_nothing(samples->btf, id) || rp_vec_push(&samples->types, id);
}

static struct rp_error *find_samples(struct samples *samples) {
    const struct btf *btf = samples->btf;
    for (uint32_t id = 1; btf && id < btf__type_cnt(btf); id++) {
        const struct btf_type *t = btf__type_by_id(btf, id);
        if (!btf_is_struct(t) || btf_vlen(t) != 1 || strcmp(name_of(btf, id), "rp_sample") != 0)
            continue;
        int type = btf__resolve_type(btf, btf_members(t)->type);
        if (type > 0 && !add_type(samples, (uint32_t)type))
            return rp_error_nomem();
    }
    return NULL;
}

static struct rp_error *cannot_send(const char *name, const char *why) {
    return rp_error_new(EINVAL, why, "cannot send to %s", name);
}

static struct rp_error *which_type(const struct samples *samples, const char *name) {
    RP_AUTO_FREE char *all = NULL;
    for (size_t i = 0; i < samples->types.count; i++)
        if (!rp_text_list(&all, name_of(samples->btf, samples->types.items[i])))
            return rp_error_nomem();
    if (!samples->types.count)
        return rp_error_hint_set(
            cannot_send(name, "nothing tells of what type the samples are"),
            "a program that is compiled here and reads them by bpf_dynptr_read() tells it");
    return rp_error_hint_set(cannot_send(name, "the program reads several types of samples"),
                             "write the type before the value; it is one of %s", all ? all : "");
}

/* Finds the type of the value, which begins at *text; 0: it is not known. */
static uint32_t type_of(const struct samples *samples, const char **text) {
    static const char keyword[] = "struct ";
    const char *at = *text;
    at += strncmp(at, keyword, strlen(keyword)) == 0 ? strlen(keyword) : 0;
    size_t length = strcspn(at, " \t{");
    for (size_t i = 0; i < samples->types.count; i++) {
        const char *name = name_of(samples->btf, samples->types.items[i]);
        if (length && strlen(name) == length && !strncmp(at, name, length)) {
            *text = at + length;
            return samples->types.items[i];
        }
    }
    return samples->types.count == 1 ? samples->types.items[0] : 0;
}

static struct rp_error *send_bytes(struct rp_user_ringbuf *ring, const char *name, const void *data,
                                   size_t size) {
    int errnum = rp_user_ringbuf_send(ring, data, size);
    if (!errnum)
        return NULL;
    return rp_error_new(errnum,
                        errnum == ENOSPC ? "it is full: no program has taken samples out" : NULL,
                        "cannot send to %s", name);
}

static void cleanup_ring(struct rp_user_ringbuf **ring) {
    rp_user_ringbuf_free(*ring);
}

struct rp_error *rp_user_ringbuf_send_text(const struct rp_module *module, const char *name,
                                           const char *text) {
    RP_AUTO(samples_clear) struct samples samples = {.btf = rp_module_btf(module)};
    RP_AUTO_TYPE struct rp_type *type = NULL;
    RP_AUTO(cleanup_ring) struct rp_user_ringbuf *ring = NULL;
    const char *value = text;
    RP_TRY(rp_user_ringbuf_open(module, name, &ring));
    RP_TRY(find_samples(&samples));
    uint32_t id = type_of(&samples, &value);
    if (!id)
        return which_type(&samples, name);
    RP_TRY(rp_type_from_btf(samples.btf, id, &type));
    RP_AUTO_FREE void *data = calloc(1, type->size + 1);
    if (!data)
        return rp_error_nomem();
    struct rp_error *err = rp_value_parse(value, type, data);
    if (err)
        return rp_error_what_set(err, "cannot read the value `%s` for %s", value, name);
    return send_bytes(ring, name, data, type->size);
}
