# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# The harness of the suites in tests/kernel and tests/lab. A test file sources it, runs its cases
# with `t NAME FUNCTION [ARG…]`, and ends with `finish`. Each case runs in a subshell and a directory
# of its own, so it may `cd`, `skip` and start background jobs, which end with it.
#
# Nothing here depends on how fast a machine is. A case waits for what it needs (`wait_for`), not for
# some time, and compares times with those of the same run ($took). It sleeps only before it looks at what
# must not have happened. Speed is measured by scripts/bench.
#
#   REPROBE_BIN         where the programs are (default: build/bin)
#   REPROBE_TEST_BIN    where the tests' helpers are (default: build/tests)
#   REPROBE_TEST_SLOW   how many times slower than a real machine this one is (default: 1): where that is
#                       10, suites do less, so that they end
#   REPROBE_TEST_CACHE  a directory, where compiling each program anew would take too long (default:
#                       off; test_cache.sh has caches of its own)
#   REPROBE_TEST_OBJECTS  where objects of tests/kernel/libbpf are kept (default: the suite's own)
#   REPROBE_TEST_QUICK  less of what another build tests whole
#   REPROBE_TEST_ALONE  nobody else uses BPF here: nothing at all may be left behind

set -u
export LC_ALL=C.UTF-8
export REPROBE_CACHE=${REPROBE_TEST_CACHE:-off}
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
top=$(cd "$here/.." && pwd)
bin=$(cd "${REPROBE_BIN:-$top/build/bin}" && pwd) || exit 1
helpers=$(cd "${REPROBE_TEST_BIN:-$top/build/tests}" && pwd) || exit 1
# The distribution's programs first: those of a version manager, as pyenv, take seconds to start in an emulated machine.
PATH=$bin:$helpers:/usr/sbin:/usr/bin:/sbin:/bin:$PATH
slow=${REPROBE_TEST_SLOW:-1}
limit=$((300 + 60 * slow)) # seconds that one run of a program may take: it ends what hangs
export REPROBE_TEST_LIMIT=${REPROBE_TEST_LIMIT:-$limit} # for pty
kprobes= # set when this kernel has them
[ -e /sys/bus/event_source/devices/kprobe ] && kprobes=1

base=$(mktemp -d "${TMPDIR:-/tmp}/reprobe-test.XXXXXX") || exit 1
chmod 755 "$base"
trap 'cd /; rm -rf "$base"' EXIT
passed=0 failed=0 skipped=0

for program in reprobe execsnoop hello; do
	[ -x "$bin/$program" ] || { echo "$bin/$program is missing: build first" >&2; exit 1; }
done
for program in spawn jsonlines feed inspect maps probed tcp; do
	[ -x "$helpers/$program" ] || { echo "$helpers/$program is missing: build first" >&2; exit 1; }
done

# For files all of whose cases need root.
need_root() { [ "$(id -u)" = 0 ] || skip "only root can load BPF programs"; }

# In front of a command: a mount namespace of its own. In a chroot whose root is not a mount, nothing can be made
# private: who made it has done that.
own_mounts=(unshare --mount)
unshare --mount true 2>/dev/null || own_mounts+=(--propagation unchanged)

# t NAME FUNCTION [ARG…]: runs one case.
t() {
	local name=$1 rc
	shift
	mkdir -m 755 "$base/case"
	( run_case "$@" )
	rc=$?
	case $rc in
	0) echo "ok   $name"; passed=$((passed + 1)) ;;
	77) echo "skip $name: $(cat "$base/case/.skip")"; skipped=$((skipped + 1)) ;;
	*) echo "FAIL $name"; failed=$((failed + 1)) ;;
	esac
	rm -rf "$base/case"
}

run_case() {
	tmp=$base/case
	failures=0
	out='' err='' rc=0
	cd "$tmp" || exit 1
	trap end_case EXIT
	command -v "$1" >/dev/null || fail "the suite has no case $1"
	"$@"
	exit $((failures > 0))
}

