/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ledger_owner.h"

#include <errno.h>
#include <grp.h>
#include <sys/capability.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "file.h"

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
static int become_user(uid_t uid, gid_t gid, struct vfpt_error *err)
{
	if (prctl(PR_SET_KEEPCAPS, 1) == 0 && setgroups(0, NULL) == 0 && setgid(gid) == 0 &&
		setuid(uid) == 0 && keep_net_admin() == 0)
		return 0;
	return vfpt_error_errno(err, VFPT_SYSTEM, errno,
		"cannot become uid %u, the owner of the ledger /run/vfpt", (unsigned)uid);
}

int vfpt_become_ledger_owner(int root, bool captured, struct vfpt_error *err)
{
	struct stat ledger;

	if (geteuid() != 0 || file_stat(root, "run/vfpt", &ledger) < 0 || ledger.st_uid == 0)
		return 0;
	/* On a host that of anybody else is refused when it is opened. */
	if (!captured && ledger.st_uid != VFPT_VDSM_UID)
		return 0;
	return become_user(ledger.st_uid, ledger.st_gid, err);
}
