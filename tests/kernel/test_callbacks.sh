#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Callbacks (<reprobe/callback.h>): bpf_loop, bpf_for_each_map_elem, user ring buffers and timers with
# exact numbers; what is said of those that are used in a wrong way.
. "$(dirname "$0")/../lib.sh"
need_root

once='spawn --calls 1 >called; :'

# callback_file FILE: like source_file, with the header included
callback_file() { source_file "$1" < <(echo '#include <reprobe/callback.h>'; cat); }

loop() {
	callback_file loop.c <<'END'
struct sums { u64 total; u32 calls, last; };
BPF_RINGBUF_OUTPUT(out, 8);
BPF_CALLBACK(add, u32 index, struct sums *sums)
{
    sums->total += index;
    sums->calls++;
    sums->last = index;
    return 0;
}
BPF_CALLBACK(a_callback_whose_name_is_longer_than_forty_eight_characters, u32 index, struct sums *sums)
{
    sums->last = index;
    return index == 41;
}
PROBE
{
    if (!is_target())
        return 0;
    struct sums sums = {};
    bpf_loop(100000, add, &sums, 0);
    out.ringbuf_output(&sums, sizeof(sums), 0);
    bpf_loop(100, a_callback_whose_name_is_longer_than_forty_eight_characters, &sums, 0);
    out.ringbuf_output(&sums, sizeof(sums), 0);
    return 0;
}
END
	run reprobe run --json loop.c -c "$once"
	status 0
	silent
	equal "sums" '{"output":"out","data":{"total":4999950000,"calls":100000,"last":99999}}
{"output":"out","data":{"total":4999950000,"calls":100000,"last":41}}' "$out"
}

# The same callback from two programs, and callbacks that take fewer arguments than they are given.
parameters() {
	callback_file few.c <<'END'
BPF_ARRAY(counts, u64, 3);
BPF_CALLBACK(none) { counts.increment(0); return 0; }
BPF_CALLBACK(one, u32 index) { counts.increment(1, index); return 0; }
BPF_CALLBACK(all, void *map, int *key, u64 *value) { if (*key == 2) *value += *key; return 0; }
static void count(void)
{
    bpf_loop(5, none, NULL, 0);
    bpf_loop(5, one, NULL, 0);
    bpf_for_each_map_elem(counts, all, NULL, 0);
}
PROBE { if (is_target()) count(); return 0; }
TRACEPOINT_PROBE(syscalls, sys_exit_getpgid) { if (is_target()) count(); return 0; }
END
	run reprobe run --json few.c -c "$once"
	status 0
	silent
	equal "counts" '{"map":"counts","key":0,"value":10}
{"map":"counts","key":1,"value":20}
{"map":"counts","key":2,"value":4}' "$(sort out)"
}

for_each() {
	callback_file each.c <<'END'
struct event { u64 values, keys, calls, inner, found; };
struct walk { struct event *event; void *args; u64 nested; };
BPF_RINGBUF_OUTPUT(out, 8);
BPF_PERF_OUTPUT(steps);
BPF_HASH(counts, u32, u64);
BPF_CALLBACK(inner, u32 index, struct walk *walk)
{
    walk->nested += index;
    return index == 4;
}
BPF_CALLBACK(each, void *map, u32 *key, u64 *value, struct walk *walk)
{
    walk->event->calls++;
    walk->event->keys += *key;
    walk->event->values += *value;
    bpf_loop(10, inner, walk, 0);
    *value += 1000;
    u64 *again = counts.lookup(key);
    if (again && *again == *value)
        walk->event->found++;
    walk->event->inner = walk->nested;
    steps.perf_submit(walk->args, walk->event, sizeof(*walk->event));
    return 0;
}
static void put(u32 key, u64 value) { counts.update(&key, &value); }
PROBE
{
    if (!is_target())
        return 0;
    put(1, 10);
    put(2, 100);
    put(3, 1000);
    struct event event = {};
    struct walk walk = {.event = &event, .args = args};
    bpf_for_each_map_elem(counts, each, &walk, 0);
    out.ringbuf_output(&event, sizeof(event), 0);
    return 0;
}
END
	run reprobe run --json each.c -c "$once"
	status 0
	silent
	equal "sums" '{"output":"out","data":{"values":1110,"keys":6,"calls":3,"inner":30,"found":3}}' \
		"$(grep '"out"' out)"
	equal "steps" "1 2 3" \
		"$(grep '"steps"' out | jsonlines data.calls | tr '\n' ' ' | sed 's/ $//')"
	equal "map" '{"map":"counts","key":1,"value":1010}
{"map":"counts","key":2,"value":1100}
{"map":"counts","key":3,"value":2000}' "$(grep '"map"' out)"
}

