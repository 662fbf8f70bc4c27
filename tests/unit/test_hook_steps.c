/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What hooks do with VFs that their driver is busy with: the steps themselves, with drivers to play with. */
#include <stdlib.h>
#include <string.h>

#include "hook_state.h"
#include "plan_support.h"

static const struct vfpt_hook_point starting = {.name = "before_vm_start", .document = VFPT_DOMAIN},
				    started = {.name = "after_vm_start", .document = VFPT_DOMAIN},
				    destroyed = {.name = "after_vm_destroy", .document = VFPT_DOMAIN};

/* A VM on blue with one vNIC, which has MAC aa and asks for a VF; @trust: more properties. */
static const char *domain(const char *vm, const char *passthrough, const char *trust)
{
	return text("<domain type='kvm' xmlns:ovirt-vm='" VFPT_OVIRT_NAMESPACE "'><uuid>%s</uuid><metadata>"
		    "<ovirt-vm:vm><ovirt-vm:device mac_address='56:6f:1a:2b:00:aa'><ovirt-vm:custom>"
		    "<ovirt-vm:passthrough>%s</ovirt-vm:passthrough>%s</ovirt-vm:custom></ovirt-vm:device>"
		    "</ovirt-vm:vm></metadata><devices><interface type='bridge'>"
		    "<mac address='56:6f:1a:2b:00:aa'/><model type='virtio'/><source bridge='blue'/>"
		    "</interface></devices></domain>",
		vm, passthrough, trust);
}

#define PLAIN    ""
#define TRUSTED  "<ovirt-vm:vf_trust>on</ovirt-vm:vf_trust>"
#define REQUIRED "required"

static const char *const kinds[] = {REQUIRED, "preferred"};

/* The document as the last hook left it. */
static const char *document;

/* Another hook runs, in a session of its own, which stays open. @return what the step returns */
static int run_step(const struct vfpt_hook_point *point, const char *vm, const char *text_of_domain,
	int (*step)(struct vfpt_hook *hook, struct vfpt_error *err))
{
	struct vfpt_hook hook = {.point = point, .document = VFPT_DOCUMENT_CLOSED};
	char *printed;
	size_t size;
	int r;

	open_session();
	hook.session = session;
	memcpy(hook.vm, vm, sizeof(hook.vm));
	ck_assert_ok(vfpt_document_use(&hook.document, text_of_domain, &err), err);
	catch_stderr();
	r = step(&hook, &err);
	said = caught_stderr();
	session = hook.session;
	ck_assert_int_eq(vfpt_domain_print(hook.document.domain, &printed, &size, &err), 0);
	document = text("%s", printed);
	free(printed);
	vfpt_plan_free(hook.plan);
	vfpt_requests_free(&hook.requests);
	free(hook.refused);
	vfpt_document_close(&hook.document);
	return r;
}

static int start(const char *text_of_domain)
{
	return run_step(&starting, VM_A, text_of_domain, vfpt_hook_connect);
}

static int destroy(const char *vm)
{
	return run_step(&destroyed, vm, domain(vm, REQUIRED, PLAIN), vfpt_hook_release);
}

/* The VM has that VF of ens1f0, and no other; -1: none. */
static void ck_assert_gets(int vf)
{
	if (vf < 0) {
		ck_assert_lacks(document, "hostdev");
		ck_assert_contains(document, "bridge");
		return;
	}
	ck_assert_contains(document, text("bus=\"0x01\" slot=\"0x%02x\" function=\"0x%x\"",
					     16 + (unsigned)vf / 4, (unsigned)vf % 4 * 2));
	ck_assert_str_eq(owner(vf_address(1, (unsigned)vf)), VM_A);
	ck_assert_uint_eq(drivers[1].vfs[vf].value[VFPT_MAC], vfpt_mac_value(&mac_aa));
}

static void ck_assert_unfinished(unsigned vf, bool unfinished)
{
	ck_assert_contains(get_file(text(LEDGER "/%s@" VM_A, vf_address(1, vf)), NULL),
		text("\nunfinished = %d\n", unfinished));
}

/* --- a start --------------------------------------------------------------------------------- */

START_TEST(busy_vf_is_left_for_another_one)
{
	drivers[1].busy = 1u << 0 | 1u << 1;
	ck_assert_ok(start(domain(VM_A, kinds[_i], PLAIN)), err);
	ck_assert_str_eq(said, "");
	ck_assert_gets(2);
	ck_assert_unfinished(2, false);
	/* Nothing was set of the busy ones, so nothing is left of them. */
	ck_assert_uint_eq(records(), 1);
	ck_assert_uint_eq(drivers[1].vfs[0].value[VFPT_MAC], mac_at_first(1, 0));
}
END_TEST