# Ends what the case left running, and only that.
end_case() {
	local pids
	pids=$(jobs -p)
	[ -z "$pids" ] || kill -KILL $pids 2>/dev/null
	wait 2>/dev/null
}

finish() {
	echo "${0##*/}: $passed passed, $failed failed, $skipped skipped"
	[ "$failed" = 0 ] || exit 1
	[ "$passed" -gt 0 ] || exit 77
	exit 0
}

# skip WHY: the case; outside of one, the whole file.
skip() {
	if [ -n "${tmp-}" ]; then printf '%s' "$1" >"$tmp/.skip"; else echo "skip ${0##*/}: $1"; fi
	exit 77
}

# ---------------------------------------------------------------- running programs

# run COMMAND…: its output is in $out and $err (and the files out and err), its status in $rc, the
# milliseconds that it took in $took.
run() {
	local before=${EPOCHREALTIME/./}
	command=$*
	{ timeout -k 5 "$limit" "$@" >"$tmp/out" 2>"$tmp/err"; } 2>/dev/null # bash tells of crashes
	rc=$?
	took=$(((${EPOCHREALTIME/./} - before) / 1000))
	[ $took -lt $((limit * 1000)) ] || fail "$command: it did not end within $limit s"
	out=$(tr -d '\0' <"$tmp/out")
	err=$(tr -d '\0' <"$tmp/err")
}

# start COMMAND…: in the background, with signals as a terminal's shell leaves them, and in a
# process group of its own; its id is in $pid, its output in the files out and err.
start() {
	command=$*
	: >"$tmp/out"
	: >"$tmp/err"
	setsid env --default-signal=INT,QUIT,PIPE "$@" >"$tmp/out" 2>"$tmp/err" </dev/null &
	pid=$!
}

# gate: makes the fifo `go`. `echo >go` lets one `read <go` pass: it is held open, so that writing never waits, not
# even when the reader has ended, and a reader gets one line, not the end of another's writing.
gate() {
	rm -f go
	mkfifo go
	exec 8<>go
}

# stopped: waits until what `start` started has ended; its status is in $rc. Kills it when late.
stopped() {
	wait_for "$command (process $pid) ends" gone "$pid" || kill -KILL "$pid"
	{ wait "$pid"; } 2>/dev/null # bash would say that it was killed
	rc=$?
	out=$(cat "$tmp/out")
	err=$(cat "$tmp/err")
}

# Ended, if perhaps not yet waited for.
gone() {
	local state
	state=$(sed -n 's/^State:[[:space:]]*\(.\).*/\1/p' "/proc/$1/status" 2>/dev/null)
	[ -z "$state" ] || [ "$state" = Z ]
}

# wait_for WHAT COMMAND…: until it succeeds.
wait_for() {
	local what=$1 end=$((SECONDS + limit))
	shift
	until "$@" >/dev/null 2>&1; do
		if [ $SECONDS -ge $end ]; then
			fail "waited $limit s in vain until $what"
			return 1
		fi
		{ sleep 0.02; } 2>/dev/null # bash tells which jobs were killed
	done
}

# wait_in WHAT COMMAND…: the same, and in vain as soon as what `start` started has ended
wait_in() {
	local what=$1 came=
	shift
	wait_for "$what" done_or_gone "$@" || return 1
	[ -n "$came" ] || { fail "$command ended before $what; it said" "$(cat "$tmp/err")"; return 1; }
}
done_or_gone() {
	local ended=
	gone "$pid" && ended=1 # looked at first: what it did before its end counts
	if "$@"; then came=1; else [ -n "$ended" ]; fi
}

# attached: until the program that `start` started traces. All print their header then.
attached() { wait_in "it traces" grep -q PID "$tmp/out"; }

# attached_to N: the same, of what `start` started with -v: until it says that N probes are attached
attached_to() { wait_in "it traces" says_attached "$1"; }
says_attached() { [ "$(grep -c 'attached to' "$tmp/err")" -ge "$1" ]; }

