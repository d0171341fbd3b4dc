/* SPDX-License-Identifier: Apache-2.0 */
/* A question becomes a program. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "arch/arch.h"
#include "compile/schema.h"
#include "query/own_text.h"
#include "query/plan.h"
#include "record/layout.h"
#include "util/array.h"
#include "util/cleanup.h"
#include "util/error.h"
#include "util/text.h"

#define AUTO_PROGRAM RP_AUTO(rp_query_plan_clear)
#define AUTO_WRITTEN RP_AUTO(cleanup_written)
static void cleanup_written(struct rp_generated **generated) {
    rp_generated_free(*generated);
}

void rp_generated_free(struct rp_generated *generated) {
    if (!generated)
        return;
    free(generated->text);
    free(generated->neutral);
    for (size_t i = 0; i < generated->attach_count; i++) {
        free(generated->attach[i].function);
        free(generated->attach[i].spec);
    }
    free(generated->attach);
    rp_schema_free(generated->schema);
    free(generated->title);
    rp_text_pieces_free(generated->pieces, generated->piece_count);
    free(generated->note);
    free(generated);
}

/* ------------------------------------------------------------------ the text */

/* A comment cannot hold its own end, and a compiler warns of its beginning. */
static void write_in_comment(FILE *out, const char *text) {
    for (; *text; text++) {
        putc(*text, out);
        if ((*text == '*' && text[1] == '/') || (*text == '/' && text[1] == '*'))
            putc(' ', out);
    }
}

static bool names_all(const struct rp_query_plan *p) {
    for (size_t i = 0; i < p->point_count; i++)
        if (!p->points[i].names_itself)
            return false;
    return true;
}

static void write_comment(const struct rp_query_plan *p) {
    RP_AUTO_FREE char *line = rp_question_line(p->question);
    FILE *out = p->out;
    if (names_all(p)) {
        fputs("/* ", out);
        write_in_comment(out, line ? line : "");
        fputs(" */\n", out);
        return;
    }
    fputs("/*\n * ", out);
    write_in_comment(out, line ? line : "");
    fputs("\n * reprobe run", out);
    for (size_t i = 0; i < p->point_count; i++)
        if (!p->points[i].names_itself) {
            fprintf(out, " -a '%s=", p->points[i].function);
            write_in_comment(out, p->points[i].text);
            fputs("'", out);
        }
    fputs(" FILE\n */\n", out);
}

