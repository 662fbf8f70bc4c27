/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a plan says: settings and MACs, the steps that give them, what is given back first, who stays. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plan_support.h"
#include "report.h"

static const struct vfpt_settings *wanted(size_t number)
{
	return &plan->vnics[number].assignment.wanted;
}

/* --- a plan has no side effects -------------------------------------------------------------- */

START_TEST(plan_changes_nothing)
{
	const struct vfpt_plan_options options = {.verdicts = true};
	struct vfpt_request list[] = {request_by_name("eth1"), request_of("blue"), request_of("red"),
		request_of("green"), request_of("blue")};
	struct driver before[ARRAY_SIZE(drivers)];
	const char *tree;

	prepare("1.0=a 2.0=use");
	list[4].mac = mac_aa;
	vfpt_settings_put(&drivers[3].vfs[1], VFPT_MAC, vfpt_mac_value(&mac_aa));
	list[1].profile.mode = VFPT_MODE_MACVTAP;
	list[1].mtu = 1400;
	open_session();
	memcpy(before, drivers, sizeof(before));
	tree = picture(".");
	ck_assert_ok(plan_start(VM_A, list, ARRAY_SIZE(list), &options), err);
	ck_assert_str_eq(said, "");
	/* There is one of everything. */
	ck_assert_uint_eq(plan->release_count, 1);
	ck_assert_contains(steps(1), "mtu 0 1400\n");
	ck_assert_contains(steps(4), "clear ens3f0 1 mac 56:6f:1a:2b:00:aa\n");
	ck_assert_int_eq(plan->vnics[3].outcome, VFPT_OUTCOME_FAIL);
	ck_assert_str_eq(picture("."), tree);
	ck_assert_mem_eq(before, drivers, sizeof(before));
	ck_assert_str_eq(owner("0000:01:10.0"), VM_A);
	/* And made again, it is the same. */
	tree = steps(4);
	ck_assert_ok(plan_start(VM_A, list, ARRAY_SIZE(list), &options), err);
	ck_assert_str_eq(steps(4), tree);
}
END_TEST

/* --- what it gets ---------------------------------------------------------------------------- */

START_TEST(assignment_says_all)
{
	struct vfpt_request request = request_of("blue");
	const struct vfpt_assignment *a;
	char address[VFPT_PCI_SIZE];

	strcpy(request.alias, "ua-8a1c9c2e-4b0d-4f7c-9a41-0d6d52e4c001");
	give(1, 0, VM_B);
	open_session();
	ck_assert_ok(plan_start(VM_A, &request, 1, NULL), err);
	a = &plan->vnics[0].assignment;
	ck_assert_int_eq(plan->vnics[0].outcome, VFPT_OUTCOME_VF);
	ck_assert_str_eq(a->vm, VM_A);
	ck_assert_mem_eq(a->mac.octet, request.mac.octet, 6);
	ck_assert_str_eq(a->alias, request.alias);
	ck_assert_str_eq(a->pf, "ens1f0");
	ck_assert_uint_eq(a->vf, 1);
	ck_assert_str_eq(vfpt_pci_format(&a->address, address), "0000:01:10.2");
	ck_assert_uint_eq(a->before.value[VFPT_MAC], mac_at_first(1, 1));
	ck_assert_uint_eq(a->before.present, (1u << VFPT_SETTING_COUNT) - 1);
	ck_assert_uint_eq(a->wanted.value[VFPT_MAC], vfpt_mac_value(&request.mac));
	ck_assert_uint_eq(a->wanted.value[VFPT_VLAN_ID], 200);
	ck_assert_uint_eq(a->wanted.value[VFPT_VLAN_PRIORITY], 0);
	ck_assert_uint_eq(a->wanted.value[VFPT_VLAN_PROTOCOL], VFPT_VLAN_8021Q);
	ck_assert(!vfpt_settings_have(&a->wanted, VFPT_MAX_TX_RATE));
	ck_assert(!vfpt_settings_have(&a->wanted, VFPT_LINK_STATE));
	ck_assert_str_eq(steps(0),
		text("record 1\nset 1 mac 56:6f:1a:2b:01:%02x\nset 1 vlan_id 200\n", request.mac.octet[5]));
}
END_TEST

static const struct {
	const char *bridge;
	uint16_t vlan_id;
} vlans[] = {{"blue", 200}, {"red", 100}, {"ovirtmgmt", 0}};

START_TEST(vlan_is_the_networks_unless_the_vnic_asks_for_another)
{
	struct vfpt_request list[] = {
		request_of(vlans[_i].bridge), request_of(vlans[_i].bridge), request_of(vlans[_i].bridge)};

	vfpt_settings_put(&list[1].profile.settings, VFPT_VLAN_ID, 7);
	vfpt_settings_put(&list[2].profile.settings, VFPT_VLAN_ID, 0);
	open_session();
	ck_assert_ok(plan_start(VM_A, list, 3, NULL), err);
	ck_assert(vfpt_settings_have(wanted(0), VFPT_VLAN_ID));
	ck_assert_uint_eq(wanted(0)->value[VFPT_VLAN_ID], vlans[_i].vlan_id);
	ck_assert_uint_eq(wanted(1)->value[VFPT_VLAN_ID], 7);
	ck_assert_uint_eq(wanted(2)->value[VFPT_VLAN_ID], 0);
}
END_TEST

/* --- which VLAN and MTU: the vNIC's, else vfpt.conf's, else the bridge's ----------------------- */

static const struct {
	const char *config, *pfs, *network, *bridge;
	int vlan_of_vnic; /* -1: it does not say */
	unsigned mtu_of_vnic;
	const char *choice; /* or what is said instead */
	unsigned vlan_id;
} targets[] = {
	/* other PFs, the bridge's VLAN */
	{NULL, "ens1f0", NULL, "red", -1, 0, "VF 0 of ens1f0", 100},
	{NULL, "ens3f0", NULL, "blue", -1, 0, "VF 0 of ens3f0", 200},
	{NULL, "ens3f0", NULL, "ovirtmgmt", -1, 0, "VF 0 of ens3f0", 0},
	{"[network red]\npfs = ens1f0\n", NULL, NULL, "red", -1, 0, "VF 0 of ens1f0", 100},
	/* without a bridge there is none */
	{NULL, "ens3f0", NULL, "green", -1, 0, "VF 0 of ens3f0", 0},
	{"[network green]\npfs = ens1f0\nvlan = 4094\n", NULL, NULL, "green", -1, 0, "VF 0 of ens1f0", 4094},
	{"[network DMZ]\npfs = ens1f0\nvlan = 7\n", NULL, "DMZ", "green", -1, 0, "VF 0 of ens1f0", 7},
	/* said in vfpt.conf, also that there is none; the vNIC's goes before it */
	{"[network red]\nvlan = 7\n", NULL, NULL, "red", -1, 0, "VF 0 of ens2f0", 7},
	{"[network red]\nvlan = 0\n", NULL, NULL, "red", -1, 0, "VF 0 of ens2f0", 0},
	{"[network red]\nvlan = 7\n", NULL, NULL, "red", 8, 0, "VF 0 of ens2f0", 8},
	{"[network red]\nvlan = 7\n", NULL, NULL, "red", 0, 0, "VF 0 of ens2f0", 0},
	{"[network red]\nmtu = 1500\n", NULL, NULL, "red", -1, 0, "VF 0 of ens2f0", 100},
	{"[network blue]\nvlan = 7\n", NULL, NULL, "red", -1, 0, "VF 0 of ens2f0", 100},
	/* the PF's MTU must do, whoever asks for it: ens1f0 has 1500, the others 9000 */
	{"[network blue]\nmtu = 9000\n", NULL, NULL, "blue", -1, 0, "its MTU 1500 is below the 9000 ", 0},
	{"[network blue]\nmtu = 1500\n", NULL, NULL, "blue", -1, 0, "VF 0 of ens1f0", 200},
	{"[network blue]\nmtu = 1000\n", NULL, NULL, "blue", -1, 1501, "its MTU 1500 is below the 1501 ", 0},
	{"[network blue]\nmtu = 9000\n", NULL, NULL, "blue", -1, 1000, "its MTU 1500 is below the 9000 ", 0},
	{"[network green]\npfs = ens*\nmtu = 9000\n", NULL, NULL, "green", -1, 0, "VF 0 of ens2f0", 0},
	{"[network green]\npfs = ens*\nmtu = 1500\n", NULL, NULL, "green", -1, 0, "VF 0 of ens1f0", 0},
	{"[network green]\npfs = ens*\n", NULL, NULL, "green", -1, 0, "VF 0 of ens1f0", 0},
	{"[network green]\npfs = ens*\n", NULL, NULL, "green", -1, 1501, "VF 0 of ens2f0", 0},
	/* where not every PF is too small, it is not only a matter of MTU */
	{NULL, "ens1f0", NULL, "red", -1, 9000, "; raise the PF's MTU in the engine ", 0},
};

