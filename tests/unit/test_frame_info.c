/* SPDX-License-Identifier: Apache-2.0 */
/* Call frame information, as bytes that a compiler or somebody hostile wrote. */
#include <dwarf.h>
#include <elf.h>
#include <fcntl.h>
#include <libelf.h>
#include <string.h>
#include <unistd.h>

#include "debug/cfi.h"
#include "debug/frame_info.h"
#include "suites.h"

#define BEGIN 0x1000

/* An ELF file of one section. */
struct image {
    Elf64_Ehdr header;
    Elf64_Shdr sections[3];
    char names[32];
    unsigned char bytes[1024];
};

static void put(struct image *image, const void *bytes, size_t size) {
    Elf64_Shdr *section = &image->sections[1];
    ck_assert(section->sh_size + size <= sizeof(image->bytes));
    memcpy(image->bytes + section->sh_size, bytes, size);
    section->sh_size += size;
}

static void put_word(struct image *image, uint32_t word) {
    put(image, &word, sizeof(word));
}

static void begin_image(struct image *image) {
    *image = (struct image){
        .header = {.e_ident = {0x7f, 'E', 'L', 'F', ELFCLASS64, ELFDATA2LSB, EV_CURRENT},
                   .e_type = ET_DYN,
                   .e_machine = EM_X86_64,
                   .e_version = EV_CURRENT,
                   .e_ehsize = sizeof(Elf64_Ehdr),
                   .e_shoff = offsetof(struct image, sections),
                   .e_shentsize = sizeof(Elf64_Shdr),
                   .e_shnum = 3,
                   .e_shstrndx = 2},
        .names = "\0.debug_frame\0.shstrtab"};
    image->sections[1] = (Elf64_Shdr){
        .sh_name = 1, .sh_type = SHT_PROGBITS, .sh_offset = offsetof(struct image, bytes)};
    image->sections[2] = (Elf64_Shdr){.sh_name = 14,
                                      .sh_type = SHT_STRTAB,
                                      .sh_offset = offsetof(struct image, names),
                                      .sh_size = sizeof(image->names)};
}

/* As gcc begins: the CFA is behind the return address. */
static void put_common(struct image *image) {
    static const unsigned char common[] = {
        /* version, no augmentation, factors 1 and -8, return address in 16 */
        1, 0, 1, 0x78, 16, DW_CFA_def_cfa, 7, 8, DW_CFA_offset | 16, 1, DW_CFA_nop, DW_CFA_nop};
    put_word(image, 4 + sizeof(common));
    put_word(image, UINT32_MAX);
    put(image, common, sizeof(common));
}

static void put_function(struct image *image, const void *code, size_t size) {
    const uint64_t place[] = {BEGIN, 0x100};
    put_word(image, (uint32_t)(4 + sizeof(place) + size));
    put_word(image, 0);
    put(image, place, sizeof(place));
    put(image, code, size);
}

static struct rp_frame_info *opened(struct image *image, Elf **elf) {
    elf_version(EV_CURRENT);
    *elf = elf_memory((char *)image, sizeof(*image));
    ck_assert_ptr_nonnull(*elf);
    return rp_frame_info_of_debug_frame(*elf);
}

/* What a function with these instructions says at an offset of it. */
static bool row_at(uint64_t offset, struct rp_frame_row *row, const void *code, size_t size) {
    struct image image;
    Elf *elf;
    begin_image(&image);
    put_common(&image);
    put_function(&image, code, size);
    struct rp_frame_info *info = opened(&image, &elf);
    ck_assert_ptr_nonnull(info);
    bool is_found = rp_frame_info_row(info, BEGIN + offset, row);
    rp_frame_info_free(info);
    elf_end(elf);
    return is_found;
}

static void cfa_is(const struct rp_frame_row *row, uint64_t reg, int64_t offset) {
    ck_assert_int_eq(row->cfa.how, RP_FRAME_OF_REGISTER);
    ck_assert_uint_eq(row->cfa.reg, reg);
    ck_assert_int_eq(row->cfa.offset, offset);
}

static void is_in_memory(const struct rp_frame_row *row, unsigned reg, int64_t offset) {
    ck_assert_int_eq(row->registers[reg].how, RP_FRAME_IN_MEMORY);
    ck_assert_int_eq(row->registers[reg].offset, offset);
}

static const unsigned char prologue[] = {DW_CFA_advance_loc | 1,
                                         DW_CFA_def_cfa_offset,
                                         16,
                                         DW_CFA_offset | 6,
                                         2,
                                         DW_CFA_advance_loc | 3,
                                         DW_CFA_def_cfa_register,
                                         6,
                                         DW_CFA_remember_state,
                                         DW_CFA_advance_loc1,
                                         0x40,
                                         DW_CFA_def_cfa,
                                         7,
                                         8,
                                         DW_CFA_restore | 6,
                                         DW_CFA_advance_loc | 1,
                                         DW_CFA_restore_state};

