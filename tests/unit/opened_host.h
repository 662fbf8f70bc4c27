/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A captured host, opened: what the tests of PFs, networks and PF names share. */
#ifndef VFPT_TESTS_OPENED_HOST_H
#define VFPT_TESTS_OPENED_HOST_H

#include "support.h"
#include "vfpt/pf.h"

#define NET "sys/class/net/"

extern struct vfpt_error err;
extern struct vfpt_host *host;

/* Each of its tests has the captured host for itself, opened as @host. */
TCase *opened_host_case(Suite *suite, const char *name);

const char *printed(const struct vfpt_pci *address);

/* The PF of that name, which must be there. */
const struct vfpt_pf *pf_named(const char *netdev);

/* A representor of one of the VFs of PF 1, or another network device on that function. */
void put_netdev_of_pf_1(const char *name, const char *port);

/* What is no number of 32 bits in a file of sysfs; the last one: there is no such file. */
struct bad_number {
	const char *value, *reason;
};
enum { BAD_NUMBERS = 13, BAD_NAMES = 17 };
extern const struct bad_number bad_numbers[BAD_NUMBERS];

/* What no network device can be called. */
extern const char *const bad_names[BAD_NAMES];

#endif
