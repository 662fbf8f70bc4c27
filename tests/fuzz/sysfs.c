/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A host's /sys and /proc. The input's first line names a bridge, the others make a tree (tree.h). */
#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fuzz.h"
#include "tree.h"
#include "vfpt/network.h"
#include "vfpt/vf_usage.h"

static int root = -1;

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
	if (vfpt_vf_usage(host, address, &taken, reason, &err) < 0)
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
	char *text = as_string(data, size), *rest = text, *bridge = strsep(&rest, "\n");
	struct vfpt_host *host;
	struct vfpt_error err;

	if (root < 0)
		root = own_directory();
	if (rest)
		make_tree(root, rest);
	MUST(vfpt_host_open(root, NULL, &host, &err) == 0);
	look_at_network(host, bridge);
	look_at_functions(host);
	vfpt_host_free(host);
	empty_tree(own_path());
	free(text);
	return 0;
}
