/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vfpt explain: the plan of a VM's start, and why each VF is or is not the one. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "document.h"
#include "message.h"
#include "reclaim.h"
#include "report.h"
#include "vfpt.h"

/* What is explained. */
struct explanation {
	struct vfpt_document document;
	struct vfpt_requests requests;
	struct vfpt_plan *plan;
};

/* --- for people ------------------------------------------------------------------------------ */

static bool is_like(const struct vfpt_considered *a, const struct vfpt_considered *b)
{
	return a->usable == b->usable && !a->chosen && !b->chosen && a->pf == b->pf &&
	       strcmp(a->why, b->why) == 0;
}

/*
 * VFs in a row of which the same is true make one line. @got: of the chosen one it is told already.
 * @return how many
 */
static size_t print_considered(const struct vfpt_considered *first, size_t left, bool got)
{
	const char *sense = first->usable ? "could be had, but " : "cannot be had: ";
	size_t count = 1;

	while (count < left && is_like(first, &first[count]))
		count++;
	if (first->chosen && !got)
		say(6, "    VF %u of %s would be the one", first->vf, first->pf->name);
	if (first->chosen)
		return count;
	if (count == 1)
		say(6, "    VF %u of %s %s%s", first->vf, first->pf->name, sense, first->why);
	else
		say(6, "    VFs %u-%u of %s %s%s", first->vf, first[count - 1].vf, first->pf->name, sense,
			first->why);
	return count;
}

static void print_assignment(const struct vfpt_assignment *a)
{
	char address[VFPT_PCI_SIZE], settings[SETTINGS_TEXT];

	say_behind(GOOD, "    gets", 6, " VF %u of %s (%s)%s, with %s", a->vf, a->pf,
		vfpt_pci_format(&a->address, address), a->macvtap ? " under a macvtap" : "",
		settings_text(&a->wanted, false, settings));
}

static void print_vnic(const struct vfpt_vnic_plan *vnic)
{
	say(2, "  %s", vnic->request->name);
	switch (vnic->outcome) {
	case VFPT_OUTCOME_NONE:
		say(6, "    asks for no VF");
		break;
	case VFPT_OUTCOME_VF:
		print_assignment(&vnic->assignment);
		break;
	case VFPT_OUTCOME_STAY:
		say_behind(DOUBTFUL, "    stays", 6, " on its bridge: %s", vnic->why.message);
		break;
	case VFPT_OUTCOME_FAIL:
		say_behind(BAD, "    fails", 6, ": %s", vnic->why.message);
		break;
	}
	for (size_t i = 0; i < vnic->considered_count;)
		i += print_considered(
			&vnic->considered[i], vnic->considered_count - i, vnic->outcome == VFPT_OUTCOME_VF);
}

static bool is_named(const struct vfpt_vnic_plan *vnic)
{
	return vnic->request->netdev[0];
}

static void print_plan(const struct vfpt_plan *plan)
{
	say(0, "VM %s", plan->requests->vm);
	for (size_t i = 0; i < plan->count; i++) {
		if (is_named(&plan->vnics[i]) && plan->vnics[i].outcome == VFPT_OUTCOME_VF) {
			say(2, "  custom property sriov");
			print_assignment(&plan->vnics[i].assignment);
		} else if (!is_named(&plan->vnics[i])) {
			print_vnic(&plan->vnics[i]);
		}
	}
	if (plan->failure.code != VFPT_OK)
		say_behind(BAD, "It does not start", 2, ": %s", plan->failure.message);
	else
		say_behind(GOOD, "It starts", 2, ".");
}

/* --- for programs ---------------------------------------------------------------------------- */

static json_object *json_of_considered(const struct vfpt_considered *considered)
{
	json_object *vf = json_object_new_object();

	json_add_where(vf, considered->pf->name, considered->vf, &considered->pf->vfs[considered->vf]);
	json_object_object_add(vf, "usable", json_object_new_boolean(considered->usable));
	json_object_object_add(vf, "chosen", json_object_new_boolean(considered->chosen));
	json_object_object_add(vf, "why", json_text(considered->why));
	return vf;
}

static json_object *json_of_vnic(const struct vfpt_vnic_plan *vnic)
{
	const struct vfpt_request *request = vnic->request;
	json_object *object = json_object_new_object(), *all = json_object_new_array();
	bool gets_vf = vnic->outcome == VFPT_OUTCOME_VF;
	char mac[VFPT_MAC_SIZE];

	json_object_object_add(object, "mac",
		request->vnic->has_mac ? json_text(vfpt_mac_format(&request->mac, mac)) : NULL);
	json_object_object_add(object, "network", json_text(request->network));
	json_object_object_add(object, "fate", json_text(vfpt_outcome_name(vnic->outcome)));
	json_object_object_add(object, "why", json_text(vnic->why.code == VFPT_OK ? "" : vnic->why.message));
	json_object_object_add(object, "assignment", gets_vf ? json_assignment(&vnic->assignment) : NULL);
	json_object_object_add(object, "considered", all);
	for (size_t i = 0; i < vnic->considered_count; i++)
		json_object_array_add(all, json_of_considered(&vnic->considered[i]));
	return object;
}

