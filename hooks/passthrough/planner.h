/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A plan that is being made: what the parts of the planner share. */
#ifndef VFPT_PLANNER_H
#define VFPT_PLANNER_H

#include <errno.h>

#include "plan.h"

/* The settings of one PF's VFs as they will be at this point of the plan. */
struct pf_settings {
	const struct vfpt_pf *pf;
	struct vfpt_settings *vfs;
	bool known; /* false: a captured PF that no settings were captured of */
};

/* The MACs that one PF shows for its VFs. */
struct pf_macs {
	const struct vfpt_pf *pf;
	struct vfpt_mac *macs;
};

/* A plan that is being made. */
struct planner {
	struct vfpt_session *session;
	const struct vfpt_requests *requests;
	const struct vfpt_plan_options *options;
	struct vfpt_plan *plan;
	struct vfpt_standing standing;
	struct vfpt_assignment *records; /* the standing's */
	struct vfpt_assignment
		*released; /* the standing's: the plan's releases, and those of VMs that are gone */
	const struct vfpt_assignment **planned; /* the standing's */
	struct vfpt_set *nodes;                 /* NUMA nodes of the VM; NULL: not known */
	const struct vfpt_pf **pfs;             /* all of the host; NULL: not looked for yet */
	size_t pf_count;
	size_t settings_count;
	struct pf_settings *settings;
	size_t mac_count;
	struct pf_macs *macs; /* of PFs that have no such settings */
};

/* That error. @return -1 */
static inline int vfpt_planner_no_memory(struct vfpt_error *err)
{
	return vfpt_error_errno(err, VFPT_SYSTEM, ENOMEM, "planning");
}

/* Have the settings of the PF's VFs been read? */
bool vfpt_planner_has_settings(const struct planner *p, const struct vfpt_pf *pf);

/* The settings of the PF's VFs as they will be at this point of the plan; each PF is read once. */
int vfpt_planner_settings(
	struct planner *p, const struct vfpt_pf *pf, struct vfpt_settings **out, struct vfpt_error *err);

/*
 * VFs of the network's PFs that their drivers do not show (see vfpt_settings_shown()) or were busy with.
 * @param out an array of @count, to be freed by free(); NULL where there are none
 */
int vfpt_planner_pass_over(struct planner *p, const struct vfpt_network_pfs *serving,
	struct vfpt_passed_over **out, size_t *count, struct vfpt_error *err);

/*
 * Wait up to 3 seconds for one of those that are hidden to be shown. @return whether one is, which the
 * planner then knows
 */
bool vfpt_planner_await(struct planner *p, const struct vfpt_passed_over *passed_over, size_t count);

/* Wait for that VF as long, if it is not shown. */
int vfpt_planner_await_vf(struct planner *p, const struct vfpt_pf *pf, unsigned vf, struct vfpt_error *err);

/* What the vNIC asks for, and what every VF that is given away must have. */
struct vfpt_settings vfpt_planner_complete_settings(
	const struct vfpt_request *request, const struct vfpt_network_pfs *serving, unsigned speed);

int vfpt_planner_add_step(struct vfpt_vnic_plan *vnic, struct vfpt_step step, struct vfpt_error *err);

/* All that its VF needs; settings and assignment are known. */
int vfpt_planner_add_steps(struct vfpt_vnic_plan *vnic, unsigned vf, struct vfpt_error *err);

/* Is the vNIC's MAC that of a PF, or of another VF? From a VF that nobody has it is cleared: a step. */
int vfpt_planner_check_mac(struct planner *p, struct vfpt_vnic_plan *vnic, struct vfpt_error *err);

/* What is given back first, and the run that the plan belongs to. */
int vfpt_planner_plan_releases(struct planner *p, struct vfpt_error *err);

#endif
