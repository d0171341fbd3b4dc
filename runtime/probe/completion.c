/* SPDX-License-Identifier: Apache-2.0 */
#include "probe/completion.h"

#include <dirent.h>
#include <string.h>

#include "kernel/btf.h"
#include "kernel/ksyms.h"
#include "kernel/tracefs.h"
#include "util/cleanup.h"
#include "util/error.h"
#include "util/index.h"
#include "util/text.h"

void rp_completion_offer(void *ctx, const char *word) {
    const struct rp_completion *completion = ctx;
    RP_AUTO_FREE char *text = NULL;
    if (asprintf(&text, "%.*s%s%s", (int)completion->before_len, completion->before, word,
                 completion->after) >= 0)
        completion->each(completion->ctx, text, completion->what);
}

/* ------------------------------------------------------------- cached lists */

/* A list that loading or unloading a module changes. */
struct saved {
    struct rp_index index;
    size_t modules; /* the number of modules loaded when it was read, plus 1 */
};

static struct saved functions, tracepoints;

static size_t count_modules(void) {
    size_t count = 1;
    RP_AUTO_CLOSEDIR DIR *dir = opendir("/sys/module");
    while (dir && readdir(dir))
        count++;
    return count;
}

/* Whether the list, now empty, must be read. */
static bool is_stale(struct saved *saved) {
    size_t modules = count_modules();
    if (saved->modules == modules)
        return false;
    rp_index_clear(&saved->index);
    saved->modules = modules;
    return true;
}

/* ------------------------------------------------------------- functions of the kernel */

static void add_functions(const struct rp_btf *btf) {
    uint32_t id = 0;
    for (const char *name; (name = rp_btf_next_named(btf, BTF_KIND_FUNC, "", &id));)
        rp_index_add(&functions.index, name);
}

static bool add_symbol(void *ctx, const char *name, const char *module, uint64_t address) {
    (void)ctx;
    (void)module;
    (void)address;
    return rp_index_add(&functions.index, name);
}

/* From BTF, which takes a tenth of the time of the kernel's text lists. A few of these functions
 * cannot be probed; attaching to one gives an error. */
void rp_complete_function(struct rp_completion *completion, const char *prefix) {
    if (is_stale(&functions)) {
        const struct rp_btf *btf = rp_kernel_types_or_null();
        struct rp_btf *modules = rp_kernel_module_types();
        if (btf)
            add_functions(btf);
        else
            rp_error_free(rp_ksyms_each(add_symbol, NULL));
        for (const struct rp_btf *module = modules; module; module = module->next)
            add_functions(module);
        rp_btf_free(modules);
    }
    completion->what = "function";
    rp_index_each(&functions.index, prefix, rp_completion_offer, completion);
}

/* ------------------------------------------------------------- tracepoints */

static bool add_event(void *ctx, const char *event) {
    return rp_index_add(ctx, event);
}

static void read_tracepoints(void) {
    if (is_stale(&tracepoints))
        rp_error_free(rp_tracefs_each_event(add_event, &tracepoints.index));
}

/* The categories of events; the events are sorted. */
struct categories {
    struct rp_completion *completion;
    char last[64];
};

static void offer_category(void *ctx, const char *event) {
    struct categories *categories = ctx;
    char category[sizeof(categories->last)];
    snprintf(category, sizeof(category), "%.*s", (int)strcspn(event, ":"), event);
    if (strcmp(category, categories->last) == 0)
        return;
    memcpy(categories->last, category, sizeof(category));
    rp_completion_offer(categories->completion, category);
}

struct rp_error *rp_complete_tracepoint(struct rp_completion *completion, const char *prefix) {
    read_tracepoints();
    completion->what = "tracepoint";
    if (strchr(prefix, ':')) {
        rp_index_each(&tracepoints.index, prefix, rp_completion_offer, completion);
        return NULL;
    }
    struct categories categories = {.completion = completion};
    completion->what = "tracepoints";
    completion->after = ":";
    rp_index_each(&tracepoints.index, prefix, offer_category, &categories);
    completion->after = "";
    return NULL;
}

struct names {
    const struct rp_completion *completion;
    const char *prefix;
};

static void offer_name(void *ctx, const char *event) {
    const struct names *names = ctx;
    const char *colon = strchr(event, ':');
    if (!colon || !rp_starts_with(colon + 1, names->prefix))
        return;
    names->completion->each(names->completion->ctx, colon + 1, event);
}

/* "sched_switch", which is enough. */
void rp_complete_tracepoint_name(const struct rp_completion *completion, const char *prefix) {
    struct names names = {completion, prefix};
    read_tracepoints();
    rp_index_each(&tracepoints.index, "", offer_name, &names);
}
