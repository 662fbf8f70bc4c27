/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "hook_run.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdio_ext.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/stat.h>
#include <unistd.h>

#include "apply.h"
#include "document.h"
#include "message.h"
#include "privilege.h"
#include "release.h"
#include "report.h"
#include "session.h"

extern char **environ;

/* One run of a hook. */
struct vfpt_hook {
	const struct vfpt_hook_point *point;
	bool test;        /* --test: show, change nothing */
	const char *path; /* of the document; NULL: the sample */
	struct vfpt_document document;
	char vm[VFPT_VM_SIZE];
	bool changed; /* the document has to be written */
	char *shown;  /* --test: the document as it was */
	struct vfpt_session session;
	struct vfpt_requests requests;
	struct vfpt_plan *plan; /* NULL: there is none */
	struct vfpt_applied applied;
	size_t refused_count;
	struct vfpt_refused *refused; /* what drivers did not take, see vfpt_plan_make() */
};

/* What --test shows when it is given no document. */
static const char sample_interface[] = "<interface type=\"bridge\">\n"
				       "  <mac address=\"56:6f:1a:2b:00:01\"/>\n"
				       "  <model type=\"virtio\"/>\n"
				       "  <source bridge=\"ovirtmgmt\"/>\n"
				       "</interface>\n";
static const char sample_domain[] =
	"<domain type=\"kvm\" xmlns:ovirt-vm=\"" VFPT_OVIRT_NAMESPACE "\">\n"
	"  <uuid>00000000-0000-0000-0000-000000000000</uuid>\n"
	"  <metadata>\n"
	"    <ovirt-vm:vm>\n"
	"      <ovirt-vm:device mac_address=\"56:6f:1a:2b:00:01\">\n"
	"        <ovirt-vm:network>ovirtmgmt</ovirt-vm:network>\n"
	"        <ovirt-vm:custom><ovirt-vm:passthrough>required</ovirt-vm:passthrough>"
	"</ovirt-vm:custom>\n"
	"      </ovirt-vm:device>\n"
	"    </ovirt-vm:vm>\n"
	"  </metadata>\n"
	"  <devices>\n"
	"    <interface type=\"bridge\">\n"
	"      <mac address=\"56:6f:1a:2b:00:01\"/>\n"
	"      <model type=\"virtio\"/>\n"
	"      <source bridge=\"ovirtmgmt\"/>\n"
	"    </interface>\n"
	"  </devices>\n"
	"</domain>\n";

/* --- begin ----------------------------------------------------------------------------------- */

/*
 * With a file capability (or setuid) the kernel sets AT_SECURE: then only root and VDSM may use what the
 * program can do. Without, the caller has what it has.
 */
static int check_caller(struct vfpt_error *err)
{
	if (getauxval(AT_SECURE) && getuid() != 0 && getuid() != VFPT_VDSM_UID)
		return vfpt_error_set(err, VFPT_BAD_INPUT,
			"only root and user vdsm (uid %d) may run this program, not uid %u; try a copy "
			"without file capability",
			VFPT_VDSM_UID, (unsigned)getuid());
	return 0;
}

static void help(const struct vfpt_hook_point *point)
{
	static const char *const documents[] = {
		[VFPT_DOMAIN] = "_hook_domxml  file with the <domain>\n"
				"             vmId          the VM's UUID (default: the domain's)\n"
				"             ",
		[VFPT_INTERFACE] = "_hook_domxml  file with the vNIC's <interface>\n"
				   "             vmId          the VM's UUID\n"
				   "             NAME=VALUE    the vNIC's custom properties\n"
				   "             ",
		[VFPT_NOTHING] = "",
	};

	printf("Usage: %s                    as VDSM runs it\n"
	       "       %s --test%s  show what would be done on this host, change nothing\n"
	       "       %s --help\n"
	       "\n"
	       "%s\n"
	       "\n"
	       "Environment: %sVFPT_ROOT     take this directory for / and only print the settings (by "
	       "hand)\n"
	       "Exit status: 0 fine, 1 failed, 2 failed and no other script of this hook point shall run.\n",
		point->name, point->name, point->document == VFPT_NOTHING ? "" : " [DOCUMENT]", point->name,
		point->summary, documents[point->document]);
}

