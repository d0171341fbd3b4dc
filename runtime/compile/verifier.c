/* SPDX-License-Identifier: Apache-2.0 */
#include "compile/verifier.h"

#include <ctype.h>
#include <errno.h>
#include <fnmatch.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "compile/compile.h"
#include "compile/embedded.h"
#include "util/array.h"
#include "util/cleanup.h"
#include "util/error.h"
#include "util/text.h"

/* ------------------------------------------------------------- rejections */

/*
 * Why the verifier rejects programs, most specific first: one log can have lines for several. In
 * `why`, %h is the helper that was called last and %a the number of its argument that the
 * verifier's line is about.
 */
struct rejection {
    const char *pattern; /* of the verifier's line; * stands for any text */
    const char *known; /* what the log says before that line: the last state of the line's register
                          ("=0"), or a pattern of any line; NULL: anything */
    const char *why;
    const char *hint;
};

#define CHECK_NULL "check it first, in the same function: `if (!pointer) return 0;`"
#define BOUND                                                                                      \
    "use an unsigned variable, and limit it just before its use: `if (n > sizeof(buffer)) n = "    \
    "sizeof(buffer);`, or `n &= SIZE - 1` if SIZE is a power of two"
#define LOOP                                                                                       \
    "give the loop a constant bound, `for (int i = 0; i < 64; i++)`, and leave it early with "     \
    "`break`"
#define COPY                                                                                       \
    "copy it first: bpf_probe_read_user(&copy, sizeof(copy), pointer) for user memory, such as "   \
    "the arguments of a system call, bpf_probe_read_kernel() for kernel memory; BCC's C does "     \
    "that "                                                                                        \
    "by itself, but in no macro and in no header of your own"

#define GLOBAL                                                                                     \
    "put it into a map of one entry, `BPF_ARRAY(state, u64, 1)`, or on the stack: `char text[] = " \
    "\"…\"`"
#define INDEX                                                                                      \
    "use an unsigned variable, and check it just before its use: `if (i < LENGTH)`, or mask it: "  \
    "`i & (LENGTH - 1)` if LENGTH is a power of two"
#define SCRATCH                                                                                    \
    "put large variables into a map of one entry: `BPF_PERCPU_ARRAY(scratch, struct big, 1)`, "    \
    "then scratch.lookup(&zero)"

#define SINCE(version) "it needs Linux " version "; reprobe lab runs the program on another kernel"

