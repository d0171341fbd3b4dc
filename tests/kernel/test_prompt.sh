#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The prompt, from a pipe and in a terminal (pty.c): every command and what can go wrong with it,
# what is seen while events come, what is kept, what is left behind.
. "$(dirname "$0")/../lib.sh"
need_root
export REPROBE_HISTORY=off TERM=xterm EDITOR=false VISUAL=
unset NO_COLOR

# A program of the author's, of which only getpgid() is traced.
calls_c() {
	source_file calls.c <<'END'
struct event { u32 pid; char comm[16]; int arg; };
BPF_RINGBUF_OUTPUT(events, 64);
BPF_HASH(calls, u32);
PROBE
{
    struct event event = {.arg = args->pid};
    if (!is_target())
        return 0;
    event.pid = bpf_get_current_pid_tgid() >> 32;
    bpf_get_current_comm(&event.comm, sizeof(event.comm));
    calls.increment(event.pid);
    events.ringbuf_output(&event, sizeof(event), 0);
    return 0;
}
END
}

# commands COMMAND…: as -e, with a command that calls getpgid() three times
commands() {
	local args=()
	for word; do args+=(-e "$word"); done
	run reprobe -c 'spawn --calls 3 >spawned' "${args[@]}"
}
spawned() { cut -d' ' -f1 spawned; }

# ---------------------------------------------------------------- without a terminal

from_a_pipe() {
	echo 'trace sys_enter_getpgid' >script
	run reprobe -c 'spawn --calls 3 >spawned' <script
	status 0
	equal "rows" 3 "$(grep -cE "^[0-9:]{8} +$(spawned) +spawn +0$" out)"
	equal "headers" 1 "$(grep -c PID out)"
	equal "talk" '[1] tracepoint:syscalls:sys_enter_getpgid(pid_t pid)' "$err"
	{ echo '# a comment'; echo; printf 'trace sys_enter_getpgid\r\nwait'; } >script
	sed -i 's/sys_enter/sys_exit/' script
	run bash -c 'cat script | reprobe --json -c "spawn --calls 2 >spawned"'
	status 0
	equal "JSON" "1 $(spawned) spawn
1 $(spawned) spawn" "$(jsonlines probe data.pid data.comm <out | tr '\t' ' ')"
	printf 'print "first"\nprint "a\0b"\nprint "last"\n' >script
	run bash -c 'cat script | reprobe'
	status 1
	equal "before a NUL byte" first "$out"
	contains "told" "$err" 'cannot read a command: it contains a NUL byte'
}

from_files() {
	printf 'count sys_exit_getpgid by tid\n' >first
	printf 'wait\nmap counts\nquit' >second
	run reprobe -c 'spawn --calls 3 >spawned' -f first -f second
	status 0
	equal "the map, once" "TID     VALUE
$(spawned) 3" "$(sed 1d out | sed 's/ \+$//' | sed "s/^$(spawned) \+/$(spawned) /")"
	run reprobe -f missing
	refused "cannot read missing" "No such file"
}

one_line_of_many() {
	calls_c
	private spawn one_of_$$ >path
	run bash -c 'reprobe --comm one_of_'$$' -e "load calls.c" | head -n 1 & while kill -0 $!; do ./one_of_* --calls 100 >/dev/null; sleep 0.1; done 2>/dev/null; wait $!'
	status 0
	matches "the first line" "$out" '^TIME +PID'
}

# Lines are not cut where nobody sees them.
long_rows() {
	local name
	name=$tmp/$(printf 'x%.0s' {1..100})
	touch "$name"
	run reprobe -c "spawn --open $name >spawned" -e 'trace sys_enter_openat filename if comm == "spawn"'
	matches "the row" "$out" "$(printf 'x%.0s' {1..60})"
	terminal -p $BASHPID <<END
wait ^reprobe>
send trace sys_enter_openat filename if comm == "spawn"\r
wait ^\[1\]
run spawn --open $name >/dev/null
wait spawn.*xxx
refuse ^x
size 60 24
send x
last ^reprobe> x$
send \x15
last ^reprobe>$
clear
run spawn --open $name >/dev/null
wait spawn +/
idle 100
refuse ^[x/]
END
}

