/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which VF a vNIC had last time. */
#include "ledger_support.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* --- last time */

static struct vfpt_mac mac_of(unsigned number)
{
	return (struct vfpt_mac){{0x56, 0x6f, 0x1a, 0x2b, 0x00, (uint8_t)number}};
}

/* The VF that the vNIC with that MAC had last time, or "none". */
static const char *last_of(enum vfpt_ledger_mode mode, const char *vm, unsigned mac)
{
	struct vfpt_ledger *ledger = opened(mode);
	const struct vfpt_mac its = mac_of(mac);
	struct vfpt_pci vf = pci("ffff:ff:1f.7");
	char buffer[VFPT_PCI_SIZE];
	bool found = vfpt_ledger_last(ledger, vm, &its, &vf);

	vfpt_ledger_close(ledger);
	vfpt_pci_format(&vf, buffer);
	if (found)
		return text("%s", buffer);
	ck_assert_str_eq(buffer, "ffff:ff:1f.7");
	return "none";
}

static void ck_assert_last(const char *vm, unsigned mac, const char *expected)
{
	static const enum vfpt_ledger_mode all[] = {
		VFPT_LEDGER_LOOK, VFPT_LEDGER_RELEASE, VFPT_LEDGER_ASSIGN};

	for (size_t i = 0; i < ARRAY_SIZE(all); i++)
		ck_assert_str_eq(last_of(all[i], vm, mac), expected);
}

/* That vNIC has the VF for a while. */
static struct vfpt_assignment had(const char *vm, unsigned mac, const char *address, bool keep_in_mind)
{
	struct vfpt_ledger *ledger = opened(VFPT_LEDGER_ASSIGN);
	struct vfpt_assignment a = assignment(vm, address);

	a.mac = mac_of(mac);
	ck_assert_ok(vfpt_ledger_put(ledger, &a, &err), err);
	ck_assert_ok(vfpt_ledger_remove(ledger, &a, keep_in_mind, &err), err);
	vfpt_ledger_close(ledger);
	ck_assert(!there_is(text("run/vfpt/%s@%s", address, vm)));
	return a;
}

START_TEST(vf_of_last_time_is_found_by_vm_and_mac)
{
	const char *record;

	ck_assert_last(VM_A, 1, "none");
	put(VM_A, VF_0);
	record = get_file(RECORD_A, NULL);
	ck_assert_last(VM_A, 1, "none"); /* that is now, not last time */
	drop(RECORD_A);
	had(VM_A, 1, VF_0, true);
	ck_assert_last(VM_A, 1, VF_0);
	ck_assert_last(VM_A, 2, "none");
	ck_assert_last(VM_B, 1, "none");
	ck_assert_last("", 1, "none");
	/* It is the record as it was, in another place. */
	ck_assert_uint_eq(strlen(get_file(LAST_A, NULL)), strlen(record));
	ck_assert_contains(get_file(LAST_A, NULL), "complete = yes");
	ck_assert_uint_eq(entries("run/vfpt"), 1);
	ck_assert_uint_eq(entries("run/vfpt/last"), 1);
}
END_TEST

START_TEST(each_vnic_has_a_last_time_of_its_own)
{
	had(VM_A, 1, VF_0, true);
	had(VM_A, 2, VF_1, true);
	had(VM_B, 1, "0000:01:10.4", true);
	ck_assert_last(VM_A, 1, VF_0);
	ck_assert_last(VM_A, 2, VF_1);
	ck_assert_last(VM_B, 1, "0000:01:10.4");
	ck_assert_last(VM_B, 2, "none");
}
END_TEST

/* Whatever order the directory has. */
START_TEST(newest_memory_counts)
{
	static const char *const vfs[] = {VF_0, VF_1, "0000:01:10.4", "0000:01:10.6", "0000:02:10.0"};

	for (size_t i = 0; i < 3 * ARRAY_SIZE(vfs); i++) {
		const char *vf = vfs[i * 3 % ARRAY_SIZE(vfs)];

		had(VM_A, 1, vf, true);
		ck_assert_last(VM_A, 1, vf);
		ck_assert_uint_eq(entries("run/vfpt/last"), 1);
	}
}
END_TEST

