/* SPDX-License-Identifier: Apache-2.0 */
/* Commands to write C, and to see and change the C of a program. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "compile/object_file.h"
#include "prompt/entry.h"
#include "prompt/screen.h"
#include "prompt/verbs/verbs.h"
#include "source.h"
#include "util/cleanup.h"
#include "util/error.h"
#include "util/file.h"

/* FUNCTION=PROBE… SETTING=VALUE…: a probe has a colon. */
static struct rp_error *read_attach_points(const char *args, struct attach_points *attach_points,
                                           struct rp_texts *settings) {
    for (;;) {
        RP_AUTO_FREE char *word = args_word(&args);
        if (!word)
            return NULL;
        char *equals = strchr(word, '=');
        if (!equals || equals == word)
            return rp_error_new(EINVAL, "it does not have the form FUNCTION=PROBE",
                                "cannot attach `%s`", word);
        if (!strchr(equals, ':')) {
            if (!rp_texts_add(settings, rp_take(word)))
                return rp_error_nomem();
            continue;
        }
        *equals = '\0';
        RP_TRY(attach_points_add(attach_points, word, equals + 1));
    }
}

static void source_clear(struct entry_source *source) {
    attach_points_clear(&source->attach_points);
    rp_texts_clear(&source->settings);
}

static struct rp_error *load_source(struct prompt *prompt, struct entry_source *source,
                                    const char *args) {
    RP_TRY(read_attach_points(args, &source->attach_points, &source->settings));
    return entry_load(prompt, source);
}

static struct rp_error *load(struct prompt *prompt, const char *args) {
    RP_AUTO_FREE char *path = args_word(&args), *text = NULL;
    if (!path)
        return args_missing("no file name was given", "load FILE.c");
    note_file(path);
    if (!rp_object_file_is(path))
        RP_TRY(rp_file_read(path, &text));
    RP_AUTO(source_clear)
    struct entry_source source = {.name = path, .text = text, .is_file = true};
    return load_source(prompt, &source, args);
}

static struct rp_error *take_c(struct prompt *prompt, const char *args, const char *text) {
    if (!text[strspn(text, " \t\n")])
        return NULL;
    char name[32];
    snprintf(name, sizeof(name), "%u.c", prompt->last_number + 1);
    RP_AUTO(source_clear) struct entry_source source = {.name = name, .text = text};
    return load_source(prompt, &source, args);
}

static struct rp_error *c(struct prompt *prompt, const char *args) {
    RP_AUTO(attach_points_clear) struct attach_points attach_points = {0};
    RP_AUTO(rp_texts_clear) struct rp_texts settings = {0};
    RP_TRY(read_attach_points(args, &attach_points,
                              &settings)); /* so that a mistake in it is reported at once */
    return prompt_read_block(prompt, args, take_c);
}

static struct rp_error *attach(struct prompt *prompt, const char *args) {
    struct entry *entry;
    RP_AUTO_FREE char *number = args_word(&args), *function = args_word(&args), *note = NULL,
                      *spec = NULL, *word = args_word(&args);
    if (!word)
        return args_missing("a number, a function and a probe are needed",
                            "attach N FUNCTION PROBE");
    RP_TRY(args_end(args));
    RP_TRY(entry_find(prompt, number, &entry));
    RP_TRY(rp_question_spec(word, &spec, &note));
    if (note)
        prompt_say("reprobe: note: %s\n", note);
    return entry_attach(prompt, entry, function, spec);
}

/* N MAP VALUE */
static struct rp_error *send_sample(struct prompt *prompt, const char *args) {
    struct entry *entry;
    RP_AUTO_FREE char *number = args_word(&args), *map = args_word(&args);
    if (!map || !args[strspn(args, " \t")])
        return args_missing("a number, a user ring buffer and a value are needed",
                            "send N MAP VALUE");
    RP_TRY(entry_find(prompt, number, &entry));
    return rp_user_ringbuf_send_text(entry->module, map, args + strspn(args, " \t"));
}

/* N, and nothing else. */
static struct rp_error *find_only(struct prompt *prompt, const char *args, struct entry **entry) {
    RP_AUTO_FREE char *number = args_word(&args);
    RP_TRY(args_end(args));
    return entry_find(prompt, number, entry);
}

static struct rp_error *show(struct prompt *prompt, const char *args) {
    struct entry *entry;
    const char *text;
    RP_TRY(find_only(prompt, args, &entry));
    RP_TRY(entry_text(entry, &text));
    fputs(text, stdout);
    if (!*text || text[strlen(text) - 1] != '\n')
        putchar('\n');
    return NULL;
}

