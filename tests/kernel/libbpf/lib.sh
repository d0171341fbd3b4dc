# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# shellcheck disable=SC2154 # tests/lib.sh sets here, tmp, base, pid
# What the suites of programs in libbpf's dialect share. Each case is about the program that `object` chose, as an
# object that clang made, as others build them, or as a source: $form says which.

sources=$here/kernel/libbpf
# REPROBE_TEST_OBJECTS: where they are kept for all suites, and for the lab; its default is this suite's own.
objects=${REPROBE_TEST_OBJECTS:-$base/objects}
"$sources/objects" "$objects" || {
	echo "skip ${0##*/}: no types of this kernel"
	exit 77
}

# object NAME: compiles tests/kernel/libbpf/NAME.bpf.c, as authors do; its path is in $object. Of sources it is
# the source.
form=object
object() {
	object=$sources/$1.bpf.c
	[ $form = object ] || return 0
	object=$objects/$1.bpf.o
	"$sources/objects" "$objects" "$1" || fail "$1.bpf.c compiles"
}

# caller NUMBER…: a process that calls getpgid(NUMBER) for each once `go` lets it; its id is in $caller.
caller() {
	rm -f "$tmp/go"
	python3 -c '
import os, sys, time
while not os.path.exists(sys.argv[1]): time.sleep(0.01)
for number in sys.argv[2:]:
    try: os.getpgid(int(number))
    except OSError: pass
' "$tmp/go" "$@" &
	caller=$!
}

# traced CALLS OPTION…: runs the object while the caller makes its calls, until it has ended.
traced() {
	start reprobe run -v "$object" --set target="$caller" "$@"
	attached_to "${probes:-1}"
	touch "$tmp/go"
	wait "$caller"
	sleep 0.3 # what comes late is not to come
	kill -INT "$pid"
	stopped
	status 0
}

