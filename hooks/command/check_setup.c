/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Checks of what is installed: hooks, libvirt, configuration and what follows from it. */
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/capability.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "check.h"
#include "file.h"

/* --- hooks ----------------------------------------------------------------------------------- */

static bool has_capability(int fd)
{
	struct vfs_ns_cap_data data;
	ssize_t size = fgetxattr(fd, "security.capability", &data, sizeof(data));

	return size >= (ssize_t)sizeof(struct vfs_cap_data) &&
	       data.data[0].permitted & htole32(1u << CAP_NET_ADMIN);
}

/* @return is it as it should be? One that is not there is only counted as @missing. */
static bool check_hook(struct checker *checker, const char *path, unsigned *missing)
{
	autoclose int fd = file_open(checker->tools->session.root, path, O_RDONLY);
	struct stat status;
	bool fine = false;

	if (fd < 0 && errno == ENOENT)
		++*missing;
	else if (fd < 0)
		result(checker, LEVEL_FAIL, "/%s: %s; install vdsm-hook-vfpt again", path, strerror(errno));
	else if (fstat(fd, &status) < 0 || !S_ISREG(status.st_mode) || !(status.st_mode & S_IXOTH))
		result(checker, LEVEL_FAIL,
			"/%s is no program for all to execute; install vdsm-hook-vfpt again", path);
	else if (!checker->tools->session.captured && !has_capability(fd))
		result(checker, LEVEL_FAIL,
			"/%s has lost its file capability; as root, run setcap cap_net_admin=p /%s", path,
			path);
	else
		fine = true;
	return fine;
}

int check_hooks(struct checker *checker, struct vfpt_error *err)
{
	static const char points[] = VFPT_HOOKS;
	unsigned count = 0, missing = 0, fine = 0;
	char path[PATH_MAX];

	(void)err;
	if (checker->tools->session.captured && !file_exists(checker->tools->session.root, VFPT_HOOKS_DIR)) {
		result(checker, LEVEL_SKIP, "not captured");
		return 0;
	}
	for (const char *at = points, *end; *at; at = *end ? end + 1 : end) {
		end = strchrnul(at, ' ');
		snprintf(path, sizeof(path), VFPT_HOOKS_DIR "/%.*s/50_vfpt", (int)(end - at), at);
		fine += check_hook(checker, path, &missing);
		count++;
	}
	if (missing > 0)
		result(checker, LEVEL_FAIL,
			"%u of %u are not in /" VFPT_HOOKS_DIR "/*/50_vfpt; install vdsm-hook-vfpt again",
			missing, count);
	else if (fine == count)
		result(checker, LEVEL_OK, "all %u are in /" VFPT_HOOKS_DIR "%s", count,
			checker->tools->session.captured ? "" : ", with their capability");
	return 0;
}

/* --- libvirt, configuration ------------------------------------------------------------------ */

int check_libvirt(struct checker *checker, struct vfpt_error *err)
{
	(void)err;
	if (checker->tools->session.captured)
		result(checker, LEVEL_SKIP, "not asked for a captured tree");
	else if (vfpt_vm_liveness_answered(checker->tools->session.liveness))
		result(checker, LEVEL_OK, "answers");
	else
		result(checker, LEVEL_FAIL,
			"does not answer (qemu:///system, read-only); see systemctl status libvirtd "
			"virtqemud");
	return 0;
}

static bool has_pf(const struct checker *checker, const char *pf)
{
	for (size_t i = 0; i < checker->pf_count; i++)
		if (strcmp(checker->pfs[i]->name, pf) == 0)
			return true;
	return false;
}

/* What vfpt.conf speaks of must be there. */
static void check_names(struct checker *checker, const struct vfpt_surveyed_network *services, size_t count)
{
	const struct vfpt_config *config = checker->tools->session.config;

	for (size_t i = 0; i < config->pf_count; i++)
		if (!has_pf(checker, config->pfs[i].name))
			result(checker, LEVEL_WARN,
				"[pf %s]: there is no such PF on this host; correct its name",
				config->pfs[i].name);
	for (size_t i = 0; i < count; i++)
		if (services[i].pf_count == 0 && vfpt_config_network(config, services[i].name, NULL))
			result(checker, LEVEL_WARN, "[network %s]: %s", services[i].name,
				services[i].why.message);
}

int check_config(struct checker *checker, struct vfpt_error *err)
{
	const struct tools *tools = checker->tools;
	struct vfpt_surveyed_network *services;
	size_t count;

	if (tools->config_error.code != VFPT_OK) {
		result(checker, LEVEL_FAIL, "%s", tools->config_error.message);
		return 0;
	}
	if (!file_exists(tools->session.root, "etc/vdsm/vfpt.conf")) {
		result(checker, LEVEL_OK, "there is none, the defaults count");
		return 0;
	}
	if (vfpt_survey_networks(&checker->tools->session, &services, &count, err) < 0)
		return -1;
	check_names(checker, services, count);
	if (!checker->said)
		result(checker, LEVEL_OK, "valid");
	vfpt_surveyed_networks_free(services, count);
	return 0;
}

/* Do vNICs of the network get VFs without a VLAN, where they do not ask for one themselves? */
static bool is_untagged(const struct checker *checker, const struct vfpt_surveyed_network *service)
{
	const struct vfpt_network_rules *rules =
		vfpt_config_network(checker->tools->session.config, service->name, NULL);

	if (rules && rules->profile.port_profile[0])
		return false; /* the switch decides */
	if (rules && vfpt_settings_have(&rules->profile.settings, VFPT_VLAN_ID))
		return rules->profile.settings.value[VFPT_VLAN_ID] == 0;
	return service->vlan_id == 0;
}

static bool has_vfs(const struct vfpt_surveyed_network *service)
{
	for (size_t i = 0; i < service->pf_count; i++)
		if (service->pfs[i]->vf_count > 0)
			return true;
	return false;
}

int check_untagged(struct checker *checker, struct vfpt_error *err)
{
	static const char *const policies[] = {
		[VFPT_UNTAGGED_ALLOW] = "allows",
		[VFPT_UNTAGGED_REFUSE] = "refuses",
	};
	enum vfpt_untagged policy = checker->tools->session.config->policy.untagged;
	struct vfpt_surveyed_network *services;
	size_t count;

	if (policy != VFPT_UNTAGGED_WARN) {
		result(checker, LEVEL_OK, "vfpt.conf %s VFs without a VLAN", policies[policy]);
		return 0;
	}
	if (vfpt_survey_networks(&checker->tools->session, &services, &count, err) < 0)
		return -1;
	for (size_t i = 0; i < count; i++)
		if (has_vfs(&services[i]) && is_untagged(checker, &services[i]))
			result(checker, LEVEL_WARN,
				"network %s has no VLAN, so a VM with one of its VFs can use any VLAN of the "
				"switch port; give it one, or let the port carry none, and set [policy] "
				"untagged in vfpt.conf to refuse or allow",
				services[i].name);
	if (!checker->said)
		result(checker, LEVEL_OK, "no network with VFs is without a VLAN");
	vfpt_surveyed_networks_free(services, count);
	return 0;
}
