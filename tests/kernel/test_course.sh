#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The course: every lesson's files; that the program as it is given, each typical wrong answer and the solution get the
# verdict that the lesson says; a student's way through the first lessons, at a terminal; files that somebody else put there.
. "$(dirname "$0")/../lib.sh"
labs=$top/docs/labs
export REPROBE_LABS=$labs REPROBE_HISTORY=off

# words LESSON WORD: the values of its lines "WORD VALUE"
words() { sed -n "s/^$2[[:space:]]\{1,\}//p" "$1/lesson"; }
# said LESSON LINE: the text below that line
said() { awk -v line="$2" '$0 == line { found = 1; next } found && /^ / { sub(/^ +/, ""); print; exit } { found = 0 }' "$1/lesson"; }

# ---------------------------------------------------------------- what a lesson consists of

files_of() {
	local lesson=$1 program wrong count=0
	run reprobe course list --dir student
	status 0
	[ -s "$lesson/README.md" ] || fail "it has no README.md"
	[ -x "$lesson/$(words "$lesson" workload)" ] || fail "its workload cannot be run"
	[ -x "$lesson/$(words "$lesson" runner)" ] || fail "its runner cannot be run"
	for program in $(words "$lesson" program); do
		[ -s "$lesson/$program" ] || fail "$program is missing"
		[ -s "$lesson/solution/$program" ] || fail "solution/$program is missing"
	done
	for wrong in $(words "$lesson" wrong); do
		[ -s "$lesson/$wrong" ] || fail "$wrong is missing"
		count=$((count + 1))
	done
	[ "$count" -ge 2 ] || fail "it has $count typical wrong answers, and needs two"
	[ -n "$(said "$lesson" unsolved)" ] || fail "it does not say what the unsolved program is told"
	for wrong in "$lesson"/wrong/*; do
		words "$lesson" wrong | grep -qxF "wrong/${wrong##*/}" || fail "the lesson does not know ${wrong##*/}"
	done
	[ "$(words "$lesson" minutes)" -ge 10 ] && [ "$(words "$lesson" minutes)" -le 25 ] || fail "it does not take 10 to 25 minutes"
	grep -q "($(basename "$lesson")/README.md)" "$labs/README.md" || fail "docs/labs/README.md does not list it"
}

# ---------------------------------------------------------------- its verdicts

checked() { run reprobe course check --here --json --dir student "$(basename "$1")"; }

# advised TEXT: by the last check, which did not find it right
advised() {
	status 1
	lacks "the verdict on $what" "$out" '"verdict":"right"'
	contains "the advice on $what" "$(sed 's/.*"advice":"//; s/","said":.*//' <<<"$out")" "$1"
}

# Which of the programs a file in wrong/ is put in the place of: the first with the same ending.
place_of() {
	local program
	for program in $(words "$1" program); do
		[ "${program#*.}" != "${2#*.}" ] || { echo "$program"; return; }
	done
}

# What a program with sanitizers does not do: build others with its library.
unsanitized() {
	local runner
	runner=$(words "$1" runner)
	[ -z "$runner" ] || ! grep -q pkg-config "$1/$runner" || ! nm "$bin/reprobe" | grep -q __asan_init
}

verdicts_of() {
	local lesson=$1 name file what
	name=$(basename "$lesson")
	if grep -qx needs-kprobes "$lesson/lesson" && [ -z "$kprobes" ]; then skip "this kernel has no kprobes"; fi
	unsanitized "$lesson" || skip "host programs are not built with sanitizers"
	what="the program as it is given"
	checked "$lesson"
	advised "$(said "$lesson" unsolved)"
	for file in $(words "$lesson" wrong); do
		what=$file
		cp "$lesson/$(place_of "$lesson" "$file")" "student/$name/" # the other dialect's is as it was
		cp "$lesson/$file" "student/$name/$(place_of "$lesson" "$file")"
		checked "$lesson"
		advised "$(said "$lesson" "wrong $file")"
		cp "$lesson/$(place_of "$lesson" "$file")" "student/$name/"
	done
	for file in $(words "$lesson" program); do
		what="the solution in $file"
		cp "$lesson/solution/$file" "student/$name/$file"
		checked "$lesson"
		status 0
		contains "the verdict on $what" "$out" '"verdict":"right"' '"ok":true'
		lacks "the verdict on $what" "$out" '"ok":false'
		cp "$lesson/$file" "student/$name/$file"
	done
	run reprobe course list --dir student
	matches "the list" "$out" "^ *$((10#${name%%-*})) +done "
}

