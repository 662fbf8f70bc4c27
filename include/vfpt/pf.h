/* SPDX-License-Identifier: GPL-2.0-or-later */
/**
 * @file pf.h
 * The machine's PFs and their VFs, as sysfs shows them below a root directory that the caller opened.
 *
 * Only what is asked for is read: a host with thousands of VFs costs no more than the PFs that are looked at.
 * A PF is read once, and is from then on as it was then: who wants to see it anew opens the host anew. What a
 * function hands out of the host is the host's, and valid until vfpt_host_free().
 */
#ifndef VFPT_PF_H
#define VFPT_PF_H

#include <net/if.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "vfpt/error.h"
#include "vfpt/mac.h"
#include "vfpt/netlink.h"
#include "vfpt/pci.h"

#ifdef __cplusplus
extern "C" {
#endif

/** No kernel makes more: sriov_totalvfs has 16 bits. */
#define VFPT_MAX_VFS 65535

/**
 * A PF, and the VFs that are made of it.
 *
 * In switchdev mode (devlink-dev(8), eswitch) the card passes a VF's traffic only as rules say that somebody
 * sets on the VF's representor. sysfs does not show the mode; its sign is that the PF's function has a VF's
 * representor among its network devices: one with phys_port_name "pf0vf1" or "c1pf0vf1" (Linux,
 * devlink_compat_phys_port_name_get()) and the phys_switch_id of the PF. A phys_switch_id alone is none, as
 * mlx5_core shows it in legacy mode too. Before there are VFs there are no representors, and nothing to tell.
 */
struct vfpt_pf {
	char name[IF_NAMESIZE];  /**< of its network device, now; its address is what identifies it */
	struct vfpt_pci address; /**< of its PCI function */
	char driver[32];         /**< "no driver": none has it */
	unsigned ifindex;        /**< of its network device */
	struct vfpt_mac mac;     /**< its own */
	unsigned mtu;            /**< bytes */
	bool up;                 /**< its link is up (operstate) */
	bool switchdev;          /**< its eswitch is in switchdev mode, see below */
	unsigned vf_count;       /**< VFs that exist: 0 to VFPT_MAX_VFS */
	struct vfpt_pci *vfs;    /**< their addresses, by VF index */
};

/** A host; what is in it is the library's own. */
struct vfpt_host;

/**
 * Look at the host below @root. Nothing is read yet.
 * @param root descriptor of a directory: of /, or of a tree that has another machine's sys and proc. It stays
 * the caller's, and must stay open until vfpt_host_free().
 * @param netlink tells VLAN ids and addresses. It stays the caller's, and open as long. NULL for a captured
 * tree, whose proc/net/vlan/config and netlink/address are read instead.
 * @param out to be freed by vfpt_host_free(); NULL after an error
 * @return 0; or -1 with @err filled in, VFPT_SYSTEM
 */
int vfpt_host_open(int root, struct vfpt_netlink *netlink, struct vfpt_host **out, struct vfpt_error *err);

/** Free the host and all that it handed out; NULL is fine. */
void vfpt_host_free(struct vfpt_host *host);

/** The root directory that was given to vfpt_host_open(), which is the caller's. */
int vfpt_host_root(const struct vfpt_host *host);

/** The netlink socket that was given to vfpt_host_open(), which is the caller's, or NULL. */
struct vfpt_netlink *vfpt_host_netlink(const struct vfpt_host *host);

/** Is that the network device of a PF, and not the representor of a VF on the same function? */
bool vfpt_host_is_pf(const struct vfpt_host *host, const char *netdev);

/**
 * The PF whose network device is @netdev, with or without VFs.
 * @param netdev of which vfpt_host_is_pf() is true
 * @param out the host's
 * @return 0; or -1 with @err filled in, VFPT_SYSTEM
 */
int vfpt_host_pf(
	struct vfpt_host *host, const char *netdev, const struct vfpt_pf **out, struct vfpt_error *err);

/**
 * All PFs of this host, in name order, those without VFs too.
 * @param out an array of @count, to be freed by free(), or NULL where there is none; the PFs are the host's
 * @return 0; or -1 with @err filled in, VFPT_SYSTEM
 */
int vfpt_host_pfs(struct vfpt_host *host, const struct vfpt_pf ***out, size_t *count, struct vfpt_error *err);

/**
 * The PF and index of the VF with that address.
 * @param pf the host's
 * @return 0; or -1 with @err filled in: VFPT_NO_VF where there is no such VF (any more), VFPT_SYSTEM
 */
int vfpt_host_find_vf(struct vfpt_host *host, const struct vfpt_pci *vf, const struct vfpt_pf **pf,
	unsigned *index, struct vfpt_error *err);

/** Is there a VF with that address (still)? Where that cannot be told: yes. */
bool vfpt_host_has(const struct vfpt_host *host, const struct vfpt_pci *vf);

/**
 * The address of the VF that a network device belongs to.
 * @param netdev any text: it is checked
 * @return 0; or -1 with @err filled in: VFPT_BAD_INPUT where it is no VF's network device, VFPT_SYSTEM
 */
int vfpt_host_vf_of_netdev(
	struct vfpt_host *host, const char *netdev, struct vfpt_pci *vf, struct vfpt_error *err);

/** A network device, as far as it is interesting here. */
struct vfpt_netdev {
	char name[IF_NAMESIZE];
	unsigned ifindex;
	unsigned mtu; /**< bytes */
	struct vfpt_mac mac;
};

/**
 * The VF's network device. It is read anew each time.
 * @return 0; or -1 with @err filled in: VFPT_NO_VF where it has none in this network namespace, VFPT_SYSTEM
 */
int vfpt_host_netdev(
	struct vfpt_host *host, const struct vfpt_pci *vf, struct vfpt_netdev *out, struct vfpt_error *err);

/**
 * The MAC that a VF has by itself, where nobody set one by way of the PF. Many PF drivers show the one as
 * they show the other; the VF's network device says whether it made its MAC up, or was given it on this host
 * (addr_assign_type, linux/include/uapi/linux/netdevice.h). Of a VF without network device the names of such
 * drivers decide.
 * @param shown the MAC that the PF's driver shows for it
 * @return all zeroes: @shown was set by way of the PF, or nothing is known
 */
struct vfpt_mac vfpt_host_own_mac(struct vfpt_host *host, const struct vfpt_pf *pf, const struct vfpt_pci *vf,
	const struct vfpt_mac *shown);

/**
 * The network device that stands on @lower (its macvtap, say); the
 * first of several. @return is there one?
 */
bool vfpt_host_upper(struct vfpt_host *host, const struct vfpt_netdev *lower, struct vfpt_netdev *out);

/**
 * The name of the driver that has a PCI function; empty where none has it.
 * @param size of @buffer; a longer name is cut
 * @return @buffer, which is the caller's
 */
char *vfpt_host_driver(
	const struct vfpt_host *host, const struct vfpt_pci *function, char *buffer, size_t size);

/** How many VFs the PF could have; 0 where that is not told. */
unsigned vfpt_host_total_vfs(const struct vfpt_host *host, const struct vfpt_pf *pf);

/** The speed of the PF's link in Mbit/s; 0 where it has no link, or its driver does not tell. */
unsigned vfpt_host_link_speed(struct vfpt_host *host, const struct vfpt_pf *pf);

/** The NUMA node of the PF; -1 where the machine does not tell. */
int vfpt_host_numa_node(struct vfpt_host *host, const struct vfpt_pf *pf);

/** An iommu group: its number and those of its members that are not PCI bridges (which VFIO tolerates). */
struct vfpt_iommu_group {
	unsigned number;
	size_t count;
	struct vfpt_pci *members; /**< to be freed by vfpt_iommu_group_free() */
};

/**
 * The iommu group of a PCI function.
 * @param out to be freed by vfpt_iommu_group_free(); empty after an error
 * @return 0; or -1 with @err filled in: VFPT_NO_VF where the function has none, as there is no IOMMU, or
 * VFPT_SYSTEM where it cannot be read
 */
int vfpt_host_iommu_group(struct vfpt_host *host, const struct vfpt_pci *function,
	struct vfpt_iommu_group *out, struct vfpt_error *err);

/** Free its members; an empty one is fine. */
void vfpt_iommu_group_free(struct vfpt_iommu_group *group);

#ifdef __cplusplus
}
#endif

#endif
