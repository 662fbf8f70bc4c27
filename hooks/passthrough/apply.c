/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "apply.h"

#include "message.h"
#include "release.h"
#include "vf_netdev.h"

/* --- one step -------------------------------------------------------------------------------- */

/* A step that is carried out, and what its VF's settings are by now. */
struct work {
	struct vfpt_session *session;
	struct vfpt_plan *plan;
	struct vfpt_vnic_plan *vnic;
	struct vfpt_settings now;
	bool link_held; /* until the VM runs */
};

static int apply_settings(struct vfpt_session *session, const struct vfpt_pf *pf, unsigned vf,
	const struct vfpt_settings *wanted, struct vfpt_settings *now, struct vfpt_error *err)
{
	if (vfpt_settings_apply(session->netlink, pf, vf, wanted, now, err) == 0)
		return 0;
	return err->code == VFPT_REFUSED
		       ? vfpt_error_remedy(err, "change the vNIC's profile, or use another PF")
		       : -1;
}

static int apply_setting(struct work *w, const struct vfpt_step *step, enum vfpt_setting setting,
	uint64_t value, struct vfpt_settings *now, struct vfpt_error *err)
{
	struct vfpt_settings wanted = {0};

	vfpt_settings_put(&wanted, setting, value);
	return apply_settings(w->session, step->pf, step->vf, &wanted, now, err);
}

static int clear_mac(struct work *w, const struct vfpt_step *step, struct vfpt_error *err)
{
	struct vfpt_settings other = {0};
	char text[VFPT_SETTING_SIZE];

	if (vfpt_settings_clear_mac(w->session->netlink, step->pf, step->vf, &other, err) < 0) {
		/* It is not the vNIC's VF that the driver is busy with: another one would not help. */
		if (err->code == VFPT_BUSY)
			err->code = VFPT_REFUSED;
		return vfpt_error_wrap(err, "a free VF still has this MAC");
	}
	vfpt_warn("VF %u of %s was free but still had MAC %s, which would swallow the vNIC's traffic; it is "
		  "cleared",
		step->vf, step->pf->name, vfpt_setting_print(VFPT_MAC, step->value, text));
	return 0;
}

static int record_assignment(struct work *w, struct vfpt_error *err)
{
	struct vfpt_assignment *a = &w->vnic->assignment;

	a->run = w->plan->run;
	if (vfpt_ledger_put(w->session->ledger, a, err) < 0)
		return -1;
	w->plan->run = a->run;
	return 0;
}

/* Some drivers take it and show one state for ever (ixgbe before Linux 6.7): nobody knows then what it is. */
static int disable_link(struct work *w, const struct vfpt_step *step, struct vfpt_error *err)
{
	struct vfpt_settings disabled = {0}, shown;
	const struct vfpt_settings before = w->now;
	struct vfpt_error second;

	vfpt_settings_put(&disabled, VFPT_LINK_STATE, VFPT_LINK_DISABLE);
	if (apply_settings(w->session, step->pf, step->vf, &disabled, &w->now, err) < 0)
		return -1;
	if (vfpt_settings_verify(w->session->netlink, step->pf, step->vf, &before, &disabled, &shown, err) ==
		0)
		return 0;
	if (apply_setting(w, step, VFPT_LINK_STATE, before.value[VFPT_LINK_STATE], &w->now, &second) < 0)
		*err = second;
	return -1;
}

/* Nothing may pass with a wrong tag before after_vm_start has put the right one back. */
static int hold_link(struct work *w, const struct vfpt_step *step, struct vfpt_error *err)
{
	if (disable_link(w, step, err) == 0) {
		w->link_held = true;
		return 0;
	}
	if (err->code != VFPT_REFUSED)
		return -1;
	if (!w->session->config->policy.gap_allowed)
		return vfpt_error_set(err, VFPT_REFUSED,
			"VF %u of %s (%s): its VLAN priority or protocol can only be set once the VM runs, "
			"and the driver cannot hold the link down until then; allow that gap in "
			"/etc/vdsm/vfpt.conf ([policy] gap = allow) or use a PF whose driver can",
			step->vf, step->pf->name, step->pf->driver);
	w->vnic->gap = true;
	return 0;
}

