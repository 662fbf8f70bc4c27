/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Run a hook as VDSM does (its lib/vdsm/common/hooks.py): as user vdsm without capabilities, on processors 0
 * and 1, with nothing but its own environment, on a new file of mode 600. In one program, for starting one
 * takes long in the lab.
 *
 *     as_vdsm ORIGINAL DOCUMENT [NAME=VALUE...] PROGRAM [ARGUMENT...]
 *
 * DOCUMENT, which must not be there yet, gets what is in ORIGINAL. Of two variables of one name the last
 * counts.
 */
#include <err.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FAILED = 125 };

static void become_vdsm(void)
{
	/* cppcheck-suppress getpwnamCalled ; there is one thread */
	const struct passwd *vdsm = getpwnam("vdsm");

	if (!vdsm || setgroups(0, NULL) < 0 || setgid(vdsm->pw_gid) < 0 || setuid(vdsm->pw_uid) < 0)
		err(FAILED, "cannot become vdsm");
}

/* @original is read by root, @document is vdsm's. */
static void copy(int original, const char *document)
{
	int copy = open(document, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	struct stat status;
	ssize_t sent = 0;

	if (copy < 0 || fstat(original, &status) < 0)
		err(FAILED, "%s", document);
	for (off_t done = 0; done < status.st_size && sent >= 0;)
		sent = sendfile(copy, original, &done, (size_t)(status.st_size - done));
	if (sent < 0 || close(copy) < 0)
		err(FAILED, "%s", document);
}

/* @return what is behind the variables */
static char **fill_environment(const char *document, char **variables)
{
	if (clearenv() != 0 || setenv("PATH", "/usr/bin:/bin", 1) < 0 || setenv("LC_ALL", "C", 1) < 0 ||
		setenv("_hook_domxml", document, 1) < 0)
		err(FAILED, "environment");
	for (; *variables && strchr(*variables, '='); variables++)
		if (putenv(*variables) != 0)
			err(FAILED, "environment");
	return variables;
}

int main(int argc, char **argv)
{
	cpu_set_t processors;
	char **program;
	int original;

	if (argc < 4)
		errx(FAILED, "usage: as_vdsm ORIGINAL DOCUMENT [NAME=VALUE...] PROGRAM [ARGUMENT...]");
	original = open(argv[1], O_RDONLY | O_CLOEXEC);
	if (original < 0)
		err(FAILED, "%s", argv[1]);
	CPU_ZERO(&processors);
	CPU_SET(0, &processors);
	CPU_SET(1, &processors);
	if (sched_setaffinity(0, sizeof(processors), &processors) < 0)
		err(FAILED, "processors 0 and 1");
	become_vdsm();
	copy(original, argv[2]);
	program = fill_environment(argv[2], argv + 3);
	if (!*program)
		errx(FAILED, "no program");
	execvp(*program, program);
	err(FAILED, "%s", *program);
}
