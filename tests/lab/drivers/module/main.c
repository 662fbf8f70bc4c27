// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Makes a PF of the lab (igb, netdevsim) treat the settings of its VFs as the PF of another driver would: its
 * net_device_ops are replaced by a copy whose calls for VFs ask a list of rules first. One rule or command a
 * write, as tests/lab/drivers/README.md has them:
 *
 *   /sys/kernel/debug/vfquirks/driver   rules that make up a driver; reading shows them
 *   /sys/kernel/debug/vfquirks/rules    rules of a test, which come before those of the driver
 *   /sys/kernel/debug/vfquirks/resets   read only: "PF VF RESETS" for each VF that was reset
 */
#include <linux/debugfs.h>
#include <linux/device.h>
#include <linux/module.h>
#include <linux/rtnetlink.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "vfquirks.h"

static LIST_HEAD(pfs);
static struct dentry *directory;
static unsigned int shown_speed; /* Mbit/s; 0: the real one */

/* --- PFs and VFs ---------------------------------------------------------------------------------- */

struct pci_dev *pf_pci(const struct pf *pf)
{
	struct device *parent = pf->dev->dev.parent;

	return parent && dev_is_pci(parent) ? to_pci_dev(parent) : NULL;
}

/* To be put by the caller. */
struct pci_dev *vf_pci(const struct pf *pf, int index)
{
	struct pci_dev *pci = NULL;

	for_each_pci_dev(pci) if (pci->is_virtfn && &pci->physfn->dev == pf->dev->dev.parent &&
				  pci_iov_vf_id(pci) == index) break;
	return pci;
}

static void drop_vf(struct pf *pf, unsigned long index)
{
	struct vf *vf = xa_erase(&pf->vfs, index);

	if (vf && vf->representor)
		unregister_netdevice(vf->representor);
	kfree(vf);
}

static void drop_vfs(struct pf *pf)
{
	unsigned long index;
	struct vf *vf;

	xa_for_each(&pf->vfs, index, vf) drop_vf(pf, index);
}

/* On PCI a notifier says that VFs go. Elsewhere another number of VFs means other VFs. */
struct pf *pf_of(const struct net_device *dev)
{
	struct pf *pf = container_of(dev->netdev_ops, struct pf, ops);
	int count = dev_num_vf(dev->dev.parent);

	if (count != pf->vf_count && !pf_pci(pf))
		drop_vfs(pf);
	pf->vf_count = count;
	return pf;
}

struct vf *vf_of(struct pf *pf, int index)
{
	struct vf *vf = xa_load(&pf->vfs, index);

	if (vf)
		return vf;
	vf = kzalloc(sizeof(*vf), GFP_KERNEL);
	if (!vf || !xa_err(xa_store(&pf->vfs, index, vf, GFP_KERNEL)))
		return vf;
	kfree(vf);
	return NULL;
}

static int get_link_ksettings(struct net_device *dev, struct ethtool_link_ksettings *settings)
{
	struct pf *pf = container_of(dev->ethtool_ops, struct pf, ethtool_ops);
	int error = pf->real_ethtool->get_link_ksettings(dev, settings);

	if (!error && shown_speed)
		settings->base.speed = shown_speed;
	return error;
}

static void attach(struct net_device *dev)
{
	struct pf *pf = kzalloc(sizeof(*pf), GFP_KERNEL);
	int i;

	if (!pf)
		return;
	pf->dev = dev;
	xa_init(&pf->vfs);
	list_add(&pf->list, &pfs);
	pf->real = dev->netdev_ops;
	pf->ops = *pf->real;
	replace_vf_ops(&pf->ops);
	if (pf_pci(pf))
		replace_port_ops(&pf->ops);
	WRITE_ONCE(dev->netdev_ops, &pf->ops);
	pf->real_ethtool = dev->ethtool_ops;
	if (pf->real_ethtool && pf->real_ethtool->get_link_ksettings) {
		pf->ethtool_ops = *pf->real_ethtool;
		pf->ethtool_ops.get_link_ksettings = get_link_ksettings;
		WRITE_ONCE(dev->ethtool_ops, &pf->ethtool_ops);
	}
	for (i = 0; pf_pci(pf) && i < pci_num_vf(pf_pci(pf)); i++)
		add_representor(pf, i);
}

