/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What would be done, in words: for --test, and for a captured host. */
#ifndef VFPT_REPORT_H
#define VFPT_REPORT_H

#include "vfpt/settings.h"

/* "WHAT: VF 3 of ens1f0: mac 56:..., vlan_id 200"; without settings "what it was before". */
void vfpt_report_settings(
	const char *what, const struct vfpt_pf *pf, unsigned vf, const struct vfpt_settings *settings);

#endif
