/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "request.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- properties ------------------------------------------------------------------------------ */

/* At nic points the properties are in the environment, among all else that is there. */
static int set_from_environment(
	char *const *environment, struct vfpt_profile *profile, bool passthrough, struct vfpt_error *err)
{
	for (; *environment; environment++) {
		const char *entry = *environment;
		char name[64];
		size_t length = strcspn(entry, "=");

		if (length >= sizeof(name) || !entry[length])
			continue; /* none of ours is that long */
		memcpy(name, entry, length);
		name[length] = '\0';
		if ((strcmp(name, "passthrough") == 0) == passthrough &&
			vfpt_profile_set(profile, name, entry + length + 1, err) < 0)
			return -1;
	}
	return 0;
}

/* The property `passthrough` alone, or all others, which count only with it. */
static int set_properties(const struct vfpt_vnic *vnic, char *const *environment,
	struct vfpt_profile *profile, bool passthrough, struct vfpt_error *err)
{
	if (environment)
		return set_from_environment(environment, profile, passthrough, err);
	for (size_t i = 0; i < vnic->property_count; i++) {
		const struct vfpt_property *property = &vnic->properties[i];

		if ((strcmp(property->name, "passthrough") == 0) == passthrough &&
			vfpt_profile_set(profile, property->name, property->value, err) < 0)
			return -1;
	}
	return 0;
}

static int read_profile(const struct vfpt_vnic *vnic, const struct vfpt_config *config,
	char *const *environment, struct vfpt_profile *profile, struct vfpt_error *err)
{
	const struct vfpt_network_rules *rules = vfpt_config_network(config, vnic->network, vnic->bridge);

	*profile = rules ? rules->profile : (struct vfpt_profile){0};
	if (set_properties(vnic, environment, profile, true, err) < 0)
		return -1;
	if (profile->passthrough == VFPT_PASSTHROUGH_OFF)
		return 0;
	/* Whoever of them asks, and be it as a preference: another could get its VF. */
	if (vnic->ambiguous)
		return vfpt_error_set(err, VFPT_BAD_INPUT,
			"this MAC is in the document more than once, and aliases do not tell whose the "
			"properties are; give each vNIC a MAC of its own in the engine");
	if (set_properties(vnic, environment, profile, false, err) < 0)
		return -1;
	return vfpt_profile_check(profile, err);
}

/* --- what the vNIC itself says --------------------------------------------------------------- */

/* KiB/s, libvirt's unit for <bandwidth>, in Mbit/s, rounded up. */
static unsigned mbit_of_kib(unsigned kib)
{
	uint64_t bits = (uint64_t)kib * 1024 * 8;

	return (unsigned)((bits + 999999) / 1000000);
}

/* The one network filter that a VF can do itself. */
#define NO_MAC_SPOOFING "vdsm-no-mac-spoofing"

/*
 * Filter, link state and bandwidth of the vNIC count where no property says otherwise. In macvtap mode
 * libvirt does them on the macvtap; with a port profile the switch does, but for the link.
 */
static void inherit_vnic_settings(struct vfpt_request *request)
{
	const struct vfpt_vnic *vnic = request->vnic;
	struct vfpt_settings *settings = &request->profile.settings;
	bool macvtap = request->profile.mode == VFPT_MODE_MACVTAP;
	bool port_profile = request->profile.port_profile[0];

	if (vnic->filter && !port_profile && !vfpt_settings_have(settings, VFPT_SPOOFCHK))
		vfpt_settings_put(settings, VFPT_SPOOFCHK, 1);
	if (vnic->link_down && !macvtap && !vfpt_settings_have(settings, VFPT_LINK_STATE))
		vfpt_settings_put(settings, VFPT_LINK_STATE, VFPT_LINK_DISABLE);
	request->bandwidth = macvtap || port_profile ? 0 : mbit_of_kib(vnic->outbound);
}

