/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the checks of vfpt check have in common. */
#ifndef VFPT_CHECK_H
#define VFPT_CHECK_H

#include "vfpt.h"

enum level { LEVEL_OK, LEVEL_SKIP, LEVEL_WARN, LEVEL_FAIL };

struct checker {
	struct tools *tools;
	const char *name; /* of the check at hand */
	size_t pf_count;
	const struct vfpt_pf **pfs;
	const struct vfpt_error *no_ledger; /* NULL: it is open */
	bool said;                          /* a line of the check at hand */
	enum level worst;
};

/* A line of the check at hand: what is, and where it is not ok, what to do. */
void result(struct checker *checker, enum level level, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* One check each. Error: the host cannot be looked at. */
typedef int check(struct checker *checker, struct vfpt_error *err);
check check_iommu, check_vfio, check_pfs, check_hooks, check_libvirt, check_config, check_untagged,
	check_ledger;

#endif
