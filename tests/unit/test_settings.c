/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vfpt/settings.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "driver.h"
#include "refusal.h"
#include "support.h"

static struct vfpt_error err;

/* --- values as text */

static const char *const names[VFPT_SETTING_COUNT] = {
	[VFPT_MAC] = "mac",
	[VFPT_VLAN_ID] = "vlan_id",
	[VFPT_VLAN_PRIORITY] = "vlan_priority",
	[VFPT_VLAN_PROTOCOL] = "vlan_protocol",
	[VFPT_MAX_TX_RATE] = "max_tx_rate",
	[VFPT_MIN_TX_RATE] = "min_tx_rate",
	[VFPT_SPOOFCHK] = "spoofchk",
	[VFPT_TRUST] = "trust",
	[VFPT_RSS_QUERY] = "rss_query",
	[VFPT_LINK_STATE] = "link_state",
};

/* The ledger's records have them. */
START_TEST(setting_has_its_name)
{
	ck_assert_str_eq(vfpt_setting_name((enum vfpt_setting)_i), names[_i]);
}
END_TEST

static const struct {
	enum vfpt_setting setting;
	const char *text;
	uint64_t value;
	const char *printed; /* NULL: as it was */
} good[] = {
	{VFPT_MAC, "56:6f:1a:2b:00:01", 0x566f1a2b0001, NULL},
	{VFPT_MAC, "56:6F:1A:2B:00:01", 0x566f1a2b0001, "56:6f:1a:2b:00:01"},
	{VFPT_MAC, "00:00:00:00:00:00", 0, NULL},
	{VFPT_MAC, "ff:ff:ff:ff:ff:ff", 0xffffffffffff, NULL},
	{VFPT_VLAN_ID, "0", 0, NULL},
	{VFPT_VLAN_ID, "1", 1, NULL},
	{VFPT_VLAN_ID, "100", 100, NULL},
	{VFPT_VLAN_ID, "0100", 100, "100"},
	{VFPT_VLAN_ID, "4094", 4094, NULL},
	{VFPT_VLAN_PRIORITY, "0", 0, NULL},
	{VFPT_VLAN_PRIORITY, "3", 3, NULL},
	{VFPT_VLAN_PRIORITY, "7", 7, NULL},
	{VFPT_VLAN_PROTOCOL, "802.1Q", VFPT_VLAN_8021Q, NULL},
	{VFPT_VLAN_PROTOCOL, "802.1ad", VFPT_VLAN_8021AD, NULL},
	{VFPT_MAX_TX_RATE, "0", 0, NULL},
	{VFPT_MAX_TX_RATE, "1000", 1000, NULL},
	{VFPT_MAX_TX_RATE, "4294967295", UINT32_MAX, NULL},
	{VFPT_MIN_TX_RATE, "0", 0, NULL},
	{VFPT_MIN_TX_RATE, "4294967295", UINT32_MAX, NULL},
	{VFPT_SPOOFCHK, "off", 0, NULL},
	{VFPT_SPOOFCHK, "on", 1, NULL},
	{VFPT_TRUST, "off", 0, NULL},
	{VFPT_TRUST, "on", 1, NULL},
	{VFPT_RSS_QUERY, "off", 0, NULL},
	{VFPT_RSS_QUERY, "on", 1, NULL},
	{VFPT_LINK_STATE, "auto", VFPT_LINK_AUTO, NULL},
	{VFPT_LINK_STATE, "enable", VFPT_LINK_ENABLE, NULL},
	{VFPT_LINK_STATE, "disable", VFPT_LINK_DISABLE, NULL},
};

START_TEST(good_value_is_scanned_and_printed)
{
	struct vfpt_settings settings;
	char buffer[VFPT_SETTING_SIZE];

	/* No other setting changes. */
	memset(&settings, 0x5a, sizeof(settings));
	settings.present = 0;
	ck_assert_ok(vfpt_setting_scan(&settings, good[_i].setting, good[_i].text, &err), err);
	ck_assert_uint_eq(settings.present, 1u << good[_i].setting);
	ck_assert_uint_eq(settings.value[good[_i].setting], good[_i].value);
	for (int i = 0; i < VFPT_SETTING_COUNT; i++)
		if (i != (int)good[_i].setting)
			ck_assert_uint_eq(settings.value[i], 0x5a5a5a5a5a5a5a5a);
	ck_assert_ptr_eq(vfpt_setting_print(good[_i].setting, good[_i].value, buffer), buffer);
	ck_assert_str_eq(buffer, good[_i].printed ? good[_i].printed : good[_i].text);
}
END_TEST

#define A_NUMBER(name, max) name " \"%s\" is not a number from 0 to " max

static const char *const refusals[VFPT_SETTING_COUNT] = {
	[VFPT_MAC] = "\"%s\" is not a MAC address such as 56:6f:1a:2b:00:01",
	[VFPT_VLAN_ID] = A_NUMBER("vlan_id", "4094"),
	[VFPT_VLAN_PRIORITY] = A_NUMBER("vlan_priority", "7"),
	[VFPT_VLAN_PROTOCOL] = "vlan_protocol \"%s\" is none of 802.1Q, 802.1ad",
	[VFPT_MAX_TX_RATE] = A_NUMBER("max_tx_rate", "4294967295"),
	[VFPT_MIN_TX_RATE] = A_NUMBER("min_tx_rate", "4294967295"),
	[VFPT_SPOOFCHK] = "spoofchk \"%s\" is none of off, on",
	[VFPT_TRUST] = "trust \"%s\" is none of off, on",
	[VFPT_RSS_QUERY] = "rss_query \"%s\" is none of off, on",
	[VFPT_LINK_STATE] = "link_state \"%s\" is none of auto, enable, disable",
};

static void ck_assert_refused(enum vfpt_setting setting, const char *value)
{
	struct vfpt_settings before = {0}, settings;

	vfpt_settings_put(&before, setting, 1);
	settings = before;
	ck_assert_fails(vfpt_setting_scan(&settings, setting, value, &err), err, VFPT_BAD_INPUT);
	ck_assert_str_eq(err.message, replaced(refusals[setting], "%s", text("%.40s", value)));
	ck_assert_mem_eq(&settings, &before, sizeof(before));
}

/* No setting has such a value. */
static const char *const bad[] = {
	"",
	" ",
	"x",
	"-1",
	"+1",
	" 1",
	"1 ",
	"1x",
	"0x1",
	"1.5",
	"1e3",
	"4294967296",
	"18446744073709551616",
	"18446744073709551617",
	"99999999999999999999999999999999999999999999999999999999999999999999",
	"On",
	"ON",
	"on ",
	"off,on",
	"true",
	"yes",
	"up",
	"Auto",
	"802.1q",
	"802.1AD",
	"802.1ad ",
	"0x8100",
	"33024",
	"100:3",
	"56:6f:1a:2b:00",
	"56:6f:1a:2b:00:0g",
};

START_TEST(bad_value_is_refused_and_named)
{
	for (enum vfpt_setting setting = 0; setting < VFPT_SETTING_COUNT; setting++) {
		/* a rate, of all those */
		if ((setting == VFPT_MAX_TX_RATE || setting == VFPT_MIN_TX_RATE) &&
			strcmp(bad[_i], "33024") == 0)
			continue;
		ck_assert_refused(setting, bad[_i]);
	}
}
END_TEST

