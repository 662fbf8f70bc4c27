/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "set.h"

#include <string.h>

#include "support.h"

static struct vfpt_set set;

static void empty_set(void)
{
	set = (struct vfpt_set){0};
}

/* What is in the set, in its shortest form: "0-3,8"; and the count is of just that. */
static const char *members(void)
{
	const char *list = "";
	unsigned count = 0;

	for (unsigned first = 0, last; first < VFPT_SET_SIZE; first = last + 1) {
		last = first;
		if (!vfpt_set_has(&set, first))
			continue;
		while (vfpt_set_has(&set, last + 1))
			last++;
		count += last - first + 1;
		list = first == last ? text("%s%s%u", list, *list ? "," : "", first)
				     : text("%s%s%u-%u", list, *list ? "," : "", first, last);
	}
	ck_assert_uint_eq(set.count, count);
	return list;
}

/* --- numbers */

static const struct {
	const char *list, *members;
} lists[] = {
	{"0", "0"},
	{"7", "7"},
	{"007", "7"},
	{"63", "63"},
	{"64", "64"},
	{"65535", "65535"},
	{"0-3", "0-3"},
	{"3-3", "3"},
	{"62-65", "62-65"},
	{"0-65535", "0-65535"},
	{"0-3,8", "0-3,8"},
	{"8,0-3", "0-3,8"},
	{"1,1,1", "1"},
	{"0-3,2-5", "0-5"},
	{"0-3,8,^2", "0-1,3,8"},
	{"^2", ""},
	{"2,^2", ""},
	/* from left to right */
	{"^2,0-3", "0-3"},
	{"0-3,^2,2", "0-3"},
	{"0-3,^8", "0-3"},
	{"0-3,^0,^1,^2,^3", ""},
	{"0-65535,^0,^65535", "1-65534"},
	{" 1 , 2\t,\n3 ", "1-3"},
	{" 1 - 3 , ^ 2 ", "1,3"},
	{"0-3,6\n", "0-3,6"},
};

START_TEST(list_of_numbers_is_a_set)
{
	ck_assert_int_eq(vfpt_set_parse(&set, lists[_i].list), 0);
	ck_assert_msg(strcmp(members(), lists[_i].members) == 0, "\"%s\" is \"%s\", not \"%s\"",
		lists[_i].list, members(), lists[_i].members);
}
END_TEST

/* What came before the mistake stays. */
static const struct {
	const char *list, *members;
} bad_lists[] = {
	{"", ""},
	{" ", ""},
	{"\n", ""},
	{",", ""},
	{"1,", "1"},
	{"1, ", "1"},
	{",1", ""},
	{"1,,2", "1"},
	{"-", ""},
	{"-1", ""},
	{"+1", ""},
	{"1-", ""},
	{"1-x", ""},
	{"1-,2", ""},
	{"1--2", ""},
	{"1-2-3", ""},
	{"3-1", ""},
	{"5,3-1,7", "5"},
	{"x", ""},
	{"1x", ""},
	{"0x10", ""},
	{"1.5", ""},
	{"1 2", ""},
	{"1;2", ""},
	{"1:2", ""},
	{"^", ""},
	{"1,^", "1"},
	{"^^1", ""},
	{"1^2", ""},
	{"0-3,^1-2", "0-3"},
	{"0-3,^x", "0-3"},
	{"0-^3", ""},
	{"!1", ""},
	{"65536", ""},
	{"0-65536", ""},
	{"65536-65537", ""},
	{"1,^65536", "1"},
	{"4294967295", ""},
	{"4294967296", ""},
	{"4294967297-4294967298", ""},
	{"18446744073709551615", ""},
	{"18446744073709551616", ""},
	{"18446744073709551617", ""},
	{"99999999999999999999999999999999999999999999", ""},
	{"all", ""},
	{"\xef\xbc\x91", ""},
	{"1,\xff", "1"},
	{"%s%n", ""},
};

START_TEST(what_is_no_list_of_numbers_is_refused)
{
	ck_assert_msg(vfpt_set_parse(&set, bad_lists[_i].list) == -1, "\"%s\" is taken, as \"%s\"",
		bad_lists[_i].list, members());
	ck_assert_str_eq(members(), bad_lists[_i].members);
}
END_TEST

START_TEST(lists_add_up)
{
	ck_assert_int_eq(vfpt_set_parse(&set, "0-3"), 0);
	ck_assert_int_eq(vfpt_set_parse(&set, "2-5,9"), 0);
	ck_assert_str_eq(members(), "0-5,9");
	ck_assert_int_eq(vfpt_set_parse(&set, "^4"), 0);
	ck_assert_str_eq(members(), "0-3,5,9");
}
END_TEST

START_TEST(number_is_added_once)
{
	static const unsigned numbers[] = {5, 0, 64, 5, 65535, 0};

	for (size_t i = 0; i < ARRAY_SIZE(numbers); i++)
		vfpt_set_add(&set, numbers[i]);
	ck_assert_str_eq(members(), "0,5,64,65535");
}
END_TEST

static const unsigned outside[] = {VFPT_SET_SIZE, VFPT_SET_SIZE + 1, VFPT_SET_SIZE + 64, 1u << 31, ~0u};

