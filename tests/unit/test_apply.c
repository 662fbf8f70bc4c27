/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A plan carried out: in which order, what a driver that refuses makes of it, and all of it back. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plan_support.h"

/* A vNIC on blue with MAC aa. */
static struct vfpt_request request_aa(void)
{
	struct vfpt_request request = request_of("blue");

	request.mac = mac_aa;
	return request;
}

static struct vfpt_request request_for_trust(void)
{
	struct vfpt_request request = request_aa();

	vfpt_settings_put(&request.profile.settings, VFPT_TRUST, 1);
	return request;
}

static void plan_one(const struct vfpt_request *request)
{
	open_session();
	ck_assert_ok(plan_start(VM_A, request, 1, NULL), err);
}

static void apply_one(const struct vfpt_request *request)
{
	plan_one(request);
	ck_assert_ok(apply(), err);
}

/* It fails with that code, and leaves nothing behind. @return why */
static const char *apply_in_vain(enum vfpt_code code)
{
	ck_assert_fails(apply(), err, code);
	ck_assert_all_back();
	ck_assert_uint_eq(entries(LEDGER), 0);
	ck_assert_ptr_null(owner("0000:01:10.0"));
	return err.message;
}

/* --- in order -------------------------------------------------------------------------------- */

START_TEST(vf_is_set_and_what_it_was_recorded)
{
	const struct vfpt_request request = request_for_trust();
	const char *record;

	apply_one(&request);
	ck_assert_str_eq(said, "");
	ck_assert_str_eq(set_since(), "0 mac 56:6f:1a:2b:00:aa\n0 vlan_id 200\n0 trust on\n");
	record = get_file(LEDGER "/0000:01:10.0@" VM_A, NULL);
	ck_assert_contains(record,
		"[before]\nmac = fe:00:00:00:00:00\nvlan_id = 0\nvlan_priority = 0\nvlan_protocol = "
		"802.1Q\nmax_tx_rate = 0\nmin_tx_rate = 0\nspoofchk = on\ntrust = off\nrss_query = off\n"
		"link_state = auto\n");
	ck_assert_contains(record,
		"[wanted]\nmac = 56:6f:1a:2b:00:aa\nvlan_id = 200\nvlan_priority = 0\nvlan_protocol = "
		"802.1Q\ntrust = on\n");
	ck_assert_uint_gt(assignment.generation, 0);
	ck_assert_uint_eq(assignment.run, assignment.generation);
	/* libvirt changes more while the VM runs. */
	vfpt_settings_put(&drivers[1].vfs[0], VFPT_SPOOFCHK, 0);
	ck_assert_ok(release(), err);
	ck_assert_all_back();
	ck_assert_uint_eq(records(), 0);
}
END_TEST

static bool was_recorded_first;

/* The MTU is set last, but for this it is as good as any. */
static void look_for_record(unsigned ifindex, unsigned mtu)
{
	(void)ifindex;
	(void)mtu;
	was_recorded_first = there_is(LEDGER "/0000:01:10.0@" VM_A);
}

/* A crash in between leaves a record that says how the VF was. */
START_TEST(record_is_there_before_anything_is_set)
{
	struct vfpt_request request = request_for_trust();

	put_file("sys/devices/virtual/net/blue/mtu", "1400\n");
	request.profile.mode = VFPT_MODE_MACVTAP;
	plan_one(&request);
	drivers[1].take_mtu = look_for_record;
	was_recorded_first = false;
	ck_assert_ok(apply(), err);
	ck_assert(was_recorded_first);
	/* And where none can be written, nothing is set. */
	undo();
	set_since();
	put_directory(LEDGER "/.new");
	plan_one(&request);
	ck_assert_fails(apply(), err, VFPT_SYSTEM);
	ck_assert_contains(err.message, "vNIC: cannot write ledger record /run/vfpt/0000:01:10.0@" VM_A);
	ck_assert_ptr_null(owner("0000:01:10.0"));
	ck_assert_str_eq(set_since(), "");
	drop(LEDGER "/.new");
	ck_assert_str_eq(plug_request(VM_A, &request), "VF 0 of ens1f0");
}
END_TEST

START_TEST(all_vnics_of_a_start_are_of_one_run)
{
	const struct vfpt_request list[] = {request_of("blue"), request_of("red"), request_by_name("eth6")};

	open_session();
	ck_assert_ok(plan_start(VM_A, list, 3, NULL), err);
	ck_assert_ok(apply(), err);
	ck_assert_uint_eq(records(), 3);
	for (size_t i = 0; i < 3; i++)
		ck_assert_uint_eq(plan->vnics[i].assignment.run, plan->vnics[0].assignment.generation);
	ck_assert_uint_eq(plan->run, plan->vnics[0].assignment.generation);
	/* One that is plugged belongs to it. */
	ck_assert_str_eq(plug(VM_A, "blue"), "VF 1 of ens1f0");
	ck_assert_uint_lt(assignment.run, assignment.generation);
	ck_assert_uint_eq(plan->vnics[0].assignment.run, assignment.run);
}
END_TEST

/* What a killed hook left goes first, and then all of it is set: its driver may not take what it had. */
START_TEST(what_is_given_back_first_is)
{
	struct vfpt_request request = request_for_trust();

	apply_one(&request);
	put_record(2, 0, "red", &mac_bb, false);
	set_since();
	drivers[1].refuses = 1u << VFPT_TRUST;
	request = request_aa();
	vfpt_settings_put(&request.profile.settings, VFPT_TRUST, 0);
	plan_one(&request);
	ck_assert_uint_eq(plan->release_count, 2);
	ck_assert_fails(apply(), err, VFPT_REFUSED);
	ck_assert_contains(said, "vfpt: warning: VF 0 of ens1f0 (igb): cannot set trust to off: ");
	ck_assert_contains(err.message, "vNIC: VF 0 of ens1f0 (igb): cannot set trust to off: ");
	ck_assert_uint_eq(records(), 0);
	drivers[1].refuses = 0;
	vfpt_settings_put(&drivers[1].vfs[0], VFPT_TRUST, 0);
	ck_assert_all_back();
}
END_TEST

START_TEST(what_cannot_be_given_back_first_is_an_error)
{
	const struct vfpt_request request = request_for_trust();

	apply_one(&request);
	plan_one(&request);
	drivers[1].gone = true;
	ck_assert_fails(apply(), err, VFPT_SYSTEM);
	ck_assert_contains(err.message, "left over from this VM's last run: vNIC 56:6f:1a:2b:00:aa: ");
	ck_assert_uint_eq(records(), 1);
}
END_TEST