static const struct {
	enum vfpt_setting setting;
	const char *value;
} out_of_range[] = {
	{VFPT_VLAN_ID, "4095"},
	{VFPT_VLAN_ID, "4096"},
	{VFPT_VLAN_ID, "65636"},
	{VFPT_VLAN_ID, "4294967396"},
	{VFPT_VLAN_PRIORITY, "8"},
	{VFPT_VLAN_PRIORITY, "263"},
	{VFPT_SPOOFCHK, "1"},
	{VFPT_TRUST, "0"},
	{VFPT_RSS_QUERY, "1"},
	{VFPT_LINK_STATE, "on"},
	{VFPT_LINK_STATE, "down"},
	{VFPT_LINK_STATE, "0"},
	{VFPT_MAC, "1"},
};

START_TEST(value_out_of_range_is_refused_and_named)
{
	ck_assert_refused(out_of_range[_i].setting, out_of_range[_i].value);
}
END_TEST

START_TEST(setting_that_is_put_is_there)
{
	struct vfpt_settings settings = {0};

	for (int i = 0; i < VFPT_SETTING_COUNT; i++)
		ck_assert(!vfpt_settings_have(&settings, (enum vfpt_setting)i));
	vfpt_settings_put(&settings, (enum vfpt_setting)_i, 0xfedcba9876543210);
	for (int i = 0; i < VFPT_SETTING_COUNT; i++) {
		ck_assert_int_eq(vfpt_settings_have(&settings, (enum vfpt_setting)i), i == _i);
		ck_assert_uint_eq(settings.value[i], i == _i ? 0xfedcba9876543210 : 0);
	}
}
END_TEST

/* What the kernel shows need not have a name. */
START_TEST(value_without_a_name_is_printed_as_a_number)
{
	char buffer[VFPT_SETTING_SIZE];

	ck_assert_str_eq(vfpt_setting_print(VFPT_VLAN_PROTOCOL, 0x9100, buffer), "37120");
	ck_assert_str_eq(vfpt_setting_print(VFPT_TRUST, 2, buffer), "2");
	ck_assert_str_eq(vfpt_setting_print(VFPT_LINK_STATE, UINT64_MAX, buffer), "18446744073709551615");
	ck_assert_str_eq(vfpt_setting_print(VFPT_MAX_TX_RATE, UINT64_MAX, buffer), "18446744073709551615");
}
END_TEST

/* --- what is not asked of any driver */

enum { VFS = 4 };

static const struct vfpt_pf pf = {.name = "ens1f0", .driver = "igb", .ifindex = INT_MAX, .vf_count = VFS};

/* "NAME VALUE, NAME VALUE" */
static struct vfpt_settings settings_of(const char *list)
{
	struct vfpt_settings settings = {0};
	char copy[256], *save = NULL;

	snprintf(copy, sizeof(copy), "%s", list);
	for (char *word = strtok_r(copy, ", ", &save); word; word = strtok_r(NULL, ", ", &save)) {
		const char *value = strtok_r(NULL, ", ", &save);
		int i = 0;

		while (i < VFPT_SETTING_COUNT && strcmp(word, names[i]) != 0)
			i++;
		ck_assert_int_lt(i, VFPT_SETTING_COUNT);
		ck_assert_ok(vfpt_setting_scan(&settings, (enum vfpt_setting)i, value, &err), err);
	}
	return settings;
}

static const struct {
	const char *wanted;
	unsigned speed;
	const char *others;  /* what each other VF has */
	const char *refusal; /* NULL: it is fine */
} checks[] = {
	{"", 0, "", NULL},
	{"mac 56:6f:1a:2b:00:01", 0, "", NULL},
	{"mac fe:ff:ff:ff:ff:ff", 0, "", NULL},
	{"mac 00:00:00:00:00:01", 0, "", NULL},
	{"mac 00:00:00:00:00:00", 0, "",
		"00:00:00:00:00:00 is a group or all-zero address, which no interface can have"},
	{"mac 01:00:5e:00:00:01", 0, "",
		"01:00:5e:00:00:01 is a group or all-zero address, which no interface can have"},
	{"mac 33:33:00:00:00:01", 0, "",
		"33:33:00:00:00:01 is a group or all-zero address, which no interface can have"},
	{"mac ff:ff:ff:ff:ff:ff", 0, "",
		"ff:ff:ff:ff:ff:ff is a group or all-zero address, which no interface can have"},
	{"vlan_id 0", 0, "", NULL},
	{"vlan_id 4094", 0, "", NULL},
	{"vlan_id 1, vlan_priority 7, vlan_protocol 802.1ad", 0, "", NULL},
	{"vlan_id 0, vlan_priority 0, vlan_protocol 802.1Q", 0, "", NULL},
	{"vlan_id 0, vlan_priority 1", 0, "",
		"a VLAN priority or protocol goes with a VLAN id from 1 to 4094"},
	{"vlan_priority 1", 0, "", "a VLAN priority or protocol goes with a VLAN id from 1 to 4094"},
	{"vlan_id 0, vlan_protocol 802.1ad", 0, "",
		"a VLAN priority or protocol goes with a VLAN id from 1 to 4094"},
	{"vlan_protocol 802.1ad", 0, "", "a VLAN priority or protocol goes with a VLAN id from 1 to 4094"},
	{"max_tx_rate 1000", 0, "", NULL},
	{"max_tx_rate 1000", 1000, "", NULL},
	{"max_tx_rate 1001", 1000, "", "max_tx_rate 1001 Mbit/s is above the speed of ens1f0, 1000 Mbit/s"},
	{"max_tx_rate 4294967295", 1000, "",
		"max_tx_rate 4294967295 Mbit/s is above the speed of ens1f0, 1000 Mbit/s"},
	{"max_tx_rate 0", 1000, "", NULL},
	{"min_tx_rate 100, max_tx_rate 100", 1000, "", NULL},
	{"min_tx_rate 100, max_tx_rate 0", 1000, "", NULL},
	{"min_tx_rate 101, max_tx_rate 100", 1000, "", "min_tx_rate 101 is above max_tx_rate 100 Mbit/s"},
	{"min_tx_rate 101, max_tx_rate 100", 0, "", "min_tx_rate 101 is above max_tx_rate 100 Mbit/s"},
	{"min_tx_rate 1000", 1000, "", NULL},
	{"min_tx_rate 1001", 1000, "",
		"min_tx_rate 1001 Mbit/s is more than ens1f0 can give: its VFs would have 1001 of 1000 "
		"Mbit/s"},
	{"min_tx_rate 400", 1000, "min_tx_rate 200", NULL},
	{"min_tx_rate 401", 1000, "min_tx_rate 200",
		"min_tx_rate 401 Mbit/s is more than ens1f0 can give: its VFs would have 1001 of 1000 "
		"Mbit/s"},
	{"min_tx_rate 401", 0, "min_tx_rate 200", NULL},
	{"min_tx_rate 0", 1000, "min_tx_rate 4294967295", NULL},
	{"min_tx_rate 4294967295", 4294967295, "min_tx_rate 4294967295",
		"min_tx_rate 4294967295 Mbit/s is more than ens1f0 can give: its VFs would have 17179869180 "
		"of "
		"4294967295 Mbit/s"},
	{"spoofchk on, trust on, rss_query on, link_state disable", 1000, "", NULL},
};

