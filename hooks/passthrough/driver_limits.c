/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "driver_limits.h"

#include <string.h>

#include "file.h"

enum { MOST_LIMITS = 7 };

/* From the drivers' sources, Linux 6.1 and 6.12; tests/lab/drivers names the functions. */
static const struct {
	const char *driver;
	const char *limits[MOST_LIMITS];
} table[] = {
	{"be2net", {"no minimum rate, a maximum from 100 Mbit/s on", "no spoof check (BE3)", "no trust",
			   "a MAC cannot be taken away: a free VF has one of its PCI address"}},
	{"bnx2x", {"802.1Q only, no priority", "no rates", "no trust",
			  "a MAC cannot be taken away: a free VF has one of its PCI address"}},
	{"bnxt_en", {"Linux 6.1: 802.1Q only, no priority; later 802.1ad is not kept",
			    "trust may do nothing, without a word", "old firmware: no VLAN, no spoof check"}},
	{"i40e",
		{"802.1Q only", "no minimum rate, a maximum in steps of 50 Mbit/s",
			"each MAC, VLAN and trust resets the VF; before Linux 6.6 libvirt may find it busy then"}},
	{"ice", {"802.1ad in double VLAN mode only", "no minimum rate while DCB is on",
			"each MAC, VLAN and trust resets the VF"}},
	{"igb", {"802.1Q only", "no minimum rate, a maximum on the 82576 only", "no link state",
			"the link's speed takes rates away when it changes"}},
	{"ixgbe",
		{"802.1Q only", "no minimum rate, a maximum from 11 Mbit/s on and with 10 Gbit/s only",
			"no link state enable; before Linux 6.7 a link state is not shown, and none is taken",
			"the link's speed takes rates away when it changes",
			"82599: PF and VF either both with jumbo frames or both without"}},
	{"mlx4_core", {"802.1Q only", "no minimum rate, a maximum with a VLAN only", "no trust",
			      "what is set counts when the VF starts next"}},
	{"mlx5_core", {"802.1Q only", "nothing in switchdev mode",
			      "no VLAN where the PF does not manage the card's switch"}},
	{"qede", {"802.1Q only, no priority", "no minimum rate, as it could not be taken away",
			 "a MAC cannot be taken away: a free VF has one of its PCI address"}},
	{"sfc", {"802.1Q only, no priority", "no rates", "no trust"}},
};

const char *const *vfpt_driver_limits(const char *driver)
{
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		if (strcmp(table[i].driver, driver) == 0)
			return table[i].limits;
	return NULL;
}

uint64_t vfpt_rate_of_driver(const char *driver, uint64_t asked)
{
	const uint64_t step = 50; /* I40E_BW_CREDIT_DIVISOR; i40e_set_bw_limit() */

	if (strcmp(driver, "i40e") != 0 || asked == 0)
		return asked;
	return asked < step ? step : asked - asked % step;
}

bool vfpt_switches_off(struct vfpt_host *host, const struct vfpt_pf *pf, unsigned mtu)
{
	enum { STANDARD_MTU = 1500, DEVICE_82599_VF = 0x10ed };
	char path[FILE_PATH];
	uint64_t device;

	if (strcmp(pf->driver, "ixgbe") != 0 || pf->vf_count == 0 || pf->mtu <= STANDARD_MTU ||
		mtu > STANDARD_MTU)
		return false;
	return file_number(vfpt_host_root(host), file_pci_path(path, &pf->vfs[0], "device"), UINT16_MAX,
		       &device) == 0 &&
	       device == DEVICE_82599_VF;
}
