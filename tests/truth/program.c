/* SPDX-License-Identifier: Apache-2.0 */
/* Functions that are called with known values, in registers and on the stack, so many times as the
 * argument says: programs.py knows them, and asks for them by the names and types that debug
 * information has. */
#include <stdlib.h>

#define KEPT __attribute__((noinline))
/* The compiler can leave out neither the call nor the parameters. */
#define USE(x)  __extension__({ __asm__ volatile("" : : "r"(&(x)) : "memory"); })
#define TAKE(x) __extension__({ __asm__ volatile("" : : "g"(x) : "memory"); })

/* Names that the kernel and BPF programs have other meanings for. */
typedef unsigned int u64;
struct file {
    int fd;
};
enum mode { FAST, SLOW = 7, BAD = -2 };
enum large { HUGE = 1L << 40 };
struct item {
    int key;
    char name[8];
    long value;
};
struct conf {
    char *name;
    int n;
    enum mode mode;
    unsigned flag : 3;
    int low : 5;
    struct item items[4];
    struct conf *next;
    double rate;
    unsigned char raw[4];
    union {
        int inner;
        char bytes[4];
    };
    enum large large;
    _Bool yes;
    int (*call)(struct conf *);
};
typedef struct conf conf_t;
struct pair {
    int x, y;
    char *label;
};
struct small {
    short a;
    signed char b;
    unsigned char c;
};
struct big {
    long a, b, c;
    char text[8];
};
struct __attribute__((packed)) tight {
    char c;
    int n;
    short s;
};
struct mixed {
    double d;
    long l;
};
struct bits {
    unsigned a : 3;
    int b : 7;
    unsigned long c : 40;
};
struct hidden; /* which nothing here tells of */

KEPT int pointers(conf_t *c, int count, char **list, enum mode mode, const struct file *file,
                  struct hidden *hidden) {
    USE(c), USE(count), USE(list), USE(mode), USE(file), USE(hidden);
    return c->n + count;
}

KEPT long numbers(signed char a, unsigned char b, short c, unsigned short d, int e, u64 f, long g,
                  unsigned long h, _Bool yes, char letter, enum mode mode) {
    TAKE(a), TAKE(b), TAKE(c), TAKE(d), USE(e), TAKE(f), TAKE(g), TAKE(h), TAKE(yes), USE(letter),
        TAKE(mode);
    return a + e;
}

KEPT long structs(struct pair p, struct big b, struct tight t, struct small s, struct bits i) {
    USE(p), USE(b), USE(t), USE(s), USE(i);
    return p.x;
}

KEPT long on_stack(long a, long b, long c, long d, long e, long f, int g, const char *h,
                   struct pair p, short last) {
    TAKE(a), TAKE(b), USE(c), TAKE(d), TAKE(e), TAKE(f), TAKE(g), TAKE(h), USE(p), TAKE(last);
    return g;
}

/* The pair needs two registers, and one is left: it is on the stack, and what follows is not. */
KEPT long leaves_one(long a, long b, long c, long d, long e, struct pair p, int f) {
    USE(a), USE(b), USE(c), USE(d), USE(e), USE(p), USE(f);
    return f;
}

KEPT double floating(double d, int i, float f, struct mixed m, int j, long double l, int k) {
    USE(d), USE(i), USE(f), USE(m), USE(j), USE(l), USE(k);
    return i;
}

KEPT __int128 wide(int i, __int128 w, int j) {
    USE(i), USE(w), USE(j);
    return w + 1;
}

KEPT struct pair gives_pair(int x) {
    USE(x);
    struct pair p = {x, -x, (char *)"given"};
    return p;
}

/* The caller says where the result goes, in the first register. */
KEPT struct big gives_big(long a, short b) {
    USE(a), USE(b);
    struct big big = {a, a + 1, b, "bigger"};
    return big;
}

KEPT enum mode gives_enum(int i) {
    USE(i);
    return i ? BAD : SLOW;
}

