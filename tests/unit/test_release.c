/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The way back: one VF, VFs of VMs that are gone or run without them, and all at VDSM's start. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plan_support.h"

/* A vNIC on blue, @n numbers it. */
static struct vfpt_request vnic_number(uint8_t n)
{
	struct vfpt_request request = request_of("blue");

	request.mac = (struct vfpt_mac){{0x56, 0x6f, 0x1a, 0x2b, 0, n}};
	return request;
}

/* It is plugged, and has its VF. */
static void give_vf(const char *vm, uint8_t n)
{
	const struct vfpt_request request = vnic_number(n);
	const char *got;

	if (!session.ledger)
		open_session();
	got = plug_request(vm, &request);
	ck_assert_msg(strncmp(got, "VF ", 3) == 0, "%s", got);
}

/* Another hook runs, and to it no assignment is young. */
static void start_anew(void)
{
	open_session();
	session.config->policy.grace = 0;
	drivers[1].log[0] = '\0';
}

static void give_one(void)
{
	give_vf(VM_A, 1);
	start_anew();
}

/* How many VFs have the settings that they had at first. */
static unsigned pristine(void)
{
	unsigned count = 0;

	for (unsigned vf = 0; vf < DRIVER_VFS; vf++)
		count += drivers[1].vfs[vf].value[VFPT_MAC] == mac_at_first(1, vf) &&
			 drivers[1].vfs[vf].value[VFPT_VLAN_ID] == 0;
	return count;
}

/* --- one VF ---------------------------------------------------------------------------------- */

START_TEST(release_gives_the_vf_back)
{
	give_one();
	ck_assert_ok(release(), err);
	ck_assert_str_eq(said, "");
	ck_assert_ptr_null(owner("0000:01:10.0"));
	ck_assert_uint_eq(records(), 0);
	ck_assert_all_back();
	/* Twice does no harm. */
	set_since();
	ck_assert_ok(release(), err);
	ck_assert_str_eq(said, "");
	ck_assert_str_eq(set_since(), "");
}
END_TEST

START_TEST(release_sets_back_all_that_was)
{
	struct vfpt_assignment a = {
		.vm = VM_A, .pf = "ens1f0", .vf = 6, .address = {.bus = 1, .slot = 17, .function = 4}};

	vfpt_settings_put(&a.before, VFPT_MAC, 0x020000000001);
	vfpt_settings_put(&a.before, VFPT_VLAN_ID, 5);
	vfpt_settings_put(&a.before, VFPT_SPOOFCHK, 1);
	open_session();
	ck_assert_ok(vfpt_ledger_put(session.ledger, &a, &err), err);
	assignment = a;
	ck_assert_ok(release(), err);
	ck_assert_str_eq(set_since(), "6 vlan_id 5\n6 mac 02:00:00:00:00:01\n");
	ck_assert_uint_eq(records(), 0);
	/* Of a captured host it is told. */
	ck_assert_ok(vfpt_ledger_put(session.ledger, &a, &err), err);
	assignment = a;
	session.captured = true;
	ck_assert_ok(release(), err);
	ck_assert_str_eq(
		said, "would set back: VF 6 of ens1f0: mac 02:00:00:00:00:01, vlan_id 5, spoofchk on\n");
	ck_assert_str_eq(set_since(), "");
	ck_assert_uint_eq(records(), 0);
}
END_TEST

/* The VF has another owner by now, or the same VM has it anew: nothing of it is touched. */
START_TEST(late_release_leaves_new_owner_alone)
{
	const char *vm = _i ? VM_A : VM_B, *before;
	struct vfpt_assignment old;

	give_vf(VM_A, 1);
	old = assignment;
	ck_assert_ok(release(), err);
	give_vf(vm, 2);
	ck_assert_uint_eq(assignment.vf, old.vf);
	before = picture(LEDGER);
	set_since();
	assignment = old;
	ck_assert_ok(release(), err);
	ck_assert_str_eq(said, "");
	ck_assert_str_eq(set_since(), "");
	ck_assert_str_eq(picture(LEDGER), before);
	ck_assert_str_eq(owner("0000:01:10.0"), vm);
}
END_TEST

START_TEST(release_of_a_vanished_vf_removes_the_record_with_a_warning)
{
	give_vf(VM_A, 1);
	put_file(PF_1 "sriov_numvfs", "0\n");
	if (_i)
		drop(PF_1 "virtfn0/physfn");
	open_session();
	ck_assert_ok(release(), err);
	ck_assert_str_eq(said, "vfpt: warning: VF 0000:01:10.0 (VF 0 of ens1f0) is gone from this host; its "
			       "assignment is removed\n");
	ck_assert_uint_eq(records(), 0);
}
END_TEST

/* VFs were made anew and the address is another index now: the address counts. */
START_TEST(release_goes_by_address_and_not_by_index)
{
	give_vf(VM_A, 1);
	put_link(PF_1 "virtfn0", "../0000:01:10.2");
	put_link(PF_1 "virtfn1", "../0000:01:10.0");
	open_session();
	set_since();
	ck_assert_ok(release(), err);
	ck_assert_str_eq(set_since(), "1 mac fe:00:00:00:00:00\n");
}
END_TEST

START_TEST(release_that_fails_keeps_the_record)
{
	give_vf(VM_A, 1);
	put_file(PF_1 "sriov_numvfs", "x\n");
	open_session();
	ck_assert_fails(release(), err, VFPT_SYSTEM);
	ck_assert_str_eq(
		err.message, "VF 0000:01:10.0: PF ens1f0: cannot read sriov_numvfs: Invalid argument");
	ck_assert_str_eq(owner("0000:01:10.0"), VM_A);
	ck_assert_uint_eq(entries(LEDGER), 1);
}
END_TEST

