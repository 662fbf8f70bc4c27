/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "profile.h"

#include <string.h>

#include "support.h"

static struct vfpt_error err;

static const char *const modes[] = {
	[VFPT_MODE_HOSTDEV] = "hostdev",
	[VFPT_MODE_MACVTAP] = "macvtap",
	[VFPT_MODE_FAILOVER] = "failover",
};

/* What is asked for but for passthrough: "NAME VALUE, ...", all settings in their order. */
static const char *asked_for(const struct vfpt_profile *profile)
{
	const struct vfpt_settings *settings = &profile->settings;
	const char *list = "";
	char value[VFPT_SETTING_SIZE];

	if (profile->mode != VFPT_MODE_HOSTDEV)
		list = text(", mode %s", modes[profile->mode]);
	if (profile->pfs[0])
		list = text("%s, pfs %s", list, profile->pfs);
	if (profile->port_profile[0])
		list = text("%s, port profile %s", list, profile->port_profile);
	for (enum vfpt_setting i = 0; i < VFPT_SETTING_COUNT; i++)
		if (vfpt_settings_have(settings, i))
			list = text("%s, %s %s", list, vfpt_setting_name(i),
				vfpt_setting_print(i, settings->value[i], value));
	return *list ? list + 2 : list;
}

static void set(struct vfpt_profile *profile, const char *name, const char *value)
{
	ck_assert_ok(vfpt_profile_set(profile, name, value, &err), err);
}

/* The longest that there is room for, and one more. */
#define DIGITS_38 "01234567890123456789012345678901234567"
#define NAMES_255                                                                                            \
	"ens0f0,ens1f0,ens2f0,ens3f0,ens4f0,ens5f0,ens6f0,ens7f0,ens8f0,ens9f0,ens10f0,ens11f0,ens12f0,"     \
	"ens13f0,ens14f0,ens15f0,ens16f0,ens17f0,ens18f0,ens19f0,ens20f0,ens21f0,ens22f0,ens23f0,ens24f0,"   \
	"ens25f0,ens26f0,ens27f0,ens28f0,ens29f0,ens30f0,ens31f0,ens32f0_1"

static const struct {
	const char *value;
	enum vfpt_passthrough passthrough;
} values[] = {
	{"off", VFPT_PASSTHROUGH_OFF},
	{"required", VFPT_PASSTHROUGH_REQUIRED},
	{"preferred", VFPT_PASSTHROUGH_PREFERRED},
};

START_TEST(passthrough_is_taken_and_the_last_one_counts)
{
	/* Whatever was there before. */
	for (size_t i = 0; i < ARRAY_SIZE(values); i++) {
		struct vfpt_profile profile = {.passthrough = values[i].passthrough};

		ck_assert_ok(vfpt_profile_set(&profile, "passthrough", values[_i].value, &err), err);
		ck_assert_int_eq(profile.passthrough, values[_i].passthrough);
		ck_assert_str_eq(asked_for(&profile), "");
	}
}
END_TEST

static const char *const bad_values[] = {
	"",
	" ",
	"Off",
	"OFF",
	"Required",
	"required ",
	" required",
	"required\n",
	"require",
	"requiredx",
	"prefer",
	"true",
	"yes",
	"on",
	"1",
	"0",
	"off,required",
	"\xc3\xa9",
	"%s%n",
	"a value that is far longer than the forty characters that a message has room for",
};

START_TEST(unknown_passthrough_is_refused_and_shown)
{
	struct vfpt_profile profile = {.passthrough = VFPT_PASSTHROUGH_PREFERRED};

	ck_assert_fails(vfpt_profile_set(&profile, "passthrough", bad_values[_i], &err), err, VFPT_BAD_INPUT);
	ck_assert_str_eq(err.message, text("custom property passthrough: unknown value \"%.40s\"; it "
					   "is off, required or preferred",
					      strchr(bad_values[_i], '\n') ? "required?" : bad_values[_i]));
	ck_assert_int_eq(profile.passthrough, VFPT_PASSTHROUGH_PREFERRED);
}
END_TEST

/* VDSM's environment and other hooks' properties. */
static const char *const foreign[] = {"", "PATH", "vmId", "_hook_domxml", "sndbuf", "queues", "vf", "vf-rate",
	"VF_RATE", "Passthrough", "PASSTHROUGH", "passthrough ", " passthrough", "passthroughs", "xvf_rate",
	"passthrough_mode_", "vmfexx"};

