/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "numa.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "alloc.h"
#include "file.h"

struct node_search {
	int root;
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
	if (file_read(search->root, path, text, sizeof(text)) > 0 &&
		vfpt_set_parse(search->here, text) == 0 && have_common(search->here, search->cpus))
		vfpt_set_add(search->nodes, (unsigned)node);
	return 0;
}

int vfpt_nodes_of_cpus(int root, const struct vfpt_set *cpus, struct vfpt_set *nodes, struct vfpt_error *err)
{
	autofree struct vfpt_set *here = malloc(sizeof(*here));
	struct node_search search = {.root = root, .cpus = cpus, .here = here, .nodes = nodes};

	if (!here)
		return vfpt_error_errno(err, VFPT_SYSTEM, ENOMEM, "NUMA nodes");
	(void)file_each(root, "sys/devices/system/node", look_at_node, &search);
	return 0;
}
