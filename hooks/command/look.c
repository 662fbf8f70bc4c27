/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The VFs of a PF, each with all that is known of it. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "vfpt.h"

static int group_of(struct tools *tools, const struct vfpt_pci *vf)
{
	scoped(vfpt_iommu_group_free) struct vfpt_iommu_group group = {.count = 0};
	struct vfpt_error none;

	return vfpt_host_iommu_group(tools->session.host, vf, &group, &none) == 0 ? (int)group.number : -1;
}

static const struct vfpt_assignment *assignment_of(const struct tools *tools, const struct vfpt_pci *vf)
{
	for (size_t i = 0; i < tools->count; i++)
		if (vfpt_pci_equal(&tools->assignments[i].address, vf))
			return &tools->assignments[i];
	return NULL;
}

static int look_at_vf(struct tools *tools, struct look *look, struct vfpt_error *err)
{
	struct vfpt_error none;

	look->address = look->pf->vfs[look->vf];
	vfpt_host_driver(tools->session.host, &look->address, look->driver, sizeof(look->driver));
	look->has_netdev = vfpt_host_netdev(tools->session.host, &look->address, &look->netdev, &none) == 0;
	look->iommu_group = group_of(tools, &look->address);
	look->owner = vfpt_ledger_owner(tools->session.ledger, &look->address);
	look->assignment = assignment_of(tools, &look->address);
	if (vfpt_state_of_vf(&tools->session, look->pf, look->vf, &look->state, look->reason, err) < 0)
		return -1;
	if (look->state == VFPT_FREE && !tools->session.captured && !vfpt_settings_shown(&look->settings)) {
		look->state = VFPT_UNUSABLE;
		snprintf(look->reason, sizeof(look->reason), "%s", VFPT_WHY_HIDDEN);
	}
	return 0;
}

int look_at_pf(
	struct tools *tools, const struct vfpt_pf *pf, visit_vf *visit, void *data, struct vfpt_error *err)
{
	autofree struct vfpt_settings *settings = NULL;
	int r = vfpt_session_settings(&tools->session, pf, &settings, err);

	for (unsigned vf = 0; r == 0 && vf < pf->vf_count; vf++) {
		struct look look = {.pf = pf, .vf = vf, .settings = settings[vf]};

		r = look_at_vf(tools, &look, err);
		if (r == 0)
			r = visit(&look, data, err);
	}
	return r;
}
