#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What the kernel said while the other files ran: no warning, no bug.
. "$(dirname "$0")/../lib.sh"
need_root

clean() {
	local bad
	bad=$(dmesg | grep -B 3 -A 12 -E 'WARNING:|BUG:|Oops|general protection|Call Trace|suspicious RCU|hung_task|blocked for more than|refcount_t:')
	[ -z "$bad" ] || fail "expected no warning in the kernel log, got" "$bad"
}

t "the kernel log" clean
finish
