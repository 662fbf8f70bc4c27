/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vfpt/settings.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_link.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "file.h"
#include "refusal.h"
#include "vf_netlink.h"

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

/* Drivers can show other values; those are not known to us. */
static bool is_valid(enum vfpt_setting setting, uint64_t value)
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

/* --- the kernel's side of it ----------------------------------------------------------------- */

/* Spoof check, trust, link state and RSS query all look like this. */
struct vf_number {
	uint32_t vf;
	uint32_t setting;
};

union payload {
	struct ifla_vf_mac mac;
	struct {
		struct nlattr header;
		struct ifla_vf_vlan_info info;
	} vlan;
	struct ifla_vf_rate rate;
	struct vf_number number;
};

static void put_shown(struct vfpt_settings *s, enum vfpt_setting setting, uint64_t value)
{
	if (is_valid(setting, value))
		vfpt_settings_put(s, setting, value);
}

static void get_mac(const struct nlattr *attribute, struct vfpt_settings *s)
{
	const struct ifla_vf_mac *mac = vfpt_attribute_payload(attribute, sizeof(*mac));
	struct vfpt_mac octets;

	if (!mac)
		return;
	memcpy(octets.octet, mac->mac, sizeof(octets.octet));
	vfpt_settings_put(s, VFPT_MAC, vfpt_mac_value(&octets));
}

static void get_vlan(const struct nlattr *attribute, struct vfpt_settings *s)
{
	const struct nlattr *first = vfpt_attribute(attribute + 1, vfpt_attribute_end(attribute));
	const struct ifla_vf_vlan_info *info = first ? vfpt_attribute_payload(first, sizeof(*info)) : NULL;

	if (!info)
		return;
	put_shown(s, VFPT_VLAN_ID, info->vlan);
	put_shown(s, VFPT_VLAN_PRIORITY, info->qos);
	/* 0 is what a driver shows that keeps no protocol where there is no tag (netdevsim). */
	put_shown(s, VFPT_VLAN_PROTOCOL, info->vlan_proto ? ntohs(info->vlan_proto) : VFPT_VLAN_8021Q);
}

static void get_rate(const struct nlattr *attribute, struct vfpt_settings *s)
{
	const struct ifla_vf_rate *rate = vfpt_attribute_payload(attribute, sizeof(*rate));

	if (!rate)
		return;
	vfpt_settings_put(s, VFPT_MAX_TX_RATE, rate->max_tx_rate);
	vfpt_settings_put(s, VFPT_MIN_TX_RATE, rate->min_tx_rate);
}

static void get_number(const struct nlattr *attribute, struct vfpt_settings *s, enum vfpt_setting setting)
{
	const struct vf_number *number = vfpt_attribute_payload(attribute, sizeof(*number));

	/*
	 * All ones, which is no valid value, is what rtnl_fill_vfinfo()
	 * leaves where the driver says nothing.
	 */
	if (number)
		put_shown(s, setting, number->setting);
}

static void get(const struct nlattr *attribute, struct vfpt_settings *s)
{
	switch (vfpt_attribute_type(attribute)) {
	case IFLA_VF_MAC:
		get_mac(attribute, s);
		break;
	case IFLA_VF_VLAN_LIST:
		get_vlan(attribute, s);
		break;
	case IFLA_VF_RATE:
		get_rate(attribute, s);
		break;
	case IFLA_VF_SPOOFCHK:
		get_number(attribute, s, VFPT_SPOOFCHK);
		break;
	case IFLA_VF_TRUST:
		get_number(attribute, s, VFPT_TRUST);
		break;
	case IFLA_VF_RSS_QUERY_EN:
		get_number(attribute, s, VFPT_RSS_QUERY);
		break;
	case IFLA_VF_LINK_STATE:
		get_number(attribute, s, VFPT_LINK_STATE);
		break;
	default:
		break;
	}
}

