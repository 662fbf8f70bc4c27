/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is given back first. */
#include <stdlib.h>
#include <string.h>

#include "planner.h"

bool vfpt_assignment_is_of_vnic(const struct vfpt_assignment *all, size_t count,
	const struct vfpt_assignment *one, const struct vfpt_vnic *vnic)
{
	/* User aliases are for good (libvirt's own, "hostdev0", are not): two of them are two vNICs. */
	bool for_good = vnic->alias && strncmp(vnic->alias, "ua-", 3) == 0;

	if (!vnic->has_mac)
		return for_good && strcmp(one->alias, vnic->alias) == 0;
	if (!vfpt_mac_equal(&one->mac, &vnic->mac))
		return false;
	if (!vnic->alias || strcmp(one->alias, vnic->alias) == 0)
		return true;
	if (for_good && strncmp(one->alias, "ua-", 3) == 0)
		return false;
	for (size_t i = 0; i < count; i++)
		if (strcmp(all[i].vm, one->vm) == 0 && vfpt_mac_equal(&all[i].mac, &vnic->mac) &&
			strcmp(all[i].alias, vnic->alias) == 0)
			return false;
	return true;
}

/* Is the VF in the guest, so that it is not left over from a killed run? */
static int refuse_running(const struct planner *p, const struct vfpt_assignment *a, struct vfpt_error *err)
{
	struct vfpt_vm_liveness *liveness = p->session->liveness;
	char reason[VFPT_REASON_SIZE];
	bool used;

	if (p->requests->starts && !vfpt_vm_has_process(liveness, a) && !vfpt_vm_liveness_in_doubt(liveness))
		return 0;
	if (vfpt_vf_usage(p->session->host, &a->address, &used, reason, err) < 0)
		return -1;
	if (!used)
		return 0;
	if (p->requests->starts)
		return vfpt_error_set(err, VFPT_BAD_INPUT,
			"VM %s runs already, on VF %u of %s; stop it before it is started again", a->vm,
			a->vf, a->pf);
	return vfpt_error_set(
		err, VFPT_BAD_INPUT, "it is plugged already, on VF %u of %s (%s)", a->vf, a->pf, reason);
}

static bool is_left_over(const struct planner *p, const struct vfpt_assignment *record)
{
	const struct vfpt_requests *requests = p->requests;

	/* What cannot be given back yet is not the VM's any more, and not free. */
	if (strcmp(record->vm, requests->vm) != 0 || record->unfinished)
		return false;
	return requests->starts || vfpt_assignment_is_of_vnic(p->records, p->standing.record_count, record,
					   requests->requests[0].vnic);
}

/*
 * The VM is not running yet (or not with this vNIC): what it still has is left over from a killed hook. And a
 * vNIC that is plugged belongs to the run in which the VM got its others.
 */
int vfpt_planner_plan_releases(struct planner *p, struct vfpt_error *err)
{
	struct vfpt_plan *plan = p->plan;

	plan->run = p->requests->starts ? VFPT_NEW_RUN : 0;
	plan->releases = calloc(p->standing.record_count + 1, sizeof(*plan->releases));
	if (!plan->releases)
		return vfpt_planner_no_memory(err);
	for (size_t i = 0; i < p->standing.record_count; i++) {
		const struct vfpt_assignment *record = &p->records[i];

		if (is_left_over(p, record)) {
			if (refuse_running(p, record, err) < 0)
				return -1;
			plan->releases[plan->release_count++] = *record;
		} else if (!p->requests->starts && strcmp(record->vm, p->requests->vm) == 0 &&
			   record->run > plan->run) {
			plan->run = record->run;
		}
	}
	return 0;
}
