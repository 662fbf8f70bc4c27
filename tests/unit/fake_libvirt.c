/* SPDX-License-Identifier: GPL-2.0-or-later */
/* In libvirt's place, for test_libvirt: behaves as FAKE_LIBVIRT in the environment says, and answers nobody
 * who could set VFs. */
#include <libvirt/libvirt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/capability.h>
#include <unistd.h>

static char first, second;

static const char *way(void)
{
	const char *text = getenv("FAKE_LIBVIRT");

	return text ? text : "";
}

static int is_powerful(void)
{
	cap_t capabilities = cap_get_proc();
	cap_flag_value_t value = CAP_CLEAR;
	int failed = cap_get_flag(capabilities, CAP_NET_ADMIN, CAP_PERMITTED, &value);

	cap_free(capabilities);
	return failed || value != CAP_CLEAR;
}

virConnectPtr virConnectOpenReadOnly(const char *name)
{
	if (strcmp(way(), "hangs") == 0)
		pause();
	if (strcmp(way(), "crashes") == 0)
		abort();
	return is_powerful() || strcmp(way(), "refuses") == 0 || strcmp(name, "qemu:///system") != 0
		       ? NULL
		       : (virConnectPtr)(void *)&first;
}

int virConnectListAllDomains(virConnectPtr conn, virDomainPtr **domains, unsigned int flags)
{
	static virDomainPtr list[2];

	if (!conn || flags != VIR_CONNECT_LIST_DOMAINS_ACTIVE || strcmp(way(), "lists nothing") == 0)
		return -1;
	list[0] = (virDomainPtr)(void *)&first;
	list[1] = (virDomainPtr)(void *)&second;
	*domains = list;
	return strcmp(way(), "empty") == 0 ? 0 : 2;
}

int virDomainGetUUIDString(virDomainPtr domain, char *buf)
{
	if ((void *)domain == &second && strcmp(way(), "dies half-way") == 0)
		_exit(0);
	if ((void *)domain == &second && strcmp(way(), "fails half-way") == 0)
		return -1;
	snprintf(buf, VIR_UUID_STRING_BUFLEN, "%s",
		strcmp(way(), "garbage") == 0      ? "no uuid"
		: (void *)domain == (void *)&first ? "3f0f5d7e-6c1a-4d0e-9a0b-5f6d7c8e9a01"
						   : "B7C5A0DE-2F43-4B5E-8A55-0A1B2C3D4E07");
	return 0;
}
