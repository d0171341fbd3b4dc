/* SPDX-License-Identifier: Apache-2.0 */
#include <bpf/btf.h>
#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../strict_json.h"
#include "kernel/btf.h"
#include "record/histogram.h"
#include "record/stats.h"
#include "record/value_parse.h"
#include "record/view.h"
#include "util/writer.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* ------------------------------------------------------------------ records of several types */

static struct rp_layout *sized(uint64_t size, bool padded) {
    struct rp_layout *layout;
    ck_assert_ptr_null(rp_layout_new(size ? rp_type_new(RP_BYTES, size) : NULL, "value", &layout));
    layout->padded = padded;
    return layout;
}

START_TEST(told_apart_by_size) {
    for (int padded = 0; padded < 2; padded++) {
        struct rp_layout *small = sized(4, padded), *large = sized(20, padded),
                         *twin = sized(20, padded), *unknown = sized(0, padded);
        small->next = large;
        large->next = unknown;
        ck_assert_ptr_eq(rp_layout_of_record(small, 4), small);
        ck_assert_ptr_eq(rp_layout_of_record(small, 20), large);
        ck_assert_ptr_eq(rp_layout_of_record(small, 8), unknown);
        /* Perf buffers: 4 and the bytes are a multiple of 8. */
        ck_assert_ptr_eq(rp_layout_of_record(small, 24), unknown);
        large->next = twin;
        twin->next = unknown;
        ck_assert_ptr_eq(rp_layout_of_record(small, 4), small);
        ck_assert_ptr_eq(rp_layout_of_record(small, 20), unknown);
        rp_layout_free(small);
    }
    struct rp_layout *odd = sized(17, true), *other = sized(4, true);
    odd->next = other;
    other->next = sized(0, true);
    ck_assert_ptr_eq(rp_layout_of_record(odd, 20), odd);
    rp_layout_free(odd);
    struct rp_layout *only = sized(16, false), *longer = sized(0, false);
    ck_assert_ptr_eq(rp_layout_of_record(only, 3), only);
    only->is_alone = true;
    only->next = longer;
    ck_assert_ptr_eq(rp_layout_of_record(only, 3), only);
    ck_assert_ptr_eq(rp_layout_of_record(only, 16), only);
    ck_assert_ptr_eq(rp_layout_of_record(only, 17), longer);
    ((struct rp_type *)only->type)->to_the_end = true;
    ck_assert_ptr_eq(rp_layout_of_record(only, 17), only);
    only->is_alone = false;
    ck_assert_ptr_eq(rp_layout_of_record(only, 17), only);
    ck_assert_ptr_eq(rp_layout_of_record(only, 15), longer);
    rp_layout_free(only);
}
END_TEST

Suite *record_suite(void);

/* ---- what was printed, as text */

enum form { HEADER, ROW, JSON };

static void print_json(const struct rp_layout *layout, const void *data, size_t size, FILE *out) {
    struct rp_writer json;
    rp_writer_begin(&json, out);
    rp_json_record(&json, NULL, layout, data, size);
    rp_writer_flush(&json);
}

static char *printed(const struct rp_layout *layout, enum form form, const void *data,
                     size_t size) {
    char *text = NULL;
    size_t length;
    FILE *out = open_memstream(&text, &length);
    ck_assert_ptr_nonnull(out);
    if (form == HEADER)
        rp_layout_print_header(layout, out);
    else if (form == ROW)
        rp_layout_print_row(layout, data, size, out);
    else
        print_json(layout, data, size, out);
    fclose(out);
    ck_assert_uint_eq(strlen(text), length);
    return text;
}

static void check_printed(const struct rp_layout *layout, enum form form, const void *data,
                          size_t size, const char *expected) {
    RP_AUTO_FREE char *text = printed(layout, form, data, size);
    ck_assert_str_eq(text, expected);
}

static json_object *parsed(const char *text) {
    json_object *object = strict_json(text, strlen(text));
    ck_assert_msg(object != NULL, "not JSON: %s", text);
    return object;
}

static void check_is_json(const struct rp_layout *layout, const void *data, size_t size) {
    RP_AUTO_FREE char *text = printed(layout, JSON, data, size);
    json_object_put(parsed(text));
}

static struct rp_layout *of_fields(const char *const *fields, size_t count) {
    struct rp_layout *layout = NULL;
    struct rp_error *err = rp_layout_from_fields(fields, count, NULL, &layout);
    ck_assert_ptr_null(err);
    return layout;
}

static struct rp_layout *of_btf(const struct btf *btf, int id) {
    struct rp_layout *layout = NULL;
    ck_assert_int_gt(id, 0);
    ck_assert_ptr_null(rp_layout_from_btf(btf, (uint32_t)id, &layout));
    return layout;
}

/* ---- field strings */

START_TEST(test_every_integer) {
    static const char *const fields[] = {"a#u8",
                                         "b#s8",
                                         "c#u16",
                                         "d#short",
                                         "e#int",
                                         "f#u32",
                                         "g#u64",
                                         "h#long long",
                                         "i#_Bool",
                                         "j#void *",
                                         "k#const volatile unsigned char"};
    struct {
        uint8_t a;
        int8_t b;
        uint16_t c;
        int16_t d;
        int32_t e;
        uint32_t f;
        uint64_t g;
        int64_t h;
        bool i;
        void *j;
        uint8_t k;
    } record = {255,        -128,       65535,     -32768, INT32_MIN,
                UINT32_MAX, UINT64_MAX, INT64_MIN, true,   (void *)0xffffffff81000000,
                7};
    struct rp_layout *layout = of_fields(fields, COUNT(fields));
    ck_assert_uint_eq(layout->type->size, sizeof(record));
    check_printed(layout, HEADER, NULL, 0,
                  "A   B    C     D      E       F       G            H            I     "
                  "J                  K\n");
    check_printed(layout, ROW, &record, sizeof(record),
                  "255 -128 65535 -32768 -2147483648 4294967295 18446744073709551615 "
                  "-9223372036854775808 true  0xffffffff81000000 7\n");
    check_printed(layout, JSON, &record, sizeof(record),
                  "{\"a\":255,\"b\":-128,\"c\":65535,\"d\":-32768,\"e\":-2147483648,"
                  "\"f\":4294967295,\"g\":18446744073709551615,\"h\":-9223372036854775808,"
                  "\"i\":true,\"j\":\"0xffffffff81000000\",\"k\":7}");
    check_is_json(layout, &record, sizeof(record));
    rp_layout_free(layout);
}
END_TEST