START_TEST(release_that_cannot_reach_the_driver_keeps_the_record)
{
	give_vf(VM_A, 1);
	drivers[1].gone = true;
	ck_assert_fails(release(), err, VFPT_SYSTEM);
	ck_assert_uint_eq(entries(LEDGER), 1);
	drivers[1].gone = false;
	ck_assert_ok(release(), err);
	ck_assert_all_back();
}
END_TEST

START_TEST(release_with_a_damaged_record_is_an_error)
{
	give_vf(VM_A, 1);
	put_file(LEDGER "/0000:01:10.0@" VM_A, "garbage");
	ck_assert_fails(release(), err, VFPT_CORRUPT);
	ck_assert_contains(err.message, "ledger record /run/vfpt/0000:01:10.0@" VM_A ": ");
}
END_TEST

START_TEST(driver_that_takes_old_values_no_more_does_not_keep_the_vf)
{
	struct vfpt_request request = vnic_number(1);

	vfpt_settings_put(&request.profile.settings, VFPT_TRUST, 1);
	open_session();
	plug_request(VM_A, &request);
	drivers[1].refuses = 1u << VFPT_TRUST | 1u << VFPT_VLAN_ID;
	ck_assert_ok(release(), err);
	/* One line, which names each. */
	ck_assert_uint_eq(count_lines(said), 1);
	ck_assert_contains(said, "vfpt: warning: VF 0 of ens1f0 (igb): cannot set trust to off: ");
	ck_assert_contains(said, "VF 0 of ens1f0 (igb): cannot set vlan_id to 0: ");
	ck_assert_contains(said, "; the VF is released as it is\n");
	ck_assert_uint_eq(records(), 0);
	ck_assert_uint_eq(drivers[1].vfs[0].value[VFPT_MAC], mac_at_first(1, 0));
}
END_TEST

/* --- a driver that is busy with the VF, or hides it ------------------------------------------ */

#define RECORD_OF_VF_0 LEDGER "/0000:01:10.0@" VM_A

static const char *is_unfinished(const char *path)
{
	return strstr(get_file(path, NULL), "\nunfinished = 1\n") ? "unfinished" : "whole";
}

/* VF 0, which VM A had, could not be set back; and it is hidden. */
static void give_one_and_leave_it_unfinished(void)
{
	give_one();
	drivers[1].hidden = 1u << 0;
	ck_assert_fails(release(), err, VFPT_BUSY);
	ck_assert_str_eq(is_unfinished(RECORD_OF_VF_0), "unfinished");
	drivers[1].waits = 0;
	set_since();
}

/* @return what it said */
static const char *release_unfinished(void)
{
	catch_stderr();
	ck_assert_ok(vfpt_release_unfinished(&session, &err), err);
	return caught_stderr();
}

START_TEST(release_of_a_busy_vf_keeps_its_record_for_the_next_hook)
{
	const char *why = _i ? "its driver does not show it: it resets the VF, or has disabled it (the "
			       "kernel's log says more)"
			     : "cannot set ";

	give_one();
	if (_i)
		drivers[1].hidden = 1u << 0;
	else
		drivers[1].busy = 1u << 0;
	ck_assert_fails(release(), err, VFPT_BUSY);
	ck_assert_contains(err.message, text("VF 0 of ens1f0 (igb): %s", why));
	ck_assert_contains(err.message, "; its record stays, and the next hook on this host sets it back");
	ck_assert_str_eq(said, "");
	ck_assert_str_eq(is_unfinished(RECORD_OF_VF_0), "unfinished");
	ck_assert_str_eq(owner("0000:01:10.0"), VM_A);
	/* It is waited for, but not for ever. */
	ck_assert_int_eq(drivers[1].waits > 2, _i);
	drivers[1].hidden = drivers[1].busy = 0;
	ck_assert_str_eq(release_unfinished(), "");
	ck_assert_all_back();
	ck_assert_uint_eq(records(), 0);
	/* As with any release, the vNIC gets this VF again. */
	ck_assert(there_is(LEDGER "/last"));
}
END_TEST

START_TEST(unfinished_release_that_cannot_be_written_down_is_told)
{
	give_one();
	drivers[1].hidden = 1u << 0;
	put_directory(LEDGER "/.new");
	ck_assert_fails(release(), err, VFPT_SYSTEM);
	ck_assert_contains(err.message, "its driver does not show it: ");
	ck_assert_contains(err.message, "; cannot write ledger record /run/vfpt/0000:01:10.0@" VM_A ": ");
	ck_assert_str_eq(is_unfinished(RECORD_OF_VF_0), "whole");
}
END_TEST

/* It may be disabled for good, and each hook asks. */
START_TEST(vf_that_stays_hidden_is_not_waited_for_by_the_next_hooks)
{
	const char *before;

	give_one_and_leave_it_unfinished();
	before = picture(LEDGER);
	ck_assert_str_eq(release_unfinished(), "");
	ck_assert_uint_eq(drivers[1].waits, 0);
	ck_assert_str_eq(set_since(), "");
	ck_assert_str_eq(picture(LEDGER), before);
	drivers[1].hidden = 0;
	ck_assert_str_eq(release_unfinished(), "");
	ck_assert_all_back();
	ck_assert_uint_eq(records(), 0);
}
END_TEST

START_TEST(unfinished_release_that_fails_again_is_told_and_stays)
{
	give_one_and_leave_it_unfinished();
	drivers[1].hidden = 0;
	drivers[1].busy = 1u << 0;
	ck_assert_contains(release_unfinished(),
		"vfpt: warning: VF 0 of ens1f0, which VM " VM_A " had: VF 0 of ens1f0 (igb): cannot set ");
	ck_assert_str_eq(is_unfinished(RECORD_OF_VF_0), "unfinished");
}
END_TEST

