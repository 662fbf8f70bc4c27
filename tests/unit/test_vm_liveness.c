/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vm_liveness.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "libvirt.h"
#include "support.h"

#define VM    "3f0f5d7e-6c1a-4d0e-9a0b-5f6d7c8e9a01"
#define OTHER "b7c5a0de-2f43-4b5e-8a55-0a1b2c3d4e07"
#define VF    "sys/devices/pci0000:00/0000:00:02.0/0000:01:10.0/"

/* How long an answer is waited for, seconds: a busy machine is no reason to get none. */
#define LONG 600

static struct vfpt_error err;
static struct vfpt_host *host;
static struct vfpt_vm_liveness *liveness;
static struct vfpt_policy policy = {.qemu_user = "107", .liveness_timeout = LONG};

/* --- libvirt's place is taken by this */

static int libvirt_answer; /* what libvirt_active() returns */
static const char *libvirt_runs;
static unsigned libvirt_asked;

int __wrap_libvirt_active(unsigned seconds, char (**uuids)[VFPT_VM_SIZE], size_t *count);

int __wrap_libvirt_active(unsigned seconds, char (**uuids)[VFPT_VM_SIZE], size_t *count)
{
	ck_assert_uint_eq(seconds, LONG);
	libvirt_asked++;
	*uuids = NULL;
	*count = 0;
	if (libvirt_answer == 0 && libvirt_runs) {
		*uuids = malloc(sizeof(**uuids));
		ck_assert_ptr_nonnull(*uuids);
		memcpy(**uuids, libvirt_runs, VFPT_VM_SIZE);
		*count = 1;
	}
	return libvirt_answer;
}

static void open_all(bool captured, unsigned grace)
{
	libvirt_answer = 0;
	libvirt_runs = NULL;
	libvirt_asked = 0;
	put_directory("proc/1");
	ck_assert_ok(vfpt_host_open(root_fd, NULL, &host, &err), err);
	policy.grace = grace;
	ck_assert_ok(vfpt_vm_liveness_open(host, captured, &policy, &liveness, &err), err);
}

static void close_all(void)
{
	vfpt_vm_liveness_free(liveness);
	vfpt_host_free(host);
	liveness = NULL;
	host = NULL;
}

static uint64_t now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_BOOTTIME, &time);
	return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

static struct vfpt_assignment assignment(uint64_t generation)
{
	struct vfpt_assignment a = {
		.vm = VM, .pf = "ens1f0", .address = {.bus = 1, .slot = 16}, .generation = generation};

	return a;
}

static bool gone(uint64_t generation)
{
	struct vfpt_assignment a = assignment(generation);

	char reason[VFPT_REASON_SIZE];

	return !vfpt_vm_needs_vf(liveness, &a, reason);
}

static void put_process(unsigned pid, const char *const *arguments)
{
	char line[8192];
	size_t used = 0;

	for (; *arguments; arguments++) {
		memcpy(line + used, *arguments, strlen(*arguments) + 1);
		used += strlen(*arguments) + 1;
	}
	put_bytes(text("proc/%u/cmdline", pid), line, used);
}

/* "REAL EFFECTIVE SAVED FILESYSTEM", as proc(5) has them, of the process's users. */
static void put_users(unsigned pid, const char *users)
{
	put_file(text("proc/%u/status", pid),
		text("Name:\tqemu-kvm\nUmask:\t0027\nPid:\t%u\nUid:\t%s\n", pid, users));
}

START_TEST(vm_that_nobody_knows_is_gone)
{
	open_all(false, 300);
	ck_assert(gone(1));
	ck_assert_uint_eq(libvirt_asked, 1);
	ck_assert_ptr_null(vfpt_vm_liveness_in_doubt(liveness));
	close_all();
}
END_TEST

START_TEST(young_assignment_is_left_alone_and_nobody_is_asked)
{
	open_all(false, 300);
	ck_assert(!gone(now()));
	ck_assert_uint_eq(libvirt_asked, 0);
	close_all();
}
END_TEST

