/* SPDX-License-Identifier: Apache-2.0 */
#include "compile/hints.h"

#include <ctype.h>
#include <fnmatch.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "compile/clang_headers.h"
#include "compile/dialect.h"
#include "compile/embedded.h"
#include "compile/fatal.h"
#include "compile/libbcc_text.h"
#include "compile/link.h"
#include "compile/source.h"
#include "kernel/btf.h"
#include "kernel/tracefs.h"
#include "util/array.h"
#include "util/cleanup.h"
#include "util/nearest.h"
#include "util/text.h"

/* The parts of an error. */
struct error {
    const char *message, *line;
    char first[128], second[128]; /* the word in quotes, or "" */
    const struct rp_scan *scan;
};

static bool is_libbpfs(const struct error *e) {
    return e->scan && rp_dialect_of_scan(e->scan, RP_DIALECT_AUTO) == RP_DIALECT_LIBBPF;
}

static void take_quoted(const char **p, char out[128]) {
    const char *open = strchr(*p, '\''), *close = open ? strchr(open + 1, '\'') : NULL;
    if (!close)
        return;
    snprintf(out, 128, "%.*s", (int)(close - open - 1), open + 1);
    *p = close + 1;
}

/* The nearest names between `before` and `after`; NULL if there are none. Clears `nearest`. */
static char *nearest_hint(struct rp_nearest *nearest, const char *before, const char *after) {
    RP_AUTO_FREE char *names = rp_nearest_text(nearest, "");
    rp_nearest_clear(nearest);
    return names ? rp_text("%s%s%s", before, names, after) : NULL;
}

/* ------------------------------------------------------------- the kernel's types */

static const char *skip_tag(const char *type) {
    static const char *const tags[] = {"const ", "volatile ", "struct ", "union ", "enum "};
    for (size_t i = 0; i < RP_COUNT(tags); i++)
        if (strncmp(type, tags[i], strlen(tags[i])) == 0)
            type += strlen(tags[i]);
    return type;
}

/* The keyword of a type that C can name. */
static const char *tag_of(const struct btf_type *type) {
    if (btf_is_struct(type))
        return "struct ";
    if (btf_is_union(type))
        return "union ";
    return btf_is_any_enum(type) ? "enum " : "";
}

/* Goes into anonymous members. */
static void add_members(struct rp_nearest *nearest, const struct rp_btf *btf,
                        const struct btf_type *type) {
    const struct btf_member *member = btf_members(type);
    for (unsigned i = 0; i < btf_vlen(type); i++, member++) {
        const char *name = rp_btf_string(btf, member->name_off);
        const struct btf_type *its_type = rp_btf_type(btf, member->type);
        if (*name)
            rp_nearest_add(nearest, name);
        else if (btf_is_composite(its_type))
            add_members(nearest, btf, its_type);
    }
}

/* ------------------------------------------------------------- unknown fields */

/* "tracepoint__CATEGORY__NAME": the fields that its format lists. */
static char *tracepoint_field_hint(const char *type, const char *field) {
    static const char prefix[] = "tracepoint__";
    const char *category = type + strlen(prefix), *name = strstr(category, "__");
    if (strncmp(type, prefix, strlen(prefix)) != 0 || !name)
        return NULL;
    if (strcmp(field, "di") == 0 || strcmp(field, "si") == 0 || strcmp(field, "ax") == 0)
        return strdup("PT_REGS_PARM1() and the like are for kprobes; a tracepoint has fields, "
                      "args->NAME");
    RP_AUTO_FREE char *its_category = strndup(category, (size_t)(name - category));
    RP_AUTO_FREE char *text = rp_tracefs_event_format(its_category, name + 2);
    RP_AUTO_FREE char *list = strdup("");
    for (const char *p = text; (p = rp_event_next_field(p));) {
        const char *end = strchr(p, ';');
        size_t len = end ? (size_t)(end - p) : 0;
        while (len && p[len - 1] == ']')
            len = (size_t)((const char *)memrchr(p, '[', len) - p);
        size_t start = len;
        while (start && (isalnum((unsigned char)p[start - 1]) || p[start - 1] == '_'))
            start--;
        if (strncmp(p + start, "common_", 7) == 0)
            continue;
        RP_AUTO_FREE char *field = strndup(p + start, len - start);
        if (!rp_text_list(&list, field))
            return NULL;
    }
    return list && *list ? rp_text("the tracepoint's fields: %s", list) : NULL;
}

