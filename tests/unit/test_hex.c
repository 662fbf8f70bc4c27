/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "hex.h"

#include <string.h>

#include "support.h"

static const struct {
	const char *text;
	int min, max;
	char end;
	uint32_t value;
	const char *rest; /* behind the character at the end */
} numbers[] = {
	{"0", 1, 1, '\0', 0, NULL},
	{"f:", 1, 1, ':', 15, ""},
	{"09:aF", 2, 2, ':', 9, "aF"},
	{"aF", 2, 2, '\0', 0xaf, NULL},
	{"Fa.", 1, 2, '.', 0xfa, ""},
	{"0123456.rest", 4, 8, '.', 0x123456, "rest"},
	{"89abcdef.", 4, 8, '.', 0x89abcdef, ""},
	{"FFFFFFFF", 4, 8, '\0', UINT32_MAX, NULL},
};

START_TEST(number_is_parsed_with_what_ends_it)
{
	uint32_t value = 77;
	const char *rest =
		hex_parse(numbers[_i].text, numbers[_i].min, numbers[_i].max, numbers[_i].end, &value);

	ck_assert_ptr_nonnull(rest);
	ck_assert_uint_eq(value, numbers[_i].value);
	if (numbers[_i].rest)
		ck_assert_str_eq(rest, numbers[_i].rest);
}
END_TEST

static const struct {
	const char *text;
	int min, max;
	char end;
} no_numbers[] = {
	{"", 1, 8, '\0'},
	{"", 0, 8, ':'},
	{":", 1, 8, ':'},
	{"1", 2, 2, '\0'},
	{"123", 2, 2, '\0'},
	{"123456789", 4, 8, '\0'},
	{"12", 2, 2, ':'},
	{"12 ", 2, 2, '\0'},
	{" 1", 2, 2, '\0'},
	{"+1", 2, 2, '\0'},
	{"-1", 2, 2, '\0'},
	{"0x1", 1, 8, '\0'},
	{"1/", 1, 2, '\0'},
	{"1:", 1, 2, '\0'},
	{"1@", 1, 2, '\0'},
	{"1G", 1, 2, '\0'},
	{"1`", 1, 2, '\0'},
	{"1g", 1, 2, '\0'},
	{"1\xb1", 1, 2, '\0'},
};

START_TEST(what_is_no_such_number_is_none)
{
	uint32_t value = 77;

	ck_assert_ptr_null(hex_parse(
		no_numbers[_i].text, no_numbers[_i].min, no_numbers[_i].max, no_numbers[_i].end, &value));
	ck_assert_uint_eq(value, 77);
}
END_TEST

static const struct {
	uint32_t value;
	int min;
	const char *printed;
} printed[] = {
	{0, 1, "0"},
	{0, 4, "0000"},
	{7, 1, "7"},
	{0xa, 2, "0a"},
	{0xaf, 2, "af"},
	{0xaf, 1, "af"},
	{0x10000, 4, "10000"},
	{UINT32_MAX, 4, "ffffffff"},
	{UINT32_MAX, 8, "ffffffff"},
	{1, 8, "00000001"},
};

START_TEST(number_has_at_least_that_many_digits)
{
	char buffer[10];
	char *end;

	memset(buffer, '#', sizeof(buffer));
	end = hex_print(buffer, printed[_i].value, printed[_i].min);
	ck_assert_int_eq(end - buffer, (int)strlen(printed[_i].printed));
	ck_assert_int_eq(*end, '#');
	*end = '\0';
	ck_assert_str_eq(buffer, printed[_i].printed);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("hex");
	TCase *tcase = new_case(suite, "hex", NULL);

	tcase_add_loop_test(tcase, number_is_parsed_with_what_ends_it, 0, ARRAY_SIZE(numbers));
	tcase_add_loop_test(tcase, what_is_no_such_number_is_none, 0, ARRAY_SIZE(no_numbers));
	tcase_add_loop_test(tcase, number_has_at_least_that_many_digits, 0, ARRAY_SIZE(printed));
	return run_suite(suite);
}
