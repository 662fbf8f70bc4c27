/* SPDX-License-Identifier: GPL-2.0-or-later */
/* VFIO gives iommu groups away as a whole: which VFs a VM can have then. And what is said of each VF. */
#include <stdlib.h>
#include <string.h>

#include "plan_support.h"

/* That many vNICs on blue start. */
static void plan_blue(size_t count)
{
	struct vfpt_request list[8];

	for (size_t i = 0; i < count; i++)
		list[i] = request_of("blue");
	ck_assert_ok(plan_start(VM_A, list, count, NULL), err);
}

static const char *failure(void)
{
	ck_assert_int_eq(plan->failure.code, VFPT_NO_VF);
	return plan->failure.message;
}

START_TEST(vf_that_shares_its_group_with_a_foreign_function_is_not_chosen)
{
	/* a virtio disk, the PF itself, or a VF of another PF that somebody has */
	static const char *const functions[] = {"0000:00:05.0", "0000:01:00.0", "0000:02:10.0"};

	join_group(functions[_i]);
	if (_i == 2)
		give(2, 0, VM_B);
	open_session();
	plan_blue(6);
	ck_assert_str_eq(planned(0), "VF 1 of ens1f0");
	ck_assert_str_eq(planned(5), "VF 6 of ens1f0");
	ck_assert_int_eq(plan->failure.code, VFPT_OK);
}
END_TEST

START_TEST(bridge_in_the_group_does_not_matter)
{
	join_group("0000:00:02.0");
	open_session();
	plan_blue(1);
	ck_assert_str_eq(planned(0), "VF 0 of ens1f0");
	ck_assert_int_eq(plan->failure.code, VFPT_OK);
}
END_TEST

START_TEST(shared_group_is_the_reason_when_no_other_vf_is_left)
{
	prepare("1=1");
	join_group("0000:00:05.0");
	open_session();
	plan_blue(1);
	ck_assert_contains(failure(),
		"1 unusable (VF 0: it shares iommu group 11 with 0000:00:05.0, which does "
		"not go to this VM); ");
}
END_TEST

START_TEST(vf_without_group_is_not_chosen)
{
	drop(PF_1 "virtfn0/iommu_group");
	open_session();
	plan_blue(1);
	ck_assert_str_eq(planned(0), "VF 1 of ens1f0");
}
END_TEST

START_TEST(unreadable_group_is_an_error)
{
	const struct vfpt_request request = request_of("blue");

	drop(GROUPS "11/devices");
	open_session();
	ck_assert_str_eq(refusal(VM_A, &request, VFPT_SYSTEM),
		"vNIC: VF 0 of ens1f0: cannot read iommu group 11: No such file or directory");
}
END_TEST

/* VFs 0 and 1 of ens1f0 share a group, and it has no others. */
static void open_siblings(void)
{
	prepare("1=2");
	join_group("0000:01:10.2");
	open_session();
}

#define SHARED "it shares iommu group 11 with 0000:01:10.2, which does not go to this VM"

START_TEST(sibling_that_goes_to_nobody_makes_a_vf_unusable)
{
	open_siblings();
	plan_blue(1);
	ck_assert_contains(failure(), "2 unusable (VF 0: " SHARED "); ");
}
END_TEST

START_TEST(siblings_that_go_to_one_vm_together_are_fine)
{
	open_siblings();
	plan_blue(2);
	ck_assert_str_eq(planned(0), "VF 0 of ens1f0");
	ck_assert_str_eq(planned(1), "VF 1 of ens1f0");
	ck_assert_int_eq(plan->failure.code, VFPT_OK);
}
END_TEST

/* Another vNIC is to complete a group, and then gets no VF at all. */
static struct vfpt_request request_that_fails(void)
{
	struct vfpt_request request = request_of("blue");

	request.profile.passthrough = VFPT_PASSTHROUGH_PREFERRED;
	vfpt_settings_put(&request.profile.settings, VFPT_MAX_TX_RATE, 20000);
	return request;
}

