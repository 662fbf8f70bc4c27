/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "network_pfs.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "file.h"
#include "pf_match.h"

/* Why no PF serves the network, and what the administrator can do. @return -1 */
static int explain_no_pf(
	const struct vfpt_session *session, const struct vfpt_network *network, struct vfpt_error *err)
{
	const char *bridge = network->bridge;
	char path[FILE_PATH];

	*err = network->why;
	if (network->without_vfs)
		return vfpt_error_remedy(err, "or set it in the engine (Setup Host Networks)");
	if (network->exists)
		return -1;
	if (file_exists(session->root, file_net_path(path, bridge, "")))
		return vfpt_error_remedy(err,
			"passthrough needs a network with a Linux bridge, or a [network %s] with pfs in vfpt.conf",
			bridge);
	return vfpt_error_remedy(err,
		"attach the network to the host in the engine, or give [network %s] its pfs in vfpt.conf",
		bridge);
}

static int copy_pfs(const struct vfpt_session *session, struct vfpt_network_pfs *serving,
	const struct vfpt_network *network, struct vfpt_error *err)
{
	if (network->pf_count == 0)
		return explain_no_pf(session, network, err);
	serving->pfs = calloc(network->pf_count, sizeof(struct vfpt_pf *));
	if (!serving->pfs)
		return vfpt_error_errno(err, VFPT_SYSTEM, ENOMEM, "choosing a VF");
	memcpy(serving->pfs, network->pfs, network->pf_count * sizeof(struct vfpt_pf *));
	serving->pf_count = network->pf_count;
	return 0;
}

int vfpt_find_network_pfs(struct vfpt_session *session, const struct vfpt_request *request,
	struct vfpt_network_pfs *out, struct vfpt_error *err)
{
	const char *names = request->profile.pfs;
	const struct vfpt_network *network;

	*out = (struct vfpt_network_pfs){
		.rules = vfpt_config_network(session->config, request->network, request->bridge)};
	if (vfpt_host_network(session->host, request->bridge, &network, err) < 0)
		return err->code == VFPT_BAD_INPUT
			       ? vfpt_error_remedy(
					 err, "give the vNIC a network that is attached to the host")
			       : -1;
	out->has_bridge = network->exists;
	out->vlan_id = out->rules && out->rules->has_vlan ? out->rules->vlan_id : network->vlan_id;
	out->mtu = out->rules && out->rules->mtu ? out->rules->mtu : network->mtu;
	out->vnic_mtu = request->mtu ? request->mtu : out->mtu;
	if (request->mtu > out->mtu)
		out->mtu = request->mtu;
	if (!names[0] && out->rules)
		names = out->rules->pfs;
	return names[0] ? vfpt_match_pfs(session->host, names, &out->pfs, &out->pf_count, err)
			: copy_pfs(session, out, network, err);
}

bool vfpt_is_allowed(
	const struct vfpt_config *config, const struct vfpt_pf *pf, const char *network, const char *bridge)
{
	const struct vfpt_pf_rules *rules = vfpt_config_pf(config, pf->name);

	return !rules || !rules->networks || vfpt_names_match(rules->networks, network) ||
	       vfpt_names_match(rules->networks, bridge);
}

bool vfpt_is_excluded(const struct vfpt_config *config, const struct vfpt_pf *pf, unsigned vf)
{
	const struct vfpt_pf_rules *rules = vfpt_config_pf(config, pf->name);

	return rules && vfpt_set_has(&rules->exclude, vf);
}
