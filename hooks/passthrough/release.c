/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "release.h"

#include <stdlib.h>

#include "alloc.h"
#include "message.h"
#include "report.h"
#include "vf_netdev.h"

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

static bool has_own_mac(const struct vfpt_assignment *a)
{
	return vfpt_mac_value(&a->own_mac) != 0;
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
	if (has_own_mac(a))
		vfpt_settings_put(&before, VFPT_MAC, 0);
	return before;
}

/*
 * Some drivers show one link state whatever it is (ixgbe in Linux 5.18 to 6.6, ixgbe_ndo_get_vf_config()):
 * one that was set is set back whatever is shown. A VF's own MAC is none that the PF keeps: libvirt sets it
 * back as if it were, and the VF's driver could never change it again.
 */
static unsigned settings_to_set_anyway(const struct vfpt_assignment *a)
{
	unsigned anyway = a->wanted.present & 1u << VFPT_LINK_STATE;

	return has_own_mac(a) ? anyway | 1u << VFPT_MAC : anyway;
}

static int restore_vf(struct vfpt_session *session, const struct vfpt_assignment *a, const struct vfpt_pf *pf,
	unsigned vf, struct vfpt_error *err)
{
	const struct vfpt_settings before = settings_to_restore(a);

	if (vfpt_settings_restore(session->netlink, pf, vf, &before, settings_to_set_anyway(a), err) < 0) {
		if (err->code != VFPT_REFUSED)
			return -1;
		vfpt_warn("%s; the VF is released as it is", err->message);
	}
	restore_mtu(session, a);
	if (has_own_mac(a))
		vfpt_restore_own_mac(session, a, pf, vf);
	return 0;
}

/* The VF stays the VM's, and the next hook gives it back: only a VF as it was is one for another VM. */
static int put_off(
	struct vfpt_session *session, const struct vfpt_assignment *assignment, struct vfpt_error *err)
{
	struct vfpt_error second;

	if (vfpt_ledger_mark_unfinished(session->ledger, assignment, &second) < 0) {
		err->code = second.code;
		return vfpt_error_remedy(err, "%s", second.message);
	}
	return vfpt_error_remedy(err, "its record stays, and the next hook on this host sets it back");
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
		return err->code == VFPT_BUSY ? put_off(session, assignment, err) : -1;
	}
	return vfpt_ledger_remove(session->ledger, assignment, remember, err);
}

/* Nobody waits for it: a VF that is disabled for good would hold up every hook. */
static bool is_shown(struct vfpt_session *session, const struct vfpt_assignment *assignment)
{
	autofree struct vfpt_settings *all = NULL;
	const struct vfpt_pf *pf;
	struct vfpt_error err;
	unsigned vf;

	if (vfpt_host_find_vf(session->host, &assignment->address, &pf, &vf, &err) < 0)
		return err.code == VFPT_NO_VF; /* it is gone, and so is what was to be set */
	return vfpt_session_settings(session, pf, &all, &err) == 0 && vfpt_settings_shown(&all[vf]);
}

int vfpt_release_unfinished(struct vfpt_session *session, struct vfpt_error *err)
{
	autofree struct vfpt_assignment *all = NULL;
	struct vfpt_error failure;
	size_t count, corrupt;

	if (vfpt_ledger_of_vm(session->ledger, NULL, &all, &count, &corrupt, err) < 0)
		return -1;
	for (size_t i = 0; i < count; i++)
		if (all[i].unfinished && is_shown(session, &all[i]) &&
			vfpt_release(session, &all[i], true, &failure) < 0)
			vfpt_warn("VF %u of %s, which VM %s had: %s", all[i].vf, all[i].pf, all[i].vm,
				failure.message);
	return 0;
}