# cpu_ms PID: the milliseconds of processor time that a process has used
cpu_ms() { sed 's/.*) //' "/proc/$1/stat" | awk -v hz="$(getconf CLK_TCK)" '{ print int(($12 + $13) * 1000 / hz) }'; }
has_used() { [ "$(cpu_ms "$1")" -ge "$2" ]; }

# alone WHAT: until the end of the case, no other suite on this machine has WHAT: for what there is once only,
# such as the trace pipe, which one process can read.
alone() {
	exec {alone}>>"${TMPDIR:-/tmp}/reprobe-test.$1.lock" && flock "$alone"
}

# own PROGRAM: from here on its name is a copy that no other suite runs: a probe in a file is one in all processes
# that use it. Its path is in REPLY.
own() {
	cp "$helpers/$1" "$base/" && PATH=$base:$PATH REPLY=$base/$1
}

# private PROGRAM [NAME]: a copy of one of the tests' helpers that nobody else runs: for what is traced by its
# file or by its name, of which 15 bytes count. Prints its path.
private() {
	cp "$helpers/$1" "$tmp/${2-$1}" && echo "$tmp/${2-$1}"
}

# own_root PROGRAM…: a directory that has these, and the libraries that they need, where they are here: for chroot(8).
# Prints its path.
own_root() {
	local program file
	mkdir -p "$tmp/root/tmp"
	for program; do
		for file in "$program" $(ldd "$program" | grep -o '/[^ ]*'); do
			mkdir -p "$tmp/root${file%/*}" && cp -L "$file" "$tmp/root$file"
		done
	done
	echo "$tmp/root"
}

# watch_by COMMAND…: starts the program `watched` by it, whose process id is in $watched then, the address of its
# counter in $address, the descriptor of its file in $descriptor.
watch_by() {
	"$@" >started &
	wait_for "it says who it is" test -s started
	read -r watched address descriptor <started
}

# watch [OPTION…]: the same, as one of ours, which waits for the file `go`.
watch() { watch_by watched --wait "$tmp/go" "$@"; }

# at_least MAJOR.MINOR: whether the kernel is.
at_least() { printf '%s\n' "$1" "$(uname -r)" | sort -VC; }

# headers: lets stock BCC find the headers of this kernel, which a lab's own modules hide.
headers() {
	local modules headers
	modules=/lib/modules/$(uname -r)
	headers=/usr/src/linux-headers-$(uname -r)
	[ -d "$headers" ] || { fail "there is no $headers: apt-get install ${headers##*/}"; return 1; }
	ln -sfn "$headers" "$modules/build"
	ln -sfn "${headers%-*}-common" "$modules/source"
}

# terminal [ARG…]: the prompt in a terminal; the script of pty.c is standard input. 
terminal() {
	command="reprobe $* in a terminal"
	{ PAGER=${PAGER-cat} timeout -k 5 $((limit * 5)) pty --raw "$tmp/raw" "${pty_options[@]}" reprobe "$@" >"$tmp/out" 2>"$tmp/err"; } 2>/dev/null
	rc=$?
	[ $rc = 0 ] || fail "$command: $(cat "$tmp/err")" "$(cat "$tmp/out")"
}
pty_options=()

# ---------------------------------------------------------------- assertions

# fail WHAT [DETAIL]
fail() {
	failures=$((failures + 1))
	printf '  %s\n' "$1"
	[ -z "${2-}" ] || printf '%s\n' "$2" | head -n 30 | sed 's/^/    | /'
}

# equal WHAT EXPECTED GOT
equal() {
	[ "$2" = "$3" ] && return
	if [[ $2$3 == *$'\n'* ]]; then
		fail "$1 (- expected, + got)" \
			"$(diff -U1 <(printf '%s\n' "$2") <(printf '%s\n' "$3") | tail -n +3)"
	else
		fail "$1: expected \"$2\", got \"$3\""
	fi
}

# contains WHAT TEXT PIECE…: each PIECE is in it
contains() {
	local what=$1 text=$2
	shift 2
	for piece; do
		[[ $text == *"$piece"* ]] || fail "$what: expected \"$piece\" in" "$text"
	done
}

