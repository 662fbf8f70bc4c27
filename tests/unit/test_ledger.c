/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ledger.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "support.h"

#define VM_A "3f0f5d7e-6c1a-4d0e-9a0b-5f6d7c8e9a01"
#define VM_B "b7c5a0de-2f43-4b5e-8a55-0a1b2c3d4e07"
#define VF_0 "0000:01:10.0"
#define VF_1 "0000:01:10.2"

#define RECORD_A "run/vfpt/" VF_0 "@" VM_A
#define RECORD_B "run/vfpt/" VF_1 "@" VM_B

#define MAC_1  "@56:6f:1a:2b:00:01"
#define LAST_A "run/vfpt/last/" VF_0 "@" VM_A MAC_1

static struct vfpt_error err;

/* Time enough for any other that is at it. */
enum { WAIT = 60 };

static struct vfpt_ledger *opened(enum vfpt_ledger_mode mode)
{
	struct vfpt_ledger *ledger;

	ck_assert_ok(vfpt_ledger_open(root_fd, mode, WAIT, &ledger, &err), err);
	ck_assert_ptr_nonnull(ledger);
	return ledger;
}

static struct vfpt_pci pci(const char *address)
{
	struct vfpt_pci out;

	ck_assert_ok(vfpt_pci_parse(address, &out, &err), err);
	return out;
}

static const char *owner(const struct vfpt_ledger *ledger, const char *address)
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

/* All of it filled in. */
static struct vfpt_assignment assignment(const char *vm, const char *address)
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

/* Put an assignment in a ledger opened for that. */
static struct vfpt_assignment put(const char *vm, const char *address)
{
	struct vfpt_assignment a = assignment(vm, address);
	struct vfpt_ledger *ledger = opened(VFPT_LEDGER_ASSIGN);

	ck_assert_ok(vfpt_ledger_put(ledger, &a, &err), err);
	vfpt_ledger_close(ledger);
	return a;
}

/* What a VM has: number of its assignments, the first of them, number of corrupt records. */
static size_t of_vm(
	struct vfpt_ledger *ledger, const char *vm, struct vfpt_assignment *first, size_t *corrupt)
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

static void ck_assert_same(const struct vfpt_assignment *a, const struct vfpt_assignment *b)
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
	ck_assert_same_settings(&a->before, &b->before);
	ck_assert_same_settings(&a->wanted, &b->wanted);
}

/* --- a VM's id */

static const struct {
	const char *text, *parsed;
} good_ids[] = {
	{VM_A, VM_A},
	{"3F0F5D7E-6C1A-4D0E-9A0B-5F6D7C8E9A01", VM_A},
	{"3F0f5D7e-6C1a-4D0e-9A0b-5F6d7C8e9A01", VM_A},
	{"00000000-0000-0000-0000-000000000000", "00000000-0000-0000-0000-000000000000"},
};

START_TEST(vm_id_is_parsed_into_lower_case)
{
	char id[VFPT_VM_SIZE];

	ck_assert_ok(vfpt_vm_parse(good_ids[_i].text, id, &err), err);
	ck_assert_str_eq(id, good_ids[_i].parsed);
}
END_TEST

static const char *const bad_ids[] = {
	"",
	"x",
	"-",
	"..",
	"../../../../etc/passwd",
	"3f0f5d7e6c1a4d0e9a0b5f6d7c8e9a01",
	"3f0f5d7e-6c1a-4d0e-9a0b-5f6d7c8e9a0",
	"3f0f5d7e-6c1a-4d0e-9a0b-5f6d7c8e9a012",
	"3f0f5d7e-6c1a-4d0e-9a0b-5f6d7c8e9a0g",
	"3f0f5d7e-6c1a-4d0e-9a0b-5f6d7c8e9a01\n",
	" 3f0f5d7e-6c1a-4d0e-9a0b-5f6d7c8e9a01",
	"3f0f5d7e/6c1a/4d0e/9a0b/5f6d7c8e9a01",
	"{3f0f5d7e-6c1a-4d0e-9a0b-5f6d7c8e9a0}",
	"3f0f5d7-e6c1a-4d0e-9a0b-5f6d7c8e9a01",
	"\xff\xff\xff\xff\xff\xff\xff\xff-ffff-ffff-ffff-ffffffffffff",
};

START_TEST(what_is_no_uuid_is_no_vm_id)
{
	char id[VFPT_VM_SIZE];

	ck_assert_fails(vfpt_vm_parse(bad_ids[_i], id, &err), err, VFPT_BAD_INPUT);
	ck_assert_contains(err.message, "is not a VM's UUID");
}
END_TEST

/* --- a network's name */

#define SIXTY "012345678901234567890123456789012345678901234567890123456789"

static const struct {
	const char *name, *kept;
} network_names[] = {
	{NULL, ""},
	{"", ""},
	{"red", "red"},
	{"RED_2.b-1", "RED_2.b-1"},
	{".", "."},
	{"-", "-"},
	{"blue net", "blue_net"},
	{" ", "_"},
	{"a\tb\nc", "a_b_c"},
	{"a;b#c=d:e", "a_b_c_d_e"},
	{"[end]", "_end_"},
	{"../x", ".._x"},
	{"r\xc3\xb6t", "r__t"},
	{"\xff", "_"},
	{"\x7f\x1b[31m", "___31m"},
	{"%s%n", "_s_n"},
	{SIXTY "012", SIXTY "012"},
	{SIXTY "0123", SIXTY "012"},
	{SIXTY SIXTY, SIXTY "012"},
	{SIXTY "01\xc3\xb6", SIXTY "01_"},
};

START_TEST(network_name_is_kept_in_harmless_characters)
{
	char kept[VFPT_NETWORK_SIZE];

	memset(kept, 'x', sizeof(kept));
	vfpt_network_name(kept, network_names[_i].name);
	ck_assert_str_eq(kept, network_names[_i].kept);
	/* what is kept is kept as it is */
	vfpt_network_name(kept, network_names[_i].kept);
	ck_assert_str_eq(kept, network_names[_i].kept);
}
END_TEST

/* --- put, read, remove */

START_TEST(assignment_is_read_back_as_it_was_put)
{
	struct vfpt_assignment a = put(VM_A, VF_0), back;
	struct vfpt_ledger *ledger = opened(VFPT_LEDGER_RELEASE);
	size_t corrupt;

	ck_assert(there_is(RECORD_A));
	ck_assert_str_eq(owner(ledger, VF_0), VM_A);
	ck_assert_uint_eq(of_vm(ledger, VM_A, &back, &corrupt), 1);
	ck_assert_uint_eq(corrupt, 0);
	ck_assert_same(&back, &a);
	vfpt_ledger_close(ledger);
}
END_TEST

/* None, each one alone, all but one, all; and what is wanted is not mixed up with what was. */
START_TEST(settings_are_read_back_as_they_were_put)
{
	static const unsigned all = (1u << VFPT_SETTING_COUNT) - 1;
	struct vfpt_ledger *ledger = opened(VFPT_LEDGER_ASSIGN);

	for (int i = 0; i <= VFPT_SETTING_COUNT; i++) {
		struct vfpt_assignment a = assignment(VM_A, VF_0), back;
		unsigned one = i < VFPT_SETTING_COUNT ? 1u << i : 0;
		size_t corrupt;

		a.before.present = _i ? one : all & ~one;
		a.wanted.present = _i ? all & ~one : one;
		ck_assert_ok(vfpt_ledger_put(ledger, &a, &err), err);
		ck_assert_uint_eq(of_vm(ledger, VM_A, &back, &corrupt), 1);
		ck_assert_same(&back, &a);
		ck_assert_ok(vfpt_ledger_remove(ledger, &a, false, &err), err);
	}
	vfpt_ledger_close(ledger);
}
END_TEST

START_TEST(extreme_values_are_read_back_as_they_were_put)
{
	struct vfpt_assignment a = assignment(VM_A, "ffffffff:ff:1f.7"), back;
	struct vfpt_ledger *ledger = opened(VFPT_LEDGER_ASSIGN);
	size_t corrupt;

	memset(a.alias, 'x', sizeof(a.alias) - 1);
	memset(a.network, 'n', sizeof(a.network) - 1);
	memset(a.pf, 'p', sizeof(a.pf) - 1);
	memset(a.mac.octet, 0xfe, sizeof(a.mac.octet));
	a.vf = 65535;
	a.mtu_before = a.mtu = UINT32_MAX;
	ck_assert_ok(vfpt_ledger_put(ledger, &a, &err), err);
	ck_assert_uint_eq(of_vm(ledger, VM_A, &back, &corrupt), 1);
	ck_assert_same(&back, &a);
	vfpt_ledger_close(ledger);
}
END_TEST

/* No alias, no network, no macvtap, no MTU: one of them, or all. */
START_TEST(what_a_vnic_has_not_it_has_not_when_read_back)
{
	struct vfpt_assignment a = assignment(VM_A, VF_0), back;
	struct vfpt_ledger *ledger = opened(VFPT_LEDGER_ASSIGN);
	size_t corrupt;

	if (_i == 0 || _i == 4)
		a.alias[0] = '\0';
	if (_i == 1 || _i == 4)
		a.network[0] = '\0';
	if (_i == 2 || _i == 4)
		a.macvtap = false;
	if (_i == 3 || _i == 4)
		a.mtu_before = a.mtu = 0;
	ck_assert_ok(vfpt_ledger_put(ledger, &a, &err), err);
	ck_assert_uint_eq(of_vm(ledger, VM_A, &back, &corrupt), 1);
	ck_assert_same(&back, &a);
	vfpt_ledger_close(ledger);
}
END_TEST

/* Whatever a network is called, its record can be read, and says the same again. */
START_TEST(any_network_name_survives_in_its_kept_form)
{
	struct vfpt_ledger *ledger = opened(VFPT_LEDGER_ASSIGN);

	for (unsigned byte = 1; byte < 256; byte++) {
		struct vfpt_assignment a = assignment(VM_A, VF_0), back;
		size_t corrupt;

		vfpt_network_name(a.network, text("%c%c red %c", byte, byte, byte));
		ck_assert_uint_eq(strlen(a.network), 8);
		ck_assert_ok(vfpt_ledger_put(ledger, &a, &err), err);
		ck_assert_uint_eq(of_vm(ledger, VM_A, &back, &corrupt), 1);
		ck_assert_same(&back, &a);
		ck_assert_ok(vfpt_ledger_remove(ledger, &a, false, &err), err);
	}
	vfpt_ledger_close(ledger);
}
END_TEST

