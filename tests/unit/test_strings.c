/* SPDX-License-Identifier: Apache-2.0 */
/* Strings of C++ and Rust: which structs are some, also of versions of libraries that are not here.
 */
#include <stdlib.h>
#include <string.h>

#include "kernel/btf_writer.h"
#include "query/tree/tree.h"
#include "suites.h"
#include "util/array.h"
#include "util/demangle.h"
#include "util/error.h"

struct member {
    const char *name, *of; /* "" is what comes before; "*" a char *, "[]" char [23] */
    unsigned bit, bits;
};

/* One struct after another, each of which may have those before it. */
struct layout {
    const char *name;
    struct member members[4];
};

#define LIBCXX "basic_string<char, std::__1::char_traits<char>, std::__1::allocator<char> >"
#define LIBCXX_READ                                                                                \
    "buf(({0}__s.__is_long_ ? {0}__l.__data_ : {0}__s.__data_), ({0}__s.__is_long_ ? "             \
    "{0}__l.__size_ : {0}__s.__size_))"

static const struct layout libstdcxx[] = {
    {"_Alloc_hider", {{"_M_p", "*", 0, 0}}},
    {"basic_string<char, std::char_traits<char>, std::allocator<char> >",
     {{"_M_dataplus", "_Alloc_hider", 0, 0}, {"_M_string_length", "size_t", 64, 0}}},
    {NULL, {{NULL, NULL, 0, 0}}}};
static const struct layout older[] =
    {/* before C++11: the length is elsewhere */
     {"_Alloc_hider", {{"_M_p", "*", 0, 0}}},
     {"basic_string<char, std::char_traits<char>, std::allocator<char> >",
      {{"_M_dataplus", "_Alloc_hider", 0, 0}}},
     {NULL, {{NULL, NULL, 0, 0}}}};
static const struct layout libcxx_bits[] =
    {/* LLVM 20 */
     {"__long", {{"__size_", "size_t", 64, 0}, {"__data_", "*", 128, 0}}},
     {"__short", {{"__is_long_", "u8", 0, 1}, {"__size_", "u8", 1, 7}, {"__data_", "[]", 8, 0}}},
     {"__rep", {{"__l", "__long", 0, 0}, {"__s", "__short", 0, 0}}},
     {LIBCXX, {{"__rep_", "__rep", 0, 0}}},
     {NULL, {{NULL, NULL, 0, 0}}}};
static const struct layout libcxx_pair[] =
    {/* LLVM 15 to 19 */
     {"__long", {{"__size_", "size_t", 64, 0}, {"__data_", "*", 128, 0}}},
     {"__short", {{"__is_long_", "u8", 0, 1}, {"__size_", "u8", 1, 7}, {"__data_", "[]", 8, 0}}},
     {"__rep", {{"__l", "__long", 0, 0}, {"__s", "__short", 0, 0}}},
     {"__compressed_pair_elem", {{"__value_", "__rep", 0, 0}}},
     {"__compressed_pair", {{"", "__compressed_pair_elem", 0, 0}}},
     {LIBCXX, {{"__r_", "__compressed_pair", 0, 0}}},
     {NULL, {{NULL, NULL, 0, 0}}}};
static const struct layout libcxx_other[] =
    {/* ABI version 2: the text comes first */
     {"__long", {{"__data_", "*", 0, 0}, {"__size_", "size_t", 64, 0}}},
     {"__short",
      {{"__data_", "[]", 0, 0}, {"__size_", "u8", 184, 7}, {"__is_long_", "u8", 191, 1}}},
     {"__rep", {{"__l", "__long", 0, 0}, {"__s", "__short", 0, 0}}},
     {LIBCXX, {{"__rep_", "__rep", 0, 0}}},
     {NULL, {{NULL, NULL, 0, 0}}}};
static const struct layout rust[] = {/* 1.63 */
                                     {"NonNull", {{"pointer", "*", 0, 0}}},
                                     {"Unique", {{"pointer", "NonNull", 0, 0}}},
                                     {"RawVec",
                                      {{"ptr", "Unique", 0, 0}, {"cap", "size_t", 64, 0}}},
                                     {"Vec", {{"buf", "RawVec", 0, 0}, {"len", "size_t", 128, 0}}},
                                     {"String", {{"vec", "Vec", 0, 0}}},
                                     {NULL, {{NULL, NULL, 0, 0}}}};
static const struct layout rust_slice[] = {
    {"&str", {{"data_ptr", "*", 0, 0}, {"length", "size_t", 64, 0}}}, {NULL, {{NULL, NULL, 0, 0}}}};
static const struct layout somebody_s[] = {
    {"String", {{"text", "*", 0, 0}, {"len", "size_t", 64, 0}}}, {NULL, {{NULL, NULL, 0, 0}}}};

static const struct {
    const struct layout *layout;
    const char *text; /* NULL: it is not a string; {0} is what the two layouts are in */
    const char *root;
} strings[] = {
    {libstdcxx, "buf(s->_M_dataplus._M_p, s->_M_string_length)", ""},
    {older, NULL, ""},
    {libcxx_bits, LIBCXX_READ, "s->__rep_."},
    {libcxx_pair, LIBCXX_READ, "s->__r_.__value_."},
    {libcxx_other, NULL, ""},
    {rust, "buf(s->vec.buf.ptr.pointer.pointer, s->vec.len)", ""},
    {rust_slice, "buf(s->data_ptr, s->length)", ""},
    {somebody_s, NULL, ""},
};

