#!/bin/sh
# run.sh PROGRAM: loads it at the prompt, puts twelve requests into its user ring
# buffer, and then starts the workload, at which the program takes them out.
set -u
sent=0 squares=0
echo "load $1" >questions
for value in $(od -An -N24 -tu2 /dev/urandom); do
	sent=$((sent + 1))
	squares=$((squares + value * value))
	echo "send last requests {$sent, $value}" >>questions
done
printf 'sent=%s\nsquares=%s\n' "$sent" "$squares" >"$COURSE_FACTS"
# shellcheck disable=SC2016 # another shell expands it
"$COURSE_REPROBE" --json -f questions -c 'exec "$COURSE_LESSON/$COURSE_WORKLOAD"' 2>said
status=$?
grep -v '^\[1\]' said >&2
exit $status
