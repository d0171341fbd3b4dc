/* SPDX-License-Identifier: Apache-2.0 */
/* What maps mean: inferred from an author's own C, said by a host program, kept over an edit. */
#include <stdlib.h>
#include <string.h>

#include "compile/flow.h"
#include "compile/schema.h"
#include "suites.h"
#include "util/array.h"
#include "util/file.h"

/* The file of a tool, with the macros that it is compiled with. */
static struct rp_module *compile_file(const char *file, const char *const *cflags, size_t count) {
    const struct rp_compile_opts opts = {.size = sizeof(opts),
                                         .types = RP_TYPES_BTF,
                                         .dry_run = true,
                                         .cflags = cflags,
                                         .cflag_count = count};
    struct rp_module *module = NULL;
    char path[512];
    snprintf(path, sizeof(path), "%s/%s", SOURCE_DIR, file);
    struct rp_error *err = rp_module_compile_file(path, &opts, &module);
    ck_assert_msg(!err, "%s: %s", file, err ? rp_error_why(err) : "");
    return module;
}

static struct rp_error *try_compile(const char *text, const struct rp_schema *schema,
                                    const struct rp_module *before, struct rp_module **module) {
    const struct rp_compile_opts opts = {.size = sizeof(opts),
                                         .name = "own.c",
                                         .types = RP_TYPES_BTF,
                                         .dry_run = true,
                                         .keep_maps_of = before,
                                         .schema = schema};
    return rp_module_compile(text, &opts, module);
}

static struct rp_module *compile(const char *text) {
    struct rp_module *module = NULL;
    struct rp_error *err = try_compile(text, NULL, NULL, &module);
    ck_assert_msg(!err, "%s", err ? rp_error_why(err) : "");
    return module;
}

static const char *const meanings[] = {
    [RP_MEANS_OTHER] = "other",         [RP_MEANS_ROWS] = "rows",
    [RP_MEANS_PROCESSES] = "processes", [RP_MEANS_TABLE] = "table",
    [RP_MEANS_COUNTER] = "counter",     [RP_MEANS_LOG2] = "log2",
    [RP_MEANS_LINEAR] = "linear",       [RP_MEANS_STACKS] = "stacks",
    [RP_MEANS_SCRATCH] = "scratch",     [RP_MEANS_LOSS] = "loss",
    [RP_MEANS_STATS] = "stats",         [RP_MEANS_TAKEN] = "taken",
    [RP_MEANS_INTERVAL] = "interval"};
static const char *const member_meanings[] = {[RP_MEMBER_PLAIN] = "plain",
                                              [RP_MEMBER_ATTACH_POINT] = "attach point",
                                              [RP_MEMBER_KERNEL_STACK] = "stack",
                                              [RP_MEMBER_USER_STACK] = "user stack",
                                              [RP_MEMBER_PID] = "pid",
                                              [RP_MEMBER_COMM] = "comm",
                                              [RP_MEMBER_BUCKET] = "bucket",
                                              [RP_MEMBER_UNREAD] = "unread",
                                              [RP_MEMBER_SIZE] = "size",
                                              [RP_MEMBER_ABSENT] = "absent",
                                              [RP_MEMBER_INTERVAL] = "interval"};

enum { MEMBERS_MAX = 16 };

static int by_place(const void *a, const void *b) {
    const struct rp_member_schema *left = *(const struct rp_member_schema *const *)a,
                                  *right = *(const struct rp_member_schema *const *)b;
    if (left->of_value != right->of_value)
        return left->of_value ? 1 : -1;
    return left->offset < right->offset ? -1 : left->offset > right->offset;
}

/* "stacks: pid at 0, user stack at 4 in stacks; of the value: stack at 16 in stacks"; malloc()ed.
 */
