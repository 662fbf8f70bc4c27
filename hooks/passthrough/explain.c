/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "explain.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hook_state.h"
#include "pick.h"
#include "tell.h"

static int no_memory(struct vfpt_error *err)
{
	return vfpt_error_errno(err, VFPT_SYSTEM, ENOMEM, "explaining");
}

/* --- the host -------------------------------------------------------------------------------- */

const char *vfpt_state_name(enum vfpt_state state)
{
	static const char *const names[] = {
		[VFPT_FREE] = "free",
		[VFPT_ASSIGNED] = "assigned",
		[VFPT_EXCLUDED] = "excluded",
		[VFPT_UNUSABLE] = "unusable",
	};

	return names[state];
}

/* No VM has that name. */
#define NOBODY "-"

int vfpt_explain_vf(struct vfpt_transaction *transaction, const struct vfpt_pf *pf, unsigned vf,
	enum vfpt_state *state, char reason[VFPT_REASON_SIZE], struct vfpt_error *err)
{
	enum vfpt_grade grade;

	reason[0] = '\0';
	if (vfpt_ledger_owner(transaction->ledger, &pf->vfs[vf])) {
		*state = VFPT_ASSIGNED;
		return 0;
	}
	if (pick_is_excluded(transaction->config, pf, vf)) {
		*state = VFPT_EXCLUDED;
		return 0;
	}
	if (pick_examine(transaction, NOBODY, UINT_MAX, &pf->vfs[vf], &grade, reason, err) < 0)
		return vfpt_error_wrap(err, "VF %u of %s", vf, pf->name);
	*state = grade == VFPT_VF_OUT ? VFPT_UNUSABLE : VFPT_FREE;
	return 0;
}

/* PFs that vfpt.conf keeps for other networks do not count. */
static void drop_forbidden(const struct vfpt_transaction *t, const struct vfpt_request *request,
	struct target *target, struct vfpt_error *why)
{
	size_t kept = 0;

	for (size_t i = 0; i < target->pf_count; i++)
		if (pick_is_allowed(t->config, target->pfs[i], request->network, request->bridge))
			target->pfs[kept++] = target->pfs[i];
	if (kept == 0)
		vfpt_error_set(why, VFPT_NO_VF, "vfpt.conf keeps the PFs that serve it for other networks");
	target->pf_count = kept;
}

/* @bridge: its own name, or that of no bridge for a network that has none here. */
static int add_network(struct vfpt_transaction *t, const char *name, const char *bridge,
	struct vfpt_service **services, size_t *count, struct vfpt_error *err)
{
	const struct vfpt_network_rules *rules = vfpt_config_network(t->config, name, bridge);
	const struct vfpt_profile none = {.pfs = ""};
	const struct vfpt_request request = {
		.network = name, .bridge = bridge, .profile = rules ? &rules->profile : &none};
	struct vfpt_service *grown = reallocarray(*services, *count + 1, sizeof(*grown)), *service;
	struct target target;

	if (!grown)
		return no_memory(err);
	*services = grown;
	service = &grown[*count];
	*service = (struct vfpt_service){.name = strdup(name)};
	if (!service->name)
		return no_memory(err);
	++*count;
	if (target_find(t, &request, &target, &service->why) == 0) {
		drop_forbidden(t, &request, &target, &service->why);
		service->pf_count = target.pf_count;
		service->pfs = target.pfs;
	}
	service->vlan_id = target.vlan_id;
	service->mtu = target.mtu;
	return 0;
}

static bool is_known(const struct vfpt_service *services, size_t count, const char *name)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(services[i].name, name) == 0)
			return true;
	return false;
}

int vfpt_explain_networks(struct vfpt_transaction *transaction, struct vfpt_service **out, size_t *count,
	struct vfpt_error *err)
{
	const struct vfpt_config *config = transaction->config;
	char(*bridges)[IFNAMSIZ];
	size_t bridge_count;
	int r = 0;

	*out = NULL;
	*count = 0;
	if (vfpt_host_bridges(transaction->host, &bridges, &bridge_count, err) < 0)
		return -1;
	for (size_t i = 0; r == 0 && i < bridge_count; i++)
		if (strcmp(bridges[i], VFPT_NO_NETWORK) != 0)
			r = add_network(transaction, bridges[i], bridges[i], out, count, err);
	for (size_t i = 0; r == 0 && i < config->network_count; i++)
		if (!is_known(*out, *count, config->networks[i].name))
			r = add_network(
				transaction, config->networks[i].name, VFPT_NO_NETWORK, out, count, err);
	free(bridges);
	if (r < 0)
		vfpt_services_free(*out, *count);
	return r;
}

void vfpt_services_free(struct vfpt_service *services, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		free(services[i].name);
		free(services[i].pfs);
	}
	free(services);
}

/* --- a VM's start ---------------------------------------------------------------------------- */

const char *vfpt_fate_name(enum vfpt_fate fate)
{
	static const char *const names[] = {
		[VFPT_FATE_NONE] = "none",
		[VFPT_FATE_VF] = "vf",
		[VFPT_FATE_STAY] = "stay",
		[VFPT_FATE_FAIL] = "fail",
	};

	return names[fate];
}

static bool is_a_vnics(const struct vfpt_explanation *explanation, const struct vfpt_assignment *assignment)
{
	for (size_t i = 0; i < explanation->vnic_count; i++)
		if (explanation->vnics[i].fate == VFPT_FATE_VF &&
			vfpt_pci_equal(&explanation->vnics[i].assignment.address, &assignment->address))
			return true;
	return false;
}

/* What was given to no vNIC is what the VM's own property names. */
static int take_named(
	struct vfpt_explanation *explanation, const struct vfpt_transaction *t, struct vfpt_error *err)
{
	explanation->named = calloc(t->count + 1, sizeof(*explanation->named));
	if (!explanation->named)
		return no_memory(err);
	for (size_t i = 0; i < t->count; i++)
		if (!is_a_vnics(explanation, &t->made[i].assignment))
			explanation->named[explanation->named_count++] = t->made[i].assignment;
	return 0;
}

int vfpt_explain(const char *path, struct vfpt_explanation **out, struct vfpt_error *err)
{
	static const struct vfpt_hook_point point = {.name = "before_vm_start", .document = VFPT_DOMAIN};
	struct vfpt_hook hook = {.point = &point, .test = true, .path = path, .root = -1, .directory = -1};
	int r;

	*out = hook.explanation = calloc(1, sizeof(**out));
	if (!*out)
		return no_memory(err);
	r = hook_load(&hook, err);
	if (r == 0) {
		memcpy((*out)->vm, hook.vm, sizeof(hook.vm));
		r = vfpt_hook_connect(&hook, err);
		if (r < 0 && err->code != VFPT_SYSTEM) {
			tell_failure(*out, err);
			r = 0;
		}
	}
	if (r == 0)
		r = take_named(*out, &hook.transaction, err);
	hook_close(&hook);
	if (r < 0) {
		vfpt_explanation_free(*out);
		*out = NULL;
	}
	return r;
}

void vfpt_explanation_free(struct vfpt_explanation *explanation)
{
	if (!explanation)
		return;
	for (size_t i = 0; i < explanation->vnic_count; i++) {
		free(explanation->vnics[i].network);
		free(explanation->vnics[i].considered);
	}
	free(explanation->vnics);
	free(explanation->named);
	free(explanation);
}
