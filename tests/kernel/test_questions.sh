#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Questions: the C that each verb writes runs as it is by `reprobe run`, and says what the test did.
# Places here are tracepoints, functions in files and samples; those in the kernel are in
# tests/lab/test_questions.sh.
. "$(dirname "$0")/../lib.sh"
need_root

. "$here/questions.sh"
own probed
probed=$REPLY
# Other suites run it at the same time: this one's has a name of its own.
mkdir "$base/own"
cp "$helpers/spawn" "$base/own/asker"
PATH=$base/own:$PATH

# ---------------------------------------------------------------- trace

# openat() is the first of the calls that asker opens each file by.
syscalls_with_results() {
	touch readme
	answer "asker --open readme missing '' >expected" \
		trace 'openat dfd filename flags ret if comm == "asker"'
	equal "rows" \
		"$(awk '$2 != "" && NR % 3 == 1 { print $1, $2, -100, $5, 0, $4 ? -$4 : $3 }' expected | sed 's/  / - /')" \
		"$(fields data.pid data.comm data.dfd data.filename data.flags data.ret | sed 's/  / - /')"
	contains "columns" "$(query -i trace 'openat filename ret if comm == "asker"')" 'headers: filename ret'
}

# Neither what begins so nor what goes on.
text_is_compared_to_its_end() {
	touch read readme readmes
	answer "asker --open read readme readmes readme >expected" \
		trace 'openat filename if filename == "readme"'
	equal "equal" "readme readme" "$(fields data.filename | paste -sd' ')"
	answer "asker --open read readme readmes >expected" \
		trace 'openat filename if comm == "asker" && "readme" != filename'
	equal "unequal" "read readmes" "$(fields data.filename | paste -sd' ')"
	answer "asker --open read readme readmes >expected" \
		trace 'openat filename if (filename == "read" || filename == "readmes") && comm == "asker"'
	equal "one or the other" "read readmes" "$(fields data.filename | paste -sd' ')"
}

# An address that may lead to text is a number, too, in each of its forms.
addresses_of_text() {
	touch readme
	answer "asker --open readme >expected; touch readme readme" \
		trace 'sys_enter_utimensat filename flags if comm == "touch" && filename == NULL'
	equal "touch has a descriptor" "2" "$(fields data.flags | wc -l)"
	local form
	for form in 'filename != NULL' 'filename' '!!filename' 'filename > 100' '(u64)filename != 0'; do
		answer "asker --open readme >expected" trace "openat filename if $form && comm == \"asker\" until 99"
		contains "$form" "$(fields data.filename)" readme
	done
	for form in 'filename == NULL' '!filename' 'filename < 100' '(u64)filename == 0'; do
		answer "asker --open readme >expected" trace "openat filename if $form && comm == \"asker\""
		equal "$form" "" "$(fields data.filename)"
	done
	answer "asker --open readme >expected" count 'sys_enter_write if buf && comm == "asker"'
	matches "bytes" "$(cat out)" '"value":[1-9]'
}

# matched CONDITION: the files that asker opens for which it is true.
matched() {
	answer "asker --open read readme READ.md /etc/hostname x/y/read '' $long >/dev/null" count \
		"openat by filename if ($1) && comm == \"asker\" && !starts(filename, \"/lib\") && !starts(filename, \"/etc/ld\")"
	grep '"counts","key"' out | jsonlines key.filename value | tr '\t' ' ' | sort | paste -sd,
}