static char *told(const struct rp_map_schema *map) {
    const struct rp_member_schema *members[MEMBERS_MAX] = {0};
    char *text = NULL;
    size_t size, count = map->member_count;
    FILE *out = open_memstream(&text, &size);
    ck_assert_uint_le(count, MEMBERS_MAX);
    for (size_t i = 0; i < count; i++)
        members[i] = &map->members[i];
    qsort(members, count, sizeof(const struct rp_member_schema *), by_place);
    fputs(meanings[map->means], out);
    for (size_t i = 0; i < count; i++) {
        bool first = !i || members[i]->of_value != members[i - 1]->of_value;
        fputs(first ? members[i]->of_value ? "; of the value: " : ": " : ", ", out);
        fprintf(out, "%s at %u", member_meanings[members[i]->means], members[i]->offset);
        if (members[i]->stacks)
            fprintf(out, " in %s", members[i]->stacks);
    }
    fclose(out);
    return text;
}

static void check(const struct rp_module *module, const char *map, const char *wanted) {
    const struct rp_map_schema *schema = rp_module_map_schema(module, map);
    ck_assert_msg(schema, "there is no map %s", map);
    char *text = told(schema);
    ck_assert_msg(!strcmp(text, wanted), "%s is `%s`, not `%s`", map, text, wanted);
    free(text);
}

/* ------------------------------------------------------------------ types -> schema */

/* A map, and what it means. */
struct inferred {
    const char *declaration, *map, *means;
};

static void check_all(const char *types, const struct inferred *list, size_t count) {
    char source[8192];
    size_t used = (size_t)snprintf(source, sizeof(source), "%s\n", types);
    for (size_t i = 0; i < count; i++)
        used +=
            (size_t)snprintf(source + used, sizeof(source) - used, "%s;\n", list[i].declaration);
    snprintf(source + used, sizeof(source) - used, "int never(void *ctx) { return 0; }\n");
    struct rp_module *module = compile(source);
    for (size_t i = 0; i < count; i++)
        check(module, list[i].map, list[i].means);
    rp_module_free(module);
}

START_TEST(test_histograms) {
    static const struct inferred list[] = {
        {"BPF_HISTOGRAM(a)", "a", "log2"},
        {"BPF_HISTOGRAM(b, struct by_name)", "b", "log2: bucket at 16"},
        {"BPF_HASH(c, struct by_name)", "c", "log2: bucket at 16"},
        {"BPF_HASH(d, struct only)", "d", "log2: bucket at 0"},
        {"BPF_ARRAY(e, u64, 64)", "e", "log2"},
        {"BPF_ARRAY(e65, u64, 65)", "e65", "log2"},
        {"BPF_HISTOGRAM(f_linear)", "f_linear", "linear"},
        {"BPF_HASH(g_linear, s64)", "g_linear", "linear"},
        {"BPF_HASH(h_linear, struct by_place)", "h_linear", "linear: bucket at 8"},
        {"BPF_HASH(i, u32, struct hist)", "i", "log2; of the value: bucket at 8"},
        {"BPF_ARRAY(j, struct hist, 1)", "j", "log2; of the value: bucket at 8"},
        {"BPF_HASH(k_linear, u32, struct hist)", "k_linear", "linear; of the value: bucket at 8"},
    };
    check_all("struct by_name { char comm[16]; u64 slot; };\n"
              "struct by_place { u32 place; s64 slot; };\n"
              "struct only { u64 slot; };\n"
              "struct hist { u64 sum; u32 slots[27]; };\n",
              list, RP_COUNT(list));
}
END_TEST

