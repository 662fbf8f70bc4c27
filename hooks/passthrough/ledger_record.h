/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A record of the ledger: an assignment as text, and back. */
#ifndef VFPT_LEDGER_RECORD_H
#define VFPT_LEDGER_RECORD_H

#include "assignment.h"

/* The longest record has some 900 bytes. */
#define VFPT_RECORD_SIZE 2048

/* A record's name, "ADDRESS@VM", and its end. */
#define VFPT_RECORD_NAME_SIZE (VFPT_PCI_SIZE + VFPT_VM_SIZE)

void vfpt_record_print(const struct vfpt_assignment *assignment, char text[VFPT_RECORD_SIZE]);

/* Error VFPT_CORRUPT: it is garbage, or cut off. */
int vfpt_record_scan(const char *text, struct vfpt_assignment *out, struct vfpt_error *err);

#endif
