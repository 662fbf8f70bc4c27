/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One MAC is one vNIC's on the whole host. */
#include <stdlib.h>
#include <string.h>

#include "plan_support.h"

static const struct {
	const char *mac, *why;
} macs[] = {
	{"01:00:5e:00:00:01",
		"01:00:5e:00:00:01 is a group or all-zero address, which no interface can have"},
	{"00:00:00:00:00:00",
		"00:00:00:00:00:00 is a group or all-zero address, which no interface can have"},
	{"02:00:00:00:00:fe", "PF ens1f0 itself has this MAC; give the vNIC another one in the engine"},
};

START_TEST(unfit_mac_is_refused)
{
	struct vfpt_request request = request_of("blue");

	put_file(PF_1 "net/ens1f0/address", "02:00:00:00:00:fe\n");
	open_session();
	ck_assert_ok(vfpt_mac_parse(macs[_i].mac, &request.mac, &err), err);
	ck_assert_str_eq(refusal(VM_A, &request, VFPT_BAD_INPUT), macs[_i].why);
}
END_TEST

/* On whatever PF and network, also one without VFs. */
START_TEST(mac_of_a_pf_of_another_network_is_refused)
{
	struct vfpt_request request = request_of("blue");

	put_file(PF_3 "net/ens3f0/address", "56:6f:1a:2b:00:aa\n");
	if (_i)
		put_file(PF_3 "sriov_numvfs", "0\n");
	request.mac = mac_aa;
	open_session();
	ck_assert_str_eq(refusal(VM_A, &request, VFPT_BAD_INPUT),
		"PF ens3f0 itself has this MAC; give the vNIC another one in the engine");
}
END_TEST

/* VF 3 of ens2f0, which does not serve blue, has the vNIC's MAC; or VF 5 of ens1f0, which does. */
static const struct {
	unsigned pf, vf;
	const char *before, *config, *why; /* NULL: nobody has it */
} holders[] = {
	{2, 3, "2.3=use", "", "its network device eth10 carries br0"},
	{2, 3, "2.3=b", "", "it belongs to VM " VM_B},
	{2, 3, "", "[pf ens2f0]\nexclude = 3\n", "vfpt.conf excludes it, so it is left alone"},
	{2, 3, "2.3=use", "[pf ens2f0]\nexclude = 3\n", "vfpt.conf excludes it, so it is left alone"},
	{2, 3, "", "[pf ens2f0]\nexclude = 2,4\n", NULL},
	{2, 3, "2.2=b 2.4=use", "", NULL},
	{1, 5, "1.5=use", "", "its network device eth5 carries br0"},
	{1, 5, "1.5=b", "", "it belongs to VM " VM_B},
	/* nor on the vNIC's own PF: it is the administrator's */
	{1, 5, "", "[pf ens1f0]\nexclude = 5\n", "vfpt.conf excludes it, so it is left alone"},
	{1, 5, "", "", NULL},
};

START_TEST(mac_is_looked_for_on_all_pfs)
{
	struct vfpt_request request = request_of("blue");
	unsigned pf = holders[_i].pf, vf = holders[_i].vf;

	request.mac = mac_aa;
	prepare(holders[_i].before);
	put_file(CONFIG, holders[_i].config);
	vfpt_settings_put(&drivers[pf].vfs[vf], VFPT_MAC, vfpt_mac_value(&mac_aa));
	open_session();
	if (holders[_i].why) {
		ck_assert_str_eq(refusal(VM_A, &request, VFPT_BAD_INPUT),
			text("VF %u of ens%uf0 has this MAC already: %s; give one of the two another MAC in "
			     "the engine",
				vf, pf, holders[_i].why));
		return;
	}
	ck_assert_ok(plan_plug(VM_A, &request), err);
	ck_assert_str_eq(steps(0), text("clear ens%uf0 %u mac 56:6f:1a:2b:00:aa\nrecord 0\n"
					"set 0 mac 56:6f:1a:2b:00:aa\nset 0 vlan_id 200\n",
					   pf, vf));
}
END_TEST

START_TEST(mac_of_a_garbage_record_is_refused)
{
	struct vfpt_request request = request_of("red");

	give(3, 2, "x");
	request.mac = mac_aa;
	vfpt_settings_put(&drivers[3].vfs[2], VFPT_MAC, vfpt_mac_value(&mac_aa));
	open_session();
	ck_assert_str_eq(refusal(VM_A, &request, VFPT_BAD_INPUT),
		"VF 2 of ens3f0 has this MAC already: it belongs to VM (its record is garbage); give one of "
		"the two another MAC in the engine");
}
END_TEST