/* It is to have one on the same bridge, and cannot: only in the end is it known. */
START_TEST(sibling_left_behind_fails_the_plan)
{
	const struct vfpt_request list[] = {request_of("blue"), request_that_fails()};

	open_siblings();
	ck_assert_ok(plan_start(VM_A, list, 2, NULL), err);
	ck_assert_str_eq(planned(0), "VF 0 of ens1f0");
	ck_assert_int_eq(plan->vnics[1].outcome, VFPT_OUTCOME_STAY);
	ck_assert_str_eq(
		failure(), text("vNIC 56:6f:1a:2b:01:%02x: its VF shares an iommu group with "
				"0000:01:10.2, which does not go to this VM; use a PCI slot whose bridges "
				"support ACS",
				   list[0].mac.octet[5]));
}
END_TEST

START_TEST(vf_that_is_alone_goes_before_one_with_siblings)
{
	prepare("1=3");
	join_group("0000:01:10.2");
	open_session();
	plan_blue(3);
	ck_assert_str_eq(planned(0), "VF 2 of ens1f0");
	/* Then there is no other choice, and what is begun is completed. */
	ck_assert_str_eq(planned(1), "VF 0 of ens1f0");
	ck_assert_str_eq(planned(2), "VF 1 of ens1f0");
	ck_assert_int_eq(plan->failure.code, VFPT_OK);
}
END_TEST

/* VFs 0 and 2 of ens3f0 share a group. The next vNIC would have VF 0 of ens2f0, where the VM has none yet. */
START_TEST(group_that_is_begun_is_completed_first)
{
	struct vfpt_request list[] = {request_of("red"), request_of("red")};

	prepare("2=1 3=3 3.1=use");
	put_link(PF_3 "virtfn2/iommu_group", "../../../../kernel/iommu_groups/25");
	put_link(GROUPS "25/devices/0000:03:10.4", "x");
	strcpy(list[0].profile.pfs, "ens3f0");
	open_session();
	ck_assert_ok(plan_start(VM_A, list, 2, NULL), err);
	ck_assert_str_eq(planned(0), "VF 0 of ens3f0");
	ck_assert_str_eq(planned(1), "VF 2 of ens3f0");
	ck_assert_int_eq(plan->failure.code, VFPT_OK);
}
END_TEST

/* Plugged one after the other. */
START_TEST(sibling_that_the_vm_has_already_is_fine)
{
	prepare("1.1=a");
	open_siblings();
	ck_assert_str_eq(plug(VM_A, "blue"), "VF 0 of ens1f0");
	ck_assert_int_eq(plan->failure.code, VFPT_OK);
}
END_TEST

START_TEST(sibling_of_another_vm_or_in_use_makes_a_vf_unusable)
{
	if (_i)
		use(1, 1);
	else
		give(1, 1, VM_B);
	open_siblings();
	plan_blue(1);
	ck_assert_contains(failure(), "VF 0: " SHARED);
}
END_TEST

START_TEST(more_siblings_than_vnics_make_a_vf_unusable)
{
	prepare("1=3");
	join_group("0000:01:10.2");
	join_group("0000:01:10.4");
	open_session();
	plan_blue(2);
	ck_assert_contains(failure(), "3 unusable (VF 0: it shares iommu group 11 with ");
	plan_blue(3);
	for (unsigned i = 0; i < 3; i++)
		ck_assert_str_eq(planned(i), text("VF %u of ens1f0", i));
	ck_assert_int_eq(plan->failure.code, VFPT_OK);
}
END_TEST

/* It is not to be had, so it does not come along. */
START_TEST(sibling_that_is_excluded_makes_a_vf_unusable)
{
	put_file(CONFIG, "[pf ens1f0]\nexclude = 1\n");
	open_siblings();
	plan_blue(6);
	ck_assert_contains(failure(), "VF 0: " SHARED "); ");
}
END_TEST

/* Last time's VF opens a group; one that is alone goes before it. */
START_TEST(vf_that_is_alone_goes_before_that_of_last_time)
{
	struct vfpt_request list[] = {request_of("blue"), request_of("blue")};

	prepare("1=3 1.1=last");
	join_group("0000:01:10.2");
	list[0].mac = mac_aa;
	open_session();
	ck_assert_ok(plan_start(VM_A, list, 2, NULL), err);
	ck_assert_str_eq(planned(0), "VF 2 of ens1f0");
}
END_TEST

START_TEST(vf_by_name_has_no_siblings)
{
	const struct vfpt_request request = request_by_name("eth0");

	open_siblings();
	ck_assert_ok(plan_start(VM_A, &request, 1, NULL), err);
	ck_assert_str_eq(planned(0), SHARED);
}
END_TEST

