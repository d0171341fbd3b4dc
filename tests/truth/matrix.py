#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""tests/truth/matrix.py REPROBE [--verbose] [--all | --quick] [--only PROBE[,PROBE…]]: kinds of values x kinds of probes x uses.

A program (workload.c) puts known values where the probes read them. reprobe is asked for each of them in
each use: as a column, at the entry and at the return, as a key, in conditions that hold and that do not, in a
histogram, added up. --all asks each kind of probe for every value; without it, all but the first kind are asked for
every other value. --quick leaves out what depends less on the kernel: probes in files, keys, histograms, and the
process's values where no argument leads to them.

Each cell is right, or refused by an error, or not in memory and said so; or wrong. Prints the counts, and each wrong
cell; ends with 1 if there is one. --verbose prints all cells, and the counts of each kind of probe once it was asked.
"""
import collections
import json
import os
import re
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
TIMES = 3
with open(os.path.join(HERE, "values.h"), encoding="utf-8") as header:
    # Without comments and what the preprocessor reads.
    TYPES = re.sub(r"/\*.*?\*/|^#.*?$", "", header.read(), flags=re.S | re.M)


# What may be there instead: it was not in memory, which is said.
UNREAD = object()

# name, expression over BASE (the struct's address) and TWO (an int that is 2), values that are right, what is
# shown where that is not the same
VALUES = [
    ("s8", "BASE->s8", [-5]), ("u8", "BASE->u8", [250]), ("s16", "BASE->s16", [-300]), ("u16", "BASE->u16", [65000]),
    ("s32", "BASE->s32", [-70000]), ("u32", "BASE->u32", [4000000000]), ("s64", "BASE->s64", [-5000000000]),
    ("u64", "BASE->u64", [18446744073709551615]), ("bool", "BASE->yes", [True]), ("char", "BASE->letter", [120, "x"]),
    ("enum", "BASE->colour", [2], ["GREEN"]), ("char[]", "BASE->text", ["text in it"]),
    ("full char[]", "BASE->full", ["full"]),
    ("text", "BASE->str", ["a text"]), ("text that is not in memory", "BASE->far", ["far away", UNREAD]),
    ("pointer", "BASE->ptr", ["0x1234567890"]), ("array", "BASE->numbers", [[1, -2, 3, -4]]),
    ("element", "BASE->numbers[1]", [-2]), ("element, computed", "BASE->numbers[TWO + 1]", [-4]),
    ("nested", "BASE->in.y", [-200]), ("packed", "BASE->packed.b", [-4]), ("bit field", "BASE->three", [5]),
    ("signed bit field", "BASE->five", [-3]), ("union", "BASE->choice.i", [-77]), ("anonymous", "BASE->inner", [4711]),
    ("array of structs", "BASE->pairs[1].y", [-10]), ("array of texts", "BASE->names[1]", ["beta"]),
    ("pointer to itself", "BASE->self->self->s16", [-300]), ("flexible array", "BASE->flexible->items[2]", [15]),
    ("address of", "*(&BASE->s16)", [-300]),
    ("arithmetic", "BASE->s16 / 7 + TWO", [-40]), ("shift", "BASE->u32 >> 4", [250000000]),
    ("remainder", "BASE->s32 % 1000", [0]), ("comparison", "BASE->u8 > 249", [True, 1]),
    ("a choice", "BASE->s8 < 0 ? BASE->u16 : 1", [65000]), ("a cast", "(u8)BASE->s16", [212]),
    ("enum of 64 bits", "BASE->huge", [1 << 40, "HUGE"]), ("enum of 8 bits", "BASE->small", [1], ["TINY"]),
    ("packed bit fields", "BASE->tight.nine", [0x1ff]), ("packed signed bit field", "BASE->tight.six", [-1]),
    ("bit field over bytes", "BASE->tight.forty", [0x123456789a]), ("bool of a bit", "BASE->flag", [True, 1]),
    ("signed bit", "BASE->minus", [-1]), ("table", "BASE->table[1][2]", [-6]),
    ("table, computed", "BASE->table[TWO - 1][TWO]", [-6]), ("array in a table", "BASE->table[1]", [[-4, -5, -6]]),
    ("pointer to pointer", "(*BASE->hops)->y", [-32]), ("the same by stars", "(**BASE->hops).x", [31]),
    ("struct at an address", "(*BASE).u16", [65000]), ("anonymous union", "BASE->mixed[0].n", [1234567890123]),
    ("text in a union", "BASE->mixed[1].c", ["abc"]), ("a cast of what is read", "(char)BASE->mixed[1].c[2]", [99, "c"]),
    ("signed char", "BASE->letters[0]", [-1]), ("unsigned char", "BASE->uletters[0]", [200]),
    ("flexible text", "str(BASE->tail->text)", ["tail of it"]), ("pointers apart", "BASE->pairs + 1 > BASE->pairs", [1]),
    ("both", "BASE->s8 < 0 && BASE->u8 > 0", [1]), ("not", "!BASE->yes", [0]), ("bits", "BASE->u16 & 0xf0 | 7", [0xe7]),
    ("negated", "-BASE->s16", [300]), ("mixed signs", "BASE->s32 + BASE->u8", [-69750]),
    ("text by a pattern", 'BASE->text ~ "t?xt *it"', [1]), ("another pattern", 'BASE->str !~ "a*b"', [1]),
    ("beginning of a text", 'starts(BASE->str, "a t")', [1]), ("end of a text", 'ends(BASE->text, " it")', [1]),
    ("part of a text", '"xt i" in BASE->text', [1]), ("text in any case", 'nocase(BASE->text) == "Text In It"', [1]),
    ("so many characters", "str(BASE->str, 3)", ["a t"]), ("bytes", "buf(BASE->text, 6)", ["text i"]),
    ("bytes, computed", "buf(BASE->str, TWO + 2)", ["a te"]), ("bytes of an array", "buf(BASE->full)", ["full"]),
    ("end of a long array", "buf(&BASE->long_text[198], 2)", ["eE"]),
    ("two texts", "BASE->names[0] == BASE->str", [1]), ("minimum", "min_t(int, BASE->s8, TWO)", [-5]),
]
# One by one: what BPF has no numbers for, and what is nowhere.
ODD_VALUES = [
    ("float", "BASE->f", [1.5]), ("double", "BASE->d", [2.5]), ("128 bits", "BASE->wide", [hex(1 << 100)]),
    ("division by what is 0", "BASE->s32 / (TWO - 2)", [UNREAD]), ("behind the end", "BASE->numbers[TWO + 2]", [UNREAD]),
    ("what leads nowhere", "*(int *)(long)TWO", [UNREAD]),
]

FILE = "TASK->files->fdt->fd[%d]"
SOCKET = f"((struct socket *){FILE % 10}->private_data)"
UNIX = f"((struct unix_sock *)((struct socket *){FILE % 11}->private_data)->sk)"
# The same of what the kernel keeps for the program.
KERNEL_VALUES = [
    ("u32 of the kernel", "TASK->personality", [0]), ("negative nice", "TASK->static_prio", [123]),
    ("s32 of the kernel", "TASK->pdeath_signal", [2]), ("unsigned of the kernel", "TASK->policy", [3]),
    ("u64 of the kernel", "TASK->timer_slack_ns", [123456789]), ("name of a task", "TASK->comm", ["truth"]),
    ("array of structs of the kernel", "TASK->signal->rlim[7].rlim_cur", [1234]),
    ("element of the kernel, computed", "TASK->signal->rlim[TWO + 5].rlim_max", [2345]),
    ("timer", "TASK->signal->it[1].incr", [5000000006000]), ("array of the kernel", "TASK->blocked.sig", [[2048]]),
    ("element of an array of one", "TASK->blocked.sig[0]", [2048]),
    ("bit field of the kernel", "TASK->sched_reset_on_fork", [1]), ("pointer to the process", "TASK->clear_child_tid == BASE", [1]),
    ("s32 behind pointers", "TASK->fs->umask", [23]), ("pointer to pointers", FILE % 9 + "->f_flags", [33793 | 1024]),
    ("pointer to pointers, computed", "TASK->files->fdt->fd[TWO + 7]->f_flags", [33793 | 1024]),
    ("u16 of the kernel", f"{FILE % 9}->f_inode->i_mode & 0777", [0o642]), ("size", f"{FILE % 9}->f_inode->i_size", [5]),
    ("name of a file", f"{FILE % 7}->f_path.dentry->d_name.name", ["null"]),
    ("bytes of a name", f"{FILE % 7}->f_path.dentry->d_name.len", [4]), ("macro", f"S_ISFIFO({FILE % 8}->f_inode->i_mode)", [1]),
    ("device", f"{FILE % 7}->f_inode->i_rdev", [1 << 20 | 3]), ("enum of the kernel", f"{SOCKET}->state", [1], ["SS_UNCONNECTED"]),
    ("s16 of the kernel", f"{SOCKET}->type", [2]), ("family, by its macro", f"{SOCKET}->sk->sk_family", [2]),
    ("address in unions", f"{SOCKET}->sk->__sk_common.skc_rcv_saddr", [0x0302017F], ["127.1.2.3"]),
    ("bit field of bits", f"{SOCKET}->sk->__sk_common.skc_reuse", [1]), ("bit field behind a pointer", f"{SOCKET}->sk->sk_no_check_tx", [1]),
    ("struct that begins with another", f"((struct inet_sock *){SOCKET}->sk)->tos", [0x88]),
    ("negative or small", f"((struct inet_sock *){SOCKET}->sk)->uc_ttl", [77]),
    ("s32 of a socket", f"{SOCKET}->sk->sk_rcvbuf", [10000]),
    ("flexible array of the kernel", f"(u8){UNIX}->addr->name[0].sun_path[2]", [ord("u")]),
    ("text at an address", f"str(&{UNIX}->addr->name[0].sun_path[0])", ["truth"]),
]

# Structs that a function of the kernel is given by value.
BY_VALUE = [
    ("struct by value", "uid.val", [12345]), ("another struct by value", "gid.val", [54321]),
    ("pointer beside them", "path->dentry->d_inode->i_size", [5]), ("arithmetic of them", "uid.val + gid.val", [66666]),
]

CAST = "((struct all *)%s)"
# What the kernel keeps for the task: where no argument leads to it.
KEPT = (CAST % "TASK->clear_child_tid", "TASK->pdeath_signal")
# name, spec, BASE, TWO; where there is a return, what it gives, or None
PROBES = [
    ("uprobe", "uprobe:WORKLOAD:take", CAST % "arg0", "(int)arg1", None),
    ("uprobe and return", "uprobe:WORKLOAD:take", CAST % "arg0", "(int)arg1", "ret != 0"),
    ("uretprobe", "uretprobe:WORKLOAD:take", CAST % "ret", "2", None),
    ("usdt", "usdt:WORKLOAD:truth:place", CAST % "arg0", "(int)arg1", None),
    ("tracepoint", "tracepoint:syscalls:sys_enter_pwrite64", CAST % "buf", "(int)pos", None),
    ("tracepoint and return", "tracepoint:syscalls:sys_enter_pwrite64", CAST % "buf", "(int)pos", "ret == -9"),
    ("tracepoint of a return", "tracepoint:syscalls:sys_exit_pwrite64", *KEPT, 'ret == -9 && comm == "truth"'),
    ("tracepoint of the kernel's", "tracepoint:signal:signal_generate", *KEPT, 'sig == 18 && bpf_get_current_task()->comm == "truth"'),
    ("rawtracepoint", "rawtracepoint:sys_enter", CAST % "regs->si", "(int)regs->r10", "id == 18"),
    ("tp_btf", "tp_btf:sys_enter", CAST % "regs->si", "(int)regs->r10", "id == 18"),
    ("kprobe", "kprobe:__x64_sys_pwrite64", CAST % "buf", "(int)pos", None),
    ("kprobe and return", "kprobe:__x64_sys_pwrite64", CAST % "buf", "(int)pos", "ret == -9"),
    ("kretprobe", "kretprobe:do_sys_openat2", *KEPT, 'ret < 0 && comm == "truth"'),
    ("kretprobe of a syscall", "kretprobe:__x64_sys_pwrite64", *KEPT, 'ret == -9 && comm == "truth"'),
    ("kprobe of a function", "kprobe:do_sys_openat2", CAST % "filename", "dfd", "dfd == 2"),
    ("fentry", "fentry:do_sys_openat2", CAST % "filename", "dfd", "dfd == 2"),
    ("fexit", "fexit:do_sys_openat2", CAST % "filename", "dfd", "dfd == 2 && ret < 0"),
    ("fentry of a syscall", "fentry:__x64_sys_pwrite64", CAST % "regs->si", "(int)regs->r10", None),
    ("profile", "profile:hz:199", *KEPT, 'comm == "truth"'),
    ("kprobe by value", "kprobe:security_path_chown", "", "", 'comm == "truth"'),
    ("fentry by value", "fentry:security_path_chown", "", "", 'comm == "truth"'),
    ("fexit by value", "fexit:security_path_chown", "", "", 'ret == 0 && comm == "truth"'),
]
TASK = "bpf_get_current_task()"
# How often the workload comes by; None: that is not known, but at least once.
SAMPLED = "profile"
RUN_FOR = 150 * (5 if os.environ.get("REPROBE_TEST_SLOW", "1") != "1" else 1)  # milliseconds

Question = collections.namedtuple("Question", "probe values use line")


def c_value(value):
    """In a condition."""
    if value is UNREAD:
        return "0"
    if isinstance(value, str) and not value.startswith("0x"):
        return json.dumps(value, ensure_ascii=False).replace("\\u0000", "\\0")
    if isinstance(value, str):
        return f"(void *){value}"
    if value is True:
        return "1"
    return f"{value}{'UL' if value > 1 << 63 else ''}"


def expression(probe, value):
    return value[1].replace("BASE", probe[2]).replace("TWO", probe[3]).replace("TASK", TASK)


def is_right_number(probe, count):
    """Of events: each time, or each of the samples, of which nobody knows how many there were."""
    return count > 0 if probe[0] == SAMPLED else count == TIMES


def condition(probe, text):
    parts = [part for part in (probe[4], text) if part]
    return " if " + " && ".join(parts) if parts else ""


def questions_of(probe, values, quick, whole=False):
    """Those that ask for `values` in all uses; a list that is refused is asked for again one by one."""
    exprs = [expression(probe, value) for value in values]
    spec = probe[1]
    yield Question(probe, values, "column", f"trace {spec} {', '.join(exprs)}{condition(probe, None)}")
    keys = [value for value in values if not isinstance(value[2][0], list)]
    if keys and not quick:
        text = ", ".join(expression(probe, value) for value in keys)
        yield Question(probe, keys, "key", f"count {spec} by {text}{condition(probe, None)}")
    if keys:
        all_hold = " && ".join(f"({expression(probe, v)}) == {c_value(v[2][0])}" for v in keys)
        yield Question(probe, keys, "true", f"count {spec}{condition(probe, all_hold)}")
    if keys and not quick:
        any_not = " || ".join(f"({expression(probe, v)}) != {c_value(v[2][0])}" for v in keys)
        yield Question(probe, keys, "false", f"count {spec}{condition(probe, '(' + any_not + ')')}")
    numbers = [v for v in values if isinstance(v[2][0], int) and v[2][0] < 1 << 62 and not quick]
    for value in numbers if whole else numbers[1::3]:
        yield Question(probe, [value], "sum", f"stats {spec} {expression(probe, value)}{condition(probe, None)}")
    for value in numbers if whole else numbers[::3]:
        low = int(value[2][0])
        yield Question(probe, [value], "histogram",
                       f"hist {spec} {expression(probe, value)} linear({low},{low + 1},1){condition(probe, None)}")


def groups(values, size):
    return [values[i:i + size] for i in range(0, len(values), size)]


class Matrix:
    def __init__(self, reprobe, folder):
        self.reprobe, self.folder, self.types = reprobe, folder, TYPES
        self.workload = os.path.join(folder, "workload")
        self.cells = {}  # (probe, value, use): right, refused, unread or (wrong, why)
        self.refusals = collections.Counter()
        self.said = []  # what the last run said besides the numbers of its questions, as what it lost
        subprocess.run(["gcc", "-O1", "-g0", "-o", self.workload, os.path.join(HERE, "workload.c")], check=True)

    def ask(self, questions):
        """Asks all in one run. Per question: an error's text, or its rows."""
        script = os.path.join(self.folder, "script")
        with open(script, "w", encoding="utf-8") as file:
            file.write(self.types + "\n")
            for question in questions:
                file.write(question.line.replace("WORKLOAD", self.workload) + "\n")
        run = subprocess.run([self.reprobe, "--json", "-f", script, "-c", f"exec {self.workload} {TIMES} {RUN_FOR if questions[0].probe[0] == SAMPLED else ''}"],
                             capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False, timeout=600)
        answers = self.order(questions, run.stderr)
        self.said = [line for line in run.stderr.splitlines() if not re.match(r"\[\d+\] |reprobe: cannot |hint: | ", line)]
        if "reprobe: the command" in run.stderr:
            sys.exit(f"the workload failed:\n{run.stderr}")
        rows = collections.defaultdict(list)
        for line in run.stdout.splitlines():
            row = json.loads(line, object_pairs_hook=collections.OrderedDict)
            number = row["probe"] if "probe" in row else int(row["map"].split(".")[0]) if "." in row["map"] else 1
            rows[number].append(row)
        return [(error, rows[number]) for error, number in answers]

    def order(self, questions, stderr):
        """What became of each line: (error, None), or (None, its number)."""
        answers = []
        for line in stderr.splitlines():
            started = re.match(r"\[(\d+)\] ", line)
            if started:
                answers.append((None, int(started.group(1))))
            elif re.match(r"reprobe: cannot ", line):
                answers.append((line, 0))
        if len(answers) != len(questions):
            sys.exit(f"{len(questions)} questions had {len(answers)} answers:\n{stderr}")
        return answers

    def run(self, questions):
        """A tracepoint takes 64 programs, of everyone's, a function 38 at its entry and return; the kernel samples
        less when that takes long."""
        for some in groups(questions, 5 if questions[0].probe[0] == SAMPLED else 36):
            self.run_some(some)

    def run_some(self, questions):
        again = []
        for question, (error, rows) in zip(questions, self.ask(questions)):
            if error and len(question.values) > 1:
                again += [one for value in question.values for one in questions_of(question.probe, [value], False)
                          if one.use == question.use]
            elif error:
                self.refusals[error.split(": ", 2)[-1][:100]] += 1
                self.set(question, question.values[0], "refused")
            else:
                again += self.judge(question, rows)
        if again:
            self.run(again)

    def set(self, question, value, result):
        self.cells[question.probe[0], value[0], question.use] = result

    def judge(self, question, rows):
        judge = {"column": self.judge_columns, "key": self.judge_keys, "true": self.judge_true,
                 "false": self.judge_false, "histogram": self.judge_histogram, "sum": self.judge_sum}[question.use]
        return judge(question, rows) or []

    def compare(self, question, value, got):
        """A value that was shown against those that are right."""
        rights = value[-1]
        if got is None:
            self.set(question, value, "unread" if UNREAD in value[2] else ("wrong", "null", question.line))
        elif any(right is not UNREAD and type(got) in (type(right), int, float) and got == right for right in rights):
            self.set(question, value, "right")
        else:
            self.set(question, value, ("wrong", json.dumps(got), question.line))

    def judge_columns(self, question, rows):
        own = len(question.values)
        if not is_right_number(question.probe, len(rows)):
            for value in question.values:
                self.set(question, value, ("wrong", " ".join([f"{len(rows)} rows", *self.said]), question.line))
            return
        for row in rows:
            for value, got in zip(question.values, list(row["data"].values())[-own:]):
                self.compare(question, value, got)

    def judge_keys(self, question, rows):
        if not is_right_number(question.probe, sum(row["value"] for row in rows)):
            for value in question.values:
                self.set(question, value, ("wrong", f"counts {[row['value'] for row in rows]}", question.line))
            return
        for row in rows:
            key = row["key"]
            got = list(key.values()) if isinstance(key, dict) else [key]
            for value, one in zip(question.values, got):
                self.compare(question, value, one)

    def judge_true(self, question, rows):
        count = rows[0]["value"] if rows else 0
        right = is_right_number(question.probe, count) and question.values[0][2] != [UNREAD]
        if not right and len(question.values) > 1:
            return self.one_by_one(question)
        for value in question.values:
            unread = count == 0 and UNREAD in value[2]
            self.set(question, value, "right" if right else "unread" if unread
                     else ("wrong", f"{count} of {TIMES}", question.line))

    def judge_false(self, question, rows):
        count = rows[0]["value"] if rows else 0
        if count and len(question.values) > 1:
            return self.one_by_one(question)
        for value in question.values:
            self.set(question, value, ("wrong", f"{count} of 0", question.line) if count else "right")

    def one_by_one(self, question):
        return [one for value in question.values for one in questions_of(question.probe, [value], False)
                if one.use == question.use]

    def judge_histogram(self, question, rows):
        value = question.values[0]
        buckets = [bucket for row in rows for bucket in row["histogram"] if bucket["count"]]
        found = (len(buckets) == 1 and buckets[0].get("min") == int(value[2][0])
                 and is_right_number(question.probe, buckets[0]["count"]))
        self.set(question, value, "right" if found else ("wrong", json.dumps(buckets), question.line))

    def judge_sum(self, question, rows):
        value = question.values[0]
        number = int(value[2][0])
        got = rows[0]["value"] if rows else {"count": 0}
        count = got["count"]
        right = {"count": count, "sum": count * number, "avg": number, "min": number, "max": number}
        found = is_right_number(question.probe, count) and got == right
        self.set(question, value, "right" if found else ("wrong", json.dumps(rows), question.line))

    def can(self, probe):
        """Whether this kernel has such probes; why not, is said."""
        spec = probe[1].replace("WORKLOAD", self.workload)
        run = subprocess.run([self.reprobe, "-e", f"count {spec}", "-e", "quit"], capture_output=True, text=True,
                             stdin=subprocess.DEVNULL, check=False, timeout=600)
        if run.returncode:
            print(f"skip {probe[0]}: {run.stderr.splitlines()[0][:150]}")
        return run.returncode == 0


