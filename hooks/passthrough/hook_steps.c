/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is done at a hook point. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "alloc.h"
#include "hook_state.h"
#include "message.h"
#include "reclaim.h"
#include "release.h"
#include "report.h"

/* --- a start, a plug ------------------------------------------------------------------------- */

/* The VM property; NULL: not set. Not secure_getenv(): it is VDSM's input. */
static const char *get_sriov(void)
{
	const char *sriov = getenv("sriov");

	return sriov && sriov[0] ? sriov : NULL;
}

static int read_requests(struct vfpt_hook *hook, struct vfpt_error *err)
{
	static char asked[] = "passthrough=required";
	char *const sample[] = {asked, NULL};
	char *const *environment = hook->test && !hook->path ? sample : environ;

	if (vfpt_session_open(&hook->session, VFPT_TO_CONFIGURE, err) < 0)
		return -1;
	return vfpt_requests_read(hook->document.domain, hook->session.config, hook->vm,
		hook->point->document == VFPT_INTERFACE ? environment : NULL, get_sriov(), &hook->requests,
		err);
}

static void warn_of_stays(const struct vfpt_plan *plan)
{
	for (size_t i = 0; i < plan->count; i++)
		if (plan->vnics[i].outcome == VFPT_OUTCOME_STAY)
			vfpt_warn("%s: %s; it stays on its bridge (passthrough=preferred)",
				plan->vnics[i].request->name, plan->vnics[i].why.message);
}

static struct vfpt_plan_options plan_options(const struct vfpt_hook *hook)
{
	return (struct vfpt_plan_options){.refused_count = hook->refused_count, .refused = hook->refused};
}

static int make_plan(struct vfpt_hook *hook, struct vfpt_error *err)
{
	const struct vfpt_plan_options options = plan_options(hook);

	vfpt_plan_free(hook->plan);
	return vfpt_plan_make(&hook->session, &hook->requests, &options, &hook->plan, err);
}

/* Where VFs run short, or a MAC is taken, what VMs have that are gone is given back first. */
static int reclaim_and_plan(struct vfpt_hook *hook, struct vfpt_error *err)
{
	autofree struct vfpt_assignment *gone = NULL;
	size_t count;

	if (make_plan(hook, err) < 0 || vfpt_find_gone(&hook->session, hook->plan, &gone, &count, err) < 0)
		return -1;
	return vfpt_reclaim(&hook->session, gone, count) > 0 ? make_plan(hook, err) : 0;
}

static int check_plan(struct vfpt_hook *hook, struct vfpt_error *err)
{
	if (hook->plan->failure.code == VFPT_OK)
		return 0;
	vfpt_plan_add_doubt(&hook->session, hook->plan);
	*err = hook->plan->failure;
	return -1;
}

/* "vNIC 56:... (network red): VF 0 of ..." without the name. */
static void remove_name(struct vfpt_error *err, const char *name)
{
	size_t length = strlen(name);
	char *rest = err->message + length + 2;

	if (strncmp(err->message, name, length) == 0 && strncmp(err->message + length, ": ", 2) == 0)
		memmove(err->message, rest, strlen(rest) + 1);
}

/* May there be another VF, or none, for a vNIC whose VF a driver did not set? */
static bool is_another_way(const struct vfpt_vnic_plan *vnic, const struct vfpt_error *why)
{
	if (vnic->request->netdev[0])
		return false;
	return why->code == VFPT_BUSY || (why->code == VFPT_REFUSED && vnic->request->profile.passthrough ==
									       VFPT_PASSTHROUGH_PREFERRED);
}