START_TEST(test_arrays) {
    static const char *const fields[] = {"mac#u8[6]",       "m#u16 [2][3]", "comm#char [8]",
                                         "argv#char[2][4]", "p#char *[2]",  "f#int (*[1])(int)"};
    struct {
        uint8_t mac[6];
        uint16_t m[2][3];
        char comm[8], argv[2][4];
        void *p[2], *f[1];
    } record = {{1, 2, 3, 4, 5, 6}, {{1, 2, 3}, {4, 5, 6}}, "bash",
                {"ls", "-la"},      {(void *)1, NULL},      {(void *)255}};
    struct rp_layout *layout = of_fields(fields, COUNT(fields));
    check_printed(layout, HEADER, NULL, 0,
                  "MAC                      M                        COMM    ARGV      P          "
                  "              F\n");
    check_printed(layout, ROW, &record, sizeof(record),
                  "[1,2,3,4,5,6]            [[1,2,3],[4,5,6]]        bash    [ls,-la]  [0x1,0x0]  "
                  "              [0xff]\n");
    check_printed(layout, JSON, &record, sizeof(record),
                  "{\"mac\":[1,2,3,4,5,6],\"m\":[[1,2,3],[4,5,6]],\"comm\":\"bash\","
                  "\"argv\":[\"ls\",\"-la\"],\"p\":[\"0x1\",\"0x0\"],\"f\":[\"0xff\"]}");
    rp_layout_free(layout);
}
END_TEST

START_TEST(test_last_column_is_ragged) {
    static const char *const fields[] = {"pid#u32", "comm#char[16]"};
    struct {
        uint32_t pid;
        char comm[16];
    } record = {1, "init"};
    struct rp_layout *layout = of_fields(fields, COUNT(fields));
    check_printed(layout, HEADER, NULL, 0, "PID     COMM\n");
    check_printed(layout, ROW, &record, sizeof(record), "1       init\n");
    rp_layout_free(layout);
}
END_TEST

START_TEST(test_unknown_field) {
    static const char *const last[] = {"a#u32", "b#struct nobody_knows_this"};
    static const char *const middle[] = {"a#struct nobody_knows_this", "b#u32"};
    static const uint8_t record[] = {1, 0, 0, 0, 0xab, 0xcd};
    struct rp_layout *layout = of_fields(last, 2);
    check_printed(layout, ROW, record, sizeof(record), "1       abcd\n");
    check_printed(layout, JSON, record, sizeof(record), "{\"a\":1,\"b\":\"abcd\"}");
    rp_layout_free(layout);
    layout = of_fields(middle, 2);
    check_printed(layout, HEADER, NULL, 0, "DATA\n");
    check_printed(layout, ROW, record, sizeof(record), "01000000abcd\n");
    check_printed(layout, JSON, record, sizeof(record), "{\"data\":\"01000000abcd\"}");
    check_printed(layout, ROW, record, 0, "-\n");
    rp_layout_free(layout);
}
END_TEST

START_TEST(test_anonymous_fields) {
    static const char *const fields[] = {"state#enum (unnamed enum at /virtual/main.c:4:197)",
                                         "p#struct (unnamed struct at /virtual/main.c:1:1) *",
                                         "#union data_t::(anonymous at /virtual/main.c:4:87)"};
    uint64_t record[] = {2, 16, 1};
    struct rp_layout *layout = of_fields(fields, COUNT(fields));
    check_printed(layout, ROW, record, sizeof(record), "2       0x10\n");
    check_printed(layout, JSON, record, sizeof(record), "{\"state\":2,\"p\":\"0x10\"}");
    rp_layout_free(layout);
}
END_TEST

START_TEST(test_kernel_types) {
    static const char *const fields[] = {"dev#dev_t", "type#enum bpf_map_type",
                                         "time#struct timespec64"};
    struct {
        uint32_t dev, type;
        int64_t sec, nsec;
    } record = {8, 1, 7, 9};
    if (!rp_kernel_btf_or_null())
        return; /* no BTF here: nothing to look them up in */
    struct rp_layout *layout = of_fields(fields, COUNT(fields));
    check_printed(layout, HEADER, NULL, 0, "DEV     TYPE             TIME.TV_SEC  TIME.TV_NSEC\n");
    check_printed(layout, ROW, &record, sizeof(record),
                  "8       BPF_MAP_TYPE_HASH 7            9\n");
    check_printed(layout, JSON, &record, sizeof(record),
                  "{\"dev\":8,\"type\":\"BPF_MAP_TYPE_HASH\","
                  "\"time\":{\"tv_sec\":7,\"tv_nsec\":9}}");
    rp_layout_free(layout);
}
END_TEST

START_TEST(test_no_fields) {
    uint64_t number = UINT64_MAX;
    uint8_t bytes[16] = {1, 2, 3};
    struct rp_layout *layout = NULL;
    ck_assert_ptr_null(rp_layout_new(NULL, "value", &layout));
    layout->maybe_number = true;
    check_printed(layout, HEADER, NULL, 0, "VALUE\n");
    check_printed(layout, ROW, &number, 8, "18446744073709551615\n");
    check_printed(layout, ROW, &number, 4, "4294967295\n");
    check_printed(layout, ROW, &number, 2, "65535\n");
    check_printed(layout, ROW, &number, 1, "255\n");
    check_printed(layout, JSON, &number, 8, "{\"value\":18446744073709551615}");
    check_printed(layout, ROW, bytes, 12, "010203000000000000000000\n");
    layout->padded = true;
    check_printed(layout, ROW, bytes, 12, "010203000000000000000000\n");
    check_printed(layout, ROW, bytes, 3, "010203\n");
    check_printed(layout, JSON, bytes, 0, "{\"value\":\"\"}");
    rp_layout_free(layout);
}
END_TEST

/* ---- BTF */

struct ids {
    struct btf *btf;
    int u8, u16, u32, s32, u64, chr, boolean;
};

static struct ids new_btf(void) {
    struct ids t = {.btf = btf__new_empty()};
    ck_assert_ptr_nonnull(t.btf);
    t.u8 = btf__add_int(t.btf, "unsigned char", 1, 0);
    t.u16 = btf__add_int(t.btf, "unsigned short", 2, 0);
    t.u32 = btf__add_typedef(t.btf, "u32", btf__add_int(t.btf, "unsigned int", 4, 0));
    t.s32 = btf__add_int(t.btf, "int", 4, BTF_INT_SIGNED);
    t.u64 = btf__add_int(t.btf, "long long unsigned int", 8, 0);
    t.chr = btf__add_int(t.btf, "char", 1, BTF_INT_SIGNED);
    t.boolean = btf__add_int(t.btf, "_Bool", 1, BTF_INT_BOOL);
    return t;
}

