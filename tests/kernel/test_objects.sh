#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Programs in libbpf's dialect, as objects that clang made, as others build them, and as sources: what they
# send, count and keep is what the test's own program did.
. "$(dirname "$0")/../lib.sh"
need_root

. "$here/kernel/libbpf/lib.sh"

# An event for each call, its members by their types, beside a hash, settings and variables.
events() {
	object calls
	caller 0 77777777 0
	local group
	group=$(ps -o pgid= -p $caller | tr -d ' ')
	probes=2 traced --json --set tag=mine
	equal "events" "$caller 0 $group mine
$caller 77777777 -3 mine
$caller 0 $group mine" "$(grep '"output":"events"' out | jsonlines data.pid data.asked data.result data.tag | tr '\t' ' ')"
	equal "commands" "python3" "$(grep '"output":"events"' out | jsonlines data.comm | sort -u)"
	equal "variables" "seen 3
sent 3" "$(grep '"map":".bss"' out | jsonlines key value | tr '\t' ' ' | sort)"
	caller 0 77777777 0
	probes=2 traced --set failed_only=true
	matches "header" "$out" '^PID +ASKED +RESULT +COMM +TAG *$'
	equal "rows" "$caller 77777777 -3 python3 calls" "$(awk '$1 == '"$caller"' { print $1, $2, $3, $4, $5 }' out)"
	contains "variables" "$out" ".bss:
  seen = 3
  sent = 1"
}

settings() {
	object calls
	run reprobe run --settings "$object"
	status 0
	silent
	equal "settings" "target int 0
failed_only bool false
tag char[16] calls" "$(awk '{ $1 = $1; print }' out | sed 's/ \[/[/')"
	run reprobe run --set targt=1 "$object"
	refused "cannot set \`targt\`: the program has no setting of that name" "target, failed_only, tag"
	run reprobe run --set target=many "$object"
	refused "cannot set target to \`many\`" "must be a number"
	run reprobe run --set target "$object"
	status 64
	run reprobe run --set target=5 --settings "$object"
	status 64
	run reprobe run "$object" -p $$ --for 1ms
	lacks "note" "$err" "sees every process, unless its own settings (--set target"
	object uapi
	run reprobe run "$object" -p $$ --for 1ms
	contains "note" "$err" "reprobe: note: $object sees every process, unless its own settings (--set only_pid=…) say otherwise"
	run reprobe run "$object" -p $$ --for 1ms --set only_pid=$$
	lacks "note" "$err" "sees every process"
	printf 'BPF_HASH(h);\n' >bcc.c
	run reprobe run --set target=1 bcc.c
	refused "cannot change the settings of bcc.c" "-D NAME=VALUE"
}

# What the children of a shell run.
execs() {
	local name=$1
	object "$name"
	rm -f "$tmp/go"
	bash -c 'until [ -e "$0" ]; do sleep 0.02; done; /bin/true; /bin/echo $$ >/dev/null; true' "$tmp/go" &
	caller=$!
	start reprobe run -v --json "$object" --set parent=$caller
	attached_to 1
	sleep 0.1
	touch go
	wait $caller
	sleep 0.3
	kill -INT "$pid"
	stopped
	status 0
}

exec_perf() {
	execs execs
	equal "events" "$caller 0 true
$caller 0 echo" "$(grep '"output"' out | jsonlines data.ppid data.uid data.comm | tr '\t' ' ' | grep -v sleep)"
}

exec_ring() {
	execs names
	equal "files" "/bin/true
/bin/echo" "$(grep '"output"' out | jsonlines data.filename | grep -v sleep)"
}

kinds() {
	object kinds
	caller 1 2
	traced --json
	equal "records of two sizes" "7 -
9 81
7 -
9 81" "$(grep '"output":"apart"' out | jsonlines data.number data.square | tr '\t' ' ')"
	equal "records of one size, of which nobody knows the type" "07000000 05000000 07000000 05000000" "$(grep '"output":"same"' out | jsonlines data.value | xargs)"
	caller 1
	traced
	equal "rows" "NUMBER
7
NUMBER SQUARE
9 81" "$(awk '$1 == "apart:" { on = 1; next } /^$/ { on = 0 } on { $1 = $1; print }' out)"
}

