// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What switchdev mode looks like: a PF that has a switch id, and for each VF a net device of the same PCI
 * device and switch, its representor. Nothing passes through one.
 */
#include <linux/etherdevice.h>
#include <linux/rtnetlink.h>

#include "vfquirks.h"

struct representor {
	struct net_device *pf;
	int index;
};

bool is_switchdev;

static void switch_id(const struct net_device *pf, struct netdev_phys_item_id *id)
{
	id->id_len = ETH_ALEN;
	memcpy(id->id, pf->perm_addr, ETH_ALEN);
}

static netdev_tx_t representor_xmit(struct sk_buff *skb, struct net_device *dev)
{
	dev->stats.tx_dropped++;
	dev_kfree_skb_any(skb);
	return NETDEV_TX_OK;
}

static int representor_parent_id(struct net_device *dev, struct netdev_phys_item_id *id)
{
	switch_id(((struct representor *)netdev_priv(dev))->pf, id);
	return 0;
}

static int representor_port_name(struct net_device *dev, char *name, size_t length)
{
	snprintf(name, length, "pf0vf%d", ((struct representor *)netdev_priv(dev))->index);
	return 0;
}

static const struct net_device_ops representor_ops = {
	.ndo_start_xmit = representor_xmit,
	.ndo_get_port_parent_id = representor_parent_id,
	.ndo_get_phys_port_name = representor_port_name,
};

void add_representor(struct pf *pf, int index)
{
	struct vf *vf = vf_of(pf, index);
	struct representor *representor;
	struct net_device *dev;
	char name[2 * IFNAMSIZ];

	if (!is_switchdev || !vf || vf->representor)
		return;
	/* As udev would call it. */
	snprintf(name, sizeof(name), "%snpf0vf%d", pf->dev->name, index);
	dev = alloc_netdev(
		sizeof(*representor), strlen(name) < IFNAMSIZ ? name : "eth%d", NET_NAME_USER, ether_setup);
	if (!dev)
		return;
	representor = netdev_priv(dev);
	representor->pf = pf->dev;
	representor->index = index;
	dev->netdev_ops = &representor_ops;
	dev->needs_free_netdev = true;
	eth_hw_addr_random(dev);
	SET_NETDEV_DEV(dev, pf->dev->dev.parent);
	dev_net_set(dev, dev_net(pf->dev));
	if (register_netdevice(dev)) {
		free_netdev(dev);
		return;
	}
	vf->representor = dev;
}

static int pf_parent_id(struct net_device *dev, struct netdev_phys_item_id *id)
{
	const struct net_device_ops *real = pf_of(dev)->real;

	if (!is_switchdev)
		return real->ndo_get_port_parent_id ? real->ndo_get_port_parent_id(dev, id) : -EOPNOTSUPP;
	switch_id(dev, id);
	return 0;
}

static int pf_port_name(struct net_device *dev, char *name, size_t length)
{
	const struct net_device_ops *real = pf_of(dev)->real;

	if (!is_switchdev)
		return real->ndo_get_phys_port_name ? real->ndo_get_phys_port_name(dev, name, length)
						    : -EOPNOTSUPP;
	snprintf(name, length, "p0");
	return 0;
}

/* Only of PFs on PCI: netdevsim has a switchdev mode of its own. */
void replace_port_ops(struct net_device_ops *ops)
{
	ops->ndo_get_port_parent_id = pf_parent_id;
	ops->ndo_get_phys_port_name = pf_port_name;
}
