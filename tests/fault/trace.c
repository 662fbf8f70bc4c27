/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "trace.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#define LIMIT_SECONDS 100 /* a hook that hangs; it waits for the ledger's lock for 60 s by itself */

void give_up(const char *format, ...)
{
	int number = errno;
	va_list args;

	va_start(args, format);
	printf("Bail out! ");
	vprintf(format, args);
	printf(" (%s)\n", strerror(number));
	va_end(args);
	exit(2);
}

/* --- starting -------------------------------------------------------------------------------- */

/* Which calls stop a process; else the number of one, each of whose uses does. */
enum { NO_CALL = -2, EACH_CALL = -1, FILTER_LENGTH = 4 };

static void make_filter(struct sock_filter filter[FILTER_LENGTH], int calls)
{
	const struct sock_filter parts[FILTER_LENGTH] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned)calls, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRACE),
		BPF_STMT(BPF_RET | BPF_K, calls == EACH_CALL ? SECCOMP_RET_TRACE : SECCOMP_RET_ALLOW),
	};

	memcpy(filter, parts, sizeof(parts));
}

static void be_traced(int calls)
{
	struct sock_filter filter[FILTER_LENGTH];
	struct sock_fprog program = {.len = FILTER_LENGTH, .filter = filter};

	/* Root may have a filter as it is, and must: without new privileges no file capability has effect. */
	if (geteuid() != 0)
		prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	ptrace(PTRACE_TRACEME, 0, NULL, NULL);
	raise(SIGSTOP);
	/* The tracer lets it go on. cppcheck-suppress unreachableCode */
	make_filter(filter, calls);
	if (calls != NO_CALL && prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) < 0)
		_exit(126);
}

static pid_t start(const char *path, char *const env[], int said, const int *calls)
{
	char *const argv[] = {(char *)(uintptr_t)path, NULL};
	pid_t child;
	int null;

	fflush(NULL);
	child = fork();
	if (child < 0)
		give_up("cannot run %s", path);
	if (child > 0)
		return child;
	null = open("/dev/null", O_RDWR | O_CLOEXEC);
	dup2(null, STDIN_FILENO);
	dup2(null, STDOUT_FILENO);
	dup2(said, STDERR_FILENO);
	if (calls)
		be_traced(*calls);
	execve(path, argv, env);
	_exit(126);
}

/* --- stopping -------------------------------------------------------------------------------- */

static void ring(int number)
{
	(void)number;
}

/* For all that is waited for until the next time. */
static void set_limit(void)
{
	struct sigaction action = {.sa_handler = ring}; /* which interrupts waitpid() */

	sigaction(SIGALRM, &action, NULL);
	alarm(LIMIT_SECONDS);
}

/* A process that takes too long is killed, and is said to be so by SIGALRM. */
static int wait_for(pid_t pid)
{
	int status;

	if (waitpid(pid, &status, __WALL) == pid)
		return status;
	if (errno != EINTR)
		give_up("waitpid");
	kill(pid, SIGKILL);
	waitpid(pid, &status, __WALL);
	return SIGALRM;
}

enum {
	AT_CALL = PTRACE_EVENT_SECCOMP,
	AT_START = PTRACE_EVENT_EXEC,
	AT_CLONE = PTRACE_EVENT_FORK,
	AT_STEP = 0x100, /* at either end of a call */
	ENDED = -1
};

/* Go on (PTRACE_CONT), or to where a call begins or ends if that comes first (PTRACE_SYSCALL). @return the
 * stop that it came to */
static int go_on(enum __ptrace_request how, pid_t pid, int *status)
{
	for (int signal = 0, event;;) {
		ptrace(how, pid, NULL, signal);
		*status = wait_for(pid);
		if (!WIFSTOPPED(*status))
			return ENDED;
		event = *status >> 16; /* PTRACE_EVENT_... */
		if (event)
			return event;
		signal = WSTOPSIG(*status);
		if (signal == (SIGTRAP | 0x80)) /* PTRACE_O_TRACESYSGOOD */
			return AT_STEP;
	}
}

