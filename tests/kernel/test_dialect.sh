#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Sources in libbpf's dialect, as their authors write them: compiled with nothing installed, run, and built
# into objects that bpftool takes. test_objects.sh has what they do when they run.
. "$(dirname "$0")/../lib.sh"
need_root

own probed
probed=$REPLY
sources=$here/kernel/libbpf
calls=$sources/calls.bpf.c

# head_of FILE: what such a source begins with; more of it on stdin
head_of() {
	{
		printf '#include "vmlinux.h"\n#include <bpf/bpf_helpers.h>\n#include <bpf/bpf_core_read.h>\n'
		printf 'char LICENSE[] SEC("license") = "GPL";\n'
		cat
	} >"$1"
}

# In front of a command: on a machine that has no headers at all
bare=("${own_mounts[@]}" bash -c 'mount -t tmpfs none /usr/include
	for d in /usr/lib/clang /usr/lib/llvm-*/lib/clang; do [ ! -d "$d" ] || mount -t tmpfs none "$d"; done
	exec "$@"' bare)

# Some bytes of it are others: libbpf 1.1 crashes on it. Later ones may find it whole.
damaged_object() {
	local verb
	for verb in run check; do
		run reprobe $verb "$top/tests/fuzz/seeds/elf/damaged_object"
		# Newer releases of libbpf see what is wrong with its types before the kernel does.
		[ "$rc" = 0 ] || refused "damaged_object"
		[ "$rc" = 0 ] || matches "message of $command" "$err" '^reprobe: cannot (use|load) '
	done
}

everything_compiles() {
	local file
	for file in "$sources"/*.bpf.c; do
		run "${bare[@]}" reprobe check "$file"
		status 0
		case ${file##*/} in
		asks.bpf.c | kernel.bpf.c) contains "note" "$err" "reprobe: note: this kernel has no " ;;
		*) silent ;;
		esac
		contains "check" "$out" "$file compiles"
	done
}

check_lists() {
	run reprobe check "$sources/functions.bpf.c"
	status 0
	equal "what is listed" "function do_unlinkat kprobe:do_unlinkat
function do_unlinkat_exit kretprobe:do_unlinkat
function enter_read fentry:vfs_read
function exit_read fexit:vfs_read
map calls
map .rodata" "$(awk 'NR > 1 { $1 = $1; print }' <<<"$out")"
}

# The three ways of the article: what the children of a shell execute.
execs() {
	local file=$1 pids
	rm -f go
	bash -c 'until [ -e go ]; do sleep 0.02; done; for i in 1 2; do /bin/true & echo $! >>children; wait; done' &
	local caller=$!
	start reprobe run -v --json "$sources/$file.bpf.c"
	attached_to 1
	touch go
	wait "$caller"
	sleep 0.3 # what comes late is not to come
	kill -INT "$pid"
	stopped
	status 0
	pids=$(paste -sd'|' children)
	grep '"output"' out | grep -E "\"pid\":($pids)[,}]" >mine
	equal "events" 2 "$(wc -l <mine)"
	contains "events" "$(cat mine)" "$2"
}

# traced_calls NAME SETTING CALLS: runs the source of that name, whose SETTING is the process that makes the calls,
# in Python, once it is traced. Its id is in $caller.
traced_calls() {
	rm -f go
	python3 -c "
import os, time
while not os.path.exists('go'): time.sleep(0.01)
$3" >/dev/null &
	caller=$!
	start reprobe run -v --json "$sources/$1.bpf.c" --set "$2=$caller"
	attached_to 1
	touch go
	wait "$caller"
	kill -INT "$pid"
	stopped
	status 0
}

# Settings, variables and headers that are not vmlinux.h.
interface_headers() {
	traced_calls uapi only_pid 'for _ in range(41): os.write(1, b".")'
	equal "writes" 41 "$(grep '"map":".bss"' out | jsonlines key value | awk '$1 == "writes" { print $2 }')"
}

# A process, from its beginning to its end.
life() {
	rm -f go
	bash -c 'until [ -e go ]; do sleep 0.02; done; /bin/sh -c "sleep 0.3; exit 7" & echo $! >child; wait' &
	local caller=$!
	start reprobe run -v --json "$sources/bootstrap.bpf.c"
	attached_to 2
	touch go
	wait "$caller"
	sleep 0.3
	kill -INT "$pid"
	stopped
	status 0
	grep '"output":"rb"' out | grep "\"pid\":$(cat child)," >mine
	equal "events" "$(cat child) $caller 0 false sh /bin/sh
$(cat child) 0 7 true sh " "$(jsonlines data.pid data.ppid data.exit_code data.exit_event data.comm data.filename <mine | tr '\t' ' ')"
	local took
	took=$(jsonlines data.duration_ms <mine | tail -1)
	[ "$took" -ge 300 ] || fail "duration: $took ms"
}

