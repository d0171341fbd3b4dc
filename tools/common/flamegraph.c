/* SPDX-License-Identifier: Apache-2.0 */
/* Stacks as a flame graph: the width is how often; a frame was called from the frame below it. */
#include "flamegraph.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "util/cleanup.h"
#include "util/error.h"
#include "util/vec.h"

/* In pixels. */
#define WIDTH     1200
#define ROW       17
#define MARGIN    40
#define CHARACTER 7 /* of the font below, about */
#define NARROWEST 0.2

struct frame {
    char *name;
    uint64_t count;
    RP_VEC(struct frame *) callees;
};

struct rp_flamegraph {
    struct frame root;
};

struct rp_error *rp_flamegraph_new(struct rp_flamegraph **out) {
    *out = calloc(1, sizeof(**out));
    return *out ? NULL : rp_error_nomem();
}

static void clear(struct frame *frame) {
    for (size_t i = 0; i < frame->callees.count; i++) {
        clear(frame->callees.items[i]);
        free(frame->callees.items[i]);
    }
    rp_vec_clear(&frame->callees);
    free(frame->name);
}

void rp_flamegraph_free(struct rp_flamegraph *graph) {
    if (graph)
        clear(&graph->root);
    free(graph);
}

/* ------------------------------------------------------------------ filling it */

static struct frame *callee(struct frame *frame, const char *name, size_t length) {
    for (size_t i = 0; i < frame->callees.count; i++)
        if (!strncmp(frame->callees.items[i]->name, name, length) &&
            !frame->callees.items[i]->name[length])
            return frame->callees.items[i];
    if (!rp_vec_reserve(&frame->callees, 1))
        return NULL;
    RP_AUTO_FREE struct frame *new = calloc(1, sizeof(*new));
    if (!new || !(new->name = strndup(name, length)))
        return NULL;
    frame->callees.items[frame->callees.count++] = new;
    return rp_take(new);
}

struct rp_error *rp_flamegraph_add(struct rp_flamegraph *graph, const char *folded,
                                   uint64_t count) {
    struct frame *frame = &graph->root;
    frame->count += count;
    while (*folded) {
        size_t length = strcspn(folded, ";");
        frame = callee(frame, folded, length);
        if (!frame)
            return rp_error_nomem();
        frame->count += count;
        folded += length + (folded[length] == ';');
    }
    return NULL;
}

/* ------------------------------------------------------------------ drawing it */

static size_t height_of(const struct frame *frame) {
    size_t most = 0;
    for (size_t i = 0; i < frame->callees.count; i++) {
        size_t height = height_of(frame->callees.items[i]);
        most = height > most ? height : most;
    }
    return most + 1;
}

static int compare_names(const void *a, const void *b) {
    const struct frame *const *left = a, *const *right = b;
    return strcmp((*left)->name, (*right)->name);
}

/* Text may hold anything: control characters are no XML. */
static void write_text(const char *text, size_t max, FILE *out) {
    for (size_t i = 0; i < max && text[i]; i++) {
        unsigned char c = (unsigned char)text[i];
        if (c == '&' || c == '<' || c == '>' || c == '"')
            fprintf(out, "&#%d;", c);
        else
            fputc(c < 0x20 || c >= 0x7f ? '?' : c, out);
    }
}

/* Warm colours, told apart by name; the kernel's frames are blue. */
static void write_colour(const char *name, FILE *out) {
    uint32_t hash = 2166136261u;
    size_t length = strlen(name);
    for (size_t i = 0; i < length; i++)
        hash = (hash ^ (uint8_t)name[i]) * 16777619u;
    bool kernel = length > 4 && !strcmp(name + length - 4, "_[k]");
    fprintf(out, kernel ? "hsl(%u,60%%,72%%)" : "hsl(%u,85%%,65%%)",
            (kernel ? 195 : 10) + hash % 45);
}

struct drawing {
    FILE *out;
    double scale; /* pixels a sample */
    uint64_t all;
    size_t height; /* in pixels */
};

