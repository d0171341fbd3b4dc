/* SPDX-License-Identifier: Apache-2.0 */
/*
 * older: a program that was compiled against an older reprobe.h, whose structs of options are
 * shorter (tests/api/run makes it), and now runs with this library. What follows a struct in memory
 * is none of the library's business.
 */
#include <errno.h>
#include <reprobe_query.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char text[] = "int f(void *ctx) { return VALUE; }";

static void fail(const char *what) {
    fprintf(stderr, "older: %s\n", what);
    exit(1);
}

static void must(bool condition, const char *what) {
    if (!condition)
        fail(what);
}

static void check(struct rp_error *err) {
    if (!err)
        return;
    rp_error_print(err, stderr);
    exit(1);
}

/* The error's errno; 0 when there was none. */
static int errno_of(struct rp_error *err, struct rp_module *module) {
    int errnum = err ? rp_error_errno(err) : 0;
    if (!err)
        rp_module_free(module);
    rp_error_free(err);
    return errnum;
}

/* The struct, as it is followed by what a newer library would take for members. */
struct followed {
    struct rp_compile_opts opts;
    unsigned char after[512];
};

static const char *flags[] = {"-DVALUE=1"};

static struct followed options(unsigned char after) {
    struct followed followed;
    memset(&followed.after, after, sizeof(followed.after));
    followed.opts = (struct rp_compile_opts){
        .size = sizeof(followed.opts), .name = "older.c", .cflags = flags, .cflag_count = 1};
    return followed;
}

static void compiles(void) {
    struct followed followed = options(0xff);
    struct rp_module *module;
    must(sizeof(followed.opts) == OLDER_SIZE, "the header is not the older one");
    check(rp_module_compile(text, &followed.opts, &module));
    must(rp_module_function_count(module) == 1, "there is one function");
    rp_module_free(module);

    struct rp_error *err = rp_module_compile("int f(", &followed.opts, &module);
    must(err && strstr(rp_error_what(err), "older.c"), "the name is read");
    rp_error_free(err);
}

static void refuses_sizes(void) {
    static const size_t sizes[] = {0, 1, 7, 12, 1 << 20, (size_t)-8};
    struct followed followed = options(0);
    struct rp_module *module = NULL;
    for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
        followed.opts.size = sizes[i];
        must(errno_of(rp_module_compile(text, &followed.opts, &module), module) == EINVAL,
             "a size that belongs to no struct is refused");
    }
    followed.opts.size = sizeof(followed);
    must(errno_of(rp_module_compile(text, &followed.opts, &module), module) == 0,
         "a longer struct is taken when it sets nothing unknown");
    followed.after[sizeof(followed.after) - 1] = 1;
    must(errno_of(rp_module_compile(text, &followed.opts, &module), module) == E2BIG,
         "what the library does not know is refused");
}

static void runs(void) {
    struct {
        struct rp_session_opts opts;
        unsigned char after[256];
    } followed;
    memset(&followed, 0xff, sizeof(followed));
    struct {
        struct rp_target target;
        unsigned char after[64];
    } target;
    memset(&target, 0xff, sizeof(target));
    target.target = (struct rp_target){.size = sizeof(target.target), .pid = getpid()};
    followed.opts =
        (struct rp_session_opts){.size = sizeof(followed.opts), .target = &target.target};
    struct followed compile = options(0xff);
    struct rp_session *session;
    struct rp_module *module;
    check(rp_session_new(&followed.opts, &session));
    must(rp_session_target(session) == getpid(), "the target is read");
    check(rp_session_compile(session, text, &compile.opts, &module));
    rp_session_free(session);

    target.target.size = 3;
    must(errno_of(rp_session_new(&followed.opts, &session), NULL) == EINVAL,
         "a target's size is looked at");
    followed.opts.size = 0;
    must(errno_of(rp_session_new(&followed.opts, &session), NULL) == EINVAL,
         "a session's size is looked at");
}

/* Each of several stands behind a shorter one. */
static void says_schemas(void) {
    static const char maps[] = "BPF_ARRAY(first, u64, 1); BPF_HASH(second, u32);"
                               "int f(void *ctx) { return 0; }";
    const struct rp_map_schema said[] = {
        {.size = sizeof(said[0]), .name = "first", .means = RP_MEANS_LOSS},
        {.size = sizeof(said[0]), .name = "second", .means = RP_MEANS_SCRATCH}};
    const struct rp_schema schema = {.size = sizeof(schema), .maps = said, .map_count = 2};
    struct rp_module *module;
    if (geteuid())
        return; /* maps are root's */
    check(rp_module_compile(maps, NULL, &module));
    check(rp_module_set_schema(module, &schema));
    must(rp_module_map_schema(module, "first")->means == RP_MEANS_LOSS &&
             rp_module_map_schema(module, "second")->means == RP_MEANS_SCRATCH,
         "both schemas are read");
    rp_module_free(module);
}

int main(void) {
    says_schemas();
    compiles();
    refuses_sizes();
    runs();
    puts("older: all is well");
    return 0;
}
