/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who gets no VF, and is told why: what is refused, and what stays on its bridge. */
#include "hooks_support.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* --- bad input: each is one line that names the vNIC, exit code 2, and nothing changes */

static bool is_nic(const char *point)
{
	return strstr(point, "_nic_") != NULL;
}

START_TEST(missing_variable_for_the_document_is_refused)
{
	const char *const unset[8] = {"vmId=" VM_A}, *const empty[8] = {"vmId=" VM_A, "_hook_domxml="};
	const char *reason = text("vfpt: %s: _hook_domxml is not set, it names the document; ", points[_i]);

	ck_assert_refused(hook_with(points[_i], NULL, unset), reason);
	ck_assert_refused(hook_with(points[_i], NULL, empty), reason);
}
END_TEST

static const struct {
	const char *path; /* from outside the root where it starts with a slash */
	const char *reason;
} unreadable[] = {
	{"tmp/missing", "cannot open the document %s: No such file or directory"},
	{"missing/missing", "cannot open the document %s: No such file or directory"},
	{"tmp", "the document %s is not a regular file"},
	{"tmp/fifo", "the document %s is not a regular file"},
	{"tmp/link", "cannot open the document %s: Too many levels of symbolic links"},
	{"/dev/null", "the document %s is not a regular file"},
	{"/proc/self/mem", "cannot read the document %s: Input/output error"},
	{"tmp/large", "the document %s is larger than 10 MiB"},
};

START_TEST(document_that_cannot_be_read_is_refused)
{
	const char *path = unreadable[_i].path[0] == '/' ? unreadable[_i].path : in_root(unreadable[_i].path);

	put_file(DOCUMENT, one_vnic(VM_A, "blue", "required"));
	put_link("tmp/link", "document.xml");
	put_file("tmp/large", "<domain/>");
	ck_assert_int_eq(truncate(in_root("tmp/large"), VFPT_DOCUMENT_MAX + 1), 0);
	ck_assert_int_eq(mkfifo(in_root("tmp/fifo"), 0600), 0);
	for (size_t i = 0; i < ARRAY_SIZE(points); i++) {
		const char *const env[8] = {
			text("_hook_domxml=%s", path), "vmId=" VM_A, "passthrough=required"};
		const char *before = picture("tmp");

		ck_assert_refused(
			hook_with(points[i], NULL, env), replaced(unreadable[_i].reason, "%s", path));
		ck_assert_str_eq(picture("tmp"), before);
	}
}
END_TEST

static const struct {
	const char *document, *reason;
} unusable[] = {
	{"", "the document is empty"},
	{"not XML", "the document is not XML: line 1: "},
	{"<domain><devices>", "the document is not XML: line 1: "},
	{"<!DOCTYPE domain><domain><devices/></domain>", "the document has a DTD, which is refused"},
	{"<network/>", "the document is <network>, neither <domain> nor <interface>"},
};

START_TEST(document_that_says_nothing_is_refused)
{
	for (size_t i = 0; i < ARRAY_SIZE(points); i++)
		ck_assert_contains(refused(points[i], unusable[_i].document, "passthrough=required",
					   unusable[_i].reason),
			text("vfpt: %s: ", in_root(DOCUMENT)));
}
END_TEST

START_TEST(document_of_another_hook_point_is_refused)
{
	const char *whole = one_vnic(VM_A, "blue", "required"), *alone = vnic(MAC_1, "blue");

	for (size_t i = 0; i < ARRAY_SIZE(points); i++)
		if (is_nic(points[i]))
			refused(points[i], whole, "passthrough=required",
				text("vfpt: %s: the document is not an <interface>\n", points[i]));
		else
			refused(points[i], alone, "passthrough=required",
				text("vfpt: %s: the document is not a <domain>\n", points[i]));
}
END_TEST

