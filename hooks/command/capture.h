/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the parts of vfpt capture have in common. */
#ifndef VFPT_CAPTURE_H
#define VFPT_CAPTURE_H

#include "parcel.h"
#include "vfpt.h"

/* More than any file of sysfs, vfpt.conf or the ledger has. */
#define LARGEST (256u << 10)

struct capture {
	struct tools *tools;
	struct parcel parcel;
	struct vfpt_error *err;
	char *text; /* LARGEST bytes */
};

/* What is done with a path below the root. @return 0, or -1 with the capture's error */
typedef int put_path(struct capture *c, const char *path);

/*
 * A file, a link, a directory; a network device, a PCI
 * function, an iommu group, a NUMA node.
 */
put_path put_entry, put_netdev, put_function, put_group, put_node;

/* Do it with the path of each entry of the directory whose name is like the pattern. */
int each(struct capture *c, const char *directory, const char *pattern, put_path *step);

/*
 * Does a link that is at @path lead to something that is below the root
 * too, whatever the names in @target are?
 */
bool stays_inside(const char *path, const char *target);

/* The processes of VMs, the ledger, and what only netlink tells. */
int put_processes(struct capture *c);
int put_ledger(struct capture *c);
int put_netlink(struct capture *c);

#endif
