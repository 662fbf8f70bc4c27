/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * When libvirt refused the vNIC that before_nic_hotplug wrote:
 * nothing else tells, so its VF goes back here.
 */
#include "hook_run.h"

static const struct vfpt_hook_point point = {
	.name = "after_nic_hotplug_fail",
	.summary = "Gives back the VF of a vNIC that could not be plugged, its settings as they were.",
	.document = VFPT_INTERFACE,
	.after = true,
	.step = vfpt_hook_release,
};

int main(int argc, char **argv)
{
	return vfpt_hook_run(&point, argc, argv);
}