/* --- a driver that refuses ------------------------------------------------------------------- */

START_TEST(refused_setting_leaves_vf_and_ledger_as_they_were)
{
	const struct vfpt_request request = request_for_trust();

	plan_one(&request);
	drivers[1].refuses = 1u << VFPT_TRUST;
	ck_assert_contains(apply_in_vain(VFPT_REFUSED),
		"vNIC: VF 0 of ens1f0 (igb): cannot set trust to on: the kernel says: Operation not "
		"supported; igb does not take this; change the vNIC's profile, or use another PF");
	/* The next one finds it free, and what is known of it is true. */
	drivers[1].refuses = 0;
	ck_assert_ok(plan_start(VM_A, &request, 1, NULL), err);
	ck_assert_ok(apply(), err);
	ck_assert_uint_eq(assignment.vf, 0);
	ck_assert_uint_eq(assignment.before.value[VFPT_MAC], mac_at_first(1, 0));
}
END_TEST

/* Who it was is for the caller to know: it may plan again without that PF. */
START_TEST(one_that_is_refused_undoes_all_and_is_named)
{
	struct vfpt_request list[] = {request_of("red"), request_of("blue"), request_for_trust()};
	size_t failed;

	list[1].profile.passthrough = VFPT_PASSTHROUGH_OFF;
	open_session();
	ck_assert_ok(plan_start(VM_A, list, 3, NULL), err);
	drivers[1].refuses = 1u << VFPT_TRUST;
	ck_assert_fails(vfpt_apply(&session, plan, &failed, &err), err, VFPT_REFUSED);
	ck_assert_uint_eq(failed, 2);
	ck_assert_uint_eq(plan->vnics[0].steps_done, 0);
	ck_assert_all_back();
	ck_assert_uint_eq(entries(LEDGER), 0);
	ck_assert_contains(drivers[2].log, "0 mac fe:00:00:00:01:00\n");
}
END_TEST

START_TEST(undoing_that_fails_is_told_with_the_failure)
{
	const struct vfpt_request request = request_for_trust();

	plan_one(&request);
	drivers[1].refuses = 1u << VFPT_TRUST;
	put_directory(LEDGER "/last");
	/* It cannot be set back either, and the VF is given back as it is: that is a warning. */
	drivers[1].refuses_back = 1u << VFPT_MAC;
	ck_assert_fails(apply(), err, VFPT_REFUSED);
	ck_assert_contains(
		said, "vfpt: warning: VF 0 of ens1f0 (igb): cannot set mac to fe:00:00:00:00:00: ");
	/* The driver went away: then the record stays, and the error says so. */
	drivers[1] = (struct driver){.ifindex = 2, .next = &drivers[2]};
	drivers[1].goes = 1;
	ck_assert_ok(plan_start(VM_A, &request, 1, NULL), err);
	ck_assert_fails(apply(), err, VFPT_SYSTEM);
	ck_assert_contains(err.message, "; undoing failed: ");
	ck_assert_uint_eq(records(), 1);
}
END_TEST

/* What keeps VMs apart is read back. */
static const struct {
	enum vfpt_setting ignored;
	const char *why;
} liars[] = {
	{VFPT_MAC, "its driver took mac 56:6f:1a:2b:00:aa and shows fe:00:00:00:00:00; "},
	{VFPT_VLAN_ID, "its driver took vlan_id 200 and shows 0; "},
	{VFPT_VLAN_PRIORITY, "its driver took vlan_priority 3 and shows 0; "},
	{VFPT_VLAN_PROTOCOL, "its driver took vlan_protocol 802.1ad and shows 802.1Q; "},
	{VFPT_TRUST, "its driver took trust on and shows off; "},
};

START_TEST(driver_that_says_yes_and_does_nothing_has_refused)
{
	struct vfpt_request request = request_for_trust();

	vfpt_settings_put(&request.profile.settings, VFPT_VLAN_PRIORITY, 3);
	vfpt_settings_put(&request.profile.settings, VFPT_VLAN_PROTOCOL, VFPT_VLAN_8021AD);
	plan_one(&request);
	drivers[1].ignores = 1u << liars[_i].ignored;
	ck_assert_contains(
		apply_in_vain(VFPT_REFUSED), text("vNIC: VF 0 of ens1f0 (igb): %s", liars[_i].why));
	ck_assert_contains(err.message, "that is a refusal: change the vNIC's profile, or use another PF");
}
END_TEST

/* One whose driver shows no MAC or VLAN is taken at its word. */
START_TEST(setting_that_is_not_shown_cannot_be_verified)
{
	const struct vfpt_request request = request_aa();

	plan_one(&request);
	drivers[1].shows_no_vlan = true;
	ck_assert_ok(apply(), err);
}
END_TEST

/* --- what the driver takes and does not show: nobody has it from the VF's last user */

#define HIDDEN (1u << VFPT_SPOOFCHK | 1u << VFPT_TRUST | 1u << VFPT_RSS_QUERY)

static const struct {
	enum vfpt_setting asks; /* VFPT_MAC: for nothing */
	uint64_t value;
	unsigned refuses;
	const char *set, *released;
} hidden[] = {
	{VFPT_MAC, 0, 0, "0 spoofchk on\n0 trust off\n", ""},
	{VFPT_TRUST, 1, 0, "0 trust on\n0 spoofchk on\n", "0 trust off\n"},
	{VFPT_TRUST, 0, 0, "0 trust off\n0 spoofchk on\n", "0 trust off\n"},
	{VFPT_SPOOFCHK, 0, 0, "0 spoofchk off\n0 trust off\n", "0 spoofchk on\n"},
	{VFPT_SPOOFCHK, 1, 0, "0 spoofchk on\n0 trust off\n", "0 spoofchk on\n"},
	/* no driver takes this one and hides it: set where it is asked for, and put back all the same */
	{VFPT_RSS_QUERY, 1, 0, "0 rss_query on\n0 spoofchk on\n0 trust off\n", "0 rss_query off\n"},
	/* what it refuses, it does not have */
	{VFPT_MAC, 0, 1u << VFPT_SPOOFCHK, "!0 spoofchk on\n0 trust off\n", ""},
	{VFPT_MAC, 0, 1u << VFPT_TRUST, "0 spoofchk on\n!0 trust off\n", ""},
	{VFPT_MAC, 0, HIDDEN, "!0 spoofchk on\n!0 trust off\n", ""},
};

