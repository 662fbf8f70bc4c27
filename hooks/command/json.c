/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Output for programs: every key is always there, null where nothing is known. */
#include <stdio.h>

#include "vfpt.h"

json_object *json_document(void)
{
	json_object *document = json_object_new_object();

	json_object_object_add(document, "version", json_object_new_int(1));
	return document;
}

void json_print(json_object *document)
{
	puts(json_object_to_json_string_ext(document,
		JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_SPACED | JSON_C_TO_STRING_NOSLASHESCAPE));
}

/* JSON is UTF-8; vfpt_sanitise() leaves nothing else. */
json_object *json_text(const char *text)
{
	char clean[VFPT_ERROR_SIZE];

	if (!text || !text[0])
		return NULL;
	snprintf(clean, sizeof(clean), "%s", text);
	vfpt_sanitise(clean, false);
	return json_object_new_string(clean);
}

/* Words and MACs as they are written everywhere, numbers as numbers. */
static json_object *json_value(enum vfpt_setting setting, uint64_t value)
{
	char text[VFPT_SETTING_SIZE];

	switch (setting) {
	case VFPT_VLAN_ID:
	case VFPT_VLAN_PRIORITY:
	case VFPT_MAX_TX_RATE:
	case VFPT_MIN_TX_RATE:
		return json_object_new_int64((int64_t)value);
	case VFPT_SPOOFCHK:
	case VFPT_TRUST:
	case VFPT_RSS_QUERY:
		return json_object_new_boolean(value != 0);
	default:
		return json_text(vfpt_setting_print(setting, value, text));
	}
}

json_object *json_settings(const struct vfpt_settings *settings)
{
	json_object *object = json_object_new_object();

	for (int i = 0; i < VFPT_SETTING_COUNT; i++) {
		enum vfpt_setting setting = (enum vfpt_setting)i;

		json_object_object_add(object, vfpt_setting_name(setting),
			vfpt_settings_have(settings, setting) ? json_value(setting, settings->value[i])
							      : NULL);
	}
	return object;
}

json_object *json_pci(const struct vfpt_pci *address)
{
	char text[VFPT_PCI_SIZE];

	return json_object_new_string(vfpt_pci_format(address, text));
}

void json_add_where(json_object *object, const char *pf, unsigned vf, const struct vfpt_pci *address)
{
	json_object_object_add(object, "pf", json_text(pf));
	json_object_object_add(object, "vf", json_object_new_int64(vf));
	json_object_object_add(object, "address", json_pci(address));
}

json_object *json_assignment(const struct vfpt_assignment *assignment)
{
	json_object *object = json_object_new_object();
	char mac[VFPT_MAC_SIZE];

	json_object_object_add(object, "vm", json_text(assignment->vm));
	json_object_object_add(object, "mac", json_text(vfpt_mac_format(&assignment->mac, mac)));
	json_object_object_add(object, "network", json_text(assignment->network));
	json_object_object_add(object, "alias", json_text(assignment->alias));
	json_add_where(object, assignment->pf, assignment->vf, &assignment->address);
	json_object_object_add(object, "macvtap", json_object_new_boolean(assignment->macvtap));
	json_object_object_add(
		object, "mtu", assignment->mtu ? json_object_new_int64(assignment->mtu) : NULL);
	json_object_object_add(object, "before", json_settings(&assignment->before));
	json_object_object_add(object, "wanted", json_settings(&assignment->wanted));
	return object;
}
