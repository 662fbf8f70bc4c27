/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "domain.h"

#include <libxml/parser.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "alloc.h"
#include "domain_xml.h"

/* --- parsing --------------------------------------------------------------------------------- */

/* A document type declaration could declare entities and name files; no domain has one. */
static void refuse_dtd(
	void *context, const xmlChar *name, const xmlChar *external_id, const xmlChar *system_id)
{
	xmlParserCtxt *parser = context;
	bool *has_dtd = parser->_private;

	(void)name;
	(void)external_id;
	(void)system_id;
	*has_dtd = true;
	xmlStopParser(parser);
}

static void parse_failed(xmlParserCtxt *parser, bool has_dtd, struct vfpt_error *err)
{
	const xmlError *problem = xmlCtxtGetLastError(parser);
	const char *text = problem && problem->message ? problem->message : "no element";

	if (has_dtd)
		vfpt_error_set(err, VFPT_BAD_INPUT, "the document has a DTD, which is refused");
	else
		vfpt_error_set(err, VFPT_BAD_INPUT, "the document is not XML: line %d: %.*s",
			problem ? problem->line : 1, (int)strcspn(text, "\n"), text);
}

/*
 * What libxml2 writes as it is in the name of a namespace, and must
 * not be there (2.9.14, xmlNsDumpOutput()).
 */
#define NOT_IN_NAMESPACE "<\t\n\r"

static xmlChar *with_references(const xmlChar *name)
{
	xmlBuffer *buffer = xmlBufferCreate();
	char reference[8];
	xmlChar *out;

	for (; *name; name++) {
		snprintf(reference, sizeof(reference), strchr(NOT_IN_NAMESPACE, *name) ? "&#%d;" : "%c",
			*name);
		xmlBufferCCat(buffer, reference);
	}
	out = xmlBufferDetach(buffer);
	xmlBufferFree(buffer);
	return out;
}

/* Names of namespaces as they are to be written: with a "<" in one the document would be no XML any more. */
/* libxml2 takes 256 levels. NOLINTNEXTLINE(misc-no-recursion) */
static int prepare_namespaces(xmlNode *node)
{
	for (; node; node = node->next) {
		for (xmlNs *ns = node->type == XML_ELEMENT_NODE ? node->nsDef : NULL; ns; ns = ns->next) {
			xmlChar *name;

			if (!ns->href || !strpbrk((const char *)ns->href, NOT_IN_NAMESPACE))
				continue;
			name = with_references(ns->href);
			if (!name)
				return -1;
			xmlFree((void *)(uintptr_t)ns->href);
			ns->href = name;
		}
		if (node->type == XML_ELEMENT_NODE && prepare_namespaces(node->children) < 0)
			return -1;
	}
	return 0;
}

/* @return the root element, NULL with @err */
static xmlNode *parse_xml(struct vfpt_domain *domain, const char *text, size_t size, struct vfpt_error *err)
{
	xmlParserCtxt *parser = xmlNewParserCtxt();
	bool has_dtd = false;
	xmlNode *root;

	if (!parser) {
		vfpt_domain_no_memory(err);
		return NULL;
	}
	parser->_private = &has_dtd;
	parser->sax->internalSubset = refuse_dtd;
	domain->doc = xmlCtxtReadMemory(parser, text, (int)size, NULL, NULL,
		XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING | XML_PARSE_BIG_LINES |
			XML_PARSE_IGNORE_ENC);
	root = domain->doc ? xmlDocGetRootElement(domain->doc) : NULL;
	if (!root || has_dtd) {
		parse_failed(parser, has_dtd, err);
		root = NULL;
	} else if (prepare_namespaces(root) < 0) {
		vfpt_domain_no_memory(err);
		root = NULL;
	}
	xmlFreeParserCtxt(parser);
	return root;
}

/* --- what is in it --------------------------------------------------------------------------- */

/* What is no number is 0: libvirt refuses such a document itself. */
static unsigned read_number(const xmlNode *node, const char *name)
{
	autofree char *text = xml_attribute(node, name);
	unsigned long value = text ? strtoul(text, NULL, 10) : 0;

	return value > UINT_MAX ? UINT_MAX : (unsigned)value;
}

static void read_bandwidth(struct vfpt_vnic *vnic, const xmlNode *bandwidth)
{
	const xmlNode *outbound = xml_child(bandwidth, NULL, "outbound");
	bool has_peak = outbound && xmlHasProp(outbound, (const xmlChar *)"peak");

	vnic->outbound = read_number(outbound, has_peak ? "peak" : "average");
	vnic->has_inbound = xml_child(bandwidth, NULL, "inbound");
}

