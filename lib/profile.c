/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vfpt/profile.h"

#include <stdio.h>
#include <string.h>

static int set_passthrough(struct vfpt_profile *profile, const char *value, struct vfpt_error *err)
{
	static const char *const values[] = {
		[VFPT_PASSTHROUGH_OFF] = "off",
		[VFPT_PASSTHROUGH_REQUIRED] = "required",
		[VFPT_PASSTHROUGH_PREFERRED] = "preferred",
	};

	for (unsigned i = 0; i < sizeof(values) / sizeof(values[0]); i++)
		if (strcmp(value, values[i]) == 0) {
			profile->passthrough = (enum vfpt_passthrough)i;
			return 0;
		}
	return vfpt_error_set(err, VFPT_BAD_INPUT,
		"custom property passthrough has the unknown value \"%.40s\"; it is required, preferred or "
		"off",
		value);
}

static const struct {
	const char *name;
	int (*set)(struct vfpt_profile *profile, const char *value, struct vfpt_error *err);
} properties[] = {
	{"passthrough", set_passthrough},
};

/* Named by the design; a vNIC that has one must not silently go without what it asks for. */
static bool is_planned(const char *name)
{
	return strncmp(name, "vf_", 3) == 0 || strcmp(name, "passthrough_mode") == 0 ||
	       strcmp(name, "vmfex") == 0;
}

int vfpt_profile_set(
	struct vfpt_profile *profile, const char *name, const char *value, struct vfpt_error *err)
{
	for (unsigned i = 0; i < sizeof(properties) / sizeof(properties[0]); i++)
		if (strcmp(name, properties[i].name) == 0)
			return properties[i].set(profile, value, err);
	if (is_planned(name))
		snprintf(profile->unsupported, sizeof(profile->unsupported), "%s", name);
	return 0;
}
