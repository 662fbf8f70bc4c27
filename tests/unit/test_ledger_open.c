/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A ledger is opened: modes, what the system refuses, the lock. */
#include "ledger_support.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* --- modes, and a ledger that is not there */

START_TEST(ledger_that_does_not_exist_is_empty_for_a_release)
{
	struct vfpt_assignment a = assignment(VM_A, VF_0);
	struct vfpt_ledger *ledger = opened(VFPT_LEDGER_RELEASE);
	size_t corrupt;

	ck_assert_ptr_null(owner(ledger, VF_0));
	ck_assert_uint_eq(of_vm(ledger, VM_A, NULL, &corrupt), 0);
	ck_assert_uint_eq(corrupt, 0);
	ck_assert_ok(vfpt_ledger_remove(ledger, &a, true, &err), err);
	vfpt_ledger_close(ledger);
	ck_assert(!there_is("run"));
}
END_TEST

START_TEST(ledger_that_does_not_exist_is_made_for_an_assignment)
{
	struct stat status;

	if (_i)
		put_directory("run");
	vfpt_ledger_close(opened(VFPT_LEDGER_ASSIGN));
	ck_assert_int_eq(fstatat(root_fd, "run/vfpt", &status, AT_SYMLINK_NOFOLLOW), 0);
	ck_assert(S_ISDIR(status.st_mode));
	ck_assert_uint_eq(status.st_mode & 022, 0);
}
END_TEST

/* Whoever can write there could have any VF given away, or taken from its VM. */
START_TEST(ledger_that_others_can_write_is_refused)
{
	static const mode_t modes[] = {0775, 0757, 0777, 01777};
	struct vfpt_ledger *ledger;

	put_directory("run/vfpt");
	ck_assert_int_eq(fchmodat(root_fd, "run/vfpt", modes[_i], 0), 0);
	ck_assert_fails(
		vfpt_ledger_open(root_fd, VFPT_LEDGER_RELEASE, WAIT, &ledger, &err), err, VFPT_SYSTEM);
	ck_assert_contains(
		err.message, "the ledger /run/vfpt must belong to root or vdsm, and nobody else may");
	ck_assert_ptr_null(ledger);
}
END_TEST

START_TEST(ledger_of_someone_else_is_refused)
{
	struct vfpt_ledger *ledger;

	put_directory("run/vfpt");
	if (fchownat(root_fd, "run/vfpt", 12345, 12345, 0) < 0)
		return; /* not root: nothing can be someone else's */
	ck_assert_fails(vfpt_ledger_open(root_fd, VFPT_LEDGER_ASSIGN, WAIT, &ledger, &err), err, VFPT_SYSTEM);
	ck_assert_contains(
		err.message, "the ledger /run/vfpt must belong to root or vdsm, and nobody else may");
}
END_TEST

static const enum vfpt_ledger_mode modes[] = {VFPT_LEDGER_LOOK, VFPT_LEDGER_RELEASE, VFPT_LEDGER_ASSIGN};

START_TEST(ledger_that_is_a_file_is_an_error)
{
	struct vfpt_ledger *ledger;

	put_file("run/vfpt", "x");
	ck_assert_fails(vfpt_ledger_open(root_fd, modes[_i], WAIT, &ledger, &err), err, VFPT_SYSTEM);
	ck_assert_str_eq(err.message, "cannot open the ledger /run/vfpt: Not a directory");
	ck_assert_ptr_null(ledger);
}
END_TEST

START_TEST(ledger_that_is_a_link_is_an_error)
{
	struct vfpt_ledger *ledger;

	put_directory("elsewhere");
	put_link("run/vfpt", "../elsewhere");
	ck_assert_fails(vfpt_ledger_open(root_fd, modes[_i], WAIT, &ledger, &err), err, VFPT_SYSTEM);
	ck_assert_contains(err.message, "cannot open the ledger /run/vfpt: ");
}
END_TEST

START_TEST(place_where_no_ledger_can_be_made_is_an_error_with_a_remedy)
{
	struct vfpt_ledger *ledger;

	put_file("run", "x");
	ck_assert_fails(vfpt_ledger_open(root_fd, VFPT_LEDGER_ASSIGN, WAIT, &ledger, &err), err, VFPT_SYSTEM);
	ck_assert_str_eq(err.message,
		"cannot make the ledger /run/vfpt: Not a directory; run systemd-tmpfiles "
		"--create vfpt.conf as root");
}
END_TEST

