/* SPDX-License-Identifier: Apache-2.0 */
#include "source.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "compile/object_file.h"
#include "util/file.h"

enum { KEY_TYPES = 0x2000, KEY_DIALECT };

static const struct argp_option options[] = {
    {0, 'D', "NAME[=VALUE]", 0, "Define a macro", 3},
    {0, 'I', "DIR", 0, "Look for headers in DIR", 3},
    {"types", KEY_TYPES, "auto|btf|headers", 0,
     "Where kernel types come from: the kernel's BTF, its "
     "installed headers, or (auto) headers only "
     "when BTF is not enough",
     3},
    {"dialect", KEY_DIALECT, "auto|bcc|libbpf", 0,
     "How the program is written: as BCC's are, as libbpf's "
     "are (SEC(), vmlinux.h), or (auto) as its text tells",
     3},
    {0}};

static void add_flag(struct source *source, const char *flag, struct argp_state *state) {
    if (source->opts.cflag_count == MAX_CFLAGS)
        argp_error(state, "at most %d compiler flags are allowed", MAX_CFLAGS);
    source->cflags[source->opts.cflag_count++] = flag;
}

/* Which of the three an option's value is. */
static int parse_choice(const char *option, const char *const values[3], const char *arg,
                        struct argp_state *state) {
    for (int i = 0; i < 3; i++)
        if (strcmp(arg, values[i]) == 0)
            return i;
    argp_error(state, "`%s` is not a value of --%s (it is %s, %s or %s)", arg, option, values[0],
               values[1], values[2]);
    return 0;
}

static enum rp_types parse_types(const char *arg, struct argp_state *state) {
    static const char *const values[] = {
        [RP_TYPES_AUTO] = "auto", [RP_TYPES_BTF] = "btf", [RP_TYPES_HEADERS] = "headers"};
    return (enum rp_types)parse_choice("types", values, arg, state);
}

static enum rp_dialect parse_dialect(const char *arg, struct argp_state *state) {
    static const char *const values[] = {
        [RP_DIALECT_AUTO] = "auto", [RP_DIALECT_BCC] = "bcc", [RP_DIALECT_LIBBPF] = "libbpf"};
    return (enum rp_dialect)parse_choice("dialect", values, arg, state);
}

static error_t parse(int key, char *arg, struct argp_state *state) {
    struct source *source = state->input;
    switch (key) {
    case ARGP_KEY_INIT:
        source->opts.size = sizeof(source->opts);
        source->opts.cflags = source->cflags;
        break;
    case 'D':
    case 'I':
        add_flag(source, key == 'D' ? "-D" : "-I", state);
        add_flag(source, arg, state);
        break;
    case KEY_TYPES:
        source->opts.types = parse_types(arg, state);
        break;
    case KEY_DIALECT:
        source->opts.dialect = parse_dialect(arg, state);
        break;
    case ARGP_KEY_ARG:
        if (!source->file) {
            source->file = arg;
            break;
        }
        if (state->quoted == 0 || state->next - 1 < state->quoted)
            argp_error(state, "only one FILE is allowed; put flags for the compiler after `--`");
        add_flag(source, arg, state);
        break;
    case ARGP_KEY_END:
        if (!source->file) {
            argp_error(state, "name a FILE (`-` is standard input)");
            return EINVAL;
        }
        source->opts.path = strcmp(source->file, "-") == 0 ? NULL : source->file;
        source->opts.name = source->opts.path ? source->file : "standard input";
        break;
    default:
        return ARGP_ERR_UNKNOWN;
    }
    return 0;
}

const struct argp source_argp = {.options = options, .parser = parse};

void note_file(const char *path) {
    struct stat st;
    const char *why =
        geteuid() == 0 && !stat(path, &st) && S_ISREG(st.st_mode) && !rp_object_file_is(path)
            ? rp_file_distrust(&st, S_IWOTH)
            : NULL;
    if (!why)
        return;
    fputs("reprobe: note: root uses ", stderr);
    rp_print_text(path, SIZE_MAX, stderr);
    fprintf(stderr, ", and %s\n", why);
}

char *text_left_out(const char *function, const struct rp_error *why) {
    char *text = NULL;
    const char *hint = rp_error_hint(why);
    if (asprintf(&text, "reprobe: note: %s is left out: %s: %s\n%s%s%s", function,
                 rp_error_what(why), rp_error_why(why), hint ? "hint: " : "", hint ? hint : "",
                 hint ? "\n" : "") < 0)
        return NULL;
    return text;
}