static struct rp_error *source(struct prompt *prompt, const char *args) {
    struct entry *entry;
    const char *text;
    RP_AUTO_FREE char *spec = NULL;
    RP_TRY(args_function(args, &spec));
    if (spec)
        return rp_inspect_source(spec, stdout);
    RP_TRY(find_only(prompt, args, &entry));
    RP_TRY(entry_text(entry, &text));
    unsigned number = 0;
    for (const char *line = text; *line;) {
        int length = (int)strcspn(line, "\n");
        printf("%s%4u%s  %.*s\n", screen_colour(COLOUR_DIM), ++number, screen_colour(COLOUR_NONE),
               length, line);
        line += length + (line[length] == '\n');
    }
    return NULL;
}

static struct rp_error *edit(struct prompt *prompt, const char *args) {
    struct entry *entry;
    RP_AUTO_FREE char *number = args_word(&args), *path = args_word(&args), *text = NULL;
    RP_TRY(args_end(args));
    RP_TRY(entry_find(prompt, number, &entry));
    const char *before;
    if (!path)
        RP_TRY(entry_text(entry, &before));
    if (!path)
        return edit_start(prompt, entry);
    note_file(path);
    RP_TRY(rp_file_read(path, &text));
    RP_TRY(entry_replace(prompt, entry, text));
    entry_print_title(entry);
    prompt_say("[%u] reloaded\n", entry->number);
    return NULL;
}

static struct rp_error *allow_changes(struct prompt *prompt, const char *args) {
    RP_TRY(args_end(args));
    prompt->unsafe = true;
    return NULL;
}

const struct verb code_verbs[] = {
    {"load", "FILE [FUNCTION=PROBE…] [SETTING=VALUE…]",
     "compile a C file, or take an object, and attach its functions",
     "A function that names its probe (kprobe__X, TRACEPOINT_PROBE, SEC(\"kprobe/X\"), …) is "
     "attached there, any other where FUNCTION=PROBE or `attach` says. SETTING=VALUE changes a "
     "`const volatile` variable of libbpf's dialect.",
     "load docs/examples/opens.c", WORDS_FILE, load},
    {"c", "[FUNCTION=PROBE…]", "write C; a line with only a dot ends it",
     "The C is then compiled and attached as with `load`. Ctrl-D ends it, too; Ctrl-C discards it. "
     "The Up key brings back the whole of one, where Ctrl-V Ctrl-J begins a new line.",
     "c\n"
     "TRACEPOINT_PROBE(sched, sched_process_exit)\n"
     "{\n"
     "    bpf_trace_printk(\"%d ends\\n\", args->pid);\n"
     "    return 0;\n"
     "}\n"
     ".",
     WORDS_NONE, c},
    {"attach", "N FUNCTION PROBE", "attach one more function of a program", NULL,
     "c\n"
     "BPF_HASH(calls, u32);\n"
     "int hello(void *ctx)\n"
     "{\n"
     "    u32 pid = bpf_get_current_pid_tgid() >> 32;\n"
     "    calls.increment(pid);\n"
     "    return 0;\n"
     "}\n"
     ".\n"
     "attach last hello sys_enter_getpgid",
     WORDS_ATTACH, attach},
    {"send", "N MAP VALUE", "put a sample into a user ring buffer, which a program reads",
     "VALUE is written as for `map`, of the type that the program reads by bpf_dynptr_read(); "
     "where it reads several, "
     "the type's name comes before it.",
     "load docs/examples/mailbox.bpf.c\n"
     "send last letters {1, \"hello\"}",
     WORDS_NUMBER, send_sample},
    {"show", "N", "print the C of a program", "`reprobe run` takes it as it is.",
     "count sched_switch by comm\n"
     "show last",
     WORDS_NUMBER | PAGED, show},
    {"source", "N|FILE:FUNCTION", "print the C with the line numbers that messages use",
     "Of a function of a program or library that has debug information, the lines of its source, "
     "if they are on this machine. Lines with a colon have code, and can be probed.",
     "count sched_switch by comm\n"
     "source last\n"
     "source ./prog:load",
     WORDS_EITHER | PAGED, source},
    {"edit", "N [FILE]", "change the C in $VISUAL or $EDITOR; each save reloads it",
     "A map that is declared as before keeps its contents, and so do variables if all of them are "
     "declared as before, with the same initial values. A note says what is gone. If the C does "
     "not "
     "compile or load, the old program keeps running, and you see the error when the editor ends. "
     "With FILE, the C of "
     "FILE is loaded at once.",
     "count sched_switch by comm\n"
     "edit last",
     WORDS_EDIT, edit},
    {"unsafe", "", "allow programs that change the system, until you leave",
     "Without it a program is refused that sends signals, writes to a process's memory, overrides "
     "a "
     "function's result, or decides what becomes of packets and what is allowed. Questions only "
     "look. `--unsafe` on the command line is the same.",
     NULL, WORDS_NONE, allow_changes},
    {0}};