/* What a program fills without a logarithm is no histogram of logarithms. */
START_TEST(test_logarithms) {
    static const struct {
        const char *slot, *a, *b, *c;
    } list[] = {
        {"bpf_get_prandom_u32() / 100 % 27", "linear", "linear: bucket at 0",
         "linear; of the value: bucket at 8"},
        {"bpf_log2l(bpf_get_prandom_u32()) % 27", "log2", "log2: bucket at 0",
         "log2; of the value: bucket at 8"},
    };
    for (size_t i = 0; i < RP_COUNT(list); i++) {
        char source[1024];
        snprintf(
            source, sizeof(source),
            "struct only { u64 slot; };\n"
            "struct hist { u64 sum; u32 slots[27]; };\n"
            "BPF_HISTOGRAM(a);\nBPF_HISTOGRAM(b, struct only);\nBPF_HASH(c, u32, struct hist);\n"
            "int fill(void *ctx) {\n"
            "    u32 slot = %s, zero = 0;\n"
            "    a.increment(slot);\n"
            "    struct only only = {slot};\n"
            "    b.increment(only);\n"
            "    struct hist *hist = c.lookup(&zero);\n"
            "    if (hist)\n"
            "        hist->slots[slot]++;\n"
            "    return 0;\n"
            "}\n",
            list[i].slot);
        struct rp_module *module = compile(source);
        check(module, "a", list[i].a);
        check(module, "b", list[i].b);
        check(module, "c", list[i].c);
        rp_module_free(module);
    }
}
END_TEST

/* The words of BCC's conventions, on what cannot be that. */
START_TEST(test_no_histograms) {
    static const struct inferred list[] = {
        {"BPF_ARRAY(a, u64, 63)", "a", "table"},
        {"BPF_ARRAY(a66, u64, 66)", "a66", "table"},
        {"BPF_ARRAY(b, s64, 64)", "b", "table"},
        {"BPF_ARRAY(c, u32, 64)", "c", "table"},
        {"BPF_HASH(d, u32, u64, 64)", "d", "table"},
        {"BPF_HASH(e, struct slot_first)", "e", "table"},
        {"BPF_HASH(f, struct slot_text)", "f", "table"},
        {"BPF_HASH(g, struct slot_bits)", "g", "table"},
        {"BPF_HASH(h, struct by_slot, struct two)", "h", "table"},
        {"BPF_HASH(i_linear, struct two)", "i_linear", "table"},
        {"BPF_HASH(j_linear, u32, struct two)", "j_linear", "table"},
        {"BPF_HASH(l, u32, struct one_slot)", "l", "table"},
        {"BPF_HASH(m, u32, struct many_slots)", "m", "table"},
        {"BPF_HASH(n, u32, struct text_slots)", "n", "table"},
        {"BPF_HASH(o, u32, struct no_slots)", "o", "table"},
        {"BPF_HASH(slots, u32)", "slots", "table"},
        {"BPF_HASH(slot, u32)", "slot", "table"},
        {"BPF_HASH(_linear, struct two)", "_linear", "table"},
    };
    check_all("struct two { u32 a, b; };\n"
              "struct by_slot { u32 a; u32 slot; };\n"
              "struct slot_first { u64 slot; u32 cpu; };\n"
              "struct slot_text { u32 cpu; char slot[8]; };\n"
              "struct slot_bits { u32 cpu; u32 rest : 24, slot : 8; };\n"
              "struct one_slot { u64 slots[1]; };\n"
              "struct many_slots { u32 slots[65]; };\n"
              "struct text_slots { char slots[32]; };\n"
              "struct no_slots { u64 slots; };\n",
              list, RP_COUNT(list));
}
END_TEST

/* What generated programs call their maps and members means nothing elsewhere. */
START_TEST(test_names_mean_nothing) {
    static const struct inferred list[] = {
        {"BPF_HASH(counts, u32)", "counts", "table"},
        {"BPF_RINGBUF_OUTPUT(processes, 8)", "processes", "rows"},
        {"BPF_HASH(stacks, u32)", "stacks", "table"},
        {"BPF_HASH(dist, struct place)", "dist", "table"},
        {"BPF_ARRAY(missed, u64, 1)", "missed", "counter"},
        {"BPF_ARRAY(negative, u32, 1)", "negative", "counter"},
        {"BPF_ARRAY(entered, struct place, 1)", "entered", "table"},
        {"BPF_PERCPU_ARRAY(start, u64, 1)", "start", "counter"},
        {"BPF_HASH(events, struct stack)", "events", "table"},
        {"BPF_QUEUE(calls, u64, 8)", "calls", "other"},
        {"BPF_STACK_TRACE(sums, 64)", "sums", "other"},
    };
    check_all("struct place { u64 place; u32 pid; };\n"
              "struct stack { u32 pid; int user_stack, kernel_stack; char comm[16]; };\n",
              list, RP_COUNT(list));
}
END_TEST

