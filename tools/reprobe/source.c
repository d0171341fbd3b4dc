/* SPDX-License-Identifier: Apache-2.0 */
#include "source.h"

#include <errno.h>
#include <string.h>

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

static enum rp_types parse_types(const char *arg, struct argp_state *state) {
    if (strcmp(arg, "auto") == 0)
        return RP_TYPES_AUTO;
    if (strcmp(arg, "btf") == 0)
        return RP_TYPES_BTF;
    if (strcmp(arg, "headers") != 0)
        argp_error(state, "`%s` is not a value of --types (it is auto, btf or headers)", arg);
    return RP_TYPES_HEADERS;
}

static enum rp_dialect parse_dialect(const char *arg, struct argp_state *state) {
    if (strcmp(arg, "auto") == 0)
        return RP_DIALECT_AUTO;
    if (strcmp(arg, "bcc") == 0)
        return RP_DIALECT_BCC;
    if (strcmp(arg, "libbpf") != 0)
        argp_error(state, "`%s` is not a value of --dialect (it is auto, bcc or libbpf)", arg);
    return RP_DIALECT_LIBBPF;
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

char *text_left_out(const char *function, const struct rp_error *why) {
    char *text = NULL;
    const char *hint = rp_error_hint(why);
    if (asprintf(&text, "reprobe: note: %s is left out: %s: %s\n%s%s%s", function,
                 rp_error_what(why), rp_error_why(why), hint ? "hint: " : "", hint ? hint : "",
                 hint ? "\n" : "") < 0)
        return NULL;
    return text;
}