static const struct rejection rejections[] = {
    /* pointers that may be NULL */
    {"R* invalid mem access 'map_value_or_null'", NULL,
     "the result of a map lookup is used without a check for NULL: the map may not have the key",
     CHECK_NULL},
    {"R* invalid mem access '*mem_or_null'", NULL,
     "the result of a ring buffer's reserve or of bpf_dynptr_data(), or what a global function is "
     "given, is used without a check for NULL: the buffer may be full, the data shorter",
     CHECK_NULL},
    {"R* invalid mem access '*ptr_or_null_'", NULL,
     "the pointer that the program reads may be NULL",
     "copy it to a variable, and before its use: if (!variable) return 0"},
    {"R* invalid mem access '*_or_null'", NULL,
     "a pointer that may be NULL is used without a check", CHECK_NULL},
    {"R* pointer arithmetic on *_or_null* prohibited", NULL,
     "a number is added to a pointer, or the address of a member is taken, before the check for "
     "NULL",
     CHECK_NULL},
    {"R* type=*_or_null* expected=", NULL, "argument %a of %h is a pointer that may be NULL",
     CHECK_NULL},
    {"R* type=map_value_or_null *", NULL, "argument %a of %h is a pointer that may be NULL",
     CHECK_NULL},
    {"Possibly NULL pointer passed to * arg", NULL,
     "an argument of a function is a pointer that may be NULL", CHECK_NULL},
    /* memory that is not the program's */
    {"R* invalid mem access *", "*: (18) r? = 0x0*",
     "the program uses a global variable or a table of constants, which BCC's C does not support",
     GLOBAL},
    {"R* invalid mem access 'scalar'", "=0", "a pointer is used on a path where it is NULL",
     "check it first: `if (!pointer) return 0;`. A map's lookup and a ring buffer's reserve can "
     "fail"},
    {"R* invalid mem access 'inv'", "=0", "a pointer is used on a path where it is NULL",
     "check it first: `if (!pointer) return 0;`. A map's lookup and a ring buffer's reserve can "
     "fail"},
    {"R* invalid mem access 'scalar'", "=ringbuf_mem(",
     "a record is used after it was submitted or discarded: it no longer belongs to the program",
     "use the record only before ringbuf_submit() or ringbuf_discard()"},
    {"R* invalid mem access 'scalar'", "=alloc_mem(",
     "a record is used after it was submitted or discarded: it no longer belongs to the program",
     "use the record only before ringbuf_submit() or ringbuf_discard()"},
    {"R* invalid mem access 'scalar'", NULL,
     "memory that does not belong to the program is read or written through a plain address", COPY},
    {"R* invalid mem access 'inv'", NULL,
     "memory that does not belong to the program is read or written through a plain address", COPY},
    {"R* invalid mem access '*'", NULL,
     "the program cannot read or write through this kind of pointer", COPY},
    {"only read is supported", NULL, "the program writes kernel memory",
     "kernel memory can only be read"},
    {"R* is ptr_* invalid *access", NULL,
     "a field of a kernel struct is accessed in a way that its type does not allow", COPY},
    /* records of ring buffers, and other things that must be released */
    {"R* type=* expected=ringbuf_mem", NULL,
     "the argument of %h is not a reserved record: it was submitted or discarded already, or never "
     "reserved",
     "release each record just once: call ringbuf_submit() or ringbuf_discard(), not both"},
    {"R* type=* expected=alloc_mem", NULL,
     "the argument of %h is not a reserved record: it was submitted or discarded already, or never "
     "reserved",
     "release each record just once: call ringbuf_submit() or ringbuf_discard(), not both"},
    {"Unreleased reference", NULL,
     "on some path the program ends with a reserved record that is neither submitted nor discarded",
     "call ringbuf_submit() or ringbuf_discard() before every `return` after the reserve"},
    /* locks */
    {"bpf_spin_*is missing", NULL, "on some path the program ends while it holds a lock",
     "call bpf_spin_unlock() before every `return`"},
    {"*inside bpf_spin_lock-ed region", NULL, "on some path the program ends while it holds a lock",
     "call bpf_spin_unlock() before every `return`"},
    {"function calls are not allowed while holding a lock", NULL,
     "the program calls a function while it holds a lock",
     "between bpf_spin_lock() and bpf_spin_unlock() only read and write memory; call before or "
     "after"},
    {"*cannot use bpf_timer*", NULL,
     "programs of this type cannot use a map with timers: kprobes and tracepoints may interrupt "
     "any kernel code",
     "store bpf_ktime_get_ns() in the map and compare at the next event, or let the process that "
     "reads do it with rp_session_every()"},
    {"*cannot use bpf_spin_lock", NULL, "programs of this type cannot use locks",
     "use __sync_fetch_and_add() for counters, or a per-CPU map"},
    /* loops and size */
    {"infinite loop detected", NULL, "a loop does not end", LOOP},
    {"back-edge from insn", NULL, "the program has a loop, which this kernel does not allow here",
     "unroll it: `#pragma unroll` before the loop, with a constant bound"},
    {"The sequence of * jumps is too complex", NULL,
     "the verifier follows each iteration of a loop and each branch, and there are too many", LOOP},
    {"BPF program is too large. Processed", NULL,
     "the program is too large: the verifier follows each iteration of a loop and gave up after a "
     "million instructions",
     "give loops a constant bound, fewer iterations and fewer branches, or split the program in "
     "two (BPF_PROG_ARRAY)"},
    {"combined stack size", NULL,
     "a function and the functions that it calls use more than 512 bytes of stack", SCRATCH},
    {"* calls is too deep", NULL, "functions call each other more than 8 levels deep",
     "make some of them `static inline`; a function cannot call itself"},
    {"the call stack of * frames is too deep", NULL,
     "functions call each other more than 8 levels deep",
     "make some of them `static inline`; a function cannot call itself"},
    {"recursive call", NULL, "a function calls itself", "write it as a loop with a constant bound"},
    /* the stack */
    {"invalid *read from stack* off -*", NULL,
     "%h reads a variable that is not completely set: the padding between members counts, too",
     "set all of it where you declare it: `struct key key = {};`"},
    {"invalid * stack R* off=*", NULL, "the program accesses a variable beyond its end",
     "pass sizeof(variable) as the size, and check each index"},
    {"invalid*stack off=*", NULL,
     "the program accesses a variable beyond its end, or uses more than 512 bytes of stack",
     SCRATCH},
    {"invalid unbounded variable-offset * stack", NULL,
     "the index into an array on the stack has no known limits", INDEX},
    {"invalid variable-offset * stack", NULL,
     "the index into an array on the stack may be too large", INDEX},
    {"*ariable* offset * stack*", NULL, "the index into an array on the stack has no known limits",
     INDEX},
    {"misaligned stack access", NULL, "the address of a variable is not a multiple of its size",
     "use __builtin_memcpy(), or remove __attribute__((packed))"},
    {"misaligned * access", NULL,
     "the program accesses memory at an address that is not a multiple of the size",
     "use __builtin_memcpy(), or remove __attribute__((packed))"},
    /* bounds */
    {"R* unbounded memory access, use*", NULL, "the size, argument %a of %h, has no known limits",
     BOUND},
    {"R* min value is negative, either use unsigned*", NULL,
     "the size, argument %a of %h, may be negative", BOUND},
    {"R* min value is negative*", NULL, "an index may be negative",
     "make the index unsigned, and check it just before its use: `if (i < LENGTH)`"},
    {"R* unbounded memory access*", NULL, "an index or a size has no known limits", INDEX},
    {"* makes * pointer be out of bounds", NULL, "an index has no known limits", INDEX},
    {"math between * pointer and * is not allowed", NULL, "an index has no known limits", INDEX},
    {"R* is not a known constant*", NULL, "the size, argument %a of %h, is not constant",
     "reserve sizeof(struct …); send records of varying size with ringbuf_output(&data, size, 0)"},
    {"invalid zero-size*", NULL, "the size may be zero, which %h does not accept",
     "check it first: `if (n == 0) return 0;`"},
    {"R* invalid zero-size*", NULL, "the size may be zero, which %h does not accept",
     "check it first: `if (n == 0) return 0;`"},
    {"write into map forbidden", NULL, "the program writes a map that programs may only read",
     "write it from user space"},
    {"invalid access to map value*", NULL, "the program accesses a map's value beyond its end",
     "check the index just before its use, as an unsigned variable, and pass sizeof(*value) as the "
     "size"},
    {"invalid access to memory*", NULL, "the program accesses memory beyond its end",
     "check the index just before its use, and pass the record's own sizeof as the size"},
    /* the context */
    {"dereference of modified ctx ptr", NULL,
     "the program accesses the context at a modified address or far beyond its end",
     "the context has only the fields of its type: struct pt_regs for kprobes (the function's own "
     "arguments are further parameters), the tracepoint's fields for tracepoints"},
    {"variable ctx access", NULL, "the index into the context is not constant",
     "copy what you need into variables first, or unroll the loop: `#pragma unroll`"},
    {"invalid bpf_context access*", NULL,
     "the program writes the context, or reads it where it has no field; it may only read the "
     "context's own fields",
     "copy what you need into a variable; the context is `struct pt_regs *ctx` in a kprobe, `args` "
     "in a TRACEPOINT_PROBE"},
    {"invalid access to context", NULL, "the program accesses the context beyond its end",
     "the context has only the fields of its type"},
    /* helpers */
    {"invalid func *#164", NULL,
     "the program calls bpf_for_each_map_elem, which this kernel does not have", SINCE("5.13")},
    {"invalid func *#169", NULL,
     "the program calls bpf_timer_init, which this kernel does not have", SINCE("5.15")},
    {"invalid func *#174", NULL,
     "the program calls bpf_get_attach_cookie, which this kernel does not have", SINCE("5.15")},
    {"invalid func *#181", NULL, "the program calls bpf_loop, which this kernel does not have",
     SINCE("5.17")},
    {"invalid func *#209", NULL,
     "the program calls bpf_user_ringbuf_drain, which this kernel does not have", SINCE("6.1")},
    {"unrecognized bpf_ld_imm64 insn", NULL,
     "the program passes a callback to a helper, which this kernel does not support",
     "callbacks need Linux 5.13, bpf_loop needs 5.17; reprobe lab runs the program on another "
     "kernel"},
    /* libbpf writes this where a CO-RE relocation finds nothing: 0xbad2310. */
    {"invalid func *#195896080", NULL,
     "the program reads a member, or asks for a type, that this kernel does not have",
     "ask first, with bpf_core_field_exists() or bpf_core_type_exists()"},
    {"invalid func *#*", NULL, "the program calls a helper that this kernel does not have",
     "`man 7 bpf-helpers` describes all helpers; reprobe lab runs the program on another kernel"},
    {"unknown func *#*", NULL, "programs of this type cannot call the helper %h",
     "some helpers are only for certain program types: `bpftool feature probe kernel` lists them "
     "by type"},
    {"program of this type cannot use helper", NULL,
     "programs of this type cannot call the helper %h",
     "some helpers are only for certain program types: `bpftool feature probe kernel` lists them "
     "by type"},
    {"cannot call GPL-restricted function from non-GPL compatible program", NULL,
     "only programs under the GPL can call %h, and this one declares another licence",
     "remove `#define BPF_LICENSE`, or set it to GPL"},
    {"cannot call GPL only function*", NULL,
     "only programs under the GPL can call %h, and this one declares another licence",
     "remove `#define BPF_LICENSE`, or set it to GPL"},
    {"helper call might sleep in a non-sleepable prog", NULL,
     "%h may sleep, and programs of this type cannot",
     "use a helper that does not sleep: bpf_probe_read_user() instead of bpf_copy_from_user()"},
    {"helper call is not allowed in probe", NULL, "%h cannot be called in a probe",
     "send the data to user space instead"},
    {"callback function not allowed for map", NULL,
     "bpf_for_each_map_elem() cannot walk over a map of this type",
     "it takes arrays and hashes, per-CPU ones too"},
    {"cannot pass map_type * into func *", NULL, "%h does not accept a map of this type",
     "each map type has its own calls: lookup and update for hashes and arrays, perf_submit for "
     "BPF_PERF_OUTPUT, ringbuf_output for BPF_RINGBUF_OUTPUT"},
    {"R* type=* expected=map_ptr*", NULL, "argument %a of %h is not a map",
     "write it as in BCC's C: map.lookup(&key), map.update(&key, &value)"},
    {"R* type=scalar expected=fp*", NULL,
     "argument %a of %h is a plain number; it must be the address of a variable or of a map's "
     "value",
     "copy it into a variable and pass its address: `u32 key = number;` and `&key`"},
    {"R* type=inv expected=fp*", NULL,
     "argument %a of %h is a plain number; it must be the address of a variable or of a map's "
     "value",
     "copy it into a variable and pass its address: `u32 key = number;` and `&key`"},
    {"R* type=* expected=func*", NULL, "argument %a of %h is not a callback",
     "define the function with BPF_CALLBACK(name, parameters…) of #include <reprobe/callback.h>"},
    {"R* type=* expected=*", NULL, "argument %a of %h has a type that it does not accept",
     "copy it into a variable and pass its address; `man 7 bpf-helpers` describes the arguments"},
    /* pointers as numbers */
    {"R* leaks addr*", NULL, "a kernel address would reach user space",
     "send the data, not its address; root may print addresses with %lx of a copy"},
    {"R* pointer arithmetic with *", NULL,
     "the program multiplies, divides, shifts or masks a pointer; it may only add and subtract",
     "read it into a number with bpf_probe_read_kernel() first, or calculate an index instead"},
    {"R* pointer arithmetic on * prohibited*", NULL,
     "the program adds a number to a pointer that must not change",
     "copy what it points to into a variable first"},
    {"R* bitwise operator * on pointer prohibited", NULL,
     "the program masks a pointer; it may only add and subtract",
     "read it into a number with bpf_probe_read_kernel() first, or calculate an index instead"},
    {"R* 32-bit pointer arithmetic prohibited", NULL, "the program cuts a pointer to 32 bits",
     "use a u64 or a pointer for it"},
    {"R* pointer * pointer prohibited", NULL, "the program adds or subtracts two pointers",
     "read them into numbers with bpf_probe_read_kernel() first"},
    {"invalid size of register fill", NULL, "the program reads a part of a pointer",
     "use a u64 or a pointer for it"},
    {"*partial copy of pointer*", NULL, "the program cuts a pointer to fewer than 64 bits",
     "use a u64 or a pointer for it"},
    /* code */
    {"R0 !read_ok", "*: (95) exit*", "on some path the function does not return a value",
     "end every path with `return 0;`"},
    {"R* !read_ok", NULL, "the program uses a variable that was never set",
     "set it where you declare it: `u64 value = 0;`; a parameter that the caller does not pass is "
     "not set either"},
    {"At program exit the register R0 * should have been *", NULL,
     "the function returns a value that programs of this type must not return", "return 0"},
    {"At callback return the register R0 has *", NULL,
     "a callback returns a value other than 0 (continue) or 1 (stop)",
     "return 0 or 1; a timer's callback returns 0"},
    {"At * the register R0 has *", NULL,
     "the function returns a value that programs of this type must not return", "return 0"},
    {"unreachable insn", NULL, "the program has a part that can never be reached",
     "undefined behaviour, such as an index beyond an array's end or a missing `return`, can cause "
     "this: look at the compiler's warnings"},
    {"jump out of range", NULL, "a jump leads out of the program",
     "a function without `return` can cause this: end every path with `return 0;`"},
    {"last insn is not an exit or jmp", NULL,
     "the end of the function can be reached without a `return`",
     "end every path with `return 0;`"},
    {"div by zero", NULL, "the program divides by zero", "check the divisor first"},
    {"unknown opcode 00", NULL,
     "the program uses a global variable or a string constant in a way that BCC's C does not "
     "support",
     GLOBAL},
};