# Both forms of a raw tracepoint see the same: one of them counts.
twins() {
	object twins
	caller 1 2 3
	traced --json
	equal "calls" 3 "$(jsonlines key value <out | awk '$1 == 121 { print $2 }')"
	contains "note" "$err" "raw is left out: cannot attach rawtracepoint:sys_enter twice: typed sees the same, by tp_btf:sys_enter"
	caller 1 2 3
	probes=2 traced --json -a raw=rawtracepoint:sys_enter
	equal "calls, twice" 6 "$(jsonlines key value <out | awk '$1 == 121 { print $2 }')"
}

slots() {
	object slots
	caller 0 1 2 3 900 901
	traced --json
	local all='[{"min":0,"max":1,"count":2},{"min":2,"max":3,"count":2},{"min":4,"max":7,"count":0}'
	contains "the map" "$out" "\"map\":\"hists\",\"key\":$caller,\"value\":{\"comm\":\"python3\"},\"histogram\":$all" \
		'{"min":512,"max":1023,"count":2}]}'
	contains "a variable" "$out" "\"map\":\".bss\",\"key\":\"whole\",\"value\":{\"comm\":\"\"},\"histogram\":$all"
	contains "one of several" "$out" '"key":"odd_and_even[1]","value":{"comm":""},"histogram":[{"min":0,"max":1,"count":1},{"min":2,"max":3,"count":1}'
	caller 0 1 2 3 900 901
	traced
	matches "the map" "$out" "^key = $caller, comm = python3$"
	matches "the map" "$out" '^ +0 -> 1 +: 2 +\|\*+'
	matches "the variable" "$out" '^  whole: comm = $'
	caller 1000000 900 # of which slot 19 is the last
	traced
	equal "a last slot has no upper end" 3 "$(grep -cE '^ +524288 -> \.\.\. +: 1 ' <out)"
	contains "nor its percentiles" "$out" "count 2, p50 <= 1023, p90 >= 524288"
	caller 1000000 900
	traced --json
	equal "as JSON" 3 "$(grep -c '{"min":524288,"count":1}\]}' <out)"
}

uprobes() {
	object uprobe
	local program
	program=$(private probed)
	alone trace_pipe
	start reprobe run -v "$object" -a on_entry=uprobe:"$program":twice -a on_return=uretprobe:"$program":twice
	attached_to 2
	"$program" --calls 3 >/dev/null
	sleep 0.3
	kill -INT "$pid"
	stopped
	status 0
	equal "rows" "entry 1
return 2
entry 2
return 4
entry 3
return 6" "$(grep -oE '(entry|return) [0-9]+' out)"
	run reprobe run "$object"
	status 1
	contains "message" "$err" "on_entry is left out: cannot attach on_entry: its section uprobe does not say where"
	[ $form = source ] || return 0
	# The section may say it.
	sed -E "s#SEC\(\"(u[a-z]*probe)\"\)#SEC(\"\1/$program:twice\")#" "$object" >there.bpf.c
	run reprobe run there.bpf.c -c "$program --calls 1 >/dev/null"
	equal "rows" "entry 1
return 2" "$(grep -oE '(entry|return) [0-9]+' out)"
}

# The probe's program prints what its probes have.
usdt() {
	object usdt
	local program
	program=$(private probed)
	run reprobe run --json "$object" -a on_step=usdt:"$program":probed:step -a on_guarded=usdt:"$program":guarded \
		-c "$program --usdt 5"
	status 0
	equal "steps" "$(grep ^step out)" "$(grep '"word"' out | jsonlines data.number data.word | sed 's/^/step /' | tr '\t' ' ')"
	equal "arguments of a step" 2 "$(grep '"word"' out | jsonlines data.arguments | sort -u)"
	equal "guarded" "$(grep ^guarded out)" \
		"$(grep '"constant"' out | jsonlines data.number data.constant | sed 's/^/guarded /' | tr '\t' ' ')"
	equal "arguments of a guarded" "2 -2" "$(grep '"constant"' out | jsonlines data.count data.absent | sort -u | tr '\t' ' ')"
	lacks "maps" "$out" __bpf_usdt
	run reprobe run --json "$object" -a on_indexed=usdt:"$program":indexed -c "$program --usdt 3"
	if [ $form = source ] || grep -q BPF_USDT_ARG_SIB /usr/include/bpf/usdt.bpf.h; then
		equal "at addresses of two registers" "$(grep ^indexed out)" "$(grep '"output":"indexes"' out |
			jsonlines data.negative data.thousands | sed 's/^/indexed /' | tr '\t' ' ')"
		matches "three" "$out" '"negative":-3,"thousands":3000'
	else
		status 1
		contains "message" "$err" "on_indexed is left out: cannot attach usdt:$program:probed:indexed: its argument 1 is" \
			"run the source"
	fi
}