# Rows of an iterator.
rows() {
	reprobe list iter:task_file >/dev/null 2>&1 || skip "this kernel has no iterators"
	touch a-file
	python3 -c '
import time
kept = open("a-file")
print(kept.fileno(), flush=True)
time.sleep(600)' >number &
	local holder=$!
	wait_for "it has its file" test -s number
	run reprobe run --json "$sources/rows.bpf.c" --set target=$holder
	status 0
	equal "row" "$holder $(cat number) a-file" \
		"$(jsonlines data.pid data.fd data.name <out | tr '\t' ' ' | grep a-file)"
}

# What the type of a record is, by its size: of a part and more, of an array, with an open end, of two rings of one type
# of map, and of bytes.
sizes() {
	head_of sizes.bpf.c <<EOF
#include <bpf/bpf_tracing.h>
struct event { u32 pid; u32 len; char data[56]; };
struct fixed { u32 kind, x; s64 y; };
struct open { u32 kind, len; char text[]; };
struct a { u64 a1; s64 a2; };
struct b { s32 b1; u32 b2; u64 b3; };
struct ring { __uint(type, BPF_MAP_TYPE_RINGBUF); __uint(max_entries, 1 << 16); };
struct ring first SEC(".maps"), second SEC(".maps");
#define RING(n) struct { __uint(type, BPF_MAP_TYPE_RINGBUF); __uint(max_entries, 1 << 16); } n SEC(".maps")
RING(parts); RING(arrays); RING(mixed); RING(reserved);
struct { __uint(type, BPF_MAP_TYPE_PERF_EVENT_ARRAY); __uint(key_size, 4); __uint(value_size, 4); } perf SEC(".maps");
char text[64] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
static void send(void *ctx, void *data, u32 size) { bpf_perf_event_output(ctx, &perf, BPF_F_CURRENT_CPU, data, size); }
SEC("uprobe/$probed:twice") int BPF_UPROBE(f, int n)
{
    struct event e = {n, n, "hello, hello"};
    u32 three[3] = {n, n + 1, n + 2};
    struct a a = {n, -n};
    struct b b = {-n, n, 7};
    struct fixed fixed = {1, n, -n};
    bpf_ringbuf_output(&parts, &e, sizeof(e.pid) + sizeof(e.len) + (n & 15), 0);
    bpf_ringbuf_output(&arrays, three, sizeof(u32) * 3, 0);
    bpf_ringbuf_output(&first, &a, sizeof(a), 0);
    bpf_ringbuf_output(&second, &b, sizeof(b), 0);
    bpf_ringbuf_output(&mixed, &fixed, sizeof(fixed), 0);
    struct open *open = (void *)text;
    open->kind = 2, open->len = n;
    bpf_ringbuf_output(&mixed, open, sizeof(*open) + (n & 15), 0);
    struct b *kept = bpf_ringbuf_reserve(&reserved, sizeof(struct b) + 8, 0);
    if (kept) {
        *kept = b;
        *(u64 *)(kept + 1) = 0x0102;
        bpf_ringbuf_submit(kept, 0);
    }
    send(ctx, three, sizeof(three));
    return 0;
}
EOF
	run reprobe run --json sizes.bpf.c -c 'probed --calls 9 >/dev/null'
	status 0
	local n hello="hello, hello" letters=IJKLMNOPQ
	for n in {1..9}; do
		contains "records of call $n" "$out" \
			"\"output\":\"parts\",\"data\":{\"pid\":$n,\"len\":$n,\"data\":\"${hello:0:n}\"}" \
			"\"output\":\"arrays\",\"data\":{\"value\":[$n,$((n + 1)),$((n + 2))]}" \
			"\"output\":\"first\",\"data\":{\"a1\":$n,\"a2\":-$n}" \
			"\"output\":\"second\",\"data\":{\"b1\":-$n,\"b2\":$n,\"b3\":7}" \
			"\"output\":\"reserved\",\"data\":{\"b1\":-$n,\"b2\":$n,\"b3\":7,\"rest\":\"0201000000000000\"}" \
			"\"output\":\"perf\",\"data\":{\"value\":\"0${n}000000$(printf %02x $((n + 1)))000000$(printf %02x $((n + 2)))000000\"}"
		[ $n = 8 ] || contains "an open end, $n" "$out" "\"kind\":2,\"len\":$n,\"text\":\"${letters:0:n}\"}"
	done
	# Both are of 16 bytes then, and so are all of the others.
	equal "of which nothing tells" 10 "$(grep '"output":"mixed"' out | grep -c '"value"')"
	lacks "of which nothing tells" "$out" '"x":'
}

