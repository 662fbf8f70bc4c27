/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What tests of the hook programs share: documents, the programs as VDSM runs them, on the captured host. */
#ifndef VFPT_TESTS_HOOKS_SUPPORT_H
#define VFPT_TESTS_HOOKS_SUPPORT_H

#include "domain.h"
#include "support.h"

#define DOCUMENT "tmp/document.xml"
#define MAC_1    "56:6f:1a:2b:00:01"
#define MAC_2    "56:6f:1a:2b:00:02"
#define REQUIRED "passthrough=required "
#define VNIC_1                                                                                               \
	"<interface type='bridge'><mac address='" MAC_1                                                      \
	"'/><model type='virtio'/><source bridge='blue'/></interface>"

/* What a VF of ens1f0 that has no VLAN is refused with, where vfpt.conf says so. */
#define WITHOUT_VLAN                                                                                         \
	"VF 0 of ens1f0 would have no VLAN, so the guest could use any VLAN of the switch port, which "      \
	"vfpt.conf refuses ([policy] untagged); give it one, or use no passthrough"

/* The hook points. */
enum { POINTS = 8 };
extern const char *const points[POINTS];

/* --- documents */

/* An <interface> on that network. */
const char *vnic(const char *mac, const char *network);

/* What the metadata has of a vNIC: that property. */
const char *profile(const char *mac, const char *passthrough);

/* The same with "NAME=VALUE ..." for properties; @network NULL: it names none. */
const char *metadata_of(const char *mac, const char *network, const char *properties);

/* A <domain> with these. */
const char *domain_of(const char *vm, const char *profiles, const char *vnics);

/* Each VM has MACs of its own: that of the vNIC which is MAC_1 in VM A. */
const char *mac_of(const char *vm);

/* A VM with one vNIC on that network. */
const char *one_vnic(const char *vm, const char *network, const char *passthrough);

/* VM A with a vNIC on blue that asks for a VF and for that. */
const char *asking(const char *name, const char *value);

/* VM A with the property sriov in its metadata; @names NULL: without. */
const char *vm_naming(const char *names, const char *profiles, const char *vnics);

/* The n-th interface of the document as it stands. */
const char *interface(unsigned n);

/* A whole VF of the document as it stands: "0000:01:10.0 VLAN 200", "" when its n-th vNIC has none. */
const char *vf_of(unsigned n);

/* How many interfaces the document has. */
unsigned interfaces(void);

/* --- running */

/* @env: up to eight more variables */
struct outcome hook_with(const char *point, const char *argument, const char *const env[8]);

/* As VDSM does; @property NULL: none. */
struct outcome hook(const char *point, const char *vm, const char *property);

/* Start a VM with that document, or plug a vNIC into it with "NAME=VALUE ..." in the environment. */
struct outcome started_with(const char *vm, const char *document);
struct outcome plugged_with(const char *vm, const char *document, const char *properties);

/* The same, and the end of both; all must go well. @return what was said */
const char *start_vm(const char *vm, const char *document);
const char *destroy_vm(const char *vm);
const char *plug(const char *vm, const char *document, const char *property);

/* As VDSM makes the interface anew from its own object: bridge-type, with MAC and alias. */
const char *unplug(const char *vm, const char *mac, const char *alias);

void ck_assert_exit(struct outcome outcome, int code);

/* One line that says why, exit code 2, and nobody has a VF. */
void ck_assert_refused(struct outcome outcome, const char *reason);

/* So it is for VM A with that document, which stays as it was. @return the line */
const char *refused(const char *point, const char *document, const char *property, const char *reason);

/* --- the host */

/* The path of the record that the VM has that VF. */
const char *record(const char *vf, const char *vm);

/* ens1f0 has none. */
void no_vfs(void);

#endif