/* Can this vNIC be passed through at all? */
static int check_vnic(const struct vfpt_vnic *vnic, struct vfpt_error *err)
{
	if (!vnic->element)
		return vfpt_error_set(err, VFPT_BAD_INPUT,
			"it is in the metadata only, no <interface> has this MAC; its interface must have "
			"one");
	if (!vnic->has_mac)
		return vfpt_error_set(
			err, VFPT_BAD_INPUT, "it has no valid MAC address; give it one in the engine");
	if (!vnic->type || strcmp(vnic->type, "bridge") != 0)
		return vfpt_error_set(err, VFPT_BAD_INPUT,
			"its interface is of type %.20s; passthrough=required goes with a vNIC on a bridge "
			"(no passthrough in the vNIC profile itself)",
			vnic->type ? vnic->type : "(none)");
	if (!vnic->model || strcmp(vnic->model, "virtio") != 0)
		return vfpt_error_set(err, VFPT_BAD_INPUT,
			"its model is %.20s; only virtio vNICs are passed through: set its type to VirtIO in "
			"the engine",
			vnic->model ? vnic->model : "(none)");
	if (!vnic->bridge || strcmp(vnic->bridge, VFPT_NO_NETWORK) == 0)
		return vfpt_error_set(err, VFPT_BAD_INPUT, "it has no network; give it one in the engine");
	if (vnic->port_mirroring)
		return vfpt_error_set(err, VFPT_BAD_INPUT,
			"port mirroring works on a bridge only; turn off one of the two in the vNIC profile");
	if (vnic->isolated)
		return vfpt_error_set(err, VFPT_BAD_INPUT,
			"its network isolates ports, which works on a bridge only; use another network or no "
			"passthrough");
	if (vnic->filter && strcmp(vnic->filter, NO_MAC_SPOOFING) != 0)
		return vfpt_error_set(err, VFPT_BAD_INPUT,
			"network filter %.40s works on a bridge only; set the vNIC profile's "
			"to " NO_MAC_SPOOFING " or none",
			vnic->filter);
	return 0;
}

/* A pair is two devices, of which the first exists already. */
static int check_pair(const struct vfpt_vnic *vnic, bool starts, struct vfpt_error *err)
{
	if (!starts)
		return vfpt_error_set(err, VFPT_BAD_INPUT,
			"passthrough_mode=failover needs two devices, and VDSM plugs one; give the vNIC to "
			"the VM while it is down, or use hostdev or macvtap");
	if (vnic->teaming)
		return vfpt_error_set(err, VFPT_BAD_INPUT,
			"it is the %.20s part of a failover pair already; turn off one of the two",
			vnic->teaming);
	return 0;
}

/* libvirt keeps user aliases of these characters only; any other it makes anew, so it tells nothing later. */
static void copy_alias(char out[VFPT_ALIAS_SIZE], const char *alias)
{
	static const char characters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-";
	size_t length = alias ? strspn(alias, characters) : 0;

	out[0] = '\0';
	if (length > 0 && length < VFPT_ALIAS_SIZE && alias[length] == '\0')
		memcpy(out, alias, length + 1);
}

static void fill_request(struct vfpt_request *request, bool starts)
{
	const struct vfpt_vnic *vnic = request->vnic;
	bool pair = request->profile.mode == VFPT_MODE_FAILOVER;
	char own[VFPT_VF_ALIAS_SIZE];

	request->mac = vnic->mac;
	request->bridge = vnic->bridge;
	request->network = vnic->network ? vnic->network : vnic->bridge;
	request->mtu = vnic->mtu;
	if (!vfpt_request_asks(request))
		return;
	if (check_vnic(vnic, &request->unfit) < 0 || (pair && check_pair(vnic, starts, &request->unfit) < 0))
		return;
	/* The VF half of a pair is a device of its own. */
	copy_alias(request->alias, pair ? vfpt_vf_alias(&vnic->mac, own) : vnic->alias);
	inherit_vnic_settings(request);
}

/* --- the VM property sriov=eth5,eth6 --------------------------------------------------------- */

/* The kernel would take more; an engine's pattern would not (packaging/engine.properties). */
#define NETDEV_CHARACTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.@-"

static const char *sriov_property(const struct vfpt_domain *document)
{
	const struct vfpt_property *properties;
	size_t count = vfpt_domain_properties(document, &properties);

	for (size_t i = 0; i < count; i++)
		if (strcmp(properties[i].name, "sriov") == 0)
			return properties[i].value;
	return NULL;
}

static size_t count_names(const char *names)
{
	size_t count = names && names[0];

	for (; names && *names; names++)
		count += *names == ',';
	return count;
}

