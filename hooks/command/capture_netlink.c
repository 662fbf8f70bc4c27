/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What on a host only netlink tells: files of our own in the captured tree. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "capture.h"
#include "file.h"

/* Names of VLAN devices and their ids: root only, for the rest of us rtnetlink has them. */
static int put_vlans(struct capture *c)
{
	static const char path[] = "proc/net/vlan/config";
	int length;

	if (faccessat(c->tools->session.root, path, R_OK, 0) < 0 && errno == EACCES)
		return vfpt_error_errno(
			c->err, VFPT_SYSTEM, EACCES, "cannot read /%s; run vfpt as root", path);
	/* Not put_entry(): /proc/net is a link. */
	length = file_read_start(c->tools->session.root, path, c->text, LARGEST);
	return length < 0 ? 0 : parcel_file(&c->parcel, path, c->text, (size_t)length, c->err);
}

static int put_address(const struct look *look, void *data, struct vfpt_error *err)
{
	struct capture *c = data;
	char path[64], none[] = "";
	bool has;

	if (!look->has_netdev)
		return 0;
	if (vfpt_vf_usage_address(c->tools->session.host, look->netdev.name, &has, err) < 0)
		return -1;
	snprintf(path, sizeof(path), "netlink/address/%s", look->netdev.name);
	return has ? parcel_file(&c->parcel, path, none, 0, err) : 0;
}

static int put_settings(struct capture *c, const struct vfpt_pf *pf)
{
	autofree struct vfpt_settings *settings = NULL;
	autofree char *text = NULL;
	char path[VFPT_CAPTURED_PATH], value[VFPT_SETTING_SIZE];
	size_t size;
	FILE *out;

	if (vfpt_session_settings(&c->tools->session, pf, &settings, c->err) < 0)
		return -1;
	out = open_memstream(&text, &size);
	for (unsigned vf = 0; out && vf < pf->vf_count; vf++)
		for (int i = 0; i < VFPT_SETTING_COUNT; i++)
			if (vfpt_settings_have(&settings[vf], (enum vfpt_setting)i))
				fprintf(out, "%u %s %s\n", vf, vfpt_setting_name((enum vfpt_setting)i),
					vfpt_setting_print(
						(enum vfpt_setting)i, settings[vf].value[i], value));
	vfpt_captured_settings_path(path, pf);
	if (!out || fclose(out) != 0)
		return vfpt_error_errno(c->err, VFPT_SYSTEM, ENOMEM, "%s", path);
	return parcel_file(&c->parcel, path, text, size, c->err);
}

int put_netlink(struct capture *c)
{
	autofree const struct vfpt_pf **pfs = NULL;
	size_t count;

	if (put_vlans(c) < 0 || vfpt_host_pfs(c->tools->session.host, &pfs, &count, c->err) < 0)
		return -1;
	for (size_t i = 0; i < count; i++)
		if (put_settings(c, pfs[i]) < 0 || look_at_pf(c->tools, pfs[i], put_address, c, c->err) < 0)
			return -1;
	return 0;
}
