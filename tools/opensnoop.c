/* SPDX-License-Identifier: Apache-2.0 */
/* opensnoop: a line for each file that is opened. */
#include <argp.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "reprobe_tool.h"
#include "util/array.h"
#include "util/cleanup.h"
#include "util/text.h"

extern const char rp_embedded_opensnoop_c[];

static const struct argp_option options[] = {
    {"failed", 'x', 0, 0, "Show only calls that failed", 0},
    {"duration", 'd', "DURATION", 0, "End after this time, as --for does", 0},
    {"tid", 't', "TID", 0, "Show only what this thread opens", 0},
    {"name", 'n', "NAME", 0, "Show only tasks whose name contains NAME", 0},
    {"flag-filter", 'f', "FLAG", 0,
     "Show only calls with this flag, such as O_WRONLY; of several -f, with one of them", 0},
    {"full-path", 'F', 0, 0, "Show relative paths from the root on", 0},
    {"extended-fields", 'e', 0, 0, "Add a column with the flags", 0},
    {"print-uid", 'U', 0, 0, "Add a column with the user id", 0},
    {0}};

#define PATH_BYTES 4096
#define LEVELS     32 /* of directories, with -F */
#define NAME_BYTES 256

struct opensnoop {
    struct rp_tool *tool;
    bool flags, uid;
    char *wanted; /* the condition of -f, in C; NULL: there is none */
    char full[LEVELS * NAME_BYTES + PATH_BYTES + 8];
};

/* As in bpf-src/opensnoop.c. */
struct event {
    uint32_t pid;
    uint32_t uid;
    int32_t ret;
    int32_t flags;
    uint32_t directories;
    uint8_t unread, cut;
    char comm[16];
    char path[LEVELS * NAME_BYTES + PATH_BYTES]; /* without -F it is shorter */
};

static const struct flag {
    const char *name;
    int value, mask;
} open_flags[] = {
    {"O_RDONLY", O_RDONLY, O_ACCMODE},
    {"O_WRONLY", O_WRONLY, O_ACCMODE},
    {"O_RDWR", O_RDWR, O_ACCMODE},
    {"O_APPEND", O_APPEND, O_APPEND},
    {"O_ASYNC", O_ASYNC, O_ASYNC},
    {"O_CLOEXEC", O_CLOEXEC, O_CLOEXEC},
    {"O_CREAT", O_CREAT, O_CREAT},
    {"O_DIRECT", O_DIRECT, O_DIRECT},
    {"O_DSYNC", O_DSYNC, O_DSYNC},
    {"O_DIRECTORY", O_DIRECTORY, O_DIRECTORY},
    {"O_EXCL", O_EXCL, O_EXCL},
    {"O_NOATIME", O_NOATIME, O_NOATIME},
    {"O_NOCTTY", O_NOCTTY, O_NOCTTY},
    {"O_NOFOLLOW", O_NOFOLLOW, O_NOFOLLOW},
    {"O_NONBLOCK", O_NONBLOCK, O_NONBLOCK},
    {"O_NDELAY", O_NDELAY, O_NDELAY},
    {"O_PATH", O_PATH, O_PATH},
    {"O_SYNC", O_SYNC, O_SYNC},
    {"O_TMPFILE", O_TMPFILE, O_TMPFILE},
    {"O_TRUNC", O_TRUNC, O_TRUNC},
};

static void add_flag(struct opensnoop *tool, const char *name, struct argp_state *state) {
    const struct flag *flag = open_flags, *end = open_flags + RP_COUNT(open_flags);
    while (flag < end && strcmp(flag->name, name) != 0)
        flag++;
    if (flag == end)
        argp_error(state, "`%s` is not a flag of open (try O_WRONLY)", name);
    char *longer = rp_text("%s%s((flags) & %d) == %d", tool->wanted ? tool->wanted : "",
                           tool->wanted ? " || " : "", flag->mask, flag->value);
    free(tool->wanted);
    tool->wanted = longer;
    if (!longer)
        argp_failure(state, 1, ENOMEM, "cannot read the command line");
}

/* As a literal of C: whatever is in it. */
static void define_name(struct rp_tool *tool, const char *name, struct argp_state *state) {
    char literal[16 * 4 + 1];
    size_t length = strlen(name);
    if (!length || length > 15)
        argp_error(state, "`%s` cannot be in the name of a task: that has at most 15 bytes", name);
    for (size_t i = 0; i < length; i++)
        snprintf(literal + 4 * i, 5, "\\%03o", (unsigned char)name[i]);
    rp_tool_define(tool, "NAME=\"%s\"", literal);
}

