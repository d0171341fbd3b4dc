/* SPDX-License-Identifier: Apache-2.0 */
/* reprobe cache: lists or clears the object cache. */
#include <argp.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "command.h"
#include "reprobe_query.h"
#include "reprobe_tool.h"

struct listing {
    unsigned count;
    unsigned long long size;
};

static void print(void *ctx, const struct rp_cache_entry *entry) {
    struct listing *listing = ctx;
    char used[32] = "";
    struct tm tm;
    if (localtime_r(&entry->used, &tm))
        strftime(used, sizeof(used), "%F %T", &tm);
    if (!listing->count)
        printf("%-19s %8s  %s\n", "USED", "BYTES", "SOURCE");
    printf("%-19s %8llu  ", used, (unsigned long long)entry->size);
    if (entry->source)
        rp_print_text(entry->source, strlen(entry->source), stdout);
    else
        fputs("(damaged)", stdout);
    putchar('\n');
    listing->count++;
    listing->size += entry->size;
}

static error_t parse(int key, char *arg, struct argp_state *state) {
    bool *clear = state->input;
    if (key != ARGP_KEY_ARG)
        return ARGP_ERR_UNKNOWN;
    if (strcmp(arg, "clear") != 0)
        argp_error(state, "unknown argument `%s`: only `clear` is allowed", arg);
    *clear = true;
    return 0;
}

int command_cache(int argc, char **argv) {
    const struct argp argp = {
        .parser = parse,
        .args_doc = "[clear]",
        .doc = "Lists the programs that were compiled before and so start without compiling, most "
               "recently used first; `clear` deletes them all. $REPROBE_CACHE is the directory, or "
               "`off`; $REPROBE_CACHE_LIMIT is its maximum size in bytes."};
    bool clear = false;
    rp_argp_parse(&argp, argc, argv, 0, &clear);
    char path[PATH_MAX];
    if (!rp_cache_path(path, sizeof(path))) {
        puts("the object cache is off");
        return rp_tool_end(NULL, false);
    }
    if (clear)
        rp_cache_clear();
    struct listing listing = {0};
    rp_cache_each(print, &listing);
    printf("%s%u compiled program%s, %llu of at most %llu bytes, in %s\n",
           listing.count ? "\n" : "", listing.count, listing.count == 1 ? "" : "s", listing.size,
           (unsigned long long)rp_cache_limit(), path);
    return rp_tool_end(NULL, false);
}
