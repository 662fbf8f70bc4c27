/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "release.h"

#include "message.h"
#include "report.h"
#include "vf_mtu.h"

/* The VF may be with VFIO still, or have a driver that starts anew: then its network device is as new. */
static void restore_mtu(struct vfpt_session *session, const struct vfpt_assignment *assignment)
{
	struct vfpt_netdev netdev;
	struct vfpt_error err;

	if (!assignment->mtu_before ||
		vfpt_host_netdev(session->host, &assignment->address, &netdev, &err) < 0)
		return;
	if (vfpt_set_vf_mtu(session, &assignment->address, assignment->mtu_before, &err) < 0)
		vfpt_warn("%s; the VF is released as it is", err.message);
}

/* What a driver takes and does not show goes back to what a VF has that nobody asked anything for. */
static struct vfpt_settings settings_to_restore(const struct vfpt_assignment *a)
{
	struct vfpt_settings before = a->before;
	unsigned not_shown = a->wanted.present & ~a->before.present;

	for (int i = 0; i < VFPT_SETTING_COUNT; i++)
		if (not_shown & 1u << i)
			vfpt_settings_put(
				&before, (enum vfpt_setting)i, vfpt_setting_default((enum vfpt_setting)i));
	return before;
}

static int restore_vf(struct vfpt_session *session, const struct vfpt_assignment *a, const struct vfpt_pf *pf,
	unsigned vf, struct vfpt_error *err)
{
	const struct vfpt_settings before = settings_to_restore(a);

	if (vfpt_settings_restore(session->netlink, pf, vf, &before, err) < 0) {
		if (err->code != VFPT_REFUSED)
			return -1;
		vfpt_warn("%s; the VF is released as it is", err->message);
	}
	restore_mtu(session, a);
	return 0;
}

int vfpt_release(struct vfpt_session *session, const struct vfpt_assignment *assignment, bool remember,
	struct vfpt_error *err)
{
	char text[VFPT_PCI_SIZE];
	const struct vfpt_pf *pf;
	unsigned vf;
	bool holds;

	if (vfpt_ledger_holds(session->ledger, assignment, &holds, err) < 0)
		return -1;
	if (!holds)
		return 0; /* late: the VF may be someone else's by now */
	vfpt_pci_format(&assignment->address, text);
	if (vfpt_host_find_vf(session->host, &assignment->address, &pf, &vf, err) < 0) {
		if (err->code != VFPT_NO_VF)
			return vfpt_error_wrap(err, "VF %s", text);
		vfpt_warn("VF %s (VF %u of %s) is gone from this host; its assignment is removed", text,
			assignment->vf, assignment->pf);
	} else if (session->captured) {
		if (vfpt_report_vf("would set back", session, assignment, &assignment->before,
			    assignment->mtu_before, err) < 0)
			return -1;
	} else if (restore_vf(session, assignment, pf, vf, err) < 0) {
		return -1;
	}
	return vfpt_ledger_remove(session->ledger, assignment, remember, err);
}
