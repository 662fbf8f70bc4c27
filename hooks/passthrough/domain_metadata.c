/* SPDX-License-Identifier: GPL-2.0-or-later */
/* oVirt's metadata: what it says of which vNIC. */
#include <string.h>

#include "alloc.h"
#include "domain_xml.h"

static int read_properties(const xmlNode *metadata, struct vfpt_property **properties, size_t *count)
{
	xmlNode *custom = xml_child(metadata, VFPT_OVIRT_NAMESPACE, "custom");

	for (xmlNode *node = custom ? custom->children : NULL; node; node = node->next) {
		struct vfpt_property *added;

		if (node->type != XML_ELEMENT_NODE)
			continue;
		added = vfpt_array_add(properties, count, sizeof(*added));
		if (!added)
			return -1;
		added->name = (char *)xmlStrdup(node->name);
		added->value = (char *)xmlNodeGetContent(node);
		if (!added->name || !added->value)
			return -1;
	}
	return 0;
}

static int read_device(struct vfpt_domain *domain, xmlNode *element)
{
	struct vfpt_error ignored;
	struct vfpt_domain_device *added;
	struct vfpt_mac mac;
	autofree char *text = xml_attribute(element, "mac_address");

	if (!text || vfpt_mac_parse(text, &mac, &ignored) < 0)
		return 0; /* a disk, say */
	added = vfpt_array_add(&domain->devices, &domain->device_count, sizeof(*added));
	if (!added)
		return -1;
	added->mac = mac;
	added->alias = xml_attribute(element, "alias");
	added->element = element;
	return 0;
}

int vfpt_domain_read_devices(struct vfpt_domain *domain)
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

static int read_metadata(struct vfpt_vnic *vnic, const xmlNode *metadata)
{
	xmlNode *mirrored = xml_child(metadata, VFPT_OVIRT_NAMESPACE, "portMirroring");

	vnic->network = xml_content(xml_child(metadata, VFPT_OVIRT_NAMESPACE, "network"));
	vnic->port_mirroring = mirrored && xmlFirstElementChild(mirrored);
	return read_properties(metadata, &vnic->properties, &vnic->property_count);
}

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

/*
 * What the metadata knows of a vNIC that is not there, or is there
 * without its MAC, or cannot be told from another.
 */
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

int vfpt_domain_read_metadata(struct vfpt_domain *domain, struct vfpt_error *err)
{
	for (size_t i = 0; i < domain->vnic_count; i++)
		if (read_metadata_of(domain, &domain->vnics[i], err) < 0)
			return -1;
	return read_orphans(domain, err);
}
