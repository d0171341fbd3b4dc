#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Watchpoints: they count what a program of the test writes, reads and executes, neither more nor less.
. "$(dirname "$0")/../lib.sh"
need_root

has_watchpoints=
! reprobe doctor | grep -q '^yes *watchpoints' || has_watchpoints=1
program=$(realpath "$helpers/watched")

f_source() {
	cat >f.c <<'END'
BPF_HASH(writes, u32, u64);
int f(struct bpf_perf_event_data *ctx)
{
    u32 process = bpf_get_current_pid_tgid() >> 32;
    writes.increment(process);
    return 0;
}
END
}

# ---------------------------------------------------------------- counts

# counts "N [OPTION…]" SPEC=COUNT…: what the program does that is started with the options; at most four
counts() {
	local command="watched $1" asks=() expected=() one
	shift
	for one; do
		asks+=(-e "count watchpoint:${one%=*}")
		expected+=("${one#*=}")
	done
	run reprobe --json -c "$command" "${asks[@]}"
	status 0
	equal "counts of ${*%=*} by $command" "${expected[*]}" "$(grep '"map"' out | jsonlines value | xargs)"
}

writes() {
	counts 57 counter:8:w=57 byte:1:w=57 half:2:w=57 word:4:w=57
	counts 59 pair:8:w=59
	counts 59 pair+8:8:w=118
	counts 59 pair+0xc:4:w=118
	counts 59 word+3:1:w=59
}

many() { counts 20000 counter:8:w=20000; }

reads() {
	counts 57 limit:8:rw=57 counter:8:w=57
	counts 57 limit:4:wr=57
}

never() { counts 7 limit:8:w=0 counter:8:w=7; }

executes() {
	counts 57 step:8:x=1
	counts "--threads 5 57" "$program:step:8:x=6"
}

# Threads that start later, and a child.
threads() {
	counts "--threads 5 40" counter:8:w=240
	counts "--then fork 40" counter:8:w=80
}

# The processor has four.
four() {
	local asks=()
	for size in counter:8 byte:1 half:2 word:4; do
		asks+=(-e "count watchpoint:$size:w")
	done
	run reprobe -c 'watched 33' "${asks[@]}" -e 'count watchpoint:pair:8:w'
	status 1
	contains "message" "$err" "cannot attach watchpoint:pair:8:w: the processor has four watchpoints" \
		"end one of them"
	equal "messages" 1 "$(grep -c '^reprobe: ' err)"
}

# ---------------------------------------------------------------- processes

# of_process SPEC [OPTION…]: what is counted of a process that runs already
of_process() {
	local spec=$1 objects
	shift
	f_source
	watch "$@"
	start reprobe run -v --json -p "$watched" f.c -a "f=${spec/ADDRESS/$address}"
	attached_to 1
	objects=$(held "$pid")
	touch go
	wait %1
	stopped
	status 0
	released "$objects"
}

running() {
	of_process watchpoint:counter:8:w --threads 3 25
	equal "count" "$watched 100" "$(jsonlines key value <out | tr '\t' ' ')"
}

by_address() {
	of_process watchpoint:ADDRESS:8:w --threads 1 25
	equal "count" "$watched 50" "$(jsonlines key value <out | tr '\t' ' ')"
}

# In a root of its own, which is a folder of ours: variables of its program, and of a library there.
in_its_root() {
	local root
	root=$(own_root "$program")
	watch_by chroot "$root" "$program" --wait /go 25
	start reprobe --json -p "$watched" -e "count watchpoint:$program:counter:8:w" -e 'count watchpoint:c:_nl_msg_cat_cntr:4:w'
	wait_in "it traces" grep -q '\[2\]' err
	touch "$root/go"
	wait %1
	stopped
	status 0
	equal "counts" "25 0" "$(jsonlines value <out | xargs)"
}

