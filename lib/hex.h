/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Hexadecimal numbers, the parts of MAC and PCI addresses. A host has thousands of them: sscanf() and
 * snprintf() take ten times as long.
 */
#ifndef VFPT_LIB_HEX_H
#define VFPT_LIB_HEX_H

#include <stddef.h>
#include <stdint.h>

enum { HEX_NO_DIGIT = 16 };

/* Not isxdigit() and strtoul(), which look into tables for each digit. */
static inline unsigned hex_digit(char c)
{
	unsigned decimal = (unsigned)c - '0', letter = ((unsigned)c | 0x20) - 'a';

	if (decimal < 10)
		return decimal;
	return letter < 6 ? letter + 10 : HEX_NO_DIGIT;
}

/*
 * Parse @min to @max digits, 8 at most, with the character @end behind them ('\0': the text's end).
 * @return what is behind @end; NULL where that is not what stands there
 */
static inline const char *hex_parse(const char *text, int min, int max, char end, uint32_t *value)
{
	uint32_t number = 0;
	int count;

	for (count = 0; count < max; count++) {
		unsigned digit = hex_digit(text[count]);

		if (digit == HEX_NO_DIGIT)
			break;
		number = number << 4 | digit;
	}
	if (count < min || text[count] != end)
		return NULL;
	*value = number;
	return text + count + 1;
}

/* Print with @min digits at least, without a '\0'. @return what is behind them */
char *hex_print(char *at, uint32_t value, int min);

#endif
