/* SPDX-License-Identifier: Apache-2.0 */
/* Questions: how lines are taken apart, and what C they become. Places are functions that BTF tells
 * of, so that neither kprobes nor privileges are needed. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "compile/schema.h"
#include "kernel/btf.h"
#include "query/query.h"
#include "reprobe_query.h"
#include "suites.h"
#include "util/array.h"

static char *join(char **list, size_t count) {
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    for (size_t i = 0; i < count; i++)
        fprintf(out, "%s%s", i ? "|" : "", list[i]);
    fclose(out);
    return text;
}

/* ------------------------------------------------------------------ lines that are understood */

static const struct {
    enum rp_verb verb;
    const char *line, *probes, *exprs, *keys, *predicate;
    const char *again; /* as rp_question_line() has it; NULL: the verb and the line */
} good[] = {
    {RP_VERB_TRACE, "vfs_read", "vfs_read", "", "", NULL, "trace vfs_read"},
    {RP_VERB_TRACE, "  kprobe:vfs_read  ", "kprobe:vfs_read", "", "", NULL,
     "trace kprobe:vfs_read"},
    {RP_VERB_TRACE, "f a b", "f", "a|b", "", NULL, "trace f a, b"},
    {RP_VERB_TRACE, "f a, b ,c", "f", "a|b|c", "", NULL, "trace f a, b, c"},
    {RP_VERB_TRACE, "f, g a b", "f|g", "a|b", "", NULL, "trace f, g a, b"},
    {RP_VERB_TRACE, "f ,g, h if x", "f|g|h", "", "", "x", "trace f, g, h if x"},
    {RP_VERB_TRACE, "f a + b", "f", "a + b", "", NULL, NULL},
    {RP_VERB_TRACE, "f a+b c", "f", "a+b|c", "", NULL, "trace f a+b, c"},
    {RP_VERB_TRACE, "f a -b", "f", "a|-b", "", NULL, "trace f a, -b"},
    {RP_VERB_TRACE, "f a - b", "f", "a - b", "", NULL, NULL},
    {RP_VERB_TRACE, "f a-b", "f", "a-b", "", NULL, NULL},
    {RP_VERB_TRACE, "f a *b", "f", "a|*b", "", NULL, "trace f a, *b"},
    {RP_VERB_TRACE, "f a * b", "f", "a * b", "", NULL, NULL},
    {RP_VERB_TRACE, "f a &b", "f", "a|&b", "", NULL, "trace f a, &b"},
    {RP_VERB_TRACE, "f a & b", "f", "a & b", "", NULL, NULL},
    {RP_VERB_TRACE, "f a &&b", "f", "a &&b", "", NULL, NULL},
    {RP_VERB_TRACE, "f a !b", "f", "a|!b", "", NULL, "trace f a, !b"},
    {RP_VERB_TRACE, "f a != b", "f", "a != b", "", NULL, NULL},
    {RP_VERB_TRACE, "f a ~b", "f", "a|~b", "", NULL, "trace f a, ~b"},
    {RP_VERB_TRACE, "f a->b.c d -> e", "f", "a->b.c|d -> e", "", NULL, "trace f a->b.c, d -> e"},
    {RP_VERB_TRACE, "f a[1] b [2]", "f", "a[1]|b [2]", "", NULL, "trace f a[1], b [2]"},
    {RP_VERB_TRACE, "f (u32)x y", "f", "(u32)x|y", "", NULL, "trace f (u32)x, y"},
    {RP_VERB_TRACE, "f (u32) x y", "f", "(u32) x|y", "", NULL, "trace f (u32) x, y"},
    {RP_VERB_TRACE, "f (struct file *)x", "f", "(struct file *)x", "", NULL, NULL},
    {RP_VERB_TRACE, "f (char *) x -y", "f", "(char *) x|-y", "", NULL, "trace f (char *) x, -y"},
    {RP_VERB_TRACE, "f (a) (b)", "f", "(a)|(b)", "", NULL, "trace f (a), (b)"},
    {RP_VERB_TRACE, "f (a b, c) d", "f", "(a b, c)|d", "", NULL, "trace f (a b, c), d"},
    {RP_VERB_TRACE, "f sizeof(struct file) x", "f", "sizeof(struct file)|x", "", NULL,
     "trace f sizeof(struct file), x"},
    {RP_VERB_TRACE, "f a ? b : c d", "f", "a ? b : c|d", "", NULL, "trace f a ? b : c, d"},
    {RP_VERB_TRACE, "f a if b", "f", "a", "", "b", NULL},
    {RP_VERB_TRACE, "f if a -b", "f", "", "", "a -b", NULL},
    {RP_VERB_TRACE, "f if comm == \"a if b\"", "f", "", "", "comm == \"a if b\"", NULL},
    {RP_VERB_TRACE, "f x if a <= b && c >= d", "f", "x", "", "a <= b && c >= d", NULL},
    {RP_VERB_TRACE, "uprobe:/a+b:f arg0", "uprobe:/a+b:f", "arg0", "", NULL, NULL},
    {RP_VERB_COUNT, "a b, c", "a|b|c", "", "", NULL, "count a b c"},
    {RP_VERB_COUNT, "'vfs_*' by comm", "vfs_*", "", "comm", NULL, "count vfs_* by comm"},
    {RP_VERB_COUNT, "vfs_* by comm", "vfs_*", "", "comm", NULL, NULL},
    {RP_VERB_COUNT, "'by' f by x", "by|f", "", "x", NULL, NULL},
    {RP_VERB_COUNT, "'a b' \"c'd e\" 'f(g h' 'i,' j", "a b|c'd e|f(g h|i,|j", "", "", NULL, NULL},
    {RP_VERB_COUNT, "'a\tb' \"c\"", "a\tb|c", "", "", NULL, "count 'a\tb' c"},
    {RP_VERB_COUNT, "' a ' b'", " a|b'", "", "", NULL, "count ' a' b'"},
    {RP_VERB_COUNT, "a b'\"c d", "a|b'\"c|d", "", "", NULL, NULL},
    {RP_VERB_COUNT, "'a b', \"c d\" , e,f", "a b|c d|e,f", "", "", NULL, "count 'a b' 'c d' e,f"},
    {RP_VERB_TRACE, "'a b', ',' c", "a b|,", "c", "", NULL, "trace 'a b', ',' c"},
    {RP_VERB_LATENCY, "'a b..c d' by e", "a b..c d", "", "e", NULL, NULL},
    {RP_VERB_COUNT, "a by x y if z", "a", "", "x|y", "z", "count a by x, y if z"},
    {RP_VERB_COUNT, "a if z by x", "a", "", "x", "z", "count a by x if z"},
    {RP_VERB_HIST, "f ret", "f", "ret", "", NULL, NULL},
    {RP_VERB_HIST, "f a + b by c if d", "f", "a + b", "c", "d", NULL},
    {RP_VERB_HIST, "f ret linear(0,100,10) by comm", "f", "ret", "comm", NULL, NULL},
    {RP_VERB_HIST, "f ret linear(-0x10, 16, 2)", "f", "ret", "", NULL,
     "hist f ret linear(-16,16,2)"},
    {RP_VERB_SUM, "f ret by comm if ret > 0", "f", "ret", "comm", "ret > 0", NULL},
    {RP_VERB_AVG, "f a - b", "f", "a - b", "", NULL, NULL},
    {RP_VERB_MIN, "f ret by x y", "f", "ret", "x|y", NULL, "min f ret by x, y"},
    {RP_VERB_MAX, "f -a", "f", "-a", "", NULL, NULL},
    {RP_VERB_STATS, "f ret by comm", "f", "ret", "comm", NULL, NULL},
    {RP_VERB_LATENCY, "f by comm if pid > 1", "f", "", "comm", "pid > 1", NULL},
    {RP_VERB_LATENCY, "a..b matching x, y by z if w", "a..b", "", "z", "w", NULL},
    {RP_VERB_TRACE, "f a until 10", "f", "a", "", NULL, NULL},
    {RP_VERB_TRACE, "f sample until 0x10 if sample sample 1/100", "f", "sample", "", "sample",
     "trace f sample if sample sample 1/100 until 16"},
    {RP_VERB_COUNT, "a b sample 1 / 7 by x", "a|b", "", "x", NULL, "count a b by x sample 1/7"},
    {RP_VERB_PROFILE, "until 5", "profile:hz:49", "", "", NULL, "profile 49 until 5"},
    {RP_VERB_TRACE, "f a until a < 0 && b if c", "f", "a", "", "c",
     "trace f a if c until a < 0 && b"},
    {RP_VERB_COUNT, "f until 3 < x", "f", "", "", NULL, NULL},
    {RP_VERB_COUNT, "f by a every 0.5s top 3", "f", "", "a", NULL,
     "count f by a every 500ms top 3"},
    {RP_VERB_HIST, "f every every 60s", "f", "every", "", NULL, "hist f every every 1m"},
    {RP_VERB_TOP, "f g by a if top", "f|g", "", "a", "top", NULL},
    {RP_VERB_TOP, "7 f by a every 1s", "f", "", "a", NULL, NULL},
    {RP_VERB_TRACE, "uprobe:../prog:f a", "uprobe:../prog:f", "a", "", NULL, NULL},
    {RP_VERB_STACK, "f", "f", "", "", NULL, NULL},
    {RP_VERB_PROFILE, "", "profile:hz:49", "", "", NULL, "profile 49"},
    {RP_VERB_PROFILE, "99 by cpu", "profile:hz:99", "", "cpu", NULL, "profile 99 by cpu"},
    {RP_VERB_PROFILE, "by cpu if pid", "profile:hz:49", "", "cpu", "pid",
     "profile 49 by cpu if pid"},
};

