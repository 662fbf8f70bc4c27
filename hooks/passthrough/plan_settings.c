/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The settings of VFs: as they will be, as a vNIC wants them, and the steps in between. */
#include <stdlib.h>

#include "alloc.h"
#include "planner.h"

/* --- settings as they will be ---------------------------------------------------------------- */

/* What is given back first has its old settings again. */
static void apply_releases(const struct planner *p, const struct vfpt_pf *pf, struct vfpt_settings *vfs)
{
	for (size_t i = 0; i < p->standing.released_count; i++)
		for (unsigned vf = 0; vf < pf->vf_count; vf++) {
			const struct vfpt_assignment *released = &p->standing.released[i];

			if (!vfpt_pci_equal(&pf->vfs[vf], &released->address))
				continue;
			for (int s = 0; s < VFPT_SETTING_COUNT; s++)
				if (vfpt_settings_have(&released->before, (enum vfpt_setting)s))
					vfpt_settings_put(
						&vfs[vf], (enum vfpt_setting)s, released->before.value[s]);
		}
}

/* NULL: they have not been read. */
static struct vfpt_settings *find_settings(const struct planner *p, const struct vfpt_pf *pf)
{
	for (size_t i = 0; i < p->settings_count; i++)
		if (p->settings[i].pf == pf)
			return p->settings[i].vfs;
	return NULL;
}

bool vfpt_planner_has_settings(const struct planner *p, const struct vfpt_pf *pf)
{
	return find_settings(p, pf);
}

/* Each PF is read once. */
int vfpt_planner_settings(
	struct planner *p, const struct vfpt_pf *pf, struct vfpt_settings **out, struct vfpt_error *err)
{
	struct pf_settings *added;

	*out = find_settings(p, pf);
	if (*out)
		return 0;
	if (vfpt_session_settings(p->session, pf, out, err) < 0)
		return -1;
	added = vfpt_array_add(&p->settings, &p->settings_count, sizeof(*added));
	if (!added) {
		free(*out);
		return vfpt_planner_no_memory(err);
	}
	*added = (struct pf_settings){.pf = pf, .vfs = *out};
	apply_releases(p, pf, *out);
	return 0;
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
	return setting != VFPT_MAC && vfpt_settings_have(before, setting) && before->value[setting] == value;
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