/* Nobody has asked for it by that name. */
static int apply_spoofchk(struct work *w, const struct vfpt_step *step, struct vfpt_error *err)
{
	const struct vfpt_vnic *vnic = w->vnic->request->vnic;

	if (apply_setting(w, step, step->setting, step->value, &w->now, err) == 0)
		return 0;
	if (err->code == VFPT_REFUSED && step->value == 1 && vnic && vnic->filter)
		vfpt_error_remedy(err,
			"its network filter asks for that: without one, or with vf_spoofchk=off, it is not set");
	return -1;
}

/* The parts of a VLAN go together, see vfpt_settings_apply(): where the first is set there is nothing left to
 * do for the others. */
static int apply_wanted(struct work *w, const struct vfpt_step *step, struct vfpt_error *err)
{
	struct vfpt_settings wanted = w->vnic->assignment.wanted;
	const unsigned vlan = 1u << VFPT_VLAN_ID | 1u << VFPT_VLAN_PRIORITY | 1u << VFPT_VLAN_PROTOCOL;

	if (step->setting == VFPT_SPOOFCHK)
		return apply_spoofchk(w, step, err);
	if (!(vlan & 1u << step->setting))
		return apply_setting(w, step, step->setting, step->value, &w->now, err);
	wanted.present &= vlan;
	return apply_settings(w->session, step->pf, step->vf, &wanted, &w->now, err);
}

static int carry_out(struct work *w, const struct vfpt_step *step, struct vfpt_error *err)
{
	int r = 0;

	switch (step->kind) {
	case VFPT_STEP_CLEAR_MAC:
		return clear_mac(w, step, err);
	case VFPT_STEP_RECORD:
		return record_assignment(w, err);
	case VFPT_STEP_DEFAULT:
		r = apply_setting(w, step, step->setting, step->value, &w->now, err);
		return r < 0 && err->code == VFPT_REFUSED ? 0 : r;
	case VFPT_STEP_HOLD_LINK:
		return hold_link(w, step, err);
	case VFPT_STEP_SET:
		/* What is held gets from vfpt_finish() what it is to have. */
		if (!w->link_held || step->setting != VFPT_LINK_STATE)
			r = apply_wanted(w, step, err);
		return r;
	case VFPT_STEP_MTU:
		return vfpt_set_vf_mtu(w->session, &w->vnic->assignment.address, (unsigned)step->value, err);
	}
	return 0;
}

/* --- what was set must be there -------------------------------------------------------------- */

/*
 * A driver that says yes and does nothing has refused. And libvirt, to which the VF goes next, asks a busy
 * driver once and never again: so the VF must be there, and at rest.
 */
static int verify_vf(const struct work *w, struct vfpt_error *err)
{
	const struct vfpt_assignment *a = &w->vnic->assignment;
	struct vfpt_settings set = a->wanted, shown;

	if (w->link_held)
		vfpt_settings_put(&set, VFPT_LINK_STATE, VFPT_LINK_DISABLE);
	if (vfpt_settings_verify(
		    w->session->netlink, w->vnic->pf, a->vf, &w->vnic->before, &set, &shown, err) == 0)
		return 0;
	return err->code == VFPT_REFUSED
		       ? vfpt_error_remedy(
				 err, "that is a refusal: change the vNIC's profile, or use another PF")
		       : -1;
}

/* --- undoing --------------------------------------------------------------------------------- */

static int undo_clearing(struct vfpt_session *session, const struct vfpt_step *step, struct vfpt_error *err)
{
	struct vfpt_settings mac = {0}, now = {0};

	if (session->captured)
		return 0;
	vfpt_settings_put(&mac, VFPT_MAC, step->value);
	return apply_settings(session, step->pf, step->vf, &mac, &now, err);
}

