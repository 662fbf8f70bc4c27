/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "set.h"

#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static uint64_t bit(unsigned number)
{
	return UINT64_C(1) << number % 64;
}

bool vfpt_set_has(const struct vfpt_set *set, unsigned number)
{
	return number < VFPT_SET_SIZE && set->bits[number / 64] & bit(number);
}

void vfpt_set_add(struct vfpt_set *set, unsigned number)
{
	if (number >= VFPT_SET_SIZE || vfpt_set_has(set, number))
		return;
	set->bits[number / 64] |= bit(number);
	set->count++;
}

static void remove_member(struct vfpt_set *set, unsigned number)
{
	if (!vfpt_set_has(set, number))
		return;
	set->bits[number / 64] &= ~bit(number);
	set->count--;
}

static const char *skip_blanks(const char *text)
{
	return text + strspn(text, " \t\n");
}

/* @return what follows the number, or NULL */
static const char *scan_member(const char *text, unsigned *number)
{
	unsigned long value;
	char *end;

	text = skip_blanks(text);
	if (*text < '0' || *text > '9')
		return NULL;
	value = strtoul(text, &end, 10);
	*number = (unsigned)value;
	return value < VFPT_SET_SIZE ? skip_blanks(end) : NULL;
}

int vfpt_set_parse(struct vfpt_set *set, const char *text)
{
	for (bool goes_on = true; goes_on; text++) {
		unsigned first = 0, last;
		bool out;

		text = skip_blanks(text);
		out = *text == '^';
		text = scan_member(out ? text + 1 : text, &first);
		last = first;
		if (text && *text == '-' && !out)
			text = scan_member(text + 1, &last);
		if (!text || last < first || (*text && *text != ','))
			return -1;
		for (unsigned number = first; number <= last; number++)
			(out ? remove_member : vfpt_set_add)(set, number);
		goes_on = *text == ',';
	}
	return 0;
}

bool vfpt_names_match(const char *names, const char *name)
{
	char pattern[VFPT_NAMES_SIZE];

	for (const char *at = names, *end; *at; at = *end ? end + 1 : end) {
		size_t length;

		at += strspn(at, " \t");
		end = strchrnul(at, ',');
		length = (size_t)(end - at);
		while (length > 0 && (at[length - 1] == ' ' || at[length - 1] == '\t'))
			length--;
		snprintf(pattern, sizeof(pattern), "%.*s", (int)length, at);
		if (length > 0 && length < sizeof(pattern) && fnmatch(pattern, name, 0) == 0)
			return true;
	}
	return false;
}