/* A VM that was started before an update of the package ends after it. */
START_TEST(record_without_what_older_versions_did_not_write_is_whole)
{
	static const char *const lines[] = {
		"network = red\n", "macvtap = 1\n", "mtu_before = 1500\n", "mtu = 9000\n"};
	struct vfpt_assignment a = put(VM_A, VF_0), back;
	const char *old = get_file(RECORD_A, NULL);
	struct vfpt_ledger *ledger;
	size_t corrupt;

	for (size_t i = 0; i < ARRAY_SIZE(lines); i++)
		old = replaced(old, lines[i], "");
	put_file(RECORD_A, old);
	a.network[0] = '\0';
	a.macvtap = false;
	a.mtu_before = a.mtu = 0;
	ledger = opened(VFPT_LEDGER_RELEASE);
	ck_assert_uint_eq(of_vm(ledger, VM_A, &back, &corrupt), 1);
	ck_assert_same(&back, &a);
	vfpt_ledger_close(ledger);
}
END_TEST

START_TEST(vf_that_nobody_has_has_no_owner)
{
	struct vfpt_ledger *ledger;

	put(VM_A, VF_0);
	ledger = opened(VFPT_LEDGER_ASSIGN);
	ck_assert_ptr_null(owner(ledger, VF_1));
	ck_assert_ptr_null(owner(ledger, "0000:00:00.0"));
	ck_assert_ptr_null(owner(ledger, "ffff:ff:1f.7"));
	vfpt_ledger_close(ledger);
}
END_TEST

/* In the loop tests: without a memory of it (0), and with one (1). */
static const bool remember[] = {false, true};

START_TEST(removed_assignment_is_gone)
{
	struct vfpt_assignment a = put(VM_A, VF_0), b = put(VM_B, VF_1);
	struct vfpt_ledger *ledger = opened(VFPT_LEDGER_RELEASE);
	size_t corrupt;

	ck_assert_ok(vfpt_ledger_remove(ledger, &a, remember[_i], &err), err);
	ck_assert_ptr_null(owner(ledger, VF_0));
	ck_assert_str_eq(owner(ledger, VF_1), VM_B);
	ck_assert_uint_eq(of_vm(ledger, VM_A, NULL, &corrupt), 0);
	ck_assert(!there_is(RECORD_A));
	ck_assert(there_is(RECORD_B));
	vfpt_ledger_close(ledger);

	ledger = opened(VFPT_LEDGER_RELEASE);
	ck_assert_ptr_null(owner(ledger, VF_0));
	ck_assert_ok(vfpt_ledger_remove(ledger, &b, remember[_i], &err), err);
	vfpt_ledger_close(ledger);
	ck_assert_uint_eq(entries("run/vfpt"), remember[_i] ? 1 : 0);
	ck_assert_uint_eq(entries("run/vfpt/last"), remember[_i] ? 2 : 0);
}
END_TEST

START_TEST(removing_twice_is_harmless)
{
	struct vfpt_assignment a = put(VM_A, VF_0);
	struct vfpt_ledger *ledger = opened(VFPT_LEDGER_RELEASE);

	ck_assert_ok(vfpt_ledger_remove(ledger, &a, remember[_i], &err), err);
	ck_assert_ok(vfpt_ledger_remove(ledger, &a, remember[_i], &err), err);
	vfpt_ledger_close(ledger);
}
END_TEST

START_TEST(record_that_vanished_counts_as_removed)
{
	struct vfpt_assignment a = put(VM_A, VF_0);
	struct vfpt_ledger *ledger = opened(VFPT_LEDGER_RELEASE);
	struct vfpt_assignment first;
	size_t corrupt;

	drop(RECORD_A);
	catch_stderr();
	ck_assert_uint_eq(of_vm(ledger, VM_A, &first, &corrupt), 0);
	ck_assert_uint_eq(corrupt, 1);
	ck_assert_contains(caught_stderr(), "No such file");
	vfpt_ledger_close(ledger);
	ledger = opened(VFPT_LEDGER_RELEASE);
	ck_assert_ok(vfpt_ledger_remove(ledger, &a, remember[_i], &err), err);
	vfpt_ledger_close(ledger);
}
END_TEST

START_TEST(late_removal_by_older_generation_does_nothing)
{
	struct vfpt_assignment old = put(VM_A, VF_0), new, back;
	struct vfpt_ledger *ledger = opened(VFPT_LEDGER_RELEASE);
	size_t corrupt;

	ck_assert_ok(vfpt_ledger_remove(ledger, &old, remember[_i], &err), err);
	vfpt_ledger_close(ledger);
	new = put(VM_A, VF_0);
	ck_assert_uint_gt(new.generation, old.generation);

	ledger = opened(VFPT_LEDGER_RELEASE);
	ck_assert_ok(vfpt_ledger_remove(ledger, &old, remember[_i], &err), err);
	ck_assert_str_eq(owner(ledger, VF_0), VM_A);
	ck_assert_uint_eq(of_vm(ledger, VM_A, &back, &corrupt), 1);
	ck_assert_same(&back, &new);
	vfpt_ledger_close(ledger);
}
END_TEST

START_TEST(late_removal_by_another_vm_does_nothing)
{
	struct vfpt_assignment a = put(VM_A, VF_0), late = a, back;
	struct vfpt_ledger *ledger = opened(VFPT_LEDGER_RELEASE);
	size_t corrupt;

	memcpy(late.vm, VM_B, sizeof(late.vm)); /* and the same generation */
	ck_assert_ok(vfpt_ledger_remove(ledger, &late, remember[_i], &err), err);
	ck_assert_str_eq(owner(ledger, VF_0), VM_A);
	ck_assert_uint_eq(of_vm(ledger, VM_A, &back, &corrupt), 1);
	ck_assert_same(&back, &a);
	vfpt_ledger_close(ledger);
}
END_TEST

START_TEST(vf_is_assigned_once_only)
{
	const char *const vms[] = {VM_B, VM_A};
	struct vfpt_assignment a = put(VM_A, VF_0), again = assignment(vms[_i], VF_0), back;
	struct vfpt_ledger *ledger = opened(VFPT_LEDGER_ASSIGN);
	size_t corrupt;

	ck_assert_fails(vfpt_ledger_put(ledger, &again, &err), err, VFPT_SYSTEM);
	ck_assert_str_eq(err.message, "VF " VF_0 " is assigned already");
	ck_assert_str_eq(owner(ledger, VF_0), VM_A);
	ck_assert_uint_eq(of_vm(ledger, VM_A, &back, &corrupt), 1);
	ck_assert_same(&back, &a);
	ck_assert_uint_eq(entries("run/vfpt"), 1);
	vfpt_ledger_close(ledger);
}
END_TEST

START_TEST(generation_grows_with_each_assignment)
{
	uint64_t last = 0;

	for (int i = 0; i < 200; i++) {
		struct vfpt_ledger *ledger = opened(VFPT_LEDGER_ASSIGN);

		for (int j = 0; j < 3; j++) {
			struct vfpt_assignment a = assignment(VM_A, VF_0);

			ck_assert_ok(vfpt_ledger_put(ledger, &a, &err), err);
			ck_assert_uint_gt(a.generation, last);
			last = a.generation;
			ck_assert_ok(vfpt_ledger_remove(ledger, &a, j % 2, &err), err);
		}
		vfpt_ledger_close(ledger);
	}
}
END_TEST

/* Enough to grow the list many times; put in an order that is not theirs. */
START_TEST(hundreds_of_assignments_are_told_apart)
{
	enum { COUNT = 509 };
	struct vfpt_ledger *ledger = opened(VFPT_LEDGER_ASSIGN);
	struct vfpt_assignment *all;
	size_t count, corrupt;

	for (unsigned i = 0; i < COUNT; i++) {
		unsigned n = i * 211 % COUNT;
		struct vfpt_assignment a = assignment(n % 2 ? VM_A : VM_B, VF_0);

		a.address.bus = (uint8_t)(n / 256);
		a.address.slot = (uint8_t)(n % 256 / 8);
		a.address.function = (uint8_t)(n % 8);
		a.vf = n;
		ck_assert_ok(vfpt_ledger_put(ledger, &a, &err), err);
	}
	for (int again = 0; again < 2; again++) {
		for (unsigned n = 0; n < COUNT; n++)
			ck_assert_str_eq(
				owner(ledger, text("0000:%02x:%02x.%x", n / 256, n % 256 / 8, n % 8)),
				n % 2 ? VM_A : VM_B);
		ck_assert_ok(vfpt_ledger_of_vm(ledger, VM_A, &all, &count, &corrupt, &err), err);
		ck_assert_uint_eq(count, COUNT / 2);
		ck_assert_uint_eq(corrupt, 0);
		for (unsigned i = 0; i < count; i++)
			ck_assert_uint_eq(all[i].vf, 2 * i + 1);
		free(all);
		vfpt_ledger_close(ledger);
		ledger = opened(VFPT_LEDGER_RELEASE);
	}
	ck_assert_ok(vfpt_ledger_of_vm(ledger, VM_A, &all, &count, &corrupt, &err), err);
	for (unsigned i = 0; i < count; i++)
		ck_assert_ok(vfpt_ledger_remove(ledger, &all[i], i % 2, &err), err);
	free(all);
	for (unsigned n = 0; n < COUNT; n++) {
		const char *vm = owner(ledger, text("0000:%02x:%02x.%x", n / 256, n % 256 / 8, n % 8));

		if (n % 2)
			ck_assert_ptr_null(vm);
		else
			ck_assert_str_eq(vm, VM_B);
	}
	vfpt_ledger_close(ledger);
}
END_TEST

/* --- last time */

static struct vfpt_mac mac_of(unsigned number)
{
	return (struct vfpt_mac){{0x56, 0x6f, 0x1a, 0x2b, 0x00, (uint8_t)number}};
}

/* The VF that the vNIC with that MAC had last time, or "none". */
static const char *last_of(enum vfpt_ledger_mode mode, const char *vm, unsigned mac)
{
	struct vfpt_ledger *ledger = opened(mode);
	const struct vfpt_mac its = mac_of(mac);
	struct vfpt_pci vf = pci("ffff:ff:1f.7");
	char buffer[VFPT_PCI_SIZE];
	bool found = vfpt_ledger_last(ledger, vm, &its, &vf);

	vfpt_ledger_close(ledger);
	vfpt_pci_format(&vf, buffer);
	if (found)
		return text("%s", buffer);
	ck_assert_str_eq(buffer, "ffff:ff:1f.7");
	return "none";
}

static void ck_assert_last(const char *vm, unsigned mac, const char *expected)
{
	static const enum vfpt_ledger_mode all[] = {
		VFPT_LEDGER_LOOK, VFPT_LEDGER_RELEASE, VFPT_LEDGER_ASSIGN};

	for (size_t i = 0; i < ARRAY_SIZE(all); i++)
		ck_assert_str_eq(last_of(all[i], vm, mac), expected);
}

