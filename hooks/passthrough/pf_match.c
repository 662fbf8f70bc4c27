/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "pf_match.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "set.h"

/* One plain name: no need to look at thousands of network devices. @return 0 with no PF where there is none
 */
static int find_one(struct vfpt_host *host, const char *name, const struct vfpt_pf ***pfs, size_t *count,
	struct vfpt_error *err)
{
	*count = 0;
	*pfs = calloc(1, sizeof(**pfs));
	if (!*pfs)
		return vfpt_error_errno(err, VFPT_SYSTEM, ENOMEM, "PF %s", name);
	if (!vfpt_host_is_pf(host, name))
		return 0;
	*count = 1;
	return vfpt_host_pf(host, name, *pfs, err);
}

int vfpt_match_pfs(struct vfpt_host *host, const char *patterns, const struct vfpt_pf ***out, size_t *count,
	struct vfpt_error *err)
{
	const struct vfpt_pf **pfs = NULL;
	size_t all, matching = 0, with_vfs = 0;
	int r = strpbrk(patterns, ",*?[") ? vfpt_host_pfs(host, &pfs, &all, err)
					  : find_one(host, patterns, &pfs, &all, err);

	for (size_t i = 0; r == 0 && i < all; i++) {
		if (!vfpt_names_match(patterns, pfs[i]->name))
			continue;
		matching++;
		if (pfs[i]->vf_count > 0)
			pfs[with_vfs++] = pfs[i];
	}
	if (r == 0 && with_vfs == 0)
		r = vfpt_error_set(err, VFPT_NO_VF,
			matching ? "PF %s has no VFs; make some in the engine (Setup Host Networks)"
				 : "there is no PF %s on this host; see vf_pf and vfpt.conf",
			patterns);
	if (r < 0) {
		free(pfs);
		return -1;
	}
	*out = pfs;
	*count = with_vfs;
	return 0;
}
