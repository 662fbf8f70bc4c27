/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What other modules ask of the route-netlink socket. */
#ifndef VFPT_LIB_NETLINK_H
#define VFPT_LIB_NETLINK_H

#include <netlink/attr.h>
#include <stdbool.h>
#include <stdint.h>

#include "vfpt/netlink.h"

/* Id and protocol (ETH_P_8021Q or ETH_P_8021AD, host byte order) of the VLAN device with that interface
 * index. */
int vfpt_netlink_vlan(struct vfpt_netlink *netlink, unsigned ifindex, uint16_t *id, uint16_t *protocol,
	struct vfpt_error *err);

/* Has the interface an address that somebody gave it (not only the kernel's own IPv6 link-local one)? */
int vfpt_netlink_has_address(
	struct vfpt_netlink *netlink, unsigned ifindex, bool *has, struct vfpt_error *err);

/* Call @take with each attribute (IFLA_VF_...) the kernel shows for VF number @vf of the PF. */
int vfpt_netlink_vf_get(struct vfpt_netlink *netlink, unsigned pf_ifindex, unsigned vf,
	void (*take)(const struct nlattr *attribute, void *data), void *data, struct vfpt_error *err);

/*
 * Set one thing of a VF: @attribute (IFLA_VF_...) with its payload, in a message of its own, so that a
 * refusal has a name. The error's text is the kernel's; its code is VFPT_REFUSED where the driver cannot or
 * will not take the value, VFPT_SYSTEM otherwise (permission, device gone).
 */
int vfpt_netlink_vf_set(struct vfpt_netlink *netlink, unsigned pf_ifindex, int attribute, const void *payload,
	size_t size, struct vfpt_error *err);

/* Find VF number @vf in the attributes of a link message: @take is called with each of its own. Not found:
 * false. */
bool vfpt_netlink_find_vf(const void *attributes, size_t size, unsigned vf,
	void (*take)(const struct nlattr *attribute, void *data), void *data);

#endif
