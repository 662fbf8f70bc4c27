/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "reclaim.h"

#include <stdlib.h>
#include <string.h>

#include "alloc.h"
#include "apply.h"
#include "message.h"
#include "pf_match.h"
#include "release.h"
#include "report.h"

/* --- VMs that are gone ----------------------------------------------------------------------- */

static bool is_on_pf_of_network(
	struct vfpt_session *session, const struct vfpt_vnic_plan *vnic, const struct vfpt_pci *vf)
{
	const struct vfpt_pf *pf;
	struct vfpt_error none;
	unsigned index;

	if (vfpt_host_find_vf(session->host, vf, &pf, &index, &none) < 0)
		return false; /* a VF that is gone is nobody's */
	return vfpt_is_pf_among(vnic->pfs, vnic->pf_count, pf);
}

/* Would the vNIC get a VF if that were given back? */
static bool would_get_vf(
	struct vfpt_session *session, const struct vfpt_vnic_plan *vnic, const struct vfpt_assignment *a)
{
	const struct vfpt_request *request = vnic->request;

	if (vnic->outcome != VFPT_OUTCOME_STAY && vnic->outcome != VFPT_OUTCOME_FAIL)
		return false;
	if (request->netdev[0])
		return vfpt_pci_equal(&vnic->named, &a->address) ||
		       (vnic->assignment.pf[0] && vfpt_mac_equal(&vnic->assignment.mac, &a->mac));
	if (vfpt_mac_equal(&request->mac, &a->mac))
		return true;
	/* Where none is left but one that its driver was busy with, that is the reason. */
	return (vnic->why.code == VFPT_NO_VF || vnic->why.code == VFPT_BUSY) &&
	       is_on_pf_of_network(session, vnic, &a->address);
}

static bool plan_lacks(
	struct vfpt_session *session, const struct vfpt_plan *plan, const struct vfpt_assignment *a)
{
	/*
	 * What a VM still has that starts, the plan itself gives back; one
	 * that a vNIC is plugged into is there.
	 */
	if (strcmp(a->vm, plan->requests->vm) == 0 &&
		(plan->requests->starts || !vfpt_vm_runs(session->liveness, a)))
		return false;
	for (size_t i = 0; i < plan->count; i++)
		if (would_get_vf(session, &plan->vnics[i], a))
			return true;
	return false;
}

int vfpt_find_gone(struct vfpt_session *session, const struct vfpt_plan *plan, struct vfpt_assignment **out,
	size_t *count, struct vfpt_error *err)
{
	char ignored[VFPT_REASON_SIZE];
	size_t all, corrupt;

	*out = NULL;
	*count = 0;
	if (!vfpt_plan_lacks_vf(plan))
		return 0;
	if (vfpt_ledger_of_vm(session->ledger, NULL, out, &all, &corrupt, err) < 0)
		return -1;
	for (size_t i = 0; i < all; i++)
		if (plan_lacks(session, plan, &(*out)[i]) &&
			!vfpt_vm_needs_vf(session->liveness, &(*out)[i], ignored))
			(*out)[(*count)++] = (*out)[i];
	return 0;
}

#define STAY_TAKEN "%s, so VFs of VMs that may be gone stay taken"

void vfpt_plan_add_doubt(struct vfpt_session *session, struct vfpt_plan *plan)
{
	const char *doubt = vfpt_vm_liveness_in_doubt(session->liveness);

	if (doubt && plan->failure.code != VFPT_OK && vfpt_plan_lacks_vf(plan))
		vfpt_error_remedy(&plan->failure, STAY_TAKEN, doubt);
}

int vfpt_plan_without_gone(struct vfpt_session *session, const struct vfpt_plan_options *options,
	struct vfpt_plan **plan, struct vfpt_error *err)
{
	const struct vfpt_requests *requests = (*plan)->requests;
	autofree struct vfpt_assignment *gone = NULL;
	struct vfpt_plan_options without = *options;
	char why[VFPT_REASON_SIZE];