START_TEST(what_no_driver_should_be_asked_for_is_refused)
{
	const struct vfpt_settings wanted = settings_of(checks[_i].wanted);
	struct vfpt_settings all[VFS];

	for (unsigned vf = 0; vf < VFS; vf++) {
		for (unsigned other = 0; other < VFS; other++)
			all[other] = settings_of(checks[_i].others);
		/* Its own minimum is replaced and does not count. */
		vfpt_settings_put(&all[vf], VFPT_MIN_TX_RATE, 999);
		if (!checks[_i].refusal) {
			ck_assert_ok(vfpt_settings_check(&wanted, &pf, vf, checks[_i].speed, all, &err), err);
			continue;
		}
		ck_assert_fails(vfpt_settings_check(&wanted, &pf, vf, checks[_i].speed, all, &err), err,
			VFPT_BAD_INPUT);
		ck_assert_str_eq(err.message, checks[_i].refusal);
	}
}
END_TEST

START_TEST(number_above_its_range_is_refused)
{
	static const struct {
		enum vfpt_setting setting;
		uint64_t value;
		const char *refusal;
	} numbers[] = {
		{VFPT_VLAN_ID, 4095, "vlan_id 4095 is above 4094"},
		{VFPT_VLAN_PRIORITY, 8, "vlan_priority 8 is above 7"},
		{VFPT_MAX_TX_RATE, 1ull << 32, "max_tx_rate 4294967296 is above 4294967295"},
		{VFPT_MIN_TX_RATE, UINT64_MAX, "min_tx_rate 18446744073709551615 is above 4294967295"},
	};
	const struct vfpt_settings all[VFS] = {0};

	for (size_t i = 0; i < ARRAY_SIZE(numbers); i++) {
		struct vfpt_settings wanted = {0};

		vfpt_settings_put(&wanted, numbers[i].setting, numbers[i].value);
		ck_assert_fails(vfpt_settings_check(&wanted, &pf, 0, 0, all, &err), err, VFPT_BAD_INPUT);
		ck_assert_str_eq(err.message, numbers[i].refusal);
	}
}
END_TEST

/* --- a driver that takes and shows settings */

static struct driver driver;
static struct vfpt_pci driven_vfs[DRIVER_VFS] = {[3] = {.domain = 0, .bus = 0x5e, .slot = 2, .function = 3}};
static const struct vfpt_pf driven = {
	.name = "ens1f0", .driver = "mlx5_core", .ifindex = 42, .vf_count = DRIVER_VFS, .vfs = driven_vfs};

#define AT_FIRST                                                                                             \
	"mac 00:00:00:00:00:00, vlan_id 0, vlan_priority 0, vlan_protocol 802.1Q, max_tx_rate 0, "           \
	"min_tx_rate 0, spoofchk on, "                                                                       \
	"trust off, rss_query off, link_state auto"
#define ALL                                                                                                  \
	"mac 56:6f:1a:2b:00:01, vlan_id 100, vlan_priority 3, vlan_protocol 802.1ad, max_tx_rate 1000, "     \
	"min_tx_rate 100, spoofchk "                                                                         \
	"off, trust on, rss_query on, link_state enable"

/* "NAME VALUE, ..." of what is present. */
static const char *list_of(const struct vfpt_settings *settings)
{
	const char *list = "";
	char value[VFPT_SETTING_SIZE];

	for (enum vfpt_setting i = 0; i < VFPT_SETTING_COUNT; i++)
		if (vfpt_settings_have(settings, i))
			list = text("%s%s%s %s", list, *list ? ", " : "", names[i],
				vfpt_setting_print(i, settings->value[i], value));
	return list;
}

static void load_driver(void)
{
	driver = (struct driver){.ifindex = 42};
	for (unsigned vf = 0; vf < DRIVER_VFS; vf++)
		driver.vfs[vf] = settings_of(AT_FIRST);
	driver_load(&driver);
}

static struct vfpt_settings read_one(unsigned vf)
{
	struct vfpt_settings *all, one;

	ck_assert_ok(vfpt_settings_read(driver_netlink(), &driven, &all, &err), err);
	one = all[vf];
	free(all);
	return one;
}

/* What was set since the last time, one a line. */
static const char *set_since(void)
{
	const char *log = text("%s", driver.log);

	driver.log[0] = '\0';
	return log;
}

static int apply(const char *wanted, struct vfpt_settings *now)
{
	const struct vfpt_settings settings = settings_of(wanted);

	*now = read_one(3);
	return vfpt_settings_apply(driver_netlink(), &driven, 3, &settings, now, &err);
}

static int restore(const char *before)
{
	const struct vfpt_settings settings = settings_of(before);

	return vfpt_settings_restore(driver_netlink(), &driven, 3, &settings, 0, &err);
}

START_TEST(settings_of_all_vfs_are_read)
{
	struct vfpt_settings *all;

	driver.vfs[3] = settings_of(ALL);
	driver.vfs[6] = settings_of(
		"mac 02:00:00:00:00:06, vlan_id 4094, vlan_priority 7, vlan_protocol 802.1Q, max_tx_rate "
		"4294967295, min_tx_rate 4294967294, spoofchk on, trust on, rss_query off, link_state "
		"disable");
	ck_assert_ok(vfpt_settings_read(driver_netlink(), &driven, &all, &err), err);
	for (unsigned vf = 0; vf < DRIVER_VFS; vf++)
		ck_assert_str_eq(list_of(&all[vf]), list_of(&driver.vfs[vf]));
	free(all);
}
END_TEST

START_TEST(pf_without_vfs_has_nothing_to_read)
{
	const struct vfpt_pf none = {.name = "ens1f0", .ifindex = 42};
	struct vfpt_settings *all;
	struct vfpt_mac *macs;

	ck_assert_ok(vfpt_settings_read(driver_netlink(), &none, &all, &err), err);
	ck_assert_ptr_nonnull(all);
	free(all);
	ck_assert_ok(vfpt_settings_read_macs(driver_netlink(), &none, &macs, &err), err);
	ck_assert_ptr_nonnull(macs);
	free(macs);
}
END_TEST

START_TEST(settings_of_one_vf_are_read)
{
	struct vfpt_settings now;

	driver.vfs[3] = settings_of(ALL);
	for (unsigned vf = 0; vf < DRIVER_VFS; vf++) {
		memset(&now, 0xa5, sizeof(now));
		ck_assert_ok(vfpt_settings_read_one(driver_netlink(), &driven, vf, &now, &err), err);
		ck_assert_str_eq(list_of(&now), list_of(&driver.vfs[vf]));
	}
}
END_TEST

START_TEST(macs_of_all_vfs_are_read)
{
	struct vfpt_mac *macs;

	for (unsigned vf = 0; vf < DRIVER_VFS; vf++)
		vfpt_settings_put(&driver.vfs[vf], VFPT_MAC, UINT64_C(0x020000000000) + vf);
	ck_assert_ok(vfpt_settings_read_macs(driver_netlink(), &driven, &macs, &err), err);
	for (unsigned vf = 0; vf < DRIVER_VFS; vf++)
		ck_assert_uint_eq(vfpt_mac_value(&macs[vf]), UINT64_C(0x020000000000) + vf);
	free(macs);
}
END_TEST

