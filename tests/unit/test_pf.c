/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vfpt/pf.h"

#include <stdio.h>
#include <string.h>

#include "opened_host.h"

#define PCI      "sys/bus/pci/devices/"
#define VF_1_0   "sys/devices/pci0000:00/0000:00:02.0/0000:01:10.0/"
#define GROUP_11 "sys/kernel/iommu_groups/11/"

static const char *refusal(const char *netdev)
{
	const struct vfpt_pf *pf;

	ck_assert_fails(vfpt_host_pf(host, netdev, &pf, &err), err, VFPT_SYSTEM);
	return err.message;
}

/* --- PFs of the captured host */

static const struct {
	const char *name, *address;
	unsigned ifindex, mtu, vf_count;
	const char *vfs[7];
} pfs[] = {
	{"ens1f0", "0000:01:00.0", 2, 1500, 7,
		{"0000:01:10.0", "0000:01:10.2", "0000:01:10.4", "0000:01:10.6", "0000:01:11.0",
			"0000:01:11.2", "0000:01:11.4"}},
	{"ens2f0", "0000:02:00.0", 3, 9000, 7,
		{"0000:02:10.0", "0000:02:10.2", "0000:02:10.4", "0000:02:10.6", "0000:02:11.0",
			"0000:02:11.2", "0000:02:11.4"}},
	{"ens3f0", "0000:03:00.0", 4, 9000, 4,
		{"0000:03:10.0", "0000:03:10.2", "0000:03:10.4", "0000:03:10.6"}},
};

