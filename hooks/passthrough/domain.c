/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "domain.h"

#include <errno.h>
#include <libxml/parser.h>
#include <libxml/tree.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "domain_xml.h"

/* --- memory ---------------------------------------------------------------------------------- */

/*
 * libxml2 does not report every allocation that fails: 2.9 leaves out a name or prefix for which there is no
 * room, here "managed" of managed="yes", and goes on. So its allocations come by here. What it says of them
 * on stderr is not for VDSM's users.
 */
static bool out_of_memory;

static void *note(void *memory)
{
	if (!memory)
		out_of_memory = true;
	return memory;
}

static void *noted_malloc(size_t size)
{
	return note(malloc(size));
}

static void *noted_realloc(void *memory, size_t size)
{
	return note(realloc(memory, size));
}

static char *noted_strdup(const char *text)
{
	return note(strdup(text));
}

static void say_nothing(void *context, const char *format, ...)
{
	(void)context;
	(void)format;
}

static void watch_memory(void)
{
	xmlMemSetup(free, noted_malloc, noted_realloc, noted_strdup);
	xmlSetGenericErrorFunc(NULL, say_nothing);
	out_of_memory = false;
}

bool vfpt_domain_out_of_memory(void)
{
	return out_of_memory;
}

int vfpt_domain_no_memory(struct vfpt_error *err)
{
	return vfpt_error_errno(err, VFPT_SYSTEM, ENOMEM, "document");
}

/* --- finding things -------------------------------------------------------------------------- */

/* @uri NULL: an element of libvirt's own, which are in no namespace. */
bool xml_is_element(const xmlNode *node, const char *uri, const char *name)
{
	if (node->type != XML_ELEMENT_NODE || strcmp((const char *)node->name, name) != 0)
		return false;
	return uri ? node->ns && node->ns->href && strcmp((const char *)node->ns->href, uri) == 0 : !node->ns;
}

xmlNode *xml_next_element(xmlNode *node, const char *uri, const char *name)
{
	while (node && !xml_is_element(node, uri, name))
		node = node->next;
	return node;
}

xmlNode *xml_child(const xmlNode *parent, const char *uri, const char *name)
{
	return parent ? xml_next_element(parent->children, uri, name) : NULL;
}

char *xml_attribute(const xmlNode *node, const char *name)
{
	return node ? (char *)xmlGetNoNsProp(node, (const xmlChar *)name) : NULL;
}

bool xml_attribute_is(const xmlNode *node, const char *name, const char *value)
{
	char *text = xml_attribute(node, name);
	bool is = text && strcmp(text, value) == 0;

	xmlFree(text);
	return is;
}

/* What is no number is 0: libvirt refuses such a document itself. */
static unsigned number(const xmlNode *node, const char *name)
{
	char *text = xml_attribute(node, name);
	unsigned long value = text ? strtoul(text, NULL, 10) : 0;

	xmlFree(text);
	return value > UINT_MAX ? UINT_MAX : (unsigned)value;
}

/* The text of an element; NULL when it is empty. */
char *xml_content(const xmlNode *node)
{
	char *text = node ? (char *)xmlNodeGetContent(node) : NULL;

	if (text && !text[0]) {
		xmlFree(text);
		return NULL;
	}
	return text;
}

/* --- encoding -------------------------------------------------------------------------------- */

/* Bytes of the smallest character: UTF-16 and UTF-32 have NUL bytes from the start. */
static size_t unit(const char *text, size_t size)
{
	if (size < 4 || !memchr(text, '\0', 4))
		return 1;
	return (text[0] || text[1]) && (text[2] || text[3]) ? 2 : 4;
}

/* A declaration with all that XML has for one takes some 60 characters. */
#define DECLARATION_SIZE 256
#define ENCODING_SIZE    41

/*
 * The XML declaration, in ASCII; empty where there is none. "<?xml-stylesheet" is none: it is in the tree,
 * and would be written twice.
 * @return 0, or -1 for one that does not end
 */