every_verb() {
	calls_c
	commands 'trace sys_enter_getpgid pid' 'count sys_enter_getpgid by comm' \
		'hist sys_exit_getpgid ret' 'latency sys_enter_getpgid' 'stack sys_enter_getpgid' \
		'profile 99' 'load calls.c' wait probes maps 'map calls' 'show 1' 'source 2' 'pause 3' 'resume 3' \
		'retarget 3 sys_exit_getpid' 'detach 6' stats 'limit 500' 'list sched:sched_sw*' \
		'info sys_enter_getpgid' 'types pid_namespace' 'disasm 2' 'verifier 2' 'export json' \
		'save kept' 'record rows.json' 'record off' history 'help trace' help 'wait 10ms' \
		'map 7 clear' 'map calls set 1 2' 'map calls del 1' 'watch calls 10ms 2'
	status 0
	contains "titles" "$err" '[1] tracepoint:syscalls:sys_enter_getpgid(pid_t pid)' '[7] calls.c' \
		'[6] detached' '[3] paused' '[3] resumed' 'saved: reprobe -f kept'
	contains "what was printed" "$out" 'TRACEPOINT_PROBE(syscalls, sys_enter_getpgid)' \
		'tracepoint:sched:sched_switch' 'struct pid_namespace {' 'trace PROBE' 'Ask' \
		'a pattern may have 500 matches' 'RUNS/s' '{"map":"7.calls"' 'exit'
	equal "rows" 3 "$(grep -cE "^\[1\] [0-9:]{8} +$(spawned)" out)"
	contains "the maps at the end" "$(sed -n '/^2.counts:/,$p' out)" 'spawn' '3.dist' '4.dist' \
		'entry_SYSCALL_64_after_hwframe' '7.calls'
	lacks "the maps at the end" "$(sed -n '/^2.counts:/,$p' out)" 'missed'
}

# message N: the Nth of what the last run said
message() { awk -v n="$1" '/^reprobe: /{ i++ } i == n' err; }

# try LINE PIECE…: one that is refused, with a message that has each PIECE
try() {
	lines+=(-e "$1")
	shift
	pieces+=("$(printf '%s\n' "$@")")
}

# Each is refused with one message, and what ran before keeps running.
errors() {
	local lines=() pieces=() i piece
	try 'trcae x' 'there is no such command' 'did you mean trace'
	try 'sched_switch' 'there is no such command' 'trace sched_switch shows its calls'
	try 'hist latency openat' 'cannot trace `latency`' '`latency` begins a question: latency PROBE'
	try 'trace openat(filename)' 'cannot trace `openat(filename)`' 'what is asked for stands behind the name: openat EXPR'
	try 'h' 'several commands begin with it' 'hist, history, help'
	try 'trace' 'hint:'
	try 'trace no_such_place_at_all' 'no_such_place_at_all'
	try 'trace sys_enter_getpgid pidd' 'pidd'
	try 'count sys_enter_getpgid by' 'by'
	try 'hist sys_enter_getpgid' 'hint:'
	try 'retarget 1' 'retarget N PROBE'
	try 'retarget 7 sys_enter_getpid' 'no program has that number' 'one of 1'
	try 'retarget 1 no_such_place_at_all' 'no_such_place_at_all'
	try 'detach x' 'cannot find `x`'
	try 'pause 1 2' 'cannot understand `2`'
	try 'show 9' 'cannot find `9`'
	try 'attach 1 nothing' 'attach N FUNCTION PROBE'
	try 'attach 1 nothing sys_enter_getpid' 'nothing'
	try 'load missing.c' 'No such file'
	try 'load' 'no file name was given'
	try 'c hello' 'the form FUNCTION=PROBE'
	try 'edit 1 missing.c' 'No such file'
	try 'edit 1' 'cannot edit with `false`'
	try 'wait soon' 'not a duration'
	try 'limit many' 'not a number'
	try 'map nothing' '`maps` lists them'
	try 'map 1 x' 'cannot `x` a map'
	try 'map counts turn' 'cannot `turn`'
	try 'map counts set 1' 'a key and a value'
	try 'map counts del' 'a key is needed'
	try 'watch nothing' '`maps` lists them'
	try 'watch counts soon' 'not a duration'
	try 'list no_such_place_at_all*' 'no probe matches'
	try 'info' 'no probe was given'
	try 'types no_such_struct_at_all' 'no_such_struct_at_all'
	try 'types' 'no type was given'
	try 'disasm 9' 'cannot find `9`'
	try 'verifier 9' 'cannot find `9`'
	try 'save' 'no file name was given'
	try 'save /nowhere/at/all' 'cannot write /nowhere/at/all'
	try 'record' 'no file name was given'
	try 'record /nowhere/at/all' 'cannot write'
	try 'export' 'json|csv'
	try 'export xml' 'json or csv'
	try 'export json nothing' '`maps` lists them'
	try 'help nothing' 'cannot explain `nothing`'
	try 'quit now' 'cannot end with `now`'
	run reprobe -c 'spawn --calls 3 >spawned' -e 'count sys_exit_getpgid by tid' "${lines[@]}" -e wait
	status 1
	matches "the count beside all of them" "$out" "^$(spawned) +3$"
	equal "messages" "${#pieces[@]}" "$(grep -c '^reprobe: ' err)"
	for i in "${!pieces[@]}"; do
		while IFS= read -r piece; do
			contains "message of ${lines[2 * i + 1]}" "$(message $((i + 1)))" "$piece"
		done <<<"${pieces[i]}"
	done
}