/* Another type of that name that has the member. */
static char *namesake_hint(const struct rp_btf *btf, const char *name, const char *member) {
    for (size_t i = 0; i < btf->namesakes.count; i++) {
        const struct rp_btf_namesake *other = &btf->namesakes.items[i];
        uint32_t at;
        if (!strcmp(rp_btf_string(btf, other->type->name_off), name) &&
            rp_btf_member_offset(btf, other->type, member, strlen(member), &at))
            return rp_text("this kernel has several types of that name: `%s%s` has %s",
                           tag_of(other->type), other->name, member);
    }
    return NULL;
}

/* clang knows only the members declared for this source; BTF knows all. */
static char *field_hint(const struct error *e) {
    const char *type = skip_tag(e->second);
    if (strstr(type, "_table_t"))
        return strdup("a map has lookup, lookup_or_try_init, update, insert, delete and increment; "
                      "an output has perf_submit, ringbuf_output or ringbuf_reserve");
    char *hint = tracepoint_field_hint(type, e->first);
    const struct rp_btf *btf = rp_kernel_types_or_null();
    if (hint || !btf || (e->scan && rp_names_has(&e->scan->defined, type)))
        return hint;
    const struct btf_type *found = rp_btf_find_composite(btf, type);
    if (!found)
        return NULL;
    hint = namesake_hint(btf, type, e->first);
    if (hint)
        return hint;
    struct rp_nearest nearest = {.wanted = e->first};
    add_members(&nearest, btf, found);
    RP_AUTO_FREE char *before = rp_text("in this kernel, %s has ", e->second);
    RP_AUTO_FREE char *none =
        rp_text("this kernel's %s has no such field, and no field with a similar "
                "name: `bpftool btf dump file /sys/kernel/btf/vmlinux format c` "
                "shows it",
                e->second);
    hint = nearest_hint(&nearest, before, "");
    return hint ? hint : rp_take(none);
}

/* ------------------------------------------------------------- unknown types */

/* "struct ", "" for a typedef, or NULL if BTF has no type of that name. */
static const char *kernel_tag(const struct rp_btf *btf, const char *name) {
    const char *found = NULL;
    for (size_t i = 0; i < btf->nameable.count; i++) {
        const struct btf_type *type = rp_btf_entry_type(btf, &btf->nameable.items[i]);
        if (strcmp(rp_btf_name(btf, type), name) != 0)
            continue;
        found = tag_of(type);
        if (!*found)
            break; /* a typedef needs no keyword */
    }
    return found;
}

static char *nearest_type(const char *name, const struct rp_scan *scan, const struct rp_btf *btf) {
    struct rp_nearest nearest = {.wanted = name};
    for (size_t i = 0; scan && i < scan->defined.count; i++)
        rp_nearest_add(&nearest, scan->defined.items[i]);
    for (size_t i = 0; i < btf->nameable.count; i++) {
        const struct btf_type *type = rp_btf_entry_type(btf, &btf->nameable.items[i]);
        if (type->name_off)
            rp_nearest_add(&nearest, rp_btf_name(btf, type));
    }
    for (size_t i = 0; i < nearest.count; i++) {
        const char *tag = kernel_tag(btf, nearest.names[i]);
        char *full = tag ? rp_text("%s%s", tag, nearest.names[i]) : NULL;
        if (full) {
            free(nearest.names[i]);
            nearest.names[i] = full;
        }
    }
    return nearest_hint(&nearest, "did you mean ", "?");
}

static char *type_hint(const struct error *e) {
    const char *name = skip_tag(e->first);
    const struct rp_btf *btf = rp_kernel_types_or_null();
    if (!btf || strncmp(name, "tracepoint__", 12) == 0)
        return NULL;
    const char *tag = kernel_tag(btf, name);
    if (tag && *tag)
        return rp_text("write `%s%s`", tag, name);
    char *hint = nearest_type(name, e->scan, btf);
    return hint ? hint
                : strdup("this kernel has no type of that name: load the module that has it, or "
                         "declare it in the source");
}

/* ------------------------------------------------------------- unknown names */

