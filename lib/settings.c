/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vfpt/settings.h"

#include <arpa/inet.h>
#include <linux/if_link.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "netlink.h"

int vfpt_mac_parse(const char *text, struct vfpt_mac *out, struct vfpt_error *err)
{
	unsigned o[6];
	int length = 0;

	/* %2x would also take a sign or a space, so the characters are looked at first. */
	if (strspn(text, "0123456789abcdefABCDEF:") != VFPT_MAC_SIZE - 1 || text[VFPT_MAC_SIZE - 1] != '\0' ||
		sscanf(text, "%2x:%2x:%2x:%2x:%2x:%2x%n", &o[0], &o[1], &o[2], &o[3], &o[4], &o[5],
			&length) != 6 ||
		length != VFPT_MAC_SIZE - 1)
		return vfpt_error_set(err, VFPT_BAD_INPUT,
			"\"%.40s\" is not a MAC address such as 56:6f:1a:2b:00:01", text);
	for (int i = 0; i < 6; i++)
		out->octet[i] = (uint8_t)o[i];
	return 0;
}

char *vfpt_mac_format(const struct vfpt_mac *mac, char buffer[VFPT_MAC_SIZE])
{
	const uint8_t *o = mac->octet;

	snprintf(buffer, VFPT_MAC_SIZE, "%02x:%02x:%02x:%02x:%02x:%02x", o[0], o[1], o[2], o[3], o[4], o[5]);
	return buffer;
}

bool vfpt_mac_equal(const struct vfpt_mac *a, const struct vfpt_mac *b)
{
	return memcmp(a->octet, b->octet, sizeof(a->octet)) == 0;
}

int vfpt_mac_check(const struct vfpt_mac *mac, struct vfpt_error *err)
{
	static const struct vfpt_mac zero;
	char text[VFPT_MAC_SIZE];

	if (mac->octet[0] & 1 || vfpt_mac_equal(mac, &zero))
		return vfpt_error_set(err, VFPT_BAD_INPUT,
			"%s is a group or all-zero address, which no interface can have",
			vfpt_mac_format(mac, text));
	return 0;
}

/* --- the settings, one by one ---------------------------------------------------------------- */

union payload {
	struct ifla_vf_mac mac;
	struct {
		struct nlattr header;
		struct ifla_vf_vlan_info info;
	} vlan;
};

static void mac_print(const struct vfpt_settings *s, char buffer[VFPT_SETTING_SIZE])
{
	vfpt_mac_format(&s->mac, buffer);
}

static int mac_scan(struct vfpt_settings *s, const char *text, struct vfpt_error *err)
{
	return vfpt_mac_parse(text, &s->mac, err);
}

static bool mac_equal(const struct vfpt_settings *a, const struct vfpt_settings *b)
{
	return vfpt_mac_equal(&a->mac, &b->mac);
}

static size_t mac_put(const struct vfpt_settings *s, unsigned vf, union payload *out)
{
	out->mac = (struct ifla_vf_mac){.vf = vf};
	memcpy(out->mac.mac, s->mac.octet, sizeof(s->mac.octet));
	return sizeof(out->mac);
}

static bool mac_get(const struct nlattr *attribute, struct vfpt_settings *s)
{
	const struct ifla_vf_mac *mac = nla_data(attribute);

	if (nla_len(attribute) < (int)sizeof(*mac))
		return false;
	memcpy(s->mac.octet, mac->mac, sizeof(s->mac.octet));
	return true;
}

static void vlan_print(const struct vfpt_settings *s, char buffer[VFPT_SETTING_SIZE])
{
	const struct vfpt_vlan *vlan = &s->vlan;

	if (vlan->protocol == VFPT_VLAN_8021AD)
		snprintf(buffer, VFPT_SETTING_SIZE, "%u:%u:802.1ad", vlan->id, vlan->priority);
	else if (vlan->priority)
		snprintf(buffer, VFPT_SETTING_SIZE, "%u:%u", vlan->id, vlan->priority);
	else
		snprintf(buffer, VFPT_SETTING_SIZE, "%u", vlan->id);
}

