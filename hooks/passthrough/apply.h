/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Carry a plan out, and take it back. */
#ifndef VFPT_APPLY_H
#define VFPT_APPLY_H

#include "plan.h"

/*
 * Carry the plan out: give back what is to be given back first, then the steps of each vNIC, a record before
 * anything about its VF is set, so that a crash loses nothing; then read VLAN and MAC back and compare.
 * On any failure all steps are undone, and VFs and ledger are as they were. On a captured host only the
 * records are written.
 * Where a link is held until the VM runs (VFPT_STEP_HOLD_LINK) a link state that is wanted is left to
 * vfpt_finish().
 * @param failed number of the request whose step failed; that of none where it was no step
 * Errors: VFPT_REFUSED (a driver did not take a setting: the message names VF, setting and the kernel's
 * words), VFPT_SYSTEM.
 */
int vfpt_apply(struct vfpt_session *session, struct vfpt_plan *plan, size_t *failed, struct vfpt_error *err);

/* Undo what was done of it, the newest first; what cannot be undone is said in a warning. */
void vfpt_apply_undo(struct vfpt_session *session, struct vfpt_plan *plan);

/*
 * Once the VM (or its new vNIC) runs: apply again what libvirt's start reset, VLAN priority and protocol, and
 * the link state that kept the VF quiet until now. A MAC or VLAN id that is not what it should be is said in
 * a warning.
 */
int vfpt_finish(
	struct vfpt_session *session, const struct vfpt_assignment *assignment, struct vfpt_error *err);

/*
 * The VM has the VF and runs: what is not as it should be is said in a warning and set again (a PF that was
 * reset, a hand that slipped).
 */
int vfpt_repair(
	struct vfpt_session *session, const struct vfpt_assignment *assignment, struct vfpt_error *err);

/* Of what the VF shall have that part which vfpt_finish() applies. */
struct vfpt_settings vfpt_settings_after_start(const struct vfpt_assignment *assignment);

#endif