static const char *const verbs[] = {
    [RP_VERB_TRACE] = "trace",     [RP_VERB_COUNT] = "count", [RP_VERB_HIST] = "hist",
    [RP_VERB_LATENCY] = "latency", [RP_VERB_STACK] = "stack", [RP_VERB_PROFILE] = "profile",
    [RP_VERB_SUM] = "sum",         [RP_VERB_AVG] = "avg",     [RP_VERB_MIN] = "min",
    [RP_VERB_TOP] = "top",         [RP_VERB_MAX] = "max",     [RP_VERB_STATS] = "stats"};

static struct rp_question *parsed(enum rp_verb verb, const char *line) {
    struct rp_question *question = NULL;
    struct rp_error *err = rp_question_parse(verb, line, &question);
    ck_assert_msg(!err, "%s %s: %s", verbs[verb], line, err ? rp_error_why(err) : "");
    return question;
}

static void check_parts(const struct rp_question *q, int i) {
    char *probes = join(q->probes, q->probe_count), *exprs = join(q->exprs, q->expr_count),
         *keys = join(q->keys, q->key_count);
    ck_assert_str_eq(probes, good[i].probes);
    ck_assert_str_eq(exprs, good[i].exprs);
    ck_assert_str_eq(keys, good[i].keys);
    ck_assert_pstr_eq(q->predicate, good[i].predicate);
    free(probes);
    free(exprs);
    free(keys);
}

