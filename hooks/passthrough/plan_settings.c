/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The settings of VFs: as they will be, as a vNIC wants them, and the steps in between. */
#include <stdlib.h>

#include "alloc.h"
#include "planner.h"
#include "vf_netlink.h"

/* --- settings as they will be ---------------------------------------------------------------- */

/* What is given back first has its old settings again, if its driver shows it. */
static void apply_releases(const struct planner *p, const struct pf_settings *settings)
{
	const struct vfpt_pf *pf = settings->pf;
	struct vfpt_settings *vfs = settings->vfs;

	for (size_t i = 0; i < p->standing.released_count; i++)
		for (unsigned vf = 0; vf < pf->vf_count; vf++) {
			const struct vfpt_assignment *released = &p->standing.released[i];

			if (!vfpt_pci_equal(&pf->vfs[vf], &released->address) ||
				(settings->known && !vfpt_settings_shown(&vfs[vf])))
				continue;
			for (int s = 0; s < VFPT_SETTING_COUNT; s++)
				if (vfpt_settings_have(&released->before, (enum vfpt_setting)s))
					vfpt_settings_put(
						&vfs[vf], (enum vfpt_setting)s, released->before.value[s]);
		}
}

/* NULL: they have not been read. */
static struct pf_settings *find_settings(const struct planner *p, const struct vfpt_pf *pf)
{
	for (size_t i = 0; i < p->settings_count; i++)
		if (p->settings[i].pf == pf)
			return &p->settings[i];
	return NULL;
}

bool vfpt_planner_has_settings(const struct planner *p, const struct vfpt_pf *pf)
{
	return find_settings(p, pf);
}

static bool is_any_shown(const struct vfpt_pf *pf, const struct vfpt_settings *vfs)
{
	for (unsigned vf = 0; vf < pf->vf_count; vf++)
		if (vfpt_settings_shown(&vfs[vf]))
			return true;
	return false;
}

/* Each PF is read once. */
static int settings_of_pf(
	struct planner *p, const struct vfpt_pf *pf, struct pf_settings **out, struct vfpt_error *err)
{
	struct vfpt_settings *vfs;

	*out = find_settings(p, pf);
	if (*out)
		return 0;
	if (vfpt_session_settings(p->session, pf, &vfs, err) < 0)
		return -1;
	*out = vfpt_array_add(&p->settings, &p->settings_count, sizeof(**out));
	if (!*out) {
		free(vfs);
		return vfpt_planner_no_memory(err);
	}
	**out = (struct pf_settings){
		.pf = pf, .vfs = vfs, .known = !p->session->captured || is_any_shown(pf, vfs)};
	apply_releases(p, *out);
	return 0;
}

int vfpt_planner_settings(
	struct planner *p, const struct vfpt_pf *pf, struct vfpt_settings **out, struct vfpt_error *err)
{
	struct pf_settings *settings;

	if (settings_of_pf(p, pf, &settings, err) < 0)
		return -1;
	*out = settings->vfs;
	return 0;
}

/* --- VFs that are not shown ------------------------------------------------------------------ */

static bool was_busy(const struct planner *p, const struct vfpt_pf *pf, unsigned vf)
{
	for (size_t i = 0; i < p->options->refused_count; i++) {
		const struct vfpt_refused *refused = &p->options->refused[i];

		if (refused->why.code == VFPT_BUSY && refused->pf == pf && refused->vf == vf)
			return true;
	}
	return false;
}

static int pass_over_hidden(struct planner *p, const struct vfpt_pf *pf, struct vfpt_passed_over **out,
	size_t *count, struct vfpt_error *err)
{
	struct pf_settings *settings;

	if (settings_of_pf(p, pf, &settings, err) < 0)
		return -1;
	for (unsigned vf = 0; settings->known && vf < pf->vf_count; vf++) {
		struct vfpt_passed_over *added;

		if (vfpt_settings_shown(&settings->vfs[vf]) || was_busy(p, pf, vf))
			continue;
		added = vfpt_array_add(out, count, sizeof(*added));
		if (!added)
			return vfpt_planner_no_memory(err);
		*added =
			(struct vfpt_passed_over){.pf = pf, .vf = vf, .hidden = true, .why = VFPT_WHY_HIDDEN};
	}
	return 0;
}