START_TEST(vf_remembers_the_last_that_had_it_only)
{
	had(VM_A, 1, VF_0, true);
	had(VM_A, 2, VF_1, true);
	had(VM_B, 7, VF_1, true);
	ck_assert_uint_eq(entries("run/vfpt/last"), 2);
	ck_assert_last(VM_B, 7, VF_1);
	ck_assert_last(VM_A, 1, VF_0);
	ck_assert_last(VM_A, 2, "none");
	had(VM_A, 2, VF_0, true); /* another vNIC of the same VM */
	ck_assert_uint_eq(entries("run/vfpt/last"), 2);
	ck_assert_last(VM_A, 1, "none");
	ck_assert_last(VM_A, 2, VF_0);
	had(VM_B, 7, VF_0, true);
	ck_assert_uint_eq(entries("run/vfpt/last"), 1);
	ck_assert_last(VM_A, 2, "none");
	ck_assert_last(VM_B, 7, VF_0);
}
END_TEST

/* Addresses that look alike. */
START_TEST(vf_does_not_forget_for_another)
{
	static const char *const vfs[] = {
		VF_0, "10000:01:10.0", "0001:01:10.0", "0000:11:10.0", "0000:01:11.0", "0000:01:10.1"};

	for (unsigned i = 0; i < ARRAY_SIZE(vfs); i++)
		had(VM_A, i, vfs[i], true);
	had(VM_B, 99, VF_0, true);
	ck_assert_uint_eq(entries("run/vfpt/last"), ARRAY_SIZE(vfs));
	ck_assert_last(VM_A, 0, "none");
	for (unsigned i = 1; i < ARRAY_SIZE(vfs); i++)
		ck_assert_last(VM_A, i, vfs[i]);
}
END_TEST

START_TEST(undone_assignment_makes_no_memory)
{
	had(VM_A, 1, VF_0, false);
	ck_assert_uint_eq(entries("run/vfpt"), 0);
	ck_assert_last(VM_A, 1, "none");
	/* nor does it touch the one that is there */
	had(VM_A, 1, VF_0, true);
	had(VM_A, 1, VF_1, false);
	had(VM_B, 2, VF_0, false);
	ck_assert_last(VM_A, 1, VF_0);
	ck_assert_last(VM_B, 2, "none");
	ck_assert_uint_eq(entries("run/vfpt/last"), 1);
}
END_TEST

START_TEST(late_removal_makes_no_memory)
{
	struct vfpt_assignment old = had(VM_A, 1, VF_0, false), new = put(VM_A, VF_0), other = new;
	struct vfpt_ledger *ledger = opened(VFPT_LEDGER_RELEASE);

	memcpy(other.vm, VM_B, sizeof(other.vm));
	ck_assert_ok(vfpt_ledger_remove(ledger, &old, true, &err), err);
	ck_assert_ok(vfpt_ledger_remove(ledger, &other, true, &err), err);
	vfpt_ledger_close(ledger);
	ck_assert(!there_is("run/vfpt/last"));
	ck_assert(there_is(RECORD_A));
}
END_TEST

START_TEST(memory_is_no_record)
{
	struct vfpt_ledger *ledger;
	size_t corrupt;

	had(VM_A, 1, VF_0, true);
	catch_stderr();
	ledger = opened(VFPT_LEDGER_ASSIGN);
	ck_assert_ptr_null(owner(ledger, VF_0));
	ck_assert_uint_eq(of_vm(ledger, VM_A, NULL, &corrupt), 0);
	ck_assert_uint_eq(corrupt, 0);
	vfpt_ledger_close(ledger);
	ck_assert_str_eq(caught_stderr(), "");
	/* and in nobody's way */
	put(VM_B, VF_0);
	put(VM_A, VF_1);
	ck_assert_last(VM_A, 1, VF_0);
}
END_TEST

