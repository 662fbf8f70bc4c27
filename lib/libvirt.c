/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "libvirt.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <libvirt/libvirt.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "vfpt/netlink.h"

#define PATIENCE 5 /* seconds */

/* --- the child ------------------------------------------------------------------------------- */

struct functions {
	__typeof__(virConnectOpenReadOnly) *open;
	__typeof__(virConnectListAllDomains) *list;
	__typeof__(virDomainGetUUIDString) *uuid;
};

/* Through a pointer to it: ISO C has no conversion from void * to a pointer to function. */
static int look_up(void *library, const char *name, void *function)
{
	void *symbol = dlsym(library, name);

	memcpy(function, &symbol, sizeof(symbol));
	return symbol ? 0 : -1;
}

static int load(struct functions *f)
{
	void *library = dlopen("libvirt.so.0", RTLD_NOW | RTLD_LOCAL);

	return library && look_up(library, "virConnectOpenReadOnly", &f->open) == 0 &&
			       look_up(library, "virConnectListAllDomains", &f->list) == 0 &&
			       look_up(library, "virDomainGetUUIDString", &f->uuid) == 0
		       ? 0
		       : -1;
}

/* A line a VM, and an empty one at the end, which shows that none is missing. */
static int tell(int out)
{
	struct functions f;
	virConnectPtr connection = load(&f) == 0 ? f.open("qemu:///system") : NULL;
	virDomainPtr *domains;
	int count = connection ? f.list(connection, &domains, VIR_CONNECT_LIST_DOMAINS_ACTIVE) : -1;
	char line[VIR_UUID_STRING_BUFLEN + 1] = "";

	if (count < 0)
		return 1;
	for (int i = 0; i < count; i++) {
		if (f.uuid(domains[i], line) < 0)
			return 1;
		line[strlen(line)] = '\n';
		if (write(out, line, strlen(line)) != (ssize_t)strlen(line))
			return 1;
	}
	return write(out, "\n", 1) != 1;
}

/* It must hold nothing of ours: neither the capability, nor the ledger's lock, nor a pipe that VDSM reads. */
static void child(int out)
{
	vfpt_netlink_renounce();
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (dup2(out, 3) != 3 || close_range(4, ~0u, 0) < 0)
		_exit(1);
	close(1);
	close(2);
	_exit(tell(3));
}

/* --- the parent ------------------------------------------------------------------------------ */

static int left(const struct timespec *end)
{
	struct timespec now;
	long long ms;

	clock_gettime(CLOCK_MONOTONIC, &now);
	ms = (end->tv_sec - now.tv_sec) * 1000LL + (end->tv_nsec - now.tv_nsec) / 1000000;
	return ms < 0 ? 0 : (int)ms;
}

/* All that comes before the end of the pipe, or NULL when that does not come in time. */
static char *read_all(int in)
{
	struct timespec end;
	struct pollfd wait = {.fd = in, .events = POLLIN};
	size_t used = 0, size = 0;
	char *text = NULL;
	ssize_t got = 1;

	clock_gettime(CLOCK_MONOTONIC, &end);
	end.tv_sec += PATIENCE;
	while (got > 0) {
		if (size - used < 256) {
			char *grown = realloc(text, size += 4096);

			if (!grown)
				break;
			text = grown;
		}
		if (poll(&wait, 1, left(&end)) <= 0)
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

static int parse(const char *text, char (**uuids)[VFPT_VM_SIZE], size_t *count)
{
	struct vfpt_error ignored;
	char line[VFPT_VM_SIZE];

	for (; *text && *text != '\n'; text += VFPT_VM_SIZE) {
		char(*grown)[VFPT_VM_SIZE];

		if (strnlen(text, VFPT_VM_SIZE) < VFPT_VM_SIZE || text[VFPT_VM_SIZE - 1] != '\n')
			return -1;
		grown = reallocarray(*uuids, *count + 1, sizeof(*grown));
		if (!grown)
			return -1;
		*uuids = grown;
		memcpy(line, text, VFPT_VM_SIZE - 1);
		line[VFPT_VM_SIZE - 1] = '\0';
		if (vfpt_vm_parse(line, grown[(*count)++], &ignored) < 0)
			return -1;
	}
	return *text == '\n' ? 0 : -1;
}

int libvirt_active(char (**uuids)[VFPT_VM_SIZE], size_t *count)
{
	int pipes[2], r = -1;
	char *text = NULL;
	pid_t pid;

	*uuids = NULL;
	*count = 0;
	if (pipe2(pipes, O_CLOEXEC) < 0)
		return -1;
	pid = fork();
	if (pid == 0)
		child(pipes[1]);
	close(pipes[1]);
	if (pid > 0) {
		text = read_all(pipes[0]);
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
	}
	close(pipes[0]);
	if (text)
		r = parse(text, uuids, count);
	free(text);
	if (r < 0) {
		free(*uuids);
		*uuids = NULL;
		*count = 0;
	}
	return r;
}
