/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vfpt repair: bind a VF anew of which its driver made no network device. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "examine.h"
#include "file.h"
#include "vfpt.h"

/* How long a network device is waited for: iavf asks its PF for one in turns of up to a second. */
enum { WAIT_SECONDS = 3, TRIES_A_SECOND = 20 };

/* What is repaired. */
struct repair {
	struct tools *tools;
	const struct vfpt_pf *pf;
	unsigned vf;
	struct vfpt_pci address;
};

/* --- may it be? ------------------------------------------------------------------------------ */

static int find_vf(struct repair *repair, const char *text, struct vfpt_error *err)
{
	struct subject subject;

	if (subject_read(repair->tools, text, &subject, err) < 0)
		return -1;
	if (subject.kind != SUBJECT_VF)
		return vfpt_error_set(
			err, VFPT_BAD_INPUT, "\"%.40s\" is no VF; vfpt list shows all VFs", text);
	repair->address = subject.vf;
	return vfpt_host_find_vf(
		repair->tools->session.host, &repair->address, &repair->pf, &repair->vf, err);
}

static int refuse(const struct repair *repair, const char *why, struct vfpt_error *err)
{
	return vfpt_error_set(
		err, VFPT_BAD_INPUT, "VF %u of %s is left as it is: %s", repair->vf, repair->pf->name, why);
}

/* Nobody has it, nobody uses it, and it is in just the state that this is for. */
static int check_repair(const struct repair *repair, struct vfpt_error *err)
{
	struct vfpt_session *session = &repair->tools->session;
	const char *owner = vfpt_ledger_owner(session->ledger, &repair->address);
	char reason[VFPT_REASON_SIZE], driver[32];
	bool taken;

	if (repair->tools->config_error.code != VFPT_OK) {
		*err = repair->tools->config_error; /* what it excludes is not known */
		return -1;
	}
	if (owner) {
		snprintf(reason, sizeof(reason), "it belongs to VM %s",
			owner[0] ? owner : "(its record is garbage)");
		return refuse(repair, reason, err);
	}
	if (vfpt_is_excluded(session->config, repair->pf, repair->vf))
		return refuse(repair, "vfpt.conf excludes it", err);
	if (vfpt_vf_usage_lacks_netdev(session->host, &repair->address))
		return 0;
	if (vfpt_vf_usage(session->host, &repair->address, &taken, reason, err) < 0)
		return -1;
	if (taken)
		return refuse(repair, reason, err);
	if (vfpt_host_driver(session->host, &repair->address, driver, sizeof(driver))[0])
		return refuse(repair, "it has its network device, and nothing is wrong with it", err);
	return refuse(repair, "no driver has it, and a VM can have it as it is", err);
}

/* --- doing it -------------------------------------------------------------------------------- */

static int tell_driver(const struct repair *repair, const char *path, struct vfpt_error *err)
{
	char text[VFPT_PCI_SIZE];
	int fd = file_open(repair->tools->session.root, path, O_WRONLY);

	vfpt_pci_format(&repair->address, text);
	if (fd >= 0 && file_write_and_close(fd, text, strlen(text)) == 0)
		return 0;
	vfpt_error_errno(err, VFPT_SYSTEM, errno, "VF %u of %s: cannot write %s to /%s", repair->vf,
		repair->pf->name, text, path);
	return errno == EACCES || errno == EPERM ? vfpt_error_remedy(err, "run this as root") : -1;
}

/* Read anew each time; udev may rename it meanwhile. */
static bool wait_for_netdev(const struct repair *repair, struct vfpt_netdev *netdev)
{
	const struct timespec pause = {.tv_nsec = 1000L * 1000 * 1000 / TRIES_A_SECOND};
	struct vfpt_error none;

	for (int i = 0; i < WAIT_SECONDS * TRIES_A_SECOND; i++) {
		if (vfpt_host_netdev(repair->tools->session.host, &repair->address, netdev, &none) == 0)
			return true;
		nanosleep(&pause, NULL);
	}
	return false;
}

/* Which driver gets it is the kernel's choice, as when the VF was made. */
static int bind_anew(const struct repair *repair, struct vfpt_error *err)
{
	const struct vfpt_host *host = repair->tools->session.host;
	char path[FILE_PATH], before[32], after[32];
	struct vfpt_netdev netdev;

	vfpt_host_driver(host, &repair->address, before, sizeof(before));
	if (repair->tools->session.captured) {
		say(0, "VF %u of %s would be unbound from %s and bound anew.", repair->vf, repair->pf->name,
			before);
		return 0;
	}
	if (tell_driver(repair, file_pci_path(path, &repair->address, "driver/unbind"), err) < 0 ||
		tell_driver(repair, "sys/bus/pci/drivers_probe", err) < 0)
		return -1;
	if (wait_for_netdev(repair, &netdev)) {
		vfpt_host_driver(host, &repair->address, after, sizeof(after));
		say(0, "VF %u of %s was unbound from %s and bound to %s; its network device is %s.",
			repair->vf, repair->pf->name, before, after, netdev.name);
		return 0;
	}
	if (!vfpt_host_driver(host, &repair->address, after, sizeof(after))[0])
		return vfpt_error_set(err, VFPT_SYSTEM,
			"VF %u of %s was unbound from %s, and no driver took it; load its driver, and see "
			"sriov_drivers_autoprobe of the PF",
			repair->vf, repair->pf->name, before);
	return vfpt_error_set(err, VFPT_SYSTEM,
		"VF %u of %s was unbound from %s and bound to %s, which made no network device of it within %d s; "
		"see dmesg",
		repair->vf, repair->pf->name, before, after, WAIT_SECONDS);
}

/*
 * Root stays root, for sysfs; of the ledger only names are read, and the lock, which keeps hooks from giving
 * the VF away meanwhile, is on its directory.
 */
static int run_repair(const struct call *call, struct vfpt_error *err)
{
	scoped(tools_close) struct tools tools = {TOOLS_CLOSED, .quiet = true, .root = true};
	struct repair repair = {.tools = &tools};

	if (tools_open(&tools, VFPT_TO_RELEASE, err) < 0)
		return -1;
	if (find_vf(&repair, call->operand, err) < 0 || check_repair(&repair, err) < 0)
		return -1;
	return bind_anew(&repair, err);
}

const struct command repair_command = {
	.name = "repair",
	.operand = "VF",
	.summary = "Binds a VF anew of which its driver made no network device",
	.text = "\n"
		"For a VF that vfpt list shows as unusable for that reason, as iavf leaves one\n"
		"whose PF did not answer. Any other is left as it is, and it is said why: one\n"
		"that a VM has, that vfpt.conf excludes, that VFIO, DPDK or another network\n"
		"namespace has, or that has its network device.\n"
		"\n"
		"VF is a PCI address (0000:01:10.0) or PF:INDEX (ens1f0:3). Needs root.\n",
	.exits = "  0  bound, and there is a network device\n"
		 "  1  refused or failed: one line says why\n"
		 "  2  wrong command line\n",
	.run = run_repair,
};
