/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "driver.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_link.h>
#include <stdio.h>
#include <string.h>

#include "support.h"
#include "vf_netlink.h"

static struct driver *loaded;
static char socket_place;

void driver_load(struct driver *driver)
{
	loaded = driver;
}

struct vfpt_netlink *driver_netlink(void)
{
	return (struct vfpt_netlink *)(void *)&socket_place;
}

static struct driver *driver_of(unsigned ifindex)
{
	struct driver *driver = loaded;

	while (driver && driver->ifindex != ifindex)
		driver = driver->next;
	return driver;
}

/* --- what it shows */

/* What is shown of one VF: an attribute with others in it. */
struct info {
	union {
		struct nlattr header;
		uint32_t words[64];
	};
};

static void show(struct info *info, unsigned type, const void *payload, size_t size)
{
	const struct nlattr header = {.nla_len = (uint16_t)(4 + size), .nla_type = (uint16_t)type};
	uint32_t *at = &info->words[info->header.nla_len / 4];

	ck_assert_uint_le(info->header.nla_len + 4 + size, sizeof(*info));
	memcpy(at, &header, sizeof(header));
	memcpy(at + 1, payload, size);
	info->header.nla_len = (uint16_t)(info->header.nla_len + NLA_ALIGN(header.nla_len));
}

static void show_number(
	const struct driver *driver, struct info *info, unsigned vf, unsigned type, enum vfpt_setting setting)
{
	const struct vfpt_settings *settings = &driver->vfs[vf];
	bool shown = vfpt_settings_have(settings, setting) && !(driver->hides & 1u << setting);
	/* rtnl_fill_vfinfo() leaves all ones where the driver says nothing */
	const uint32_t number[2] = {vf, shown ? (uint32_t)settings->value[setting] : UINT32_MAX};

	show(info, type, number, sizeof(number));
}

static void show_vf(const struct driver *driver, vfpt_on_vf *on_vf, void *data, unsigned vf)
{
	const uint64_t *value = driver->vfs[vf].value;
	const struct vfpt_mac octets = vfpt_mac_of(value[VFPT_MAC]);
	struct ifla_vf_mac mac = {.vf = vf};
	struct ifla_vf_vlan old_vlan = {.vf = vf, .vlan = 77};
	struct {
		struct nlattr header;
		struct ifla_vf_vlan_info info;
	} vlan = {{.nla_len = sizeof(vlan), .nla_type = IFLA_VF_VLAN_INFO},
		{.vf = vf,
			.vlan = (uint32_t)value[VFPT_VLAN_ID],
			.qos = (uint32_t)value[VFPT_VLAN_PRIORITY],
			.vlan_proto = htons((uint16_t)value[VFPT_VLAN_PROTOCOL])}};
	struct ifla_vf_rate rate = {.vf = vf,
		.min_tx_rate = (uint32_t)value[VFPT_MIN_TX_RATE],
		.max_tx_rate = (uint32_t)value[VFPT_MAX_TX_RATE]};

	struct info info = {.header = {.nla_len = 4, .nla_type = IFLA_VF_INFO}};

	memcpy(mac.mac, octets.octet, sizeof(octets.octet));
	show(&info, IFLA_VF_MAC, &mac, sizeof(mac));
	show(&info, IFLA_VF_VLAN, &old_vlan, sizeof(old_vlan));
	show(&info, IFLA_VF_RATE, &rate, sizeof(rate));
	show_number(driver, &info, vf, IFLA_VF_SPOOFCHK, VFPT_SPOOFCHK);
	show_number(driver, &info, vf, IFLA_VF_LINK_STATE, VFPT_LINK_STATE);
	show_number(driver, &info, vf, IFLA_VF_RSS_QUERY_EN, VFPT_RSS_QUERY);
	show_number(driver, &info, vf, IFLA_VF_TRUST, VFPT_TRUST);
	if (!driver->shows_no_vlan)
		show(&info, IFLA_VF_VLAN_LIST, &vlan, sizeof(vlan));
	on_vf(vf, &info.header, data);
}

