/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From the document's vNICs to their VFs. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hook.h"
#include "tell.h"
#include "vfpt/inuse.h"

extern char **environ;

/* All vNICs of the document, and what they ask for. */
struct connect {
	struct vfpt_hook *hook;
	size_t count;
	const struct vfpt_vnic *vnics;
	struct vfpt_profile *profiles;
	struct vfpt_set nodes; /* NUMA nodes that the VM is pinned to */
};

/* --- what they ask for ----------------------------------------------------------------------- */

/* At nic points the properties are in the environment, among all else that is there. */
static int read_environment(struct vfpt_profile *profile, bool passthrough, struct vfpt_error *err)
{
	for (char **entry = environ; *entry; entry++) {
		char name[64];
		size_t length = strcspn(*entry, "=");

		if (length >= sizeof(name) || !(*entry)[length])
			continue; /* none of ours is that long */
		memcpy(name, *entry, length);
		name[length] = '\0';
		if ((strcmp(name, "passthrough") == 0) == passthrough &&
			vfpt_profile_set(profile, name, *entry + length + 1, err) < 0)
			return -1;
	}
	return 0;
}

static int read_metadata(
	const struct vfpt_vnic *vnic, struct vfpt_profile *profile, bool passthrough, struct vfpt_error *err)
{
	for (size_t i = 0; i < vnic->property_count; i++)
		if ((strcmp(vnic->properties[i].name, "passthrough") == 0) == passthrough &&
			vfpt_profile_set(profile, vnic->properties[i].name, vnic->properties[i].value, err) <
				0)
			return -1;
	return 0;
}

/* The property `passthrough` alone, or all others, which count only with it. */
static int read_properties(const struct vfpt_hook *hook, const struct vfpt_vnic *vnic,
	struct vfpt_profile *profile, bool passthrough, struct vfpt_error *err)
{
	return hook->point->document == VFPT_INTERFACE ? read_environment(profile, passthrough, err)
						       : read_metadata(vnic, profile, passthrough, err);
}

static int read_profile(const struct vfpt_hook *hook, const struct vfpt_vnic *vnic,
	struct vfpt_profile *profile, struct vfpt_error *err)
{
	const struct vfpt_network_rules *rules =
		vfpt_config_network(hook->config, vnic->network, vnic->bridge);

	*profile = rules ? rules->profile : (struct vfpt_profile){0};
	if (read_properties(hook, vnic, profile, true, err) < 0)
		return -1;
	if (hook->test && !hook->path)
		profile->passthrough = VFPT_PASSTHROUGH_REQUIRED;
	if (profile->passthrough == VFPT_PASSTHROUGH_OFF)
		return 0;
	/* Whoever of them asks, and be it as a preference: another could get its VF. */
	if (vnic->ambiguous)
		return vfpt_error_set(err, VFPT_BAD_INPUT,
			"this MAC is in the document more than once, and aliases do not tell whose the "
			"properties are; give each vNIC a MAC of its own in the engine");
	return read_properties(hook, vnic, profile, false, err) < 0 ? -1 : vfpt_profile_check(profile, err);
}

/* KiB/s, libvirt's unit for <bandwidth>, in Mbit/s, rounded up. */
static unsigned mbit(unsigned kib)
{
	uint64_t bits = (uint64_t)kib * 1024 * 8;

	return (unsigned)((bits + 999999) / 1000000);
}

/* The one network filter that a VF can do itself. */
#define NO_MAC_SPOOFING "vdsm-no-mac-spoofing"

/*
 * What the vNIC itself says counts where no property says otherwise. In macvtap mode libvirt does it on the
 * macvtap; with a port profile the switch does, but for the link.
 */
