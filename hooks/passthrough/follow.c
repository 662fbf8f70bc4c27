/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is done with assignments that are there: release, finish; and what must not migrate. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hook_state.h"
#include "message.h"
#include "reconcile.h"
#include "vfpt/vf_usage.h"

/* Is this assignment the vNIC's? @alias decides where several have its MAC. */
static bool is_of_vnic(const struct vfpt_assignment *all, size_t count, const struct vfpt_assignment *one,
	const struct vfpt_vnic *vnic)
{
	if (!vfpt_mac_equal(&one->mac, &vnic->mac))
		return false;
	if (!vnic->alias || strcmp(one->alias, vnic->alias) == 0)
		return true;
	/* User aliases are for good (libvirt's own, "hostdev0", are not): two of them are two vNICs. */
	if (strncmp(vnic->alias, "ua-", 3) == 0 && strncmp(one->alias, "ua-", 3) == 0)
		return false;
	for (size_t i = 0; i < count; i++)
		if (vfpt_mac_equal(&all[i].mac, &vnic->mac) && strcmp(all[i].alias, vnic->alias) == 0)
			return false;
	return true;
}

/* A document of an earlier run of the VM, which arrives late, says nothing about the present one. */
static bool is_of_later_run(const struct vfpt_hook *hook, const struct vfpt_assignment *assignment)
{
	uint64_t run = hook->point->after ? vfpt_domain_run(hook->document) : 0;

	return run > 0 && assignment->run > run;
}

int hook_with_each(
	struct vfpt_hook *hook, const struct vfpt_vnic *vnic, assignment_step *step, struct vfpt_error *err)
{
	struct vfpt_assignment *all;
	struct vfpt_error second;
	size_t count, corrupt;
	int r = 0;

	if (vfpt_ledger_of_vm(hook->ledger, hook->vm, &all, &count, &corrupt, err) < 0)
		return -1;
	for (size_t i = 0; i < count; i++) {
		char mac[VFPT_MAC_SIZE];
		struct vfpt_error *slot = r < 0 ? &second : err;

		if ((vnic && !is_of_vnic(all, count, &all[i], vnic)) || is_of_later_run(hook, &all[i]))
			continue;
		if (step(hook, &all[i], slot) == 0)
			continue;
		vfpt_error_wrap(slot, "vNIC %s", vfpt_mac_format(&all[i].mac, mac));
		if (r < 0)
			vfpt_warn("%s", second.message);
		r = -1;
	}
	free(all);
	return r;
}

int hook_release_one(struct vfpt_hook *hook, const struct vfpt_assignment *assignment, struct vfpt_error *err)
{
	char reason[VFPT_REASON_SIZE];
	bool taken = false;

	/* What a killed hook left was never plugged: a VF that is in use is this vNIC's, plugged before. */
	if (hook->point->document == VFPT_INTERFACE && !hook->point->after &&
		vfpt_vf_usage(hook->host, &assignment->address, &taken, reason, err) < 0)
		return -1;
	if (taken)
		return vfpt_error_set(err, VFPT_BAD_INPUT, "it is plugged already, on VF %u of %s (%s)",
			assignment->vf, assignment->pf, reason);
	if (vfpt_release(hook->host, hook->ledger, hook->transaction.netlink, assignment, err) == 0)
		return 0;
	return vfpt_error_wrap(err, "cannot give back VF %u of %s", assignment->vf, assignment->pf);
}

static int finish_one(
	struct vfpt_hook *hook, const struct vfpt_assignment *assignment, struct vfpt_error *err)
{
	return vfpt_assign_finish(hook->host, hook->transaction.netlink, assignment, err);
}

/* A mistake in vfpt.conf must not keep a VF from coming back. */
static int open_anyway(struct vfpt_hook *hook, struct vfpt_error *err)
{
	if (hook_configure(hook, err) < 0) {
		if (!hook->config)
			return -1;
		vfpt_warn("%s", err->message);
	}
	return hook_open(hook, VFPT_LEDGER_RELEASE, err);
}

/* The VM's assignments, or those of the document's vNIC, which may be bridge-type again: it is known by its
 * MAC. */
static int follow_up(struct vfpt_hook *hook, assignment_step *step, struct vfpt_error *err)
{
	const struct vfpt_vnic *vnics;
	size_t count = vfpt_domain_vnics(hook->document, &vnics);
	char name[96];

	if (hook->point->document != VFPT_INTERFACE)
		return open_anyway(hook, err) < 0 ? -1 : hook_with_each(hook, NULL, step, err);
	if (count == 0 || !vnics[0].has_mac)
		return vfpt_error_set(err, VFPT_BAD_INPUT,
			"%s: the vNIC has no valid MAC address, so its VF cannot be found",
			hook->point->name);
	if (open_anyway(hook, err) < 0)
		return vfpt_error_wrap(err, "%s", vfpt_vnic_name(&vnics[0], name, sizeof(name)));
	return hook_with_each(hook, &vnics[0], step, err);
}

int vfpt_hook_release(struct vfpt_hook *hook, struct vfpt_error *err)
{
	return follow_up(hook, hook_release_one, err);
}

int vfpt_hook_finish(struct vfpt_hook *hook, struct vfpt_error *err)
{
	return follow_up(hook, finish_one, err);
}

/* --- migration ------------------------------------------------------------------------------- */

static int cannot_migrate(struct vfpt_hook *hook, const struct vfpt_vnic *vnic, struct vfpt_error *err)
{
	char name[96], address[VFPT_PCI_SIZE], vf[64] = "PCI device";
	const struct vfpt_pf *pf;
	struct vfpt_error ignored;
	unsigned index;

	if (vfpt_host_find_vf(hook->host, &vnic->vf, &pf, &index, &ignored) == 0)
		snprintf(vf, sizeof(vf), "VF %u of %s", index, pf->name);
	return vfpt_error_set(err, VFPT_BAD_INPUT,
		"%s: the guest has %s (%s) itself, so the VM cannot migrate; unplug this vNIC first, or use "
		"passthrough_mode=macvtap or failover",
		vfpt_vnic_name(vnic, name, sizeof(name)), vf, vfpt_pci_format(&vnic->vf, address));
}

int vfpt_hook_check_migration(struct vfpt_hook *hook, struct vfpt_error *err)
{
	const struct vfpt_vnic *vnics;
	size_t count = vfpt_domain_vnics(hook->document, &vnics);

	for (size_t i = 0; i < count; i++) {
		if (!vnics[i].has_vf || (vnics[i].teaming && strcmp(vnics[i].teaming, "transient") == 0))
			continue;
		if (hook_configure(hook, err) < 0 || hook_open(hook, VFPT_LEDGER_DRY, err) < 0)
			return -1;
		return cannot_migrate(hook, &vnics[i], err);
	}
	return 0;
}

/* --- all VMs --------------------------------------------------------------------------------- */

int vfpt_hook_reconcile(struct vfpt_hook *hook, struct vfpt_error *err)
{
	if (open_anyway(hook, err) < 0)
		return -1;
	return vfpt_reconcile(hook->host, hook->ledger, hook->transaction.netlink, hook->owners, err);
}
