#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Programs by the names and types of their debug information, wherever that is; tests/truth/programs.py has the values.
. "$(dirname "$0")/../lib.sh"
need_root

[ "$(uname -m)" = x86_64 ] || skip "calling conventions of other processors are not known"
type gcc >/dev/null 2>&1 || skip "there is no gcc"

# source_of FIRST: a program whose function takes a struct with FIRST before what is asked for
source_of() {
	cat >prog.c <<-END
		struct conf { $1 int n; char *name; double rate; };
		__attribute__((noinline)) int load(struct conf *c, double rate, int count, struct conf whole) {
		    __asm__ volatile("" : : "r"(c), "r"(count), "r"(&whole) : "memory");
		    return c->n + (int)rate;
		}
		static char name[] = "some name";
		int main(void) {
		    struct conf c = {.n = 41, .name = name, .rate = 1.5};
		    return load(&c, 2.5, name[0], c) != 43;
		}
	END
}

# ask_n: what the question for c->n shows
ask_n() {
	run reprobe --json -e 'trace uprobe:./prog:load c->n c->name' -c ./prog
	status 0
	equal "c->n and c->name" '41 some name' "$(jsonlines 'data.c->n' 'data.c->name' <out | tr '\t' ' ')"
}

# no_types [WHY]: the program has none that are taken, and that is said
no_types() {
	run reprobe -e 'trace uprobe:./prog:load c->n' -c ./prog
	says 'load has no argument `c`; its arguments are arg0, arg1'
	says "${1:-it has no debug information: compile it with -g, install its debug symbols (-dbgsym}"
}

says() {
	case $err in *"$1"*) ;; *) fail "expected it to say: $1" "$err" ;; esac
}

looking() {
	source_of ''
	gcc -O0 -g -o prog prog.c
	run reprobe info uprobe:./prog:load
	status 0
	contains "the signature" "$out" 'int load(struct conf *c, double rate, int count, struct conf whole)'
	contains "what is not there" "$out" 'rate is in a floating-point register, which BPF cannot read'
	contains "its source" "$out" "$tmp/prog.c:2"
	run reprobe -e 'trace uprobe:./prog:load' -c ./prog
	contains "all arguments" "$out" 'c->n    c->name          count   whole.n whole.name'
	says '`rate` is not shown: it is in a floating-point register, which BPF cannot read'
	run reprobe -e 'trace uprobe:./prog:load c->m' -c ./prog
	says 'struct conf has no member `m`'
	run reprobe -e 'trace uprobe:./prog:load rate' -c ./prog
	says '`rate` is in a floating-point register, which BPF cannot read'
	run reprobe -e 'trace uprobe:./prog:load c.n' -c ./prog
	says '`c` is a pointer (struct conf *)'
}

# A path needs no kind of probe.
by_path() {
	source_of ''
	gcc -O0 -g -o prog prog.c
	run reprobe -e 'list ./prog:*oa*' -e 'info ./prog:load' -e 'types ./prog:struct conf' -e 'types ./prog:conf'
	status 0
	contains "list" "$out" 'uprobe:./prog:load'
	contains "info" "$out" 'signature  int load(struct conf *c, double rate, int count, struct conf whole)'
	matches "types: an offset" "$out" 'char \*name; +/\* +8 +8 \*/'
	contains "types: a hole" "$out" '/* hole of 4 bytes */'
	run reprobe -e 'types ./prog:struct nothing'
	says 'its debug information has no type of that name'
	run reprobe --json -e 'trace ./prog:load c->n' -e 'count ./prog:*oa*' -c ./prog
	status 0
	equal "trace" 41 "$(grep '"probe":1' out | jsonlines 'data.c->n')"
	equal "count" 1 "$(grep '"map"' out | jsonlines value)"
}

# Tab knows a program's arguments, and the members of its structs.
tab() {
	source_of ''
	gcc -O0 -g -o prog prog.c
	terminal <<-'END'
		wait reprobe>
		send trace ./prog:load who\t
		last whole
		send .ra\t
		last whole.rate
		send , c->na\t
		last c->name
		send \x15quit\r
		status 0
	END
}

without() {
	source_of ''
	gcc -O0 -o prog prog.c
	no_types
	run reprobe info uprobe:./prog:load
	contains "the signature" "$out" 'unknown: arg0 to arg5 are what it may have been called with'
	contains "what would bring it" "$out" 'it has no debug information: compile it with -g'
	run reprobe --json -e 'trace uprobe:./prog:load (int)arg1' -c ./prog
	equal "arg1" "$(printf %d "'s")" "$(jsonlines 'data.(int)arg1' <out)"
}

