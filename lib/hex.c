/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "hex.h"

char *hex_print(char *at, uint32_t value, int min)
{
	int count = min;

	while (count < 8 && value >> 4 * count != 0)
		count++;
	while (count-- > 0)
		*at++ = "0123456789abcdef"[value >> 4 * count & 15];
	return at;
}