/* One that cannot be set back does not keep others from it. */
START_TEST(each_unfinished_release_is_done_that_can_be)
{
	for (uint8_t n = 1; n <= 3; n++)
		give_vf(n == 2 ? VM_B : VM_A, n);
	start_anew();
	drivers[1].hidden = 1u << 0 | 1u << 1;
	for (unsigned vf = 0; vf < 2; vf++) {
		struct vfpt_assignment *all;
		size_t count, corrupt;

		ck_assert_ok(
			vfpt_ledger_of_vm(session.ledger, vf ? VM_B : VM_A, &all, &count, &corrupt, &err),
			err);
		assignment = all[0];
		free(all);
		ck_assert_fails(release(), err, VFPT_BUSY);
	}
	drivers[1].hidden = 1u << 0;
	ck_assert_str_eq(release_unfinished(), "");
	ck_assert_str_eq(owner("0000:01:10.0"), VM_A);
	ck_assert_ptr_null(owner("0000:01:10.2"));
	/* What is whole is its VM's. */
	ck_assert_str_eq(owner("0000:01:10.4"), VM_A);
	ck_assert_uint_eq(pristine(), DRIVER_VFS - 2);
}
END_TEST

START_TEST(unfinished_release_of_a_vf_that_is_gone_is_over)
{
	give_one_and_leave_it_unfinished();
	drop("sys/bus/pci/devices/0000:01:10.0");
	drop(PF_1 "virtfn0");
	start_anew();
	ck_assert_contains(release_unfinished(), "VF 0000:01:10.0 (VF 0 of ens1f0) is gone from this host; ");
	ck_assert_uint_eq(records(), 0);
}
END_TEST

/* Of a captured tree it is told; what was not captured is not known to be there. */
START_TEST(unfinished_release_on_a_captured_host_is_told)
{
	give_one_and_leave_it_unfinished();
	session.captured = true;
	put_file("netlink/settings/ens1f0", "1 mac fe:00:00:00:00:01\n");
	ck_assert_str_eq(release_unfinished(), "");
	ck_assert_uint_eq(records(), 1);
	put_file("netlink/settings/ens1f0", "0 mac fe:00:00:00:00:01\n");
	ck_assert_contains(release_unfinished(), "would set back: VF 0 of ens1f0: mac fe:00:00:00:00:00, ");
	ck_assert_uint_eq(records(), 0);
	ck_assert_str_eq(set_since(), "");
}
END_TEST

/* --- a MAC that is the VF's own; eth0 has interface index 5 ----------------------------------- */

#define OWN     UINT64_C(0x665ad2be9a6d) /* MAC_ETH0 */
#define TOLD    "netdev 5 66:5a:d2:be:9b:6d\nnetdev 5 " MAC_ETH0 "\n"
#define ETH0    PF_1 "virtfn0/net/eth0/"
#define CLEARED "0 mac 00:00:00:00:00:00\n"
#define NO_VLAN "0 vlan_id 0\n"

/* The driver shows the MAC that VF 0's network device made up. */
static void give_one_with_own_mac(const char *type)
{
	vfpt_settings_put(&drivers[1].vfs[0], VFPT_MAC, OWN);
	put_file(ETH0 "addr_assign_type", type);
	give_one();
	set_since();
}

/* As it is while the VM runs, or as libvirt has set it back by then: as if it were the administrator's. */
START_TEST(own_mac_is_cleared_and_the_network_device_says_it_anew)
{
	give_one_with_own_mac(_i & 1 ? "1\n" : "3\n");
	ck_assert_uint_eq(vfpt_mac_value(&assignment.own_mac), OWN);
	ck_assert_contains(get_file(RECORD_OF_VF_0, NULL), "\nown_mac = " MAC_ETH0 "\n");
	if (_i & 2)
		vfpt_settings_put(&drivers[1].vfs[0], VFPT_MAC, OWN);
	ck_assert_ok(release(), err);
	ck_assert_str_eq(said, "");
	ck_assert_str_eq(set_since(), CLEARED NO_VLAN TOLD);
	ck_assert_uint_eq(drivers[1].vfs[0].value[VFPT_MAC], 0);
	ck_assert_uint_eq(records(), 0);
}
END_TEST

/* A device that is down says it when it is set up; of one that cannot be asked nobody knows. */
START_TEST(own_mac_that_is_not_said_is_set_by_the_pf)
{
	give_one_with_own_mac("1\n");
	drivers[1].netdev_answer = _i ? ENOBUFS : EADDRNOTAVAIL;
	ck_assert_ok(release(), err);
	ck_assert_str_eq(said, "");
	ck_assert_str_eq(set_since(),
		text(CLEARED NO_VLAN "!netdev 5 66:5a:d2:be:9b:6d\n%s", _i ? "0 mac " MAC_ETH0 "\n" : ""));
	ck_assert_uint_eq(records(), 0);
}
END_TEST

/* It was given another one meanwhile, or the VF has none here: with VFIO, say. */
START_TEST(network_device_with_another_mac_says_nothing)
{
	give_one_with_own_mac("1\n");
	if (_i)
		drop(PF_1 "virtfn0/net");
	else
		put_file(ETH0 "address", "56:6f:1a:2b:00:77\n");
	ck_assert_ok(release(), err);
	ck_assert_str_eq(said, "");
	ck_assert_str_eq(set_since(), CLEARED NO_VLAN);
	ck_assert_uint_eq(records(), 0);
}
END_TEST

