/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From a request to a VF: which PFs serve its network, and what host, ledger and configuration say of their
 * VFs. */
#ifndef VFPT_LIB_PICK_H
#define VFPT_LIB_PICK_H

#include "vfpt/assign.h"
#include "vfpt/choose.h"

/* Where a vNIC can go. */
struct target {
	const struct vfpt_network_rules *rules; /* of vfpt.conf; NULL: none */
	bool has_bridge;
	uint16_t vlan_id;  /* the network's; 0: untagged */
	unsigned mtu;      /* that a PF must have at least; 0: any */
	unsigned vnic_mtu; /* that the vNIC shall have; 0: any */
	size_t pf_count;
	const struct vfpt_pf **pfs; /* to be freed by free() */
};

int target_find(struct vfpt_transaction *transaction, const struct vfpt_request *request, struct target *out,
	struct vfpt_error *err);

/* What was chosen. */
struct pick {
	const struct vfpt_pf *pf;
	unsigned vf;
	enum vfpt_grade grade;
};

/* Choose a VF for the request. Error VFPT_NO_VF with each PF's reason. */
int pick_vf(struct vfpt_transaction *transaction, const struct vfpt_request *request,
	const struct target *target, struct pick *out, struct vfpt_error *err);

/* Can the VM have just this VF? Error VFPT_NO_VF with the reason. */
int pick_this(struct vfpt_transaction *transaction, const char *vm, const struct vfpt_pci *vf,
	struct vfpt_error *err);

/*
 * Can the VM have that VF, which nobody has as far as the ledger knows? @more: further ones that it still
 * wants.
 * @grade VFPT_VF_OUT: no, and @reason (VFPT_REASON_SIZE) says why.
 */
int pick_examine(struct vfpt_transaction *transaction, const char *vm, unsigned more,
	const struct vfpt_pci *vf, enum vfpt_grade *grade, char *reason, struct vfpt_error *err);

/* Have what VMs had before this transaction in t->held: read once. */
int pick_know_held(struct vfpt_transaction *transaction, const char *vm, struct vfpt_error *err);

/* Does vfpt.conf let that network have VFs of the PF? */
bool pick_is_allowed(
	const struct vfpt_config *config, const struct vfpt_pf *pf, const char *network, const char *bridge);

/* Does vfpt.conf keep that VF from us? */
bool pick_is_excluded(const struct vfpt_config *config, const struct vfpt_pf *pf, unsigned vf);

/* Does the VM's document give it that PCI function by itself? */
bool pick_is_in_document(const struct vfpt_transaction *transaction, const struct vfpt_pci *function);

/* Does that VM have the VF? */
bool pick_is_of(const struct vfpt_transaction *transaction, const struct vfpt_pci *vf, const char *vm);

#endif
