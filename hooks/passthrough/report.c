/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report.h"

#include <stdio.h>

#include "alloc.h"
#include "driver_limits.h"
#include "message.h"

void vfpt_report_settings(
	const char *what, const struct vfpt_pf *pf, unsigned vf, const struct vfpt_settings *settings)
{
	char line[VFPT_SETTING_COUNT * (VFPT_SETTING_SIZE + 24)] = "", value[VFPT_SETTING_SIZE];
	size_t used = 0;

	for (int i = 0; i < VFPT_SETTING_COUNT; i++)
		if (vfpt_settings_have(settings, (enum vfpt_setting)i))
			used += (size_t)snprintf(line + used, sizeof(line) - used, "%s%s %s",
				used ? ", " : "", vfpt_setting_name((enum vfpt_setting)i),
				vfpt_setting_print((enum vfpt_setting)i, settings->value[i], value));
	vfpt_note("%s: VF %u of %s: %s", what, vf, pf->name, used ? line : "what it was before");
}

static void report_mtu(const char *what, const struct vfpt_netdev *netdev, unsigned mtu)
{
	if (netdev->mtu != mtu)
		vfpt_note("%s: MTU of %s to %u", what, netdev->name, mtu);
}

int vfpt_report_vf(const char *what, struct vfpt_session *session, const struct vfpt_assignment *assignment,
	const struct vfpt_settings *settings, unsigned mtu, struct vfpt_error *err)
{
	struct vfpt_netdev netdev, upper;
	const struct vfpt_pf *pf;
	struct vfpt_error none;
	unsigned vf;

	if (vfpt_host_find_vf(session->host, &assignment->address, &pf, &vf, err) < 0)
		return err->code == VFPT_NO_VF ? 0 : -1;
	vfpt_report_settings(what, pf, vf, settings);
	if (mtu == 0 || vfpt_host_netdev(session->host, &assignment->address, &netdev, &none) < 0)
		return 0;
	report_mtu(what, &netdev, mtu);
	if (vfpt_host_upper(session->host, &netdev, &upper))
		report_mtu(what, &upper, mtu);
	return 0;
}

/* A link that is held gets what it is to have once the VM runs. */
static struct vfpt_settings settings_at_first(const struct vfpt_vnic_plan *vnic)
{
	struct vfpt_settings settings = vnic->assignment.wanted;

	if (vfpt_is_reset_by_start(&settings))
		settings.present &= ~(1u << VFPT_LINK_STATE);
	return settings;
}

static void report_step(const struct vfpt_vnic_plan *vnic, const struct vfpt_step *step)
{
	const struct vfpt_settings settings = settings_at_first(vnic);
	char text[VFPT_SETTING_SIZE];

	switch (step->kind) {
	case VFPT_STEP_CLEAR_MAC:
		vfpt_note("would clear: VF %u of %s: mac %s", step->vf, step->pf->name,
			vfpt_setting_print(VFPT_MAC, step->value, text));
		break;
	case VFPT_STEP_RECORD:
		if (vfpt_is_reset_by_start(&settings))
			vfpt_note("would set: VF %u of %s: link_state disable", step->vf, step->pf->name);
		vfpt_report_settings("would set", step->pf, step->vf, &settings);
		break;
	case VFPT_STEP_MTU:
		vfpt_note("would set: MTU of %s to %u", vnic->netdev, (unsigned)step->value);
		break;
	case VFPT_STEP_DEFAULT:
	case VFPT_STEP_HOLD_LINK:
	case VFPT_STEP_SET:
		break; /* they are told together, with the record */
	}
}

void vfpt_report_plan(const struct vfpt_plan *plan)
{
	for (size_t i = 0; i < plan->count; i++)
		for (size_t j = 0; j < plan->vnics[i].step_count; j++)
			report_step(&plan->vnics[i], &plan->vnics[i].steps[j]);
}

/* Its driver shows what was asked for all the same. */
static void warn_of_rate(const struct vfpt_vnic_plan *vnic)
{
	const uint64_t asked = vnic->assignment.wanted.value[VFPT_MAX_TX_RATE];
	const uint64_t is = vfpt_rate_of_driver(vnic->pf->driver, asked);

	if (is != asked)
		vfpt_warn("%s: %s (%s) counts in steps of 50 Mbit/s: of its max_tx_rate %u becomes %u",
			vnic->request->name, vnic->pf->name, vnic->pf->driver, (unsigned)asked, (unsigned)is);
}

static void warn_of_losses(const struct vfpt_vnic_plan *vnic)
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
	warn_of_rate(vnic);
	if (vnic->gap)
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

void vfpt_warn_of_plan(const struct vfpt_plan *plan)
{
	if (plan->warning.code != VFPT_OK)
		vfpt_warn("%s", plan->warning.message);
	for (size_t i = 0; i < plan->count; i++)
		if (plan->vnics[i].outcome == VFPT_OUTCOME_VF)
			warn_of_losses(&plan->vnics[i]);
}

int vfpt_report_releases(struct vfpt_session *session, const struct vfpt_plan *plan, struct vfpt_error *err)
{
	for (size_t i = 0; i < plan->release_count; i++) {
		const struct vfpt_assignment *a = &plan->releases[i];

		if (vfpt_report_vf("would set back", session, a, &a->before, a->mtu_before, err) < 0)
			return -1;
	}
	return 0;
}

int vfpt_report_gone(struct vfpt_session *session, struct vfpt_error *err)
{
	autofree struct vfpt_assignment *all = NULL;
	size_t count, corrupt;
	int r = 0;

	if (vfpt_ledger_of_vm(session->ledger, NULL, &all, &count, &corrupt, err) < 0)
		return -1;
	for (size_t i = 0; r == 0 && i < count; i++) {
		const struct vfpt_assignment *a = &all[i];
		char ignored[VFPT_REASON_SIZE];

		if (vfpt_host_has(session->host, &a->address) &&
			vfpt_vm_needs_vf(session->liveness, a, ignored))
			continue;
		vfpt_note("would give back: VF %u of %s, of VM %s", a->vf, a->pf, a->vm);
		r = vfpt_report_vf("would set back", session, a, &a->before, a->mtu_before, err);
	}
	return r;
}