/* --- registers ------------------------------------------------------------------------------- */

#ifdef __x86_64__

typedef struct user_regs_struct registers;

bool can_trace(void)
{
	return true;
}

static registers get_registers(pid_t pid)
{
	registers regs;

	if (ptrace(PTRACE_GETREGS, pid, NULL, &regs) < 0)
		give_up("ptrace");
	return regs;
}

static void set_registers(pid_t pid, registers regs)
{
	if (ptrace(PTRACE_SETREGS, pid, NULL, &regs) < 0)
		give_up("ptrace");
}

/* Let the call in hand be made. */
static void finish_call(pid_t pid)
{
	int status;

	if (go_on(PTRACE_SYSCALL, pid, &status) != AT_STEP)
		give_up("a call does not end");
}

static void fail_call(pid_t pid, int number, int error)
{
	registers regs = get_registers(pid), other = regs;

	regs.rax = (unsigned long long)-error;
	if (number == SYS_close) {
		/* Whatever close(2) returns, the descriptor is gone. */
		finish_call(pid);
	} else if (number == SYS_brk) {
		/* It has no error: the break stays where it is. */
		other.rdi = 0;
		set_registers(pid, other);
		finish_call(pid);
		regs.rax = get_registers(pid).rax;
	} else {
		regs.orig_rax = (unsigned long long)-1; /* no call is made */
	}
	set_registers(pid, regs);
}

/* To make the call of @held (again), which is two bytes long. */
static registers rewound(const registers *held)
{
	registers regs = *held;

	regs.rip -= 2;
	regs.rax = held->orig_rax;
	regs.orig_rax = (unsigned long long)-1;
	return regs;
}

/* A process that is held at a call makes another in place of it, one like itself that is our child too. */
static pid_t clone_held(pid_t held, const registers *at)
{
	registers regs = *at;
	unsigned long clone;
	int status;

	regs.orig_rax = SYS_clone;
	regs.rdi = CLONE_PARENT | SIGCHLD;
	regs.rsi = regs.rdx = regs.r10 = regs.r8 = 0;
	set_registers(held, regs);
	if (go_on(PTRACE_CONT, held, &status) != AT_CLONE ||
		ptrace(PTRACE_GETEVENTMSG, held, NULL, &clone) < 0)
		give_up("cannot clone");
	finish_call(held);
	set_registers(held, rewound(at));
	if (go_on(PTRACE_SYSCALL, held, &status) != AT_STEP)
		give_up("cannot hold");
	if (!WIFSTOPPED(wait_for((pid_t)clone)))
		give_up("cannot clone");
	return (pid_t)clone;
}

/* Let a clone, which is where @at was, stop at @calls from now on, and make the call that @at is at. */
static void filter_clone(pid_t pid, const registers *at, int calls)
{
	struct {
		struct sock_filter filter[FILTER_LENGTH];
		struct sock_fprog program;
	} local;
	registers regs = rewound(at);
	/* Below what the stack holds, and what a function may use behind it. */
	unsigned long there = (at->rsp - 1024 - sizeof(local)) & ~15UL;
	struct iovec from = {.iov_base = &local, .iov_len = sizeof(local)},
		     to = {.iov_base = (void *)there, .iov_len = sizeof(local)};

	make_filter(local.filter, calls);
	local.program = (struct sock_fprog){.len = FILTER_LENGTH, .filter = (struct sock_filter *)there};
	regs.rax = SYS_seccomp;
	regs.rdi = SECCOMP_SET_MODE_FILTER;
	regs.rsi = 0;
	regs.rdx = there + offsetof(typeof(local), program);
	set_registers(pid, regs);
	if (process_vm_writev(pid, &from, 1, &to, 1, 0) != sizeof(local))
		give_up("cannot write to a clone");
	finish_call(pid); /* it begins */
	finish_call(pid);
	if (get_registers(pid).rax != 0)
		give_up("a clone can have no filter");
	set_registers(pid, rewound(at));
}

#else

typedef struct {
} registers;

