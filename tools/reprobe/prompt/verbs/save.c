/* SPDX-License-Identifier: Apache-2.0 */
/* Commands that save something to a file: programs as commands, rows, maps. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "prompt/entry.h"
#include "prompt/screen.h"
#include "prompt/verbs/verbs.h"
#include "util/cleanup.h"
#include "util/error.h"
#include "util/replace.h"
#include "util/text.h"

/* ------------------------------------------------------------------ save */

/* So that what looks like a parameter of the script stays a text. */
static void save_line(const char *line, FILE *out) {
    RP_AUTO_FREE char *escaped = line ? parameters_escape(line) : NULL;
    fputs(escaped ? escaped : "", out);
}

/* Writes the C as a block of `c`, in which a line with only a dot would end it; an object file is
 * loaded again. */
static void save_block(const struct entry *entry, const struct attach_points *attach_points,
                       FILE *out) {
    fputs(entry->text ? "c" : "load ", out);
    fputs(entry->text ? "" : entry->name, out);
    for (size_t i = 0; i < attach_points->count; i++)
        fprintf(out, " %s=%s", attach_points->items[i].function, attach_points->items[i].spec);
    for (size_t i = 0; i < entry->settings.count; i++)
        fprintf(out, " %s", entry->settings.items[i]);
    fputc('\n', out);
    if (!entry->text)
        return;
    for (const char *line = entry->text; *line;) {
        size_t length = strcspn(line, "\n");
        RP_AUTO_FREE char *own = strndup(line, length);
        save_line(own, out);
        fputs(length == 1 && *line == '.' ? " \n" : "\n", out);
        line += length + (line[length] == '\n');
    }
    fputs(".\n", out);
}

static struct rp_error *save_one(const struct entry *entry, FILE *out) {
    RP_AUTO(attach_points_clear) struct attach_points attach_points = {0};
    if (entry->question) {
        RP_AUTO_FREE char *line = entry_line(entry);
        if (!line)
            return rp_error_nomem();
        save_line(line, out);
        fputc('\n', out);
    } else {
        RP_TRY(entry_attach_points(entry, &attach_points));
        save_block(entry, &attach_points, out);
    }
    if (entry->paused)
        fputs("pause last\n", out);
    return NULL;
}

/* What its questions and programs need to be taken, and how rows look. */
static void save_settings(const struct prompt *prompt, FILE *out) {
    if (prompt->limit)
        fprintf(out, "limit %" PRIu64 "\n", prompt->limit);
    fputs(prompt->unsafe ? "unsafe\n" : "", out);
    look_save(prompt, out);
    fputs(prompt->types ? prompt->types : "", out);
}

static struct rp_error *save_all(const struct prompt *prompt, FILE *out) {
    fputs("# commands for reprobe -f\n", out);
    save_settings(prompt, out);
    for (size_t i = 0; i < prompt->entries.count; i++)
        RP_TRY(save_one(prompt->entries.items[i], out));
    return NULL;
}

/* Ends what was written to `path`. */
static struct rp_error *end_file(FILE *out, const char *path, struct rp_error *err) {
    /* What could not be written is still in the buffer, so the last flush says why. */
    int errnum = fflush(out) ? errno : ferror(out) ? EIO : 0;
    if (fclose(out) && !errnum)
        errnum = errno;
    return err || !errnum ? err : rp_error_new(errnum, NULL, "cannot write %s", path);
}

static struct rp_error *save_to(const struct prompt *prompt, const char *path) {
    struct rp_replacement file;
    struct rp_error *err = rp_replace_begin(&file, path, 0666, true);
    if (!err) {
        FILE *out = fdopen(dup(file.fd), "w");
        err = out ? end_file(out, path, save_all(prompt, out))
                  : rp_error_new(errno, NULL, "cannot write %s", path);
        err = rp_replace_end(&file, err);
    }
    return err ? rp_error_what_set(err, "cannot write %s", path) : NULL;
}

static struct rp_error *save(struct prompt *prompt, const char *args) {
    RP_AUTO_FREE char *path = args_word(&args);
    if (!path)
        return args_missing("no file name was given", "save FILE");
    RP_TRY(args_end(args));
    RP_TRY(save_to(prompt, path));
    const char *quote =
        path[strcspn(path, " \t\"'$`\\*?[(&;|<>~#")] ? (strchr(path, '\'') ? "\"" : "'") : "";
    prompt_say("saved: reprobe -f %s%s%s\n", quote, path, quote);
    return NULL;
}

/* ------------------------------------------------------------------ record */

static struct rp_error *end_record(void) {
    RP_AUTO_FREE char *path = output_recorded() ? strdup(output_recorded()) : NULL;
    RP_TRY(output_record_end());
    if (path)
        prompt_say("%s is complete\n", path);
    return NULL;
}

