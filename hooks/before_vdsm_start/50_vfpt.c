/* SPDX-License-Identifier: GPL-2.0-or-later */
/* When VDSM starts: VMs can have ended while it was down, and no hook told. */
#include "hook_run.h"

static const struct vfpt_hook_point point = {
	.name = "before_vdsm_start",
	.summary = "Gives back the VFs of VMs that are gone, and sets right those of VMs that run.",
	.document = VFPT_NOTHING,
	.after = true,
	.step = vfpt_hook_reconcile,
};

int main(int argc, char **argv)
{
	return vfpt_hook_run(&point, argc, argv);
}
