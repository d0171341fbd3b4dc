#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Programs in the manner of those that others write in libbpf's dialect, one of each family: what each
# reports is what the test's own program did.
. "$(dirname "$0")/../lib.sh"
need_root
. "$here/kernel/libbpf/lib.sh"

# variables MAP: its variables, one a line
variables() { grep "\"map\":\"$1\"" out | jsonlines key value | tr '\t' ' ' | sort; }

# It runs once, and lets a timer ring five times.
runs_once() {
	object once
	start reprobe run -v --json "$object" --set numbers=20
	attached_to 2
	sleep 0.5
	kill -INT "$pid"
	stopped
	status 0
	equal "variables" "rings 5
runs 1
sum 190" "$(variables .bss)"
}

# A program that says that it failed has failed.
fails_once() {
	cat >fails.bpf.c <<'END'
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
int runs = 0;
SEC("syscall") int once(void *ctx) { runs++; return -22; }
char LICENSE[] SEC("license") = "GPL";
END
	run reprobe run fails.bpf.c
	refused "cannot read run:once: the program returned -22"
	sed -i 's/return -22/return 0/' fails.bpf.c
	run reprobe run --json fails.bpf.c # and ends by itself
	status 0
	equal "variables" "runs 1" "$(variables .bss)"
}

tails() {
	object tails
	caller 1 2 3
	traced --json
	equal "variables" "beyond 300
entered 3
first 3
second 3" "$(variables .bss)"
	caller 1 2
	touch go
	run reprobe -e "load $object target=$caller" -e probes -e 'detach 1'
	wait "$caller"
	lacks "what is left out" "$err" "count_first"
	equal "probes" "tracepoint:syscalls:sys_enter_getpgid" "$(awk '/tracepoint/ { print $1 }' out)"
}

kernel() {
	local hz address
	hz=$({ zcat /proc/config.gz || cat "/boot/config-$(uname -r)"; } 2>/dev/null | sed -n 's/^CONFIG_HZ=//p')
	address=$(awk '$2 ~ /^[tT]$/ && $3 == "schedule" { print $1 }' /proc/kallsyms)
	object kernel
	caller 1
	traced --json
	[ -z "$hz" ] || equal "CONFIG_HZ" "$hz" "$(variables .bss | sed -n 's/^hz //p')"
	equal "schedule" "$(printf '%u' "0x$address")" "$(variables .bss | sed -n 's/^address //p')"
	equal "variables" "array 2
has_loop true" "$(variables .bss | grep -v -e '^hz' -e '^address')"
	contains "note" "$err" "reprobe: note: this kernel has no BPF_FUNC_no_such_helper in enum bpf_func_id"
}

inner() {
	object inner
	caller 0 1 2 3 3 3
	traced --json
	equal "even" "0 1
2 1" "$(grep '"map":"even"' out | jsonlines key value | tr '\t' ' ' | sort)"
	equal "odd" "1 1
3 3" "$(grep '"map":"odd"' out | jsonlines key value | tr '\t' ' ' | sort)"
}

dynptr() {
	object dynptr
	caller 1 2 3
	traced --json
	equal "events" "1 by dynptr
2 by dynptr
3 by dynptr" "$(grep '"output"' out | jsonlines data.asked data.text | tr '\t' ' ')"
	equal "sum" "sum 14" "$(variables .bss)"
}

# A library, and a program that uses it: it writes two texts, allocates five times and frees three of them.
own_library() {
	cat >own.c <<'END'
#include <stdlib.h>
__attribute__((noinline)) int own_write(void *channel, const char *text, int length)
{ __asm__ volatile("" :: "r"(text), "r"(channel) : "memory"); return length > 9 ? -1 : length; }
__attribute__((noinline)) void *own_alloc(size_t size) { void *p = malloc(size); __asm__ volatile("" : "+r"(p)); return p; }
__attribute__((noinline)) void own_free(void *memory) { __asm__ volatile("" :: "r"(memory)); free(memory); }
END
	cat >uses.c <<'END'
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
int own_write(void *channel, const char *text, int length);
void *own_alloc(size_t size);
void own_free(void *memory);
__attribute__((noinline)) void *keeps_it(size_t size) { void *p = own_alloc(size); __asm__ volatile("" : "+r"(p)); return p; }
int main(void)
{
    void *freed[3];
    while (access("go", F_OK)) usleep(10000);
    own_write(0, "secret", 6);
    own_write(0, "too long a text", 15);
    own_write(0, "and more", 8);
    for (int i = 0; i < 3; i++) freed[i] = own_alloc(100 + i);
    keeps_it(24);
    keeps_it(4000);
    for (int i = 0; i < 3; i++) own_free(freed[i]);
    rename("go", "done");
    for (;;) pause();
}
END
	cc -O1 -fno-omit-frame-pointer -shared -fPIC own.c -o libown.so && cc -O1 -fno-omit-frame-pointer uses.c -o uses ./libown.so ||
		skip "there is no C compiler"
}

