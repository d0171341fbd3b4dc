#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# profile and memleak: stacks against what the helper `stacks` does.
. "$(dirname "$0")/../lib.sh"
need_root

# Long enough for a process to be looked at again (once a second), also by a program with sanitizers.
ms=1600

# The sum of the counts of the folded stacks that match.
folded_sum() { awk -v wanted="$1" 'match($0, wanted) { sum += $NF } END { print sum + 0 }' out; }

where_it_spins() {
	run profile -F 199 -f -c "exec stacks spin $ms"
	status 0
	equal "what else is said" "" "$(grep -v '\[cut\] says there' err)"
	local all spins
	all=$(folded_sum '^stacks;')
	spins=$(folded_sum ';main;spin_outer;spin_inner')
	# 199 a second of one CPU; a busy machine gives it less.
	[ "$all" -ge $((199 * ms / 1000 / 4)) ] || fail "expected a sample each 5 ms, got $all" "$out"
	[ "$all" -le $((199 * ms / 1000 * 12 / 10 + 10)) ] || fail "expected a sample each 5 ms, got $all"
	[ $((spins * 100)) -ge $((all * 80)) ] || fail "expected most samples in spin_inner, $spins of $all" "$out"
	equal "stacks that are there twice" "" "$(sed 's/ [0-9]*$//' out | sort | uniq -d)"
}

forms() {
	run profile -F 199 -c "exec stacks spin $ms"
	status 0
	# Innermost first; what was seen most comes last.
	equal "stack" "spin_inner spin_outer main" \
		"$(tail -n 9 out | awk '$1 ~ /^(spin_inner|spin_outer|main)$/ { printf "%s%s", s, $1; s = " " }')"
	matches "whose" "$out" "-  +stacks \([0-9]+\)"
	run profile -F 199 --json -c "exec stacks spin $ms"
	status 0
	jsonlines comm pid count <out >fields || fail "not JSON" "$out"
	contains "stack" "$(tail -n 1 out)" '"stack":["spin_inner","spin_outer","main"'
	run profile -F 199 --svg flames.svg -c "exec stacks spin $ms"
	status 0
	equal "stdout" "" "$out"
	equal "first and last" "<svg </svg>" "$(head -n 1 flames.svg | cut -c1-5)$(tail -n 1 flames.svg)"
	for name in all stacks main spin_outer spin_inner; do
		grep -q "<title>$name (" flames.svg || fail "expected a frame $name" "$(cat flames.svg)"
	done
	# One that does nothing: of stacks that are cut, and processes that have ended, there is more to tell.
	sleep 1000 &
	run profile --svg /no/such/file -p $! --for 50ms
	kill $!
	refused "/no/such/file" "No such file"
	run profile --svg /no/such/file -c 'touch has_run'
	refused "/no/such/file"
	[ ! -e has_run ] || fail "expected that it says so before it runs anything"
	run profile --events 3 --for 10ms -p $$
	refused "cannot end after so many --events: it prints reports" "--for ends it after a time"
	run memleak -t --events 3 -o 0 -c 'exec sh -c "exit 0"'
	equal "rows of memleak -t" 3 "$(grep -cE '^(alloc|free) ' out)"
	run profile -f --json --for 10ms -p $$
	status 64
	contains "message" "$err" "--json excludes -f and --svg"
}

kernel_or_user() {
	local work="exec dd if=/dev/urandom of=/dev/null bs=64k count=$((16000 / slow)) status=none"
	run profile -F 499 -f -a -c "$work"
	status 0
	[ "$(folded_sum 'dd;.*_\[k\];vfs_read_\[k\]|dd;.*_\[k\]')" -gt 0 ] || fail "expected the kernel's functions" "$out"
	run profile -F 499 -f -a -U -c "$work"
	equal "with -U" 0 "$(folded_sum '_\[k\]')"
	run profile -F 499 -f -a -K -c "$work"
	equal "with -K, of user space" 0 "$(awk '{ sub(/ [0-9]+$/, ""); n = split($0, f, ";"); for (i = 2; i <= n; i++) if (f[i] !~ /_\[k\]$/) print f[i] }' out | wc -l)"
	run profile -U -K -c true
	equal "status of -U -K" 64 "$rc"
	run profile -F 0 -c true
	equal "status of -F 0" 64 "$rc"
}

