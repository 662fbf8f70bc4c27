/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a document says: of the VM, and of its vNICs. */
#include "domain_support.h"

#include <string.h>

/* --- the samples */

START_TEST(sample_of_one_vnic_is_understood)
{
	parse_sample("vm-one-nic.xml");
	ck_assert(!vfpt_domain_is_interface(domain));
	ck_assert_str_eq(vfpt_domain_uuid(domain), "3f0f5d7e-6c1a-4d0e-9a0b-5f6d7c8e9a01");
	ck_assert_uint_eq(vnic_count, 1);
	ck_assert(vnics[0].has_mac);
	ck_assert_mem_eq(vnics[0].mac.octet, "\x56\x6f\x1a\x2b\x00\x01", 6);
	ck_assert_str_eq(vnics[0].type, "bridge");
	ck_assert_str_eq(vnics[0].model, "virtio");
	ck_assert_str_eq(vnics[0].bridge, "red");
	ck_assert_str_eq(vnics[0].alias, "ua-8a1c9c2e-4b0d-4f7c-9a41-0d6d52e4c001");
	ck_assert_str_eq(vnics[0].network, "red");
	ck_assert_uint_eq(vnics[0].mtu, 9000);
	ck_assert(!vnics[0].link_down);
	ck_assert_msg(
		vnics[0].outbound == 0 && !vnics[0].has_inbound, "an empty <bandwidth/> limits nothing");
	ck_assert_str_eq(vnics[0].filter, "vdsm-no-mac-spoofing");
	ck_assert(!vnics[0].isolated);
	ck_assert(!vnics[0].port_mirroring);
	ck_assert_ptr_null(vnics[0].teaming);
	ck_assert(!vnics[0].has_vf);
	/* Found although the interface has the MAC in upper case, the metadata in lower case. */
	ck_assert_uint_eq(vnics[0].property_count, 1);
	ck_assert_str_eq(vnics[0].properties[0].name, "passthrough");
	ck_assert_str_eq(vnics[0].properties[0].value, "required");
	ck_assert_ptr_nonnull(vnics[0].element);
}
END_TEST

static const struct {
	const char *network, *properties;
	bool link_down, has_inbound, filter;
	unsigned outbound;
} four[] = {
	{"ovirtmgmt", "", false, false, false, 0},
	{"red", " passthrough=required vf_rate=1000", false, true, false, 2560},
	{"red", " passthrough=required vf_trust=on vf_spoofchk=off", false, false, true, 0},
	{"blue", " passthrough=preferred", true, false, false, 0},
};

START_TEST(sample_of_four_vnics_and_another_prefix_is_understood)
{
	const struct vfpt_vnic *vnic;
	const struct vfpt_property *of_vm;
	const char *properties = "";

	parse_sample("vm-four-nics.xml");
	ck_assert_uint_eq(vfpt_domain_properties(domain, &of_vm), 1);
	ck_assert_str_eq(of_vm[0].name, "sndbuf");
	ck_assert_str_eq(of_vm[0].value, "0");
	ck_assert_str_eq(vfpt_domain_uuid(domain), "b7c5a0de-2f43-4b5e-8a55-0a1b2c3d4e07");
	ck_assert_uint_eq(vnic_count, ARRAY_SIZE(four));
	vnic = &vnics[_i];
	ck_assert_uint_eq(vnic->mac.octet[5], (unsigned)_i + 1);
	ck_assert_str_eq(vnic->type, "bridge");
	ck_assert_str_eq(vnic->bridge, four[_i].network);
	ck_assert_str_eq(vnic->network, four[_i].network);
	ck_assert_ptr_null(vnic->alias);
	ck_assert_int_eq(vnic->link_down, four[_i].link_down);
	ck_assert_uint_eq(vnic->outbound, four[_i].outbound);
	ck_assert_int_eq(vnic->has_inbound, four[_i].has_inbound);
	if (four[_i].filter)
		ck_assert_str_eq(vnic->filter, "vdsm-no-mac-spoofing");
	else
		ck_assert_ptr_null(vnic->filter);
	for (size_t i = 0; i < vnic->property_count; i++)
		properties =
			text("%s %s=%s", properties, vnic->properties[i].name, vnic->properties[i].value);
	ck_assert_str_eq(properties, four[_i].properties);
}
END_TEST

START_TEST(sample_of_an_interface_is_understood)
{
	parse_sample("nic-hotplug.xml");
	ck_assert(vfpt_domain_is_interface(domain));
	ck_assert_ptr_null(vfpt_domain_uuid(domain));
	ck_assert_uint_eq(vnic_count, 1);
	ck_assert_mem_eq(vnics[0].mac.octet, "\x56\x6f\x1a\x2b\x00\x09", 6);
	ck_assert_str_eq(vnics[0].bridge, "blue");
	ck_assert_str_eq(vnics[0].network, "blue");
	ck_assert_uint_eq(vnics[0].property_count, 0);
}
END_TEST

