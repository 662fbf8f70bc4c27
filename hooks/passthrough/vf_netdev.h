/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The network device of a VF that has one: its MTU and its own MAC. */
#ifndef VFPT_VF_NETDEV_H
#define VFPT_VF_NETDEV_H

#include "session.h"

/* Set the MTU of the VF's network device, and of what stands on it. */
int vfpt_set_vf_mtu(
	struct vfpt_session *session, const struct vfpt_pci *vf, unsigned mtu, struct vfpt_error *err);

/*
 * The PF keeps no MAC for the VF any more. A driver that has the VF on this host says its own again: the PF
 * lets nothing pass for a MAC that it does not know. libvirt, which sets it while the PF still keeps another,
 * may have left the vNIC's there; what does not go back by the VF goes back by the PF.
 */
void vfpt_restore_own_mac(struct vfpt_session *session, const struct vfpt_assignment *assignment,
	const struct vfpt_pf *pf, unsigned vf);

#endif
