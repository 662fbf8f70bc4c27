// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The calls of a PF's net_device_ops that are about its VFs: what is read and what is set, as the rules say.
 */
#include <linux/delay.h>
#include <linux/etherdevice.h>
#include <linux/if_link.h>

#include "vfquirks.h"

static int pause_error(struct pause *pause, bool is_read)
{
	int error = is_read ? pause->read_error : pause->set_error;
	unsigned long end = jiffies + msecs_to_jiffies(pause->waits);

	if (!pause->is_on || !error)
		return 0;
	while (time_before(jiffies, pause->until) && time_before(jiffies, end))
		msleep(10);
	pause->is_on = time_before(jiffies, pause->until);
	return pause->is_on ? -error : 0;
}

/* Is any read, or any set, of the VF refused? */
static int any_refused(struct pf *pf, int index, struct vf *vf, bool is_read)
{
	struct situation situation = {.pf = pf, .index = index};
	struct rule *rule = NULL;

	while ((rule = next_fitting(rule, REFUSE, &situation))) {
		int error = is_read ? rule->read_error : rule->set_error;

		if (rule->setting >= 0 || !error)
			continue;
		rule_used(rule);
		return -error;
	}
	return pause_error(&vf->pause, is_read) ?: pause_error(&pf->pause, is_read);
}

/* --- reading -------------------------------------------------------------------------------------- */

static void values_of_info(const struct ifla_vf_info *info, s64 *value)
{
	value[MAC] = ether_addr_to_u64(info->mac);
	value[VLAN_ID] = info->vlan;
	value[VLAN_PRIORITY] = info->qos;
	value[VLAN_PROTOCOL] = ntohs(info->vlan_proto);
	value[MAX_TX_RATE] = info->max_tx_rate;
	value[MIN_TX_RATE] = info->min_tx_rate;
	value[SPOOFCHK] = (s32)info->spoofchk;
	value[TRUST] = (s32)info->trusted;
	value[LINK_STATE] = info->linkstate;
	value[RSS_QUERY] = (s32)info->rss_query_en;
}

static void info_of_values(const s64 *value, struct ifla_vf_info *info)
{
	u64_to_ether_addr(value[MAC], info->mac);
	info->vlan = value[VLAN_ID];
	info->qos = value[VLAN_PRIORITY];
	info->vlan_proto = htons(value[VLAN_PROTOCOL]);
	info->max_tx_rate = value[MAX_TX_RATE];
	info->min_tx_rate = value[MIN_TX_RATE];
	info->spoofchk = value[SPOOFCHK];
	info->trusted = value[TRUST];
	info->linkstate = value[LINK_STATE];
	info->rss_query_en = value[RSS_QUERY];
}

/* What the VF has: what its PF's driver says, and over it what is kept here. */
int settings_of(struct pf *pf, int index, struct ifla_vf_info *info, s64 *value)
{
	struct situation situation = {.pf = pf, .index = index, .now = value};
	struct vf *vf = vf_of(pf, index);
	struct rule *rule = NULL;
	unsigned int kept = 0;
	int error;

	if (!vf)
		return -EINVAL;
	/* As the kernel presets them, for drivers that do not have them (rtnl_fill_vfinfo). */
	info->spoofchk = info->trusted = info->rss_query_en = -1;
	info->vlan_proto = htons(ETH_P_8021Q);
	error = pf->real->ndo_get_vf_config(pf->dev, index, info);
	if (error)
		return error;
	values_of_info(info, value);
	while ((rule = next_fitting(rule, KEEP, &situation))) {
		int i = rule->setting;

		if (kept & BIT(i))
			continue;
		if (!(vf->is_kept & BIT(i)))
			vf->kept[i] = rule->as == VALUE_NONE ? value[i] : rule->as;
		value[i] = vf->kept[i];
		kept |= BIT(i);
	}
	vf->is_kept = kept;
	return 0;
}

static int is_netdev(struct device *dev, void *unused)
{
	return dev->class && !strcmp(dev->class->name, "net");
}

/* The MAC of the VF's own net device; what is shown anyway where it has none. */
static s64 own_mac(struct pf *pf, int index, s64 shown)
{
	struct pci_dev *pci = vf_pci(pf, index);
	struct device *child;

	if (!pci)
		return shown;
	child = device_find_child(&pci->dev, NULL, is_netdev);
	if (child)
		shown = ether_addr_to_u64(to_net_dev(child)->dev_addr);
	put_device(child);
	pci_dev_put(pci);
	return shown;
}

