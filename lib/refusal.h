/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a driver's refusal means: the kernel hands on a number, and its log has the driver's own words. */
#ifndef VFPT_LIB_REFUSAL_H
#define VFPT_LIB_REFUSAL_H

#include "vfpt/settings.h"

/*
 * The cause and the remedy, in words, of that errno value where @driver was to set that. @return a constant;
 * NULL: the driver does not take the value, and nothing more is known
 */
const char *refusal_text(const char *driver, enum vfpt_setting setting, int number);

#endif