# A program that was built anew is another one, also for a prompt that knows the old one.
another() {
	source_of ''
	gcc -O0 -g -o prog prog.c
	ask_n
	cat >build <<-'END'
		sed -i 's/struct conf { /&long before; char more[9]; /' prog.c
		gcc -O0 -g -o prog prog.c
	END
	run reprobe --json -e 'trace uprobe:./prog:load c->n' -e '!sh ./build' -e 'detach' -e 'trace uprobe:./prog:load c->n' -c ./prog
	status 0
	equal "c->n of the new one" 41 "$(jsonlines 'data.c->n' <out)"
}

# What a question's program has read the offsets of is one build; on another one it is refused, and compiled anew where it is asked.
other_builds() {
	local id
	for id in -Wl,--build-id -Wl,--build-id=none; do
		source_of ''
		gcc -O0 -g "$id" -o prog prog.c
		run reprobe -e 'trace ./prog:load c->n c->name' -e 'show 1' -e quit
		status 0
		sed -n '/^\/\*/,$p' out >saved.c
		contains "its build" "$(cat saved.c)" '#define BUILD_OF_on_event "'
		run reprobe build saved.c -o saved.rpo
		status 0
		saved_n saved.c
		saved_n saved.rpo
		ask_n
		cp prog same
		strip --strip-debug same -o stripped
		source_of 'long before; char more[9];'
		gcc -O0 -g "$id" -o prog prog.c
		local file
		for file in saved.c saved.rpo; do
			run reprobe run -a on_event=uprobe:./prog:load "$file" -c ./prog
			says "cannot attach uprobe:$tmp/prog:load: on_event has the offsets of another build of $tmp/prog ("
			says 'hint: ask the question again, and save or build it anew'
			equal "rows" "" "$out"
		done
		ask_n
		# The same build at another place is the same one, without its debug information, too.
		[ "$id" = -Wl,--build-id ] || continue
		mv stripped prog
		saved_n saved.rpo
	done
	run reprobe -e 'count ./prog:load' -e 'trace ./prog:load arg0' -e 'show 1' -e 'show 2' -e quit
	contains "its C" "$out" 'int on_event('
	lacks "a build where nothing of it is read" "$out" 'BUILD_OF'
}

# saved_n FILE: what the saved question shows
saved_n() {
	run reprobe run --json -a on_event=uprobe:./prog:load "$1" -c ./prog
	status 0
	equal "c->n and c->name of $1" '41 some name' "$(grep '"output"' out | jsonlines data.c_n data.c_name | tr '\t' ' ')"
}

# apart FILE: the program's debug information is in a file of its own
apart() {
	source_of ''
	gcc -O0 -g -Wl,--build-id=none -o prog prog.c
	objcopy --only-keep-debug prog "$1"
	strip --strip-debug prog
	objcopy --add-gnu-debuglink="$1" prog
}

debug_files() {
	type objcopy >/dev/null 2>&1 || skip "there is no objcopy"
	apart prog.debug
	ask_n
	mkdir .debug
	mv prog.debug .debug
	ask_n
	printf x >>.debug/prog.debug
	no_types
}

build_ids() {
	type objcopy >/dev/null 2>&1 || skip "there is no objcopy"
	local id folder
	source_of ''
	gcc -O0 -g -Wl,--build-id -o prog prog.c
	id=$(readelf -n prog | sed -n 's/.*Build ID: //p')
	folder=/usr/lib/debug/.build-id/${id:0:2}
	mkdir -p "$folder" 2>/dev/null || skip "/usr/lib/debug cannot be written to"
	objcopy --only-keep-debug prog "$folder/${id:2}.debug"
	strip prog -K load
	ask_n
	rm "$folder/${id:2}.debug"
	rmdir -p "$folder" 2>/dev/null
	no_types
}

# Root looks at a program of another user's.
others() {
	type objcopy >/dev/null 2>&1 || skip "there is no objcopy"
	apart prog.debug
	chown 65534 prog
	cp prog.debug kept
	chown 65533 prog.debug
	no_types
	chown 65534 prog.debug
	ask_n
	ln -sf kept prog.debug
	no_types
	rm prog.debug
	mkfifo prog.debug
	no_types
}

split() {
	source_of ''
	gcc -O0 -g -gsplit-dwarf -o prog prog.c
	no_types 'its types are in files of their own (.dwo): compile it without -gsplit-dwarf'
}

compressed() {
	source_of ''
	gcc -O0 -g -gz -o prog prog.c
	ask_n
}