START_TEST(vlan_and_mtu_are_the_vnics_or_the_configurations_or_the_bridges)
{
	struct vfpt_request request = request_of(targets[_i].bridge);

	if (targets[_i].config)
		put_file(CONFIG, targets[_i].config);
	if (targets[_i].network)
		request.network = targets[_i].network;
	request.mtu = targets[_i].mtu_of_vnic;
	if (targets[_i].pfs)
		snprintf(request.profile.pfs, sizeof(request.profile.pfs), "%s", targets[_i].pfs);
	if (targets[_i].vlan_of_vnic >= 0)
		vfpt_settings_put(
			&request.profile.settings, VFPT_VLAN_ID, (unsigned)targets[_i].vlan_of_vnic);
	open_session();
	ck_assert_ok(plan_start(VM_A, &request, 1, NULL), err);
	if (strncmp(targets[_i].choice, "VF ", 3) == 0) {
		ck_assert_str_eq(planned(0), targets[_i].choice);
		ck_assert(vfpt_settings_have(wanted(0), VFPT_VLAN_ID));
		ck_assert_uint_eq(wanted(0)->value[VFPT_VLAN_ID], targets[_i].vlan_id);
	} else {
		ck_assert_contains(planned(0), targets[_i].choice);
		ck_assert_int_eq(plan->vnics[0].why.code, VFPT_NO_VF);
	}
}
END_TEST

/* Of a bridge whose bond is made of others' PFs, the VLAN still counts. */
START_TEST(vlan_of_a_bridge_on_a_pf_without_vfs_counts)
{
	struct vfpt_request request = request_of("blue");

	strcpy(request.profile.pfs, "ens3f0");
	put_file(PF_1 "sriov_numvfs", "0\n");
	open_session();
	ck_assert_ok(plan_start(VM_A, &request, 1, NULL), err);
	ck_assert_str_eq(planned(0), "VF 0 of ens3f0");
	ck_assert_uint_eq(wanted(0)->value[VFPT_VLAN_ID], 200);
}
END_TEST

/* --- a rate that the vNIC itself has: a ceiling, so above the link's speed it is none ---------- */

static const struct {
	unsigned bandwidth;
	const char *speed; /* of the PF's link */
	int max, min;      /* what vf_rate says; -1: nothing */
	const char *rates; /* that the VF shall have, or what is said instead */
} bandwidths[] = {
	{0, "1000\n", -1, -1, ""},
	{1, "1000\n", -1, -1, "max_tx_rate 1\n"},
	{999, "1000\n", -1, -1, "max_tx_rate 999\n"},
	{1000, "1000\n", -1, -1, ""},
	{1001, "1000\n", -1, -1, ""},
	{4294967295, "1000\n", -1, -1, ""},
	/* nobody knows the speed, or there is no link now */
	{500, "-1\n", -1, -1, "max_tx_rate 500\n"},
	{100000, "-1\n", -1, -1, "max_tx_rate 100000\n"},
	/* the property goes before it */
	{10, "1000\n", 20, -1, "max_tx_rate 20\n"},
	{10, "1000\n", 0, -1, "max_tx_rate 0\n"},
	{10, "1000\n", 20, 5, "max_tx_rate 20\nmin_tx_rate 5\n"},
	{0, "1000\n", 20, 5, "max_tx_rate 20\nmin_tx_rate 5\n"},
	/* and is no ceiling */
	{10, "1000\n", 1001, -1, "max_tx_rate 1001 Mbit/s is above the speed of ens1f0, 1000 Mbit/s"},
};

/* "NAME VALUE" of each of these settings that the VF shall have, a line each. */
static const char *wanted_among(enum vfpt_setting first, enum vfpt_setting last)
{
	char value[VFPT_SETTING_SIZE];
	const char *lines = "";

	for (enum vfpt_setting i = first; i <= last; i++)
		if (vfpt_settings_have(wanted(0), i))
			lines = text("%s%s %s\n", lines, vfpt_setting_name(i),
				vfpt_setting_print(i, wanted(0)->value[i], value));
	return lines;
}

START_TEST(bandwidth_of_the_vnic_is_a_ceiling)
{
	struct vfpt_request request = request_of("blue");

	put_file(PF_1 "net/ens1f0/speed", bandwidths[_i].speed);
	request.bandwidth = bandwidths[_i].bandwidth;
	if (bandwidths[_i].max >= 0)
		vfpt_settings_put(&request.profile.settings, VFPT_MAX_TX_RATE, (unsigned)bandwidths[_i].max);
	if (bandwidths[_i].min >= 0)
		vfpt_settings_put(&request.profile.settings, VFPT_MIN_TX_RATE, (unsigned)bandwidths[_i].min);
	open_session();
	ck_assert_ok(plan_start(VM_A, &request, 1, NULL), err);
	if (strstr(bandwidths[_i].rates, "above")) {
		ck_assert_str_eq(planned(0), bandwidths[_i].rates);
		ck_assert_int_eq(plan->vnics[0].why.code, VFPT_BAD_INPUT);
	} else {
		ck_assert_int_eq(plan->vnics[0].outcome, VFPT_OUTCOME_VF);
		ck_assert_str_eq(wanted_among(VFPT_MAX_TX_RATE, VFPT_MIN_TX_RATE), bandwidths[_i].rates);
	}
}
END_TEST

/* Of all that the VFs of the PF have, and what the plan has given others already. */
START_TEST(minimum_rates_together_are_not_above_the_speed)
{
	struct vfpt_request list[] = {request_of("blue"), request_of("blue"), request_of("blue")};

	put_file(PF_1 "net/ens1f0/speed", "1000\n");
	vfpt_settings_put(&drivers[1].vfs[6], VFPT_MIN_TX_RATE, 200);
	for (size_t i = 0; i < ARRAY_SIZE(list); i++) {
		vfpt_settings_put(&list[i].profile.settings, VFPT_MAX_TX_RATE, 600);
		vfpt_settings_put(&list[i].profile.settings, VFPT_MIN_TX_RATE, 300);
	}
	open_session();
	ck_assert_ok(plan_start(VM_A, list, 3, NULL), err);
	ck_assert_str_eq(planned(0), "VF 0 of ens1f0");
	ck_assert_str_eq(planned(1), "VF 1 of ens1f0");
	ck_assert_contains(planned(2), "its VFs would have 1100 of 1000 Mbit/s");
}
END_TEST

/* --- modes ----------------------------------------------------------------------------------- */