START_TEST(property_of_others_is_left_alone)
{
	struct vfpt_profile profile = {.passthrough = VFPT_PASSTHROUGH_REQUIRED};

	ck_assert(!vfpt_profile_knows(foreign[_i]));
	ck_assert_ok(vfpt_profile_set(&profile, foreign[_i], "off", &err), err);
	ck_assert_int_eq(profile.passthrough, VFPT_PASSTHROUGH_REQUIRED);
	ck_assert_str_eq(asked_for(&profile), "");
}
END_TEST

static const struct {
	const char *name, *value, *asked_for;
} good[] = {
	{"passthrough_mode", "hostdev", ""},
	{"passthrough_mode", "macvtap", "mode macvtap"},
	{"passthrough_mode", "failover", "mode failover"},
	{"vf_pf", "ens1f0", "pfs ens1f0"},
	{"vf_pf", "ens1f0,ens2f0,eth-1.b_c", "pfs ens1f0,ens2f0,eth-1.b_c"},
	{"vf_pf", "ens[1-3]f?,enp*,e[!x]", "pfs ens[1-3]f?,enp*,e[!x]"},
	{"vf_pf", "*", "pfs *"},
	{"vf_pf", "x", "pfs x"},
	{"vf_pf", NAMES_255, "pfs " NAMES_255},
	{"vmfex", "x", "port profile x"},
	{"vmfex", "Gold", "port profile Gold"},
	{"vmfex", "VM_Net-10.2: edge", "port profile VM_Net-10.2: edge"},
	{"vmfex", DIGITS_38 "9", "port profile " DIGITS_38 "9"},
	{"vf_vlan", "0", "vlan_id 0"},
	{"vf_vlan", "100", "vlan_id 100"},
	{"vf_vlan", "4094", "vlan_id 4094"},
	{"vf_vlan", "100:0", "vlan_id 100, vlan_priority 0"},
	{"vf_vlan", "100:7", "vlan_id 100, vlan_priority 7"},
	{"vf_vlan", "100:3:802.1ad", "vlan_id 100, vlan_priority 3, vlan_protocol 802.1ad"},
	{"vf_vlan", "100:3:802.1Q", "vlan_id 100, vlan_priority 3, vlan_protocol 802.1Q"},
	{"vf_rate", "0", "max_tx_rate 0, min_tx_rate 0"},
	{"vf_rate", "1000", "max_tx_rate 1000, min_tx_rate 0"},
	{"vf_rate", "100-1000", "max_tx_rate 1000, min_tx_rate 100"},
	{"vf_rate", "0-1000", "max_tx_rate 1000, min_tx_rate 0"},
	{"vf_rate", "100-0", "max_tx_rate 0, min_tx_rate 100"},
	{"vf_rate", "9999999", "max_tx_rate 9999999, min_tx_rate 0"},
	{"vf_rate", "9999999-9999999", "max_tx_rate 9999999, min_tx_rate 9999999"},
	{"vf_rate", "0-0", "max_tx_rate 0, min_tx_rate 0"},
	/* whether that makes sense is vfpt_settings_check()'s to say */
	{"vf_rate", "1000-100", "max_tx_rate 100, min_tx_rate 1000"},
	{"vf_spoofchk", "on", "spoofchk on"},
	{"vf_spoofchk", "off", "spoofchk off"},
	{"vf_trust", "on", "trust on"},
	{"vf_trust", "off", "trust off"},
	{"vf_rss_query", "on", "rss_query on"},
	{"vf_rss_query", "off", "rss_query off"},
	{"vf_link", "auto", "link_state auto"},
	{"vf_link", "enable", "link_state enable"},
	{"vf_link", "disable", "link_state disable"},
};

START_TEST(property_asks_for_what_it_says)
{
	struct vfpt_profile profile = {.passthrough = VFPT_PASSTHROUGH_PREFERRED};

	set(&profile, good[_i].name, good[_i].value);
	ck_assert_str_eq(asked_for(&profile), good[_i].asked_for);
	ck_assert_int_eq(profile.passthrough, VFPT_PASSTHROUGH_PREFERRED);
}
END_TEST

