/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A host's /sys and /proc. The first line of the input is the name of a bridge; each other one makes
 * something:
 *
 *     PATH=TEXT     a file; ';' in its text is a line's end
 *     PATH>TARGET   a symbolic link, which cannot lead out of the tree
 *     PATH          a directory
 */
#include <dirent.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fuzz.h"
#include "vfpt/host.h"
#include "vfpt/inuse.h"

enum { MOST = 128 };

static int root = -1;

/* What was made, in that order. */
static struct made {
	const char *path;
	bool is_link, is_directory;
} made[MOST];
static size_t made_count;

/* --- making it */

/* How many names there are in the path, each of which leads down; 0 where there is none or another. */
static size_t depth(const char *path)
{
	size_t names = 0;

	for (size_t length; *path; path += length, path += *path == '/', names++) {
		length = strcspn(path, "/");
		if (length == 0 || length > 64 || (path[0] == '.' && strspn(path, ".") == length) ||
			(path[length] == '/' && !path[length + 1]))
			return 0;
	}
	return names;
}

/* Links lie where their path says, and their targets go up at the start only: no path leaves the tree. */
static bool is_safe_target(const char *target, const char *path)
{
	size_t up = 0;

	while (strncmp(target, "../", 3) == 0) {
		target += 3;
		up++;
	}
	return up < depth(path) && depth(target) > 0;
}

static bool is_below_link(const char *path)
{
	for (size_t i = 0; i < made_count; i++) {
		size_t length = strlen(made[i].path);

		if (made[i].is_link && strncmp(path, made[i].path, length) == 0 && path[length] == '/')
			return true;
	}
	return false;
}

static void remember(const char *path, bool is_link, bool is_directory)
{
	if (made_count < MOST)
		made[made_count++] =
			(struct made){.path = path, .is_link = is_link, .is_directory = is_directory};
}

/* @path is cut for a moment at each of its slashes. */
static void make_parents(char *path)
{
	for (char *slash = strchr(path, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		if (made_count < MOST && mkdirat(root, path, 0755) == 0)
			remember(strdup(path), false, true);
		*slash = '/';
	}
}

static void make_file(const char *path, char *text)
{
	int fd = openat(root, path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);

	if (fd < 0)
		return;
	remember(strdup(path), false, false);
	for (char *c = text; (c = strchr(c, ';'));)
		*c = '\n';
	MUST(write(fd, text, strlen(text)) == (ssize_t)strlen(text));
	close(fd);
}

static void make(char *line)
{
	char *end = line + strcspn(line, "=>"), kind = *end;

	*end = '\0';
	if (depth(line) == 0 || depth(line) > 16 || is_below_link(line))
		return;
	make_parents(line);
	if (made_count >= MOST)
		return;
	if (kind == '=')
		make_file(line, end + 1);
	else if (kind == '>' && is_safe_target(end + 1, line) && symlinkat(end + 1, root, line) == 0)
		remember(strdup(line), true, false);
	else if (!kind && mkdirat(root, line, 0755) == 0)
		remember(strdup(line), false, true);
}

static void remove_all(void)
{
	while (made_count > 0) {
		const struct made *last = &made[--made_count];

		MUST(unlinkat(root, last->path, last->is_directory ? AT_REMOVEDIR : 0) == 0);
		free((void *)(uintptr_t)last->path);
	}
}

/* --- looking at it */

static void look_at_network(struct vfpt_host *host, const char *bridge)
{
	const struct vfpt_network *network, *again;
	struct vfpt_error err;

	if (vfpt_host_network(host, bridge, &network, &err) < 0) {
		must_tell(&err);
		return;
	}
	MUST(network->vlan_id <= 4094 && (network->pf_count > 0 || network->why.message[0]));
	for (size_t i = 0; i < network->pf_count; i++) {
		const struct vfpt_pf *pf = network->pfs[i];

		MUST(pf->vf_count > 0 && pf->vf_count <= VFPT_MAX_VFS);
		MUST(strlen(pf->name) < sizeof(pf->name) && strlen(pf->driver) < sizeof(pf->driver));
		(void)vfpt_host_link_speed(host, pf);
	}
	MUST(vfpt_host_network(host, bridge, &again, &err) == 0 && again == network);
}

static void look_at_function(struct vfpt_host *host, const struct vfpt_pci *address)
{
	struct vfpt_iommu_group group;
	char reason[VFPT_REASON_SIZE];
	const struct vfpt_pf *pf;
	struct vfpt_error err;
	unsigned index;
	bool taken;

	if (vfpt_host_find_vf(host, address, &pf, &index, &err) < 0)
		must_tell(&err);
	else
		MUST(index < pf->vf_count && vfpt_pci_equal(&pf->vfs[index], address));
	if (vfpt_host_iommu_group(host, address, &group, &err) < 0)
		must_tell(&err);
	vfpt_iommu_group_free(&group);
	if (vfpt_inuse(host, address, &taken, reason, &err) < 0)
		must_tell(&err);
	else
		MUST(taken == (reason[0] != '\0') && memchr(reason, '\0', sizeof(reason)));
}

static void look_at_functions(struct vfpt_host *host)
{
	int fd = openat(root, "sys/bus/pci/devices", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *directory = fd < 0 ? NULL : fdopendir(fd);
	struct vfpt_error ignored;
	struct dirent *entry;
	struct vfpt_pci address;

	if (!directory)
		return;
	while ((entry = readdir(directory)))
		if (vfpt_pci_parse(entry->d_name, &address, &ignored) == 0)
			look_at_function(host, &address);
	closedir(directory);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = as_string(data, size), *rest = text, *bridge = strsep(&rest, "\n"), *line;
	struct vfpt_host *host;
	struct vfpt_error err;

	if (root < 0)
		root = own_directory();
	while ((line = strsep(&rest, "\n")))
		make(line);
	MUST(vfpt_host_open(root, NULL, &host, &err) == 0);
	look_at_network(host, bridge);
	look_at_functions(host);
	vfpt_host_free(host);
	remove_all();
	free(text);
	return 0;
}
