#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Debug information that comes from a server, and from one that is absent, has none, never answers, or never ends.
. "$(dirname "$0")/../lib.sh"
need_root

[ "$(uname -m)" = x86_64 ] || skip "calling conventions of other processors are not known"
for needed in gcc objcopy python3; do
	type $needed >/dev/null 2>&1 || skip "there is no $needed"
done
unset DEBUGINFOD_URLS
export no_proxy=127.0.0.1

# program NUMBER: one that calls load() with it, and whose debug information only the server has; its build-id in $id
program() {
	cat >prog.c <<-END
		struct conf { int n; };
		__attribute__((noinline)) int load(struct conf *c) { __asm__ volatile("" : : "r"(c) : "memory"); return c->n; }
		int main(void) { struct conf c = {$1}; return load(&c) != $1; }
	END
	gcc -O1 -g -Wl,--build-id -o prog prog.c
	id=$(readelf -n prog | sed -n 's/.*Build ID: //p')
	mkdir -p "server/buildid/$id"
	objcopy --only-keep-debug prog "server/buildid/$id/debuginfo"
	strip --strip-debug prog
}

# server MODE: tests/kernel/debuginfod.py; its URL in $url. What comes is kept in the case's own directory.
server() {
	export DEBUGINFOD_CACHE_PATH=$tmp/kept DEBUGINFOD_MAXTIME=$limit
	mkdir -p server
	: >server/requests
	"$top/tests/kernel/debuginfod.py" server "$1" &
	wait_for "the server runs" [ -e server/port ]
	url=http://127.0.0.1:$(cat server/port)
}
requests() { wc -l <server/requests; }
asked() { [ "$(requests)" -ge "$1" ]; }

# answers NUMBER [OPTION…]: the question for c->n does
answers() {
	local number=$1
	shift
	run reprobe --json "$@" -e 'trace ./prog:load c->n' -c ./prog
	status 0
	equal "c->n" "$number" "$(jsonlines 'data.c->n' <out)"
}

# refuses WHY OPTION…: there are no types, and it says why
refuses() {
	local why=$1
	shift
	run reprobe "$@" -e 'trace ./prog:load c->n' -c ./prog
	status 1
	contains "message" "$err" 'load has no argument `c`' "$why"
}

# It comes once, by the option or by the environment, and not unless somebody asks for it.
fetched() {
	server files
	program 41
	refuses 'or let --debuginfod fetch them'
	equal "requests before it is asked for" 0 "$(requests)"
	answers 41 --debuginfod="$url"
	contains "note" "$err" "note: the debug information of $tmp/prog comes from $url"
	answers 41 --debuginfod="$url"
	lacks "note of what is kept" "$err" 'comes from'
	equal "requests" "/buildid/$id/debuginfo" "$(cat server/requests)"
	rm -r kept
	DEBUGINFOD_URLS=$url answers 41
	equal "requests" 2 "$(requests)"
	rm -r kept
	DEBUGINFOD_URLS=http://127.0.0.1:1 answers 41 --debuginfod="$url"
	DEBUGINFOD_URLS=$url answers 41 --debuginfod
}

# Lines, symbols and what `run` attaches to by them.
everywhere() {
	server files
	program 41
	export DEBUGINFOD_URLS=$url
	run reprobe --json -e 'trace ./prog:prog.c:2 c->n' -c ./prog
	status 0
	equal "at a line" 41 "$(jsonlines 'data.c->n' <out)"
	run reprobe info ./prog:load
	contains "its signature" "$out" 'int load(struct conf *c)'
	printf 'BPF_ARRAY(n, u64, 1);\nint f(void *ctx) { n.atomic_increment(0); return 0; }\n' >f.c
	run reprobe run --json -a f=uprobe:./prog:prog.c:2 f.c -c ./prog
	status 0
	equal "run at a line" 1 "$(jsonlines value <out)"
	strip prog
	answers 41
}

# One that lacks it, is not there, or has another program's: each is said, and asked for once.
absent() {
	server files
	program 41
	rm -r server/buildid
	refuses 'none comes from debuginfod: no server has it' --debuginfod="$url" -e 'trace ./prog:load c->n'
	equal "requests" 1 "$(requests)"
	DEBUGINFOD_CACHE_PATH=$tmp/other refuses 'none comes from debuginfod: ' --debuginfod=http://127.0.0.1:1
	program 7
	cp "server/buildid/$id/debuginfo" wrong
	program 41
	cp wrong "server/buildid/$id/debuginfo"
	rm -rf kept
	refuses 'it has no debug information' --debuginfod="$url"
}

# It takes no longer than it may, and that counts for nothing the next time.
slow_ones() {
	local mode
	for mode in silent endless; do
		rm -f server/port
		server $mode
		program 41
		DEBUGINFOD_MAXTIME=1 refuses 'none comes from debuginfod: it took too long' --debuginfod="$url"
		equal "what it keeps of it" "" "$(find kept -name 'debuginfo*')"
	done
	rm server/port
	server files
	answers 41 --debuginfod="$url"
}

# The session's signals end it: a script with them, and at a terminal only what Ctrl-C was typed for.
interrupted() {
	local mode signal
	for mode in silent endless; do
		rm -f server/port
		server $mode
		program 41
		for signal in INT TERM; do
			: >server/requests
			start reprobe --debuginfod="$url" -e 'trace ./prog:load c->n' -c ./prog
			wait_in "it asks" asked 1
			kill -s $signal "$pid"
			stopped
			status $((128 + $(kill -l $signal)))
			equal "what it keeps of it" "" "$(find kept -name 'debuginfo*')"
		done
		: >server/requests
		cat >script <<-END
			wait ^reprobe>
			send trace ./prog:load c->n
			idle 500
			run [ ! -s server/requests ]
			send \r
			until [ -s server/requests ]
			wait fetching the debug information of prog
			key ctrl-c
			wait interrupt ?(ended it|$)
			last ^reprobe>
			send ! echo 42\r
			wait ^42$
			last ^reprobe>
			key ctrl-d
			status 0
		END
		terminal --debuginfod="$url" <script
	done
}

# A home that sudo has left there is another user's: nothing is read from it, and nothing put there.
not_others() {
	server files
	program 41
	unset DEBUGINFOD_CACHE_PATH XDG_CACHE_HOME
	mkdir home
	chown 65534 home
	chmod 711 "$base" "$tmp"
	HOME=$tmp/home answers 41 --debuginfod="$url"
	equal "what is in that home" "" "$(ls -A home)"
	rm -r ~root/.cache/debuginfod_client/"$id"
}

t "it comes from a server" fetched
t "wherever it is needed" everywhere
t "a server that does not have it" absent
t "a server that takes too long" slow_ones
t "Ctrl-C and SIGTERM" interrupted
t "another user's home" not_others
finish