profile() {
	object profile
	bash -c 'while :; do :; done' &
	local spinning=$! from used samples
	start reprobe run -v "$object" --set target=$spinning
	attached_to 1
	from=$(cpu_ms $spinning)
	wait_for "it has used a second" has_used $spinning $((from + 1000))
	kill -INT "$pid"
	used=$(($(cpu_ms $spinning) - from))
	stopped
	kill $spinning
	status 0
	samples=$(awk '/^ *[0-9]+$/ { sum += $1 } END { print sum + 0 }' out)
	# It is sampled 49 times in each second of its own, and until it is detached.
	[ "$samples" -ge $((used * 49 / 1500)) ] || fail "samples of $used ms at 49 a second: $samples" "$out"
	matches "stacks" "$out" '^ +- +\('$spinning'\)$'
}

loops() {
	object loops
	caller 3 4 4
	traced --json
	equal "variables" "entries 2
from_global 18
sum 30" "$(grep '"map":".bss"' out | jsonlines key value | tr '\t' ' ' | sort)"
}

iterator() {
	reprobe list iter:task >/dev/null 2>&1 || skip "this kernel has no iterators"
	object tasks
	run reprobe run "$object" --set target=$$
	status 0
	equal "rows" "$$ $(cat /proc/$$/comm)" "$out"
}

left_out() {
	object left
	caller 1 2
	traced --json
	equal "calls" "calls 2" "$(grep '"map":".bss"' out | jsonlines key value | tr '\t' ' ')"
	contains "messages" "$err" \
		"absent is left out: cannot attach tracepoint:syscalls:sys_enter_no_such_call" \
		"rejected is left out: cannot load rejected"
}

hint() {
	object hint
	caller 5
	traced --json
	equal "records" '{"pid":'"$caller"',"asked":5}
{"value":258}' "$(sed 's/.*"data"://; s/}$//' out)"
}

# The prompt's commands for a program that runs.
prompt() {
	object uprobe
	local program
	program=$(private probed)
	alone trace_pipe
	run reprobe -e "load $object on_entry=uprobe:$program:twice" -e probes -e "retarget last uprobe:$program:main" \
		-e "disasm last" -e "verifier last" -e "pause last" -e "resume last" -e "source last" -e "detach last"
	contains "messages" "$err" "[1] $object: uprobe:$program:twice" "[1] $object: uprobe:$program:main" \
		"on_return is left out" "cannot show the C of [1]: it was loaded from an object file"
	matches "its C beside its instructions" "$out" '^; [0-9]+: +bpf_printk\("entry %d", number\);'
	object calls
	run reprobe -e "load $object" -e maps -e "detach last"
	contains "maps" "$out" "1.running            hash, u32 -> struct {" "1.events             ring buffer, 1048576 bytes"
}

# Samples that the prompt sends, as its program reads them.
letters() {
	local file=$1
	caller 0
	(
		until [ -e go ]; do sleep 0.02; done
		for _ in $(seq 100); do
			spawn --calls 1 >/dev/null
			sleep 0.02
		done
	) &
	touch go
	run reprobe --json -e "load $file" -e 'send 1 letters {1, "hello"}' \
		-e 'send last letters struct letter {.text = "b b", .number = 2}' -e 'wait 500ms' \
		-e 'send 1 letters {x}' -e 'send 1 answers 1' -e 'send 1 lettres {1}' -e 'send 1 letters' -e 'detach 1'
	equal "answers" "1 hello
2 b b" "$(grep '"output":"answers"' out | jsonlines data.number data.text | tr '\t' ' ')"
	contains "messages" "$err" "its member \`number\` (u32) must be a number, not \`x\`" \
		"cannot write to answers: it is not a user ring buffer" "did you mean letters?" "send N MAP VALUE"
}

