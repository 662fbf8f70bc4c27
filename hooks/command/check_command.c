/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vfpt check: is this host fit? */
#include "check.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

static const struct {
	const char *name;
	check *run;
} checks[] = {
	{"iommu", check_iommu},
	{"vfio-pci", check_vfio},
	{"PFs", check_pfs},
	{"hooks", check_hooks},
	{"libvirt", check_libvirt},
	{"vfpt.conf", check_config},
	{"untagged", check_untagged},
	{"ledger", check_ledger},
};

enum { CHECK_COUNT = sizeof(checks) / sizeof(checks[0]) };

void result(struct checker *checker, enum level level, const char *format, ...)
{
	static const struct {
		const char *word;
		enum colour colour;
	} levels[] = {
		[LEVEL_OK] = {"ok", GOOD},
		[LEVEL_SKIP] = {"skip", PLAIN},
		[LEVEL_WARN] = {"warn", DOUBTFUL},
		[LEVEL_FAIL] = {"fail", BAD},
	};
	char text[VFPT_ERROR_SIZE];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	checker->said = true;
	say_behind(levels[level].colour, levels[level].word, 6, "%s: %s", checker->name, text);
	if (level > checker->worst)
		checker->worst = level;
}

static int check_all(struct checker *checker, struct vfpt_error *err)
{
	if (vfpt_host_pfs(checker->tools->session.host, &checker->pfs, &checker->pf_count, err) < 0)
		return -1;
	for (int i = 0; i < CHECK_COUNT; i++) {
		checker->name = checks[i].name;
		checker->said = false;
		if (checks[i].run(checker, err) < 0)
			result(checker, LEVEL_FAIL, "%s", err->message);
	}
	free(checker->pfs);
	return checker->worst == LEVEL_FAIL   ? EXIT_FAILED
	       : checker->worst == LEVEL_WARN ? EXIT_WARNED
					      : EXIT_FINE;
}

static int run_check(const struct call *call, struct vfpt_error *err)
{
	scoped(tools_close) struct tools tools = {TOOLS_CLOSED, .quiet = true};
	struct checker checker = {.tools = &tools};
	struct vfpt_error no_ledger;

	(void)call;
	if (tools_open(&tools, VFPT_TO_LOOK, &no_ledger) < 0 || tools_load(&tools, &no_ledger) < 0)
		checker.no_ledger = &no_ledger;
	/* The ledger comes last: without it all else can still be checked. */
	if (checker.no_ledger && !tools.session.liveness) {
		*err = no_ledger;
		return -1;
	}
	return check_all(&checker, err);
}

const struct command check_command = {
	.name = "check",
	.summary = "Checks whether this host is fit for VF passthrough",
	.text = "\n"
		"Is the IOMMU on and vfio-pci there, are VFs made, are the hooks installed with\n"
		"their capability, does libvirt answer, is vfpt.conf valid, has each network a\n"
		"VLAN, do ledger and kernel agree? Each line begins with ok, warn or fail, and\n"
		"says what to do; skip is for what a captured tree cannot tell.\n",
	.exits = "  0  all is ok\n"
		 "  1  something fails, or the check itself\n"
		 "  2  wrong command line\n"
		 "  3  nothing fails, but there is a warning\n",
	.run = run_check,
};