START_TEST(missing_vm_id_is_refused)
{
	const char *const env[8] = {
		text("_hook_domxml=%s", in_root(DOCUMENT)), "passthrough=required", _i ? "vmId=" : NULL};

	for (size_t i = 0; i < ARRAY_SIZE(points); i++) {
		const char *before;

		put_file(DOCUMENT, is_nic(points[i])
					   ? vnic(MAC_1, "blue")
					   : replaced(one_vnic("", "blue", "required"), "<uuid></uuid>", ""));
		before = picture("tmp");
		ck_assert_refused(hook_with(points[i], NULL, env),
			text("vfpt: %s: no VM id: vmId is not set%s\n", points[i],
				is_nic(points[i]) ? "" : " and the domain has no <uuid>"));
		ck_assert_str_eq(picture("tmp"), before);
	}
}
END_TEST

static const char *const bad_ids[] = {
	"x", "../../../etc/passwd", VM_A "0", "3f0f5d7e6c1a4d0e9a0b5f6d7c8e9a01", VM_A " "};

START_TEST(bad_vm_id_is_refused)
{
	for (size_t i = 0; i < ARRAY_SIZE(points); i++) {
		put_file(DOCUMENT,
			is_nic(points[i]) ? vnic(MAC_1, "blue") : one_vnic(VM_A, "blue", "required"));
		ck_assert_refused(hook(points[i], bad_ids[_i], "passthrough=required"),
			text("\"%s\" is not a VM's UUID", bad_ids[_i]));
	}
}
END_TEST

static const char *const bad_values[] = {"", "yes", "Required", "required ", "required\n", "true", "1",
	"off,required", "<required>", "\xc3\xa9",
	"a value that is far longer than the forty characters a message has room for"};

START_TEST(unknown_value_of_the_property_is_refused)
{
	const char *reason = "(network blue): custom property passthrough: unknown value \"";
	const char *value = bad_values[_i];

	ck_assert_contains(
		refused("before_nic_hotplug", vnic(MAC_1, "blue"), text("passthrough=%s", value), reason),
		"vfpt: vNIC " MAC_1);
	if (strchr(value, '<'))
		value = "&lt;required>";
	ck_assert_contains(
		refused("before_vm_start", one_vnic(VM_A, "blue", value), NULL, reason), "vfpt: vNIC " MAC_1);
}
END_TEST

/* One vNIC that cannot have a VF: what in it is replaced by what, and what is said. */
static const struct {
	const char *part, *by, *reason;
} unfit[] = {
	{"<model type=\"virtio\"/>", "<model type=\"e1000\"/>",
		"its model is e1000; only virtio vNICs are passed through"},
	{"<model type=\"virtio\"/>", "", "its model is (none); only virtio vNICs are passed through"},
	{"type=\"bridge\"", "type=\"network\"", "its interface is of type network; "},
	{"type=\"bridge\"", "type=\"hostdev\" managed=\"yes\"", "its interface is of type hostdev; "},
	{" type=\"bridge\"", "", "its interface is of type (none); "},
	{"<source bridge=\"blue\"/>", "", "it has no network; give it one in the engine"},
	{"<source bridge=\"blue\"/>", "<source bridge=\";vdsmdummy;\"/>",
		"it has no network; give it one in the engine"},
	{"<source bridge=\"blue\"/>", "<source bridge=\"\"/>", "\"\" is not a bridge's name; "},
	{"<source bridge=\"blue\"/>", "<source bridge=\"../../x\"/>", "\"../../x\" is not a bridge's name; "},
	{"<source bridge=\"blue\"/>", "<source bridge=\"green\"/>",
		"there is no bridge green on this host; attach the network"},
	{"<source bridge=\"blue\"/>", "<source bridge=\"bond0\"/>", "bond0 is not a bridge on this host; "},
};

START_TEST(vnic_that_cannot_have_a_vf_is_refused)
{
	const char *document = replaced(vnic(MAC_1, "blue"), unfit[_i].part, unfit[_i].by);

	ck_assert_contains(refused("before_nic_hotplug", document, "passthrough=required", unfit[_i].reason),
		"vfpt: vNIC " MAC_1 " (network ");
	ck_assert_contains(refused("before_vm_start", domain_of(VM_A, profile(MAC_1, "required"), document),
				   NULL, unfit[_i].reason),
		"vfpt: vNIC " MAC_1 " (network ");
}
END_TEST

