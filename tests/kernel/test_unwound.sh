#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Stacks of programs without frame pointers: against what tests/kernel/unwound/program.c does, and against gdb.
. "$(dirname "$0")/../lib.sh"
need_root
[ "$(uname -m)" = x86_64 ] || skip "stacks are unwound on x86-64 only"
sources=$here/kernel/unwound

# made COMPILER FLAG…: the program and its libraries, in the case's directory.
made() {
	local compiler=$1
	command -v "$compiler" >/dev/null || skip "there is no $compiler"
	shift
	"$compiler" -O2 -fomit-frame-pointer -shared -fPIC -o libunwound.so "$sources/library.c" &&
		"$compiler" -O2 -fomit-frame-pointer -shared -fPIC -DNAME=opened_call -o libopened.so "$sources/library.c" &&
		"$compiler" -O2 "$@" -o unwound "$sources/program.c" ./libunwound.so -ldl -pthread ||
		fail "cannot compile the program"
}

# The functions of each row's stack, a line each, innermost first: down to main or to what a thread begins with.
rows() { sed -n 's/.*"stack":\[\(.*\)\].*/\1/p' out | tr -d '"' | tr , ' ' | sed -E 's/ (__libc_start_call_main|start_thread) .*//'; }
has_rows() { [ "$(grep -c '"stack":' out)" -ge "$1" ]; }

# asked TIMES HOW [NUMBER]: the program does so, and again when the row of the time before is there.
asked() {
	local times=$1 fifo
	rm -f go
	mkfifo go
	exec {fifo}<>go
	start reprobe --json -c "exec ./unwound $2 ${3-1} go" -e 'trace ./unwound:reach ustack'
	for ((i = 1; i <= times; i++)); do
		wait_in "row $i is there" has_rows "$i"
		[ "$i" = "$times" ] || echo -n a >&"$fifo"
	done
	echo >&"$fifo"
	stopped
	exec {fifo}>&-
	status 0
}

recursion() { echo reach "$(yes recurse | head -n "$1" | paste -sd' ')" main; }
larges() { echo reach "$(yes recurse_large | head -n "$1" | paste -sd' ')"; }

chains() {
	made "$@"
	asked 1 calls
	equal "calls" "reach third second first main" "$(rows)"
	asked 1 recursion 10
	equal "recursion" "$(recursion 10)" "$(rows)"
	asked 1 library
	equal "a library" "reach called_back library_inner library_call by_library main" "$(rows)"
	asked 2 opened
	equal "an opened library" "$(yes "reach called_back library_inner opened_call by_opened main" | head -n 2)" "$(rows)"
	asked 1 thread
	equal "a thread" "reach third second first in_thread" "$(rows)"
	lacks "nothing is cut" "$out$err" cut
}

# Another stack is not copied: how it goes on there is known from the second time on.
signals() {
	made cc -fomit-frame-pointer
	asked 3 signal
	matches "behind the handler, and what called it" "$(rows | tail -n 1)" '^reach on_signal [^ ]+ .*raise by_signal main$'
	equal "before that as far" "reach on_signal" "$(rows | head -n 1 | cut -d' ' -f1,2)"
}

# Where a return is probed, its address on the stack is another one.
returns() {
	made cc "$@"
	local fifo
	mkfifo go
	exec {fifo}<>go
	start reprobe --json -c 'exec ./unwound recursion 4 go' -e 'trace ./unwound:main ret' -e 'trace ./unwound:recurse ret' \
		-e 'trace ./unwound:recurse ret' -e 'trace ./unwound:reach ustack'
	wait_in "a row is there" has_rows 1
	echo -n a >&"$fifo"
	wait_in "another one" has_rows 2
	echo >&"$fifo"
	stopped
	exec {fifo}>&-
	status 0
	equal "both" "$(recursion 4; recursion 4)" "$(rows)"
}

# Of what is deeper than the copy, the first time; and of more than the 127 functions that are kept.
deep() {
	made cc -fomit-frame-pointer
	asked 2 frames 40
	matches "the first is cut" "$(rows | head -n 1)" '^reach( recurse_large)+ \[cut\]$'
	contains "that is told" "$err" "1 stack of processes is cut, as [cut] says there:"
	equal "the second is not" "$(larges 40) main" "$(rows | tail -n 1)"
	asked 1 recursion 126
	equal "127 functions, the last of which is not main" "reach $(yes recurse | head -n 126 | paste -sd' ') [cut]" "$(rows)"
	contains "that is told" "$err" "1 stack of processes is cut"
}

