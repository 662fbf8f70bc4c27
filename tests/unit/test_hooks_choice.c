/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which VF a vNIC gets. */
#include "hooks_support.h"

#include <string.h>

/* --- a VF for a vNIC */

static const struct {
	const char *network, *vf;
} gifts[] = {
	{"blue", "0000:01:10.0 VLAN 200"},
	{"red", "0000:02:10.0 VLAN 100"},
	{"ovirtmgmt", "0000:01:10.0 VLAN 0"},
};

START_TEST(vnic_of_a_starting_vm_gets_a_vf_of_its_network)
{
	const char *said = start_vm(VM_A, one_vnic(VM_A, gifts[_i].network, "required"));

	ck_assert_str_eq(vf_of(0), gifts[_i].vf);
	ck_assert(there_is(record(gifts[_i].vf, VM_A)));
	ck_assert_uint_eq(entries(LEDGER), 1);
	ck_assert_uint_eq(count_lines(said), strstr(gifts[_i].vf, "VLAN 0") ? 3 : 2);
	ck_assert_contains(said, text("would set: VF 0 of %s: mac " MAC_1
				      ", vlan_id %s, vlan_priority 0, vlan_protocol 802.1Q\n",
					 _i == 1 ? "ens2f0" : "ens1f0", strstr(gifts[_i].vf, "VLAN ") + 5));
	ck_assert_contains(said,
		text("vfpt: vNIC " MAC_1 ": VF 0 of %s (%.12s), VLAN %s\n", _i == 1 ? "ens2f0" : "ens1f0",
			gifts[_i].vf, strstr(gifts[_i].vf, "VLAN ") + 5));
}
END_TEST

START_TEST(vnic_that_is_plugged_gets_a_vf_of_its_network)
{
	plug(VM_A, vnic(MAC_1, gifts[_i].network), "passthrough=required");
	ck_assert_str_eq(vf_of(0), gifts[_i].vf);
	ck_assert(there_is(record(gifts[_i].vf, VM_A)));
	ck_assert_uint_eq(entries(LEDGER), 1);
	ck_assert_lacks(get_file(DOCUMENT, NULL), "<?xml");
}
END_TEST

START_TEST(sample_of_one_vnic_gets_its_vf)
{
	start_vm(VM_A, sample("vm-one-nic.xml", NULL));
	ck_assert_str_eq(vf_of(0), "0000:02:10.0 VLAN 100");
	ck_assert_contains(get_file(record("0000:02:10.0", VM_A), NULL),
		"mac = 56:6f:1a:2b:00:01\n"
		"alias = ua-8a1c9c2e-4b0d-4f7c-9a41-0d6d52e4c001\n"
		"network = red\n"
		"pf = ens2f0\n"
		"vf = 0\n"
		"address = 0000:02:10.0\n");
}
END_TEST

START_TEST(sample_of_four_vnics_gets_three_vfs_spread_over_the_pfs)
{
	const char *said = start_vm(VM_B, sample("vm-four-nics.xml", NULL));

	ck_assert_str_eq(vf_of(0), "");
	ck_assert_str_eq(vf_of(1), "0000:02:10.0 VLAN 100");
	ck_assert_str_eq(vf_of(2), "0000:03:10.0 VLAN 100");
	ck_assert_str_eq(vf_of(3), "0000:01:10.0 VLAN 200");
	ck_assert_uint_eq(entries(LEDGER), 3);
	ck_assert_contains(said, "would set: VF 0 of ens2f0: mac 56:6f:1a:2b:07:02, vlan_id 100, "
				 "vlan_priority 0, vlan_protocol "
				 "802.1Q, max_tx_rate 1000, min_tx_rate 0\n");
	ck_assert_contains(said, "would set: VF 0 of ens3f0: mac 56:6f:1a:2b:07:03, vlan_id 100, "
				 "vlan_priority 0, vlan_protocol "
				 "802.1Q, spoofchk off, trust on\n");
	ck_assert_contains(said, "would set: VF 0 of ens1f0: mac 56:6f:1a:2b:07:04, vlan_id 200, "
				 "vlan_priority 0, vlan_protocol 802.1Q, link_state disable\n");
	/* What a VF does not do as asked is said, by vNIC. */
	ck_assert_contains(said, "vfpt: warning: vNIC 56:6f:1a:2b:07:02 (network red): a VF's received "
				 "traffic cannot be limited; its inbound limit is not kept\n");
	ck_assert_uint_eq(count_lines(said), 7);
	ck_assert_lacks(said, "56:6f:1a:2b:07:01");
}
END_TEST

