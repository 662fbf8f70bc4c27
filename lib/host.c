/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vfpt/host.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "file.h"
#include "netlink.h"

/* A bridge stands on a VLAN device, that on a bond, that on a PF; a little more is let pass, a loop is not.
 */
#define MAX_STACK 8

struct vfpt_host {
	int root;
	struct vfpt_netlink *netlink;
	size_t pf_count;
	struct vfpt_pf **pfs;
	size_t network_count;
	struct vfpt_network **networks;
};

int vfpt_host_open(int root, struct vfpt_netlink *netlink, struct vfpt_host **out, struct vfpt_error *err)
{
	*out = calloc(1, sizeof(**out));
	if (!*out)
		return vfpt_error_errno(err, VFPT_SYSTEM, ENOMEM, "host");
	(*out)->root = root;
	(*out)->netlink = netlink;
	return 0;
}

static void free_network(struct vfpt_network *network)
{
	if (network)
		free(network->pfs);
	free(network);
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
		free_network(host->networks[i]);
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
static int keep(void *array, size_t *count, void *item, struct vfpt_error *err)
{
	void ***items = array;
	void **grown = reallocarray(*items, *count + 1, sizeof(*grown));

	if (!grown)
		return vfpt_error_errno(err, VFPT_SYSTEM, ENOMEM, "host");
	grown[(*count)++] = item;
	*items = grown;
	return 0;
}

static char *net_path(char path[FILE_PATH], const char *netdev, const char *attribute)
{
	snprintf(path, FILE_PATH, "sys/class/net/%s/%s", netdev, attribute);
	return path;
}

static char *pci_path(char path[FILE_PATH], const struct vfpt_pci *address, const char *attribute)
{
	char text[VFPT_PCI_SIZE];

	snprintf(path, FILE_PATH, "sys/bus/pci/devices/%s/%s", vfpt_pci_format(address, text), attribute);
	return path;
}

/* As the kernel's dev_valid_name(): what comes from outside must not leave its directory. */
static bool valid_netdev(const char *name)
{
	size_t length = strlen(name);

	return length > 0 && length < IFNAMSIZ && strcmp(name, ".") != 0 && strcmp(name, "..") != 0 &&
	       !strpbrk(name, "/: \t\n\v\f\r");
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
	uint64_t count;
	int dir, r = 0;

	if (file_number(host->root, pci_path(path, &pf->address, "sriov_numvfs"), VFPT_MAX_VFS, &count) < 0)
		return vfpt_error_errno(err, VFPT_SYSTEM, errno, "PF %s: cannot read sriov_numvfs", pf->name);
	pf->vfs = calloc(count + 1, sizeof(*pf->vfs));
	if (!pf->vfs)
		return vfpt_error_errno(err, VFPT_SYSTEM, ENOMEM, "PF %s", pf->name);
	dir = file_open(host->root, pci_path(path, &pf->address, ""), O_PATH | O_DIRECTORY);
	if (dir < 0)
		return vfpt_error_errno(err, VFPT_SYSTEM, errno, "PF %s: cannot open /%s", pf->name, path);
	for (; r == 0 && pf->vf_count < count; pf->vf_count++)
		if (read_address(dir, virtfn(pf->vf_count, link), &pf->vfs[pf->vf_count]) < 0)
			r = vfpt_error_errno(
				err, VFPT_SYSTEM, errno, "PF %s: cannot read %s", pf->name, link);
	close(dir);
	return r;
}

/* Is the link up? "unknown" is what drivers without carrier detection show. */
static bool is_up(const struct vfpt_host *host, const char *netdev)
{
	char path[FILE_PATH], state[16];

	return file_read(host->root, net_path(path, netdev, "operstate"), state, sizeof(state)) > 0 &&
	       (strcmp(state, "up") == 0 || strcmp(state, "unknown") == 0);
}

static int read_pf(
	const struct vfpt_host *host, const char *netdev, struct vfpt_pf *pf, struct vfpt_error *err)
{
	char path[FILE_PATH], mac[VFPT_MAC_SIZE + 1];
	uint64_t ifindex, mtu;

	snprintf(pf->name, sizeof(pf->name), "%s", netdev);
	if (read_address(host->root, net_path(path, netdev, "device"), &pf->address) < 0)
		return vfpt_error_errno(
			err, VFPT_SYSTEM, errno, "PF %s: cannot read its PCI address", netdev);
	if (file_number(host->root, net_path(path, netdev, "ifindex"), INT_MAX, &ifindex) < 0 ||
		file_number(host->root, net_path(path, netdev, "mtu"), UINT32_MAX, &mtu) < 0)
		return vfpt_error_errno(err, VFPT_SYSTEM, errno, "PF %s: cannot read %s", netdev, path);
	if (file_read(host->root, net_path(path, netdev, "address"), mac, sizeof(mac)) < 0 ||
		vfpt_mac_parse(mac, &pf->mac, err) < 0)
		return vfpt_error_set(err, VFPT_SYSTEM, "PF %s: cannot read its MAC", netdev);
	pf->ifindex = (unsigned)ifindex;
	pf->mtu = (unsigned)mtu;
	pf->up = is_up(host, netdev);
	if (file_link_name(
		    host->root, pci_path(path, &pf->address, "driver"), pf->driver, sizeof(pf->driver)) < 0)
		snprintf(pf->driver, sizeof(pf->driver), "no driver");
	return read_vfs(host, pf, err);
}

/* The PF of that network device, read once. */
static int get_pf(
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
	if (read_pf(host, netdev, pf, err) < 0 || keep(&host->pfs, &host->pf_count, pf, err) < 0) {
		free_pf(pf);
		return -1;
	}
	*out = pf;
	return 0;
}

/*
 * @return 1 for yes, 0, or -1 with errno: a VLAN device that is taken for another would give the VM a VF
 * without its tag. Every device has the file; one that lacks it is not there, which the next look tells.
 */
static int is_vlan(const struct vfpt_host *host, const char *netdev)
{
	char path[FILE_PATH], text[512];
	int length = file_read(host->root, net_path(path, netdev, "uevent"), text, sizeof(text));

	if (length < 0)
		return errno == ENOENT ? 0 : -1;
	return strncmp(text, "DEVTYPE=vlan\n", 13) == 0;
}

/* More than any host's VLAN devices. */
#define MOST_VLAN_TEXT 65536

/* The id of @netdev in "NAME | ID | PARENT" lines, which are cut up; 0: it is not there. */
static uint16_t find_vlan(char *text, const char *netdev)
{
	char *save = NULL;

	for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		char name[IFNAMSIZ];
		unsigned value;

		if (sscanf(line, "%15s | %9u |", name, &value) == 2 && strcmp(name, netdev) == 0 &&
			value >= 1 && value <= 4094)
			return (uint16_t)value;
	}
	return 0;
}

