/* SPDX-License-Identifier: Apache-2.0 */
/* What reprobe doctor reports: a table of things that a kernel may have, and how to see them. */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <linux/perf_event.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "kernel/btf.h"
#include "kernel/features.h"
#include "kernel/tracefs.h"
#include "reprobe_query.h"
#include "util/array.h"
#include "util/cleanup.h"
#include "util/error.h"

static bool exists(const char *path) {
    return access(path, F_OK) == 0;
}

/* What a check found, in words. */
struct detail {
    char text[256];
};

RP_PRINTF(2, 3) static void say(struct detail *detail, const char *fmt, ...) {
    va_list args;
    va_start(args, fmt);
    vsnprintf(detail->text, sizeof(detail->text), fmt, args);
    va_end(args);
}

struct check {
    const char *name, *needed_for, *cure;
    bool (*look)(const struct check *check, struct detail *detail);
    int what;         /* a map type, helper or program type, for checks that try one */
    const char *path; /* for checks of a path */
    bool as_root;     /* without privileges the check would only see that it has none */
    bool in_tracefs;  /* which is root's alone, whatever capabilities a user has */
};

static bool look_privileges(const struct check *check, struct detail *detail) {
    (void)check;
    char unprivileged[16];
    rp_kernel_read_line("/proc/sys/kernel/unprivileged_bpf_disabled", unprivileged,
                        sizeof(unprivileged));
    say(detail, "%s%s%s%sunprivileged BPF is %s",
        rp_kernel_has_capability(RP_CAP_SYS_ADMIN) ? "CAP_SYS_ADMIN, " : "",
        rp_kernel_has_capability(RP_CAP_BPF) ? "CAP_BPF, " : "",
        rp_kernel_has_capability(RP_CAP_PERFMON) ? "CAP_PERFMON, " : "",
        rp_kernel_may_trace() ? "" : "not enough; ",
        !unprivileged[0]            ? "not regulated"
        : strcmp(unprivileged, "0") ? "off"
                                    : "on");
    return rp_kernel_may_trace();
}

static bool look_bpf(const struct check *check, struct detail *detail) {
    (void)check;
    struct rp_error *err = rp_kernel_usable();
    say(detail, "%s", err ? rp_error_why(err) : "a program loads");
    rp_error_free(err);
    return !err;
}

static bool look_lockdown(const struct check *check, struct detail *detail) {
    (void)check;
    char level[32];
    rp_kernel_lockdown(level, sizeof(level));
    say(detail, "lockdown: %s", level[0] ? level : "not in this kernel");
    return !rp_kernel_is_locked_down();
}

static bool look_memlock(const struct check *check, struct detail *detail) {
    (void)check;
    struct rlimit limit = {0};
    getrlimit(RLIMIT_MEMLOCK, &limit);
    if (rp_kernel_at_least(5, 11)) {
        say(detail, "charged to the memory cgroup (Linux 5.11)");
        return true;
    }
    if (limit.rlim_cur == RLIM_INFINITY)
        say(detail, "RLIMIT_MEMLOCK is unlimited");
    else
        say(detail, "RLIMIT_MEMLOCK is %llu KiB", (unsigned long long)limit.rlim_cur / 1024);
    return limit.rlim_cur == RLIM_INFINITY || rp_kernel_has_capability(RP_CAP_SYS_RESOURCE);
}

static bool look_jit(const struct check *check, struct detail *detail) {
    char value[16];
    rp_kernel_read_line(check->path, value, sizeof(value));
    say(detail, "%s is %s", check->path, value[0] ? value : "not there");
    return value[0] && value[0] != '0';
}

static bool look_btf(const struct check *check, struct detail *detail) {
    struct stat st;
    if (stat(check->path, &st) != 0) {
        say(detail, "no %s", check->path);
        return false;
    }
    say(detail, "%s, %.1f MiB", check->path, (double)st.st_size / (1024.0 * 1024.0));
    return true;
}

