/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libbcc calls some of its own functions through its procedure linkage table, so a definition
 * earlier in symbol lookup order, in the program or in a library that links to libbcc, is called
 * instead. (bcc_procutils_each_ksym is another one, in kernel/ksyms.c.)
 */
#include "compile/interpose.h"

#include <bcc/libbpf.h>
#include <bpf/bpf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

/*
 * ebpf::bpf_module_rw_engine_enabled(): whether to compile, with LLVM's JIT, a printer and a parser
 * for each map's key and value. The runtime decodes them from BTF, so they would only cost time;
 * and without them libbcc frees LLVM's memory as soon as a module is compiled (bpf_module.cc,
 * BPFModule::finalize).
 *
 * Without them libbcc also crashes when a map cannot be had after a module is compiled: it frees
 * code that still is the JIT's. For maps that this file creates that never happens: a descriptor
 * of /dev/null goes in their place and the error is seen afterwards. A source with pinned or nested
 * maps, which libbcc opens by other ways, keeps them.
 */
bool rp_rw_engine_enabled(void) __asm__("_ZN4ebpf28bpf_module_rw_engine_enabledEv");
static struct rp_map_creation *watching;

bool rp_rw_engine_enabled(void) {
    return watching && watching->keep_rw_engine;
}

void rp_map_creation_watch(struct rp_map_creation *creation) {
    watching = creation;
}

static int create(const struct bcc_create_map_attr *attr, bool with_btf) {
    LIBBPF_OPTS(bpf_map_create_opts, opts, .map_flags = attr->map_flags,
                .numa_node = attr->numa_node, .map_ifindex = attr->map_ifindex,
                .inner_map_fd = attr->inner_map_fd);
    if (with_btf) {
        opts.btf_fd = attr->btf_fd;
        opts.btf_key_type_id = attr->btf_key_type_id;
        opts.btf_value_type_id = attr->btf_value_type_id;
    }
    char name[BPF_OBJ_NAME_LEN] = "";
    if (attr->name)
        snprintf(name, sizeof(name), "%s", attr->name);
    return bpf_map_create(attr->map_type, name, attr->key_size, attr->value_size, attr->max_entries,
                          &opts);
}

int bcc_create_map_xattr(struct bcc_create_map_attr *attr, bool allow_rlimit) {
    (void)allow_rlimit; /* memory is accounted to the cgroup since Linux 5.11 */
    if (watching && watching->dry_run)
        return open("/dev/null", O_RDONLY | O_CLOEXEC);
    int fd = create(attr, attr->btf_key_type_id != 0);
    if (fd < 0 && attr->btf_key_type_id) /* not every map type may have BTF */
        fd = create(attr, false);
    if (fd >= 0 || !watching)
        return fd;
    if (!watching->failed_errno) {
        watching->failed_errno = errno;
        snprintf(watching->failed_name, sizeof(watching->failed_name), "%s", attr->name);
        watching->failed_type = attr->map_type;
        watching->failed_key_size = attr->key_size;
        watching->failed_value_size = attr->value_size;
        watching->failed_max_entries = attr->max_entries;
    }
    return open("/dev/null", O_RDONLY | O_CLOEXEC);
}
