/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vm_liveness.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "alloc.h"
#include "libvirt.h"
#include "processes.h"
#include "vfpt/vf_usage.h"

typedef char uuid[VFPT_VM_SIZE];

/* The VMs that one source knows. */
struct known {
	bool asked;
	bool answered;
	size_t count;
	uuid *vms;
};

struct vfpt_vm_liveness {
	struct vfpt_host *host;
	bool captured;
	const struct vfpt_policy *policy;
	struct known processes;
	struct known libvirt;
};

int vfpt_vm_liveness_open(struct vfpt_host *host, bool captured, const struct vfpt_policy *policy,
	struct vfpt_vm_liveness **out, struct vfpt_error *err)
{
	*out = calloc(1, sizeof(**out));
	if (!*out)
		return vfpt_error_errno(err, VFPT_SYSTEM, ENOMEM, "liveness of VMs");
	**out = (struct vfpt_vm_liveness){.host = host, .captured = captured, .policy = policy};
	return 0;
}

void vfpt_vm_liveness_free(struct vfpt_vm_liveness *liveness)
{
	if (!liveness)
		return;
	free(liveness->processes.vms);
	free(liveness->libvirt.vms);
	free(liveness);
}

static bool knows_vm(const struct known *known, const char *vm)
{
	for (size_t i = 0; i < known->count; i++)
		if (strcmp(known->vms[i], vm) == 0)
			return true;
	return false;
}

/* --- who knows ------------------------------------------------------------------------------- */

static void ask_processes(struct vfpt_vm_liveness *liveness)
{
	const char *qemu_user = liveness->captured ? NULL : liveness->policy->qemu_user;
	struct known *known = &liveness->processes;
	autofree struct vm_process *processes = NULL;
	size_t count;

	if (known->asked)
		return;
	known->asked = true;
	if (processes_of_vms(vfpt_host_root(liveness->host), qemu_user, liveness->policy->liveness_timeout,
		    &processes, &count) < 0)
		return;
	known->vms = calloc(count + 1, sizeof(*known->vms));
	known->answered = known->vms;
	for (size_t i = 0; known->vms && i < count; i++)
		memcpy(known->vms[known->count++], processes[i].vm, VFPT_VM_SIZE);
}

static void ask_libvirt(struct vfpt_vm_liveness *liveness)
{
	struct known *known = &liveness->libvirt;

	if (known->asked)
		return;
	known->asked = true;
	known->answered = liveness->captured ||
			  libvirt_active(liveness->policy->liveness_timeout, &known->vms, &known->count) == 0;
}

#define NO_PROCESSES "/proc cannot be read, or not in time"
#define NO_LIBVIRT   "libvirt does not answer"

const char *vfpt_vm_liveness_in_doubt(const struct vfpt_vm_liveness *liveness)
{
	if (liveness->processes.asked && !liveness->processes.answered)
		return NO_PROCESSES;
	return liveness->libvirt.asked && !liveness->libvirt.answered ? NO_LIBVIRT : NULL;
}

/* --- the verdict ----------------------------------------------------------------------------- */

/*
 * Generations are nanoseconds since boot; one that is yet to come is of another boot.
 * @return seconds; UINT64_MAX where that is not known
 */
static uint64_t age(const struct vfpt_assignment *assignment)
{
	struct timespec now;
	uint64_t ns;

	clock_gettime(CLOCK_BOOTTIME, &now);
	ns = (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
	return assignment->generation <= ns ? (ns - assignment->generation) / 1000000000u : UINT64_MAX;
}

static bool is_used(const struct vfpt_vm_liveness *liveness, const struct vfpt_assignment *assignment,
	char reason[VFPT_REASON_SIZE])
{
	struct vfpt_error failure;
	bool taken;

	if (!vfpt_host_has(liveness->host, &assignment->address))
		return false;
	if (vfpt_vf_usage(liveness->host, &assignment->address, &taken, reason, &failure) == 0)
		return taken;
	snprintf(reason, VFPT_REASON_SIZE, "%.150s", failure.message);
	return true;
}

/*
 * Hooks of others fail behind ours, and then VDSM tells nobody that the vNIC was not plugged. libvirt takes a
 * VF from its driver, or puts a macvtap on it, before the guest has it, and so nobody else uses it either.
 */
static bool runs_without(struct vfpt_vm_liveness *liveness, const struct vfpt_assignment *assignment)
{
	char ignored[VFPT_REASON_SIZE];

	return vfpt_host_has(liveness->host, &assignment->address) &&
	       !is_used(liveness, assignment, ignored) && vfpt_vm_runs(liveness, assignment);
}

bool vfpt_vm_needs_vf(struct vfpt_vm_liveness *liveness, const struct vfpt_assignment *assignment,
	char reason[VFPT_REASON_SIZE])
{
	uint64_t seconds = age(assignment);

	if (seconds < liveness->policy->grace) {
		snprintf(reason, VFPT_REASON_SIZE,
			"it was assigned %" PRIu64 " s ago, and the VM may be starting", seconds);
		return true;
	}
	ask_processes(liveness);
	if (!liveness->processes.answered || knows_vm(&liveness->processes, assignment->vm)) {
		bool without = liveness->processes.answered && runs_without(liveness, assignment);

		snprintf(reason, VFPT_REASON_SIZE, "%s",
			without                        ? "runs without it"
			: liveness->processes.answered ? "the VM has a process"
						       : NO_PROCESSES);
		return !without;
	}
	if (is_used(liveness, assignment, reason))
		return true;
	ask_libvirt(liveness);
	if (!liveness->libvirt.answered || knows_vm(&liveness->libvirt, assignment->vm)) {
		snprintf(reason, VFPT_REASON_SIZE, "%s",
			liveness->libvirt.answered ? "libvirt runs the VM" : NO_LIBVIRT);
		return true;
	}
	snprintf(reason, VFPT_REASON_SIZE, "is gone");
	return false;
}

bool vfpt_vm_has_process(struct vfpt_vm_liveness *liveness, const struct vfpt_assignment *assignment)
{
	ask_processes(liveness);
	return liveness->processes.answered && knows_vm(&liveness->processes, assignment->vm);
}

bool vfpt_vm_runs(struct vfpt_vm_liveness *liveness, const struct vfpt_assignment *assignment)
{
	if (!vfpt_vm_has_process(liveness, assignment))
		return false;
	if (liveness->captured)
		return true;
	ask_libvirt(liveness);
	return liveness->libvirt.answered && knows_vm(&liveness->libvirt, assignment->vm);
}

bool vfpt_vm_liveness_answered(struct vfpt_vm_liveness *liveness)
{
	ask_libvirt(liveness);
	return liveness->libvirt.answered;
}
