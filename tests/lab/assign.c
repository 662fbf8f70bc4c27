/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The heart by hand, for the lab's tests: on a host tree whose PF has the interface index of a netdevsim
 * device, so that drivers which take every setting are covered too.
 *
 *     assign ROOT take PROPERTY=VALUE ...    for a vNIC on ovirtmgmt
 *     assign ROOT finish|release
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "apply.h"
#include "message.h"
#include "release.h"

static const char vm[] = "3f0f5d7e-6c1a-4d0e-9a0b-5f6d7c8e9a01";

static int take(struct vfpt_session *session, char **argv, struct vfpt_error *err)
{
	struct vfpt_request request = {.name = "vNIC one",
		.mac = vfpt_mac_of(0x566f1a2b0001),
		.alias = "ua-one",
		.network = "ovirtmgmt",
		.bridge = "ovirtmgmt",
		.profile = {.passthrough = VFPT_PASSTHROUGH_REQUIRED}};
	struct vfpt_requests requests = {.starts = true, .count = 1, .requests = &request};
	struct vfpt_plan_options options = {.verdicts = false};
	struct vfpt_plan *plan = NULL;
	size_t failed;
	int r;

	for (; *argv; argv++) {
		char *value = strchr(*argv, '=');

		if (!value)
			return vfpt_error_set(err, VFPT_BAD_INPUT, "%s: not PROPERTY=VALUE", *argv);
		*value++ = '\0';
		if (vfpt_profile_set(&request.profile, *argv, value, err) < 0)
			return -1;
	}
	memcpy(requests.vm, vm, sizeof(vm));
	r = vfpt_plan_make(session, &requests, &options, &plan, err);
	if (r == 0 && plan->failure.code != VFPT_OK) {
		*err = plan->failure;
		r = -1;
	}
	if (r == 0)
		r = vfpt_apply(session, plan, &failed, err);
	vfpt_plan_free(plan);
	return r;
}

static int with_all(struct vfpt_session *session, const char *what, struct vfpt_error *err)
{
	struct vfpt_assignment *all;
	size_t count, corrupt;
	int r = vfpt_ledger_of_vm(session->ledger, vm, &all, &count, &corrupt, err);

	for (size_t i = 0; r == 0 && i < count; i++)
		r = strcmp(what, "finish") == 0 ? vfpt_finish(session, &all[i], err)
						: vfpt_release(session, &all[i], false, err);
	free(all);
	return r;
}

int main(int argc, char **argv)
{
	struct vfpt_session session = VFPT_SESSION_CLOSED;
	struct vfpt_error err = {.message = "usage: assign ROOT take|finish|release [PROPERTY=VALUE ...]"};
	int r = -1;

	if (argc > 2)
		session.root = open(argv[1], O_RDONLY | O_DIRECTORY);
	/* With its root open it is a session of this host, which asks the kernel. */
	if (session.root >= 0)
		r = vfpt_session_open(&session, VFPT_TO_ASSIGN, &err);
	if (r == 0 && strcmp(argv[2], "take") == 0)
		r = take(&session, argv + 3, &err);
	else if (r == 0)
		r = with_all(&session, argv[2], &err);
	if (r < 0)
		vfpt_error_print(&err);
	vfpt_session_close(&session);
	return r < 0;
}
