/* SPDX-License-Identifier: Apache-2.0 */
#include "query/builtin.h"

#include <string.h>

const struct rp_builtin rp_builtins[] = {
    {"pid", "u32", "the process", true, false},
    {"tid", "u32", "the thread", true, false},
    {"uid", "u32", "the user", true, false},
    {"comm", "char [16]", "the thread's name", true, false},
    {"cpu", "u32", "the CPU", false, false},
    {"nsecs", "u64", "the time, in nanoseconds since boot", false, false},
    {RP_DURATION, "u64", "how long the call took, in nanoseconds", false, true},
    {"stack", "int", "the kernel's stack; of functions in files the process's", true, false},
    {"kstack", "int", "the kernel's stack", true, false},
    {"ustack", "int", "the process's stack", true, false},
    {"cgroup", "u64", "the id of the cgroup", true, false},
    {0},
};

const struct rp_task_name rp_task_names[RP_TASK_NAMES + 1] = {
    {"curtask", "the task, a struct task_struct *", "bpf_get_current_task()", "%s", NULL},
    {"ppid", "the parent process", "bpf_get_current_task()->real_parent->tgid",
     "%s->real_parent->tgid", NULL},
    {"parent", "the parent's name", "bpf_get_current_task()->real_parent->comm",
     "%s->real_parent->comm", NULL},
    {"gid", "the group", "(u32)(bpf_get_current_uid_gid() >> 32)", "%s->cred->gid.val", NULL},
    {"user", "the user's name", "uid", "uid", "user"},
    {0},
};

const struct rp_builtin *rp_builtin_find(const char *name) {
    for (const struct rp_builtin *b = rp_builtins; b->name; b++)
        if (!strcmp(b->name, name))
            return b;
    return NULL;
}

bool rp_builtin_is_at(const struct rp_builtin *builtin, const char *task) {
    bool runs = !task;
    return runs || !builtin->of_task || (*task && !strstr(builtin->name, "stack"));
}