START_TEST(properties_add_up)
{
	struct vfpt_profile profile = {0};

	set(&profile, "vf_link", "enable");
	set(&profile, "vmfex", "Gold");
	set(&profile, "vf_rate", "1-2");
	set(&profile, "passthrough", "required");
	set(&profile, "passthrough_mode", "failover");
	set(&profile, "vf_vlan", "100:3:802.1ad");
	set(&profile, "vf_trust", "on");
	set(&profile, "vf_pf", "ens1f0");
	ck_assert_str_eq(asked_for(&profile),
		"mode failover, pfs ens1f0, port profile Gold, vlan_id 100, vlan_priority 3, vlan_protocol "
		"802.1ad, max_tx_rate 2, min_tx_rate 1, trust on, link_state enable");
	ck_assert_int_eq(profile.passthrough, VFPT_PASSTHROUGH_REQUIRED);
}
END_TEST

/* As a vNIC's property follows its network's default: nothing of the earlier value is left. */
static const struct {
	const char *name, *earlier, *later;
} overridden[] = {
	{"passthrough_mode", "macvtap", "hostdev"},
	{"passthrough_mode", "hostdev", "failover"},
	{"vf_pf", "ens1f0,ens2f0", "ens3f0"},
	{"vf_pf", "ens3f0", "ens1f0,ens2f0"},
	{"vmfex", "a longer name", "Gold"},
	{"vf_vlan", "100:3:802.1ad", "200"},
	{"vf_vlan", "100:3:802.1ad", "100"},
	{"vf_vlan", "100:3:802.1ad", "0"},
	{"vf_vlan", "100:3:802.1ad", "200:5"},
	{"vf_vlan", "100:3:802.1ad", "200:0"},
	{"vf_vlan", "100:3", "200"},
	{"vf_vlan", "100:3", "200:5:802.1ad"},
	{"vf_vlan", "100", "200:5:802.1Q"},
	{"vf_rate", "100-1000", "500"},
	{"vf_rate", "100-1000", "0"},
	{"vf_rate", "100", "5-50"},
	{"vf_spoofchk", "on", "off"},
	{"vf_trust", "off", "on"},
	{"vf_rss_query", "on", "off"},
	{"vf_link", "disable", "auto"},
};

START_TEST(later_value_leaves_nothing_of_an_earlier_one)
{
	struct vfpt_profile twice = {0}, once = {0};

	set(&twice, overridden[_i].name, overridden[_i].earlier);
	set(&twice, overridden[_i].name, overridden[_i].later);
	set(&once, overridden[_i].name, overridden[_i].later);
	ck_assert_str_eq(asked_for(&twice), asked_for(&once));
	ck_assert_uint_eq(twice.settings.present, once.settings.present);
}
END_TEST

