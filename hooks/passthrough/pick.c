/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "pick.h"
#include "pf_match.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tell.h"
#include "vfpt/vf_usage.h"

static int no_memory(struct vfpt_error *err)
{
	return vfpt_error_errno(err, VFPT_SYSTEM, ENOMEM, "choosing a VF");
}

/* --- which PFs ------------------------------------------------------------------------------- */

static int copy_pfs(struct target *target, const struct vfpt_network *network, struct vfpt_error *err)
{
	if (network->pf_count == 0) {
		*err = network->why;
		return -1;
	}
	target->pfs = calloc(network->pf_count, sizeof(struct vfpt_pf *));
	if (!target->pfs)
		return no_memory(err);
	memcpy(target->pfs, network->pfs, network->pf_count * sizeof(struct vfpt_pf *));
	target->pf_count = network->pf_count;
	return 0;
}

int target_find(struct vfpt_transaction *t, const struct vfpt_request *request, struct target *out,
	struct vfpt_error *err)
{
	const char *names = request->profile->pfs;
	const struct vfpt_network *network;

	*out = (struct target){.rules = vfpt_config_network(t->config, request->network, request->bridge)};
	if (vfpt_host_network(t->host, request->bridge, &network, err) < 0)
		return -1;
	out->has_bridge = network->exists;
	out->vlan_id = out->rules && out->rules->has_vlan ? out->rules->vlan_id : network->vlan_id;
	out->mtu = out->rules && out->rules->mtu ? out->rules->mtu : network->mtu;
	out->vnic_mtu = request->mtu ? request->mtu : out->mtu;
	if (request->mtu > out->mtu)
		out->mtu = request->mtu;
	if (!names[0] && out->rules)
		names = out->rules->pfs;
	return names[0] ? vfpt_match_pfs(t->host, names, &out->pfs, &out->pf_count, err)
			: copy_pfs(out, network, err);
}

/* --- what is known of a PF ------------------------------------------------------------------- */

/* One PF that serves the network, and why its VFs are passed over. */
struct candidate {
	const struct vfpt_pf *pf;
	unsigned assigned;                  /* VFs that anyone has on it */
	unsigned excluded;                  /* by vfpt.conf */
	unsigned unusable;                  /* free in the ledger, and yet not to be had */
	char why_out[200];                  /* what rules out the PF as a whole */
	char reason[VFPT_REASON_SIZE + 16]; /* the first VF that is unusable, and why */
};

struct field {
	size_t count;
	struct candidate *candidates;
	struct vfpt_candidate *plain; /* the same, as vfpt_rank_best() wants them */
};

static void free_field(struct field *field)
{
	for (size_t i = 0; i < field->count; i++)
		free(field->plain[i].grades);
	free(field->candidates);
	free(field->plain);
}

bool pick_is_of(const struct vfpt_transaction *t, const struct vfpt_pci *vf, const char *vm)
{
	const char *owner = vfpt_ledger_owner(t->ledger, vf);

	return owner && strcmp(owner, vm) == 0;
}

int pick_know_held(struct vfpt_transaction *t, const char *vm, struct vfpt_error *err)
{
	size_t corrupt;

	if (t->knows_held)
		return 0;
	if (vfpt_ledger_of_vm(t->ledger, NULL, &t->held, &t->held_count, &corrupt, err) < 0)
		return -1;
	t->knows_held = true;
	/* A vNIC that is plugged belongs to the run in which the VM got its others. */
	for (size_t i = 0; i < t->held_count; i++)
		if (t->run != VFPT_NEW_RUN && strcmp(t->held[i].vm, vm) == 0 && t->held[i].run > t->run)
			t->run = t->held[i].run;
	return 0;
}

/* By address: a PF can have another name by now. */
static bool is_vf_of(const struct vfpt_pf *pf, const struct vfpt_pci *address)
{
	for (unsigned vf = 0; vf < pf->vf_count; vf++)
		if (vfpt_pci_equal(&pf->vfs[vf], address))
			return true;
	return false;
}

