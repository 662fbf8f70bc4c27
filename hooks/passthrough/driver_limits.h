/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the PF drivers that people have cannot do, or do in a way of their own. */
#ifndef VFPT_DRIVER_LIMITS_H
#define VFPT_DRIVER_LIMITS_H

#include <stdint.h>

#include "vfpt/pf.h"

/* The known limits of a driver, for people. @return an array with NULL at its end; NULL: none are known */
const char *const *vfpt_driver_limits(const char *driver);

/* What the driver makes of a max_tx_rate (Mbit/s) while it shows what was asked for. */
uint64_t vfpt_rate_of_driver(const char *driver, uint64_t asked);

/*
 * Would the card switch off a VF with that MTU, as its PF's is another one? An 82599 whose PF has jumbo
 * frames does so with a VF of standard size whose driver is older than its mailbox API 1.1 (linux,
 * ixgbe_set_vf_lpe()); what driver a guest has nobody knows here.
 * @param mtu of the vNIC
 */
bool vfpt_switches_off(struct vfpt_host *host, const struct vfpt_pf *pf, unsigned mtu);

#endif
