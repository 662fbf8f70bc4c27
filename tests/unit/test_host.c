/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vfpt/network.h"

#include "numa.h"
#include "pf_match.h"

#include <stdlib.h>
#include <string.h>

#include "support.h"

#define NET      "sys/class/net/"
#define VIRTUAL  "sys/devices/virtual/net/"
#define PCI      "sys/bus/pci/devices/"
#define PF_1     "sys/devices/pci0000:00/0000:00:02.0/0000:01:00.0/"
#define PF_2     "sys/devices/pci0000:00/0000:00:03.0/0000:02:00.0/"
#define PF_3     "sys/devices/pci0000:00/0000:00:04.0/0000:03:00.0/"
#define VF_1_0   "sys/devices/pci0000:00/0000:00:02.0/0000:01:10.0/"
#define GROUP_11 "sys/kernel/iommu_groups/11/"
#define VLANS    "proc/net/vlan/config"

static struct vfpt_error err;
static struct vfpt_host *host;

static void open_host(void)
{
	ck_assert_ok(vfpt_host_open(root_fd, NULL, &host, &err), err);
}

static void close_host(void)
{
	vfpt_host_free(host);
}

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

static struct vfpt_pci pci(const char *address)
{
	struct vfpt_pci out;

	ck_assert_ok(vfpt_pci_parse(address, &out, &err), err);
	return out;
}

