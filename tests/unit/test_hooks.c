/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The hook programs as VDSM runs them, on a captured host. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support.h"
#include "vfpt/domain.h"

#define VM_A "3f0f5d7e-6c1a-4d0e-9a0b-5f6d7c8e9a01"
#define VM_B "b7c5a0de-2f43-4b5e-8a55-0a1b2c3d4e07"

#define DOCUMENT "tmp/document.xml"
#define LEDGER   "run/vfpt"
#define PF_1     "sys/devices/pci0000:00/0000:00:02.0/0000:01:00.0/"
#define VIRTUAL  "sys/devices/virtual/net/"

/* --- documents */

static const char *vnic(const char *mac, const char *network)
{
	return text("    <interface type=\"bridge\">\n"
		    "      <mac address=\"%s\"/>\n"
		    "      <model type=\"virtio\"/>\n"
		    "      <source bridge=\"%s\"/>\n"
		    "      <link state=\"up\"/>\n"
		    "      <alias name=\"ua-%s\"/>\n"
		    "    </interface>\n",
		mac, network, network);
}

static const char *profile(const char *mac, const char *passthrough)
{
	return text("      <o:device "
		    "mac_address=\"%s\"><o:custom><o:passthrough>%s</o:passthrough></o:custom></o:device>\n",
		mac, passthrough);
}

static const char *domain_of(const char *vm, const char *profiles, const char *vnics)
{
	return text("<?xml version=\"1.0\" encoding=\"utf-8\"?>\n"
		    "<domain type=\"kvm\" xmlns:o=\"" VFPT_OVIRT_NAMESPACE "\">\n"
		    "  <name>a</name>\n"
		    "  <uuid>%s</uuid>\n"
		    "  <metadata>\n    <o:vm>\n%s    </o:vm>\n  </metadata>\n"
		    "  <devices>\n%s  </devices>\n"
		    "</domain>\n",
		vm, profiles, vnics);
}

#define MAC_1 "56:6f:1a:2b:00:01"
#define MAC_2 "56:6f:1a:2b:00:02"

/* A VM with one vNIC on that network. */
static const char *one_vnic(const char *vm, const char *network, const char *passthrough)
{
	return domain_of(vm, profile(MAC_1, passthrough), vnic(MAC_1, network));
}

/* A whole VF of the document as it stands: "0000:01:10.0 VLAN 200", "" when its n-th vNIC has none. */
static const char *vf_of(unsigned n)
{
	const char *at = get_file(DOCUMENT, NULL), *end;
	unsigned domain, bus, slot, function, vlan = 0;

	while (n-- > 0) {
		at = strstr(at, "</interface>");
		ck_assert_ptr_nonnull(at);
		at++;
	}
	at = strstr(at, "<interface");
	ck_assert_ptr_nonnull(at);
	at = text("%.*s", (int)(strstr(at, "</interface>") - at), at);
	if (!strstr(at, "type=\"hostdev\""))
		return "";
	ck_assert_contains(at, "managed=\"yes\"");
	end = strstr(at, "<source><address type=\"pci\"");
	ck_assert_ptr_nonnull(end);
	ck_assert_int_eq(sscanf(end,
				 "<source><address type=\"pci\" domain=\"%x\" bus=\"%x\" slot=\"%x\" "
				 "function=\"%x\"/>",
				 &domain, &bus, &slot, &function),
		4);
	if (strstr(at, "<vlan>"))
		ck_assert_int_eq(sscanf(strstr(at, "<vlan>"), "<vlan><tag id=\"%u\"/></vlan>", &vlan), 1);
	return text("%04x:%02x:%02x.%x VLAN %u", domain, bus, slot, function, vlan);
}

/* --- running */

/* @env: up to four more variables */
static struct outcome hook_with(const char *point, const char *argument, const char *const env[4])
{
	const char *argv[] = {NULL, argument, NULL}, *all[8] = {NULL};
	const char *directory = getenv("VFPT_TEST_HOOKS");
	struct outcome outcome;
	size_t count = 0;

	ck_assert_msg(directory != NULL, "VFPT_TEST_HOOKS is not set; run `meson test`");
	argv[0] = text("%s/%s", directory, point);
	for (size_t i = 0; env && i < 4 && env[i]; i++)
		all[count++] = env[i];
	if (count == 0 || strncmp(all[0], "VFPT_ROOT=", 10) != 0)
		all[count++] = text("VFPT_ROOT=%s", root);
	outcome = run(argv, all);
	ck_assert_msg(outcome.code <= 2, "%s exits with %d: %s", point, outcome.code, outcome.err);
	return outcome;
}

