/* SPDX-License-Identifier: GPL-2.0-or-later */
/* VMs that are gone, by VDSM's start and by a shortage: with a driver and a libvirt to play with. */
#include "reconcile.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "assign.h"
#include "driver.h"
#include "libvirt.h"
#include "support.h"
#include "vm_liveness.h"

#define VM      "3f0f5d7e-6c1a-4d0e-9a0b-5f6d7c8e9a01"
#define OTHER   "b7c5a0de-2f43-4b5e-8a55-0a1b2c3d4e07"
#define PROCESS "qemu-kvm\0-uuid\0" VM
#define VF_0    "sys/devices/pci0000:00/0000:00:02.0/0000:01:10.0/"
#define VF_1    "sys/devices/pci0000:00/0000:00:02.0/0000:01:10.2/"

#define LEDGER "run/vfpt"

/* How long an answer is waited for, seconds: a busy machine is no reason to get none. */
#define LONG 600

static struct vfpt_error err;
static struct vfpt_transaction transaction;
static struct vfpt_config *config;
static struct vfpt_host *host;
static struct vfpt_ledger *ledger;
static struct vfpt_vm_liveness *owners;
static struct driver driver;

/* --- libvirt's place is taken by this */

static int libvirt_answer;
static const char *libvirt_runs;

int __wrap_libvirt_active(unsigned seconds, char (**uuids)[VFPT_VM_SIZE], size_t *count);

int __wrap_libvirt_active(unsigned seconds, char (**uuids)[VFPT_VM_SIZE], size_t *count)
{
	ck_assert_uint_eq(seconds, LONG);
	*uuids = NULL;
	*count = 0;
	if (libvirt_answer == 0 && libvirt_runs) {
		*uuids = malloc(sizeof(**uuids));
		ck_assert_ptr_nonnull(*uuids);
		memcpy(**uuids, libvirt_runs, VFPT_VM_SIZE);
		*count = 1;
	}
	return libvirt_answer;
}

/* --- the host: ens1f0 (interface index 2) has the driver, blue is on it in VLAN 200 */

enum { AT_FIRST = 0xfe000000 };

static void open_all(void)
{
	ck_assert_ok(vfpt_config_read(root_fd, &config, &err), err);
	ck_assert_ok(vfpt_host_open(root_fd, NULL, &host, &err), err);
	ck_assert_ok(vfpt_ledger_open(root_fd, VFPT_LEDGER_ASSIGN, 10, &ledger, &err), err);
	config->policy.grace = 0;
	config->policy.liveness_timeout = LONG;
	ck_assert_ok(vfpt_vm_liveness_open(host, false, &config->policy, &owners, &err), err);
	transaction = (struct vfpt_transaction){.host = host,
		.ledger = ledger,
		.config = config,
		.netlink = driver_netlink(),
		.owners = owners};
}

static void close_all(void)
{
	vfpt_transaction_commit(&transaction);
	vfpt_vm_liveness_free(owners);
	vfpt_ledger_close(ledger);
	vfpt_host_free(host);
	vfpt_config_free(config);
}

/* Another hook runs. */
static void start_anew(void)
{
	close_all();
	open_all();
	driver.log[0] = '\0';
}

static void setup(void)
{
	put_directory("proc/1");
	driver = (struct driver){.ifindex = 2};
	for (unsigned vf = 0; vf < DRIVER_VFS; vf++) {
		vfpt_settings_put(&driver.vfs[vf], VFPT_MAC, AT_FIRST + vf);
		vfpt_settings_put(&driver.vfs[vf], VFPT_VLAN_PROTOCOL, VFPT_VLAN_8021Q);
		for (enum vfpt_setting i = VFPT_SPOOFCHK; i <= VFPT_LINK_STATE; i++)
			vfpt_settings_put(&driver.vfs[vf], i, i == VFPT_SPOOFCHK);
	}
	driver_load(&driver);
	libvirt_answer = 0;
	libvirt_runs = NULL;
	open_all();
}

