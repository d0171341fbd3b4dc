#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# tests/lab/run.sh [--kernel 6.1|6.12] [--all | FILE…]: boots one virtual machine with that kernel and
# runs suites of tests/kernel and tests/lab in it. Ends with 0 when none failed.
set -u
here=$(cd "$(dirname "$0")" && pwd)
top=$(cd "$here/../.." && pwd)
kernel=6.12 all=

inside() {
	local file rc start passed=0 failed=0 skipped=0
	echo "Linux $(uname -r), $(nproc) CPUs"
	# The machine is emulated: a program takes ten times as long. Nobody else is in there.
	export REPROBE_TEST_SLOW=${REPROBE_TEST_SLOW:-10} REPROBE_TEST_ALONE=1
	export REPROBE_TEST_CACHE=/var/tmp/reprobe-lab/objects # the machine's own, and gone with it
	# Stock BCC needs the headers of this kernel.
	[ ! -d "/usr/src/linux-headers-$(uname -r)" ] || export REPROBE_TEST_BPFCC="${REPROBE_TEST_BPFCC-1}"
	for file; do
		echo "== ${file#"$top"/}"
		start=$SECONDS
		"$file"
		rc=$?
		echo "   $((SECONDS - start)) s"
		case $rc in
		0) passed=$((passed + 1)) ;;
		77) skipped=$((skipped + 1)) ;;
		*) failed=$((failed + 1)) ;;
		esac
	done
	echo "lab $(uname -r): $passed passed, $failed failed, $skipped skipped"
	exit $((failed > 0))
}

while [ $# -gt 0 ]; do
	case $1 in
	--inside) shift; inside "$@" ;;
	--all) all=1; shift ;;
	--kernel) kernel=${2?"--kernel needs a version"}; shift 2 ;;
	-h | --help) sed -n '3,4s/^# //p' "$0"; exit ;;
	-*) echo "run.sh: unknown option $1" >&2; exit 2 ;;
	*) break ;;
	esac
done

files=()
for file in "${@:-}"; do
	[ -z "$file" ] || files+=("$(realpath "$file")")
done
# A suite takes minutes in an emulated machine. So by default there is what only a lab can test, what
# depends on the kernel's version, and of the rest a little on one of the two kernels; --all is all.
# What the kernel said about all of it comes last.
whole=$all
[ ${#files[@]} -eq 0 ] || whole=1
names=(lab/test_{kprobes,system})
case $kernel in
6.1) names+=(lab/test_{fentry,irq_counts,stacks,prompt} kernel/test_{hello,wakeups,verifier,moving,places,families,syscalls}) ;;
*) names+=(lab/test_{questions,patterns,namesakes,reports,carried} kernel/test_{userring,ringbench,calls,truth,families}) ;;
esac
if [ -n "$all" ]; then
	files=("$top"/tests/kernel/test_*.sh "$top"/tests/lab/test_*.sh)
elif [ ${#files[@]} -eq 0 ]; then
	files=("${names[@]/#/$top/tests/}")
	files=("${files[@]/%/.sh}" "$here/kernel_log.sh")
fi
[ -z "$all" ] || files+=("$here/kernel_log.sh")

REPROBE_BIN=$(realpath "${REPROBE_BIN:-$top/build/bin}")
REPROBE_TEST_BIN=$(realpath "${REPROBE_TEST_BIN:-$top/build/tests}")
export REPROBE_BIN REPROBE_TEST_BIN
export REPROBE_TEST_ALL=$whole # all cases of a suite that is asked for, some of the others
# For test_carried.sh: one program whose types are the same on all kernels, and one whose are not.
REPROBE_TEST_CARRIED=$(mktemp -d)
export REPROBE_TEST_CARRIED
trap 'rm -rf "$REPROBE_TEST_CARRIED"' EXIT
cat >"$REPROBE_TEST_CARRIED/same.c" <<'END'
struct event { u32 answer; };
BPF_RINGBUF_OUTPUT(events, 8);
TRACEPOINT_PROBE(syscalls, sys_enter_getpgid)
{
    struct event event = {.answer = 42};
    if (TARGET_PID == bpf_get_current_pid_tgid() >> 32)
        events.ringbuf_output(&event, sizeof(event), 0);
    return 0;
}
END
cat >"$REPROBE_TEST_CARRIED/other.c" <<'END'
TRACEPOINT_PROBE(syscalls, sys_enter_getpgid)
{
    struct task_struct *task = (struct task_struct *)bpf_get_current_task();
    return task->real_parent->tgid;
}
END
# Objects of libbpf's dialect run on any kernel: this machine compiles them, many times as fast.
export REPROBE_TEST_OBJECTS=${REPROBE_TEST_OBJECTS:-$REPROBE_TEST_BIN/objects}
grep -ohE '^\s+object \w+$' "$top/tests/kernel/test_families.sh" "$top/tests/kernel/test_objects.sh" | sort -u |
	while read -r _ name; do
		# What clang does not compile is there as a source.
		"$top/tests/kernel/libbpf/objects" "$REPROBE_TEST_OBJECTS" "$name" 2>/dev/null || true
	done
for name in same other; do
	"$REPROBE_BIN/reprobe" build "$REPROBE_TEST_CARRIED/$name.c" -o "$REPROBE_TEST_CARRIED/$name.rpo" || true
done
"$top/scripts/lab" --kernel "$kernel" -- "$here/run.sh" --inside "${files[@]}"
