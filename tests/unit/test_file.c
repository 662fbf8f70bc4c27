/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A root directory is a world of its own: nothing in it leads out, and nothing in it makes us wait. */
#include "file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "support.h"

/* --- openat2(2) fails now and then, and so it does here */

static unsigned busy; /* how many more times it says EAGAIN */

long __real_syscall(long number, ...);
long __wrap_syscall(long number, ...);

long __wrap_syscall(long number, ...)
{
	const void *path, *how;
	va_list args;
	size_t size;
	int dir;

	ck_assert_int_eq(number, SYS_openat2);
	va_start(args, number);
	dir = va_arg(args, int);
	path = va_arg(args, const void *);
	how = va_arg(args, const void *);
	size = va_arg(args, size_t);
	va_end(args);
	if (busy == 0)
		return __real_syscall(number, dir, path, how, size);
	busy--;
	errno = EAGAIN;
	return -1;
}

/* valgrind 3.19 knows no openat2(2): there links do lead out, as with kernels before 5.6. */
static bool kernel_confines(void)
{
	struct open_how how = {.flags = O_PATH};
	int fd = (int)syscall(SYS_openat2, AT_FDCWD, ".", &how, sizeof(how));

	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

/* The root of these tests is <root>/inside, and beside it lies what it must not reach. */
static int inside;

static void setup(void)
{
	empty_setup();
	put_file("outside/secret", "secret\n");
	put_file("inside/plain/number", "42\n");
	put_link("inside/relative", "plain");
	put_link("inside/absolute", "/plain");
	put_link("inside/up", "../outside");
	put_link("inside/far", in_root("outside"));
	put_link("inside/plain/up_and_in", "../../plain");
	inside = open(in_root("inside"), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	ck_assert_int_ge(inside, 0);
}

static void teardown(void)
{
	close(inside);
	root_teardown();
}

START_TEST(links_inside_are_followed_as_below_a_root)
{
	static const char *const paths[] = {"plain/number", "relative/number", "./plain/../plain/number",
		"absolute/number", "plain/up_and_in/number", "../plain/number"};
	uint64_t number;

	for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
		/* A kernel that does not confine knows no root of ours. */
		if (i >= 3 && !kernel_confines())
			break;
		number = 0;
		ck_assert_msg(file_number(inside, paths[i], 100, &number) == 0, "%s: %s", paths[i],
			strerror(errno));
		ck_assert_uint_eq(number, 42);
	}
}
END_TEST

static int count_name(const char *name, void *data)
{
	(void)name;
	++*(unsigned *)data;
	return 0;
}

START_TEST(nothing_leads_out)
{
	static const char *const ways[] = {"up", "far", "../outside", "plain/../../outside"};
	char path[64], text[64];
	struct stat status;
	unsigned count = 0;

	if (!kernel_confines())
		return;
	for (size_t i = 0; i < ARRAY_SIZE(ways); i++) {
		snprintf(path, sizeof(path), "%s/secret", ways[i]);
		ck_assert_int_eq(file_open(inside, path, O_RDONLY), -1);
		ck_assert_int_eq(file_read(inside, path, text, sizeof(text)), -1);
		ck_assert_int_eq(file_read_start(inside, path, text, sizeof(text)), -1);
		ck_assert_int_eq(file_read_trusted(inside, path, text, sizeof(text)), -1);
		ck_assert_int_eq(file_stat(inside, path, &status), -1);
		ck_assert_int_eq(file_link(inside, path, text, sizeof(text)), -1);
		ck_assert(!file_exists(inside, path));
		ck_assert_int_eq(file_each(inside, ways[i], count_name, &count), -1);
	}
	ck_assert_uint_eq(count, 0);
}
END_TEST

/* Nobody writes to it: whoever opened it to read would wait for ever. */
START_TEST(pipe_is_not_waited_for)
{
	char text[16];
	uint64_t number;

	ck_assert_int_eq(mkfifoat(inside, "pipe", 0600), 0);
	ck_assert_int_eq(file_read(inside, "pipe", text, sizeof(text)), 0);
	ck_assert_int_eq(file_read_start(inside, "pipe", text, sizeof(text)), 0);
	ck_assert_int_eq(file_number(inside, "pipe", 10, &number), -1);
	ck_assert_int_eq(file_read_trusted(inside, "pipe", text, sizeof(text)), -1);
}
END_TEST

START_TEST(link_is_told_as_it_is)
{
	char text[64];

	ck_assert_int_eq(file_link(inside, "up", text, sizeof(text)), 10);
	ck_assert_str_eq(text, "../outside");
	ck_assert_int_eq(file_link(inside, "plain/up_and_in", text, sizeof(text)), 11);
	ck_assert_str_eq(text, "../../plain");
	ck_assert_int_eq(file_link_name(inside, "plain/up_and_in", text, sizeof(text)), 0);
	ck_assert_str_eq(text, "plain");
	ck_assert_int_eq(file_link(inside, "plain/number", text, sizeof(text)), -1);
	ck_assert_int_eq(errno, EINVAL);
	ck_assert_int_eq(file_link(inside, "plain/missing", text, sizeof(text)), -1);
	ck_assert_int_eq(errno, ENOENT);
}
END_TEST

/* Whoever renames a file, wherever, while we are on our way through a "..". */
START_TEST(rename_elsewhere_is_no_failure)
{
	uint64_t number;

	busy = 3;
	ck_assert_int_eq(file_number(inside, "plain/../plain/number", 100, &number), 0);
	ck_assert_uint_eq(number, 42);
	ck_assert_uint_eq(busy, 0);
	/* For ever it is not tried. */
	busy = UINT_MAX;
	ck_assert_int_eq(file_number(inside, "plain/number", 100, &number), -1);
	ck_assert_int_eq(errno, EAGAIN);
	busy = 0;
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("file");
	TCase *tests = tcase_create("root");

	tcase_add_checked_fixture(tests, setup, teardown);
	suite_add_tcase(suite, tests);
	tcase_add_test(tests, links_inside_are_followed_as_below_a_root);
	tcase_add_test(tests, nothing_leads_out);
	tcase_add_test(tests, pipe_is_not_waited_for);
	tcase_add_test(tests, link_is_told_as_it_is);
	tcase_add_test(tests, rename_elsewhere_is_no_failure);
	return run_suite(suite);
}
