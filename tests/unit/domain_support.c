/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "domain_support.h"

#include <libxml/c14n.h>
#include <libxml/parser.h>
#include <stdlib.h>
#include <string.h>

const char *const samples[SAMPLES] = {
	"vm-one-nic.xml", "vm-four-nics.xml", "nic-hotplug.xml", "vm-every-mode.xml"};

const char *const staying[STAYING] = {
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

struct vfpt_error err;
struct vfpt_domain *domain;
const struct vfpt_vnic *vnics;
size_t vnic_count;
const struct vfpt_pci a_vf = {.domain = 0, .bus = 2, .slot = 0x10, .function = 4};

static void teardown(void)
{
	vfpt_domain_free(domain);
	domain = NULL;
	xmlCleanupParser();
}

TCase *domain_case(Suite *suite, const char *name)
{
	TCase *tcase = new_case(suite, name, NULL);

	tcase_add_checked_fixture(tcase, NULL, teardown);
	tcase_set_timeout(tcase, 60);
	return tcase;
}

void parse_bytes(const char *bytes, size_t size)
{
	vfpt_domain_free(domain);
	ck_assert_ok(vfpt_domain_parse(bytes, size, &domain, &err), err);
	vnic_count = vfpt_domain_vnics(domain, &vnics);
}

void parse(const char *document)
{
	parse_bytes(document, strlen(document));
}

const char *parse_sample(const char *name)
{
	size_t size;
	const char *document = sample(name, &size);

	parse_bytes(document, size);
	return document;
}

const char *print(void)
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

void connect_as(enum vfpt_mode mode, size_t vnic, uint16_t vlan_id, const char *port_profile)
{
	const struct vfpt_connection connection = {
		.mode = mode, .vf = a_vf, .netdev = "eth9", .vlan_id = vlan_id, .port_profile = port_profile};

	ck_assert_uint_lt(vnic, vnic_count);
	ck_assert_ok(vfpt_domain_connect(domain, &vnics[vnic], &connection, &err), err);
}

void pass_through(size_t vnic, uint16_t vlan_id)
{
	connect_as(VFPT_MODE_HOSTDEV, vnic, vlan_id, "");
}

/* --- canonical XML: what two documents say, whatever they look like */

xmlDoc *tree(const char *document)
{
	xmlDoc *doc = xmlReadMemory(document, (int)strlen(document), NULL, NULL, XML_PARSE_NONET);

	ck_assert_msg(doc != NULL, "not XML: %s", document);
	return doc;
}

const char *canonical_tree(xmlDoc *doc)
{
	xmlChar *bytes;
	const char *copy;

	ck_assert_int_ge(xmlC14NDocDumpMemory(doc, NULL, XML_C14N_1_0, NULL, 1, &bytes), 0);
	copy = text("%s", (const char *)bytes);
	xmlFree(bytes);
	return copy;
}

const char *canonical(const char *document)
{
	xmlDoc *doc = tree(document);
	const char *copy = canonical_tree(doc);

	xmlFreeDoc(doc);
	return copy;
}

xmlNode *find(xmlNode *parent, const char *name, unsigned n)
{
	xmlNode *node = parent->children;

	while (node &&
		(node->type != XML_ELEMENT_NODE || strcmp((const char *)node->name, name) != 0 || n-- > 0))
		node = node->next;
	ck_assert_msg(node != NULL, "no <%s> in <%s>", name, (const char *)parent->name);
	return node;
}

const char *canonical_element(const xmlNode *element)
{
	xmlDoc *doc = xmlNewDoc((const xmlChar *)"1.0");
	const char *copy;

	xmlDocSetRootElement(doc, xmlDocCopyNode((xmlNode *)(uintptr_t)element, doc, 1));
	copy = canonical_tree(doc);
	xmlFreeDoc(doc);
	return copy;
}

const char *canonical_interface(const char *document, unsigned n)
{
	xmlDoc *doc = tree(document);
	xmlNode *interface = find(find(xmlDocGetRootElement(doc), "devices", 0), "interface", n);
	const char *copy;

	copy = canonical_element(interface);
	xmlFreeDoc(doc);
	return copy;
}