def show(cells, refusals, verbose):
    """Says which cells are wrong, and of which kind all are; all cells, too, and why some were refused, if asked."""
    for (probe, value, use), result in cells.items():
        if not isinstance(result, str):
            print(f"WRONG {probe}: {value} as {use}: {result[1]}\n      {result[2]}")
        elif verbose:
            print(f"{result:8} {probe}: {value} as {use}")
    for text, count in refusals.most_common() if verbose else []:
        print(f"{count:4} refused: {text}")
    return count_cells(cells)


def count_cells(cells):
    """Of each kind."""
    return collections.Counter(result if isinstance(result, str) else "wrong" for result in cells.values())


def end(counts):
    print(f"{counts['right']} right, {counts['refused']} refused, {counts['unread']} not in memory (and said so), "
          f"{counts['wrong']} wrong")
    sys.exit(1 if counts["wrong"] or counts["right"] < 50 else 0)


def main():
    whole, quick, verbose = "--all" in sys.argv, "--quick" in sys.argv, "--verbose" in sys.argv
    only = sys.argv[sys.argv.index("--only") + 1].split(",") if "--only" in sys.argv else None
    reprobe = os.path.abspath(sys.argv[1])
    with tempfile.TemporaryDirectory(prefix="reprobe-truth.") as folder:
        matrix = Matrix(reprobe, folder)
        for number, probe in enumerate(PROBES):
            if (quick and "WORKLOAD" in probe[1]) or (only and probe[0] not in only) or not matrix.can(probe):
                continue
            started = time.monotonic()
            together = groups(VALUES + KERNEL_VALUES, 6) + groups(ODD_VALUES, 1)
            if not whole:
                values = VALUES if number == 0 else VALUES[number % 2::2]
                together = groups(values + KERNEL_VALUES[number % 2::2], 9) + groups(ODD_VALUES[number % 2::2], 1)
            if quick:
                of_process = [] if probe[2] == KEPT[0] else VALUES[number % 2::2]
                together = groups(of_process + KERNEL_VALUES[number % 2::2], 9)
            if probe[0].endswith("by value"):
                together = [BY_VALUE]
            matrix.run([question for group in together for question in questions_of(probe, group, quick, whole)])
            if verbose:
                cells = {cell: result for cell, result in matrix.cells.items() if cell[0] == probe[0]}
                counts = ", ".join(f"{count} {result}" for result, count in count_cells(cells).items())
                print(f"{probe[0]}: {counts} ({time.monotonic() - started:.0f} s)", file=sys.stderr, flush=True)
    end(show(matrix.cells, matrix.refusals, verbose))


if __name__ == "__main__":
    main()