START_TEST(document_that_is_not_rewritten_says_the_same)
{
	const char *document = parse_sample(samples[_i]);

	ck_assert_str_eq(canonical(print()), canonical(document));
}
END_TEST

/* --- vNICs */

START_TEST(vnic_says_nothing_of_what_the_document_does_not_say)
{
	parse("<domain><devices><interface/></devices></domain>");
	ck_assert_uint_eq(vnic_count, 1);
	ck_assert(!vnics[0].has_mac);
	ck_assert_ptr_null(vnics[0].type);
	ck_assert_ptr_null(vnics[0].model);
	ck_assert_ptr_null(vnics[0].bridge);
	ck_assert_ptr_null(vnics[0].alias);
	ck_assert_ptr_null(vnics[0].network);
	ck_assert_uint_eq(vnics[0].property_count, 0);
	ck_assert_ptr_null(vfpt_domain_uuid(domain));
}
END_TEST

static const char *const bad_macs[] = {
	"", "x", "56:6f:1a:2b:00", "56:6f:1a:2b:00:01:02", "52:54:0:1:2:3", "56-6f-1a-2b-00-01"};

START_TEST(vnic_with_a_bad_mac_has_none)
{
	parse(text("<domain><devices><interface type='bridge'><mac "
		   "address='%s'/></interface></devices></domain>",
		bad_macs[_i]));
	ck_assert_uint_eq(vnic_count, 1);
	ck_assert(!vnics[0].has_mac);
	ck_assert_str_eq(vnics[0].type, "bridge");
}
END_TEST

START_TEST(domain_without_interfaces_has_no_vnics)
{
	parse("<domain><devices/></domain>");
	ck_assert_uint_eq(vnic_count, 0);
}
END_TEST

START_TEST(interface_elsewhere_is_no_vnic)
{
	parse(DOMAIN_OF("<o:interface/><interface/>",
		"<x:interface "
		"xmlns:x='urn:x'/><hub><interface/></hub><!--<interface/>--><![CDATA[<interface/>]]>"));
	ck_assert_uint_eq(vnic_count, 0);
}
END_TEST

START_TEST(network_of_the_metadata_is_the_vnics)
{
	parse(DOMAIN_OF(DEVICE("01") "<o:network>A &amp; B</o:network></o:device>", VNIC("01") VNIC("02")));
	ck_assert_str_eq(vnics[0].network, "A & B");
	ck_assert_str_eq(vnics[0].bridge, "red");
	ck_assert_str_eq(vnics[1].network, "red");
}
END_TEST

START_TEST(empty_network_in_the_metadata_says_nothing)
{
	parse(DOMAIN_OF(DEVICE("01") "<o:network/></o:device>", VNIC("01")));
	ck_assert_str_eq(vnics[0].network, "red");
}
END_TEST

static const char *const prefixes[][2] = {
	/* where the namespace is declared, and as what */
	{"", "<vm xmlns='" VFPT_OVIRT_NAMESPACE
	     "'><device mac_address='56:6f:1a:2b:00:01'><custom><a>b</a></custom>"
	     "</device></vm>"},
	{"xmlns:ovirt-vm='" VFPT_OVIRT_NAMESPACE "'",
		"<ovirt-vm:vm><ovirt-vm:device mac_address='56:6f:1a:2b:00:01'><ovirt-vm:custom><ovirt-vm:a>b"
		"</ovirt-vm:a></ovirt-vm:custom></ovirt-vm:device></ovirt-vm:vm>"},
	{"xmlns:a='" VFPT_OVIRT_NAMESPACE "' xmlns:b='" VFPT_OVIRT_NAMESPACE "'",
		"<a:vm><b:device "
		"mac_address='56:6F:1A:2B:00:01'><a:custom><b:a>b</b:a></a:custom></b:device></a:vm>"},
};

START_TEST(namespace_counts_and_its_prefix_does_not)
{
	parse(text("<domain %s><metadata>%s</metadata><devices>" VNIC("01") "</devices></domain>",
		prefixes[_i][0], prefixes[_i][1]));
	ck_assert_uint_eq(vnics[0].property_count, 1);
	ck_assert_str_eq(vnics[0].properties[0].name, "a");
	ck_assert_str_eq(vnics[0].properties[0].value, "b");
}
END_TEST

static const char *const not_ovirts[] = {
	"<o:vm xmlns:o='http://ovirt.org/vm/tune/1.0'>" DEVICE(
		"01") "<o:custom><o:a>b</o:a></o:custom></o:device></o:vm>",
	"<vm><device mac_address='56:6f:1a:2b:00:01'><custom><a>b</a></custom></device></vm>",
	"<o:other xmlns:o='" VFPT_OVIRT_NAMESPACE
	"'>" DEVICE("01") "<o:custom><o:a>b</o:a></o:custom></o:device></o:other>",
	"<o:vm xmlns:o='" VFPT_OVIRT_NAMESPACE
	"'>" DEVICE("02") "<o:custom><o:a>b</o:a></o:custom></o:device></o:vm>",
	"<o:vm xmlns:o='" VFPT_OVIRT_NAMESPACE
	"'><o:device devtype='disk' name='vda'><o:custom><o:a>b</o:a></o:custom>"
	"</o:device><o:custom><o:a>b</o:a></o:custom></o:vm>",
};