# counted QUESTION: of 1000 times around, in ten parts: until the ways of the first are known, each of its stacks comes
# with a copy, of which there is room for 450. The program ends when all of the last has been seen.
counted() {
	local fifo part attached=0
	rm -f go
	mkfifo go
	exec {fifo}<>go
	start reprobe --json -c 'exec ./unwound again 100 go' -e "$1" -e 'trace ./unwound:called_back'
	for part in 1 2 3 4 5 6 7 8 9 10; do
		wait_in "part $part is done" seen $((part * 100))
		[ $part != 1 ] || attached=$(perf_events "$pid")
		[ $part = 10 ] || echo -n a >&"$fifo"
	done
	# libbcc up to 0.31 closes a descriptor that it never set, when it looks at the files of a process.
	[ "$attached" -gt 0 ] || fail "no descriptor of a perf event is seen"
	equal "the descriptors of what is attached" "$attached" "$(perf_events "$pid")"
	echo >&"$fifo"
	stopped
	exec {fifo}>&-
	status 0
}
seen() { [ "$(grep -c '"comm":"unwound"' out)" -ge "$1" ]; }
perf_events() { find "/proc/$1/fd" -lname '*perf_event*' | wc -l; }

# The counts of each stack, however its first ones were found.
counts() {
	made cc -fomit-frame-pointer
	counted 'count ./unwound:reach by ustack'
	local expected
	expected=$({
		echo "main;first;second;third;reach 1000"
		echo "main;by_library;library_call;library_inner;called_back;reach 1000"
		for n in 1 2 3 4 5 6 7 8 9 10; do echo "main;$(yes recurse | head -n $n | paste -sd';');reach 100"; done
	} | sort)
	equal "of a table" "$expected" "$(sed -nE 's/.*"ustack":"[^"]*__libc_start_call_main;([^"]*)".*"value":([0-9]+).*/\1 \2/p' out | sort)"
	counted 'stack ./unwound:reach'
	equal "of stacks" "100 100 100 100 100 100 100 100 100 100 1000 1000" \
		"$(grep '"user_stack"\|"stack"' out | jsonlines count | sort -n | paste -sd' ')"
	counted 'stats ./unwound:reach arg0 by ustack'
	equal "of statistics" 12 "$(grep -c '"ustack"' out)"
	equal "their numbers" 3000 "$(grep '"ustack"' out | jsonlines value.count | awk '{ n += $1 } END { print n }')"
}

profiled() {
	made "$@"
	run profile -F 499 -f -U -c "exec ./unwound spin $((1500 * slow))"
	status 0
	local all right
	all=$(awk '/^unwound;/ { n += $NF } END { print n + 0 }' out)
	right=$(awk '/;main;spin_outer;spin;spin_inner [0-9]+$/ { n += $NF } END { print n + 0 }' out)
	[ "$right" -gt 0 ] && [ $((right * 100)) -ge $((all * 80)) ] || fail "expected most of $all samples in spin_inner()" "$out"
	equal "each as it is from the beginning" "" "$(grep 'spin_inner' out | grep -v '^unwound;_start;.*;main;spin_outer;spin;spin_inner')"
}

# A sample of an exec has an address of the program before, which is nowhere: what is mapped next is found all the same.
# The program waits until its stacks are followed: of one that has ended nobody could tell what it had mapped.
begun() {
	made cc -fno-omit-frame-pointer
	local all='' fifo
	mkfifo go
	exec {fifo}<>go
	for _ in 1 2 3 4 5 6 7 8 9 10; do
		start profile -F 4999 -f -U -c "exec ./unwound spin $((30 * slow)) go"
		wait_in "it has spun" has_spun
		wait_for "its stacks are followed" does_nothing "$pid"
		echo >&"$fifo"
		stopped
		status 0
		all+=$(grep 'spin_inner' out)$'\n'
	done
	exec {fifo}>&-
	contains "its stacks" "$all" ";main;spin_outer;spin;spin_inner "
	equal "those that end before the beginning" "" "$(grep spin_inner <<<"$all" | grep -v '^unwound;_start;.*;main;spin_outer;spin;spin_inner')"
}
has_spun() {
	local child
	child=$(pgrep -P "$pid" -x unwound) && has_used "$child" $((20 * slow)) && waits_to_read "$child"
}
# does_nothing PID: it has used hardly any processor time for a while
does_nothing() {
	local before
	before=$(cpu_ms "$1")
	sleep 0.3
	! has_used "$1" $((before + 20))
}