static void heed(const struct vfpt_vnic *vnic, struct vfpt_profile *profile, unsigned *bandwidth)
{
	struct vfpt_settings *settings = &profile->settings;
	bool macvtap = profile->mode == VFPT_MODE_MACVTAP, port_profile = profile->port_profile[0];

	if (vnic->filter && !port_profile && !vfpt_settings_have(settings, VFPT_SPOOFCHK))
		vfpt_settings_put(settings, VFPT_SPOOFCHK, 1);
	if (vnic->link_down && !macvtap && !vfpt_settings_have(settings, VFPT_LINK_STATE))
		vfpt_settings_put(settings, VFPT_LINK_STATE, VFPT_LINK_DISABLE);
	*bandwidth = macvtap || port_profile ? 0 : mbit(vnic->outbound);
}

/* --- one vNIC -------------------------------------------------------------------------------- */

/* Can this vNIC be passed through at all? */
static int qualify(const struct vfpt_vnic *vnic, struct vfpt_error *err)
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
			"(no passthrough in "
			"the vNIC profile itself)",
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
			"network filter %.40s works on a bridge only; set the vNIC profile's to "
			"" NO_MAC_SPOOFING " or none",
			vnic->filter);
	return 0;
}

/* A pair is two devices, and there the first already exists. */
static int qualify_for_pair(
	const struct vfpt_hook *hook, const struct vfpt_vnic *vnic, struct vfpt_error *err)
{
	if (hook->point->document == VFPT_INTERFACE)
		return vfpt_error_set(err, VFPT_BAD_INPUT,
			"passthrough_mode=failover needs two devices, and VDSM plugs one; give the vNIC to "
			"the VM while it is down, or use hostdev or macvtap");
	if (vnic->teaming)
		return vfpt_error_set(err, VFPT_BAD_INPUT,
			"it is the %.20s part of a failover pair already; turn off one of the two",
			vnic->teaming);
	return 0;
}

static void warn_if_untagged(const char *name, const struct vfpt_assigned *assigned)
{
	if (assigned->untagged)
		vfpt_warn("%s: VF %u of %s has no VLAN, so the guest can use any VLAN of the switch port; "
			  "give it one, or let the port carry none (see [policy] untagged in vfpt.conf)",
			name, assigned->assignment.vf, assigned->assignment.pf);
}

/* What cannot be kept is said, not silently lost. */
static void warn_of_losses(const struct vfpt_vnic *vnic, const struct vfpt_profile *profile,
	const struct vfpt_assigned *assigned)
{
	char name[96];

	vfpt_vnic_name(vnic, name, sizeof(name));
	if (!assigned->pf_up)
		vfpt_warn("%s: PF %s has no link; nothing passes until it is up", name,
			assigned->assignment.pf);
	warn_if_untagged(name, assigned);
	if (assigned->gap)
		vfpt_warn("%s: %s cannot hold the link down, so until the VM runs its VLAN priority or "
			  "protocol is not set "
			  "(vfpt.conf allows it)",
			name, assigned->assignment.pf);
	if (vnic->outbound && profile->port_profile[0] && profile->mode != VFPT_MODE_MACVTAP)
		vfpt_warn("%s: the switch's port profile decides its rate; its outbound limit is not kept",
			name);
	if (vnic->has_inbound && profile->mode != VFPT_MODE_MACVTAP)
		vfpt_warn(
			"%s: a VF's received traffic cannot be limited; its inbound limit is not kept", name);
}

static int connect_vnic(
	struct connect *c, const struct vfpt_vnic *vnic, size_t index, unsigned more, struct vfpt_error *err)
{
	struct vfpt_hook *hook = c->hook;
	struct vfpt_profile profile = c->profiles[index];
	struct vfpt_request request = {.vm = hook->vm,
		.mac = vnic->mac,
		.alias = vnic->alias,
		.network = vnic->network,
		.bridge = vnic->bridge,
		.mtu = vnic->mtu,
		.profile = &profile,
		.more = more,
		.nodes = &c->nodes};
	struct vfpt_connection connection = {.mode = profile.mode, .port_profile = profile.port_profile};
	bool pair = profile.mode == VFPT_MODE_FAILOVER;
	char alias[VFPT_VF_ALIAS_SIZE];
	struct vfpt_assigned assigned;

