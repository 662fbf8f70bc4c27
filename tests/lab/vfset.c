/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The settings module by hand, for the lab's tests: on netdevsim too, whose PF has no PCI side.
 *
 *     vfset NETDEV COUNT list                       every VF, a line each: VF SETTING=VALUE ...
 *     vfset NETDEV COUNT set VF SETTING=VALUE ...   apply, all or nothing
 *     vfset NETDEV COUNT back VF SETTING=VALUE ...  put back
 */
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "message.h"
#include "vfpt/settings.h"

static void print_vf(unsigned vf, const struct vfpt_settings *settings)
{
	char value[VFPT_SETTING_SIZE];

	printf("%u", vf);
	for (int i = 0; i < VFPT_SETTING_COUNT; i++)
		if (vfpt_settings_have(settings, (enum vfpt_setting)i))
			printf(" %s=%s", vfpt_setting_name((enum vfpt_setting)i),
				vfpt_setting_print((enum vfpt_setting)i, settings->value[i], value));
	printf("\n");
}

static int scan(struct vfpt_settings *out, char **argv, struct vfpt_error *err)
{
	*out = (struct vfpt_settings){0};
	for (; *argv; argv++) {
		char *value = strchr(*argv, '=');
		int i = 0;

		if (!value)
			return vfpt_error_set(err, VFPT_BAD_INPUT, "%s: not SETTING=VALUE", *argv);
		*value++ = '\0';
		while (i < VFPT_SETTING_COUNT && strcmp(*argv, vfpt_setting_name((enum vfpt_setting)i)) != 0)
			i++;
		if (i == VFPT_SETTING_COUNT)
			return vfpt_error_set(err, VFPT_BAD_INPUT, "%s: no such setting", *argv);
		if (vfpt_setting_scan(out, (enum vfpt_setting)i, value, err) < 0)
			return -1;
	}
	return 0;
}

static int run(struct vfpt_netlink *netlink, const struct vfpt_pf *pf, char **argv, struct vfpt_error *err)
{
	struct vfpt_settings *all, wanted;
	unsigned vf = argv[1] ? (unsigned)strtoul(argv[1], NULL, 10) : 0;
	int r;

	if (vfpt_settings_read(netlink, pf, &all, err) < 0)
		return -1;
	if (strcmp(argv[0], "list") == 0) {
		for (vf = 0; vf < pf->vf_count; vf++)
			print_vf(vf, &all[vf]);
		r = 0;
	} else if (!argv[1] || vf >= pf->vf_count) {
		r = vfpt_error_set(err, VFPT_BAD_INPUT, "which VF?");
	} else {
		r = scan(&wanted, argv + 2, err);
		if (r == 0 && strcmp(argv[0], "back") == 0)
			r = vfpt_settings_restore(netlink, pf, vf, &wanted, 0, err);
		else if (r == 0)
			r = vfpt_settings_apply(netlink, pf, vf, &wanted, &all[vf], err);
	}
	free(all);
	return r;
}

int main(int argc, char **argv)
{
	struct vfpt_pf pf = {.driver = "netdevsim"};
	struct vfpt_netlink *netlink = NULL;
	struct vfpt_error err;
	int r;

	if (argc < 4) {
		fprintf(stderr, "usage: vfset NETDEV COUNT list|set|back [VF SETTING=VALUE ...]\n");
		return 2;
	}
	snprintf(pf.name, sizeof(pf.name), "%s", argv[1]);
	pf.ifindex = if_nametoindex(argv[1]);
	pf.vf_count = (unsigned)strtoul(argv[2], NULL, 10);
	r = vfpt_netlink_open(&netlink, &err);
	if (r == 0)
		r = run(netlink, &pf, argv + 3, &err);
	vfpt_netlink_close(netlink);
	if (r < 0)
		vfpt_error_print(&err);
	return r < 0;
}