static void print_json(const struct vfpt_plan *plan)
{
	json_object *document = json_document(), *vnics = json_object_new_array(),
		    *named = json_object_new_array();
	bool starts = plan->failure.code == VFPT_OK;

	json_object_object_add(document, "vm", json_text(plan->requests->vm));
	json_object_object_add(document, "starts", json_object_new_boolean(starts));
	json_object_object_add(document, "why", json_text(starts ? "" : plan->failure.message));
	json_object_object_add(document, "vnics", vnics);
	json_object_object_add(document, "named", named);
	for (size_t i = 0; i < plan->count; i++) {
		if (!is_named(&plan->vnics[i]))
			json_object_array_add(vnics, json_of_vnic(&plan->vnics[i]));
		else if (plan->vnics[i].outcome == VFPT_OUTCOME_VF)
			json_object_array_add(named, json_assignment(&plan->vnics[i].assignment));
	}
	json_print(document);
	json_object_put(document);
}

/* --- what would be done ---------------------------------------------------------------------- */

static int read_domain(struct explanation *x, const char *path, char vm[VFPT_VM_SIZE], struct vfpt_error *err)
{
	const char *uuid;

	if (vfpt_document_read(&x->document, path, false, err) < 0)
		return -1;
	if (vfpt_domain_is_interface(x->document.domain))
		return vfpt_error_set(err, VFPT_BAD_INPUT, "%s: the document is not a <domain>", path);
	uuid = vfpt_domain_uuid(x->document.domain);
	return vfpt_vm_parse(uuid ? uuid : "00000000-0000-0000-0000-000000000000", vm, err);
}

/* A property is wrong: nothing can be planned, and the VM does not start. */
static int plan_nothing(
	struct explanation *x, const char *vm, const struct vfpt_error *why, struct vfpt_error *err)
{
	x->plan = calloc(1, sizeof(*x->plan));
	if (!x->plan)
		return vfpt_error_errno(err, VFPT_SYSTEM, ENOMEM, "explaining");
	x->requests = (struct vfpt_requests){.starts = true};
	memcpy(x->requests.vm, vm, VFPT_VM_SIZE);
	x->plan->requests = &x->requests;
	x->plan->failure = *why;
	return 0;
}

static int plan_with_verdicts(
	struct tools *tools, struct explanation *x, const char *vm, struct vfpt_error *err)
{
	const struct vfpt_plan_options options = {.verdicts = true};
	struct vfpt_error why;

	if (vfpt_requests_read(
		    x->document.domain, tools->session.config, vm, NULL, NULL, &x->requests, &why) < 0) {
		*err = why;
		return why.code == VFPT_BAD_INPUT ? plan_nothing(x, vm, &why, err) : -1;
	}
	if (vfpt_plan_make(&tools->session, &x->requests, &options, &x->plan, err) < 0 ||
		vfpt_plan_without_gone(&tools->session, &options, &x->plan, err) < 0)
		return -1;
	vfpt_plan_add_doubt(&tools->session, x->plan);
	vfpt_warn_of_plan(x->plan);
	return 0;
}

static void free_explanation(struct explanation *x)
{
	vfpt_plan_free(x->plan);
	vfpt_requests_free(&x->requests);
	vfpt_document_close(&x->document);
}

static int run_explain(const struct call *call, struct vfpt_error *err)
{
	scoped(tools_close) struct tools tools = {TOOLS_CLOSED, .quiet = true};
	scoped(free_explanation) struct explanation x = {.document = VFPT_DOCUMENT_CLOSED};
	char vm[VFPT_VM_SIZE];

	/* The document first: whoever runs this can read it, and the ledger's owner perhaps not. */
	if (read_domain(&x, call->operand, vm, err) < 0 || tools_open(&tools, VFPT_TO_LOOK, err) < 0)
		return -1;
	if (tools.config_error.code != VFPT_OK) {
		*err = tools.config_error;
		return -1;
	}
	if (plan_with_verdicts(&tools, &x, vm, err) < 0)
		return -1;
	(option(call, "json") ? print_json : print_plan)(x.plan);
	return x.plan->failure.code == VFPT_OK ? EXIT_FINE : EXIT_FAILED;
}

const struct command explain_command = {
	.name = "explain",
	.operand = "DOCUMENT",
	.summary = "Shows which VFs a VM would get, and why no others",
	.text = "\n"
		"DOCUMENT is the VM's <domain> as VDSM gives it to before_vm_start (vdsm.log has\n"
		"it). Each vNIC has its turn, also behind one that fails. What a driver would\n"
		"refuse only shows when it is asked; here nothing is set.\n",
	.options = {{"json", NULL, "for programs"}},
	.exits = "  0  the VM starts\n"
		 "  1  it does not, or explaining failed: one line says why\n"
		 "  2  wrong command line\n",
	.run = run_explain,
};