/* ------------------------------------------------------------- reading the log */

static size_t line_len(const char *line) {
    return strcspn(line, "\n");
}

static const char *next_line(const char *line) {
    line += line_len(line);
    return *line ? line + 1 : line;
}

/* Lines that do not say why: instructions, state, statistics. */
static bool is_noise(const char *line) {
    static const char *const noise[] = {"processed ",  "verification time",
                                        "stack depth", "from ",
                                        "peak_states", "func#",
                                        "frame",       "Func#",
                                        "Live regs",   "mark_precise",
                                        "last_idx",    "parent ",
                                        "regs=",       "cur state:",
                                        "old state:",  "arg#",
                                        "caller:",     "callee:",
                                        "returning "};
    if (*line == '\n' || *line == ';' || *line == ' ' || *line == '\t' ||
        isdigit((unsigned char)*line))
        return true;
    for (size_t i = 0; i < RP_COUNT(noise); i++)
        if (rp_starts_with(line, noise[i]))
            return true;
    if (*line != 'R')
        return false;
    const char *after = line + 1 + strspn(line + 1, "0123456789"); /* "R1=ctx()", "R1_w=…" */
    return after > line + 1 && (*after == '=' || *after == '_');
}

/* The last occurrence of `text` before `end`, or NULL. */
static const char *last_before(const char *log, const char *end, const char *text) {
    const char *last = NULL;
    for (const char *at = log; (at = memmem(at, (size_t)(end - at), text, strlen(text))); at++)
        last = at;
    return last;
}