START_TEST(a_row_holds_from_its_instruction_on) {
    struct rp_frame_row row;
    for (uint64_t at = 0; at < 0x100; at++) {
        bool has_frame = (at >= 4 && at < 0x44) || at >= 0x45;
        ck_assert(row_at(at, &row, prologue, sizeof(prologue)));
        ck_assert_uint_eq(row.return_register, 16);
        is_in_memory(&row, 16, -8);
        cfa_is(&row, has_frame ? 6 : 7, at >= 1 && at < 4 ? 16 : has_frame ? 16 : 8);
        if (has_frame || (at >= 1 && at < 4))
            is_in_memory(&row, 6, -16);
        else
            ck_assert_int_eq(row.registers[6].how, RP_FRAME_UNSAID);
    }
    ck_assert(!row_at(0x100, &row, prologue, sizeof(prologue)));
    ck_assert(!row_at(UINT64_MAX, &row, prologue, sizeof(prologue)));
}
END_TEST

/* libdw keeps all registers up to the highest that is named. */
START_TEST(a_register_that_no_machine_has_takes_no_memory) {
    static const unsigned char code[] = {DW_CFA_undefined,
                                         0xff,
                                         0xff,
                                         0xff,
                                         0x3f,
                                         DW_CFA_same_value,
                                         0xff,
                                         0xff,
                                         0xff,
                                         0xff,
                                         0xff,
                                         0xff,
                                         0xff,
                                         0xff,
                                         0xff,
                                         1};
    struct rp_frame_row row;
    ck_assert(row_at(1, &row, code, sizeof(code)));
    cfa_is(&row, 7, 8);
}
END_TEST

START_TEST(what_is_remembered_without_end_tells_nothing) {
    unsigned char code[64];
    struct rp_frame_row row;
    memset(code, DW_CFA_remember_state, sizeof(code));
    ck_assert(row_at(1, &row, code, 16));
    ck_assert(!row_at(1, &row, code, 17));
    ck_assert(!row_at(1, &row, code, sizeof(code)));
    memset(code, DW_CFA_restore_state, sizeof(code));
    ck_assert(!row_at(1, &row, code, 1));
}
END_TEST

START_TEST(an_end_too_early_tells_nothing) {
    struct image whole, cut;
    begin_image(&whole);
    put_common(&whole);
    put_function(&whole, prologue, sizeof(prologue));
    size_t size = whole.sections[1].sh_size;
    for (size_t left = 1; left < size; left++) {
        struct rp_frame_row row;
        Elf *elf;
        cut = whole;
        cut.sections[1].sh_size = left;
        struct rp_frame_info *info = opened(&cut, &elf);
        ck_assert(!info || !rp_frame_info_row(info, BEGIN, &row));
        rp_frame_info_free(info);
        elf_end(elf);
    }
}
END_TEST

START_TEST(an_operand_beyond_the_end_tells_nothing) {
    static const unsigned char codes[][2] = {
        {DW_CFA_def_cfa, 7},    {DW_CFA_advance_loc4, 1},       {DW_CFA_def_cfa_expression, 9},
        {DW_CFA_expression, 6}, {DW_CFA_offset_extended, 0x80}, {DW_CFA_set_loc, 1},
        {DW_CFA_high_user, 0}};
    for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
        struct rp_frame_row row;
        ck_assert_msg(!row_at(1, &row, codes[i], 2), "instruction %#x", codes[i][0]);
    }
}
END_TEST

#ifdef __x86_64__
/* Of this program, whose .eh_frame has a table: at a function's entry the return address is on top
 * of the stack. */
START_TEST(an_entry_has_its_caller_on_the_stack) {
    int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
    struct rp_cfi *cfi = rp_cfi_open(fd);
    struct rp_rule rule;
    ck_assert_ptr_nonnull(cfi);
    /* Compilers put no prologue at an address that the linker gives. */
    extern char __executable_start[];
    uint64_t address = (uint64_t)((char *)(uintptr_t)frame_info_suite - __executable_start);
    ck_assert(rp_cfi_rule(cfi, address, false, &rule));
    ck_assert_int_eq(rule.kind, RP_RULE_STEP);
    ck_assert_int_eq(rule.cfa_of, RP_OF_SP);
    ck_assert_int_eq(rule.cfa, 8);
    ck_assert_int_eq(rule.ip_of, RP_OF_CFA);
    ck_assert_int_eq(rule.ip, -8);
    ck_assert(!rp_cfi_rule(cfi, 0, false, &rule));
    rp_cfi_free(cfi);
}
END_TEST
#endif

Suite *frame_info_suite(void) {
    Suite *suite = suite_create("frame_info");
    TCase *tests = tcase_create("rows");
    tcase_add_test(tests, a_row_holds_from_its_instruction_on);
    tcase_add_test(tests, a_register_that_no_machine_has_takes_no_memory);
    tcase_add_test(tests, what_is_remembered_without_end_tells_nothing);
    tcase_add_test(tests, an_end_too_early_tells_nothing);
    tcase_add_test(tests, an_operand_beyond_the_end_tells_nothing);
#ifdef __x86_64__
    tcase_add_test(tests, an_entry_has_its_caller_on_the_stack);
#endif
    suite_add_tcase(suite, tests);
    return suite;
}
