/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From start to end: VMs that are started and destroyed, vNICs that are plugged and unplugged. */
#include "hooks_support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* --- settings that libvirt's start wipes out are set again once the VM runs */

START_TEST(vlan_of_the_property_goes_before_the_networks)
{
	start_vm(VM_A, asking("vf_vlan", "300"));
	ck_assert_str_eq(vf_of(0), "0000:01:10.0 VLAN 300");
	start_vm(VM_A, asking("vf_vlan", "0"));
	ck_assert_str_eq(vf_of(0), "0000:01:10.0 VLAN 0");
}
END_TEST

START_TEST(link_is_held_until_the_vm_runs)
{
	static const char *const vlans[] = {"300:3", "300:0:802.1ad"};
	static const char *const asked_for[] = {
		"vlan_priority 3, vlan_protocol 802.1Q", "vlan_priority 0, vlan_protocol 802.1ad"};
	struct outcome outcome;
	const char *said, *before;

	said = start_vm(VM_A, asking("vf_vlan", vlans[_i]));
	ck_assert_str_eq(vf_of(0), "0000:01:10.0 VLAN 300");
	ck_assert_contains(said, "would set: VF 0 of ens1f0: link_state disable\n");
	ck_assert_contains(
		said, text("would set: VF 0 of ens1f0: mac " MAC_1 ", vlan_id 300, %s\n", asked_for[_i]));
	ck_assert_contains(get_file(record("0000:01:10.0", VM_A), NULL), "link_state = auto\n");
	before = picture(".");
	outcome = hook("after_vm_start", VM_A, NULL);
	ck_assert_exit(outcome, 0);
	ck_assert_str_eq(outcome.err,
		text("would set: VF 0 of ens1f0: vlan_id 300, %s, link_state auto\n", asked_for[_i]));
	ck_assert_str_eq(outcome.out, "");
	ck_assert_str_eq(picture("."), before);
}
END_TEST

START_TEST(plugged_vnic_is_finished_and_no_other)
{
	struct outcome outcome;

	plug(VM_A, vnic(MAC_1, "blue"), "passthrough=required");
	plug(VM_A, vnic(MAC_2, "blue"), "passthrough=required");
	outcome = hook("after_nic_hotplug", VM_A, "passthrough=required");
	ck_assert_exit(outcome, 0);
	ck_assert_str_eq(outcome.err, "would set: VF 1 of ens1f0: vlan_priority 0, vlan_protocol 802.1Q\n");
	ck_assert_uint_eq(entries(LEDGER), 2);
}
END_TEST

START_TEST(finishing_what_is_gone_is_an_error_that_keeps_the_record)
{
	struct outcome outcome;

	start_vm(VM_A, one_vnic(VM_A, "blue", "required"));
	drop(PF_1 "virtfn0/physfn");
	outcome = hook("after_vm_start", VM_A, NULL);
	ck_assert_exit(outcome, 1);
	ck_assert_str_eq(outcome.err, "vfpt: vNIC " MAC_1 ": there is no VF 0000:01:10.0 on this host\n");
	ck_assert_uint_eq(entries(LEDGER), 1);
}
END_TEST

/* --- all or nothing */

START_TEST(one_vnic_that_fails_undoes_the_others)
{
	const char *document =
		domain_of(VM_A, text("%s%s", profile(MAC_1, "required"), profile(MAC_2, "required")),
			text("%s%s", vnic(MAC_1, "blue"), vnic(MAC_2, "green")));
	struct outcome outcome;
	const char *before;

	start_vm(VM_B, one_vnic(VM_B, "blue", "required"));
	put_file(DOCUMENT, document);
	before = text("%s%s", picture("tmp"), picture(record("0000:01:10.0", VM_B)));
	outcome = hook("before_vm_start", VM_A, NULL);
	ck_assert_exit(outcome, 2);
	ck_assert_contains(
		outcome.err, "vfpt: vNIC " MAC_2 " (network green): there is no bridge green on this host; ");
	ck_assert_str_eq(text("%s%s", picture("tmp"), picture(record("0000:01:10.0", VM_B))), before);
	ck_assert_uint_eq(entries(LEDGER), 1);
}
END_TEST