START_TEST(metadata_that_is_not_the_vnics_gives_it_no_property)
{
	parse(text(
		"<domain><metadata>%s</metadata><devices>" VNIC("01") "</devices></domain>", not_ovirts[_i]));
	ck_assert_uint_ge(vnic_count, 1);
	ck_assert_uint_eq(vnics[0].property_count, 0);
	ck_assert_str_eq(vnics[0].network, "red");
}
END_TEST

START_TEST(value_of_a_property_is_all_its_text)
{
	parse(DOMAIN_OF(DEVICE("01") "<o:custom><!-- x --><o:a> 1<![CDATA[<&>]]>&#50; "
				     "</o:a><o:b/></o:custom></o:device>",
		VNIC("01")));
	ck_assert_uint_eq(vnics[0].property_count, 2);
	ck_assert_str_eq(vnics[0].properties[0].value, " 1<&>2 ");
	ck_assert_str_eq(vnics[0].properties[1].name, "b");
	ck_assert_str_eq(vnics[0].properties[1].value, "");
}
END_TEST

START_TEST(vnic_that_only_the_metadata_knows_comes_last)
{
	parse(DOMAIN_OF(DEVICE("07") "<o:network>blue</o:network><o:custom><o:a>b</o:a></o:custom></o:device>"
				     "<o:device devtype='disk'/><o:device mac_address='x'/>",
		VNIC("01")));
	ck_assert_uint_eq(vnic_count, 2);
	ck_assert_ptr_nonnull(vnics[0].element);
	ck_assert_ptr_null(vnics[1].element);
	ck_assert_uint_eq(vnics[1].mac.octet[5], 7);
	ck_assert_str_eq(vnics[1].network, "blue");
	ck_assert_str_eq(vnics[1].properties[0].name, "a");
	ck_assert_ptr_null(vnics[1].bridge);
}
END_TEST

#define TEAMED(alias) "<interface type='bridge'>" MAC("01") "<alias name='" alias "'/></interface>"

/* As VDSM writes teaming pairs; in either order. */
static const char *const teams[] = {
	DOMAIN_OF("<o:device alias='ua-1' "
		  "mac_address='56:6f:1a:2b:00:01'><o:custom><o:a>1</o:a></o:custom></o:device>"
		  "<o:device alias='ua-2' "
		  "mac_address='56:6f:1a:2b:00:01'><o:custom><o:a>2</o:a></o:custom></o:device>",
		TEAMED("ua-1") TEAMED("ua-2")),
	DOMAIN_OF("<o:device alias='ua-2' "
		  "mac_address='56:6f:1a:2b:00:01'><o:custom><o:a>2</o:a></o:custom></o:device>"
		  "<o:device alias='ua-1' "
		  "mac_address='56:6f:1a:2b:00:01'><o:custom><o:a>1</o:a></o:custom></o:device>",
		TEAMED("ua-1") TEAMED("ua-2")),
};

START_TEST(metadata_of_two_vnics_with_one_mac_is_told_apart_by_alias)
{
	parse(teams[_i]);
	ck_assert_uint_eq(vnic_count, 2);
	ck_assert_str_eq(vnics[0].alias, "ua-1");
	ck_assert_uint_eq(vnics[0].property_count, 1);
	ck_assert_str_eq(vnics[0].properties[0].value, "1");
	ck_assert_str_eq(vnics[1].alias, "ua-2");
	ck_assert_uint_eq(vnics[1].property_count, 1);
	ck_assert_str_eq(vnics[1].properties[0].value, "2");
	ck_assert(!vnics[0].ambiguous && !vnics[1].ambiguous);
}
END_TEST

#define ALIASED(alias) DEVICE("01' alias='" alias) "<o:custom><o:a>b</o:a></o:custom></o:device>"
#define NAMELESS       DEVICE("01") "<o:custom><o:a>b</o:a></o:custom></o:device>"
#define OTHER          VNIC("02") "<interface type='bridge'/>"

