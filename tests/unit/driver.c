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

static const struct vfpt_settings *settings_shown(const struct driver *driver, unsigned vf)
{
	return driver->late && driver->shown[vf].present ? &driver->shown[vf] : &driver->vfs[vf];
}

static void show_number(
	const struct driver *driver, struct info *info, unsigned vf, unsigned type, enum vfpt_setting setting)
{
	const struct vfpt_settings *settings = settings_shown(driver, vf);
	bool shown = vfpt_settings_have(settings, setting) && !(driver->hides & 1u << setting);
	/* rtnl_fill_vfinfo() leaves all ones where the driver says nothing */
	const uint32_t number[2] = {vf, shown ? (uint32_t)settings->value[setting] : UINT32_MAX};

	show(info, type, number, sizeof(number));
}

static void show_vf(const struct driver *driver, vfpt_on_vf *on_vf, void *data, unsigned vf)
{
	const uint64_t *value = settings_shown(driver, vf)->value;
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
	*count = DRIVER_VFS;
	if (!driver)
		return 0;
	if (driver->gone)
		return is_gone(err);
	for (unsigned vf = 0; vf < DRIVER_VFS; vf++)
		if (driver->hidden & 1u << vf)
			--*count;
		else
			show_vf(driver, on_vf, data, vf);
	return 0;
}

/* --- what it takes */

/*
 * Which of them the message changes; all that it says is taken. @return the setting, for the log; of a VLAN
 * the last one
 */
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

/* The parts of a VLAN that the message changes: more than one, or else that setting. */
static unsigned changed_by(
	enum vfpt_setting setting, const struct vfpt_settings *before, const struct vfpt_settings *after)
{
	unsigned changed = 1u << setting;

	for (unsigned i = VFPT_VLAN_ID; i <= VFPT_VLAN_PROTOCOL; i++)
		if (setting >= VFPT_VLAN_ID && setting <= VFPT_VLAN_PROTOCOL &&
			after->value[i] != before->value[i])
			changed |= 1u << i;
	return changed;
}

static void note(
	struct driver *driver, bool refused, unsigned vf, unsigned changed, const struct vfpt_settings *after)
{
	char value[VFPT_SETTING_SIZE];

	for (int i = 0; i < VFPT_SETTING_COUNT; i++)
		if (changed & 1u << i)
			snprintf(driver->log + strlen(driver->log), sizeof(driver->log) - strlen(driver->log),
				"%s%u %s %s\n", refused ? "!" : "", vf,
				vfpt_setting_name((enum vfpt_setting)i),
				vfpt_setting_print((enum vfpt_setting)i, after->value[i], value));
}

/* 0: it takes it. */
static int answer_of(
	const struct driver *driver, unsigned vf, unsigned changed, const struct vfpt_settings *after)
{
	if (driver->busy & 1u << vf || driver->busy_settings & changed)
		return EBUSY;
	if (driver->refuses_value && changed & 1u << VFPT_MAC &&
		after->value[VFPT_MAC] == driver->refuses_value)
		return EINVAL;
	if (driver->wants_mac && changed & 1u << VFPT_MAC && after->value[VFPT_MAC] == 0)
		return EINVAL;
	if (!(driver->refuses & changed))
		return 0;
	return driver->answer ? driver->answer : EOPNOTSUPP;
}

int __wrap_vfpt_netlink_set_vf(struct vfpt_netlink *netlink, unsigned pf_ifindex, int attribute,
	const void *payload, size_t size, struct vfpt_error *err)
{
	struct driver *driver = driver_of(pf_ifindex);
	struct vfpt_settings after;
	unsigned vf, changed;
	int answer;

	if (!loaded || netlink != driver_netlink())
		return __real_vfpt_netlink_set_vf(netlink, pf_ifindex, attribute, payload, size, err);
	if (driver && driver->goes && --driver->goes == 0)
		driver->gone = true;
	if (!driver || driver->gone)
		return is_gone(err);
	ck_assert_uint_ge(size, 8);
	vf = vf_of(attribute, payload);
	ck_assert_uint_lt(vf, DRIVER_VFS);
	driver->messages++;
	if (driver->sticks && --driver->sticks == 0)
		driver->busy |= 1u << vf;
	after = driver->vfs[vf];
	changed = changed_by(take_values(attribute, payload, &after), &driver->vfs[vf], &after);
	answer = answer_of(driver, vf, changed, &after);
	driver->refuses |= driver->refuses_back & changed;
	driver->refuses_back &= ~changed;
	note(driver, answer, vf, changed, &after);
	if (answer)
		return vfpt_error_errno(
			err, answer == EBUSY ? VFPT_BUSY : VFPT_REFUSED, answer, "the kernel says");
	for (int i = 0; i < VFPT_SETTING_COUNT; i++)
		if (driver->ignores & 1u << i)
			after.value[i] = driver->vfs[vf].value[i];
	if (driver->resets_for) {
		driver->hidden |= 1u << vf;
		driver->hidden_for = driver->waits + driver->resets_for;
	}
	if (driver->undone_once) {
		driver->undone_once = false;
		return 0;
	}
	driver->shown[vf] = driver->late ? driver->vfs[vf] : after;
	driver->vfs[vf] = after;
	return 0;
}

bool __real_vfpt_netlink_wait(struct vfpt_netlink *netlink, unsigned *waited, unsigned most);
bool __wrap_vfpt_netlink_wait(struct vfpt_netlink *netlink, unsigned *waited, unsigned most);

bool __wrap_vfpt_netlink_wait(struct vfpt_netlink *netlink, unsigned *waited, unsigned most)
{
	if (!loaded || netlink != driver_netlink())
		return __real_vfpt_netlink_wait(netlink, waited, most);
	if (*waited >= most)
		return false;
	*waited += 100;
	for (struct driver *driver = loaded; driver; driver = driver->next) {
		if (++driver->waits == driver->hidden_for)
			driver->hidden = 0;
		driver->late = false;
	}
	return true;
}

int __real_vfpt_netlink_set_mac(
	struct vfpt_netlink *netlink, unsigned ifindex, const struct vfpt_mac *mac, struct vfpt_error *err);
int __wrap_vfpt_netlink_set_mac(
	struct vfpt_netlink *netlink, unsigned ifindex, const struct vfpt_mac *mac, struct vfpt_error *err);

int __wrap_vfpt_netlink_set_mac(
	struct vfpt_netlink *netlink, unsigned ifindex, const struct vfpt_mac *mac, struct vfpt_error *err)
{
	char text[VFPT_MAC_SIZE];
	size_t used;

	if (!loaded || netlink != driver_netlink())
		return __real_vfpt_netlink_set_mac(netlink, ifindex, mac, err);
	used = strlen(loaded->log);
	snprintf(loaded->log + used, sizeof(loaded->log) - used, "%snetdev %u %s\n",
		loaded->netdev_answer ? "!" : "", ifindex, vfpt_mac_format(mac, text));
	if (loaded->netdev_answer)
		return vfpt_error_errno(err,
			loaded->netdev_answer == EADDRNOTAVAIL ? VFPT_REFUSED : VFPT_SYSTEM,
			loaded->netdev_answer, "the kernel says");
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