START_TEST(uuid_of_the_domain_serves_without_vmid)
{
	const char *const env[8] = {text("_hook_domxml=%s", in_root(DOCUMENT)), _i ? "vmId=" : NULL};

	put_file(DOCUMENT, one_vnic(VM_B, "blue", "required"));
	ck_assert_exit(hook_with("before_vm_start", NULL, env), 0);
	ck_assert(there_is(record("0000:01:10.0", VM_B)));
	put_file(DOCUMENT, domain_of(VM_B, "", ""));
	ck_assert_exit(hook_with("after_vm_destroy", NULL, env), 0);
	ck_assert_uint_eq(records(), 0);
}
END_TEST

START_TEST(vmid_goes_before_the_uuid_of_the_domain)
{
	start_vm(VM_A, one_vnic(VM_B, "blue", "required"));
	ck_assert(there_is(record("0000:01:10.0", VM_A)));
	ck_assert_uint_eq(entries(LEDGER), 1);
}
END_TEST

START_TEST(vmid_in_upper_case_is_the_same_vm)
{
	start_vm("3F0F5D7E-6C1A-4D0E-9A0B-5F6D7C8E9A01", one_vnic(VM_B, "blue", "required"));
	ck_assert(there_is(record("0000:01:10.0", VM_A)));
	destroy_vm(VM_A);
	ck_assert_uint_eq(records(), 0);
}
END_TEST

START_TEST(pf_without_link_is_used_with_a_warning)
{
	put_file(PF_1 "net/ens1f0/operstate", "down\n");
	ck_assert_contains(start_vm(VM_A, one_vnic(VM_A, "blue", "required")),
		"vfpt: warning: vNIC " MAC_1
		" (network blue): PF ens1f0 has no link; nothing passes until it is up\n");
	ck_assert_str_eq(vf_of(0), "0000:01:10.0 VLAN 200");
}
END_TEST

/* --- where the VM is: ens2f0 on node 0 with CPUs 0 to 3, ens3f0 on node 1 with CPUs 4 to 7; red has both */

static const struct {
	const char *elements, *numa, *vf; /* or why there is none */
} placed[] = {
	{"", "prefer", "0000:02:10.0 VLAN 100"},
	{"<numatune><memory mode='strict' nodeset='1'/></numatune>", "prefer", "0000:03:10.0 VLAN 100"},
	{"<numatune><memory mode='strict' nodeset='0'/></numatune>", "prefer", "0000:02:10.0 VLAN 100"},
	{"<numatune><memory mode='strict' nodeset='0-1'/></numatune>", "prefer", "0000:02:10.0 VLAN 100"},
	{"<numatune><memnode cellid='0' mode='strict' nodeset='1'/></numatune>", "prefer",
		"0000:03:10.0 VLAN 100"},
	{"<vcpu cpuset='5'>1</vcpu>", "prefer", "0000:03:10.0 VLAN 100"},
	{"<vcpu cpuset='0-7,^4-7'>1</vcpu>", "prefer", "0000:02:10.0 VLAN 100"},
	{"<cputune><vcpupin vcpu='0' cpuset='4-5'/><vcpupin vcpu='1' cpuset='7'/></cputune>", "prefer",
		"0000:03:10.0 VLAN 100"},
	{"<cputune><vcpupin vcpu='0' cpuset='4'/><vcpupin vcpu='1' cpuset='0'/></cputune>", "prefer",
		"0000:02:10.0 VLAN 100"},
	/* the memory's node goes before the CPUs' */
	{"<vcpu cpuset='0'>1</vcpu><numatune><memory nodeset='1'/></numatune>", "prefer",
		"0000:03:10.0 VLAN 100"},
	{"<vcpu cpuset='99'>1</vcpu>", "require", "0000:02:10.0 VLAN 100"},
	{"<numatune><memory nodeset='1'/></numatune>", "ignore", "0000:02:10.0 VLAN 100"},
	{"<vcpu cpuset='5'>1</vcpu>", "ignore", "0000:02:10.0 VLAN 100"},
	{"<numatune><memory nodeset='1'/></numatune>", "require", "0000:03:10.0 VLAN 100"},
	{"<vcpu cpuset='5'>1</vcpu>", "require", "0000:03:10.0 VLAN 100"},
	{"<numatune><memory nodeset='2'/></numatune>", "prefer", "0000:02:10.0 VLAN 100"},
	{"<numatune><memory nodeset='2'/></numatune>", "require",
		"ens2f0 has 7 VFs, 0 assigned to VMs, it is not on the VM's NUMA node, as vfpt.conf "
		"requires; "},
	{"", "require", "0000:02:10.0 VLAN 100"},
};

