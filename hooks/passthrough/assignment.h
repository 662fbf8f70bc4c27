/* SPDX-License-Identifier: GPL-2.0-or-later */
/**
 * @file assignment.h
 * This VF belongs to that vNIC: the value that plans make, the ledger keeps, and a release is given.
 */
#ifndef VFPT_ASSIGNMENT_H
#define VFPT_ASSIGNMENT_H

#include <net/if.h>
#include <stdbool.h>
#include <stdint.h>

#include "vfpt/pci.h"
#include "vfpt/settings.h"

/** A VM's id: a UUID in lower case, and its end. */
#define VFPT_VM_SIZE 37

/** A device alias ("ua-" and a UUID) and its end; libvirt's own bound is larger, oVirt's aliases are not. */
#define VFPT_ALIAS_SIZE 64

/** A network's name as the ledger keeps it: its letters, digits, '_', '.' and '-'; any other is a '_'. */
#define VFPT_NETWORK_SIZE 64

/** In struct vfpt_assignment, for vfpt_ledger_put(): this assignment starts the run. */
#define VFPT_NEW_RUN UINT64_MAX

/** This VF belongs to that vNIC. */
struct vfpt_assignment {
	char vm[VFPT_VM_SIZE];
	struct vfpt_mac mac;
	char alias[VFPT_ALIAS_SIZE];     /**< empty: the vNIC has none */
	char network[VFPT_NETWORK_SIZE]; /**< empty: none */
	char pf[IFNAMSIZ];               /**< the PF's name then; for people */
	unsigned vf;                     /**< VF index */
	struct vfpt_pci address;         /**< of the VF: what identifies it */
	uint64_t generation;             /**< no two assignments since boot have the same */
	uint64_t run; /**< generation of the first assignment of this run of the VM; 0: not known */
	struct vfpt_settings before; /**< the VF's settings as they were */
	struct vfpt_mac own_mac; /**< what the VF has by itself; zeroes: its MAC in @before was set by way of
				    the PF */
	struct vfpt_settings wanted; /**< and as they shall be while the VM runs */
	bool macvtap;                /**< the VF stays with its driver, a macvtap is on it */
	unsigned mtu_before; /**< MTU of the VF's network device as it was; 0: nothing is done about it */
	unsigned mtu;        /**< and as it shall be */
	bool unfinished;     /**< it is released, but for its VF, which its driver could not set back then */
};

/** Copy a network's name as the ledger keeps it; @name NULL: none. */
void vfpt_network_name(char out[VFPT_NETWORK_SIZE], const char *name);

/** Parse a UUID into lower case. */
int vfpt_vm_parse(const char *text, char out[VFPT_VM_SIZE], struct vfpt_error *err);

/** Is that setting of its VF, as read, not what it should be? What is not known is no difference. */
bool vfpt_assignment_differs(
	const struct vfpt_assignment *assignment, const struct vfpt_settings *now, enum vfpt_setting setting);

#endif