/* Names of C libraries and of the kernel's own code, and what a BPF program has instead. */
static const struct {
    const char *names, *instead;
} others[] = {
    {"printk printf pr_info", "bpf_trace_printk(\"format\", …) prints to the trace pipe"},
    {"noinline", "it is a macro here, as in the kernel: write `noinline` alone, without "
                 "__attribute__"},
    {"malloc kmalloc kzalloc free kfree", "BPF programs have no heap: use a map or the stack"},
    {"strcmp strncmp strlen strcpy strncpy strstr sprintf snprintf",
     "BPF programs have no C library: copy strings with bpf_probe_read_kernel_str() or "
     "bpf_probe_read_user_str(), and compare them in a loop with a constant bound"},
    {"memcpy memset memcmp",
     "use __builtin_memcpy(), __builtin_memset() or __builtin_memcmp() with a constant size"},
    {"copy_from_user get_user", "bpf_probe_read_user(&copy, sizeof(copy), pointer)"},
    {"current", "(struct task_struct *)bpf_get_current_task()"},
    {"jiffies", "bpf_jiffies64(), or bpf_ktime_get_ns() for the time"},
    {"ktime_get_ns ktime_get", "bpf_ktime_get_ns()"},
    {"smp_processor_id", "bpf_get_smp_processor_id()"},
    {"getpid current_pid", "bpf_get_current_pid_tgid() >> 32"},
};

static char *instead_of(const char *name) {
    for (size_t i = 0; i < RP_COUNT(others); i++)
        if (rp_text_has_word(others[i].names, " ", name))
            return strdup(others[i].instead);
    return NULL;
}

static bool is_mentioned(const struct error *e, const char *name) {
    return e->scan && rp_names_has(&e->scan->mentioned, name);
}

static char *context_hint(const struct error *e) {
    if (is_libbpfs(e))
        return NULL;
    if (strcmp(e->first, "ctx") == 0)
        return strdup(is_mentioned(e, "TRACEPOINT_PROBE")
                          ? "in a TRACEPOINT_PROBE the context is called `args`"
                          : "make it the function's first parameter: `struct pt_regs *ctx` for a "
                            "kprobe, `void *ctx` for others");
    if (strcmp(e->first, "args") == 0)
        return strdup(
            "only TRACEPOINT_PROBE(category, name) has `args`; the function of a kprobe has "
            "parameters: `struct pt_regs *ctx`, then the kernel function's own");
    return NULL;
}

static bool is_macro_name(const char *name) {
    return strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_") == strlen(name);
}

static void add_enumerators(struct rp_nearest *nearest, const struct rp_btf *btf) {
    for (size_t entry = 0; btf && entry < btf->nameable.count; entry++) {
        const struct btf_type *type = rp_btf_entry_type(btf, &btf->nameable.items[entry]);
        for (unsigned i = 0; btf_is_any_enum(type) && i < btf_vlen(type); i++)
            rp_nearest_add(nearest, rp_btf_enumerator(btf, type, i).name);
    }
}

/* Kernel macros in prelude/snippets.h. */
static void add_snippets(struct rp_nearest *nearest) {
    struct rp_names names = {0};
    rp_source_snippet_names(&names);
    for (size_t i = 0; i < names.count; i++)
        rp_nearest_add(nearest, names.items[i]);
    rp_names_clear(&names);
}

static void add_helpers(struct rp_nearest *nearest, const struct error *e) {
    struct rp_names libbpfs = {0};
    if (is_libbpfs(e))
        rp_clang_header_names(&libbpfs);
    const struct rp_names *names = is_libbpfs(e) ? &libbpfs : &rp_libbcc_scan()->mentioned;
    for (size_t i = 0; i < names->count; i++)
        if (strncmp(names->items[i], "bpf_", 4) == 0)
            rp_nearest_add(nearest, names->items[i]);
    rp_names_clear(&libbpfs);
}

static char *name_hint(const struct error *e) {
    char *hint = context_hint(e);
    if (!hint)
        hint = instead_of(e->first);
    if (hint || strstr(e->message, "did you mean"))
        return hint;
    struct rp_nearest nearest = {.wanted = e->first};
    for (size_t i = 0; e->scan && i < e->scan->defined.count; i++)
        rp_nearest_add(&nearest, e->scan->defined.items[i]);
    if (strncmp(e->first, "bpf_", 4) == 0) {
        add_helpers(&nearest, e);
    } else if (is_macro_name(e->first)) {
        add_snippets(&nearest);
        add_enumerators(&nearest, rp_kernel_types_or_null());
    }
    hint = nearest_hint(&nearest, "did you mean ", "?");
    if (!hint && is_macro_name(e->first))
        hint = strdup("if it is a kernel macro: types come from BTF, which does not contain "
                      "macros. #define it in the source");
    return hint;
}

