/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vfpt/pf.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "alloc.h"
#include "file.h"
#include "host.h"

int vfpt_host_open(int root, struct vfpt_netlink *netlink, struct vfpt_host **out, struct vfpt_error *err)
{
	*out = calloc(1, sizeof(**out));
	if (!*out)
		return vfpt_error_errno(err, VFPT_SYSTEM, ENOMEM, "host");
	(*out)->root = root;
	(*out)->netlink = netlink;
	return 0;
}

static void free_pf(struct vfpt_pf *pf)
{
	if (pf)
		free(pf->vfs);
	free(pf);
}

void vfpt_host_free(struct vfpt_host *host)
{
	if (!host)
		return;
	for (size_t i = 0; i < host->network_count; i++)
		free(host->networks[i]);
	for (size_t i = 0; i < host->pf_count; i++)
		free_pf(host->pfs[i]);
	free(host->networks);
	free(host->pfs);
	free(host);
}

int vfpt_host_root(const struct vfpt_host *host)
{
	return host->root;
}

struct vfpt_netlink *vfpt_host_netlink(const struct vfpt_host *host)
{
	return host->netlink;
}

/* Append a pointer to a growing array. */
int host_append(void *array, size_t *count, void *item, struct vfpt_error *err)
{
	void **added = vfpt_array_add(array, count, sizeof(*added));

	if (!added)
		return vfpt_error_errno(err, VFPT_SYSTEM, ENOMEM, "host");
	*added = item;
	return 0;
}

static int read_address(int dir, const char *link, struct vfpt_pci *out)
{
	struct vfpt_error ignored;
	char name[VFPT_PCI_SIZE];

	if (file_link_name(dir, link, name, sizeof(name)) < 0)
		return -1;
	errno = EINVAL;
	return vfpt_pci_parse(name, out, &ignored);
}

/* As snprintf("virtfn%u"), which was a third of all instructions on a host with 2,048 VFs. */
static const char *virtfn(unsigned index, char link[24])
{
	char digits[10];
	int count = 0;

	do
		digits[count++] = (char)('0' + index % 10);
	while ((index /= 10) > 0);
	memcpy(link, "virtfn", 6);
	for (int i = 0; i < count; i++)
		link[6 + i] = digits[count - 1 - i];
	link[6 + count] = '\0';
	return link;
}

static int read_vfs(const struct vfpt_host *host, struct vfpt_pf *pf, struct vfpt_error *err)
{
	char path[FILE_PATH], link[24];
	autoclose int dir = -1;
	uint64_t count;

	if (file_number(host->root, file_pci_path(path, &pf->address, "sriov_numvfs"), VFPT_MAX_VFS, &count) <
		0)
		return vfpt_error_errno(err, VFPT_SYSTEM, errno, "PF %s: cannot read sriov_numvfs", pf->name);
	pf->vfs = calloc(count + 1, sizeof(*pf->vfs));
	if (!pf->vfs)
		return vfpt_error_errno(err, VFPT_SYSTEM, ENOMEM, "PF %s", pf->name);
	dir = file_open(host->root, file_pci_path(path, &pf->address, ""), O_PATH | O_DIRECTORY);
	if (dir < 0)
		return vfpt_error_errno(err, VFPT_SYSTEM, errno, "PF %s: cannot open /%s", pf->name, path);
	for (; pf->vf_count < count; pf->vf_count++)
		if (read_address(dir, virtfn(pf->vf_count, link), &pf->vfs[pf->vf_count]) < 0)
			return vfpt_error_errno(
				err, VFPT_SYSTEM, errno, "PF %s: cannot read %s", pf->name, link);
	return 0;
}

/* Is the link up? "unknown" is what drivers without carrier detection show. */
static bool is_up(const struct vfpt_host *host, const char *netdev)
{
	char path[FILE_PATH], state[16];

	return file_read(host->root, file_net_path(path, netdev, "operstate"), state, sizeof(state)) > 0 &&
	       (strcmp(state, "up") == 0 || strcmp(state, "unknown") == 0);
}

/* "pf0vf1": it stands for VF 1 in switchdev mode. */
static bool is_representor(const struct vfpt_host *host, const char *phys_port_name)
{
	char port[32];

	return file_read(host->root, phys_port_name, port, sizeof(port)) > 0 && strstr(port, "vf");
}

/* A look at the network devices of a PF's function, whose directory is @directory. */
struct representor_search {
	const struct vfpt_host *host;
	const struct vfpt_pf *pf;
	char directory[FILE_PATH];
};