static int vlan_scan(struct vfpt_settings *s, const char *text, struct vfpt_error *err)
{
	char *end, *behind;
	unsigned long id = strtoul(text, &end, 10), priority = 0;
	uint16_t protocol = VFPT_VLAN_8021Q;
	bool good = text[0] >= '0' && text[0] <= '9' && id <= 4094;

	if (good && *end == ':') {
		good = end[1] >= '0' && end[1] <= '7';
		priority = strtoul(end + 1, &behind, 10);
		end = behind;
	}
	if (good && strcmp(end, ":802.1ad") == 0)
		protocol = VFPT_VLAN_8021AD;
	else if (*end)
		good = false;
	if (!good || priority > 7)
		return vfpt_error_set(err, VFPT_BAD_INPUT,
			"\"%.40s\" is not a VLAN: ID, ID:PRIORITY or ID:PRIORITY:802.1ad, with ID 0 to 4094 "
			"and PRIORITY "
			"0 to 7",
			text);
	s->vlan = (struct vfpt_vlan){.id = (uint16_t)id, .priority = (uint8_t)priority, .protocol = protocol};
	return 0;
}

static bool vlan_equal(const struct vfpt_settings *a, const struct vfpt_settings *b)
{
	return a->vlan.id == b->vlan.id && a->vlan.priority == b->vlan.priority &&
	       a->vlan.protocol == b->vlan.protocol;
}

/* IFLA_VF_VLAN_LIST, unlike IFLA_VF_VLAN, says the protocol; both end in the same driver call. */
static size_t vlan_put(const struct vfpt_settings *s, unsigned vf, union payload *out)
{
	out->vlan.header = (struct nlattr){.nla_len = sizeof(out->vlan), .nla_type = IFLA_VF_VLAN_INFO};
	out->vlan.info = (struct ifla_vf_vlan_info){
		.vf = vf, .vlan = s->vlan.id, .qos = s->vlan.priority, .vlan_proto = htons(s->vlan.protocol)};
	return sizeof(out->vlan);
}

static bool vlan_get(const struct nlattr *attribute, struct vfpt_settings *s)
{
	const struct nlattr *first = nla_data(attribute);
	const struct ifla_vf_vlan_info *info;

	if (!nla_ok(first, nla_len(attribute)) || nla_len(first) < (int)sizeof(*info))
		return false;
	info = nla_data(first);
	s->vlan = (struct vfpt_vlan){.id = (uint16_t)info->vlan,
		.priority = (uint8_t)info->qos,
		.protocol = ntohs(info->vlan_proto)};
	return true;
}

static const struct {
	const char *name;
	int attribute; /* of IFLA_VF_INFO, both in what the kernel shows and in what it takes */
	void (*print)(const struct vfpt_settings *settings, char buffer[VFPT_SETTING_SIZE]);
	int (*scan)(struct vfpt_settings *settings, const char *text, struct vfpt_error *err);
	bool (*equal)(const struct vfpt_settings *a, const struct vfpt_settings *b);
	size_t (*put)(const struct vfpt_settings *settings, unsigned vf, union payload *out);
	bool (*get)(const struct nlattr *attribute, struct vfpt_settings *settings);
} table[VFPT_SETTING_COUNT] = {
	[VFPT_SETTING_MAC] = {"mac", IFLA_VF_MAC, mac_print, mac_scan, mac_equal, mac_put, mac_get},
	[VFPT_SETTING_VLAN] = {"vlan", IFLA_VF_VLAN_LIST, vlan_print, vlan_scan, vlan_equal, vlan_put,
		vlan_get},
};

/* --- all of them ----------------------------------------------------------------------------- */

static bool has(const struct vfpt_settings *settings, int setting)
{
	return settings->present & 1u << setting;
}

const char *vfpt_setting_name(enum vfpt_setting setting)
{
	return table[setting].name;
}

char *vfpt_setting_print(
	const struct vfpt_settings *settings, enum vfpt_setting setting, char buffer[VFPT_SETTING_SIZE])
{
	table[setting].print(settings, buffer);
	return buffer;
}

