/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a document says once vNICs are connected to their VFs, and what of it stays. */
#include "domain_support.h"

#include <libxml/tree.h>
#include <string.h>

/* The domain without its interfaces of that numbers (a bit each). */
static const char *canonical_without(const char *document, unsigned interfaces)
{
	xmlDoc *doc = tree(document);
	xmlNode *devices = find(xmlDocGetRootElement(doc), "devices", 0);
	const char *copy;

	for (unsigned n = 32; n-- > 0;)
		if (interfaces & 1u << n) {
			xmlNode *interface = find(devices, "interface", n);

			xmlUnlinkNode(interface);
			xmlFreeNode(interface);
		}
	copy = canonical_tree(doc);
	xmlFreeDoc(doc);
	return copy;
}

/* --- passing through: the samples, wholly */

START_TEST(interface_becomes_a_managed_hostdev)
{
	parse_sample("nic-hotplug.xml");
	pass_through(0, 200);
	ck_assert_str_eq(print(),
		"<interface type=\"hostdev\" managed=\"yes\">\n"
		"  <mac address=\"56:6f:1a:2b:00:09\"/>\n"
		"  <source><address type=\"pci\" domain=\"0x0000\" bus=\"0x02\" slot=\"0x10\" "
		"function=\"0x4\"/></source>\n"
		"  <driver name=\"vfio\"/>\n"
		"  <vlan><tag id=\"200\"/></vlan>\n"
		"  <alias name=\"ua-1d0a7f57-3f0e-4f43-9a55-3f1c0e6b0009\"/>\n"
		"</interface>\n");
}
END_TEST

START_TEST(untagged_network_gives_no_vlan)
{
	parse_sample("nic-hotplug.xml");
	pass_through(0, 0);
	ck_assert_lacks(print(), "vlan");
	ck_assert_contains(print(), "<driver name=\"vfio\"/>\n  <alias");
}
END_TEST

START_TEST(sample_of_one_vnic_changes_in_its_interface_only)
{
	const char *before = parse_sample("vm-one-nic.xml"), *after;

	pass_through(0, 100);
	after = print();
	ck_assert_str_eq(canonical_without(after, 1), canonical_without(before, 1));
	ck_assert_str_eq(canonical_interface(after, 0),
		"<interface managed=\"yes\" type=\"hostdev\">\n"
		"      <mac address=\"56:6F:1A:2B:00:01\"></mac>\n"
		"      <source><address bus=\"0x02\" domain=\"0x0000\" function=\"0x4\" slot=\"0x10\" "
		"type=\"pci\">"
		"</address></source>\n"
		"      <driver name=\"vfio\"></driver>\n"
		"      <vlan><tag id=\"100\"></tag></vlan>\n"
		"      <alias name=\"ua-8a1c9c2e-4b0d-4f7c-9a41-0d6d52e4c001\"></alias>\n"
		"      <address bus=\"0x01\" domain=\"0x0000\" function=\"0x0\" slot=\"0x00\" "
		"type=\"pci\"></address>\n"
		"      <boot order=\"1\"></boot>\n"
		"    </interface>");
	ck_assert_int_eq(strncmp(after, "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<domain ", 47), 0);
}
END_TEST

/* Each subset of its four vNICs. */
START_TEST(sample_of_four_vnics_changes_in_those_interfaces_only)
{
	const char *before = parse_sample("vm-four-nics.xml"), *after;
	unsigned which = (unsigned)_i;

	for (unsigned n = 0; n < 4; n++)
		if (which & 1u << n)
			pass_through(n, n == 0 ? 0 : 100);
	after = print();
	ck_assert_str_eq(canonical_without(after, which), canonical_without(before, which));
	for (unsigned n = 0; n < 4; n++)
		ck_assert_str_eq(canonical_interface(after, n),
			which & 1u << n
				? text("<interface managed=\"yes\" type=\"hostdev\"><mac "
				       "address=\"56:6f:1a:2b:07:0%u\"></mac><source><address bus=\"0x02\" "
				       "domain=\"0x0000\" function=\"0x4\" slot=\"0x10\" "
				       "type=\"pci\"></address>"
				       "</source><driver name=\"vfio\"></driver>%s</interface>",
					  n + 1, n == 0 ? "" : "<vlan><tag id=\"100\"></tag></vlan>")
				: canonical_interface(before, n));
	ck_assert_contains(after, "<!-- kept: four vNICs, three of them passed through -->");
}
END_TEST