static int read_declaration(const char *text, size_t size, char declaration[DECLARATION_SIZE])
{
	size_t step = unit(text, size), at = 0, used = 0;
	char *end;

	if (size > 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0)
		at = 3;
	else if (size > 2 && (memcmp(text, "\xff\xfe", 2) == 0 || memcmp(text, "\xfe\xff", 2) == 0))
		at = 2;
	for (; at + step <= size && used < DECLARATION_SIZE - 1; at += step)
		declaration[used++] = text[text[at] ? at : at + step - 1];
	declaration[used] = '\0';
	if (strncmp(declaration, "<?xml", 5) != 0 || strspn(declaration + 5, " \t\r\n") == 0) {
		declaration[0] = '\0';
		return 0;
	}
	end = strstr(declaration, "?>");
	if (!end)
		return -1;
	end[2] = '\0';
	return 0;
}

/* What the declaration says that the encoding is; empty where it says nothing. */
static void read_encoding(const char *declaration, char encoding[ENCODING_SIZE])
{
	const char *at = strstr(declaration, "encoding");

	encoding[0] = '\0';
	if (at && sscanf(at, "encoding = \"%40[^\"]", encoding) < 1)
		(void)sscanf(at, "encoding = '%40[^']", encoding);
}

static bool is_word(const char *word, const char *const *words)
{
	while (*words && strcasecmp(word, *words) != 0)
		words++;
	return *words;
}

static int refuse_encoding(struct vfpt_error *err, const char *encoding)
{
	return vfpt_error_set(err, VFPT_BAD_INPUT,
		"the document's encoding is %s; only UTF-8 and UTF-16 are taken", encoding);
}

/*
 * libxml2 would take any encoding that iconv knows, and some by their first bytes. VDSM reads the document as
 * UTF-8, and so do people what is shown of it: it must not say something else to them.
 */
static int check_encoding(const char *text, size_t size, struct vfpt_error *err)
{
	static const char *const utf8[] = {"", "UTF-8", "US-ASCII", NULL};
	static const char *const utf16[] = {"", "UTF-16", "UTF-16LE", "UTF-16BE", NULL};
	size_t step = unit(text, size);
	char declaration[DECLARATION_SIZE], encoding[ENCODING_SIZE];

	if (step == 4)
		return refuse_encoding(err, "UTF-32");
	if (size >= 4 && memcmp(text, "\x4c\x6f\xa7\x94", 4) == 0)
		return refuse_encoding(err, "EBCDIC");
	if (read_declaration(text, size, declaration) < 0)
		return vfpt_error_set(err, VFPT_BAD_INPUT,
			"the document is not XML: line 1: the XML declaration has no end within %d "
			"characters",
			DECLARATION_SIZE - 1);
	read_encoding(declaration, encoding);
	if (is_word(encoding, step == 1 ? utf8 : utf16))
		return 0;
	if (is_word(encoding, step == 1 ? utf16 : utf8))
		return vfpt_error_set(err, VFPT_BAD_INPUT,
			"the document says that its encoding is %s, and it is not", encoding);
	return refuse_encoding(err, encoding);
}

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

static int parse_failed(xmlParserCtxt *parser, bool has_dtd, struct vfpt_error *err)
{
	const xmlError *problem = xmlCtxtGetLastError(parser);
	const char *text = problem && problem->message ? problem->message : "no element";

	if (has_dtd)
		return vfpt_error_set(err, VFPT_BAD_INPUT, "the document has a DTD, which is refused");
	return vfpt_error_set(err, VFPT_BAD_INPUT, "the document is not XML: line %d: %.*s",
		problem ? problem->line : 1, (int)strcspn(text, "\n"), text);
}