/* VF 0 as somebody left it. */
static void hide_settings(void)
{
	drivers[1].hides = HIDDEN;
	vfpt_settings_put(&drivers[1].vfs[0], VFPT_SPOOFCHK, 0);
	vfpt_settings_put(&drivers[1].vfs[0], VFPT_TRUST, 1);
}

START_TEST(setting_that_is_not_shown_has_its_default)
{
	struct vfpt_request request = request_aa();

	if (hidden[_i].asks != VFPT_MAC)
		vfpt_settings_put(&request.profile.settings, hidden[_i].asks, hidden[_i].value);
	hide_settings();
	drivers[1].refuses = hidden[_i].refuses;
	apply_one(&request);
	ck_assert_str_eq(set_since(), text("0 mac 56:6f:1a:2b:00:aa\n0 vlan_id 200\n%s", hidden[_i].set));
	/* That is not the vNIC's: it is not set again. */
	ck_assert_ok(vfpt_finish(&session, &assignment, &err), err);
	ck_assert_str_eq(set_since(), "");
	ck_assert_ok(release(), err);
	ck_assert_str_eq(set_since(), text("%s0 vlan_id 0\n0 mac fe:00:00:00:00:00\n", hidden[_i].released));
	ck_assert_str_eq(said, "");
	ck_assert_uint_eq(records(), 0);
}
END_TEST

START_TEST(default_that_cannot_be_set_for_another_reason_is_an_error)
{
	const struct vfpt_request request = request_aa();

	hide_settings();
	plan_one(&request);
	drivers[1].goes = 3; /* behind MAC and VLAN */
	ck_assert_fails(apply(), err, VFPT_SYSTEM);
	ck_assert_contains(err.message, "cannot set spoofchk to on: the kernel says: No such device");
}
END_TEST

START_TEST(setting_that_is_not_shown_and_does_not_go_back_is_told)
{
	const struct vfpt_request request = request_for_trust();

	hide_settings();
	drivers[1].refuses_back = 1u << VFPT_TRUST;
	apply_one(&request);
	ck_assert_ok(release(), err);
	ck_assert_contains(said, "vfpt: warning: VF 0 of ens1f0 (igb): cannot set trust to off: ");
	ck_assert_uint_eq(records(), 0);
}
END_TEST

/* --- a stale MAC ----------------------------------------------------------------------------- */

START_TEST(stale_mac_is_taken_from_its_vf_and_comes_back)
{
	const struct vfpt_request request = request_aa();
	const struct driver *holder = &drivers[_i ? 3 : 1];
	unsigned vf = _i ? 2 : 5;

	vfpt_settings_put(&drivers[_i ? 3 : 1].vfs[vf], VFPT_MAC, vfpt_mac_value(&mac_aa));
	apply_one(&request);
	ck_assert_str_eq(
		said, text("vfpt: warning: VF %u of ens%uf0 was free but still had MAC 56:6f:1a:2b:00:aa, "
			   "which would swallow the vNIC's traffic; it is cleared\n",
			      vf, _i ? 3 : 1));
	ck_assert_uint_eq(holder->vfs[vf].value[VFPT_MAC], 0);
	ck_assert_uint_eq(drivers[1].vfs[0].value[VFPT_MAC], vfpt_mac_value(&mac_aa));
	undo();
	ck_assert_str_eq(said, "");
	ck_assert_uint_eq(holder->vfs[vf].value[VFPT_MAC], vfpt_mac_value(&mac_aa));
	ck_assert_uint_eq(drivers[1].vfs[0].value[VFPT_MAC], mac_at_first(1, 0));
	ck_assert_uint_eq(entries(LEDGER), 0);
}
END_TEST

/* Some drivers take none for no MAC: then it gets one that nobody has. */
START_TEST(stale_mac_is_cleared_from_a_driver_that_wants_one)
{
	const struct vfpt_request request = request_aa();

	vfpt_settings_put(&drivers[1].vfs[5], VFPT_MAC, vfpt_mac_value(&mac_aa));
	drivers[1].wants_mac = true;
	apply_one(&request);
	ck_assert_contains(said, "VF 5 of ens1f0 was free but still had MAC 56:6f:1a:2b:00:aa");
	ck_assert_uint_eq(drivers[1].vfs[5].value[VFPT_MAC], 0x02000000018a);
	ck_assert_uint_eq(drivers[1].vfs[0].value[VFPT_MAC], vfpt_mac_value(&mac_aa));
	undo();
	ck_assert_uint_eq(drivers[1].vfs[5].value[VFPT_MAC], vfpt_mac_value(&mac_aa));
	ck_assert_uint_eq(records(), 0);
}
END_TEST

START_TEST(stale_mac_that_cannot_be_cleared_is_an_error)
{
	const struct vfpt_request request = request_aa();

	vfpt_settings_put(&drivers[1].vfs[5], VFPT_MAC, vfpt_mac_value(&mac_aa));
	drivers[1].refuses = 1u << VFPT_MAC;
	plan_one(&request);
	ck_assert_fails(apply(), err, VFPT_REFUSED);
	ck_assert_contains(err.message, "vNIC: a free VF still has this MAC: ");
	ck_assert_uint_eq(records(), 0);
}
END_TEST

/* No other VF for the vNIC would help: its MAC would be there twice. */
START_TEST(stale_mac_of_a_vf_that_its_driver_is_busy_with_is_an_error)
{
	const struct vfpt_request request = request_aa();

	vfpt_settings_put(&drivers[1].vfs[5], VFPT_MAC, vfpt_mac_value(&mac_aa));
	drivers[1].busy = 1u << 5;
	plan_one(&request);
	ck_assert_fails(apply(), err, VFPT_REFUSED);
	ck_assert_contains(err.message,
		"vNIC: a free VF still has this MAC: VF 5 of ens1f0 (igb): cannot set "
		"mac to 00:00:00:00:00:00: the kernel says: Device or resource busy");
	/* It is not given another one, either. */
	ck_assert_str_eq(set_since(), "!5 mac 00:00:00:00:00:00\n");
	ck_assert_uint_eq(records(), 0);
	/* Once it is not busy, all is well. */
	drivers[1].busy = 0;
	apply_one(&request);
	ck_assert_uint_eq(drivers[1].vfs[5].value[VFPT_MAC], 0);
}
END_TEST

/* --- the link is held ------------------------------------------------------------------------ */

static struct vfpt_request request_for_priority(void)
{
	struct vfpt_request request = request_aa();

	vfpt_settings_put(&request.profile.settings, VFPT_VLAN_PRIORITY, 3);
	return request;
}