/* A captured tree has no kernel to ask; it keeps this file, which only root may read on a host. */
static int vlan_from_proc(
	const struct vfpt_host *host, const char *netdev, uint16_t *id, struct vfpt_error *err)
{
	char *text = malloc(MOST_VLAN_TEXT);
	int r = 0;

	*id = 0;
	if (!text)
		return vfpt_error_errno(err, VFPT_SYSTEM, ENOMEM, "proc/net/vlan/config");
	if (file_read(host->root, "proc/net/vlan/config", text, MOST_VLAN_TEXT) < 0)
		r = vfpt_error_errno(err, VFPT_SYSTEM, errno, "cannot read proc/net/vlan/config");
	else if ((*id = find_vlan(text, netdev)) == 0)
		r = vfpt_error_set(err, VFPT_SYSTEM, "proc/net/vlan/config does not know it");
	free(text);
	return r;
}

static int vlan_from_kernel(
	const struct vfpt_host *host, const char *netdev, uint16_t *id, struct vfpt_error *err)
{
	char path[FILE_PATH];
	uint64_t ifindex;
	uint16_t protocol;

	if (file_number(host->root, net_path(path, netdev, "ifindex"), INT_MAX, &ifindex) < 0)
		return vfpt_error_errno(err, VFPT_SYSTEM, errno, "cannot read its ifindex");
	if (vfpt_netlink_vlan(host->netlink, (unsigned)ifindex, id, &protocol, err) < 0)
		return -1;
	if (protocol != 0x8100)
		return vfpt_error_set(err, VFPT_NO_VF,
			"it tags with protocol %#06x, but a VF's VLAN id means 802.1Q (0x8100)", protocol);
	return 0;
}