/* A MAC that the plan takes off a VF is taken off it once. */
START_TEST(stale_mac_is_cleared_once)
{
	struct vfpt_request list[] = {request_of("blue"), request_of("red")};
	const struct vfpt_plan_options go_on = {.verdicts = true};

	list[0].mac = list[1].mac = mac_aa;
	vfpt_settings_put(&drivers[3].vfs[2], VFPT_MAC, vfpt_mac_value(&mac_aa));
	open_session();
	ck_assert_ok(plan_start(VM_A, list, 2, &go_on), err);
	ck_assert_contains(steps(0), "clear ens3f0 2 mac 56:6f:1a:2b:00:aa\n");
	ck_assert_str_eq(planned(1), "VF 0 of ens1f0 has this MAC already: it belongs to VM " VM_A
				     "; give one of the two another MAC in the engine");
	ck_assert_str_eq(steps(1), "");
}
END_TEST

/* A later vNIC gets the VF that an earlier one's MAC is taken off, and gives it back without that MAC. */
START_TEST(vf_that_a_stale_mac_is_taken_off_is_as_it_is_then)
{
	struct vfpt_request list[] = {request_of("blue"), request_of("red")};

	prepare("2=down");
	list[0].mac = mac_aa;
	list[1].mac = mac_bb;
	vfpt_settings_put(&drivers[3].vfs[0], VFPT_MAC, vfpt_mac_value(&mac_aa));
	open_session();
	ck_assert_ok(plan_start(VM_A, list, 2, NULL), err);
	ck_assert_contains(steps(0), "clear ens3f0 0 mac 56:6f:1a:2b:00:aa\n");
	ck_assert_str_eq(planned(1), "VF 0 of ens3f0");
	ck_assert_uint_eq(plan->vnics[1].before.value[VFPT_MAC], 0);
	ck_assert_uint_eq(plan->vnics[1].assignment.before.value[VFPT_MAC], 0);
}
END_TEST

/* It had the vNIC's MAC before it was given away, and gets it back now. */
START_TEST(mac_that_a_vf_gets_back_is_taken_off_it)
{
	struct vfpt_request request = request_of("blue");
	struct vfpt_assignment gone = {.address = pci(vf_address(3, 2))};
	const struct vfpt_plan_options options = {.gone_count = 1, .gone = &gone};

	vfpt_settings_put(&gone.before, VFPT_MAC, vfpt_mac_value(&mac_aa));
	request.mac = mac_aa;
	open_session();
	ck_assert_ok(plan_plug_with(VM_A, &request, &options), err);
	ck_assert_contains(steps(0), "clear ens3f0 2 mac 56:6f:1a:2b:00:aa\n");
}
END_TEST

/* Of several vNICs each has its own MAC, and each is looked for. */
START_TEST(mac_of_each_vnic_is_looked_for)
{
	struct vfpt_request list[] = {request_of("blue"), request_of("blue")};

	list[0].mac = mac_bb;
	list[1].mac = mac_aa;
	vfpt_settings_put(&drivers[3].vfs[3], VFPT_MAC, vfpt_mac_value(&mac_aa));
	open_session();
	ck_assert_ok(plan_start(VM_A, list, 2, NULL), err);
	ck_assert_lacks(steps(0), "clear");
	ck_assert_contains(steps(1), "clear ens3f0 3 mac 56:6f:1a:2b:00:aa\n");
}
END_TEST

/* What no PF shows, its record says: on whatever network. */
START_TEST(mac_of_a_record_is_refused)
{
	struct vfpt_request request = request_of("blue");

	put_record(3, 2, "red", &mac_aa, false);
	request.mac = mac_aa;
	request.profile.mode = _i == 1 ? VFPT_MODE_MACVTAP : VFPT_MODE_HOSTDEV;
	open_session();
	ck_assert_str_eq(refusal(VM_B, &request, VFPT_BAD_INPUT),
		"VF 2 of ens3f0 has this MAC already: it belongs to VM " VM_A
		"; give one of the two another MAC in the engine");
	/* What the VM itself has of it goes back first. */
	ck_assert_ok(plan_start(VM_A, &request, 1, NULL), err);
	ck_assert_str_eq(planned(0), "VF 0 of ens1f0");
}
END_TEST

/* VM A had VF 2 of ens3f0 for its vNIC aa, and its driver could not set it back. */
static void leave_unfinished(void)
{
	struct vfpt_assignment *all;
	size_t count, corrupt;

	put_record(3, 2, "red", &mac_aa, false);
	open_session();
	ck_assert_ok(vfpt_ledger_of_vm(session.ledger, VM_A, &all, &count, &corrupt, &err), err);
	ck_assert_uint_eq(count, 1);
	ck_assert_ok(vfpt_ledger_mark_unfinished(session.ledger, &all[0], &err), err);
	free(all);
}