/* A VF goes back as a whole; that is one thing with its record. */
static int undo_step(struct vfpt_session *session, const struct vfpt_vnic_plan *vnic,
	const struct vfpt_step *step, struct vfpt_error *err)
{
	if (step->kind == VFPT_STEP_RECORD)
		return vfpt_release(session, &vnic->assignment, false, err);
	return step->kind == VFPT_STEP_CLEAR_MAC ? undo_clearing(session, step, err) : 0;
}

/* All is tried; the error names each that failed. */
static int undo_all(struct vfpt_session *session, struct vfpt_plan *plan, struct vfpt_error *err)
{
	struct vfpt_error second;
	int r = 0;

	for (size_t i = plan->count; i-- > 0;)
		for (struct vfpt_vnic_plan *vnic = &plan->vnics[i]; vnic->steps_done > 0;) {
			const struct vfpt_step *step = &vnic->steps[--vnic->steps_done];

			if (undo_step(session, vnic, step, r < 0 ? &second : err) == 0)
				continue;
			if (r < 0)
				vfpt_error_remedy(err, "%s", second.message);
			r = -1;
		}
	return r;
}

void vfpt_apply_undo(struct vfpt_session *session, struct vfpt_plan *plan)
{
	struct vfpt_error err;

	if (undo_all(session, plan, &err) < 0)
		vfpt_warn("undoing: %s", err.message);
}

/* --- a plan ---------------------------------------------------------------------------------- */

/*
 * What was not set needs not be taken back: a driver that does not show a setting would be asked for its
 * default, and refuse that as well. A link that was held is the exception.
 */
static void forget_what_was_not_set(struct work *w)
{
	struct vfpt_vnic_plan *vnic = w->vnic;

	for (size_t i = vnic->steps_done; i < vnic->step_count; i++) {
		const struct vfpt_step *step = &vnic->steps[i];

		if (step->kind == VFPT_STEP_SET && !(w->link_held && step->setting == VFPT_LINK_STATE))
			vnic->assignment.wanted.present &= ~(1u << step->setting);
	}
}

/* On a captured host there is no kernel to set anything: the ledger of the tree gets its records. */
static int apply_vnic(struct vfpt_session *session, struct vfpt_plan *plan, struct vfpt_vnic_plan *vnic,
	struct vfpt_error *err)
{
	struct work work = {.session = session, .plan = plan, .vnic = vnic, .now = vnic->before};

	if (vnic->is_given_back && !session->captured &&
		vfpt_settings_read_one(session->netlink, vnic->pf, vnic->assignment.vf, &work.now, err) < 0)
		return -1;
	for (size_t i = 0; i < vnic->step_count; i++) {
		const struct vfpt_step *step = &vnic->steps[i];

		if (step->kind != VFPT_STEP_RECORD && session->captured)
			continue;
		if (carry_out(&work, step, err) < 0) {
			forget_what_was_not_set(&work);
			return -1;
		}
		vnic->steps_done = i + 1;
	}
	return session->captured ? 0 : verify_vf(&work, err);
}

static int give_back_first(struct vfpt_session *session, const struct vfpt_plan *plan, struct vfpt_error *err)
{
	for (size_t i = 0; i < plan->release_count; i++)
		if (vfpt_release(session, &plan->releases[i], true, err) < 0) {
			char mac[VFPT_MAC_SIZE];

			vfpt_error_wrap(err, "vNIC %s", vfpt_mac_format(&plan->releases[i].mac, mac));
			return vfpt_error_wrap(err, "left over from this VM's last run");
		}
	return 0;
}