/* What libxml2 writes as it is in the name of a namespace, and must not be there (2.9.14, xmlNsDumpOutput()).
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

static int parse_xml(struct vfpt_domain *domain, const char *text, size_t size, struct vfpt_error *err)
{
	xmlParserCtxt *parser = xmlNewParserCtxt();
	bool has_dtd = false;
	int r = 0;

	if (!parser)
		return vfpt_domain_no_memory(err);
	parser->_private = &has_dtd;
	parser->sax->internalSubset = refuse_dtd;
	domain->doc = xmlCtxtReadMemory(parser, text, (int)size, NULL, NULL,
		XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING | XML_PARSE_BIG_LINES |
			XML_PARSE_IGNORE_ENC);
	domain->root = domain->doc ? xmlDocGetRootElement(domain->doc) : NULL;
	if (!domain->root || has_dtd)
		r = parse_failed(parser, has_dtd, err);
	else if (prepare_namespaces(domain->root) < 0)
		r = vfpt_domain_no_memory(err);
	xmlFreeParserCtxt(parser);
	return r;
}

/* Keep the XML declaration to the letter, unless it tells an encoding that the output will not have. */
static int keep_declaration(struct vfpt_domain *domain, const char *text, size_t size)
{
	char declaration[DECLARATION_SIZE], encoding[ENCODING_SIZE];

	(void)read_declaration(text, size, declaration); /* one without an end is refused */
	read_encoding(declaration, encoding);
	if (!declaration[0])
		return 0;
	if (encoding[0] && strcasecmp(encoding, "utf-8") != 0)
		strcpy(declaration, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>");
	domain->declaration = strdup(declaration);
	return domain->declaration ? 0 : -1;
}

static int read_properties(const xmlNode *metadata, struct vfpt_property **properties, size_t *count)
{
	xmlNode *custom = xml_child(metadata, VFPT_OVIRT_NAMESPACE, "custom");

	for (xmlNode *node = custom ? custom->children : NULL; node; node = node->next) {
		struct vfpt_property *grown;

		if (node->type != XML_ELEMENT_NODE)
			continue;
		grown = reallocarray(*properties, *count + 1, sizeof(*grown));
		if (!grown)
			return -1;
		*properties = grown;
		grown = &grown[(*count)++];
		grown->name = (char *)xmlStrdup(node->name);
		grown->value = (char *)xmlNodeGetContent(node);
		if (!grown->name || !grown->value)
			return -1;
	}
	return 0;
}

static int read_device(struct vfpt_domain *domain, xmlNode *element)
{
	struct vfpt_error ignored;
	struct vfpt_domain_device device = {.element = element}, *grown;
	char *text = xml_attribute(element, "mac_address");
	int r = text ? vfpt_mac_parse(text, &device.mac, &ignored) : -1;

	xmlFree(text);
	if (r < 0)
		return 0; /* a disk, say */
	grown = reallocarray(domain->devices, domain->device_count + 1, sizeof(*grown));
	if (!grown)
		return -1;
	device.alias = xml_attribute(element, "alias");
	grown[domain->device_count++] = device;
	domain->devices = grown;
	return 0;
}

static int read_devices(struct vfpt_domain *domain)
{
	xmlNode *vm = xml_child(xml_child(domain->root, NULL, "metadata"), VFPT_OVIRT_NAMESPACE, "vm");
	xmlNode *element;

	if (read_properties(vm, &domain->properties, &domain->property_count) < 0)
		return -1;
	for (element = xml_child(vm, VFPT_OVIRT_NAMESPACE, "device"); element;
		element = xml_next_element(element->next, VFPT_OVIRT_NAMESPACE, "device"))
		if (read_device(domain, element) < 0)
			return -1;
	return 0;
}

static bool is_same(const char *alias, const char *other)
{
	return alias && other && strcmp(alias, other) == 0;
}

/* Is that alias the alias of just one interface with that MAC? */
static bool is_of_one_interface(
	const struct vfpt_domain *domain, const struct vfpt_mac *mac, const char *alias)
{
	size_t count = 0;

	for (size_t i = 0; i < domain->vnic_count; i++)
		count += domain->vnics[i].has_mac && vfpt_mac_equal(&domain->vnics[i].mac, mac) &&
			 is_same(domain->vnics[i].alias, alias);
	return count == 1;
}

static bool is_of_one_device(const struct vfpt_domain *domain, const struct vfpt_mac *mac, const char *alias)
{
	size_t count = 0;

	for (size_t i = 0; i < domain->device_count; i++)
		count += vfpt_mac_equal(&domain->devices[i].mac, mac) &&
			 is_same(domain->devices[i].alias, alias);
	return count == 1;
}

/*
 * Of an interface's MAC: is it there several times, and nobody can tell which metadata is whose? Of a teaming
 * pair, whose vNICs have one MAC, interfaces and metadata have aliases (vdsm: vmdevices/network.py).
 */
static bool is_ambiguous(const struct vfpt_domain *domain, const struct vfpt_mac *mac)
{
	size_t interfaces = 0, devices = 0;
	bool apart = true;

	for (size_t i = 0; i < domain->vnic_count; i++) {
		if (!domain->vnics[i].has_mac || !vfpt_mac_equal(&domain->vnics[i].mac, mac))
			continue;
		interfaces++;
		apart = apart && is_of_one_interface(domain, mac, domain->vnics[i].alias);
	}
	for (size_t i = 0; i < domain->device_count; i++) {
		const struct vfpt_domain_device *device = &domain->devices[i];

		if (!vfpt_mac_equal(&device->mac, mac))
			continue;
		devices++;
		apart = apart && is_of_one_interface(domain, mac, device->alias) &&
			is_of_one_device(domain, mac, device->alias);
	}
	return (interfaces > 1 || devices > 1) && !apart;
}

/* The first in the list that has this vNIC's MAC; it may be that vNIC. */
static const struct vfpt_vnic *first_with_mac_of(
	const struct vfpt_domain *domain, const struct vfpt_vnic *vnic)
{
	const struct vfpt_vnic *first = domain->vnics;

	while (first < vnic && !(first->has_mac && vfpt_mac_equal(&first->mac, &vnic->mac)))
		first++;
	return first;
}

/* NULL too where it is ambiguous: no vNIC gets what may be another's. */
struct vfpt_domain_device *vfpt_domain_device_of(
	const struct vfpt_domain *domain, const struct vfpt_vnic *vnic)
{
	for (size_t i = 0; vnic->has_mac && !vnic->ambiguous && i < domain->device_count; i++) {
		struct vfpt_domain_device *device = &domain->devices[i];

		if (vfpt_mac_equal(&device->mac, &vnic->mac) &&
			(!device->alias || is_same(device->alias, vnic->alias)))
			return device;
	}
	return NULL;
}

static bool has_attribute(const xmlNode *node, const char *name)
{
	return node && xmlHasProp(node, (const xmlChar *)name);
}

static void read_bandwidth(struct vfpt_vnic *vnic, const xmlNode *bandwidth)
{
	const xmlNode *outbound = xml_child(bandwidth, NULL, "outbound");

	vnic->outbound = number(outbound, has_attribute(outbound, "peak") ? "peak" : "average");
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
		char *part = xml_attribute(address, names[i]);

		value[i] = part ? strtoul(part, NULL, 0) : 0;
		xmlFree(part);
	}
	snprintf(text, sizeof(text), "%04lx:%02lx:%02lx.%lx", value[0], value[1], value[2], value[3]);
	return vfpt_pci_parse(text, out, &ignored) == 0;
}

