/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "message.h"

#include <string.h>

#include "support.h"

static struct vfpt_error err;

START_TEST(error_is_printed_as_one_line)
{
	vfpt_error_set(&err, VFPT_NO_VF, "no\nVF");
	catch_stderr();
	vfpt_error_print(&err);
	ck_assert_str_eq(caught_stderr(), "vfpt: no?VF\n");
}
END_TEST

START_TEST(warnings_and_notes_are_lines_of_their_own)
{
	catch_stderr();
	vfpt_warn("%d of %s", 1, "two");
	vfpt_note("would set: %s", "all");
	ck_assert_str_eq(caught_stderr(), "vfpt: warning: 1 of two\nwould set: all\n");
}
END_TEST

START_TEST(long_warning_is_one_line)
{
	char message[3 * VFPT_ERROR_SIZE] = "";
	const char *printed;

	memset(message, 'x', sizeof(message) - 1);
	catch_stderr();
	vfpt_warn("%s", message);
	printed = caught_stderr();
	ck_assert_uint_eq(count_lines(printed), 1);
	ck_assert_uint_eq(strlen(printed), strlen("vfpt: warning: ") + VFPT_ERROR_SIZE - 1 + 1);
}
END_TEST

START_TEST(what_is_not_seen_becomes_a_question_mark)
{
	catch_stderr();
	vfpt_warn("a%cz", _i);
	vfpt_note("a%cz", _i);
	ck_assert_str_eq(caught_stderr(), "vfpt: warning: a?z\na?z\n");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("message");
	TCase *tcase = new_case(suite, "message", NULL);

	tcase_add_test(tcase, error_is_printed_as_one_line);
	tcase_add_test(tcase, warnings_and_notes_are_lines_of_their_own);
	tcase_add_test(tcase, long_warning_is_one_line);
	tcase_add_loop_test(tcase, what_is_not_seen_becomes_a_question_mark, 1, 0x20);
	return run_suite(suite);
}
