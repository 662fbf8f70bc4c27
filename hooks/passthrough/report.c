/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report.h"

#include <stdio.h>
#include <stdlib.h>

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

void vfpt_report_settings_of(const char *what, struct vfpt_session *session,
	const struct vfpt_assignment *assignment, const struct vfpt_settings *settings)
{
	const struct vfpt_pf *pf;
	struct vfpt_error gone;
	unsigned vf;

	if (vfpt_host_find_vf(session->host, &assignment->address, &pf, &vf, &gone) == 0)
		vfpt_report_settings(what, pf, vf, settings);
}

static void report_vnic(const struct vfpt_vnic_plan *vnic)
{
	char mac[VFPT_SETTING_SIZE];

	for (size_t i = 0; i < vnic->step_count; i++) {
		const struct vfpt_step *step = &vnic->steps[i];

		if (step->kind == VFPT_STEP_CLEAR_MAC)
			vfpt_note("would clear: VF %u of %s: mac %s", step->vf, step->pf->name,
				vfpt_setting_print(VFPT_MAC, step->value, mac));
		else if (step->kind == VFPT_STEP_RECORD)
			vfpt_report_settings("would set", vnic->pf, step->vf, &vnic->assignment.wanted);
		else if (step->kind == VFPT_STEP_MTU)
			vfpt_note("would set: MTU of %s to %u", vnic->netdev, (unsigned)step->value);
	}
}

void vfpt_report_plan(const struct vfpt_plan *plan)
{
	for (size_t i = 0; i < plan->count; i++)
		report_vnic(&plan->vnics[i]);
}

void vfpt_report_releases(struct vfpt_session *session, const struct vfpt_plan *plan)
{
	for (size_t i = 0; i < plan->release_count; i++)
		vfpt_report_settings_of(
			"would set back", session, &plan->releases[i], &plan->releases[i].before);
}

int vfpt_report_gone(struct vfpt_session *session, struct vfpt_error *err)
{
	struct vfpt_assignment *all;
	size_t count, corrupt;

	if (vfpt_ledger_of_vm(session->ledger, NULL, &all, &count, &corrupt, err) < 0)
		return -1;
	for (size_t i = 0; i < count; i++) {
		const struct vfpt_assignment *a = &all[i];

		if (vfpt_host_has(session->host, &a->address) && !vfpt_vm_is_gone(session->liveness, a))
			continue;
		vfpt_note("would give back: VF %u of %s, of VM %s", a->vf, a->pf, a->vm);
		vfpt_report_settings_of("would set back", session, a, &a->before);
	}
	free(all);
	return 0;
}
