/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is open while a subcommand runs. */
#include "vfpt.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "file.h"
#include "message.h"

/* A mistake in vfpt.conf must not keep anyone from looking, nor a VF from coming back. */
static int read_config(struct tools *tools, struct vfpt_error *err)
{
	if (vfpt_session_open(&tools->session, VFPT_TO_CONFIGURE, err) == 0)
		return 0;
	if (!tools->session.config)
		return -1;
	tools->config_error = *err;
	if (!tools->quiet)
		vfpt_warn("%s", err->message);
	return 0;
}

int tools_load(struct tools *tools, struct vfpt_error *err)
{
	return vfpt_ledger_of_vm(
		tools->session.ledger, NULL, &tools->assignments, &tools->count, &tools->corrupt, err);
}

int tools_open(struct tools *tools, enum vfpt_session_use use, struct vfpt_error *err)
{
	tools->session = (struct vfpt_session)VFPT_SESSION_CLOSED;
	if (!tools->root && vfpt_session_become_owner(&tools->session, err) < 0)
		return -1;
	if (read_config(tools, err) < 0)
		return -1;
	return vfpt_session_open(&tools->session, use, err);
}

void tools_close(struct tools *tools)
{
	free(tools->assignments);
	vfpt_session_close(&tools->session);
}

int read_bytes(const struct tools *tools, const char *path, char *text, size_t size)
{
	int fd = file_open(tools->session.root, path, O_RDONLY), saved;
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
