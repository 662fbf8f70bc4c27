/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "domain.h"

#include <iconv.h>
#include <libxml/c14n.h>
#include <libxml/parser.h>
#include <stdlib.h>
#include <string.h>

#include "support.h"

static struct vfpt_error err;
static struct vfpt_domain *domain;
static const struct vfpt_vnic *vnics;
static size_t vnic_count;

static const struct vfpt_pci a_vf = {.domain = 0, .bus = 2, .slot = 0x10, .function = 4};

static void teardown(void)
{
	vfpt_domain_free(domain);
	domain = NULL;
	xmlCleanupParser();
}

static void parse_bytes(const char *bytes, size_t size)
{
	vfpt_domain_free(domain);
	ck_assert_ok(vfpt_domain_parse(bytes, size, &domain, &err), err);
	vnic_count = vfpt_domain_vnics(domain, &vnics);
}

static void parse(const char *document)
{
	parse_bytes(document, strlen(document));
}

static const char *parse_sample(const char *name)
{
	size_t size;
	const char *document = sample(name, &size);

	parse_bytes(document, size);
	return document;
}

static const char *refusal_of_bytes(const char *bytes, size_t size)
{
	struct vfpt_domain *out;

	ck_assert_fails(vfpt_domain_parse(bytes, size, &out, &err), err, VFPT_BAD_INPUT);
	ck_assert_ptr_null(out);
	return err.message;
}

static const char *refusal(const char *document)
{
	return refusal_of_bytes(document, strlen(document));
}

static const char *print(void)
{
	char *printed;
	const char *copy;
	size_t size;

	ck_assert_ok(vfpt_domain_print(domain, &printed, &size, &err), err);
	ck_assert_uint_eq(strlen(printed), size);
	copy = text("%s", printed);
	free(printed);
	return copy;
}

static void connect_as(enum vfpt_mode mode, size_t vnic, uint16_t vlan_id, const char *port_profile)
{
	const struct vfpt_connection connection = {
		.mode = mode, .vf = a_vf, .netdev = "eth9", .vlan_id = vlan_id, .port_profile = port_profile};

	ck_assert_uint_lt(vnic, vnic_count);
	ck_assert_ok(vfpt_domain_connect(domain, &vnics[vnic], &connection, &err), err);
}

static void pass_through(size_t vnic, uint16_t vlan_id)
{
	connect_as(VFPT_MODE_HOSTDEV, vnic, vlan_id, "");
}

/* --- canonical XML: what two documents say, whatever they look like */

static xmlDoc *tree(const char *document)
{
	xmlDoc *doc = xmlReadMemory(document, (int)strlen(document), NULL, NULL, XML_PARSE_NONET);

	ck_assert_msg(doc != NULL, "not XML: %s", document);
	return doc;
}

static const char *canonical_tree(xmlDoc *doc)
{
	xmlChar *bytes;
	const char *copy;

	ck_assert_int_ge(xmlC14NDocDumpMemory(doc, NULL, XML_C14N_1_0, NULL, 1, &bytes), 0);
	copy = text("%s", (const char *)bytes);
	xmlFree(bytes);
	return copy;
}

static const char *canonical(const char *document)
{
	xmlDoc *doc = tree(document);
	const char *copy = canonical_tree(doc);

	xmlFreeDoc(doc);
	return copy;
}

static xmlNode *find(xmlNode *parent, const char *name, unsigned n)
{
	xmlNode *node = parent->children;

	while (node &&
		(node->type != XML_ELEMENT_NODE || strcmp((const char *)node->name, name) != 0 || n-- > 0))
		node = node->next;
	ck_assert_msg(node != NULL, "no <%s> in <%s>", name, (const char *)parent->name);
	return node;
}