# Behind the prologue a variable is where the frame has it, and not where the call has put it.
instructions() {
	source_of ''
	gcc -O0 -g -o prog prog.c
	local after
	after=$(objdump -d prog --disassemble=load | grep -B1 -m1 -E '\sret' | sed -n '1s/ *\([0-9a-f]*\):.*/\1/p')
	run reprobe --json -e "trace uprobe:./prog:0x$after c->n count" -c ./prog
	status 0
	equal "the values at the end" "41 $(printf %d "'s")" "$(jsonlines data.c-\>n data.count <out | tr '\t' ' ')"
	run reprobe -e 'trace uprobe:./prog:load+1 c->n' -c ./prog
	says '`c` is where nothing tells'
	run reprobe -e "trace uprobe:./prog:load+$(instruction 3) ret" -c ./prog
	says 'has no `ret`'
	run reprobe -e "latency uprobe:./prog:load+$(instruction 3)" -c ./prog
	says 'has no end to wait for'
}

# instruction N: the offset of load's instruction N
instruction() {
	objdump -d prog --disassemble=load | sed -n 's/^ *\([0-9a-f]*\):\t.*/0x\1/p' | sed -n "1p;$1p" | xargs printf '%d %d\n' |
		awk '{ print $2 - $1 }'
}

lines() {
	cat >lines.c <<-'END'
		#include <stdlib.h>
		static inline __attribute__((always_inline)) long half(long n) {
		    n /= 2;
		    return n + 1;
		}
		__attribute__((noinline)) long once(long n) {
		    long sum = 0;
		    for (long i = 0; i < n; i++)
		        sum += i;
		    return sum;
		}
		__attribute__((noinline)) long twice(long m, long n) { return half(m) + once(n); }
		int main(int argc, char **argv) {
		    return half(argc * 40) + twice(60, 4) != 21 + 31 + 6;
		}
	END
	gcc -O0 -g -o prog lines.c
	run reprobe --json -e 'trace ./prog:lines.c:9 n i sum' -e 'trace uprobe:./prog:lines.c:3 n' -c ./prog
	status 0
	equal "each round" "4,0,0 4,1,0 4,2,1 4,3,3" "$(grep '"probe":1' out | jsonlines data.n data.i data.sum | tr '\t\n' ', ' | sed 's/ $//')"
	equal "each copy" "40 60" "$(grep '"probe":2' out | jsonlines data.n | sort -n | xargs)"
	run reprobe info ./prog:lines.c:9
	contains "what can be read" "$out" 'long lines.c:9(long n, long i, long sum)'
	run reprobe -e 'trace ./prog:lines.c:1 n' -c ./prog
	says 'cannot attach uprobe:./prog:lines.c:1: that line has no code'
	says 'the next line that has is 3'
	run reprobe -e 'trace ./prog:line.c:9 n' -c ./prog
	says 'did you mean lines.c?'
	run reprobe -e 'trace ./prog:lines.c:99 n' -c ./prog
	says 'neither that line nor one behind it has code'
	run reprobe -e 'trace uretprobe:./prog:lines.c:9 ret' -c ./prog
	says 'a uretprobe is at a function'
	run reprobe -e 'trace ./prog:lines.c:9 ret' -c ./prog
	says 'has no `ret`'
}