/* The switch decides on VLAN and all that: libvirt hands the port profile over. */
START_TEST(port_profile_leaves_the_vlan_to_the_switch)
{
	struct vfpt_request request = request_of("blue");

	strcpy(request.profile.port_profile, "gold");
	request.profile.mode = _i ? VFPT_MODE_MACVTAP : VFPT_MODE_HOSTDEV;
	vfpt_settings_put(&request.profile.settings, VFPT_TRUST, 1);
	open_session();
	ck_assert_ok(plan_start(VM_A, &request, 1, NULL), err);
	ck_assert_str_eq(steps(0),
		text("record 0\nset 0 mac 56:6f:1a:2b:01:%02x\nset 0 trust on\n", request.mac.octet[5]));
	ck_assert_uint_eq(wanted(0)->present, 1u << VFPT_MAC | 1u << VFPT_TRUST);
	ck_assert_uint_eq(vfpt_settings_after_start(&plan->vnics[0].assignment).present, 0);
}
END_TEST

static const struct {
	const char *config, *pfs, *bridge, *outcome;
} failovers[] = {
	{"", "", "blue", "VF 0 of ens1f0"},
	{"", "ens3f0", "blue", "VF 0 of ens3f0"},
	{"", "ens3f0", "green",
		"passthrough_mode=failover needs a bridge beside the VF, and green has none on this host; "
		"use "
		"hostdev or macvtap"},
	{"[network green]\npfs = ens1f0\n", "", "green",
		"passthrough_mode=failover needs a bridge beside the VF, and green has none on this host; "
		"use "
		"hostdev or macvtap"},
	{"", "ens3f0", "bond0",
		"passthrough_mode=failover needs a bridge beside the VF, and bond0 has none "},
	{"", "", "green", "there is no bridge green on this host; "},
};

START_TEST(failover_needs_a_bridge)
{
	struct vfpt_request request = request_of(failovers[_i].bridge);

	put_file(CONFIG, failovers[_i].config);
	snprintf(request.profile.pfs, sizeof(request.profile.pfs), "%s", failovers[_i].pfs);
	request.profile.mode = VFPT_MODE_FAILOVER;
	open_session();
	ck_assert_ok(plan_start(VM_A, &request, 1, NULL), err);
	ck_assert_contains(planned(0), failovers[_i].outcome);
}
END_TEST

START_TEST(macvtap_needs_the_vfs_network_device_and_no_iommu)
{
	struct vfpt_request request = request_of("blue");

	request.profile.mode = VFPT_MODE_MACVTAP;
	for (unsigned vf = 0; vf < 7; vf++)
		drop(text(PF_1 "virtfn%u/iommu_group", vf));
	/* VF 0 is with no driver. */
	drop(PF_1 "virtfn0/net");
	drop(PF_1 "virtfn0/driver");
	open_session();
	ck_assert_ok(plan_start(VM_A, &request, 1, NULL), err);
	ck_assert_str_eq(planned(0), "VF 1 of ens1f0");
	ck_assert(plan->vnics[0].assignment.macvtap);
	ck_assert_str_eq(plan->vnics[0].netdev, "eth1");
}
END_TEST

START_TEST(macvtap_on_a_vf_without_network_device_is_told)
{
	struct vfpt_request request = request_of("blue");

	request.profile.mode = VFPT_MODE_MACVTAP;
	prepare("1=1");
	drop(PF_1 "virtfn0/net");
	drop(PF_1 "virtfn0/driver");
	open_session();
	ck_assert_ok(plan_start(VM_A, &request, 1, NULL), err);
	ck_assert_contains(planned(0), "1 unusable (VF 0: it has no network device here: no driver has "
				       "it, and a macvtap needs one); ");
	request.profile.mode = VFPT_MODE_HOSTDEV;
	ck_assert_ok(plan_start(VM_A, &request, 1, NULL), err);
	ck_assert_str_eq(planned(0), "VF 0 of ens1f0");
	ck_assert(!plan->vnics[0].assignment.macvtap);
	ck_assert_str_eq(plan->vnics[0].netdev, "");
}
END_TEST

START_TEST(network_device_that_cannot_be_read_is_an_error_and_no_shortage)
{
	struct vfpt_request request = request_of("blue");

	request.profile.mode = VFPT_MODE_MACVTAP;
	put_file(PF_1 "virtfn0/net/eth0/mtu", "x\n");
	open_session();
	ck_assert_fails(plan_start(VM_A, &request, 1, NULL), err, VFPT_SYSTEM);
	ck_assert_contains(err.message, "vNIC: VF 0 of ens1f0: cannot read /");
	ck_assert_ptr_null(plan);
}
END_TEST

/* --- steps ----------------------------------------------------------------------------------- */

START_TEST(settings_that_are_asked_for_are_set_and_no_others)
{
	struct vfpt_request request = request_of("blue");

	vfpt_settings_put(&request.profile.settings, VFPT_MAX_TX_RATE, 1000);
	vfpt_settings_put(&request.profile.settings, VFPT_TRUST, 1);
	vfpt_settings_put(&request.profile.settings, VFPT_SPOOFCHK, 1); /* which it has */
	vfpt_settings_put(&request.profile.settings, VFPT_LINK_STATE, VFPT_LINK_ENABLE);
	request.mac = mac_aa;
	open_session();
	ck_assert_ok(plan_start(VM_A, &request, 1, NULL), err);
	ck_assert_str_eq(steps(0), "record 0\nset 0 mac 56:6f:1a:2b:00:aa\nset 0 vlan_id 200\n"
				   "set 0 max_tx_rate 1000\nset 0 trust on\nset 0 link_state enable\n");
	ck_assert_str_eq(wanted_among(VFPT_SPOOFCHK, VFPT_SPOOFCHK), "spoofchk on\n");
}
END_TEST

/* igb shows a VF's own MAC, which its user may still change: so it is set all the same. */
START_TEST(mac_that_the_chosen_vf_has_already_is_set_and_no_conflict)
{
	struct vfpt_request request = request_of("blue");

	request.mac = mac_aa;
	vfpt_settings_put(&drivers[1].vfs[0], VFPT_MAC, vfpt_mac_value(&mac_aa));
	vfpt_settings_put(&drivers[1].vfs[0], VFPT_VLAN_ID, 200);
	open_session();
	ck_assert_ok(plan_start(VM_A, &request, 1, NULL), err);
	ck_assert_str_eq(planned(0), "VF 0 of ens1f0");
	ck_assert_str_eq(steps(0), "record 0\nset 0 mac 56:6f:1a:2b:00:aa\n");
}
END_TEST

/* libvirt's start resets these: nothing must pass before after_vm_start has put them back. */
START_TEST(link_is_held_where_libvirt_would_open_it_with_a_wrong_tag)
{
	static const struct {
		uint64_t priority, protocol;
		bool asks_for_link;
		const char *steps;
	} cases[] = {
		{3, VFPT_VLAN_8021Q, false, "set 0 vlan_priority 3\n"},
		{0, VFPT_VLAN_8021AD, false, "set 0 vlan_protocol 802.1ad\n"},
		{7, VFPT_VLAN_8021AD, true,
			"set 0 vlan_priority 7\nset 0 vlan_protocol 802.1ad\nset 0 link_state enable\n"},
	};
	struct vfpt_request request = request_of("blue");
	struct vfpt_settings after;

	vfpt_settings_put(&request.profile.settings, VFPT_VLAN_PRIORITY, cases[_i].priority);
	vfpt_settings_put(&request.profile.settings, VFPT_VLAN_PROTOCOL, cases[_i].protocol);
	if (cases[_i].asks_for_link)
		vfpt_settings_put(&request.profile.settings, VFPT_LINK_STATE, VFPT_LINK_ENABLE);
	request.mac = mac_aa;
	open_session();
	ck_assert_ok(plan_start(VM_A, &request, 1, NULL), err);
	ck_assert_str_eq(
		steps(0), text("record 0\nhold 0\nset 0 mac 56:6f:1a:2b:00:aa\nset 0 vlan_id 200\n%s",
				  cases[_i].steps));
	/* Then it gets what it is to have: what was asked for, or what it was. */
	after = vfpt_settings_after_start(&plan->vnics[0].assignment);
	ck_assert_uint_eq(after.present, 1u << VFPT_VLAN_ID | 1u << VFPT_VLAN_PRIORITY |
						 1u << VFPT_VLAN_PROTOCOL | 1u << VFPT_LINK_STATE);
	ck_assert_uint_eq(after.value[VFPT_VLAN_PRIORITY], cases[_i].priority);
	ck_assert_uint_eq(after.value[VFPT_VLAN_PROTOCOL], cases[_i].protocol);
	ck_assert_uint_eq(
		after.value[VFPT_LINK_STATE], cases[_i].asks_for_link ? VFPT_LINK_ENABLE : VFPT_LINK_AUTO);
}
END_TEST

