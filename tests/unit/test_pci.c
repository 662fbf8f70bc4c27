/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vfpt/pci.h"

#include <stdio.h>
#include <string.h>

#include "support.h"

static struct vfpt_error err;

static const struct {
	const char *text;
	struct vfpt_pci address;
	const char *printed;
} good[] = {
	{"0000:01:10.0", {0, 1, 16, 0}, "0000:01:10.0"},
	{"0000:00:00.0", {0, 0, 0, 0}, "0000:00:00.0"},
	{"ffff:ff:1f.7", {0xffff, 255, 31, 7}, "ffff:ff:1f.7"},
	{"ABCD:EF:1A.5", {0xabcd, 0xef, 26, 5}, "abcd:ef:1a.5"},
	{"aBcD:eF:1a.5", {0xabcd, 0xef, 26, 5}, "abcd:ef:1a.5"},
	/* behind Intel VMD the kernel numbers domains from 0x10000 */
	{"10000:e1:00.0", {0x10000, 0xe1, 0, 0}, "10000:e1:00.0"},
	{"ffffffff:ff:1f.7", {0xffffffff, 255, 31, 7}, "ffffffff:ff:1f.7"},
	{"00000000:01:10.0", {0, 1, 16, 0}, "0000:01:10.0"},
};

START_TEST(good_address_is_parsed)
{
	struct vfpt_pci address;

	memset(&address, 0xa5, sizeof(address));
	ck_assert_ok(vfpt_pci_parse(good[_i].text, &address, &err), err);
	ck_assert_uint_eq(address.domain, good[_i].address.domain);
	ck_assert_uint_eq(address.bus, good[_i].address.bus);
	ck_assert_uint_eq(address.slot, good[_i].address.slot);
	ck_assert_uint_eq(address.function, good[_i].address.function);
}
END_TEST

START_TEST(address_is_printed_as_sysfs_does)
{
	char buffer[VFPT_PCI_SIZE];

	ck_assert_ptr_eq(vfpt_pci_format(&good[_i].address, buffer), buffer);
	ck_assert_str_eq(buffer, good[_i].printed);
}
END_TEST

static const char *const bad[] = {
	"",
	" ",
	":",
	"0000",
	"0000:",
	"0000:01",
	"0000:01:",
	"0000:01:10",
	"0000:01:10.",
	"0000:01:10.8",
	"0000:01:10.9",
	"0000:01:10.a",
	"0000:01:10.f",
	"0000:01:10.00",
	"0000:01:10.0 ",
	"0000:01:10.0\n",
	" 0000:01:10.0",
	"0000:01:20.0",
	"0000:01:ff.0",
	"0000:01:1.0",
	"0000:1:10.0",
	"0000:101:10.0",
	"000:01:10.0",
	"01:10.0",
	"123456789:01:10.0",
	"0x00:01:10.0",
	"0x0000:01:10.0",
	"-000:01:10.0",
	"+000:01:10.0",
	"0000:-1:10.0",
	"0000:01:10,0",
	"0000.01.10.0",
	"0000:01:10:0",
	"0000:01:1g.0",
	"000g:01:10.0",
	"0000:01:10.-1",
	"pci_0000_01_10_0",
	"../0000:01:10.0",
	"0000:01:10.0/..",
	"0000:01:10.0:",
	"\357\273\2770000:01:10.0",
};

START_TEST(bad_address_is_refused_and_named)
{
	const struct vfpt_pci before = {.domain = 0x1234, .bus = 0x56, .slot = 7, .function = 1};
	struct vfpt_pci address = before;
	char shown[32];

	snprintf(shown, sizeof(shown), "%s", bad[_i]);
	vfpt_sanitise(shown, false);
	ck_assert_fails(vfpt_pci_parse(bad[_i], &address, &err), err, VFPT_BAD_INPUT);
	ck_assert_contains(err.message, "is not a PCI address such as 0000:01:10.0");
	ck_assert_contains(err.message, text("\"%s\"", shown));
	ck_assert_msg(vfpt_pci_equal(&address, &before), "the address was changed");
}
END_TEST

START_TEST(every_prefix_of_an_address_is_refused)
{
	const char *whole = "ffffffff:ff:1f.7";
	struct vfpt_pci address;

	for (size_t length = 0; length < strlen(whole); length++)
		ck_assert_fails(vfpt_pci_parse(text("%.*s", (int)length, whole), &address, &err), err,
			VFPT_BAD_INPUT);
}
END_TEST

START_TEST(endless_text_is_cut_in_the_message)
{
	static char endless[4096];
	struct vfpt_pci address;

	memset(endless, '0', sizeof(endless) - 1);
	ck_assert_fails(vfpt_pci_parse(endless, &address, &err), err, VFPT_BAD_INPUT);
	ck_assert_uint_lt(strlen(err.message), 120);
}
END_TEST

START_TEST(what_is_printed_is_parsed_back)
{
	char buffer[VFPT_PCI_SIZE];
	struct vfpt_pci address, back;

	for (unsigned bus = 0; bus < 256; bus++)
		for (unsigned i = 0; i < 256; i++) {
			address = (struct vfpt_pci){.domain = bus * 0x01010101u,
				.bus = (uint8_t)bus,
				.slot = (uint8_t)(i / 8),
				.function = (uint8_t)(i % 8)};
			vfpt_pci_format(&address, buffer);
			ck_assert_ok(vfpt_pci_parse(buffer, &back, &err), err);
			ck_assert_msg(vfpt_pci_equal(&address, &back), "%s", buffer);
		}
}
END_TEST

/* Each is less than the next. */
static const struct vfpt_pci ordered[] = {
	{0, 0, 0, 0},
	{0, 0, 0, 1},
	{0, 0, 0, 7},
	{0, 0, 1, 0},
	{0, 0, 31, 7},
	{0, 1, 0, 0},
	{0, 1, 0, 1},
	{0, 255, 31, 7},
	{1, 0, 0, 0},
	{0xffff, 255, 31, 7},
	{0x10000, 0, 0, 0},
	{0x7fffffff, 0, 0, 0},
	{0x80000000, 0, 0, 0},
	{0xffffffff, 255, 31, 7},
};

START_TEST(addresses_are_ordered_by_domain_bus_slot_function)
{
	const struct vfpt_pci *a = &ordered[_i];

	for (int j = 0; j < (int)ARRAY_SIZE(ordered); j++) {
		int order = vfpt_pci_compare(a, &ordered[j]);

		ck_assert_msg((order > 0) - (order < 0) == (_i > j) - (_i < j), "%d to %d: %d", _i, j, order);
		ck_assert_int_eq(vfpt_pci_equal(a, &ordered[j]), _i == j);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("pci");
	TCase *tcase = new_case(suite, "pci", NULL);

	tcase_add_loop_test(tcase, good_address_is_parsed, 0, ARRAY_SIZE(good));
	tcase_add_loop_test(tcase, address_is_printed_as_sysfs_does, 0, ARRAY_SIZE(good));
	tcase_add_loop_test(tcase, bad_address_is_refused_and_named, 0, ARRAY_SIZE(bad));
	tcase_add_test(tcase, every_prefix_of_an_address_is_refused);
	tcase_add_test(tcase, endless_text_is_cut_in_the_message);
	tcase_add_test(tcase, what_is_printed_is_parsed_back);
	tcase_add_loop_test(tcase, addresses_are_ordered_by_domain_bus_slot_function, 0, ARRAY_SIZE(ordered));
	return run_suite(suite);
}
