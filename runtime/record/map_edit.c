/* SPDX-License-Identifier: Apache-2.0 */
/* Changes to maps by hand. */
#include <bpf/bpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "record/map_read.h"
#include "record/value_parse.h"
#include "util/cleanup.h"
#include "util/error.h"

static struct rp_error *open_data(const struct rp_module *module, const char *name,
                                  struct rp_map_table *t) {
    RP_TRY(rp_map_table_open(module, name, t));
    if (rp_map_type_is_data(t->info.type))
        return NULL;
    return rp_error_new(EINVAL, "it carries events or programs, not data",
                        "cannot change the map %s", name);
}

/* The size of a value for the kernel; in a per-CPU map there is one for each CPU. */
static size_t raw_size(const struct rp_map_table *t) {
    size_t stride = ((size_t)t->info.value_size + 7) / 8 * 8;
    return t->cpus ? stride * (size_t)t->cpus : t->info.value_size;
}

/* ---- clear */

struct emptying {
    int fd;
    const char *name;
    const struct bpf_map_info *info;
    void *zero; /* NULL: entries are deleted */
};

static struct rp_error *empty_one(void *ctx, const void *key, const void *value) {
    const struct emptying *e = ctx;
    (void)value;
    int failed = e->zero ? bpf_map_update_elem(e->fd, key, e->zero, BPF_ANY)
                         : bpf_map_delete_elem(e->fd, key);
    if (failed && errno != ENOENT)
        return rp_error_new(errno, NULL, "cannot empty the map %s", e->name);
    return NULL;
}

struct rp_error *rp_map_clear(const struct rp_module *module, const char *name) {
    struct bpf_map_info info;
    struct emptying e = {.fd = rp_module_map_fd(module, name), .name = name, .info = &info};
    if (e.fd < 0)
        return rp_module_map_missing(module, name);
    RP_TRY(rp_map_info(e.fd, name, &info));
    if (!rp_map_type_is_data(info.type) && info.type != BPF_MAP_TYPE_STACK_TRACE)
        return rp_error_new(EINVAL, "it carries events or programs, not data",
                            "cannot empty the map %s", name);
    RP_AUTO_MAP_TABLE t = {0};
    RP_AUTO_FREE void *zero = NULL;
    if (rp_map_type_is_array(info.type)) {
        RP_TRY(rp_map_table_open(module, name, &t));
        e.zero = zero = calloc(1, raw_size(&t));
        if (!zero)
            return rp_error_nomem();
    }
    return rp_map_entries(e.fd, name, &info, empty_one, &e);
}

/* ---- set and delete */

/* Reads `text` as `noun` ("key") of the map. */
static struct rp_error *read_value(const struct rp_map_table *t, const char *noun, const char *text,
                                   const struct rp_type *type, void *out) {
    struct rp_error *err = rp_value_parse(text, type, out);
    return err ? rp_error_what_set(err, "cannot read the %s `%s` for %s", noun, text, t->name)
               : NULL;
}

static struct rp_error *cannot_set(const struct rp_map_table *t, int errnum) {
    bool full = errnum == E2BIG || errnum == ENOMEM;
    if (!full)
        return rp_error_new(errnum, NULL, "cannot set an entry of %s", t->name);
    if (!rp_map_type_is_array(t->info.type))
        return rp_error_new(errnum, "the map is full", "cannot set an entry of %s", t->name);
    char why[64];
    snprintf(why, sizeof(why), "it is an array with keys from 0 to %u", t->info.max_entries - 1);
    return rp_error_new(errnum, why, "cannot set an entry of %s", t->name);
}

struct rp_error *rp_map_set(const struct rp_module *module, const char *name, const char *key,
                            const char *value) {
    RP_AUTO_MAP_TABLE t = {0};
    RP_TRY(open_data(module, name, &t));
    RP_AUTO_FREE void *key_bytes = calloc(1, t.info.key_size);
    RP_AUTO_FREE void *value_bytes = calloc(1, raw_size(&t)); /* on CPUs other than the first: 0 */
    if (!key_bytes || !value_bytes)
        return rp_error_nomem();
    RP_TRY(read_value(&t, "key", key, t.key, key_bytes));
    RP_TRY(read_value(&t, "value", value, t.leaf, value_bytes));
    if (bpf_map_update_elem(t.fd, key_bytes, value_bytes, BPF_ANY))
        return cannot_set(&t, errno);
    return NULL;
}

struct rp_error *rp_map_delete(const struct rp_module *module, const char *name, const char *key) {
    RP_AUTO_MAP_TABLE t = {0};
    RP_TRY(open_data(module, name, &t));
    RP_AUTO_FREE void *bytes = calloc(1, t.info.key_size);
    if (!bytes)
        return rp_error_nomem();
    RP_TRY(read_value(&t, "key", key, t.key, bytes));
    if (rp_map_type_is_array(t.info.type))
        return rp_error_hint_set(rp_error_new(EINVAL, "an array always has all its entries",
                                              "cannot delete an entry of %s", name),
                                 "set it to zero instead; clear sets all of them to zero");
    if (bpf_map_delete_elem(t.fd, bytes))
        return rp_error_new(errno, errno == ENOENT ? "it does not have that key" : NULL,
                            "cannot delete an entry of %s", name);
    return NULL;
}
