/* SPDX-License-Identifier: Apache-2.0 */
#include "compile/verifier.h"

#include <ctype.h>
#include <errno.h>
#include <fnmatch.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "compile/embedded.h"
#include "compile/tree.h"
#include "util/array.h"
#include "util/cleanup.h"
#include "util/error.h"

/* ------------------------------------------------------------- refusals */

/*
 * What the verifier refuses, most telling first: one log can have lines for several. In `words` and
 * `cure`, %h is the helper that was called last and %a the number of its argument that the
 * verifier's line is about.
 */
struct refusal {
    const char *pattern; /* in the verifier's line; * stands for anything */
    const char *known;   /* what the log says before: of the line's register at last ("=0"), or a
                            pattern of any line; NULL for whatever */
    const char *words;
    const char *cure;
};

#define CHECK_NULL "check it first, in the same function: `if (!pointer) return 0;`"
#define BOUND                                                                                      \
    "bound it just before its use, as an unsigned variable: `if (n > sizeof(buffer)) n = "         \
    "sizeof(buffer);`, or `n &= SIZE - 1` where SIZE is a power of two"
#define LOOP                                                                                       \
    "give the loop a constant bound, `for (int i = 0; i < 64; i++)`, and leave it early with "     \
    "`break`"
#define COPY                                                                                       \
    "copy it first: bpf_probe_read_user(&copy, sizeof(copy), pointer) when it is user memory, as " \
    "a system call's arguments are, bpf_probe_read_kernel() when it is the kernel's"

#define GLOBAL                                                                                     \
    "keep it in a map of one entry, `BPF_ARRAY(state, u64, 1)`, or on the stack: `char text[] = "  \
    "\"…\"`"
#define INDEX                                                                                      \
    "check it just before its use, as an unsigned variable: `if (i < LENGTH)`, or mask it: `i & "  \
    "(LENGTH - 1)` where LENGTH is a power of two"
#define SCRATCH                                                                                    \
    "keep large variables in a map of one entry: `BPF_PERCPU_ARRAY(scratch, struct big, 1)`, "     \
    "then scratch.lookup(&zero)"

#define SINCE(version)                                                                             \
    "it is there since Linux " version "; scripts/lab runs the program on another kernel"