KEPT short gives_short(int i) {
    USE(i);
    return (short)(i - 5);
}

KEPT _Bool gives_bool(int i) {
    USE(i);
    return i > 2;
}

KEPT const char *gives_text(int i) {
    USE(i);
    return i ? "a text" : "";
}

KEPT conf_t *gives_conf(conf_t *c) {
    USE(c);
    return c->next;
}

KEPT void gives_nothing(int i) {
    USE(i);
}

/* Of which compilers make copies without some of the parameters. */
KEPT static int changed(int unused, int always, int i, struct pair *p) {
    (void)unused;
    USE(i);
    return i + always + p->x;
}

/* The first is not used, and nothing says where it is. */
KEPT int unused(int a, int b) { // NOLINT(misc-unused-parameters)
    USE(b);
    return b;
}

KEPT int stays(int n) {
    USE(n);
    int more = n * 2;
    USE(more);
    return more;
}

/* Lines that are asked about have a name behind them. In the block `count` is another one. */
KEPT int has_block(conf_t *c, int count) {
    int sum = 5;
    for (int i = 0; i < count; i++) {
        int count = c->n;
        USE(count);
        sum += count; /* line in_block */
        USE(sum);
    }
    sum++; /* line behind_block */
    USE(sum);
    return sum;
}

/* Which is in its caller, whose names are the same. */
static inline __attribute__((always_inline)) long is_inlined(long value, struct pair *p) {
    long own = value + p->x;
    USE(own);
    own += p->y; /* line inlined */
    USE(own);
    return own;
}

KEPT long has_inlined(struct pair *p, long value) {
    long own = is_inlined(value * 2, p);
    USE(p);
    own += value; /* line behind_inlined */
    USE(own);
    return own;
}

static char first_name[] = "first", second_name[] = "second", label[] = "a label",
            eight[] = "eight";
static struct conf second = {.name = second_name, .n = 2};
static struct conf first = {
    .name = first_name,
    .n = 41,
    .mode = SLOW,
    .flag = 5,
    .low = -3,
    .items = {{1, "one", 10}, {2, "two", 20}, {3, "three", 30}, {4, "four", -40}},
    .next = &second,
    .rate = 1.5,
    .raw = {1, 2, 3, 250},
    .inner = 4711,
    .large = HUGE,
    .yes = 1};

int main(int argc, char **argv) {
    int times = argc > 1 ? atoi(argv[1]) : 1;
    char one[] = "one", two[] = "two", *list[] = {one, two};
    struct pair p = {3, -4, label};
    const struct file file = {99};
    first.items[0].key = first_name[0] == 'f' && second_name[0] == 's' && label[0] == 'a' &&
                         eight[0] == 'e'; /* they are in memory now */
    for (int i = 0; i < times; i++) {
        pointers(&first, 2, list, BAD, &file, NULL);
        numbers(-5, 250, -300, 65000, -70000, 4000000000U, -5000000000, 18446744073709551615UL, 1,
                'x', SLOW);
        structs(p, (struct big){100, 200, 300, "bigtext"}, (struct tight){'c', -77, 9},
                (struct small){-300, -5, 250}, (struct bits){5, -3, 0x123456789a});
        on_stack(1, 2, 3, 4, 5, 6, -7, eight, p, -300);
        leaves_one(1, 2, 3, 4, 5, p, 6);
        floating(1.5, 7, 2.5F, (struct mixed){3.5, 9}, 8, 4.5L, 10);
        wide(1, ((__int128)1 << 100) + 5, 2);
        gives_pair(3);
        gives_big(100, -300);
        gives_enum(3);
        gives_short(3);
        gives_bool(3);
        gives_text(3);
        gives_conf(&first);
        gives_nothing(3);
        changed(1, 2, 3, &p);
        unused(1, 2);
        stays(21);
        has_block(&first, 1);
        has_inlined(&p, 21);
    }
    return 0;
}
