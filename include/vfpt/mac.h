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

#ifdef __cplusplus
extern "C" {
#endif

/** "56:6f:1a:2b:00:01" and its end. */
#define VFPT_MAC_SIZE 18

/** A MAC: six octets, in the order in which they are written and sent. */
struct vfpt_mac {
	uint8_t octet[6];
};

/**
 * Parse six pairs of hexadecimal digits with colons, either case, nothing before or behind them. Whether an
 * interface can have that MAC is not looked at.
 * @return 0; or -1 with @err filled in, VFPT_BAD_INPUT
 */
int vfpt_mac_parse(const char *text, struct vfpt_mac *out, struct vfpt_error *err);

/** Print in lower case with colons. @return @buffer, which is the caller's */
char *vfpt_mac_format(const struct vfpt_mac *mac, char buffer[VFPT_MAC_SIZE]);

/** Are these one and the same MAC? */
bool vfpt_mac_equal(const struct vfpt_mac *a, const struct vfpt_mac *b);

/** The six octets as a number of 48 bits, the first octet highest: so the setting VFPT_MAC has it. */
uint64_t vfpt_mac_value(const struct vfpt_mac *mac);

/** The MAC of such a number, whose upper 16 bits do not count. */
struct vfpt_mac vfpt_mac_of(uint64_t value);

#ifdef __cplusplus
}
#endif

#endif
