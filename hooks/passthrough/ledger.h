/* SPDX-License-Identifier: GPL-2.0-or-later */
/**
 * @file ledger.h
 * The record of all assignments on this host: one small file a VF in run/vfpt, named ADDRESS@VM, so that a
 * look at the directory says who has what. A record is replaced by rename(2): a crash leaves the old or the
 * new one. Everything happens under one lock, flock(2) on the directory, which the kernel drops with its
 * holder.
 */
#ifndef VFPT_LEDGER_H
#define VFPT_LEDGER_H

#include <stdbool.h>
#include <stddef.h>

#include "assignment.h"

struct vfpt_ledger;

enum vfpt_ledger_mode {
	VFPT_LEDGER_LOOK,    /**< no lock; nothing is put or removed */
	VFPT_LEDGER_RELEASE, /**< a ledger that does not exist is empty, and stays so */
	VFPT_LEDGER_ASSIGN,  /**< made if it does not exist */
};

/**
 * Open the ledger below @root, wait for its lock, and read who has which VF. A file there that is no record
 * is reported with a warning and left alone.
 * @param seconds how long to wait at most; the error then names who holds the lock
 * @param out to be closed by vfpt_ledger_close(), which gives the lock back
 */
int vfpt_ledger_open(int root, enum vfpt_ledger_mode mode, unsigned seconds, struct vfpt_ledger **out,
	struct vfpt_error *err);

/** Give the lock back and free; NULL is fine. */
void vfpt_ledger_close(struct vfpt_ledger *ledger);

/**
 * The id of the VM that has the VF; "" when its record's name is
 * garbage (so: taken); NULL when nobody has it.
 */
const char *vfpt_ledger_owner(const struct vfpt_ledger *ledger, const struct vfpt_pci *vf);

/** Write the record of a new assignment, whose VF nobody has; fills in its generation. */
int vfpt_ledger_put(struct vfpt_ledger *ledger, struct vfpt_assignment *assignment, struct vfpt_error *err);

/**
 * All assignments of one VM (@vm NULL: of all), by address. A record that is cut off or garbage is left out,
 * reported with a warning and counted.
 * @param out an array to be freed by free(); NULL when there are none
 * @param corrupt number of records of this VM that could not be read
 */
int vfpt_ledger_of_vm(struct vfpt_ledger *ledger, const char *vm, struct vfpt_assignment **out, size_t *count,
	size_t *corrupt, struct vfpt_error *err);

/**
 * Does the ledger still hold exactly this assignment, or has its VF
 * another by now (VM, generation), or none?
 */
int vfpt_ledger_holds(struct vfpt_ledger *ledger, const struct vfpt_assignment *assignment, bool *holds,
	struct vfpt_error *err);

/** Write down that exactly this assignment is released but for its VF, see struct vfpt_assignment. */
int vfpt_ledger_mark_unfinished(
	struct vfpt_ledger *ledger, const struct vfpt_assignment *assignment, struct vfpt_error *err);

/**
 * Remove the record of exactly this assignment; where the VF has another by now (VM, generation), nothing.
 * @param remember move it to run/vfpt/last, for vfpt_ledger_last()
 */
int vfpt_ledger_remove(struct vfpt_ledger *ledger, const struct vfpt_assignment *assignment, bool remember,
	struct vfpt_error *err);

/**
 * The VF that this vNIC had last time, as far as that is remembered: each VF remembers the vNIC that had it
 * last, and of each vNIC there is one memory.
 * @return whether there is one
 */
bool vfpt_ledger_last(
	const struct vfpt_ledger *ledger, const char *vm, const struct vfpt_mac *mac, struct vfpt_pci *vf);

#endif
