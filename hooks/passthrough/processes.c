/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "processes.h"

#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "alloc.h"
#include "child.h"
#include "file.h"

/* A command line of libvirt's has some hundred arguments, and the UUID is among the first. */
#define LONGEST_COMMAND_LINE 32768

/* --- looking --------------------------------------------------------------------------------- */

struct search {
	int root;
	bool all; /* whoever's they are */
	uid_t qemu;
	char *line;                                            /* LONGEST_COMMAND_LINE bytes */
	int (*found)(const struct vm_process *vm, void *data); /* @return 0, or anything else to end */
	void *data;
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
	struct vm_process process;
	char path[FILE_PATH];
	int length;

	if (strspn(name, "0123456789") != strlen(name) || (!search->all && !is_trusted(search, name)))
		return 0;
	snprintf(path, sizeof(path), "proc/%.20s/cmdline", name);
	length = file_read_start(search->root, path, search->line, LONGEST_COMMAND_LINE);
	/* It is gone meanwhile, or a thread of the kernel. */
	if (length <= 0 || !find_vm(search->line, (size_t)length, process.vm))
		return 0;
	process.pid = (unsigned)strtoul(name, NULL, 10);
	return search->found(&process, search->data) != 0;
}

static int look_at_all_processes(struct search *search)
{
	autofree char *line = malloc(LONGEST_COMMAND_LINE);

	search->line = line;
	return line && file_each(search->root, "proc", look_at_process, search) == 0 ? 0 : -1;
}

/* --- the child ------------------------------------------------------------------------------- */

static int print_process(const struct vm_process *process, void *data)
{
	const int *out = data;

	return dprintf(*out, "%u %s\n", process->pid, process->vm) < 0;
}

/* A line a process, and "end", which shows that none is missing. */
static int write_processes(int out, int root, void *data)
{
	const char *qemu_user = data;
	struct search search = {
		.root = root, .qemu = find_user(qemu_user), .found = print_process, .data = &out};

	return look_at_all_processes(&search) < 0 || dprintf(out, "end\n") < 0 ? -1 : 0;
}

/* --- its answer ------------------------------------------------------------------------------ */

struct list {
	size_t count;
	struct vm_process *processes;
};

static int add_process(const struct vm_process *process, void *data)
{
	struct list *list = data;
	struct vm_process *added = vfpt_array_add(&list->processes, &list->count, sizeof(*added));

	if (!added)
		return -1;
	*added = *process;
	return 0;
}

static int parse_process(const char *line, struct vm_process *out)
{
	char vm[VFPT_VM_SIZE];
	struct vfpt_error not_a_vm;

	return sscanf(line, "%u %36s", &out->pid, vm) == 2 ? vfpt_vm_parse(vm, out->vm, &not_a_vm) : -1;
}

static int parse_processes(const char *text, struct list *list)
{
	struct vm_process process;

	for (const char *end; strcmp(text, "end\n") != 0; text = end + 1) {
		end = strchr(text, '\n');
		if (!end || parse_process(text, &process) < 0 || add_process(&process, list) < 0)
			return -1;
	}
	return 0;
}

static int ask_child(int root, const char *qemu_user, unsigned seconds, struct list *list)
{
	/* The child does not change the name. */
	autofree char *text = child_ask(seconds, root, write_processes, (void *)(uintptr_t)qemu_user);

	return text ? parse_processes(text, list) : -1;
}

int processes_of_vms(
	int root, const char *qemu_user, unsigned seconds, struct vm_process **out, size_t *count)
{
	struct list list = {.processes = NULL};
	struct search captured = {.root = root, .all = true, .found = add_process, .data = &list};
	int r = qemu_user ? ask_child(root, qemu_user, seconds, &list) : look_at_all_processes(&captured);

	if (r < 0) {
		free(list.processes);
		list = (struct list){.processes = NULL};
	}
	*out = list.processes;
	*count = list.count;
	return r;
}