static char *function_hint(const struct error *e) {
    if (strncmp(e->first, "_bpf_readarg_", 13) == 0)
        return strdup(RP_READARG_HINT);
    char *hint = instead_of(e->first);
    if (hint)
        return hint;
    struct rp_nearest nearest = {.wanted = e->first};
    add_helpers(&nearest, e);
    hint = nearest_hint(&nearest, "did you mean ", "?");
    return hint ? hint
                : strdup("BPF programs call helpers (bpf_…, `man 7 bpf-helpers`) and the source's "
                         "own `static inline` functions, defined before their use");
}

/* ------------------------------------------------------------- the table */

/* Names of libbpf's headers, in a source that does not include the right one. */
static char *libbpf_hint(const struct error *e) {
    const char *header = is_libbpfs(e) ? rp_clang_header_of(e->first) : NULL;
    if (!header || rp_names_has(&e->scan->includes, header))
        return NULL;
    return rp_text("write `#include <%s>` first", header);
}

static char *base_hint(const struct error *e) {
    if (!strstr(e->line, "PT_REGS_") && !strstr(e->line, "ctx"))
        return NULL;
    return strdup("declare the context with its type: `struct pt_regs *ctx` for a kprobe, then "
                  "PT_REGS_PARM1(ctx) works");
}

/* Names of prelude/callback.h, in a source that does not include it. */
static char *callback_hint(const struct error *e) {
    static const char *const words[] = {RP_CALLBACK_TEXT "(", "BPF_USER_RINGBUF(",
                                        "bpf_for_each_map_elem(", "bpf_timer_init("};
    if (!e->scan || rp_names_has(&e->scan->includes, RP_CALLBACK_HEADER))
        return NULL;
    for (size_t i = 0; i < RP_COUNT(words); i++)
        if (strstr(e->line, words[i]))
            return rp_text("write `#include <%s>` first", RP_CALLBACK_HEADER);
    return NULL;
}

static char *printk_hint(const struct error *e) {
    if (!strstr(e->line, "bpf_trace_printk"))
        return NULL;
    return strdup("pass bpf_trace_printk() the format itself, \"in quotes\", and at most three "
                  "values");
}

/* For clang the redefinition is in the author's text and the first definition in our header. */
static char *redefinition_hint(const struct error *e) {
    const struct rp_btf *btf = rp_kernel_types_or_null();
    const char *name = skip_tag(e->first);
    bool is_bccs = !is_libbpfs(e) && rp_names_has(&rp_libbcc_scan()->defined, name);
    if (is_bccs || (btf && kernel_tag(btf, name)))
        return strdup(
            "BCC or the kernel's types define it already: leave it out, or choose another "
            "name");
    return NULL;
}

/* libbcc puts what it writes in place of the first letter of a macro that is given what it wants to
 * read: of "lock_xadd(&n, t->pid)" it makes "… (u64)ock_xadd(". */
static char *macro_hint(const struct error *e) {
    const char *at = strstr(e->line, e->first);
    if (!at || at == e->line || at[-1] != ')' || !strstr(e->line, " _val; ") || !e->scan)
        return NULL;
    for (size_t i = 0; i < e->scan->mentioned.count; i++) {
        const char *name = e->scan->mentioned.items[i];
        if (*name && !strcmp(name + 1, e->first))
            return rp_text("libbcc does not follow pointers in what a macro is given (%s): read it "
                           "into a variable first",
                           name);
    }
    return NULL;
}

static char *scratch_hint(const struct error *e) {
    return rp_text("put large variables into a map of one entry: %s",
                   is_libbpfs(e) ? "a BPF_MAP_TYPE_PERCPU_ARRAY, which you look up"
                                 : "`BPF_PERCPU_ARRAY(scratch, struct big, 1)`, then "
                                   "scratch.lookup(&zero)");
}

#define SIGNED "BPF can divide only unsigned numbers: cast both to u64"

