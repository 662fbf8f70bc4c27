/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "opened_host.h"

struct vfpt_error err;
struct vfpt_host *host;

static void open_host(void)
{
	ck_assert_ok(vfpt_host_open(root_fd, NULL, &host, &err), err);
}

static void close_host(void)
{
	vfpt_host_free(host);
}

TCase *opened_host_case(Suite *suite, const char *name)
{
	TCase *tcase = new_case(suite, name, host_setup);

	tcase_add_checked_fixture(tcase, open_host, close_host);
	return tcase;
}

const char *printed(const struct vfpt_pci *address)
{
	char buffer[VFPT_PCI_SIZE];

	return text("%s", vfpt_pci_format(address, buffer));
}

const struct vfpt_pf *pf_named(const char *netdev)
{
	const struct vfpt_pf *pf;

	ck_assert_ok(vfpt_host_pf(host, netdev, &pf, &err), err);
	return pf;
}

void put_netdev_of_pf_1(const char *name, const char *port)
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

const struct bad_number bad_numbers[BAD_NUMBERS] = {
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

const char *const bad_names[BAD_NAMES] = {
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
