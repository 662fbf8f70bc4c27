/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "profile.h"

#include <stdio.h>
#include <string.h>

/* --- text ------------------------------------------------------------------------------------ */

/* Only these characters, at least one of them, and room for them. */
static int copy_text(
	char *out, size_t size, const char *value, const char *characters, struct vfpt_error *err)
{
	size_t good = strspn(value, characters);

	if (!value[0])
		return vfpt_error_set(err, VFPT_BAD_INPUT, "it is empty");
	if (value[good])
		return vfpt_error_set(
			err, VFPT_BAD_INPUT, "\"%.40s\" has \"%.1s\" in it", value, value + good);
	if (good >= size)
		return vfpt_error_set(
			err, VFPT_BAD_INPUT, "\"%.40s...\" is longer than %zu characters", value, size - 1);
	memcpy(out, value, good + 1);
	return 0;
}

/* 10 Tbit/s: as many digits as the pattern for the engine takes (packaging/engine.properties). */
#define LARGEST_RATE 9999999u

#define LETTERS_AND_DIGITS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"

/* --- custom properties ----------------------------------------------------------------------- */

static void append_text(char *list, size_t size, const char *word)
{
	size_t used = strlen(list);

	snprintf(list + used, size - used, "%s", word);
}

int vfpt_one_of(const char *value, const char *const *words, int count, struct vfpt_error *err)
{
	char list[80] = "";

	for (int i = 0; i < count; i++) {
		if (strcmp(value, words[i]) == 0)
			return i;
		append_text(list, sizeof(list), i == 0 ? "" : i == count - 1 ? " or " : ", ");
		append_text(list, sizeof(list), words[i]);
	}
	return vfpt_error_set(err, VFPT_BAD_INPUT, "unknown value \"%.40s\"; it is %s", value, list);
}

static int set_passthrough(struct vfpt_profile *profile, const char *value, struct vfpt_error *err)
{
	static const char *const words[] = {
		[VFPT_PASSTHROUGH_REQUIRED] = "required",
		[VFPT_PASSTHROUGH_PREFERRED] = "preferred",
		[VFPT_PASSTHROUGH_OFF] = "off",
	};
	int i = vfpt_one_of(value, words, 3, err);

	if (i >= 0)
		profile->passthrough = (enum vfpt_passthrough)i;
	return i < 0 ? -1 : 0;
}

static int set_mode(struct vfpt_profile *profile, const char *value, struct vfpt_error *err)
{
	static const char *const words[] = {
		[VFPT_MODE_HOSTDEV] = "hostdev",
		[VFPT_MODE_MACVTAP] = "macvtap",
		[VFPT_MODE_FAILOVER] = "failover",
	};
	int i = vfpt_one_of(value, words, 3, err);

	if (i >= 0)
		profile->mode = (enum vfpt_mode)i;
	return i < 0 ? -1 : 0;
}

/* Names of network devices and what fnmatch() takes; each must be a possible name. */
static int set_pfs(struct vfpt_profile *profile, const char *value, struct vfpt_error *err)
{
	char text[VFPT_NAMES_SIZE];

	if (copy_text(text, sizeof(text), value, LETTERS_AND_DIGITS "_.-*?[]!,", err) < 0)
		return -1;
	if (value[0] == ',' || strstr(value, ",,") || value[strlen(value) - 1] == ',')
		return vfpt_error_set(err, VFPT_BAD_INPUT, "\"%.40s\" has an empty name in it", value);
	memcpy(profile->pfs, text, sizeof(text));
	return 0;
}

static int set_port_profile(struct vfpt_profile *profile, const char *value, struct vfpt_error *err)
{
	if (copy_text(profile->port_profile, sizeof(profile->port_profile), value, LETTERS_AND_DIGITS "_.: -",
		    err) < 0)
		return -1;
	if (value[0] == ' ' || value[strlen(value) - 1] == ' ')
		return vfpt_error_set(err, VFPT_BAD_INPUT, "\"%.40s\" begins or ends with a blank", value);
	return 0;
}

/*
 * Cut a copy of "A:B:C" or "A-B" into its parts, @most at the most, which are then put into @settings one by
 * one: numbers without leading zeros.
 */
static int cut_numbers(const char *value, char separator, const char *form, char copy[32], char *parts[],
	size_t most, size_t *count, struct vfpt_error *err)
{
	char *next = copy;

	if (strlen(value) >= 32)
		return vfpt_error_set(err, VFPT_BAD_INPUT, "\"%.40s\" is too long", value);
	memcpy(copy, value, strlen(value) + 1);
	for (*count = 0; next && *count < most; ++*count) {
		parts[*count] = next;
		next = strchr(next, separator);
		if (next)
			*next++ = '\0';
	}
	if (next)
		return vfpt_error_set(err, VFPT_BAD_INPUT, "\"%.40s\" is not %s", value, form);
	for (size_t i = 0; i < *count; i++)
		if (parts[i][0] == '0' && parts[i][1] != '\0')
			return vfpt_error_set(
				err, VFPT_BAD_INPUT, "\"%.40s\": a number has no leading zeros", value);
	return 0;
}

