/* SPDX-License-Identifier: Apache-2.0 */
/* Commands that inspect probes, types, and compiled programs. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "listing.h"
#include "prompt/entry.h"
#include "prompt/verbs/verbs.h"
#include "util/cleanup.h"
#include "util/error.h"

/* A terminal is not flooded with the 50,000 functions of a kernel. */
#define LISTED_MAX 1000

/* ------------------------------------------------------------------ list */

/* One word is a kind, or a pattern of specs or of what follows a kind's colon. */
static struct rp_error *list(struct prompt *prompt, const char *args) {
    RP_AUTO_FREE char *first = args_word(&args), *second = args_word(&args);
    RP_TRY(args_end(args));
    bool is_pattern = first && !second && strpbrk(first, "*?[:_");
    size_t count, most = prompt->terminal ? LISTED_MAX : SIZE_MAX;
    RP_TRY(list_probes(is_pattern ? NULL : first, is_pattern ? first : second, most, &count));
    if (!count)
        return rp_error_hint_set(rp_error_new(ENOENT, "no probe matches", "cannot list %s",
                                              second  ? second
                                              : first ? first
                                                      : "places"),
                                 "in a pattern, * stands for any text: list vfs_*");
    if (count > most)
        printf("… and %zu more: use a narrower pattern to see them\n", count - most);
    return NULL;
}

/* ------------------------------------------------------------------ info, types */

/* If a function cannot be probed here, a question takes another probe instead; info describes the
 * function itself. False if there is none. */
static bool print_function(const char *word) {
    RP_AUTO_FREE char *function = NULL;
    if (strchr(word, ':') || asprintf(&function, "kprobe:%s", word) < 0)
        return false;
    struct rp_error *err = rp_inspect_probe(function, stdout);
    rp_error_free(err);
    return !err;
}

static struct rp_error *info(struct prompt *prompt, const char *args) {
    (void)prompt;
    RP_AUTO_FREE char *word = args_word(&args), *spec = NULL, *note = NULL;
    if (!word)
        return args_missing("no probe was given", "info PROBE, such as: info vfs_read");
    RP_TRY(args_end(args));
    struct rp_error *err = rp_question_spec(word, &spec, &note);
    if ((err || note) && print_function(word)) {
        rp_error_free(err);
        return NULL;
    }
    if (err)
        return err;
    if (rp_probe_is_pattern(spec))
        return rp_error_hint_set(
            rp_error_new(EINVAL, "it is a pattern", "cannot describe %s", spec), "list %s", spec);
    return rp_inspect_probe(spec, stdout);
}

static struct rp_error *types(struct prompt *prompt, const char *args) {
    (void)prompt;
    if (!*args)
        return args_missing("no type was given", "types NAME, such as: types task_struct");
    return rp_inspect_type(args, stdout);
}

/* ------------------------------------------------------------------ disasm, verifier */

typedef struct rp_error *(*print_fn)(const struct entry *entry, const struct rp_probe *probe);

static struct rp_error *print_program(const struct entry *entry, const struct rp_probe *probe) {
    (void)entry;
    return rp_inspect_program(probe, stdout);
}

static struct rp_error *print_verifier(const struct entry *entry, const struct rp_probe *probe) {
    return rp_inspect_verifier(entry->module, probe, stdout);
}

/* Several probes may share one program. */
static bool is_first(const struct entry *entry, size_t i) {
    for (size_t before = 0; before < i; before++)
        if (rp_probe_program(entry->probes.items[before]) ==
            rp_probe_program(entry->probes.items[i]))
            return false;
    return true;
}

static struct rp_error *print_each(const struct prompt *prompt, const char *args, print_fn print) {
    RP_AUTO_FREE char *number = args_word(&args);
    struct entry *entry;
    if (!number)
        return args_missing("no number was given",
                            "give the number of a program; `probes` lists them");
    RP_TRY(args_end(args));
    RP_TRY(entry_find(prompt, number, &entry));
    if (!entry->probes.count)
        return rp_error_new(ENOENT, "none of its functions is attached", "cannot inspect %s",
                            number);
    for (size_t i = 0; i < entry->probes.count; i++) {
        if (!is_first(entry, i))
            continue;
        if (i)
            putchar('\n');
        RP_TRY(print(entry, entry->probes.items[i]));
    }
    return NULL;
}

static struct rp_error *disasm(struct prompt *prompt, const char *args) {
    RP_AUTO_FREE char *spec = NULL;
    RP_TRY(args_function(args, &spec));
    return spec ? rp_inspect_code(spec, stdout) : print_each(prompt, args, print_program);
}

static struct rp_error *verifier(struct prompt *prompt, const char *args) {
    return print_each(prompt, args, print_verifier);
}

const struct verb inspect_verbs[] = {
    {"list", "[KIND] [GLOB]", "list the probes that exist",
     "KIND is kprobe, tracepoint, uprobe, …; GLOB is a shell pattern. For probes in a program or "
     "library it begins with the file; a path needs no KIND.",
     "list sched:*\n"
     "list tracepoint *exec*\n"
     "list uprobe:bash:*readline*\n"
     "list ./prog:*conf*",
     WORDS_PROBES | PAGED, list},
    {"info", "PROBE", "describe a probe: its arguments, their types, where it is",
     "For a kernel function: its signature, module and address; for a tracepoint: its fields with "
     "their offsets; for a function or USDT probe of a program: where in the file it is, and what "
     "its debug "
     "information says of it. It also says whether it can be probed here.",
     "info vfs_read\n"
     "info tracepoint:sched:sched_switch\n"
     "info uprobe:bash:readline\n"
     "info ./prog:load",
     WORDS_PROBES | PAGED, info},
    {"types", "[FILE:]TYPE", "show a struct, union, enum or typedef",
     "As C, with the offset and size of each member in bytes, and the holes between them: of the "
     "kernel or a loaded module, or of a program with debug information, whose path comes first.",
     "types filename\n"
     "types enum pid_type\n"
     "types pid_t\n"
     "types ./prog:struct conf",
     WORDS_TYPE | PAGED, types},
    {"disasm", "N|FILE:FUNCTION", "show a program's instructions, BPF and native",
     "Of a function of a program or library its machine code, with its lines where there is debug "
     "information. Of BPF, LLVM disassembles them as the kernel holds them, after the verifier has "
     "changed them. They "
     "come with the lines of C that they belong to, and comments say what they call, jump to and "
     "load. Native instructions are shown only to root, and only if the kernel compiles BPF "
     "(net.core.bpf_jit_enable) and kernel.kptr_restrict is below 2.",
     "count sched_switch by comm\n"
     "disasm last\n"
     "disasm ./prog:load",
     WORDS_EITHER | PAGED, disasm},
    {"verifier", "N", "show the verifier's log of a program that it accepted",
     "The kernel verifies the program once more for this. The log has each instruction of each "
     "path, followed by what the verifier knows of the registers (R0) and the stack (fp-8).",
     "count sched_switch by comm\n"
     "verifier last",
     WORDS_NUMBER | PAGED, verifier},
    {0}};
