/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "refusal.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

#define ANY        (~0u)
#define ONE(name)  (1u << VFPT_##name)
#define VLAN       (ONE(VLAN_ID) | ONE(VLAN_PRIORITY) | ONE(VLAN_PROTOCOL))
#define VF_IS_AWAY "the driver has disabled this VF, or resets it for long; see the kernel's log"

/*
 * The first that fits. What the drivers answer is from their sources, Linux 6.1 and 6.12, by the function
 * that is named.
 */
static const struct {
	const char *driver; /* NULL: every driver */
	unsigned settings;
	int number;
	const char *text;
} table[] = {
	/* ice_set_vf_port_vlan(): ice_vf_is_port_vlan_ena() and ice_is_dvm_ena() */
	{"ice", ONE(VLAN_PROTOCOL), EPROTONOSUPPORT, "ice takes 802.1ad in double VLAN mode only"},
	/* ice_set_vf_bw(), ice_min_tx_rate_oversubscribed() */
	{"ice", ONE(MIN_TX_RATE), EOPNOTSUPP, "ice takes no minimum while DCB is on"},
	{"ice", ONE(MIN_TX_RATE), EINVAL, "the minimum rates of all VFs would exceed the link's speed"},
	/* ice_set_vf_trust() */
	{"ice", ONE(TRUST), EOPNOTSUPP, "ice takes no trust in switchdev mode"},
	/* ice_check_vf_ready_for_cfg() */
	{"ice", ANY, EINVAL, VF_IS_AWAY},
	/* i40e_ndo_set_vf_bw() */
	{"i40e", ONE(MIN_TX_RATE), EINVAL, "i40e takes no minimum rate"},
	/* i40e_ndo_set_vf_trust() */
	{"i40e", ONE(TRUST), EINVAL, "i40e takes no trust in MFP mode (a port in several partitions)"},
	/* i40e_validate_vf(), i40e_check_vf_init_timeout() */
	{"i40e", ANY, EINVAL, VF_IS_AWAY},
	/* ixgbe_ndo_set_vf_bw(), ixgbe_link_mbps() */
	{"ixgbe", ONE(MIN_TX_RATE), EINVAL, "ixgbe takes no minimum rate"},
	{"ixgbe", ONE(MAX_TX_RATE), EINVAL,
		"ixgbe takes a rate above 10 Mbit/s, while its link is up with 10 Gbit/s"},
	/* ixgbe_ndo_set_vf_rss_query_en() */
	{"ixgbe", ONE(RSS_QUERY), EOPNOTSUPP, "of ixgbe's cards only 82599 and X540 take it"},
	/* mlx5_eswitch_set_vport_vlan(), mlx5_eswitch_set_vport_mac(): not the eswitch manager */
	{"mlx5_core", ANY, EPERM,
		"this PF does not manage the card's switch (SmartNIC mode, or the firmware's setting): what does can "
		"set it, or change that mode"},
	/* bnxt_hwrm_fwd_..., bnxt_set_vf_vlan(): hwrm_spec_code below 1.2.2 */
	{"bnxt_en", VLAN, VFPT_ENOTSUPP, "the card's firmware is too old for VLANs of VFs: update it"},
	{"bnxt_en", ONE(VLAN_PRIORITY), EINVAL, "bnxt_en takes no VLAN priority"},
	{"bnxt_en", ONE(SPOOFCHK), VFPT_ENOTSUPP, "the card's firmware is too old for it: update it"},
	/* be_set_vf_...(): !sriov_enabled() */
	{"be2net", ANY, EPERM, "SR-IOV is off in this adapter: turn it on in its firmware"},
	/* be_set_vf_tx_rate() */
	{"be2net", ONE(MIN_TX_RATE), EINVAL, "be2net takes no minimum rate"},
	{"be2net", ONE(MAX_TX_RATE), EINVAL,
		"be2net takes rates from 100 Mbit/s up to its link's speed, above 1 Gbit/s in steps"},
	/* qed_sriov_enable()..., qede_set_vf_mac(): qed_set_vf_mac() refuses an invalid address */
	{"qede", ONE(MAC), EINVAL, "qede takes no MAC of zeroes"},
	/* efx_sriov_set_vf_vlan() */
	{"sfc", ONE(VLAN_PRIORITY), EINVAL, "sfc takes no VLAN priority"},
	/* mlx4_set_vf_mac() */
	{"mlx4_core", ONE(MAC), EPERM, "mlx4_core clears no MAC while spoof check is on"},

	{NULL, ANY, EPERM, "the driver says so: this program has CAP_NET_ADMIN; see the kernel's log"},
	{NULL, ANY, EACCES, "the card's firmware does not allow it: look into its configuration"},
	{NULL, ANY, EROFS, "the card's firmware does not allow changes: look into its configuration"},
	{NULL, ANY, EIO, "the card or its firmware failed; see the kernel's log"},
	{NULL, ANY, ENOMEM, "the card has no room for it (filters, queues) or the kernel no memory"},
	{NULL, ANY, ENOSPC, "the card has no room for it: its filters or queues are used up"},
	{NULL, ANY, ENETDOWN, "the PF is down: set it up (ip link set PF up)"},
	{NULL, ANY, ENODEV, "the driver has lost this VF; see the kernel's log"},
	{NULL, ANY, EAGAIN, "the driver was busy all the time: try again, and see the kernel's log"},
	{NULL, ANY, EBUSY, "the driver was busy all the time: try again, and see the kernel's log"},
};

const char *refusal_text(const char *driver, enum vfpt_setting setting, int number)
{
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		if (table[i].number == number && (table[i].settings & 1u << setting) &&
			(!table[i].driver || strcmp(table[i].driver, driver) == 0))
			return table[i].text;
	return NULL;
}
