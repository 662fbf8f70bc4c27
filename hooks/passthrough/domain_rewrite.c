/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One vNIC of a document is connected to its VF; all else stays as it was. */
#include <libxml/xmlsave.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "alloc.h"
#include "domain_xml.h"

/* --- rewriting ------------------------------------------------------------------------------- */

/*
 * All that can fail here is an allocation, which vfpt_domain_out_of_memory() knows of in the end: a node for
 * which there was no room is NULL until then, and nothing is put into it.
 */

static bool is_blank(const xmlNode *node)
{
	return node && node->type == XML_TEXT_NODE && xmlIsBlankNode(node);
}

/* With the line break and indentation in front of it. */
static void remove_node(xmlNode *node)
{
	xmlNode *space = node->prev;

	xmlUnlinkNode(node);
	xmlFreeNode(node);
	if (is_blank(space)) {
		xmlUnlinkNode(space);
		xmlFreeNode(space);
	}
}

static bool is_one_of(const xmlNode *node, const char *const *names)
{
	while (*names && !xml_is_element(node, NULL, *names))
		names++;
	return *names;
}

/* What libvirt refuses or ignores in that mode, or is written anew for the VF (docs: vdsm-hook-vfpt(7)). */
static bool is_dropped(const xmlNode *node, const struct vfpt_connection *connection)
{
	static const char *const from_hostdev[] = {"source", "driver", "vlan", "model", "filterref", "target",
		"tune", "link", "mtu", "bandwidth", "port", "coalesce", "backend", "guest", "script",
		"downscript", NULL};
	static const char *const from_macvtap[] = {
		"source", "vlan", "mtu", "port", "coalesce", "guest", "script", "downscript", NULL};

	if (xml_is_element(node, NULL, "virtualport"))
		return connection->port_profile[0] || !xml_attribute_is(node, "type", "802.1Qbh");
	return is_one_of(node, connection->mode == VFPT_MODE_MACVTAP ? from_macvtap : from_hostdev);
}

/* The line break and indentation in front of the first child, or NULL where the document has none. */
static char *indentation(const xmlNode *parent)
{
	return is_blank(parent->children) ? (char *)parent->children->content : NULL;
}

/* Put a new element behind @before (or first), indented like its siblings. */
static xmlNode *insert_element(xmlNode *parent, xmlNode *before, xmlNs *ns, const char *name)
{
	const char *indent = parent ? indentation(parent) : NULL;
	xmlNode *space = indent ? xmlNewDocText(parent->doc, (const xmlChar *)indent) : NULL;
	xmlNode *node = parent ? xmlNewDocNode(parent->doc, ns, (const xmlChar *)name, NULL) : NULL;

	if (!node || (indent && !space)) {
		xmlFreeNode(space);
		xmlFreeNode(node);
		return NULL;
	}
	if (before)
		xmlAddNextSibling(before, node);
	else if (parent->children)
		xmlAddPrevSibling(parent->children, node);
	else
		xmlAddChild(parent, node);
	if (space) {
		/* Moved in by hand: libxml2's own functions would merge it with a text beside it. */
		space->parent = parent;
		space->next = node;
		space->prev = node->prev;
		if (node->prev)
			node->prev->next = space;
		else
			parent->children = space;
		node->prev = space;
	}
	return node;
}

static void set_attribute(xmlNode *node, const char *name, const char *value)
{
	if (node)
		xmlSetProp(node, (const xmlChar *)name, (const xmlChar *)value);
}

/* As its parent's last child. */
static xmlNode *append_child(xmlNode *parent, const char *name)
{
	return parent ? xmlNewChild(parent, NULL, (const xmlChar *)name, NULL) : NULL;
}

static void set_hex(xmlNode *node, const char *name, int digits, uint32_t value)
{
	char text[12];

	snprintf(text, sizeof(text), "0x%0*x", digits, value);
	set_attribute(node, name, text);
}

/* <source><address type='pci' .../></source><driver name='vfio'/>, behind @before. @return the last */
static xmlNode *write_pci(xmlNode *interface, xmlNode *before, const struct vfpt_pci *vf)
{
	xmlNode *source = insert_element(interface, before, NULL, "source");
	xmlNode *address = append_child(source, "address");
	xmlNode *driver = insert_element(interface, source, NULL, "driver");

	set_attribute(address, "type", "pci");
	set_hex(address, "domain", 4, vf->domain);
	set_hex(address, "bus", 2, vf->bus);
	set_hex(address, "slot", 2, vf->slot);
	set_hex(address, "function", 1, vf->function);
	set_attribute(driver, "name", "vfio");
	return driver;
}

