/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The settings and their values. */
#include "vfpt/settings.h"

#include <linux/if_link.h>
#include <stdio.h>
#include <string.h>

#include "file.h"
#include "setting_table.h"

/* --- the table ------------------------------------------------------------------------------- */

struct word {
	const char *text;
	uint64_t value;
};

static const struct word on_off[] = {{"off", 0}, {"on", 1}, {NULL, 0}};
static const struct word protocols[] = {
	{"802.1Q", VFPT_VLAN_8021Q}, {"802.1ad", VFPT_VLAN_8021AD}, {NULL, 0}};
static const struct word link_states[] = {
	{"auto", VFPT_LINK_AUTO}, {"enable", VFPT_LINK_ENABLE}, {"disable", VFPT_LINK_DISABLE}, {NULL, 0}};

/* The attribute of IFLA_VF_INFO is the same in what the kernel shows and in what it takes. */
static const struct {
	const char *name;
	int attribute;
	const char *unit;
	uint64_t max;             /* of a number */
	uint64_t shown_max;       /* of what a driver shows; 0: max */
	const struct word *words; /* of a value that has names */
} table[VFPT_SETTING_COUNT] = {
	[VFPT_MAC] = {.name = "mac", .attribute = IFLA_VF_MAC},
	[VFPT_VLAN_ID] = {.name = "vlan_id",
		.attribute = IFLA_VF_VLAN_LIST,
		.max = 4094,
		.shown_max = VFPT_VLAN_GUEST},
	[VFPT_VLAN_PRIORITY] = {.name = "vlan_priority", .attribute = IFLA_VF_VLAN_LIST, .max = 7},
	[VFPT_VLAN_PROTOCOL] = {.name = "vlan_protocol", .attribute = IFLA_VF_VLAN_LIST, .words = protocols},
	[VFPT_MAX_TX_RATE] = {.name = "max_tx_rate",
		.attribute = IFLA_VF_RATE,
		.unit = " Mbit/s",
		.max = UINT32_MAX},
	[VFPT_MIN_TX_RATE] = {.name = "min_tx_rate",
		.attribute = IFLA_VF_RATE,
		.unit = " Mbit/s",
		.max = UINT32_MAX},
	[VFPT_SPOOFCHK] = {.name = "spoofchk", .attribute = IFLA_VF_SPOOFCHK, .words = on_off},
	[VFPT_TRUST] = {.name = "trust", .attribute = IFLA_VF_TRUST, .words = on_off},
	[VFPT_RSS_QUERY] = {.name = "rss_query", .attribute = IFLA_VF_RSS_QUERY_EN, .words = on_off},
	[VFPT_LINK_STATE] = {.name = "link_state", .attribute = IFLA_VF_LINK_STATE, .words = link_states},
};

static uint64_t most_shown(enum vfpt_setting setting)
{
	return table[setting].shown_max ? table[setting].shown_max : table[setting].max;
}

bool setting_is_known(enum vfpt_setting setting, uint64_t value)
{
	if (setting == VFPT_MAC)
		return true;
	for (const struct word *word = table[setting].words; word && word->text; word++)
		if (word->value == value)
			return true;
	return !table[setting].words && value <= most_shown(setting);
}

bool vfpt_settings_have(const struct vfpt_settings *settings, enum vfpt_setting setting)
{
	return settings->present & 1u << setting;
}

void vfpt_settings_put(struct vfpt_settings *settings, enum vfpt_setting setting, uint64_t value)
{
	settings->present |= 1u << setting;
	settings->value[setting] = value;
}

const char *vfpt_setting_name(enum vfpt_setting setting)
{
	return table[setting].name;
}

uint64_t vfpt_setting_default(enum vfpt_setting setting)
{
	static const uint64_t defaults[VFPT_SETTING_COUNT] = {[VFPT_VLAN_PROTOCOL] = VFPT_VLAN_8021Q,
		[VFPT_SPOOFCHK] = 1,
		[VFPT_LINK_STATE] = VFPT_LINK_AUTO};

	return defaults[setting];
}

const char *vfpt_setting_unit(enum vfpt_setting setting)
{
	return table[setting].unit ? table[setting].unit : "";
}

char *vfpt_setting_print(enum vfpt_setting setting, uint64_t value, char buffer[VFPT_SETTING_SIZE])
{
	const struct vfpt_mac mac = vfpt_mac_of(value);

	if (setting == VFPT_MAC)
		return vfpt_mac_format(&mac, buffer);
	for (const struct word *word = table[setting].words; word && word->text; word++)
		if (word->value == value) {
			snprintf(buffer, VFPT_SETTING_SIZE, "%s", word->text);
			return buffer;
		}
	snprintf(buffer, VFPT_SETTING_SIZE, "%llu", (unsigned long long)value);
	return buffer;
}

static int scan_word(enum vfpt_setting setting, const char *text, uint64_t *value, struct vfpt_error *err)
{
	char list[64] = "";

	for (const struct word *word = table[setting].words; word->text; word++) {
		if (strcmp(text, word->text) == 0) {
			*value = word->value;
			return 0;
		}
		snprintf(list + strlen(list), sizeof(list) - strlen(list), "%s%s", list[0] ? ", " : "",
			word->text);
	}
	return vfpt_error_set(
		err, VFPT_BAD_INPUT, "%s \"%.40s\" is none of %s", table[setting].name, text, list);
}

