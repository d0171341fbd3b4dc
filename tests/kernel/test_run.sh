#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# reprobe run: records, maps and the trace pipe decoded to known values; its options.
. "$(dirname "$0")/../lib.sh"
need_root

own probed
probed=$REPLY
call='spawn --calls 1 >called; :'

records_source() {
	source_file records.c <<'END'
enum colour { RED, GREEN = 5, BLUE };
struct inner { u8 a; s16 b; };
struct event {
    u8 u8v; s8 s8v; u16 u16v; s16 s16v; u32 u32v; s32 s32v; u64 u64v; s64 s64v;
    unsigned b1:1; unsigned b2:3; unsigned b3:7; int sb:4;
    u16 arr[3]; u8 two[2][2];
    enum colour c; struct inner in; struct inner ins[2];
    char text[12]; bool flag; void *ptr;
};
BPF_PERF_OUTPUT(perf);
BPF_RINGBUF_OUTPUT(copied, 8);
BPF_RINGBUF_OUTPUT(reserved, 8);
static void fill(struct event *e)
{
    e->u8v = 255; e->s8v = -1; e->u16v = 65535; e->s16v = -2;
    e->u32v = 4294967295U; e->s32v = -3; e->u64v = 18446744073709551615ULL; e->s64v = -4;
    e->b1 = 1; e->b2 = 5; e->b3 = 100; e->sb = -3;
    e->arr[0] = 1; e->arr[1] = 2; e->arr[2] = 3;
    e->two[0][0] = 1; e->two[0][1] = 2; e->two[1][0] = 3; e->two[1][1] = 4;
    e->c = GREEN; e->in.a = 7; e->in.b = -8; e->ins[1].a = 9; e->ins[1].b = 10;
    e->text[0] = 'a'; e->text[1] = '\n'; e->text[2] = 27; e->text[3] = '"'; e->text[4] = '\\';
    e->text[5] = 0xff; e->text[6] = 0;
    e->flag = 1; e->ptr = (void *)0x1234;
}
PROBE
{
    if (!is_target())
        return 0;
    struct event e = {};
    fill(&e);
    perf.perf_submit(args, &e, sizeof(e));
    copied.ringbuf_output(&e, sizeof(e), 0);
    struct event *r = reserved.ringbuf_reserve(sizeof(*r));
    if (!r)
        return 0;
    __builtin_memset(r, 0, sizeof(*r));
    fill(r);
    reserved.ringbuf_submit(r, 0);
    return 0;
}
END
}

records_as_json() {
	records_source
	run reprobe run --json records.c -c "$call"
	status 0
	silent
	local data='{"u8v":255,"s8v":-1,"u16v":65535,"s16v":-2,"u32v":4294967295,"s32v":-3,"u64v":18446744073709551615,"s64v":-4,"b1":1,"b2":5,"b3":100,"sb":-3,"arr":[1,2,3],"two":[[1,2],[3,4]],"c":"GREEN","in":{"a":7,"b":-8},"ins":[{"a":0,"b":0},{"a":9,"b":10}],"text":"a\u000a\u001b\"\\\\xff","flag":true,"ptr":"0x1234"}'
	equal "records" "$(printf '{"output":"%s","data":%s}\n' copied "$data" perf "$data" reserved "$data")" \
		"$(sort out)"
	jsonlines <out >/dev/null || fail "not JSON" "$out"
}

records_as_text() {
	records_source
	run reprobe run records.c -c "$call"
	status 0
	silent
	equal "outputs" "copied: perf: reserved: " "$(grep -x '[a-z]*:' out | sort | tr '\n' ' ')"
	equal "headers" 3 "$(grep -c '^U8V S8V ' out)"
	local row='255 -1 65535 -2 4294967295 -3 18446744073709551615 -4 1 5 100 -3 [1,2,3] [[1,2],[3,4]] GREEN 7 -8 [{a=0,b=0},{a=9,b=10}] a\n\x1b"\\\xff true 0x1234'
	equal "rows" "$row
$row
$row" "$(grep ^255 out | tr -s ' ')"
	# Columns: each value begins where its header does.
	local header row
	header=$(grep -m 1 ^U8V out) row=$(grep -m 1 ^255 out)
	local before=${header%%U16V*}
	equal "column U16V" 65535 "$(cut -c$((${#before} + 1))-$((${#before} + 5)) <<<"$row")"
}