# Copies of a line may have a variable in different places: it is right in both, or refused.
line_copies() {
	cat >lines.c <<-'END'
		static inline __attribute__((always_inline)) long half(long n) {
		    __asm__ volatile("" : : "r"(n) : "memory");
		    n += 5;
		    __asm__ volatile("nop" : "+r"(n) : : "memory");
		    return n;
		}
		__attribute__((noinline)) long one(long n) { return half(n); }
		__attribute__((noinline)) long other(long a, long b, long n) { return half(n) + a + b; }
		int main(int argc, char **argv) { return one(40) + other(argc, argc, 60) != 112; }
	END
	gcc -O2 -g -o prog lines.c
	run reprobe --json -e 'count ./prog:lines.c:4 by comm' -c ./prog
	equal "both copies" 2 "$(jsonlines value <out)"
	run reprobe --json -e 'trace ./prog:lines.c:4 n' -c ./prog
	case $rc in
	0) equal "in both" "45 65" "$(jsonlines data.n <out | sort -n | xargs)" ;;
	*) says 'is not at the same place at each of the line' ;;
	esac
	# At an instruction the names are those of its line's function.
	cat >lines.c <<-'END'
		static inline __attribute__((always_inline)) long half(long n) {
		    n += 5;
		    return n;
		}
		int main(int argc, char **argv) { return half(argc * 40) + half(argc * 60) != 110; }
	END
	gcc -O0 -g -o prog lines.c
	run reprobe -e 'trace ./prog:half n' -c ./prog
	says 'half has no code of its own in'
	says 'the compiler has put it into others, 2 times'
	run reprobe -e 'trace ./prog:lines.c:2 n' -c ./prog
	says 'is not at the same place at each of the line'
	run reprobe --json -e "trace uprobe:./prog:$(echo "$err" | sed -n 's/.*(\(0x[0-9a-f]*\), .*/\1/p') n" -c ./prog
	status 0
	matches "one of the copies" "$(jsonlines data.n <out)" '^(40|60)$'
	mkdir a b
	echo 'int in_a(int n) { return n + 1; }' >a/util.c
	echo 'int in_b(int n) { return n + 2; }' >b/util.c
	echo 'int in_a(int), in_b(int); int main(void) { return in_a(1) + in_b(2) != 6; }' >main.c
	gcc -O0 -g -o prog main.c a/util.c b/util.c
	run reprobe -e 'trace ./prog:util.c:1 n' -c ./prog
	says 'several files end with that name'
	run reprobe --json -e 'trace ./prog:a/util.c:1 n' -e 'trace ./prog:b/../b/util.c:1 n' -c ./prog
	status 0
	equal "each file's" "1 2" "$(jsonlines data.n <out | sort -n | xargs)"
	sed -i 's/int in_/static int same/' a/util.c b/util.c
	echo 'int in_a(int n) { return samea(n); }' >>a/util.c
	sed -i 's/sameb/samea/; $a int in_b(int n) { return samea(n); }' b/util.c
	gcc -O0 -g -o prog main.c a/util.c b/util.c
	run reprobe --json -e 'trace ./prog:samea n' -c ./prog
	says 'several functions in'
	says '(util.c:1) or 0x'
	run reprobe --json -e "trace uprobe:./prog:$(echo "$err" | sed -n 's/.*or \(0x[0-9a-f]*\) .*/\1/p') n ret" -c ./prog
	status 0
	matches "one of both" "$(jsonlines data.n data.ret <out | tr '\t' ' ')" '^(1 2|2 4)$'
}

# The program's own variables, wherever it is loaded, and static ones of the function.
variables() {
	cat >vars.c <<-'END'
		struct stats { long calls; char name[8]; };
		static int counter = 3;
		struct stats stats = {10, "global"};
		int pid = 77;
		static __thread int per_thread = 1;
		__attribute__((noinline)) int work(int n) {
		    static int local = 5;
		    local += n;
		    counter += n;
		    stats.calls++;
		    return local + per_thread;
		}
		int main(void) { return work(1) + work(2) + work(pid - 74) != 28; }
	END
	local pie
	for pie in -pie -no-pie; do
		gcc -O0 -g $pie -o prog vars.c
		run reprobe --json -e 'trace ./prog:work counter stats.calls as calls stats.name as name if counter < 6' -e 'sum ./prog:work counter' \
			-e 'trace ./prog:vars.c:9 local n' -e 'trace ./prog:work pid ret if counter == 6' -c ./prog
		status 0
		equal "columns" "3,10,global 4,11,global" "$(grep '"probe":1' out | jsonlines data.counter data.calls data.name | tr '\t\n' ', ' | sed 's/ $//')"
		equal "a sum" 13 "$(grep '\.sums"' out | jsonlines value)"
		equal "a static one" "6,1 8,2 11,3" "$(grep '"probe":3' out | jsonlines data.local data.n | tr '\t\n' ', ' | sed 's/ $//')"
		equal "pid stays the process" 1 "$(grep '"probe":4' out | grep -c -v '"pid":77[,}]')"
	done
	run reprobe --json -e 'trace ./prog:main, ./prog:work counter stats.name as name' -c ./prog
	status 0
	equal "at several attach points" "3,global 3,global 4,global 6,global" "$(jsonlines data.counter data.name <out | tr '\t\n' ', ' | sed 's/ $//')"
	run reprobe -e 'trace ./prog:work per_thread' -c ./prog
	says 'work has no argument `per_thread`'
	# Of variables in other files of which several have the name nobody knows which is meant, and a member is none.
	echo 'static int same = 1; int in_a(void) { return same++; }' >a.c
	echo 'static int same = 2, alone = 7; int in_b(void) { return same++ + alone++; }' >b.c
	echo 'typedef int pid_t; struct at { int same; }; int in_a(void), in_b(void); __attribute__((noinline)) int in_c(struct at *at) { return at->same; }
		int main(void) { struct at at = {9}; return in_a() + in_b() + in_c(&at) != 19; }' >c.c
	gcc -O0 -g -o prog a.c b.c c.c
	run reprobe -e 'trace ./prog:in_c same' -c ./prog
	says 'in_c has no argument `same`'
	run reprobe --json -e 'trace ./prog:in_c at->same alone pid' -c ./prog
	status 0
	equal "a member, and the only one" "9 8" "$(jsonlines 'data.at->same' data.alone <out | tr '\t' ' ')"
}