START_TEST(test_good_line) {
    struct rp_question *q = parsed(good[_i].verb, good[_i].line);
    check_parts(q, _i);
    char *line = rp_question_line(q), same[256];
    snprintf(same, sizeof(same), "%s %s", verbs[good[_i].verb], good[_i].line);
    ck_assert_str_eq(line, good[_i].again ? good[_i].again : same);
    rp_question_free(q);
    /* What it prints means the same. */
    q = parsed(good[_i].verb, line + strlen(verbs[good[_i].verb]));
    check_parts(q, _i);
    rp_question_free(q);
    free(line);
}
END_TEST

START_TEST(test_linear) {
    struct rp_question *q = parsed(RP_VERB_HIST, "f ret linear(-0x10, 16, 2)");
    ck_assert(q->linear);
    ck_assert_int_eq(q->low, -16);
    ck_assert_int_eq(q->high, 16);
    ck_assert_int_eq(q->step, 2);
    rp_question_free(q);
}
END_TEST

/* ------------------------------------------------------------------ lines that are not */

static const struct {
    enum rp_verb verb;
    const char *line, *why;
    int column; /* of the ^ below the line; -1: none */
} bad[] = {
    {RP_VERB_TRACE, "", "the probe is missing", -1},
    {RP_VERB_TRACE, "if x", "the probe is missing", -1},
    {RP_VERB_COUNT, "by x", "the probe is missing", -1},
    {RP_VERB_COUNT, "f ' ' by x", "the probe between these quotes is missing", 2},
    {RP_VERB_COUNT, "f '' by x", "the probe between these quotes is missing", 2},
    {RP_VERB_COUNT, "f 'a b", "no ' follows this one, which closes it", 2},
    {RP_VERB_TRACE, "\"a 'b' c", "no \" follows this one, which closes it", 0},
    {RP_VERB_COUNT, "f 'a b'c", "a space is missing behind the probe's quotes", 7},
    {RP_VERB_TRACE, "f (a", "this '(' is not closed", 2},
    {RP_VERB_TRACE, "f a[1", "this '[' is not closed", 3},
    {RP_VERB_TRACE, "f a)", "closes nothing", 3},
    {RP_VERB_TRACE, "f (a]", "closes nothing", 4},
    {RP_VERB_TRACE, "f if comm == \"x", "the text is not closed", 13},
    {RP_VERB_TRACE, "f a +", "an expression is missing", 5},
    {RP_VERB_TRACE, "f if", "an expression is missing", 4},
    {RP_VERB_TRACE, "f if a b", "an operator such as &&", 7},
    {RP_VERB_TRACE, "f if a if b", "`if` is there twice", 7},
    {RP_VERB_TRACE, "f a by b", "`by` is for sums", 4},
    {RP_VERB_COUNT, "f by a by b", "`by` is there twice", 7},
    {RP_VERB_COUNT, "f by", "the key is missing", 2},
    {RP_VERB_COUNT, "f by if x", "the key is missing", 2},
    {RP_VERB_TRACE, "f if a = b", "`==` compares", 7},
    {RP_VERB_TRACE, "f a++", "nothing here can be changed", 3},
    {RP_VERB_TRACE, "f a; b", "';' cannot be part", 3},
    {RP_VERB_TRACE, "f {a}", "'{' cannot be part", 2},
    {RP_VERB_TRACE, "f #a", "'#' cannot be part", 2},
    {RP_VERB_HIST, "f", "the expression is missing", -1},
    {RP_VERB_HIST, "f a b", "this is another", 4},
    {RP_VERB_HIST, "f a linear(1,2)", "linear(LOW,HIGH,STEP)", 4},
    {RP_VERB_HIST, "f a linear 1", "linear(LOW,HIGH,STEP)", 4},
    {RP_VERB_HIST, "f a linear(2,1,1)", "LOW must be below HIGH", 4},
    {RP_VERB_HIST, "f a linear(1,2,0)", "STEP above 0", 4},
    {RP_VERB_LATENCY, "f a", "no expression", 2},
    {RP_VERB_STACK, "f a", "no expression", 2},
    {RP_VERB_COUNT, "f until", "`until` takes a number", 2},
    {RP_VERB_COUNT, "f until by x", "`until` takes a number", 2},
    {RP_VERB_COUNT, "f until x until 5", "`until` is there twice", 10},
    {RP_VERB_COUNT, "f every 5", "`every` takes a time with its unit", 2},
    {RP_VERB_COUNT, "f every 5KiB", "`every` takes a time with its unit", 2},
    {RP_VERB_COUNT, "f every 1s every 1s", "`every` is there twice", 11},
    {RP_VERB_COUNT, "f every 9ms", "the shortest time is 10ms", 2},
    {RP_VERB_TRACE, "f every 1s", "a row is shown when it comes", 2},
    {RP_VERB_COUNT, "f top 5", "`top` stands behind `every`", 2},
    {RP_VERB_COUNT, "f every 1s top 0", "`top` takes a number", 11},
    {RP_VERB_TOP, "f by a every 1s top 5", "the number stands in front", 16},
    {RP_VERB_TOP, "0 f by a", "`top` takes a number", 0},
    {RP_VERB_TOP, "5 f", "it does not say of what", -1},
    {RP_VERB_COUNT, "f until 0", "`until` takes a number", 2},
    {RP_VERB_COUNT, "f until 1.5", "`until` takes a number", 2},
    {RP_VERB_COUNT, "f until 99999999999999999999", "`until` takes a number", 2},
    {RP_VERB_COUNT, "f until 1 until 2", "`until` is there twice", 10},
    {RP_VERB_COUNT, "f sample 2/3", "`sample` takes one of N", 2},
    {RP_VERB_COUNT, "f sample 1", "`sample` takes one of N", 2},
    {RP_VERB_COUNT, "f sample 1/0", "`sample` takes one of N", 2},
    {RP_VERB_COUNT, "f sample 1/2 sample 1/2", "`sample` is there twice", 13},
    {RP_VERB_PROFILE, "often", "no number of samples", 0},
    {RP_VERB_PROFILE, "0", "no number of samples", 0},
    {RP_VERB_PROFILE, "99 5", "no expression", 3},
};

