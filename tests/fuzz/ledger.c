/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One file in the ledger: the first line is its name, the rest what is in it. */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fuzz.h"
#include "ledger.h"

static int root = -1;

/* Of a record that can be read: it goes where it came from, and comes back as it was. */
static void must_come_back(struct vfpt_ledger *ledger, const struct vfpt_assignment *assignment)
{
	struct vfpt_assignment again = *assignment, *all;
	struct vfpt_error err;
	size_t count, corrupt;
	bool holds;

	must_be_settings(&assignment->before);
	must_be_settings(&assignment->wanted);
	MUST(vfpt_ledger_holds(ledger, assignment, &holds, &err) == 0 && holds);
	MUST(vfpt_ledger_remove(ledger, assignment, false, &err) == 0);
	MUST(!vfpt_ledger_owner(ledger, &assignment->address));
	MUST(vfpt_ledger_put(ledger, &again, &err) == 0);
	MUST(vfpt_ledger_of_vm(ledger, again.vm, &all, &count, &corrupt, &err) == 0);
	MUST(count == 1 && corrupt == 0);
	MUST(memcmp(&all->before, &again.before, sizeof(again.before)) == 0);
	MUST(memcmp(&all->wanted, &again.wanted, sizeof(again.wanted)) == 0);
	MUST(strcmp(all->alias, again.alias) == 0 && strcmp(all->pf, again.pf) == 0);
	MUST(vfpt_mac_equal(&all->mac, &again.mac) && vfpt_pci_equal(&all->address, &again.address));
	MUST(all->vf == again.vf && all->generation == again.generation);
	MUST(vfpt_ledger_remove(ledger, all, false, &err) == 0);
	free(all);
}

static void read_ledger(const char *name)
{
	size_t length = strcspn(name, "@");
	char address[VFPT_PCI_SIZE] = "";
	struct vfpt_ledger *ledger;
	struct vfpt_assignment *all;
	struct vfpt_error err, ignored;
	size_t count, corrupt;
	const char *owner;
	struct vfpt_pci vf;

	if (vfpt_ledger_open(root, VFPT_LEDGER_RELEASE, 60, &ledger, &err) < 0) {
		must_tell(&err);
		return;
	}
	if (length < sizeof(address))
		memcpy(address, name, length);
	if (vfpt_pci_parse(address, &vf, &ignored) == 0) {
		/* Whatever is wrong with its record: a VF that has one is not given away. */
		owner = vfpt_ledger_owner(ledger, &vf);
		MUST(owner);
		MUST(vfpt_ledger_of_vm(ledger, owner, &all, &count, &corrupt, &err) == 0);
		MUST(count + corrupt == 1);
		if (count == 1)
			must_come_back(ledger, all);
		free(all);
	}
	vfpt_ledger_close(ledger);
}

/* Can a file have that name? */
static bool is_name(const char *name, size_t length)
{
	return length > 0 && length <= NAME_MAX && strlen(name) == length && !strchr(name, '/') &&
	       strcmp(name, ".") != 0 && strcmp(name, "..") != 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *end = size ? memchr(data, '\n', size) : NULL;
	size_t length = end ? (size_t)(end - data) : size;
	char *name = as_string(data, length), path[NAME_MAX + 16] = "run/vfpt/";

	if (root < 0) {
		root = own_directory();
		MUST(mkdirat(root, "run", 0755) == 0 && mkdirat(root, "run/vfpt", 0755) == 0);
	}
	if (is_name(name, length)) {
		memcpy(path + strlen(path), name, length);
		write_bytes(root, path, end ? end + 1 : data, end ? size - length - 1 : 0);
		read_ledger(name);
		MUST(unlinkat(root, path, 0) == 0 || errno == ENOENT);
	}
	free(name);
	return 0;
}