/* ------------------------------------------------------------------ making them */

struct made {
    const char *name;
    uint32_t id;
};

static uint32_t add_integer(struct rp_btf_writer *w, const char *name, uint32_t size) {
    uint32_t id = rp_btf_writer_add(w, name, BTF_KIND_INT, 0, false, size);
    rp_btf_writer_more(w, id, size * 8);
    return id;
}

static uint32_t add_text(struct rp_btf_writer *w, uint32_t of, uint32_t count) {
    uint32_t id = rp_btf_writer_add(w, "", BTF_KIND_ARRAY, 0, false, 0);
    rp_btf_writer_more(w, id, of);
    rp_btf_writer_more(w, id, of);
    rp_btf_writer_more(w, id, count);
    return id;
}

static uint32_t made_id(const struct made *made, const char *name) {
    while (made->name && strcmp(made->name, name) != 0)
        made++;
    ck_assert_msg(made->name, "%s", name);
    return made->id;
}

/* A pointer to the last struct is type number *id. */
static struct rp_btf *make(const struct layout *layout, uint32_t *id) {
    struct rp_btf_writer w = {0};
    uint32_t character = add_integer(&w, "char", 1);
    uint32_t pointer = rp_btf_writer_add(&w, "", BTF_KIND_PTR, 0, false, character);
    struct made made[16] = {{"*", pointer},
                            {"size_t", add_integer(&w, "long unsigned int", 8)},
                            {"u8", add_integer(&w, "unsigned char", 1)},
                            {"[]", add_text(&w, character, 23)}};
    size_t count = 4;
    for (; layout->name; layout++, count++) {
        unsigned members = 0;
        uint32_t own = rp_btf_writer_reserve(&w);
        for (const struct member *m = layout->members; m->name; m++, members++) {
            rp_btf_writer_more(&w, own, rp_btf_writer_string(&w, m->name));
            rp_btf_writer_more(&w, own, made_id(made, m->of));
            rp_btf_writer_more(&w, own, m->bits << 24 | m->bit);
        }
        rp_btf_writer_set(&w, own, layout->name, BTF_KIND_STRUCT, members, true, 32);
        made[count] = (struct made){layout->name, own};
    }
    *id = rp_btf_writer_add(&w, "", BTF_KIND_PTR, 0, false, made[count - 1].id);
    struct rp_btf *btf = rp_btf_writer_end(&w);
    rp_btf_writer_clear(&w);
    ck_assert(btf);
    btf->of_program = true;
    return btf;
}

/* ------------------------------------------------------------------ which they are */

static char *with_root(const char *text, const char *root) {
    char *out = NULL;
    size_t size;
    FILE *file = open_memstream(&out, &size);
    for (; *text; text++)
        if (strncmp(text, "{0}", 3) != 0)
            fputc(*text, file);
        else
            fputs(root, file), text += 2;
    fclose(file);
    return out;
}

START_TEST(test_string) {
    uint32_t id;
    struct rp_btf *btf = make(strings[_i].layout, &id);
    struct rp_c_types types = {0};
    struct rp_variable s = {
        .name = "s", .memory = RP_MEMORY_USER, .type = rp_c_type_of(&types, btf, id)};
    struct rp_scope scope = {.types = &types, .variables = &s, .count = 1, .owner = "probed"};
    const struct rp_node *node = NULL;
    struct rp_error *err = rp_tree_parse(&scope, "*s", &node);
    ck_assert_msg(!err, "%s", err ? rp_error_why(err) : "");
    ck_assert(rp_c_is_string(&types, s.type) == (strings[_i].text != NULL));
    ck_assert(node->is_text == (strings[_i].text != NULL));
    char *wanted = with_root(strings[_i].text ? strings[_i].text : "(*s)", strings[_i].root);
    rp_error_free(rp_tree_parse(&scope, strings[_i].text ? "s" : "*s", &node));
    char *text = rp_tree_text(node);
    ck_assert_str_eq(text, wanted);
    free(text);
    free(wanted);
    rp_c_types_clear(&types);
    rp_btf_free(btf);
}
END_TEST

START_TEST(test_tags) {
    ck_assert(rp_demangled_is("name[abi:cxx11](int)", "name"));
    ck_assert(rp_demangled_is("Shape::name[abi:one][abi:cxx11]() const", "Shape::name"));
    ck_assert(rp_demangled_is("name[abi:cxx11](int)", "name[abi:cxx11]"));
    ck_assert(!rp_demangled_is("operator[](int)", "operator"));
    ck_assert(!rp_demangled_is("name[abi:cxx11](int)", "nam"));
    ck_assert(rp_demangled_is("int ns::twice<int>(int)", "ns::twice<int>"));
    ck_assert(rp_demangled_is("int ns::twice<int>(int)", "ns::twice<int>(int)"));
    ck_assert(rp_demangled_is("A<b, c> ns::make<A<b, c> >(int)", "ns::make<A<b, c> >"));
    ck_assert(rp_demangled_is("bool operator< <int>(V<int>, int)", "operator< <int>"));
    ck_assert(!rp_demangled_is("non-virtual thunk to V::f(int)", "V::f"));
}
END_TEST

Suite *strings_suite(void) {
    Suite *suite = suite_create("strings");
    TCase *test = tcase_create("strings");
    tcase_add_loop_test(test, test_string, 0, RP_COUNT(strings));
    tcase_add_test(test, test_tags);
    suite_add_tcase(suite, test);
    return suite;
}
