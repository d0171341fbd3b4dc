#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Expressions of questions against what the same C gives, at functions whose arguments are known.
. "$(dirname "$0")/../lib.sh"
need_root
command -v gcc >/dev/null || skip "there is no gcc"

# builds NAME: the program on standard input
builds() { gcc -g -O0 -o "$1" -x c -; }

# columns PATTERN: the fields of rows behind the task's name
columns() { sed -nE "s/^[0-9:]+ +[0-9]+ +$1 +//p" out | sed -E 's/ +/ /g' | paste -sd'|'; }

# What is computed of arguments at the entry and shown at the return.
kept() {
	builds kept <<<'__attribute__((noinline)) int f(int a, int b) { return a + b; } int main(void) { f(20, 4); f(7, 2); f(3, 0); }'
	run reprobe -c ./kept -e 'trace ./kept:f a/b, a%2, a<<b, ret'
	status 0
	equal "rows" "5 0 320 24|3 1 28 9|(unread) 1 3 3" "$(columns kept)"
	run reprobe -c ./kept -e 'sum ./kept:f a/b by ret' -e 'latency ./kept:f by a>>1' -e 'count ./kept:f by a%2, ret'
	status 0
	contains "events without a value" "$err" '[1] 1 event was not counted: `a/b` cannot be read'
	equal "sums" "9 3 24 5" "$(grep -E '^[0-9]+ +[0-9]+$' out | sort -n | xargs)"
	contains "keys" "$out" "a>>1 = 10" "a>>1 = 3" "a>>1 = 1"
}

# The part that C does not evaluate does not matter.
guarded() {
	builds guarded <<<'__attribute__((noinline)) int f(int a, int b) { return 0; } int main(void) { f(3, 0); f(0, 0); f(0, 1); }'
	run reprobe -c ./guarded -e 'trace ./guarded:f b ? 5/b : -1, a && b && 5%b, b==0 || 5/b>1, b*40<32 ? 1<<(b*40) : 7, ret'
	status 0
	equal "rows" "-1 0 1 1 0|-1 0 1 1 0|5 0 1 7 0" "$(columns guarded)"
	equal "notes" "" "$(grep -c failed err | grep -v '^0$')"
	run reprobe -c ./guarded -e 'sum ./guarded:f b ? 5/b : -1' -e 'count ./guarded:f by b ? 5/b : -1' -e 'count ./guarded:f if (b ? 100/b : 0) == 0'
	status 0
	silent_but_names
	contains "sums" "$out" "1.sums: 3" "3.counts: 2"
	equal "keys" "-1 2 5 1" "$(grep -E '^(-1|5) +[0-9]$' out | sort -n | xargs)"
}
silent_but_names() { equal "stderr" "" "$(grep -v '^\[' err)"; }

# Why something cannot be had: all that it may be.
reasons() {
	builds reasons <<'END'
struct s { int zero; int arr[4]; } x = {0, {1, 2, 3, 4}}, y = {2, {1, 2, 3, 4}};
__attribute__((noinline)) int f(struct s *p, int i) { return 0; }
int main(void) { f(&x, 1); f(&y, -1); f(0, 2); f(&y, 9); }
END
	run reprobe -c ./reasons -e 'trace ./reasons:f 3/p->zero, p->arr[i]' -e 'count ./reasons:f if 3/p->zero == 1'
	status 0
	equal "rows" "(unread) 2|1 (unread)|(unread) (unread)|1 (unread)" "$(sed 's/^\[1\] //' out >plain && mv plain out && columns reasons)"
	contains "why" "$err" '[1] 2 of 4 reads of `3/p->zero` failed: it is not in memory, or something is divided by 0' \
		'[1] 3 of 4 reads of `p->arr[i]` failed: it is not in memory, or an index is not one of its array' \
		'[2] 2 events were left out: `3/p->zero == 1` cannot be read (it is not in memory, or something is divided by 0'
	contains "counts" "$(cat out)" "2.counts: 2"
}

without_case() {
	builds case <<'END'
char texts[4][8] = {"abc", "aBC", "zzz", ""};
__attribute__((noinline)) int f(int i, char *t) { return 0; }
int main(void) { for (int i = 0; i < 4; i++) { texts[i][7] = 0; f(i, texts[i]); } }
END
	run reprobe -c ./case -e 'trace ./case:f i if nocase(t) != "ABC"' -e 'trace ./case:f i if "ABC" != nocase(t) && i' \
		-e 'trace ./case:f i if nocase(t) == "ABC"' -e 'trace ./case:f i if !(nocase(t) == "ABC")' -e 'trace ./case:f i if nocase(t) !~ "A*"'
	status 0
	local i expected=("" "2 3" "2 3" "0 1" "2 3" "2 3")
	for i in 1 2 3 4 5; do
		equal "question $i" "${expected[i]}" "$(sed -nE "s/^\[$i\] [0-9:]+ +[0-9]+ +case +//p" out | xargs)"
	done
}

