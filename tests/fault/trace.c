/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "trace.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
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

static void trap_each_call(void)
{
	struct sock_filter trap = BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRACE);
	struct sock_fprog filter = {.len = 1, .filter = &trap};

	/* Root may do it as it is, and must: without new privileges a file capability would do nothing. */
	if (geteuid() != 0)
		prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	ptrace(PTRACE_TRACEME, 0, NULL, NULL);
	raise(SIGSTOP);
	/* The tracer lets it go on. cppcheck-suppress unreachableCode */
	if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) < 0)
		_exit(126);
}

static pid_t start(const char *path, char *const env[], int said, bool traced)
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
	if (traced)
		trap_each_call();
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
	ENDED = -1
};

/* Go on to the next stop that matters. @return which */
static int go_on(pid_t pid, int *status)
{
	for (int signal = 0, event;;) {
		ptrace(PTRACE_CONT, pid, NULL, signal);
		*status = wait_for(pid);
		if (!WIFSTOPPED(*status))
			return ENDED;
		event = *status >> 16; /* PTRACE_EVENT_... */
		if (event)
			return event;
		signal = WSTOPSIG(*status);
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
	if (ptrace(PTRACE_SYSCALL, pid, NULL, NULL) < 0 || !WIFSTOPPED(wait_for(pid)))
		give_up("ptrace");
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

/* A process that is held at a call makes another in place of it: one that is like itself and our child too.
 */
static pid_t clone_held(pid_t held, const registers *at)
{
	registers regs = *at;
	unsigned long clone;
	int status;

	regs.orig_rax = SYS_clone;
	regs.rdi = CLONE_PARENT | SIGCHLD;
	regs.rsi = regs.rdx = regs.r10 = regs.r8 = 0;
	set_registers(held, regs);
	if (go_on(held, &status) != AT_CLONE || ptrace(PTRACE_GETEVENTMSG, held, NULL, &clone) < 0)
		give_up("cannot clone");
	finish_call(held);
	set_registers(held, rewound(at));
	if (go_on(held, &status) != AT_CALL)
		give_up("cannot hold");
	if (!WIFSTOPPED(wait_for((pid_t)clone)))
		give_up("cannot clone");
	set_registers((pid_t)clone, rewound(at));
	return (pid_t)clone;
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

#endif

/* --- running --------------------------------------------------------------------------------- */

struct program {
	const char *path;
	char *const *env;
	int said;
	unsigned long linker_start, linker_end;
	unsigned behind_linker; /* the first call that is; 0: not known yet */
	pid_t held;             /* at that call; 0: not started yet */
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
static pid_t start_traced(struct program *program)
{
	int options = PTRACE_O_EXITKILL | PTRACE_O_TRACEEXEC | PTRACE_O_TRACESECCOMP | PTRACE_O_TRACESYSGOOD |
		      PTRACE_O_TRACEFORK;
	pid_t pid = start(program->path, program->env, program->said, true);
	int status;

	if (!WIFSTOPPED(wait_for(pid)) || ptrace(PTRACE_SETOPTIONS, pid, NULL, options) < 0 ||
		go_on(pid, &status) != AT_CALL || go_on(pid, &status) != AT_START)
		give_up("cannot trace %s", program->path);
	return pid;
}

static void hold(struct program *program)
{
	int status;

	program->held = start_traced(program);
	for (unsigned i = 0; i < program->behind_linker; i++)
		if (go_on(program->held, &status) != AT_CALL)
			give_up("%s cannot be held", program->path);
	program->at = get_registers(program->held);
}

static struct call look_at_call(const struct program *program, pid_t pid)
{
	struct __ptrace_syscall_info info = {.op = 0};

	if (ptrace(PTRACE_GET_SYSCALL_INFO, pid, sizeof(info), &info) < 0)
		give_up("ptrace");
	return (struct call){.number = (int)info.seccomp.nr,
		.argument = (int)info.seccomp.args[0],
		.by_linker = info.instruction_pointer >= program->linker_start &&
			     info.instruction_pointer < program->linker_end};
}

static void trace(const struct program *program, pid_t pid, const struct fault *fault, struct run *run)
{
	int stop;

	while ((stop = go_on(pid, &run->status)) != ENDED) {
		if (stop != AT_CALL)
			continue;
		if (++run->count > MAX_CALLS)
			give_up("more than %d system calls", MAX_CALLS);
		/* To look at all of them each time would take as long as all the rest. */
		if (fault->call == 0 || run->count == fault->call)
			run->calls[run->count - 1] = look_at_call(program, pid);
		if (run->count != fault->call)
			continue;
		if (fault->error)
			fail_call(pid, run->calls[run->count - 1].number, fault->error);
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

unsigned program_first_call(const struct program *program)
{
	return program->behind_linker;
}

void program_run(struct program *program, const struct fault *fault, struct run *run)
{
	pid_t pid;

	if (ftruncate(program->said, 0) < 0 || lseek(program->said, 0, SEEK_SET) < 0)
		give_up("stderr");
	run->count = 0;
	set_limit();
	if (program->behind_linker && fault->call >= program->behind_linker) {
		if (!program->held)
			hold(program);
		pid = clone_held(program->held, &program->at);
		run->count = program->behind_linker - 1;
	} else {
		pid = start_traced(program);
		find_linker(program, pid);
	}
	trace(program, pid, fault, run);
	take_said(program->said, run);
	for (unsigned i = 0; !program->behind_linker && i < run->count; i++)
		if (run->calls[run->count - 1 - i].by_linker)
			program->behind_linker = run->count - i + 1;
}

void program_run_plain(const char *path, char *const env[], struct run *run)
{
	int said = memfd_create("stderr", MFD_CLOEXEC);

	if (said < 0)
		give_up("cannot run %s", path);
	run->count = 0;
	set_limit();
	run->status = wait_for(start(path, env, said, false));
	if (WIFEXITED(run->status) && WEXITSTATUS(run->status) == 126)
		give_up("cannot run %s", path);
	take_said(said, run);
	close(said);
}