/* The last state in the log, before `line`, of the register that the line begins with: of "R6=0" or
 * "R6_w=inv0", the part after "="; NULL if there is none. */
static const char *last_state(const char *log, const char *line) {
    char name[16];
    int len = (int)strcspn(line, " ");
    snprintf(name, sizeof(name), " %.*s=", len, line);
    const char *now = last_before(log, line, name);
    snprintf(name, sizeof(name), " %.*s_w=", len, line);
    const char *written = last_before(log, line, name);
    const char *last = !now || (written && written > now) ? written : now;
    return last ? strchr(last, '=') + 1 : NULL;
}

static bool is_zero(const char *state) {
    state += rp_starts_with(state, "invP")  ? 4
             : rp_starts_with(state, "inv") ? 3
                                            : rp_starts_with(state, "P");
    return *state == '0' && (isspace((unsigned char)state[1]) || !state[1]);
}

/* Whether a line of the log before `end` matches the shell pattern. */
static bool has_line(const char *log, const char *end, const char *pattern) {
    for (const char *line = log; line < end; line = next_line(line)) {
        RP_AUTO_FREE char *copy = strndup(line, line_len(line));
        if (copy && fnmatch(pattern, copy, 0) == 0)
            return true;
    }
    return false;
}

static bool is_known(const char *known, const char *log, const char *line) {
    if (!known)
        return true;
    if (*known != '=')
        return has_line(log, line, known);
    const char *state = last_state(log, line);
    if (!state)
        return false;
    return strcmp(known, "=0") == 0 ? is_zero(state) : rp_starts_with(state, known + 1);
}

