#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The examples in docs/questions.md: each indented block that begins with `# reprobe …` is run, and prints
# every line that the page shows. Numbers may differ, spaces too; `…` stands for any lines. Examples of
# kprobes run where the kernel has them (the lab).
. "$(dirname "$0")/../lib.sh"
need_root
export REPROBE_HISTORY=off

# Numbers become 0, and runs of spaces one; libc's functions have arguments where its debug information is installed.
plain() { sed -E 's/(uprobe:c:[a-z]+)\([^)]*\)/\1()/g; s/[0-9]+/0/g; s/[ \t]+/ /g; s/ $//; s/^ //; /^…?$/d'; }

# example COMMAND, with the lines that it prints in the file shown.
example() {
	echo hello >readme
	run bash -c "$1"
	cat out err | plain >printed
	while IFS= read -r line; do
		grep -qxF -- "$line" printed || fail "the page shows a line that is not printed: $line" "$out$err"
	done < <(plain <<<"$2")
	# A shell that the example runs may end with any status; reprobe itself must not fail.
	[ "$rc" = 0 ] || fail "status $rc" "$err"
}

# cases FILE: runs the examples of the page.
cases() {
	local line command='' shown='' count=0
	while IFS= read -r line; do
		case $line in
		'    # reprobe '*)
			[ -z "$command" ] || one "$command" "$shown"
			command=${line#    \# } shown=''
			count=$((count + 1))
			;;
		'    '*) shown+=${line#    }$'\n' ;;
		'') shown+=$'\n' ;;
		*)
			[ -z "$command" ] || one "$command" "$shown"
			command=''
			;;
		esac
	done <"$1"
	[ -z "$command" ] || one "$command" "$shown"
	[ "$count" -gt 5 ] || t "${1##*/} has examples" false
}

one() {
	if [ -z "$kprobes" ] && [[ $1 =~ vfs_|do_unlinkat|kprobe: ]]; then
		t "$1" skip "this kernel has no kprobes"
	else
		t "$1" example "$1" "$2"
	fi
}

# The comparison itself can fail.
can_fail() {
	( failures=0; fail() { echo "$1"; }; example 'reprobe version' $'reprobe 0.0.0\nanother line' ) >said
	equal "what it misses" "the page shows a line that is not printed: another line" "$(cat said)"
}

t "an example with a line too many fails" can_fail
cases "$top/docs/questions.md"
finish