START_TEST(what_the_driver_does_not_tell_is_not_present)
{
	struct vfpt_settings now;

	driver.vfs[3].present &= ~(1u << VFPT_TRUST | 1u << VFPT_LINK_STATE);
	now = read_one(3);
	ck_assert_str_eq(list_of(&now), list_of(&driver.vfs[3]));
	ck_assert(!vfpt_settings_have(&now, VFPT_TRUST));
	ck_assert(vfpt_settings_have(&now, VFPT_SPOOFCHK));
}
END_TEST

/* netdevsim shows 0 where there is no tag. */
START_TEST(protocol_of_no_vlan_is_8021q)
{
	struct vfpt_settings now;

	driver.vfs[3].value[VFPT_VLAN_PROTOCOL] = 0;
	now = read_one(3);
	ck_assert_str_eq(list_of(&now), AT_FIRST);
}
END_TEST

/* Or the ledger's record of it could not be read back. */
START_TEST(value_that_could_not_be_scanned_is_not_taken)
{
	static const struct {
		enum vfpt_setting setting;
		uint64_t value;
	} odd[] = {{VFPT_VLAN_ID, 4096}, {VFPT_VLAN_PRIORITY, 8}, {VFPT_VLAN_PROTOCOL, 0x9100},
		{VFPT_SPOOFCHK, 2}, {VFPT_TRUST, 255}, {VFPT_RSS_QUERY, 2}, {VFPT_LINK_STATE, 3}};

	for (size_t i = 0; i < ARRAY_SIZE(odd); i++) {
		struct vfpt_settings now;

		driver.vfs[3] = settings_of(AT_FIRST);
		vfpt_settings_put(&driver.vfs[3], odd[i].setting, odd[i].value);
		now = read_one(3);
		ck_assert_msg(
			!vfpt_settings_have(&now, odd[i].setting), "%s is taken", names[odd[i].setting]);
	}
}
END_TEST

/* One sick VF is one unusable VF. */
START_TEST(vf_that_the_driver_does_not_show_is_no_matter_of_the_others)
{
	struct vfpt_settings *all;
	struct vfpt_mac *macs;

	driver.hidden = 1u << 2;
	ck_assert_ok(vfpt_settings_read(driver_netlink(), &driven, &all, &err), err);
	for (unsigned vf = 0; vf < DRIVER_VFS; vf++)
		ck_assert_int_eq(vfpt_settings_shown(&all[vf]), vf != 2);
	free(all);
	ck_assert_ok(vfpt_settings_read_macs(driver_netlink(), &driven, &macs, &err), err);
	for (unsigned vf = 0; vf < DRIVER_VFS; vf++)
		ck_assert_uint_eq(vfpt_mac_value(&macs[vf]), 0);
	free(macs);
	ck_assert_uint_eq(driver.waits, 0);
}
END_TEST

START_TEST(vf_that_resets_is_read_once_it_is_there_again)
{
	struct vfpt_settings now;

	driver.hidden = 1u << 3;
	driver.hidden_for = 4;
	ck_assert_ok(vfpt_settings_read_one(driver_netlink(), &driven, 3, &now, &err), err);
	ck_assert(vfpt_settings_shown(&now));
	ck_assert_uint_eq(driver.waits, 4);
}
END_TEST

START_TEST(vf_that_stays_hidden_is_one_that_is_busy)
{
	struct vfpt_settings now;

	driver.hidden = 1u << 3;
	ck_assert_fails(vfpt_settings_read_one(driver_netlink(), &driven, 3, &now, &err), err, VFPT_BUSY);
	ck_assert_str_eq(err.message,
		"VF 3 of ens1f0 (mlx5_core): its driver does not show it: it resets the VF, or has disabled it (the "
		"kernel's log says more)");
	ck_assert_uint_gt(driver.waits, 2);
	ck_assert_ok(vfpt_settings_read_one(driver_netlink(), &driven, 2, &now, &err), err);
}
END_TEST

/* Each alone: one message, and no other setting changes. */
static const struct {
	const char *wanted, *set;
} alone[] = {
	{"mac 56:6f:1a:2b:00:01", "3 mac 56:6f:1a:2b:00:01\n"},
	{"vlan_id 100", "3 vlan_id 100\n"},
	{"vlan_priority 3", "3 vlan_priority 3\n"},
	{"vlan_protocol 802.1ad", "3 vlan_protocol 802.1ad\n"},
	{"max_tx_rate 1000", "3 max_tx_rate 1000\n"},
	{"min_tx_rate 100", "3 min_tx_rate 100\n"},
	{"spoofchk off", "3 spoofchk off\n"},
	{"trust on", "3 trust on\n"},
	{"rss_query on", "3 rss_query on\n"},
	{"link_state disable", "3 link_state disable\n"},
	/* what is there already is not set, but for a MAC */
	{"vlan_id 0, vlan_priority 0, vlan_protocol 802.1Q, max_tx_rate 0, spoofchk on, trust off, "
	 "link_state auto",
		""},
	{"mac 00:00:00:00:00:00", "3 mac 00:00:00:00:00:00\n"},
	{"", ""},
};

START_TEST(setting_is_applied_in_a_message_of_its_own)
{
	struct vfpt_settings wanted = settings_of(alone[_i].wanted), expected = driver.vfs[3], now;

	for (enum vfpt_setting i = 0; i < VFPT_SETTING_COUNT; i++)
		if (vfpt_settings_have(&wanted, i))
			expected.value[i] = wanted.value[i];
	ck_assert_ok(apply(alone[_i].wanted, &now), err);
	ck_assert_str_eq(set_since(), alone[_i].set);
	ck_assert_str_eq(list_of(&driver.vfs[3]), list_of(&expected));
	ck_assert_str_eq(list_of(&now), list_of(&expected));
	for (unsigned vf = 0; vf < DRIVER_VFS; vf++)
		if (vf != 3)
			ck_assert_str_eq(list_of(&driver.vfs[vf]), AT_FIRST);
	/* And back. */
	ck_assert_ok(restore(AT_FIRST), err);
	ck_assert_str_eq(list_of(&driver.vfs[3]), AT_FIRST);
}
END_TEST

START_TEST(all_settings_are_applied_in_order_and_put_back_in_the_other)
{
	struct vfpt_settings now;

	ck_assert_ok(apply(ALL, &now), err);
	ck_assert_str_eq(set_since(),
		"3 mac 56:6f:1a:2b:00:01\n3 vlan_id 100\n3 vlan_priority 3\n3 vlan_protocol 802.1ad\n3 "
		"max_tx_rate 1000\n3 min_tx_rate 100\n3 spoofchk off\n3 trust on\n3 rss_query on\n3 "
		"link_state enable\n");
	ck_assert_str_eq(list_of(&driver.vfs[3]), ALL);
	ck_assert_str_eq(list_of(&now), ALL);
	ck_assert_ok(restore(AT_FIRST), err);
	ck_assert_str_eq(set_since(),
		"3 link_state auto\n3 rss_query off\n3 trust off\n3 spoofchk on\n3 min_tx_rate 0\n3 "
		"max_tx_rate 0\n3 vlan_id 0\n3 vlan_priority 0\n3 vlan_protocol 802.1Q\n3 mac "
		"00:00:00:00:00:00\n");
	ck_assert_str_eq(list_of(&driver.vfs[3]), AT_FIRST);
}
END_TEST