/* @n numbers the vNIC. @return 0, or -1 with @err and what was said on stderr */
static int give(const char *vm, uint8_t n, const char **said)
{
	static const struct vfpt_profile profile = {.passthrough = VFPT_PASSTHROUGH_REQUIRED};
	const struct vfpt_request request = {
		.vm = vm, .bridge = "blue", .mac = {{0x56, 0x6f, 0x1a, 0x2b, 0, n}}, .profile = &profile};
	struct vfpt_assigned assigned;
	int r;

	catch_stderr();
	r = vfpt_assign(&transaction, &request, &assigned, &err);
	*said = caught_stderr();
	return r;
}

static void give_all(const char *vm)
{
	const char *said;

	for (unsigned n = 0; n < DRIVER_VFS; n++)
		ck_assert_ok(give(vm, (uint8_t)n, &said), err);
	start_anew();
}

static unsigned records(void)
{
	return entries(LEDGER) - there_is(LEDGER "/last");
}

/* How many VFs have the settings that they had at first. */
static unsigned pristine(void)
{
	unsigned count = 0;

	for (unsigned vf = 0; vf < DRIVER_VFS; vf++)
		count += driver.vfs[vf].value[VFPT_MAC] == AT_FIRST + vf &&
			 driver.vfs[vf].value[VFPT_VLAN_ID] == 0;
	return count;
}

/* A guest has it. */
static void use(const char *vf)
{
	drop(text("%snet", vf));
	put_link(text("%sdriver", vf), "../../../../bus/pci/drivers/vfio-pci");
}

static const char *reconcile(int expected)
{
	int r;

	catch_stderr();
	r = vfpt_reconcile(host, ledger, driver_netlink(), owners, &err);
	ck_assert_msg(r == expected, "it returns %d: %s", r, r < 0 ? err.message : "");
	return caught_stderr();
}

static void give_one(void)
{
	const char *said;

	ck_assert_ok(give(VM, 1, &said), err);
	start_anew();
}

/* --- VDSM starts */

START_TEST(vf_of_a_vm_that_is_gone_is_given_back)
{
	give_one();
	ck_assert_str_eq(
		reconcile(0), "vfpt: warning: VM " VM " is gone; its VF 0 of ens1f0 is given back\n");
	ck_assert_uint_eq(records(), 0);
	ck_assert_uint_eq(pristine(), DRIVER_VFS);
}
END_TEST

START_TEST(vf_of_a_vm_that_libvirt_runs_is_left_alone)
{
	give_one();
	libvirt_runs = VM;
	ck_assert_str_eq(reconcile(0), "");
	ck_assert_str_eq(driver.log, "");
	ck_assert_uint_eq(records(), 1);
}
END_TEST

START_TEST(without_libvirts_answer_all_stays_and_that_is_told)
{
	give_one();
	libvirt_answer = -1;
	ck_assert_str_eq(reconcile(0),
		"vfpt: warning: libvirt does not answer, so VFs of VMs that may be gone stay taken\n");
	ck_assert_str_eq(driver.log, "");
	ck_assert_uint_eq(records(), 1);
}
END_TEST

START_TEST(without_a_process_table_all_stays_and_that_is_told)
{
	give_one();
	drop("proc");
	ck_assert_str_eq(reconcile(0), "vfpt: warning: /proc cannot be read, or not in time, so VFs of VMs "
				       "that may be gone stay taken\n");
	ck_assert_uint_eq(records(), 1);
}
END_TEST

START_TEST(vf_in_use_gets_the_settings_that_it_should_have)
{
	const char *said;

	give_one();
	use(VF_0);
	put_bytes("proc/4711/cmdline", PROCESS, sizeof(PROCESS));
	put_file("proc/4711/status", "Name:\tqemu-kvm\nUid:\t0\t0\t0\t0\n");
	libvirt_runs = VM;
	start_anew();
	vfpt_settings_put(&driver.vfs[0], VFPT_VLAN_ID, 7);
	said = reconcile(0);
	ck_assert_contains(said, "VF 0 of ens1f0 has vlan_id 7, it should be 200\n");
	ck_assert_contains(driver.log, "0 vlan_id 200\n");
	ck_assert_uint_eq(driver.vfs[0].value[VFPT_VLAN_ID], 200);
	ck_assert_uint_eq(pristine(), DRIVER_VFS - 1);
	ck_assert_uint_eq(records(), 1);
}
END_TEST

