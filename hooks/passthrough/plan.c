/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "plan.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "numa.h"

/* The settings of one PF's VFs as they will be at this point of the plan. */
struct pf_settings {
	const struct vfpt_pf *pf;
	struct vfpt_settings *vfs;
};

/* A plan that is being made. */
struct planner {
	struct vfpt_session *session;
	const struct vfpt_requests *requests;
	const struct vfpt_plan_options *options;
	struct vfpt_plan *plan;
	struct vfpt_standing standing;
	struct vfpt_assignment *records; /* the standing's */
	struct vfpt_assignment
		*released; /* the standing's: the plan's releases, and those of VMs that are gone */
	const struct vfpt_assignment **planned; /* the standing's */
	struct vfpt_set *nodes;                 /* NUMA nodes of the VM; NULL: not known */
	const struct vfpt_pf **pfs;             /* all of the host; NULL: not looked for yet */
	size_t pf_count;
	size_t settings_count;
	struct pf_settings *settings;
};

static int no_memory(struct vfpt_error *err)
{
	return vfpt_error_errno(err, VFPT_SYSTEM, ENOMEM, "planning");
}

const char *vfpt_outcome_name(enum vfpt_outcome outcome)
{
	static const char *const names[] = {
		[VFPT_OUTCOME_NONE] = "none",
		[VFPT_OUTCOME_VF] = "vf",
		[VFPT_OUTCOME_STAY] = "stay",
		[VFPT_OUTCOME_FAIL] = "fail",
	};

	return names[outcome];
}

/* --- settings as they will be ---------------------------------------------------------------- */

static bool is_released(const struct vfpt_standing *standing, const struct vfpt_pci *vf)
{
	for (size_t i = 0; i < standing->released_count; i++)
		if (vfpt_pci_equal(&standing->released[i].address, vf))
			return true;
	return false;
}

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

/* Each PF is read once. */
static int get_settings(
	struct planner *p, const struct vfpt_pf *pf, struct vfpt_settings **out, struct vfpt_error *err)
{
	struct pf_settings *grown;

	for (size_t i = 0; i < p->settings_count; i++)
		if (p->settings[i].pf == pf) {
			*out = p->settings[i].vfs;
			return 0;
		}
	grown = reallocarray(p->settings, p->settings_count + 1, sizeof(*grown));
	if (!grown)
		return no_memory(err);
	p->settings = grown;
	if (vfpt_session_settings(p->session, pf, out, err) < 0)
		return -1;
	apply_releases(p, pf, *out);
	grown[p->settings_count++] = (struct pf_settings){.pf = pf, .vfs = *out};
	return 0;
}

/* --- steps ----------------------------------------------------------------------------------- */

static int add_step(struct vfpt_vnic_plan *vnic, struct vfpt_step step, struct vfpt_error *err)
{
	/* Room doubles at each power of two. */
	if ((vnic->step_count & (vnic->step_count - 1)) == 0) {
		size_t room = vnic->step_count ? vnic->step_count * 2 : 1;
		struct vfpt_step *grown = reallocarray(vnic->steps, room, sizeof(*grown));

		if (!grown)
			return no_memory(err);
		vnic->steps = grown;
	}
	vnic->steps[vnic->step_count++] = step;
	return 0;
}

/* A MAC is set even when it is there already: igb shows a VF's own one, which its user may still change. */
static bool is_there(const struct vfpt_settings *before, enum vfpt_setting setting, uint64_t value)
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
		if (add_step(vnic, step, err) < 0)
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
			(!vnic->is_given_back && is_there(&vnic->before, step.setting, step.value)))
			continue;
		if (add_step(vnic, step, err) < 0)
			return -1;
	}
	return 0;
}

/* Record first, then set: a crash in between leaves a record that says how the VF was. */
static int add_steps(struct vfpt_vnic_plan *vnic, unsigned vf, struct vfpt_error *err)
{
	const struct vfpt_assignment *a = &vnic->assignment;
	struct vfpt_step step = {.kind = VFPT_STEP_RECORD, .pf = vnic->pf, .vf = vf};

	if (add_step(vnic, step, err) < 0)
		return -1;
	step.kind = VFPT_STEP_HOLD_LINK;
	if (vfpt_is_reset_by_start(&a->wanted) && add_step(vnic, step, err) < 0)
		return -1;
	if (add_settings(vnic, step, err) < 0 || add_defaults(vnic, step, err) < 0)
		return -1;
	step.kind = VFPT_STEP_MTU;
	step.value = a->mtu;
	return a->mtu != a->mtu_before ? add_step(vnic, step, err) : 0;
}

