/* SPDX-License-Identifier: GPL-2.0-or-later */
/**
 * @file profile.h
 * What a vNIC asks for, by its custom properties. Their values come from VM users: they are checked here, at
 * the edge, and nowhere else.
 */
#ifndef VFPT_PROFILE_H
#define VFPT_PROFILE_H

#include <stdbool.h>

#include "vfpt/error.h"

enum vfpt_passthrough {
	VFPT_PASSTHROUGH_OFF,       /**< not asked for: the vNIC is none of our business */
	VFPT_PASSTHROUGH_REQUIRED,  /**< no VF, no start */
	VFPT_PASSTHROUGH_PREFERRED, /**< without a usable VF the vNIC stays on its bridge */
};

struct vfpt_profile {
	enum vfpt_passthrough passthrough;
	char unsupported[32]; /**< a property of ours that this version cannot honour yet; empty: there is
				 none */
};

/**
 * Take one custom property of a vNIC into @profile (which starts out all zero).
 * A name that is not ours is left alone: other hooks have properties too.
 */
int vfpt_profile_set(
	struct vfpt_profile *profile, const char *name, const char *value, struct vfpt_error *err);

#endif