bool can_trace(void)
{
	return false;
}

static registers get_registers(pid_t pid)
{
	give_up("process %d: unknown processor", pid);
}

static void fail_call(pid_t pid, int number, int error)
{
	give_up("process %d: %d, %d: unknown processor", pid, number, error);
}

static pid_t clone_held(pid_t held, const registers *at)
{
	give_up("process %d: unknown processor %p", held, (const void *)at);
}

static void filter_clone(pid_t pid, const registers *at, int calls)
{
	give_up("process %d: %d: unknown processor %p", pid, calls, (const void *)at);
}

#endif

/* --- running --------------------------------------------------------------------------------- */

struct program {
	const char *path;
	char *const *env;
	int said;
	unsigned long linker_start, linker_end;
	unsigned behind_linker;         /* the first call that is; 0: not known yet */
	unsigned by_linker[MAX_NUMBER]; /* uses of each call before it */
	pid_t held;                     /* at that call; 0: not started yet */
	registers at;
};

/* Where the dynamic linker is: when a program starts, there is nothing else yet but the program itself. */
static void find_linker(struct program *program, pid_t pid)
{
	char path[64], line[512];
	unsigned long first, end;
	FILE *maps;

	program->linker_start = 0;
	snprintf(path, sizeof(path), "/proc/%d/maps", pid);
	maps = fopen(path, "r");
	while (maps && fgets(line, sizeof(line), maps)) {
		if (!strstr(line, "/ld-") || sscanf(line, "%lx-%lx", &first, &end) != 2)
			continue;
		if (!program->linker_start)
			program->linker_start = first;
		program->linker_end = end;
	}
	if (maps)
		fclose(maps);
}

/* @return a process that is about to make its first call */
static pid_t start_traced(struct program *program, int calls)
{
	int options = PTRACE_O_EXITKILL | PTRACE_O_TRACEEXEC | PTRACE_O_TRACESECCOMP | PTRACE_O_TRACESYSGOOD |
		      PTRACE_O_TRACEFORK;
	pid_t pid = start(program->path, program->env, program->said, &calls);
	int status, stop;

	if (!WIFSTOPPED(wait_for(pid)) || ptrace(PTRACE_SETOPTIONS, pid, NULL, options) < 0)
		give_up("cannot trace %s", program->path);
	while ((stop = go_on(PTRACE_CONT, pid, &status)) == AT_CALL) {
		/* execve() itself */
	}
	if (stop != AT_START)
		give_up("cannot trace %s", program->path);
	find_linker(program, pid);
	return pid;
}

static void hold(struct program *program)
{
	int status;

	program->held = start_traced(program, NO_CALL);
	finish_call(program->held); /* execve() */
	for (unsigned i = 1; i < program->behind_linker; i++) {
		finish_call(program->held); /* it begins */
		finish_call(program->held);
	}
	if (go_on(PTRACE_SYSCALL, program->held, &status) != AT_STEP)
		give_up("%s cannot be held", program->path);
	program->at = get_registers(program->held);
}

static struct call look_at_call(const struct program *program, pid_t pid)
{
	struct __ptrace_syscall_info info = {.op = 0};

	if (ptrace(PTRACE_GET_SYSCALL_INFO, pid, sizeof(info), &info) < 0)
		give_up("ptrace");
	if (info.seccomp.nr >= MAX_NUMBER)
		give_up("system call %d is too new", (int)info.seccomp.nr);
	return (struct call){.number = (int)info.seccomp.nr,
		.argument = (int)info.seccomp.args[0],
		.by_linker = info.instruction_pointer >= program->linker_start &&
			     info.instruction_pointer < program->linker_end};
}

/*
 * A hook's own child, which looks at processes or asks libvirt, runs to its end while the hook is held: it
 * waits for nobody, and what it makes of its calls is no more than an answer that is late.
 */
static void let_child_run(pid_t pid)
{
	unsigned long child;
	int status;

	if (ptrace(PTRACE_GETEVENTMSG, pid, NULL, &child) < 0)
		give_up("ptrace");
	if (!WIFSTOPPED(wait_for((pid_t)child)))
		return;
	while (go_on(PTRACE_CONT, (pid_t)child, &status) != ENDED) {
	}
}