/* The element alone, without what is declared around it. */
static const char *canonical_element(const xmlNode *element)
{
	xmlDoc *doc = xmlNewDoc((const xmlChar *)"1.0");
	const char *copy;

	xmlDocSetRootElement(doc, xmlDocCopyNode((xmlNode *)(uintptr_t)element, doc, 1));
	copy = canonical_tree(doc);
	xmlFreeDoc(doc);
	return copy;
}

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

/* One of its interfaces. */
static const char *canonical_interface(const char *document, unsigned n)
{
	xmlDoc *doc = tree(document);
	xmlNode *interface = find(find(xmlDocGetRootElement(doc), "devices", 0), "interface", n);
	const char *copy;

	copy = canonical_element(interface);
	xmlFreeDoc(doc);
	return copy;
}

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

static const char *const samples[] = {
	"vm-one-nic.xml", "vm-four-nics.xml", "nic-hotplug.xml", "vm-every-mode.xml"};

START_TEST(document_that_is_not_rewritten_says_the_same)
{
	const char *document = parse_sample(samples[_i]);

	ck_assert_str_eq(canonical(print()), canonical(document));
}
END_TEST

/* --- vNICs */

#define OVIRT     "xmlns:o=\"" VFPT_OVIRT_NAMESPACE "\""
#define MAC(last) "<mac address='56:6f:1a:2b:00:" last "'/>"
#define VNIC(last)                                                                                           \
	"<interface type='bridge'>" MAC(last) "<model type='virtio'/><source bridge='red'/></interface>"
#define DEVICE(last) "<o:device mac_address='56:6f:1a:2b:00:" last "'>"
#define MAC_1        MAC("01")
#define VNIC_1       VNIC("01")
#define VNIC_2       VNIC("02")
#define DEVICE_1     DEVICE("01")
#define DOMAIN_OF(metadata, devices)                                                                         \
	"<domain " OVIRT "><metadata><o:vm>" metadata "</o:vm></metadata><devices>" devices                  \
	"</devices></domain>"

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

/* --- passing through: the samples, wholly */

#define XML_VF                                                                                               \
	"<source><address type=\"pci\" domain=\"0x0000\" bus=\"0x02\" slot=\"0x10\" "                        \
	"function=\"0x4\"/></source>"                                                                        \
	"<driver name=\"vfio\"/>"

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

static const char *const staying[] = {
	"<boot order=\"1\"/>",
	"<alias name=\"ua-8a1c9c2e-4b0d-4f7c-9a41-0d6d52e4c001\"/>",
	"<address type=\"pci\" domain=\"0x0000\" bus=\"0x01\" slot=\"0x00\" function=\"0x0\"/>",
	"<rom bar=\"off\"/>",
	"<rom enabled=\"no\"/>",
	"<teaming type=\"transient\" persistent=\"ua-x\"/>",
	"<virtualport type=\"802.1Qbh\"><parameters profileid=\"test\"/></virtualport>",
	"<acpi index=\"4\"/>",
	"<x:model xmlns:x=\"urn:x\" type=\"kept\"/>",
	"<x:source xmlns:x=\"urn:x\" bridge=\"kept\"><link state=\"down\"/></x:source>",
	"<!-- a comment -->",
	"<?a processing instruction?>",
	"<![CDATA[<model type='virtio'/>]]>",
	"text",
	"<new><model type=\"virtio\"/><source/></new>",
};

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

/* --- macvtap */

#define DIRECT_1 "<interface type=\"direct\">" XML_MAC "<source dev=\"eth9\" mode=\"passthrough\"/>"
#define XML_MAC  "<mac address=\"56:6f:1a:2b:00:01\"/>"

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

/* --- declaration and encoding */

static const char *const declarations[] = {
	"",
	"<?xml version=\"1.0\"?>\n",
	"<?xml version='1.0'?>\n",
	"<?xml version=\"1.0\" encoding=\"utf-8\"?>\n",
	"<?xml version='1.0' encoding='UTF-8' standalone='yes'?>\n",
	"<?xml  version = '1.0'  encoding='Utf-8' ?>\n",
};