leaked() {
	made "$@"
	local fifo
	mkfifo go
	exec {fifo}<>go
	start memleak -o 0 -T 1000 --json -c 'exec ./unwound leak 20 go' 200ms
	wait_in "they are seen" grep -q '"bytes":20000,.*"leak_inner","leak_outer","main"' out
	echo >&"$fifo"
	stopped
	exec {fifo}>&-
	status 0
	equal "bytes and allocations" "20000	20" "$(grep '"stack":\["leak_inner","leak_outer","main",' out | tail -n 1 | jsonlines bytes allocations)"
}

# How stacks go on is known without it. An empty file of that name stands for a library that is not installed.
without_libdw() {
	made cc -fomit-frame-pointer
	mkdir none
	: >none/libdw.so.1
	LD_LIBRARY_PATH=$tmp/none asked 1 recursion 10
	equal "all functions" "$(recursion 10)" "$(rows)"
}

# ------------------------------------------------------------------ gdb

# gdb's names of the frames of a process, innermost first, and of the functions that are inlined in them.
by_gdb() {
	gdb -nx -batch -p "$1" -ex 'set backtrace past-main on' -ex bt 2>/dev/null | sed -nE 's/^#[0-9]+ +//p' |
		awk '{ print $1 ~ /^0x/ ? $3 : $1 }'
}

# Without what is only spelled in another way.
plain() { sed -E 's/ \(inlined\)$//; s/^\[.*\]$/??/; s/@.*//; s/^(__GI_)?_*(libc_)?//; s/_(impl|alias_1)$//; s/^\?\?$/??/'; }

# same_as_gdb COMMAND…: of a program that reads, at its read() from a FIFO where nothing comes.
same_as_gdb() {
	local fifo libc reader ours theirs
	rm -f in
	mkfifo in
	exec {fifo}<>in
	"$@" <in >/dev/null 2>&1 &
	reader=$!
	wait_for "$1 waits" waits_to_read "$reader"
	libc=$(awk '/libc\.so/ { print $NF; exit }' "/proc/$reader/maps")
	start reprobe --json -p "$reader" -e "trace $libc:read ustack"
	wait_in "it traces" grep -q 'uprobe:' err
	echo a line >&"$fifo"
	wait_in "a row" has_rows 1
	wait_for "$1 waits" waits_to_read "$reader"
	# Of a stack that is deeper than the copy the first one is cut, and the next is not.
	if grep -q '\[cut\]' out; then
		echo a line >&"$fifo"
		wait_in "another row" has_rows 2
		wait_for "$1 waits" waits_to_read "$reader"
	fi
	# It looks while the call goes on, which newer C libraries have functions for.
	theirs=$(by_gdb "$reader" | plain | sed -n '/^read$/,$p')
	kill -INT "$pid"
	stopped
	kill "$reader"
	exec {fifo}>&-
	ours=$(sed -n 's/.*"stack":\[\(.*\)\].*/\1/p' out | tail -n 1 | tr -d '"' | tr , '\n' | plain)
	equal "$1, which has frames" "$theirs" "$ours"
	[ "$(wc -l <<<"$theirs")" -ge 4 ] || fail "gdb sees few frames of $1" "$theirs"
}
waits_to_read() { [ "$(awk '{ print $1 }' "/proc/$1/syscall" 2>/dev/null)" = 0 ]; }