START_TEST(pf_is_read_as_sysfs_shows_it)
{
	const struct vfpt_pf *pf = pf_named(pfs[_i].name);

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

START_TEST(host_gives_back_what_it_was_opened_with)
{
	ck_assert_int_eq(vfpt_host_root(host), root_fd);
	ck_assert_ptr_null(vfpt_host_netlink(host));
}
END_TEST

/* --- garbage in sysfs */

START_TEST(bad_number_of_vfs_is_an_error)
{
	const char *value = bad_numbers[_i].value ? bad_numbers[_i].value : "65536\n";

	put_file(PF_1 "sriov_numvfs", value);
	ck_assert_str_eq(refusal("ens1f0"),
		text("PF ens1f0: cannot read sriov_numvfs: %s",
			bad_numbers[_i].value ? bad_numbers[_i].reason : "Numerical result out of range"));
}
END_TEST

START_TEST(bad_ifindex_of_a_pf_is_an_error)
{
	put_or_drop(PF_1 "net/ens1f0/ifindex", bad_numbers[_i].value);
	ck_assert_str_eq(refusal("ens1f0"),
		text("PF ens1f0: cannot read sys/class/net/ens1f0/ifindex: %s", bad_numbers[_i].reason));
}
END_TEST

START_TEST(bad_mtu_of_a_pf_is_an_error)
{
	put_or_drop(PF_1 "net/ens1f0/mtu", bad_numbers[_i].value);
	ck_assert_str_eq(refusal("ens1f0"),
		text("PF ens1f0: cannot read sys/class/net/ens1f0/mtu: %s", bad_numbers[_i].reason));
}
END_TEST

static const struct {
	const char *path, *value, *what;
} too_large[] = {
	{PF_1 "net/ens1f0/ifindex", "2147483648\n", "PF ens1f0: cannot read sys/class/net/ens1f0/ifindex"},
	{PF_1 "net/ens1f0/mtu", "4294967296\n", "PF ens1f0: cannot read sys/class/net/ens1f0/mtu"},
	{PF_1 "sriov_numvfs", "65536\n", "PF ens1f0: cannot read sriov_numvfs"},
};

START_TEST(number_that_does_not_fit_is_an_error)
{
	put_file(too_large[_i].path, too_large[_i].value);
	ck_assert_str_eq(refusal("ens1f0"), text("%s: Numerical result out of range", too_large[_i].what));
}
END_TEST

START_TEST(more_vfs_than_links_is_an_error)
{
	put_file(PF_1 "sriov_numvfs", "8\n");
	ck_assert_str_eq(refusal("ens1f0"), "PF ens1f0: cannot read virtfn7: No such file or directory");
}
END_TEST

START_TEST(missing_vf_link_is_an_error)
{
	drop(PF_1 "virtfn3");
	ck_assert_str_eq(refusal("ens1f0"), "PF ens1f0: cannot read virtfn3: No such file or directory");
}
END_TEST

static const char *const bad_links[] = {"../x", "../0000:01:10.8", "..", "/", "../0000:01:10.0/"};

START_TEST(garbage_vf_link_is_an_error)
{
	put_link(PF_1 "virtfn3", bad_links[_i]);
	ck_assert_str_eq(refusal("ens1f0"), "PF ens1f0: cannot read virtfn3: Invalid argument");
}
END_TEST

START_TEST(overlong_vf_link_is_an_error)
{
	put_link(PF_1 "virtfn3", "../0000:01:10.0-and-more-than-an-address-has-room-for");
	ck_assert_str_eq(
		refusal("ens1f0"), "PF ens1f0: cannot read virtfn3: Value too large for defined data type");
}
END_TEST

START_TEST(pf_whose_device_is_no_pci_function_is_an_error)
{
	put_file(PF_1 "../virtio0/sriov_numvfs", "1\n");
	put_link(PF_1 "net/ens1f0/device", "../../../virtio0");
	ck_assert_contains(refusal("ens1f0"), "PF ens1f0: cannot read its PCI address: ");
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
	ck_assert_int_eq(pf_named("ens1f0")->up, states[_i].up);
}
END_TEST

START_TEST(pf_without_driver_says_so)
{
	drop(PF_1 "driver");
	ck_assert_str_eq(pf_named("ens1f0")->driver, "no driver");
}
END_TEST

START_TEST(mac_of_a_pf_is_read)
{
	char buffer[VFPT_MAC_SIZE];

	put_file(PF_1 "net/ens1f0/address", "56:6F:1a:2b:00:01\n");
	ck_assert_str_eq(vfpt_mac_format(&pf_named("ens1f0")->mac, buffer), "56:6f:1a:2b:00:01");
}
END_TEST

static const char *const bad_macs[] = {
	"", "x\n", "56:6f:1a:2b:00\n", "80:00:02:08:fe:80:00:00:00:00:00:00:f4:52:14:03:00:7b:cb:a1\n", NULL};

START_TEST(bad_mac_of_a_pf_is_an_error)
{
	put_or_drop(PF_1 "net/ens1f0/address", bad_macs[_i]);
	ck_assert_str_eq(refusal("ens1f0"), "PF ens1f0: cannot read its MAC");
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
	ck_assert_uint_eq(vfpt_host_link_speed(host, pf_named("ens1f0")), speeds[_i].speed);
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
	ck_assert_ptr_eq(pf_named(vfs[_i].pf), pf);
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
	put_netdev_of_pf_1("ens1f0_0", "pf0vf0\n");
	put_file(PF_1 "net/ens1f0/phys_port_name", "p0\n");
	ck_assert(!vfpt_host_is_pf(host, "ens1f0_0"));
	ck_assert(vfpt_host_is_pf(host, "ens1f0"));
}
END_TEST

/* What is on the function of ens1f0 beside it, and whether that is switchdev mode. */
static const struct {
	const char *port, *own_switch, *its_switch;
	bool switchdev;
} beside[] = {
	{"pf0vf0\n", "e41d2d\n", "e41d2d\n", true},
	{"c1pf0vf12\n", "e41d2d\n", "e41d2d\n", true},
	/* where a driver does not tell one of the two */
	{"pf0vf0\n", NULL, "e41d2d\n", true},
	{"pf0vf0\n", "e41d2d\n", NULL, true},
	{"pf0vf0\n", NULL, NULL, true},
	/* legacy mode: mlx5_core shows its switch all the same */
	{NULL, "e41d2d\n", NULL, false},
	/* another port of the card, another PF's representor */
	{"p1\n", "e41d2d\n", "e41d2d\n", false},
	{"pf0\n", "e41d2d\n", "e41d2d\n", false},
	{"\n", "e41d2d\n", "e41d2d\n", false},
	{"pf0vf0\n", "e41d2d\n", "e41d2e\n", false},
};

START_TEST(switchdev_mode_is_told_by_a_representor)
{
	if (beside[_i].own_switch)
		put_file(PF_1 "net/ens1f0/phys_switch_id", beside[_i].own_switch);
	if (beside[_i].port)
		put_netdev_of_pf_1("a0", beside[_i].port);
	if (beside[_i].its_switch)
		put_file(PF_1 "net/a0/phys_switch_id", beside[_i].its_switch);
	ck_assert_int_eq(pf_named("ens1f0")->switchdev, beside[_i].switchdev);
	ck_assert(!pf_named("ens2f0")->switchdev);
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

/* --- whose MAC a VF's is; eth0 has 66:5a:d2:be:9a:6d */

#define ETH0_TYPE VF_1_0 "net/eth0/addr_assign_type"

static const struct {
	const char *type; /* addr_assign_type of the VF's network device; NULL: there is no such file */
	const char *shown;
	bool own;
} assigned[] = {
	{"0\n", MAC_ETH0, false}, /* permanent: the PF's driver gave it, and the VF found it there */
	{"1\n", MAC_ETH0, true},  /* made up */
	{"2\n", MAC_ETH0, false}, /* another device's */
	{"3\n", MAC_ETH0, true},  /* given on the host */
	{"4\n", MAC_ETH0, false},
	{"257\n", MAC_ETH0, false},
	{"x\n", MAC_ETH0, false},
	{NULL, MAC_ETH0, false},
	/* another one than the network device's was set through the PF */
	{"1\n", "66:5a:d2:be:9a:6e", false},
	{"3\n", "56:6f:1a:2b:00:aa", false},
};

/* @return whether what is shown is the VF's own */
static bool is_own(const struct vfpt_pf *pf, const char *shown)
{
	struct vfpt_mac mac, own;

	ck_assert_ok(vfpt_mac_parse(shown, &mac, &err), err);
	own = vfpt_host_own_mac(host, pf, &pf->vfs[0], &mac);
	ck_assert(vfpt_mac_value(&own) == 0 || vfpt_mac_equal(&own, &mac));
	return vfpt_mac_value(&own) != 0;
}

/* Nobody set one by way of the PF: then it is what the network device has, however that got it. */
START_TEST(vf_without_a_mac_of_the_pfs_has_that_of_its_network_device)
{
	const struct vfpt_pf *pf = pf_named("ens1f0");
	const struct vfpt_mac none = vfpt_mac_of(0);
	struct vfpt_mac own;

	put_file(ETH0_TYPE, _i ? "0\n" : "1\n");
	own = vfpt_host_own_mac(host, pf, &pf->vfs[0], &none);
	ck_assert_uint_eq(vfpt_mac_value(&own), 0x665ad2be9a6d);
	drop(VF_1_0 "net");
	own = vfpt_host_own_mac(host, pf, &pf->vfs[0], &none);
	ck_assert_uint_eq(vfpt_mac_value(&own), 0);
}
END_TEST

START_TEST(mac_that_the_vfs_network_device_made_up_or_was_given_is_its_own)
{
	put_or_drop(ETH0_TYPE, assigned[_i].type);
	ck_assert_int_eq(is_own(pf_named("ens1f0"), assigned[_i].shown), assigned[_i].own);
}
END_TEST

static const struct {
	const char *driver; /* the PF's */
	bool shows_own;
} own_mac_drivers[] = {{"igb", true}, {"ixgbe", true}, {"i40e", true}, {"ice", true}, {"bnxt_en", true},
	{"mlx5_core", false}, {"mlx4_core", false}, {"ig", false}, {"", false}};

START_TEST(mac_of_a_vf_without_network_device_is_its_own_with_certain_drivers)
{
	struct vfpt_pf pf = *pf_named("ens1f0");

	snprintf(pf.driver, sizeof(pf.driver), "%s", own_mac_drivers[_i].driver);
	drop(VF_1_0 "net");
	ck_assert_int_eq(is_own(&pf, MAC_ETH0), own_mac_drivers[_i].shows_own);
	ck_assert(!is_own(&pf, "00:00:00:00:00:00"));
	/* With its network device, the driver's name says nothing. */
	put_directory(VF_1_0 "net");
	put_file(VF_1_0 "net/eth0/addr_assign_type", "0\n");
	put_file(VF_1_0 "net/eth0/ifindex", "5\n");
	put_file(VF_1_0 "net/eth0/mtu", "1500\n");
	put_file(VF_1_0 "net/eth0/address", MAC_ETH0 "\n");
	ck_assert(!is_own(&pf, MAC_ETH0));
	put_file(VF_1_0 "net/eth0/addr_assign_type", "3\n");
	ck_assert(is_own(&pf, MAC_ETH0));
}
END_TEST

/* What cannot be looked at is not taken for its own: it comes back as it was. */
START_TEST(mac_of_a_network_device_that_cannot_be_read_is_not_its_own)
{
	put_file(ETH0_TYPE, "1\n");
	put_file(VF_1_0 "net/eth0/mtu", "x\n");
	ck_assert(!is_own(pf_named("ens1f0"), MAC_ETH0));
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
	ck_assert_int_eq(vfpt_host_numa_node(host, pf_named("ens1f0")), nodes[_i].node);
}
END_TEST

START_TEST(each_pf_has_a_numa_node_of_its_own)
{
	put_file(PF_1 "numa_node", "0\n");
	put_file(PF_2 "numa_node", "1\n");
	put_file(PF_3 "numa_node", "10\n");
	ck_assert_int_eq(vfpt_host_numa_node(host, pf_named("ens1f0")), 0);
	ck_assert_int_eq(vfpt_host_numa_node(host, pf_named("ens2f0")), 1);
	ck_assert_int_eq(vfpt_host_numa_node(host, pf_named("ens3f0")), 10);
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

int main(void)
{
	Suite *suite = suite_create("pf");
	TCase *tcase = opened_host_case(suite, "captured host");

	tcase_add_loop_test(tcase, pf_is_read_as_sysfs_shows_it, 0, ARRAY_SIZE(pfs));
	tcase_add_test(tcase, host_gives_back_what_it_was_opened_with);
	tcase_add_test(tcase, freeing_nothing_is_fine);

	tcase = opened_host_case(suite, "garbage");
	tcase_add_loop_test(tcase, bad_number_of_vfs_is_an_error, 0, BAD_NUMBERS);
	tcase_add_loop_test(tcase, bad_ifindex_of_a_pf_is_an_error, 0, BAD_NUMBERS);
	tcase_add_loop_test(tcase, bad_mtu_of_a_pf_is_an_error, 0, BAD_NUMBERS);
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

	tcase = opened_host_case(suite, "VFs");
	tcase_add_loop_test(tcase, vf_is_found_by_its_address, 0, ARRAY_SIZE(vfs));
	tcase_add_loop_test(tcase, what_is_no_vf_is_not_found, 0, ARRAY_SIZE(no_vfs));
	tcase_add_loop_test(tcase, vf_of_a_pf_without_net_device_is_an_error, 0, 2);
	tcase_add_test(tcase, vf_with_a_garbage_physfn_is_an_error);
	tcase_add_test(tcase, vf_that_its_pf_does_not_list_is_not_found);
	tcase_add_test(tcase, vf_of_an_unreadable_pf_is_an_error);

	tcase = opened_host_case(suite, "switchdev");
	tcase_add_loop_test(tcase, pf_of_a_vf_is_its_uplink_and_no_representor, 0, ARRAY_SIZE(uplink_ports));
	tcase_add_test(tcase, representor_is_no_pf);
	tcase_add_loop_test(tcase, switchdev_mode_is_told_by_a_representor, 0, ARRAY_SIZE(beside));

	tcase = opened_host_case(suite, "network devices");
	tcase_add_loop_test(tcase, vf_is_found_by_its_network_device, 0, ARRAY_SIZE(vf_netdevs));
	tcase_add_loop_test(tcase, odd_name_is_no_network_devices, 0, BAD_NAMES);
	tcase_add_loop_test(tcase, missing_network_device_is_said_to_be_missing, 0, ARRAY_SIZE(no_netdevs));
	tcase_add_loop_test(tcase, network_device_that_is_no_vfs_is_refused, 0, ARRAY_SIZE(no_vf_netdevs));
	tcase_add_test(tcase, network_device_of_a_function_that_is_not_pci_is_an_error);
	tcase_add_loop_test(tcase, network_device_of_a_vf_is_read_as_sysfs_shows_it, 0, ARRAY_SIZE(netdevs));
	tcase_add_test(tcase, network_device_of_a_vf_is_read_anew_each_time);
	tcase_add_loop_test(tcase, vf_without_network_device_has_none, 0, 2);
	tcase_add_loop_test(tcase, bad_ifindex_of_a_vfs_network_device_is_an_error, 0, BAD_NUMBERS);
	tcase_add_loop_test(tcase, bad_mtu_of_a_vfs_network_device_is_an_error, 0, BAD_NUMBERS);
	tcase_add_test(tcase, number_of_a_vfs_network_device_that_does_not_fit_is_an_error);
	tcase_add_loop_test(tcase, bad_mac_of_a_vfs_network_device_is_an_error, 0, ARRAY_SIZE(bad_macs));

	tcase = opened_host_case(suite, "own MACs");
	tcase_add_loop_test(tcase, vf_without_a_mac_of_the_pfs_has_that_of_its_network_device, 0, 2);
	tcase_add_loop_test(tcase, mac_that_the_vfs_network_device_made_up_or_was_given_is_its_own, 0,
		ARRAY_SIZE(assigned));
	tcase_add_loop_test(tcase, mac_of_a_vf_without_network_device_is_its_own_with_certain_drivers, 0,
		ARRAY_SIZE(own_mac_drivers));
	tcase_add_test(tcase, mac_of_a_network_device_that_cannot_be_read_is_not_its_own);

	tcase = opened_host_case(suite, "NUMA");
	tcase_add_loop_test(tcase, numa_node_of_a_pf_is_known_or_nothing, 0, ARRAY_SIZE(nodes));
	tcase_add_test(tcase, each_pf_has_a_numa_node_of_its_own);

	tcase = opened_host_case(suite, "iommu groups");
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
