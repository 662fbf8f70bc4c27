/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vfpt/network.h"

#include <string.h>

#include "opened_host.h"

#define VLANS "proc/net/vlan/config"

/* Whether it has PFs or not. */
static const struct vfpt_network *any_network(const char *bridge)
{
	const struct vfpt_network *network;

	ck_assert_ok(vfpt_host_network(host, bridge, &network, &err), err);
	ck_assert_str_eq(network->bridge, bridge);
	return network;
}

static const struct vfpt_network *network_of(const char *bridge)
{
	const struct vfpt_network *network = any_network(bridge);

	ck_assert_msg(network->pf_count > 0, "%s has no PF: %s", bridge, network->why.message);
	ck_assert(network->exists);
	return network;
}

/* Why a network has no PF; what else is known of it: is there a bridge, and its VLAN. */
static const char *why(const char *bridge, bool exists, unsigned vlan_id)
{
	const struct vfpt_network *network = any_network(bridge);

	ck_assert_uint_eq(network->pf_count, 0);
	ck_assert_int_eq(network->why.code, VFPT_NO_VF);
	ck_assert_int_eq(network->exists, exists);
	ck_assert_uint_eq(network->vlan_id, vlan_id);
	ck_assert_uint_eq(network->mtu, exists ? 1500 : 0);
	return network->why.message;
}

/* The names of its PFs. */
static const char *pfs_of(const struct vfpt_network *network)
{
	const char *names = "";

	for (size_t i = 0; i < network->pf_count; i++)
		names = text("%s%s%s", names, i ? " " : "", network->pfs[i]->name);
	return names;
}

static const char *refusal(const char *bridge, enum vfpt_code code)
{
	const struct vfpt_network *network;

	ck_assert_fails(vfpt_host_network(host, bridge, &network, &err), err, code);
	return err.message;
}

/* A network device that stands on nothing, with what every one has. */
static void put_netdev(const char *name, const char *type)
{
	put_file(text(VIRTUAL "%s/uevent", name),
		text("%s%s%sINTERFACE=%s\nIFINDEX=99\n", *type ? "DEVTYPE=" : "", type, *type ? "\n" : "",
			name));
	put_file(text(VIRTUAL "%s/ifindex", name), "99\n");
	put_file(text(VIRTUAL "%s/mtu", name), "1500\n");
	put_file(text(VIRTUAL "%s/operstate", name), "up\n");
	put_link(text(NET "%s", name), text("../../devices/virtual/net/%s", name));
}

static void put_bridge(const char *name, const char *port)
{
	put_netdev(name, "bridge");
	put_directory(text(VIRTUAL "%s/brif", name));
	if (port)
		put_link(text(VIRTUAL "%s/brif/%s", name, port), text("../../%s/brport", port));
}

static void put_lower(const char *upper, const char *lower)
{
	put_link(text(VIRTUAL "%s/lower_%s", upper, lower), text("../%s", lower));
}

/* --- networks of the captured host */

static const struct {
	const char *bridge;
	unsigned mtu;
	uint16_t vlan_id;
	const char *pfs;
} networks[] = {
	{"blue", 1500, 200, "ens1f0"},
	{"red", 1500, 100, "ens2f0 ens3f0"},
	{"ovirtmgmt", 1500, 0, "ens1f0"},
};

START_TEST(network_leads_to_its_pfs_and_vlan)
{
	const struct vfpt_network *network = network_of(networks[_i].bridge);

	ck_assert_str_eq(pfs_of(network), networks[_i].pfs);
	ck_assert_uint_eq(network->vlan_id, networks[_i].vlan_id);
	ck_assert_uint_eq(network->mtu, networks[_i].mtu);
}
END_TEST

START_TEST(networks_on_one_pf_share_it)
{
	ck_assert_ptr_eq(network_of("blue")->pfs[0], network_of("ovirtmgmt")->pfs[0]);
}
END_TEST

START_TEST(network_is_read_once_only)
{
	const struct vfpt_network *network = network_of("blue");

	drop("sys");
	ck_assert_ptr_eq(network_of("blue"), network);
}
END_TEST

/* --- names: they come from outside */

