/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A root directory is a world of its own: nothing in it leads out, and nothing in it makes us wait. */
#include "file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "support.h"

/* How often openat2(2) is still answered with EAGAIN, as the kernel does where a rename came between. */
static unsigned renames;

long __real_syscall(long number, ...);
long __wrap_syscall(long number, ...);

/* NOLINTNEXTLINE(cert-dcl50-cpp): so is the one that it stands for */
long __wrap_syscall(long number, ...)
{
	long arguments[4];
	va_list args;

	va_start(args, number);
	for (size_t i = 0; i < ARRAY_SIZE(arguments); i++)
		arguments[i] = va_arg(args, long);
	va_end(args);
	if (number == SYS_openat2 && renames > 0) {
		renames--;
		errno = EAGAIN;
		return -1;
	}
	return __real_syscall(number, arguments[0], arguments[1], arguments[2], arguments[3]);
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
	renames = 0;
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

START_TEST(open_that_a_rename_came_between_is_tried_again)
{
	uint64_t number;

	renames = 100;
	ck_assert_int_eq(file_number(inside, "plain/number", UINT64_MAX, &number), 0);
	ck_assert_uint_eq(number, 42);
}
END_TEST

START_TEST(who_renames_all_the_time_does_not_hold_us_up)
{
	char buffer[16];

	renames = UINT_MAX;
	ck_assert_int_eq(file_read(inside, "plain/number", buffer, sizeof(buffer)), -1);
	ck_assert_int_eq(errno, EAGAIN);
}
END_TEST

/* --- paths */

START_TEST(path_has_directory_name_and_attribute)
{
	const struct vfpt_pci address = pci("0000:01:10.5");
	char path[FILE_PATH];

	ck_assert_ptr_eq(file_net_path(path, "ens1f0", "mtu"), path);
	ck_assert_str_eq(path, "sys/class/net/ens1f0/mtu");
	ck_assert_str_eq(file_net_path(path, "ens1f0", ""), "sys/class/net/ens1f0/");
	ck_assert_ptr_eq(file_pci_path(path, &address, "physfn/net"), path);
	ck_assert_str_eq(path, "sys/bus/pci/devices/0000:01:10.5/physfn/net");
}
END_TEST

/* Behind the path there is nothing that may be written, which a sanitizer sees. */
START_TEST(path_that_is_too_long_is_cut_off)
{
	const char *expected = text("sys/class/net/%0*d/mtu", 2 * FILE_PATH, 0);

	for (int length = FILE_PATH - 20; length < 2 * FILE_PATH; length++) {
		char *path = malloc(FILE_PATH);

		ck_assert_ptr_nonnull(path);
		file_net_path(path, text("%0*d", length, 0), "mtu");
		if (length >= FILE_PATH) {
			ck_assert_uint_eq(strlen(path), FILE_PATH - 1);
			ck_assert_mem_eq(path, expected, FILE_PATH - 1);
		} else {
			ck_assert_mem_eq(path, text("sys/class/net/%0*d/mtu", length, 0), strlen(path));
		}
		free(path);
	}
}
END_TEST

START_TEST(name_of_a_link_must_have_room)
{
	char name[8] = "before";

	put_link("inside/long", "../some/1234567");
	ck_assert_int_eq(file_link_name(inside, "long", name, 8), 0);
	ck_assert_str_eq(name, "1234567");
	put_link("inside/longer", "../some/12345678");
	ck_assert_int_eq(file_link_name(inside, "longer", name, 8), -1);
	ck_assert_int_eq(errno, EOVERFLOW);
	put_link("inside/bare", "bare");
	ck_assert_int_eq(file_link_name(inside, "bare", name, 8), 0);
	ck_assert_str_eq(name, "bare");
	put_link("inside/open", "some/");
	ck_assert_int_eq(file_link_name(inside, "open", name, 1), 0);
	ck_assert_str_eq(name, "");
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
	tcase_add_test(tests, open_that_a_rename_came_between_is_tried_again);
	tcase_add_test(tests, who_renames_all_the_time_does_not_hold_us_up);
	tcase_add_test(tests, name_of_a_link_must_have_room);

	tests = new_case(suite, "paths", NULL);
	tcase_add_test(tests, path_has_directory_name_and_attribute);
	tcase_add_test(tests, path_that_is_too_long_is_cut_off);
	return run_suite(suite);
}