START_TEST(bad_property_of_a_later_vnic_is_seen_before_anything_is_done)
{
	refused("before_vm_start",
		domain_of(VM_A, text("%s%s", profile(MAC_1, "required"), profile(MAC_2, "x")),
			text("%s%s", vnic(MAC_1, "blue"), vnic(MAC_2, "blue"))),
		NULL,
		"vfpt: vNIC " MAC_2 " (network blue): custom property passthrough: unknown value \"x\"; ");
	ck_assert(!there_is("run"));
}
END_TEST

/* As on a full disk: a hook that can write no file larger than that. */
static struct outcome limited_hook(const char *bytes)
{
	const char *argv[] = {"/usr/bin/prlimit", text("--fsize=%s", bytes), "/bin/sh", "-c",
		"trap '' XFSZ; exec \"$0\"", text("%s/before_vm_start/50_vfpt", getenv("VFPT_TEST_HOOKS")),
		NULL};
	const char *const env[] = {
		text("VFPT_ROOT=%s", root), text("_hook_domxml=%s", in_root(DOCUMENT)), "vmId=" VM_A, NULL};

	return run(argv, env);
}

/* The limit is larger than a record, and smaller than the document. */
START_TEST(document_that_cannot_be_written_undoes_all)
{
	struct outcome outcome;
	const char *before;

	put_file(DOCUMENT,
		replaced(one_vnic(VM_A, "blue", "required"), "<name>", text("<!--%4000s--><name>", "")));
	before = picture(DOCUMENT);
	outcome = limited_hook("2000");
	ck_assert_exit(outcome, 2);
	ck_assert_contains(
		outcome.err, text("vfpt: cannot write the document %s: File too large; ", in_root(DOCUMENT)));
	ck_assert_str_eq(picture(DOCUMENT), before);
	ck_assert_msg(entries("tmp") == 1, "something is left beside the document");
	ck_assert_uint_eq(entries(LEDGER), 0);
}
END_TEST

START_TEST(record_that_cannot_be_written_fails_the_hook)
{
	struct outcome outcome;
	const char *before;

	put_directory(LEDGER "/.new"); /* where it is written first */
	put_file(DOCUMENT, one_vnic(VM_A, "blue", "required"));
	before = picture("tmp");
	outcome = hook("before_vm_start", VM_A, NULL);
	ck_assert_exit(outcome, 2);
	ck_assert_uint_eq(count_lines(outcome.err), 1);
	ck_assert_contains(outcome.err,
		"vfpt: vNIC " MAC_1 " (network blue): cannot write ledger record /run/vfpt/0000:01:10.0@" VM_A
		": File exists; /run/vfpt must be writable by user vdsm and have room\n");
	ck_assert_str_eq(picture("tmp"), before);
	ck_assert_uint_eq(entries(LEDGER), 1);
}
END_TEST

/* --- plugging and unplugging */

/* VDSM's remade XML differs from what the hook wrote: type, MAC's case, alias or none. */
START_TEST(forty_rounds_of_plugging_leave_every_vf_free)
{
	for (unsigned round = 0; round < 40; round++) {
		static const char *const networks[] = {"blue", "red", "ovirtmgmt"};
		const char *network = networks[round % 3], *document = vnic(MAC_1, network);
		struct outcome outcome;

		plug(VM_A, document, "passthrough=required");
		ck_assert_uint_eq(records(), 1);
		/* refused by libvirt: VDSM hands on what it tried */
		outcome = hook("after_nic_hotplug_fail", VM_A, "passthrough=required");
		ck_assert_exit(outcome, 0);
		ck_assert_uint_eq(records(), 0);

		plug(VM_A, document, "passthrough=preferred");
		ck_assert_uint_eq(records(), 1);
		unplug(VM_A, round % 2 ? "56:6F:1A:2B:00:01" : MAC_1,
			round % 4 < 2 ? text("ua-%s", network) : NULL);
		ck_assert_uint_eq(records(), 0);
	}
}
END_TEST