static char *attribute_path(char path[FILE_PATH], const struct representor_search *search, const char *netdev,
	const char *attribute)
{
	snprintf(path, FILE_PATH, "%.100s/%.15s/%s", search->directory, netdev, attribute);
	return path;
}

/* That of another switch is not the PF's. One that a driver does not tell may be the same. */
static bool is_of_same_switch(const struct representor_search *search, const char *netdev)
{
	char path[FILE_PATH], own[80], other[80];
	int root = search->host->root;

	if (file_read(root, attribute_path(path, search, netdev, "phys_switch_id"), other, sizeof(other)) <=
		0)
		return true;
	if (file_read(root, attribute_path(path, search, search->pf->name, "phys_switch_id"), own,
		    sizeof(own)) <= 0)
		return true;
	return strcmp(own, other) == 0;
}

static int find_representor(const char *netdev, void *data)
{
	const struct representor_search *search = data;
	char path[FILE_PATH];

	return strcmp(netdev, search->pf->name) != 0 && file_is_netdev_name(netdev) &&
	       is_representor(search->host, attribute_path(path, search, netdev, "phys_port_name")) &&
	       is_of_same_switch(search, netdev);
}

/* One directory is read as a rule: a PF that is alone on its function has no representors. */
static bool is_in_switchdev_mode(const struct vfpt_host *host, const struct vfpt_pf *pf)
{
	struct representor_search search = {.host = host, .pf = pf};

	file_pci_path(search.directory, &pf->address, "net");
	return file_each(host->root, search.directory, find_representor, &search) > 0;
}

static int read_pf(
	const struct vfpt_host *host, const char *netdev, struct vfpt_pf *pf, struct vfpt_error *err)
{
	char path[FILE_PATH], mac[VFPT_MAC_SIZE + 1];
	uint64_t ifindex, mtu;

	snprintf(pf->name, sizeof(pf->name), "%s", netdev);
	if (read_address(host->root, file_net_path(path, netdev, "device"), &pf->address) < 0)
		return vfpt_error_errno(
			err, VFPT_SYSTEM, errno, "PF %s: cannot read its PCI address", netdev);
	if (file_number(host->root, file_net_path(path, netdev, "ifindex"), INT_MAX, &ifindex) < 0 ||
		file_number(host->root, file_net_path(path, netdev, "mtu"), UINT32_MAX, &mtu) < 0)
		return vfpt_error_errno(err, VFPT_SYSTEM, errno, "PF %s: cannot read %s", netdev, path);
	if (file_read(host->root, file_net_path(path, netdev, "address"), mac, sizeof(mac)) < 0 ||
		vfpt_mac_parse(mac, &pf->mac, err) < 0)
		return vfpt_error_set(err, VFPT_SYSTEM, "PF %s: cannot read its MAC", netdev);
	pf->ifindex = (unsigned)ifindex;
	pf->mtu = (unsigned)mtu;
	pf->up = is_up(host, netdev);
	pf->switchdev = is_in_switchdev_mode(host, pf);
	if (file_link_name(host->root, file_pci_path(path, &pf->address, "driver"), pf->driver,
		    sizeof(pf->driver)) < 0)
		snprintf(pf->driver, sizeof(pf->driver), "no driver");
	return read_vfs(host, pf, err);
}

/* The PF of that network device, read once. */
int vfpt_host_pf(
	struct vfpt_host *host, const char *netdev, const struct vfpt_pf **out, struct vfpt_error *err)
{
	struct vfpt_pf *pf;

	for (size_t i = 0; i < host->pf_count; i++)
		if (strcmp(host->pfs[i]->name, netdev) == 0) {
			*out = host->pfs[i];
			return 0;
		}
	pf = calloc(1, sizeof(*pf));
	if (!pf)
		return vfpt_error_errno(err, VFPT_SYSTEM, ENOMEM, "PF %s", netdev);
	if (read_pf(host, netdev, pf, err) < 0 || host_append(&host->pfs, &host->pf_count, pf, err) < 0) {
		free_pf(pf);
		return -1;
	}
	*out = pf;
	return 0;
}

bool vfpt_host_is_pf(const struct vfpt_host *host, const char *netdev)
{
	char path[FILE_PATH];

	return file_is_netdev_name(netdev) &&
	       file_exists(host->root, file_net_path(path, netdev, "device/sriov_numvfs")) &&
	       !is_representor(host, file_net_path(path, netdev, "phys_port_name"));
}

