/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "pf_match.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "file.h"
#include "host.h"
#include "set.h"

struct match {
	struct vfpt_host *host;
	const char *patterns;
	size_t count;
	const struct vfpt_pf **pfs;
	bool without_vfs; /* one has the right name, and no VFs */
	struct vfpt_error *err;
};

/* Only PFs that match are read: another that cannot be read does not matter. */
static int add_if_it_matches(const char *netdev, void *data)
{
	struct match *match = data;
	const struct vfpt_pf *pf;

	if (!vfpt_names_match(match->patterns, netdev) || !vfpt_host_is_pf(match->host, netdev))
		return 0;
	if (vfpt_host_pf(match->host, netdev, &pf, match->err) < 0)
		return 1;
	if (pf->vf_count == 0) {
		match->without_vfs = true;
		return 0;
	}
	return host_append(&match->pfs, &match->count, (void *)(uintptr_t)pf, match->err) < 0;
}

/* @return 0, or 1 with the error filled in */
static int find_all(struct match *match)
{
	int r;

	/* One plain name: no need to look at thousands of network devices. */
	if (!strpbrk(match->patterns, ",*?["))
		return add_if_it_matches(match->patterns, match);
	r = file_each_sorted(vfpt_host_root(match->host), "sys/class/net", add_if_it_matches, match);
	if (r >= 0)
		return r;
	vfpt_error_errno(match->err, VFPT_SYSTEM, errno, "cannot read /sys/class/net");
	return 1;
}

int vfpt_match_pfs(struct vfpt_host *host, const char *patterns, const struct vfpt_pf ***out, size_t *count,
	struct vfpt_error *err)
{
	struct match match = {.host = host, .patterns = patterns, .err = err};

	if (find_all(&match) != 0) {
		free(match.pfs);
		return -1;
	}
	if (match.count == 0)
		return vfpt_error_set(err, VFPT_NO_VF,
			match.without_vfs ? "PF %s has no VFs; make some in the engine (Setup Host Networks)"
					  : "there is no PF %s on this host; see vf_pf and vfpt.conf",
			patterns);
	*out = match.pfs;
	*count = match.count;
	return 0;
}

bool vfpt_is_pf_among(const struct vfpt_pf *const *pfs, size_t count, const struct vfpt_pf *pf)
{
	for (size_t i = 0; i < count; i++)
		if (pfs[i] == pf)
			return true;
	return false;
}
