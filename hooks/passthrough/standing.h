/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who has which VF, at each point of a plan. */
#ifndef VFPT_STANDING_H
#define VFPT_STANDING_H

#include "request.h"
#include "session.h"
#include "vfpt/vf_usage.h"

/*
 * The VF that an earlier vNIC of the plan got opens an iommu group:
 * this other member must go to the VM too.
 */
struct vfpt_sibling {
	struct vfpt_pci vf;
	const struct vfpt_request *for_request;
};

/*
 * Who has which VF as things will stand at this point of a plan: the ledger, less what is given back first,
 * and what the plan has given to the VM so far.
 */
struct vfpt_standing {
	struct vfpt_session *session;
	const char *vm;
	size_t record_count;
	const struct vfpt_assignment *records; /* all of the ledger that can be read */
	size_t released_count;
	const struct vfpt_assignment *released;
	size_t planned_count;
	const struct vfpt_assignment **planned;
	size_t own_count;
	const struct vfpt_pci *own; /* functions that the document gives to the VM by itself */
	size_t sibling_count;
	struct vfpt_sibling *siblings;
};

/* The id of the VM that has the VF; "" where its record cannot be read, NULL: nobody. */
const char *vfpt_standing_owner(const struct vfpt_standing *standing, const struct vfpt_pci *vf);

/* The plan's assignment of that VF; NULL: none. */
const struct vfpt_assignment *vfpt_standing_planned(
	const struct vfpt_standing *standing, const struct vfpt_pci *vf);

/* What it is given back from first; NULL: it is not. */
const struct vfpt_assignment *vfpt_standing_released(
	const struct vfpt_standing *standing, const struct vfpt_pci *vf);

/* Has the VM it? */
bool vfpt_standing_is_of_vm(const struct vfpt_standing *standing, const struct vfpt_pci *vf);

/* Does the document give it to the VM by itself? */
bool vfpt_standing_is_own(const struct vfpt_standing *standing, const struct vfpt_pci *function);

/* The VM has it, and not in the guest: a macvtap leaves a VF with its driver. */
bool vfpt_standing_has_macvtap(const struct vfpt_standing *standing, const struct vfpt_pci *vf);

bool vfpt_standing_is_sibling(const struct vfpt_standing *standing, const struct vfpt_pci *vf);

/* Whoever has it; @reason then says so. */
bool vfpt_standing_is_owned(
	const struct vfpt_standing *standing, const struct vfpt_pci *vf, char reason[VFPT_REASON_SIZE]);

/* Is that member of an iommu group one that this VM does not have, and so must get? */
bool vfpt_must_come_along(const struct vfpt_standing *standing, const struct vfpt_pci *member);

#endif
