/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What it says of a macvtap, a pair, a port profile, and a VF that is no vNIC's. */
#include "domain_support.h"

#include <libxml/tree.h>
#include <string.h>

/* --- macvtap */

#define DIRECT_1 "<interface type=\"direct\">" XML_MAC "<source dev=\"eth9\" mode=\"passthrough\"/>"
#define XML_VF                                                                                               \
	"<source><address type=\"pci\" domain=\"0x0000\" bus=\"0x02\" slot=\"0x10\" "                        \
	"function=\"0x4\"/></source>"                                                                        \
	"<driver name=\"vfio\"/>"
#define XML_MAC "<mac address=\"56:6f:1a:2b:00:01\"/>"

START_TEST(interface_becomes_a_macvtap_on_the_vf)
{
	parse_sample("nic-hotplug.xml");
	connect_as(VFPT_MODE_MACVTAP, 0, 200, "");
	ck_assert_str_eq(print(), "<interface type=\"direct\">\n"
				  "  <mac address=\"56:6f:1a:2b:00:09\"/>\n"
				  "  <source dev=\"eth9\" mode=\"passthrough\"/>\n"
				  "  <vlan><tag id=\"200\"/></vlan>\n"
				  "  <model type=\"virtio\"/>\n"
				  "  <link state=\"up\"/>\n"
				  "  <filterref filter=\"vdsm-no-mac-spoofing\"/>\n"
				  "  <alias name=\"ua-1d0a7f57-3f0e-4f43-9a55-3f1c0e6b0009\"/>\n"
				  "  <bandwidth/>\n"
				  "</interface>\n");
}
END_TEST

static const char *const going_of_macvtap[] = {
	"<source bridge='red' portid='x'/>",
	"<mtu size='9000'/>",
	"<port isolated='yes'/>",
	"<coalesce><rx><frames max='7'/></rx></coalesce>",
	"<vlan trunk='yes'><tag id='1'/><tag id='2'/></vlan>",
	"<virtualport type='openvswitch'><parameters profileid='x'/></virtualport>",
	"<virtualport type='802.1Qbg'/>",
	"<virtualport/>",
	"<guest dev='eth0'/>",
	"<script path='/etc/qemu-ifup'/>",
	"<downscript path='/etc/qemu-ifdown'/>",
};

START_TEST(what_a_macvtap_cannot_have_goes)
{
	parse(text(
		"<interface type='bridge'>" MAC_1 "%s<boot order='1'/></interface>", going_of_macvtap[_i]));
	connect_as(VFPT_MODE_MACVTAP, 0, 100, "");
	ck_assert_str_eq(print(), DIRECT_1 "<vlan><tag id=\"100\"/></vlan><boot order=\"1\"/></interface>\n");
}
END_TEST

static const char *const staying_of_macvtap[] = {
	"<model type=\"virtio\"/>",
	"<driver name=\"vhost\" queues=\"4\"/>",
	"<link state=\"down\"/>",
	"<bandwidth><inbound average=\"1\"/><outbound average=\"1280\" peak=\"2560\"/></bandwidth>",
	"<tune><sndbuf>0</sndbuf></tune>",
	"<backend tap=\"/dev/net/tun\" vhost=\"/dev/vhost-net\"/>",
	"<target dev=\"macvtap7\"/>",
	"<virtualport type=\"802.1Qbh\"><parameters profileid=\"test\"/></virtualport>",
};

/* And all that stays on a hostdev too. */
START_TEST(what_a_macvtap_can_have_and_what_is_not_libvirts_stays)
{
	const char *stays = (size_t)_i < ARRAY_SIZE(staying)
				    ? staying[_i]
				    : staying_of_macvtap[(size_t)_i - ARRAY_SIZE(staying)];

	parse(text("<interface type='bridge'><source bridge='red'/>" MAC_1
		   "<mtu size='1500'/>%s<port isolated='yes'/></interface>",
		stays));
	connect_as(VFPT_MODE_MACVTAP, 0, 0, "");
	ck_assert_str_eq(print(), text(DIRECT_1 "%s</interface>\n", stays));
}
END_TEST

