/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "standing.h"

#include <stdio.h>
#include <string.h>

const struct vfpt_assignment *vfpt_standing_planned(
	const struct vfpt_standing *standing, const struct vfpt_pci *vf)
{
	for (size_t i = 0; i < standing->planned_count; i++)
		if (vfpt_pci_equal(&standing->planned[i]->address, vf))
			return standing->planned[i];
	return NULL;
}

const struct vfpt_assignment *vfpt_standing_released(
	const struct vfpt_standing *standing, const struct vfpt_pci *vf)
{
	for (size_t i = 0; i < standing->released_count; i++)
		if (vfpt_pci_equal(&standing->released[i].address, vf))
			return &standing->released[i];
	return NULL;
}

const char *vfpt_standing_owner(const struct vfpt_standing *standing, const struct vfpt_pci *vf)
{
	if (vfpt_standing_planned(standing, vf))
		return standing->vm;
	if (vfpt_standing_released(standing, vf))
		return NULL;
	return vfpt_ledger_owner(standing->session->ledger, vf);
}

bool vfpt_standing_is_of_vm(const struct vfpt_standing *standing, const struct vfpt_pci *vf)
{
	const char *owner = vfpt_standing_owner(standing, vf);

	return owner && strcmp(owner, standing->vm) == 0;
}

bool vfpt_standing_is_own(const struct vfpt_standing *standing, const struct vfpt_pci *function)
{
	for (size_t i = 0; i < standing->own_count; i++)
		if (vfpt_pci_equal(&standing->own[i], function))
			return true;
	return false;
}

bool vfpt_standing_has_macvtap(const struct vfpt_standing *standing, const struct vfpt_pci *vf)
{
	const struct vfpt_assignment *planned = vfpt_standing_planned(standing, vf);

	if (planned)
		return planned->macvtap;
	for (size_t i = 0; i < standing->record_count; i++)
		if (vfpt_pci_equal(&standing->records[i].address, vf))
			return standing->records[i].macvtap;
	return false;
}

bool vfpt_standing_is_sibling(const struct vfpt_standing *standing, const struct vfpt_pci *vf)
{
	for (size_t i = 0; i < standing->sibling_count; i++)
		if (vfpt_pci_equal(&standing->siblings[i].vf, vf))
			return true;
	return false;
}

bool vfpt_standing_is_owned(
	const struct vfpt_standing *standing, const struct vfpt_pci *vf, char reason[VFPT_REASON_SIZE])
{
	const char *owner = vfpt_standing_owner(standing, vf);

	if (owner && strcmp(owner, standing->vm) == 0)
		snprintf(reason, VFPT_REASON_SIZE, "the VM has it already");
	else if (owner)
		snprintf(reason, VFPT_REASON_SIZE, "it belongs to VM %s",
			owner[0] ? owner : "(its record is garbage)");
	return owner;
}

bool vfpt_must_come_along(const struct vfpt_standing *standing, const struct vfpt_pci *member)
{
	return !vfpt_standing_is_of_vm(standing, member) && !vfpt_standing_is_own(standing, member);
}
