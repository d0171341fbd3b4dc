#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The course in the lab, seen from this machine: five students' directories are marked, one of them hostile, so that
# each lesson's solution and typical wrong answers get their verdicts on 6.12; and on 6.1 the solutions. A check without
# root. tests/kernel/test_course.sh has the rest.
. "$(dirname "$0")/../lib.sh"
labs=$top/docs/labs
words() { sed -n "s/^$2[[:space:]]\{1,\}//p" "$1/lesson"; }
said() { awk -v line="$2" '$0 == line { found = 1; next } found && /^ / { sub(/^ +/, ""); print; exit } { found = 0 }' "$1/lesson"; }

# hand_in STUDENT LABS WHICH: a directory with what is given, and over it: nothing, the solutions, the first or the second wrong answers
hand_in() {
	local lesson name program wrong
	for lesson in "$2"/[0-9]*/; do
		lesson=${lesson%/}
		name=${lesson##*/}
		mkdir -p "$1/$name"
		program=$(words "$lesson" program | head -n 1)
		cp "$lesson/$program" "$1/$name"
		case $3 in
		solution) cp "$lesson/solution/$program" "$1/$name" ;;
		[12])
			wrong=$(words "$lesson" wrong | grep -v bpf.c | sed -n "$3p")
			[ -z "$wrong" ] || cp "$lesson/$wrong" "$1/$name/$program"
			;;
		esac
	done
}

# of STUDENT LESSON: what the results say of it
of() { grep "\"student\":\"$1\"" out | sed "s/.*\"$2\":{//; s/}.*//"; }

advised() {
	local lesson wrong name
	for lesson in "$labs"/[0-9]*/; do
		lesson=${lesson%/}
		name=${lesson##*/}
		wrong=$(words "$lesson" wrong | grep -v bpf.c | sed -n "$2p")
		[ -n "$wrong" ] || continue
		lacks "$wrong of $name" "$(of "$1" "$name")" '"verdict":"right"'
		contains "$wrong of $name" "$(of "$1" "$name")" "$(said "$lesson" "wrong $wrong")"
	done
}

# The lessons' own, but for: a workload that crashes the machine or fills it with processes if the program asks for that, as a
# lesson's might that runs what students wrote; and a short time for what takes long to compile.
dangerous_labs() {
	local lesson
	mkdir labs
	cp -r "$labs"/[0-9]*-* labs
	for lesson in 02-maps 03-exec; do
		mv "labs/$lesson/workload.pl" "labs/$lesson/own.pl"
		cat >"labs/$lesson/workload.pl" <<'END'
#!/bin/sh
grep -q 'please crash' *.c && echo c >/proc/sysrq-trigger
grep -q 'please fork' *.c && { bomb() { bomb | bomb & }; bomb; sleep 1000; }
exec "$COURSE_LESSON/own.pl"
END
		chmod +x "labs/$lesson/workload.pl"
		sed -i 's/^title/seconds 10\ntitle/' "labs/$lesson/lesson"
	done
	sed -i 's/^title/seconds 10\ntitle/' labs/04-ring/lesson
}

# Its first program is a link, the second forks without end, the third crashes the machine, the fourth is never compiled.
hostile() {
	local i
	hand_in class/mallory labs nothing
	ln -sf /etc/shadow class/mallory/01-hello/hello.c
	sed 's/^BPF/\/\/ please fork\nBPF/' labs/02-maps/solution/counts.c >class/mallory/02-maps/counts.c
	sed 's/^BPF_PERF/\/\/ please crash\nBPF_PERF/' labs/03-exec/solution/execs.c >class/mallory/03-exec/execs.c
	{
		echo '#define X0 int x;'
		for i in {1..24}; do echo "#define X$i X$((i - 1)) X$((i - 1)) X$((i - 1)) X$((i - 1))"; done
		echo X24
	} >class/mallory/04-ring/execs.c
}

class() {
	dangerous_labs
	hand_in class/ada "$labs" solution
	hand_in class/ben "$labs" 1
	hand_in class/cem "$labs" 2
	hand_in class/dora "$labs" nothing
	hostile
	limit=3000 run reprobe course grade --json --labs "$PWD/labs" class/*
	status 0
	equal "students" "ada ben cem dora mallory" "$(sed 's/{"student":"\([a-z]*\)".*/\1/' out | xargs)"
	equal "what ada has right" "$(ls -d "$labs"/[0-9]*/ | wc -l)" "$(grep '"ada"' out | grep -o '"verdict":"right"' | wc -l)"
	advised ben 1
	advised cem 2
	lacks "what dora has begun" "$(grep '"dora"' out | sed 's/"verdict":"not begun"//g')" '"verdict"'
	contains "mallory's link" "$(of mallory 01-hello)" unreadable
	contains "mallory's processes" "$(of mallory 02-maps)" ended
	contains "mallory's crash" "$(of mallory 03-exec)" ended
	contains "mallory's macros" "$(of mallory 04-ring)" ended
	lacks "the results" "$out" "root:"
}

# Without root, on another kernel, in a lab that stays up.
unprivileged() {
	local user=(setpriv --reuid 65534 --regid 65534 --clear-groups)
	[ "$(id -u)" = 0 ] || user=()
	chmod 777 .
	mkdir -m 777 home
	"${user[@]}" test -x "$bin/reprobe" || skip "an unprivileged user cannot reach the programs"
	hand_in home/course "$labs" solution
	chmod -R go+rX home
	chown -R 65534:65534 home 2>/dev/null
	export REPROBE_LAB_CACHE=$PWD/home/lab HOME=$PWD/home
	mkdir home/lab
	cp -r "${cache:-$real_home/.cache/reprobe/lab}"/linux-image-6.1.*[0-9]-amd64_* home/lab/ && chmod -R a+rX home/lab && chown -R 65534:65534 home/lab
	for lesson in "$labs"/[0-9]*/; do
		run "${user[@]}" reprobe course check --kernel 6.1 --dir home/course "$(basename "$lesson")"
		status 0
		contains "the verdict" "$out" ": right" "in the lab, Linux 6.1"
	done
	equal "machines that were booted" 1 "$("$top/scripts/lab" --list | grep -c '^kept  course-6.1-')"
	"${user[@]}" "$top/scripts/lab" --stop "$("$top/scripts/lab" --list | sed -n 's/^kept  \(course-[^[:space:]]*\).*/\1/p')"
}

cache=${REPROBE_LAB_CACHE-}
real_home=$HOME
t "a class is marked, a hostile student included" class
t "a student without root, on 6.1, in one machine" unprivileged
finish