/* <address domain='0x0000' bus='0x02' slot='0x10' function='0x0'/>; @return whether it is one */
static bool read_pci(const xmlNode *address, struct vfpt_pci *out)
{
	static const char *const names[] = {"domain", "bus", "slot", "function"};
	struct vfpt_error ignored;
	unsigned long value[4];
	char text[64];

	if (!address)
		return false;
	for (int i = 0; i < 4; i++) {
		autofree char *part = xml_attribute(address, names[i]);

		value[i] = part ? strtoul(part, NULL, 0) : 0;
	}
	snprintf(text, sizeof(text), "%04lx:%02lx:%02lx.%lx", value[0], value[1], value[2], value[3]);
	return vfpt_pci_parse(text, out, &ignored) == 0;
}

static xmlNode *source_address(const xmlNode *device)
{
	return xml_child(xml_child(device, NULL, "source"), NULL, "address");
}

static void read_vnic(struct vfpt_domain *domain, xmlNode *element)
{
	struct vfpt_vnic *vnic = &domain->vnics[domain->vnic_count++];
	autofree char *mac = xml_attribute(xml_child(element, NULL, "mac"), "address");
	struct vfpt_error ignored;

	vnic->element = element;
	vnic->has_mac = mac && vfpt_mac_parse(mac, &vnic->mac, &ignored) == 0;
	vnic->type = xml_attribute(element, "type");
	vnic->model = xml_attribute(xml_child(element, NULL, "model"), "type");
	vnic->bridge = xml_attribute(xml_child(element, NULL, "source"), "bridge");
	vnic->alias = xml_attribute(xml_child(element, NULL, "alias"), "name");
	vnic->mtu = read_number(xml_child(element, NULL, "mtu"), "size");
	vnic->link_down = xml_attribute_is(xml_child(element, NULL, "link"), "state", "down");
	vnic->filter = xml_attribute(xml_child(element, NULL, "filterref"), "filter");
	vnic->isolated = xml_attribute_is(xml_child(element, NULL, "port"), "isolated", "yes");
	vnic->teaming = xml_attribute(xml_child(element, NULL, "teaming"), "type");
	read_bandwidth(vnic, xml_child(element, NULL, "bandwidth"));
	if (vnic->type && strcmp(vnic->type, "hostdev") == 0)
		vnic->has_vf = xml_attribute_is(source_address(element), "type", "pci") &&
			       read_pci(source_address(element), &vnic->vf);
}

static int read_vnics(struct vfpt_domain *domain, xmlNode *first, struct vfpt_error *err)
{
	size_t count = 0;

	for (xmlNode *node = first; node; node = xml_next_element(node->next, NULL, "interface"))
		count++;
	domain->vnics = calloc(count + domain->device_count + 1, sizeof(*domain->vnics));
	if (!domain->vnics)
		return vfpt_domain_no_memory(err);
	for (xmlNode *node = first; node; node = xml_next_element(node->next, NULL, "interface"))
		read_vnic(domain, node);
	return vfpt_domain_read_metadata(domain, err);
}

/* PCI functions of <hostdev mode='subsystem' type='pci'>, the mode being libvirt's default, and of vNICs. */
static int read_functions(struct vfpt_domain *domain, xmlNode *devices, struct vfpt_error *err)
{
	size_t count = domain->vnic_count;
	xmlNode *node;

	for (node = devices->children; node; node = node->next)
		count += xml_is_element(node, NULL, "hostdev");
	domain->functions = calloc(count + 1, sizeof(*domain->functions));
	if (!domain->functions)
		return vfpt_domain_no_memory(err);
	for (size_t i = 0; i < domain->vnic_count; i++)
		if (domain->vnics[i].has_vf)
			domain->functions[domain->function_count++] = domain->vnics[i].vf;
	for (node = devices->children; node; node = node->next)
		if (xml_is_element(node, NULL, "hostdev") && xml_attribute_is(node, "type", "pci") &&
			!xml_attribute_is(node, "mode", "capabilities"))
			domain->function_count +=
				read_pci(source_address(node), &domain->functions[domain->function_count]);
	return 0;
}

static int read_root(struct vfpt_domain *domain, struct vfpt_error *err)
{
	xmlNode *root = domain->root, *devices;

	if (xml_is_element(root, NULL, "interface")) {
		domain->is_interface = true;
		return read_vnics(domain, root, err);
	}
	if (!xml_is_element(root, NULL, "domain"))
		return vfpt_error_set(err, VFPT_BAD_INPUT,
			"the document is <%.40s>, neither <domain> nor <interface>",
			(const char *)root->name);
	devices = xml_child(root, NULL, "devices");
	domain->uuid = xml_content(xml_child(root, NULL, "uuid"));
	if (vfpt_domain_read_devices(domain) < 0)
		return vfpt_domain_no_memory(err);
	if (read_vnics(domain, xml_child(devices, NULL, "interface"), err) < 0)
		return -1;
	return devices ? read_functions(domain, devices, err) : 0;
}