letters_of_bcc() {
	cat >mailbox.c <<'END'
#include <reprobe/callback.h>
struct letter { u32 number; char text[28]; };
BPF_USER_RINGBUF(letters, 1);
BPF_RINGBUF_OUTPUT(answers, 1);
BPF_CALLBACK(read_letter, struct bpf_dynptr *record, void *unused)
{
    struct letter letter;
    if (!bpf_dynptr_read(&letter, sizeof(letter), record, 0, 0))
        answers.ringbuf_output(&letter, sizeof(letter), 0);
    return 0;
}
TRACEPOINT_PROBE(syscalls, sys_enter_getpgid)
{
    u32 unused = 0;
    bpf_user_ringbuf_drain(letters, read_letter, &unused, 0);
    return 0;
}
END
	letters mailbox.c
}

# The text of a program changes while it runs: the map that is declared as before keeps its contents.
edit() {
	sed 's/^static int count/static int  count/' "$sources/twins.bpf.c" >edited.bpf.c
	caller 1 2
	touch go
	run reprobe --json -e "load $sources/twins.bpf.c target=$caller" -e 'map counts set 121 40' -e "edit 1 edited.bpf.c" \
		-e 'map counts' -e 'map .rodata' -e 'source 1' -e 'detach 1'
	matches "the map" "$out" '"key":121,"value":4[0-9]'
	contains "the setting" "$out" "\"key\":\"target\",\"value\":$caller"
	contains "the text" "$out" "static int  count"
	run reprobe -e "load $sources/calls.bpf.c no_such=1"
	refused "cannot set \`no_such\`: the program has no setting of that name"
}

# two_maps MAP…: a program that counts getpgid(-$$) in the maps `up` and `down` and in a variable; MAP… are the lines
# that declare them, and perhaps others.
two_maps() {
	cat <<'END'
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
struct up { u32 rises, twice; };
struct down { s32 falls; u32 thrice; };
u64 seen;
#define MAP(name, keys, values) \
    struct { __uint(type, BPF_MAP_TYPE_HASH); __uint(max_entries, 8); __type(key, keys); __type(value, values); PINNING } \
    name SEC(".maps")
#ifndef PINNING
#define PINNING
#endif
END
	printf '%s\n' "$@"
	cat <<END
SEC("tp/syscalls/sys_enter_getpgid") int enter(struct trace_event_raw_sys_enter *ctx)
{
    u32 key = 7;
    struct up no_up = {}, *u;
    struct down no_down = {}, *d;
    if ((int)ctx->args[0] != -$$)
        return 0;
    seen++;
    bpf_map_update_elem(&up, &key, &no_up, BPF_NOEXIST);
    bpf_map_update_elem(&down, &key, &no_down, BPF_NOEXIST);
    if ((u = bpf_map_lookup_elem(&up, &key)))
        u->rises++, u->twice += 2;
    if ((d = bpf_map_lookup_elem(&down, &key)))
        d->falls--, d->thrice += 3;
    return 0;
}
char LICENSE[] SEC("license") = "GPL";
END
}
up='MAP(up, u32, struct up);' down='MAP(down, u32, struct down);'

# calls N: a line of the prompt that calls getpgid(-$$) so often
calls() { echo "! python3 -c 'import ctypes; [ctypes.CDLL(None).getpgid(-$$) for _ in range($1)]'"; }

# A map that is kept is read by the types of the text that reads it, whose BTF numbers them otherwise.
moved_maps() {
	two_maps "$up" "$down" >before.bpf.c
	two_maps "struct first { char text[40]; };" "MAP(first, struct first, struct first);" "$down" "$up" >after.bpf.c
	two_maps "$down" "$up" >last.bpf.c
	run reprobe --json -e "load before.bpf.c" -e "$(calls 2)" -e "edit 1 after.bpf.c" -e "$(calls 1)" -e "edit 1 last.bpf.c" \
		-e "$(calls 1)" -e "map up" -e "map down" -e "map .bss" -e "detach 1"
	status 0
	equal "map up" "7 4 8" "$(grep '"map":"up"' out | jsonlines key value.rises value.twice | tr '\t' ' ')"
	equal "map down" "7 -4 12" "$(grep '"map":"down"' out | jsonlines key value.falls value.thrice | tr '\t' ' ')"
	equal "variable" "seen 4" "$(grep '"map":".bss"' out | jsonlines key value | tr '\t' ' ')"
}

