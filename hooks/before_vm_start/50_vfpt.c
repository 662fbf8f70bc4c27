/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Before VDSM starts a VM: each vNIC with a profile gets a VF, and libvirt gets it as a hostdev interface. */
#include "hook_run.h"

static const struct vfpt_hook_point point = {
	.name = "before_vm_start",
	.summary = "Gives each vNIC with passthrough=required (or preferred) a VF of its network's PFs.",
	.document = VFPT_DOMAIN,
	.step = vfpt_hook_connect,
};

int main(int argc, char **argv)
{
	return vfpt_hook_run(&point, argc, argv);
}