/* "pf0vf1": it stands for VF 1 in switchdev mode. */
static bool is_representor(const struct vfpt_host *host, const char *phys_port_name)
{
	char port[32];

	return file_read(host->root, phys_port_name, port, sizeof(port)) > 0 && strstr(port, "vf");
}

/* One walk from a bridge down to its PFs. */
struct walk {
	struct vfpt_host *host;
	struct vfpt_network *network;
	struct vfpt_error *err;
	const char *above; /* the device whose lower devices are looked at */
	uint16_t vlan_id;  /* of the port that is being followed */
	unsigned depth;
	char other[IFNAMSIZ]; /* a physical network device that has no VFs, for the message */
	bool other_is_pf;
	uint16_t other_vlan_id;
};

static int visit(struct walk *walk, const char *netdev);

static int visit_lower(const char *entry, void *data)
{
	if (strncmp(entry, "lower_", 6) != 0)
		return 0;
	return visit(data, entry + 6);
}

static int descend(struct walk *walk, const char *netdev)
{
	char path[FILE_PATH];
	int r;

	if (++walk->depth > MAX_STACK) {
		vfpt_error_set(walk->err, VFPT_SYSTEM, "devices are stacked too deep at %s", netdev);
		return 1;
	}
	r = file_each_sorted(walk->host->root, net_path(path, netdev, ""), visit_lower, walk);
	/* The tap of a VM that ends meanwhile. */
	if (r < 0 && errno == ENOENT)
		r = 0;
	if (r < 0) {
		vfpt_error_errno(walk->err, VFPT_SYSTEM, errno, "cannot read %s", path);
		return 1;
	}
	walk->depth--;
	return r;
}

static int visit_vlan(struct walk *walk, const char *netdev)
{
	uint16_t id = 0;
	int r;

	if (walk->vlan_id) {
		vfpt_error_set(walk->err, VFPT_NO_VF,
			"%s is a VLAN inside VLAN %u, and a VF has only one tag", netdev, walk->vlan_id);
		return 1;
	}
	r = walk->host->netlink ? vlan_from_kernel(walk->host, netdev, &id, walk->err)
				: vlan_from_proc(walk->host, netdev, &id, walk->err);
	if (r < 0) {
		vfpt_error_wrap(walk->err, "VLAN device %s", netdev);
		return 1;
	}
	walk->vlan_id = id;
	if (!walk->other[0])
		walk->other_vlan_id = id;
	r = descend(walk, netdev);
	walk->vlan_id = 0;
	return r;
}

static int add_pf(struct walk *walk, const struct vfpt_pf *pf)
{
	struct vfpt_network *network = walk->network;

	if (network->pf_count > 0 && network->vlan_id != walk->vlan_id) {
		vfpt_error_set(walk->err, VFPT_NO_VF, "its ports disagree about the VLAN: %u on %s, %u on %s",
			network->vlan_id, network->pfs[0]->name, walk->vlan_id, pf->name);
		return 1;
	}
	for (size_t i = 0; i < network->pf_count; i++)
		if (network->pfs[i] == pf)
			return 0;
	network->vlan_id = walk->vlan_id;
	return keep(&network->pfs, &network->pf_count, (void *)(uintptr_t)pf, walk->err) < 0;
}