/* As VDSM does; @property NULL: none. */
static struct outcome hook(const char *point, const char *vm, const char *property)
{
	const char *const env[4] = {
		text("_hook_domxml=%s", in_root(DOCUMENT)), text("vmId=%s", vm), property, NULL};

	return hook_with(point, NULL, env);
}

static void ck_assert_exit(struct outcome outcome, int code)
{
	ck_assert_msg(outcome.code == code, "exit code is %d, not %d: %s", outcome.code, code, outcome.err);
}

/* Start a VM with that document; it must go well. @return what was said */
static const char *start_vm(const char *vm, const char *document)
{
	struct outcome outcome;

	put_file(DOCUMENT, document);
	outcome = hook("before_vm_start", vm, NULL);
	ck_assert_exit(outcome, 0);
	ck_assert_str_eq(outcome.out, "");
	return outcome.err;
}

static const char *destroy_vm(const char *vm)
{
	struct outcome outcome;

	put_file(DOCUMENT, domain_of(vm, "", ""));
	outcome = hook("after_vm_destroy", vm, NULL);
	ck_assert_exit(outcome, 0);
	ck_assert_str_eq(outcome.out, "");
	return outcome.err;
}

static const char *plug(const char *vm, const char *document, const char *property)
{
	struct outcome outcome;

	put_file(DOCUMENT, document);
	outcome = hook("before_nic_hotplug", vm, property);
	ck_assert_exit(outcome, 0);
	return outcome.err;
}

/* As VDSM makes the interface anew from its own object: bridge-type, with MAC and alias. */
static const char *unplug(const char *vm, const char *mac, const char *alias)
{
	struct outcome outcome;

	put_file(DOCUMENT,
		text("<interface type=\"bridge\"><mac address=\"%s\"/><model type=\"virtio\"/><source "
		     "bridge=\"blue\"/>%s</interface>",
			mac, alias ? text("<alias name=\"%s\"/>", alias) : ""));
	outcome = hook("after_nic_hotunplug", vm, NULL);
	ck_assert_exit(outcome, 0);
	return outcome.err;
}

static const char *record(const char *vf, const char *vm)
{
	return text(LEDGER "/%.12s@%s", vf, vm);
}

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
	ck_assert_uint_eq(count_lines(said), 2);
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
	/* What a VF does not do as asked is said, by vNIC. */
	ck_assert_contains(
		said, "vfpt: warning: vNIC 56:6f:1a:2b:07:04 (network blue): link state down is not kept");
	ck_assert_lacks(said, "56:6f:1a:2b:07:01");
}
END_TEST