/* The PF set it, or the network device has another one. */
START_TEST(mac_that_is_not_the_vfs_own_comes_back)
{
	give_one_with_own_mac(_i ? "1\n" : "0\n");
	if (_i) {
		ck_assert_ok(release(), err);
		vfpt_settings_put(&drivers[1].vfs[0], VFPT_MAC, mac_at_first(1, 0));
		give_one();
		set_since();
	}
	ck_assert_uint_eq(vfpt_mac_value(&assignment.own_mac), 0);
	ck_assert_ok(release(), err);
	ck_assert_str_eq(set_since(), text(NO_VLAN "0 mac %s\n", _i ? "fe:00:00:00:00:00" : MAC_ETH0));
	ck_assert_uint_eq(drivers[1].vfs[0].value[VFPT_MAC], _i ? mac_at_first(1, 0) : OWN);
}
END_TEST

/* Without a network device igb's name decides. */
START_TEST(own_mac_of_a_vf_without_driver_is_cleared)
{
	drop(PF_1 "virtfn0/net");
	drop(PF_1 "virtfn0/driver");
	give_one();
	ck_assert_uint_ne(vfpt_mac_value(&assignment.own_mac), 0);
	ck_assert_ok(release(), err);
	ck_assert_str_eq(set_since(), CLEARED NO_VLAN);
}
END_TEST

START_TEST(own_mac_is_cleared_when_a_start_is_undone)
{
	struct vfpt_request request = vnic_number(1);

	vfpt_settings_put(&drivers[1].vfs[0], VFPT_MAC, OWN);
	put_file(ETH0 "addr_assign_type", "1\n");
	vfpt_settings_put(&request.profile.settings, VFPT_TRUST, 1);
	open_session();
	ck_assert_ok(plan_start(VM_A, &request, 1, NULL), err);
	drivers[1].refuses = 1u << VFPT_TRUST;
	ck_assert_fails(apply(), err, VFPT_REFUSED);
	ck_assert_contains(set_since(), "!0 trust on\n" CLEARED NO_VLAN TOLD);
	ck_assert_uint_eq(records(), 0);
}
END_TEST

/* A macvtap gave it the vNIC's, which libvirt left: its own comes back by the VF, or else by the PF. */
START_TEST(mac_of_the_vnic_does_not_stay_on_the_network_device)
{
	give_one_with_own_mac("1\n");
	put_file(ETH0 "address",
		_i & 2 ? "66:5a:d2:be:9b:6d\n" /* a hook was killed while it said it anew */
		       : text("%s\n", vfpt_mac_format(&assignment.mac, (char[VFPT_MAC_SIZE]){0})));
	drivers[1].netdev_answer = _i & 1 ? EADDRNOTAVAIL : 0;
	ck_assert_ok(release(), err);
	ck_assert_str_eq(said, "");
	ck_assert_str_eq(set_since(), _i & 1 ? CLEARED NO_VLAN "!netdev 5 " MAC_ETH0 "\n0 mac " MAC_ETH0 "\n"
					     : CLEARED NO_VLAN "netdev 5 " MAC_ETH0 "\n");
	ck_assert_uint_eq(records(), 0);
}
END_TEST

/* --- VDSM starts ----------------------------------------------------------------------------- */

static const char *reconcile(int expected)
{
	int r;

	catch_stderr();
	r = vfpt_reconcile(&session, &err);
	ck_assert_msg(r == expected, "it returns %d: %s", r, r < 0 ? err.message : "");
	return caught_stderr();
}

START_TEST(vf_of_a_vm_that_is_gone_is_given_back)
{
	give_one();
	ck_assert_str_eq(
		reconcile(0), "vfpt: warning: VM " VM_A " is gone; its VF 0 of ens1f0 is given back\n");
	ck_assert_uint_eq(records(), 0);
	ck_assert_uint_eq(pristine(), DRIVER_VFS);
}
END_TEST

/* It was never plugged: a hook of another package failed behind ours. */
START_TEST(vf_that_its_vm_runs_without_is_given_back)
{
	give_one();
	put_process(4711, VM_A);
	libvirt_runs = VM_A;
	ck_assert_str_eq(reconcile(0),
		"vfpt: warning: VM " VM_A " runs without it; its VF 0 of ens1f0 is given back\n");
	ck_assert_uint_eq(records(), 0);
	ck_assert_uint_eq(pristine(), DRIVER_VFS);
}
END_TEST

START_TEST(vf_of_a_vm_that_libvirt_runs_is_left_alone)
{
	give_one();
	libvirt_runs = VM_A;
	ck_assert_str_eq(reconcile(0), "");
	ck_assert_str_eq(drivers[1].log, "");
	ck_assert_uint_eq(records(), 1);
}
END_TEST

START_TEST(without_libvirts_answer_all_stays_and_that_is_told)
{
	give_one();
	libvirt_answer = -1;
	ck_assert_str_eq(reconcile(0),
		"vfpt: warning: libvirt does not answer, so VFs of VMs that may be gone stay taken\n");
	ck_assert_str_eq(drivers[1].log, "");
	ck_assert_uint_eq(records(), 1);
}
END_TEST

START_TEST(without_a_process_table_all_stays_and_that_is_told)
{
	give_one();
	drop("proc");
	ck_assert_str_eq(reconcile(0), "vfpt: warning: /proc cannot be read, or not in time, so VFs of VMs "
				       "that may be gone stay taken\n");
	ck_assert_uint_eq(records(), 1);
}
END_TEST

