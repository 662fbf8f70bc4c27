/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The VMs that have a process here, as /proc tells. */
#ifndef VFPT_PROCESSES_H
#define VFPT_PROCESSES_H

#include "assignment.h"

struct vm_process {
	unsigned pid;
	char vm[VFPT_VM_SIZE];
};

/*
 * All processes below @root that have a VM's UUID on their command line, as QEMU does. Anyone can write
 * anything on his own command line, and can make whoever reads it wait: only processes whose users, the real
 * one and all others, are root or @qemu_user are looked at, in a child that is given up after @seconds.
 * @param qemu_user a name or a number; NULL: in a captured tree, where nobody runs, all processes count and
 * any time will do
 * @param out to be freed by free()
 * @return 0, or -1 when /proc cannot be read, or not in time
 */
int processes_of_vms(
	int root, const char *qemu_user, unsigned seconds, struct vm_process **out, size_t *count);

#endif
