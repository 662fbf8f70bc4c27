/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What has been read of a host so far: the private face of pf.c, and of network.c. */
#ifndef VFPT_LIB_HOST_H
#define VFPT_LIB_HOST_H

#include <stddef.h>

#include "vfpt/pf.h"

struct vfpt_network;

struct vfpt_host {
	int root;
	struct vfpt_netlink *netlink;
	size_t pf_count;
	struct vfpt_pf **pfs;
	size_t network_count;
	struct vfpt_network **networks; /* each a single piece of memory */
};

/* Append a pointer to a growing array. */
int host_append(void *array, size_t *count, void *item, struct vfpt_error *err);

#endif