# Lesson 10: each of its functions alone, the others being right, is refused by this kernel's verifier, and has its own advice.
each_refused() {
	local lesson=$labs/10-verifier name=10-verifier given=$labs/10-verifier/refused.c i what advice='' before
	part() { awk -v n="$2" '/^\/\* [0-9]+:/ { at = $2 + 0 } at == n' "$1"; }
	mkdir -p "student/$name"
	for i in {1..10}; do
		what="function $i"
		# The parts before it, it as it is given, the parts behind it.
		{
			for ((before = 0; before <= 10; before++)); do
				if [ $before = "$i" ]; then part "$given" "$i"; else part "$lesson/solution/refused.c" $before; fi
			done
		} >"student/$name/refused.c"
		checked "$lesson"
		advised "Function $i "
		contains "the verdict on $what" "$out" '"verdict":"refused"' "the kernel's verifier rejected it"
		advice+=$(grep -o 'rejected it: [^\\]*' <<<"$out" | head -n 1)$'\n'
	done
	equal "reasons of the verifier" 10 "$(sort -u <<<"${advice%$'\n'}" | wc -l)"
}

# ---------------------------------------------------------------- a lesson of one's own

# make_own: a lesson of one's own, own/07-own. The program counts four calls of six.
make_own() {
	mkdir -p own/07-own/solution
	cat >own/07-own/lesson <<'END'
title     A lesson of one's own
minutes   10
program   own.c
workload  work
measure   calls  total counts key=$pid
want calls = made
    All $made calls: you have $calls.
want calls <= made
    No call twice: this text is longer than a terminal is wide, so that it has to be broken into two lines of it.
advice calls < made and calls > 0
    Some of $made.
hint
    one
hint
    two
hint
    three
right
    Well done.
END
	echo "Text" >own/07-own/README.md
	printf '%s\n' '#!/usr/bin/perl' 'my $made = 0;' 'for (1 .. 6) { $made++ if mkdir "d$_" } rmdir "d$_" for 1 .. 6;' \
		'open my $f, ">", $ENV{COURSE_FACTS}; print $f "pid=$$\nmade=$made\n";' >own/07-own/work
	chmod +x own/07-own/work
	source_file own/07-own/own.c <<'END'
BPF_HASH(counts, u32, u64);
TRACEPOINT_PROBE(syscalls, sys_enter_mkdir)
{
    u32 pid = bpf_get_current_pid_tgid() >> 32;
    u64 *count = counts.lookup(&pid), one = 1;
    if (!count || *count < 4)
        counts.increment(pid);
    return 0;
}
END
}

# A folder is all that it takes.
own_lesson() {
	make_own
	run reprobe course check --labs own --here --dir student own
	status 1
	contains "the verdict" "$out" "not yet" "All 6 calls: you have 4." "Some of 6."
	equal "lines of more than 80 columns" "" "$(awk 'length > 80' out)"
	run reprobe course hint --labs own --dir student
	contains "the first hint" "$out" "hint 1 of 3:" one
	lacks "the first hint" "$out" two
	run reprobe course solution --labs own --dir student 7
	contains "before a try" "$out" "Try it yourself first"
	sed -i 's/!count || \*count < 4/true/' student/07-own/own.c
	run reprobe course check --labs own --here --dir student
	status 0
	contains "the verdict" "$out" "lesson 7, own.c: right" "All 6 calls: you have 6." "Well done."
	run reprobe course reset --labs own --dir student 7
	cmp own/07-own/own.c student/07-own/own.c || fail "it is not as it was"
	grep -q 'if (true)' student/07-own/own.c.old || fail "what the student wrote is gone"
}

