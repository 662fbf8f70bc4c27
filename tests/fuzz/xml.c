/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A document: a <domain>, or with -DINTERFACE one <interface>. Each vNIC that could be passed through is;
 * what is then written must be a document again, say what it has to, and stay the same when it is read and
 * written.
 */
#include <libxml/parser.h>
#include <libxml/tree.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "domain.h"
#include "fuzz.h"

#ifdef INTERFACE
enum { WANTED = true };
#else
enum { WANTED = false };
#endif

/* --- the target */

static bool has_twin(const struct vfpt_vnic *vnics, size_t count, size_t n)
{
	for (size_t i = 0; i < count; i++)
		if (i != n && vnics[i].has_mac && vfpt_mac_equal(&vnics[i].mac, &vnics[n].mac))
			return true;
	return false;
}

static bool is_same(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

/* Both are the vNIC that is made a hostdev, before and after. */
static void must_be_passed_through(const struct vfpt_vnic *was, const struct vfpt_vnic *is)
{
	MUST(is->element && is->has_mac && vfpt_mac_equal(&is->mac, &was->mac));
	MUST(!is->bridge && is->mtu == 0);
	if (is_same(is->type, "direct"))
		MUST(is_same(is->model, was->model));
	else
		MUST(is_same(is->type, "hostdev") && !is->model);
	MUST(is_same(is->alias, was->alias));
	MUST(is->property_count == was->property_count);
	if (!WANTED)
		MUST(is_same(is->network, was->network));
}

static bool is_fit(const struct vfpt_vnic *vnic)
{
	return vnic->element && vnic->has_mac && vnic->bridge && vnic->bridge[0];
}

/* @return whether there was any */
static bool pass_all_through(struct vfpt_domain *document)
{
	const struct vfpt_pci vf = {.domain = 0x10000, .bus = 2, .slot = 16, .function = 1};
	const struct vfpt_connection connections[] = {{.vf = vf, .port_profile = ""},
		{.vf = vf, .vlan_id = 100, .port_profile = "Gold & <Silver>"},
		{.mode = VFPT_MODE_MACVTAP, .netdev = "eth7", .vlan_id = 4094, .port_profile = ""}};
	const struct vfpt_vnic *vnics;
	size_t count = vfpt_domain_vnics(document, &vnics);
	struct vfpt_error err;
	char name[64];
	bool any = false;

	for (size_t i = 0; i < count; i++) {
		vfpt_vnic_name(&vnics[i], name, sizeof(name));
		if (is_fit(&vnics[i])) {
			MUST(vfpt_domain_connect(document, &vnics[i], &connections[i % 3], &err) == 0);
			any = true;
		}
	}
	return any;
}

static void compare(const struct vfpt_domain *before, const struct vfpt_domain *after)
{
	const struct vfpt_vnic *was, *is;
	size_t count = vfpt_domain_vnics(before, &was);

	MUST(vfpt_domain_is_interface(before) == vfpt_domain_is_interface(after));
	MUST(is_same(vfpt_domain_uuid(before), vfpt_domain_uuid(after)));
	for (size_t i = 0; i < count; i++)
		if (has_twin(was, count, i))
			return; /* whose metadata cannot be told apart */
	MUST(vfpt_domain_vnics(after, &is) == count);
	for (size_t i = 0; i < count; i++)
		if (is_fit(&was[i]))
			must_be_passed_through(&was[i], &is[i]);
}

static void rewrite(struct vfpt_domain *document)
{
	char *written, *again;
	size_t size, size_again;
	struct vfpt_domain *other;
	struct vfpt_error err;

	MUST(vfpt_domain_print(document, &written, &size, &err) == 0);
	MUST(strlen(written) == size);
	if (vfpt_domain_parse(written, size, &other, &err) < 0)
		broken(__FILE__, __LINE__, err.message);
	compare(document, other);
	MUST(vfpt_domain_print(other, &again, &size_again, &err) == 0);
	/* CDATA sections that a removed element has brought together are read as one. */
	if (!strstr(written, "]]><![CDATA["))
		MUST(size == size_again && memcmp(written, again, size) == 0);
	vfpt_domain_free(other);
	free(written);
	free(again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = as_string(data, size);
	struct vfpt_domain *document;
	struct vfpt_error err;

	if (vfpt_domain_parse(text, size, &document, &err) < 0)
		must_tell(&err);
	else if (vfpt_domain_is_interface(document) == WANTED && pass_all_through(document))
		rewrite(document);
	vfpt_domain_free(document);
	free(text);
	xmlResetLastError(); /* what is not freed would be taken for a leak */
	return 0;
}

/* --- a mutator that knows elements: what libFuzzer's own makes of a document is hardly ever XML any more */

enum { MOST = 256 };

static const char *const words[] = {"interface", "mac", "source", "alias", "model", "driver", "vlan", "tag",
	"target", "mtu", "link", "bandwidth", "inbound", "virtualport", "address", "metadata", "devices",
	"uuid", "domain", "type", "bridge", "name", "size", "state", "managed", "id", "mac_address", "vm",
	"device", "network", "custom", "passthrough", "hostdev", "virtio", "down", "802.1Qbh", "required",
	"red", "ua-1", "ua-2", "56:6f:1a:2b:00:01", "56:6f:1a:2b:00:02", "9000", "", " ", "\n  ",
	"a&b<c>'\""};

static unsigned state;

static unsigned draw(size_t below)
{
	state = state * 1103515245 + 12345;
	return (unsigned)((state >> 8) % below);
}

static const xmlChar *word(void)
{
	return (const xmlChar *)words[draw(sizeof(words) / sizeof(words[0]))];
}

static const xmlChar *element_name(void)
{
	return (const xmlChar *)words[draw(33)]; /* those that can be one */
}

static size_t collect(xmlNode *node, xmlNode *all[MOST], size_t count)
{
	for (; node && count < MOST; node = node->next) {
		if (node->type != XML_ELEMENT_NODE)
			continue;
		all[count++] = node;
		count = collect(node->children, all, count);
	}
	return count;
}

static bool is_above(const xmlNode *node, const xmlNode *other)
{
	while (other && other != node)
		other = other->parent;
	return other;
}

static void put(xmlNode *node, xmlNode *at)
{
	if (!node)
		return;
	if (at->parent->type == XML_ELEMENT_NODE && draw(2))
		draw(2) ? xmlAddNextSibling(at, node) : xmlAddPrevSibling(at, node);
	else
		xmlAddChild(at, node);
}

static xmlNode *other_node(xmlDoc *doc)
{
	switch (draw(4)) {
	case 0:
		return xmlNewDocComment(doc, word());
	case 1:
		return xmlNewCDataBlock(doc, (const xmlChar *)"<a>]]&b;", 8);
	case 2:
		return xmlNewDocPI(doc, element_name(), word());
	default:
		return xmlNewDocText(doc, word());
	}
}

static void change(xmlDoc *doc, xmlNode *node, xmlNode *other)
{
	xmlNode *copy;

	switch (draw(7)) {
	case 0:
		if (!is_above(node, other)) {
			xmlUnlinkNode(node);
			put(node, other);
		}
		break;
	case 1:
		if (node->parent->type == XML_ELEMENT_NODE && !is_above(node, other)) {
			xmlUnlinkNode(node);
			xmlFreeNode(node);
		}
		break;
	case 2:
		copy = xmlDocCopyNode(node, doc, 1);
		put(copy, other);
		break;
	case 3:
		xmlSetProp(node, element_name(), word());
		break;
	case 4:
		if (node->properties)
			xmlRemoveProp(node->properties);
		break;
	case 5:
		xmlNodeSetName(node, element_name());
		break;
	default:
		put(other_node(doc), node);
	}
}

/* The target's own messages are looked at; the mutator's are nobody's. */
static void stay_silent(void *context, const char *format, ...)
{
	(void)context;
	(void)format;
}

/* @return the size of the changed document, 0 when it is none or would be too large */
static size_t change_document(uint8_t *data, size_t size, size_t max_size)
{
	xmlDoc *doc = xmlReadMemory((const char *)data, (int)size, NULL, NULL,
		XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING);
	xmlNode *all[MOST];
	size_t count = doc ? collect(xmlDocGetRootElement(doc), all, 0) : 0;
	xmlChar *text = NULL;
	int length = 0;

	if (count > 0) {
		change(doc, all[draw(count)], all[draw(count)]);
		xmlDocDumpMemory(doc, &text, &length);
	}
	xmlFreeDoc(doc);
	if (length <= 0 || (size_t)length > max_size)
		length = 0;
	else
		memcpy(data, text, (size_t)length);
	xmlFree(text);
	return (size_t)length;
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed)
{
	size_t changed = 0;

	state = seed;
	if (draw(4) > 0) {
		xmlSetGenericErrorFunc(NULL, stay_silent);
		changed = change_document(data, size, max_size);
		xmlSetGenericErrorFunc(NULL, NULL);
	}
	return changed ? changed : LLVMFuzzerMutate(data, size, max_size);
}