/* In a message * stands for any text. The first entry that matches and has a hint is used. */
static const struct {
    const char *pattern;
    char *(*hint)(const struct error *e);
    const char *text; /* if there is no function */
} hints[] = {
    {"*", callback_hint, NULL},
    {"no member named '*' in '*'*", field_hint, NULL},
    {"unknown type name '*'*", type_hint, NULL},
    {"incomplete definition of type '*'*", type_hint, NULL},
    {"variable has incomplete type '*'*", type_hint, NULL},
    {"field has incomplete type '*'*", type_hint, NULL},
    {"*to an incomplete type '*'*", type_hint, NULL},
    {RP_LIBBCC_GAVE_UP, NULL,
     "it does so where an index stands before its array, i[a]: write a[i]"},
    {"use of undeclared identifier '*'*", macro_hint, NULL},
    {"use of undeclared identifier '*'*", libbpf_hint, NULL},
    {"use of undeclared identifier '*'*", name_hint, NULL},
    {"*function '*'*", libbpf_hint, NULL},
    {"implicit declaration of function '*'*", function_hint, NULL},
    {"call to undeclared function '*'*", function_hint, NULL}, /* since clang 15 */
    {"call to undeclared library function '*'*", function_hint, NULL},
    {"implicitly declaring library function '*'*", function_hint, NULL},
    {"member reference *", base_hint, NULL},
    {"redefinition of '*'*", redefinition_hint, NULL},
    {"typedef redefinition *", redefinition_hint, NULL},
    {"expression is not assignable", NULL,
     "kernel memory can only be read: a program can write to variables and to the values of maps"},
    {"expected ';'*", NULL, "write a `;` where the caret is"},
    {"function definition is not allowed here", NULL,
     "there is a `}` missing before it, or a `{` too many"},
    {"extraneous closing brace*", NULL, "there is one `}` more than `{`"},
    {"'*' file not found", NULL,
     "put it next to the source, or say where it is: -I DIRECTORY. Kernel headers are not "
     "needed"},
    {"too many arguments, bcc only supports in-register parameters", NULL,
     "take fewer parameters: at most six after `struct pt_regs *ctx`"},
    {"arguments to BPF program definition must be named", NULL, "give each parameter a name"},
    {"cannot use map function inside a macro", NULL,
     "call the map outside the macro, and pass the macro the result in a variable"},
    {"cannot use builtin inside a macro", NULL,
     "call it outside the macro, and pass the macro the result in a variable"},
    {"cannot call non-static helper function", NULL,
     "make the function `static inline`: every other function is a separate program"},
    {"cannot have macro at the end of expresssion*", NULL,
     "put the expression into a variable first"},
    {"invalid bpf_table operation*", NULL, "this type of map does not have that call"},
    {"histogram leaf type must be u64*", NULL, "leave out the second type of BPF_HISTOGRAM"},
    {"*Looks like the BPF stack limit*", scratch_hint, NULL},
    {"*XADD return*", NULL,
     "__sync_fetch_and_add() can count here, but you cannot use the value that it returns"},
    {"BPF has no instruction for this (*div)", NULL, SIGNED},
    {"BPF has no instruction for this (*rem)", NULL, SIGNED},
    {"unsupported signed division*", NULL, SIGNED}, /* since LLVM 18 */
    {"BPF has no instruction for this (Atomic*)", NULL,
     "atomic operations need 64 bits: make it a u64"},
    {"Unsupported atomic operations*", NULL, "make it a u64"},
    {"Unsupport signed division*", NULL, SIGNED},
    {"*ynamic stack allocation*", NULL, "give the array a constant size"},
    {"*variable length array*", NULL, "give the array a constant size"},
    {"*", printk_hint, NULL},
    {"*too many args*", NULL,
     "a function takes at most five arguments: pass a pointer to a struct"},
    {"*too many arguments*", NULL,
     "a function takes at most five arguments: pass a pointer to a struct"},
    {"*A call to built-in function*", NULL,
     "BPF programs have no C library: copy or set less at once, or in a loop with a constant "
     "bound"},
};

/* Whether clang's own "did you mean 'NAME'?" gives a name of the hint. */
static bool is_said(const char *message, const char *hint) {
    static const char mean[] = "did you mean '";
    const char *name = strstr(message, mean);
    if (!name)
        return false;
    name += strlen(mean);
    struct rp_scan words = {0};
    rp_scan_text(&words, hint, strlen(hint));
    bool said = rp_names_has_n(&words.mentioned, name, strcspn(name, "'"));
    rp_scan_clear(&words);
    return said;
}

static char *find_hint(const struct error *e) {
    for (size_t i = 0; i < RP_COUNT(hints); i++) {
        if (fnmatch(hints[i].pattern, e->message, 0) != 0)
            continue;
        char *hint = hints[i].hint ? hints[i].hint(e) : strdup(hints[i].text);
        if (hint)
            return hint;
    }
    return NULL;
}

char *rp_compile_hint(const char *message, const char *line, const struct rp_scan *scan) {
    struct error e = {.message = message, .line = line, .scan = scan};
    const char *p = message;
    take_quoted(&p, e.first);
    take_quoted(&p, e.second);
    RP_AUTO_FREE char *hint = find_hint(&e);
    return hint && !is_said(message, hint) ? rp_take(hint) : NULL;
}
