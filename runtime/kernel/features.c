/* SPDX-License-Identifier: Apache-2.0 */
#include "kernel/features.h"

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <linux/magic.h>
#include <linux/perf_event.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "kernel/btf.h"
#include "kernel/tracefs.h"
#include "util/array.h"
#include "util/cleanup.h"
#include "util/error.h"

#define AS_ROOT "run as root (sudo), or with CAP_BPF and CAP_PERFMON"
#define IN_LAB  "use a kernel that has it, such as the lab's: scripts/lab -- COMMAND"

/* ------------------------------------------------------------------ small looks */

/* The first line of a file without its newline; "" where it cannot be read. */
static void read_line(const char *path, char *line, size_t size) {
    RP_AUTO_FCLOSE FILE *file = fopen(path, "re");
    if (!file || !fgets(line, (int)size, file))
        line[0] = '\0';
    line[strcspn(line, "\n")] = '\0';
}

static bool exists(const char *path) {
    return access(path, F_OK) == 0;
}

/* Where tracefs is, or NULL without a word. */
static const char *tracefs(void) {
    const char *root;
    struct rp_error *err = rp_tracefs_path(&root);
    rp_error_free(err);
    return err ? NULL : root;
}

static bool in_tracefs(const char *name) {
    const char *root = tracefs();
    char path[PATH_MAX];
    snprintf(path, sizeof(path), "%s/%s", root ? root : "", name);
    return root && exists(path);
}

bool rp_kernel_has_kprobes(void) {
    return exists("/sys/bus/event_source/devices/kprobe") || in_tracefs("kprobe_events");
}

bool rp_kernel_at_least(unsigned major, unsigned minor) {
    struct utsname name;
    unsigned its_major = 0, its_minor = 0;
    uname(&name);
    sscanf(name.release, "%u.%u", &its_major, &its_minor);
    return its_major > major || (its_major == major && its_minor >= minor);
}

/* ------------------------------------------------------------------ privileges */

/* Bits of CapEff; linux/capability.h of an older system may lack the newer ones. */
enum { SYS_ADMIN = 21, SYS_RESOURCE = 24, PERFMON = 38, BPF = 39 };

static bool has_capability(unsigned bit) {
    RP_AUTO_FCLOSE FILE *file = fopen("/proc/self/status", "re");
    char line[256];
    uint64_t effective = 0;
    while (file && fgets(line, sizeof(line), file))
        if (sscanf(line, "CapEff: %" SCNx64, &effective) == 1)
            break;
    return effective >> bit & 1;
}

/* CAP_BPF and CAP_PERFMON are parts of CAP_SYS_ADMIN (Linux 5.8). */
static bool is_privileged(void) {
    return has_capability(SYS_ADMIN) || (has_capability(BPF) && has_capability(PERFMON));
}

/* The part in brackets of "none [integrity] confidentiality"; "" where there is no lockdown. */
static void read_lockdown(char *level, size_t size) {
    char line[128];
    read_line("/sys/kernel/security/lockdown", line, sizeof(line));
    const char *open = strchr(line, '[');
    snprintf(level, size, "%.*s", open ? (int)strcspn(open + 1, "]") : 0, open ? open + 1 : "");
}

/* Confidentiality forbids kprobes, tracefs, perf and reading kernel memory from BPF; integrity
 * only forbids writing (security/lockdown in the kernel). */
static bool locked_down(void) {
    char level[32];
    read_lockdown(level, sizeof(level));
    return !strcmp(level, "confidentiality");
}

struct rp_error *rp_kernel_refusal(int errnum) {
    if (!is_privileged())
        return rp_error_hint_set(
            rp_error_new(errnum, "the kernel does not permit it to this user", "cannot trace"),
            AS_ROOT);
    if (locked_down())
        return rp_error_hint_set(
            rp_error_new(errnum, "the kernel is locked down (confidentiality)", "cannot trace"),
            "boot without lockdown=confidentiality, or use the lab: scripts/lab -- COMMAND");
    return rp_error_hint_set(
        rp_error_new(errnum, "the kernel does not permit it here, not even with privileges",
                     "cannot trace"),
        "a container or a seccomp filter may forbid it: run outside, or use the lab: "
        "scripts/lab -- COMMAND");
}

/* ------------------------------------------------------------------ trying bpf() */

static const struct bpf_insn trivial[] = {
    {.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .imm = 0},
    {.code = BPF_JMP | BPF_EXIT},
};

/* Loads "return 0". A descriptor, or -1 with errno. */
static int load_trivial(enum bpf_prog_type type, const struct bpf_prog_load_opts *opts) {
    return bpf_prog_load(type, NULL, "GPL", trivial, RP_COUNT(trivial), opts);
}

