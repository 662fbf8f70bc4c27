/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vfpt/vf_usage.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "file.h"
#include "vf_netlink.h"

struct look {
	struct vfpt_host *host;
	char device[FILE_PATH / 2]; /* the VF's directory */
	char *reason;
	struct vfpt_error *err;
	const char *netdev;
	bool failed;
	bool lacks_netdev;
	unsigned netdevs;
};

__attribute__((format(printf, 2, 3))) static int taken_because(struct look *look, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(look->reason, VFPT_REASON_SIZE, format, args);
	va_end(args);
	return 1;
}

/* A network device that is renamed or moved while we look is in somebody's hands. */
static int fail(struct look *look, const char *what)
{
	if (errno == ENOENT && look->netdevs)
		return taken_because(look, "its network device is being renamed or moved");
	look->failed = true;
	vfpt_error_errno(look->err, VFPT_SYSTEM, errno, "%s: cannot read %s", look->device, what);
	return 1;
}

/* Every device on top of another (bridge, VLAN, macvtap, bond, Open vSwitch) has an upper_NAME link in it. */
static int look_at_entry(const char *entry, void *data)
{
	struct look *look = data;

	if (strncmp(entry, "upper_", 6) != 0)
		return 0;
	return taken_because(look, "its network device %s carries %s", look->netdev, entry + 6);
}

static int has_address(struct look *look)
{
	return taken_because(look, "its network device %s has an IP address", look->netdev);
}

/* A captured tree has noted what netlink told (vfpt capture). */
static bool is_noted(const struct vfpt_host *host, const char *netdev)
{
	char path[FILE_PATH];

	snprintf(path, sizeof(path), "netlink/address/%.15s", netdev);
	return file_exists(vfpt_host_root(host), path);
}

static int look_at_addresses(struct look *look, const char *netdev)
{
	char path[FILE_PATH];
	uint64_t ifindex;
	bool has;

	if (!vfpt_host_netlink(look->host))
		return is_noted(look->host, netdev) ? has_address(look) : 0;
	snprintf(path, sizeof(path), "%s/net/%.15s/ifindex", look->device, netdev);
	if (file_number(vfpt_host_root(look->host), path, INT_MAX, &ifindex) < 0)
		return fail(look, "net/*/ifindex");
	if (vfpt_netlink_has_address(vfpt_host_netlink(look->host), (unsigned)ifindex, &has, look->err) < 0) {
		if (!file_exists(vfpt_host_root(look->host), path)) /* the kernel knows none of that index */
			return taken_because(look, "its network device is being renamed or moved");
		look->failed = true;
		return 1;
	}
	return has ? has_address(look) : 0;
}

static int look_at_netdev(const char *netdev, void *data)
{
	struct look *look = data;
	char path[FILE_PATH];
	int r;

	look->netdevs++;
	look->netdev = netdev;
	snprintf(path, sizeof(path), "%s/net/%.15s", look->device, netdev);
	r = file_each(vfpt_host_root(look->host), path, look_at_entry, look);
	if (r < 0)
		return fail(look, "net/*");
	return r ? r : look_at_addresses(look, netdev);
}

/* What its driver made of a function that has no network device. */
struct made {
	bool vfio, uio, infiniband, vdpa;
};

static int look_at_class(const char *entry, void *data)
{
	struct made *made = data;

	made->vfio |= strcmp(entry, "vfio-dev") == 0;
	made->uio |= strcmp(entry, "uio") == 0;
	made->infiniband |= strcmp(entry, "infiniband") == 0;
	made->vdpa |= strncmp(entry, "vdpa", 4) == 0;
	return 0;
}

/*
 * mlx5_vfio_pci and others of its kind hold a VF for a VM as vfio-pci does. Since Linux 6.1 each has a
 * vfio-dev (Documentation/ABI/testing/sysfs-devices-vfio-dev); before, its name must do.
 */