/* Its network device is all that a macvtap needs: the group is of no interest. */
START_TEST(macvtap_has_no_siblings)
{
	struct vfpt_request request = request_of("blue");

	request.profile.mode = VFPT_MODE_MACVTAP;
	open_siblings();
	ck_assert_ok(plan_start(VM_A, &request, 1, NULL), err);
	ck_assert_str_eq(planned(0), "VF 0 of ens1f0");
	ck_assert_int_eq(plan->failure.code, VFPT_OK);
}
END_TEST

static const struct {
	enum vfpt_mode first, second, third;
	const char *reason;
} shared[] = {
	{VFPT_MODE_MACVTAP, VFPT_MODE_HOSTDEV, VFPT_MODE_HOSTDEV,
		"it shares iommu group 11 with 0000:01:10.0, which does not go to this VM"},
	/* The third is to complete the group, so that it can be opened. */
	{VFPT_MODE_HOSTDEV, VFPT_MODE_MACVTAP, VFPT_MODE_HOSTDEV,
		"its iommu group goes to the guest as a whole"},
};

/* Where a macvtap has one of the group, the guest cannot have the others, in either order. */
START_TEST(group_is_not_shared_by_guest_and_macvtap)
{
	struct vfpt_request list[] = {request_of("blue"), request_of("blue"), request_of("blue")};

	list[0].profile.mode = shared[_i].first;
	list[1].profile.mode = shared[_i].second;
	list[2].profile.mode = shared[_i].third;
	open_siblings();
	ck_assert_ok(plan_start(VM_A, list, 3, NULL), err);
	ck_assert_str_eq(planned(0), "VF 0 of ens1f0");
	ck_assert_contains(planned(1), shared[_i].reason);
	ck_assert_int_eq(plan->vnics[1].outcome, VFPT_OUTCOME_FAIL);
	if (_i)
		return;
	/* Plugged later, too. */
	ck_assert_str_eq(plug_request(VM_A, &list[0]), "VF 0 of ens1f0");
	ck_assert_contains(refusal(VM_A, &list[1], VFPT_NO_VF), shared[_i].reason);
}
END_TEST

/* What the document itself gives to the VM comes along by itself. */
START_TEST(function_that_the_document_gives_completes_a_group)
{
	const struct vfpt_pci own[] = {pci("0000:01:10.2")};

	requests.own = own;
	requests.own_count = 1;
	open_siblings();
	plan_blue(1);
	ck_assert_str_eq(planned(0), "VF 0 of ens1f0");
	ck_assert_int_eq(plan->failure.code, VFPT_OK);
	plan_blue(2);
	ck_assert_contains(planned(1), "(VF 1: the VM's own <hostdev> names it); ");
}
END_TEST

/* --- half an iommu group --------------------------------------------------------------------- */

/*
 * The first vNIC's VF opens a group, and the vNIC fails for its MAC. What comes then must not take the other
 * VF of that group for one that completes it.
 */
START_TEST(vnic_that_fails_leaves_no_half_of_a_group)
{
	struct vfpt_request list[] = {request_of("blue"), request_of("blue"), request_that_fails()};

	prepare("1=2 2.0=a/green");
	list[0].mac = mac_bb; /* which VM A has */
	list[0].profile.passthrough = VFPT_PASSTHROUGH_PREFERRED;
	open_siblings();
	ck_assert_ok(plan_start(VM_B, list, 3, NULL), err);
	ck_assert_contains(planned(0), "VF 0 of ens2f0 has this MAC already: ");
	ck_assert_str_eq(planned(1), "VF 0 of ens1f0");
	ck_assert_int_eq(plan->vnics[2].outcome, VFPT_OUTCOME_STAY);
	ck_assert_contains(
		failure(), "its VF shares an iommu group with 0000:01:10.2, which does not go to this");
}
END_TEST

