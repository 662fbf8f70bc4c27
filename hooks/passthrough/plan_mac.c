/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The vNIC's MAC on other VFs. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "alloc.h"
#include "pf_match.h"
#include "planner.h"

static int mac_in_use(const char *pf, unsigned vf, const char *by, struct vfpt_error *err)
{
	return vfpt_error_set(err, VFPT_BAD_INPUT,
		"VF %u of %s has this MAC already: %s; give one of the two another MAC in the engine", vf, pf,
		by);
}

static int mac_of_vm(const char *pf, unsigned vf, const char *vm, struct vfpt_error *err)
{
	char by[VFPT_REASON_SIZE];

	snprintf(by, sizeof(by), "it belongs to VM %s", vm[0] ? vm : "(its record is garbage)");
	return mac_in_use(pf, vf, by, err);
}

/* A VF that the VM had, and that its driver could not set back, passes nothing. */
static bool is_unfinished_of_vm(const struct vfpt_standing *standing, const struct vfpt_assignment *record)
{
	return record->unfinished && strcmp(record->vm, standing->vm) == 0;
}

/* The ledger knows of a MAC whatever a PF shows: it is not set yet, or its PF cannot be asked. */
static int check_mac_in_ledger(
	const struct planner *p, const struct vfpt_assignment *a, struct vfpt_error *err)
{
	const struct vfpt_standing *standing = &p->standing;

	for (size_t i = 0; i < standing->planned_count; i++)
		if (vfpt_mac_equal(&standing->planned[i]->mac, &a->mac))
			return mac_of_vm(
				standing->planned[i]->pf, standing->planned[i]->vf, standing->vm, err);
	for (size_t i = 0; i < standing->record_count; i++) {
		const struct vfpt_assignment *record = &standing->records[i];
		const char *owner = vfpt_standing_owner(standing, &record->address);

		if (is_unfinished_of_vm(standing, record))
			continue;
		if (vfpt_mac_equal(&record->mac, &a->mac) && owner && strcmp(owner, record->vm) == 0)
			return mac_of_vm(record->pf, record->vf, record->vm, err);
	}
	return 0;
}

/* It shows its MAC still, where its driver is busy and does not hide it (i40e). */
static bool was_vf_of_vm(const struct vfpt_standing *standing, const struct vfpt_pci *vf)
{
	for (size_t i = 0; i < standing->record_count; i++)
		if (vfpt_pci_equal(&standing->records[i].address, vf))
			return is_unfinished_of_vm(standing, &standing->records[i]);
	return false;
}

/* Another VF than the vNIC's holds its MAC: whose is it? Where it is nobody's, the MAC is stale. */
static int resolve_mac_holder(struct planner *p, struct vfpt_vnic_plan *vnic, const struct vfpt_pf *pf,
	unsigned vf, struct vfpt_settings *now, struct vfpt_error *err)
{
	const struct vfpt_step step = {
		.kind = VFPT_STEP_CLEAR_MAC, .pf = pf, .vf = vf, .value = now->value[VFPT_MAC]};
	const char *owner = vfpt_standing_owner(&p->standing, &pf->vfs[vf]);
	char reason[VFPT_REASON_SIZE];
	bool used;

	if (was_vf_of_vm(&p->standing, &pf->vfs[vf]))
		return 0;
	if (owner)
		return mac_of_vm(pf->name, vf, owner, err);
	/* Whatever it is that somebody keeps there. */
	if (vfpt_is_excluded(p->session->config, pf, vf))
		return mac_in_use(pf->name, vf, "vfpt.conf excludes it, so it is left alone", err);
	if (vfpt_vf_usage(p->session->host, &pf->vfs[vf], &used, reason, err) < 0)
		return -1;
	if (used)
		return mac_in_use(pf->name, vf, reason, err);
	now->value[VFPT_MAC] = 0;
	return vfpt_planner_add_step(vnic, step, err);
}

static int check_mac_of_pf(
	const struct vfpt_vnic_plan *vnic, const struct vfpt_pf *pf, struct vfpt_error *err)
{
	if (!vfpt_mac_equal(&pf->mac, &vnic->assignment.mac))
		return 0;
	return vfpt_error_set(err, VFPT_BAD_INPUT,
		"PF %s itself has this MAC; give the vNIC another one in the engine", pf->name);
}

static int check_mac_on_vfs(
	struct planner *p, struct vfpt_vnic_plan *vnic, const struct vfpt_pf *pf, struct vfpt_error *err)
{
	const struct vfpt_assignment *a = &vnic->assignment;
	uint64_t value = vfpt_mac_value(&a->mac);
	struct vfpt_settings *vfs;

