/* SPDX-License-Identifier: GPL-2.0-or-later */
/**
 * @file rank.h
 * Which VF: a function over plain data, so that the same inputs always give the same VF.
 */
#ifndef VFPT_RANK_H
#define VFPT_RANK_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

/** What is known of a VF; the greater the better it suits. */
enum vfpt_grade {
	VFPT_VF_OUT,             /**< it cannot be had */
	VFPT_VF_OPENS_GROUP,     /**< others of its iommu group are free VFs that must go to this VM too */
	VFPT_VF_ALONE,           /**< nothing in its iommu group but what this VM has */
	VFPT_VF_UNSEEN,          /**< nobody has it, as far as the ledger knows; it is still to be examined */
	VFPT_VF_COMPLETES_GROUP, /**< an earlier vNIC of this VM needs it to come along */
};

#define VFPT_NO_VF_INDEX UINT_MAX

/** A PF that serves the network. */
struct vfpt_candidate {
	bool out;              /**< none of its VFs can be had */
	bool up;               /**< its link is up */
	bool near;             /**< on the VM's NUMA node; true too where that does not matter */
	unsigned mine;         /**< VFs on it that this VM has for the same network */
	unsigned free;         /**< VFs on it that nobody has */
	unsigned last;         /**< index of the VF that this vNIC had last time, or VFPT_NO_VF_INDEX */
	unsigned vf_count;     /**< length of @grades */
	unsigned char *grades; /**< enum vfpt_grade of each VF, by index */
};

/**
 * Choose the VF with the best grade; of these one on a PF whose link is up; then near; then on the PF with
 * the fewest VFs of this VM for the same network; then on the one with the most free VFs (@pack: with the
 * fewest); then the one of last time; then the one with the lowest index, on the first PF in the list.
 * @param pf, vf where it is
 * @return false: none can be had
 */
bool vfpt_rank_best(
	const struct vfpt_candidate *candidates, size_t count, bool pack, size_t *pf, unsigned *vf);

/** What decides between two VFs that both can be had, in the order in which it is asked. */
enum vfpt_criterion {
	VFPT_BY_GRADE,
	VFPT_BY_LINK,
	VFPT_BY_NODE,
	VFPT_BY_MINE,
	VFPT_BY_FREE,
	VFPT_BY_LAST,
	VFPT_BY_INDEX,
	VFPT_BY_PLACE, /**< all is equal: the first PF in the list */
};

/**
 * Compare VF @vf_a of @a with VF @vf_b of @b, both in one list, as vfpt_rank_best() does.
 * @param by the first criterion that differs
 * @return negative: the first is the better; positive: the second
 */
int vfpt_rank_compare(const struct vfpt_candidate *a, unsigned vf_a, const struct vfpt_candidate *b,
	unsigned vf_b, bool pack, enum vfpt_criterion *by);

#endif