# wrong_line LINE WHY: a lesson with that line more is refused, and the line is told
wrong_line() {
	cp own/07-own/lesson saved
	printf '%s\n' "$1" >>own/07-own/lesson
	run reprobe course list --labs own --dir student
	refused "own/07-own/lesson" "$2"
	cp saved own/07-own/lesson
}
wrong_lessons() {
	make_own
	wrong_line "titel  A word" "no such word"
	wrong_line "want calls about made" "NAME OPERATOR NAME"
	wrong_line "measure x count y" "no such kind"
	wrong_line "measure x rows y field" "FIELD=VALUE"
	wrong_line "advice said (" "not a regular expression"
	wrong_line "program ../../etc/passwd" "a file's name"
	wrong_line "title twice" "there twice"
	wrong_line "want calls = made" "needs a text"
	printf '%s\n' hint "    four" >>own/07-own/lesson
	run reprobe course list --labs own --dir student
	refused "three hints"
}
# A workload that does not say what it did is the lesson's fault, and is not held against the student.
silent_workload() {
	make_own
	sed -i 's/made=\$made/others=1/' own/07-own/work
	run reprobe course check --labs own --here --dir student own
	refused "cannot check lesson 7" "said no \`made\`"
}

# A name that is a fact's and a measure's would say one and mean the other.
two_of_one_name() {
	make_own
	sed -i 's/made=\$made/made=$made\\ncalls=6/' own/07-own/work
	run reprobe course check --labs own --here --dir student own
	refused "lesson 7: \`calls\`" "two numbers of one name"
}

# What runs the program may be the lesson's own, too: this one runs a script of the prompt, and takes numbers of its lines.
own_runner() {
	make_own
	cat >>own/07-own/lesson <<'END'
program   own.q
runner    run
measure   asked  lines "pid":$pid,.*"value":$made
measure   code   text count.*//
want asked = 1 and code = 1
    The question is asked once.
END
	sed -i '/^measure   calls/d; /^want calls/,+1d; /^advice/,+1d' own/07-own/lesson
	printf '%s\n' '#!/bin/sh' 'echo "$COURSE_FACTS $*" >>"$0.log"' \
		'exec "$COURSE_REPROBE" --json -f "$1" -c '"'"'exec "$COURSE_LESSON/$COURSE_WORKLOAD"'"'" >own/07-own/run
	chmod +x own/07-own/run
	echo '# nothing' >own/07-own/own.q
	run reprobe course check --labs own --here --dir student own
	status 1
	printf '%s\n' 'count sys_enter_mkdir by pid, "//" // a comment' >student/07-own/own.q
	run reprobe course check --labs own --here --dir student own
	status 0
	contains "the verdict" "$out" "lesson 7, own.q: right"
	matches "the runner" "$(cat own/07-own/run.log)" '/facts own.q$'
	# With all that it has started it is ended when it takes too long.
	sed -i 's/^minutes/seconds 1\nminutes/' own/07-own/lesson
	printf '%s\n' '#!/bin/sh' 'sleep 1000 &' 'echo $! >"$COURSE_LESSON/left"' wait >own/07-own/run
	run reprobe course check --labs own --here --dir student own
	status 1
	contains "one that does not end" "$out" ended "took too long"
	wait_for "what it started is gone" gone "$(cat own/07-own/left)"
	# So is what a runner leaves behind that ends in time.
	printf '%s\n' '#!/bin/sh' 'sleep 1000 >/dev/null 2>&1 &' 'echo $! >"$COURSE_LESSON/left"' >own/07-own/run
	run reprobe course check --labs own --here --dir student own
	wait_for "what it left is gone" gone "$(cat own/07-own/left)"
}

# A program that sends signals, or prints without end, is ended or refused.
bounded() {
	make_own
	run reprobe course reset --labs own --dir student 7
	status 0
	cat >student/07-own/own.c <<'END'
TRACEPOINT_PROBE(syscalls, sys_enter_mkdir) { bpf_send_signal(9); return 0; }
END
	run reprobe course check --labs own --here --dir student own
	status 1
	contains "a program that changes the system" "$out" refused
	sed -i 's/^minutes/seconds 1\nminutes/' own/07-own/lesson
	echo 'sleep 1000' >>own/07-own/work
	sed -i '1s/.*/#!\/bin\/sh/; 2,4d' own/07-own/work
	cp own/07-own/own.c student/07-own/own.c
	run reprobe course check --labs own --here --dir student own
	status 1
	contains "one that does not end" "$out" ended "took too long"
}

# ---------------------------------------------------------------- the student's directory