static void put_nodes(void)
{
	put_file(PF_2 "numa_node", "0\n");
	put_file(PF_3 "numa_node", "1\n");
	put_file("sys/devices/system/node/node0/cpulist", "0-3\n");
	put_file("sys/devices/system/node/node1/cpulist", "4-7\n");
	put_file("sys/devices/system/node/node2/cpulist", "\n");
	put_file("sys/devices/system/node/online", "0-2\n");
}

START_TEST(vf_is_on_the_vms_node)
{
	const char *document = replaced(
		one_vnic(VM_A, "red", "required"), "<devices>", text("%s<devices>", placed[_i].elements));

	put_nodes();
	put_file(CONFIG, text("[policy]\nnuma = %s\n", placed[_i].numa));
	if (strncmp(placed[_i].vf, "0000:", 5) == 0) {
		start_vm(VM_A, document);
		ck_assert_str_eq(vf_of(0), placed[_i].vf);
	} else {
		refused("before_vm_start", document, NULL, placed[_i].vf);
	}
}
END_TEST

START_TEST(node_is_not_known_when_a_vnic_is_plugged)
{
	static const char *const numa[] = {"prefer", "ignore", "require"};
	const char *said;

	put_nodes();
	put_file(CONFIG, text("[policy]\nnuma = %s\n", numa[_i]));
	said = plug(VM_A, vnic(MAC_1, "red"), "passthrough=required");
	ck_assert_str_eq(vf_of(0), "0000:02:10.0 VLAN 100");
	ck_assert_int_eq(
		strstr(said, "vfpt: warning: the VM's NUMA node is not known when a vNIC is plugged; "
			     "vfpt.conf requires it in vain\n") != NULL,
		_i == 2);
}
END_TEST

/* --- which VF, again and again */

START_TEST(vnic_has_the_vf_of_last_time)
{
	start_vm(VM_B, one_vnic(VM_B, "blue", "required"));
	start_vm(VM_A, one_vnic(VM_A, "blue", "required"));
	ck_assert_str_eq(vf_of(0), "0000:01:10.2 VLAN 200");
	destroy_vm(VM_A);
	destroy_vm(VM_B);
	start_vm(VM_A, one_vnic(VM_A, "blue", "required"));
	ck_assert_str_eq(vf_of(0), "0000:01:10.2 VLAN 200");
	start_vm(VM_B, one_vnic(VM_B, "blue", "required"));
	ck_assert_str_eq(vf_of(0), "0000:01:10.0 VLAN 200");
	/* In whichever way it is connected. */
	destroy_vm(VM_A);
	start_vm(VM_A, domain_of(VM_A, metadata_of(MAC_1, NULL, REQUIRED "passthrough_mode=macvtap"),
			       vnic(MAC_1, "blue")));
	ck_assert_contains(interface(0), "<source dev=\"eth1\" mode=\"passthrough\"/>");
	destroy_vm(VM_A);
	plug(VM_A, vnic(MAC_1, "blue"), "passthrough=required");
	ck_assert_str_eq(vf_of(0), "0000:01:10.2 VLAN 200");
}
END_TEST

/* One by one, as two in one start. */
START_TEST(second_vnic_of_a_network_goes_to_another_pf)
{
	plug(VM_A, vnic(MAC_1, "red"), "passthrough=required");
	ck_assert_str_eq(vf_of(0), "0000:02:10.0 VLAN 100");
	plug(VM_A, vnic(MAC_2, "red"), "passthrough=required");
	ck_assert_str_eq(vf_of(0), "0000:03:10.0 VLAN 100");
	plug(VM_A, vnic("56:6f:1a:2b:00:03", "red"), "passthrough=required");
	ck_assert_str_eq(vf_of(0), "0000:02:10.2 VLAN 100");
	/* The sample's on the two of its bond, whatever is on them for other networks. */
	start_vm(
		VM_B, domain_of(VM_B,
			      text("%s%s%s", metadata_of("56:6f:1a:2b:00:04", "dmz", REQUIRED "vf_pf=ens3f0"),
				      metadata_of("56:6f:1a:2b:00:05", "red", REQUIRED),
				      metadata_of("56:6f:1a:2b:00:06", "red", REQUIRED)),
			      text("%s%s%s", vnic("56:6f:1a:2b:00:04", "red"),
				      vnic("56:6f:1a:2b:00:05", "red"), vnic("56:6f:1a:2b:00:06", "red"))));
	ck_assert_str_eq(vf_of(0), "0000:03:10.2 VLAN 100");
	ck_assert_str_eq(vf_of(1), "0000:02:10.4 VLAN 100");
	ck_assert_str_eq(vf_of(2), "0000:03:10.4 VLAN 100");
}
END_TEST

