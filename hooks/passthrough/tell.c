/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tell.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int no_memory(struct vfpt_error *err)
{
	return vfpt_error_errno(err, VFPT_SYSTEM, ENOMEM, "explaining");
}

int tell_vnic(struct vfpt_explanation *explanation, const struct vfpt_vnic *vnic, size_t index, size_t count,
	struct vfpt_error *err)
{
	struct vfpt_explained *explained;

	if (!explanation->vnics)
		explanation->vnics = calloc(count, sizeof(*explanation->vnics));
	if (!explanation->vnics)
		return no_memory(err);
	explanation->vnic_count = index + 1;
	explained = &explanation->vnics[index];
	vfpt_vnic_name(vnic, explained->name, sizeof(explained->name));
	explained->has_mac = vnic->has_mac;
	explained->mac = vnic->mac;
	if (vnic->network && !(explained->network = strdup(vnic->network)))
		return no_memory(err);
	return 0;
}

static struct vfpt_explained *current(struct vfpt_explanation *explanation)
{
	return &explanation->vnics[explanation->vnic_count - 1];
}

void tell_pick(struct vfpt_explanation *explanation)
{
	current(explanation)->count = 0;
}

static struct vfpt_considered *add(
	struct vfpt_explanation *explanation, const struct standing *vf, struct vfpt_error *err)
{
	struct vfpt_explained *vnic = current(explanation);
	struct vfpt_considered *grown =
		reallocarray(vnic->considered, vnic->count + 1, sizeof(*vnic->considered));

	if (!grown) {
		no_memory(err);
		return NULL;
	}
	vnic->considered = grown;
	grown += vnic->count++;
	*grown = (struct vfpt_considered){.vf = vf->vf, .address = vf->pf->vfs[vf->vf]};
	memcpy(grown->pf, vf->pf->name, sizeof(grown->pf));
	return grown;
}

int tell_out(struct vfpt_explanation *explanation, const struct standing *vf, const char *reason,
	struct vfpt_error *err)
{
	struct vfpt_considered *considered = add(explanation, vf, err);

	if (!considered)
		return -1;
	snprintf(considered->why, sizeof(considered->why), "%s", reason);
	return 0;
}

/* Why @best comes before @vf. */
static void say_why(const struct standing *vf, const struct standing *best, bool pack, char *why, size_t size)
{
	const char *pf = vf->pf->name, *best_pf = best->pf->name;
	enum vfpt_criterion by;

	vfpt_rank_compare(best->plain, best->vf, vf->plain, vf->vf, pack, &by);
	switch (by) {
	case VFPT_BY_GRADE:
		snprintf(why, size, "it does not fit as well into the iommu groups that the VM gets");
		break;
	case VFPT_BY_LINK:
		snprintf(why, size, "%s has no link", pf);
		break;
	case VFPT_BY_NODE:
		snprintf(why, size, "%s is not on the VM's NUMA node", pf);
		break;
	case VFPT_BY_MINE:
		snprintf(why, size, "the VM has more VFs of %s for this network (%u, of %s %u)", pf,
			vf->plain->mine, best_pf, best->plain->mine);
		break;
	case VFPT_BY_FREE:
		snprintf(why, size, "%s has %s free VFs (%u, %s has %u)", pf, pack ? "more" : "fewer",
			vf->plain->free, best_pf, best->plain->free);
		break;
	case VFPT_BY_LAST:
		snprintf(why, size, "the vNIC had the other one last time");
		break;
	case VFPT_BY_INDEX:
		snprintf(why, size, "the index is higher");
		break;
	case VFPT_BY_PLACE:
		snprintf(why, size, "all is equal, and %s comes first", best_pf);
		break;
	}
}

int tell_usable(struct vfpt_explanation *explanation, const struct standing *vf, const struct standing *best,
	bool pack, struct vfpt_error *err)
{
	struct vfpt_considered *considered = add(explanation, vf, err);

	if (!considered)
		return -1;
	considered->usable = true;
	considered->chosen = vf->pf == best->pf && vf->vf == best->vf;
	if (!considered->chosen)
		say_why(vf, best, pack, considered->why, sizeof(considered->why));
	return 0;
}

void tell_failure(struct vfpt_explanation *explanation, const struct vfpt_error *why)
{
	if (explanation->fails)
		return;
	explanation->fails = true;
	memcpy(explanation->why, why->message, sizeof(explanation->why));
}

/* "vNIC 56:... (network red): no free VF: ..." */
static const char *without_name(const struct vfpt_explained *vnic, const char *message)
{
	size_t length = strlen(vnic->name);

	return strncmp(message, vnic->name, length) == 0 && strncmp(message + length, ": ", 2) == 0
		       ? message + length + 2
		       : message;
}

void tell_fate(struct vfpt_explanation *explanation, const struct vfpt_assignment *assignment, bool failed,
	const struct vfpt_error *why)
{
	struct vfpt_explained *vnic = current(explanation);

	vnic->fate = assignment ? VFPT_FATE_VF : failed ? VFPT_FATE_FAIL : VFPT_FATE_STAY;
	if (assignment)
		vnic->assignment = *assignment;
	else
		snprintf(vnic->why, sizeof(vnic->why), "%s", without_name(vnic, why->message));
	if (failed)
		tell_failure(explanation, why);
}
