/* SPDX-License-Identifier: Apache-2.0 */
#include "kernel/ksyms.h"

#include <bcc/bcc_proc.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arch/arch.h"
#include "kernel/btf.h"
#include "util/arena.h"
#include "util/array.h"
#include "util/cleanup.h"
#include "util/error.h"
#include "util/file.h"
#include "util/shim.h"
#include "util/text.h"
#include "util/vec.h"

/* ------------------------------------------------------------------ /proc/kallsyms */

struct symbol {
    const char *name;
    const char *module; /* NULL: the kernel itself */
    uint64_t address;
    char type; /* as nm(1) has it */
};

typedef bool (*symbol_fn)(void *ctx, const struct symbol *symbol);

/* Splits "ffffffff81000000 T name\t[module]\n" in place. */
static bool parse_line(char *line, struct symbol *out) {
    char *rest = NULL;
    out->address = strtoull(line, &rest, 16);
    if (rest == line || rest[0] != ' ' || !rest[1] || rest[2] != ' ')
        return false;
    out->type = rest[1];
    char *name = rest + 3;
    char *end = name + strcspn(name, " \t\n");
    char *module = strchr(end, '[');
    *end = '\0';
    out->name = name;
    out->module = module ? module + 1 : NULL;
    if (module)
        module[strcspn(module, "]")] = '\0';
    return true;
}

static struct rp_error *each_symbol(symbol_fn each, void *ctx) {
    RP_AUTO_FCLOSE FILE *file = fopen("/proc/kallsyms", "re");
    if (!file)
        return rp_error_new(errno, NULL, "cannot read /proc/kallsyms");
    RP_AUTO_FREE char *line = NULL;
    size_t size = 0;
    struct symbol symbol;
    while (getline(&line, &size, file) > 0)
        if (parse_line(line, &symbol) && !each(ctx, &symbol))
            break;
    return NULL;
}

/* Real functions: no data, no padding or type-check thunks before a function, and no code that the
 * kernel generated at run time (BPF programs, trampolines), which cannot be probed. */
static bool is_function(const struct symbol *symbol) {
    if (!strchr("tTwW", symbol->type))
        return false;
    if (rp_starts_with(symbol->name, "__pfx_") || rp_starts_with(symbol->name, "__cfi_"))
        return false;
    return !symbol->module ||
           (strcmp(symbol->module, "bpf") != 0 && !rp_starts_with(symbol->module, "__builtin"));
}

/* ------------------------------------------------------------------ functions, read once
 *
 * There are a hundred thousand, and they are asked for again and again. They are read as far as
 * someone wants to know, and again when modules were loaded or unloaded. */

struct function {
    const char *name, *module;
    uint64_t address;
};

static struct {
    FILE *file;     /* NULL: all were read */
    unsigned users; /* that go through them: they must stay */
    RP_VEC(struct function) functions;
    struct rp_arena names;
    char *modules; /* what /proc/modules said; NULL: nothing was read yet */
    char *line;
    size_t line_size;
} known;

static struct rp_error *begin_functions(void) {
    if (known.users)
        return NULL;
    RP_AUTO_FREE char *modules = NULL;
    rp_error_free(rp_file_read("/proc/modules", &modules)); /* empty if there cannot be any */
    if (known.modules && !strcmp(known.modules, modules ? modules : ""))
        return NULL;
    FILE *file = fopen("/proc/kallsyms", "re");
    if (!file)
        return rp_error_new(errno, NULL, "cannot read /proc/kallsyms");
    if (known.file)
        fclose(known.file);
    known.file = file;
    rp_vec_clear(&known.functions);
    rp_arena_clear(&known.names);
    free(known.modules);
    known.modules = modules ? rp_take(modules) : strdup("");
    return NULL;
}

/* Symbols of one module stand together. */
static const char *keep_module(const char *module) {
    const struct function *last =
        known.functions.count ? &known.functions.items[known.functions.count - 1] : NULL;
    if (!module)
        return NULL;
    if (last && last->module && !strcmp(last->module, module))
        return last->module;
    return rp_arena_copy(&known.names, module, strlen(module));
}