static const struct refusal refusals[] = {
    /* pointers that may be NULL */
    {"R* invalid mem access 'map_value_or_null'", NULL,
     "what a map's lookup gives is used without a check for NULL: the key may not be there",
     CHECK_NULL},
    {"R* invalid mem access '*mem_or_null'", NULL,
     "what a reserve in a ring buffer gives is used without a check for NULL: the buffer may be "
     "full; or what bpf_dynptr_data() gives: there may be less",
     CHECK_NULL},
    {"R* invalid mem access '*_or_null'", NULL, "a pointer that may be NULL is used", CHECK_NULL},
    {"R* pointer arithmetic on *_or_null prohibited", NULL,
     "something is added to a pointer, or a member's address is taken, before its check for NULL",
     CHECK_NULL},
    {"R* type=*_or_null expected=", NULL, "%h is given, as argument %a, a pointer that may be NULL",
     CHECK_NULL},
    {"R* type=map_value_or_null *", NULL, "%h is given, as argument %a, a pointer that may be NULL",
     CHECK_NULL},
    {"Possibly NULL pointer passed to * arg", NULL,
     "a function is given a pointer that may be NULL", CHECK_NULL},
    /* memory that is not the program's */
    {"R* invalid mem access *", "*: (18) r? = 0x0*",
     "a global variable is used, or a table of constants, which BCC's C does not have", GLOBAL},
    {"R* invalid mem access 'scalar'", "=0", "a pointer is used on a path where it is NULL",
     "check it first, and leave where it is NULL: `if (!pointer) return 0;`. A map's lookup and a "
     "reserve in a ring buffer can fail"},
    {"R* invalid mem access 'inv'", "=0", "a pointer is used on a path where it is NULL",
     "check it first, and leave where it is NULL: `if (!pointer) return 0;`. A map's lookup and a "
     "reserve in a ring buffer can fail"},
    {"R* invalid mem access 'scalar'", "=ringbuf_mem(",
     "a record is used after it was submitted or discarded: it is not the program's any more",
     "do everything with the record before ringbuf_submit() or ringbuf_discard()"},
    {"R* invalid mem access 'scalar'", "=alloc_mem(",
     "a record is used after it was submitted or discarded: it is not the program's any more",
     "do everything with the record before ringbuf_submit() or ringbuf_discard()"},
    {"R* invalid mem access 'scalar'", NULL,
     "memory that is not the program's own is read or written through a plain address", COPY},
    {"R* invalid mem access 'inv'", NULL,
     "memory that is not the program's own is read or written through a plain address", COPY},
    {"R* invalid mem access '*'", NULL, "a pointer of this kind cannot be read or written through",
     COPY},
    {"only read is supported", NULL, "the kernel's memory is written",
     "the kernel's own memory can only be read"},
    {"R* is ptr_* invalid *access", NULL,
     "a field of a kernel structure is accessed in a way that its type forbids", COPY},
    /* records of ring buffers, and what else must be given back */
    {"R* type=* expected=ringbuf_mem", NULL,
     "%h is given something that is not a reserved record: it was submitted or discarded already, "
     "or never reserved",
     "give each record back just once: ringbuf_submit() or ringbuf_discard(), not both"},
    {"R* type=* expected=alloc_mem", NULL,
     "%h is given something that is not a reserved record: it was submitted or discarded already, "
     "or never reserved",
     "give each record back just once: ringbuf_submit() or ringbuf_discard(), not both"},
    {"Unreleased reference", NULL,
     "on some path the program ends, and a record it reserved is neither submitted nor discarded",
     "before every `return` behind the reserve, call ringbuf_submit() or ringbuf_discard()"},
    /* locks */
    {"bpf_spin_*is missing", NULL, "on some path the program ends and still holds a lock",
     "call bpf_spin_unlock() before every `return`"},
    {"*inside bpf_spin_lock-ed region", NULL,
     "on some path the program ends and still holds a lock",
     "call bpf_spin_unlock() before every `return`"},
    {"function calls are not allowed while holding a lock", NULL,
     "a function is called while a lock is held",
     "between bpf_spin_lock() and bpf_spin_unlock() only read and write memory; call before or "
     "after"},
    {"*cannot use bpf_timer*", NULL,
     "programs of this type cannot use a map with timers: kprobes and tracepoints may run in the "
     "middle of anything",
     "keep bpf_ktime_get_ns() in the map and compare with it at the next event, or leave what is "
     "to happen at a time to the process that reads: rp_session_every()"},
    {"*cannot use bpf_spin_lock", NULL, "programs of this type cannot take locks",
     "use __sync_fetch_and_add() for counters, or a per-CPU map"},
    /* loops and size */
    {"infinite loop detected", NULL, "a loop does not end", LOOP},
    {"back-edge from insn", NULL, "there is a loop, and this kernel allows none here",
     "unroll it: `#pragma unroll` before the loop, with a constant bound"},
    {"The sequence of * jumps is too complex", NULL,
     "the verifier follows each turn of a loop and each branch, and there are too many", LOOP},
    {"BPF program is too large. Processed", NULL,
     "the program is too large: the verifier follows each turn of a loop and gave up after a "
     "million instructions",
     "give loops a constant bound, fewer turns and fewer branches, or split the program in two "
     "(BPF_PROG_ARRAY)"},
    {"combined stack size", NULL, "the stack of a function and of those it calls is over 512 bytes",
     SCRATCH},
    {"* calls is too deep", NULL, "functions call each other more than 8 deep",
     "make some of them `static inline`; a function cannot call itself"},
    {"the call stack of * frames is too deep", NULL, "functions call each other more than 8 deep",
     "make some of them `static inline`; a function cannot call itself"},
    {"recursive call", NULL, "a function calls itself", "write it as a loop with a constant bound"},
    /* the stack */
    {"invalid *read from stack* off -*", NULL,
     "%h reads a variable of which not every byte was set: padding between the members counts",
     "set all of it first: `struct key key = {};`"},
    {"invalid * stack R* off=*", NULL, "a variable is accessed beyond its end",
     "pass sizeof(variable) as the size, and check each index"},
    {"invalid*stack off=*", NULL,
     "a variable is accessed beyond its end, or there is more on the stack than 512 bytes",
     SCRATCH},
    {"invalid unbounded variable-offset * stack", NULL,
     "an array on the stack is accessed with an index that may be anything", INDEX},
    {"invalid variable-offset * stack", NULL,
     "an array on the stack is accessed with an index that may be too large", INDEX},
    {"*ariable* offset * stack*", NULL,
     "an array on the stack is accessed with an index that may be anything", INDEX},
    {"misaligned stack access", NULL,
     "a variable is accessed at an address that is no multiple of its size",
     "use __builtin_memcpy(), or leave __attribute__((packed)) out"},
    {"misaligned * access", NULL,
     "memory is accessed at an address that is no multiple of the size",
     "use __builtin_memcpy(), or leave __attribute__((packed)) out"},
    /* bounds */
    {"R* unbounded memory access, use*", NULL, "the size, argument %a of %h, may be anything",
     BOUND},
    {"R* min value is negative, either use unsigned*", NULL,
     "the size, argument %a of %h, may be negative", BOUND},
    {"R* min value is negative*", NULL, "an index may be negative",
     "make the index unsigned, and check it just before its use: `if (i < LENGTH)`"},
    {"R* unbounded memory access*", NULL, "an index, or a size, may be anything", INDEX},
    {"* makes * pointer be out of bounds", NULL, "an index may be anything", INDEX},
    {"math between * pointer and * is not allowed", NULL, "an index may be anything", INDEX},
    {"R* is not a known constant*", NULL, "argument %a of %h, a size, is not constant",
     "reserve sizeof(struct …); records of varying size go out by ringbuf_output(&data, size, 0)"},
    {"invalid zero-size*", NULL, "the size may be zero, which %h does not take",
     "check it first: `if (n == 0) return 0;`"},
    {"R* invalid zero-size*", NULL, "the size may be zero, which %h does not take",
     "check it first: `if (n == 0) return 0;`"},
    {"write into map forbidden", NULL, "a map is written that programs may only read",
     "write it from user space"},
    {"invalid access to map value*", NULL, "a map's value is accessed beyond its end",
     "check the index just before its use, as an unsigned variable, and pass sizeof(*value) as the "
     "size"},
    {"invalid access to memory*", NULL, "memory is accessed beyond its end",
     "check the index just before its use, and pass the record's own sizeof as the size"},
    /* the context */
    {"dereference of modified ctx ptr", NULL,
     "the context is accessed far from its start, where there is none",
     "the context has the fields of its type only: struct pt_regs for kprobes (the function's own "
     "arguments follow as further parameters), the tracepoint's fields for tracepoints"},
    {"variable ctx access", NULL, "the context is accessed with an index that is not constant",
     "copy what you need into variables first, or unroll the loop: `#pragma unroll`"},
    {"invalid bpf_context access*", NULL,
     "the context is written, or read where it has no field: here it can only be read, and only "
     "its own fields",
     "copy what you need into a variable; the context of a kprobe is `struct pt_regs *ctx`, of a "
     "TRACEPOINT_PROBE `args`"},
    {"invalid access to context", NULL, "the context is accessed beyond its end",
     "the context has the fields of its type only"},
    /* helpers */
    {"invalid func *#164", NULL, "it calls bpf_for_each_map_elem, which this kernel does not have",
     SINCE("5.13")},
    {"invalid func *#169", NULL, "it calls bpf_timer_init, which this kernel does not have",
     SINCE("5.15")},
    {"invalid func *#174", NULL, "it calls bpf_get_attach_cookie, which this kernel does not have",
     SINCE("5.15")},
    {"invalid func *#181", NULL, "it calls bpf_loop, which this kernel does not have",
     SINCE("5.17")},
    {"invalid func *#209", NULL, "it calls bpf_user_ringbuf_drain, which this kernel does not have",
     SINCE("6.1")},
    {"unrecognized bpf_ld_imm64 insn", NULL,
     "it passes a callback to a helper, which this kernel cannot",
     "callbacks are there since Linux 5.13, bpf_loop since 5.17; scripts/lab runs the program on "
     "another kernel"},
    {"invalid func *#*", NULL, "the program calls a helper that this kernel does not have",
     "`man 7 bpf-helpers` has them all with their kernel versions; scripts/lab runs the program on "
     "another kernel"},
    {"unknown func *#*", NULL, "programs of this type cannot call the helper %h",
     "some helpers are for certain programs only: `bpftool feature probe kernel` lists them by "
     "type"},
    {"program of this type cannot use helper", NULL,
     "programs of this type cannot call the helper %h",
     "some helpers are for certain programs only: `bpftool feature probe kernel` lists them by "
     "type"},
    {"cannot call GPL-restricted function from non-GPL compatible program", NULL,
     "%h can only be called by programs under the GPL, and this one says that it is not",
     "leave out `#define BPF_LICENSE`, or name GPL there"},
    {"cannot call GPL only function*", NULL,
     "%h can only be called by programs under the GPL, and this one says that it is not",
     "leave out `#define BPF_LICENSE`, or name GPL there"},
    {"helper call might sleep in a non-sleepable prog", NULL,
     "%h may have to wait, and programs of this type cannot",
     "use the one that does not wait: bpf_probe_read_user() for bpf_copy_from_user()"},
    {"helper call is not allowed in probe", NULL, "%h cannot be called in a probe",
     "send what you know to user space instead"},
    {"callback function not allowed for map", NULL,
     "a map of this type has no entries to walk over",
     "bpf_for_each_map_elem() takes arrays and hashes, per-CPU ones too"},
    {"cannot pass map_type * into func *", NULL,
     "%h is given a map of a type that it does not take",
     "each type of map has its own calls: lookup and update for hashes and arrays, perf_submit for "
     "BPF_PERF_OUTPUT, ringbuf_output for BPF_RINGBUF_OUTPUT"},
    {"R* type=* expected=map_ptr*", NULL, "%h is given, as argument %a, something that is no map",
     "call it as BCC's C does: map.lookup(&key), map.update(&key, &value)"},
    {"R* type=scalar expected=fp*", NULL,
     "%h is given, as argument %a, a plain number where it takes the address of a variable or of a "
     "map's value",
     "copy it into a variable and pass its address: `u32 key = number;` and `&key`"},
    {"R* type=inv expected=fp*", NULL,
     "%h is given, as argument %a, a plain number where it takes the address of a variable or of a "
     "map's value",
     "copy it into a variable and pass its address: `u32 key = number;` and `&key`"},
    {"R* type=* expected=func*", NULL, "%h is given, as argument %a, something that is no callback",
     "declare the function with BPF_CALLBACK(name, parameters…), which #include "
     "<reprobe/callback.h> has"},
    {"R* type=* expected=*", NULL, "%h is given, as argument %a, something it does not take",
     "copy it into a variable and pass its address; `man 7 bpf-helpers` says what each argument "
     "is"},
    /* pointers as numbers */
    {"R* leaks addr*", NULL, "an address of the kernel's would reach user space",
     "send what is there, not where it is; root may print addresses with %lx of a copy"},
    {"R* pointer arithmetic with *", NULL,
     "a pointer is multiplied, divided, shifted or masked: only adding and subtracting is allowed",
     "compute with a copy that was read into a number, or with an index"},
    {"R* pointer arithmetic on * prohibited*", NULL,
     "something is added to a pointer that must stay as it is",
     "copy what it points to into a variable first"},
    {"R* bitwise operator * on pointer prohibited", NULL,
     "a pointer is masked: only adding and subtracting is allowed",
     "compute with a copy that was read into a number, or with an index"},
    {"R* 32-bit pointer arithmetic prohibited", NULL, "a pointer is cut to 32 bits",
     "keep it in a u64, or in a pointer"},
    {"R* pointer * pointer prohibited", NULL, "two pointers are added or subtracted",
     "read them into numbers first"},
    {"invalid size of register fill", NULL, "a part of a pointer is read",
     "keep it in a u64, or in a pointer"},
    {"*partial copy of pointer*", NULL, "a pointer is cut to fewer than 64 bits",
     "keep it in a u64, or in a pointer"},
    /* code */
    {"R0 !read_ok", "*: (95) exit*", "on some path the function returns no value",
     "end every path with `return 0;`"},
    {"R* !read_ok", NULL, "a variable is used that was never given a value",
     "give it one where it is declared: `u64 value = 0;`; a function's argument that its caller "
     "does not pass is one too"},
    {"At program exit the register R0 * should have been *", NULL,
     "the function returns a value that programs of this type must not return", "return 0"},
    {"At callback return the register R0 has *", NULL,
     "a callback returns something other than 0, to go on, and 1, to stop",
     "return 0 or 1; a timer's callback returns 0"},
    {"At * the register R0 has *", NULL,
     "the function returns a value that programs of this type must not return", "return 0"},
    {"unreachable insn", NULL, "a part of the program can never be reached",
     "the compiler gave up on undefined behaviour, such as an index beyond an array's end or a "
     "missing `return`: mind its warnings"},
    {"jump out of range", NULL, "a jump leads out of the program",
     "a function without `return` ends so: end every path with `return 0;`"},
    {"last insn is not an exit or jmp", NULL,
     "the end of the function can be reached without a `return`",
     "end every path with `return 0;`"},
    {"div by zero", NULL, "the program divides by zero", "check the divisor first"},
    {"unknown opcode 00", NULL,
     "a global variable or a string constant is used in a way that BCC's C does not have", GLOBAL},
};