/* ------------------------------------------------------------------ stacks, by where ids go */

START_TEST(test_tools_of_stacks) {
    struct rp_module *module = compile_file("bpf-src/profile.c", NULL, 0);
    check(module, "counts",
          "stacks: pid at 0, user stack at 4 in stacks, stack at 8 in stacks, comm at 12");
    check(module, "processes", "rows: pid at 0");
    check(module, "stacks", "other");
    check(module, "missed", "counter");
    rp_module_free(module);
    static const char *const flags[] = {"-DMIN_SIZE=0", "-DMAX_SIZE=100"};
    module = compile_file("bpf-src/memleak.c", flags, RP_COUNT(flags));
    check(module, "allocations", "table: pid at 8; of the value: user stack at 16 in stacks");
    check(module, "processes", "rows: pid at 0");
    rp_module_free(module);
}
END_TEST

#define KEPT "BPF_STACK_TRACE(ids, 64);\n"

static void check_source(const char *source, const char *map, const char *means) {
    struct rp_module *module = compile(source);
    check(module, map, means);
    rp_module_free(module);
}

START_TEST(test_stacks_by_any_name) {
    check_source(KEPT "struct k { char who[16]; u32 whose; s64 inside; s64 outside; };\n"
                      "BPF_HASH(seen, struct k);\n"
                      "int f(struct pt_regs *ctx) { struct k k = {};\n"
                      " k.whose = bpf_get_current_pid_tgid() >> 32;\n"
                      " k.inside = ids.get_stackid(ctx, 0);\n"
                      " if (k.whose > 100) k.outside = ids.get_stackid(ctx, BPF_F_USER_STACK);\n"
                      " bpf_get_current_comm(&k.who, sizeof(k.who));\n"
                      " seen.increment(k); return 0; }\n",
                 "seen",
                 "stacks: comm at 0, pid at 16, stack at 24 in ids, user stack at 32 in ids");
    check_source(KEPT "BPF_HASH(seen, int);\n"
                      "int f(struct pt_regs *ctx) { int id = ids.get_stackid(ctx, 0);\n"
                      " seen.increment(id); return 0; }\n",
                 "seen", "stacks: stack at 0 in ids");
    /* By something else, too. */
    check_source(KEPT "struct k { int id; u32 cpu; };\nBPF_HASH(seen, struct k);\n"
                      "int f(struct pt_regs *ctx) { struct k k = {};\n"
                      " k.id = ids.get_stackid(ctx, 0); k.cpu = bpf_get_smp_processor_id();\n"
                      " seen.increment(k); return 0; }\n",
                 "seen", "table: stack at 0 in ids");
    /* In a loop, and in a value that was looked up. */
    check_source(KEPT "struct v { u64 n; int id; };\nBPF_HASH(last, u32, struct v);\n"
                      "int f(struct pt_regs *ctx) { for (u32 i = 0; i < 3; i++) {\n"
                      "  struct v *v = last.lookup(&i); if (v) v->id = ids.get_stackid(ctx, 0); }\n"
                      " return 0; }\n",
                 "last", "table; of the value: stack at 8 in ids");
}
END_TEST