/* --- a port profile */

#define QBH(name) "<virtualport type=\"802.1Qbh\"><parameters profileid=\"" name "\"/></virtualport>"

static const struct {
	enum vfpt_mode mode;
	const char *before, *port_profile, *after;
} port_profiles[] = {
	{VFPT_MODE_HOSTDEV, "", "gold: 1.2-x_y", QBH("gold: 1.2-x_y")},
	{VFPT_MODE_MACVTAP, "", "gold: 1.2-x_y", QBH("gold: 1.2-x_y")},
	/* the property goes before what is there */
	{VFPT_MODE_HOSTDEV, QBH("iron"), "gold", QBH("gold")},
	{VFPT_MODE_MACVTAP, QBH("iron"), "gold", QBH("gold")},
	{VFPT_MODE_HOSTDEV, "<virtualport type='openvswitch'/>", "gold", QBH("gold")},
	{VFPT_MODE_MACVTAP, "<virtualport/>", "gold", QBH("gold")},
	{VFPT_MODE_HOSTDEV, QBH("iron"), "", QBH("iron")},
	{VFPT_MODE_MACVTAP, QBH("iron"), "", QBH("iron")},
	/* others' is none */
	{VFPT_MODE_HOSTDEV, "<x:virtualport xmlns:x=\"urn:x\"/>", "gold",
		QBH("gold") "<x:virtualport xmlns:x=\"urn:x\"/>"},
};

START_TEST(port_profile_is_written_behind_the_vf)
{
	parse(text("<interface type='bridge'>" MAC_1 "%s</interface>", port_profiles[_i].before));
	connect_as(port_profiles[_i].mode, 0, 0, port_profiles[_i].port_profile);
	ck_assert_str_eq(print(), port_profiles[_i].mode == VFPT_MODE_MACVTAP
					  ? text(DIRECT_1 "%s</interface>\n", port_profiles[_i].after)
					  : text("<interface type=\"hostdev\" managed=\"yes\">" XML_MAC XML_VF
						 "%s</interface>\n",
						    port_profiles[_i].after));
}
END_TEST

START_TEST(port_profile_is_indented_like_the_rest)
{
	parse_sample("nic-hotplug.xml");
	connect_as(VFPT_MODE_MACVTAP, 0, 0, "gold");
	ck_assert_contains(print(), "  <source dev=\"eth9\" mode=\"passthrough\"/>\n"
				    "  <virtualport type=\"802.1Qbh\"><parameters "
				    "profileid=\"gold\"/></virtualport>\n"
				    "  <model type=\"virtio\"/>\n");
}
END_TEST

/* --- failover: a pair */

#define OWN_1 "ua-vfpt-566f1a2b0001"

/* The persistent part's alias is libvirt's own or none: then there is a user alias now. */
static const struct {
	const char *alias, *persistent;
} partners[] = {
	{"<alias name='ua-8a1c9c2e-4b0d-4f7c-9a41-0d6d52e4c001'/>",
		"ua-8a1c9c2e-4b0d-4f7c-9a41-0d6d52e4c001"},
	{"<alias name='ua-x'/>", "ua-x"},
	{"", OWN_1 "-virtio"},
	{"<alias name='net0'/>", OWN_1 "-virtio"},
	{"<alias/>", OWN_1 "-virtio"},
	{"<alias name=''/>", OWN_1 "-virtio"},
};

