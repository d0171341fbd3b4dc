#!/bin/sh
# run.sh PROGRAM: builds the tool and runs it twice beside the workload: as it
# is, and with -x. Its rows become lines of the outputs "all" and "failed".
set -u
name=$(basename "$1" .c)
libraries=$(pkg-config --variable=libdir reprobe-tool) &&
	flags=$(pkg-config --cflags --libs reprobe-tool) || exit 1
# shellcheck disable=SC2086 # they are several words
cc -Wall -o "$name" "$1" $flags -Wl,-rpath,"$libraries" || exit 1

# once OUTPUT FACTS OPTION…
once() {
	output=$1 facts=$2
	shift 2
	# shellcheck disable=SC2016 # another shell expands it
	COURSE_FACTS=$facts "./$name" --json "$@" -c 'exec "$COURSE_LESSON/$COURSE_WORKLOAD"' >"$output.rows"
}
once all "$COURSE_FACTS" & # at the same time: each sees what its own command does
once failed "$COURSE_FACTS.x" -x 2>failed.errors # its options are a part of what is to be written
wait $! || exit 1
cat failed.errors >&2
for output in all failed; do
	sed "s/^{\(.*\)}\$/{\"output\":\"$output\",\"data\":{\1}}/" $output.rows
done
sed 's/^/x_/' "$COURSE_FACTS.x" >>"$COURSE_FACTS"
[ -s "$COURSE_FACTS.x" ] || echo 'x_pid=0' >>"$COURSE_FACTS"