/* @return 0 to go on, 1 to stop with the walk's error filled in */
static int visit(struct walk *walk, const char *netdev)
{
	char path[FILE_PATH];
	const struct vfpt_pf *pf;
	int vlan;
	bool is_pf;

	if (!valid_netdev(netdev))
		return 0;
	vlan = is_vlan(walk->host, netdev);
	if (vlan < 0) {
		vfpt_error_errno(
			walk->err, VFPT_SYSTEM, errno, "cannot read /%s", net_path(path, netdev, "uevent"));
		return 1;
	}
	if (vlan)
		return visit_vlan(walk, netdev);
	if (!file_exists(walk->host->root, net_path(path, netdev, "device")))
		return descend(walk, netdev); /* a bond or a team; a tap has nothing below it */
	is_pf = file_exists(walk->host->root, net_path(path, netdev, "device/sriov_numvfs")) &&
		!is_representor(walk->host, net_path(path, netdev, "phys_port_name"));
	if (is_pf) {
		if (get_pf(walk->host, netdev, &pf, walk->err) < 0)
			return 1;
		if (pf->vf_count > 0)
			return add_pf(walk, pf);
	}
	if (!walk->other[0] || is_pf) {
		snprintf(walk->other, sizeof(walk->other), "%s", netdev);
		walk->other_is_pf = is_pf;
		walk->other_vlan_id = walk->vlan_id;
	}
	return 0;
}

static int visit_port(const char *netdev, void *data)
{
	return visit(data, netdev);
}

static void say_why(const struct walk *walk, const char *bridge, struct vfpt_error *why)
{
	if (walk->other_is_pf)
		vfpt_error_set(why, VFPT_NO_VF,
			"PF %s below bridge %s has no VFs; make some: set its number of VFs in the engine "
			"(Setup Host "
			"Networks) or write it to /sys/class/net/%s/device/sriov_numvfs",
			walk->other, bridge, walk->other);
	else if (walk->other[0])
		vfpt_error_set(why, VFPT_NO_VF,
			"%s below bridge %s is no SR-IOV PF; attach the network to a NIC with SR-IOV",
			walk->other, bridge);
	else
		vfpt_error_set(why, VFPT_NO_VF,
			"bridge %s has no PF below it; attach the network to a NIC with SR-IOV", bridge);
}

static int read_network(
	struct vfpt_host *host, const char *bridge, struct vfpt_network *network, struct vfpt_error *err)
{
	struct walk walk = {.host = host, .network = network, .err = err};
	char path[FILE_PATH];
	uint64_t mtu;
	int r;

	snprintf(network->bridge, sizeof(network->bridge), "%s", bridge);
	r = file_each_sorted(host->root, net_path(path, bridge, "brif"), visit_port, &walk);
	if (r > 0)
		return vfpt_error_wrap(err, "bridge %s", bridge);
	if (r < 0 && errno != ENOENT && errno != ENOTDIR)
		return vfpt_error_errno(err, VFPT_SYSTEM, errno, "cannot read /%s", path);
	if (r < 0) {
		bool is_device = file_exists(host->root, net_path(path, bridge, ""));

		vfpt_error_set(&network->why, VFPT_NO_VF,
			is_device ? "%s is not a bridge on this host; passthrough needs a network with a "
				    "Linux bridge, or a [network %s] with pfs in vfpt.conf"
				  : "there is no bridge %s on this host; attach the network to the host in "
				    "the engine, or give [network %s] its pfs in vfpt.conf",
			bridge, bridge);
		return 0;
	}
	if (file_number(host->root, net_path(path, bridge, "mtu"), UINT32_MAX, &mtu) < 0)
		return vfpt_error_errno(err, VFPT_SYSTEM, errno, "bridge %s: cannot read its MTU", bridge);
	network->exists = true;
	network->mtu = (unsigned)mtu;
	if (network->pf_count == 0) {
		network->vlan_id = walk.other_vlan_id;
		say_why(&walk, bridge, &network->why);
	}
	return 0;
}