	if (qualify(vnic, err) < 0 || (pair && qualify_for_pair(hook, vnic, err) < 0))
		return -1;
	heed(vnic, &profile, &request.bandwidth);
	if (pair)
		request.alias = vfpt_vf_alias(&vnic->mac, alias);
	if (vfpt_assign(&hook->transaction, &request, &assigned, err) < 0)
		return -1;
	connection.vf = assigned.assignment.address;
	connection.netdev = assigned.netdev;
	connection.vlan_id = (uint16_t)assigned.assignment.wanted.value[VFPT_VLAN_ID];
	if (vfpt_domain_connect(hook->document, vnic, &connection, err) < 0)
		return -1;
	hook->changed = true;
	warn_of_losses(vnic, &profile, &assigned);
	return 0;
}

/* Does the VM run, with that VF, or may it? */
static int refuse_if_running(
	struct vfpt_hook *hook, const struct vfpt_assignment *assignment, struct vfpt_error *err)
{
	char reason[VFPT_REASON_SIZE];
	bool taken;

	if (!vfpt_owner_has_process(hook->owners, assignment) && !vfpt_owners_in_doubt(hook->owners))
		return 0;
	if (vfpt_inuse(hook->host, &assignment->address, &taken, reason, err) < 0)
		return -1;
	if (!taken)
		return 0;
	return vfpt_error_set(err, VFPT_BAD_INPUT,
		"VM %s runs already, on VF %u of %s; stop it before it is started again", hook->vm,
		assignment->vf, assignment->pf);
}

/* Before anything is given back: a VM that runs keeps all that it has. */
static int refuse_running_vm(struct vfpt_hook *hook, struct vfpt_error *err)
{
	struct vfpt_assignment *all;
	size_t count, corrupt;
	int r = 0;

	if (vfpt_ledger_of_vm(hook->ledger, hook->vm, &all, &count, &corrupt, err) < 0)
		return -1;
	for (size_t i = 0; r == 0 && i < count; i++)
		r = refuse_if_running(hook, &all[i], err);
	free(all);
	return r;
}

static int start_connecting(struct vfpt_hook *hook, const struct vfpt_vnic *vnic, struct vfpt_error *err)
{
	if (hook->host)
		return 0;
	if (hook_open(hook, VFPT_LEDGER_ASSIGN, err) < 0)
		return -1;
	hook->transaction.function_count =
		vfpt_domain_functions(hook->document, &hook->transaction.functions);
	if (hook->point->document == VFPT_DOMAIN && refuse_running_vm(hook, err) < 0)
		return -1;
	/* The VM is not running yet (or not with this vNIC): what it still has is left over from a killed
	 * hook. */
	if (hook_with_each(
		    hook, hook->point->document == VFPT_INTERFACE ? vnic : NULL, hook_release_one, err) < 0)
		return vfpt_error_wrap(err, "left over from this VM's last run");
	return 0;
}

/* A network without a bridge on this host leaves nothing to stay on. */
static bool can_stay(const struct vfpt_hook *hook, const struct vfpt_vnic *vnic)
{
	const struct vfpt_network *network;
	struct vfpt_error ignored;

	if (!vnic->bridge)
		return false;
	/* A bridge whose ports do not agree is one all the same. */
	if (vfpt_host_network(hook->host, vnic->bridge, &network, &ignored) < 0)
		return ignored.code == VFPT_NO_VF;
	return network->exists;
}

static int connect_or_stay(struct connect *c, size_t index, unsigned more, struct vfpt_error *err)
{
	const struct vfpt_vnic *vnic = &c->vnics[index];
	char name[96];

	if (connect_vnic(c, vnic, index, more, err) == 0)
		return 0;
	vfpt_error_wrap(err, "%s", vfpt_vnic_name(vnic, name, sizeof(name)));
	if (c->profiles[index].passthrough != VFPT_PASSTHROUGH_PREFERRED || err->code == VFPT_SYSTEM ||
		!can_stay(c->hook, vnic))
		return -1;
	if (!c->hook->explanation)
		vfpt_warn("%s; it stays on its bridge (passthrough=preferred)", err->message);
	return 0;
}