/* @return 0 where there may be another plan, now that a driver did not do what it was to do */
static int remember_refusal(struct vfpt_hook *hook, size_t request, const struct vfpt_error *why)
{
	const struct vfpt_vnic_plan *vnic = &hook->plan->vnics[request];
	struct vfpt_refused *added;

	/* What the VM had before is written down as not free: the next plan passes it over. */
	if (request >= hook->plan->count && why->code == VFPT_BUSY) {
		vfpt_warn("%s", why->message);
		return 0;
	}
	if (request >= hook->plan->count || !is_another_way(vnic, why))
		return -1;
	added = vfpt_array_add(&hook->refused, &hook->refused_count, sizeof(*added));
	if (!added)
		return -1;
	*added = (struct vfpt_refused){
		.request = request, .pf = vnic->pf, .vf = vnic->assignment.vf, .why = *why};
	remove_name(&added->why, vnic->request->name);
	return 0;
}

/*
 * Plan, apply; what a driver refuses to a vNIC that only prefers a VF is planned again without that PF, what
 * it is too busy for without that VF.
 */
static int plan_and_apply(struct vfpt_hook *hook, struct vfpt_error *err)
{
	for (;;) {
		size_t failed;

		if (reclaim_and_plan(hook, err) < 0 || check_plan(hook, err) < 0)
			return -1;
		if (vfpt_apply(&hook->session, hook->plan, &failed, err) == 0)
			return 0;
		if (remember_refusal(hook, failed, err) < 0)
			return -1;
	}
}

/* --test: the plan that would be applied. */
static int show_plan(struct vfpt_hook *hook, struct vfpt_error *err)
{
	const struct vfpt_plan_options options = plan_options(hook);

	if (make_plan(hook, err) < 0 ||
		vfpt_plan_without_gone(&hook->session, &options, &hook->plan, err) < 0 ||
		check_plan(hook, err) < 0)
		return -1;
	return vfpt_report_releases(&hook->session, hook->plan, err);
}

static int connect_vnic(struct vfpt_hook *hook, const struct vfpt_vnic_plan *vnic, struct vfpt_error *err)
{
	const struct vfpt_request *request = vnic->request;
	const struct vfpt_connection connection = {.mode = request->profile.mode,
		.vf = vnic->assignment.address,
		.netdev = vnic->netdev,
		.vlan_id = (uint16_t)vnic->assignment.wanted.value[VFPT_VLAN_ID],
		.port_profile = request->profile.port_profile};

	if (request->netdev[0])
		return vfpt_domain_add_vf(hook->document.domain, &vnic->assignment.mac, &connection, err);
	return vfpt_domain_connect(hook->document.domain, request->vnic, &connection, err);
}

static int rewrite_document(struct vfpt_hook *hook, struct vfpt_error *err)
{
	for (size_t i = 0; i < hook->plan->count; i++) {
		const struct vfpt_vnic_plan *vnic = &hook->plan->vnics[i];

		if (vnic->outcome != VFPT_OUTCOME_VF)
			continue;
		if (connect_vnic(hook, vnic, err) < 0)
			return -1;
		hook->changed = true;
	}
	return hook->changed && hook->requests.starts
		       ? vfpt_domain_set_run(hook->document.domain, hook->plan->run, err)
		       : 0;
}

int vfpt_hook_connect(struct vfpt_hook *hook, struct vfpt_error *err)
{
	if (!vfpt_requests_possible(hook->document.domain, get_sriov()))
		return 0;
	if (read_requests(hook, err) < 0)
		return -1;
	if (!vfpt_requests_any(&hook->requests))
		return 0;
	if (vfpt_session_open(&hook->session, hook->test ? VFPT_TO_LOOK : VFPT_TO_ASSIGN, err) < 0)
		return vfpt_error_wrap(err, "%s", vfpt_requests_first(&hook->requests)->name);
	if (!hook->requests.starts && hook->session.config->policy.numa == VFPT_NUMA_REQUIRE)
		vfpt_warn("the VM's NUMA node is not known when a vNIC is plugged; vfpt.conf requires it in "
			  "vain");
	if (!hook->test && vfpt_release_unfinished(&hook->session, err) < 0)
		return -1;
	if ((hook->test ? show_plan : plan_and_apply)(hook, err) < 0)
		return -1;
	warn_of_stays(hook->plan);
	vfpt_warn_of_plan(hook->plan);
	if (hook->test || hook->session.captured)
		vfpt_report_plan(hook->plan);
	return rewrite_document(hook, err);
}

