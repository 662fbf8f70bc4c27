/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which NUMA nodes CPUs are on. */
#ifndef VFPT_NUMA_H
#define VFPT_NUMA_H

#include "set.h"
#include "vfpt/error.h"

/*
 * Add the NUMA nodes of these CPUs to @nodes, as sysfs below @root
 * shows them; none where it does not tell.
 */
int vfpt_nodes_of_cpus(int root, const struct vfpt_set *cpus, struct vfpt_set *nodes, struct vfpt_error *err);

#endif