# Patterns have their places: the beginning, the end, and several in between; what is longer than what is looked at is told.
text_is_matched() {
	local long
	long=$(printf 'dir/%.0s' $(seq 40))end
	touch read
	equal "a beginning" "read 1,readme 1" "$(matched 'filename ~ "read*"')"
	equal "an end" "read 1,x/y/read 1" "$(matched 'filename ~ "*read"')"
	equal "an end, by a function" "read 1,x/y/read 1" "$(matched 'ends(filename, "read")')"
	equal "both, and one of any" "READ.md 1" "$(matched 'filename ~ "R*.?d"')"
	equal "all of it" "read 1" "$(matched 'filename ~ "r??d"')"
	equal "a part" "read 1,readme 1,x/y/read 1" "$(matched '"ead" in filename')"
	equal "several stars" "/etc/hostname 1" "$(matched 'filename ~ "*/*t*a*e"')"
	equal "case aside" "READ.md 1,read 1,readme 1" "$(matched 'nocase(filename) ~ "rEa*"')"
	equal "case aside, the whole" "read 1" "$(matched 'nocase(filename) == "READ"')"
	equal "a star itself" "" "$(matched 'filename ~ "rea\\*"')"
	equal "the opposite" "/etc/hostname 1,READ.md 1" "$(matched 'filename !~ "*read*"')"
	asked "asker --open $long >/dev/null" 'count openat by comm if filename ~ "*end" && comm == "asker"'
	contains "too long to be known" "$err" '1 event was left out' 'or longer than what is looked at'
	asked "asker --open $long >/dev/null" 'count openat by comm if starts(filename, "dir/") && filename ~ "*dir*"'
	contains "its beginning is enough" "$out" '"value":1'
	printf 'ab\0cdef' >text
	asked 'dd if=text of=/dev/null bs=7 count=1 status=none' 'count write by comm if "\0cd" in buf && comm == "dd"'
	contains "bytes" "$out" '"key":{"comm":"dd"},"value":1'
	asked 'dd if=text of=/dev/null bs=3 count=1 status=none' 'count write by comm if "cd" in buf && comm == "dd"'
	lacks "bytes that are not written" "$out" '"comm":"dd"'
	asked "$probed --calls 12 >/dev/null" "count uprobe:$probed:twice by str(arg1) ~ \"*1*\" as WITH_1, ret > 20"
	equal "a key, read at the entry" "0 0 8,1 0 2,1 1 2" \
		"$(grep '"counts","key"' out <<<"$out" | jsonlines key.WITH_1 "key.ret > 20" value | tr '\t' ' ' | sort | paste -sd,)"
	run query trace 'openat filename ~ flags'
	refused 'this is not a pattern in quotes'
	run query trace 'openat if filename == "read*"'
	refused 'filename ~ "read*" compares with a pattern'
}

# A tracepoint's text of any length; all its fields.
all_fields() {
	answer 'asker 3 >expected' trace 'sched_process_exec'
	equal "rows" "$(awk '{ print $1, $3, $4, $1, $1 }' expected)" \
		"$(fields data.pid data.comm data.filename data.pid_2 data.old_pid | grep " asker " | tail -n 3)"
}

kernel_structs() {
	reprobe list 'tp_btf:sched_process_exec' >list 2>&1 || skip "this kernel has no tp_btf"
	answer 'asker 3 >expected' trace 'tp_btf:sched_process_exec p->comm p->real_parent->tgid bprm->filename if p->comm == "asker"'
	equal "tp_btf" "$(awk '{ print $1, $3, $2, $4 }' expected)" \
		"$(fields data.pid data.p_comm data.p_real_parent_tgid data.bprm_filename | tail -n 3)"
	answer 'asker 3 >expected' trace 'rawtracepoint:sched_process_exec'
	equal "all arguments of a raw tracepoint" "$(awk '{ print $1, $3, $1, $4 }' expected)" \
		"$(fields data.pid data.p_comm data.p_pid data.bprm_filename | grep " asker " | tail -n 3)"
}

# What a syscall's arguments lead to is the process's.
memory_of_the_process() {
	answer 'sleep 0.03125' trace 'clock_nanosleep rqtp->tv_sec rqtp->tv_nsec ret if comm == "sleep"'
	# coreutils 9.5 and newer sleep a nanosecond longer.
	matches "a struct" "$(fields data.rqtp_tv_sec data.rqtp_tv_nsec data.ret)" '^0 3125000[01] 0$'
	answer 'asker 3 >expected' trace 'execve filename ret if comm == "asker"'
	equal "gone by the return" "$(awk '{ print $1, $4, 0 }' expected)" \
		"$(fields data.pid data.filename data.ret | tail -n 3)"
	answer 'asker 3 >expected' count 'execve by filename if ret == 0'
	equal "a key, with the shell's own" "$(awk '{ print $4 }' expected | sort -u) 4" "$(grep -F "$(awk '{ print $4; exit }' expected)" out | jsonlines key.filename value | tr '\t' ' ')"
	answer 'sh -c "exec /bin/sleep 0 1 2"' trace 'execve argv[0] argv[2] *argv[1] if argv[3] && argv[3] == "2"'
	equal "pointers to text" "/bin/sleep 1 0" "$(fields data.argv_0 data.argv_2 data.argv_1)"
}

# asked COMMAND LINE: the prompt's answer as JSON.
asked() { run reprobe --json -c "$1" -e "$2" && status 0; }

# A buffer with a length beside it is that many bytes, whatever they are.
buffers() {
	printf 'ab\0c\nrest' >text
	local write='dd if=text of=/dev/null bs=5 count=1 status=none'
	asked "$write" 'trace write buf ret if comm == "dd"'
	equal "bytes" '"buf":"ab\u0000c\u000a","ret":5' "$(grep -o '"buf":.*"ret":5' <<<"$out")"
	asked "$write" 'count write by comm if buf == "ab\0c\n"'
	equal "equal" '"key":{"comm":"dd"},"value":1' "$(grep -o '"key".*"value":1' <<<"$out")"
	asked "$write" 'count write by comm if buf == "ab"'
	lacks "their beginning" "$out" '"comm":"dd"'
	asked "$write" 'trace write buf(buf, 2) str(buf) if comm == "dd" && starts(buf, "ab")'
	equal "as asked" '"buf(buf, 2)":"ab","str(buf)":"ab"' "$(grep -o '"buf(.*"ab"' <<<"$out")"
}

# Where a call writes a result, the result is read; where it has failed there is none.
results() {
	local python
	python=$(command -v python3) || skip "no python3"
	cat >calls.py <<-'END'
		import os
		read, write = os.pipe()
		os.write(write, bytes(77))
		os.dup2(read, 90), os.dup2(write, 91)
		for name in "of_700", "missing":
		    try: os.stat(name)
		    except OSError: pass
		os.getcwd()
		os.wait4(os.spawnlp(os.P_NOWAIT, "sh", "sh", "-c", "exit 9"), 0)
	END
	head -c 700 /dev/zero >of_700
	local stat='if filename == "of_700" || filename == "missing"'
	for question in 'newfstatat filename as NAME statbuf->st_size as SIZE ret' 'newfstatat filename as NAME return(statbuf->st_size) as SIZE ret' \
		'sys_exit_newfstatat filename as NAME statbuf->st_size as SIZE ret'; do
		asked "$python calls.py" "trace $question $stat"
		equal "$question" "of_700 700 0|missing - -2" "$(rows data.NAME data.SIZE data.ret | paste -sd'|')"
		contains "why not" "$err" "1 of 2 reads of \`return(statbuf->st_size)\` failed: the call has failed, or it is not in memory"
	done
	asked "$python calls.py" 'trace newfstatat filename as NAME if statbuf->st_size == 700 && filename == "of_700"'
	equal "a condition" of_700 "$(rows data.NAME)"
	asked "$python calls.py" 'trace pipe2 fildes[1] - *fildes as APART ret'
	equal "elements" "1 0" "$(rows data.APART data.ret | head -1)"
	asked "$python calls.py" 'trace getcwd buf as WHERE ret if comm == "python3"'
	equal "text" "$PWD $((${#PWD} + 1))" "$(rows data.WHERE data.ret | tail -1)"
	asked "$python calls.py" 'count wait4 by *stat_addr >> 8 as STATUS if ret > 0 && upid > 0'
	matches "a key" "$out" '"STATUS":9}'
	asked "$python calls.py" 'trace newfstatat statbuf->st_size'
	contains "before the call" "$err" "note: \`statbuf\` leads to what was there before the call: return(statbuf…) has what the call has written"
	asked "$python calls.py" 'trace newfstatat statbuf'
	lacks "where it is" "$err" "note:"
}

# What holds the command back until all is attached is no call of its own.
gates() {
	run reprobe --json -c 'exec true' -e 'count sys_enter_read by comm' -e 'count sys_exit_read by comm' -e 'count sys_exit_write by comm'
	status 0
	lacks "calls of the gate" "$out" '"reprobe"'
	equal "as many returns as calls" "$(grep -c '"probe":1' out)" "$(grep -c '"probe":2' out)"
}

# Those with most: of counts, sums and histograms.
most_of_all() {
	cat >sums.sh <<-'END'
		for n in 1 2 3 4; do head -c $((n * 1000)) /dev/zero | dd of=/dev/null bs=4096 iflag=fullblock status=none; done
	END
	run reprobe -c 'sh sums.sh' -e 'sum sys_exit_write ret by ret as SIZE if ret >= 1000 && ret <= 4000 && comm == "dd"' -e wait -e 'watch 1s 1 top 2' -e quit
	status 0
	equal "of sums" "3000 3000 4000 4000" "$(awk '$1 ~ /^[0-9]+$/ { printf "%s%s %s", s, $1, $2; s = " " }' out)"
	contains "the others" "$out" "… and 2 more"
	run reprobe -c 'sh sums.sh' -e 'hist sys_exit_write ret by ret as SIZE if ret >= 1000 && ret <= 4000 && comm == "dd" every 60s top 1'
	status 0
	equal "of histograms" 1 "$(grep -c '^SIZE = ' out)"
	contains "the others" "$out" "… and 3 more"
}

# A row has the second in which it came.
times_of_rows() {
	local python
	python=$(command -v python3) || skip "no python3"
	cat >ticks.py <<-'END'
		import os, time
		for i in range(1500):
		    os.getpgid(0)
		    time.sleep(0.001)
	END
	run reprobe -c "exec $python ticks.py" -e 'time ms' -e 'trace getpgid nsecs'
	status 0
	# The clocks differ by as much in the first row as in any other; a second is more than a machine takes.
	awk '$1 ~ /^[0-9][0-9]:/ { split($1, t, ":"); at = t[1] * 3600 + t[2] * 60 + t[3] - $NF / 1e9
		if (!n++) first = at; d = at - first; if (d < -43200) d += 86400; if (d < -0.2) early++ } END { exit !(n == 1500 && !early) }' out ||
		fail "times: expected none before its event" "$(head -n 5 out)"
}

huge_linear() {
	type gcc >/dev/null 2>&1 || skip "there is no gcc"
	echo '#include <stdint.h>
		__attribute__((noinline)) void take(uint64_t v) { __asm__ volatile("" : : "r"(v)); }
		int main(void) { uint64_t all[] = {0, 1, 2, 3, 4, 1ULL << 32, INT64_MAX, 1ULL << 63, ~0ULL};
			for (int i = 0; i < 9; i++) take(all[i]); }' | gcc -x c -g -O0 -o huge -
	run reprobe --json -c ./huge -e "hist $tmp/huge:take v linear(0,10,2)"
	status 0
	equal "buckets" "0 2,2 2,4 1,6 0,8 0,10 4" "$(slots)"
}

# What the compiler has made of a function besides itself is told of, and a line is in all of it.
copies() {
	type gcc >/dev/null 2>&1 || skip "there is no gcc"
	cat >copies.c <<-'END'
		volatile int sink;
		int helper(int x)
		{
		    sink += x;
		    sink ^= x * 3;
		    return sink;
		}
		int alone(int x) { return sink + x; }
		int (*volatile called)(int) = alone;
		int main(int argc, char **argv)
		{
		    for (int i = 0; i < 7; i++)
		        helper(i + argc);
		    called(1);
		    return 0;
		}
	END
	gcc -g -O2 -o copies copies.c
	run reprobe -c ./copies -e "count $tmp/copies:helper"
	status 0
	contains "a note" "$err" "note: not all calls of helper are seen: the compiler has put it into others as well (1 copy, such as in main)" \
		"uprobe:$tmp/copies:copies.c:LINE"
	run reprobe -c ./copies -e "count $tmp/copies:copies.c:5" -e "count $tmp/copies:alone"
	status 0
	equal "at a line" "1.counts: 7 2.counts: 1" "$(xargs <out)"
	lacks "a note" "$err" "note:"
	printf 'int f(void *ctx) { return 0; }\n' >f.c
	run reprobe run f.c -a "f=uretprobe:$tmp/copies:helper" -c ./copies
	contains "C" "$err" "not all calls of helper are seen"
}

# A function whose seldom code is apart begins with the rest, where it has its parameters and nothing else.
functions_in_parts() {
	type gcc >/dev/null 2>&1 || skip "there is no gcc"
	cat >cold.c <<-'END'
		volatile int sink;
		__attribute__((cold, noinline)) void fail(int x) { sink = x; }
		__attribute__((noinline)) int work(int n, const char *name)
		{
		    int twice = n * 2 + sink;
		    if (n < 0) {
		        fail(n);
		        fail(twice + name[0]);
		    }
		    sink = twice;
		    return twice - name[1];
		}
		int main(void) { return work(20, "ab") - work(-3, "cd") > 1000; }
	END
	gcc -g -O2 -o cold cold.c
	nm cold | grep -q work.cold || skip "this compiler keeps functions in one part"
	run reprobe -e "info uprobe:$tmp/cold:work" -e quit
	matches "signature" "$out" "int work\(int n, const char \*name\)$"
	run reprobe --json -c ./cold -e "trace $tmp/cold:work n name ret"
	equal "arguments and results" "20 ab -58|-3 cd -66" "$(rows data.n data.name data.ret | paste -sd'|')"
	lacks "a note" "$err" "note:"
}

# Members and columns that are called as something of the program's own.
names_of_its_own() {
	type gcc >/dev/null 2>&1 || skip "there is no gcc"
	cat >named.c <<-'END'
		struct in { int err : 5, bits : 6; };
		struct t { int err, bits, c; struct in in; };
		__attribute__((noinline)) void take(struct t *s) { __asm__ volatile("" : : "r"(s) : "memory"); }
		int main(void) { struct t t = {-3, 7, 5, {-4, 9}}; take(&t); return 0; }
	END
	gcc -g -O1 -o named named.c
	run reprobe --json -c ./named -e "trace $tmp/named:take s->err as E s->bits as B s->in.err as F s->in.bits as G if s->err < 0 && s->in.bits > 1"
	equal "members" "-3 7 -4 9" "$(rows data.E data.B data.F data.G)"
	local name
	for name in bits condition match number err unread true linux noinline; do
		run reprobe --json -c ./named -e "trace $tmp/named:take s->c as $name if s->c"
		status 0
		matches "as $name" "$out" '"data":.*:5[,}]'
	done
}

# A line is one place, however many blocks and parts of statements it has.
lines_with_parts() {
	type gcc >/dev/null 2>&1 || skip "there is no gcc"
	cat >parts.c <<-'END'
		volatile int s;
		__attribute__((noinline)) void f(int n) {
		    if (n == 3) { int t = -1; s = t; }
		    if (n > 2) { s = 4; } else { s = 5; }
		    for (int i = 0; i < n; i++) s += i;
		    while (n > 5) n--;
		    s = n > 2 ? 5 : n < 1 ? 6 : 7;
		    if ((n > 1 && s > 3) || n == 0) s++;
		}
		int main(void) {
		    for (int k = 0; k < 8; k++)
		        f(k);
		    return 0;
		}
	END
	gcc -g -O0 -o parts parts.c
	run reprobe -c ./parts -e "count $tmp/parts:parts.c:3" -e "count $tmp/parts:parts.c:4" -e "count $tmp/parts:parts.c:5" \
		-e "count $tmp/parts:parts.c:6" -e "count $tmp/parts:parts.c:7" -e "count $tmp/parts:parts.c:8"
	status 0
	equal "each line" "1.counts: 8 2.counts: 8 3.counts: 8 4.counts: 8 5.counts: 8 6.counts: 8" "$(xargs <out)"
}

rows() { grep '"output"' out | jsonlines "$@" | tr '\t' ' '; }

# What a call has filled is as long as what it returned; behind that is what was there before.
filled_buffers() {
	cat >parts.sh <<-'END'
		{ printf hello; sleep 0.2; printf abc; } | dd bs=40 of=/dev/null status=none
	END
	asked "sh parts.sh" 'trace read return(buf) as GOT ret if comm == "dd" && count == 40'
	equal "what was read" "hello 5|abc 3| 0" "$(rows data.GOT data.ret | paste -sd'|')"
	asked "sh parts.sh" 'count read by return(buf) as GOT if comm == "dd" && count == 40 && return(buf) == "abc"'
	equal "a condition, and a key" '{"GOT":"abc"},"value":1' "$(grep -o '{"GOT.*"value":1' <<<"$out")"
	lacks "a note" "$err" "note:"
	for question in 'trace read' 'count read by buf'; do
		asked true "$question"
		contains "$question" "$err" "note: \`buf\` is what was there before the call: return(buf) is what it has read"
	done
	# Where the return is asked for as well, so is what is there then.
	asked "sh parts.sh" 'trace read buf as GOT ret if comm == "dd" && count == 40'
	equal "what was read" "hello 5|abc 3| 0" "$(rows data.GOT data.ret | paste -sd'|')"
	lacks "a note" "$err" "note:"
	asked "sh parts.sh" 'trace sys_exit_read buf as GOT count if comm == "dd" && buf == "abc"'
	equal "a condition" "abc 40" "$(rows data.GOT data.count)"
	ln -s where/it/leads link
	asked 'readlink link' 'trace readlink return(buf) as GOT bufsiz > 14 as MORE if comm == "readlink"'
	equal "a link" "where/it/leads 1" "$(rows data.GOT data.MORE)"
	printf 'ab\0cd' >text
	asked 'dd if=text of=/dev/null bs=5 count=1 status=none' 'trace write entry(buf) buf if comm == "dd"'
	equal "at the entry" '"entry(buf)":"ab\u0000cd","buf":"ab\u0000cd"' "$(grep -o '"entry.*cd"' <<<"$out")"
	python=$(command -v python3) || skip "no python3"
	cat >receive.py <<-'END'
		import socket
		a, b = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
		for text in b"one", b"a longer one":
		    a.send(text)
		    b.recv(7, socket.MSG_TRUNC)
	END
	asked "$python receive.py" 'trace recvfrom return(ubuf) as GOT ret if size == 7'
	equal "no more than there is room for" "one 3|a longe 12" "$(rows data.GOT data.ret | paste -sd'|')"
}

# By their names, also where the source mentions none of them.
enums() {
	asked "$probed --calls 3" "count uprobe:$probed:twice by (enum bpf_prog_type)arg0"
	equal "a key" "BPF_PROG_TYPE_KPROBE BPF_PROG_TYPE_SCHED_CLS BPF_PROG_TYPE_SOCKET_FILTER" \
		"$(grep -o 'BPF_PROG_TYPE_[A-Z_]*' <<<"$out" | sort | paste -sd' ')"
	asked "$probed --calls 2" "trace uprobe:$probed:twice (enum bpf_prog_type)arg0, (enum bpf_prog_type)(arg0 + 5000)"
	equal "a row" '"BPF_PROG_TYPE_KPROBE" 5002' \
		"$(grep -o '"(enum bpf_prog_type).*}' <<<"$out" | tail -n 1 | sed 's/"[^"]*"://g; s/,/ /; s/}*$//')"
}

# What could not be read has a mark, null or nothing in place of a value; and it is told.
failed_reads() {
	printf /etc/hostname >name
	printf 'trace openat filename if comm == "untouched"\n' >script
	run reprobe -f script -c 'untouched name'
	matches "a mark" "$out" ' untouched +\(unread\)'
	matches "what was read" "$out" ' untouched +name'
	matches "told" "$err" '1 of [0-9]+ reads of `filename` failed: .*ask for `ret`, too'
	local reads
	reads=$(sed -n 's/.* 1 of \([0-9]*\) reads of.*/\1/p' err | tail -1) # it may be told meanwhile, too
	equal "of how many" "$(grep -c ' untouched ' out)" "$reads"
	asked 'untouched name' 'trace openat filename if comm == "untouched"'
	equal "rows" '"name" null' "$(grep -o '"filename":[^}]*' <<<"$out" | cut -d: -f2 | tail -n 2 | paste -sd' ')"
	asked 'untouched name' 'count openat by filename if comm == "untouched"'
	equal "a key" 1 "$(grep -c '"key":{"filename":null},"value":1' <<<"$out")"
	lacks "no value" "$out" '"filename":""'
	asked 'untouched name' 'trace openat filename ret if comm == "untouched"'
	equal "read again at the return" '"name" "/etc/hostname"' \
		"$(grep -o '"filename":[^,]*' <<<"$out" | cut -d: -f2 | tail -n 2 | paste -sd' ')"
	lacks "nothing to tell" "$err" unread failed
	asked 'untouched name; asker --open name >/dev/null' 'count openat by comm if filename == "/etc/hostname" || filename == "name"'
	equal "compared at the return" 1 "$(grep -c '"comm":"untouched"},"value":2' <<<"$out")"
	# An exec that goes well takes the memory away, and the kernel has put the name elsewhere.
	printf /bin/true >program
	asked 'untouched program --exec; printf /nowhere >program; ! untouched program --exec' 'trace execve filename ret if comm == "true" || ret'
	equal "of an exec" '"/bin/true" 0 "/nowhere" -2' "$(grep -o '"filename":[^}]*' <<<"$out" | sed 's/"filename"://; s/,"ret":/ /' | tail -n 2 | paste -sd' ')"
	printf /bin/true >program
	asked 'untouched program --exec' 'count execve by filename if filename == "/bin/true"'
	equal "compared" 1 "$(grep -c '"key":{"filename":"/bin/true"},"value":1' <<<"$out")"
	lacks "nothing to tell" "$err" failed
	# Its arguments are on the new program's stack; what an interpreter is given are others.
	printf 'of a file' >text
	printf '#!/bin/true\n' >script.sh
	chmod +x script.sh
	local exec='execve filename argv[1] argv[2] argv[3] argv[4] argv[ret + 1] ret if ret == 0'
	asked 'untouched text --args /bin/true; untouched text --args ./script.sh' "trace $exec"
	equal "arguments of an exec" '"of a file" "last" null null "of a file"
null null null null null' "$(grep -E '"filename":"(/bin/true|./script.sh)"' out | sed 's/.*"argv\[1\]":/"argv[1]":/; s/"argv[^"]*"://g; s/,"ret.*//; s/,/ /g')"
	asked 'untouched text --args /bin/true' 'count execve by filename, argv[1] if argv[1] == "of a file"'
	equal "compared" 1 "$(grep -c '"key":{"filename":"/bin/true","argv_1":"of a file"},"value":1' <<<"$out")"
	asked 'untouched text --args /nowhere || true' 'trace execve filename argv[2] argv[4] if comm == "untouched"'
	equal "behind the last one, at the entry" 'null' "$(grep '"/nowhere"' out | sed 's/.*"argv\[4\]"://; s/}*$//')"
	# The program by itself says so, too: by the types of its members.
	answer 'untouched name' trace 'openat filename flags if comm == "untouched"'
	equal "rows of a program" '"name" null' "$(grep -o '"filename":[^,]*' <<<"$out" | cut -d: -f2 | tail -n 2 | paste -sd' ')"
	answer 'untouched name' count 'openat by flags, filename if comm == "untouched"'
	equal "a key of a program" 1 "$(grep -c '"key":{"flags":0,"filename":null},"value":1' <<<"$out")"
	lacks "no value there" "$out" '"filename":""'
	answer 'dd if=name of=/dev/null bs=5 count=1 status=none' count 'write by buf, fd if comm == "dd"'
	equal "bytes of a program" 1 "$(grep -c '"key":{"buf":"/etc/","fd":1},"value":1' <<<"$out")"
	# Neither equal nor unequal; a histogram has no place for it.
	asked "$probed --calls 5" "count uprobe:$probed:twice if *(int *)1 == 0 || *(int *)1 != 0"
	contains "conditions" "$err" '5 events were left out'
	asked "$probed --calls 5" "hist uprobe:$probed:twice *(int *)1"
	contains "numbers" "$err" '5 events were not counted: `*(int *)1` cannot be read'
	asked "$probed --calls 5" "trace uprobe:$probed:twice arg0 10 / (arg0 - 2)"
	equal "division by 0" "-10 null 10 5 3" "$(grep -o '"10 / (arg0 - 2)":[^}]*' <<<"$out" | cut -d: -f2 | paste -sd' ')"
}