/* One MAC twice: no vNIC gets what may be another's, and what the metadata says is not lost. */
static const struct {
	const char *document;
	unsigned interfaces, devices; /* with MAC 01, of the latter those that are nobody's */
	bool ambiguous;
} twins[] = {
	/* no aliases at all, on one side only, or one that is another's too */
	{DOMAIN_OF(NAMELESS, VNIC("01") OTHER VNIC("01")), 2, 1, true},
	{DOMAIN_OF("", VNIC("01") OTHER VNIC("01")), 2, 0, true},
	{DOMAIN_OF(NAMELESS NAMELESS, VNIC("01") OTHER VNIC("01")), 2, 2, true},
	{DOMAIN_OF(NAMELESS NAMELESS, OTHER VNIC("01")), 1, 2, true},
	{DOMAIN_OF(NAMELESS NAMELESS, TEAMED("ua-1") TEAMED("ua-2")), 2, 2, true},
	{DOMAIN_OF(NAMELESS, TEAMED("ua-1") TEAMED("ua-2")), 2, 1, true},
	{DOMAIN_OF(ALIASED("ua-1") NAMELESS, TEAMED("ua-1") TEAMED("ua-2")), 2, 2, true},
	{DOMAIN_OF(NAMELESS ALIASED("ua-1"), TEAMED("ua-1")), 1, 2, true},
	{DOMAIN_OF(ALIASED("ua-1") ALIASED("ua-2"), VNIC("01") VNIC("01")), 2, 2, true},
	{DOMAIN_OF(ALIASED("ua-1") ALIASED("ua-2"), TEAMED("ua-1") VNIC("01")), 2, 2, true},
	{DOMAIN_OF(ALIASED("ua-1") ALIASED("ua-3"), TEAMED("ua-1") TEAMED("ua-2")), 2, 2, true},
	{DOMAIN_OF(ALIASED("ua-1") ALIASED("ua-2"), TEAMED("ua-1")), 1, 2, true},
	{DOMAIN_OF(ALIASED("ua-1") ALIASED("ua-1"), TEAMED("ua-1") TEAMED("ua-2")), 2, 2, true},
	{DOMAIN_OF(ALIASED("ua-1"), TEAMED("ua-1") TEAMED("ua-1")), 2, 1, true},
	{DOMAIN_OF("", TEAMED("ua-1") TEAMED("ua-1")), 2, 0, true},
	{DOMAIN_OF(ALIASED("ua-1") ALIASED("ua-2"), TEAMED("ua-1") TEAMED("ua-2") TEAMED("ua-2")), 3, 2,
		true},
	/* told apart, or there once only */
	{DOMAIN_OF("", TEAMED("ua-1") TEAMED("ua-2")), 2, 0, false},
	{DOMAIN_OF(ALIASED("ua-2"), TEAMED("ua-1") TEAMED("ua-2")), 2, 0, false},
	{DOMAIN_OF(ALIASED("ua-2") ALIASED("ua-1"), OTHER TEAMED("ua-1") TEAMED("ua-2")), 2, 0, false},
	{DOMAIN_OF(NAMELESS, OTHER TEAMED("ua-1")), 1, 0, false},
	{DOMAIN_OF(ALIASED("ua-1"), TEAMED("ua-1")), 1, 0, false},
	/* another vNIC's, which is not there */
	{DOMAIN_OF(ALIASED("ua-2"), TEAMED("ua-1")), 1, 1, false},
	{DOMAIN_OF(NAMELESS NAMELESS, OTHER), 0, 2, false},
};

START_TEST(metadata_that_may_be_anothers_is_nobodys)
{
	unsigned interfaces = 0, devices = 0;

	parse(twins[_i].document);
	for (size_t i = 0; i < vnic_count; i++) {
		bool mine = vnics[i].has_mac && vnics[i].mac.octet[5] == 1;

		ck_assert_msg(vnics[i].ambiguous == (mine && twins[_i].ambiguous), "vNIC %zu", i);
		if (!mine)
			continue;
		interfaces += vnics[i].element != NULL;
		devices += !vnics[i].element;
		if (twins[_i].ambiguous)
			ck_assert_uint_eq(vnics[i].property_count, !vnics[i].element);
	}
	ck_assert_uint_eq(interfaces, twins[_i].interfaces);
	ck_assert_uint_eq(devices, twins[_i].devices);
}
END_TEST

/* --- PCI functions that the document gives to the VM by itself */

#define FUNCTION(type)           "<source><address " type " bus='0x01' slot='0x10' function='0x2'/></source>"
#define OWN(attributes, address) "<hostdev " attributes ">" address "</hostdev>"
#define ONE                                                                                                  \
	OWN("mode='subsystem' type='pci' managed='yes'",                                                     \
		"<driver name='vfio'/>" FUNCTION("domain='0x0000'") "<alias name='ua-x'/>")

static const struct {
	const char *devices, *functions;
} gifts[] = {
	{"", ""},
	{ONE, "0000:01:10.2 "},
	{OWN("type='pci'", FUNCTION("")), "0000:01:10.2 "},
	{OWN("mode='subsystem' type='pci'", "<source><address domain='1' bus='16' slot='021' "
					    "function='7'/></source>"),
		"0001:10:11.7 "},
	{VNIC("01") "<interface type='hostdev'>" MAC("02") FUNCTION("type='pci'") "</interface>" ONE,
		"0000:01:10.2 0000:01:10.2 "},
	{ONE "<hostdev mode='subsystem' type='pci'><source><address domain='0' bus='0x02' slot='0x10' "
	     "function='0'/></source></hostdev>",
		"0000:01:10.2 0000:02:10.0 "},
	/* none of a PCI function, or none at all */
	{"<interface type='hostdev'>" MAC("02") FUNCTION("type='usb'") "</interface>", ""},
	{"<interface type='bridge'>" MAC("02") FUNCTION("type='pci'") "</interface>", ""},
	{"<interface type='bridge'>" MAC("02") "<address type='pci' domain='0x0000' bus='0x01' slot='0x10' "
					       "function='0x2'/></interface>",
		""},
	{OWN("mode='subsystem' type='usb'", FUNCTION("")), ""},
	{OWN("mode='capabilities' type='pci'", FUNCTION("")), ""},
	{OWN("mode='subsystem' type='pci'", "<source/>"), ""},
	{OWN("mode='subsystem' type='pci'", ""), ""},
	{OWN("mode='subsystem' type='pci'", "<source><address bus='999' slot='1' "
					    "function='0'/></source>"),
		""},
	{"<x:hostdev xmlns:x='urn:x' mode='subsystem' type='pci'>" FUNCTION("") "</x:hostdev>", ""},
};