/* What a process says of itself is not enough to set what the host may have taken since. */
START_TEST(process_alone_repairs_nothing)
{
	give_one();
	use(VF_0);
	put_bytes("proc/4711/cmdline", PROCESS, sizeof(PROCESS));
	put_file("proc/4711/status", "Name:\tqemu-kvm\nUid:\t0\t0\t0\t0\n");
	start_anew();
	vfpt_settings_put(&driver.vfs[0], VFPT_VLAN_ID, 7);
	ck_assert_contains(
		reconcile(0), "VM " VM " does not run here for sure; its VF 0 of ens1f0 stays as it is");
	ck_assert_str_eq(driver.log, "");
}
END_TEST

/* Another may have taken it by itself. */
START_TEST(vf_in_use_of_a_vm_that_does_not_run_here_is_left_alone)
{
	give_one();
	use(VF_0);
	start_anew();
	vfpt_settings_put(&driver.vfs[0], VFPT_VLAN_ID, 7);
	ck_assert_contains(reconcile(0),
		"vfpt: warning: VM " VM
		" does not run here for sure; its VF 0 of ens1f0 stays as it is: it is bound "
		"to vfio-pci");
	ck_assert_str_eq(driver.log, "");
	ck_assert_uint_eq(records(), 1);
}
END_TEST

START_TEST(vf_that_is_yet_to_be_used_is_its_hooks_matter)
{
	give_one();
	libvirt_runs = VM;
	vfpt_settings_put(&driver.vfs[0], VFPT_VLAN_ID, 7);
	ck_assert_str_eq(reconcile(0), "");
	ck_assert_str_eq(driver.log, "");
}
END_TEST

/* Renamed and moved PFs do not matter: the address identifies a VF, and this one is not there any more. */
START_TEST(record_of_a_vf_that_is_gone_is_removed)
{
	give_one();
	close_all();
	drop("sys/bus/pci/devices/0000:01:10.0");
	drop("sys/devices/pci0000:00/0000:00:02.0/0000:01:00.0/virtfn0");
	open_all();
	libvirt_runs = VM;
	ck_assert_contains(
		reconcile(0), "VF 0000:01:10.0 (VF 0 of ens1f0) is gone from this host; its assignment is");
	ck_assert_uint_eq(records(), 0);
}
END_TEST

START_TEST(first_failure_is_the_error_and_the_others_are_told)
{
	const char *said;

	ck_assert_ok(give(VM, 1, &said), err);
	ck_assert_ok(give(OTHER, 2, &said), err);
	start_anew();
	driver.gone = true;
	said = reconcile(-1);
	ck_assert_contains(err.message, "VF 0 of ens1f0, of VM " VM ": ");
	ck_assert_contains(err.message, "No such device");
	ck_assert_contains(said, "vfpt: warning: VF 1 of ens1f0, of VM " OTHER ": ");
	ck_assert_uint_eq(records(), 2);
	/* The next time all is well. */
	driver.gone = false;
	reconcile(0);
	ck_assert_uint_eq(records(), 0);
	ck_assert_uint_eq(pristine(), DRIVER_VFS);
}
END_TEST

START_TEST(use_that_cannot_be_found_out_is_an_error)
{
	give_one();
	libvirt_runs = VM;
	drop(VF_0 "net");
	put_file(VF_0 "net", "");
	reconcile(-1);
	ck_assert_contains(err.message, "VF 0 of ens1f0, of VM " VM ": ");
	ck_assert_uint_eq(records(), 1);
}
END_TEST

/* --- no VF is free */

