/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "plan.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "alloc.h"
#include "numa.h"
#include "planner.h"

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
	unsigned count = 0;

	for (size_t i = from + 1; i < p->requests->count; i++)
		count += vfpt_request_asks(&requests[i]) && requests[i].unfit.code == VFPT_OK &&
			 requests[i].profile.mode != VFPT_MODE_MACVTAP && requests[i].bridge &&
			 strcmp(requests[i].bridge, requests[from].bridge) == 0;
	return count;
}

/* Remember the group's other members: check_siblings() wants them to be this VM's in the end. */
static int remember_siblings(struct planner *p, const struct vfpt_vnic_plan *vnic, struct vfpt_error *err)
{
	struct vfpt_standing *standing = &p->standing;
	scoped(vfpt_iommu_group_free) struct vfpt_iommu_group group = {.count = 0};

	if (vfpt_host_iommu_group(p->session->host, &vnic->assignment.address, &group, err) < 0)
		return -1;
	for (size_t i = 0; i < group.count; i++) {
		const struct vfpt_pci *member = &group.members[i];
		struct vfpt_sibling *added;

		if (vfpt_pci_equal(member, &vnic->assignment.address) ||
			!vfpt_must_come_along(standing, member))
			continue;
		added = vfpt_array_add(&standing->siblings, &standing->sibling_count, sizeof(*added));
		if (!added)
			return vfpt_planner_no_memory(err);
		*added = (struct vfpt_sibling){.vf = *member, .for_request = vnic->request};
	}
	return 0;
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
static int check_vlan_policy(const struct planner *p, struct vfpt_vnic_plan *vnic, struct vfpt_error *err)
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

/* Of a VF that is given back first libvirt may have set what it had by itself by way of the PF. */
static struct vfpt_mac own_mac(const struct planner *p, const struct vfpt_vnic_plan *vnic)
{
	const struct vfpt_pci *vf = &vnic->assignment.address;
	const struct vfpt_assignment *released = vfpt_standing_released(&p->standing, vf);
	const struct vfpt_mac shown = vfpt_mac_of(vnic->before.value[VFPT_MAC]);

	return released ? released->own_mac : vfpt_host_own_mac(p->session->host, vnic->pf, vf, &shown);
}

/* Settings are known: what becomes of the VF. */
static int plan_vf(struct planner *p, struct vfpt_vnic_plan *vnic, unsigned speed, struct vfpt_error *err)
{
	struct vfpt_assignment *a = &vnic->assignment;
	struct vfpt_settings *vfs;

	if (check_vlan_policy(p, vnic, err) < 0 || vfpt_planner_settings(p, vnic->pf, &vfs, err) < 0)
		return -1;
	vnic->before = vfs[a->vf];
	vnic->is_given_back = vfpt_standing_released(&p->standing, &a->address);
	a->before = vnic->before;
	a->own_mac = own_mac(p, vnic);
	/* Nothing new is asked of a VF that is named. */
	if (!vnic->request->netdev[0] &&
		vfpt_settings_check(&a->wanted, vnic->pf, a->vf, speed, vfs, err) < 0)
		return -1;
	if (vfpt_planner_check_mac(p, vnic, err) < 0)
		return -1;
	/* A link that is held until the VM runs then gets what it is to have. */
	if (vfpt_is_reset_by_start(&a->wanted) && !vfpt_settings_have(&a->wanted, VFPT_LINK_STATE))
		vfpt_settings_put(&a->wanted, VFPT_LINK_STATE, a->before.value[VFPT_LINK_STATE]);
	return vfpt_planner_add_steps(vnic, a->vf, err);
}

/* A VF that its driver does not show is waited for where no other does. */
static int choose_vf(struct planner *p, struct vfpt_search *search, struct vfpt_vnic_plan *vnic,
	struct vfpt_choice *choice, struct vfpt_error *err)
{
	autofree struct vfpt_passed_over *passed_over = NULL;
	struct vfpt_considered **considered = p->options->verdicts ? &vnic->considered : NULL;
	bool again;
	int r;

	do {
		free(passed_over);
		passed_over = NULL;
		search->passed_over_count = 0;
		if (vfpt_planner_pass_over(
			    p, search->serving, &passed_over, &search->passed_over_count, err) < 0)
			return -1;
		search->passed_over = passed_over;
		r = vfpt_choose_vf(search, choice, considered, &vnic->considered_count, err);
		again = r < 0 && err->code == VFPT_NO_VF &&
			vfpt_planner_await(p, passed_over, search->passed_over_count);
		if (again && considered) {
			free(vnic->considered);
			vnic->considered = NULL;
		}
	} while (again);
	search->passed_over = NULL;
	return r;
}

static int plan_on_network(struct planner *p, const struct vfpt_network_pfs *serving,
	struct vfpt_vnic_plan *vnic, size_t index, struct vfpt_error *err)
{
	const struct vfpt_request *request = vnic->request;
	autofree const struct vfpt_pf **refused =
		calloc(p->options->refused_count + 1, sizeof(struct vfpt_pf *));
	struct vfpt_search search = {.standing = &p->standing,
		.request = request,
		.serving = serving,
		.nodes = p->nodes,
		.still_wanted = count_still_to_come(p, index),
		.refused = refused};
	struct vfpt_assignment *a = &vnic->assignment;
	struct vfpt_choice choice;
	unsigned speed;

	if (!refused)
		return vfpt_planner_no_memory(err);
	for (size_t i = 0; i < p->options->refused_count; i++)
		if (p->options->refused[i].request == index &&
			p->options->refused[i].why.code == VFPT_REFUSED)
			refused[search.refused_count++] = p->options->refused[i].pf;
	if (choose_vf(p, &search, vnic, &choice, err) < 0)
		return -1;
	fill_assignment(p, &choice, &request->mac, vnic);
	a->macvtap = request->profile.mode == VFPT_MODE_MACVTAP;
	snprintf(a->alias, sizeof(a->alias), "%s", request->alias);
	vfpt_network_name(a->network, request->network);
	speed = vfpt_settings_have(&request->profile.settings, VFPT_MAX_TX_RATE) || request->bandwidth
			? vfpt_host_link_speed(p->session->host, vnic->pf)
			: 0;
	a->wanted = vfpt_planner_complete_settings(request, serving, speed);
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

/* As it is now, libvirt shall have it: it would set VLAN id 0 otherwise. */
static struct vfpt_settings settings_as_they_are(
	const struct vfpt_settings *before, const struct vfpt_mac *mac)
{
	struct vfpt_settings wanted = *before;

	wanted.present &= 1u << VFPT_VLAN_ID | 1u << VFPT_VLAN_PRIORITY | 1u << VFPT_VLAN_PROTOCOL;
	if (vfpt_setting_same(VFPT_VLAN_ID, wanted.value[VFPT_VLAN_ID], 0))
		wanted.value[VFPT_VLAN_ID] = 0; /* libvirt sets none: the guest tags, as it does now */
	vfpt_settings_put(&wanted, VFPT_MAC, vfpt_mac_value(mac));
	return wanted;
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
		vfpt_planner_await_vf(p, choice.pf, choice.vf, err) < 0 ||
		vfpt_planner_settings(p, choice.pf, &vfs, err) < 0)
		return -1;
	vnic->pfs = calloc(1, sizeof(struct vfpt_pf *));
	if (!vnic->pfs)
		return vfpt_planner_no_memory(err);
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
	if (vfpt_planner_settings(p, vnic->pf, &vfs, &none) < 0)
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

/* --- all of it ------------------------------------------------------------------------------- */

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
	if (vfpt_planner_plan_releases(p, err) < 0)
		return -1;
	released = p->plan->release_count;
	p->released = calloc(released + options->gone_count + 1, sizeof(*p->released));
	p->planned = calloc(p->requests->count + 1, sizeof(struct vfpt_assignment *));
	if (!p->released || !p->planned)
		return vfpt_planner_no_memory(err);
	memcpy(p->released, p->plan->releases, released * sizeof(*p->released));
	if (options->gone_count > 0)
		memcpy(p->released + released, options->gone, options->gone_count * sizeof(*p->released));
	standing->released = p->released;
	standing->released_count = released + options->gone_count;
	standing->planned = p->planned;
	return 0;
}

static int find_nodes(struct planner *p, struct vfpt_error *err)
{
	const struct vfpt_requests *requests = p->requests;

	if (!requests->nodes || p->session->config->policy.numa == VFPT_NUMA_IGNORE)
		return 0;
	p->nodes = malloc(sizeof(*p->nodes));
	if (!p->nodes)
		return vfpt_planner_no_memory(err);
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
		return vfpt_planner_no_memory(err);
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
	for (size_t i = 0; i < p->mac_count; i++)
		free(p->macs[i].macs);
	free(p->macs);
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
	scoped(free_planner) struct planner planner = {.session = session,
		.requests = requests,
		.options = options ? options : &none,
		.plan = calloc(1, sizeof(*planner.plan))};

	*out = planner.plan;
	if (!planner.plan)
		return vfpt_planner_no_memory(err);
	planner.plan->requests = requests;
	if (make(&planner, err) == 0)
		return 0;
	vfpt_plan_free(*out);
	*out = NULL;
	return -1;
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