/*
 * The kernel takes a VLAN's three parts, and both rates, together: of what a message says, one setting is new
 * and the others are as they are. IFLA_VF_VLAN_LIST, unlike IFLA_VF_VLAN, says the protocol; both end in the
 * same driver call. @return the payload's size
 */
static size_t put(enum vfpt_setting setting, const struct vfpt_settings *s, unsigned vf, union payload *out)
{
	const uint64_t *value = s->value;
	struct vfpt_mac mac;

	memset(out, 0, sizeof(*out)); /* padding goes to the kernel too */
	switch (table[setting].attribute) {
	case IFLA_VF_MAC:
		mac = vfpt_mac_of(value[VFPT_MAC]);
		out->mac = (struct ifla_vf_mac){.vf = vf};
		memcpy(out->mac.mac, mac.octet, sizeof(mac.octet));
		return sizeof(out->mac);
	case IFLA_VF_VLAN_LIST:
		out->vlan.header =
			(struct nlattr){.nla_len = sizeof(out->vlan), .nla_type = IFLA_VF_VLAN_INFO};
		out->vlan.info.vf = vf;
		out->vlan.info.vlan = (uint32_t)value[VFPT_VLAN_ID];
		out->vlan.info.qos = (uint32_t)value[VFPT_VLAN_PRIORITY];
		out->vlan.info.vlan_proto =
			htons(vfpt_settings_have(s, VFPT_VLAN_PROTOCOL) ? (uint16_t)value[VFPT_VLAN_PROTOCOL]
									: VFPT_VLAN_8021Q);
		return sizeof(out->vlan);
	case IFLA_VF_RATE:
		out->rate = (struct ifla_vf_rate){.vf = vf,
			.min_tx_rate = (uint32_t)value[VFPT_MIN_TX_RATE],
			.max_tx_rate = (uint32_t)value[VFPT_MAX_TX_RATE]};
		return sizeof(out->rate);
	default:
		out->number = (struct vf_number){.vf = vf, .setting = (uint32_t)value[setting]};
		return sizeof(out->number);
	}
}

/* A minimum above a maximum is never asked for, not even on the way from one pair of rates to another. */
static void keep_rates_consistent(enum vfpt_setting changed, struct vfpt_settings *s)
{
	uint64_t *max = &s->value[VFPT_MAX_TX_RATE], *min = &s->value[VFPT_MIN_TX_RATE];

	if (*max == 0 || *min <= *max)
		return;
	if (changed == VFPT_MAX_TX_RATE)
		*min = 0;
	else if (changed == VFPT_MIN_TX_RATE)
		*max = 0;
}

static int set_one(struct vfpt_netlink *netlink, const struct vfpt_pf *pf, unsigned vf,
	enum vfpt_setting setting, uint64_t value, struct vfpt_settings *now, struct vfpt_error *err)
{
	struct vfpt_settings after = *now;
	char text[VFPT_SETTING_SIZE];
	union payload payload;
	const char *why;
	size_t size;

	vfpt_settings_put(&after, setting, value);
	keep_rates_consistent(setting, &after);
	size = put(setting, &after, vf, &payload);
	if (vfpt_netlink_set_vf(netlink, pf->ifindex, table[setting].attribute, &payload, size, err) == 0) {
		*now = after;
		return 0;
	}
	vfpt_error_wrap(err, "VF %u of %s (%s): cannot set %s to %s%s", vf, pf->name, pf->driver,
		table[setting].name, vfpt_setting_print(setting, value, text), vfpt_setting_unit(setting));
	if (err->code == VFPT_SYSTEM)
		return -1;
	why = refusal_text(pf->driver, setting, err->number);
	return why ? vfpt_error_remedy(err, "%s", why)
		   : vfpt_error_remedy(err, "%s does not take this", pf->driver);
}

/* --- all of them ----------------------------------------------------------------------------- */

/* The VFs from @first on, @count of them. */
struct reader {
	unsigned first;
	unsigned count;
	struct vfpt_settings *vfs;
};

