/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Checks of the machine: kernel and cards. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "check.h"
#include "file.h"

/* --- kernel ---------------------------------------------------------------------------------- */

static int count_one(const char *name, void *data)
{
	unsigned *count = data;

	(void)name;
	++*count;
	return 0;
}

int check_iommu(struct checker *checker, struct vfpt_error *err)
{
	unsigned groups = 0;

	(void)err;
	(void)file_each(checker->tools->session.root, "sys/kernel/iommu_groups", count_one, &groups);
	if (groups > 0)
		result(checker, LEVEL_OK, "on, %u groups", groups);
	else
		result(checker, LEVEL_FAIL,
			"off; enable it in the firmware and on the kernel command line (intel_iommu=on)");
	return 0;
}

/* libvirt loads it when it needs it: it must be there to be loaded. */
static bool is_module(const struct tools *tools)
{
	static const char *const lists[] = {"modules.dep", "modules.builtin"};
	struct utsname kernel;
	bool found = false;
	autofree char *line = NULL;
	char path[160];
	size_t size = 0;

	if (uname(&kernel) < 0)
		return false;
	for (int i = 0; i < 2 && !found; i++) {
		snprintf(path, sizeof(path), "lib/modules/%.100s/%s", kernel.release, lists[i]);
		int fd = file_open(tools->session.root, path, O_RDONLY);
		autofclose FILE *file = fd < 0 ? NULL : fdopen(fd, "r");

		while (file && !found && getline(&line, &size, file) > 0)
			found = strstr(line, "/vfio-pci.ko") &&
				strstr(line, "/vfio-pci.ko") < strchrnul(line, ':');
	}
	return found;
}

int check_vfio(struct checker *checker, struct vfpt_error *err)
{
	(void)err;
	if (file_exists(checker->tools->session.root, "sys/bus/pci/drivers/vfio-pci"))
		result(checker, LEVEL_OK, "loaded");
	else if (!checker->tools->session.captured && is_module(checker->tools))
		result(checker, LEVEL_OK, "a module, loaded when it is needed");
	else
		result(checker, LEVEL_FAIL,
			"this kernel has no such driver; install its modules, and try modprobe vfio-pci");
	return 0;
}

/* --- cards ----------------------------------------------------------------------------------- */

struct tally {
	unsigned count[VFPT_UNUSABLE + 1];
	char first[VFPT_REASON_SIZE + 16]; /* that is unusable, and why */
};

static int count_state(const struct look *look, void *data, struct vfpt_error *err)
{
	struct tally *tally = data;

	(void)err;
	if (look->state == VFPT_UNUSABLE && tally->count[VFPT_UNUSABLE] == 0)
		snprintf(tally->first, sizeof(tally->first), " (VF %u: %s)", look->vf, look->reason);
	tally->count[look->state]++;
	return 0;
}

static int check_pf(struct checker *checker, const struct vfpt_pf *pf, struct vfpt_error *err)
{
	struct tally tally = {.first = ""};
	char reason[VFPT_REASON_SIZE];

	if (!pf->up)
		result(checker, LEVEL_WARN, "%s has no link; bring it up, or see to its cable and switch",
			pf->name);
	if (vfpt_is_pf_unusable(pf, reason))
		result(checker, LEVEL_WARN, "%s", reason);
	if (pf->vf_count == 0)
		result(checker, LEVEL_WARN,
			"%s has no VFs, %u are possible; make some in the engine (Setup Host Networks)",
			pf->name, vfpt_host_total_vfs(checker->tools->session.host, pf));
	if (pf->vf_count == 0 || checker->no_ledger)
		return 0;
	if (look_at_pf(checker->tools, pf, count_state, &tally, err) < 0)
		return -1;
	if (pf->switchdev)
		tally.first[0] = '\0'; /* it is said already */
	result(checker, tally.count[VFPT_UNUSABLE] == pf->vf_count ? LEVEL_FAIL : LEVEL_OK,
		"%s has %u VFs: %u free, %u assigned, %u excluded, %u unusable%s", pf->name, pf->vf_count,
		tally.count[VFPT_FREE], tally.count[VFPT_ASSIGNED], tally.count[VFPT_EXCLUDED],
		tally.count[VFPT_UNUSABLE], tally.first);
	return 0;
}

int check_pfs(struct checker *checker, struct vfpt_error *err)
{
	unsigned vfs = 0;

	if (checker->pf_count == 0) {
		result(checker, LEVEL_FAIL,
			"no network card with SR-IOV; switch SR-IOV on in the firmware, and see that the "
			"PF's "
			"driver is loaded");
		return 0;
	}
	for (size_t i = 0; i < checker->pf_count; i++) {
		vfs += checker->pfs[i]->vf_count;
		if (check_pf(checker, checker->pfs[i], err) < 0)
			return -1;
	}
	if (vfs == 0)
		result(checker, LEVEL_FAIL, "none has VFs; make some in the engine (Setup Host Networks)");
	return 0;
}