static const struct {
	const char *name, *value, *refusal;
} bad[] = {
	{"passthrough_mode", "", "unknown value \"\"; it is hostdev, macvtap or failover"},
	{"passthrough_mode", "Macvtap", "unknown value \"Macvtap\"; it is hostdev, macvtap or failover"},
	{"passthrough_mode", " hostdev", "unknown value \" hostdev\"; it is hostdev, macvtap or failover"},
	{"passthrough_mode", "hostdev ", "unknown value \"hostdev \"; it is hostdev, macvtap or failover"},
	{"passthrough_mode", "macvtap\n", "unknown value \"macvtap?\"; it is hostdev, macvtap or failover"},
	{"passthrough_mode", "required", "unknown value \"required\"; it is hostdev, macvtap or failover"},
	{"passthrough_mode", "0", "unknown value \"0\"; it is hostdev, macvtap or failover"},
	{"passthrough_mode", "hostdev,macvtap",
		"unknown value \"hostdev,macvtap\"; it is hostdev, macvtap or failover"},
	{"vf_pf", "", "it is empty"},
	{"vf_pf", " ", "\" \" has \" \" in it"},
	{"vf_pf", "ens1f0 ", "\"ens1f0 \" has \" \" in it"},
	{"vf_pf", "ens1f0, ens2f0", "\"ens1f0, ens2f0\" has \" \" in it"},
	{"vf_pf", "ens1f0\n", "\"ens1f0?\" has \"?\" in it"},
	{"vf_pf", "../ens1f0", "\"../ens1f0\" has \"/\" in it"},
	{"vf_pf", "ens1f0:1", "\"ens1f0:1\" has \":\" in it"},
	{"vf_pf", "ens1f0;ens2f0", "\"ens1f0;ens2f0\" has \";\" in it"},
	{"vf_pf", "ens\\*", "\"ens\\*\" has \"\\\" in it"},
	{"vf_pf", "$(reboot)", "\"$(reboot)\" has \"$\" in it"},
	{"vf_pf", "%s%n", "\"%s%n\" has \"%\" in it"},
	{"vf_pf", ",", "\",\" has an empty name in it"},
	{"vf_pf", ",ens1f0", "\",ens1f0\" has an empty name in it"},
	{"vf_pf", "ens1f0,", "\"ens1f0,\" has an empty name in it"},
	{"vf_pf", "ens1f0,,ens2f0", "\"ens1f0,,ens2f0\" has an empty name in it"},
	{"vf_pf", NAMES_255 "x",
		"\"ens0f0,ens1f0,ens2f0,ens3f0,ens4f0,ens5f...\" is longer than 255 characters"},
	{"vmfex", "", "it is empty"},
	{"vmfex", " ", "\" \" begins or ends with a blank"},
	{"vmfex", " Gold", "\" Gold\" begins or ends with a blank"},
	{"vmfex", "Gold ", "\"Gold \" begins or ends with a blank"},
	{"vmfex", "a/b", "\"a/b\" has \"/\" in it"},
	{"vmfex", "a'b", "\"a'b\" has \"'\" in it"},
	{"vmfex", "<x/>", "\"<x/>\" has \"<\" in it"},
	{"vmfex", "Gold\n", "\"Gold?\" has \"?\" in it"},
	{"vmfex", "a\tb", "\"a?b\" has \"?\" in it"},
	{"vmfex", "Gold,Silver", "\"Gold,Silver\" has \",\" in it"},
	{"vmfex", DIGITS_38 "90", "\"" DIGITS_38 "90...\" is longer than 39 characters"},
	{"vmfex", DIGITS_38 "90!", "\"" DIGITS_38 "90\" has \"!\" in it"},
	{"vf_vlan", "", "vlan_id \"\" is not a number from 0 to 4094"},
	{"vf_vlan", "4095", "vlan_id \"4095\" is not a number from 0 to 4094"},
	{"vf_vlan", "-1", "vlan_id \"-1\" is not a number from 0 to 4094"},
	{"vf_vlan", "x", "vlan_id \"x\" is not a number from 0 to 4094"},
	{"vf_vlan", " 1", "vlan_id \" 1\" is not a number from 0 to 4094"},
	{"vf_vlan", ":3", "vlan_id \"\" is not a number from 0 to 4094"},
	{"vf_vlan", "100:", "vlan_priority \"\" is not a number from 0 to 7"},
	{"vf_vlan", "100:8", "vlan_priority \"8\" is not a number from 0 to 7"},
	{"vf_vlan", "100:-1", "vlan_priority \"-1\" is not a number from 0 to 7"},
	{"vf_vlan", "100:802.1ad", "vlan_priority \"802.1ad\" is not a number from 0 to 7"},
	{"vf_vlan", "100:3:", "vlan_protocol \"\" is none of 802.1Q, 802.1ad"},
	{"vf_vlan", "100:3:802.1x", "vlan_protocol \"802.1x\" is none of 802.1Q, 802.1ad"},
	{"vf_vlan", "100:3:802.1ad:", "\"100:3:802.1ad:\" is not ID, ID:PRIORITY or ID:PRIORITY:PROTOCOL"},
	{"vf_vlan", ":::::::::::::::::::::::::::::::",
		"\":::::::::::::::::::::::::::::::\" is not ID, ID:PRIORITY or "
		"ID:PRIORITY:PROTOCOL"},
	{"vf_vlan", "0100", "\"0100\": a number has no leading zeros"},
	{"vf_vlan", "00", "\"00\": a number has no leading zeros"},
	{"vf_vlan", "100:03", "\"100:03\": a number has no leading zeros"},
	{"vf_vlan", "0x64", "\"0x64\": a number has no leading zeros"},
	{"vf_vlan", "0:0", "\"0:0\": VLAN id 0 is no tag, so it has no priority or protocol"},
	{"vf_vlan", "0:3", "\"0:3\": VLAN id 0 is no tag, so it has no priority or protocol"},
	{"vf_vlan", "0:3:802.1ad", "\"0:3:802.1ad\": VLAN id 0 is no tag, so it has no priority or protocol"},
	{"vf_vlan", "0:0:802.1Q", "\"0:0:802.1Q\": VLAN id 0 is no tag, so it has no priority or protocol"},
	{"vf_vlan", "00000000000000000000000000000100", "\"00000000000000000000000000000100\" is too long"},
	{"vf_rate", "", "max_tx_rate \"\" is not a number from 0 to 4294967295"},
	{"vf_rate", "x", "max_tx_rate \"x\" is not a number from 0 to 4294967295"},
	{"vf_rate", "1.5", "max_tx_rate \"1.5\" is not a number from 0 to 4294967295"},
	{"vf_rate", "1000Mbit", "max_tx_rate \"1000Mbit\" is not a number from 0 to 4294967295"},
	{"vf_rate", "4294967296", "max_tx_rate \"4294967296\" is not a number from 0 to 4294967295"},
	{"vf_rate", "-5", "min_tx_rate \"\" is not a number from 0 to 4294967295"},
	{"vf_rate", "5-", "max_tx_rate \"\" is not a number from 0 to 4294967295"},
	{"vf_rate", "-", "min_tx_rate \"\" is not a number from 0 to 4294967295"},
	{"vf_rate", "x-5", "min_tx_rate \"x\" is not a number from 0 to 4294967295"},
	{"vf_rate", "1-2-3", "\"1-2-3\" is not MAX or MIN-MAX"},
	{"vf_rate", "10000000", "\"10000000\" is above 9999999 Mbit/s"},
	{"vf_rate", "4294967295", "\"4294967295\" is above 9999999 Mbit/s"},
	{"vf_rate", "1-10000000", "\"1-10000000\" is above 9999999 Mbit/s"},
	{"vf_rate", "10000000-10000000", "\"10000000-10000000\" is above 9999999 Mbit/s"},
	{"vf_rate", "10000000-0", "\"10000000-0\" is above 9999999 Mbit/s"},
	{"vf_rate", "10000000-5", "\"10000000-5\" is above 9999999 Mbit/s"},
	{"vf_rate", "01", "\"01\": a number has no leading zeros"},
	{"vf_rate", "00", "\"00\": a number has no leading zeros"},
	{"vf_rate", "01-5", "\"01-5\": a number has no leading zeros"},
	{"vf_rate", "1-05", "\"1-05\": a number has no leading zeros"},
	{"vf_rate", "00000000000000000000000000000001", "\"00000000000000000000000000000001\" is too long"},
	{"vf_spoofchk", "", "spoofchk \"\" is none of off, on"},
	{"vf_spoofchk", "1", "spoofchk \"1\" is none of off, on"},
	{"vf_spoofchk", "on ", "spoofchk \"on \" is none of off, on"},
	{"vf_trust", "", "trust \"\" is none of off, on"},
	{"vf_trust", "onoff", "trust \"onoff\" is none of off, on"},
	{"vf_trust", "yes", "trust \"yes\" is none of off, on"},
	{"vf_rss_query", "On", "rss_query \"On\" is none of off, on"},
	{"vf_rss_query", "", "rss_query \"\" is none of off, on"},
	{"vf_link", "", "link_state \"\" is none of auto, enable, disable"},
	{"vf_link", "on", "link_state \"on\" is none of auto, enable, disable"},
	{"vf_link", "enabled", "link_state \"enabled\" is none of auto, enable, disable"},
	{"vf_link", "up", "link_state \"up\" is none of auto, enable, disable"},
	{"vf_link", "auto\n", "link_state \"auto?\" is none of auto, enable, disable"},
};

