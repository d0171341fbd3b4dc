/* SPDX-License-Identifier: Apache-2.0 */
/* What a program counts of what was left out, and how that is told. */
#include <bpf/bpf.h>
#include <inttypes.h>
#include <string.h>

#include "compile/module.h"
#include "record/losses.h"
#include "record/map_read.h"
#include "util/cleanup.h"
#include "util/text.h"

/* ------------------------------------------------------------------ as a sentence */

/* The verbs that a loss begins with, behind the noun that it counts. */
static const struct {
    const char *many, *one;
} verbs[] = {{" were ", " was "}, {" have ", " has "}, {" are ", " is "}, {NULL, NULL}};

/* "event was not counted: …" of "events were not counted: …" */
static char *of_one(const char *loss) {
    size_t noun = strcspn(loss, " "), end = strcspn(loss, ":`");
    if (!noun || loss[noun - 1] != 's')
        return strdup(loss);
    for (size_t i = 0; verbs[i].many; i++) {
        const char *verb = strstr(loss, verbs[i].many);
        if (verb && (size_t)(verb - loss) < end)
            return rp_text("%.*s%.*s%s%s", (int)noun - 1, loss,
                           (int)(verb - loss - (ptrdiff_t)noun), loss + noun, verbs[i].one,
                           verb + strlen(verbs[i].many));
    }
    return rp_text("%.*s%s", (int)noun - 1, loss, loss + noun);
}

char *rp_loss_text(const struct rp_loss *loss, const char *what) {
    RP_AUTO_FREE char *one = loss->of ? NULL : of_one(what);
    if (loss->of)
        return rp_text("%" PRIu64 " of %" PRIu64 " %s", loss->count, loss->of, what);
    return rp_text("%" PRIu64 " %s", loss->count, loss->count == 1 && one ? one : what);
}

/* ------------------------------------------------------------------ from maps */

static struct rp_error *add_number(void *ctx, const void *key, const void *value) {
    struct rp_loss *loss = ctx;
    uint64_t number;
    uint32_t index;
    memcpy(&number, value, sizeof(number));
    memcpy(&index, key, sizeof(index));
    *(index ? &loss->of : &loss->count) += number;
    return NULL;
}

static struct rp_error *add_entry(void *ctx, const void *key, const void *value) {
    struct rp_loss *loss = ctx;
    (void)key;
    (void)value;
    loss->count++;
    return NULL;
}

/* What the map's number or its entries are of; NULL: nothing is lost there. */
static const char *loss_of(const struct rp_module *module, const char *map) {
    const struct rp_map_schema *schema = rp_module_map_schema(module, map);
    if (schema->means == RP_MEANS_LOSS)
        return schema->loss ? schema->loss : map;
    return schema->means == RP_MEANS_SCRATCH ? schema->loss : NULL;
}

static struct rp_error *add_map(const struct rp_module *module, const char *map,
                                struct rp_loss *loss) {
    bool entries = rp_module_map_schema(module, map)->means == RP_MEANS_SCRATCH;
    int fd = rp_module_map_fd(module, map);
    struct bpf_map_info info;
    RP_TRY(rp_map_info(fd, map, &info));
    if (!entries && (info.key_size != sizeof(uint32_t) || info.value_size != sizeof(uint64_t)))
        return NULL;
    return rp_map_entries(fd, map, &info, entries ? add_entry : add_number, loss);
}

/* Whether an earlier map tells the same: then it has told of both. */
static bool is_told(const struct rp_module *module, size_t i, const char *what) {
    for (size_t j = 0; j < i; j++) {
        const char *other = loss_of(module, rp_module_map_name(module, j));
        if (other && !strcmp(other, what))
            return true;
    }
    return false;
}

static struct rp_error *add_same(const struct rp_module *module, size_t first, const char *what,
                                 struct rp_loss *loss) {
    for (size_t i = first; i < rp_module_map_count(module); i++) {
        const char *map = rp_module_map_name(module, i), *of = loss_of(module, map);
        if (of && !strcmp(of, what))
            RP_TRY(add_map(module, map, loss));
    }
    return NULL;
}

struct listener {
    void (*each)(void *ctx, const char *text);
    void *ctx;
};

static void tell(const struct listener *listener, uint64_t count, const char *what) {
    const struct rp_loss loss = {.count = count};
    RP_AUTO_FREE char *text = count ? rp_loss_text(&loss, what) : NULL;
    if (text)
        listener->each(listener->ctx, text);
}

/* What the kernel counts. */
static void tell_missed(const struct rp_module *module, const struct listener *listener) {
    tell(listener, rp_module_missed(module),
         "events were missed: a BPF program was running on that processor already");
    tell(listener, rp_module_missed_returns(module),
         "returns were missed: more calls went on at a time than a kretprobe can wait for");
}

struct rp_error *rp_module_losses(const struct rp_module *module,
                                  void (*each)(void *ctx, const char *text), void *ctx) {
    for (size_t i = 0; i < rp_module_map_count(module); i++) {
        const char *what = loss_of(module, rp_module_map_name(module, i));
        struct rp_loss loss = {0};
        if (!what || is_told(module, i, what))
            continue;
        RP_TRY(add_same(module, i, what, &loss));
        RP_AUTO_FREE char *text = loss.count ? rp_loss_text(&loss, what) : NULL;
        if (text)
            each(ctx, text);
    }
    tell_missed(module, &(struct listener){each, ctx});
    return NULL;
}