/* VFs of that PF that the VM has for the same network. */
static unsigned count_mine(
	const struct vfpt_transaction *t, const struct vfpt_request *request, const struct vfpt_pf *pf)
{
	char network[VFPT_NETWORK_SIZE];
	unsigned mine = 0;

	vfpt_network_name(network, request->network ? request->network : request->bridge);
	for (size_t i = 0; i < t->held_count; i++)
		mine += strcmp(t->held[i].network, network) == 0 && is_vf_of(pf, &t->held[i].address) &&
			pick_is_of(t, &t->held[i].address, request->vm);
	for (size_t i = 0; i < t->count; i++)
		mine += strcmp(t->made[i].assignment.network, network) == 0 &&
			is_vf_of(pf, &t->made[i].assignment.address);
	return mine;
}

bool pick_is_allowed(
	const struct vfpt_config *config, const struct vfpt_pf *pf, const char *network, const char *bridge)
{
	const struct vfpt_pf_rules *rules = vfpt_config_pf(config, pf->name);

	return !rules || !rules->networks || vfpt_names_match(rules->networks, network) ||
	       vfpt_names_match(rules->networks, bridge);
}

bool pick_is_excluded(const struct vfpt_config *config, const struct vfpt_pf *pf, unsigned vf)
{
	const struct vfpt_pf_rules *rules = vfpt_config_pf(config, pf->name);

	return rules && vfpt_set_has(&rules->exclude, vf);
}

/* Has the VM as many VFs of that PF as vfpt.conf allows? Then @count is that many. */
static bool has_its_most(
	const struct vfpt_transaction *t, const struct vfpt_pf *pf, const char *vm, unsigned *count)
{
	const struct vfpt_pf_rules *rules = vfpt_config_pf(t->config, pf->name);

	*count = 0;
	if (!rules || !rules->max_vfs_per_vm)
		return false;
	for (unsigned vf = 0; vf < pf->vf_count; vf++)
		*count += pick_is_of(t, &pf->vfs[vf], vm);
	return *count >= rules->max_vfs_per_vm;
}

static void rule_out(struct candidate *c, struct vfpt_candidate *plain, const struct vfpt_transaction *t,
	const struct vfpt_request *request, const struct target *target)
{
	const struct vfpt_pf_rules *rules = vfpt_config_pf(t->config, c->pf->name);
	const char *network = request->network ? request->network : request->bridge;
	unsigned of_vm;

	if (target->mtu > c->pf->mtu)
		snprintf(c->why_out, sizeof(c->why_out),
			"its MTU %u is below the %u that the network or the vNIC asks for", c->pf->mtu,
			target->mtu);
	else if (!pick_is_allowed(t->config, c->pf, network, request->bridge))
		snprintf(c->why_out, sizeof(c->why_out), "vfpt.conf keeps it for the networks %.100s",
			rules->networks);
	else if (has_its_most(t, c->pf, request->vm, &of_vm))
		snprintf(c->why_out, sizeof(c->why_out),
			"this VM has %u of its VFs, the most that vfpt.conf allows", of_vm);
	else if (!plain->near && t->config->policy.numa == VFPT_NUMA_REQUIRE)
		snprintf(c->why_out, sizeof(c->why_out),
			"it is not on the VM's NUMA node, as vfpt.conf requires");
	plain->out = c->why_out[0];
}

static int look_at_pf(struct vfpt_transaction *t, const struct vfpt_request *request,
	const struct target *target, struct candidate *c, struct vfpt_candidate *plain,
	struct vfpt_error *err)
{
	const struct vfpt_pf_rules *rules = vfpt_config_pf(t->config, c->pf->name);
	bool pinned =
		request->nodes && request->nodes->count > 0 && t->config->policy.numa != VFPT_NUMA_IGNORE;
	int node = pinned ? vfpt_host_numa_node(t->host, c->pf) : -1;