START_TEST(bad_value_of_a_property_is_refused_and_named)
{
	struct vfpt_profile profile = {0};

	ck_assert_fails(vfpt_profile_set(&profile, bad[_i].name, bad[_i].value, &err), err, VFPT_BAD_INPUT);
	ck_assert_str_eq(err.message, text("custom property %s: %s", bad[_i].name, bad[_i].refusal));
	ck_assert(vfpt_profile_knows(bad[_i].name));
}
END_TEST

#define KNOWN "vf_pf, vf_vlan, vf_rate, vf_spoofchk, vf_trust, vf_rss_query, vf_link"

static const struct {
	const char *name, *shown;
} unknown[] = {
	{"vf_", "vf_"},
	{"vf_mirror", "vf_mirror"},
	{"vf_vlans", "vf_vlans"},
	{"vf_vla", "vf_vla"},
	{"vf_VLAN", "vf_VLAN"},
	{"vf_vlan ", "vf_vlan "},
	{"vf_\x1b[31m", "vf_?[31m"},
	{"vf_%s%n", "vf_%s%n"},
	{"vf_a_name_that_is_longer_than_there_is_room_for", "vf_a_name_that_is_longer_than_there_is_r"},
};

START_TEST(unknown_property_of_ours_is_refused_and_the_known_are_listed)
{
	struct vfpt_profile profile = {.passthrough = VFPT_PASSTHROUGH_REQUIRED};

	ck_assert(!vfpt_profile_knows(unknown[_i].name));
	ck_assert_fails(vfpt_profile_set(&profile, unknown[_i].name, "100", &err), err, VFPT_BAD_INPUT);
	ck_assert_str_eq(
		err.message, text("custom property %s is not known; there are " KNOWN, unknown[_i].shown));
	ck_assert_int_eq(profile.passthrough, VFPT_PASSTHROUGH_REQUIRED);
	ck_assert_str_eq(asked_for(&profile), "");
}
END_TEST