static bool look_module_btf(const struct check *check, struct detail *detail) {
    RP_AUTO_CLOSEDIR DIR *dir = opendir(check->path);
    unsigned count = 0;
    const struct dirent *entry;
    while (dir && (entry = readdir(dir)))
        count += entry->d_name[0] != '.' && strcmp(entry->d_name, "vmlinux") != 0;
    say(detail, "%u modules in %s", count, check->path);
    return count > 0;
}

static bool look_headers(const struct check *check, struct detail *detail) {
    (void)check;
    struct utsname name;
    uname(&name);
    char path[PATH_MAX];
    snprintf(path, sizeof(path), "/lib/modules/%s/build/include/linux/kconfig.h", name.release);
    if (exists(path))
        say(detail, "/lib/modules/%s/build", name.release);
    else if (exists("/sys/kernel/kheaders.tar.xz"))
        say(detail, "/sys/kernel/kheaders.tar.xz");
    else
        say(detail, "no /lib/modules/%s/build", name.release);
    return exists(path) || exists("/sys/kernel/kheaders.tar.xz");
}

/* Whether the kernel has that type of file system at all. */
static bool has_fstype(const char *fstype) {
    RP_AUTO_FCLOSE FILE *file = fopen("/proc/filesystems", "re");
    char line[128], its_type[64];
    while (file && fgets(line, sizeof(line), file))
        if (sscanf(line, "nodev %63s", its_type) == 1 && !strcmp(its_type, fstype))
            return true;
    return false;
}

/* Looks for a mount of that type anywhere. */
static bool find_mount(const char *fstype, char where[256]) {
    RP_AUTO_FCLOSE FILE *file = fopen("/proc/self/mounts", "re");
    char line[2 * PATH_MAX], its_type[64];
    while (file && fgets(line, sizeof(line), file))
        if (sscanf(line, "%*s %255s %63s", where, its_type) == 2 && !strcmp(its_type, fstype))
            return true;
    return false;
}

static bool look_mount(const struct check *check, struct detail *detail) {
    char where[256];
    if (find_mount(check->path, where)) {
        say(detail, "on %.200s", where);
        return true;
    }
    bool mountable = has_fstype(check->path) && rp_kernel_has_capability(RP_CAP_SYS_ADMIN);
    say(detail, "not mounted%s",
        mountable                 ? "; it can be"
        : has_fstype(check->path) ? "; only root can mount it"
                                  : ", not in this kernel");
    return mountable;
}

static bool look_path(const struct check *check, struct detail *detail) {
    bool there = exists(check->path);
    say(detail, "%s%s", there ? "" : "no ", check->path);
    return there;
}

static bool look_kprobes(const struct check *check, struct detail *detail) {
    bool source = exists(check->path);
    bool there = source || rp_kernel_has_kprobes();
    say(detail, "%s",
        source  ? "an event source, which ends with its process"
        : there ? "only kprobe_events in tracefs, where a killed tracer leaves its probes"
                : "neither an event source nor kprobe_events");
    return there;
}

static bool look_uprobes(const struct check *check, struct detail *detail) {
    bool there = exists(check->path) || rp_kernel_has_in_tracefs("uprobe_events");
    say(detail, "%s",
        exists(check->path) ? "an event source, which ends with its process"
        : there             ? "only uprobe_events in tracefs"
                            : "neither an event source nor uprobe_events");
    return there;
}

/* Asks for a function that does not exist: a kernel with the feature says so (ESRCH), others do not
 * understand the request. Nothing is attached. */