# Processes, threads and CPUs of a list; the samples of idle CPUs; a line between kernel and user.
refused_tool() {
	status 1
	equal "stdout" "" "$out"
	contains "message" "$err" "$1"
}

chosen() {
	local one two
	stacks spin 1000000 &
	one=$!
	stacks spin 1000000 &
	two=$!
	sleep 1000 &
	run profile -F 199 -p $one,$two --json 1
	status 0
	equal "processes" "$(printf '%s\n' $one $two | sort)" "$(jsonlines pid <out | sort -u)"
	run profile -F 199 --json -L $one -c 'sleep 0.5'
	equal "a thread that is not of the command" "" "$out"
	run profile -F 199 -p $two,$two -L $two --json 500ms
	equal "a thread" $two "$(jsonlines pid <out | sort -u)"
	run profile -F 199 -p $two,$two -L $! --json 500ms
	equal "another's thread" "" "$out"
	run profile -p $one,999999999 1
	refused_tool "cannot sample process 999999999: No such process"
	run profile -L 999999999 1
	refused_tool "cannot sample thread 999999999: No such process"
	kill $one $two
	run profile -F 199 -C 0 -f -c "exec taskset -c 0 stacks spin $ms"
	[ "$(folded_sum ';main;spin_outer')" -gt 0 ] || fail "expected samples of CPU 0" "$out"
	if [ "$(nproc)" -gt 1 ]; then
		run profile -F 199 -C 1 -f -c "exec taskset -c 0 stacks spin $ms"
		equal "samples of the other CPU" 0 "$(folded_sum ';main;spin_outer')"
	fi
	# A period of 5 ms is 200 a second.
	run profile -c 5000000 --json --command "exec stacks spin $ms"
	local all
	all=$(jsonlines count <out | awk '{ sum += $1 } END { print sum + 0 }')
	[ "$all" -ge $((ms / 5 / 8)) ] && [ "$all" -le $((ms / 5 * 12 / 10 + 10)) ] ||
		fail "expected a sample each 5 ms, got $all"
	run profile -F 499 -d -f -a -c "exec dd if=/dev/urandom of=/dev/null bs=64k count=$((16000 / slow)) status=none"
	matches "the delimiter" "$out" '^dd;[^-]*[^k];-;[^;]*_\[k\];'
	equal "names behind a delimiter that no kernel function has" "" "$(sed -n 's/.*;-;//p' out | sed 's/ [0-9]*$//' | tr ';' '\n' | grep -v '_\[k\]$')"
	run profile -p 1,x
	status 64
	run profile -C -1
	status 64
}

# bytes and number of allocations of the stacks that begin with that function
leaked() { grep "\"stack\":\\[\"$1\"," out | jsonlines bytes allocations; }

leaks() {
	run memleak -o 0 -T 1000 --json -c 'exec stacks leak 1500'
	status 0
	# The shell may have become the program before its own stacks were looked at.
	equal "what else is said" "" "$(grep -v '\[cut\] says there' err)"
	equal "leak_small" "1000	10" "$(leaked leak_small)"
	equal "leak_big, whose mmap() is not counted twice" "3145728	3" "$(leaked leak_big)"
	equal "leak_mapped" "12288	1" "$(leaked leak_mapped)"
	equal "leak_aligned" "1280	2" "$(leaked leak_aligned)"
	equal "leak_kept, whose realloc() fails" "77	1" "$(leaked leak_kept)"
	equal "no_result" "" "$(leaked no_result)"
	equal "leak_remapped, no_mapping" "409600	1" "$(leaked leak_remapped)$(leaked no_mapping)$(leaked mapped)"
	equal "no_leak" "" "$(leaked no_leak)"
	run memleak -o 0 -z 1000 -Z 20000 -T 1000 --json -c 'exec stacks leak 1500'
	equal "leak_mapped" "12288	1" "$(leaked leak_mapped)"
	lacks "too small or too large" "$out" leak_small leak_big leak_aligned
	run memleak -o 0 -T 1 -c 'exec stacks leak 1500'
	status 0
	matches "header" "$out" "^Top 1 of [0-9]+ stacks with outstanding allocations:"
	contains "most" "$out" "3145728 bytes in 3 allocations of process" "    leak_big"
	lacks "others" "$out" leak_small
}