START_TEST(link_is_held_before_anything_else_is_set_and_let_up_at_last)
{
	struct vfpt_request request = request_for_priority();

	if (_i)
		vfpt_settings_put(&request.profile.settings, VFPT_LINK_STATE, VFPT_LINK_ENABLE);
	apply_one(&request);
	ck_assert_str_eq(set_since(),
		"0 link_state disable\n0 mac 56:6f:1a:2b:00:aa\n0 vlan_id 200\n0 vlan_priority 3\n");
	ck_assert(!plan->vnics[0].gap);
	/* libvirt's start of the VM */
	vfpt_settings_put(&drivers[1].vfs[0], VFPT_VLAN_PRIORITY, 0);
	ck_assert_ok(vfpt_finish(&session, &assignment, &err), err);
	ck_assert_str_eq(set_since(), text("0 vlan_priority 3\n0 link_state %s\n", _i ? "enable" : "auto"));
	ck_assert_ok(release(), err);
	ck_assert_all_back();
}
END_TEST

/* The link was held already, in a message before those that undo themselves. */
START_TEST(setting_refused_behind_a_held_link_lets_it_up_again)
{
	struct vfpt_request request = request_for_priority();

	vfpt_settings_put(&request.profile.settings, VFPT_TRUST, 1);
	plan_one(&request);
	drivers[1].refuses = 1u << VFPT_TRUST;
	apply_in_vain(VFPT_REFUSED);
	/* And the next one holds it anew. */
	drivers[1].refuses = 0;
	set_since();
	apply_one(&request);
	ck_assert_str_eq(set_since(), "0 link_state disable\n0 mac 56:6f:1a:2b:00:aa\n0 vlan_id 200\n0 "
				      "vlan_priority 3\n0 trust on\n");
}
END_TEST

START_TEST(driver_that_cannot_hold_the_link_is_refused_or_allowed_the_gap)
{
	struct vfpt_request request = request_for_priority();

	drivers[1].refuses = 1u << VFPT_LINK_STATE;
	put_file(CONFIG, _i ? "[policy]\ngap = allow\n" : "");
	plan_one(&request);
	if (_i == 0) {
		ck_assert_contains(apply_in_vain(VFPT_REFUSED),
			"vNIC: VF 0 of ens1f0 (igb): its VLAN priority or protocol can only be set once the "
			"VM runs, ");
		ck_assert_contains(
			err.message, "allow that gap in /etc/vdsm/vfpt.conf ([policy] gap = allow)");
	} else {
		ck_assert_ok(apply(), err);
		ck_assert(plan->vnics[0].gap);
		ck_assert_uint_eq(drivers[1].vfs[0].value[VFPT_VLAN_PRIORITY], 3);
	}
}
END_TEST

/* It takes all of it and shows one state for ever (ixgbe before Linux 6.7): nobody knows what it is then. */
static const struct {
	enum vfpt_link_state shown;
	bool gap;
	const char *set;
} deaf[] = {
	{VFPT_LINK_AUTO, false, "0 link_state disable\n0 link_state auto\n"},
	{VFPT_LINK_AUTO, true, "0 link_state disable\n0 link_state auto\n"},
	{VFPT_LINK_ENABLE, true, "0 link_state disable\n0 link_state enable\n"},
};

START_TEST(link_that_is_shown_as_it_was_is_not_held_and_set_back)
{
	const struct vfpt_request request = request_for_priority();

	drivers[1].ignores = 1u << VFPT_LINK_STATE;
	vfpt_settings_put(&drivers[1].vfs[0], VFPT_LINK_STATE, deaf[_i].shown);
	put_file(CONFIG, deaf[_i].gap ? "[policy]\ngap = allow\n" : "");
	plan_one(&request);
	if (!deaf[_i].gap) {
		ck_assert_contains(apply_in_vain(VFPT_REFUSED), "the driver cannot hold the link down");
		/* And once more when the VF goes back. */
		ck_assert_str_eq(set_since(), text("%s0 link_state auto\n", deaf[_i].set));
		return;
	}
	ck_assert_ok(apply(), err);
	ck_assert(plan->vnics[0].gap);
	ck_assert_str_eq(set_since(),
		text("%s0 mac 56:6f:1a:2b:00:aa\n0 vlan_id 200\n0 vlan_priority 3\n", deaf[_i].set));
	/* What it was is what it is to have, and it goes back to that whatever is shown. */
	ck_assert_uint_eq(assignment.wanted.value[VFPT_LINK_STATE], deaf[_i].shown);
	ck_assert_ok(release(), err);
	ck_assert_contains(set_since(), strchr(deaf[_i].set, '\n') + 1);
}
END_TEST

START_TEST(link_that_cannot_be_set_back_is_not_held)
{
	const struct vfpt_request request = request_for_priority();

	drivers[1].ignores = drivers[1].refuses_back = 1u << VFPT_LINK_STATE;
	plan_one(&request);
	ck_assert_contains(apply_in_vain(VFPT_REFUSED), "the driver cannot hold the link down");
	ck_assert_contains(set_since(), "0 link_state disable\n!0 link_state auto\n");
}
END_TEST

/* Not now is not never: that is no gap to be allowed. */
START_TEST(link_that_the_driver_is_busy_with_is_no_gap)
{
	const struct vfpt_request request = request_for_priority();

	put_file(CONFIG, "[policy]\ngap = allow\n");
	plan_one(&request);
	if (_i == 0) {
		drivers[1].busy_settings = 1u << VFPT_LINK_STATE;
	} else { /* it is busy when the link state is to be set back */
		drivers[1].ignores = 1u << VFPT_LINK_STATE;
		drivers[1].sticks = 2;
	}
	ck_assert_fails(apply(), err, VFPT_BUSY);
	ck_assert_contains(err.message, text("cannot set link_state to %s: ", _i ? "auto" : "disable"));
	ck_assert(!plan->vnics[0].gap);
}
END_TEST

/* It shows no link state at all: it is taken at its word. */
START_TEST(link_whose_state_is_not_shown_is_held)
{
	const struct vfpt_request request = request_for_priority();

	drivers[1].hides = 1u << VFPT_LINK_STATE;
	apply_one(&request);
	ck_assert(!plan->vnics[0].gap);
	ck_assert_str_eq(set_since(),
		"0 link_state disable\n0 mac 56:6f:1a:2b:00:aa\n0 vlan_id 200\n0 vlan_priority 3\n");
	ck_assert_uint_eq(drivers[1].vfs[0].value[VFPT_LINK_STATE], VFPT_LINK_DISABLE);
	ck_assert_ok(vfpt_finish(&session, &assignment, &err), err);
	ck_assert_str_eq(set_since(), "0 link_state auto\n");
}
END_TEST

