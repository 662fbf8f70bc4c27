/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vfpt list --json. */
#include "list.h"

#include "driver_limits.h"
#include "pf_match.h"

static int add_vf_object(const struct look *look, void *data, struct vfpt_error *err)
{
	struct list *list = data;
	json_object *vf;

	(void)err;
	if (!is_listed(list, look))
		return 0;
	vf = json_object_new_object();
	json_object_object_add(vf, "vf", json_object_new_int64(look->vf));
	json_object_object_add(vf, "address", json_pci(&look->address));
	json_object_object_add(vf, "driver", json_text(look->driver));
	json_object_object_add(vf, "netdev", look->has_netdev ? json_text(look->netdev.name) : NULL);
	json_object_object_add(
		vf, "iommu_group", look->iommu_group < 0 ? NULL : json_object_new_int(look->iommu_group));
	json_object_object_add(vf, "state", json_text(vfpt_state_name(look->state)));
	json_object_object_add(vf, "reason", json_text(look->reason));
	json_object_object_add(vf, "vm", json_text(look->owner));
	json_object_object_add(vf, "assignment", look->assignment ? json_assignment(look->assignment) : NULL);
	json_object_object_add(vf, "settings", json_settings(&look->settings));
	json_object_array_add(list->vfs, vf);
	return 0;
}

static json_object *json_of_limits(const struct vfpt_pf *pf)
{
	const char *const *limits = vfpt_driver_limits(pf->driver);
	json_object *array = json_object_new_array();

	for (size_t i = 0; limits && limits[i]; i++)
		json_object_array_add(array, json_text(limits[i]));
	return array;
}

static json_object *json_of_networks(const struct list *list, const struct vfpt_pf *pf)
{
	json_object *networks = json_object_new_array();

	for (size_t i = 0; i < list->service_count; i++) {
		json_object *network;

		if (!vfpt_is_pf_among(list->services[i].pfs, list->services[i].pf_count, pf))
			continue;
		network = json_object_new_object();
		json_object_object_add(network, "name", json_text(list->services[i].name));
		json_object_object_add(network, "vlan_id", json_object_new_int(list->services[i].vlan_id));
		json_object_array_add(networks, network);
	}
	return networks;
}

static int add_pf_object(struct list *list, const struct vfpt_pf *pf, struct vfpt_error *err)
{
	const struct vfpt_host *host = list->tools->session.host;
	unsigned speed = vfpt_host_link_speed(list->tools->session.host, pf);
	int node = vfpt_host_numa_node(list->tools->session.host, pf);
	json_object *object = json_object_new_object();
	char mac[VFPT_MAC_SIZE];

	json_object_object_add(object, "name", json_text(pf->name));
	json_object_object_add(object, "address", json_pci(&pf->address));
	json_object_object_add(object, "driver", json_text(pf->driver));
	json_object_object_add(object, "mac", json_text(vfpt_mac_format(&pf->mac, mac)));
	json_object_object_add(object, "link", json_text(pf->up ? "up" : "down"));
	json_object_object_add(object, "speed", speed ? json_object_new_int64(speed) : NULL);
	json_object_object_add(object, "mtu", json_object_new_int64(pf->mtu));
	json_object_object_add(object, "numa_node", node < 0 ? NULL : json_object_new_int(node));
	json_object_object_add(object, "switchdev", json_object_new_boolean(pf->switchdev));
	json_object_object_add(object, "total_vfs", json_object_new_int64(vfpt_host_total_vfs(host, pf)));
	json_object_object_add(object, "networks", json_of_networks(list, pf));
	json_object_object_add(object, "limits", json_of_limits(pf));
	json_object_object_add(object, "vfs", list->vfs = json_object_new_array());
	json_object_array_add(list->pfs, object);
	return look_at_pf(list->tools, pf, add_vf_object, list, err);
}

static json_object *json_of_gone(const struct tools *tools)
{
	json_object *all = json_object_new_array();

	for (size_t i = 0; i < tools->count; i++)
		if (!vfpt_host_has(tools->session.host, &tools->assignments[i].address))
			json_object_array_add(all, json_assignment(&tools->assignments[i]));
	return all;
}

int list_json(struct list *list, struct vfpt_error *err)
{
	json_object *document = json_document();
	int r;

	json_object_object_add(document, "pfs", list->pfs = json_object_new_array());
	r = each_pf(list, add_pf_object, err);
	json_object_object_add(document, "gone", json_of_gone(list->tools));
	if (r == 0)
		json_print(document);
	json_object_put(document);
	return r;
}
