/* SPDX-License-Identifier: Apache-2.0 */
#include "pager.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "child.h"
#include "screen.h"
#include "util/cells.h"
#include "util/cleanup.h"
#include "util/error.h"

#define DEFAULT_PAGER "less -RF"
#define NOT_FOUND     127 /* what sh says of a command that it does not find */

static struct {
    FILE *screen; /* stdout, while another stream stands in its place */
    char *text;
    size_t size;
} kept;

void pager_begin(const struct prompt *prompt) {
    if (!prompt->terminal || !screen_can_move() || kept.screen)
        return;
    fflush(stdout);
    FILE *memory = open_memstream(&kept.text, &kept.size);
    if (!memory)
        return;
    kept.screen = stdout;
    stdout = memory;
}

/* Rows of the screen that it takes. */
static size_t count_rows(const char *text, size_t size) {
    size_t rows = 0, columns = (size_t)screen_columns();
    for (const char *line = text, *end = text + size; line < end;) {
        const char *newline = memchr(line, '\n', (size_t)(end - line));
        size_t length = (size_t)((newline ? newline : end) - line);
        size_t cells = rp_cells(line, length);
        rows += cells ? (cells + columns - 1) / columns : 1;
        line += length + 1;
    }
    return rows;
}

static const char *pager_command(void) {
    const char *pager = getenv("PAGER");
    return pager ? pager : DEFAULT_PAGER;
}

static void show(void) {
    fwrite(kept.text, 1, kept.size, stdout);
    fflush(stdout);
    free(rp_take(kept.text));
}

/* Without a pager it is printed as it is. */
static void paged(struct prompt *prompt, int status) {
    (void)prompt;
    if (WIFEXITED(status) && WEXITSTATUS(status) == NOT_FOUND)
        show();
    free(rp_take(kept.text));
}

/* A file that has the text, to be read from its beginning; -1: there is none. */
static int text_file(void) {
    int fd = memfd_create("reprobe", MFD_CLOEXEC);
    size_t done = 0;
    while (fd >= 0 && done < kept.size) {
        ssize_t put = write(fd, kept.text + done, kept.size - done);
        if (put <= 0) {
            close(fd);
            return -1;
        }
        done += (size_t)put;
    }
    if (fd >= 0)
        lseek(fd, 0, SEEK_SET);
    return fd;
}

void pager_end(struct prompt *prompt) {
    if (!kept.screen)
        return;
    fclose(stdout);
    stdout = rp_take(kept.screen);
    bool is_long = count_rows(kept.text, kept.size) + 1 > (size_t)screen_rows();
    int file = is_long && *pager_command() && !prompt->job ? text_file() : -1;
    struct rp_error *err = file >= 0 ? child_run(prompt, pager_command(), file, paged) : NULL;
    if (err)
        prompt_fail(prompt, err);
    if (file < 0 || err)
        show();
}