START_TEST(vf_in_use_gets_the_settings_that_it_should_have)
{
	give_one();
	bind_to_vfio(1, 0);
	put_process(4711, VM_A);
	libvirt_runs = VM_A;
	start_anew();
	vfpt_settings_put(&drivers[1].vfs[0], VFPT_VLAN_ID, 7);
	ck_assert_contains(reconcile(0), "VF 0 of ens1f0 has vlan_id 7, it should be 200\n");
	ck_assert_contains(drivers[1].log, "0 vlan_id 200\n");
	ck_assert_uint_eq(drivers[1].vfs[0].value[VFPT_VLAN_ID], 200);
	ck_assert_uint_eq(pristine(), DRIVER_VFS - 1);
	ck_assert_uint_eq(records(), 1);
	/* On a captured host it is told. */
	session.captured = true;
	vfpt_settings_put(&drivers[1].vfs[0], VFPT_VLAN_ID, 7);
	ck_assert_str_eq(reconcile(0), "would set: VF 0 of ens1f0: mac 56:6f:1a:2b:00:01, vlan_id 200, "
				       "vlan_priority 0, vlan_protocol 802.1Q\n");
	ck_assert_uint_eq(drivers[1].vfs[0].value[VFPT_VLAN_ID], 7);
}
END_TEST

/* What a process says of itself is not enough to set what the host may have taken since. */
START_TEST(process_alone_repairs_nothing)
{
	give_one();
	bind_to_vfio(1, 0);
	put_process(4711, VM_A);
	start_anew();
	vfpt_settings_put(&drivers[1].vfs[0], VFPT_VLAN_ID, 7);
	ck_assert_contains(
		reconcile(0), "VM " VM_A " does not run here for sure; its VF 0 of ens1f0 stays as it is");
	ck_assert_str_eq(drivers[1].log, "");
}
END_TEST

/* Another may have taken it by itself. */
START_TEST(vf_in_use_of_a_vm_that_does_not_run_here_is_left_alone)
{
	give_one();
	bind_to_vfio(1, 0);
	start_anew();
	vfpt_settings_put(&drivers[1].vfs[0], VFPT_VLAN_ID, 7);
	ck_assert_str_eq(reconcile(0),
		"vfpt: warning: VM " VM_A
		" does not run here for sure; its VF 0 of ens1f0 stays as it is: it is bound "
		"to vfio-pci\n");
	ck_assert_str_eq(drivers[1].log, "");
	ck_assert_uint_eq(records(), 1);
}
END_TEST

START_TEST(vf_that_is_yet_to_be_used_is_its_hooks_matter)
{
	give_one();
	libvirt_runs = VM_A;
	vfpt_settings_put(&drivers[1].vfs[0], VFPT_VLAN_ID, 7);
	ck_assert_str_eq(reconcile(0), "");
	ck_assert_str_eq(drivers[1].log, "");
}
END_TEST

/* Its VM is gone, or runs with another VF by now. */
START_TEST(unfinished_release_is_done_when_vdsm_starts)
{
	give_one_and_leave_it_unfinished();
	if (_i) {
		put_process(4711, VM_A);
		libvirt_runs = VM_A;
	}
	start_anew();
	drivers[1].hidden = 0;
	ck_assert_str_eq(reconcile(0), "");
	ck_assert_uint_eq(records(), 0);
	ck_assert_all_back();
}
END_TEST

/* It is not the VM's any more: neither is it waited for, nor set as the VM would have it. */
START_TEST(unfinished_vf_that_is_hidden_stays_and_that_is_told)
{
	const char *before;

	give_one_and_leave_it_unfinished();
	if (_i) { /* it is not back with its driver, and its VM runs with another one */
		bind_to_vfio(1, 0);
		put_process(4711, VM_A);
		libvirt_runs = VM_A;
	}
	start_anew();
	before = picture(LEDGER);
	ck_assert_str_eq(reconcile(0), "vfpt: warning: VF 0 of ens1f0, which VM " VM_A
				       " had, is not set back yet and stays taken\n");
	ck_assert_uint_eq(drivers[1].waits, 0);
	ck_assert_str_eq(set_since(), "");
	ck_assert_str_eq(picture(LEDGER), before);
}
END_TEST

START_TEST(unfinished_vf_that_is_busy_is_not_set_as_its_vm_would_have_it)
{
	give_one_and_leave_it_unfinished();
	bind_to_vfio(1, 0);
	put_process(4711, VM_A);
	libvirt_runs = VM_A;
	start_anew();
	drivers[1].hidden = 0;
	drivers[1].busy_settings = 1u << VFPT_MAC;
	ck_assert_contains(reconcile(0), "VF 0 of ens1f0, which VM " VM_A " had: ");
	ck_assert_uint_eq(drivers[1].vfs[0].value[VFPT_VLAN_ID], 0);
	ck_assert_lacks(set_since(), "vlan_id 200");
}
END_TEST

/* Renamed and moved PFs do not matter: the address identifies a VF, and this one is not there any more. */
START_TEST(record_of_a_vf_that_is_gone_is_removed)
{
	give_one();
	drop("sys/bus/pci/devices/0000:01:10.0");
	drop("sys/devices/pci0000:00/0000:00:02.0/0000:01:00.0/virtfn0");
	start_anew();
	libvirt_runs = VM_A;
	ck_assert_contains(
		reconcile(0), "VF 0000:01:10.0 (VF 0 of ens1f0) is gone from this host; its assignment is");
	ck_assert_uint_eq(records(), 0);
}
END_TEST

