/* SPDX-License-Identifier: GPL-2.0-or-later */
/**
 * @file hook_run.h
 * VDSM's contract with a hook (vdsm, lib/vdsm/common/hooks.py): environment, the document file, exit codes,
 * messages. A hook's main() says which point it is and what its step there does; vfpt_hook_run() does the
 * rest.
 */
#ifndef VFPT_HOOK_RUN_H
#define VFPT_HOOK_RUN_H

#include <stdbool.h>

#include "vfpt/error.h"

/** Exit codes, as VDSM understands them. */
enum vfpt_exit {
	VFPT_EXIT_FINE = 0,
	VFPT_EXIT_FAILED = 1, /**< other scripts of this hook point still run */
	VFPT_EXIT_STOP = 2,   /**< no more scripts of this hook point run */
};

/** One run of a hook: the document and all that is open. */
struct vfpt_hook;

/** What VDSM hands over at a hook point. */
enum vfpt_document_kind {
	VFPT_DOMAIN,    /**< a whole <domain>; the VM's id is in the environment or in it */
	VFPT_INTERFACE, /**< one <interface>; the VM's id and the vNIC's properties are in the environment */
	VFPT_NOTHING,   /**< an empty file */
};

/** One hook point. */
struct vfpt_hook_point {
	const char *name;    /**< VDSM's: "before_vm_start" */
	const char *summary; /**< for --help, one line */
	enum vfpt_document_kind document;
	bool after; /**< a failure is only logged, and other scripts still clean up, if the input is good */
	int (*step)(struct vfpt_hook *hook, struct vfpt_error *err); /**< what is done there */
};

/**
 * A step: assign a VF to each vNIC of the document that asks for one, and rewrite it there. First, VFs that
 * the VM (at nic points: the vNIC) still has from a run that was killed go back; one that a VM has that runs
 * is an error.
 */
int vfpt_hook_connect(struct vfpt_hook *hook, struct vfpt_error *err);

/**
 * A step: release the VFs of this VM; at nic points those of the document's vNIC. All are tried. A VM that
 * runs keeps those that it uses.
 */
int vfpt_hook_release(struct vfpt_hook *hook, struct vfpt_error *err);

/**
 * A step: now that the VM (at nic points: the vNIC) runs, apply again what libvirt's start wiped out, see
 * vfpt_finish().
 */
int vfpt_hook_finish(struct vfpt_hook *hook, struct vfpt_error *err);

/**
 * A step: refuse the migration of a VM that has a VF in the guest, unless it is the transient part of a
 * failover pair, which QEMU unplugs by itself.
 */
int vfpt_hook_check_migration(struct vfpt_hook *hook, struct vfpt_error *err);

/** A step: see vfpt_reconcile(). */
int vfpt_hook_reconcile(struct vfpt_hook *hook, struct vfpt_error *err);

/**
 * Be the hook of @point: answer --help; read environment and document; do the step; put the changed document
 * in place of the old, in one step and with its mode and owner. On any failure document, ledger and VFs are
 * as they were and one line on stderr says why.
 * @return the exit code for main()
 */
int vfpt_hook_run(const struct vfpt_hook_point *point, int argc, char **argv);

#endif