	*plain = (struct vfpt_candidate){.up = c->pf->up,
		.near = node < 0 || vfpt_set_has(request->nodes, (unsigned)node),
		.mine = count_mine(t, request, c->pf),
		.last = VFPT_NO_VF_INDEX,
		.vf_count = c->pf->vf_count,
		.grades = malloc(c->pf->vf_count + 1)};
	if (!plain->grades)
		return no_memory(err);
	for (unsigned vf = 0; vf < c->pf->vf_count; vf++) {
		const char *owner = vfpt_ledger_owner(t->ledger, &c->pf->vfs[vf]);
		bool excluded = rules && vfpt_set_has(&rules->exclude, vf);

		plain->grades[vf] = owner || excluded ? VFPT_VF_OUT : VFPT_VF_UNSEEN;
		plain->free += plain->grades[vf] == VFPT_VF_UNSEEN;
		c->assigned += owner != NULL;
		c->excluded += !owner && excluded;
	}
	rule_out(c, plain, t, request, target);
	return 0;
}

/* The VF of last time is remembered by its address. */
static void find_last(
	const struct vfpt_transaction *t, const struct vfpt_request *request, const struct field *field)
{
	struct vfpt_pci last;

	if (!vfpt_ledger_last(t->ledger, request->vm, &request->mac, &last))
		return;
	for (size_t i = 0; i < field->count; i++)
		for (unsigned vf = 0; vf < field->plain[i].vf_count; vf++)
			if (vfpt_pci_equal(&field->candidates[i].pf->vfs[vf], &last))
				field->plain[i].last = vf;
}

static int look(struct vfpt_transaction *t, const struct vfpt_request *request, const struct target *target,
	struct field *field, struct vfpt_error *err)
{
	field->candidates = calloc(target->pf_count, sizeof(*field->candidates));
	field->plain = calloc(target->pf_count, sizeof(*field->plain));
	if (!field->candidates || !field->plain)
		return no_memory(err);
	if (pick_know_held(t, request->vm, err) < 0)
		return -1;
	field->count = target->pf_count;
	for (size_t i = 0; i < field->count; i++) {
		field->candidates[i].pf = target->pfs[i];
		if (look_at_pf(t, request, target, &field->candidates[i], &field->plain[i], err) < 0)
			return -1;
	}
	find_last(t, request, field);
	return 0;
}

/* --- what is known of a VF ------------------------------------------------------------------- */

static bool is_sibling(const struct vfpt_transaction *t, const struct vfpt_pci *vf)
{
	for (size_t i = 0; i < t->sibling_count; i++)
		if (vfpt_pci_equal(&t->siblings[i].vf, vf))
			return true;
	return false;
}

/* Whoever has it; @reason then says so. */
static bool is_owned(const struct vfpt_transaction *t, const struct vfpt_pci *vf, const char *vm,
	char reason[VFPT_REASON_SIZE])
{
	const char *owner = vfpt_ledger_owner(t->ledger, vf);

	if (owner && strcmp(owner, vm) == 0)
		snprintf(reason, VFPT_REASON_SIZE, "the VM has it already");
	else if (owner)
		snprintf(reason, VFPT_REASON_SIZE, "it belongs to VM %s",
			owner[0] ? owner : "(its record is garbage)");
	return owner;
}

/* Is this other member of the group a VF that could go to the same VM? */
static int is_free_vf(const struct vfpt_transaction *t, const struct vfpt_pci *member, bool *is_free,
	struct vfpt_error *err)
{
	const struct vfpt_pf *pf;
	struct vfpt_error not_a_vf;
	char reason[VFPT_REASON_SIZE];
	bool taken;
	unsigned index;

	*is_free = false;
	if (vfpt_ledger_owner(t->ledger, member) ||
		vfpt_host_find_vf(t->host, member, &pf, &index, &not_a_vf) < 0)
		return 0;
	if (vfpt_vf_usage(t->host, member, &taken, reason, err) < 0)
		return -1;
	*is_free = !taken && !pick_is_excluded(t->config, pf, index);
	return 0;
}

/* What one VF is examined for. */
struct examination {
	const struct vfpt_transaction *t;
	const char *vm;
	enum vfpt_mode mode;
	unsigned more; /* VFs that the VM still wants */
};

