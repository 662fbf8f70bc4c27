/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "processes.h"

#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "child.h"
#include "file.h"

/* A command line of libvirt's has some hundred arguments, and the UUID is among the first. */
#define LONGEST_COMMAND_LINE 32768

/* --- the child ------------------------------------------------------------------------------- */

struct search {
	int root;
	int out;
	bool all; /* whoever's they are */
	uid_t qemu;
	char *line; /* LONGEST_COMMAND_LINE bytes */
};

/* A user that does not exist is root: then only root's processes count. */
static uid_t find_user(const char *name)
{
	uint64_t number;
	/* cppcheck-suppress getpwnamCalled ; there is one thread */
	const struct passwd *user = parse_number(name, 10, UINT32_MAX, &number) == 0 ? NULL : getpwnam(name);

	if (user)
		return user->pw_uid;
	return parse_number(name, 10, UINT32_MAX, &number) == 0 ? (uid_t)number : 0;
}

/* proc(5): "Uid:" has the real, effective, saved and file system user. Of a program that is setuid root the
 * first is whoever started it, and wrote its command line. */
static bool is_trusted(const struct search *search, const char *pid)
{
	char path[FILE_PATH], status[512];
	unsigned users[4];
	const char *line;

	snprintf(path, sizeof(path), "proc/%.20s/status", pid);
	if (file_read_start(search->root, path, status, sizeof(status)) <= 0)
		return false;
	line = strstr(status, "\nUid:");
	if (!line || sscanf(line, "\nUid: %u %u %u %u", &users[0], &users[1], &users[2], &users[3]) != 4)
		return false;
	for (int i = 0; i < 4; i++)
		if (users[i] != 0 && users[i] != search->qemu)
			return false;
	return true;
}

/* libvirt gives QEMU "-uuid UUID" (libvirt, src/qemu/qemu_command.c). */
static bool find_vm(const char *line, size_t length, char vm[VFPT_VM_SIZE])
{
	static const char option[] = "-uuid";
	const char *end = line + length;
	struct vfpt_error not_a_vm;

	for (const char *at = line; at < end; at += strlen(at) + 1)
		if (strcmp(at, option) == 0)
			return at + sizeof(option) < end &&
			       vfpt_vm_parse(at + sizeof(option), vm, &not_a_vm) == 0;
	return false;
}

static int look_at_process(const char *name, void *data)
{
	const struct search *search = data;
	char path[FILE_PATH], vm[VFPT_VM_SIZE];
	int length;

	if (strspn(name, "0123456789") != strlen(name) || (!search->all && !is_trusted(search, name)))
		return 0;
	snprintf(path, sizeof(path), "proc/%.20s/cmdline", name);
	length = file_read_start(search->root, path, search->line, LONGEST_COMMAND_LINE);
	/* It is gone meanwhile, or a thread of the kernel. */
	if (length <= 0 || !find_vm(search->line, (size_t)length, vm))
		return 0;
	return dprintf(search->out, "%.20s %s\n", name, vm) < 0;
}

/* A line a process, and "end", which shows that none is missing. */
static int tell(int out, int root, void *data)
{
	const char *qemu_user = data;
	struct search search = {.root = root,
		.out = out,
		.all = !qemu_user,
		.qemu = qemu_user ? find_user(qemu_user) : 0,
		.line = malloc(LONGEST_COMMAND_LINE)};

	if (!search.line || file_each(root, "proc", look_at_process, &search) != 0)
		return -1;
	return dprintf(out, "end\n") < 0 ? -1 : 0;
}

/* --- its answer ------------------------------------------------------------------------------ */

static int read_line(const char *line, struct vm_process *out)
{
	char vm[VFPT_VM_SIZE];
	struct vfpt_error not_a_vm;

	return sscanf(line, "%u %36s", &out->pid, vm) == 2 ? vfpt_vm_parse(vm, out->vm, &not_a_vm) : -1;
}

static int read_lines(const char *text, struct vm_process **out, size_t *count)
{
	for (const char *end; strcmp(text, "end\n") != 0; text = end + 1) {
		struct vm_process *grown = reallocarray(*out, *count + 1, sizeof(*grown));

		end = strchr(text, '\n');
		if (!grown)
			return -1;
		*out = grown;
		if (!end || read_line(text, &grown[(*count)++]) < 0)
			return -1;
	}
	return 0;
}

int processes_of_vms(
	int root, const char *qemu_user, unsigned seconds, struct vm_process **out, size_t *count)
{
	/* The child does not change it. */
	char *text =
		child_ask(qemu_user ? seconds : CHILD_ANY_TIME, root, tell, (void *)(uintptr_t)qemu_user);
	int r = -1;

	*out = NULL;
	*count = 0;
	if (text)
		r = read_lines(text, out, count);
	free(text);
	if (r < 0) {
		free(*out);
		*out = NULL;
		*count = 0;
	}
	return r;
}