/* What the driver takes and does not show: nobody has it from the VF's last user. */
START_TEST(setting_that_is_not_shown_is_set_to_its_default)
{
	struct vfpt_request request = request_of("blue");

	request.mac = mac_aa;
	drivers[1].hides = 1u << VFPT_SPOOFCHK | 1u << VFPT_TRUST | 1u << VFPT_RSS_QUERY;
	if (_i == 1)
		vfpt_settings_put(&request.profile.settings, VFPT_TRUST, 1);
	open_session();
	ck_assert_ok(plan_start(VM_A, &request, 1, NULL), err);
	ck_assert_str_eq(steps(0), text("record 0\nset 0 mac 56:6f:1a:2b:00:aa\nset 0 vlan_id 200\n%s",
					   _i ? "set 0 trust on\ndefault 0 spoofchk on\n"
					      : "default 0 spoofchk on\ndefault 0 trust off\n"));
}
END_TEST

/* --- VFs by name ----------------------------------------------------------------------------- */

START_TEST(of_a_vf_by_name_nothing_but_its_mac_is_asked_for)
{
	const struct vfpt_request list[] = {
		request_by_name("eth1"), request_of("blue"), request_of("blue"), request_by_name("eth1")};
	const struct vfpt_assignment *a;
	char mac[VFPT_MAC_SIZE];

	prepare("1=down");
	open_session();
	ck_assert_ok(plan_start(VM_A, list, 4, NULL), err);
	a = &plan->vnics[0].assignment;
	ck_assert_str_eq(a->vm, VM_A);
	ck_assert_str_eq(a->network, "");
	ck_assert_str_eq(planned(0), "VF 1 of ens1f0");
	ck_assert(!a->macvtap);
	ck_assert_uint_eq(a->mtu, 0);
	ck_assert_str_eq(plan->vnics[0].netdev, "");
	ck_assert_str_eq(a->alias, text("ua-vfpt-%012llx", (unsigned long long)vfpt_mac_value(&a->mac)));
	ck_assert_uint_eq(a->wanted.value[VFPT_MAC], vfpt_mac_value(&a->mac));
	ck_assert_str_eq(steps(0), text("record 1\nset 1 mac %s\n", vfpt_mac_format(&a->mac, mac)));
	/* It is no vNIC of any network, but it is a VF of this VM. */
	ck_assert_str_eq(planned(1), "VF 0 of ens1f0");
	ck_assert_str_eq(planned(2), "VF 2 of ens1f0");
	ck_assert_str_eq(planned(3), "the VM has it already");
}
END_TEST

/* libvirt would set VLAN id 0: what the VF has, it keeps. */
START_TEST(vf_by_name_keeps_its_vlan)
{
	static const struct {
		unsigned id, priority, protocol;
		const char *held;
	} cases[] = {
		{0, 0, VFPT_VLAN_8021Q, ""},
		{7, 0, VFPT_VLAN_8021Q, ""},
		/* what libvirt resets comes back, and until then nothing passes */
		{7, 3, VFPT_VLAN_8021Q, "hold 0\n"},
		{7, 0, VFPT_VLAN_8021AD, "hold 0\n"},
		{0, 3, VFPT_VLAN_8021Q, "hold 0\n"},
	};
	const struct vfpt_request request = request_by_name("eth0");

	vfpt_settings_put(&drivers[1].vfs[0], VFPT_VLAN_ID, cases[_i].id);
	vfpt_settings_put(&drivers[1].vfs[0], VFPT_VLAN_PRIORITY, cases[_i].priority);
	vfpt_settings_put(&drivers[1].vfs[0], VFPT_VLAN_PROTOCOL, cases[_i].protocol);
	open_session();
	ck_assert_ok(plan_start(VM_A, &request, 1, NULL), err);
	ck_assert_str_eq(planned(0), "VF 0 of ens1f0");
	ck_assert_str_eq(steps(0), text("record 0\n%sset 0 mac " MAC_ETH0 "\n", cases[_i].held));
	ck_assert_uint_eq(wanted(0)->value[VFPT_VLAN_ID], cases[_i].id);
	ck_assert_uint_eq(wanted(0)->value[VFPT_VLAN_PRIORITY], cases[_i].priority);
	ck_assert_uint_eq(wanted(0)->value[VFPT_VLAN_PROTOCOL], cases[_i].protocol);
	ck_assert(!vfpt_settings_have(wanted(0), VFPT_SPOOFCHK));
}
END_TEST

/* It has what it has, whatever that is. */
START_TEST(vf_by_name_keeps_what_is_not_shown)
{
	const struct vfpt_request request = request_by_name("eth0");

	drivers[1].hides = 1u << VFPT_SPOOFCHK | 1u << VFPT_TRUST;
	open_session();
	ck_assert_ok(plan_start(VM_A, &request, 1, NULL), err);
	ck_assert_str_eq(steps(0), "record 0\nset 0 mac " MAC_ETH0 "\n");
}
END_TEST

/* --- what is given back first ---------------------------------------------------------------- */

/* VM A was started by a hook that was killed, with trust for its vNIC aa; its VF is VF 0 of ens1f0. */
static void start_and_leave(void)
{
	struct vfpt_request request = request_of("blue");

	request.mac = mac_aa;
	vfpt_settings_put(&request.profile.settings, VFPT_TRUST, 1);
	open_session();
	ck_assert_ok(plan_start(VM_A, &request, 1, NULL), err);
	ck_assert_ok(apply(), err);
	ck_assert_uint_eq(drivers[1].vfs[0].value[VFPT_TRUST], 1);
}

START_TEST(what_a_killed_start_left_is_given_back_first)
{
	struct vfpt_request request = request_of("blue");
	const struct vfpt_vnic_plan *one;

	prepare("1.1=b 2.0=a/green");
	start_and_leave();
	put_record(2, 0, "green", &mac_bb, false);
	open_session();
	request.mac = mac_aa;
	ck_assert_ok(plan_start(VM_A, &request, 1, NULL), err);
	ck_assert_uint_eq(plan->release_count, 2);
	ck_assert_str_eq(plan->releases[0].pf, "ens1f0");
	ck_assert_str_eq(plan->releases[1].pf, "ens2f0");
	ck_assert(plan->run == VFPT_NEW_RUN);
	/* As it will be when it is taken; and it is set all the same, as its driver may not take it. */
	one = &plan->vnics[0];
	ck_assert_str_eq(planned(0), "VF 0 of ens1f0");
	ck_assert_uint_eq(one->before.value[VFPT_MAC], mac_at_first(1, 0));
	ck_assert_uint_eq(one->before.value[VFPT_VLAN_ID], 0);
	ck_assert_uint_eq(one->before.value[VFPT_TRUST], 0);
	ck_assert_uint_eq(one->assignment.before.value[VFPT_TRUST], 0);
	ck_assert_str_eq(steps(0), "record 0\nset 0 mac 56:6f:1a:2b:00:aa\nset 0 vlan_id 200\n"
				   "set 0 vlan_priority 0\nset 0 vlan_protocol 802.1Q\n");
	/* Its MAC is nobody's then. */
	request.bridge = request.network = "red";
	ck_assert_ok(plan_start(VM_A, &request, 1, NULL), err);
	ck_assert_str_eq(planned(0), "VF 0 of ens2f0");
	ck_assert_int_eq(plan->vnics[0].steps[0].kind, VFPT_STEP_RECORD);
}
END_TEST