# A dynptr that finds no space is counted, as a record is.
dynptr_losses() {
	at_least 5.19 || skip "this kernel has no dynptrs"
	head_of dynptrs.bpf.c <<EOF
#include <bpf/bpf_tracing.h>
struct { __uint(type, BPF_MAP_TYPE_RINGBUF); __uint(max_entries, 4096); } ring SEC(".maps");
SEC("uprobe/$probed:twice") int BPF_UPROBE(f, int n)
{
    struct bpf_dynptr dynptr;
    if (!bpf_ringbuf_reserve_dynptr(&ring, 1500, 0, &dynptr))
        bpf_dynptr_write(&dynptr, 0, &n, sizeof(n), 0);
    bpf_ringbuf_submit_dynptr(&dynptr, BPF_RB_NO_WAKEUP);
    return 0;
}
EOF
	run reprobe run --json dynptrs.bpf.c -c 'probed --calls 9 >/dev/null'
	status 0
	local lost
	lost=$(sed -n 's/^reprobe: \([0-9]*\) events\? lost: .*/\1/p' err)
	[ "${lost:-0}" -gt 0 ] || fail "some are lost" "$err"
	equal "delivered and lost" 9 $((lost + $(grep -c '"output":"ring"' out)))
}

# What the kernel refuses is not said to be lost in a full buffer, in both dialects.
refused_records() {
	local dialect too_small="9 records were not sent: the buffer is too small for one" \
		wrong="9 records were not sent: the call has wrong flags or a wrong size"
	head_of refused.bpf.c <<EOF
struct big { u32 a; u8 rest[5000]; };
struct { __uint(type, BPF_MAP_TYPE_RINGBUF); __uint(max_entries, 4096); } ring SEC(".maps");
struct { __uint(type, BPF_MAP_TYPE_PERF_EVENT_ARRAY); } perf SEC(".maps");
SEC("uprobe/$probed:twice") int f(void *ctx)
{
    __u32 n = 7;
    struct big *big = bpf_ringbuf_reserve(&ring, sizeof(*big), 0);
    if (big)
        bpf_ringbuf_discard(big, 0);
    bpf_ringbuf_output(&ring, &n, sizeof(n), 64);
    bpf_perf_event_output(ctx, &perf, 100000, &n, sizeof(n));
    return 0;
}
EOF
	cat >refused.c <<-'EOF'
		struct big { u32 a; u8 rest[5000]; };
		BPF_RINGBUF_OUTPUT(ring, 1);
		int f(void *ctx)
		{
		    u32 n = 7;
		    struct big *big = ring.ringbuf_reserve(sizeof(*big));
		    if (big)
		        ring.ringbuf_discard(big, 0);
		    ring.ringbuf_output(&n, sizeof(n), 64);
		    return 0;
		}
	EOF
	for dialect in refused.bpf.c "refused.c -a f=uprobe:$probed:twice"; do
		# shellcheck disable=SC2086 # words
		run reprobe run $dialect -c 'probed --calls 9 >/dev/null'
		status 0
		contains "$dialect" "$err" "$too_small" "$wrong"
		lacks "$dialect" "$err" "full"
	done
	run reprobe run refused.bpf.c -c 'probed --calls 9 >/dev/null'
	contains "of a perf buffer" "$err" "9 records were not sent: the map has no buffer of that number"
}

# Sizes that begin with a parenthesis and go on behind it.
sizes_in_parentheses() {
	head_of parentheses.bpf.c <<EOF
#include <stddef.h>
struct big { __u32 n; __u64 v; char tail[8]; };
struct { __uint(type, BPF_MAP_TYPE_RINGBUF); __uint(max_entries, 4096); } ring SEC(".maps");
#undef offsetof
#define offsetof(type, member) ((unsigned long)&((type *)0)->member)
SEC("uprobe/$probed:twice") int f(void *ctx)
{
    struct big big = {.n = 7, .v = 8, .tail = "tail"};
    bpf_ringbuf_output(&ring, &big, offsetof(struct big, tail) + 5, 0);
    bpf_ringbuf_output(&ring, &big, (__u64)sizeof(big), 0);
    bpf_ringbuf_output(&ring, &big, (12) + 4, 0);
    return 0;
}
EOF
	run reprobe run --json parentheses.bpf.c -c 'probed --calls 1 >/dev/null'
	status 0
	equal "records" '{"n":7,"v":8,"tail":"tail"}
{"n":7,"v":8,"tail":"tail"}
{"n":7,"v":8,"tail":null}' "$(sed -n 's/^{"output":"ring","data":\(.*\)}$/\1/p' out)"
}

# An output that nothing is sent through needs no type.
unused_outputs() {
	head_of unused.bpf.c <<EOF
struct { __uint(type, BPF_MAP_TYPE_RINGBUF); __uint(max_entries, 4096); } ring SEC(".maps");
struct { __uint(type, BPF_MAP_TYPE_PERF_EVENT_ARRAY); } perf SEC(".maps");
__u32 calls;
SEC("uprobe/$probed:twice") int f(void *ctx) { calls++; return 0; }
EOF
	run reprobe run unused.bpf.c -c 'probed --calls 3 >/dev/null'
	contains "it runs" "$out" "calls = 3"
	lacks "no note" "$err" "of what type"
}

