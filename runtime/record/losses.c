/* SPDX-License-Identifier: Apache-2.0 */
/* What a program counts of what was left out, and how that is told. */
#include <bpf/bpf.h>
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "compile/module.h"
#include "record/histogram.h"
#include "record/losses.h"
#include "record/map_read.h"
#include "record/view.h"
#include "util/array.h"
#include "util/cleanup.h"
#include "util/error.h"
#include "util/names.h"
#include "util/text.h"

/* ------------------------------------------------------------------ as a sentence */

/* The verbs that a loss begins with, behind the noun that it counts. */
static const struct {
    const char *many, *one;
} verbs[] = {{" were ", " was "}, {" have ", " has "}, {" are ", " is "}, {NULL, NULL}};

/* Without its plural: "event", "process". */
static size_t length_of_one(const char *noun, size_t length) {
    if (length > 4 && !strncmp(noun + length - 4, "sses", 4))
        return length - 2;
    return length && noun[length - 1] == 's' ? length - 1 : length;
}

/* "event was not counted: …" of "events were not counted: …" */
static char *of_one(const char *loss) {
    size_t noun = strcspn(loss, " "), end = strcspn(loss, ":`");
    size_t one = length_of_one(loss, noun);
    if (one == noun)
        return strdup(loss);
    for (size_t i = 0; verbs[i].many; i++) {
        const char *verb = strstr(loss, verbs[i].many);
        if (verb && (size_t)(verb - loss) < end)
            return rp_text("%.*s%.*s%s%s", (int)one, loss, (int)(verb - loss - (ptrdiff_t)noun),
                           loss + noun, verbs[i].one, verb + strlen(verbs[i].many));
    }
    return rp_text("%.*s%s", (int)one, loss, loss + noun);
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

/* The map that counts what the entries of others tell, too; -1: there is none. */
static int counter_of(const struct rp_module *module, const char *what) {
    for (size_t i = 0; i < rp_module_map_count(module); i++) {
        const char *map = rp_module_map_name(module, i), *of = loss_of(module, map);
        if (of && !strcmp(of, what) && rp_module_map_schema(module, map)->means == RP_MEANS_LOSS)
            return rp_module_map_fd(module, map);
    }
    return -1;
}

static struct rp_error *count_more(int counter, uint64_t more) {
    uint32_t first = 0;
    uint64_t count = 0;
    if (counter < 0 || !more)
        return NULL;
    int failed = bpf_map_lookup_elem(counter, &first, &count);
    count += more;
    if (failed || bpf_map_update_elem(counter, &first, &count, BPF_ANY))
        return rp_error_new(errno, NULL, "cannot count what was left out");
    return NULL;
}

struct rp_error *rp_module_forget_calls(const struct rp_module *module) {
    for (size_t i = 0; i < rp_module_map_count(module); i++) {
        const char *map = rp_module_map_name(module, i), *what = loss_of(module, map);
        struct rp_loss loss = {0};
        if (!what || rp_module_map_schema(module, map)->means != RP_MEANS_SCRATCH)
            continue;
        RP_TRY(add_map(module, map, &loss));
        RP_TRY(count_more(counter_of(module, what), loss.count));
        RP_TRY(rp_map_clear(module, map));
    }
    return NULL;
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

/* What the kernel counts: of events, and of returns. */
static const char *const missed_texts[] = {
    "events were missed: a BPF program was running on that processor already",
    "returns were missed: more calls went on at a time than a kretprobe can wait for"};

static void count_missed(const struct rp_module *module, uint64_t missed[2], bool *known) {
    missed[0] = rp_module_missed(module);
    missed[1] = rp_module_missed_returns(module, known);
}

/* "1 event was lost so far: …" */
static void tell_so_far(const struct listener *listener, const struct rp_loss *loss,
                        const char *what) {
    RP_AUTO_FREE char *text = rp_loss_text(loss, what);
    if (!text)
        return;
    const char *why = text + strcspn(text, ":`"); /* an expression may have a colon, too */
    const char *end = *why == '`' ? strchr(why + 1, '`') : NULL;
    why = end ? end + strcspn(end, ":") : why;
    RP_AUTO_FREE char *said = rp_text("%.*s so far%s", (int)(why - text), text, why);
    if (said)
        listener->each(listener->ctx, said);
}

static void tell_missed(const struct rp_module *module, const struct listener *listener) {
    uint64_t missed[2];
    bool known;
    count_missed(module, missed, &known);
    for (size_t i = 0; i < RP_COUNT(missed_texts); i++)
        tell(listener, missed[i], missed_texts[i]);
    if (!known)
        listener->each(
            listener->ctx,
            "it is not known how many returns were missed: this kernel does not say, and a "
            "kretprobe can wait for a few calls at a time only");
}

/* Whether it is to be told again, and that it was. */
static bool has_doubled(uint64_t count, uint64_t *before) {
    *before = count < *before ? 0 : *before; /* it was emptied */
    if (count <= *before || count < 2 * *before)
        return false;
    *before = count;
    return true;
}

/* What the kernel says to a program that sends; NULL: nothing more than the error's own text. */
static const char *refusal(int error) {
    switch (error) {
    case EMSGSIZE:
        return "the buffer is too small for one";
    case EOPNOTSUPP:
        return "the buffer belongs to another processor (send with BPF_F_CURRENT_CPU)";
    case ENOENT:
        return "that processor has no buffer";
    case E2BIG:
        return "the map has no buffer of that number";
    case EINVAL:
        return "the call has wrong flags or a wrong size";
    default:
        return strerror(error);
    }
}

static void tell_refused(const struct rp_module *module, struct rp_losses_told *told,
                         const struct listener *listener) {
    uint64_t counts[RP_LOST_KINDS];
    rp_module_lost(module, counts);
    for (int i = RP_LOST_FULL + 1; i < RP_LOST_KINDS; i++) {
        RP_AUTO_FREE char *what =
            counts[i] ? rp_text("records were not sent: %s", refusal(i)) : NULL;
        const struct rp_loss loss = {.count = counts[i]};
        if (what && !told)
            tell(listener, counts[i], what);
        else if (what && has_doubled(counts[i], &told->refused[i]))
            tell_so_far(listener, &loss, what);
    }
}

static void tell_missed_so_far(const struct rp_module *module, struct rp_losses_told *told,
                               const struct listener *listener) {
    uint64_t missed[2];
    bool known;
    count_missed(module, missed, &known);
    for (size_t i = 0; i < RP_COUNT(missed_texts); i++)
        if (has_doubled(missed[i], &told->missed[i]))
            tell_so_far(listener, &(struct rp_loss){.count = missed[i]}, missed_texts[i]);
}

struct rp_error *rp_module_losses_so_far(const struct rp_module *module,
                                         struct rp_losses_told *told,
                                         void (*each)(void *ctx, const char *text), void *ctx) {
    const struct listener listener = {each, ctx};
    for (size_t i = 0; i < rp_module_map_count(module); i++) {
        const char *map = rp_module_map_name(module, i);
        struct rp_loss loss = {0};
        if (told->count <= i && !rp_vec_push(told, 0))
            return rp_error_nomem();
        if (rp_module_map_schema(module, map)->means != RP_MEANS_LOSS)
            continue;
        RP_TRY(add_map(module, map, &loss));
        if (has_doubled(loss.count, &told->items[i]))
            tell_so_far(&listener, &loss, loss_of(module, map));
    }
    tell_refused(module, told, &listener);
    tell_missed_so_far(module, told, &listener);
    return NULL;
}

/* ------------------------------------------------------------------ maps that are full */

/* Whether the program counts itself what did not fit. */
static bool counts_misfits(const struct rp_module *module, const char *map) {
    RP_AUTO_FREE char *full = rp_text("map %s is full", map);
    for (size_t i = 0; full && i < rp_module_map_count(module); i++) {
        const char *loss = loss_of(module, rp_module_map_name(module, i));
        if (loss && strstr(loss, full))
            return true;
    }
    return !full;
}

/* What the kernel does with a key more, which it does not count; NULL: there is room for all. */
static const char *beyond(uint32_t type) {
    switch (type) {
    case BPF_MAP_TYPE_HASH:
    case BPF_MAP_TYPE_PERCPU_HASH:
    case BPF_MAP_TYPE_LPM_TRIE:
        return "what came after may not be in it";
    case BPF_MAP_TYPE_LRU_HASH:
    case BPF_MAP_TYPE_LRU_PERCPU_HASH:
        return "newer ones may have replaced older ones";
    default:
        return NULL;
    }
}

static struct rp_error *tell_full(const struct rp_module *module, const char *map,
                                  const struct listener *listener) {
    struct bpf_map_info info;
    struct rp_loss entries = {0};
    if (!rp_means_answer(rp_module_map_schema(module, map)->means) || counts_misfits(module, map))
        return NULL;
    RP_TRY(rp_map_info(rp_module_map_fd(module, map), map, &info));
    if (!beyond(info.type))
        return NULL;
    RP_TRY(rp_map_entries(rp_module_map_fd(module, map), map, &info, add_entry, &entries));
    if (entries.count < info.max_entries)
        return NULL;
    RP_AUTO_FREE char *text = rp_text("the map %s is full (%u entr%s): %s", map, info.max_entries,
                                      info.max_entries == 1 ? "y" : "ies", beyond(info.type));
    if (text)
        listener->each(listener->ctx, text);
    return NULL;
}

/* ------------------------------------------------------------------ keys that look alike */

struct alike {
    const struct rp_map_table *t;
    bool is_histogram; /* whose keys are what it has as headings */
    struct rp_names seen;
    uint64_t count;
};

/* Notes the key as its members are shown. */
static void note_key(struct alike *alike, const uint8_t *row) {
    char *text = NULL;
    size_t length;
    FILE *out = open_memstream(&text, &length);
    for (size_t i = 0; out && i < alike->t->key_columns; i++) {
        const struct rp_view view = rp_map_cell(alike->t, i, row);
        bool counts = !alike->is_histogram || rp_map_is_heading(alike->t, i);
        RP_AUTO_FREE char *cell = counts ? rp_value_text(&view) : NULL;
        fprintf(out, "%s\n", cell ? cell : "");
    }
    if (out)
        fclose(out);
    alike->count += text && !rp_names_add(&alike->seen, text, length);
    free(text);
}

static void note_group(void *ctx, const struct rp_map_group *group) {
    if (group->row)
        note_key(ctx, group->row);
}

static struct rp_error *count_alike(struct rp_map_table *t, uint64_t *count) {
    struct alike alike = {.t = t, .is_histogram = rp_map_is_histogram(t)};
    struct rp_error *err = NULL;
    if (alike.is_histogram)
        err = rp_map_each_group(t, note_group, &alike);
    else
        for (size_t i = 0; i < t->row_count; i++)
            note_key(&alike, rp_map_row(t, i));
    *count = alike.seen.out_of_memory ? 0 : alike.count;
    rp_names_clear(&alike.seen);
    return err;
}

/* Whether there is more of a key than is shown: between its members, or behind a text. A look may
 * round, too, as a time of day. */
static bool may_look_alike(const struct rp_map_table *t) {
    for (size_t i = 0; i < t->key_columns; i++)
        if (t->layout->columns.items[i].type->look)
            return false;
    for (size_t i = 0; i < t->key->members.count; i++)
        if (t->key->members.items[i].type->is_hidden)
            return false; /* it tells them apart, where that is shown */
    return (t->key->kind == RP_STRUCT || t->key->kind == RP_TEXT) && t->key_columns;
}

static struct rp_error *tell_alike(const struct rp_module *module, const char *map,
                                   const struct listener *listener) {
    enum rp_meaning means = rp_module_map_schema(module, map)->means;
    RP_AUTO_MAP_TABLE t = {0};
    uint64_t count = 0;
    if (means != RP_MEANS_TABLE && !rp_means_histogram(means))
        return NULL;
    RP_TRY(rp_map_table_open(module, map, &t));
    if (!may_look_alike(&t))
        return NULL;
    RP_TRY(rp_map_table_read(&t));
    RP_TRY(count_alike(&t, &count));
    RP_AUTO_FREE char *what =
        rp_text("%s of the map %s are like others: their keys differ in what is not shown, between "
                "members or behind a text's end; __builtin_memset(&key, 0, sizeof(key)) before it "
                "is filled makes them one",
                rp_map_is_histogram(&t) ? "histograms" : "rows", map);
    if (what)
        tell(listener, count, what);
    return NULL;
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
    const struct listener listener = {each, ctx};
    for (size_t i = 0; i < rp_module_map_count(module); i++)
        RP_TRY(tell_full(module, rp_module_map_name(module, i), &listener));
    for (size_t i = 0; i < rp_module_map_count(module); i++)
        RP_TRY(tell_alike(module, rp_module_map_name(module, i), &listener));
    tell_refused(module, NULL, &listener);
    tell_missed(module, &listener);
    tell(&listener, rp_module_cut_stacks(module),
         "stacks of processes are cut, as [cut] says there: they are deeper than what is looked "
         "at, or how they go on cannot be read");
    tell(&listener, rp_module_missed_stacks(module),
         "stacks of processes were missed: there were too many new ones at a time");
    tell(&listener, rp_module_unseen(module),
         "processes had ended before anybody saw their files: functions there have no names");
    return NULL;
}