plain_values() {
	source_file plain.c <<'END'
BPF_RINGBUF_OUTPUT(numbers, 8);
BPF_PERF_OUTPUT(words);
PROBE
{
    if (!is_target())
        return 0;
    u32 n = 4000000000U;
    char word[8] = "hello";
    numbers.ringbuf_output(&n, sizeof(n), 0);
    words.perf_submit(args, &word, sizeof(word));
    return 0;
}
END
	run reprobe run --json plain.c -c "$call"
	status 0
	contains "number" "$out" ':4000000000}'
	contains "text" "$out" '"data":{"value":"hello"}'
}

# A message may have lines of its own, and each is shown, in the message.
message_lines() {
	alone trace_pipe
	echo 'int f(struct pt_regs *ctx) { int n = PT_REGS_PARM1(ctx); bpf_trace_printk("first %d\nsecond %d\nthird\n", n, -n); return 0; }' >lines.c
	run reprobe run --json lines.c -a "f=uprobe:$probed:twice" -c 'probed --calls 9 >/dev/null'
	status 0
	equal "messages" "$(for n in {1..9}; do echo "first $n\u000asecond -$n\u000athird"; done)" \
		"$(sed -n 's/.*"message":"\(.*\)"}}$/\1/p' out)"
}

# Records that are ids of processes, in a program that also keeps the stacks of these.
has_lines() { [ "$(grep -c '"seen"' out)" -ge "$1" ]; }
process_ids() {
	cat >ids.c <<'END'
struct key { u32 pid; int id; };
BPF_STACK_TRACE(stacks, 1024);
BPF_HASH(counts, struct key, u64);
BPF_PERF_OUTPUT(seen);
int f(struct pt_regs *ctx)
{
    u32 pid = bpf_get_current_pid_tgid() >> 32;
    struct key key = {};
    key.pid = pid;
    key.id = stacks.get_stackid(ctx, BPF_F_USER_STACK);
    counts.increment(key);
    seen.perf_submit(ctx, &pid, sizeof(pid));
    return 0;
}
END
	rm -f seen
	PROBED_UNTIL=seen start reprobe run --json ids.c -a "f=uprobe:$probed:twice" -c 'echo $$ >id; exec probed --calls 9 >/dev/null'
	wait_in "rows" has_lines 9
	touch seen
	stopped
	status 0
	equal "rows" "9 {\"output\":\"seen\",\"data\":{\"value\":$(cat id)}}" \
		"$(grep '"seen"' out | sort | uniq -c | sed 's/^ *//')"
	contains "the stack, of a process that has ended" "$out" '"twice"'
}

# Each output has its own types, whatever else has members of the same names: packed, as bit fields, several, more
# than the type.
layouts() {
	source_file layouts.c <<'END'
struct wire { u8 kind; u32 len; u16 port; };
struct packed { u8 kind; u32 len; u16 port; } __attribute__((packed));
struct low { u32 x:8; u32 y:24; };
struct half { u32 x:16; u32 y:16; };
struct large { u64 large; s32 of[2]; };
BPF_HASH(kept, u32, struct wire);
BPF_HASH(bits, u32, struct low);
BPF_PERF_OUTPUT(unpacked);
BPF_PERF_OUTPUT(sent);
BPF_RINGBUF_OUTPUT(ring, 8);
BPF_PERF_OUTPUT(halves);
BPF_PERF_OUTPUT(mixed);
BPF_RINGBUF_OUTPUT(numbers, 8);
BPF_PERF_OUTPUT(longer);
int f(struct pt_regs *ctx)
{
    u32 n = PT_REGS_PARM1(ctx);
    struct wire wire = {n, 1000 + n, 80};
    struct low low = {n, n};
    struct packed packed = {};
    packed.kind = n, packed.len = 2000 + n, packed.port = 443;
    struct half half = {300 + n, 400};
    struct large large = {};
    large.large = n, large.of[1] = -n;
    s32 three[3];
    three[0] = n, three[1] = -n, three[2] = n * n;
    struct { struct half half; u16 more[2]; } both = {};
    both.half = half, both.more[0] = n;
    kept.update(&n, &wire);
    bits.update(&n, &low);
    unpacked.perf_submit(ctx, &wire, sizeof(wire));
    sent.perf_submit(ctx, &packed, sizeof(packed));
    ring.ringbuf_output(&packed, sizeof(packed), 0);
    halves.perf_submit(ctx, &half, sizeof(half));
    mixed.perf_submit(ctx, &half, sizeof(half));
    mixed.perf_submit(ctx, &large, sizeof(large));
    numbers.ringbuf_output(three, sizeof(three), 0);
    longer.perf_submit(ctx, &both.half, sizeof(both));
    return 0;
}
END
	run reprobe run --json layouts.c -a "f=uprobe:$probed:twice" -c 'probed --calls 9 >/dev/null'
	status 0
	local n expected=
	for n in {1..9}; do
		expected+="unpacked $n $((1000 + n)) 80;sent $n $((2000 + n)) 443;ring $n $((2000 + n)) 443;"
	done
	equal "structs" "$(tr ';' '\n' <<<"$expected" | sort | grep .)" \
		"$(grep '"port"' out | grep -v '"map"' | jsonlines output data.kind data.len data.port | tr '\t' ' ' | sort)"
	equal "bit fields" "$(printf '%s 400\n' {301..309})" \
		"$(grep '"output":"halves"' out | jsonlines data.x data.y | tr '\t' ' ' | sort)"
	equal "of two types" "$(for n in {1..9}; do echo '{"x":'$((300 + n))',"y":400}'; echo '{"large":'$n',"of":[0,-'$n']}'; done | sort)" \
		"$(sed -n 's/.*"output":"mixed","data":\(.*\)}$/\1/p' out | sort)"
	equal "several numbers" "$(for n in {1..9}; do echo "[$n,-$n,$((n * n))]"; done)" \
		"$(sed -n 's/.*"output":"numbers".*"value":\(.*\)}}$/\1/p' out)"
	contains "what is behind a struct" "$(grep '"output":"longer"' out)" '{"x":305,"y":400,"rest":"05000000'
}

