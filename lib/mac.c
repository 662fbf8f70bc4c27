/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vfpt/mac.h"

#include <stdio.h>
#include <string.h>

int vfpt_mac_parse(const char *text, struct vfpt_mac *out, struct vfpt_error *err)
{
	unsigned o[6];
	int length = 0;

	/* %2x would also take a sign or a space, so the characters are looked at first. */
	if (strspn(text, "0123456789abcdefABCDEF:") != VFPT_MAC_SIZE - 1 || text[VFPT_MAC_SIZE - 1] != '\0' ||
		sscanf(text, "%2x:%2x:%2x:%2x:%2x:%2x%n", &o[0], &o[1], &o[2], &o[3], &o[4], &o[5],
			&length) != 6 ||
		length != VFPT_MAC_SIZE - 1)
		return vfpt_error_set(err, VFPT_BAD_INPUT,
			"\"%.40s\" is not a MAC address such as 56:6f:1a:2b:00:01", text);
	for (int i = 0; i < 6; i++)
		out->octet[i] = (uint8_t)o[i];
	return 0;
}

char *vfpt_mac_format(const struct vfpt_mac *mac, char buffer[VFPT_MAC_SIZE])
{
	const uint8_t *o = mac->octet;

	snprintf(buffer, VFPT_MAC_SIZE, "%02x:%02x:%02x:%02x:%02x:%02x", o[0], o[1], o[2], o[3], o[4], o[5]);
	return buffer;
}

bool vfpt_mac_equal(const struct vfpt_mac *a, const struct vfpt_mac *b)
{
	return memcmp(a->octet, b->octet, sizeof(a->octet)) == 0;
}

uint64_t vfpt_mac_value(const struct vfpt_mac *mac)
{
	uint64_t value = 0;

	for (int i = 0; i < 6; i++)
		value = value << 8 | mac->octet[i];
	return value;
}

struct vfpt_mac vfpt_mac_of(uint64_t value)
{
	struct vfpt_mac mac;

	for (int i = 5; i >= 0; i--, value >>= 8)
		mac.octet[i] = (uint8_t)value;
	return mac;
}
