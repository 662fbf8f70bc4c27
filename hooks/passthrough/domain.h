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

#include "profile.h"
#include "set.h"
#include "vfpt/pci.h"
#include "vfpt/settings.h"

/** oVirt's metadata namespace (vdsm: lib/vdsm/virt/xmlconstants.py). The prefix is anybody's choice. */
#define VFPT_OVIRT_NAMESPACE "http://ovirt.org/vm/1.0"

/** The bridge of a vNIC without network: vdsm, lib/vdsm/network/api.py, DUMMY_BRIDGE. */
#define VFPT_NO_NETWORK ";vdsmdummy;"

#define VFPT_VF_ALIAS_SIZE 24

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
	char *type;          /**< "bridge", "hostdev" ... */
	char *model;         /**< "virtio" ... */
	char *bridge;        /**< <source bridge=.../> */
	char *alias;         /**< alias name */
	char *network;       /**< the logical network's name in the metadata, else the bridge's */
	char *filter;        /**< <filterref filter=.../>: a network filter of libvirt's */
	char *teaming;       /**< <teaming type=.../>: "persistent" or "transient" */
	unsigned mtu;        /**< <mtu size=.../>; 0: not said */
	unsigned outbound;   /**< <bandwidth><outbound>: peak, else average, KiB/s; 0: no limit */
	bool link_down;      /**< <link state='down'/> */
	bool has_inbound;    /**< <bandwidth><inbound>: a limit too */
	bool isolated;       /**< <port isolated='yes'/>: not to reach other isolated ports of its bridge */
	bool port_mirroring; /**< the metadata has networks whose traffic it shall see */
	/** its MAC is there several times, in interfaces or metadata, and aliases do not tell whose metadata
	 * is whose; then no interface with that MAC has any, and the metadata is that of vNICs of its own */
	bool ambiguous;
	bool has_vf; /**< it is a hostdev interface on this PCI function */
	struct vfpt_pci vf;
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

/** The VM's own custom properties, in the metadata. @return how many */
size_t vfpt_domain_properties(const struct vfpt_domain *domain, const struct vfpt_property **out);

/**
 * The PCI functions that a <domain>, as it was parsed, gives to its VM by itself: as <hostdev>, or as the VF
 * of a hostdev interface. @return how many
 */
size_t vfpt_domain_functions(const struct vfpt_domain *domain, const struct vfpt_pci **out);

/**
 * Where the VM is pinned to: the NUMA nodes of its memory (<numatune>), and the CPUs of its vCPUs
 * (<vcpu cpuset=...>, <cputune>). Both are empty when it is not pinned.
 */
void vfpt_domain_placement(const struct vfpt_domain *domain, struct vfpt_set *nodes, struct vfpt_set *cpus);

/** The namespace of our own mark in the metadata. */
#define VFPT_NAMESPACE "urn:vfpt:run:1"

/**
 * Mark the <domain> with the run (see struct vfpt_assignment) that this start of the VM is, so that what
 * arrives late can be told from it: <vfpt:run xmlns:vfpt="urn:vfpt:run:1" start="..."/> in <metadata>.
 */
int vfpt_domain_set_run(struct vfpt_domain *domain, uint64_t run, struct vfpt_error *err);

/** The mark; 0: there is none. */
uint64_t vfpt_domain_run(const struct vfpt_domain *domain);

/** How a vNIC and its VF are connected. */
struct vfpt_connection {
	enum vfpt_mode mode;
	struct vfpt_pci vf;
	const char *netdev;       /**< macvtap: the VF's network device */
	uint16_t vlan_id;         /**< 0: none */
	const char *port_profile; /**< 802.1Qbh; empty: none */
};

/**
 * Connect @vnic with a VF:
 * hostdev: it becomes a managed hostdev interface. Its MAC, boot order, alias, guest address, rom and teaming
 * stay; what libvirt 9.0 refuses or ignores on a hostdev goes.
 * macvtap: it becomes a direct interface in mode passthrough; what libvirt refuses on that goes.
 * failover: it stays as it is, as the persistent part of a pair; the transient part, a hostdev interface with
 * the same MAC and an alias of its own (vfpt_vf_alias()), is put behind it.
 * In all modes what is not libvirt's stays. In a <domain> the network's name is added to the metadata where
 * that lacks it (VDSM needs it after a restart).
 */
int vfpt_domain_connect(struct vfpt_domain *domain, const struct vfpt_vnic *vnic,
	const struct vfpt_connection *connection, struct vfpt_error *err);

/**
 * Add a hostdev interface without a network to a <domain>, behind its
 * other devices; alias: vfpt_vf_alias().
 */
int vfpt_domain_add_vf(struct vfpt_domain *domain, const struct vfpt_mac *mac,
	const struct vfpt_connection *connection, struct vfpt_error *err);

/** The user alias of a hostdev interface that we add: "ua-vfpt-566f1a2b0001". @return @buffer */
char *vfpt_vf_alias(const struct vfpt_mac *mac, char buffer[VFPT_VF_ALIAS_SIZE]);

/** Print the document. @param out to be freed by free(), @size bytes and a '\0' */
int vfpt_domain_print(const struct vfpt_domain *domain, char **out, size_t *size, struct vfpt_error *err);

#endif
