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
	unsigned mtu;                       /* that is asked for; 0: the PF's is enough */
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
	const struct vfpt_request *request, struct vfpt_error *err)
{
	struct candidate *candidates = calloc(network->pf_count, sizeof(*candidates));
	unsigned mtu = request->mtu > network->mtu ? request->mtu : network->mtu;

	if (!candidates) {
		vfpt_error_errno(err, VFPT_SYSTEM, ENOMEM, "choosing a VF");
		return NULL;
	}
	for (size_t i = 0; i < network->pf_count; i++) {
		struct candidate *c = &candidates[i];

		*c = (struct candidate){.pf = network->pfs[i], .position = i};
		c->mtu = mtu > c->pf->mtu ? mtu : 0;
		for (unsigned vf = 0; vf < c->pf->vf_count; vf++) {
			const char *owner = vfpt_ledger_owner(t->ledger, &c->pf->vfs[vf]);

			c->assigned += owner != NULL;
			c->mine += owner && strcmp(owner, request->vm) == 0;
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
		if (vfpt_pci_equal(&t->siblings[i].vf, vf))
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
		for (unsigned vf = 0; !c->mtu && vf < c->pf->vf_count && best->suits < enough; vf++) {
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
	size_t too_small = 0;
	char list[640] = "";
	size_t used = 0;

	for (const struct candidate *c = candidates; c < candidates + count && used < sizeof(list); c++) {
		used += (size_t)snprintf(list + used, sizeof(list) - used,
			"%s%s has %u VFs, %u assigned to VMs", used ? "; " : "", c->pf->name, c->pf->vf_count,
			c->assigned);
		too_small += c->mtu != 0;
		if (c->mtu && used < sizeof(list))
			used += (size_t)snprintf(list + used, sizeof(list) - used,
				", its MTU %u is below the %u that the network or the vNIC asks for",
				c->pf->mtu, c->mtu);
		if (c->unusable && used < sizeof(list))
			used += (size_t)snprintf(list + used, sizeof(list) - used, ", %u unusable (%s)",
				c->unusable, c->reason);
	}
	return vfpt_error_set(err, VFPT_NO_VF, "no free VF: %s; %s", list,
		too_small == count
			? "raise the PF's MTU in the engine (Setup Host Networks) or lower the vNIC's"
			: "make more VFs in the engine (Setup Host Networks) or stop a VM that has one");
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
		struct vfpt_sibling *grown;

		if (vfpt_pci_equal(&group.members[i], vf) || is_of(t, &group.members[i], request->vm))
			continue;
		grown = reallocarray(t->siblings, t->sibling_count + 1, sizeof(*grown));
		if (grown) {
			grown[t->sibling_count++] =
				(struct vfpt_sibling){.vf = group.members[i], .mac = request->mac};
			t->siblings = grown;
		} else {
			r = vfpt_error_errno(err, VFPT_SYSTEM, ENOMEM, "choosing a VF");
		}
	}
	vfpt_iommu_group_free(&group);
	return r;
}

/* The settings of all VFs of that PF, read once. */
static int get_settings(struct vfpt_transaction *t, const struct vfpt_pf *pf, struct vfpt_settings **vfs,
	struct vfpt_error *err)
{
	struct vfpt_pf_settings *grown;

	for (size_t i = 0; i < t->pf_count; i++)
		if (t->pfs[i].pf == pf) {
			*vfs = t->pfs[i].vfs;
			return 0;
		}
	grown = reallocarray(t->pfs, t->pf_count + 1, sizeof(*grown));
	if (!grown)
		return vfpt_error_errno(err, VFPT_SYSTEM, ENOMEM, "settings of %s", pf->name);
	t->pfs = grown;
	if (vfpt_settings_read(t->netlink, pf, vfs, err) < 0)
		return -1;
	grown[t->pf_count++] = (struct vfpt_pf_settings){.pf = pf, .vfs = *vfs};
	return 0;
}

/* --- the vNIC's MAC on other VFs ------------------------------------------------------------- */

static int mac_in_use(const struct vfpt_pf *pf, unsigned vf, const char *by, struct vfpt_error *err)
{
	return vfpt_error_set(err, VFPT_BAD_INPUT,
		"VF %u of %s has this MAC already: %s; give one of the two another MAC in the engine", vf,
		pf->name, by);
}

/* A MAC for a VF that must not have none: locally administered, and no other VF's. */
static uint64_t own_mac(const struct vfpt_pci *vf)
{
	return UINT64_C(0x02) << 40 | (uint64_t)(vf->domain & 0xffff) << 16 | (uint64_t)vf->bus << 8 |
	       (uint64_t)(vf->slot << 3 | vf->function);
}

/* A stale MAC is taken from its VF, and remembered for undoing. Some drivers refuse to set none. */
static int clear_mac(struct vfpt_transaction *t, const struct vfpt_pf *pf, unsigned vf,
	struct vfpt_settings *now, struct vfpt_error *err)
{
	struct vfpt_settings other = {0};
	struct vfpt_cleared *grown = reallocarray(t->cleared, t->cleared_count + 1, sizeof(*grown));
	uint64_t mac = now->value[VFPT_MAC];
	char text[VFPT_SETTING_SIZE];
	int r;

	if (!grown)
		return vfpt_error_errno(err, VFPT_SYSTEM, ENOMEM, "clearing a MAC");
	t->cleared = grown;
	vfpt_settings_put(&other, VFPT_MAC, 0);
	r = vfpt_settings_apply(t->netlink, pf, vf, &other, now, err);
	if (r < 0 && err->code == VFPT_REFUSED) {
		vfpt_settings_put(&other, VFPT_MAC, own_mac(&pf->vfs[vf]));
		r = vfpt_settings_apply(t->netlink, pf, vf, &other, now, err);
	}
	if (r < 0)
		return vfpt_error_wrap(err, "a free VF still has this MAC");
	grown[t->cleared_count++] = (struct vfpt_cleared){.pf = pf, .vf = vf, .mac = mac};
	vfpt_warn("VF %u of %s was free but still had MAC %s, which would swallow the vNIC's traffic; it is "
		  "cleared",
		vf, pf->name, vfpt_setting_print(VFPT_MAC, mac, text));
	return 0;
}

static bool is_made_here(const struct vfpt_transaction *t, const struct vfpt_pci *vf)
{
	for (size_t i = 0; i < t->count; i++)
		if (vfpt_pci_equal(&t->made[i].assignment.address, vf))
			return true;
	return false;
}

/*
 * That VF holds the vNIC's MAC and is not the one for it: who has it? A record of the same VM that was not
 * made just now is garbage of its last run (what could be read has been released).
 */
static int evict(struct vfpt_transaction *t, const char *vm, const struct vfpt_pf *pf, unsigned vf,
	struct vfpt_settings *now, struct vfpt_error *err)
{
	const char *owner = vfpt_ledger_owner(t->ledger, &pf->vfs[vf]);
	char reason[VFPT_REASON_SIZE];
	bool taken;

	if (owner && (strcmp(owner, vm) != 0 || is_made_here(t, &pf->vfs[vf]))) {
		snprintf(reason, sizeof(reason), "it belongs to VM %s",
			owner[0] ? owner : "(its record is garbage)");
		return mac_in_use(pf, vf, reason, err);
	}
	if (vfpt_inuse(t->host, &pf->vfs[vf], &taken, reason, err) < 0)
		return -1;
	return taken ? mac_in_use(pf, vf, reason, err) : clear_mac(t, pf, vf, now, err);
}

static int claim_mac(struct vfpt_transaction *t, const struct vfpt_network *network,
	const struct choice *choice, const struct vfpt_assignment *a, struct vfpt_error *err)
{
	uint64_t value = vfpt_mac_value(&a->mac);
	struct vfpt_settings *vfs;

	for (size_t i = 0; i < network->pf_count; i++) {
		const struct vfpt_pf *pf = network->pfs[i];

		if (vfpt_mac_equal(&pf->mac, &a->mac))
			return vfpt_error_set(err, VFPT_BAD_INPUT,
				"PF %s itself has this MAC; give the vNIC another one in the engine",
				pf->name);
		if (get_settings(t, pf, &vfs, err) < 0)
			return -1;
		for (unsigned vf = 0; vf < pf->vf_count; vf++)
			if (vfpt_settings_have(&vfs[vf], VFPT_MAC) && vfs[vf].value[VFPT_MAC] == value &&
				(pf != choice->pf || vf != choice->vf) &&
				evict(t, a->vm, pf, vf, &vfs[vf], err) < 0)
				return -1;
	}
	return 0;
}

/* --- settings of the chosen VF --------------------------------------------------------------- */

/* What the vNIC asks for, and what every VF that is given away must have. */
static struct vfpt_settings complete(const struct vfpt_request *request, const struct vfpt_network *network)
{
	struct vfpt_settings wanted = request->settings;

	vfpt_settings_put(&wanted, VFPT_MAC, vfpt_mac_value(&request->mac));
	if (!vfpt_settings_have(&wanted, VFPT_VLAN_ID))
		vfpt_settings_put(&wanted, VFPT_VLAN_ID, network->vlan_id);
	if (!vfpt_settings_have(&wanted, VFPT_VLAN_PRIORITY))
		vfpt_settings_put(&wanted, VFPT_VLAN_PRIORITY, 0);
	if (!vfpt_settings_have(&wanted, VFPT_VLAN_PROTOCOL))
		vfpt_settings_put(&wanted, VFPT_VLAN_PROTOCOL, VFPT_VLAN_8021Q);
	return wanted;
}

/* libvirt sets VLAN id and MAC when it starts the VM, and thereby resets these: libvirt,
 * virNetDevSetVfConfig(). */
static bool is_wiped_out_by_start(const struct vfpt_settings *wanted)
{
	return wanted->value[VFPT_VLAN_PRIORITY] != 0 || wanted->value[VFPT_VLAN_PROTOCOL] != VFPT_VLAN_8021Q;
}

/* Nothing may pass with a wrong tag before after_vm_start has put the right one back. */
static int hold_link(struct vfpt_transaction *t, const struct vfpt_pf *pf, struct vfpt_assigned *assigned,
	struct vfpt_settings *now, struct vfpt_error *err)
{
	struct vfpt_settings hold = {0};

	vfpt_settings_put(&hold, VFPT_LINK_STATE, VFPT_LINK_DISABLE);
	if (vfpt_settings_apply(t->netlink, pf, assigned->assignment.vf, &hold, now, err) == 0)
		return 0;
	if (err->code != VFPT_REFUSED)
		return -1;
	if (!t->gap_allowed)
		return vfpt_error_set(err, VFPT_REFUSED,
			"VF %u of %s (%s): its VLAN priority or protocol can only be set once the VM runs, "
			"and the driver "
			"cannot hold the link down until then; allow that gap in /etc/vdsm/vfpt.conf "
			"([policy] gap = allow) or "
			"use a PF whose driver can",
			assigned->assignment.vf, pf->name, pf->driver);
	assigned->gap = true;
	return 0;
}

static int set_up(struct vfpt_transaction *t, const struct vfpt_pf *pf, struct vfpt_assigned *assigned,
	struct vfpt_settings *now, struct vfpt_error *err)
{
	struct vfpt_settings first = assigned->assignment.wanted;

	if (is_wiped_out_by_start(&first)) {
		if (hold_link(t, pf, assigned, now, err) < 0)
			return -1;
		if (!assigned->gap) /* it is held; after_vm_start gives it what it is to have */
			first.present &= ~(1u << VFPT_LINK_STATE);
	}
	return vfpt_settings_apply(t->netlink, pf, assigned->assignment.vf, &first, now, err);
}

/* Record first, then set: a crash in between leaves a record that says how the VF was. */
static int take_vf(struct vfpt_transaction *t, const struct vfpt_network *network,
	const struct choice *choice, struct vfpt_assigned *assigned, struct vfpt_error *err)
{
	struct vfpt_assignment *a = &assigned->assignment;
	bool rates = vfpt_settings_have(&a->wanted, VFPT_MAX_TX_RATE);
	struct vfpt_settings *vfs;
	struct vfpt_error second;

	if (get_settings(t, choice->pf, &vfs, err) < 0 ||
		vfpt_settings_check(&a->wanted, choice->pf, a->vf,
			rates ? vfpt_host_link_speed(t->host, choice->pf) : 0, vfs, err) < 0 ||
		claim_mac(t, network, choice, a, err) < 0)
		return -1;
	a->before = vfs[a->vf];
	/* A link that is held until the VM runs then gets what it is to have. */
	if (is_wiped_out_by_start(&a->wanted) && !vfpt_settings_have(&a->wanted, VFPT_LINK_STATE))
		vfpt_settings_put(&a->wanted, VFPT_LINK_STATE, a->before.value[VFPT_LINK_STATE]);
	if (vfpt_ledger_put(t->ledger, a, err) < 0)
		return -1;
	if (set_up(t, choice->pf, assigned, &vfs[a->vf], err) == 0)
		return 0;
	if (vfpt_release(t->host, t->ledger, t->netlink, a, &second) < 0)
		vfpt_error_remedy(err, "undoing failed: %s", second.message);
	else
		vfs[a->vf] = a->before;
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
	struct candidate *candidates = rank(t, network, request, err);
	struct vfpt_assignment *a = &out->assignment;
	struct choice choice;
	int r = candidates ? choose(t, request, candidates, network->pf_count, &choice, err) : -1;

	if (r == 0 && choice.suits == UNUSABLE)
		r = none_free(candidates, network->pf_count, err);
	free(candidates);
	if (r < 0)
		return -1;
	*out = (struct vfpt_assigned){.pf_up = choice.pf->up};
	*a = (struct vfpt_assignment){.mac = request->mac,
		.vf = choice.vf,
		.address = choice.pf->vfs[choice.vf],
		.wanted = complete(request, network)};
	snprintf(a->vm, sizeof(a->vm), "%s", request->vm);
	copy_alias(a->alias, request->alias);
	memcpy(a->pf, choice.pf->name, sizeof(a->pf));
	if (choice.suits == OPENS_GROUP && remember_siblings(t, request, &a->address, err) < 0)
		return -1;
	return take_vf(t, network, &choice, out, err);
}

int vfpt_assign(struct vfpt_transaction *transaction, const struct vfpt_request *request,
	struct vfpt_assigned *out, struct vfpt_error *err)
{
	const struct vfpt_network *network;
	struct vfpt_assigned *grown;
	size_t siblings = transaction->sibling_count;

	if (vfpt_host_network(transaction->host, request->bridge, &network, err) < 0)
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
	for (size_t i = 0; i < transaction->sibling_count; i++)
		if (vfpt_pci_equal(&transaction->siblings[i].vf, &out->assignment.address))
			transaction->siblings[i--] = transaction->siblings[--transaction->sibling_count];
	return 0;
}

int vfpt_transaction_check(struct vfpt_transaction *transaction, const char *vm, struct vfpt_error *err)
{
	char text[VFPT_PCI_SIZE], mac[VFPT_MAC_SIZE];

	for (size_t i = 0; i < transaction->sibling_count; i++) {
		const struct vfpt_sibling *sibling = &transaction->siblings[i];

		if (!is_of(transaction, &sibling->vf, vm))
			return vfpt_error_set(err, VFPT_NO_VF,
				"vNIC %s: its VF shares an iommu group with %s, which does not go to this "
				"VM; use a PCI slot "
				"whose bridges support ACS",
				vfpt_mac_format(&sibling->mac, mac), vfpt_pci_format(&sibling->vf, text));
	}
	return 0;
}

void vfpt_transaction_commit(struct vfpt_transaction *transaction)
{
	for (size_t i = 0; i < transaction->pf_count; i++)
		free(transaction->pfs[i].vfs);
	free(transaction->pfs);
	free(transaction->made);
	free(transaction->siblings);
	free(transaction->cleared);
	*transaction = (struct vfpt_transaction){0};
}

void vfpt_transaction_undo(struct vfpt_transaction *transaction)
{
	struct vfpt_transaction *t = transaction;
	struct vfpt_error err;

	while (t->count > 0)
		if (vfpt_release(t->host, t->ledger, t->netlink, &t->made[--t->count].assignment, &err) < 0)
			vfpt_warn("undoing: %s", err.message);
	while (t->cleared_count > 0) {
		const struct vfpt_cleared *cleared = &t->cleared[--t->cleared_count];
		struct vfpt_settings mac = {0}, now = {0};

		vfpt_settings_put(&mac, VFPT_MAC, cleared->mac);
		if (vfpt_settings_apply(t->netlink, cleared->pf, cleared->vf, &mac, &now, &err) < 0)
			vfpt_warn("undoing: %s", err.message);
	}
	vfpt_transaction_commit(t);
}

/* --- once the VM runs ------------------------------------------------------------------------ */

/* Not repaired: whoever changed it has a reason, or libvirt did not do what it does. */
static void warn_if_different(const struct vfpt_assignment *a, const struct vfpt_pf *pf,
	enum vfpt_setting setting, const struct vfpt_settings *now)
{
	char is[VFPT_SETTING_SIZE], shall[VFPT_SETTING_SIZE], mac[VFPT_MAC_SIZE];

	if (vfpt_settings_have(now, setting) && now->value[setting] != a->wanted.value[setting])
		vfpt_warn("vNIC %s: VF %u of %s has %s %s, it should be %s", vfpt_mac_format(&a->mac, mac),
			a->vf, pf->name, vfpt_setting_name(setting),
			vfpt_setting_print(setting, now->value[setting], is),
			vfpt_setting_print(setting, a->wanted.value[setting], shall));
}

int vfpt_assign_finish(struct vfpt_host *host, struct vfpt_netlink *netlink,
	const struct vfpt_assignment *assignment, struct vfpt_error *err)
{
	struct vfpt_settings wanted = assignment->wanted, *all;
	const struct vfpt_pf *pf;
	unsigned vf;
	int r;

	if (vfpt_host_find_vf(host, &assignment->address, &pf, &vf, err) < 0 ||
		vfpt_settings_read(netlink, pf, &all, err) < 0)
		return -1;
	warn_if_different(assignment, pf, VFPT_MAC, &all[vf]);
	warn_if_different(assignment, pf, VFPT_VLAN_ID, &all[vf]);
	/* A link that was held goes up with the right tag only, whole. */
	wanted.present &= (is_wiped_out_by_start(&wanted) ? 1u << VFPT_VLAN_ID : 0) |
			  1u << VFPT_VLAN_PRIORITY | 1u << VFPT_VLAN_PROTOCOL | 1u << VFPT_LINK_STATE;
	r = vfpt_settings_apply(netlink, pf, vf, &wanted, &all[vf], err);
	free(all);
	return r;
}

/* --- releasing ------------------------------------------------------------------------------- */

/* What a driver takes and does not show cannot be put back. */
static void report_untold(const struct vfpt_assignment *a, const struct vfpt_pf *pf, unsigned vf)
{
	unsigned untold = a->wanted.present & ~a->before.present;

	for (int i = 0; a->before.present && i < VFPT_SETTING_COUNT; i++)
		if (untold & 1u << i)
			vfpt_warn("VF %u of %s: %s does not tell what %s was, so it stays as the vNIC had it",
				vf, pf->name, pf->driver, vfpt_setting_name((enum vfpt_setting)i));
}

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
		return vfpt_ledger_remove(ledger, assignment, err);
	}
	report_untold(assignment, pf, index);
	if (vfpt_settings_restore(netlink, pf, index, &assignment->before, err) < 0) {
		if (err->code != VFPT_REFUSED)
			return -1;
		vfpt_warn("%s; the VF is released as it is", err->message);
	}
	return vfpt_ledger_remove(ledger, assignment, err);
}
