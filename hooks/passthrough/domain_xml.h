/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A document as libxml2 has it: what reading and rewriting it share. */
#ifndef VFPT_DOMAIN_XML_H
#define VFPT_DOMAIN_XML_H

#include <errno.h>
#include <libxml/tree.h>

#include "domain.h"

/* Metadata that speaks of one vNIC: <ovirt-vm:device mac_address="...">. */
struct vfpt_domain_device {
	struct vfpt_mac mac;
	char *alias; /* NULL: none */
	xmlNode *element;
	bool matched; /* by an <interface> */
};

struct vfpt_domain {
	xmlDoc *doc;
	xmlNode *root;
	bool is_interface;
	char *uuid;
	char *declaration; /* the XML declaration as it was; NULL: there was none */
	size_t vnic_count;
	struct vfpt_vnic *vnics;
	size_t device_count;
	struct vfpt_domain_device *devices;
	size_t property_count; /* the VM's own */
	struct vfpt_property *properties;
	size_t function_count; /* PCI functions that it gives to the VM */
	struct vfpt_pci *functions;
};

/* @uri NULL: an element of libvirt's own, which are in no namespace. */
bool xml_is_element(const xmlNode *node, const char *uri, const char *name);

/* The first such element among @node and what follows it; a child of @parent. NULL: there is none. */
xmlNode *xml_next_element(xmlNode *node, const char *uri, const char *name);
xmlNode *xml_child(const xmlNode *parent, const char *uri, const char *name);

/* An attribute, the text of an element; to be freed by free(), NULL: there is none. */
char *xml_attribute(const xmlNode *node, const char *name);
char *xml_content(const xmlNode *node);

bool xml_attribute_is(const xmlNode *node, const char *name, const char *value);

/* What the metadata says of the vNIC; NULL: nothing. */
struct vfpt_domain_device *vfpt_domain_device_of(
	const struct vfpt_domain *domain, const struct vfpt_vnic *vnic);

/* Each <ovirt-vm:device> that speaks of a vNIC, and the VM's own properties. -1: no memory. */
int vfpt_domain_read_devices(struct vfpt_domain *domain);

/*
 * Give each vNIC what the metadata says of it, once all are known;
 * what speaks of no <interface> makes a vNIC.
 */
int vfpt_domain_read_metadata(struct vfpt_domain *domain, struct vfpt_error *err);

/* Is it in an encoding that VDSM and people read as libxml2 does, and without NUL? */
int vfpt_domain_check_text(const char *text, size_t size, struct vfpt_error *err);

/* Keep the XML declaration to the letter, unless it tells an encoding that the output will not have. */
int vfpt_domain_keep_declaration(struct vfpt_domain *domain, const char *text, size_t size);

/* From now on libxml2's allocations are watched. */
void vfpt_domain_watch_memory(void);

/* Was there no memory for libxml2 since the document was read? It does not always say so. */
bool vfpt_domain_out_of_memory(void);

/* That error. @return -1 */
static inline int vfpt_domain_no_memory(struct vfpt_error *err)
{
	return vfpt_error_errno(err, VFPT_SYSTEM, ENOMEM, "document");
}

#endif