static const char *printed(const struct vfpt_pci *address)
{
	char buffer[VFPT_PCI_SIZE];

	return text("%s", vfpt_pci_format(address, buffer));
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

static const struct {
	const char *network;
	size_t position;
	const char *name, *address;
	unsigned ifindex, mtu, vf_count;
	const char *vfs[7];
} pfs[] = {
	{"ovirtmgmt", 0, "ens1f0", "0000:01:00.0", 2, 1500, 7,
		{"0000:01:10.0", "0000:01:10.2", "0000:01:10.4", "0000:01:10.6", "0000:01:11.0",
			"0000:01:11.2", "0000:01:11.4"}},
	{"red", 0, "ens2f0", "0000:02:00.0", 3, 9000, 7,
		{"0000:02:10.0", "0000:02:10.2", "0000:02:10.4", "0000:02:10.6", "0000:02:11.0",
			"0000:02:11.2", "0000:02:11.4"}},
	{"red", 1, "ens3f0", "0000:03:00.0", 4, 9000, 4,
		{"0000:03:10.0", "0000:03:10.2", "0000:03:10.4", "0000:03:10.6"}},
};

START_TEST(pf_is_read_as_sysfs_shows_it)
{
	const struct vfpt_pf *pf = network_of(pfs[_i].network)->pfs[pfs[_i].position];

	ck_assert_str_eq(pf->name, pfs[_i].name);
	ck_assert_str_eq(printed(&pf->address), pfs[_i].address);
	ck_assert_str_eq(pf->driver, "igb");
	ck_assert_uint_eq(pf->ifindex, pfs[_i].ifindex);
	ck_assert_uint_eq(pf->mtu, pfs[_i].mtu);
	ck_assert(pf->up);
	ck_assert_uint_eq(pf->vf_count, pfs[_i].vf_count);
	for (unsigned i = 0; i < pf->vf_count; i++)
		ck_assert_str_eq(printed(&pf->vfs[i]), pfs[_i].vfs[i]);
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

START_TEST(host_gives_back_what_it_was_opened_with)
{
	ck_assert_int_eq(vfpt_host_root(host), root_fd);
	ck_assert_ptr_null(vfpt_host_netlink(host));
}
END_TEST

/* --- names: they come from outside */

static const char *const bad_names[] = {
	"",
	".",
	"..",
	"/",
	"../../x",
	"../net/blue",
	"a/b",
	"blue/",
	"./blue",
	"blue ",
	" blue",
	"blue\n",
	"blue\t",
	"blue:0",
	"sixteencharacter",
	"a name that is much longer than the forty characters a message has room for",
	";vdsmdummy; x",
};

START_TEST(bad_bridge_name_is_refused)
{
	ck_assert_contains(refusal(bad_names[_i], VFPT_BAD_INPUT), "is not a bridge's name");
}
END_TEST

static const char *const unknown_names[] = {
	"green", "fifteencharacte", ";vdsmdummy;", "Blue", "b%s%n", "bonding_masters"};

START_TEST(unknown_network_is_said_to_be_missing)
{
	ck_assert_str_eq(
		why(unknown_names[_i], false, 0), text("there is no bridge %s on this host; attach the "
						       "network to the host in the engine, or give "
						       "[network %s] its pfs in vfpt.conf",
							  unknown_names[_i], unknown_names[_i]));
}
END_TEST

static const char *const no_bridges[] = {"ens1f0", "bond0", "bond0.100", "lo", "eth0"};

START_TEST(what_is_no_bridge_is_said_to_be_none)
{
	ck_assert_str_eq(why(no_bridges[_i], false, 0),
		text("%s is not a bridge on this host; passthrough needs a network with a Linux bridge, or a "
		     "[network %s] with pfs in vfpt.conf",
			no_bridges[_i], no_bridges[_i]));
}
END_TEST

/* --- networks that have no VF to give */

START_TEST(bridge_without_ports_has_no_pf)
{
	put_bridge("green", NULL);
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
		"PF ens1f0 below bridge blue has no VFs; make some: set its number of VFs in the engine "
		"(Setup "
		"Host Networks) or write it to /sys/class/net/ens1f0/device/sriov_numvfs");
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
	{"ens1f0", "PF ens1f0 below bridge green has no VFs; make some: set its number of VFs in the engine "
		   "(Setup Host Networks) or write it to /sys/class/net/ens1f0/device/sriov_numvfs"},
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

static const struct {
	const char *value, *reason;
} bad_numbers[] = {
	{"", "Invalid argument"},
	{"\n", "Invalid argument"},
	{"x\n", "Invalid argument"},
	{"7x\n", "Invalid argument"},
	{"-1\n", "Invalid argument"},
	{" 7\n", "Invalid argument"},
	{"+7\n", "Invalid argument"},
	{"0x\n", "Invalid argument"},
	{"7 7\n", "Invalid argument"},
	{"7\n7\n", "Invalid argument"},
	{"18446744073709551616\n", "Numerical result out of range"},
	{"99999999999999999999999999999999999999\n", "Value too large for defined data type"},
	{NULL, "No such file or directory"},
};

static void put_or_drop(const char *path, const char *value)
{
	if (value)
		put_file(path, value);
	else
		drop(path);
}

START_TEST(bad_number_of_vfs_is_an_error)
{
	const char *value = bad_numbers[_i].value ? bad_numbers[_i].value : "65536\n";

	put_file(PF_1 "sriov_numvfs", value);
	ck_assert_str_eq(refusal("ovirtmgmt", VFPT_SYSTEM),
		text("bridge ovirtmgmt: PF ens1f0: cannot read sriov_numvfs: %s",
			bad_numbers[_i].value ? bad_numbers[_i].reason : "Numerical result out of range"));
}
END_TEST

START_TEST(bad_ifindex_of_a_pf_is_an_error)
{
	put_or_drop(PF_1 "net/ens1f0/ifindex", bad_numbers[_i].value);
	ck_assert_str_eq(refusal("ovirtmgmt", VFPT_SYSTEM),
		text("bridge ovirtmgmt: PF ens1f0: cannot read sys/class/net/ens1f0/ifindex: %s",
			bad_numbers[_i].reason));
}
END_TEST

START_TEST(bad_mtu_of_a_pf_is_an_error)
{
	put_or_drop(PF_1 "net/ens1f0/mtu", bad_numbers[_i].value);
	ck_assert_str_eq(refusal("ovirtmgmt", VFPT_SYSTEM),
		text("bridge ovirtmgmt: PF ens1f0: cannot read sys/class/net/ens1f0/mtu: %s",
			bad_numbers[_i].reason));
}
END_TEST

START_TEST(bad_mtu_of_a_bridge_is_an_error)
{
	put_or_drop(VIRTUAL "ovirtmgmt/mtu", bad_numbers[_i].value);
	ck_assert_str_eq(refusal("ovirtmgmt", VFPT_SYSTEM),
		text("bridge ovirtmgmt: cannot read its MTU: %s", bad_numbers[_i].reason));
}
END_TEST

static const struct {
	const char *path, *value, *what;
} too_large[] = {
	{PF_1 "net/ens1f0/ifindex", "2147483648\n", "PF ens1f0: cannot read sys/class/net/ens1f0/ifindex"},
	{PF_1 "net/ens1f0/mtu", "4294967296\n", "PF ens1f0: cannot read sys/class/net/ens1f0/mtu"},
	{PF_1 "sriov_numvfs", "65536\n", "PF ens1f0: cannot read sriov_numvfs"},
	{VIRTUAL "ovirtmgmt/mtu", "4294967296\n", "cannot read its MTU"},
};

START_TEST(number_that_does_not_fit_is_an_error)
{
	put_file(too_large[_i].path, too_large[_i].value);
	ck_assert_str_eq(refusal("ovirtmgmt", VFPT_SYSTEM),
		text("bridge ovirtmgmt: %s: Numerical result out of range", too_large[_i].what));
}
END_TEST

START_TEST(more_vfs_than_links_is_an_error)
{
	put_file(PF_1 "sriov_numvfs", "8\n");
	ck_assert_str_eq(refusal("ovirtmgmt", VFPT_SYSTEM),
		"bridge ovirtmgmt: PF ens1f0: cannot read virtfn7: No such file or directory");
}
END_TEST

START_TEST(missing_vf_link_is_an_error)
{
	drop(PF_1 "virtfn3");
	ck_assert_str_eq(refusal("ovirtmgmt", VFPT_SYSTEM),
		"bridge ovirtmgmt: PF ens1f0: cannot read virtfn3: No such file or directory");
}
END_TEST

static const char *const bad_links[] = {"../x", "../0000:01:10.8", "..", "/", "../0000:01:10.0/"};

START_TEST(garbage_vf_link_is_an_error)
{
	put_link(PF_1 "virtfn3", bad_links[_i]);
	ck_assert_str_eq(refusal("ovirtmgmt", VFPT_SYSTEM),
		"bridge ovirtmgmt: PF ens1f0: cannot read virtfn3: Invalid argument");
}
END_TEST

START_TEST(overlong_vf_link_is_an_error)
{
	put_link(PF_1 "virtfn3", "../0000:01:10.0-and-more-than-an-address-has-room-for");
	ck_assert_str_eq(refusal("ovirtmgmt", VFPT_SYSTEM),
		"bridge ovirtmgmt: PF ens1f0: cannot read virtfn3: Value too large for defined data type");
}
END_TEST

START_TEST(pf_whose_device_is_no_pci_function_is_an_error)
{
	put_file(PF_1 "../virtio0/sriov_numvfs", "1\n");
	put_link(PF_1 "net/ens1f0/device", "../../../virtio0");
	ck_assert_contains(refusal("ovirtmgmt", VFPT_SYSTEM), "PF ens1f0: cannot read its PCI address: ");
}
END_TEST

static const struct {
	const char *state;
	bool up;
} states[] = {{"up\n", true}, {"unknown\n", true}, {"down\n", false}, {"dormant\n", false},
	{"lowerlayerdown\n", false}, {"notpresent\n", false}, {"testing\n", false}, {"", false},
	{"upside\n", false}, {NULL, false}};

START_TEST(link_is_up_when_operstate_says_so)
{
	put_or_drop(PF_1 "net/ens1f0/operstate", states[_i].state);
	ck_assert_int_eq(network_of("ovirtmgmt")->pfs[0]->up, states[_i].up);
}
END_TEST

START_TEST(pf_without_driver_says_so)
{
	drop(PF_1 "driver");
	ck_assert_str_eq(network_of("ovirtmgmt")->pfs[0]->driver, "no driver");
}
END_TEST

START_TEST(mac_of_a_pf_is_read)
{
	char buffer[VFPT_MAC_SIZE];

	put_file(PF_1 "net/ens1f0/address", "56:6F:1a:2b:00:01\n");
	ck_assert_str_eq(vfpt_mac_format(&network_of("ovirtmgmt")->pfs[0]->mac, buffer), "56:6f:1a:2b:00:01");
}
END_TEST

static const char *const bad_macs[] = {
	"", "x\n", "56:6f:1a:2b:00\n", "80:00:02:08:fe:80:00:00:00:00:00:00:f4:52:14:03:00:7b:cb:a1\n", NULL};

START_TEST(bad_mac_of_a_pf_is_an_error)
{
	put_or_drop(PF_1 "net/ens1f0/address", bad_macs[_i]);
	ck_assert_str_eq(
		refusal("ovirtmgmt", VFPT_SYSTEM), "bridge ovirtmgmt: PF ens1f0: cannot read its MAC");
}
END_TEST

static const struct {
	const char *text;
	unsigned speed;
} speeds[] = {{"1000\n", 1000}, {"100000\n", 100000}, {"0\n", 0}, {"-1\n", 0}, {"4294967295\n", 0}, {"", 0},
	{"x\n", 0}, {NULL, 0}};

START_TEST(speed_of_a_link_is_known_or_nothing)
{
	put_or_drop(PF_1 "net/ens1f0/speed", speeds[_i].text);
	ck_assert_uint_eq(vfpt_host_link_speed(host, network_of("ovirtmgmt")->pfs[0]), speeds[_i].speed);
}
END_TEST

/* --- VFs by address */

static const struct {
	const char *address, *pf;
	unsigned index;
} vfs[] = {
	{"0000:01:10.0", "ens1f0", 0},
	{"0000:01:11.4", "ens1f0", 6},
	{"0000:02:10.6", "ens2f0", 3},
	{"0000:03:10.6", "ens3f0", 3},
};

START_TEST(vf_is_found_by_its_address)
{
	struct vfpt_pci vf = pci(vfs[_i].address);
	const struct vfpt_pf *pf;
	unsigned index;

	ck_assert_ok(vfpt_host_find_vf(host, &vf, &pf, &index, &err), err);
	ck_assert_str_eq(pf->name, vfs[_i].pf);
	ck_assert_uint_eq(index, vfs[_i].index);
	/* Whoever asks: the PF is read once. */
	ck_assert_ptr_eq(network_of(_i < 2 ? "blue" : "red")->pfs[_i < 2 ? 0 : _i - 2], pf);
}
END_TEST

static const char *find_refusal(const char *address, enum vfpt_code code)
{
	struct vfpt_pci vf = pci(address);
	const struct vfpt_pf *pf;
	unsigned index;

	ck_assert_fails(vfpt_host_find_vf(host, &vf, &pf, &index, &err), err, code);
	return err.message;
}

static const char *const no_vfs[] = {
	"0000:01:10.1", "0000:01:11.6", "0000:01:00.0", "0000:00:05.0", "ffffffff:ff:1f.7"};

START_TEST(what_is_no_vf_is_not_found)
{
	ck_assert_str_eq(
		find_refusal(no_vfs[_i], VFPT_NO_VF), text("there is no VF %s on this host", no_vfs[_i]));
}
END_TEST

START_TEST(vf_of_a_pf_without_net_device_is_an_error)
{
	drop(PF_1 "net");
	if (_i)
		put_directory(PF_1 "net");
	ck_assert_str_eq(find_refusal("0000:01:10.0", VFPT_SYSTEM),
		"the PF of VF 0000:01:10.0 has no network device here; bind it to its driver");
}
END_TEST

START_TEST(vf_with_a_garbage_physfn_is_an_error)
{
	put_link(VF_1_0 "physfn", "../x");
	ck_assert_contains(
		find_refusal("0000:01:10.0", VFPT_SYSTEM), "VF 0000:01:10.0: cannot read its PF's address: ");
}
END_TEST

START_TEST(vf_that_its_pf_does_not_list_is_not_found)
{
	put_file(PF_1 "sriov_numvfs", "3\n");
	ck_assert_str_eq(find_refusal("0000:01:10.6", VFPT_NO_VF), "PF ens1f0 does not list VF 0000:01:10.6");
}
END_TEST

START_TEST(vf_of_an_unreadable_pf_is_an_error)
{
	put_file(PF_1 "sriov_numvfs", "x\n");
	ck_assert_str_eq(find_refusal("0000:01:10.6", VFPT_SYSTEM),
		"PF ens1f0: cannot read sriov_numvfs: Invalid argument");
}
END_TEST

/* --- switchdev mode: a PF's function has its VFs' representors as network devices too */

static void put_netdev_of_pf_1(const char *name, const char *port)
{
	const char *netdev = text(PF_1 "net/%s", name);

	put_file(text("%s/ifindex", netdev), "77\n");
	put_file(text("%s/mtu", netdev), "1500\n");
	put_file(text("%s/address", netdev), "66:00:00:00:00:77\n");
	put_file(text("%s/operstate", netdev), "up\n");
	put_file(text("%s/uevent", netdev), text("INTERFACE=%s\nIFINDEX=77\n", name));
	put_file(text("%s/phys_port_name", netdev), port);
	put_link(text("%s/device", netdev), "../../../0000:01:00.0");
	put_link(text(NET "%s", name),
		text("../../devices/pci0000:00/0000:00:02.0/0000:01:00.0/net/%s", name));
}

static const char *const uplink_ports[] = {"p0\n", "p1\n", "\n", "", "0\n", NULL};

START_TEST(pf_of_a_vf_is_its_uplink_and_no_representor)
{
	struct vfpt_pci vf = pci("0000:01:10.4");
	const struct vfpt_pf *pf;
	unsigned index;

	if (uplink_ports[_i])
		put_file(PF_1 "net/ens1f0/phys_port_name", uplink_ports[_i]);
	put_netdev_of_pf_1("a0", "pf0vf0\n");
	put_netdev_of_pf_1("z0", "pf0vf1\n");
	ck_assert_ok(vfpt_host_find_vf(host, &vf, &pf, &index, &err), err);
	ck_assert_str_eq(pf->name, "ens1f0");
	ck_assert_uint_eq(index, 2);
}
END_TEST

START_TEST(representor_is_no_pf)
{
	const struct vfpt_pf **found;
	size_t count;

	put_netdev_of_pf_1("ens1f0_0", "pf0vf0\n");
	put_netdev_of_pf_1("ens1f0_1", "pf0vf1\n");
	put_file(PF_1 "net/ens1f0/phys_port_name", "p0\n");
	ck_assert_ok(vfpt_match_pfs(host, "ens1f*", &found, &count, &err), err);
	ck_assert_uint_eq(count, 1);
	ck_assert_str_eq(found[0]->name, "ens1f0");
	free(found);
	ck_assert_fails(vfpt_match_pfs(host, "ens1f0_0", &found, &count, &err), err, VFPT_NO_VF);
	put_bridge("green", "ens1f0_0");
	ck_assert_str_eq(why("green", true, 0),
		"ens1f0_0 below bridge green is no SR-IOV PF; attach the network to a NIC with SR-IOV");
}
END_TEST

/* --- PFs by name */

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

START_TEST(matched_pf_is_the_one_of_the_network)
{
	const struct vfpt_pf **found;
	size_t count;

	ck_assert_ok(vfpt_match_pfs(host, "ens*", &found, &count, &err), err);
	ck_assert_uint_eq(count, 3);
	ck_assert_ptr_eq(found[0], network_of("blue")->pfs[0]);
	ck_assert_ptr_eq(found[2], network_of("red")->pfs[1]);
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

/* --- VFs by network device */

static const struct {
	const char *netdev, *vf;
} vf_netdevs[] = {{"eth0", "0000:01:10.0"}, {"eth10", "0000:02:10.6"}, {"eth17", "0000:03:10.6"}};

START_TEST(vf_is_found_by_its_network_device)
{
	struct vfpt_pci vf;

	ck_assert_ok(vfpt_host_vf_of_netdev(host, vf_netdevs[_i].netdev, &vf, &err), err);
	ck_assert_str_eq(printed(&vf), vf_netdevs[_i].vf);
}
END_TEST

static const char *vf_refusal(const char *netdev, enum vfpt_code code)
{
	struct vfpt_pci vf;

	ck_assert_fails(vfpt_host_vf_of_netdev(host, netdev, &vf, &err), err, code);
	return err.message;
}

START_TEST(odd_name_is_no_network_devices)
{
	ck_assert_str_eq(vf_refusal(bad_names[_i], VFPT_BAD_INPUT),
		text("\"%.40s\" is not a network device's name", strchr(bad_names[_i], '\n') ? "blue?"
								 : strchr(bad_names[_i], '\t')
									 ? "blue?"
									 : bad_names[_i]));
}
END_TEST

static const char *const no_netdevs[] = {
	"nothing", "Eth0", "eth", "eth00", "bonding_masters", "%s%n", "eth18"};

START_TEST(missing_network_device_is_said_to_be_missing)
{
	ck_assert_str_eq(vf_refusal(no_netdevs[_i], VFPT_BAD_INPUT),
		text("there is no network device %s on this host, or someone else has it", no_netdevs[_i]));
}
END_TEST

static const char *const no_vf_netdevs[] = {"ens1f0", "ens3f0", "lo", "bond0", "bond0.100", "ovirtmgmt"};

START_TEST(network_device_that_is_no_vfs_is_refused)
{
	ck_assert_str_eq(vf_refusal(no_vf_netdevs[_i], VFPT_BAD_INPUT),
		text("network device %s is not a VF's", no_vf_netdevs[_i]));
}
END_TEST

START_TEST(network_device_of_a_function_that_is_not_pci_is_an_error)
{
	put_link(PF_1 "../virtio0/physfn", "../x");
	put_link(VF_1_0 "net/eth0/device", "../../../virtio0");
	ck_assert_str_eq(
		vf_refusal("eth0", VFPT_SYSTEM), "eth0: cannot read its PCI address: Invalid argument");
}
END_TEST

/* --- network devices of VFs */

static const struct {
	const char *vf, *name;
	unsigned ifindex;
	const char *mac;
} netdevs[] = {
	{"0000:01:10.0", "eth0", 5, "66:5a:d2:be:9a:6d"},
	{"0000:02:10.6", "eth10", 15, "d6:1f:94:22:70:78"},
	{"0000:03:10.6", "eth17", 22, "fe:8e:95:6c:b6:1d"},
};

START_TEST(network_device_of_a_vf_is_read_as_sysfs_shows_it)
{
	struct vfpt_pci vf = pci(netdevs[_i].vf);
	struct vfpt_netdev netdev;
	char buffer[VFPT_MAC_SIZE];

	ck_assert_ok(vfpt_host_netdev(host, &vf, &netdev, &err), err);
	ck_assert_str_eq(netdev.name, netdevs[_i].name);
	ck_assert_uint_eq(netdev.ifindex, netdevs[_i].ifindex);
	ck_assert_uint_eq(netdev.mtu, 1500);
	ck_assert_str_eq(vfpt_mac_format(&netdev.mac, buffer), netdevs[_i].mac);
}
END_TEST

START_TEST(network_device_of_a_vf_is_read_anew_each_time)
{
	struct vfpt_pci vf = pci("0000:01:10.0");
	struct vfpt_netdev netdev;

	ck_assert_ok(vfpt_host_netdev(host, &vf, &netdev, &err), err);
	move(VF_1_0 "net/eth0", VF_1_0 "net/fifteencharacte");
	put_link(NET "fifteencharacte",
		"../../devices/pci0000:00/0000:00:02.0/0000:01:10.0/net/fifteencharacte");
	put_file(VF_1_0 "net/fifteencharacte/mtu", "9000\n");
	ck_assert_ok(vfpt_host_netdev(host, &vf, &netdev, &err), err);
	ck_assert_str_eq(netdev.name, "fifteencharacte");
	ck_assert_uint_eq(netdev.mtu, 9000);
}
END_TEST

static const char *netdev_refusal(const char *address, enum vfpt_code code)
{
	struct vfpt_pci vf = pci(address);
	struct vfpt_netdev netdev;

	ck_assert_fails(vfpt_host_netdev(host, &vf, &netdev, &err), err, code);
	return err.message;
}

#define NO_DRIVER "it has no network device here: no driver has it"

START_TEST(vf_without_network_device_has_none)
{
	drop(VF_1_0 "net");
	if (_i)
		put_directory(VF_1_0 "net");
	ck_assert_str_eq(netdev_refusal("0000:01:10.0", VFPT_NO_VF), NO_DRIVER);
	ck_assert_str_eq(netdev_refusal("0000:01:11.6", VFPT_NO_VF), NO_DRIVER); /* no such VF */
}
END_TEST

START_TEST(bad_ifindex_of_a_vfs_network_device_is_an_error)
{
	put_or_drop(VF_1_0 "net/eth0/ifindex", bad_numbers[_i].value);
	ck_assert_str_eq(netdev_refusal("0000:01:10.0", VFPT_SYSTEM),
		text("cannot read /sys/class/net/eth0/ifindex: %s", bad_numbers[_i].reason));
}
END_TEST

START_TEST(bad_mtu_of_a_vfs_network_device_is_an_error)
{
	put_or_drop(VF_1_0 "net/eth0/mtu", bad_numbers[_i].value);
	ck_assert_str_eq(netdev_refusal("0000:01:10.0", VFPT_SYSTEM),
		text("cannot read /sys/class/net/eth0/mtu: %s", bad_numbers[_i].reason));
}
END_TEST

START_TEST(number_of_a_vfs_network_device_that_does_not_fit_is_an_error)
{
	put_file(VF_1_0 "net/eth0/ifindex", "2147483648\n");
	ck_assert_str_eq(netdev_refusal("0000:01:10.0", VFPT_SYSTEM),
		"cannot read /sys/class/net/eth0/ifindex: Numerical result out of range");
	put_file(VF_1_0 "net/eth0/ifindex", "5\n");
	put_file(VF_1_0 "net/eth0/mtu", "4294967296\n");
	ck_assert_str_eq(netdev_refusal("0000:01:10.0", VFPT_SYSTEM),
		"cannot read /sys/class/net/eth0/mtu: Numerical result out of range");
}
END_TEST

START_TEST(bad_mac_of_a_vfs_network_device_is_an_error)
{
	put_or_drop(VF_1_0 "net/eth0/address", bad_macs[_i]);
	ck_assert_str_eq(netdev_refusal("0000:01:10.0", VFPT_SYSTEM), "cannot read the MAC of eth0");
}
END_TEST

/* --- NUMA */

static const struct {
	const char *text;
	int node;
} nodes[] = {{"0\n", 0}, {"1\n", 1}, {"65535\n", 65535}, {"65536\n", -1}, {"-1\n", -1}, {"-2\n", -1},
	{"", -1}, {"x\n", -1}, {"1 1\n", -1}, {NULL, -1}};

START_TEST(numa_node_of_a_pf_is_known_or_nothing)
{
	put_or_drop(PF_1 "numa_node", nodes[_i].text);
	ck_assert_int_eq(vfpt_host_numa_node(host, network_of("ovirtmgmt")->pfs[0]), nodes[_i].node);
}
END_TEST

START_TEST(each_pf_has_a_numa_node_of_its_own)
{
	put_file(PF_1 "numa_node", "0\n");
	put_file(PF_2 "numa_node", "1\n");
	put_file(PF_3 "numa_node", "10\n");
	ck_assert_int_eq(vfpt_host_numa_node(host, network_of("ovirtmgmt")->pfs[0]), 0);
	ck_assert_int_eq(vfpt_host_numa_node(host, network_of("red")->pfs[0]), 1);
	ck_assert_int_eq(vfpt_host_numa_node(host, network_of("red")->pfs[1]), 10);
}
END_TEST

#define NODES "sys/devices/system/node/"

/* The nodes of these CPUs, one by one: "0 10". */
static const char *nodes_of(const char *cpus, const char *before)
{
	static struct vfpt_set of, found;
	const char *list = "";

	of = found = (struct vfpt_set){0};
	if (*cpus)
		ck_assert_int_eq(vfpt_set_parse(&of, cpus), 0);
	if (*before)
		ck_assert_int_eq(vfpt_set_parse(&found, before), 0);
	ck_assert_ok(vfpt_nodes_of_cpus(root_fd, &of, &found, &err), err);
	for (unsigned node = 0; node < VFPT_SET_SIZE; node++)
		if (vfpt_set_has(&found, node))
			list = text("%s%s%u", list, *list ? " " : "", node);
	return list;
}

static void put_nodes(void)
{
	put_file(NODES "node0/cpulist", "0-3,8-11\n");
	put_file(NODES "node1/cpulist", "4-7,12-15\n");
	put_file(NODES "node2/cpulist", "\n"); /* memory only */
	put_file(NODES "node10/cpulist", "64,70-71\n");
	put_file(NODES "node65535/cpulist", "65535\n");
	put_file(NODES "online", "0-2,10,65535\n");
	put_file(NODES "has_cpu", "0-1,10,65535\n");
	put_file(NODES "power/cpulist", "0-65535\n");
}

static const struct {
	const char *cpus, *before, *nodes;
} cpu_nodes[] = {
	{"", "", ""},
	{"0", "", "0"},
	{"3", "", "0"},
	{"4", "", "1"},
	{"11", "", "0"},
	{"12", "", "1"},
	{"0-15", "", "0 1"},
	{"3-4", "", "0 1"},
	{"0,64", "", "0 10"},
	{"70", "", "10"},
	{"65", "", ""},
	{"16-63", "", ""},
	{"63-64", "", "10"},
	{"1000", "", ""},
	{"65534", "", ""},
	{"65535", "", "65535"},
	{"0-65535", "", "0 1 10 65535"},
	/* added to what is there */
	{"4", "0", "0 1"},
	{"4", "1", "1"},
	{"", "7", "7"},
	{"16", "7", "7"},
};

START_TEST(nodes_of_cpus_are_found)
{
	put_nodes();
	ck_assert_str_eq(nodes_of(cpu_nodes[_i].cpus, cpu_nodes[_i].before), cpu_nodes[_i].nodes);
}
END_TEST

static const char *const bad_cpulists[] = {
	"", "x\n", "0-\n", "3-0\n", "0-3,\n", "-1\n", "65536\n", "0 1\n", NULL};

START_TEST(node_whose_cpus_cannot_be_read_has_none)
{
	put_nodes();
	put_or_drop(NODES "node0/cpulist", bad_cpulists[_i]);
	ck_assert_str_eq(nodes_of("0-15", ""), "1");
}
END_TEST

static const char *const no_nodes[] = {"node", "node-1", "nodex", "node1x", "node 3", "node65536",
	"node4294967297", "Node3", "xnode3", "nod3", "nodx3", ".node3"};

START_TEST(what_is_no_node_is_passed_over)
{
	put_nodes();
	put_file(text(NODES "%s/cpulist", no_nodes[_i]), "0-65535\n");
	ck_assert_str_eq(nodes_of("4", ""), "1");
}
END_TEST

START_TEST(host_that_tells_of_no_nodes_has_none)
{
	ck_assert_str_eq(nodes_of("0-15", ""), "");
	put_directory("sys/devices/system/node");
	ck_assert_str_eq(nodes_of("0-15", ""), "");
}
END_TEST

/* --- iommu groups */

/* Numbers and members, in address order. */
static const char *group_of(const char *address)
{
	struct vfpt_pci function = pci(address);
	struct vfpt_iommu_group group;
	const char *all;

	ck_assert_ok(vfpt_host_iommu_group(host, &function, &group, &err), err);
	all = text("%u:", group.number);
	for (size_t i = 0; i < group.count; i++)
		for (size_t j = i + 1; j < group.count; j++)
			if (vfpt_pci_compare(&group.members[i], &group.members[j]) > 0) {
				struct vfpt_pci member = group.members[i];

				group.members[i] = group.members[j];
				group.members[j] = member;
			}
	for (size_t i = 0; i < group.count; i++)
		all = text("%s %s", all, printed(&group.members[i]));
	vfpt_iommu_group_free(&group);
	ck_assert_uint_eq(group.count, 0);
	ck_assert_ptr_null(group.members);
	return all;
}

START_TEST(function_alone_in_its_group_is_its_only_member)
{
	ck_assert_str_eq(group_of("0000:01:10.0"), "11: 0000:01:10.0");
	ck_assert_str_eq(group_of("0000:03:10.6"), "28: 0000:03:10.6");
}
END_TEST

START_TEST(all_functions_of_a_group_are_its_members)
{
	ck_assert_str_eq(group_of("0000:00:1f.2"), "7: 0000:00:1f.0 0000:00:1f.2 0000:00:1f.3");
}
END_TEST

/* 0000:00:02.0 is a PCIe root port; VFIO lets it stay with its driver. */
START_TEST(bridge_in_the_group_is_left_out)
{
	put_link(GROUP_11 "devices/0000:00:02.0", "../../../../devices/pci0000:00/0000:00:02.0");
	ck_assert_str_eq(group_of("0000:01:10.0"), "11: 0000:01:10.0");
}
END_TEST

START_TEST(other_function_in_the_group_is_a_member)
{
	put_link(GROUP_11 "devices/0000:00:02.0", "../../../../devices/pci0000:00/0000:00:02.0");
	put_link(GROUP_11 "devices/0000:00:05.0", "../../../../devices/pci0000:00/0000:00:05.0");
	ck_assert_str_eq(group_of("0000:01:10.0"), "11: 0000:00:05.0 0000:01:10.0");
}
END_TEST

/* Better one too many. */
START_TEST(function_of_unknown_class_is_a_member)
{
	put_link(GROUP_11 "devices/0000:00:02.0", "../../../../devices/pci0000:00/0000:00:02.0");
	drop(PCI "0000:00:02.0/class");
	ck_assert_str_eq(group_of("0000:01:10.0"), "11: 0000:00:02.0 0000:01:10.0");
}
END_TEST

static const char *group_refusal(const char *address, enum vfpt_code code)
{
	struct vfpt_pci function = pci(address);
	struct vfpt_iommu_group group;

	ck_assert_fails(vfpt_host_iommu_group(host, &function, &group, &err), err, code);
	return err.message;
}

START_TEST(missing_iommu_group_is_named_with_a_remedy)
{
	drop(VF_1_0 "iommu_group");
	ck_assert_str_eq(group_refusal("0000:01:10.0", VFPT_NO_VF),
		"it has no iommu group; enable the IOMMU in the firmware and on the kernel command line "
		"(intel_iommu=on)");
}
END_TEST

START_TEST(unreadable_iommu_group_is_an_error)
{
	drop(GROUP_11 "devices");
	ck_assert_str_eq(group_refusal("0000:01:10.0", VFPT_SYSTEM),
		"cannot read iommu group 11: No such file or directory");
}
END_TEST

START_TEST(garbage_in_an_iommu_group_is_an_error)
{
	put_link(GROUP_11 "devices/garbage", "../x");
	ck_assert_contains(group_refusal("0000:01:10.0", VFPT_BAD_INPUT), "\"garbage\" is not a PCI address");
}
END_TEST

START_TEST(freeing_nothing_is_fine)
{
	struct vfpt_iommu_group group = {.number = 1};

	vfpt_host_free(NULL);
	vfpt_iommu_group_free(&group);
	ck_assert_uint_eq(group.number, 0);
}
END_TEST

static TCase *host_case(Suite *suite, const char *name)
{
	TCase *tcase = new_case(suite, name, host_setup);

	tcase_add_checked_fixture(tcase, open_host, close_host);
	return tcase;
}

int main(void)
{
	Suite *suite = suite_create("host");
	TCase *tcase = host_case(suite, "captured");

	tcase_add_loop_test(tcase, network_leads_to_its_pfs_and_vlan, 0, ARRAY_SIZE(networks));
	tcase_add_loop_test(tcase, pf_is_read_as_sysfs_shows_it, 0, ARRAY_SIZE(pfs));
	tcase_add_test(tcase, networks_on_one_pf_share_it);
	tcase_add_test(tcase, network_is_read_once_only);
	tcase_add_test(tcase, host_gives_back_what_it_was_opened_with);
	tcase_add_test(tcase, freeing_nothing_is_fine);

	tcase = host_case(suite, "names");
	tcase_add_loop_test(tcase, bad_bridge_name_is_refused, 0, ARRAY_SIZE(bad_names));
	tcase_add_loop_test(tcase, unknown_network_is_said_to_be_missing, 0, ARRAY_SIZE(unknown_names));
	tcase_add_loop_test(tcase, what_is_no_bridge_is_said_to_be_none, 0, ARRAY_SIZE(no_bridges));

	tcase = host_case(suite, "without VFs");
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

	tcase = host_case(suite, "stacking");
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

	tcase = host_case(suite, "garbage");
	tcase_add_loop_test(tcase, bad_number_of_vfs_is_an_error, 0, ARRAY_SIZE(bad_numbers));
	tcase_add_loop_test(tcase, bad_ifindex_of_a_pf_is_an_error, 0, ARRAY_SIZE(bad_numbers));
	tcase_add_loop_test(tcase, bad_mtu_of_a_pf_is_an_error, 0, ARRAY_SIZE(bad_numbers));
	tcase_add_loop_test(tcase, bad_mtu_of_a_bridge_is_an_error, 0, ARRAY_SIZE(bad_numbers));
	tcase_add_loop_test(tcase, number_that_does_not_fit_is_an_error, 0, ARRAY_SIZE(too_large));
	tcase_add_test(tcase, more_vfs_than_links_is_an_error);
	tcase_add_test(tcase, missing_vf_link_is_an_error);
	tcase_add_loop_test(tcase, garbage_vf_link_is_an_error, 0, ARRAY_SIZE(bad_links));
	tcase_add_test(tcase, overlong_vf_link_is_an_error);
	tcase_add_test(tcase, pf_whose_device_is_no_pci_function_is_an_error);
	tcase_add_loop_test(tcase, link_is_up_when_operstate_says_so, 0, ARRAY_SIZE(states));
	tcase_add_test(tcase, pf_without_driver_says_so);
	tcase_add_test(tcase, mac_of_a_pf_is_read);
	tcase_add_loop_test(tcase, bad_mac_of_a_pf_is_an_error, 0, ARRAY_SIZE(bad_macs));
	tcase_add_loop_test(tcase, speed_of_a_link_is_known_or_nothing, 0, ARRAY_SIZE(speeds));

	tcase = host_case(suite, "VFs");
	tcase_add_loop_test(tcase, vf_is_found_by_its_address, 0, ARRAY_SIZE(vfs));
	tcase_add_loop_test(tcase, what_is_no_vf_is_not_found, 0, ARRAY_SIZE(no_vfs));
	tcase_add_loop_test(tcase, vf_of_a_pf_without_net_device_is_an_error, 0, 2);
	tcase_add_test(tcase, vf_with_a_garbage_physfn_is_an_error);
	tcase_add_test(tcase, vf_that_its_pf_does_not_list_is_not_found);
	tcase_add_test(tcase, vf_of_an_unreadable_pf_is_an_error);

	tcase = host_case(suite, "switchdev");
	tcase_add_loop_test(tcase, pf_of_a_vf_is_its_uplink_and_no_representor, 0, ARRAY_SIZE(uplink_ports));
	tcase_add_test(tcase, representor_is_no_pf);

	tcase = host_case(suite, "PFs by name");
	tcase_add_loop_test(tcase, pfs_are_matched_by_name_list_and_pattern, 0, ARRAY_SIZE(matches));
	tcase_add_loop_test(tcase, what_is_no_pf_is_not_matched, 0, ARRAY_SIZE(no_matches));
	tcase_add_test(tcase, matched_pf_without_vfs_is_left_out_or_named);
	tcase_add_test(tcase, matched_pfs_are_in_name_order);
	tcase_add_test(tcase, matched_pf_is_the_one_of_the_network);
	tcase_add_test(tcase, unreadable_pf_is_an_error_where_it_matches);
	tcase_add_test(tcase, host_whose_network_devices_cannot_be_read_is_an_error);

	tcase = host_case(suite, "network devices");
	tcase_add_loop_test(tcase, vf_is_found_by_its_network_device, 0, ARRAY_SIZE(vf_netdevs));
	tcase_add_loop_test(tcase, odd_name_is_no_network_devices, 0, ARRAY_SIZE(bad_names));
	tcase_add_loop_test(tcase, missing_network_device_is_said_to_be_missing, 0, ARRAY_SIZE(no_netdevs));
	tcase_add_loop_test(tcase, network_device_that_is_no_vfs_is_refused, 0, ARRAY_SIZE(no_vf_netdevs));
	tcase_add_test(tcase, network_device_of_a_function_that_is_not_pci_is_an_error);
	tcase_add_loop_test(tcase, network_device_of_a_vf_is_read_as_sysfs_shows_it, 0, ARRAY_SIZE(netdevs));
	tcase_add_test(tcase, network_device_of_a_vf_is_read_anew_each_time);
	tcase_add_loop_test(tcase, vf_without_network_device_has_none, 0, 2);
	tcase_add_loop_test(
		tcase, bad_ifindex_of_a_vfs_network_device_is_an_error, 0, ARRAY_SIZE(bad_numbers));
	tcase_add_loop_test(tcase, bad_mtu_of_a_vfs_network_device_is_an_error, 0, ARRAY_SIZE(bad_numbers));
	tcase_add_test(tcase, number_of_a_vfs_network_device_that_does_not_fit_is_an_error);
	tcase_add_loop_test(tcase, bad_mac_of_a_vfs_network_device_is_an_error, 0, ARRAY_SIZE(bad_macs));

	tcase = host_case(suite, "NUMA");
	tcase_add_loop_test(tcase, numa_node_of_a_pf_is_known_or_nothing, 0, ARRAY_SIZE(nodes));
	tcase_add_test(tcase, each_pf_has_a_numa_node_of_its_own);
	tcase_add_loop_test(tcase, nodes_of_cpus_are_found, 0, ARRAY_SIZE(cpu_nodes));
	tcase_add_loop_test(tcase, node_whose_cpus_cannot_be_read_has_none, 0, ARRAY_SIZE(bad_cpulists));
	tcase_add_loop_test(tcase, what_is_no_node_is_passed_over, 0, ARRAY_SIZE(no_nodes));
	tcase_add_test(tcase, host_that_tells_of_no_nodes_has_none);

	tcase = host_case(suite, "iommu groups");
	tcase_add_test(tcase, function_alone_in_its_group_is_its_only_member);
	tcase_add_test(tcase, all_functions_of_a_group_are_its_members);
	tcase_add_test(tcase, bridge_in_the_group_is_left_out);
	tcase_add_test(tcase, other_function_in_the_group_is_a_member);
	tcase_add_test(tcase, function_of_unknown_class_is_a_member);
	tcase_add_test(tcase, missing_iommu_group_is_named_with_a_remedy);
	tcase_add_test(tcase, unreadable_iommu_group_is_an_error);
	tcase_add_test(tcase, garbage_in_an_iommu_group_is_an_error);
	return run_suite(suite);
}
