/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One run of a hook: what its beginning, its step and its end share. */
#ifndef VFPT_HOOK_STATE_H
#define VFPT_HOOK_STATE_H

#include "apply.h"
#include "document.h"
#include "hook_run.h"

struct vfpt_hook {
	const struct vfpt_hook_point *point;
	bool test;        /* --test: show, change nothing */
	const char *path; /* of the document; NULL: the sample */
	struct vfpt_document document;
	char vm[VFPT_VM_SIZE];
	bool changed; /* the document has to be written */
	char *shown;  /* --test: the document as it was */
	struct vfpt_session session;
	struct vfpt_requests requests;
	struct vfpt_plan *plan; /* NULL: there is none */
	size_t refused_count;
	struct vfpt_refused *refused; /* what drivers did not take, see vfpt_plan_make() */
};

#endif