/* What rp_reads' C calls. */
static const struct {
    unsigned use;
    const char *text;
} helpers[] = {
    {RP_USES_UNREAD, "typedef u32 " RP_TYPE_UNREAD
                     "; /* of the members behind it, from bit 0 on: it could not be read */\n"},
    {RP_USES_SIZE, "typedef u32 " RP_TYPE_SIZE "; /* how many bytes the text behind it has */\n"},
    {RP_USES_IS_TEXT, "/* Whether `text` equals `wanted`, which has `size` bytes with its end. */\n"
                      "static bool is_text(const char *text, const char *wanted, int size)\n"
                      "{\n"
                      "#pragma unroll\n"
                      "    for (int i = 0; i < size; i++)\n"
                      "        if (text[i] != wanted[i])\n"
                      "            return false;\n"
                      "    return true;\n"
                      "}\n"},
    {RP_USES_IS_SAME, "/* Whether both have the same text, of less than `size` bytes. */\n"
                      "static bool is_same(const char *text, const char *other, int size)\n"
                      "{\n"
                      "#pragma unroll\n"
                      "    for (int i = 0; i < size; i++) {\n"
                      "        if (text[i] != other[i])\n"
                      "            return false;\n"
                      "        if (!text[i])\n"
                      "            return true;\n"
                      "    }\n"
                      "    return true;\n"
                      "}\n"},
    {RP_USES_IS_WHOLE, "/* Whether `text`, of less than `size` bytes, is these `count` bytes. */\n"
                       "static bool is_whole(const char *bytes, u32 count, const char *text, "
                       "u32 size)\n"
                       "{\n"
                       "#pragma nounroll\n"
                       "    for (u32 i = 0; i < size; i++) {\n"
                       "        if (i == count)\n"
                       "            return !text[i];\n"
                       "        if (bytes[i] != text[i] || !text[i])\n"
                       "            return false;\n"
                       "    }\n"
                       "    return true;\n"
                       "}\n"},
    {RP_USES_IS_BYTES, "/* Whether both have the same `size` bytes: behind the last of a text they "
                       "are 0. */\n"
                       "static bool is_bytes(const char *bytes, const char *other, u32 size)\n"
                       "{\n"
                       "    char differs = 0;\n"
                       "#pragma nounroll\n"
                       "    for (u32 i = 0; i < size; i++)\n"
                       "        differs |= bytes[i] ^ other[i];\n"
                       "    return !differs;\n"
                       "}\n"},
    {RP_USES_SAME, "/* 1 where both bytes are equal, else 0, without a branch. */\n"
                   "static u64 same(u64 a, u64 b)\n"
                   "{\n"
                   "    return ((a ^ b) - 1) >> 63;\n"
                   "}\n"},
    {RP_USES_SEE_PROCESS,
     "/* Tells of each process when it is first seen, and again when it runs another program: "
     "after its\n"
     " * end its addresses have no names. */\n"
     "BPF_RINGBUF_OUTPUT(processes, 8);\n"
     "BPF_HASH(memories, u32, u64); /* the process's memory: an exec replaces it */\n"
     "\n"
     "static void see_process(u32 pid)\n"
     "{\n"
     "    struct task_struct *task = (struct task_struct *)bpf_get_current_task();\n"
     "    u64 memory = (u64)task->mm, *seen = memories.lookup(&pid);\n"
     "    if (seen && *seen == memory)\n"
     "        return;\n"
     "    memories.update(&pid, &memory);\n"
     "    processes.ringbuf_output(&pid, sizeof(pid), BPF_RB_FORCE_WAKEUP);\n"
     "}\n"},
    {RP_USES_USER_ADDRESS, "/* With the process, above it: only there does it have a name. */\n"
                           "static unsigned __int128 user_address(u64 address)\n"
                           "{\n"
                           "    u32 pid = bpf_get_current_pid_tgid() >> 32;\n"
                           "    see_process(pid);\n"
                           "    return (unsigned __int128)pid << 64 | address;\n"
                           "}\n"},
    {RP_USES_REFUSED_CALL,
     "BPF_ARRAY(" RP_MAP_REFUSED ", u64, 1); /* calls: they have no entry */\n"},
    {RP_USES_QUOTIENT, "/* BPF divides numbers without a sign. */\n"
                       "static u64 magnitude(s64 n)\n"
                       "{\n"
                       "    return n < 0 ? -(u64)n : (u64)n;\n"
                       "}\n"
                       "\n"
                       "static s64 quotient(s64 a, s64 b)\n"
                       "{\n"
                       "    u64 n = magnitude(a) / magnitude(b);\n"
                       "    return (a < 0) == (b < 0) ? n : -n;\n"
                       "}\n"
                       "\n"
                       "static s64 remainder(s64 a, s64 b)\n"
                       "{\n"
                       "    u64 n = magnitude(a) % magnitude(b);\n"
                       "    return a < 0 ? -n : n;\n"
                       "}\n"},
};

static void write_syscall_number(const struct rp_query_plan *p) {
    if (!rp_arch.narrow_member) {
        fputs("\n/* With bit 33 set: whether it is of 32 bits is not known. */\n"
              "static u64 syscall_number(u64 number)\n"
              "{\n"
              "    return (u32)number | 1ULL << 33;\n"
              "}\n",
              p->out);
        return;
    }
    fprintf(p->out,
            "\n/* With bit 32 set in a syscall of 32 bits, which has a table of its own. */\n"
            "static u64 syscall_number(u64 number)\n"
            "{\n"
            "    struct task_struct *task = (struct task_struct *)bpf_get_current_task();\n"
            "    %s flags = 0;\n"
            "    bpf_probe_read_kernel(&flags, sizeof(flags), &task->thread_info.%s);\n"
            "    return (u32)number | (u64)(flags >> %u & 1) << 32;\n"
            "}\n",
            rp_arch.narrow_type, rp_arch.narrow_member, rp_arch.narrow_bit);
}