# A program that was written for other fields reads something else: it is refused, whatever the text calls its context.
other_fields() {
	cat >kill.c <<-'END'
		struct event { int pid, sig; };
		BPF_RINGBUF_OUTPUT(events, 8);
		#define A args
		TRACEPOINT_PROBE(syscalls, sys_enter_kill)
		{
		    struct event event = {(A)->pid, (A)->sig};
		    if (is_target())
		        events.ringbuf_output(&event, sizeof(event), 0);
		    return 0;
		}
	END
	local function=tracepoint__syscalls__sys_enter_kill
	run reprobe run kill.c -a $function=tracepoint:syscalls:sys_enter_tgkill -c true
	refused "cannot attach $function to tracepoint:syscalls:sys_enter_tgkill: the program reads the field" "which is another one there"
	run reprobe run --json kill.c -a $function=tracepoint:syscalls:sys_enter_tkill -c 'kill -0 $$'
	status 0
	equal "one with the same" 0 "$(grep '"output"' out | jsonlines data.sig | head -1)"
	run reprobe -e 'load kill.c' -e 'retarget 1 sys_enter_tgkill' -e quit
	contains "a retarget" "$err" "cannot move it to tracepoint:syscalls:sys_enter_tgkill: the program reads the field"
	run reprobe -e 'load kill.c' -e "attach 1 $function sys_enter_tgkill" -e quit
	contains "attach" "$err" "cannot attach $function to tracepoint:syscalls:sys_enter_tgkill"
}

# What is not there, and why.
missing_keys() {
	source_file keys.c <<'END'
BPF_PERCPU_HASH(none, u32, u64);
BPF_PERCPU_HASH(some, u32, u64);
BPF_HASH(full, u32, u64, 4);
BPF_HASH(filled, u32, u64, 1);
struct prefix { u32 length, at; };
BPF_LPM_TRIE(trie, struct prefix, u64, 3);
BPF_TABLE("lru_hash", u32, u64, recent, 4);
PROBE
{
    if (!is_target())
        return 0;
    u32 key = 1, random = bpf_get_prandom_u32();
    u64 zero = 0;
    none.increment(key);
    some.lookup_or_try_init(&key, &zero);
    some.increment(key);
    full.increment(random);
    filled.increment(key);
    recent.lookup_or_try_init(&random, &zero);
    trie.update(&(struct prefix){32, random}, &zero);
    return 0;
}
END
	run reprobe run keys.c -c 'spawn --calls 20 >/dev/null'
	status 0
	matches "keys that are there" "$out" '^1 +[0-9]{2}$'
	contains "which are not" "$err" "note: none.increment() counts only keys that are there" \
		"reprobe: the map full is full (4 entries): what came after may not be in it" \
		"reprobe: the map filled is full (1 entry): what came after may not be in it" \
		"reprobe: the map trie is full (3 entries): what came after may not be in it" \
		"reprobe: the map recent is full (4 entries): newer ones may have replaced older ones"
	lacks "others" "$err" "some.increment()"
}