# counted ENUMERATORS STEP VARIABLE: a program that counts getpgid(-$$) as WRITE, and adds STEP to `total` each time and
# 1000 to VARIABLE
counted() {
	cat <<END
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
enum op { $1 };
struct {
    __uint(type, BPF_MAP_TYPE_HASH);
    __uint(max_entries, 8);
    __type(key, enum op);
    __type(value, u64);
} ops SEC(".maps");
int step = $2;
u64 total, $3;
SEC("tp/syscalls/sys_enter_getpgid") int enter(struct trace_event_raw_sys_enter *ctx)
{
    enum op op = WRITE;
    u64 zero = 0, *value;
    if ((int)ctx->args[0] != -$$)
        return 0;
    $3 += 1000;
    total += step;
    bpf_map_update_elem(&ops, &op, &zero, BPF_NOEXIST);
    if ((value = bpf_map_lookup_elem(&ops, &op)))
        ++*value;
    return 0;
}
char LICENSE[] SEC("license") = "GPL";
END
}

# What means something else, or begins otherwise, is not kept, and a note says so.
meanings() {
	counted 'READ, WRITE' 1 seen >before.bpf.c
	counted 'OPEN, READ, WRITE' 1 seen >enumerators.bpf.c
	counted 'OPEN, READ, WRITE' 100 seen >step.bpf.c
	counted 'OPEN, READ, WRITE' 100 heard >name.bpf.c
	run reprobe --json -e "load before.bpf.c" -e "$(calls 2)" -e "edit 1 enumerators.bpf.c" -e "$(calls 3)" -e "map ops" \
		-e "edit 1 step.bpf.c" -e "$(calls 1)" -e "map ops" -e "map .bss" -e "edit 1 name.bpf.c" -e "$(calls 1)" \
		-e "map ops" -e "map .bss" -e "detach 1"
	status 0
	equal "by enumerators" "WRITE 3
WRITE 4
WRITE 5" "$(grep '"map":"ops"' out | jsonlines key value | tr '\t' ' ')"
	equal "variables" "heard 1000
seen 6000
total 105
total 100" "$(grep '"map":".bss"' out | jsonlines key value | tr '\t' ' ' | sort -s -k 1,1)"
	equal "notes" "in ops is gone
in .data is gone
in .bss is gone" "$(grep -o 'in [a-z.]* is gone' err)"
}

# A map that another program has pinned, too, is read by the types of the text that reads it; where its types are others, a note says that.
pinned_maps() {
	local pins="#undef PINNING
#define PINNING __uint(pinning, LIBBPF_PIN_BY_NAME);"
	two_maps "$pins" "$up" "$down" >before.bpf.c
	two_maps "$pins" "$down" "$up" >after.bpf.c
	sed 's/thrice/trice/' after.bpf.c >other.bpf.c
	calls 2 | cut -c 3- >call
	run "${own_mounts[@]}" bash -c '
		mount -t bpf none /sys/fs/bpf
		for text in before after other; do reprobe run --json $text.bpf.c -c "sh call"; done'
	status 0
	equal "map up" "7 2 4
7 4 8
7 6 12" "$(grep '"map":"up"' out | jsonlines key value.rises value.twice | tr '\t' ' ')"
	equal "map down" "7 -2
7 -4
7 -6" "$(grep '"map":"down"' out | jsonlines key value.falls | tr '\t' ' ')"
	equal "notes" 'the keys or values of the map `down` had other types when it was pinned as /sys/fs/bpf/down' \
		"$(grep -o 'the keys or values of .*/sys/fs/bpf/[a-z]*' err)"
}