/* --- VFs ------------------------------------------------------------------------------------- */

/*
 * The PF's own network device among those of its function, which in
 * switchdev mode has its VFs' representors too.
 */
struct own_netdev {
	const struct vfpt_host *host;
	const char *directory;
	char name[IFNAMSIZ];
};

static int find_own_netdev(const char *name, void *data)
{
	struct own_netdev *own = data;
	char path[FILE_PATH];

	if (!file_is_netdev_name(name))
		return 0;
	snprintf(path, sizeof(path), "%.100s/%s/phys_port_name", own->directory, name);
	if (is_representor(own->host, path))
		return 0;
	snprintf(own->name, sizeof(own->name), "%s", name);
	return 1;
}

/* All PFs, as they are found. */
struct pf_list {
	struct vfpt_host *host;
	size_t count;
	const struct vfpt_pf **pfs;
	struct vfpt_error *err;
};

/* A representor is on the PF's function too, and is no PF. */
static int add_listed_pf(const char *netdev, void *data)
{
	struct pf_list *list = data;
	char path[FILE_PATH];
	struct own_netdev own = {.host = list->host, .directory = path};
	const struct vfpt_pf *pf;

	if (!file_is_netdev_name(netdev) ||
		!file_exists(list->host->root, file_net_path(path, netdev, "device/sriov_numvfs")))
		return 0;
	if (file_each_sorted(list->host->root, file_net_path(path, netdev, "device/net"), find_own_netdev,
		    &own) <= 0 ||
		strcmp(own.name, netdev) != 0)
		return 0;
	return vfpt_host_pf(list->host, netdev, &pf, list->err) < 0 ||
	       host_append(&list->pfs, &list->count, (void *)(uintptr_t)pf, list->err) < 0;
}

int vfpt_host_pfs(struct vfpt_host *host, const struct vfpt_pf ***out, size_t *count, struct vfpt_error *err)
{
	struct pf_list list = {.host = host, .err = err};
	int r = file_each_sorted(host->root, "sys/class/net", add_listed_pf, &list);

	if (r < 0)
		vfpt_error_errno(err, VFPT_SYSTEM, errno, "cannot read /sys/class/net");
	if (r != 0) {
		free(list.pfs);
		return -1;
	}
	*out = list.pfs;
	*count = list.count;
	return 0;
}

bool vfpt_host_has(const struct vfpt_host *host, const struct vfpt_pci *vf)
{
	char path[FILE_PATH];

	return file_exists(host->root, file_pci_path(path, vf, "physfn"));
}

int vfpt_host_find_vf(struct vfpt_host *host, const struct vfpt_pci *vf, const struct vfpt_pf **pf,
	unsigned *index, struct vfpt_error *err)
{
	char path[FILE_PATH], text[VFPT_PCI_SIZE];
	struct own_netdev own = {.host = host, .directory = path};
	struct vfpt_pci physfn;
	int r;

	vfpt_pci_format(vf, text);
	if (!vfpt_host_has(host, vf))
		return vfpt_error_set(err, VFPT_NO_VF, "there is no VF %s on this host", text);
	if (read_address(host->root, file_pci_path(path, vf, "physfn"), &physfn) < 0)
		return vfpt_error_errno(err, VFPT_SYSTEM, errno, "VF %s: cannot read its PF's address", text);
	r = file_each_sorted(host->root, file_pci_path(path, vf, "physfn/net"), find_own_netdev, &own);
	if (r < 0 && errno != ENOENT)
		return vfpt_error_errno(err, VFPT_SYSTEM, errno, "VF %s: cannot read /%s", text, path);
	if (r <= 0)
		return vfpt_error_set(err, VFPT_SYSTEM,
			"the PF of VF %s has no network device here; bind it to its driver", text);
	if (vfpt_host_pf(host, own.name, pf, err) < 0)
		return -1;
	for (*index = 0; *index < (*pf)->vf_count; ++*index)
		if (vfpt_pci_equal(&(*pf)->vfs[*index], vf))
			return 0;
	return vfpt_error_set(err, VFPT_NO_VF, "PF %s does not list VF %s", own.name, text);
}

int vfpt_host_vf_of_netdev(
	struct vfpt_host *host, const char *netdev, struct vfpt_pci *vf, struct vfpt_error *err)
{
	char path[FILE_PATH];

