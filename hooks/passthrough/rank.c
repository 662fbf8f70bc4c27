/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rank.h"

/* @return < 0 where the first is the smaller */
static int compare(unsigned a, unsigned b)
{
	return (a > b) - (a < b);
}

int vfpt_rank_compare(const struct vfpt_candidate *a, unsigned vf_a, const struct vfpt_candidate *b,
	unsigned vf_b, bool pack, enum vfpt_criterion *by)
{
	const int orders[] = {
		[VFPT_BY_GRADE] = compare(b->grades[vf_b], a->grades[vf_a]),
		[VFPT_BY_LINK] = compare(b->up, a->up),
		[VFPT_BY_NODE] = compare(b->near, a->near),
		[VFPT_BY_MINE] = compare(a->mine, b->mine),
		[VFPT_BY_FREE] = pack ? compare(a->free, b->free) : compare(b->free, a->free),
		[VFPT_BY_LAST] = compare(vf_b == b->last, vf_a == a->last),
		[VFPT_BY_INDEX] = compare(vf_a, vf_b),
	};

	for (*by = VFPT_BY_GRADE; *by < VFPT_BY_PLACE; ++*by)
		if (orders[*by] != 0)
			return orders[*by];
	return a <= b ? -1 : 1;
}

/* The best VF of one PF. @return VFPT_NO_VF_INDEX when it has none */
static unsigned best_of(const struct vfpt_candidate *c)
{
	unsigned best = VFPT_NO_VF_INDEX;
	unsigned char grade = VFPT_VF_OUT;

	if (c->out)
		return best;
	for (unsigned vf = 0; vf < c->vf_count; vf++)
		if (c->grades[vf] > grade) {
			grade = c->grades[vf];
			best = vf;
		}
	return c->last < c->vf_count && grade != VFPT_VF_OUT && c->grades[c->last] == grade ? c->last : best;
}

bool vfpt_rank_best(
	const struct vfpt_candidate *candidates, size_t count, bool pack, size_t *pf, unsigned *vf)
{
	unsigned found = VFPT_NO_VF_INDEX;
	enum vfpt_criterion by;

	for (size_t i = 0; i < count; i++) {
		const struct vfpt_candidate *c = &candidates[i];
		unsigned best = best_of(c);

		if (best == VFPT_NO_VF_INDEX ||
			(found != VFPT_NO_VF_INDEX &&
				vfpt_rank_compare(&candidates[*pf], found, c, best, pack, &by) < 0))
			continue;
		*pf = i;
		found = best;
	}
	*vf = found;
	return found != VFPT_NO_VF_INDEX;
}