#define MAX_REASONS 8

/* The last lines of a log that may be the reason. */
struct reasons {
    const char *lines[MAX_REASONS];
    size_t count;
};

static struct reasons find_reasons(const char *log) {
    struct reasons reasons = {0};
    for (const char *line = log; *line; line = next_line(line)) {
        if (is_noise(line))
            continue;
        if (reasons.count == MAX_REASONS)
            memmove(reasons.lines, reasons.lines + 1, --reasons.count * sizeof(line));
        reasons.lines[reasons.count++] = line;
    }
    return reasons;
}

static const struct rejection *find_rejection(const char *log, const char **reason) {
    struct reasons reasons = find_reasons(log);
    *reason = reasons.count ? reasons.lines[reasons.count - 1] : NULL;
    for (size_t r = 0; r < RP_COUNT(rejections); r++) {
        RP_AUTO_FREE char *pattern = NULL;
        if (asprintf(&pattern, "%s*", rejections[r].pattern) < 0)
            return NULL;
        for (size_t i = reasons.count; i-- > 0;) {
            const char *line = reasons.lines[i];
            RP_AUTO_FREE char *copy = strndup(line, line_len(line));
            if (copy && fnmatch(pattern, copy, 0) == 0 &&
                is_known(rejections[r].known, log, line)) {
                *reason = line;
                return &rejections[r];
            }
        }
    }
    return NULL;
}

