/* SPDX-License-Identifier: Apache-2.0 */
#include "compile/pinned.h"

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>

#include "compile/keep_maps.h"
#include "compile/libbpf.h"
#include "util/cleanup.h"
#include "util/error.h"
#include "util/text.h"

/* Without BTF, nothing is known to differ. */
static bool differs(int fd, const struct rp_object_map *map, const struct btf *btf) {
    struct bpf_map_info info = {0};
    uint32_t size = sizeof(info);
    if (!btf || bpf_obj_get_info_by_fd(fd, &info, &size) || !info.btf_id)
        return false;
    RP_AUTO_BPF_BTF struct btf *pinned = btf__load_from_kernel_by_id(info.btf_id);
    return pinned && !(rp_types_alike(pinned, info.btf_key_type_id, btf, map->btf_key) &&
                       rp_types_alike(pinned, info.btf_value_type_id, btf, map->btf_value));
}

struct rp_error *rp_pinned_note(struct rp_object *object, const struct rp_object_map *map,
                                const struct btf *btf, const struct bpf_map *declared) {
    const char *path = bpf_map__pin_path(declared);
    RP_AUTO_CLOSE int fd = path ? bpf_obj_get(path) : -1;
    if (fd < 0 || !differs(fd, map, btf))
        return NULL;
    char *note =
        rp_text("reprobe: note: the keys or values of the map `%s` had other types when it "
                "was pinned as %s: what is in it may be shown wrong; delete that file to "
                "start with an empty map",
                map->name, path);
    return rp_object_add_note(object, note) ? NULL : rp_error_nomem();
}
