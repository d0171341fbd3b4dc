/* SPDX-License-Identifier: Apache-2.0 */
#include "record/stats.h"

#include <string.h>

#include "record/view.h"
#include "util/array.h"

/* Averages have so many digits behind the point. */
#define DECIMALS 3
#define PARTS    1000

static const struct {
    enum rp_figure figure;
    const char *name;
} figures_by_name[] = {{RP_FIGURE_COUNT, "count"},
                       {RP_FIGURE_SUM, "sum"},
                       {RP_FIGURE_AVG, "avg"},
                       {RP_FIGURE_MIN, "min"},
                       {RP_FIGURE_MAX, "max"}};

static struct rp_type *figure_type(enum rp_figure figure) {
    struct rp_type *type = rp_type_new(RP_WIDE, sizeof(__int128));
    if (type && figure == RP_FIGURE_AVG)
        type->decimals = DECIMALS;
    return type;
}

static bool is_single(unsigned figures) {
    return figures && !(figures & (figures - 1));
}

const char *rp_stats_name(unsigned figures) {
    for (size_t i = 0; i < RP_COUNT(figures_by_name); i++)
        if (figures_by_name[i].figure == figures)
            return figures_by_name[i].name;
    return "value";
}

struct rp_type *rp_stats_shown(unsigned figures) {
    if (is_single(figures))
        return figure_type(figures);
    RP_AUTO_TYPE struct rp_type *type = rp_type_new(RP_STRUCT, 0);
    for (size_t i = 0; type && i < RP_COUNT(figures_by_name); i++) {
        enum rp_figure figure = figures_by_name[i].figure;
        if (!(figures & figure))
            continue;
        if (!rp_type_add_member(type, figures_by_name[i].name, figure_type(figure), type->size * 8,
                                0))
            return NULL;
        type->size += sizeof(__int128);
    }
    return rp_take(type);
}

size_t rp_stats_order(unsigned figures) {
    return !is_single(figures) && figures & RP_FIGURE_COUNT ? sizeof(__int128) : 0;
}

/* ------------------------------------------------------------------ numbers */

struct figures {
    uint64_t count, most, least;
    __int128 sum;
};

/* 0 where it has no such member. */
static uint64_t part(const struct rp_stats_type *stats, const uint8_t *raw,
                     enum rp_stats_part part) {
    uint64_t value = 0;
    if (stats->offset[part] >= 0)
        memcpy(&value, raw + stats->offset[part], sizeof(value));
    return value;
}

static void add_cpu(struct figures *all, const struct rp_stats_type *stats, const uint8_t *raw) {
    uint64_t most = part(stats, raw, RP_STATS_MOST), least = part(stats, raw, RP_STATS_LEAST);
    all->count += part(stats, raw, RP_STATS_COUNT);
    all->most = most > all->most ? most : all->most;
    all->least = least > all->least ? least : all->least;
    all->sum += (int64_t)part(stats, raw, RP_STATS_LOW) +
                (int64_t)part(stats, raw, RP_STATS_MIDDLE) * ((__int128)1 << 22) +
                (int64_t)part(stats, raw, RP_STATS_HIGH) * ((__int128)1 << 43);
}

/* To the nearest; of halves, away from 0. */
static __int128 average(__int128 sum, uint64_t count) {
    bool negative = sum < 0;
    __int128 twice = 2 * PARTS * (negative ? -sum : sum) + count,
             rounded = twice / (2 * (__int128)count);
    return negative ? -rounded : rounded;
}

/* With the highest bit changed order is as of numbers without a sign. */
static __int128 number_of(uint64_t key, bool is_unsigned) {
    return is_unsigned ? (__int128)key : (__int128)(int64_t)(key ^ 1ULL << 63);
}

static __int128 value_of(enum rp_figure figure, const struct figures *all, bool is_unsigned) {
    if (figure == RP_FIGURE_COUNT)
        return all->count;
    if (figure == RP_FIGURE_SUM)
        return all->sum;
    if (!all->count)
        return RP_WIDE_NONE;
    if (figure == RP_FIGURE_AVG)
        return average(all->sum, all->count);
    return number_of(figure == RP_FIGURE_MIN ? ~all->least : all->most, is_unsigned);
}

void rp_stats_store(const struct rp_stats_type *stats, const uint8_t *raw, size_t cpus,
                    size_t stride, uint8_t *out) {
    struct figures all = {0};
    for (size_t cpu = 0; cpu < cpus; cpu++)
        add_cpu(&all, stats, raw + cpu * stride);
    for (size_t i = 0; i < RP_COUNT(figures_by_name); i++) {
        enum rp_figure figure = figures_by_name[i].figure;
        if (!(stats->figures & figure))
            continue;
        __int128 value = value_of(figure, &all, stats->is_unsigned);
        memcpy(out, &value, sizeof(value));
        out += sizeof(value);
    }
}
