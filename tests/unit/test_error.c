/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vfpt/error.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "support.h"

static struct vfpt_error err;

START_TEST(set_takes_code_and_message)
{
	ck_assert_int_eq(vfpt_error_set(&err, VFPT_NO_VF, "no VF on %s, %d tried", "ens1f0", 7), -1);
	ck_assert_int_eq(err.code, VFPT_NO_VF);
	ck_assert_str_eq(err.message, "no VF on ens1f0, 7 tried");
}
END_TEST

START_TEST(errno_text_stands_last)
{
	ck_assert_int_eq(vfpt_error_errno(&err, VFPT_SYSTEM, ENOENT, "cannot open %s", "x"), -1);
	ck_assert_int_eq(err.code, VFPT_SYSTEM);
	ck_assert_str_eq(err.message, "cannot open x: No such file or directory");
}
END_TEST

START_TEST(unknown_errno_is_told_by_number)
{
	vfpt_error_errno(&err, VFPT_SYSTEM, 4711, "cannot");
	ck_assert_str_eq(err.message, "cannot: Unknown error 4711");
}
END_TEST

START_TEST(context_goes_in_front_outermost_first)
{
	vfpt_error_set(&err, VFPT_REFUSED, "cause");
	ck_assert_int_eq(vfpt_error_wrap(&err, "VF %d", 3), -1);
	ck_assert_int_eq(vfpt_error_wrap(&err, "vNIC %s", "red"), -1);
	ck_assert_int_eq(err.code, VFPT_REFUSED);
	ck_assert_str_eq(err.message, "vNIC red: VF 3: cause");
}
END_TEST

START_TEST(remedy_goes_behind)
{
	vfpt_error_set(&err, VFPT_NO_VF, "cause");
	ck_assert_int_eq(vfpt_error_remedy(&err, "make %d VFs", 8), -1);
	vfpt_error_wrap(&err, "vNIC");
	ck_assert_int_eq(err.code, VFPT_NO_VF);
	ck_assert_str_eq(err.message, "vNIC: cause; make 8 VFs");
}
END_TEST

static char *filled(char byte, size_t size)
{
	static char buffer[3 * VFPT_ERROR_SIZE];

	memset(buffer, byte, size);
	buffer[size] = '\0';
	return buffer;
}

/* Each makes a message of a length of 0 to 3 times what there is room for. */
static void long_set(const char *filling)
{
	vfpt_error_set(&err, VFPT_SYSTEM, "%s", filling);
}

static void long_errno(const char *filling)
{
	vfpt_error_errno(&err, VFPT_SYSTEM, EPERM, "%s", filling);
}

static void long_context(const char *filling)
{
	vfpt_error_set(&err, VFPT_SYSTEM, "x");
	vfpt_error_wrap(&err, "%s", filling);
}

static void long_wrapped(const char *filling)
{
	vfpt_error_set(&err, VFPT_SYSTEM, "%s", filling);
	vfpt_error_wrap(&err, "x");
}

static void long_remedy(const char *filling)
{
	vfpt_error_set(&err, VFPT_SYSTEM, "x");
	vfpt_error_remedy(&err, "%s", filling);
}

static void long_remedied(const char *filling)
{
	vfpt_error_set(&err, VFPT_SYSTEM, "%s", filling);
	vfpt_error_remedy(&err, "x");
}

static void (*const makers[])(const char *filling) = {
	long_set, long_errno, long_context, long_wrapped, long_remedy, long_remedied};

START_TEST(long_message_is_cut_at_the_end)
{
	const size_t sizes[] = {VFPT_ERROR_SIZE - 2, VFPT_ERROR_SIZE - 1, VFPT_ERROR_SIZE,
		VFPT_ERROR_SIZE + 1, 3 * VFPT_ERROR_SIZE - 1};

	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		memset(&err, '#', sizeof(err));
		makers[_i](filled('x', sizes[i]));
		ck_assert_uint_le(strlen(err.message), VFPT_ERROR_SIZE - 1);
		ck_assert_uint_ge(strlen(err.message), VFPT_ERROR_SIZE - 2);
		ck_assert_int_eq(err.message[0], 'x');
		ck_assert_int_eq(err.code, VFPT_SYSTEM);
	}
}
END_TEST

START_TEST(context_survives_where_the_cause_is_too_long)
{
	vfpt_error_set(&err, VFPT_SYSTEM, "%s", filled('x', 2 * VFPT_ERROR_SIZE));
	vfpt_error_wrap(&err, "vNIC 56:6f:1a:2b:00:01");
	ck_assert_uint_eq(strlen(err.message), VFPT_ERROR_SIZE - 1);
	ck_assert_int_eq(strncmp(err.message, "vNIC 56:6f:1a:2b:00:01: xxx", 27), 0);
}
END_TEST

