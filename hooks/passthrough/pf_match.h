/* SPDX-License-Identifier: GPL-2.0-or-later */
/* PFs by their names, and among others. */
#ifndef VFPT_PF_MATCH_H
#define VFPT_PF_MATCH_H

#include "vfpt/pf.h"

/*
 * The PFs of this host that have VFs and whose names are in @patterns (see vfpt_names_match()), in name
 * order. @out is an array to be freed by free(); what it points to is the host's.
 * Errors: VFPT_NO_VF (there is none), VFPT_SYSTEM.
 */
int vfpt_match_pfs(struct vfpt_host *host, const char *patterns, const struct vfpt_pf ***out, size_t *count,
	struct vfpt_error *err);

/* Is it one of these? */
bool vfpt_is_pf_among(const struct vfpt_pf *const *pfs, size_t count, const struct vfpt_pf *pf);

#endif