# libbcc reads the kernel's memory through pointers in a callback as it does in a program.
kernel_pointers() {
	alone trace_pipe
	callback_file pointers.c <<'END'
BPF_HASH(seen, u32, u64);
BPF_CALLBACK(look, u32 index)
{
    struct task_struct *task = (struct task_struct *)bpf_get_current_task();
    u32 pid = task->group_leader->tgid;
    seen.increment(pid);
    bpf_trace_printk("%d\n", pid);
    return 0;
}
PROBE { if (is_target()) bpf_loop(3, look, NULL, 0); return 0; }
END
	run reprobe run --json pointers.c -c "$once"
	status 0
	silent
	equal "map" "{\"map\":\"seen\",\"key\":$(cut -d' ' -f1 called),\"value\":3}" "$(grep '"map"' out)"
	equal "messages" 3 "$(grep -c '"trace_pipe"' out)"
}

losses() {
	callback_file flood.c <<'END'
BPF_RINGBUF_OUTPUT(out, 1);
BPF_CALLBACK(flood, u32 index, void *ctx) { out.ringbuf_output(&index, sizeof(index), 0); return 0; }
PROBE { if (is_target()) bpf_loop(5000, flood, NULL, 0); return 0; }
END
	run reprobe run --json flood.c -c "$once"
	status 0
	local lost
	lost=$(sed -n 's/^reprobe: \([0-9]*\) events lost.*/\1/p' err)
	equal "delivered and lost" 5000 "$(($(wc -l <out) + lost))"
	[ "$lost" -gt 0 ] || fail "expected that a page is too small"
}

listing() {
	callback_file ring.c <<'END'
BPF_USER_RINGBUF(requests, 2);
BPF_CALLBACK(take, struct bpf_dynptr *request) { return 0; }
PROBE { if (is_target()) bpf_user_ringbuf_drain(requests, take, NULL, 0); return 0; }
END
	run reprobe check ring.c
	status 0
	lacks "functions" "$out" take
	equal "functions" 1 "$(grep -c function out)"
	run reprobe run ring.c -c "$once"
	status 0
	silent
	equal "maps" "" "$out"
}

user_ringbuf() {
	callback_file drain.c <<'END'
struct sums { u64 count, total, unread; };
BPF_USER_RINGBUF(requests, 1);
BPF_ARRAY(sums, struct sums, 1);
BPF_CALLBACK(take, struct bpf_dynptr *request, struct sums *sums)
{
    u64 number;
    u64 *same = bpf_dynptr_data(request, 0, sizeof(*same));
    if (bpf_dynptr_read(&number, sizeof(number), request, 0, 0) || !same || *same != number)
        sums->unread++;
    else
        sums->total += number;
    sums->count++;
    return 0;
}
PROBE
{
    int zero = 0;
    struct sums now = {}, *sum = sums.lookup(&zero);
    if (!sum || bpf_get_current_pid_tgid() >> 32 != TARGET_PID)
        return 0;
    bpf_user_ringbuf_drain(requests, take, &now, 0);
    sum->count += now.count, sum->total += now.total, sum->unread += now.unread;
    return 0;
}
END
	# A record takes 16 bytes with its head: a page has room for 256.
	run feed drain.c requests 1000
	status 0
	silent
	equal "sums" 'full 3 times
{"map":"sums","key":0,"value":{"count":1000,"total":500500,"unread":0}}' "$out"
	run feed drain.c requests 256
	contains "a buffer just full" "$out" "full 0 times" '"count":256'
	run feed drain.c sums 1
	refused "cannot write to sums: it is not a user ring buffer" "BPF_USER_RINGBUF(sums, pages)"
	run feed drain.c request 1
	refused "did you mean requests?"
}

timer_source() {
	callback_file timer.c <<'END'
struct job { u64 started, fired, key; struct bpf_timer timer; };
BPF_HASH(jobs, u32, struct job);
BPF_CALLBACK(ring, void *map, u32 *key, struct job *job)
{
    job->key = *key;
    if (++job->fired < 5)
        bpf_timer_start(&job->timer, 1000000, 0);
    return 0;
}
int start(struct __sk_buff *skb)
{
    u32 key = 7;
    struct job none = {};
    jobs.update(&key, &none);
    struct job *job = jobs.lookup(&key);
    if (!job)
        return 0;
    job->started = !bpf_timer_init(&job->timer, jobs, CLOCK_MONOTONIC) &&
                   !bpf_timer_set_callback(&job->timer, ring) &&
                   !bpf_timer_start(&job->timer, 1000000, 0);
    return 0;
}
END
}

timer() {
	timer_source
	run feed --run timer.c start 500
	status 0
	contains "job" "$out" '"key":7' '"started":1,"fired":5,"key":7'
}

own_header() {
	mkdir -p include/reprobe
	echo 'BPF_CALLBACK(add, u32 index, u64 *sum) { *sum += index; return 0; }' >add.h
	callback_file header.c <<'END'
#include "add.h"
BPF_HASH(sums, u64, u64);
PROBE { u64 sum = 0; bpf_loop(100, add, &sum, 0); if (is_target()) sums.increment(sum); return 0; }
END
	run reprobe run --json header.c -c "$once"
	status 0
	silent
	equal "sum" '{"map":"sums","key":4950,"value":1}' "$out"
	echo '#define VALUE 3' >include/reprobe/callback.h
	callback_file mine.c <<<'BPF_ARRAY(sum, u64, 1); PROBE { if (is_target()) sum.increment(0, VALUE); return 0; }'
	run reprobe run mine.c -I include -c "$once"
	equal "a header of one's own" "sum: 3" "$out"
}