START_TEST(control_characters_become_question_marks)
{
	char bytes[] = "a?z";

	bytes[1] = (char)_i;
	vfpt_error_set(&err, VFPT_BAD_INPUT, "%s", bytes);
	ck_assert_str_eq(err.message, "a?z");
	vfpt_error_errno(&err, VFPT_BAD_INPUT, EPERM, "%s", bytes);
	ck_assert_str_eq(err.message, "a?z: Operation not permitted");
	vfpt_error_set(&err, VFPT_BAD_INPUT, "b");
	vfpt_error_wrap(&err, "%s", bytes);
	ck_assert_str_eq(err.message, "a?z: b");
	vfpt_error_set(&err, VFPT_BAD_INPUT, "b");
	vfpt_error_remedy(&err, "%s", bytes);
	ck_assert_str_eq(err.message, "b; a?z");
	catch_stderr();
	vfpt_warn("%s", bytes);
	vfpt_note("%s", bytes);
	ck_assert_str_eq(caught_stderr(), "vfpt: warning: a?z\na?z\n");
}
END_TEST

START_TEST(delete_becomes_a_question_mark)
{
	vfpt_error_set(&err, VFPT_BAD_INPUT, "a\x7fz");
	ck_assert_str_eq(err.message, "a?z");
}
END_TEST

START_TEST(utf8_passes)
{
	vfpt_error_set(&err, VFPT_BAD_INPUT, "network %s", "Büro-Ω-東京-\xf0\x9f\x94\x8c");
	ck_assert_str_eq(err.message, "network Büro-Ω-東京-\xf0\x9f\x94\x8c");
}
END_TEST

/* U+0080 to U+009F: U+009B starts a terminal's control sequence, U+0085 ends a line. */
START_TEST(eight_bit_control_characters_become_question_marks)
{
	char bytes[] = "a\xc2\x80z";

	for (int i = 0x80; i < 0xa0; i++) {
		bytes[2] = (char)i;
		vfpt_error_set(&err, VFPT_BAD_INPUT, "%s", bytes);
		ck_assert_msg(
			strchr(err.message, 0xc2) == NULL, "U+%04X is left in the message", (unsigned)i);
		ck_assert_int_eq(err.message[0], 'a');
		ck_assert_int_eq(err.message[strlen(err.message) - 1], 'z');
	}
	/* The first characters behind them are letters. */
	vfpt_error_set(&err, VFPT_BAD_INPUT, "a\xc2\xa1z");
	ck_assert_str_eq(err.message, "a\xc2\xa1z");
}
END_TEST

/* VDSM hands the line on as UTF-8: half a character would make that fail. */
START_TEST(a_character_is_not_cut_in_the_middle)
{
	char bytes[VFPT_ERROR_SIZE + 8];
	size_t length;

	memset(bytes, 'x', sizeof(bytes));
	memcpy(bytes + VFPT_ERROR_SIZE - 1 - _i, "\xf0\x9f\x94\x8c", 5);
	vfpt_error_set(&err, VFPT_BAD_INPUT, "%s", bytes);
	length = strlen(err.message);
	ck_assert_msg((err.message[length - 1] & 0x80) == 0 || _i == 4, "the last byte is %#x",
		(unsigned char)err.message[length - 1]);
	if (_i == 4)
		ck_assert_str_eq(err.message + length - 4, "\xf0\x9f\x94\x8c");
}
END_TEST

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
	const char *printed;

	catch_stderr();
	vfpt_warn("%s", filled('x', 3 * VFPT_ERROR_SIZE - 1));
	printed = caught_stderr();
	ck_assert_uint_eq(count_lines(printed), 1);
	ck_assert_uint_eq(strlen(printed), strlen("vfpt: warning: ") + VFPT_ERROR_SIZE - 1 + 1);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("error");
	TCase *tcase = new_case(suite, "error", NULL);

	tcase_add_test(tcase, set_takes_code_and_message);
	tcase_add_test(tcase, errno_text_stands_last);
	tcase_add_test(tcase, unknown_errno_is_told_by_number);
	tcase_add_test(tcase, context_goes_in_front_outermost_first);
	tcase_add_test(tcase, remedy_goes_behind);
	tcase_add_loop_test(tcase, long_message_is_cut_at_the_end, 0, ARRAY_SIZE(makers));
	tcase_add_test(tcase, context_survives_where_the_cause_is_too_long);
	tcase_add_loop_test(tcase, control_characters_become_question_marks, 1, 0x20);
	tcase_add_test(tcase, delete_becomes_a_question_mark);
	tcase_add_test(tcase, utf8_passes);
	tcase_add_test(tcase, eight_bit_control_characters_become_question_marks);
	tcase_add_loop_test(tcase, a_character_is_not_cut_in_the_middle, 0, 5);
	tcase_add_test(tcase, error_is_printed_as_one_line);
	tcase_add_test(tcase, warnings_and_notes_are_lines_of_their_own);
	tcase_add_test(tcase, long_warning_is_one_line);
	return run_suite(suite);
}