# of_library FUNCTION=KIND:SYMBOL…: runs the program, traced at these of its library until it has done all.
of_library() {
	local options=() place
	for place; do
		options+=(-a "${place%:*}:$tmp/libown.so:${place##*:}")
	done
	./uses &
	local uses=$!
	start reprobe run -v --json -p $uses "$object" "${options[@]}"
	attached_to $#
	touch go
	wait_for "it has done all" test -e "done"
	sleep 0.2
	kill -INT "$pid"
	stopped
	kill $uses
	status 0
}

written() {
	own_library
	object written
	of_library enter=uprobe:own_write leave=uretprobe:own_write
	equal "events" "6 secret
8 and more" "$(grep '"output"' out | jsonlines data.length data.text | tr '\t' ' ')"
}

leaks() {
	own_library
	object leaks
	of_library alloc_enter=uprobe:own_alloc alloc_exit=uretprobe:own_alloc free_enter=uprobe:own_free
	equal "variables" "allocations 5
frees 3" "$(variables .bss)"
	equal "sizes" "24
4000" "$(grep '"map":"allocs"' out | jsonlines value.size | sort -n)"
	[ "$(grep '"map":"allocs"' out | grep -c keeps_it)" = 2 ] || fail "stacks" "$out"
}

# Three writes, five allocations, three frees.
many_functions() {
	own_library
	object multi
	of_library 'on_call=uprobe:own_*'
	equal "calls" "calls 11" "$(variables .bss | grep calls)"
}

many_kernel_functions() {
	[ -n "$kprobes" ] || skip "this kernel has no kprobes"
	local there=/dev/shm/reprobe-families.$$ # not on an overlay, which removes in the file system below once more
	object multi
	mkdir "$there" "$there"/{a,b,c}
	rm -f go
	python3 -c '
import os, sys, time
while not os.path.exists("go"): time.sleep(0.01)
for name in "a", "b", "none", "c":
    try: os.rmdir(sys.argv[1] + "/" + name)
    except OSError: pass' "$there" &
	caller=$!
	probes=4 traced --json
	rmdir "$there"
	# vfs_rmdir() is not called for what is not there.
	equal "variables" "asked 4
entered 3
failed 1
returned 3" "$(variables .bss)"
}

one_program_for_call_and_return() {
	own_library
	object session
	if ! at_least 6.13; then
		run reprobe run "$object" -a on_write=uprobe.session:"$tmp/libown.so":own_write
		status 1
		contains "message" "$err" "reprobe: cannot " "this kernel has"
		return
	fi
	of_library on_write=uprobe.session:own_write
	equal "calls" "6 6
15 -1" "$(grep '"output"' out | jsonlines data.length data.result | tr '\t' ' ')"
	equal "variables" "entries 3" "$(variables .bss)"
	run reprobe -e "count uprobe.session:$tmp/libown.so:own_write"
	refused "cannot ask questions at uprobe.session:"
	# The address to return to is on the stack at the entry only: elsewhere the process would end.
	run reprobe run "$object" -a on_write=uprobe.session:"$tmp/libown.so":own_write+4
	refused "has no offset" "uprobe.session:PATH:FUNCTION"
	run reprobe run "$object" -a on_write=uprobe.session:"$tmp/libown.so":own.c:1
	refused "has no line" "uprobe.session:PATH:FUNCTION"
	run reprobe run "$object" -a on_write=uprobe.session:"$tmp/libown.so":"$(in_the_middle own_write)"
	refused "in the middle of own_write" "a uprobe.session begins at the entry"
}

# in_the_middle FUNCTION: the address of its second instruction, of libown.so
in_the_middle() {
	objdump -d --no-show-raw-insn "--disassemble=$1" libown.so | awk '/^ +[0-9a-f]+:/ && ++n == 2 { sub(/:.*/, "", $1); print "0x" $1 }'
}

