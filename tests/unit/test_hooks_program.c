/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A hook as a program: its command line, the document's file, nothing to do. */
#include "hooks_support.h"

#include <iconv.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* --- nothing to do */

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
	Suite *suite = suite_create("hooks_program");
	TCase *tcase = new_case(suite, "nothing to do", host_setup);

	tcase_add_loop_test(tcase, nothing_to_do_touches_nothing, 0, ARRAY_SIZE(idle));
	tcase_add_test(tcase, nothing_to_do_does_not_look_at_the_host);

	tcase = new_case(suite, "document", host_setup);
	tcase_add_loop_test(tcase, mode_and_owner_of_the_document_stay, 0, 4);
	tcase_add_test(tcase, document_is_replaced_in_one_step);

	tcase = new_case(suite, "left over", host_setup);
	tcase_add_test(tcase, document_that_a_killed_hook_was_writing_is_removed);

	tcase = new_case(suite, "limits", host_setup);
	tcase_add_test(tcase, small_stack_is_enough);

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