# What was kept at the entry belongs to the call that returns.
functions_in_files() {
	answer "$probed --calls 5 >expected" trace "uprobe:$probed:twice arg0, (char *)arg1, ret"
	equal "rows" "$(cat expected)" "$(fields data.arg0 data.char_arg1 data.ret | awk '{ print $1, $2 " " $3, $4 }')"
	answer "$probed --calls 20 >expected" trace "uprobe:$probed:twice arg0 if ret > 30 && arg0 % 2"
	equal "conditions at both ends" "17 19" "$(fields data.arg0 | paste -sd' ')"
}

static_probes() {
	answer "$probed --usdt 3 >expected" trace "usdt:$probed:step (int)arg0, (char *)arg1"
	[ -s expected ] || fail "it did nothing"
	equal "rows" "$(grep '^step' expected | cut -d' ' -f2-)" "$(fields data.int_arg0 data.char_arg1)"
}

# In one stream, in the order in which they came; what a probe does not have is not there.
several_probes() {
	local twice="uprobe:$probed:twice" end="uretprobe:$probed:twice" program
	asked "$probed --calls 300 >/dev/null" "trace $twice, $end arg0 ret"
	equal "in their order, each with its own" "$(for i in $(seq 300); do echo "uprobe:$probed:twice $i -"; echo "uretprobe:$probed:twice - $((i * 2))"; done)" \
		"$(jsonlines data.probe data.arg0 data.ret <<<"$out" | tr '\t' ' ')"
	touch readme
	run reprobe --json -c 'asker --open readme missing >expected; asker --kill 10 >killed' \
		-e 'trace openat, kill, sys_exit_kill filename ret sig if comm == "asker"'
	status 0
	equal "with a result, of one that has both ends apart" \
		"$(awk 'NR % 3 == 1 { print "sys_enter_openat", $5, $4 ? -$4 : $3, "-" }' expected) sys_enter_kill - - 10 sys_exit_kill - 0 - sys_enter_kill - - 10 sys_exit_kill - -3 -" \
		"$(jsonlines data.probe data.filename data.ret data.sig <<<"$out" | grep -v '/lib\|/etc\|locale' | sed '/^sys_enter_openat/!d' | tr '\t' ' ') $(jsonlines data.probe data.filename data.ret data.sig <<<"$out" | sed '/kill/!d' | paste -sd' ' | tr '\t' ' ')"
	lacks "what is not there has no member" "$(grep sys_exit_kill <<<"$out" | head -n 1)" filename '"sig"'
	run reprobe -c 'asker --open readme >expected' -e 'trace openat, close filename fd if comm == "asker" && pid > 1 until filename == "readme"'
	status 0
	matches "a table" "$out" '^TIME +probe +PID +COMM +filename +fd$' 'sys_enter_close +[0-9]+ +asker +- +[0-9]+$' 'sys_enter_openat +[0-9]+ +asker +readme +-$'
	equal "the last one" readme "$(tail -n 1 <<<"$out" | awk '{ print $5 }')"
	run reprobe --json -c 'asker --open readme >expected' -e 'trace sys_enter_open* if comm == "asker"'
	equal "all arguments of a pattern" "$(awk '{ print $5 }' expected)" "$(jsonlines data.filename <<<"$out" | grep readme)"
	equal "which" "sys_enter_open,sys_enter_openat,sys_enter_openat2" "$(grep readme <<<"$out" | jsonlines data.probe | sort -u | paste -sd,)"
	contains "of each its own" "$(grep 'sys_enter_openat2.*readme' <<<"$out")" '"usize":24'
	program=$(private probed)
	run reprobe --json -c "$program --calls 3 >/dev/null; $program --usdt 2 >/dev/null" -e "trace uprobe:$program:* comm == \"probed\" as IS if pid > 1"
	equal "functions of a program" "3 twice" "$(jsonlines data.probe <<<"$out" | grep -c twice) twice"
	equal "none twice" "$(jsonlines data.probe <<<"$out" | wc -l)" "$(grep -c '"IS":true\|"IS":1' <<<"$out")"
	run reprobe --json -c 'asker --calls 4 >expected' -e 'trace sys_enter_getsi*, sys_exit_getsid pid if comm == "asker"' -e 'trace sys_enter_getsi* if comm == "asker"' \
		-e 'retarget 2 sys_enter_getpgi*' -e 'save it'
	status 0
	equal "moved" "sys_enter_getpgid" "$(jsonlines data.probe <<<"$out" | sort -u)"
	equal "times" 4 "$(grep -c getpgid <<<"$out")"
	contains "saved" "$(cat it)" 'trace sys_enter_getsi*, sys_exit_getsid pid if comm == "asker"'
	run reprobe --json -c 'asker --open readme >expected' -e 'trace openat, getpgid filename if comm == "asker" && flags == 0'
	contains "what cannot be" "$err" 'note: the condition cannot be true at tracepoint:syscalls:sys_enter_getpgid'
	contains "but there" "$out" '"filename":"readme"'
	run reprobe --json -e 'trace openat, close filename' -e 'record rows.csv' -e '! asker --open readme' -e quit
	matches "CSV" "$(tr -d '\r' <rows.csv)" '^time,program,probe,pid,comm,filename$' ',sys_enter_openat,[0-9]+,asker,readme$' ',sys_enter_close,[0-9]+,asker,$'
	run query trace 'openat, close nowhere'
	refused 'has no field `nowhere`'
	run query trace 'openat, openat filename'
	refused 'sys_enter_openat is there twice'
	run query trace 'openat, iter:task comm'
	refused 'iter:task is an iterator: it cannot be one of several probes'
	run query trace 'openat, sched_wakeup..sched_switch comm'
	refused 'cannot be one of several probes'
	run query hist 'openat, close fd'
	refused 'cannot understand'
}