/* Where "A..B" has its middle; -1: it is one probe. */
static const struct {
    const char *probe;
    int middle;
} spans[] = {
    {"a..b", 1},
    {"uprobe:./p:f..uprobe:./p:g", 12},
    {"./p:f.../p:g", 5},
    {"./p:f../bin/p:g", 5},
    {"/bin/p:f../bin/p:g", 8},
    {"uprobe:../p:f", -1},
    {"../p:f", -1},
    {"../../p:f", -1},
    {"./a/../p:f", -1},
    {"a...", -1},
    {"..b", -1},
};

START_TEST(test_span) {
    const char *probe = spans[_i].probe, *middle = rp_span_middle(probe);
    ck_assert_msg((middle ? middle - probe : -1) == spans[_i].middle, "%s", probe);
}
END_TEST

/* Words of other languages. */
static const struct {
    const char *line, *hint;
} habits[] = {
    {"f if a and b", "conditions are joined by &&"},
    {"f if a == 1 or b", "conditions are joined by ||"},
    {"f if not a", "what is not true is !COND"},
    {"f if comm =~ \"a\"", "a pattern is compared by ~"},
    {"f a, @b", "questions keep their numbers themselves"},
};

START_TEST(test_habits) {
    struct rp_question *question = NULL;
    struct rp_error *err = rp_question_parse(RP_VERB_TRACE, habits[_i].line, &question);
    ck_assert_msg(err != NULL, "%s was understood", habits[_i].line);
    ck_assert_ptr_nonnull(strstr(rp_error_hint(err), habits[_i].hint));
    rp_error_free(err);
}
END_TEST

START_TEST(test_bad_line) {
    struct rp_question *question = NULL;
    struct rp_error *err = rp_question_parse(bad[_i].verb, bad[_i].line, &question);
    ck_assert_msg(err != NULL, "%s was understood", bad[_i].line);
    ck_assert_ptr_null(question);
    const char *why = rp_error_why(err);
    ck_assert_msg(strstr(why, bad[_i].why) != NULL, "%s: why: %s", bad[_i].line, why);
    ck_assert_ptr_nonnull(strstr(rp_error_what(err), bad[_i].line));
    ck_assert_ptr_nonnull(strstr(rp_error_hint(err), verbs[bad[_i].verb]));
    const char *last = strrchr(why, '\n');
    if (bad[_i].column < 0)
        ck_assert_ptr_null(last);
    else
        ck_assert_msg(last && strlen(last) == 1 + 4 + (size_t)bad[_i].column + 1 &&
                          last[strlen(last) - 1] == '^',
                      "%s: %s", bad[_i].line, why);
    rp_error_free(err);
}
END_TEST

START_TEST(test_too_deep) {
    char line[256] = "f ";
    memset(line + 2, '(', 100);
    struct rp_question *question = NULL;
    struct rp_error *err = rp_question_parse(RP_VERB_TRACE, line, &question);
    ck_assert_ptr_nonnull(strstr(rp_error_why(err), "too deep"));
    rp_error_free(err);
}
END_TEST

/* ------------------------------------------------------------------ programs */

