/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a document and its environment ask for: one request for each vNIC, and one for each VF that the VM
 * property `sriov` names.
 */
#ifndef VFPT_REQUEST_H
#define VFPT_REQUEST_H

#include "assignment.h"
#include "config.h"
#include "domain.h"
#include "set.h"

struct vfpt_request {
	char name[96];                /* in messages: vfpt_vnic_name(), or "custom property sriov: eth5" */
	const struct vfpt_vnic *vnic; /* the document's; NULL: a VF that is named */
	char netdev[IFNAMSIZ];        /* of the VF that is named; empty: any VF of the vNIC's network */
	struct vfpt_mac mac;
	char alias[VFPT_ALIAS_SIZE]; /* of the device that will be the VF; empty: none */
	const char *network;         /* its logical name; the bridge's where it has none */
	const char *bridge;
	unsigned mtu;       /* that the vNIC asks for; 0: its network's */
	unsigned bandwidth; /* its outbound limit, Mbit/s, where no property says a rate; 0: none */
	/* passthrough is off: it asks for nothing. A VLAN id in the settings is instead of its network's. */
	struct vfpt_profile profile;
	struct vfpt_error unfit; /* VFPT_OK, or why it cannot be passed through on any host */
};

struct vfpt_requests {
	char vm[VFPT_VM_SIZE];
	bool starts;  /* the whole VM starts; else one vNIC is plugged into a VM that runs */
	size_t count; /* named VFs first, then the vNICs in document order */
	struct vfpt_request *requests;
	size_t own_count; /* PCI functions that the document gives to the VM by itself */
	const struct vfpt_pci *own;
	/* Where the VM is pinned to: NUMA nodes of its memory, CPUs. NULL: nowhere, or not known. */
	struct vfpt_set *nodes;
	struct vfpt_set *cpus;
};

/*
 * @param environment where a plugged vNIC's properties are (environ(7)); NULL: they are in the document
 * @param sriov the VM property, as VDSM hands it over in the environment; NULL: the document's, if it has one
 * @param out to be freed by vfpt_requests_free(); it points into the document
 * Error: VFPT_BAD_INPUT, a property that is wrong; the message names the vNIC.
 */
int vfpt_requests_read(const struct vfpt_domain *document, const struct vfpt_config *config, const char *vm,
	char *const *environment, const char *sriov, struct vfpt_requests *out, struct vfpt_error *err);

void vfpt_requests_free(struct vfpt_requests *requests);

/* Is there anything in the document that could ask for a VF? Where nothing is, vfpt.conf need not be read. */
bool vfpt_requests_possible(const struct vfpt_domain *document, const char *sriov);

/* Does anyone ask for a VF? */
bool vfpt_requests_any(const struct vfpt_requests *requests);

/* The first that does; someone does. */
const struct vfpt_request *vfpt_requests_first(const struct vfpt_requests *requests);

static inline bool vfpt_request_asks(const struct vfpt_request *request)
{
	return request->profile.passthrough != VFPT_PASSTHROUGH_OFF;
}

#endif