static bool is_vfio(const struct made *made, const char *driver)
{
	size_t length = strlen(driver);
	const char *end = length >= 8 ? driver + length - 8 : "";

	return made->vfio || strcmp(end, "vfio-pci") == 0 || strcmp(end, "vfio_pci") == 0;
}

/* On purpose: so that the host leaves it alone, and VFIO gives the others of its iommu group away. */
static bool is_kept(const char *driver)
{
	return strcmp(driver, "pci-stub") == 0;
}

/*
 * A VF without a network device is free only when no driver holds it. A network device in another namespace
 * leaves an empty net/ behind; without one there is no net/ at all (seen on Linux 6.1).
 */
static int look_at_driver(struct look *look, bool has_net)
{
	char path[FILE_PATH], driver[64];
	struct made made = {.vfio = false};

	snprintf(path, sizeof(path), "%s/driver", look->device);
	if (file_link_name(vfpt_host_root(look->host), path, driver, sizeof(driver)) < 0)
		return errno == ENOENT ? 0 : fail(look, "driver");
	if (has_net)
		return taken_because(
			look, "%s drives it, and its network device is in another network namespace", driver);
	if (file_each(vfpt_host_root(look->host), look->device, look_at_class, &made) < 0)
		return fail(look, "the VF");
	if (is_vfio(&made, driver) || made.uio || is_kept(driver))
		return taken_because(look, "it is bound to %s", driver);
	if (made.infiniband || made.vdpa)
		return taken_because(look, "%s drives it, and made %s device of it", driver,
			made.vdpa ? "a vDPA" : "an RDMA");
	look->lacks_netdev = true;
	return taken_because(look,
		"%s drives it and made no network device of it; see dmesg, and try vfpt repair", driver);
}

static int look_at_vf(struct look *look, const struct vfpt_pci *vf, bool *taken)
{
	char path[FILE_PATH], text[VFPT_PCI_SIZE];
	bool has_net;
	int r;

	snprintf(look->device, sizeof(look->device), "sys/bus/pci/devices/%s", vfpt_pci_format(vf, text));
	snprintf(path, sizeof(path), "%s/net", look->device);
	r = file_each(vfpt_host_root(look->host), path, look_at_netdev, look);
	has_net = r >= 0;
	if (r < 0 && errno != ENOENT)
		r = fail(look, "net");
	if (r <= 0 && look->netdevs == 0)
		r = look_at_driver(look, has_net);
	if (look->failed)
		return -1;
	*taken = r > 0;
	return 0;
}

int vfpt_vf_usage(struct vfpt_host *host, const struct vfpt_pci *vf, bool *taken,
	char reason[VFPT_REASON_SIZE], struct vfpt_error *err)
{
	struct look look = {.host = host, .reason = reason, .err = err};

	reason[0] = '\0';
	return look_at_vf(&look, vf, taken);
}

bool vfpt_vf_usage_lacks_netdev(struct vfpt_host *host, const struct vfpt_pci *vf)
{
	char reason[VFPT_REASON_SIZE] = "";
	struct vfpt_error ignored;
	struct look look = {.host = host, .reason = reason, .err = &ignored};
	bool taken;

	return look_at_vf(&look, vf, &taken) == 0 && look.lacks_netdev;
}

int vfpt_vf_usage_address(struct vfpt_host *host, const char *netdev, bool *has, struct vfpt_error *err)
{
	char path[FILE_PATH];
	uint64_t ifindex;

	if (!vfpt_host_netlink(host)) {
		*has = is_noted(host, netdev);
		return 0;
	}
	snprintf(path, sizeof(path), "sys/class/net/%.15s/ifindex", netdev);
	if (file_number(vfpt_host_root(host), path, INT_MAX, &ifindex) < 0)
		return vfpt_error_errno(err, VFPT_SYSTEM, errno, "cannot read /%s", path);
	return vfpt_netlink_has_address(vfpt_host_netlink(host), (unsigned)ifindex, has, err);
}