START_TEST(number_that_no_set_can_have_is_in_none)
{
	vfpt_set_add(&set, outside[_i]);
	ck_assert(!vfpt_set_has(&set, outside[_i]));
	ck_assert_str_eq(members(), "");
	ck_assert_int_eq(vfpt_set_parse(&set, "0-65535"), 0);
	vfpt_set_add(&set, outside[_i]);
	ck_assert(!vfpt_set_has(&set, outside[_i]));
	ck_assert_str_eq(members(), "0-65535");
}
END_TEST

/* --- names */

static const struct {
	const char *names, *name;
	bool match;
} names[] = {
	{"ens1f0", "ens1f0", true},
	{"ens1f0", "ens1f1", false},
	{"ens1f0", "ens1f", false},
	{"ens1f0", "ens1f00", false},
	{"ens1f0", "Ens1f0", false},
	{"ens1f0", "", false},
	/* lists */
	{"ens1f0,ens2f0", "ens1f0", true},
	{"ens1f0,ens2f0", "ens2f0", true},
	{"ens1f0,ens2f0", "ens1f0,ens2f0", false},
	{"ens1f0,ens2f0", "ens3f0", false},
	{"a,b,c,d", "d", true},
	/* blanks around names; others are theirs */
	{" ens1f0 ", "ens1f0", true},
	{"ens1f0 , ens2f0", "ens1f0", true},
	{"ens1f0 ,\tens2f0\t", "ens2f0", true},
	{"blue net , red", "blue net", true},
	{"blue net", "bluenet", false},
	{"blue net", "net", false},
	/* empty ones */
	{"", "ens1f0", false},
	{"", "", false},
	{" ", "", false},
	{",", "", false},
	{" , ", " ", false},
	{",,ens1f0", "ens1f0", true},
	{"ens1f0,,ens2f0", "ens2f0", true},
	{"ens1f0,", "ens1f0", true},
	{"ens1f0, ", "", false},
	/* patterns */
	{"*", "ens1f0", true},
	{"*", "", true},
	{"ens1*", "ens1f0", true},
	{"ens1*", "ens1", true},
	{"ens1*", "ens2f0", false},
	{"*f0", "ens2f0", true},
	{"ens?f0", "ens2f0", true},
	{"ens?f0", "ens10f0", false},
	{"ens?f0", "ensf0", false},
	{"ens[12]f0", "ens2f0", true},
	{"ens[12]f0", "ens3f0", false},
	{"ens[1-3]f0", "ens3f0", true},
	{"ens[!1]f0", "ens1f0", false},
	{"ens[!1]f0", "ens2f0", true},
	{"eth0,ens[12]f?", "ens2f1", true},
	{"eth0 , ens* ", "ens2f1", true},
	{"*.*", ".hidden", true},
	/* a comma ends a name, whatever stands around it; a bracket alone is one */
	{"ens[1,2]f0", "ens1f0", false},
	{"ens[1,2]f0", "ens2f0", false},
	{"ens[1", "ens[1", true},
	{"]", "]", true},
	{"ens[", "ens1f0", false},
};

START_TEST(name_is_among_names_and_patterns)
{
	ck_assert_msg(vfpt_names_match(names[_i].names, names[_i].name) == names[_i].match,
		"\"%s\" is %samong \"%s\"", names[_i].name, names[_i].match ? "not " : "", names[_i].names);
}
END_TEST

/* In a list of any length; one entry that is longer than any name stands in nobody's way. */
START_TEST(long_lists_of_names_are_searched_to_their_end)
{
	char longest[VFPT_NAMES_SIZE], longer[VFPT_NAMES_SIZE + 1];
	const char *many = "";

	memset(longest, 'x', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = '\0';
	memset(longer, 'x', sizeof(longer) - 1);
	longer[sizeof(longer) - 1] = '\0';
	ck_assert(vfpt_names_match(longest, longest));
	ck_assert(!vfpt_names_match(longer, longest));
	ck_assert(!vfpt_names_match(longer, longer));
	ck_assert(vfpt_names_match(text("%s,ens1f0", longer), "ens1f0"));
	for (unsigned i = 0; i < 1000; i++)
		many = text("%s%snet%u", many, i ? "," : "", i);
	ck_assert(vfpt_names_match(many, "net0"));
	ck_assert(vfpt_names_match(many, "net999"));
	ck_assert(!vfpt_names_match(many, "net1000"));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("set");
	TCase *tcase = new_case(suite, "numbers", NULL);

	tcase_add_checked_fixture(tcase, empty_set, NULL);
	tcase_add_loop_test(tcase, list_of_numbers_is_a_set, 0, ARRAY_SIZE(lists));
	tcase_add_loop_test(tcase, what_is_no_list_of_numbers_is_refused, 0, ARRAY_SIZE(bad_lists));
	tcase_add_test(tcase, lists_add_up);
	tcase_add_test(tcase, number_is_added_once);
	tcase_add_loop_test(tcase, number_that_no_set_can_have_is_in_none, 0, ARRAY_SIZE(outside));

	tcase = new_case(suite, "names", NULL);
	tcase_add_loop_test(tcase, name_is_among_names_and_patterns, 0, ARRAY_SIZE(names));
	tcase_add_test(tcase, long_lists_of_names_are_searched_to_their_end);
	return run_suite(suite);
}