START_TEST(first_failure_is_the_error_and_the_others_are_told)
{
	const char *lines;

	give_vf(VM_A, 1);
	give_vf(VM_B, 2);
	start_anew();
	drivers[1].gone = true;
	lines = reconcile(-1);
	ck_assert_contains(err.message, "VF 0 of ens1f0, of VM " VM_A ": ");
	ck_assert_contains(err.message, "No such device");
	ck_assert_contains(lines, "vfpt: warning: VF 1 of ens1f0, of VM " VM_B ": ");
	ck_assert_uint_eq(records(), 2);
	/* The next time all is well. */
	drivers[1].gone = false;
	reconcile(0);
	ck_assert_uint_eq(records(), 0);
	ck_assert_uint_eq(pristine(), DRIVER_VFS);
}
END_TEST

START_TEST(use_that_cannot_be_found_out_is_an_error)
{
	give_one();
	libvirt_runs = VM_A;
	drop(text("%snet", vf_path(1, 0)));
	put_file(text("%snet", vf_path(1, 0)), "");
	reconcile(-1);
	ck_assert_contains(err.message, "VF 0 of ens1f0, of VM " VM_A ": ");
	ck_assert_uint_eq(records(), 1);
}
END_TEST

/* --- a VM runs, and not with that VF: a script of another package failed behind our hook ------- */

/* Its hooks are not over yet, perhaps: before it is plugged, it is not used. */
/* QEMU itself takes the VF half of a pair out of the guest, while the VM migrates; and gives it back. */
/* Whose VF cannot be looked at may well use it. */
/* --- what a plan lacks ----------------------------------------------------------------------- */

/* All VFs of ens1f0 are that VM's. */
static void give_all(const char *vm)
{
	for (unsigned n = 0; n < DRIVER_VFS; n++)
		give_vf(vm, (uint8_t)n);
	start_anew();
}

/* Plan for these, give back what they lack as long as there is something, as the hook does. */
static void plan_and_reclaim(const char *vm, const struct vfpt_request *list, size_t count)
{
	const char *lines = "";
	struct vfpt_assignment *gone;
	size_t gone_count;

	do {
		ck_assert_ok(plan_start(vm, list, count, NULL), err);
		ck_assert_ok(vfpt_find_gone(&session, plan, &gone, &gone_count, &err), err);
		catch_stderr();
		gone_count = vfpt_reclaim(&session, gone, gone_count);
		free(gone);
		lines = text("%s%s", lines, caught_stderr());
	} while (gone_count > 0);
	said = lines;
}

static void take_one(const char *vm, uint8_t n)
{
	const struct vfpt_request request = vnic_number(n);

	plan_and_reclaim(vm, &request, 1);
}

START_TEST(shortage_takes_back_what_nobody_has)
{
	give_all(VM_B);
	take_one(VM_A, 100);
	for (unsigned vf = 0; vf < DRIVER_VFS; vf++)
		ck_assert_contains(said,
			text("vfpt: warning: VM " VM_B " is gone; its VF %u of ens1f0 is given back\n", vf));
	ck_assert_str_eq(planned(0), "VF 0 of ens1f0");
	ck_assert_uint_eq(records(), 0);
	ck_assert_uint_eq(pristine(), DRIVER_VFS);
}
END_TEST

/* Each of its networks, not only the first that has none left. */
START_TEST(shortage_of_two_networks_takes_back_on_both)
{
	const struct vfpt_request list[] = {request_of("blue"), request_of("red")};

	prepare("1=1 2=1 3=0");
	give_vf(VM_B, 1);
	ck_assert_str_eq(plug(VM_B, "red"), "VF 0 of ens2f0");
	start_anew();
	plan_and_reclaim(VM_A, list, 2);
	ck_assert_str_eq(planned(0), "VF 0 of ens1f0");
	ck_assert_str_eq(planned(1), "VF 0 of ens2f0");
	ck_assert_uint_eq(records(), 0);
}
END_TEST

/* What nobody lacks stays, until VDSM starts. */
START_TEST(nothing_is_taken_back_where_nothing_lacks)
{
	give_vf(VM_B, 1);
	start_anew();
	take_one(VM_A, 100);
	ck_assert_str_eq(said, "");
	ck_assert_str_eq(planned(0), "VF 1 of ens1f0");
	ck_assert_uint_eq(records(), 1);
}
END_TEST

START_TEST(shortage_takes_nothing_of_other_pfs)
{
	prepare("1=1");
	give_vf(VM_B, 1);
	ck_assert_str_eq(plug(VM_B, "red"), "VF 0 of ens2f0");
	start_anew();
	take_one(VM_A, 100);
	ck_assert_uint_eq(records(), 1);
	ck_assert_str_eq(owner("0000:02:10.0"), VM_B);
}
END_TEST

START_TEST(shortage_takes_nothing_from_who_is_there)
{
	give_all(VM_B);
	libvirt_runs = VM_B;
	take_one(VM_A, 100);
	ck_assert_int_eq(plan->failure.code, VFPT_NO_VF);
	ck_assert_str_eq(said, "");
	ck_assert_ptr_null(vfpt_vm_liveness_in_doubt(session.liveness));
	ck_assert_uint_eq(records(), DRIVER_VFS);
	ck_assert_str_eq(drivers[1].log, "");
}
END_TEST

START_TEST(shortage_without_libvirts_answer_is_in_doubt)
{
	give_all(VM_B);
	libvirt_answer = -1;
	take_one(VM_A, 100);
	ck_assert_str_eq(vfpt_vm_liveness_in_doubt(session.liveness), "libvirt does not answer");
	ck_assert_uint_eq(records(), DRIVER_VFS);
}
END_TEST

/* A vNIC is plugged: the VM is there, and what it has it may be about to use. */
START_TEST(shortage_takes_nothing_from_the_vm_itself)
{
	const struct vfpt_request request = vnic_number(100);
	struct vfpt_assignment *gone;
	size_t count;

	give_all(VM_A);
	ck_assert_str_eq(refusal(VM_A, &request, VFPT_NO_VF), planned(0));
	ck_assert_ok(vfpt_find_gone(&session, plan, &gone, &count, &err), err);
	free(gone);
	ck_assert_uint_eq(count, 0);
}
END_TEST