static int get_vf_config(struct net_device *dev, int index, struct ifla_vf_info *info)
{
	struct pf *pf = pf_of(dev);
	struct vf *vf = vf_of(pf, index);
	s64 value[SETTINGS], shown[SETTINGS];
	struct situation situation = {.pf = pf, .index = index, .now = value};
	struct rule *rule = NULL;
	unsigned int ruled = 0;
	int i, error;

	error = vf ? any_refused(pf, index, vf, true) : -EINVAL;
	error = error ?: settings_of(pf, index, info, value);
	if (error)
		return error;
	for (i = 0; i < SETTINGS; i++) {
		if (time_after(jiffies, vf->shown_from[i]))
			vf->is_delayed &= ~BIT(i);
		shown[i] = vf->is_delayed & BIT(i) ? vf->before[i] : value[i];
	}
	while ((rule = next_fitting(rule, SHOW, &situation))) {
		i = rule->setting;
		if (ruled & BIT(i))
			continue;
		shown[i] = rule->as;
		if (rule->as == VALUE_OWN)
			shown[i] = own_mac(pf, index, value[i]);
		if (rule->as == VALUE_SPEED)
			shown[i] = speed_of(dev);
		ruled |= BIT(i);
		rule_used(rule);
	}
	info_of_values(shown, info);
	return 0;
}

static int get_vf_stats(struct net_device *dev, int index, struct ifla_vf_stats *stats)
{
	struct pf *pf = pf_of(dev);
	__u64 *counters[] = {&stats->rx_packets, &stats->tx_packets, &stats->rx_bytes, &stats->tx_bytes,
		&stats->broadcast, &stats->multicast, &stats->rx_dropped, &stats->tx_dropped};
	struct situation situation = {.pf = pf, .index = index};
	struct vf *vf = vf_of(pf, index);
	int i, error = vf ? any_refused(pf, index, vf, true) : -EINVAL;
	struct rule *rule;
	u64 packets;

	if (error)
		return error;
	rule = next_fitting(NULL, COUNT, &situation);
	if (!rule)
		return pf->real->ndo_get_vf_stats ? pf->real->ndo_get_vf_stats(dev, index, stats)
						  : -EOPNOTSUPP;
	packets = (u64)jiffies_to_msecs(jiffies - rule->written) * rule->rate / 1000;
	for (i = 0; i < ARRAY_SIZE(counters); i++)
		if (!rule->counters || rule->counters & BIT(i))
			*counters[i] = packets * (strstr(counter_names[i], "bytes") ? 100 : 1);
	return 0;
}

/* --- setting -------------------------------------------------------------------------------------- */

/* Hand it to the PF's driver; kind is the first of those that are set together. */
static int real_set(struct pf *pf, int index, enum subject kind, const s64 *value, unsigned int kept)
{
	const struct net_device_ops *real = pf->real;
	struct net_device *dev = pf->dev;
	int error = -EOPNOTSUPP;
	u8 mac[ETH_ALEN];

	switch (kind) {
	case MAC:
		u64_to_ether_addr(value[MAC], mac);
		return real->ndo_set_vf_mac ? real->ndo_set_vf_mac(dev, index, mac) : error;
	case VLAN_ID:
		if (!real->ndo_set_vf_vlan)
			return error;
		return real->ndo_set_vf_vlan(dev, index, value[VLAN_ID], value[VLAN_PRIORITY],
			htons(kept & BIT(VLAN_PROTOCOL) ? ETH_P_8021Q : value[VLAN_PROTOCOL]));
	case MAX_TX_RATE:
		if (real->ndo_set_vf_rate)
			error = real->ndo_set_vf_rate(dev, index,
				kept & BIT(MIN_TX_RATE) ? 0 : value[MIN_TX_RATE], value[MAX_TX_RATE]);
		break;
	case SPOOFCHK:
		if (real->ndo_set_vf_spoofchk)
			error = real->ndo_set_vf_spoofchk(dev, index, value[SPOOFCHK]);
		break;
	case TRUST:
		if (real->ndo_set_vf_trust)
			error = real->ndo_set_vf_trust(dev, index, value[TRUST]);
		break;
	case LINK_STATE:
		if (real->ndo_set_vf_link_state)
			error = real->ndo_set_vf_link_state(dev, index, value[LINK_STATE]);
		break;
	default:
		if (real->ndo_set_vf_rss_query_en)
			error = real->ndo_set_vf_rss_query_en(dev, index, value[RSS_QUERY]);
		break;
	}
	/* What is kept here the driver need not be able to do. */
	return kept & BIT(kind) ? 0 : error;
}

static int setting_refused(const struct situation *situation)
{
	struct rule *rule = NULL;

	while ((rule = next_fitting(rule, REFUSE, situation))) {
		if (rule->setting < 0 || !rule->set_error)
			continue;
		rule_used(rule);
		return -rule->set_error;
	}
	return 0;
}

/* What of the request reaches the PF's driver, and as what. */
static struct request changed_request(const struct situation *situation)
{
	struct request request = *situation->request;
	struct rule *rule = NULL;

	while ((rule = next_fitting(rule, TAKE, situation))) {
		request.value[rule->setting] = rule->as;
		rule_used(rule);
	}
	while ((rule = next_fitting(rule, IGNORE, situation))) {
		request.value[rule->setting] = situation->now[rule->setting];
		request.asked &= ~BIT(rule->setting);
		rule_used(rule);
	}
	return request;
}