static struct rp_generated *generated(enum rp_verb verb, const char *line) {
    struct rp_question *question = parsed(verb, line);
    struct rp_generated *generated = NULL;
    struct rp_error *err = rp_question_generate(question, &generated);
    ck_assert_msg(!err, "%s: %s", line, err ? rp_error_why(err) : "");
    rp_question_free(question);
    return generated;
}

/* What a call has put on the stack by the function's entry. */
#if defined(__x86_64__)
#define PUSHED " + sizeof(long)"
#else
#define PUSHED ""
#endif

static const struct {
    enum rp_verb verb;
    const char *line, *text;
} golden[] = {
    {RP_VERB_COUNT, "kprobe:vfs_read",
     "/* count kprobe:vfs_read */\n"
     "BPF_ARRAY(counts, u64, 1);\n"
     "\n"
     "int kprobe__vfs_read(struct pt_regs *ctx)\n"
     "{\n"
     "    counts.atomic_increment(0);\n"
     "    return 0;\n"
     "}\n"},
    {RP_VERB_TRACE, "kprobe:do_unlinkat if comm == \"rm\"",
     "/* trace kprobe:do_unlinkat if comm == \"rm\" */\n"
     "BPF_ARRAY(unread_name_name, u64, 2); /* reads that failed, of how many */\n"
     "\n"
     "typedef u32 unread_bits; /* of the members behind it, from bit 0 on: it could not be read "
     "*/\n"
     "\n"
     "/* Whether `text` equals `wanted`, which has `size` bytes with its end. */\n"
     "static bool is_text(const char *text, const char *wanted, int size)\n"
     "{\n"
     "#pragma unroll\n"
     "    for (int i = 0; i < size; i++)\n"
     "        if (text[i] != wanted[i])\n"
     "            return false;\n"
     "    return true;\n"
     "}\n"
     "\n"
     "struct event {\n"
     "    u32 pid;\n"
     "    char comm[16];\n"
     "    unread_bits unread; /* bits of those that could not be read */\n"
     "    int dfd;\n"
     "    char name_name[128]; /* name->name */\n"
     "};\n"
     "BPF_RINGBUF_OUTPUT(events, 64);\n"
     "\n"
     "int kprobe__do_unlinkat(struct pt_regs *ctx, int dfd, struct filename *name)\n"
     "{\n"
     "    char comm[16] = {}; /* a key is all of it */\n"
     "    bpf_get_current_comm(&comm, sizeof(comm));\n"
     "    if (!is_text(comm, \"rm\", sizeof(\"rm\")))\n"
     "        return 0;\n"
     "    struct event *event = events.ringbuf_reserve(sizeof(struct event));\n"
     "    if (!event)\n"
     "        return 0; /* the buffer is full: counted as lost */\n"
     "    event->pid = bpf_get_current_pid_tgid() >> 32;\n"
     "    bpf_get_current_comm(&event->comm, sizeof(event->comm));\n"
     "    event->unread = 0;\n"
     "    event->dfd = dfd;\n"
     "    {\n"
     "        const char *name_1 = 0;\n"
     "        int err_1 = bpf_probe_read_kernel(&name_1, sizeof(name_1), (void *)name "
     "+ offsetof(struct filename, name));\n"
     "        int err_2 = err_1 | (bpf_probe_read_str(event->name_name, "
     "sizeof(event->name_name), name_1) < 0);\n"
     "        unread_name_name.atomic_increment(1);\n"
     "        if (err_2) {\n"
     "            event->unread |= 2;\n"
     "            unread_name_name.atomic_increment(0);\n"
     "        }\n"
     "    }\n"
     "    events.ringbuf_submit(event, 0);\n"
     "    return 0;\n"
     "}\n"},
    {RP_VERB_LATENCY, "kprobe:vfs_read",
     "/* latency kprobe:vfs_read */\n"
     "BPF_HISTOGRAM(dist); /* microseconds */\n"
     "/* A call: whose, and where on the stack. */\n"
     "struct call {\n"
     "    u64 task, frame;\n"
     "};\n"
     "BPF_ARRAY(unkept, u64, 1); /* calls: `start` was full */\n"
     "BPF_ARRAY(unreturned, u64, 1); /* calls: the return was not seen */\n"
     "BPF_HASH(start, struct call, u64); /* when the call began, by call; ns */\n"
     "\n"
     "int kprobe__vfs_read(struct pt_regs *ctx)\n"
     "{\n"
     "    struct call call = {bpf_get_current_task(), PT_REGS_SP(ctx)" PUSHED "};\n"
     "    if (start.lookup(&call)) { /* of an earlier call, that nothing told the return of */\n"
     "        unreturned.atomic_increment(0);\n"
     "        start.delete(&call);\n"
     "    }\n"
     "    u64 at = bpf_ktime_get_ns();\n"
     "    if (start.update(&call, &at))\n"
     "        unkept.atomic_increment(0);\n"
     "    return 0;\n"
     "}\n"
     "\n"
     "int kretprobe__vfs_read(struct pt_regs *ctx)\n"
     "{\n"
     "    struct call call = {bpf_get_current_task(), PT_REGS_SP(ctx)};\n"
     "    u64 *found = start.lookup(&call);\n"
     "    if (!found)\n"
     "        return 0; /* the call began before the probe */\n"
     "    u64 ns = bpf_ktime_get_ns() - *found;\n"
     "    start.delete(&call);\n"
     "    dist.atomic_increment(bpf_log2l(ns / 1000));\n"
     "    return 0;\n"
     "}\n"},
    {RP_VERB_HIST, "kprobe:vfs_read ret linear(-8,64,8) by uid",
     "/* hist kprobe:vfs_read ret linear(-8,64,8) by uid */\n"
     "struct key {\n"
     "    u32 uid;\n"
     "    s64 slot; /* the lower end of the bucket */\n"
     "};\n"
     "BPF_HASH(dist_linear, struct key, u64);\n"
     "BPF_ARRAY(missed, u64, 1); /* events that were not counted: the map was full */\n"
     "\n"
     "int kretprobe__vfs_read(struct pt_regs *ctx)\n"
     "{\n"
     "    ssize_t ret = PT_REGS_RC(ctx);\n"
     "    u32 uid = bpf_get_current_uid_gid();\n"
     "    struct key key = {};\n"
     "    key.uid = uid;\n"
     "    s64 value = ret;\n"
     "    if (value < -8)\n"
     "        key.slot = -16;\n"
     "    else if (value >= 64)\n"
     "        key.slot = 64;\n"
     "    else\n"
     "        key.slot = value - (u64)(value - (-8)) % 8;\n"
     "    u64 zero = 0, *count = dist_linear.lookup_or_try_init(&key, &zero);\n"
     "    if (count)\n"
     "        __sync_fetch_and_add(count, 1);\n"
     "    else\n"
     "        missed.atomic_increment(0);\n"
     "    return 0;\n"
     "}\n"},
};