/* Whatever is refused: those before it go back, and nothing behind it is tried. */
START_TEST(refused_setting_undoes_those_before_it)
{
	const enum vfpt_setting refused = (enum vfpt_setting)_i;
	const struct vfpt_settings all = settings_of(ALL);
	char value[VFPT_SETTING_SIZE];
	struct vfpt_settings now;
	const char *set;

	driver.refuses = 1u << refused;
	ck_assert_fails(apply(ALL, &now), err, VFPT_REFUSED);
	ck_assert_str_eq(err.message,
		text("VF 3 of ens1f0 (mlx5_core): cannot set %s to %s%s: the kernel says: Operation not "
		     "supported; mlx5_core does not take this",
			names[refused], vfpt_setting_print(refused, all.value[refused], value),
			refused == VFPT_MAX_TX_RATE || refused == VFPT_MIN_TX_RATE ? " Mbit/s" : ""));
	set = set_since();
	ck_assert_contains(set, text("!3 %s ", names[refused]));
	/* Of a VLAN all was asked for at once before. */
	ck_assert_uint_eq(count_lines(set),
		2 * (unsigned)_i + 1 + (refused >= VFPT_VLAN_ID && refused <= VFPT_VLAN_PROTOCOL ? 3 : 0));
	ck_assert_str_eq(list_of(&driver.vfs[3]), AT_FIRST);
	ck_assert_str_eq(list_of(&now), AT_FIRST);
}
END_TEST

START_TEST(what_cannot_be_undone_is_in_the_same_line)
{
	struct vfpt_settings now;

	driver.refuses_back = 1u << VFPT_SPOOFCHK;
	driver.refuses = 1u << VFPT_TRUST;
	catch_stderr();
	ck_assert_fails(apply(ALL, &now), err, VFPT_REFUSED);
	ck_assert_str_eq(caught_stderr(), "");
	ck_assert_contains(err.message, "cannot set trust to on: ");
	ck_assert_contains(
		err.message, "; undoing failed: VF 3 of ens1f0 (mlx5_core): cannot set spoofchk to on: ");
	/* All else went back, and what did not is known. */
	ck_assert_str_eq(list_of(&driver.vfs[3]), replaced(AT_FIRST, "spoofchk on", "spoofchk off"));
	ck_assert_str_eq(list_of(&now), list_of(&driver.vfs[3]));
}
END_TEST

START_TEST(all_are_put_back_that_can_be_and_each_that_cannot_is_named)
{
	struct vfpt_settings now;

	ck_assert_ok(apply(ALL, &now), err);
	driver.refuses = 1u << VFPT_TRUST | 1u << VFPT_VLAN_ID | 1u << VFPT_MAC;
	ck_assert_fails(restore(AT_FIRST), err, VFPT_REFUSED);
	ck_assert_contains(err.message, "VF 3 of ens1f0 (mlx5_core): cannot set trust to off: ");
	ck_assert_contains(err.message, "; VF 3 of ens1f0 (mlx5_core): cannot set vlan_id to 0: ");
	ck_assert_contains(
		err.message, "; VF 3 of ens1f0 (mlx5_core): cannot set mac to 00:00:00:00:00:00: ");
	ck_assert_str_eq(list_of(&driver.vfs[3]),
		replaced(replaced(replaced(AT_FIRST, "trust off", "trust on"), "vlan_id 0", "vlan_id 100"),
			"mac 00:00:00:00:00:00", "mac 56:6f:1a:2b:00:01"));
}
END_TEST

START_TEST(only_what_differs_is_put_back_whoever_changed_it)
{
	vfpt_settings_put(&driver.vfs[3], VFPT_MAC,
		0x525400000001); /* libvirt leaves one behind where there was none */
	vfpt_settings_put(&driver.vfs[3], VFPT_MIN_TX_RATE, 5);
	ck_assert_ok(restore(AT_FIRST), err);
	ck_assert_str_eq(set_since(), "3 min_tx_rate 0\n3 mac 00:00:00:00:00:00\n");
	ck_assert_ok(restore(AT_FIRST), err);
	ck_assert_str_eq(set_since(), "");
}
END_TEST

/* ice and i40e reset the VF at each change of its VLAN. */
START_TEST(vlan_is_one_message)
{
	struct vfpt_settings now;

	ck_assert_ok(apply("vlan_id 100, vlan_priority 3, vlan_protocol 802.1ad", &now), err);
	ck_assert_uint_eq(driver.messages, 1);
	ck_assert_ok(restore(AT_FIRST), err);
	ck_assert_uint_eq(driver.messages, 2);
	ck_assert_str_eq(list_of(&driver.vfs[3]), AT_FIRST);
}
END_TEST

START_TEST(vlan_of_the_guest_is_none_and_goes_back_as_it_was)
{
	struct vfpt_settings now;

	vfpt_settings_put(&driver.vfs[3], VFPT_VLAN_ID, VFPT_VLAN_GUEST);
	ck_assert(vfpt_setting_same(VFPT_VLAN_ID, VFPT_VLAN_GUEST, 0));
	ck_assert(!vfpt_setting_same(VFPT_VLAN_ID, VFPT_VLAN_GUEST, 1));
	ck_assert(!vfpt_setting_same(VFPT_MAX_TX_RATE, VFPT_VLAN_GUEST, 0));
	ck_assert_ok(apply("vlan_id 0", &now), err);
	ck_assert_uint_eq(driver.messages, 0);
	ck_assert_ok(apply("vlan_id 7", &now), err);
	now = (struct vfpt_settings){0};
	ck_assert_ok(vfpt_setting_scan_shown(&now, VFPT_VLAN_ID, "4095", &err), err);
	ck_assert_ok(vfpt_settings_restore(driver_netlink(), &driven, 3, &now, 0, &err), err);
	ck_assert_uint_eq(driver.vfs[3].value[VFPT_VLAN_ID], VFPT_VLAN_GUEST);
}
END_TEST

/* --- what a driver says and does */

static int verify(const char *set)
{
	const struct vfpt_settings before = settings_of(AT_FIRST), settings = settings_of(set);
	struct vfpt_settings shown;

	return vfpt_settings_verify(driver_netlink(), &driven, 3, &before, &settings, &shown, &err);
}

START_TEST(what_is_shown_as_set_is_verified)
{
	struct vfpt_settings now;

	ck_assert_ok(apply(ALL, &now), err);
	ck_assert_ok(verify(ALL), err);
	ck_assert_uint_eq(driver.waits, 0);
}
END_TEST