START_TEST(link_that_is_shown_late_is_held)
{
	const struct vfpt_request request = request_for_priority();

	drivers[1].late = true;
	apply_one(&request);
	ck_assert(!plan->vnics[0].gap);
	ck_assert_uint_eq(drivers[1].waits, 1);
	ck_assert_uint_eq(drivers[1].vfs[0].value[VFPT_LINK_STATE], VFPT_LINK_DISABLE);
}
END_TEST

/* --- a driver that resets the VF at each change ---------------------------------------------- */

/* ice and i40e reset it at each change of its VLAN. */
START_TEST(vlan_with_all_its_parts_is_one_message)
{
	struct vfpt_request request = request_for_priority();

	vfpt_settings_put(&request.profile.settings, VFPT_VLAN_PROTOCOL, VFPT_VLAN_8021AD);
	apply_one(&request);
	ck_assert_str_eq(set_since(), "0 link_state disable\n0 mac 56:6f:1a:2b:00:aa\n0 vlan_id 200\n"
				      "0 vlan_priority 3\n0 vlan_protocol 802.1ad\n");
	ck_assert_uint_eq(drivers[1].messages, 3);
	/* libvirt's start of the VM */
	vfpt_settings_put(&drivers[1].vfs[0], VFPT_VLAN_PRIORITY, 0);
	vfpt_settings_put(&drivers[1].vfs[0], VFPT_VLAN_PROTOCOL, VFPT_VLAN_8021Q);
	ck_assert_ok(vfpt_finish(&session, &assignment, &err), err);
	ck_assert_str_eq(set_since(), "0 vlan_priority 3\n0 vlan_protocol 802.1ad\n0 link_state auto\n");
	ck_assert_uint_eq(drivers[1].messages, 5);
	ck_assert_ok(release(), err);
	ck_assert_all_back();
}
END_TEST

/* The VF goes to libvirt next, which asks once: it must be there, and at rest. */
START_TEST(vf_that_resets_after_the_last_setting_is_waited_for)
{
	const struct vfpt_request request = request_for_trust();

	drivers[1].resets_for = 5;
	apply_one(&request);
	ck_assert_uint_eq(drivers[1].hidden, 0);
	ck_assert_uint_eq(drivers[1].waits, 5);
	ck_assert_uint_eq(drivers[1].vfs[0].value[VFPT_TRUST], 1);
	/* And so it is when it goes back. */
	ck_assert_ok(release(), err);
	ck_assert_uint_eq(drivers[1].hidden, 0);
	ck_assert_all_back();
	ck_assert_uint_eq(records(), 0);
}
END_TEST

START_TEST(vf_that_resets_for_ever_is_busy_and_its_record_stays)
{
	const struct vfpt_request request = request_for_trust();

	plan_one(&request);
	drivers[1].resets_for = 1000;
	ck_assert_fails(apply(), err, VFPT_BUSY);
	ck_assert_contains(err.message,
		"vNIC: VF 0 of ens1f0 (igb): its driver does not show it: it resets the VF, or has disabled "
		"it (the kernel's log says more); undoing failed: ");
	ck_assert_contains(err.message, "its record stays, and the next hook on this host sets it back");
	ck_assert_str_eq(owner("0000:01:10.0"), VM_A);
	ck_assert_contains(get_file(LEDGER "/0000:01:10.0@" VM_A, NULL), "\nunfinished = 1\n");
}
END_TEST

/* It says so at once, before anything is set: then nothing is left of it. */
START_TEST(driver_that_is_busy_from_the_first_leaves_nothing_behind)
{
	const struct vfpt_request request = request_for_trust();
	size_t failed;

	plan_one(&request);
	drivers[1].busy = 1u << 0;
	ck_assert_fails(vfpt_apply(&session, plan, &failed, &err), err, VFPT_BUSY);
	ck_assert_uint_eq(failed, 0);
	ck_assert_contains(err.message, "vNIC: VF 0 of ens1f0 (igb): cannot set mac to 56:6f:1a:2b:00:aa: "
					"the kernel says: Device or resource busy; ");
	ck_assert_lacks(err.message, "change the vNIC's profile");
	ck_assert_lacks(err.message, "undoing failed");
	ck_assert_all_back();
	ck_assert_uint_eq(records(), 0);
}
END_TEST

/* Behind the MAC, which then cannot be set back either. */
START_TEST(driver_that_becomes_busy_leaves_an_unfinished_record)
{
	const struct vfpt_request list[] = {request_of("red"), request_for_trust()};
	size_t failed;

	open_session();
	ck_assert_ok(plan_start(VM_A, list, 2, NULL), err);
	drivers[1].sticks = 2;
	ck_assert_fails(vfpt_apply(&session, plan, &failed, &err), err, VFPT_BUSY);
	ck_assert_uint_eq(failed, 1);
	ck_assert_contains(
		err.message, "cannot set vlan_id to 200: the kernel says: Device or resource busy");
	ck_assert_contains(err.message, "; undoing failed: VF 0 of ens1f0 (igb): cannot set mac to ");
	ck_assert_contains(get_file(LEDGER "/0000:01:10.0@" VM_A, NULL), "\nunfinished = 1\n");
	/* The others are as they were. */
	ck_assert_uint_eq(records(), 1);
	ck_assert_uint_eq(drivers[2].vfs[0].value[VFPT_MAC], mac_at_first(2, 0));
	/* And once it can be done, it is. */
	drivers[1].busy = 0;
	ck_assert_ok(vfpt_release_unfinished(&session, &err), err);
	ck_assert_all_back();
	ck_assert_uint_eq(records(), 0);
}
END_TEST