static const struct {
	struct vfpt_pci vf;
	const char *written;
} addresses[] = {
	{{0, 1, 16, 0}, "domain=\"0x0000\" bus=\"0x01\" slot=\"0x10\" function=\"0x0\""},
	{{0, 0, 0, 0}, "domain=\"0x0000\" bus=\"0x00\" slot=\"0x00\" function=\"0x0\""},
	{{0xabcd, 0xef, 26, 5}, "domain=\"0xabcd\" bus=\"0xef\" slot=\"0x1a\" function=\"0x5\""},
	{{0x10000, 0xe1, 31, 7}, "domain=\"0x10000\" bus=\"0xe1\" slot=\"0x1f\" function=\"0x7\""},
	{{0xffffffff, 255, 31, 7}, "domain=\"0xffffffff\" bus=\"0xff\" slot=\"0x1f\" function=\"0x7\""},
};

START_TEST(address_of_the_vf_is_written_in_full)
{
	const struct vfpt_connection connection = {
		.mode = VFPT_MODE_HOSTDEV, .vf = addresses[_i].vf, .vlan_id = 4094, .port_profile = ""};

	parse_sample("nic-hotplug.xml");
	ck_assert_ok(vfpt_domain_connect(domain, &vnics[0], &connection, &err), err);
	ck_assert_contains(print(), text("<address type=\"pci\" %s/>", addresses[_i].written));
	ck_assert_contains(print(), "<tag id=\"4094\"/>");
}
END_TEST

/* --- passing through: what goes, what stays */

static const char *const going[] = {
	"<source bridge='red' portid='x'/>",
	"<model type='virtio'/>",
	"<driver name='vhost' queues='4' txmode='iothread'><host csum='off'/></driver>",
	"<filterref filter='vdsm-no-mac-spoofing'><parameter name='IP' value='1.2.3.4'/></filterref>",
	"<target dev='vnet0'/>",
	"<tune><sndbuf>0</sndbuf></tune>",
	"<link state='down'/>",
	"<mtu size='9000'/>",
	"<bandwidth><inbound average='1280' peak='2560' burst='10240'/></bandwidth>",
	"<bandwidth/>",
	"<port isolated='yes'/>",
	"<coalesce><rx><frames max='7'/></rx></coalesce>",
	"<vlan trunk='yes'><tag id='1'/><tag id='2'/></vlan>",
	"<vlan><tag id='1'/></vlan>",
	"<virtualport type='openvswitch'><parameters profileid='x'/></virtualport>",
	"<virtualport/>",
	"<guest dev='eth0'/>",
	"<script path='/etc/qemu-ifup'/>",
	"<downscript path='/etc/qemu-ifdown'/>",
	"<backend tap='/dev/net/tun'/>",
	"<model type='virtio'/><!-- between --><link state='up'/>",
};

START_TEST(what_a_hostdev_cannot_have_goes)
{
	const char *without = "<interface type='bridge'>" MAC("01") "<boot order='1'/></interface>";
	const char *expected;

	parse(without);
	pass_through(0, 100);
	expected = print();
	if (strstr(going[_i], "<!--"))
		expected = replaced(expected, "<boot", "<!-- between --><boot");
	parse(replaced(without, "<boot", text("%s<boot", going[_i])));
	pass_through(0, 100);
	ck_assert_str_eq(print(), expected);
}
END_TEST

