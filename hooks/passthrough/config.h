/* SPDX-License-Identifier: GPL-2.0-or-later */
/**
 * @file config.h
 * What the administrator of this host decides, in /etc/vdsm/vfpt.conf (vfpt.conf(5)).
 */
#ifndef VFPT_CONFIG_H
#define VFPT_CONFIG_H

#include <net/if.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "profile.h"
#include "set.h"
#include "vfpt/error.h"

/** Does a VF have to be on the NUMA node that the VM is pinned to? */
enum vfpt_numa {
	VFPT_NUMA_PREFER,  /**< one there comes first */
	VFPT_NUMA_REQUIRE, /**< no other will do */
	VFPT_NUMA_IGNORE,
};

/** A user's name and its end: useradd(8) takes 32 characters. */
#define VFPT_USER_SIZE 33

/** What of a VF without a VLAN? Its guest can add VLAN filters of its own: see vfpt.conf(5). */
enum vfpt_untagged {
	VFPT_UNTAGGED_WARN, /**< it is given away, with a warning */
	VFPT_UNTAGGED_ALLOW,
	VFPT_UNTAGGED_REFUSE,
};

/** [policy] */
struct vfpt_policy {
	/** A VF may pass traffic with a wrong tag between libvirt's start of the VM and after_vm_start. */
	bool gap_allowed;
	bool pack; /**< fill one PF before the next, instead of spreading VMs over all */
	enum vfpt_numa numa;
	enum vfpt_untagged untagged;
	unsigned lock_timeout;          /**< how long a hook waits for the ledger, seconds */
	unsigned liveness_timeout;      /**< how long /proc and libvirt are asked who runs, seconds */
	unsigned grace;                 /**< how long a VF without a VM is left alone, seconds */
	char qemu_user[VFPT_USER_SIZE]; /**< that QEMU runs as, a name or a number */
};

/** [network NAME] */
struct vfpt_network_rules {
	char *name;                /**< the logical network's, or its bridge's */
	char pfs[VFPT_NAMES_SIZE]; /**< that serve it, whatever is below its bridge; empty: not said */
	bool has_vlan;
	uint16_t vlan_id;            /**< instead of the bridge's; 0: untagged */
	unsigned mtu;                /**< instead of the bridge's; 0: not said */
	struct vfpt_profile profile; /**< what its vNICs ask for that do not ask for anything else */
};

/** [pf NAME] */
struct vfpt_pf_rules {
	char name[IFNAMSIZ];
	char *networks;          /**< that may have its VFs, names and shell patterns; NULL: all */
	struct vfpt_set exclude; /**< VF indices that are not ours */
	unsigned max_vfs_per_vm; /**< 0: no limit */
};

struct vfpt_config {
	struct vfpt_policy policy;
	size_t network_count;
	struct vfpt_network_rules *networks;
	size_t pf_count;
	struct vfpt_pf_rules *pfs;
};

/**
 * Read etc/vdsm/vfpt.conf below @root; a missing file means the defaults.
 * @param out to be freed by vfpt_config_free(), also after an error: then it has the defaults, for those who
 * must go on (NULL when there is no memory)
 * Error: VFPT_BAD_INPUT with file and line.
 */
int vfpt_config_read(int root, struct vfpt_config **out, struct vfpt_error *err);

/** NULL is fine. */
void vfpt_config_free(struct vfpt_config *config);

/** What is said of that network, by its logical name or its bridge's (either can be NULL); NULL: nothing. */
const struct vfpt_network_rules *vfpt_config_network(
	const struct vfpt_config *config, const char *network, const char *bridge);

/** What is said of that PF; NULL: nothing. */
const struct vfpt_pf_rules *vfpt_config_pf(const struct vfpt_config *config, const char *name);

#endif