/* libvirt would set VLAN id 0: what a VF by name has, it keeps, and comes back to. */
START_TEST(vf_by_name_comes_back_to_its_vlan)
{
	static const struct {
		unsigned id, priority, protocol;
		const char *finished;
	} cases[] = {
		{0, 0, VFPT_VLAN_8021Q, ""},
		{7, 0, VFPT_VLAN_8021Q, ""},
		{7, 3, VFPT_VLAN_8021Q, "0 vlan_priority 3\n0 link_state auto\n"},
		{7, 0, VFPT_VLAN_8021AD, "0 vlan_protocol 802.1ad\n0 link_state auto\n"},
	};
	const struct vfpt_request request = request_by_name("eth0");
	uint64_t *value = drivers[1].vfs[0].value;

	value[VFPT_VLAN_ID] = cases[_i].id;
	value[VFPT_VLAN_PRIORITY] = cases[_i].priority;
	value[VFPT_VLAN_PROTOCOL] = cases[_i].protocol;
	apply_one(&request);
	set_since();
	/* libvirt's start of the VM */
	value[VFPT_VLAN_PRIORITY] = 0;
	value[VFPT_VLAN_PROTOCOL] = VFPT_VLAN_8021Q;
	ck_assert_ok(vfpt_finish(&session, &assignment, &err), err);
	ck_assert_str_eq(set_since(), cases[_i].finished);
	ck_assert_ok(release(), err);
	ck_assert_uint_eq(value[VFPT_MAC], mac_at_first(1, 0));
	ck_assert_uint_eq(value[VFPT_VLAN_ID], cases[_i].id);
	ck_assert_uint_eq(value[VFPT_VLAN_PRIORITY], cases[_i].priority);
	ck_assert_uint_eq(value[VFPT_VLAN_PROTOCOL], cases[_i].protocol);
	ck_assert_uint_eq(value[VFPT_LINK_STATE], VFPT_LINK_AUTO);
	ck_assert_uint_eq(records(), 0);
}
END_TEST

START_TEST(vf_by_name_whose_mac_is_refused_is_left_as_it_was)
{
	const struct vfpt_request request = request_by_name("eth0");

	plan_one(&request);
	drivers[1].refuses = 1u << VFPT_MAC;
	ck_assert_contains(
		apply_in_vain(VFPT_REFUSED), "custom property sriov: eth0: VF 0 of ens1f0 (igb): ");
}
END_TEST

/* --- the MTU of the VF's network device, which a macvtap has too; eth0 has interface index 5 --- */

static const char *mtu_file(unsigned vf)
{
	return text(PF_1 "virtfn%u/net/eth%u/mtu", vf, vf);
}

enum { MACVTAP_IFINDEX = 50 };

static void take_mtu(unsigned ifindex, unsigned mtu)
{
	put_file(ifindex == MACVTAP_IFINDEX ? "sys/class/net/macvtap0/mtu" : mtu_file(ifindex - 5),
		text("%u\n", mtu));
}

static void ck_assert_mtu(unsigned vf, unsigned mtu)
{
	ck_assert_str_eq(get_file(mtu_file(vf), NULL), text("%u\n", mtu));
}

/* A macvtap vNIC on blue, which has that MTU, as its PF. */
static struct vfpt_request request_for_macvtap(unsigned mtu)
{
	struct vfpt_request request = request_aa();

	request.profile.mode = VFPT_MODE_MACVTAP;
	put_file("sys/devices/virtual/net/blue/mtu", text("%u\n", mtu));
	put_file(PF_1 "net/ens1f0/mtu", "9000\n");
	drivers[1].take_mtu = take_mtu;
	return request;
}

/* What libvirt does not set in this mode is set through the PF all the same: BZ 848200. */
#define MACVTAP_SET "0 mac 56:6f:1a:2b:00:aa\n0 vlan_id 200\n"

START_TEST(mtu_of_a_macvtap_is_set_recorded_and_put_back)
{
	const struct vfpt_request request = request_for_macvtap(9000);

	apply_one(&request);
	ck_assert_str_eq(set_since(), MACVTAP_SET "mtu 5 9000\n");
	ck_assert_mtu(0, 9000);
	ck_assert_contains(get_file(LEDGER "/0000:01:10.0@" VM_A, NULL),
		"\nmacvtap = 1\nmtu_before = 1500\nmtu = 9000\n");
	ck_assert_str_eq(plan->vnics[0].netdev, "eth0");
	if (_i == 0)
		ck_assert_ok(release(), err);
	else
		undo();
	ck_assert_contains(set_since(), "mtu 5 1500\n");
	ck_assert_mtu(0, 1500);
	ck_assert_all_back();
	ck_assert_uint_eq(records(), 0);
}
END_TEST

static const struct {
	unsigned network, vnic, device; /* MTUs */
	enum vfpt_mode mode;
	const char *set, *recorded;
} device_mtus[] = {
	{1500, 0, 1500, VFPT_MODE_MACVTAP, "", "mtu_before = 1500\nmtu = 1500\n"},
	{1500, 0, 9000, VFPT_MODE_MACVTAP, "mtu 5 1500\n", "mtu_before = 9000\nmtu = 1500\n"},
	{9000, 0, 1500, VFPT_MODE_MACVTAP, "mtu 5 9000\n", "mtu_before = 1500\nmtu = 9000\n"},
	{9000, 0, 9000, VFPT_MODE_MACVTAP, "", "mtu_before = 9000\nmtu = 9000\n"},
	/* the vNIC's own goes before the network's, above and below it */
	{1500, 4000, 1500, VFPT_MODE_MACVTAP, "mtu 5 4000\n", "mtu_before = 1500\nmtu = 4000\n"},
	{9000, 4000, 1500, VFPT_MODE_MACVTAP, "mtu 5 4000\n", "mtu_before = 1500\nmtu = 4000\n"},
	/* neither says any: the network has no bridge here */
	{0, 0, 1400, VFPT_MODE_MACVTAP, "", "mtu_before = 0\nmtu = 0\n"},
	{0, 4000, 1400, VFPT_MODE_MACVTAP, "mtu 5 4000\n", "mtu_before = 1400\nmtu = 4000\n"},
	/* where the VF itself is in the guest, that is the guest's */
	{9000, 9000, 1500, VFPT_MODE_HOSTDEV, "", "macvtap = 0\nmtu_before = 0\nmtu = 0\n"},
	{9000, 9000, 1500, VFPT_MODE_FAILOVER, "", "macvtap = 0\nmtu_before = 0\nmtu = 0\n"},
};

START_TEST(mtu_is_set_where_it_is_another)
{
	struct vfpt_request request = request_for_macvtap(device_mtus[_i].network);

	request.profile.mode = device_mtus[_i].mode;
	request.mtu = device_mtus[_i].vnic;
	if (device_mtus[_i].network == 0) {
		request.bridge = request.network = "green";
		strcpy(request.profile.pfs, "ens1f0");
		vfpt_settings_put(&request.profile.settings, VFPT_VLAN_ID, 200);
	}
	put_file(mtu_file(0), text("%u\n", device_mtus[_i].device));
	apply_one(&request);
	ck_assert_str_eq(set_since(), text(MACVTAP_SET "%s", device_mtus[_i].set));
	ck_assert_contains(get_file(LEDGER "/0000:01:10.0@" VM_A, NULL), device_mtus[_i].recorded);
	ck_assert_ok(release(), err);
	ck_assert_mtu(0, device_mtus[_i].device);
	if (!device_mtus[_i].set[0])
		ck_assert_lacks(set_since(), "mtu");
}
END_TEST

