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

/** The network behind a bridge, as a VF of one of its PFs would reach it. */
struct vfpt_network {
	char bridge[IF_NAMESIZE];
	bool exists;                       /**< the host has that bridge */
	unsigned mtu;                      /**< the bridge's, bytes */
	uint16_t vlan_id;                  /**< 1 to 4094; 0: untagged */
	size_t pf_count;                   /**< how many PFs with VFs serve it */
	const struct vfpt_pf **pfs;        /**< these, in name order of what the bridge stands on */
	const struct vfpt_pf *without_vfs; /**< where there is no such PF: one that has no VFs; NULL: none */
	struct vfpt_error why;             /**< where there is no such PF: why; its code is VFPT_NO_VF */
};

/**
 * What stands below a bridge. A bridge that does not exist, or has no PF with VFs below it, is no error: the
 * network then has no PF, and says why. A network is read once.
 * @param bridge any text: it is checked
 * @param out the host's; valid until vfpt_host_free()
 * @return 0; or -1 with @err filled in: VFPT_BAD_INPUT (that is no bridge's name), VFPT_NO_VF (a VLAN in a
 * VLAN, of 802.1ad, or not the same on all ports, which no VF can have), VFPT_SYSTEM
 */
int vfpt_host_network(
	struct vfpt_host *host, const char *bridge, const struct vfpt_network **out, struct vfpt_error *err);

/**
 * The names of all bridges of this host, in name order.
 * @param out an array of @count, to be freed by free(), or NULL where there is none
 * @return 0; or -1 with @err filled in, VFPT_SYSTEM
 */
int vfpt_host_bridges(
	const struct vfpt_host *host, char (**out)[IF_NAMESIZE], size_t *count, struct vfpt_error *err);

#ifdef __cplusplus
}
#endif

#endif
