/* SPDX-License-Identifier: GPL-2.0-or-later */
/**
 * @file mac.h
 * Ethernet addresses.
 */
#ifndef VFPT_MAC_H
#define VFPT_MAC_H

#include <stdbool.h>
#include <stdint.h>

#include "vfpt/error.h"

/** "56:6f:1a:2b:00:01" and its end. */
#define VFPT_MAC_SIZE 18

struct vfpt_mac {
	uint8_t octet[6];
};

/** Parse six pairs of hexadecimal digits with colons, either case. Nothing is said about what kind of MAC it
 * is. */
int vfpt_mac_parse(const char *text, struct vfpt_mac *out, struct vfpt_error *err);

/** Print in lower case with colons. @return @buffer */
char *vfpt_mac_format(const struct vfpt_mac *mac, char buffer[VFPT_MAC_SIZE]);

bool vfpt_mac_equal(const struct vfpt_mac *a, const struct vfpt_mac *b);

/** The six octets as a number, the first one highest; and back. */
uint64_t vfpt_mac_value(const struct vfpt_mac *mac);
struct vfpt_mac vfpt_mac_of(uint64_t value);

#endif
