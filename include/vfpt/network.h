/* SPDX-License-Identifier: GPL-2.0-or-later */
/**
 * @file network.h
 * What a bridge stands on: port -> VLAN device, if any -> bond, if any -> PFs.
 */
#ifndef VFPT_NETWORK_H
#define VFPT_NETWORK_H

#include "vfpt/pf.h"

#ifdef __cplusplus
extern "C" {
#endif

struct vfpt_network {
	char bridge[IFNAMSIZ];
	bool exists; /**< the host has that bridge */
	unsigned mtu;
	uint16_t vlan_id; /**< 0: untagged */
	size_t pf_count;
	const struct vfpt_pf **pfs; /**< those that serve it, in name order of what the bridge stands on */
	struct vfpt_error why;      /**< where there is no PF: why */
};

/**
 * What stands below a logical network's bridge: bridge port -> VLAN device, if any -> bond, if any -> PFs
 * with VFs.
 * @param bridge the bridge's name, as the vNIC's <source bridge=.../> says; checked here, it comes from
 * outside
 * @param out the host's; valid until vfpt_host_free(). It has no PF where there is no such bridge, no PF
 * below it, or no VFs are made: its error, VFPT_NO_VF, says which Errors: VFPT_NO_VF (a bridge whose VLAN no
 * VF can have), VFPT_SYSTEM.
 */
int vfpt_host_network(
	struct vfpt_host *host, const char *bridge, const struct vfpt_network **out, struct vfpt_error *err);

/** The names of all bridges of this host, sorted. @param out to be freed by free(), or NULL */
int vfpt_host_bridges(
	const struct vfpt_host *host, char (**out)[IFNAMSIZ], size_t *count, struct vfpt_error *err);

#ifdef __cplusplus
}
#endif

#endif