/* A captured tree from somebody else may have any link in it. */
START_TEST(ledger_is_below_its_root_wherever_links_lead)
{
	struct vfpt_ledger *ledger;
	struct vfpt_pci vf = {.bus = 1, .slot = 16};
	int inside;

	put_file("outside/vfpt/0000:01:10.0@3f0f5d7e-6c1a-4d0e-9a0b-5f6d7c8e9a01", "");
	put_link("inside/run", _i ? in_root("outside") : "../outside");
	inside = open(in_root("inside"), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	ck_assert_int_ge(inside, 0);
	if (syscall(SYS_openat2, inside, ".", NULL, 0) < 0 && errno == ENOSYS)
		return; /* valgrind 3.19 does not know it */
	ck_assert_ok(vfpt_ledger_open(inside, VFPT_LEDGER_RELEASE, WAIT, &ledger, &err), err);
	ck_assert_ptr_null(vfpt_ledger_owner(ledger, &vf));
	vfpt_ledger_close(ledger);
	ck_assert_fails(vfpt_ledger_open(inside, VFPT_LEDGER_ASSIGN, WAIT, &ledger, &err), err, VFPT_SYSTEM);
	ck_assert_uint_eq(entries("outside/vfpt"), 1);
	close(inside);
}
END_TEST

/* --- what the system refuses: in a child, for it gives up what it is (root may write anywhere) */

/* The exit code of a child in which all went well. */
enum { FINE = 42 };

static void check_read_only(void)
{
	struct vfpt_assignment a = assignment(VM_A, VF_0), b = assignment(VM_B, VF_1);
	struct vfpt_ledger *ledger;

	become_nobody();
	need(vfpt_ledger_open(root_fd, VFPT_LEDGER_ASSIGN, WAIT, &ledger, &err) == 0,
		"a readable ledger opens: %s", err.message);
	need(vfpt_ledger_put(ledger, &a, &err) == -1 && err.code == VFPT_SYSTEM, "put fails: %s",
		err.message);
	need(strcmp(err.message,
		     "cannot write ledger record /" RECORD_A
		     ": Permission denied; /run/vfpt must be writable by user vdsm and have room") == 0,
		"the message of put: %s", err.message);
	need(!vfpt_ledger_owner(ledger, &a.address), "the VF is free again");
	b.generation = strtoull(strstr(get_file(RECORD_B, NULL), "generation = ") + 13, NULL, 10);
	for (size_t i = 0; i < ARRAY_SIZE(remember); i++) {
		need(vfpt_ledger_remove(ledger, &b, remember[i], &err) == -1 && err.code == VFPT_SYSTEM,
			"remove fails: %s", err.message);
		need(strcmp(err.message, "cannot remove ledger record /" RECORD_B ": Permission denied") == 0,
			"the message of remove: %s", err.message);
	}
	need(vfpt_ledger_owner(ledger, &b.address) != NULL, "the VF is still taken");
	vfpt_ledger_close(ledger);
}

START_TEST(read_only_ledger_is_an_error_and_nothing_changes)
{
	put(VM_B, VF_1);
	ck_assert_int_eq(fchmodat(root_fd, "run/vfpt", 0555, 0), 0);
	in_child(check_read_only);
	ck_assert_int_eq(fchmodat(root_fd, "run/vfpt", 0755, 0), 0);
	ck_assert_uint_eq(entries("run/vfpt"), 1);
}
END_TEST

static void check_unreadable(void)
{
	struct vfpt_ledger *ledger;

	become_nobody();
	for (unsigned i = 0; i < ARRAY_SIZE(modes); i++) {
		need(vfpt_ledger_open(root_fd, modes[i], WAIT, &ledger, &err) == -1 &&
				err.code == VFPT_SYSTEM,
			"open fails: %s", err.message);
		need(strcmp(err.message, "cannot open the ledger /run/vfpt: Permission denied") == 0,
			"the message of open: %s", err.message);
	}
}

START_TEST(unreadable_ledger_is_an_error)
{
	put_directory("run/vfpt");
	ck_assert_int_eq(fchmodat(root_fd, "run/vfpt", 0, 0), 0);
	in_child(check_unreadable);
	ck_assert_int_eq(fchmodat(root_fd, "run/vfpt", 0755, 0), 0);
}
END_TEST

static void check_unmakeable(void)
{
	struct vfpt_ledger *ledger;

	become_nobody();
	need(vfpt_ledger_open(root_fd, VFPT_LEDGER_ASSIGN, WAIT, &ledger, &err) == -1 &&
			err.code == VFPT_SYSTEM,
		"open fails: %s", err.message);
	need(strcmp(err.message, "cannot make the ledger /run/vfpt: Permission denied; run systemd-tmpfiles "
				 "--create vfpt.conf as root") == 0,
		"the message of open: %s", err.message);
}

START_TEST(ledger_that_may_not_be_made_is_an_error_with_a_remedy)
{
	put_directory("run");
	ck_assert_int_eq(fchmodat(root_fd, "run", 0555, 0), 0);
	in_child(check_unmakeable);
	ck_assert_int_eq(fchmodat(root_fd, "run", 0755, 0), 0);
	ck_assert(!there_is("run/vfpt"));
}
END_TEST

static void check_unreadable_record(void)
{
	struct vfpt_ledger *ledger;
	struct vfpt_assignment *all;
	size_t count, corrupt;

	become_nobody();
	need(vfpt_ledger_open(root_fd, VFPT_LEDGER_RELEASE, WAIT, &ledger, &err) == 0,
		"a readable ledger opens: %s", err.message);
	catch_stderr();
	need(vfpt_ledger_of_vm(ledger, VM_A, &all, &count, &corrupt, &err) == 0, "of_vm goes on: %s",
		err.message);
	need(count == 0 && corrupt == 1, "the record is counted as bad");
	need(strstr(caught_stderr(), RECORD_A ": cannot read it: Permission denied; its VF stays taken"),
		"the warning");
	free(all);
	vfpt_ledger_close(ledger);
}

START_TEST(unreadable_record_is_reported)
{
	put(VM_A, VF_0);
	ck_assert_int_eq(fchmodat(root_fd, "run/vfpt", 0755, 0), 0);
	ck_assert_int_eq(fchmodat(root_fd, RECORD_A, 0, 0), 0);
	in_child(check_unreadable_record);
}
END_TEST

/* As on a full disk, any write can be the one that fails. */
static void check_full(void)
{
	struct vfpt_assignment a = assignment(VM_A, VF_0);
	struct vfpt_ledger *ledger;
	struct rlimit limit;

	signal(SIGXFSZ, SIG_IGN);
	need(vfpt_ledger_open(root_fd, VFPT_LEDGER_ASSIGN, WAIT, &ledger, &err) == 0, "it opens: %s",
		err.message);
	getrlimit(RLIMIT_FSIZE, &limit);
	for (rlim_t room = 0; room < 200; room += 7) {
		limit.rlim_cur = room;
		setrlimit(RLIMIT_FSIZE, &limit);
		need(vfpt_ledger_put(ledger, &a, &err) == -1 && err.code == VFPT_SYSTEM, "put fails");
		need(strcmp(err.message,
			     "cannot write ledger record /" RECORD_A
			     ": File too large; /run/vfpt must be writable by user vdsm and have room") == 0,
			"the message of put: %s", err.message);
		need(!vfpt_ledger_owner(ledger, &a.address), "the VF is free again");
		need(!there_is("run/vfpt/.new") && !there_is(RECORD_A), "nothing is left of the record");
	}
	vfpt_ledger_close(ledger);
}

START_TEST(record_that_does_not_fit_leaves_the_ledger_as_it_was)
{
	const char *before;

	put(VM_B, VF_1);
	before = get_file(RECORD_B, NULL);
	in_child(check_full);
	ck_assert_str_eq(get_file(RECORD_B, NULL), before);
	put(VM_A, VF_0);
	ck_assert(there_is(RECORD_A));
}
END_TEST

/* --- the lock */

static bool is_locked(void)
{
	int dir = openat(root_fd, "run/vfpt", O_RDONLY | O_DIRECTORY);
	bool locked;

	ck_assert_int_ge(dir, 0);
	locked = flock(dir, LOCK_EX | LOCK_NB) < 0 && errno == EWOULDBLOCK;
	close(dir);
	return locked;
}

START_TEST(lock_is_held_from_open_to_close)
{
	struct vfpt_ledger *ledger;

	put_directory("run/vfpt");
	ck_assert(!is_locked());
	ledger = opened(modes[_i]);
	ck_assert_int_eq(is_locked(), modes[_i] != VFPT_LEDGER_LOOK);
	vfpt_ledger_close(ledger);
	ck_assert(!is_locked());
}
END_TEST

START_TEST(ledger_that_is_only_looked_at_waits_for_nobody)
{
	struct vfpt_ledger *first = opened(VFPT_LEDGER_ASSIGN);

	vfpt_ledger_close(opened(VFPT_LEDGER_LOOK));
	vfpt_ledger_close(first);
}
END_TEST

/* The second opener must see what the first put just before it closed: it reads the directory after that. */
START_TEST(second_opener_waits_until_the_first_closes_and_sees_what_it_did)
{
	struct vfpt_assignment a = assignment(VM_A, VF_0);
	struct vfpt_ledger *first = opened(VFPT_LEDGER_ASSIGN);
	int ready[2], answer[2], status;
	char byte = 0;
	pid_t child;

	ck_assert_int_eq(pipe2(ready, O_CLOEXEC), 0);
	ck_assert_int_eq(pipe2(answer, O_CLOEXEC), 0);
	child = fork();
	ck_assert_int_ge(child, 0);
	if (child == 0) {
		struct vfpt_ledger *second;

		/* The lock belongs to the open directory, which a fork shares. */
		vfpt_ledger_close(first);
		if (write(ready[1], "r", 1) != 1 ||
			vfpt_ledger_open(root_fd, modes[1 + _i], WAIT, &second, &err) < 0)
			_exit(1);
		byte = vfpt_ledger_owner(second, &a.address) ? 'y' : 'n';
		if (write(answer[1], &byte, 1) != 1)
			_exit(1);
		vfpt_ledger_close(second);
		_exit(FINE);
	}
	ck_assert_int_eq(read(ready[0], &byte, 1), 1);
	ck_assert_ok(vfpt_ledger_put(first, &a, &err), err);
	ck_assert_int_eq(fcntl(answer[0], F_SETFL, O_NONBLOCK), 0);
	for (int i = 0; i < 100; i++) { /* time to go wrong in */
		ck_assert_int_eq(read(answer[0], &byte, 1), -1);
		nanosleep(&(const struct timespec){.tv_nsec = 1000000}, NULL);
	}
	ck_assert_int_eq(fcntl(answer[0], F_SETFL, 0), 0);
	vfpt_ledger_close(first);
	ck_assert_int_eq(read(answer[0], &byte, 1), 1);
	ck_assert_int_eq(byte, 'y');
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == FINE, "the child ended with %#x", status);
}
END_TEST

