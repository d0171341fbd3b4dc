/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Text that matches a pattern, has a text in it, or ends so: all positions of the pattern are tried
 * at once, each a bit of one number, so that there is no branch but for the end of the text.
 *
 *     u64 at_1 = 1;
 *     for (int i_1 = 0; i_1 < 128 && text_1[i_1]; i_1++) {
 *         u64 c_1 = (u8)text_1[i_1];
 *         at_1 = (at_1 & (same(c_1, 47) | same(c_1, 101) << 1)) << 1 | (at_1 & 0x4UL);
 *     }
 */
#include <ctype.h>
#include <inttypes.h>

#include "query/tree/reads.h"

/* Bytes of text that are looked at, the end included. */
#define TEXT_CAPACITY  128
#define BYTES_CAPACITY 64

/* What is looked for: characters, and between which there may be any others. */
struct pattern {
    const char *characters; /* 0: any one */
    size_t count;
    uint64_t stars; /* bit n: before character n; bit `count`: at the end */
    bool no_case;
    char own[RP_MATCH_MAX];
};

static bool is_wild(const struct rp_node *wanted, size_t i, char which) {
    return wanted->wild && wanted->wild[i] == which;
}

static void take_pattern(const struct rp_node *node, struct pattern *p) {
    const struct rp_node *wanted = node->b;
    bool glob = node->op == RP_OP_MATCHES;
    *p = (struct pattern){.no_case = node->a->no_case};
    p->stars = node->op == RP_OP_HAS || node->op == RP_OP_ENDS;
    for (size_t i = 0; i < wanted->byte_count; i++) {
        if (glob && is_wild(wanted, i, '*'))
            p->stars |= 1ULL << p->count;
        else
            p->own[p->count++] = glob && is_wild(wanted, i, '?') ? '\0' : wanted->bytes[i];
    }
    if (node->op == RP_OP_HAS || node->op == RP_OP_STARTS)
        p->stars |= 1ULL << p->count;
    p->characters = p->own;
}

/* C that has bit n set where the character is that of the pattern. */
static const char *hits(struct rp_reads *r, const struct pattern *p, const char *character) {
    const char *text = "";
    for (size_t i = 0; i < p->count; i++) {
        unsigned char c = (unsigned char)p->characters[i];
        bool letter = p->no_case && isalpha(c);
        const char *one = !c ? "1UL"
                             : rp_reads_text(r, letter ? "same(%s | 32, %d)" : "same(%s, %d)",
                                             character, letter ? tolower(c) : c);
        text = rp_reads_text(r, i ? "%s | %s << %zu" : "%s%s", text, one, i);
    }
    return p->count ? text : "0";
}

/* What it does not know of a text that goes on where nobody has looked. */
static const char *unknown(struct rp_reads *r, const struct pattern *p, const char *goes_on,
                           const char *at) {
    bool any_end = p->stars >> p->count & 1; /* what has matched goes on matching */
    if (!goes_on)
        return NULL;
    return any_end ? rp_reads_text(r, "(%s && !(%s >> %zu & 1))", goes_on, at, p->count)
                   : rp_reads_text(r, "(%s)", goes_on);
}

/* What a character makes of the positions. */
static const char *next(struct rp_reads *r, const struct pattern *p, const char *at,
                        const char *character) {
    return rp_reads_text(r, "(%s & (%s)) << 1 | (%s & 0x%" PRIx64 "UL)", at, hits(r, p, character),
                         at, p->stars);
}

/* Up to the text's end. */
static void write_text_loop(struct rp_reads *r, const struct pattern *p, const struct rp_seen *seen,
                            const char *at) {
    const char *i = rp_reads_name(r, "i"), *c = rp_reads_name(r, "c");
    fputs("#pragma nounroll\n", r->out);
    rp_reads_indent(r);
    fprintf(r->out, "for (u32 %s = 0; %s < sizeof(%s) && %s[%s]; %s++) {\n", i, i, seen->name,
            seen->name, i, i);
    r->blocks++;
    rp_reads_indent(r);
    fprintf(r->out, "u64 %s = (u8)%s[%s];\n", c, seen->name, i);
    rp_reads_indent(r);
    fprintf(r->out, "%s = %s;\n", at, next(r, p, at, c));
    r->blocks--;
    rp_reads_indent(r);
    fputs("}\n", r->out);
}

/* Over all of the array, and what is behind the end changes nothing: a loop up to the end would be
 * one of which older verifiers do not see that it stays in the array. */
static void write_bytes_loop(struct rp_reads *r, const struct pattern *p,
                             const struct rp_seen *seen, const char *at) {
    const char *i = rp_reads_name(r, "i"), *c = rp_reads_name(r, "c"),
               *is = rp_reads_name(r, "inside");
    fputs("#pragma nounroll\n", r->out);
    rp_reads_indent(r);
    fprintf(r->out, "for (u32 %s = 0; %s < sizeof(%s); %s++) {\n", i, i, seen->name, i);
    r->blocks++;
    rp_reads_indent(r);
    fprintf(r->out, "u64 %s = (u8)%s[%s], %s = ((u64)%s - %s) >> 63; /* 1 before the end */\n", c,
            seen->name, i, is, i, seen->count);
    rp_reads_indent(r);
    fprintf(r->out, "asm volatile(\"\" : \"+r\"(%s)); /* no branch */\n", is);
    rp_reads_indent(r);
    fprintf(r->out, "%s ^= (%s ^ (%s)) & -%s;\n", at, at, next(r, p, at, c), is);
    r->blocks--;
    rp_reads_indent(r);
    fputs("}\n", r->out);
}

struct rp_code rp_reads_match(struct rp_reads *r, const struct rp_node *node) {
    bool bytes = rp_node_is_bytes(node->a);
    struct pattern p;
    take_pattern(node, &p);
    const char *goes_on = NULL;
    struct rp_seen seen =
        rp_reads_see(r, node->a, bytes ? BYTES_CAPACITY : TEXT_CAPACITY, &goes_on);
    const char *at = rp_reads_name(r, "at");
    r->uses |= RP_USES_SAME;
    rp_reads_indent(r);
    fprintf(r->out, "u64 %s = 1;\n", at);
    (seen.count ? write_bytes_loop : write_text_loop)(r, &p, &seen, at);
    bool differs = node->op == RP_OP_UNEQUAL;
    const char *matches = rp_reads_text(r, "(%s%s >> %zu & 1)", differs ? "~" : "", at, p.count);
    return (struct rp_code){matches, RP_PRECEDENCE_PRIMARY,
                            rp_reads_joined(r, seen.unread, unknown(r, &p, goes_on, at))};
}