# Keys that differ look different, and are called what they are.
keys() {
	builds keys <<<'__attribute__((noinline)) void f(long ns) {} int main(void) { f(1000000); f(1000001); f(1000499); f(1000500); f(999); f(-1500000); }'
	run reprobe -c ./keys -e 'count ./keys:f by ns in ms'
	status 0
	equal "keys" "-1.5 0.000999 1 1.000001 1.000499 1.0005" "$(awk '/^[-0-9]/ { print $1 }' out | xargs)"
	run reprobe --json -c ./keys -e 'count ./keys:f by ns in ms'
	equal "in JSON" 6 "$(sort -u out | wc -l)"
	run reprobe -c ./keys -e 'trace ./keys:f ns in ms'
	equal "rows, to a thousandth" "1|1|1|1.001|0.001|-1.5" "$(columns keys)"
	run reprobe -c ./keys -e 'count ./keys:f by -ns, ns/2, ns as N if ns == 999'
	matches "headers" "$out" '^-ns +ns/2 +N +VALUE$'
	run reprobe --json -c ./keys -e 'count ./keys:f by -ns, ns/2, ns*2, ns if ns == 999'
	contains "in JSON" "$out" '"key":{"-ns":-999,"ns/2":499,"ns*2":1998,"ns":999}'
	run reprobe --metrics=m.prom -c ./keys -e 'count ./keys:f by -ns, ns/2, ns*2 if ns == 999'
	contains "metrics" "$(cat m.prom)" '{question="1",ns_2="-999",ns_2_2="499",ns_2_3="1998"} 1'
}

constants() {
	builds constants <<'END'
enum ucol { UA, UB = 0x80000000u, UC = 7 };
enum color { RED, GREEN = 5, BLUE = -3 };
enum big { BIGA = 1, BIGB = 0x100000000LL, BIGN = -1 };
enum ubig { UBA = 1, UBB = 0xf000000000000000ULL };
__attribute__((noinline)) int f(enum ucol u, enum color c, enum big b, enum ubig ub) { return 0; }
int main(void) { f(UB, BLUE, BIGN, UBB); f(UC, GREEN, BIGB, UBA); }
END
	run reprobe -c ./constants -e 'trace ./constants:f UB<<1, -UB, ~UB, UB*2, sizeof(UB), -BLUE, -(BLUE), BLUE*2, BIGN, BIGB+1, UBB, -BIGN if c == BLUE'
	status 0
	equal "as in C" "0 2147483648 2147483647 0 4 3 3 -6 -1 4294967297 17293822569102704640 1" "$(columns constants)"
	run reprobe -c ./constants -e 'count ./constants:f if ~UB == 0x7fffffff && u == UB' -e 'count ./constants:f if ub > 5' \
		-e 'count ./constants:f if b == BIGN' -e 'max ./constants:f ub'
	contains "conditions" "$out" "1.counts: 1" "2.counts: 1" "3.counts: 1" "4.maxima: 17293822569102704640"
	run reprobe --json -c ./constants -e 'trace ./constants:f AF_INET, NULL, u as EPERM if c == BLUE' -e 'count ./constants:f by AF_INET, u as EINVAL, c as NULL if c == BLUE'
	contains "names of macros" "$out" '"AF_INET":2,"NULL":"0x0","EPERM":"UB"}' '"key":{"AF_INET":2,"EINVAL":"UB","NULL":"BLUE"},"value":1'
	run reprobe --json -c ./constants -e 'trace ./constants:f time(ub), time(-1792000000000000000) if c == BLUE'
	status 0
	local text
	for text in 5s 1+2 -1 SIGKILL; do
		run reprobe -c ./constants -e "count ./constants:f until $text"
		refused "\`until $text\` is the same for all events" "--for TIME"
	done
}

# What looks like a parameter stays a text in what `save` writes.
saved() {
	builds saved <<'END'
char texts[3][8] = {"$1", "${2:-5}", "5"};
__attribute__((noinline)) int f(char *t) { return 0; }
int main(void) { for (int i = 0; i < 3; i++) { texts[i][7] = 0; f(texts[i]); } }
END
	run reprobe -c ./saved -e 'count ./saved:f if starts(t, "${2:-5}")' -e 'trace ./saved:f t if t == "$1"' -e 'save own.rp'
	contains "before" "$out" "1.counts: 1"
	run reprobe -c ./saved -f own.rp other
	status 0
	contains "again" "$out" "1.counts: 1"
	matches "a row" "$out" ' saved +\$1$'
	printf 'trace ./saved:f t if t == "$$1" || t == "$1" # $1\n' >two.rp
	run reprobe -c ./saved -f two.rp 5
	equal "both" '$1|5' "$(columns saved)"
}

# A question that is done is not said to be paused, or to go on elsewhere.
done_ones() {
	builds done_ones <<'END'
#include <unistd.h>
__attribute__((noinline)) int f(int i) { return 0; }
__attribute__((noinline)) int h(int i) { return 0; }
int main(void) { for (int i = 0; i < 20; i++) f(i), h(i); while (access("told", F_OK)) usleep(10000); return 0; }
END
	mkfifo lines
	{
		printf '%s\n' 'count ./done_ones:f until 5' 'wait 1ms'
		for ((i = 0; i < 400; i++)); do
			! grep -q '^\[1\] done' "$tmp/err" || break
			sleep 0.05
		done
		printf '%s\n' 'pause 1' 'retarget 1 ./done_ones:h' '!touch told'
	} >lines &
	run reprobe -c ./done_ones <lines
	wait
	status 0
	contains "counts" "$out" "counts: 5"
	lacks "stderr" "$err" "paused"
	equal "notes" 2 "$(grep -c 'note: \[1\] has taken all the events that it was to' err)"
}

t "arguments, and the return" kept
t "a question that is done" done_ones
t "what is not evaluated" guarded
t "why it cannot be read" reasons
t "nocase()" without_case
t "keys that look alike" keys
t "enumerators, and what is constant" constants
t "save, and parameters" saved
finish