START_TEST(bad_bridge_name_is_refused)
{
	ck_assert_contains(refusal(bad_names[_i], VFPT_BAD_INPUT), "is not a bridge's name");
}
END_TEST

static const char *const unknown_names[] = {
	"green", "fifteencharacte", ";vdsmdummy;", "Blue", "b%s%n", "bonding_masters"};

START_TEST(unknown_network_is_said_to_be_missing)
{
	ck_assert_str_eq(why(unknown_names[_i], false, 0),
		text("there is no bridge %s on this host", unknown_names[_i]));
}
END_TEST

static const char *const no_bridges[] = {"ens1f0", "bond0", "bond0.100", "lo", "eth0"};

START_TEST(what_is_no_bridge_is_said_to_be_none)
{
	ck_assert_str_eq(
		why(no_bridges[_i], false, 0), text("%s is not a bridge on this host", no_bridges[_i]));
}
END_TEST

/* --- networks that have no VF to give */

START_TEST(bridge_without_ports_has_no_pf)
{
	put_bridge("green", NULL);
	ck_assert_ptr_null(any_network("green")->without_vfs);
	ck_assert_str_eq(why("green", true, 0),
		"bridge green has no PF below it; attach the network to a NIC with SR-IOV");
}
END_TEST

START_TEST(bridge_of_taps_has_no_pf)
{
	put_bridge("green", "vnet0");
	put_netdev("vnet0", "");
	ck_assert_str_eq(why("green", true, 0),
		"bridge green has no PF below it; attach the network to a NIC with SR-IOV");
}
END_TEST

START_TEST(taps_beside_a_pf_do_not_matter)
{
	put_netdev("vnet0", "");
	put_link(VIRTUAL "ovirtmgmt/brif/vnet0", "../../vnet0/brport");
	ck_assert_str_eq(pfs_of(network_of("ovirtmgmt")), "ens1f0");
}
END_TEST

START_TEST(bridge_on_a_plain_nic_has_no_pf)
{
	put_bridge("green", "em1");
	put_netdev("em1", "");
	put_link(VIRTUAL "em1/device", "../../../pci0000:00/0000:00:05.0");
	ck_assert_str_eq(why("green", true, 0),
		"em1 below bridge green is no SR-IOV PF; attach the network to a NIC with SR-IOV");
}
END_TEST

START_TEST(bridge_on_a_vf_has_no_pf)
{
	put_bridge("green", "eth0");
	ck_assert_str_eq(why("green", true, 0),
		"eth0 below bridge green is no SR-IOV PF; attach the network to a NIC with SR-IOV");
}
END_TEST

START_TEST(pf_without_vfs_is_named_with_a_remedy)
{
	put_file(PF_1 "sriov_numvfs", "0\n");
	ck_assert_str_eq(why("blue", true, 200),
		"PF ens1f0 below bridge blue has no VFs; make some: write their number to "
		"/sys/class/net/ens1f0/device/sriov_numvfs");
	ck_assert_str_eq(any_network("blue")->without_vfs->name, "ens1f0");
}
END_TEST

START_TEST(pf_without_vfs_beside_one_with_some_is_left_out)
{
	put_file(PF_2 "sriov_numvfs", "0\n");
	ck_assert_str_eq(pfs_of(network_of("red")), "ens3f0");
}
END_TEST

START_TEST(pf_without_vfs_is_named_rather_than_a_plain_nic)
{
	put_netdev("em1", "");
	put_link(VIRTUAL "em1/device", "../../../pci0000:00/0000:00:05.0");
	put_lower("bond0", "em1");
	put_file(PF_2 "sriov_numvfs", "0\n");
	put_file(PF_3 "sriov_numvfs", "0\n");
	ck_assert_contains(why("red", true, 100), " below bridge red has no VFs; ");
	ck_assert_str_eq(any_network("red")->without_vfs->name, "ens3f0");
}
END_TEST