static const char *const ours[] = {"passthrough", "passthrough_mode", "vf_pf", "vf_vlan", "vf_rate",
	"vf_spoofchk", "vf_trust", "vf_rss_query", "vf_link", "vmfex"};

START_TEST(property_of_ours_is_known)
{
	ck_assert(vfpt_profile_knows(ours[_i]));
}
END_TEST

/* --- what excludes each other */

#define VMFEX_AND_VLAN                                                                                       \
	"custom properties vmfex and vf_vlan exclude each other: the port profile decides the VLAN; drop "   \
	"one of the two"
#define MACVTAP_AND_AD                                                                                       \
	"passthrough_mode=macvtap and 802.1ad in vf_vlan exclude each other; use 802.1Q or "                 \
	"passthrough_mode=hostdev"

static const struct {
	const char *properties[8]; /* names and values */
	const char *refusal;       /* NULL: they go together */
} together[] = {
	{{NULL}, NULL},
	{{"passthrough", "required"}, NULL},
	{{"passthrough_mode", "macvtap", "vf_vlan", "100:0:802.1ad"}, MACVTAP_AND_AD},
	{{"passthrough_mode", "macvtap", "vf_vlan", "100:7:802.1ad"}, MACVTAP_AND_AD},
	{{"passthrough_mode", "macvtap", "vf_vlan", "100:3:802.1Q"}, NULL},
	{{"passthrough_mode", "macvtap", "vf_vlan", "100:3"}, NULL},
	{{"passthrough_mode", "macvtap", "vf_vlan", "100"}, NULL},
	{{"passthrough_mode", "macvtap", "vf_vlan", "0"}, NULL},
	{{"passthrough_mode", "hostdev", "vf_vlan", "100:3:802.1ad"}, NULL},
	{{"passthrough_mode", "failover", "vf_vlan", "100:3:802.1ad"}, NULL},
	{{"vf_vlan", "100:3:802.1ad"}, NULL},
	{{"vmfex", "Gold", "vf_vlan", "100"}, VMFEX_AND_VLAN},
	{{"vmfex", "Gold", "vf_vlan", "0"}, VMFEX_AND_VLAN},
	{{"vmfex", "Gold", "vf_vlan", "4094:7:802.1ad"}, VMFEX_AND_VLAN},
	{{"vmfex", "Gold", "vf_vlan", "100", "passthrough_mode", "macvtap"}, VMFEX_AND_VLAN},
	{{"vmfex", "Gold", "vf_vlan", "100", "passthrough_mode", "failover"}, VMFEX_AND_VLAN},
	{{"vmfex", "Gold"}, NULL},
	{{"vmfex", "Gold", "passthrough_mode", "hostdev"}, NULL},
	{{"vmfex", "Gold", "passthrough_mode", "macvtap"}, NULL},
	{{"vmfex", "Gold", "passthrough_mode", "failover"}, NULL},
	{{"vmfex", "Gold", "vf_pf", "ens1f0", "vf_rate", "1-2", "vf_trust", "on"}, NULL},
	{{"vmfex", "Gold", "vf_spoofchk", "off", "vf_link", "enable", "vf_rss_query", "on"}, NULL},
	{{"passthrough_mode", "macvtap", "vf_pf", "*", "vf_rate", "1-2", "vf_trust", "on"}, NULL},
	{{"passthrough_mode", "macvtap", "vf_spoofchk", "off", "vf_link", "enable", "vf_rss_query", "on"},
		NULL},
};

