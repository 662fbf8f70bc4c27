/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a program may do beyond what its user may: CAP_NET_ADMIN, which the hooks' files give as permitted
 * only. It is raised around a request to the kernel and nowhere else.
 */
#ifndef VFPT_LIB_PRIVILEGE_H
#define VFPT_LIB_PRIVILEGE_H

#include <stdbool.h>

/* Raise CAP_NET_ADMIN where it is permitted. Elsewhere nothing is raised: the kernel then says EPERM, which
 * the caller reports. @return whether it is to be lowered again: who had it raised keeps it so */
bool privilege_raise(void);

/* Is it effective now? */
bool privilege_is_effective(void);

/* Lower it again, if @raised. */
void privilege_lower(bool raised);

/* Give CAP_NET_ADMIN up for good: once nothing is left to be set, and before anything is printed. */
void privilege_renounce(void);

/* Give up all capabilities for good. It may be called in a signal handler, and allocates nothing. */
void privilege_renounce_all(void);

#endif