static void start_pause(struct pause *pause, struct rule *rule)
{
	pause->is_on = true;
	pause->until = jiffies + msecs_to_jiffies(rule->duration);
	pause->waits = rule->waits;
	pause->read_error = rule->read_error;
	pause->set_error = rule->set_error;
	rule_used(rule);
}

static void after_set(struct vf *vf, const struct situation *situation)
{
	const struct request *request = situation->request;
	struct rule *rule = NULL;
	int i;

	for (i = 0; i < SETTINGS; i++)
		if (request->asked & vf->is_kept & BIT(i))
			vf->kept[i] = request->value[i];
	while ((rule = next_fitting(rule, DELAY, situation))) {
		i = rule->setting;
		vf->is_delayed |= BIT(i);
		vf->before[i] = situation->now[i];
		vf->shown_from[i] = jiffies + msecs_to_jiffies(rule->duration);
	}
	rule = next_fitting(NULL, BUSY, situation);
	if (rule)
		start_pause(&situation->pf->pause, rule);
	rule = next_fitting(NULL, RESET, situation);
	if (!rule)
		return;
	vf->resets++;
	start_pause(&vf->pause, rule);
}

static int set(struct net_device *dev, int index, enum subject kind, struct request *request)
{
	struct pf *pf = pf_of(dev);
	struct vf *vf = vf_of(pf, index);
	struct ifla_vf_info info = {.vf = index};
	s64 now[SETTINGS];
	struct situation situation = {.pf = pf, .index = index, .request = request, .now = now};
	struct request changed;
	int error;

	error = vf ? settings_of(pf, index, &info, now) : -EINVAL;
	error = error ?: any_refused(pf, index, vf, false) ?: setting_refused(&situation);
	if (error)
		return error;
	changed = changed_request(&situation);
	situation.request = &changed;
	if (!changed.asked)
		return 0;
	error = real_set(pf, index, kind, changed.value, vf->is_kept);
	if (!error)
		after_set(vf, &situation);
	return error;
}

static int set_one(struct net_device *dev, int index, enum subject setting, s64 value)
{
	struct request request = {.asked = BIT(setting)};

	request.value[setting] = value;
	return set(dev, index, setting, &request);
}

static int set_vf_mac(struct net_device *dev, int index, u8 *mac)
{
	return set_one(dev, index, MAC, ether_addr_to_u64(mac));
}

static int set_vf_vlan(struct net_device *dev, int index, u16 id, u8 priority, __be16 protocol)
{
	struct request request = {.asked = BIT(VLAN_ID) | BIT(VLAN_PRIORITY) | BIT(VLAN_PROTOCOL)};

	request.value[VLAN_ID] = id;
	request.value[VLAN_PRIORITY] = priority;
	request.value[VLAN_PROTOCOL] = ntohs(protocol);
	return set(dev, index, VLAN_ID, &request);
}

static int set_vf_rate(struct net_device *dev, int index, int min, int max)
{
	struct request request = {.asked = BIT(MIN_TX_RATE) | BIT(MAX_TX_RATE)};

	request.value[MIN_TX_RATE] = min;
	request.value[MAX_TX_RATE] = max;
	return set(dev, index, MAX_TX_RATE, &request);
}

static int set_vf_spoofchk(struct net_device *dev, int index, bool value)
{
	return set_one(dev, index, SPOOFCHK, value);
}

static int set_vf_trust(struct net_device *dev, int index, bool value)
{
	return set_one(dev, index, TRUST, value);
}

static int set_vf_link_state(struct net_device *dev, int index, int value)
{
	return set_one(dev, index, LINK_STATE, value);
}

static int set_vf_rss_query(struct net_device *dev, int index, bool value)
{
	return set_one(dev, index, RSS_QUERY, value);
}

/* The link has another speed: what drivers zero then. */
void forget_settings(struct pf *pf)
{
	s64 value[SETTINGS];
	struct situation situation = {.pf = pf, .now = value};

	for (; situation.index < dev_num_vf(pf->dev->dev.parent); situation.index++) {
		struct ifla_vf_info info = {.vf = situation.index};
		struct rule *rule = NULL;
		struct vf *vf;

		if (settings_of(pf, situation.index, &info, value))
			continue;
		vf = vf_of(pf, situation.index);
		while ((rule = next_fitting(rule, FORGET, &situation))) {
			value[rule->setting] = vf->kept[rule->setting] = 0;
			real_set(pf, situation.index, MAX_TX_RATE, value, vf->is_kept);
		}
	}
}

void replace_vf_ops(struct net_device_ops *ops)
{
	ops->ndo_get_vf_config = get_vf_config;
	ops->ndo_get_vf_stats = get_vf_stats;
	ops->ndo_set_vf_mac = set_vf_mac;
	ops->ndo_set_vf_vlan = set_vf_vlan;
	ops->ndo_set_vf_rate = set_vf_rate;
	ops->ndo_set_vf_spoofchk = set_vf_spoofchk;
	ops->ndo_set_vf_trust = set_vf_trust;
	ops->ndo_set_vf_link_state = set_vf_link_state;
	ops->ndo_set_vf_rss_query_en = set_vf_rss_query;
}