START_TEST(of_a_vm_that_runs_only_the_vnic_that_is_plugged_is_given_back)
{
	struct vfpt_request request = request_of("red");

	start_and_leave();
	ck_assert_ok(plan_plug(VM_A, &request), err);
	ck_assert_uint_eq(plan->release_count, 0);
	/* It belongs to the run in which the VM got its others. */
	ck_assert(plan->run == assignment.run);
	request.mac = mac_aa;
	ck_assert_ok(plan_plug(VM_A, &request), err);
	ck_assert_uint_eq(plan->release_count, 1);
	ck_assert_mem_eq(plan->releases[0].mac.octet, mac_aa.octet, 6);
	ck_assert_ok(plan_plug(VM_B, &request), err);
	ck_assert_uint_eq(plan->release_count, 0);
	ck_assert(plan->run == 0);
}
END_TEST

START_TEST(vm_that_runs_already_is_refused)
{
	struct vfpt_request request = request_of("blue");

	request.mac = mac_aa;
	start_and_leave();
	bind_to_vfio(1, 0);
	put_process(4711, VM_A);
	open_session();
	ck_assert_ok(plan_start(VM_A, &request, 1, NULL), err);
	ck_assert_str_eq(plan->failure.message,
		"vNIC: VM " VM_A " runs already, on VF 0 of ens1f0; stop it before it is started "
		"again");
	ck_assert_int_eq(plan->vnics[0].outcome, VFPT_OUTCOME_NONE);
	ck_assert_ok(plan_plug(VM_A, &request), err);
	ck_assert_contains(
		plan->failure.message, "vNIC: it is plugged already, on VF 0 of ens1f0 (it is bound to ");
	/* Without the process, somebody else has it: it is given back, and is not to be had. */
	drop("proc/4711");
	open_session();
	ck_assert_ok(plan_start(VM_A, &request, 1, NULL), err);
	ck_assert_uint_eq(plan->release_count, 1);
	ck_assert_str_eq(planned(0), "VF 1 of ens1f0");
}
END_TEST

/* What VMs have that are gone counts as given back where the caller says so. */
START_TEST(vf_of_a_vm_that_is_gone_is_planned_as_it_will_be)
{
	struct vfpt_plan_options options = {.gone_count = 1, .gone = &assignment};
	struct vfpt_request request = request_of("blue");

	prepare("1=1");
	start_and_leave();
	request.mac = mac_aa;
	ck_assert_ok(plan_start(VM_B, &request, 1, NULL), err);
	ck_assert_contains(planned(0), "no free VF: ens1f0 has 1 VFs, 1 assigned to VMs; ");
	ck_assert_ok(plan_start(VM_B, &request, 1, &options), err);
	ck_assert_uint_eq(plan->release_count, 0);
	ck_assert_str_eq(planned(0), "VF 0 of ens1f0");
	ck_assert_uint_eq(plan->vnics[0].before.value[VFPT_TRUST], 0);
	ck_assert_uint_eq(plan->vnics[0].before.value[VFPT_MAC], mac_at_first(1, 0));
}
END_TEST

/* --- what becomes of it ---------------------------------------------------------------------- */

START_TEST(preferred_vnic_stays_where_it_has_a_bridge)
{
	struct vfpt_request list[] = {request_of("blue"), request_of("green"), request_of("red")};

	prepare("1=1 1.0=b");
	list[0].profile.passthrough = VFPT_PASSTHROUGH_PREFERRED;
	list[1].profile.passthrough = VFPT_PASSTHROUGH_OFF;
	open_session();
	ck_assert_ok(plan_start(VM_A, list, 3, NULL), err);
	ck_assert_int_eq(plan->failure.code, VFPT_OK);
	ck_assert(vfpt_plan_lacks_vf(plan));
	ck_assert_str_eq(vfpt_outcome_name(plan->vnics[0].outcome), "stay");
	ck_assert_str_eq(vfpt_outcome_name(plan->vnics[1].outcome), "none");
	ck_assert_str_eq(vfpt_outcome_name(plan->vnics[2].outcome), "vf");
	ck_assert_contains(planned(0), "no free VF: ");
	ck_assert_ptr_null(plan->vnics[0].pf);
	/* On a network that has none here it is an error. */
	list[0].bridge = list[0].network = "green";
	ck_assert_ok(plan_start(VM_A, list, 3, NULL), err);
	ck_assert_str_eq(vfpt_outcome_name(plan->vnics[0].outcome), "fail");
	ck_assert_contains(plan->failure.message, "vNIC: there is no bridge green on this host");
}
END_TEST

START_TEST(first_failure_is_what_vdsm_hears_of)
{
	const struct vfpt_plan_options go_on = {.verdicts = true};
	struct vfpt_request list[] = {request_of("green"), request_of("violet"), request_of("blue")};

	strcpy(list[0].name, "first");
	strcpy(list[1].name, "second");
	open_session();
	ck_assert_ok(plan_start(VM_A, list, 3, &go_on), err);
	ck_assert_contains(planned(0), "there is no bridge green on this host");
	ck_assert_contains(planned(1), "there is no bridge violet on this host");
	ck_assert_str_eq(planned(2), "VF 0 of ens1f0");
	ck_assert_contains(plan->failure.message, "first: there is no bridge green on this host");
	/* Behind it nothing is looked at, unless somebody wants to know. */
	ck_assert_ok(plan_start(VM_A, list, 3, NULL), err);
	ck_assert_int_eq(plan->vnics[1].outcome, VFPT_OUTCOME_NONE);
	ck_assert_int_eq(plan->vnics[2].outcome, VFPT_OUTCOME_NONE);
	ck_assert_contains(plan->failure.message, "first: there is no bridge green on this host");
}
END_TEST

START_TEST(unfit_vnic_gets_none_on_any_host)
{
	struct vfpt_request request = request_of("blue");

	vfpt_error_set(&request.unfit, VFPT_BAD_INPUT, "its model is e1000e");
	open_session();
	ck_assert_str_eq(refusal(VM_A, &request, VFPT_BAD_INPUT), "its model is e1000e");
}
END_TEST

START_TEST(who_asks_for_nothing_gets_nothing)
{
	struct vfpt_request request = request_of("blue");

	request.profile.passthrough = VFPT_PASSTHROUGH_OFF;
	prepare("1.0=a");
	open_session();
	ck_assert_ok(plan_start(VM_A, &request, 1, NULL), err);
	ck_assert_int_eq(plan->vnics[0].outcome, VFPT_OUTCOME_NONE);
	ck_assert_uint_eq(plan->release_count, 0);
	ck_assert(!vfpt_plan_lacks_vf(plan));
	vfpt_plan_free(NULL);
}
END_TEST

/* Planned again, it has no other PF: what the driver said is more than that. */
START_TEST(what_a_driver_refused_is_the_reason_to_stay)
{
	struct vfpt_refused refused = {.request = 0};
	const struct vfpt_plan_options options = {.refused_count = 1, .refused = &refused};
	struct vfpt_request request = request_of("blue");

	request.profile.passthrough = VFPT_PASSTHROUGH_PREFERRED;
	open_session();
	ck_assert_ok(plan_start(VM_A, &request, 1, NULL), err);
	refused.pf = plan->vnics[0].pf;
	vfpt_error_set(&refused.why, VFPT_REFUSED, "VF 0 of ens1f0 (igb): it does not like it");
	ck_assert_ok(plan_start(VM_A, &request, 1, &options), err);
	ck_assert_int_eq(plan->vnics[0].outcome, VFPT_OUTCOME_STAY);
	ck_assert_str_eq(planned(0), "VF 0 of ens1f0 (igb): it does not like it");
}
END_TEST