/* @return 1 when --help is answered */
static int read_options(struct vfpt_hook *hook, int argc, char **argv, struct vfpt_error *err)
{
	if (argc == 2 && strcmp(argv[1], "--help") == 0) {
		help(hook->point);
		return 1;
	}
	if ((argc == 2 || argc == 3) && strcmp(argv[1], "--test") == 0) {
		hook->test = true;
		hook->path = argc == 3 ? argv[2] : NULL;
		privilege_renounce();
		return 0;
	}
	if (argc > 1)
		return vfpt_error_set(err, VFPT_BAD_INPUT, "%s: unknown argument \"%.40s\"; see --help",
			hook->point->name, argv[1]);
	if (hook->point->document == VFPT_NOTHING)
		return 0;
	/* Not secure_getenv(): VDSM hands the document over this way, file capability or not. */
	hook->path = getenv("_hook_domxml");
	if (!hook->path || !hook->path[0])
		return vfpt_error_set(err, VFPT_BAD_INPUT,
			"%s: _hook_domxml is not set, it names the document; to try the hook by hand, use "
			"--test",
			hook->point->name);
	return 0;
}

static int read_document(struct vfpt_hook *hook, struct vfpt_error *err)
{
	bool wants_interface = hook->point->document == VFPT_INTERFACE;
	int r = hook->path ? vfpt_document_read(&hook->document, hook->path, !hook->test, err)
			   : vfpt_document_use(&hook->document,
				     wants_interface ? sample_interface : sample_domain, err);

	if (r < 0)
		return -1;
	if (vfpt_domain_is_interface(hook->document.domain) != wants_interface)
		return vfpt_error_set(err, VFPT_BAD_INPUT, "%s: the document is not %s", hook->point->name,
			wants_interface ? "an <interface>" : "a <domain>");
	return 0;
}

/* Of a document in UTF-16, which has NUL bytes, its UTF-8 is shown. */
static int keep_for_show(struct vfpt_hook *hook, struct vfpt_error *err)
{
	const struct vfpt_document *document = &hook->document;
	size_t size;

	if (strlen(document->text) != document->size)
		return vfpt_domain_print(document->domain, &hook->shown, &size, err);
	hook->shown = strdup(document->text);
	return hook->shown ? 0 : vfpt_error_errno(err, VFPT_SYSTEM, ENOMEM, "document");
}

static int read_vm(struct vfpt_hook *hook, struct vfpt_error *err)
{
	const char *vm = getenv("vmId"); /* not secure_getenv(): see read_options() */

	if ((!vm || !vm[0]) && hook->point->document == VFPT_DOMAIN)
		vm = vfpt_domain_uuid(hook->document.domain);
	if ((!vm || !vm[0]) && hook->test)
		vm = "00000000-0000-0000-0000-000000000000";
	if (!vm || !vm[0])
		return vfpt_error_set(err, VFPT_BAD_INPUT, "%s: no VM id: vmId is not set%s",
			hook->point->name,
			hook->point->document == VFPT_DOMAIN ? " and the domain has no <uuid>" : "");
	return vfpt_vm_parse(vm, hook->vm, err);
}

/* @return 0 to go on, 1 when the command line is answered already (--help), -1 with @err filled in */
static int begin(struct vfpt_hook *hook, int argc, char **argv, struct vfpt_error *err)
{
	int r;

	if (check_caller(err) < 0)
		return -1;
	r = read_options(hook, argc, argv, err);
	if (r != 0)
		return r;
	if (hook->point->document == VFPT_NOTHING)
		/* VDSM runs such a hook as root, and what it reads is what VDSM's user wrote. */
		return vfpt_session_become_owner(&hook->session, err);
	if (read_document(hook, err) < 0 || (hook->test && keep_for_show(hook, err) < 0))
		return -1;
	return read_vm(hook, err);
}

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

static void warn_of_plan(const struct vfpt_plan *plan)
{
	if (plan->warning.code != VFPT_OK)
		vfpt_warn("%s", plan->warning.message);
	for (size_t i = 0; i < plan->count; i++)
		if (plan->vnics[i].outcome == VFPT_OUTCOME_STAY)
			vfpt_warn("%s: %s; it stays on its bridge (passthrough=preferred)",
				plan->vnics[i].request->name, plan->vnics[i].why.message);
}

/* Make a plan; where VFs run short, or a MAC is taken, what VMs have that are gone is given back first. */
static int make_plan(struct vfpt_hook *hook, bool reclaim, struct vfpt_error *err)
{
	const struct vfpt_plan_options options = {
		.refused_count = hook->refused_count, .refused = hook->refused};
	struct vfpt_assignment *gone = NULL;
	size_t count = 0;
	int r;

	vfpt_plan_free(hook->plan);
	r = vfpt_plan_make(&hook->session, &hook->requests, &options, &hook->plan, err);
	if (r < 0 || !reclaim || hook->test)
		return r;
	if (vfpt_find_gone(&hook->session, hook->plan, &gone, &count, err) < 0)
		return -1;
	count = vfpt_reclaim(&hook->session, gone, count);
	free(gone);
	return count > 0 ? make_plan(hook, false, err) : 0;
}