/* That vNIC has the VF for a while. */
static struct vfpt_assignment had(const char *vm, unsigned mac, const char *address, bool keep_in_mind)
{
	struct vfpt_ledger *ledger = opened(VFPT_LEDGER_ASSIGN);
	struct vfpt_assignment a = assignment(vm, address);

	a.mac = mac_of(mac);
	ck_assert_ok(vfpt_ledger_put(ledger, &a, &err), err);
	ck_assert_ok(vfpt_ledger_remove(ledger, &a, keep_in_mind, &err), err);
	vfpt_ledger_close(ledger);
	ck_assert(!there_is(text("run/vfpt/%s@%s", address, vm)));
	return a;
}

START_TEST(vf_of_last_time_is_found_by_vm_and_mac)
{
	const char *record;

	ck_assert_last(VM_A, 1, "none");
	put(VM_A, VF_0);
	record = get_file(RECORD_A, NULL);
	ck_assert_last(VM_A, 1, "none"); /* that is now, not last time */
	drop(RECORD_A);
	had(VM_A, 1, VF_0, true);
	ck_assert_last(VM_A, 1, VF_0);
	ck_assert_last(VM_A, 2, "none");
	ck_assert_last(VM_B, 1, "none");
	ck_assert_last("", 1, "none");
	/* It is the record as it was, in another place. */
	ck_assert_uint_eq(strlen(get_file(LAST_A, NULL)), strlen(record));
	ck_assert_contains(get_file(LAST_A, NULL), "complete = yes");
	ck_assert_uint_eq(entries("run/vfpt"), 1);
	ck_assert_uint_eq(entries("run/vfpt/last"), 1);
}
END_TEST

START_TEST(each_vnic_has_a_last_time_of_its_own)
{
	had(VM_A, 1, VF_0, true);
	had(VM_A, 2, VF_1, true);
	had(VM_B, 1, "0000:01:10.4", true);
	ck_assert_last(VM_A, 1, VF_0);
	ck_assert_last(VM_A, 2, VF_1);
	ck_assert_last(VM_B, 1, "0000:01:10.4");
	ck_assert_last(VM_B, 2, "none");
}
END_TEST

/* Whatever order the directory has. */
START_TEST(newest_memory_counts)
{
	static const char *const vfs[] = {VF_0, VF_1, "0000:01:10.4", "0000:01:10.6", "0000:02:10.0"};

	for (size_t i = 0; i < 3 * ARRAY_SIZE(vfs); i++) {
		const char *vf = vfs[i * 3 % ARRAY_SIZE(vfs)];

		had(VM_A, 1, vf, true);
		ck_assert_last(VM_A, 1, vf);
		ck_assert_uint_eq(entries("run/vfpt/last"), 1);
	}
}
END_TEST

START_TEST(vf_remembers_the_last_that_had_it_only)
{
	had(VM_A, 1, VF_0, true);
	had(VM_A, 2, VF_1, true);
	had(VM_B, 7, VF_1, true);
	ck_assert_uint_eq(entries("run/vfpt/last"), 2);
	ck_assert_last(VM_B, 7, VF_1);
	ck_assert_last(VM_A, 1, VF_0);
	ck_assert_last(VM_A, 2, "none");
	had(VM_A, 2, VF_0, true); /* another vNIC of the same VM */
	ck_assert_uint_eq(entries("run/vfpt/last"), 2);
	ck_assert_last(VM_A, 1, "none");
	ck_assert_last(VM_A, 2, VF_0);
	had(VM_B, 7, VF_0, true);
	ck_assert_uint_eq(entries("run/vfpt/last"), 1);
	ck_assert_last(VM_A, 2, "none");
	ck_assert_last(VM_B, 7, VF_0);
}
END_TEST

/* Addresses that look alike. */
START_TEST(vf_does_not_forget_for_another)
{
	static const char *const vfs[] = {
		VF_0, "10000:01:10.0", "0001:01:10.0", "0000:11:10.0", "0000:01:11.0", "0000:01:10.1"};

	for (unsigned i = 0; i < ARRAY_SIZE(vfs); i++)
		had(VM_A, i, vfs[i], true);
	had(VM_B, 99, VF_0, true);
	ck_assert_uint_eq(entries("run/vfpt/last"), ARRAY_SIZE(vfs));
	ck_assert_last(VM_A, 0, "none");
	for (unsigned i = 1; i < ARRAY_SIZE(vfs); i++)
		ck_assert_last(VM_A, i, vfs[i]);
}
END_TEST

START_TEST(undone_assignment_makes_no_memory)
{
	had(VM_A, 1, VF_0, false);
	ck_assert_uint_eq(entries("run/vfpt"), 0);
	ck_assert_last(VM_A, 1, "none");
	/* nor does it touch the one that is there */
	had(VM_A, 1, VF_0, true);
	had(VM_A, 1, VF_1, false);
	had(VM_B, 2, VF_0, false);
	ck_assert_last(VM_A, 1, VF_0);
	ck_assert_last(VM_B, 2, "none");
	ck_assert_uint_eq(entries("run/vfpt/last"), 1);
}
END_TEST

START_TEST(late_removal_makes_no_memory)
{
	struct vfpt_assignment old = had(VM_A, 1, VF_0, false), new = put(VM_A, VF_0), other = new;
	struct vfpt_ledger *ledger = opened(VFPT_LEDGER_RELEASE);

	memcpy(other.vm, VM_B, sizeof(other.vm));
	ck_assert_ok(vfpt_ledger_remove(ledger, &old, true, &err), err);
	ck_assert_ok(vfpt_ledger_remove(ledger, &other, true, &err), err);
	vfpt_ledger_close(ledger);
	ck_assert(!there_is("run/vfpt/last"));
	ck_assert(there_is(RECORD_A));
}
END_TEST

START_TEST(memory_is_no_record)
{
	struct vfpt_ledger *ledger;
	size_t corrupt;

	had(VM_A, 1, VF_0, true);
	catch_stderr();
	ledger = opened(VFPT_LEDGER_ASSIGN);
	ck_assert_ptr_null(owner(ledger, VF_0));
	ck_assert_uint_eq(of_vm(ledger, VM_A, NULL, &corrupt), 0);
	ck_assert_uint_eq(corrupt, 0);
	vfpt_ledger_close(ledger);
	ck_assert_str_eq(caught_stderr(), "");
	/* and in nobody's way */
	put(VM_B, VF_0);
	put(VM_A, VF_1);
	ck_assert_last(VM_A, 1, VF_0);
}
END_TEST

/* Names alone count; the VF that is remembered well is found beside these. */
START_TEST(other_names_in_the_memory_are_none)
{
	static const char *const names[] = {".new", "README", VF_0, VF_0 "@", VF_0 "@" VM_A,
		VF_0 "@" VM_A "@", VF_0 "@" VM_B MAC_1, VF_0 "@" VM_A MAC_1 "~", VF_0 "~@" VM_A MAC_1,
		"0000:01:10@" VM_A MAC_1, "@" VM_A MAC_1,
		"0000:01:10.00000000000000000000000000@" VM_A MAC_1};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		put_file(text("run/vfpt/last/%s", names[i]), "");
	catch_stderr();
	ck_assert_str_eq(last_of(VFPT_LEDGER_ASSIGN, VM_A, 1), "none");
	put_file("run/vfpt/last/" VF_1 "@" VM_A MAC_1, "");
	ck_assert_str_eq(last_of(VFPT_LEDGER_ASSIGN, VM_A, 1), VF_1);
	ck_assert_str_eq(caught_stderr(), "");
}
END_TEST

/* Others' files there are nobody's memory, and stay when a VF forgets. */
START_TEST(foreign_file_in_the_memory_is_left_alone)
{
	static const char *const names[] = {"README", ".new", ("@" VM_B), VF_1, VF_0};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		put_file(text("run/vfpt/last/%s", names[i]), "x");
	catch_stderr();
	had(VM_A, 1, VF_0, true);
	ck_assert_str_eq(caught_stderr(), "");
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		ck_assert_str_eq(get_file(text("run/vfpt/last/%s", names[i]), NULL), "x");
	ck_assert_last(VM_A, 1, VF_0);
}
END_TEST

/* What stands in the place of the directory, or of one memory in it: the record goes all the same. */
static const struct {
	const char *path, *target; /* of a link; "" a file; NULL a directory */
	bool works;
} obstacles[] = {
	{"run/vfpt/last", "", false},
	{"run/vfpt/last", "../../elsewhere", false},
	{"run/vfpt/last", "nowhere", false},
	{"run/vfpt/last", "last", false},
	{"run/vfpt/last", ".", false},
	{LAST_A, NULL, true}, /* its name says it all */
	{LAST_A, "", true},   /* replaced, like any memory */
	{LAST_A, "../../../elsewhere/precious", true},
	{"run/vfpt/last/" VF_0 "@" VM_B MAC_1, NULL, true},
};

START_TEST(obstacle_to_the_memory_keeps_no_vf_taken)
{
	const char *path = obstacles[_i].path, *target = obstacles[_i].target, *before;

	put_file("elsewhere/precious", "precious");
	put_directory("run");
	if (!target)
		put_directory(path);
	else if (*target)
		put_link(path, target);
	else
		put_file(path, "x");
	before = picture("elsewhere");
	catch_stderr();
	had(VM_A, 1, VF_0, true);
	ck_assert_last(VM_A, 1, obstacles[_i].works ? VF_0 : "none");
	ck_assert_str_eq(caught_stderr(), "");
	ck_assert_str_eq(picture("elsewhere"), before);
	ck_assert(there_is(path));
}
END_TEST

/* Somebody else's memory could send each VM where he wants it. */
START_TEST(memory_behind_a_link_is_none)
{
	had(VM_A, 1, VF_0, true);
	move("run/vfpt/last", "elsewhere");
	put_link("run/vfpt/last", "../../elsewhere");
	ck_assert(there_is(LAST_A));
	ck_assert_last(VM_A, 1, "none");
}
END_TEST

static void check_memory_denied(void)
{
	struct vfpt_assignment a = assignment(VM_A, VF_1);
	struct vfpt_ledger *ledger;
	struct vfpt_pci vf;

	become_nobody();
	need(vfpt_ledger_open(root_fd, VFPT_LEDGER_ASSIGN, WAIT, &ledger, &err) == 0, "it opens: %s",
		err.message);
	need(vfpt_ledger_put(ledger, &a, &err) == 0, "put: %s", err.message);
	need(vfpt_ledger_remove(ledger, &a, true, &err) == 0, "remove: %s", err.message);
	need(!vfpt_ledger_owner(ledger, &a.address), "the VF is free");
	(void)vfpt_ledger_last(ledger, VM_A, &a.mac, &vf);
	vfpt_ledger_close(ledger);
}