# bad LINE PIECE…: the source on stdin is refused, and the message shows that line of it (0: none)
bad() {
	local line=$1
	shift
	callback_file bad.c
	run reprobe run bad.c --for 1ms
	refused "$@"
	[ "$line" = 0 ] || contains "line" "$err" "$(sed -n "$line{s/^[ \t]*//;p}" bad.c)"
}

errors() {
	bad 3 "bad.c:3:57: error: no member named 'totl'" <<'END'
struct sums { u64 total; };
BPF_CALLBACK(add, u32 index, struct sums *sums) { sums->totl += index; return 0; }
PROBE { struct sums s = {}; bpf_loop(100, add, &s, 0); return 0; }
END
	bad 2 "cannot compile bad.c: 1 error" "bad.c:2:19: error: unknown type name 'u33'" <<'END'
BPF_CALLBACK(add, u33 index) { return 0; }
PROBE { return bpf_loop(100, add, NULL, 0); }
END
	bad 3 "bad.c:3:" "error: use of undeclared identifier 'ad'" <<'END'
BPF_CALLBACK(add, u32 index) { return 0; }
PROBE { return bpf_loop(100, ad, NULL, 0); }
END
	bad 2 "a callback has at most four parameters" <<'END'
BPF_CALLBACK(add, u32 a, int b, int c, int d, void *ctx) { return 0; }
PROBE { return bpf_loop(100, add, NULL, 0); }
END
	bad 2 "cannot compile bad.c: 1 error" "incomplete definition of type 'struct nowhere'" <<'END'
BPF_CALLBACK(add, u32 index, struct nowhere *ctx) { return ctx->stop; }
PROBE { return bpf_loop(100, add, NULL, 0); }
END
	bad 3 "use of undeclared identifier 'nowhere'" <<'END'
BPF_CALLBACK(each, void *map, u32 *key, u32 *value) { return 0; }
PROBE { return bpf_for_each_map_elem(nowhere, each, NULL, 0); }
END
	bad 3 "is not a structure or union" <<'END'
BPF_CALLBACK(each, void *map, u32 *key, u32 *value) { return 0; }
PROBE { u64 number = 1; return bpf_for_each_map_elem(number, each, NULL, 0); }
END
	source_file bad.c <<'END'
BPF_CALLBACK(add, u32 index) { return 0; }
PROBE { return bpf_loop(100, add, NULL, 0); }
END
	run reprobe run bad.c --for 1ms
	refused "bad.c:1:19: error: " 'hint: write `#include <reprobe/callback.h>` first'
}

refusals() {
	bad 5 "argument 2 of bpf_loop is not a callback" "BPF_CALLBACK(name" <<'END'
static long add(u32 index, void *ctx) { return 0; }
PROBE
{
    return bpf_loop(100, add, NULL, 0);
}
END
	bad 2 "a callback returns a value other than 0" "hint: return 0 or 1" <<'END'
BPF_CALLBACK(add, u32 index, u64 *sum)
{
    *sum += index;
    return 5;
}
PROBE { u64 sum = 0; bpf_loop(100, add, &sum, 0); return 0; }
END
	bad 2 "never set" <<'END'
BPF_CALLBACK(add, u32 index, u64 *sum, u64 more)
{
    *sum += more;
    return 0;
}
PROBE { u64 sum = 0; bpf_loop(100, add, &sum, 0); return 0; }
END
	bad 4 "cannot walk over a map of this type" "arrays and hashes" <<'END'
BPF_RINGBUF_OUTPUT(out, 8);
BPF_CALLBACK(each, void *map, u32 *key, u32 *value) { return 0; }
PROBE { return bpf_for_each_map_elem(out, each, NULL, 0); }
END
	bad 0 "its map \`requests\`" "a user ring buffer's pages must be a power of two (3 here)" <<'END'
BPF_USER_RINGBUF(requests, 3);
BPF_CALLBACK(take, struct bpf_dynptr *request) { return 0; }
PROBE { return bpf_user_ringbuf_drain(requests, take, NULL, 0); }
END
	timer_source
	run reprobe run timer.c -a start=t:syscalls:sys_enter_getpgid --for 1ms
	refused "programs of this type cannot use a map with timers" "rp_session_every()"
}

t "bpf_loop" loop
t "callbacks of few parameters, from two programs" parameters
t "bpf_for_each_map_elem, and a callback in a callback" for_each
t "pointers of the kernel's in a callback" kernel_pointers
t "events lost in a callback" losses
t "BPF_USER_RINGBUF: what is listed" listing
t "BPF_USER_RINGBUF: every record arrives" user_ringbuf
t "a timer" timer
t "headers of one's own" own_header
t "what does not compile" errors
t "what the verifier refuses" refusals
finish