# Links that somebody put there are not followed, neither to read nor to write.
links() {
	local what
	run reprobe course check --dir student 1
	echo secret >secret
	ln -sf "$PWD/secret" student/01-hello/hello.c
	run reprobe course check --dir student 1
	refused "cannot read hello.c" "symbolic link"
	ln -sf "$PWD/secret" student/.progress
	run reprobe course list --dir student
	refused "symbolic link"
	rm student/.progress
	ln -sf "$PWD/secret" student/01-hello/README.md
	rm student/01-hello/hello.c
	run reprobe course check --dir student 1
	equal "what the link leads to" secret "$(cat secret)"
	mkdir elsewhere
	rm -r student/01-hello
	ln -s "$PWD/elsewhere" student/01-hello
	run reprobe course check --dir student 1
	refused "cannot open"
	equal "files behind the link" "" "$(ls elsewhere)"
}

# A directory that others can write to is not used.
open_directory() {
	mkdir -m 777 student
	run reprobe course list --dir student
	refused "cannot use student" "others can write to it"
}

# ---------------------------------------------------------------- at a terminal

# Editors save in two ways: they write the file, or write another one and rename it. What is saved while a check runs is
# checked after it.
path() {
	terminal course --dir student --here <<END
wait Lesson 1: Hello
wait edit +student/01-hello/hello.c
send hint\r
wait hint 1 of 3
send list\r
wait 4  -
run cp $labs/01-hello/wrong/both.c student/01-hello/hello.c
wait listens at more than one place|listens at$
wait lesson 1, hello.c: not yet
clear
run cp $labs/01-hello/solution/hello.c student/01-hello/.hello.swp; mv student/01-hello/.hello.swp student/01-hello/hello.c
wait lesson 1, hello.c: right
wait Lesson 2: Maps
run cp $labs/02-maps/solution/counts.bpf.c student/02-maps/
wait lesson 2, counts.bpf.c: right
wait Lesson 3:
clear
run echo 'int x' >student/03-exec/execs.c
wait lesson 3, execs.c: refused
wait error: 
clear
run cp $labs/03-exec/solution/execs.c student/03-exec/
wait lesson 3, execs.c: right
wait Lesson 4:
clear
run echo 'int x' >student/04-ring/execs.c
wait checking
run cp $labs/04-ring/solution/execs.c student/04-ring/
wait lesson 4, execs.c: right
key ctrl-c
status 130
END
	run reprobe course list --dir student
	equal "lessons that are done" 4 "$(grep -c ' done ' <<<"$out")"
}

# Ctrl-C ends it in the middle of a check, and nothing stays.
interrupted() {
	mkdir -p own
	make_own
	sed -i '1s/.*/#!\/bin\/sh/; 2,4d' own/07-own/work
	printf 'echo $$ >%s/workload\nexec sleep 1000\n' "$PWD" >>own/07-own/work
	start env REPROBE_LABS="$PWD/own" reprobe course check --here --dir student own
	wait_in "the workload runs" test -s workload
	kill -INT "$pid"
	stopped
	[ "$rc" = 130 ] || fail "status $rc"
	wait_for "the workload is gone" gone "$(cat workload)"
	equal "directories of the check" "" "$(compgen -G "/dev/shm/reprobe-course.$pid.*" || true)"
}

for lesson in "$labs"/[0-9][0-9]-*/; do
	t "files of $(basename "$lesson")" files_of "${lesson%/}"
done
t "links in the student's directory are not followed" links
t "a directory that others can write to is not used" open_directory
if [ "$(id -u)" = 0 ]; then
	for lesson in "$labs"/[0-9][0-9]-*/; do
		t "verdicts of $(basename "$lesson")" verdicts_of "${lesson%/}"
	done
	t "lesson 10: ten reasons to refuse a program" each_refused
	t "a lesson of one's own needs a folder and nothing else" own_lesson
	t "a lesson's own runner, and lines of what it shows" own_runner
	t "a lesson that is wrong is refused with its line" wrong_lessons
	t "a workload that says nothing is not held against the student" silent_workload
	t "a name is a fact's or a measure's" two_of_one_name
	t "a program that changes the system, and one that does not end" bounded
	t "a student's way through four lessons, at a terminal" path
	t "Ctrl-C in the middle of a check" interrupted
fi
finish