/* <source dev='...' mode='passthrough'/> */
static xmlNode *write_dev(xmlNode *interface, xmlNode *before, const char *netdev)
{
	xmlNode *source = insert_element(interface, before, NULL, "source");

	set_attribute(source, "dev", netdev);
	set_attribute(source, "mode", "passthrough");
	return source;
}

/* The VF, <vlan><tag id='...'/></vlan> and <virtualport type='802.1Qbh'>, behind <mac>. */
static void write_vf(xmlNode *interface, const struct vfpt_connection *connection)
{
	xmlNode *last = xml_child(interface, NULL, "mac"), *port;
	char id[8];

	last = connection->mode == VFPT_MODE_MACVTAP ? write_dev(interface, last, connection->netdev)
						     : write_pci(interface, last, &connection->vf);
	if (connection->vlan_id) {
		snprintf(id, sizeof(id), "%u", connection->vlan_id);
		last = insert_element(interface, last, NULL, "vlan");
		set_attribute(append_child(last, "tag"), "id", id);
	}
	if (connection->port_profile[0]) {
		port = insert_element(interface, last, NULL, "virtualport");
		set_attribute(port, "type", "802.1Qbh");
		set_attribute(append_child(port, "parameters"), "profileid", connection->port_profile);
	}
}

/* --- metadata -------------------------------------------------------------------------------- */

/* <metadata>'s element of that name and namespace, which is made where there is none. */
static xmlNode *metadata_element(
	struct vfpt_domain *domain, const char *uri, const char *prefix, const char *name)
{
	xmlNode *metadata = xml_child(domain->root, NULL, "metadata"), *element;
	xmlNs *ns;

	if (!metadata)
		metadata = insert_element(domain->root, NULL, NULL, "metadata");
	element = xml_child(metadata, uri, name);
	if (element)
		return element;
	element = insert_element(metadata, NULL, NULL, name);
	if (!element)
		return NULL;
	ns = xmlSearchNsByHref(domain->doc, element, (const xmlChar *)uri);
	if (!ns)
		ns = xmlNewNs(element, (const xmlChar *)uri, (const xmlChar *)prefix);
	xmlSetNs(element, ns);
	return element;
}

uint64_t vfpt_domain_run(const struct vfpt_domain *domain)
{
	xmlNode *mark = xml_child(xml_child(domain->root, NULL, "metadata"), VFPT_NAMESPACE, "run");
	autofree char *text = xml_attribute(mark, "start");

	return text ? strtoull(text, NULL, 10) : 0;
}

int vfpt_domain_set_run(struct vfpt_domain *domain, uint64_t run, struct vfpt_error *err)
{
	char text[24];

	snprintf(text, sizeof(text), "%llu", (unsigned long long)run);
	set_attribute(metadata_element(domain, VFPT_NAMESPACE, "vfpt", "run"), "start", text);
	return vfpt_domain_out_of_memory() ? vfpt_domain_no_memory(err) : 0;
}

/*
 * <device mac_address='...' alias='...'><network>NAME</network></device>, @device being what is there
 * already, or NULL. VDSM takes a device with a <teaming> for the one that has its MAC and its alias (vdsm:
 * vmdevices/network.py, get_identifying_attrs()).
 */
static void describe_in_metadata(struct vfpt_domain *domain, xmlNode *device, const struct vfpt_mac *mac,
	const char *alias, const char *network_name)
{
	xmlNode *network = xml_child(device, VFPT_OVIRT_NAMESPACE, "network");
	autofree char *present = xml_content(network);
	char text[VFPT_MAC_SIZE];

	if (!device) {
		xmlNode *vm = metadata_element(domain, VFPT_OVIRT_NAMESPACE, "ovirt-vm", "vm");

		device = insert_element(vm, NULL, vm ? vm->ns : NULL, "device");
		set_attribute(device, "mac_address", vfpt_mac_format(mac, text));
	}
	if (alias)
		set_attribute(device, "alias", alias);
	if (present)
		return;
	if (!network)
		network = insert_element(device, NULL, device ? device->ns : NULL, "network");
	if (network)
		xmlNodeAddContent(network, (const xmlChar *)network_name);
}

static xmlNode *metadata_of(const struct vfpt_domain *domain, const struct vfpt_vnic *vnic)
{
	const struct vfpt_domain_device *known = vfpt_domain_device_of(domain, vnic);

	return known ? known->element : NULL;
}

/* --- the modes ------------------------------------------------------------------------------- */

static void replace_interface(
	struct vfpt_domain *domain, const struct vfpt_vnic *vnic, const struct vfpt_connection *connection)
{
	bool macvtap = connection->mode == VFPT_MODE_MACVTAP;
	xmlNode *interface = vnic->element;