START_TEST(vnic_that_vdsm_knows_as_hostdev_is_unplugged)
{
	plug(VM_A, vnic(MAC_1, "blue"), "passthrough=required");
	ck_assert_exit(hook("after_nic_hotunplug", VM_A, NULL), 0); /* the document is the hostdev */
	ck_assert_uint_eq(records(), 0);
}
END_TEST

START_TEST(unplugging_leaves_the_other_vnics_alone)
{
	plug(VM_A, vnic(MAC_1, "blue"), "passthrough=required");
	plug(VM_A, vnic(MAC_2, "blue"), "passthrough=required");
	plug(VM_B, vnic(mac_of(VM_B), "blue"), "passthrough=required");
	ck_assert_uint_eq(records(), 3);
	unplug(VM_A, MAC_1, NULL);
	ck_assert(!there_is(record("0000:01:10.0", VM_A)));
	ck_assert(there_is(record("0000:01:10.2", VM_A)));
	ck_assert(there_is(record("0000:01:10.4", VM_B)));
	unplug(VM_A, MAC_1, NULL);
	ck_assert_uint_eq(records(), 2);
}
END_TEST

/* No two VFs have one MAC; in a ledger that an earlier version wrote they may. */
START_TEST(alias_decides_between_two_vnics_with_one_mac)
{
	const char *first = _i ? "ua-one" : "ua-two", *second = _i ? "ua-two" : "ua-one", *file;

	plug(VM_A, replaced(vnic(MAC_1, "blue"), "ua-blue", "ua-one"), "passthrough=required");
	plug(VM_A, replaced(vnic(MAC_2, "blue"), "ua-blue", "ua-two"), "passthrough=required");
	file = get_file(record("0000:01:10.2", VM_A), NULL);
	file = replaced(replaced(file, MAC_2, MAC_1), MAC_2, MAC_1);
	put_file(record("0000:01:10.2", VM_A), file);
	ck_assert_uint_eq(records(), 2);
	unplug(VM_A, MAC_1, first);
	ck_assert_uint_eq(records(), 1);
	ck_assert(there_is(record(_i ? "0000:01:10.2" : "0000:01:10.0", VM_A)));
	unplug(VM_A, MAC_1, second);
	ck_assert_uint_eq(records(), 0);
}
END_TEST

/* libvirt gives an alias of its own ("hostdev0") where there is no user alias. */
START_TEST(unknown_alias_does_not_keep_a_vf)
{
	plug(VM_A, vnic(MAC_1, "blue"), "passthrough=required");
	unplug(VM_A, MAC_1, "hostdev0");
	ck_assert_uint_eq(records(), 0);
}
END_TEST

START_TEST(plugging_again_gives_back_what_a_killed_hook_left)
{
	plug(VM_A, vnic(MAC_1, "blue"), "passthrough=required");
	plug(VM_A, vnic(MAC_2, "blue"), "passthrough=required");
	plug(VM_A, vnic(MAC_1, "blue"), "passthrough=required");
	ck_assert_str_eq(vf_of(0), "0000:01:10.0 VLAN 200");
	ck_assert_uint_eq(records(), 2);
	ck_assert(there_is(record("0000:01:10.2", VM_A)));
}
END_TEST

/* --- starting and destroying */

static const char *vm_number(unsigned n)
{
	return text("00000000-0000-0000-0000-%012u", n);
}

START_TEST(eighth_vm_is_refused_until_one_of_seven_goes)
{
	static const char *const vfs[] = {"0000:01:10.0", "0000:01:10.2", "0000:01:10.4", "0000:01:10.6",
		"0000:01:11.0", "0000:01:11.2", "0000:01:11.4"};
	struct outcome outcome;
	const char *before;

	for (unsigned n = 0; n < 7; n++) {
		start_vm(vm_number(n), one_vnic(vm_number(n), n % 2 ? "blue" : "ovirtmgmt", "required"));
		ck_assert_str_eq(vf_of(0), text("%s VLAN %u", vfs[n], n % 2 ? 200 : 0));
		ck_assert(there_is(record(vfs[n], vm_number(n))));
	}
	put_file(DOCUMENT, one_vnic(vm_number(7), "blue", "required"));
	before = picture("tmp");
	outcome = hook("before_vm_start", vm_number(7), NULL);
	ck_assert_exit(outcome, 2);
	ck_assert_str_eq(outcome.err,
		"vfpt: vNIC 56:6f:1a:ff:00:07 (network blue): no free VF: ens1f0 has 7 VFs, 7 assigned to "
		"VMs; make more VFs in the engine (Setup Host Networks) or stop a VM that has one\n");
	ck_assert_str_eq(picture("tmp"), before);
	ck_assert_uint_eq(records(), 7);

	destroy_vm(vm_number(3));
	ck_assert_uint_eq(records(), 6);
	start_vm(vm_number(7), one_vnic(vm_number(7), "blue", "required"));
	ck_assert_str_eq(vf_of(0), "0000:01:10.6 VLAN 200");
	for (unsigned n = 0; n < 8; n++)
		destroy_vm(vm_number(n));
	ck_assert_uint_eq(records(), 0);
}
END_TEST

