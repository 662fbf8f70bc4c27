/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vfpt release: give VFs back by hand. */
#include <stdio.h>

#include "message.h"
#include "release.h"
#include "vfpt.h"

/* By the same rule as everywhere: a VM that is gone for sure, or runs without its VF, needs it no more. */
static int check_release(
	struct tools *tools, const struct vfpt_assignment *a, bool force, struct vfpt_error *err)
{
	char reason[VFPT_REASON_SIZE];

	if (!vfpt_vm_needs_vf(tools->session.liveness, a, reason))
		return 0;
	if (!force)
		return vfpt_error_set(err, VFPT_BAD_INPUT,
			"VF %u of %s is VM %s's, and is not released: %s; stop the VM, or use --force", a->vf,
			a->pf, a->vm, reason);
	vfpt_warn("VF %u of %s is released by force: %s", a->vf, a->pf, reason);
	return 0;
}

static int release_one_vf(struct tools *tools, const struct vfpt_assignment *a, struct vfpt_error *err)
{
	if (vfpt_release(&tools->session, a, true, err) < 0)
		return vfpt_error_wrap(err, "cannot give back VF %u of %s", a->vf, a->pf);
	say(0, "VF %u of %s is released; VM %s had it.", a->vf, a->pf, a->vm);
	return 0;
}

/* All are looked at before the first is touched. */
static int release_all(struct tools *tools, const struct subject *subject, bool force, const char *text,
	struct vfpt_error *err)
{
	unsigned count = 0;

	for (size_t i = 0; i < tools->count; i++)
		if (subject_is(subject, &tools->assignments[i])) {
			if (check_release(tools, &tools->assignments[i], force, err) < 0)
				return -1;
			count++;
		}
	if (count == 0)
		return vfpt_error_set(err, VFPT_BAD_INPUT, "nothing is assigned to %.40s%s", text,
			tools->corrupt ? ", as far as the records can be read; see the warnings"
				       : "; see vfpt list");
	for (size_t i = 0; i < tools->count; i++)
		if (subject_is(subject, &tools->assignments[i]) &&
			release_one_vf(tools, &tools->assignments[i], err) < 0)
			return -1;
	return 0;
}

static int run_release(const struct call *call, struct vfpt_error *err)
{
	scoped(tools_close) struct tools tools = {TOOLS_CLOSED};
	struct subject subject;

	if (tools_open(&tools, VFPT_TO_RELEASE, err) < 0 || tools_load(&tools, err) < 0)
		return -1;
	if (subject_read(&tools, call->operand, &subject, err) < 0)
		return -1;
	return release_all(&tools, &subject, option(call, "force"), call->operand, err);
}

const struct command release_command = {
	.name = "release",
	.operand = "VF|MAC|VM",
	.summary = "Gives VFs back that a VM has, their settings as they were",
	.text = "\n"
		"For a VM that is gone, or runs without them, and whose VFs stayed assigned; see\n"
		"also vfpt reconcile.\n" SUBJECT_TEXT "Needs root.\n",
	.options = {{"force", NULL, "also while the VM runs, may be starting, or the VF is in use"}},
	.exits = "  0  released\n"
		 "  1  refused or failed: one line says why\n"
		 "  2  wrong command line\n",
	.run = run_release,
};