# While threads start, each is watched once.
starting() {
	f_source
	watch --late 300 10
	start reprobe run -v --json -p "$watched" f.c -a f=watchpoint:counter:8:w
	wait_in "it has compiled" grep -q 'note:' "$tmp/err"
	touch go.late
	attached_to 1
	touch go
	wait %1
	stopped
	equal "count" "$watched 3010" "$(jsonlines key value <out | tr '\t' ' ')"
}

# The same addresses, which are another program's now.
executed() {
	run reprobe --json -c "setarch -R watched --then exec 30" -e "count watchpoint:$program:counter:8:w"
	status 0
	equal "count" 30 "$(grep value out | jsonlines value)"
	equal "how often it ran" 2 "$(grep -c 0x out)"
	equal "addresses" 1 "$(sed -n 's/.* \(0x[^ ]*\) .*/\1/p' out | sort -u | wc -l)"
}

# Other processes that run the same program are not watched.
others() {
	watch 50
	run reprobe --json -c "touch $tmp/go; watched 7" -e "count watchpoint:$program:counter:8:w"
	equal "count" 7 "$(grep value out | jsonlines value)"
	wait %1
}

# The program is held before it begins, whatever the shell does before, and misses nothing after.
commands() {
	local command
	for command in "watched 9" "exec watched 9" "cd /; watched 9; true" "(watched 9)"; do
		run reprobe --json -c "$command" -e "count watchpoint:counter:8:w"
		status 0
		equal "count of $command" 9 "$(grep value out | jsonlines value)"
	done
	run reprobe --json -c "/bin/true; x=\$(/bin/echo 9); watched \$x | cat; exit 3" -e "count watchpoint:$program:counter:8:w"
	status 0
	equal "count of the program that was named" 9 "$(grep value out | jsonlines value)"
	run reprobe -c 'true' -e "count watchpoint:counter:8:w"
	status 1
	contains "message" "$err" "the command has ended, and ran no program"
	run reprobe -c 'watched 5' -e 'count watchpoint:countr:8:w'
	status 1
	contains "message" "$err" "has no variable named countr" "did you mean counter"
	equal "what the program did" "" "$out"
}

# The processes of that session that have not ended; who inherits the others may be slow to say so.
living() { ps -o pid=,stat=,args= -s "$1" | awk '$2 !~ /^Z/'; }

# Ctrl-C, while it waits for a program that never comes, and while it traces.
interrupted() {
	local objects
	start reprobe -c "sleep 1000; watched 5" -e "count watchpoint:$program:counter:8:w"
	wait_in "the command runs" pgrep -s "$pid" -x sleep
	kill -INT "$pid"
	stopped
	equal "what is left" "" "$(living "$pid")"
	f_source
	start reprobe run -v -c "watched --wait $tmp/go 5" f.c -a f=watchpoint:counter:8:w
	attached_to 1
	objects=$(held "$pid")
	kill -INT "$pid"
	stopped
	status 0
	equal "what is left" "" "$(living "$pid")"
	released "$objects"
	watch 5
	start reprobe run -v -p "$watched" f.c -a f=watchpoint:counter:8:w
	attached_to 1
	kill -KILL "$pid"
	stopped
	touch go
	wait %1 || fail "the program did not end well"
}

# ---------------------------------------------------------------- questions

questions() {
	run reprobe --json -c 'watched 4' -e 'trace watchpoint:counter:8:w value value*2' -e 'trace watchpoint:byte:1:w value'
	status 0
	equal "values" "1 2
2 4
3 6
4 8" "$(grep 'value\*2' out | jsonlines data.value 'data.value*2' | tr '\t' ' ')"
	equal "bytes" "0 1 2 3" "$(grep data out | grep -v 'value\*2' | jsonlines data.value | xargs)"
	run reprobe --json -c 'watched --threads 2 10' -e 'count watchpoint:counter:8:w by pid, value if value > 28'
	equal "count" "29 1
30 1" "$(grep key out | jsonlines key.value value | tr '\t' ' ' | sort)"
	run reprobe --json -c 'watched 16' -e 'hist watchpoint:counter:8:w value linear(0,16,8)'
	status 0
	contains "histogram" "$out" '"count":7' '"count":8'
	run reprobe --json -c 'watched 12' -e 'stack watchpoint:counter:8:w'
	status 0
	equal "stacks" 12 "$(grep count out | jsonlines count | awk '{ n += $1 } END { print n }')"
	run reprobe --json -c 'watched 12' -e 'count watchpoint:counter:8:w' -e 'retarget 1 watchpoint:pair+8:8:w'
	status 0
	equal "count after a move" 24 "$(grep value out | jsonlines value)"
	run reprobe -c 'watched 4' -e 'latency watchpoint:counter:8:w'
	status 1
}

