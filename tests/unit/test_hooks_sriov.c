/* SPDX-License-Identifier: GPL-2.0-or-later */
/* VFs that the VM names, and migration of who has one. */
#include "hooks_support.h"

#include <string.h>

/* --- the VM's property sriov: VFs by the names of their network devices; eth0 to eth6 are those of ens1f0 */

/* Where the property is: in the environment, in the metadata, in both. */
static struct outcome started_naming(int where, const char *names)
{
	put_file(DOCUMENT, vm_naming(where > 0 ? where == 2 ? "eth17" : names : NULL, "", ""));
	return hook("before_vm_start", VM_A, where == 1 ? NULL : text("sriov=%s", names));
}

static const struct {
	const char *names, *vfs;
} namings[] = {
	{"eth0", "0000:01:10.0 VLAN 0"},
	{"eth6", "0000:01:11.4 VLAN 0"},
	{"eth6,eth7", "0000:01:11.4 VLAN 0, 0000:02:10.0 VLAN 0"},
	{"eth2,eth1,eth0", "0000:01:10.4 VLAN 0, 0000:01:10.2 VLAN 0, 0000:01:10.0 VLAN 0"},
};

START_TEST(vfs_are_given_by_name)
{
	int where = _i % 3;
	const char *names = namings[_i / 3].names, *all = "";
	struct outcome outcome = started_naming(where, names);

	ck_assert_exit(outcome, 0);
	for (unsigned i = 0; i < interfaces(); i++) {
		const char *vf = vf_of(i);

		all = text("%s%s%s", all, i ? ", " : "", vf);
		ck_assert(there_is(record(vf, VM_A)));
		ck_assert_contains(get_file(record(vf, VM_A), NULL), "\nnetwork = \n");
		ck_assert_contains(get_file(record(vf, VM_A), NULL), "\nalias = ua-vfpt-");
	}
	ck_assert_str_eq(all, namings[_i / 3].vfs);
	ck_assert_uint_eq(records(), interfaces());
	if (_i / 3 == 0) {
		ck_assert_str_eq(outcome.err,
			"vfpt: warning: custom property sriov: eth0: VF 0 of ens1f0 has no VLAN, so the "
			"guest can use any VLAN of the switch port; give it one, or let the port carry none "
			"(see [policy] untagged in vfpt.conf)\nwould set: VF 0 of ens1f0: mac " MAC_ETH0
			"\nvfpt: vNIC " MAC_ETH0 ": VF 0 of ens1f0 (0000:01:10.0), VLAN 0\n");
		ck_assert_contains(interface(0), "<mac address=\"" MAC_ETH0 "\"/>");
		ck_assert_contains(interface(0), "<alias name=\"ua-vfpt-665ad2be9a6d\"/>");
		ck_assert_contains(get_file(DOCUMENT, NULL),
			"<o:device mac_address=\"" MAC_ETH0
			"\"><o:network>;vdsmdummy;</o:network></o:device>");
	}
	/* Recorded and released like any other. */
	ck_assert_exit(hook("after_vm_start", VM_A, NULL), 0);
	ck_assert_contains(destroy_vm(VM_A), "would set back: VF ");
	ck_assert_uint_eq(records(), 0);
}
END_TEST

static void take_eth0(void)
{
	start_vm(VM_B, one_vnic(VM_B, "blue", "required"));
}

static void use_eth1(void)
{
	put_link(PF_1 "virtfn1/net/eth1/upper_br0", "x");
}

static void refuse_untagged(void)
{
	put_file(CONFIG, "[policy]\nuntagged = refuse\n");
}

static void no_iommu_for_eth0(void)
{
	drop(PF_1 "virtfn0/iommu_group");
}

#define NO_LIST(names)                                                                                       \
	"custom property sriov: \"" names "\" is no list of network devices of VFs, as in eth5,eth6\n"