START_TEST(shortage_takes_back_what_nobody_has)
{
	const char *said;

	give_all(OTHER);
	ck_assert_ok(give(VM, 100, &said), err);
	for (unsigned vf = 0; vf < DRIVER_VFS; vf++)
		ck_assert_contains(said,
			text("vfpt: warning: VM " OTHER " is gone; its VF %u of ens1f0 is given back\n", vf));
	ck_assert_uint_eq(records(), 1);
	ck_assert_uint_eq(pristine(), DRIVER_VFS - 1);
}
END_TEST

/* Its settings were known from before: they are not those that it has now. */
START_TEST(what_was_taken_back_is_read_anew)
{
	const char *said;

	for (unsigned n = 0; n < DRIVER_VFS - 1; n++)
		ck_assert_ok(give(OTHER, (uint8_t)n, &said), err);
	start_anew();
	ck_assert_ok(give(VM, 100, &said), err);
	ck_assert_str_eq(said, "");
	ck_assert_ok(give(VM, 101, &said), err);
	ck_assert_contains(said, "VM " OTHER " is gone; its VF 0 of ens1f0 is given back\n");
	ck_assert_uint_eq(records(), 2);
	vfpt_transaction_undo(&transaction);
	ck_assert_uint_eq(records(), 0);
	ck_assert_uint_eq(pristine(), DRIVER_VFS);
}
END_TEST

START_TEST(shortage_takes_nothing_from_who_is_there)
{
	const char *said;

	give_all(OTHER);
	libvirt_runs = OTHER;
	ck_assert_int_eq(give(VM, 100, &said), -1);
	ck_assert_int_eq(err.code, VFPT_NO_VF);
	ck_assert_str_eq(said, "");
	ck_assert_lacks(err.message, "libvirt does not answer");
	ck_assert_uint_eq(records(), DRIVER_VFS);
	ck_assert_str_eq(driver.log, "");
}
END_TEST

START_TEST(shortage_without_libvirts_answer_says_so)
{
	const char *said;

	give_all(OTHER);
	libvirt_answer = -1;
	ck_assert_int_eq(give(VM, 100, &said), -1);
	ck_assert_contains(
		err.message, "; libvirt does not answer, so VFs of VMs that may be gone stay taken");
	ck_assert_uint_eq(records(), DRIVER_VFS);
}
END_TEST

START_TEST(shortage_takes_nothing_from_the_vm_itself)
{
	const char *said;

	give_all(VM);
	ck_assert_int_eq(give(VM, 100, &said), -1);
	ck_assert_int_eq(err.code, VFPT_NO_VF);
	ck_assert_uint_eq(records(), DRIVER_VFS);
}
END_TEST

START_TEST(what_cannot_be_taken_back_is_told_and_stays)
{
	const char *said;

	give_all(OTHER);
	driver.gone = true;
	ck_assert_int_eq(give(VM, 100, &said), -1);
	ck_assert_contains(said, "vfpt: warning: VM " OTHER " is gone, but: ");
	ck_assert_uint_eq(records(), DRIVER_VFS);
}
END_TEST

/* --- MACs */

/* Some drivers take none for no MAC: then it gets one that nobody has. */
START_TEST(stale_mac_is_cleared_from_a_driver_that_wants_one)
{
	const char *said;

	vfpt_settings_put(&driver.vfs[5], VFPT_MAC, 0x566f1a2b0001);
	driver.wants_mac = true;
	ck_assert_ok(give(VM, 1, &said), err);
	ck_assert_contains(said, "VF 5 of ens1f0 was free but still had MAC 56:6f:1a:2b:00:01");
	ck_assert_uint_eq(driver.vfs[5].value[VFPT_MAC], 0x02000000018a);
	ck_assert_uint_eq(driver.vfs[0].value[VFPT_MAC], 0x566f1a2b0001);
	vfpt_transaction_undo(&transaction);
	ck_assert_uint_eq(driver.vfs[5].value[VFPT_MAC], 0x566f1a2b0001);
	ck_assert_uint_eq(records(), 0);
}
END_TEST