/* --- VFs that their driver does not show, or is busy with ------------------------------------ */

#define NOT_SHOWN "its driver does not show it: it resets it, or has disabled it"
#define WAS_BUSY  "its driver was busy with it for too long"

START_TEST(hidden_vf_is_passed_over_without_waiting)
{
	const struct vfpt_request list[] = {request_of("blue"), request_of("blue")};

	drivers[1].hidden = 1u << 0 | 1u << 2;
	open_session();
	ck_assert_ok(plan_start(VM_A, list, 2, NULL), err);
	ck_assert_str_eq(planned(0), "VF 1 of ens1f0");
	ck_assert_str_eq(planned(1), "VF 3 of ens1f0");
	ck_assert_uint_eq(drivers[1].waits, 0);
	ck_assert_str_eq(said, "");
}
END_TEST

/* Also one that is not the best: it is no reason to wait. */
START_TEST(hidden_vf_of_another_network_is_no_matter)
{
	const struct vfpt_request request = request_of("blue");

	drivers[2].hidden = drivers[3].hidden = ~0u;
	open_session();
	ck_assert_ok(plan_start(VM_A, &request, 1, NULL), err);
	ck_assert_str_eq(planned(0), "VF 0 of ens1f0");
	ck_assert_str_eq(steps(0),
		text("record 0\nset 0 mac 56:6f:1a:2b:01:%02x\nset 0 vlan_id 200\n", request.mac.octet[5]));
	ck_assert_int_eq(plan->warning.code, VFPT_OK);
	ck_assert_uint_eq(drivers[1].waits, 0);
}
END_TEST

START_TEST(hidden_vf_is_waited_for_where_all_others_are_taken)
{
	const struct vfpt_plan_options verdicts = {.verdicts = true};
	const struct vfpt_request request = request_of("blue");

	prepare("1=3 1.1=b 1.2=use");
	drivers[1].hidden = 1u << 0;
	drivers[1].hidden_for = 4;
	open_session();
	ck_assert_ok(plan_start(VM_A, &request, 1, _i ? &verdicts : NULL), err);
	ck_assert_str_eq(planned(0), "VF 0 of ens1f0");
	ck_assert_uint_eq(drivers[1].waits, 4);
	/* What it was is what it shows now. */
	ck_assert_uint_eq(plan->vnics[0].before.value[VFPT_MAC], mac_at_first(1, 0));
	ck_assert_uint_eq(plan->vnics[0].before.present, (1u << VFPT_SETTING_COUNT) - 1);
	ck_assert_uint_eq(plan->vnics[0].considered_count, _i ? 3 : 0);
	if (_i)
		ck_assert(plan->vnics[0].considered[0].chosen);
}
END_TEST

/* Which is the first to be there again nobody knows. */
START_TEST(first_vf_that_is_shown_again_is_given)
{
	const struct vfpt_request request = request_of("red");

	drivers[2].hidden = drivers[3].hidden = ~0u;
	drivers[3].hidden_for = 2;
	open_session();
	ck_assert_ok(plan_start(VM_A, &request, 1, NULL), err);
	ck_assert_contains(planned(0), " of ens3f0");
	ck_assert_uint_eq(drivers[3].waits, 2);
}
END_TEST

START_TEST(all_vfs_that_are_shown_again_are_known)
{
	const struct vfpt_request list[] = {request_of("blue"), request_of("blue")};

	prepare("1=2");
	drivers[1].hidden = 1u << 0 | 1u << 1;
	drivers[1].hidden_for = 3;
	open_session();
	ck_assert_ok(plan_start(VM_A, list, 2, NULL), err);
	ck_assert_str_eq(planned(0), "VF 0 of ens1f0");
	ck_assert_str_eq(planned(1), "VF 1 of ens1f0");
	ck_assert_uint_eq(drivers[1].waits, 3);
}
END_TEST

/* Of the others what the plan has made of them so far. */
START_TEST(waiting_changes_nothing_of_what_is_planned_already)
{
	struct vfpt_request list[] = {request_of("blue"), request_of("blue")};

	prepare("1=2");
	put_file(PF_1 "net/ens1f0/speed", "1000\n");
	for (size_t i = 0; i < ARRAY_SIZE(list); i++) {
		vfpt_settings_put(&list[i].profile.settings, VFPT_MAX_TX_RATE, 900);
		vfpt_settings_put(&list[i].profile.settings, VFPT_MIN_TX_RATE, _i ? 600 : 300);
	}
	drivers[1].hidden = 1u << 0;
	drivers[1].hidden_for = 1;
	open_session();
	ck_assert_ok(plan_start(VM_A, list, 2, NULL), err);
	ck_assert_str_eq(planned(0), "VF 1 of ens1f0");
	ck_assert_uint_eq(drivers[1].waits, 1);
	if (_i)
		ck_assert_contains(planned(1), "its VFs would have 1200 of 1000 Mbit/s");
	else
		ck_assert_str_eq(planned(1), "VF 0 of ens1f0");
}
END_TEST

START_TEST(vf_that_stays_hidden_is_told_as_unusable)
{
	struct vfpt_request request = request_of("blue");

	prepare("1=3 1.0=b");
	drivers[1].hidden = 1u << 1 | 1u << 2;
	open_session();
	ck_assert_str_eq(refusal(VM_A, &request, VFPT_NO_VF),
		"no free VF: ens1f0 has 3 VFs, 1 assigned to VMs, 2 unusable (VF 1: " NOT_SHOWN
		"); make more VFs in the engine (Setup Host Networks) or stop a VM that has one");
	ck_assert_uint_gt(drivers[1].waits, 2);
	/* And who only prefers one stays. */
	request.profile.passthrough = VFPT_PASSTHROUGH_PREFERRED;
	ck_assert_ok(plan_start(VM_A, &request, 1, NULL), err);
	ck_assert_str_eq(vfpt_outcome_name(plan->vnics[0].outcome), "stay");
	/* Whose VF is hidden is no matter, nor what vfpt.conf excludes. */
	put_file(CONFIG, "[pf ens1f0]\nexclude = 2\n");
	drivers[1].hidden = ~0u;
	open_session();
	ck_assert_ok(plan_start(VM_A, &request, 1, NULL), err);
	ck_assert_str_eq(planned(0),
		"no free VF: ens1f0 has 3 VFs, 1 assigned to VMs, 1 excluded by vfpt.conf, 1 unusable "
		"(VF 1: " NOT_SHOWN
		"); make more VFs in the engine (Setup Host Networks) or stop a VM that has one");
}
END_TEST

/* "usable", "chosen", or why not, of a VF of ens1f0. */
static const char *verdict(unsigned vf)
{
	const struct vfpt_considered *one = &plan->vnics[0].considered[vf];

	ck_assert_uint_lt(vf, plan->vnics[0].considered_count);
	ck_assert_uint_eq(one->vf, vf);
	return one->chosen ? "chosen" : one->usable ? "usable" : one->why;
}