/* Its VLAN is known all the same: vfpt.conf or a vNIC can name other PFs for the network. */
static const struct {
	const char *below; /* what the VLAN device stands on */
	const char *why;
} without_pf[] = {
	{"em1", "em1 below bridge green is no SR-IOV PF; attach the network to a NIC with SR-IOV"},
	{"bond7", "em1 below bridge green is no SR-IOV PF; attach the network to a NIC with SR-IOV"},
	{"eth0", "eth0 below bridge green is no SR-IOV PF; attach the network to a NIC with SR-IOV"},
	{"ens1f0", "PF ens1f0 below bridge green has no VFs; make some: write their number to "
		   "/sys/class/net/ens1f0/device/sriov_numvfs"},
	{"dummy0", "bridge green has no PF below it; attach the network to a NIC with SR-IOV"},
};

START_TEST(vlan_of_a_network_without_pf_is_known)
{
	put_netdev("em1", "");
	put_link(VIRTUAL "em1/device", "../../../pci0000:00/0000:00:05.0");
	put_netdev("bond7", "bond");
	put_lower("bond7", "em1");
	put_netdev("dummy0", "");
	put_file(PF_1 "sriov_numvfs", "0\n");
	put_bridge("green", "tagged");
	put_netdev("tagged", "vlan");
	put_lower("tagged", without_pf[_i].below);
	put_file(VLANS, text("%stagged         | 4094  | x\n", get_file(VLANS, NULL)));
	put_netdev("vnet7", "");
	put_link(VIRTUAL "green/brif/vnet7", "../../vnet7/brport");
	ck_assert_str_eq(why("green", true, 4094), without_pf[_i].why);
}
END_TEST

/* A PF that could have VFs tells more than what else is below the bridge, whichever comes first. */
START_TEST(vlan_is_that_of_the_device_that_is_named)
{
	const char *plain = _i ? "z" : "a";

	put_netdev(plain, "");
	put_link(text(VIRTUAL "%s/device", plain), "../../../pci0000:00/0000:00:05.0");
	put_file(PF_1 "sriov_numvfs", "0\n");
	put_bridge("green", plain);
	put_link(VIRTUAL "green/brif/ens1f0.200", "../../ens1f0.200/brport");
	ck_assert_contains(why("green", true, 200), "PF ens1f0 below bridge green has no VFs; ");
}
END_TEST

START_TEST(network_without_pf_is_read_once_only)
{
	const struct vfpt_network *green, *nowhere = any_network("nowhere");

	put_bridge("green", NULL);
	green = any_network("green");
	drop("sys");
	ck_assert_ptr_eq(any_network("green"), green);
	ck_assert_ptr_eq(any_network("nowhere"), nowhere);
}
END_TEST

/* --- what bridges stand on */

START_TEST(bond_is_followed_in_name_order)
{
	/* ens10f0 is ens3f0 by another name; it comes behind ens2f0, not in front. */
	move(PF_3 "net/ens3f0", PF_3 "net/ens10f0");
	put_link(NET "ens10f0", "../../devices/pci0000:00/0000:00:04.0/0000:03:00.0/net/ens10f0");
	drop(NET "ens3f0");
	drop(VIRTUAL "bond0/lower_ens3f0");
	put_lower("bond0", "ens10f0");
	ck_assert_str_eq(pfs_of(network_of("red")), "ens2f0 ens10f0");
}
END_TEST

START_TEST(bond_below_a_bridge_without_vlan_is_followed)
{
	put_bridge("green", "bond0");
	ck_assert_str_eq(pfs_of(network_of("green")), "ens2f0 ens3f0");
	ck_assert_uint_eq(network_of("green")->vlan_id, 0);
}
END_TEST

START_TEST(name_of_a_vlan_device_tells_nothing)
{
	move(VIRTUAL "ens1f0.200", VIRTUAL "foo");
	put_file(VIRTUAL "foo/uevent", "DEVTYPE=vlan\nINTERFACE=foo\nIFINDEX=24\n");
	put_link(NET "foo", "../../devices/virtual/net/foo");
	drop(NET "ens1f0.200");
	drop(VIRTUAL "blue/brif");
	put_link(VIRTUAL "blue/brif/foo", "../../foo/brport");
	put_file(VLANS, replaced(get_file(VLANS, NULL), "ens1f0.200     |", "foo            |"));
	ck_assert_uint_eq(network_of("blue")->vlan_id, 200);
	ck_assert_str_eq(pfs_of(network_of("blue")), "ens1f0");
}
END_TEST

