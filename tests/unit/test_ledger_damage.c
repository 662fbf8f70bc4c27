/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Records that are no good, and what does not belong in the ledger. */
#include "ledger_support.h"

#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

/* --- crashes, and what does not belong there */

START_TEST(leftover_of_a_killed_writer_is_no_record_and_in_nobodys_way)
{
	struct vfpt_assignment a, back;
	struct vfpt_ledger *ledger;
	size_t corrupt;

	put_file("run/vfpt/.new", "[assignment]\nvm = 3f0f5d7e-6c1a");
	catch_stderr();
	a = put(VM_A, VF_0);
	ck_assert_str_eq(caught_stderr(), "");
	ck_assert(!there_is("run/vfpt/.new"));
	ledger = opened(VFPT_LEDGER_RELEASE);
	ck_assert_uint_eq(of_vm(ledger, VM_A, &back, &corrupt), 1);
	ck_assert_same(&back, &a);
	vfpt_ledger_close(ledger);
}
END_TEST

/* Somebody who can write there must not have us write elsewhere. */
START_TEST(leftover_that_is_a_link_is_not_followed)
{
	put_file("precious", "precious");
	put_link("run/vfpt/.new", "../../precious");
	put(VM_A, VF_0);
	ck_assert_str_eq(get_file("precious", NULL), "precious");
	ck_assert_contains(get_file(RECORD_A, NULL), "complete = yes");
}
END_TEST

/* The record of VM A is bad; that of VM B is not. @return what was printed */
static const char *check_corrupt(const char *reason)
{
	struct vfpt_ledger *ledger = opened(VFPT_LEDGER_ASSIGN);
	struct vfpt_assignment again = assignment(VM_A, VF_0), b;
	const char *printed;
	size_t corrupt;

	catch_stderr();
	ck_assert_uint_eq(of_vm(ledger, VM_A, NULL, &corrupt), 0);
	printed = caught_stderr();
	ck_assert_uint_eq(corrupt, 1);
	ck_assert_contains(printed, "vfpt: warning: ledger record /" RECORD_A ": ");
	ck_assert_contains(printed, reason);
	ck_assert_uint_eq(count_lines(printed), 1);
	/* The VF stays taken. */
	ck_assert_str_eq(owner(ledger, VF_0), VM_A);
	ck_assert_fails(vfpt_ledger_put(ledger, &again, &err), err, VFPT_SYSTEM);
	/* The other VM does not notice. */
	catch_stderr();
	ck_assert_uint_eq(of_vm(ledger, VM_B, &b, &corrupt), 1);
	ck_assert_str_eq(caught_stderr(), "");
	ck_assert_uint_eq(corrupt, 0);
	ck_assert_str_eq(b.vm, VM_B);
	vfpt_ledger_close(ledger);
	ck_assert(there_is(RECORD_A));
	return printed;
}

START_TEST(record_cut_off_anywhere_is_corrupt)
{
	struct vfpt_assignment back;
	struct vfpt_ledger *ledger;
	struct vfpt_assignment a = put(VM_A, VF_0);
	const char *whole;
	size_t size, corrupt;

	put(VM_B, VF_1);
	whole = get_file(RECORD_A, &size);
	ck_assert_uint_gt(size, 200);
	/* All but the last line's end: nothing of it is lost without that. */
	for (size_t length = 0; length < size - 1; length++) {
		put_bytes(RECORD_A, whole, length);
		check_corrupt("its VF stays taken");
	}
	put_bytes(RECORD_A, whole, size - 1);
	ledger = opened(VFPT_LEDGER_RELEASE);
	ck_assert_uint_eq(of_vm(ledger, VM_A, &back, &corrupt), 1);
	ck_assert_same(&back, &a);
	vfpt_ledger_close(ledger);
}
END_TEST

/* What a lost page of a disk looks like. */
START_TEST(record_with_nul_bytes_from_anywhere_on_is_corrupt)
{
	const char *whole;
	char bytes[4096];
	size_t size;

	put(VM_A, VF_0);
	put(VM_B, VF_1);
	whole = get_file(RECORD_A, &size);
	ck_assert_uint_lt(size, sizeof(bytes));
	for (size_t from = 0; from < size; from++) {
		memset(bytes, 0, sizeof(bytes));
		memcpy(bytes, whole, from);
		put_bytes(RECORD_A, bytes, size);
		check_corrupt("it is garbage");
	}
}
END_TEST