int vfpt_host_network(
	struct vfpt_host *host, const char *bridge, const struct vfpt_network **out, struct vfpt_error *err)
{
	struct vfpt_network *network;

	if (!valid_netdev(bridge))
		return vfpt_error_set(err, VFPT_BAD_INPUT,
			"\"%.40s\" is not a bridge's name; give the vNIC a network that is attached to the "
			"host",
			bridge);
	for (size_t i = 0; i < host->network_count; i++)
		if (strcmp(host->networks[i]->bridge, bridge) == 0) {
			*out = host->networks[i];
			return 0;
		}
	network = calloc(1, sizeof(*network));
	if (!network)
		return vfpt_error_errno(err, VFPT_SYSTEM, ENOMEM, "bridge %s", bridge);
	if (read_network(host, bridge, network, err) < 0 ||
		keep(&host->networks, &host->network_count, network, err) < 0) {
		free_network(network);
		return -1;
	}
	*out = network;
	return 0;
}

/* --- PFs by name ----------------------------------------------------------------------------- */

struct match {
	struct vfpt_host *host;
	const char *patterns;
	size_t count;
	const struct vfpt_pf **pfs;
	struct vfpt_error *err;
	bool without_vfs; /* one has the right name, and no VFs */
};

static int match_pf(const char *netdev, void *data)
{
	struct match *match = data;
	const struct vfpt_pf *pf;
	char path[FILE_PATH];

	if (!valid_netdev(netdev) || !vfpt_names_match(match->patterns, netdev) ||
		!file_exists(match->host->root, net_path(path, netdev, "device/sriov_numvfs")) ||
		is_representor(match->host, net_path(path, netdev, "phys_port_name")))
		return 0;
	if (get_pf(match->host, netdev, &pf, match->err) < 0)
		return 1;
	if (pf->vf_count == 0) {
		match->without_vfs = true;
		return 0;
	}
	return keep(&match->pfs, &match->count, (void *)(uintptr_t)pf, match->err) < 0;
}

int vfpt_host_match(struct vfpt_host *host, const char *patterns, const struct vfpt_pf ***out, size_t *count,
	struct vfpt_error *err)
{
	struct match match = {.host = host, .patterns = patterns, .err = err};
	int r = 0;

	/* One plain name needs no look at thousands of network devices. */
	if (!strpbrk(patterns, ",*?["))
		r = match_pf(patterns, &match);
	else
		r = file_each_sorted(host->root, "sys/class/net", match_pf, &match);
	if (r < 0)
		vfpt_error_errno(err, VFPT_SYSTEM, errno, "cannot read /sys/class/net");
	else if (r == 0 && match.count == 0)
		r = vfpt_error_set(err, VFPT_NO_VF,
			match.without_vfs ? "PF %s has no VFs; make some in the engine (Setup Host Networks)"
					  : "there is no PF %s on this host; see vf_pf and vfpt.conf",
			patterns);
	if (r != 0) {
		free(match.pfs);
		return -1;
	}
	*out = match.pfs;
	*count = match.count;
	return 0;
}

/* --- VFs ------------------------------------------------------------------------------------- */

/* The PF's own network device among those of its function, which in switchdev mode has its VFs' representors
 * too. */
struct own_netdev {
	const struct vfpt_host *host;
	const char *directory;
	char name[IFNAMSIZ];
};

static int take_own_netdev(const char *name, void *data)
{
	struct own_netdev *own = data;
	char path[FILE_PATH];

	if (!valid_netdev(name))
		return 0;
	snprintf(path, sizeof(path), "%.100s/%s/phys_port_name", own->directory, name);
	if (is_representor(own->host, path))
		return 0;
	snprintf(own->name, sizeof(own->name), "%s", name);
	return 1;
}