# Text for each event, with values as rows have them.
own_text() {
	touch readme
	run reprobe -c 'asker --open readme missing >expected; asker --kill 10 >expected2' \
		-e 'trace openat print "\t{comm:-8}|{flags + 26:x}|{filename:9}|{ret:11}|\{{comm == \"asker\" ? 1 : 2}\}" if comm == "asker" && !(filename ~ "/*")' \
		-e 'trace kill, openat print "{probe} {sig} {filename}\n" if comm == "asker" && pid > 1'
	status 0
	equal "text" "$(awk 'NR % 3 == 1 { printf "\tasker   |0x1a|%9s|%11s|{1}\n", $5, $4 ? "-2 ENOENT" : $3 }' expected)" "$(grep '^.asker' <<<"$out")"
	equal "several probes" "sys_enter_kill 10 SIGUSR1 -,sys_enter_openat - missing,sys_enter_openat - readme" \
		"$(grep '^sys.*\(kill\|me\|missing\)$\|^sys.*kill' <<<"$out" | sort -u | paste -sd,)"
	asked 'asker --open readme >expected' 'trace openat print "{filename} {dfd}" if filename == "readme"'
	contains "JSON has the values" "$out" '"filename":"readme","dfd":-100}'
	run reprobe -e 'trace openat print "{x"'
	refused "this '{' is not closed"
	run reprobe -e 'trace openat print "x}"'
	refused "this '}' closes nothing"
	run reprobe -e 'trace openat print "{filename:}"'
	refused 'a width or a look is missing behind the colon'
	run reprobe -e 'trace openat print "{filenam}"'
	refused 'has no field `filenam`'
	run reprobe -e 'count openat print "x"'
	refused '`print` is for trace'
}

# Comments, parameters, what is run when all is attached and at the end, and the exit status.
scripts() {
	cat >asks <<'EOF'
#!/usr/bin/env -S reprobe -f
# A comment.
begin ! touch attached   # of the shell
begin print "counting $1 of ${2:-all}"
count $1 by comm if comm == "asker"   # a comment, of $7
end map counts set {"nobody"} 5
end print "it was \"$1\", # $1"
EOF
	chmod +x asks
	run reprobe --json -c 'test -e attached && asker --calls 7 >expected' -f asks getpgid
	status 0
	equal "parameters" "counting getpgid of all" "$(head -n 1 <<<"$out")"
	contains "the end" "$out" 'it was "getpgid", # getpgid'
	equal "is before what is printed" '{"map":"counts","key":{"comm":"nobody"},"value":5} {"map":"counts","key":{"comm":"asker"},"value":7}' "$(tail -n 2 <<<"$out" | paste -sd' ')"
	printf 'quit 7\n' >>asks
	run ./asks getpgid two
	equal "of a program" 7 "$rc"
	run reprobe -c 'touch ran' -f asks
	refused 'asks, line 4: the parameter $1 is missing' 'reprobe -f asks PARAMETER'
	[ ! -e ran ] || fail "it ran"
	printf 'count openat\nnonesuch\n' >wrong
	run reprobe -f wrong -c true
	equal "a line that fails" 1 "$rc"
	run reprobe -e 'begin' -e 'end' -e 'print x' -e 'quit x'
	equal "each is told" 4 "$(grep -c '^reprobe: ' <<<"$err")"
}

# ---------------------------------------------------------------- sums

counts() {
	answer 'asker --calls 1000 >/dev/null' count 'getpgid if comm == "asker"'
	equal "all" 1000 "$(jsonlines value <out)"
	answer 'asker --calls 300 >expected' count 'sys_exit_getpgid by comm, pid'
	equal "by two" "asker $(cat expected)" "$(jsonlines key.comm key.pid value <out | tr '\t' ' ' | grep ^asker)"
	# It has an argument of that name, which is 0.
	answer 'asker --calls 300 >expected' count 'getpgid by comm, pid'
	equal "by its own pid" "asker 0 300" "$(jsonlines key.comm key.pid value <out | tr '\t' ' ' | grep ^asker)"
	contains "note" "$(query -i count 'getpgid by pid')" 'note: `pid` is the field of sys_enter_getpgid'
	answer 'asker --calls 7 >/dev/null; asker --open a b >/dev/null' count 'getpgid, sys_exit_getpgid, openat if comm == "asker"'
	equal "several attach points" "0 7,4294967296 7,8589934592 2" \
		"$(grep '"place"' out | jsonlines key.place value | tr '\t' ' ' | sort -n | paste -sd,)"
}

# ~0 is the largest number of 64 bits: it has a bucket, too.
huge_numbers() {
	local buckets='.*"min":4611686018427387904,"max":9223372036854775807,"count":0},{"min":9223372036854775808,"max":18446744073709551615,"count":70}]}$'
	target=-t answer 'asker --calls 70 >/dev/null' hist 'getpgid ~(u64)pid'
	matches "all" "$out" "$buckets"
	answer 'asker --calls 70 >/dev/null' hist 'getpgid ~(u64)pid by comm'
	matches "by name" "$(grep asker out)" "$buckets"
}

# Of what is not the target nothing counts: here as many calls again.
targets_only() {
	start sh -c 'while :; do asker --calls 100 >/dev/null; done'
	target=-t answer 'asker --calls 50 >/dev/null' count getpgid
	equal "calls" 50 "$(jsonlines value <out)"
	kill -- "-$pid"
}

histograms() {
	answer "$probed --calls 20 >/dev/null" hist "uprobe:$probed:twice arg0"
	equal "powers of two" '1 3 7 15 31' "$(grep -o '"max":[0-9]*' out | cut -d: -f2 | paste -sd' ')"
	equal "sum" 20 "$(grep -o '"count":[0-9]*' out | cut -d: -f2 | awk '{ n += $1 } END { print n + 0 }')"
	answer "$probed --calls 20 >/dev/null" hist "uprobe:$probed:twice arg0 linear(3,13,5)"
	equal "linear" "-2 2,3 5,8 5,13 8" "$(slots)"
	answer "$probed --calls 20 >/dev/null" hist "uprobe:$probed:twice arg0 - 10 linear(-7,3,5)"
	equal "below zero" "-12 2,-7 5,-2 5,3 8" "$(slots)"
	answer "$probed --calls 20 >/dev/null" hist "uprobe:$probed:twice arg0 - 10"
	equal "no power of two" 9 "$(grep '"negative"' out | jsonlines value)"
	answer "$probed --calls 20 >/dev/null" hist "uprobe:$probed:twice ret by arg0 & 1"
	equal "keys" 2 "$(grep -c '"key":.*"histogram"' out)"
	equal "by key" 20 "$(grep '"key":.*"histogram"' out | grep -o '"count":[0-9]*' | cut -d: -f2 | awk '{ n += $1 } END { print n + 0 }')"
}
# Where each bucket begins, and how many are in it.
slots() { grep -o '"min":-\?[0-9]*,[^}]*"count":[0-9]*' out | sed 's/"min"://; s/,.*:/ /' | paste -sd,; }

# figures NAMES…: of each entry of what is added up, sorted
figures() { grep -E '^\{"map":"(sums|averages|minima|maxima|figures)"' out | jsonlines "$@" | tr '\t' ' ' | sort; }

