/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The hook programs as VDSM runs them, on a captured host. */
#include <iconv.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "domain.h"
#include "support.h"

#define VM_A "3f0f5d7e-6c1a-4d0e-9a0b-5f6d7c8e9a01"
#define VM_B "b7c5a0de-2f43-4b5e-8a55-0a1b2c3d4e07"

#define DOCUMENT "tmp/document.xml"
#define LEDGER   "run/vfpt"
#define CONFIG   "etc/vdsm/vfpt.conf"
#define PF_1     "sys/devices/pci0000:00/0000:00:02.0/0000:01:00.0/"
#define PF_2     "sys/devices/pci0000:00/0000:00:03.0/0000:02:00.0/"
#define PF_3     "sys/devices/pci0000:00/0000:00:04.0/0000:03:00.0/"
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

/* Each VM has MACs of its own: that of the vNIC which is MAC_1 in VM A. */
static const char *mac_of(const char *vm)
{
	return strcmp(vm, VM_A) == 0 || strlen(vm) != strlen(VM_A)
		       ? MAC_1
		       : text("56:6f:1a:ff:%.2s:%.2s", vm + 32, vm + 34);
}

/* A VM with one vNIC on that network. */
static const char *one_vnic(const char *vm, const char *network, const char *passthrough)
{
	return domain_of(vm, profile(mac_of(vm), passthrough), vnic(mac_of(vm), network));
}

/* The n-th interface of the document as it stands. */
static const char *interface(unsigned n)
{
	const char *at = get_file(DOCUMENT, NULL), *end;

	for (;; at = end) {
		at = strstr(at, "<interface");
		ck_assert_msg(at != NULL, "there are less than %u more interfaces", n + 1);
		end = strstr(at, "</interface>");
		ck_assert_ptr_nonnull(end);
		if (n-- == 0)
			return text("%.*s", (int)(end - at), at);
	}
}

/* A whole VF of the document as it stands: "0000:01:10.0 VLAN 200", "" when its n-th vNIC has none. */
static const char *vf_of(unsigned n)
{
	const char *at = interface(n), *source;
	unsigned domain, bus, slot, function, vlan = 0;

	if (!strstr(at, "type=\"hostdev\""))
		return "";
	ck_assert_contains(at, "managed=\"yes\"");
	source = strstr(at, "<source><address type=\"pci\"");
	ck_assert_ptr_nonnull(source);
	ck_assert_int_eq(sscanf(source,
				 "<source><address type=\"pci\" domain=\"%x\" bus=\"%x\" slot=\"%x\" "
				 "function=\"%x\"/>",
				 &domain, &bus, &slot, &function),
		4);
	if (strstr(at, "<vlan>"))
		ck_assert_int_eq(sscanf(strstr(at, "<vlan>"), "<vlan><tag id=\"%u\"/></vlan>", &vlan), 1);
	return text("%04x:%02x:%02x.%x VLAN %u", domain, bus, slot, function, vlan);
}

/* How many interfaces the document has. */
static unsigned interfaces(void)
{
	unsigned count = 0;

	for (const char *at = get_file(DOCUMENT, NULL); (at = strstr(at, "<interface")); at++)
		count++;
	return count;
}

/* --- running */

/* @env: up to eight more variables */
static struct outcome hook_with(const char *point, const char *argument, const char *const env[8])
{
	const char *argv[] = {NULL, argument, NULL}, *all[10] = {NULL};
	const char *directory = getenv("VFPT_TEST_HOOKS");
	struct outcome outcome;
	size_t count = 0;

