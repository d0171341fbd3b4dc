/* SPDX-License-Identifier: Apache-2.0 */
/* Which kernel runs; what it has, allows and forbids. */
#ifndef RP_KERNEL_FEATURES_H
#define RP_KERNEL_FEATURES_H

#include <linux/bpf.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct rp_error;
struct rp_feature;

struct rp_kernel_identity {
    char name[200]; /* for people: "Linux 6.1.0-56-amd64 x86_64" */
    char build[65]; /* unique for each build of a kernel: its GNU build id in hexadecimal or,
                       without one, what uname(2) says about the build */
};

/* To tell whether something was made for this kernel. */
void rp_kernel_identify(struct rp_kernel_identity *out);

/* The error for something that the kernel refused with `errnum` (EPERM, EACCES): missing
 * capabilities, lockdown, or a container. Sets why and hint; the caller sets `what`. */
struct rp_error *rp_kernel_refusal(int errnum);

/* Tries to load a program that does nothing for the BTF type `btf`, and to attach it for a moment:
 * 0, or a positive errno. *loaded: whether it could be loaded. Linux 5.5. */
int rp_kernel_try_tracing(enum bpf_attach_type type, uint64_t btf, bool *loaded);
/* Loads a program that does nothing for the BTF type `btf`. A descriptor, or -1 with errno. */
int rp_kernel_load_tracing(enum bpf_attach_type type, uint64_t btf);
/* The kernel's function for such trials: only bpf()'s own tests call it. */
#define RP_KERNEL_TEST_FUNCTION "bpf_fentry_test1"

/* Whether the running kernel is Linux major.minor or later: for features that cannot be tested. */
bool rp_kernel_at_least(unsigned major, unsigned minor);
/* Loads a program that does nothing. A descriptor, or -1 with errno. */
int rp_kernel_load_trivial(enum bpf_prog_type type, enum bpf_attach_type attach_type);

/* rp_kernel_features(), but for those of probe kinds. */
void rp_kernel_each_feature(void (*each)(void *ctx, const struct rp_feature *feature), void *ctx);

/* Whether the kernel has kprobes: as a perf event source (Linux 4.17), or in tracefs. */
bool rp_kernel_has_kprobes(void);
/* Whether tracefs has a file of that name. */
bool rp_kernel_has_in_tracefs(const char *name);

/* Advice of several messages. */
#define RP_AS_ROOT "run as root (sudo), or with CAP_BPF and CAP_PERFMON"
#define RP_IN_LAB  "use a kernel that has it, such as the lab's: reprobe lab -- COMMAND"

/* Bits of CapEff; linux/capability.h of an older system may lack the newer ones. */
enum {
    RP_CAP_SYS_ADMIN = 21,
    RP_CAP_SYS_RESOURCE = 24,
    RP_CAP_PERFMON = 38,
    RP_CAP_BPF = 39,
    RP_CAP_CHECKPOINT_RESTORE = 40
};
bool rp_kernel_has_capability(unsigned bit);
/* Whether this process may load tracing programs. */
bool rp_kernel_may_trace(void);

/* The part in brackets of "none [integrity] confidentiality"; "" without lockdown. */
void rp_kernel_lockdown(char *level, size_t size);
/* Confidentiality forbids kprobes, tracefs, perf and reading kernel memory from BPF; integrity only
 * forbids writing (security/lockdown in the kernel). */
bool rp_kernel_is_locked_down(void);

/* The first line of a file without its newline; "" if it cannot be read. */
void rp_kernel_read_line(const char *path, char *line, size_t size);

#endif
