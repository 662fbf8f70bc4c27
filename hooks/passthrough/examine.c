/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "examine.h"

#include <limits.h>
#include <stdio.h>

#include "alloc.h"

bool vfpt_is_pf_unusable(const struct vfpt_pf *pf, char reason[VFPT_REASON_SIZE])
{
	char address[VFPT_PCI_SIZE];

	if (!pf->switchdev)
		return false;
	snprintf(reason, VFPT_REASON_SIZE,
		"%s is in switchdev mode, where a VF passes nothing by itself; run devlink dev eswitch set "
		"pci/%s mode legacy",
		pf->name, vfpt_pci_format(&pf->address, address));
	return true;
}

/* Is this other member of the group a VF that could go to the same VM? */
static int is_free_vf(const struct vfpt_standing *standing, const struct vfpt_pci *member, bool *is_free,
	struct vfpt_error *err)
{
	struct vfpt_session *session = standing->session;
	const struct vfpt_pf *pf;
	struct vfpt_error not_a_vf;
	char reason[VFPT_REASON_SIZE];
	bool used;
	unsigned index;

	*is_free = false;
	if (vfpt_standing_owner(standing, member) ||
		vfpt_host_find_vf(session->host, member, &pf, &index, &not_a_vf) < 0)
		return 0;
	if (vfpt_vf_usage(session->host, member, &used, reason, err) < 0)
		return -1;
	*is_free = !used && !pf->switchdev && !vfpt_is_excluded(session->config, pf, index);
	return 0;
}

/* VFIO gives away iommu groups as a whole: what else is in there must go to the same VM. */
static int examine_group(const struct vfpt_examination *x, const struct vfpt_pci *vf,
	const struct vfpt_iommu_group *group, enum vfpt_grade *grade, char *reason, struct vfpt_error *err)
{
	const struct vfpt_standing *standing = x->standing;
	char text[VFPT_PCI_SIZE];
	unsigned open = 0;

	for (size_t i = 0; i < group->count; i++) {
		const struct vfpt_pci *member = &group->members[i];
		bool is_free;

		if (vfpt_pci_equal(member, vf) || vfpt_standing_is_own(standing, member) ||
			(vfpt_standing_is_of_vm(standing, member) &&
				!vfpt_standing_has_macvtap(standing, member)))
			continue;
		if (is_free_vf(standing, member, &is_free, err) < 0)
			return -1;
		if (!is_free || ++open > x->still_wanted) {
			snprintf(reason, VFPT_REASON_SIZE,
				"it shares iommu group %u with %s, which does not go to this VM",
				group->number, vfpt_pci_format(member, text));
			return 0;
		}
	}
	if (vfpt_standing_is_sibling(standing, vf))
		*grade = VFPT_VF_COMPLETES_GROUP;
	else
		*grade = open ? VFPT_VF_OPENS_GROUP : VFPT_VF_ALONE;
	return 0;
}

/* A macvtap stands on the VF's network device and needs no IOMMU. */
static int examine_netdev(const struct vfpt_examination *x, const struct vfpt_pci *vf, enum vfpt_grade *grade,
	char *reason, struct vfpt_error *err)
{
	struct vfpt_error none;
	struct vfpt_netdev netdev;

	if (vfpt_standing_is_sibling(x->standing, vf)) {
		snprintf(reason, VFPT_REASON_SIZE, "its iommu group goes to the guest as a whole");
		return 0;
	}
	if (vfpt_host_netdev(x->standing->session->host, vf, &netdev, &none) == 0) {
		*grade = VFPT_VF_ALONE;
		return 0;
	}
	if (none.code != VFPT_NO_VF) {
		*err = none;
		return -1;
	}
	snprintf(reason, VFPT_REASON_SIZE, "%.80s, and a macvtap needs one", none.message);
	return 0;
}

int vfpt_examine_vf(const struct vfpt_examination *x, const struct vfpt_pci *vf, enum vfpt_grade *grade,
	char *reason, struct vfpt_error *err)
{
	struct vfpt_host *host = x->standing->session->host;
	scoped(vfpt_iommu_group_free) struct vfpt_iommu_group group = {.count = 0};
	struct vfpt_error no_group;
	bool used;

	*grade = VFPT_VF_OUT;
	if (vfpt_standing_is_own(x->standing, vf)) {
		snprintf(reason, VFPT_REASON_SIZE, "the VM's own <hostdev> names it");
		return 0;
	}
	if (vfpt_vf_usage(host, vf, &used, reason, err) < 0)
		return -1;
	if (used)
		return 0;
	if (x->mode == VFPT_MODE_MACVTAP)
		return examine_netdev(x, vf, grade, reason, err);
	if (vfpt_host_iommu_group(host, vf, &group, &no_group) < 0) {
		if (no_group.code != VFPT_NO_VF) {
			*err = no_group;
			return -1;
		}
		snprintf(reason, VFPT_REASON_SIZE, "%.150s", no_group.message);
		return 0;
	}
	return examine_group(x, vf, &group, grade, reason, err);
}

/* --- for people ------------------------------------------------------------------------------ */

const char *vfpt_state_name(enum vfpt_state state)
{
	static const char *const names[] = {
		[VFPT_FREE] = "free",
		[VFPT_ASSIGNED] = "assigned",
		[VFPT_EXCLUDED] = "excluded",
		[VFPT_UNUSABLE] = "unusable",
	};

	return names[state];
}

/* No VM has that name. */
#define NOBODY "-"

int vfpt_state_of_vf(struct vfpt_session *session, const struct vfpt_pf *pf, unsigned vf,
	enum vfpt_state *state, char reason[VFPT_REASON_SIZE], struct vfpt_error *err)
{
	const struct vfpt_standing standing = {.session = session, .vm = NOBODY};
	const struct vfpt_examination x = {
		.standing = &standing, .mode = VFPT_MODE_HOSTDEV, .still_wanted = UINT_MAX};
	enum vfpt_grade grade;

	reason[0] = '\0';
	if (vfpt_ledger_owner(session->ledger, &pf->vfs[vf])) {
		*state = VFPT_ASSIGNED;
		return 0;
	}
	if (vfpt_is_excluded(session->config, pf, vf)) {
		*state = VFPT_EXCLUDED;
		return 0;
	}
	if (vfpt_is_pf_unusable(pf, reason)) {
		*state = VFPT_UNUSABLE;
		return 0;
	}
	if (vfpt_examine_vf(&x, &pf->vfs[vf], &grade, reason, err) < 0)
		return vfpt_error_wrap(err, "VF %u of %s", vf, pf->name);
	*state = grade == VFPT_VF_OUT ? VFPT_UNUSABLE : VFPT_FREE;
	return 0;
}
