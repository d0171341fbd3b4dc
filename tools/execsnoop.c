/* SPDX-License-Identifier: Apache-2.0 */
/* execsnoop: a line for each program that starts. */
#include <argp.h>
#include <inttypes.h>
#include <regex.h>
#include <stddef.h>
#include <string.h>

#include "reprobe_tool.h"

extern const char rp_embedded_execsnoop_c[];

enum { KEY_TRANSPORT = 0x1100, KEY_PAGES, KEY_MAX_ARGS, KEY_FAILED };

static const struct argp_option options[] = {
    {"fails", 'x', 0, 0, "Also show execs that failed", 0},
    {"failed", KEY_FAILED, 0, OPTION_ALIAS, 0, 0},
    {"quote", 'q', 0, 0, "Put each argument into quotation marks", 0},
    {"name", 'n', "REGEX", 0, "Show only programs whose name matches", 0},
    {"line", 'l', "REGEX", 0, "Show only programs whose arguments match", 0},
    {"max-args", KEY_MAX_ARGS, "N", 0, "Show at most so many arguments (default: 20)", 0},
    {"print-uid", 'U', 0, 0, "Add a column with the user id", 0},
    {"ppid", 'P', "PID", 0, "Show only what this process starts itself", 0},
    {"timestamp", 't', 0, 0, "Print the seconds since the start with each event", 0},
    {"transport", KEY_TRANSPORT, "ringbuf|ringbuf-output|perf", 0,
     "How records reach the tool: written in place in a ring buffer (the default), copied into "
     "one, or through perf buffers",
     0},
    {"pages", KEY_PAGES, "N", 0, "Size of the ring buffer in pages, a power of two (default: 1024)",
     0},
    {0}};

/* As in bpf-src/execsnoop.c. */
#define ARGS      3072 /* bytes */
#define ARG_BYTES 128

struct words {
    const char *items[ARGS + 1];
    size_t count;
};

struct execsnoop {
    struct rp_tool *tool;
    bool failed, quoted, print_uid;
    struct pattern {
        bool is_there;
        regex_t regex;
    } name, line;
    const char *transport; /* the macro that selects it */
    uint64_t pages, max_args;
    struct words words; /* of the record at hand */
    char parts[ARGS / ARG_BYTES][ARG_BYTES + 3];
};

/* As in bpf-src/execsnoop.c. */
struct event {
    uint32_t pid;
    uint32_t ppid;
    uint32_t uid;
    int32_t ret;
    uint32_t size, parts;
    uint8_t cut, is_script;
    char comm[16];
    char filename[512];
    char args[ARGS];
};

/* ------------------------------------------------------------------ the command line */

static const char *transport_macro(const char *name) {
    if (strcmp(name, "ringbuf") == 0)
        return "TRANSPORT_RESERVE";
    if (strcmp(name, "ringbuf-output") == 0)
        return "TRANSPORT_OUTPUT";
    return strcmp(name, "perf") == 0 ? "TRANSPORT_PERF" : NULL;
}

static void pattern_clear(struct pattern *pattern) {
    if (pattern->is_there)
        regfree(&pattern->regex);
    pattern->is_there = false;
}

static void pattern_set(struct argp_state *state, const char *text, struct pattern *pattern) {
    char why[128];
    pattern_clear(pattern);
    int rc = regcomp(&pattern->regex, text, REG_EXTENDED | REG_NOSUB);
    pattern->is_there = !rc;
    if (!rc)
        return;
    regerror(rc, &pattern->regex, why, sizeof(why));
    argp_error(state, "`%s` is not a regular expression: %s", text, why);
}

/* Where none was given, any text does. */
static bool pattern_matches(const struct pattern *pattern, const char *text) {
    return !pattern->is_there || regexec(&pattern->regex, text, 0, NULL, 0) == 0;
}