/* Has the child become `NAME 60` by now? It shows no arguments for a moment. */
static bool has_become(pid_t child)
{
	static const char end[] = {'\0', '6', '0', '\0'};
	char arguments[16384];
	int fd = open(text("/proc/%d/cmdline", child), O_RDONLY | O_CLOEXEC);
	ssize_t size = fd < 0 ? -1 : read(fd, arguments, sizeof(arguments));

	if (fd >= 0)
		close(fd);
	return size >= 4 && memcmp(arguments + size - 4, end, 4) == 0;
}

/* Another program holds the lock, @name being what it is called by. It ends with end_holder(). */
static pid_t start_holder(const char *name)
{
	const char *const argv[] = {name, "60", NULL};
	int running[2];
	char byte;
	pid_t child;

	ck_assert_int_eq(pipe2(running, O_CLOEXEC), 0);
	child = fork();
	ck_assert_int_ge(child, 0);
	if (child == 0) {
		int dir = openat(root_fd, "run/vfpt", O_RDONLY | O_DIRECTORY);

		if (dir >= 0 && flock(dir, LOCK_EX) == 0)
			execv("/bin/sleep", (char *const *)(uintptr_t)argv);
		if (write(running[1], "x", 1) == 1)
			_exit(1);
		_exit(2);
	}
	close(running[1]);
	ck_assert_int_eq(read(running[0], &byte, 1), 0); /* closed by what it became */
	close(running[0]);
	while (!has_become(child))
		nanosleep(&(const struct timespec){.tv_nsec = 1000000}, NULL);
	return child;
}

