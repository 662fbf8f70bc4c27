/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Once the VM runs: what libvirt resets when it starts a VM, VLAN priority and protocol, is set again. */
#include "hook_run.h"

static const struct vfpt_hook_point point = {
	.name = "after_vm_start",
	.summary = "Applies again what libvirt's start of the VM reset (VLAN priority and protocol), then "
		   "lets the link up.",
	.document = VFPT_DOMAIN,
	.after = true,
	.step = vfpt_hook_finish,
};

int main(int argc, char **argv)
{
	return vfpt_hook_run(&point, argc, argv);
}