static error_t parse_more(int key, char *arg, struct argp_state *state) {
    struct execsnoop *tool = state->input;
    uint64_t number;
    switch (key) {
    case 'P':
        if (!rp_parse_count(arg, INT32_MAX, &number))
            argp_error(state, "`%s` is not a process id", arg);
        rp_tool_define(tool->tool, "PARENT=%" PRIu64, number);
        return 0;
    case KEY_MAX_ARGS:
        if (!rp_parse_count(arg, ARGS, &tool->max_args))
            argp_error(state, "`%s` is not a number of arguments from 1 to %d", arg, ARGS);
        return 0;
    case KEY_TRANSPORT:
        tool->transport = transport_macro(arg);
        if (!tool->transport)
            argp_error(state, "`%s` is not a transport (it is ringbuf, ringbuf-output or perf)",
                       arg);
        return 0;
    case KEY_PAGES:
        if (!rp_parse_count(arg, 1 << 18, &tool->pages) || (tool->pages & (tool->pages - 1)))
            argp_error(state, "`%s` is not a power of two up to 262144", arg);
        return 0;
    case ARGP_KEY_END:
        rp_tool_define(tool->tool, "%s", tool->transport);
        rp_tool_define(tool->tool, "PAGES=%" PRIu64, tool->pages);
        if (tool->failed)
            rp_tool_define(tool->tool, "FAILED");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static error_t parse(int key, char *arg, struct argp_state *state) {
    struct execsnoop *tool = state->input;
    switch (key) {
    case 'x':
    case KEY_FAILED:
        tool->failed = true;
        return 0;
    case 'q':
        tool->quoted = true;
        return 0;
    case 'n':
        pattern_set(state, arg, &tool->name);
        return 0;
    case 'l':
        pattern_set(state, arg, &tool->line);
        return 0;
    case 'U':
        tool->print_uid = true;
        return 0;
    case 't':
        tool->tool->timestamps = tool->tool->since_start = true;
        return 0;
    default:
        return parse_more(key, arg, state);
    }
}

/* ------------------------------------------------------------------ a record */

/* A script's arguments come after those of its interpreter, of which the last is the script.
 * Of a long path `filename` has only the beginning. */
static size_t first_word(const struct event *e, const struct words *words) {
    for (size_t i = 1; e->is_script && i < words->count; i++)
        if (strncmp(words->items[i], e->filename, sizeof(e->filename) - 1) == 0)
            return i;
    return 0;
}

/* An argument of a failed exec; one that fills its part is longer than that. */
static const char *part(struct execsnoop *tool, const struct event *e, size_t i) {
    const char *arg = e->args + i * ARG_BYTES;
    char *copy = tool->parts[i];
    bool cut = strnlen(arg, ARG_BYTES) >= ARG_BYTES - 1;
    snprintf(copy, sizeof(tool->parts[i]), "%.*s%s", ARG_BYTES - 1, arg, cut ? "..." : "");
    return copy;
}

/* As one would type it: the file, then the arguments. */
static void take_words(struct execsnoop *tool, const struct event *e) {
    struct words *words = &tool->words;
    size_t size = e->size < sizeof(e->args) ? e->size : sizeof(e->args);
    words->count = 0;
    for (size_t at = 0; at < size; at += strnlen(e->args + at, size - at) + 1)
        words->items[words->count++] = e->args + at;
    for (size_t i = 0; i < e->parts && i < ARGS / ARG_BYTES; i++)
        words->items[words->count++] = part(tool, e, i);
    size_t skipped = first_word(e, words);
    words->count -= skipped;
    memmove(words->items, words->items + skipped, words->count * sizeof(*words->items));
    if (!words->count)
        words->count = 1;
    words->items[0] = e->filename;
}

static void cut_words(struct execsnoop *tool, const struct event *e) {
    struct words *words = &tool->words;
    bool too_many = words->count - 1 > tool->max_args;
    if (too_many)
        words->count = tool->max_args + 1;
    if (too_many || e->cut)
        words->items[words->count++] = "...";
}

/* All of the arguments, with blanks between them as in a row. */
static bool line_matches(const struct execsnoop *tool) {
    char line[sizeof(((struct event *)0)->filename) + 2 * ARGS];
    size_t used = 0;
    for (size_t i = 0; i < tool->words.count && used < sizeof(line); i++)
        used += (size_t)snprintf(line + used, sizeof(line) - used, "%s%s", i ? " " : "",
                                 tool->words.items[i]);
    return pattern_matches(&tool->line, line);
}

static bool take(const void *record, const void *ctx) {
    struct execsnoop *tool = (struct execsnoop *)ctx;
    const struct event *e = record;
    take_words(tool, e);
    if (!pattern_matches(&tool->name, e->comm) || (tool->line.is_there && !line_matches(tool)))
        return false;
    cut_words(tool, e);
    return true;
}

static void cells(struct rp_row *row, const void *record, const void *ctx) {
    const struct execsnoop *tool = ctx;
    const struct event *e = record;
    if (tool->print_uid || tool->tool->json)
        rp_cell_uint(row, "UID", 6, e->uid);
    rp_cell_uint(row, "PID", 7, e->pid);
    rp_cell_uint(row, "PPID", 7, e->ppid);
    rp_cell_text(row, "COMM", 16, e->comm, sizeof(e->comm));
    if (tool->failed || tool->tool->json)
        rp_cell_int(row, "RET", -4, e->ret);
    if (tool->tool->json)
        rp_cell_text(row, "FILENAME", 0, e->filename, sizeof(e->filename));
    rp_cell_texts(row, "ARGS", 0, tool->words.items, tool->words.count, tool->quoted);
}

int main(int argc, char **argv) {
    struct execsnoop tool = {
        .tool = rp_tool_new(), .transport = "TRANSPORT_RESERVE", .pages = 1024, .max_args = 20};
    const struct rp_snoop snoop = {.size = sizeof(snoop),
                                   .name = "execsnoop.c",
                                   .source = rp_embedded_execsnoop_c,
                                   .record_size = sizeof(struct event),
                                   .least_size = offsetof(struct event, args),
                                   .cells = cells,
                                   .ctx = &tool,
                                   .take = take};
    const struct argp argp = {.options = options,
                              .parser = parse,
                              .doc = "Prints a line for each program that starts: its process, its "
                                     "parent, its name, its file and its arguments."};
    int status = rp_snoop_main(argc, argv, &argp, tool.tool, &snoop);
    pattern_clear(&tool.name);
    pattern_clear(&tool.line);
    return status;
}