# Keys that differ between their members, or behind their texts.
alike_keys() {
	source_file alike.c <<'END'
struct slotted { u32 a; u64 slot; };
struct padded { u32 a; u64 b; };
struct named { char name[8]; };
BPF_HISTOGRAM(dist, struct slotted);
BPF_HASH(pads, struct padded, u64);
BPF_HASH(names, struct named, u64);
BPF_HASH(same, struct padded, u64);
PROBE
{
    if (!is_target())
        return 0;
    for (u32 i = 0; i < 3; i++) {
        struct slotted slotted = {};
        struct padded padded = {}, other = {.a = i};
        struct named named = {"a"};
        *((u32 *)&slotted + 1) = *((u32 *)&padded + 1) = named.name[5] = i;
        slotted.slot = bpf_log2l(i);
        dist.increment(slotted);
        pads.increment(padded);
        names.increment(named);
        same.increment(other);
    }
    return 0;
}
END
	run reprobe run alike.c -c 'spawn --calls 1 >/dev/null'
	status 0
	contains "are told" "$err" "2 histograms of the map dist are like others: their keys differ in what is not shown" \
		"2 rows of the map pads are like others" "2 rows of the map names are like others"
	lacks "others" "$err" "map same"
}

# The numbers of two processors, whose sum has more than 64 bits.
wide_sums() {
	taskset -c 1 true 2>/dev/null || skip "there is one processor"
	source_file wide.c <<'END'
BPF_PERCPU_ARRAY(most, u64, 1);
BPF_PERCPU_HASH(least, u32, s64);
PROBE
{
    u32 key = 0;
    u64 ones = ~0ULL;
    s64 lowest = (s64)(1ULL << 63);
    if (is_target()) {
        most.update(&key, &ones);
        least.update(&key, &lowest);
    }
    return 0;
}
END
	local work='taskset -c 0 spawn --calls 1 >/dev/null; taskset -c 1 spawn --calls 1 >/dev/null'
	run reprobe run --json wide.c -c "$work"
	equal "as JSON" '{"map":"least","key":0,"value":-18446744073709551616}
{"map":"most","key":0,"value":36893488147419103230}' "$(sort <<<"$out")"
	run reprobe run wide.c -c "$work"
	matches "as a table" "$out" '^most: 36893488147419103230$' '^0 +-18446744073709551616$'
}

maps() {
	source_file maps.c <<'END'
struct key { u32 pid; char name[8]; };
struct value { u64 count; s32 last; };
BPF_HASH(counts, u32, u64);
BPF_HASH(by_name, struct key, struct value);
BPF_ARRAY(slots, u64, 4);
BPF_PERCPU_ARRAY(total, u64, 1);
BPF_PERCPU_HASH(per_cpu, u32, u64);
BPF_HISTOGRAM(sizes);
BPF_HASH(empty, u32, u64);
PROBE
{
    if (!is_target())
        return 0;
    u32 k = 1;
    u64 v = 10;
    counts.update(&k, &v);
    k = 2, v = 9;
    counts.update(&k, &v);
    k = 3, v = 30;
    counts.update(&k, &v);
    struct key key = {.pid = 7, .name = "seven"};
    struct value value = {.count = 77, .last = -7};
    by_name.update(&key, &value);
    slots.increment(2, 5);
    total.increment(0);
    u32 one = 1;
    u64 zero = 0, *count = per_cpu.lookup_or_try_init(&one, &zero);
    if (count)
        ++*count;
    sizes.increment(bpf_log2l(100));
    sizes.increment(bpf_log2l(100));
    sizes.increment(bpf_log2l(5));
    return 0;
}
END
	run reprobe run --json maps.c -c 'spawn --calls 3 >called; :'
	status 0
	silent
	equal "maps" '{"map":"by_name","key":{"pid":7,"name":"seven"},"value":{"count":77,"last":-7}}
{"map":"counts","key":1,"value":10}
{"map":"counts","key":2,"value":9}
{"map":"counts","key":3,"value":30}
{"map":"per_cpu","key":1,"value":3}
{"map":"slots","key":2,"value":15}
{"map":"total","key":0,"value":3}' "$(grep -v histogram out | sort)"
	equal "order by value" "2 1 3" "$(grep '"counts"' out | jsonlines key | tr '\n' ' ' | sed 's/ $//')"
	contains "histogram" "$out" '"map":"sizes","histogram":' '{"min":4,"max":7,"count":3}' '{"min":64,"max":127,"count":6}]}'
	jsonlines <out >/dev/null || fail "not JSON" "$out"
	run reprobe run maps.c -c 'spawn --calls 3 >called; :'
	contains "maps as text" "$out" "counts:" "empty:" "total: 3" "distribution"
	matches "maps as text" "$out" '^3 +30$'
	matches "struct key and value" "$out" '^7 +seven +77 +-7$'
	matches "histogram" "$out" '^ +64 -> 127 +: 6 +\|\*{40}\|$'
	matches "histogram" "$out" '^ +4 -> 7 +: 3 +\|\*{20} {20}\|$'
}