static int is_gone(struct vfpt_error *err)
{
	return vfpt_error_errno(err, VFPT_SYSTEM, ENODEV, "the kernel says");
}

int __real_vfpt_netlink_vfs(struct vfpt_netlink *netlink, unsigned pf_ifindex, vfpt_on_vf *on_vf, void *data,
	unsigned *count, struct vfpt_error *err);
int __wrap_vfpt_netlink_vfs(struct vfpt_netlink *netlink, unsigned pf_ifindex, vfpt_on_vf *on_vf, void *data,
	unsigned *count, struct vfpt_error *err);

int __wrap_vfpt_netlink_vfs(struct vfpt_netlink *netlink, unsigned pf_ifindex, vfpt_on_vf *on_vf, void *data,
	unsigned *count, struct vfpt_error *err)
{
	const struct driver *driver = driver_of(pf_ifindex);

	if (!loaded || netlink != driver_netlink())
		return __real_vfpt_netlink_vfs(netlink, pf_ifindex, on_vf, data, count, err);
	*count = driver && driver->shows ? driver->shows : DRIVER_VFS;
	if (!driver)
		return 0;
	if (driver->gone)
		return is_gone(err);
	for (unsigned vf = 0; vf < *count && vf < DRIVER_VFS; vf++)
		show_vf(driver, on_vf, data, vf);
	return 0;
}

/* --- what it takes */

/* Which of them the message changes; all that it says is taken. @return the setting, for the log */
static enum vfpt_setting take_values(int attribute, const void *payload, struct vfpt_settings *settings)
{
	static const enum vfpt_setting vlan[] = {VFPT_VLAN_ID, VFPT_VLAN_PRIORITY, VFPT_VLAN_PROTOCOL},
				       rates[] = {VFPT_MAX_TX_RATE, VFPT_MIN_TX_RATE};
	const struct ifla_vf_mac *mac = payload;
	const struct ifla_vf_vlan_info *info = (const void *)((const char *)payload + sizeof(struct nlattr));
	const struct ifla_vf_rate *rate = payload;
	const uint32_t *number = payload;
	struct vfpt_settings before = *settings;
	struct vfpt_mac octets;
	enum vfpt_setting changed;

	switch (attribute) {
	case IFLA_VF_MAC:
		memcpy(octets.octet, mac->mac, sizeof(octets.octet));
		vfpt_settings_put(settings, VFPT_MAC, vfpt_mac_value(&octets));
		return VFPT_MAC;
	case IFLA_VF_VLAN_LIST:
		vfpt_settings_put(settings, VFPT_VLAN_ID, info->vlan);
		vfpt_settings_put(settings, VFPT_VLAN_PRIORITY, info->qos);
		vfpt_settings_put(settings, VFPT_VLAN_PROTOCOL, ntohs(info->vlan_proto));
		changed = VFPT_VLAN_ID;
		for (size_t i = 0; i < ARRAY_SIZE(vlan); i++)
			if (settings->value[vlan[i]] != before.value[vlan[i]])
				changed = vlan[i];
		return changed;
	case IFLA_VF_RATE:
		vfpt_settings_put(settings, VFPT_MAX_TX_RATE, rate->max_tx_rate);
		vfpt_settings_put(settings, VFPT_MIN_TX_RATE, rate->min_tx_rate);
		if (rate->max_tx_rate && rate->min_tx_rate > rate->max_tx_rate)
			ck_abort_msg("minimum %u is above maximum %u", rate->min_tx_rate, rate->max_tx_rate);
		changed = VFPT_MAX_TX_RATE;
		for (size_t i = 0; i < ARRAY_SIZE(rates); i++)
			if (settings->value[rates[i]] != before.value[rates[i]])
				changed = rates[i];
		return changed;
	case IFLA_VF_SPOOFCHK:
		vfpt_settings_put(settings, VFPT_SPOOFCHK, number[1]);
		return VFPT_SPOOFCHK;
	case IFLA_VF_TRUST:
		vfpt_settings_put(settings, VFPT_TRUST, number[1]);
		return VFPT_TRUST;
	case IFLA_VF_RSS_QUERY_EN:
		vfpt_settings_put(settings, VFPT_RSS_QUERY, number[1]);
		return VFPT_RSS_QUERY;
	case IFLA_VF_LINK_STATE:
		vfpt_settings_put(settings, VFPT_LINK_STATE, number[1]);
		return VFPT_LINK_STATE;
	default:
		ck_abort_msg("attribute %d", attribute);
		return VFPT_SETTING_COUNT;
	}
}

