/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Once the vNIC is plugged: what libvirt resets then, VLAN priority and protocol, is set again. */
#include "hook_run.h"

static const struct vfpt_hook_point point = {
	.name = "after_nic_hotplug",
	.summary = "Applies again what libvirt reset when it plugged the vNIC (VLAN priority and protocol), "
		   "then lets the link up.",
	.document = VFPT_INTERFACE,
	.after = true,
	.step = vfpt_hook_finish,
};

int main(int argc, char **argv)
{
	return vfpt_hook_run(&point, argc, argv);
}