/* Someone else's directory: closed, or for reading only. */
START_TEST(memory_that_may_not_be_written_keeps_no_vf_taken)
{
	static const mode_t denials[] = {0, 0111, 0555, 0222};

	had(VM_A, 1, VF_0, true);
	if (geteuid() == 0) /* it is nobody's ledger then, and the memory in it is not */
		ck_assert_int_eq(fchownat(root_fd, "run/vfpt", 65534, 65534, 0), 0);
	ck_assert_int_eq(fchmodat(root_fd, "run/vfpt/last", denials[_i], 0), 0);
	catch_stderr();
	in_child(check_memory_denied);
	ck_assert_str_eq(caught_stderr(), "");
	ck_assert_int_eq(fchmodat(root_fd, "run/vfpt/last", 0755, 0), 0);
	ck_assert_int_eq(fchownat(root_fd, "run/vfpt", geteuid(), getegid(), 0), 0);
	ck_assert_uint_eq(entries("run/vfpt"), 1);
	ck_assert_last(VM_A, 1, VF_0);
}
END_TEST

/* Whoever can write there could have any VF given away, or taken from its VM. */
START_TEST(ledger_that_others_can_write_is_refused)
{
	static const mode_t modes[] = {0775, 0757, 0777, 01777};
	struct vfpt_ledger *ledger;

	put_directory("run/vfpt");
	ck_assert_int_eq(fchmodat(root_fd, "run/vfpt", modes[_i], 0), 0);
	ck_assert_fails(
		vfpt_ledger_open(root_fd, VFPT_LEDGER_RELEASE, WAIT, &ledger, &err), err, VFPT_SYSTEM);
	ck_assert_contains(
		err.message, "the ledger /run/vfpt must belong to root or vdsm, and nobody else may");
	ck_assert_ptr_null(ledger);
}
END_TEST

START_TEST(ledger_of_someone_else_is_refused)
{
	struct vfpt_ledger *ledger;

	put_directory("run/vfpt");
	if (fchownat(root_fd, "run/vfpt", 12345, 12345, 0) < 0)
		return; /* not root: nothing can be someone else's */
	ck_assert_fails(vfpt_ledger_open(root_fd, VFPT_LEDGER_ASSIGN, WAIT, &ledger, &err), err, VFPT_SYSTEM);
	ck_assert_contains(
		err.message, "the ledger /run/vfpt must belong to root or vdsm, and nobody else may");
}
END_TEST

static void check_memory_unreadable(void)
{
	struct vfpt_ledger *ledger;
	struct vfpt_pci vf;
	const struct vfpt_mac mac = mac_of(1);

	become_nobody();
	need(vfpt_ledger_open(root_fd, VFPT_LEDGER_RELEASE, WAIT, &ledger, &err) == 0, "it opens: %s",
		err.message);
	need(!vfpt_ledger_last(ledger, VM_A, &mac, &vf), "there is none that can be read");
	vfpt_ledger_close(ledger);
}

START_TEST(unreadable_memory_is_none)
{
	had(VM_A, 1, VF_0, true);
	ck_assert_int_eq(fchmodat(root_fd, "run/vfpt", 0755, 0), 0);
	ck_assert_int_eq(fchmodat(root_fd, "run/vfpt/last", 0, 0), 0);
	catch_stderr();
	in_child(check_memory_unreadable);
	ck_assert_str_eq(caught_stderr(), "");
	ck_assert_int_eq(fchmodat(root_fd, "run/vfpt/last", 0755, 0), 0);
}
END_TEST

START_TEST(looking_changes_nothing)
{
	struct vfpt_assignment a;
	struct vfpt_ledger *ledger;
	const char *before;
	struct vfpt_pci vf;

	had(VM_A, 1, VF_0, true);
	a = put(VM_A, VF_1);
	before = picture("run");
	ledger = opened(VFPT_LEDGER_LOOK);
	ck_assert_str_eq(owner(ledger, VF_1), VM_A);
	ck_assert(vfpt_ledger_last(ledger, VM_A, &a.mac, &vf));
	vfpt_ledger_close(ledger);
	ck_assert_str_eq(picture("run"), before);
}
END_TEST

START_TEST(ledger_that_does_not_exist_remembers_nothing)
{
	ck_assert_str_eq(last_of(VFPT_LEDGER_LOOK, VM_A, 1), "none");
	ck_assert_str_eq(last_of(VFPT_LEDGER_RELEASE, VM_A, 1), "none");
	ck_assert_uint_eq(entries("."), 0);
}
END_TEST

/* What cannot be read just now says nothing about the record: no VF is left out, the caller hears of it. */
START_TEST(record_that_cannot_be_read_just_now_is_an_error)
{
	struct vfpt_ledger *ledger;
	struct vfpt_assignment *all;
	struct rlimit limit, before;
	size_t count, corrupt;
	bool holds;
	struct vfpt_assignment a = put(VM_A, VF_0);
	int next;

	ledger = opened(VFPT_LEDGER_RELEASE);
	next = dup(root_fd);
	close(next);
	ck_assert(getrlimit(RLIMIT_NOFILE, &before) == 0);
	limit = before;
	limit.rlim_cur = (rlim_t)next;
	ck_assert(setrlimit(RLIMIT_NOFILE, &limit) == 0);
	ck_assert_fails(vfpt_ledger_of_vm(ledger, VM_A, &all, &count, &corrupt, &err), err, VFPT_SYSTEM);
	ck_assert_str_eq(err.message, "ledger record /" RECORD_A ": cannot read it: Too many open files");
	ck_assert_ptr_null(all);
	ck_assert_fails(vfpt_ledger_holds(ledger, &a, &holds, &err), err, VFPT_SYSTEM);
	ck_assert_fails(vfpt_ledger_remove(ledger, &a, true, &err), err, VFPT_SYSTEM);
	vfpt_ledger_close(ledger);
	ck_assert(setrlimit(RLIMIT_NOFILE, &before) == 0);
	ck_assert(there_is(RECORD_A));
}
END_TEST

/* --- crashes, and what does not belong there */

START_TEST(leftover_of_a_killed_writer_is_no_record_and_in_nobodys_way)
{
	struct vfpt_assignment a, back;
	struct vfpt_ledger *ledger;
	size_t corrupt;

	put_file("run/vfpt/.new", "[assignment]\nvm = 3f0f5d7e-6c1a");
	catch_stderr();
	a = put(VM_A, VF_0);
	ck_assert_str_eq(caught_stderr(), "");
	ck_assert(!there_is("run/vfpt/.new"));
	ledger = opened(VFPT_LEDGER_RELEASE);
	ck_assert_uint_eq(of_vm(ledger, VM_A, &back, &corrupt), 1);
	ck_assert_same(&back, &a);
	vfpt_ledger_close(ledger);
}
END_TEST

/* Somebody who can write there must not have us write elsewhere. */
START_TEST(leftover_that_is_a_link_is_not_followed)
{
	put_file("precious", "precious");
	put_link("run/vfpt/.new", "../../precious");
	put(VM_A, VF_0);
	ck_assert_str_eq(get_file("precious", NULL), "precious");
	ck_assert_contains(get_file(RECORD_A, NULL), "complete = yes");
}
END_TEST

/* The record of VM A is bad; that of VM B is not. @return what was printed */
static const char *check_corrupt(const char *reason)
{
	struct vfpt_ledger *ledger = opened(VFPT_LEDGER_ASSIGN);
	struct vfpt_assignment again = assignment(VM_A, VF_0), b;
	const char *printed;
	size_t corrupt;

	catch_stderr();
	ck_assert_uint_eq(of_vm(ledger, VM_A, NULL, &corrupt), 0);
	printed = caught_stderr();
	ck_assert_uint_eq(corrupt, 1);
	ck_assert_contains(printed, "vfpt: warning: ledger record /" RECORD_A ": ");
	ck_assert_contains(printed, reason);
	ck_assert_uint_eq(count_lines(printed), 1);
	/* The VF stays taken. */
	ck_assert_str_eq(owner(ledger, VF_0), VM_A);
	ck_assert_fails(vfpt_ledger_put(ledger, &again, &err), err, VFPT_SYSTEM);
	/* The other VM does not notice. */
	catch_stderr();
	ck_assert_uint_eq(of_vm(ledger, VM_B, &b, &corrupt), 1);
	ck_assert_str_eq(caught_stderr(), "");
	ck_assert_uint_eq(corrupt, 0);
	ck_assert_str_eq(b.vm, VM_B);
	vfpt_ledger_close(ledger);
	ck_assert(there_is(RECORD_A));
	return printed;
}

START_TEST(record_cut_off_anywhere_is_corrupt)
{
	struct vfpt_assignment back;
	struct vfpt_ledger *ledger;
	struct vfpt_assignment a = put(VM_A, VF_0);
	const char *whole;
	size_t size, corrupt;

	put(VM_B, VF_1);
	whole = get_file(RECORD_A, &size);
	ck_assert_uint_gt(size, 200);
	/* All but the last line's end: nothing of it is lost without that. */
	for (size_t length = 0; length < size - 1; length++) {
		put_bytes(RECORD_A, whole, length);
		check_corrupt("its VF stays taken");
	}
	put_bytes(RECORD_A, whole, size - 1);
	ledger = opened(VFPT_LEDGER_RELEASE);
	ck_assert_uint_eq(of_vm(ledger, VM_A, &back, &corrupt), 1);
	ck_assert_same(&back, &a);
	vfpt_ledger_close(ledger);
}
END_TEST

/* What a lost page of a disk looks like. */
START_TEST(record_with_nul_bytes_from_anywhere_on_is_corrupt)
{
	const char *whole;
	char bytes[4096];
	size_t size;

	put(VM_A, VF_0);
	put(VM_B, VF_1);
	whole = get_file(RECORD_A, &size);
	ck_assert_uint_lt(size, sizeof(bytes));
	for (size_t from = 0; from < size; from++) {
		memset(bytes, 0, sizeof(bytes));
		memcpy(bytes, whole, from);
		put_bytes(RECORD_A, bytes, size);
		check_corrupt("it is garbage");
	}
}
END_TEST