	if (!file_is_netdev_name(netdev))
		return vfpt_error_set(
			err, VFPT_BAD_INPUT, "\"%.40s\" is not a network device's name", netdev);
	if (!file_exists(host->root, file_net_path(path, netdev, "")))
		return vfpt_error_set(err, VFPT_BAD_INPUT,
			"there is no network device %s on this host, or someone else has it", netdev);
	if (!file_exists(host->root, file_net_path(path, netdev, "device/physfn")))
		return vfpt_error_set(err, VFPT_BAD_INPUT, "network device %s is not a VF's", netdev);
	if (read_address(host->root, file_net_path(path, netdev, "device"), vf) < 0)
		return vfpt_error_errno(err, VFPT_SYSTEM, errno, "%s: cannot read its PCI address", netdev);
	return 0;
}

static int read_netdev(
	const struct vfpt_host *host, const char *name, struct vfpt_netdev *out, struct vfpt_error *err)
{
	char path[FILE_PATH], mac[VFPT_MAC_SIZE + 1];
	uint64_t ifindex, mtu;

	snprintf(out->name, sizeof(out->name), "%s", name);
	if (file_number(host->root, file_net_path(path, name, "ifindex"), INT_MAX, &ifindex) < 0 ||
		file_number(host->root, file_net_path(path, name, "mtu"), UINT32_MAX, &mtu) < 0)
		return vfpt_error_errno(err, VFPT_SYSTEM, errno, "cannot read /%s", path);
	if (file_read(host->root, file_net_path(path, name, "address"), mac, sizeof(mac)) < 0 ||
		vfpt_mac_parse(mac, &out->mac, err) < 0)
		return vfpt_error_set(err, VFPT_SYSTEM, "cannot read the MAC of %s", name);
	out->ifindex = (unsigned)ifindex;
	out->mtu = (unsigned)mtu;
	return 0;
}

int vfpt_host_netdev(
	struct vfpt_host *host, const struct vfpt_pci *vf, struct vfpt_netdev *out, struct vfpt_error *err)
{
	char path[FILE_PATH];
	struct own_netdev own = {.host = host, .directory = path};

	if (file_each_sorted(host->root, file_pci_path(path, vf, "net"), find_own_netdev, &own) <= 0)
		return vfpt_error_set(err, VFPT_NO_VF, "it has no network device here: no driver has it");
	return read_netdev(host, own.name, out, err);
}

/* ..._ndo_get_vf_config() of these show what the VF's driver told the PF, Linux 6.1. */
static bool shows_own_macs(const char *driver)
{
	static const char *const drivers[] = {"bnxt_en", "i40e", "ice", "igb", "ixgbe"};

	for (size_t i = 0; i < sizeof(drivers) / sizeof(drivers[0]); i++)
		if (strcmp(driver, drivers[i]) == 0)
			return true;
	return false;
}

static bool is_made_up(const struct vfpt_host *host, const struct vfpt_netdev *netdev)
{
	enum { NET_ADDR_RANDOM = 1, NET_ADDR_SET = 3 };
	char path[FILE_PATH];
	uint64_t type;

	return file_number(host->root, file_net_path(path, netdev->name, "addr_assign_type"), UINT8_MAX,
		       &type) == 0 &&
	       (type == NET_ADDR_RANDOM || type == NET_ADDR_SET);
}

struct vfpt_mac vfpt_host_own_mac(struct vfpt_host *host, const struct vfpt_pf *pf, const struct vfpt_pci *vf,
	const struct vfpt_mac *shown)
{
	const struct vfpt_mac none = vfpt_mac_of(0);
	struct vfpt_netdev netdev;
	struct vfpt_error err;

	if (vfpt_host_netdev(host, vf, &netdev, &err) < 0)
		return err.code == VFPT_NO_VF && shows_own_macs(pf->driver) ? *shown : none;
	if (vfpt_mac_equal(shown, &none))
		return netdev.mac;
	return vfpt_mac_equal(&netdev.mac, shown) && is_made_up(host, &netdev) ? *shown : none;
}

static int find_upper(const char *entry, void *data)
{
	struct own_netdev *own = data;

	if (strncmp(entry, "upper_", 6) != 0 || !file_is_netdev_name(entry + 6))
		return 0;
	snprintf(own->name, sizeof(own->name), "%s", entry + 6);
	return 1;
}

