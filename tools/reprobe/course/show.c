/* SPDX-License-Identifier: Apache-2.0 */
#include "course/show.h"

#include <string.h>

#include "util/cells.h"
#include "util/cleanup.h"
#include "util/error.h"

#define COLUMNS 80

static void show_line(const char *line, size_t length, int indent, int first_indent) {
    for (int blanks = first_indent; length; blanks = indent) {
        size_t fits = rp_cells_fit(line, length, (size_t)(COLUMNS - 1 - indent)), end = fits;
        while (fits < length && end > 0 && line[end] != ' ')
            end--;
        if (!end)
            end = fits ? fits : 1;
        printf("%*s", blanks, "");
        rp_print_text(line, end, stdout);
        putchar('\n');
        while (end < length && line[end] == ' ')
            end++;
        line += end;
        length -= end;
    }
}

static void show_lines(const char *text, int indent, int first_indent) {
    for (; *text; first_indent = indent) {
        size_t length = strcspn(text, "\n");
        if (*text == '\t') {
            printf("%*s", indent + 4, "");
            rp_print_text(text + 1, length - 1, stdout);
            putchar('\n');
        } else {
            show_line(text, length, indent, first_indent);
        }
        text += length + (text[length] == '\n');
    }
}

void show_text(const char *text, int indent) {
    show_lines(text, indent, indent);
}

void show_lesson(const struct student *student, const struct lesson *lesson) {
    printf("\nLesson %u: %s (about %u minutes)\n", lesson->number, lesson->title, lesson->minutes);
    printf("  read    %s/%s/README.md\n", student->path, lesson->name);
    for (size_t i = 0; i < lesson->programs.count; i++)
        printf("  %-7s %s/%s/%s\n", i ? "or" : "edit", student->path, lesson->name,
               lesson->programs.items[i]);
}

/* What reprobe says: its own words are wrapped, lines of the program are shown as they are. */
static void show_said(const char *said) {
    for (const char *line = said; *line;) {
        size_t length = strcspn(line, "\n");
        if (rp_starts_with(line, "reprobe: note: ")) {
            /* what it sees is the lesson's business */
        } else if (rp_starts_with(line, "reprobe: ") || rp_starts_with(line, "hint: ")) {
            show_line(line, length, 4, 2);
        } else {
            printf("  ");
            rp_print_text(line, length, stdout);
            putchar('\n');
        }
        line += length + (line[length] == '\n');
    }
}

void show_verdict(const struct lesson *lesson, const char *name, const char *how,
                  const struct verdict *verdict) {
    printf("\nlesson %u, %s: %s%s%s%s\n", lesson->number, name, verdict_word(verdict->outcome),
           how ? " (" : "", how ? how : "", how ? ")" : "");
    for (size_t i = 0; i < verdict->wants.count; i++) {
        const struct verdict_want *want = &verdict->wants.items[i];
        printf("  %-8s ", want->ok ? "right" : "not yet");
        show_lines(want->text, 11, 0);
    }
    if (verdict->said)
        show_said(verdict->said);
    if (verdict->advice) {
        putchar('\n');
        show_text(verdict->advice, 2);
    }
    if (verdict->outcome == OUTCOME_RIGHT) {
        putchar('\n');
        show_text(lesson->right, 2);
    }
    fflush(stdout);
}

struct rp_error *show_list(struct student *student, const struct lessons *lessons) {
    for (size_t i = 0; i < lessons->count; i++) {
        const struct lesson *lesson = lessons->items[i];
        const struct progress *progress = student_progress(student, lesson);
        if (!progress)
            return rp_error_nomem();
        printf("%3u  %-10s %3u min  %s\n", lesson->number,
               progress->done    ? "done"
               : progress->tries ? "begun"
                                 : "-",
               lesson->minutes, lesson->title);
    }
    printf("\nThey are in %s.\n", student->path);
    return NULL;
}
