/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vfpt/profile.h"

#include <errno.h>
#include <fcntl.h>
#include <ini.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define CONFIGURATION "etc/vdsm/vfpt.conf"

/* --- custom properties ----------------------------------------------------------------------- */

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
	return vfpt_error_set(
		err, VFPT_BAD_INPUT, "unknown value \"%.40s\"; it is required, preferred or off", value);
}

/* Cut "A:B:C" in place; @return the number of parts, or @most + 1 when there are more. */
static size_t split(char *text, char separator, char *parts[], size_t most)
{
	size_t count = 0;

	for (char *next; text && count < most; text = next) {
		next = strchr(text, separator);
		if (next)
			*next++ = '\0';
		parts[count++] = text;
	}
	return text ? most + 1 : count;
}

/* ID, ID:PRIORITY or ID:PRIORITY:PROTOCOL */
static int set_vlan(struct vfpt_profile *profile, const char *value, struct vfpt_error *err)
{
	char copy[32], *parts[3];
	size_t count;

	if (strlen(value) >= sizeof(copy))
		return vfpt_error_set(err, VFPT_BAD_INPUT, "\"%.40s\" is too long", value);
	memcpy(copy, value, strlen(value) + 1);
	count = split(copy, ':', parts, 3);
	if (count > 3)
		return vfpt_error_set(err, VFPT_BAD_INPUT,
			"\"%.40s\" is not ID, ID:PRIORITY or ID:PRIORITY:PROTOCOL", value);
	for (size_t i = 0; i < count; i++)
		if (vfpt_setting_scan(
			    &profile->settings, (enum vfpt_setting)(VFPT_VLAN_ID + i), parts[i], err) < 0)
			return -1;
	return 0;
}

/* MAX or MIN-MAX, Mbit/s */
static int set_rate(struct vfpt_profile *profile, const char *value, struct vfpt_error *err)
{
	char copy[32], *parts[2];
	size_t count;

	if (strlen(value) >= sizeof(copy))
		return vfpt_error_set(err, VFPT_BAD_INPUT, "\"%.40s\" is too long", value);
	memcpy(copy, value, strlen(value) + 1);
	count = split(copy, '-', parts, 2);
	if (count > 2)
		return vfpt_error_set(err, VFPT_BAD_INPUT, "\"%.40s\" is neither MAX nor MIN-MAX", value);
	vfpt_settings_put(&profile->settings, VFPT_MIN_TX_RATE, 0);
	if (count == 2 && vfpt_setting_scan(&profile->settings, VFPT_MIN_TX_RATE, parts[0], err) < 0)
		return -1;
	return vfpt_setting_scan(&profile->settings, VFPT_MAX_TX_RATE, parts[count - 1], err);
}

/* A property has a function of its own, or is one setting. */
static const struct {
	const char *name;
	int (*set)(struct vfpt_profile *profile, const char *value, struct vfpt_error *err);
	enum vfpt_setting setting;
} properties[] = {
	{"passthrough", .set = set_passthrough},
	{"vf_vlan", .set = set_vlan},
	{"vf_rate", .set = set_rate},
	{"vf_spoofchk", .setting = VFPT_SPOOFCHK},
	{"vf_trust", .setting = VFPT_TRUST},
	{"vf_rss_query", .setting = VFPT_RSS_QUERY},
	{"vf_link", .setting = VFPT_LINK_STATE},
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
	for (unsigned i = 0; i < sizeof(properties) / sizeof(properties[0]); i++) {
		int r;

		if (strcmp(name, properties[i].name) != 0)
			continue;
		r = properties[i].set
			    ? properties[i].set(profile, value, err)
			    : vfpt_setting_scan(&profile->settings, properties[i].setting, value, err);
		return r < 0 ? vfpt_error_wrap(err, "custom property %s", name) : 0;
	}
	if (is_planned(name))
		snprintf(profile->unsupported, sizeof(profile->unsupported), "%s", name);
	return 0;
}

/* --- vfpt.conf ------------------------------------------------------------------------------- */

struct policy_reader {
	struct vfpt_policy *policy;
	struct vfpt_error *err;
	FILE *file;
	int line;   /* that is being read */
	int failed; /* the first line that on_pair() refused; 0: none */
};

/* inih's handler: non-zero for success. */
static int on_pair(void *data, const char *section, const char *key, const char *value)
{
	struct policy_reader *reader = data;

	if (strcmp(section, "policy") == 0 && strcmp(key, "gap") == 0 &&
		(strcmp(value, "allow") == 0 || strcmp(value, "refuse") == 0)) {
		reader->policy->gap_allowed = strcmp(value, "allow") == 0;
		return 1;
	}
	if (reader->failed == 0) {
		vfpt_error_set(
			reader->err, VFPT_BAD_INPUT, "[%.40s] %.40s = %.40s: not known", section, key, value);
		reader->failed = reader->line;
	}
	return 0;
}

/* inih's reader, as fgets(); it tells no line numbers to its handler. */
static char *next_line(char *text, int size, void *data)
{
	struct policy_reader *reader = data;

	reader->line++;
	return fgets(text, size, reader->file);
}

int vfpt_policy_read(int root, struct vfpt_policy *out, struct vfpt_error *err)
{
	struct policy_reader reader = {.policy = out, .err = err};
	int fd = openat(root, CONFIGURATION, O_RDONLY | O_CLOEXEC | O_NOFOLLOW), line;

	*out = (struct vfpt_policy){0};
	if (fd < 0 && errno == ENOENT)
		return 0;
	reader.file = fd < 0 ? NULL : fdopen(fd, "r");
	if (!reader.file) {
		vfpt_error_errno(err, VFPT_BAD_INPUT, errno, "cannot read /" CONFIGURATION);
		if (fd >= 0)
			close(fd);
		return -1;
	}
	line = ini_parse_stream(next_line, &reader, on_pair, &reader);
	fclose(reader.file);
	if (line == 0)
		return 0;
	if (line != reader.failed)
		vfpt_error_set(err, VFPT_BAD_INPUT, "neither a section nor KEY = VALUE");
	return vfpt_error_wrap(err, "/" CONFIGURATION ", line %d", line);
}
