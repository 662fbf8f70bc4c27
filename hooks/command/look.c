/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The VFs of a PF, each with all that is known of it. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "vfpt.h"

/* A captured tree has lines "VF NAME VALUE" of what netlink told. */
static void take_line(const char *line, unsigned count, struct vfpt_settings *settings)
{
	char name[VFPT_SETTING_SIZE], value[VFPT_SETTING_SIZE];
	struct vfpt_error ignored;
	unsigned vf;

	if (sscanf(line, "%u %23s %23s", &vf, name, value) != 3 || vf >= count)
		return;
	for (int i = 0; i < VFPT_SETTING_COUNT; i++)
		if (strcmp(name, vfpt_setting_name((enum vfpt_setting)i)) == 0)
			(void)vfpt_setting_scan(&settings[vf], (enum vfpt_setting)i, value, &ignored);
}

static int settings_from_tree(
	struct tools *tools, const struct vfpt_pf *pf, struct vfpt_settings **out, struct vfpt_error *err)
{
	size_t size = ((size_t)pf->vf_count + 1) * VFPT_SETTING_COUNT * (2 * VFPT_SETTING_SIZE + 10);
	char *text = malloc(size), path[64], *save;

	*out = calloc(pf->vf_count + 1u, sizeof(**out));
	if (!text || !*out) {
		free(text);
		free(*out);
		*out = NULL;
		return vfpt_error_errno(err, VFPT_SYSTEM, ENOMEM, "settings of %s", pf->name);
	}
	snprintf(path, sizeof(path), "netlink/settings/%s", pf->name);
	if (read_bytes(tools, path, text, size) > 0)
		for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save))
			take_line(line, pf->vf_count, *out);
	free(text);
	return 0;
}

int look_at_settings(
	struct tools *tools, const struct vfpt_pf *pf, struct vfpt_settings **out, struct vfpt_error *err)
{
	return tools->captured ? settings_from_tree(tools, pf, out, err)
			       : vfpt_settings_read(tools->netlink, pf, out, err);
}

static int group_of(struct tools *tools, const struct vfpt_pci *vf)
{
	struct vfpt_iommu_group group;
	struct vfpt_error none;
	int number = -1;

	if (vfpt_host_iommu_group(tools->host, vf, &group, &none) == 0) {
		number = (int)group.number;
		vfpt_iommu_group_free(&group);
	}
	return number;
}

static const struct vfpt_assignment *assignment_of(const struct tools *tools, const struct vfpt_pci *vf)
{
	for (size_t i = 0; i < tools->count; i++)
		if (vfpt_pci_equal(&tools->assignments[i].address, vf))
			return &tools->assignments[i];
	return NULL;
}

static int look_at_vf(struct tools *tools, struct look *look, struct vfpt_error *err)
{
	struct vfpt_error none;

	look->address = look->pf->vfs[look->vf];
	vfpt_host_driver(tools->host, &look->address, look->driver, sizeof(look->driver));
	look->has_netdev = vfpt_host_netdev(tools->host, &look->address, &look->netdev, &none) == 0;
	look->iommu_group = group_of(tools, &look->address);
	look->owner = vfpt_ledger_owner(tools->ledger, &look->address);
	look->assignment = assignment_of(tools, &look->address);
	return vfpt_explain_vf(&tools->asking, look->pf, look->vf, &look->state, look->reason, err);
}

int look_at_pf(
	struct tools *tools, const struct vfpt_pf *pf, take_look *take, void *data, struct vfpt_error *err)
{
	struct vfpt_settings *settings;
	int r = look_at_settings(tools, pf, &settings, err);

	for (unsigned vf = 0; r == 0 && vf < pf->vf_count; vf++) {
		struct look look = {.pf = pf, .vf = vf, .settings = settings[vf]};

		r = look_at_vf(tools, &look, err);
		if (r == 0)
			r = take(&look, data, err);
	}
	free(settings);
	return r;
}
