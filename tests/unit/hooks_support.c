/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "hooks_support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *const points[POINTS] = {"before_vm_start", "after_vm_start", "after_vm_destroy",
	"before_nic_hotplug", "after_nic_hotplug", "after_nic_hotplug_fail", "after_nic_hotunplug",
	"before_vm_migrate_source"};

/* --- documents */

const char *vnic(const char *mac, const char *network)
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

const char *profile(const char *mac, const char *passthrough)
{
	return text("      <o:device "
		    "mac_address=\"%s\"><o:custom><o:passthrough>%s</o:passthrough></o:custom></o:device>\n",
		mac, passthrough);
}

const char *domain_of(const char *vm, const char *profiles, const char *vnics)
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

const char *metadata_of(const char *mac, const char *network, const char *properties)
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

const char *mac_of(const char *vm)
{
	return strcmp(vm, VM_A) == 0 || strlen(vm) != strlen(VM_A)
		       ? MAC_1
		       : text("56:6f:1a:ff:%.2s:%.2s", vm + 32, vm + 34);
}

const char *one_vnic(const char *vm, const char *network, const char *passthrough)
{
	return domain_of(vm, profile(mac_of(vm), passthrough), vnic(mac_of(vm), network));
}

const char *asking(const char *name, const char *value)
{
	const char *profiles = replaced(profile(MAC_1, "required"), "</o:custom>",
		text("<o:%s>%s</o:%s></o:custom>", name, value, name));

	return domain_of(VM_A, profiles, vnic(MAC_1, "blue"));
}

const char *vm_naming(const char *names, const char *profiles, const char *vnics)
{
	return domain_of(VM_A,
		text("%s%s", names ? text("<o:custom><o:sriov>%s</o:sriov></o:custom>", names) : "",
			profiles),
		vnics);
}

const char *interface(unsigned n)
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

const char *vf_of(unsigned n)
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

unsigned interfaces(void)
{
	unsigned count = 0;

	for (const char *at = get_file(DOCUMENT, NULL); (at = strstr(at, "<interface")); at++)
		count++;
	return count;
}

/* --- running */

struct outcome hook_with(const char *point, const char *argument, const char *const env[8])
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

struct outcome hook(const char *point, const char *vm, const char *property)
{
	const char *const env[8] = {
		text("_hook_domxml=%s", in_root(DOCUMENT)), text("vmId=%s", vm), property, NULL};

	return hook_with(point, NULL, env);
}

struct outcome started_with(const char *vm, const char *document)
{
	put_file(DOCUMENT, document);
	return hook("before_vm_start", vm, NULL);
}

struct outcome plugged_with(const char *vm, const char *document, const char *properties)
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

void ck_assert_exit(struct outcome outcome, int code)
{
	ck_assert_msg(outcome.code == code, "exit code is %d, not %d: %s", outcome.code, code, outcome.err);
}

const char *start_vm(const char *vm, const char *document)
{
	struct outcome outcome;

	put_file(DOCUMENT, document);
	outcome = hook("before_vm_start", vm, NULL);
	ck_assert_exit(outcome, 0);
	ck_assert_str_eq(outcome.out, "");
	return outcome.err;
}

const char *destroy_vm(const char *vm)
{
	struct outcome outcome;

	put_file(DOCUMENT, domain_of(vm, "", ""));
	outcome = hook("after_vm_destroy", vm, NULL);
	ck_assert_exit(outcome, 0);
	ck_assert_str_eq(outcome.out, "");
	return outcome.err;
}

const char *plug(const char *vm, const char *document, const char *property)
{
	struct outcome outcome;

	put_file(DOCUMENT, document);
	outcome = hook("before_nic_hotplug", vm, property);
	ck_assert_exit(outcome, 0);
	return outcome.err;
}

const char *unplug(const char *vm, const char *mac, const char *alias)
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

void ck_assert_refused(struct outcome outcome, const char *reason)
{
	ck_assert_exit(outcome, 2);
	ck_assert_str_eq(outcome.out, "");
	ck_assert_msg(count_lines(outcome.err) == 1, "not one line: \"%s\"", outcome.err);
	ck_assert_int_eq(outcome.err[strlen(outcome.err) - 1], '\n');
	ck_assert_int_eq(strncmp(outcome.err, "vfpt: ", 6), 0);
	ck_assert_contains(outcome.err, reason);
	ck_assert_uint_eq(entries(LEDGER), 0);
}

const char *refused(const char *point, const char *document, const char *property, const char *reason)
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

/* --- the host */

const char *record(const char *vf, const char *vm)
{
	return text(LEDGER "/%.12s@%s", vf, vm);
}

void no_vfs(void)
{
	put_file(PF_1 "sriov_numvfs", "0\n");
}