/* ------------------------------------------------------------- reading the log */

static size_t line_len(const char *line) {
    return strcspn(line, "\n");
}

static const char *next_line(const char *line) {
    line += line_len(line);
    return *line ? line + 1 : line;
}

static bool starts(const char *line, const char *with) {
    return strncmp(line, with, strlen(with)) == 0;
}

/* Lines that give no reason: the instructions, the state, the statistics. */
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
        if (starts(line, noise[i]))
            return true;
    if (*line != 'R')
        return false;
    const char *after = line + 1 + strspn(line + 1, "0123456789"); /* "R1=ctx()", "R1_w=…" */
    return after > line + 1 && (*after == '=' || *after == '_');
}

/* The last of `text` before `end`, or NULL. */
static const char *last_before(const char *log, const char *end, const char *text) {
    const char *last = NULL;
    for (const char *at = log; (at = memmem(at, (size_t)(end - at), text, strlen(text))); at++)
        last = at;
    return last;
}

/* What the log says last, before `line`, of the register that the line begins with: "R6=0" or
 * "R6_w=inv0", from behind the "="; NULL when it says nothing. */
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
    state += starts(state, "invP") ? 4 : starts(state, "inv") ? 3 : starts(state, "P");
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
    return strcmp(known, "=0") == 0 ? is_zero(state) : starts(state, known + 1);
}

