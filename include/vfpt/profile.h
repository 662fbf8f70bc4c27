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
#include "vfpt/settings.h"

enum vfpt_passthrough {
	VFPT_PASSTHROUGH_OFF,       /**< not asked for: the vNIC is none of our business */
	VFPT_PASSTHROUGH_REQUIRED,  /**< no VF, no start */
	VFPT_PASSTHROUGH_PREFERRED, /**< without a usable VF the vNIC stays on its bridge */
};

struct vfpt_profile {
	enum vfpt_passthrough passthrough;
	struct vfpt_settings
		settings; /**< asked for by vf_vlan, vf_rate, vf_spoofchk, vf_trust, vf_link, vf_rss_query */
	char unsupported[32]; /**< a property of ours that this version cannot honour yet; empty: there is
				 none */
};

/**
 * Take one custom property of a vNIC into @profile (which starts out all zero).
 * A name that is not ours is left alone: other hooks have properties too.
 */
int vfpt_profile_set(
	struct vfpt_profile *profile, const char *name, const char *value, struct vfpt_error *err);

/** What the administrator of this host decided, in /etc/vdsm/vfpt.conf. */
struct vfpt_policy {
	/** A VF may pass traffic with a wrong tag between libvirt's start of the VM and after_vm_start. */
	bool gap_allowed;
};

/**
 * Read etc/vdsm/vfpt.conf below @root; a missing file means the defaults.
 * Error: VFPT_BAD_INPUT with file and line.
 */
int vfpt_policy_read(int root, struct vfpt_policy *out, struct vfpt_error *err);

#endif
