/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is open while a subcommand runs. */
#include "vfpt.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/capability.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

static int open_root(struct tools *tools, struct vfpt_error *err)
{
	const char *path = secure_getenv("VFPT_ROOT");

	tools->captured = path && path[0];
	if (!tools->captured)
		path = "/";
	tools->root = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return tools->root < 0 ? vfpt_error_errno(err, VFPT_BAD_INPUT, errno,
					 "cannot open the root directory %s", path)
			       : 0;
}

/* A mistake in vfpt.conf must not keep anyone from looking, nor a VF from coming back. */
static int read_config(struct tools *tools, struct vfpt_error *err)
{
	if (vfpt_config_read(tools->root, &tools->config, err) == 0)
		return 0;
	if (!tools->config)
		return -1;
	tools->config_error = *err;
	if (!tools->quiet)
		vfpt_warn("%s", err->message);
	return 0;
}

/* Of all that root can do. */
static int keep_net_admin(void)
{
	const cap_value_t net_admin = CAP_NET_ADMIN;
	cap_flag_value_t permitted = CAP_CLEAR;
	cap_t now = cap_get_proc(), kept = cap_init();
	int r = -1;

	if (now && kept && cap_get_flag(now, net_admin, CAP_PERMITTED, &permitted) == 0 &&
		cap_set_flag(kept, CAP_PERMITTED, 1, &net_admin, permitted) == 0)
		r = cap_set_proc(kept);
	cap_free(now);
	cap_free(kept);
	return r;
}

/*
 * What root writes there must be vdsm's. For good, as libvirt's library refuses a program whose real user is
 * another. CAP_NET_ADMIN stays permitted, and is raised where it is needed.
 */
static int become_owner(const struct tools *tools, struct vfpt_error *err)
{
	struct stat status;

	if (geteuid() != 0 || fstatat(tools->root, "run/vfpt", &status, AT_SYMLINK_NOFOLLOW) < 0 ||
		status.st_uid == 0)
		return 0;
	if (prctl(PR_SET_KEEPCAPS, 1) < 0 || setgroups(0, NULL) < 0 || setgid(status.st_gid) < 0 ||
		setuid(status.st_uid) < 0 || keep_net_admin() < 0)
		return vfpt_error_errno(
			err, VFPT_SYSTEM, errno, "cannot become the owner of the ledger /run/vfpt");
	return 0;
}

int tools_load(struct tools *tools, struct vfpt_error *err)
{
	return vfpt_ledger_of_vm(
		tools->ledger, NULL, &tools->assignments, &tools->count, &tools->corrupt, err);
}

int tools_open(struct tools *tools, enum vfpt_ledger_mode mode, struct vfpt_error *err)
{
	tools->root = -1;
	if (open_root(tools, err) < 0 || read_config(tools, err) < 0 ||
		(mode != VFPT_LEDGER_DRY && become_owner(tools, err) < 0) ||
		(!tools->captured && vfpt_netlink_open(&tools->netlink, err) < 0))
		return -1;
	if (mode == VFPT_LEDGER_DRY)
		vfpt_netlink_mute(tools->netlink);
	if (vfpt_host_open(tools->root, tools->netlink, &tools->host, err) < 0)
		return -1;
	tools->asking = (struct vfpt_transaction){.host = tools->host, .config = tools->config};
	if (vfpt_owners_open(tools->host, tools->captured, tools->config->policy.grace, &tools->owners, err) <
			0 ||
		vfpt_ledger_open(tools->root, mode, tools->config->policy.lock_timeout, &tools->ledger, err) <
			0)
		return -1;
	tools->asking.ledger = tools->ledger;
	return 0;
}

void tools_close(struct tools *tools)
{
	free(tools->assignments);
	vfpt_transaction_commit(&tools->asking);
	vfpt_ledger_close(tools->ledger);
	vfpt_owners_free(tools->owners);
	vfpt_host_free(tools->host);
	vfpt_netlink_close(tools->netlink);
	vfpt_config_free(tools->config);
	if (tools->root >= 0)
		close(tools->root);
}

int read_bytes(const struct tools *tools, const char *path, char *text, size_t size)
{
	int fd = openat(tools->root, path, O_RDONLY | O_CLOEXEC | O_NONBLOCK), saved;
	struct stat status;
	size_t used = 0;
	ssize_t got = 1;

	if (fd < 0)
		return -1;
	if (fstat(fd, &status) < 0 || !S_ISREG(status.st_mode)) {
		close(fd);
		errno = EINVAL;
		return -1;
	}
	while (used < size - 1 && (got = read(fd, text + used, size - 1 - used)) > 0)
		used += (size_t)got;
	saved = errno;
	close(fd);
	errno = saved;
	text[used] = '\0';
	return got < 0 ? -1 : (int)used;
}
