#!/bin/sh
# run.sh QUESTIONS: asks them while the workload runs.
# shellcheck disable=SC2016 # another shell expands it
exec "$COURSE_REPROBE" --json -f "$1" -c 'exec "$COURSE_LESSON/$COURSE_WORKLOAD"'