# Exact, however many CPUs add at a time, with values below 0 and sums above 2^64. The program tells itself which figures
# it gathers.
sums() {
	local twice="uprobe:$probed:twice" verb figure
	answer "$probed --calls 20 >/dev/null" sum "$twice arg0 - 100"
	equal "sum" "-1790 -89.5" "$(figures value.sum value.avg)"
	lacks "what it does not gather" "$out" min max
	answer "for i in 1 2 3 4; do $probed --calls 3000 >/dev/null & done; wait" sum "$twice arg0 by arg0 & 1"
	equal "by key, side by side" "0 9006000,1 9000000" "$(figures key.arg0_1 value.sum | paste -sd,)"
	answer "for i in 1 2 3 4; do $probed --calls 3000 >/dev/null & done; wait" stats "$twice (int)ret - 50"
	equal "stats" "12000 35412000 2951 -48 5950" \
		"$(figures value.count value.sum value.avg value.min value.max)"
	answer "$probed --calls 20 >/dev/null" stats "$twice ~(u64)arg0"
	equal "beyond 64 bits" "20 368934881474191032090 18446744073709551604.5 18446744073709551595 18446744073709551614" \
		"$(grep -o '"value":{.*}' out | sed 's/"[a-z]*"://g; s/[{}]//g; s/,/ /g')"
	answer "$probed --calls 3 >/dev/null" avg "$twice (u8)arg0 by comm"
	equal "avg of bytes" "probed 2" "$(figures key.comm value.avg)"
	answer "$probed --calls 4 >/dev/null" avg "$twice (short)arg0 - 5"
	equal "avg below 0" -2.5 "$(figures value.avg)"
	while read -r verb figure; do
		answer "$probed --calls 4 >/dev/null" "$verb" "$twice -7000000000 - arg0"
		equal "$verb" "4 $figure" "$(figures value.count "value.$verb")"
	done <<-END
		min -7000000004
		max -7000000001
	END
	run reprobe --json -e "max $twice arg0" -c true
	contains "of nothing" "$out" '"map":"maxima","key":0,"value":null'
	run query sum 'openat filename'
	refused '`filename` is text' 'a sum is of a number'
	run query sum 'openat'
	refused 'the expression is missing'
}

# Counts by attach point are by numbers, which are other functions' at another pattern: they go on over an edit, and begin
# anew at the other pattern, whoever wrote the C.
patterns_move() {
	local by_place="jsonlines key.place value" program
	run reprobe --json -e 'count sys_enter_getp* if comm == "asker"' -e 'show 1' -e quit
	cp out same.c
	run reprobe --json -e 'count sys_enter_getp* if comm == "asker"' -e '! asker --calls 5 >expected' -e 'retarget 1 sys_enter_getpg*' \
		-e '! asker --calls 3 >expected' -e 'map 1' -e 'edit 1 same.c' -e '! asker --calls 1 >expected' -e 'map 1' \
		-e 'retarget 1 sys_enter_getp*' -e '! asker --calls 2 >expected' -e 'map 1' -e 'detach 1' -e quit
	status 0
	equal "tracepoints" "sys_enter_getpgid 3
sys_enter_getpgid 4
sys_enter_getpgid 2" "$($by_place <out | grep getpgid | tr '\t' ' ')"
	equal "what is gone is told" 2 "$(grep -c 'what \[1\] had gathered in counts is gone' err)"
	program=$(private probed)
	run reprobe --json -e "count uprobe:$program:step_*" -e "! $program --usdt 2 >/dev/null" -e "retarget 1 uprobe:$program:step_t*" \
		-e "map 1" -e quit
	status 0
	equal "functions of a program" "" "$out"
}

# What was gathered stays where the C does, and goes on.
sums_go_on() {
	run reprobe --json -e "stats sys_enter_getpgid pid + 3 if comm == \"asker\"" -e 'show 1' -e quit
	cp out same.c
	run reprobe --json -e "stats sys_enter_getpgid pid + 3 if comm == \"asker\"" -e 'edit 1 same.c' -c 'asker --calls 10 >expected'
	status 0
	contains "after an edit" "$out" '"value":{"count":10,"sum":30,"avg":3,"min":3,"max":3}'
	run reprobe --json -e "sum sys_enter_getsid 5" -e 'retarget 1 sys_enter_getpgid' -c 'asker --calls 10 >expected'
	status 0
	contains "after a move" "$out" '"map":"sums","key":0,"value":50}'
}

# Not one event more, however many CPUs take them at a time; and the first of each so many.
limits() {
	local twice="uprobe:$probed:twice" many="for i in 1 2 3 4; do $probed --calls 3000 >/dev/null & done; wait"
	answer "$many" sum "$twice 1 by arg0 & 1 until 5000"
	equal "until, of 12000" 5000 "$(figures value.sum | awk '{ n += $1 } END { print n }')"
	answer "$many" stats "$twice arg0 sample 1/7"
	equal "one of 7, of 12000" 1715 "$(figures value.count)"
	answer "$many" latency "$twice by pid sample 1/12 until 600"
	equal "both, at a return" 600 "$(grep '"histogram"' out | grep -o '"count":[0-9]*' | cut -d: -f2 | awk '{ n += $1 } END { print n + 0 }')"
	answer "$probed --calls 100 >/dev/null" trace "$twice arg0 ret if arg0 > 20 sample 1/10 until 4"
	equal "which they are" "21 42,31 62,41 82,51 102" "$(fields data.arg0 data.ret | paste -sd,)"
	answer "$probed --calls 9 >/dev/null" trace "$twice arg0 sample 1/1 until 20"
	equal "fewer than that" "1 2 3 4 5 6 7 8 9" "$(fields data.arg0 | paste -sd' ')"
	answer "$probed --calls 30 >/dev/null" count "$twice uretprobe:$probed:twice until 7"
	equal "of several probes" 7 "$(grep '"counts"' out | jsonlines value | awk '{ n += $1 } END { print n }')"
}

# The question ends, though what it is about goes on; so does a script whose questions have all ended.
limits_end() {
	local twice="uprobe:$probed:twice"
	while :; do "$probed" --calls 40 >/dev/null; done &
	run reprobe --json -e "sum $twice 1 until 1000" -e "trace $twice arg0 if arg0 <= 3 until 2"
	status 0
	contains "sum" "$out" '"map":"1.sums","key":0,"value":1000}'
	equal "rows" 2 "$(grep -c '"arg0"' <<<"$out")"
	contains "is said" "$err" '[1] done' '[2] done'
	run reprobe --json -e "count $twice until 50" -e 'wait 1s' -e 'map 1' -e 'resume 1' -e quit
	contains "stays so" "$out" ':50}'
	contains "cannot go on" "$err" 'cannot resume [1]: it has taken all the events that it was to'
	run reprobe -e "count iter:task until 3"
	contains "of an iterator" "$out" 'counts: 3'
}

# The event that it is true of is the last one, and is taken; what cannot be read is not the end.
limits_by_condition() {
	local twice="uprobe:$probed:twice"
	answer "$probed --calls 50 >/dev/null" trace "$twice arg0 ret if arg0 > 2 until ret == 14"
	equal "rows" "3 6,4 8,5 10,6 12,7 14" "$(fields data.arg0 data.ret | paste -sd,)"
	answer "$probed --calls 50 >/dev/null" count "$twice uretprobe:$probed:twice until nsecs > 0"
	equal "the first" 1 "$(grep '"counts"' out | jsonlines value | awk '{ n += $1 } END { print n }')"
	answer "for i in 1 2 3 4; do $probed --calls 300 >/dev/null & done; wait" sum "$twice arg0 == 300 until arg0 == 300"
	equal "one, of those on all CPUs" 1 "$(figures value.sum)"
	asked "$probed --calls 20 >/dev/null" "count $twice until *(int *)1 == 0"
	contains "all" "$out" '"value":20'
	contains "is told" "$err" '20 events may have been the last one: `*(int *)1 == 0` cannot be read'
	while :; do "$probed" --calls 40 >/dev/null; done &
	run reprobe --json -e "sum $twice arg0 until ret == 20"
	status 0
	matches "ends by itself" "$out" '"map":"sums","key":0,"value":[0-9]+}'
	contains "is said" "$err" '[1] done'
	run reprobe -e "trace openat until filenam"
	refused 'has no field `filenam`'
}

# Each event is in one interval, and in no other, however many come from all CPUs when one ends; no entry stays.
intervals() {
	local twice="uprobe:$probed:twice" many="for i in 1 2 3 4 5 6; do $probed --calls 30000 >/dev/null & done; wait"
	local total='{ n += $1 } END { print n + 0 }'
	run reprobe --json -c "$many" -e "count $twice by arg0 & 7 every 20ms" -e "sum $twice 1 every 15ms" \
		-e "hist $twice 1 every 25ms" -e "max $twice arg0 every 50ms" -e "count $twice, uretprobe:$probed:twice every 30ms"
	status 0
	equal "counts" 180000 "$(grep '"1.counts"' <<<"$out" | jsonlines value | awk "$total")"
	equal "sums" 180000 "$(grep '"2.sums"' <<<"$out" | jsonlines value | awk "$total")"
	equal "histograms" 180000 "$(grep '"3.dist"' <<<"$out" | grep -o '"count":[0-9]*' | cut -d: -f2 | awk "$total")"
	equal "extremes" 30000 "$(grep '"4.maxima"' <<<"$out" | jsonlines value | sort -n | tail -n 1)"
	equal "two probes" 360000 "$(grep '"5.counts"' <<<"$out" | jsonlines value | awk "$total")"
	[ "$(grep -c '"interval":' <<<"$out")" -ge 5 ] || fail "expected several intervals" "$out"
	matches "a line for each, with its time" "$(head -n 1 <<<"$out")" '^\{"time":"[0-9:.]+","probe":[1-5],"interval":1\}$'
	lacks "the key is not shown" "$out" '"interval":[0-9]*,'
	run reprobe -c "$probed --calls 50 >/dev/null; sleep 0.3; $probed --calls 20 >/dev/null" -e "count $twice by arg0 & 3 every 200ms top 1"
	status 0
	matches "text" "$out" '^[0-9:]{8}\.[0-9]{3}$' '^ARG0_3 +VALUE$' '^[12] +13$' '^… and 3 more$' '^[0-3] +5$'
	run reprobe --json -e "count sys_enter_getsid every 100ms" -e 'retarget 1 sys_enter_getpgid' -e 'save it' -c 'asker --calls 70 >expected'
	equal "moved" 70 "$(jsonlines value <<<"$out" | awk "$total")"
	equal "saved" 'count sys_enter_getpgid every 100ms' "$(sed -n '/^count/s/tracepoint:syscalls://p' it)"
	run reprobe --json -c "$probed --spin 400" -e 'profile 199 by cpu every 100ms if comm == "probed"'
	[ "$(grep '"map"' <<<"$out" | jsonlines value | awk "$total")" -ge 5 ] || fail "expected samples" "$out"
	run reprobe -e 'count iter:task every 1s'
	refused 'iter:task is an iterator, which is over at once'
}

# They end in time while a command or an editor has the screen, and while the program is paused.
intervals_out_of_sight() {
	local twice="uprobe:$probed:twice" some="$probed --calls 30 >/dev/null"
	run reprobe --json -e "count $twice every 100ms" -e "! $some; sleep 0.7; $some; sleep 0.3" -e 'wait 300ms' -e quit
	status 0
	equal "all, each in its own" "60 30" "$(jsonlines value <<<"$out" | awk '{ n += $1; if ($1 > most) most = $1 } END { print n, most }')"
	[ "$(grep -c '"interval":' <<<"$out")" -ge 5 ] || fail "expected several intervals" "$out"
	run reprobe --json -e "count $twice every 300ms" -e "! $some" -e 'pause 1' -e 'wait 1s' -e 'resume 1' -e "! $some" -e 'wait 1s' -e quit
	status 0
	equal "before and after a pause" "60 30" "$(jsonlines value <<<"$out" | awk '{ n += $1; if ($1 > most) most = $1 } END { print n, most }')"
	run reprobe -e "count $twice every 100ms" -e 'watch 1' -e quit
	contains "no rates" "$err" 'cannot watch [1]: it prints each of its intervals by itself'
}