/* --- iommu groups: VFs 0 and 1 of ens1f0 share one, and it has no others */

static const struct {
	const char *first, *second; /* two vNICs on blue */
	const char *second_network;
	const char *vfs; /* NULL: they cannot both go to the VM, nor one alone */
} siblings[] = {
	{"passthrough=required", "passthrough=required", "blue",
		"0000:01:10.0 VLAN 200, 0000:01:10.2 VLAN 200"},
	{"passthrough=required", "passthrough=preferred", "blue",
		"0000:01:10.0 VLAN 200, 0000:01:10.2 VLAN 200"},
	{"passthrough=required", "passthrough=off", "blue", NULL},
	{"passthrough=required", "", "blue", NULL},
	{"passthrough=required", "passthrough=required", "red", NULL},
	{"passthrough=required", "passthrough=required", "blue2", NULL},
	{"passthrough=required", "passthrough=preferred", "e1000", NULL},
	/* a macvtap's VF stays with its driver, so the guest cannot have the group */
	{"passthrough=required", "passthrough=required passthrough_mode=macvtap", "blue", NULL},
};

static void put_siblings(void)
{
	put_file(PF_1 "sriov_numvfs", "2\n");
	put_link("sys/bus/pci/devices/0000:01:10.2/iommu_group", "../../../../kernel/iommu_groups/11");
	put_link("sys/kernel/iommu_groups/11/devices/0000:01:10.2", "x");
}

START_TEST(vfs_of_one_group_go_to_one_vm)
{
	const char *network = siblings[_i].second_network;
	const char *document = domain_of(VM_A,
		text("%s%s", metadata_of(MAC_1, NULL, siblings[_i].first),
			metadata_of(MAC_2, NULL, siblings[_i].second)),
		text("%s%s", vnic(MAC_1, "blue"),
			strcmp(network, "e1000") == 0 ? replaced(vnic(MAC_2, "blue"), "virtio", network)
						      : vnic(MAC_2, network)));

	put_siblings();
	if (siblings[_i].vfs) {
		start_vm(VM_A, document);
		ck_assert_str_eq(text("%s, %s", vf_of(0), vf_of(1)), siblings[_i].vfs);
	} else {
		refused("before_vm_start", document, NULL,
			"vfpt: vNIC " MAC_1
			" (network blue): no free VF: ens1f0 has 2 VFs, 0 assigned to VMs, 2 unusable (VF 0: "
			"it shares iommu group 11 with 0000:01:10.2, which does not go to this VM); ");
	}
}
END_TEST

/* Which is known only in the end. */
START_TEST(sibling_that_goes_to_nobody_undoes_all)
{
	const char *document = domain_of(VM_A,
		text("%s%s", metadata_of(MAC_1, NULL, REQUIRED),
			metadata_of(MAC_2, NULL, "passthrough=preferred vf_rate=2000")),
		text("%s%s", vnic(MAC_1, "blue"), vnic(MAC_2, "blue")));
	struct outcome outcome;

	put_siblings();
	outcome = started_with(VM_A, document);
	ck_assert_exit(outcome, 2);
	ck_assert_contains(outcome.err,
		"vfpt: vNIC " MAC_1 ": its VF shares an iommu group with 0000:01:10.2, which does not go to "
		"this VM; ");
	ck_assert_str_eq(get_file(DOCUMENT, NULL), document);
	ck_assert_uint_eq(entries(LEDGER), 0);
}
END_TEST

/* --- VFs that the document itself gives to the VM */

#define OWN_VF(n)                                                                                            \
	"    <hostdev mode=\"subsystem\" type=\"pci\" managed=\"no\"><source><address domain=\"0x0000\" "    \
	"bus=\"0x01\" slot=\"0x10\" function=\"0x" n "\"/></source></hostdev>\n"
#define OWN_INTERFACE                                                                                        \
	"    <interface type=\"hostdev\" managed=\"no\"><mac address=\"" MAC_2                               \
	"\"/><source><address type=\"pci\" domain=\"0x0000\" bus=\"0x01\" slot=\"0x10\" function=\"0x0\"/>"  \
	"</source></interface>\n"

static const struct {
	const char *own, *properties;
} own_vfs[] = {
	{OWN_VF("0"), REQUIRED},
	{OWN_VF("0"), REQUIRED "passthrough_mode=macvtap"},
	{OWN_VF("0"), REQUIRED "passthrough_mode=failover"},
	{OWN_INTERFACE, REQUIRED},
	{OWN_INTERFACE, REQUIRED "passthrough_mode=macvtap"},
};