bool vfpt_host_upper(struct vfpt_host *host, const struct vfpt_netdev *lower, struct vfpt_netdev *out)
{
	struct own_netdev own = {.host = host};
	struct vfpt_error ignored;
	char path[FILE_PATH];

	return file_each_sorted(host->root, file_net_path(path, lower->name, ""), find_upper, &own) > 0 &&
	       read_netdev(host, own.name, out, &ignored) == 0;
}

/* --- where things are ------------------------------------------------------------------------ */

int vfpt_host_numa_node(struct vfpt_host *host, const struct vfpt_pf *pf)
{
	char path[FILE_PATH];
	uint64_t node;

	/* -1, where there is one node only or the firmware does not tell, is no number here. */
	return file_number(host->root, file_pci_path(path, &pf->address, "numa_node"), UINT16_MAX, &node) < 0
		       ? -1
		       : (int)node;
}

char *vfpt_host_driver(
	const struct vfpt_host *host, const struct vfpt_pci *function, char *buffer, size_t size)
{
	char path[FILE_PATH], name[64];

	if (file_link_name(host->root, file_pci_path(path, function, "driver"), name, sizeof(name)) < 0)
		name[0] = '\0';
	snprintf(buffer, size, "%s", name);
	return buffer;
}

unsigned vfpt_host_total_vfs(const struct vfpt_host *host, const struct vfpt_pf *pf)
{
	char path[FILE_PATH];
	uint64_t total;

	return file_number(host->root, file_pci_path(path, &pf->address, "sriov_totalvfs"), VFPT_MAX_VFS,
		       &total) < 0
		       ? 0
		       : (unsigned)total;
}

unsigned vfpt_host_link_speed(struct vfpt_host *host, const struct vfpt_pf *pf)
{
	char path[FILE_PATH];
	uint64_t speed;

	/* -1 where it is not known, an error where there is no link. */
	return file_number(host->root, file_net_path(path, pf->name, "speed"), INT_MAX, &speed) < 0
		       ? 0
		       : (unsigned)speed;
}

struct group_reader {
	struct vfpt_host *host;
	struct vfpt_iommu_group *group;
	struct vfpt_error *err;
};

static int add_member(const char *name, void *data)
{
	struct group_reader *reader = data;
	struct vfpt_iommu_group *group = reader->group;
	struct vfpt_pci member, *added;
	char path[FILE_PATH];
	uint64_t class;

	if (vfpt_pci_parse(name, &member, reader->err) < 0)
		return 1;
	/*
	 * VFIO lets bridges (class 0604) stay with their driver:
	 * linux/drivers/vfio/group.c, vfio_dev_viable().
	 */
	if (file_number(reader->host->root, file_pci_path(path, &member, "class"), UINT32_MAX, &class) == 0 &&
		class >> 8 == 0x0604)
		return 0;
	added = vfpt_array_add(&group->members, &group->count, sizeof(*added));
	if (!added) {
		vfpt_error_errno(reader->err, VFPT_SYSTEM, ENOMEM, "iommu group");
		return 1;
	}
	*added = member;
	return 0;
}

int vfpt_host_iommu_group(struct vfpt_host *host, const struct vfpt_pci *function,
	struct vfpt_iommu_group *out, struct vfpt_error *err)
{
	struct group_reader reader = {.host = host, .group = out, .err = err};
	char path[FILE_PATH], name[16] = "";
	int r;

	*out = (struct vfpt_iommu_group){0};
	if (file_link_name(host->root, file_pci_path(path, function, "iommu_group"), name, sizeof(name)) <
			0 &&
		errno != ENOENT)
		return vfpt_error_errno(err, VFPT_SYSTEM, errno, "cannot read /%s", path);
	if (!name[0])
		return vfpt_error_set(err, VFPT_NO_VF,
			"it has no iommu group; enable the IOMMU in the firmware and on the kernel command "
			"line "
			"(intel_iommu=on)");
	out->number = (unsigned)strtoul(name, NULL, 10);
	r = file_each(host->root, file_pci_path(path, function, "iommu_group/devices"), add_member, &reader);
	if (r < 0)
		vfpt_error_errno(err, VFPT_SYSTEM, errno, "cannot read iommu group %s", name);
	if (r != 0) {
		vfpt_iommu_group_free(out);
		return -1;
	}
	return 0;
}

void vfpt_iommu_group_free(struct vfpt_iommu_group *group)
{
	free(group->members);
	*group = (struct vfpt_iommu_group){0};
}