	for (xmlNode *node = interface->children, *next; node; node = next) {
		next = node->next;
		if (is_dropped(node, connection))
			remove_node(node);
	}
	set_attribute(interface, "type", macvtap ? "direct" : "hostdev");
	if (!macvtap)
		set_attribute(interface, "managed", "yes");
	write_vf(interface, connection);
	/* The network's name was in <source bridge=.../> only, which went. */
	if (!domain->is_interface)
		describe_in_metadata(domain, metadata_of(domain, vnic), &vnic->mac, NULL, vnic->network);
}

/* A hostdev interface behind @before (or first) among @devices. @return it */
static xmlNode *add_hostdev(xmlNode *devices, xmlNode *before, const struct vfpt_mac *mac,
	const struct vfpt_connection *connection)
{
	xmlNode *interface = insert_element(devices, before, NULL, "interface");
	char text[VFPT_MAC_SIZE], alias[VFPT_VF_ALIAS_SIZE];

	set_attribute(interface, "type", "hostdev");
	set_attribute(interface, "managed", "yes");
	set_attribute(append_child(interface, "mac"), "address", vfpt_mac_format(mac, text));
	write_vf(interface, connection);
	set_attribute(append_child(interface, "alias"), "name", vfpt_vf_alias(mac, alias));
	return interface;
}

/* libvirt and QEMU know the persistent part by a user alias, which starts with "ua-". */
static void pair_up(
	struct vfpt_domain *domain, const struct vfpt_vnic *vnic, const struct vfpt_connection *connection)
{
	xmlNode *interface = vnic->element, *mac = xml_child(interface, NULL, "mac"),
		*alias = xml_child(interface, NULL, "alias"), *teaming;
	char made[VFPT_VF_ALIAS_SIZE + 8], own[VFPT_VF_ALIAS_SIZE];
	const char *name = vnic->alias;

	vfpt_vf_alias(&vnic->mac, own);
	if (!name || strncmp(name, "ua-", 3) != 0) {
		snprintf(made, sizeof(made), "%s-virtio", own);
		name = made;
		if (!alias)
			alias = append_child(interface, "alias");
		set_attribute(alias, "name", name);
	}
	teaming = append_child(add_hostdev(interface->parent, interface, &vnic->mac, connection), "teaming");
	set_attribute(teaming, "type", "transient");
	set_attribute(teaming, "persistent", name);
	set_attribute(insert_element(interface, mac, NULL, "teaming"), "type", "persistent");
	describe_in_metadata(domain, metadata_of(domain, vnic), &vnic->mac, name, vnic->network);
	describe_in_metadata(domain, NULL, &vnic->mac, own, vnic->network);
}

int vfpt_domain_connect(struct vfpt_domain *domain, const struct vfpt_vnic *vnic,
	const struct vfpt_connection *connection, struct vfpt_error *err)
{
	if (connection->mode == VFPT_MODE_FAILOVER)
		pair_up(domain, vnic, connection);
	else
		replace_interface(domain, vnic, connection);
	return vfpt_domain_out_of_memory() ? vfpt_domain_no_memory(err) : 0;
}

int vfpt_domain_add_vf(struct vfpt_domain *domain, const struct vfpt_mac *mac,
	const struct vfpt_connection *connection, struct vfpt_error *err)
{
	xmlNode *devices = xml_child(domain->root, NULL, "devices");

	if (!devices)
		return vfpt_error_set(err, VFPT_BAD_INPUT, "the domain has no <devices>");
	add_hostdev(devices, xmlLastElementChild(devices), mac, connection);
	describe_in_metadata(domain, NULL, mac, NULL, VFPT_NO_NETWORK);
	return vfpt_domain_out_of_memory() ? vfpt_domain_no_memory(err) : 0;
}

int vfpt_domain_print(const struct vfpt_domain *domain, char **out, size_t *size, struct vfpt_error *err)
{
	xmlBuffer *buffer = xmlBufferCreate();
	/* The declaration is ours to write: libxml2 would add what the original does not have. */
	xmlSaveCtxt *save =
		buffer ? xmlSaveToBuffer(buffer, "UTF-8", XML_SAVE_NO_DECL | XML_SAVE_AS_XML) : NULL;
	const char *declaration = domain->declaration ? domain->declaration : "";
	bool good = save && xmlSaveDoc(save, domain->doc) >= 0;
	int length;

	*out = NULL;
	if (save && xmlSaveClose(save) < 0)
		good = false;
	good = good && !vfpt_domain_out_of_memory();
	if (good) {
		length = asprintf(out, "%s%s%s", declaration, declaration[0] ? "\n" : "",
			(const char *)xmlBufferContent(buffer));
		good = length >= 0;
		*size = good ? (size_t)length : 0;
	}
	xmlBufferFree(buffer);
	return good ? 0 : vfpt_domain_no_memory(err);
}