/* ------------------------------------------------------------- the author's line */

/* A line of the source as it is in the log: "; TEXT" or, since Linux 6.9, "; TEXT @ FILE:LINE". */
struct source_line {
    const char *text, *file, *number;
    int text_len, file_len, number_len;
};

static struct source_line parse_source_line(const char *line) {
    const char *end = line + line_len(line), *at = last_before(line, end, " @ ");
    const char *colon = at ? last_before(at, end, ":") : NULL;
    struct source_line source = {.text = line + 1};
    source.text += strspn(source.text, " \t");
    if (colon) {
        source.file = at + 3;
        source.file_len = (int)(colon - source.file);
        source.number = colon + 1;
        source.number_len = (int)(end - source.number);
        end = at;
    }
    if (source.text > end)
        source.text = end;
    source.text_len = (int)(end - source.text);
    return source;
}

/* Whether the line is in glue.h. Before Linux 6.9 only its text tells; a short line may be
 * anybody's. */
static bool is_of_glue(const struct source_line *line) {
    RP_AUTO_FREE char *text = strndup(line->text, (size_t)line->text_len);
    return text && line->text_len >= 24 && strstr(rp_embedded_glue_h, text);
}

/* Whether the line is the author's, not from a header of ours. */
static bool is_authors(const struct source_line *line) {
    static const char *const ours[] = {"reprobe-types.h", "kconfig.h", "bpf.h", "helpers.h"};
    for (size_t i = 0; line->file && i < RP_COUNT(ours); i++)
        if ((size_t)line->file_len == strlen(ours[i]) && rp_starts_with(line->file, ours[i]))
            return false;
    return line->text_len > 0 && (line->file || !is_of_glue(line));
}

