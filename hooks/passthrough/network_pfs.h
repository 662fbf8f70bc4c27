/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which PFs serve a network, and which of their VFs vfpt.conf leaves to us. */
#ifndef VFPT_NETWORK_PFS_H
#define VFPT_NETWORK_PFS_H

#include "request.h"
#include "session.h"

/* The PFs that serve a request's network, and what that asks of them. */
struct vfpt_network_pfs {
	const struct vfpt_network_rules *rules; /* of vfpt.conf; NULL: none */
	bool has_bridge;
	uint16_t vlan_id;  /* the network's; 0: untagged */
	unsigned mtu;      /* that a PF must have at least; 0: any */
	unsigned vnic_mtu; /* that the vNIC shall have; 0: any */
	size_t pf_count;
	const struct vfpt_pf **pfs; /* to be freed by free() */
};

/* Errors: VFPT_NO_VF and VFPT_BAD_INPUT (there is none, and why), VFPT_SYSTEM. */
int vfpt_find_network_pfs(struct vfpt_session *session, const struct vfpt_request *request,
	struct vfpt_network_pfs *out, struct vfpt_error *err);

/* Does vfpt.conf keep that VF from us? */
bool vfpt_is_excluded(const struct vfpt_config *config, const struct vfpt_pf *pf, unsigned vf);

/* Does vfpt.conf let that network have VFs of the PF? */
bool vfpt_is_allowed(
	const struct vfpt_config *config, const struct vfpt_pf *pf, const char *network, const char *bridge);

#endif
