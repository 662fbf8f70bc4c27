/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Each test in a process of its own. Who has no capability here has none to lose; the lab has it. */
#include "privilege.h"

#include <sys/capability.h>

#include "support.h"
#include "vfpt/netlink.h"

static bool has(cap_flag_t set)
{
	cap_flag_value_t value = CAP_CLEAR;
	cap_t now = cap_get_proc();

	need(now && cap_get_flag(now, CAP_NET_ADMIN, set, &value) == 0, "capabilities can be read");
	cap_free(now);
	return value == CAP_SET;
}

static void set_effective(cap_flag_value_t value)
{
	const cap_value_t net_admin = CAP_NET_ADMIN;
	cap_t now = cap_get_proc();

	need(now && cap_set_flag(now, CAP_EFFECTIVE, 1, &net_admin, value) == 0 && cap_set_proc(now) == 0,
		"the capability can be changed");
	cap_free(now);
}

static void open_and_close(void)
{
	struct vfpt_netlink *netlink;
	struct vfpt_error err;

	need(vfpt_netlink_open(&netlink, &err) == 0, "netlink opens: %s", err.message);
	vfpt_netlink_close(netlink);
}

/* As of a hook's file. */
static void check_permitted_only(void)
{
	if (!has(CAP_PERMITTED))
		return;
	set_effective(CAP_CLEAR);
	need(privilege_raise(), "it is raised");
	need(has(CAP_EFFECTIVE), "it counts");
	privilege_lower(true);
	need(!has(CAP_EFFECTIVE), "it is lowered again");
	open_and_close();
	need(!has(CAP_EFFECTIVE), "it is lowered again behind opening netlink");
	need(has(CAP_PERMITTED), "it can be raised again");
}

START_TEST(capability_is_raised_for_a_moment)
{
	in_child(check_permitted_only);
}
END_TEST

/* As of root: a program of others that uses the library does more than we know of. */
static void check_effective(void)
{
	if (!has(CAP_PERMITTED))
		return;
	set_effective(CAP_SET);
	need(!privilege_raise(), "it was raised already");
	privilege_lower(false);
	need(has(CAP_EFFECTIVE), "it stays");
	open_and_close();
	need(has(CAP_EFFECTIVE), "it stays behind opening netlink");
}

START_TEST(who_had_it_raised_keeps_it_so)
{
	in_child(check_effective);
}
END_TEST

static void check_nobody(void)
{
	become_nobody();
	need(!privilege_raise(), "there is nothing to raise");
	need(!has(CAP_EFFECTIVE), "nothing is raised");
	open_and_close();
}

START_TEST(who_may_not_have_it_gets_none)
{
	in_child(check_nobody);
}
END_TEST

static void check_renounced(void)
{
	privilege_renounce();
	need(!has(CAP_EFFECTIVE) && !has(CAP_PERMITTED), "it is gone");
	need(!privilege_raise(), "it cannot be raised any more");
}

START_TEST(renounced_is_renounced_for_good)
{
	in_child(check_renounced);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("privilege");
	TCase *tcase = new_case(suite, "CAP_NET_ADMIN", NULL);

	tcase_add_test(tcase, capability_is_raised_for_a_moment);
	tcase_add_test(tcase, who_had_it_raised_keeps_it_so);
	tcase_add_test(tcase, who_may_not_have_it_gets_none);
	tcase_add_test(tcase, renounced_is_renounced_for_good);
	return run_suite(suite);
}
