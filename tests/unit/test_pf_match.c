/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "pf_match.h"

#include <stdlib.h>

#include "opened_host.h"

/* "ens1f0 ens2f0": the names of the PFs. */
static const char *matching(const char *patterns)
{
	const struct vfpt_pf **found = NULL;
	const char *names = "";
	size_t count = 4711;

	ck_assert_ok(vfpt_match_pfs(host, patterns, &found, &count, &err), err);
	for (size_t i = 0; i < count; i++)
		names = text("%s%s%s", names, i ? " " : "", found[i]->name);
	free(found);
	return names;
}

static const char *match_refusal(const char *patterns, enum vfpt_code code)
{
	const struct vfpt_pf **found;
	size_t count;

	ck_assert_fails(vfpt_match_pfs(host, patterns, &found, &count, &err), err, code);
	return err.message;
}

static const struct {
	const char *patterns, *pfs;
} matches[] = {
	{"ens1f0", "ens1f0"},
	{"ens3f0", "ens3f0"},
	{"ens1f0,ens3f0", "ens1f0 ens3f0"},
	{"ens3f0,ens1f0", "ens1f0 ens3f0"},
	{"ens1f0,ens1f0,ens1*", "ens1f0"},
	{"ens1f0,nowhere", "ens1f0"},
	{"eth0,ens2f0,lo", "ens2f0"},
	{"*", "ens1f0 ens2f0 ens3f0"},
	{"ens*", "ens1f0 ens2f0 ens3f0"},
	{"ens?f0", "ens1f0 ens2f0 ens3f0"},
	{"ens[12]f0", "ens1f0 ens2f0"},
	{"ens[!12]f0", "ens3f0"},
	{"ens[1-3]f0,x*", "ens1f0 ens2f0 ens3f0"},
	{"ens1f0?,ens2f0", "ens2f0"},
};

START_TEST(pfs_are_matched_by_name_list_and_pattern)
{
	ck_assert_str_eq(matching(matches[_i].patterns), matches[_i].pfs);
}
END_TEST

static const char *const no_matches[] = {
	/* what is there, and no PF */
	"eth0", "lo", "bond0", "ovirtmgmt", "ens1f0.200", "bonding_masters", "e*[!0]", "eth*,bond*",
	/* what is not there */
	"nowhere", "ens1f", "ens1f00", "Ens1f0", "ens1f0 ", "ens9*", "a,b", "", ".", "..", "../net/ens1f0",
	"../../class/net/ens1f0", "ens1f0/", "./ens1f0", "sixteencharacter", "%s%n"};

START_TEST(what_is_no_pf_is_not_matched)
{
	ck_assert_str_eq(match_refusal(no_matches[_i], VFPT_NO_VF),
		text("there is no PF %s on this host; see vf_pf and vfpt.conf", no_matches[_i]));
}
END_TEST

START_TEST(matched_pf_without_vfs_is_left_out_or_named)
{
	put_file(PF_1 "sriov_numvfs", "0\n");
	ck_assert_str_eq(match_refusal("ens1f0", VFPT_NO_VF),
		"PF ens1f0 has no VFs; make some in the engine (Setup Host Networks)");
	ck_assert_str_eq(match_refusal("ens1*,eth0", VFPT_NO_VF),
		"PF ens1*,eth0 has no VFs; make some in the engine (Setup Host Networks)");
	ck_assert_str_eq(matching("ens*"), "ens2f0 ens3f0");
	ck_assert_str_eq(matching("ens1f0,ens2f0"), "ens2f0");
}
END_TEST

START_TEST(matched_pfs_are_in_name_order)
{
	move(PF_3 "net/ens3f0", PF_3 "net/ens10f0");
	put_link(NET "ens10f0", "../../devices/pci0000:00/0000:00:04.0/0000:03:00.0/net/ens10f0");
	drop(NET "ens3f0");
	ck_assert_str_eq(matching("*"), "ens1f0 ens2f0 ens10f0");
}
END_TEST

START_TEST(matched_pf_is_the_hosts)
{
	const struct vfpt_pf **found;
	size_t count;

	ck_assert_ok(vfpt_match_pfs(host, "ens*", &found, &count, &err), err);
	ck_assert_uint_eq(count, 3);
	ck_assert_ptr_eq(found[0], pf_named("ens1f0"));
	ck_assert_ptr_eq(found[2], pf_named("ens3f0"));
	ck_assert_uint_eq(found[2]->vf_count, 4);
	free(found);
}
END_TEST

START_TEST(unreadable_pf_is_an_error_where_it_matches)
{
	put_file(PF_1 "sriov_numvfs", "x\n");
	ck_assert_str_eq(match_refusal("ens1f0", VFPT_SYSTEM),
		"PF ens1f0: cannot read sriov_numvfs: Invalid argument");
	ck_assert_str_eq(
		match_refusal("ens*", VFPT_SYSTEM), "PF ens1f0: cannot read sriov_numvfs: Invalid argument");
	ck_assert_str_eq(matching("ens[!1]*"), "ens2f0 ens3f0");
}
END_TEST

START_TEST(host_whose_network_devices_cannot_be_read_is_an_error)
{
	drop("sys/class/net");
	ck_assert_str_eq(
		match_refusal("*", VFPT_SYSTEM), "cannot read /sys/class/net: No such file or directory");
	ck_assert_contains(match_refusal("ens1f0", VFPT_NO_VF), "there is no PF ens1f0 on this host; ");
}
END_TEST

START_TEST(representor_is_not_matched)
{
	put_netdev_of_pf_1("ens1f0_0", "pf0vf0\n");
	put_netdev_of_pf_1("ens1f0_1", "pf0vf1\n");
	put_file(PF_1 "net/ens1f0/phys_port_name", "p0\n");
	ck_assert_str_eq(matching("ens1f*"), "ens1f0");
	ck_assert_contains(match_refusal("ens1f0_0", VFPT_NO_VF), "there is no PF ens1f0_0 on this host; ");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("pf_match");
	TCase *tcase = opened_host_case(suite, "PFs by name");

	tcase_add_loop_test(tcase, pfs_are_matched_by_name_list_and_pattern, 0, ARRAY_SIZE(matches));
	tcase_add_loop_test(tcase, what_is_no_pf_is_not_matched, 0, ARRAY_SIZE(no_matches));
	tcase_add_test(tcase, matched_pf_without_vfs_is_left_out_or_named);
	tcase_add_test(tcase, matched_pfs_are_in_name_order);
	tcase_add_test(tcase, matched_pf_is_the_hosts);
	tcase_add_test(tcase, unreadable_pf_is_an_error_where_it_matches);
	tcase_add_test(tcase, host_whose_network_devices_cannot_be_read_is_an_error);
	tcase_add_test(tcase, representor_is_not_matched);
	return run_suite(suite);
}
