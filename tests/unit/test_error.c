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
	for (int i = 0x80; i < 0xa0; i++) {
		char bytes[] = "a\xc2\x80z", raw[] = "a\x80z";

		bytes[2] = (char)i;
		vfpt_error_set(&err, VFPT_BAD_INPUT, "%s", bytes);
		ck_assert_str_eq(err.message, "a?z");
		raw[1] = (char)i;
		vfpt_error_set(&err, VFPT_BAD_INPUT, "%s", raw);
		ck_assert_str_eq(err.message, "a?z");
	}
	/* The first characters behind them are letters. */
	vfpt_error_set(&err, VFPT_BAD_INPUT, "a\xc2\xa1z");
	ck_assert_str_eq(err.message, "a\xc2\xa1z");
}
END_TEST

/* The first and the last of a range, and its neighbours, which are seen. */
static const struct {
	const char *before, *first, *last, *behind;
} invisible[] = {
	{"\u00ac", "\u00ad", "\u00ad", "\u00ae"}, /* soft hyphen */
	{"\u034e", "\u034f", "\u034f", "\u0350"}, /* joins graphemes */
	{"\u061b", "\u061c", "\u061c", "\u061d"}, /* Arabic letter mark */
	{"\u115e", "\u115f", "\u1160", "\u1161"}, /* Hangul fillers */
	{"\u17b3", "\u17b4", "\u17b5", "\u17b6"}, /* Khmer vowels that are none */
	{"\u180a", "\u180b", "\u180f", "\u1810"}, /* Mongolian selectors */
	{"\u200a", "\u200b", "\u200f", "\u2010"}, /* no width, joiners, direction */
	{"\u2027", "\u2028", "\u2029", "\u2030"}, /* ends of a line, of a paragraph */
	/* NOLINTNEXTLINE(misc-misleading-bidirectional) */
	{"\u2027", "\u202a", "\u202e", "\u202f"}, /* direction: embedded, overridden */
	{"\u205f", "\u2060", "\u206f", "\u2070"}, /* direction: isolated; invisible operators */
	{"\u3163", "\u3164", "\u3164", "\u3165"}, /* Hangul filler */
	{"\ufdff", "\ufe00", "\ufe0f", "\ufe10"}, /* variation selectors */
	{"\ufefe", "\ufeff", "\ufeff", "\uff00"}, /* byte order mark */
	{"\uff9f", "\uffa0", "\uffa0", "\uffa1"}, /* Hangul filler */
	{"\uffef", "\ufff0", "\ufffb", "\ufffc"}, /* annotations */
	{"\U0001bc9f", "\U0001bca0", "\U0001bca3", "\U0001bca4"}, /* shorthand */
	{"\U0001d172", "\U0001d173", "\U0001d17a", "\U0001d17b"}, /* music */
	{"\U000dffff", "\U000e0000", "\U000e0fff", "\U000e1000"}, /* tags, selectors */
};

START_TEST(what_is_not_seen_becomes_a_question_mark)
{
	const char *before = invisible[_i].before, *behind = invisible[_i].behind;

	vfpt_error_set(
		&err, VFPT_BAD_INPUT, "%s%s%s%s", before, invisible[_i].first, invisible[_i].last, behind);
	ck_assert_str_eq(err.message, text("%s??%s", before, behind));
}
END_TEST

/* Not UTF-8; or, for a reader that is not strict, written so that nobody finds ESC or U+009B in it. */
static const struct {
	const char *bytes, *shown;
} malformed[] = {
	{"\x80", "?"},
	{"\x9b[2J", "?[2J"},
	{"\xff", "?"},
	{"\xc3", "?"},
	{"\xe2\x80", "??"},
	{"\xc0\x9b[2J", "??[2J"},
	{"\xc1\xbf", "??"},
	{"\xe0\x80\x9b", "???"},
	{"\xe0\x82\x9b", "???"},
	{"\xf0\x80\x82\x9b", "????"},
	{"\xf0\x82\x80\xa8", "????"},
	{"\xed\xa0\x80", "???"},
	{"\xed\xbf\xbf", "???"},
	{"\xf4\x90\x80\x80", "????"},
	{"\xf8\x88\x80\x80\x80", "?????"},
	{"\xc2\xc2\x9b", "??"},
	{"\xf4\x8f\xbf\xbd", "\xf4\x8f\xbf\xbd"},
	{"\xed\x9f\xbf", "\xed\x9f\xbf"},
	{"\xee\x80\x80", "\xee\x80\x80"},
};

START_TEST(what_is_not_utf8_becomes_question_marks)
{
	vfpt_error_set(&err, VFPT_BAD_INPUT, "a%sz", malformed[_i].bytes);
	ck_assert_str_eq(err.message, text("a%sz", malformed[_i].shown));
}
END_TEST

START_TEST(lines_stay_where_there_may_be_some)
{
	char lines[] = "a\n\tb\r\n\x1b[2J\v\f\xe2\x80\xa8\xc2\x85\n", line[sizeof(lines)];

	memcpy(line, lines, sizeof(lines));
	vfpt_sanitise(lines, true);
	ck_assert_str_eq(lines, "a\n\tb?\n?[2J????\n");
	vfpt_sanitise(line, false);
	ck_assert_str_eq(line, "a??b???[2J?????");
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
	tcase_add_loop_test(tcase, what_is_not_seen_becomes_a_question_mark, 0, ARRAY_SIZE(invisible));
	tcase_add_loop_test(tcase, what_is_not_utf8_becomes_question_marks, 0, ARRAY_SIZE(malformed));
	tcase_add_test(tcase, lines_stay_where_there_may_be_some);
	tcase_add_loop_test(tcase, a_character_is_not_cut_in_the_middle, 0, 5);
	return run_suite(suite);
}
