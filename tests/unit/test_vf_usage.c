/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vfpt/vf_usage.h"

#include <string.h>

#include "support.h"

/* The VF that is looked at, and its network device. */
#define VF     "sys/devices/pci0000:00/0000:00:02.0/0000:01:10.0/"
#define NETDEV VF "net/eth0/"

static struct vfpt_error err;
static struct vfpt_host *host;
static const struct vfpt_pci vf = {.bus = 1, .slot = 16};

static void open_host(void)
{
	ck_assert_ok(vfpt_host_open(root_fd, NULL, &host, &err), err);
}

static void close_host(void)
{
	vfpt_host_free(host);
}

/* Why it is taken; "" when it is not. */
static const char *reason(void)
{
	char buffer[VFPT_REASON_SIZE];
	bool taken;

	memset(buffer, '#', sizeof(buffer));
	ck_assert_ok(vfpt_vf_usage(host, &vf, &taken, buffer, &err), err);
	ck_assert_msg(memchr(buffer, '\0', sizeof(buffer)) != NULL, "the reason has no end");
	ck_assert_msg(taken == (buffer[0] != '\0'), "taken is %d, the reason \"%s\"", taken, buffer);
	return text("%s", buffer);
}

static const char *failure(void)
{
	char buffer[VFPT_REASON_SIZE];
	bool taken;

	ck_assert_fails(vfpt_vf_usage(host, &vf, &taken, buffer, &err), err, VFPT_SYSTEM);
	return err.message;
}

static void bind_to(const char *driver)
{
	drop(VF "net");
	put_link(VF "driver", text("../../../../bus/pci/drivers/%s", driver));
}

START_TEST(vf_with_an_idle_network_device_is_free)
{
	ck_assert_str_eq(reason(), "");
	ck_assert(!vfpt_vf_usage_lacks_netdev(host, &vf));
}
END_TEST

START_TEST(every_captured_vf_is_free)
{
	static const char *const vfs[] = {"0000:01:10.0", "0000:01:11.4", "0000:02:10.0", "0000:03:10.6"};

	for (size_t i = 0; i < ARRAY_SIZE(vfs); i++) {
		char buffer[VFPT_REASON_SIZE];
		struct vfpt_pci one;
		bool taken;

		ck_assert_ok(vfpt_pci_parse(vfs[i], &one, &err), err);
		ck_assert_ok(vfpt_vf_usage(host, &one, &taken, buffer, &err), err);
		ck_assert_msg(!taken, "%s: %s", vfs[i], buffer);
		ck_assert_str_eq(buffer, "");
	}
}
END_TEST

/* Bridge, VLAN, macvtap, bond, Open vSwitch: the kernel shows each as a link to what is above. */
static const char *const uppers[] = {
	"br-int", "eth0.5", "macvtap0", "bond1", "ovs-system", "fifteencharacte"};

START_TEST(vf_that_carries_a_device_is_taken)
{
	put_link(text(NETDEV "upper_%s", uppers[_i]), text("../../../../../../virtual/net/%s", uppers[_i]));
	ck_assert_str_eq(reason(), text("its network device eth0 carries %s", uppers[_i]));
}
END_TEST

START_TEST(other_links_of_the_network_device_take_nothing)
{
	put_link(NETDEV "lower_x", "x");
	put_link(NETDEV "xupper_x", "x");
	put_link(NETDEV "phydev", "x");
	ck_assert_str_eq(reason(), "");
}
END_TEST

/* A device that is merely up, or has carrier, carries nobody's traffic. */
START_TEST(vf_whose_network_device_is_up_is_free)
{
	put_file(NETDEV "operstate", "up\n");
	put_file(NETDEV "flags", "0x1003\n");
	put_file(NETDEV "carrier", "1\n");
	ck_assert_str_eq(reason(), "");
}
END_TEST

START_TEST(any_of_several_network_devices_can_take_the_vf)
{
	put_directory(VF "net/eth99");
	put_link(text(VF "net/%s/upper_br0", _i ? "eth0" : "eth99"), "x");
	ck_assert_str_eq(reason(), text("its network device %s carries br0", _i ? "eth0" : "eth99"));
}
END_TEST

