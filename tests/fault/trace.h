/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Run a program again and again, and each time kill it at another of its system calls, or make that call
 * fail. As strace does it, but faster, which is what counts in the lab, an emulated machine: only the calls
 * that are counted stop the program, once each (seccomp), and the dynamic linker's work is done once. Behind
 * it the program is held and cloned for each run; only faults in the dynamic linker's own calls start it
 * anew.
 */
#ifndef VFPT_TESTS_TRACE_H
#define VFPT_TESTS_TRACE_H

#include <stdbool.h>

enum { MAX_CALLS = 8192, MAX_NUMBER = 512 };

struct fault {
	int number;   /* SYS_... */
	unsigned use; /* which use of that call fails; the program's first is 1 */
	int error; /* errno value that it fails with, without being made; 0: the program is killed before it
		      is made */
};

struct call {
	int number;     /* SYS_... */
	int argument;   /* the first one: often a file descriptor */
	bool by_linker; /* the dynamic linker makes it */
};

struct run {
	int status;     /* as from waitpid(); killed by SIGALRM: it took too long */
	unsigned count; /* of calls, until it ended; 0 if it was to fail */
	struct call calls[MAX_CALLS];
	bool is_hit;        /* it came to where it was to fail */
	struct call hit;    /* which was here */
	char said[1 << 16]; /* on stderr */
};

struct program;

/* @env is all of its environment; both must stay. */
struct program *program_new(const char *path, char *const env[]);
void program_free(struct program *program);

/* Without a fault: what calls are there? This must come first. */
void program_run(struct program *program, struct run *run);

void program_run_with(struct program *program, const struct fault *fault, struct run *run);

/* Uses of that call which the dynamic linker makes. */
unsigned program_uses_by_linker(const struct program *program, int number);

/* Once and untraced, calls are not counted. */
void program_run_plain(const char *path, char *const env[], struct run *run);

/* This is a processor for which the above is written. */
bool can_trace(void);

/* Say what is wrong with the test itself, and end. */
void give_up(const char *format, ...) __attribute__((format(printf, 1, 2), noreturn));

#endif