static void read_vf(unsigned vf, const struct nlattr *info, void *data)
{
	struct reader *reader = data;
	const struct nlattr *attribute = vfpt_attribute(info + 1, vfpt_attribute_end(info));

	if (vf - reader->first >= reader->count)
		return;
	for (; attribute;
		attribute = vfpt_attribute(vfpt_attribute_next(attribute), vfpt_attribute_end(info)))
		get(attribute, &reader->vfs[vf - reader->first]);
}

/* Call @on_vf with what the kernel shows for each VF of the PF. */
static int read_vfs_of(struct vfpt_netlink *netlink, const struct vfpt_pf *pf, vfpt_on_vf *on_vf, void *data,
	struct vfpt_error *err)
{
	unsigned shown;

	if (vfpt_netlink_vfs(netlink, pf->ifindex, on_vf, data, &shown, err) < 0)
		return vfpt_error_wrap(err, "PF %s: cannot read the settings of its VFs", pf->name);
	return 0;
}

int vfpt_settings_hidden(const struct vfpt_pf *pf, unsigned vf, struct vfpt_error *err)
{
	return vfpt_error_set(err, VFPT_BUSY,
		"VF %u of %s (%s): its driver does not show it: it resets the VF, or has disabled it (the kernel's "
		"log says more)",
		vf, pf->name, pf->driver);
}

/* Of a VF that is shown the kernel always has a MAC. */
bool vfpt_settings_shown(const struct vfpt_settings *settings)
{
	return vfpt_settings_have(settings, VFPT_MAC);
}

int vfpt_settings_read_one(struct vfpt_netlink *netlink, const struct vfpt_pf *pf, unsigned vf,
	struct vfpt_settings *out, struct vfpt_error *err)
{
	struct reader reader = {.first = vf, .count = 1, .vfs = out};
	unsigned waited = 0;

	do {
		*out = (struct vfpt_settings){0};
		if (read_vfs_of(netlink, pf, read_vf, &reader, err) < 0)
			return -1;
		if (vfpt_settings_shown(out))
			return 0;
	} while (vfpt_netlink_wait(netlink, &waited, VFPT_WAIT_BUSY));
	return vfpt_settings_hidden(pf, vf, err);
}

static int no_memory_for(const struct vfpt_pf *pf, struct vfpt_error *err)
{
	return vfpt_error_errno(err, VFPT_SYSTEM, ENOMEM, "settings of %s", pf->name);
}

int vfpt_settings_read(struct vfpt_netlink *netlink, const struct vfpt_pf *pf, struct vfpt_settings **out,
	struct vfpt_error *err)
{
	struct reader reader = {.count = pf->vf_count};

	*out = reader.vfs = calloc(pf->vf_count + 1u, sizeof(**out));
	if (!reader.vfs)
		return no_memory_for(pf, err);
	if (read_vfs_of(netlink, pf, read_vf, &reader, err) < 0) {
		free(*out);
		*out = NULL;
		return -1;
	}
	return 0;
}

struct mac_reader {
	unsigned count;
	struct vfpt_mac *macs;
};

static void read_mac(unsigned vf, const struct nlattr *info, void *data)
{
	struct mac_reader *reader = data;
	const struct nlattr *attribute = vfpt_attribute_find(info, IFLA_VF_MAC);
	const struct ifla_vf_mac *mac = attribute ? vfpt_attribute_payload(attribute, sizeof(*mac)) : NULL;

	if (mac && vf < reader->count)
		memcpy(reader->macs[vf].octet, mac->mac, sizeof(reader->macs[vf].octet));
}

int vfpt_settings_read_macs(
	struct vfpt_netlink *netlink, const struct vfpt_pf *pf, struct vfpt_mac **out, struct vfpt_error *err)
{
	struct mac_reader reader = {.count = pf->vf_count};

