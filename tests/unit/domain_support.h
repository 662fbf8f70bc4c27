/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What tests of documents share: their parts, the one that was parsed last, how two are compared. */
#ifndef VFPT_TESTS_DOMAIN_SUPPORT_H
#define VFPT_TESTS_DOMAIN_SUPPORT_H

#include "domain.h"

#include <libxml/tree.h>

#include "support.h"

#define OVIRT     "xmlns:o=\"" VFPT_OVIRT_NAMESPACE "\""
#define MAC(last) "<mac address='56:6f:1a:2b:00:" last "'/>"
#define VNIC(last)                                                                                           \
	"<interface type='bridge'>" MAC(last) "<model type='virtio'/><source bridge='red'/></interface>"
#define DEVICE(last) "<o:device mac_address='56:6f:1a:2b:00:" last "'>"
#define MAC_1        MAC("01")
#define VNIC_1       VNIC("01")
#define VNIC_2       VNIC("02")
#define DEVICE_1     DEVICE("01")
#define DOMAIN_OF(metadata, devices)                                                                         \
	"<domain " OVIRT "><metadata><o:vm>" metadata "</o:vm></metadata><devices>" devices                  \
	"</devices></domain>"

/* In tests/data/samples. */
enum { SAMPLES = 4 };
extern const char *const samples[SAMPLES];

/* What a hostdev can have in its <interface>, and what is not libvirt's. */
enum { STAYING = 15 };
extern const char *const staying[STAYING];

extern struct vfpt_error err;
extern struct vfpt_domain *domain; /* the last one that was parsed, and its vNICs */
extern const struct vfpt_vnic *vnics;
extern size_t vnic_count;
extern const struct vfpt_pci a_vf; /* 0000:02:10.4 */

/* A test case that frees the domain in the end. */
TCase *domain_case(Suite *suite, const char *name);

void parse_bytes(const char *bytes, size_t size);
void parse(const char *document);

/* @return its text */
const char *parse_sample(const char *name);

const char *print(void);

/* Connect the vNIC of that number to a_vf, whose network device is eth9; in the second as a hostdev. */
void connect_as(enum vfpt_mode mode, size_t vnic, uint16_t vlan_id, const char *port_profile);
void pass_through(size_t vnic, uint16_t vlan_id);

/* --- canonical XML: what two documents say, whatever they look like */

/* The document as a tree; free it with xmlFreeDoc(). */
xmlDoc *tree(const char *document);

/* The n-th element of that name in there. */
xmlNode *find(xmlNode *parent, const char *name, unsigned n);

const char *canonical_tree(xmlDoc *doc);
const char *canonical(const char *document);

/* The element alone, without what is declared around it. */
const char *canonical_element(const xmlNode *element);

/* One of the domain's interfaces. */
const char *canonical_interface(const char *document, unsigned n);

#endif