START_TEST(functions_that_the_document_gives_are_found)
{
	const struct vfpt_pci *functions;
	const char *all = "";
	size_t count;

	parse(text(DOMAIN_OF("", "%s"), gifts[_i].devices));
	count = vfpt_domain_functions(domain, &functions);
	for (size_t i = 0; i < count; i++) {
		char address[VFPT_PCI_SIZE];

		all = text("%s%s ", all, vfpt_pci_format(&functions[i], address));
	}
	ck_assert_str_eq(all, gifts[_i].functions);
}
END_TEST

static const struct {
	const char *element;
	unsigned outbound; /* KiB/s */
	bool inbound;
} bandwidths[] = {
	{"<bandwidth/>", 0, false},
	{"<bandwidth>\n</bandwidth>", 0, false},
	{"<bandwidth><inbound average='1'/></bandwidth>", 0, true},
	{"<bandwidth><outbound average='1'/></bandwidth>", 1, false},
	{"<bandwidth><outbound average='1' burst='3'/></bandwidth>", 1, false},
	{"<bandwidth><outbound average='1' peak='2' burst='3'/></bandwidth>", 2, false},
	{"<bandwidth><outbound peak='2' average='3'/></bandwidth>", 2, false},
	{"<bandwidth><outbound burst='3'/></bandwidth>", 0, false},
	{"<bandwidth><inbound average='5' peak='6'/><outbound average='1'/></bandwidth>", 1, true},
	{"<bandwidth><x:outbound xmlns:x='urn:x' average='1'/></bandwidth>", 0, false},
	{"<bandwidth><outbound average='4294967295'/></bandwidth>", 4294967295, false},
	/* what libvirt refuses itself must not turn into something small */
	{"<bandwidth><outbound average='4294967296'/></bandwidth>", 4294967295, false},
	{"<outbound average='1'/>", 0, false},
	{"", 0, false},
};

START_TEST(bandwidth_is_what_is_sent_at_most_and_what_is_received)
{
	parse(text("<interface type='bridge'>%s</interface>", bandwidths[_i].element));
	ck_assert_uint_eq(vnics[0].outbound, bandwidths[_i].outbound);
	ck_assert_int_eq(vnics[0].has_inbound, bandwidths[_i].inbound);
}
END_TEST

/* What else an interface can say; of all that is not it, nothing. */
static const struct {
	const char *element;
	bool link_down, isolated;
	const char *filter, *teaming;
} sayings[] = {
	{"", false, false, NULL, NULL},
	{"<link state='up'/>", false, false, NULL, NULL},
	{"<link state='down'/>", true, false, NULL, NULL},
	{"<link/>", false, false, NULL, NULL},
	{"<x:link xmlns:x='urn:x' state='down'/>", false, false, NULL, NULL},
	{"<filterref filter='vdsm-no-mac-spoofing'/>", false, false, "vdsm-no-mac-spoofing", NULL},
	{"<filterref filter='clean-traffic'><parameter name='a' value='b'/></filterref>", false, false,
		"clean-traffic", NULL},
	{"<filterref/>", false, false, NULL, NULL},
	{"<port isolated='yes'/>", false, true, NULL, NULL},
	{"<port isolated='no'/>", false, false, NULL, NULL},
	{"<port/>", false, false, NULL, NULL},
	{"<teaming type='persistent'/>", false, false, NULL, "persistent"},
	{"<teaming type='transient' persistent='ua-1'/>", false, false, NULL, "transient"},
	{"<teaming/>", false, false, NULL, NULL},
};

static void ck_assert_said(const char *said, const char *expected)
{
	if (expected)
		ck_assert_str_eq(said, expected);
	else
		ck_assert_ptr_null(said);
}

START_TEST(interface_says_link_isolation_filter_and_teaming)
{
	parse(text("<interface type='bridge'>%s</interface>", sayings[_i].element));
	ck_assert_int_eq(vnics[0].link_down, sayings[_i].link_down);
	ck_assert_int_eq(vnics[0].isolated, sayings[_i].isolated);
	ck_assert_said(vnics[0].filter, sayings[_i].filter);
	ck_assert_said(vnics[0].teaming, sayings[_i].teaming);
}
END_TEST

