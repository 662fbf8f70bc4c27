/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "candidates.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "alloc.h"
#include "driver_limits.h"
#include "pf_match.h"

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

struct candidates {
	size_t count;
	struct candidate *items;
	struct vfpt_candidate *ranked; /* the same, as vfpt_rank_best() wants them */
};

static void free_candidates(struct candidates *all)
{
	for (size_t i = 0; all->ranked && i < all->count; i++)
		free(all->ranked[i].grades);
	free(all->items);
	free(all->ranked);
}

/* By address: a PF can have another name by now. */
static bool is_vf_of(const struct vfpt_pf *pf, const struct vfpt_pci *address)
{
	for (unsigned vf = 0; vf < pf->vf_count; vf++)
		if (vfpt_pci_equal(&pf->vfs[vf], address))
			return true;
	return false;
}

static bool is_for_network(const struct vfpt_assignment *a, const char *network, const struct vfpt_pf *pf)
{
	return strcmp(a->network, network) == 0 && is_vf_of(pf, &a->address);
}

/* VFs of that PF that the VM has for the same network. */
static unsigned count_for_network(const struct vfpt_search *search, const struct vfpt_pf *pf)
{
	const struct vfpt_standing *standing = search->standing;
	char network[VFPT_NETWORK_SIZE];
	unsigned count = 0;

	vfpt_network_name(network, search->request->network);
	for (size_t i = 0; i < standing->record_count; i++)
		count += is_for_network(&standing->records[i], network, pf) &&
			 strcmp(standing->records[i].vm, standing->vm) == 0 &&
			 !vfpt_standing_planned(standing, &standing->records[i].address) &&
			 vfpt_standing_is_of_vm(standing, &standing->records[i].address);
	for (size_t i = 0; i < standing->planned_count; i++)
		count += is_for_network(standing->planned[i], network, pf);
	return count;
}

/* Has the VM as many VFs of that PF as vfpt.conf allows? Then @count is that many. */
static bool has_its_most(const struct vfpt_standing *standing, const struct vfpt_pf *pf, unsigned *count)
{
	const struct vfpt_pf_rules *rules = vfpt_config_pf(standing->session->config, pf->name);

	*count = 0;
	if (!rules || !rules->max_vfs_per_vm)
		return false;
	for (unsigned vf = 0; vf < pf->vf_count; vf++)
		*count += vfpt_standing_is_of_vm(standing, &pf->vfs[vf]);
	return *count >= rules->max_vfs_per_vm;
}

static void rule_out(struct candidate *c, struct vfpt_candidate *ranked, const struct vfpt_search *search)
{
	const struct vfpt_config *config = search->standing->session->config;
	const struct vfpt_request *request = search->request;
	char reason[VFPT_REASON_SIZE];
	unsigned of_vm;

	if (vfpt_is_pf_unusable(c->pf, reason))
		snprintf(c->why_out, sizeof(c->why_out), "%s", reason);
	else if (search->serving->mtu > c->pf->mtu)
		snprintf(c->why_out, sizeof(c->why_out),
			"its MTU %u is below the %u that the network or the vNIC asks for", c->pf->mtu,
			search->serving->mtu);
	else if (vfpt_switches_off(search->standing->session->host, c->pf, search->serving->vnic_mtu))
		snprintf(c->why_out, sizeof(c->why_out),
			"an 82599 with MTU %u switches off VFs with MTU 1500: give both the same",
			c->pf->mtu);
	else if (!vfpt_is_allowed(config, c->pf, request->network, request->bridge))
		snprintf(c->why_out, sizeof(c->why_out), "vfpt.conf keeps it for the networks %.100s",
			vfpt_config_pf(config, c->pf->name)->networks);
	else if (has_its_most(search->standing, c->pf, &of_vm))
		snprintf(c->why_out, sizeof(c->why_out),
			"this VM has %u of its VFs, the most that vfpt.conf allows", of_vm);
	else if (!ranked->near && config->policy.numa == VFPT_NUMA_REQUIRE)
		snprintf(c->why_out, sizeof(c->why_out),
			"it is not on the VM's NUMA node, as vfpt.conf requires");
	else if (vfpt_is_pf_among(search->refused, search->refused_count, c->pf))
		snprintf(c->why_out, sizeof(c->why_out), "its driver refused the vNIC's settings");
	ranked->out = c->why_out[0];
}

/* NULL: it is not passed over. */
static const char *why_passed_over(const struct vfpt_search *search, const struct vfpt_pf *pf, unsigned vf)
{
	for (size_t i = 0; i < search->passed_over_count; i++)
		if (search->passed_over[i].pf == pf && search->passed_over[i].vf == vf)
			return search->passed_over[i].why;
	return NULL;
}