static void write_unread_map(void *ctx, const char *map, const struct rp_node *node,
                             enum rp_unread_part part) {
    (void)node;
    if (part == RP_UNREAD_VALUE)
        fprintf(ctx, "BPF_ARRAY(%s, u64, 2); /* reads that failed, of how many */\n", map);
    else
        fprintf(ctx, "BPF_ARRAY(%s, u64, 1); /* events whose reads failed */\n", map);
}

static void write_helpers(const struct rp_query_plan *p) {
    rp_plan_each_unread(p, write_unread_map, p->out);
    if (rp_plan_reads_stack(p))
        fputs("BPF_STACK_TRACE(stacks, 16384);\n", p->out);
    if (p->writing->uses & RP_USES_USER_ADDRESS)
        p->writing->uses |= RP_USES_SEE_PROCESS;
    for (size_t i = 0; i < RP_COUNT(helpers); i++)
        if (p->writing->uses & helpers[i].use)
            fprintf(p->out, "\n%s", helpers[i].text);
    if (p->writing->uses & RP_USES_SYSCALL)
        write_syscall_number(p);
    if (p->writing->uses)
        fputs("\n", p->out);
    rp_write_enums(p);
    rp_write_limit_maps(p);
}

static void write_verb(const struct rp_query_plan *p) {
    switch (p->question->verb) {
    case RP_VERB_TRACE:
        rp_write_trace(p);
        return;
    case RP_VERB_COUNT:
    case RP_VERB_TOP:
        rp_write_count(p);
        return;
    case RP_VERB_HIST:
        rp_write_hist(p);
        return;
    case RP_VERB_LATENCY:
        rp_write_latency(p);
        return;
    case RP_VERB_STACK:
    case RP_VERB_PROFILE:
        rp_write_stacks(p);
        return;
    default:
        rp_write_stats(p);
    }
}

static char *write_part(struct rp_query_plan *p, void (*write)(const struct rp_query_plan *p)) {
    char *text = NULL;
    size_t size;
    p->out = open_memstream(&text, &size);
    if (!p->out)
        return NULL;
    write(p);
    bool failed = ferror(p->out) || p->writing->nomem;
    fclose(p->out);
    p->out = NULL;
    if (!failed)
        return text;
    free(text);
    return NULL;
}

static void write_beginning(const struct rp_query_plan *p) {
    if (!p->neutral)
        write_comment(p);
    write_helpers(p);
}

/* What the functions call is known when they are written. */
static char *write_text(struct rp_query_plan *p, bool neutral) {
    struct rp_writing writing = {0};
    p->writing = &writing;
    p->neutral = neutral;
    RP_AUTO_FREE char *functions = write_part(p, write_verb),
                      *beginning = functions ? write_part(p, write_beginning) : NULL;
    p->writing = NULL;
    return beginning ? rp_text("%s%s", beginning, functions) : NULL;
}

/* ------------------------------------------------------------------ what goes with it */

static void write_places(const struct rp_query_plan *p, FILE *out) {
    for (size_t i = 0; i < p->point_count; i++) {
        const struct rp_attach_point *point = &p->points[i];
        bool plain = point->is_pattern || (p->pair && i) || !point->spec.target ||
                     (point->arguments->known && !point->arguments->count &&
                      !point->spec.kind->of_functions);
        RP_AUTO_FREE char *one =
            plain ? strdup(point->text) : rp_arguments_signature(point->text, point->arguments);
        fprintf(out, "%s%s", i ? ", " : "", one ? one : point->text);
    }
}

/* "tracepoint:syscalls:sys_enter_open* (5 probes)"; how many of the parts that is. */
static size_t write_pattern(const struct rp_query_plan *p, size_t first, FILE *out) {
    const char *pattern = p->parts[first].pattern;
    size_t count = 1;
    while (first + count < p->part_count && p->parts[first + count].pattern &&
           !strcmp(p->parts[first + count].pattern, pattern))
        count++;
    if (p->parts[first].points[0].is_pattern)
        fputs(pattern, out);
    else
        fprintf(out, "%s (%zu probe%s)", pattern, count, count == 1 ? "" : "s");
    return count;
}