START_TEST(test_golden) {
    struct rp_generated *w = generated(golden[_i].verb, golden[_i].line);
    ck_assert_str_eq(w->text, golden[_i].text);
    rp_generated_free(w);
}
END_TEST

/* Pieces that a program must have; "!" before one it must not. */
static const struct {
    enum rp_verb verb;
    const char *line, *pieces[6];
} pieces[] = {
    /* Conditions on arguments are asked at the entry, those on the result at the return. */
    {RP_VERB_TRACE,
     "kprobe:vfs_read file->f_path.dentry->d_name.name ret if count > 5 && ret < 0",
     {"if (count <= 5)\n        return 0;\n    struct entered at = {};", "kretprobe__vfs_read(",
      "ssize_t ret = PT_REGS_RC(ctx);\n    if (ret >= 0)",
      "BPF_HASH(entered, struct call, struct entered)",
      "__builtin_memcpy(event->file_f_path_dentry_d_name_name"}},
    /* Both in one: the argument is kept. */
    {RP_VERB_HIST,
     "kretprobe:vfs_read count - ret by file->f_inode->i_ino",
     {"at.count = count;", "sizeof(at.file_f_inode_i_ino), (void *)f_inode_1",
      "size_t count = at.count;", "key.file_f_inode_i_ino = at.file_f_inode_i_ino;",
      "bpf_log2l(count - ret)"}},
    {RP_VERB_COUNT,
     "kprobe:vfs_read by comm",
     {"bpf_get_current_comm(&key.comm", "!char comm[16] = {};"}},
    /* Names that the function has are none of ours. */
    {RP_VERB_COUNT, "kprobe:vfs_read by count", {"*count_ = counts.lookup_or_try_init"}},
    {RP_VERB_TRACE,
     "kprobe:do_epoll_wait",
     {"BPF_RINGBUF_OUTPUT(events_, 64)", "events_.ringbuf_reserve"}},
    /* Negative numbers are no powers of two. */
    {RP_VERB_HIST,
     "kprobe:vfs_read ret",
     {"if (ret < 0) {\n        negative.atomic_increment(0)", "BPF_HISTOGRAM(dist)"}},
    {RP_VERB_HIST,
     "kprobe:vfs_read count",
     {"!negative", "kprobe__vfs_read(struct pt_regs *ctx, struct file *file"}},
    {RP_VERB_COUNT,
     "kprobe:vfs_read kprobe:vfs_write",
     {"key.place = 0;", "key.place = 0x100000000;", "kprobe__vfs_write("}},
    {RP_VERB_COUNT,
     "kprobe:vfs_*",
     {"-a 'on_event=kprobe:vfs_*' FILE", "key.place = bpf_get_attach_cookie(ctx);",
      "int on_event(void *ctx)"}},
    {RP_VERB_STACK,
     "kprobe:vfs_read",
     {"key.user_stack = -1;", "stacks.get_stackid(ctx, 0)", "!key.pid ="}},
    {RP_VERB_STACK, "kprobe:vfs_read by pid", {"BPF_F_USER_STACK", "key.pid ="}},
    {RP_VERB_PROFILE,
     "99",
     {"int on_event(struct bpf_perf_event_data *ctx)", "-a 'on_event=profile:hz:99'",
      "the CPU's idle task"}},
    {RP_VERB_TRACE,
     "fentry:vfs_read count",
     {"KFUNC_PROBE(vfs_read, struct file *file, char *buf, size_t count)"}},
    {RP_VERB_TRACE,
     "fexit:vfs_read count ret",
     {"KRETFUNC_PROBE(vfs_read, struct file *file, char *buf, size_t count, loff_t *pos,",
      "ssize_t ret)"}},
    {RP_VERB_TRACE,
     "uprobe:/bin/true:f arg1 if arg0",
     {"long arg1 = PT_REGS_PARM2(ctx);", "if (!arg0)"}},
    {RP_VERB_TRACE,
     "kprobe:vfs_read if comm != \"\\*/\"",
     {"comm != \"\\* /\" */", "if (is_text(comm, \"*/\""}},
    {RP_VERB_COUNT,
     "kprobe:vfs_read by stack",
     {"BPF_STACK_TRACE(stacks, 16384)", "int stack = stacks.get_stackid(ctx, 0);"}},
};