/* Names alone count; the VF that is remembered well is found beside these. */
START_TEST(other_names_in_the_memory_are_none)
{
	static const char *const names[] = {".new", "README", VF_0, VF_0 "@", VF_0 "@" VM_A,
		VF_0 "@" VM_A "@", VF_0 "@" VM_B MAC_1, VF_0 "@" VM_A MAC_1 "~", VF_0 "~@" VM_A MAC_1,
		"0000:01:10@" VM_A MAC_1, "@" VM_A MAC_1,
		"0000:01:10.00000000000000000000000000@" VM_A MAC_1};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		put_file(text("run/vfpt/last/%s", names[i]), "");
	catch_stderr();
	ck_assert_str_eq(last_of(VFPT_LEDGER_ASSIGN, VM_A, 1), "none");
	put_file("run/vfpt/last/" VF_1 "@" VM_A MAC_1, "");
	ck_assert_str_eq(last_of(VFPT_LEDGER_ASSIGN, VM_A, 1), VF_1);
	ck_assert_str_eq(caught_stderr(), "");
}
END_TEST

/* Others' files there are nobody's memory, and stay when a VF forgets. */
START_TEST(foreign_file_in_the_memory_is_left_alone)
{
	static const char *const names[] = {"README", ".new", ("@" VM_B), VF_1, VF_0};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		put_file(text("run/vfpt/last/%s", names[i]), "x");
	catch_stderr();
	had(VM_A, 1, VF_0, true);
	ck_assert_str_eq(caught_stderr(), "");
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		ck_assert_str_eq(get_file(text("run/vfpt/last/%s", names[i]), NULL), "x");
	ck_assert_last(VM_A, 1, VF_0);
}
END_TEST

/* What stands in the place of the directory, or of one memory in it: the record goes all the same. */
static const struct {
	const char *path, *target; /* of a link; "" a file; NULL a directory */
	bool works;
} obstacles[] = {
	{"run/vfpt/last", "", false},
	{"run/vfpt/last", "../../elsewhere", false},
	{"run/vfpt/last", "nowhere", false},
	{"run/vfpt/last", "last", false},
	{"run/vfpt/last", ".", false},
	{LAST_A, NULL, true}, /* its name says it all */
	{LAST_A, "", true},   /* replaced, like any memory */
	{LAST_A, "../../../elsewhere/precious", true},
	{"run/vfpt/last/" VF_0 "@" VM_B MAC_1, NULL, true},
};

START_TEST(obstacle_to_the_memory_keeps_no_vf_taken)
{
	const char *path = obstacles[_i].path, *target = obstacles[_i].target, *before;

	put_file("elsewhere/precious", "precious");
	put_directory("run");
	if (!target)
		put_directory(path);
	else if (*target)
		put_link(path, target);
	else
		put_file(path, "x");
	before = picture("elsewhere");
	catch_stderr();
	had(VM_A, 1, VF_0, true);
	ck_assert_last(VM_A, 1, obstacles[_i].works ? VF_0 : "none");
	ck_assert_str_eq(caught_stderr(), "");
	ck_assert_str_eq(picture("elsewhere"), before);
	ck_assert(there_is(path));
}
END_TEST

/* Somebody else's memory could send each VM where he wants it. */
START_TEST(memory_behind_a_link_is_none)
{
	had(VM_A, 1, VF_0, true);
	move("run/vfpt/last", "elsewhere");
	put_link("run/vfpt/last", "../../elsewhere");
	ck_assert(there_is(LAST_A));
	ck_assert_last(VM_A, 1, "none");
}
END_TEST

static void check_memory_denied(void)
{
	struct vfpt_assignment a = assignment(VM_A, VF_1);
	struct vfpt_ledger *ledger;
	struct vfpt_pci vf;

	become_nobody();
	need(vfpt_ledger_open(root_fd, VFPT_LEDGER_ASSIGN, WAIT, &ledger, &err) == 0, "it opens: %s",
		err.message);
	need(vfpt_ledger_put(ledger, &a, &err) == 0, "put: %s", err.message);
	need(vfpt_ledger_remove(ledger, &a, true, &err) == 0, "remove: %s", err.message);
	need(!vfpt_ledger_owner(ledger, &a.address), "the VF is free");
	(void)vfpt_ledger_last(ledger, VM_A, &a.mac, &vf);
	vfpt_ledger_close(ledger);
}