START_TEST(vnic_stays_and_gets_a_partner)
{
	const char *persistent = partners[_i].persistent, *alias = text("<alias name='%s'/>", persistent);
	const char *expected, *after;

	parse(text("<domain " OVIRT "><metadata><o:vm/></metadata><devices>" VNIC_2
		   "<interface type='bridge' x:a='b' xmlns:x='urn:x'>" MAC_1
		   "<source bridge='red'/><model type='virtio'/><mtu size='9000'/><!-- a -->%s"
		   "<link state='down'/></interface><!-- b --><interface/></devices></domain>",
		partners[_i].alias));
	connect_as(VFPT_MODE_FAILOVER, 1, 100, "");
	after = canonical(print());
	/* What there was of an alias says another name, where it was; else it is the last element. */
	expected =
		text("<domain " OVIRT "><metadata><o:vm>"
		     "<o:device mac_address='56:6f:1a:2b:00:01' alias='" OWN_1
		     "'><o:network>red</o:network></o:device>"
		     "<o:device mac_address='56:6f:1a:2b:00:01' alias='%s'><o:network>red</o:network>"
		     "</o:device></o:vm></metadata><devices>" VNIC_2
		     "<interface type='bridge' x:a='b' xmlns:x='urn:x'>" MAC_1 "<teaming type='persistent'/>"
		     "<source bridge='red'/><model type='virtio'/><mtu size='9000'/><!-- a -->%s"
		     "<link state='down'/>%s</interface>"
		     "<interface type='hostdev' managed='yes'>" MAC_1
		     "<source><address type='pci' domain='0x0000' bus='0x02' slot='0x10' function='0x4'/>"
		     "</source><driver name='vfio'/><vlan><tag id='100'/></vlan><alias name='" OWN_1 "'/>"
		     "<teaming type='transient' persistent='%s'/></interface>"
		     "<!-- b --><interface/></devices></domain>",
			persistent, partners[_i].alias[0] ? alias : "", partners[_i].alias[0] ? "" : alias,
			persistent);
	expected = canonical(expected);
	ck_assert_str_eq(after, expected);
}
END_TEST

/* VDSM takes a device of a pair for the one that has its MAC and its alias. */
static const struct {
	const char *before, *after; /* metadata; the vNIC's alias is ua-x */
} pair_metadata[] = {
	{DEVICE_1 "<o:network>dmz</o:network><o:custom><o:a>b</o:a></o:custom></o:device>",
		"<o:device mac_address='56:6f:1a:2b:00:01' alias='" OWN_1
		"'><o:network>dmz</o:network></o:device><o:device mac_address='56:6f:1a:2b:00:01' "
		"alias='ua-x'><o:network>dmz</o:network><o:custom><o:a>b</o:a></o:custom></o:device>"},
	{"<o:device mac_address='56:6F:1A:2B:00:01' alias='ua-x'><o:custom/></o:device>",
		"<o:device mac_address='56:6f:1a:2b:00:01' alias='" OWN_1
		"'><o:network>red</o:network></o:device><o:device mac_address='56:6F:1A:2B:00:01' "
		"alias='ua-x'><o:network>red</o:network><o:custom/></o:device>"},
	{DEVICE("02") "</o:device>" DEVICE_1 "<o:network>dmz</o:network></o:device>",
		"<o:device mac_address='56:6f:1a:2b:00:01' alias='" OWN_1
		"'><o:network>dmz</o:network></o:device>" DEVICE(
			"02") "</o:device><o:device mac_address='56:6f:1a:2b:00:01' "
			      "alias='ua-x'><o:network>dmz</o:network></o:device>"},
};

START_TEST(metadata_tells_the_pair_apart)
{
	const char *document = "<domain " OVIRT
			       "><metadata><o:vm>%s</o:vm></metadata><devices><interface type='bridge'>" MAC_1
			       "<source bridge='red'/><alias name='ua-x'/></interface></devices></domain>";
	const char *network;
	xmlDoc *doc;

	parse(replaced(document, "%s", pair_metadata[_i].before));
	network = text("%s", vnics[0].network);
	connect_as(VFPT_MODE_FAILOVER, 0, 100, "");
	doc = tree(print());
	ck_assert_str_eq(canonical_element(find(xmlDocGetRootElement(doc), "metadata", 0)),
		canonical(text("<metadata " OVIRT "><o:vm>%s</o:vm></metadata>", pair_metadata[_i].after)));
	xmlFreeDoc(doc);
	parse(print());
	ck_assert_uint_eq(vnic_count, _i == 2 ? 3 : 2);
	for (size_t i = 0; i < 2; i++)
		ck_assert_str_eq(vnics[i].network, network);
	ck_assert_uint_eq(vnics[0].property_count, _i == 0);
	ck_assert_uint_eq(vnics[1].property_count, 0);
}
END_TEST