/* Each alone: it says yes, and does nothing. */
static const struct {
	const char *set, *told;
} ignored[VFPT_SETTING_COUNT] = {
	[VFPT_MAC] = {"mac 56:6f:1a:2b:00:01",
		"its driver took mac 56:6f:1a:2b:00:01 and shows 00:00:00:00:00:00"},
	[VFPT_VLAN_ID] = {"vlan_id 100", "its driver took vlan_id 100 and shows 0"},
	[VFPT_VLAN_PRIORITY] = {"vlan_priority 3", "its driver took vlan_priority 3 and shows 0"},
	[VFPT_VLAN_PROTOCOL] = {"vlan_protocol 802.1ad",
		"its driver took vlan_protocol 802.1ad and shows 802.1Q"},
	[VFPT_MAX_TX_RATE] = {"max_tx_rate 1000", "its driver took max_tx_rate 1000 and shows 0"},
	[VFPT_MIN_TX_RATE] = {"min_tx_rate 10", "its driver took min_tx_rate 10 and shows 0"},
	[VFPT_SPOOFCHK] = {"spoofchk off", "its driver took spoofchk off and shows on"},
	[VFPT_TRUST] = {"trust on", "its driver took trust on and shows off"},
	[VFPT_RSS_QUERY] = {"rss_query on", "its driver took rss_query on and shows off"},
	[VFPT_LINK_STATE] = {"link_state disable", "its driver took link_state disable and shows auto"},
};

START_TEST(driver_that_does_nothing_has_refused)
{
	struct vfpt_settings now;

	driver.ignores = 1u << _i;
	ck_assert_ok(apply(ignored[_i].set, &now), err);
	ck_assert_fails(verify(ignored[_i].set), err, VFPT_REFUSED);
	ck_assert_str_eq(err.message, text("VF 3 of ens1f0 (mlx5_core): %s", ignored[_i].told));
	ck_assert_uint_gt(driver.waits, 2);
}
END_TEST

START_TEST(what_is_shown_late_is_waited_for)
{
	struct vfpt_settings now;

	driver.late = true;
	ck_assert_ok(apply("trust on", &now), err);
	ck_assert_ok(verify("trust on"), err);
	ck_assert_uint_eq(driver.waits, 1);
}
END_TEST

START_TEST(vf_that_resets_after_it_was_set_is_waited_for)
{
	struct vfpt_settings now;

	ck_assert_ok(apply("trust on", &now), err);
	driver.hidden = 1u << 3;
	driver.hidden_for = 3;
	ck_assert_ok(verify("trust on"), err);
	ck_assert_uint_eq(driver.waits, 3);
	driver.hidden = 1u << 3;
	ck_assert_fails(verify("trust on"), err, VFPT_BUSY);
}
END_TEST

/* A card has its steps; one that did nothing shows what was. */
START_TEST(rate_may_be_rounded)
{
	struct vfpt_settings now;

	ck_assert_ok(apply("max_tx_rate 1000", &now), err);
	driver.vfs[3].value[VFPT_MAX_TX_RATE] = 992;
	ck_assert_ok(verify("max_tx_rate 1000"), err);
	ck_assert_uint_eq(driver.waits, 0);
}
END_TEST

START_TEST(mac_that_cannot_be_cleared_is_another_one)
{
	struct vfpt_settings now;

	ck_assert_ok(apply("mac 56:6f:1a:2b:00:01", &now), err);
	ck_assert_ok(vfpt_settings_clear_mac(driver_netlink(), &driven, 3, &now, &err), err);
	ck_assert_uint_eq(driver.vfs[3].value[VFPT_MAC], 0);
	ck_assert_ok(apply("mac 56:6f:1a:2b:00:01", &now), err);
	driver.wants_mac = true;
	ck_assert_ok(restore(AT_FIRST), err);
	ck_assert_uint_eq(driver.vfs[3].value[VFPT_MAC], 0x020000005e13);
	ck_assert_ok(restore(AT_FIRST), err);
	ck_assert_uint_eq(driver.vfs[3].value[VFPT_MAC], 0x020000005e13);
}
END_TEST

START_TEST(mac_that_is_not_taken_back_is_cleared)
{
	const struct vfpt_settings before = settings_of("mac 01:00:00:00:00:01");
	struct vfpt_settings now;

	ck_assert_ok(apply("mac 56:6f:1a:2b:00:01", &now), err);
	driver.refuses_value = 0x010000000001;
	ck_assert_ok(vfpt_settings_restore(driver_netlink(), &driven, 3, &before, 0, &err), err);
	ck_assert_uint_eq(driver.vfs[3].value[VFPT_MAC], 0);
}
END_TEST

/* ixgbe shows one link state whatever it is. */
START_TEST(what_is_shown_falsely_is_put_back_all_the_same)
{
	const struct vfpt_settings before = settings_of("link_state auto, trust off");

	ck_assert_ok(
		vfpt_settings_restore(driver_netlink(), &driven, 3, &before, 1u << VFPT_LINK_STATE, &err),
		err);
	ck_assert_str_eq(set_since(), "3 link_state auto\n");
	driver.refuses = 1u << VFPT_LINK_STATE;
	ck_assert_ok(
		vfpt_settings_restore(driver_netlink(), &driven, 3, &before, 1u << VFPT_LINK_STATE, &err),
		err);
	ck_assert_ok(
		vfpt_settings_restore(driver_netlink(), &driven, 3, &before, 1u << VFPT_VLAN_ID, &err), err);
	ck_assert_str_eq(set_since(), "!3 link_state auto\n");
}
END_TEST

/* libvirt may still be at it. */
START_TEST(what_was_put_back_is_looked_at_again)
{
	ck_assert_ok(restore(AT_FIRST), err);
	ck_assert_str_eq(set_since(), "");
	vfpt_settings_put(&driver.vfs[3], VFPT_TRUST, 1);
	driver.undone_once = true;
	ck_assert_ok(restore(AT_FIRST), err);
	ck_assert_str_eq(set_since(), "3 trust off\n3 trust off\n");
	driver.ignores = 1u << VFPT_TRUST;
	vfpt_settings_put(&driver.vfs[3], VFPT_TRUST, 1);
	ck_assert_fails(restore(AT_FIRST), err, VFPT_REFUSED);
	ck_assert_str_eq(err.message, "VF 3 of ens1f0 (mlx5_core): its driver took trust off and shows on");
	/* qede cannot take a rate away. */
	driver.ignores = 1u << VFPT_MIN_TX_RATE;
	vfpt_settings_put(&driver.vfs[3], VFPT_MIN_TX_RATE, 10);
	ck_assert_fails(restore(AT_FIRST), err, VFPT_REFUSED);
	ck_assert_str_eq(
		err.message, "VF 3 of ens1f0 (mlx5_core): its driver took min_tx_rate 0 and shows 10");
}
END_TEST

START_TEST(what_is_busy_is_told_as_what_can_be_done_later)
{
	struct vfpt_settings now;

	driver.busy = 1u << 3;
	ck_assert_fails(apply("trust on", &now), err, VFPT_BUSY);
	ck_assert_str_eq(err.message,
		"VF 3 of ens1f0 (mlx5_core): cannot set trust to on: the kernel says: Device or resource busy; the "
		"driver was busy all the time: try again, and see the kernel's log");
	driver.busy = 0;
	ck_assert_ok(apply("trust on, spoofchk off", &now), err);
	driver.refuses = 1u << VFPT_TRUST;
	driver.busy_settings = 1u << VFPT_SPOOFCHK;
	ck_assert_fails(restore(AT_FIRST), err, VFPT_BUSY);
}
END_TEST