static xmlNode *source_address(const xmlNode *device)
{
	return xml_child(xml_child(device, NULL, "source"), NULL, "address");
}

static void read_vf(struct vfpt_vnic *vnic, const xmlNode *address)
{
	vnic->has_vf = xml_attribute_is(address, "type", "pci") && read_pci(address, &vnic->vf);
}

static int read_metadata(struct vfpt_vnic *vnic, const xmlNode *metadata)
{
	xmlNode *mirrored = xml_child(metadata, VFPT_OVIRT_NAMESPACE, "portMirroring");

	vnic->network = xml_content(xml_child(metadata, VFPT_OVIRT_NAMESPACE, "network"));
	vnic->port_mirroring = mirrored && xmlFirstElementChild(mirrored);
	return read_properties(metadata, &vnic->properties, &vnic->property_count);
}

static void read_vnic(struct vfpt_domain *domain, xmlNode *element)
{
	struct vfpt_vnic *vnic = &domain->vnics[domain->vnic_count++];
	char *mac = xml_attribute(xml_child(element, NULL, "mac"), "address");
	struct vfpt_error ignored;

	vnic->element = element;
	vnic->has_mac = mac && vfpt_mac_parse(mac, &vnic->mac, &ignored) == 0;
	xmlFree(mac);
	vnic->type = xml_attribute(element, "type");
	vnic->model = xml_attribute(xml_child(element, NULL, "model"), "type");
	vnic->bridge = xml_attribute(xml_child(element, NULL, "source"), "bridge");
	vnic->alias = xml_attribute(xml_child(element, NULL, "alias"), "name");
	vnic->mtu = number(xml_child(element, NULL, "mtu"), "size");
	vnic->link_down = xml_attribute_is(xml_child(element, NULL, "link"), "state", "down");
	vnic->filter = xml_attribute(xml_child(element, NULL, "filterref"), "filter");
	vnic->isolated = xml_attribute_is(xml_child(element, NULL, "port"), "isolated", "yes");
	vnic->teaming = xml_attribute(xml_child(element, NULL, "teaming"), "type");
	read_bandwidth(vnic, xml_child(element, NULL, "bandwidth"));
	if (vnic->type && strcmp(vnic->type, "hostdev") == 0)
		read_vf(vnic, source_address(element));
}