START_TEST(test_btf_bit_fields) {
    struct ids t = new_btf();
    int id = btf__add_struct(t.btf, "flags", 12);
    btf__add_field(t.btf, "a", t.u32, 0, 3);
    btf__add_field(t.btf, "b", t.s32, 3, 5);
    btf__add_field(t.btf, "c", t.u32, 8, 24);
    btf__add_field(t.btf, "d", t.u64, 32, 60);
    btf__add_field(t.btf, "e", t.chr, 92, 4);
    struct {
        uint32_t a : 3;
        int32_t b : 5;
        uint32_t c : 24;
        uint64_t d : 60;
        char e : 4;
    } __attribute__((packed)) record = {5, -16, 0xabcdef, 0x0fedcba987654321, -8};
    struct rp_layout *layout = of_btf(t.btf, id);
    check_printed(layout, HEADER, NULL, 0, "A   B    C       D            E\n");
    check_printed(layout, ROW, &record, sizeof(record),
                  "5   -16  11259375 1147797409030816545 -8\n");
    rp_layout_free(layout);
    btf__free(t.btf);
}
END_TEST

/* struct event { u32 pid; union { u32 a; u16 b; }; struct { u16 port; struct { u8 x; }; } addr;
 * char comm[8]; struct pair pairs[2]; bool ok; } */
START_TEST(test_btf_nested) {
    struct ids t = new_btf();
    int choice = btf__add_union(t.btf, NULL, 4);
    btf__add_field(t.btf, "a", t.u32, 0, 0);
    btf__add_field(t.btf, "b", t.u16, 0, 0);
    int inner = btf__add_struct(t.btf, NULL, 1);
    btf__add_field(t.btf, "x", t.u8, 0, 0);
    int addr = btf__add_struct(t.btf, NULL, 4);
    btf__add_field(t.btf, "port", t.u16, 0, 0);
    btf__add_field(t.btf, NULL, inner, 16, 0);
    int pair = btf__add_struct(t.btf, "pair", 2);
    btf__add_field(t.btf, "l", t.u8, 0, 0);
    btf__add_field(t.btf, "r", t.u8, 8, 0);
    int comm = btf__add_array(t.btf, t.s32, t.chr, 8);
    int pairs = btf__add_array(t.btf, t.s32, pair, 2);
    int ok = btf__add_const(t.btf, t.boolean);
    int id = btf__add_struct(t.btf, "event", 28);
    btf__add_field(t.btf, "pid", t.u32, 0, 0);
    btf__add_field(t.btf, NULL, choice, 32, 0);
    btf__add_field(t.btf, "addr", addr, 64, 0);
    btf__add_field(t.btf, "comm", comm, 96, 0);
    btf__add_field(t.btf, "pairs", pairs, 160, 0);
    btf__add_field(t.btf, "ok", ok, 192, 0);
    static const uint8_t record[28] = {1,   0,   0,   0, 0,   0, 1, 0, 80, 0, 7, 0, 'b',
                                       'a', 's', 'h', 0, 'x', 0, 0, 1, 2,  3, 4, 1};
    struct rp_layout *layout = of_btf(t.btf, id);
    check_printed(layout, HEADER, NULL, 0,
                  "PID     A       B     ADDR.PORT ADDR.X COMM    PAIRS OK\n");
    check_printed(layout, ROW, record, sizeof(record),
                  "1       65536   0     80        7      bash    [{l=1,r=2},{l=3,r=4}] true\n");
    check_printed(layout, JSON, record, sizeof(record),
                  "{\"pid\":1,\"a\":65536,\"b\":0,\"addr\":{\"port\":80,\"x\":7},\"comm\":\"bash\","
                  "\"pairs\":[{\"l\":1,\"r\":2},{\"l\":3,\"r\":4}],\"ok\":true}");

    /* Shorter records: what is wholly there, and the beginning of a text or an array. */
    check_printed(layout, ROW, record, 14,
                  "1       65536   0     80        7      ba      -     -\n");
    check_printed(layout, ROW, record, 23,
                  "1       65536   0     80        7      bash    [{l=1,r=2},{l=3,r=-}] -\n");
    check_printed(layout, JSON, record, 6,
                  "{\"pid\":1,\"a\":null,\"b\":0,\"addr\":null,\"comm\":null,\"pairs\":null,"
                  "\"ok\":null}");
    for (size_t size = 0; size <= sizeof(record); size++)
        check_is_json(layout, record, size);
    /* Longer ones: the tail is padding. */
    uint8_t longer[64] = {0};
    memcpy(longer, record, sizeof(record));
    RP_AUTO_FREE char *exact = printed(layout, ROW, record, sizeof(record));
    check_printed(layout, ROW, longer, sizeof(longer), exact);
    rp_layout_free(layout);
    btf__free(t.btf);
}
END_TEST

START_TEST(test_btf_enums) {
    struct ids t = new_btf();
    int color = btf__add_enum(t.btf, "color", 4);
    btf__add_enum_value(t.btf, "RED", 2);
    btf__add_enum_value(t.btf, "NONE", -1);
    btf__add_enum_value(t.btf, "ROUGE", 2);
    int wide = btf__add_enum64(t.btf, "wide", 8, false);
    btf__add_enum64_value(t.btf, "TOP", 1ULL << 63);
    btf__add_enum64_value(t.btf, "LOW", 1);
    int id = btf__add_struct(t.btf, "event", 16);
    btf__add_field(t.btf, "c", color, 0, 0);
    btf__add_field(t.btf, "w", wide, 64, 0);
    uint64_t top[] = {(uint32_t)-1, 1ULL << 63}, low[] = {2, 1}, other[] = {(uint32_t)-5, 5};
    struct rp_layout *layout = of_btf(t.btf, id);
    check_printed(layout, ROW, top, sizeof(top), "NONE TOP\n");
    check_printed(layout, ROW, low, sizeof(low), "RED  LOW\n");
    check_printed(layout, ROW, other, sizeof(other), "-5   5\n");
    check_printed(layout, JSON, top, sizeof(top), "{\"c\":\"NONE\",\"w\":\"TOP\"}");
    check_printed(layout, JSON, other, sizeof(other), "{\"c\":-5,\"w\":5}");
    rp_layout_free(layout);
    btf__free(t.btf);
}
END_TEST