static error_t parse(int key, char *arg, struct argp_state *state) {
    struct opensnoop *tool = state->input;
    uint64_t tid;
    switch (key) {
    case 'x':
        rp_tool_define(tool->tool, "FAILED");
        return 0;
    case 'd':
        rp_tool_parse_duration(state, arg, &tool->tool->session->duration_ns);
        return 0;
    case 't':
        if (!rp_parse_count(arg, INT32_MAX, &tid))
            argp_error(state, "`%s` is not a thread id", arg);
        rp_tool_define(tool->tool, "THREAD=%" PRIu64, tid);
        return 0;
    case 'n':
        define_name(tool->tool, arg, state);
        return 0;
    case 'f':
        add_flag(tool, arg, state);
        return 0;
    case 'F':
        rp_tool_define(tool->tool, "FULL");
        return 0;
    case 'e':
        tool->flags = true;
        return 0;
    case 'U':
        tool->uid = true;
        return 0;
    case ARGP_KEY_END:
        if (rp_tool_has_syscall("open"))
            rp_tool_define(tool->tool, "HAVE_OPEN");
        if (rp_tool_has_syscall("creat"))
            rp_tool_define(tool->tool, "HAVE_CREAT");
        if (rp_tool_has_syscall("openat2"))
            rp_tool_define(tool->tool, "HAVE_OPENAT2");
        if (tool->wanted)
            rp_tool_define(tool->tool, "WANTED_FLAGS(flags)=(%s)", tool->wanted);
        free(rp_take(tool->wanted));
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

/* The names of directories stand before the path, the nearest first; where there are more the path
 * begins with "...". */
static const char *path_of(struct opensnoop *tool, const struct event *e) {
    if (!e->directories)
        return e->path;
    size_t count = e->directories - 1 < LEVELS ? e->directories - 1 : LEVELS;
    const char *path = e->path + count * NAME_BYTES;
    int used = snprintf(tool->full, sizeof(tool->full), "%s/", e->cut ? "..." : "");
    for (size_t i = count; i-- > 0;)
        if (e->path[i * NAME_BYTES])
            used += snprintf(tool->full + used, sizeof(tool->full) - (size_t)used, "%.*s/",
                             NAME_BYTES, e->path + i * NAME_BYTES);
    snprintf(tool->full + used, sizeof(tool->full) - (size_t)used, "%.*s", PATH_BYTES, path);
    return tool->full;
}

/* In JSON a number; else octal, as in <fcntl.h> and in man pages. */
static void flags_cell(struct rp_row *row, const struct event *e, bool json) {
    char octal[16];
    if (e->unread) {
        rp_cell_none(row, "FLAGS", 8);
    } else if (json) {
        rp_cell_int(row, "FLAGS", 0, e->flags);
    } else {
        snprintf(octal, sizeof(octal), "%08o", (unsigned)e->flags);
        rp_cell_text(row, "FLAGS", 8, octal, sizeof(octal));
    }
}

static void cells(struct rp_row *row, const void *record, const void *ctx) {
    const struct opensnoop *tool = ctx;
    const struct event *e = record;
    if (tool->uid || tool->tool->json)
        rp_cell_uint(row, "UID", 6, e->uid);
    rp_cell_uint(row, "PID", 7, e->pid);
    rp_cell_text(row, "COMM", 16, e->comm, sizeof(e->comm));
    rp_cell_int(row, "FD", -3, e->ret < 0 ? -1 : e->ret);
    rp_cell_int(row, "ERR", -3, e->ret < 0 ? -e->ret : 0);
    if (tool->tool->json || tool->flags)
        flags_cell(row, e, tool->tool->json);
    rp_cell_text(row, "PATH", 0, path_of((struct opensnoop *)tool, e), sizeof(tool->full));
}

int main(int argc, char **argv) {
    struct opensnoop tool = {.tool = rp_tool_new()};
    const struct rp_snoop snoop = {.size = sizeof(snoop),
                                   .name = "opensnoop.c",
                                   .source = rp_embedded_opensnoop_c,
                                   .record_size = sizeof(struct event),
                                   .least_size = offsetof(struct event, path),
                                   .cells = cells,
                                   .ctx = &tool};
    const struct argp argp = {.options = options,
                              .parser = parse,
                              .doc =
                                  "Prints a line for each attempt to open a file: the process, the "
                                  "file descriptor, the error, the path as given."};
    return rp_snoop_main(argc, argv, &argp, tool.tool, &snoop);
}
