/* SPDX-License-Identifier: GPL-2.0-or-later */
/**
 * @file settings.h
 * What a PF's driver keeps for a VF: read it, check it, apply it, put it back. One table drives all of it;
 * each setting travels in a netlink message of its own, so that a refusal has a name.
 */
#ifndef VFPT_SETTINGS_H
#define VFPT_SETTINGS_H

#include <stdbool.h>
#include <stdint.h>

#include "vfpt/error.h"
#include "vfpt/mac.h"
#include "vfpt/netlink.h"
#include "vfpt/pf.h"

#ifdef __cplusplus
extern "C" {
#endif

/**
 * The settings, in the order in which they are applied; they are put back in the opposite one.
 */
enum vfpt_setting {
	VFPT_MAC,           /**< vfpt_mac_value(); 0: none */
	VFPT_VLAN_ID,       /**< 0 to 4094; 0: untagged; shown: VFPT_VLAN_GUEST too */
	VFPT_VLAN_PRIORITY, /**< 0 to 7 */
	VFPT_VLAN_PROTOCOL, /**< VFPT_VLAN_8021Q or VFPT_VLAN_8021AD */
	VFPT_MAX_TX_RATE,   /**< Mbit/s; 0: no limit */
	VFPT_MIN_TX_RATE,   /**< Mbit/s; 0: none */
	VFPT_SPOOFCHK,      /**< 0 off, 1 on */
	VFPT_TRUST,         /**< 0 off, 1 on */
	VFPT_RSS_QUERY,     /**< 0 off, 1 on */
	VFPT_LINK_STATE,    /**< VFPT_LINK_AUTO ... */
	VFPT_SETTING_COUNT,
};

/** "802.1Q" and "802.1ad": the kernel's ETH_P_ numbers, host byte order. */
#define VFPT_VLAN_8021Q  0x8100
#define VFPT_VLAN_8021AD 0x88a8

/** The VLAN id that mlx4 shows, and takes, where the guest tags: linux, mlx4_set_vf_vlan(). */
#define VFPT_VLAN_GUEST 4095

/** The kernel's IFLA_VF_LINK_STATE_ numbers. */
enum vfpt_link_state {
	VFPT_LINK_AUTO,
	VFPT_LINK_ENABLE,
	VFPT_LINK_DISABLE,
};

/** Settings of one VF: those that it has, or those that are asked for. All zero: none. */
struct vfpt_settings {
	unsigned present; /**< a bit (1u << enum vfpt_setting) for each that is known or asked for */
	uint64_t value[VFPT_SETTING_COUNT]; /**< 0 where it is not present */
};

/** Is that setting present? */
bool vfpt_settings_have(const struct vfpt_settings *settings, enum vfpt_setting setting);

/** Put a value, which is then present. Its range is not looked at: vfpt_setting_scan() does. */
void vfpt_settings_put(struct vfpt_settings *settings, enum vfpt_setting setting, uint64_t value);

/** The bytes of the text of a setting's value, with its end. */
#define VFPT_SETTING_SIZE 24

/** The setting's name, as messages have it ("mac", "vlan_id"). @return a constant */
const char *vfpt_setting_name(enum vfpt_setting setting);

/**
 * What a VF has where nobody asked for anything. Spoof check differs
 * from driver to driver: on keeps others safe.
 */
uint64_t vfpt_setting_default(enum vfpt_setting setting);

/** The unit of its values, as it goes behind one (" Mbit/s"); empty: none. @return a constant */
const char *vfpt_setting_unit(enum vfpt_setting setting);

/**
 * Print one value as vfpt_setting_scan() takes it ("56:6f:...", "100", "802.1ad", "on", "disable").
 * @return @buffer, which is the caller's
 */
char *vfpt_setting_print(enum vfpt_setting setting, uint64_t value, char buffer[VFPT_SETTING_SIZE]);

/**
 * Parse one value, check its range, and put it into @settings.
 * @return 0; or -1 with @err filled in, VFPT_BAD_INPUT, and @settings as they were
 */
int vfpt_setting_scan(
	struct vfpt_settings *settings, enum vfpt_setting setting, const char *text, struct vfpt_error *err);

/** The same of what a driver showed, which can be more than what may be asked for: VFPT_VLAN_GUEST. */
int vfpt_setting_scan_shown(
	struct vfpt_settings *settings, enum vfpt_setting setting, const char *text, struct vfpt_error *err);

/** Are these two values of it the same thing? VLAN id 0 and VFPT_VLAN_GUEST are: neither tags. */
bool vfpt_setting_same(enum vfpt_setting setting, uint64_t a, uint64_t b);

/**
 * Read the settings of all VFs of @pf. What the driver does not tell is not present; of a VF that the driver
 * does not show at all, because it resets it or has disabled it (linux, rtnl_fill_vfinfo() leaves it out),
 * nothing is: see vfpt_settings_shown().
 * @param out array of pf->vf_count, by VF index, to be freed by free(); NULL after an error
 * @return 0; or -1 with @err filled in, VFPT_SYSTEM
 */
int vfpt_settings_read(struct vfpt_netlink *netlink, const struct vfpt_pf *pf, struct vfpt_settings **out,
	struct vfpt_error *err);

/** Does the driver show this VF, as read? */
bool vfpt_settings_shown(const struct vfpt_settings *settings);

/** The error for a VF that the driver does not show: VFPT_BUSY. @return always -1 */
int vfpt_settings_hidden(const struct vfpt_pf *pf, unsigned vf, struct vfpt_error *err);

/**
 * The same of one VF, for which is waited up to 3 seconds where the driver does not show it.
 * @param vf its index
 * @return 0; or -1 with @err filled in: VFPT_BUSY (it is not shown), VFPT_SYSTEM
 */
int vfpt_settings_read_one(struct vfpt_netlink *netlink, const struct vfpt_pf *pf, unsigned vf,
	struct vfpt_settings *out, struct vfpt_error *err);

/**
 * Read the MACs of all VFs of @pf and nothing else: a tenth of the work where a PF has hundreds.
 * @param out array of pf->vf_count, by VF index, to be freed by free(), with zeros where no MAC is shown;
 * NULL after an error
 * @return 0; or -1 with @err filled in, VFPT_SYSTEM
 */
int vfpt_settings_read_macs(struct vfpt_netlink *netlink, const struct vfpt_pf *pf, struct vfpt_mac **out,
	struct vfpt_error *err);

/**
 * Refuse what no driver should be asked for: a group or all-zero MAC, a priority or protocol without a VLAN
 * id, a minimum above the maximum, a rate above the link's speed, minima that together exceed it;
 * and what a driver takes that it can never be rid of: a minimum of qede.
 * @param vf the VF's index
 * @param speed of the PF's link in Mbit/s, see vfpt_host_link_speed(); 0: not known
 * @param all of all its VFs: what vfpt_settings_read() returned
 * @return 0; or -1 with @err filled in, VFPT_BAD_INPUT, VFPT_REFUSED
 */
int vfpt_settings_check(const struct vfpt_settings *wanted, const struct vfpt_pf *pf, unsigned vf,
	unsigned speed, const struct vfpt_settings *all, struct vfpt_error *err);

/**
 * Apply what @wanted has and @now has not; all or nothing: when one is refused, those before it go back.
 * The error names the VF, the setting, the driver and what the kernel said. A driver that is busy is asked
 * again for up to 3 seconds. That the driver did what it says is for vfpt_settings_verify().
 * @param vf the VF's index
 * @param now the VF's settings, as read; becomes what they are afterwards, also after an error
 * @return 0; or -1 with @err filled in: VFPT_REFUSED (the driver does not take the value), VFPT_BUSY (not
 * now), VFPT_SYSTEM (no CAP_NET_ADMIN, a device that went away)
 */
int vfpt_settings_apply(struct vfpt_netlink *netlink, const struct vfpt_pf *pf, unsigned vf,
	const struct vfpt_settings *wanted, struct vfpt_settings *now, struct vfpt_error *err);

/**
 * Is the VF there, and as it was set? It is read until it is: for up to 3 seconds where the driver does not
 * show it, for one where it shows other values. What a driver does not show is not compared, and a rate may
 * be rounded.
 * @param vf the VF's index
 * @param before the VF's settings before: a rate that is still what it was is none that was rounded
 * @param set what was set
 * @param shown becomes what the VF has
 * @return 0; or -1 with @err filled in: VFPT_REFUSED (the driver took a value and did nothing, or something
 * else), VFPT_BUSY, VFPT_SYSTEM
 */
int vfpt_settings_verify(struct vfpt_netlink *netlink, const struct vfpt_pf *pf, unsigned vf,
	const struct vfpt_settings *before, const struct vfpt_settings *set, struct vfpt_settings *shown,
	struct vfpt_error *err);

/**
 * Take the VF's MAC from it. A VF whose driver takes no MAC of zeroes (qede, be2net, bnx2x; mlx4 with spoof
 * check) gets one that is made of its PCI address, locally administered.
 * @param vf the VF's index
 * @param now becomes what the VF has
 * @return 0; or -1 with @err filled in: VFPT_REFUSED, VFPT_BUSY, VFPT_SYSTEM
 */
int vfpt_settings_clear_mac(struct vfpt_netlink *netlink, const struct vfpt_pf *pf, unsigned vf,
	struct vfpt_settings *now, struct vfpt_error *err);

/**
 * Put back every setting present in @before that is different now, whoever changed it: libvirt leaves an
 * administrative MAC behind where there was none. All are tried; the error names each that failed. What was
 * put back is read again, and put back once more where somebody else was at it. A MAC that its driver does
 * not take back is cleared, see vfpt_settings_clear_mac().
 * @param vf the VF's index
 * @param anyway a bit (1u << enum vfpt_setting) for each that is set whatever is shown, as what is shown of
 * it may not be true; that a driver refuses it is no error
 * @return 0; or -1 with @err filled in: VFPT_REFUSED, VFPT_BUSY (later it may be done), VFPT_SYSTEM
 */
int vfpt_settings_restore(struct vfpt_netlink *netlink, const struct vfpt_pf *pf, unsigned vf,
	const struct vfpt_settings *before, unsigned anyway, struct vfpt_error *err);

#ifdef __cplusplus
}
#endif

#endif
