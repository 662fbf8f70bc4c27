/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vf_netdev.h"

#include "message.h"
#include "vf_netlink.h"

static int set_netdev_mtu(
	struct vfpt_netlink *netlink, const struct vfpt_netdev *netdev, unsigned mtu, struct vfpt_error *err)
{
	if (netdev->mtu == mtu)
		return 0;
	if (vfpt_netlink_set_mtu(netlink, netdev->ifindex, mtu, err) < 0)
		return vfpt_error_wrap(err, "cannot set the MTU of %s to %u", netdev->name, mtu);
	return 0;
}

int vfpt_set_vf_mtu(
	struct vfpt_session *session, const struct vfpt_pci *vf, unsigned mtu, struct vfpt_error *err)
{
	struct vfpt_netdev netdev, upper;

	if (vfpt_host_netdev(session->host, vf, &netdev, err) < 0 ||
		set_netdev_mtu(session->netlink, &netdev, mtu, err) < 0)
		return -1;
	/* The kernel makes the macvtap's smaller with the VF's, but not larger. */
	return vfpt_host_upper(session->host, &netdev, &upper)
		       ? set_netdev_mtu(session->netlink, &upper, mtu, err)
		       : 0;
}

void vfpt_tell_own_mac(struct vfpt_session *session, const struct vfpt_pci *vf, uint64_t mac)
{
	/* The kernel asks the driver for a change only: so another one comes first. */
	const struct vfpt_mac own = vfpt_mac_of(mac), other = vfpt_mac_of(mac ^ 1u << 8);
	struct vfpt_netdev netdev;
	struct vfpt_error err;

	if (vfpt_host_netdev(session->host, vf, &netdev, &err) < 0 || !vfpt_mac_equal(&netdev.mac, &own))
		return;
	if (vfpt_netlink_set_mac(session->netlink, netdev.ifindex, &other, &err) < 0 ||
		vfpt_netlink_set_mac(session->netlink, netdev.ifindex, &own, &err) < 0)
		vfpt_warn("%s: cannot tell its PF its MAC: %s; set it down and up", netdev.name, err.message);
}
