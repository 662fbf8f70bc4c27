/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The MTU of a VF's network device. */
#ifndef VFPT_VF_MTU_H
#define VFPT_VF_MTU_H

#include "session.h"

/* Set the MTU of the VF's network device, and of what stands on it. */
int vfpt_set_vf_mtu(
	struct vfpt_session *session, const struct vfpt_pci *vf, unsigned mtu, struct vfpt_error *err);

#endif