START_TEST(what_a_hostdev_can_have_and_what_is_not_libvirts_stays)
{
	parse(text(
		"<interface type='bridge'><source bridge='red'/>" MAC("01") "<model type='virtio'/>%s"
									    "<link state='up'/></interface>",
		staying[_i]));
	pass_through(0, 0);
	ck_assert_str_eq(print(), text("<interface type=\"hostdev\" managed=\"yes\"><mac "
				       "address=\"56:6f:1a:2b:00:01\"/><source>"
				       "<address type=\"pci\" domain=\"0x0000\" bus=\"0x02\" slot=\"0x10\" "
				       "function=\"0x4\"/></source>"
				       "<driver name=\"vfio\"/>%s</interface>\n",
					  staying[_i]));
}
END_TEST

START_TEST(attributes_of_others_stay)
{
	parse("<interface x:type='kept' type='bridge' trustGuestRxFilters='yes' xmlns:x='urn:x'>" MAC(
		"01") "</interface>");
	pass_through(0, 0);
	ck_assert_contains(print(), "x:type=\"kept\"");
	ck_assert_contains(print(), " type=\"hostdev\"");
	ck_assert_contains(print(), "trustGuestRxFilters=\"yes\"");
}
END_TEST

START_TEST(interface_without_any_child_but_mac_is_passed_through)
{
	parse("<interface type='bridge'>\n" MAC("01") "\n</interface>");
	pass_through(0, 7);
	ck_assert_contains(print(), "<driver name=\"vfio\"/>");
	ck_assert_contains(print(), "<vlan><tag id=\"7\"/></vlan>");
}
END_TEST

/* Everything that can stand in a document, all around the vNIC. */
START_TEST(all_around_stays)
{
	const char *before =
		"<?xml version='1.0' encoding='UTF-8'?>\n"
		"<!-- in front -->\n<?in front?>\n"
		"<domain type='kvm' xmlns:q='http://libvirt.org/schemas/domain/qemu/1.0' " OVIRT ">"
		"<name>B\xc3\xbcro &amp; &lt;M\xc3\xb6nch&gt; \xe6\x9d\xb1\xe4\xba\xac &#x1F50C;</name>"
		"<description><![CDATA[<not> & xml ]] > ]]></description>"
		"<title>  white \t\n space  </title>"
		"<metadata><a:b xmlns:a='urn:a' a:c='1' c='2'><c xmlns='urn:c' xml:space='preserve'> "
		"</c></a:b>"
		"<o:vm>" DEVICE(
			"01") "<o:network>red</o:network></o:device></o:vm></metadata>"
			      "<devices>\n\t<!-- d -->\n\t<disk q:x='1'/><?d e?>\n" VNIC("02") "\n\t" VNIC(
				      "01") "<![CDATA[]]>\n" VNIC("03") "</devices>"
									"<q:commandline><q:arg "
									"value='a&#10;b&#9;c&quot;d&apos;e'/"
									"></q:commandline>"
									"</domain>\n<!-- behind "
									"-->\n<?behind it?>\n";
	const char *after;

	parse(before);
	pass_through(1, 100);
	after = print();
	ck_assert_str_eq(canonical_without(after, 2), canonical_without(before, 2));
	ck_assert_contains(after, "<![CDATA[<not> & xml ]] > ]]>");
	ck_assert_contains(after, "<!-- in front -->\n<?in front?>\n<domain ");
	ck_assert_contains(after, "</domain>\n<!-- behind -->\n<?behind it?>\n");
	ck_assert_contains(after, "a&#10;b&#9;c&quot;d'e");
	ck_assert_contains(canonical_interface(after, 1), "<mac address=\"56:6f:1a:2b:00:01\">");
	ck_assert_contains(canonical_interface(after, 1), "type=\"hostdev\"");
}
END_TEST

/* --- the network's name: VDSM needs it in the metadata once <source bridge> is gone */

