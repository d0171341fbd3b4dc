/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <time.h>

#include "bench.h"

uint64_t now_ns(void) {
    struct timespec ts;
    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

double seconds_now(void) {
    return (double)now_ns() / 1e9;
}

static int compare(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

double median(double *values, size_t count) {
    qsort(values, count, sizeof(*values), compare);
    return count % 2 ? values[count / 2] : (values[count / 2 - 1] + values[count / 2]) / 2;
}

double median_of(const struct result *results, size_t count,
                 double (*field)(const struct result *)) {
    double values[MAX_ROUNDS] = {0};
    for (size_t i = 0; i < count; i++)
        values[i] = field(&results[i]);
    return median(values, count);
}

static double ratio(double part, double whole) {
    return whole > 0 ? part / whole : 0;
}

double produced_rate(const struct result *r) {
    return ratio((double)r->produced, r->seconds);
}
double delivered_rate(const struct result *r) {
    return ratio((double)r->delivered, r->seconds);
}
double lost_share(const struct result *r) {
    return ratio((double)r->failed, (double)r->produced);
}
double producer_ms(const struct result *r) {
    return ratio(r->producer_s * 1e9, (double)r->produced);
}
double reader_ms(const struct result *r) {
    return ratio(r->reader_s * 1e9, (double)r->delivered);
}
double wakeup_rate(const struct result *r) {
    return ratio((double)r->wakeups, r->seconds);
}

void print_bar(double value, double max, int width) {
    int columns = max > 0 ? (int)(value / max * width + 0.5) : 0;
    for (int i = 0; i < columns; i++)
        putchar('#');
}

const char *short_number(double value, char text[16]) {
    if (value >= 1e6)
        snprintf(text, 16, "%.2fM", value / 1e6);
    else if (value >= 1e4)
        snprintf(text, 16, "%.1fk", value / 1e3);
    else
        snprintf(text, 16, "%.0f", value);
    return text;
}

void json_begin(struct rp_writer *json, const char *experiment, const struct transport *transport) {
    rp_json_begin(json, stdout);
    rp_json_string(json, "experiment", experiment);
    if (transport)
        rp_json_string(json, "transport", transport->name);
}