/* A number says little: what it means where that driver was to set that. */
static const struct {
	const char *driver;
	enum vfpt_setting setting;
	int number;
	const char *told; /* NULL: nothing */
} meanings[] = {
	{"ice", VFPT_VLAN_PROTOCOL, EPROTONOSUPPORT, "double VLAN mode"},
	{"ice", VFPT_MAC, EINVAL, "has disabled this VF"},
	{"ice", VFPT_MIN_TX_RATE, EINVAL, "exceed the link's speed"},
	{"i40e", VFPT_MIN_TX_RATE, EINVAL, "no minimum rate"},
	{"ixgbe", VFPT_MAX_TX_RATE, EINVAL, "10 Gbit/s"},
	{"mlx5_core", VFPT_VLAN_ID, EPERM, "does not manage the card's switch"},
	{"bnxt_en", VFPT_VLAN_ID, VFPT_ENOTSUPP, "firmware is too old"},
	{"bnxt_en", VFPT_VLAN_PRIORITY, EINVAL, "no VLAN priority"},
	{"be2net", VFPT_MAC, EPERM, "SR-IOV is off"},
	{"mlx4_core", VFPT_MAC, EPERM, "while spoof check is on"},
	{"igb", VFPT_MAC, EPERM, "this program has CAP_NET_ADMIN"},
	{"igb", VFPT_MAC, EIO, "firmware failed"},
	{"igb", VFPT_MAC, ENOSPC, "no room"},
	{"igb", VFPT_MAC, ENETDOWN, "the PF is down"},
	{"igb", VFPT_MAC, EROFS, "does not allow changes"},
	{"igb", VFPT_MAC, EINVAL, NULL},
	{"igb", VFPT_VLAN_PROTOCOL, EPROTONOSUPPORT, NULL},
};

START_TEST(refusal_has_its_meaning)
{
	const char *told = refusal_text(meanings[_i].driver, meanings[_i].setting, meanings[_i].number);

	if (meanings[_i].told)
		ck_assert_contains(told ? told : "nothing", meanings[_i].told);
	else
		ck_assert_ptr_null(told);
}
END_TEST

/* What was not known then is left as it is. */
START_TEST(unknown_setting_is_not_put_back)
{
	struct vfpt_settings now;

	ck_assert_ok(apply(ALL, &now), err);
	set_since();
	ck_assert_ok(restore("vlan_id 0"), err);
	ck_assert_str_eq(set_since(), "3 vlan_id 0\n");
	ck_assert_ok(restore(""), err);
	ck_assert_str_eq(set_since(), "");
}
END_TEST

/* The driver aborts on a minimum above the maximum: not even on the way is it asked for that. */
static const struct {
	const char *from, *to;
} rates[] = {
	{"max_tx_rate 100, min_tx_rate 50", "max_tx_rate 1000, min_tx_rate 500"},
	{"max_tx_rate 1000, min_tx_rate 500", "max_tx_rate 100, min_tx_rate 50"},
	{"max_tx_rate 0, min_tx_rate 500", "max_tx_rate 100, min_tx_rate 0"},
	{"max_tx_rate 100, min_tx_rate 0", "max_tx_rate 0, min_tx_rate 500"},
	{"max_tx_rate 100, min_tx_rate 100", "max_tx_rate 50, min_tx_rate 50"},
	{"max_tx_rate 0, min_tx_rate 0", "max_tx_rate 1, min_tx_rate 1"},
};

START_TEST(rates_go_both_ways_without_a_minimum_above_the_maximum)
{
	const struct vfpt_settings from = settings_of(rates[_i].from), to = settings_of(rates[_i].to);
	struct vfpt_settings now;

	for (enum vfpt_setting i = VFPT_MAX_TX_RATE; i <= VFPT_MIN_TX_RATE; i++)
		vfpt_settings_put(&driver.vfs[3], i, from.value[i]);
	ck_assert_ok(apply(rates[_i].to, &now), err);
	for (enum vfpt_setting i = VFPT_MAX_TX_RATE; i <= VFPT_MIN_TX_RATE; i++)
		ck_assert_uint_eq(driver.vfs[3].value[i], to.value[i]);
	ck_assert_ok(restore(rates[_i].from), err);
	for (enum vfpt_setting i = VFPT_MAX_TX_RATE; i <= VFPT_MIN_TX_RATE; i++)
		ck_assert_uint_eq(driver.vfs[3].value[i], from.value[i]);
}
END_TEST

START_TEST(pf_that_went_away_is_an_error)
{
	const struct vfpt_settings wanted = settings_of("trust on");
	struct vfpt_settings now = read_one(3);

	driver.gone = true;
	ck_assert_fails(
		vfpt_settings_apply(driver_netlink(), &driven, 3, &wanted, &now, &err), err, VFPT_SYSTEM);
	ck_assert_str_eq(err.message,
		"VF 3 of ens1f0 (mlx5_core): cannot set trust to on: the kernel says: No such device");
	ck_assert_str_eq(list_of(&now), AT_FIRST);
	ck_assert_fails(restore(AT_FIRST), err, VFPT_SYSTEM);
	ck_assert_str_eq(err.message,
		"PF ens1f0: cannot read the settings of its VFs: the kernel says: No such device");
}
END_TEST

/* --- what this machine's kernel says: to nobody in particular, and about a loopback interface without VF */

static struct vfpt_netlink *netlink;

static void open_netlink(void)
{
	ck_assert_ok(vfpt_netlink_open(&netlink, &err), err);
}

static void close_netlink(void)
{
	vfpt_netlink_close(netlink);
}

START_TEST(reading_from_a_pf_that_is_gone_is_an_error)
{
	struct vfpt_settings *all;
	struct vfpt_mac *macs;

	ck_assert_fails(vfpt_settings_read(netlink, &pf, &all, &err), err, VFPT_SYSTEM);
	ck_assert_str_eq(err.message,
		"PF ens1f0: cannot read the settings of its VFs: the kernel says: No such device");
	ck_assert_ptr_null(all);
	ck_assert_fails(vfpt_settings_read_macs(netlink, &pf, &macs, &err), err, VFPT_SYSTEM);
	ck_assert_ptr_null(macs);
}
END_TEST

/* Each setting alone: the message names it, with its value and unit. */
static const struct {
	const char *wanted, *shown;
} forbidden[VFPT_SETTING_COUNT] = {
	[VFPT_MAC] = {"mac 56:6f:1a:2b:00:01", "mac to 56:6f:1a:2b:00:01"},
	[VFPT_VLAN_ID] = {"vlan_id 100", "vlan_id to 100"},
	[VFPT_VLAN_PRIORITY] = {"vlan_priority 3", "vlan_priority to 3"},
	[VFPT_VLAN_PROTOCOL] = {"vlan_protocol 802.1ad", "vlan_protocol to 802.1ad"},
	[VFPT_MAX_TX_RATE] = {"max_tx_rate 1000", "max_tx_rate to 1000 Mbit/s"},
	[VFPT_MIN_TX_RATE] = {"min_tx_rate 10", "min_tx_rate to 10 Mbit/s"},
	[VFPT_SPOOFCHK] = {"spoofchk on", "spoofchk to on"},
	[VFPT_TRUST] = {"trust on", "trust to on"},
	[VFPT_RSS_QUERY] = {"rss_query on", "rss_query to on"},
	[VFPT_LINK_STATE] = {"link_state disable", "link_state to disable"},
};

static int setting;