/* Members that are called so, and hold other numbers. */
START_TEST(test_no_stacks) {
    check_source(KEPT "struct k { u32 pid; int user_stack, kernel_stack; char comm[16]; };\n"
                      "BPF_HASH(counts, struct k); BPF_RINGBUF_OUTPUT(processes, 8);\n"
                      "int f(struct pt_regs *ctx) { struct k k = {.user_stack = 5};\n"
                      " k.kernel_stack = bpf_get_smp_processor_id();\n"
                      " ids.get_stackid(ctx, 0); counts.increment(k);\n"
                      " processes.ringbuf_output(&k, sizeof(k), 0); return 0; }\n",
                 "counts", "table");
    /* What it holds depends: it cannot be told. */
    check_source(KEPT "BPF_HASH(counts, int);\n"
                      "int f(struct pt_regs *ctx) { int id = ids.get_stackid(ctx, 0);\n"
                      " counts.increment(id); return 0; }\n"
                      "int g(struct pt_regs *ctx) { int pid = bpf_get_current_pid_tgid() >> 32;\n"
                      " counts.increment(pid); return 0; }\n",
                 "counts", "table");
}
END_TEST

START_TEST(test_records) {
    check_source(KEPT
                 "struct e { u64 ns; int where; }; BPF_RINGBUF_OUTPUT(out, 8);\n"
                 "int f(struct pt_regs *ctx) { struct e *e = out.ringbuf_reserve(sizeof(*e));\n"
                 " if (!e) return 0; e->ns = 0; e->where = ids.get_stackid(ctx, 0);\n"
                 " out.ringbuf_submit(e, 0); return 0; }\n",
                 "out", "rows: stack at 8 in ids");
    check_source(KEPT "struct e { u64 ns; int where; }; BPF_PERF_OUTPUT(out);\n"
                      "int f(struct pt_regs *ctx) { struct e e = {};\n"
                      " e.where = ids.get_stackid(ctx, 0);\n"
                      " out.perf_submit(ctx, &e, sizeof(e)); return 0; }\n",
                 "out", "rows: stack at 8 in ids");
    check_source(KEPT "BPF_RINGBUF_OUTPUT(out, 8);\n"
                      "int f(struct pt_regs *ctx) { u32 pid = bpf_get_current_pid_tgid() >> 32;\n"
                      " ids.get_stackid(ctx, 0); out.ringbuf_output(&pid, sizeof(pid), 0);\n"
                      " return 0; }\n",
                 "out", "rows: pid at 0");
}
END_TEST

/* ------------------------------------------------------------------ what is said */

static const char said[] =
    "struct key { u64 place; u32 cpu; char comm[16]; int stack; u64 slot; };\n"
    "struct value { u64 sum; u32 many[30]; };\n"
    "BPF_HASH(a, struct key); BPF_HASH(b, struct key, struct value);\n"
    "BPF_ARRAY(one, u64, 1); BPF_ARRAY(small, u32, 1);\n"
    "BPF_RINGBUF_OUTPUT(out, 8); BPF_STACK_TRACE(ids, 64);\n"
    "int f(struct pt_regs *ctx) { struct key key = {};\n"
    "out.ringbuf_output(&key, sizeof(key), 0); return 0; }\n";

static const struct rp_member_schema
    place = {.name = "place", .means = RP_MEMBER_ATTACH_POINT},
    no_place = {.name = "site", .means = RP_MEMBER_ATTACH_POINT},
    text_place = {.name = "comm", .means = RP_MEMBER_ATTACH_POINT},
    stack = {.name = "stack", .means = RP_MEMBER_KERNEL_STACK, .stacks = "ids"},
    lost_stack = {.name = "stack", .means = RP_MEMBER_KERNEL_STACK, .stacks = "a"},
    user_stack = {.name = "stack", .means = RP_MEMBER_USER_STACK, .stacks = "ids"},
    number_comm = {.name = "cpu", .means = RP_MEMBER_COMM},
    slot = {.name = "slot", .means = RP_MEMBER_BUCKET},
    many = {.name = "many", .of_value = true, .means = RP_MEMBER_BUCKET},
    sum = {.name = "sum", .of_value = true, .means = RP_MEMBER_BUCKET};