START_TEST(mtu_that_is_refused_leaves_vf_and_ledger_as_they_were)
{
	const struct vfpt_request request = request_for_macvtap(9000);

	plan_one(&request);
	drivers[1].refuses_mtu = true;
	ck_assert_contains(apply_in_vain(VFPT_REFUSED),
		"cannot set the MTU of eth0 to 9000: the kernel says: Invalid argument");
	ck_assert_contains(set_since(), MACVTAP_SET "!mtu 5 9000\n");
}
END_TEST

START_TEST(mtu_that_libvirt_changed_is_set_again_once_the_vm_runs)
{
	const struct vfpt_request request = request_for_macvtap(9000);

	apply_one(&request);
	set_since();
	ck_assert_ok(vfpt_finish(&session, &assignment, &err), err);
	ck_assert_str_eq(set_since(), "");
	put_file(mtu_file(0), "1500\n");
	ck_assert_ok(vfpt_finish(&session, &assignment, &err), err);
	ck_assert_str_eq(set_since(), "mtu 5 9000\n");
	put_file(mtu_file(0), "1500\n");
	drivers[1].refuses_mtu = true;
	ck_assert_fails(vfpt_finish(&session, &assignment, &err), err, VFPT_REFUSED);
	ck_assert_contains(err.message, "cannot set the MTU of eth0 to 9000: ");
}
END_TEST

/* As libvirt makes it, when it plugs or starts. */
static void put_macvtap(unsigned mtu)
{
	put_file("sys/class/net/macvtap0/ifindex", text("%u\n", MACVTAP_IFINDEX));
	put_file("sys/class/net/macvtap0/mtu", text("%u\n", mtu));
	put_file("sys/class/net/macvtap0/address", "56:6f:1a:2b:00:aa\n");
	put_link(PF_1 "virtfn0/net/eth0/upper_macvtap0", "x");
}

START_TEST(mtu_of_the_macvtap_follows)
{
	const struct vfpt_request request = request_for_macvtap(9000);

	apply_one(&request);
	set_since();
	put_macvtap(_i ? 1500 : 9000);
	ck_assert_ok(vfpt_finish(&session, &assignment, &err), err);
	ck_assert_str_eq(set_since(), _i ? "mtu 50 9000\n" : "");
	/* It would be gone by now. If not, it is not larger than what it stands on. */
	ck_assert_ok(release(), err);
	ck_assert_contains(set_since(), "mtu 5 1500\nmtu 50 1500\n");
	ck_assert_mtu(0, 1500);
}
END_TEST

START_TEST(mtu_that_the_macvtap_refuses_is_an_error)
{
	const struct vfpt_request request = request_for_macvtap(9000);

	apply_one(&request);
	put_macvtap(1500);
	drivers[1].refuses_mtu = true;
	ck_assert_fails(vfpt_finish(&session, &assignment, &err), err, VFPT_REFUSED);
	ck_assert_contains(err.message, "cannot set the MTU of macvtap0 to 9000: the kernel says: ");
	ck_assert_uint_eq(records(), 1);
}
END_TEST

START_TEST(mtu_that_cannot_be_put_back_does_not_keep_the_vf)
{
	const struct vfpt_request request = request_for_macvtap(9000);

	apply_one(&request);
	if (_i == 0)
		drivers[1].refuses_mtu = true;
	else /* it is with no driver now: then its network device will be as new */
		drop(PF_1 "virtfn0/net");
	ck_assert_ok(release(), err);
	if (_i == 0)
		ck_assert_contains(said, "vfpt: warning: cannot set the MTU of eth0 to 1500: ");
	ck_assert_uint_eq(count_lines(said), _i == 0);
	ck_assert_all_back();
	ck_assert_uint_eq(records(), 0);
}
END_TEST

/* --- all or nothing -------------------------------------------------------------------------- */

START_TEST(undoing_puts_all_back_the_newest_first)
{
	const struct vfpt_request list[] = {request_for_trust(), request_of("red"), request_of("blue")};

	give(1, 1, VM_B);
	open_session();
	ck_assert_ok(plan_start(VM_A, list, 3, NULL), err);
	ck_assert_ok(apply(), err);
	ck_assert_uint_eq(drivers[1].vfs[0].value[VFPT_TRUST], 1);
	ck_assert_uint_eq(records(), 4);
	set_since();
	undo();
	ck_assert_str_eq(said, "");
	ck_assert_str_eq(set_since(), "2 vlan_id 0\n2 mac fe:00:00:00:00:02\n"
				      "0 trust off\n0 vlan_id 0\n0 mac fe:00:00:00:00:00\n");
	ck_assert_all_back();
	/* What was there before, is there. */
	ck_assert_str_eq(owner("0000:01:10.2"), VM_B);
	ck_assert_uint_eq(entries(LEDGER), 1);
	/* Once is enough. */
	undo();
	ck_assert_str_eq(set_since(), "");
	ck_assert_uint_eq(entries(LEDGER), 1);
}
END_TEST

START_TEST(what_was_undone_is_not_undone_again)
{
	const struct vfpt_request request = request_aa();

	apply_one(&request);
	drivers[1].gone = true;
	undo();
	ck_assert_contains(said, "vfpt: warning: undoing: ");
	undo();
	ck_assert_str_eq(said, "");
}
END_TEST

START_TEST(undoing_that_fails_is_a_warning)
{
	const struct vfpt_request request = request_aa();

	apply_one(&request);
	drivers[1].gone = true;
	undo();
	ck_assert_contains(said, "vfpt: warning: undoing: ");
	ck_assert_uint_eq(records(), 1);
}
END_TEST

/* On a captured host there is nobody to set anything. */
START_TEST(captured_host_gets_records_alone)
{
	const struct vfpt_request list[] = {request_of("blue"), request_of("red")};

	vfpt_settings_put(&drivers[1].vfs[3], VFPT_MAC, vfpt_mac_value(&list[0].mac));
	open_session();
	ck_assert_ok(plan_start(VM_A, list, 2, NULL), err);
	session.captured = true;
	ck_assert_ok(apply(), err);
	ck_assert_str_eq(said, "");
	ck_assert_uint_eq(records(), 2);
	ck_assert_str_eq(drivers[1].log, "");
	undo();
	ck_assert_contains(said, "would set back: VF 0 of ens2f0: ");
	ck_assert_contains(said, "would set back: VF 0 of ens1f0: ");
	ck_assert_str_eq(drivers[1].log, "");
	ck_assert_uint_eq(records(), 0);
}
END_TEST