START_TEST(without_grace_none_is_young)
{
	open_all(false, 0);
	ck_assert(gone(now()));
	close_all();
}
END_TEST

/* run/ is empty at boot; a generation that is yet to come is garbage, not a promise. */
START_TEST(generation_of_the_future_is_not_young)
{
	open_all(false, 300);
	ck_assert(gone(now() + UINT64_C(3600) * 1000000000u));
	close_all();
}
END_TEST

static const char *const qemu[] = {
	"/usr/libexec/qemu-kvm", "-name", "guest=web-01", "-uuid", VM, "-smp", "1", NULL};
static const char *const upper[] = {"qemu", "-uuid", "3F0F5D7E-6C1A-4D0E-9A0B-5F6D7C8E9A01", NULL};
static const char *const other_vm[] = {"qemu", "-uuid", OTHER, NULL};
static const char *const mentioned[] = {"vi", "/var/log/" VM ".log", VM, NULL};
static const char *const cut[] = {"qemu", "-uuid", NULL};
static const char *const garbage[] = {"qemu", "-uuid", "no-uuid", "-uuid", VM, NULL};

static const struct {
	const char *name;
	const char *const *arguments;
	bool present;
} processes[] = {
	{"QEMU", qemu, true},
	{"in upper case", upper, true},
	{"another VM's", other_vm, false},
	{"one that only names the VM", mentioned, false},
	{"without a UUID behind the option", cut, false},
	{"with something else behind the option", garbage, false},
};

START_TEST(vm_with_a_process_is_there)
{
	open_all(false, 300);
	put_process(4711, processes[_i].arguments);
	put_users(4711, "107\t107\t107\t107");
	put_bytes("proc/4712/cmdline", "", 0);
	put_users(4712, "0\t0\t0\t0");
	put_file("proc/cmdline", "-uuid");
	ck_assert_msg(gone(1) != processes[_i].present, "a process %s: gone is %d", processes[_i].name,
		processes[_i].present);
	ck_assert_uint_eq(libvirt_asked, 1);
	close_all();
}
END_TEST

START_TEST(uuid_far_behind_in_a_long_command_line_is_found)
{
	static char line[20000];

	open_all(false, 300);
	memset(line, 'a', sizeof(line));
	memcpy(line + sizeof(line) - 7 - VFPT_VM_SIZE, "\0-uuid\0" VM, 7 + VFPT_VM_SIZE);
	put_bytes("proc/4711/cmdline", line, sizeof(line));
	put_users(4711, "107\t107\t107\t107");
	ck_assert(!gone(1));
	close_all();
}
END_TEST

/* Anyone can write "-uuid UUID" on a command line of his own. */
static const struct {
	const char *users; /* NULL: there is no status */
	bool counts;
} users[] = {
	{"0\t0\t0\t0", true},
	{"107\t107\t107\t107", true},
	{"1000\t1000\t1000\t1000", false},
	{"1000\t0\t0\t0", false}, /* a program that is setuid root */
	{"0\t1000\t0\t0", false},
	{"107\t107\t1000\t107", false},
	{"garbage", false},
	{NULL, false},
};

START_TEST(only_processes_of_root_and_qemus_user_count)
{
	open_all(false, 300);
	put_process(4711, qemu);
	if (users[_i].users)
		put_users(4711, users[_i].users);
	ck_assert_msg(gone(1) != users[_i].counts, "a process of %s: gone is %d", users[_i].users,
		users[_i].counts);
	close_all();
}
END_TEST

START_TEST(qemus_user_can_have_a_name)
{
	struct vfpt_assignment a = assignment(1);

	for (int i = 0; i < 2; i++) {
		snprintf(policy.qemu_user, sizeof(policy.qemu_user), "%s", i ? "nobody" : "no-such-user");
		open_all(false, 300);
		put_process(4711, qemu);
		put_users(4711, "65534\t65534\t65534\t65534");
		ck_assert_int_eq(vfpt_vm_has_process(liveness, &a), i);
		close_all();
		drop("proc/1");
	}
	strcpy(policy.qemu_user, "107");
}
END_TEST