int rp_kernel_load_trivial(enum bpf_prog_type type, enum bpf_attach_type attach_type) {
    LIBBPF_OPTS(bpf_prog_load_opts, opts, .expected_attach_type = attach_type);
    return load_trivial(type, &opts);
}

int rp_kernel_try_tracing(enum bpf_attach_type type, uint32_t btf, bool *loaded) {
    LIBBPF_OPTS(bpf_prog_load_opts, load, .attach_btf_id = btf, .expected_attach_type = type);
    RP_AUTO_CLOSE int prog = load_trivial(BPF_PROG_TYPE_TRACING, &load);
    *loaded = prog >= 0;
    if (prog < 0)
        return errno;
    RP_AUTO_CLOSE int link = bpf_raw_tracepoint_open(NULL, prog);
    return link < 0 ? errno : 0;
}

struct rp_error *rp_kernel_usable(void) {
    RP_AUTO_CLOSE int fd = load_trivial(BPF_PROG_TYPE_TRACEPOINT, NULL);
    if (fd >= 0)
        return NULL;
    int errnum = errno;
    if (errnum == EPERM || errnum == EACCES)
        return rp_error_what_set(rp_kernel_refusal(errnum), "cannot load BPF programs");
    if (errnum == ENOSYS)
        return rp_error_hint_set(
            rp_error_new(errnum,
                         "this kernel has no bpf() (it was built without CONFIG_BPF_SYSCALL)",
                         "cannot load BPF programs"),
            IN_LAB);
    return rp_error_hint_set(rp_error_new(errnum, NULL, "cannot load BPF programs"),
                             "tracing programs need CONFIG_BPF_EVENTS; the lab's kernel has it: "
                             "scripts/lab -- COMMAND");
}

/* ------------------------------------------------------------------ the features */

/* What a look saw, in words. */
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
    int what;         /* a map type, helper or program type, for looks that try one */
    const char *path; /* for looks at a path */
    bool as_root;     /* without privileges the look would only see that it may not */
};

static bool look_privileges(const struct check *check, struct detail *detail) {
    (void)check;
    char unprivileged[16];
    read_line("/proc/sys/kernel/unprivileged_bpf_disabled", unprivileged, sizeof(unprivileged));
    say(detail, "%s%s%s%sunprivileged BPF is %s",
        has_capability(SYS_ADMIN) ? "CAP_SYS_ADMIN, " : "", has_capability(BPF) ? "CAP_BPF, " : "",
        has_capability(PERFMON) ? "CAP_PERFMON, " : "", is_privileged() ? "" : "not enough; ",
        !unprivileged[0]            ? "not regulated"
        : strcmp(unprivileged, "0") ? "off"
                                    : "on");
    return is_privileged();
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
    read_lockdown(level, sizeof(level));
    say(detail, "lockdown: %s", level[0] ? level : "not in this kernel");
    return !locked_down();
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
    return limit.rlim_cur == RLIM_INFINITY || has_capability(SYS_RESOURCE);
}

static bool look_jit(const struct check *check, struct detail *detail) {
    char value[16];
    read_line(check->path, value, sizeof(value));
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
    bool mountable = has_fstype(check->path) && has_capability(SYS_ADMIN);
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
        source  ? "an event source, gone with its process"
        : there ? "only kprobe_events in tracefs, which a killed tracer leaves behind"
                : "neither an event source nor kprobe_events");
    return there;
}

static bool look_uprobes(const struct check *check, struct detail *detail) {
    bool there = exists(check->path) || in_tracefs("uprobe_events");
    say(detail, "%s",
        exists(check->path) ? "an event source, gone with its process"
        : there             ? "only uprobe_events in tracefs"
                            : "neither an event source nor uprobe_events");
    return there;
}

/* Asks for a function that no kernel has: one that can do it says so (ESRCH), others do not
 * understand the question. Nothing is attached. */
static bool look_kprobe_multi(const struct check *check, struct detail *detail) {
    (void)check;
    LIBBPF_OPTS(bpf_prog_load_opts, load, .expected_attach_type = BPF_TRACE_KPROBE_MULTI);
    RP_AUTO_CLOSE int prog = load_trivial(BPF_PROG_TYPE_KPROBE, &load);
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
        say(detail, "no BTF to attach by");
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
    const char *root = tracefs();
    char path[PATH_MAX];
    snprintf(path, sizeof(path), "%s/%s", root ? root : "tracefs", check->path);
    bool there = root && access(path, R_OK) == 0;
    say(detail, "%s%.200s", there ? "" : "cannot read ", path);
    return there;
}