# What grows fastest, with all that came.
tops() {
	local twice="uprobe:$probed:twice"
	run reprobe --json -c "$probed --calls 40 >/dev/null; until grep -q interval out; do sleep 0.05; done; $probed --calls 44 >/dev/null" -e "top 2 $twice by arg0 % 3 every 200ms"
	status 0
	equal "rows" 2 "$(tail -n 2 <<<"$out" | grep -c '"value":2[89]')"
	matches "rates" "$out" '"value":2[89],"per_s":[1-9]'
	run reprobe -c "$probed --calls 40 >/dev/null" -e "top $twice by arg0 > 30" -e 'save it'
	matches "a table" "$(grep -A9 arg0 <<<"$out" | paste -sd' ')" '^arg0 > 30 +VALUE +0 +30 +1 +10$'
	equal "saved" "top $twice by arg0 > 30" "$(grep ^top it)"
}

# Equal counts, and histograms with as much in each, are in the order of their keys.
order_of_keys() {
	local twice="uprobe:$probed:twice"
	run reprobe --json -c "$probed --calls 300 >/dev/null" -e "count $twice by arg0" -e "count $twice by arg0 & 1, arg0 as N" -e "hist $twice 1 by arg0"
	status 0
	equal "one key" "$(seq 300)" "$(grep '"1.counts"' <<<"$out" | jsonlines key.arg0)"
	equal "two keys" "$({ seq 2 2 300; seq 1 2 300; })" "$(grep '"2.counts"' <<<"$out" | jsonlines key.N)"
	equal "histograms" "$(seq 300)" "$(grep '"3.dist"' <<<"$out" | jsonlines key.arg0)"
}

latencies() {
	answer "$probed --calls 20 >/dev/null" latency "uprobe:$probed:twice"
	equal "calls" 20 "$(grep '"histogram"' out | grep -o '"count":[0-9]*' | cut -d: -f2 | awk '{ n += $1 } END { print n + 0 }')"
	answer 'sleep 0.3; sleep 0' latency 'clock_nanosleep by comm if comm == "sleep" && flags == 0'
	matches "key" "$(cat out)" '"key":{"comm":"sleep"},"histogram"'
	# From 2^18 us on, which is 0.26 s.
	local least
	least=$(grep '"histogram"' out | grep -o '"min":[0-9]*,"max":[0-9]*,"count":[1-9]' | sed 's/"min"://; s/,.*//' | sort -n | tail -n 1)
	[ "${least:-0}" -ge 262144 ] || fail "latency of a call that waits: $least us in" "$out"
}

# Who it is that runs, and who has started it; at functions about another task, that one.
about_tasks() {
	asked 'sh -c "exec asker --open readme >expected"' 'trace openat ppid parent gid user curtask->tgid as SELF filename if filename == "readme"'
	local self
	self=$(cut -d' ' -f1 expected | head -n 1)
	matches "its parent" "$out" "\"pid\":$self,\"comm\":\"asker\",\"ppid\":[0-9]+,\"parent\":\"(reprobe|sh|bash)\",\"gid\":$(id -g),\"user\":$(id -u),\"SELF\":$self,"
	run reprobe -c 'asker --open readme >expected' -e 'count openat by user, ppid == 0 as NONE if filename == "readme"'
	matches "the user's name" "$out" "^$(id -u) $(id -un) +0 +[0-9]+\$"
	asked 'asker 3 >expected' 'count tp_btf:sched_process_exec by ppid if p->comm == "asker"' || return
	contains "of the task that it is about" "$out" "\"ppid\":$(awk '{ print $2; exit }' expected)},\"value\":3"
}

# Both stacks, as columns and keys; whose they are is known also where the probe has another pid.
both_stacks() {
	run reprobe --json -c 'sleep 0.3' -e 'count clock_nanosleep by ustack if comm == "sleep"' \
		-e 'count sched_process_exit by kstack, cpu >= 0 as HERE if comm == "sleep"'
	matches "a key" "$out" '"ustack":"[^"]*(nanosleep|syscall_cancel)[^"]*","pid":[1-9][0-9]*},"value":1'
	matches "a key of the kernel" "$out" '"kstack":"[^"]*do_exit[^"]*","HERE":1},"value":1'
	run reprobe -c 'sleep 0.3' -e 'trace clock_nanosleep ustack kstack if comm == "sleep"' -e 'trace sched_process_exit kstack if comm == "sleep"'
	matches "rows of the kernel" "$out" '^    do_exit'
	matches "rows of the process" "$out" '^    .*(nanosleep|syscall_cancel)'
	run reprobe --json -c 'asker --calls 5 >expected' -e 'count getpgid by ustack if comm == "asker"'
	contains "the process, not the argument" "$out" "\"pid\":$(cut -d' ' -f1 expected)},\"value\":5"
}

# Several calls of one function are told apart by their addresses, which are not shown.
stacks_alike() {
	cat >calls.c <<-'END'
		#include <unistd.h>
		__attribute__((noinline)) void call(int i) {
		    getpgid(i);
		    __asm__ volatile("");
		    getpgid(i);
		    __asm__ volatile("");
		    getpgid(i);
		    __asm__ volatile("");
		}
		int main(void) { call(1); call(2); usleep(300000); return 0; }
	END
	gcc -O1 -g -o calls calls.c
	run reprobe --json -c 'exec ./calls' -e 'count getpgid by ustack if comm == "calls"' -e 'stats getpgid pid by ustack if comm == "calls"' \
		-e 'count getpgid by kstack if comm == "calls"'
	status 0
	equal "one row for all" 6 "$(grep '"1.counts"' out | jsonlines value)"
	equal "their figures" "6 9 1 2" "$(grep '"2.figures"' out | jsonlines value.count value.sum value.min value.max | xargs)"
	equal "stacks of the kernel" 6 "$(grep '"3.counts"' out | jsonlines value)"
	run reprobe -c 'exec ./calls' -e 'stack getpgid by ustack if comm == "calls"'
	matches "stacks by the process's" "$out" '^    call$'
	lacks "what only the program needs" "$out" 'memories'
}

# From the entry of a call to its return, wherever a value can stand.
durations() {
	local ns
	target=-t answer 'sleep 0.05; sleep 0.3' trace 'clock_nanosleep rqtp->tv_nsec duration ret if comm == "sleep" && duration > 0.2s'
	matches "a condition, and what the entry had" "$(fields data.rqtp_tv_nsec data.ret)" '^30000000[01] 0$'
	ns=$(fields data.duration)
	[ "$ns" -ge 300000000 ] && [ "$ns" -lt 2000000000 ] || fail "expected 0.3 s, got $ns"
	target=-t answer 'sleep 0.05; sleep 0.3' count "clock_nanosleep by duration >= 200ms if comm == \"sleep\""
	equal "a key" "0 1,1 1" "$(grep '"counts","key"' out | jsonlines key.duration_200ms value | tr '\t' ' ' | paste -sd,)"
	target=-t answer 'sleep 0.1; sleep 0.2' stats "clock_nanosleep duration / 1ms if comm == \"sleep\""
	ns=$(figures value.sum)
	[ "$ns" -ge 300 ] && [ "$ns" -lt 3000 ] || fail "expected 300 ms, got $ns"
	target=-t answer 'sleep 0.1' hist 'clock_nanosleep duration if comm == "sleep"'
	matches "a histogram" "$out" '"min":(67108864|134217728|268435456),"max":[0-9]*,"count":1'
	answer "$probed --calls 20 >/dev/null" count "uprobe:$probed:twice by duration < 10s && ret == arg0 * 2"
	equal "a function in a file" 20 "$(grep '"counts","key"' out | jsonlines value)"
	run query trace 'sched_switch duration'
	refused 'is not known at sched_switch: nothing returns there'
	run query count 'openat, close by duration'
	refused 'is of one function or syscall'
}

