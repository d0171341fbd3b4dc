#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Object files that were compiled on the machine's own kernel (run.sh made them) come to this one.
. "$(dirname "$0")/../lib.sh"
need_root

carried() {
	[ -f "${REPROBE_TEST_CARRIED-}/$1.rpo" ] || skip "the machine's own kernel could not compile $1.c"
	chmod go-w "$REPROBE_TEST_CARRIED/$1.rpo"
	run reprobe run --json --timings "$REPROBE_TEST_CARRIED/$1.rpo" -c 'exec spawn --calls 3 >called'
}

same_types() {
	carried same
	status 0
	equal "records" 3 "$(grep -c '"output":"events","data":{"answer":42' out)"
	contains "timings" "$err" '"cached":true' '"compile_ms":0.000'
}

other_types() {
	carried other
	refused "it was compiled for Linux" "the types it uses differ on Linux $(uname -r)" \
		"hint: compile it for this kernel: reprobe build"
	[ ! -e called ] || fail "expected the command not to run"
}

t "the same types" same_types
t "other types" other_types
finish
