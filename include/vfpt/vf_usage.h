/* SPDX-License-Identifier: GPL-2.0-or-later */
/**
 * @file vf_usage.h
 * Who on this host uses a VF: host networking, a VM, another network namespace, a DPDK program?
 */
#ifndef VFPT_VF_USAGE_H
#define VFPT_VF_USAGE_H

#include <stdbool.h>

#include "vfpt/network.h"

#ifdef __cplusplus
extern "C" {
#endif

/** The bytes of a reason, with its end. */
#define VFPT_REASON_SIZE 160

/**
 * Does anyone use the VF with address @vf, as the kernel shows it? Something stands on its network device (a
 * bridge, a VLAN, a macvtap, a bond), that has an IPv4 or global IPv6 address or is in another network
 * namespace, or a driver has the VF and made no network device of it: for VFIO (vfio-pci, mlx5_vfio_pci), for
 * DPDK (uio), or because it failed. Addresses are only seen with a netlink
 * socket, as sysfs does not show them; a captured tree has an empty file netlink/address/NETDEV for each
 * network device with one.
 * @param taken whether someone uses it
 * @param reason who and how, in words ("its network device eth3 carries br-int"); empty where nobody does.
 * Names in it are as they were found: vfpt_sanitise() before it is shown.
 * @return 0; or -1 with @err filled in, VFPT_SYSTEM
 */
int vfpt_vf_usage(struct vfpt_host *host, const struct vfpt_pci *vf, bool *taken,
	char reason[VFPT_REASON_SIZE], struct vfpt_error *err);

/**
 * Has a driver the VF, and made nothing of it: no network device in any network namespace, nothing for VFIO,
 * UIO, RDMA or vDPA? So iavf leaves a VF whose PF does not answer. vfpt_vf_usage() calls it taken. False too
 * where that cannot be told.
 */
bool vfpt_vf_usage_lacks_netdev(struct vfpt_host *host, const struct vfpt_pci *vf);

/**
 * Has a network device an address of which vfpt_vf_usage() speaks?
 * @param netdev the name of one that exists
 * @return 0; or -1 with @err filled in, VFPT_SYSTEM
 */
int vfpt_vf_usage_address(struct vfpt_host *host, const char *netdev, bool *has, struct vfpt_error *err);

#ifdef __cplusplus
}
#endif

#endif