static const struct {
	const char *names;
	void (*spoil)(void);
	const char *reason;
} misnamings[] = {
	{"eth0", take_eth0, "custom property sriov: eth0: it belongs to VM " VM_B "\n"},
	{"eth3,eth0", take_eth0, "custom property sriov: eth0: it belongs to VM " VM_B "\n"},
	{"eth1", use_eth1, "custom property sriov: eth1: its network device eth1 carries br0\n"},
	{"eth0", no_iommu_for_eth0, "custom property sriov: eth0: it has no iommu group; "},
	{"eth0", refuse_untagged, "custom property sriov: eth0: " WITHOUT_VLAN "\n"},
	{"ens1f0", NULL, "custom property sriov: ens1f0: network device ens1f0 is not a VF's\n"},
	{"blue", NULL, "custom property sriov: blue: network device blue is not a VF's\n"},
	{"eth18", NULL, "custom property sriov: eth18: there is no network device eth18 on this host, or "},
	{"eth0,eth18", NULL,
		"custom property sriov: eth18: there is no network device eth18 on this host, or "},
	{"eth0,eth0", NULL, "custom property sriov: eth0: the VM has it already\n"},
	{"eth0,", NULL, NO_LIST("eth0,")},
	{",eth0", NULL, NO_LIST(",eth0")},
	{"eth0,,eth1", NULL, NO_LIST("eth0,,eth1")},
	{",", NULL, NO_LIST(",")},
	{"eth0123456789012", NULL, NO_LIST("eth0123456789012")},
	{"eth0;eth1", NULL, NO_LIST("eth0;eth1")},
	{"eth0, eth1", NULL, NO_LIST("eth0, eth1")},
	{" eth0", NULL, NO_LIST(" eth0")},
	{"../../eth0", NULL, NO_LIST("../../eth0")},
	{"eth*", NULL, NO_LIST("eth*")},
	{"eth0,..", NULL, "custom property sriov: ..: \"..\" is not a network device's name\n"},
};

START_TEST(name_that_is_not_to_be_had_is_refused)
{
	unsigned taken;
	const char *before;
	struct outcome outcome;

	if (misnamings[_i].spoil)
		misnamings[_i].spoil();
	taken = records();
	for (int where = 0; where < 2; where++) {
		outcome = started_naming(where, misnamings[_i].names);
		before = vm_naming(where ? misnamings[_i].names : NULL, "", "");
		ck_assert_exit(outcome, 2);
		/* one line, behind what is undone */
		ck_assert_contains(outcome.err, text("vfpt: %s", misnamings[_i].reason));
		ck_assert_uint_eq(count_lines(strstr(outcome.err, "vfpt: ")), 1);
		ck_assert_str_eq(get_file(DOCUMENT, NULL), before);
		ck_assert_uint_eq(records(), taken);
		ck_assert_uint_eq(entries("tmp"), 1);
	}
}
END_TEST

START_TEST(empty_list_of_names_is_none)
{
	struct outcome outcome = started_naming(_i, "");
	const char *document = vm_naming(_i == 0 ? NULL : "", "", "");

	ck_assert_exit(outcome, 0);
	ck_assert_str_eq(outcome.err, "");
	ck_assert_str_eq(get_file(DOCUMENT, NULL), document);
	ck_assert(!there_is("run"));
}
END_TEST

/* Only the VM's property is it: a vNIC's or one at a nic point is another's. */
START_TEST(names_are_the_vms)
{
	const char *document = domain_of(VM_A, metadata_of(MAC_1, "blue", "sriov=eth0"), vnic(MAC_1, "blue"));
	struct outcome outcome = started_with(VM_A, document);

	ck_assert_exit(outcome, 0);
	ck_assert_str_eq(get_file(DOCUMENT, NULL), document);
	outcome = plugged_with(VM_A, vnic(MAC_1, "blue"), "sriov=eth0");
	ck_assert_exit(outcome, 0);
	ck_assert_str_eq(get_file(DOCUMENT, NULL), vnic(MAC_1, "blue"));
	plugged_with(VM_A, vnic(MAC_1, "blue"), REQUIRED "sriov=eth1");
	ck_assert_str_eq(vf_of(0), "0000:01:10.0 VLAN 200");
	ck_assert_uint_eq(records(), 1);
}
END_TEST

