/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What vfpt_explain() is told by those that decide; it is only written down here. */
#ifndef VFPT_LIB_TELL_H
#define VFPT_LIB_TELL_H

#include "explain.h"
#include "rank.h"

/* A VF in a choice. */
struct standing {
	const struct vfpt_pf *pf;
	unsigned vf;
	const struct vfpt_candidate *plain; /* its PF's */
};

/* From here on it is about that vNIC, number @index of @count. */
int tell_vnic(struct vfpt_explanation *explanation, const struct vfpt_vnic *vnic, size_t index, size_t count,
	struct vfpt_error *err);

/* A choice for it begins; what an earlier one was told does not count any more. */
void tell_pick(struct vfpt_explanation *explanation);

/* That VF cannot be had. */
int tell_out(struct vfpt_explanation *explanation, const struct standing *vf, const char *reason,
	struct vfpt_error *err);

/* That VF could be had; @best is the chosen one, and may be the same. */
int tell_usable(struct vfpt_explanation *explanation, const struct standing *vf, const struct standing *best,
	bool pack, struct vfpt_error *err);

/* The vNIC got a VF, or NULL: it stays on its bridge (@failed: the VM does not start) as @why says. */
void tell_fate(struct vfpt_explanation *explanation, const struct vfpt_assignment *assignment, bool failed,
	const struct vfpt_error *why);

/* The VM does not start. The first reason is what VDSM would hear of. */
void tell_failure(struct vfpt_explanation *explanation, const struct vfpt_error *why);

#endif