# The kernel may not know the name yet, and writes <...>, or still have one from before execve().
trace_pipe() {
	alone trace_pipe
	source_file trace.c <<'END'
PROBE
{
    if (is_target())
        bpf_trace_printk("says %d: bpf_trace_printk: [001] 100%%\n", 42);
    return 0;
}
END
	run reprobe run trace.c -c 'spawn --calls 2 >called; :'
	status 0
	equal "header" "TASK PID CPU TIME(s) MESSAGE" "$(head -n 1 out | tr -s ' ')"
	equal "messages" 2 "$(grep -c ' says 42: bpf_trace_printk: \[001\] 100%$' out)"
	matches "task" "$out" '^(spawn|sh|reprobe|<...>) '
	equal "pids" "$(cut -d' ' -f1 called)" "$(awk 'NR > 1 { print $2 }' out | uniq)"
	run reprobe run --json trace.c -c 'spawn --calls 2 >called; :'
	equal "JSON" "$(cut -d' ' -f1 called) says 42: bpf_trace_printk: [001] 100%" \
		"$(jsonlines data.pid data.message <out | head -n 1 | tr '\t' ' ')"
}

raw_tracepoint() {
	cat >raw.c <<'END'
BPF_HASH(calls, u64, u64);
RAW_TRACEPOINT_PROBE(sys_enter)
{
    if (!is_target())
        return 0;
    u64 nr = ctx->args[1];
    calls.increment(nr);
    return 0;
}
END
	run reprobe run --json raw.c -c 'spawn --calls 50 >called; :'
	status 0
	silent
	# getpgid() is system call 121 on x86-64
	contains "calls" "$out" '{"map":"calls","key":121,"value":50}'
}

attach_option() {
	cat >plain.c <<'END'
BPF_ARRAY(enters, u64, 1);
BPF_ARRAY(exits, u64, 1);
BPF_ARRAY(raws, u64, 1);
int on_enter(void *ctx) { if (is_target()) enters.increment(0); return 0; }
int on_exit(void *ctx) { if (is_target()) exits.increment(0); return 0; }
int on_raw(void *ctx) { if (is_target()) raws.increment(0); return 0; }
END
	run reprobe run plain.c -a on_enter=tracepoint:syscalls:sys_enter_getpgid \
		--attach on_exit=t:syscalls:sys_exit_getpgid -a on_enter=tracepoint:syscalls:sys_enter_getpgrp \
		--attach=on_raw=rt:sched_process_exec -c 'spawn --calls 7 >called; :'
	status 0
	silent
	equal "calls" "enters: 7
exits: 7
raws: 2" "$(grep -v '^$' out | sort)"
}

flags() {
	mkdir include
	cat >include/mine.h <<'END'
#include "deeper.h"
struct mine { u32 pid; u32 deeper; };
END
	echo '#define DEEPER 3' >include/deeper.h
	echo '#define BESIDE 4' >beside.h
	source_file flags.c <<'END'
#include "beside.h"
#include "mine.h"
BPF_HASH(seen, u32, u64);
PROBE
{
    struct mine m = {.deeper = DEEPER};
    u32 k = FIRST + SECOND * 10 + m.deeper * 100 + BESIDE * 1000 + LAST * 10000;
    if (is_target())
        seen.increment(k);
    return 0;
}
END
	run reprobe run --json -D FIRST=1 -DSECOND=2 -I include flags.c -c "$call" -- -DLAST=5
	status 0
	silent
	equal "value" '{"map":"seen","key":54321,"value":1}' "$out"
	cd /
	run reprobe run --json "$tmp/flags.c" -DFIRST=1 -DSECOND=2 -I"$tmp/include" -DLAST=5 -c "cd $tmp; $call"
	equal "value from another directory" '{"map":"seen","key":54321,"value":1}' "$out"
}