static char *write_title(const struct rp_query_plan *p) {
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    if (!out)
        return NULL;
    if (!p->part_count)
        write_places(p, out);
    for (size_t i = 0; i < p->part_count;) {
        fputs(i ? ", " : "", out);
        if (p->parts[i].pattern) {
            i += write_pattern(p, i, out);
            continue;
        }
        write_places(&p->parts[i++], out);
    }
    fclose(out);
    return text;
}

/* The return of a call comes first: what is found at an entry will be seen to end. */
static bool set_attach(const struct rp_query_plan *p, struct rp_generated *generated) {
    generated->attach = calloc(p->point_count, sizeof(*generated->attach));
    for (size_t i = 0; generated->attach && i < p->point_count; i++) {
        const struct rp_attach_point *point = &p->points[p->pair ? 1 - i : i];
        generated->attach[i].function = strdup(point->function);
        generated->attach[i].spec = strdup(point->text);
        generated->attach_count = i + 1;
        if (!generated->attach[i].function || !generated->attach[i].spec)
            return false;
    }
    return generated->attach;
}

void rp_text_pieces_free(struct rp_text_piece *pieces, size_t count) {
    for (size_t i = 0; pieces && i < count; i++)
        free(pieces[i].text);
    free(pieces);
}

/* The columns that an expression became, behind those that a row begins with. */
static void find_columns(const struct rp_query_plan *p, const char *expr,
                         struct rp_text_piece *piece) {
    size_t before = p->part_count ? 3 : rp_has_task(p) ? 2 : 0;
    for (size_t i = 0; i < p->columns.count; i++) {
        const char *of = p->columns.items[i].expr;
        if (!of || strcmp(of, expr) != 0)
            continue;
        piece->first = piece->count ? piece->first : before + i;
        piece->count = before + i + 1 - piece->first;
    }
}

static bool set_piece(const struct rp_query_plan *p, const struct rp_own_piece *own,
                      struct rp_text_piece *piece) {
    bool is_probe = own->expr && !strcmp(own->expr, "probe");
    piece->width = own->width;
    if (is_probe && p->part_count)
        piece->count = 1;
    else if (is_probe || own->text)
        piece->text = strdup(is_probe ? p->points[0].text : own->text);
    else if (own->expr)
        find_columns(p, own->expr, piece);
    return piece->text || piece->count;
}

/* Of one's own text, if there is any. */
static struct rp_error *set_pieces(const struct rp_query_plan *p, struct rp_generated *generated) {
    const char *print = p->question->print, *at;
    RP_AUTO(rp_own_text_clear) struct rp_own_text own = {0};
    if (!print)
        return NULL;
    if (rp_own_text_read(print, strlen(print), &own, &at))
        return rp_error_nomem();
    generated->pieces = calloc(own.count + 1, sizeof(*generated->pieces));
    if (!generated->pieces)
        return rp_error_nomem();
    for (size_t i = 0; i < own.count; i++, generated->piece_count++)
        if (!set_piece(p, &own.items[i], &generated->pieces[i]))
            return rp_cannot_answer(p->question, EINVAL, "`%s` has no value to show",
                                    own.items[i].expr ? own.items[i].expr : "");
    return NULL;
}

struct rp_error *rp_question_generate(const struct rp_question *question,
                                      struct rp_generated **out) {
    AUTO_PROGRAM struct rp_query_plan program = {0};
    RP_TRY(rp_query_plan(question, &program));
    AUTO_WRITTEN struct rp_generated *generated = calloc(1, sizeof(*generated));
    if (!generated)
        return rp_error_nomem();
    generated->text = write_text(&program, false);
    generated->neutral = write_text(&program, true);
    generated->title = write_title(&program);
    generated->schema = rp_plan_schema(&program);
    generated->note = rp_take(program.note);
    RP_TRY(set_pieces(&program, generated));
    if (!generated->text || !generated->neutral || !generated->title || !generated->schema ||
        !set_attach(&program, generated))
        return rp_error_nomem();
    *out = rp_take(generated);
    return NULL;
}