START_TEST(test_pieces) {
    struct rp_generated *w = generated(pieces[_i].verb, pieces[_i].line);
    for (size_t i = 0; i < RP_COUNT(pieces[_i].pieces) && pieces[_i].pieces[i]; i++) {
        const char *piece = pieces[_i].pieces[i];
        bool absent = *piece == '!';
        ck_assert_msg(!strstr(w->text, piece + absent) == absent, "%s: %s in\n%s", pieces[_i].line,
                      piece, w->text);
    }
    rp_generated_free(w);
}
END_TEST

START_TEST(test_target) {
    struct rp_question *question = parsed(RP_VERB_LATENCY, "kprobe:vfs_read");
    struct rp_generated *w = NULL;
    question->ask_target = true;
    ck_assert_ptr_null(rp_question_generate(question, &w));
    const char *asked = strstr(w->text, "if (!is_target())\n        return 0;");
    ck_assert_ptr_nonnull(asked);
    ck_assert_ptr_null(strstr(asked + 20, "is_target")); /* what began is seen to end */
    rp_generated_free(w);
    rp_question_free(question);
}
END_TEST

/* What goes with a program. */
START_TEST(test_written) {
    struct rp_generated *w = generated(RP_VERB_TRACE, "kprobe:do_unlinkat dfd, name, ret");
    ck_assert_str_eq(w->title,
                     "kprobe:do_unlinkat(int dfd, struct filename *name), kretprobe:do_unlinkat");
    const struct rp_map_schema *rows = rp_schema_map(w->schema, "events");
    ck_assert_uint_eq(rows->member_count, 2 + 1 + 3); /* pid and comm come first, then marks */
    ck_assert_int_eq(rows->members[2].means, RP_MEMBER_UNREAD);
    ck_assert_str_eq(rows->members[3].header, "dfd");
    ck_assert_str_eq(rows->members[4].header, "name->name");
    ck_assert_str_eq(rows->members[5].header, "ret");
    ck_assert_str_eq(rp_schema_map(w->schema, "unread_name_name")->loss,
                     "reads of `name->name` failed: there is no such memory");
    /* The return first: no call that is noticed goes on unnoticed. */
    ck_assert_uint_eq(w->attach_count, 2);
    ck_assert_str_eq(w->attach[0].function, "kretprobe__do_unlinkat");
    ck_assert_str_eq(w->attach[0].spec, "kretprobe:do_unlinkat");
    ck_assert_str_eq(w->attach[1].spec, "kprobe:do_unlinkat");
    rp_generated_free(w);
}
END_TEST

/* Columns, keys and all that has a name of its own. */
START_TEST(test_names_of_columns) {
    struct rp_generated *w =
        generated(RP_VERB_TRACE, "kprobe:vfs_read pid, count, count, file->f_inode->i_ino");
    ck_assert_ptr_null(strstr(w->text, "pid_2")); /* it is what the record begins with */
    ck_assert_ptr_nonnull(strstr(w->text, "size_t count;"));
    ck_assert_ptr_nonnull(strstr(w->text, "size_t count_2; /* count */"));
    rp_generated_free(w);
}
END_TEST

/* ------------------------------------------------------------------ neutral texts */

static const struct {
    enum rp_verb verb;
    const char *one, *other;
    bool equal;
} neutral[] = {
    {RP_VERB_COUNT, "kprobe:vfs_read", "kprobe:vfs_write", true},
    {RP_VERB_COUNT, "kprobe:vfs_read", "kretprobe:vfs_read", true},
    {RP_VERB_COUNT, "kprobe:vfs_read by comm", "kprobe:do_unlinkat by comm", true},
    {RP_VERB_COUNT, "kprobe:vfs_read by comm", "kprobe:vfs_read by pid", false},
    {RP_VERB_HIST, "kprobe:vfs_read pid", "kprobe:vfs_open pid", true},
    {RP_VERB_HIST, "kprobe:vfs_read count", "kprobe:vfs_write count",
     false}, /* char *, const char * */
    {RP_VERB_HIST, "kprobe:vfs_read file->f_flags", "kprobe:vfs_write file->f_flags", true},
    {RP_VERB_HIST, "kprobe:vfs_read ret", "kprobe:vfs_write ret", true},
    {RP_VERB_HIST, "kprobe:vfs_read ret", "kprobe:vfs_unlink ret", false}, /* ssize_t, int */
    {RP_VERB_LATENCY, "kprobe:vfs_read", "kprobe:do_unlinkat", true},
    {RP_VERB_STACK, "kprobe:vfs_read", "kprobe:do_unlinkat", true},
    {RP_VERB_TRACE, "kprobe:vfs_read", "kprobe:do_unlinkat", false},
    {RP_VERB_PROFILE, "49", "99", true},
    {RP_VERB_COUNT, "kprobe:vfs_*", "kprobe:ksys_*", false}, /* their places are others */
    {RP_VERB_COUNT, "fentry:vfs_read", "fentry:vfs_write", true},
    {RP_VERB_COUNT, "kprobe:vfs_read", "fentry:vfs_read", false},
};