# Packets to one port, at each attach point of the network; a namespace of its own has nobody else's.
network() {
	object packets
	local cgroups
	cgroups=$(awk '$3 == "cgroup2" { print $2; exit }' /proc/mounts)
	[ -n "$cgroups" ] || skip "no cgroup v2 is mounted"
	cgroups=$cgroups/reprobe-test.$$
	mkdir "$cgroups" || skip "cgroups cannot be made here"
	cat >send.py <<'END'
import fcntl, os, socket, struct, sys, time
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
fcntl.ioctl(s, 0x8914, struct.pack("16sh", b"lo", 0x41))
open("up", "w").close()
while not os.path.exists(sys.argv[1]): time.sleep(0.01)
for i in range(int(sys.argv[2])): s.sendto(b"x" * 20, ("127.0.0.1", 7777))
s.connect(("127.0.0.1", 7777))
END
	: >out
	: >err
	unshare -n bash -c '
		sh -c "echo \$\$ >$1/cgroup.procs && exec python3 send.py $0/go 5" & sender=$!
		until [ -e up ]; do sleep 0.02; done
		reprobe run -v "$2" --interface lo --cgroup "$1" --json >"$0/out" 2>"$0/err" & tracer=$!
		until [ "$(grep -cE "attached to|is left out" "$0/err")" -ge 6 ]; do
			kill -0 $tracer || { kill $sender; exit 1; }
			sleep 0.02
		done
		touch "$0/go"
		wait $sender
		kill -INT $tracer
		wait $tracer' "$tmp" "$cgroups" "$object"
	rc=$?
	rmdir "$cgroups"
	out=$(cat out) err=$(cat err) command="reprobe run packets"
	status 0
	local tc="at_egress 5
at_ingress 5
"
	if ! reprobe list tc >/dev/null 2>&1 || grep -q 'tc:.*needs Linux 6.6' err || [[ $err == *"xdp needs Linux 5.9, tc needs Linux 6.6"* ]]; then
		tc=
	fi
	equal "packets" "${tc}at_socket 5
at_xdp 5
connects 1
of_cgroup 5" "$(grep '"map":".bss"' out | jsonlines key value | tr '\t' ' ' | sort)"
	echo 'int f(void *ctx) { return 2; }' >pass.c
	run reprobe run pass.c -a f=xdp:lol
	refused "cannot attach xdp:lol: there is no network interface lol" "did you mean lo?"
	run reprobe -e 'count xdp:lo'
	refused "cannot ask questions at xdp:lo"
}

# What does not fit into a ring buffer is counted, although the program itself does not.
losses() {
	object flood
	caller 1 2 3
	traced --json
	local delivered lost
	delivered=$(grep -c '"output":"flood"' out)
	lost=$(sed -n 's/^reprobe: \([0-9]*\) events\? lost: the buffer was full.*/\1/p' err)
	equal "tries" 6000 "$(grep '"map":".bss"' out | jsonlines value)"
	equal "delivered and lost" 6000 $((delivered + lost))
	[ "${lost:-0}" -gt 1000 ] || fail "many are lost" "$err"
}

# Files that are not what they seem.
bad_files() {
	object calls
	head -c 2000 "$object" >cut.o
	run reprobe run cut.o
	refused "cannot use cut.o"
	cp "$bin/reprobe" other.o
	run reprobe run other.o
	refused "cannot use other.o: it is not a BPF object file"
	cp "$object" theirs.o
	chmod o+w theirs.o
	run reprobe run theirs.o
	refused "cannot use theirs.o: others can write to it"
}

for form in object source; do
	t "$form: events, settings, variables" events
	t "$form: list of settings" settings
	t "$form: exec tracer with a perf buffer" exec_perf
	t "$form: exec tracer with a ring buffer" exec_ring
	t "$form: records of several types" kinds
	t "$form: two programs that see the same" twins
	t "$form: histograms in slots" slots
	t "$form: uprobes without a place" uprobes
	t "$form: arguments of USDT probes" usdt
	t "$form: samples with stacks" profile
	t "$form: functions that call functions" loops
	t "$form: iterator" iterator
	t "$form: programs that are left out" left_out
	t "$form: losses" losses
	t "$form: packets" network
done
form=object
t "types by a hint" hint
t "the prompt" prompt
t "samples to a program" letters "$top/docs/examples/mailbox.bpf.c"
t "samples to a program in BCC's dialect" letters_of_bcc
t "an edit" edit
t "an edit that declares maps in another order" moved_maps
t "an edit that changes what numbers mean" meanings
t "maps that another program pinned" pinned_maps
t "bad files" bad_files
finish