START_TEST(pair_is_indented_like_the_rest)
{
	const char *after;

	parse_sample("vm-one-nic.xml");
	connect_as(VFPT_MODE_FAILOVER, 0, 100, "");
	after = print();
	ck_assert_contains(after, "\n    <ovirt-vm:vm>"
				  "\n      <ovirt-vm:device mac_address=\"56:6f:1a:2b:00:01\" alias=\"" OWN_1
				  "\"><ovirt-vm:network>red</ovirt-vm:network></ovirt-vm:device>"
				  "\n      <ovirt-vm:clusterVersion>4.7</ovirt-vm:clusterVersion>");
	ck_assert_contains(after, "\n      <ovirt-vm:device mac_address=\"56:6f:1a:2b:00:01\" "
				  "alias=\"ua-8a1c9c2e-4b0d-4f7c-9a41-0d6d52e4c001\">"
				  "\n        <ovirt-vm:network>red</ovirt-vm:network>"
				  "\n        <ovirt-vm:custom>");
	ck_assert_contains(after, "\n      <mac address=\"56:6F:1A:2B:00:01\"/>"
				  "\n      <teaming type=\"persistent\"/>"
				  "\n      <model type=\"virtio\"/>");
	ck_assert_contains(after, "\n      <boot order=\"1\"/>"
				  "\n    </interface>"
				  "\n    <interface type=\"hostdev\" managed=\"yes\">"
				  "<mac address=\"56:6f:1a:2b:00:01\"/>" XML_VF
				  "<vlan><tag id=\"100\"/></vlan><alias name=\"" OWN_1 "\"/>"
				  "<teaming type=\"transient\" "
				  "persistent=\"ua-8a1c9c2e-4b0d-4f7c-9a41-0d6d52e4c001\"/></interface>"
				  "\n    <channel type=\"unix\">");
}
END_TEST

START_TEST(port_profile_of_a_pair_is_its_vfs)
{
	parse(DOMAIN_OF("", VNIC_1));
	connect_as(VFPT_MODE_FAILOVER, 0, 0, "gold");
	ck_assert_lacks(canonical_interface(print(), 0), "virtualport");
	ck_assert_contains(canonical_interface(print(), 1),
		"<driver name=\"vfio\"></driver><virtualport type=\"802.1Qbh\"><parameters "
		"profileid=\"gold\"></parameters></virtualport><alias name=\"" OWN_1 "\">");
}
END_TEST

/* --- a VF that is no vNIC's */

static void drop_node(xmlNode *node)
{
	xmlUnlinkNode(node);
	xmlFreeNode(node);
}

START_TEST(vf_is_added_behind_the_other_devices)
{
	const struct vfpt_connection connection = {
		.mode = VFPT_MODE_HOSTDEV, .vf = a_vf, .vlan_id = _i ? 7 : 0, .port_profile = ""};
	const struct vfpt_mac mac = {{0x66, 0x5a, 0xd2, 0xbe, 0x9a, 0x6d}};
	const char *before = parse_sample("vm-one-nic.xml"), *after;
	xmlDoc *doc;
	xmlNode *vm, *device;

	ck_assert_ok(vfpt_domain_add_vf(domain, &mac, &connection, &err), err);
	after = print();
	ck_assert_contains(after, text("\n    <memballoon model=\"virtio\"/>"
				       "\n    <interface type=\"hostdev\" managed=\"yes\"><mac "
				       "address=\"66:5a:d2:be:9a:6d\"/>" XML_VF
				       "%s<alias name=\"ua-vfpt-665ad2be9a6d\"/></interface>\n  </devices>\n",
					  _i ? "<vlan><tag id=\"7\"/></vlan>" : ""));
	ck_assert_contains(after,
		"\n    <ovirt-vm:vm>\n      <ovirt-vm:device mac_address=\"66:5a:d2:be:9a:6d\">"
		"<ovirt-vm:network>;vdsmdummy;</ovirt-vm:network></ovirt-vm:device>\n      "
		"<ovirt-vm:cluster");
	/* Without these it is the document as it was. */
	doc = tree(after);
	vm = find(find(xmlDocGetRootElement(doc), "metadata", 0), "vm", 0);
	device = find(vm, "device", 0);
	drop_node(device->prev);
	drop_node(device);
	device = find(find(xmlDocGetRootElement(doc), "devices", 0), "interface", 1);
	drop_node(device->prev);
	drop_node(device);
	ck_assert_str_eq(canonical_tree(doc), canonical(before));
	xmlFreeDoc(doc);
	parse(after);
	ck_assert_uint_eq(vnic_count, 2);
	ck_assert(vnics[1].has_vf);
	ck_assert_mem_eq(&vnics[1].vf, &a_vf, sizeof(a_vf));
	ck_assert_mem_eq(&vnics[1].mac, &mac, sizeof(mac));
	ck_assert_str_eq(vnics[1].network, VFPT_NO_NETWORK);
}
END_TEST

