/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * When a vNIC is unplugged: its VF goes back. VDSM's XML is bridge-
 * type here, so it is found by VM and MAC.
 */
#include "hook_run.h"

static const struct vfpt_hook_point point = {
	.name = "after_nic_hotunplug",
	.summary = "Gives back the vNIC's VF, its settings as they were.",
	.document = VFPT_INTERFACE,
	.after = true,
	.step = vfpt_hook_release,
};

int main(int argc, char **argv)
{
	return vfpt_hook_run(&point, argc, argv);
}
