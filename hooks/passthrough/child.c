/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "child.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "privilege.h"

enum { OUT = 3, KEPT = 4 };

/*
 * It must hold nothing of ours: neither the capability, nor the ledger's lock, nor a pipe that VDSM reads.
 * Both descriptors are moved out of the way first, as each may be where the other belongs.
 */
static void be_child(int out, int kept, child_answer *answer, void *data)
{
	privilege_renounce();
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	out = fcntl(out, F_DUPFD, KEPT + 1);
	kept = kept < 0 ? -1 : fcntl(kept, F_DUPFD, KEPT + 1);
	if (dup2(out, OUT) != OUT || (kept >= 0 && dup2(kept, KEPT) != KEPT) ||
		close_range(kept >= 0 ? KEPT + 1 : KEPT, ~0u, 0) < 0)
		_exit(1);
	close(STDOUT_FILENO);
	close(STDERR_FILENO);
	_exit(answer(OUT, kept >= 0 ? KEPT : -1, data) == 0 ? 0 : 1);
}

/* Milliseconds, 0 at the end. */
static int left_until(const struct timespec *end)
{
	struct timespec now;
	long long ms;

	clock_gettime(CLOCK_MONOTONIC, &now);
	ms = (end->tv_sec - now.tv_sec) * 1000LL + (end->tv_nsec - now.tv_nsec) / 1000000;
	return ms < 0 ? 0 : (int)ms;
}

/* All that comes before the end of the pipe, or NULL when that does not come in time. */
static char *read_all(int in, unsigned seconds)
{
	struct timespec end;
	struct pollfd wait = {.fd = in, .events = POLLIN};
	size_t used = 0, size = 0;
	char *text = NULL;
	ssize_t got = 1;

	clock_gettime(CLOCK_MONOTONIC, &end);
	end.tv_sec += seconds;
	while (got > 0) {
		if (size - used < 256) {
			char *grown = realloc(text, size += 4096);

			if (!grown)
				break;
			text = grown;
		}
		if (poll(&wait, 1, left_until(&end)) <= 0)
			break;
		got = read(in, text + used, size - used - 1);
		used += got > 0 ? (size_t)got : 0;
	}
	if (got != 0) {
		free(text);
		return NULL;
	}
	text[used] = '\0';
	return text;
}

/*
 * A child that waits for a file system in user space does not even die before that answers
 * (linux/fs/fuse/dev.c, request_wait_answer()): it is left behind then, and init's when we end.
 */
static void end_child(pid_t pid)
{
	const struct timespec pause = {.tv_nsec = 10L * 1000 * 1000};

	kill(pid, SIGKILL);
	for (int i = 0; i < 100 && waitpid(pid, NULL, WNOHANG) == 0; i++)
		nanosleep(&pause, NULL);
}

char *child_ask(unsigned seconds, int kept, child_answer *answer, void *data)
{
	int pipes[2], status = -1;
	char *text = NULL;
	pid_t pid;

	if (pipe2(pipes, O_CLOEXEC) < 0)
		return NULL;
	pid = fork();
	if (pid == 0)
		be_child(pipes[1], kept, answer, data);
	close(pipes[1]);
	if (pid > 0) {
		text = read_all(pipes[0], seconds);
		if (!text)
			end_child(pid);
		/*
		 * Its end of the pipe is closed, so it is about to end; its
		 * status says whether all is well.
		 */
		while (text && waitpid(pid, &status, 0) < 0 && errno == EINTR)
			;
	}
	close(pipes[0]);
	if (text && status == 0)
		return text;
	free(text);
	return NULL;
}