/* The VM has it, and not in the guest: a macvtap leaves a VF with its driver. */
static bool has_macvtap(const struct vfpt_transaction *t, const struct vfpt_pci *vf)
{
	for (size_t i = 0; i < t->held_count; i++)
		if (t->held[i].macvtap && vfpt_pci_equal(&t->held[i].address, vf))
			return true;
	for (size_t i = 0; i < t->count; i++)
		if (t->made[i].assignment.macvtap && vfpt_pci_equal(&t->made[i].assignment.address, vf))
			return true;
	return false;
}

/* VFIO gives away iommu groups as a whole: what else is in there must go to the same VM. */
static int judge_group(const struct examination *x, const struct vfpt_pci *vf,
	const struct vfpt_iommu_group *group, enum vfpt_grade *grade, char *reason, struct vfpt_error *err)
{
	char text[VFPT_PCI_SIZE];
	unsigned open = 0;

	for (size_t i = 0; i < group->count; i++) {
		const struct vfpt_pci *member = &group->members[i];
		bool is_free;

		if (vfpt_pci_equal(member, vf) ||
			(pick_is_of(x->t, member, x->vm) && !has_macvtap(x->t, member)))
			continue;
		if (is_free_vf(x->t, member, &is_free, err) < 0)
			return -1;
		if (!is_free || ++open > x->more) {
			snprintf(reason, VFPT_REASON_SIZE,
				"it shares iommu group %u with %s, which does not go to this VM",
				group->number, vfpt_pci_format(member, text));
			return 0;
		}
	}
	*grade = is_sibling(x->t, vf) ? VFPT_VF_COMPLETES_GROUP : open ? VFPT_VF_OPENS_GROUP : VFPT_VF_ALONE;
	return 0;
}

/* A macvtap stands on the VF's network device and needs no IOMMU. */
static int judge_netdev(const struct examination *x, const struct vfpt_pci *vf, enum vfpt_grade *grade,
	char *reason, struct vfpt_error *err)
{
	struct vfpt_error none;
	struct vfpt_netdev netdev;

	if (is_sibling(x->t, vf)) {
		snprintf(reason, VFPT_REASON_SIZE, "its iommu group goes to the guest as a whole");
		return 0;
	}
	if (vfpt_host_netdev(x->t->host, vf, &netdev, &none) == 0) {
		*grade = VFPT_VF_ALONE;
		return 0;
	}
	if (none.code != VFPT_NO_VF) {
		*err = none;
		return -1;
	}
	snprintf(reason, VFPT_REASON_SIZE, "%.80s, and a macvtap needs one", none.message);
	return 0;
}

/* @reason is filled in where the VF is not to be had: VFPT_VF_OUT. */
static int examine(const struct examination *x, const struct vfpt_pci *vf, enum vfpt_grade *grade,
	char *reason, struct vfpt_error *err)
{
	struct vfpt_iommu_group group;
	struct vfpt_error no_group;
	bool taken;
	int r;

	*grade = VFPT_VF_OUT;
	if (vfpt_vf_usage(x->t->host, vf, &taken, reason, err) < 0)
		return -1;
	if (taken)
		return 0;
	if (x->mode == VFPT_MODE_MACVTAP)
		return judge_netdev(x, vf, grade, reason, err);
	if (vfpt_host_iommu_group(x->t->host, vf, &group, &no_group) < 0) {
		if (no_group.code != VFPT_NO_VF) {
			*err = no_group;
			return -1;
		}
		snprintf(reason, VFPT_REASON_SIZE, "%.150s", no_group.message);
		return 0;
	}
	r = judge_group(x, vf, &group, grade, reason, err);
	vfpt_iommu_group_free(&group);
	return r;
}

/* --- the choice ------------------------------------------------------------------------------ */