/* --- the vNIC's MAC on other VFs ------------------------------------------------------------- */

static int mac_in_use(const char *pf, unsigned vf, const char *by, struct vfpt_error *err)
{
	return vfpt_error_set(err, VFPT_BAD_INPUT,
		"VF %u of %s has this MAC already: %s; give one of the two another MAC in the engine", vf, pf,
		by);
}

static int mac_of_vm(const char *pf, unsigned vf, const char *vm, struct vfpt_error *err)
{
	char by[VFPT_REASON_SIZE];

	snprintf(by, sizeof(by), "it belongs to VM %s", vm[0] ? vm : "(its record is garbage)");
	return mac_in_use(pf, vf, by, err);
}

/* The ledger knows of a MAC whatever a PF shows: it is not set yet, or its PF cannot be asked. */
static int check_mac_in_ledger(
	const struct planner *p, const struct vfpt_assignment *a, struct vfpt_error *err)
{
	const struct vfpt_standing *standing = &p->standing;

	for (size_t i = 0; i < standing->planned_count; i++)
		if (vfpt_mac_equal(&standing->planned[i]->mac, &a->mac))
			return mac_of_vm(
				standing->planned[i]->pf, standing->planned[i]->vf, standing->vm, err);
	for (size_t i = 0; i < standing->record_count; i++) {
		const struct vfpt_assignment *record = &standing->records[i];
		const char *owner = vfpt_standing_owner(standing, &record->address);

		if (vfpt_mac_equal(&record->mac, &a->mac) && owner && strcmp(owner, record->vm) == 0)
			return mac_of_vm(record->pf, record->vf, record->vm, err);
	}
	return 0;
}

/* Another VF than the vNIC's holds its MAC: whose is it? Where it is nobody's, the MAC is stale. */
static int resolve_mac_holder(struct planner *p, struct vfpt_vnic_plan *vnic, const struct vfpt_pf *pf,
	unsigned vf, struct vfpt_settings *now, struct vfpt_error *err)
{
	const struct vfpt_step step = {
		.kind = VFPT_STEP_CLEAR_MAC, .pf = pf, .vf = vf, .value = now->value[VFPT_MAC]};
	const char *owner = vfpt_standing_owner(&p->standing, &pf->vfs[vf]);
	char reason[VFPT_REASON_SIZE];
	bool used;

	if (owner)
		return mac_of_vm(pf->name, vf, owner, err);
	/* Whatever it is that somebody keeps there. */
	if (vfpt_is_excluded(p->session->config, pf, vf))
		return mac_in_use(pf->name, vf, "vfpt.conf excludes it, so it is left alone", err);
	if (vfpt_vf_usage(p->session->host, &pf->vfs[vf], &used, reason, err) < 0)
		return -1;
	if (used)
		return mac_in_use(pf->name, vf, reason, err);
	now->value[VFPT_MAC] = 0;
	return add_step(vnic, step, err);
}

static int check_mac_on_pf(
	struct planner *p, struct vfpt_vnic_plan *vnic, const struct vfpt_pf *pf, struct vfpt_error *err)
{
	const struct vfpt_assignment *a = &vnic->assignment;
	uint64_t value = vfpt_mac_value(&a->mac);
	struct vfpt_settings *vfs;

	if (vfpt_mac_equal(&pf->mac, &a->mac))
		return vfpt_error_set(err, VFPT_BAD_INPUT,
			"PF %s itself has this MAC; give the vNIC another one in the engine", pf->name);
	if (pf->vf_count == 0)
		return 0;
	if (get_settings(p, pf, &vfs, err) < 0)
		return -1;
	for (unsigned vf = 0; vf < pf->vf_count; vf++)
		if (vfpt_settings_have(&vfs[vf], VFPT_MAC) && vfs[vf].value[VFPT_MAC] == value &&
			(pf != vnic->pf || vf != a->vf) &&
			resolve_mac_holder(p, vnic, pf, vf, &vfs[vf], err) < 0)
			return -1;
	return 0;
}

