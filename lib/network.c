/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vfpt/network.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "alloc.h"
#include "file.h"
#include "host.h"
#include "vf_netlink.h"

/*
 * A bridge stands on a VLAN device, that on a bond, that on a PF; a
 * little more is let pass, a loop is not.
 */
#define MAX_STACK 8

/*
 * @return 1 for yes, 0, or -1 with errno: a VLAN device that is taken for another would give the VM a VF
 * without its tag. Every device has the file; one that lacks it is not there, which the next look tells.
 */
static int is_vlan(const struct vfpt_host *host, const char *netdev)
{
	char path[FILE_PATH], text[512];
	int length = file_read(host->root, file_net_path(path, netdev, "uevent"), text, sizeof(text));

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

	if (file_number(host->root, file_net_path(path, netdev, "ifindex"), INT_MAX, &ifindex) < 0)
		return vfpt_error_errno(err, VFPT_SYSTEM, errno, "cannot read its ifindex");
	if (vfpt_netlink_vlan(host->netlink, (unsigned)ifindex, id, &protocol, err) < 0)
		return -1;
	if (protocol != 0x8100)
		return vfpt_error_set(err, VFPT_NO_VF,
			"it tags with protocol %#06x, but a VF's VLAN id means 802.1Q (0x8100)", protocol);
	return 0;
}

/* One walk from a bridge down to its PFs. */
struct walk {
	struct vfpt_host *host;
	struct vfpt_network *network;
	struct vfpt_error *err;
	const char *above; /* the device whose lower devices are looked at */
	uint16_t vlan_id;  /* of the port that is being followed */
	unsigned depth;
	char other[IFNAMSIZ];           /* a physical network device that has no VFs, for the message */
	const struct vfpt_pf *other_pf; /* that is a PF's; NULL: it is none */
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
	r = file_each_sorted(walk->host->root, file_net_path(path, netdev, ""), visit_lower, walk);
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

static int add_pf_of_network(struct walk *walk, const struct vfpt_pf *pf)
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
	return host_append(&network->pfs, &network->pf_count, (void *)(uintptr_t)pf, walk->err) < 0;
}

/* @return 0 to go on, 1 to stop with the walk's error filled in */
static int visit(struct walk *walk, const char *netdev)
{
	char path[FILE_PATH];
	const struct vfpt_pf *pf = NULL;
	int vlan;
	bool is_pf;

	if (!file_is_netdev_name(netdev))
		return 0;
	vlan = is_vlan(walk->host, netdev);
	if (vlan < 0) {
		vfpt_error_errno(walk->err, VFPT_SYSTEM, errno, "cannot read /%s",
			file_net_path(path, netdev, "uevent"));
		return 1;
	}
	if (vlan)
		return visit_vlan(walk, netdev);
	if (!file_exists(walk->host->root, file_net_path(path, netdev, "device")))
		return descend(walk, netdev); /* a bond or a team; a tap has nothing below it */
	is_pf = vfpt_host_is_pf(walk->host, netdev);
	if (is_pf) {
		if (vfpt_host_pf(walk->host, netdev, &pf, walk->err) < 0)
			return 1;
		if (pf->vf_count > 0)
			return add_pf_of_network(walk, pf);
	}
	if (!walk->other[0] || is_pf) {
		snprintf(walk->other, sizeof(walk->other), "%s", netdev);
		walk->other_pf = pf;
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
	if (walk->other_pf)
		vfpt_error_set(why, VFPT_NO_VF,
			"PF %s below bridge %s has no VFs; make some: write their number to "
			"/sys/class/net/%s/device/sriov_numvfs",
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
	r = file_each_sorted(host->root, file_net_path(path, bridge, "brif"), visit_port, &walk);
	if (r > 0)
		return vfpt_error_wrap(err, "bridge %s", bridge);
	if (r < 0 && errno != ENOENT && errno != ENOTDIR)
		return vfpt_error_errno(err, VFPT_SYSTEM, errno, "cannot read /%s", path);
	if (r < 0) {
		bool is_device = file_exists(host->root, file_net_path(path, bridge, ""));

		vfpt_error_set(&network->why, VFPT_NO_VF,
			is_device ? "%s is not a bridge on this host" : "there is no bridge %s on this host",
			bridge);
		return 0;
	}
	if (file_number(host->root, file_net_path(path, bridge, "mtu"), UINT32_MAX, &mtu) < 0)
		return vfpt_error_errno(err, VFPT_SYSTEM, errno, "bridge %s: cannot read its MTU", bridge);
	network->exists = true;
	network->mtu = (unsigned)mtu;
	if (network->pf_count == 0) {
		network->vlan_id = walk.other_vlan_id;
		network->without_vfs = walk.other_pf;
		say_why(&walk, bridge, &network->why);
	}
	return 0;
}

/* A copy with the PFs behind it in one piece of memory, so that whoever frees it need not know what it is. */
static struct vfpt_network *in_one_piece(const struct vfpt_network *network)
{
	size_t size = network->pf_count * sizeof(const struct vfpt_pf *);
	struct vfpt_network *copy = malloc(sizeof(*copy) + size);

	if (!copy)
		return NULL;
	*copy = *network;
	copy->pfs = (const struct vfpt_pf **)(copy + 1);
	if (size > 0)
		memcpy(copy->pfs, network->pfs, size);
	return copy;
}

int vfpt_host_network(
	struct vfpt_host *host, const char *bridge, const struct vfpt_network **out, struct vfpt_error *err)
{
	struct vfpt_network found = {.pfs = NULL}, *network = NULL;
	int r;

	if (!file_is_netdev_name(bridge))
		return vfpt_error_set(err, VFPT_BAD_INPUT, "\"%.40s\" is not a bridge's name", bridge);
	for (size_t i = 0; i < host->network_count; i++)
		if (strcmp(host->networks[i]->bridge, bridge) == 0) {
			*out = host->networks[i];
			return 0;
		}
	r = read_network(host, bridge, &found, err);
	if (r == 0 && !(network = in_one_piece(&found)))
		r = vfpt_error_errno(err, VFPT_SYSTEM, ENOMEM, "bridge %s", bridge);
	free(found.pfs);
	if (r == 0)
		r = host_append(&host->networks, &host->network_count, network, err);
	if (r < 0) {
		free(network);
		return -1;
	}
	*out = network;
	return 0;
}

/* --- bridges --------------------------------------------------------------------------------- */

struct bridge_list {
	const struct vfpt_host *host;
	size_t count;
	char (*names)[IFNAMSIZ];
	struct vfpt_error *err;
};

static int add_bridge(const char *netdev, void *data)
{
	struct bridge_list *list = data;
	char path[FILE_PATH], *added;

	if (!file_is_netdev_name(netdev) ||
		!file_exists(list->host->root, file_net_path(path, netdev, "brif")))
		return 0;
	added = vfpt_array_add(&list->names, &list->count, IFNAMSIZ);
	if (!added) {
		vfpt_error_errno(list->err, VFPT_SYSTEM, ENOMEM, "host");
		return 1;
	}
	snprintf(added, IFNAMSIZ, "%s", netdev);
	return 0;
}

int vfpt_host_bridges(
	const struct vfpt_host *host, char (**out)[IFNAMSIZ], size_t *count, struct vfpt_error *err)
{
	struct bridge_list list = {.host = host, .err = err};
	int r = file_each_sorted(host->root, "sys/class/net", add_bridge, &list);

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