static int pass_over_busy(
	struct planner *p, struct vfpt_passed_over **out, size_t *count, struct vfpt_error *err)
{
	for (size_t i = 0; i < p->options->refused_count; i++) {
		const struct vfpt_refused *refused = &p->options->refused[i];
		struct vfpt_passed_over *added;

		if (refused->why.code != VFPT_BUSY)
			continue;
		added = vfpt_array_add(out, count, sizeof(*added));
		if (!added)
			return vfpt_planner_no_memory(err);
		*added = (struct vfpt_passed_over){.pf = refused->pf,
			.vf = refused->vf,
			.why = "its driver was busy with it for too long"};
	}
	return 0;
}

int vfpt_planner_pass_over(struct planner *p, const struct vfpt_network_pfs *serving,
	struct vfpt_passed_over **out, size_t *count, struct vfpt_error *err)
{
	for (size_t i = 0; i < serving->pf_count; i++)
		if (pass_over_hidden(p, serving->pfs[i], out, count, err) < 0)
			return -1;
	return pass_over_busy(p, out, count, err);
}

/* What is shown by now is known from now on; of the others the plan may have changed what is known. */
static bool look_again(struct planner *p, const struct vfpt_pf *pf, unsigned vf)
{
	autofree struct vfpt_settings *fresh = NULL;
	struct vfpt_settings *vfs;
	struct vfpt_error ignored;

	if (vfpt_planner_settings(p, pf, &vfs, &ignored) < 0)
		return false;
	if (!vfpt_settings_shown(&vfs[vf]) && vfpt_session_settings(p->session, pf, &fresh, &ignored) == 0)
		vfs[vf] = fresh[vf];
	return vfpt_settings_shown(&vfs[vf]);
}

static bool is_any_hidden(const struct vfpt_passed_over *passed_over, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (passed_over[i].hidden)
			return true;
	return false;
}

/* For one that the driver was busy with it was waited already, when it was to be set. */
bool vfpt_planner_await(struct planner *p, const struct vfpt_passed_over *passed_over, size_t count)
{
	bool found = false;
	unsigned waited = 0;

	if (p->session->captured || !is_any_hidden(passed_over, count))
		return false;
	while (!found && vfpt_netlink_wait(p->session->netlink, &waited, VFPT_WAIT_BUSY))
		for (size_t i = 0; i < count; i++)
			if (passed_over[i].hidden && look_again(p, passed_over[i].pf, passed_over[i].vf))
				found = true;
	return found;
}

int vfpt_planner_await_vf(struct planner *p, const struct vfpt_pf *pf, unsigned vf, struct vfpt_error *err)
{
	const struct vfpt_passed_over hidden = {.pf = pf, .vf = vf, .hidden = true};
	struct pf_settings *settings;

	if (settings_of_pf(p, pf, &settings, err) < 0)
		return -1;
	if (vfpt_settings_shown(&settings->vfs[vf]) || !settings->known || vfpt_planner_await(p, &hidden, 1))
		return 0;
	return vfpt_settings_hidden(pf, vf, err);
}

/* --- settings that the VF shall have --------------------------------------------------------- */

bool vfpt_is_reset_by_start(const struct vfpt_settings *wanted)
{
	return vfpt_settings_have(wanted, VFPT_VLAN_ID) &&
	       (wanted->value[VFPT_VLAN_PRIORITY] != 0 ||
		       (vfpt_settings_have(wanted, VFPT_VLAN_PROTOCOL) &&
			       wanted->value[VFPT_VLAN_PROTOCOL] != VFPT_VLAN_8021Q));
}

/* A vNIC's bandwidth is a ceiling: above the link's speed it is none. */
static void want_bandwidth(const struct vfpt_request *request, unsigned speed, struct vfpt_settings *wanted)
{
	if (request->bandwidth && !vfpt_settings_have(wanted, VFPT_MAX_TX_RATE) &&
		(speed == 0 || request->bandwidth < speed))
		vfpt_settings_put(wanted, VFPT_MAX_TX_RATE, request->bandwidth);
}