/* The kernel leaves the directory, and shows it empty. */
START_TEST(vf_in_another_network_namespace_is_taken)
{
	drop(VF "net");
	put_directory(VF "net");
	ck_assert_str_eq(reason(), "igbvf drives it, and its network device is in another network namespace");
	ck_assert(!vfpt_vf_usage_lacks_netdev(host, &vf));
}
END_TEST

/* So iavf leaves a VF whose PF does not answer. */
START_TEST(vf_of_which_its_driver_made_no_network_device_is_taken)
{
	bind_to("iavf");
	ck_assert_str_eq(
		reason(), "iavf drives it and made no network device of it; see dmesg, and try vfpt repair");
	ck_assert(vfpt_vf_usage_lacks_netdev(host, &vf));
}
END_TEST

/* What drivers make of a VF that is no network device, and what that is called. */
static const struct {
	const char *driver, *made, *reason;
} others[] = {
	{"vfio-pci", NULL, "it is bound to vfio-pci"},
	{"vfio-pci", "vfio-dev/vfio0", "it is bound to vfio-pci"},
	{"mlx5_vfio_pci", "vfio-dev/vfio7", "it is bound to mlx5_vfio_pci"},
	{"any", "vfio-dev/vfio7", "it is bound to any"},
	/* before Linux 6.1 */
	{"mlx5_vfio_pci", NULL, "it is bound to mlx5_vfio_pci"},
	{"hisi-acc-vfio-pci", NULL, "it is bound to hisi-acc-vfio-pci"},
	/* DPDK, and who keeps it for something */
	{"uio_pci_generic", "uio/uio0", "it is bound to uio_pci_generic"},
	{"igb_uio", "uio/uio0", "it is bound to igb_uio"},
	{"pci-stub", NULL, "it is bound to pci-stub"},
	{"mlx5_core", "infiniband/mlx5_3", "mlx5_core drives it, and made an RDMA device of it"},
	{"ifcvf", "vdpa0", "ifcvf drives it, and made a vDPA device of it"},
};

START_TEST(vf_of_which_its_driver_made_something_else_is_taken)
{
	bind_to(others[_i].driver);
	if (others[_i].made)
		put_directory(text(VF "%s", others[_i].made));
	ck_assert_str_eq(reason(), others[_i].reason);
	ck_assert(!vfpt_vf_usage_lacks_netdev(host, &vf));
}
END_TEST

START_TEST(vf_without_driver_is_free)
{
	drop(VF "net");
	drop(VF "driver");
	ck_assert_str_eq(reason(), "");
	ck_assert(!vfpt_vf_usage_lacks_netdev(host, &vf));
}
END_TEST

START_TEST(long_driver_name_is_told_in_full)
{
	bind_to("a-driver-of-sixty-three-characters-and-not-of-a-single-one-more");
	ck_assert_str_eq(reason(), "a-driver-of-sixty-three-characters-and-not-of-a-single-one-more drives "
				   "it and made no network device of it; see dmesg, and try vfpt repair");
}
END_TEST

/* --- what cannot be read is no free VF */

START_TEST(unreadable_network_devices_are_an_error)
{
	drop(VF "net");
	put_file(VF "net", "x");
	ck_assert_str_eq(failure(), "sys/bus/pci/devices/0000:01:10.0: cannot read net: Not a directory");
}
END_TEST

START_TEST(network_device_that_is_a_file_is_an_error)
{
	put_file(VF "net/eth99", "x");
	ck_assert_str_eq(failure(), "sys/bus/pci/devices/0000:01:10.0: cannot read net/*: Not a directory");
}
END_TEST

START_TEST(driver_that_is_no_link_is_an_error)
{
	drop(VF "net");
	put_file(VF "driver", "x");
	ck_assert_str_eq(failure(), "sys/bus/pci/devices/0000:01:10.0: cannot read driver: Invalid argument");
}
END_TEST

/* --- addresses: the kernel is asked, about its loopback interface in place of the VF's device */

static bool has_address;

static void check_address(void)
{
	struct vfpt_netlink *netlink;
	char buffer[VFPT_REASON_SIZE];
	bool taken;

	if (!enter_own_network())
		return; /* not allowed here; the lab has it too */
	if (has_address)
		address_loopback(); /* before the netlink socket is opened, which gives up CAP_NET_ADMIN */
	need(vfpt_netlink_open(&netlink, &err) == 0, "netlink opens: %s", err.message);
	need(vfpt_host_open(root_fd, netlink, &host, &err) == 0, "the host opens: %s", err.message);
	need(vfpt_vf_usage(host, &vf, &taken, buffer, &err) == 0, "it can be looked at: %s", err.message);
	need(taken == has_address, "it is %s: %s", has_address ? "taken" : "free", buffer);
	need(strcmp(buffer, taken ? "its network device eth0 has an IP address" : "") == 0, "the reason: %s",
		buffer);
	vfpt_host_free(host);
	vfpt_netlink_close(netlink);
}