static const struct {
	const char *metadata;
	bool mirrors;
} mirrors[] = {
	{"", false},
	{"<o:portMirroring/>", false},
	{"<o:portMirroring> </o:portMirroring>", false},
	{"<o:portMirroring><o:network>red</o:network></o:portMirroring>", true},
	{"<o:portMirroring>\n<o:network>red</o:network><o:network>blue</o:network></o:portMirroring>", true},
	{"<x:portMirroring xmlns:x='urn:x'><o:network>red</o:network></x:portMirroring>", false},
	{"<o:custom><o:portMirroring>red</o:portMirroring></o:custom>", false},
};

START_TEST(port_mirroring_is_one_with_networks_in_it)
{
	parse(text("<domain " OVIRT "><metadata><o:vm>" DEVICE_1
		   "%s</o:device></o:vm></metadata><devices>" VNIC_1 VNIC_2 "</devices></domain>",
		mirrors[_i].metadata));
	ck_assert_int_eq(vnics[0].port_mirroring, mirrors[_i].mirrors);
	ck_assert(!vnics[1].port_mirroring);
}
END_TEST

#define ADDRESS "<address type='pci' domain='0x0000' bus='0x02' slot='0x10' function='0x4'/>"

static const struct {
	const char *interface;
	const char *vf; /* NULL: none */
} hostdevs[] = {
	{"<interface type='hostdev'><source>" ADDRESS "</source></interface>", "0000:02:10.4"},
	{"<interface type='hostdev' managed='yes'><source><address type='pci' domain='65536' bus='225' "
	 "slot='31' function='7'/></source></interface>",
		"10000:e1:1f.7"},
	{"<interface type='hostdev'><source><address type='pci' bus='0x2' slot='0x1f' "
	 "function='0x0'/></source></interface>",
		"0000:02:1f.0"},
	/* where it is in the guest, not on the host */
	{"<interface type='hostdev'>" ADDRESS "</interface>", NULL},
	{"<interface type='bridge'><source bridge='red'>" ADDRESS "</source></interface>", NULL},
	{"<interface type='direct'><source dev='eth0' mode='passthrough'>" ADDRESS "</source></interface>",
		NULL},
	{"<interface type='hostdev'/>", NULL},
	{"<interface type='hostdev'><source/></interface>", NULL},
	{"<interface type='hostdev'><source><address type='usb' bus='0x2' slot='1'/></source></interface>",
		NULL},
	{"<interface type='hostdev'><source><address bus='0x2'/></source></interface>", NULL},
	{"<interface type='hostdev'><source><address type='pci' bus='0x100' slot='1'/></source></interface>",
		NULL},
	{"<interface type='hostdev'><source><address type='pci' bus='1' slot='32'/></source></interface>",
		NULL},
	{"<interface type='hostdev'><source><address type='pci' bus='1' function='8'/></source></interface>",
		NULL},
	{"<interface type='hostdev'><source><address type='pci' bus='-1'/></source></interface>", NULL},
};

START_TEST(hostdev_interface_has_a_pci_function)
{
	char address[VFPT_PCI_SIZE];

	parse(hostdevs[_i].interface);
	ck_assert_int_eq(vnics[0].has_vf, hostdevs[_i].vf != NULL);
	if (hostdevs[_i].vf)
		ck_assert_str_eq(vfpt_pci_format(&vnics[0].vf, address), hostdevs[_i].vf);
}
END_TEST

/* --- the VM */

static const struct {
	const char *metadata, *properties;
} vms[] = {
	{"", ""},
	{"<o:custom/>", ""},
	{"<o:custom><o:sriov>eth5,eth6</o:sriov></o:custom>", " sriov=eth5,eth6"},
	{"<o:custom><!-- x --><o:a> 1 </o:a>\n<o:sriov/></o:custom>", " a= 1  sriov="},
	/* a vNIC's are not the VM's */
	{DEVICE_1 "<o:custom><o:a>b</o:a></o:custom></o:device>", ""},
	{DEVICE_1 "<o:custom><o:a>b</o:a></o:custom></o:device><o:custom><o:c>d</o:c></o:custom>", " c=d"},
	{"<x:custom xmlns:x='urn:x'><o:a>b</o:a></x:custom>", ""},
};

START_TEST(properties_of_the_vm_are_its_own)
{
	const struct vfpt_property *properties;
	const char *all = "";
	size_t count;

	parse(text("<domain " OVIRT "><metadata><o:vm>%s</o:vm></metadata><devices>" VNIC_1
		   "</devices></domain>",
		vms[_i].metadata));
	count = vfpt_domain_properties(domain, &properties);
	for (size_t i = 0; i < count; i++)
		all = text("%s %s=%s", all, properties[i].name, properties[i].value);
	ck_assert_str_eq(all, vms[_i].properties);
}
END_TEST

