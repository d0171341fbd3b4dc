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
};

#endif
