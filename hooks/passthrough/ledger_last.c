/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ledger_last.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "alloc.h"
#include "file.h"
#include "ledger_record.h"

#define MEMORY_SIZE (VFPT_RECORD_NAME_SIZE + VFPT_MAC_SIZE)

static bool is_same_vf(const char *name, const char *other)
{
	size_t length = strcspn(other, "@") + 1;

	return strncmp(name, other, length) == 0;
}

/* @vnic is what follows the address: "@VM@MAC". */
static bool is_same_vnic(const char *name, const char *vnic)
{
	return strcmp(name + strcspn(name, "@"), vnic) == 0;
}

struct forget {
	int dir;
	const char *kept_name;
};

/* What is remembered of that VF or that vNIC besides. */
static int forget_one(const char *name, void *data)
{
	const struct forget *forget = data;

	if (strcmp(name, forget->kept_name) != 0 &&
		(is_same_vf(name, forget->kept_name) ||
			is_same_vnic(name, forget->kept_name + strcspn(forget->kept_name, "@"))))
		(void)unlinkat(forget->dir, name, 0);
	return 0;
}

static int open_last(int ledger)
{
	return openat(ledger, VFPT_LEDGER_LAST, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

int vfpt_last_remember(int ledger, const char *record, const struct vfpt_mac *mac)
{
	char name[MEMORY_SIZE], text[VFPT_MAC_SIZE];
	struct forget forget = {.kept_name = name};
	autoclose int dir = -1;

	/* A record has its vNIC in its name here, "ADDRESS@VM@MAC": so names alone tell who had what. */
	snprintf(name, sizeof(name), "%s@%s", record, vfpt_mac_format(mac, text));
	(void)mkdirat(ledger, VFPT_LEDGER_LAST, 0755);
	dir = open_last(ledger);
	if (dir < 0)
		return -1;
	forget.dir = dir;
	if (renameat(ledger, record, dir, name) < 0)
		return -1;
	(void)file_each(dir, ".", forget_one, &forget);
	return 0;
}

struct recall {
	char vnic[MEMORY_SIZE]; /* "@VM@MAC" */
	struct vfpt_pci *vf;
	bool found;
};

static int recall_one(const char *name, void *data)
{
	struct recall *recall = data;
	char address[VFPT_PCI_SIZE];
	struct vfpt_error ignored;
	size_t length = strcspn(name, "@");

	if (length >= sizeof(address) || !is_same_vnic(name, recall->vnic))
		return 0;
	memcpy(address, name, length);
	address[length] = '\0';
	recall->found = vfpt_pci_parse(address, recall->vf, &ignored) == 0;
	return recall->found;
}

bool vfpt_last_find(int ledger, const char *vm, const struct vfpt_mac *mac, struct vfpt_pci *vf)
{
	autoclose int dir = open_last(ledger);
	struct recall recall = {.vf = vf};
	char text[VFPT_MAC_SIZE];

	if (dir < 0)
		return false;
	snprintf(recall.vnic, sizeof(recall.vnic), "@%s@%s", vm, vfpt_mac_format(mac, text));
	(void)file_each(dir, ".", recall_one, &recall);
	return recall.found;
}
