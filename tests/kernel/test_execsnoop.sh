#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# execsnoop: its rows against the processes that the test itself started.
. "$(dirname "$0")/../lib.sh"
need_root

# rows [FIELDS]: the rows without the header and the padding, up to the file of each.
rows() { tail -n +2 <<<"$out" | cut_rows "${1:-4}"; }
cut_rows() { awk -v n="$1" '{ line = $1; for (i = 2; i <= n; i++) line = line " " $i; print line }'; }

# Starts programs in a few ways; prints the rows they should give, in order.
work='echo $$ $PPID sh /bin/sh
show() { echo "$1 $$ ${2##*/} $2"; }
/bin/true & show $! /bin/true; wait
./a_name_longer_than_comm & echo "$! $$ a_name_longer_t ./a_name_longer_than_comm"; wait
./script & show $! ./script; wait
./link & show $! ./link; wait
./$LONG & echo "$! $$ sh ./$LONG"; wait
./missing 2>/dev/null
spawn 20 >spawned & echo "$! $$ spawn $SPAWN"; wait'

programs() {
	cp /bin/true a_name_longer_than_comm
	printf '#!/bin/sh\n:\n' >script
	chmod +x script
	ln -s /bin/true link
	# 400 bytes of path: far over the comm, and with the rest of the event over a BPF stack
	LONG=$(printf 'd%.0s' {1..198})/$(printf 'e%.0s' {1..198})
	mkdir -p "$LONG"
	ln -s /bin/sh "$LONG/sh"
	LONG=$LONG/sh
	SPAWN=$(command -v spawn)
	export LONG SPAWN
}

# A script's interpreter is not another exec: its row has the script's name.
transport() {
	programs
	run execsnoop --transport "$1" -c "{ $work; } >expected"
	status 0
	silent
	equal "header" "PID     PPID    COMM             ARGS" "$(head -n 1 <<<"$out")"
	equal "number of rows" 27 "$(rows | wc -l)"
	if [ "$1" = perf ]; then # one buffer a CPU: no order among them
		equal "rows" "$(sort expected spawned)" "$(rows | sort)"
	else
		equal "rows" "$(cat expected spawned)" "$(rows)"
	fi
}

failed_execs() {
	touch not_executable
	mkdir directory
	printf 'no program' >nonsense
	chmod +x nonsense
	run execsnoop -x -c 'spawn --failing 3 ./missing >expected; spawn --failing 1 ./not_executable >>expected
		spawn --failing 1 ./directory >>expected; spawn --failing 1 ./nonsense >>expected; spawn 1 /bin/true >>ok; :'
	status 0
	silent
	equal "header" "PID     PPID    COMM              RET ARGS" "$(head -n 1 <<<"$out")"
	equal "failed execs" "$(cat expected)" "$(rows 5 | awk '$4 != 0')"
	equal "errors" "-2 -2 -2 -13 -13 -8" "$(rows 5 | awk '$4 != 0 { printf "%s%s", s, $4; s = " " }')"
	equal "execs that went well" 7 "$(rows 5 | awk '$4 == 0' | wc -l)"
	# Such a call has no entry.
	run execsnoop -x -c 'callers --refused-files 1 >calls; :'
	equal "refused by a seccomp filter" "$(sed -n 's/^exec/-1 a path of callers/p' calls)" "$(rows 9 | cut -d" " -f4- | grep "^-" | sed "s, *$,,")"
	run execsnoop -c 'spawn --failing 2 ./missing >expected; :'
	equal "rows without -x" 2 "$(rows | wc -l)"
}

timestamps() {
	local before after
	before=$(date +%H:%M:%S)
	run execsnoop -T -c 'spawn 2 >expected; :'
	after=$(date +%H:%M:%S)
	status 0
	equal "header" "TIME     PID     PPID    COMM             ARGS" "$(head -n 1 <<<"$out")"
	equal "rows" "$(cat expected)" "$(rows 5 | tail -n 2 | cut -d' ' -f2-)"
	rows 5 | while read -r time _; do
		[[ ! $time < $before && ! $time > $after ]] || [[ $after < $before ]] ||
			fail "time: expected one from $before to $after, got $time"
	done
}

# What follows the columns of numbers: COMM and the arguments.
lines() { tail -n +2 <<<"$out" | sed -E 's/^ *([0-9.]+ +)+//; s/  +/ /'; }