START_TEST(one_damaged_byte_never_gives_a_vf_to_another_vm)
{
	struct vfpt_assignment a = put(VM_A, VF_0), back;
	const char *whole;
	char bytes[4096];
	size_t size;

	whole = get_file(RECORD_A, &size);
	ck_assert_uint_lt(size, sizeof(bytes));
	catch_stderr();
	for (size_t at = 0; at < size; at++)
		for (unsigned bit = 0; bit < 8; bit++) {
			struct vfpt_ledger *ledger;
			size_t corrupt;

			memcpy(bytes, whole, size);
			bytes[at] = (char)(bytes[at] ^ 1 << bit);
			put_bytes(RECORD_A, bytes, size);
			ledger = opened(VFPT_LEDGER_RELEASE);
			ck_assert_str_eq(owner(ledger, VF_0), VM_A);
			if (of_vm(ledger, VM_A, &back, &corrupt) == 1) {
				/* a changed digit may be a good one, but who has what is sure */
				ck_assert_str_eq(back.vm, a.vm);
				ck_assert_msg(vfpt_pci_equal(&back.address, &a.address), "byte %zu bit %u",
					at, bit);
			} else {
				ck_assert_uint_eq(corrupt, 1);
			}
			vfpt_ledger_close(ledger);
		}
	ck_assert_contains(caught_stderr(), "its VF stays taken");
}
END_TEST

/* A whole record in which one line is another. */
static const struct {
	const char *line, *instead, *reason;
} damages[] = {
	{"vm = " VM_A, "vm = " VM_B, "it speaks of another VM or VF than its name"},
	{"address = " VF_0, "address = " VF_1, "it speaks of another VM or VF than its name"},
	{"vm = " VM_A, "vm = x", "line 2 is garbage"},
	{"vm = " VM_A, "vm =", "line 2 is garbage"},
	{"mac = 56:6f:1a:2b:00:01", "mac = 56:6f:1a:2b:00", "line 3 is garbage"},
	{"mac = 56:6f:1a:2b:00:01", "mac = ", "line 3 is garbage"},
	{"vf = 3", "vf = -3", "line 7 is garbage"},
	{"vf = 3", "vf = 65536", "line 7 is garbage"},
	{"vf = 3", "vf = 3x", "line 7 is garbage"},
	{"vf = 3", "vf = ", "line 7 is garbage"},
	{"vf = 3", "vf = 99999999999999999999999", "line 7 is garbage"},
	{"address = " VF_0, "address = x", "line 8 is garbage"},
	{"generation = ", "generation = x", "line 9 is garbage"},
	{"generation = ", "generation = -", "line 9 is garbage"},
	{"generation = ", "generation = 99999999999999999999999", "line 9 is garbage"},
	{"pf = ens1f0", "pf = sixteencharacter", "line 6 is garbage"},
	{"alias = ", "alias = 0123456789012345678901234567890123456789", "line 4 is garbage"},
	{"network = red", "network = 0123456789012345678901234567890123456789012345678901234567890123",
		"line 5 is garbage"},
	{"macvtap = 1", "macvtap = 2", "line 11 is garbage"},
	{"macvtap = 1", "macvtap = yes", "line 11 is garbage"},
	{"macvtap = 1", "macvtap =", "line 11 is garbage"},
	{"mtu_before = 1500", "mtu_before = -1", "line 12 is garbage"},
	{"mtu_before = 1500", "mtu_before = 4294967296", "line 12 is garbage"},
	{"mtu = 9000", "mtu = 9k", "line 13 is garbage"},
	{"mtu = 9000", "mtu = 4294967296", "line 13 is garbage"},
	{"mtu = 9000", "mtu =", "line 13 is garbage"},
	{"mtu = 9000", "MTU = 9000", "line 13 is garbage"},
	{"mac = fe:ff:ff:ff:ff:ff", "mac = fe:ff:ff:ff:ff:fg", "line 16 is garbage"},
	{"vlan_id = 4094", "vlan_id = 4095", "line 17 is garbage"},
	{"vlan_priority = 7", "vlan_priority = 8", "line 18 is garbage"},
	{"vlan_protocol = 802.1ad", "vlan_protocol = 802.1ax", "line 19 is garbage"},
	{"max_tx_rate = 4294967295", "max_tx_rate = 4294967296", "line 20 is garbage"},
	{"spoofchk = on", "spoofchk = maybe", "line 22 is garbage"},
	{"link_state = disable", "link_state = ", "line 25 is garbage"},
	{"vlan_id = ", "colour = ", "line 17 is garbage"},
	{"vlan_id = 2047", "vlan_id = x", "line 29 is garbage"},
	{"[wanted]", "[asked for]", "line 28 is garbage"},
	{"pf = ", "colour = ", "line 6 is garbage"},
	{"[before]", "[after]", "line 16 is garbage"},
	{"[assignment]", "assignment", "line 1 is garbage"},
	{"complete = yes", "complete = no", "is garbage"},
	{"complete = yes", "", "it is cut off"},
	{"mac = 56:6f:1a:2b:00:01\n", "", "it is cut off"},
	{"vm = " VM_A "\n", "", "it is cut off"},
	{"vf = 3\n", "", "it is cut off"},
	{"address = " VF_0 "\n", "", "it is cut off"},
	{"generation", "; generation", "it is cut off"},
};

START_TEST(record_with_a_bad_line_is_corrupt)
{
	put(VM_A, VF_0);
	put(VM_B, VF_1);
	put_file(RECORD_A, replaced(get_file(RECORD_A, NULL), damages[_i].line, damages[_i].instead));
	check_corrupt(damages[_i].reason);
}
END_TEST

static const char *filled(char byte, size_t size)
{
	static char bytes[1 << 20];

	memset(bytes, byte, size);
	bytes[size] = '\0';
	return bytes;
}

START_TEST(garbage_is_corrupt)
{
	char bytes[256];

	put(VM_A, VF_0);
	put(VM_B, VF_1);
	put_file(RECORD_A, "");
	check_corrupt("it is cut off");
	put_file(RECORD_A, "\n\n\n");
	check_corrupt("it is cut off");
	put_file(RECORD_A, "not = a record");
	check_corrupt("is garbage");
	for (unsigned i = 0; i < sizeof(bytes); i++)
		bytes[i] = (char)(255 - i);
	put_bytes(RECORD_A, bytes, sizeof(bytes));
	check_corrupt("is garbage");
	put_bytes(RECORD_A, "", 1);
	check_corrupt("is garbage");
	put_file(RECORD_A, filled('[', 1000));
	check_corrupt("is garbage");
	put_file(RECORD_A, filled('x', (1 << 20) - 1));
	check_corrupt("it is garbage");
	put_file(RECORD_A, filled('\n', (1 << 20) - 1));
	check_corrupt("it is garbage");
}
END_TEST

START_TEST(record_that_is_a_directory_is_reported)
{
	put(VM_B, VF_1);
	put_directory(RECORD_A);
	check_corrupt("it is no file of root or vdsm");
}
END_TEST

START_TEST(record_that_is_a_pipe_keeps_nobody_waiting)
{
	put(VM_B, VF_1);
	ck_assert_int_eq(mkfifoat(root_fd, RECORD_A, 0644), 0);
	check_corrupt("it is no file of root or vdsm");
}
END_TEST

START_TEST(record_that_others_can_write_is_not_believed)
{
	static const mode_t modes[] = {0664, 0646, 0666};

	put(VM_A, VF_0);
	put(VM_B, VF_1);
	ck_assert_int_eq(fchmodat(root_fd, RECORD_A, modes[_i], 0), 0);
	check_corrupt("it is no file of root or vdsm that nobody else can write");
}
END_TEST

START_TEST(record_of_someone_else_is_not_believed)
{
	put(VM_A, VF_0);
	put(VM_B, VF_1);
	if (fchownat(root_fd, RECORD_A, 12345, 12345, 0) < 0)
		return; /* not root: nothing can be someone else's */
	check_corrupt("it is no file of root or vdsm that nobody else can write");
}
END_TEST

START_TEST(corrupt_record_is_not_removed_and_named)
{
	struct vfpt_assignment a = put(VM_A, VF_0);
	struct vfpt_ledger *ledger;

	put_file(RECORD_A, "garbage");
	ledger = opened(VFPT_LEDGER_RELEASE);
	ck_assert_fails(vfpt_ledger_remove(ledger, &a, remember[_i], &err), err, VFPT_CORRUPT);
	ck_assert_contains(err.message, "ledger record /" RECORD_A ": ");
	ck_assert_str_eq(owner(ledger, VF_0), VM_A);
	vfpt_ledger_close(ledger);
	ck_assert(there_is(RECORD_A));
	ck_assert(!there_is(LAST_A));
}
END_TEST

static const char *const foreign[] = {
	"README",
	"lock",
	"@",
	"@" VM_A,
	"0000:01:10.8@" VM_A,
	"01:10.0@" VM_A,
	"0000:01:10.0.bak@" VM_A,
	"00000000000000000000000000000000000000000000000000000000000000000:01:10.0@" VM_A,
	"\x1b[31m\n",
};

START_TEST(foreign_file_is_reported_and_left_alone)
{
	const char *path = text("run/vfpt/%s", foreign[_i]), *printed;
	struct vfpt_ledger *ledger;

	put(VM_A, VF_0);
	put_file(path, "x");
	catch_stderr();
	ledger = opened(VFPT_LEDGER_ASSIGN);
	printed = caught_stderr();
	ck_assert_contains(printed, "is no record and is ignored; remove it");
	ck_assert_uint_eq(count_lines(printed), 1);
	ck_assert_str_eq(owner(ledger, VF_0), VM_A);
	ck_assert_ptr_null(owner(ledger, VF_1));
	vfpt_ledger_close(ledger);
	ck_assert_str_eq(get_file(path, NULL), "x");
}
END_TEST

static const char *const vmless[] = {VF_0, VF_0 "@", VF_0 "@x", VF_0 "@" VM_A "~", VF_0 "@@" VM_A};

/* Who knows what it was: the VF is not given away. */
START_TEST(name_with_an_address_but_no_vm_keeps_the_vf_taken)
{
	struct vfpt_assignment a = assignment(VM_A, VF_0);
	struct vfpt_ledger *ledger;
	const char *printed;
	size_t corrupt;

	put_file(text("run/vfpt/%s", vmless[_i]), "x");
	catch_stderr();
	ledger = opened(VFPT_LEDGER_ASSIGN);
	printed = caught_stderr();
	ck_assert_contains(printed, "names no VM; VF " VF_0 " counts as taken until it is removed");
	ck_assert_uint_eq(count_lines(printed), 1);
	ck_assert_str_eq(owner(ledger, VF_0), "");
	ck_assert_uint_eq(of_vm(ledger, VM_A, NULL, &corrupt), 0);
	ck_assert_uint_eq(corrupt, 0);
	ck_assert_fails(vfpt_ledger_put(ledger, &a, &err), err, VFPT_SYSTEM);
	vfpt_ledger_close(ledger);
	ck_assert(there_is(text("run/vfpt/%s", vmless[_i])));
}
END_TEST

/* --- modes, and a ledger that is not there */