START_TEST(plain_device_named_like_a_vlan_is_none)
{
	put_bridge("green", "bond0.7");
	put_netdev("bond0.7", "bond");
	put_lower("bond0.7", "ens1f0");
	ck_assert_uint_eq(network_of("green")->vlan_id, 0);
	ck_assert_str_eq(pfs_of(network_of("green")), "ens1f0");
}
END_TEST

START_TEST(vlan_device_of_a_full_length_name_is_found)
{
	put_bridge("green", "fifteencharacte");
	put_netdev("fifteencharacte", "vlan");
	put_lower("fifteencharacte", "ens1f0");
	put_file(VLANS, text("%sfifteencharacte| 4094  | ens1f0\n", get_file(VLANS, NULL)));
	ck_assert_uint_eq(network_of("green")->vlan_id, 4094);
}
END_TEST

START_TEST(vlan_device_missing_in_the_list_is_an_error)
{
	put_file(VLANS, "VLAN Dev name	 | VLAN ID\nName-Type: VLAN_NAME_TYPE_RAW_PLUS_VID_NO_PAD\n");
	ck_assert_str_eq(refusal("blue", VFPT_SYSTEM),
		"bridge blue: VLAN device ens1f0.200: proc/net/vlan/config does not know it");
}
END_TEST

START_TEST(missing_vlan_list_is_an_error)
{
	drop("proc");
	ck_assert_str_eq(refusal("blue", VFPT_SYSTEM), "bridge blue: VLAN device ens1f0.200: cannot read "
						       "proc/net/vlan/config: No such file or directory");
	ck_assert_str_eq(pfs_of(network_of("ovirtmgmt")), "ens1f0");
}
END_TEST

static const char *const bad_vlan_lines[] = {
	"ens1f0.200     | 0  | ens1f0",
	"ens1f0.200     | 4095  | ens1f0",
	"ens1f0.200     | 4294967496  | ens1f0",
	"ens1f0.200     | x  | ens1f0",
	"ens1f0.200     | -200  | ens1f0",
	"ens1f0.200     |",
	"ens1f0.200",
	"ens1f0.20      | 200  | ens1f0",
	"ens1f0.2000    | 200  | ens1f0",
	"xens1f0.200    | 200  | ens1f0",
	"",
};

START_TEST(garbage_in_the_vlan_list_is_an_error)
{
	put_file(VLANS, text("VLAN Dev name	 | VLAN ID\nName-Type: x\n%s\n", bad_vlan_lines[_i]));
	ck_assert_contains(refusal("blue", VFPT_SYSTEM), "VLAN device ens1f0.200: ");
}
END_TEST

START_TEST(vlan_in_a_vlan_is_refused)
{
	put_bridge("green", "inner");
	put_netdev("inner", "vlan");
	put_lower("inner", "bond0.100");
	put_file(VLANS, text("%sinner          | 7  | bond0.100\n", get_file(VLANS, NULL)));
	ck_assert_str_eq(refusal("green", VFPT_NO_VF),
		"bridge green: bond0.100 is a VLAN inside VLAN 7, and a VF has only one tag");
}
END_TEST

START_TEST(ports_with_one_vlan_are_one_network)
{
	put_bridge("green", "ens1f0.200");
	put_netdev("two", "vlan");
	put_lower("two", "ens2f0");
	put_link(VIRTUAL "green/brif/two", "../../two/brport");
	put_file(VLANS, text("%stwo            | 200  | ens2f0\n", get_file(VLANS, NULL)));
	ck_assert_str_eq(pfs_of(network_of("green")), "ens1f0 ens2f0");
	ck_assert_uint_eq(network_of("green")->vlan_id, 200);
}
END_TEST

/* The second is the same PF by two ways: tagged, and not. */
static const struct {
	const char *other;
	const char *pf;
} disagreeing[] = {{"bond0.100", "ens2f0"}, {"ens1f0", "ens1f0"}};