/* For vfpt_explain(): what becomes of one vNIC is told, and the next one has its turn all the same. */
static int connect_and_tell(struct connect *c, size_t index, unsigned more, struct vfpt_error *err)
{
	size_t before = c->hook->transaction.count;
	int r = connect_or_stay(c, index, more, err);
	const struct vfpt_transaction *t = &c->hook->transaction;

	if (!c->hook->explanation || (r < 0 && err->code == VFPT_SYSTEM))
		return r;
	tell_fate(c->hook->explanation, t->count > before ? &t->made[before].assignment : NULL, r < 0, err);
	return 0;
}

/* vNICs behind number @from that can have a VF in the guest too, on the same bridge. */
static unsigned still_to_come(const struct connect *c, size_t from)
{
	struct vfpt_error ignored;
	unsigned more = 0;

	for (size_t i = from + 1; i < c->count; i++)
		more += c->profiles[i].passthrough != VFPT_PASSTHROUGH_OFF &&
			c->profiles[i].mode != VFPT_MODE_MACVTAP && qualify(&c->vnics[i], &ignored) == 0 &&
			c->vnics[from].bridge && strcmp(c->vnics[i].bridge, c->vnics[from].bridge) == 0;
	return more;
}

/* --- the VM property sriov=eth5,eth6 --------------------------------------------------------- */

/* VDSM has it in the environment too; by hand, there is the document. NULL: not set. */
static const char *named_vfs(const struct vfpt_hook *hook)
{
	const char *value = hook->point->document == VFPT_DOMAIN
				    ? getenv("sriov")
				    : NULL; /* not secure_getenv(): VDSM's input */
	const struct vfpt_property *properties;
	size_t count = hook->point->document == VFPT_DOMAIN
			       ? vfpt_domain_properties(hook->document, &properties)
			       : 0;

	for (size_t i = 0; i < count && !value; i++)
		if (strcmp(properties[i].name, "sriov") == 0)
			value = properties[i].value;
	return value && value[0] ? value : NULL;
}

/* The kernel would take more; an engine's pattern would not (packaging/engine.properties). */
#define NETDEV_CHARACTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.@-"

static int connect_named_vf(struct vfpt_hook *hook, const char *netdev, struct vfpt_error *err)
{
	struct vfpt_connection connection = {.mode = VFPT_MODE_HOSTDEV, .port_profile = ""};
	struct vfpt_assigned assigned;
	char name[64];

	if (vfpt_assign_netdev(&hook->transaction, hook->vm, netdev, &assigned, err) < 0)
		return vfpt_error_wrap(err, "custom property sriov: %.40s", netdev);
	connection.vf = assigned.assignment.address;
	connection.vlan_id = (uint16_t)assigned.assignment.wanted.value[VFPT_VLAN_ID];
	if (vfpt_domain_add_vf(hook->document, &assigned.assignment.mac, &connection, err) < 0)
		return -1;
	hook->changed = true;
	snprintf(name, sizeof(name), "custom property sriov: %.15s", netdev);
	warn_if_untagged(name, &assigned);
	return 0;
}

static int connect_named_vfs(struct vfpt_hook *hook, const char *names, struct vfpt_error *err)
{
	if (start_connecting(hook, NULL, err) < 0)
		return -1;
	for (const char *at = names, *end;; at = end + 1) {
		char name[IFNAMSIZ];
		size_t length;

		end = strchrnul(at, ',');
		length = (size_t)(end - at);
		if (length == 0 || length >= sizeof(name) || strspn(at, NETDEV_CHARACTERS) < length)
			return vfpt_error_set(err, VFPT_BAD_INPUT,
				"custom property sriov: \"%.40s\" is no list of network devices of VFs, as "
				"in "
				"eth5,eth6",
				names);
		memcpy(name, at, length);
		name[length] = '\0';
		if (connect_named_vf(hook, name, err) < 0)
			return -1;
		if (!*end)
			return 0;
	}
}