	*out = reader.macs = calloc(pf->vf_count + 1u, sizeof(**out));
	if (!reader.macs)
		return no_memory_for(pf, err);
	if (read_vfs_of(netlink, pf, read_mac, &reader, err) < 0) {
		free(*out);
		*out = NULL;
		return -1;
	}
	return 0;
}

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

bool vfpt_setting_same(enum vfpt_setting setting, uint64_t a, uint64_t b)
{
	if (setting == VFPT_VLAN_ID && (a == VFPT_VLAN_GUEST || b == VFPT_VLAN_GUEST))
		return (a == VFPT_VLAN_GUEST || a == 0) && (b == VFPT_VLAN_GUEST || b == 0);
	return a == b;
}

/* Does the VF show another value of it than that? What is not shown is no difference. */
static bool differs(const struct vfpt_settings *shown, const struct vfpt_settings *other, unsigned i)
{
	return vfpt_settings_have(shown, (enum vfpt_setting)i) &&
	       vfpt_settings_have(other, (enum vfpt_setting)i) &&
	       !vfpt_setting_same((enum vfpt_setting)i, shown->value[i], other->value[i]);
}

/* --- apply ----------------------------------------------------------------------------------- */

/* A MAC is set even when it is there already: igb shows a VF's own one, which its user may still change. */
static bool is_there(const struct vfpt_settings *now, enum vfpt_setting setting, uint64_t value)
{
	return setting != VFPT_MAC && vfpt_settings_have(now, setting) &&
	       vfpt_setting_same(setting, now->value[setting], value);
}

/*
 * A VLAN's parts that change go in one message, as ice and i40e reset the VF at each. Where that is refused
 * they go one by one, so that the refusal has a name.
 */
static void set_vlan_at_once(struct vfpt_netlink *netlink, const struct vfpt_pf *pf, unsigned vf,
	const struct vfpt_settings *target, struct vfpt_settings *now)
{
	struct vfpt_settings after = *now;
	struct vfpt_error refusal;
	union payload payload;
	unsigned changed = 0;

	for (int i = VFPT_VLAN_ID; i <= VFPT_VLAN_PROTOCOL; i++) {
		enum vfpt_setting setting = (enum vfpt_setting)i;

		if (!vfpt_settings_have(target, setting) || is_there(now, setting, target->value[i]))
			continue;
		vfpt_settings_put(&after, setting, target->value[i]);
		changed++;
	}
	if (changed > 1 && vfpt_netlink_set_vf(netlink, pf->ifindex, IFLA_VF_VLAN_LIST, &payload,
				   put(VFPT_VLAN_ID, &after, vf, &payload), &refusal) == 0)
		*now = after;
}

/* A MAC for a VF that is to have none: locally administered, and no other VF's. */
static uint64_t mac_of_address(const struct vfpt_pci *vf)
{
	return UINT64_C(0x02) << 40 | (uint64_t)(vf->domain & 0xffff) << 16 | (uint64_t)vf->bus << 8 |
	       (uint64_t)(vf->slot << 3 | vf->function);
}

int vfpt_settings_clear_mac(struct vfpt_netlink *netlink, const struct vfpt_pf *pf, unsigned vf,
	struct vfpt_settings *now, struct vfpt_error *err)
{
	struct vfpt_error second;

	if (set_one(netlink, pf, vf, VFPT_MAC, 0, now, err) == 0)
		return 0;
	if (err->code != VFPT_REFUSED)
		return -1;
	return set_one(netlink, pf, vf, VFPT_MAC, mac_of_address(&pf->vfs[vf]), now, &second);
}

/* What was the VF's MAC may not be taken any more: another VF has it by now, or the driver sets none. */
static int put_mac_back(struct vfpt_netlink *netlink, const struct vfpt_pf *pf, unsigned vf, uint64_t value,
	struct vfpt_settings *now, struct vfpt_error *err)
{
	struct vfpt_error second;