static void end_holder(pid_t child)
{
	int status;

	ck_assert_int_eq(kill(child, SIGKILL), 0);
	ck_assert_int_eq(waitpid(child, &status, 0), child);
}

static double seconds_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static const struct {
	enum vfpt_ledger_mode mode;
	unsigned seconds;
} waits[] = {
	{VFPT_LEDGER_ASSIGN, 0},
	{VFPT_LEDGER_RELEASE, 0},
	{VFPT_LEDGER_ASSIGN, 1},
	{VFPT_LEDGER_RELEASE, 2},
};

START_TEST(wait_for_the_lock_has_an_end_and_names_the_holder)
{
	struct vfpt_ledger *ledger = (struct vfpt_ledger *)&err;
	double began, took = 100;
	pid_t holder;

	put_directory("run/vfpt");
	holder = start_holder("/usr/libexec/vdsm/hooks/before_vm_start/50_vfpt");
	/* A busy machine can make any of them late, but hardly all. */
	for (int tries = 0; tries < 10 && took >= waits[_i].seconds + 0.5; tries++) {
		began = seconds_now();
		ck_assert_fails(vfpt_ledger_open(root_fd, waits[_i].mode, waits[_i].seconds, &ledger, &err),
			err, VFPT_SYSTEM);
		took = seconds_now() - began;
		ck_assert_double_ge(took, waits[_i].seconds);
	}
	ck_assert_str_eq(err.message,
		text("before_vm_start/50_vfpt (pid %d) holds the lock of the ledger /run/vfpt for more than "
		     "%u s; see what it waits for, or end it",
			holder, waits[_i].seconds));
	ck_assert_ptr_null(ledger);
	ck_assert_double_lt(took, waits[_i].seconds + 0.5);
	/* Who only looks has no need of it. */
	ck_assert_ok(vfpt_ledger_open(root_fd, VFPT_LEDGER_LOOK, 0, &ledger, &err), err);
	vfpt_ledger_close(ledger);
	end_holder(holder);
	/* Nothing is left of the one that gave up. */
	ck_assert_ok(vfpt_ledger_open(root_fd, waits[_i].mode, 0, &ledger, &err), err);
	vfpt_ledger_close(ledger);
}
END_TEST

