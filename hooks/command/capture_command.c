/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * vfpt capture: this host as a tree of files that VFPT_ROOT takes: what vfpt reads, and a little that helps
 * people; no PCI configuration or vital product data, hence no serial number.
 *
 * libarchive, not tar(1): files of sysfs say that they have 4096 bytes, which tar believes and pads, so it
 * would need a copy of the tree on disk first, and a copy can be left behind.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "capture.h"

static int put_all(struct capture *c)
{
	static const struct {
		const char *directory;
		const char *pattern;
		put_path *step;
	} parts[] = {
		{"sys/class/net", "*", put_netdev},
		{"sys/bus/pci/devices", "*", put_function},
		{"sys/bus/pci/drivers", "*", put_entry},
		{"sys/kernel/iommu_groups", "*", put_group},
		{"sys/devices/system/node", "node[0-9]*", put_node},
		{"etc/vdsm", "vfpt.conf", put_entry},
	};
	static char version[] = "vfpt " VFPT_VERSION "\n";

	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		if (each(c, parts[i].directory, parts[i].pattern, parts[i].step) < 0)
			return -1;
	return put_entry(c, "proc/sys/kernel/osrelease") < 0 || put_processes(c) < 0 || put_ledger(c) < 0 ||
			       put_netlink(c) < 0
		       ? -1
		       : parcel_file(&c->parcel, "version", version, strlen(version), c->err);
}

static int run_capture(const struct call *call, struct vfpt_error *err)
{
	scoped(tools_close) struct tools tools = {TOOLS_CLOSED, .quiet = true, .root = true};
	autofree char *text = malloc(LARGEST);
	struct capture capture = {.tools = &tools, .err = err, .text = text};
	int r;

	if (!text)
		return vfpt_error_errno(err, VFPT_SYSTEM, ENOMEM, "capturing");
	if (tools_open(&tools, VFPT_TO_LOOK, err) < 0)
		return -1;
	r = parcel_open(&capture.parcel, call->operand, option(call, "anonymous"), err);
	if (r == 0)
		r = put_all(&capture);
	if (parcel_close(&capture.parcel, r, err) < 0)
		return -1;
	say(0, "%s: %u files, links and directories", call->operand, capture.parcel.entries);
	return 0;
}

const struct command capture_command = {
	.name = "capture",
	.operand = "FILE",
	.summary = "Captures this host into a new tar.gz, to look at it elsewhere",
	.text = "\n"
		"For a bug report. Serial numbers are never in it, links that lead out of it\n"
		"neither; only who makes FILE can read it. Look at it elsewhere, also with the\n"
		"hooks' --test, so:\n"
		"\n"
		"  mkdir host && tar -xzf FILE -C host && VFPT_ROOT=host vfpt list\n"
		"\n"
		"Needs root.\n",
	.options = {{"anonymous", NULL, "with other MACs, each always the same, also in names made of one"}},
	.exits = "  0  captured\n"
		 "  1  failed, and no FILE is left: one line says why\n"
		 "  2  wrong command line\n",
	.run = run_capture,
};
