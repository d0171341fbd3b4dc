/* SPDX-License-Identifier: Apache-2.0 */
/* The values of tests/truth, one of each kind. matrix.py declares them to reprobe, as they are. */
#ifndef TRUTH_VALUES_H
#define TRUTH_VALUES_H

enum colour { RED = 1, GREEN = 2 };
struct pair {
    int x, y;
};
struct flexible {
    int n;
    int items[];
};
struct text_tail {
    int n;
    char text[];
};
enum huge { HUGE = 1L << 40, NEGATIVE = -1 };
struct mixed {
    int tag;
    union {
        long n;
        char c[8];
    };
};
struct all {
    signed char s8;
    unsigned char u8;
    short s16;
    unsigned short u16;
    int s32;
    unsigned u32;
    long s64;
    unsigned long u64;
    _Bool yes;
    char letter;
    enum colour colour;
    float f;
    double d;
    char text[16];
    char full[4];
    char *str;
    const char *far;
    void *ptr;
    int numbers[4];
    struct pair in;
    struct __attribute__((packed)) {
        char a;
        int b;
    } packed;
    unsigned three : 3;
    int five : 5;
    union {
        int i;
        float f;
    } choice;
    struct {
        long inner;
    };
    struct pair *pairs;
    char *names[2];
    struct all *self;
    struct flexible *flexible;
    unsigned __int128 wide;
    enum huge huge;
    enum small { NOTHING, TINY } __attribute__((packed)) small;
    struct __attribute__((packed)) {
        unsigned char one : 1;
        unsigned short nine : 9;
        int six : 6;
        unsigned long forty : 40;
    } tight;
    _Bool flag : 1;
    signed char minus : 1;
    int table[2][3];
    struct pair **hops;
    struct mixed mixed[2];
    signed char letters[2];
    unsigned char uletters[2];
    struct text_tail *tail;
    char long_text[200];
};

#endif