/* And so, once the MAC is free again: the plan is made anew, not where it was left. */
START_TEST(plan_after_a_reclaim_has_whole_groups_only)
{
	struct vfpt_request list[] = {request_of("blue"), _i ? request_that_fails() : request_of("blue")};
	struct vfpt_assignment *gone;
	size_t count;

	prepare("1=2 2.0=a/green");
	list[0].mac = mac_bb;
	open_siblings();
	session.config->policy.grace = 0;
	ck_assert_ok(plan_start(VM_B, list, 2, NULL), err);
	ck_assert_contains(planned(0), "VF 0 of ens2f0 has this MAC already: ");
	ck_assert_ok(vfpt_find_gone(&session, plan, &gone, &count, &err), err);
	ck_assert_uint_eq(count, 1);
	catch_stderr();
	ck_assert_uint_eq(vfpt_reclaim(&session, gone, count), 1);
	caught_stderr();
	free(gone);
	ck_assert_ok(plan_start(VM_B, list, 2, NULL), err);
	ck_assert_str_eq(planned(0), "VF 0 of ens1f0");
	if (_i) {
		ck_assert_contains(failure(), "its VF shares an iommu group with 0000:01:10.2, ");
	} else {
		ck_assert_str_eq(planned(1), "VF 1 of ens1f0");
		ck_assert_int_eq(plan->failure.code, VFPT_OK);
	}
}
END_TEST

/* --- verdicts -------------------------------------------------------------------------------- */

/* What is said of a VF: "PF VF" and why. */
static const char *verdict(const char *pf, unsigned vf)
{
	const struct vfpt_vnic_plan *one = &plan->vnics[0];

	for (size_t i = 0; i < one->considered_count; i++)
		if (strcmp(one->considered[i].pf->name, pf) == 0 && one->considered[i].vf == vf)
			return text("%s%s%s", one->considered[i].usable ? "usable" : "out",
				one->considered[i].chosen ? ", chosen" : "",
				one->considered[i].why[0] ? text(": %s", one->considered[i].why) : "");
	ck_abort_msg("nothing is said of VF %u of %s", vf, pf);
	return NULL;
}

static const struct {
	const char *before, *config, *nodes, *bridge;
	const char *chosen_pf;
	unsigned chosen;
	const char *pf;
	unsigned vf;
	const char *verdict;
} verdicts[] = {
	/* why the chosen one comes before this one */
	{"", "", NULL, "blue", "ens1f0", 0, "ens1f0", 3, "usable: the index is higher"},
	{"2=down", "", NULL, "red", "ens3f0", 0, "ens2f0", 0, "usable: ens2f0 has no link"},
	{"2=node0 3=node1", "", "1", "red", "ens3f0", 0, "ens2f0", 0,
		"usable: ens2f0 is not on the VM's NUMA node"},
	{"2.0=a", "", NULL, "red", "ens3f0", 0, "ens2f0", 1,
		"usable: the VM has more VFs of ens2f0 for this network (1, of ens3f0 0)"},
	{"", "", NULL, "red", "ens2f0", 0, "ens3f0", 0,
		"usable: ens3f0 has fewer free VFs (4, ens2f0 has 7)"},
	{"", "[policy]\nplacement = pack\n", NULL, "red", "ens3f0", 0, "ens2f0", 0,
		"usable: ens2f0 has more free VFs (7, ens3f0 has 4)"},
	{"1.4=last", "", NULL, "blue", "ens1f0", 4, "ens1f0", 0,
		"usable: the vNIC had the other one last time"},
	{"2=4", "", NULL, "red", "ens2f0", 0, "ens3f0", 0, "usable: all is equal, and ens2f0 comes first"},
	/* why it cannot be had */
	{"1.0=b", "", NULL, "blue", "ens1f0", 1, "ens1f0", 0, "out: it belongs to VM " VM_B},
	{"1.0=a", "", NULL, "blue", "ens1f0", 1, "ens1f0", 0, "out: the VM has it already"},
	{"1.0=use", "", NULL, "blue", "ens1f0", 1, "ens1f0", 0, "out: its network device eth0 carries br0"},
	{"", "[pf ens1f0]\nexclude = 0,2\n", NULL, "blue", "ens1f0", 1, "ens1f0", 2,
		"out: vfpt.conf excludes it"},
	{"", "[pf ens2f0]\nnetworks = blue\n", NULL, "red", "ens3f0", 0, "ens2f0", 6,
		"out: vfpt.conf keeps it for the networks blue"},
	{"2.0=a/green", "[pf ens2f0]\nmax_vfs_per_vm = 1\n", NULL, "red", "ens3f0", 0, "ens2f0", 1,
		"out: this VM has 1 of its VFs, the most that vfpt.conf allows"},
	{"2=node0 3=node1", "[policy]\nnuma = require\n", "1", "red", "ens3f0", 0, "ens2f0", 0,
		"out: it is not on the VM's NUMA node, as vfpt.conf requires"},
};