/* Says whether a trial with libbpf, 1, 0 or a negative errno, came out well. */
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

/* Timers are not for tracing programs, but for others that reprobe may run beside them. */
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
    {.name = "privileges", .needed_for = "everything", .cure = AS_ROOT, .look = look_privileges},
    {.name = "bpf()",
     .needed_for = "everything",
     .cure = IN_LAB,
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
     .needed_for = "saying why a kprobe is refused",
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
     .cure = "use tracepoints, or a kernel with CONFIG_KPROBES: scripts/lab -- COMMAND",
     .look = look_kprobes,
     .path = "/sys/bus/event_source/devices/kprobe"},
    {.name = "kretprobes",
     .needed_for = "kretprobe:FUNCTION",
     .cure = "use tracepoints, or a kernel with CONFIG_KRETPROBES: scripts/lab -- COMMAND",
     .look = look_path,
     .path = "/sys/bus/event_source/devices/kprobe/format/retprobe"},
    {.name = "kprobe.multi",
     .needed_for = "probing thousands of functions at once (Linux 5.18)",
     .cure = "use a kernel with CONFIG_FPROBE: scripts/lab --kernel 6.12 -- COMMAND",
     .look = look_kprobe_multi,
     .as_root = true},
    {.name = "uprobes",
     .needed_for = "probes in programs and libraries",
     .cure = IN_LAB,
     .look = look_uprobes,
     .path = "/sys/bus/event_source/devices/uprobe"},
    {.name = "tracepoints",
     .needed_for = "tracepoint:CATEGORY:NAME",
     .cure = IN_LAB,
     .look = look_tracepoints,
     .as_root = true},
    {.name = "syscall tracepoints",
     .needed_for = "tracepoint:syscalls:NAME",
     .cure = "use a kernel with CONFIG_FTRACE_SYSCALLS: scripts/lab -- COMMAND",
     .look = look_in_tracefs,
     .path = "events/syscalls",
     .as_root = true},
    {.name = "raw tracepoints",
     .needed_for = "rawtracepoint:NAME (Linux 4.17)",
     .cure = IN_LAB,
     .look = look_prog_type,
     .what = BPF_PROG_TYPE_RAW_TRACEPOINT,
     .as_root = true},
    {.name = "fentry",
     .needed_for = "the cheapest probe of a function's entry (Linux 5.5)",
     .cure = IN_LAB,
     .look = look_fentry,
     .what = BPF_TRACE_FENTRY,
     .as_root = true},
    {.name = "fexit",
     .needed_for = "a function's arguments and result together (Linux 5.5)",
     .cure = IN_LAB,
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
     .cure = IN_LAB,
     .look = look_map_type,
     .what = BPF_MAP_TYPE_USER_RINGBUF,
     .as_root = true},
    {.name = "bpf_probe_read_kernel",
     .needed_for = "reading kernel memory on every architecture (Linux 5.5)",
     .cure = "bpf_probe_read is used instead",
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
     .cure = IN_LAB,
     .look = look_timer,
     .what = BPF_FUNC_timer_init,
     .as_root = true},
    {.name = "trace pipe",
     .needed_for = "bpf_trace_printk()",
     .cure = AS_ROOT,
     .look = look_in_tracefs,
     .path = "trace_pipe",
     .as_root = true},
    {.name = "cgroup v2",
     .needed_for = "telling containers apart by cgroup id",
     .cure = "as root: mount -t cgroup2 nodev /sys/fs/cgroup/unified",
     .look = look_mount,
     .path = "cgroup2"},
};

void rp_kernel_features(void (*each)(void *ctx, const struct rp_feature *feature), void *ctx) {
    /* A trial that fails is an answer here, no reason for libbpf to warn. */
    libbpf_print_fn_t printer = libbpf_set_print(NULL);
    for (size_t i = 0; i < RP_COUNT(checks); i++) {
        struct detail detail = {""};
        bool hidden = checks[i].as_root && !is_privileged();
        bool present = !hidden && checks[i].look(&checks[i], &detail);
        if (hidden)
            say(&detail, "cannot be seen without privileges");
        struct rp_feature feature = {.name = checks[i].name,
                                     .present = present,
                                     .needed_for = checks[i].needed_for,
                                     .detail = detail.text,
                                     .cure = present  ? NULL
                                             : hidden ? AS_ROOT
                                                      : checks[i].cure};
        each(ctx, &feature);
    }
    libbpf_set_print(printer);
}