/* --- once the VM runs ------------------------------------------------------------------------ */

START_TEST(difference_once_the_vm_runs_is_a_warning)
{
	const struct vfpt_request request = request_for_trust();

	apply_one(&request);
	set_since();
	vfpt_settings_put(&drivers[1].vfs[0], VFPT_MAC, 0x020000000002);
	vfpt_settings_put(&drivers[1].vfs[0], VFPT_VLAN_ID, 201);
	catch_stderr();
	ck_assert_ok(vfpt_finish(&session, &assignment, &err), err);
	ck_assert_str_eq(caught_stderr(),
		"vfpt: warning: vNIC 56:6f:1a:2b:00:aa: VF 0 of ens1f0 has mac 02:00:00:00:00:02, it should "
		"be 56:6f:1a:2b:00:aa\n"
		"vfpt: warning: vNIC 56:6f:1a:2b:00:aa: VF 0 of ens1f0 has vlan_id 201, it should be 200\n");
	/* Not repaired. */
	ck_assert_str_eq(set_since(), "");
}
END_TEST

START_TEST(finishing_a_vanished_vf_is_an_error)
{
	const struct vfpt_request request = request_aa();

	apply_one(&request);
	drop(PF_1 "virtfn0/physfn");
	open_session();
	ck_assert_fails(vfpt_finish(&session, &assignment, &err), err, VFPT_NO_VF);
	ck_assert_str_eq(err.message, "there is no VF 0000:01:10.0 on this host");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("apply");
	TCase *tcase = plan_case(suite, "order");

	tcase_add_test(tcase, vf_is_set_and_what_it_was_recorded);
	tcase_add_test(tcase, record_is_there_before_anything_is_set);
	tcase_add_test(tcase, all_vnics_of_a_start_are_of_one_run);
	tcase_add_test(tcase, what_is_given_back_first_is);
	tcase_add_test(tcase, what_cannot_be_given_back_first_is_an_error);

	tcase = plan_case(suite, "refusals");
	tcase_add_test(tcase, refused_setting_leaves_vf_and_ledger_as_they_were);
	tcase_add_test(tcase, one_that_is_refused_undoes_all_and_is_named);
	tcase_add_test(tcase, undoing_that_fails_is_told_with_the_failure);
	tcase_add_loop_test(tcase, driver_that_says_yes_and_does_nothing_has_refused, 0, ARRAY_SIZE(liars));
	tcase_add_test(tcase, setting_that_is_not_shown_cannot_be_verified);

	tcase = plan_case(suite, "defaults");
	tcase_add_loop_test(tcase, setting_that_is_not_shown_has_its_default, 0, ARRAY_SIZE(hidden));
	tcase_add_test(tcase, default_that_cannot_be_set_for_another_reason_is_an_error);
	tcase_add_test(tcase, setting_that_is_not_shown_and_does_not_go_back_is_told);

	tcase = plan_case(suite, "stale MAC");
	tcase_add_loop_test(tcase, stale_mac_is_taken_from_its_vf_and_comes_back, 0, 2);
	tcase_add_test(tcase, stale_mac_is_cleared_from_a_driver_that_wants_one);
	tcase_add_test(tcase, stale_mac_that_cannot_be_cleared_is_an_error);
	tcase_add_test(tcase, stale_mac_of_a_vf_that_its_driver_is_busy_with_is_an_error);

	tcase = plan_case(suite, "link");
	tcase_add_loop_test(tcase, link_is_held_before_anything_else_is_set_and_let_up_at_last, 0, 2);
	tcase_add_test(tcase, setting_refused_behind_a_held_link_lets_it_up_again);
	tcase_add_loop_test(tcase, driver_that_cannot_hold_the_link_is_refused_or_allowed_the_gap, 0, 2);
	tcase_add_loop_test(
		tcase, link_that_is_shown_as_it_was_is_not_held_and_set_back, 0, ARRAY_SIZE(deaf));
	tcase_add_test(tcase, link_that_cannot_be_set_back_is_not_held);
	tcase_add_loop_test(tcase, link_that_the_driver_is_busy_with_is_no_gap, 0, 2);
	tcase_add_test(tcase, link_whose_state_is_not_shown_is_held);
	tcase_add_test(tcase, link_that_is_shown_late_is_held);
	tcase_add_loop_test(tcase, vf_by_name_comes_back_to_its_vlan, 0, 4);
	tcase_add_test(tcase, vf_by_name_whose_mac_is_refused_is_left_as_it_was);

	tcase = plan_case(suite, "resets");
	tcase_add_test(tcase, vlan_with_all_its_parts_is_one_message);
	tcase_add_test(tcase, vf_that_resets_after_the_last_setting_is_waited_for);
	tcase_add_test(tcase, vf_that_resets_for_ever_is_busy_and_its_record_stays);
	tcase_add_test(tcase, driver_that_is_busy_from_the_first_leaves_nothing_behind);
	tcase_add_test(tcase, driver_that_becomes_busy_leaves_an_unfinished_record);

	tcase = plan_case(suite, "MTU");
	tcase_add_loop_test(tcase, mtu_of_a_macvtap_is_set_recorded_and_put_back, 0, 2);
	tcase_add_loop_test(tcase, mtu_is_set_where_it_is_another, 0, ARRAY_SIZE(device_mtus));
	tcase_add_test(tcase, mtu_that_is_refused_leaves_vf_and_ledger_as_they_were);
	tcase_add_test(tcase, mtu_that_libvirt_changed_is_set_again_once_the_vm_runs);
	tcase_add_loop_test(tcase, mtu_of_the_macvtap_follows, 0, 2);
	tcase_add_test(tcase, mtu_that_the_macvtap_refuses_is_an_error);
	tcase_add_loop_test(tcase, mtu_that_cannot_be_put_back_does_not_keep_the_vf, 0, 2);

	tcase = plan_case(suite, "all or nothing");
	tcase_add_test(tcase, undoing_puts_all_back_the_newest_first);
	tcase_add_test(tcase, what_was_undone_is_not_undone_again);
	tcase_add_test(tcase, undoing_that_fails_is_a_warning);
	tcase_add_test(tcase, captured_host_gets_records_alone);

	tcase = plan_case(suite, "once it runs");
	tcase_add_test(tcase, difference_once_the_vm_runs_is_a_warning);
	tcase_add_test(tcase, finishing_a_vanished_vf_is_an_error);
	return run_suite(suite);
}
