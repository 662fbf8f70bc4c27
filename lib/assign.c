/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vfpt/assign.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "netlink.h"
#include "pick.h"
#include "vfpt/domain.h"
#include "vfpt/inuse.h"

/* --- assigning ------------------------------------------------------------------------------- */

/* Remember the group's other members; vfpt_transaction_check() wants them to be this VM's in the end. */
static int remember_siblings(struct vfpt_transaction *t, const char *vm, const struct vfpt_mac *mac,
	const struct vfpt_pci *vf, struct vfpt_error *err)
{
	struct vfpt_iommu_group group;
	int r = 0;

	if (vfpt_host_iommu_group(t->host, vf, &group, err) < 0)
		return -1;
	for (size_t i = 0; i < group.count && r == 0; i++) {
		struct vfpt_sibling *grown;

		if (vfpt_pci_equal(&group.members[i], vf) || pick_is_of(t, &group.members[i], vm) ||
			pick_is_in_document(t, &group.members[i]))
			continue;
		grown = reallocarray(t->siblings, t->sibling_count + 1, sizeof(*grown));
		if (grown) {
			grown[t->sibling_count++] =
				(struct vfpt_sibling){.vf = group.members[i], .mac = *mac};
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

/* They are read again when they are needed. */
static void forget_settings(struct vfpt_transaction *t)
{
	while (t->pf_count > 0)
		free(t->pfs[--t->pf_count].vfs);
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

	if (owner && (strcmp(owner, vm) != 0 || is_made_here(t, &pf->vfs[vf])))
		return mac_of_vm(pf->name, vf, owner, err);
	/* Whatever it is that somebody keeps there. */
	if (pick_is_excluded(t->config, pf, vf))
		return mac_in_use(pf->name, vf, "vfpt.conf excludes it, so it is left alone", err);
	if (vfpt_inuse(t->host, &pf->vfs[vf], &taken, reason, err) < 0)
		return -1;
	return taken ? mac_in_use(pf->name, vf, reason, err) : clear_mac(t, pf, vf, now, err);
}

/* The ledger knows of a MAC whatever a PF shows: it is not set yet, or its PF cannot be asked. */
static int claim_in_ledger(
	const struct vfpt_transaction *t, const struct vfpt_assignment *a, struct vfpt_error *err)
{
	for (size_t i = 0; i < t->count; i++) {
		const struct vfpt_assignment *made = &t->made[i].assignment;

		if (vfpt_mac_equal(&made->mac, &a->mac))
			return mac_of_vm(made->pf, made->vf, made->vm, err);
	}
	for (size_t i = 0; i < t->held_count; i++) {
		const struct vfpt_assignment *held = &t->held[i];

		/* What was given back meanwhile does not count. */
		if (vfpt_mac_equal(&held->mac, &a->mac) && pick_is_of(t, &held->address, held->vm) &&
			!is_made_here(t, &held->address))
			return mac_of_vm(held->pf, held->vf, held->vm, err);
	}
	return 0;
}

static int claim_on_pf(struct vfpt_transaction *t, const struct vfpt_pf *pf, const struct pick *pick,
	const struct vfpt_assignment *a, struct vfpt_error *err)
{
	uint64_t value = vfpt_mac_value(&a->mac);
	struct vfpt_settings *vfs;

	if (vfpt_mac_equal(&pf->mac, &a->mac))
		return vfpt_error_set(err, VFPT_BAD_INPUT,
			"PF %s itself has this MAC; give the vNIC another one in the engine", pf->name);
	if (pf->vf_count == 0)
		return 0;
	if (get_settings(t, pf, &vfs, err) < 0)
		return -1;
	for (unsigned vf = 0; vf < pf->vf_count; vf++)
		if (vfpt_settings_have(&vfs[vf], VFPT_MAC) && vfs[vf].value[VFPT_MAC] == value &&
			(pf != pick->pf || vf != pick->vf) && evict(t, a->vm, pf, vf, &vfs[vf], err) < 0)
			return -1;
	return 0;
}

/* All PFs of the host, looked for once. */
static void know_pfs(struct vfpt_transaction *t)
{
	struct vfpt_error failure;

	if (t->knows_pfs)
		return;
	t->knows_pfs = true;
	if (vfpt_host_pfs(t->host, &t->all_pfs, &t->all_pf_count, &failure) < 0)
		vfpt_warn("%s; the vNIC's MAC is looked for on the PFs of its network only", failure.message);
}

static bool has_pf(const struct target *target, const struct vfpt_pf *pf)
{
	for (size_t i = 0; i < target->pf_count; i++)
		if (target->pfs[i] == pf)
			return true;
	return false;
}

/*
 * One MAC is one vNIC's on the whole host: which PFs are on one wire, only the switch knows. A PF that is
 * none of the vNIC's and cannot be asked does not keep it from its VF: it is said, and the ledger knows of
 * the VMs' MACs all the same.
 */
static int claim_mac(struct vfpt_transaction *t, const struct target *target, const struct pick *pick,
	const struct vfpt_assignment *a, struct vfpt_error *err)
{
	struct vfpt_settings *ignored;
	struct vfpt_error failure;
	char mac[VFPT_MAC_SIZE];

	if (pick_know_held(t, a->vm, err) < 0 || claim_in_ledger(t, a, err) < 0)
		return -1;
	for (size_t i = 0; i < target->pf_count; i++)
		if (claim_on_pf(t, target->pfs[i], pick, a, err) < 0)
			return -1;
	know_pfs(t);
	for (size_t i = 0; i < t->all_pf_count; i++) {
		const struct vfpt_pf *pf = t->all_pfs[i];

		if (has_pf(target, pf))
			continue;
		if (get_settings(t, pf, &ignored, &failure) < 0)
			vfpt_warn("%s; whether one of them has MAC %s, too, is not known", failure.message,
				vfpt_mac_format(&a->mac, mac));
		else if (claim_on_pf(t, pf, pick, a, err) < 0)
			return -1;
	}
	return 0;
}

/* --- settings of the chosen VF --------------------------------------------------------------- */

/* What the vNIC asks for, and what every VF that is given away must have. */
static struct vfpt_settings complete(const struct vfpt_request *request, const struct target *target)
{
	struct vfpt_settings wanted = request->profile->settings;

	vfpt_settings_put(&wanted, VFPT_MAC, vfpt_mac_value(&request->mac));
	if (request->profile->port_profile[0])
		return wanted; /* the switch decides the VLAN */
	if (!vfpt_settings_have(&wanted, VFPT_VLAN_ID))
		vfpt_settings_put(&wanted, VFPT_VLAN_ID, target->vlan_id);
	if (!vfpt_settings_have(&wanted, VFPT_VLAN_PRIORITY))
		vfpt_settings_put(&wanted, VFPT_VLAN_PRIORITY, 0);
	if (!vfpt_settings_have(&wanted, VFPT_VLAN_PROTOCOL))
		vfpt_settings_put(&wanted, VFPT_VLAN_PROTOCOL, VFPT_VLAN_8021Q);
	return wanted;
}

/* What a VF has that nobody asked anything for. Spoof check differs from driver to driver: on keeps others
 * safe. */
static const struct vfpt_settings defaults = {
	.present = (1u << VFPT_SETTING_COUNT) - 1,
	.value = {[VFPT_VLAN_PROTOCOL] = VFPT_VLAN_8021Q,
		[VFPT_SPOOFCHK] = 1,
		[VFPT_LINK_STATE] = VFPT_LINK_AUTO},
};

/*
 * The settings that let a guest do more, where neither the vNIC asks for them nor the driver shows them: they
 * may be as somebody left them. Of the others the kernel shows something for every driver, and RSS query no
 * driver takes that does not show it (Linux 6.1, rtnl_fill_vfinfo()).
 */
static struct vfpt_settings not_shown(const struct vfpt_settings *wanted, const struct vfpt_settings *now)
{
	struct vfpt_settings out = defaults;

	out.present = (1u << VFPT_SPOOFCHK | 1u << VFPT_TRUST) & ~wanted->present & ~now->present;
	return out;
}

/* libvirt sets VLAN id and MAC when it starts the VM, and thereby resets these: libvirt,
 * virNetDevSetVfConfig(). */
static bool is_wiped_out_by_start(const struct vfpt_settings *wanted)
{
	return vfpt_settings_have(wanted, VFPT_VLAN_ID) &&
	       (wanted->value[VFPT_VLAN_PRIORITY] != 0 ||
		       (vfpt_settings_have(wanted, VFPT_VLAN_PROTOCOL) &&
			       wanted->value[VFPT_VLAN_PROTOCOL] != VFPT_VLAN_8021Q));
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
	if (!t->config->policy.gap_allowed)
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

/* One by one: what the driver refuses, it does not have. */
static int set_defaults(struct vfpt_transaction *t, const struct vfpt_pf *pf,
	const struct vfpt_assigned *assigned, struct vfpt_settings *now, struct vfpt_error *err)
{
	for (int i = 0; i < VFPT_SETTING_COUNT; i++) {
		struct vfpt_settings one = assigned->defaults;

		one.present &= 1u << i;
		if (vfpt_settings_apply(t->netlink, pf, assigned->assignment.vf, &one, now, err) < 0 &&
			err->code != VFPT_REFUSED)
			return -1;
	}
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
	if (vfpt_settings_apply(t->netlink, pf, assigned->assignment.vf, &first, now, err) < 0)
		return -1;
	return set_defaults(t, pf, assigned, now, err);
}

/* --- the VF's network device ----------------------------------------------------------------- */

static int set_netdev_mtu(
	struct vfpt_netlink *netlink, const struct vfpt_netdev *netdev, unsigned mtu, struct vfpt_error *err)
{
	if (netdev->mtu == mtu)
		return 0;
	if (!netlink) {
		vfpt_note("would set: MTU of %s to %u", netdev->name, mtu);
		return 0;
	}
	if (vfpt_netlink_set_mtu(netlink, netdev->ifindex, mtu, err) < 0)
		return vfpt_error_wrap(err, "cannot set the MTU of %s to %u", netdev->name, mtu);
	return 0;
}

/* And of the macvtap on it: the kernel makes that smaller with the VF's, but not larger. */
static int set_mtu(struct vfpt_host *host, struct vfpt_netlink *netlink, const struct vfpt_pci *vf,
	unsigned mtu, struct vfpt_error *err)
{
	struct vfpt_netdev netdev, upper;

	if (vfpt_host_netdev(host, vf, &netdev, err) < 0 || set_netdev_mtu(netlink, &netdev, mtu, err) < 0)
		return -1;
	return vfpt_host_upper(host, &netdev, &upper) ? set_netdev_mtu(netlink, &upper, mtu, err) : 0;
}

/* A macvtap is made with the MTU of what it stands on. */
static int plan_netdev(struct vfpt_transaction *t, const struct target *target,
	struct vfpt_assigned *assigned, struct vfpt_error *err)
{
	struct vfpt_netdev netdev;

	if (!assigned->assignment.macvtap)
		return 0;
	if (vfpt_host_netdev(t->host, &assigned->assignment.address, &netdev, err) < 0)
		return -1;
	memcpy(assigned->netdev, netdev.name, sizeof(assigned->netdev));
	if (target->vnic_mtu) {
		assigned->assignment.mtu_before = netdev.mtu;
		assigned->assignment.mtu = target->vnic_mtu;
	}
	return 0;
}

/* --- one assignment -------------------------------------------------------------------------- */

static int release(struct vfpt_host *host, struct vfpt_ledger *ledger, struct vfpt_netlink *netlink,
	const struct vfpt_assignment *assignment, bool remember, struct vfpt_error *err);

/* Record first, then set: a crash in between leaves a record that says how the VF was. */
static int take_vf(struct vfpt_transaction *t, const struct pick *pick, struct vfpt_assigned *assigned,
	struct vfpt_settings *now, struct vfpt_error *err)
{
	struct vfpt_assignment *a = &assigned->assignment;
	struct vfpt_error second;

	a->before = *now;
	/* A link that is held until the VM runs then gets what it is to have. */
	if (is_wiped_out_by_start(&a->wanted) && !vfpt_settings_have(&a->wanted, VFPT_LINK_STATE))
		vfpt_settings_put(&a->wanted, VFPT_LINK_STATE, a->before.value[VFPT_LINK_STATE]);
	a->run = t->run;
	if (vfpt_ledger_put(t->ledger, a, err) < 0)
		return -1;
	t->run = a->run;
	if (t->explanation)
		return 0;
	if (set_up(t, pick->pf, assigned, now, err) == 0 &&
		(!a->mtu_before || set_mtu(t->host, t->netlink, &a->address, a->mtu, err) == 0))
		return 0;
	if (release(t->host, t->ledger, t->netlink, a, false, &second) < 0)
		vfpt_error_remedy(err, "undoing failed: %s", second.message);
	else
		*now = a->before;
	return -1;
}

/* A vNIC's bandwidth is a ceiling: above the link's speed it is none. */
static void take_bandwidth(const struct vfpt_request *request, unsigned speed, struct vfpt_settings *wanted)
{
	if (request->bandwidth && !vfpt_settings_have(wanted, VFPT_MAX_TX_RATE) &&
		(speed == 0 || request->bandwidth < speed))
		vfpt_settings_put(wanted, VFPT_MAX_TX_RATE, request->bandwidth);
}

static int check_and_take(struct vfpt_transaction *t, const struct vfpt_request *request,
	const struct target *target, const struct pick *pick, struct vfpt_assigned *assigned,
	struct vfpt_error *err)
{
	struct vfpt_settings *wanted = &assigned->assignment.wanted, *vfs;
	bool rates = vfpt_settings_have(wanted, VFPT_MAX_TX_RATE) || request->bandwidth;
	unsigned speed = rates ? vfpt_host_link_speed(t->host, pick->pf) : 0;

	take_bandwidth(request, speed, wanted);
	if (get_settings(t, pick->pf, &vfs, err) < 0 ||
		vfpt_settings_check(wanted, pick->pf, pick->vf, speed, vfs, err) < 0 ||
		claim_mac(t, target, pick, &assigned->assignment, err) < 0 ||
		plan_netdev(t, target, assigned, err) < 0)
		return -1;
	if (t->netlink) /* without, nothing is shown */
		assigned->defaults = not_shown(wanted, &vfs[pick->vf]);
	return take_vf(t, pick, assigned, &vfs[pick->vf], err);
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

static struct vfpt_assigned on_vf(
	const char *vm, const struct vfpt_mac *mac, const struct vfpt_pf *pf, unsigned vf)
{
	struct vfpt_assigned assigned = {.pf_up = pf->up};
	struct vfpt_assignment *a = &assigned.assignment;

	snprintf(a->vm, sizeof(a->vm), "%s", vm);
	a->mac = *mac;
	memcpy(a->pf, pf->name, sizeof(a->pf));
	a->vf = vf;
	a->address = pf->vfs[vf];
	return assigned;
}

static int assign_on(struct vfpt_transaction *t, const struct vfpt_request *request,
	const struct target *target, struct vfpt_assigned *out, struct vfpt_error *err)
{
	struct vfpt_assignment *a = &out->assignment;
	struct pick pick;

	if (request->profile->mode == VFPT_MODE_FAILOVER && !target->has_bridge)
		return vfpt_error_set(err, VFPT_BAD_INPUT,
			"passthrough_mode=failover needs a bridge beside the VF, and %.20s has none on this "
			"host; use hostdev or macvtap",
			request->bridge);
	if (pick_vf(t, request, target, &pick, err) < 0)
		return -1;
	*out = on_vf(request->vm, &request->mac, pick.pf, pick.vf);
	a->wanted = complete(request, target);
	a->macvtap = request->profile->mode == VFPT_MODE_MACVTAP;
	copy_alias(a->alias, request->alias);
	vfpt_network_name(a->network, request->network ? request->network : request->bridge);
	if (pick.grade == VFPT_VF_OPENS_GROUP &&
		remember_siblings(t, request->vm, &request->mac, &a->address, err) < 0)
		return -1;
	return check_and_take(t, request, target, &pick, out, err);
}

/* Room to remember it comes before taking it. */
static int make_room(struct vfpt_transaction *t, struct vfpt_error *err)
{
	struct vfpt_assigned *grown = reallocarray(t->made, t->count + 1, sizeof(*grown));

	if (!grown)
		return vfpt_error_errno(err, VFPT_SYSTEM, ENOMEM, "assigning a VF");
	t->made = grown;
	return 0;
}

static void keep(struct vfpt_transaction *t, const struct vfpt_assigned *assigned)
{
	t->made[t->count++] = *assigned;
	for (size_t i = 0; i < t->sibling_count; i++)
		if (vfpt_pci_equal(&t->siblings[i].vf, &assigned->assignment.address))
			t->siblings[i--] = t->siblings[--t->sibling_count];
}

/* Is it one of the target's? A VF that is gone is nobody's. */
static bool is_on(const struct vfpt_transaction *t, const struct target *target, const struct vfpt_pci *vf)
{
	const struct vfpt_pf *pf;
	struct vfpt_error ignored;
	unsigned index;

	return vfpt_host_find_vf(t->host, vf, &pf, &index, &ignored) == 0 && has_pf(target, pf);
}

/* What VM @vm lacks and another may have, which is gone. Each but @vm may be NULL. */
struct want {
	const char *vm;
	const struct target *target; /* any of its VFs */
	const struct vfpt_pci *vf;   /* this one */
	const struct vfpt_mac *mac;
};

static bool is_wanted(
	const struct vfpt_transaction *t, const struct want *want, const struct vfpt_assignment *a)
{
	return strcmp(a->vm, want->vm) != 0 && ((want->target && is_on(t, want->target, &a->address)) ||
						       (want->vf && vfpt_pci_equal(want->vf, &a->address)) ||
						       (want->mac && vfpt_mac_equal(want->mac, &a->mac)));
}

/* Take that back from VMs that are gone. @return how many VFs; what fails is reported and stays */
static unsigned reclaim(struct vfpt_transaction *t, const struct want *want)
{
	struct vfpt_error failure;
	unsigned reclaimed = 0;

	if (!t->owners || pick_know_held(t, want->vm, &failure) < 0)
		return 0;
	for (size_t i = 0; i < t->held_count; i++) {
		const struct vfpt_assignment *a = &t->held[i];

		if (!is_wanted(t, want, a) || !pick_is_of(t, &a->address, a->vm) ||
			!vfpt_owner_is_gone(t->owners, a))
			continue;
		if (release(t->host, t->ledger, t->netlink, a, true, &failure) < 0) {
			vfpt_warn("VM %s is gone, but: %s", a->vm, failure.message);
			continue;
		}
		vfpt_warn("VM %s is gone; its VF %u of %s %s given back", a->vm, a->vf, a->pf,
			t->explanation ? "would be" : "is");
		reclaimed++;
	}
	if (reclaimed > 0)
		forget_settings(t);
	return reclaimed;
}

int vfpt_assign(struct vfpt_transaction *transaction, const struct vfpt_request *request,
	struct vfpt_assigned *out, struct vfpt_error *err)
{
	size_t siblings = transaction->sibling_count;
	struct want want = {.vm = request->vm, .mac = &request->mac};
	struct target target;
	const char *doubt;
	int r;

	if (make_room(transaction, err) < 0 || target_find(transaction, request, &target, err) < 0)
		return -1;
	r = assign_on(transaction, request, &target, out, err);
	want.target = r < 0 && err->code == VFPT_NO_VF ? &target : NULL;
	if (r < 0 && err->code != VFPT_SYSTEM && reclaim(transaction, &want) > 0)
		r = assign_on(transaction, request, &target, out, err);
	doubt = r < 0 && transaction->owners ? vfpt_owners_in_doubt(transaction->owners) : NULL;
	if (doubt)
		vfpt_error_remedy(err, "%s, so VFs of VMs that may be gone stay taken", doubt);
	free(target.pfs);
	if (r < 0)
		transaction->sibling_count = siblings;
	else
		keep(transaction, out);
	return r;
}

/* As it is now, libvirt shall have it: it would set VLAN id 0 otherwise. */
static struct vfpt_settings as_it_is(const struct vfpt_settings *now, const struct vfpt_mac *mac)
{
	struct vfpt_settings wanted = *now;

	wanted.present &= 1u << VFPT_VLAN_ID | 1u << VFPT_VLAN_PRIORITY | 1u << VFPT_VLAN_PROTOCOL;
	vfpt_settings_put(&wanted, VFPT_MAC, vfpt_mac_value(mac));
	return wanted;
}

/* That VF, also if a VM has it that is gone. */
static int pick_or_reclaim(
	struct vfpt_transaction *t, const char *vm, const struct vfpt_pci *vf, struct vfpt_error *err)
{
	if (pick_this(t, vm, vf, err) == 0)
		return 0;
	if (err->code != VFPT_NO_VF || reclaim(t, &(struct want){.vm = vm, .vf = vf}) == 0)
		return -1;
	return pick_this(t, vm, vf, err);
}

/* The MAC that it has, also if a VM has it that is gone. */
static int claim_or_reclaim(struct vfpt_transaction *t, const struct pick *pick,
	const struct vfpt_assignment *a, struct vfpt_error *err)
{
	const struct target target = {.pf_count = 1, .pfs = (const struct vfpt_pf *[]){pick->pf}};

	if (claim_mac(t, &target, pick, a, err) == 0)
		return 0;
	if (err->code != VFPT_BAD_INPUT || reclaim(t, &(struct want){.vm = a->vm, .mac = &a->mac}) == 0)
		return -1;
	return claim_mac(t, &target, pick, a, err);
}

int vfpt_assign_netdev(struct vfpt_transaction *transaction, const char *vm, const char *netdev_name,
	struct vfpt_assigned *out, struct vfpt_error *err)
{
	struct vfpt_netdev netdev;
	struct vfpt_settings *vfs;
	struct pick pick = {.pf = NULL};
	struct vfpt_pci address;
	char alias[VFPT_VF_ALIAS_SIZE];

	if (make_room(transaction, err) < 0 ||
		vfpt_host_vf_of_netdev(transaction->host, netdev_name, &address, err) < 0 ||
		vfpt_host_find_vf(transaction->host, &address, &pick.pf, &pick.vf, err) < 0 ||
		pick_or_reclaim(transaction, vm, &address, err) < 0 ||
		vfpt_host_netdev(transaction->host, &address, &netdev, err) < 0)
		return -1;
	*out = on_vf(vm, &netdev.mac, pick.pf, pick.vf);
	copy_alias(out->assignment.alias, vfpt_vf_alias(&netdev.mac, alias));
	if (claim_or_reclaim(transaction, &pick, &out->assignment, err) < 0 ||
		get_settings(transaction, pick.pf, &vfs, err) < 0)
		return -1;
	out->assignment.wanted = as_it_is(&vfs[pick.vf], &netdev.mac);
	if (take_vf(transaction, &pick, out, &vfs[pick.vf], err) < 0)
		return -1;
	keep(transaction, out);
	return 0;
}

int vfpt_transaction_check(struct vfpt_transaction *transaction, const char *vm, struct vfpt_error *err)
{
	char text[VFPT_PCI_SIZE], mac[VFPT_MAC_SIZE];

	for (size_t i = 0; i < transaction->sibling_count; i++) {
		const struct vfpt_sibling *sibling = &transaction->siblings[i];

		if (!pick_is_of(transaction, &sibling->vf, vm))
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
	forget_settings(transaction);
	free(transaction->pfs);
	free(transaction->made);
	free(transaction->held);
	free(transaction->all_pfs);
	free(transaction->siblings);
	free(transaction->cleared);
	*transaction = (struct vfpt_transaction){0};
}

void vfpt_transaction_undo(struct vfpt_transaction *transaction)
{
	struct vfpt_transaction *t = transaction;
	struct vfpt_error err;

	while (t->count > 0)
		if (release(t->host, t->ledger, t->netlink, &t->made[--t->count].assignment, false, &err) < 0)
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

bool vfpt_assign_differs(
	const struct vfpt_assignment *assignment, const struct vfpt_settings *now, enum vfpt_setting setting)
{
	return vfpt_settings_have(now, setting) && vfpt_settings_have(&assignment->wanted, setting) &&
	       now->value[setting] != assignment->wanted.value[setting];
}

static void warn_if_different(const struct vfpt_assignment *a, const struct vfpt_pf *pf,
	enum vfpt_setting setting, const struct vfpt_settings *now)
{
	char is[VFPT_SETTING_SIZE], shall[VFPT_SETTING_SIZE], mac[VFPT_MAC_SIZE];

	if (vfpt_assign_differs(a, now, setting))
		vfpt_warn("vNIC %s: VF %u of %s has %s %s, it should be %s", vfpt_mac_format(&a->mac, mac),
			a->vf, pf->name, vfpt_setting_name(setting),
			vfpt_setting_print(setting, now->value[setting], is),
			vfpt_setting_print(setting, a->wanted.value[setting], shall));
}

/*
 * Read the VF's settings, warn where one of @watched (a bit each) is not as it should be, and apply those of
 * @applied.
 */
static int correct(struct vfpt_host *host, struct vfpt_netlink *netlink,
	const struct vfpt_assignment *assignment, unsigned watched, unsigned applied, struct vfpt_error *err)
{
	struct vfpt_settings wanted = assignment->wanted, *all;
	const struct vfpt_pf *pf;
	unsigned vf;
	int r;

	if (vfpt_host_find_vf(host, &assignment->address, &pf, &vf, err) < 0 ||
		vfpt_settings_read(netlink, pf, &all, err) < 0)
		return -1;
	for (int i = 0; i < VFPT_SETTING_COUNT; i++)
		if (watched & 1u << i)
			warn_if_different(assignment, pf, (enum vfpt_setting)i, &all[vf]);
	wanted.present &= applied;
	r = vfpt_settings_apply(netlink, pf, vf, &wanted, &all[vf], err);
	free(all);
	if (r == 0 && assignment->macvtap && assignment->mtu)
		r = set_mtu(host, netlink, &assignment->address, assignment->mtu, err);
	return r;
}

int vfpt_assign_finish(struct vfpt_host *host, struct vfpt_netlink *netlink,
	const struct vfpt_assignment *assignment, struct vfpt_error *err)
{
	/* A MAC or id is not repaired here: libvirt has just set it, or whoever changed it has a reason. */
	const unsigned watched = 1u << VFPT_MAC | 1u << VFPT_VLAN_ID;
	unsigned applied = 1u << VFPT_VLAN_PRIORITY | 1u << VFPT_VLAN_PROTOCOL | 1u << VFPT_LINK_STATE;

	/* A link that was held goes up with the right tag only, whole. */
	if (is_wiped_out_by_start(&assignment->wanted))
		applied |= 1u << VFPT_VLAN_ID;
	return correct(host, netlink, assignment, watched, applied, err);
}

int vfpt_assign_repair(struct vfpt_host *host, struct vfpt_netlink *netlink,
	const struct vfpt_assignment *assignment, struct vfpt_error *err)
{
	return correct(host, netlink, assignment, ~0u, ~0u, err);
}

/* --- releasing ------------------------------------------------------------------------------- */

/* What a driver takes and does not show goes back to what a VF has that nobody asked anything for. */
static struct vfpt_settings before_or_default(const struct vfpt_assignment *a)
{
	struct vfpt_settings out = a->before;
	unsigned not_shown = a->wanted.present & ~a->before.present;

	for (int i = 0; i < VFPT_SETTING_COUNT; i++)
		if (not_shown & 1u << i)
			vfpt_settings_put(&out, (enum vfpt_setting)i, defaults.value[i]);
	return out;
}

/* The VF may be with VFIO still, or have a driver that starts anew: then its network device is as new. */
static void restore_mtu(
	struct vfpt_host *host, struct vfpt_netlink *netlink, const struct vfpt_assignment *assignment)
{
	struct vfpt_netdev netdev;
	struct vfpt_error err;

	if (!assignment->mtu_before || vfpt_host_netdev(host, &assignment->address, &netdev, &err) < 0)
		return;
	if (set_mtu(host, netlink, &assignment->address, assignment->mtu_before, &err) < 0)
		vfpt_warn("%s; the VF is released as it is", err.message);
}

static int release(struct vfpt_host *host, struct vfpt_ledger *ledger, struct vfpt_netlink *netlink,
	const struct vfpt_assignment *assignment, bool remember, struct vfpt_error *err)
{
	char text[VFPT_PCI_SIZE];
	struct vfpt_settings before;
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
		return vfpt_ledger_remove(ledger, assignment, remember, err);
	}
	before = netlink ? before_or_default(assignment) : assignment->before;
	if (vfpt_settings_restore(netlink, pf, index, &before, err) < 0) {
		if (err->code != VFPT_REFUSED)
			return -1;
		vfpt_warn("%s; the VF is released as it is", err->message);
	}
	restore_mtu(host, netlink, assignment);
	return vfpt_ledger_remove(ledger, assignment, remember, err);
}

int vfpt_release(struct vfpt_host *host, struct vfpt_ledger *ledger, struct vfpt_netlink *netlink,
	const struct vfpt_assignment *assignment, struct vfpt_error *err)
{
	return release(host, ledger, netlink, assignment, true, err);
}
