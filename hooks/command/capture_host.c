/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What goes in of the machine. Only what is named here does. */
#include <fcntl.h>
#include <fnmatch.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "capture.h"
#include "file.h"
#include "processes.h"

/* What of a network device, a PCI function, a NUMA node ... Names are patterns. */
static const char *const netdev[] = {"address", "brif", "carrier", "device", "duplex", "flags", "ifindex",
	"iflink", "lower_*", "master", "mtu", "operstate", "phys_port_name", "phys_switch_id", "speed",
	"type", "uevent", "upper_*", NULL};
static const char *const function[] = {"class", "current_link_speed", "current_link_width", "device",
	"driver", "infiniband", "iommu_group", "local_cpulist", "max_link_speed", "max_link_width", "net",
	"numa_node", "physfn", "revision", "sriov_numvfs", "sriov_totalvfs", "sriov_drivers_autoprobe",
	"subsystem_device", "subsystem_vendor", "uio", "vdpa*", "vendor", "vfio-dev", "virtfn*", NULL};

/* --- a file, a directory, a tree ------------------------------------------------------------- */

/* How many names there are in a path that only leads down; 0 where it does not. */
static size_t depth(const char *path)
{
	size_t names = 0;

	for (const char *slash; path; path = slash ? slash + 1 : NULL, names++) {
		size_t length = strcspn(path, "/");

		slash = path[length] ? path + length : NULL;
		if (length == 0 || (length <= 2 && strncmp(path, "..", length) == 0))
			return 0;
	}
	return names;
}

/* A name that leads down may be a link; so what goes up behind it could go anywhere. */
bool stays_inside(const char *path, const char *target)
{
	size_t up = 0;

	for (; strncmp(target, "../", 3) == 0; target += 3)
		up++;
	return depth(target) > 0 && up < depth(path);
}

/*
 * What is there, unless it is below a link: then it is elsewhere, and stays_inside() would not know where.
 * @return a descriptor of it that can be asked for its status only, or -1 with errno
 */
static int open_no_links(const struct capture *c, const char *path)
{
	struct open_how how = {
		.flags = O_PATH | O_NOFOLLOW | O_CLOEXEC, .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS};

	return (int)syscall(SYS_openat2, c->tools->session.root, path, &how, sizeof(how));
}

static int put_link(struct capture *c, const char *path)
{
	ssize_t length = readlinkat(c->tools->session.root, path, c->text, LARGEST - 1);

	if (length < 0)
		return 0;
	c->text[length] = '\0';
	return stays_inside(path, c->text) ? parcel_link(&c->parcel, path, c->text, c->err) : 0;
}

/* What cannot be read now (the speed of a link that is down) is as good as not there. */
int put_entry(struct capture *c, const char *path)
{
	autoclose int fd = open_no_links(c, path);
	struct stat status;
	int length;

	if (fd < 0 || fstat(fd, &status) < 0)
		return 0;
	if (S_ISDIR(status.st_mode))
		return parcel_directory(&c->parcel, path, c->err);
	if (S_ISLNK(status.st_mode))
		return put_link(c, path);
	length = S_ISREG(status.st_mode) ? file_read_start(c->tools->session.root, path, c->text, LARGEST)
					 : -1;
	return length < 0 ? 0 : parcel_file(&c->parcel, path, c->text, (size_t)length, c->err);
}

struct entries {
	struct capture *c;
	const char *directory, *pattern;
	put_path *step;
};

static int do_with_entry(const char *name, void *data)
{
	const struct entries *entries = data;
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/%s", entries->directory, name);
	return fnmatch(entries->pattern, name, 0) == 0 && entries->step(entries->c, path) < 0;
}

/* One that is not there has none. */
int each(struct capture *c, const char *directory, const char *pattern, put_path *step)
{
	struct entries entries = {.c = c, .directory = directory, .pattern = pattern, .step = step};

	return file_each_sorted(c->tools->session.root, directory, do_with_entry, &entries) > 0 ? -1 : 0;
}

static int each_of(struct capture *c, const char *directory, const char *const *patterns)
{
	for (; *patterns; patterns++)
		if (each(c, directory, *patterns, put_entry) < 0)
			return -1;
	return 0;
}

/* Where a link of /sys/class or /sys/bus leads to: "../../devices/X" is sys/devices/X. Else @path itself. */
static char *resolve(const struct capture *c, const char *path, char real[PATH_MAX])
{
	char target[PATH_MAX - 8];
	ssize_t length = file_link(c->tools->session.root, path, target, sizeof(target));

	target[length < 0 ? 0 : length] = '\0';
	if (stays_inside(path, target))
		snprintf(real, PATH_MAX, "sys/%s", target + strspn(target, "./"));
	else
		snprintf(real, PATH_MAX, "%s", path);
	return real;
}

/* --- the host -------------------------------------------------------------------------------- */

int put_netdev(struct capture *c, const char *path)
{
	char real[PATH_MAX], ports[PATH_MAX + 8];

	snprintf(ports, sizeof(ports), "%s/brif", resolve(c, path, real));
	return put_entry(c, path) < 0 || each_of(c, real, netdev) < 0 ? -1 : each(c, ports, "*", put_entry);
}

int put_function(struct capture *c, const char *path)
{
	char real[PATH_MAX];

	return put_entry(c, path) < 0 ? -1 : each_of(c, resolve(c, path, real), function);
}

int put_group(struct capture *c, const char *path)
{
	char devices[PATH_MAX + 8];

	snprintf(devices, sizeof(devices), "%s/devices", path);
	return each(c, devices, "*", put_entry);
}

int put_node(struct capture *c, const char *path)
{
	return each(c, path, "cpulist", put_entry);
}

/* Of a VM's process its id only: what else is on its command line is nobody's business. */
static int put_process(struct capture *c, const struct vm_process *process)
{
	char path[64], line[sizeof("vm") + sizeof("-uuid") + VFPT_VM_SIZE] = "vm\0-uuid";

	snprintf(path, sizeof(path), "proc/%u/cmdline", process->pid);
	memcpy(line + sizeof("vm") + sizeof("-uuid"), process->vm, VFPT_VM_SIZE);
	return parcel_file(&c->parcel, path, line, sizeof(line), c->err);
}

int put_processes(struct capture *c)
{
	const char *qemu_user =
		c->tools->session.captured ? NULL : c->tools->session.config->policy.qemu_user;
	autofree struct vm_process *processes = NULL;
	size_t count;

	if (processes_of_vms(c->tools->session.root, qemu_user,
		    c->tools->session.config->policy.liveness_timeout, &processes, &count) < 0)
		return vfpt_error_set(c->err, VFPT_SYSTEM, "cannot read the processes of VMs in /proc");
	for (size_t i = 0; i < count; i++)
		if (put_process(c, &processes[i]) < 0)
			return -1;
	return 0;
}