static const struct {
	const char *before, *after;
} metadata[] = {
	/* there: stays as it is */
	{"<metadata><o:vm " OVIRT ">" DEVICE("01") "<o:network>blue</o:network></o:device></o:vm></metadata>",
		"<metadata><o:vm xmlns:o=\"" VFPT_OVIRT_NAMESPACE
		"\"><o:device mac_address=\"56:6f:1a:2b:00:01\">"
		"<o:network>blue</o:network></o:device></o:vm></metadata>"},
	/* the MAC in upper case */
	{"<metadata><o:vm " OVIRT "><o:device mac_address='56:6F:1A:2B:00:01'/></o:vm></metadata>",
		"<metadata><o:vm xmlns:o=\"" VFPT_OVIRT_NAMESPACE
		"\"><o:device mac_address=\"56:6F:1A:2B:00:01\">"
		"<o:network>r&amp;d</o:network></o:device></o:vm></metadata>"},
	/* empty */
	{"<metadata><o:vm " OVIRT ">" DEVICE("01") "<o:network/></o:device></o:vm></metadata>",
		"<metadata><o:vm xmlns:o=\"" VFPT_OVIRT_NAMESPACE
		"\"><o:device mac_address=\"56:6f:1a:2b:00:01\">"
		"<o:network>r&amp;d</o:network></o:device></o:vm></metadata>"},
	/* beside other things */
	{"<metadata><o:vm " OVIRT
	 ">" DEVICE("01") "<o:custom><o:a>b</o:a></o:custom></o:device></o:vm></metadata>",
		"<metadata><o:vm xmlns:o=\"" VFPT_OVIRT_NAMESPACE
		"\"><o:device mac_address=\"56:6f:1a:2b:00:01\">"
		"<o:network>r&amp;d</o:network><o:custom><o:a>b</o:a></o:custom></o:device></o:vm></"
		"metadata>"},
	/* only another vNIC's */
	{"<metadata><o:vm " OVIRT ">" DEVICE("02") "<o:network>x</o:network></o:device></o:vm></metadata>",
		"<metadata><o:vm xmlns:o=\"" VFPT_OVIRT_NAMESPACE
		"\"><o:device mac_address=\"56:6f:1a:2b:00:01\">"
		"<o:network>r&amp;d</o:network></o:device><o:device "
		"mac_address=\"56:6f:1a:2b:00:02\"><o:network>x"
		"</o:network></o:device></o:vm></metadata>"},
	/* no device at all, the namespace without prefix */
	{"<metadata><vm xmlns='" VFPT_OVIRT_NAMESPACE "'/></metadata>",
		"<metadata><vm xmlns=\"" VFPT_OVIRT_NAMESPACE
		"\"><device mac_address=\"56:6f:1a:2b:00:01\"><network>"
		"r&amp;d</network></device></vm></metadata>"},
	/* nobody's */
	{"<metadata><x:y xmlns:x='urn:x'/></metadata>",
		"<metadata><ovirt-vm:vm xmlns:ovirt-vm=\"" VFPT_OVIRT_NAMESPACE "\"><ovirt-vm:device "
		"mac_address=\"56:6f:1a:2b:00:01\"><ovirt-vm:network>r&amp;d</ovirt-vm:network></"
		"ovirt-vm:device>"
		"</ovirt-vm:vm><x:y xmlns:x=\"urn:x\"/></metadata>"},
	{"<metadata/>", "<metadata><ovirt-vm:vm xmlns:ovirt-vm=\"" VFPT_OVIRT_NAMESPACE "\"><ovirt-vm:device "
			"mac_address=\"56:6f:1a:2b:00:01\"><ovirt-vm:network>r&amp;d</ovirt-vm:network></"
			"ovirt-vm:device>"
			"</ovirt-vm:vm></metadata>"},
	{"", "<metadata><ovirt-vm:vm xmlns:ovirt-vm=\"" VFPT_OVIRT_NAMESPACE "\"><ovirt-vm:device "
	     "mac_address=\"56:6f:1a:2b:00:01\"><ovirt-vm:network>r&amp;d</ovirt-vm:network></"
	     "ovirt-vm:device>"
	     "</ovirt-vm:vm></metadata>"},
};