#define FIFTY "01234567890123456789012345678901234567890123456789"

static const struct {
	const char *name, *shown;
} holders[] = {
	{"50_vfpt", "50_vfpt"},
	{"/50_vfpt", "/50_vfpt"},
	{"hooks/50_vfpt", "hooks/50_vfpt"},
	{"./50_vfpt", "./50_vfpt"},
	{"/a/b/c/d", "c/d"},
	{"a//b", "/b"},
	{"a/b/", "b/"},
	{"before vm start/50 vfpt", "before vm start/50 vfpt"},
	{"/x/\x1b[31m/50_vfpt\n", "?[31m/50_vfpt?"},
	{"/x/%s%n/%d", "%s%n/%d"},
	{"/x/" FIFTY "/" FIFTY, FIFTY "/01234567890123456789012345678"},
};

START_TEST(holder_is_named_by_its_last_two_parts)
{
	struct vfpt_ledger *ledger;
	pid_t holder;

	put_directory("run/vfpt");
	holder = start_holder(holders[_i].name);
	ck_assert_fails(vfpt_ledger_open(root_fd, VFPT_LEDGER_ASSIGN, 0, &ledger, &err), err, VFPT_SYSTEM);
	ck_assert_str_eq(err.message, text("%s (pid %d) holds the lock of the ledger /run/vfpt for more than "
					   "0 s; see what it waits "
					   "for, or end it",
					      holders[_i].shown, holder));
	end_holder(holder);
}
END_TEST

