/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The one question for libvirt. Linking a program with it costs some 30 million instructions at each start:
 * it is loaded here, on demand, in a process of its own that can be given up. */
#ifndef VFPT_LIBVIRT_H
#define VFPT_LIBVIRT_H

#include <stddef.h>

#include "assignment.h"

/*
 * The UUIDs of the VMs that run, by a read-only connection to qemu:///system.
 * @param uuids to be freed by free()
 * @return 0, or -1 when libvirt is not there or does not answer within @seconds
 */
int libvirt_active(unsigned seconds, char (**uuids)[VFPT_VM_SIZE], size_t *count);

#endif