static bool look_kprobe_multi(const struct check *check, struct detail *detail) {
    (void)check;
    RP_AUTO_CLOSE int prog = rp_kernel_load_trivial(BPF_PROG_TYPE_KPROBE, BPF_TRACE_KPROBE_MULTI);
    const char *symbol = "reprobe_no_such_function";
    LIBBPF_OPTS(bpf_link_create_opts, link, .kprobe_multi.syms = &symbol, .kprobe_multi.cnt = 1);
    RP_AUTO_CLOSE int fd = prog < 0 ? -1 : bpf_link_create(prog, 0, BPF_TRACE_KPROBE_MULTI, &link);
    bool there = fd >= 0 || (prog >= 0 && errno == ESRCH);
    say(detail, "%s", there ? "understood" : strerror(errno));
    return there;
}

static bool look_fentry(const struct check *check, struct detail *detail) {
    const struct rp_btf *btf = rp_kernel_types_or_null();
    uint32_t id = btf ? rp_btf_find(btf, RP_KERNEL_TEST_FUNCTION, BTF_KIND_FUNC) : 0;
    if (!id) {
        say(detail, "no BTF, which it needs");
        return false;
    }
    bool loaded;
    int errnum = rp_kernel_try_tracing((enum bpf_attach_type)check->what, id, &loaded);
    say(detail, "%s%s",
        !errnum  ? "a program attaches"
        : loaded ? "a program loads but does not attach: "
                 : "no program loads: ",
        errnum ? strerror(errnum) : "");
    return !errnum;
}

static bool count_event(void *ctx, const char *event) {
    (void)event;
    ++*(unsigned *)ctx;
    return true;
}

static bool look_tracepoints(const struct check *check, struct detail *detail) {
    (void)check;
    unsigned count = 0;
    struct rp_error *err = rp_tracefs_each_event(count_event, &count);
    if (err)
        say(detail, "%s", rp_error_why(err));
    else
        say(detail, "%u of them", count);
    rp_error_free(err);
    return count > 0;
}

static bool look_in_tracefs(const struct check *check, struct detail *detail) {
    const char *root = rp_tracefs_path_or_null();
    char path[PATH_MAX];
    snprintf(path, sizeof(path), "%s/%s", root ? root : "tracefs", check->path);
    bool there = root && access(path, R_OK) == 0;
    say(detail, "%s%.200s", there ? "" : "cannot read ", path);
    return there;
}

/* Reports the result of a trial with libbpf: 1, 0 or a negative errno. */
static bool tried(int result, struct detail *detail) {
    if (result < 0)
        say(detail, "could not be tried: %s", strerror(-result));
    else
        say(detail, "%s", result ? "tried, works" : "the kernel does not know it");
    return result > 0;
}

static bool look_prog_type(const struct check *check, struct detail *detail) {
    return tried(libbpf_probe_bpf_prog_type((enum bpf_prog_type)check->what, NULL), detail);
}

static bool look_map_type(const struct check *check, struct detail *detail) {
    return tried(libbpf_probe_bpf_map_type((enum bpf_map_type)check->what, NULL), detail);
}

static bool look_helper(const struct check *check, struct detail *detail) {
    return tried(
        libbpf_probe_bpf_helper(BPF_PROG_TYPE_TRACEPOINT, (enum bpf_func_id)check->what, NULL),
        detail);
}

/* Tracing programs cannot use timers, but other types of programs can. */
static bool look_timer(const struct check *check, struct detail *detail) {
    return tried(
        libbpf_probe_bpf_helper(BPF_PROG_TYPE_SOCKET_FILTER, (enum bpf_func_id)check->what, NULL),
        detail);
}

static bool look_perf_events(const struct check *check, struct detail *detail) {
    (void)check;
    struct perf_event_attr attr = {.size = sizeof(attr),
                                   .type = PERF_TYPE_SOFTWARE,
                                   .config = PERF_COUNT_SW_CPU_CLOCK,
                                   .sample_period = 1000000,
                                   .disabled = 1};
    RP_AUTO_CLOSE int fd =
        (int)syscall(SYS_perf_event_open, &attr, -1, 0, -1, PERF_FLAG_FD_CLOEXEC);
    say(detail, "%s", fd >= 0 ? "the CPU clock can be sampled" : strerror(errno));
    return fd >= 0;
}