	ck_assert_msg(directory != NULL, "VFPT_TEST_HOOKS is not set; run `meson test`");
	argv[0] = text("%s/%s/50_vfpt", directory, point);
	for (size_t i = 0; env && i < 8 && env[i]; i++)
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
	const char *const env[8] = {
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

/* How many VFs are somebody's; what is remembered of last time is none. */
static unsigned records(void)
{
	return entries(LEDGER) - there_is(LEDGER "/last");
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

/* So it cannot go wrong either: all that is read is vfpt.conf, and that only where there are vNICs. */
START_TEST(nothing_to_do_does_not_look_at_the_host)
{
	const char *const no_root[8] = {
		"VFPT_ROOT=/does/not/exist", text("_hook_domxml=%s", in_root(DOCUMENT)), "vmId=" VM_A};
	const char *const empty_root[8] = {text("VFPT_ROOT=%s", in_root("empty")), no_root[1], no_root[2]};

	put_directory("empty");
	for (size_t i = 0; i < ARRAY_SIZE(idle); i++) {
		if (strncmp(idle[i].point, "before", 6) != 0 || idle[i].property)
			continue;
		put_file(DOCUMENT, idle[i].document);
		ck_assert_exit(hook_with(idle[i].point, NULL,
				       strstr(idle[i].document, "<interface") ? empty_root : no_root),
			0);
		ck_assert_uint_eq(entries("empty"), 0);
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
	"before_nic_hotplug", "after_nic_hotplug", "after_nic_hotplug_fail", "after_nic_hotunplug",
	"before_vm_migrate_source"};

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

/* --- what a vNIC asks for, as VDSM hands it over */

/* "NAME=VALUE ..." as the vNIC's metadata has it. */
static const char *metadata_of(const char *mac, const char *network, const char *properties)
{
	const char *custom = "";
	char copy[256], *save = NULL;

	snprintf(copy, sizeof(copy), "%s", properties);
	for (char *word = strtok_r(copy, " ", &save); word; word = strtok_r(NULL, " ", &save)) {
		char *value = strchr(word, '=');

		ck_assert_ptr_nonnull(value);
		*value++ = '\0';
		custom = text("%s<o:%s>%s</o:%s>", custom, word, value, word);
	}
	return text("      <o:device mac_address=\"%s\">%s<o:custom>%s</o:custom></o:device>\n", mac,
		network ? text("<o:network>%s</o:network>", network) : "", custom);
}

/* And as the environment has it at nic points, where they are plugged. */
static struct outcome plugged_with(const char *vm, const char *document, const char *properties)
{
	const char *env[8] = {text("_hook_domxml=%s", in_root(DOCUMENT)), text("vmId=%s", vm)};
	char copy[256], *save = NULL;
	size_t count = 2;

	snprintf(copy, sizeof(copy), "%s", properties);
	for (char *word = strtok_r(copy, " ", &save); word; word = strtok_r(NULL, " ", &save)) {
		ck_assert_uint_lt(count, ARRAY_SIZE(env) - 1);
		env[count++] = word;
	}
	put_file(DOCUMENT, document);
	return hook_with("before_nic_hotplug", NULL, env);
}

static struct outcome started_with(const char *vm, const char *document)
{
	put_file(DOCUMENT, document);
	return hook("before_vm_start", vm, NULL);
}

/* One vNIC on blue with more elements in its interface, at one of the two points. */
static struct outcome connected(bool plugged, const char *elements, const char *properties)
{
	const char *one = replaced(vnic(MAC_1, "blue"), "<link state=\"up\"/>", elements);

	return plugged ? plugged_with(VM_A, one, properties)
		       : started_with(VM_A, domain_of(VM_A, metadata_of(MAC_1, NULL, properties), one));
}

/* --- what the vNIC itself says counts where no property says otherwise */

#define TAGGED               ", vlan_id 200, vlan_priority 0, vlan_protocol 802.1Q"
#define FILTER               "<filterref filter=\"vdsm-no-mac-spoofing\"/>"
#define DOWN                 "<link state=\"down\"/>"
#define OUTBOUND(attributes) "<bandwidth><outbound " attributes "/></bandwidth>"
#define INBOUND              "<bandwidth><inbound average=\"1280\"/></bandwidth>"
#define REQUIRED             "passthrough=required "
#define INBOUND_IS_NOT_KEPT  "a VF's received traffic cannot be limited; its inbound limit is not kept\n"
#define OUTBOUND_IS_NOT_KEPT "the switch's port profile decides its rate; its outbound limit is not kept\n"
#define BOTH_LIMITS          "<bandwidth><inbound average=\"1\"/><outbound average=\"2560\"/></bandwidth>"
#define ALL_OF_IT            FILTER DOWN BOTH_LIMITS

static const struct {
	const char *elements, *properties;
	const char *set;     /* behind the MAC */
	const char *warning; /* the one that there is */
} heeded[] = {
	{"", REQUIRED, TAGGED, NULL},
	/* the filter: spoof check, and without it what the driver does */
	{FILTER, REQUIRED, TAGGED ", spoofchk on", NULL},
	{FILTER, REQUIRED "vf_spoofchk=off", TAGGED ", spoofchk off", NULL},
	{FILTER, REQUIRED "vf_spoofchk=on", TAGGED ", spoofchk on", NULL},
	/* link state */
	{DOWN, REQUIRED, TAGGED ", link_state disable", NULL},
	{DOWN, REQUIRED "vf_link=auto", TAGGED ", link_state auto", NULL},
	{DOWN, REQUIRED "vf_link=enable", TAGGED ", link_state enable", NULL},
	{"<link state=\"up\"/>", REQUIRED, TAGGED, NULL},
	{"<link state=\"up\"/>", REQUIRED "vf_link=disable", TAGGED ", link_state disable", NULL},
	/* KiB/s become Mbit/s, rounded up; ens1f0 has 1000 */
	{OUTBOUND("average=\"1\""), REQUIRED, TAGGED ", max_tx_rate 1", NULL},
	{OUTBOUND("average=\"122\""), REQUIRED, TAGGED ", max_tx_rate 1", NULL},
	{OUTBOUND("average=\"123\""), REQUIRED, TAGGED ", max_tx_rate 2", NULL},
	{OUTBOUND("average=\"1280\" peak=\"2560\" burst=\"10240\""), REQUIRED, TAGGED ", max_tx_rate 21",
		NULL},
	/* 125 * 125 KiB/s are 128 Mbit/s to the bit */
	{OUTBOUND("average=\"15625\""), REQUIRED, TAGGED ", max_tx_rate 128", NULL},
	{OUTBOUND("average=\"15626\""), REQUIRED, TAGGED ", max_tx_rate 129", NULL},
	{OUTBOUND("average=\"121948\""), REQUIRED, TAGGED ", max_tx_rate 999", NULL},
	{OUTBOUND("average=\"122070\""), REQUIRED, TAGGED, NULL},
	{OUTBOUND("average=\"524289\""), REQUIRED, TAGGED, NULL},
	{OUTBOUND("average=\"4294967295\""), REQUIRED, TAGGED, NULL},
	{OUTBOUND("average=\"0\""), REQUIRED, TAGGED, NULL},
	{"<bandwidth/>", REQUIRED, TAGGED, NULL},
	{OUTBOUND("average=\"2560\""), REQUIRED "vf_rate=5", TAGGED ", max_tx_rate 5, min_tx_rate 0", NULL},
	{OUTBOUND("average=\"2560\""), REQUIRED "vf_rate=0", TAGGED ", max_tx_rate 0, min_tx_rate 0", NULL},
	{OUTBOUND("average=\"2560\""), REQUIRED "vf_rate=50-60", TAGGED ", max_tx_rate 60, min_tx_rate 50",
		NULL},
	{INBOUND, REQUIRED, TAGGED, INBOUND_IS_NOT_KEPT},
	{INBOUND, REQUIRED "vf_rate=5", TAGGED ", max_tx_rate 5, min_tx_rate 0", INBOUND_IS_NOT_KEPT},
	{ALL_OF_IT, REQUIRED, TAGGED ", max_tx_rate 21, spoofchk on, link_state disable",
		INBOUND_IS_NOT_KEPT},
	/* on a macvtap libvirt does it itself; the spoof check is the VF's all the same */
	{ALL_OF_IT, REQUIRED "passthrough_mode=macvtap", TAGGED ", spoofchk on", NULL},
	{ALL_OF_IT, REQUIRED "passthrough_mode=macvtap vf_link=enable vf_rate=7 vf_spoofchk=off",
		TAGGED ", max_tx_rate 7, min_tx_rate 0, spoofchk off, link_state enable", NULL},
	/* the switch decides */
	{FILTER OUTBOUND("average=\"2560\""), REQUIRED "vmfex=gold", "", OUTBOUND_IS_NOT_KEPT},
	{FILTER OUTBOUND("average=\"2560\""), REQUIRED "vmfex=gold passthrough_mode=macvtap", "", NULL},
	{FILTER, REQUIRED "vmfex=gold vf_trust=on vf_spoofchk=off", ", spoofchk off, trust on", NULL},
	/* but a vNIC that is down stays down */
	{DOWN, REQUIRED "vmfex=gold", ", link_state disable", NULL},
	{DOWN, REQUIRED "vmfex=gold passthrough_mode=macvtap", "", NULL},
	/* of a pair it is the VF's; what stays on the bridge is as it was */
	{ALL_OF_IT, REQUIRED "passthrough_mode=failover",
		TAGGED ", max_tx_rate 21, spoofchk on, link_state disable", INBOUND_IS_NOT_KEPT},
};

START_TEST(vnics_own_words_count_where_no_property_says_otherwise)
{
	bool plugged = (size_t)_i >= ARRAY_SIZE(heeded);
	size_t i = (size_t)_i % ARRAY_SIZE(heeded);
	struct outcome outcome;

	if (plugged && strstr(heeded[i].properties, "failover"))
		return;
	outcome = connected(plugged, heeded[i].elements, heeded[i].properties);
	ck_assert_exit(outcome, 0);
	ck_assert_contains(outcome.err, text("would set: VF 0 of ens1f0: mac " MAC_1 "%s\n", heeded[i].set));
	ck_assert_uint_eq(count_lines(outcome.err), heeded[i].warning ? 3 : 2);
	if (heeded[i].warning)
		ck_assert_contains(outcome.err,
			text("vfpt: warning: vNIC " MAC_1 " (network blue): %s", heeded[i].warning));
	else
		ck_assert_lacks(outcome.err, "warning");
}
END_TEST

/* --- the three ways to connect it */

START_TEST(macvtap_is_put_on_the_vf)
{
	const char *elements = "<driver name=\"vhost\" queues=\"2\"/>" DOWN OUTBOUND("average=\"2560\"");
	struct outcome outcome = connected(_i, elements, REQUIRED "passthrough_mode=macvtap");
	const char *at;

	ck_assert_exit(outcome, 0);
	at = interface(0);
	ck_assert_contains(at, "<interface type=\"direct\">");
	ck_assert_contains(at, "<source dev=\"eth0\" mode=\"passthrough\"/>");
	ck_assert_contains(at, "<vlan><tag id=\"200\"/></vlan>");
	ck_assert_contains(at, "<model type=\"virtio\"/>");
	ck_assert_contains(at, elements);
	ck_assert_contains(at, "<alias name=\"ua-blue\"/>");
	ck_assert_uint_eq(interfaces(), 1);
	at = get_file(record("0000:01:10.0", VM_A), NULL);
	ck_assert_contains(at, "\nalias = ua-blue\n");
	ck_assert_contains(at, "\nmacvtap = 1\n");
	ck_assert_uint_eq(records(), 1);
	if (_i) {
		ck_assert_exit(hook("after_nic_hotplug", VM_A, NULL), 0);
		unplug(VM_A, MAC_1, "ua-blue");
	} else {
		ck_assert_exit(hook("after_vm_start", VM_A, NULL), 0);
		destroy_vm(VM_A);
	}
	ck_assert_uint_eq(records(), 0);
}
END_TEST

/* A macvtap shows on the VF: so it is plugged, and by us. */
START_TEST(macvtap_that_is_plugged_is_not_plugged_again)
{
	struct outcome outcome = connected(true, "", REQUIRED "passthrough_mode=macvtap");

	ck_assert_exit(outcome, 0);
	put_link(PF_1 "virtfn0/net/eth0/upper_macvtap0", "x");
	outcome = connected(true, "", REQUIRED "passthrough_mode=macvtap");
	ck_assert_exit(outcome, 2);
	ck_assert_contains(outcome.err,
		"vNIC " MAC_1 " (network blue): it is plugged already, on VF 0 of ens1f0 "
		"(its network device eth0 carries macvtap0)\n");
	ck_assert_uint_eq(records(), 1);
}
END_TEST

START_TEST(macvtap_has_the_mtu_of_the_vnic)
{
	const char *said;
	struct outcome outcome = connected(_i, "<mtu size=\"1400\"/>", REQUIRED "passthrough_mode=macvtap");

	ck_assert_exit(outcome, 0);
	ck_assert_contains(outcome.err, "would set: MTU of eth0 to 1400\n");
	ck_assert_lacks(interface(0), "<mtu");
	ck_assert_contains(get_file(record("0000:01:10.0", VM_A), NULL), "\nmtu_before = 1500\nmtu = 1400\n");
	outcome = hook(_i ? "after_nic_hotplug" : "after_vm_start", VM_A, NULL);
	ck_assert_exit(outcome, 0);
	ck_assert_contains(outcome.err, "would set: MTU of eth0 to 1400\n");
	put_file(PF_1 "virtfn0/net/eth0/mtu", "1400\n"); /* as it is by now */
	said = _i ? unplug(VM_A, MAC_1, NULL) : destroy_vm(VM_A);
	ck_assert_contains(said, "would set back: MTU of eth0 to 1500\n");
	ck_assert_uint_eq(records(), 0);
}
END_TEST

START_TEST(pair_stays_on_the_bridge_and_has_the_vf_too)
{
	const char *before, *record_text;

	start_vm(VM_A, domain_of(VM_A,
			       text("%s%s", metadata_of(MAC_1, "blue", REQUIRED "passthrough_mode=failover"),
				       metadata_of(MAC_2, "red", REQUIRED "passthrough_mode=failover")),
			       text("%s%s", vnic(MAC_1, "blue"), vnic(MAC_2, "red"))));
	ck_assert_uint_eq(interfaces(), 4);
	for (unsigned i = 0; i < 4; i += 2) {
		const char *network = i ? "red" : "blue";

		before = vnic(i ? MAC_2 : MAC_1, network);
		before = text("%.*s", (int)(strstr(before, "</interface>") - strstr(before, "<interface")),
			strstr(before, "<interface"));
		ck_assert_str_eq(interface(i),
			replaced(before, "<model", "<teaming type=\"persistent\"/>\n      <model"));
		ck_assert_str_eq(vf_of(i), "");
		ck_assert_str_eq(vf_of(i + 1), i ? "0000:02:10.0 VLAN 100" : "0000:01:10.0 VLAN 200");
		ck_assert_contains(interface(i + 1),
			text("<teaming type=\"transient\" persistent=\"ua-%s\"/>", network));
		ck_assert_contains(interface(i + 1), text("<mac address=\"%s\"/>", i ? MAC_2 : MAC_1));
	}
	/* The record is the VF's part. */
	record_text = get_file(record("0000:01:10.0", VM_A), NULL);
	ck_assert_contains(record_text, "\nalias = ua-vfpt-566f1a2b0001\n");
	ck_assert_contains(record_text, "\nmacvtap = 0\n");
	ck_assert_uint_eq(records(), 2);
	ck_assert_exit(hook("after_vm_start", VM_A, NULL), 0);
	/* The bridge's part is unplugged: that is not the VF. */
	unplug(VM_A, MAC_1, "ua-blue");
	ck_assert_uint_eq(records(), 2);
	unplug(VM_A, MAC_1, "ua-vfpt-566f1a2b0001");
	ck_assert_uint_eq(records(), 1);
	destroy_vm(VM_A);
	ck_assert_uint_eq(records(), 0);
}
END_TEST

static const struct {
	const char *properties, *elements, *reason;
	bool at_start;
} no_pairs[] = {
	{"passthrough_mode=failover", "",
		"passthrough_mode=failover needs two devices, and VDSM plugs one; give the vNIC to the VM "
		"while "
		"it is down, or use hostdev or macvtap",
		false},
	{"passthrough_mode=failover", "<teaming type=\"persistent\"/>",
		"it is the persistent part of a failover pair already; turn off one of the two", true},
	{"passthrough_mode=failover", "<teaming type=\"transient\" persistent=\"ua-x\"/>",
		"it is the transient part of a failover pair already; turn off one of the two", true},
};

START_TEST(vnic_that_cannot_be_half_of_a_pair_is_refused)
{
	struct outcome outcome = connected(
		!no_pairs[_i].at_start, no_pairs[_i].elements, text(REQUIRED "%s", no_pairs[_i].properties));
	const char *before = get_file(DOCUMENT, NULL);

	ck_assert_refused(outcome, text("vfpt: vNIC " MAC_1 " (network blue): %s\n", no_pairs[_i].reason));
	ck_assert_str_eq(get_file(DOCUMENT, NULL), before);
	/* Which is no reason to stay off the bridge. */
	outcome = connected(!no_pairs[_i].at_start, no_pairs[_i].elements,
		text("passthrough=preferred %s", no_pairs[_i].properties));
	ck_assert_exit(outcome, 0);
	ck_assert_str_eq(
		outcome.err, text("vfpt: warning: vNIC " MAC_1
				  " (network blue): %s; it stays on its bridge (passthrough=preferred)\n",
				     no_pairs[_i].reason));
	ck_assert_uint_eq(records(), 0);
}
END_TEST

START_TEST(pair_without_a_bridge_is_refused)
{
	const char *document = domain_of(VM_A,
		metadata_of(MAC_1, "green", REQUIRED "passthrough_mode=failover"), vnic(MAC_1, "green"));

	put_file(CONFIG, "[network green]\npfs = ens1f0\n");
	refused("before_vm_start", document, NULL,
		"vfpt: vNIC " MAC_1 " (network green): passthrough_mode=failover needs a bridge beside the "
		"VF, and green has none "
		"on this host; use hostdev or macvtap\n");
	refused("before_vm_start", replaced(document, "required", "preferred"), NULL,
		"needs a bridge beside the VF");
}
END_TEST

START_TEST(port_profile_goes_to_the_document_and_no_vlan)
{
	bool macvtap = _i & 1;
	struct outcome outcome = connected(
		_i & 2, FILTER, text(REQUIRED "vmfex=gold-1%s", macvtap ? " passthrough_mode=macvtap" : ""));

	ck_assert_exit(outcome, 0);
	ck_assert_contains(interface(0), macvtap ? "<interface type=\"direct\">" : "type=\"hostdev\"");
	ck_assert_contains(interface(0),
		"<virtualport type=\"802.1Qbh\"><parameters profileid=\"gold-1\"/></virtualport>");
	ck_assert_lacks(interface(0), "<vlan>");
	ck_assert_lacks(get_file(record("0000:01:10.0", VM_A), NULL), "vlan");
}
END_TEST

/* What excludes each other: said in the vNIC's profile, in vfpt.conf, or half here and half there. */
static const struct {
	const char *config, *properties, *reason;
} exclusions[] = {
	{"", "vmfex=gold vf_vlan=7", "custom properties vmfex and vf_vlan exclude each other: "},
	{"[network blue]\nvf_vlan = 7\n", "vmfex=gold", "vmfex and vf_vlan exclude each other: "},
	{"[network blue]\nvmfex = gold\n", "vf_vlan=7", "vmfex and vf_vlan exclude each other: "},
	{"", "passthrough_mode=macvtap vf_vlan=7:0:802.1ad",
		"passthrough_mode=macvtap and 802.1ad in vf_vlan exclude each other; "},
	{"[network blue]\npassthrough_mode = macvtap\n", "vf_vlan=7:0:802.1ad",
		"passthrough_mode=macvtap and 802.1ad in vf_vlan exclude each other; "},
	{"[network blue]\nvf_vlan = 7:0:802.1ad\n", "passthrough_mode=macvtap",
		"passthrough_mode=macvtap and 802.1ad in vf_vlan exclude each other; "},
};

START_TEST(what_excludes_each_other_is_refused)
{
	const char *properties = text(REQUIRED "%s", exclusions[_i].properties);

	put_file(CONFIG, exclusions[_i].config);
	ck_assert_refused(connected(false, "", properties), exclusions[_i].reason);
	ck_assert_contains(connected(false, "", properties).err, "vfpt: vNIC " MAC_1 " (network blue): ");
	ck_assert_refused(connected(true, "", properties), exclusions[_i].reason);
	/* Where it is not asked for, nothing is wrong. */
	ck_assert_exit(connected(true, "", replaced(properties, "required", "off")), 0);
}
END_TEST

START_TEST(sample_of_every_mode_gets_what_it_asks_for)
{
	static const struct {
		const char *type, *vf; /* or what it is on */
	} all[] = {
		{"hostdev", "0000:02:10.0 VLAN 100"},
		{"direct", "<source dev=\"eth14\" mode=\"passthrough\"/>"},
		{"bridge", "<teaming type=\"persistent\"/>"},
		{"hostdev", "0000:01:10.0 VLAN 200"},
		{"hostdev", "0000:01:10.2 VLAN 0"},
		{"direct", "<source dev=\"eth2\" mode=\"passthrough\"/>"},
		{"bridge", "<source bridge=\"red\"/>"},
		{"hostdev", "0000:01:11.2 VLAN 0"},
		{"hostdev", "0000:02:11.2 VLAN 0"},
	};
	const char *said = start_vm(VM_A, sample("vm-every-mode.xml", NULL));

	ck_assert_uint_eq(interfaces(), ARRAY_SIZE(all));
	for (unsigned i = 0; i < ARRAY_SIZE(all); i++) {
		ck_assert_contains(interface(i), text("<interface type=\"%s\"", all[i].type));
		if (strcmp(all[i].type, "hostdev") == 0)
			ck_assert_str_eq(vf_of(i), all[i].vf);
		else
			ck_assert_contains(interface(i), all[i].vf);
	}
	ck_assert_uint_eq(records(), 7);
	ck_assert_contains(said, "would set: MTU of eth14 to 1400\n");
	ck_assert_contains(said, "VF 0 of ens2f0: mac 56:6f:1a:2b:03:01, vlan_id 100, vlan_priority 0, "
				 "vlan_protocol 802.1Q, max_tx_rate 21, spoofchk on\n");
	ck_assert_contains(said, "VF 0 of ens3f0: mac 56:6f:1a:2b:03:02, vlan_id 100, vlan_priority 0, "
				 "vlan_protocol 802.1Q, spoofchk on\n");
	ck_assert_contains(said, "warning: vNIC 56:6f:1a:2b:03:01 (network red): a VF's received traffic ");
	ck_assert_contains(said, "warning: vNIC 56:6f:1a:2b:03:06 (network red): port mirroring works on a ");
	ck_assert_contains(said, "warning: custom property sriov: eth5: VF 5 of ens1f0 has no VLAN, ");
	/* A VF each, an MTU, four warnings (two VFs have no VLAN), a VF each at last. */
	ck_assert_uint_eq(count_lines(said), 7 + 1 + 4 + 7);
	ck_assert_exit(hook("after_vm_start", VM_A, NULL), 0);
	ck_assert_exit(hook("before_vm_migrate_source", VM_A, NULL), 2);
	destroy_vm(VM_A);
	ck_assert_uint_eq(records(), 0);
}
END_TEST

/* --- defaults of a network, in vfpt.conf */

static const struct {
	const char *config, *network, *bridge, *properties, *set;
} defaults[] = {
	{"[network blue]\npassthrough = required\n", NULL, "blue", "",
		"VF 0 of ens1f0: mac " MAC_1 TAGGED "\n"},
	{"[network blue]\npassthrough = preferred\nvf_trust = on\n", NULL, "blue", "",
		"VF 0 of ens1f0: mac " MAC_1 TAGGED ", trust on\n"},
	{"[network blue]\npassthrough = required\n", NULL, "blue", "passthrough=off", NULL},
	{"[network red]\npassthrough = required\n", NULL, "blue", "", NULL},
	{"[network blue]\nvf_trust = on\n", NULL, "blue", "", NULL},
	{"[network blue]\nvf_trust = on\nvf_rate = 9\n", NULL, "blue", "passthrough=required vf_rate=5-6",
		"VF 0 of ens1f0: mac " MAC_1 TAGGED ", max_tx_rate 6, min_tx_rate 5, trust on\n"},
	{"[network blue]\nvf_vlan = 7:3\n", NULL, "blue", "passthrough=required vf_vlan=8",
		"VF 0 of ens1f0: mac " MAC_1 ", vlan_id 8, vlan_priority 0, vlan_protocol 802.1Q\n"},
	{"[network blue]\nvlan = 9\n", NULL, "blue", "passthrough=required",
		"VF 0 of ens1f0: mac " MAC_1 ", vlan_id 9, vlan_priority 0, vlan_protocol 802.1Q\n"},
	{"[network blue]\nvlan = 9\nvf_vlan = 7\n", NULL, "blue", "passthrough=required",
		"VF 0 of ens1f0: mac " MAC_1 ", vlan_id 7, vlan_priority 0, vlan_protocol 802.1Q\n"},
	{"[network blue]\npfs = ens3f0\n", NULL, "blue", "passthrough=required",
		"VF 0 of ens3f0: mac " MAC_1 TAGGED "\n"},
	{"[network blue]\nvf_pf = ens3f0\n", NULL, "blue", "passthrough=required",
		"VF 0 of ens3f0: mac " MAC_1 TAGGED "\n"},
	{"[network blue]\nvf_pf = ens3f0\npfs = ens2f0\n", NULL, "blue", "passthrough=required",
		"VF 0 of ens3f0: mac " MAC_1 TAGGED "\n"},
	{"[network blue]\nvf_pf = ens3f0\n", NULL, "blue", "passthrough=required vf_pf=ens2f0",
		"VF 0 of ens2f0: mac " MAC_1 TAGGED "\n"},
	/* by the logical network's name, which only the metadata has */
	{"[network DMZ]\npassthrough = required\npfs = ens3f0\n", "DMZ", "blue", "",
		"VF 0 of ens3f0: mac " MAC_1 TAGGED "\n"},
	{"[network DMZ]\nvf_trust = on\n[network blue]\npassthrough = required\n", "DMZ", "blue", "", NULL},
	{"[network blue]\npassthrough = required\n", "DMZ", "blue", "",
		"VF 0 of ens1f0: mac " MAC_1 TAGGED "\n"},
	/* a network that has no bridge here */
	{"[network green]\npassthrough = required\npfs = ens2f0\nvlan = 9\n", NULL, "green", "",
		"VF 0 of ens2f0: mac " MAC_1 ", vlan_id 9, vlan_priority 0, vlan_protocol 802.1Q\n"},
	{"[network green]\npfs = ens2f0\n", NULL, "green", "passthrough=required",
		"VF 0 of ens2f0: mac " MAC_1 ", vlan_id 0, vlan_priority 0, vlan_protocol 802.1Q\n"},
};

static void ck_assert_default(struct outcome outcome, const char *document, const char *set)
{
	ck_assert_exit(outcome, 0);
	if (set) {
		ck_assert_contains(outcome.err, text("would set: %s", set));
		ck_assert_contains(interface(0), "type=\"hostdev\"");
	} else {
		ck_assert_str_eq(outcome.err, "");
		ck_assert_str_eq(get_file(DOCUMENT, NULL), document);
	}
	ck_assert_uint_eq(records(), set != NULL);
}

START_TEST(network_has_defaults_for_its_vnics)
{
	const char *one = vnic(MAC_1, defaults[_i].bridge);
	const char *document =
		domain_of(VM_A, metadata_of(MAC_1, defaults[_i].network, defaults[_i].properties), one);

	put_file(CONFIG, defaults[_i].config);
	ck_assert_default(started_with(VM_A, document), document, defaults[_i].set);
	if (defaults[_i].network)
		return;
	if (defaults[_i].set)
		destroy_vm(VM_A);
	ck_assert_default(plugged_with(VM_A, one, defaults[_i].properties), one, defaults[_i].set);
}
END_TEST

START_TEST(default_mode_is_the_networks)
{
	static const char *const modes[] = {"hostdev", "macvtap", "failover"};
	const char *document = domain_of(VM_A, metadata_of(MAC_1, "blue", ""), vnic(MAC_1, "blue"));

	put_file(CONFIG, text("[network blue]\npassthrough = required\npassthrough_mode = %s\n", modes[_i]));
	start_vm(VM_A, document);
	ck_assert_contains(interface(0), _i == 0   ? "type=\"hostdev\""
					 : _i == 1 ? "type=\"direct\""
						   : "<teaming type=\"persistent\"/>");
	ck_assert_uint_eq(interfaces(), _i == 2 ? 2 : 1);
}
END_TEST

/* --- what only a bridge can do */

static const struct {
	const char *metadata, *element, *reason;
} bridge_only[] = {
	{"<o:portMirroring><o:network>red</o:network></o:portMirroring>", "",
		"port mirroring works on a bridge only; turn off one of the two in the vNIC profile"},
	{"", "<port isolated=\"yes\"/>",
		"its network isolates ports, which works on a bridge only; use another network or no "
		"passthrough"},
	{"", "<filterref filter=\"clean-traffic\"/>",
		"network filter clean-traffic works on a bridge only; set the vNIC profile's to "
		"vdsm-no-mac-spoofing or none"},
	{"", "<filterref filter=\"vdsm-no-mac-spoofing-allow-arp\"/>",
		"network filter vdsm-no-mac-spoofing-allow-arp works on a bridge only; set the vNIC "
		"profile's "
		"to vdsm-no-mac-spoofing or none"},
};

START_TEST(what_only_a_bridge_can_do_stays_on_its_bridge)
{
	static const char *const modes[] = {
		"", "passthrough_mode=macvtap", "passthrough_mode=failover", "vmfex=gold"};
	size_t i = (size_t)_i / ARRAY_SIZE(modes);
	const char *properties = text(REQUIRED "%s", modes[(size_t)_i % ARRAY_SIZE(modes)]);
	const char *metadata = replaced(metadata_of(MAC_1, "blue", properties), "<o:custom>",
		text("%s<o:custom>", bridge_only[i].metadata));
	const char *reason = text("vNIC " MAC_1 " (network blue): %s", bridge_only[i].reason);
	const char *document = domain_of(VM_A, metadata,
			   replaced(vnic(MAC_1, "blue"), "<link state=\"up\"/>", bridge_only[i].element)),
		   *before;
	struct outcome outcome;

	refused("before_vm_start", document, NULL, text("vfpt: %s\n", reason));
	put_file(DOCUMENT, replaced(document, "required", "preferred"));
	before = picture("tmp");
	outcome = hook("before_vm_start", VM_A, NULL);
	ck_assert_exit(outcome, 0);
	ck_assert_str_eq(outcome.err,
		text("vfpt: warning: %s; it stays on its bridge (passthrough=preferred)\n", reason));
	ck_assert_str_eq(picture("tmp"), before);
	ck_assert_uint_eq(records(), 0);
}
END_TEST

/* --- one MAC twice */

#define TWICE                                                                                                \
	"this MAC is in the document more than once, and aliases do not tell whose the properties are; "     \
	"give each vNIC a MAC of its own in the engine\n"

/* The metadata of the vNIC with that MAC and that alias. */
static const char *aliased(const char *metadata, const char *alias)
{
	return replaced(metadata, "mac_address", text("alias=\"%s\" mac_address", alias));
}

static const struct {
	const char *config, *first, *second; /* properties; NULL: the metadata knows no such vNIC */
	bool one_interface;
	const char *network; /* of the vNIC that the message is about */
} twins[] = {
	/* either could have been meant */
	{"", "passthrough=required vf_trust=on", NULL, false, "blue"},
	{"", "passthrough=required vf_trust=on", "", false, "blue"},
	{"", "", "passthrough=required", false, "red"},
	{"", "passthrough=off", "passthrough=preferred", false, "red"},
	{"", "passthrough=required", "passthrough=required", false, "blue"},
	{"", "passthrough=required", "passthrough=off", true, "blue"},
	{"", "", "passthrough=preferred", true, "red"},
	/* also where it is vfpt.conf that asks */
	{"[network red]\npassthrough = required\n", "", NULL, false, "red"},
	{"[network blue]\npassthrough = preferred\n", "", "", false, "blue"},
};

START_TEST(mac_that_is_there_twice_is_refused)
{
	const char *metadata =
		text("%s%s", twins[_i].first ? metadata_of(MAC_1, "blue", twins[_i].first) : "",
			twins[_i].second ? metadata_of(MAC_1, "red", twins[_i].second) : "");
	const char *vnics =
		text("%s%s", vnic(MAC_1, "blue"), twins[_i].one_interface ? "" : vnic(MAC_1, "red"));

	put_file(CONFIG, twins[_i].config);
	refused("before_vm_start", domain_of(VM_A, metadata, vnics), NULL,
		text("vfpt: vNIC " MAC_1 " (network %s): " TWICE, twins[_i].network));
}
END_TEST

/* Nobody asked us. */
START_TEST(mac_that_is_there_twice_without_profile_is_not_our_business)
{
	const char *metadata = text("%s%s", metadata_of(MAC_1, "blue", "passthrough=off vf_vlan=7"),
			   metadata_of(MAC_1, "red", "")),
		   *both = text("%s%s", vnic(MAC_1, "blue"), vnic(MAC_1, "blue")),
		   *document = domain_of(VM_A, metadata, both), *before;
	struct outcome outcome;

	put_file(DOCUMENT, document);
	before = picture(".");
	outcome = hook("before_vm_start", VM_A, NULL);
	ck_assert_exit(outcome, 0);
	ck_assert_str_eq(outcome.err, "");
	ck_assert_str_eq(picture("."), before);
	/* Nor do they keep another vNIC from its VF. */
	start_vm(VM_A, domain_of(VM_A, text("%s%s", metadata, metadata_of(MAC_2, "blue", REQUIRED)),
			       text("%s%s", both, vnic(MAC_2, "blue"))));
	ck_assert_contains(get_file(DOCUMENT, NULL), both);
	ck_assert_str_eq(vf_of(2), "0000:01:10.0 VLAN 200");
	ck_assert_uint_eq(records(), 1);
}
END_TEST

START_TEST(mac_that_is_there_twice_is_fine_where_aliases_tell)
{
	const char *metadata = text("%s%s", aliased(metadata_of(MAC_1, "red", ""), "ua-red"),
		aliased(metadata_of(MAC_1, "blue", REQUIRED "vf_trust=on"), "ua-blue"));

	ck_assert_contains(start_vm(VM_A, domain_of(VM_A, metadata,
						  text("%s%s", vnic(MAC_1, "red"), vnic(MAC_1, "blue")))),
		"would set: VF 0 of ens1f0: mac " MAC_1 TAGGED ", trust on\n");
	ck_assert_str_eq(vf_of(0), "");
	ck_assert_str_eq(vf_of(1), "0000:01:10.0 VLAN 200");
	ck_assert_uint_eq(records(), 1);
}
END_TEST

/* What a pair was made of before can be what a VM is started with: its halves have one MAC. */
START_TEST(pair_of_an_earlier_start_is_told_apart)
{
	const char *document;

	start_vm(VM_A, domain_of(VM_A, metadata_of(MAC_1, "blue", REQUIRED "passthrough_mode=failover"),
			       vnic(MAC_1, "blue")));
	document = replaced(get_file(DOCUMENT, NULL), "required", "off");
	destroy_vm(VM_A);
	put_file(DOCUMENT, replaced(document, "</devices>", text("%s</devices>", vnic(MAC_2, "red"))));
	put_file(CONFIG, "[network red]\npassthrough = required\n");
	ck_assert_exit(hook("before_vm_start", VM_A, NULL), 0);
	ck_assert_str_eq(vf_of(1), "0000:01:10.0 VLAN 200");
	ck_assert_str_eq(vf_of(2), "0000:02:10.0 VLAN 100");
	put_file(DOCUMENT, replaced(document, "off", "required"));
	ck_assert_contains(hook("before_vm_start", VM_A, NULL).err,
		"it is the persistent part of a failover pair already; ");
}
END_TEST

/* --- the VM's property sriov: VFs by the names of their network devices; eth0 to eth6 are those of ens1f0 */

#define MAC_ETH0 "66:5a:d2:be:9a:6d"

/* A VM without vNICs, with that property in its metadata; NULL: without. */
static const char *vm_naming(const char *names, const char *profiles, const char *vnics)
{
	return domain_of(VM_A,
		text("%s%s", names ? text("<o:custom><o:sriov>%s</o:sriov></o:custom>", names) : "",
			profiles),
		vnics);
}

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
			"would set: VF 0 of ens1f0: mac " MAC_ETH0
			"\nvfpt: warning: custom property sriov: eth0: VF 0 of ens1f0 has no VLAN, so the "
			"guest can use any VLAN of the switch port; give it one, or let the port carry none "
			"(see [policy] untagged in vfpt.conf)\nvfpt: vNIC " MAC_ETH0
			": VF 0 of ens1f0 (0000:01:10.0), VLAN 0\n");
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

#define WITHOUT_VLAN                                                                                         \
	"VF 0 of ens1f0 would have no VLAN, so the guest could use any VLAN of the switch port, which "      \
	"vfpt.conf refuses ([policy] untagged); give it one, or use no passthrough"

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

START_TEST(failure_is_one_line_whatever_was_to_be_warned_of_before)
{
	struct outcome outcome;

	/* More than stderr holds back by itself. */
	for (unsigned i = 0; i < 64; i++)
		put_file(record(text("0000:04:%02x.%u", i / 2, i % 2), VM_A), "x");
	ck_assert_uint_gt(strlen(start_vm(VM_A, one_vnic(VM_A, "blue", "required"))), BUFSIZ);
	put_file(DOCUMENT, one_vnic(VM_A, "green", "required"));
	outcome = hook("before_vm_start", VM_A, NULL);
	ck_assert_exit(outcome, 2);
	ck_assert_uint_eq(count_lines(outcome.err), 1);
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
	argv[0] = text("%s/before_vm_start/50_vfpt", directory);
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

/* What of a document a terminal would act on, and what stands in its place. */
static const struct {
	const char *hostile, *shown;
} tricks[] = {
	{"\xc2\x9b[2J", "?[2J"}, /* U+009B: as ESC [ */
	{"\xc2\x85", "?"},       /* U+0085: next line */
	{"\u2028vfpt: all is well", "?vfpt: all is well"},
	{"\u202egnp.exe\u202c", "?gnp.exe?"}, /* read from right to left */
	{"\u2066x\u2069\u200e\u061c", "?x???"},
	{"\x7f\ufeff", "??"},
	{"two\nlines\tand a tab", "two\nlines\tand a tab"},
};

START_TEST(test_shows_nothing_that_a_terminal_acts_on)
{
	const char *directory = getenv("VFPT_TEST_HOOKS"), *document, *shown;
	const char *const env[] = {text("VFPT_ROOT=%s", root), "vmId=" VM_A, NULL};
	const char *argv[] = {NULL, "--test", in_root(DOCUMENT), NULL};
	struct outcome outcome;

	ck_assert_ptr_nonnull(directory);
	for (int changed = 0; changed < 2; changed++) {
		argv[0] = text("%s/%s/50_vfpt", directory, changed ? "before_vm_start" : "after_vm_destroy");
		document = replaced(one_vnic(VM_A, "blue", "required"), "<devices>",
			text("<title>%s</title><devices>", tricks[_i].hostile));
		shown = replaced(document, tricks[_i].hostile, tricks[_i].shown);
		put_file(DOCUMENT, document);
		outcome = run(argv, env);
		ck_assert_exit(outcome, 0);
		ck_assert_contains(outcome.out, text("--- before\n%s--- after\n", shown));
		ck_assert_contains(
			strstr(outcome.out, "--- after"), text("<title>%s</title>", tricks[_i].shown));
		ck_assert_int_eq(strstr(outcome.out, "type=\"hostdev\"") != NULL, changed);
	}
}
END_TEST

START_TEST(test_shows_utf16_as_utf8)
{
	const char *directory = getenv("VFPT_TEST_HOOKS");
	const char *const env[] = {text("VFPT_ROOT=%s", root), "vmId=" VM_A, NULL};
	const char *argv[] = {NULL, "--test", in_root(DOCUMENT), NULL};
	static const char document[] = "<domain><title>\x1b</title><devices/></domain>";
	char bytes[2 * sizeof(document)];
	struct outcome outcome;
	size_t used = 0;

	ck_assert_ptr_nonnull(directory);
	argv[0] = text("%s/before_vm_start/50_vfpt", directory);
	bytes[used++] = '\xff';
	bytes[used++] = '\xfe';
	for (const char *c = document; *c; c++) {
		bytes[used++] = *c;
		bytes[used++] = '\0';
	}
	memcpy(memchr(bytes, '\x1b', used), "\x2e\x20", 2); /* U+202E */
	put_bytes(DOCUMENT, bytes, used);
	outcome = run(argv, env);
	ck_assert_exit(outcome, 0);
	ck_assert_str_eq(outcome.out, "--- before\n<domain><title>?</title><devices/></domain>\n"
				      "--- after\n<domain><title>?</title><devices/></domain>\n");
}
END_TEST

/* In IBM037 U+008F is 0x1b, "$" is "[" and U+00A2 is "J": what is no harm there clears the screen. */
START_TEST(test_shows_nothing_of_a_document_in_ebcdic)
{
	const char *directory = getenv("VFPT_TEST_HOOKS");
	const char *const env[] = {text("VFPT_ROOT=%s", root), "vmId=" VM_A, NULL};
	const char *argv[] = {NULL, "--test", in_root(DOCUMENT), NULL};
	char utf8[] =
		"<?xml version='1.0' encoding='IBM037'?><domain><!--\xc2\x8f$\xc2\xa2--><devices/></domain>";
	char bytes[sizeof(utf8)], *in = utf8, *at = bytes;
	size_t in_left = strlen(utf8), left = sizeof(bytes);
	iconv_t converter = iconv_open("IBM037", "UTF-8");
	struct outcome outcome;

	ck_assert_ptr_nonnull(directory);
	ck_assert_ptr_ne(converter, (iconv_t)-1);
	ck_assert_uint_eq(iconv(converter, &in, &in_left, &at, &left), 0);
	iconv_close(converter);
	ck_assert_ptr_nonnull(memmem(bytes, sizeof(bytes) - left, "\x1b[J", 3));
	put_bytes(DOCUMENT, bytes, sizeof(bytes) - left);
	argv[0] = text("%s/before_vm_start/50_vfpt", directory);
	outcome = run(argv, env);
	ck_assert_refused(outcome, "the document's encoding is EBCDIC; only UTF-8 and UTF-16 are taken");
	ck_assert_str_eq(outcome.out, "");
}
END_TEST

START_TEST(test_of_a_release_gives_nothing_back)
{
	const char *directory = getenv("VFPT_TEST_HOOKS"), *before;
	const char *const env[] = {text("VFPT_ROOT=%s", root), "vmId=" VM_A, NULL};
	const char *argv[] = {NULL, "--test", in_root(DOCUMENT), NULL};
	struct outcome outcome;

	ck_assert_ptr_nonnull(directory);
	argv[0] = text("%s/after_vm_destroy/50_vfpt", directory);
	start_vm(VM_A, one_vnic(VM_A, "blue", "required"));
	before = picture(".");
	outcome = run(argv, env);
	ck_assert_exit(outcome, 0);
	ck_assert_contains(outcome.err, "would set back: VF 0 of ens1f0: ");
	ck_assert_str_eq(picture("."), before);
}
END_TEST

/* --- what a hook that was killed left */

static pid_t dead_process(void)
{
	pid_t pid = fork();

	if (pid == 0)
		_exit(0);
	ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
	return pid;
}

START_TEST(document_that_a_killed_hook_was_writing_is_removed)
{
	const char *dead = text("tmp/x.xml.vfpt-%d-0123456789abcdef", (int)dead_process());
	const char *const kept[] = {text("tmp/x.xml.vfpt-%d-0123456789abcdef", (int)getpid()),
		text("%s.xml", dead), text("%.*s", (int)strlen(dead) - 17, dead), "tmp/x.xml.vfpt-0-0",
		"tmp/other"};

	put_file(dead, "half a docu");
	for (size_t i = 0; i < ARRAY_SIZE(kept); i++)
		put_file(kept[i], "somebody's");
	put_directory(text("tmp/y.xml.vfpt-%d-0123456789abcdef", (int)dead_process()));
	/* Only a hook that writes there looks. */
	ck_assert_exit(hook("after_vm_destroy", VM_A, NULL), 2);
	ck_assert(there_is(dead));
	put_file(DOCUMENT, one_vnic(VM_A, "blue", "required"));
	ck_assert_exit(hook("before_vm_start", VM_A, NULL), 0);
	ck_assert(!there_is(dead));
	for (size_t i = 0; i < ARRAY_SIZE(kept); i++)
		ck_assert_msg(there_is(kept[i]), "%s is gone", kept[i]);
	ck_assert_uint_eq(entries("tmp"), ARRAY_SIZE(kept) + 2);
}
END_TEST

/* --- a stack of 64 KiB */

START_TEST(small_stack_is_enough)
{
	struct rlimit before, small = {.rlim_cur = 64 << 10};
	struct outcome outcome;

	ck_assert_int_eq(getrlimit(RLIMIT_STACK, &before), 0);
	small.rlim_max = before.rlim_max;
	put_file(CONFIG, "[policy]\nnuma = prefer\n[pf ens1f0]\nnetworks = blue, red\nexclude = 0-1\n");
	put_file("proc/net/vlan/config", get_file("proc/net/vlan/config", NULL));
	put_file(DOCUMENT, replaced(one_vnic(VM_A, "blue", "required"), "<devices>",
				   "<vcpu cpuset=\"0-1\">2</vcpu><devices>"));
	ck_assert_int_eq(setrlimit(RLIMIT_STACK, &small), 0);
	outcome = hook("before_vm_start", VM_A, NULL);
	ck_assert_int_eq(setrlimit(RLIMIT_STACK, &before), 0);
	ck_assert_exit(outcome, 0);
	ck_assert_str_eq(vf_of(0), "0000:01:10.4 VLAN 200");
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

	tcase = new_case(suite, "finishing", host_setup);
	tcase_add_test(tcase, vlan_of_the_property_goes_before_the_networks);
	tcase_add_loop_test(tcase, link_is_held_until_the_vm_runs, 0, 2);
	tcase_add_test(tcase, plugged_vnic_is_finished_and_no_other);
	tcase_add_test(tcase, finishing_what_is_gone_is_an_error_that_keeps_the_record);

	tcase = new_case(suite, "the vNIC's own words", host_setup);
	tcase_add_loop_test(
		tcase, vnics_own_words_count_where_no_property_says_otherwise, 0, 2 * ARRAY_SIZE(heeded));

	tcase = new_case(suite, "modes", host_setup);
	tcase_add_loop_test(tcase, macvtap_is_put_on_the_vf, 0, 2);
	tcase_add_test(tcase, macvtap_that_is_plugged_is_not_plugged_again);
	tcase_add_loop_test(tcase, macvtap_has_the_mtu_of_the_vnic, 0, 2);
	tcase_add_test(tcase, pair_stays_on_the_bridge_and_has_the_vf_too);
	tcase_add_loop_test(tcase, vnic_that_cannot_be_half_of_a_pair_is_refused, 0, ARRAY_SIZE(no_pairs));
	tcase_add_test(tcase, pair_without_a_bridge_is_refused);
	tcase_add_loop_test(tcase, port_profile_goes_to_the_document_and_no_vlan, 0, 4);
	tcase_add_loop_test(tcase, what_excludes_each_other_is_refused, 0, ARRAY_SIZE(exclusions));
	tcase_add_test(tcase, sample_of_every_mode_gets_what_it_asks_for);

	tcase = new_case(suite, "defaults", host_setup);
	tcase_add_loop_test(tcase, network_has_defaults_for_its_vnics, 0, ARRAY_SIZE(defaults));
	tcase_add_loop_test(tcase, default_mode_is_the_networks, 0, 3);
	tcase_add_loop_test(
		tcase, what_only_a_bridge_can_do_stays_on_its_bridge, 0, 4 * ARRAY_SIZE(bridge_only));

	tcase = new_case(suite, "one MAC twice", host_setup);
	tcase_add_loop_test(tcase, mac_that_is_there_twice_is_refused, 0, ARRAY_SIZE(twins));
	tcase_add_test(tcase, mac_that_is_there_twice_without_profile_is_not_our_business);
	tcase_add_test(tcase, mac_that_is_there_twice_is_fine_where_aliases_tell);
	tcase_add_test(tcase, pair_of_an_earlier_start_is_told_apart);

	tcase = new_case(suite, "sriov", host_setup);
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

	tcase = new_case(suite, "all or nothing", host_setup);
	tcase_add_test(tcase, one_vnic_that_fails_undoes_the_others);
	tcase_add_test(tcase, bad_property_of_a_later_vnic_is_seen_before_anything_is_done);
	tcase_add_test(tcase, document_that_cannot_be_written_undoes_all);
	tcase_add_test(tcase, record_that_cannot_be_written_fails_the_hook);

	tcase = new_case(suite, "document", host_setup);
	tcase_add_loop_test(tcase, mode_and_owner_of_the_document_stay, 0, 4);
	tcase_add_test(tcase, document_is_replaced_in_one_step);

	tcase = new_case(suite, "left over", host_setup);
	tcase_add_test(tcase, document_that_a_killed_hook_was_writing_is_removed);
	tcase = new_case(suite, "limits", host_setup);
	tcase_add_test(tcase, small_stack_is_enough);
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

	tcase = new_case(suite, "untagged", host_setup);
	tcase_add_loop_test(tcase, vf_without_a_vlan_is_told_in_one_line, 0, 6);
	tcase_add_test(tcase, vf_without_a_vlan_is_refused_where_vfpt_conf_says_so);

	tcase = new_case(suite, "preferred", host_setup);
	tcase_add_loop_test(tcase, preferred_vnic_stays_on_its_bridge_when_it_cannot_have_a_vf, 0, 5);
	tcase_add_test(tcase, preferred_vnic_without_a_network_stays_off_any);
	tcase_add_loop_test(tcase, preferred_vnic_without_a_bridge_is_an_error, 0, 2);
	tcase_add_test(tcase, preferred_vnic_does_not_mask_that_the_host_is_broken);
	tcase_add_test(tcase, preferred_vnic_without_vf_does_not_keep_the_others_from_theirs);

	tcase = new_case(suite, "damaged ledger", host_setup);
	tcase_add_loop_test(
		tcase, damaged_record_of_another_vm_keeps_its_vf_and_no_other, 0, ARRAY_SIZE(damages));
	tcase_add_loop_test(tcase, damaged_record_does_not_keep_the_vms_other_vfs, 0, ARRAY_SIZE(damages));
	tcase_add_test(tcase, foreign_file_in_the_ledger_is_reported_and_nothing_more);
	tcase_add_test(tcase, failure_is_one_line_whatever_was_to_be_warned_of_before);

	tcase = new_case(suite, "command line", host_setup);
	tcase_add_loop_test(tcase, help_is_given, 0, ARRAY_SIZE(points));
	tcase_add_loop_test(tcase, unknown_argument_is_refused, 0, ARRAY_SIZE(bad_arguments));
	tcase_add_loop_test(tcase, test_shows_before_and_after_and_changes_nothing, 0, ARRAY_SIZE(points));
	tcase_add_test(tcase, test_takes_a_document);
	tcase_add_loop_test(tcase, test_shows_nothing_that_a_terminal_acts_on, 0, ARRAY_SIZE(tricks));
	tcase_add_test(tcase, test_shows_utf16_as_utf8);
	tcase_add_test(tcase, test_shows_nothing_of_a_document_in_ebcdic);
	tcase_add_test(tcase, test_of_a_release_gives_nothing_back);
	return run_suite(suite);
}
