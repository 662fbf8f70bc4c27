/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A PF driver to play with. It stands where lib/netlink.c reads and sets VFs (the test programs are linked
 * with --wrap for these functions), takes the kernel's messages and shows its VFs in the kernel's way.
 */
#ifndef VFPT_TESTS_DRIVER_H
#define VFPT_TESTS_DRIVER_H

#include <stdbool.h>
#include <stdint.h>

#include "vfpt/settings.h"

enum { DRIVER_VFS = 7 };

/* One PF. What it does not have (present) it does not show. */
struct driver {
	unsigned ifindex;
	struct vfpt_settings vfs[DRIVER_VFS];
	unsigned refuses;      /* bits of settings that it says EOPNOTSUPP to */
	unsigned refuses_back; /* bits of settings that it takes once, and then no more */
	unsigned hides;        /* bits of settings that it takes and does not show; of those with a number */
	unsigned ignores;      /* bits of settings that it takes and does nothing about */
	bool wants_mac;        /* it says EINVAL to MAC 0 */
	bool shows_no_vlan;    /* nor priority and protocol */
	unsigned hidden;       /* bits of VFs that it does not show */
	unsigned hidden_for;   /* of these: after so many waits it shows them; 0: never */
	unsigned resets_for;   /* so many waits it hides a VF that it has set something of; 0: it does not */
	unsigned sticks; /* it is busy with the VF of that request from then on, the first being 1; 0: none */
	unsigned busy;   /* bits of VFs that it says EBUSY for, whatever they are to have */
	unsigned busy_settings;                 /* bits of settings that it says EBUSY to */
	uint64_t refuses_value;                 /* of a MAC; 0: none */
	bool undone_once;                       /* what is set next is undone by somebody else */
	int answer;                             /* the errno value of what it refuses; 0: EOPNOTSUPP */
	bool late;                              /* it shows what it took after the next wait only */
	struct vfpt_settings shown[DRIVER_VFS]; /* what it shows until then */
	unsigned messages;                      /* how many it was asked to set a VF by */
	unsigned waits;                         /* how often it was waited for */
	bool gone;                              /* it says ENODEV to everything */
	int netdev_answer; /* what a network device answers to every MAC, an errno value; 0: it takes it */
	bool refuses_mtu;  /* it says EINVAL to every MTU of a network device */
	unsigned goes;     /* it is gone from that request on, the first being 1; 0: it stays */
	/* Told of each MTU that is taken, so that it can be where it is looked for; NULL: nobody is. */
	void (*take_mtu)(unsigned ifindex, unsigned mtu);
	struct driver *next; /* of another PF; NULL: none. PFs that none has show nothing, and take nothing */
	char log[2048];      /* what was set: "VF SETTING VALUE" or "mtu IFINDEX MTU", with "!" if refused */
};

/* From now on that interface index is this driver's; NULL: the kernel's again. */
void driver_load(struct driver *driver);

/* To be handed down as the netlink socket. */
struct vfpt_netlink *driver_netlink(void);

#endif