static const struct {
	const char *mac, *reason;
} unfit_macs[] = {
	{"01:00:5e:00:00:01",
		"01:00:5e:00:00:01 is a group or all-zero address, which no interface can have"},
	{"ff:ff:ff:ff:ff:ff",
		"ff:ff:ff:ff:ff:ff is a group or all-zero address, which no interface can have"},
	{"00:00:00:00:00:00",
		"00:00:00:00:00:00 is a group or all-zero address, which no interface can have"},
};

START_TEST(vnic_with_an_unfit_mac_is_refused)
{
	const char *mac = unfit_macs[_i].mac;

	refused("before_nic_hotplug", vnic(mac, "blue"), "passthrough=required", unfit_macs[_i].reason);
	refused("before_vm_start", domain_of(VM_A, profile(mac, "required"), vnic(mac, "blue")), NULL,
		unfit_macs[_i].reason);
}
END_TEST

START_TEST(vnic_without_mac_is_refused)
{
	const char *nameless = replaced(vnic(MAC_1, "blue"), "<alias name=\"ua-blue\"/>", ""),
		   *macless = replaced(nameless, "<mac address=\"" MAC_1 "\"/>", ""),
		   *bad = replaced(nameless, MAC_1, "56:6f:1a:2b:00");

	refused("before_nic_hotplug", macless, "passthrough=required",
		"vfpt: vNIC without MAC (network blue): it has no valid MAC address; ");
	refused("before_nic_hotplug", bad, "passthrough=required",
		"vfpt: vNIC without MAC (network blue): it has no valid MAC address; ");
	refused("after_nic_hotunplug", macless, NULL,
		"the vNIC has neither a valid MAC address nor an alias, so its VF cannot be found");
	refused("after_nic_hotplug", macless, NULL,
		"the vNIC has neither a valid MAC address nor an alias, so its VF cannot be found");
	refused("after_nic_hotplug_fail", bad, NULL,
		"the vNIC has neither a valid MAC address nor an alias, so its VF cannot be found");
	/* The metadata asks for a vNIC that is not there. */
	refused("before_vm_start", domain_of(VM_A, profile(MAC_1, "required"), macless), NULL,
		"vfpt: vNIC " MAC_1
		" (network none): it is in the metadata only, no <interface> has this MAC; ");
}
END_TEST

static void no_bridge_on_a_pf(void)
{
	drop(VIRTUAL "blue/brif/ens1f0.200");
}

static void no_iommu(void)
{
	for (unsigned i = 0; i < 7; i++)
		drop(text(PF_1 "virtfn%u/iommu_group", i));
}

static void all_in_use(void)
{
	for (unsigned i = 0; i < 7; i++)
		put_link(text(PF_1 "virtfn%u/net/eth%u/upper_br-int", i, i), "x");
}

static void garbage_in_sysfs(void)
{
	put_file(PF_1 "sriov_numvfs", "x\n");
}

static void vlan_unknown(void)
{
	put_file("proc/net/vlan/config", "");
}

static void ledger_is_a_file(void)
{
	put_file("run/vfpt", "");
}

static const struct {
	void (*spoil)(void);
	const char *reason;
} spoilt[] = {
	{no_bridge_on_a_pf, "bridge blue has no PF below it; attach the network to a NIC with SR-IOV"},
	{no_vfs, "/sys/class/net/ens1f0/device/sriov_numvfs; or set it in the engine (Setup Host Networks)"},
	{no_iommu,
		"no free VF: ens1f0 has 7 VFs, 0 assigned to VMs, 7 unusable (VF 0: it has no iommu group; "},
	{all_in_use, "no free VF: ens1f0 has 7 VFs, 0 assigned to VMs, 7 unusable (VF 0: its network device "
		     "eth0 carries br-int); "},
	{garbage_in_sysfs, "bridge blue: PF ens1f0: cannot read sriov_numvfs: Invalid argument"},
	{vlan_unknown, "VLAN device ens1f0.200: proc/net/vlan/config does not know it"},
	{ledger_is_a_file, "cannot open the ledger /run/vfpt: Not a directory"},
};