static void detach(struct pf *pf)
{
	drop_vfs(pf);
	WRITE_ONCE(pf->dev->netdev_ops, pf->real);
	WRITE_ONCE(pf->dev->ethtool_ops, pf->real_ethtool);
	list_del(&pf->list);
	/* Frames are sent, and counters read, without RTNL. */
	synchronize_net();
	kfree(pf);
}

static struct pf *pf_with_parent(const struct device *parent)
{
	struct pf *pf;

	list_for_each_entry(pf, &pfs, list) if (pf->dev->dev.parent == parent) return pf;
	return NULL;
}

static int netdev_event(struct notifier_block *block, unsigned long event, void *data)
{
	struct net_device *dev = netdev_notifier_info_to_dev(data);
	struct pf *pf;

	if (event == NETDEV_REGISTER && dev->netdev_ops->ndo_get_vf_config)
		attach(dev);
	if (event != NETDEV_UNREGISTER)
		return NOTIFY_DONE;
	list_for_each_entry(pf, &pfs, list)
	{
		if (pf->dev != dev)
			continue;
		detach(pf);
		break;
	}
	return NOTIFY_DONE;
}

static int pci_event(struct notifier_block *block, unsigned long event, void *data)
{
	struct pci_dev *pci = to_pci_dev(data);
	struct pf *pf;

	if (!pci->is_virtfn || (event != BUS_NOTIFY_ADD_DEVICE && event != BUS_NOTIFY_DEL_DEVICE))
		return NOTIFY_DONE;
	rtnl_lock();
	pf = pf_with_parent(&pci->physfn->dev);
	if (pf) {
		drop_vf(pf, pci_iov_vf_id(pci));
		if (event == BUS_NOTIFY_ADD_DEVICE)
			add_representor(pf, pci_iov_vf_id(pci));
	}
	rtnl_unlock();
	return NOTIFY_DONE;
}

static struct notifier_block netdev_block = {.notifier_call = netdev_event};
static struct notifier_block pci_block = {.notifier_call = pci_event};

/* --- commands ------------------------------------------------------------------------------------- */

/* The PFs' driver and that of the VFs, as they are called now. */
static struct {
	const char *real;
	char now[32];
} driver_names[] = {{"igb", "igb"}, {"igbvf", "igbvf"}};

static int name_driver(int i, const char *name)
{
	struct device_driver *driver = driver_find(driver_names[i].now, &pci_bus_type);
	int error;

	if (!driver)
		return -ENODEV;
	if (!strcmp(driver_names[i].now, name))
		return 0;
	/* The first member of the driver core's struct driver_private. */
	error = kobject_rename((struct kobject *)driver->p, name);
	if (!error)
		strscpy(driver_names[i].now, name, sizeof(driver_names[i].now));
	return error;
}

/* NAME [NAME-OF-THE-VFS'-DRIVER] */
static int name_drivers(char *names)
{
	char *name = strsep(&names, " ");
	int error = name ? name_driver(0, name) : -EINVAL;

	return error ?: names ? name_driver(1, names) : 0;
}

static int set_speed(const char *number)
{
	struct pf *pf;
	int error = number ? kstrtouint(number, 10, &shown_speed) : -EINVAL;

	if (error)
		return error;
	list_for_each_entry(pf, &pfs, list) forget_settings(pf);
	return 0;
}

static int start_switchdev(void)
{
	struct pf *pf;
	int i;

	is_switchdev = true;
	list_for_each_entry(pf, &pfs, list) for (i = 0; pf_pci(pf) && i < pci_num_vf(pf_pci(pf)); i++)
		add_representor(pf, i);
	return 0;
}

/* As if nothing had ever been written; settings that only the module had are gone. */
static void clear_driver(void)
{
	struct pf *pf;
	int i;

	is_switchdev = false;
	shown_speed = 0;
	list_for_each_entry(pf, &pfs, list) drop_vfs(pf);
	for (i = 0; i < ARRAY_SIZE(driver_names); i++)
		name_driver(i, driver_names[i].real);
}

