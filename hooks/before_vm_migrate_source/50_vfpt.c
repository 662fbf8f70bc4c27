/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Before a VM migrates: one that has a VF in the guest cannot, and a line says which. */
#include "hook_run.h"

static const struct vfpt_hook_point point = {
	.name = "before_vm_migrate_source",
	.summary =
		"Refuses the migration of a VM with a VF in the guest that is not part of a failover pair.",
	.document = VFPT_DOMAIN,
	.step = vfpt_hook_check_migration,
};

int main(int argc, char **argv)
{
	return vfpt_hook_run(&point, argc, argv);
}