START_TEST(uuid_of_the_domain_serves_without_vmid)
{
	const char *const env[4] = {text("_hook_domxml=%s", in_root(DOCUMENT)), _i ? "vmId=" : NULL};

	put_file(DOCUMENT, one_vnic(VM_B, "blue", "required"));
	ck_assert_exit(hook_with("before_vm_start", NULL, env), 0);
	ck_assert(there_is(record("0000:01:10.0", VM_B)));
	put_file(DOCUMENT, domain_of(VM_B, "", ""));
	ck_assert_exit(hook_with("after_vm_destroy", NULL, env), 0);
	ck_assert_uint_eq(entries(LEDGER), 0);
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
	ck_assert_uint_eq(entries(LEDGER), 0);
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

/* --- nothing to do */

#define VNIC_1                                                                                               \
	"<interface type='bridge'><mac address='" MAC_1                                                      \
	"'/><model type='virtio'/><source bridge='blue'/></interface>"

static const struct {
	const char *point, *document, *property;
} idle[] = {
	{"before_vm_start", "<domain><uuid>" VM_A "</uuid><devices>" VNIC_1 "</devices></domain>", NULL},
	{"before_vm_start", "<domain><uuid>" VM_A "</uuid><devices>" VNIC_1 "</devices></domain>",
		"passthrough=required"},
	{"before_vm_start",
		"<domain xmlns:o='" VFPT_OVIRT_NAMESPACE "'><metadata><o:vm><o:device mac_address='" MAC_1
		"'><o:custom>"
		"<o:passthrough>off</o:passthrough></o:custom></o:device></o:vm></metadata><devices>" VNIC_1
		"</devices></domain>",
		NULL},
	{"before_vm_start",
		"<domain xmlns:o='" VFPT_OVIRT_NAMESPACE "'><metadata><o:vm><o:custom><o:passthrough>required"
		"</o:passthrough></o:custom></o:vm></metadata><devices>" VNIC_1 "</devices></domain>",
		NULL},
	{"before_vm_start",
		"<domain xmlns:o='" VFPT_OVIRT_NAMESPACE "'><metadata><o:vm><o:device mac_address='" MAC_1
		"'><o:custom>"
		"<o:vf_rate>1</o:vf_rate><o:other>x</o:other></o:custom></o:device></o:vm></"
		"metadata><devices>" VNIC_1 "</devices></domain>",
		NULL},
	/* strange, but nobody asked us */
	{"before_vm_start",
		"<domain><devices><interface type='bridge'><mac address='x'/></interface></devices></domain>",
		NULL},
	{"before_vm_start", "<domain><devices/></domain>", NULL},
	{"before_nic_hotplug", VNIC_1, NULL},
	{"before_nic_hotplug", VNIC_1, "passthrough=off"},
	{"before_nic_hotplug", VNIC_1, "Passthrough=required"},
	{"before_nic_hotplug", VNIC_1, "passthrough_=required"},
	{"before_nic_hotplug", "<interface type='hostdev'/>", NULL},
	{"before_vm_start",
		"<domain xmlns:o='" VFPT_OVIRT_NAMESPACE "'><metadata><o:vm><o:device mac_address='" MAC_1
		"'><o:custom>"
		"<o:vf_rate>x</o:vf_rate><o:passthrough>off</o:passthrough></o:custom></o:device></o:vm></"
		"metadata><devices>" VNIC_1 "</devices></domain>",
		NULL},
	{"before_nic_hotplug", VNIC_1, "vf_rate=x"},
	{"after_nic_hotplug", VNIC_1, "passthrough=required"},
	{"after_nic_hotunplug", VNIC_1, NULL},
	{"after_vm_start", "<domain><devices>" VNIC_1 "</devices></domain>", NULL},
	{"after_nic_hotplug_fail", VNIC_1, "passthrough=required"},
	{"after_vm_destroy", "<domain><devices>" VNIC_1 "</devices></domain>", NULL},
};

START_TEST(nothing_to_do_touches_nothing)
{
	const char *before;
	struct outcome outcome;

	put_file(DOCUMENT, idle[_i].document);
	before = picture(".");
	outcome = hook(idle[_i].point, VM_A, idle[_i].property);
	ck_assert_exit(outcome, 0);
	ck_assert_str_eq(outcome.err, "");
	ck_assert_str_eq(outcome.out, "");
	ck_assert_str_eq(picture("."), before);
}
END_TEST

/* So it cannot go wrong either. */
START_TEST(nothing_to_do_does_not_look_at_the_host)
{
	const char *const env[4] = {
		"VFPT_ROOT=/does/not/exist", text("_hook_domxml=%s", in_root(DOCUMENT)), "vmId=" VM_A};

	for (size_t i = 0; i < ARRAY_SIZE(idle); i++) {
		if (strncmp(idle[i].point, "before", 6) != 0 || idle[i].property)
			continue;
		put_file(DOCUMENT, idle[i].document);
		ck_assert_exit(hook_with(idle[i].point, NULL, env), 0);
	}
}
END_TEST

/* --- bad input: each is one line that names the vNIC, exit code 2, and nothing changes */

static void ck_assert_refused(struct outcome outcome, const char *reason)
{
	ck_assert_exit(outcome, 2);
	ck_assert_str_eq(outcome.out, "");
	ck_assert_msg(count_lines(outcome.err) == 1, "not one line: \"%s\"", outcome.err);
	ck_assert_int_eq(outcome.err[strlen(outcome.err) - 1], '\n');
	ck_assert_int_eq(strncmp(outcome.err, "vfpt: ", 6), 0);
	ck_assert_contains(outcome.err, reason);
	ck_assert_uint_eq(entries(LEDGER), 0);
}

/* The document is there, and stays as it was. */
static const char *refused(const char *point, const char *document, const char *property, const char *reason)
{
	struct outcome outcome;
	const char *before;

	put_file(DOCUMENT, document);
	before = picture("tmp");
	outcome = hook(point, VM_A, property);
	ck_assert_refused(outcome, reason);
	ck_assert_str_eq(picture("tmp"), before);
	return outcome.err;
}

static const char *const points[] = {"before_vm_start", "after_vm_start", "after_vm_destroy",
	"before_nic_hotplug", "after_nic_hotplug", "after_nic_hotplug_fail", "after_nic_hotunplug"};

static bool is_nic(const char *point)
{
	return strstr(point, "_nic_") != NULL;
}

START_TEST(missing_variable_for_the_document_is_refused)
{
	const char *const unset[4] = {"vmId=" VM_A}, *const empty[4] = {"vmId=" VM_A, "_hook_domxml="};
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
		const char *const env[4] = {
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
	{"<domain/>", "the domain has no <devices>"},
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
	const char *const env[4] = {
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
	const char *macless = replaced(vnic(MAC_1, "blue"), "<mac address=\"" MAC_1 "\"/>", ""),
		   *bad = replaced(vnic(MAC_1, "blue"), MAC_1, "56:6f:1a:2b:00");

	refused("before_nic_hotplug", macless, "passthrough=required",
		"vfpt: vNIC without MAC (network blue): it has no valid MAC address; ");
	refused("before_nic_hotplug", bad, "passthrough=required",
		"vfpt: vNIC without MAC (network blue): it has no valid MAC address; ");
	refused("after_nic_hotunplug", macless, NULL,
		"the vNIC has no valid MAC address, so its VF cannot be found");
	refused("after_nic_hotplug", macless, NULL,
		"the vNIC has no valid MAC address, so its VF cannot be found");
	refused("after_nic_hotplug_fail", bad, NULL,
		"the vNIC has no valid MAC address, so its VF cannot be found");
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

static void no_vfs(void)
{
	put_file(PF_1 "sriov_numvfs", "0\n");
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
	{no_vfs, "PF ens1f0 below bridge blue has no VFs; make some: "},
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
	const char *const env[4] = {
		"VFPT_ROOT=/does/not/exist", text("_hook_domxml=%s", in_root(DOCUMENT)), "vmId=" VM_A};

	put_file(DOCUMENT, one_vnic(VM_A, "blue", "required"));
	ck_assert_refused(hook_with("before_vm_start", NULL, env),
		"vNIC " MAC_1
		" (network blue): cannot open the root directory /does/not/exist: No such file or directory");
}
END_TEST

static const struct {
	const char *name, *value, *reason;
} bad_properties[] = {
	{"vf_vlan", "4095", "custom property vf_vlan: vlan_id \"4095\" is not a number from 0 to 4094\n"},
	{"vf_vlan", "0:3", "a VLAN priority or protocol goes with a VLAN id from 1 to 4094\n"},
	{"vf_rate", "fast",
		"custom property vf_rate: max_tx_rate \"fast\" is not a number from 0 to 4294967295\n"},
	{"vf_rate", "1001", "max_tx_rate 1001 Mbit/s is above the speed of ens1f0, 1000 Mbit/s\n"},
	{"vf_rate", "20-10", "min_tx_rate 20 is above max_tx_rate 10 Mbit/s\n"},
	{"vf_spoofchk", "no", "custom property vf_spoofchk: spoofchk \"no\" is none of off, on\n"},
	{"vf_trust", "no", "custom property vf_trust: trust \"no\" is none of off, on\n"},
	{"vf_rss_query", "no", "custom property vf_rss_query: rss_query \"no\" is none of off, on\n"},
	{"vf_link", "no", "custom property vf_link: link_state \"no\" is none of auto, enable, disable\n"},
};

/* A vNIC on blue that asks for a VF and for that. */
static const char *asking(const char *name, const char *value)
{
	const char *profiles = replaced(profile(MAC_1, "required"), "</o:custom>",
		text("<o:%s>%s</o:%s></o:custom>", name, value, name));

	return domain_of(VM_A, profiles, vnic(MAC_1, "blue"));
}

START_TEST(property_that_asks_for_too_much_is_refused)
{
	const char *name = bad_properties[_i].name, *value = bad_properties[_i].value;
	const char *const env[4] = {text("_hook_domxml=%s", in_root(DOCUMENT)), "vmId=" VM_A,
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

START_TEST(mistake_in_the_configuration_is_told)
{
	put_file("etc/vdsm/vfpt.conf", "[policy]\ngap = maybe\n");
	refused("before_vm_start", one_vnic(VM_A, "blue", "required"), NULL,
		"vfpt: vNIC " MAC_1
		" (network blue): /etc/vdsm/vfpt.conf, line 2: [policy] gap = maybe: not known\n");
}
END_TEST

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
		"trap '' XFSZ; exec \"$0\"", text("%s/before_vm_start", getenv("VFPT_TEST_HOOKS")), NULL};
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

/* --- the document's file */

START_TEST(mode_and_owner_of_the_document_stay)
{
	static const mode_t modes[] = {0600, 0640, 0666, 0400};
	struct stat before, after;

	put_file(DOCUMENT, one_vnic(VM_A, "blue", "required"));
	ck_assert_int_eq(chmod(in_root(DOCUMENT), modes[_i]), 0);
	if (geteuid() == 0)
		ck_assert_int_eq(chown(in_root(DOCUMENT), 36, 36), 0);
	ck_assert_int_eq(stat(in_root(DOCUMENT), &before), 0);
	ck_assert_exit(hook("before_vm_start", VM_A, NULL), 0);
	ck_assert_int_eq(stat(in_root(DOCUMENT), &after), 0);
	ck_assert_uint_eq(after.st_mode, before.st_mode);
	ck_assert_uint_eq(after.st_uid, before.st_uid);
	ck_assert_uint_eq(after.st_gid, before.st_gid);
	ck_assert_str_eq(vf_of(0), "0000:01:10.0 VLAN 200");
	ck_assert_msg(entries("tmp") == 1, "something is left beside the document");
}
END_TEST

/* Who has the old document open reads it to its end: it is replaced, not written over. */
START_TEST(document_is_replaced_in_one_step)
{
	const char *before = one_vnic(VM_A, "blue", "required");
	char bytes[4096];
	FILE *old;

	put_file(DOCUMENT, before);
	old = fopen(in_root(DOCUMENT), "r");
	ck_assert_ptr_nonnull(old);
	ck_assert_exit(hook("before_vm_start", VM_A, NULL), 0);
	bytes[fread(bytes, 1, sizeof(bytes) - 1, old)] = '\0';
	fclose(old);
	ck_assert_str_eq(bytes, before);
	ck_assert_str_ne(get_file(DOCUMENT, NULL), before);
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
		ck_assert_uint_eq(entries(LEDGER), 1);
		/* refused by libvirt: VDSM hands on what it tried */
		outcome = hook("after_nic_hotplug_fail", VM_A, "passthrough=required");
		ck_assert_exit(outcome, 0);
		ck_assert_uint_eq(entries(LEDGER), 0);

		plug(VM_A, document, "passthrough=preferred");
		ck_assert_uint_eq(entries(LEDGER), 1);
		unplug(VM_A, round % 2 ? "56:6F:1A:2B:00:01" : MAC_1,
			round % 4 < 2 ? text("ua-%s", network) : NULL);
		ck_assert_uint_eq(entries(LEDGER), 0);
	}
}
END_TEST

START_TEST(vnic_that_vdsm_knows_as_hostdev_is_unplugged)
{
	plug(VM_A, vnic(MAC_1, "blue"), "passthrough=required");
	ck_assert_exit(hook("after_nic_hotunplug", VM_A, NULL), 0); /* the document is the hostdev */
	ck_assert_uint_eq(entries(LEDGER), 0);
}
END_TEST

START_TEST(unplugging_leaves_the_other_vnics_alone)
{
	plug(VM_A, vnic(MAC_1, "blue"), "passthrough=required");
	plug(VM_A, vnic(MAC_2, "blue"), "passthrough=required");
	plug(VM_B, vnic(MAC_1, "blue"), "passthrough=required");
	ck_assert_uint_eq(entries(LEDGER), 3);
	unplug(VM_A, MAC_1, NULL);
	ck_assert(!there_is(record("0000:01:10.0", VM_A)));
	ck_assert(there_is(record("0000:01:10.2", VM_A)));
	ck_assert(there_is(record("0000:01:10.4", VM_B)));
	unplug(VM_A, MAC_1, NULL);
	ck_assert_uint_eq(entries(LEDGER), 2);
}
END_TEST

/* With teaming two vNICs have one MAC. */
START_TEST(alias_decides_between_two_vnics_with_one_mac)
{
	const char *first = _i ? "ua-one" : "ua-two", *second = _i ? "ua-two" : "ua-one";

	plug(VM_A, replaced(vnic(MAC_1, "blue"), "ua-blue", "ua-one"), "passthrough=required");
	plug(VM_A, replaced(vnic(MAC_1, "blue"), "ua-blue", "ua-two"), "passthrough=required");
	ck_assert_uint_eq(entries(LEDGER), 2);
	unplug(VM_A, MAC_1, first);
	ck_assert_uint_eq(entries(LEDGER), 1);
	ck_assert(there_is(record(_i ? "0000:01:10.2" : "0000:01:10.0", VM_A)));
	unplug(VM_A, MAC_1, second);
	ck_assert_uint_eq(entries(LEDGER), 0);
}
END_TEST

/* libvirt gives an alias of its own ("hostdev0") where there is no user alias. */
START_TEST(unknown_alias_does_not_keep_a_vf)
{
	plug(VM_A, vnic(MAC_1, "blue"), "passthrough=required");
	unplug(VM_A, MAC_1, "hostdev0");
	ck_assert_uint_eq(entries(LEDGER), 0);
}
END_TEST

START_TEST(plugging_again_gives_back_what_a_killed_hook_left)
{
	plug(VM_A, vnic(MAC_1, "blue"), "passthrough=required");
	plug(VM_A, vnic(MAC_2, "blue"), "passthrough=required");
	plug(VM_A, vnic(MAC_1, "blue"), "passthrough=required");
	ck_assert_str_eq(vf_of(0), "0000:01:10.0 VLAN 200");
	ck_assert_uint_eq(entries(LEDGER), 2);
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
		"vfpt: vNIC " MAC_1
		" (network blue): no free VF: ens1f0 has 7 VFs, 7 assigned to VMs; make more VFs in "
		"the engine (Setup Host Networks) or stop a VM that has one\n");
	ck_assert_str_eq(picture("tmp"), before);
	ck_assert_uint_eq(entries(LEDGER), 7);

	destroy_vm(vm_number(3));
	ck_assert_uint_eq(entries(LEDGER), 6);
	start_vm(vm_number(7), one_vnic(vm_number(7), "blue", "required"));
	ck_assert_str_eq(vf_of(0), "0000:01:10.6 VLAN 200");
	for (unsigned n = 0; n < 8; n++)
		destroy_vm(vm_number(n));
	ck_assert_uint_eq(entries(LEDGER), 0);
}
END_TEST

START_TEST(destroying_leaves_other_vms_alone_and_twice_is_harmless)
{
	const char *before;

	start_vm(VM_A, one_vnic(VM_A, "blue", "required"));
	start_vm(VM_B, sample("vm-four-nics.xml", NULL));
	ck_assert_uint_eq(entries(LEDGER), 4);
	before = picture(record("0000:01:10.0", VM_A));
	for (int i = 0; i < 2; i++) {
		const char *said = destroy_vm(VM_B);

		ck_assert_uint_eq(count_lines(said), i == 0 ? 3 : 0);
		ck_assert_uint_eq(entries(LEDGER), 1);
		ck_assert_str_eq(picture(record("0000:01:10.0", VM_A)), before);
	}
	destroy_vm(VM_A);
	ck_assert_uint_eq(entries(LEDGER), 0);
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
		ck_assert_uint_eq(entries(LEDGER), 7);
	}
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
	ck_assert_uint_eq(entries(LEDGER), 0);
}
END_TEST

START_TEST(release_that_fails_keeps_the_record_and_lets_other_scripts_run)
{
	struct outcome outcome;

	start_vm(VM_A, sample("vm-four-nics.xml", NULL));
	put_file("sys/devices/pci0000:00/0000:00:03.0/0000:02:00.0/sriov_numvfs", "x\n");
	put_file(DOCUMENT, domain_of(VM_A, "", ""));
	outcome = hook("after_vm_destroy", VM_A, NULL);
	ck_assert_exit(outcome, 1);
	ck_assert_contains(outcome.err,
		"vfpt: vNIC 56:6f:1a:2b:07:02: cannot give back VF 0 of ens2f0: VF 0000:02:10.0: PF ens2f0: "
		"cannot read sriov_numvfs: Invalid argument\n");
	/* All are tried. */
	ck_assert_uint_eq(entries(LEDGER), 1);
	ck_assert(there_is(record("0000:02:10.0", VM_A)));
	/* And the next time it may go well. */
	put_file("sys/devices/pci0000:00/0000:00:03.0/0000:02:00.0/sriov_numvfs", "7\n");
	destroy_vm(VM_A);
	ck_assert_uint_eq(entries(LEDGER), 0);
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
			const char *const env[4] = {
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

/* --- preferred */

START_TEST(preferred_vnic_stays_on_its_bridge_when_it_cannot_have_a_vf)
{
	const char *document = one_vnic(VM_A, _i < 2 ? "blue" : "green", "preferred");
	struct outcome outcome;
	const char *before;

	if (_i == 0)
		no_vfs();
	if (_i == 1)
		all_in_use();
	put_file(DOCUMENT, document);
	before = picture("tmp");
	outcome = hook("before_vm_start", VM_A, NULL);
	ck_assert_exit(outcome, 0);
	ck_assert_uint_eq(count_lines(outcome.err), 1);
	ck_assert_contains(
		outcome.err, text("vfpt: warning: vNIC " MAC_1 " (network %s): ", _i < 2 ? "blue" : "green"));
	ck_assert_contains(outcome.err, "; it stays on its bridge (passthrough=preferred)\n");
	ck_assert_str_eq(picture("tmp"), before);
	ck_assert_uint_eq(entries(LEDGER), 0);
}
END_TEST

START_TEST(preferred_vnic_does_not_mask_that_the_host_is_broken)
{
	const char *document = one_vnic(VM_A, "blue", "preferred");

	garbage_in_sysfs();
	refused("before_vm_start", document, NULL, "PF ens1f0: cannot read sriov_numvfs: Invalid argument");
	drop(LEDGER);
	ledger_is_a_file();
	refused("before_vm_start", document, NULL, "cannot open the ledger /run/vfpt: Not a directory");
}
END_TEST

START_TEST(preferred_vnic_without_vf_does_not_keep_the_others_from_theirs)
{
	start_vm(VM_A, domain_of(VM_A, text("%s%s", profile(MAC_1, "preferred"), profile(MAC_2, "required")),
			       text("%s%s", vnic(MAC_1, "green"), vnic(MAC_2, "blue"))));
	ck_assert_str_eq(vf_of(0), "");
	ck_assert_str_eq(vf_of(1), "0000:01:10.0 VLAN 200");
	ck_assert_uint_eq(entries(LEDGER), 1);
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
	ck_assert_uint_eq(entries(LEDGER), 1);
	/* It can start again, on other VFs. */
	ck_assert_contains(start_vm(VM_B, sample("vm-four-nics.xml", NULL)), "vfpt: warning: ledger record ");
	ck_assert_uint_eq(entries(LEDGER), 4);
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

/* --- the command line */

START_TEST(help_is_given)
{
	const char *before = picture(".");
	struct outcome outcome = hook_with(points[_i], "--help", NULL);

	ck_assert_exit(outcome, 0);
	ck_assert_str_eq(outcome.err, "");
	ck_assert_int_eq(strncmp(outcome.out, text("Usage: %s ", points[_i]), strlen(points[_i]) + 8), 0);
	ck_assert_contains(outcome.out, "--test [DOCUMENT]");
	ck_assert_contains(outcome.out, "_hook_domxml");
	ck_assert_contains(outcome.out, "Exit status: 0 fine, 1 failed, 2 ");
	ck_assert_str_eq(picture("."), before);
}
END_TEST

static const char *const bad_arguments[] = {"-h", "--Help", "--help=x", "", "x", "--tes", "\x1b[2J"};

START_TEST(unknown_argument_is_refused)
{
	for (size_t i = 0; i < ARRAY_SIZE(points); i++) {
		const char *shown = bad_arguments[_i][0] == '\x1b' ? "?[2J" : bad_arguments[_i];

		ck_assert_refused(hook_with(points[i], bad_arguments[_i], NULL),
			text("vfpt: %s: unknown argument \"%s\"; see --help\n", points[i], shown));
	}
}
END_TEST

/* VDSM's hooks show with --test what they would do; on this host it must be true, and change nothing. */
START_TEST(test_shows_before_and_after_and_changes_nothing)
{
	bool connects =
		strcmp(points[_i], "before_vm_start") == 0 || strcmp(points[_i], "before_nic_hotplug") == 0;
	const char *before, *after;
	struct outcome outcome;

	start_vm(VM_B, one_vnic(VM_B, "blue", "required"));
	before = picture(".");
	outcome = hook_with(points[_i], "--test", NULL);
	ck_assert_exit(outcome, 0);
	ck_assert_str_eq(picture("."), before);
	ck_assert_int_eq(strncmp(outcome.out, "--- before\n<", 12), 0);
	after = strstr(outcome.out, "\n--- after\n<");
	ck_assert_ptr_nonnull(after);
	before = text("%.*s", (int)(after - outcome.out), outcome.out);
	ck_assert_contains(before, "<interface type=\"bridge\">");
	if (connects) {
		ck_assert_contains(after, "bus=\"0x01\" slot=\"0x10\" function=\"0x2\"");
		ck_assert_contains(
			outcome.err, "would set: VF 1 of ens1f0: mac 56:6f:1a:2b:00:01, vlan_id 0, ");
	} else {
		ck_assert_str_eq(
			after + strlen("\n--- after\n"), text("%s\n", before + strlen("--- before\n")));
		ck_assert_str_eq(outcome.err, "");
	}
}
END_TEST

START_TEST(test_takes_a_document)
{
	const char *directory = getenv("VFPT_TEST_HOOKS"), *before;
	const char *const env[] = {text("VFPT_ROOT=%s", root), NULL};
	const char *argv[] = {NULL, "--test", in_root(DOCUMENT), NULL};
	struct outcome outcome;

	ck_assert_ptr_nonnull(directory);
	argv[0] = text("%s/before_vm_start", directory);
	put_file(DOCUMENT, sample("vm-four-nics.xml", NULL));
	before = picture(".");
	outcome = run(argv, env);
	ck_assert_exit(outcome, 0);
	ck_assert_contains(outcome.out, text("--- before\n%s--- after\n", get_file(DOCUMENT, NULL)));
	ck_assert_contains(strstr(outcome.out, "--- after"), "bus=\"0x03\" slot=\"0x10\" function=\"0x0\"");
	ck_assert_str_eq(picture("."), before);

	put_file(DOCUMENT, "x");
	outcome = run(argv, env);
	ck_assert_refused(outcome, "the document is not XML");
}
END_TEST

START_TEST(test_of_a_release_gives_nothing_back)
{
	const char *directory = getenv("VFPT_TEST_HOOKS"), *before;
	const char *const env[] = {text("VFPT_ROOT=%s", root), "vmId=" VM_A, NULL};
	const char *argv[] = {NULL, "--test", in_root(DOCUMENT), NULL};
	struct outcome outcome;

	ck_assert_ptr_nonnull(directory);
	argv[0] = text("%s/after_vm_destroy", directory);
	start_vm(VM_A, one_vnic(VM_A, "blue", "required"));
	before = picture(".");
	outcome = run(argv, env);
	ck_assert_exit(outcome, 0);
	ck_assert_contains(outcome.err, "would set back: VF 0 of ens1f0: ");
	ck_assert_str_eq(picture("."), before);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("hooks");
	TCase *tcase = new_case(suite, "giving", host_setup);

	tcase_add_loop_test(tcase, vnic_of_a_starting_vm_gets_a_vf_of_its_network, 0, ARRAY_SIZE(gifts));
	tcase_add_loop_test(tcase, vnic_that_is_plugged_gets_a_vf_of_its_network, 0, ARRAY_SIZE(gifts));
	tcase_add_test(tcase, sample_of_one_vnic_gets_its_vf);
	tcase_add_test(tcase, sample_of_four_vnics_gets_three_vfs_spread_over_the_pfs);
	tcase_add_loop_test(tcase, uuid_of_the_domain_serves_without_vmid, 0, 2);
	tcase_add_test(tcase, vmid_goes_before_the_uuid_of_the_domain);
	tcase_add_test(tcase, vmid_in_upper_case_is_the_same_vm);
	tcase_add_test(tcase, pf_without_link_is_used_with_a_warning);

	tcase = new_case(suite, "nothing to do", host_setup);
	tcase_add_loop_test(tcase, nothing_to_do_touches_nothing, 0, ARRAY_SIZE(idle));
	tcase_add_test(tcase, nothing_to_do_does_not_look_at_the_host);

	tcase = new_case(suite, "bad input", host_setup);
	tcase_set_timeout(tcase, 30);
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
	tcase_add_test(tcase, mistake_in_the_configuration_is_told);

	tcase = new_case(suite, "finishing", host_setup);
	tcase_add_test(tcase, vlan_of_the_property_goes_before_the_networks);
	tcase_add_loop_test(tcase, link_is_held_until_the_vm_runs, 0, 2);
	tcase_add_test(tcase, plugged_vnic_is_finished_and_no_other);
	tcase_add_test(tcase, finishing_what_is_gone_is_an_error_that_keeps_the_record);

	tcase = new_case(suite, "all or nothing", host_setup);
	tcase_add_test(tcase, one_vnic_that_fails_undoes_the_others);
	tcase_add_test(tcase, bad_property_of_a_later_vnic_is_seen_before_anything_is_done);
	tcase_add_test(tcase, document_that_cannot_be_written_undoes_all);
	tcase_add_test(tcase, record_that_cannot_be_written_fails_the_hook);

	tcase = new_case(suite, "document", host_setup);
	tcase_add_loop_test(tcase, mode_and_owner_of_the_document_stay, 0, 4);
	tcase_add_test(tcase, document_is_replaced_in_one_step);

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
	tcase_add_test(tcase, vf_that_vanished_is_released_with_a_warning);
	tcase_add_test(tcase, release_that_fails_keeps_the_record_and_lets_other_scripts_run);
	tcase_add_test(tcase, many_vms_at_once_get_a_vf_each_and_none_twice);

	tcase = new_case(suite, "preferred", host_setup);
	tcase_add_loop_test(tcase, preferred_vnic_stays_on_its_bridge_when_it_cannot_have_a_vf, 0, 3);
	tcase_add_test(tcase, preferred_vnic_does_not_mask_that_the_host_is_broken);
	tcase_add_test(tcase, preferred_vnic_without_vf_does_not_keep_the_others_from_theirs);

	tcase = new_case(suite, "damaged ledger", host_setup);
	tcase_add_loop_test(
		tcase, damaged_record_of_another_vm_keeps_its_vf_and_no_other, 0, ARRAY_SIZE(damages));
	tcase_add_loop_test(tcase, damaged_record_does_not_keep_the_vms_other_vfs, 0, ARRAY_SIZE(damages));
	tcase_add_test(tcase, foreign_file_in_the_ledger_is_reported_and_nothing_more);

	tcase = new_case(suite, "command line", host_setup);
	tcase_add_loop_test(tcase, help_is_given, 0, ARRAY_SIZE(points));
	tcase_add_loop_test(tcase, unknown_argument_is_refused, 0, ARRAY_SIZE(bad_arguments));
	tcase_add_loop_test(tcase, test_shows_before_and_after_and_changes_nothing, 0, ARRAY_SIZE(points));
	tcase_add_test(tcase, test_takes_a_document);
	tcase_add_test(tcase, test_of_a_release_gives_nothing_back);
	return run_suite(suite);
}
