/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vfpt/assign.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "vfpt/inuse.h"

/* --- which PF -------------------------------------------------------------------------------- */

/* One PF that serves the network, and why its VFs were passed over. */
struct candidate {
	const struct vfpt_pf *pf;
	size_t position;                    /* in the network's list */
	unsigned mine;                      /* VFs that this VM has on it */
	unsigned assigned;                  /* VFs that anyone has on it */
	unsigned unusable;                  /* free in the ledger, and yet not to be had */
	char reason[VFPT_REASON_SIZE + 16]; /* the first of these, and why */
};

/* The better one first; never equal, so the same inputs always give the same order. */
static int by_merit(const void *left, const void *right)
{
	const struct candidate *a = left, *b = right;
	unsigned free_a = a->pf->vf_count - a->assigned, free_b = b->pf->vf_count - b->assigned;

	if (a->pf->up != b->pf->up)
		return a->pf->up ? -1 : 1;
	if (a->mine != b->mine)
		return a->mine < b->mine ? -1 : 1;
	if (free_a != free_b)
		return free_a > free_b ? -1 : 1;
	return a->position < b->position ? -1 : 1;
}

static struct candidate *rank(const struct vfpt_transaction *t, const struct vfpt_network *network,
	const char *vm, struct vfpt_error *err)
{
	struct candidate *candidates = calloc(network->pf_count, sizeof(*candidates));

	if (!candidates) {
		vfpt_error_errno(err, VFPT_SYSTEM, ENOMEM, "choosing a VF");
		return NULL;
	}
	for (size_t i = 0; i < network->pf_count; i++) {
		struct candidate *c = &candidates[i];

		*c = (struct candidate){.pf = network->pfs[i], .position = i};
		for (unsigned vf = 0; vf < c->pf->vf_count; vf++) {
			const char *owner = vfpt_ledger_owner(t->ledger, &c->pf->vfs[vf]);

			c->assigned += owner != NULL;
			c->mine += owner && strcmp(owner, vm) == 0;
		}
	}
	qsort(candidates, network->pf_count, sizeof(*candidates), by_merit);
	return candidates;
}

/* --- which VF -------------------------------------------------------------------------------- */

/* How well a VF suits; the greater the better. */
enum suits {
	UNUSABLE,
	OPENS_GROUP,     /* others in its iommu group are free VFs that would have to go to this VM too */
	ALONE,           /* nothing in its iommu group but devices of this VM */
	COMPLETES_GROUP, /* an earlier vNIC of this transaction needs it to come along */
};

struct choice {
	const struct vfpt_pf *pf;
	unsigned vf;
	enum suits suits;
};

static bool is_sibling(const struct vfpt_transaction *t, const struct vfpt_pci *vf)
{
	for (size_t i = 0; i < t->sibling_count; i++)
		if (vfpt_pci_equal(&t->siblings[i], vf))
			return true;
	return false;
}

static bool is_of(const struct vfpt_transaction *t, const struct vfpt_pci *vf, const char *vm)
{
	const char *owner = vfpt_ledger_owner(t->ledger, vf);

	return owner && strcmp(owner, vm) == 0;
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
	if (vfpt_inuse(t->host, member, &taken, reason, err) < 0)
		return -1;
	*is_free = !taken;
	return 0;
}

/* VFIO gives away iommu groups as a whole: what else is in there must go to the same VM. */
static int judge_group(const struct vfpt_transaction *t, const struct vfpt_request *request,
	const struct vfpt_pci *vf, const struct vfpt_iommu_group *group, struct choice *choice, char *reason,
	struct vfpt_error *err)
{
	char text[VFPT_PCI_SIZE];
	unsigned open = 0;

	for (size_t i = 0; i < group->count; i++) {
		const struct vfpt_pci *member = &group->members[i];
		bool is_free;

		if (vfpt_pci_equal(member, vf) || is_of(t, member, request->vm))
			continue;
		if (is_free_vf(t, member, &is_free, err) < 0)
			return -1;
		if (!is_free || ++open > request->more) {
			snprintf(reason, VFPT_REASON_SIZE,
				"it shares iommu group %u with %s, which does not go to this VM",
				group->number, vfpt_pci_format(member, text));
			choice->suits = UNUSABLE;
			return 0;
		}
	}
	choice->suits = is_sibling(t, vf) ? COMPLETES_GROUP : open ? OPENS_GROUP : ALONE;
	return 0;
}

/* @reason is filled in where the VF is unusable. */
static int judge(const struct vfpt_transaction *t, const struct vfpt_request *request,
	const struct vfpt_pci *vf, struct choice *choice, char *reason, struct vfpt_error *err)
{
	struct vfpt_iommu_group group;
	struct vfpt_error no_group;
	bool taken;
	int r;

	choice->suits = UNUSABLE;
	if (vfpt_inuse(t->host, vf, &taken, reason, err) < 0)
		return -1;
	if (taken)
		return 0;
	if (vfpt_host_iommu_group(t->host, vf, &group, &no_group) < 0) {
		if (no_group.code != VFPT_NO_VF) {
			*err = no_group;
			return -1;
		}
		snprintf(reason, VFPT_REASON_SIZE, "%.150s", no_group.message);
		return 0;
	}
	r = judge_group(t, request, vf, &group, choice, reason, err);
	vfpt_iommu_group_free(&group);
	return r;
}