int vfpt_setting_scan(
	struct vfpt_settings *settings, enum vfpt_setting setting, const char *text, struct vfpt_error *err)
{
	if (table[setting].scan(settings, text, err) < 0)
		return -1;
	settings->present |= 1u << setting;
	return 0;
}

static void take(const struct nlattr *attribute, void *data)
{
	struct vfpt_settings *settings = data;

	for (int i = 0; i < VFPT_SETTING_COUNT; i++)
		if (nla_type(attribute) == table[i].attribute && table[i].get(attribute, settings))
			settings->present |= 1u << i;
}

int vfpt_settings_read(struct vfpt_netlink *netlink, const struct vfpt_pf *pf, unsigned vf,
	struct vfpt_settings *out, struct vfpt_error *err)
{
	*out = (struct vfpt_settings){0};
	if (!netlink)
		return 0;
	if (vfpt_netlink_vf_get(netlink, pf->ifindex, vf, take, out, err) < 0)
		return vfpt_error_wrap(err, "VF %u of %s: cannot read its settings", vf, pf->name);
	return 0;
}

static int set_one(struct vfpt_netlink *netlink, const struct vfpt_pf *pf, unsigned vf, int setting,
	const struct vfpt_settings *from, struct vfpt_error *err)
{
	union payload payload;
	char value[VFPT_SETTING_SIZE];
	size_t size = table[setting].put(from, vf, &payload);

	if (vfpt_netlink_vf_set(netlink, pf->ifindex, table[setting].attribute, &payload, size, err) == 0)
		return 0;
	table[setting].print(from, value);
	vfpt_error_wrap(err, "VF %u of %s (%s): cannot set %s to %s", vf, pf->name, pf->driver,
		table[setting].name, value);
	if (err->code == VFPT_REFUSED)
		vfpt_error_remedy(
			err, "the driver of %s does not take this; use a PF whose driver does", pf->name);
	return -1;
}

/* For a host that is only a captured tree. */
static void print_all(
	const char *what, const struct vfpt_pf *pf, unsigned vf, const struct vfpt_settings *settings)
{
	char line[VFPT_SETTING_COUNT * (VFPT_SETTING_SIZE + 16)] = "", value[VFPT_SETTING_SIZE];
	size_t used = 0;

	for (int i = 0; i < VFPT_SETTING_COUNT; i++)
		if (has(settings, i)) {
			table[i].print(settings, value);
			used += (size_t)snprintf(line + used, sizeof(line) - used, "%s%s %s",
				used ? ", " : "", table[i].name, value);
		}
	vfpt_note("%s: VF %u of %s: %s", what, vf, pf->name, used ? line : "what it was before");
}

int vfpt_settings_apply(struct vfpt_netlink *netlink, const struct vfpt_pf *pf, unsigned vf,
	const struct vfpt_settings *wanted, const struct vfpt_settings *before, struct vfpt_error *err)
{
	struct vfpt_error second;

	if (!netlink) {
		print_all("would set", pf, vf, wanted);
		return 0;
	}
	for (int i = 0; i < VFPT_SETTING_COUNT; i++) {
		if (!has(wanted, i) || set_one(netlink, pf, vf, i, wanted, err) == 0)
			continue;
		while (--i >= 0)
			if (has(wanted, i) && has(before, i) &&
				set_one(netlink, pf, vf, i, before, &second) < 0)
				vfpt_warn("%s", second.message);
		return -1;
	}
	return 0;
}

int vfpt_settings_restore(struct vfpt_netlink *netlink, const struct vfpt_pf *pf, unsigned vf,
	const struct vfpt_settings *before, struct vfpt_error *err)
{
	struct vfpt_settings now;
	struct vfpt_error second;
	int r = 0;

	if (!netlink) {
		print_all("would set back", pf, vf, before);
		return 0;
	}
	if (vfpt_settings_read(netlink, pf, vf, &now, err) < 0)
		return -1;
	for (int i = VFPT_SETTING_COUNT - 1; i >= 0; i--) {
		if (!has(before, i) || (has(&now, i) && table[i].equal(&now, before)))
			continue;
		if (set_one(netlink, pf, vf, i, before, r < 0 ? &second : err) < 0)
			r = -1;
	}
	return r;
}
