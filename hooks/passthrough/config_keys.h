/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The sections and keys of vfpt.conf, and what they mean. */
#ifndef VFPT_CONFIG_KEYS_H
#define VFPT_CONFIG_KEYS_H

#include "config.h"

/* Is there such a section? */
int vfpt_config_check_section(const char *section, struct vfpt_error *err);

/* Can that key's value go on in the next line? */
bool vfpt_config_is_list(const char *key);

int vfpt_config_set(struct vfpt_config *config, const char *section, const char *key, const char *value,
	struct vfpt_error *err);

#endif
