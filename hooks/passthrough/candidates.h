/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From a request to a VF: which of its network's the VM can have, and which is best. */
#ifndef VFPT_CANDIDATES_H
#define VFPT_CANDIDATES_H

#include "examine.h"
#include "network_pfs.h"

/* What was chosen. */
struct vfpt_choice {
	const struct vfpt_pf *pf;
	unsigned vf;
	enum vfpt_grade grade;
};

/* What became of one VF in a choice. */
struct vfpt_considered {
	const struct vfpt_pf *pf;
	unsigned vf;
	bool usable;                     /* it could be had */
	bool chosen;                     /* and it is the best */
	char why[VFPT_REASON_SIZE + 64]; /* why it cannot be had, or why the chosen one is better */
};

/* Why a VF is passed over that its driver does not show, see vfpt_settings_shown(). */
#define VFPT_WHY_HIDDEN "its driver does not show it: it resets it, or has disabled it"

/* A VF that cannot be had, as the planner knows. */
struct vfpt_passed_over {
	const struct vfpt_pf *pf;
	unsigned vf;
	bool hidden; /* its driver may show it again */
	const char *why;
};

/* A question: a VF for that request. */
struct vfpt_search {
	const struct vfpt_standing *standing;
	const struct vfpt_request *request;
	const struct vfpt_network_pfs *serving;
	const struct vfpt_set *nodes; /* NUMA nodes that the VM is pinned to; NULL or empty: none */
	unsigned still_wanted;        /* further VFs that the VM still wants of these PFs */
	size_t refused_count;
	const struct vfpt_pf *const *refused; /* PFs whose driver did not take the vNIC's settings */
	size_t passed_over_count;
	const struct vfpt_passed_over *passed_over;
};

/*
 * Choose the best VF.
 * @param considered NULL, or where an array is put, to be freed by free(): every VF and its verdict. Also
 * where none is found. Errors: VFPT_NO_VF with each PF's reason, VFPT_SYSTEM.
 */
int vfpt_choose_vf(const struct vfpt_search *search, struct vfpt_choice *out,
	struct vfpt_considered **considered, size_t *considered_count, struct vfpt_error *err);

/* Can the VM have just this VF, which the property `sriov` names? Error VFPT_NO_VF with the reason. */
int vfpt_choose_named_vf(const struct vfpt_standing *standing, const struct vfpt_pci *vf,
	struct vfpt_choice *out, struct vfpt_error *err);

#endif
