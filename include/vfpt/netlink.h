/* SPDX-License-Identifier: GPL-2.0-or-later */
/**
 * @file netlink.h
 * The one route-netlink socket of a program: opened in main() and handed down.
 *
 * CAP_NET_ADMIN is raised here and nowhere else (lib/privilege.c), around opening the socket and around each
 * request that sets something (the kernel checks both: linux/net/netlink/af_netlink.c, __netlink_ns_capable).
 */
#ifndef VFPT_NETLINK_H
#define VFPT_NETLINK_H

#include "vfpt/error.h"

struct vfpt_netlink;

/** Open the socket. @out is to be closed by vfpt_netlink_close(). */
int vfpt_netlink_open(struct vfpt_netlink **out, struct vfpt_error *err);

/** Close and free; NULL is fine. */
void vfpt_netlink_close(struct vfpt_netlink *netlink);

/** From here on nothing is set: such requests are not sent, and succeed. Reading goes on. NULL is fine. */
void vfpt_netlink_mute(struct vfpt_netlink *netlink);

#endif
