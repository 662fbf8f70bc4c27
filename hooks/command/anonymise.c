/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "anonymise.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "alloc.h"

/* What stands for that MAC: 02:00:00:00:00:01 is the first one met. None and all stay. */
static uint64_t stand_in(struct stand_ins *known, uint64_t mac)
{
	uint64_t *added;
	size_t i = 0;

	if (mac == 0 || mac == UINT64_C(0xffffffffffff))
		return mac;
	while (i < known->count && known->macs[i] != mac)
		i++;
	if (i == known->count) {
		added = vfpt_array_add(&known->macs, &known->count, sizeof(*added));
		if (!added)
			return 0;
		*added = mac;
	}
	return (UINT64_C(0x02) << 40) + i + 1;
}

/* Put it in the place of the digits of @text, colons or not. */
static void replace_mac(struct stand_ins *known, char *text, size_t size)
{
	uint64_t mac = 0;
	int shift = 44;

	for (size_t i = 0; i < size; i++)
		if (text[i] != ':')
			mac = mac << 4 |
			      (uint64_t)(isdigit((unsigned char)text[i]) ? text[i] - '0'
									 : (text[i] | 0x20) - 'a' + 10);
	mac = stand_in(known, mac);
	for (size_t i = 0; i < size; i++)
		if (text[i] != ':') {
			text[i] = "0123456789abcdef"[mac >> shift & 15];
			shift -= 4;
		}
}

static bool is_digit(const char *text, size_t size, size_t at)
{
	return at < size && isxdigit((unsigned char)text[at]);
}

/* "56:6f:1a:2b:00:01"; a longer row of such pairs is an address too (InfiniBand). @return how many pairs */
static size_t count_pairs(const char *text, size_t size)
{
	size_t pairs = 0, at = 0;

	while (is_digit(text, size, at) && is_digit(text, size, at + 1)) {
		pairs++;
		at += 2;
		if (at == size || text[at] != ':' || !is_digit(text, size, at + 1))
			break;
		at++;
	}
	return is_digit(text, size, at) ? 0 : pairs;
}

/*
 * Names that are made of a MAC: of network devices (systemd.net-naming-
 * scheme(7)), of the aliases that vfpt gives.
 */
static bool is_behind(const char *text, size_t at, const char *prefix)
{
	return at >= strlen(prefix) && memcmp(text + at - strlen(prefix), prefix, strlen(prefix)) == 0;
}

static size_t count_digits(const char *text, size_t size)
{
	size_t digits = 0;

	while (is_digit(text, size, digits))
		digits++;
	return digits;
}

/* Other MACs have as many characters. */
void anonymise(struct stand_ins *known, char *text, size_t size)
{
	for (size_t at = 0; at < size; at++) {
		bool starts = at == 0 || (!is_digit(text, size, at - 1) && text[at - 1] != ':');
		size_t pairs = starts ? count_pairs(text + at, size - at) : 0;

		if (pairs >= 6) {
			for (size_t i = 0; i + 6 <= pairs; i += 6)
				replace_mac(known, text + at + i * 3, 17);
			for (size_t i = pairs / 6 * 6; i < pairs; i++)
				memset(text + at + i * 3, '0', 2);
			at += pairs * 3 - 2;
		} else if ((is_behind(text, at, "enx") || is_behind(text, at, "ua-vfpt-")) &&
			   count_digits(text + at, size - at) == 12) {
			replace_mac(known, text + at, 12);
			at += 11;
		}
	}
}