/* Reads on until there are more than `i`; false: there are not. */
static bool has_function(size_t i) {
    struct symbol symbol;
    while (known.functions.count <= i && known.file) {
        if (getline(&known.line, &known.line_size, known.file) <= 0) {
            fclose(rp_take(known.file));
            return false;
        }
        if (!parse_line(known.line, &symbol) || !is_function(&symbol))
            continue;
        struct function function = {
            .name = rp_arena_copy(&known.names, symbol.name, strlen(symbol.name)),
            .module = keep_module(symbol.module),
            .address = symbol.address};
        if (!function.name || !rp_vec_push(&known.functions, function))
            return false;
    }
    return known.functions.count > i;
}

struct rp_error *rp_ksyms_each(bool (*each)(void *ctx, const char *name, const char *module,
                                            uint64_t address),
                               void *ctx) {
    RP_TRY(begin_functions());
    known.users++;
    for (size_t i = 0; has_function(i); i++) {
        struct function function = known.functions.items[i];
        if (!each(ctx, function.name, function.module, function.address))
            break;
    }
    known.users--;
    return NULL;
}

static bool until_address(void *ctx, const struct symbol *symbol) {
    bool *hidden = ctx;
    *hidden = !symbol->address;
    return *hidden;
}

bool rp_ksyms_hidden(void) {
    static enum { UNKNOWN, HIDDEN, SHOWN } seen; /* the file is long, and it stays so */
    if (seen == UNKNOWN) {
        bool hidden = true;
        rp_error_free(each_symbol(until_address, &hidden));
        seen = hidden ? HIDDEN : SHOWN;
    }
    return seen == HIDDEN;
}

/* ------------------------------------------------------------------ one symbol */

struct lookup {
    const char *name;
    uint64_t address, next;
    unsigned count;
};

static bool count_name(void *ctx, const char *name, const char *module, uint64_t address) {
    (void)module;
    struct lookup *lookup = ctx;
    if (!strcmp(name, lookup->name) && lookup->count++ == 0)
        lookup->address = address;
    return true;
}

static bool keep_next(void *ctx, const struct symbol *symbol) {
    struct lookup *lookup = ctx;
    if (symbol->address > lookup->address && symbol->address < lookup->next)
        lookup->next = symbol->address;
    return true;
}

static struct lookup look_up(const char *name) {
    struct lookup lookup = {.name = name, .next = UINT64_MAX};
    rp_error_free(rp_ksyms_each(count_name, &lookup));
    return lookup;
}

static bool count_variable(void *ctx, const struct symbol *symbol) {
    return !strchr("dDbBrRvV", symbol->type) ||
           count_name(ctx, symbol->name, symbol->module, symbol->address);
}

unsigned rp_ksym_address(const char *name, bool is_function, uint64_t *address) {
    struct lookup lookup = {.name = name};
    rp_error_free(is_function ? rp_ksyms_each(count_name, &lookup)
                              : each_symbol(count_variable, &lookup));
    *address = lookup.address;
    return lookup.count;
}

bool rp_ksym_has_type(const char *name) {
    const struct rp_btf *btf = rp_kernel_types_or_null();
    return btf && rp_btf_find(btf, name, BTF_KIND_FUNC);
}

static bool until_name(void *ctx, const char *name, const char *module, uint64_t address) {
    const struct lookup *lookup = ctx;
    count_name(ctx, name, module, address);
    return !lookup->count;
}

bool rp_ksym_exists(const char *name) {
    struct lookup lookup = {.name = name};
    if (rp_ksym_has_type(name))
        return true;
    rp_error_free(rp_ksyms_each(until_name, &lookup));
    return lookup.count > 0;
}

unsigned rp_ksym_count(const char *name) {
    return look_up(name).count;
}

uint64_t rp_ksym_size_at(uint64_t address) {
    struct lookup lookup = {.address = address, .next = UINT64_MAX};
    if (address)
        rp_error_free(each_symbol(keep_next, &lookup));
    return lookup.next == UINT64_MAX ? 0 : lookup.next - address;
}

uint64_t rp_ksym_size(const char *name) {
    return rp_ksym_size_at(look_up(name).address);
}

/* ------------------------------------------------------------------ syscalls */

static const char *find_prefix(bool (*exists)(const char *name)) {
    for (size_t i = 0; i < RP_ARCH_SYSCALLS_NATIVE; i++) {
        char name[64];
        snprintf(name, sizeof(name), "%sbpf", rp_arch_syscalls[i]);
        if (exists(name))
            return rp_arch_syscalls[i];
    }
    return NULL;
}

