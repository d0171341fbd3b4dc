/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "compile/subscripts.h"
#include "suites.h"
#include "util/array.h"

/* NULL: the text stays. */
static const struct {
    const char *text, *spelled;
} texts[] = {
    {"x = t->comm[1];", "x = (*(t->comm + (1)));"},
    {"t->fdt->fd[n + 1]->f_flags", "(*(t->fdt->fd + (n + 1)))->f_flags"},
    {"t->rlim[7].cur", "(*(t->rlim + (7))).cur"},
    {"t->m[1][2]", "(*((*(t->m + (1))) + (2)))"},
    {"a[t->b[1]]", "a[(*(t->b + (1)))]"},
    {"t->a[t->b[c[1]]]", "(*(t->a + ((*(t->b + (c[1]))))))"},
    {"f(t)->a[1]", "(*(f(t)->a + (1)))"},
    {"f(t->a[1], 2)", "f((*(t->a + (1))), 2)"},
    {"((struct x *)p)->a[1]", "(*(((struct x *)p)->a + (1)))"},
    {"(u8)p->a[1]", "(u8)(*(p->a + (1)))"},
    {"(*p).a[1]", "(*((*p).a + (1)))"},
    {"(p->a)[1]", "(*((p->a) + (1)))"},
    {"return p->a[1];", "return (*(p->a + (1)));"},
    {"return (p)->a[1];", "return (*((p)->a + (1)));"},
    {"sizeof(p->a[1])", "sizeof((*(p->a + (1))))"},
    {"x & p->a[1]", "x & (*(p->a + (1)))"},
    {"x && p->a[1]", "x && (*(p->a + (1)))"},
    {"p->a[1]++ - q ->b[0]", "(*(p->a + (1)))++ - (*(q ->b + (0)))"},
    {"p->a\n[1] = 2; // t->x[1]\n", "(*(p->a\n + (1))) = 2; // t->x[1]\n"},
    {"if (p->a[1] && (q->b[2]))", "if ((*(p->a + (1))) && ((*(q->b + (2)))))"},
    {"a[1]->b.c[2]", "(*(a[1]->b.c + (2)))"},
    {"1[t->comm]", "(*(1 + (t->comm)))"},
    {"x[1] = {[1] = 2}; y = 2[a]", "x[1] = {[1] = 2}; y = (*(2 + (a)))"},
    /* libbcc reads nothing of what macros are given. */
    {"#define ID(x) x\nID(t->a[1]) + t->b[1]", "#define ID(x) x\nID(t->a[1]) + (*(t->b + (1)))"},
    {"#define ID (x)\nID(t->a[1])", "#define ID (x)\nID((*(t->a + (1))))"},
    {"if (unlikely(t->a[1] == f(t->b[2])))", NULL},
    {"container_of(t->a[1], struct x, y)->b[2]",
     "(*(container_of(t->a[1], struct x, y)->b + (2)))"},
    /* An address is not read; neither is what has no arrow. */
    {"&p->a[1]", NULL},
    {"f(x, &p->a[1].b)", NULL},
    {"x && &p->a[1]", NULL},
    {"&((p)->a[0])", NULL},
    {"(struct x *)&((p)->a[0])", NULL},
    {"(u64)&p->a[0] + (size_t)&p->a[1]", NULL},
    {"f(&(p->a[0]), 1)", NULL},
    {"&(p->a[q->b[1]])", "&(p->a[(*(q->b + (1)))])"},
    {"g(p->a[0]) & (p->a[1])", "g((*(p->a + (0)))) & ((*(p->a + (1))))"},
    {"struct e e; e.a[1] = b[2]; int c[3] = {[1] = 2};", NULL},
    {"a[i] - b > c[1]", NULL},
    {"#define A(p) p->a[1]\n", NULL},
    {"\"p->a[1]\" '['", NULL},
    {"/* p->a[1] */", NULL},
    /* libbcc must see where these come from. */
    {"RAW_TRACEPOINT_PROBE(x) { struct a *p = (struct a *)ctx->args[1]; return p->b[2]; }",
     "RAW_TRACEPOINT_PROBE(x) { struct a *p = (struct a *)ctx->args[1]; return (*(p->b + (2))); }"},
    {"int f(struct bpf_raw_tracepoint_args *c) { return ((struct a *)c->args[0])->b[2]; }",
     "int f(struct bpf_raw_tracepoint_args *c) { return (*(((struct a *)c->args[0])->b + (2))); }"},
    {"RAW_TRACEPOINT_PROBE(x) {} RAW_TRACEPOINT_PROBE(y) {} "
     "int f(struct bpf_raw_tracepoint_args *c) { return c->args[0]; }",
     NULL},
    /* Of texts that are cut short nothing is lost. */
    {"p->a[1", NULL},
    {"p->a[1] + p->b[(2", "(*(p->a + (1))) + p->b[(2"},
};

START_TEST(subscripts_behind_arrows) {
    char *spelled = rp_spell_subscripts(texts[_i].text);
    ck_assert_str_eq(spelled, texts[_i].spelled ? texts[_i].spelled : texts[_i].text);
    free(spelled);
}
END_TEST

Suite *subscripts_suite(void) {
    Suite *suite = suite_create("subscripts");
    TCase *tc = tcase_create("subscripts");
    tcase_add_loop_test(tc, subscripts_behind_arrows, 0, RP_COUNT(texts));
    suite_add_tcase(suite, tc);
    return suite;
}