/* Whether its driver hides it, shows the MAC still, or another one. */
START_TEST(mac_of_an_unfinished_record_is_its_vms_and_no_others)
{
	struct vfpt_request request = request_of("red");

	leave_unfinished();
	if (_i % 3 == 0)
		drivers[3].hidden = 1u << 2;
	else if (_i % 3 == 1)
		vfpt_settings_put(&drivers[3].vfs[2], VFPT_MAC, vfpt_mac_value(&mac_aa));
	request.mac = mac_aa;
	/* It is not given back first: that was tried. */
	ck_assert_ok(_i < 3 ? plan_start(VM_A, &request, 1, NULL) : plan_plug(VM_A, &request), err);
	ck_assert_uint_eq(plan->release_count, 0);
	ck_assert_str_eq(planned(0), "VF 0 of ens2f0");
	ck_assert_str_eq(steps(0), "record 0\nset 0 mac 56:6f:1a:2b:00:aa\nset 0 vlan_id 100\n");
	ck_assert_str_eq(refusal(VM_B, &request, VFPT_BAD_INPUT),
		"VF 2 of ens3f0 has this MAC already: it belongs to VM " VM_A
		"; give one of the two another MAC in the engine");
	/* And it is not free. */
	prepare("2=0 3=3 3.0=b 3.1=b");
	open_session();
	drivers[3].hidden = 0;
	vfpt_settings_put(&drivers[3].vfs[2], VFPT_MAC, 0);
	ck_assert_ok(_i < 3 ? plan_start(VM_A, &request, 1, NULL) : plan_plug(VM_A, &request), err);
	ck_assert_contains(planned(0), "no free VF: ens3f0 has 3 VFs, 3 assigned to VMs; ");
}
END_TEST

START_TEST(mac_of_a_vf_by_name_is_another_vms)
{
	const struct vfpt_mac eth0 = {{0x66, 0x5a, 0xd2, 0xbe, 0x9a, 0x6d}};
	const struct vfpt_request request = request_by_name("eth0");

	put_record(3, 2, "red", &eth0, false);
	open_session();
	ck_assert_ok(plan_start(VM_B, &request, 1, NULL), err);
	ck_assert_contains(planned(0), "VF 2 of ens3f0 has this MAC already: it belongs to VM " VM_A "; ");
	ck_assert_int_eq(plan->failure.code, VFPT_BAD_INPUT);
}
END_TEST

/* It is another network's: one line, and the vNIC gets its VF. */
START_TEST(sick_pf_of_another_network_keeps_nobody_from_a_vf)
{
	const struct vfpt_request request = request_of("blue");

	put_file(PF_2 "sriov_numvfs", "x\n");
	open_session();
	ck_assert_ok(plan_start(VM_A, &request, 1, NULL), err);
	ck_assert_str_eq(planned(0), "VF 0 of ens1f0");
	ck_assert_str_eq(plan->warning.message,
		"PF ens2f0: cannot read sriov_numvfs: Invalid argument; the vNIC's MAC is looked for on the "
		"PFs of its network only");
}
END_TEST

/* The ledger knows of the VMs' MACs all the same. */
START_TEST(pf_of_another_network_that_cannot_be_asked_keeps_nobody_from_a_vf)
{
	struct vfpt_request request = request_of("blue");

	request.mac = mac_aa;
	drivers[2].gone = true;
	open_session();
	ck_assert_ok(plan_start(VM_A, &request, 1, NULL), err);
	ck_assert_str_eq(planned(0), "VF 0 of ens1f0");
	ck_assert_str_eq(plan->warning.message,
		"PF ens2f0: cannot read the settings of its VFs: the kernel says: No such device; whether "
		"one of them has MAC 56:6f:1a:2b:00:aa, too, is not known");
	/* Its own network's must be. */
	request.bridge = request.network = "red";
	ck_assert_fails(plan_start(VM_A, &request, 1, NULL), err, VFPT_SYSTEM);
	ck_assert_contains(err.message, "vNIC: PF ens2f0: cannot read the settings of its VFs: ");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("plan_macs");
	TCase *tcase = plan_case(suite, "MACs");

	tcase_add_loop_test(tcase, unfit_mac_is_refused, 0, ARRAY_SIZE(macs));
	tcase_add_loop_test(tcase, mac_of_a_pf_of_another_network_is_refused, 0, 2);
	tcase_add_loop_test(tcase, mac_is_looked_for_on_all_pfs, 0, ARRAY_SIZE(holders));
	tcase_add_test(tcase, mac_of_a_garbage_record_is_refused);
	tcase_add_test(tcase, stale_mac_is_cleared_once);
	tcase_add_test(tcase, vf_that_a_stale_mac_is_taken_off_is_as_it_is_then);
	tcase_add_test(tcase, mac_that_a_vf_gets_back_is_taken_off_it);
	tcase_add_test(tcase, mac_of_each_vnic_is_looked_for);
	tcase_add_loop_test(tcase, mac_of_a_record_is_refused, 0, 2);
	tcase_add_loop_test(tcase, mac_of_an_unfinished_record_is_its_vms_and_no_others, 0, 6);
	tcase_add_test(tcase, mac_of_a_vf_by_name_is_another_vms);
	tcase_add_test(tcase, sick_pf_of_another_network_keeps_nobody_from_a_vf);
	tcase_add_test(tcase, pf_of_another_network_that_cannot_be_asked_keeps_nobody_from_a_vf);
	return run_suite(suite);
}
