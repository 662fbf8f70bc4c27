/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Wall time and peak memory of a whole program, for tests/bench. Small itself: a child starts out with the
 * memory of its parent, so one of Python's could never show less than Python needs.
 *
 *     measure ROUNDS COMMAND [ARG...] @ [UNDO [ARG...]]
 *
 * Prints the median time in microseconds and the peak memory in KiB. UNDO runs between two rounds, not
 * measured.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static void run(char **argv, struct rusage *usage)
{
	int status;
	pid_t child = fork();

	if (child == 0) {
		int null = open("/dev/null", O_WRONLY);

		dup2(null, 1);
		dup2(null, 2);
		execvp(argv[0], argv);
		_exit(127);
	}
	if (child < 0 || wait4(child, &status, 0, usage) != child || status != 0) {
		fprintf(stderr, "measure: %s failed\n", argv[0]);
		exit(1);
	}
}

static int by_size(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

int main(int argc, char **argv)
{
	int rounds = argc > 3 ? atoi(argv[1]) : 0, at = 2;
	struct timespec start, end;
	struct rusage usage = {0};
	double *times = rounds > 0 ? calloc((size_t)rounds, sizeof(*times)) : NULL;

	while (at < argc && strcmp(argv[at], "@") != 0)
		at++;
	if (!times || at == argc) {
		fprintf(stderr, "usage: measure ROUNDS COMMAND [ARG...] @ [UNDO [ARG...]]\n");
		return 2;
	}
	argv[at] = NULL;
	for (int i = 0; i < rounds; i++) {
		struct rusage undo;

		clock_gettime(CLOCK_MONOTONIC, &start);
		run(argv + 2, &usage);
		clock_gettime(CLOCK_MONOTONIC, &end);
		times[i] = (double)(end.tv_sec - start.tv_sec) * 1e6 +
			   (double)(end.tv_nsec - start.tv_nsec) / 1e3;
		if (argv[at + 1])
			run(argv + at + 1, &undo);
	}
	qsort(times, (size_t)rounds, sizeof(*times), by_size);
	printf("%.0f %ld\n", times[rounds / 2], usage.ru_maxrss);
	free(times);
	return 0;
}