# The memory of the shell is gone when it becomes a program, here one that allocates nothing.
replaced_memory() {
	local option
	for option in -a --combined-only; do
		run memleak -o 0 $option --json -T 1000 -c 'stacks leak 1500 & echo $! >first; wait; exec stacks spin 1'
		status 0
		equal "what has leaked, with $option" "$(cat first)" "$(jsonlines pid <out | sort -u)"
		equal "leak_small, with $option" "1000	10" "$(leaked leak_small)"
	done
}

# One by one, every other one, summed up in the kernel, as they come.
leaks_otherwise() {
	run memleak -o 0 -a --json -T 1000 -c 'exec stacks leak 1000'
	status 0
	equal "-a: sizes" "1048576 1048576 1048576" \
		"$(sed -n 's/.*"leak_big",.*"all"://p' out | grep -o '"bytes":[0-9]*' | cut -d: -f2 | paste -sd' ')"
	equal "-a: addresses" 10 "$(sed -n 's/.*"leak_small",.*"all"://p' out | grep -o '"address":[0-9]*' | sort -u | wc -l)"
	run memleak -o 0 -a -z 12288 -Z 12288 -c 'exec stacks leak 1000'
	matches "-a as text" "$out" '^        addr = [0-9a-f]+ size = 12288$'
	run memleak --combined-only -o 1000000 --json -T 1000 -c 'exec stacks leak 1000'
	status 0
	equal "--combined-only: leak_small, whatever its age" "1000	10" "$(leaked leak_small)"
	equal "--combined-only: leak_kept, no_result" "77	1" "$(leaked leak_kept)$(leaked no_result)"
	equal "--combined-only: no_leak" "" "$(leaked no_leak)"
	# One CPU, and five allocations each time around: every other one of leak_small.
	run memleak -o 0 -s 2 --json -T 1000 -c 'exec taskset -c 0 stacks leak 1000'
	equal "-s 2" "500	5" "$(leaked leak_small)"
	run memleak -o 0 -t -z 300 -Z 300 -c 'exec stacks leak 1000'
	equal "-t: no_leak's calls" "10 alloc 10 free" \
		"$(sed -nE 's/^(alloc|free ) 300 bytes at [0-9a-f]+ in process [0-9]+$/\1/p' out | sort | uniq -c | awk '{ printf "%s%s %s", s, $1, $2; s = " " }')"
	equal "-t: each that is freed was allocated" "" \
		"$(awk '$1 == "alloc" { at[$5] = 1 } $1 == "free" && !at[$5] { print } ' out)"
	run memleak --percpu -c true
	status 64
	run memleak -s 0 -c true
	status 64
}

# What the kernel allocates for each CPU: a counter of a map, of each entry.
for_each_cpu() {
	reprobe list tracepoint:percpu:percpu_alloc_percpu >/dev/null 2>&1 || skip "this kernel has no percpu:percpu_alloc_percpu"
	cp "$bin/reprobe" "maker_$$"
	printf 'BPF_PERCPU_ARRAY(wide, struct { char bytes[5000]; }, 1);\nint nothing(void *ctx) { return wide.lookup(&(int){0}) != 0; }\n' >wide.c
	start memleak -v --percpu -o 0 -T 1000 --json -a --comm maker_$$ 500ms
	attached_to 2
	./maker_$$ -e 'load wide.c' >/dev/null 2>&1 </dev/null & # holds its map until the case ends
	wait_in "its map is seen" grep -q '"bytes":5000}' out
	kill -INT "$pid"
	stopped
	status 0
	contains "its size" "$out" '"bytes":5000}'
}