START_TEST(interface_alone_has_no_properties_of_a_vm)
{
	const struct vfpt_property *properties;

	parse_sample("nic-hotplug.xml");
	ck_assert_uint_eq(vfpt_domain_properties(domain, &properties), 0);
}
END_TEST

static const struct {
	const char *elements, *nodes, *cpus;
} placements[] = {
	{"", "", ""},
	{"<vcpu>4</vcpu>", "", ""},
	{"<vcpu placement='static' cpuset='0-3,^2'>4</vcpu>", "", " 0 1 3"},
	{"<cputune><vcpupin vcpu='0' cpuset='4'/><vcpupin vcpu='1' cpuset='6-7'/></cputune>", "", " 4 6 7"},
	{"<vcpu cpuset='1'>2</vcpu><cputune>\n<vcpupin vcpu='0' cpuset='4'/>\n</cputune>", "", " 1 4"},
	/* QEMU's own threads are not the VM's vCPUs */
	{"<cputune><emulatorpin cpuset='1'/><iothreadpin iothread='1' "
	 "cpuset='2'/><shares>1</shares></cputune>",
		"", ""},
	{"<numatune><memory mode='strict' nodeset='1'/></numatune>", " 1", ""},
	{"<numatune><memory mode='strict' nodeset='0,2-3'/></numatune>", " 0 2 3", ""},
	{"<numatune><memory mode='strict' placement='auto'/></numatune>", "", ""},
	{"<numatune>\n <memnode cellid='0' mode='strict' nodeset='1'/>\n"
	 " <memnode cellid='1' mode='strict' nodeset='3'/></numatune>",
		" 1 3", ""},
	{"<numatune><memory nodeset='0'/><memnode cellid='0' nodeset='1'/></numatune>", " 0 1", ""},
	{"<numatune><memory nodeset='1'/></numatune><vcpu cpuset='5'>1</vcpu>", " 1", " 5"},
	/* what is in the guest */
	{"<cpu><numa><cell id='0' cpus='0-1' memory='1'/></numa></cpu>", "", ""},
	/* what is not libvirt's */
	{"<x:numatune xmlns:x='urn:x'><memory nodeset='1'/></x:numatune><x:vcpu xmlns:x='urn:x' "
	 "cpuset='1'>1</x:vcpu>",
		"", ""},
	{"<numatune><x:memory xmlns:x='urn:x' nodeset='1'/></numatune><cputune><x:vcpupin xmlns:x='urn:x' "
	 "cpuset='1'/></cputune>",
		"", ""},
	/* what libvirt refuses itself */
	{"<numatune><memory nodeset='x'/></numatune><vcpu cpuset=''>1</vcpu>", "", ""},
	{"<numatune><memory nodeset='65536'/></numatune><vcpu cpuset='3-1'>1</vcpu>", "", ""},
};

static const char *members(const struct vfpt_set *set)
{
	const char *all = "";
	unsigned count = 0;

	for (unsigned i = 0; i < VFPT_SET_SIZE; i++)
		if (vfpt_set_has(set, i)) {
			all = text("%s %u", all, i);
			count++;
		}
	ck_assert_uint_eq(set->count, count);
	return all;
}

START_TEST(placement_is_where_memory_and_vcpus_are)
{
	static struct vfpt_set nodes, cpus;

	nodes = cpus = (struct vfpt_set){0};
	parse(text("<domain>%s<devices/></domain>", placements[_i].elements));
	vfpt_domain_placement(domain, &nodes, &cpus);
	ck_assert_str_eq(members(&nodes), placements[_i].nodes);
	ck_assert_str_eq(members(&cpus), placements[_i].cpus);
}
END_TEST

START_TEST(alias_of_a_vf_is_made_of_its_mac)
{
	static const struct {
		struct vfpt_mac mac;
		const char *alias;
	} cases[] = {
		{{{0x56, 0x6f, 0x1a, 0x2b, 0, 1}}, "ua-vfpt-566f1a2b0001"},
		{{{0xfe, 0xff, 0xff, 0xff, 0xff, 0xff}}, "ua-vfpt-feffffffffff"},
		{{{0}}, "ua-vfpt-000000000000"},
	};
	char buffer[VFPT_VF_ALIAS_SIZE];

	ck_assert_ptr_eq(vfpt_vf_alias(&cases[_i].mac, buffer), buffer);
	ck_assert_str_eq(buffer, cases[_i].alias);
}
END_TEST

static const struct {
	const char *element;
	unsigned mtu;
} mtus[] = {
	{"", 0},
	{"<mtu/>", 0},
	{"<mtu size='9000'/>", 9000},
	{"<mtu size='4294967295'/>", 4294967295},
	/* what libvirt refuses itself must not turn into something small */
	{"<mtu size='4294967296'/>", 4294967295},
	{"<mtu size='99999999999999999999999'/>", 4294967295},
	{"<mtu size='x'/>", 0},
};

START_TEST(mtu_is_what_the_vnic_asks_for)
{
	parse(text("<interface type='bridge'>%s</interface>", mtus[_i].element));
	ck_assert_uint_eq(vnics[0].mtu, mtus[_i].mtu);
}
END_TEST

