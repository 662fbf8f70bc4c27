/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vfpt/choose.h"

/* The first criterion that differs decides; each is < 0 where @a is the better. */
static int compare_pfs(const struct vfpt_candidate *a, const struct vfpt_candidate *b, bool pack)
{
	if (a->up != b->up)
		return a->up ? -1 : 1;
	if (a->near != b->near)
		return a->near ? -1 : 1;
	if (a->mine != b->mine)
		return a->mine < b->mine ? -1 : 1;
	if (a->free != b->free)
		return (a->free > b->free) != pack ? -1 : 1;
	return 0;
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

static bool is_better(const struct vfpt_candidate *a, unsigned vf_a, const struct vfpt_candidate *b,
	unsigned vf_b, bool pack)
{
	int order;

	if (a->grades[vf_a] != b->grades[vf_b])
		return a->grades[vf_a] > b->grades[vf_b];
	order = compare_pfs(a, b, pack);
	if (order != 0)
		return order < 0;
	if ((vf_a == a->last) != (vf_b == b->last))
		return vf_a == a->last;
	return vf_a < vf_b;
}

bool vfpt_choose(const struct vfpt_candidate *candidates, size_t count, bool pack, size_t *pf, unsigned *vf)
{
	unsigned found = VFPT_NO_VF_INDEX;

	for (size_t i = 0; i < count; i++) {
		unsigned best = best_of(&candidates[i]);

		if (best == VFPT_NO_VF_INDEX ||
			(found != VFPT_NO_VF_INDEX &&
				!is_better(&candidates[i], best, &candidates[*pf], found, pack)))
			continue;
		*pf = i;
		found = best;
	}
	*vf = found;
	return found != VFPT_NO_VF_INDEX;
}