standard_input() {
	source_file small.c <<<'BPF_ARRAY(calls, u64, 1); PROBE { if (is_target()) calls.increment(0); return 0; }'
	run reprobe run - -c "$call" <small.c
	status 0
	equal "maps" "calls: 1" "$out"
	echo 'PROBE { retur 0; }' | source_file bad.c
	run reprobe run - <bad.c
	refused "standard input:1:"
}

timings() {
	source_file small.c <<<'PROBE { return 0; }'
	run reprobe run --timings small.c --for 1ms
	status 0
	equal "fields" "types_ms compile_ms load_ms attach_ms total_ms cached" \
		"$(tail -n 1 err | tr -d '{}"' | tr ',' '\n' | cut -d: -f1 | tr '\n' ' ' | sed 's/ $//')"
	jsonlines types_ms compile_ms load_ms attach_ms total_ms <<<"$(tail -n 1 err)" >"times" ||
		fail "not JSON" "$err"
	awk '{ for (i = 1; i < 6; i++) if ($i <= 0) exit 1; exit !($5 >= $1 + $2 + $3 + $4 - 0.01) }' times ||
		fail "expected each time over zero and the total no less than their sum" "$(cat times)"
}

target_constant() {
	source_file target.c <<'END'
BPF_HASH(calls, u32, u64);
PROBE
{
    u32 target = TARGET_PID, pid = bpf_get_current_pid_tgid() >> 32;
    if (pid == target)
        calls.increment(target);
    return 0;
}
END
	run reprobe run --json target.c -c 'echo $$ >child; exec spawn --calls 4 >called'
	status 0
	silent
	equal "calls" "{\"map\":\"calls\",\"key\":$(cat child),\"value\":4}" "$out"
}

target_without_effect() {
	source_file small.c <<<'PROBE { return 0; }'
	run reprobe run small.c -p $$ --for 1ms
	status 0
	contains "note" "$err" "TARGET_PID" "every process"
	source_file small.c <<<'PROBE { return is_target(); }'
	run reprobe run small.c -p $$ --for 1ms
	silent
}

limits() {
	source_file two.c <<'END'
BPF_RINGBUF_OUTPUT(a, 8);
BPF_PERF_OUTPUT(b);
PROBE { u32 n = 1; if (is_target()) { a.ringbuf_output(&n, 4, 0); b.perf_submit(args, &n, 4); } return 0; }
END
	run reprobe run --json two.c --events 7 -c 'spawn --calls 100 >called; :'
	status 0
	silent
	equal "events" 7 "$(wc -l <out)"
	run reprobe run -t two.c --events 1 -c 'spawn --calls 100 >called; :'
	matches "time" "$out" '^[0-2][0-9]:[0-5][0-9]:[0-6][0-9] '
}

command_status() {
	source_file small.c <<<'PROBE { return is_target(); }'
	run reprobe run small.c -c 'exit 3'
	status 0
	contains "stderr" "$err" "status 3"
	run reprobe run small.c -c 'kill -9 $$'
	contains "stderr" "$err" "signal 9"
}

# Words of the author's that are also enumerators of the kernel.
own_names() {
	source_file names.c <<'END'
BPF_ARRAY(all, u64, 1);
static int fail(void) { return 0; }
PROBE { if (is_target()) all.increment(0); return fail(); }
END
	run reprobe run names.c -c "$call"
	status 0
	silent
	equal "map" "all: 1" "$out"
}

type_sources() {
	source_file small.c <<<'PROBE { return ((struct task_struct *)bpf_get_current_task())->pid; }'
	run reprobe run --types=btf small.c --for 1ms
	status 0
	[ -d "/lib/modules/$(uname -r)/build" ] || {
		run reprobe run --types=headers small.c --for 1ms
		refused "headers are not installed"
	}
}

check() {
	records_source
	run reprobe check records.c
	status 0
	silent
	contains "what is in it" "$out" "records.c compiles" "tracepoint:syscalls:sys_enter_getpgid" "map      perf"
}

