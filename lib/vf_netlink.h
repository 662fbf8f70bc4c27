/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What other modules ask of the route-netlink socket.
 *
 * libnl-route-3 parses links and addresses, and builds the request for an MTU. The settings of VFs are read
 * and written here. Measured with libnl 3.7 and the answers of kernel 6.1 for netdevsim:
 *
 * - The length of IFLA_VFINFO_LIST has 16 bits and wraps at 64 KiB. With the counters, which libnl-route
 * always asks for, it finds all of 221 VFs, none of 222, 8 of 230, 34 of 256 and 69 of 512, and takes the
 * first entry of the list for the link's own address. Without them 334 VFs are the most; of 335 the answer as
 * a whole is an error. On a socket with libnl's own receive buffer it fails with "Out of memory" from 127 VFs
 * on.
 * - A rate of 0, no limit, reads as a rate that the driver does not show: nothing would be restored.
 * - It writes the VLAN protocol in host byte order: on x86 the kernel gets 0xa888 for 802.1ad.
 */
#ifndef VFPT_LIB_VF_NETLINK_H
#define VFPT_LIB_VF_NETLINK_H

#include <linux/netlink.h>
#include <netlink/attr.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "vfpt/mac.h"
#include "vfpt/netlink.h"

/*
 * Id and protocol (ETH_P_8021Q or ETH_P_8021AD, host byte order) of
 * the VLAN device with that interface index.
 */
int vfpt_netlink_vlan(struct vfpt_netlink *netlink, unsigned ifindex, uint16_t *id, uint16_t *protocol,
	struct vfpt_error *err);

/* Has the interface an address that somebody gave it (not only the kernel's own IPv6 link-local one)? */
int vfpt_netlink_has_address(
	struct vfpt_netlink *netlink, unsigned ifindex, bool *has, struct vfpt_error *err);

/*
 * Attributes, as libnl's nla_...() have them: those are calls into a library, and a host of 2,048 VFs has
 * 20,000 attributes. This is the one that starts at @at, if it lies wholly before @end, or NULL.
 */
static inline const struct nlattr *vfpt_attribute(const void *at, const void *end)
{
	const struct nlattr *attribute = at;
	ptrdiff_t room = (const char *)end - (const char *)at;

	if (room < (ptrdiff_t)sizeof(*attribute) || attribute->nla_len < sizeof(*attribute) ||
		attribute->nla_len > room)
		return NULL;
	return attribute;
}

/* Where the attribute's payload ends, and where the next attribute starts. */
static inline const void *vfpt_attribute_end(const struct nlattr *attribute)
{
	return (const char *)attribute + attribute->nla_len;
}

static inline const void *vfpt_attribute_next(const struct nlattr *attribute)
{
	return (const char *)attribute + NLA_ALIGN(attribute->nla_len);
}

/* Types carry flag bits on top. */
static inline int vfpt_attribute_type(const struct nlattr *attribute)
{
	return attribute->nla_type & NLA_TYPE_MASK;
}

/* The payload; NULL where it has less than @size bytes. */
static inline const void *vfpt_attribute_payload(const struct nlattr *attribute, size_t size)
{
	return attribute->nla_len - sizeof(*attribute) < size ? NULL : attribute + 1;
}

/* The first attribute of that type among those in @nest, or NULL. */
static inline const struct nlattr *vfpt_attribute_find(const struct nlattr *nest, int type)
{
	const void *end = vfpt_attribute_end(nest);
	const struct nlattr *attribute = vfpt_attribute(nest + 1, end);

	while (attribute && vfpt_attribute_type(attribute) != type)
		attribute = vfpt_attribute(vfpt_attribute_next(attribute), end);
	return attribute;
}

/* Called with what the kernel shows for VF number @vf: an attribute with others (IFLA_VF_...) in it. */
typedef void vfpt_on_vf(unsigned vf, const struct nlattr *info, void *data);

/* Call @on_vf for all VFs of the PF; @count becomes the number of VFs that the kernel showed. */
int vfpt_netlink_vfs(struct vfpt_netlink *netlink, unsigned pf_ifindex, vfpt_on_vf *on_vf, void *data,
	unsigned *count, struct vfpt_error *err);

/*
 * How long a driver is waited for, milliseconds: one that is busy, or resets the VF (ice after a new MAC,
 * i40e up to 2.5 s); one that has taken a value and shows it later (qede).
 */
enum { VFPT_WAIT_BUSY = 3000, VFPT_WAIT_SHOWN = 1000 };

/*
 * Wait a moment, and add it to @waited. @return false, at once, where @most milliseconds have been waited, or
 * as many as the socket allows in all
 */
bool vfpt_netlink_wait(struct vfpt_netlink *netlink, unsigned *waited, unsigned most);

/*
 * Set one thing of a VF: @attribute (IFLA_VF_...) with its payload. A driver that is busy is asked again. The
 * error's text is the kernel's; its code is VFPT_BUSY where the driver cannot now, VFPT_REFUSED where it
 * cannot or will not take the value, VFPT_SYSTEM otherwise (permission, device gone).
 */
int vfpt_netlink_set_vf(struct vfpt_netlink *netlink, unsigned pf_ifindex, int attribute, const void *payload,
	size_t size, struct vfpt_error *err);

/* Set the MTU of a network device. */
int vfpt_netlink_set_mtu(
	struct vfpt_netlink *netlink, unsigned ifindex, unsigned mtu, struct vfpt_error *err);

/* Set the MAC of a network device. */
int vfpt_netlink_set_mac(
	struct vfpt_netlink *netlink, unsigned ifindex, const struct vfpt_mac *mac, struct vfpt_error *err);

/* The VFs in the attributes of a link message, as vfpt_netlink_vfs(). @return how many. */
unsigned vfpt_netlink_each_vf(const void *attributes, size_t size, vfpt_on_vf *on_vf, void *data);

/*
 * The kernel's own words in an error message: they follow the request that it echoes, whole or (NLM_F_CAPPED)
 * only its header (linux, Documentation/userspace-api/netlink/intro.rst, "Ext ACK"). Empty where there are
 * none.
 */
void vfpt_netlink_kernel_text(const struct nlmsghdr *header, char *text, size_t size);

#endif
