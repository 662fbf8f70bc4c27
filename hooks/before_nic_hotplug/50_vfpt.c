/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Before VDSM plugs a vNIC into a running VM: with a profile in the environment it gets a VF. */
#include "hook_run.h"

static const struct vfpt_hook_point point = {
	.name = "before_nic_hotplug",
	.summary = "Gives the vNIC a VF of its network's PFs when the environment says passthrough=required "
		   "(or preferred).",
	.document = VFPT_INTERFACE,
	.step = vfpt_hook_connect,
};

int main(int argc, char **argv)
{
	return vfpt_hook_run(&point, argc, argv);
}
