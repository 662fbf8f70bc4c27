/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "hook_run.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/stat.h>
#include <unistd.h>

#include "alloc.h"
#include "hook_state.h"
#include "message.h"
#include "privilege.h"

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

static void print_hook_help(const struct vfpt_hook_point *point)
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
		print_hook_help(hook->point);
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
static int begin_run(struct vfpt_hook *hook, int argc, char **argv, struct vfpt_error *err)
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

/* --- commit and end -------------------------------------------------------------------------- */

static bool ends_line(const char *text)
{
	size_t length = strlen(text);

	return length > 0 && text[length - 1] == '\n';
}

static int show_document(const struct vfpt_hook *hook, struct vfpt_error *err)
{
	autofree char *text = NULL;
	char *before = hook->shown;
	size_t size;

	if (vfpt_domain_print(hook->document.domain, &text, &size, err) < 0)
		return -1;
	vfpt_sanitise(before, true);
	vfpt_sanitise(text, true);
	printf("--- before\n%s%s--- after\n%s", before, ends_line(before) ? "" : "\n",
		hook->changed ? text : before);
	return 0;
}

/* For VDSM's log, once all is done. */
static void log_assignments(const struct vfpt_plan *plan)
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
		return hook->document.domain ? show_document(hook, err) : 0;
	if (!hook->changed)
		return 0;
	if (vfpt_document_replace(&hook->document, err) < 0)
		return -1;
	privilege_renounce();
	log_assignments(hook->plan);
	return 0;
}

static int exit_code(const struct vfpt_hook *hook, int result, const struct vfpt_error *err)
{
	if (result >= 0)
		return VFPT_EXIT_FINE;
	return hook->point->after && err->code != VFPT_BAD_INPUT ? VFPT_EXIT_FAILED : VFPT_EXIT_STOP;
}

static int end_run(struct vfpt_hook *hook, int result, const struct vfpt_error *err)
{
	int code = exit_code(hook, result, err);

	if (result < 0 && !hook->point->after)
		vfpt_messages_drop(); /* of what is being undone nothing is worth a line beside the error's */
	if (result < 0 && hook->plan)
		vfpt_apply_undo(&hook->session, hook->plan);
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
	vfpt_messages_show();
	if (result < 0)
		vfpt_error_print(err);
	return code;
}

int vfpt_hook_run(const struct vfpt_hook_point *point, int argc, char **argv)
{
	struct vfpt_hook hook = {
		.point = point, .document = VFPT_DOCUMENT_CLOSED, .session = VFPT_SESSION_CLOSED};
	struct vfpt_error error;
	int r;

	/*
	 * Nobody may be reading our stderr any more, or a file may not
	 * grow: that must not end us half-way.
	 */
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN); /* then it is an error of write(2), as no space is */
	umask(022);
	/* VDSM shows all of stderr when a hook fails: what is said before is held back until it is known. */
	vfpt_messages_hold();
	r = begin_run(&hook, argc, argv, &error);
	if (r == 0)
		r = point->step(&hook, &error);
	if (r == 0)
		r = commit(&hook, &error);
	return end_run(&hook, r, &error);
}