/* "; ens1f0 has 7 VFs, 5 assigned to VMs, 2 unusable (VF 0: ...)" */
static size_t describe(const struct candidate *c, char *text, size_t size)
{
	size_t used = 0;

	used += (size_t)snprintf(
		text, size, "%s has %u VFs, %u assigned to VMs", c->pf->name, c->pf->vf_count, c->assigned);
	if (c->excluded && used < size)
		used += (size_t)snprintf(text + used, size - used, ", %u excluded by vfpt.conf", c->excluded);
	if (c->why_out[0] && used < size)
		used += (size_t)snprintf(text + used, size - used, ", %s", c->why_out);
	if (c->unusable && used < size)
		used += (size_t)snprintf(
			text + used, size - used, ", %u unusable (%s)", c->unusable, c->reason);
	return used;
}

static int none_free(const struct field *field, const struct target *target, struct vfpt_error *err)
{
	size_t too_small = 0, used = 0;
	char list[640] = "";

	for (size_t i = 0; i < field->count; i++) {
		const struct candidate *c = &field->candidates[i];

		too_small += target->mtu > c->pf->mtu;
		if (used > 0 && used < sizeof(list))
			used += (size_t)snprintf(list + used, sizeof(list) - used, "; ");
		if (used < sizeof(list))
			used += describe(c, list + used, sizeof(list) - used);
	}
	return vfpt_error_set(err, VFPT_NO_VF, "no free VF: %s; %s", list,
		too_small == field->count
			? "raise the PF's MTU in the engine (Setup Host Networks) or lower the vNIC's"
			: "make more VFs in the engine (Setup Host Networks) or stop a VM that has one");
}

/*
 * VFs are examined one by one, the best by what is known first, until one is good enough: one that needs
 * nobody else, or where an earlier vNIC waits for a sibling, that.
 */
static int choose(const struct examination *x, struct field *field, struct pick *out, struct vfpt_error *err)
{
	enum vfpt_grade enough = x->t->sibling_count ? VFPT_VF_COMPLETES_GROUP : VFPT_VF_ALONE;
	size_t i;

	*out = (struct pick){.grade = VFPT_VF_OUT};
	while (vfpt_rank_best(field->plain, field->count, x->t->config->policy.pack, &i, &out->vf)) {
		struct candidate *c = &field->candidates[i];
		unsigned char *grade = &field->plain[i].grades[out->vf];
		char reason[VFPT_REASON_SIZE];

		out->pf = c->pf;
		out->grade = *grade;
		if (out->grade != VFPT_VF_UNSEEN)
			return 0;
		/* NOLINTNEXTLINE(clang-analyzer-core.NullDereference): each candidate is a PF */
		if (examine(x, &c->pf->vfs[out->vf], &out->grade, reason, err) < 0)
			return vfpt_error_wrap(err, "VF %u of %s", out->vf, c->pf->name);
		*grade = (unsigned char)out->grade;
		if (out->grade >= enough)
			return 0;
		if (out->grade == VFPT_VF_OUT && c->unusable++ == 0)
			snprintf(c->reason, sizeof(c->reason), "VF %u: %s", out->vf, reason);
	}
	out->grade = VFPT_VF_OUT;
	return 0;
}

/* --- for vfpt_explain() ---------------------------------------------------------------------- */

/* Without a look at the VF itself; @reason then says why. */
static bool is_ruled_out(
	const struct examination *x, const struct candidate *c, unsigned vf, char reason[VFPT_REASON_SIZE])
{
	if (is_owned(x->t, &c->pf->vfs[vf], x->vm, reason))
		return true;
	if (pick_is_excluded(x->t->config, c->pf, vf))
		snprintf(reason, VFPT_REASON_SIZE, "vfpt.conf excludes it");
	else
		snprintf(reason, VFPT_REASON_SIZE, "%.155s", c->why_out);
	return reason[0];
}

