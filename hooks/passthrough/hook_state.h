/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One run of a hook, as its steps see it. */
#ifndef VFPT_LIB_HOOK_H
#define VFPT_LIB_HOOK_H

#include <sys/types.h>

#include "assign.h"
#include "config.h"
#include "domain.h"
#include "hook_run.h"

/* All that one run of a hook has open. */
struct vfpt_hook {
	const struct vfpt_hook_point *point;
	bool test;        /* --test: show, change nothing */
	int root;         /* directory descriptor of / or VFPT_ROOT */
	bool captured;    /* VFPT_ROOT: settings are printed, not applied */
	const char *path; /* of the document; NULL: the sample */
	int directory;    /* that it is in, opened once; -1: none */
	const char *name; /* that it has there */
	mode_t mode;      /* the document's mode and owner */
	uid_t uid;
	gid_t gid;
	char *text; /* the document as it was read */
	size_t size;
	struct vfpt_domain *document;
	char vm[VFPT_VM_SIZE];
	bool changed; /* the document has to be written */
	struct vfpt_config *config;
	struct vfpt_netlink *netlink;
	struct vfpt_host *host;
	struct vfpt_ledger *ledger;
	struct vfpt_vm_liveness *owners;
	struct vfpt_transaction transaction;
	struct vfpt_explanation *explanation; /* vfpt_explain(): what is told; NULL: as usual */
};

/* Read the document and the VM's id. */
int hook_load(struct vfpt_hook *hook, struct vfpt_error *err);

/* Close and free all that is open; nothing is undone. */
void hook_close(struct vfpt_hook *hook);

/* Open the root directory and read vfpt.conf, once. */
int hook_configure(struct vfpt_hook *hook, struct vfpt_error *err);

/* Open host and ledger, once, and only when there is something to do. */
int hook_open(struct vfpt_hook *hook, enum vfpt_ledger_mode mode, struct vfpt_error *err);

/* What is done with one assignment. */
typedef int assignment_step(
	struct vfpt_hook *hook, const struct vfpt_assignment *assignment, struct vfpt_error *err);

/*
 * Do it with all assignments of this VM, @vnic NULL, or with those of one vNIC. All are tried; the error is
 * the first one's, the others are warnings.
 */
int hook_with_each(
	struct vfpt_hook *hook, const struct vfpt_vnic *vnic, assignment_step *step, struct vfpt_error *err);

/* A step for hook_with_each(): release. */
int hook_release_one(
	struct vfpt_hook *hook, const struct vfpt_assignment *assignment, struct vfpt_error *err);

#endif