START_TEST(one_damaged_byte_never_gives_a_vf_to_another_vm)
{
	struct vfpt_assignment a = put(VM_A, VF_0), back;
	const char *whole;
	char bytes[4096];
	size_t size;

	whole = get_file(RECORD_A, &size);
	ck_assert_uint_lt(size, sizeof(bytes));
	catch_stderr();
	for (size_t at = 0; at < size; at++)
		for (unsigned bit = 0; bit < 8; bit++) {
			struct vfpt_ledger *ledger;
			size_t corrupt;

			memcpy(bytes, whole, size);
			bytes[at] = (char)(bytes[at] ^ 1 << bit);
			put_bytes(RECORD_A, bytes, size);
			ledger = opened(VFPT_LEDGER_RELEASE);
			ck_assert_str_eq(owner(ledger, VF_0), VM_A);
			if (of_vm(ledger, VM_A, &back, &corrupt) == 1) {
				/* a changed digit may be a good one, but who has what is sure */
				ck_assert_str_eq(back.vm, a.vm);
				ck_assert_msg(vfpt_pci_equal(&back.address, &a.address), "byte %zu bit %u",
					at, bit);
			} else {
				ck_assert_uint_eq(corrupt, 1);
			}
			vfpt_ledger_close(ledger);
		}
	ck_assert_contains(caught_stderr(), "its VF stays taken");
}
END_TEST

/* A whole record in which one line is another. */
static const struct {
	const char *line, *instead, *reason;
} damages[] = {
	{"vm = " VM_A, "vm = " VM_B, "it speaks of another VM or VF than its name"},
	{"address = " VF_0, "address = " VF_1, "it speaks of another VM or VF than its name"},
	{"vm = " VM_A, "vm = x", "line 2 is garbage"},
	{"vm = " VM_A, "vm =", "line 2 is garbage"},
	{"mac = 56:6f:1a:2b:00:01", "mac = 56:6f:1a:2b:00", "line 3 is garbage"},
	{"mac = 56:6f:1a:2b:00:01", "mac = ", "line 3 is garbage"},
	{"vf = 3", "vf = -3", "line 7 is garbage"},
	{"vf = 3", "vf = 65536", "line 7 is garbage"},
	{"vf = 3", "vf = 3x", "line 7 is garbage"},
	{"vf = 3", "vf = ", "line 7 is garbage"},
	{"vf = 3", "vf = 99999999999999999999999", "line 7 is garbage"},
	{"address = " VF_0, "address = x", "line 8 is garbage"},
	{"generation = ", "generation = x", "line 9 is garbage"},
	{"generation = ", "generation = -", "line 9 is garbage"},
	{"generation = ", "generation = 99999999999999999999999", "line 9 is garbage"},
	{"pf = ens1f0", "pf = sixteencharacter", "line 6 is garbage"},
	{"alias = ", "alias = 0123456789012345678901234567890123456789", "line 4 is garbage"},
	{"network = red", "network = 0123456789012345678901234567890123456789012345678901234567890123",
		"line 5 is garbage"},
	{"macvtap = 1", "macvtap = 2", "line 11 is garbage"},
	{"macvtap = 1", "macvtap = yes", "line 11 is garbage"},
	{"macvtap = 1", "macvtap =", "line 11 is garbage"},
	{"mtu_before = 1500", "mtu_before = -1", "line 12 is garbage"},
	{"mtu_before = 1500", "mtu_before = 4294967296", "line 12 is garbage"},
	{"mtu = 9000", "mtu = 9k", "line 13 is garbage"},
	{"mtu = 9000", "mtu = 4294967296", "line 13 is garbage"},
	{"mtu = 9000", "mtu =", "line 13 is garbage"},
	{"mtu = 9000", "MTU = 9000", "line 13 is garbage"},
	{"own_mac = 66:5a:d2:be:9a:6d", "own_mac = 1", "line 14 is garbage"},
	{"own_mac = 66:5a:d2:be:9a:6d", "own_mac =", "line 14 is garbage"},
	{"unfinished = 0", "unfinished = -1", "line 15 is garbage"},
	{"unfinished = 0", "unfinished =", "line 15 is garbage"},
	{"mac = fe:ff:ff:ff:ff:ff", "mac = fe:ff:ff:ff:ff:fg", "line 18 is garbage"},
	{"vlan_id = 4094", "vlan_id = 4096", "line 19 is garbage"},
	{"vlan_priority = 7", "vlan_priority = 8", "line 20 is garbage"},
	{"vlan_protocol = 802.1ad", "vlan_protocol = 802.1ax", "line 21 is garbage"},
	{"max_tx_rate = 4294967295", "max_tx_rate = 4294967296", "line 22 is garbage"},
	{"spoofchk = on", "spoofchk = maybe", "line 24 is garbage"},
	{"link_state = disable", "link_state = ", "line 27 is garbage"},
	{"vlan_id = ", "colour = ", "line 19 is garbage"},
	{"vlan_id = 2047", "vlan_id = x", "line 31 is garbage"},
	{"[wanted]", "[asked for]", "line 30 is garbage"},
	{"pf = ", "colour = ", "line 6 is garbage"},
	{"[before]", "[after]", "line 18 is garbage"},
	{"[assignment]", "assignment", "line 1 is garbage"},
	{"complete = yes", "complete = no", "is garbage"},
	{"complete = yes", "", "it is cut off"},
	{"mac = 56:6f:1a:2b:00:01\n", "", "it is cut off"},
	{"vm = " VM_A "\n", "", "it is cut off"},
	{"vf = 3\n", "", "it is cut off"},
	{"address = " VF_0 "\n", "", "it is cut off"},
	{"generation", "; generation", "it is cut off"},
};