const char *rp_syscall_prefix(void) {
    static const char *prefix;
    if (!prefix)
        prefix = find_prefix(rp_ksym_has_type);
    if (!prefix)
        prefix = find_prefix(rp_ksym_exists);
    if (!prefix)
        prefix = "sys_";
    return prefix;
}

static const char *behind_prefix(const char *function, size_t prefixes) {
    for (size_t i = 0; i < prefixes; i++)
        if (rp_starts_with(function, rp_arch_syscalls[i]))
            return function + strlen(rp_arch_syscalls[i]);
    return NULL;
}

const char *rp_syscall_of(const char *function) {
    return behind_prefix(function, RP_ARCH_SYSCALLS);
}

bool rp_is_syscall_function(const char *function) {
    return rp_starts_with(function, rp_syscall_prefix());
}

char *rp_syscall_function(const char *function) {
    const char *syscall = behind_prefix(function, RP_ARCH_SYSCALLS_SPELLED);
    if (!syscall || !*syscall)
        return NULL;
    RP_AUTO_FREE char *name = NULL;
    if (asprintf(&name, "%s%s", rp_syscall_prefix(), syscall) < 0)
        name = NULL;
    return name && rp_ksym_exists(name) ? rp_take(name) : NULL;
}

bool rp_kernel_has_syscall(const char *name) {
    RP_AUTO_FREE char *function = NULL;
    if (asprintf(&function, "%s%s", rp_syscall_prefix(), name) < 0)
        function = NULL;
    return function && rp_ksym_exists(function);
}

/* ------------------------------------------------------------------ libbcc's lookups */

static bool answer_from_btf;

void rp_ksyms_answer_from_btf(bool on) {
    answer_from_btf = on;
}

struct bcc_visit {
    bcc_procutils_ksymcb callback;
    void *payload;
};

static bool tell_bcc(void *ctx, const struct symbol *symbol) {
    const struct bcc_visit *visit = ctx;
    if (symbol->address && !strchr("bBdDrR", symbol->type))
        visit->callback(symbol->name, symbol->module ? symbol->module : "kernel", symbol->address,
                        visit->payload);
    return true;
}

/* Whether BPF programs have a helper of that name: the kernel numbers them in an enum. */
static bool is_helper(const char *function) {
    const struct rp_btf *btf = rp_kernel_types_or_null();
    uint32_t id = btf ? rp_btf_find(btf, "bpf_func_id", BTF_KIND_ENUM) : 0;
    if (!id || !rp_starts_with(function, "bpf_"))
        return false;
    char name[64];
    snprintf(name, sizeof(name), "BPF_FUNC_%s", function + strlen("bpf_"));
    const struct btf_type *t = rp_btf_type(btf, id);
    for (unsigned i = 0; i < btf_vlen(t); i++)
        if (strcmp(rp_btf_enumerator(btf, t, i).name, name) == 0)
            return true;
    return false;
}

/* While libbcc compiles, it only needs to know whether these exist (since Linux 5.5), but it sorts
 * and hashes every symbol of the kernel to find out. The answer does not change while the kernel
 * runs. */
static void tell_bcc_helpers(const struct bcc_visit *visit) {
    static const char *const helpers[] = {"bpf_probe_read_kernel", "bpf_probe_read_user"};
    static enum { UNKNOWN, ABSENT, PRESENT } seen[RP_COUNT(helpers)];
    for (size_t i = 0; i < RP_COUNT(helpers); i++) {
        if (seen[i] == UNKNOWN)
            seen[i] = is_helper(helpers[i]) ? PRESENT : ABSENT;
        if (seen[i] == PRESENT)
            visit->callback(helpers[i], "kernel", 1 + i, visit->payload);
    }
}

/* Comes before libbcc's own function of this name in symbol lookup order, so that libbcc calls it,
 * too. Calls back with each kernel symbol that is not data or, while answering from BTF, only with
 * those that libbcc asks about. */
RP_SHIM int bcc_procutils_each_ksym(bcc_procutils_ksymcb callback, void *payload) {
    struct bcc_visit visit = {.callback = callback, .payload = payload};
    if (answer_from_btf && rp_kernel_types_or_null()) {
        tell_bcc_helpers(&visit);
        return 0;
    }
    struct rp_error *err = each_symbol(tell_bcc, &visit);
    rp_error_free(err);
    return err ? -1 : 0;
}