# removes FILE: a process that removes the directories of $there once `go` lets it, and prints what it could not.
removes() {
	there=/dev/shm/reprobe-families.$$ # not on an overlay, which removes in the file system below once more
	mkdir -p "$there"/{a,kept,full/more}
	rm -f go
	python3 -c '
import os, sys, time
while not os.path.exists("go"): time.sleep(0.01)
for name in "a", "kept", "none", "full":
    try: os.rmdir(sys.argv[1] + "/" + name)
    except OSError as e: print(name, e.errno)' "$there" >"$1" &
	caller=$!
}

one_program_for_kernel_calls() {
	[ -n "$kprobes" ] || skip "this kernel has no kprobes"
	object session_kernel
	if ! at_least 6.10; then
		run reprobe run "$object"
		status 1
		contains "message" "$err" "this kernel"
		return
	fi
	removes answers
	probes=2 traced --json
	rm -r "$there"
	equal "answers" "none 2
full 39" "$(cat answers)"
	equal "variables" "entries 3
failures 1
of_pattern 3
returns 3" "$(variables .bss)"
}

# As `traced --json`, where the kernel may not let it trace: then the caller makes its calls all the same.
traced_or_not() {
	start reprobe run -v "$object" --set target="$caller" --json
	wait_for "it traces or does not" grep -qE "attached to|^reprobe: cannot" err
	touch go
	wait "$caller"
	gone "$pid" || kill -INT "$pid"
	stopped
}

# Nothing but functions that may fail can be made fail.
decides_what_it_returns() {
	object fmod_ret
	removes answers
	traced_or_not
	rm -r "$there"
	[[ $err != *"this kernel has no fentry"* ]] || skip "this kernel has no fentry"
	status 0
	equal "answers" "kept 1
none 2
full 39" "$(cat answers)"
	equal "variables" "asked 3
refused 1" "$(variables .bss)"
	run reprobe run "$object" -a decide=fmod_ret:vfs_rmdir
	refused "cannot attach fmod_ret:vfs_rmdir: the kernel lets no program decide what vfs_rmdir returns"
}

lsm() {
	object lsm
	rm -f go
	python3 -c '
import os, socket, sys, time
open("ready", "w").close()
while not os.path.exists("go"): time.sleep(0.01)
for family in socket.AF_INET, socket.AF_INET6, socket.AF_UNIX, socket.AF_INET6, socket.AF_INET:
    try: socket.socket(family).close()
    except PermissionError: print("refused", flush=True)' >answers &
	caller=$!
	wait_for "it is ready" test -e ready # Python has begun
	traced_or_not
	[ -s answers ] || skip "this kernel has no BPF LSM, or does not ask it (lsm=)"
	status 0
	equal "refused" 2 "$(wc -l <answers)"
	equal "variables" "asked 5
refused 2" "$(variables .bss)"
}

# Handlers of interrupts and how often each was called, where an interrupt has one only.
irqs() {
	awk '/^ *[0-9]+:/ && !/,/ { for (i = 2; $i ~ /^[0-9]+$/; i++) calls[$NF] += $i }
		END { for (name in calls) print name, calls[name] }' /proc/interrupts | sort
}

# Between what the kernel counted while it was attached, and what from before until after.
interrupts() {
	[ -n "${REPROBE_TEST_ALONE-}" ] || skip "interrupts are the whole machine's"
	reprobe list 'tp_btf:irq_handler_entry' 2>/dev/null | grep -q . || skip "this kernel has no typed tracepoints"
	object hardirqs
	irqs >before
	start reprobe run -v --json "$object" --set targ_dist=true
	attached_to 2
	irqs >from
	dd if=/dev/zero of=/var/tmp/reprobe-families bs=4k count=64 oflag=sync 2>/dev/null
	find /usr/share/doc -maxdepth 1 -exec stat {} + >/dev/null
	irqs >to
	kill -INT "$pid"
	stopped
	irqs >after
	rm -f /var/tmp/reprobe-families
	status 0
	local name start begin end last got seen=0
	while read -r name start begin end last; do
		[ "$end" -gt "$begin" ] || continue
		got=$(grep "\"map\":\"infos\",\"key\":{\"name\":\"$name\"}" out | grep -oE '"count":[0-9]+' | tail -n +2 |
			awk -F: '{ sum += $2 } END { print sum + 0 }')
		[ "$got" -ge $((end - begin)) ] && [ "$got" -le $((last - start)) ] ||
			fail "interrupts of $name: $got, not $((end - begin)) to $((last - start))" "$err"
		seen=$((seen + 1))
	done < <(join before from | join - to | join - after)
	[ "$seen" -gt 0 ] || fail "no interrupts" "$(cat after)"
	# Without times there is nothing to draw: a line for each, and none between them.
	run reprobe run "$object" -c 'dd if=/dev/zero of=/var/tmp/reprobe-families bs=4k count=64 oflag=sync 2>/dev/null'
	rm -f /var/tmp/reprobe-families
	sed -n '/^infos:$/,$p' out | tail -n +3 >lines
	matches "counts" "$(cat lines)" '^name = [^,]+, count = [0-9]+$'
	equal "other lines" "" "$(grep -vE '^name = [^,]+, count = [0-9]+$' lines)"
}