START_TEST(test_btf_flexible_array) {
    struct ids t = new_btf();
    int text = btf__add_array(t.btf, t.s32, t.chr, 0);
    int id = btf__add_struct(t.btf, "event", 4);
    btf__add_field(t.btf, "n", t.u32, 0, 0);
    btf__add_field(t.btf, "text", text, 32, 0);
    static const char record[] = "\5\0\0\0hello";
    struct rp_layout *layout = of_btf(t.btf, id);
    check_printed(layout, ROW, record, sizeof(record), "5       hello\n");
    check_printed(layout, JSON, record, 6, "{\"n\":5,\"text\":\"he\"}");
    check_printed(layout, JSON, record, 4, "{\"n\":5,\"text\":\"\"}");
    check_printed(layout, JSON, record, 3, "{\"n\":null,\"text\":null}");
    rp_layout_free(layout);
    btf__free(t.btf);
}
END_TEST

START_TEST(test_btf_chars) {
    struct ids t = new_btf();
    int schar = btf__add_int(t.btf, "signed char", 1, BTF_INT_SIGNED);
    int s8 = btf__add_typedef(t.btf, "s8", schar);
    int text = btf__add_array(t.btf, t.s32, schar, 2), list = btf__add_array(t.btf, t.s32, s8, 2);
    int id = btf__add_struct(t.btf, "event", 6);
    btf__add_field(t.btf, "text", text, 0, 0);
    btf__add_field(t.btf, "list", list, 16, 0);
    btf__add_field(t.btf, "number", schar, 32, 0);
    btf__add_field(t.btf, "letter", t.chr, 40, 0);
    struct rp_layout *layout = of_btf(t.btf, id);
    check_printed(layout, JSON, "hi\1\2\3R", 6,
                  "{\"text\":\"hi\",\"list\":[1,2],\"number\":3,\"letter\":\"R\"}");
    rp_layout_free(layout);
    btf__free(t.btf);
}
END_TEST

/* Before LLVM 15 an enum of 8 bytes has the lower halves of its values: no name is right, and
 * nothing says whether it is signed. */
START_TEST(test_btf_cut_enums) {
    struct ids t = new_btf();
    int cut = btf__add_enum(t.btf, "cut", 8);
    btf__add_enum_value(t.btf, "MANY", 2);
    btf__add_enum_value(t.btf, "HALF", 0x89abcdef);
    int plain = btf__add_enum(t.btf, "plain", 4);
    btf__add_enum_value(t.btf, "FEW", 2);
    int id = btf__add_struct(t.btf, "event", 16);
    btf__add_field(t.btf, "large", cut, 0, 0);
    btf__add_field(t.btf, "small", plain, 64, 0);
    struct rp_layout *layout = of_btf(t.btf, id);
    const uint64_t data[] = {2, 2}, top[] = {(uint64_t)-5, 3};
    check_printed(layout, JSON, data, sizeof(data), "{\"large\":2,\"small\":\"FEW\"}");
    check_printed(layout, JSON, top, sizeof(top), "{\"large\":\"0xfffffffffffffffb\",\"small\":3}");
    check_printed(layout, ROW, top, sizeof(top), "0xfffffffffffffffb 3\n");
    rp_layout_free(layout);
    btf__free(t.btf);
}
END_TEST

/* Nor does anything say whether a smaller one is signed: small negative numbers are, flags are not,
 * and -1 may also be ~0U. */
START_TEST(test_btf_signs_of_enums) {
    struct ids t = new_btf();
    int flags = btf__add_enum(t.btf, "flags", 4);
    btf__add_enum_value(t.btf, "TOP", 0x80000000);
    int error = btf__add_enum(t.btf, "error", 4);
    btf__add_enum_value(t.btf, "NONE", 0xfffffffe);
    int all = btf__add_enum(t.btf, "all", 4);
    btf__add_enum_value(t.btf, "ALL", 0xffffffff);
    int tiny = btf__add_enum(t.btf, "tiny", 1);
    btf__add_enum_value(t.btf, "LEAST", 0xffffff80);
    int id = btf__add_struct(t.btf, "event", 16);
    btf__add_field(t.btf, "flags", flags, 0, 0);
    btf__add_field(t.btf, "error", error, 32, 0);
    btf__add_field(t.btf, "all", all, 64, 0);
    btf__add_field(t.btf, "tiny", tiny, 96, 0);
    const int32_t named[] = {INT32_MIN, -2, -1, 0x80}, other[] = {INT32_MIN + 1, -7, -7, 0xfd};
    struct rp_layout *layout = of_btf(t.btf, id);
    check_printed(layout, JSON, named, sizeof(named),
                  "{\"flags\":\"TOP\",\"error\":\"NONE\",\"all\":\"ALL\",\"tiny\":\"LEAST\"}");
    check_printed(layout, JSON, other, sizeof(other),
                  "{\"flags\":2147483649,\"error\":-7,\"all\":\"0xfffffff9\",\"tiny\":-3}");
    rp_layout_free(layout);
    btf__add_enum(t.btf, "said", 4);
    btf__add_enum_value(t.btf, "BELOW", -1); /* the flag: compilers that set it set it always */
    layout = of_btf(t.btf, id);
    check_printed(layout, JSON, other, sizeof(other),
                  "{\"flags\":2147483649,\"error\":4294967289,\"all\":4294967289,\"tiny\":253}");
    rp_layout_free(layout);
    btf__free(t.btf);
}
END_TEST

START_TEST(test_btf_recursion_ends) {
    struct ids t = new_btf();
    int last = t.u8;
    for (int i = 0; i < 40; i++) {
        int next = btf__add_struct(t.btf, NULL, 1);
        btf__add_field(t.btf, "in", last, 0, 0);
        last = next;
    }
    struct rp_layout *layout = of_btf(t.btf, last);
    RP_AUTO_FREE char *row = printed(layout, ROW, "\xab", 1);
    ck_assert_str_eq(row, "ab\n");
    rp_layout_free(layout);
    btf__free(t.btf);
}
END_TEST