START_TEST(verdicts_name_what_is_hidden_or_busy)
{
	struct vfpt_refused refused = {.request = 0, .vf = 2, .why.code = VFPT_BUSY};
	const struct vfpt_plan_options options = {.verdicts = true, .refused_count = 1, .refused = &refused};
	const struct vfpt_request request = request_of("blue");

	prepare("1=4 1.1=b");
	drivers[1].hidden = 1u << 0 | 1u << 1;
	open_session();
	ck_assert_ok(plan_start(VM_A, &request, 1, NULL), err);
	refused.pf = plan->vnics[0].pf;
	ck_assert_ok(plan_start(VM_A, &request, 1, &options), err);
	ck_assert_uint_eq(plan->vnics[0].considered_count, 4);
	ck_assert_str_eq(verdict(0), NOT_SHOWN);
	ck_assert_str_eq(verdict(1), "it belongs to VM " VM_B);
	ck_assert_str_eq(verdict(2), WAS_BUSY);
	ck_assert_str_eq(verdict(3), "chosen");
	ck_assert_uint_eq(drivers[1].waits, 0);
	/* Also where none is left. */
	give(1, 3, VM_B);
	open_session();
	ck_assert_ok(plan_start(VM_A, &request, 1, &(struct vfpt_plan_options){.verdicts = true}), err);
	ck_assert_str_eq(planned(0), "VF 2 of ens1f0");
	ck_assert_str_eq(verdict(0), NOT_SHOWN);
	give(1, 2, VM_B);
	open_session();
	ck_assert_ok(plan_start(VM_A, &request, 1, &(struct vfpt_plan_options){.verdicts = true}), err);
	ck_assert_int_eq(plan->vnics[0].outcome, VFPT_OUTCOME_FAIL);
	ck_assert_uint_eq(plan->vnics[0].considered_count, 4);
	ck_assert_str_eq(verdict(0), NOT_SHOWN);
}
END_TEST

/* No other will do: it is waited for, although others are free. */
START_TEST(hidden_vf_by_name_is_waited_for)
{
	const struct vfpt_request request = request_by_name("eth1");

	drivers[1].hidden = 1u << 1;
	drivers[1].hidden_for = 3;
	open_session();
	ck_assert_ok(plan_start(VM_A, &request, 1, NULL), err);
	ck_assert_str_eq(planned(0), "VF 1 of ens1f0");
	ck_assert_uint_eq(drivers[1].waits, 3);
	ck_assert_uint_eq(plan->vnics[0].before.value[VFPT_MAC], mac_at_first(1, 1));
	drivers[1].hidden = 1u << 1;
	open_session();
	ck_assert_str_eq(refusal(VM_A, &request, VFPT_BUSY),
		"VF 1 of ens1f0 (igb): its driver does not show it: it resets the VF, or has disabled it "
		"(the kernel's log says more)");
	ck_assert_contains(plan->failure.message, "custom property sriov: eth1: VF 1 of ens1f0 (igb): ");
}
END_TEST

/* A driver that was busy while an earlier plan was applied. */
static struct vfpt_refused busy_vf(unsigned vf, const struct vfpt_request *request)
{
	struct vfpt_refused refused = {.request = 0, .vf = vf};

	ck_assert_ok(plan_start(VM_A, request, 1, NULL), err);
	refused.pf = plan->vnics[0].pf;
	vfpt_error_set(&refused.why, VFPT_BUSY, "VF %u of ens1f0 (igb): it is busy", vf);
	return refused;
}

START_TEST(vf_that_the_driver_was_busy_with_is_planned_for_nobody)
{
	struct vfpt_request list[] = {request_of("blue"), request_of("ovirtmgmt")};
	open_session();

	const struct vfpt_refused refused[] = {busy_vf(0, &list[0]), busy_vf(2, &list[0])};
	const struct vfpt_plan_options options = {.refused_count = 2, .refused = refused};

	ck_assert_ok(plan_start(VM_A, list, 2, &options), err);
	ck_assert_str_eq(planned(0), "VF 1 of ens1f0");
	ck_assert_str_eq(planned(1), "VF 3 of ens1f0");
	ck_assert_uint_eq(drivers[1].waits, 0);
}
END_TEST

/* It was waited for already, as long as it may be. */
START_TEST(vf_that_the_driver_was_busy_with_is_not_waited_for)
{
	struct vfpt_request request = request_of("blue");
	struct vfpt_refused refused;
	const struct vfpt_plan_options options = {.refused_count = 1, .refused = &refused};

	prepare("1=2 1.1=b");
	if (_i & 1)
		request.profile.passthrough = VFPT_PASSTHROUGH_PREFERRED;
	open_session();
	refused = busy_vf(0, &request);
	if (_i & 2) /* it resets it now */
		drivers[1].hidden = 1u << 0;
	ck_assert_ok(plan_start(VM_A, &request, 1, &options), err);
	ck_assert_str_eq(vfpt_outcome_name(plan->vnics[0].outcome), _i & 1 ? "stay" : "fail");
	ck_assert_str_eq(planned(0), "VF 0 of ens1f0 (igb): it is busy");
	ck_assert_uint_eq(drivers[1].waits, 0);
}
END_TEST

/* But one that is hidden beside it is, as long as any other. */
START_TEST(hidden_vf_beside_a_busy_one_is_waited_for)
{
	const struct vfpt_request request = request_of("blue");
	struct vfpt_refused refused;
	const struct vfpt_plan_options options = {.refused_count = 1, .refused = &refused};

	prepare("1=3 1.2=b");
	open_session();
	refused = busy_vf(0, &request);
	drivers[1].hidden = 1u << 0 | 1u << 1; /* in the end the busy one, too */
	drivers[1].hidden_for = 3;
	ck_assert_ok(plan_start(VM_A, &request, 1, &options), err);
	ck_assert_str_eq(planned(0), "VF 1 of ens1f0");
	ck_assert_uint_eq(drivers[1].waits, 3);
}
END_TEST

/* A tree that was captured while a VF was hidden: nobody waits for it. */
START_TEST(captured_vf_that_is_hidden_is_passed_over)
{
	struct vfpt_request request = request_of("blue"), named = request_by_name("eth0");

	prepare("1=3");
	put_file("netlink/settings/ens1f0", "1 mac 02:00:00:00:00:01\n2 mac 02:00:00:00:00:02\n");
	open_session();
	session.captured = true;
	ck_assert_ok(plan_start(VM_A, &request, 1, NULL), err);
	ck_assert_str_eq(planned(0), "VF 1 of ens1f0");
	ck_assert_str_eq(refusal(VM_A, &named, VFPT_BUSY),
		"VF 0 of ens1f0 (igb): its driver does not show it: it resets the VF, or has disabled it "
		"(the kernel's log says more)");
	prepare("1.1=b 1.2=b");
	open_session();
	session.captured = true;
	ck_assert_str_eq(refusal(VM_A, &request, VFPT_NO_VF),
		"no free VF: ens1f0 has 3 VFs, 2 assigned to VMs, 1 unusable (VF 0: " NOT_SHOWN
		"); make more VFs in the engine (Setup Host Networks) or stop a VM that has one");
	ck_assert_uint_eq(drivers[1].waits, 0);
	/* Where no VF was captured, nothing is known of any. */
	put_file("netlink/settings/ens1f0", "");
	ck_assert_ok(plan_start(VM_A, &request, 1, NULL), err);
	ck_assert_str_eq(planned(0), "VF 0 of ens1f0");
	ck_assert_ok(plan_start(VM_A, &named, 1, NULL), err);
	ck_assert_str_eq(planned(0), "VF 0 of ens1f0");
}
END_TEST

/* --- a captured tree, and a plan in words ---------------------------------------------------- */

static void open_captured(void)
{
	open_session();
	session.captured = true;
}

START_TEST(captured_settings_count)
{
	struct vfpt_request request = request_of("blue");

	request.mac = mac_aa;
	put_file("netlink/settings/ens1f0", "0 mac 02:00:00:00:00:01\n0 vlan_id 7\n0 spoofchk on\n"
					    "5 mac 56:6f:1a:2b:00:aa\n");
	open_captured();
	ck_assert_ok(plan_start(VM_A, &request, 1, NULL), err);
	ck_assert_uint_eq(plan->vnics[0].before.value[VFPT_VLAN_ID], 7);
	ck_assert_contains(steps(0), "clear ens1f0 5 mac 56:6f:1a:2b:00:aa\n");
	ck_assert_uint_eq(
		plan->vnics[0].before.present, 1u << VFPT_MAC | 1u << VFPT_VLAN_ID | 1u << VFPT_SPOOFCHK);
	put_file(CONFIG, "[pf ens1f0]\nexclude = 5\n");
	open_captured();
	ck_assert_contains(refusal(VM_A, &request, VFPT_BAD_INPUT), "VF 5 of ens1f0 has this MAC already: ");
}
END_TEST

