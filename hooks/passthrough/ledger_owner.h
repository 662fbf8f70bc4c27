/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whose the ledger is, as which root's programs work on it. */
#ifndef VFPT_LEDGER_OWNER_H
#define VFPT_LEDGER_OWNER_H

#include <stdbool.h>

#include "vfpt/error.h"

/*
 * Where root runs the program: become the owner of the ledger below @root, for good, and keep CAP_NET_ADMIN
 * as permitted and nothing else. What is read there was written by that owner, and what is written there must
 * be his. On a host that is VDSM's user, in a captured tree whoever has it. Where there is no ledger, or it
 * is root's, root stays root.
 */
int vfpt_become_ledger_owner(int root, bool captured, struct vfpt_error *err);

#endif
