/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers that have names, units, or another order of bytes. */
#include "record/look.h"

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "util/array.h"
#include "util/cleanup.h"
#include "util/text.h"
#include "util/writer.h"

/* ------------------------------------------------------------------ names */

struct name {
    int64_t number;
    const char *name;
};

#define NAMED(name)                                                                                \
    { name, #name }
static const struct name errnos[] = {
    NAMED(EPERM),
    NAMED(ENOENT),
    NAMED(ESRCH),
    NAMED(EINTR),
    NAMED(EIO),
    NAMED(ENXIO),
    NAMED(E2BIG),
    NAMED(ENOEXEC),
    NAMED(EBADF),
    NAMED(ECHILD),
    NAMED(EAGAIN),
    NAMED(ENOMEM),
    NAMED(EACCES),
    NAMED(EFAULT),
    NAMED(ENOTBLK),
    NAMED(EBUSY),
    NAMED(EEXIST),
    NAMED(EXDEV),
    NAMED(ENODEV),
    NAMED(ENOTDIR),
    NAMED(EISDIR),
    NAMED(EINVAL),
    NAMED(ENFILE),
    NAMED(EMFILE),
    NAMED(ENOTTY),
    NAMED(ETXTBSY),
    NAMED(EFBIG),
    NAMED(ENOSPC),
    NAMED(ESPIPE),
    NAMED(EROFS),
    NAMED(EMLINK),
    NAMED(EPIPE),
    NAMED(EDOM),
    NAMED(ERANGE),
    NAMED(EDEADLK),
    NAMED(ENAMETOOLONG),
    NAMED(ENOLCK),
    NAMED(ENOSYS),
    NAMED(ENOTEMPTY),
    NAMED(ELOOP),
    NAMED(ENOMSG),
    NAMED(EIDRM),
    NAMED(ECHRNG),
    NAMED(EL2NSYNC),
    NAMED(EL3HLT),
    NAMED(EL3RST),
    NAMED(ELNRNG),
    NAMED(EUNATCH),
    NAMED(ENOCSI),
    NAMED(EL2HLT),
    NAMED(EBADE),
    NAMED(EBADR),
    NAMED(EXFULL),
    NAMED(ENOANO),
    NAMED(EBADRQC),
    NAMED(EBADSLT),
    NAMED(EBFONT),
    NAMED(ENOSTR),
    NAMED(ENODATA),
    NAMED(ETIME),
    NAMED(ENOSR),
    NAMED(ENONET),
    NAMED(ENOPKG),
    NAMED(EREMOTE),
    NAMED(ENOLINK),
    NAMED(EADV),
    NAMED(ESRMNT),
    NAMED(ECOMM),
    NAMED(EPROTO),
    NAMED(EMULTIHOP),
    NAMED(EDOTDOT),
    NAMED(EBADMSG),
    NAMED(EOVERFLOW),
    NAMED(ENOTUNIQ),
    NAMED(EBADFD),
    NAMED(EREMCHG),
    NAMED(ELIBACC),
    NAMED(ELIBBAD),
    NAMED(ELIBSCN),
    NAMED(ELIBMAX),
    NAMED(ELIBEXEC),
    NAMED(EILSEQ),
    NAMED(ERESTART),
    NAMED(ESTRPIPE),
    NAMED(EUSERS),
    NAMED(ENOTSOCK),
    NAMED(EDESTADDRREQ),
    NAMED(EMSGSIZE),
    NAMED(EPROTOTYPE),
    NAMED(ENOPROTOOPT),
    NAMED(EPROTONOSUPPORT),
    NAMED(ESOCKTNOSUPPORT),
    NAMED(EOPNOTSUPP),
    NAMED(EPFNOSUPPORT),
    NAMED(EAFNOSUPPORT),
    NAMED(EADDRINUSE),
    NAMED(EADDRNOTAVAIL),
    NAMED(ENETDOWN),
    NAMED(ENETUNREACH),
    NAMED(ENETRESET),
    NAMED(ECONNABORTED),
    NAMED(ECONNRESET),
    NAMED(ENOBUFS),
    NAMED(EISCONN),
    NAMED(ENOTCONN),
    NAMED(ESHUTDOWN),
    NAMED(ETOOMANYREFS),
    NAMED(ETIMEDOUT),
    NAMED(ECONNREFUSED),
    NAMED(EHOSTDOWN),
    NAMED(EHOSTUNREACH),
    NAMED(EALREADY),
    NAMED(EINPROGRESS),
    NAMED(ESTALE),
    NAMED(EUCLEAN),
    NAMED(ENOTNAM),
    NAMED(ENAVAIL),
    NAMED(EISNAM),
    NAMED(EREMOTEIO),
    NAMED(EDQUOT),
    NAMED(ENOMEDIUM),
    NAMED(EMEDIUMTYPE),
    NAMED(ECANCELED),
    NAMED(ENOKEY),
    NAMED(EKEYEXPIRED),
    NAMED(EKEYREVOKED),
    NAMED(EKEYREJECTED),
    NAMED(EOWNERDEAD),
    NAMED(ENOTRECOVERABLE),
    NAMED(ERFKILL),
    /* Of the kernel only: a signal has interrupted the call. */
    {512, "ERESTARTSYS"},
    {513, "ERESTARTNOINTR"},
    {514, "ERESTARTNOHAND"},
    {516, "ERESTART_RESTARTBLOCK"},
    {517, "EPROBE_DEFER"},
    {524, "ENOTSUPP"},
};
static const struct name signals[] = {
    NAMED(SIGHUP),    NAMED(SIGINT),  NAMED(SIGQUIT),  NAMED(SIGILL),  NAMED(SIGTRAP),
    NAMED(SIGABRT),   NAMED(SIGBUS),  NAMED(SIGFPE),   NAMED(SIGKILL), NAMED(SIGUSR1),
    NAMED(SIGSEGV),   NAMED(SIGUSR2), NAMED(SIGPIPE),  NAMED(SIGALRM), NAMED(SIGTERM),
    NAMED(SIGSTKFLT), NAMED(SIGCHLD), NAMED(SIGCONT),  NAMED(SIGSTOP), NAMED(SIGTSTP),
    NAMED(SIGTTIN),   NAMED(SIGTTOU), NAMED(SIGURG),   NAMED(SIGXCPU), NAMED(SIGXFSZ),
    NAMED(SIGVTALRM), NAMED(SIGPROF), NAMED(SIGWINCH), NAMED(SIGIO),   NAMED(SIGPWR),
    NAMED(SIGSYS),
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

/* In units of `factor`, to the nearest thousandth; of halves, away from 0. */
static void write_scaled(struct rp_writer *w, const struct rp_look_value *value, uint64_t factor) {
    bool negative = value->number < 0;
    __int128 divisor = factor;
    for (unsigned i = 0; i < value->decimals; i++)
        divisor *= 10;
    __int128 twice = (negative ? -value->number : value->number) * 2000 + divisor;
    __int128 scaled = twice / (2 * divisor);
    rp_write_wide(w, negative ? -scaled : scaled, THOUSANDTHS);
}

static void write_in(struct rp_writer *w, const struct rp_look_value *value, const char *rest) {
    uint64_t factor = rp_unit_factor(rest, strlen(rest));
    write_scaled(w, value, factor ? factor : 1);
}

/* In the largest unit of which there is one. */
static void write_duration(struct rp_writer *w, const struct rp_look_value *value,
                           const char *rest) {
    static const char *const names[] = {"s", "ms", "us", "ns"};
    __int128 size = value->number < 0 ? -value->number : value->number;
    for (unsigned i = 0; i < value->decimals; i++)
        size /= 10;
    size_t i = 0;
    (void)rest;
    while (i + 1 < RP_COUNT(names) && size < (__int128)rp_unit_factor(names[i], strlen(names[i])))
        i++;
    write_scaled(w, value, rp_unit_factor(names[i], strlen(names[i])));
    rp_write_string(w, names[i]);
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
    write_name(w, value,
               any && number < 4096 ? name_of(errnos, RP_COUNT(errnos), (int64_t)number) : NULL);
}

static void write_signal(struct rp_writer *w, const struct rp_look_value *value, const char *rest) {
    (void)rest;
    write_name(w, value, name_of(signals, RP_COUNT(signals), (int64_t)value->number));
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
static const char *symbol_of(const char *table, int64_t number, size_t *length) {
    while (*table) {
        char *end;
        long long own = strtoll(table, &end, 10);
        size_t rest = strcspn(end, ",");
        *length = rest ? rest - 1 : 0;
        if (own == number && *end == '=')
            return end + 1;
        table = end + rest + (end[rest] == ',');
    }
    return NULL;
}

static void write_symbol(struct rp_writer *w, const struct rp_look_value *value, const char *rest) {
    size_t length;
    const char *name = symbol_of(rest, (int64_t)value->number, &length);
    write_plain(w, value);
    if (!name)
        return;
    rp_write_char(w, ' ');
    rp_write_bytes(w, name, length);
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

/* ------------------------------------------------------------------ all looks */

static const struct rp_look looks[] = {
    {"duration", write_duration, 9, true, false, false},
    {"in", write_in, 10, true, false, false},
    {"hex", write_hex, 10, false, false, false},
    {"oct", write_oct, 6, false, false, false},
    {"errno", write_errno, 10, false, false, false},
    {"signal", write_signal, 10, false, false, false},
    {"open", write_open_flags, 18, false, false, false},
    {"names", write_symbol, 16, false, false, false},
    {"flags", write_flags, 16, false, false, false},
    {"user", write_user, 12, false, false, false},
    {"dev", write_device, 7, false, false, false},
    {"port", write_big_endian, 5, false, true, false},
    {"ip", write_address, 15, false, true, true},
};

const struct rp_look *rp_look_find(const char *text, const char **rest) {
    size_t length = strcspn(text, ":");
    *rest = text[length] ? text + length + 1 : "";
    for (size_t i = 0; i < RP_COUNT(looks); i++)
        if (strlen(looks[i].name) == length && !memcmp(looks[i].name, text, length))
            return &looks[i];
    return NULL;
}