START_TEST(network_stays_in_the_metadata_or_is_added)
{
	const char *document = "<domain>%s<devices><interface type='bridge'>" MAC(
		"01") "<source bridge='r&amp;d'/></interface></devices></domain>";
	xmlDoc *doc;

	parse(replaced(document, "%s", metadata[_i].before));
	pass_through(0, 0);
	doc = tree(print());
	ck_assert_str_eq(canonical_element(find(xmlDocGetRootElement(doc), "metadata", 0)),
		canonical(metadata[_i].after));
	xmlFreeDoc(doc);
	/* Read again, it says so. */
	parse(print());
	ck_assert_str_eq(vnics[0].network, _i == 0 ? "blue" : "r&d");
	ck_assert_ptr_null(vnics[0].bridge);
}
END_TEST

/* A device hook's document is the interface alone: there is no metadata to write to. */
START_TEST(interface_alone_gets_no_metadata)
{
	parse("<interface type='bridge'>" MAC("01") "<source bridge='red'/></interface>");
	pass_through(0, 0);
	ck_assert_lacks(print(), "network");
	ck_assert_lacks(print(), "metadata");
}
END_TEST

START_TEST(added_metadata_is_indented_like_the_rest)
{
	parse("<domain>\n  <name>x</name>\n  <devices>\n    <interface type='bridge'>\n      " MAC(
		"01") "\n      <source bridge='red'/>\n    </interface>\n  </devices>\n</domain>\n");
	pass_through(0, 0);
	ck_assert_str_eq(print(),
		"<domain>\n"
		"  <metadata><ovirt-vm:vm xmlns:ovirt-vm=\"" VFPT_OVIRT_NAMESPACE "\"><ovirt-vm:device "
		"mac_address=\"56:6f:1a:2b:00:01\"><ovirt-vm:network>red</ovirt-vm:network></"
		"ovirt-vm:device></ovirt-vm:vm>"
		"</metadata>\n"
		"  <name>x</name>\n"
		"  <devices>\n"
		"    <interface type=\"hostdev\" managed=\"yes\">\n"
		"      <mac address=\"56:6f:1a:2b:00:01\"/>\n"
		"      <source><address type=\"pci\" domain=\"0x0000\" bus=\"0x02\" slot=\"0x10\" "
		"function=\"0x4\"/></source>\n"
		"      <driver name=\"vfio\"/>\n"
		"    </interface>\n"
		"  </devices>\n"
		"</domain>\n");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("domain_rewrite");
	TCase *tcase = domain_case(suite, "passing through");

	tcase_add_test(tcase, interface_becomes_a_managed_hostdev);
	tcase_add_test(tcase, untagged_network_gives_no_vlan);
	tcase_add_test(tcase, sample_of_one_vnic_changes_in_its_interface_only);
	tcase_add_loop_test(tcase, sample_of_four_vnics_changes_in_those_interfaces_only, 0, 16);
	tcase_add_loop_test(tcase, address_of_the_vf_is_written_in_full, 0, ARRAY_SIZE(addresses));
	tcase_add_loop_test(tcase, what_a_hostdev_cannot_have_goes, 0, ARRAY_SIZE(going));
	tcase_add_loop_test(
		tcase, what_a_hostdev_can_have_and_what_is_not_libvirts_stays, 0, ARRAY_SIZE(staying));
	tcase_add_test(tcase, attributes_of_others_stay);
	tcase_add_test(tcase, interface_without_any_child_but_mac_is_passed_through);
	tcase_add_test(tcase, all_around_stays);
	tcase_add_loop_test(tcase, network_stays_in_the_metadata_or_is_added, 0, ARRAY_SIZE(metadata));
	tcase_add_test(tcase, interface_alone_gets_no_metadata);
	tcase_add_test(tcase, added_metadata_is_indented_like_the_rest);
	return run_suite(suite);
}
