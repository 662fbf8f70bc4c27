/* SPDX-License-Identifier: GPL-2.0-or-later */
/**
 * @file reconcile.h
 * The ledger says who, the kernel says what, libvirt says whether: where they differ, it is said and
 * repaired.
 */
#ifndef VFPT_RECONCILE_H
#define VFPT_RECONCILE_H

#include "ledger.h"
#include "vfpt/netlink.h"
#include "vfpt/network.h"
#include "vm_liveness.h"

/**
 * Look at all assignments, and say each repair in a line on stderr: a VF whose VM is gone is given back, the
 * record of a VF that is gone is removed, a VF that its VM uses gets the settings that it should have.
 * All are tried; the error is that of the first that failed.
 */
int vfpt_reconcile(struct vfpt_host *host, struct vfpt_ledger *ledger, struct vfpt_netlink *netlink,
	struct vfpt_vm_liveness *owners, struct vfpt_error *err);

#endif