START_TEST(declaration_stays_as_it_was)
{
	parse(text("%s<interface type=\"bridge\"/>\n", declarations[_i]));
	ck_assert_str_eq(print(), text("%s<interface type=\"bridge\"/>\n", declarations[_i]));
	parse(text("%s<domain><devices/></domain>", declarations[_i]));
	ck_assert_str_eq(print(), text("%s<domain><devices/></domain>\n", declarations[_i]));
}
END_TEST

START_TEST(declaration_of_a_document_with_a_byte_order_mark_stays)
{
	parse("\xef\xbb\xbf<?xml version='1.0' encoding='utf-8'?>\n<interface/>");
	ck_assert_str_eq(print(), "<?xml version='1.0' encoding='utf-8'?>\n<interface/>\n");
	parse("\xef\xbb\xbf<interface/>");
	ck_assert_str_eq(print(), "<interface/>\n");
}
END_TEST

/* In another encoding, in @bytes. @return how many */
static size_t encode(const char *encoding, const char *utf8, char bytes[4096])
{
	char *in = (char *)(uintptr_t)utf8, *out = bytes;
	size_t in_left = strlen(utf8), out_left = 4096;
	iconv_t converter = iconv_open(encoding, "UTF-8");

	ck_assert_ptr_ne(converter, (iconv_t)-1);
	ck_assert_uint_ne(iconv(converter, &in, &in_left, &out, &out_left), (size_t)-1);
	iconv_close(converter);
	ck_assert_uint_gt(out_left, 0);
	return 4096 - out_left;
}

/* VDSM reads the document as UTF-8, whatever it was. */
static const char *const encodings[] = {"UTF-16", "UTF-16LE", "UTF-16BE", "UTF-8"};