/* Behind the MAC, which it shows from then on; or the VF is in reset, and there is no other. */
START_TEST(vf_that_cannot_be_set_back_is_left_for_another_one)
{
	drivers[1].sticks = 2;
	drivers[1].resets_for = _i & 2 ? 1000 : 0;
	if (_i & 2)
		prepare("1.1=b 1.2=b 1.3=b 1.4=b 1.5=b 1.6=b");
	open_session();
	if (_i & 2) {
		ck_assert_int_eq(start(domain(VM_A, kinds[_i & 1], PLAIN)), _i & 1 ? 0 : -1);
		ck_assert_unfinished(0, true);
		ck_assert_gets(-1);
		return;
	}
	ck_assert_ok(start(domain(VM_A, kinds[_i & 1], PLAIN)), err);
	ck_assert_gets(1);
	ck_assert_unfinished(1, false);
	ck_assert_str_eq(owner(vf_address(1, 0)), VM_A);
	ck_assert_unfinished(0, true);
	ck_assert_uint_eq(records(), 2);
	/* The next hook sets it back, whoever's it is. */
	drivers[1].busy = 0;
	ck_assert_ok(destroy(VM_B), err);
	ck_assert_ptr_null(owner(vf_address(1, 0)));
	ck_assert_uint_eq(drivers[1].vfs[0].value[VFPT_MAC], mac_at_first(1, 0));
	ck_assert_str_eq(owner(vf_address(1, 1)), VM_A);
	ck_assert_uint_eq(records(), 1);
}
END_TEST

/* All that it has: then that is the reason, and who only prefers one stays. */
START_TEST(driver_that_is_busy_with_all_vfs_is_an_error_in_the_end)
{
	drivers[1].busy_settings = 1u << VFPT_TRUST;
	ck_assert_int_eq(start(domain(VM_A, kinds[_i], TRUSTED)), _i ? 0 : -1);
	ck_assert_str_eq(_i ? said : err.message,
		text("%svNIC 56:6f:1a:2b:00:aa (network blue): VF 0 of ens1f0 (igb): cannot set trust to "
		     "on: the kernel says: Device or resource busy; the driver was busy all the time: try "
		     "again, and see the kernel's log%s",
			_i ? "vfpt: warning: " : "",
			_i ? "; it stays on its bridge (passthrough=preferred)\n" : ""));
	ck_assert_gets(-1);
	ck_assert_all_back();
	ck_assert_uint_eq(records(), 0);
	/* Each was tried once. */
	for (unsigned vf = 0; vf < DRIVER_VFS; vf++)
		ck_assert_lacks(
			replaced(drivers[1].log, text("!%u trust on\n", vf), ""), text("!%u trust on\n", vf));
}
END_TEST

/* The others are of VMs that are gone: it is not said that the one busy VF was all. */
START_TEST(vf_of_a_vm_that_is_gone_is_given_in_a_busy_ones_place)
{
	struct vfpt_request request = request_of("blue");

	prepare("1=2 1.0=b");
	open_session();
	ck_assert_str_eq(plug_request(VM_B, &request), "VF 1 of ens1f0");
	drop(text(LEDGER "/%s@" VM_B, vf_address(1, 0)));
	put_file(CONFIG, "[policy]\ngrace = 0\n");
	drivers[1].busy = 1u << 0;
	ck_assert_ok(start(domain(VM_A, kinds[_i], PLAIN)), err);
	ck_assert_str_eq(said, "vfpt: warning: VM " VM_B " is gone; its VF 1 of ens1f0 is given back\n");
	ck_assert_gets(1);
	ck_assert_uint_eq(records(), 1);
}
END_TEST

/* No other VF for the vNIC would help, so none is tried. */
START_TEST(stale_mac_that_stays_is_the_error_at_once)
{
	vfpt_settings_put(&drivers[1].vfs[5], VFPT_MAC, vfpt_mac_value(&mac_aa));
	drivers[1].busy = 1u << 5;
	ck_assert_int_eq(start(domain(VM_A, kinds[_i], PLAIN)), _i ? 0 : -1);
	ck_assert_contains(_i ? said : err.message,
		"(network blue): a free VF still has this MAC: VF 5 of ens1f0 (igb): cannot set mac to ");
	ck_assert_str_eq(set_since(), "!5 mac 00:00:00:00:00:00\n");
	ck_assert_gets(-1);
	ck_assert_uint_eq(records(), 0);
}
END_TEST

/* A killed hook left it, and now it cannot be set back. */
START_TEST(what_is_left_over_of_a_busy_vf_is_no_reason_not_to_start)
{
	ck_assert_ok(start(domain(VM_A, REQUIRED, TRUSTED)), err);
	ck_assert_gets(0);
	if (_i)
		drivers[1].hidden = 1u << 0;
	else
		drivers[1].busy = 1u << 0;
	ck_assert_ok(start(domain(VM_A, REQUIRED, TRUSTED)), err);
	ck_assert_contains(
		said, "vfpt: warning: left over from this VM's last run: vNIC 56:6f:1a:2b:00:aa: ");
	ck_assert_contains(said, "; its record stays, and the next hook on this host sets it back\n");
	ck_assert_uint_eq(count_lines(said), 1);
	ck_assert_gets(1);
	ck_assert_unfinished(0, true);
	/* Its next start says nothing of it, where it is hidden still. */
	drivers[1].busy = 0;
	drivers[1].hidden = 1u << 0;
	drivers[1].waits = 0;
	ck_assert_ok(start(domain(VM_A, REQUIRED, TRUSTED)), err);
	ck_assert_str_eq(said, "");
	ck_assert_uint_eq(drivers[1].waits, 0);
	ck_assert_gets(1);
	/* And once it is shown, it is the first thing that is done. */
	drivers[1].hidden = 0;
	set_since();
	ck_assert_ok(start(domain(VM_A, REQUIRED, TRUSTED)), err);
	ck_assert_int_eq(strncmp(set_since(), "0 trust off\n", 12), 0);
	ck_assert_gets(0);
	ck_assert_uint_eq(records(), 1);
}
END_TEST