static const char *repeated(char byte, size_t length)
{
	static char bytes[8192];

	memset(bytes, byte, length);
	bytes[length] = '\0';
	return bytes;
}

/* A name that is longer than any, and none. */
START_TEST(holder_without_a_usable_name_is_a_program)
{
	const char *name = _i ? "" : repeated('x', 8000);
	struct vfpt_ledger *ledger;
	pid_t holder;

	put_directory("run/vfpt");
	holder = start_holder(name);
	ck_assert_fails(vfpt_ledger_open(root_fd, VFPT_LEDGER_ASSIGN, 0, &ledger, &err), err, VFPT_SYSTEM);
	ck_assert_str_eq(err.message, text("a program (pid %d) holds the lock of the ledger /run/vfpt for "
					   "more than 0 s; see what it "
					   "waits for, or end it",
					      holder));
	end_holder(holder);
}
END_TEST

/* Locks of others, and another kind of lock on the same directory, are not taken for it. */
START_TEST(holder_of_another_lock_is_not_named)
{
	struct vfpt_ledger *ledger;
	int fds[64], count = 0;
	pid_t holder;

	put_directory("run/vfpt");
	for (; count < 32; count++) {
		put_file(text("run/lock%d", count), "");
		fds[count] = openat(root_fd, text("run/lock%d", count), O_RDWR | O_CLOEXEC);
		ck_assert_int_eq(flock(fds[count], count % 2 ? LOCK_EX : LOCK_SH), 0);
	}
	holder = start_holder("x/holder");
	for (; count < 64; count++) {
		put_file(text("run/lock%d", count), "");
		fds[count] = openat(root_fd, text("run/lock%d", count), O_RDWR | O_CLOEXEC);
		ck_assert_int_eq(flock(fds[count], count % 2 ? LOCK_EX : LOCK_SH), 0);
	}
	ck_assert_fails(vfpt_ledger_open(root_fd, VFPT_LEDGER_RELEASE, 0, &ledger, &err), err, VFPT_SYSTEM);
	ck_assert_contains(err.message, text("x/holder (pid %d) holds the lock", holder));
	while (count > 0)
		close(fds[--count]);
	end_holder(holder);
}
END_TEST

/* In time. */
START_TEST(lock_that_comes_free_while_waiting_is_taken)
{
	struct vfpt_ledger *ledger;
	int status;
	pid_t holder, killer;

	put_directory("run/vfpt");
	holder = start_holder("x/holder");
	killer = fork();
	ck_assert_int_ge(killer, 0);
	if (killer == 0) {
		nanosleep(&(const struct timespec){.tv_nsec = 200000000}, NULL);
		_exit(kill(holder, SIGKILL) == 0 ? FINE : 1);
	}
	ck_assert_ok(vfpt_ledger_open(root_fd, VFPT_LEDGER_ASSIGN, WAIT, &ledger, &err), err);
	ck_assert(is_locked());
	vfpt_ledger_close(ledger);
	ck_assert_int_eq(waitpid(killer, &status, 0), killer);
	ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == FINE);
	ck_assert_int_eq(waitpid(holder, &status, 0), holder);
}
END_TEST

START_TEST(free_lock_needs_no_time)
{
	struct vfpt_ledger *ledger;

	ck_assert_ok(vfpt_ledger_open(root_fd, VFPT_LEDGER_ASSIGN, 0, &ledger, &err), err);
	vfpt_ledger_close(ledger);
	ck_assert_ok(vfpt_ledger_open(root_fd, VFPT_LEDGER_RELEASE, 0, &ledger, &err), err);
	vfpt_ledger_close(ledger);
}
END_TEST

START_TEST(lock_goes_with_its_holder)
{
	int status;
	pid_t child;

	put_directory("run/vfpt");
	child = fork();
	ck_assert_int_ge(child, 0);
	if (child == 0) {
		struct vfpt_ledger *ledger;

		if (vfpt_ledger_open(root_fd, VFPT_LEDGER_ASSIGN, WAIT, &ledger, &err) < 0)
			_exit(1);
		raise(SIGKILL);
	}
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	ck_assert(!is_locked());
	vfpt_ledger_close(opened(VFPT_LEDGER_RELEASE));
}
END_TEST

