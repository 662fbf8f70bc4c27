/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * All that is opened once: the root directory and vfpt.conf, and, where there is something to do, netlink,
 * host, ledger and the question who runs. Hooks and command use it alike.
 */
#ifndef VFPT_SESSION_H
#define VFPT_SESSION_H

#include "config.h"
#include "ledger.h"
#include "vfpt/network.h"
#include "vfpt/settings.h"
#include "vm_liveness.h"

struct vfpt_session {
	int root;      /* directory descriptor of / or VFPT_ROOT; -1: not open */
	bool captured; /* VFPT_ROOT: a tree of files, without a kernel, libvirt or processes */
	struct vfpt_config *config;
	struct vfpt_netlink *netlink; /* NULL: captured */
	struct vfpt_host *host;
	struct vfpt_ledger *ledger;
	struct vfpt_vm_liveness *liveness;
};

/* A session that is not open: nothing has to be closed, and closing does no harm. */
#define VFPT_SESSION_CLOSED                                                                                  \
	{                                                                                                    \
		.root = -1                                                                                   \
	}

/* What is wanted of a session. */
enum vfpt_session_use {
	VFPT_TO_CONFIGURE, /* root and configuration only */
	VFPT_TO_LOOK,      /* all, without the ledger's lock; nothing is written */
	VFPT_TO_RELEASE,   /* all, with the lock; where there is no ledger nothing is assigned */
	VFPT_TO_ASSIGN,    /* the same; a ledger that does not exist is made */
};

/*
 * Open the session, or what it lacks of that use: a hook looks at vfpt.conf first, and often at nothing else.
 * A mistake in vfpt.conf is an error (VFPT_BAD_INPUT); the session then has the defaults, and who must go on
 * calls once more. On any error what is open stays open for vfpt_session_close().
 */
int vfpt_session_open(struct vfpt_session *session, enum vfpt_session_use use, struct vfpt_error *err);

/*
 * Where root runs the program: become the ledger's owner for good, see vfpt_become_ledger_owner(). The
 * session has its root, and nothing else yet.
 */
int vfpt_session_become_owner(struct vfpt_session *session, struct vfpt_error *err);

/* Close and free all that is open. */
void vfpt_session_close(struct vfpt_session *session);

/*
 * The settings of all VFs of the PF. Those of a captured tree are what vfpt capture put there (a file of
 * lines "VF NAME VALUE" for each PF); where there is none nothing is known of them.
 * @param out array of pf->vf_count, by VF index; to be freed by free()
 */
int vfpt_session_settings(struct vfpt_session *session, const struct vfpt_pf *pf, struct vfpt_settings **out,
	struct vfpt_error *err);

/* The name of that file, below the root. @return @path */
enum { VFPT_CAPTURED_PATH = 64 };
char *vfpt_captured_settings_path(char path[VFPT_CAPTURED_PATH], const struct vfpt_pf *pf);

#endif