/* ID, ID:PRIORITY or ID:PRIORITY:PROTOCOL; what is not said of the VLAN is not another value's rest. */
static int set_vlan(struct vfpt_profile *profile, const char *value, struct vfpt_error *err)
{
	struct vfpt_settings *settings = &profile->settings;
	char copy[32], *parts[3];
	size_t count;

	if (cut_numbers(value, ':', "ID, ID:PRIORITY or ID:PRIORITY:PROTOCOL", copy, parts, 3, &count, err) <
		0)
		return -1;
	settings->present &= ~(1u << VFPT_VLAN_PRIORITY | 1u << VFPT_VLAN_PROTOCOL);
	for (size_t i = 0; i < count; i++)
		if (vfpt_setting_scan(settings, (enum vfpt_setting)(VFPT_VLAN_ID + i), parts[i], err) < 0)
			return -1;
	if (count > 1 && settings->value[VFPT_VLAN_ID] == 0)
		return vfpt_error_set(err, VFPT_BAD_INPUT,
			"\"%.40s\": VLAN id 0 is no tag, so it has no priority or protocol", value);
	return 0;
}

/* MAX or MIN-MAX, Mbit/s */
static int set_rate(struct vfpt_profile *profile, const char *value, struct vfpt_error *err)
{
	struct vfpt_settings *settings = &profile->settings;
	char copy[32], *parts[2];
	size_t count;

	if (cut_numbers(value, '-', "MAX or MIN-MAX", copy, parts, 2, &count, err) < 0)
		return -1;
	vfpt_settings_put(settings, VFPT_MIN_TX_RATE, 0);
	if (count == 2 && vfpt_setting_scan(settings, VFPT_MIN_TX_RATE, parts[0], err) < 0)
		return -1;
	if (vfpt_setting_scan(settings, VFPT_MAX_TX_RATE, parts[count - 1], err) < 0)
		return -1;
	if (settings->value[VFPT_MAX_TX_RATE] > LARGEST_RATE ||
		settings->value[VFPT_MIN_TX_RATE] > LARGEST_RATE)
		return vfpt_error_set(
			err, VFPT_BAD_INPUT, "\"%.40s\" is above %u Mbit/s", value, LARGEST_RATE);
	return 0;
}

/* A property has a function of its own, or is one setting. */
static const struct {
	const char *name;
	int (*set)(struct vfpt_profile *profile, const char *value, struct vfpt_error *err);
	enum vfpt_setting setting;
} properties[] = {
	{"passthrough", .set = set_passthrough},
	{"passthrough_mode", .set = set_mode},
	{"vf_pf", .set = set_pfs},
	{"vf_vlan", .set = set_vlan},
	{"vf_rate", .set = set_rate},
	{"vf_spoofchk", .setting = VFPT_SPOOFCHK},
	{"vf_trust", .setting = VFPT_TRUST},
	{"vf_rss_query", .setting = VFPT_RSS_QUERY},
	{"vf_link", .setting = VFPT_LINK_STATE},
	{"vmfex", .set = set_port_profile},
};

enum { PROPERTY_COUNT = sizeof(properties) / sizeof(properties[0]) };

/* @return its place in the table, PROPERTY_COUNT when it is none of ours */
static unsigned find_property(const char *name)
{
	unsigned i = 0;

	while (i < PROPERTY_COUNT && strcmp(name, properties[i].name) != 0)
		i++;
	return i;
}

bool vfpt_profile_knows(const char *name)
{
	return find_property(name) < PROPERTY_COUNT;
}

static int unknown_property(const char *name, struct vfpt_error *err)
{
	char list[160] = "";

	for (unsigned i = 0; i < PROPERTY_COUNT; i++)
		if (strncmp(properties[i].name, "vf_", 3) == 0) {
			append_text(list, sizeof(list), list[0] ? ", " : "");
			append_text(list, sizeof(list), properties[i].name);
		}
	return vfpt_error_set(
		err, VFPT_BAD_INPUT, "custom property %.40s is not known; there are %s", name, list);
}

int vfpt_profile_set(
	struct vfpt_profile *profile, const char *name, const char *value, struct vfpt_error *err)
{
	unsigned i = find_property(name);
	int r;

	if (i == PROPERTY_COUNT)
		return strncmp(name, "vf_", 3) == 0 ? unknown_property(name, err) : 0;
	r = properties[i].set ? properties[i].set(profile, value, err)
			      : vfpt_setting_scan(&profile->settings, properties[i].setting, value, err);
	return r < 0 ? vfpt_error_wrap(err, "custom property %s", name) : 0;
}

/* --- what excludes each other ---------------------------------------------------------------- */

int vfpt_profile_check(const struct vfpt_profile *profile, struct vfpt_error *err)
{
	const struct vfpt_settings *settings = &profile->settings;

	if (profile->port_profile[0] && vfpt_settings_have(settings, VFPT_VLAN_ID))
		return vfpt_error_set(err, VFPT_BAD_INPUT,
			"custom properties vmfex and vf_vlan exclude each other: the port profile decides "
			"the VLAN; drop one of the two");
	/* libvirt sets the tag of a macvtap's VF itself, and knows 802.1Q only. */
	if (profile->mode == VFPT_MODE_MACVTAP && vfpt_settings_have(settings, VFPT_VLAN_PROTOCOL) &&
		settings->value[VFPT_VLAN_PROTOCOL] == VFPT_VLAN_8021AD)
		return vfpt_error_set(err, VFPT_BAD_INPUT,
			"passthrough_mode=macvtap and 802.1ad in vf_vlan exclude each other; use 802.1Q or "
			"passthrough_mode=hostdev");
	return 0;
}