static void add_unusable(struct candidate *c, unsigned vf, const char *why)
{
	if (c->unusable++ == 0)
		snprintf(c->reason, sizeof(c->reason), "VF %u: %.150s", vf, why);
}

static int look_at_candidate(const struct vfpt_search *search, struct candidate *c,
	struct vfpt_candidate *ranked, struct vfpt_error *err)
{
	const struct vfpt_standing *standing = search->standing;
	const struct vfpt_config *config = standing->session->config;
	const struct vfpt_pf_rules *rules = vfpt_config_pf(config, c->pf->name);
	bool pinned = search->nodes && search->nodes->count > 0 && config->policy.numa != VFPT_NUMA_IGNORE;
	int node = pinned ? vfpt_host_numa_node(standing->session->host, c->pf) : -1;

	*ranked = (struct vfpt_candidate){.up = c->pf->up,
		.near = node < 0 || vfpt_set_has(search->nodes, (unsigned)node),
		.mine = count_for_network(search, c->pf),
		.last = VFPT_NO_VF_INDEX,
		.vf_count = c->pf->vf_count,
		.grades = malloc(c->pf->vf_count + 1u)};
	if (!ranked->grades)
		return vfpt_error_errno(err, VFPT_SYSTEM, ENOMEM, "choosing a VF");
	for (unsigned vf = 0; vf < c->pf->vf_count; vf++) {
		bool owned = vfpt_standing_owner(standing, &c->pf->vfs[vf]);
		bool excluded = rules && vfpt_set_has(&rules->exclude, vf);
		const char *why = owned || excluded ? NULL : why_passed_over(search, c->pf, vf);

		ranked->grades[vf] = owned || excluded || why ? VFPT_VF_OUT : VFPT_VF_UNSEEN;
		ranked->free += ranked->grades[vf] == VFPT_VF_UNSEEN;
		c->assigned += owned;
		c->excluded += !owned && excluded;
		if (why)
			add_unusable(c, vf, why);
	}
	rule_out(c, ranked, search);
	return 0;
}

/* The VF of last time is remembered by its address. */
static void find_last(const struct vfpt_search *search, const struct candidates *all)
{
	const struct vfpt_standing *standing = search->standing;
	struct vfpt_pci last;

	if (!vfpt_ledger_last(standing->session->ledger, standing->vm, &search->request->mac, &last))
		return;
	for (size_t i = 0; i < all->count; i++)
		for (unsigned vf = 0; vf < all->ranked[i].vf_count; vf++)
			if (vfpt_pci_equal(&all->items[i].pf->vfs[vf], &last))
				all->ranked[i].last = vf;
}

static int look_at_all_pfs(const struct vfpt_search *search, struct candidates *all, struct vfpt_error *err)
{
	const struct vfpt_network_pfs *serving = search->serving;

	all->items = calloc(serving->pf_count, sizeof(*all->items));
	all->ranked = calloc(serving->pf_count, sizeof(*all->ranked));
	if (!all->items || !all->ranked)
		return vfpt_error_errno(err, VFPT_SYSTEM, ENOMEM, "choosing a VF");
	all->count = serving->pf_count;
	for (size_t i = 0; i < all->count; i++) {
		all->items[i].pf = serving->pfs[i];
		if (look_at_candidate(search, &all->items[i], &all->ranked[i], err) < 0)
			return -1;
	}
	find_last(search, all);
	return 0;
}

/* --- the choice ------------------------------------------------------------------------------ */

