/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A host program for what `reprobe run` cannot reach: callbacks, and events made by hand.
 *   feed FILE.c MAP COUNT
 *       attaches what names itself, with itself as target, and sends COUNT records to MAP, a
 *       BPF_USER_RINGBUF: numbers from 1 on, u64. Whenever it is full, and at the end, getpgid() is
 *       called, so that a program can drain it. Prints how often it was full, and the maps.
 *   feed --run FILE.c FUNCTION MILLISECONDS
 *       loads FUNCTION as a traffic classifier, runs it once, waits, and prints the maps.
 *   feed --replay FILE.c [-DMACRO…] STEP…
 *       loads functions as raw tracepoints' and attaches them nowhere, but runs them as the steps
 * say: CPU:FUNCTION[:ARGUMENT…] or sleep:MILLISECONDS. Prints the maps.
 */
#include <bpf/bpf.h>
#include <errno.h>
#include <linux/bpf.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "compile/module.h"
#include "reprobe_tool.h"
#include "util/error.h"

static struct rp_error *print_maps(const struct rp_module *module) {
    struct rp_error *err = NULL;
    for (size_t i = 0; !err && i < rp_module_map_count(module); i++)
        err = rp_map_print(
            module, rp_module_map_name(module, i),
            &(struct rp_map_format){.size = sizeof(struct rp_map_format), .as = RP_MAP_JSON},
            stdout);
    return err;
}

static struct rp_error *send_all(struct rp_user_ringbuf *ring, uint64_t count) {
    static char large[1 << 20];
    if (rp_user_ringbuf_send(ring, large, sizeof(large)) != E2BIG)
        return rp_error_new(EINVAL, "a record larger than the buffer was not refused", "feed");
    unsigned full = 0;
    for (uint64_t number = 1; number <= count; number++) {
        int errnum = rp_user_ringbuf_send(ring, &number, sizeof(number));
        if (errnum == ENOSPC) {
            full++;
            getpgid(0);
            errnum = rp_user_ringbuf_send(ring, &number, sizeof(number));
        }
        if (errnum)
            return rp_error_new(errnum, NULL, "cannot send record %lu", (unsigned long)number);
    }
    getpgid(0);
    printf("full %u times\n", full);
    return NULL;
}

static struct rp_error *feed(struct rp_session *session, struct rp_module *module, char **args) {
    struct rp_user_ringbuf *ring;
    struct rp_error *err = rp_session_attach_named(session, module, NULL);
    if (!err)
        err = rp_user_ringbuf_open(module, args[0], &ring);
    if (err)
        return err;
    err = send_all(ring, strtoul(args[1], NULL, 10));
    rp_user_ringbuf_free(ring);
    return err ? err : print_maps(module);
}

static struct rp_error *run(struct rp_module *module, char **args) {
    int fd;
    struct rp_error *err = rp_module_load(
        module, args[0], &(struct rp_program_kind){.type = BPF_PROG_TYPE_SCHED_CLS}, &fd);
    if (err)
        return err;
    char packet[64] = {0};
    LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = packet, .data_size_in = sizeof(packet));
    if (bpf_prog_test_run_opts(fd, &opts))
        return rp_error_new(errno, NULL, "cannot run %s", args[0]);
    usleep((useconds_t)strtoul(args[1], NULL, 10) * 1000);
    return print_maps(module);
}

static struct rp_error *replay_step(struct rp_module *module, char *step) {
    char *rest = step, *cpu = strsep(&rest, ":"), *function = strsep(&rest, ":");
    if (strcmp(cpu, "sleep") == 0)
        return usleep((useconds_t)strtoul(function, NULL, 10) * 1000), NULL;
    int fd;
    struct rp_error *err = rp_module_load(
        module, function, &(struct rp_program_kind){.type = BPF_PROG_TYPE_RAW_TRACEPOINT}, &fd);
    if (err)
        return err;
    uint64_t args[12] = {0};
    for (size_t i = 0; rest && i < sizeof(args) / sizeof(args[0]); i++)
        args[i] = strtoull(strsep(&rest, ":"), NULL, 0);
    LIBBPF_OPTS(bpf_test_run_opts, opts, .ctx_in = args, .ctx_size_in = sizeof(args),
                .flags = BPF_F_TEST_RUN_ON_CPU, .cpu = (uint32_t)strtoul(cpu, NULL, 10));
    if (bpf_prog_test_run_opts(fd, &opts))
        return rp_error_new(errno, NULL, "cannot run %s on CPU %s", function, cpu);
    return NULL;
}

/* What is looked at is what the program stored, and not what that means. */
static struct rp_error *show_entries(struct rp_module *module) {
    struct rp_error *err = NULL;
    for (size_t i = 0; !err && i < rp_module_map_count(module); i++) {
        const char *name = rp_module_map_name(module, i);
        const struct rp_map_schema map = {
            .size = sizeof(map), .name = name, .means = RP_MEANS_TABLE};
        const struct rp_schema schema = {.size = sizeof(schema), .maps = &map, .map_count = 1};
        if (rp_map_is_data(module, name))
            err = rp_module_set_schema(module, &schema);
    }
    return err;
}

static struct rp_error *replay(struct rp_module *module, char **steps) {
    struct rp_error *err = show_entries(module);
    while (!err && *steps)
        err = replay_step(module, *steps++);
    return err ? err : print_maps(module);
}

/* How many macros there are. */
static size_t defines(char **args) {
    size_t count = 0;
    while (args[count] && strncmp(args[count], "-D", 2) == 0)
        count++;
    return count;
}

int main(int argc, char **argv) {
    if (argc < 4) {
        fprintf(stderr, "usage: feed FILE.c MAP COUNT | feed --run FILE.c FUNCTION MILLISECONDS | "
                        "feed --replay FILE.c [-DMACRO…] STEP…\n");
        return 2;
    }
    bool runs = argc == 5 && strcmp(argv[1], "--run") == 0;
    bool replays = strcmp(argv[1], "--replay") == 0;
    char **args = argv + (runs || replays ? 3 : 2);
    size_t macros = replays ? defines(args) : 0;
    const struct rp_target target = {.size = sizeof(target), .pid = replays ? 0 : getpid()};
    const struct rp_session_opts opts = {.size = sizeof(opts), .target = &target};
    const struct rp_compile_opts compile = {
        .size = sizeof(compile), .cflags = (const char *const *)args, .cflag_count = macros};
    struct rp_session *session;
    struct rp_module *module;
    struct rp_error *err = rp_session_new(&opts, &session);
    if (err)
        return rp_tool_end(err, true);
    err = rp_session_compile_file(session, args[-1], &compile, &module);
    if (!err)
        err = replays ? replay(module, args + macros)
              : runs  ? run(module, args)
                      : feed(session, module, args);
    int status = rp_tool_end(err, true);
    rp_session_free(session);
    return status;
}