# Two types of one size are not taken for a number, in a file of records neither; whose rows say of which output they are.
doubtful_records() {
	head_of doubtful.bpf.c <<EOF
struct pair { __u32 x; __s32 y; };
struct one { __u64 z; };
struct { __uint(type, BPF_MAP_TYPE_RINGBUF); __uint(max_entries, 4096); } mixed SEC(".maps"), plain SEC(".maps"), bare SEC(".maps");
SEC("uprobe/$probed:twice") int f(void *ctx)
{
    struct pair pair = {1, -1};
    struct one one = {258};
    void *unknown = &one;
    bpf_ringbuf_output(&mixed, &pair, sizeof(pair), 0);
    bpf_ringbuf_output(&mixed, &one, sizeof(one), 0);
    bpf_ringbuf_output(&plain, &pair, sizeof(pair), 0);
    bpf_ringbuf_output(&bare, unknown, 8, 0);
    return 0;
}
EOF
	run reprobe run --json doubtful.bpf.c -c 'probed --calls 2 >/dev/null'
	status 0
	contains "bytes" "$out" '"mixed","data":{"value":"01000000ffffffff"}' '"mixed","data":{"value":"0201000000000000"}'
	equal "one note" 1 "$(grep -c 'note: records of mixed that have 8 bytes can be of 2 types' err)"
	run reprobe -c 'probed --calls 1 >/dev/null' -e 'load doubtful.bpf.c' -e 'record rows.csv' -e wait -e quit
	contains "and at the prompt" "$err" 'note: [1] records of mixed'
	equal "as CSV" "1,plain,1,-1
1,mixed,01000000ffffffff
1,mixed,0201000000000000
1,bare,258" "$(tr -d '\r' <rows.csv | grep -v '^time,probe,output,' | sed 's/^[0-9:]*,//' | sort -t, -k2,2r -s)"
}

# A static variable of two values, of which LLVM would make a bool, and structs with counts and more than these.
variables() {
	cat >state.c <<EOF
#include <linux/types.h>
#include <bpf/bpf_helpers.h>
char LICENSE[] SEC("license") = "GPL";
struct { __u64 seen, total; __u32 slots[4]; } dist;
struct { __u32 head; __s64 slots[4]; } ring;
__u64 total;
static int state;
SEC("uprobe/$probed:twice") int f(void *ctx)
{
    dist.seen++;
    dist.total += state ? state : 1;
    dist.slots[1]++; /* log2 of 2 and 3 */
    ring.slots[ring.head++ & 3] = -(__s64)dist.seen;
    if (++total == 4)
        state = 9;
    return 0;
}
EOF
	cp state.c state.bpf.c
	run reprobe run --json state.bpf.c -c 'probed --calls 9 >/dev/null'
	status 0
	contains "variables" "$out" '"key":"state","value":9}' '"key":"ring","value":{"head":9,"slots":[-9,-6,-7,-8]}}' \
		'"key":"dist","value":{"seen":9,"total":49},"histogram":[{"min":0,"max":1,"count":0},{"min":2,"max":3,"count":9}]}'
	run reprobe run state.bpf.c -c 'probed --calls 9 >/dev/null'
	contains "as text" "$out" "  dist: seen = 9, total = 49"
	clang -target bpf -g -O2 -idirafter "/usr/include/$(uname -m)-linux-gnu" -c state.c -o state.o
	run reprobe run --json state.o -c 'probed --calls 9 >/dev/null'
	status 0
	contains "of another's object" "$out" '"key":"state","value":"(another value)"}'
	contains "and why" "$err" "only whether they have their first value or another one: state"
}

# As libbpf has it, who wants what is behind a ? asks for it.
optional() {
	cat >optional.bpf.c <<EOF
#include <linux/types.h>
#include <bpf/bpf_helpers.h>
char LICENSE[] SEC("license") = "GPL";
int wanted, other;
SEC("?uprobe/$probed:twice") int f(void *ctx) { other++; return 0; }
SEC("uprobe/$probed:twice") int g(void *ctx) { wanted++; return 0; }
EOF
	run reprobe run --json optional.bpf.c -c 'probed --calls 9 >/dev/null'
	status 0
	contains "one" "$out" '"key":"wanted","value":9'
	lacks "the other" "$out" '"key":"other"'
	run reprobe run --json optional.bpf.c -a f=uprobe:"$probed":twice -c 'probed --calls 9 >/dev/null'
	contains "that is asked for" "$out" '"key":"other","value":9'
	sed -i '/wanted++/d' optional.bpf.c
	run reprobe run optional.bpf.c -c 'probed --calls 9 >/dev/null'
	status 1
	contains "why" "$err" "nothing to attach: its functions are in sections that begin with ?" "f=PROBE (--attach, load) attaches one"
}