written_c() {
	f_source
	run reprobe run --json -c 'watched --threads 2 50' f.c -a f=watchpoint:counter:8:w
	status 0
	equal "count" 150 "$(grep value out | jsonlines value)"
	cat >value.c <<'END'
struct row { u64 address; u32 value; };
BPF_PERF_OUTPUT(rows);
int f(struct bpf_perf_event_data *ctx)
{
    struct row row = {.address = ctx->addr};
    bpf_probe_read_user(&row.value, sizeof(row.value), (void *)ctx->addr);
    rows.perf_submit(ctx, &row, sizeof(row));
    return 0;
}
END
	run reprobe run --json -c 'watched 3' value.c -a f=watchpoint:counter:4:w
	status 0
	address=$(sed -n 's/^[0-9]* \(0x[^ ]*\) .*/\1/p' out)
	equal "rows" "$(printf "$((address)) %d\n" 1 2 3)" \
		"$(grep data out | jsonlines data.address data.value | tr '\t' ' ')"
}

# Kernel memory, on behalf of the process: the clock ticks while it runs.
of_kernel() {
	grep -q ' jiffies_64$' /proc/kallsyms || skip "this kernel has no jiffies_64"
	run reprobe --json -c 'i=0; while [ $i -lt 200000 ]; do i=$((i + 1)); done' \
		-e 'trace watchpoint:kernel:jiffies_64:8:w value'
	status 0
	grep data out | jsonlines data.value >values
	sort -nuc values || fail "the clock went back" "$(cat values)"
	[ "$(wc -l <values)" -ge 2 ] || fail "expected the clock to tick" "$out"
}

# ---------------------------------------------------------------- what is not a watchpoint

# not_spec SPEC PIECE…
not_spec() {
	local spec=$1
	shift
	run reprobe -e "info $spec"
	refused "$@"
}

specs() {
	not_spec watchpoint: "three parts" "such as watchpoint:counter:8:w"
	not_spec watchpoint:counter:8 "three parts"
	not_spec watchpoint:counter:8:r "cannot watch for reads alone" "use rw"
	not_spec watchpoint:counter:8:q '"q" is not what can be watched for'
	not_spec watchpoint:counter:3:w '"3" is not a length' "1, 2, 4 or 8"
	not_spec watchpoint:counter:16:w '"16" is not a length'
	not_spec watchpoint:step:1:x "write 8 for x"
	not_spec watchpoint:0x1001:4:w "a multiple of 4" "use 0x1000"
	not_spec watchpoint:12z:4:w '"12z" is not an address'
	not_spec watchpoint::8:w "the variable is missing"
	not_spec watchpoint:counter+:8:w "is not an offset"
	not_spec watchpoint:co/unter:8:w "cannot contain '/'"
	not_spec "watchpoint:$program:countr:8:w" "has no variable named countr" "did you mean counter"
	not_spec "watchpoint:$program:counter+4:8:w" "counter has 8 bytes, and byte 12 is beyond it"
	not_spec "watchpoint:$program:word:8:w" "word has 4 bytes"
	not_spec "watchpoint:$program:counter+2:4:w" "a multiple of 4"
	not_spec "watchpoint:$program:counter:8:x" "has no function named counter"
	not_spec watchpoint:/nowhere:counter:8:w "/nowhere does not exist"
	not_spec watchpoint:kernel:no_such_variable:8:w "the kernel has no variable named no_such_variable"
	not_spec 'watchpoint:count*:8:w' "pattern"
}

