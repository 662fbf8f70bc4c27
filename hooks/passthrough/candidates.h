/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From a request to a VF: which PFs serve its network, which of their VFs the VM can have, and which is best.
 */
#ifndef VFPT_CANDIDATES_H
#define VFPT_CANDIDATES_H

#include "rank.h"
#include "request.h"
#include "session.h"
#include "vfpt/vf_usage.h"

/* The VF that an earlier vNIC of the plan got opens an iommu group: this other member must go to the VM too.
 */
struct vfpt_sibling {
	struct vfpt_pci vf;
	const struct vfpt_request *for_request;
};

/*
 * Who has which VF as things will stand at this point of a plan: the ledger, less what is given back first,
 * and what the plan has given to the VM so far.
 */
struct vfpt_standing {
	struct vfpt_session *session;
	const char *vm;
	size_t record_count;
	const struct vfpt_assignment *records; /* all of the ledger that can be read */
	size_t released_count;
	const struct vfpt_assignment *released;
	size_t planned_count;
	const struct vfpt_assignment **planned;
	size_t own_count;
	const struct vfpt_pci *own; /* functions that the document gives to the VM by itself */
	size_t sibling_count;
	struct vfpt_sibling *siblings;
};

/* The id of the VM that has the VF; "" where its record cannot be read, NULL: nobody. */
const char *vfpt_standing_owner(const struct vfpt_standing *standing, const struct vfpt_pci *vf);

/* The PFs that serve a request's network, and what that asks of them. */
struct vfpt_network_pfs {
	const struct vfpt_network_rules *rules; /* of vfpt.conf; NULL: none */
	bool has_bridge;
	uint16_t vlan_id;  /* the network's; 0: untagged */
	unsigned mtu;      /* that a PF must have at least; 0: any */
	unsigned vnic_mtu; /* that the vNIC shall have; 0: any */
	size_t pf_count;
	const struct vfpt_pf **pfs; /* to be freed by free() */
};

/* Errors: VFPT_NO_VF and VFPT_BAD_INPUT (there is none, and why), VFPT_SYSTEM. */
int vfpt_find_network_pfs(struct vfpt_session *session, const struct vfpt_request *request,
	struct vfpt_network_pfs *out, struct vfpt_error *err);

/* Is that member of an iommu group one that this VM does not have, and so must get? */
bool vfpt_must_come_along(const struct vfpt_standing *standing, const struct vfpt_pci *member);

/* What was chosen. */
struct vfpt_choice {
	const struct vfpt_pf *pf;
	unsigned vf;
	enum vfpt_grade grade;
};

/* What became of one VF in a choice. */
struct vfpt_considered {
	const struct vfpt_pf *pf;
	unsigned vf;
	bool usable;                     /* it could be had */
	bool chosen;                     /* and it is the best */
	char why[VFPT_REASON_SIZE + 64]; /* why it cannot be had, or why the chosen one is better */
};

/* A question: a VF for that request. */
struct vfpt_search {
	const struct vfpt_standing *standing;
	const struct vfpt_request *request;
	const struct vfpt_network_pfs *serving;
	const struct vfpt_set *nodes; /* NUMA nodes that the VM is pinned to; NULL or empty: none */
	unsigned more;                /* further VFs that the VM still wants of these PFs */
	size_t refused_count;
	const struct vfpt_pf *const *refused; /* PFs whose driver did not take the vNIC's settings */
};

/*
 * Choose the best VF.
 * @param considered NULL, or where an array is put, to be freed by free(): every VF and its verdict. Also
 * where none is found. Errors: VFPT_NO_VF with each PF's reason, VFPT_SYSTEM.
 */
int vfpt_choose_vf(const struct vfpt_search *search, struct vfpt_choice *out,
	struct vfpt_considered **considered, size_t *considered_count, struct vfpt_error *err);

/* Can the VM have just this VF, which the property `sriov` names? Error VFPT_NO_VF with the reason. */
int vfpt_choose_named_vf(const struct vfpt_standing *standing, const struct vfpt_pci *vf,
	struct vfpt_choice *out, struct vfpt_error *err);

/* What a VF is, as list and check show it. */
enum vfpt_state {
	VFPT_FREE,     /* a VM can have it */
	VFPT_ASSIGNED, /* a VM has it */
	VFPT_EXCLUDED, /* vfpt.conf keeps it from us */
	VFPT_UNUSABLE, /* someone else uses it, or the machine does not let a VM have it */
};

/* "free", "assigned" ... */
const char *vfpt_state_name(enum vfpt_state state);

/*
 * What a VM would be told that has nothing yet and would take other free VFs of its iommu group too.
 * @param reason why it is VFPT_UNUSABLE; else empty
 */
int vfpt_state_of_vf(struct vfpt_session *session, const struct vfpt_pf *pf, unsigned vf,
	enum vfpt_state *state, char reason[VFPT_REASON_SIZE], struct vfpt_error *err);

/* Does vfpt.conf keep that VF from us? */
bool vfpt_is_excluded(const struct vfpt_config *config, const struct vfpt_pf *pf, unsigned vf);

/* Does vfpt.conf let that network have VFs of the PF? */
bool vfpt_is_allowed(
	const struct vfpt_config *config, const struct vfpt_pf *pf, const char *network, const char *bridge);

#endif
