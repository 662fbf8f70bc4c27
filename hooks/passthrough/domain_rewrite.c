/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One vNIC of a document is connected to its VF; all else stays as it was. */
#include <libxml/xmlsave.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "alloc.h"
#include "domain_xml.h"

/* --- rewriting ------------------------------------------------------------------------------- */

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

/* Put a new element behind @before (or first), indented like its siblings. NULL: no memory. */
static xmlNode *insert_element(xmlNode *parent, xmlNode *before, xmlNs *ns, const char *name)
{
	const char *indent = indentation(parent);
	xmlNode *space = indent ? xmlNewDocText(parent->doc, (const xmlChar *)indent) : NULL;
	xmlNode *node = xmlNewDocNode(parent->doc, ns, (const xmlChar *)name, NULL);

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

static bool set_attribute(xmlNode *node, const char *name, const char *value)
{
	return node && xmlSetProp(node, (const xmlChar *)name, (const xmlChar *)value);
}

/* As its parent's last child; NULL: no memory. */
static xmlNode *append_child(xmlNode *parent, const char *name)
{
	return parent ? xmlNewChild(parent, NULL, (const xmlChar *)name, NULL) : NULL;
}

static bool set_hex(xmlNode *node, const char *name, int digits, uint32_t value)
{
	char text[12];

	snprintf(text, sizeof(text), "0x%0*x", digits, value);
	return set_attribute(node, name, text);
}

static bool set_pci_address(xmlNode *node, const struct vfpt_pci *address)
{
	return set_attribute(node, "type", "pci") && set_hex(node, "domain", 4, address->domain) &&
	       set_hex(node, "bus", 2, address->bus) && set_hex(node, "slot", 2, address->slot) &&
	       set_hex(node, "function", 1, address->function);
}

/* <source><address type='pci' .../></source><driver name='vfio'/>, behind @before. @return the last, or NULL
 */
static xmlNode *write_pci(xmlNode *interface, xmlNode *before, const struct vfpt_pci *vf)
{
	xmlNode *source = insert_element(interface, before, NULL, "source");
	xmlNode *address = append_child(source, "address");
	xmlNode *driver = source ? insert_element(interface, source, NULL, "driver") : NULL;

	return set_pci_address(address, vf) && set_attribute(driver, "name", "vfio") ? driver : NULL;
}

/* <source dev='...' mode='passthrough'/> */
static xmlNode *write_dev(xmlNode *interface, xmlNode *before, const char *netdev)
{
	xmlNode *source = insert_element(interface, before, NULL, "source");

	return set_attribute(source, "dev", netdev) && set_attribute(source, "mode", "passthrough") ? source
												    : NULL;
}

/* The VF, <vlan><tag id='...'/></vlan> and <virtualport type='802.1Qbh'>, behind <mac>. */
static bool write_vf(xmlNode *interface, const struct vfpt_connection *connection)
{
	xmlNode *last = xml_next_element(interface->children, NULL, "mac"), *port;
	char id[8];

	last = connection->mode == VFPT_MODE_MACVTAP ? write_dev(interface, last, connection->netdev)
						     : write_pci(interface, last, &connection->vf);
	if (last && connection->vlan_id) {
		snprintf(id, sizeof(id), "%u", connection->vlan_id);
		last = insert_element(interface, last, NULL, "vlan");
		if (!set_attribute(append_child(last, "tag"), "id", id))
			return false;
	}
	if (!last || !connection->port_profile[0])
		return last;
	port = insert_element(interface, last, NULL, "virtualport");
	return set_attribute(port, "type", "802.1Qbh") &&
	       set_attribute(append_child(port, "parameters"), "profileid", connection->port_profile);
}

/* --- metadata -------------------------------------------------------------------------------- */

static xmlNode *metadata_vm(struct vfpt_domain *domain)
{
	xmlNode *metadata = xml_next_element(domain->root->children, NULL, "metadata"), *vm;

	if (!metadata)
		metadata = insert_element(domain->root, NULL, NULL, "metadata");
	vm = xml_child(metadata, VFPT_OVIRT_NAMESPACE, "vm");
	if (metadata && !vm && (vm = insert_element(metadata, NULL, NULL, "vm"))) {
		xmlNs *ns = xmlSearchNsByHref(domain->doc, vm, (const xmlChar *)VFPT_OVIRT_NAMESPACE);

		if (!ns)
			ns = xmlNewNs(vm, (const xmlChar *)VFPT_OVIRT_NAMESPACE, (const xmlChar *)"ovirt-vm");
		xmlSetNs(vm, ns);
	}
	return vm;
}

uint64_t vfpt_domain_run(const struct vfpt_domain *domain)
{
	xmlNode *mark = xml_child(xml_child(domain->root, NULL, "metadata"), VFPT_NAMESPACE, "run");
	autofree char *text = xml_attribute(mark, "start");

	return text ? strtoull(text, NULL, 10) : 0;
}

int vfpt_domain_set_run(struct vfpt_domain *domain, uint64_t run, struct vfpt_error *err)
{
	xmlNode *metadata = xml_next_element(domain->root->children, NULL, "metadata"), *mark;
	char text[24];
	xmlNs *ns;

	if (!metadata)
		metadata = insert_element(domain->root, NULL, NULL, "metadata");
	mark = xml_child(metadata, VFPT_NAMESPACE, "run");
	if (metadata && !mark && (mark = insert_element(metadata, NULL, NULL, "run"))) {
		ns = xmlNewNs(mark, (const xmlChar *)VFPT_NAMESPACE, (const xmlChar *)"vfpt");
		xmlSetNs(mark, ns);
	}
	snprintf(text, sizeof(text), "%llu", (unsigned long long)run);
	return set_attribute(mark, "start", text) ? 0 : vfpt_domain_no_memory(err);
}

/*
 * <device mac_address='...' alias='...'><network>NAME</network></device>, @device being what is there
 * already, or NULL. VDSM takes a device with a <teaming> for the one that has its MAC and its alias (vdsm:
 * vmdevices/network.py, get_identifying_attrs()).
 */
static bool describe_in_metadata(struct vfpt_domain *domain, xmlNode *device, const struct vfpt_mac *mac,
	const char *alias, const char *network_name)
{
	xmlNode *network = xml_child(device, VFPT_OVIRT_NAMESPACE, "network");
	autofree char *present = xml_content(network);
	char text[VFPT_MAC_SIZE];

	if (!device) {
		xmlNode *vm = metadata_vm(domain);

		device = vm && vm->ns ? insert_element(vm, NULL, vm->ns, "device") : NULL;
		if (!set_attribute(device, "mac_address", vfpt_mac_format(mac, text)))
			return false;
	}
	if (alias && !set_attribute(device, "alias", alias))
		return false;
	if (present)
		return true;
	if (!network)
		network = insert_element(device, NULL, device->ns, "network");
	if (network)
		xmlNodeAddContent(network, (const xmlChar *)network_name);
	return network;
}

static xmlNode *metadata_of(const struct vfpt_domain *domain, const struct vfpt_vnic *vnic)
{
	const struct vfpt_domain_device *known = vfpt_domain_device_of(domain, vnic);

	return known ? known->element : NULL;
}

/* --- the modes ------------------------------------------------------------------------------- */

static bool replace_interface(
	struct vfpt_domain *domain, const struct vfpt_vnic *vnic, const struct vfpt_connection *connection)
{
	bool macvtap = connection->mode == VFPT_MODE_MACVTAP;
	xmlNode *interface = vnic->element;

	for (xmlNode *node = interface->children, *next; node; node = next) {
		next = node->next;
		if (is_dropped(node, connection))
			remove_node(node);
	}
	return set_attribute(interface, "type", macvtap ? "direct" : "hostdev") &&
	       (macvtap || set_attribute(interface, "managed", "yes")) && write_vf(interface, connection) &&
	       /* The network's name was in <source bridge=.../> only, which went. */
	       (domain->is_interface || describe_in_metadata(domain, metadata_of(domain, vnic), &vnic->mac,
						NULL, vnic->network));
}

/* A hostdev interface behind @before (or first) among @devices; @return it, or NULL. */
static xmlNode *add_hostdev(xmlNode *devices, xmlNode *before, const struct vfpt_mac *mac,
	const struct vfpt_connection *connection)
{
	xmlNode *interface = insert_element(devices, before, NULL, "interface");
	char text[VFPT_MAC_SIZE], alias[VFPT_VF_ALIAS_SIZE];

	if (!set_attribute(interface, "type", "hostdev") || !set_attribute(interface, "managed", "yes"))
		return NULL;
	if (!set_attribute(append_child(interface, "mac"), "address", vfpt_mac_format(mac, text)))
		return NULL;
	if (!write_vf(interface, connection))
		return NULL;
	if (!set_attribute(append_child(interface, "alias"), "name", vfpt_vf_alias(mac, alias)))
		return NULL;
	return interface;
}

/* libvirt and QEMU know the persistent part by a user alias, which starts with "ua-". */
static bool pair_up(
	struct vfpt_domain *domain, const struct vfpt_vnic *vnic, const struct vfpt_connection *connection)
{
	xmlNode *interface = vnic->element, *mac = xml_next_element(interface->children, NULL, "mac"),
		*alias = xml_next_element(interface->children, NULL, "alias"), *hostdev, *teaming;
	char made[VFPT_VF_ALIAS_SIZE + 8], own[VFPT_VF_ALIAS_SIZE];
	const char *name = vnic->alias;

	vfpt_vf_alias(&vnic->mac, own);
	if (!name || strncmp(name, "ua-", 3) != 0) {
		snprintf(made, sizeof(made), "%s-virtio", own);
		name = made;
		if (!alias)
			alias = append_child(interface, "alias");
		if (!set_attribute(alias, "name", name))
			return false;
	}
	hostdev = add_hostdev(interface->parent, interface, &vnic->mac, connection);
	teaming = append_child(hostdev, "teaming");
	return set_attribute(insert_element(interface, mac, NULL, "teaming"), "type", "persistent") &&
	       set_attribute(teaming, "type", "transient") && set_attribute(teaming, "persistent", name) &&
	       describe_in_metadata(domain, metadata_of(domain, vnic), &vnic->mac, name, vnic->network) &&
	       describe_in_metadata(domain, NULL, &vnic->mac, own, vnic->network);
}

int vfpt_domain_connect(struct vfpt_domain *domain, const struct vfpt_vnic *vnic,
	const struct vfpt_connection *connection, struct vfpt_error *err)
{
	bool good = connection->mode == VFPT_MODE_FAILOVER ? pair_up(domain, vnic, connection)
							   : replace_interface(domain, vnic, connection);

	return good ? 0 : vfpt_domain_no_memory(err);
}

int vfpt_domain_add_vf(struct vfpt_domain *domain, const struct vfpt_mac *mac,
	const struct vfpt_connection *connection, struct vfpt_error *err)
{
	xmlNode *devices = xml_next_element(domain->root->children, NULL, "devices");

	if (!devices)
		return vfpt_error_set(err, VFPT_BAD_INPUT, "the domain has no <devices>");
	if (!add_hostdev(devices, xmlLastElementChild(devices), mac, connection) ||
		!describe_in_metadata(domain, NULL, mac, NULL, VFPT_NO_NETWORK))
		return vfpt_domain_no_memory(err);
	return 0;
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