# Each filter alone and against what it must not let through; both forms of is_target().
filters() {
	source_file who.c <<'END'
BPF_ARRAY(current_task, u64, 1);
BPF_ARRAY(given_task, u64, 1);
PROBE
{
    if (is_target())
        current_task.increment(0);
    if (is_target_task((struct task_struct *)bpf_get_current_task()))
        given_task.increment(0);
    return 0;
}
END
	local cgroups dir
	cgroups=$(awk '$3 == "cgroup2" { print $2; exit }' /proc/mounts)
	[ -n "$cgroups" ] || skip "no cgroup v2 is mounted"
	dir=$cgroups/reprobe-test.$$
	mkdir -p "$dir/inner" "$dir.other"
	echo "echo \$\$ >$dir/inner/cgroup.procs; exec spawn --calls 9" >job
	seen 9 --comm spawn
	seen 0 --comm spawm
	seen 0 --comm spawn1
	seen 9 -u root
	seen 9 -u 0
	seen 0 -u 65534
	seen 9 --cgroup "$dir/inner"
	seen 9 --cgroup "$dir"
	seen 0 --cgroup "$dir.other"
	seen 9 --cgroup "$dir" -u 0 --comm spawn
	seen 0 --cgroup "$dir" -u 1 --comm spawn
	rmdir "$dir/inner" "$dir" "$dir.other"
	run reprobe build who.c -o who.rpo
	run reprobe run who.rpo --comm spawn -c 'exec spawn --calls 3 >called'
	equal "seen by an object" "current_task: 3" "$(grep current out)"
	run reprobe run who.c --comm a_name_of_16_byt
	refused "a task's name has 1 to 15 bytes"
	run reprobe run who.c --cgroup /proc
	refused "not the directory of a cgroup v2"
	run reprobe run who.c --cgroup /no/such
	refused "No such file"
	run reprobe run who.c -u nosuchuser
	equal "status" 64 "$rc"
	contains "stderr" "$err" "has no user"
}

seen() {
	local count=$1
	shift
	run reprobe run who.c "$@" -c 'exec sh ./job >called'
	status 0
	silent
	equal "seen with $*" "current_task: $count given_task: $count" "$(sort out | tr '\n' ' ' | sed 's/ $//')"
}

# libbcc's own way of reading what stands behind a member is wrong for all but the first element.
elements_source() {
	source_file elements.c <<'END'
struct event {
    u64 flags, same, letter, limit, computed, cast, sum, choice, name, address;
    char text[4];
    u32 own[2][2];
};
BPF_RINGBUF_OUTPUT(events, 8);
static inline u32 flags_of(struct task_struct *t, int i) { return t->files->fdt->fd[i]->f_flags; }

PROBE
{
    struct task_struct *t = (struct task_struct *)bpf_get_current_task();
    int one = 1;
    if (TARGET_PID != bpf_get_current_pid_tgid() >> 32)
        return 0;
    struct event *e = events.ringbuf_reserve(sizeof(*e));
    if (!e)
        return 0;
    e->flags = t->files->fdt->fd[1]->f_flags;
    e->same = flags_of(t, one) == t->files->fdt->fd[one][0].f_flags;
    e->letter = t->comm[1] == 1[t->comm] ? t->comm[1] : 0;
    e->limit = t->signal->rlim[7].rlim_cur;
    e->computed = t->signal->rlim[t->comm[1] - 'p' + 7].rlim_cur;
    e->cast = ((struct task_struct *)bpf_get_current_task())->comm[4];
    e->sum = t->group_leader->comm[2] + t->comm[one];
    e->choice = one ? t->comm[0] : t->comm[1];
    e->name = t->nsproxy->uts_ns->name.sysname[2];
    e->address = 0;
    bpf_probe_read_kernel(&e->address, 1, &t->comm[3]);
    e->text[0] = 'a', e->text[one] = t->comm[4], e->text[2] = 0, e->text[3] = 0;
    e->own[0][0] = e->own[0][1] = 1, e->own[1][0] = 5, e->own[1][1] = e->own[1][0] + e->own[0][one];
    events.ringbuf_submit(e, 0);
    return 0;
}
END
}