static const struct {
    struct rp_map_schema map;
    const char *means; /* what it means then */
    const char *why;   /* why it does not fit; NULL: it does */
} fits[] = {
    {{.size = sizeof(struct rp_map_schema),
      .name = "a",
      .means = RP_MEANS_TABLE,
      .members = &place,
      .member_count = 1},
     "table: attach point at 0",
     NULL},
    {{.size = sizeof(struct rp_map_schema),
      .name = "a",
      .means = RP_MEANS_LOG2,
      .members = &slot,
      .member_count = 1},
     "log2: bucket at 32",
     NULL},
    {{.size = sizeof(struct rp_map_schema),
      .name = "a",
      .means = RP_MEANS_LINEAR,
      .members = &slot,
      .member_count = 1,
      .low = -5,
      .high = 5,
      .step = 1},
     "linear: bucket at 32",
     NULL},
    {{.size = sizeof(struct rp_map_schema),
      .name = "a",
      .means = RP_MEANS_STACKS,
      .members = &stack,
      .member_count = 1},
     "stacks: stack at 28 in ids",
     NULL},
    {{.size = sizeof(struct rp_map_schema), .name = "a", .means = RP_MEANS_SCRATCH},
     "scratch",
     NULL},
    {{.size = sizeof(struct rp_map_schema),
      .name = "a",
      .means = RP_MEANS_TABLE,
      .key_size = 40,
      .value_size = 8},
     "table",
     NULL},
    {{.size = sizeof(struct rp_map_schema),
      .name = "b",
      .means = RP_MEANS_LOG2,
      .members = &many,
      .member_count = 1},
     "log2; of the value: bucket at 8",
     NULL},
    {{.size = sizeof(struct rp_map_schema),
      .name = "one",
      .means = RP_MEANS_LOSS,
      .loss = "were lost"},
     "loss",
     NULL},
    {{.size = sizeof(struct rp_map_schema),
      .name = "out",
      .means = RP_MEANS_ROWS,
      .members = &stack,
      .member_count = 1},
     "rows: stack at 0 in ids",
     NULL},
    {{.size = sizeof(struct rp_map_schema), .name = "out", .means = RP_MEANS_PROCESSES},
     "processes",
     NULL},
    {{.size = sizeof(struct rp_map_schema),
      .name = "a",
      .means = RP_MEANS_TABLE,
      .members = &no_place,
      .member_count = 1},
     NULL,
     "its key has no member `site`"},
    {{.size = sizeof(struct rp_map_schema),
      .name = "a",
      .means = RP_MEANS_TABLE,
      .members = &text_place,
      .member_count = 1},
     NULL,
     "`comm` of its key is char[16], not a number"},
    {{.size = sizeof(struct rp_map_schema),
      .name = "a",
      .means = RP_MEANS_TABLE,
      .members = &number_comm,
      .member_count = 1},
     NULL,
     "`cpu` of its key is unsigned int, not text"},
    {{.size = sizeof(struct rp_map_schema),
      .name = "a",
      .means = RP_MEANS_TABLE,
      .members = &lost_stack,
      .member_count = 1},
     NULL,
     "in a, which is not a BPF_STACK_TRACE"},
    {{.size = sizeof(struct rp_map_schema), .name = "a", .means = RP_MEANS_TABLE, .key_size = 28},
     NULL,
     "its keys have 40 bytes, not 28"},
    {{.size = sizeof(struct rp_map_schema), .name = "b", .means = RP_MEANS_TABLE, .value_size = 8},
     NULL,
     "its values have 128 bytes, not 8"},
    {{.size = sizeof(struct rp_map_schema), .name = "a", .means = RP_MEANS_LOG2},
     NULL,
     "none of its members is a bucket"},
    {{.size = sizeof(struct rp_map_schema),
      .name = "b",
      .means = RP_MEANS_LOG2,
      .members = &slot,
      .member_count = 1},
     NULL,
     "its values are not numbers"},
    {{.size = sizeof(struct rp_map_schema),
      .name = "b",
      .means = RP_MEANS_LOG2,
      .members = &sum,
      .member_count = 1},
     NULL,
     "`sum` of its value is unsigned long long"},
    {{.size = sizeof(struct rp_map_schema),
      .name = "a",
      .means = RP_MEANS_LINEAR,
      .members = &slot,
      .member_count = 1,
      .low = 5,
      .high = 5,
      .step = 1},
     NULL,
     "have no order"},
    {{.size = sizeof(struct rp_map_schema), .name = "a", .means = RP_MEANS_STACKS},
     NULL,
     "no member of its key is a stack"},
    {{.size = sizeof(struct rp_map_schema),
      .name = "a",
      .means = RP_MEANS_STACKS,
      .members = &user_stack,
      .member_count = 1},
     NULL,
     "does not say whose stacks they are"},
    {{.size = sizeof(struct rp_map_schema),
      .name = "b",
      .means = RP_MEANS_STACKS,
      .members = &stack,
      .member_count = 1},
     NULL,
     "its values are not numbers"},
    {{.size = sizeof(struct rp_map_schema), .name = "a", .means = RP_MEANS_COUNTER},
     NULL,
     "it is not one number"},
    {{.size = sizeof(struct rp_map_schema), .name = "small", .means = RP_MEANS_LOSS},
     NULL,
     "it is not one number of 8 bytes"},
    {{.size = sizeof(struct rp_map_schema), .name = "a", .means = RP_MEANS_ROWS},
     NULL,
     "it does not carry events"},
    {{.size = sizeof(struct rp_map_schema), .name = "out", .means = RP_MEANS_TABLE},
     NULL,
     "it does not hold data"},
    {{.size = sizeof(struct rp_map_schema), .name = "ids", .means = RP_MEANS_TABLE},
     NULL,
     "it does not hold data"},
    {{.size = sizeof(struct rp_map_schema),
      .name = "out",
      .means = RP_MEANS_ROWS,
      .members = &no_place,
      .member_count = 1},
     NULL,
     "its records have no member `site`"},
    {{.size = sizeof(struct rp_map_schema), .name = "none", .means = RP_MEANS_TABLE},
     NULL,
     "the source declares no map of that name"},
};