static struct rp_error *record(struct prompt *prompt, const char *args) {
    RP_AUTO_FREE char *path = args_word(&args), *number = args_word(&args);
    struct entry *entry = NULL;
    RP_TRY(args_end(args));
    if (!path && output_recorded())
        return printf("rows go to %s\n", output_recorded()), NULL;
    if (!path)
        return args_missing("no file name was given",
                            "record FILE.json|FILE.csv [N], and later: record off");
    if (strcmp(path, "off") == 0)
        return end_record();
    if (number)
        RP_TRY(entry_find(prompt, number, &entry));
    RP_TRY(end_record());
    RP_TRY(output_record(path, entry ? entry->number : 0));
    prompt_say("rows go to %s until `record off`\n", path);
    return NULL;
}

/* ------------------------------------------------------------------ export */

/* What to export, and where to. */
struct export {
    int as;
    struct entry *entry; /* NULL: all programs */
    const char *map;     /* NULL: all maps of it */
    char *path;          /* NULL: standard output */
};

static struct rp_error *choose_as(const char *word, int *as) {
    if (word && strcmp(word, "json") == 0)
        return *as = RP_MAP_JSON, NULL;
    if (word && strcmp(word, "csv") == 0)
        return *as = RP_MAP_CSV, NULL;
    if (!word)
        return args_missing("no format was given", "export json|csv [MAP|N] [FILE]");
    return rp_error_hint_set(
        rp_error_new(EINVAL, "it is not json or csv", "cannot export as `%s`", word),
        "export json|csv [MAP|N] [FILE]");
}

static struct rp_error *choose_what(const struct prompt *prompt, const char *word,
                                    struct export *export) {
    if (!word[strspn(word, "0123456789")])
        return entry_find(prompt, word, &export->entry);
    return entry_map(prompt, word, &export->entry, &export->map);
}

static struct rp_error *read_export(const struct prompt *prompt, const char *args,
                                    struct export *export) {
    RP_AUTO_FREE char *as = args_word(&args), *what = args_word(&args);
    export->path = args_word(&args);
    RP_TRY(args_end(args));
    RP_TRY(choose_as(as, &export->as));
    if (!what)
        return NULL;
    struct rp_error *err = choose_what(prompt, what, export);
    if (!err || export->path || !strpbrk(what, "./"))
        return err;
    rp_error_free(err); /* it is not a map but a file: export all maps */
    export->path = rp_take(what);
    return NULL;
}

static struct rp_error *write_export(const struct prompt *prompt, const struct export *export,
                                     FILE *out) {
    const struct map_look look = {.as = export->as, .named = !export->map};
    if (export->map)
        return entry_print_map(prompt, export->entry, export->map, &look, out);
    for (size_t i = 0; i < prompt->entries.count; i++)
        if (!export->entry || export->entry == prompt->entries.items[i])
            RP_TRY(entry_print_maps(prompt, prompt->entries.items[i], &look, out));
    return NULL;
}

static struct rp_error *export_to(const struct prompt *prompt, const struct export *export) {
    if (!export->path)
        return write_export(prompt, export, stdout);
    FILE *out = fopen(export->path, "we");
    if (!out)
        return rp_error_new(errno, NULL, "cannot write %s", export->path);
    return end_file(out, export->path, write_export(prompt, export, out));
}

static struct rp_error *export_verb(struct prompt *prompt, const char *args) {
    struct export export = {0};
    struct rp_error *err = read_export(prompt, args, &export);
    if (!err)
        err = export_to(prompt, &export);
    free(export.path);
    return err;
}

static struct rp_error *history(struct prompt *prompt, const char *args) {
    (void)prompt;
    RP_TRY(args_end(args));
    history_print(stdout);
    return NULL;
}

const struct verb save_verbs[] = {
    {"save", "FILE", "write all programs as commands, for reprobe -f FILE", NULL,
     "count sched_switch by comm\n"
     "save questions.rp",
     WORDS_FILE, save},
    {"record", "FILE|off [N]", "also write rows to a file, as JSON lines or (FILE.csv) as CSV",
     "The rows of all programs, or only of program N.",
     "trace sched_process_exit\n"
     "record exits.json\n"
     "record off",
     WORDS_FILE, record},
    {"export", "json|csv [MAP|N] [FILE]", "write maps as JSON lines or CSV",
     "All maps, the maps of program N, or one map. In CSV a first column has the map's name, "
     "unless it is one map; a text that begins as a formula does (=, "
     "+, -, @) "
     "gets an apostrophe, so that a spreadsheet takes it for text.",
     "count sched_switch by comm\n"
     "export csv counts",
     WORDS_EXPORT, export_verb},
    {"history", "", "list the lines typed in this and earlier sessions",
     "They are saved in $REPROBE_HISTORY, or $XDG_STATE_HOME/reprobe/history, or "
     "~/.local/state/reprobe/history. They are not saved if $REPROBE_HISTORY is `off`.",
     "history", WORDS_NONE | PAGED, history},
    {0}};