START_TEST(host_that_has_no_vf_to_give_is_an_error_that_names_the_vnic)
{
	spoilt[_i].spoil();
	ck_assert_contains(
		refused("before_vm_start", one_vnic(VM_A, "blue", "required"), NULL, spoilt[_i].reason),
		"vfpt: vNIC " MAC_1 " (network blue): ");
	ck_assert_contains(
		refused("before_nic_hotplug", vnic(MAC_1, "blue"), "passthrough=required", spoilt[_i].reason),
		"vfpt: vNIC " MAC_1 " (network blue): ");
}
END_TEST

START_TEST(missing_root_is_refused)
{
	const char *const env[8] = {
		"VFPT_ROOT=/does/not/exist", text("_hook_domxml=%s", in_root(DOCUMENT)), "vmId=" VM_A};

	put_file(DOCUMENT, one_vnic(VM_A, "blue", "required"));
	ck_assert_refused(hook_with("before_vm_start", NULL, env),
		"vfpt: cannot open the root directory /does/not/exist: No such file or directory");
}
END_TEST

static const struct {
	const char *name, *value, *reason;
} bad_properties[] = {
	{"vf_vlan", "4095", "custom property vf_vlan: vlan_id \"4095\" is not a number from 0 to 4094\n"},
	{"vf_vlan", "0:3",
		"custom property vf_vlan: \"0:3\": VLAN id 0 is no tag, so it has no priority or protocol"},
	{"vf_vlans", "1",
		"custom property vf_vlans is not known; there are vf_pf, vf_vlan, vf_rate, vf_spoofchk, "
		"vf_trust, vf_rss_query, vf_link\n"},
	{"vf_", "1", "custom property vf_ is not known; there are vf_pf, "},
	{"passthrough_mode", "direct",
		"custom property passthrough_mode: unknown value \"direct\"; it is hostdev, macvtap or "
		"failover\n"},
	{"vf_pf", "ens1f0,,ens2f0", "custom property vf_pf: \"ens1f0,,ens2f0\" has an empty name in it\n"},
	{"vf_pf", "nosuch", "there is no PF nosuch on this host; see vf_pf and vfpt.conf\n"},
	{"vmfex", "a/b", "custom property vmfex: \"a/b\" has \"/\" in it\n"},
	{"vmfex", "", "custom property vmfex: it is empty\n"},
	{"vf_rate", "fast",
		"custom property vf_rate: max_tx_rate \"fast\" is not a number from 0 to 4294967295\n"},
	{"vf_rate", "1001", "max_tx_rate 1001 Mbit/s is above the speed of ens1f0, 1000 Mbit/s\n"},
	{"vf_rate", "20-10", "min_tx_rate 20 is above max_tx_rate 10 Mbit/s\n"},
	{"vf_spoofchk", "no", "custom property vf_spoofchk: spoofchk \"no\" is none of off, on\n"},
	{"vf_trust", "no", "custom property vf_trust: trust \"no\" is none of off, on\n"},
	{"vf_rss_query", "no", "custom property vf_rss_query: rss_query \"no\" is none of off, on\n"},
	{"vf_link", "no", "custom property vf_link: link_state \"no\" is none of auto, enable, disable\n"},
};

