/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report.h"

#include "support.h"

static const struct vfpt_pf pf = {.name = "ens1f0"};

static const struct {
	struct vfpt_settings settings;
	const char *text;
} cases[] = {
	{{.present = 0}, "what it was before"},
	{{.present = 1u << VFPT_MAC}, "mac 00:00:00:00:00:00"},
	{{.present = 1u << VFPT_MAC | 1u << VFPT_VLAN_ID,
		 .value = {[VFPT_MAC] = 0x566f1a2b0001, [VFPT_VLAN_ID] = 100}},
		"mac 56:6f:1a:2b:00:01, vlan_id 100"},
	{{.present = 1u << VFPT_LINK_STATE, .value = {[VFPT_LINK_STATE] = VFPT_LINK_DISABLE}},
		"link_state disable"},
	{{.present = (1u << VFPT_SETTING_COUNT) - 1,
		 .value = {0xfefefefefefe, 4094, 7, VFPT_VLAN_8021AD, UINT32_MAX, UINT32_MAX - 1, 0, 1, 0,
			 VFPT_LINK_ENABLE}},
		"mac fe:fe:fe:fe:fe:fe, vlan_id 4094, vlan_priority 7, vlan_protocol 802.1ad, max_tx_rate "
		"4294967295, "
		"min_tx_rate 4294967294, spoofchk off, trust on, rss_query off, link_state enable"},
};

START_TEST(settings_are_told_in_order)
{
	catch_stderr();
	vfpt_report_settings("would set", &pf, 3, &cases[_i].settings);
	ck_assert_str_eq(caught_stderr(), text("would set: VF 3 of ens1f0: %s\n", cases[_i].text));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("report");
	TCase *tcase = new_case(suite, "settings", NULL);

	tcase_add_loop_test(tcase, settings_are_told_in_order, 0, ARRAY_SIZE(cases));
	return run_suite(suite);
}