START_TEST(record_with_a_bad_line_is_corrupt)
{
	put(VM_A, VF_0);
	put(VM_B, VF_1);
	put_file(RECORD_A, replaced(get_file(RECORD_A, NULL), damages[_i].line, damages[_i].instead));
	check_corrupt(damages[_i].reason);
}
END_TEST

static const char *filled(char byte, size_t size)
{
	static char bytes[1 << 20];

	memset(bytes, byte, size);
	bytes[size] = '\0';
	return bytes;
}

START_TEST(garbage_is_corrupt)
{
	char bytes[256];

	put(VM_A, VF_0);
	put(VM_B, VF_1);
	put_file(RECORD_A, "");
	check_corrupt("it is cut off");
	put_file(RECORD_A, "\n\n\n");
	check_corrupt("it is cut off");
	put_file(RECORD_A, "not = a record");
	check_corrupt("is garbage");
	for (unsigned i = 0; i < sizeof(bytes); i++)
		bytes[i] = (char)(255 - i);
	put_bytes(RECORD_A, bytes, sizeof(bytes));
	check_corrupt("is garbage");
	put_bytes(RECORD_A, "", 1);
	check_corrupt("is garbage");
	put_file(RECORD_A, filled('[', 1000));
	check_corrupt("is garbage");
	put_file(RECORD_A, filled('x', (1 << 20) - 1));
	check_corrupt("it is garbage");
	put_file(RECORD_A, filled('\n', (1 << 20) - 1));
	check_corrupt("it is garbage");
}
END_TEST

START_TEST(record_that_is_a_directory_is_reported)
{
	put(VM_B, VF_1);
	put_directory(RECORD_A);
	check_corrupt("it is no file of root or vdsm");
}
END_TEST

START_TEST(record_that_is_a_pipe_keeps_nobody_waiting)
{
	put(VM_B, VF_1);
	ck_assert_int_eq(mkfifoat(root_fd, RECORD_A, 0644), 0);
	check_corrupt("it is no file of root or vdsm");
}
END_TEST

START_TEST(record_that_others_can_write_is_not_believed)
{
	static const mode_t modes[] = {0664, 0646, 0666};

	put(VM_A, VF_0);
	put(VM_B, VF_1);
	ck_assert_int_eq(fchmodat(root_fd, RECORD_A, modes[_i], 0), 0);
	check_corrupt("it is no file of root or vdsm that nobody else can write");
}
END_TEST

START_TEST(record_of_someone_else_is_not_believed)
{
	put(VM_A, VF_0);
	put(VM_B, VF_1);
	if (fchownat(root_fd, RECORD_A, 12345, 12345, 0) < 0)
		return; /* not root: nothing can be someone else's */
	check_corrupt("it is no file of root or vdsm that nobody else can write");
}
END_TEST

START_TEST(corrupt_record_is_not_removed_and_named)
{
	struct vfpt_assignment a = put(VM_A, VF_0);
	struct vfpt_ledger *ledger;

	put_file(RECORD_A, "garbage");
	ledger = opened(VFPT_LEDGER_RELEASE);
	ck_assert_fails(vfpt_ledger_remove(ledger, &a, remember[_i], &err), err, VFPT_CORRUPT);
	ck_assert_contains(err.message, "ledger record /" RECORD_A ": ");
	ck_assert_str_eq(owner(ledger, VF_0), VM_A);
	vfpt_ledger_close(ledger);
	ck_assert(there_is(RECORD_A));
	ck_assert(!there_is(LAST_A));
}
END_TEST

static const char *const foreign[] = {
	"README",
	"lock",
	"@",
	"@" VM_A,
	"0000:01:10.8@" VM_A,
	"01:10.0@" VM_A,
	"0000:01:10.0.bak@" VM_A,
	"00000000000000000000000000000000000000000000000000000000000000000:01:10.0@" VM_A,
	"\x1b[31m\n",
};

START_TEST(foreign_file_is_reported_and_left_alone)
{
	const char *path = text("run/vfpt/%s", foreign[_i]), *printed;
	struct vfpt_ledger *ledger;

	put(VM_A, VF_0);
	put_file(path, "x");
	catch_stderr();
	ledger = opened(VFPT_LEDGER_ASSIGN);
	printed = caught_stderr();
	ck_assert_contains(printed, "is no record and is ignored; remove it");
	ck_assert_uint_eq(count_lines(printed), 1);
	ck_assert_str_eq(owner(ledger, VF_0), VM_A);
	ck_assert_ptr_null(owner(ledger, VF_1));
	vfpt_ledger_close(ledger);
	ck_assert_str_eq(get_file(path, NULL), "x");
}
END_TEST