/* What became of one VF: it is the one, or cannot be had, or is not as good. */
static int tell_vf(const struct examination *x, const struct field *field, size_t i, unsigned vf,
	const struct standing *best, struct vfpt_error *err)
{
	const struct candidate *c = &field->candidates[i];
	const struct standing standing = {.pf = c->pf, .vf = vf, .plain = &field->plain[i]};
	enum vfpt_grade grade = VFPT_VF_OUT;
	char reason[VFPT_REASON_SIZE];

	if (!is_ruled_out(x, c, vf, reason) && examine(x, &c->pf->vfs[vf], &grade, reason, err) < 0)
		return vfpt_error_wrap(err, "VF %u of %s", vf, c->pf->name);
	field->plain[i].grades[vf] = (unsigned char)grade;
	return grade == VFPT_VF_OUT
		       ? tell_out(x->t->explanation, &standing, reason, err)
		       : tell_usable(x->t->explanation, &standing, best, x->t->config->policy.pack, err);
}

/* All are examined here, whereas the choice ends at the first that is good enough. */
static int tell(const struct examination *x, const struct field *field, const struct pick *pick,
	struct vfpt_error *err)
{
	struct standing best = {.pf = pick->pf, .vf = pick->vf};

	tell_pick(x->t->explanation);
	for (size_t i = 0; i < field->count; i++)
		if (field->candidates[i].pf == pick->pf)
			best.plain = &field->plain[i];
	for (size_t i = 0; i < field->count; i++)
		for (unsigned vf = 0; vf < field->candidates[i].pf->vf_count; vf++)
			if (tell_vf(x, field, i, vf, &best, err) < 0)
				return -1;
	return 0;
}

int pick_vf(struct vfpt_transaction *t, const struct vfpt_request *request, const struct target *target,
	struct pick *out, struct vfpt_error *err)
{
	const struct examination x = {
		.t = t, .vm = request->vm, .mode = request->profile->mode, .more = request->more};
	struct field field = {0};
	int r = look(t, request, target, &field, err);

	if (r == 0)
		r = choose(&x, &field, out, err);
	if (r == 0 && t->explanation)
		r = tell(&x, &field, out, err);
	if (r == 0 && out->grade == VFPT_VF_OUT)
		r = none_free(&field, target, err);
	free_field(&field);
	return r;
}

int pick_examine(struct vfpt_transaction *t, const char *vm, unsigned more, const struct vfpt_pci *vf,
	enum vfpt_grade *grade, char *reason, struct vfpt_error *err)
{
	const struct examination x = {.t = t, .vm = vm, .mode = VFPT_MODE_HOSTDEV, .more = more};

	return examine(&x, vf, grade, reason, err);
}

/* The network of a VF that is named: only a pattern for all networks matches it. */
#define NO_NETWORK ""

int pick_this(struct vfpt_transaction *t, const char *vm, const struct vfpt_pci *vf, struct vfpt_error *err)
{
	const struct examination x = {.t = t, .vm = vm, .mode = VFPT_MODE_HOSTDEV};
	char reason[VFPT_REASON_SIZE];
	enum vfpt_grade grade;
	const struct vfpt_pf *pf;
	unsigned index, of_vm;

	if (is_owned(t, vf, vm, reason))
		return vfpt_error_set(err, VFPT_NO_VF, "%s", reason);
	if (vfpt_host_find_vf(t->host, vf, &pf, &index, err) < 0)
		return -1;
	if (pick_is_excluded(t->config, pf, index))
		return vfpt_error_set(
			err, VFPT_NO_VF, "vfpt.conf excludes VF %u of %s from passthrough", index, pf->name);
	if (!pick_is_allowed(t->config, pf, NO_NETWORK, NO_NETWORK))
		return vfpt_error_set(err, VFPT_NO_VF,
			"vfpt.conf keeps the VFs of %s for certain networks, and a VF that is named has none",
			pf->name);
	if (has_its_most(t, pf, vm, &of_vm))
		return vfpt_error_set(err, VFPT_NO_VF,
			"this VM has %u of the VFs of %s, the most that vfpt.conf allows", of_vm, pf->name);
	if (examine(&x, vf, &grade, reason, err) < 0)
		return -1;
	return grade == VFPT_VF_OUT ? vfpt_error_set(err, VFPT_NO_VF, "%s", reason) : 0;
}