	if (value == 0)
		return vfpt_settings_clear_mac(netlink, pf, vf, now, err);
	if (set_one(netlink, pf, vf, VFPT_MAC, value, now, err) == 0)
		return 0;
	return err->code == VFPT_REFUSED ? vfpt_settings_clear_mac(netlink, pf, vf, now, &second) : -1;
}

static int put_one_back(struct vfpt_netlink *netlink, const struct vfpt_pf *pf, unsigned vf,
	enum vfpt_setting setting, uint64_t value, struct vfpt_settings *now, struct vfpt_error *err)
{
	return setting == VFPT_MAC ? put_mac_back(netlink, pf, vf, value, now, err)
				   : set_one(netlink, pf, vf, setting, value, now, err);
}

/*
 * Set what @before has and @now has not, the last setting first. All are tried; the error names each
 * that failed.
 */
static int put_back(struct vfpt_netlink *netlink, const struct vfpt_pf *pf, unsigned vf,
	const struct vfpt_settings *before, struct vfpt_settings *now, struct vfpt_error *err)
{
	struct vfpt_error second;
	int r = 0;

	for (int i = VFPT_SETTING_COUNT - 1; i >= 0; i--) {
		enum vfpt_setting setting = (enum vfpt_setting)i;

		if (setting == VFPT_VLAN_PROTOCOL)
			set_vlan_at_once(netlink, pf, vf, before, now);
		if (!vfpt_settings_have(before, setting) ||
			(vfpt_settings_have(now, setting) && now->value[i] == before->value[i]))
			continue;
		if (put_one_back(netlink, pf, vf, setting, before->value[i], now, r < 0 ? &second : err) == 0)
			continue;
		if (r < 0)
			vfpt_error_remedy(err, "%s", second.message);
		/* What can be done later is worth another try. */
		if (r < 0 && second.code != VFPT_REFUSED)
			err->code = second.code;
		r = -1;
	}
	return r;
}

int vfpt_settings_apply(struct vfpt_netlink *netlink, const struct vfpt_pf *pf, unsigned vf,
	const struct vfpt_settings *wanted, struct vfpt_settings *now, struct vfpt_error *err)
{
	const struct vfpt_settings before = *now;
	struct vfpt_error second;

	for (int i = 0; i < VFPT_SETTING_COUNT; i++) {
		enum vfpt_setting setting = (enum vfpt_setting)i;

		if (setting == VFPT_VLAN_ID)
			set_vlan_at_once(netlink, pf, vf, wanted, now);
		if (!vfpt_settings_have(wanted, setting) || is_there(now, setting, wanted->value[i]))
			continue;
		if (set_one(netlink, pf, vf, setting, wanted->value[i], now, err) == 0)
			continue;
		if (put_back(netlink, pf, vf, &before, now, &second) < 0)
			vfpt_error_remedy(err, "undoing failed: %s", second.message);
		return -1;
	}
	return 0;
}

/* --- verify ---------------------------------------------------------------------------------- */

/* Of rates a card does what it can: what it shows is neither what was nor what is asked. */
static bool is_rounded(const struct vfpt_settings *before, const struct vfpt_settings *shown, unsigned i)
{
	return (i == VFPT_MAX_TX_RATE || i == VFPT_MIN_TX_RATE) && shown->value[i] != 0 &&
	       !(vfpt_settings_have(before, (enum vfpt_setting)i) && before->value[i] == shown->value[i]);
}

/* The first that is not as it was set. @return VFPT_SETTING_COUNT: there is none */
static unsigned first_difference(const struct vfpt_settings *before, const struct vfpt_settings *set,
	const struct vfpt_settings *shown)
{
	unsigned i = 0;

	while (i < VFPT_SETTING_COUNT && (!differs(shown, set, i) || is_rounded(before, shown, i)))
		i++;
	return i;
}

