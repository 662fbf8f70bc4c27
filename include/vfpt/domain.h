/* SPDX-License-Identifier: GPL-2.0-or-later */
/**
 * @file domain.h
 * libvirt's XML: a whole <domain>, or one <interface> as the device hook points have it. Finds the vNICs and
 * what oVirt's metadata says of them, and rewrites one for its VF; all else stays as it was.
 *
 * A document type declaration is refused (so there are no entities to expand), nothing is ever loaded.
 */
#ifndef VFPT_DOMAIN_H
#define VFPT_DOMAIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "vfpt/pci.h"
#include "vfpt/settings.h"

/** oVirt's metadata namespace (vdsm: lib/vdsm/virt/xmlconstants.py). The prefix is anybody's choice. */
#define VFPT_OVIRT_NAMESPACE "http://ovirt.org/vm/1.0"

/** A larger document is refused. */
#define VFPT_DOCUMENT_MAX (10u << 20)

struct vfpt_property {
	char *name;
	char *value;
};

/** One vNIC of a document; its strings are the document's, NULL where it does not say. */
struct vfpt_vnic {
	bool has_mac; /**< and it is a MAC address */
	struct vfpt_mac mac;
	char *type;            /**< "bridge", "hostdev" ... */
	char *model;           /**< "virtio" ... */
	char *bridge;          /**< <source bridge=.../> */
	char *alias;           /**< alias name */
	char *network;         /**< the logical network's name in the metadata, else the bridge's */
	unsigned mtu;          /**< <mtu size=.../>; 0: not said */
	bool link_down;        /**< <link state='down'/> */
	bool has_bandwidth;    /**< <bandwidth> with limits in it */
	size_t property_count; /**< custom properties in the metadata, as found */
	struct vfpt_property *properties;
	void *element; /**< the module's own; NULL: only the metadata knows of this vNIC, no <interface> has
			  its MAC */
};

struct vfpt_domain;

/**
 * Parse a document of @size bytes, behind which there is a '\0'.
 * @param out to be freed by vfpt_domain_free()
 * Errors: VFPT_BAD_INPUT (not XML, too large, a DTD, neither a domain with devices nor an interface).
 */
int vfpt_domain_parse(const char *text, size_t size, struct vfpt_domain **out, struct vfpt_error *err);

/** Free the document and all that it handed out; NULL is fine. */
void vfpt_domain_free(struct vfpt_domain *domain);

/** Is the document one <interface> (device hook points) and not a <domain>? */
bool vfpt_domain_is_interface(const struct vfpt_domain *domain);

/** The domain's UUID as it is written there; NULL when it has none. */
const char *vfpt_domain_uuid(const struct vfpt_domain *domain);

/** The vNICs in document order, behind them those that only the metadata knows. @return how many */
size_t vfpt_domain_vnics(const struct vfpt_domain *domain, const struct vfpt_vnic **out);

/** A name for a vNIC in messages: "vNIC 56:6f:1a:2b:00:01 (network red)". @return @buffer */
char *vfpt_vnic_name(const struct vfpt_vnic *vnic, char *buffer, size_t size);

/**
 * Make @vnic a managed hostdev interface on @vf with VLAN @vlan_id (0: none). Its MAC, boot order, alias,
 * guest address, rom and teaming stay, as does all that is not libvirt's; what libvirt 9.0 refuses or ignores
 * on a hostdev goes. In a <domain> the network's name is added to the metadata where that lacks it (VDSM
 * needs it after a restart).
 */
int vfpt_domain_pass_through(struct vfpt_domain *domain, const struct vfpt_vnic *vnic,
	const struct vfpt_pci *vf, uint16_t vlan_id, struct vfpt_error *err);

/** Print the document. @param out to be freed by free(), @size bytes and a '\0' */
int vfpt_domain_print(const struct vfpt_domain *domain, char **out, size_t *size, struct vfpt_error *err);

#endif