START_TEST(property_that_asks_for_too_much_is_refused)
{
	const char *name = bad_properties[_i].name, *value = bad_properties[_i].value;
	const char *const env[8] = {text("_hook_domxml=%s", in_root(DOCUMENT)), "vmId=" VM_A,
		"passthrough=required", text("%s=%s", name, value)};

	put_file(PF_1 "net/ens1f0/speed", "1000\n");
	ck_assert_contains(refused("before_vm_start", asking(name, value), NULL, bad_properties[_i].reason),
		"vfpt: vNIC " MAC_1 " (network blue): ");
	put_file(DOCUMENT, vnic(MAC_1, "blue"));
	ck_assert_refused(hook_with("before_nic_hotplug", NULL, env), bad_properties[_i].reason);
}
END_TEST

START_TEST(mtu_that_the_pf_has_not_is_refused)
{
	const char *document = replaced(vnic(MAC_1, "blue"), "<link ", "<mtu size=\"1501\"/><link ");

	refused("before_nic_hotplug", document, "passthrough=required",
		"vfpt: vNIC " MAC_1
		" (network blue): no free VF: ens1f0 has 7 VFs, 0 assigned to VMs, its MTU 1500 is below the "
		"1501 that the network or the vNIC asks for; ");
	plug(VM_A, replaced(document, "1501", "1500"), "passthrough=required");
	ck_assert_str_eq(vf_of(0), "0000:01:10.0 VLAN 200");
}
END_TEST

START_TEST(mac_of_the_pf_itself_is_refused)
{
	put_file(PF_1 "net/ens1f0/address", MAC_1 "\n");
	refused("before_vm_start", one_vnic(VM_A, "blue", "required"), NULL,
		"vfpt: vNIC " MAC_1
		" (network blue): PF ens1f0 itself has this MAC; give the vNIC another one in the engine\n");
}
END_TEST

static const struct {
	const char *config, *reason;
} mistakes[] = {
	{"[policy]\ngap = maybe\n",
		"/etc/vdsm/vfpt.conf, line 2: [policy] gap = maybe: unknown value \"maybe\"; it is refuse or "
		"allow\n"},
	{"# x\n\n[network blue]\nvf_rate = fast\n",
		"/etc/vdsm/vfpt.conf, line 4: [network blue] vf_rate = fast: custom property vf_rate: "},
	{"[network other]\npassthrough = yes\n", "/etc/vdsm/vfpt.conf, line 2: [network other] passthrough = "
						 "yes: custom property passthrough: "},
	{"[pf ens1f0]\nexclude = x\n", "/etc/vdsm/vfpt.conf, line 2: [pf ens1f0] exclude = x: "},
	{"[host]\na = b\n", "/etc/vdsm/vfpt.conf, line 1: [host]: no such section; "},
	{"[policy]\nx\n", "/etc/vdsm/vfpt.conf, line 2: "},
};

/* Whether the vNIC asks for a VF itself or not: vfpt.conf could say so. */
START_TEST(mistake_in_the_configuration_is_told)
{
	put_file(CONFIG, mistakes[_i].config);
	refused("before_vm_start", one_vnic(VM_A, "blue", "required"), NULL, mistakes[_i].reason);
	refused("before_vm_start", one_vnic(VM_A, "blue", "off"), NULL, mistakes[_i].reason);
	refused("before_nic_hotplug", vnic(MAC_1, "blue"), "passthrough=required", mistakes[_i].reason);
	refused("before_vm_migrate_source",
		domain_of(VM_A, "",
			"<interface type='hostdev'><source><address type='pci' bus='1' slot='16'/></source>"
			"</interface>"),
		NULL, mistakes[_i].reason);
	ck_assert(!there_is("run"));
}
END_TEST

START_TEST(configuration_that_cannot_be_read_is_told)
{
	if (_i == 0)
		put_directory(CONFIG);
	else
		put_link(CONFIG, "elsewhere");
	refused("before_vm_start", one_vnic(VM_A, "blue", "required"), NULL,
		_i == 0 ? "/etc/vdsm/vfpt.conf must be a file of root or vdsm"
			: "cannot read /etc/vdsm/vfpt.conf: ");
}
END_TEST

