#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# System calls without tracefs: what the table says, and what is seen at the raw tracepoint of all calls.
. "$(dirname "$0")/../lib.sh"
need_root # to become nobody, and as what everything is compared with

nobody=(setpriv --reuid=65534 --regid=65534 --clear-groups)
few=("${nobody[@]}" "--inh-caps=-all,+bpf,+perfmon" "--ambient-caps=-all,+bpf,+perfmon" "--bounding-set=-all,+bpf,+perfmon")
"${few[@]}" true 2>/dev/null || skip "setpriv knows no such capabilities"
# The checkout may be where nobody may not look.
mkdir "$base/bin"
cp "$bin"/{reprobe,opensnoop,unlinksnoop,sigsnoop,exitsnoop} "$base/bin"
PATH=$base/bin:$PATH
events=$(reprobe list 'tracepoint:syscalls:*' | sed 's/^tracepoint:syscalls://')
[ -n "$events" ] || skip "this kernel has no tracepoints of system calls"

# makes.c: known calls of known threads; with an argument also by int $0x80, where other calls have their numbers
cat >"$base/makes.c" <<'END'
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>
int main(int argc, char **argv)
{
	char path[64];
	for (int i = 0; i < 5; i++) {
		snprintf(path, sizeof(path), "/nowhere/%d", i);
		syscall(SYS_openat, -100 - i, path, O_WRONLY | i, 0600 + i);
		syscall(SYS_mmap, 4096 * i, -1L - i, i, 32 | i, 1000 + i, 77 * 4096L + i); /* six arguments, all wrong */
	}
	for (int i = 0; i < 7; i++)
		syscall(SYS_getpgid, 0);
	kill(getpid(), 0);
	unlink("/nowhere/file");
	unlinkat(AT_FDCWD, "/nowhere/other", 0);
#ifdef __x86_64__
	for (int i = 0; argc > 1 && i < 3; i++) { /* 121 is getpgid's, and setdomainname there */
		long result;
		__asm__ volatile("int $0x80" : "=a"(result) : "a"(121L), "b"(0L), "c"(-1L) : "memory");
	}
#endif
	return 0;
}
END
command -v cc >/dev/null || skip "there is no compiler"
cc -o "$base/bin/makes" "$base/makes.c"
chmod 755 "$base" "$base/bin"

infos() { # one command line for all
	local arguments=() event
	for event in $events; do
		arguments+=(-e "info tracepoint:syscalls:$event")
	done
	"$@" reprobe "${arguments[@]}" </dev/null 2>&1
}

# The table against what this kernel says. An argument's type has changed since Linux 6.1 in one call; newer kernels may
# have calls that the table lacks.
table() {
	local fields='^tracepoint:|^ +(fields  *offset)?[ 0-9]'
	cd /
	infos | grep -E "$fields" | grep -v ' common_' >"$tmp/told"
	infos "${nobody[@]}" | grep -E "$fields" | grep -v ' common_' >"$tmp/known"
	sed -i -E 's/(int|void) \* mnt_id$/void * mnt_id/' "$tmp/told" "$tmp/known"
	[ "$(grep -c '^tracepoint:' "$tmp/told")" -gt 600 ] || fail "expected more than 600" "$(wc -l "$tmp/told")"
	[ "$(grep -c '^tracepoint:' "$tmp/known")" -gt 600 ] || fail "expected that nobody knows as many" "$(wc -l "$tmp/known")"
	# Those that both know have the same fields.
	python3 - "$tmp/told" "$tmp/known" <<'END' || fail "the table differs from tracefs"
import sys
def read(name):
    events, event = {}, None
    for line in open(name):
        if line.startswith("tracepoint:"):
            event = line.split(": ")[0]
            events[event] = []
        elif line.split()[0].isdigit() and "__data_loc" not in line:
            events[event].append(line.split())
    return events
told, known = (read(name) for name in sys.argv[1:])
wrong = [event for event in known if known[event] != told[event]]
missing = [event for event in told if event not in known]
for event in wrong[:3]:
    print(event, told[event], known[event], sep="\n  ", file=sys.stderr)
if wrong:
    print(len(known), "known, missing:", *missing, file=sys.stderr)
sys.exit(bool(wrong))
END
}

# rows FILE: without the time and the process
rows() { sed -E 's/^[0-9:]+ +[0-9]+ +//' "$1"; }

# same QUESTION…: at the tracepoint and at the raw one, of one run each, by root, and by few
same() {
	local question arguments=() raw=()
	for question; do
		arguments+=(-e "${question//@/tracepoint:syscalls:}")
		raw+=(-e "${question//@/rawsyscall:}")
	done
	run reprobe -c makes "${arguments[@]}"
	status 0
	rows out | sed 's/tracepoint:syscalls/rawsyscall/' >expected
	[ -s expected ] || fail "expected rows" "$err"
	run reprobe -c makes "${raw[@]}"
	status 0
	equal "as root: $*" "$(cat expected)" "$(rows out)"
	cd /
	run "${few[@]}" reprobe -c makes "${raw[@]}"
	status 0
	equal "with two capabilities: $*" "$(cat "$tmp/expected")" "$(rows "$tmp/out")"
	cd "$tmp" || exit
}

questions() {
	local only='if comm == "makes"'
	same "trace @sys_enter_openat dfd, filename, flags, mode, ret if comm == \"makes\" && starts(filename, \"/nowhere\")"
	matches "a row" "$out" ' makes +-104 +/nowhere/4 +O_WRONLY\|0x4 +0604 +-2 ENOENT$'
	same "trace @sys_enter_mmap addr, len, prot, flags, fd, off, ret $only && fd / 5 == 200"
	equal "rows" 5 "$(grep -c makes <<<"$out")"
	matches "the last" "$out" ' 1004 +315396 '
	same "count @sys_enter_getpgid by pid == 0, ret > 0 $only" "count @sys_exit_getpgid by ret > 0 $only"
	same "trace @sys_enter_execve filename, ret if ends(filename, \"/makes\")"
}