# lacks WHAT TEXT PIECE
lacks() { [[ $2 != *"$3"* ]] || fail "$1: expected no \"$3\" in" "$2"; }

# matches WHAT TEXT REGEX: some line of it does
matches() {
	printf '%s\n' "$2" | grep -qE -- "$3" || fail "$1: expected a line like /$3/ in" "$2"
}

# status EXPECTED: of the last run
status() {
	[ "$rc" = "$1" ] || fail "$command: expected status $1, got $rc; it said" "$err"
}

# silent: the last run said nothing on stderr
silent() { [ -z "$err" ] || fail "$command: expected nothing on stderr, got" "$err"; }

# refused PIECE…: the last run ended with status 1, nothing on stdout, and one message that has each
# PIECE; no trace of a crash, of libbcc's or of libbpf's own words.
refused() {
	status 1
	equal "stdout of $command" "" "$out"
	contains "message of $command" "$err" "$@"
	equal "messages of $command" 1 "$(grep -c '^reprobe: ' <<<"$err")"
	matches "message of $command" "$(head -n 1 <<<"$err")" '^reprobe: .+: .+'
	lacks "message of $command" "$err" 'libbpf:'
	lacks "message of $command" "$err" 'bpf: Failed'
	lacks "message of $command" "$err" 'ERROR: AddressSanitizer'
	lacks "message of $command" "$err" 'runtime error:'
}

# as_many MOST: how many processes this machine starts in some ten seconds, but 1000 and at most MOST
as_many() {
	local before=${EPOCHREALTIME/./} n
	spawn 100 "$helpers/spawn" exit >/dev/null
	n=$((100 * 10000000 / (${EPOCHREALTIME/./} - before)))
	echo $((n > $1 ? $1 : n < 1000 ? 1000 : n))
}

# ---------------------------------------------------------------- what the kernel holds

# held PID: the BPF objects that a process holds, "prog ID", "map ID" or "link ID" a line
held() {
	sed -n 's/^\(prog\|map\|link\)_id:[[:space:]]*/\1 /p' /proc/"$1"/fdinfo/* 2>/dev/null | sort -u
}

object_gone() { ! bpftool "$1" show id "$2"; }

# released OBJECTS: none of them (as from `held`) exists any more. The kernel frees them a little
# later, after a grace period.
released() {
	local kind id
	[ -n "$1" ] || fail "expected $command to hold BPF objects, found none"
	while read -r kind id; do
		[ -z "$kind" ] || wait_for "$kind $id is gone" object_gone "$kind" "$id"
	done <<<"$1"
}

# Everything that tracing programs may leave in a kernel.
inventory() {
	local what
	for what in prog map link; do
		bpftool "$what" list 2>/dev/null | sed -n "s/^\([0-9]*\): \([a-z_]*\) .*/$what \1 \2/p"
	done
	cat /sys/kernel/tracing/kprobe_events /sys/kernel/tracing/uprobe_events 2>/dev/null
	find /sys/fs/bpf -mindepth 1 2>/dev/null
}

same_inventory() { [ "$(inventory)" = "$1" ]; }

# unchanged BEFORE: the inventory is again as it was; looked at only where nobody else traces.
unchanged() {
	[ -n "${REPROBE_TEST_ALONE-}" ] || return 0
	wait_for "the kernel holds what it held before" same_inventory "$1" ||
		equal "what the kernel holds" "$1" "$(inventory)"
}

# trees PID: the temporary directories that a process has
trees() { compgen -G "/dev/shm/reprobe-tree.$1.*" || compgen -G "/tmp/reprobe-tree.$1.*"; }

# ---------------------------------------------------------------- sources

# A tracepoint that only getpgid() reaches, which is what `spawn --calls` calls.
probe='TRACEPOINT_PROBE(syscalls, sys_enter_getpgid)'

# source_file FILE: its text from stdin, with PROBE replaced by the above
source_file() { sed "s/\<PROBE\>/$probe/" >"$1"; }