/* They are to have just these; a vNIC takes what is left. */
START_TEST(named_vfs_come_first)
{
	start_vm(VM_A, vm_naming("eth0,eth1", metadata_of(MAC_1, "blue", REQUIRED), vnic(MAC_1, "blue")));
	ck_assert_str_eq(vf_of(0), "0000:01:10.4 VLAN 200");
	ck_assert_str_eq(vf_of(1), "0000:01:10.0 VLAN 0");
	ck_assert_str_eq(vf_of(2), "0000:01:10.2 VLAN 0");
	ck_assert_uint_eq(records(), 3);
	/* And again, after a start that was killed. */
	start_vm(VM_A, vm_naming("eth0,eth1", metadata_of(MAC_1, "blue", REQUIRED), vnic(MAC_1, "blue")));
	ck_assert_str_eq(vf_of(0), "0000:01:10.4 VLAN 200");
	ck_assert_str_eq(vf_of(1), "0000:01:10.0 VLAN 0");
	ck_assert_uint_eq(records(), 3);
	unplug(VM_A, MAC_ETH0, NULL);
	ck_assert_uint_eq(records(), 2);
	destroy_vm(VM_A);
	ck_assert_uint_eq(records(), 0);
}
END_TEST

START_TEST(vnic_that_fails_undoes_named_vfs_too)
{
	struct outcome outcome = started_with(
		VM_A, vm_naming("eth0", metadata_of(MAC_1, "green", REQUIRED), vnic(MAC_1, "green")));

	ck_assert_exit(outcome, 2);
	ck_assert_contains(outcome.err, "vfpt: vNIC " MAC_1 " (network green): there is no bridge green on ");
	ck_assert_uint_eq(interfaces(), 1);
	ck_assert_uint_eq(entries(LEDGER), 0);
	/* A vNIC that prefers another way keeps nobody from it. */
	no_vfs();
	start_vm(VM_A,
		vm_naming("eth7", metadata_of(MAC_1, "blue", "passthrough=preferred"), vnic(MAC_1, "blue")));
	ck_assert_str_eq(vf_of(0), "");
	ck_assert_str_eq(vf_of(1), "0000:02:10.0 VLAN 0");
	ck_assert_uint_eq(records(), 1);
}
END_TEST

START_TEST(named_vfs_are_shown_by_test)
{
	const char *const env[8] = {"sriov=eth0"};
	const char *before = picture(".");
	struct outcome outcome = hook_with("before_vm_start", "--test", env);

	ck_assert_exit(outcome, 0);
	ck_assert_contains(strstr(outcome.out, "--- after"), "<mac address=\"" MAC_ETH0 "\"/>");
	ck_assert_str_eq(picture("."), before);
}
END_TEST

/* --- migration */

#define HOSTDEV(mac, address, more)                                                                          \
	"<interface type='hostdev' managed='yes'><mac address='" mac                                         \
	"'/><source><address type='pci' " address "/></source>" more "</interface>"
#define ENS1F0_0 "domain='0x0000' bus='0x01' slot='0x10' function='0x0'"
#define ENS3F0_3 "domain='0x0000' bus='0x03' slot='0x10' function='0x6'"
#define NO_VF    "domain='0x0000' bus='0x09' slot='0x00' function='0x0'"
#define STAYS                                                                                                \
	" itself, so the VM cannot migrate; unplug this vNIC first, or use passthrough_mode=macvtap or "     \
	"failover\n"

static const struct {
	const char *interfaces, *reason; /* NULL: it migrates */
} migrations[] = {
	{"", NULL},
	{VNIC_1, NULL},
	{"<interface type='direct'><mac address='" MAC_1
	 "'/><source dev='eth0' mode='passthrough'/></interface>",
		NULL},
	{"<interface type='bridge'><mac address='" MAC_1
	 "'/><teaming type='persistent'/></interface>" HOSTDEV(
		 MAC_1, ENS1F0_0, "<teaming type='transient' persistent='ua-x'/>"),
		NULL},
	{HOSTDEV(MAC_1, ENS1F0_0, ""),
		"vfpt: vNIC " MAC_1 " (network none): the guest has VF 0 of ens1f0 (0000:01:10.0)" STAYS},
	{VNIC_1 HOSTDEV(MAC_2, ENS3F0_3, ""),
		"vfpt: vNIC " MAC_2 " (network dmz): the guest has VF 3 of ens3f0 (0000:03:10.6)" STAYS},
	{HOSTDEV(MAC_1, NO_VF, ""),
		"vfpt: vNIC " MAC_1 " (network none): the guest has PCI device (0000:09:00.0)" STAYS},
	/* not the first, and the first that cannot */
	{HOSTDEV(MAC_2, ENS1F0_0, "<teaming type='transient' persistent='ua-x'/>")
			HOSTDEV(MAC_1, ENS3F0_3, ""),
		"vfpt: vNIC " MAC_1 " (network none): the guest has VF 3 of ens3f0 (0000:03:10.6)" STAYS},
	{HOSTDEV(MAC_1, ENS3F0_3, "") HOSTDEV(MAC_2, ENS1F0_0, ""),
		"vfpt: vNIC " MAC_1 " (network none): the guest has VF 3 of ens3f0 (0000:03:10.6)" STAYS},
	{HOSTDEV(MAC_1, ENS1F0_0, "<teaming type='persistent'/>"),
		"vfpt: vNIC " MAC_1 " (network none): the guest has VF 0 of ens1f0 (0000:01:10.0)" STAYS},
	{"<interface type='hostdev'><source><address type='pci' " ENS1F0_0 "/></source></interface>",
		"vfpt: vNIC without MAC (network none): the guest has VF 0 of ens1f0 (0000:01:10.0)" STAYS},
};

