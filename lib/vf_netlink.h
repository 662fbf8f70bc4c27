/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What other modules ask of the route-netlink socket. */
#ifndef VFPT_LIB_VF_NETLINK_H
#define VFPT_LIB_VF_NETLINK_H

#include <linux/netlink.h>
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

/* What is called with each attribute (IFLA_VF_...) that the kernel shows for VF number @vf. */
typedef void vfpt_take_vf(unsigned vf, const struct nlattr *attribute, void *data);

/* Call @take with all attributes of all VFs of the PF; @count becomes the number of VFs that the kernel
 * showed. */
int vfpt_netlink_vfs(struct vfpt_netlink *netlink, unsigned pf_ifindex, vfpt_take_vf *take, void *data,
	unsigned *count, struct vfpt_error *err);

/*
 * Set one thing of a VF: @attribute (IFLA_VF_...) with its payload, in a message of its own, so that a
 * refusal has a name. The error's text is the kernel's; its code is VFPT_REFUSED where the driver cannot or
 * will not take the value, VFPT_SYSTEM otherwise (permission, device gone).
 */
int vfpt_netlink_set_vf(struct vfpt_netlink *netlink, unsigned pf_ifindex, int attribute, const void *payload,
	size_t size, struct vfpt_error *err);

/* Set the MTU of a network device. */
int vfpt_netlink_set_mtu(
	struct vfpt_netlink *netlink, unsigned ifindex, unsigned mtu, struct vfpt_error *err);

/* The VFs in the attributes of a link message, as vfpt_netlink_vfs(). @return how many. */
unsigned vfpt_netlink_each_vf(const void *attributes, size_t size, vfpt_take_vf *take, void *data);

/*
 * The kernel's own words in an error message: they follow the request that it echoes, whole or (NLM_F_CAPPED)
 * only its header (linux, Documentation/userspace-api/netlink/intro.rst, "Ext ACK"). Empty where there are
 * none.
 */
void vfpt_netlink_kernel_text(const struct nlmsghdr *header, char *text, size_t size);

#endif
