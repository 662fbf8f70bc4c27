/* SPDX-License-Identifier: GPL-2.0-or-later */
/**
 * @file netlink.h
 * The route-netlink socket by which PFs and VFs are read and set: open one, and hand it to what needs it. Two
 * threads must not use one socket at once.
 *
 * Setting needs CAP_NET_ADMIN, and so does opening the socket by which something shall be set (the kernel
 * checks both: linux/net/netlink/af_netlink.c, __netlink_ns_capable). Where the calling thread has it as
 * permitted, but not as effective, it is raised around just these calls. Reading needs no rights.
 */
#ifndef VFPT_NETLINK_H
#define VFPT_NETLINK_H

#include "vfpt/error.h"

#ifdef __cplusplus
extern "C" {
#endif

/** A socket; what is in it is the library's own. */
struct vfpt_netlink;

/**
 * Open a socket. It can be opened without CAP_NET_ADMIN too, for reading.
 * @param out to be closed by vfpt_netlink_close(); NULL after an error
 * @return 0; or -1 with @err filled in, VFPT_SYSTEM
 */
int vfpt_netlink_open(struct vfpt_netlink **out, struct vfpt_error *err);

/**
 * A driver that is busy is asked again for up to 3 seconds, and a VF that resets is looked at again as long.
 * How long all that may take together on this socket; 20 seconds where this is not called.
 */
void vfpt_netlink_limit_waiting(struct vfpt_netlink *netlink, unsigned milliseconds);

/** Close and free; NULL is fine. */
void vfpt_netlink_close(struct vfpt_netlink *netlink);

#ifdef __cplusplus
}
#endif

#endif
