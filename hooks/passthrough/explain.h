/* SPDX-License-Identifier: GPL-2.0-or-later */
/**
 * @file explain.h
 * What the hooks would do and why, for people: the state of a VF, the networks of this host, and a dry run of
 * before_vm_start that tells of each VF what became of it. All of it is asked of the code that decides.
 */
#ifndef VFPT_EXPLAIN_H
#define VFPT_EXPLAIN_H

#include "assign.h"
#include "domain.h"
#include "vfpt/vf_usage.h"

/* --- the host ------------------------------------------------------------------------------------ */

enum vfpt_state {
	VFPT_FREE,     /**< a VM can have it */
	VFPT_ASSIGNED, /**< a VM has it: vfpt_ledger_owner() */
	VFPT_EXCLUDED, /**< vfpt.conf keeps it from us */
	VFPT_UNUSABLE, /**< someone else uses it, or the machine does not let a VM have it */
};

/** "free", "assigned" ... */
const char *vfpt_state_name(enum vfpt_state state);

/**
 * What vfpt_assign() would say of that VF to a VM that has nothing yet and would take other free VFs of its
 * iommu group too.
 * @param transaction host, ledger and config are used
 * @param reason why it is VFPT_UNUSABLE; else empty
 */
int vfpt_explain_vf(struct vfpt_transaction *transaction, const struct vfpt_pf *pf, unsigned vf,
	enum vfpt_state *state, char reason[VFPT_REASON_SIZE], struct vfpt_error *err);

/** A network: a bridge of this host, or a section [network NAME] of vfpt.conf. */
struct vfpt_service {
	char *name;
	uint16_t vlan_id;           /**< 0: untagged */
	unsigned mtu;               /**< that a PF must have at least; 0: any */
	size_t pf_count;            /**< 0: @why says why its vNICs get no VF */
	const struct vfpt_pf **pfs; /**< that serve it and may (vfpt.conf), the host's */
	struct vfpt_error why;
};

/**
 * All networks of this host, bridges first, as vfpt_assign() sees them.
 * @param out to be freed by vfpt_services_free()
 */
int vfpt_explain_networks(struct vfpt_transaction *transaction, struct vfpt_service **out, size_t *count,
	struct vfpt_error *err);

/** NULL is fine. */
void vfpt_services_free(struct vfpt_service *services, size_t count);

/* --- a VM's start -------------------------------------------------------------------------------- */

/** A VF of a PF that serves the vNIC's network. */
struct vfpt_considered {
	char pf[IFNAMSIZ];
	unsigned vf;
	struct vfpt_pci address;
	bool usable;                     /**< it could be had */
	bool chosen;                     /**< and it is the best */
	char why[VFPT_REASON_SIZE + 64]; /**< why it cannot be had, or why the chosen one is better */
};

enum vfpt_fate {
	VFPT_FATE_NONE, /**< it does not ask for a VF */
	VFPT_FATE_VF,   /**< it gets one */
	VFPT_FATE_STAY, /**< passthrough=preferred: it stays on its bridge */
	VFPT_FATE_FAIL, /**< passthrough=required: the VM does not start */
};

/** "none", "vf", "stay", "fail". */
const char *vfpt_fate_name(enum vfpt_fate fate);

/** What becomes of one vNIC. */
struct vfpt_explained {
	char name[96]; /**< vfpt_vnic_name() */
	bool has_mac;
	struct vfpt_mac mac;
	char *network; /**< NULL: none */
	enum vfpt_fate fate;
	struct vfpt_assignment assignment; /**< VFPT_FATE_VF: what the ledger would have of it */
	char why[VFPT_ERROR_SIZE];         /**< VFPT_FATE_STAY and VFPT_FATE_FAIL */
	size_t count;
	struct vfpt_considered *considered; /**< by PF, as they serve the network, and index */
};

struct vfpt_explanation {
	char vm[VFPT_VM_SIZE];
	bool fails;                /**< the VM does not start */
	char why[VFPT_ERROR_SIZE]; /**< then: the line that VDSM would get */
	size_t vnic_count;
	struct vfpt_explained *vnics; /**< in document order */
	size_t named_count;
	struct vfpt_assignment *named; /**< VFs that the VM property `sriov` names */
};

/**
 * A dry run of before_vm_start, with the settings of the VFs as they are, below / or VFPT_ROOT. Where the
 * hook would end at the first vNIC that gets nothing, the others have their turn here. Nothing is set or
 * recorded; what would be set back first (left over from the VM's last run) is printed on stderr where
 * VFPT_ROOT is set.
 * @param path of the document, a <domain>
 * @param out to be freed by vfpt_explanation_free()
 * Errors: the document cannot be read, or the host cannot be looked at.
 */
int vfpt_explain(const char *path, struct vfpt_explanation **out, struct vfpt_error *err);

/** NULL is fine. */
void vfpt_explanation_free(struct vfpt_explanation *explanation);

#endif