/* Whichever comes first. */
START_TEST(exclusions_are_refused_and_nothing_else)
{
	struct vfpt_profile forward = {0}, backward = {0};
	size_t count = 0;

	for (; count < ARRAY_SIZE(together[_i].properties) && together[_i].properties[count]; count += 2)
		set(&forward, together[_i].properties[count], together[_i].properties[count + 1]);
	for (; count > 0; count -= 2)
		set(&backward, together[_i].properties[count - 2], together[_i].properties[count - 1]);
	if (together[_i].refusal) {
		ck_assert_fails(vfpt_profile_check(&forward, &err), err, VFPT_BAD_INPUT);
		ck_assert_str_eq(err.message, together[_i].refusal);
		ck_assert_fails(vfpt_profile_check(&backward, &err), err, VFPT_BAD_INPUT);
		ck_assert_str_eq(err.message, together[_i].refusal);
	} else {
		ck_assert_ok(vfpt_profile_check(&forward, &err), err);
		ck_assert_ok(vfpt_profile_check(&backward, &err), err);
	}
}
END_TEST

/* What an earlier value would exclude, the later one may allow; and the other way round. */
START_TEST(exclusion_counts_for_what_is_asked_for_in_the_end)
{
	struct vfpt_profile profile = {0};

	set(&profile, "passthrough_mode", "macvtap");
	set(&profile, "vf_vlan", "100:3:802.1ad");
	set(&profile, "vf_vlan", "200:3");
	ck_assert_ok(vfpt_profile_check(&profile, &err), err);
	set(&profile, "vf_vlan", "200:3:802.1ad");
	ck_assert_fails(vfpt_profile_check(&profile, &err), err, VFPT_BAD_INPUT);
	set(&profile, "passthrough_mode", "hostdev");
	ck_assert_ok(vfpt_profile_check(&profile, &err), err);
}
END_TEST

START_TEST(profile_starts_out_with_nothing_asked_for)
{
	const struct vfpt_profile profile = {0};

	ck_assert_int_eq(profile.passthrough, VFPT_PASSTHROUGH_OFF);
	ck_assert_int_eq(profile.mode, VFPT_MODE_HOSTDEV);
	ck_assert_str_eq(asked_for(&profile), "");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("profile");
	TCase *tcase = new_case(suite, "properties", NULL);

	tcase_add_test(tcase, profile_starts_out_with_nothing_asked_for);
	tcase_add_loop_test(tcase, passthrough_is_taken_and_the_last_one_counts, 0, ARRAY_SIZE(values));
	tcase_add_loop_test(tcase, unknown_passthrough_is_refused_and_shown, 0, ARRAY_SIZE(bad_values));
	tcase_add_loop_test(tcase, property_of_others_is_left_alone, 0, ARRAY_SIZE(foreign));
	tcase_add_loop_test(tcase, property_asks_for_what_it_says, 0, ARRAY_SIZE(good));
	tcase_add_test(tcase, properties_add_up);
	tcase_add_loop_test(tcase, bad_value_of_a_property_is_refused_and_named, 0, ARRAY_SIZE(bad));
	tcase_add_loop_test(tcase, later_value_leaves_nothing_of_an_earlier_one, 0, ARRAY_SIZE(overridden));
	tcase_add_loop_test(
		tcase, unknown_property_of_ours_is_refused_and_the_known_are_listed, 0, ARRAY_SIZE(unknown));
	tcase_add_loop_test(tcase, property_of_ours_is_known, 0, ARRAY_SIZE(ours));

	tcase = new_case(suite, "exclusions", NULL);
	tcase_add_loop_test(tcase, exclusions_are_refused_and_nothing_else, 0, ARRAY_SIZE(together));
	tcase_add_test(tcase, exclusion_counts_for_what_is_asked_for_in_the_end);
	return run_suite(suite);
}
