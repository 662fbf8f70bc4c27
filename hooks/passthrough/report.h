/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What would be done, in words, on stderr: for --test, and for a captured host, where there is no kernel. */
#ifndef VFPT_REPORT_H
#define VFPT_REPORT_H

#include "plan.h"

/* "WHAT: VF 3 of ens1f0: mac 56:..., vlan_id 200"; without settings "what it was before". */
void vfpt_report_settings(
	const char *what, const struct vfpt_pf *pf, unsigned vf, const struct vfpt_settings *settings);

/*
 * That line, and of the VF's network device, and of what stands on it, an MTU that is another. @mtu 0: none.
 * Of a VF that is gone nothing is said.
 */
int vfpt_report_vf(const char *what, struct vfpt_session *session, const struct vfpt_assignment *assignment,
	const struct vfpt_settings *settings, unsigned mtu, struct vfpt_error *err);

/* What carrying the plan out would set. */
void vfpt_report_plan(const struct vfpt_plan *plan);

/* What is to be known beside the plan: what could not be looked at, and what a vNIC loses by getting a VF. */
void vfpt_warn_of_plan(const struct vfpt_plan *plan);

/* What would be given back before that: of a run that was killed. */
int vfpt_report_releases(struct vfpt_session *session, const struct vfpt_plan *plan, struct vfpt_error *err);

/* What reconciling would give back. */
int vfpt_report_gone(struct vfpt_session *session, struct vfpt_error *err);

#endif
