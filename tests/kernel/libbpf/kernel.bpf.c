// SPDX-License-Identifier: (GPL-2.0 OR Apache-2.0)
/* What the kernel is like: its configuration, where a function of it is, enumerators that it has and lacks. */
#include "vmlinux.h"
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>

extern const void schedule __ksym;
extern const void no_such_function __ksym __weak;
extern int CONFIG_HZ __kconfig __weak;
extern bool CONFIG_NO_SUCH_OPTION __kconfig __weak;

enum bpf_map_type___other {
    BPF_MAP_TYPE_ARRAY___other = 77,
    BPF_MAP_TYPE_NO_SUCH___other = 78,
};

const volatile pid_t target = 0;
__u64 address = 0;
int hz = 0, array = 0;
bool has_option = false, has_function = false, has_loop = false, has_none = false, has_other = false;

SEC("tp/syscalls/sys_enter_getpgid")
int enter(void *ctx)
{
    if (bpf_get_current_pid_tgid() >> 32 != target)
        return 0;
    address = (__u64)&schedule;
    has_function = &no_such_function != 0;
    hz = CONFIG_HZ;
    has_option = CONFIG_NO_SUCH_OPTION;
    has_loop = bpf_core_enum_value_exists(enum bpf_func_id, BPF_FUNC_loop);
    has_none = bpf_core_enum_value_exists(enum bpf_func_id, BPF_FUNC_no_such_helper);
    has_other = bpf_core_enum_value_exists(enum bpf_map_type___other, BPF_MAP_TYPE_NO_SUCH___other);
    array = bpf_core_enum_value(enum bpf_map_type___other, BPF_MAP_TYPE_ARRAY___other);
    return 0;
}

char LICENSE[] SEC("license") = "GPL";
