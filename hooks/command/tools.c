/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is open while a subcommand runs. */
#include "vfpt.h"

#include <stdlib.h>

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
