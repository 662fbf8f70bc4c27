/* SPDX-License-Identifier: GPL-2.0-or-later */
/**
 * @file vm_liveness.h
 * Is the VM that the ledger says has a VF still there? Most VMs end with an after_vm_destroy; one that ends
 * while VDSM is down, or whose hook was killed, does not.
 */
#ifndef VFPT_VM_LIVENESS_H
#define VFPT_VM_LIVENESS_H

#include <stdbool.h>

#include "assignment.h"
#include "config.h"
#include "vfpt/network.h"
#include "vfpt/vf_usage.h"

/** What is known of the VMs that are there: each source is asked once, and only when it is needed. */
struct vfpt_vm_liveness;

/**
 * @param captured the root is a captured tree: there is no libvirt to ask, its process table must do
 * @param policy grace is how long an assignment is left alone: a VM that is being started has no process yet;
 * qemu_user is whose processes count beside root's. The caller's, it must outlive the liveness.
 * @param out to be freed by vfpt_vm_liveness_free()
 */
int vfpt_vm_liveness_open(struct vfpt_host *host, bool captured, const struct vfpt_policy *policy,
	struct vfpt_vm_liveness **out, struct vfpt_error *err);

/** NULL is fine. */
void vfpt_vm_liveness_free(struct vfpt_vm_liveness *liveness);

/**
 * Does the assignment's VM need its VF, as far as is known? It does while the assignment is young, a process
 * of root or QEMU's user has the VM's UUID on its command line, someone uses the VF, libvirt runs the VM, or
 * does not answer within 5 s. It does not when nothing of that is so: the VM is gone; nor when it runs for
 * sure and nobody uses the VF: it was never plugged, or is unplugged behind our back.
 * @param reason why it needs it, or may; of a VM that does not "is gone" or "runs without it"
 */
bool vfpt_vm_needs_vf(struct vfpt_vm_liveness *liveness, const struct vfpt_assignment *assignment,
	char reason[VFPT_REASON_SIZE]);

/** Has the VM a process here, of root or QEMU's user? Where that cannot be known: no. */
bool vfpt_vm_has_process(struct vfpt_vm_liveness *liveness, const struct vfpt_assignment *assignment);

/** Does the VM run here, as both its process and libvirt say? Where either cannot be known: no. */
bool vfpt_vm_runs(struct vfpt_vm_liveness *liveness, const struct vfpt_assignment *assignment);

/** Does libvirt answer? Of a captured tree's nothing is asked: true. */
bool vfpt_vm_liveness_answered(struct vfpt_vm_liveness *liveness);

/** @return who did not answer, as a clause, so that doubtful VFs count as taken; NULL if all did */
const char *vfpt_vm_liveness_in_doubt(const struct vfpt_vm_liveness *liveness);

#endif