static struct vfpt_set nodes, no_cpus;

static void plan_with_verdicts(const char *bridge)
{
	const struct vfpt_plan_options options = {.verdicts = true};
	struct vfpt_request request = request_of(bridge);

	request.mac = mac_aa;
	ck_assert_ok(plan_plug_with(VM_A, &request, &options), err);
}

START_TEST(each_vf_has_its_verdict)
{
	prepare(verdicts[_i].before);
	put_file(CONFIG, verdicts[_i].config);
	nodes = (struct vfpt_set){0};
	requests.nodes = &nodes;
	requests.cpus = &no_cpus;
	if (verdicts[_i].nodes)
		ck_assert_int_eq(vfpt_set_parse(&nodes, verdicts[_i].nodes), 0);
	open_session();
	plan_with_verdicts(verdicts[_i].bridge);
	ck_assert_str_eq(verdict(verdicts[_i].chosen_pf, verdicts[_i].chosen), "usable, chosen");
	ck_assert_str_eq(verdict(verdicts[_i].pf, verdicts[_i].vf), verdicts[_i].verdict);
	ck_assert_str_eq(planned(0), text("VF %u of %s", verdicts[_i].chosen, verdicts[_i].chosen_pf));
	ck_assert_uint_eq(plan->vnics[0].considered_count, strcmp(verdicts[_i].bridge, "blue") == 0     ? 7
							   : strstr(verdicts[_i].before, "2=4") != NULL ? 8
													: 11);
}
END_TEST

START_TEST(vf_that_opens_a_group_does_not_fit_as_well)
{
	const struct vfpt_plan_options options = {.verdicts = true};
	const struct vfpt_request list[] = {request_of("blue"), request_of("blue")};

	prepare("1=3");
	join_group("0000:01:10.2");
	open_session();
	ck_assert_ok(plan_start(VM_A, list, 2, &options), err);
	ck_assert_str_eq(verdict("ens1f0", 2), "usable, chosen");
	ck_assert_str_eq(verdict("ens1f0", 0),
		"usable: it does not fit as well into the iommu groups that the VM gets");
}
END_TEST

START_TEST(verdicts_are_there_where_none_is_found_too)
{
	prepare("1=2 1.0=b 1.1=use");
	open_session();
	plan_with_verdicts("blue");
	ck_assert_int_eq(plan->vnics[0].outcome, VFPT_OUTCOME_FAIL);
	ck_assert_uint_eq(plan->vnics[0].considered_count, 2);
	ck_assert_str_eq(verdict("ens1f0", 0), "out: it belongs to VM " VM_B);
	ck_assert_str_eq(verdict("ens1f0", 1), "out: its network device eth1 carries br0");
}
END_TEST

START_TEST(nothing_is_said_where_nobody_asks)
{
	open_session();
	plan_blue(1);
	ck_assert_uint_eq(plan->vnics[0].considered_count, 0);
	ck_assert_ptr_null(plan->vnics[0].considered);
}
END_TEST

/* Plan again: that PF's driver did not take what the first of them asked for. */
static int plan_without(const struct vfpt_pf *pf, const struct vfpt_request *list, size_t count)
{
	struct vfpt_refused refused = {.request = 0, .pf = pf};
	const struct vfpt_plan_options options = {.verdicts = true, .refused_count = 1, .refused = &refused};

	vfpt_error_set(&refused.why, VFPT_REFUSED, "it does not like it");
	return plan_start(VM_A, list, count, &options);
}

/* A driver that did not take the vNIC's settings is not asked again. */
START_TEST(pf_whose_driver_refused_is_out)
{
	const struct vfpt_request list[] = {request_of("red"), request_of("red")};

	open_session();
	ck_assert_ok(plan_start(VM_A, list, 2, NULL), err);
	ck_assert_str_eq(planned(0), "VF 0 of ens2f0");
	ck_assert_ok(plan_without(plan->vnics[0].pf, list, 2), err);
	ck_assert_str_eq(planned(0), "VF 0 of ens3f0");
	ck_assert_str_eq(verdict("ens2f0", 0), "out: its driver refused the vNIC's settings");
	/* Another vNIC may ask for less. */
	ck_assert_str_eq(planned(1), "VF 0 of ens2f0");
}
END_TEST