/* The first VF that needs nobody else; where an earlier vNIC waits for a sibling, that; else the best there
 * is. */
static int choose(const struct vfpt_transaction *t, const struct vfpt_request *request,
	struct candidate *candidates, size_t count, struct choice *best, struct vfpt_error *err)
{
	enum suits enough = t->sibling_count ? COMPLETES_GROUP : ALONE;

	*best = (struct choice){.suits = UNUSABLE};
	for (struct candidate *c = candidates; c < candidates + count && best->suits < enough; c++)
		for (unsigned vf = 0; vf < c->pf->vf_count && best->suits < enough; vf++) {
			struct choice choice = {.pf = c->pf, .vf = vf};
			char reason[VFPT_REASON_SIZE];

			if (vfpt_ledger_owner(t->ledger, &c->pf->vfs[vf]))
				continue;
			if (judge(t, request, &c->pf->vfs[vf], &choice, reason, err) < 0)
				return vfpt_error_wrap(err, "VF %u of %s", vf, c->pf->name);
			if (choice.suits > best->suits)
				*best = choice;
			if (choice.suits == UNUSABLE && c->unusable++ == 0)
				snprintf(c->reason, sizeof(c->reason), "VF %u: %s", vf, reason);
		}
	return 0;
}

static int none_free(const struct candidate *candidates, size_t count, struct vfpt_error *err)
{
	char list[640] = "";
	size_t used = 0;

	for (const struct candidate *c = candidates; c < candidates + count && used < sizeof(list); c++) {
		used += (size_t)snprintf(list + used, sizeof(list) - used,
			"%s%s has %u VFs, %u assigned to VMs", used ? "; " : "", c->pf->name, c->pf->vf_count,
			c->assigned);
		if (c->unusable && used < sizeof(list))
			used += (size_t)snprintf(list + used, sizeof(list) - used, ", %u unusable (%s)",
				c->unusable, c->reason);
	}
	return vfpt_error_set(err, VFPT_NO_VF,
		"no free VF: %s; make more VFs in the engine (Setup Host Networks) or stop a VM that has one",
		list);
}

/* --- assigning ------------------------------------------------------------------------------- */

/* Remember the group's other members; vfpt_transaction_check() wants them to be this VM's in the end. */
static int remember_siblings(struct vfpt_transaction *t, const struct vfpt_request *request,
	const struct vfpt_pci *vf, struct vfpt_error *err)
{
	struct vfpt_iommu_group group;
	int r = 0;

	if (vfpt_host_iommu_group(t->host, vf, &group, err) < 0)
		return -1;
	for (size_t i = 0; i < group.count && r == 0; i++) {
		struct vfpt_pci *grown;

		if (vfpt_pci_equal(&group.members[i], vf) || is_of(t, &group.members[i], request->vm))
			continue;
		grown = reallocarray(t->siblings, t->sibling_count + 1, sizeof(*grown));
		if (grown) {
			grown[t->sibling_count++] = group.members[i];
			t->siblings = grown;
		} else {
			r = vfpt_error_errno(err, VFPT_SYSTEM, ENOMEM, "choosing a VF");
		}
	}
	vfpt_iommu_group_free(&group);
	return r;
}

/* Record first, then set: a crash in between leaves a record that says how the VF was. */
static int take_vf(struct vfpt_transaction *t, const struct vfpt_pf *pf, struct vfpt_assigned *assigned,
	struct vfpt_error *err)
{
	struct vfpt_assignment *a = &assigned->assignment;
	struct vfpt_settings wanted = {
		.present = 1u << VFPT_SETTING_MAC | 1u << VFPT_SETTING_VLAN,
		.mac = a->mac,
		.vlan = {.id = assigned->vlan_id, .protocol = VFPT_VLAN_8021Q},
	};
	struct vfpt_error second;

	if (vfpt_settings_read(t->netlink, pf, a->vf, &a->before, err) < 0 ||
		vfpt_ledger_put(t->ledger, a, err) < 0)
		return -1;
	if (vfpt_settings_apply(t->netlink, pf, a->vf, &wanted, &a->before, err) == 0)
		return 0;
	if (vfpt_ledger_remove(t->ledger, a, &second) < 0)
		vfpt_warn("%s", second.message);
	return -1;
}