START_TEST(stale_mac_that_cannot_be_cleared_is_an_error)
{
	const char *said;

	vfpt_settings_put(&driver.vfs[5], VFPT_MAC, 0x566f1a2b0001);
	driver.refuses = 1u << VFPT_MAC;
	ck_assert_int_eq(give(VM, 1, &said), -1);
	ck_assert_contains(err.message, "a free VF still has this MAC: ");
	ck_assert_uint_eq(records(), 0);
}
END_TEST

START_TEST(two_vnics_of_a_vm_have_two_macs)
{
	const char *said;

	ck_assert_ok(give(VM, 1, &said), err);
	ck_assert_ok(give(VM, 2, &said), err);
	ck_assert_int_eq(give(VM, 2, &said), -1);
	ck_assert_contains(err.message, "VF 1 of ens1f0 has this MAC already: it belongs to VM " VM);
	ck_assert_uint_eq(records(), 2);
}
END_TEST

START_TEST(mac_of_a_vm_that_is_gone_is_free_again)
{
	const char *said;

	ck_assert_ok(give(OTHER, 1, &said), err);
	ck_assert_ok(give(OTHER, 2, &said), err);
	start_anew();
	ck_assert_ok(give(VM, 2, &said), err);
	ck_assert_contains(said, "vfpt: warning: VM " OTHER " is gone; its VF 1 of ens1f0 is given back\n");
	ck_assert_lacks(said, "VF 0");
	ck_assert_uint_eq(records(), 2);
}
END_TEST

START_TEST(mac_of_a_vm_that_is_there_is_not)
{
	const char *said;

	ck_assert_ok(give(OTHER, 1, &said), err);
	libvirt_runs = OTHER;
	start_anew();
	ck_assert_int_eq(give(VM, 1, &said), -1);
	ck_assert_contains(err.message, "VF 0 of ens1f0 has this MAC already: it belongs to VM " OTHER);
	ck_assert_str_eq(said, "");
	ck_assert_uint_eq(records(), 1);
}
END_TEST

START_TEST(named_vf_of_a_vm_that_is_gone_is_free_again)
{
	const char *said;
	struct vfpt_assigned assigned;

	ck_assert_ok(give(OTHER, 1, &said), err);
	libvirt_runs = OTHER;
	start_anew();
	ck_assert_fails(vfpt_assign_netdev(&transaction, VM, "eth0", &assigned, &err), err, VFPT_NO_VF);
	ck_assert_str_eq(err.message, "it belongs to VM " OTHER);
	libvirt_runs = NULL;
	start_anew();
	catch_stderr();
	ck_assert_ok(vfpt_assign_netdev(&transaction, VM, "eth0", &assigned, &err), err);
	ck_assert_str_eq(
		caught_stderr(), "vfpt: warning: VM " OTHER " is gone; its VF 0 of ens1f0 is given back\n");
	ck_assert_uint_eq(records(), 1);
}
END_TEST

/* The MAC that a named VF has itself, too. */
START_TEST(named_vf_has_the_mac_of_a_vm_that_is_gone)
{
	static const struct vfpt_profile profile = {.passthrough = VFPT_PASSTHROUGH_REQUIRED};
	const struct vfpt_request request = {.vm = OTHER,
		.bridge = "blue",
		.mac = {{0x72, 0x53, 0x0f, 0x1f, 0xf3, 0x4a}},
		.profile = &profile};
	struct vfpt_assigned assigned;

	put_file("sys/devices/pci0000:00/0000:00:02.0/0000:01:10.2/net/eth1/address", "72:53:0f:1f:f3:4a\n");
	ck_assert_ok(vfpt_assign(&transaction, &request, &assigned, &err), err);
	libvirt_runs = OTHER;
	start_anew();
	ck_assert_fails(vfpt_assign_netdev(&transaction, VM, "eth1", &assigned, &err), err, VFPT_BAD_INPUT);
	ck_assert_contains(err.message, "VF 0 of ens1f0 has this MAC already: it belongs to VM " OTHER);
	libvirt_runs = NULL;
	start_anew();
	catch_stderr();
	ck_assert_ok(vfpt_assign_netdev(&transaction, VM, "eth1", &assigned, &err), err);
	ck_assert_str_eq(
		caught_stderr(), "vfpt: warning: VM " OTHER " is gone; its VF 0 of ens1f0 is given back\n");
	ck_assert_uint_eq(records(), 1);
}
END_TEST

