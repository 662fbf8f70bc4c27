/* SPDX-License-Identifier: GPL-2.0-or-later */
/* All networks of this host, and the PFs that serve them: for people. */
#ifndef VFPT_SURVEY_H
#define VFPT_SURVEY_H

#include "candidates.h"

/* A network: a bridge of this host, or a section [network NAME] of vfpt.conf. */
struct vfpt_surveyed_network {
	char *name;
	uint16_t vlan_id;           /* 0: untagged */
	unsigned mtu;               /* that a PF must have at least; 0: any */
	size_t pf_count;            /* 0: @why says why its vNICs get no VF */
	const struct vfpt_pf **pfs; /* that serve it and may (vfpt.conf), the host's */
	struct vfpt_error why;
};

/*
 * All networks of this host, bridges first, as a plan sees them.
 * @param out to be freed by vfpt_surveyed_networks_free()
 */
int vfpt_survey_networks(struct vfpt_session *session, struct vfpt_surveyed_network **out, size_t *count,
	struct vfpt_error *err);

/* NULL is fine. */
void vfpt_surveyed_networks_free(struct vfpt_surveyed_network *networks, size_t count);

#endif
