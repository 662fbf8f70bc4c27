/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Custom properties of a vNIC: name, value, name, value, each ended by a NUL byte. */
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "profile.h"

/* What VM users ask for is checked once more when the VF is known. */
static void check(const struct vfpt_settings *wanted)
{
	const struct vfpt_pf pf = {.name = "ens1f0", .vf_count = 2};
	const struct vfpt_settings all[2] = {{.present = 0}};
	struct vfpt_error err;

	if (vfpt_settings_check(wanted, &pf, 0, 1000, all, &err) < 0) {
		must_tell(&err);
		return;
	}
	MUST(wanted->value[VFPT_VLAN_ID] <= 4094 && wanted->value[VFPT_VLAN_PRIORITY] <= 7);
	MUST(wanted->value[VFPT_MAX_TX_RATE] <= 1000 && wanted->value[VFPT_MIN_TX_RATE] <= 1000);
	MUST(wanted->value[VFPT_MAX_TX_RATE] == 0 ||
		wanted->value[VFPT_MIN_TX_RATE] <= wanted->value[VFPT_MAX_TX_RATE]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = as_string(data, size);
	struct vfpt_profile profile = {0};
	struct vfpt_error err;
	int r = 0;

	for (char *name = text, *value; r == 0; name = value + strlen(value) + 1) {
		if (name >= text + size)
			break;
		value = name + strlen(name) + 1;
		if (value > text + size)
			break;
		r = vfpt_profile_set(&profile, name, value, &err);
	}
	if (r < 0)
		must_tell(&err);
	MUST(profile.passthrough <= VFPT_PASSTHROUGH_PREFERRED);
	must_be_settings(&profile.settings);
	check(&profile.settings);
	free(text);
	return 0;
}
