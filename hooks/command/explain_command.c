/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vfpt explain: a dry run of before_vm_start, and why each VF is or is not the one. */
#include <stdio.h>
#include <string.h>

#include "vfpt.h"

/* --- for people ------------------------------------------------------------------------------ */

static bool is_like(const struct vfpt_considered *a, const struct vfpt_considered *b)
{
	return a->usable == b->usable && !a->chosen && !b->chosen && strcmp(a->pf, b->pf) == 0 &&
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
		say(6, "    VF %u of %s would be the one", first->vf, first->pf);
	if (first->chosen)
		return count;
	if (count == 1)
		say(6, "    VF %u of %s %s%s", first->vf, first->pf, sense, first->why);
	else
		say(6, "    VFs %u-%u of %s %s%s", first->vf, first[count - 1].vf, first->pf, sense,
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

static void print_vnic(const struct vfpt_explained *vnic)
{
	say(2, "  %s", vnic->name);
	switch (vnic->fate) {
	case VFPT_FATE_NONE:
		say(6, "    asks for no VF");
		break;
	case VFPT_FATE_VF:
		print_assignment(&vnic->assignment);
		break;
	case VFPT_FATE_STAY:
		say_behind(DOUBTFUL, "    stays", 6, " on its bridge: %s", vnic->why);
		break;
	case VFPT_FATE_FAIL:
		say_behind(BAD, "    fails", 6, ": %s", vnic->why);
		break;
	}
	for (size_t i = 0; i < vnic->count;)
		i += print_considered(&vnic->considered[i], vnic->count - i, vnic->fate == VFPT_FATE_VF);
}

static void print_all(const struct vfpt_explanation *explanation)
{
	say(0, "VM %s", explanation->vm);
	for (size_t i = 0; i < explanation->named_count; i++) {
		say(2, "  custom property sriov");
		print_assignment(&explanation->named[i]);
	}
	for (size_t i = 0; i < explanation->vnic_count; i++)
		print_vnic(&explanation->vnics[i]);
	if (explanation->fails)
		say_behind(BAD, "It does not start", 2, ": %s", explanation->why);
	else
		say_behind(GOOD, "It starts", 2, ".");
}

/* --- for programs ---------------------------------------------------------------------------- */

static json_object *json_of_vnic(const struct vfpt_explained *vnic)
{
	json_object *object = json_object_new_object(), *all = json_object_new_array();
	char mac[VFPT_MAC_SIZE];

	json_object_object_add(
		object, "mac", vnic->has_mac ? json_text(vfpt_mac_format(&vnic->mac, mac)) : NULL);
	json_object_object_add(object, "network", json_text(vnic->network));
	json_object_object_add(object, "fate", json_text(vfpt_fate_name(vnic->fate)));
	json_object_object_add(object, "why", json_text(vnic->why));
	json_object_object_add(
		object, "assignment", vnic->fate == VFPT_FATE_VF ? json_assignment(&vnic->assignment) : NULL);
	json_object_object_add(object, "considered", all);
	for (size_t i = 0; i < vnic->count; i++) {
		const struct vfpt_considered *considered = &vnic->considered[i];
		json_object *vf = json_object_new_object();

		json_add_where(vf, considered->pf, considered->vf, &considered->address);
		json_object_object_add(vf, "usable", json_object_new_boolean(considered->usable));
		json_object_object_add(vf, "chosen", json_object_new_boolean(considered->chosen));
		json_object_object_add(vf, "why", json_text(considered->why));
		json_object_array_add(all, vf);
	}
	return object;
}

static void print_json(const struct vfpt_explanation *explanation)
{
	json_object *document = json_document(), *vnics = json_object_new_array(),
		    *named = json_object_new_array();

	json_object_object_add(document, "vm", json_text(explanation->vm));
	json_object_object_add(document, "starts", json_object_new_boolean(!explanation->fails));
	json_object_object_add(document, "why", json_text(explanation->why));
	json_object_object_add(document, "vnics", vnics);
	json_object_object_add(document, "named", named);
	for (size_t i = 0; i < explanation->vnic_count; i++)
		json_object_array_add(vnics, json_of_vnic(&explanation->vnics[i]));
	for (size_t i = 0; i < explanation->named_count; i++)
		json_object_array_add(named, json_assignment(&explanation->named[i]));
	json_print(document);
	json_object_put(document);
}

static int run(const struct call *call, struct vfpt_error *err)
{
	struct vfpt_explanation *explanation;
	int status;

	if (vfpt_explain(call->operand, &explanation, err) < 0)
		return -1;
	(option(call, "json") ? print_json : print_all)(explanation);
	status = explanation->fails ? EXIT_FAILED : EXIT_FINE;
	vfpt_explanation_free(explanation);
	return status;
}

static const struct option options[] = {
	{"json", NULL, "for programs"},
	{NULL, NULL, NULL},
};

const struct command explain_command = {
	.name = "explain",
	.operand = "DOCUMENT",
	.summary = "Shows which VFs a VM would get, and why no others",
	.text = "\n"
		"DOCUMENT is the VM's <domain> as VDSM gives it to before_vm_start (vdsm.log has\n"
		"it). Each vNIC has its turn, also behind one that fails. What a driver would\n"
		"refuse only shows when it is asked; here nothing is set.\n",
	.options = options,
	.exits = "  0  the VM starts\n"
		 "  1  it does not, or explaining failed: one line says why\n"
		 "  2  wrong command line\n",
	.run = run,
};
