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

/* The kernel asks a driver for a change only: so another MAC comes first. */
static struct vfpt_mac other_than(const struct vfpt_mac *own)
{
	return vfpt_mac_of(vfpt_mac_value(own) ^ 1u << 8);
}

/* Did libvirt leave the vNIC's there, or a hook that was killed in say_own_mac() the other one? */
static bool is_wrong(const struct vfpt_mac *mac, const struct vfpt_assignment *assignment)
{
	const struct vfpt_mac other = other_than(&assignment->own_mac);

	return vfpt_mac_equal(mac, &assignment->mac) || vfpt_mac_equal(mac, &other);
}

static void set_by_pf(
	struct vfpt_session *session, const struct vfpt_pf *pf, unsigned vf, const struct vfpt_mac *mac)
{
	struct vfpt_settings own = {0}, now = {0};
	struct vfpt_error err;

	vfpt_settings_put(&own, VFPT_MAC, vfpt_mac_value(mac));
	if (vfpt_settings_apply(session->netlink, pf, vf, &own, &now, &err) < 0)
		vfpt_warn("%s; its network device has another MAC than before", err.message);
}

/*
 * Let the network device, if there is one, say its own MAC. A driver whose device is down says it when that
 * is set up: that it does not now is no failure. @return false: it has not
 */
static bool say_own_mac(struct vfpt_session *session, const struct vfpt_assignment *assignment)
{
	const struct vfpt_mac *own = &assignment->own_mac, other = other_than(own);
	struct vfpt_netdev netdev;
	struct vfpt_error err;

	if (vfpt_host_netdev(session->host, &assignment->address, &netdev, &err) < 0)
		return true;
	if (vfpt_mac_equal(&netdev.mac, own) &&
		vfpt_netlink_set_mac(session->netlink, netdev.ifindex, &other, &err) < 0)
		return err.code == VFPT_REFUSED;
	if (!vfpt_mac_equal(&netdev.mac, own) && !is_wrong(&netdev.mac, assignment))
		return true;
	return vfpt_netlink_set_mac(session->netlink, netdev.ifindex, own, &err) == 0;
}

void vfpt_restore_own_mac(struct vfpt_session *session, const struct vfpt_assignment *assignment,
	const struct vfpt_pf *pf, unsigned vf)
{
	if (!say_own_mac(session, assignment))
		set_by_pf(session, pf, vf, &assignment->own_mac);
}