# As often as the kernel says that it has switched to the process.
runqlat() {
	reprobe list 'tp_btf:sched_switch' 2>/dev/null | grep -q . || skip "this kernel has no typed tracepoints"
	object runqlat
	rm -f go
	python3 -c '
import os, sys, time
def switches():
    return sum(int(line.split()[1]) for line in open("/proc/self/status") if "ctxt_switches" in line)
ready = switches()
open("ready", "w").close()
while not os.path.exists("go"): time.sleep(0.05)
before = switches()
for _ in range(300): time.sleep(0.001)
after = switches()
print(after - before, after - ready, flush=True)
time.sleep(600)' >switches &
	local waits=$! counted least most
	wait_for "it is ready" test -e ready # Python has begun
	start reprobe run -v --json "$object" --set targ_tgid=$waits
	attached_to 3
	touch go
	wait_for "it has waited" test -s switches
	sleep 0.2
	kill -INT "$pid"
	stopped
	status 0
	read -r least most <switches
	counted=$(grep "\"map\":\"hists\",\"key\":$waits" out | grep -oE '"count":[0-9]+' | awk -F: '{ sum += $2 } END { print sum + 0 }')
	# Those while it waited, and some of those since it was ready; and to say so takes one or two. The program itself
	# may lose a few, as those that it is modelled on: a map's bucket may be locked on this CPU, and it does not ask.
	[ "$least" -ge 200 ] && [ $((counted * 10)) -ge $((least * 9)) ] && [ "$counted" -le $((most + 3)) ] ||
		fail "waits: $counted, not $least to $most" "$err$out"
}

# The prompt sends, kill() makes the program read, and it comes back.
kills() {
	object kill
	(
		until [ -e go ]; do sleep 0.02; done
		for _ in $(seq 100); do
			kill -0 $$
			sleep 0.02
		done
	) &
	touch go
	run reprobe --json -e "load $object" -e 'send 1 user_ringbuf {7, "one"}' -e 'wait 500ms' \
		-e 'send 1 user_ringbuf struct user_sample {.comm = "two", .i = -8}' -e 'wait 500ms' -e 'detach 1'
	# Whose kill() it was, and so what that returned, nobody knows.
	equal "events" "7 one
-8 two" "$(grep '"output":"rb"' out | jsonlines data.i data.comm | tr '\t' ' ')"
}

# In a network namespace of its own, which has nobody else's packets: runs the object while five packets of 20 bytes
# and two of 300 go to port 7777, and three connections are made.
in_network() {
	cat >send.py <<'END'
import fcntl, os, socket, struct, sys, time
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
fcntl.ioctl(s, 0x8914, struct.pack("16sh", b"lo", 0x41))
open("up", "w").close()
while not os.path.exists("go"): time.sleep(0.01)
for size in 20, 300, 20, 20, 300, 20, 20: s.sendto(b"x" * size, ("127.0.0.1", 7777))
s.sendto(b"y", ("127.0.0.1", 7778))
server = socket.create_server(("127.0.0.1", 0))
for _ in range(3): socket.create_connection(server.getsockname()).close()
END
	: >out
	: >err
	unshare -n bash -c '
		${2:+sh -c "echo \$\$ >\$0/cgroup.procs && exec \"\$@\"" "$2"} python3 send.py & sender=$!
		until [ -e up ]; do sleep 0.02; done
		reprobe run -v "$1" --interface lo ${2:+--cgroup "$2"} --json >out 2>err & tracer=$!
		until grep -qE "attached to" err; do
			kill -0 $tracer || { kill $sender; exit 1; }
			sleep 0.02
		done
		touch go
		wait $sender
		sleep 0.2
		kill -INT $tracer
		wait $tracer' in_network "$object" "${1-}"
	rc=$?
	out=$(cat out) err=$(cat err) command="reprobe run $object"
}