# What no type is known of is told.
without_types() {
	cat >bytes.bpf.c <<EOF
#include <linux/types.h>
#include <bpf/bpf_helpers.h>
char LICENSE[] SEC("license") = "GPL";
struct { __uint(type, BPF_MAP_TYPE_RINGBUF); __uint(max_entries, 65536); } rb SEC(".maps");
static void send(void *record, __u32 size) { bpf_ringbuf_output(&rb, record, size, 0); }
SEC("uprobe/$probed:twice") int f(void *ctx) { __u32 two[2] = {1, 2}; send(two, sizeof(two)); return 0; }
EOF
	run reprobe run bytes.bpf.c -c 'probed --calls 2 >/dev/null'
	contains "a note" "$err" "note: the object does not say of what type the records of rb are"
}

# What was checked is another copy than what is read: with relocations clang reads the member twice.
checked_twice() {
	reprobe list iter:task >/dev/null 2>&1 || skip "this kernel has no iterators"
	head_of twice.bpf.c <<'EOF'
pid_t last;
SEC("iter/task") int f(struct bpf_iter__task *ctx) { if (ctx->task) last = ctx->task->pid; return 0; }
EOF
	reprobe build twice.bpf.c -o twice.bpf.o
	run reprobe run twice.bpf.o
	refused "cannot load f: " "the pointer that the program reads may be NULL" "hint: copy it to a variable" "or_null_'"
}

# Arguments and results of a kernel function, where the kernel has kprobes.
functions() {
	[ -n "$kprobes" ] || skip "this kernel has no kprobes"
	rm -f go
	touch one two
	python3 -c '
import os, time
while not os.path.exists("go"): time.sleep(0.01)
for name in "one", "none", "two":
    try: os.unlink(name)
    except OSError: pass' &
	local caller=$!
	start reprobe run -v --json "$sources/unlinks.bpf.c" --set target="$caller"
	attached_to 2
	touch go
	wait "$caller"
	sleep 0.5
	kill -INT "$pid"
	stopped
	status 0
	local how
	for how in "kprobe kret" "fentry fexit"; do
		set -- $how
		grep -q "\"how\":\"$1\"" out || continue # the twin of the other
		equal "names of $1" "-100 one
-100 none
-100 two" "$(grep "\"how\":\"$1\"" out | jsonlines data.dfd data.name | tr '\t' ' ')"
		equal "results of $2" "0 -2 0" "$(grep "\"how\":\"$2\"" out | jsonlines data.result | xargs)"
		seen=1
	done
	[ -n "${seen-}" ] || fail "events" "$out"
}

# A member that this kernel lacks, the version, the configuration.
asks() {
	traced_calls asks target 'for _ in range(3): os.getpgid(0)'
	local major minor patch
	IFS=.- read -r major minor patch _ < <(uname -r)
	patch=${patch%%[!0-9]*}
	equal "variables" "calls 3
has_bpf true
tgid $caller
version $((major << 16 | minor << 8 | (patch > 255 ? 255 : patch)))" \
		"$(grep '"map":".bss"' out | jsonlines key value | tr '\t' ' ' | sort)"
	contains "note" "$err" "this kernel has no no_such_id in struct task_struct"
	# Reading it without asking is refused.
	sed 's/bpf_core_field_exists(task->no_such_id)/bpf_core_field_exists(task->tgid)/' "$sources/asks.bpf.c" >wrong.bpf.c
	run reprobe run wrong.bpf.c --for 0.1
	status 1
	contains "message" "$err" "cannot load on_call" "reads a member" "hint: this kernel has no struct task_struct.no_such_id: ask first, with bpf_core_field_exists()"
}

# A file has its own headers beside it, which include more; a vmlinux.h of its own is not read.
own_headers() {
	mkdir -p src/inner
	printf '#include "inner/numbers.h"\nstruct event { u32 pid; };\n' >src/own.h
	printf '#define NUMBER 7\n#include "deep.h"\n' >src/inner/numbers.h
	printf 'enum { DEEP = 8 };\n' >src/inner/deep.h
	printf '#error it is read\n' >src/vmlinux.h
	head_of src/own.bpf.c <<'EOF'
#include "own.h"
u64 sum = NUMBER + DEEP;
SEC("tp/syscalls/sys_enter_swapoff") int f(void *ctx) { struct event e = {1}; sum += e.pid; return 0; }
EOF
	run reprobe check src/own.bpf.c
	status 0
	silent
	run reprobe run src/own.bpf.c --json --for 0.1
	status 0
	equal "variable" 15 "$(grep '"map":".data"' out | jsonlines value)"
	printf '#error it is read\n' >src/inner/deep.h
	run reprobe check src/own.bpf.c
	refused "cannot compile src/own.bpf.c: " "deep.h:1:2: error: it is read"
}

