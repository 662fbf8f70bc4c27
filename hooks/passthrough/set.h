/* SPDX-License-Identifier: GPL-2.0-or-later */
/**
 * @file set.h
 * Sets as people write them: of small numbers (CPUs, NUMA nodes, VF indices), "0-3,8,^2", and of names,
 * "ens1f0,ens2f*".
 */
#ifndef VFPT_SET_H
#define VFPT_SET_H

#include <stdbool.h>
#include <stdint.h>

/** One more than the largest number in a set; no VF index is larger. */
#define VFPT_SET_SIZE 65536

struct vfpt_set {
	unsigned count; /**< how many numbers are in it */
	uint64_t bits[VFPT_SET_SIZE / 64];
};

/**
 * Add the numbers of a list to @set: numbers and ranges, separated by commas; "^N" takes N out again. Blanks
 * around them are fine.
 * @return 0, or -1 when @text is no such list; @set then has what came before the mistake
 */
int vfpt_set_parse(struct vfpt_set *set, const char *text);

void vfpt_set_add(struct vfpt_set *set, unsigned number);
bool vfpt_set_has(const struct vfpt_set *set, unsigned number);

/** Longest set of names in a custom property, with its end. */
#define VFPT_NAMES_SIZE 256

/**
 * Is @name one of @names, which are separated by commas, may have
 * blanks around, and may be shell patterns?
 */
bool vfpt_names_match(const char *names, const char *name);

#endif