static int obey(char *line, struct list_head *rules)
{
	char *text = strim(line), *rest = strchr(text, ' ');

	if (!strcmp(text, "clear")) {
		clear_rules(rules);
		if (rules == &driver_rules)
			clear_driver();
		return 0;
	}
	if (!strcmp(text, "switchdev"))
		return start_switchdev();
	if (!strncmp(text, "speed ", 6))
		return set_speed(skip_spaces(rest));
	if (!strncmp(text, "driver ", 7))
		return name_drivers(skip_spaces(rest));
	return *text ? add_rule(text, rules) : 0;
}

static ssize_t write_rule(struct file *file, const char __user *from, size_t length, loff_t *offset)
{
	struct seq_file *seq = file->private_data;
	char *line = memdup_user_nul(from, min_t(size_t, length, PAGE_SIZE - 1));
	int error;

	if (IS_ERR(line))
		return PTR_ERR(line);
	line[strcspn(line, "#\n")] = '\0';
	strreplace(line, '\t', ' ');
	rtnl_lock();
	error = obey(line, seq->private);
	rtnl_unlock();
	kfree(line);
	return error ?: length;
}

static int show_rules(struct seq_file *seq, void *unused)
{
	struct rule *rule;

	rtnl_lock();
	list_for_each_entry_reverse(rule, (struct list_head *)seq->private, list)
		seq_printf(seq, "%s%s\n", rule->text, rule->times ? "" : " # used up");
	rtnl_unlock();
	return 0;
}

static int open_rules(struct inode *inode, struct file *file)
{
	return single_open(file, show_rules, inode->i_private);
}

static const struct file_operations rules_file = {
	.owner = THIS_MODULE,
	.open = open_rules,
	.read = seq_read,
	.write = write_rule,
	.llseek = seq_lseek,
	.release = single_release,
};

static int resets_show(struct seq_file *seq, void *unused)
{
	unsigned long index;
	struct pf *pf;
	struct vf *vf;

	rtnl_lock();
	list_for_each_entry(pf, &pfs, list) xa_for_each(&pf->vfs, index, vf) if (vf->resets)
		seq_printf(seq, "%s %lu %u\n", pf->dev->name, index, vf->resets);
	rtnl_unlock();
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(resets);

/* Whatever is shown of it. */
static int links_down_show(struct seq_file *seq, void *unused)
{
	unsigned long index;
	struct pf *pf;
	struct vf *vf;

	rtnl_lock();
	list_for_each_entry(pf, &pfs, list) xa_for_each(&pf->vfs, index,
		vf) if (vf->is_kept & BIT(LINK_STATE) && vf->kept[LINK_STATE] == IFLA_VF_LINK_STATE_DISABLE)
		seq_printf(seq, "%s %lu\n", pf->dev->name, index);
	rtnl_unlock();
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(links_down);

static int __init vfquirks_init(void)
{
	int error = register_netdevice_notifier(&netdev_block);

	if (error)
		return error;
	bus_register_notifier(&pci_bus_type, &pci_block);
	directory = debugfs_create_dir("vfquirks", NULL);
	debugfs_create_file("driver", 0600, directory, &driver_rules, &rules_file);
	debugfs_create_file("rules", 0600, directory, &test_rules, &rules_file);
	debugfs_create_file("resets", 0400, directory, NULL, &resets_fops);
	debugfs_create_file("links_down", 0400, directory, NULL, &links_down_fops);
	return 0;
}

/* The notifier of net devices hears that all are gone, and so gives each PF what it had. */
static void __exit vfquirks_exit(void)
{
	debugfs_remove(directory);
	bus_unregister_notifier(&pci_bus_type, &pci_block);
	rtnl_lock();
	clear_rules(&test_rules);
	clear_rules(&driver_rules);
	clear_driver();
	rtnl_unlock();
	unregister_netdevice_notifier(&netdev_block);
}

module_init(vfquirks_init);
module_exit(vfquirks_exit);
MODULE_DESCRIPTION("PFs that treat VFs as other drivers' do, for tests");
MODULE_LICENSE("GPL");
