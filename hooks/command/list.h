/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What both forms of vfpt list need. */
#ifndef VFPT_LIST_H
#define VFPT_LIST_H

#include "vfpt.h"

struct list {
	struct tools *tools;
	const char *pf; /* that one only; NULL: all */
	bool free_only;
	size_t service_count;
	struct vfpt_surveyed_network *services;
	json_object *pfs; /* for programs */
	json_object *vfs; /* of the PF at hand */
};

/* Call @show with each PF that is asked for. Error: there is none of that name. */
int each_pf(struct list *list,
	int (*show)(struct list *list, const struct vfpt_pf *pf, struct vfpt_error *err),
	struct vfpt_error *err);

/* Is that VF asked for? */
bool is_listed(const struct list *list, const struct look *look);

/* The list for programs. */
int list_json(struct list *list, struct vfpt_error *err);

#endif
