/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vfpt/mac.h"

#include <string.h>

#include "support.h"

static struct vfpt_error err;

static const struct {
	const char *text;
	uint8_t octets[6];
	const char *printed;
} good_macs[] = {
	{"56:6f:1a:2b:00:01", {0x56, 0x6f, 0x1a, 0x2b, 0, 1}, "56:6f:1a:2b:00:01"},
	{"56:6F:1A:2B:00:01", {0x56, 0x6f, 0x1a, 0x2b, 0, 1}, "56:6f:1a:2b:00:01"},
	{"aB:Cd:eF:09:90:fF", {0xab, 0xcd, 0xef, 0x09, 0x90, 0xff}, "ab:cd:ef:09:90:ff"},
	{"00:00:00:00:00:00", {0}, "00:00:00:00:00:00"},
	{"ff:ff:ff:ff:ff:ff", {255, 255, 255, 255, 255, 255}, "ff:ff:ff:ff:ff:ff"},
	{"01:02:03:04:05:06", {1, 2, 3, 4, 5, 6}, "01:02:03:04:05:06"},
};

START_TEST(good_mac_is_parsed_and_printed)
{
	struct vfpt_mac mac;
	char buffer[VFPT_MAC_SIZE];

	memset(&mac, 0xa5, sizeof(mac));
	ck_assert_ok(vfpt_mac_parse(good_macs[_i].text, &mac, &err), err);
	ck_assert_mem_eq(mac.octet, good_macs[_i].octets, 6);
	ck_assert_ptr_eq(vfpt_mac_format(&mac, buffer), buffer);
	ck_assert_str_eq(buffer, good_macs[_i].printed);
}
END_TEST

static const char *const bad_macs[] = {
	"",
	":",
	":::::",
	":::::::::::::::::",
	"x",
	"56:6f:1a:2b:00",
	"56:6f:1a:2b:00:",
	"56:6f:1a:2b:00:1",
	"56:6f:1a:2b:00:01:",
	"56:6f:1a:2b:00:01:02",
	"56:6f:1a:2b:00:01 ",
	" 56:6f:1a:2b:00:01",
	"56:6f:1a:2b:00:0g",
	"56:6f:1a:2b:00:+1",
	"56:6f:1a:2b:00:-1",
	"56:6f:1a:2b:00: 1",
	"56:6f:1a:2b:00:0x",
	"0x:6f:1a:2b:00:01",
	"56-6f-1a-2b-00-01",
	"566f.1a2b.0001",
	"566f1a2b0001",
	"5:66f:1a:2b:00:01",
	"566:f:1a:2b:00:01",
	"56:6f:1a:2b:0001:",
	"1:2:3:4:5:6::::::",
	"::56:6f:1a:2b:0:1",
	"56:6f:1a:2b:00:01\n",
	"56:6f:1a:2b:00:011",
};

START_TEST(bad_mac_is_refused_and_named)
{
	struct vfpt_mac mac = {{1, 2, 3, 4, 5, 6}};

	ck_assert_fails(vfpt_mac_parse(bad_macs[_i], &mac, &err), err, VFPT_BAD_INPUT);
	ck_assert_contains(err.message, "is not a MAC address such as 56:6f:1a:2b:00:01");
	ck_assert_mem_eq(mac.octet, "\x01\x02\x03\x04\x05\x06", 6);
}
END_TEST

START_TEST(macs_are_equal_when_all_octets_are)
{
	const struct vfpt_mac mac = {{1, 2, 3, 4, 5, 6}};

	for (int i = 0; i < 6; i++) {
		struct vfpt_mac other = mac;

		ck_assert(vfpt_mac_equal(&mac, &other));
		other.octet[i] ^= 0x80;
		ck_assert(!vfpt_mac_equal(&mac, &other));
	}
}
END_TEST

/* The number that a MAC is, in the order in which it is read. */
static const struct {
	const char *mac;
	uint64_t value;
} values[] = {
	{"00:00:00:00:00:00", 0},
	{"00:00:00:00:00:01", 1},
	{"01:00:00:00:00:00", 0x010000000000},
	{"56:6f:1a:2b:00:01", 0x566f1a2b0001},
	{"ff:ff:ff:ff:ff:ff", 0xffffffffffff},
};

START_TEST(mac_is_a_number_and_back)
{
	struct vfpt_mac mac, back;

	ck_assert_ok(vfpt_mac_parse(values[_i].mac, &mac, &err), err);
	ck_assert_uint_eq(vfpt_mac_value(&mac), values[_i].value);
	back = vfpt_mac_of(values[_i].value);
	ck_assert_mem_eq(back.octet, mac.octet, sizeof(mac.octet));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("mac");
	TCase *tcase = new_case(suite, "mac", NULL);

	tcase_add_loop_test(tcase, good_mac_is_parsed_and_printed, 0, ARRAY_SIZE(good_macs));
	tcase_add_loop_test(tcase, bad_mac_is_refused_and_named, 0, ARRAY_SIZE(bad_macs));
	tcase_add_test(tcase, macs_are_equal_when_all_octets_are);
	tcase_add_loop_test(tcase, mac_is_a_number_and_back, 0, ARRAY_SIZE(values));
	return run_suite(suite);
}
