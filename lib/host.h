/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a host has been read of so far. */
#ifndef VFPT_LIB_HOST_H
#define VFPT_LIB_HOST_H

#include <stddef.h>

#include "vfpt/network.h"
#include "vfpt/pf.h"

struct vfpt_host {
	int root;
	struct vfpt_netlink *netlink;
	size_t pf_count;
	struct vfpt_pf **pfs;
	size_t network_count;
	struct vfpt_network **networks; /* each with its pfs in an array of its own */
};

/* Append a pointer to a growing array. */
int host_append(void *array, size_t *count, void *item, struct vfpt_error *err);

#endif
