/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which vNIC had a VF last: the records that were removed, in a directory below the ledger's. */
#ifndef VFPT_LEDGER_LAST_H
#define VFPT_LEDGER_LAST_H

#include "assignment.h"

/* That directory's name. */
#define VFPT_LEDGER_LAST "last"

/*
 * The @record of @ledger, its name, becomes its VF's memory, in one step. A memory is a help, not a promise:
 * what is remembered besides of that VF or that vNIC goes anyway.
 */
int vfpt_last_remember(int ledger, const char *record, const struct vfpt_mac *mac);

/* The VF that this vNIC had last. @return whether that is known */
bool vfpt_last_find(int ledger, const char *vm, const struct vfpt_mac *mac, struct vfpt_pci *vf);

#endif