# What numbers mean, to people; programs read the numbers.
looks() {
	touch readme
	run reprobe -c 'asker --open readme missing >expected' \
		-e 'trace openat filename oct(mode) flags in KiB as SIZE hex(flags + 10) hex(filename[0]) flags ret as RESULT if comm == "asker" && filename == "missing"'
	status 0
	matches "headers" "$out" '^TIME +PID +COMM +filename +oct\(mode\) +SIZE +hex\(flags \+ 10\) +hex\(filename\[0\]\) +flags +RESULT$'
	matches "a row" "$out" ' asker +missing +0[0-7]* +0 +0xa +0x6d +O_RDONLY +-2 ENOENT$'
	run reprobe --json -c 'asker --open readme missing >expected' -e 'trace openat hex(flags + 10) as X ret if comm == "asker" && filename == "missing"'
	contains "JSON has numbers" "$out" '"X":10,"ret":-2'
	run reprobe --json -c 'asker --open readme missing >expected' -e 'trace openat filename[0] as C hex(filename[0]) as X if comm == "asker" && filename == "missing"'
	contains "of a character its number" "$out" '"C":"m","X":109'
	# What has a unit of its own has it everywhere.
	run reprobe --json -c "$probed --calls 3 >/dev/null" -e "trace uprobe:$probed:twice arg0 * 1500us in ms as MS arg0 * 1500us as NS if arg0 == 3" \
		-e "sum uprobe:$probed:twice arg0 * 1500us in ms"
	contains "a row in JSON" "$out" '"MS":4.5,"NS":4500000'
	contains "a sum in JSON" "$out" '"map":"2.sums","key":0,"value":9'
	printf 'count uprobe:%s:twice by arg0 * 1500us in ms as MS if arg0 == 3\n! %s --calls 3 >/dev/null\nexport csv keys.csv\nquit\n' "$probed" "$probed" >script
	run reprobe -f script
	equal "a key in CSV" "map,MS,value counts,4.5,1" "$(tr -d '\r' <keys.csv | paste -sd' ')"
	run reprobe --metrics="$tmp/sums.prom" -c "$probed --calls 3 >/dev/null" -e "sum uprobe:$probed:twice arg0 * 1500us in ms"
	matches "a metric" "$(cat "$tmp/sums.prom")" '^reprobe_sums(\{.*\})? 9$'
	run reprobe -c 'asker --kill 10 >expected' -e 'count kill by sig, ret if comm == "asker"'
	matches "keys" "$out" '^10 SIGUSR1 +-3 ESRCH +1$'
	run reprobe -c "$probed --calls 3 >/dev/null" -e "stats uprobe:$probed:twice arg0 * 1500us" \
		-e "sum uprobe:$probed:twice arg0 * 1500us in ms" -e "count uprobe:$probed:twice by err((int)arg0 + 10)" \
		-e "trace uprobe:$probed:twice ip(0x0100007f) port(0x5000) as PORT if arg0 == 1 && port(0x5000) == 80"
	matches "sums in a unit" "$out" '^2\.sums: 9$'
	matches "an errno that was said" "$out" '^11 EAGAIN +1$'
	matches "of the network" "$out" ' 127\.0\.0\.1 +80$'
	run reprobe -c 'sleep 0.1' -e 'sum clock_nanosleep duration if comm == "sleep"' -e 'hist clock_nanosleep duration in ms if comm == "sleep"'
	matches "a sum of durations" "$out" '^1\.sums: 1[0-9]*(\.[0-9]+)?(ms|s)$'
	matches "what a histogram is of" "$out" '^ +duration in ms +: count'
	matches "no empty buckets, and a summary" "$(grep -A2 'duration in ms' <<<"$out" | tail -n 2 | paste -sd' ')" \
		'^ +(64|128|256|512) -> [0-9]+ +: 1 +\|\*+\| +count 1, mean [0-9.]+ to [0-9.]+, p50 <= [0-9]+, p90 <= [0-9]+, p99 <= [0-9]+$'
	run reprobe -c "$probed --calls 2 >/dev/null" -e "trace uprobe:$probed:twice (int)ret - 6 as LESS if ret == 4"
	matches "not an errno" "$out" ' -2$'
	command -v bash >/dev/null || skip "no bash"
	run reprobe -c 'bash -c "exec 3<>/dev/tcp/127.0.0.1/1" 2>/dev/null' -e 'trace inet_sock_set_state oldstate newstate protocol if dport == 1'
	matches "as the kernel prints it" "$out" ' 7 TCP_CLOSE +2 TCP_SYN_SENT +6 IPPROTO_TCP$'
	run reprobe -c 'bash -c "exec 3<>/dev/tcp/127.0.0.1/1" 2>/dev/null' -e 'trace inet_sock_set_state daddr dport daddr_v6 if dport == 1 until 1' \
		-e 'trace inet_sock_set_state args if dport == 1 until 1'
	matches "addresses in bytes" "$out" ' 127\.0\.0\.1 +1 +::ffff:127\.0\.0\.1$' ' 127\.0\.0\.1 +::ffff:'
	run reprobe --json -c 'bash -c "exec 3<>/dev/tcp/127.0.0.1/1" 2>/dev/null' -e 'trace inet_sock_set_state daddr daddr_v6 if dport == 1 until 1'
	contains "in JSON, too" "$out" '"daddr":"127.0.0.1","daddr_v6":"::ffff:127.0.0.1"'
	run query trace 'openat flags in parsecs'
	refused 'this is not a unit' 'KiB'
	run query trace 'openat hex(filename)'
	refused 'this is not a number'
}

# Numbers of syscalls are names; those of 32-bit programs, here of int 0x80, have a table of their own.
syscalls_by_name() {
	local only='if comm == "calls" && pid > 1'
	command -v cc >/dev/null || skip "there is no compiler"
	cat >calls.c <<'END'
#include <sys/syscall.h>
#include <unistd.h>
int main(int argc, char **argv)
{
	for (int i = 0; i < 5; i++)
		syscall(SYS_getpgid, 0);
	syscall(9999);
#ifdef __x86_64__
	syscall(SYS_getpgid | 1 << 30, 0);
	for (int i = 0; argc > 1 && i < 7; i++) { /* 132 is getpgid there, and syslog here */
		long result;
		__asm__ volatile("int $0x80" : "=a"(result) : "a"(132L), "b"(0L) : "memory");
	}
#endif
	return 0;
}
END
	cc -o calls calls.c
	run reprobe --json -c './calls' -e "count raw_syscalls:sys_enter by id $only"
	contains "keys" "$out" '{"id":"getpgid"},"value":5}' '{"id":"9999"},"value":1}'
	run reprobe -c './calls' -e "trace raw_syscalls:sys_exit $only && ret == -38 && id == 9999" \
		-e "trace rawtracepoint:sys_enter id as WHAT syscall(id + 1) $only && id == 9999" -e "max raw_syscalls:sys_enter id $only && id < 100000"
	matches "a row" "$out" ' calls +9999 +-38 ENOSYS$'
	matches "a raw one" "$out" ' calls +9999 +10000$'
	contains "a number" "$out" '3.maxima: 9999'
	[ "$(uname -m)" = x86_64 ] || return
	./calls 1 2>/dev/null || skip "the kernel runs no 32-bit programs"
	run reprobe -c './calls 1' -e "count raw_syscalls:sys_enter by id $only" -e "trace raw_syscalls:sys_enter print \"{id} {syscall(20)}\" $only && id == 132"
	status 0
	matches "of 64 bits" "$out" '^getpgid +5$'
	matches "of 32 bits" "$out" '^getpgid \(32-bit\) +7$'
	matches "of x32" "$out" '^getpgid \(x32\) +1$'
	equal "texts" 7 "$(grep -c '^getpgid (32-bit) getpid (32-bit)$' out)"
}

# Functions of a process, in rows and keys, when it has ended, too.
user_names() {
	command -v cc >/dev/null || skip "there is no compiler"
	cat >sorts.c <<'END'
#include <stdlib.h>
#include <unistd.h>
__attribute__((noinline)) static int upward(const void *a, const void *b) { return *(const int *)a - *(const int *)b; }
__attribute__((noinline)) static int downward(const void *a, const void *b) { return *(const int *)b - *(const int *)a; }
int main(void)
{
	int numbers[] = {3, 1, 2};
	for (int i = 0; i < 6; i++)
		qsort(numbers, 3, sizeof(int), i % 3 ? upward : downward);
	while (access("seen", F_OK))
		usleep(10000);
	return 0;
}
END
	cc -O1 -o sorts sorts.c
	run reprobe -c './sorts & sleep 0.5; touch seen; wait' -e 'trace uprobe:c:qsort usym(arg3) usym(arg3 + 1) as later' \
		-e 'count uprobe:c:qsort by usym(arg3)' -e 'trace uprobe:c:qsort print "-{usym(arg3):12}-{usym(7)}-"' -e wait -e 'export json 2' -e quit
	status 0
	equal "rows" "4 upward upward+0x1
2 downward downward+0x1" "$(sed -n 's/^\[1\] [0-9:]* *[0-9]* *sorts *//p' out | sort | uniq -c | sort -rn | awk '{ $1 = $1; print }')"
	contains "keys" "$out" '"key":{"usym_arg3":"upward"},"value":4}' '"key":{"usym_arg3":"downward"},"value":2}'
	equal "texts" 4 "$(grep -c '^-      upward-0x7-$' out)"
	run reprobe -e 'trace iter:task usym(1)'
	refused 'cannot answer `trace iter:task usym(1)`' 'the process that runs is not the one that it is about'
}

# Since when, at what time, and all arguments among others; a function of the kernel at an address.
moments_and_names() {
	local at day
	touch readme
	day=$(date +%H:%M)
	run reprobe -c 'asker --open readme >expected' -e 'trace openat elapsed time(nsecs) as AT dfd + 1 as ONE, args if filename == "readme" until 1'
	status 0
	matches "columns" "$out" '^TIME +PID +COMM +elapsed +AT +ONE +dfd +filename +flags +mode$'
	matches "a row" "$out" ' asker +[0-9.]+(us|ms|s) +[0-9:]{8}\.[0-9]{6} +-99 +-100 +readme +O_RDONLY +[0-7]+$'
	at=$(tail -n 1 <<<"$out" | awk '{ print $5 }')
	[[ ${at:0:5} == "$day" || ${at:0:5} == "$(date +%H:%M)" ]] || fail "expected the time of day, $day, and got $at"
	asked 'asker --open readme >expected' 'count openat by elapsed > 1ns && elapsed < 600s as NOW, time / 1h > 0 as LATE if filename == "readme" && comm == "asker"'
	contains "keys" "$out" '"NOW":1,'
	run reprobe --json -c 'asker --open readme missing >expected' -e 'trace openat, close ret args if comm == "asker" && pid > 1'
	equal "of several probes" "readme -" "$(grep '"filename":"readme"' <<<"$out" | head -n 1 | jsonlines data.filename data.fd | tr '\t' ' ')"
	at=$(awk '$3 == "do_nanosleep" || $3 == "hrtimer_wakeup" { print $1, $3; exit }' /proc/kallsyms)
	[[ ${at%% *} =~ [1-9a-f] ]] || skip "the kernel hides its addresses"
	run reprobe -c "$probed --calls 1 >/dev/null" -e "trace uprobe:$probed:twice ksym(0x${at%% *}) ksym(0x${at%% *} + 4) ksym(arg0)"
	matches "functions" "$out" " ${at##* } +${at##* }\\+0x4 +0x1\$"
}

