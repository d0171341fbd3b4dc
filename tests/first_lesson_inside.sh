#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The part of tests/first_lesson that runs in the clean root: /srv/reprobe has the project, /srv/kernels the lab's.
set -euo pipefail
export DEBIAN_FRONTEND=noninteractive
quiet=(-o Dpkg::Use-Pty=0 -qq --no-install-recommends)
cd /srv/reprobe
total=0 total_cpu=0

# step WHAT COMMAND…: runs it, and prints how long that took
step() {
	local what=$1 before wall cpu
	shift
	before=${EPOCHREALTIME/./}
	TIMEFORMAT='%U %S'
	{ time "$@" >/tmp/said 2>&1 || { cat /tmp/said >&2; echo "first_lesson: $what: failed" >&2; exit 1; }; } 2>/tmp/cpu
	wall=$(((${EPOCHREALTIME/./} - before) / 1000000))
	cpu=$(awk 'END { print int($1 + $2 + 0.5) }' /tmp/cpu)
	printf '%-44s %7d %7d\n' "$what" "$wall" "$cpu"
	total=$((total + wall)) total_cpu=$((total_cpu + cpu))
}
student() { setpriv --reuid student --regid student --init-groups env HOME=/home/student USER=student REPROBE_LAB_CACHE=/home/student/kernels "$@"; }

# Downloads, which do not count.
apt-get update "${quiet[@]}" >/dev/null
mapfile -t packages < <(bash -c 'eval "$(sed -n "/^packages()/,/^}/p" scripts/deps)"; { packages build; packages lab; } | tr " " "\n"' | sed '/^$/d')
apt-get install --download-only "${quiet[@]}" git "${packages[@]}" >/dev/null 2>&1
useradd --create-home student
cp -r /srv/kernels /home/student/kernels && chown -R student: /home/student/kernels

printf '%-44s %7s %7s\n' SECONDS WALL CPU
step "packages, by root: installed" apt-get install "${quiet[@]}" git "${packages[@]}"
git init -q && git add -A && git -c user.name=tests -c user.email=tests@localhost commit -q -m tree
git config --system safe.directory '*'
step "the student: a clone" student git clone -q /srv/reprobe /home/student/reprobe
cd /home/student/reprobe
step "scripts/start course list: built" student scripts/start course list
mkdir -p /home/student/reprobe-course/01-hello
cp docs/labs/01-hello/solution/hello.c /home/student/reprobe-course/01-hello/
chown -R student: /home/student/reprobe-course
step "reprobe course check: lesson 1, in the lab" student scripts/start course check --lab 1
grep -q 'lesson 1, hello.c: right (in the lab' /tmp/said || { cat /tmp/said >&2; exit 1; }
printf '%-44s %7d %7d\n' "from a clone to a checked lesson 1" "$total" "$total_cpu"
# The machine that stays up ends.
student scripts/lab --stop "$(student scripts/lab --list | sed -n 's/^kept  \([^[:space:]]*\).*/\1/p')" >/dev/null 2>&1 || true