static const struct {
	struct vfpt_vnic vnic;
	const char *name;
} names[] = {
	{{.has_mac = true, .mac = {{0x56, 0x6f, 0x1a, 0x2b, 0, 1}}, .network = (char *)(uintptr_t) "red"},
		"vNIC 56:6f:1a:2b:00:01 (network red)"},
	{{.has_mac = true, .mac = {{0x56, 0x6f, 0x1a, 0x2b, 0, 1}}}, "vNIC 56:6f:1a:2b:00:01 (network none)"},
	{{.network = (char *)(uintptr_t) "red"}, "vNIC without MAC (network red)"},
	{{.network = (char *)(uintptr_t) "1234567890123456789012345678901234567890x"},
		"vNIC without MAC (network 1234567890123456789012345678901234567890)"},
};

START_TEST(vnic_is_named_by_mac_and_network)
{
	char buffer[96], small[8];

	ck_assert_ptr_eq(vfpt_vnic_name(&names[_i].vnic, buffer, sizeof(buffer)), buffer);
	ck_assert_str_eq(buffer, names[_i].name);
	vfpt_vnic_name(&names[_i].vnic, small, sizeof(small));
	ck_assert_uint_eq(strlen(small), sizeof(small) - 1);
}
END_TEST

START_TEST(freeing_nothing_is_fine)
{
	catch_stderr();
	vfpt_domain_free(NULL);
	ck_assert_str_eq(caught_stderr(), "");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("domain_read");
	TCase *tcase = domain_case(suite, "samples");

	tcase_add_test(tcase, sample_of_one_vnic_is_understood);
	tcase_add_loop_test(
		tcase, sample_of_four_vnics_and_another_prefix_is_understood, 0, ARRAY_SIZE(four));
	tcase_add_test(tcase, sample_of_an_interface_is_understood);
	tcase_add_loop_test(tcase, document_that_is_not_rewritten_says_the_same, 0, ARRAY_SIZE(samples));

	tcase = domain_case(suite, "vNICs");
	tcase_add_test(tcase, vnic_says_nothing_of_what_the_document_does_not_say);
	tcase_add_loop_test(tcase, vnic_with_a_bad_mac_has_none, 0, ARRAY_SIZE(bad_macs));
	tcase_add_test(tcase, domain_without_interfaces_has_no_vnics);
	tcase_add_test(tcase, interface_elsewhere_is_no_vnic);
	tcase_add_test(tcase, network_of_the_metadata_is_the_vnics);
	tcase_add_test(tcase, empty_network_in_the_metadata_says_nothing);
	tcase_add_loop_test(tcase, namespace_counts_and_its_prefix_does_not, 0, ARRAY_SIZE(prefixes));
	tcase_add_loop_test(
		tcase, metadata_that_is_not_the_vnics_gives_it_no_property, 0, ARRAY_SIZE(not_ovirts));
	tcase_add_test(tcase, value_of_a_property_is_all_its_text);
	tcase_add_test(tcase, vnic_that_only_the_metadata_knows_comes_last);
	tcase_add_loop_test(
		tcase, metadata_of_two_vnics_with_one_mac_is_told_apart_by_alias, 0, ARRAY_SIZE(teams));
	tcase_add_loop_test(tcase, metadata_that_may_be_anothers_is_nobodys, 0, ARRAY_SIZE(twins));
	tcase_add_loop_test(tcase, functions_that_the_document_gives_are_found, 0, ARRAY_SIZE(gifts));
	tcase_add_loop_test(
		tcase, bandwidth_is_what_is_sent_at_most_and_what_is_received, 0, ARRAY_SIZE(bandwidths));
	tcase_add_loop_test(tcase, interface_says_link_isolation_filter_and_teaming, 0, ARRAY_SIZE(sayings));
	tcase_add_loop_test(tcase, port_mirroring_is_one_with_networks_in_it, 0, ARRAY_SIZE(mirrors));
	tcase_add_loop_test(tcase, hostdev_interface_has_a_pci_function, 0, ARRAY_SIZE(hostdevs));
	tcase_add_loop_test(tcase, mtu_is_what_the_vnic_asks_for, 0, ARRAY_SIZE(mtus));
	tcase_add_loop_test(tcase, vnic_is_named_by_mac_and_network, 0, ARRAY_SIZE(names));
	tcase_add_test(tcase, freeing_nothing_is_fine);

	tcase = domain_case(suite, "VM");
	tcase_add_loop_test(tcase, properties_of_the_vm_are_its_own, 0, ARRAY_SIZE(vms));
	tcase_add_test(tcase, interface_alone_has_no_properties_of_a_vm);
	tcase_add_loop_test(tcase, placement_is_where_memory_and_vcpus_are, 0, ARRAY_SIZE(placements));
	tcase_add_loop_test(tcase, alias_of_a_vf_is_made_of_its_mac, 0, 3);
	return run_suite(suite);
}