/* Go on to the next call that is looked at. @return is there one? */
static bool go_to_call(pid_t pid, int *status)
{
	for (;;) {
		int stop = go_on(PTRACE_CONT, pid, status);

		if (stop == AT_CALL || stop == ENDED)
			return stop == AT_CALL;
		if (stop == AT_CLONE)
			let_child_run(pid);
	}
}

static void trace(const struct program *program, pid_t pid, struct run *run)
{
	while (go_to_call(pid, &run->status)) {
		if (run->count == MAX_CALLS)
			give_up("more than %d system calls", MAX_CALLS);
		run->calls[run->count++] = look_at_call(program, pid);
	}
}

/* @uses that are still to come before that of the fault */
static void make_fail(
	const struct program *program, pid_t pid, const struct fault *fault, unsigned uses, struct run *run)
{
	while (go_to_call(pid, &run->status)) {
		if (run->is_hit || uses-- > 0)
			continue;
		run->is_hit = true;
		run->hit = look_at_call(program, pid);
		if (fault->error)
			fail_call(pid, fault->number, fault->error);
		else
			kill(pid, SIGKILL);
	}
}

static void take_said(int said, struct run *run)
{
	ssize_t got = pread(said, run->said, sizeof(run->said) - 1, 0);

	run->said[got > 0 ? got : 0] = '\0';
}

struct program *program_new(const char *path, char *const env[])
{
	struct program *program = calloc(1, sizeof(*program));

	if (!program || (program->said = memfd_create("stderr", MFD_CLOEXEC)) < 0)
		give_up("cannot run %s", path);
	program->path = path;
	program->env = env;
	return program;
}

void program_free(struct program *program)
{
	if (program->held) {
		kill(program->held, SIGKILL);
		set_limit();
		wait_for(program->held);
	}
	close(program->said);
	free(program);
}

unsigned program_uses_by_linker(const struct program *program, int number)
{
	return program->by_linker[number];
}

static void prepare(struct program *program, struct run *run)
{
	if (ftruncate(program->said, 0) < 0 || lseek(program->said, 0, SEEK_SET) < 0)
		give_up("stderr");
	run->count = 0;
	run->is_hit = false;
	set_limit();
}

void program_run(struct program *program, struct run *run)
{
	pid_t pid;

	prepare(program, run);
	pid = start_traced(program, EACH_CALL);
	trace(program, pid, run);
	take_said(program->said, run);
	program->behind_linker = run->count;
	while (program->behind_linker > 0 && !run->calls[program->behind_linker - 1].by_linker)
		program->behind_linker--;
	program->behind_linker++;
	memset(program->by_linker, 0, sizeof(program->by_linker));
	for (unsigned i = 0; i + 1 < program->behind_linker; i++)
		program->by_linker[run->calls[i].number]++;
}

void program_run_with(struct program *program, const struct fault *fault, struct run *run)
{
	unsigned by_linker = program->by_linker[fault->number];
	pid_t pid;

	prepare(program, run);
	if (fault->use <= by_linker) {
		pid = start_traced(program, fault->number);
		make_fail(program, pid, fault, fault->use - 1, run);
	} else {
		if (!program->held)
			hold(program);
		pid = clone_held(program->held, &program->at);
		filter_clone(pid, &program->at, fault->number);
		make_fail(program, pid, fault, fault->use - 1 - by_linker, run);
	}
	take_said(program->said, run);
}

void program_run_plain(const char *path, char *const env[], struct run *run)
{
	int said = memfd_create("stderr", MFD_CLOEXEC);

	if (said < 0)
		give_up("cannot run %s", path);
	run->count = 0;
	set_limit();
	run->status = wait_for(start(path, env, said, NULL));
	if (WIFEXITED(run->status) && WEXITSTATUS(run->status) == 126)
		give_up("cannot run %s", path);
	take_said(said, run);
	close(said);
}