/* Once all interfaces are known. */
static int read_metadata_of(struct vfpt_domain *domain, struct vfpt_vnic *vnic, struct vfpt_error *err)
{
	const struct vfpt_vnic *first = first_with_mac_of(domain, vnic);
	struct vfpt_domain_device *device;

	vnic->ambiguous =
		vnic->has_mac && (first < vnic ? first->ambiguous : is_ambiguous(domain, &vnic->mac));
	device = vfpt_domain_device_of(domain, vnic);
	if (device) {
		device->matched = true;
		if (read_metadata(vnic, device->element) < 0)
			return vfpt_domain_no_memory(err);
	}
	if (!vnic->network && vnic->bridge)
		vnic->network = (char *)xmlStrdup((xmlChar *)vnic->bridge);
	return 0;
}

/* What the metadata knows of a vNIC that is not there, or is there without its MAC, or cannot be told from
 * another. */
static int read_orphans(struct vfpt_domain *domain, struct vfpt_error *err)
{
	for (size_t i = 0; i < domain->device_count; i++) {
		struct vfpt_vnic *vnic = &domain->vnics[domain->vnic_count];

		if (domain->devices[i].matched)
			continue;
		domain->vnic_count++;
		vnic->has_mac = true;
		vnic->mac = domain->devices[i].mac;
		vnic->ambiguous = first_with_mac_of(domain, vnic)->ambiguous;
		if (read_metadata(vnic, domain->devices[i].element) < 0)
			return vfpt_domain_no_memory(err);
	}
	return 0;
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
	for (size_t i = 0; i < domain->vnic_count; i++)
		if (read_metadata_of(domain, &domain->vnics[i], err) < 0)
			return -1;
	return read_orphans(domain, err);
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

static int understand(struct vfpt_domain *domain, struct vfpt_error *err)
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
	if (!devices)
		return vfpt_error_set(err, VFPT_BAD_INPUT, "the domain has no <devices>");
	domain->uuid = xml_content(xml_child(root, NULL, "uuid"));
	if (read_devices(domain) < 0)
		return vfpt_domain_no_memory(err);
	if (read_vnics(domain, xml_child(devices, NULL, "interface"), err) < 0)
		return -1;
	return read_functions(domain, devices, err);
}

/* libxml2 would take the part before it for the whole. */
static bool has_nul(const char *text, size_t size)
{
	size_t step = unit(text, size);

	if (step == 1)
		return memchr(text, '\0', size);
	for (size_t at = 0; at + step <= size; at += step)
		if (memcmp(text + at, "\0\0\0", step) == 0)
			return true;
	return false;
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
	if (check_encoding(text, size, err) < 0)
		return -1;
	if (has_nul(text, size))
		return vfpt_error_set(err, VFPT_BAD_INPUT, "the document has a NUL byte in it");
	domain = calloc(1, sizeof(*domain));
	if (!domain)
		return vfpt_domain_no_memory(err);
	watch_memory();
	if (parse_xml(domain, text, size, err) < 0 || understand(domain, err) < 0) {
		vfpt_domain_free(domain);
		return out_of_memory ? vfpt_domain_no_memory(err) : -1;
	}
	if (keep_declaration(domain, text, size) < 0 || out_of_memory) {
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
	char *list = xml_attribute(node, name);

	if (list)
		(void)vfpt_set_parse(set, list);
	xmlFree(list);
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
