/* SPDX-License-Identifier: Apache-2.0 */
#include "compile/tails.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <string.h>

#include "util/cleanup.h"
#include "util/error.h"

static struct rp_error *load_tail(const struct rp_object_tail *tail, int map_fd,
                                  const struct rp_tail_loader *loader) {
    int fd = -1;
    RP_TRY(loader->load(loader->ctx, tail->function, &fd));
    if (!bpf_map_update_elem(map_fd, &tail->key, &fd, BPF_ANY))
        return NULL;
    return rp_error_new(errno, NULL, "cannot load %s for tail calls", tail->function);
}

/* A tail may use the map itself. */
static struct rp_error *fill(struct rp_object_map *map, int map_fd,
                             const struct rp_tail_loader *loader) {
    struct rp_error *err = NULL;
    bool loaded = map->tails_loaded;
    map->tails_loaded = true;
    for (size_t i = 0; !loaded && !err && i < map->tails.count; i++)
        err = load_tail(&map->tails.items[i], map_fd, loader);
    if (err)
        map->tails_loaded = false;
    return err;
}

struct rp_error *rp_tails_load(struct rp_object *object, const struct rp_object_function *function,
                               const struct rp_tail_loader *loader) {
    for (uint32_t i = 0; i < function->insn_count; i++) {
        const struct bpf_insn *insn = &function->insns[i];
        if (!rp_insn_is_wide(insn))
            continue;
        if (insn->src_reg == BPF_PSEUDO_MAP_FD && (size_t)insn->imm < object->map_count)
            RP_TRY(fill(&object->maps[insn->imm], loader->map_fds[insn->imm], loader));
        i++;
    }
    return NULL;
}

bool rp_object_is_tail(const struct rp_object *object, const char *function) {
    for (size_t m = 0; m < object->map_count; m++)
        for (size_t i = 0; i < object->maps[m].tails.count; i++)
            if (strcmp(object->maps[m].tails.items[i].function, function) == 0)
                return true;
    return false;
}