START_TEST(vfs_are_added_one_behind_the_other)
{
	struct vfpt_connection connection = {.mode = VFPT_MODE_HOSTDEV, .vf = a_vf, .port_profile = ""};
	struct vfpt_mac mac = {{2}};

	/* To nothing at all, first. */
	parse(_i ? "<domain><devices>\n\t<!-- none -->\n</devices></domain>" : "<domain><devices/></domain>");
	for (uint8_t i = 0; i < 3; i++) {
		mac.octet[5] = connection.vf.function = i;
		ck_assert_ok(vfpt_domain_add_vf(domain, &mac, &connection, &err), err);
	}
	parse(print());
	ck_assert_uint_eq(vnic_count, 3);
	for (unsigned i = 0; i < 3; i++) {
		ck_assert_uint_eq(vnics[i].mac.octet[5], i);
		ck_assert_uint_eq(vnics[i].vf.function, i);
		ck_assert_str_eq(vnics[i].alias, text("ua-vfpt-02000000000%u", i));
		ck_assert_str_eq(vnics[i].network, VFPT_NO_NETWORK);
	}
	if (_i)
		ck_assert_contains(print(), "<!-- none -->");
}
END_TEST

/* --- read again, the document says what was meant */

static const struct {
	enum vfpt_mode mode;
	uint16_t vlan_id;
	const char *port_profile;
} meanings[] = {
	{VFPT_MODE_HOSTDEV, 0, ""},
	{VFPT_MODE_HOSTDEV, 4094, ""},
	{VFPT_MODE_HOSTDEV, 0, "gold"},
	{VFPT_MODE_MACVTAP, 0, ""},
	{VFPT_MODE_MACVTAP, 4094, ""},
	{VFPT_MODE_MACVTAP, 0, "gold"},
	{VFPT_MODE_FAILOVER, 0, ""},
	{VFPT_MODE_FAILOVER, 4094, ""},
	{VFPT_MODE_FAILOVER, 0, "gold"},
};