/* Whoever reads it may have to wait for as long as its owner likes. */
START_TEST(command_lines_of_others_are_not_read)
{
	static const char line[] = "qemu\0-uuid\0" VM;
	char left[sizeof(line) + 1];
	int pipe;

	open_all(false, 300);
	put_process(4711, qemu);
	put_users(4711, "1000\t1000\t1000\t1000");
	drop("proc/4711/cmdline");
	ck_assert_int_eq(mkfifoat(root_fd, "proc/4711/cmdline", 0600), 0);
	pipe = openat(root_fd, "proc/4711/cmdline", O_RDWR | O_NONBLOCK | O_CLOEXEC);
	ck_assert_int_ge(pipe, 0);
	ck_assert_int_eq(write(pipe, line, sizeof(line)), sizeof(line));
	ck_assert(gone(1));
	ck_assert_int_eq(read(pipe, left, sizeof(left)), sizeof(line));
	close(pipe);
	close_all();
}
END_TEST

/* A process is no proof that the VM runs, nor is libvirt's word alone. */
START_TEST(vm_runs_when_process_and_libvirt_say_so)
{
	struct vfpt_assignment a = assignment(1);

	for (int i = 0; i < 4; i++) {
		open_all(false, 300);
		if (i & 1) {
			put_process(4711, qemu);
			put_users(4711, "0\t0\t0\t0");
		}
		libvirt_runs = i & 2 ? VM : OTHER;
		ck_assert_int_eq(vfpt_vm_runs(liveness, &a), i == 3);
		close_all();
		drop("proc/1");
		if (i & 1)
			drop("proc/4711");
	}
	open_all(false, 300);
	put_process(4711, qemu);
	put_users(4711, "0\t0\t0\t0");
	libvirt_answer = -1;
	ck_assert(!vfpt_vm_runs(liveness, &a));
	close_all();
}
END_TEST

/* A hook of another package failed behind ours, so the vNIC was never plugged. */
START_TEST(vm_that_runs_without_its_vf_needs_it_no_more)
{
	struct vfpt_assignment a = assignment(1);
	char reason[VFPT_REASON_SIZE];

	put_process(4711, qemu);
	put_users(4711, "0\t0\t0\t0");
	for (int i = 0; i < 5; i++) {
		open_all(false, 300);
		libvirt_runs = i == 1 ? OTHER : VM;
		libvirt_answer = i == 2 ? -1 : 0;
		a.generation = i == 3 ? now() : 1;
		if (i == 4)
			put_link(VF "net/eth0/upper_macvtap0", "../../../macvtap0");
		ck_assert_msg(vfpt_vm_needs_vf(liveness, &a, reason) == (i > 0), "%d: %s", i, reason);
		ck_assert_msg((strcmp(reason, "runs without it") == 0) == (i == 0), "%d: %s", i, reason);
		close_all();
		drop("proc/1");
	}
}
END_TEST

START_TEST(without_a_process_table_nobody_is_gone)
{
	open_all(false, 300);
	drop("proc");
	ck_assert(!gone(1));
	ck_assert_str_eq(vfpt_vm_liveness_in_doubt(liveness), "/proc cannot be read, or not in time");
	close_all();
}
END_TEST

START_TEST(vf_that_someone_uses_is_not_taken_back)
{
	open_all(false, 300);
	drop(VF "net");
	put_link(VF "driver", "../../../../bus/pci/drivers/vfio-pci");
	ck_assert(!gone(1));
	ck_assert_uint_eq(libvirt_asked, 0);
	close_all();
}
END_TEST

