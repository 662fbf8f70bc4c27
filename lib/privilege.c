/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "privilege.h"

#include <linux/capability.h>
#include <sys/capability.h>
#include <sys/syscall.h>
#include <unistd.h>

/* @return whether that changed anything */
static bool set_effective(cap_flag_value_t value)
{
	const cap_value_t wanted = CAP_NET_ADMIN;
	cap_flag_value_t permitted = CAP_CLEAR, now = value;
	cap_t caps = cap_get_proc();
	bool changed = false;

	if (caps && cap_get_flag(caps, wanted, CAP_PERMITTED, &permitted) == 0 &&
		cap_get_flag(caps, wanted, CAP_EFFECTIVE, &now) == 0 && permitted == CAP_SET &&
		now != value && cap_set_flag(caps, CAP_EFFECTIVE, 1, &wanted, value) == 0)
		changed = cap_set_proc(caps) == 0;
	cap_free(caps);
	return changed;
}

bool privilege_raise(void)
{
	return set_effective(CAP_SET);
}

bool privilege_is_effective(void)
{
	cap_flag_value_t value = CAP_CLEAR;
	cap_t caps = cap_get_proc();

	if (caps)
		(void)cap_get_flag(caps, CAP_NET_ADMIN, CAP_EFFECTIVE, &value);
	cap_free(caps);
	return value == CAP_SET;
}

void privilege_lower(bool raised)
{
	if (raised)
		set_effective(CAP_CLEAR);
}

void privilege_renounce(void)
{
	static const cap_flag_t flags[] = {CAP_EFFECTIVE, CAP_PERMITTED, CAP_INHERITABLE};
	const cap_value_t capability = CAP_NET_ADMIN;
	cap_t caps = cap_get_proc();

	for (int i = 0; caps && i < 3; i++)
		cap_set_flag(caps, flags[i], 1, &capability, CAP_CLEAR);
	if (caps)
		cap_set_proc(caps);
	cap_free(caps);
}

void privilege_renounce_all(void)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	const struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = {0};

	/* Not libcap, which allocates. */
	(void)syscall(SYS_capset, &header, none);
}