#define MAX_REASONS 8

/* The last lines of a log that may be its reason. */
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

static const struct refusal *find_refusal(const char *log, const char **reason) {
    struct reasons reasons = find_reasons(log);
    *reason = reasons.count ? reasons.lines[reasons.count - 1] : NULL;
    for (size_t r = 0; r < RP_COUNT(refusals); r++) {
        RP_AUTO_FREE char *pattern = NULL;
        if (asprintf(&pattern, "%s*", refusals[r].pattern) < 0)
            return NULL;
        for (size_t i = reasons.count; i-- > 0;) {
            const char *line = reasons.lines[i];
            RP_AUTO_FREE char *copy = strndup(line, line_len(line));
            if (copy && fnmatch(pattern, copy, 0) == 0 && is_known(refusals[r].known, log, line)) {
                *reason = line;
                return &refusals[r];
            }
        }
    }
    return NULL;
}

/* ------------------------------------------------------------- the author's line */

/* A line of the source as the log has it: "; TEXT" or, since Linux 6.9, "; TEXT @ FILE:LINE". */
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

/* Before Linux 6.9 only its text tells whether a line is one of glue.h. Short ones may be
 * anybody's. */
static bool is_of_glue(const struct source_line *line) {
    RP_AUTO_FREE char *text = strndup(line->text, (size_t)line->text_len);
    return text && line->text_len >= 24 && strstr(rp_embedded_glue_h, text);
}