START_TEST(vf_that_does_not_exist_is_used_by_nobody)
{
	struct vfpt_assignment a = assignment(1);
	char reason[VFPT_REASON_SIZE];

	open_all(false, 300);
	a.address.bus = 99;
	ck_assert(!vfpt_vm_needs_vf(liveness, &a, reason));
	close_all();
}
END_TEST

START_TEST(vm_that_libvirt_runs_is_there)
{
	open_all(false, 300);
	libvirt_runs = VM;
	ck_assert(!gone(1));
	ck_assert_ptr_null(vfpt_vm_liveness_in_doubt(liveness));
	close_all();
}
END_TEST

START_TEST(another_vm_that_libvirt_runs_does_not_count)
{
	open_all(false, 300);
	libvirt_runs = OTHER;
	ck_assert(gone(1));
	close_all();
}
END_TEST

START_TEST(libvirt_that_does_not_answer_leaves_all_taken)
{
	open_all(false, 300);
	libvirt_answer = -1;
	ck_assert(!gone(1));
	ck_assert_str_eq(vfpt_vm_liveness_in_doubt(liveness), "libvirt does not answer");
	close_all();
}
END_TEST

START_TEST(libvirt_is_asked_once)
{
	open_all(false, 300);
	libvirt_answer = _i - 1;
	for (int i = 0; i < 5; i++)
		gone(1);
	ck_assert_uint_eq(libvirt_asked, 1);
	close_all();
}
END_TEST

START_TEST(captured_tree_has_no_libvirt_to_ask)
{
	open_all(true, 300);
	libvirt_answer = -1;
	ck_assert(gone(1));
	put_process(4711, qemu);
	put_link(VF "net/eth0/upper_macvtap0", "../../../macvtap0");
	vfpt_vm_liveness_free(liveness);
	ck_assert_ok(vfpt_vm_liveness_open(host, true, &policy, &liveness, &err), err);
	ck_assert(!gone(1));
	ck_assert_uint_eq(libvirt_asked, 0);
	close_all();
}
END_TEST

START_TEST(no_liveness_can_be_freed)
{
	vfpt_vm_liveness_free(NULL);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("vm_liveness");
	TCase *tests = new_case(suite, "vm_liveness", host_setup);

	tcase_add_test(tests, vm_that_nobody_knows_is_gone);
	tcase_add_test(tests, young_assignment_is_left_alone_and_nobody_is_asked);
	tcase_add_test(tests, without_grace_none_is_young);
	tcase_add_test(tests, generation_of_the_future_is_not_young);
	tcase_add_loop_test(tests, vm_with_a_process_is_there, 0, ARRAY_SIZE(processes));
	tcase_add_test(tests, uuid_far_behind_in_a_long_command_line_is_found);
	tcase_add_loop_test(tests, only_processes_of_root_and_qemus_user_count, 0, ARRAY_SIZE(users));
	tcase_add_test(tests, qemus_user_can_have_a_name);
	tcase_add_test(tests, command_lines_of_others_are_not_read);
	tcase_add_test(tests, vm_runs_when_process_and_libvirt_say_so);
	tcase_add_test(tests, vm_that_runs_without_its_vf_needs_it_no_more);
	tcase_add_test(tests, without_a_process_table_nobody_is_gone);
	tcase_add_test(tests, vf_that_someone_uses_is_not_taken_back);
	tcase_add_test(tests, vf_that_does_not_exist_is_used_by_nobody);
	tcase_add_test(tests, vm_that_libvirt_runs_is_there);
	tcase_add_test(tests, another_vm_that_libvirt_runs_does_not_count);
	tcase_add_test(tests, libvirt_that_does_not_answer_leaves_all_taken);
	tcase_add_loop_test(tests, libvirt_is_asked_once, 0, 2);
	tcase_add_test(tests, captured_tree_has_no_libvirt_to_ask);
	tcase_add_test(tests, no_liveness_can_be_freed);
	return run_suite(suite);
}