	if (vfpt_planner_settings(p, pf, &vfs, err) < 0)
		return -1;
	for (unsigned vf = 0; vf < pf->vf_count; vf++)
		if (vfpt_settings_have(&vfs[vf], VFPT_MAC) && vfs[vf].value[VFPT_MAC] == value &&
			(pf != vnic->pf || vf != a->vf) &&
			resolve_mac_holder(p, vnic, pf, vf, &vfs[vf], err) < 0)
			return -1;
	return 0;
}

/* Each PF is read once. @return NULL with @err filled in */
static const struct vfpt_mac *read_macs(struct planner *p, const struct vfpt_pf *pf, struct vfpt_error *err)
{
	struct vfpt_mac *macs;
	struct pf_macs *added;

	for (size_t i = 0; i < p->mac_count; i++)
		if (p->macs[i].pf == pf)
			return p->macs[i].macs;
	if (vfpt_settings_read_macs(p->session->netlink, pf, &macs, err) < 0)
		return NULL;
	added = vfpt_array_add(&p->macs, &p->mac_count, sizeof(*added));
	if (!added) {
		free(macs);
		vfpt_planner_no_memory(err);
		return NULL;
	}
	*added = (struct pf_macs){.pf = pf, .macs = macs};
	return macs;
}

/*
 * Is it worth a look at the settings of that PF's VFs? Nothing but their MACs is read of a PF that no vNIC of
 * the VM gets a VF of, unless one has this MAC, or a VF may get it back.
 */
static int may_have_mac(struct planner *p, const struct vfpt_pf *pf, const struct vfpt_mac *mac, bool *may,
	struct vfpt_error *err)
{
	const struct vfpt_mac *macs;

	*may = pf->vf_count > 0;
	if (!*may || p->session->captured || p->standing.released_count > 0 ||
		vfpt_planner_has_settings(p, pf))
		return 0;
	macs = read_macs(p, pf, err);
	if (!macs)
		return -1;
	*may = false;
	for (unsigned vf = 0; vf < pf->vf_count && !*may; vf++)
		*may = vfpt_mac_equal(&macs[vf], mac);
	return 0;
}

/* All PFs of the host, looked for once; where that fails those of the vNIC's network must do. */
static void find_all_pfs(struct planner *p)
{
	struct vfpt_error failure;

	if (p->pfs)
		return;
	if (vfpt_host_pfs(p->session->host, &p->pfs, &p->pf_count, &failure) == 0)
		return;
	p->plan->warning = failure;
	vfpt_error_remedy(&p->plan->warning, "the vNIC's MAC is looked for on the PFs of its network only");
	p->pfs = calloc(1, sizeof(struct vfpt_pf *));
	p->pf_count = 0;
}

/*
 * A PF that is none of the vNIC's and cannot be asked does not keep it from its VF: that is said, and the
 * ledger knows of the VMs' MACs all the same.
 */
static int check_mac_on_other_pf(
	struct planner *p, struct vfpt_vnic_plan *vnic, const struct vfpt_pf *pf, struct vfpt_error *err)
{
	struct vfpt_settings *ignored;
	struct vfpt_error failure;
	char mac[VFPT_MAC_SIZE];
	bool may;
	int r = may_have_mac(p, pf, &vnic->assignment.mac, &may, &failure);

	if (r == 0 && may)
		r = vfpt_planner_settings(p, pf, &ignored, &failure);
	if (r < 0) {
		p->plan->warning = failure;
		vfpt_error_remedy(&p->plan->warning, "whether one of them has MAC %s, too, is not known",
			vfpt_mac_format(&vnic->assignment.mac, mac));
		return 0;
	}
	if (check_mac_of_pf(vnic, pf, err) < 0)
		return -1;
	return may ? check_mac_on_vfs(p, vnic, pf, err) : 0;
}

/* One MAC is one vNIC's on the whole host: which PFs are on one wire, only the switch knows. */
int vfpt_planner_check_mac(struct planner *p, struct vfpt_vnic_plan *vnic, struct vfpt_error *err)
{
	if (check_mac_in_ledger(p, &vnic->assignment, err) < 0)
		return -1;
	for (size_t i = 0; i < vnic->pf_count; i++) {
		if (check_mac_of_pf(vnic, vnic->pfs[i], err) < 0)
			return -1;
		if (check_mac_on_vfs(p, vnic, vnic->pfs[i], err) < 0)
			return -1;
	}
	find_all_pfs(p);
	for (size_t i = 0; i < p->pf_count; i++)
		if (!vfpt_is_pf_among(vnic->pfs, vnic->pf_count, p->pfs[i]) &&
			check_mac_on_other_pf(p, vnic, p->pfs[i], err) < 0)
			return -1;
	return 0;
}
