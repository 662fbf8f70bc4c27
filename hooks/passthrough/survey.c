/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "survey.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "alloc.h"

/* PFs that vfpt.conf keeps for other networks do not count. */
static void drop_forbidden(struct vfpt_session *session, const struct vfpt_request *request,
	struct vfpt_network_pfs *serving, struct vfpt_error *why)
{
	size_t kept = 0;

	for (size_t i = 0; i < serving->pf_count; i++)
		if (vfpt_is_allowed(session->config, serving->pfs[i], request->network, request->bridge))
			serving->pfs[kept++] = serving->pfs[i];
	if (kept == 0)
		vfpt_error_set(why, VFPT_NO_VF, "vfpt.conf keeps the PFs that serve it for other networks");
	serving->pf_count = kept;
}

/* @bridge: its own name, or that of no bridge for a network that has none here. */
static int add_network(struct vfpt_session *session, const char *name, const char *bridge,
	struct vfpt_surveyed_network **services, size_t *count, struct vfpt_error *err)
{
	const struct vfpt_network_rules *rules = vfpt_config_network(session->config, name, bridge);
	const struct vfpt_request request = {.network = name,
		.bridge = bridge,
		.profile = rules ? rules->profile : (struct vfpt_profile){.pfs = ""}};
	struct vfpt_surveyed_network *service = vfpt_array_add(services, count, sizeof(*service));
	struct vfpt_network_pfs serving;

	if (service)
		service->name = strdup(name);
	if (!service || !service->name)
		return vfpt_error_errno(err, VFPT_SYSTEM, ENOMEM, "networks");
	if (vfpt_find_network_pfs(session, &request, &serving, &service->why) == 0) {
		drop_forbidden(session, &request, &serving, &service->why);
		service->pf_count = serving.pf_count;
		service->pfs = serving.pfs;
	}
	service->vlan_id = serving.vlan_id;
	service->mtu = serving.mtu;
	return 0;
}

static bool is_known(const struct vfpt_surveyed_network *services, size_t count, const char *name)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(services[i].name, name) == 0)
			return true;
	return false;
}

int vfpt_survey_networks(struct vfpt_session *session, struct vfpt_surveyed_network **out, size_t *count,
	struct vfpt_error *err)
{
	const struct vfpt_config *config = session->config;
	autofree char(*bridges)[IFNAMSIZ] = NULL;
	size_t bridge_count;
	int r = 0;

	*out = NULL;
	*count = 0;
	if (vfpt_host_bridges(session->host, &bridges, &bridge_count, err) < 0)
		return -1;
	for (size_t i = 0; r == 0 && i < bridge_count; i++)
		if (strcmp(bridges[i], VFPT_NO_NETWORK) != 0)
			r = add_network(session, bridges[i], bridges[i], out, count, err);
	for (size_t i = 0; r == 0 && i < config->network_count; i++)
		if (!is_known(*out, *count, config->networks[i].name))
			r = add_network(session, config->networks[i].name, VFPT_NO_NETWORK, out, count, err);
	if (r == 0)
		return 0;
	vfpt_surveyed_networks_free(*out, *count);
	*out = NULL;
	*count = 0;
	return -1;
}

void vfpt_surveyed_networks_free(struct vfpt_surveyed_network *networks, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		free(networks[i].name);
		free(networks[i].pfs);
	}
	free(networks);
}