/* Someone else's directory: closed, or for reading only. */
START_TEST(memory_that_may_not_be_written_keeps_no_vf_taken)
{
	static const mode_t denials[] = {0, 0111, 0555, 0222};

	had(VM_A, 1, VF_0, true);
	if (geteuid() == 0) /* it is nobody's ledger then, and the memory in it is not */
		ck_assert_int_eq(fchownat(root_fd, "run/vfpt", 65534, 65534, 0), 0);
	ck_assert_int_eq(fchmodat(root_fd, "run/vfpt/last", denials[_i], 0), 0);
	catch_stderr();
	in_child(check_memory_denied);
	ck_assert_str_eq(caught_stderr(), "");
	ck_assert_int_eq(fchmodat(root_fd, "run/vfpt/last", 0755, 0), 0);
	ck_assert_int_eq(fchownat(root_fd, "run/vfpt", geteuid(), getegid(), 0), 0);
	ck_assert_uint_eq(entries("run/vfpt"), 1);
	ck_assert_last(VM_A, 1, VF_0);
}
END_TEST

static void check_memory_unreadable(void)
{
	struct vfpt_ledger *ledger;
	struct vfpt_pci vf;
	const struct vfpt_mac mac = mac_of(1);

	become_nobody();
	need(vfpt_ledger_open(root_fd, VFPT_LEDGER_RELEASE, WAIT, &ledger, &err) == 0, "it opens: %s",
		err.message);
	need(!vfpt_ledger_last(ledger, VM_A, &mac, &vf), "there is none that can be read");
	vfpt_ledger_close(ledger);
}

START_TEST(unreadable_memory_is_none)
{
	had(VM_A, 1, VF_0, true);
	ck_assert_int_eq(fchmodat(root_fd, "run/vfpt", 0755, 0), 0);
	ck_assert_int_eq(fchmodat(root_fd, "run/vfpt/last", 0, 0), 0);
	catch_stderr();
	in_child(check_memory_unreadable);
	ck_assert_str_eq(caught_stderr(), "");
	ck_assert_int_eq(fchmodat(root_fd, "run/vfpt/last", 0755, 0), 0);
}
END_TEST

START_TEST(looking_changes_nothing)
{
	struct vfpt_assignment a;
	struct vfpt_ledger *ledger;
	const char *before;
	struct vfpt_pci vf;

	had(VM_A, 1, VF_0, true);
	a = put(VM_A, VF_1);
	before = picture("run");
	ledger = opened(VFPT_LEDGER_LOOK);
	ck_assert_str_eq(owner(ledger, VF_1), VM_A);
	ck_assert(vfpt_ledger_last(ledger, VM_A, &a.mac, &vf));
	vfpt_ledger_close(ledger);
	ck_assert_str_eq(picture("run"), before);
}
END_TEST

START_TEST(ledger_that_does_not_exist_remembers_nothing)
{
	ck_assert_str_eq(last_of(VFPT_LEDGER_LOOK, VM_A, 1), "none");
	ck_assert_str_eq(last_of(VFPT_LEDGER_RELEASE, VM_A, 1), "none");
	ck_assert_uint_eq(entries("."), 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("ledger_last");
	TCase *tcase = new_case(suite, "last time", empty_setup);

	tcase_add_test(tcase, vf_of_last_time_is_found_by_vm_and_mac);
	tcase_add_test(tcase, each_vnic_has_a_last_time_of_its_own);
	tcase_add_test(tcase, newest_memory_counts);
	tcase_add_test(tcase, vf_remembers_the_last_that_had_it_only);
	tcase_add_test(tcase, vf_does_not_forget_for_another);
	tcase_add_test(tcase, undone_assignment_makes_no_memory);
	tcase_add_test(tcase, late_removal_makes_no_memory);
	tcase_add_test(tcase, memory_is_no_record);
	tcase_add_test(tcase, other_names_in_the_memory_are_none);
	tcase_add_test(tcase, foreign_file_in_the_memory_is_left_alone);
	tcase_add_loop_test(tcase, obstacle_to_the_memory_keeps_no_vf_taken, 0, ARRAY_SIZE(obstacles));
	tcase_add_test(tcase, memory_behind_a_link_is_none);
	tcase_add_loop_test(tcase, memory_that_may_not_be_written_keeps_no_vf_taken, 0, 4);
	tcase_add_test(tcase, unreadable_memory_is_none);
	tcase_add_test(tcase, looking_changes_nothing);
	tcase_add_test(tcase, ledger_that_does_not_exist_remembers_nothing);
	return run_suite(suite);
}