START_TEST(test_find_struct) {
    static const char *const fields[] = {"pid#u32", "n#unsigned long long", "comm#char [16]",
                                         "#union e::(anonymous at /virtual/main.c:1:1)"};
    struct ids t = new_btf();
    int pad = btf__add_union(t.btf, NULL, 4);
    btf__add_field(t.btf, "a", t.u32, 0, 0);
    int comm = btf__add_array(t.btf, t.s32, t.chr, 16);
    int ids[3];
    for (int i = 0; i < 3; i++) { /* the wrong type, the right one packed, one field more */
        ids[i] = btf__add_struct(t.btf, "event", 64);
        btf__add_field(t.btf, "pid", i ? t.u32 : t.u16, 0, 0);
        btf__add_field(t.btf, "n", t.u64, 32, 0);
        btf__add_field(t.btf, "comm", comm, 96, 0);
        btf__add_field(t.btf, NULL, pad, 224, 0);
        if (i == 2)
            btf__add_field(t.btf, "more", t.u32, 256, 0);
    }
    struct rp_object_types found = {0};
    ck_assert_ptr_null(rp_layout_find(t.btf, fields, 2, &found));
    ck_assert_ptr_null(rp_layout_find(NULL, fields, 2, &found));
    ck_assert_uint_eq(found.count, 0);
    ck_assert_ptr_null(rp_layout_find(t.btf, fields, COUNT(fields), &found));
    ck_assert_uint_eq(found.count, 1);
    ck_assert_int_eq((int)found.items[0], ids[1]);
    for (int gap = 32; gap >= 0; gap -= 32) { /* as C lays it out, and again packed */
        ids[0] = btf__add_struct(t.btf, "other", 64);
        btf__add_field(t.btf, "pid", t.u32, 0, 0);
        btf__add_field(t.btf, "n", t.u64, 32 + gap, 0);
        btf__add_field(t.btf, "comm", comm, 96 + gap, 0);
        btf__add_field(t.btf, NULL, pad, 224 + gap, 0);
    }
    rp_vec_clear(&found);
    ck_assert_ptr_null(rp_layout_find(t.btf, fields, COUNT(fields), &found));
    ck_assert_uint_eq(found.count, 2);
    ck_assert_int_eq((int)found.items[0], ids[1]);
    rp_vec_clear(&found);
    btf__free(t.btf);
}
END_TEST

/* ---- text */

static void check_text(bool json, const char *text, size_t max, const char *expected,
                       size_t columns) {
    char *got = NULL;
    size_t length, printed_columns = columns;
    FILE *out = open_memstream(&got, &length);
    if (json) {
        struct rp_writer w;
        rp_writer_begin(&w, out);
        rp_json_text(&w, NULL, text, max);
        rp_writer_flush(&w);
    } else {
        printed_columns = rp_print_text(text, max, out);
    }
    fclose(out);
    ck_assert_str_eq(got, expected);
    ck_assert_uint_eq(printed_columns, columns);
    if (json)
        json_object_put(parsed(got));
    free(got);
}

START_TEST(test_escaping) {
    check_text(false, "plain", 16, "plain", 5);
    check_text(false, "plain", 2, "pl", 2);
    check_text(false, "a\n\t\r\x1b[31m\\\x7f\"", 64, "a\\n\\t\\r\\x1b[31m\\\\\\x7f\"", 22);
    check_text(false, "h\xc3\xa9 \xe2\x82\xac \xf0\x9f\x90\x9d", 64,
               "h\xc3\xa9 \xe2\x82\xac \xf0\x9f\x90\x9d", 7); /* a bee takes two cells */
    check_text(false, "\xff\xc3(\xe2\x82", 64, "\\xff\\xc3(\\xe2\\x82", 17);
    check_text(false, "\xc0\x80\xed\xa0\x80\xf4\x90\x80\x80", 64,
               "\\xc0\\x80\\xed\\xa0\\x80\\xf4\\x90\\x80\\x80", 36);
    check_text(false, "\xc2\x9b", 64, "\\xc2\\x9b", 8); /* a terminal takes U+009B for ESC [ */
    check_text(false, "\xe2\x82\xac", 2, "\\xe2\\x82", 8);
    check_text(true, "a\n\"\\\x1b\x7f", 64, "\"a\\u000a\\\"\\\\\\u001b\\u007f\"", 0);
    check_text(true, "\xff\xe2\x82\xac\xc2\x9b", 64, "\"\\\\xff\xe2\x82\xac\\u009b\"", 0);
    check_text(true, "", 0, "\"\"", 0);
    /* What turns text around: the first would show "txt.exe" as "exe.txt". */
    check_text(false, "a\xe2\x80\xaetxt.exe", 64, "a\\xe2\\x80\\xaetxt.exe", 20);
    check_text(false, "\xd8\x9c\xe2\x80\x8e\xe2\x81\xa6\xe2\x81\xa9", 64,
               "\\xd8\\x9c\\xe2\\x80\\x8e\\xe2\\x81\\xa6\\xe2\\x81\\xa9", 44);
    check_text(false, "\xe2\x80\x90\xe2\x81\xaa\xd8\x9b", 64, "\xe2\x80\x90\xe2\x81\xaa\xd8\x9b",
               2); /* U+206A takes none */
    check_text(true, "\xe2\x80\xae\xd8\x9c", 64, "\"\\u202e\\u061c\"", 0);
}
END_TEST

START_TEST(test_long_text) {
    char text[10000];
    memset(text, 'x', sizeof(text));
    text[sizeof(text) - 1] = '\0';
    check_text(false, text, sizeof(text), text, sizeof(text) - 1);
}
END_TEST

START_TEST(test_floats) {
    static const char *const fields[] = {"a#double", "b#float"};
    struct {
        double a;
        float b;
    } record = {0.1, 0.1F};
    struct rp_layout *layout = of_fields(fields, 2);
    check_printed(layout, JSON, &record, sizeof(record), "{\"a\":0.1,\"b\":0.1}");
    record.a = 1.0 / 3;
    record.b = 1e20F;
    check_printed(layout, JSON, &record, sizeof(record), "{\"a\":0.3333333333333333,\"b\":1e+20}");
    record.a = NAN;
    record.b = -INFINITY;
    check_printed(layout, JSON, &record, sizeof(record), "{\"a\":null,\"b\":null}");
    check_printed(layout, ROW, &record, sizeof(record), "nan        -inf\n");
    rp_layout_free(layout);
}
END_TEST

/* The last bucket, which no signed number reaches. */
START_TEST(test_huge) {
    uint64_t counts[RP_LOG2_SLOTS] = {[64] = 7};
    char *text = NULL;
    size_t length;
    FILE *out = open_memstream(&text, &length);
    rp_print_log2("n", counts, out);
    struct rp_writer json;
    rp_writer_begin(&json, out);
    rp_json_log2(&json, NULL, counts);
    rp_writer_flush(&json);
    fclose(out);
    ck_assert_ptr_nonnull(
        strstr(text, " 9223372036854775808 -> 18446744073709551615 : 7        |*****"));
    ck_assert_ptr_nonnull(
        strstr(text, " 4611686018427387904 -> 9223372036854775807  : 0        |  "));
    ck_assert_ptr_nonnull(
        strstr(text, "{\"min\":4611686018427387904,\"max\":9223372036854775807,\"count\":0},"
                     "{\"min\":9223372036854775808,\"max\":18446744073709551615,\"count\":7}]"));
    free(text);
}
END_TEST

