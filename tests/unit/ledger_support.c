/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ledger_support.h"

#include <stdio.h>
#include <stdlib.h>

struct vfpt_error err;
const bool remember[2] = {false, true};

struct vfpt_ledger *opened(enum vfpt_ledger_mode mode)
{
	struct vfpt_ledger *ledger;

	ck_assert_ok(vfpt_ledger_open(root_fd, mode, WAIT, &ledger, &err), err);
	ck_assert_ptr_nonnull(ledger);
	return ledger;
}

const char *owner(const struct vfpt_ledger *ledger, const char *address)
{
	struct vfpt_pci vf = pci(address);

	return vfpt_ledger_owner(ledger, &vf);
}

/* The largest that there are. */
static const uint64_t extremes[VFPT_SETTING_COUNT] = {
	[VFPT_MAC] = 0xfeffffffffff,
	[VFPT_VLAN_ID] = 4094,
	[VFPT_VLAN_PRIORITY] = 7,
	[VFPT_VLAN_PROTOCOL] = VFPT_VLAN_8021AD,
	[VFPT_MAX_TX_RATE] = UINT32_MAX,
	[VFPT_MIN_TX_RATE] = UINT32_MAX,
	[VFPT_SPOOFCHK] = 1,
	[VFPT_TRUST] = 1,
	[VFPT_RSS_QUERY] = 1,
	[VFPT_LINK_STATE] = VFPT_LINK_DISABLE,
};

struct vfpt_assignment assignment(const char *vm, const char *address)
{
	struct vfpt_assignment a = {
		.mac = {{0x56, 0x6f, 0x1a, 0x2b, 0x00, 0x01}},
		.alias = "ua-8a1c9c2e-4b0d-4f7c-9a41-0d6d52e4c001",
		.network = "red",
		.pf = "ens1f0",
		.vf = 3,
		.address = pci(address),
		.macvtap = true,
		.mtu_before = 1500,
		.mtu = 9000,
		.own_mac = {{0x66, 0x5a, 0xd2, 0xbe, 0x9a, 0x6d}},
	};

	snprintf(a.vm, sizeof(a.vm), "%s", vm);
	for (int i = 0; i < VFPT_SETTING_COUNT; i++) {
		vfpt_settings_put(&a.before, (enum vfpt_setting)i, extremes[i]);
		vfpt_settings_put(
			&a.wanted, (enum vfpt_setting)i, i == VFPT_MAC ? 0x566f1a2b0001 : extremes[i] / 2);
	}
	vfpt_settings_put(&a.wanted, VFPT_VLAN_PROTOCOL, VFPT_VLAN_8021Q);
	return a;
}

struct vfpt_assignment put(const char *vm, const char *address)
{
	struct vfpt_assignment a = assignment(vm, address);
	struct vfpt_ledger *ledger = opened(VFPT_LEDGER_ASSIGN);

	ck_assert_ok(vfpt_ledger_put(ledger, &a, &err), err);
	vfpt_ledger_close(ledger);
	return a;
}

size_t of_vm(struct vfpt_ledger *ledger, const char *vm, struct vfpt_assignment *first, size_t *corrupt)
{
	struct vfpt_assignment *all;
	size_t count;

	ck_assert_ok(vfpt_ledger_of_vm(ledger, vm, &all, &count, corrupt, &err), err);
	if (count > 0 && first)
		*first = all[0];
	free(all);
	return count;
}

static void ck_assert_same_settings(const struct vfpt_settings *a, const struct vfpt_settings *b)
{
	char one[VFPT_SETTING_SIZE], two[VFPT_SETTING_SIZE];

	ck_assert_uint_eq(a->present, b->present);
	for (enum vfpt_setting i = 0; i < VFPT_SETTING_COUNT; i++)
		if (vfpt_settings_have(a, i))
			ck_assert_str_eq(vfpt_setting_print(i, a->value[i], one),
				vfpt_setting_print(i, b->value[i], two));
}

void ck_assert_same(const struct vfpt_assignment *a, const struct vfpt_assignment *b)
{
	char one[VFPT_PCI_SIZE], two[VFPT_PCI_SIZE];

	ck_assert_str_eq(a->vm, b->vm);
	ck_assert_mem_eq(a->mac.octet, b->mac.octet, sizeof(a->mac.octet));
	ck_assert_str_eq(a->alias, b->alias);
	ck_assert_str_eq(a->network, b->network);
	ck_assert_str_eq(a->pf, b->pf);
	ck_assert_uint_eq(a->vf, b->vf);
	ck_assert_str_eq(vfpt_pci_format(&a->address, one), vfpt_pci_format(&b->address, two));
	ck_assert_uint_eq(a->generation, b->generation);
	ck_assert_int_eq(a->macvtap, b->macvtap);
	ck_assert_uint_eq(a->mtu_before, b->mtu_before);
	ck_assert_uint_eq(a->mtu, b->mtu);
	ck_assert(vfpt_mac_equal(&a->own_mac, &b->own_mac));
	ck_assert_int_eq(a->unfinished, b->unfinished);
	ck_assert_same_settings(&a->before, &b->before);
	ck_assert_same_settings(&a->wanted, &b->wanted);
}
