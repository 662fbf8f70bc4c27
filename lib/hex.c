/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "hex.h"

#include <stddef.h>

enum { NO_DIGIT = 16 };

/* Not isxdigit() and strtoul(), which look into tables for each digit. */
static unsigned digit_of(char c)
{
	unsigned decimal = (unsigned)c - '0', letter = ((unsigned)c | 0x20) - 'a';

	if (decimal < 10)
		return decimal;
	return letter < 6 ? letter + 10 : NO_DIGIT;
}

const char *hex_parse(const char *text, int min, int max, char end, uint32_t *value)
{
	uint32_t number = 0;
	int count;

	for (count = 0; count < max; count++) {
		unsigned digit = digit_of(text[count]);

		if (digit == NO_DIGIT)
			break;
		number = number << 4 | digit;
	}
	if (count < min || text[count] != end)
		return NULL;
	*value = number;
	return text + count + 1;
}

char *hex_print(char *at, uint32_t value, int min)
{
	int count = min;

	while (count < 8 && value >> 4 * count != 0)
		count++;
	while (count-- > 0)
		*at++ = "0123456789abcdef"[value >> 4 * count & 15];
	return at;
}
