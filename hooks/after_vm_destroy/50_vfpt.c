/* SPDX-License-Identifier: GPL-2.0-or-later */
/* When a VM is gone (or its start failed): every VF it had goes back as it was. */
#include "hook_run.h"

static const struct vfpt_hook_point point = {
	.name = "after_vm_destroy",
	.summary = "Gives back all VFs of the VM, their settings as they were.",
	.document = VFPT_DOMAIN,
	.after = true,
	.step = vfpt_hook_release,
};

int main(int argc, char **argv)
{
	return vfpt_hook_run(&point, argc, argv);
}