# Strings of C++'s library are as many bytes as they say; tests/truth/strings.cc has the layouts.
strings() {
	cat >strings.cc <<-'END'
		#include <string>
		__attribute__((noinline)) std::string work(const std::string &s, const std::string *p) {
		    __asm__ volatile("" : : "r"(&s), "r"(p) : "memory");
		    return s.substr(0, 4);
		}
		int main() {
		    std::string dots(200, '.'), end("two\0parts", 9);
		    for (int i = 0; i < 3; i++)
		        work(dots, &end);
		    work(end, nullptr);
		    work(dots, reinterpret_cast<std::string *>(8));
		}
	END
	type g++ >/dev/null 2>&1 || skip "there is no g++"
	g++ -O0 -g -o prog strings.cc
	local dots
	dots=$(printf '.%.0s' {1..64})…
	run reprobe --json -e 'trace ./prog:work s p' -e 'count ./prog:work by p' -e 'count ./prog:work if *p == "two\0parts"' \
		-e 'count ./prog:work if *p == "two"' -e 'trace ./prog:work s if p == 0' -e 'count uretprobe:./prog:work by ret, s if entry(s) ~ "..*"' -c ./prog
	status 0
	equal "cut and unread ones" "$dots two\\0parts,$dots two\\0parts,$dots two\\0parts,two\\0parts -,$dots -" \
		"$(grep '"probe":1' out | sed 's/\\u0000/\\\\0/g' | jsonlines data.s data.p | tr '\t\n' ' ,' | sed 's/,$//')"
	equal "keys" "- 2,two\\0parts 3" "$(grep '"2.counts' out | sed 's/\\u0000/\\\\0/g' | jsonlines key.p value | sort | tr '\t\n' ' ,' | sed 's/,$//')"
	equal "all bytes are compared" "3 0" "$(grep -E '"[34].counts' out | jsonlines value | xargs)"
	equal "a pointer is one" 1 "$(grep -c '"probe":5' out)"
	equal "the result" "....,$dots 4" "$(grep '"6.counts' out | jsonlines key.ret key.s value | tr '\t' ' ' | sed 's/ /,/')"
	contains "what could not be read" "$err" '2 of 5 reads of `p` failed'
	run reprobe -e 'count ./prog:work if s' -c ./prog
	says '`s` is text, not true or false'
	run reprobe -e 'trace ./prog:work s._M_string_length, s._M_dataplus._M_p' -c ./prog
	status 0
	contains "its own members" "$out" '200'
}

# Names that have marks of a pattern, of an offset or white space, and several functions of one short name.
names() {
	cat >names.cc <<-'END'
		#include <string>
		#define F __attribute__((noinline, noipa))
		struct V {
		    int x;
		    F V operator*(V o) { return V{x * o.x}; }
		    F V operator*=(V o) { return V{x + o.x}; }
		    F V operator+(V o) { return V{x - o.x}; }
		    F operator int() { return x; }
		};
		struct B { F void get(int) { __asm__(""); } };
		struct C { F void get(int) { __asm__(""); } };
		namespace ns { template <class T> F T twice(T x) { return x + x; } }
		F void over(int a, char) { __asm__ volatile("" : : "r"(a)); }
		F void over(int a, int) { __asm__ volatile("nop" : : "r"(a)); }
		F void over(int a, const char *) { __asm__ volatile("nop; nop" : : "r"(a)); }
		F std::string text(int n) { return std::string(n, 'q'); }
		int main() {
		    V a{5}, b{6};
		    B().get(1), C().get(1), C().get(2);
		    a * b, a *= b, a *= b, a + b, a + b, a + b;
		    int sum = a;
		    over(1, 'c'), over(2, 2), over(2, 2), over(3, ""), over(3, ""), over(3, "");
		    text(7), ns::twice(1), ns::twice(2), ns::twice(1.5);
		    return sum != 5;
		}
	END
	type g++ >/dev/null 2>&1 || skip "there is no g++"
	g++ -O1 -g -o names names.cc
	run reprobe --json -e 'trace ./names:over* a' -e 'count ./names:*get*' -e 'trace ./names:V::*' -e 'count ./names:V::operator*(V)' \
		-e 'count ./names:V::operator*=' -e 'count ./names:V::operator+(V)' -e 'count "./names:V::operator int"' \
		-e 'count ./names:ns::twice<int>' -e 'trace ./names:text[abi:cxx11](int) n' -e 'trace ./names:text* n' -c ./names
	status 0
	equal "the probes of rows" "1 over(int, char),2 over(int, int),3 over(int, char const*)" \
		"$(grep '"probe":1,' out | jsonlines data.probe data.a | awk -F'\t' '{ n[$1]++ } END { for (p in n) print n[p], p }' | sort -n | paste -sd,)"
	equal "the keys of counts" "1 B::get(int),2 C::get(int)" "$(grep '"2.counts"' out | jsonlines value key.place | sort -n | tr '\t' ' ' | paste -sd,)"
	equal "operators" "1 V::operator int(),1 V::operator*(V),2 V::operator*=(V),3 V::operator+(V)" \
		"$(grep '"probe":3' out | jsonlines data.probe | sort | uniq -c | sed 's/^ *//' | sort | paste -sd,)"
	equal "by their names" "1 2 3 1 2" "$(grep -E '"[4-8].counts"' out | jsonlines value | xargs)"
	equal "a tag" "7 7" "$(grep -E '"probe":(9|10)' out | jsonlines data.n | xargs)"
	run reprobe -e 'count ./names:twice*' -c ./names
	lacks "a hint that leads nowhere" "$err" 'did you mean'
}