/* Each of the four vNICs of the sample in turn; all others stay to the letter. */
START_TEST(document_says_what_was_meant)
{
	const size_t mode = (size_t)_i % ARRAY_SIZE(meanings), n = (size_t)_i / ARRAY_SIZE(meanings);
	const bool pair = meanings[mode].mode == VFPT_MODE_FAILOVER;
	const char *before = parse_sample("vm-four-nics.xml"), *after,
		   *network = text("%s", vnics[n].network);
	const char *vf;

	connect_as(meanings[mode].mode, n, meanings[mode].vlan_id, meanings[mode].port_profile);
	after = print();
	parse(after);
	ck_assert_uint_eq(vnic_count, pair ? 5 : 4);
	for (size_t i = 0; i < 4; i++)
		if (i != n)
			ck_assert_str_eq(canonical_interface(after, (unsigned)(pair && i > n ? i + 1 : i)),
				canonical_interface(before, (unsigned)i));
	ck_assert_uint_eq(vnics[n].mac.octet[5], n + 1);
	ck_assert_str_eq(vnics[n].network, network);
	ck_assert_uint_eq(vnics[n].property_count, n == 0 ? 0 : n == 3 ? 1 : n == 1 ? 2 : 3);
	ck_assert_int_eq(vnics[n].has_vf, meanings[mode].mode == VFPT_MODE_HOSTDEV);
	if (meanings[mode].mode == VFPT_MODE_HOSTDEV) {
		ck_assert_str_eq(vnics[n].type, "hostdev");
		ck_assert_ptr_null(vnics[n].bridge);
		ck_assert_ptr_null(vnics[n].model);
	} else if (meanings[mode].mode == VFPT_MODE_MACVTAP) {
		ck_assert_str_eq(vnics[n].type, "direct");
		ck_assert_ptr_null(vnics[n].bridge);
		ck_assert_str_eq(vnics[n].model, "virtio");
		ck_assert_int_eq(vnics[n].link_down, n == 3);
		ck_assert_uint_eq(vnics[n].outbound, n == 1 ? 2560 : 0);
	} else {
		ck_assert_str_eq(vnics[n].type, "bridge");
		ck_assert_str_eq(vnics[n].bridge, network);
		ck_assert_str_eq(vnics[n].teaming, "persistent");
		ck_assert_str_eq(vnics[n].alias, text("ua-vfpt-566f1a2b070%zu-virtio", n + 1));
		ck_assert_str_eq(vnics[n + 1].type, "hostdev");
		ck_assert_str_eq(vnics[n + 1].teaming, "transient");
		ck_assert_str_eq(vnics[n + 1].alias, text("ua-vfpt-566f1a2b070%zu", n + 1));
		ck_assert_mem_eq(&vnics[n + 1].mac, &vnics[n].mac, sizeof(vnics[n].mac));
		ck_assert_str_eq(vnics[n + 1].network, network);
		ck_assert_uint_eq(vnics[n + 1].property_count, 0);
	}
	if (meanings[mode].mode != VFPT_MODE_MACVTAP)
		ck_assert_mem_eq(&vnics[n + pair].vf, &a_vf, sizeof(a_vf));
	vf = canonical_interface(after, (unsigned)n + pair);
	ck_assert_int_eq(
		strstr(vf, "<vlan><tag id=\"4094\"></tag></vlan>") != NULL, meanings[mode].vlan_id != 0);
	ck_assert_int_eq(strstr(vf, "<vlan>") != NULL, meanings[mode].vlan_id != 0);
	ck_assert_int_eq(
		strstr(vf, "<parameters profileid=\"gold\">") != NULL, meanings[mode].port_profile[0] != 0);
	ck_assert_contains(after, "<!-- kept: four vNICs, three of them passed through -->");
	ck_assert_contains(after, "<qemu:commandline><qemu:arg value=\"-overcommit\"/>");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("domain_modes");
	TCase *tcase = domain_case(suite, "modes");

	tcase_add_test(tcase, interface_becomes_a_macvtap_on_the_vf);
	tcase_add_loop_test(tcase, what_a_macvtap_cannot_have_goes, 0, ARRAY_SIZE(going_of_macvtap));
	tcase_add_loop_test(tcase, what_a_macvtap_can_have_and_what_is_not_libvirts_stays, 0,
		ARRAY_SIZE(staying) + ARRAY_SIZE(staying_of_macvtap));
	tcase_add_loop_test(tcase, port_profile_is_written_behind_the_vf, 0, ARRAY_SIZE(port_profiles));
	tcase_add_test(tcase, port_profile_is_indented_like_the_rest);
	tcase_add_loop_test(tcase, vnic_stays_and_gets_a_partner, 0, ARRAY_SIZE(partners));
	tcase_add_loop_test(tcase, metadata_tells_the_pair_apart, 0, ARRAY_SIZE(pair_metadata));
	tcase_add_test(tcase, pair_is_indented_like_the_rest);
	tcase_add_test(tcase, port_profile_of_a_pair_is_its_vfs);
	tcase_add_loop_test(tcase, vf_is_added_behind_the_other_devices, 0, 2);
	tcase_add_loop_test(tcase, vfs_are_added_one_behind_the_other, 0, 2);
	tcase_add_loop_test(tcase, document_says_what_was_meant, 0, 4 * ARRAY_SIZE(meanings));
	return run_suite(suite);
}