START_TEST(vf_whose_network_device_has_an_address_is_taken)
{
	put_file(NETDEV "ifindex", "1\n");
	has_address = _i;
	in_child(check_address);
}
END_TEST

/* The kernel knows no such device (any more): it answers, and with an error at the end. */
static void check_unknown(void)
{
	struct vfpt_netlink *netlink;
	char buffer[VFPT_REASON_SIZE];
	bool taken;

	need(vfpt_netlink_open(&netlink, &err) == 0, "netlink opens: %s", err.message);
	need(vfpt_host_open(root_fd, netlink, &host, &err) == 0, "the host opens: %s", err.message);
	need(vfpt_vf_usage(host, &vf, &taken, buffer, &err) == -1, "it fails");
	need(strcmp(err.message, "the kernel says: No such device") == 0, "the message: %s", err.message);
	vfpt_host_free(host);
	vfpt_netlink_close(netlink);
}

START_TEST(vf_whose_network_device_the_kernel_does_not_know_is_not_free)
{
	put_file(NETDEV "ifindex", "2147483000\n");
	in_child(check_unknown);
}
END_TEST

static void check_ifindex(void)
{
	struct vfpt_netlink *netlink;
	char buffer[VFPT_REASON_SIZE];
	bool taken;

	need(vfpt_netlink_open(&netlink, &err) == 0, "netlink opens: %s", err.message);
	need(vfpt_host_open(root_fd, netlink, &host, &err) == 0, "the host opens: %s", err.message);
	need(vfpt_vf_usage(host, &vf, &taken, buffer, &err) == -1 && err.code == VFPT_SYSTEM, "it fails");
	need(strcmp(err.message,
		     "sys/bus/pci/devices/0000:01:10.0: cannot read net/*/ifindex: Invalid argument") == 0,
		"the message: %s", err.message);
	vfpt_host_free(host);
	vfpt_netlink_close(netlink);
}

START_TEST(network_device_without_ifindex_is_an_error)
{
	put_file(NETDEV "ifindex", "x\n");
	in_child(check_ifindex);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("vf_usage");
	TCase *tcase = new_case(suite, "inuse", host_setup);

	tcase_add_checked_fixture(tcase, open_host, close_host);
	tcase_add_test(tcase, vf_with_an_idle_network_device_is_free);
	tcase_add_test(tcase, every_captured_vf_is_free);
	tcase_add_loop_test(tcase, vf_that_carries_a_device_is_taken, 0, ARRAY_SIZE(uppers));
	tcase_add_test(tcase, other_links_of_the_network_device_take_nothing);
	tcase_add_test(tcase, vf_whose_network_device_is_up_is_free);
	tcase_add_loop_test(tcase, any_of_several_network_devices_can_take_the_vf, 0, 2);
	tcase_add_test(tcase, vf_in_another_network_namespace_is_taken);
	tcase_add_test(tcase, vf_of_which_its_driver_made_no_network_device_is_taken);
	tcase_add_loop_test(
		tcase, vf_of_which_its_driver_made_something_else_is_taken, 0, ARRAY_SIZE(others));
	tcase_add_test(tcase, vf_without_driver_is_free);
	tcase_add_test(tcase, long_driver_name_is_told_in_full);
	tcase_add_test(tcase, unreadable_network_devices_are_an_error);
	tcase_add_test(tcase, network_device_that_is_a_file_is_an_error);
	tcase_add_test(tcase, driver_that_is_no_link_is_an_error);

	tcase = new_case(suite, "addresses", host_setup);
	tcase_add_loop_test(tcase, vf_whose_network_device_has_an_address_is_taken, 0, 2);
	tcase_add_test(tcase, vf_whose_network_device_the_kernel_does_not_know_is_not_free);
	tcase_add_test(tcase, network_device_without_ifindex_is_an_error);
	return run_suite(suite);
}