# From one probe to another: by thread, or by what both have in common.
spans() {
	local twice="uprobe:$probed:twice" end="uretprobe:$probed:twice"
	answer 'asker --calls 300 >expected' count 'sys_enter_getpgid..sys_exit_getpgid by duration < 1s, pid + 3 as THREE if comm == "asker"'
	equal "by thread" "1 3 300" "$(grep '"counts","key"' out | jsonlines key.duration_1s key.THREE value | tr '\t' ' ')"
	answer "$probed --calls 20 >/dev/null" stats "$twice..$end arg0 * 1000 + ret matching arg0, ret / 2"
	equal "both ends" "20 210420 1002 20040" "$(figures value.count value.sum value.min value.max)"
	asked "$probed --calls 20 >/dev/null" "count $twice..$end matching arg0, ret / 2 + 1"
	contains "those that match nothing" "$out" '"value":0'
	contains "are told" "$err" '20 starts were left out: the end was not seen'
	contains "a note" "$err" 'what is matched is seen of every process'
	asked "$probed --calls 20 >/dev/null" "latency $twice..$end matching arg0, ret / 2 by arg0 > 15"
	equal "latencies" 20 "$(grep -o '"count":[0-9]*' <<<"$out" | cut -d: -f2 | awk '{ n += $1 } END { print n + 0 }')"
	asked 'sleep 0.05' 'trace sched_wakeup..sched_switch next_comm duration < 10s as QUICK matching pid, next_pid if next_comm == "sleep"'
	contains "a task that is woken, and runs" "$out" '"next_comm":"sleep","QUICK":1'
	# What B calls as the task has its names, too; beside names of A's the task's are those at B.
	asked 'exec sh -c "kill -CONT \$\$; exec asker --calls 1 >expected"' 'trace sys_enter_kill..signal_generate pid comm sig sig + uid as SUM if sig == 18'
	equal "fields of B" "1 sh 18 $((18 + $(id -u)))" \
		"$(grep '"output"' out | jsonlines data.pid data.field_pid data.field_comm data.sig data.SUM | awk '{ print $1 == $2, $3, $4, $5 }')"
	contains "a note" "$err" '`pid` is the field of signal_generate, not the process that is there'
	asked 'sh -c "exec true"' 'count sched_process_exec..sched_process_exit by comm, pid == old_pid as SAME, old_pid - ppid > 0 as BORN if comm == "true"'
	equal "names of both" "true 1 1 1" "$(grep '"counts","key"' out | jsonlines key.comm key.SAME key.BORN value | tr '\t' ' ')"
	run reprobe --json -c 'asker --calls 7 >expected' -e 'count sys_enter_getsid..sys_exit_getsid by comm if comm == "asker"' \
		-e 'retarget 1 sys_enter_getpgid..sys_exit_getpgid'
	contains "moved" "$out" '"key":{"comm":"asker"},"value":7'
	run query latency 'sched_switch..sched_switch'
	refused 'it begins and ends at the same probe'
	run query latency 'sched_wakeup..sched_switch matching pid'
	refused '`pid` is of tracepoint:sched:sched_wakeup'
	run query latency 'sys_enter_fsync matching fd'
	refused '`matching` is for the way from one probe to another'
	run query trace 'sched_wakeup..sched_switch ret'
	refused 'is not known at sched_switch, where nothing returns'
	run query count 'sched_*..sched_switch'
	refused 'is not one probe'
}

stacks_and_samples() {
	answer "asker --open a b >/dev/null" stack 'openat by comm if comm == "asker"'
	equal "times" 2 "$(grep '"kernel_stack"' out | jsonlines value | awk '{ n += $1 } END { print n + 0 }')"
	answer "$probed --spin 700" profile '199 by cpu if comm == "probed"'
	local samples
	samples=$(grep '"cpu"' out | jsonlines value | awk '{ n += $1 } END { print n + 0 }')
	[ "${samples:-0}" -ge 10 ] || fail "expected samples of a program that runs, got" "$out"
}

# ---------------------------------------------------------------- what compiles, and what cannot be

# Functions with arguments of all kinds; nothing of it needs kprobes.
functions_of_the_kernel() {
	local line
	while read -r line; do
		case ${line#* } in fentry:* | fexit:*) [ -e /sys/kernel/btf/vmlinux ] || continue ;; esac
		query ${line%% *} "${line#* }" >question.c || fail "$line"
		run reprobe check question.c
		status 0
		lacks "$line" "$err" warning
	done <<'END'
trace kprobe:vfs_read
trace kprobe:vfs_read file->f_path.dentry->d_name.name ret if count > 1 && ret > 0
trace kprobe:do_epoll_wait
trace kprobe:do_unlinkat name->name ret
hist kprobe:do_unlinkat ret by name->name
count kprobe:do_unlinkat by name->name if dfd == -100 && name->name == "/etc/passwd"
trace kprobe:vfs_rename rd->old_dentry->d_name.name rd->new_dentry->d_name.name ret
trace kprobe:kernel_clone
trace kprobe:sys_openat filename ret
trace kprobe:security_file_open file->f_path
hist kprobe:vfs_read count - ret by file->f_inode->i_ino, comm
latency fentry:vfs_read by count, comm
trace fexit:vfs_read count ret
count kprobe:vfs_* by comm
count kprobe:vfs_read by stack, file
stack kprobe:vfs_read by pid, file->f_inode->i_ino
END
}

words() {
	equal "a syscall" tracepoint:syscalls:sys_enter_openat "$(query spec openat)"
	equal "a tracepoint" tracepoint:sched:sched_switch "$(query spec sched_switch)"
	equal "with its category" tracepoint:sched:sched_switch "$(query spec sched:sched_switch)"
	equal "a spec" kprobe:vfs_read "$(query spec k:vfs_read)"
	equal "tracepoints" 'tracepoint:sched:*' "$(query spec 'sched:*')"
	if [ -n "$kprobes" ]; then
		equal "a function" kprobe:vfs_read "$(query spec vfs_read)"
		equal "functions" 'kprobe:vfs_*' "$(query spec 'vfs_*')"
	else
		equal "without kprobes" tracepoint:syscalls:sys_enter_read "$(query spec vfs_read | head -n 1)"
		contains "note" "$(query spec vfs_read)" "this kernel has no kprobes" "instead of kprobe:vfs_read"
		equal "several" 'tracepoint:*:sched_*' "$(query spec 'sched_*' | head -n 1)"
	fi
}

# That list has a hundred thousand names. reprobe itself says what another reprobe opens.
without_the_list_of_functions() {
	local opened
	opened=$(reprobe -c "reprobe -p $$ -e 'count sys_enter_getpgid by comm' -e 'count openat by comm' --for 0.01" --json 2>/dev/null \
		-e 'count sys_enter_openat by filename if filename == "/proc/kallsyms" || filename == "/sys/kernel/btf/vmlinux"')
	equal "opened" "/sys/kernel/btf/vmlinux 1" "$(grep '"counts","key"' <<<"$opened" | jsonlines key.filename value | tr '\t' ' ')"
}

arguments() {
	equal "tracepoint" "tracepoint:sched:sched_process_exec(char filename[], pid_t pid, pid_t old_pid)" \
		"$(query args tracepoint:sched:sched_process_exec)"
	equal "syscall's function" "kprobe:sys_openat(int dfd, const char *filename, int flags, umode_t mode) returns long" \
		"$(query args kprobe:sys_openat)"
	equal "function" "kprobe:do_unlinkat(int dfd, struct filename *name) returns int" "$(query args kprobe:do_unlinkat)"
	equal "in a file" "uprobe:$probed:twice(int number, const char *word) returns int" "$(query args "uprobe:$probed:twice")"
	equal "sample" "profile:hz:9()" "$(query args profile:hz:9)"
	matches "raw tracepoint" "$(query args rawtracepoint:sched_process_exec)" \
		'^rawtracepoint:sched_process_exec\(struct task_struct \*p, (pid_t|int) old_pid, struct linux_binprm \*bprm\)$'
}

no_answer() {
	run query trace 'openat filenam'
	refused 'sys_enter_openat has no field `filenam`; its fields are dfd, filename, flags, mode' 'did you mean filename?'
	run query trace 'sched_switch ret'
	refused 'has no `ret`'
	run query hist 'openat filename'
	refused '`filename` is text' 'count openat by filename'
	run query trace 'sched:sched_swich'
	refused 'has no tracepoint sched_swich in the category sched' 'did you mean sched_switch?'
	# A name that nobody has is not the kernel's fault, and near names are looked for everywhere.
	local name near
	while read -r name near; do
		run query trace "$name"
		refused "cannot trace \`$name\`: the kernel has no tracepoint, system call or function of that name" \
			"did you mean" "$near"
		lacks "the fault" "$err" kprobes lab
	done <<'END'
sys_enter_opnat sys_enter_openat
opnat openat
sched_swich sched_switch
sched_proces_exec sched_process_exec
END
	run query hist 'sys_exit_getpgid ret linear(-9223372036854775808,9223372036854775807,1)'
	refused 'LOW - STEP must be above'
	run query hist 'sys_exit_getpgid ret linear(-9223372036854775807,9223372036854775807,1)'
	refused 'LOW - STEP must be above'
	run query count 'openat comm'
	refused '`comm`' 'to count by it: count openat by comm'
	run query count 'openat flags'
	refused '`flags`' 'to count by it: count openat by flags'
	run query trace 'xyzzy_plugh_42'
	refused "no tracepoint, system call or function" "reprobe list"
	run query trace 'schd:sched_switch'
	refused 'schd'
	run query trace 'openat (dfd'
	refused "this '(' is not closed"
	run query trace "uprobe:c:malloc arg0->x"
	refused 'arg0->x'
	run query latency sched_switch
	refused 'no end to wait for'
	run query args kprobe:vfs_raed
	refused 'cannot attach kprobe:vfs_raed'
	run query args tracepoint:sched:sched_swich
	refused 'did you mean sched_switch?'
}

t "trace: a syscall with its result" syscalls_with_results
t "trace: text is compared to its end" text_is_compared_to_its_end
t "addresses of text are numbers, too" addresses_of_text
t "text is matched" text_is_matched
t "trace: several probes" several_probes
t "trace: text of one's own" own_text
t "scripts" scripts
t "trace: all fields of a tracepoint" all_fields
t "trace: structs of the kernel" kernel_structs
t "trace: memory of the process" memory_of_the_process
t "trace: buffers" buffers
t "trace: buffers that a call fills" filled_buffers
t "trace: what a call writes" results
t "the command's gate" gates
t "top N of all" most_of_all
t "copies of functions" copies
t "lines with several parts" lines_with_parts
t "functions in several parts" functions_in_parts
t "names of the program's own" names_of_its_own
t "TIME" times_of_rows
t "hist: linear numbers from 2^63 on" huge_linear
t "trace: enums" enums
t "trace: what cannot be read" failed_reads
t "trace: functions in files" functions_in_files
t "hist: numbers from 2^63 on" huge_numbers
t "trace: USDT probes" static_probes
t "count" counts
t "targets only" targets_only
t "hist" histograms
t "sum, avg, min, max, stats" sums
t "sum: retarget and edit" sums_go_on
t "counts by attach point: retarget and edit" patterns_move
t "until, sample" limits
t "until: the end" limits_end
t "until: a condition" limits_by_condition
t "every" intervals
t "keys in order" order_of_keys
t "every, out of sight" intervals_out_of_sight
t "top" tops
t "latency" latencies
t "tasks and their parents" about_tasks
t "kstack and ustack" both_stacks
t "stacks that are shown alike" stacks_alike
t "from one probe to another" spans
t "duration" durations
t "what numbers mean" looks
t "elapsed, time, args, ksym" moments_and_names
t "usym" user_names
t "names of syscalls" syscalls_by_name
t "stack and profile" stacks_and_samples
t "programs for functions of the kernel compile" functions_of_the_kernel
t "what a word means" words
t "what a tracepoint's name means is known without the list of all functions" without_the_list_of_functions
t "what can be read" arguments
t "questions without an answer" no_answer
finish
