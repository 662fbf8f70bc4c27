/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Can a VM have that VF? What the machine and its users say. */
#ifndef VFPT_EXAMINE_H
#define VFPT_EXAMINE_H

#include "network_pfs.h"
#include "rank.h"
#include "standing.h"

/* What one VF is examined for. */
struct vfpt_examination {
	const struct vfpt_standing *standing;
	enum vfpt_mode mode;
	unsigned still_wanted; /* VFs that the VM still wants */
};

/*
 * Can no VF of that PF be had, whatever the vNIC? In switchdev mode mlx5_core takes a MAC and VLAN 0 for a VF
 * as ever, but what a VF sends goes to its representor on the host (Linux,
 * Documentation/networking/representors.rst), which nobody has joined to anything. @reason is then filled in.
 */
bool vfpt_is_pf_unusable(const struct vfpt_pf *pf, char reason[VFPT_REASON_SIZE]);

/* @reason is filled in where the VF is not to be had: VFPT_VF_OUT. */
int vfpt_examine_vf(const struct vfpt_examination *x, const struct vfpt_pci *vf, enum vfpt_grade *grade,
	char *reason, struct vfpt_error *err);

/* What a VF is, as list and check show it. */
enum vfpt_state {
	VFPT_FREE,     /* a VM can have it */
	VFPT_ASSIGNED, /* a VM has it */
	VFPT_EXCLUDED, /* vfpt.conf keeps it from us */
	VFPT_UNUSABLE, /* someone else uses it, or the machine does not let a VM have it */
};

/* "free", "assigned" ... */
const char *vfpt_state_name(enum vfpt_state state);

/*
 * What a VM would be told that has nothing yet and would take other free VFs of its iommu group too.
 * @param reason why it is VFPT_UNUSABLE; else empty
 */
int vfpt_state_of_vf(struct vfpt_session *session, const struct vfpt_pf *pf, unsigned vf,
	enum vfpt_state *state, char reason[VFPT_REASON_SIZE], struct vfpt_error *err);

#endif