static int scan_number(
	enum vfpt_setting setting, const char *text, uint64_t most, uint64_t *value, struct vfpt_error *err)
{
	if (parse_number(text, 10, most, value) == 0)
		return 0;
	return vfpt_error_set(err, VFPT_BAD_INPUT, "%s \"%.40s\" is not a number from 0 to %llu",
		table[setting].name, text, (unsigned long long)most);
}

static int scan(struct vfpt_settings *settings, enum vfpt_setting setting, const char *text, uint64_t most,
	struct vfpt_error *err)
{
	struct vfpt_mac mac;
	uint64_t value = 0;
	int r;

	if (setting == VFPT_MAC) {
		r = vfpt_mac_parse(text, &mac, err);
		value = r == 0 ? vfpt_mac_value(&mac) : 0;
	} else if (table[setting].words) {
		r = scan_word(setting, text, &value, err);
	} else {
		r = scan_number(setting, text, most, &value, err);
	}
	if (r == 0)
		vfpt_settings_put(settings, setting, value);
	return r;
}

int vfpt_setting_scan(
	struct vfpt_settings *settings, enum vfpt_setting setting, const char *text, struct vfpt_error *err)
{
	return scan(settings, setting, text, table[setting].max, err);
}

int vfpt_setting_scan_shown(
	struct vfpt_settings *settings, enum vfpt_setting setting, const char *text, struct vfpt_error *err)
{
	return scan(settings, setting, text, most_shown(setting), err);
}

int setting_attribute(enum vfpt_setting setting)
{
	return table[setting].attribute;
}

bool vfpt_setting_same(enum vfpt_setting setting, uint64_t a, uint64_t b)
{
	if (setting == VFPT_VLAN_ID && (a == VFPT_VLAN_GUEST || b == VFPT_VLAN_GUEST))
		return (a == VFPT_VLAN_GUEST || a == 0) && (b == VFPT_VLAN_GUEST || b == 0);
	return a == b;
}

/* --- what no driver should be asked for ------------------------------------------------------ */

static int check_mac(const struct vfpt_settings *wanted, struct vfpt_error *err)
{
	const struct vfpt_mac mac = vfpt_mac_of(wanted->value[VFPT_MAC]);
	char text[VFPT_MAC_SIZE];

	if (mac.octet[0] & 1 || wanted->value[VFPT_MAC] == 0)
		return vfpt_error_set(err, VFPT_BAD_INPUT,
			"%s is a group or all-zero address, which no interface can have",
			vfpt_mac_format(&mac, text));
	return 0;
}

static int check_vlan(const struct vfpt_settings *wanted, struct vfpt_error *err)
{
	bool ad = vfpt_settings_have(wanted, VFPT_VLAN_PROTOCOL) &&
		  wanted->value[VFPT_VLAN_PROTOCOL] == VFPT_VLAN_8021AD;

	if ((wanted->value[VFPT_VLAN_PRIORITY] || ad) && wanted->value[VFPT_VLAN_ID] == 0)
		return vfpt_error_set(err, VFPT_BAD_INPUT,
			"a VLAN priority or protocol goes with a VLAN id from 1 to 4094");
	return 0;
}

static int check_rates(const struct vfpt_settings *wanted, const struct vfpt_pf *pf, unsigned vf,
	unsigned speed, const struct vfpt_settings *all, struct vfpt_error *err)
{
	unsigned long long min = wanted->value[VFPT_MIN_TX_RATE], max = wanted->value[VFPT_MAX_TX_RATE],
			   sum = min;

	/* qed_set_vf_rate() hands on what is not 0, Linux 6.1 and 6.12. */
	if (min && strcmp(pf->driver, "qede") == 0)
		return vfpt_error_set(err, VFPT_REFUSED,
			"%s (qede) can be given a min_tx_rate for its VFs, and never be rid of it: ask for none",
			pf->name);
	if (max && min > max)
		return vfpt_error_set(
			err, VFPT_BAD_INPUT, "min_tx_rate %llu is above max_tx_rate %llu Mbit/s", min, max);
	if (speed && max > speed)
		return vfpt_error_set(err, VFPT_BAD_INPUT,
			"max_tx_rate %llu Mbit/s is above the speed of %s, %u Mbit/s", max, pf->name, speed);
	for (unsigned i = 0; min && i < pf->vf_count; i++)
		if (i != vf)
			sum += all[i].value[VFPT_MIN_TX_RATE];
	if (speed && min && sum > speed)
		return vfpt_error_set(err, VFPT_BAD_INPUT,
			"min_tx_rate %llu Mbit/s is more than %s can give: its VFs would have %llu of %u "
			"Mbit/s",
			min, pf->name, sum, speed);
	return 0;
}

int vfpt_settings_check(const struct vfpt_settings *wanted, const struct vfpt_pf *pf, unsigned vf,
	unsigned speed, const struct vfpt_settings *all, struct vfpt_error *err)
{
	if (vfpt_settings_have(wanted, VFPT_MAC) && check_mac(wanted, err) < 0)
		return -1;
	for (int i = 0; i < VFPT_SETTING_COUNT; i++)
		if (table[i].max && wanted->value[i] > table[i].max)
			return vfpt_error_set(err, VFPT_BAD_INPUT, "%s %llu is above %llu", table[i].name,
				(unsigned long long)wanted->value[i], (unsigned long long)table[i].max);
	return check_vlan(wanted, err) < 0 ? -1 : check_rates(wanted, pf, vf, speed, all, err);
}