START_TEST(test_neutral) {
    struct rp_generated *one = generated(neutral[_i].verb, neutral[_i].one),
                        *other = generated(neutral[_i].verb, neutral[_i].other);
    ck_assert_msg(!strcmp(one->neutral, other->neutral) == neutral[_i].equal, "%s\n%s\n%s",
                  neutral[_i].one, one->neutral, other->neutral);
    rp_generated_free(one);
    rp_generated_free(other);
}
END_TEST

/* ------------------------------------------------------------------ questions without an answer */

static const struct {
    enum rp_verb verb;
    const char *line, *why, *hint;
} unanswered[] = {
    {RP_VERB_TRACE, "kprobe:vfs_read fil",
     "vfs_read has no argument `fil`; its arguments are file, buf, count, pos",
     "did you mean file"},
    {RP_VERB_TRACE, "kprobe:vfs_read nonesuch", "has no argument `nonesuch`",
     "everywhere there are pid"},
    {RP_VERB_COUNT, "kprobe:vfs_read by nonesuch->x", "has no argument `nonesuch`",
     "everywhere there are pid"},
    {RP_VERB_HIST, "kprobe:do_unlinkat name->name", "a histogram is of a number", "count by it"},
    {RP_VERB_HIST, "kprobe:do_unlinkat name", "a histogram is of a number", "use a member of it"},
    {RP_VERB_COUNT, "kprobe:vfs_read by file->f_path", "is a struct path: a key is a number",
     "use a member"},
    {RP_VERB_HIST, "profile:hz:9 ret", "has no `ret`", "functions return"},
    {RP_VERB_TRACE, "kprobe:schedule ret", "schedule returns nothing", "leave `ret` out"},
    {RP_VERB_HIST, "kprobe:vfs_* pid", "only trace, count, top and stack take patterns",
     "count kprobe:vfs_*"},
    {RP_VERB_COUNT, "kprobe:vfs_read kprobe:vfs_write by count",
     "`count` differs from one attach point to another", "pid, tid"},
    {RP_VERB_TRACE, "kprobe:vfs_read if count == \"x\"", "`count` is not a text, but size_t",
     "str(count)"},
    {RP_VERB_TRACE, "kprobe:vfs_read if comm == \"1234567890123456\"", "never a task's name",
     "15 bytes"},
    {RP_VERB_LATENCY, "profile:hz:9", "has no end", "functions return"},
};

START_TEST(test_unanswered) {
    struct rp_question *question = parsed(unanswered[_i].verb, unanswered[_i].line);
    struct rp_generated *w = NULL;
    struct rp_error *err = rp_question_generate(question, &w);
    ck_assert_msg(err != NULL, "%s", unanswered[_i].line);
    ck_assert_ptr_nonnull(strstr(rp_error_what(err), unanswered[_i].line));
    ck_assert_msg(strstr(rp_error_why(err), unanswered[_i].why) != NULL, "%s", rp_error_why(err));
    ck_assert_msg(strstr(rp_error_hint(err), unanswered[_i].hint) != NULL, "%s",
                  rp_error_hint(err));
    rp_error_free(err);
    rp_question_free(question);
}
END_TEST

static void release(void) {
    rp_kernel_btf_release();
}

Suite *ask_suite(void) {
    Suite *suite = suite_create("ask");
    TCase *lines = tcase_create("lines");
    tcase_add_loop_test(lines, test_good_line, 0, RP_COUNT(good));
    tcase_add_test(lines, test_linear);
    tcase_add_loop_test(lines, test_bad_line, 0, RP_COUNT(bad));
    tcase_add_loop_test(lines, test_habits, 0, RP_COUNT(habits));
    tcase_add_loop_test(lines, test_span, 0, RP_COUNT(spans));
    tcase_add_test(lines, test_too_deep);
    suite_add_tcase(suite, lines);
    if (access("/sys/kernel/btf/vmlinux", R_OK) != 0)
        return suite;
    TCase *programs = tcase_create("programs");
    tcase_add_unchecked_fixture(programs, NULL, release);
    tcase_add_loop_test(programs, test_golden, 0, RP_COUNT(golden));
    tcase_add_loop_test(programs, test_pieces, 0, RP_COUNT(pieces));
    tcase_add_test(programs, test_target);
    tcase_add_test(programs, test_written);
    tcase_add_test(programs, test_names_of_columns);
    tcase_add_loop_test(programs, test_neutral, 0, RP_COUNT(neutral));
    tcase_add_loop_test(programs, test_unanswered, 0, RP_COUNT(unanswered));
    suite_add_tcase(suite, programs);
    return suite;
}
