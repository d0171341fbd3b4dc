/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where the arguments of an exec that went well are by its return: it has replaced the memory that
 * the caller's pointers led to. The new program finds the same texts in its own.
 */
#include "probe/kinds/exec.h"

#include <stdio.h>
#include <string.h>

#include "probe/kind.h"

#define COUNT "argv_count"

/* ------------------------------------------------------------------ where it begins */

/* Both end with a NULL, and behind that may be anything. */
const char *rp_write_count_of_exec(const struct rp_function_text *f, const char *argument) {
    bool arguments = !strcmp(argument, "argv");
    bool exec = !strcmp(f->spec->target, "sys_enter_execve") ||
                !strcmp(f->spec->target, "sys_enter_execveat");
    if (!exec || (!arguments && strcmp(argument, "envp") != 0))
        return NULL;
    const char *count = arguments ? COUNT : "envp_count";
    fprintf(f->out,
            "    u64 %s = 0, %s_more = 1; /* how many there are before the NULL */\n"
            "    for (int i = 0; i < 64; i++) {\n"
            "        u64 text = 0;\n"
            "        bpf_probe_read_user(&text, sizeof(text), (void *)(%s + i));\n"
            "        %s_more &= ~(text - 1) >> 63; /* it is not NULL: without a branch */\n"
            "        %s += %s_more;\n"
            "    }\n"
            "    %s |= -%s_more; /* there are more: not known */\n",
            count, count, argument, count, count, count, count, count);
    return count;
}

/* ------------------------------------------------------------------ where it has gone well */

/* C that reads what the member of the new program's mm_struct has. */
static void write_mm_member(FILE *out, const char *to, const char *member) {
    fprintf(
        out,
        "        bpf_probe_read_kernel(&%s, sizeof(%s), (void *)mm + offsetof(struct mm_struct, "
        "%s));\n",
        to, to, member);
}

static void write_mm(FILE *out) {
    fputs("        struct mm_struct *mm = 0;\n"
          "        bpf_probe_read_kernel(&mm, sizeof(mm), (void *)bpf_get_current_task() + "
          "offsetof(struct task_struct, mm));\n",
          out);
}

/* fs/exec.c, do_execveat_common(): the name, as it was given, is behind the new environment. */
static void write_name(const struct rp_function_text *f) {
    fprintf(f->out,
            "    if (!%s->%s) { /* the memory is another program's, with the name behind its "
            "environment */\n",
            f->context, f->spec->kind->result_member);
    write_mm(f->out);
    fputs("        filename = 0;\n", f->out);
    write_mm_member(f->out, "filename", "env_end");
    fputs("    }\n", f->out);
}

/* fs/binfmt_elf.c, create_elf_tables(): how many there are and their addresses lie on the stack
 * that the program begins with, and the first is where the texts begin; so it is not if the program
 * is one of 32 bits. */
static void write_array(const struct rp_function_text *f) {
    fprintf(f->out,
            "    u64 " COUNT " = -1; /* how many there are, where that is known */\n"
            "    if (!%s->%s) { /* the memory is another program's, which has its own on its stack "
            "*/\n",
            f->context, f->spec->kind->result_member);
    write_mm(f->out);
    fputs("        void *stack = 0, *texts = 0, *first = 0;\n", f->out);
    write_mm_member(f->out, "stack", "start_stack");
    write_mm_member(f->out, "texts", "arg_start");
    fputs("        bpf_probe_read_user(&" COUNT ", sizeof(" COUNT "), stack);\n"
          "        bpf_probe_read_user(&first, sizeof(first), stack + sizeof(long));\n"
          "        argv = first == texts ? stack + sizeof(long) : 0;\n",
          f->out);
}

/* fs/binfmt_script.c, load_script(): the interpreter's name, its argument and the script's name
 * stand in place of the first argument, for each of at most five that run each other. */
static void write_arguments(const struct rp_function_text *f) {
    write_array(f);
    fputs("        void *name = 0;\n", f->out);
    write_mm_member(f->out, "name", "env_end");
    fputs(
        "        for (int i = 1; i <= 10; i++) { /* a script is given to an interpreter */\n"
        "            bpf_probe_read_user(&texts, sizeof(texts), stack + (i + 1) * sizeof(long));\n"
        "            if (!texts)\n"
        "                break;\n"
        "            u64 differs = 0;\n"
        "            for (int at = 0; at < 35 && !differs; at += 7) {\n"
        "                u64 a = 0, b = 0;\n"
        "                bpf_probe_read_user_str(&a, sizeof(a), name + at);\n"
        "                bpf_probe_read_user_str(&b, sizeof(b), texts + at);\n"
        "                differs = a ^ b;\n"
        "                if (!(a >> 48)) /* its end */\n"
        "                    break;\n"
        "            }\n"
        "            if (!differs)\n"
        "                argv = 0;\n"
        "        }\n"
        "    }\n",
        f->out);
}

const char *rp_write_kept_of_exec(const struct rp_function_text *f, const char *argument) {
    bool exec = !strcmp(f->spec->target, "sys_exit_execve");
    if (!exec && strcmp(f->spec->target, "sys_exit_execveat") != 0)
        return NULL;
    if (!strcmp(argument, "argv")) {
        write_arguments(f);
        return COUNT;
    }
    if (exec && !strcmp(argument, "filename"))
        write_name(f);
    else /* the name of execveat() may be one of /dev/fd */
        fprintf(f->out, "    if (!%s->%s) /* the memory is another program's */\n        %s = 0;\n",
                f->context, f->spec->kind->result_member, argument);
    return NULL;
}