/* But for what it runs without. */
START_TEST(shortage_takes_back_what_a_running_vm_does_not_use)
{
	const struct vfpt_request request = vnic_number(100);
	struct vfpt_assignment *gone;
	size_t count;

	give_all(VM_A);
	bind_to_vfio(1, 0);
	put_process(4711, VM_A);
	libvirt_runs = VM_A;
	ck_assert_str_eq(refusal(_i ? VM_A : VM_B, &request, VFPT_NO_VF), planned(0));
	ck_assert_ok(vfpt_find_gone(&session, plan, &gone, &count, &err), err);
	free(gone);
	ck_assert_uint_eq(count, DRIVER_VFS - 1);
}
END_TEST

START_TEST(what_cannot_be_taken_back_is_told_and_stays)
{
	struct vfpt_request request = vnic_number(100);
	struct vfpt_assignment *gone;
	size_t count;

	give_all(VM_B);
	ck_assert_ok(plan_start(VM_A, &request, 1, NULL), err);
	ck_assert_ok(vfpt_find_gone(&session, plan, &gone, &count, &err), err);
	ck_assert_uint_eq(count, DRIVER_VFS);
	drivers[1].gone = true;
	catch_stderr();
	ck_assert_uint_eq(vfpt_reclaim(&session, gone, count), 0);
	ck_assert_contains(caught_stderr(), "vfpt: warning: VM " VM_B " is gone, but: ");
	free(gone);
	ck_assert_uint_eq(records(), DRIVER_VFS);
}
END_TEST

START_TEST(mac_of_a_vm_that_is_gone_is_free_again)
{
	give_vf(VM_B, 1);
	give_vf(VM_B, 2);
	start_anew();
	take_one(VM_A, 2);
	ck_assert_str_eq(said, "vfpt: warning: VM " VM_B " is gone; its VF 1 of ens1f0 is given back\n");
	ck_assert_str_eq(planned(0), "VF 1 of ens1f0");
	ck_assert_uint_eq(records(), 1);
}
END_TEST

START_TEST(mac_of_a_vm_that_is_there_is_not)
{
	give_vf(VM_B, 1);
	libvirt_runs = VM_B;
	start_anew();
	take_one(VM_A, 1);
	ck_assert_contains(planned(0), "VF 0 of ens1f0 has this MAC already: it belongs to VM " VM_B);
	ck_assert_str_eq(said, "");
	ck_assert_uint_eq(records(), 1);
}
END_TEST

START_TEST(named_vf_of_a_vm_that_is_gone_is_free_again)
{
	const struct vfpt_request request = request_by_name("eth0");

	give_vf(VM_B, 1);
	libvirt_runs = VM_B;
	start_anew();
	plan_and_reclaim(VM_A, &request, 1);
	ck_assert_str_eq(planned(0), "it belongs to VM " VM_B);
	libvirt_runs = NULL;
	start_anew();
	plan_and_reclaim(VM_A, &request, 1);
	ck_assert_str_eq(said, "vfpt: warning: VM " VM_B " is gone; its VF 0 of ens1f0 is given back\n");
	ck_assert_str_eq(planned(0), "VF 0 of ens1f0");
	ck_assert_uint_eq(records(), 0);
}
END_TEST

/* The MAC that a named VF has itself, too. */
START_TEST(named_vf_has_the_mac_of_a_vm_that_is_gone)
{
	const struct vfpt_request request = request_by_name("eth1");
	struct vfpt_request other = request_of("blue");

	put_file(text("%snet/eth1/address", vf_path(1, 1)), "72:53:0f:1f:f3:4a\n");
	ck_assert_ok(vfpt_mac_parse("72:53:0f:1f:f3:4a", &other.mac, &err), err);
	open_session();
	ck_assert_str_eq(plug_request(VM_B, &other), "VF 0 of ens1f0");
	libvirt_runs = VM_B;
	start_anew();
	plan_and_reclaim(VM_A, &request, 1);
	ck_assert_contains(planned(0), "VF 0 of ens1f0 has this MAC already: it belongs to VM " VM_B);
	libvirt_runs = NULL;
	start_anew();
	plan_and_reclaim(VM_A, &request, 1);
	ck_assert_str_eq(said, "vfpt: warning: VM " VM_B " is gone; its VF 0 of ens1f0 is given back\n");
	ck_assert_str_eq(planned(0), "VF 1 of ens1f0");
}
END_TEST

/* --- the hook itself, on a captured host: no process, no libvirt ------------------------------- */

