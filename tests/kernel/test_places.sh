#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The right function: what is probed is what was meant, and what cannot be is refused before anything is.
. "$(dirname "$0")/../lib.sh"
need_root
callers=$base/callers # ours alone
cp "$helpers/callers" "$callers"

# asked COMMAND LINE: the prompt's answer as JSON.
asked() { run reprobe --json -c "{ $1; } >/dev/null" -e "$2" && status 0; }

# The offsets of a function's instructions, as binutils see them.
offsets() {
	local start size at
	read -r start size < <(nm -S "$callers" | awk -v f="$1" '$4 == f { print $1, $2 }')
	objdump -d --no-show-raw-insn "$callers" | awk -v f="<$1>:" '
		$2 == f { on = 1; next } on && NF == 0 { exit } on { sub(":", "", $1); print $1 }' |
		while read -r at; do [ $((16#$at - 16#$start)) -ge $((16#$size)) ] || echo $((16#$at - 16#$start)); done
}

within_instructions() {
	type objdump >/dev/null 2>&1 || skip "there is no objdump"
	local offset asked=()
	offsets nest >good
	for ((offset = 1; offset <= $(tail -n 1 good); offset++)); do
		asked+=(-e "count uprobe:$callers:nest+$offset")
	done
	run reprobe "${asked[@]}" -e quit
	equal "offsets that can be probed" "$(sed 1d good | paste -sd' ')" \
		"$(sed -n 's/^\[[0-9]*\] uprobe:.*:nest+\([0-9]*\).*/\1/p' err | paste -sd' ')"
	local second third
	second=$(sed -n 2p good) third=$(sed -n 3p good)
	run reprobe -c "$callers --nest 3" -e "count uprobe:$callers:nest+$((third - 1))"
	equal "status" 1 "$rc"
	[ "$second" = $((third - 1)) ] || contains "refused" "$err" "no instruction begins at" "in the middle of one a probe would destroy it" \
		"the nearest are nest+$second and nest+$third"
	lacks "the command does not run" "$out" 6
	asked "$callers --nest 3" "count uprobe:$callers:nest+$second"
	equal "at the second instruction" 4 "$(jsonlines value <out)"
	# An address says the same as a name and an offset.
	local address
	address=$(nm "$callers" | awk '$3 == "nest" { print $1 }')
	address=$((16#$address))
	asked "$callers --nest 3" "count uprobe:$callers:0x$(printf %x $((address + second)))"
	equal "by address" 4 "$(jsonlines value <out)"
	run reprobe -c true -e "count uprobe:$callers:0x$(printf %x $((address + third - 1)))"
	[ "$second" = $((third - 1)) ] || contains "an address within one" "$err" "no instruction begins at" "the nearest are 0x"
	run reprobe -c true -e "count uretprobe:$callers:0x$(printf %x $((address + second)))"
	contains "a return that begins within" "$err" "is in the middle of nest" "use uretprobe:$callers:0x$(printf %x "$address")"
}

names_of_cxx_and_rust() {
	local name
	for name in 'Shape::area(int)' 'crab::grow' 'crab::grow::h0123456789abcdef'; do
		asked "$callers --names 7" "count uprobe:$callers:$name"
		equal "$name" 7 "$(jsonlines value <out)"
	done
	asked "$callers --names 3" "trace uprobe:$callers:Shape::area(int, int) arg0 arg1 ret"
	equal "with its parameters" "1 2 2,2 2 4,3 2 6" "$(grep arg0 out | jsonlines data.arg0 data.arg1 data.ret | tr '\t' ' ' | paste -sd,)"
	! type objdump >/dev/null 2>&1 ||
		asked "$callers --names 2" "trace 'uprobe:$callers:Shape::area(int)+$(offsets _ZN5Shape4areaEi | sed -n 2p)' arg0"
	run reprobe -c true -e "count uprobe:$callers:Shape::area"
	contains "two of one name" "$err" "several functions in $callers are named Shape::area"
	run reprobe -c true -e "count uprobe:$callers:Shape::aera(int)"
	contains "a near name" "$err" "did you mean" "Shape::area(int)"
	run reprobe list "uprobe:$callers:*area*"
	equal "listed" "uprobe:$callers:Shape::area(int)
uprobe:$callers:Shape::area(int, int)" "$(sort out)"
	asked "$callers --names 5" "count uprobe:$callers:Shape::*"
	equal "a pattern" "5 5" "$(jsonlines value <out | paste -sd' ')"
}

# A process in a mount namespace of its own, which has another file in the same place, and another libc.
files_of_the_process() {
	"${own_mounts[@]}" true 2>/dev/null || skip "this user cannot make mount namespaces"
	local there=$tmp/there libc other
	mkdir there
	cp /bin/true there/prog
	libc=$(ldd "$callers" | awk '$1 == "libc.so.6" { print $3 }')
	cp "$libc" own-libc
	gate
	"${own_mounts[@]}" bash -c 'mount -t tmpfs none "$1" && cp "$2" "$1/prog" && mount --bind "$3" "$(realpath "$4")" &&
		touch ready && read -r _ <go && exec "$1/prog" --sleep 3' - "$there" "$callers" "$tmp/own-libc" "$libc" >/dev/null &
	other=$!
	wait_for "it has its mounts" [ -e ready ]
	start reprobe --json -p "$other" -e "count uprobe:$there/prog:main" -e 'count uprobe:c:pthread_barrier_wait'
	wait_in "it traces" grep -q '\[2\]' err
	echo >go
	stopped
	status 0
	equal "in its file, and in its libc" "1 4" "$(jsonlines value <out | paste -sd' ')"
	wait "$other"
	# No such file there.
	"${own_mounts[@]}" bash -c 'mount -t tmpfs none "$1" && touch ready2 && sleep 1000' - "$there" &
	other=$!
	wait_for "it has its mounts" [ -e ready2 ]
	run reprobe -p "$other" -e "count uprobe:$there/prog:main"
	contains "no such file" "$err" "process $other, which has files of its own, has no program $there/prog"
	kill "$other"
}

# A process in a root of its own, which is a folder of ours.
files_of_its_root() {
	local root
	root=$(own_root "$helpers/watched")
	watch_by chroot "$root" "$helpers/watched" --wait /go --then fork 20
	start reprobe --json -p "$watched" -e "count uprobe:$helpers/watched:step" -e 'count uprobe:c:fork'
	wait_in "it traces" grep -q '\[2\]' err
	touch "$root/go"
	stopped
	status 0
	equal "in its program, and in its libc" "1 1" "$(jsonlines value <out | paste -sd' ')"
}

# What 32-bit tasks call is a function of its own; same-named functions are told apart.
functions_of_the_kernel() {
	[ -n "$kprobes" ] || skip "this kernel has no kprobes"
	run reprobe -e 'info kprobe:__ia32_compat_sys_openat' -e quit
	contains "compat" "$out" "__ia32_compat_sys_openat"
	lacks "not the native one" "$out" __x64_sys
	asked 'spawn --calls 3 >/dev/null' 'count kprobe:vmlinux:__x64_sys_getpgid'
	equal "of a module" 3 "$(jsonlines value <out)"
	local address name
	address=0x$(awk '$3 == "__x64_sys_getpgid" { print $1 }' /proc/kallsyms)
	asked 'spawn --calls 4 >/dev/null' "count kprobe:$address"
	equal "by address" 4 "$(jsonlines value <out)"
	run reprobe -c true -e 'count kprobe:no_such_module:vfs_read'
	contains "a module" "$err" "no module named no_such_module is loaded"
	run reprobe -c true -e 'count kprobe:vmlinux:vfs_raed'
	contains "a function" "$err" "the module vmlinux has no function vfs_raed"
	name=$(awk '$2 ~ /[tT]/ && !/\[/ && $3 !~ /^__pfx|^__cfi|\./ { n[$3]++ } END { for (f in n) if (n[f] == 2) print f }' /proc/kallsyms | sort | head -n 1)
	[ -n "$name" ] || return 0
	run reprobe -c true -e "count kprobe:$name"
	contains "two of one name" "$err" "this kernel has 2 functions named $name" "use the address of one: kprobe:0x"
	run reprobe -c true -e "count fentry:$name"
	contains "for fentry, too" "$err" "$name"
	equal "fentry of either" 1 "$rc"
}

# A program that was edited, or written by hand, is not moved to where its fields are others.
places_with_other_fields() {
	cat >script <<-'END'
		c
		BPF_HASH(flags, u32, u64);
		TRACEPOINT_PROBE(syscalls, sys_enter_openat) { u32 n = args->flags; flags.increment(n); return 0; }
		.
		retarget 1 sys_enter_getpid
		retarget 1 sys_enter_execveat
		probes
		quit
	END
	run reprobe -f script </dev/null
	status 1
	contains "refused" "$err" 'cannot move it to tracepoint:syscalls:sys_enter_getpid: the program reads the field flags, which is not there' \
		'sys_enter_execveat: the program reads the field flags, which is another one there'
	contains "it stays" "$out" 'tracepoint:syscalls:sys_enter_openat'
}

# A declaration may take several lines; what is wrong with it is said, and it is not kept.
types_of_programs() {
	cat >script <<-'END'
		struct pair {
		  int x;
		  short y[2];
		};
		struct pair { int z; };
		struct broken { int ; what };
		count uprobe:CALLERS:area if sizeof(struct pair) == 8
	END
	sed "s#CALLERS:area#$callers:Shape::area(int)#" script >script2
	run reprobe --json -f script2 -c "$callers --names 4 >/dev/null" </dev/null
	status 1
	equal "declared" 4 "$(jsonlines value <out)"
	equal "errors" 2 "$(grep -c '^reprobe: cannot read the declaration' err)"
}

# A 32-bit program: getpgid(0), then pause() for ever.
narrow_program() {
	python3 - "$1" <<-'END'
		import struct, sys, os
		code = bytes.fromhex("b88400000031dbcd80b81d000000cd80ebf7")
		head = b"\x7fELF\1\1\1" + bytes(9) + struct.pack("<HHIIIIIHHHHHH", 2, 3, 1, 0x8048054, 52, 0, 0, 52, 32, 1, 0, 0, 0)
		part = struct.pack("<IIIIIIII", 1, 0, 0x8048000, 0x8048000, 84 + len(code), 84 + len(code), 5, 4096)
		open(sys.argv[1], "wb").write(head + part + code)
		os.chmod(sys.argv[1], 0o755)
	END
}

programs_of_32_bits() {
	local other
	narrow_program narrow || skip "there is no python3"
	./narrow &
	other=$!
	sleep 0.3
	kill -0 "$other" 2>/dev/null || skip "this kernel does not run 32-bit programs"
	run reprobe -p "$other" -e 'count getpgid' -e quit
	contains "told" "$err" "note: process $other is a 32-bit program: what such programs call is not seen at tracepoint:syscalls:sys_enter_getpgid"
	run reprobe -p "$$" -e 'count getpgid' -e quit
	lacks "of another process" "$err" 32-bit
	start opensnoop -p "$other"
	wait_in "it traces" grep -q PID out
	kill -INT "$pid"
	stopped
	contains "a tool tells" "$err" "note: process $other is a 32-bit program: what such programs call is not seen at "
	start opensnoop -p "$$"
	wait_in "it traces" grep -q PID out
	kill -INT "$pid"
	stopped
	lacks "a tool, of another process" "$err" 32-bit
	[ -n "$kprobes" ] || return 0
	start reprobe --json -e 'count kprobe:__ia32_sys_getpgid'
	wait_in "it traces" grep -q '^\[1\]' err
	./narrow &
	sleep 1
	kill -INT "$pid"
	stopped
	equal "its own entry point" 1 "$(jsonlines value <out)"
}

# A module's function, of which the kernel's own types do not tell; the lab's files come by 9p.
functions_of_modules() {
	[ -e /sys/kernel/btf/9p ] && grep -q ' v9fs_vfs_getattr_dotl\s.*\[9p\]' /proc/kallsyms || skip "the module 9p is not loaded"
	local kind name
	for kind in fentry kprobe; do
		asked "stat /usr/share" "count $kind:9p:v9fs_vfs_getattr_dotl if comm == \"stat\""
		[ "$(jsonlines value <out)" -ge 1 ] || fail "$kind: expected a call of 9p's" "$out"
	done
	asked "stat /usr/share" 'trace fexit:9p:v9fs_vfs_getattr_dotl path->dentry->d_name.name ret if comm == "stat" && path->dentry->d_name.name == "share"'
	matches "arguments and result" "$out" '"path->dentry->d_name.name":"share","ret":0'
	run reprobe -c true -e 'count fentry:9p:vfs_read'
	contains "another module's" "$err" "the module 9p has no function vfs_read"
}

# Where what is on top of the stack is not an address to return to, or is kept, a return would destroy the program.
returns_that_destroy() {
	type gcc >/dev/null 2>&1 || skip "there is no gcc"
	[ "$(uname -m)" = x86_64 ] || skip "the program's names are this processor's"
	cat >split.c <<-'END'
		#include <setjmp.h>
		#include <stdio.h>
		static jmp_buf again;
		volatile long sink;
		__attribute__((cold, noinline)) void rare(long *p) { sink += *p; }
		__attribute__((noinline)) long often(long n) {
		    volatile long kept[3];
		    for (int i = 0; i < 3; i++) kept[i] = n + i;
		    if (__builtin_expect(n > 5, 0)) { rare((long *)&kept[1]); return kept[0] * 100 + kept[1]; }
		    return kept[2];
		}
		int main(int argc, char **argv) {
		    long sum = argc;
		    volatile int jumps = 0;
		    if (setjmp(again) < 3) longjmp(again, ++jumps);
		    for (int i = 0; i < 10; i++) sum += often(i);
		    printf("%ld %d %d\n", sum, jumps, argv[0] != NULL);
		}
	END
	gcc -O2 -o split split.c || fail "cannot compile the program"
	nm split | grep -q ' often.cold$' || skip "this gcc leaves the function whole"
	run ./split
	local said=$out function
	run reprobe -c ./split -e 'count uretprobe:./split:*' -e 'trace ./split:often* ret'
	equal "the program is as it was" "$said" "$(grep '^[0-9]* 3 1$' out)"
	contains "told" "$err" "; 2 more cannot be probed"
	matches "the others" "$out" 'often  *10'
	for function in ./split:often.cold ./split:_start "./split:0x$(nm split | sed -n 's/^0*\(.*\) . often.cold$/\1/p')" \
		c:_setjmp c:__sigsetjmp c:swapcontext c:getcontext; do
		run reprobe -c ./split -e "count uretprobe:$function"
		status 1
		contains "$function" "$err" "a probe at the return of " " would destroy the program: it " "is at its entry"
	done
	run reprobe -c ./split -e 'latency uprobe:c:_setjmp'
	contains "both ends" "$err" "a probe at the return of _setjmp would destroy the program: it keeps the address to return to"
	run reprobe list 'uretprobe:./split:often*'
	equal "listed" uretprobe:./split:often "$out"
}

# compiled SOURCE [FLAG…]: the program SOURCE.c, whose text is the input.
compiled() {
	type gcc >/dev/null 2>&1 || skip "there is no gcc"
	[ "$(uname -m)" = x86_64 ] || skip "calling conventions of other processors are not known"
	local name=$1
	shift
	cat >"$name.c"
	gcc -g "$@" -o "$name" "$name.c" || fail "cannot compile the program"
}

# values EXPR…: of the rows, a line for each
values() { grep '"data"' out | jsonlines "${@/#/data.}" | tr '\t' ' ' | paste -sd,; }

# What is narrower than a register has anything in the rest of it.
narrow_values() {
	compiled narrow -O2 -w <<-'END'
		#include <stdbool.h>
		#define N __attribute__((noinline, noclone))
		enum __attribute__((packed)) small { ZERO, ONE, MINUS = -1 };
		volatile long sum, base = 0x1122334455667700;
		N bool same(long *a, long b, long flag) { sum += flag; return *a == b; }
		N enum small few(long v, enum small e) { sum += e; return v; }
		N signed char byte(long v, signed char c) { sum += c; return v; }
		N unsigned short half(long v, unsigned short s) { sum += s; return v; }
		N bool given(bool on, long v) { sum += v; return on; }
		int main(void) {
		    for (long i = -1; i < 2; i++) {
		        long v = base + i;
		        same(&v, base, 7);
		        ((enum small (*)(long, long))few)(v, v);
		        ((char (*)(long, long))byte)(v, v);
		        ((short (*)(long, long))half)(v, v);
		        ((bool (*)(long, long))given)(base + (i == 0), i);
		    }
		}
	END
	answered() { run reprobe --json -c ./narrow -e "trace ./narrow:$1"; shift; equal "$command" "$1" "$(values "${@:2}")"; }
	answered 'same flag == 7 ret' '1 false,1 true,1 false' 'flag == 7' ret
	answered 'few e ret' 'MINUS MINUS,ZERO ZERO,ONE ONE' e ret
	answered 'byte c ret' '-1 -1,0 0,1 1' c ret
	answered 'half s ret' '30463 30463,30464 30464,30465 30465' s ret
	answered 'given on ret' 'false false,true true,false false' on ret
	answered 'same ret if ret' 'true' ret
	run query trace 'fexit:inode_owner_or_capable ret'
	[ "$rc" != 0 ] || contains "of the kernel's functions" "$out" 'u64 ret_value)' 'bool ret = (u8)ret_value;'
}

# Each line once, however many rows it has, in functions that are written in others or in another file.
lines_within_others() {
	type g++ >/dev/null 2>&1 || skip "there is no g++"
	compiled outer <<-'END'
		volatile long sink;
		int run(int n) {
		    int add(int k) {
		        sink += n > 1 ? k : n;
		        return k + 1;
		    }
		    for (int i = 0; i < n; i++)
		        sink += add(i) * (i > 1 ? 2 : 3);
		#line 10 "rules.y"
		    sink = sink > n ? n : sink + 1;
		    return n;
		}
		int main(void) { return run(3) + run(4) == 0; }
	END
	cat >lambda.cc <<-'END'
		volatile long sink;
		int main() {
		    int n = 3;
		    auto f = [n](int z) {
		        sink += z > 1 ? n : z;
		        return z + n; };
		    for (int i = 0; i < 3; i++)
		        sink += f(i) > 4 ? 1 : 2;
		    return 0;
		}
	END
	g++ -g -o lambda lambda.cc || fail "cannot compile the program"
	local case line
	for case in outer:outer.c:4=7 outer:outer.c:8=7 outer:rules.y:10=2 lambda:lambda.cc:5=3 lambda:lambda.cc:8=3; do
		line=${case%=*}
		asked "./${line%%:*}" "count ./$line"
		equal "$line" "${case#*=}" "$(jsonlines value <out)"
	done
	asked ./outer 'trace ./outer:rules.y:10 n'
	equal "names there" 3,4 "$(values n)"
	asked ./lambda 'trace ./lambda:lambda.cc:5 z'
	equal "in a lambda" 0,1,2 "$(values z)"
}

t "narrow values" narrow_values
# A pointer to a member function is two words, in registers or, where only one is left, on the stack.
member_pointers() {
	type g++ >/dev/null 2>&1 || skip "there is no g++"
	[ "$(uname -m)" = x86_64 ] || skip "calling conventions of other processors are not known"
	cat >members.cc <<-'END'
		#define N __attribute__((noinline))
		volatile long sink;
		struct A { long x; int m(int k) { return k; } };
		struct B { long y; int m(int k) { return k; } };
		struct S : A, B { long z; };
		typedef int (S::*method)(int);
		extern "C" N void given(method q, int k, long l) { sink += k + l; (void)q; }
		extern "C" N void field(long S::*q, int k) { sink += k; (void)q; }
		extern "C" N void stacked(int a, int b, int c, int d, int e, method q, int k) { sink += a + b + c + d + e + k; (void)q; }
		extern "C" N method made(int k) { sink += k; return static_cast<method>(&B::m); }
		int main() {
		    given(static_cast<method>(&B::m), 36, 5);
		    field(&S::z, 38);
		    stacked(1, 2, 3, 4, 5, static_cast<method>(&B::m), 39);
		    made(40);
		    return 0;
		}
	END
	local level
	for level in 0 2; do
		g++ -g -O$level -o members members.cc || fail "cannot compile the program"
		asked ./members 'trace ./members:given q.adj as adj k l'
		equal "-O$level: what is behind it" "8 36 5" "$(values adj k l)"
		asked ./members 'trace ./members:field q k'
		equal "-O$level: of a field" "16 38" "$(values q k)"
		asked ./members 'trace ./members:stacked e q.adj as adj k'
		equal "-O$level: on the stack" "5 8 39" "$(values e adj k)"
		asked ./members 'trace ./members:made ret.adj as adj'
		equal "-O$level: returned" 8 "$(values adj)"
	done
}

# Complex numbers of integers, which are passed as a struct of two.
complex_integers() {
	compiled complex <<-'END'
		#define N __attribute__((noinline))
		volatile long sum;
		_Complex int kept = 5 + 6i;
		N void ints(_Complex int z, int k) { sum += __real__ z + k; }
		N void longs(_Complex long z, int k) { sum += __real__ z + k; }
		int main(void) { ints(-3 + 4i, 1); longs(7 - 8i, 2); return 0; }
	END
	asked ./complex 'trace ./complex:ints z.real as a z.imag as b kept.imag as c k'
	equal "int" "-3 4 6 1" "$(values a b c k)"
	asked ./complex 'trace ./complex:longs z.real as a z.imag as b k'
	equal "long" "7 -8 2" "$(values a b k)"
}

# Where the compiler passes only a part of a struct, the function has a signature of its own: what else is passed is
# where the debug information says.
parts_of_structs() {
	type clang >/dev/null 2>&1 || skip "there is no clang"
	[ "$(uname -m)" = x86_64 ] || skip "calling conventions of other processors are not known"
	cat >parts.c <<-'END'
		struct pair { long a, b; };
		volatile long sum;
		static __attribute__((noinline)) void first(struct pair s, int x) { sum += s.a + x; }
		static __attribute__((noinline)) void second(struct pair s, int x) { sum += s.b + x; }
		volatile int last;
		static __attribute__((noinline)) int unused(int x) { last = x; return x * 3; }
		static __attribute__((noinline)) int used(int x) { sum += x; return x * 3; }
		int main(int argc, char **argv) {
		    struct pair s = {argc + 41, (long)argv};
		    unused(argc + 5);
		    sum += used(argc + 6);
		    first(s, 3);
		    second(s, 4);
		    return 0;
		}
	END
	clang -g -O2 -o parts parts.c || fail "cannot compile the program"
	asked ./parts 'trace ./parts:first x'
	equal "behind the first part" 3 "$(values x)"
	asked ./parts 'trace ./parts:second x'
	equal "behind the second part" 4 "$(values x)"
	run reprobe -c true -e 'trace ./parts:first s.a'
	contains "the struct" "$err" '`s` is optimized away here'
	run reprobe -c true -e 'trace ./parts:unused ret'
	contains "what nobody uses" "$err" '`ret` is optimized away here'
	asked ./parts 'trace ./parts:used ret'
	equal "what is used" 21 "$(values ret)"
}

# Where functions of 32-bit programs have what they are given is not known here.
narrow_functions() {
	compiled narrow -m32 -nostdlib -static -fno-pie -no-pie <<-'END'
		volatile int sum;
		__attribute__((noinline)) int f(int a, int b) { sum += a; return a * b; }
		void _start(void) { for (int i = 0; i < 3; i++) f(i, 7); __asm__ volatile("mov $1, %eax; xor %ebx, %ebx; int $0x80"); }
	END
	./narrow 2>/dev/null || skip "this kernel does not run 32-bit programs"
	local question
	for question in 'trace ./narrow:f a' 'trace ./narrow:f arg0' 'trace ./narrow:f ret' 'trace uretprobe:./narrow:f ret' \
		'trace ./narrow:narrow.c:2 a' 'latency ./narrow:f'; do
		run reprobe -c ./narrow -e "$question"
		status 1
		contains "$question" "$err" " is a 32-bit program"
	done
	asked ./narrow 'count ./narrow:f'
	equal "entries" 3 "$(jsonlines value <out)"
	asked ./narrow 'count uretprobe:./narrow:f'
	equal "returns" 3 "$(jsonlines value <out)"
}

# A process goes on with the file that it has, whatever is at its path now.
replaced_files() {
	local others=() name
	compiled first <<-'END'
		#include <unistd.h>
		int main(void) { return pause(); }
	END
	cp first second
	cp first new
	for name in first second; do
		"./$name" &
		others+=("$!")
	done
	wait_for "they run" grep -q second "/proc/${others[1]}/maps"
	wait_for "they run" grep -q first "/proc/${others[0]}/maps"
	mv new first
	rm second
	for name in 0 1; do
		run reprobe -p "${others[name]}" -e "count ./first:main, ./second:main"
		status 1
		contains "told" "$err" "the process runs the file that was at $tmp/" "replaced or deleted" "use /proc/${others[name]}/exe in place of the path"
		run reprobe -p "${others[name]}" -e "info uprobe:/proc/${others[name]}/exe:main" -e quit
		contains "its own" "$out" "it can be probed"
	done
	run reprobe -p "$$" -e 'info uprobe:./first:main' -e quit
	contains "of another process" "$out" "it can be probed"
	kill "${others[@]}"
}

# A line that the compiler has put into both branches is probed in both; where it may have put it several times into
# one, that is told.
copied_lines() {
	compiled copied -O2 <<-'END'
		#define N __attribute__((noinline))
		volatile int a, b;
		N void f(int p, int n)
		{
		    if (p)
		        a = 1;
		    b += n;
		    if (p)
		        a = 3;
		}
		N void g(int n)
		{
		    for (int i = 0; i < 2; i++) {
		        a = n;
		        b = i;
		    }
		}
		int main(void)
		{
		    for (int i = 0; i < 10; i++) {
		        f(i < 3, i);
		        g(i);
		    }
		    return 0;
		}
	END
	asked ./copied 'count ./copied:copied.c:7'
	equal "in both branches" 10 "$(jsonlines value <out)"
	lacks "all are seen" "$err" "not all executions"
	asked ./copied 'count ./copied:copied.c:6'
	equal "in one" 3 "$(jsonlines value <out)"
	asked ./copied 'count ./copied:copied.c:14'
	[ "$(jsonlines value <out)" = 20 ] || contains "told" "$err" "note: not all executions of copied.c:14 may be seen: its code is at "
	compiled whole -O0 <copied.c
	asked ./whole 'count ./whole:whole.c:14'
	equal "not optimized" 20 "$(jsonlines value <out)"
	lacks "nothing is told" "$err" "not all executions"
}

# clang has the addresses of variables in a table (DWARF 5).
variables_of_clang() {
	type clang >/dev/null 2>&1 || skip "there is no clang"
	[ "$(uname -m)" = x86_64 ] || skip "calling conventions of other processors are not known"
	cat >table.c <<-'END'
		int counter = 1000;
		static short small = -7;
		__attribute__((noinline)) int step(int n)
		{
		    static long kept = 500;
		    kept += n;
		    small -= 1;
		    return counter += n;
		}
		int main(void) { return step(1) + step(2) == 0; }
	END
	local level
	for level in 0 2; do
		clang -g -gdwarf-5 -O$level -o table table.c || fail "cannot compile the program"
		asked ./table 'trace ./table:step n counter small'
		equal "-O$level: globals" "1 1000 -7,2 1001 -8" "$(values n counter small)"
		asked ./table 'trace ./table:table.c:6 kept'
		equal "-O$level: of a function" "500,501" "$(values kept)"
	done
}

# Of two functions with the same code the compiler makes one, at which the calls of both are seen.
merged_functions() {
	compiled merged -O2 <<-'END'
		#define N __attribute__((noinline))
		volatile long sum;
		N static int swing(int x) { sum -= x; return x + 2; }
		N static int swong(int x) { sum -= x; return x + 2; }
		N int other(int x) { sum += x; return x; }
		int alias(int x) __attribute__((weak, alias("other")));
		int main(void) { return swing(1) + swong(2) + other(3) + alias(4) == 0; }
	END
	[ "$(nm merged | awk '/ sw[io]ng$/ { print $1 }' | uniq | wc -l)" = 1 ] || skip "this gcc does not merge them"
	run reprobe --json -c ./merged -e 'count ./merged:swing'
	contains "told" "$err" "note: calls of " "swing" "swong" "cannot be told apart"
	run reprobe --json -c ./merged -e 'count ./merged:other' -e 'count ./merged:alias'
	lacks "several names of one function" "$err" "told apart"
	run reprobe -c true -e 'count uprobe:c:madvise'
	lacks "those of an assembler" "$err" "told apart"
}

# Members are shown by where they are, and what only the object itself tells is not said to be padding.
members_by_place() {
	type g++ >/dev/null 2>&1 || skip "there is no g++"
	cat >virtual.cc <<-'END'
		struct base { long kept; };
		struct derived : virtual base { long own; };
		int main() { derived d; d.kept = d.own = 0; return (int)d.kept; }
	END
	g++ -g -o virtual virtual.cc || fail "cannot compile the program"
	run reprobe -e 'types ./virtual:struct derived' -e quit
	contains "a virtual base" "$out" "padding or a virtual base of 8 bytes"
	cat >order.rs <<-'END'
		pub struct Mixed { pub a: u8, pub b: u64, pub c: u8 }
		#[inline(never)] pub fn sum(m: &Mixed) -> u64 { m.a as u64 + m.b + m.c as u64 }
		fn main() { std::process::exit((sum(&Mixed { a: 1, b: 2, c: 3 }) == 0) as i32) }
	END
	rustc -g -o order order.rs 2>/dev/null || return 0
	run reprobe -e 'types ./order:struct Mixed' -e quit
	lacks "members of Rust" "$out" hole
	contains "members of Rust" "$out" "padding of 6 bytes"
}

# Whole numbers of 16 bytes that are not in registers: what is not known to be right is refused.
wide_numbers() {
	type clang >/dev/null 2>&1 || skip "there is no clang"
	compiled wide <<-'END'
		volatile long sum;
		__attribute__((noinline)) void wide(long a, long b, long c, long d, long e, long f, long g, __int128 y, int k) {
		    sum += a + b + c + d + e + f + g + (long)y + k;
		}
		int main(void) { wide(1, 2, 3, 4, 5, 6, 7, 8, 9); return 0; }
	END
	asked ./wide 'trace ./wide:wide g k if y == 8'
	equal "gcc's" "7 9" "$(values g k)"
	local level
	for level in 0 1 2; do
		clang -g -O$level -o wide wide.c || fail "cannot compile the program"
		run reprobe --json -c ./wide -e 'trace ./wide:wide k if y == 8'
		[ "$rc" != 0 ] || equal "clang's, -O$level" 9 "$(values k)"
	done
}

t "lines within others" lines_within_others
t "wide numbers" wide_numbers
t "members by place" members_by_place
t "merged functions" merged_functions
t "variables of clang" variables_of_clang
t "copied lines" copied_lines
t "files that were replaced" replaced_files
t "functions of 32-bit programs" narrow_functions
t "parts of structs" parts_of_structs
t "complex integers" complex_integers
t "member pointers" member_pointers
t "functions of modules" functions_of_modules
t "returns that destroy" returns_that_destroy
t "programs of 32 bits" programs_of_32_bits
t "places with other fields" places_with_other_fields
t "types of programs" types_of_programs
t "offsets within instructions" within_instructions
t "names of C++ and Rust" names_of_cxx_and_rust
t "files of the process" files_of_the_process
t "files of its root" files_of_its_root
t "functions of the kernel" functions_of_the_kernel
finish
