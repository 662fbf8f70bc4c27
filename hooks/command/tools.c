/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is open while a subcommand runs. */
#include "vfpt.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "file.h"
#include "message.h"
#include "privilege.h"

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

int tools_load(struct tools *tools, struct vfpt_error *err)
{
	return vfpt_ledger_of_vm(
		tools->ledger, NULL, &tools->assignments, &tools->count, &tools->corrupt, err);
}

int tools_open(struct tools *tools, enum vfpt_ledger_mode mode, struct vfpt_error *err)
{
	tools->root = -1;
	if (open_root(tools, err) < 0 || read_config(tools, err) < 0 ||
		(mode != VFPT_LEDGER_DRY &&
			privilege_become_ledger_owner(tools->root, tools->captured, err) < 0) ||
		(!tools->captured && vfpt_netlink_open(&tools->netlink, err) < 0))
		return -1;
	if (mode == VFPT_LEDGER_DRY)
		vfpt_netlink_mute(tools->netlink);
	if (vfpt_host_open(tools->root, tools->netlink, &tools->host, err) < 0)
		return -1;
	tools->asking = (struct vfpt_transaction){.host = tools->host, .config = tools->config};
	if (vfpt_vm_liveness_open(
		    tools->host, tools->captured, &tools->config->policy, &tools->liveness, err) < 0 ||
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
	vfpt_vm_liveness_free(tools->liveness);
	vfpt_host_free(tools->host);
	vfpt_netlink_close(tools->netlink);
	vfpt_config_free(tools->config);
	if (tools->root >= 0)
		close(tools->root);
}

int read_bytes(const struct tools *tools, const char *path, char *text, size_t size)
{
	int fd = file_open(tools->root, path, O_RDONLY), saved;
	size_t used = 0;
	ssize_t got = 1;

	if (fd < 0)
		return -1;
	while (used < size - 1 && (got = read(fd, text + used, size - 1 - used)) > 0)
		used += (size_t)got;
	saved = errno;
	close(fd);
	errno = saved;
	text[used] = '\0';
	return got < 0 ? -1 : (int)used;
}