elements_behind_members() {
	elements_source
	ulimit -Sn 321
	run reprobe run --json elements.c -c 'exec spawn --calls 1 >>called'
	status 0
	silent
	# Of "spawn": p, n, a, w; of "Linux": n. A file that is appended to is open for writing.
	equal "values" "1 112 321 321 110 209 115 110 119 an 1,1,5,6" \
		"$(jsonlines data.same data.letter data.limit data.computed data.cast data.sum data.choice data.name data.address data.text <out |
			tr '\t' ' ') $(sed 's/.*"own":\[\[\(.*\)\]\]}}$/\1/; s/\],\[/,/' out)"
	equal "flags" "$((01 | 02000))" "$(($(jsonlines data.flags <out) & 03003))"
}

# Where libbcc does not read for the author at all, nothing is read wrong: the line is told, and what to do.
in_macros_and_headers() {
	echo 'static inline u32 second(struct task_struct *t) { return t->comm[1]; }' >own.h
	local words='is read or written through a plain address' cure='in no macro and in no header of your own'
	no_value 'SECOND(t)' "$words" 'through.c:7: e->a = SECOND(t)' "$cure"
	no_value 'ID(t->comm[1])' "$words" 'through.c:7: e->a = ID(t->comm[1])' "$cure"
	no_value 'unlikely(t->comm[1] == 112)' "$words" 'through.c:7:'
	no_value 'second(t)' "$words" 'own.h:1: ' "$cure"
	no_value '0; lock_xadd(&e->a, t->comm[1])' 'does not follow pointers in what a macro is given (lock_xadd)'
	no_value 'one[t->comm]' 'libbcc cannot rewrite this text' 'write a[i]'
}

# What clang defines by itself, where it is asked for: in the source, in a header, by a flag; and where it is not.
predefined() {
	local name there
	for name in __SIZEOF_LONG__ _LP64 linux __linux __x86_64 __clang__ own; do
		[ "$name" != __x86_64 ] || [ "$(uname -m)" = x86_64 ] || continue
		printf '#ifdef %s\n#define THERE 1\n#else\n#define THERE 0\n#endif\n' "$name" >there.h
		there=1
		[ "$name" != own ] || there=0
		there "$(cat there.h)" $there
		there '#include "there.h"' $there
		there '' $there -include "$PWD/there.h"
	done
	there '' 8 -DTHERE=__SIZEOF_LONG__
	there '' 7 -DTHERE=7
}
# there HEAD VALUE [FLAG…]: a program with that head sends that value
there() {
	source_file there.c <<END
$1
struct event { u64 a; };
BPF_RINGBUF_OUTPUT(events, 8);
PROBE
{
    struct event event = {.a = THERE};
    if (TARGET_PID == bpf_get_current_pid_tgid() >> 32)
        events.ringbuf_output(&event, sizeof(event), 0);
    return 0;
}
END
	run reprobe run --json there.c -c 'exec spawn --calls 1 >>called' -- "${@:3}"
	status 0
	equal "$* of $name" "$2" "$(jsonlines data.a <out)"
}
# no_value EXPRESSION PIECE…: it is refused, with those words
no_value() {
	source_file through.c <<END
#include "own.h"
#define SECOND(t) (t)->comm[1]
#define ID(x) x
BPF_RINGBUF_OUTPUT(events, 8);
struct event { u64 a; };
PROBE { int one = 1; struct task_struct *t = (struct task_struct *)bpf_get_current_task(); struct event *e = events.ringbuf_reserve(sizeof(*e)); if (!e) return 0;
e->a = $1;
events.ringbuf_submit(e, 0); return 0; }
END
	run reprobe run through.c -c true
	shift
	status 1
	contains "$command" "$err" "$@"
}

t "records as JSON" records_as_json
t "records as text" records_as_text
t "records that are not structs" plain_values
t "lines of a message" message_lines
t "ids of processes" process_ids
t "layouts of one look" layouts
t "keys that look alike" alike_keys
t "sums of all processors" wide_sums
t "maps" maps
t "keys that are missing" missing_keys
t "fields of another tracepoint" other_fields
t "bpf_trace_printk" trace_pipe
t "RAW_TRACEPOINT_PROBE" raw_tracepoint
t "--attach" attach_option
t "-D, -I, -- and the author's headers" flags
t "standard input" standard_input
t "--timings" timings
t "TARGET_PID" target_constant
t "-p says when it is without effect" target_without_effect
t "--events counts all outputs; -t" limits
t "-c says how the command ended" command_status
t "names that the kernel uses too" own_names
t "--types" type_sources
t "reprobe check" check
t "filters by user, name and cgroup" filters
t "elements behind members" elements_behind_members
t "macros, and headers of one's own" in_macros_and_headers
t "macros of the compiler's" predefined
finish