START_TEST(destroying_leaves_other_vms_alone_and_twice_is_harmless)
{
	const char *before;

	start_vm(VM_A, one_vnic(VM_A, "blue", "required"));
	start_vm(VM_B, sample("vm-four-nics.xml", NULL));
	ck_assert_uint_eq(records(), 4);
	before = picture(record("0000:01:10.0", VM_A));
	for (int i = 0; i < 2; i++) {
		const char *said = destroy_vm(VM_B);

		ck_assert_uint_eq(count_lines(said), i == 0 ? 3 : 0);
		ck_assert_uint_eq(records(), 1);
		ck_assert_str_eq(picture(record("0000:01:10.0", VM_A)), before);
	}
	destroy_vm(VM_A);
	ck_assert_uint_eq(records(), 0);
}
END_TEST

/* A start that was killed, or whose after_vm_destroy never came. */
START_TEST(second_start_gives_back_the_first_ones_vfs_first)
{
	for (unsigned n = 0; n < 6; n++)
		start_vm(vm_number(n), one_vnic(vm_number(n), "blue", "required"));
	for (int i = 0; i < 3; i++) {
		start_vm(VM_A, one_vnic(VM_A, "blue", "required"));
		ck_assert_str_eq(vf_of(0), "0000:01:11.4 VLAN 200");
		ck_assert_uint_eq(records(), 7);
	}
}
END_TEST

/* In the guest, or on a macvtap; of two VFs, the second. */
static void put_in_use(const char *address, unsigned vf, bool macvtap)
{
	const char *device = text(PF_1 "virtfn%u", vf);

	ck_assert(there_is(record(address, VM_A)));
	if (macvtap) {
		put_link(text("%s/net/eth%u/upper_macvtap0", device, vf), "x");
		return;
	}
	drop(text("%s/net", device));
	put_link(text("%s/driver", device), "../../../../bus/pci/drivers/vfio-pci");
}

static void put_process(const char *vm)
{
	const char *line = text("qemu-kvm -uuid %s", vm);
	char words[64];
	size_t length = strlen(line);

	memcpy(words, line, length + 1);
	words[strlen("qemu-kvm")] = words[strlen("qemu-kvm -uuid")] = '\0';
	put_bytes("proc/4711/cmdline", words, length + 1);
}

static const struct {
	const char *mode;
	bool used, process, no_proc; /* a VF is in use; the VM has a process, or nobody can tell */
	const char *first, *second;  /* VFs that it then gets; NULL: it does not start */
} running[] = {
	{"hostdev", true, true, false, NULL, NULL},
	{"macvtap", true, true, false, NULL, NULL},
	{"failover", true, true, false, NULL, NULL},
	{"hostdev", true, false, true, NULL, NULL},
	/* its last run was killed, or its start goes on */
	{"hostdev", true, false, false, "0000:01:10.0", "0000:01:10.4"},
	{"hostdev", false, true, false, "0000:01:10.0", "0000:01:10.2"},
	{"hostdev", false, false, false, "0000:01:10.0", "0000:01:10.2"},
};