static int apply_all(
	struct vfpt_session *session, struct vfpt_plan *plan, size_t *failed, struct vfpt_error *err)
{
	*failed = plan->count;
	if (give_back_first(session, plan, err) < 0)
		return -1;
	for (size_t i = 0; i < plan->count; i++) {
		if (plan->vnics[i].outcome != VFPT_OUTCOME_VF)
			continue;
		if (apply_vnic(session, plan, &plan->vnics[i], err) == 0)
			continue;
		*failed = i;
		return vfpt_error_wrap(err, "%s", plan->vnics[i].request->name);
	}
	return 0;
}

int vfpt_apply(struct vfpt_session *session, struct vfpt_plan *plan, size_t *failed, struct vfpt_error *err)
{
	struct vfpt_error second;

	if (apply_all(session, plan, failed, err) == 0)
		return 0;
	if (undo_all(session, plan, &second) < 0)
		vfpt_error_remedy(err, "undoing failed: %s", second.message);
	return -1;
}

/* --- once the VM runs ------------------------------------------------------------------------ */

static void warn_if_different(const struct vfpt_assignment *a, const struct vfpt_pf *pf,
	enum vfpt_setting setting, const struct vfpt_settings *now)
{
	char is[VFPT_SETTING_SIZE], shall[VFPT_SETTING_SIZE], mac[VFPT_MAC_SIZE];

	if (vfpt_assignment_differs(a, now, setting))
		vfpt_warn("vNIC %s: VF %u of %s has %s %s, it should be %s", vfpt_mac_format(&a->mac, mac),
			a->vf, pf->name, vfpt_setting_name(setting),
			vfpt_setting_print(setting, now->value[setting], is),
			vfpt_setting_print(setting, a->wanted.value[setting], shall));
}

/*
 * Read the VF's settings, warn where one of @watched (a bit each) is
 * not as it should be, and apply @wanted.
 */
static int compare_and_apply(struct vfpt_session *session, const struct vfpt_assignment *assignment,
	unsigned watched, const struct vfpt_settings *wanted, struct vfpt_error *err)
{
	struct vfpt_settings now = {0};
	const struct vfpt_pf *pf;
	unsigned vf;

	if (vfpt_host_find_vf(session->host, &assignment->address, &pf, &vf, err) < 0 ||
		vfpt_settings_read_one(session->netlink, pf, vf, &now, err) < 0)
		return -1;
	for (int i = 0; i < VFPT_SETTING_COUNT; i++)
		if (watched & 1u << i)
			warn_if_different(assignment, pf, (enum vfpt_setting)i, &now);
	if (apply_settings(session, pf, vf, wanted, &now, err) < 0)
		return -1;
	return assignment->macvtap && assignment->mtu
		       ? vfpt_set_vf_mtu(session, &assignment->address, assignment->mtu, err)
		       : 0;
}

struct vfpt_settings vfpt_settings_after_start(const struct vfpt_assignment *assignment)
{
	struct vfpt_settings wanted = assignment->wanted;
	unsigned reset = 1u << VFPT_VLAN_PRIORITY | 1u << VFPT_VLAN_PROTOCOL | 1u << VFPT_LINK_STATE;

	/* A link that was held goes up with the right tag only, whole. */
	if (vfpt_is_reset_by_start(&wanted))
		reset |= 1u << VFPT_VLAN_ID;
	wanted.present &= reset;
	return wanted;
}

int vfpt_finish(
	struct vfpt_session *session, const struct vfpt_assignment *assignment, struct vfpt_error *err)
{
	const struct vfpt_settings wanted = vfpt_settings_after_start(assignment);

	/* A MAC or id is not repaired here: libvirt has just set it, or whoever changed it has a reason. */
	return compare_and_apply(session, assignment, 1u << VFPT_MAC | 1u << VFPT_VLAN_ID, &wanted, err);
}

int vfpt_repair(
	struct vfpt_session *session, const struct vfpt_assignment *assignment, struct vfpt_error *err)
{
	return compare_and_apply(session, assignment, ~0u, &assignment->wanted, err);
}