/* "ens1f0 has 7 VFs, 5 assigned to VMs, 2 unusable (VF 0: ...)" */
static size_t describe_candidate(const struct candidate *c, char *text, size_t size)
{
	size_t used = (size_t)snprintf(
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

static int none_free(
	const struct candidates *all, const struct vfpt_network_pfs *serving, struct vfpt_error *err)
{
	size_t too_small = 0, switchdev = 0, used = 0;
	char list[640] = "";

	for (size_t i = 0; i < all->count; i++) {
		const struct candidate *c = &all->items[i];

		switchdev += c->pf->switchdev;
		too_small += serving->mtu > c->pf->mtu;
		if (used > 0 && used < sizeof(list))
			used += (size_t)snprintf(list + used, sizeof(list) - used, "; ");
		if (used < sizeof(list))
			used += describe_candidate(c, list + used, sizeof(list) - used);
	}
	if (switchdev == all->count) /* each has said what to do */
		return vfpt_error_set(err, VFPT_NO_VF, "no free VF: %s", list);
	return vfpt_error_set(err, VFPT_NO_VF, "no free VF: %s; %s", list,
		too_small == all->count
			? "raise the PF's MTU in the engine (Setup Host Networks) or lower the vNIC's"
			: "make more VFs in the engine (Setup Host Networks) or stop a VM that has one");
}

/*
 * VFs are examined one by one, the best by what is known first, until one is good enough: one that needs
 * nobody else, or where an earlier vNIC waits for a sibling, that.
 */
static int choose_best(const struct vfpt_examination *x, struct candidates *all, struct vfpt_choice *out,
	struct vfpt_error *err)
{
	enum vfpt_grade enough = x->standing->sibling_count ? VFPT_VF_COMPLETES_GROUP : VFPT_VF_ALONE;
	bool pack = x->standing->session->config->policy.pack;
	size_t i;

	*out = (struct vfpt_choice){.grade = VFPT_VF_OUT};
	while (vfpt_rank_best(all->ranked, all->count, pack, &i, &out->vf)) {
		struct candidate *c = &all->items[i];
		unsigned char *grade = &all->ranked[i].grades[out->vf];
		char reason[VFPT_REASON_SIZE];

		out->pf = c->pf;
		out->grade = *grade;
		if (out->grade != VFPT_VF_UNSEEN)
			return 0;
		/* NOLINTNEXTLINE(clang-analyzer-core.NullDereference): each candidate is a PF */
		if (vfpt_examine_vf(x, &c->pf->vfs[out->vf], &out->grade, reason, err) < 0)
			return vfpt_error_wrap(err, "VF %u of %s", out->vf, c->pf->name);
		*grade = (unsigned char)out->grade;
		if (out->grade >= enough)
			return 0;
		if (out->grade == VFPT_VF_OUT)
			add_unusable(c, out->vf, reason);
	}
	out->grade = VFPT_VF_OUT;
	return 0;
}

/* --- verdicts -------------------------------------------------------------------------------- */

/* Why the chosen VF comes before this one. */
static void explain_rank(const struct candidates *all, size_t best, unsigned best_vf, size_t i, bool pack,
	struct vfpt_considered *one)
{
	const struct vfpt_candidate *chosen = &all->ranked[best], *other = &all->ranked[i];
	const char *pf = all->items[i].pf->name, *best_pf = all->items[best].pf->name;
	const size_t size = sizeof(one->why);
	char *why = one->why;
	enum vfpt_criterion by;

	vfpt_rank_compare(chosen, best_vf, other, one->vf, pack, &by);
	switch (by) {
	case VFPT_BY_GRADE:
		snprintf(why, size, "it does not fit as well into the iommu groups that the VM gets");
		break;
	case VFPT_BY_LINK:
		snprintf(why, size, "%s has no link", pf);
		break;
	case VFPT_BY_NODE:
		snprintf(why, size, "%s is not on the VM's NUMA node", pf);
		break;
	case VFPT_BY_MINE:
		snprintf(why, size, "the VM has more VFs of %s for this network (%u, of %s %u)", pf,
			other->mine, best_pf, chosen->mine);
		break;
	case VFPT_BY_FREE:
		snprintf(why, size, "%s has %s free VFs (%u, %s has %u)", pf, pack ? "more" : "fewer",
			other->free, best_pf, chosen->free);
		break;
	case VFPT_BY_LAST:
		snprintf(why, size, "the vNIC had the other one last time");
		break;
	case VFPT_BY_INDEX:
		snprintf(why, size, "the index is higher");
		break;
	case VFPT_BY_PLACE:
		snprintf(why, size, "all is equal, and %s comes first", best_pf);
		break;
	}
}

/* Without a look at the VF itself; @reason then says why. */
static bool is_ruled_out(const struct vfpt_search *search, const struct candidate *c, unsigned vf,
	char reason[VFPT_REASON_SIZE])
{
	const struct vfpt_standing *standing = search->standing;
	const char *why = why_passed_over(search, c->pf, vf);

	if (vfpt_standing_is_owned(standing, &c->pf->vfs[vf], reason))
		return true;
	if (vfpt_is_excluded(standing->session->config, c->pf, vf))
		snprintf(reason, VFPT_REASON_SIZE, "vfpt.conf excludes it");
	else
		snprintf(reason, VFPT_REASON_SIZE, "%.155s", why ? why : c->why_out);
	return reason[0];
}

static int consider(const struct vfpt_search *search, const struct vfpt_examination *x,
	const struct candidates *all, size_t i, struct vfpt_considered *out, struct vfpt_error *err)
{
	const struct candidate *c = &all->items[i];
	enum vfpt_grade grade = VFPT_VF_OUT;
	char reason[VFPT_REASON_SIZE];

	if (!is_ruled_out(search, c, out->vf, reason) &&
		vfpt_examine_vf(x, &c->pf->vfs[out->vf], &grade, reason, err) < 0)
		return vfpt_error_wrap(err, "VF %u of %s", out->vf, c->pf->name);
	all->ranked[i].grades[out->vf] = (unsigned char)grade;
	out->usable = grade != VFPT_VF_OUT;
	if (!out->usable)
		snprintf(out->why, sizeof(out->why), "%s", reason);
	return 0;
}

/* All are examined here, whereas the choice ends at the first that is good enough. */
static int consider_all(const struct vfpt_search *search, const struct vfpt_examination *x,
	const struct candidates *all, const struct vfpt_choice *choice, struct vfpt_considered **out,
	size_t *count, struct vfpt_error *err)
{
	bool pack = x->standing->session->config->policy.pack;
	size_t best = 0, total = 0;

	for (size_t i = 0; i < all->count; i++) {
		total += all->ranked[i].vf_count;
		if (all->items[i].pf == choice->pf)
			best = i;
	}
	*count = 0;
	*out = calloc(total + 1, sizeof(**out));
	if (!*out)
		return vfpt_error_errno(err, VFPT_SYSTEM, ENOMEM, "choosing a VF");
	for (size_t i = 0; i < all->count; i++)
		for (unsigned vf = 0; vf < all->ranked[i].vf_count; vf++) {
			struct vfpt_considered *one = &(*out)[(*count)++];

			*one = (struct vfpt_considered){.pf = all->items[i].pf, .vf = vf};
			if (consider(search, x, all, i, one, err) < 0)
				return -1;
			one->chosen = one->usable && i == best && vf == choice->vf;
			if (one->usable && !one->chosen)
				explain_rank(all, best, choice->vf, i, pack, one);
		}
	return 0;
}

int vfpt_choose_vf(const struct vfpt_search *search, struct vfpt_choice *out,
	struct vfpt_considered **considered, size_t *considered_count, struct vfpt_error *err)
{
	const struct vfpt_examination x = {.standing = search->standing,
		.mode = search->request->profile.mode,
		.still_wanted = search->still_wanted};
	scoped(free_candidates) struct candidates all = {.count = 0};

	if (look_at_all_pfs(search, &all, err) < 0)
		return -1;
	if (choose_best(&x, &all, out, err) < 0)
		return -1;
	if (considered && consider_all(search, &x, &all, out, considered, considered_count, err) < 0)
		return -1;
	return out->grade == VFPT_VF_OUT ? none_free(&all, search->serving, err) : 0;
}

/* The network of a VF that is named: only a pattern for all networks matches it. */
#define NO_NETWORK ""

int vfpt_choose_named_vf(const struct vfpt_standing *standing, const struct vfpt_pci *vf,
	struct vfpt_choice *out, struct vfpt_error *err)
{
	const struct vfpt_config *config = standing->session->config;
	const struct vfpt_examination x = {.standing = standing, .mode = VFPT_MODE_HOSTDEV};
	char reason[VFPT_REASON_SIZE];
	unsigned of_vm;

	if (vfpt_standing_is_owned(standing, vf, reason))
		return vfpt_error_set(err, VFPT_NO_VF, "%s", reason);
	if (vfpt_host_find_vf(standing->session->host, vf, &out->pf, &out->vf, err) < 0)
		return -1;
	if (vfpt_is_excluded(config, out->pf, out->vf))
		return vfpt_error_set(err, VFPT_NO_VF, "vfpt.conf excludes VF %u of %s from passthrough",
			out->vf, out->pf->name);
	if (vfpt_is_pf_unusable(out->pf, reason))
		return vfpt_error_set(err, VFPT_NO_VF, "%s", reason);
	if (!vfpt_is_allowed(config, out->pf, NO_NETWORK, NO_NETWORK))
		return vfpt_error_set(err, VFPT_NO_VF,
			"vfpt.conf keeps the VFs of %s for certain networks, and a VF that is named has none",
			out->pf->name);
	if (has_its_most(standing, out->pf, &of_vm))
		return vfpt_error_set(err, VFPT_NO_VF,
			"this VM has %u of the VFs of %s, the most that vfpt.conf allows", of_vm,
			out->pf->name);
	if (vfpt_examine_vf(&x, vf, &out->grade, reason, err) < 0)
		return -1;
	return out->grade == VFPT_VF_OUT ? vfpt_error_set(err, VFPT_NO_VF, "%s", reason) : 0;
}
