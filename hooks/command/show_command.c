/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vfpt show: all that is known of a VF, of the VF of a MAC, or of a VM's VFs. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "apply.h"
#include "vfpt.h"

struct show {
	struct tools *tools;
	struct subject subject;
	size_t service_count;
	struct vfpt_surveyed_network *services;
	unsigned shown;
};

static void show_assignment(struct tools *tools, const struct vfpt_assignment *a)
{
	char mac[VFPT_MAC_SIZE], reason[VFPT_REASON_SIZE];

	say(15, "  VM           %s", a->vm);
	say(15, "  vNIC         %s%s%s%s%s", vfpt_mac_format(&a->mac, mac), a->network[0] ? ", network " : "",
		a->network, a->alias[0] ? ", alias " : "", a->alias);
	if (a->macvtap)
		say(15, "  mode         macvtap, MTU %u, %u before", a->mtu, a->mtu_before);
	if (!vfpt_host_has(tools->session.host, &a->address))
		return;
	if (vfpt_vm_needs_vf(tools->session.liveness, a, reason))
		say(15, "  needed       yes: %s", reason);
	else
		say(15, "  needed       no, the VM %s; vfpt reconcile gives the VF back", reason);
}

/* One setting: as it is, as it should be, as it was. */
static void show_setting(enum vfpt_setting setting, const struct look *look)
{
	const struct vfpt_settings none = {0}, *wanted = look->assignment ? &look->assignment->wanted : &none,
				   *before = look->assignment ? &look->assignment->before : &none;
	const struct vfpt_settings *const columns[] = {&look->settings, wanted, before};
	char text[3][VFPT_SETTING_SIZE];

	for (int i = 0; i < 3; i++)
		if (vfpt_settings_have(columns[i], setting))
			vfpt_setting_print(setting, columns[i]->value[setting], text[i]);
		else
			strcpy(text[i], "-");
	say(0, "  %-13s %-17s %-17s %s%s", vfpt_setting_name(setting), text[0], text[1], text[2],
		look->assignment && vfpt_assignment_differs(look->assignment, &look->settings, setting)
			? " (differs)"
			: "");
}

static int show_vf(const struct look *look, void *data, struct vfpt_error *err)
{
	struct show *show = data;
	char address[VFPT_PCI_SIZE], text[80], networks[VFPT_ERROR_SIZE - 32];

	(void)err;
	if (!subject_is_look(&show->subject, look))
		return 0;
	if (show->shown++)
		putchar('\n');
	say(0, "VF %u of %s (%s)", look->vf, look->pf->name, vfpt_pci_format(&look->address, address));
	say(15, "  state        %s%s%s", vfpt_state_name(look->state), look->reason[0] ? ": " : "",
		look->reason);
	if (look->assignment)
		show_assignment(show->tools, look->assignment);
	else if (look->owner)
		say(15, "  VM           %s, its record cannot be read",
			look->owner[0] ? look->owner : "unknown");
	say(15, "  driver       %s", look->driver[0] ? look->driver : "none");
	if (look->has_netdev)
		say(15, "  netdev       %s, MAC %s, MTU %u", look->netdev.name,
			vfpt_mac_format(&look->netdev.mac, text), look->netdev.mtu);
	if (look->iommu_group >= 0)
		say(15, "  iommu group  %d", look->iommu_group);
	say(15, "  PF           %s, %s, %s", vfpt_pci_format(&look->pf->address, address), look->pf->driver,
		pf_text(show->tools, look->pf, text, sizeof(text)));
	say(15, "  networks     %s",
		networks_text(show->services, show->service_count, look->pf, networks, sizeof(networks)));
	say(0, "  %-13s %-17s %-17s %s", "SETTING", "NOW", "WANTED", "BEFORE");
	for (int i = 0; i < VFPT_SETTING_COUNT; i++)
		show_setting((enum vfpt_setting)i, look);
	return 0;
}

/* What the ledger knows of a VF that is gone. */
static void show_gone(struct show *show)
{
	const struct tools *tools = show->tools;

	for (size_t i = 0; i < tools->count; i++) {
		const struct vfpt_assignment *a = &tools->assignments[i];
		char address[VFPT_PCI_SIZE];

		if (!subject_is(&show->subject, a) || vfpt_host_has(tools->session.host, &a->address))
			continue;
		if (show->shown++)
			putchar('\n');
		say(0, "VF %u of %s (%s)", a->vf, a->pf, vfpt_pci_format(&a->address, address));
		say(15, "  state        gone from this host; vfpt reconcile removes its record");
		show_assignment(show->tools, a);
	}
}

static int show_all(struct show *show, struct vfpt_error *err)
{
	autofree const struct vfpt_pf **pfs = NULL;
	size_t count;

	if (vfpt_survey_networks(&show->tools->session, &show->services, &show->service_count, err) < 0 ||
		vfpt_host_pfs(show->tools->session.host, &pfs, &count, err) < 0)
		return -1;
	for (size_t i = 0; i < count; i++)
		if (look_at_pf(show->tools, pfs[i], show_vf, show, err) < 0)
			return -1;
	show_gone(show);
	return 0;
}

static void free_networks(struct show *show)
{
	vfpt_surveyed_networks_free(show->services, show->service_count);
}

static int run_show(const struct call *call, struct vfpt_error *err)
{
	scoped(tools_close) struct tools tools = {TOOLS_CLOSED};
	scoped(free_networks) struct show show = {.tools = &tools};

	if (tools_open(&tools, VFPT_TO_LOOK, err) < 0 || tools_load(&tools, err) < 0)
		return -1;
	if (subject_read(&tools, call->operand, &show.subject, err) < 0 || show_all(&show, err) < 0)
		return -1;
	if (show.shown == 0)
		return vfpt_error_set(err, VFPT_BAD_INPUT,
			"no VF on this host is or has %.40s; see vfpt list", call->operand);
	return 0;
}

const struct command show_command = {
	.name = "show",
	.operand = "VF|MAC|VM",
	.summary = "Shows all that is known of a VF, a MAC's VF, or a VM's VFs",
	.text = "\n" SUBJECT_TEXT
		"A MAC is found on the vNIC, on the VF as its PF has it, and on its network\n"
		"device.\n"
		"\n"
		"Each setting is shown as it is, as it should be while the VM runs, and as it\n"
		"will be again.\n",
	.exits = "  0  shown\n"
		 "  1  failed, or there is no such VF: one line says why\n"
		 "  2  wrong command line\n",
	.run = run_show,
};