/* A representor is on the PF's function too, and is no PF. */
static int take_pf(const char *netdev, void *data)
{
	struct match *match = data;
	char path[FILE_PATH];
	struct own_netdev own = {.host = match->host, .directory = path};
	const struct vfpt_pf *pf;

	if (!valid_netdev(netdev) ||
		!file_exists(match->host->root, net_path(path, netdev, "device/sriov_numvfs")))
		return 0;
	if (file_each_sorted(
		    match->host->root, net_path(path, netdev, "device/net"), take_own_netdev, &own) <= 0 ||
		strcmp(own.name, netdev) != 0)
		return 0;
	return get_pf(match->host, netdev, &pf, match->err) < 0 ||
	       keep(&match->pfs, &match->count, (void *)(uintptr_t)pf, match->err) < 0;
}

int vfpt_host_pfs(struct vfpt_host *host, const struct vfpt_pf ***out, size_t *count, struct vfpt_error *err)
{
	struct match match = {.host = host, .err = err};
	int r = file_each_sorted(host->root, "sys/class/net", take_pf, &match);

	if (r < 0)
		vfpt_error_errno(err, VFPT_SYSTEM, errno, "cannot read /sys/class/net");
	if (r != 0) {
		free(match.pfs);
		return -1;
	}
	*out = match.pfs;
	*count = match.count;
	return 0;
}

/* --- bridges --------------------------------------------------------------------------------- */

struct bridge_list {
	const struct vfpt_host *host;
	size_t count;
	char (*names)[IFNAMSIZ];
	struct vfpt_error *err;
};

static int take_bridge(const char *netdev, void *data)
{
	struct bridge_list *list = data;
	char path[FILE_PATH], (*grown)[IFNAMSIZ];

	if (!valid_netdev(netdev) || !file_exists(list->host->root, net_path(path, netdev, "brif")))
		return 0;
	grown = reallocarray(list->names, list->count + 1, sizeof(*grown));
	if (!grown) {
		vfpt_error_errno(list->err, VFPT_SYSTEM, ENOMEM, "host");
		return 1;
	}
	list->names = grown;
	snprintf(grown[list->count++], IFNAMSIZ, "%s", netdev);
	return 0;
}

int vfpt_host_bridges(
	const struct vfpt_host *host, char (**out)[IFNAMSIZ], size_t *count, struct vfpt_error *err)
{
	struct bridge_list list = {.host = host, .err = err};
	int r = file_each_sorted(host->root, "sys/class/net", take_bridge, &list);

	if (r < 0)
		vfpt_error_errno(err, VFPT_SYSTEM, errno, "cannot read /sys/class/net");
	if (r != 0) {
		free(list.names);
		return -1;
	}
	*out = list.names;
	*count = list.count;
	return 0;
}

bool vfpt_host_has(const struct vfpt_host *host, const struct vfpt_pci *vf)
{
	char path[FILE_PATH];

	return file_exists(host->root, pci_path(path, vf, "physfn"));
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
	if (read_address(host->root, pci_path(path, vf, "physfn"), &physfn) < 0)
		return vfpt_error_errno(err, VFPT_SYSTEM, errno, "VF %s: cannot read its PF's address", text);
	r = file_each_sorted(host->root, pci_path(path, vf, "physfn/net"), take_own_netdev, &own);
	if (r < 0 && errno != ENOENT)
		return vfpt_error_errno(err, VFPT_SYSTEM, errno, "VF %s: cannot read /%s", text, path);
	if (r <= 0)
		return vfpt_error_set(err, VFPT_SYSTEM,
			"the PF of VF %s has no network device here; bind it to its driver", text);
	if (get_pf(host, own.name, pf, err) < 0)
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

	if (!valid_netdev(netdev))
		return vfpt_error_set(
			err, VFPT_BAD_INPUT, "\"%.40s\" is not a network device's name", netdev);
	if (!file_exists(host->root, net_path(path, netdev, "")))
		return vfpt_error_set(err, VFPT_BAD_INPUT,
			"there is no network device %s on this host, or someone else has it", netdev);
	if (!file_exists(host->root, net_path(path, netdev, "device/physfn")))
		return vfpt_error_set(err, VFPT_BAD_INPUT, "network device %s is not a VF's", netdev);
	if (read_address(host->root, net_path(path, netdev, "device"), vf) < 0)
		return vfpt_error_errno(err, VFPT_SYSTEM, errno, "%s: cannot read its PCI address", netdev);
	return 0;
}