/* --- what is done with assignments that are there -------------------------------------------- */

typedef int assignment_step(
	struct vfpt_hook *hook, const struct vfpt_assignment *assignment, struct vfpt_error *err);

/* A document of an earlier run of the VM, which arrives late, says nothing about the present one. */
static bool is_of_later_run(const struct vfpt_hook *hook, const struct vfpt_assignment *assignment)
{
	uint64_t run = vfpt_domain_run(hook->document.domain);

	return run > 0 && assignment->run > run;
}

/*
 * Do it with all assignments of this VM, @vnic NULL, or with those of one vNIC. All are tried; the error is
 * the first one's, the others are warnings.
 */
static int with_each(
	struct vfpt_hook *hook, const struct vfpt_vnic *vnic, assignment_step *step, struct vfpt_error *err)
{
	autofree struct vfpt_assignment *all = NULL;
	struct vfpt_error second;
	size_t count, corrupt;
	int r = 0;

	if (vfpt_ledger_of_vm(hook->session.ledger, hook->vm, &all, &count, &corrupt, err) < 0)
		return -1;
	for (size_t i = 0; i < count; i++) {
		char mac[VFPT_MAC_SIZE];
		struct vfpt_error *slot = r < 0 ? &second : err;

		if ((vnic && !vfpt_assignment_is_of_vnic(all, count, &all[i], vnic)) ||
			is_of_later_run(hook, &all[i]))
			continue;
		if (step(hook, &all[i], slot) == 0)
			continue;
		vfpt_error_wrap(slot, "vNIC %s", vfpt_mac_format(&all[i].mac, mac));
		if (r < 0)
			vfpt_warn("%s", second.message);
		r = -1;
	}
	return r;
}

/*
 * VDSM tells the end of a start that was refused as it tells that of a VM: of one that runs meanwhile, and
 * uses its VF, nothing may be taken.
 */
static int stays_with_vm(
	struct vfpt_hook *hook, const struct vfpt_assignment *assignment, bool *stays, struct vfpt_error *err)
{
	char reason[VFPT_REASON_SIZE];

	*stays = false;
	if (hook->point->document != VFPT_DOMAIN || !vfpt_vm_runs(hook->session.liveness, assignment))
		return 0;
	if (vfpt_vf_usage(hook->session.host, &assignment->address, stays, reason, err) < 0)
		return -1;
	if (*stays)
		vfpt_warn("VM %s runs, so its VF %u of %s stays with it: %s", assignment->vm, assignment->vf,
			assignment->pf, reason);
	return 0;
}

static int release_one(
	struct vfpt_hook *hook, const struct vfpt_assignment *assignment, struct vfpt_error *err)
{
	bool stays;

	/* It is not this run's, and vfpt_release_unfinished() follows. */
	if (assignment->unfinished && !hook->test)
		return 0;
	if (stays_with_vm(hook, assignment, &stays, err) < 0)
		return -1;
	if (stays)
		return 0;
	if (hook->test)
		return vfpt_report_vf("would set back", &hook->session, assignment, &assignment->before,
			assignment->mtu_before, err);
	if (vfpt_release(&hook->session, assignment, true, err) == 0)
		return 0;
	return vfpt_error_wrap(err, "cannot give back VF %u of %s", assignment->vf, assignment->pf);
}

static int finish_one(
	struct vfpt_hook *hook, const struct vfpt_assignment *assignment, struct vfpt_error *err)
{
	const struct vfpt_settings wanted = vfpt_settings_after_start(assignment);
	const struct vfpt_pf *pf;
	unsigned vf;

	if (assignment->unfinished)
		return 0; /* it is not the VM's any more */
	if (!hook->test && !hook->session.captured)
		return vfpt_finish(&hook->session, assignment, err);
	if (vfpt_host_find_vf(hook->session.host, &assignment->address, &pf, &vf, err) < 0)
		return -1;
	return vfpt_report_vf("would set", &hook->session, assignment, &wanted, assignment->mtu, err);
}