# A process that runs already: only what it allocates from then on. Old ones only with -o.
running() {
	gate
	sh -c 'read x <go; exec stacks leak 1000000' &
	local target=$!
	start memleak -v -p $target --json -o 0 -T 1000 500ms
	wait_in "it traces" grep -q 'attached to uprobe.*:munmap' err # the last one
	echo >go
	wait_in "it leaks" grep -q leak_small out
	kill -INT "$pid"
	stopped
	status 0
	equal "leak_small" "1000	10" "$(leaked leak_small | tail -n 1)"
	kill $target
	run memleak -o 100000 --json -c 'exec stacks leak 100'
	equal "old ones" "" "$out"
}

# A static program's malloc() is not the C library's.
own_allocator() {
	echo 'void *malloc(unsigned long); int usleep(unsigned); void *p; int main(void) { p = malloc(5000); usleep(100000); return 0; }' >keeps.c
	gcc -static -o keeps keeps.c 2>/dev/null || skip "there is no static C library"
	run memleak -o 0 --json -T 1000 -c "exec $tmp/keeps"
	status 0
	equal "what the library has seen" "" "$(grep 5000 out)"
	contains "note" "$err" "no process that is traced has called malloc() and the like of the C library" "(-O FILE)"
	run memleak -o 0 --json -T 1000 -O "$tmp/keeps" -c "exec $tmp/keeps"
	equal "what it has not freed" 1 "$(grep -c '"bytes":5000,"allocations":1' out)"
	lacks "stderr" "$err" "note"
	gcc -o keeps keeps.c
	run memleak -o 0 --json -T 1000 -c "exec $tmp/keeps"
	equal "with the library's" 1 "$(grep -c '"bytes":5000,"allocations":1' out)"
	lacks "stderr" "$err" "note"
}

nobody='setpriv --reuid=65534 --regid=65534 --clear-groups'
# Names for code that a process made itself: its own user's or root's, nobody else's, and a regular file.
perf_maps() {
	# A process that becomes another program is looked at again once a second.
	local who longer=$((ms * 2))
	touch started
	for who in "" "$nobody"; do
		run profile -F 499 -f -c "exec $who $helpers/stacks jit $longer jitted_loop"
		status 0
		[ "$(folded_sum 'jitted_loop')" -gt 0 ] || fail "expected the name of the process's own map" "$out"
	done
	# Root's process, and a map of nobody's for it.
	run profile -F 499 -f -c "$nobody sh -c 'echo 0 7fffffffffff forged >/tmp/perf-'\$\$'.map'; exec $helpers/stacks jit $longer"
	status 0
	equal "forged names" 0 "$(folded_sum 'forged|perf-')"
	[ "$(folded_sum '^stacks;')" -gt 0 ] || fail "expected samples" "$out"
	run profile -F 499 -f -c "mkfifo -m 666 /tmp/perf-\$\$.map; exec $nobody $helpers/stacks spin $longer"
	status 0
	[ "$(folded_sum ';main;spin_outer;spin_inner')" -gt 0 ] || fail "expected names, with a FIFO as perf map" "$out"
	find /tmp -maxdepth 1 -name 'perf-*.map' -newer started -delete
}

# As just-in-time compilers do: names are added while the mappings stay. Seen within a second.
names_added_later() {
	touch started
	run profile -F 199 -f -c "exec stacks jit $((ms * 3)) named_late $ms"
	status 0
	[ "$(folded_sum ';named_late')" -gt 0 ] || fail "expected the name that was added later" "$out"
	find /tmp -maxdepth 1 -name 'perf-*.map' -newer started -delete
}

# As an upgrade does with what runs: its file is another one by now.
replaced() {
	local program
	program=$(private stacks upgraded)
	"$program" spin 1000000 &
	wait_for "it runs" grep -q upgraded "/proc/$!/comm"
	rm "$program"
	cp "$helpers/watched" "$program"
	run profile -F 199 -f -p $! 1
	status 0
	equal "what else is said" "" "$err"
	[ "$(folded_sum ';main;spin_outer;spin_inner')" -gt 0 ] || fail "expected its functions" "$out"
	kill $!
}

