/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Text without the MAC addresses that are in it. */
#ifndef VFPT_ANONYMISE_H
#define VFPT_ANONYMISE_H

#include <stddef.h>
#include <stdint.h>

/* The MACs met so far: each has another one in its place, always the same. To be freed: @macs. */
struct stand_ins {
	size_t count;
	uint64_t *macs;
};

/* Put others in the place of all MACs, also of those in names that are made of one. The size stays. */
void anonymise(struct stand_ins *known, char *text, size_t size);

#endif