static void draw(const struct drawing *d, struct frame *frame, uint64_t x, size_t depth) {
    double width = (double)frame->count * d->scale;
    if (width < NARROWEST)
        return;
    size_t y = d->height - MARGIN - (depth + 1) * ROW;
    fprintf(d->out, "<g x=\"%" PRIu64 "\" n=\"%" PRIu64 "\" d=\"%zu\"><title>", x, frame->count,
            depth);
    write_text(frame->name, SIZE_MAX, d->out);
    fprintf(d->out,
            " (%" PRIu64
            ", %.2f%%)</title><rect x=\"%.1f\" y=\"%zu\" width=\"%.1f\" height=\"%d\" fill=\"",
            frame->count, 100.0 * (double)frame->count / (double)d->all, (double)x * d->scale, y,
            width, ROW - 1);
    write_colour(frame->name, d->out);
    fprintf(d->out, "\"/><text x=\"%.1f\" y=\"%zu\">", (double)x * d->scale + 3, y + ROW - 5);
    if (width > 3 * CHARACTER)
        write_text(frame->name, (size_t)(width / CHARACTER), d->out);
    fputs("</text></g>\n", d->out);
    if (frame->callees.count)
        qsort(frame->callees.items, frame->callees.count, sizeof(struct frame *), compare_names);
    for (size_t i = 0; i < frame->callees.count; i++) {
        draw(d, frame->callees.items[i], x, depth + 1);
        x += frame->callees.items[i]->count;
    }
}

/* A click makes a frame as wide as the picture, a click on the lowest one all of it again; a click
 * on the word Search asks for a name and marks its frames. */
static const char script[] =
    "<script><![CDATA[\n"
    "const frames = [...document.querySelectorAll('g')], W = %d, C = %d;\n"
    "const of = (g, name) => +g.getAttribute(name);\n"
    "const name = g => g.querySelector('title').textContent;\n"
    "function zoom(to) {\n"
    "  const x0 = of(to, 'x'), n0 = of(to, 'n'), d0 = of(to, 'd');\n"
    "  for (const g of frames) {\n"
    "    const x = of(g, 'x'), n = of(g, 'n'), below = of(g, 'd') < d0;\n"
    "    const seen = below ? x <= x0 && x + n >= x0 + n0 : x >= x0 && x + n <= x0 + n0;\n"
    "    g.style.display = seen ? '' : 'none';\n"
    "    if (!seen) continue;\n"
    "    const left = below ? 0 : (x - x0) / n0 * W, width = below ? W : n / n0 * W;\n"
    "    const rect = g.querySelector('rect'), text = g.querySelector('text');\n"
    "    rect.setAttribute('x', left); rect.setAttribute('width', width);\n"
    "    text.setAttribute('x', left + 3);\n"
    "    text.textContent = width > 3 * C\n"
    "      ? name(g).replace(/ \\([^(]*\\)$/, '').slice(0, width / C) : '';\n"
    "  }\n"
    "}\n"
    "for (const g of frames) g.onclick = () => zoom(g);\n"
    "document.getElementById('search').onclick = () => {\n"
    "  const wanted = prompt('Part of a name:') || null;\n"
    "  for (const g of frames)\n"
    "    g.querySelector('rect').style.stroke = wanted && name(g).includes(wanted) ? '#000' : '';\n"
    "};\n"
    "]]></script>\n";

void rp_flamegraph_write(struct rp_flamegraph *graph, const char *title, FILE *out) {
    struct frame *root = &graph->root;
    struct drawing d = {.out = out,
                        .all = root->count ? root->count : 1,
                        .height = height_of(root) * ROW + 2 * MARGIN};
    d.scale = (double)WIDTH / (double)d.all;
    fprintf(out,
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%zu\" viewBox=\"0 0 "
            "%d %zu\">\n"
            "<style>text { font: 12px monospace; pointer-events: none } g, #search { cursor: "
            "pointer; pointer-events: all }</style>\n"
            "<rect width=\"100%%\" height=\"100%%\" fill=\"#fff\"/>\n<text x=\"8\" y=\"20\">",
            WIDTH, d.height, WIDTH, d.height);
    write_text(title, SIZE_MAX, out);
    fprintf(out, "</text>\n<text id=\"search\" x=\"%d\" y=\"20\">Search</text>\n", WIDTH - 60);
    free(root->name);
    root->name = strdup("all");
    if (root->name)
        draw(&d, root, 0, 0);
    fprintf(out, script, WIDTH, CHARACTER);
    fputs("</svg>\n", out);
}