START_TEST(vm_that_runs_is_not_started_again)
{
	const char *properties = text(REQUIRED "passthrough_mode=%s", running[_i].mode), *before;
	const char *document = domain_of(VM_A,
		text("%s%s", metadata_of(MAC_1, "blue", properties), metadata_of(MAC_2, "blue", properties)),
		text("%s%s", vnic(MAC_1, "blue"), vnic(MAC_2, "blue")));
	struct outcome outcome;

	start_vm(VM_A, document);
	if (running[_i].used)
		put_in_use("0000:01:10.2", 1, strcmp(running[_i].mode, "macvtap") == 0);
	if (running[_i].no_proc) {
		drop("proc");
		put_file("proc", "x");
	} else {
		put_process(running[_i].process ? VM_A : VM_B);
	}
	put_file(DOCUMENT, document);
	before = picture(".");
	outcome = hook("before_vm_start", VM_A, NULL);
	if (!running[_i].first) {
		ck_assert_exit(outcome, 2);
		ck_assert_str_eq(outcome.err,
			"vfpt: vNIC " MAC_1 " (network blue): VM " VM_A " runs already, "
			"on VF 1 of ens1f0; stop it before it is started again\n");
		ck_assert_str_eq(picture("."), before);
		/* VDSM then runs this hook, as at the end of any VM. */
		if (!running[_i].process)
			return;
		outcome = hook("after_vm_destroy", VM_A, NULL);
		ck_assert_exit(outcome, 0);
		ck_assert_contains(outcome.err,
			"vfpt: warning: VM " VM_A " runs, so its VF 1 of ens1f0 stays with it: ");
		ck_assert(there_is(text("run/vfpt/0000:01:10.2@%s", VM_A)));
		return;
	}
	ck_assert_exit(outcome, 0);
	ck_assert_str_eq(vf_of(0), text("%s VLAN 200", running[_i].first));
	ck_assert_str_eq(vf_of(1), text("%s VLAN 200", running[_i].second));
	ck_assert_uint_eq(records(), 2);
}
END_TEST

START_TEST(vf_that_vanished_is_released_with_a_warning)
{
	const char *said;

	start_vm(VM_A, one_vnic(VM_A, "blue", "required"));
	drop("sys/devices/pci0000:00/0000:00:02.0/0000:01:10.0");
	put_file(PF_1 "sriov_numvfs", "0\n");
	said = destroy_vm(VM_A);
	ck_assert_str_eq(said, "vfpt: warning: VF 0000:01:10.0 (VF 0 of ens1f0) is gone from this host; its "
			       "assignment is removed\n");
	ck_assert_uint_eq(records(), 0);
}
END_TEST

START_TEST(release_that_fails_keeps_the_record_and_lets_other_scripts_run)
{
	struct outcome outcome;

	start_vm(VM_A, sample("vm-four-nics.xml", NULL));
	put_file(PF_2 "sriov_numvfs", "x\n");
	put_file(DOCUMENT, domain_of(VM_A, "", ""));
	outcome = hook("after_vm_destroy", VM_A, NULL);
	ck_assert_exit(outcome, 1);
	ck_assert_contains(outcome.err,
		"vfpt: vNIC 56:6f:1a:2b:07:02: cannot give back VF 0 of ens2f0: VF 0000:02:10.0: PF ens2f0: "
		"cannot read sriov_numvfs: Invalid argument\n");
	/* All are tried. */
	ck_assert_uint_eq(records(), 1);
	ck_assert(there_is(record("0000:02:10.0", VM_A)));
	/* And the next time it may go well. */
	put_file(PF_2 "sriov_numvfs", "7\n");
	destroy_vm(VM_A);
	ck_assert_uint_eq(records(), 0);
}
END_TEST

