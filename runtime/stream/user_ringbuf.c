/* SPDX-License-Identifier: Apache-2.0 */
/* User ring buffer (Linux 6.1): from this process to programs. */
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/bpf.h>
#include <string.h>

#include "compile/module.h"
#include "util/error.h"

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
            "declare it with BPF_USER_RINGBUF(%s, pages)", name);
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
