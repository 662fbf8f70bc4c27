/* SPDX-License-Identifier: GPL-2.0-or-later */
/**
 * @file assign.h
 * The heart, a transaction: for each vNIC choose a VF, record it, apply its settings; undo all of it on any
 * failure. And the way back: release.
 */
#ifndef VFPT_ASSIGN_H
#define VFPT_ASSIGN_H

#include <stdbool.h>
#include <stddef.h>

#include "vfpt/config.h"
#include "vfpt/host.h"
#include "vfpt/ledger.h"
#include "vfpt/netlink.h"
#include "vfpt/owner.h"

/** What one vNIC needs. */
struct vfpt_request {
	const char *vm; /**< id, as from vfpt_vm_parse() */
	struct vfpt_mac mac;
	const char *alias;   /**< NULL: none */
	const char *network; /**< its logical name; NULL: the bridge's */
	const char *bridge;  /**< of its network */
	unsigned mtu;        /**< that the vNIC asks for; 0: the network's */
	unsigned bandwidth;  /**< of the vNIC, Mbit/s, where the profile says no rate; 0: no limit */
	/** What else it asks for; a VLAN id in its settings is instead of the network's. */
	const struct vfpt_profile *profile;
	unsigned more;                /**< vNICs of this VM on this bridge that are assigned after this one */
	const struct vfpt_set *nodes; /**< NUMA nodes that the VM is pinned to; NULL or empty: none */
};

/** What it got. */
struct vfpt_assigned {
	struct vfpt_assignment assignment;
	char netdev[IFNAMSIZ]; /**< the VF's network device; empty where it is not needed */
	bool pf_up;
	/** what is set besides, if the driver takes it: it does not show what the VF has of its last user */
	struct vfpt_settings defaults;
	bool gap; /**< until vfpt_assign_finish() the VF may pass traffic with a wrong tag (vfpt.conf allows
		     it) */
};

/** A VF that must end up with the VM too: it shares an iommu group with the one that a vNIC got. */
struct vfpt_sibling {
	struct vfpt_pci vf;
	struct vfpt_mac mac; /**< that vNIC's */
};

/** A MAC that a free VF held and that was taken from it. */
struct vfpt_cleared {
	const struct vfpt_pf *pf;
	unsigned vf;
	uint64_t mac;
};

/** The settings of one PF's VFs, as read and then changed in this transaction. */
struct vfpt_pf_settings {
	const struct vfpt_pf *pf;
	struct vfpt_settings *vfs;
};

struct vfpt_explanation; /* explain.h */

/** Assignments made together. Fill in what comes before @count (all pointers are the caller's), zero the
 * rest. */
struct vfpt_transaction {
	struct vfpt_host *host;
	struct vfpt_ledger *ledger;
	struct vfpt_netlink *netlink; /**< that settings go through; NULL: they are printed only */
	const struct vfpt_config *config;
	struct vfpt_owners
		*owners; /**< for taking back what VMs left that are gone; NULL: that is not tried */
	uint64_t run;    /**< see struct vfpt_assignment: VFPT_NEW_RUN, or 0 for a VM that runs */
	size_t function_count;
	const struct vfpt_pci *functions; /**< that the VM's document gives it by itself; see domain.h */
	/** vfpt_explain(): here is told what is decided, and no VF is touched; NULL: as usual */
	struct vfpt_explanation *explanation;
	size_t count;
	struct vfpt_assigned *made;
	bool knows_held;
	size_t held_count;
	struct vfpt_assignment *held; /**< what VMs had before: all that the ledger then had */
	bool knows_pfs;
	size_t all_pf_count;
	const struct vfpt_pf **all_pfs; /**< of the host */
	size_t sibling_count;
	struct vfpt_sibling *siblings;
	size_t pf_count;
	struct vfpt_pf_settings *pfs; /**< each PF is read once */
	size_t cleared_count;
	struct vfpt_cleared *cleared;
};

/**
 * Give the vNIC a VF: of a PF that serves its network (or is named by vf_pf or vfpt.conf), free, and the best
 * by vfpt_choose(). Where none is free, those whose VMs are gone are taken back first. It is recorded before
 * anything about it is set, so that a crash loses nothing. Errors: VFPT_NO_VF (the message says of each PF
 * why none is free), VFPT_REFUSED, VFPT_SYSTEM; the vNIC's VF and the ledger are then as before, earlier
 * vNICs of the transaction stay assigned.
 */
int vfpt_assign(struct vfpt_transaction *transaction, const struct vfpt_request *request,
	struct vfpt_assigned *out, struct vfpt_error *err);

/**
 * Give the VM the VF with the network device @netdev, with its MAC and its settings as they are.
 * Errors: VFPT_BAD_INPUT (no VF's), VFPT_NO_VF (someone has it), VFPT_SYSTEM; all is then as before.
 */
int vfpt_assign_netdev(struct vfpt_transaction *transaction, const char *vm, const char *netdev,
	struct vfpt_assigned *out, struct vfpt_error *err);

/** Fail if a VF of this transaction shares its iommu group with a device that does not go to the same VM. */
int vfpt_transaction_check(struct vfpt_transaction *transaction, const char *vm, struct vfpt_error *err);

/** Keep what was made. */
void vfpt_transaction_commit(struct vfpt_transaction *transaction);

/** Release all that was made, the newest first. What cannot be undone is reported with a warning. */
void vfpt_transaction_undo(struct vfpt_transaction *transaction);

/**
 * Once the VM (or its new vNIC) runs: apply again what libvirt's start wiped out, VLAN priority and protocol,
 * and the link state that kept the VF quiet until now. A MAC or VLAN id that is not what it should be is
 * reported with a warning.
 */
int vfpt_assign_finish(struct vfpt_host *host, struct vfpt_netlink *netlink,
	const struct vfpt_assignment *assignment, struct vfpt_error *err);

/** Is that setting, as read, not what it should be? What is not known is no difference. */
bool vfpt_assign_differs(
	const struct vfpt_assignment *assignment, const struct vfpt_settings *now, enum vfpt_setting setting);

/**
 * The VM has the VF and runs: what is not as it should be is reported with a warning and set again (a PF that
 * was reset, a hand that slipped).
 */
int vfpt_assign_repair(struct vfpt_host *host, struct vfpt_netlink *netlink,
	const struct vfpt_assignment *assignment, struct vfpt_error *err);

/**
 * Give one VF back: its settings become what they were before the assignment (those that the driver does not
 * show: the default), then its record goes. An assignment that the ledger does not hold any more is none:
 * nothing is touched. A VF that no longer exists has only its record removed, one whose driver will not take
 * the old value back is released with a warning. On an error the record stays, and the next release tries
 * again.
 */
int vfpt_release(struct vfpt_host *host, struct vfpt_ledger *ledger, struct vfpt_netlink *netlink,
	const struct vfpt_assignment *assignment, struct vfpt_error *err);

#endif