/* However wrong it is: what is given comes back. */
START_TEST(mistake_in_the_configuration_does_not_keep_a_vf)
{
	const char *said;
	struct outcome outcome;

	start_vm(VM_A, one_vnic(VM_A, "blue", "required"));
	plug(VM_A, vnic(MAC_2, "red"), "passthrough=required");
	start_vm(VM_B, one_vnic(VM_B, "red", "required"));
	plug(VM_B, vnic("56:6f:1a:2b:00:03", "blue"), "passthrough=required");
	put_file(CONFIG, mistakes[_i].config);
	/* after_nic_hotplug_fail, with the document as it was to be plugged */
	outcome = hook("after_nic_hotplug_fail", VM_B, NULL);
	ck_assert_exit(outcome, 0);
	ck_assert_contains(outcome.err, text("vfpt: warning: %s", mistakes[_i].reason));
	ck_assert_uint_eq(records(), 3);
	said = unplug(VM_A, MAC_2, NULL);
	ck_assert_contains(said, text("vfpt: warning: %s", mistakes[_i].reason));
	ck_assert_contains(said, "would set back: VF ");
	ck_assert_uint_eq(records(), 2);
	said = destroy_vm(VM_A);
	ck_assert_contains(said, text("vfpt: warning: %s", mistakes[_i].reason));
	ck_assert_uint_eq(records(), 1);
	/* And what is to be set once the VM runs is set. */
	put_file(DOCUMENT, domain_of(VM_B, "", ""));
	outcome = hook("after_vm_start", VM_B, NULL);
	ck_assert_exit(outcome, 0);
	ck_assert_contains(outcome.err, "would set: VF 1 of ens2f0: vlan_priority 0, vlan_protocol 802.1Q\n");
	destroy_vm(VM_B);
	ck_assert_uint_eq(records(), 0);
}
END_TEST

/* --- a VF without a VLAN, whose guest can use any */

START_TEST(vf_without_a_vlan_is_told_in_one_line)
{
	static const char *const policies[] = {
		"", "[policy]\nuntagged = warn\n", "[policy]\nuntagged = allow\n"};
	const char *said;

	put_file(CONFIG, policies[_i / 2]);
	said = _i % 2 ? plug(VM_A, vnic(MAC_1, "ovirtmgmt"), "passthrough=required")
		      : start_vm(VM_A, one_vnic(VM_A, "ovirtmgmt", "required"));
	ck_assert_str_eq(vf_of(0), "0000:01:10.0 VLAN 0");
	ck_assert_uint_eq(count_lines(said), _i / 2 < 2 ? 3 : 2);
	if (_i / 2 < 2)
		ck_assert_contains(said,
			"vfpt: warning: vNIC " MAC_1 " (network ovirtmgmt): VF 0 of ens1f0 has no VLAN, so "
			"the guest can use any VLAN of the "
			"switch port; give it one, or let the port carry none (see [policy] untagged in "
			"vfpt.conf)\n");
}
END_TEST

START_TEST(vf_without_a_vlan_is_refused_where_vfpt_conf_says_so)
{
	struct outcome outcome;

	put_file(CONFIG, "[policy]\nuntagged = refuse\n");
	refused("before_vm_start", one_vnic(VM_A, "ovirtmgmt", "required"), NULL,
		"vfpt: vNIC " MAC_1 " (network ovirtmgmt): " WITHOUT_VLAN);
	refused("before_nic_hotplug", vnic(MAC_1, "ovirtmgmt"), "passthrough=required",
		"vfpt: vNIC " MAC_1 " (network ovirtmgmt): " WITHOUT_VLAN);
	ck_assert_uint_eq(records(), 0);

	put_file(DOCUMENT, one_vnic(VM_A, "ovirtmgmt", "preferred"));
	outcome = hook("before_vm_start", VM_A, NULL);
	ck_assert_exit(outcome, 0);
	ck_assert_str_eq(outcome.err, "vfpt: warning: vNIC " MAC_1 " (network ovirtmgmt): " WITHOUT_VLAN
				      "; it stays on its bridge (passthrough=preferred)\n");
	ck_assert_str_eq(get_file(DOCUMENT, NULL), one_vnic(VM_A, "ovirtmgmt", "preferred"));
	ck_assert_uint_eq(records(), 0);
}
END_TEST

