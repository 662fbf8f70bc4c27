/* SPDX-License-Identifier: GPL-2.0-or-later */
/* VF|MAC|VM on a command line. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "vfpt.h"

/* PF:INDEX. @return 0 when it is none, 1 with the VF, -1 with @err */
static int read_index(struct tools *tools, const char *text, struct vfpt_pci *vf, struct vfpt_error *err)
{
	const char *colon = strrchr(text, ':');
	autofree const struct vfpt_pf **pfs = NULL;
	size_t count, length = colon ? (size_t)(colon - text) : 0;

	if (!colon || length == 0 || !colon[1] || strlen(colon + 1) > 5 ||
		colon[1 + strspn(colon + 1, "0123456789")])
		return 0;
	if (vfpt_host_pfs(tools->session.host, &pfs, &count, err) < 0)
		return -1;
	for (size_t i = 0; i < count; i++) {
		unsigned index = (unsigned)atoi(colon + 1);

		if (strlen(pfs[i]->name) != length || strncmp(pfs[i]->name, text, length) != 0)
			continue;
		if (index >= pfs[i]->vf_count)
			return vfpt_error_set(err, VFPT_BAD_INPUT, "PF %s has %u VFs, and no VF %u",
				pfs[i]->name, pfs[i]->vf_count, index);
		*vf = pfs[i]->vfs[index];
		return 1;
	}
	return 0;
}

int subject_read(struct tools *tools, const char *text, struct subject *out, struct vfpt_error *err)
{
	int r;

	*out = (struct subject){.kind = SUBJECT_VM};
	if (vfpt_vm_parse(text, out->vm, err) == 0)
		return 0;
	out->kind = SUBJECT_MAC;
	if (vfpt_mac_parse(text, &out->mac, err) == 0)
		return 0;
	out->kind = SUBJECT_VF;
	if (vfpt_pci_parse(text, &out->vf, err) == 0)
		return 0;
	r = read_index(tools, text, &out->vf, err);
	if (r != 0)
		return r < 0 ? -1 : 0;
	if (vfpt_host_vf_of_netdev(tools->session.host, text, &out->vf, err) == 0)
		return 0;
	if (strchr(text, ':'))
		vfpt_error_set(err, VFPT_BAD_INPUT,
			"\"%.40s\" is no VF (PCI address, PF:INDEX), MAC or VM id", text);
	return vfpt_error_remedy(err, "vfpt list shows all VFs");
}

bool subject_is(const struct subject *subject, const struct vfpt_assignment *assignment)
{
	switch (subject->kind) {
	case SUBJECT_VM:
		return strcmp(subject->vm, assignment->vm) == 0;
	case SUBJECT_MAC:
		return vfpt_mac_equal(&subject->mac, &assignment->mac);
	default:
		return vfpt_pci_equal(&subject->vf, &assignment->address);
	}
}

/* A MAC can be on a VF that nobody has: then it is stale, and swallows the traffic of whoever has it now. */
static bool has_mac(const struct look *look, const struct vfpt_mac *mac)
{
	return (vfpt_settings_have(&look->settings, VFPT_MAC) &&
		       look->settings.value[VFPT_MAC] == vfpt_mac_value(mac)) ||
	       (look->has_netdev && vfpt_mac_equal(&look->netdev.mac, mac));
}

bool subject_is_look(const struct subject *subject, const struct look *look)
{
	if (look->assignment && subject_is(subject, look->assignment))
		return true;
	switch (subject->kind) {
	case SUBJECT_VF:
		return vfpt_pci_equal(&subject->vf, &look->address);
	case SUBJECT_MAC:
		return has_mac(look, &subject->mac);
	default:
		return look->owner && strcmp(look->owner, subject->vm) == 0;
	}
}