from_standard_input() {
	run bash -c "reprobe check - <'$sources/exec_perf.bpf.c'"
	status 0
	contains "check" "$out" "standard input compiles" "tracepoint:sched:sched_process_exec"
	# An object is not larger for that, and what is in it has its lines.
	run bash -c "reprobe build - -o in.o <'$sources/exec_reserve.bpf.c' && reprobe build '$sources/exec_reserve.bpf.c' -o file.o"
	status 0
	[ "$(stat -c %s in.o)" -le $(($(stat -c %s file.o) + 200)) ] || fail "sizes" "$(ls -l in.o file.o)"
	run bash -c "bpftool btf dump file in.o | grep -c STRUCT"
	[ "$out" -ge 2 ] || fail "types" "$out"
	run bash -c "printf 'SEC(1' | reprobe check -"
	refused "cannot compile standard input: "
}

dialects() {
	printf 'int kprobe__vfs_read(void *ctx) { return 0; }\n' >bcc.c
	run reprobe check --dialect bcc bcc.c
	status 0
	run reprobe check --dialect libbpf bcc.c
	status 0
	lacks "functions" "$out" "kprobe:vfs_read"
	run reprobe check --dialect bcc "$calls"
	refused "cannot compile $calls: "
	run reprobe check --dialect other bcc.c
	status 64
	contains "message" "$err" "it is auto, bcc or libbpf"
	run reprobe check --types=headers "$calls"
	refused "cannot compile $calls: libbpf's dialect takes the kernel's types from its BTF" "leave out --types"
}

# rejects PIECE…: the rest of a source on stdin; the pieces are in the message
rejects() {
	head_of bad.bpf.c
	run reprobe check bad.bpf.c
	refused "cannot compile bad.bpf.c: " "$@"
	local noise
	for noise in /virtual "scratch space" "In file included" "errors generated" Werror "LLVM ERROR" 0x; do
		lacks "message" "$err" "$noise"
	done
}

misspelt_member() {
	rejects "1 error" "bad.bpf.c:8:29: error: no member named 'real_parnt' in 'struct task_struct'" \
		"hint: in this kernel, struct task_struct has real_parent" <<'EOF'
SEC("kprobe/x") int f(void *ctx)
{
    struct task_struct *t = (void *)bpf_get_current_task();
    return BPF_CORE_READ(t, real_parnt, tgid);
}
EOF
}

misspelt_helper() {
	rejects "bad.bpf.c:5:43: error: " "function 'bpf_get_current_pid_tgidd'" \
		"hint: did you mean bpf_get_current_pid_tgid" <<<'SEC("kprobe/x") int f(void *ctx) { return bpf_get_current_pid_tgidd(); }'
}

misspelt_type() {
	rejects "incomplete definition of type 'struct tsk_struct'" "hint: did you mean " "struct task_struct" \
		<<<'SEC("kprobe/x") int f(struct tsk_struct *t) { return t->pid; }'
}

missing_include() {
	rejects "function 'bpf_htons'" "write \`#include <bpf/bpf_endian.h>\` first" \
		<<<'SEC("tc") int f(struct __sk_buff *skb) { return skb->protocol == bpf_htons(2048); }'
	rejects "OWN_THING" "put these next to the source" "headers of the kernel: mine/own.h" \
		<<<$'#include <mine/own.h>\n#include <linux/fdtable.h>\nSEC("kprobe/x") int f(void *ctx) { return OWN_THING; }'
}

# It registers itself with the kernel: which one it is, is said, whatever its section.
struct_ops() {
	head_of own.bpf.c <<'EOF'
#include <bpf/bpf_tracing.h>
SEC("struct_ops/limit") __u32 BPF_PROG(limit, struct sock *sk) { return 2; }
SEC(".struct_ops") struct tcp_congestion_ops own_control = {.ssthresh = (void *)limit, .name = "own"};
EOF
	for command in check "run --for 1ms"; do
		# shellcheck disable=SC2086 # words
		run reprobe $command own.bpf.c
		refused "cannot load own.bpf.c: its map \`own_control\` is a struct_ops, which replaces a part of the kernel" \
			"hint: reprobe build makes an object of its source"
	done
	run reprobe build own.bpf.c -o own.bpf.o
	status 0
	run bpftool gen skeleton own.bpf.o
	status 0
	contains "skeleton" "$out" "bpf_map *own_control"
	run reprobe run own.bpf.o
	refused "cannot load own.bpf.o: its map \`own_control\` is a struct_ops"
}

scheduler() {
	head_of bad.bpf.c <<<'#include <scx/common.bpf.h>'
	run reprobe check bad.bpf.c
	refused "cannot compile bad.bpf.c: it is a scheduler for sched_ext"
}

# LLVM's instructions for BPF divide unsigned numbers only (or, with -mcpu=v4, signed ones too).
signed_division() {
	head_of signed.bpf.c <<'EOF'
const volatile s64 a = -7000;
const volatile int two = 2, least = -2147483647 - 1;
const volatile s8 small = -128;
const volatile short seven = 7;
long by_two, by_constant, rest, of_negative, of_small, of_least, small_rest;
SEC("syscall") int f(void *ctx)
{
    by_two = a / two;
    by_constant = a / 1000;
    rest = (a + 1) % 1000;
    of_negative = (a - 1) / -two;
    of_small = small / seven;
    small_rest = small % -seven;
    of_least = least / two;
    return 0;
}
EOF
	run reprobe run --json signed.bpf.c
	status 0
	equal "results" "by_constant -7
by_two -3500
of_least -1073741824
of_negative 3500
of_small -18
rest -999
small_rest -2" "$(grep '"map":".bss"' out | jsonlines key value | tr '\t' ' ' | sort)"
}

