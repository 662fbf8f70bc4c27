/* SPDX-License-Identifier: GPL-2.0-or-later */
/**
 * @file vf_usage.h
 * Is a VF taken by someone else than us: host networking, another VM, another network namespace, a DPDK
 * program?
 */
#ifndef VFPT_VF_USAGE_H
#define VFPT_VF_USAGE_H

#include <stdbool.h>

#include "vfpt/network.h"

#define VFPT_REASON_SIZE 160

/**
 * Look at the VF with address @vf as the kernel shows it.
 * @param taken whether someone uses it
 * @param reason who and how, in words ("eth3 is a port of br-int"); empty when it is not taken
 * An IPv4 or global IPv6 address is only seen with a netlink socket: sysfs does not show addresses. A
 * captured tree has an empty file netlink/address/NETDEV for each network device with one.
 */
int vfpt_vf_usage(struct vfpt_host *host, const struct vfpt_pci *vf, bool *taken,
	char reason[VFPT_REASON_SIZE], struct vfpt_error *err);

/** Has that network device an address of which the above speaks? For vfpt capture. */
int vfpt_vf_usage_address(struct vfpt_host *host, const char *netdev, bool *has, struct vfpt_error *err);

#endif