/* --- the hook itself, on a captured host: no process, no libvirt */

START_TEST(hook_of_vdsms_start_gives_back_what_nobody_has)
{
	const char *const argv[] = {text("%s/before_vdsm_start/50_vfpt", getenv("VFPT_TEST_HOOKS")), NULL};
	const char *const env[] = {text("VFPT_ROOT=%s", root), NULL};
	struct outcome outcome;

	give_one();
	close_all();
	outcome = run(argv, env);
	ck_assert_int_eq(outcome.code, 0);
	ck_assert_str_eq(outcome.err, ""); /* it is young */
	ck_assert_uint_eq(records(), 1);
	put_file("etc/vdsm/vfpt.conf", "[policy]\ngrace = 0\n");
	outcome = run(argv, env);
	ck_assert_int_eq(outcome.code, 0);
	ck_assert_contains(
		outcome.err, "vfpt: warning: VM " VM " is gone; its VF 0 of ens1f0 is given back\n");
	ck_assert_uint_eq(records(), 0);
	open_all();
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("reconcile");
	TCase *tcase = new_case(suite, "VDSM's start", host_setup);

	tcase_add_checked_fixture(tcase, setup, close_all);
	tcase_add_test(tcase, vf_of_a_vm_that_is_gone_is_given_back);
	tcase_add_test(tcase, vf_of_a_vm_that_libvirt_runs_is_left_alone);
	tcase_add_test(tcase, without_libvirts_answer_all_stays_and_that_is_told);
	tcase_add_test(tcase, without_a_process_table_all_stays_and_that_is_told);
	tcase_add_test(tcase, vf_in_use_gets_the_settings_that_it_should_have);
	tcase_add_test(tcase, process_alone_repairs_nothing);
	tcase_add_test(tcase, vf_in_use_of_a_vm_that_does_not_run_here_is_left_alone);
	tcase_add_test(tcase, vf_that_is_yet_to_be_used_is_its_hooks_matter);
	tcase_add_test(tcase, record_of_a_vf_that_is_gone_is_removed);
	tcase_add_test(tcase, first_failure_is_the_error_and_the_others_are_told);
	tcase_add_test(tcase, use_that_cannot_be_found_out_is_an_error);
	tcase_add_test(tcase, hook_of_vdsms_start_gives_back_what_nobody_has);

	tcase = new_case(suite, "shortage", host_setup);
	tcase_add_checked_fixture(tcase, setup, close_all);
	tcase_add_test(tcase, shortage_takes_back_what_nobody_has);
	tcase_add_test(tcase, what_was_taken_back_is_read_anew);
	tcase_add_test(tcase, shortage_takes_nothing_from_who_is_there);
	tcase_add_test(tcase, shortage_without_libvirts_answer_says_so);
	tcase_add_test(tcase, shortage_takes_nothing_from_the_vm_itself);
	tcase_add_test(tcase, what_cannot_be_taken_back_is_told_and_stays);

	tcase = new_case(suite, "MACs", host_setup);
	tcase_add_checked_fixture(tcase, setup, close_all);
	tcase_add_test(tcase, stale_mac_is_cleared_from_a_driver_that_wants_one);
	tcase_add_test(tcase, stale_mac_that_cannot_be_cleared_is_an_error);
	tcase_add_test(tcase, two_vnics_of_a_vm_have_two_macs);
	tcase_add_test(tcase, mac_of_a_vm_that_is_gone_is_free_again);
	tcase_add_test(tcase, mac_of_a_vm_that_is_there_is_not);
	tcase_add_test(tcase, named_vf_of_a_vm_that_is_gone_is_free_again);
	tcase_add_test(tcase, named_vf_has_the_mac_of_a_vm_that_is_gone);
	return run_suite(suite);
}