/* The number of the VF stands first, but in a list of VLANs it has a header in front. */
static unsigned vf_of(int attribute, const void *payload)
{
	const uint32_t *words = payload;

	return words[attribute == IFLA_VF_VLAN_LIST];
}

int __real_vfpt_netlink_set_vf(struct vfpt_netlink *netlink, unsigned pf_ifindex, int attribute,
	const void *payload, size_t size, struct vfpt_error *err);
int __wrap_vfpt_netlink_set_vf(struct vfpt_netlink *netlink, unsigned pf_ifindex, int attribute,
	const void *payload, size_t size, struct vfpt_error *err);

int __wrap_vfpt_netlink_set_vf(struct vfpt_netlink *netlink, unsigned pf_ifindex, int attribute,
	const void *payload, size_t size, struct vfpt_error *err)
{
	struct driver *driver = driver_of(pf_ifindex);
	struct vfpt_settings after;
	enum vfpt_setting setting;
	char value[VFPT_SETTING_SIZE];
	unsigned vf;
	bool refused;

	if (!loaded || netlink != driver_netlink())
		return __real_vfpt_netlink_set_vf(netlink, pf_ifindex, attribute, payload, size, err);
	if (driver && driver->goes && --driver->goes == 0)
		driver->gone = true;
	if (!driver || driver->gone)
		return is_gone(err);
	ck_assert_uint_ge(size, 8);
	vf = vf_of(attribute, payload);
	ck_assert_uint_lt(vf, DRIVER_VFS);
	after = driver->vfs[vf];
	setting = take_values(attribute, payload, &after);
	refused = driver->refuses & 1u << setting ||
		  (driver->wants_mac && setting == VFPT_MAC && after.value[VFPT_MAC] == 0);
	if (driver->refuses_back & 1u << setting) {
		driver->refuses_back &= ~(1u << setting);
		driver->refuses |= 1u << setting;
	}
	snprintf(driver->log + strlen(driver->log), sizeof(driver->log) - strlen(driver->log), "%s%u %s %s\n",
		refused ? "!" : "", vf, vfpt_setting_name(setting),
		vfpt_setting_print(setting, after.value[setting], value));
	if (refused)
		return vfpt_error_errno(err, VFPT_REFUSED, EOPNOTSUPP, "the kernel says");
	for (int i = 0; i < VFPT_SETTING_COUNT; i++)
		if (driver->ignores & 1u << i)
			after.value[i] = driver->vfs[vf].value[i];
	driver->vfs[vf] = after;
	return 0;
}

int __real_vfpt_netlink_set_mtu(
	struct vfpt_netlink *netlink, unsigned ifindex, unsigned mtu, struct vfpt_error *err);
int __wrap_vfpt_netlink_set_mtu(
	struct vfpt_netlink *netlink, unsigned ifindex, unsigned mtu, struct vfpt_error *err);

int __wrap_vfpt_netlink_set_mtu(
	struct vfpt_netlink *netlink, unsigned ifindex, unsigned mtu, struct vfpt_error *err)
{
	size_t used;

	if (!loaded || netlink != driver_netlink())
		return __real_vfpt_netlink_set_mtu(netlink, ifindex, mtu, err);
	if (loaded->gone)
		return is_gone(err);
	used = strlen(loaded->log);
	snprintf(loaded->log + used, sizeof(loaded->log) - used, "%smtu %u %u\n",
		loaded->refuses_mtu ? "!" : "", ifindex, mtu);
	if (loaded->refuses_mtu)
		return vfpt_error_errno(err, VFPT_REFUSED, EINVAL, "the kernel says");
	if (loaded->take_mtu)
		loaded->take_mtu(ifindex, mtu);
	return 0;
}