beside_gdb() {
	command -v gdb >/dev/null || skip "there is no gdb"
	same_as_gdb cat
	same_as_gdb sort
	same_as_gdb sed p
	same_as_gdb awk '{ print }'
	same_as_gdb grep x
	same_as_gdb wc
	same_as_gdb tr a b
	same_as_gdb head -n 5
	same_as_gdb sh -c 'read a; read b'
	same_as_gdb bash -c 'read a; read b'
	same_as_gdb perl -ne 'print'
	same_as_gdb python3 -c 'import sys; [print(line) for line in sys.stdin]'
}

# ------------------------------------------------------------------ inlined functions, and lines

# The functions of the first row's stack down to main, innermost first.
first_row() { grep -m1 '"stack":' out | sed -n 's/.*"stack":\["\(.*\)"\].*/\1/p' | sed 's/","/;/g; s/\(;main[^;]*\);.*/\1/'; }

# at NAME: "FILE:LINE" of the line that ends with it
at() { echo "inlined.c:$(grep -n "/\* $1 \*/$" inlined.c | cut -d: -f1)"; }

# inlined COMPILER: what it has put into callers has lines of its own, at calls and where an instruction is, and also of
# a process that ended at once.
inlined() {
	command -v "$1" >/dev/null || skip "there is no $1"
	cp "$sources/inlined.c" .
	"$1" -O2 -g -fomit-frame-pointer -o inlined inlined.c || fail "cannot compile the program"
	run reprobe --json -e 'trace ./inlined:called ustack' -c 'exec ./inlined wait'
	equal "at a call" 'called;second (inlined);first (inlined);main' "$(first_row)"
	run reprobe --json --lines -e 'trace ./inlined:called ustack' -c 'exec ./inlined wait'
	equal "with lines" \
		"called $(at called);second (inlined) $(at second);first (inlined) $(at first);main $(at 'main, first')" "$(first_row)"
	run reprobe --json -e 'lines on' -e 'trace ./inlined:outer ustack' -c 'exec ./inlined wait'
	contains "what it is, asked again" "$(reprobe --lines -e lines 2>&1)" 'lines are on'
	equal "at the entry" \
		"outer $(at outer);main $(at 'main, outer')" "$(first_row)"
	run reprobe --json -e 'trace sys_enter_getppid ustack if comm == "inlined"' -c 'exec ./inlined wait'
	equal "in what is inlined" 'asks (inlined);outer;main' "$(first_row)"
	run reprobe -e 'count ./inlined:called by ustack' -c 'exec ./inlined wait'
	contains "folded" "$out" 'main;first (inlined);second (inlined);called '
	chown 65534 inlined
	run reprobe --json --lines -e 'trace ./inlined:called ustack' -c 'exec ./inlined wait'
	equal "of what another user may have written" 'called;main' "$(first_row)"
}

# The same in the tools.
inlined_in_tools() {
	cp "$sources/inlined.c" .
	gcc -O2 -g -fomit-frame-pointer -o inlined inlined.c || fail "cannot compile the program"
	run profile --lines -f -F 997 -c 'exec ./inlined spin'
	status 0
	matches "profile" "$out" 'main inlined.c:[0-9]+;spin \(inlined\) inlined.c:[0-9]+ [0-9]+$'
	run memleak --lines -o 0 -c 'exec ./inlined leak' 500ms
	matches "memleak" "$out" '^ +leak \(inlined\) inlined.c:[0-9]+$'
}

t "gcc, without frame pointers" chains gcc -fomit-frame-pointer
t "gcc, with frame pointers" chains gcc -fno-omit-frame-pointer
t "clang, without frame pointers" chains clang -fomit-frame-pointer
t "clang, with frame pointers" chains clang -fno-omit-frame-pointer
t "a signal's frame, from another stack" signals
t "returns that are probed, without frame pointers" returns -fomit-frame-pointer
t "returns that are probed, with frame pointers" returns -fno-omit-frame-pointer
t "deep stacks are cut, and that is told" deep
t "counts by stacks" counts
t "profile, without frame pointers" profiled cc -fomit-frame-pointer
t "profile, with frame pointers" profiled cc -fno-omit-frame-pointer
t "profile, from an exec on" begun
t "memleak, without frame pointers" leaked cc -fomit-frame-pointer
t "without libdw" without_libdw
t "inlined functions, gcc" inlined gcc
t "inlined functions, clang" inlined clang
t "inlined functions, in tools" inlined_in_tools
t "beside gdb" beside_gdb
finish