START_TEST(ledger_that_does_not_exist_is_empty_for_a_release)
{
	struct vfpt_assignment a = assignment(VM_A, VF_0);
	struct vfpt_ledger *ledger = opened(VFPT_LEDGER_RELEASE);
	size_t corrupt;

	ck_assert_ptr_null(owner(ledger, VF_0));
	ck_assert_uint_eq(of_vm(ledger, VM_A, NULL, &corrupt), 0);
	ck_assert_uint_eq(corrupt, 0);
	ck_assert_ok(vfpt_ledger_remove(ledger, &a, true, &err), err);
	vfpt_ledger_close(ledger);
	ck_assert(!there_is("run"));
}
END_TEST

START_TEST(ledger_that_does_not_exist_is_made_for_an_assignment)
{
	struct stat status;

	if (_i)
		put_directory("run");
	vfpt_ledger_close(opened(VFPT_LEDGER_ASSIGN));
	ck_assert_int_eq(fstatat(root_fd, "run/vfpt", &status, AT_SYMLINK_NOFOLLOW), 0);
	ck_assert(S_ISDIR(status.st_mode));
	ck_assert_uint_eq(status.st_mode & 022, 0);
}
END_TEST

static const enum vfpt_ledger_mode modes[] = {VFPT_LEDGER_LOOK, VFPT_LEDGER_RELEASE, VFPT_LEDGER_ASSIGN};

START_TEST(ledger_that_is_a_file_is_an_error)
{
	struct vfpt_ledger *ledger;

	put_file("run/vfpt", "x");
	ck_assert_fails(vfpt_ledger_open(root_fd, modes[_i], WAIT, &ledger, &err), err, VFPT_SYSTEM);
	ck_assert_str_eq(err.message, "cannot open the ledger /run/vfpt: Not a directory");
	ck_assert_ptr_null(ledger);
}
END_TEST

START_TEST(ledger_that_is_a_link_is_an_error)
{
	struct vfpt_ledger *ledger;

	put_directory("elsewhere");
	put_link("run/vfpt", "../elsewhere");
	ck_assert_fails(vfpt_ledger_open(root_fd, modes[_i], WAIT, &ledger, &err), err, VFPT_SYSTEM);
	ck_assert_contains(err.message, "cannot open the ledger /run/vfpt: ");
}
END_TEST

START_TEST(place_where_no_ledger_can_be_made_is_an_error_with_a_remedy)
{
	struct vfpt_ledger *ledger;

	put_file("run", "x");
	ck_assert_fails(vfpt_ledger_open(root_fd, VFPT_LEDGER_ASSIGN, WAIT, &ledger, &err), err, VFPT_SYSTEM);
	ck_assert_str_eq(err.message,
		"cannot make the ledger /run/vfpt: Not a directory; run systemd-tmpfiles "
		"--create vfpt.conf as root");
}
END_TEST

/* --- what the system refuses: in a child, for it gives up what it is (root may write anywhere) */

/* The exit code of a child in which all went well. */
enum { FINE = 42 };

static void check_read_only(void)
{
	struct vfpt_assignment a = assignment(VM_A, VF_0), b = assignment(VM_B, VF_1);
	struct vfpt_ledger *ledger;

	become_nobody();
	need(vfpt_ledger_open(root_fd, VFPT_LEDGER_ASSIGN, WAIT, &ledger, &err) == 0,
		"a readable ledger opens: %s", err.message);
	need(vfpt_ledger_put(ledger, &a, &err) == -1 && err.code == VFPT_SYSTEM, "put fails: %s",
		err.message);
	need(strcmp(err.message,
		     "cannot write ledger record /" RECORD_A
		     ": Permission denied; /run/vfpt must be writable by user vdsm and have room") == 0,
		"the message of put: %s", err.message);
	need(!vfpt_ledger_owner(ledger, &a.address), "the VF is free again");
	b.generation = strtoull(strstr(get_file(RECORD_B, NULL), "generation = ") + 13, NULL, 10);
	for (size_t i = 0; i < ARRAY_SIZE(remember); i++) {
		need(vfpt_ledger_remove(ledger, &b, remember[i], &err) == -1 && err.code == VFPT_SYSTEM,
			"remove fails: %s", err.message);
		need(strcmp(err.message, "cannot remove ledger record /" RECORD_B ": Permission denied") == 0,
			"the message of remove: %s", err.message);
	}
	need(vfpt_ledger_owner(ledger, &b.address) != NULL, "the VF is still taken");
	vfpt_ledger_close(ledger);
}

START_TEST(read_only_ledger_is_an_error_and_nothing_changes)
{
	put(VM_B, VF_1);
	ck_assert_int_eq(fchmodat(root_fd, "run/vfpt", 0555, 0), 0);
	in_child(check_read_only);
	ck_assert_int_eq(fchmodat(root_fd, "run/vfpt", 0755, 0), 0);
	ck_assert_uint_eq(entries("run/vfpt"), 1);
}
END_TEST

static void check_unreadable(void)
{
	struct vfpt_ledger *ledger;

	become_nobody();
	for (unsigned i = 0; i < ARRAY_SIZE(modes); i++) {
		need(vfpt_ledger_open(root_fd, modes[i], WAIT, &ledger, &err) == -1 &&
				err.code == VFPT_SYSTEM,
			"open fails: %s", err.message);
		need(strcmp(err.message, "cannot open the ledger /run/vfpt: Permission denied") == 0,
			"the message of open: %s", err.message);
	}
}

START_TEST(unreadable_ledger_is_an_error)
{
	put_directory("run/vfpt");
	ck_assert_int_eq(fchmodat(root_fd, "run/vfpt", 0, 0), 0);
	in_child(check_unreadable);
	ck_assert_int_eq(fchmodat(root_fd, "run/vfpt", 0755, 0), 0);
}
END_TEST

static void check_unmakeable(void)
{
	struct vfpt_ledger *ledger;

	become_nobody();
	need(vfpt_ledger_open(root_fd, VFPT_LEDGER_ASSIGN, WAIT, &ledger, &err) == -1 &&
			err.code == VFPT_SYSTEM,
		"open fails: %s", err.message);
	need(strcmp(err.message, "cannot make the ledger /run/vfpt: Permission denied; run systemd-tmpfiles "
				 "--create vfpt.conf as root") == 0,
		"the message of open: %s", err.message);
}

START_TEST(ledger_that_may_not_be_made_is_an_error_with_a_remedy)
{
	put_directory("run");
	ck_assert_int_eq(fchmodat(root_fd, "run", 0555, 0), 0);
	in_child(check_unmakeable);
	ck_assert_int_eq(fchmodat(root_fd, "run", 0755, 0), 0);
	ck_assert(!there_is("run/vfpt"));
}
END_TEST

static void check_unreadable_record(void)
{
	struct vfpt_ledger *ledger;
	struct vfpt_assignment *all;
	size_t count, corrupt;

	become_nobody();
	need(vfpt_ledger_open(root_fd, VFPT_LEDGER_RELEASE, WAIT, &ledger, &err) == 0,
		"a readable ledger opens: %s", err.message);
	catch_stderr();
	need(vfpt_ledger_of_vm(ledger, VM_A, &all, &count, &corrupt, &err) == 0, "of_vm goes on: %s",
		err.message);
	need(count == 0 && corrupt == 1, "the record is counted as bad");
	need(strstr(caught_stderr(), RECORD_A ": cannot read it: Permission denied; its VF stays taken"),
		"the warning");
	free(all);
	vfpt_ledger_close(ledger);
}

START_TEST(unreadable_record_is_reported)
{
	put(VM_A, VF_0);
	ck_assert_int_eq(fchmodat(root_fd, "run/vfpt", 0755, 0), 0);
	ck_assert_int_eq(fchmodat(root_fd, RECORD_A, 0, 0), 0);
	in_child(check_unreadable_record);
}
END_TEST

/* As on a full disk, any write can be the one that fails. */
static void check_full(void)
{
	struct vfpt_assignment a = assignment(VM_A, VF_0);
	struct vfpt_ledger *ledger;
	struct rlimit limit;

	signal(SIGXFSZ, SIG_IGN);
	need(vfpt_ledger_open(root_fd, VFPT_LEDGER_ASSIGN, WAIT, &ledger, &err) == 0, "it opens: %s",
		err.message);
	getrlimit(RLIMIT_FSIZE, &limit);
	for (rlim_t room = 0; room < 200; room += 7) {
		limit.rlim_cur = room;
		setrlimit(RLIMIT_FSIZE, &limit);
		need(vfpt_ledger_put(ledger, &a, &err) == -1 && err.code == VFPT_SYSTEM, "put fails");
		need(strcmp(err.message,
			     "cannot write ledger record /" RECORD_A
			     ": File too large; /run/vfpt must be writable by user vdsm and have room") == 0,
			"the message of put: %s", err.message);
		need(!vfpt_ledger_owner(ledger, &a.address), "the VF is free again");
		need(!there_is("run/vfpt/.new") && !there_is(RECORD_A), "nothing is left of the record");
	}
	vfpt_ledger_close(ledger);
}

START_TEST(record_that_does_not_fit_leaves_the_ledger_as_it_was)
{
	const char *before;

	put(VM_B, VF_1);
	before = get_file(RECORD_B, NULL);
	in_child(check_full);
	ck_assert_str_eq(get_file(RECORD_B, NULL), before);
	put(VM_A, VF_0);
	ck_assert(there_is(RECORD_A));
}
END_TEST

/* --- the lock */

static bool is_locked(void)
{
	int dir = openat(root_fd, "run/vfpt", O_RDONLY | O_DIRECTORY);
	bool locked;

	ck_assert_int_ge(dir, 0);
	locked = flock(dir, LOCK_EX | LOCK_NB) < 0 && errno == EWOULDBLOCK;
	close(dir);
	return locked;
}

START_TEST(lock_is_held_from_open_to_close)
{
	struct vfpt_ledger *ledger;

	put_directory("run/vfpt");
	ck_assert(!is_locked());
	ledger = opened(modes[_i]);
	ck_assert_int_eq(is_locked(), modes[_i] != VFPT_LEDGER_LOOK);
	vfpt_ledger_close(ledger);
	ck_assert(!is_locked());
}
END_TEST

START_TEST(ledger_that_is_only_looked_at_waits_for_nobody)
{
	struct vfpt_ledger *first = opened(VFPT_LEDGER_ASSIGN);

	vfpt_ledger_close(opened(VFPT_LEDGER_LOOK));
	vfpt_ledger_close(first);
}
END_TEST