START_TEST(ports_that_disagree_about_the_vlan_are_refused)
{
	const char *message;

	put_bridge("green", "ens1f0.200");
	put_link(text(VIRTUAL "green/brif/%s", disagreeing[_i].other), "../../x/brport");
	message = refusal("green", VFPT_NO_VF);
	ck_assert_contains(message, "bridge green: its ports disagree about the VLAN: ");
	ck_assert_contains(message, "200 on ens1f0");
	ck_assert_contains(message, text("%u on %s", _i ? 0 : 100, disagreeing[_i].pf));
}
END_TEST

START_TEST(pf_that_is_reached_twice_counts_once)
{
	put_netdev("bond1", "bond");
	put_lower("bond1", "ens2f0");
	put_bridge("green", "bond0");
	put_link(VIRTUAL "green/brif/bond1", "../../bond1/brport");
	ck_assert_str_eq(pfs_of(network_of("green")), "ens2f0 ens3f0");
}
END_TEST

/* What a bridge's port can stand on at most; behind that it is a loop. */
START_TEST(loop_of_lower_devices_is_refused)
{
	static const char *const loops[][2] = {{"a", "a"}, {"a", "b"}};

	put_bridge("green", "a");
	put_netdev("a", "bond");
	put_netdev("b", "bond");
	put_lower("a", loops[_i][1]);
	put_lower("b", loops[_i][0]);
	ck_assert_contains(refusal("green", VFPT_SYSTEM), "bridge green: devices are stacked too deep at ");
}
END_TEST

START_TEST(loop_of_vlan_devices_is_refused)
{
	put_bridge("green", "a");
	put_netdev("a", "vlan");
	put_lower("a", "a");
	put_file(VLANS, text("%sa              | 7  | a\n", get_file(VLANS, NULL)));
	ck_assert_contains(refusal("green", VFPT_NO_VF), "a is a VLAN inside VLAN 7");
}
END_TEST

/* The list named it a moment ago: as a tap that goes with its VM. */
START_TEST(lower_device_that_is_not_there_any_more_is_passed_over)
{
	put_lower("bond0", "ens9f0");
	put_link(VIRTUAL "red/brif/vnet9", "../../vnet9/brport");
	ck_assert_str_eq(pfs_of(network_of("red")), "ens2f0 ens3f0");
}
END_TEST

START_TEST(lower_device_that_cannot_be_read_is_an_error)
{
	put_lower("bond0", "ens9f0");
	put_file("sys/class/net/ens9f0", "");
	ck_assert_str_eq(refusal("red", VFPT_SYSTEM),
		"bridge red: cannot read /sys/class/net/ens9f0/uevent: Not a directory");
}
END_TEST

START_TEST(lower_link_that_is_no_name_is_passed_over)
{
	put_link(VIRTUAL "bond0/lower_", "x");
	put_link(VIRTUAL "bond0/lower_..", "x");
	put_link(VIRTUAL "bond0/lower_a_name_that_is_too_long", "x");
	ck_assert_str_eq(pfs_of(network_of("red")), "ens2f0 ens3f0");
}
END_TEST

/* --- garbage in sysfs */

START_TEST(bad_mtu_of_a_bridge_is_an_error)
{
	put_or_drop(VIRTUAL "ovirtmgmt/mtu", bad_numbers[_i].value);
	ck_assert_str_eq(refusal("ovirtmgmt", VFPT_SYSTEM),
		text("bridge ovirtmgmt: cannot read its MTU: %s", bad_numbers[_i].reason));
}
END_TEST

START_TEST(mtu_of_a_bridge_that_does_not_fit_is_an_error)
{
	put_file(VIRTUAL "ovirtmgmt/mtu", "4294967296\n");
	ck_assert_str_eq(refusal("ovirtmgmt", VFPT_SYSTEM),
		"bridge ovirtmgmt: cannot read its MTU: Numerical result out of range");
}
END_TEST

START_TEST(unreadable_pf_below_a_bridge_is_an_error)
{
	put_file(PF_1 "sriov_numvfs", "x\n");
	ck_assert_str_eq(refusal("ovirtmgmt", VFPT_SYSTEM),
		"bridge ovirtmgmt: PF ens1f0: cannot read sriov_numvfs: Invalid argument");
}
END_TEST

