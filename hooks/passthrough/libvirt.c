/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "libvirt.h"

#include <dlfcn.h>
#include <libvirt/libvirt.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "alloc.h"
#include "child.h"

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

static int load_functions(struct functions *f)
{
	void *library = dlopen("libvirt.so.0", RTLD_NOW | RTLD_LOCAL);

	return library && look_up(library, "virConnectOpenReadOnly", &f->open) == 0 &&
			       look_up(library, "virConnectListAllDomains", &f->list) == 0 &&
			       look_up(library, "virDomainGetUUIDString", &f->uuid) == 0
		       ? 0
		       : -1;
}

/* A line a VM, and an empty one at the end, which shows that none is missing. */
static int write_uuids(int out, int kept, void *data)
{
	struct functions f;
	virConnectPtr connection = load_functions(&f) == 0 ? f.open("qemu:///system") : NULL;
	virDomainPtr *domains;
	int count = connection ? f.list(connection, &domains, VIR_CONNECT_LIST_DOMAINS_ACTIVE) : -1;
	char line[VIR_UUID_STRING_BUFLEN + 1] = "";

	(void)kept;
	(void)data;
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

static int parse_uuids(const char *text, char (**uuids)[VFPT_VM_SIZE], size_t *count)
{
	struct vfpt_error ignored;
	char line[VFPT_VM_SIZE];

	for (; *text && *text != '\n'; text += VFPT_VM_SIZE) {
		char(*added)[VFPT_VM_SIZE];

		if (strnlen(text, VFPT_VM_SIZE) < VFPT_VM_SIZE || text[VFPT_VM_SIZE - 1] != '\n')
			return -1;
		added = vfpt_array_add(uuids, count, sizeof(*added));
		if (!added)
			return -1;
		memcpy(line, text, VFPT_VM_SIZE - 1);
		line[VFPT_VM_SIZE - 1] = '\0';
		if (vfpt_vm_parse(line, *added, &ignored) < 0)
			return -1;
	}
	return *text == '\n' ? 0 : -1;
}

int libvirt_active(unsigned seconds, char (**uuids)[VFPT_VM_SIZE], size_t *count)
{
	autofree char *text = child_ask(seconds, -1, write_uuids, NULL);

	*uuids = NULL;
	*count = 0;
	if (text && parse_uuids(text, uuids, count) == 0)
		return 0;
	free(*uuids);
	*uuids = NULL;
	*count = 0;
	return -1;
}