static const struct check checks[] = {
    {.name = "privileges", .needed_for = "everything", .cure = RP_AS_ROOT, .look = look_privileges},
    {.name = "bpf()",
     .needed_for = "everything",
     .cure = RP_IN_LAB,
     .look = look_bpf,
     .as_root = true},
    {.name = "no lockdown",
     .needed_for = "kprobes, tracefs and reading kernel memory",
     .cure = "boot without lockdown=confidentiality",
     .look = look_lockdown},
    {.name = "memory accounting",
     .needed_for = "large maps",
     .cure = "ulimit -l unlimited",
     .look = look_memlock},
    {.name = "JIT",
     .needed_for = "programs at full speed",
     .cure = "sysctl net.core.bpf_jit_enable=1",
     .look = look_jit,
     .path = "/proc/sys/net/core/bpf_jit_enable"},
    {.name = "BTF",
     .needed_for = "compiling without kernel headers (Linux 5.4)",
     .cure = "use a kernel with CONFIG_DEBUG_INFO_BTF, or install its headers",
     .look = look_btf,
     .path = "/sys/kernel/btf/vmlinux"},
    {.name = "module BTF",
     .needed_for = "types that only a module has (Linux 5.11)",
     .cure = "use a kernel with CONFIG_DEBUG_INFO_BTF_MODULES",
     .look = look_module_btf,
     .path = "/sys/kernel/btf"},
    {.name = "kernel headers",
     .needed_for = "sources that BTF is not enough for, and kernels without it",
     .cure = "apt install linux-headers-$(uname -r)",
     .look = look_headers},
    {.name = "tracefs",
     .needed_for = "tracepoints",
     .cure = "as root: mount -t tracefs nodev /sys/kernel/tracing",
     .look = look_mount,
     .path = "tracefs"},
    {.name = "debugfs",
     .needed_for = "finding out why a kprobe is refused",
     .cure = "as root: mount -t debugfs nodev /sys/kernel/debug",
     .look = look_mount,
     .path = "debugfs"},
    {.name = "bpffs",
     .needed_for = "pinned maps",
     .cure = "as root: mount -t bpf nodev /sys/fs/bpf",
     .look = look_mount,
     .path = "bpf"},
    {.name = "kprobes",
     .needed_for = "kprobe:FUNCTION",
     .cure = "use tracepoints, or a kernel with CONFIG_KPROBES: reprobe lab -- COMMAND",
     .look = look_kprobes,
     .path = "/sys/bus/event_source/devices/kprobe"},
    {.name = "kretprobes",
     .needed_for = "kretprobe:FUNCTION",
     .cure = "use tracepoints, or a kernel with CONFIG_KRETPROBES: reprobe lab -- COMMAND",
     .look = look_path,
     .path = "/sys/bus/event_source/devices/kprobe/format/retprobe"},
    {.name = "kprobe.multi",
     .needed_for = "probing thousands of functions at once (Linux 5.18)",
     .cure = "use a kernel with CONFIG_FPROBE: reprobe lab --kernel 6.12 -- COMMAND",
     .look = look_kprobe_multi,
     .as_root = true},
    {.name = "uprobes",
     .needed_for = "probes in programs and libraries",
     .cure = RP_IN_LAB,
     .look = look_uprobes,
     .path = "/sys/bus/event_source/devices/uprobe"},
    {.name = "tracepoints",
     .needed_for = "tracepoint:CATEGORY:NAME",
     .cure = RP_IN_LAB,
     .look = look_tracepoints,
     .as_root = true,
     .in_tracefs = true},
    {.name = "syscall tracepoints",
     .needed_for = "tracepoint:syscalls:NAME",
     .cure = "use a kernel with CONFIG_FTRACE_SYSCALLS: reprobe lab -- COMMAND",
     .look = look_in_tracefs,
     .path = "events/syscalls",
     .as_root = true,
     .in_tracefs = true},
    {.name = "raw tracepoints",
     .needed_for = "rawtracepoint:NAME (Linux 4.17)",
     .cure = RP_IN_LAB,
     .look = look_prog_type,
     .what = BPF_PROG_TYPE_RAW_TRACEPOINT,
     .as_root = true},
    {.name = "fentry",
     .needed_for = "the cheapest probe of a function's entry (Linux 5.5)",
     .cure = RP_IN_LAB,
     .look = look_fentry,
     .what = BPF_TRACE_FENTRY,
     .as_root = true},
    {.name = "fexit",
     .needed_for = "a function's arguments and return value together (Linux 5.5)",
     .cure = RP_IN_LAB,
     .look = look_fentry,
     .what = BPF_TRACE_FEXIT,
     .as_root = true},
    {.name = "perf events",
     .needed_for = "sampling (profile)",
     .cure = "as root: sysctl kernel.perf_event_paranoid=2",
     .look = look_perf_events,
     .as_root = true},
    {.name = "ring buffer",
     .needed_for = "BPF_RINGBUF_OUTPUT (Linux 5.8)",
     .cure = "use BPF_PERF_OUTPUT",
     .look = look_map_type,
     .what = BPF_MAP_TYPE_RINGBUF,
     .as_root = true},
    {.name = "user ring buffer",
     .needed_for = "sending messages to programs (Linux 6.1)",
     .cure = RP_IN_LAB,
     .look = look_map_type,
     .what = BPF_MAP_TYPE_USER_RINGBUF,
     .as_root = true},
    {.name = "bpf_probe_read_kernel",
     .needed_for = "reading kernel memory on every architecture (Linux 5.5)",
     .cure = "nothing: reprobe uses bpf_probe_read instead",
     .look = look_helper,
     .what = BPF_FUNC_probe_read_kernel,
     .as_root = true},
    {.name = "bpf_loop",
     .needed_for = "loops without a bound known at compile time (Linux 5.17)",
     .cure = "write a bounded for loop",
     .look = look_helper,
     .what = BPF_FUNC_loop,
     .as_root = true},
    {.name = "BPF timers",
     .needed_for = "callbacks after a time (Linux 5.15; not in tracing programs)",
     .cure = RP_IN_LAB,
     .look = look_timer,
     .what = BPF_FUNC_timer_init,
     .as_root = true},
    {.name = "trace pipe",
     .needed_for = "bpf_trace_printk()",
     .cure = RP_AS_ROOT,
     .look = look_in_tracefs,
     .path = "trace_pipe",
     .as_root = true,
     .in_tracefs = true},
    {.name = "cgroup v2",
     .needed_for = "telling containers apart by cgroup id",
     .cure = "as root: mount -t cgroup2 nodev /sys/fs/cgroup/unified",
     .look = look_mount,
     .path = "cgroup2"},
};

void rp_kernel_each_feature(void (*each)(void *ctx, const struct rp_feature *feature), void *ctx) {
    /* A trial that fails is a normal result here: libbpf must not warn. */
    libbpf_print_fn_t printer = libbpf_set_print(NULL);
    for (size_t i = 0; i < RP_COUNT(checks); i++) {
        struct detail detail = {""};
        bool hidden = checks[i].as_root && !rp_kernel_may_trace();
        bool present = !hidden && checks[i].look(&checks[i], &detail);
        bool denied = checks[i].in_tracefs && rp_tracefs_is_denied();
        if (hidden)
            say(&detail, "unknown: this check needs privileges");
        struct rp_feature feature = {.name = checks[i].name,
                                     .present = present,
                                     .needed_for = checks[i].needed_for,
                                     .detail = detail.text,
                                     .cure = present  ? NULL
                                             : denied ? "run as root (sudo)"
                                             : hidden ? RP_AS_ROOT
                                                      : checks[i].cure};
        each(ctx, &feature);
    }
    libbpf_set_print(printer);
}