# The arguments as they were given, whoever gave them: to a program, to a script, and in vain.
arguments() {
	local word
	printf '#!/bin/sh -e\n:\n' >script
	chmod +x script
	word=$(printf 'w%.0s' {1..300})
	cat >work <<'END'
spawn 1 /bin/true one "two words" "" 'qu"ote'
spawn 1 ./script 1 2
spawn --failing 1 ./missing a b
sh -c 'exec "$@"' sh /bin/true a b c
END
	run execsnoop -x -c "sh ./work >expected; spawn 1 /bin/true $word $(seq -s' ' 30) >>expected; :"
	status 0
	equal "a program" 'true /bin/true one two words  qu"ote' "$(lines | sed 's/ 0 / /' | grep '^true .*words')"
	equal "a script" "script ./script 1 2" "$(lines | sed 's/ 0 / /' | grep ^script)"
	equal "in vain" "spawn -2 ./missing a b" "$(lines | grep '^spawn -2')"
	equal "long ones, at most 20" "true /bin/true $word $(seq -s' ' 19) ..." "$(lines | sed 's/ 0 / /' | grep '^true.*www')"
	run execsnoop -q --max-args 2 -n '^tru.$' -c 'sh ./work >expected; :'
	status 0
	equal "-q, --max-args, -n" 'true "/bin/true" "one" "two words" "..."
true "/bin/true" "a" "b" "..."' "$(lines)"
	run execsnoop -l '^./script [0-9]+' --events 1 -c 'sh ./work >expected; sh ./work >expected; exec sleep 100'
	status 0
	equal "-l, and --events of those" "script ./script 1 2" "$(lines)"
	run execsnoop -l '^/bin/true .* 29 30$' -c "{ spawn 1 /bin/true $(seq -s' ' 30); spawn 1 /bin/true $(seq -s' ' 29); } >expected"
	equal "-l of what is not shown" "true /bin/true $(seq -s' ' 20) ..." "$(lines)"
	run execsnoop -q -n '^true$' -c 'spawn 1 /bin/true "a\" \"b" "\\" "\"" >expected; :'
	equal "-q of quotes" 'true "/bin/true" "a\" \"b" "\\" "\""' "$(lines)"
	run execsnoop -x -U --json -c 'sh ./work >expected; :'
	contains "JSON" "$out" '"comm":"true","ret":0,"filename":"/bin/true","args":["/bin/true","one","two words","","qu\"ote"]}' \
		'"args":["./script","1","2"]}' '"ret":-2,"filename":"./missing","args":["./missing","a","b"]}'
	equal "users" 0 "$(jsonlines uid <out | sort -u)"
	run execsnoop -n '(' -c true
	status 64
	contains "message" "$err" "is not a regular expression"
}

# What cannot be read is neither empty nor the last one.
unread_arguments() {
	cat >bad.py <<'END'
import ctypes
for argv in None, 8, (ctypes.c_void_p * 4)(8, 8, ctypes.cast(b"last", ctypes.c_void_p), None):
    ctypes.CDLL(None).execve(b"./missing", argv, None)
END
	run execsnoop -x -q -c 'python3 bad.py; :'
	status 0
	equal "rows" '"./missing"
"./missing" "?" "..."
"./missing" "?" "last"' "$(lines | sed -nE 's/^python3 -[0-9]+ //p')"
}

# A script whose path is longer than what is kept of it.
long_script() {
	local deep
	deep=$(printf 'd%.0s' {1..200})/$(printf 'e%.0s' {1..200})/$(printf 'f%.0s' {1..200})
	mkdir -p "$deep"
	printf '#!/bin/sh -e\n:\n' >"$deep/script"
	chmod +x "$deep/script"
	run execsnoop -c "./$deep/script 1 2; :"
	status 0
	equal "its words" "script $(cut -c1-511 <<<"./$deep/script") 1 2" "$(lines | grep ^script)"
}

# Only what one process starts itself; the user, the seconds since the start.
parents() {
	run execsnoop -t -U -c 'exec setpriv --reuid=65534 --clear-groups bash -c "/bin/true a; sleep 0.3; /bin/true b; :"'
	status 0
	equal "header" "TIME(s)  UID    PID     PPID    COMM             ARGS" "$(head -n 1 <<<"$out")"
	equal "users" "65534 65534" "$(awk '$5 == "true" { printf "%s%s", s, $2; s = " " }' out)"
	awk -v most=$took '/bin.true a/ { a = $1 } /bin.true b/ { b = $1 }
		END { exit !(a < b && b >= 0.3 && b * 1000 <= most) }' out || fail "times: expected the second after 0.3 s" "$out"
	gate
	bash -c 'read -r x <go; /bin/true mine; bash -c "/bin/true its; :"; echo >ended; read -r x <go' &
	start execsnoop -P $! --comm true
	attached
	echo >go
	wait_in "it ran" test -e ended
	wait_in "its row came" grep -q mine out
	kill -INT "$pid"
	stopped
	equal "rows" "true /bin/true mine" "$(lines)"
	echo >go
}

# The rows of what the shell itself started.
shell_rows() { tr '\t' ' ' <<<"$1" | awk -v shell="$(head -n 1 <<<"$1" | cut -f1)" '$2 == shell'; }