static const char *const vmless[] = {VF_0, VF_0 "@", VF_0 "@x", VF_0 "@" VM_A "~", VF_0 "@@" VM_A};

/* Who knows what it was: the VF is not given away. */
START_TEST(name_with_an_address_but_no_vm_keeps_the_vf_taken)
{
	struct vfpt_assignment a = assignment(VM_A, VF_0);
	struct vfpt_ledger *ledger;
	const char *printed;
	size_t corrupt;

	put_file(text("run/vfpt/%s", vmless[_i]), "x");
	catch_stderr();
	ledger = opened(VFPT_LEDGER_ASSIGN);
	printed = caught_stderr();
	ck_assert_contains(printed, "names no VM; VF " VF_0 " counts as taken until it is removed");
	ck_assert_uint_eq(count_lines(printed), 1);
	ck_assert_str_eq(owner(ledger, VF_0), "");
	ck_assert_uint_eq(of_vm(ledger, VM_A, NULL, &corrupt), 0);
	ck_assert_uint_eq(corrupt, 0);
	ck_assert_fails(vfpt_ledger_put(ledger, &a, &err), err, VFPT_SYSTEM);
	vfpt_ledger_close(ledger);
	ck_assert(there_is(text("run/vfpt/%s", vmless[_i])));
}
END_TEST

/* What cannot be read just now says nothing about the record: no VF is left out, the caller hears of it. */
START_TEST(record_that_cannot_be_read_just_now_is_an_error)
{
	struct vfpt_ledger *ledger;
	struct vfpt_assignment *all;
	struct rlimit limit, before;
	size_t count, corrupt;
	bool holds;
	struct vfpt_assignment a = put(VM_A, VF_0);
	int next;

	ledger = opened(VFPT_LEDGER_RELEASE);
	next = dup(root_fd);
	close(next);
	ck_assert(getrlimit(RLIMIT_NOFILE, &before) == 0);
	limit = before;
	limit.rlim_cur = (rlim_t)next;
	ck_assert(setrlimit(RLIMIT_NOFILE, &limit) == 0);
	ck_assert_fails(vfpt_ledger_of_vm(ledger, VM_A, &all, &count, &corrupt, &err), err, VFPT_SYSTEM);
	ck_assert_str_eq(err.message, "ledger record /" RECORD_A ": cannot read it: Too many open files");
	ck_assert_ptr_null(all);
	ck_assert_fails(vfpt_ledger_holds(ledger, &a, &holds, &err), err, VFPT_SYSTEM);
	ck_assert_fails(vfpt_ledger_remove(ledger, &a, true, &err), err, VFPT_SYSTEM);
	vfpt_ledger_close(ledger);
	ck_assert(setrlimit(RLIMIT_NOFILE, &before) == 0);
	ck_assert(there_is(RECORD_A));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("ledger_damage");
	TCase *tcase = new_case(suite, "damage", empty_setup);

	tcase_set_timeout(tcase, 60);
	tcase_add_test(tcase, leftover_of_a_killed_writer_is_no_record_and_in_nobodys_way);
	tcase_add_test(tcase, leftover_that_is_a_link_is_not_followed);
	tcase_add_test(tcase, record_cut_off_anywhere_is_corrupt);
	tcase_add_test(tcase, record_with_nul_bytes_from_anywhere_on_is_corrupt);
	tcase_add_test(tcase, one_damaged_byte_never_gives_a_vf_to_another_vm);
	tcase_add_loop_test(tcase, record_with_a_bad_line_is_corrupt, 0, ARRAY_SIZE(damages));
	tcase_add_test(tcase, garbage_is_corrupt);
	tcase_add_test(tcase, record_that_is_a_directory_is_reported);
	tcase_add_test(tcase, record_that_is_a_pipe_keeps_nobody_waiting);
	tcase_add_loop_test(tcase, record_that_others_can_write_is_not_believed, 0, 3);
	tcase_add_test(tcase, record_of_someone_else_is_not_believed);
	tcase_add_loop_test(tcase, corrupt_record_is_not_removed_and_named, 0, ARRAY_SIZE(remember));
	tcase_add_loop_test(tcase, foreign_file_is_reported_and_left_alone, 0, ARRAY_SIZE(foreign));
	tcase_add_loop_test(tcase, name_with_an_address_but_no_vm_keeps_the_vf_taken, 0, ARRAY_SIZE(vmless));
	tcase_add_test(tcase, record_that_cannot_be_read_just_now_is_an_error);
	return run_suite(suite);
}