# A compile error, a refusal of the verifier's and a place that is lost, with others running.
bad_programs() {
	cat >commands <<'END'
count sys_exit_getpgid by tid
c
TRACEPOINT_PROBE(syscalls, sys_enter_getpgid)
{
    return undeclared;
}
.
c
TRACEPOINT_PROBE(syscalls, sys_enter_getpgid)
{
    for (volatile int i = 0; i >= 0;)
        ;
    return 0;
}
.
c
TRACEPOINT_PROBE(syscalls, sys_enter_no_such_call)
{
    return 0;
}
.
c wrong=tracepoint:syscalls:sys_enter_no_such_call
int wrong(void *ctx)
{
    return 0;
}
.
edit 1 broken.c
probes
wait
END
	echo 'int broken(' >broken.c
	run reprobe -c 'spawn --calls 3 >spawned' -f commands -e quit
	status 1
	contains "messages" "$err" "2.c:3:12: error: use of undeclared identifier 'undeclared'" \
		"the kernel's verifier rejected it" 'no_such_call' 'broken'
	equal "messages" 5 "$(grep -c '^reprobe: ' err)"
	equal "what is held" 1 "$(grep -c running out)"
	run reprobe -c 'spawn --calls 3 >spawned' -f commands
	matches "the count" "$out" "^$(spawned) +3$"
}

targets() {
	calls_c
	run reprobe -e 'count sys_enter_getpgid by comm' -e 'show 1' -e quit
	lacks "C of anyone" "$out" is_target
	run reprobe -c 'spawn --calls 3 >spawned' -e 'trace sys_enter_getpgid' -e 'show 1' -e 'wait' -e quit
	contains "C with a target" "$out" is_target
	matches "the row before the command's end" "$out" "^[0-9:]{8} +$(spawned)"
	sed -i '/is_target/,+1d' calls.c
	run reprobe -c true -e 'load calls.c'
	contains "note" "$err" 'uses neither TARGET_PID nor is_target()'
}

ends() {
	run reprobe --for 300ms -e 'count sys_enter_getpgid by comm'
	status 0
	contains "the map at the end" "$out" 'counts:'
	run reprobe --events 2 -c 'spawn --calls 5 >spawned' -e 'trace sys_enter_getpgid'
	equal "rows" 2 "$(grep -cE "^[0-9:]{8} " out)"
	run reprobe -c 'exit 3' -e 'count sys_enter_getpgid by comm'
	status 0
	contains "how the command ended" "$err" 'status 3'
	private spawn spawn_$$ >path
	start reprobe --comm spawn_$$ -e 'count sys_exit_getpgid by tid'
	wait_in "it traces" grep -q '^\[1\]' err
	local objects
	objects=$(held "$pid")
	./spawn_$$ --calls 4 >spawned
	kill -INT "$pid"
	stopped
	status 0
	matches "the map after Ctrl-C" "$out" "^$(spawned) +4$"
	released "$objects"
	run reprobe -p $BASHPID -e 'count sys_enter_getpgid by tid' -e quit
	equal "what quit prints" '' "$out"
}