# /proc/PID/maps shows its files behind its root.
own_roots() {
	local root
	root=$(own_root "$helpers/stacks")
	run profile -F 199 -f -c "exec chroot $root $helpers/stacks spin $ms"
	status 0
	[ "$(folded_sum ';main;spin_outer;spin_inner')" -gt 0 ] || fail "expected its functions" "$out"
	run profile -F 199 -f -c "exec chroot $root $helpers/stacks jit $((ms * 2)) named_inside"
	status 0
	[ "$(folded_sum ';named_inside')" -gt 0 ] || fail "expected the name of its own perf map" "$out"
}

# A library of the root that the process goes to, and another one of that path in the root where it began.
library_of_its_root() {
	type gcc >/dev/null 2>&1 || skip "there is no gcc"
	local name root
	for name in inside outside; do
		echo "static __attribute__((noinline)) void $name(void) { for (int i = 0; i < 1000000; i++) __asm__ volatile(\"\"); }
			void spin(void) { $name(); __asm__ volatile(\"\"); }" | gcc -x c -O1 -shared -fPIC -o "$name.so" -
	done
	cp inside.so libspin.so
	# From its own beginning: the shell that becomes it has used time as well.
	printf '%s\n' '#include <time.h>' 'void spin(void);' \
		'int main(void) { for (clock_t start = clock(); clock() - start < CLOCKS_PER_SEC * 3 / 2;) spin(); return 0; }' |
		gcc -O1 -o spins -x c - -x none "$tmp/libspin.so"
	root=$(own_root "$tmp/spins")
	cp outside.so libspin.so
	# Seen before it goes there, too.
	run profile -F 199 -f -c "i=0; while [ \$i -lt 300000 ]; do i=\$((i + 1)); done; exec chroot $root $tmp/spins"
	status 0
	[ "$(folded_sum ';spin;inside')" -gt 0 ] || fail "expected the function of its own library" "$out"$'\n'"$err"
	equal "the other library's" 0 "$(folded_sum outside)"
}

# In the process's own mount namespace a FIFO stands where its program is.
file_hidden() {
	cp "$helpers/stacks" spins
	mkfifo fifo
	cat >hidden.sh <<-'END'
		./spins spin "$1" &
		until grep -q spins "/proc/$!/comm"; do :; done # it is the program, not the shell any more
		mount --bind fifo spins
		wait
	END
	run profile -F 499 -f -c "exec unshare -m sh ./hidden.sh $ms"
	status 0
	[ "$(folded_sum '^spins;')" -gt 0 ] || fail "expected samples, without names" "$out"
}

# Without CAP_SYSLOG the kernel hides its addresses. Its names were looked for again for each of them.
hidden_names() {
	[ "$(id -u)" = 0 ] || skip "only root can give up a capability"
	run setpriv --reuid=65534 --regid=65534 --clear-groups --inh-caps=-all,+bpf,+perfmon \
		--ambient-caps=-all,+bpf,+perfmon --bounding-set=-all,+bpf,+perfmon \
		profile -F 499 -f -a -c "exec dd if=/dev/urandom of=/dev/null bs=64k count=$((16000 / slow)) status=none"
	status 0
	[ "$(folded_sum '^dd;')" -gt 0 ] || fail "expected samples" "$out"
	[ "$(folded_sum '_\[k\]')" -gt 0 ] || fail "expected the kernel's part of the stacks" "$out"
}

t "profile shows where a program spins" where_it_spins
t "profile's forms" forms
t "profile -U, -K and wrong numbers" kernel_or_user
t "profile -p LIST, -L, -C, -c N, -d" chosen
t "perf maps" perf_maps
t "a perf map that grows" names_added_later
t "a program that was replaced" replaced
t "a process in a root of its own" own_roots
t "a library of its root" library_of_its_root
t "a FIFO mounted over a program" file_hidden
t "names that the kernel hides" hidden_names
t "memleak counts what is not freed" leaks
t "memleak of a process that becomes another program" replaced_memory
t "memleak of a process that runs" running
t "memleak of a program that has an allocator of its own" own_allocator
t "memleak -a, --combined-only, -s, -t" leaks_otherwise
t "memleak --percpu" for_each_cpu
finish