/* libvirt keeps user aliases of these characters only; any other it makes anew, so it tells nothing later. */
static void copy_alias(char out[VFPT_ALIAS_SIZE], const char *alias)
{
	size_t length =
		alias ? strspn(alias, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-") : 0;

	out[0] = '\0';
	if (length > 0 && length < VFPT_ALIAS_SIZE && alias[length] == '\0')
		memcpy(out, alias, length + 1);
}

static int assign_on(struct vfpt_transaction *t, const struct vfpt_request *request,
	const struct vfpt_network *network, struct vfpt_assigned *out, struct vfpt_error *err)
{
	struct candidate *candidates = rank(t, network, request->vm, err);
	struct vfpt_assignment *a = &out->assignment;
	struct choice choice;
	int r = candidates ? choose(t, request, candidates, network->pf_count, &choice, err) : -1;

	if (r == 0 && choice.suits == UNUSABLE)
		r = none_free(candidates, network->pf_count, err);
	free(candidates);
	if (r < 0)
		return -1;
	*a = (struct vfpt_assignment){
		.mac = request->mac, .vf = choice.vf, .address = choice.pf->vfs[choice.vf]};
	snprintf(a->vm, sizeof(a->vm), "%s", request->vm);
	copy_alias(a->alias, request->alias);
	memcpy(a->pf, choice.pf->name, sizeof(a->pf));
	out->vlan_id = network->vlan_id;
	out->pf_up = choice.pf->up;
	if (choice.suits == OPENS_GROUP && remember_siblings(t, request, &a->address, err) < 0)
		return -1;
	return take_vf(t, choice.pf, out, err);
}

int vfpt_assign(struct vfpt_transaction *transaction, const struct vfpt_request *request,
	struct vfpt_assigned *out, struct vfpt_error *err)
{
	const struct vfpt_network *network;
	struct vfpt_assigned *grown;
	size_t siblings = transaction->sibling_count;

	if (vfpt_mac_check(&request->mac, err) < 0 ||
		vfpt_host_network(transaction->host, request->bridge, &network, err) < 0)
		return -1;
	/* Room to remember it comes before taking it. */
	grown = reallocarray(transaction->made, transaction->count + 1, sizeof(*grown));
	if (!grown)
		return vfpt_error_errno(err, VFPT_SYSTEM, ENOMEM, "assigning a VF");
	transaction->made = grown;
	if (assign_on(transaction, request, network, out, err) < 0) {
		transaction->sibling_count = siblings;
		return -1;
	}
	transaction->made[transaction->count++] = *out;
	return 0;
}

int vfpt_transaction_check(struct vfpt_transaction *transaction, const char *vm, struct vfpt_error *err)
{
	char text[VFPT_PCI_SIZE];

	for (size_t i = 0; i < transaction->sibling_count; i++)
		if (!is_of(transaction, &transaction->siblings[i], vm))
			return vfpt_error_set(err, VFPT_NO_VF,
				"%s shares an iommu group with a VF of this VM but does not go to it; use a "
				"PCI slot whose "
				"bridges support ACS",
				vfpt_pci_format(&transaction->siblings[i], text));
	return 0;
}

static void forget(struct vfpt_transaction *transaction)
{
	free(transaction->made);
	free(transaction->siblings);
	transaction->made = NULL;
	transaction->siblings = NULL;
	transaction->count = transaction->sibling_count = 0;
}

void vfpt_transaction_commit(struct vfpt_transaction *transaction)
{
	forget(transaction);
}

void vfpt_transaction_undo(struct vfpt_transaction *transaction)
{
	struct vfpt_error err;

	while (transaction->count > 0)
		if (vfpt_release(transaction->host, transaction->ledger, transaction->netlink,
			    &transaction->made[--transaction->count].assignment, &err) < 0)
			vfpt_warn("undoing: %s", err.message);
	forget(transaction);
}

/* --- releasing ------------------------------------------------------------------------------- */

int vfpt_release(struct vfpt_host *host, struct vfpt_ledger *ledger, struct vfpt_netlink *netlink,
	const struct vfpt_assignment *assignment, struct vfpt_error *err)
{
	char text[VFPT_PCI_SIZE];
	const struct vfpt_pf *pf;
	unsigned index;
	bool holds;

	if (vfpt_ledger_holds(ledger, assignment, &holds, err) < 0)
		return -1;
	if (!holds)
		return 0; /* late: the VF may be someone else's by now */
	vfpt_pci_format(&assignment->address, text);
	if (vfpt_host_find_vf(host, &assignment->address, &pf, &index, err) < 0) {
		if (err->code != VFPT_NO_VF)
			return vfpt_error_wrap(err, "VF %s", text);
		vfpt_warn("VF %s (VF %u of %s) is gone from this host; its assignment is removed", text,
			assignment->vf, assignment->pf);
	} else if (vfpt_settings_restore(netlink, pf, index, &assignment->before, err) < 0) {
		if (err->code != VFPT_REFUSED)
			return -1;
		vfpt_warn("%s; the VF is released as it is", err->message);
	}
	return vfpt_ledger_remove(ledger, assignment, err);
}
