/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vfpt/mac.h"

#include <endian.h>
#include <string.h>

#include "hex.h"

int vfpt_mac_parse(const char *text, struct vfpt_mac *out, struct vfpt_error *err)
{
	struct vfpt_mac mac;
	const char *at = text;

	for (int i = 0; at && i < 6; i++) {
		uint32_t octet = 0;

		at = hex_parse(at, 2, 2, i < 5 ? ':' : '\0', &octet);
		mac.octet[i] = (uint8_t)octet;
	}
	if (!at)
		return vfpt_error_set(err, VFPT_BAD_INPUT,
			"\"%.40s\" is not a MAC address such as 56:6f:1a:2b:00:01", text);
	*out = mac;
	return 0;
}

char *vfpt_mac_format(const struct vfpt_mac *mac, char buffer[VFPT_MAC_SIZE])
{
	char *at = buffer;

	for (int i = 0; i < 6; i++) {
		at = hex_print(at, mac->octet[i], 2);
		*at++ = i < 5 ? ':' : '\0';
	}
	return buffer;
}

bool vfpt_mac_equal(const struct vfpt_mac *a, const struct vfpt_mac *b)
{
	return memcmp(a->octet, b->octet, sizeof(a->octet)) == 0;
}

uint64_t vfpt_mac_value(const struct vfpt_mac *mac)
{
	uint64_t value = 0;

	memcpy((char *)&value + 2, mac->octet, sizeof(mac->octet));
	return be64toh(value);
}

struct vfpt_mac vfpt_mac_of(uint64_t value)
{
	struct vfpt_mac mac;

	for (int i = 5; i >= 0; i--, value >>= 8)
		mac.octet[i] = (uint8_t)value;
	return mac;
}
