/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "libvirt.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support.h"

/* Whatever libvirt does, the answer is whole or none, and nothing stays behind. */
static const struct {
	const char *way; /* of tests/unit/fake_libvirt.c */
	int result;
	size_t count;
} ways[] = {
	{"fine", 0, 2},
	{"empty", 0, 0},
	{"refuses", -1, 0},
	{"lists nothing", -1, 0},
	{"garbage", -1, 0},
	{"fails half-way", -1, 0},
	{"dies half-way", -1, 0},
	{"crashes", -1, 0},
	{"hangs", -1, 0},
};

static unsigned open_files(void)
{
	DIR *dir = opendir("/proc/self/fd");
	unsigned count = 0;

	ck_assert_ptr_nonnull(dir);
	while (readdir(dir))
		count++;
	closedir(dir);
	return count;
}

START_TEST(answer_is_whole_or_none)
{
	unsigned files = open_files();
	char(*uuids)[VFPT_VM_SIZE];
	size_t count = 99;

	setenv("FAKE_LIBVIRT", ways[_i].way, 1);
	ck_assert_msg(libvirt_active(strcmp(ways[_i].way, "hangs") == 0 ? 1 : 600, &uuids, &count) ==
			      ways[_i].result,
		"libvirt that is %s", ways[_i].way);
	ck_assert_uint_eq(count, ways[_i].count);
	if (count > 0) {
		ck_assert_str_eq(uuids[0], "3f0f5d7e-6c1a-4d0e-9a0b-5f6d7c8e9a01");
		ck_assert_str_eq(uuids[1], "b7c5a0de-2f43-4b5e-8a55-0a1b2c3d4e07");
	}
	free(uuids);
	ck_assert_int_eq(waitpid(-1, NULL, WNOHANG), -1);
	ck_assert_uint_eq(open_files(), files);
}
END_TEST

/* A lock that the child inherited would outlive us, were we killed while libvirt hangs. */
START_TEST(child_holds_no_lock_of_ours)
{
	char(*uuids)[VFPT_VM_SIZE];
	int ours = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC), others;
	size_t count;
	pid_t pid;

	ck_assert_int_eq(flock(ours, LOCK_EX), 0);
	setenv("FAKE_LIBVIRT", "hangs", 1);
	pid = fork();
	if (pid == 0) {
		/* The hook: it asks, holding the lock, and is killed. */
		libvirt_active(600, &uuids, &count);
		_exit(0);
	}
	close(ours);
	sleep(1);
	others = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	ck_assert_int_eq(flock(others, LOCK_EX | LOCK_NB), -1);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	ck_assert_int_eq(flock(others, LOCK_EX | LOCK_NB), 0);
	close(others);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("libvirt");
	TCase *tests = new_case(suite, "libvirt", empty_setup);

	tcase_add_loop_test(tests, answer_is_whole_or_none, 0, ARRAY_SIZE(ways));
	tcase_add_test(tests, child_holds_no_lock_of_ours);
	return run_suite(suite);
}
