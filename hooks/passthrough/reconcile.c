/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "reconcile.h"

#include <stdlib.h>

#include "assign.h"
#include "message.h"
#include "vfpt/vf_usage.h"

struct tools {
	struct vfpt_host *host;
	struct vfpt_ledger *ledger;
	struct vfpt_netlink *netlink;
	struct vfpt_vm_liveness *owners;
};

/* A VF that is not in use belongs to a VM that is just being started: its hooks see to it. And whoever uses
 * the VF of a VM that does not run here may be another than the VM. */
static int repair(const struct tools *tools, const struct vfpt_assignment *a, const char *why_there,
	struct vfpt_error *err)
{
	char reason[VFPT_REASON_SIZE];
	bool taken;

	if (vfpt_vf_usage(tools->host, &a->address, &taken, reason, err) < 0)
		return -1;
	if (!taken)
		return 0;
	if (vfpt_vm_runs(tools->owners, a))
		return vfpt_assign_repair(tools->host, tools->netlink, a, err);
	vfpt_warn("VM %s does not run here for sure; its VF %u of %s stays as it is: %s", a->vm, a->vf, a->pf,
		why_there);
	return 0;
}

static int reconcile(const struct tools *tools, const struct vfpt_assignment *a, struct vfpt_error *err)
{
	char why_there[VFPT_REASON_SIZE];

	if (vfpt_host_has(tools->host, &a->address) && vfpt_vm_is_there(tools->owners, a, why_there))
		return repair(tools, a, why_there, err);
	if (vfpt_release(tools->host, tools->ledger, tools->netlink, a, err) < 0)
		return -1;
	if (vfpt_host_has(tools->host, &a->address))
		vfpt_warn("VM %s is gone; its VF %u of %s is given back", a->vm, a->vf, a->pf);
	return 0;
}

int vfpt_reconcile(struct vfpt_host *host, struct vfpt_ledger *ledger, struct vfpt_netlink *netlink,
	struct vfpt_vm_liveness *owners, struct vfpt_error *err)
{
	const struct tools tools = {.host = host, .ledger = ledger, .netlink = netlink, .owners = owners};
	struct vfpt_assignment *all;
	size_t count, corrupt;
	struct vfpt_error second;
	const char *doubt;
	int r = 0;

	if (vfpt_ledger_of_vm(ledger, NULL, &all, &count, &corrupt, err) < 0)
		return -1;
	for (size_t i = 0; i < count; i++) {
		struct vfpt_error *slot = r < 0 ? &second : err;

		if (reconcile(&tools, &all[i], slot) == 0)
			continue;
		vfpt_error_wrap(slot, "VF %u of %s, of VM %s", all[i].vf, all[i].pf, all[i].vm);
		if (r < 0)
			vfpt_warn("%s", second.message);
		r = -1;
	}
	doubt = vfpt_vm_liveness_in_doubt(owners);
	if (doubt)
		vfpt_warn("%s, so VFs of VMs that may be gone stay taken", doubt);
	free(all);
	return r;
}
