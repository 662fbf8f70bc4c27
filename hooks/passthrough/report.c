/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report.h"

#include <stdio.h>

#include "message.h"

void vfpt_report_settings(
	const char *what, const struct vfpt_pf *pf, unsigned vf, const struct vfpt_settings *settings)
{
	char line[VFPT_SETTING_COUNT * (VFPT_SETTING_SIZE + 24)] = "", value[VFPT_SETTING_SIZE];
	size_t used = 0;

	for (int i = 0; i < VFPT_SETTING_COUNT; i++)
		if (vfpt_settings_have(settings, (enum vfpt_setting)i))
			used += (size_t)snprintf(line + used, sizeof(line) - used, "%s%s %s",
				used ? ", " : "", vfpt_setting_name((enum vfpt_setting)i),
				vfpt_setting_print((enum vfpt_setting)i, settings->value[i], value));
	vfpt_note("%s: VF %u of %s: %s", what, vf, pf->name, used ? line : "what it was before");
}