START_TEST(many_vms_at_once_get_a_vf_each_and_none_twice)
{
	enum { VMS = 12 };
	pid_t children[VMS];
	unsigned fine = 0;

	for (unsigned n = 0; n < VMS; n++) {
		children[n] = fork();
		ck_assert_int_ge(children[n], 0);
		if (children[n] == 0) {
			const char *path = text("tmp/%u.xml", n);
			const char *const env[8] = {
				text("_hook_domxml=%s", in_root(path)), text("vmId=%s", vm_number(n))};

			put_file(path, one_vnic(vm_number(n), "blue", "required"));
			_exit(hook_with("before_vm_start", NULL, env).code);
		}
	}
	for (unsigned n = 0; n < VMS; n++) {
		int status;

		ck_assert_int_eq(waitpid(children[n], &status, 0), children[n]);
		ck_assert(WIFEXITED(status) && (WEXITSTATUS(status) == 0 || WEXITSTATUS(status) == 2));
		fine += WEXITSTATUS(status) == 0;
		if (WEXITSTATUS(status) == 0) {
			move(text("tmp/%u.xml", n), DOCUMENT);
			ck_assert_msg(there_is(record(vf_of(0), vm_number(n))), "%s of VM %u is not recorded",
				vf_of(0), n);
		}
	}
	ck_assert_uint_eq(fine, 7);
	ck_assert_uint_eq(entries(LEDGER), 7);
}
END_TEST

/* --- a damaged ledger is reported and fatal for nobody else */

static const char *const damages[] = {
	"", "garbage", "[assignment]\nvm = " VM_B "\nmac = 56:6f", "\xff\xfe\xfd"};

START_TEST(damaged_record_of_another_vm_keeps_its_vf_and_no_other)
{
	const char *bad = record("0000:01:10.0", VM_B), *said;

	put_file(bad, damages[_i]);
	start_vm(VM_A, one_vnic(VM_A, "blue", "required"));
	ck_assert_str_eq(vf_of(0), "0000:01:10.2 VLAN 200");
	destroy_vm(VM_A);
	ck_assert_str_eq(get_file(bad, NULL), damages[_i]);
	/* Its own VM is told. */
	said = destroy_vm(VM_B);
	ck_assert_uint_eq(count_lines(said), 1);
	ck_assert_contains(said, text("vfpt: warning: ledger record /%s: ", bad));
	ck_assert_str_eq(get_file(bad, NULL), damages[_i]);
}
END_TEST

START_TEST(damaged_record_does_not_keep_the_vms_other_vfs)
{
	start_vm(VM_B, sample("vm-four-nics.xml", NULL));
	put_file(record("0000:02:10.0", VM_B), damages[_i]);
	ck_assert_contains(
		destroy_vm(VM_B), text("vfpt: warning: ledger record /%s: ", record("0000:02:10.0", VM_B)));
	ck_assert_uint_eq(records(), 1);
	/* It can start again, on other VFs. */
	ck_assert_contains(start_vm(VM_B, sample("vm-four-nics.xml", NULL)), "vfpt: warning: ledger record ");
	ck_assert_uint_eq(records(), 4);
	ck_assert_str_eq(get_file(record("0000:02:10.0", VM_B), NULL), damages[_i]);
}
END_TEST

START_TEST(foreign_file_in_the_ledger_is_reported_and_nothing_more)
{
	put_file(LEDGER "/README", "x");
	ck_assert_contains(start_vm(VM_A, one_vnic(VM_A, "blue", "required")),
		"vfpt: warning: ledger: /run/vfpt/README is no record and is ignored; remove it\n");
	ck_assert_str_eq(vf_of(0), "0000:01:10.0 VLAN 200");
}
END_TEST

START_TEST(vm_without_devices_gives_its_vfs_back)
{
	start_vm(VM_A, one_vnic(VM_A, "blue", "required"));
	put_file(DOCUMENT, "<domain/>");
	ck_assert_exit(hook("after_vm_destroy", VM_A, NULL), 0);
	ck_assert_uint_eq(records(), 0);
}
END_TEST

START_TEST(vnic_without_mac_is_known_by_its_alias)
{
	static const char *const others[] = {"ua-other", "hostdev0"};

	plug(VM_A, vnic(MAC_1, "blue"), "passthrough=required");
	plug(VM_A, vnic(MAC_2, "red"), "passthrough=required");
	for (size_t i = 0; i < ARRAY_SIZE(others); i++) {
		put_file(
			DOCUMENT, text("<interface type='bridge'><alias name='%s'/></interface>", others[i]));
		ck_assert_exit(hook("after_nic_hotunplug", VM_A, NULL), 0);
		ck_assert_uint_eq(records(), 2);
	}
	put_file(DOCUMENT, "<interface type='bridge'><mac address='no'/><alias name='ua-red'/></interface>");
	ck_assert_exit(hook("after_nic_hotunplug", VM_A, NULL), 0);
	ck_assert_uint_eq(records(), 1);
	ck_assert(there_is(record("0000:01:10.0", VM_A)));
}
END_TEST