static int not_as_set(const struct vfpt_pf *pf, unsigned vf, unsigned i, const struct vfpt_settings *set,
	const struct vfpt_settings *shown, struct vfpt_error *err)
{
	enum vfpt_setting setting = (enum vfpt_setting)i;
	char is[VFPT_SETTING_SIZE], shall[VFPT_SETTING_SIZE];

	return vfpt_error_set(err, VFPT_REFUSED, "VF %u of %s (%s): its driver took %s %s and shows %s", vf,
		pf->name, pf->driver, table[i].name, vfpt_setting_print(setting, set->value[i], shall),
		vfpt_setting_print(setting, shown->value[i], is));
}

int vfpt_settings_verify(struct vfpt_netlink *netlink, const struct vfpt_pf *pf, unsigned vf,
	const struct vfpt_settings *before, const struct vfpt_settings *set, struct vfpt_settings *shown,
	struct vfpt_error *err)
{
	unsigned setting, waited = 0;

	do {
		if (vfpt_settings_read_one(netlink, pf, vf, shown, err) < 0)
			return -1;
		setting = first_difference(before, set, shown);
		if (setting == VFPT_SETTING_COUNT)
			return 0;
	} while (vfpt_netlink_wait(netlink, &waited, VFPT_WAIT_SHOWN));
	return not_as_set(pf, vf, setting, set, shown, err);
}

/* --- restore --------------------------------------------------------------------------------- */

/* Set these although they may be shown as they are to be. Where that fails, what is shown counts. */
static int set_anyway(struct vfpt_netlink *netlink, const struct vfpt_pf *pf, unsigned vf, unsigned settings,
	const struct vfpt_settings *before, struct vfpt_settings *now, struct vfpt_error *err)
{
	for (int i = 0; i < VFPT_SETTING_COUNT; i++)
		if ((settings & 1u << i) && vfpt_settings_have(before, (enum vfpt_setting)i) &&
			put_one_back(netlink, pf, vf, (enum vfpt_setting)i, before->value[i], now, err) < 0 &&
			err->code == VFPT_BUSY)
			return -1;
	return 0;
}

/*
 * The first that is not as before. @target is what the VF was then; a MAC that its driver does not take is
 * another one by now. @return VFPT_SETTING_COUNT: there is none
 */
static unsigned first_left(const struct vfpt_settings *target, const struct vfpt_settings *shown)
{
	/* Where none is set, the VF's driver sets its own, which many drivers show. */
	unsigned i = target->value[VFPT_MAC] == 0 ? VFPT_MAC + 1 : VFPT_MAC;

	while (i < VFPT_SETTING_COUNT && (!vfpt_settings_have(target, (enum vfpt_setting)i) ||
						 !vfpt_settings_have(shown, (enum vfpt_setting)i) ||
						 shown->value[i] == target->value[i]))
		i++;
	return i;
}

int vfpt_settings_restore(struct vfpt_netlink *netlink, const struct vfpt_pf *pf, unsigned vf,
	const struct vfpt_settings *before, unsigned anyway, struct vfpt_error *err)
{
	struct vfpt_settings target = *before, now;
	unsigned left, waited = 0;

	if (vfpt_settings_read_one(netlink, pf, vf, &now, err) < 0 ||
		set_anyway(netlink, pf, vf, anyway, before, &now, err) < 0)
		return -1;
	do {
		if (put_back(netlink, pf, vf, &target, &now, err) < 0)
			return -1;
		if (vfpt_settings_have(&target, VFPT_MAC))
			vfpt_settings_put(&target, VFPT_MAC, now.value[VFPT_MAC]);
		if (vfpt_settings_read_one(netlink, pf, vf, &now, err) < 0)
			return -1;
		left = first_left(&target, &now);
		if (left == VFPT_SETTING_COUNT)
			return 0;
	} while (vfpt_netlink_wait(netlink, &waited, VFPT_WAIT_SHOWN));
	return not_as_set(pf, vf, left, &target, &now, err);
}
