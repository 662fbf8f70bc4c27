/* SPDX-License-Identifier: GPL-2.0-or-later */
/**
 * @file settings.h
 * What a PF's driver keeps for a VF: read it, apply it, put it back. One table drives all of it; each setting
 * travels in a netlink message of its own, so that a refusal has a name.
 */
#ifndef VFPT_SETTINGS_H
#define VFPT_SETTINGS_H

#include <stdbool.h>
#include <stdint.h>

#include "vfpt/error.h"
#include "vfpt/host.h"
#include "vfpt/netlink.h"

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

/** Fail unless a vNIC can have @mac: neither a group address nor all zero. */
int vfpt_mac_check(const struct vfpt_mac *mac, struct vfpt_error *err);

/** The settings, in the order in which they are applied; put back in the opposite one. */
enum vfpt_setting {
	VFPT_SETTING_MAC,
	VFPT_SETTING_VLAN,
	VFPT_SETTING_COUNT,
};

/** "802.1Q" and "802.1ad", as the kernel numbers them (host byte order). */
#define VFPT_VLAN_8021Q  0x8100
#define VFPT_VLAN_8021AD 0x88a8

/** One tag, or none (id 0): the kernel takes its three parts together. */
struct vfpt_vlan {
	uint16_t id;       /**< 0 to 4094 */
	uint8_t priority;  /**< 0 to 7 */
	uint16_t protocol; /**< VFPT_VLAN_8021Q or VFPT_VLAN_8021AD */
};

struct vfpt_settings {
	unsigned present; /**< a bit (1u << enum vfpt_setting) for each that is known or asked for */
	struct vfpt_mac mac;
	struct vfpt_vlan vlan;
};

/** Longest text of a setting's value, with its end. */
#define VFPT_SETTING_SIZE 32

/** The setting's name as the ledger and messages have it ("mac", "vlan"). */
const char *vfpt_setting_name(enum vfpt_setting setting);

/** Print one setting's value ("100", "100:3", "100:3:802.1ad"). @return @buffer */
char *vfpt_setting_print(
	const struct vfpt_settings *settings, enum vfpt_setting setting, char buffer[VFPT_SETTING_SIZE]);

/** Parse what vfpt_setting_print() wrote into @settings and mark it present. */
int vfpt_setting_scan(
	struct vfpt_settings *settings, enum vfpt_setting setting, const char *text, struct vfpt_error *err);

/**
 * Read all settings of VF number @vf of @pf.
 * @param netlink NULL: nothing can be read (a captured tree), and nothing is present in @out
 */
int vfpt_settings_read(struct vfpt_netlink *netlink, const struct vfpt_pf *pf, unsigned vf,
	struct vfpt_settings *out, struct vfpt_error *err);

/**
 * Apply every setting present in @wanted; all or nothing: when one is refused, those before it go back to
 * @before. The error names the VF, the setting, the driver and what the kernel said.
 * @param netlink NULL: print "would set: ..." instead
 */
int vfpt_settings_apply(struct vfpt_netlink *netlink, const struct vfpt_pf *pf, unsigned vf,
	const struct vfpt_settings *wanted, const struct vfpt_settings *before, struct vfpt_error *err);

/**
 * Put back every setting present in @before that is different now, whoever changed it: libvirt leaves an
 * administrative MAC behind where there was none. All are tried; the error is that of the first that failed.
 * @param netlink NULL: print "would set back: ..." instead
 */
int vfpt_settings_restore(struct vfpt_netlink *netlink, const struct vfpt_pf *pf, unsigned vf,
	const struct vfpt_settings *before, struct vfpt_error *err);

#endif