START_TEST(failure_is_one_line_whatever_was_to_be_warned_of_before)
{
	struct outcome outcome;

	/* More than any buffer of stderr holds. */
	for (unsigned i = 0; i < 400; i++)
		put_file(record(text("0000:%02x:%02x.%u", 4 + i / 256, i / 8 % 32, i % 8), VM_A), "x");
	ck_assert_uint_gt(strlen(start_vm(VM_A, one_vnic(VM_A, "blue", "required"))), 64 * 1024);
	put_file(DOCUMENT, one_vnic(VM_A, "green", "required"));
	outcome = hook("before_vm_start", VM_A, NULL);
	ck_assert_exit(outcome, 2);
	ck_assert_uint_eq(count_lines(outcome.err), 1);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("hooks_life");
	TCase *tcase = new_case(suite, "finishing", host_setup);

	tcase_add_test(tcase, vlan_of_the_property_goes_before_the_networks);
	tcase_add_loop_test(tcase, link_is_held_until_the_vm_runs, 0, 2);
	tcase_add_test(tcase, plugged_vnic_is_finished_and_no_other);
	tcase_add_test(tcase, finishing_what_is_gone_is_an_error_that_keeps_the_record);

	tcase = new_case(suite, "all or nothing", host_setup);
	tcase_add_test(tcase, one_vnic_that_fails_undoes_the_others);
	tcase_add_test(tcase, bad_property_of_a_later_vnic_is_seen_before_anything_is_done);
	tcase_add_test(tcase, document_that_cannot_be_written_undoes_all);
	tcase_add_test(tcase, record_that_cannot_be_written_fails_the_hook);

	tcase = new_case(suite, "plugging", host_setup);
	tcase_set_timeout(tcase, 60);
	tcase_add_test(tcase, forty_rounds_of_plugging_leave_every_vf_free);
	tcase_add_test(tcase, vnic_that_vdsm_knows_as_hostdev_is_unplugged);
	tcase_add_test(tcase, unplugging_leaves_the_other_vnics_alone);
	tcase_add_loop_test(tcase, alias_decides_between_two_vnics_with_one_mac, 0, 2);
	tcase_add_test(tcase, unknown_alias_does_not_keep_a_vf);
	tcase_add_test(tcase, plugging_again_gives_back_what_a_killed_hook_left);

	tcase = new_case(suite, "starting", host_setup);
	tcase_set_timeout(tcase, 60);
	tcase_add_test(tcase, eighth_vm_is_refused_until_one_of_seven_goes);
	tcase_add_test(tcase, destroying_leaves_other_vms_alone_and_twice_is_harmless);
	tcase_add_test(tcase, second_start_gives_back_the_first_ones_vfs_first);
	tcase_add_loop_test(tcase, vm_that_runs_is_not_started_again, 0, ARRAY_SIZE(running));
	tcase_add_test(tcase, vf_that_vanished_is_released_with_a_warning);
	tcase_add_test(tcase, release_that_fails_keeps_the_record_and_lets_other_scripts_run);
	tcase_add_test(tcase, many_vms_at_once_get_a_vf_each_and_none_twice);

	tcase = new_case(suite, "damaged ledger", host_setup);
	tcase_add_loop_test(
		tcase, damaged_record_of_another_vm_keeps_its_vf_and_no_other, 0, ARRAY_SIZE(damages));
	tcase_add_loop_test(tcase, damaged_record_does_not_keep_the_vms_other_vfs, 0, ARRAY_SIZE(damages));
	tcase_add_test(tcase, foreign_file_in_the_ledger_is_reported_and_nothing_more);
	tcase_add_test(tcase, vm_without_devices_gives_its_vfs_back);
	tcase_add_test(tcase, vnic_without_mac_is_known_by_its_alias);
	tcase_add_test(tcase, failure_is_one_line_whatever_was_to_be_warned_of_before);
	return run_suite(suite);
}