static int add_named_requests(const char *names, struct vfpt_requests *out, struct vfpt_error *err)
{
	for (const char *at = names, *end; at && *at; at = *end ? end + 1 : end) {
		struct vfpt_request *request = &out->requests[out->count];
		size_t length;

		end = strchrnul(at, ',');
		length = (size_t)(end - at);
		if (length == 0 || length >= IFNAMSIZ || strspn(at, NETDEV_CHARACTERS) < length ||
			(*end && !end[1]))
			return vfpt_error_set(err, VFPT_BAD_INPUT,
				"custom property sriov: \"%.40s\" is no list of network devices of VFs, as "
				"in eth5,eth6",
				names);
		memcpy(request->netdev, at, length);
		request->netdev[length] = '\0';
		request->profile.passthrough = VFPT_PASSTHROUGH_REQUIRED;
		snprintf(request->name, sizeof(request->name), "custom property sriov: %s", request->netdev);
		out->count++;
	}
	return 0;
}

/* --- all ------------------------------------------------------------------------------------- */

static int add_vnic_requests(const struct vfpt_domain *document, const struct vfpt_config *config,
	char *const *environment, struct vfpt_requests *out, struct vfpt_error *err)
{
	const struct vfpt_vnic *vnics;
	size_t count = vfpt_domain_vnics(document, &vnics);

	for (size_t i = 0; i < count; i++) {
		struct vfpt_request *request = &out->requests[out->count];

		request->vnic = &vnics[i];
		vfpt_vnic_name(&vnics[i], request->name, sizeof(request->name));
		if (read_profile(&vnics[i], config, environment, &request->profile, err) < 0)
			return vfpt_error_wrap(err, "%s", request->name);
		fill_request(request, out->starts);
		out->count++;
	}
	return 0;
}

static int read_placement(
	const struct vfpt_domain *document, struct vfpt_requests *out, struct vfpt_error *err)
{
	/* They are too large for a small stack. */
	out->nodes = calloc(1, sizeof(*out->nodes));
	out->cpus = calloc(1, sizeof(*out->cpus));
	if (!out->nodes || !out->cpus)
		return vfpt_error_errno(err, VFPT_SYSTEM, ENOMEM, "document");
	vfpt_domain_placement(document, out->nodes, out->cpus);
	return 0;
}

static int fill_requests(const struct vfpt_domain *document, const struct vfpt_config *config,
	char *const *environment, const char *sriov, struct vfpt_requests *out, struct vfpt_error *err)
{
	const struct vfpt_vnic *vnics;
	size_t count = vfpt_domain_vnics(document, &vnics);

	out->requests = calloc(count + count_names(sriov) + 1, sizeof(*out->requests));
	if (!out->requests)
		return vfpt_error_errno(err, VFPT_SYSTEM, ENOMEM, "document");
	out->own_count = vfpt_domain_functions(document, &out->own);
	if (add_named_requests(sriov, out, err) < 0 ||
		add_vnic_requests(document, config, environment, out, err) < 0)
		return -1;
	return out->starts && vfpt_requests_any(out) ? read_placement(document, out, err) : 0;
}

int vfpt_requests_read(const struct vfpt_domain *document, const struct vfpt_config *config, const char *vm,
	char *const *environment, const char *sriov, struct vfpt_requests *out, struct vfpt_error *err)
{
	*out = (struct vfpt_requests){.starts = !vfpt_domain_is_interface(document)};
	memcpy(out->vm, vm, sizeof(out->vm));
	if (!out->starts)
		sriov = NULL;
	else if (!sriov)
		sriov = sriov_property(document);
	if (fill_requests(document, config, environment, sriov, out, err) == 0)
		return 0;
	vfpt_requests_free(out);
	return -1;
}

void vfpt_requests_free(struct vfpt_requests *requests)
{
	free(requests->requests);
	free(requests->nodes);
	free(requests->cpus);
	*requests = (struct vfpt_requests){.count = 0};
}

bool vfpt_requests_possible(const struct vfpt_domain *document, const char *sriov)
{
	const struct vfpt_vnic *vnics;

	if (vfpt_domain_vnics(document, &vnics) > 0)
		return true;
	return !vfpt_domain_is_interface(document) && (sriov || sriov_property(document));
}

bool vfpt_requests_any(const struct vfpt_requests *requests)
{
	for (size_t i = 0; i < requests->count; i++)
		if (vfpt_request_asks(&requests->requests[i]))
			return true;
	return false;
}

const struct vfpt_request *vfpt_requests_first(const struct vfpt_requests *requests)
{
	const struct vfpt_request *request = requests->requests;

	while (!vfpt_request_asks(request))
		request++;
	return request;
}