/* --- what a VF is, for people ---------------------------------------------------------------- */

static const struct {
	const char *before, *config;
	unsigned vf;
	const char *state;
} states[] = {
	{"", "", 0, "free"},
	{"1.0=b", "", 0, "assigned"},
	{"1.0=b", "[pf ens1f0]\nexclude = 0\n", 0, "assigned"},
	{"1.0=use", "[pf ens1f0]\nexclude = 0\n", 0, "excluded"},
	{"1.0=use", "", 0, "unusable: its network device eth0 carries br0"},
	{"", "", 1, "free"},
};

START_TEST(vf_has_a_state)
{
	const struct vfpt_pf *pf;
	enum vfpt_state state;
	char reason[VFPT_REASON_SIZE];

	prepare(states[_i].before);
	put_file(CONFIG, states[_i].config);
	/* Who has nothing yet would take both. */
	if (states[_i].vf == 1)
		join_group("0000:01:10.2");
	open_session();
	ck_assert_ok(vfpt_host_pf(session.host, "ens1f0", &pf, &err), err);
	ck_assert_ok(vfpt_state_of_vf(&session, pf, states[_i].vf, &state, reason, &err), err);
	ck_assert_str_eq(
		text("%s%s%s", vfpt_state_name(state), reason[0] ? ": " : "", reason), states[_i].state);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("iommu_groups");
	TCase *tcase = plan_case(suite, "groups");

	tcase_add_loop_test(tcase, vf_that_shares_its_group_with_a_foreign_function_is_not_chosen, 0, 3);
	tcase_add_test(tcase, bridge_in_the_group_does_not_matter);
	tcase_add_test(tcase, shared_group_is_the_reason_when_no_other_vf_is_left);
	tcase_add_test(tcase, vf_without_group_is_not_chosen);
	tcase_add_test(tcase, unreadable_group_is_an_error);
	tcase_add_test(tcase, sibling_that_goes_to_nobody_makes_a_vf_unusable);
	tcase_add_test(tcase, siblings_that_go_to_one_vm_together_are_fine);
	tcase_add_test(tcase, sibling_left_behind_fails_the_plan);
	tcase_add_test(tcase, vf_that_is_alone_goes_before_one_with_siblings);
	tcase_add_test(tcase, group_that_is_begun_is_completed_first);
	tcase_add_test(tcase, sibling_that_the_vm_has_already_is_fine);
	tcase_add_loop_test(tcase, sibling_of_another_vm_or_in_use_makes_a_vf_unusable, 0, 2);
	tcase_add_test(tcase, more_siblings_than_vnics_make_a_vf_unusable);
	tcase_add_test(tcase, sibling_that_is_excluded_makes_a_vf_unusable);
	tcase_add_test(tcase, vf_that_is_alone_goes_before_that_of_last_time);
	tcase_add_test(tcase, vf_by_name_has_no_siblings);
	tcase_add_test(tcase, macvtap_has_no_siblings);
	tcase_add_loop_test(tcase, group_is_not_shared_by_guest_and_macvtap, 0, ARRAY_SIZE(shared));
	tcase_add_test(tcase, function_that_the_document_gives_completes_a_group);
	tcase_add_test(tcase, vnic_that_fails_leaves_no_half_of_a_group);
	tcase_add_loop_test(tcase, plan_after_a_reclaim_has_whole_groups_only, 0, 2);

	tcase = plan_case(suite, "verdicts");
	tcase_add_loop_test(tcase, each_vf_has_its_verdict, 0, ARRAY_SIZE(verdicts));
	tcase_add_test(tcase, vf_that_opens_a_group_does_not_fit_as_well);
	tcase_add_test(tcase, verdicts_are_there_where_none_is_found_too);
	tcase_add_test(tcase, nothing_is_said_where_nobody_asks);
	tcase_add_test(tcase, pf_whose_driver_refused_is_out);
	tcase_add_loop_test(tcase, vf_has_a_state, 0, ARRAY_SIZE(states));
	return run_suite(suite);
}
