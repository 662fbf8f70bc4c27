/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Settings of a VF are applied, verified and put back. */
#include <arpa/inet.h>
#include <linux/if_link.h>
#include <stdio.h>
#include <string.h>

#include "refusal.h"
#include "setting_table.h"
#include "vf_netlink.h"

/* --- one message ----------------------------------------------------------------------------- */

union payload {
	struct ifla_vf_mac mac;
	struct {
		struct nlattr header;
		struct ifla_vf_vlan_info info;
	} vlan;
	struct ifla_vf_rate rate;
	struct vf_number number;
};

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
	switch (setting_attribute(setting)) {
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
	if (vfpt_netlink_set_vf(netlink, pf->ifindex, setting_attribute(setting), &payload, size, err) == 0) {
		*now = after;
		return 0;
	}
	vfpt_error_wrap(err, "VF %u of %s (%s): cannot set %s to %s%s", vf, pf->name, pf->driver,
		vfpt_setting_name(setting), vfpt_setting_print(setting, value, text),
		vfpt_setting_unit(setting));
	if (err->code == VFPT_SYSTEM)
		return -1;
	why = refusal_text(pf->driver, setting, err->number);
	return why ? vfpt_error_remedy(err, "%s", why)
		   : vfpt_error_remedy(err, "%s does not take this", pf->driver);
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
		pf->name, pf->driver, vfpt_setting_name(setting),
		vfpt_setting_print(setting, set->value[i], shall),
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
