/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What VMs that are gone, hooks that were killed and others left: it is given back, or repaired. */
#ifndef VFPT_RECLAIM_H
#define VFPT_RECLAIM_H

#include "plan.h"

/*
 * What VMs that are gone have and the plan lacks: VFs of the PFs of a vNIC that gets none, the VF that
 * `sriov` names, the vNIC's MAC.
 * @param out to be freed by free(); NULL where there is nothing
 */
int vfpt_find_gone(struct vfpt_session *session, const struct vfpt_plan *plan, struct vfpt_assignment **out,
	size_t *count, struct vfpt_error *err);

/* A vNIC gets no VF, and it is not known of every VM whether it is gone: the plan's failure says so too. */
void vfpt_plan_add_doubt(struct vfpt_session *session, struct vfpt_plan *plan);

/*
 * For who does not apply the plan: make it again as if that were given back, and say so, where there is
 * something. @plan is the plan made so far; the other is put in its place.
 */
int vfpt_plan_without_gone(struct vfpt_session *session, const struct vfpt_plan_options *options,
	struct vfpt_plan **plan, struct vfpt_error *err);

/* Give that back. @return how many VFs; what fails is said in a warning and stays */
size_t vfpt_reclaim(struct vfpt_session *session, const struct vfpt_assignment *gone, size_t count);

/*
 * Make ledger, kernel and libvirt agree: release what VMs have that are gone and what is gone from this host;
 * repair the VFs of VMs that run. All are tried; the error is the first one's, the others are warnings.
 */
int vfpt_reconcile(struct vfpt_session *session, struct vfpt_error *err);

#endif