static const char *reported(void)
{
	catch_stderr();
	vfpt_report_plan(plan);
	return caught_stderr();
}

START_TEST(plan_is_told_in_words)
{
	struct vfpt_request list[] = {request_of("blue"), request_of("red"), request_of("green")};

	put_file("sys/devices/virtual/net/blue/mtu", "9000\n");
	put_file(PF_1 "net/ens1f0/mtu", "9000\n");
	list[0].mac = mac_aa;
	list[0].profile.mode = VFPT_MODE_MACVTAP;
	list[1].mac = mac_bb;
	vfpt_settings_put(&list[1].profile.settings, VFPT_VLAN_PRIORITY, 3);
	vfpt_settings_put(&list[1].profile.settings, VFPT_LINK_STATE, VFPT_LINK_ENABLE);
	list[2].profile.passthrough = VFPT_PASSTHROUGH_OFF;
	vfpt_settings_put(&drivers[3].vfs[2], VFPT_MAC, vfpt_mac_value(&mac_aa));
	open_session();
	ck_assert_ok(plan_start(VM_A, list, 3, NULL), err);
	ck_assert_str_eq(reported(),
		"would clear: VF 2 of ens3f0: mac 56:6f:1a:2b:00:aa\n"
		"would set: VF 0 of ens1f0: mac 56:6f:1a:2b:00:aa, vlan_id 200, vlan_priority 0, "
		"vlan_protocol 802.1Q\n"
		"would set: MTU of eth0 to 9000\n"
		"would set: VF 0 of ens2f0: link_state disable\n"
		"would set: VF 0 of ens2f0: mac 56:6f:1a:2b:00:bb, vlan_id 100, vlan_priority 3, "
		"vlan_protocol 802.1Q\n");
	ck_assert_str_eq(drivers[1].log, "");
	ck_assert_str_eq(get_file(PF_1 "virtfn0/net/eth0/mtu", NULL), "1500\n");
}
END_TEST

START_TEST(what_is_given_back_first_is_told_too)
{
	struct vfpt_request request = request_of("red");

	prepare("1.2=a");
	open_session();
	ck_assert_ok(plan_start(VM_A, &request, 1, NULL), err);
	catch_stderr();
	ck_assert_ok(vfpt_report_releases(&session, plan, &err), err);
	ck_assert_str_eq(caught_stderr(), "would set back: VF 2 of ens1f0: what it was before\n");
	start_and_leave();
	ck_assert_ok(plan_start(VM_A, &request, 1, NULL), err);
	catch_stderr();
	ck_assert_ok(vfpt_report_releases(&session, plan, &err), err);
	ck_assert_str_eq(caught_stderr(),
		"would set back: VF 0 of ens1f0: mac fe:00:00:00:00:00, vlan_id 0, vlan_priority 0, "
		"vlan_protocol 802.1Q, max_tx_rate 0, min_tx_rate 0, spoofchk on, trust off, rss_query off, "
		"link_state auto\n");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("plan");
	TCase *tcase = plan_case(suite, "what it gets");

	tcase_add_test(tcase, plan_changes_nothing);
	tcase_add_test(tcase, assignment_says_all);
	tcase_add_loop_test(
		tcase, vlan_is_the_networks_unless_the_vnic_asks_for_another, 0, ARRAY_SIZE(vlans));
	tcase_add_loop_test(tcase, vlan_and_mtu_are_the_vnics_or_the_configurations_or_the_bridges, 0,
		ARRAY_SIZE(targets));
	tcase_add_test(tcase, vlan_of_a_bridge_on_a_pf_without_vfs_counts);
	tcase_add_loop_test(tcase, bandwidth_of_the_vnic_is_a_ceiling, 0, ARRAY_SIZE(bandwidths));
	tcase_add_test(tcase, minimum_rates_together_are_not_above_the_speed);

	tcase = plan_case(suite, "modes");
	tcase_add_loop_test(tcase, port_profile_leaves_the_vlan_to_the_switch, 0, 2);
	tcase_add_loop_test(tcase, failover_needs_a_bridge, 0, ARRAY_SIZE(failovers));
	tcase_add_test(tcase, macvtap_needs_the_vfs_network_device_and_no_iommu);
	tcase_add_test(tcase, macvtap_on_a_vf_without_network_device_is_told);
	tcase_add_test(tcase, network_device_that_cannot_be_read_is_an_error_and_no_shortage);

	tcase = plan_case(suite, "steps");
	tcase_add_test(tcase, settings_that_are_asked_for_are_set_and_no_others);
	tcase_add_test(tcase, mac_that_the_chosen_vf_has_already_is_set_and_no_conflict);
	tcase_add_loop_test(tcase, link_is_held_where_libvirt_would_open_it_with_a_wrong_tag, 0, 3);
	tcase_add_loop_test(tcase, setting_that_is_not_shown_is_set_to_its_default, 0, 2);

	tcase = plan_case(suite, "by name");
	tcase_add_test(tcase, of_a_vf_by_name_nothing_but_its_mac_is_asked_for);
	tcase_add_loop_test(tcase, vf_by_name_keeps_its_vlan, 0, 5);
	tcase_add_test(tcase, vf_by_name_keeps_what_is_not_shown);

	tcase = plan_case(suite, "given back first");
	tcase_add_test(tcase, what_a_killed_start_left_is_given_back_first);
	tcase_add_test(tcase, of_a_vm_that_runs_only_the_vnic_that_is_plugged_is_given_back);
	tcase_add_test(tcase, vm_that_runs_already_is_refused);
	tcase_add_test(tcase, vf_of_a_vm_that_is_gone_is_planned_as_it_will_be);

	tcase = plan_case(suite, "outcomes");
	tcase_add_test(tcase, preferred_vnic_stays_where_it_has_a_bridge);
	tcase_add_test(tcase, first_failure_is_what_vdsm_hears_of);
	tcase_add_test(tcase, unfit_vnic_gets_none_on_any_host);
	tcase_add_test(tcase, who_asks_for_nothing_gets_nothing);
	tcase_add_test(tcase, what_a_driver_refused_is_the_reason_to_stay);

	tcase = plan_case(suite, "not shown");
	tcase_add_test(tcase, hidden_vf_is_passed_over_without_waiting);
	tcase_add_test(tcase, hidden_vf_of_another_network_is_no_matter);
	tcase_add_loop_test(tcase, hidden_vf_is_waited_for_where_all_others_are_taken, 0, 2);
	tcase_add_test(tcase, first_vf_that_is_shown_again_is_given);
	tcase_add_test(tcase, all_vfs_that_are_shown_again_are_known);
	tcase_add_loop_test(tcase, waiting_changes_nothing_of_what_is_planned_already, 0, 2);
	tcase_add_test(tcase, vf_that_stays_hidden_is_told_as_unusable);
	tcase_add_test(tcase, verdicts_name_what_is_hidden_or_busy);
	tcase_add_test(tcase, hidden_vf_by_name_is_waited_for);
	tcase_add_test(tcase, vf_that_the_driver_was_busy_with_is_planned_for_nobody);
	tcase_add_loop_test(tcase, vf_that_the_driver_was_busy_with_is_not_waited_for, 0, 4);
	tcase_add_test(tcase, hidden_vf_beside_a_busy_one_is_waited_for);
	tcase_add_test(tcase, captured_vf_that_is_hidden_is_passed_over);

	tcase = plan_case(suite, "in words");
	tcase_add_test(tcase, captured_settings_count);
	tcase_add_test(tcase, plan_is_told_in_words);
	tcase_add_test(tcase, what_is_given_back_first_is_told_too);
	return run_suite(suite);
}