static void ports_that_disagree(void)
{
	put_link(VIRTUAL "blue/brif/ens2f0", "../../../ens2f0");
}

/* --- preferred */

START_TEST(preferred_vnic_stays_on_its_bridge_when_it_cannot_have_a_vf)
{
	static void (*const spoil[])(void) = {
		no_vfs, all_in_use, no_bridge_on_a_pf, no_iommu, ports_that_disagree};
	const char *document = one_vnic(VM_A, "blue", "preferred");
	struct outcome outcome;
	const char *before;

	spoil[_i]();
	put_file(DOCUMENT, document);
	before = picture("tmp");
	outcome = hook("before_vm_start", VM_A, NULL);
	ck_assert_exit(outcome, 0);
	ck_assert_uint_eq(count_lines(outcome.err), 1);
	ck_assert_contains(outcome.err, "vfpt: warning: vNIC " MAC_1 " (network blue): ");
	ck_assert_contains(outcome.err, "; it stays on its bridge (passthrough=preferred)\n");
	ck_assert_str_eq(picture("tmp"), before);
	ck_assert_uint_eq(entries(LEDGER), 0);
}
END_TEST

/* VDSM's bridge for vNICs without a network is one too. */
START_TEST(preferred_vnic_without_a_network_stays_off_any)
{
	const char *document = vnic(MAC_1, VFPT_NO_NETWORK);
	struct outcome outcome;

	put_directory("sys/class/net/" VFPT_NO_NETWORK "/brif");
	put_file("sys/class/net/" VFPT_NO_NETWORK "/mtu", "1500\n");
	put_file(DOCUMENT, document);
	outcome = hook("before_nic_hotplug", VM_A, "passthrough=preferred");
	ck_assert_exit(outcome, 0);
	ck_assert_str_eq(outcome.err,
		"vfpt: warning: vNIC " MAC_1
		" (network ;vdsmdummy;): it has no network; give it one in the engine; it "
		"stays on its bridge (passthrough=preferred)\n");
	ck_assert_str_eq(get_file(DOCUMENT, NULL), document);
}
END_TEST

/* There is nothing to stay on. */
START_TEST(preferred_vnic_without_a_bridge_is_an_error)
{
	if (_i == 1) { /* a network of VFs only, and all are taken */
		put_file(CONFIG, "[network green]\npfs = ens1f0\n");
		all_in_use();
	}
	refused("before_vm_start", one_vnic(VM_A, "green", "preferred"), NULL,
		_i ? "vfpt: vNIC " MAC_1 " (network green): no free VF: ens1f0 has 7 VFs, "
		   : "vfpt: vNIC " MAC_1 " (network green): there is no bridge green on this host; ");
	refused("before_nic_hotplug", vnic(MAC_1, "green"), "passthrough=preferred", "vfpt: vNIC " MAC_1);
	/* As is a bridge's name that nothing can have. */
	refused("before_nic_hotplug", vnic(MAC_1, "../blue"), "passthrough=preferred",
		"is not a bridge's name");
}
END_TEST

START_TEST(preferred_vnic_does_not_mask_that_the_host_is_broken)
{
	const char *document = one_vnic(VM_A, "blue", "preferred");

	/* Its bridge is fine, and it could stay there; a VF's group cannot be read. */
	move("sys/kernel/iommu_groups/11/devices", "sys/kernel/iommu_groups/11/gone");
	refused("before_vm_start", document, NULL, "VF 0 of ens1f0: cannot read iommu group 11: ");
	move("sys/kernel/iommu_groups/11/gone", "sys/kernel/iommu_groups/11/devices");
	garbage_in_sysfs();
	refused("before_vm_start", document, NULL, "PF ens1f0: cannot read sriov_numvfs: Invalid argument");
	drop(LEDGER);
	ledger_is_a_file();
	refused("before_vm_start", document, NULL, "cannot open the ledger /run/vfpt: Not a directory");
}
END_TEST

