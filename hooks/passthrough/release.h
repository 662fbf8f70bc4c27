/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The way back of one VF. */
#ifndef VFPT_RELEASE_H
#define VFPT_RELEASE_H

#include "session.h"

/*
 * Give one VF back: its settings become what they were before the assignment, then its record goes. An
 * assignment that the ledger does not hold any more is none: nothing is touched. A VF that no longer exists
 * has only its record removed, one whose driver will not take the old value back is released with a warning.
 * On a captured host only the record goes. On an error the record stays, and the next release tries again;
 * one that failed as the driver is busy (VFPT_BUSY) is for vfpt_release_unfinished().
 * @param remember the vNIC is to get this VF again next time, if it is free: false when something is undone
 */
int vfpt_release(struct vfpt_session *session, const struct vfpt_assignment *assignment, bool remember,
	struct vfpt_error *err);

/*
 * Releases that an earlier hook could not finish, as the driver was busy with the VF: those that can be
 * finished now are. What fails is said in a warning; the error is that the ledger cannot be read.
 */
int vfpt_release_unfinished(struct vfpt_session *session, struct vfpt_error *err);

#endif
