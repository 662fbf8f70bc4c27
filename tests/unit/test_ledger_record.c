/* SPDX-License-Identifier: GPL-2.0-or-later */
/* An assignment is put, read and removed. */
#include "ledger_support.h"

#include <stdlib.h>
#include <string.h>

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

START_TEST(closing_nothing_is_fine)
{
	catch_stderr();
	vfpt_ledger_close(NULL);
	ck_assert_str_eq(caught_stderr(), "");
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
	static const char *const lines[] = {"network = red\n", "macvtap = 1\n", "mtu_before = 1500\n",
		"mtu = 9000\n", "own_mac = 66:5a:d2:be:9a:6d\n", "unfinished = 0\n"};
	struct vfpt_assignment a = put(VM_A, VF_0), back;
	const char *old = get_file(RECORD_A, NULL);
	struct vfpt_ledger *ledger;
	size_t corrupt;

	for (size_t i = 0; i < ARRAY_SIZE(lines); i++)
		old = replaced(old, lines[i], "");
	put_file(RECORD_A, old);
	a.network[0] = '\0';
	a.macvtap = false;
	a.own_mac = vfpt_mac_of(0);
	a.mtu_before = a.mtu = 0;
	ledger = opened(VFPT_LEDGER_RELEASE);
	ck_assert_uint_eq(of_vm(ledger, VM_A, &back, &corrupt), 1);
	ck_assert_same(&back, &a);
	vfpt_ledger_close(ledger);
}
END_TEST

/* Each of the four that there are. */
START_TEST(own_mac_and_unfinished_are_read_back_as_they_were_put)
{
	struct vfpt_assignment a = assignment(VM_A, VF_0), back;
	struct vfpt_ledger *ledger = opened(VFPT_LEDGER_ASSIGN);
	size_t corrupt;

	a.own_mac = vfpt_mac_of(_i & 1 ? 0x665ad2be9a6d : 0);
	a.unfinished = _i & 2;
	ck_assert_ok(vfpt_ledger_put(ledger, &a, &err), err);
	ck_assert_contains(get_file(RECORD_A, NULL),
		text("\nown_mac = %s\nunfinished = %d\n", _i & 1 ? "66:5a:d2:be:9a:6d" : "00:00:00:00:00:00",
			a.unfinished));
	ck_assert_uint_eq(of_vm(ledger, VM_A, &back, &corrupt), 1);
	ck_assert_same(&back, &a);
	vfpt_ledger_close(ledger);
}
END_TEST

START_TEST(unfinished_record_says_so_and_is_the_same_but_for_that)
{
	struct vfpt_assignment a = put(VM_A, VF_0), b = put(VM_B, VF_1), back;
	struct vfpt_ledger *ledger = opened(VFPT_LEDGER_RELEASE);
	size_t corrupt;

	ck_assert_ok(vfpt_ledger_mark_unfinished(ledger, &a, &err), err);
	ck_assert_uint_eq(of_vm(ledger, VM_A, &back, &corrupt), 1);
	ck_assert(back.unfinished);
	a.unfinished = true;
	ck_assert_same(&back, &a);
	ck_assert_uint_eq(of_vm(ledger, VM_B, &back, &corrupt), 1);
	ck_assert_same(&back, &b);
	ck_assert_uint_eq(entries("run/vfpt"), 2);
	/* It is the same assignment still, and is removed as that. */
	ck_assert_str_eq(owner(ledger, VF_0), VM_A);
	a.unfinished = false;
	ck_assert_ok(vfpt_ledger_remove(ledger, &a, remember[_i], &err), err);
	ck_assert_ptr_null(owner(ledger, VF_0));
	ck_assert(!there_is(RECORD_A));
	vfpt_ledger_close(ledger);
}
END_TEST