# A method of a trait has ".." in its name, and a span is written so.
names_of_rust() {
	cat >names.rs <<-'END'
		fn black_box(n: i32) -> i32 { unsafe { std::ptr::read_volatile(&n) } }
		trait Shape { fn area(&self, k: i32) -> i32; }
		struct P(i32);
		struct Q(i32);
		impl Shape for P { #[inline(never)] fn area(&self, k: i32) -> i32 { black_box(self.0 * k) } }
		impl Shape for Q { #[inline(never)] fn area(&self, k: i32) -> i32 { black_box(self.0 + k) } }
		#[inline(never)] fn single(n: i32) -> i32 { black_box(n + 1) }
		fn main() {
		    let all: Vec<Box<dyn Shape>> = vec![Box::new(P(3)), Box::new(Q(4)), Box::new(Q(5))];
		    black_box(all.iter().map(|s| single(s.area(7))).sum::<i32>());
		}
	END
	type rustc >/dev/null 2>&1 || skip "there is no rustc"
	rustc -g -C opt-level=1 -o names names.rs
	nm names | grep -q 'Shape.*area.*17h' || skip "it has another mangling"
	run reprobe --json -e 'trace ./names:*Shape*area* k' -e 'count ./names:names::s*' -c ./names
	status 0
	equal "each method" "1 P 2 Q" "$(grep '"probe":1,' out | grep '"k":7' | grep -o 'names\.\.[PQ]' | sed 's/.*\.//' | sort | uniq -c | xargs)"
	equal "without the hash" "names::single 3" "$(grep '"2.counts"' out | jsonlines key.place value | tr '\t' ' ')"
}

# A probe at a return ends a program that leaves the function otherwise; of C's functions nothing is said.
leaving() {
	local note="the program ends if" libc
	cat >throws.cc <<-'END'
		#include <cstdio>
		__attribute__((noinline, noipa)) int work(int n) { if (n > 2) throw n; return n; }
		int main() {
		    try { work(1), work(2), work(3); } catch (int) { std::puts("caught"); }
		}
	END
	cat >coroutine.c <<-'END'
		#include <ucontext.h>
		__attribute__((noinline)) int work(int n) { __asm__(""); return n; }
		int main(void) { ucontext_t a; getcontext(&a); return work(0) + (work(1) == 0 && swapcontext(&a, &a)); }
	END
	echo 'int main(void) { return 0; }' >plain.c
	type g++ >/dev/null 2>&1 || skip "there is no g++"
	g++ -O1 -g -o throws throws.cc && gcc -g -o coroutine coroutine.c && gcc -o plain plain.c
	run reprobe -e 'count ./throws:work' -c ./throws
	lacks "of an entry" "$err" "$note"
	contains "the program goes on" "$out" caught
	run reprobe -e 'trace ./throws:work ret' -c ./throws
	equal "of a return, once" 1 "$(grep -c "a return in ./throws: $note an exception passes" err)"
	lacks "which is true" "$out" caught
	run reprobe -e 'count uretprobe:./throws:wor*' -e 'latency ./throws:work' -c true
	equal "of a pattern, and of a pair" 2 "$(grep -c "$note an exception" err)"
	run reprobe -e 'count ./coroutine:work by ret' -c true
	says "$note the stack is changed"
	libc=$(ldd plain | awk '/libc\.so/ { print $3 }')
	run reprobe -e "count $libc:malloc by ret" -e 'count ./plain:main by ret' -c true
	lacks "of C" "$err" "$note"
}

# Its lines as they are in the file, and its instructions where objdump has them.
code_and_source() {
	cat >deep.c <<-'END'
		static inline int twice(int n)
		{
			return 2 * n;
		}

		__attribute__((noinline)) int work(const char *name,
						   int n)
		{
			int sum = twice(n);
			for (int i = 0; i < n; i++)
				sum += name[i];
			return sum;
		}

		int main(void)
		{
			return work("abc", 3) == 0;
		}
	END
	gcc -O1 -g -o deep deep.c
	run reprobe -e 'source ./deep:work'
	status 0
	equal "the lines" "$(sed -n 6,13p deep.c)" "$(sed '1,2d; s/^ *[0-9]*[: ] //' out)"
	matches "a line that has code" "$out" '^ +9: .*twice'
	matches "a line without" "$out" '^ +7  '
	run reprobe -e 'disasm ./deep:work'
	status 0
	objdump -d --disassemble=work deep | sed -n 's/^ *\([0-9a-f]*\):\t.*\t.*/\1/p' >theirs
	start=$((0x$(head -n 1 theirs)))
	equal "offsets of its instructions" "$(while read -r at; do printf '%x\n' $((0x$at - start)); done <theirs)" \
		"$(sed -n 's/^ *\([0-9a-f]*\): .*/\1/p' out)"
	contains "a line of it" "$out" '; deep.c:9'
	contains "a line of what is inlined" "$out" '; deep.c:3'
	run reprobe -e 'disasm ./deep:main'
	contains "what it calls" "$out" 'callq work'
	run reprobe -e 'source ./deep:wrk'
	says 'did you mean work?'
	run reprobe -e 'source vfs_read'
	[ "$rc" != 0 ] || fail "the kernel has a source"
	strip deep -o bare -K work
	run reprobe -e 'disasm ./bare:work'
	status 0
	contains "why there are no lines" "$out" 'its lines are not known: it has no debug information'
	run reprobe -e 'source ./bare:work'
	says 'it has no debug information'
	rm deep.c
	run reprobe -e 'source ./deep:work'
	says "cannot read $tmp/deep.c, line 6"
	mkfifo deep.c # what others have written may name anything
	run timeout 20 reprobe -e 'source ./deep:work'
	status 1
	says "cannot read $tmp/deep.c"
}

# Arguments that debug information counts from a register which the function's first instructions set.
aligned() {
	type clang >/dev/null 2>&1 || skip "there is no clang"
	cat >aligned.c <<-'END'
		__attribute__((noinline)) long f(int k, long m) { _Alignas(32) volatile char b[32]; b[0] = k; return b[0] + m; }
		int main(void) { return f(-7, -8) != -15; }
	END
	clang -O0 -g -o aligned aligned.c
	run reprobe --json -e 'trace ./aligned:f k m' -c ./aligned
	status 0
	equal "what it was called with" '-7 -8' "$(jsonlines data.k data.m <out | tr '\t' ' ')"
}

# asked FUNCTION EXPR…: what its calls have there, a line for each
asked() {
	local function=$1 expr
	shift
	run reprobe --json -e "trace ./odd:$function $*" -c ./odd
	for expr; do set -- "$@" "data.$expr"; done
	jsonlines "${@:$# / 2 + 1}" <out
}

# untold FUNCTION EXPR: nothing tells where that is, or it is nowhere
untold() {
	run reprobe -e "trace ./odd:$1 $2" -c ./odd
	[ "$rc" != 0 ] || fail "it has $2 of $1" "$out"
	matches "why it has not" "$err" "${3:-is where nothing tells}"
}

# Functions that take something else than their source says, and vectors.
passed_otherwise() {
	cat >odd.c <<-'END'
		#define OWN __attribute__((noinline, noipa))
		typedef char bytes __attribute__((vector_size(4)));
		typedef long long wide __attribute__((vector_size(16)));
		struct wrapped { wide in; };
		struct pair { int x, y; };
		volatile int sink;
		static __attribute__((noinline)) int two(struct pair *s, int unused, int k) { sink += k; return s->y * k; }
		static __attribute__((noinline)) int dropped(int k) { sink += k; return k * 33; }
		OWN __attribute__((ms_abi)) int others(int a, long b, unsigned char c) { volatile int z = a; return z + b + c; }
		OWN int vectors(bytes v, int k, wide w, int m) { return k + m; }
		OWN int wrapped(struct wrapped v, int k) { return k; }
		int main(int argc, char **argv)
		{
		    struct pair s = {1, 2};
		    int r = two(&s, 7, argc + 10);
		    r += two(&s, 8, argc + 20);
		    dropped(argc + 8);
		    others(1, -2, 3);
		    vectors((bytes){1, 2, 3, 4}, -1, (wide){5, 6}, -2);
		    wrapped((struct wrapped){{5, 6}}, -3);
		    return r & 0;
		}
	END
	gcc -O2 -g -w -o odd odd.c
	local two dropped
	two=$(nm odd | sed -n 's/.* \(two\..*\)/\1/p') dropped=$(nm odd | sed -n 's/.* \(dropped\..*\)/\1/p')
	[ -n "$two" ] || skip "gcc makes no copy of the function"
	equal "a copy without a parameter" $'11\n21' "$(asked "$two" k)"
	untold "$two" unused 'is optimized away here'
	untold "$two" ret
	[ -z "$dropped" ] || untold "$dropped" ret
	equal "another convention" $'1\t-2\t3' "$(asked others a b c)"
	equal "vectors" $'-1\t-2' "$(asked vectors k m)"
	gcc -O0 -g -w -o odd odd.c
	untold others b
	equal "vectors, not optimized" $'-1\t-2' "$(asked vectors k m)"
	untold wrapped k
}

# A register that debug information names for the whole function has something else at its beginning.
kept_in_registers() {
	cat >odd.c <<-'END'
		__attribute__((noinline)) int f(register int a, register int b, register int c) { return a + b * c; }
		int main(void) { return f(-1, -2, -3) != 5; }
	END
	gcc -O0 -g -o odd odd.c
	equal "its arguments" $'-1\t-2\t-3' "$(asked f a b c)"
}

# Names that the kernel, C and questions have, too, and numbers that are not the kernel's.
own_meanings() {
	cat >odd.c <<-'END'
		#include <sys/sysmacros.h>
		#include <sys/types.h>
		struct task_struct { char real_parent; };
		struct words { int by, until, matching, in; };
		__attribute__((noinline, noipa)) int f(dev_t dev, struct task_struct *t, struct words *w, int return_) { return 0; }
		__attribute__((noinline, noipa)) int wide(__int128 w) { return 0; }
		int main(void)
		{
		    struct task_struct t = {1};
		    struct words w = {2, 3, 4, 5};
		    f(makedev(259, 300), &t, &w, 6);
		    return wide(7);
		}
	END
	gcc -O0 -g -o odd odd.c
	run reprobe -e 'trace ./odd:f dev' -c ./odd
	contains "the program's device" "$out" '259:300'
	run reprobe --json -e 'trace ./odd:f w->by, w->until, w->matching, w->in, return_' -c ./odd
	equal "words" $'2\t3\t4\t5\t6' "$(jsonlines 'data.w->by' 'data.w->until' 'data.w->matching' 'data.w->in' data.return_ <out)"
	run reprobe --json -e 'count ./odd:f by w->by if w->until == 3' -c ./odd
	status 0
	run reprobe --json -e 'trace ./odd:f ppid, t->real_parent' -c ./odd
	status 0
	for verb in sum max stats hist; do
		run reprobe -e "$verb ./odd:wide w"
		status 1
		says 'has 128 bits'
	done
}

# A class's own member hides its bases', and of several bases' none is meant.
bases() {
	type g++ >/dev/null 2>&1 || skip "there is no g++"
	cat >bases.cc <<-'END'
		struct a { int x, y; };
		struct b { int y, z; };
		struct c : a, b { int x; };
		__attribute__((noinline)) int f(c *p) { __asm__ volatile("" : : "r"(p) : "memory"); return p->x; }
		int main() { c it; it.a::x = 1, it.a::y = 2, it.b::y = 3, it.z = 4, it.x = 5; return f(&it) != 5; }
	END
	g++ -O0 -g -o bases bases.cc
	run reprobe --json -e 'trace ./bases:f p->x, p->z' -c ./bases
	status 0
	equal "its own, and one base's" $'5\t4' "$(jsonlines 'data.p->x' 'data.p->z' <out)"
	run reprobe -e 'trace ./bases:f p->y'
	status 1
	says 'several bases of struct c have a member `y`'
}

t "looking" looking
t "own meanings of names" own_meanings
t "members of bases" bases
t "a frame that is aligned" aligned
t "functions that take something else" passed_otherwise
t "variables in registers" kept_in_registers
t "strings of C++" strings
t "names in C++" names
t "names in Rust" names_of_rust
t "what leaves a function otherwise" leaving
t "the program's variables" variables
t "an instruction in a function" instructions
t "lines" lines
t "copies of a line, files of one name" line_copies
t "a path needs no kind" by_path
t "Tab" tab
t "without debug information" without
t "another build" another
t "saved questions and other builds" other_builds
t "debug files" debug_files
t "debug files by build-id" build_ids
t "debug files of others" others
t "types in files of their own" split
t "compressed" compressed
t "a function's code and source" code_and_source
finish
