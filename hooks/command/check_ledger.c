/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Do ledger, kernel and VMs agree? */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "apply.h"
#include "check.h"
#include "file.h"

static bool check_directory(struct checker *checker)
{
	struct stat status;

	if (checker->no_ledger) {
		result(checker, LEVEL_FAIL, "%s", checker->no_ledger->message);
		return false;
	}
	if (file_stat(checker->tools->session.root, "run/vfpt", &status) < 0) {
		if (checker->tools->session.captured)
			result(checker, LEVEL_OK, "nothing is assigned");
		else
			result(checker, LEVEL_FAIL,
				"/run/vfpt: %s; as root, run systemd-tmpfiles --create vfpt.conf",
				strerror(errno));
		return false;
	}
	if (!checker->tools->session.captured && status.st_uid != VFPT_VDSM_UID)
		result(checker, LEVEL_FAIL,
			"/run/vfpt belongs to uid %u, and hooks run as vdsm (uid %d); as root, run "
			"systemd-tmpfiles --create vfpt.conf",
			status.st_uid, VFPT_VDSM_UID);
	return true;
}

/* As vfpt reconcile does: a VF that is not in use is of a VM that is just being started. */
static int check_settings(struct checker *checker, const struct vfpt_assignment *a, const struct vfpt_pf *pf,
	unsigned vf, struct vfpt_error *err)
{
	char reason[VFPT_REASON_SIZE], is[VFPT_SETTING_SIZE], shall[VFPT_SETTING_SIZE];
	autofree struct vfpt_settings *settings = NULL;
	bool taken;

	if (vfpt_vf_usage(checker->tools->session.host, &a->address, &taken, reason, err) < 0)
		return -1;
	if (!taken)
		return 0;
	if (vfpt_session_settings(&checker->tools->session, pf, &settings, err) < 0)
		return -1;
	for (int i = 0; i < VFPT_SETTING_COUNT; i++) {
		enum vfpt_setting setting = (enum vfpt_setting)i;

		if (vfpt_assignment_differs(a, &settings[vf], setting))
			result(checker, LEVEL_WARN,
				"VF %u of %s, of VM %s, has %s %s, it should be %s; run vfpt reconcile", vf,
				pf->name, a->vm, vfpt_setting_name(setting),
				vfpt_setting_print(setting, settings[vf].value[i], is),
				vfpt_setting_print(setting, a->wanted.value[i], shall));
	}
	return 0;
}

static int check_assignment(struct checker *checker, const struct vfpt_assignment *a, struct vfpt_error *err)
{
	const struct tools *tools = checker->tools;
	char reason[VFPT_REASON_SIZE];
	const struct vfpt_pf *pf;
	unsigned vf;

	if (!vfpt_host_has(tools->session.host, &a->address)) {
		result(checker, LEVEL_WARN,
			"VF %u of %s, of VM %s, is gone from this host; run vfpt reconcile", a->vf, a->pf,
			a->vm);
		return 0;
	}
	if (a->unfinished) {
		result(checker, LEVEL_WARN,
			"VF %u of %s, which VM %s had, is not set back, as its driver was busy with it; hooks and "
			"vfpt reconcile try again",
			a->vf, a->pf, a->vm);
		return 0;
	}
	if (!vfpt_vm_needs_vf(tools->session.liveness, a, reason)) {
		result(checker, LEVEL_WARN, "VM %s, which has VF %u of %s, %s; run vfpt reconcile", a->vm,
			a->vf, a->pf, reason);
		return 0;
	}
	return vfpt_host_find_vf(tools->session.host, &a->address, &pf, &vf, err) < 0
		       ? -1
		       : check_settings(checker, a, pf, vf, err);
}

int check_ledger(struct checker *checker, struct vfpt_error *err)
{
	const struct tools *tools = checker->tools;

	if (!check_directory(checker))
		return 0;
	if (tools->corrupt > 0)
		result(checker, LEVEL_FAIL,
			"records that cannot be read, and whose VFs stay taken: %zu; see the warnings",
			tools->corrupt);
	for (size_t i = 0; i < tools->count; i++)
		if (check_assignment(checker, &tools->assignments[i], err) < 0)
			return -1;
	if (!checker->said)
		result(checker, LEVEL_OK, "%zu assignments, and the kernel agrees", tools->count);
	return 0;
}
