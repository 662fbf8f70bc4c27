/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "session.h"

#include <errno.h>
#include <fcntl.h>
#include <netlink/netlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "alloc.h"
#include "file.h"
#include "ledger_owner.h"

static int open_root(struct vfpt_session *session, struct vfpt_error *err)
{
	const char *path = secure_getenv("VFPT_ROOT");

	if (session->root >= 0)
		return 0;
	session->captured = path && path[0];
	if (!session->captured)
		path = "/";
	session->root = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (session->root < 0)
		return vfpt_error_errno(
			err, VFPT_BAD_INPUT, errno, "cannot open the root directory %s", path);
	return 0;
}

int vfpt_session_become_owner(struct vfpt_session *session, struct vfpt_error *err)
{
	if (open_root(session, err) < 0)
		return -1;
	return vfpt_become_ledger_owner(session->root, session->captured, err);
}

static int open_host(struct vfpt_session *session, struct vfpt_error *err)
{
	if (session->host)
		return 0;
	/* libnl listens to the environment (NLDBG), and would print what it sends. */
	nl_debug = 0;
	if (!session->captured && vfpt_netlink_open(&session->netlink, err) < 0)
		return -1;
	/* Others wait for the ledger meanwhile. */
	if (session->netlink)
		vfpt_netlink_limit_waiting(session->netlink, session->config->policy.lock_timeout * 1000 / 3);
	return vfpt_host_open(session->root, session->netlink, &session->host, err);
}

static int open_ledger(struct vfpt_session *session, enum vfpt_session_use use, struct vfpt_error *err)
{
	static const enum vfpt_ledger_mode modes[] = {
		[VFPT_TO_LOOK] = VFPT_LEDGER_LOOK,
		[VFPT_TO_RELEASE] = VFPT_LEDGER_RELEASE,
		[VFPT_TO_ASSIGN] = VFPT_LEDGER_ASSIGN,
	};

	if (session->ledger)
		return 0;
	return vfpt_ledger_open(
		session->root, modes[use], session->config->policy.lock_timeout, &session->ledger, err);
}

int vfpt_session_open(struct vfpt_session *session, enum vfpt_session_use use, struct vfpt_error *err)
{
	if (open_root(session, err) < 0)
		return -1;
	if (!session->config && vfpt_config_read(session->root, &session->config, err) < 0)
		return -1;
	if (use == VFPT_TO_CONFIGURE)
		return 0;
	if (open_host(session, err) < 0)
		return -1;
	if (!session->liveness && vfpt_vm_liveness_open(session->host, session->captured,
					  &session->config->policy, &session->liveness, err) < 0)
		return -1;
	return open_ledger(session, use, err);
}

void vfpt_session_close(struct vfpt_session *session)
{
	vfpt_ledger_close(session->ledger);
	vfpt_vm_liveness_free(session->liveness);
	vfpt_host_free(session->host);
	vfpt_netlink_close(session->netlink);
	vfpt_config_free(session->config);
	if (session->root >= 0)
		close(session->root);
	*session = (struct vfpt_session)VFPT_SESSION_CLOSED;
}

/* --- settings of a captured tree ------------------------------------------------------------- */

char *vfpt_captured_settings_path(char path[VFPT_CAPTURED_PATH], const struct vfpt_pf *pf)
{
	snprintf(path, VFPT_CAPTURED_PATH, "netlink/settings/%s", pf->name);
	return path;
}

/* "VF NAME VALUE"; what is not understood is not known. */
static void read_setting(const char *line, unsigned count, struct vfpt_settings *settings)
{
	char name[VFPT_SETTING_SIZE], value[VFPT_SETTING_SIZE];
	struct vfpt_error not_understood;
	unsigned vf;

	if (sscanf(line, "%u %23s %23s", &vf, name, value) != 3 || vf >= count)
		return;
	for (int i = 0; i < VFPT_SETTING_COUNT; i++)
		if (strcmp(name, vfpt_setting_name((enum vfpt_setting)i)) == 0)
			(void)vfpt_setting_scan_shown(
				&settings[vf], (enum vfpt_setting)i, value, &not_understood);
}

int vfpt_session_settings(struct vfpt_session *session, const struct vfpt_pf *pf, struct vfpt_settings **out,
	struct vfpt_error *err)
{
	size_t size = ((size_t)pf->vf_count + 1) * VFPT_SETTING_COUNT * (2 * VFPT_SETTING_SIZE + 10);
	char path[VFPT_CAPTURED_PATH], *save;
	autofree char *text = NULL;

	if (!session->captured)
		return vfpt_settings_read(session->netlink, pf, out, err);
	text = malloc(size);
	*out = text ? calloc(pf->vf_count + 1u, sizeof(**out)) : NULL;
	if (!*out)
		return vfpt_error_errno(err, VFPT_SYSTEM, ENOMEM, "settings of %s", pf->name);
	if (file_read_start(session->root, vfpt_captured_settings_path(path, pf), text, size) > 0)
		for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save))
			read_setting(line, pf->vf_count, *out);
	return 0;
}