no_instruction() {
	rejects "bad.bpf.c:6:43: error: " "make it a u64" \
		<<<$'int a;\nSEC("kprobe/x") int f(void *ctx) { return __sync_bool_compare_and_swap((s16 *)&a, 1, 2); }'
}

# What says where it is attached is missing, misspelt, or that of a program which reprobe does not run.
sections() {
	local section
	head_of none.bpf.c <<<'int f(void *ctx) { return 0; } int g(void *ctx) { return 1; }'
	run reprobe run none.bpf.c
	refused "nothing to attach: none of its functions is in a section that says where" 'SEC("kprobe/vfs_read")'
	head_of none.bpf.c <<<'int f(void *ctx) { return 0; }'
	run reprobe run none.bpf.c
	refused "attach"
	# For newer releases of libbpf a function without a section is never a program, also if it is the only one.
	matches "message of $command" "$err" '^reprobe: (cannot attach f: no section says where|nothing to attach: none of its functions is in a section that says where)$'
	while IFS='|' read -r section words; do
		head_of section.bpf.c <<<"SEC(\"$section\") int f(void *ctx) { return 0; }"
		run reprobe run section.bpf.c
		refused "cannot attach f: " " of the section $section" "$words"
	done <<'END'
kprob/vfs_read|hint: did you mean SEC("kprobe/vfs_read")?
.xdp|hint: did you mean SEC("xdp")?
tracepoints/syscalls/sys_enter_read|hint: did you mean SEC("tracepoint/syscalls/sys_enter_read")?
cgroup/conect4|hint: did you mean cgroup/connect4
freplace/handler|it replaces a function of a program that its own loader holds
struct_ops/limit|it replaces a part of the kernel
netkit/primary|it belongs to a pair of netkit devices
lsm_cgroup/socket_bind|it is a security hook of one cgroup
sk_msg|it belongs to a map of sockets
END
}

large_stack() {
	rejects "bad.bpf.c:5:" "BPF stack limit" "hint: put large variables into a map of one entry: a BPF_MAP_TYPE_PERCPU_ARRAY" \
		<<<'SEC("kprobe/x") int f(void *ctx) { char big[600] = {}; bpf_probe_read(big, 600, ctx); return big[3]; }'
}

# In front of an object: the programs that bpftool loads from it
loaded=("${own_mounts[@]}" bash -c 'mkdir -p pins && mount -t bpf none pins && bpftool prog loadall "$1" pins/all && ls pins/all' loaded)

# bpftool loads what build writes, and makes a skeleton of it; so does libbpf, whose loader bpftool has.
built_for_others() {
	run reprobe build "$calls" -o calls.bpf.o -DUNUSED
	status 0
	silent
	run bpftool gen skeleton calls.bpf.o
	status 0
	contains "skeleton" "$out" "calls_bpf__open_and_load" "bpf_program *enter" "failed_only"
	run "${loaded[@]}" calls.bpf.o
	status 0
	equal "programs" "enter leave" "$(xargs <<<"$out")"
	run reprobe check calls.bpf.o
	status 0
	contains "check" "$out" "tracepoint:syscalls:sys_enter_getpgid"
	# It asks the kernel that it is loaded on.
	run reprobe build "$sources/exec_reserve.bpf.c" -o exec.bpf.o
	status 0
	readelf -S exec.bpf.o | grep -q .BTF.ext || fail "relocations"
	[ "$(stat -c %s exec.bpf.o)" -lt 30000 ] || fail "an object as others are" "$(stat -c %s exec.bpf.o) bytes"
	run "${loaded[@]}" exec.bpf.o
	status 0
	equal "programs" "handle_exec" "$out"
}

# A program in C that has the object in it, as bpftool's skeleton: it sets a setting, attaches, and reads variables.
skeleton() {
	run reprobe build "$calls" -o calls.bpf.o
	status 0
	bpftool gen skeleton calls.bpf.o >calls.skel.h
	cat >main.c <<'EOF'
#include <stdio.h>
#include <unistd.h>
#include "calls.skel.h"
int main(void)
{
    struct calls_bpf *skeleton = calls_bpf__open();
    if (!skeleton)
        return 1;
    skeleton->rodata->target = getpid();
    skeleton->rodata->failed_only = true;
    if (calls_bpf__load(skeleton) || calls_bpf__attach(skeleton))
        return 2;
    getpgid(0);
    getpgid(77777777);
    getpgid(0);
    printf("%d seen, %d sent\n", (int)skeleton->bss->seen, (int)skeleton->bss->sent);
    calls_bpf__destroy(skeleton);
    return 0;
}
EOF
	cc main.c -o main -lbpf -lelf -lz 2>cc.err || skip "there is no C compiler with libbpf: $(head -1 cc.err)"
	run ./main
	status 0
	equal "what it says" "3 seen, 1 sent" "$out"
}

