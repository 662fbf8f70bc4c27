/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "assignment.h"

#include <ctype.h>
#include <string.h>

int vfpt_vm_parse(const char *text, char out[VFPT_VM_SIZE], struct vfpt_error *err)
{
	for (int i = 0; i < VFPT_VM_SIZE - 1; i++) {
		bool dash = i == 8 || i == 13 || i == 18 || i == 23;

		if (dash ? text[i] != '-' : !isxdigit((unsigned char)text[i]))
			return vfpt_error_set(err, VFPT_BAD_INPUT, "\"%.60s\" is not a VM's UUID", text);
		out[i] = (char)tolower((unsigned char)text[i]);
	}
	out[VFPT_VM_SIZE - 1] = '\0';
	if (text[VFPT_VM_SIZE - 1])
		return vfpt_error_set(err, VFPT_BAD_INPUT, "\"%.60s\" is not a VM's UUID", text);
	return 0;
}

void vfpt_network_name(char out[VFPT_NETWORK_SIZE], const char *name)
{
	size_t length = 0;

	for (; name && name[length] && length < VFPT_NETWORK_SIZE - 1; length++)
		out[length] = isalnum((unsigned char)name[length]) || strchr("_.-", name[length])
				      ? name[length]
				      : '_';
	out[length] = '\0';
}

bool vfpt_assignment_differs(
	const struct vfpt_assignment *assignment, const struct vfpt_settings *now, enum vfpt_setting setting)
{
	return vfpt_settings_have(now, setting) && vfpt_settings_have(&assignment->wanted, setting) &&
	       !vfpt_setting_same(setting, now->value[setting], assignment->wanted.value[setting]);
}
