/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "privilege.h"

#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <sys/capability.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "file.h"

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

/* Of all that root can do. */
static int keep_net_admin(void)
{
	const cap_value_t net_admin = CAP_NET_ADMIN;
	cap_flag_value_t permitted = CAP_CLEAR;
	cap_t now = cap_get_proc(), kept = cap_init();
	int r = -1;

	if (now && kept && cap_get_flag(now, net_admin, CAP_PERMITTED, &permitted) == 0 &&
		cap_set_flag(kept, CAP_PERMITTED, 1, &net_admin, permitted) == 0)
		r = cap_set_proc(kept);
	cap_free(now);
	cap_free(kept);
	return r;
}

/* For good, as libvirt's library refuses a program whose real user is another. */
static int become(uid_t uid, gid_t gid, struct vfpt_error *err)
{
	if (prctl(PR_SET_KEEPCAPS, 1) == 0 && setgroups(0, NULL) == 0 && setgid(gid) == 0 &&
		setuid(uid) == 0 && keep_net_admin() == 0)
		return 0;
	return vfpt_error_errno(err, VFPT_SYSTEM, errno,
		"cannot become uid %u, the owner of the ledger /run/vfpt", (unsigned)uid);
}

int privilege_become_ledger_owner(int root, bool captured, struct vfpt_error *err)
{
	struct stat ledger;

	if (geteuid() != 0 || file_stat(root, "run/vfpt", &ledger) < 0 || ledger.st_uid == 0)
		return 0;
	/* On a host that of anybody else is refused when it is opened. */
	if (!captured && ledger.st_uid != VFPT_VDSM_UID)
		return 0;
	return become(ledger.st_uid, ledger.st_gid, err);
}
