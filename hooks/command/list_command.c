/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vfpt list: the PFs of this host and their VFs. */
#include "list.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "driver_limits.h"

bool is_listed(const struct list *list, const struct look *look)
{
	return !list->free_only || look->state == VFPT_FREE;
}

int each_pf(struct list *list,
	int (*show)(struct list *list, const struct vfpt_pf *pf, struct vfpt_error *err),
	struct vfpt_error *err)
{
	autofree const struct vfpt_pf **pfs = NULL;
	size_t count = 0, shown = 0;
	int r = vfpt_host_pfs(list->tools->session.host, &pfs, &count, err);

	for (size_t i = 0; r == 0 && i < count; i++)
		if (!list->pf || strcmp(pfs[i]->name, list->pf) == 0) {
			r = show(list, pfs[i], err);
			shown++;
		}
	if (r == 0 && !list->pf && count == 0 && !list->pfs)
		say(0, "There is no PF on this host.");
	if (r == 0 && list->pf && shown == 0)
		return vfpt_error_set(
			err, VFPT_BAD_INPUT, "there is no PF %.20s on this host; see vfpt list", list->pf);
	return r;
}

/* "         VM 3f0f..., vNIC 56:... (red)" */
static void list_owner(const struct look *look)
{
	const struct vfpt_assignment *a = look->assignment;
	char mac[VFPT_MAC_SIZE];

	if (a)
		say(9, "         VM %s, vNIC %s%s%s%s", a->vm, vfpt_mac_format(&a->mac, mac),
			a->network[0] ? " (" : "", a->network, a->network[0] ? ")" : "");
	else if (look->owner)
		say(9, "         VM %s, its record cannot be read", look->owner[0] ? look->owner : "unknown");
}

static int list_vf(const struct look *look, void *data, struct vfpt_error *err)
{
	static const enum colour colours[] = {[VFPT_FREE] = GOOD,
		[VFPT_ASSIGNED] = PLAIN,
		[VFPT_EXCLUDED] = PLAIN,
		[VFPT_UNUSABLE] = DOUBTFUL};
	char address[VFPT_PCI_SIZE], settings[SETTINGS_TEXT], row[128];

	(void)err;
	if (!is_listed(data, look))
		return 0;
	snprintf(row, sizeof(row), "  %5u  %-13s  %-9s  %-15s  ", look->vf,
		vfpt_pci_format(&look->address, address), look->driver[0] ? look->driver : "-",
		look->has_netdev ? look->netdev.name : "-");
	vfpt_sanitise(row, false);
	fputs(row, stdout);
	say_behind(colours[look->state], vfpt_state_name(look->state), 0, "%s", "");
	if (look->reason[0])
		say(9, "         %s", look->reason);
	list_owner(look);
	if (settings_text(&look->settings, false, settings)[0])
		say(9, "         %s", settings);
	return 0;
}

static void list_limits(const struct vfpt_pf *pf)
{
	const char *const *limits = vfpt_driver_limits(pf->driver);
	char text[640] = "";

	for (size_t i = 0, used = 0; limits && limits[i] && used < sizeof(text); i++)
		used += (size_t)snprintf(text + used, sizeof(text) - used, "%s%s", i ? "; " : "", limits[i]);
	if (text[0])
		say(10, "  limits: %s", text);
}

static int list_pf(struct list *list, const struct vfpt_pf *pf, struct vfpt_error *err)
{
	char address[VFPT_PCI_SIZE], text[80], networks[VFPT_ERROR_SIZE - 32];

	say(8, "%s  %s  %s  %s", pf->name, vfpt_pci_format(&pf->address, address), pf->driver,
		pf_text(list->tools, pf, text, sizeof(text)));
	say(8, "  networks: %s",
		networks_text(list->services, list->service_count, pf, networks, sizeof(networks)));
	list_limits(pf);
	if (pf->vf_count == 0)
		say(8, "  no VFs, %u possible", vfpt_host_total_vfs(list->tools->session.host, pf));
	else
		say(8, "     VF  ADDRESS        DRIVER     NETDEV           STATE");
	return look_at_pf(list->tools, pf, list_vf, list, err);
}

/* VFs that a VM has and that are gone. */
static void list_gone(const struct tools *tools)
{
	for (size_t i = 0; i < tools->count; i++) {
		const struct vfpt_assignment *a = &tools->assignments[i];
		char address[VFPT_PCI_SIZE];

		if (!vfpt_host_has(tools->session.host, &a->address))
			say(2, "VF %s (VF %u of %s) of VM %s is gone from this host; see vfpt reconcile",
				vfpt_pci_format(&a->address, address), a->vf, a->pf, a->vm);
	}
}

static int run_list(const struct call *call, struct vfpt_error *err)
{
	scoped(tools_close) struct tools tools = {TOOLS_CLOSED};
	struct list list = {.tools = &tools, .pf = option(call, "pf"), .free_only = option(call, "free")};
	int r;

	if (tools_open(&tools, VFPT_TO_LOOK, err) < 0 || tools_load(&tools, err) < 0)
		return -1;
	if (vfpt_survey_networks(&tools.session, &list.services, &list.service_count, err) < 0)
		return -1;
	r = option(call, "json") ? list_json(&list, err) : each_pf(&list, list_pf, err);
	if (r == 0 && !option(call, "json") && !list.pf && !list.free_only)
		list_gone(&tools);
	vfpt_surveyed_networks_free(list.services, list.service_count);
	return r;
}

const struct command list_command = {
	.name = "list",
	.summary = "Lists PFs and VFs, what they have, and whose they are",
	.text = "\n"
		"A VF is free (a VM can have it), assigned (a VM has it), excluded (vfpt.conf\n"
		"keeps it from us) or unusable (the line below it says why). Settings that\n"
		"are as a VF has them that nobody touched are left out.\n",
	.options =
		{
			{"json", NULL, "for programs: everything, also what is as usual"},
			{"pf", "NAME", "this PF only"},
			{"free", NULL, "free VFs only"},
		},
	.exits = "  0  listed\n"
		 "  1  failed: one line says why\n"
		 "  2  wrong command line\n",
	.run = run_list,
};
