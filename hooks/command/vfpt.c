/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vfpt: look at the host, understand what the hooks do, and give VFs back by hand. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "message.h"
#include "vfpt.h"

static const struct command *const commands[] = {
	&list_command,
	&show_command,
	&explain_command,
	&check_command,
	&release_command,
	&reconcile_command,
	&repair_command,
	&capture_command,
};

enum { COMMAND_COUNT = sizeof(commands) / sizeof(commands[0]) };

static void print_help(FILE *out)
{
	fputs("Usage: vfpt COMMAND [OPTION...]\n\n", out);
	for (int i = 0; i < COMMAND_COUNT; i++)
		fprintf(out, "  %-10s %s\n", commands[i]->name, commands[i]->summary);
	fputs("\n"
	      "vfpt COMMAND --help tells more. vfpt --version prints the version.\n"
	      "\n"
	      "Environment: VFPT_ROOT  take this directory for /, and only print settings\n"
	      "Exit status: 0 fine, 1 failed, 2 wrong command line, 3 a warning (vfpt check)\n",
		out);
}

static int misuse(const struct vfpt_error *err)
{
	vfpt_error_print(err);
	return EXIT_USAGE;
}

static int run_command(const struct command *command, char **words)
{
	struct call call = {.command = command};
	struct vfpt_error err;
	int r = read_call(&call, words, &err);

	if (r != 0)
		return r > 0 ? EXIT_FINE : misuse(&err);
	r = command->run(&call, &err);
	if (r >= 0 && (fflush(stdout) != 0 || ferror(stdout)))
		r = vfpt_error_errno(&err, VFPT_SYSTEM, errno, "cannot write the output");
	if (r < 0)
		vfpt_error_print(&err);
	return r < 0 ? EXIT_FAILED : r;
}

int main(int argc, char **argv)
{
	struct vfpt_error err;

	umask(022);
	if (argc < 2) {
		print_help(stderr);
		return EXIT_USAGE;
	}
	if (argc == 2 && strcmp(argv[1], "--help") == 0) {
		print_help(stdout);
		return EXIT_FINE;
	}
	if (argc == 2 && strcmp(argv[1], "--version") == 0) {
		puts("vfpt " VFPT_VERSION);
		return EXIT_FINE;
	}
	for (int i = 0; i < COMMAND_COUNT; i++)
		if (strcmp(argv[1], commands[i]->name) == 0)
			return run_command(commands[i], argv + 2);
	vfpt_error_set(&err, VFPT_BAD_INPUT, "there is no command \"%.40s\"; see vfpt --help", argv[1]);
	return misuse(&err);
}