c_blocks() {
	cat >commands <<'END'
c hello=sys_enter_getpid hello=tracepoint:syscalls:sys_enter_getpgid
BPF_HASH(calls, u32);
int hello(void *ctx)
{
    u32 pid = bpf_get_current_pid_tgid() >> 32;
    if (is_target())
        calls.increment(pid);
    return 0;
}
END
	sed -i 's/hello=sys_enter_getpid //' commands
	run reprobe -c 'spawn --calls 3 >spawned' -f commands -e . -e 'attach last hello sys_exit_getpgid' -e probes
	status 0
	matches "calls of both probes" "$out" "^$(spawned) +6$"
	contains "probes" "$out" sys_enter_getpgid sys_exit_getpgid
	alone trace_pipe
	printf 'c\nTRACEPOINT_PROBE(syscalls, sys_enter_getpgid) { if (is_target()) bpf_trace_printk("called\\n"); return 0; }\n' >commands
	run bash -c "reprobe -c 'spawn --calls 3 >spawned' <commands" # its end ends the block
	status 0
	equal "lines of the trace pipe" 3 "$(grep -c called out)"
}

# Maps that stay alike keep their contents, and the old one keeps running when the new one is wrong.
hot_reload() {
	calls_c
	sed 's/calls.increment(event.pid);/calls.increment(event.pid, 10);/' calls.c >tenfold.c
	sed 's/calls.increment(event.pid);/calls.increment(oops);/' calls.c >wrong.c
	cat >script <<'END'
wait ^reprobe>
send load calls.c\r
wait ^\[1\]
run spawn --calls 3 >spawned
wait ^[0-9:]+ +[0-9]+ +spawn
send edit 1 wrong.c\r
wait undeclared identifier 'oops'
send edit 1 tenfold.c\r
send probes\r
wait ^\[1\] +running
wait ^ +tracepoint:syscalls:sys_enter_getpgid$
run spawn --calls 2 >again
count 5 ^[0-9:]+ +[0-9]+ +spawn
send record off\r
send export json calls exported\r
key ctrl-d
status 0
END
	terminal -p $BASHPID <script
	equal "counts before and after" "$({ echo "$(spawned) 3"; echo "$(cut -d' ' -f1 again) 20"; } | sort)" \
		"$(jsonlines key value <exported | tr '\t' ' ' | sort)"
}

