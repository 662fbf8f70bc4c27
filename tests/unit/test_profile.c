/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vfpt/profile.h"

#include <string.h>
#include <sys/stat.h>

#include "support.h"

static struct vfpt_error err;

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
		ck_assert_str_eq(profile.unsupported, "");
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
					   "is required, preferred or off",
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

	ck_assert_ok(vfpt_profile_set(&profile, foreign[_i], "off", &err), err);
	ck_assert_int_eq(profile.passthrough, VFPT_PASSTHROUGH_REQUIRED);
	ck_assert_str_eq(profile.unsupported, "");
}
END_TEST

/* What a property asks for: "NAME VALUE, ..." of all settings in their order. */
static const char *asked_for(const struct vfpt_settings *settings)
{
	const char *list = "";
	char value[VFPT_SETTING_SIZE];

	for (enum vfpt_setting i = 0; i < VFPT_SETTING_COUNT; i++)
		if (vfpt_settings_have(settings, i))
			list = text("%s%s%s %s", list, *list ? ", " : "", vfpt_setting_name(i),
				vfpt_setting_print(i, settings->value[i], value));
	return list;
}

static const struct {
	const char *name, *value, *asked_for;
} good[] = {
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
	{"vf_rate", "4294967295-4294967295", "max_tx_rate 4294967295, min_tx_rate 4294967295"},
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

START_TEST(property_asks_for_settings)
{
	struct vfpt_profile profile = {.passthrough = VFPT_PASSTHROUGH_PREFERRED};

	ck_assert_ok(vfpt_profile_set(&profile, good[_i].name, good[_i].value, &err), err);
	ck_assert_str_eq(asked_for(&profile.settings), good[_i].asked_for);
	ck_assert_int_eq(profile.passthrough, VFPT_PASSTHROUGH_PREFERRED);
	ck_assert_str_eq(profile.unsupported, "");
}
END_TEST

START_TEST(properties_add_up)
{
	struct vfpt_profile profile = {0};

	ck_assert_ok(vfpt_profile_set(&profile, "vf_link", "enable", &err), err);
	ck_assert_ok(vfpt_profile_set(&profile, "vf_rate", "1-2", &err), err);
	ck_assert_ok(vfpt_profile_set(&profile, "passthrough", "required", &err), err);
	ck_assert_ok(vfpt_profile_set(&profile, "vf_vlan", "100:3:802.1ad", &err), err);
	ck_assert_ok(vfpt_profile_set(&profile, "vf_trust", "on", &err), err);
	ck_assert_str_eq(asked_for(&profile.settings), "vlan_id 100, vlan_priority 3, vlan_protocol 802.1ad, "
						       "max_tx_rate 2, min_tx_rate 1, trust on, link_state "
						       "enable");
	ck_assert_int_eq(profile.passthrough, VFPT_PASSTHROUGH_REQUIRED);
}
END_TEST

static const struct {
	const char *name, *value, *refusal;
} bad[] = {
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
	{"vf_rate", "1-2-3", "\"1-2-3\" is neither MAX nor MIN-MAX"},
	{"vf_rate", "00000000000000000000000000000001", "\"00000000000000000000000000000001\" is too long"},
	{"vf_spoofchk", "", "spoofchk \"\" is none of off, on"},
	{"vf_spoofchk", "1", "spoofchk \"1\" is none of off, on"},
	{"vf_trust", "yes", "trust \"yes\" is none of off, on"},
	{"vf_rss_query", "On", "rss_query \"On\" is none of off, on"},
	{"vf_link", "up", "link_state \"up\" is none of auto, enable, disable"},
	{"vf_link", "auto\n", "link_state \"auto?\" is none of auto, enable, disable"},
};

START_TEST(bad_value_of_a_property_is_refused_and_named)
{
	struct vfpt_profile profile = {0};

	ck_assert_fails(vfpt_profile_set(&profile, bad[_i].name, bad[_i].value, &err), err, VFPT_BAD_INPUT);
	ck_assert_str_eq(err.message, text("custom property %s: %s", bad[_i].name, bad[_i].refusal));
}
END_TEST

static const struct {
	const char *name, *noted;
} planned[] = {
	{"vf_", "vf_"},
	{"vf_mirror", "vf_mirror"},
	{"vf_vlans", "vf_vlans"},
	{"passthrough_mode", "passthrough_mode"},
	{"vmfex", "vmfex"},
	{"vf_a_name_that_is_longer_than_there_is_room_for", "vf_a_name_that_is_longer_than_t"},
};

START_TEST(property_that_is_not_honoured_yet_is_noted)
{
	struct vfpt_profile profile = {.passthrough = VFPT_PASSTHROUGH_REQUIRED};

	ck_assert_ok(vfpt_profile_set(&profile, planned[_i].name, "x", &err), err);
	ck_assert_str_eq(profile.unsupported, planned[_i].noted);
	ck_assert_int_eq(profile.passthrough, VFPT_PASSTHROUGH_REQUIRED);
	ck_assert_str_eq(asked_for(&profile.settings), "");
	/* What is ours comes through beside it. */
	ck_assert_ok(vfpt_profile_set(&profile, "passthrough", "off", &err), err);
	ck_assert_str_eq(profile.unsupported, planned[_i].noted);
	ck_assert_int_eq(profile.passthrough, VFPT_PASSTHROUGH_OFF);
}
END_TEST

START_TEST(profile_starts_out_with_nothing_asked_for)
{
	const struct vfpt_profile profile = {0};

	ck_assert_int_eq(profile.passthrough, VFPT_PASSTHROUGH_OFF);
	ck_assert_str_eq(asked_for(&profile.settings), "");
	ck_assert_str_eq(profile.unsupported, "");
}
END_TEST

/* --- vfpt.conf */

#define CONFIGURATION "etc/vdsm/vfpt.conf"

static const struct {
	const char *conf; /* NULL: there is none */
	bool gap_allowed;
} policies[] = {
	{NULL, false},
	{"", false},
	{"\n# a comment\n; another\n", false},
	{"[policy]\n", false},
	{"[policy]\ngap = allow\n", true},
	{"[policy]\ngap = refuse\n", false},
	{"[policy]\ngap=allow", true},
	{"[policy]\r\n  gap\t:\tallow ; for igb\r\n", true},
	{"\xef\xbb\xbf[policy]\ngap = allow\n", true},
	{"[policy]\ngap = allow\ngap = refuse\n", false},
};

START_TEST(configuration_is_read)
{
	struct vfpt_policy policy = {.gap_allowed = !policies[_i].gap_allowed};

	if (policies[_i].conf)
		put_file(CONFIGURATION, policies[_i].conf);
	ck_assert_ok(vfpt_policy_read(root_fd, &policy, &err), err);
	ck_assert_int_eq(policy.gap_allowed, policies[_i].gap_allowed);
}
END_TEST

static const struct {
	const char *conf, *refusal;
} bad_confs[] = {
	{"[policy]\ngap = maybe\n", "line 2: [policy] gap = maybe: not known"},
	{"[policy]\ngap = Allow\n", "line 2: [policy] gap = Allow: not known"},
	{"[policy]\ngap =\n", "line 2: [policy] gap = : not known"},
	{"gap = allow\n", "line 1: [] gap = allow: not known"},
	{"[polizei]\ngap = allow\n", "line 2: [polizei] gap = allow: not known"},
	{"[policy]\n\n# x\ncolour = red\n", "line 4: [policy] colour = red: not known"},
	{"[policy\ngap = allow\n", "line 1: neither a section nor KEY = VALUE"},
	{"[policy]\ngap\n", "line 2: neither a section nor KEY = VALUE"},
	{"[policy]\ngap = x\ngap = y\n", "line 2: [policy] gap = x: not known"},
	{"garbage\n[policy]\ngap = x\n", "line 1: neither a section nor KEY = VALUE"},
	{"[policy]\ngap = \x1b[31m\n", "line 2: [policy] gap = ?[31m: not known"},
};

START_TEST(mistake_in_the_configuration_is_told_with_its_line)
{
	struct vfpt_policy policy;

	put_file(CONFIGURATION, bad_confs[_i].conf);
	ck_assert_fails(vfpt_policy_read(root_fd, &policy, &err), err, VFPT_BAD_INPUT);
	ck_assert_str_eq(err.message, text("/etc/vdsm/vfpt.conf, %s", bad_confs[_i].refusal));
}
END_TEST

START_TEST(configuration_that_is_a_link_is_refused)
{
	struct vfpt_policy policy;

	put_file("elsewhere", "[policy]\ngap = allow\n");
	put_link(CONFIGURATION, "../../elsewhere");
	ck_assert_fails(vfpt_policy_read(root_fd, &policy, &err), err, VFPT_BAD_INPUT);
	ck_assert_contains(err.message, "cannot read /etc/vdsm/vfpt.conf: ");
	ck_assert(!policy.gap_allowed);
}
END_TEST

static void check_unreadable(void)
{
	struct vfpt_policy policy;

	become_nobody();
	need(vfpt_policy_read(root_fd, &policy, &err) == -1 && err.code == VFPT_BAD_INPUT, "it fails");
	need(strcmp(err.message, "cannot read /etc/vdsm/vfpt.conf: Permission denied") == 0,
		"the message: %s", err.message);
}

/* The administrator wrote something there: the defaults would not be what he decided. */
START_TEST(unreadable_configuration_is_refused)
{
	put_file(CONFIGURATION, "[policy]\ngap = refuse\n");
	ck_assert_int_eq(chmod(in_root(CONFIGURATION), 0), 0);
	in_child(check_unreadable);
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
	tcase_add_loop_test(tcase, property_asks_for_settings, 0, ARRAY_SIZE(good));
	tcase_add_test(tcase, properties_add_up);
	tcase_add_loop_test(tcase, bad_value_of_a_property_is_refused_and_named, 0, ARRAY_SIZE(bad));
	tcase_add_loop_test(tcase, property_that_is_not_honoured_yet_is_noted, 0, ARRAY_SIZE(planned));

	tcase = new_case(suite, "configuration", empty_setup);
	tcase_add_loop_test(tcase, configuration_is_read, 0, ARRAY_SIZE(policies));
	tcase_add_loop_test(
		tcase, mistake_in_the_configuration_is_told_with_its_line, 0, ARRAY_SIZE(bad_confs));
	tcase_add_test(tcase, configuration_that_is_a_link_is_refused);
	tcase_add_test(tcase, unreadable_configuration_is_refused);
	return run_suite(suite);
}