/* Not of the headers that stand around it. */
static bool is_authors(const struct source_line *line) {
    static const char *const ours[] = {"reprobe-types.h", "kconfig.h", "bpf.h", "helpers.h"};
    for (size_t i = 0; line->file && i < RP_COUNT(ours); i++)
        if ((size_t)line->file_len == strlen(ours[i]) && starts(line->file, ours[i]))
            return false;
    return line->text_len > 0 && (line->file || !is_of_glue(line));
}

/* The end of a function, where all ways out of it meet: what led there says more. */
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

/* The kernel keeps the file's last part only; a text without a file has a name of ours. */
static bool is_called(const struct source_line *line, const char *name) {
    const char *slash = strrchr(name, '/');
    const char *last = slash ? slash + 1 : name;
    return (strlen(last) == (size_t)line->file_len && starts(line->file, last)) ||
           starts(line->file, RP_TREE_SOURCE ":");
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

/* "bpf_probe_read_user", the last one called before the verifier's line. */
static void put_helper(FILE *out, const char *log, const char *reason) {
    const char *call = last_before(log, reason, " call ");
    size_t len = call ? strcspn(call + strlen(" call "), "# \n") : 0;
    if (len)
        fwrite(call + strlen(" call "), 1, len, out);
    else
        fputs("the helper", out);
}

static void put_words(FILE *out, const char *words, const char *log, const char *reason) {
    for (const char *p = words; *p; p++) {
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
        rp_error_hint_set(err, "run as root (sudo), or with CAP_BPF and CAP_PERFMON; if you are, "
                               "this kernel forbids the program's type");
    return err;
}

struct rp_error *rp_load_error(const char *function, const char *source, int errnum,
                               const char *log) {
    const char *reason;
    const struct refusal *refusal = find_refusal(log, &reason);
    if (!reason)
        return rp_error_detail_set(without_reason(function, errnum), *log ? log : NULL);
    RP_AUTO_FREE char *why = NULL;
    size_t size;
    FILE *out = open_memstream(&why, &size);
    if (!out)
        return rp_error_nomem();
    fputs("the kernel's verifier refused it", out);
    if (refusal) {
        fputs(": ", out);
        put_words(out, refusal->words, log, reason);
    }
    struct source_line line = find_source_line(log, reason);
    put_source_line(out, &line, source);
    fprintf(out, "\n    verifier: %.*s", (int)line_len(reason), reason);
    fclose(out);
    struct rp_error *err = rp_error_new(errnum, why, "cannot load %s", function);
    rp_error_hint_set(err, "%s%s", refusal ? refusal->cure : "",
                      refusal ? " (-v shows the verifier's whole log)"
                              : "-v shows the verifier's whole log");
    return rp_error_detail_set(err, log);
}