static void check_permission(void)
{
	const struct vfpt_settings wanted = settings_of(forbidden[setting].wanted);
	struct vfpt_settings now = {0};
	char expected[512];

	snprintf(expected, sizeof(expected),
		"VF 3 of ens1f0 (igb): cannot set %s: the kernel says: Operation not permitted; setting a VF "
		"needs CAP_NET_ADMIN: run as root, or with the program's file capability in place",
		forbidden[setting].shown);
	become_nobody();
	need(vfpt_netlink_open(&netlink, &err) == 0, "netlink opens: %s", err.message);
	need(vfpt_settings_apply(netlink, &pf, 3, &wanted, &now, &err) == -1, "nobody may set nothing");
	need(err.code == VFPT_SYSTEM, "the code is %d", err.code);
	need(strcmp(err.message, expected) == 0, "the message: %s", err.message);
	need(now.present == 0, "it is not taken as set");
	vfpt_netlink_close(netlink);
}

START_TEST(setting_without_permission_is_an_error_that_says_what_is_needed)
{
	setting = _i;
	in_child(check_permission);
}
END_TEST

/* A loopback interface has no VF that could be set: as a driver does that does not know a setting. */
static void check_refusal(void)
{
	const struct vfpt_pf lo = {.name = "lo", .driver = "loopback", .ifindex = 1, .vf_count = 1};
	const struct vfpt_settings wanted = settings_of("trust on");
	struct vfpt_settings now = {0};

	if (!enter_own_network())
		return; /* not allowed here; the lab has it too */
	need(vfpt_netlink_open(&netlink, &err) == 0, "netlink opens: %s", err.message);
	need(vfpt_settings_apply(netlink, &lo, 0, &wanted, &now, &err) == -1, "it fails");
	need(err.code == VFPT_REFUSED, "the code is %d: %s", err.code, err.message);
	need(strcmp(err.message,
		     "VF 0 of lo (loopback): cannot set trust to on: the kernel says: Operation not "
		     "supported; loopback does not take this") == 0,
		"the message: %s", err.message);
	need(now.present == 0, "it is not taken as set");
	vfpt_netlink_close(netlink);
}

START_TEST(setting_that_the_driver_does_not_know_is_refused)
{
	in_child(check_refusal);
}
END_TEST

START_TEST(what_is_there_already_is_not_set_again)
{
	const struct vfpt_settings nothing = {0},
				   wanted = settings_of("vlan_id 100, trust on, max_tx_rate 7");
	struct vfpt_settings now = wanted;

	/* The PF does not exist: setting anything would fail. */
	ck_assert_ok(vfpt_settings_apply(netlink, &pf, 3, &nothing, &now, &err), err);
	ck_assert_ok(vfpt_settings_apply(netlink, &pf, 3, &wanted, &now, &err), err);
	ck_assert_mem_eq(&now, &wanted, sizeof(now));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("settings");
	TCase *tcase = new_case(suite, "text", NULL);

	tcase_add_loop_test(tcase, setting_has_its_name, 0, VFPT_SETTING_COUNT);
	tcase_add_loop_test(tcase, good_value_is_scanned_and_printed, 0, ARRAY_SIZE(good));
	tcase_add_loop_test(tcase, bad_value_is_refused_and_named, 0, ARRAY_SIZE(bad));
	tcase_add_loop_test(tcase, value_out_of_range_is_refused_and_named, 0, ARRAY_SIZE(out_of_range));
	tcase_add_loop_test(tcase, setting_that_is_put_is_there, 0, VFPT_SETTING_COUNT);
	tcase_add_test(tcase, value_without_a_name_is_printed_as_a_number);

	tcase = new_case(suite, "checks", NULL);
	tcase_add_loop_test(tcase, what_no_driver_should_be_asked_for_is_refused, 0, ARRAY_SIZE(checks));
	tcase_add_test(tcase, number_above_its_range_is_refused);

	tcase = new_case(suite, "driver", NULL);
	tcase_add_checked_fixture(tcase, load_driver, NULL);
	tcase_add_test(tcase, settings_of_all_vfs_are_read);
	tcase_add_test(tcase, settings_of_one_vf_are_read);
	tcase_add_test(tcase, macs_of_all_vfs_are_read);
	tcase_add_test(tcase, pf_without_vfs_has_nothing_to_read);
	tcase_add_test(tcase, what_the_driver_does_not_tell_is_not_present);
	tcase_add_test(tcase, protocol_of_no_vlan_is_8021q);
	tcase_add_test(tcase, value_that_could_not_be_scanned_is_not_taken);
	tcase_add_test(tcase, vf_that_the_driver_does_not_show_is_no_matter_of_the_others);
	tcase_add_test(tcase, vf_that_resets_is_read_once_it_is_there_again);
	tcase_add_test(tcase, vf_that_stays_hidden_is_one_that_is_busy);
	tcase_add_loop_test(tcase, setting_is_applied_in_a_message_of_its_own, 0, ARRAY_SIZE(alone));
	tcase_add_test(tcase, all_settings_are_applied_in_order_and_put_back_in_the_other);
	tcase_add_loop_test(tcase, refused_setting_undoes_those_before_it, 0, VFPT_SETTING_COUNT);
	tcase_add_test(tcase, what_cannot_be_undone_is_in_the_same_line);
	tcase_add_test(tcase, all_are_put_back_that_can_be_and_each_that_cannot_is_named);
	tcase_add_test(tcase, only_what_differs_is_put_back_whoever_changed_it);
	tcase_add_test(tcase, unknown_setting_is_not_put_back);
	tcase_add_test(tcase, vlan_is_one_message);
	tcase_add_test(tcase, vlan_of_the_guest_is_none_and_goes_back_as_it_was);
	tcase_add_test(tcase, what_is_shown_as_set_is_verified);
	tcase_add_loop_test(tcase, driver_that_does_nothing_has_refused, 0, VFPT_SETTING_COUNT);
	tcase_add_test(tcase, what_is_shown_late_is_waited_for);
	tcase_add_test(tcase, vf_that_resets_after_it_was_set_is_waited_for);
	tcase_add_test(tcase, rate_may_be_rounded);
	tcase_add_test(tcase, mac_that_cannot_be_cleared_is_another_one);
	tcase_add_test(tcase, mac_that_is_not_taken_back_is_cleared);
	tcase_add_test(tcase, what_is_shown_falsely_is_put_back_all_the_same);
	tcase_add_test(tcase, what_was_put_back_is_looked_at_again);
	tcase_add_test(tcase, what_is_busy_is_told_as_what_can_be_done_later);
	tcase_add_loop_test(tcase, refusal_has_its_meaning, 0, ARRAY_SIZE(meanings));
	tcase_add_loop_test(
		tcase, rates_go_both_ways_without_a_minimum_above_the_maximum, 0, ARRAY_SIZE(rates));
	tcase_add_test(tcase, pf_that_went_away_is_an_error);

	tcase = new_case(suite, "kernel", NULL);
	tcase_add_checked_fixture(tcase, open_netlink, close_netlink);

	tcase_add_test(tcase, reading_from_a_pf_that_is_gone_is_an_error);
	tcase_add_test(tcase, what_is_there_already_is_not_set_again);

	tcase = new_case(suite, "rights", NULL);
	tcase_add_loop_test(tcase, setting_without_permission_is_an_error_that_says_what_is_needed, 0,
		VFPT_SETTING_COUNT);
	tcase_add_test(tcase, setting_that_the_driver_does_not_know_is_refused);
	return run_suite(suite);
}