/* --- all ------------------------------------------------------------------------------------- */

static int find_nodes(struct connect *c, struct vfpt_error *err)
{
	struct vfpt_set *cpus;
	int r = 0;

	if (c->hook->point->document == VFPT_INTERFACE) {
		if (c->hook->config->policy.numa == VFPT_NUMA_REQUIRE)
			vfpt_warn(
				"the VM's NUMA node is not known when a vNIC is plugged; vfpt.conf requires "
				"it in vain");
		return 0;
	}
	cpus = calloc(1, sizeof(*cpus)); /* too large for a small stack */
	if (!cpus)
		return vfpt_error_errno(err, VFPT_SYSTEM, ENOMEM, "NUMA nodes");
	vfpt_domain_placement(c->hook->document, &c->nodes, cpus);
	if (c->nodes.count == 0 && cpus->count > 0)
		r = vfpt_host_nodes_of_cpus(c->hook->host, cpus, &c->nodes, err);
	free(cpus);
	return r;
}

static int connect_all(struct connect *c, struct vfpt_error *err)
{
	const char *vfs = named_vfs(c->hook);
	bool first = true;
	char name[96];

	for (size_t i = 0; i < c->count; i++)
		if (read_profile(c->hook, &c->vnics[i], &c->profiles[i], err) < 0)
			return vfpt_error_wrap(err, "%s", vfpt_vnic_name(&c->vnics[i], name, sizeof(name)));
	/* These are to have just this VF: they come first. */
	if (vfs && connect_named_vfs(c->hook, vfs, err) < 0)
		return -1;
	for (size_t i = 0; i < c->count; i++) {
		if (c->hook->explanation &&
			tell_vnic(c->hook->explanation, &c->vnics[i], i, c->count, err) < 0)
			return -1;
		if (c->profiles[i].passthrough == VFPT_PASSTHROUGH_OFF)
			continue;
		if (first && start_connecting(c->hook, &c->vnics[i], err) < 0)
			return vfpt_error_wrap(err, "%s", vfpt_vnic_name(&c->vnics[i], name, sizeof(name)));
		if (first && c->hook->config->policy.numa != VFPT_NUMA_IGNORE && find_nodes(c, err) < 0)
			return -1;
		first = false;
		if (connect_and_tell(c, i, still_to_come(c, i), err) < 0)
			return -1;
	}
	if (vfpt_transaction_check(&c->hook->transaction, c->hook->vm, err) < 0)
		return -1;
	if (c->hook->point->document != VFPT_DOMAIN || c->hook->transaction.count == 0)
		return 0;
	return vfpt_domain_set_run(c->hook->document, c->hook->transaction.run, err);
}

static int connect_document(struct connect *c, struct vfpt_error *err)
{
	int r;

	c->profiles = calloc(c->count + 1, sizeof(*c->profiles));
	if (!c->profiles)
		return vfpt_error_errno(err, VFPT_SYSTEM, ENOMEM, "document");
	r = hook_configure(c->hook, err) < 0 ? -1 : connect_all(c, err);
	free(c->profiles);
	return r;
}

int vfpt_hook_connect(struct vfpt_hook *hook, struct vfpt_error *err)
{
	const struct vfpt_vnic *vnics;
	size_t count = vfpt_domain_vnics(hook->document, &vnics);
	struct connect *connect;
	int r;

	if (count == 0 && !named_vfs(hook))
		return 0;
	connect = calloc(1, sizeof(*connect)); /* its set of nodes is too large for a small stack */
	if (!connect)
		return vfpt_error_errno(err, VFPT_SYSTEM, ENOMEM, "document");
	connect->hook = hook;
	connect->count = count;
	connect->vnics = vnics;
	r = connect_document(connect, err);
	free(connect);
	return r;
}
