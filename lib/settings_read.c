/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the kernel shows of VFs. */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_link.h>
#include <stdlib.h>
#include <string.h>

#include "setting_table.h"
#include "vf_netlink.h"

/* --- one attribute --------------------------------------------------------------------------- */

static void put_shown(struct vfpt_settings *s, enum vfpt_setting setting, uint64_t value)
{
	if (setting_is_known(setting, value))
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

/* --- VFs ---------------------------------------------------------------------------------------- */

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