/* A mistake in vfpt.conf must not keep a VF from coming back. */
static int open_anyway(struct vfpt_hook *hook, struct vfpt_error *err)
{
	if (vfpt_session_open(&hook->session, VFPT_TO_CONFIGURE, err) < 0) {
		if (!hook->session.config)
			return -1;
		vfpt_warn("%s", err->message);
	}
	return vfpt_session_open(&hook->session, hook->test ? VFPT_TO_LOOK : VFPT_TO_RELEASE, err);
}

/*
 * The VM's assignments, or those of the document's vNIC, which may be
 * bridge-type again: it is known by its MAC.
 */
static int follow_up(struct vfpt_hook *hook, assignment_step *step, struct vfpt_error *err)
{
	const struct vfpt_vnic *vnics;
	size_t count = vfpt_domain_vnics(hook->document.domain, &vnics);
	char name[96];

	if (hook->point->document != VFPT_INTERFACE)
		return open_anyway(hook, err) < 0 ? -1 : with_each(hook, NULL, step, err);
	if (count == 0 || !(vnics[0].has_mac || vnics[0].alias))
		return vfpt_error_set(err, VFPT_BAD_INPUT,
			"%s: the vNIC has neither a valid MAC address nor an alias, so its VF cannot be found",
			hook->point->name);
	if (open_anyway(hook, err) < 0)
		return vfpt_error_wrap(err, "%s", vfpt_vnic_name(&vnics[0], name, sizeof(name)));
	return with_each(hook, &vnics[0], step, err);
}

int vfpt_hook_release(struct vfpt_hook *hook, struct vfpt_error *err)
{
	struct vfpt_error second;
	int r = follow_up(hook, release_one, err);

	if (!hook->test && hook->session.ledger && vfpt_release_unfinished(&hook->session, &second) < 0)
		vfpt_warn("%s", second.message);
	return r;
}

int vfpt_hook_finish(struct vfpt_hook *hook, struct vfpt_error *err)
{
	return follow_up(hook, finish_one, err);
}

int vfpt_hook_reconcile(struct vfpt_hook *hook, struct vfpt_error *err)
{
	if (open_anyway(hook, err) < 0)
		return -1;
	return hook->test ? vfpt_report_gone(&hook->session, err) : vfpt_reconcile(&hook->session, err);
}

/* --- migration ------------------------------------------------------------------------------- */

static int refuse_migration(struct vfpt_hook *hook, const struct vfpt_vnic *vnic, struct vfpt_error *err)
{
	char name[96], address[VFPT_PCI_SIZE], vf[64] = "PCI device";
	const struct vfpt_pf *pf;
	struct vfpt_error ignored;
	unsigned index;

	if (vfpt_session_open(&hook->session, VFPT_TO_LOOK, err) < 0)
		return -1;
	if (vfpt_host_find_vf(hook->session.host, &vnic->vf, &pf, &index, &ignored) == 0)
		snprintf(vf, sizeof(vf), "VF %u of %s", index, pf->name);
	return vfpt_error_set(err, VFPT_BAD_INPUT,
		"%s: the guest has %s (%s) itself, so the VM cannot migrate; unplug this vNIC first, or use "
		"passthrough_mode=macvtap or failover",
		vfpt_vnic_name(vnic, name, sizeof(name)), vf, vfpt_pci_format(&vnic->vf, address));
}

int vfpt_hook_check_migration(struct vfpt_hook *hook, struct vfpt_error *err)
{
	const struct vfpt_vnic *vnics;
	size_t count = vfpt_domain_vnics(hook->document.domain, &vnics);

	for (size_t i = 0; i < count; i++)
		if (vnics[i].has_vf && !(vnics[i].teaming && strcmp(vnics[i].teaming, "transient") == 0))
			return refuse_migration(hook, &vnics[i], err);
	return 0;
}