START_TEST(preferred_vnic_without_vf_does_not_keep_the_others_from_theirs)
{
	no_vfs();
	start_vm(VM_A, domain_of(VM_A, text("%s%s", profile(MAC_1, "preferred"), profile(MAC_2, "required")),
			       text("%s%s", vnic(MAC_1, "blue"), vnic(MAC_2, "red"))));
	ck_assert_str_eq(vf_of(0), "");
	ck_assert_str_eq(vf_of(1), "0000:02:10.0 VLAN 100");
	ck_assert_uint_eq(entries(LEDGER), 1);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("hooks_refused");
	TCase *tcase = new_case(suite, "bad input", host_setup);

	tcase_set_timeout(tcase, 30);
	tcase_set_tags(tcase, "refusals"); /* many processes; valgrind leaves them to the sanitizers */
	tcase_add_loop_test(tcase, missing_variable_for_the_document_is_refused, 0, ARRAY_SIZE(points));
	tcase_add_loop_test(tcase, document_that_cannot_be_read_is_refused, 0, ARRAY_SIZE(unreadable));
	tcase_add_loop_test(tcase, document_that_says_nothing_is_refused, 0, ARRAY_SIZE(unusable));
	tcase_add_test(tcase, document_of_another_hook_point_is_refused);
	tcase_add_loop_test(tcase, missing_vm_id_is_refused, 0, 2);
	tcase_add_loop_test(tcase, bad_vm_id_is_refused, 0, ARRAY_SIZE(bad_ids));
	tcase_add_loop_test(tcase, unknown_value_of_the_property_is_refused, 0, ARRAY_SIZE(bad_values));
	tcase_add_loop_test(tcase, vnic_that_cannot_have_a_vf_is_refused, 0, ARRAY_SIZE(unfit));
	tcase_add_loop_test(tcase, vnic_with_an_unfit_mac_is_refused, 0, ARRAY_SIZE(unfit_macs));
	tcase_add_test(tcase, vnic_without_mac_is_refused);
	tcase_add_loop_test(
		tcase, host_that_has_no_vf_to_give_is_an_error_that_names_the_vnic, 0, ARRAY_SIZE(spoilt));
	tcase_add_test(tcase, missing_root_is_refused);
	tcase_add_loop_test(tcase, property_that_asks_for_too_much_is_refused, 0, ARRAY_SIZE(bad_properties));
	tcase_add_test(tcase, mtu_that_the_pf_has_not_is_refused);
	tcase_add_test(tcase, mac_of_the_pf_itself_is_refused);
	tcase_add_loop_test(tcase, mistake_in_the_configuration_is_told, 0, ARRAY_SIZE(mistakes));
	tcase_add_loop_test(tcase, configuration_that_cannot_be_read_is_told, 0, 2);
	tcase_add_loop_test(tcase, mistake_in_the_configuration_does_not_keep_a_vf, 0, ARRAY_SIZE(mistakes));

	tcase = new_case(suite, "untagged", host_setup);
	tcase_add_loop_test(tcase, vf_without_a_vlan_is_told_in_one_line, 0, 6);
	tcase_add_test(tcase, vf_without_a_vlan_is_refused_where_vfpt_conf_says_so);

	tcase = new_case(suite, "preferred", host_setup);
	tcase_add_loop_test(tcase, preferred_vnic_stays_on_its_bridge_when_it_cannot_have_a_vf, 0, 5);
	tcase_add_test(tcase, preferred_vnic_without_a_network_stays_off_any);
	tcase_add_loop_test(tcase, preferred_vnic_without_a_bridge_is_an_error, 0, 2);
	tcase_add_test(tcase, preferred_vnic_does_not_mask_that_the_host_is_broken);
	tcase_add_test(tcase, preferred_vnic_without_vf_does_not_keep_the_others_from_theirs);
	return run_suite(suite);
}