# The second time nothing is compiled; and it is when a word of it, of a header, or a flag changes.
cached() {
	export REPROBE_CACHE=$tmp/cache
	mkdir -m 700 cache
	printf '#define NUMBER 7\n' >own.h
	head_of own.bpf.c <<<$'#include "own.h"\nint n = NUMBER;\nSEC("tp/syscalls/sys_enter_getpgid") int f(void *ctx) { return n; }'
	local entries=0 change
	for change in 'true' 'printf "#define NUMBER 8\n" >own.h' 'echo >>own.bpf.c' 'flag=-DX'; do
		flag=
		eval "$change"
		entries=$((entries + 1))
		for _ in 1 2; do
			run reprobe check own.bpf.c $flag
			status 0
			equal "entries after $change" $entries "$(find cache -name '*.rpo' | wc -l)"
		done
	done
	run reprobe cache
	contains "list" "$out" own.bpf.c
	# What needs more than one try does not need it again.
	run reprobe check "$sources/asks.bpf.c"
	run reprobe run "$sources/asks.bpf.c" --timings --for 0.1
	contains "timings" "$err" '"compile_ms":0.000' '"cached":true'
	run reprobe run own.bpf.c -DX --json --for 0.1
	equal "variable" 8 "$(grep '"map":".data"' out | jsonlines value)"
}

# Texts with CO-RE relocations are compiled in a child process each, which leaves nothing behind.
again_and_again() {
	head_of core.bpf.c <<'EOF'
struct task_struct___old { long state; } __attribute__((preserve_access_index));
int n;
SEC("tp/syscalls/sys_enter_getpgid") int f(void *ctx)
{
    struct task_struct *t = (void *)bpf_get_current_task();
    n = bpf_core_field_exists(t->__state) ? 1 : bpf_core_field_exists(((struct task_struct___old *)t)->state) ? 2 : 3;
    return 0;
}
EOF
	run reprobe -e "load core.bpf.c; load core.bpf.c; load $sources/functions.bpf.c" </dev/null
	lacks "messages" "$err" "signal"
	run reprobe run core.bpf.c --json -c "$helpers/spawn --calls 1"
	status 0
}

t "everything compiles without a header" everything_compiles
# The macros of the interface's headers, where these are not installed.
bare_interface() {
	cat >tc.bpf.c <<'EOF'
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/ip.h>
#include <linux/errno.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_endian.h>
#define TC_ACT_OK 0
SEC("tc") int f(struct __sk_buff *skb)
{
    struct ethhdr *eth = (void *)(long)skb->data;
    struct iphdr *ip = (void *)(eth + 1);
    if ((void *)(ip + 1) > (void *)(long)skb->data_end || eth->h_proto != bpf_htons(ETH_P_IP))
        return TC_ACT_OK;
    return ip->protocol == IPPROTO_TCP ? -EPERM : TC_ACT_OK;
}
char LICENSE[] SEC("license") = "GPL";
EOF
	run reprobe check tc.bpf.c
	status 0
	run "${bare[@]}" reprobe check tc.bpf.c
	status 0
	silent
}

t "check lists what there is" check_lists
t "exec tracer: reserve and submit" execs exec_reserve '"filename":"/bin/true"'
t "exec tracer: perf buffer" execs exec_perf '"comm":"true"'
t "exec tracer: ringbuf output" execs exec_output '"filename":"/bin/true"'
t "headers of the kernel's interface" interface_headers
t "headers of the kernel's interface, absent" bare_interface
t "a process's life" life
t "rows of an iterator" rows
t "sizes of records" sizes
t "losses of dynptrs" dynptr_losses
t "records that the kernel refuses" refused_records
t "sizes in parentheses" sizes_in_parentheses
t "outputs that are not used" unused_outputs
t "records of two types and one size" doubtful_records
t "static variables and structs with counts" variables
t "sections that begin with ?" optional
t "records without a type" without_types
t "a pointer that may be NULL" checked_twice
t "a function's arguments and results" functions
t "asked before it is read" asks
t "own headers" own_headers
t "standard input" from_standard_input
t "dialects" dialects
t "misspelt member" misspelt_member
t "misspelt helper" misspelt_helper
t "misspelt type" misspelt_type
t "missing includes" missing_include
t "a struct_ops" struct_ops
t "a scheduler" scheduler
t "signed division" signed_division
t "no instruction" no_instruction
t "sections" sections
t "large stack" large_stack
t "a damaged object" damaged_object
t "objects for others" built_for_others
t "an object in a skeleton" skeleton
t "cache" cached
t "again and again" again_and_again
finish
