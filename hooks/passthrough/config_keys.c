/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config_keys.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "alloc.h"
#include "file.h"

/* Longest list of networks of a PF, with its end. */
#define MOST_NETWORKS 4096

/* inih cuts longer names of sections and keys (ini.c, MAX_SECTION and MAX_NAME), and says nothing. */
#define LONGEST_NAME 48

/* --- values ---------------------------------------------------------------------------------- */

/* Lists can go on in the next line. */
static int append_to_list(char *list, size_t size, const char *value, struct vfpt_error *err)
{
	size_t used = strlen(list);

	if (used + strlen(value) + 2 > size)
		return vfpt_error_set(
			err, VFPT_BAD_INPUT, "the list is longer than %zu characters", size - 1);
	snprintf(list + used, size - used, "%s%s", used ? "," : "", value);
	return 0;
}

static int set_number(unsigned *out, const char *value, uint64_t max, struct vfpt_error *err)
{
	uint64_t number;

	if (parse_number(value, 10, max, &number) < 0)
		return vfpt_error_set(err, VFPT_BAD_INPUT, "\"%.40s\" is no number from 0 to %llu", value,
			(unsigned long long)max);
	*out = (unsigned)number;
	return 0;
}

static int set_user(char out[VFPT_USER_SIZE], const char *value, struct vfpt_error *err)
{
	static const char characters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-";
	size_t length = strlen(value);

	if (length == 0 || length >= VFPT_USER_SIZE || strspn(value, characters) != length)
		return vfpt_error_set(err, VFPT_BAD_INPUT, "\"%.40s\" is no user's name", value);
	memcpy(out, value, length + 1);
	return 0;
}

static int unknown_key(const char *known, struct vfpt_error *err)
{
	return vfpt_error_set(err, VFPT_BAD_INPUT, "not known; there are %s", known);
}

/* --- sections -------------------------------------------------------------------------------- */

static int set_policy(struct vfpt_policy *policy, const char *key, const char *value, struct vfpt_error *err)
{
	static const char *const gap[] = {"refuse", "allow"}, *const placement[] = {"spread", "pack"};
	static const char *const numa[] = {
		[VFPT_NUMA_PREFER] = "prefer",
		[VFPT_NUMA_REQUIRE] = "require",
		[VFPT_NUMA_IGNORE] = "ignore",
	};
	static const char *const untagged[] = {
		[VFPT_UNTAGGED_WARN] = "warn",
		[VFPT_UNTAGGED_ALLOW] = "allow",
		[VFPT_UNTAGGED_REFUSE] = "refuse",
	};
	int word;

	if (strcmp(key, "lock_timeout") == 0)
		return set_number(&policy->lock_timeout, value, 3600, err);
	if (strcmp(key, "grace") == 0)
		return set_number(&policy->grace, value, 86400, err);
	if (strcmp(key, "liveness_timeout") == 0)
		return set_number(&policy->liveness_timeout, value, 600, err);
	if (strcmp(key, "qemu_user") == 0)
		return set_user(policy->qemu_user, value, err);
	if (strcmp(key, "gap") == 0) {
		word = vfpt_one_of(value, gap, 2, err);
		policy->gap_allowed = word == 1;
	} else if (strcmp(key, "placement") == 0) {
		word = vfpt_one_of(value, placement, 2, err);
		policy->pack = word == 1;
	} else if (strcmp(key, "numa") == 0) {
		word = vfpt_one_of(value, numa, 3, err);
		if (word >= 0)
			policy->numa = (enum vfpt_numa)word;
	} else if (strcmp(key, "untagged") == 0) {
		word = vfpt_one_of(value, untagged, 3, err);
		if (word >= 0)
			policy->untagged = (enum vfpt_untagged)word;
	} else {
		word = unknown_key("gap, placement, numa, untagged, lock_timeout, liveness_timeout, grace "
				   "and qemu_user",
			err);
	}
	return word < 0 ? -1 : 0;
}

static int set_network(
	struct vfpt_network_rules *network, const char *key, const char *value, struct vfpt_error *err)
{
	struct vfpt_profile scratch = {0};
	unsigned number = 0;

	if (strcmp(key, "pfs") == 0)
		/* Checked as the property is, which has the same meaning for one vNIC. */
		return vfpt_profile_set(&scratch, "vf_pf", value, err) < 0
			       ? -1
			       : append_to_list(network->pfs, sizeof(network->pfs), value, err);
	if (strcmp(key, "vlan") == 0) {
		if (set_number(&number, value, 4094, err) < 0)
			return -1;
		network->has_vlan = true;
		network->vlan_id = (uint16_t)number;
		return 0;
	}
	if (strcmp(key, "mtu") == 0)
		return set_number(&network->mtu, value, 65535, err);
	if (vfpt_profile_knows(key))
		return vfpt_profile_set(&network->profile, key, value, err);
	return unknown_key("pfs, vlan, mtu and the vNIC's custom properties", err);
}