START_TEST(document_in_utf16_is_written_in_utf8)
{
	const char *utf8 = text(
		"%s<?xml version=\"1.0\" encoding=\"%s\"?>\n<domain><name>B\xc3\xbcro</name><devices>" VNIC(
			"01") "</devices></domain>\n",
		/* Without a mark nobody could tell. */
		strncmp(encodings[_i], "UTF-16", 6) == 0 && encodings[_i][6] ? "\xef\xbb\xbf" : "",
		strncmp(encodings[_i], "UTF-16", 6) == 0 ? "UTF-16" : encodings[_i]);
	char bytes[4096];
	size_t size = encode(encodings[_i], utf8, bytes);
	const char *after;

	bytes[size] = '\0';
	parse_bytes(bytes, size);
	pass_through(0, 0);
	after = print();
	ck_assert_contains(after, "<name>B\xc3\xbcro</name>");
	ck_assert_int_eq(strncmp(after, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<domain>", 47), 0);
	ck_assert_contains(canonical_interface(after, 0), "type=\"hostdev\"");
}
END_TEST

START_TEST(ascii_is_utf8)
{
	parse("<?xml version='1.0' encoding='us-ascii'?><interface/>");
	ck_assert_str_eq(print(), "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<interface/>\n");
}
END_TEST

#define ONLY(encoding) "the document's encoding is " encoding "; only UTF-8 and UTF-16 are taken"

/* Its bytes: "<?xml version='1.0' encoding='DECLARED'?><domain><devices/></domain>" in ENCODING. */
static const struct {
	const char *encoding, *declared, *message;
} refused[] = {
	{"ISO-8859-1", "ISO-8859-1", ONLY("ISO-8859-1")},
	{"ISO-8859-15", "iso-8859-15", ONLY("iso-8859-15")},
	{"windows-1252", "windows-1252", ONLY("windows-1252")},
	{"UTF-8", "IBM037", ONLY("IBM037")},
	{"UTF-8", "UTF-7", ONLY("UTF-7")},
	{"UTF-8", "ISO-2022-KR", ONLY("ISO-2022-KR")},
	{"UTF-8", "UCS-4", ONLY("UCS-4")},
	{"UTF-8", "HTML", ONLY("HTML")},
	{"UTF-8", "klingon", ONLY("klingon")},
	{"UTF-8", "a\x1b[2J\xc2\x9b", ONLY("a?[2J?")},
	{"UTF-8", "UTF-16", "the document says that its encoding is UTF-16, and it is not"},
	{"UTF-16", "UTF-8", "the document says that its encoding is UTF-8, and it is not"},
	{"UTF-16", "ISO-8859-1", ONLY("ISO-8859-1")},
	{"UTF-16BE", "IBM037", ONLY("IBM037")},
	{"UTF-32", "UTF-32", ONLY("UTF-32")},
	{"UTF-32LE", "UTF-8", ONLY("UTF-32")},
	{"UTF-32BE", "UCS-4", ONLY("UTF-32")},
};

static const char *refusal_in(const char *encoding, const char *document)
{
	char bytes[4096];
	size_t size = encode(encoding, document, bytes);

	return refusal_of_bytes(bytes, size);
}

START_TEST(document_in_another_encoding_is_refused)
{
	ck_assert_str_eq(refusal_in(refused[_i].encoding,
				 text("<?xml version='1.0' encoding='%s'?><domain><devices/></domain>",
					 refused[_i].declared)),
		refused[_i].message);
	ck_assert_str_eq(refusal_in(refused[_i].encoding, text("<?xml version=\"1.0\"\n\tencoding = \"%s\" "
							       "standalone='yes' ?><interface/>",
								  refused[_i].declared)),
		refused[_i].message);
}
END_TEST

/* What are harmless letters there are an ESC and a "[" in what libxml2 would make of it. */
START_TEST(ebcdic_is_refused)
{
	ck_assert_str_eq(
		refusal_in("IBM037", "<?xml version='1.0' encoding='IBM037'?><domain><devices/></domain>"),
		ONLY("EBCDIC"));
}
END_TEST

START_TEST(declaration_has_an_end)
{
	const char *blanks = text("%200s", "");

	parse(text("<?xml version='1.0'%s?><interface/>", blanks));
	ck_assert_str_eq(print(), text("<?xml version='1.0'%s?>\n<interface/>\n", blanks));
	ck_assert_contains(
		refusal(text("<?xml version='1.0'%s%s encoding='ISO-8859-1'?><interface/>", blanks, blanks)),
		"the XML declaration has no end within 255 characters");
	ck_assert_contains(refusal("<?xml version='1.0'"), "the XML declaration has no end");
}
END_TEST

/* --- what is refused */

static const char *const dtds[] = {
	"<!DOCTYPE domain>",
	"<!DOCTYPE domain []>",
	"<!DOCTYPE domain SYSTEM 'file:///etc/passwd'>",
	"<!DOCTYPE domain SYSTEM 'http://192.0.2.1/x.dtd'>",
	"<!DOCTYPE domain PUBLIC '-//X//Y' 'file:///etc/passwd'>",
	"<!DOCTYPE domain [<!ENTITY x SYSTEM 'file:///etc/passwd'>]>",
	"<!DOCTYPE domain [<!ENTITY % x SYSTEM 'file:///etc/passwd'> %x;]>",
	"<!DOCTYPE domain [<!ENTITY x 'y'>]>",
	"<!DOCTYPE domain [<!ATTLIST domain type CDATA 'kvm'>]>",
	"<!DOCTYPE domain [<!ENTITY a 'aaaaaaaaaa'><!ENTITY b '&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;'>"
	"<!ENTITY c '&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;'><!ENTITY d '&c;&c;&c;&c;&c;&c;&c;&c;&c;&c;'>"
	"<!ENTITY e '&d;&d;&d;&d;&d;&d;&d;&d;&d;&d;'><!ENTITY f '&e;&e;&e;&e;&e;&e;&e;&e;&e;&e;'>"
	"<!ENTITY g '&f;&f;&f;&f;&f;&f;&f;&f;&f;&f;'><!ENTITY h '&g;&g;&g;&g;&g;&g;&g;&g;&g;&g;'>"
	"<!ENTITY x '&h;&h;&h;&h;&h;&h;&h;&h;&h;&h;'>]>",
	"<!DOCTYPE domain [<!ENTITY x '&x;'>]>",
};

static xmlParserInput *load_nothing(const char *url, const char *id, xmlParserCtxt *parser)
{
	(void)id;
	(void)parser;
	ck_abort_msg("%s was to be loaded", url);
	return NULL;
}

START_TEST(document_type_declaration_is_refused_and_nothing_loaded)
{
	xmlSetExternalEntityLoader(load_nothing);
	ck_assert_str_eq(refusal(text("%s<domain><name/><devices/></domain>", dtds[_i])),
		"the document has a DTD, which is refused");
	ck_assert_str_eq(
		refusal(text("<?xml version='1.0'?>\n%s<domain><name>&x;</name><devices a='&x;'/></domain>",
			dtds[_i])),
		"the document has a DTD, which is refused");
}
END_TEST

START_TEST(inclusion_is_only_an_element)
{
	const char *document = "<domain xmlns:xi=\"http://www.w3.org/2001/XInclude\"><xi:include "
			       "href=\"file:///etc/passwd\" parse=\"text\"/><devices/></domain>\n";

	xmlSetExternalEntityLoader(load_nothing);
	parse(document);
	ck_assert_str_eq(print(), document);
}
END_TEST

static const char *const not_xml[] = {
	" ",
	"\n\n",
	"x",
	"<",
	"<domain",
	"<domain>",
	"<domain><devices></domain>",
	"<domain><devices/></domain><domain/>",
	"<domain><devices/></domain>x",
	" <?xml version='1.0'?><domain><devices/></domain>",
	"<domain><devices/>&unknown;</domain>",
	"<domain><devices a=1/></domain>",
	"<domain><devices a='1' a='2'/></domain>",
	"<domain><devices/>&#0;</domain>",
	"<domain><devices/>\x01</domain>",
	"<domain><devices/>\xff\xfe</domain>",
	"<domain><devices/>\xc3</domain>",
	"<?xml version='1.0' encoding=''?><domain><devices/></domain>",
	"<?xml version='1.0' encoding=UTF-7?><domain><devices/></domain>",
	"<!-- only a comment -->",
	"{\"json\": true}",
	"\177ELF\2\1\1",
};

START_TEST(what_is_not_xml_is_refused)
{
	const char *message = refusal(not_xml[_i]);

	ck_assert_contains(message, "the document is not XML: line ");
	ck_assert_lacks(message, "\n");
}
END_TEST

static const struct {
	const char *document, *message;
} wrong[] = {
	{"", "the document is empty"},
	{"<domain/>", "the domain has no <devices>"},
	{"<domain><x:devices xmlns:x='urn:x'/></domain>", "the domain has no <devices>"},
	{"<domain><os><devices/></os></domain>", "the domain has no <devices>"},
	{"<network/>", "the document is <network>, neither <domain> nor <interface>"},
	{"<devices><interface/></devices>", "the document is <devices>, neither <domain> nor <interface>"},
	{"<Domain><devices/></Domain>", "the document is <Domain>, neither <domain> nor <interface>"},
};

START_TEST(wrong_document_is_refused)
{
	ck_assert_str_eq(refusal(wrong[_i].document), wrong[_i].message);
}
END_TEST

START_TEST(document_in_a_foreign_namespace_is_refused)
{
	ck_assert_contains(
		refusal("<domain xmlns='urn:x'><devices/></domain>"), "neither <domain> nor <interface>");
	ck_assert_contains(refusal("<x:interface xmlns:x='urn:x'/>"), "neither <domain> nor <interface>");
}
END_TEST

START_TEST(document_cut_off_anywhere_is_refused)
{
	size_t size;
	const char *document = sample(samples[_i], &size);

	/* The last character may miss: it is the end of the line. */
	for (size_t length = 0; length < size - 1; length++) {
		struct vfpt_domain *out;
		char *exact =
			malloc(length + 1); /* so that reading behind it is seen; a '\0' must be there */

		ck_assert_ptr_nonnull(exact);
		memcpy(exact, document, length);
		exact[length] = '\0';
		ck_assert_msg(
			vfpt_domain_parse(exact, length, &out, &err) == -1, "%zu bytes are taken", length);
		ck_assert_int_eq(err.code, VFPT_BAD_INPUT);
		free(exact);
	}
}
END_TEST

/* libxml2 could take it for the end of the text: what is behind would be lost without a word. */
START_TEST(nul_byte_anywhere_is_refused)
{
	size_t size;
	const char *document = sample("vm-four-nics.xml", &size);
	char *bytes = malloc(size + 2);

	ck_assert_ptr_nonnull(bytes);
	bytes[size + 1] = '\0';
	for (size_t at = 0; at <= size; at++) {
		struct vfpt_domain *out = NULL;

		memcpy(bytes, document, at);
		bytes[at] = '\0';
		memcpy(bytes + at + 1, document + at, size - at);
		ck_assert_msg(vfpt_domain_parse(bytes, size + 1, &out, &err) == -1,
			"a NUL byte at %zu is taken", at);
		ck_assert_int_eq(err.code, VFPT_BAD_INPUT);
	}
	free(bytes);
}
END_TEST

START_TEST(deep_nesting_is_refused)
{
	enum { DEPTH = 100000 };
	char *bytes = malloc(DEPTH * 7 + 64);
	size_t size;

	ck_assert_ptr_nonnull(bytes);
	size = (size_t)sprintf(bytes, "<domain><devices/>");
	for (int i = 0; i < DEPTH; i++, size += 3)
		memcpy(bytes + size, "<a>", 3);
	for (int i = 0; i < DEPTH; i++, size += 4)
		memcpy(bytes + size, "</a>", 4);
	size += (size_t)sprintf(bytes + size, "</domain>");
	ck_assert_contains(refusal_of_bytes(bytes, size), "the document is not XML: ");
	free(bytes);
}
END_TEST

/* A domain of that many bytes, most of them comments. */
static char *large_document(size_t size)
{
	static const char head[] = "<domain><devices>" VNIC("01") "</devices>", tail[] = "</domain>";
	char *bytes = malloc(size + 1), *at = bytes + sizeof(head) - 1,
	     *end = bytes + size - (sizeof(tail) - 1);

	ck_assert_ptr_nonnull(bytes);
	memcpy(bytes, head, sizeof(head) - 1);
	memset(at, ' ', (size_t)(end - at));
	for (; end - at >= 1024; at += 1024) {
		memset(at, 'c', 1024);
		memcpy(at, "<!--", 4);
		memcpy(at + 1021, "-->", 3);
	}
	memcpy(end, tail, sizeof(tail));
	return bytes;
}

START_TEST(document_of_ten_mebibytes_is_taken_and_no_more)
{
	char *bytes = large_document(VFPT_DOCUMENT_MAX);

	parse_bytes(bytes, VFPT_DOCUMENT_MAX);
	pass_through(0, 100);
	ck_assert_uint_gt(strlen(print()), VFPT_DOCUMENT_MAX);
	free(bytes);
	bytes = large_document(VFPT_DOCUMENT_MAX + 1);
	ck_assert_str_eq(
		refusal_of_bytes(bytes, VFPT_DOCUMENT_MAX + 1), "the document is larger than 10 MiB");
	free(bytes);
}
END_TEST

START_TEST(thousand_vnics_are_told_apart)
{
	enum { COUNT = 1000 };
	const char *all = "", *devices = "";

	/* Pieces of fifty, so that the pieces do not grow. */
	for (unsigned i = 0; i < COUNT; i += 50) {
		const char *some = "", *known = "";

		for (unsigned n = i; n < i + 50; n++) {
			some = text(
				"%s<interface type='bridge'><mac address='02:00:00:00:%02X:%02X'/><source "
				"bridge='red'/></interface>",
				some, n / 256, n % 256);
			known = text(
				"%s<o:device mac_address='02:00:00:00:%02x:%02x'><o:network>n%u</o:network>"
				"<o:custom><o:n>%u</o:n></o:custom></o:device>",
				known, n / 256, n % 256, n, n);
		}
		devices = text("%s%s", devices, some);
		all = text("%s%s", known, all);
	}
	parse(text("<domain " OVIRT "><metadata><o:vm>%s</o:vm></metadata><devices>%s</devices></domain>",
		all, devices));
	ck_assert_uint_eq(vnic_count, COUNT);
	for (unsigned n = 0; n < COUNT; n++) {
		ck_assert_str_eq(vnics[n].network, text("n%u", n));
		ck_assert_str_eq(vnics[n].properties[0].value, text("%u", n));
		if (n % 2)
			pass_through(n, 100);
	}
	parse(print());
	ck_assert_uint_eq(vnic_count, COUNT);
	for (unsigned n = 0; n < COUNT; n++)
		ck_assert_str_eq(vnics[n].type, n % 2 ? "hostdev" : "bridge");
}
END_TEST

START_TEST(freeing_nothing_is_fine)
{
	catch_stderr();
	vfpt_domain_free(NULL);
	ck_assert_str_eq(caught_stderr(), "");
}
END_TEST

static TCase *domain_case(Suite *suite, const char *name)
{
	TCase *tcase = new_case(suite, name, NULL);

	tcase_add_checked_fixture(tcase, NULL, teardown);
	tcase_set_timeout(tcase, 60);
	return tcase;
}

int main(void)
{
	Suite *suite = suite_create("domain");
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

	tcase = domain_case(suite, "passing through");
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

	tcase = domain_case(suite, "modes");
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

	tcase = domain_case(suite, "encodings");
	tcase_add_loop_test(tcase, declaration_stays_as_it_was, 0, ARRAY_SIZE(declarations));
	tcase_add_test(tcase, declaration_of_a_document_with_a_byte_order_mark_stays);
	tcase_add_loop_test(tcase, document_in_utf16_is_written_in_utf8, 0, ARRAY_SIZE(encodings));
	tcase_add_test(tcase, ascii_is_utf8);
	tcase_add_loop_test(tcase, document_in_another_encoding_is_refused, 0, ARRAY_SIZE(refused));
	tcase_add_test(tcase, ebcdic_is_refused);
	tcase_add_test(tcase, declaration_has_an_end);

	tcase = domain_case(suite, "refusals");
	tcase_add_loop_test(
		tcase, document_type_declaration_is_refused_and_nothing_loaded, 0, ARRAY_SIZE(dtds));
	tcase_add_test(tcase, inclusion_is_only_an_element);
	tcase_add_loop_test(tcase, what_is_not_xml_is_refused, 0, ARRAY_SIZE(not_xml));
	tcase_add_loop_test(tcase, wrong_document_is_refused, 0, ARRAY_SIZE(wrong));
	tcase_add_test(tcase, document_in_a_foreign_namespace_is_refused);
	tcase_add_loop_test(tcase, document_cut_off_anywhere_is_refused, 0, ARRAY_SIZE(samples));
	tcase_add_test(tcase, nul_byte_anywhere_is_refused);
	tcase_add_test(tcase, deep_nesting_is_refused);
	tcase_add_test(tcase, document_of_ten_mebibytes_is_taken_and_no_more);
	tcase_add_test(tcase, thousand_vnics_are_told_apart);
	return run_suite(suite);
}