/* Every VF goes to one of them only. */
START_TEST(many_at_once_lose_nothing)
{
	enum { PROCESSES = 8, EACH = 16 };
	struct vfpt_ledger *ledger;

	for (unsigned p = 0; p < PROCESSES; p++) {
		pid_t child = fork();

		ck_assert_int_ge(child, 0);
		if (child > 0)
			continue;
		for (unsigned i = 0; i < EACH; i++) {
			struct vfpt_assignment a = assignment(VM_A, VF_0);

			if (vfpt_ledger_open(root_fd, VFPT_LEDGER_ASSIGN, WAIT, &ledger, &err) < 0)
				_exit(1);
			for (a.address.bus = 0; vfpt_ledger_owner(ledger, &a.address); a.address.bus++)
				;
			if (vfpt_ledger_put(ledger, &a, &err) < 0)
				_exit(1);
			vfpt_ledger_close(ledger);
		}
		_exit(FINE);
	}
	for (unsigned p = 0; p < PROCESSES; p++) {
		int status;

		ck_assert_int_gt(wait(&status), 0);
		ck_assert_msg(
			WIFEXITED(status) && WEXITSTATUS(status) == FINE, "a child ended with %#x", status);
	}
	ck_assert_uint_eq(entries("run/vfpt"), PROCESSES * EACH);
	ledger = opened(VFPT_LEDGER_RELEASE);
	for (unsigned bus = 0; bus < PROCESSES * EACH; bus++)
		ck_assert_str_eq(owner(ledger, text("0000:%02x:10.0", bus)), VM_A);
	vfpt_ledger_close(ledger);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("ledger_open");
	TCase *tcase = new_case(suite, "modes", empty_setup);

	tcase_add_test(tcase, ledger_that_does_not_exist_is_empty_for_a_release);
	tcase_add_loop_test(tcase, ledger_that_does_not_exist_is_made_for_an_assignment, 0, 2);
	tcase_add_loop_test(tcase, ledger_that_is_a_file_is_an_error, 0, ARRAY_SIZE(modes));
	tcase_add_loop_test(tcase, ledger_that_is_a_link_is_an_error, 0, ARRAY_SIZE(modes));
	tcase_add_test(tcase, place_where_no_ledger_can_be_made_is_an_error_with_a_remedy);
	tcase_add_loop_test(tcase, ledger_that_others_can_write_is_refused, 0, 4);
	tcase_add_test(tcase, ledger_of_someone_else_is_refused);
	tcase_add_test(tcase, read_only_ledger_is_an_error_and_nothing_changes);
	tcase_add_test(tcase, unreadable_ledger_is_an_error);
	tcase_add_test(tcase, ledger_that_may_not_be_made_is_an_error_with_a_remedy);
	tcase_add_test(tcase, unreadable_record_is_reported);
	tcase_add_test(tcase, record_that_does_not_fit_leaves_the_ledger_as_it_was);
	tcase_add_loop_test(tcase, ledger_is_below_its_root_wherever_links_lead, 0, 2);

	tcase = new_case(suite, "lock", empty_setup);
	tcase_set_timeout(tcase, 60);
	tcase_add_loop_test(tcase, lock_is_held_from_open_to_close, 0, ARRAY_SIZE(modes));
	tcase_add_test(tcase, ledger_that_is_only_looked_at_waits_for_nobody);
	tcase_add_loop_test(tcase, second_opener_waits_until_the_first_closes_and_sees_what_it_did, 0, 2);
	tcase_add_loop_test(tcase, wait_for_the_lock_has_an_end_and_names_the_holder, 0, ARRAY_SIZE(waits));
	tcase_add_loop_test(tcase, holder_is_named_by_its_last_two_parts, 0, ARRAY_SIZE(holders));
	tcase_add_loop_test(tcase, holder_without_a_usable_name_is_a_program, 0, 2);
	tcase_add_test(tcase, holder_of_another_lock_is_not_named);
	tcase_add_test(tcase, lock_that_comes_free_while_waiting_is_taken);
	tcase_add_test(tcase, free_lock_needs_no_time);
	tcase_add_test(tcase, lock_goes_with_its_holder);
	tcase_add_test(tcase, many_at_once_lose_nothing);
	return run_suite(suite);
}
