/* SPDX-License-Identifier: Apache-2.0 */
/* Which arguments of system calls lead to where the call writes its results. */
#include "query/call_results.h"

#include <string.h>

#include "util/array.h"

/* Calls of Linux 6.18, and the names of their arguments in its tracepoints. What the call reads as
 * well, such as the size of a socket's address, is not among them. */
static const struct {
    const char *call, *arguments;
} results[] = {
    {"accept", "upeer_sockaddr"},
    {"accept4", "upeer_sockaddr"},
    {"capget", "dataptr"},
    {"clock_getres", "tp"},
    {"clock_gettime", "tp"},
    {"clock_nanosleep", "rmtp"},
    {"epoll_pwait", "events"},
    {"epoll_pwait2", "events"},
    {"epoll_wait", "events"},
    {"fgetxattr", "value"},
    {"flistxattr", "list"},
    {"fstatfs", "buf"},
    {"get_robust_list", "head_ptr len_ptr"},
    {"getcpu", "cpup nodep"},
    {"getcwd", "buf"},
    {"getdents", "dirent"},
    {"getdents64", "dirent"},
    {"getgroups", "grouplist"},
    {"getitimer", "value"},
    {"getpeername", "usockaddr"},
    {"getresgid", "rgidp egidp sgidp"},
    {"getresuid", "ruidp euidp suidp"},
    {"getrlimit", "rlim"},
    {"getrusage", "ru"},
    {"getsockname", "usockaddr"},
    {"getsockopt", "optval"},
    {"gettimeofday", "tv tz"},
    {"getxattr", "value"},
    {"io_getevents", "events"},
    {"lgetxattr", "value"},
    {"listxattr", "list"},
    {"llistxattr", "list"},
    {"mq_getsetattr", "u_omqstat"},
    {"mq_timedreceive", "u_msg_ptr u_msg_prio"},
    {"msgrcv", "msgp"},
    {"nanosleep", "rmtp"},
    {"newfstat", "statbuf"},
    {"newfstatat", "statbuf"},
    {"newlstat", "statbuf"},
    {"newstat", "statbuf"},
    {"newuname", "name"},
    {"pipe", "fildes"},
    {"pipe2", "fildes"},
    {"prlimit64", "old_rlim"},
    {"recvfrom", "addr"},
    {"rt_sigaction", "oact"},
    {"rt_sigpending", "uset"},
    {"rt_sigprocmask", "oset"},
    {"rt_sigtimedwait", "uinfo"},
    {"sched_getaffinity", "user_mask_ptr"},
    {"sched_getattr", "uattr"},
    {"sched_getparam", "param"},
    {"sched_rr_get_interval", "interval"},
    {"setitimer", "ovalue"},
    {"sigaltstack", "uoss"},
    {"socketpair", "usockvec"},
    {"statfs", "buf"},
    {"statx", "buffer"},
    {"sysinfo", "info"},
    {"time", "tloc"},
    {"timer_create", "created_timer_id"},
    {"timer_gettime", "setting"},
    {"timer_settime", "old_setting"},
    {"timerfd_gettime", "otmr"},
    {"timerfd_settime", "otmr"},
    {"times", "tbuf"},
    {"wait4", "stat_addr ru"},
    {"waitid", "infop ru"},
};

static bool has_word(const char *words, const char *word) {
    size_t length = strlen(word);
    for (const char *at = words; (at = strstr(at, word)); at += length)
        if ((at == words || at[-1] == ' ') && (!at[length] || at[length] == ' '))
            return true;
    return false;
}

bool rp_call_writes_result(const char *call, const char *argument) {
    for (size_t i = 0; i < RP_COUNT(results); i++)
        if (!strcmp(results[i].call, call))
            return has_word(results[i].arguments, argument);
    return false;
}