# asked PIECE… -- SPEC: the message about a question
asked() {
	local pieces=()
	while [ "$1" != -- ]; do
		pieces+=("$1")
		shift
	done
	run reprobe -p "$watched" -e "count $2"
	refused "${pieces[@]}"
}

processes() {
	run reprobe -e 'count watchpoint:counter:8:w'
	refused "a watchpoint is in the memory of one process" "-p PID, or -c COMMAND"
	watch 1
	asked "a multiple of 4" -- watchpoint:counter+2:4:w
	asked "has no variable named nothing_like_it" -- watchpoint:nothing_like_it:8:w
	asked "has not loaded" bash "it runs $program" -- watchpoint:bash:eof_encountered:4:w
	asked "uses the copy of stdout that is in $program" -- watchpoint:c:stdout:8:rw
	kill "$watched"
	wait %1 2>/dev/null
	run reprobe -p "$watched" -e 'count watchpoint:counter:8:w'
	status 1
}

# A name that two variables have, and one of them.
two() {
	local counts=
	echo 'static volatile int twice; void other(void) { twice = 1; twice = 2; }' >other.c
	echo 'static volatile int twice; void other(void); int main(void) { twice = 1; other(); return 0; }' >main.c
	cc -O1 -o twice main.c other.c || skip "no compiler"
	run reprobe -c ./twice -e 'count watchpoint:twice:4:w'
	refused "several variables named twice" "use the address of one instead"
	for address in $(nm twice | sed -n 's/^\([0-9a-f]*\) . twice$/0x\1/p'); do
		run reprobe --json -c ./twice -e "count watchpoint:$PWD/twice:$address:4:w"
		counts+=" $(jsonlines value <out)"
	done
	equal "counts" "1 2" "$(xargs -n 1 <<<"$counts" | sort | xargs)"
}

listed() {
	run reprobe list "watchpoint:$program:*"
	status 0
	for spec in counter:8 byte:1 half:2 word:4 pair:8 hidden:8; do
		matches "list" "$out" "^watchpoint:$program:$spec:w\$"
	done
	run reprobe list watchpoint
	refused "must begin with a program or library"
	run reprobe -e 'info watchpoint:counter:4:rw'
	status 0
	contains "info" "$out" "4 bytes are read or written" "-p or -c" "u32 value"
}

# Where the kernel takes them and none ever comes, there is no answer.
not_here() {
	[ -z "$has_watchpoints" ] || skip "this machine has watchpoints"
	run reprobe -c 'watched 5' -e 'count watchpoint:counter:8:w'
	status 1
	matches "message" "$err" "^reprobe: cannot attach watchpoint:counter:8:w: "
	contains "hint" "$err" "hint: run it in the lab"
	matches "doctor" "$(reprobe doctor)" '^no +watchpoints '
}

# here NAME FUNCTION: a case for machines that have watchpoints
here() {
	[ -n "$has_watchpoints" ] || { t "$1" skip "this machine has no watchpoints"; return; }
	t "$@"
}

before=$(inventory)
t "specs" specs
t "list and info" listed
t "machines without watchpoints" not_here
here "writes of 1, 2, 4 and 8 bytes" writes
here "many writes" many
here "reads" reads
here "nothing" never
here "instructions" executes
here "threads and children" threads
here "a fifth" four
here "a process that runs" running
here "an address" by_address
here "a process in a root of its own" in_its_root
here "a process that starts threads" starting
here "another program" executed
here "another process" others
here "commands" commands
here "Ctrl-C" interrupted
here "questions" questions
here "hand-written C" written_c
here "memory of the kernel" of_kernel
here "processes" processes
here "two of one name" two
t "nothing stays" unchanged "$before"
finish
