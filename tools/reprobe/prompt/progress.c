/* SPDX-License-Identifier: Apache-2.0 */
/* "attached 412 of 3,120…" at a terminal, while many are attached and it takes a while; and how
 * much of a program's debug information has been fetched. */
#include <inttypes.h>
#include <unistd.h>

#include "prompt.h"
#include "screen.h"
#include "util/clock.h"
#include "util/text.h"

/* Nothing is shown of what takes less, and no more often than this. */
#define AFTER_MS 200
#define EVERY_MS 100
/* Of a program's name. */
#define NAME_BYTES 24
#define MEBIBYTE   1048576.0

static struct {
    uint64_t began_ns, shown_ns;
    size_t done; /* when it was asked last; more than now: that was another one */
    bool fetches, on_screen;
} progress;

/* "3,120" */
static void print_number(size_t number) {
    if (number >= 1000) {
        print_number(number / 1000);
        fprintf(stderr, ",%03zu", number % 1000);
        return;
    }
    fprintf(stderr, "%zu", number);
}

static void clear(void) {
    if (progress.on_screen)
        fputs("\r\033[K", stderr);
    progress.on_screen = false;
}

static void show_begin(void) {
    screen_hide();
    fflush(stdout);
    clear();
    fputs(screen_talk_colour(COLOUR_DIM), stderr);
}

static void show_end(void) {
    fprintf(stderr, "…%s", screen_talk_colour(COLOUR_NONE));
    progress.on_screen = true;
    progress.shown_ns = rp_now_ns();
}

/* Whether it is time to show it. */
static bool is_time(bool begins) {
    if (!screen_can_talk_in_place())
        return false;
    if (begins)
        progress.began_ns = progress.shown_ns = rp_now_ns();
    return rp_ms_since(progress.began_ns) >= AFTER_MS && rp_ms_since(progress.shown_ns) >= EVERY_MS;
}

void progress_tell(size_t done, size_t count) {
    bool begins = done <= progress.done || done <= 1;
    progress.done = done;
    if (!is_time(begins))
        return;
    show_begin();
    fputs("attached ", stderr);
    print_number(done);
    fputs(" of ", stderr);
    print_number(count);
    show_end();
}

void progress_fetching(const char *program, uint64_t got, uint64_t all) {
    bool begins = !progress.fetches;
    progress.fetches = true;
    if (!is_time(begins))
        return;
    show_begin();
    fputs("fetching the debug information of ", stderr);
    rp_print_text(rp_last_name(program), NAME_BYTES, stderr);
    if (all)
        fprintf(stderr, ", %.1f of %.1f MiB", (double)got / MEBIBYTE, (double)all / MEBIBYTE);
    show_end();
}

void progress_end(void) {
    clear();
    progress.done = 0;
    progress.fetches = false;
}