int vfpt_domain_parse(const char *text, size_t size, struct vfpt_domain **out, struct vfpt_error *err)
{
	struct vfpt_domain *domain;

	*out = NULL;
	if (size == 0)
		return vfpt_error_set(err, VFPT_BAD_INPUT, "the document is empty");
	if (size > VFPT_DOCUMENT_MAX)
		return vfpt_error_set(
			err, VFPT_BAD_INPUT, "the document is larger than %u MiB", VFPT_DOCUMENT_MAX >> 20);
	if (vfpt_domain_check_text(text, size, err) < 0)
		return -1;
	domain = calloc(1, sizeof(*domain));
	if (!domain)
		return vfpt_domain_no_memory(err);
	vfpt_domain_watch_memory();
	domain->root = parse_xml(domain, text, size, err);
	if (!domain->root || read_root(domain, err) < 0) {
		vfpt_domain_free(domain);
		return vfpt_domain_out_of_memory() ? vfpt_domain_no_memory(err) : -1;
	}
	if (vfpt_domain_keep_declaration(domain, text, size) < 0 || vfpt_domain_out_of_memory()) {
		vfpt_domain_free(domain);
		return vfpt_domain_no_memory(err);
	}
	*out = domain;
	return 0;
}

static void free_properties(struct vfpt_property *properties, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		xmlFree(properties[i].name);
		xmlFree(properties[i].value);
	}
	free(properties);
}

static void free_vnic(struct vfpt_vnic *vnic)
{
	free_properties(vnic->properties, vnic->property_count);
	xmlFree(vnic->teaming);
	xmlFree(vnic->filter);
	xmlFree(vnic->type);
	xmlFree(vnic->model);
	xmlFree(vnic->bridge);
	xmlFree(vnic->alias);
	xmlFree(vnic->network);
}

void vfpt_domain_free(struct vfpt_domain *domain)
{
	if (!domain)
		return;
	for (size_t i = 0; i < domain->vnic_count; i++)
		free_vnic(&domain->vnics[i]);
	for (size_t i = 0; i < domain->device_count; i++)
		xmlFree(domain->devices[i].alias);
	free_properties(domain->properties, domain->property_count);
	free(domain->vnics);
	free(domain->devices);
	free(domain->functions);
	free(domain->declaration);
	xmlFree(domain->uuid);
	xmlFreeDoc(domain->doc);
	free(domain);
}

bool vfpt_domain_is_interface(const struct vfpt_domain *domain)
{
	return domain->is_interface;
}

const char *vfpt_domain_uuid(const struct vfpt_domain *domain)
{
	return domain->uuid;
}

size_t vfpt_domain_vnics(const struct vfpt_domain *domain, const struct vfpt_vnic **out)
{
	*out = domain->vnics;
	return domain->vnic_count;
}

size_t vfpt_domain_properties(const struct vfpt_domain *domain, const struct vfpt_property **out)
{
	*out = domain->properties;
	return domain->property_count;
}

size_t vfpt_domain_functions(const struct vfpt_domain *domain, const struct vfpt_pci **out)
{
	*out = domain->functions;
	return domain->function_count;
}

/* A list that is none is libvirt's to refuse. */
static void add_list(const xmlNode *node, const char *name, struct vfpt_set *set)
{
	autofree char *list = xml_attribute(node, name);

	if (list)
		(void)vfpt_set_parse(set, list);
}

void vfpt_domain_placement(const struct vfpt_domain *domain, struct vfpt_set *nodes, struct vfpt_set *cpus)
{
	xmlNode *memory = xml_child(domain->root, NULL, "numatune"),
		*vcpus = xml_child(domain->root, NULL, "cputune");

	for (xmlNode *node = memory ? memory->children : NULL; node; node = node->next)
		if (xml_is_element(node, NULL, "memory") || xml_is_element(node, NULL, "memnode"))
			add_list(node, "nodeset", nodes);
	add_list(xml_child(domain->root, NULL, "vcpu"), "cpuset", cpus);
	for (xmlNode *node = vcpus ? vcpus->children : NULL; node; node = node->next)
		if (xml_is_element(node, NULL, "vcpupin"))
			add_list(node, "cpuset", cpus);
}

char *vfpt_vf_alias(const struct vfpt_mac *mac, char buffer[VFPT_VF_ALIAS_SIZE])
{
	const uint8_t *o = mac->octet;

	snprintf(buffer, VFPT_VF_ALIAS_SIZE, "ua-vfpt-%02x%02x%02x%02x%02x%02x", o[0], o[1], o[2], o[3], o[4],
		o[5]);
	return buffer;
}

char *vfpt_vnic_name(const struct vfpt_vnic *vnic, char *buffer, size_t size)
{
	char mac[VFPT_MAC_SIZE] = "without MAC";

	if (vnic->has_mac)
		vfpt_mac_format(&vnic->mac, mac);
	snprintf(buffer, size, "vNIC %s (network %.40s)", mac, vnic->network ? vnic->network : "none");
	return buffer;
}