static int read_netdev(
	const struct vfpt_host *host, const char *name, struct vfpt_netdev *out, struct vfpt_error *err)
{
	char path[FILE_PATH], mac[VFPT_MAC_SIZE + 1];
	uint64_t ifindex, mtu;

	snprintf(out->name, sizeof(out->name), "%s", name);
	if (file_number(host->root, net_path(path, name, "ifindex"), INT_MAX, &ifindex) < 0 ||
		file_number(host->root, net_path(path, name, "mtu"), UINT32_MAX, &mtu) < 0)
		return vfpt_error_errno(err, VFPT_SYSTEM, errno, "cannot read /%s", path);
	if (file_read(host->root, net_path(path, name, "address"), mac, sizeof(mac)) < 0 ||
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

	if (file_each_sorted(host->root, pci_path(path, vf, "net"), take_own_netdev, &own) <= 0)
		return vfpt_error_set(err, VFPT_NO_VF, "it has no network device here: no driver has it");
	return read_netdev(host, own.name, out, err);
}

static int take_upper(const char *entry, void *data)
{
	struct own_netdev *own = data;

	if (strncmp(entry, "upper_", 6) != 0 || !valid_netdev(entry + 6))
		return 0;
	snprintf(own->name, sizeof(own->name), "%s", entry + 6);
	return 1;
}

bool vfpt_host_upper(struct vfpt_host *host, const struct vfpt_netdev *lower, struct vfpt_netdev *out)
{
	struct own_netdev own = {.host = host};
	struct vfpt_error ignored;
	char path[FILE_PATH];

	return file_each_sorted(host->root, net_path(path, lower->name, ""), take_upper, &own) > 0 &&
	       read_netdev(host, own.name, out, &ignored) == 0;
}

/* --- where things are ------------------------------------------------------------------------ */

int vfpt_host_numa_node(struct vfpt_host *host, const struct vfpt_pf *pf)
{
	char path[FILE_PATH];
	uint64_t node;

	/* -1, where there is one node only or the firmware does not tell, is no number here. */
	return file_number(host->root, pci_path(path, &pf->address, "numa_node"), VFPT_SET_SIZE - 1, &node) <
			       0
		       ? -1
		       : (int)node;
}

struct node_search {
	struct vfpt_host *host;
	const struct vfpt_set *cpus;
	struct vfpt_set *here; /* a node's own */
	struct vfpt_set *nodes;
};

static bool have_common(const struct vfpt_set *a, const struct vfpt_set *b)
{
	for (unsigned i = 0; i < VFPT_SET_SIZE / 64; i++)
		if (a->bits[i] & b->bits[i])
			return true;
	return false;
}

static int look_at_node(const char *name, void *data)
{
	struct node_search *search = data;
	char path[FILE_PATH], text[2048];
	uint64_t node;

	if (strncmp(name, "node", 4) != 0 || parse_number(name + 4, 10, VFPT_SET_SIZE - 1, &node) < 0)
		return 0;
	snprintf(path, sizeof(path), "sys/devices/system/node/%.20s/cpulist", name);
	memset(search->here, 0, sizeof(*search->here));
	if (file_read(search->host->root, path, text, sizeof(text)) > 0 &&
		vfpt_set_parse(search->here, text) == 0 && have_common(search->here, search->cpus))
		vfpt_set_add(search->nodes, (unsigned)node);
	return 0;
}

int vfpt_host_nodes_of_cpus(
	struct vfpt_host *host, const struct vfpt_set *cpus, struct vfpt_set *nodes, struct vfpt_error *err)
{
	struct node_search search = {
		.host = host, .cpus = cpus, .here = malloc(sizeof(*search.here)), .nodes = nodes};

	if (!search.here)
		return vfpt_error_errno(err, VFPT_SYSTEM, ENOMEM, "NUMA nodes");
	(void)file_each(host->root, "sys/devices/system/node", look_at_node, &search);
	free(search.here);
	return 0;
}

char *vfpt_host_driver(
	const struct vfpt_host *host, const struct vfpt_pci *function, char *buffer, size_t size)
{
	char path[FILE_PATH], name[64];

	if (file_link_name(host->root, pci_path(path, function, "driver"), name, sizeof(name)) < 0)
		name[0] = '\0';
	snprintf(buffer, size, "%s", name);
	return buffer;
}

unsigned vfpt_host_total_vfs(const struct vfpt_host *host, const struct vfpt_pf *pf)
{
	char path[FILE_PATH];
	uint64_t total;

	return file_number(host->root, pci_path(path, &pf->address, "sriov_totalvfs"), VFPT_MAX_VFS, &total) <
			       0
		       ? 0
		       : (unsigned)total;
}

unsigned vfpt_host_link_speed(struct vfpt_host *host, const struct vfpt_pf *pf)
{
	char path[FILE_PATH];
	uint64_t speed;

	/* -1 where it is not known, an error where there is no link. */
	return file_number(host->root, net_path(path, pf->name, "speed"), INT_MAX, &speed) < 0
		       ? 0
		       : (unsigned)speed;
}

struct group_reader {
	struct vfpt_host *host;
	struct vfpt_iommu_group *group;
	struct vfpt_error *err;
};

static int take_member(const char *name, void *data)
{
	struct group_reader *reader = data;
	struct vfpt_iommu_group *group = reader->group;
	struct vfpt_pci member, *grown;
	char path[FILE_PATH];
	uint64_t class;

	if (vfpt_pci_parse(name, &member, reader->err) < 0)
		return 1;
	/* VFIO lets bridges (class 0604) stay with their driver: linux/drivers/vfio/group.c,
	 * vfio_dev_viable(). */
	if (file_number(reader->host->root, pci_path(path, &member, "class"), UINT32_MAX, &class) == 0 &&
		class >> 8 == 0x0604)
		return 0;
	grown = reallocarray(group->members, group->count + 1, sizeof(*grown));
	if (!grown) {
		vfpt_error_errno(reader->err, VFPT_SYSTEM, ENOMEM, "iommu group");
		return 1;
	}
	grown[group->count++] = member;
	group->members = grown;
	return 0;
}

int vfpt_host_iommu_group(struct vfpt_host *host, const struct vfpt_pci *function,
	struct vfpt_iommu_group *out, struct vfpt_error *err)
{
	struct group_reader reader = {.host = host, .group = out, .err = err};
	char path[FILE_PATH], name[16] = "";
	int r;

	*out = (struct vfpt_iommu_group){0};
	if (file_link_name(host->root, pci_path(path, function, "iommu_group"), name, sizeof(name)) < 0 &&
		errno != ENOENT)
		return vfpt_error_errno(err, VFPT_SYSTEM, errno, "cannot read /%s", path);
	if (!name[0])
		return vfpt_error_set(err, VFPT_NO_VF,
			"it has no iommu group; enable the IOMMU in the firmware and on the kernel command "
			"line "
			"(intel_iommu=on)");
	out->number = (unsigned)strtoul(name, NULL, 10);
	r = file_each(host->root, pci_path(path, function, "iommu_group/devices"), take_member, &reader);
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