json() {
	local odd=$'new\nline\t"quoted\\ \e[31m é'
	cp /bin/true "$odd"
	printf '%s' "$odd" >name
	run execsnoop --json -x -c 'spawn 3 >expected; spawn --failing 1 ./missing >>expected
		"./$(cat name)"; :'
	status 0
	silent
	local all
	all=$(jsonlines pid ppid comm ret filename <out) || fail "not JSON" "$all"
	equal "fields" "$(awk '{ print $1, $2, $3, NF == 5 ? $4 : 0, $NF }' expected)" \
		"$(tr '\t' ' ' <<<"$all" | grep -E "spawn$|missing$" | grep -vxF "$(shell_rows "$all")")"
	contains "odd name" "$out" '\u000aline\u0009\"quoted\\ \u001b[31m é"'
	run execsnoop -c '"./$(cat name)"; :'
	contains "odd name as text" "$out" './new\nline\t"quoted\\ \x1b[31m é'
}

# The process, what it starts, and what that starts: nothing of anyone else.
target_pid() {
	gate
	sh -c 'read x <go; sh -c "/bin/true; :"; spawn 3 >expected; read x <go' &
	local target=$!
	start execsnoop -p $target
	attached
	/bin/echo not mine >/dev/null
	echo >go
	wait_in "its children ran" test -s expected
	wait_in "all rows came" rows_are 6
	kill -INT "$pid"
	stopped
	status 0
	silent
	equal "number of rows" 6 "$(rows | wc -l)"
	equal "its child's child" "/bin/true" "$(rows | awk 'NR == 2 { print $4 }')"
	equal "rows of spawn" "$(cat expected)" "$(rows | tail -n 3)"
	equal "parent of the first" "$target" "$(rows | awk 'NR == 1 { print $2 }')"
	lacks "rows" "$out" /bin/echo
	kill -0 $target 2>/dev/null || fail "expected the traced process to live on"
	echo >go
}

rows_are() { [ "$(tail -n +2 "$tmp/out" | wc -l)" -ge "$1" ]; }

event_limit() {
	run execsnoop --transport "$1" --events 5 -c 'spawn 200 >expected; :'
	status 0
	equal "rows" 5 "$(rows | wc -l)"
	contains "last row" "$(rows | tail -n 1)" spawn
}

duration() {
	local shortest
	run execsnoop --for 1ms -p $$
	shortest=$took
	run execsnoop --for 1s -p $$
	status 0
	silent
	[ $took -ge 1000 ] || fail "expected it to run 1 s, it ran $took ms"
	[ $took -lt $((2000 + 10 * shortest)) ] || fail "expected it to run about 1 s, it ran $took ms"
}

closed_pipe() {
	start bash -c 'execsnoop -c "spawn 100000 >/dev/null; : >all_of_them" 2>noise | head -n 1 >first; echo "${PIPESTATUS[0]}" >status'
	stopped
	equal "first line" "PID     PPID    COMM             ARGS" "$(cat first)"
	equal "noise" "" "$(cat noise)"
	[ ! -e all_of_them ] || fail "expected it to end at once, and its command with it"
}

closed_stdout() {
	run sh -c 'exec execsnoop -c "spawn 3; :" >&-'
	[ "$rc" -lt 124 ] || fail "expected it to end by itself, got status $rc"
	run sh -c "exec execsnoop -c 'spawn $((2000 / slow)) >/dev/null; :' >/dev/full"
	[ "$rc" = 1 ] || fail "/dev/full: expected status 1, got $rc"
	contains "/dev/full" "$err" "No space left"
}

command_status() {
	run execsnoop -c 'exit 3'
	status 0
	equal "rows" 1 "$(rows | wc -l)"
	contains "stderr" "$err" "status 3"
	run execsnoop -c 'kill -9 $$'
	contains "stderr" "$err" "signal 9"
	run execsnoop -c 'no-such-program'
	contains "stderr" "$err" "no-such-program" "status 127"
}

command_output() {
	run execsnoop -c 'cat; echo to stderr >&2' </dev/null
	contains "stderr" "$err" "to stderr"
	status 0
}

t "rows are the processes started, ring buffer" transport ringbuf
t "rows are the processes started, ring buffer with a copy" transport ringbuf-output
t "rows are the processes started, perf buffer" transport perf
t "-x shows failed execs" failed_execs
t "-T shows the time" timestamps
t "arguments, -q, -n, -l, --max-args" arguments
t "arguments that cannot be read" unread_arguments
t "a script with a long path" long_script
t "-P, -U, -t" parents
t "--json prints one object a line" json
t "-p traces a process and its children" target_pid
t "--events ends after exactly so many, ring buffer" event_limit ringbuf
t "--events ends after exactly so many, perf buffer" event_limit perf
t "--for ends after that time" duration
t "| head -1 ends it at once and without noise" closed_pipe
t "a closed and a full stdout" closed_stdout
t "-c says how the command ended" command_status
t "-c leaves the command its streams" command_output
finish