START_TEST(hook_of_vdsms_start_gives_back_what_nobody_has)
{
	const char *const argv[] = {text("%s/before_vdsm_start/50_vfpt", getenv("VFPT_TEST_HOOKS")), NULL},
			  *const shown[] = {argv[0], "--test", NULL};
	const char *const env[] = {text("VFPT_ROOT=%s", root), NULL};
	struct outcome outcome;

	give_one();
	close_session();
	outcome = run(argv, env);
	ck_assert_int_eq(outcome.code, 0);
	ck_assert_str_eq(outcome.err, ""); /* it is young */
	ck_assert_uint_eq(records(), 1);
	put_file(CONFIG, "[policy]\ngrace = 0\n");
	outcome = run(shown, env);
	ck_assert_int_eq(outcome.code, 0);
	ck_assert_contains(outcome.err, "would give back: VF 0 of ens1f0, of VM " VM_A "\n");
	ck_assert_contains(outcome.err, "would set back: VF 0 of ens1f0: ");
	ck_assert_uint_eq(records(), 1);
	outcome = run(argv, env);
	ck_assert_int_eq(outcome.code, 0);
	ck_assert_contains(
		outcome.err, "vfpt: warning: VM " VM_A " is gone; its VF 0 of ens1f0 is given back\n");
	ck_assert_uint_eq(records(), 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("release");
	TCase *tcase = plan_case(suite, "one VF");

	tcase_add_test(tcase, release_gives_the_vf_back);
	tcase_add_test(tcase, release_sets_back_all_that_was);
	tcase_add_loop_test(tcase, late_release_leaves_new_owner_alone, 0, 2);
	tcase_add_loop_test(tcase, release_of_a_vanished_vf_removes_the_record_with_a_warning, 0, 2);
	tcase_add_test(tcase, release_goes_by_address_and_not_by_index);
	tcase_add_test(tcase, release_that_fails_keeps_the_record);
	tcase_add_test(tcase, release_that_cannot_reach_the_driver_keeps_the_record);
	tcase_add_test(tcase, release_with_a_damaged_record_is_an_error);
	tcase_add_test(tcase, driver_that_takes_old_values_no_more_does_not_keep_the_vf);

	tcase = plan_case(suite, "busy");
	tcase_add_loop_test(tcase, release_of_a_busy_vf_keeps_its_record_for_the_next_hook, 0, 2);
	tcase_add_test(tcase, unfinished_release_that_cannot_be_written_down_is_told);
	tcase_add_test(tcase, vf_that_stays_hidden_is_not_waited_for_by_the_next_hooks);
	tcase_add_test(tcase, unfinished_release_that_fails_again_is_told_and_stays);
	tcase_add_test(tcase, each_unfinished_release_is_done_that_can_be);
	tcase_add_test(tcase, unfinished_release_of_a_vf_that_is_gone_is_over);
	tcase_add_test(tcase, unfinished_release_on_a_captured_host_is_told);

	tcase = plan_case(suite, "own MAC");
	tcase_add_loop_test(tcase, own_mac_is_cleared_and_the_network_device_says_it_anew, 0, 4);
	tcase_add_loop_test(tcase, network_device_with_another_mac_says_nothing, 0, 2);
	tcase_add_loop_test(tcase, mac_that_is_not_the_vfs_own_comes_back, 0, 2);
	tcase_add_loop_test(tcase, own_mac_that_is_not_said_is_set_by_the_pf, 0, 2);
	tcase_add_test(tcase, own_mac_of_a_vf_without_driver_is_cleared);
	tcase_add_loop_test(tcase, mac_of_the_vnic_does_not_stay_on_the_network_device, 0, 4);
	tcase_add_test(tcase, own_mac_is_cleared_when_a_start_is_undone);

	tcase = plan_case(suite, "VDSM's start");
	tcase_add_test(tcase, vf_of_a_vm_that_is_gone_is_given_back);
	tcase_add_test(tcase, vf_that_its_vm_runs_without_is_given_back);
	tcase_add_test(tcase, vf_of_a_vm_that_libvirt_runs_is_left_alone);
	tcase_add_test(tcase, without_libvirts_answer_all_stays_and_that_is_told);
	tcase_add_test(tcase, without_a_process_table_all_stays_and_that_is_told);
	tcase_add_test(tcase, vf_in_use_gets_the_settings_that_it_should_have);
	tcase_add_test(tcase, process_alone_repairs_nothing);
	tcase_add_test(tcase, vf_in_use_of_a_vm_that_does_not_run_here_is_left_alone);
	tcase_add_test(tcase, vf_that_is_yet_to_be_used_is_its_hooks_matter);
	tcase_add_loop_test(tcase, unfinished_release_is_done_when_vdsm_starts, 0, 2);
	tcase_add_loop_test(tcase, unfinished_vf_that_is_hidden_stays_and_that_is_told, 0, 2);
	tcase_add_test(tcase, unfinished_vf_that_is_busy_is_not_set_as_its_vm_would_have_it);
	tcase_add_test(tcase, record_of_a_vf_that_is_gone_is_removed);
	tcase_add_test(tcase, first_failure_is_the_error_and_the_others_are_told);
	tcase_add_test(tcase, use_that_cannot_be_found_out_is_an_error);
	tcase_add_test(tcase, hook_of_vdsms_start_gives_back_what_nobody_has);

	tcase = plan_case(suite, "shortage");
	tcase_add_test(tcase, shortage_takes_back_what_nobody_has);
	tcase_add_test(tcase, shortage_of_two_networks_takes_back_on_both);
	tcase_add_test(tcase, nothing_is_taken_back_where_nothing_lacks);
	tcase_add_test(tcase, shortage_takes_nothing_of_other_pfs);
	tcase_add_test(tcase, shortage_takes_nothing_from_who_is_there);
	tcase_add_test(tcase, shortage_without_libvirts_answer_is_in_doubt);
	tcase_add_test(tcase, shortage_takes_nothing_from_the_vm_itself);
	tcase_add_loop_test(tcase, shortage_takes_back_what_a_running_vm_does_not_use, 0, 2);
	tcase_add_test(tcase, what_cannot_be_taken_back_is_told_and_stays);
	tcase_add_test(tcase, mac_of_a_vm_that_is_gone_is_free_again);
	tcase_add_test(tcase, mac_of_a_vm_that_is_there_is_not);
	tcase_add_test(tcase, named_vf_of_a_vm_that_is_gone_is_free_again);
	tcase_add_test(tcase, named_vf_has_the_mac_of_a_vm_that_is_gone);
	return run_suite(suite);
}
