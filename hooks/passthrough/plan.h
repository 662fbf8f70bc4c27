/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a start or a plug would do: which VF each vNIC gets and the steps that give it, or why it gets none.
 * Making a plan has no side effects. apply.h carries it out, report.h tells it.
 */
#ifndef VFPT_PLAN_H
#define VFPT_PLAN_H

#include "candidates.h"
#include "request.h"
#include "session.h"

/* One step, in the order in which they are carried out. */
enum vfpt_step_kind {
	VFPT_STEP_CLEAR_MAC, /* take a stale MAC (value) from a free VF: the vNIC's traffic would go there */
	VFPT_STEP_RECORD,    /* write the ledger's record; all before this is about other VFs */
	VFPT_STEP_DEFAULT,   /* set what the driver does not show to its default; a refusal changes nothing */
	VFPT_STEP_HOLD_LINK, /* nothing may pass before libvirt has started the VM, see apply.h */
	VFPT_STEP_SET,       /* set one setting */
	VFPT_STEP_MTU,       /* set the MTU (value) of the VF's network device, and of what stands on it */
};

struct vfpt_step {
	enum vfpt_step_kind kind;
	const struct vfpt_pf *pf;
	unsigned vf;
	enum vfpt_setting setting;
	uint64_t value;
};

enum vfpt_outcome {
	VFPT_OUTCOME_NONE, /* it does not ask for a VF */
	VFPT_OUTCOME_VF,   /* it gets one */
	VFPT_OUTCOME_STAY, /* passthrough=preferred: it stays on its bridge */
	VFPT_OUTCOME_FAIL, /* passthrough=required: the VM does not start */
};

/* "none", "vf", "stay", "fail" */
const char *vfpt_outcome_name(enum vfpt_outcome outcome);

/* What becomes of one request. */
struct vfpt_vnic_plan {
	const struct vfpt_request *request;
	enum vfpt_outcome outcome;
	struct vfpt_error why; /* VFPT_OUTCOME_STAY and _FAIL; without the request's name */
	/* Of VFPT_OUTCOME_VF: */
	const struct vfpt_pf *pf;
	struct vfpt_assignment assignment; /* as the ledger will have it */
	struct vfpt_settings before;       /* the VF's settings as they will be when it is taken */
	bool is_given_back;                /* it is given back first: its driver may not take them */
	char netdev[IFNAMSIZ];             /* the VF's network device; empty where it is not needed */
	bool untagged; /* the guest can use any VLAN, and vfpt.conf wants that to be said */
	size_t step_count;
	struct vfpt_step *steps;
	size_t steps_done; /* by vfpt_apply() */
	bool gap;          /* it may pass traffic with a wrong tag until the VM runs (vfpt.conf allows it) */
	/* Where the caller asked: each VF of the PFs that serve the network, by PF and index. */
	size_t considered_count;
	struct vfpt_considered *considered;
	/* Whose VFs would do, for who looks for VMs that are gone. */
	size_t pf_count;
	const struct vfpt_pf **pfs;
	struct vfpt_pci named; /* the VF that `sriov` names, where the request does */
};

struct vfpt_plan {
	const struct vfpt_requests *requests;
	/* Given back first: what this VM (or this vNIC) still has of a run that was killed. */
	size_t release_count;
	struct vfpt_assignment *releases;
	uint64_t run; /* of the VM, see struct vfpt_assignment: VFPT_NEW_RUN, or that of its other vNICs */
	size_t count;
	struct vfpt_vnic_plan *vnics; /* as requests->requests */
	struct vfpt_error warning;    /* VFPT_OK, or what could not be looked at and fails nothing */
	struct vfpt_error failure; /* VFPT_OK, or why the VM does not start: the line that VDSM would get */
};

/*
 * What a driver did not do. Where it did not take the settings for a request (VFPT_REFUSED) no VF of that PF
 * is planned for it again; where it is busy (VFPT_BUSY) that VF is planned for nobody.
 */
struct vfpt_refused {
	size_t request;
	const struct vfpt_pf *pf;
	unsigned vf;
	struct vfpt_error why;
};

struct vfpt_plan_options {
	bool verdicts; /* go on behind a vNIC that fails, and say of each VF what is to be said */
	size_t gone_count;
	const struct vfpt_assignment *gone; /* count as given back: their VMs are gone */
	size_t refused_count;
	const struct vfpt_refused *refused;
};

/*
 * Make a plan for the requests, with what host, ledger and configuration of the session say.
 * @param out to be freed by vfpt_plan_free(); it points to requests and session
 * @return 0, also where the VM cannot start; -1 when the host, or the ledger, cannot be looked at
 */
int vfpt_plan_make(struct vfpt_session *session, const struct vfpt_requests *requests,
	const struct vfpt_plan_options *options, struct vfpt_plan **out, struct vfpt_error *err);

/* Is there a vNIC that gets no VF although it asks for one? */
bool vfpt_plan_lacks_vf(const struct vfpt_plan *plan);

/* NULL is fine. */
void vfpt_plan_free(struct vfpt_plan *plan);

/*
 * Is this assignment of the VM the vNIC's? It is known by its MAC; the alias decides where several have that,
 * and alone where the document has no MAC.
 */
bool vfpt_assignment_is_of_vnic(const struct vfpt_assignment *all, size_t count,
	const struct vfpt_assignment *one, const struct vfpt_vnic *vnic);

/*
 * libvirt sets VLAN id and MAC when it starts the VM, and thereby resets VLAN priority and protocol (libvirt,
 * virNetDevSetVfConfig()): are they wanted, so that they have to be set once more when it runs?
 */
bool vfpt_is_reset_by_start(const struct vfpt_settings *wanted);

#endif
