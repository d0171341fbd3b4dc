/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers that have names, units, or another order of bytes. */
#include "record/look.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "arch/arch.h"
#include "kernel/ksyms.h"
#include "kernel/syscalls.h"
#include "util/array.h"
#include "util/cleanup.h"
#include "util/clock.h"
#include "util/signal_name.h"
#include "util/text.h"
#include "util/writer.h"

/* ------------------------------------------------------------------ names */

struct name {
    int64_t number;
    const char *name;
};

#define NAMED(name)                                                                                \
    { name, #name }
/* Those that glibc does not know: the first ones mean that a signal has interrupted the call. */
static const struct name errnos[] = {
    {512, "ERESTARTSYS"},           {513, "ERESTARTNOINTR"}, {514, "ERESTARTNOHAND"},
    {516, "ERESTART_RESTARTBLOCK"}, {517, "EPROBE_DEFER"},   {524, "ENOTSUPP"},
};
/* Those of several bits first: O_SYNC has O_DSYNC's bit, too. */
static const struct name open_flags[] = {
    {04010000, "O_SYNC"},    {020200000, "O_TMPFILE"}, NAMED(O_CREAT),
    NAMED(O_EXCL),           NAMED(O_NOCTTY),          NAMED(O_TRUNC),
    NAMED(O_APPEND),         NAMED(O_NONBLOCK),        {010000, "O_DSYNC"},
    {040000, "O_DIRECT"},    {0100000, "O_LARGEFILE"}, {0200000, "O_DIRECTORY"},
    {0400000, "O_NOFOLLOW"}, {01000000, "O_NOATIME"},  NAMED(O_CLOEXEC),
    {010000000, "O_PATH"},
};

static const char *name_of(const struct name *names, size_t count, int64_t number) {
    for (size_t i = 0; i < count; i++)
        if (names[i].number == number)
            return names[i].name;
    return NULL;
}

/* ------------------------------------------------------------------ units */

/* Time is in nanoseconds, sizes are in bytes. */
static const struct {
    const char *name;
    uint64_t factor;
} units[] = {{"ns", 1},
             {"us", 1000},
             {"ms", 1000000},
             {"s", 1000000000},
             {"m", 60 * 1000000000ULL},
             {"h", 3600 * 1000000000ULL},
             {"B", 1},
             {"kB", 1000},
             {"MB", 1000000},
             {"GB", 1000000000},
             {"KiB", 1ULL << 10},
             {"MiB", 1ULL << 20},
             {"GiB", 1ULL << 30},
             {"TiB", 1ULL << 40}};

uint64_t rp_unit_factor(const char *name, uint64_t length) {
    for (size_t i = 0; i < RP_COUNT(units); i++)
        if (strlen(units[i].name) == length && !memcmp(units[i].name, name, length))
            return units[i].factor;
    return 0;
}

#define THOUSANDTHS 3

/* In units of `factor`, to the nearest of so many decimals; of halves, away from 0. */
static void write_scaled(struct rp_writer *w, const struct rp_look_value *value, uint64_t factor,
                         unsigned decimals) {
    bool negative = value->number < 0;
    __int128 divisor = factor, multiplied = 2 * (negative ? -value->number : value->number);
    for (unsigned i = 0; i < value->decimals; i++)
        divisor *= 10;
    for (unsigned i = 0; i < decimals; i++)
        multiplied *= 10;
    __int128 scaled = (multiplied + divisor) / (2 * divisor);
    rp_write_wide(w, negative ? -scaled : scaled, decimals);
}

/* So many that numbers which differ by 1 look different. */
static unsigned decimals_of_all(uint64_t factor) {
    unsigned decimals = 0;
    for (__int128 power = 1; power < factor; power *= 10)
        decimals++;
    return decimals;
}

static void write_in_unit(struct rp_writer *w, const struct rp_look_value *value, const char *rest,
                          bool all) {
    uint64_t factor = rp_unit_factor(rest, strlen(rest));
    write_scaled(w, value, factor ? factor : 1, all ? decimals_of_all(factor) : THOUSANDTHS);
}

static void write_in(struct rp_writer *w, const struct rp_look_value *value, const char *rest) {
    write_in_unit(w, value, rest, false);
}

static void write_all_in(struct rp_writer *w, const struct rp_look_value *value, const char *rest) {
    write_in_unit(w, value, rest, true);
}

/* In the largest unit of which there is one. */
static void write_in_largest(struct rp_writer *w, const struct rp_look_value *value, bool all) {
    static const char *const names[] = {"s", "ms", "us", "ns"};
    __int128 size = value->number < 0 ? -value->number : value->number;
    for (unsigned i = 0; i < value->decimals; i++)
        size /= 10;
    size_t i = 0;
    while (i + 1 < RP_COUNT(names) && size < (__int128)rp_unit_factor(names[i], strlen(names[i])))
        i++;
    write_in_unit(w, value, names[i], all);
    rp_write_string(w, names[i]);
}

static void write_duration(struct rp_writer *w, const struct rp_look_value *value,
                           const char *rest) {
    (void)rest;
    write_in_largest(w, value, false);
}

static void write_whole_duration(struct rp_writer *w, const struct rp_look_value *value,
                                 const char *rest) {
    (void)rest;
    write_in_largest(w, value, true);
}

/* ------------------------------------------------------------------ numbers */

static uint64_t bits_of(const struct rp_look_value *value) {
    uint64_t number = (uint64_t)value->number;
    return value->bits && value->bits < 64 ? number & ((1ULL << value->bits) - 1) : number;
}

static void write_plain(struct rp_writer *w, const struct rp_look_value *value) {
    rp_write_wide(w, value->number, value->decimals);
}

static void write_format(struct rp_writer *w, const char *format, uint64_t number) {
    RP_AUTO_FREE char *text = rp_text("%s%jo", format, (uintmax_t)number);
    rp_write_string(w, text ? text : "");
}

static void write_hex(struct rp_writer *w, const struct rp_look_value *value, const char *rest) {
    (void)rest;
    rp_write_pointer(w, bits_of(value));
}

static void write_oct(struct rp_writer *w, const struct rp_look_value *value, const char *rest) {
    (void)rest;
    write_format(w, bits_of(value) ? "0" : "", bits_of(value));
}

static void write_name(struct rp_writer *w, const struct rp_look_value *value, const char *name) {
    write_plain(w, value);
    if (name) {
        rp_write_char(w, ' ');
        rp_write_string(w, name);
    }
}

/* "-2 ENOENT" */
static void write_errno(struct rp_writer *w, const struct rp_look_value *value, const char *rest) {
    __int128 number = value->number < 0 ? -value->number : value->number;
    bool any = *rest || value->number < 0; /* err(): of numbers without the sign, too */
    const char *name = any && number && number < 4096 ? strerrorname_np((int)number) : NULL;
    write_name(w, value, name || !any ? name : name_of(errnos, RP_COUNT(errnos), (int64_t)number));
}

static void write_signal(struct rp_writer *w, const struct rp_look_value *value, const char *rest) {
    char name[RP_SIGNAL_BYTES];
    (void)rest;
    write_name(w, value, rp_name_signal((int64_t)value->number, name) ? name : NULL);
}

/* "O_WRONLY|O_CREAT", and what has no name as a number. */
static void write_open_flags(struct rp_writer *w, const struct rp_look_value *value,
                             const char *rest) {
    static const char *const access[] = {"O_RDONLY", "O_WRONLY", "O_RDWR", "3"};
    uint64_t left = bits_of(value);
    (void)rest;
    rp_write_string(w, access[left & O_ACCMODE]);
    left &= ~(uint64_t)O_ACCMODE;
    for (size_t i = 0; i < RP_COUNT(open_flags); i++) {
        uint64_t flag = (uint64_t)open_flags[i].number;
        if (!flag || (left & flag) != flag)
            continue;
        rp_write_char(w, '|');
        rp_write_string(w, open_flags[i].name);
        left &= ~flag;
    }
    if (left) {
        rp_write_char(w, '|');
        rp_write_pointer(w, left);
    }
}

/* The name of a number in "0=HI,1=TIMER", and how long it is; NULL: it has none. */
static const char *symbol_of(const char *table, const char *separator, int64_t number,
                             size_t *length) {
    while (*table) {
        char *end;
        long long own = strtoll(table, &end, 10);
        size_t rest = strcspn(end, separator);
        *length = rest ? rest - 1 : 0;
        if (own == number && *end == '=')
            return end + 1;
        table = end + rest + (end[rest] != '\0');
    }
    return NULL;
}

static void write_symbol(struct rp_writer *w, const struct rp_look_value *value, const char *rest) {
    size_t length;
    const char *name = symbol_of(rest, ",", (int64_t)value->number, &length);
    write_plain(w, value);
    if (!name)
        return;
    rp_write_char(w, ' ');
    rp_write_bytes(w, name, length);
}

/* Whoever made the program has named it: JSON has it in quotes as it is. */
static void write_foreign_name(struct rp_writer *w, const char *name, size_t length) {
    for (size_t i = 0; i < length; i++) {
        unsigned char c = (unsigned char)name[i];
        rp_write_char(w, c < ' ' || c == '"' || c == '\\' || c == 0x7f ? '?' : name[i]);
    }
}

/* The name alone, where there is one. */
static void write_only_name(struct rp_writer *w, const struct rp_look_value *value,
                            const char *table, const char *separator) {
    size_t length;
    const char *name = symbol_of(table, separator, (int64_t)value->number, &length);
    if (name)
        write_foreign_name(w, name, length);
    else
        write_plain(w, value);
}

static void write_enum_name(struct rp_writer *w, const struct rp_look_value *value,
                            const char *rest) {
    write_only_name(w, value, rest, ",");
}

/* Of an attach point; a C++ function's has commas. */
static void write_place(struct rp_writer *w, const struct rp_look_value *value, const char *rest) {
    write_only_name(w, value, rest, "\n");
}

/* "READ|WRITE", and what has no name as a number. */
static void write_flags(struct rp_writer *w, const struct rp_look_value *value, const char *rest) {
    uint64_t left = bits_of(value);
    bool any = false;
    while (*rest && left) {
        char *end;
        uint64_t flag = (uint64_t)strtoll(rest, &end, 10);
        size_t length = strcspn(end, ",");
        if (flag && (left & flag) == flag && length > 1) {
            if (any)
                rp_write_char(w, '|');
            rp_write_bytes(w, end + 1, length - 1);
            left &= ~flag;
            any = true;
        }
        rest = end + length + (end[length] == ',');
    }
    if (any && left)
        rp_write_char(w, '|');
    if (left || !any)
        rp_write_pointer(w, left);
}

/* "0 root"; the last one is remembered, as most rows are of few users. */
static void write_user(struct rp_writer *w, const struct rp_look_value *value, const char *rest) {
    static uint64_t last = UINT64_MAX;
    static char name[64];
    uint64_t number = bits_of(value);
    (void)rest;
    if (number != last) {
        const struct passwd *user = getpwuid((uid_t)number);
        snprintf(name, sizeof(name), "%s", user ? user->pw_name : "");
        last = number;
    }
    write_name(w, value, *name ? name : NULL);
}

/* The kernel's own: 20 bits of the minor number. */
static void write_device(struct rp_writer *w, const struct rp_look_value *value, const char *rest) {
    uint64_t number = bits_of(value);
    (void)rest;
    rp_write_uint(w, number >> 20);
    rp_write_char(w, ':');
    rp_write_uint(w, number & 0xfffff);
}

/* As glibc has it, and the kernel's calls take it: both numbers are in two parts. */
static void write_user_device(struct rp_writer *w, const struct rp_look_value *value,
                              const char *rest) {
    uint64_t number = bits_of(value);
    (void)rest;
    rp_write_uint(w, (number >> 8 & 0xfff) | (number >> 32 & 0xfffff000));
    rp_write_char(w, ':');
    rp_write_uint(w, (number & 0xff) | (number >> 12 & 0xffffff00));
}

/* ------------------------------------------------------------------ the network's order */

static void write_big_endian(struct rp_writer *w, const struct rp_look_value *value,
                             const char *rest) {
    uint64_t number = bits_of(value);
    (void)rest;
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    number = __builtin_bswap64(number) >> (64 - (value->bits ? value->bits : 64));
#endif
    rp_write_uint(w, number);
}

static void write_address(struct rp_writer *w, const struct rp_look_value *value,
                          const char *rest) {
    uint32_t number = (uint32_t)bits_of(value);
    uint8_t bytes[sizeof(number)];
    (void)rest;
    memcpy(bytes, &number, sizeof(number));
    for (size_t i = 0; i < sizeof(bytes); i++) {
        if (i)
            rp_write_char(w, '.');
        rp_write_uint(w, bytes[i]);
    }
}

static void write_address6(struct rp_writer *w, const struct rp_look_value *value,
                           const char *rest) {
    char text[INET6_ADDRSTRLEN];
    (void)rest;
    rp_write_string(w, inet_ntop(AF_INET6, &value->number, text, sizeof(text)) ? text : "");
}

/* ------------------------------------------------------------------ moments and functions */

/* The time of day of so many nanoseconds since boot, to a millionth of a second. */
static void write_time(struct rp_writer *w, const struct rp_look_value *value, const char *rest) {
    struct timespec now;
    struct tm tm;
    char text[16];
    (void)rest;
    clock_gettime(CLOCK_REALTIME, &now);
    __int128 at = (__int128)now.tv_sec * 1000000000 + now.tv_nsec - rp_now_ns() + value->number;
    if (at < 0) /* before 1970: it cannot be a time since boot */
        return write_plain(w, value);
    time_t seconds = (time_t)(at / 1000000000);
    strftime(text, sizeof(text), "%H:%M:%S", localtime_r(&seconds, &tm));
    RP_AUTO_FREE char *all = rp_text("%s.%06d", text, (int)(at % 1000000000 / 1000));
    rp_write_string(w, all ? all : text);
}

static void write_function(struct rp_writer *w, const struct rp_look_value *value,
                           const char *rest) {
    uint64_t offset;
    char name[128];
    (void)rest;
    if (!rp_ksym_at(bits_of(value), name, sizeof(name), &offset)) {
        rp_write_pointer(w, bits_of(value));
        return;
    }
    rp_write_string(w, name);
    if (offset) {
        rp_write_char(w, '+');
        rp_write_pointer(w, offset);
    }
}

static rp_user_name_fn user_names;

void rp_look_set_user_names(rp_user_name_fn fn) {
    user_names = fn;
}

/* The upper half is the process that it is in. */
static void write_user_function(struct rp_writer *w, const struct rp_look_value *value,
                                const char *rest) {
    uint64_t address = bits_of(value), offset;
    char name[256];
    (void)rest;
    if (!user_names ||
        !user_names((pid_t)(value->number >> 64), address, name, sizeof(name), &offset)) {
        rp_write_pointer(w, address);
        return;
    }
    write_foreign_name(w, name, strlen(name));
    if (offset) {
        rp_write_char(w, '+');
        rp_write_pointer(w, offset);
    }
}

/* Bit 32: of a 32-bit program; bit 33: it is not known whether; bit 30, on x86-64: of x32. */
static void write_syscall(struct rp_writer *w, const struct rp_look_value *value,
                          const char *rest) {
    uint64_t bits = bits_of(value);
    int32_t number = (int32_t)bits;
    bool narrow = bits >> 32 & 1, unknown = bits >> 33 & 1;
    bool x32 = !narrow && number >= 0 && (uint32_t)number & rp_arch.marked;
    (void)rest;
    int plain = x32 ? number & ~(int32_t)rp_arch.marked : number;
    const char *name = unknown ? NULL : rp_syscall_name(plain, narrow);
    if (name)
        rp_write_string(w, name);
    else
        rp_write_int(w, number);
    rp_write_string(w, narrow ? " (32-bit)" : x32 ? " (x32)" : "");
}

/* ------------------------------------------------------------------ all looks */

static const struct rp_look looks[] = {
    {"duration", write_duration, 9, true, false, false, false},
    {"in", write_in, 10, true, true, false, false},
    {"all-duration", write_whole_duration, 9, true, false, false, false},
    {"all-in", write_all_in, 10, true, true, false, false},
    {"hex", write_hex, 10, false, false, false, false},
    {"oct", write_oct, 6, false, false, false, false},
    {"errno", write_errno, 10, false, false, false, false},
    {"signal", write_signal, 10, false, false, false, false},
    {"open", write_open_flags, 18, false, false, false, false},
    {"names", write_symbol, 16, false, false, false, false},
    {"place", write_place, 16, false, true, true, false},
    {"enum", write_enum_name, 16, false, true, true, false},
    {"flags", write_flags, 16, false, false, false, false},
    {"user", write_user, 12, false, false, false, false},
    {"dev", write_device, 7, false, false, false, false},
    {"udev", write_user_device, 7, false, false, false, false},
    {"port", write_big_endian, 5, false, true, false, false},
    {"ip", write_address, 15, false, true, true, true},
    {"ip6", write_address6, 24, false, true, true, true},
    {"time", write_time, 15, false, false, false, false},
    {"ksym", write_function, 24, false, true, true, false},
    {"syscall", write_syscall, 16, false, true, true, false},
    {"usym", write_user_function, 24, false, true, true, true},
};

const struct rp_look *rp_look_find(const char *text, const char **rest) {
    size_t length = strcspn(text, ":");
    *rest = text[length] ? text + length + 1 : "";
    for (size_t i = 0; i < RP_COUNT(looks); i++)
        if (strlen(looks[i].name) == length && !memcmp(looks[i].name, text, length))
            return &looks[i];
    return NULL;
}