START_TEST(test_histogram) {
    uint64_t counts[RP_LOG2_SLOTS] = {[1] = 1, [3] = 4};
    char *text = NULL;
    size_t length;
    FILE *out = open_memstream(&text, &length);
    rp_print_log2("usecs", counts, out);
    struct rp_writer json;
    rp_writer_begin(&json, out);
    rp_json_log2(&json, NULL, counts);
    rp_writer_flush(&json);
    fclose(out);
    ck_assert_str_eq(
        text, "     usecs               : count     distribution\n"
              "         0 -> 1          : 1        |**********                              |\n"
              "         2 -> 3          : 0        |                                        |\n"
              "         4 -> 7          : 4        |****************************************|\n"
              "[{\"min\":0,\"max\":1,\"count\":1},"
              "{\"min\":2,\"max\":3,\"count\":0},{\"min\":4,\"max\":7,\"count\":4}]");
    free(text);
}
END_TEST

START_TEST(test_linear_histogram) {
    const struct rp_bucket buckets[] = {{.below = true, .min = -10, .max = -1, .count = 1},
                                        {.min = 0, .max = 9, .count = 0},
                                        {.above = true, .min = 10, .max = 19, .count = 4}};
    char *text = NULL;
    size_t length;
    FILE *out = open_memstream(&text, &length);
    rp_print_linear("ms", buckets, COUNT(buckets), &(struct rp_bars){0}, out);
    struct rp_writer json;
    rp_writer_begin(&json, out);
    rp_json_buckets(&json, NULL, buckets, COUNT(buckets));
    rp_writer_flush(&json);
    fclose(out);
    ck_assert_str_eq(
        text, "     ms                  : count     distribution\n"
              "(..., 0)                 : 1        |**********                              |\n"
              "[0, 10)                  : 0        |                                        |\n"
              "[10, ...)                : 4        |****************************************|\n"
              "[{\"max\":-1,\"count\":1},{\"min\":0,\"max\":9,\"count\":0},"
              "{\"min\":10,\"count\":4}]");
    free(text);
}
END_TEST

START_TEST(test_headers) {
    static const char *const fields[] = {"pid#u32", "arg1#char [8]"};
    struct rp_layout *layout = of_fields(fields, COUNT(fields));
    ck_assert(rp_layout_set_header(layout, 1, "name->name"));
    ck_assert(!rp_layout_set_header(layout, 2, "beyond"));
    struct {
        uint32_t pid;
        char arg1[8];
    } record = {7, "x"};
    check_printed(layout, HEADER, NULL, 0, "PID     name->name\n");
    check_printed(layout, ROW, &record, sizeof(record), "7       x\n");
    check_printed(layout, JSON, &record, sizeof(record), "{\"pid\":7,\"name->name\":\"x\"}");
    rp_layout_free(layout);
}
END_TEST

/* ---- values from text */

/* Reads `text` and writes it again; of what is not understood, why. */
static void check_parsed(const struct rp_type *type, const char *text, const char *expected) {
    RP_AUTO_FREE uint8_t *data = malloc(type->size ? type->size : 1); /* exact, for valgrind */
    struct rp_error *err = rp_value_parse(text, type, data);
    char *got = NULL;
    size_t length;
    FILE *out = open_memstream(&got, &length);
    if (err) {
        fputs(rp_error_why(err), out);
    } else {
        struct rp_writer w;
        rp_writer_begin(&w, out);
        struct rp_view view = {type, data, type->size, 0, 0};
        rp_write_value(&w, &view);
        rp_writer_flush(&w);
    }
    fclose(out);
    ck_assert_str_eq(got, expected);
    rp_error_free(err);
    free(got);
}