START_TEST(vm_with_a_vf_in_the_guest_does_not_migrate)
{
	struct outcome outcome;
	const char *before;

	put_file(DOCUMENT,
		domain_of(VM_A, "<o:device mac_address=\"" MAC_2 "\"><o:network>dmz</o:network></o:device>",
			migrations[_i].interfaces));
	before = picture(".");
	outcome = hook("before_vm_migrate_source", VM_A, NULL);
	ck_assert_exit(outcome, migrations[_i].reason ? 2 : 0);
	ck_assert_str_eq(outcome.err, migrations[_i].reason ? migrations[_i].reason : "");
	ck_assert_str_eq(outcome.out, "");
	ck_assert_str_eq(picture("."), before);
}
END_TEST

/* As the hook itself wrote it, in each mode. */
static const struct {
	const char *properties, *reason;
} migrants[] = {
	{"passthrough_mode=hostdev",
		"vfpt: vNIC " MAC_1 " (network blue): the guest has VF 0 of ens1f0 (0000:01:10.0)" STAYS},
	{"passthrough_mode=macvtap", NULL},
	{"passthrough_mode=failover", NULL},
	{"vmfex=gold passthrough_mode=macvtap", NULL},
	{"vmfex=gold passthrough_mode=failover", NULL},
	{NULL, "vfpt: vNIC " MAC_ETH0
	       " (network ;vdsmdummy;): the guest has VF 0 of ens1f0 (0000:01:10.0)" STAYS},
};

START_TEST(vm_that_was_started_migrates_or_not)
{
	const char *properties = migrants[_i].properties, *before;
	struct outcome outcome;

	if (properties)
		start_vm(VM_A, domain_of(VM_A, metadata_of(MAC_1, NULL, text(REQUIRED "%s", properties)),
				       vnic(MAC_1, "blue")));
	else
		start_vm(VM_A, vm_naming("eth0", "", vnic(MAC_1, "blue")));
	before = picture(".");
	outcome = hook("before_vm_migrate_source", VM_A, NULL);
	ck_assert_exit(outcome, migrants[_i].reason ? 2 : 0);
	ck_assert_str_eq(outcome.err, migrants[_i].reason ? migrants[_i].reason : "");
	ck_assert_str_eq(picture("."), before);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("hooks_sriov");
	TCase *tcase = new_case(suite, "sriov", host_setup);

	tcase_add_loop_test(tcase, vfs_are_given_by_name, 0, 3 * ARRAY_SIZE(namings));
	tcase_add_loop_test(tcase, name_that_is_not_to_be_had_is_refused, 0, ARRAY_SIZE(misnamings));
	tcase_add_loop_test(tcase, empty_list_of_names_is_none, 0, 2);
	tcase_add_test(tcase, names_are_the_vms);
	tcase_add_test(tcase, named_vfs_come_first);
	tcase_add_test(tcase, vnic_that_fails_undoes_named_vfs_too);
	tcase_add_test(tcase, named_vfs_are_shown_by_test);

	tcase = new_case(suite, "migration", host_setup);
	tcase_add_loop_test(tcase, vm_with_a_vf_in_the_guest_does_not_migrate, 0, ARRAY_SIZE(migrations));
	tcase_add_loop_test(tcase, vm_that_was_started_migrates_or_not, 0, ARRAY_SIZE(migrants));
	return run_suite(suite);
}