START_TEST(test_fit) {
    struct rp_module *module = compile(said);
    for (size_t i = 0; i < RP_COUNT(fits); i++) {
        const struct rp_schema schema = {sizeof(schema), &fits[i].map, 1};
        const struct rp_map_schema *before = rp_module_map_schema(module, fits[i].map.name);
        struct rp_error *err = rp_module_set_schema(module, &schema);
        const char *why = err ? rp_error_why(err) : NULL;
        if (!fits[i].why) {
            ck_assert_msg(!err, "%zu: %s", i, why ? why : "");
            check(module, fits[i].map.name, fits[i].means);
        } else {
            ck_assert_msg(why && strstr(why, fits[i].why), "%zu: `%s`", i, why ? why : "");
            ck_assert_ptr_nonnull(strstr(rp_error_what(err), fits[i].map.name));
            ck_assert_ptr_eq(rp_module_map_schema(module, fits[i].map.name), before);
        }
        rp_error_free(err);
    }
    rp_module_free(module);
}
END_TEST

START_TEST(test_compiled_with_one) {
    const struct rp_map_schema maps[] = {
        {.size = sizeof(struct rp_map_schema), .name = "a", .means = RP_MEANS_SCRATCH}};
    const struct rp_schema good = {sizeof(good), maps, 1}, bad = {sizeof(bad), &fits[10].map, 1};
    struct rp_module *module = NULL;
    ck_assert_ptr_null(try_compile(said, &good, NULL, &module));
    check(module, "a", "scratch");
    check(module, "one", "counter");
    rp_module_free(module);
    struct rp_error *err = try_compile(said, &bad, NULL, &module);
    ck_assert_ptr_nonnull(strstr(rp_error_why(err), fits[10].why));
    rp_error_free(err);
}
END_TEST

