/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The way back: release, and what hooks that were killed, VMs that are gone and others left. */
#ifndef VFPT_RELEASE_H
#define VFPT_RELEASE_H

#include "plan.h"

/*
 * Give one VF back: its settings become what they were before the assignment, then its record goes. An
 * assignment that the ledger does not hold any more is none: nothing is touched. A VF that no longer exists
 * has only its record removed, one whose driver will not take the old value back is released with a warning.
 * On a captured host only the record goes. On an error the record stays, and the next release tries again.
 * @param remember the vNIC is to get this VF again next time, if it is free: false when something is undone
 */
int vfpt_release(struct vfpt_session *session, const struct vfpt_assignment *assignment, bool remember,
	struct vfpt_error *err);

/*
 * What VMs that are gone have and the plan lacks: VFs of the PFs of a vNIC that gets none, the VF that
 * `sriov` names, the vNIC's MAC.
 * @param out to be freed by free(); NULL where there is nothing
 */
int vfpt_find_gone(struct vfpt_session *session, const struct vfpt_plan *plan, struct vfpt_assignment **out,
	size_t *count, struct vfpt_error *err);

/* Give that back. @return how many VFs; what fails is said in a warning and stays */
size_t vfpt_reclaim(struct vfpt_session *session, const struct vfpt_assignment *gone, size_t count);

/*
 * Make ledger, kernel and libvirt agree: release what VMs have that are gone and what is gone from this host;
 * repair the VFs of VMs that run. All are tried; the error is the first one's, the others are warnings.
 */
int vfpt_reconcile(struct vfpt_session *session, struct vfpt_error *err);

#endif