START_TEST(vf_that_the_document_names_is_not_chosen)
{
	const char *document = domain_of(VM_A, metadata_of(MAC_1, "blue", own_vfs[_i].properties),
		text("%s%s", vnic(MAC_1, "blue"), own_vfs[_i].own));

	start_vm(VM_A, document);
	ck_assert(there_is(record("0000:01:10.2", VM_A)));
	ck_assert_uint_eq(records(), 1);
	ck_assert_contains(get_file(DOCUMENT, NULL), own_vfs[_i].own);
	destroy_vm(VM_A);
	put_file(PF_1 "sriov_numvfs", "1\n");
	put_file(DOCUMENT, document);
	ck_assert_str_eq(hook("before_vm_start", VM_A, NULL).err,
		"vfpt: vNIC " MAC_1 " (network blue): no free VF: ens1f0 has 1 VFs, 0 assigned to VMs, 1 "
		"unusable (VF 0: the VM's own <hostdev> names it); make more VFs in the engine (Setup Host "
		"Networks) or stop a VM that has one\n");
	ck_assert_uint_eq(records(), 0);
	/* Another VM can have it: nobody does, yet. */
	start_vm(VM_B, one_vnic(VM_B, "blue", "required"));
	ck_assert_str_eq(vf_of(0), "0000:01:10.0 VLAN 200");
}
END_TEST

START_TEST(vf_that_the_document_names_is_not_given_by_name)
{
	refused("before_vm_start", vm_naming("eth0", "", _i ? OWN_INTERFACE : OWN_VF("0")), NULL,
		"vfpt: custom property sriov: eth0: the VM's own <hostdev> names it\n");
}
END_TEST

/* What shares an iommu group with it goes to the VM, too. */
START_TEST(vf_of_the_documents_iommu_group_is_fine)
{
	const char *vnics = vnic(MAC_1, "blue");

	put_siblings();
	refused("before_vm_start", domain_of(VM_A, metadata_of(MAC_1, "blue", REQUIRED), vnics), NULL,
		"it shares iommu group 11 with 0000:01:10.2, which does not go to this VM");
	start_vm(VM_A,
		domain_of(VM_A, metadata_of(MAC_1, "blue", REQUIRED), text("%s%s", vnics, OWN_VF("2"))));
	ck_assert_str_eq(vf_of(0), "0000:01:10.0 VLAN 200");
	ck_assert_uint_eq(records(), 1);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("hooks_choice");
	TCase *tcase = new_case(suite, "giving", host_setup);

	tcase_add_loop_test(tcase, vnic_of_a_starting_vm_gets_a_vf_of_its_network, 0, ARRAY_SIZE(gifts));
	tcase_add_loop_test(tcase, vnic_that_is_plugged_gets_a_vf_of_its_network, 0, ARRAY_SIZE(gifts));
	tcase_add_test(tcase, sample_of_one_vnic_gets_its_vf);
	tcase_add_test(tcase, sample_of_four_vnics_gets_three_vfs_spread_over_the_pfs);
	tcase_add_loop_test(tcase, uuid_of_the_domain_serves_without_vmid, 0, 2);
	tcase_add_test(tcase, vmid_goes_before_the_uuid_of_the_domain);
	tcase_add_test(tcase, vmid_in_upper_case_is_the_same_vm);
	tcase_add_test(tcase, pf_without_link_is_used_with_a_warning);

	tcase = new_case(suite, "which VF", host_setup);
	tcase_add_loop_test(tcase, vf_is_on_the_vms_node, 0, ARRAY_SIZE(placed));
	tcase_add_loop_test(tcase, node_is_not_known_when_a_vnic_is_plugged, 0, 3);
	tcase_add_test(tcase, vnic_has_the_vf_of_last_time);
	tcase_add_test(tcase, second_vnic_of_a_network_goes_to_another_pf);
	tcase_add_loop_test(tcase, vfs_of_one_group_go_to_one_vm, 0, ARRAY_SIZE(siblings));
	tcase_add_test(tcase, sibling_that_goes_to_nobody_undoes_all);

	tcase = new_case(suite, "the document's own", host_setup);
	tcase_add_loop_test(tcase, vf_that_the_document_names_is_not_chosen, 0, ARRAY_SIZE(own_vfs));
	tcase_add_loop_test(tcase, vf_that_the_document_names_is_not_given_by_name, 0, 2);
	tcase_add_test(tcase, vf_of_the_documents_iommu_group_is_fine);
	return run_suite(suite);
}