/* After an edit: what cannot be inferred is as it was said before; units and edges are not. */
START_TEST(test_kept) {
    const struct rp_member_schema header = {.name = "cpu", .header = "THE CPU", .unit = "ns"};
    const struct rp_map_schema maps[] = {
        {.size = sizeof(struct rp_map_schema),
         .name = "a",
         .means = RP_MEANS_LINEAR,
         .members = &place,
         .member_count = 1,
         .unit = "usecs",
         .low = 1,
         .high = 2,
         .step = 1},
        {.size = sizeof(struct rp_map_schema),
         .name = "one",
         .means = RP_MEANS_LOSS,
         .loss = "were lost"},
        {.size = sizeof(struct rp_map_schema), .name = "b", .means = RP_MEANS_SCRATCH},
        {.size = sizeof(struct rp_map_schema),
         .name = "out",
         .means = RP_MEANS_ROWS,
         .members = &header,
         .member_count = 1}};

    const struct rp_member_schema bucket = {.name = "slot", .means = RP_MEMBER_BUCKET};
    struct rp_member_schema both[] = {place, bucket};
    struct rp_map_schema with_bucket[RP_COUNT(maps)];
    memcpy(with_bucket, maps, sizeof(maps));
    with_bucket[0].members = both;
    with_bucket[0].member_count = 2;
    const struct rp_schema schema = {sizeof(schema), with_bucket, RP_COUNT(with_bucket)};
    struct rp_module *before = NULL, *after = NULL;
    ck_assert_ptr_null(try_compile(said, &schema, NULL, &before));
    ck_assert_ptr_null(try_compile(said, NULL, before, &after));
    check(after, "a", "log2: attach point at 0, bucket at 32");
    check(after, "one", "loss");
    check(after, "b", "scratch");
    const struct rp_map_schema *a = rp_module_map_schema(after, "a"),
                               *out = rp_module_map_schema(after, "out");
    ck_assert_ptr_null(a->unit);
    ck_assert_int_eq(a->step, 0);
    ck_assert_str_eq(rp_module_map_schema(after, "one")->loss, "were lost");
    ck_assert_uint_eq(out->member_count, 1);
    ck_assert_str_eq(out->members[0].header, "THE CPU");
    ck_assert_ptr_null(out->members[0].unit);
    rp_module_free(after);
    /* Another map of that name has nothing of it. */
    ck_assert_ptr_null(try_compile("BPF_ARRAY(one, u32, 1); BPF_HASH(a, u32);\n"
                                   "int f(void *ctx) { return 0; }\n",
                                   NULL, before, &after));
    check(after, "one", "counter");
    check(after, "a", "table");
    rp_module_free(after);
    rp_module_free(before);
}
END_TEST

Suite *schema_suite(void) {
    Suite *suite = suite_create("schema");
    TCase *cases = tcase_create("inferred");
    tcase_add_test(cases, test_histograms);
    tcase_add_test(cases, test_logarithms);
    tcase_add_test(cases, test_no_histograms);
    tcase_add_test(cases, test_names_mean_nothing);
    tcase_add_test(cases, test_tools_of_stacks);
    tcase_add_test(cases, test_stacks_by_any_name);
    tcase_add_test(cases, test_no_stacks);
    tcase_add_test(cases, test_records);
    suite_add_tcase(suite, cases);
    cases = tcase_create("said");
    tcase_add_test(cases, test_fit);
    tcase_add_test(cases, test_compiled_with_one);
    tcase_add_test(cases, test_kept);
    suite_add_tcase(suite, cases);
    return suite;
}
