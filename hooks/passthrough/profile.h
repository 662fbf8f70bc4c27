/* SPDX-License-Identifier: GPL-2.0-or-later */
/**
 * @file profile.h
 * What a vNIC asks for, by its custom properties (or by their defaults for its network in vfpt.conf). Their
 * values come from VM users: they are checked here, at the edge, and nowhere else.
 */
#ifndef VFPT_PROFILE_H
#define VFPT_PROFILE_H

#include <stdbool.h>

#include "set.h"
#include "vfpt/error.h"
#include "vfpt/settings.h"

enum vfpt_passthrough {
	VFPT_PASSTHROUGH_OFF,       /**< not asked for: the vNIC is none of our business */
	VFPT_PASSTHROUGH_REQUIRED,  /**< no VF, no start */
	VFPT_PASSTHROUGH_PREFERRED, /**< without a usable VF the vNIC stays on its bridge */
};

/** How a vNIC is connected with its VF. */
enum vfpt_mode {
	VFPT_MODE_HOSTDEV,  /**< the VF itself is in the guest */
	VFPT_MODE_MACVTAP,  /**< virtio in the guest, macvtap (mode passthrough) on the VF: it migrates */
	VFPT_MODE_FAILOVER, /**< virtio on the bridge stays, and stands in for a second vNIC that is the VF */
};

/** Longest name of an 802.1Qbh port profile, with its end: linux/if_link.h, PORT_PROFILE_MAX. */
#define VFPT_PORT_PROFILE_SIZE 40

struct vfpt_profile {
	enum vfpt_passthrough passthrough;
	enum vfpt_mode mode;
	char pfs[VFPT_NAMES_SIZE];                 /**< vf_pf; empty: the PFs that serve the network */
	char port_profile[VFPT_PORT_PROFILE_SIZE]; /**< vmfex; empty: none */
	/** vf_vlan, vf_rate, vf_spoofchk, vf_trust, vf_link, vf_rss_query */
	struct vfpt_settings settings;
};

/** Is this a custom property of ours? */
bool vfpt_profile_knows(const char *name);

/**
 * Take one custom property of a vNIC into @profile (which starts out all zero, or as the network's default).
 * A name that is not ours is left alone, for other hooks have properties too; one that starts with "vf_" is
 * a mistake in one of ours.
 */
int vfpt_profile_set(
	struct vfpt_profile *profile, const char *name, const char *value, struct vfpt_error *err);

/** @return the index of @value among @count @words, or -1 with the error naming them */
int vfpt_one_of(const char *value, const char *const *words, int count, struct vfpt_error *err);

/** Refuse what excludes each other. */
int vfpt_profile_check(const struct vfpt_profile *profile, struct vfpt_error *err);

#endif