	if (vfpt_find_gone(session, *plan, &gone, &without.gone_count, err) < 0)
		return -1;
	without.gone = gone;
	for (size_t i = 0; i < without.gone_count; i++) {
		(void)vfpt_vm_needs_vf(session->liveness, &gone[i], why);
		vfpt_warn("VM %s %s; its VF %u of %s would be given back", gone[i].vm, why, gone[i].vf,
			gone[i].pf);
	}
	if (without.gone_count == 0)
		return 0;
	vfpt_plan_free(*plan);
	return vfpt_plan_make(session, requests, &without, plan, err);
}

size_t vfpt_reclaim(struct vfpt_session *session, const struct vfpt_assignment *gone, size_t count)
{
	char why[VFPT_REASON_SIZE];
	struct vfpt_error failure;
	size_t reclaimed = 0;

	for (size_t i = 0; i < count; i++) {
		(void)vfpt_vm_needs_vf(session->liveness, &gone[i], why);
		if (vfpt_release(session, &gone[i], true, &failure) < 0) {
			vfpt_warn("VM %s %s, but: %s", gone[i].vm, why, failure.message);
			continue;
		}
		vfpt_warn("VM %s %s; its VF %u of %s is given back", gone[i].vm, why, gone[i].vf, gone[i].pf);
		reclaimed++;
	}
	return reclaimed;
}

/* --- all VMs --------------------------------------------------------------------------------- */

/* A VF that is not in use belongs to a VM that is just being started: its hooks see to it. And whoever uses
 * the VF of a VM that does not run here may be another than the VM. */
static int repair_if_running(struct vfpt_session *session, const struct vfpt_assignment *a,
	const char *why_there, struct vfpt_error *err)
{
	char reason[VFPT_REASON_SIZE];
	bool used;

	if (vfpt_vf_usage(session->host, &a->address, &used, reason, err) < 0)
		return -1;
	if (!used)
		return 0;
	if (vfpt_vm_runs(session->liveness, a) && session->captured)
		return vfpt_report_vf("would set", session, a, &a->wanted, a->mtu, err);
	if (vfpt_vm_runs(session->liveness, a))
		return vfpt_repair(session, a, err);
	vfpt_warn("VM %s does not run here for sure; its VF %u of %s stays as it is: %s", a->vm, a->vf, a->pf,
		why_there);
	return 0;
}

static int reconcile_one(
	struct vfpt_session *session, const struct vfpt_assignment *a, struct vfpt_error *err)
{
	bool exists = vfpt_host_has(session->host, &a->address);
	char why[VFPT_REASON_SIZE];

	if (exists && vfpt_vm_needs_vf(session->liveness, a, why))
		return repair_if_running(session, a, why, err);
	if (vfpt_release(session, a, true, err) < 0)
		return -1;
	if (exists)
		vfpt_warn("VM %s %s; its VF %u of %s is given back", a->vm, why, a->vf, a->pf);
	return 0;
}

int vfpt_reconcile(struct vfpt_session *session, struct vfpt_error *err)
{
	autofree struct vfpt_assignment *all = NULL;
	size_t count, corrupt;
	struct vfpt_error second;
	const char *doubt;
	int r = 0;

	if (vfpt_release_unfinished(session, err) < 0 ||
		vfpt_ledger_of_vm(session->ledger, NULL, &all, &count, &corrupt, err) < 0)
		return -1;
	for (size_t i = 0; i < count; i++) {
		struct vfpt_error *slot = r < 0 ? &second : err;

		/* What it has is not what any VM shall have, and what could be done for it is done. */
		if (all[i].unfinished) {
			vfpt_warn("VF %u of %s, which VM %s had, is not set back yet and stays taken",
				all[i].vf, all[i].pf, all[i].vm);
			continue;
		}
		if (reconcile_one(session, &all[i], slot) == 0)
			continue;
		vfpt_error_wrap(slot, "VF %u of %s, of VM %s", all[i].vf, all[i].pf, all[i].vm);
		if (r < 0)
			vfpt_warn("%s", second.message);
		r = -1;
	}
	doubt = vfpt_vm_liveness_in_doubt(session->liveness);
	if (doubt)
		vfpt_warn(STAY_TAKEN, doubt);
	return r;
}