static bool is_among(const struct vfpt_pf *const *pfs, size_t count, const struct vfpt_pf *pf)
{
	for (size_t i = 0; i < count; i++)
		if (pfs[i] == pf)
			return true;
	return false;
}

/* All PFs of the host, looked for once; where that fails those of the vNIC's network must do. */
static void find_all_pfs(struct planner *p)
{
	struct vfpt_error failure;

	if (p->pfs)
		return;
	if (vfpt_host_pfs(p->session->host, &p->pfs, &p->pf_count, &failure) == 0)
		return;
	p->plan->warning = failure;
	vfpt_error_remedy(&p->plan->warning, "the vNIC's MAC is looked for on the PFs of its network only");
	p->pfs = calloc(1, sizeof(struct vfpt_pf *));
	p->pf_count = 0;
}

/*
 * One MAC is one vNIC's on the whole host: which PFs are on one wire, only the switch knows. A PF that is
 * none of the vNIC's and cannot be asked does not keep it from its VF: that is said, and the ledger knows of
 * the VMs' MACs all the same.
 */
static int check_mac(struct planner *p, struct vfpt_vnic_plan *vnic, struct vfpt_error *err)
{
	struct vfpt_settings *ignored;
	struct vfpt_error failure;
	char mac[VFPT_MAC_SIZE];

	if (check_mac_in_ledger(p, &vnic->assignment, err) < 0)
		return -1;
	for (size_t i = 0; i < vnic->pf_count; i++)
		if (check_mac_on_pf(p, vnic, vnic->pfs[i], err) < 0)
			return -1;
	find_all_pfs(p);
	for (size_t i = 0; i < p->pf_count; i++) {
		const struct vfpt_pf *pf = p->pfs[i];

		if (is_among(vnic->pfs, vnic->pf_count, pf))
			continue;
		if (pf->vf_count > 0 && get_settings(p, pf, &ignored, &failure) < 0) {
			p->plan->warning = failure;
			vfpt_error_remedy(&p->plan->warning,
				"whether one of them has MAC %s, too, is not known",
				vfpt_mac_format(&vnic->assignment.mac, mac));
			continue;
		}
		if (check_mac_on_pf(p, vnic, pf, err) < 0)
			return -1;
	}
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

/* What the vNIC asks for, and what every VF that is given away must have. */
static struct vfpt_settings complete_settings(
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

/* As it is now, libvirt shall have it: it would set VLAN id 0 otherwise. */
static struct vfpt_settings settings_as_they_are(
	const struct vfpt_settings *before, const struct vfpt_mac *mac)
{
	struct vfpt_settings wanted = *before;

	wanted.present &= 1u << VFPT_VLAN_ID | 1u << VFPT_VLAN_PRIORITY | 1u << VFPT_VLAN_PROTOCOL;
	vfpt_settings_put(&wanted, VFPT_MAC, vfpt_mac_value(mac));
	return wanted;
}

/* --- one request ----------------------------------------------------------------------------- */

static void fill_assignment(const struct planner *p, const struct vfpt_choice *choice,
	const struct vfpt_mac *mac, struct vfpt_vnic_plan *vnic)
{
	struct vfpt_assignment *a = &vnic->assignment;

	vnic->pf = choice->pf;
	memcpy(a->vm, p->requests->vm, sizeof(a->vm));
	a->mac = *mac;
	memcpy(a->pf, choice->pf->name, sizeof(a->pf));
	a->vf = choice->vf;
	a->address = choice->pf->vfs[choice->vf];
}

/* VFs that the VM still wants of the same bridge, in the guest. */
static unsigned count_still_to_come(const struct planner *p, size_t from)
{
	const struct vfpt_request *requests = p->requests->requests;
	unsigned more = 0;

	for (size_t i = from + 1; i < p->requests->count; i++)
		more += vfpt_request_asks(&requests[i]) && requests[i].unfit.code == VFPT_OK &&
			requests[i].profile.mode != VFPT_MODE_MACVTAP && requests[i].bridge &&
			strcmp(requests[i].bridge, requests[from].bridge) == 0;
	return more;
}

/* Remember the group's other members: check_siblings() wants them to be this VM's in the end. */
static int remember_siblings(struct planner *p, const struct vfpt_vnic_plan *vnic, struct vfpt_error *err)
{
	struct vfpt_standing *standing = &p->standing;
	struct vfpt_iommu_group group;
	int r = 0;

	if (vfpt_host_iommu_group(p->session->host, &vnic->assignment.address, &group, err) < 0)
		return -1;
	for (size_t i = 0; i < group.count && r == 0; i++) {
		const struct vfpt_pci *member = &group.members[i];
		struct vfpt_sibling *grown;

		if (vfpt_pci_equal(member, &vnic->assignment.address) ||
			!vfpt_must_come_along(standing, member))
			continue;
		grown = reallocarray(standing->siblings, standing->sibling_count + 1, sizeof(*grown));
		if (!grown) {
			r = no_memory(err);
			continue;
		}
		grown[standing->sibling_count++] =
			(struct vfpt_sibling){.vf = *member, .for_request = vnic->request};
		standing->siblings = grown;
	}
	vfpt_iommu_group_free(&group);
	return r;
}

/* A macvtap is made with the MTU of what it stands on. */
static int plan_netdev(struct planner *p, const struct vfpt_network_pfs *serving, struct vfpt_vnic_plan *vnic,
	struct vfpt_error *err)
{
	struct vfpt_netdev netdev;

	if (!vnic->assignment.macvtap)
		return 0;
	if (vfpt_host_netdev(p->session->host, &vnic->assignment.address, &netdev, err) < 0)
		return -1;
	memcpy(vnic->netdev, netdev.name, sizeof(vnic->netdev));
	if (serving->vnic_mtu) {
		vnic->assignment.mtu_before = netdev.mtu;
		vnic->assignment.mtu = serving->vnic_mtu;
	}
	return 0;
}

/*
 * Only a VLAN that is set through the PF confines a guest. Of a VF without one igb, ixgbe, i40e, ice and qede
 * accept each VLAN filter that the guest's driver asks for, trusted or not, and mlx5 and bnxt leave VLANs to
 * the VF. mlx4 shows such a VF with id 4095. An id that is not known counts as none: libvirt will set none.
 * With a port profile the switch decides.
 */
static int check_untagged(const struct planner *p, struct vfpt_vnic_plan *vnic, struct vfpt_error *err)
{
	const struct vfpt_assignment *a = &vnic->assignment;
	uint64_t id = vfpt_settings_have(&a->wanted, VFPT_VLAN_ID) ? a->wanted.value[VFPT_VLAN_ID] : 0;
	enum vfpt_untagged policy = p->session->config->policy.untagged;

	if ((id != 0 && id != 4095) || policy == VFPT_UNTAGGED_ALLOW ||
		vnic->request->profile.port_profile[0])
		return 0;
	vnic->untagged = true;
	if (policy == VFPT_UNTAGGED_WARN)
		return 0;
	return vfpt_error_set(err, VFPT_REFUSED,
		"VF %u of %s would have no VLAN, so the guest could use any VLAN of the switch port, which "
		"vfpt.conf refuses ([policy] untagged); give it one, or use no passthrough",
		a->vf, a->pf);
}

/* Settings are known: what becomes of the VF. */
static int plan_vf(struct planner *p, struct vfpt_vnic_plan *vnic, unsigned speed, struct vfpt_error *err)
{
	struct vfpt_assignment *a = &vnic->assignment;
	struct vfpt_settings *vfs;

	if (check_untagged(p, vnic, err) < 0 || get_settings(p, vnic->pf, &vfs, err) < 0)
		return -1;
	vnic->before = vfs[a->vf];
	vnic->is_given_back = is_released(&p->standing, &a->address);
	a->before = vnic->before;
	/* Nothing new is asked of a VF that is named. */
	if (!vnic->request->netdev[0] &&
		vfpt_settings_check(&a->wanted, vnic->pf, a->vf, speed, vfs, err) < 0)
		return -1;
	if (check_mac(p, vnic, err) < 0)
		return -1;
	/* A link that is held until the VM runs then gets what it is to have. */
	if (vfpt_is_reset_by_start(&a->wanted) && !vfpt_settings_have(&a->wanted, VFPT_LINK_STATE))
		vfpt_settings_put(&a->wanted, VFPT_LINK_STATE, a->before.value[VFPT_LINK_STATE]);
	return add_steps(vnic, a->vf, err);
}

static int plan_on_network(struct planner *p, const struct vfpt_network_pfs *serving,
	struct vfpt_vnic_plan *vnic, size_t index, struct vfpt_error *err)
{
	const struct vfpt_request *request = vnic->request;
	const struct vfpt_pf **refused = calloc(p->options->refused_count + 1, sizeof(struct vfpt_pf *));
	struct vfpt_search search = {.standing = &p->standing,
		.request = request,
		.serving = serving,
		.nodes = p->nodes,
		.more = count_still_to_come(p, index),
		.refused = refused};
	struct vfpt_assignment *a = &vnic->assignment;
	struct vfpt_choice choice;
	unsigned speed;
	int r;

	if (!refused)
		return no_memory(err);
	for (size_t i = 0; i < p->options->refused_count; i++)
		if (p->options->refused[i].request == index)
			refused[search.refused_count++] = p->options->refused[i].pf;
	r = vfpt_choose_vf(&search, &choice, p->options->verdicts ? &vnic->considered : NULL,
		&vnic->considered_count, err);
	free(refused);
	if (r < 0)
		return -1;
	fill_assignment(p, &choice, &request->mac, vnic);
	a->macvtap = request->profile.mode == VFPT_MODE_MACVTAP;
	snprintf(a->alias, sizeof(a->alias), "%s", request->alias);
	vfpt_network_name(a->network, request->network);
	speed = vfpt_settings_have(&request->profile.settings, VFPT_MAX_TX_RATE) || request->bandwidth
			? vfpt_host_link_speed(p->session->host, vnic->pf)
			: 0;
	a->wanted = complete_settings(request, serving, speed);
	if (choice.grade == VFPT_VF_OPENS_GROUP && remember_siblings(p, vnic, err) < 0)
		return -1;
	if (plan_netdev(p, serving, vnic, err) < 0)
		return -1;
	return plan_vf(p, vnic, speed, err);
}

static int plan_vnic(struct planner *p, struct vfpt_vnic_plan *vnic, size_t index, struct vfpt_error *err)
{
	const struct vfpt_request *request = vnic->request;
	struct vfpt_network_pfs serving;

	if (request->unfit.code != VFPT_OK) {
		*err = request->unfit;
		return -1;
	}
	if (vfpt_find_network_pfs(p->session, request, &serving, err) < 0)
		return -1;
	vnic->pfs = serving.pfs;
	vnic->pf_count = serving.pf_count;
	if (request->profile.mode == VFPT_MODE_FAILOVER && !serving.has_bridge)
		return vfpt_error_set(err, VFPT_BAD_INPUT,
			"passthrough_mode=failover needs a bridge beside the VF, and %.20s has none on this "
			"host; use hostdev or macvtap",
			request->bridge);
	return plan_on_network(p, &serving, vnic, index, err);
}

/* With its MAC and its VLAN as they are. */
static int plan_named_vf(struct planner *p, struct vfpt_vnic_plan *vnic, struct vfpt_error *err)
{
	const char *name = vnic->request->netdev;
	struct vfpt_assignment *a = &vnic->assignment;
	struct vfpt_settings *vfs;
	struct vfpt_choice choice = {.pf = NULL};
	struct vfpt_netdev netdev;
	char alias[VFPT_VF_ALIAS_SIZE];

	if (vfpt_host_vf_of_netdev(p->session->host, name, &vnic->named, err) < 0)
		return -1;
	if (vfpt_choose_named_vf(&p->standing, &vnic->named, &choice, err) < 0)
		return -1;
	if (vfpt_host_netdev(p->session->host, &vnic->named, &netdev, err) < 0 ||
		get_settings(p, choice.pf, &vfs, err) < 0)
		return -1;
	vnic->pfs = calloc(1, sizeof(struct vfpt_pf *));
	if (!vnic->pfs)
		return no_memory(err);
	vnic->pfs[vnic->pf_count++] = choice.pf;
	fill_assignment(p, &choice, &netdev.mac, vnic);
	snprintf(a->alias, sizeof(a->alias), "%s", vfpt_vf_alias(&netdev.mac, alias));
	a->wanted = settings_as_they_are(&vfs[choice.vf], &netdev.mac);
	return plan_vf(p, vnic, 0, err);
}

/* --- what becomes of it ---------------------------------------------------------------------- */

/* A network without a bridge on this host leaves nothing to stay on. */
static bool can_stay(const struct planner *p, const struct vfpt_request *request)
{
	const struct vfpt_network *network;
	struct vfpt_error why;

	if (!request->bridge)
		return false;
	/* A bridge whose ports do not agree is one all the same. */
	if (vfpt_host_network(p->session->host, request->bridge, &network, &why) < 0)
		return why.code == VFPT_NO_VF;
	return network->exists;
}

static void forget_failed(struct planner *p, struct vfpt_vnic_plan *vnic, size_t siblings)
{
	p->standing.sibling_count = siblings;
	free(vnic->steps);
	vnic->steps = NULL;
	vnic->step_count = 0;
	vnic->pf = NULL;
}

/* From here on it is this VM's, with these settings. */
static void commit_vnic(struct planner *p, struct vfpt_vnic_plan *vnic)
{
	struct vfpt_standing *standing = &p->standing;
	const struct vfpt_assignment *a = &vnic->assignment;
	struct vfpt_settings *vfs;
	struct vfpt_error none;

	p->planned[standing->planned_count++] = a;
	for (size_t i = 0; i < standing->sibling_count; i++)
		if (vfpt_pci_equal(&standing->siblings[i].vf, &a->address))
			standing->siblings[i--] = standing->siblings[--standing->sibling_count];
	if (get_settings(p, vnic->pf, &vfs, &none) < 0)
		return; /* they are read already */
	for (int i = 0; i < VFPT_SETTING_COUNT; i++)
		if (vfpt_settings_have(&a->wanted, (enum vfpt_setting)i))
			vfpt_settings_put(&vfs[a->vf], (enum vfpt_setting)i, a->wanted.value[i]);
}

static void note_failure(struct vfpt_plan *plan, const struct vfpt_vnic_plan *vnic)
{
	if (plan->failure.code != VFPT_OK)
		return;
	plan->failure = vnic->why;
	vfpt_error_wrap(&plan->failure, "%s", vnic->request->name);
}

/* A driver that refused says more than that no other PF is left. */
static void prefer_refusal(const struct planner *p, struct vfpt_vnic_plan *vnic, size_t index)
{
	for (size_t i = 0; i < p->options->refused_count; i++)
		if (p->options->refused[i].request == index && vnic->why.code == VFPT_NO_VF)
			vnic->why = p->options->refused[i].why;
}

/* @return -1 only where the host cannot be looked at */
static int plan_request(struct planner *p, size_t index, struct vfpt_error *err)
{
	struct vfpt_vnic_plan *vnic = &p->plan->vnics[index];
	size_t siblings = p->standing.sibling_count;
	bool preferred = vnic->request->profile.passthrough == VFPT_PASSTHROUGH_PREFERRED;
	int r = vnic->request->netdev[0] ? plan_named_vf(p, vnic, &vnic->why)
					 : plan_vnic(p, vnic, index, &vnic->why);

	if (r == 0) {
		vnic->outcome = VFPT_OUTCOME_VF;
		commit_vnic(p, vnic);
		return 0;
	}
	forget_failed(p, vnic, siblings);
	if (vnic->why.code == VFPT_SYSTEM) {
		*err = vnic->why;
		return vfpt_error_wrap(err, "%s", vnic->request->name);
	}
	prefer_refusal(p, vnic, index);
	vnic->outcome = preferred && can_stay(p, vnic->request) ? VFPT_OUTCOME_STAY : VFPT_OUTCOME_FAIL;
	if (vnic->outcome == VFPT_OUTCOME_FAIL)
		note_failure(p->plan, vnic);
	return 0;
}

/* --- what is given back first ---------------------------------------------------------------- */

bool vfpt_assignment_is_of_vnic(const struct vfpt_assignment *all, size_t count,
	const struct vfpt_assignment *one, const struct vfpt_vnic *vnic)
{
	if (!vfpt_mac_equal(&one->mac, &vnic->mac))
		return false;
	if (!vnic->alias || strcmp(one->alias, vnic->alias) == 0)
		return true;
	/* User aliases are for good (libvirt's own, "hostdev0", are not): two of them are two vNICs. */
	if (strncmp(vnic->alias, "ua-", 3) == 0 && strncmp(one->alias, "ua-", 3) == 0)
		return false;
	for (size_t i = 0; i < count; i++)
		if (strcmp(all[i].vm, one->vm) == 0 && vfpt_mac_equal(&all[i].mac, &vnic->mac) &&
			strcmp(all[i].alias, vnic->alias) == 0)
			return false;
	return true;
}

/* Is the VF in the guest, so that it is not left over from a killed run? */
static int refuse_running(const struct planner *p, const struct vfpt_assignment *a, struct vfpt_error *err)
{
	struct vfpt_vm_liveness *liveness = p->session->liveness;
	char reason[VFPT_REASON_SIZE];
	bool used;

	if (p->requests->starts && !vfpt_vm_has_process(liveness, a) && !vfpt_vm_liveness_in_doubt(liveness))
		return 0;
	if (vfpt_vf_usage(p->session->host, &a->address, &used, reason, err) < 0)
		return -1;
	if (!used)
		return 0;
	if (p->requests->starts)
		return vfpt_error_set(err, VFPT_BAD_INPUT,
			"VM %s runs already, on VF %u of %s; stop it before it is started again", a->vm,
			a->vf, a->pf);
	return vfpt_error_set(
		err, VFPT_BAD_INPUT, "it is plugged already, on VF %u of %s (%s)", a->vf, a->pf, reason);
}

static bool is_left_over(const struct planner *p, const struct vfpt_assignment *record)
{
	const struct vfpt_requests *requests = p->requests;

	if (strcmp(record->vm, requests->vm) != 0)
		return false;
	return requests->starts || vfpt_assignment_is_of_vnic(p->records, p->standing.record_count, record,
					   requests->requests[0].vnic);
}

/*
 * The VM is not running yet (or not with this vNIC): what it still has is left over from a killed hook. And a
 * vNIC that is plugged belongs to the run in which the VM got its others.
 */
static int plan_releases(struct planner *p, struct vfpt_error *err)
{
	struct vfpt_plan *plan = p->plan;

	plan->run = p->requests->starts ? VFPT_NEW_RUN : 0;
	plan->releases = calloc(p->standing.record_count + 1, sizeof(*plan->releases));
	if (!plan->releases)
		return no_memory(err);
	for (size_t i = 0; i < p->standing.record_count; i++) {
		const struct vfpt_assignment *record = &p->records[i];

		if (is_left_over(p, record)) {
			if (refuse_running(p, record, err) < 0)
				return -1;
			plan->releases[plan->release_count++] = *record;
		} else if (!p->requests->starts && strcmp(record->vm, p->requests->vm) == 0 &&
			   record->run > plan->run) {
			plan->run = record->run;
		}
	}
	return 0;
}

static int find_standing(struct planner *p, struct vfpt_error *err)
{
	const struct vfpt_plan_options *options = p->options;
	struct vfpt_standing *standing = &p->standing;
	size_t corrupt, released;

	*standing = (struct vfpt_standing){.session = p->session,
		.vm = p->requests->vm,
		.own_count = p->requests->own_count,
		.own = p->requests->own};
	if (vfpt_ledger_of_vm(p->session->ledger, NULL, &p->records, &standing->record_count, &corrupt, err) <
		0)
		return -1;
	standing->records = p->records;
	if (plan_releases(p, err) < 0)
		return -1;
	released = p->plan->release_count;
	p->released = calloc(released + options->gone_count + 1, sizeof(*p->released));
	p->planned = calloc(p->requests->count + 1, sizeof(struct vfpt_assignment *));
	if (!p->released || !p->planned)
		return no_memory(err);
	memcpy(p->released, p->plan->releases, released * sizeof(*p->released));
	if (options->gone_count > 0)
		memcpy(p->released + released, options->gone, options->gone_count * sizeof(*p->released));
	standing->released = p->released;
	standing->released_count = released + options->gone_count;
	standing->planned = p->planned;
	return 0;
}

/* --- all of it ------------------------------------------------------------------------------- */

static int find_nodes(struct planner *p, struct vfpt_error *err)
{
	const struct vfpt_requests *requests = p->requests;

	if (!requests->nodes || p->session->config->policy.numa == VFPT_NUMA_IGNORE)
		return 0;
	p->nodes = malloc(sizeof(*p->nodes));
	if (!p->nodes)
		return no_memory(err);
	memcpy(p->nodes, requests->nodes, sizeof(*p->nodes));
	if (p->nodes->count == 0 && requests->cpus->count > 0)
		return vfpt_nodes_of_cpus(p->session->root, requests->cpus, p->nodes, err);
	return 0;
}

/* VFIO gives away iommu groups as a whole. */
static void check_siblings(struct planner *p)
{
	const struct vfpt_standing *standing = &p->standing;
	char text[VFPT_PCI_SIZE], mac[VFPT_MAC_SIZE];

	if (standing->sibling_count == 0 || p->plan->failure.code != VFPT_OK)
		return;
	vfpt_error_set(&p->plan->failure, VFPT_NO_VF,
		"vNIC %s: its VF shares an iommu group with %s, which does not go to this VM; use a PCI slot "
		"whose bridges support ACS",
		vfpt_mac_format(&standing->siblings[0].for_request->mac, mac),
		vfpt_pci_format(&standing->siblings[0].vf, text));
}

static int make(struct planner *p, struct vfpt_error *err)
{
	struct vfpt_plan *plan = p->plan;

	plan->vnics = calloc(p->requests->count + 1, sizeof(*plan->vnics));
	if (!plan->vnics)
		return no_memory(err);
	plan->count = p->requests->count;
	for (size_t i = 0; i < plan->count; i++)
		plan->vnics[i].request = &p->requests->requests[i];
	if (!vfpt_requests_any(p->requests))
		return 0;
	if (find_standing(p, err) < 0) {
		if (err->code == VFPT_SYSTEM)
			return vfpt_error_wrap(err, "%s", vfpt_requests_first(p->requests)->name);
		plan->failure = *err;
		vfpt_error_wrap(&plan->failure, "%s", vfpt_requests_first(p->requests)->name);
		return 0;
	}
	if (find_nodes(p, err) < 0)
		return -1;
	for (size_t i = 0; i < plan->count; i++) {
		if (!vfpt_request_asks(plan->vnics[i].request))
			continue;
		if (plan->failure.code != VFPT_OK && !p->options->verdicts)
			break;
		if (plan_request(p, i, err) < 0)
			return -1;
	}
	check_siblings(p);
	return 0;
}

static void free_planner(struct planner *p)
{
	for (size_t i = 0; i < p->settings_count; i++)
		free(p->settings[i].vfs);
	free(p->settings);
	free(p->standing.siblings);
	free(p->pfs);
	free(p->nodes);
	free(p->planned);
	free(p->released);
	free(p->records);
}

int vfpt_plan_make(struct vfpt_session *session, const struct vfpt_requests *requests,
	const struct vfpt_plan_options *options, struct vfpt_plan **out, struct vfpt_error *err)
{
	static const struct vfpt_plan_options none = {.verdicts = false};
	struct planner planner = {.session = session,
		.requests = requests,
		.options = options ? options : &none,
		.plan = calloc(1, sizeof(*planner.plan))};
	int r;

	*out = planner.plan;
	if (!planner.plan)
		return no_memory(err);
	planner.plan->requests = requests;
	r = make(&planner, err);
	free_planner(&planner);
	if (r < 0) {
		vfpt_plan_free(*out);
		*out = NULL;
	}
	return r;
}

bool vfpt_plan_lacks_vf(const struct vfpt_plan *plan)
{
	for (size_t i = 0; i < plan->count; i++)
		if (plan->vnics[i].outcome == VFPT_OUTCOME_STAY ||
			plan->vnics[i].outcome == VFPT_OUTCOME_FAIL)
			return true;
	return false;
}

void vfpt_plan_free(struct vfpt_plan *plan)
{
	if (!plan)
		return;
	for (size_t i = 0; i < plan->count; i++) {
		free(plan->vnics[i].steps);
		free(plan->vnics[i].considered);
		free(plan->vnics[i].pfs);
	}
	free(plan->vnics);
	free(plan->releases);
	free(plan);
}