editors() {
	calls_c
	cat >editor <<'END'
#!/bin/bash
cat "$1" >>seen
sed -i "$(cat change)" "$1"
exit 0
END
	chmod +x editor
	export EDITOR="$PWD/editor"
	echo 's/increment(event.pid)/increment(event.pid, 10)/' >change
	cat >script <<END
wait ^reprobe>
send load calls.c\r
wait ^\[1\]
clear
send edit 1\r
send probes\r
wait ^\[1\] +running
run spawn --calls 1 >spawned
count 1 ^[0-9:]+ +[0-9]+ +spawn
run echo 's/event.pid, 10/oops/' >change
send edit\r
wait still runs the old
row undeclared identifier 'oops'
run echo 's/oops/event.pid, 100/' >change
clear
send edit 1\r
send probes\r
wait ^\[1\] +running
run spawn --calls 1 >again
count 1 ^[0-9:]+ +[0-9]+ +spawn
run echo >change
send edit 1\r
wait is unchanged
send export json calls exported\r
key ctrl-d
status 0
END
	terminal -p $BASHPID <script
	equal "counts" "$({ echo "$(spawned) 10"; echo "$(cut -d' ' -f1 again) 100"; } | sort)" \
		"$(jsonlines key value <exported | tr '\t' ' ' | sort)"
	contains "the draft" "$(tail -n 40 seen)" 'oops'
	# One that empties the file before it writes it, later: what was gathered stays.
	cat >editor <<'END'
#!/bin/bash
text=$(sed 's/calls.increment(event.pid)/calls.increment(event.pid, 1)/' "$1")
: >"$1"
sleep 1
echo "$text" >"$1"
END
	run reprobe -p $BASHPID --json -e 'load calls.c' -e '! spawn --calls 3 >/dev/null' -e 'edit 1' -e '! spawn --calls 4 >/dev/null' \
		-e 'map calls' -e quit
	equal "all of them" 7 "$(grep '"map"' out | jsonlines value | awk '{ n += $1 } END { print n }')"
	contains "replaced once" "$err" '[1] reloaded'
	echo ': >"$1"' >editor
	run reprobe -p $BASHPID --json -e 'load calls.c' -e '! spawn --calls 3 >/dev/null' -e 'edit 1' -e '! spawn --calls 4 >/dev/null' \
		-e 'map calls' -e quit
	equal "by the old program" 7 "$(grep '"map"' out | jsonlines value | awk '{ n += $1 } END { print n }')"
	contains "an empty file" "$err" 'cannot replace [1]: the new text has no function' '[1] still runs the old program'
	# Without a terminal as well; and what is saved while it is open runs at once.
	cat >editor <<'END'
#!/bin/bash
prompt=$PPID
until [ "$(cat /proc/$prompt/comm)" = reprobe ]; do prompt=$(awk '/^PPid:/ { print $2 }' /proc/$prompt/status); done
old_programs() { grep -hw ^prog_id /proc/$prompt/fdinfo/* 2>/dev/null | grep -qFxf programs; }
grep -hw ^prog_id /proc/$prompt/fdinfo/* >programs
sed -i 's/event.pid)/event.pid,7)/' "$1"
while old_programs; do sleep 0.02; done
./spawn_* --calls 1 >spawned
END
	private spawn spawn_$$ >path
	run reprobe --comm spawn_$$ -e 'load calls.c' -e 'edit 1' -e 'export json' -e quit
	status 0
	equal "the count" "$(spawned) 7" "$(jsonlines key value <out | tr '\t' ' ')"
	contains "rows meanwhile" "$err" '1 row came meanwhile'
}

retargets() {
	cat >script <<END
wait ^reprobe>
send count sys_enter_getpgid by comm if comm == "spawn"\r
wait ^\[1\]
run spawn --calls 3 >/dev/null
send retarget 1 sys_enter_getsid\r
wait ^\[1\] .*sys_enter_getsid
run spawn --calls 5 >/dev/null
send trace sys_enter_openat filename if comm == "spawn"\r
wait ^\[2\]
send retarget last sys_enter_getsid\r
wait ^reprobe: .*filename
send retarget 2 sys_enter_open\r
wait ^\[2\] .*sys_enter_open\(
run spawn --open $tmp/script >/dev/null
wait spawn +/.*script
send export json 1 exported\r
key ctrl-d
status 0
END
	terminal -p $BASHPID <script
	equal "the count of the old place" 3 "$(jsonlines value <exported)"
}

kept() {
	calls_c
	commands 'count sys_enter_getpgid by comm' 'load calls.c' 'pause 1' 'trace sys_exit_getpgid ret if ret > 0' 'save kept' quit
	run reprobe -p $BASHPID -f kept -e probes -e quit
	status 0
	equal "what is held again" "[1] paused count sys_enter_getpgid by comm
[2] running 2.c
[3] running trace sys_exit_getpgid ret if ret > 0" "$(grep '^\[' out | tr -s ' ')"
	run reprobe -p $BASHPID -f kept -e 'save again' -e quit
	equal "saved again" "$(cat kept)" "$(cat again)"
	commands 'trace sys_exit_getpgid' 'record rows.json' 'record' 'wait' 'record off' 'quit'
	status 0
	contains "what record says" "$out" 'rows go to rows.json'
	equal "recorded rows" 3 "$(jsonlines probe data.pid <rows.json | grep -c "^1	$(spawned)$")"
	commands 'load calls.c' 'record rows.csv 1' 'wait' 'quit'
	equal "CSV" "time,probe,pid,comm,arg
1,$(spawned),spawn,0" "$(tr -d '\r' <rows.csv | sed -n '1p; 2s/^[0-9:]*,//p')"
	commands 'count sys_exit_getpgid by tid' 'wait' 'export csv counts out.csv' 'export csv 1 all.csv' 'export json' 'quit'
	equal "a map as CSV" "tid,value
$(spawned),3" "$(tr -d '\r' <out.csv)"
	equal "maps as CSV" "map,tid,value
counts,$(spawned),3" "$(tr -d '\r' <all.csv)"
	equal "a map as JSON" "$(spawned) 3" "$(jsonlines key.tid value <out | tr '\t' ' ')"
}

limits() {
	run reprobe -e 'limit 5' -e 'count tracepoint:syscalls:sys_enter_*' -e probes
	status 1
	contains "message" "$err" 'matches' 'the limit is 5' 'limit '
	lacks "what is held" "$out" running
	run reprobe -p $BASHPID -e 'count sched:sched_*' -e probes -e quit
	status 0
	matches "places" "$out" 'sched_\* \([0-9]+ matches\)'
	run reprobe -c 'spawn --calls 3 >spawned' -e 'count tracepoint:syscalls:sys_*_getpgid'
	matches "entries" "$out" '^sys_enter_getpgid +3$'
	matches "returns" "$out" '^sys_exit_getpgid +3$'
}

unprivileged() {
	local nobody=(setpriv --reuid=65534 --regid=65534 --clear-groups)
	"${nobody[@]}" "$bin/reprobe" version >/dev/null 2>&1 || {
		cp "$bin/reprobe" "$base/case"
		chmod 755 "$base/case"
		PATH=$base/case:$PATH
	}
	run "${nobody[@]}" reprobe -e 'help trace' -e 'types filename'
	contains "what can be looked at" "$out" 'trace PROBE' 'struct filename'
	equal "messages" 1 "$(grep -c '^reprobe: ' err)"
	status 0
	run "${nobody[@]}" reprobe -e 'count profile:hz:9 by comm' -e 'limit 5'
	status 1
	contains "the question" "$err" 'hint: run as root (sudo)'
	contains "what comes after" "$out" 'may have 5 matches'
}

# ---------------------------------------------------------------- in a terminal

# Half a line stays as it was typed, whatever comes meanwhile; and can be ended.
typing() {
	cat >script <<'END'
wait ^reprobe>
send trace sys_enter_getpgid if comm == "spawn"\r
wait ^\[1\]
send half a li
begin spawn --calls 1000 >/dev/null
count 1000 ^[0-9:]{8} +[0-9]+ +spawn +0$
last ^reprobe> half a li$
send ne\x01wo
last ^reprobe> wohalf a line$
begin spawn --calls 20 >/dev/null
count 1020 ^[0-9:]{8} +[0-9]+ +spawn +0$
last ^reprobe> wohalf a line$
count 1 ^reprobe> .*half
send \r
wait no such command
last ^reprobe>$
END
	terminal -p $BASHPID <script
}

# The same while a line of two rows is typed, in a small terminal.
typing_long() {
	pty_options=(--size 40x10)
	cat >script <<'END'
wait ^reprobe>
send trace sys_enter_getpgid if comm == "spawn"\r
wait ^\[1\]
send a line that is longer than forty columns are wide
begin spawn --calls 100 >/dev/null
count 100 ^[0-9:]{8} +[0-9]+ +spawn +0$
wait ^reprobe> a line that is longer than forty columns are wide$
count 1 a line that
END
	terminal -p $BASHPID <script
}

control_keys() {
	cat >script <<'END'
wait ^reprobe>
send half a line
wait half a line
key ctrl-c
wait \^C
last ^reprobe>$
key ctrl-c
wait Ctrl-D leaves
send c\r
wait ^\.\.\.
send int x;\r
key ctrl-c
last ^reprobe>$
send wait\r
idle 100
send probes\r
idle 100
refuse there are no programs
key ctrl-c
idle 200
refuse there are no programs
send trace sys_enter_getpgid if comm == "spawn"\r
wait ^\[1\]
run spawn --calls 2 >/dev/null
count 2 ^[0-9:]+ +[0-9]+ +spawn
key ctrl-c
wait ^\[1\] paused; `resume 1` resumes it
run spawn --calls 5 >/dev/null
idle 200
count 2 ^[0-9:]+ +[0-9]+ +spawn
send resume 1\r
wait ^.1. resumed$
run spawn --calls 3 >/dev/null
count 5 ^[0-9:]+ +[0-9]+ +spawn
key ctrl-z
stopped
signal CONT
idle 100
send probes\r
wait \[1\] +running
size 60 20
send c\r
wait ^\.\.\.
send TRACEPOINT_PROBE(syscalls, sys_enter_getpgid) { return 0; }\r
key ctrl-d
wait ^\[2\] 2\.c
key ctrl-d
status 0
END
	terminal -p $BASHPID <script
}

leaving() {
	calls_c
	cat >script <<'END'
wait ^reprobe>
send load calls.c\r
wait ^\[1\]
run for p in $(pgrep -P $PPID -x reprobe); do sed -n 's/^\(prog\|map\|link\)_id:[[:space:]]*/\1 /p' /proc/$p/fdinfo/*; done >objects
key ctrl-d
status 0
END
	terminal -p $BASHPID <script
	released "$(sort -u objects)"
	terminal < <(printf 'wait ^reprobe>\nsend quit\\r\nstatus 0\n')
	terminal < <(printf 'wait ^reprobe>\nsend exit\\r\nstatus 0\n')
	terminal < <(printf 'wait ^reprobe>\nsignal TERM\nstatus 0\n')
	terminal < <(printf 'wait ^reprobe>\neof\nstatus 0\n')
}

colours() {
	local script='wait ^reprobe>\nsend trace sys_enter_getpgid if comm == "spawn"\\r\nwait ^.1.\nrun spawn --calls 1 >/dev/null\nwait spawn +0$\nsend nothing\\r\nwait no such command\n'
	terminal -p $BASHPID < <(printf "$script")
	grep -q $'\033\[36m' raw || fail "expected a number in colour"
	grep -q $'\033\[1m' raw || fail "expected a header in bold"
	grep -q $'\033\[31mreprobe:' raw || fail "expected an error in colour"
	NO_COLOR=1 terminal -p $BASHPID < <(printf "$script")
	! grep -qE $'\033\[[0-9]*m' raw || fail "expected no colour with NO_COLOR"
	TERM=dumb terminal -p $BASHPID < <(printf "$script")
	! grep -q $'\033' raw || fail "expected no escape sequence on a dumb terminal"
	commands 'trace sys_enter_getpgid' 'help'
	! grep -q $'\033' out err || fail "expected no escape sequence without a terminal"
}

histories() {
	export REPROBE_HISTORY=$tmp/kept/history
	terminal < <(printf 'wait ^reprobe>\nsend limit 77\\r\nwait 77 matches\nkey ctrl-d\nstatus 0\n')
	equal "the file" "limit 77" "$(cat kept/history)"
	equal "its mode" 600 "$(stat -c %a kept/history)"
	terminal < <(printf 'wait ^reprobe>\nkey up\nwait ^reprobe> limit 77$\nsend \\r\nwait 77 matches\nsend history\\r\nwait 1  limit 77\nkey ctrl-d\nstatus 0\n')
	unset REPROBE_HISTORY
	XDG_STATE_HOME=$tmp/state terminal < <(printf 'wait ^reprobe>\nsend limit 78\\r\nwait 78 matches\n key ctrl-d\nstatus 0\n')
	equal "the file in the state directory" "limit 78" "$(cat state/reprobe/history)"
	# Another user's link to a file of ours, and another user's home.
	mkdir theirs
	echo mine >mine
	ln -s "$tmp/mine" theirs/history
	chown -h 65534:65534 theirs theirs/history
	REPROBE_HISTORY=$tmp/theirs/history terminal < <(printf 'wait history is not kept\nwait ^reprobe>\nsend limit 79\\r\nwait 79 matches\nkey ctrl-d\nstatus 0\n')
	equal "what the link leads to" mine "$(cat mine)"
	printf 'wait ^reprobe>\nsend limit 80\\r\nwait 80 matches\nkey ctrl-d\nstatus 0\n' >script
	(
		unset XDG_STATE_HOME REPROBE_HISTORY
		export HOME=$tmp/theirs
		terminal <script
	)
	equal "what is made in another user's home" "history" "$(ls -A theirs)"
}

completion() {
	pty_options=(--size 80x60)
	cat >script <<'END'
wait ^reprobe>
send retar\t
wait ^reprobe> retarget$
send \x15
send trace sched_process_ex\t\t
wait sched_process_exec
row sched_process_exit
send \x15
send trace sched:sched_process_exec filen\t
wait ^reprobe> trace sched:sched_process_exec filename$
send \x15
send count sys_enter_getpgid by com\t
wait by comm$
send \r
wait ^\[1\]
clear
send map cou\t
wait map counts$
send \x15
send help wat\t
wait help watch$
send \x15
send c\r
wait ^\.\.\.
send int f(struct task_struct *t) { return t->real_par\t
wait t->real_parent$
key ctrl-c
last ^reprobe>$
send load scri\t
wait load script$
send \x15
send edit 1 scri\t
wait edit 1 script$
send \x15
send export csv cou\t
wait export csv counts$
send scri\t
wait export csv counts script$
send \x15
send types enum hrtimer_rest\t
wait types enum hrtimer_restart$
send \x15
send types struct hrtimer_rest\t
idle 200
last types struct hrtimer_rest$
send \x15
send hist sys_exit_getpgid ret lin\t
wait hist sys_exit_getpgid ret linear\($
send \x15
send watch counts to\t
wait watch counts top$
send \x15
send map la\t
wait map last$
send \x15
send execsn\t
wait execsnoop$
END
	terminal -p $BASHPID <script
}

# ---------------------------------------------------------------- what is written about it

# Each example of help runs as it stands.
examples() {
	ln -s "$top/docs" docs
	local verb
	for verb in $(reprobe -e help | sed -n 's/^  \([a-z]*\) .*/\1/p'); do
		[ "$verb" = quit ] || printf 'help %s\n' "$verb"
	done >verbs
	reprobe -f verbs </dev/null | awk '/^example:/ { print "detach all"; on = 1; next }
		on && /^    / { print substr($0, 5); next } { on = 0 }' >examples
	[ "$(grep -c '^detach all' examples)" -ge 30 ] || fail "expected more examples" "$(cat examples)"
	echo 'struct conf { int n; char *s; }; int load(struct conf *c) { return c->n; }
		int free_conf(struct conf *c) { return !c->s; }
		int main(void) { struct conf conf = {0}; return load(&conf); }' >prog.c
	gcc -g -O0 prog.c -o prog || fail "prog compiles"
	run env EDITOR=true reprobe -p $BASHPID -f examples -e quit
	status 0
	lacks "what the examples say" "$err" 'reprobe: cannot'
}

# What was saved before stays where the disk is full, and is run by the line that is shown.
saves() {
	run reprobe -e 'save it' -e quit
	chmod 711 it
	run bash -c 'trap "" XFSZ; ulimit -f 0; reprobe -e "save it" -e quit 2>&1 | cat; exit "${PIPESTATUS[0]}"'
	status 1
	equal "as before" "# commands for reprobe -f" "$(cat it)"
	equal "nothing beside it" "" "$(find . -name '*.new')"
	run reprobe -e 'save it' -e "save 'of two words'" -e 'save /dev/null' -e quit
	equal "its mode" 711 "$(stat -c %a it)"
	contains "with quotes" "$err" 'saved: reprobe -f it' "saved: reprobe -f 'of two words'" 'saved: reprobe -f /dev/null'
	[ -c /dev/null ] || fail "/dev/null is a file"
	printf '%s\n' 'limit 7' unsafe 'expand on' 'lines on' 'time ms' 'struct conf {' '    int n;' '};' 'typedef struct conf conf_t;' 'save needed' quit >script
	run reprobe -f script
	run reprobe -f needed -e 'save again' -e quit
	status 0
	equal "what they need" "$(sed '1i # commands for reprobe -f' script | head -n -2)" "$(cat needed)"
	equal "again" "$(cat needed)" "$(cat again)"
}

quits() {
	run reprobe -e 'limit 7' -e 'limit -5' -e limit -e quit
	status 1
	contains "a limit that is refused" "$err" "cannot set the limit \`-5\`"
	equal "stays what it was" "a pattern may have 7 matches" "$(tail -n 1 out)"
	run reprobe -e nonsense -e quit
	status 1
	run reprobe -e nonsense -e 'quit 0'
	status 0
	run reprobe -e 'quit 3'
	status 3
}

man_page() {
	[ -e "$top/docs/man/reprobe-prompt.7" ] || skip "no source tree"
	run reprobe -e 'help --man'
	equal "COMMANDS of reprobe-prompt(7), as \`help --man\` prints it" "$out" \
		"$(sed -n '/^\.\\" begin: help --man/,/^\.\\" end/p' "$top/docs/man/reprobe-prompt.7" | sed '1d;$d')"
}

t "from a pipe" from_a_pipe
t "from files" from_files
t "one line of many" one_line_of_many
t "long rows" long_rows
t "every command" every_verb
t "errors" errors
t "bad programs" bad_programs
t "targets" targets
t "ends" ends
t "C" c_blocks
t "quit" quits
t "save" saves
t "hot reload" hot_reload
t "editors" editors
t "retarget" retargets
t "what is kept" kept
t "limits" limits
t "unprivileged" unprivileged
t "typing while events come" typing
t "typing in two rows" typing_long
t "Ctrl-C, Ctrl-D, Ctrl-Z" control_keys
t "leaving" leaving
t "colours" colours
t "history" histories
t "completion" completion
t "examples of help" examples
t "the man page" man_page
finish