/* The VF has another assignment by now, of that VM or of another one, or none. */
START_TEST(late_mark_leaves_the_new_owner_alone)
{
	const char *const vms[] = {VM_A, VM_B, NULL};
	struct vfpt_assignment old = put(VM_A, VF_0);
	struct vfpt_ledger *ledger = opened(VFPT_LEDGER_RELEASE);
	const char *before;

	ck_assert_ok(vfpt_ledger_remove(ledger, &old, false, &err), err);
	vfpt_ledger_close(ledger);
	if (vms[_i])
		put(vms[_i], VF_0);
	ledger = opened(VFPT_LEDGER_RELEASE);
	before = picture(LEDGER);
	ck_assert_ok(vfpt_ledger_mark_unfinished(ledger, &old, &err), err);
	ck_assert_str_eq(picture(LEDGER), before);
	vfpt_ledger_close(ledger);
}
END_TEST

START_TEST(mark_that_cannot_be_written_is_an_error)
{
	struct vfpt_assignment a = put(VM_A, VF_0);
	struct vfpt_ledger *ledger = opened(VFPT_LEDGER_RELEASE);
	const char *before = get_file(RECORD_A, NULL);

	put_directory(LEDGER "/.new");
	ck_assert_fails(vfpt_ledger_mark_unfinished(ledger, &a, &err), err, VFPT_SYSTEM);
	ck_assert_contains(err.message, "cannot write ledger record /" RECORD_A ": ");
	ck_assert_str_eq(get_file(RECORD_A, NULL), before);
	vfpt_ledger_close(ledger);
}
END_TEST

/* mlx4 shows it where the guest tags, and it goes back as it was. */
START_TEST(vlan_id_of_the_guest_is_read_back_as_it_was_put)
{
	struct vfpt_assignment a = assignment(VM_A, VF_0), back;
	struct vfpt_ledger *ledger = opened(VFPT_LEDGER_ASSIGN);
	size_t corrupt;

	vfpt_settings_put(&a.before, VFPT_VLAN_ID, VFPT_VLAN_GUEST);
	ck_assert_ok(vfpt_ledger_put(ledger, &a, &err), err);
	ck_assert_contains(get_file(RECORD_A, NULL), "[before]\nmac = fe:ff:ff:ff:ff:ff\nvlan_id = 4095\n");
	ck_assert_uint_eq(of_vm(ledger, VM_A, &back, &corrupt), 1);
	ck_assert_same(&back, &a);
	ck_assert_uint_eq(back.before.value[VFPT_VLAN_ID], 4095);
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

int main(void)
{
	Suite *suite = suite_create("ledger_record");
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
	tcase_add_loop_test(tcase, own_mac_and_unfinished_are_read_back_as_they_were_put, 0, 4);
	tcase_add_loop_test(
		tcase, unfinished_record_says_so_and_is_the_same_but_for_that, 0, ARRAY_SIZE(remember));
	tcase_add_loop_test(tcase, late_mark_leaves_the_new_owner_alone, 0, 3);
	tcase_add_test(tcase, mark_that_cannot_be_written_is_an_error);
	tcase_add_test(tcase, vlan_id_of_the_guest_is_read_back_as_it_was_put);
	tcase_add_test(tcase, vf_that_nobody_has_has_no_owner);
	tcase_add_loop_test(tcase, removed_assignment_is_gone, 0, ARRAY_SIZE(remember));
	tcase_add_loop_test(tcase, removing_twice_is_harmless, 0, ARRAY_SIZE(remember));
	tcase_add_loop_test(tcase, record_that_vanished_counts_as_removed, 0, ARRAY_SIZE(remember));
	tcase_add_loop_test(tcase, late_removal_by_older_generation_does_nothing, 0, ARRAY_SIZE(remember));
	tcase_add_loop_test(tcase, late_removal_by_another_vm_does_nothing, 0, ARRAY_SIZE(remember));
	tcase_add_loop_test(tcase, vf_is_assigned_once_only, 0, 2);
	tcase_add_test(tcase, generation_grows_with_each_assignment);
	tcase_add_test(tcase, hundreds_of_assignments_are_told_apart);
	return run_suite(suite);
}
