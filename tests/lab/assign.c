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
#include <string.h>
#include <unistd.h>

#include "assign.h"
#include "message.h"
#include "profile.h"

static const char vm[] = "3f0f5d7e-6c1a-4d0e-9a0b-5f6d7c8e9a01";

static int take(struct vfpt_transaction *transaction, char **argv, struct vfpt_error *err)
{
	struct vfpt_request request = {
		.vm = vm, .mac = vfpt_mac_of(0x566f1a2b0001), .bridge = "ovirtmgmt", .alias = "ua-one"};
	struct vfpt_profile profile = {.passthrough = VFPT_PASSTHROUGH_REQUIRED};
	struct vfpt_assigned assigned;

	for (; *argv; argv++) {
		char *value = strchr(*argv, '=');

		if (!value)
			return vfpt_error_set(err, VFPT_BAD_INPUT, "%s: not PROPERTY=VALUE", *argv);
		*value++ = '\0';
		if (vfpt_profile_set(&profile, *argv, value, err) < 0)
			return -1;
	}
	request.profile = &profile;
	return vfpt_assign(transaction, &request, &assigned, err);
}

static int with_all(struct vfpt_transaction *transaction, const char *what, struct vfpt_error *err)
{
	struct vfpt_assignment *all;
	size_t count, corrupt;
	int r = vfpt_ledger_of_vm(transaction->ledger, vm, &all, &count, &corrupt, err);

	for (size_t i = 0; r == 0 && i < count; i++)
		r = strcmp(what, "finish") == 0
			    ? vfpt_assign_finish(transaction->host, transaction->netlink, &all[i], err)
			    : vfpt_release(transaction->host, transaction->ledger, transaction->netlink,
				      &all[i], err);
	return r;
}

int main(int argc, char **argv)
{
	struct vfpt_transaction transaction = {.count = 0};
	struct vfpt_config *config = NULL;
	struct vfpt_error err = {.message = "usage: assign ROOT take|finish|release [PROPERTY=VALUE ...]"};
	int root = argc > 2 ? open(argv[1], O_RDONLY | O_DIRECTORY) : -1;
	int r = root < 0 ? -1 : 0;

	if (r == 0)
		r = vfpt_netlink_open(&transaction.netlink, &err);
	if (r == 0)
		r = vfpt_host_open(root, transaction.netlink, &transaction.host, &err);
	if (r == 0)
		r = vfpt_ledger_open(root, VFPT_LEDGER_ASSIGN, 60, &transaction.ledger, &err);
	if (r == 0)
		r = vfpt_config_read(root, &config, &err);
	transaction.config = config;
	if (r == 0 && strcmp(argv[2], "take") == 0)
		r = take(&transaction, argv + 3, &err);
	else if (r == 0)
		r = with_all(&transaction, argv[2], &err);
	if (r < 0)
		vfpt_error_print(&err);
	return r < 0;
}
