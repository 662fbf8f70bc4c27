/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What reading and setting VFs know of each setting, beside its values. */
#ifndef VFPT_LIB_SETTING_TABLE_H
#define VFPT_LIB_SETTING_TABLE_H

#include <stdbool.h>
#include <stdint.h>

#include "vfpt/settings.h"

/* The attribute of IFLA_VF_INFO, the same in what the kernel shows and in what it takes. */
int setting_attribute(enum vfpt_setting setting);

/* Is that a value that we know? Drivers can show others. */
bool setting_is_known(enum vfpt_setting setting, uint64_t value);

/* Spoof check, trust, link state and RSS query all look like this. */
struct vf_number {
	uint32_t vf;
	uint32_t setting;
};

#endif