sockfilter() {
	object sockfilter
	in_network
	status 0
	equal "events" "5 16777343 16777343 7777 20 17
2 16777343 16777343 7777 300 17" \
		"$(grep '"output":"rb"' out | jsonlines data.src_addr data.dst_addr data.port data.payload data.ip_proto |
			tr '\t' ' ' | sort | uniq -c | sort -rn | awk '{ $1 = $1; print }')"
}

tc() {
	object tc
	in_network
	if [[ $err == *"tc needs Linux 6.6"* ]]; then
		status 1
		return
	fi
	status 0
	equal "packets" "48 5
328 2" "$(grep '"map":"by_size"' out | jsonlines key value | tr '\t' ' ' | sort -n)"
}

sockops() {
	local cgroup
	cgroup=$(awk '$3 == "cgroup2" { print $2; exit }' /proc/mounts)
	[ -n "$cgroup" ] || skip "no cgroup v2 is mounted"
	cgroup=$cgroup/reprobe-families.$$
	mkdir "$cgroup" || skip "cgroups cannot be made here"
	object sockops
	in_network "$cgroup"
	rmdir "$cgroup"
	status 0
	equal "connections" "accepted 3
connects 3
established 3" "$(variables .bss)"
}

# The lab's kernels have one form of each, unless all are asked for: the running kernel has both.
forms=(object source)
[ "$slow" = 1 ] || [ -n "${REPROBE_TEST_ALL-}" ] || case $(uname -r) in
6.1.*) forms=(source) ;;
*) forms=(object) ;;
esac
for form in "${forms[@]}"; do
	t "$form: a program that runs once" runs_once
	t "$form: tail calls" tails
	t "$form: maps in a map" inner
	t "$form: dynptrs and callbacks" dynptr
	t "$form: what a library's function is given" written
	t "$form: memory that is not freed" leaks
	t "$form: many functions of a library" many_functions
	t "$form: many functions of the kernel" many_kernel_functions
	t "$form: one program for a call and its return" one_program_for_call_and_return
	t "$form: one program for calls of the kernel and their returns" one_program_for_kernel_calls
	t "$form: what a function returns is decided" decides_what_it_returns
	t "$form: a security hook" lsm
	t "$form: interrupts" interrupts
	t "$form: waiting for a processor" runqlat
	t "$form: a socket's filter" sockfilter
	t "$form: traffic control" tc
	t "$form: connections" sockops
done
# A map that is declared as pinned is the same in the next run, and stays.
pinned() {
	cat >pinned.bpf.c <<'END'
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
const volatile int asked = 0;
struct {
    __uint(type, BPF_MAP_TYPE_HASH);
    __uint(max_entries, 8);
    __type(key, int);
    __type(value, __u64);
    __uint(pinning, LIBBPF_PIN_BY_NAME);
} kept SEC(".maps");
SEC("tp/syscalls/sys_enter_getpgid") int enter(struct trace_event_raw_sys_enter *ctx)
{
    int key = ctx->args[0];
    __u64 zero = 0, *value;
    if (key != asked)
        return 0;
    bpf_map_update_elem(&kept, &key, &zero, BPF_NOEXIST);
    value = bpf_map_lookup_elem(&kept, &key);
    if (value)
        __sync_fetch_and_add(value, 1);
    return 0;
}
char LICENSE[] SEC("license") = "GPL";
END
	run "${own_mounts[@]}" bash -c '
		mount -t bpf none /sys/fs/bpf
		for _ in 1 2; do
			reprobe run --json pinned.bpf.c --set asked=4711 -c "python3 -c \"
import os
for _ in range(3):
    try: os.getpgid(4711)
    except OSError: pass\""
		done
		ls /sys/fs/bpf'
	status 0
	equal "two runs" "4711 3
4711 6" "$(grep '"map":"kept"' out | jsonlines key value | tr '\t' ' ')"
	contains "what stays" "$out" $'\nkept'
}

form=source
t "a map that is pinned" pinned
t "a user ring buffer" kills
t "a program that fails" fails_once
t "what the kernel is like" kernel
finish