static int check_plan(struct vfpt_hook *hook, struct vfpt_error *err)
{
	const char *doubt = vfpt_vm_liveness_in_doubt(hook->session.liveness);

	if (hook->plan->failure.code == VFPT_OK)
		return 0;
	*err = hook->plan->failure;
	if (doubt && vfpt_plan_lacks_vf(hook->plan))
		vfpt_error_remedy(err, "%s, so VFs of VMs that may be gone stay taken", doubt);
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

/* @return 0 where there may be another way for that vNIC, now that a driver did not take its settings */
static int remember_refusal(struct vfpt_hook *hook, size_t request, const struct vfpt_error *why)
{
	const struct vfpt_vnic_plan *vnic = &hook->plan->vnics[request];
	struct vfpt_refused *grown;

	if (request >= hook->plan->count || why->code != VFPT_REFUSED ||
		vnic->request->profile.passthrough != VFPT_PASSTHROUGH_PREFERRED)
		return -1;
	grown = reallocarray(hook->refused, hook->refused_count + 1, sizeof(*grown));
	if (!grown)
		return -1;
	hook->refused = grown;
	grown += hook->refused_count++;
	*grown = (struct vfpt_refused){.request = request, .pf = vnic->pf, .why = *why};
	remove_name(&grown->why, vnic->request->name);
	return 0;
}

/* Plan, apply; what a driver refuses to a vNIC that only prefers a VF is planned again without that PF. */
static int plan_and_apply(struct vfpt_hook *hook, struct vfpt_error *err)
{
	for (;;) {
		size_t failed;

		if (make_plan(hook, true, err) < 0 || check_plan(hook, err) < 0)
			return -1;
		if (hook->session.captured)
			return vfpt_apply_records(&hook->session, hook->plan, &hook->applied, err);
		if (vfpt_apply(&hook->session, hook->plan, &hook->applied, &failed, err) == 0)
			return 0;
		if (remember_refusal(hook, failed, err) < 0)
			return -1;
	}
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

/* What cannot be kept is said, not silently lost. */
static void warn_of_losses(const struct vfpt_vnic_plan *vnic, bool gap)
{
	const struct vfpt_request *request = vnic->request;
	bool macvtap = request->profile.mode == VFPT_MODE_MACVTAP;

	if (!vnic->pf->up && !request->netdev[0])
		vfpt_warn("%s: PF %s has no link; nothing passes until it is up", request->name,
			vnic->pf->name);
	if (vnic->untagged)
		vfpt_warn(
			"%s: VF %u of %s has no VLAN, so the guest can use any VLAN of the switch port; give it "
			"one, or let the port carry none (see [policy] untagged in vfpt.conf)",
			request->name, vnic->assignment.vf, vnic->pf->name);
	if (request->netdev[0])
		return;
	if (gap)
		vfpt_warn("%s: %s cannot hold the link down, so until the VM runs its VLAN priority or "
			  "protocol is not set (vfpt.conf allows it)",
			request->name, vnic->pf->name);
	if (request->vnic->outbound && request->profile.port_profile[0] && !macvtap)
		vfpt_warn("%s: the switch's port profile decides its rate; its outbound limit is not kept",
			request->name);
	if (request->vnic->has_inbound && !macvtap)
		vfpt_warn("%s: a VF's received traffic cannot be limited; its inbound limit is not kept",
			request->name);
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
		warn_of_losses(vnic, hook->applied.gap && hook->applied.gap[i]);
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
	if (hook->test) {
		if (make_plan(hook, false, err) < 0 || check_plan(hook, err) < 0)
			return -1;
	} else if (plan_and_apply(hook, err) < 0) {
		return -1;
	}
	warn_of_plan(hook->plan);
	if (hook->test && vfpt_report_releases(&hook->session, hook->plan, err) < 0)
		return -1;
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
	struct vfpt_assignment *all;
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
	free(all);
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

	if (stays_with_vm(hook, assignment, &stays, err) < 0)
		return -1;
	if (stays)
		return 0;
	if (hook->test) {
		return vfpt_report_vf("would set back", &hook->session, assignment, &assignment->before,
			assignment->mtu_before, err);
	}
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

/* The VM's assignments, or those of the document's vNIC, which may be bridge-type again: it is known by its
 * MAC. */
static int follow_up(struct vfpt_hook *hook, assignment_step *step, struct vfpt_error *err)
{
	const struct vfpt_vnic *vnics;
	size_t count = vfpt_domain_vnics(hook->document.domain, &vnics);
	char name[96];

	if (hook->point->document != VFPT_INTERFACE)
		return open_anyway(hook, err) < 0 ? -1 : with_each(hook, NULL, step, err);
	if (count == 0 || !vnics[0].has_mac)
		return vfpt_error_set(err, VFPT_BAD_INPUT,
			"%s: the vNIC has no valid MAC address, so its VF cannot be found",
			hook->point->name);
	if (open_anyway(hook, err) < 0)
		return vfpt_error_wrap(err, "%s", vfpt_vnic_name(&vnics[0], name, sizeof(name)));
	return with_each(hook, &vnics[0], step, err);
}

int vfpt_hook_release(struct vfpt_hook *hook, struct vfpt_error *err)
{
	return follow_up(hook, release_one, err);
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

/* --- commit and end -------------------------------------------------------------------------- */

static bool ends_line(const char *text)
{
	size_t length = strlen(text);

	return length > 0 && text[length - 1] == '\n';
}

static int show(const struct vfpt_hook *hook, struct vfpt_error *err)
{
	char *text, *before = hook->shown;
	size_t size;

	if (vfpt_domain_print(hook->document.domain, &text, &size, err) < 0)
		return -1;
	vfpt_sanitise(before, true);
	vfpt_sanitise(text, true);
	printf("--- before\n%s%s--- after\n%s", before, ends_line(before) ? "" : "\n",
		hook->changed ? text : before);
	free(text);
	return 0;
}

/* For VDSM's log, once all is done. */
static void tell(const struct vfpt_plan *plan)
{
	for (size_t i = 0; plan && i < plan->count; i++) {
		const struct vfpt_assignment *a = &plan->vnics[i].assignment;
		char mac[VFPT_MAC_SIZE], address[VFPT_PCI_SIZE];

		if (plan->vnics[i].outcome == VFPT_OUTCOME_VF)
			vfpt_note("vfpt: vNIC %s: VF %u of %s (%s), VLAN %u", vfpt_mac_format(&a->mac, mac),
				a->vf, a->pf, vfpt_pci_format(&a->address, address),
				(unsigned)a->wanted.value[VFPT_VLAN_ID]);
	}
}

static int commit(struct vfpt_hook *hook, struct vfpt_error *err)
{
	if (hook->test)
		return hook->document.domain ? show(hook, err) : 0;
	if (!hook->changed)
		return 0;
	if (vfpt_document_replace(&hook->document, err) < 0)
		return -1;
	privilege_renounce();
	tell(hook->plan);
	return 0;
}

static int exit_code(const struct vfpt_hook *hook, int result, const struct vfpt_error *err)
{
	if (result >= 0)
		return VFPT_EXIT_FINE;
	return hook->point->after && err->code != VFPT_BAD_INPUT ? VFPT_EXIT_FAILED : VFPT_EXIT_STOP;
}

static int end(struct vfpt_hook *hook, int result, const struct vfpt_error *err)
{
	int code = exit_code(hook, result, err);

	if (result < 0 && !hook->point->after)
		__fpurge(stderr); /* of what is being undone nothing is worth a line beside the error's */
	if (result < 0)
		vfpt_applied_undo(&hook->applied);
	vfpt_applied_free(&hook->applied);
	vfpt_plan_free(hook->plan);
	vfpt_requests_free(&hook->requests);
	free(hook->refused);
	free(hook->shown);
	vfpt_session_close(&hook->session);
	privilege_renounce(); /* before anything is printed */
	/* The lock is given back: nobody waits for this. */
	if (result == 0 && hook->changed && !hook->test)
		vfpt_document_clean(&hook->document);
	vfpt_document_close(&hook->document);
	if (result < 0)
		vfpt_error_print(err);
	return code;
}

int vfpt_hook_run(const struct vfpt_hook_point *point, int argc, char **argv)
{
	static char held[BUFSIZ * 8]; /* glibc takes the size only with a buffer */
	struct vfpt_hook hook = {
		.point = point, .document = VFPT_DOCUMENT_CLOSED, .session = VFPT_SESSION_CLOSED};
	struct vfpt_error error;
	int r;

	/* Nobody may be reading our stderr any more, or a file may not grow: that must not end us half-way.
	 */
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN); /* then it is an error of write(2), as no space is */
	umask(022);
	/* VDSM shows all of stderr when a hook fails: what is said before is held back until it is known, see
	 * end(). */
	setvbuf(stderr, held, _IOFBF, sizeof(held));
	r = begin(&hook, argc, argv, &error);
	if (r == 0)
		r = point->step(&hook, &error);
	if (r == 0)
		r = commit(&hook, &error);
	return end(&hook, r, &error);
}