static int set_pf(struct vfpt_pf_rules *pf, const char *key, const char *value, struct vfpt_error *err)
{
	if (strcmp(key, "networks") == 0) {
		if (!pf->networks)
			pf->networks = calloc(1, MOST_NETWORKS);
		return pf->networks ? append_to_list(pf->networks, MOST_NETWORKS, value, err)
				    : vfpt_error_errno(err, VFPT_SYSTEM, ENOMEM, "out of memory");
	}
	if (strcmp(key, "exclude") == 0)
		return vfpt_set_parse(&pf->exclude, value) == 0
			       ? 0
			       : vfpt_error_set(err, VFPT_BAD_INPUT,
					 "\"%.40s\" is no list of VF indices, as in 0-3,6", value);
	if (strcmp(key, "max_vfs_per_vm") == 0)
		return set_number(&pf->max_vfs_per_vm, value, VFPT_MAX_VFS, err);
	return unknown_key("networks, exclude and max_vfs_per_vm", err);
}

static struct vfpt_network_rules *get_network(struct vfpt_config *config, const char *name)
{
	struct vfpt_network_rules *added;
	char *copy;

	for (size_t i = 0; i < config->network_count; i++)
		if (strcmp(config->networks[i].name, name) == 0)
			return &config->networks[i];
	copy = strdup(name);
	added = copy ? vfpt_array_add(&config->networks, &config->network_count, sizeof(*added)) : NULL;
	if (added)
		added->name = copy;
	else
		free(copy);
	return added;
}

static struct vfpt_pf_rules *get_pf(struct vfpt_config *config, const char *name)
{
	struct vfpt_pf_rules *added;

	for (size_t i = 0; i < config->pf_count; i++)
		if (strcmp(config->pfs[i].name, name) == 0)
			return &config->pfs[i];
	added = vfpt_array_add(&config->pfs, &config->pf_count, sizeof(*added));
	if (added)
		memcpy(added->name, name, strnlen(name, sizeof(added->name) - 1));
	return added;
}

/* "network red": @return "red", NULL for another kind of section. */
static const char *name_in(const char *section, const char *kind)
{
	size_t length = strlen(kind);

	if (strncmp(section, kind, length) != 0 || section[length] != ' ')
		return NULL;
	section += length;
	section += strspn(section, " \t");
	length = strlen(section);
	return length > 0 && !strchr(" \t", section[length - 1]) ? section : NULL;
}

int vfpt_config_check_section(const char *section, struct vfpt_error *err)
{
	const char *pf = name_in(section, "pf");

	if (strlen(section) > LONGEST_NAME)
		return vfpt_error_set(
			err, VFPT_BAD_INPUT, "the name is longer than %d characters", LONGEST_NAME);
	if (pf && strpbrk(pf, "*?[]"))
		return vfpt_error_set(
			err, VFPT_BAD_INPUT, "each PF has a section of its own; no patterns here");
	if (strcmp(section, "policy") == 0 || name_in(section, "network") || (pf && strlen(pf) < IFNAMSIZ))
		return 0;
	return vfpt_error_set(
		err, VFPT_BAD_INPUT, "no such section; there are [policy], [network NAME] and [pf NAME]");
}

int vfpt_config_set(struct vfpt_config *config, const char *section, const char *key, const char *value,
	struct vfpt_error *err)
{
	const char *name, *pf;
	void *rules;

	if (vfpt_config_check_section(section, err) < 0)
		return -1;
	if (strlen(key) > LONGEST_NAME)
		return vfpt_error_set(
			err, VFPT_BAD_INPUT, "the name is longer than %d characters", LONGEST_NAME);
	if (strcmp(section, "policy") == 0)
		return set_policy(&config->policy, key, value, err);
	name = name_in(section, "network");
	pf = name_in(section, "pf");
	rules = name ? (void *)get_network(config, name) : pf ? get_pf(config, pf) : NULL;
	if (!rules)
		return vfpt_error_errno(err, VFPT_SYSTEM, ENOMEM, "out of memory");
	return name ? set_network(rules, key, value, err) : set_pf(rules, key, value, err);
}

bool vfpt_config_is_list(const char *key)
{
	return strcmp(key, "pfs") == 0 || strcmp(key, "networks") == 0 || strcmp(key, "exclude") == 0;
}