struct vfpt_settings vfpt_planner_complete_settings(
	const struct vfpt_request *request, const struct vfpt_network_pfs *serving, unsigned speed)
{
	struct vfpt_settings wanted = request->profile.settings;

	vfpt_settings_put(&wanted, VFPT_MAC, vfpt_mac_value(&request->mac));
	want_bandwidth(request, speed, &wanted);
	if (request->profile.port_profile[0])
		return wanted; /* the switch decides the VLAN */
	if (!vfpt_settings_have(&wanted, VFPT_VLAN_ID))
		vfpt_settings_put(&wanted, VFPT_VLAN_ID, serving->vlan_id);
	if (!vfpt_settings_have(&wanted, VFPT_VLAN_PRIORITY))
		vfpt_settings_put(&wanted, VFPT_VLAN_PRIORITY, 0);
	if (!vfpt_settings_have(&wanted, VFPT_VLAN_PROTOCOL))
		vfpt_settings_put(&wanted, VFPT_VLAN_PROTOCOL, VFPT_VLAN_8021Q);
	return wanted;
}

/* --- steps ----------------------------------------------------------------------------------- */

int vfpt_planner_add_step(struct vfpt_vnic_plan *vnic, struct vfpt_step step, struct vfpt_error *err)
{
	struct vfpt_step *added = vfpt_array_add(&vnic->steps, &vnic->step_count, sizeof(*added));

	if (!added)
		return vfpt_planner_no_memory(err);
	*added = step;
	return 0;
}

/* A MAC is set even when it is there already: igb shows a VF's own one, which its user may still change. */
static bool is_set_already(const struct vfpt_settings *before, enum vfpt_setting setting, uint64_t value)
{
	return setting != VFPT_MAC && vfpt_settings_have(before, setting) &&
	       vfpt_setting_same(setting, before->value[setting], value);
}

/*
 * The settings that let a guest do more, where neither the vNIC asks for them nor the driver shows them: they
 * may be as somebody left them. Of the others the kernel shows something for every driver, and RSS query no
 * driver takes that does not show it (Linux 6.1, rtnl_fill_vfinfo()).
 */
static int add_defaults(struct vfpt_vnic_plan *vnic, struct vfpt_step step, struct vfpt_error *err)
{
	static const enum vfpt_setting defaulted[] = {VFPT_SPOOFCHK, VFPT_TRUST};

	/* A VF that is named has what it has. */
	if (vnic->request->netdev[0])
		return 0;
	step.kind = VFPT_STEP_DEFAULT;
	for (size_t i = 0; i < sizeof(defaulted) / sizeof(defaulted[0]); i++) {
		step.setting = defaulted[i];
		step.value = vfpt_setting_default(step.setting);
		if (vfpt_settings_have(&vnic->assignment.wanted, step.setting) ||
			vfpt_settings_have(&vnic->before, step.setting))
			continue;
		if (vfpt_planner_add_step(vnic, step, err) < 0)
			return -1;
	}
	return 0;
}

static int add_settings(struct vfpt_vnic_plan *vnic, struct vfpt_step step, struct vfpt_error *err)
{
	const struct vfpt_settings *wanted = &vnic->assignment.wanted;

	step.kind = VFPT_STEP_SET;
	for (int i = 0; i < VFPT_SETTING_COUNT; i++) {
		step.setting = (enum vfpt_setting)i;
		step.value = wanted->value[i];
		if (!vfpt_settings_have(wanted, step.setting) ||
			(!vnic->is_given_back && is_set_already(&vnic->before, step.setting, step.value)))
			continue;
		if (vfpt_planner_add_step(vnic, step, err) < 0)
			return -1;
	}
	return 0;
}

/* Record first, then set: a crash in between leaves a record that says how the VF was. */
int vfpt_planner_add_steps(struct vfpt_vnic_plan *vnic, unsigned vf, struct vfpt_error *err)
{
	const struct vfpt_assignment *a = &vnic->assignment;
	struct vfpt_step step = {.kind = VFPT_STEP_RECORD, .pf = vnic->pf, .vf = vf};

	if (vfpt_planner_add_step(vnic, step, err) < 0)
		return -1;
	step.kind = VFPT_STEP_HOLD_LINK;
	if (vfpt_is_reset_by_start(&a->wanted) && vfpt_planner_add_step(vnic, step, err) < 0)
		return -1;
	if (add_settings(vnic, step, err) < 0 || add_defaults(vnic, step, err) < 0)
		return -1;
	step.kind = VFPT_STEP_MTU;
	step.value = a->mtu;
	return a->mtu != a->mtu_before ? vfpt_planner_add_step(vnic, step, err) : 0;
}