/* The second opener must see what the first put just before it closed: it reads the directory after that. */
START_TEST(second_opener_waits_until_the_first_closes_and_sees_what_it_did)
{
	struct vfpt_assignment a = assignment(VM_A, VF_0);
	struct vfpt_ledger *first = opened(VFPT_LEDGER_ASSIGN);
	int ready[2], answer[2], status;
	char byte = 0;
	pid_t child;

	ck_assert_int_eq(pipe2(ready, O_CLOEXEC), 0);
	ck_assert_int_eq(pipe2(answer, O_CLOEXEC), 0);
	child = fork();
	ck_assert_int_ge(child, 0);
	if (child == 0) {
		struct vfpt_ledger *second;

		/* The lock belongs to the open directory, which a fork shares. */
		vfpt_ledger_close(first);
		if (write(ready[1], "r", 1) != 1 ||
			vfpt_ledger_open(root_fd, modes[1 + _i], WAIT, &second, &err) < 0)
			_exit(1);
		byte = vfpt_ledger_owner(second, &a.address) ? 'y' : 'n';
		if (write(answer[1], &byte, 1) != 1)
			_exit(1);
		vfpt_ledger_close(second);
		_exit(FINE);
	}
	ck_assert_int_eq(read(ready[0], &byte, 1), 1);
	ck_assert_ok(vfpt_ledger_put(first, &a, &err), err);
	ck_assert_int_eq(fcntl(answer[0], F_SETFL, O_NONBLOCK), 0);
	for (int i = 0; i < 100; i++) { /* time to go wrong in */
		ck_assert_int_eq(read(answer[0], &byte, 1), -1);
		nanosleep(&(const struct timespec){.tv_nsec = 1000000}, NULL);
	}
	ck_assert_int_eq(fcntl(answer[0], F_SETFL, 0), 0);
	vfpt_ledger_close(first);
	ck_assert_int_eq(read(answer[0], &byte, 1), 1);
	ck_assert_int_eq(byte, 'y');
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == FINE, "the child ended with %#x", status);
}
END_TEST

/* Has the child become `NAME 60` by now? It shows no arguments for a moment. */
static bool has_become(pid_t child)
{
	static const char end[] = {'\0', '6', '0', '\0'};
	char arguments[16384];
	int fd = open(text("/proc/%d/cmdline", child), O_RDONLY | O_CLOEXEC);
	ssize_t size = fd < 0 ? -1 : read(fd, arguments, sizeof(arguments));

	if (fd >= 0)
		close(fd);
	return size >= 4 && memcmp(arguments + size - 4, end, 4) == 0;
}

/* Another program holds the lock, @name being what it is called by. It ends with end_holder(). */
static pid_t start_holder(const char *name)
{
	const char *const argv[] = {name, "60", NULL};
	int running[2];
	char byte;
	pid_t child;

	ck_assert_int_eq(pipe2(running, O_CLOEXEC), 0);
	child = fork();
	ck_assert_int_ge(child, 0);
	if (child == 0) {
		int dir = openat(root_fd, "run/vfpt", O_RDONLY | O_DIRECTORY);

		if (dir >= 0 && flock(dir, LOCK_EX) == 0)
			execv("/bin/sleep", (char *const *)(uintptr_t)argv);
		if (write(running[1], "x", 1) == 1)
			_exit(1);
		_exit(2);
	}
	close(running[1]);
	ck_assert_int_eq(read(running[0], &byte, 1), 0); /* closed by what it became */
	close(running[0]);
	while (!has_become(child))
		nanosleep(&(const struct timespec){.tv_nsec = 1000000}, NULL);
	return child;
}

static void end_holder(pid_t child)
{
	int status;

	ck_assert_int_eq(kill(child, SIGKILL), 0);
	ck_assert_int_eq(waitpid(child, &status, 0), child);
}

static double seconds_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static const struct {
	enum vfpt_ledger_mode mode;
	unsigned seconds;
} waits[] = {
	{VFPT_LEDGER_ASSIGN, 0},
	{VFPT_LEDGER_RELEASE, 0},
	{VFPT_LEDGER_ASSIGN, 1},
	{VFPT_LEDGER_RELEASE, 2},
};

START_TEST(wait_for_the_lock_has_an_end_and_names_the_holder)
{
	struct vfpt_ledger *ledger = (struct vfpt_ledger *)&err;
	double began, took = 100;
	pid_t holder;

	put_directory("run/vfpt");
	holder = start_holder("/usr/libexec/vdsm/hooks/before_vm_start/50_vfpt");
	/* A busy machine can make any of them late, but hardly all. */
	for (int tries = 0; tries < 10 && took >= waits[_i].seconds + 0.5; tries++) {
		began = seconds_now();
		ck_assert_fails(vfpt_ledger_open(root_fd, waits[_i].mode, waits[_i].seconds, &ledger, &err),
			err, VFPT_SYSTEM);
		took = seconds_now() - began;
		ck_assert_double_ge(took, waits[_i].seconds);
	}
	ck_assert_str_eq(err.message,
		text("before_vm_start/50_vfpt (pid %d) holds the lock of the ledger /run/vfpt for more than "
		     "%u s; see what it waits for, or end it",
			holder, waits[_i].seconds));
	ck_assert_ptr_null(ledger);
	ck_assert_double_lt(took, waits[_i].seconds + 0.5);
	/* Who only looks has no need of it. */
	ck_assert_ok(vfpt_ledger_open(root_fd, VFPT_LEDGER_LOOK, 0, &ledger, &err), err);
	vfpt_ledger_close(ledger);
	end_holder(holder);
	/* Nothing is left of the one that gave up. */
	ck_assert_ok(vfpt_ledger_open(root_fd, waits[_i].mode, 0, &ledger, &err), err);
	vfpt_ledger_close(ledger);
}
END_TEST

#define FIFTY "01234567890123456789012345678901234567890123456789"

static const struct {
	const char *name, *shown;
} holders[] = {
	{"50_vfpt", "50_vfpt"},
	{"/50_vfpt", "/50_vfpt"},
	{"hooks/50_vfpt", "hooks/50_vfpt"},
	{"./50_vfpt", "./50_vfpt"},
	{"/a/b/c/d", "c/d"},
	{"a//b", "/b"},
	{"a/b/", "b/"},
	{"before vm start/50 vfpt", "before vm start/50 vfpt"},
	{"/x/\x1b[31m/50_vfpt\n", "?[31m/50_vfpt?"},
	{"/x/%s%n/%d", "%s%n/%d"},
	{"/x/" FIFTY "/" FIFTY, FIFTY "/01234567890123456789012345678"},
};

START_TEST(holder_is_named_by_its_last_two_parts)
{
	struct vfpt_ledger *ledger;
	pid_t holder;

	put_directory("run/vfpt");
	holder = start_holder(holders[_i].name);
	ck_assert_fails(vfpt_ledger_open(root_fd, VFPT_LEDGER_ASSIGN, 0, &ledger, &err), err, VFPT_SYSTEM);
	ck_assert_str_eq(err.message, text("%s (pid %d) holds the lock of the ledger /run/vfpt for more than "
					   "0 s; see what it waits "
					   "for, or end it",
					      holders[_i].shown, holder));
	end_holder(holder);
}
END_TEST

static const char *repeated(char byte, size_t length)
{
	static char bytes[8192];

	memset(bytes, byte, length);
	bytes[length] = '\0';
	return bytes;
}

/* A name that is longer than any, and none. */
START_TEST(holder_without_a_usable_name_is_a_program)
{
	const char *name = _i ? "" : repeated('x', 8000);
	struct vfpt_ledger *ledger;
	pid_t holder;

	put_directory("run/vfpt");
	holder = start_holder(name);
	ck_assert_fails(vfpt_ledger_open(root_fd, VFPT_LEDGER_ASSIGN, 0, &ledger, &err), err, VFPT_SYSTEM);
	ck_assert_str_eq(err.message, text("a program (pid %d) holds the lock of the ledger /run/vfpt for "
					   "more than 0 s; see what it "
					   "waits for, or end it",
					      holder));
	end_holder(holder);
}
END_TEST

/* Locks of others, and another kind of lock on the same directory, are not taken for it. */
START_TEST(holder_of_another_lock_is_not_named)
{
	struct vfpt_ledger *ledger;
	int fds[64], count = 0;
	pid_t holder;

	put_directory("run/vfpt");
	for (; count < 32; count++) {
		put_file(text("run/lock%d", count), "");
		fds[count] = openat(root_fd, text("run/lock%d", count), O_RDWR | O_CLOEXEC);
		ck_assert_int_eq(flock(fds[count], count % 2 ? LOCK_EX : LOCK_SH), 0);
	}
	holder = start_holder("x/holder");
	for (; count < 64; count++) {
		put_file(text("run/lock%d", count), "");
		fds[count] = openat(root_fd, text("run/lock%d", count), O_RDWR | O_CLOEXEC);
		ck_assert_int_eq(flock(fds[count], count % 2 ? LOCK_EX : LOCK_SH), 0);
	}
	ck_assert_fails(vfpt_ledger_open(root_fd, VFPT_LEDGER_RELEASE, 0, &ledger, &err), err, VFPT_SYSTEM);
	ck_assert_contains(err.message, text("x/holder (pid %d) holds the lock", holder));
	while (count > 0)
		close(fds[--count]);
	end_holder(holder);
}
END_TEST

/* In time. */
START_TEST(lock_that_comes_free_while_waiting_is_taken)
{
	struct vfpt_ledger *ledger;
	int status;
	pid_t holder, killer;

	put_directory("run/vfpt");
	holder = start_holder("x/holder");
	killer = fork();
	ck_assert_int_ge(killer, 0);
	if (killer == 0) {
		nanosleep(&(const struct timespec){.tv_nsec = 200000000}, NULL);
		_exit(kill(holder, SIGKILL) == 0 ? FINE : 1);
	}
	ck_assert_ok(vfpt_ledger_open(root_fd, VFPT_LEDGER_ASSIGN, WAIT, &ledger, &err), err);
	ck_assert(is_locked());
	vfpt_ledger_close(ledger);
	ck_assert_int_eq(waitpid(killer, &status, 0), killer);
	ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == FINE);
	ck_assert_int_eq(waitpid(holder, &status, 0), holder);
}
END_TEST

START_TEST(free_lock_needs_no_time)
{
	struct vfpt_ledger *ledger;

	ck_assert_ok(vfpt_ledger_open(root_fd, VFPT_LEDGER_ASSIGN, 0, &ledger, &err), err);
	vfpt_ledger_close(ledger);
	ck_assert_ok(vfpt_ledger_open(root_fd, VFPT_LEDGER_RELEASE, 0, &ledger, &err), err);
	vfpt_ledger_close(ledger);
}
END_TEST

START_TEST(lock_goes_with_its_holder)
{
	int status;
	pid_t child;

	put_directory("run/vfpt");
	child = fork();
	ck_assert_int_ge(child, 0);
	if (child == 0) {
		struct vfpt_ledger *ledger;

		if (vfpt_ledger_open(root_fd, VFPT_LEDGER_ASSIGN, WAIT, &ledger, &err) < 0)
			_exit(1);
		raise(SIGKILL);
	}
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	ck_assert(!is_locked());
	vfpt_ledger_close(opened(VFPT_LEDGER_RELEASE));
}
END_TEST