# Names alone, where tracefs is hidden.
names() {
	cd /
	run "${few[@]}" reprobe -c makes -e 'count getpgid by comm' -e 'count sys_exit_getpgid by comm' -e 'count syscalls:sys_enter_getpgid by comm'
	status 0
	equal "counts" "makes 7 makes 7 makes 7" "$(awk '$1 == "makes" { print $1, $2 }' <<<"$out" | paste -sd' ')"
	contains "note" "$err" "reprobe: note: rawsyscall:sys_enter_getpgid: this user cannot read the tracepoints of system calls"
	run "${few[@]}" reprobe -e 'trace rawsyscall:sys_enter_opnat'
	refused "the kernel has no system call opnat" "did you mean openat?"
	run reprobe -e 'trace rawsyscall:openat'
	refused "neither sys_enter_NAME nor sys_exit_NAME" "rawsyscall:sys_enter_openat"
	run "${nobody[@]}" reprobe -e 'info tracepoint:syscalls:sys_enter_openat'
	contains "fields" "$out" "24      8  const char * filename" "it cannot be probed"
	run reprobe list 'rawsyscall:*_openat'
	equal "list" "rawsyscall:sys_enter_openat rawsyscall:sys_exit_openat" "$(paste -sd' ' <<<"$out")"
}

# A call of 32 bits of the same number is another call.
other_width() {
	[ "$(uname -m)" = x86_64 ] || skip "this machine has no int 0x80"
	makes 1 2>/dev/null || skip "the kernel runs no 32-bit programs"
	run reprobe -c 'makes 1' -e 'count rawsyscall:sys_enter_getpgid by comm' -e 'count rawsyscall:sys_exit_getpgid by comm' \
		-e 'count raw_syscalls:sys_enter by id if comm == "makes" && id == 121'
	status 0
	equal "of 64 bits" "7 7" "$(awk '$1 == "makes" { print $2 }' <<<"$out" | paste -sd' ')"
	matches "of 32 bits" "$out" '^setdomainname \(32-bit\) +3$'
}

# TRACEPOINT_PROBE of hand-written C, as it is.
programs() {
	source_file calls.c <<'END'
#include <reprobe/callback.h>
BPF_ARRAY(sum, u64, 1);
BPF_HASH(modes, u32, u64);
BPF_CALLBACK(add, u32 index, u64 *sums) { *sums += index; return 0; }
TRACEPOINT_PROBE(syscalls, sys_enter_openat)
{
    u32 mode = args->mode;
    char path[32] = {};
    bpf_probe_read_user_str(path, sizeof(path), args->filename);
    if (is_target() && !__builtin_memcmp(path, "/nowhere/", 9) && (int)args->dfd == -100 - (int)(mode & 7))
        modes.increment(mode, args->__syscall_nr == NUMBER);
    return 0;
}
TRACEPOINT_PROBE(syscalls, sys_exit_getpgid)
{
    u64 numbers = 0;
    if (!is_target())
        return 0;
    bpf_loop(4, add, &numbers, 0);
    sum.atomic_increment(0, numbers + (args->ret > 0));
    return 0;
}
END
	chmod 644 calls.c
	local number
	number=$(printf '#include <sys/syscall.h>\nSYS_openat\n' | cc -E -P - | tail -n 1)
	run reprobe run calls.c -D "NUMBER=$number" -c makes --json
	[ "$rc" = 0 ] || skip "the kernel has no bpf_loop()"
	sort out >expected
	contains "as root" "$out" '{"map":"sum","key":0,"value":49}'
	equal "modes" 5 "$(grep -c '"map":"modes".*"value":1' out)"
	cd /
	run "${few[@]}" reprobe run "$tmp/calls.c" -D "NUMBER=$number" -c makes --json
	status 0
	equal "with two capabilities" "$(cat "$tmp/expected")" "$(sort <<<"$out")"
	run "${nobody[@]}" reprobe check "$tmp/calls.c" -D "NUMBER=$number"
	status 0
	contains "where" "$out" "tracepoint:syscalls:sys_enter_openat" "tracepoint:syscalls:sys_exit_getpgid"
}

tools() {
	cd /
	run "${few[@]}" opensnoop -x -e -n makes -c makes
	status 0
	equal "opensnoop" 5 "$(grep -cE '^[0-9]+ +makes +-1 +[0-9]+ 0000000[1-7] +/nowhere/[0-4]$' <<<"$out")"
	run "${few[@]}" unlinksnoop --probe tracepoint -c makes
	status 0
	equal "unlinksnoop" "-2 /nowhere/file -2 /nowhere/other" "$(awk '$2 == "makes" { print $3, $4 }' <<<"$out" | paste -sd' ')"
	run "${few[@]}" sigsnoop -k -c makes
	status 0
	matches "sigsnoop -k" "$out" '^([0-9]+) +makes +0 +\1 +0$'
	run "${few[@]}" sigsnoop -c 'sleep 60 & kill $!; wait; true'
	status 0
	matches "sigsnoop" "$out" ' 15 +[0-9]+ +queued$'
	run "${few[@]}" exitsnoop -c 'sh -c "exit 3"; true'
	status 0
	matches "exitsnoop" "$out" '^sh .* code 3$'
}

t "the table, and what tracefs has" table
t "questions see the same" questions
t "names, and wrong ones" names
t "calls of another width" other_width
t "programs" programs
t "tools" tools
finish