START_TEST(test_parse_numbers) {
    static const struct {
        const char *type, *text, *printed;
    } cases[] = {
        {"u8", "255", "255"},
        {"u8", "256", "it (u8) must be from 0 to 255, not `256`"},
        {"u8", "'A'", "65"},
        {"u8", "'\\n'", "10"},
        {"s8", "-128", "-128"},
        {"s8", "-129", "it (s8) must be from -128 to 127, not `-129`"},
        {"u64", "0xffffffffffffffff", "18446744073709551615"},
        {"u64", "18446744073709551616",
         "it (u64) must be from 0 to 18446744073709551615, not `18446744073709551616`"},
        {"s64", "-9223372036854775808", "-9223372036854775808"},
        {"u32", "010", "8"},
        {"u32", "0755", "493"},
        {"u32", "-0", "0"},
        {"u32", "ten", "it (u32) must be a number, not `ten`"},
        {"u32", "", "it (u32) must be a number, not the end"},
        {"u32", "1.5", "it (u32) must be a number, not `1.5`"},
        {"u32", "0x", "it (u32) must be a number, not `0x`"},
        {"u32", "1 2", "it (u32) must be one value and nothing else, not `2`"},
        {"_Bool", "true", "true"},
        {"_Bool", "0", "false"},
        {"_Bool", "2", "it (bool) must be from 0 to 1, not `2`"},
        {"double", "-1.5e3", "-1500"},
        {"void *", "0xffff888000000000", "0xffff888000000000"},
        {"char [4]", "dd", "dd"},
        {"char [4]", "\"a\\\"b\"", "a\"b"},
        {"char [4]", "abcd", "abcd"},
        {"char [4]", "abcde", "it (char [4]) must be text of at most 4 bytes, not `abcde`"},
        {"char [4]", "\"a", "it (char [4]) must be text with a closing quote, not `\"a`"},
        {"u16 [2][2]", "{{1, 2}, {3}}", "[[1,2],[3,0]]"},
        {"u16 [2]", "{1, 2, 3}", "the braces contain more values than u16 [2] has members"},
        {"u16 [2]", "{1 2}", "it (u16) must be followed by `,` or `}`, not `2`"},
        {"u16 [2]", "1", "it (u16 [2]) must be {a, b, …}, not `1`"},
        {"__int128", "0x000102030405060708090a0b0c0d0e0f", "0x0102030405060708090a0b0c0d0e0f"},
        {"__int128", "0x0", "0x00"},
        {"__int128", "0x123", "0x0123"},
        {"__int128", "12", "it (16 bytes) must be 0x and at most 32 hex digits, not `12`"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        RP_AUTO_TYPE struct rp_type *type = NULL;
        ck_assert_ptr_null(rp_type_from_text(cases[i].type, NULL, &type));
        check_parsed(type, cases[i].text, cases[i].printed);
    }
}
END_TEST

START_TEST(test_parse_structs) {
    RP_AUTO_TYPE struct rp_type *state = rp_type_new(RP_ENUM, 4);
    rp_type_add_value(state, "IDLE", 0);
    rp_type_add_value(state, "BUSY", 5);
    RP_AUTO_TYPE struct rp_type *outer = rp_type_new(RP_STRUCT, 16);
    struct rp_type *inner = rp_type_new(RP_STRUCT, 4);
    rp_type_add_member(inner, "x", rp_type_new(RP_INT, 2), 0, 0);
    rp_type_add_member(inner, "y", rp_type_new(RP_INT, 2), 16, 0);
    rp_type_add_member(outer, "state", rp_take(state), 0, 0);
    rp_type_add_member(outer, "low", rp_type_new(RP_UINT, 4), 32, 3);
    rp_type_add_member(outer, "high", rp_type_new(RP_INT, 4), 35, 9);
    rp_type_add_member(outer, "", inner, 64, 0);
    check_parsed(outer, "{BUSY, 7, -256, {1, -2}}", "{state=BUSY,low=7,high=-256,{x=1,y=-2}}");
    check_parsed(outer, "{ .y = 3, .high = 255 , }", "{state=IDLE,low=0,high=255,{x=0,y=3}}");
    check_parsed(outer, "{}", "{state=IDLE,low=0,high=0,{x=0,y=0}}");
    check_parsed(outer, "{.low = 8}", "its member `low` (u32) must be from 0 to 7, not `8`");
    check_parsed(outer, "{.low 8}",
                 "its member `low` (u32) must be written as .member = value, not `8`");
    check_parsed(outer, "{IDEL}",
                 "its member `state` (enum) must be a number or one of its names, not `IDEL`");
    check_parsed(outer, "{.z = 1}",
                 "struct {enum state; u32 low:3; int high:9; struct {s16 x; s16 y}} has no "
                 "member `z`");
}
END_TEST

/* ---- anything at all */

START_TEST(test_random_records) {
    static const char *const types[] = {"u8",
                                        "s16",
                                        "int",
                                        "u64",
                                        "long",
                                        "_Bool",
                                        "void *",
                                        "double",
                                        "float",
                                        "char",
                                        "char[7]",
                                        "u8[3]",
                                        "u16 [2][2]",
                                        "char[2][5]",
                                        "char[0]",
                                        "unsigned[2",
                                        "",
                                        "enum (unnamed enum at x)",
                                        "u8[4294967295]",
                                        "char []",
                                        "int (*)[3]",
                                        "long double",
                                        "]",
                                        "[",
                                        "struct ",
                                        "u8[9][9999999999][99999999]"};
    srand(1);
    for (int round = 0; round < 3000; round++) {
        char text[8][48];
        const char *fields[8];
        size_t count = (size_t)rand() % 9;
        for (size_t i = 0; i < count; i++) {
            snprintf(text[i], sizeof(text[i]), "f%zu#%s", i, types[(size_t)rand() % COUNT(types)]);
            fields[i] = text[i];
        }
        struct rp_layout *layout = of_fields(fields, count);
        size_t size = (size_t)rand() % 100;
        uint8_t *record = malloc(size ? size : 1); /* exact, for valgrind to see any overrun */
        for (size_t i = 0; i < size; i++)
            record[i] = (uint8_t)rand();
        check_is_json(layout, record, size);
        RP_AUTO_FREE char *row = printed(layout, ROW, record, size);
        ck_assert_ptr_eq(strchr(row, '\n'), row + strlen(row) - 1);
        free(record);
        rp_layout_free(layout);
    }
}
END_TEST

/* Of two CPUs, as a program leaves it there. */
static void check_stats(const int64_t *numbers, size_t count, bool is_unsigned,
                        const char *expected) {
    struct {
        uint64_t count;
        int64_t low, middle, high;
        uint64_t most, least;
    } parts[2] = {{0}};
    const struct rp_stats_type stats = {
        .is_unsigned = is_unsigned, .figures = 31, .offset = {0, 8, 16, 24, 32, 40}};
    for (size_t i = 0; i < count; i++) {
        uint64_t order = is_unsigned ? (uint64_t)numbers[i] : (uint64_t)numbers[i] ^ 1ULL << 63;
        size_t cpu = i % 2;
        parts[cpu].count++;
        parts[cpu].low += numbers[i] & 0x3fffff;
        parts[cpu].middle += numbers[i] >> 22 & 0x1fffff;
        parts[cpu].high += is_unsigned ? (int64_t)((uint64_t)numbers[i] >> 43) : numbers[i] >> 43;
        parts[cpu].most = order > parts[cpu].most ? order : parts[cpu].most;
        parts[cpu].least = ~order > parts[cpu].least ? ~order : parts[cpu].least;
    }
    struct rp_type *type = rp_stats_shown(stats.figures);
    uint8_t out[5 * sizeof(__int128)];
    ck_assert_uint_eq(type->size, sizeof(out));
    rp_stats_store(&stats, (const uint8_t *)parts, 2, sizeof(parts[0]), out);
    struct rp_view view = {type, out, sizeof(out), 0, 0};
    char *text = rp_value_text(&view);
    ck_assert_str_eq(text, expected);
    free(text);
    rp_type_free(type);
}

START_TEST(test_stats) {
    static const int64_t small[] = {1, -2, 3}, halves[] = {-1, -2}, thirds[] = {1, 1, 0},
                         huge[] = {INT64_MAX, INT64_MAX, INT64_MAX, -1},
                         low[] = {INT64_MIN, INT64_MIN, INT64_MIN};
    check_stats(small, 3, false, "{count=3,sum=2,avg=0.667,min=-2,max=3}");
    check_stats(halves, 2, false, "{count=2,sum=-3,avg=-1.5,min=-2,max=-1}");
    check_stats(thirds, 3, false, "{count=3,sum=2,avg=0.667,min=0,max=1}");
    check_stats(huge, 4, false,
                "{count=4,sum=27670116110564327420,avg=6917529027641081855,min=-1,"
                "max=9223372036854775807}");
    check_stats(low, 3, false,
                "{count=3,sum=-27670116110564327424,avg=-9223372036854775808,"
                "min=-9223372036854775808,max=-9223372036854775808}");
    check_stats(huge, 4, true,
                "{count=4,sum=46116860184273879036,avg=11529215046068469759,"
                "min=9223372036854775807,max=18446744073709551615}");
    check_stats(small, 0, false, "{count=0,sum=0,avg=-,min=-,max=-}");
}
END_TEST

/* ------------------------------------------------------------------ looks */

static const struct {
    const char *look;
    enum rp_kind kind;
    int64_t number;
    unsigned size;
    const char *text, *json;
} looks[] = {
    {"duration", RP_UINT, 999, 8, "999ns", "999"},
    {"duration", RP_UINT, 103119663, 8, "103.12ms", "103119663"},
    {"duration", RP_UINT, 1000, 8, "1us", "1000"},
    {"duration", RP_UINT, 75000000000, 8, "75s", "75000000000"},
    {"duration", RP_INT, -1500, 8, "-1.5us", "-1500"},
    {"in:us", RP_UINT, 1500, 8, "1.5", "1.5"},
    {"in:KiB", RP_UINT, 1025, 4, "1.001", "1.001"},
    {"in:no_unit", RP_UINT, 7, 4, "7", "7"},
    {"hex", RP_INT, -1, 4, "0xffffffff", "-1"},
    {"hex", RP_INT, -1, 8, "0xffffffffffffffff", "-1"},
    {"oct", RP_UINT, 0644, 2, "0644", "420"},
    {"oct", RP_UINT, 0, 2, "0", "0"},
    {"errno", RP_INT, -2, 8, "-2 ENOENT", "-2"},
    {"errno", RP_INT, 2, 8, "2", "2"},
    {"errno", RP_INT, -5000, 8, "-5000", "-5000"},
    {"errno", RP_INT, -512, 4, "-512 ERESTARTSYS", "-512"},
    {"errno:any", RP_INT, 13, 4, "13 EACCES", "13"},
    {"signal", RP_INT, 9, 4, "9 SIGKILL", "9"},
    {"signal", RP_INT, 29, 4, "29 SIGIO", "29"},
    {"signal", RP_INT, 37, 4, "37 SIGRTMIN+3", "37"},
    {"signal", RP_INT, 33, 4, "33", "33"},
    {"signal", RP_INT, 65, 4, "65", "65"},
    {"signal", RP_INT, 0, 4, "0", "0"},
    {"open", RP_INT, 0101 | 01000 | 02000000, 4, "O_WRONLY|O_CREAT|O_TRUNC|O_CLOEXEC", "524865"},
    {"open", RP_INT, 04010000, 4, "O_RDONLY|O_SYNC", "1052672"},
    {"open", RP_INT, 0x40000002, 4, "O_RDWR|0x40000000", "1073741826"},
    {"dev", RP_UINT, 8 << 20 | 1, 4, "8:1", "8388609"},
    {"port", RP_UINT, 0x5000, 2, "80", "80"},
    {"ip", RP_UINT, 0x0100007f, 4, "127.0.0.1", "\"127.0.0.1\""},
    {"names:0=HI,1=TIMER", RP_UINT, 1, 4, "1 TIMER", "1"},
    {"names:0=HI,1=TIMER", RP_UINT, 2, 4, "2", "2"},
    {"names:-1=NONE", RP_INT, -1, 4, "-1 NONE", "-1"},
    {"flags:1=READ,2=WRITE", RP_UINT, 3, 4, "READ|WRITE", "3"},
    {"flags:1=READ,2=WRITE", RP_UINT, 10, 4, "WRITE|0x8", "10"},
    {"flags:1=READ,2=WRITE", RP_UINT, 0, 4, "0x0", "0"},
    {"no look", RP_UINT, 5, 4, "5", "5"},
};

START_TEST(test_looks) {
    struct rp_type *type = rp_type_new(looks[_i].kind, looks[_i].size);
    ck_assert(rp_type_set_look(type, looks[_i].look));
    struct rp_view view = {type, (const uint8_t *)&looks[_i].number, looks[_i].size, 0, 0};
    char *text = rp_value_text(&view), *json = NULL;
    ck_assert_str_eq(text, looks[_i].text);
    size_t length;
    FILE *out = open_memstream(&json, &length);
    struct rp_writer w;
    rp_writer_begin(&w, out);
    rp_json_value(&w, NULL, &view);
    rp_writer_flush(&w);
    fclose(out);
    ck_assert_str_eq(json, looks[_i].json);
    free(text);
    free(json);
    rp_type_free(type);
}
END_TEST

/* Percentiles are ends of buckets; a mean lies between two. */
START_TEST(test_summary) {
    const struct rp_bucket closed[] = {{.min = 0, .max = 1, .count = 5},
                                       {.min = 2, .max = 3, .count = 0},
                                       {.min = 4, .max = 7, .count = 4},
                                       {.min = 8, .max = 15, .count = 1}},
                           open[] = {{.below = true, .max = 9, .count = 1},
                                     {.min = 10, .max = 19, .count = 1},
                                     {.above = true, .min = 20, .count = 8}},
                           empty[] = {{.min = 0, .max = 1}};
    char *text = NULL;
    size_t length;
    FILE *out = open_memstream(&text, &length);
    rp_print_summary(closed, COUNT(closed), out);
    rp_print_summary(open, COUNT(open), out);
    rp_print_summary(empty, COUNT(empty), out);
    struct rp_bucket log2[RP_LOG2_SLOTS];
    size_t count = rp_log2_buckets((const uint64_t[RP_LOG2_SLOTS]){[3] = 1, [5] = 1}, 5, log2);
    rp_print_log2_buckets("n", log2, count, &(struct rp_bars){.only_used = true}, out);
    fclose(out);
    ck_assert_str_eq(
        text, "     count 10, mean 2.4 to 4.8, p50 <= 1, p90 <= 7, p99 <= 15\n"
              "     count 10, p50 >= 20, p90 >= 20, p99 >= 20\n"
              "     n                   : count     distribution\n"
              "         4 -> 7          : 1        |****************************************|\n"
              "         8 -> 15         : 0        |                                        |\n"
              "        16 -> ...        : 1        |****************************************|\n");
    free(text);
}
END_TEST

Suite *record_suite(void) {
    const TTest *const tests[] = {test_every_integer,
                                  test_arrays,
                                  test_last_column_is_ragged,
                                  test_unknown_field,
                                  test_anonymous_fields,
                                  test_kernel_types,
                                  test_no_fields,
                                  test_btf_bit_fields,
                                  test_btf_nested,
                                  test_btf_enums,
                                  test_btf_flexible_array,
                                  test_btf_chars,
                                  test_btf_cut_enums,
                                  test_btf_signs_of_enums,
                                  test_btf_recursion_ends,
                                  test_find_struct,
                                  test_escaping,
                                  test_long_text,
                                  test_floats,
                                  test_histogram,
                                  test_huge,
                                  test_linear_histogram,
                                  test_stats,
                                  test_summary,
                                  test_headers,
                                  test_parse_numbers,
                                  test_parse_structs,
                                  test_random_records};
    Suite *suite = suite_create("record");
    TCase *tcase = tcase_create("record");
    tcase_add_test(tcase, told_apart_by_size);
    tcase_add_loop_test(tcase, test_looks, 0, COUNT(looks));
    for (size_t i = 0; i < COUNT(tests); i++)
        tcase_add_test(tcase, tests[i]);
    suite_add_tcase(suite, tcase);
    return suite;
}