/* Every VF goes to one of them only. */
START_TEST(many_at_once_lose_nothing)
{
	enum { PROCESSES = 8, EACH = 16 };
	struct vfpt_ledger *ledger;

	for (unsigned p = 0; p < PROCESSES; p++) {
		pid_t child = fork();

		ck_assert_int_ge(child, 0);
		if (child > 0)
			continue;
		for (unsigned i = 0; i < EACH; i++) {
			struct vfpt_assignment a = assignment(VM_A, VF_0);

			if (vfpt_ledger_open(root_fd, VFPT_LEDGER_ASSIGN, WAIT, &ledger, &err) < 0)
				_exit(1);
			for (a.address.bus = 0; vfpt_ledger_owner(ledger, &a.address); a.address.bus++)
				;
			if (vfpt_ledger_put(ledger, &a, &err) < 0)
				_exit(1);
			vfpt_ledger_close(ledger);
		}
		_exit(FINE);
	}
	for (unsigned p = 0; p < PROCESSES; p++) {
		int status;

		ck_assert_int_gt(wait(&status), 0);
		ck_assert_msg(
			WIFEXITED(status) && WEXITSTATUS(status) == FINE, "a child ended with %#x", status);
	}
	ck_assert_uint_eq(entries("run/vfpt"), PROCESSES * EACH);
	ledger = opened(VFPT_LEDGER_RELEASE);
	for (unsigned bus = 0; bus < PROCESSES * EACH; bus++)
		ck_assert_str_eq(owner(ledger, text("0000:%02x:10.0", bus)), VM_A);
	vfpt_ledger_close(ledger);
}
END_TEST

START_TEST(closing_nothing_is_fine)
{
	catch_stderr();
	vfpt_ledger_close(NULL);
	ck_assert_str_eq(caught_stderr(), "");
}
END_TEST

/* A captured tree from somebody else may have any link in it. */
START_TEST(ledger_is_below_its_root_wherever_links_lead)
{
	struct vfpt_ledger *ledger;
	struct vfpt_pci vf = {.bus = 1, .slot = 16};
	int inside;

	put_file("outside/vfpt/0000:01:10.0@3f0f5d7e-6c1a-4d0e-9a0b-5f6d7c8e9a01", "");
	put_link("inside/run", _i ? in_root("outside") : "../outside");
	inside = open(in_root("inside"), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	ck_assert_int_ge(inside, 0);
	if (syscall(SYS_openat2, inside, ".", NULL, 0) < 0 && errno == ENOSYS)
		return; /* valgrind 3.19 does not know it */
	ck_assert_ok(vfpt_ledger_open(inside, VFPT_LEDGER_RELEASE, WAIT, &ledger, &err), err);
	ck_assert_ptr_null(vfpt_ledger_owner(ledger, &vf));
	vfpt_ledger_close(ledger);
	ck_assert_fails(vfpt_ledger_open(inside, VFPT_LEDGER_ASSIGN, WAIT, &ledger, &err), err, VFPT_SYSTEM);
	ck_assert_uint_eq(entries("outside/vfpt"), 1);
	close(inside);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("ledger");
	TCase *tcase = new_case(suite, "ids", NULL);

	tcase_add_loop_test(tcase, vm_id_is_parsed_into_lower_case, 0, ARRAY_SIZE(good_ids));
	tcase_add_loop_test(tcase, what_is_no_uuid_is_no_vm_id, 0, ARRAY_SIZE(bad_ids));
	tcase_add_loop_test(tcase, network_name_is_kept_in_harmless_characters, 0, ARRAY_SIZE(network_names));
	tcase_add_test(tcase, closing_nothing_is_fine);

	tcase = new_case(suite, "records", empty_setup);
	tcase_add_test(tcase, assignment_is_read_back_as_it_was_put);
	tcase_add_loop_test(tcase, settings_are_read_back_as_they_were_put, 0, 2);
	tcase_add_test(tcase, extreme_values_are_read_back_as_they_were_put);
	tcase_add_loop_test(tcase, what_a_vnic_has_not_it_has_not_when_read_back, 0, 5);
	tcase_add_test(tcase, any_network_name_survives_in_its_kept_form);
	tcase_add_test(tcase, record_without_what_older_versions_did_not_write_is_whole);
	tcase_add_test(tcase, vf_that_nobody_has_has_no_owner);
	tcase_add_loop_test(tcase, removed_assignment_is_gone, 0, ARRAY_SIZE(remember));
	tcase_add_loop_test(tcase, removing_twice_is_harmless, 0, ARRAY_SIZE(remember));
	tcase_add_loop_test(tcase, record_that_vanished_counts_as_removed, 0, ARRAY_SIZE(remember));
	tcase_add_loop_test(tcase, late_removal_by_older_generation_does_nothing, 0, ARRAY_SIZE(remember));
	tcase_add_loop_test(tcase, late_removal_by_another_vm_does_nothing, 0, ARRAY_SIZE(remember));
	tcase_add_loop_test(tcase, vf_is_assigned_once_only, 0, 2);
	tcase_add_test(tcase, generation_grows_with_each_assignment);
	tcase_add_test(tcase, hundreds_of_assignments_are_told_apart);

	tcase = new_case(suite, "last time", empty_setup);
	tcase_add_test(tcase, vf_of_last_time_is_found_by_vm_and_mac);
	tcase_add_test(tcase, each_vnic_has_a_last_time_of_its_own);
	tcase_add_test(tcase, record_that_cannot_be_read_just_now_is_an_error);
	tcase_add_test(tcase, newest_memory_counts);
	tcase_add_test(tcase, vf_remembers_the_last_that_had_it_only);
	tcase_add_test(tcase, vf_does_not_forget_for_another);
	tcase_add_test(tcase, undone_assignment_makes_no_memory);
	tcase_add_test(tcase, late_removal_makes_no_memory);
	tcase_add_test(tcase, memory_is_no_record);
	tcase_add_test(tcase, other_names_in_the_memory_are_none);
	tcase_add_test(tcase, foreign_file_in_the_memory_is_left_alone);
	tcase_add_loop_test(tcase, obstacle_to_the_memory_keeps_no_vf_taken, 0, ARRAY_SIZE(obstacles));
	tcase_add_test(tcase, memory_behind_a_link_is_none);
	tcase_add_loop_test(tcase, memory_that_may_not_be_written_keeps_no_vf_taken, 0, 4);
	tcase_add_test(tcase, unreadable_memory_is_none);
	tcase_add_loop_test(tcase, ledger_that_others_can_write_is_refused, 0, 4);
	tcase_add_test(tcase, ledger_of_someone_else_is_refused);
	tcase_add_test(tcase, looking_changes_nothing);
	tcase_add_test(tcase, ledger_that_does_not_exist_remembers_nothing);

	tcase = new_case(suite, "damage", empty_setup);
	tcase_set_timeout(tcase, 60);
	tcase_add_test(tcase, leftover_of_a_killed_writer_is_no_record_and_in_nobodys_way);
	tcase_add_test(tcase, leftover_that_is_a_link_is_not_followed);
	tcase_add_test(tcase, record_cut_off_anywhere_is_corrupt);
	tcase_add_test(tcase, record_with_nul_bytes_from_anywhere_on_is_corrupt);
	tcase_add_test(tcase, one_damaged_byte_never_gives_a_vf_to_another_vm);
	tcase_add_loop_test(tcase, record_with_a_bad_line_is_corrupt, 0, ARRAY_SIZE(damages));
	tcase_add_test(tcase, garbage_is_corrupt);
	tcase_add_test(tcase, record_that_is_a_directory_is_reported);
	tcase_add_test(tcase, record_that_is_a_pipe_keeps_nobody_waiting);
	tcase_add_loop_test(tcase, record_that_others_can_write_is_not_believed, 0, 3);
	tcase_add_test(tcase, record_of_someone_else_is_not_believed);
	tcase_add_loop_test(tcase, corrupt_record_is_not_removed_and_named, 0, ARRAY_SIZE(remember));
	tcase_add_loop_test(tcase, foreign_file_is_reported_and_left_alone, 0, ARRAY_SIZE(foreign));
	tcase_add_loop_test(tcase, name_with_an_address_but_no_vm_keeps_the_vf_taken, 0, ARRAY_SIZE(vmless));

	tcase = new_case(suite, "modes", empty_setup);
	tcase_add_test(tcase, ledger_that_does_not_exist_is_empty_for_a_release);
	tcase_add_loop_test(tcase, ledger_that_does_not_exist_is_made_for_an_assignment, 0, 2);
	tcase_add_loop_test(tcase, ledger_that_is_a_file_is_an_error, 0, ARRAY_SIZE(modes));
	tcase_add_loop_test(tcase, ledger_that_is_a_link_is_an_error, 0, ARRAY_SIZE(modes));
	tcase_add_test(tcase, place_where_no_ledger_can_be_made_is_an_error_with_a_remedy);
	tcase_add_test(tcase, read_only_ledger_is_an_error_and_nothing_changes);
	tcase_add_test(tcase, unreadable_ledger_is_an_error);
	tcase_add_test(tcase, ledger_that_may_not_be_made_is_an_error_with_a_remedy);
	tcase_add_test(tcase, unreadable_record_is_reported);
	tcase_add_test(tcase, record_that_does_not_fit_leaves_the_ledger_as_it_was);

	tcase_add_loop_test(tcase, ledger_is_below_its_root_wherever_links_lead, 0, 2);
	tcase = new_case(suite, "lock", empty_setup);
	tcase_set_timeout(tcase, 60);
	tcase_add_loop_test(tcase, lock_is_held_from_open_to_close, 0, ARRAY_SIZE(modes));
	tcase_add_test(tcase, ledger_that_is_only_looked_at_waits_for_nobody);
	tcase_add_loop_test(tcase, second_opener_waits_until_the_first_closes_and_sees_what_it_did, 0, 2);
	tcase_add_loop_test(tcase, wait_for_the_lock_has_an_end_and_names_the_holder, 0, ARRAY_SIZE(waits));
	tcase_add_loop_test(tcase, holder_is_named_by_its_last_two_parts, 0, ARRAY_SIZE(holders));
	tcase_add_loop_test(tcase, holder_without_a_usable_name_is_a_program, 0, 2);
	tcase_add_test(tcase, holder_of_another_lock_is_not_named);
	tcase_add_test(tcase, lock_that_comes_free_while_waiting_is_taken);
	tcase_add_test(tcase, free_lock_needs_no_time);
	tcase_add_test(tcase, lock_goes_with_its_holder);
	tcase_add_test(tcase, many_at_once_lose_nothing);
	return run_suite(suite);
}