START_TEST(representor_below_a_bridge_is_no_pf)
{
	put_netdev_of_pf_1("ens1f0_0", "pf0vf0\n");
	put_bridge("green", "ens1f0_0");
	ck_assert_str_eq(why("green", true, 0),
		"ens1f0_0 below bridge green is no SR-IOV PF; attach the network to a NIC with SR-IOV");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("network");
	TCase *tcase = opened_host_case(suite, "captured host");

	tcase_add_loop_test(tcase, network_leads_to_its_pfs_and_vlan, 0, ARRAY_SIZE(networks));
	tcase_add_test(tcase, networks_on_one_pf_share_it);
	tcase_add_test(tcase, network_is_read_once_only);

	tcase = opened_host_case(suite, "names");
	tcase_add_loop_test(tcase, bad_bridge_name_is_refused, 0, BAD_NAMES);
	tcase_add_loop_test(tcase, unknown_network_is_said_to_be_missing, 0, ARRAY_SIZE(unknown_names));
	tcase_add_loop_test(tcase, what_is_no_bridge_is_said_to_be_none, 0, ARRAY_SIZE(no_bridges));

	tcase = opened_host_case(suite, "without VFs");
	tcase_add_test(tcase, bridge_without_ports_has_no_pf);
	tcase_add_test(tcase, bridge_of_taps_has_no_pf);
	tcase_add_test(tcase, taps_beside_a_pf_do_not_matter);
	tcase_add_test(tcase, bridge_on_a_plain_nic_has_no_pf);
	tcase_add_test(tcase, bridge_on_a_vf_has_no_pf);
	tcase_add_test(tcase, pf_without_vfs_is_named_with_a_remedy);
	tcase_add_test(tcase, pf_without_vfs_beside_one_with_some_is_left_out);
	tcase_add_test(tcase, pf_without_vfs_is_named_rather_than_a_plain_nic);
	tcase_add_loop_test(tcase, vlan_of_a_network_without_pf_is_known, 0, ARRAY_SIZE(without_pf));
	tcase_add_loop_test(tcase, vlan_is_that_of_the_device_that_is_named, 0, 2);
	tcase_add_test(tcase, network_without_pf_is_read_once_only);

	tcase = opened_host_case(suite, "stacking");
	tcase_add_test(tcase, bond_is_followed_in_name_order);
	tcase_add_test(tcase, bond_below_a_bridge_without_vlan_is_followed);
	tcase_add_test(tcase, name_of_a_vlan_device_tells_nothing);
	tcase_add_test(tcase, plain_device_named_like_a_vlan_is_none);
	tcase_add_test(tcase, vlan_device_of_a_full_length_name_is_found);
	tcase_add_test(tcase, vlan_device_missing_in_the_list_is_an_error);
	tcase_add_test(tcase, missing_vlan_list_is_an_error);
	tcase_add_loop_test(tcase, garbage_in_the_vlan_list_is_an_error, 0, ARRAY_SIZE(bad_vlan_lines));
	tcase_add_test(tcase, vlan_in_a_vlan_is_refused);
	tcase_add_test(tcase, ports_with_one_vlan_are_one_network);
	tcase_add_loop_test(
		tcase, ports_that_disagree_about_the_vlan_are_refused, 0, ARRAY_SIZE(disagreeing));
	tcase_add_test(tcase, pf_that_is_reached_twice_counts_once);
	tcase_add_loop_test(tcase, loop_of_lower_devices_is_refused, 0, 2);
	tcase_add_test(tcase, loop_of_vlan_devices_is_refused);
	tcase_add_test(tcase, lower_device_that_is_not_there_any_more_is_passed_over);
	tcase_add_test(tcase, lower_device_that_cannot_be_read_is_an_error);
	tcase_add_test(tcase, lower_link_that_is_no_name_is_passed_over);

	tcase = opened_host_case(suite, "garbage");
	tcase_add_loop_test(tcase, bad_mtu_of_a_bridge_is_an_error, 0, BAD_NUMBERS);
	tcase_add_test(tcase, mtu_of_a_bridge_that_does_not_fit_is_an_error);
	tcase_add_test(tcase, unreadable_pf_below_a_bridge_is_an_error);
	tcase_add_test(tcase, representor_below_a_bridge_is_no_pf);
	return run_suite(suite);
}