/* The end of a function, where all its paths meet: the line before says more. */
static bool is_brace(const struct source_line *line) {
    return line->text_len == 1 && *line->text == '}';
}

static struct source_line find_source_line(const char *log, const char *reason) {
    struct source_line last = {0};
    for (const char *line = log; line < reason; line = next_line(line)) {
        if (*line != ';')
            continue;
        struct source_line source = parse_source_line(line);
        if (is_authors(&source) && (!last.text || !is_brace(&source)))
            last = source;
    }
    return last;
}

/* The kernel keeps only the last part of a file's path; a text without a file has a name of ours.
 */
static bool is_called(const struct source_line *line, const char *name) {
    const char *last = rp_last_name(name);
    return (strlen(last) == (size_t)line->file_len && rp_starts_with(line->file, last)) ||
           rp_starts_with(line->file, RP_TREE_SOURCE ":");
}

static void put_source_line(FILE *out, const struct source_line *line, const char *source) {
    if (!line->text)
        return;
    fputs("\n    ", out);
    if (line->file && is_called(line, source))
        fprintf(out, "%s:%.*s: ", source, line->number_len, line->number);
    else if (line->file)
        fprintf(out, "%.*s:%.*s: ", line->file_len, line->file, line->number_len, line->number);
    fwrite(line->text, 1, (size_t)line->text_len, out);
}

/* ------------------------------------------------------------- the error */

/* Writes the helper that was called last before the verifier's line, such as "bpf_probe_read_user".
 */
static void put_helper(FILE *out, const char *log, const char *reason) {
    const char *call = last_before(log, reason, " call ");
    size_t len = call ? strcspn(call + strlen(" call "), "# \n") : 0;
    if (len)
        fwrite(call + strlen(" call "), 1, len, out);
    else
        fputs("the helper", out);
}

static void put_why(FILE *out, const char *why, const char *log, const char *reason) {
    for (const char *p = why; *p; p++) {
        if (*p != '%' || (p[1] != 'h' && p[1] != 'a'))
            fputc(*p, out);
        else if (*++p == 'h')
            put_helper(out, log, reason);
        else
            fputc(isdigit((unsigned char)reason[1]) ? reason[1] : '?', out);
    }
}

static struct rp_error *without_reason(const char *function, int errnum) {
    struct rp_error *err = rp_error_new(errnum, NULL, "cannot load %s", function);
    if (errnum == EPERM)
        rp_error_hint_set(err, "run as root (sudo), or with CAP_BPF and CAP_PERFMON; if you do, "
                               "this kernel forbids this type of program");
    return err;
}

struct rp_error *rp_load_error(const char *function, const char *source, int errnum,
                               const char *log) {
    const char *reason;
    const struct rejection *rejection = find_rejection(log, &reason);
    if (!reason)
        return rp_error_detail_set(without_reason(function, errnum), *log ? log : NULL);
    RP_AUTO_FREE char *why = NULL;
    size_t size;
    FILE *out = open_memstream(&why, &size);
    if (!out)
        return rp_error_nomem();
    fputs("the kernel's verifier rejected it", out);
    if (rejection) {
        fputs(": ", out);
        put_why(out, rejection->why, log, reason);
    }
    struct source_line line = find_source_line(log, reason);
    put_source_line(out, &line, source);
    fprintf(out, "\n    verifier: %.*s", (int)line_len(reason), reason);
    fclose(out);
    struct rp_error *err = rp_error_new(errnum, why, "cannot load %s", function);
    rp_error_hint_set(err, "%s%s", rejection ? rejection->hint : "",
                      rejection ? " (-v shows the verifier's full log)"
                                : "-v shows the verifier's full log");
    return rp_error_detail_set(err, log);
}
