/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vfpt reconcile: what VDSM's start does (before_vdsm_start), by hand. */
#include "reclaim.h"
#include "vfpt.h"

static int run_reconcile(const struct call *call, struct vfpt_error *err)
{
	scoped(tools_close) struct tools tools = {TOOLS_CLOSED};

	(void)call;
	return tools_open(&tools, VFPT_TO_RELEASE, err) < 0 ? -1 : vfpt_reconcile(&tools.session, err);
}

const struct command reconcile_command = {
	.name = "reconcile",
	.summary = "Gives back VFs that no VM needs, sets right the others",
	.text = "\n"
		"VDSM's start does the same. Each repair is a line on stderr; nothing to do is\n"
		"no line. Needs root.\n",
	.exits = "  0  ledger, kernel and libvirt agree now\n"
		 "  1  failed: a line says what\n"
		 "  2  wrong command line\n",
	.run = run_reconcile,
};