/* --- once it runs, and when it ends ---------------------------------------------------------- */

/* VM A got VF 0, which is unfinished now, and runs on VF 1. */
static void start_beside_unfinished(void)
{
	ck_assert_ok(start(domain(VM_A, REQUIRED, TRUSTED)), err);
	drivers[1].hidden = 1u << 0;
	ck_assert_ok(start(domain(VM_A, REQUIRED, TRUSTED)), err);
	ck_assert_gets(1);
	ck_assert_unfinished(0, true);
	drivers[1].waits = 0;
	set_since();
}

/* It is not the VM's any more: its settings are what it is to be set back to. */
START_TEST(unfinished_vf_is_not_set_once_the_vm_runs)
{
	start_beside_unfinished();
	if (_i)
		drivers[1].hidden = 0;
	drivers[1].vfs[0].value[VFPT_VLAN_ID] = 7;
	ck_assert_ok(run_step(&started, VM_A, domain(VM_A, REQUIRED, TRUSTED), vfpt_hook_finish), err);
	ck_assert_str_eq(said, "");
	ck_assert_str_eq(set_since(), "");
	ck_assert_uint_eq(drivers[1].waits, 0);
	ck_assert_unfinished(0, true);
}
END_TEST

START_TEST(release_that_cannot_be_done_is_done_by_the_next_hook)
{
	ck_assert_ok(start(domain(VM_A, REQUIRED, TRUSTED)), err);
	drivers[1].hidden = 1u << 0;
	ck_assert_int_eq(destroy(VM_A), -1);
	ck_assert_int_eq(err.code, VFPT_BUSY);
	ck_assert_contains(err.message, "vNIC 56:6f:1a:2b:00:aa: cannot give back VF 0 of ens1f0: ");
	ck_assert_contains(err.message, "; its record stays, and the next hook on this host sets it back");
	ck_assert_str_eq(said, "");
	ck_assert_unfinished(0, true);
	/* While it is hidden, nobody waits for it. */
	drivers[1].waits = 0;
	ck_assert_ok(destroy(VM_B), err);
	ck_assert_uint_eq(drivers[1].waits, 0);
	ck_assert_unfinished(0, true);
	drivers[1].hidden = 0;
	ck_assert_ok(destroy(VM_B), err);
	ck_assert_all_back();
	ck_assert_uint_eq(records(), 0);
}
END_TEST

/* One sick VF: what the VM has besides goes back without a word, and without waiting. */
START_TEST(unfinished_vf_is_no_matter_of_the_vms_later_end)
{
	start_beside_unfinished();
	ck_assert_ok(destroy(VM_A), err);
	ck_assert_str_eq(said, "");
	ck_assert_uint_eq(drivers[1].waits, 0);
	ck_assert_ptr_null(owner(vf_address(1, 1)));
	ck_assert_unfinished(0, true);
	drivers[1].hidden = 0;
	ck_assert_ok(destroy(VM_A), err);
	ck_assert_all_back();
	ck_assert_uint_eq(records(), 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("hook_steps");
	TCase *tcase = plan_case(suite, "start");

	tcase_add_loop_test(tcase, busy_vf_is_left_for_another_one, 0, ARRAY_SIZE(kinds));
	tcase_add_loop_test(tcase, vf_that_cannot_be_set_back_is_left_for_another_one, 0, 4);
	tcase_add_loop_test(
		tcase, driver_that_is_busy_with_all_vfs_is_an_error_in_the_end, 0, ARRAY_SIZE(kinds));
	tcase_add_loop_test(
		tcase, vf_of_a_vm_that_is_gone_is_given_in_a_busy_ones_place, 0, ARRAY_SIZE(kinds));
	tcase_add_loop_test(tcase, stale_mac_that_stays_is_the_error_at_once, 0, ARRAY_SIZE(kinds));
	tcase_add_loop_test(tcase, what_is_left_over_of_a_busy_vf_is_no_reason_not_to_start, 0, 2);

	tcase = plan_case(suite, "end");
	tcase_add_loop_test(tcase, unfinished_vf_is_not_set_once_the_vm_runs, 0, 2);
	tcase_add_test(tcase, release_that_cannot_be_done_is_done_by_the_next_hook);
	tcase_add_test(tcase, unfinished_vf_is_no_matter_of_the_vms_later_end);
	return run_suite(suite);
}
