/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The network device of a VF that has one: its MTU and its own MAC. */
#ifndef VFPT_VF_NETDEV_H
#define VFPT_VF_NETDEV_H

#include "session.h"

/* Set the MTU of the VF's network device, and of what stands on it. */
int vfpt_set_vf_mtu(
	struct vfpt_session *session, const struct vfpt_pci *vf, unsigned mtu, struct vfpt_error *err);

/*
 * The PF keeps no MAC for the VF any more: its driver, if it has one that still uses @mac, tells the PF anew
 * that it does, for the PF lets nothing pass for a MAC that it does not know. What fails is said in a
 * warning.
 */
void vfpt_tell_own_mac(struct vfpt_session *session, const struct vfpt_pci *vf, uint64_t mac);

#endif
