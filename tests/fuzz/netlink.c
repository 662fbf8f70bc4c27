/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What comes from the route-netlink socket: the input is one datagram, messages with their headers, which
 * answers the requests whose answers are parsed here. Those about VLANs and addresses are not made:
 * libnl-route-3 parses what the kernel writes and nobody else, and given such inputs version 3.7 corrupts its
 * memory within seconds.
 */
#include "vf_netlink.h"

#include <linux/if_link.h>
#include <netlink/msg.h>
#include <netlink/netlink.h>
#include <netlink/socket.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "fuzz.h"
#include "vfpt/settings.h"

static const uint8_t *datagram;
static size_t datagram_size; /* 0: it has been received */

/* The target is linked with --wrap for these. */
int __wrap_nl_send_auto(struct nl_sock *socket, struct nl_msg *message);
int __wrap_nl_recv(
	struct nl_sock *socket, struct sockaddr_nl *from, unsigned char **buffer, struct ucred **sender);
int __wrap_nanosleep(const struct timespec *wanted, struct timespec *left);

int __wrap_nl_send_auto(struct nl_sock *socket, struct nl_msg *message)
{
	(void)socket;
	/* What answers another question would be passed over. */
	if (datagram_size >= sizeof(struct nlmsghdr))
		memcpy(&nlmsg_hdr(message)->nlmsg_seq, datagram + offsetof(struct nlmsghdr, nlmsg_seq),
			sizeof(uint32_t));
	return 0;
}

int __wrap_nl_recv(
	struct nl_sock *socket, struct sockaddr_nl *from, unsigned char **buffer, struct ucred **sender)
{
	int size = (int)datagram_size;

	(void)socket;
	(void)sender;
	if (size == 0)
		return -NLE_AGAIN;
	*from = (struct sockaddr_nl){.nl_family = AF_NETLINK};
	*buffer = malloc(datagram_size);
	MUST(*buffer);
	memcpy(*buffer, datagram, datagram_size);
	datagram_size = 0;
	return size;
}

int __wrap_nanosleep(const struct timespec *wanted, struct timespec *left)
{
	(void)wanted;
	(void)left;
	return 0;
}

static void read_settings(struct vfpt_netlink *netlink)
{
	struct vfpt_pf pf = {.name = "ens1f0", .ifindex = 2, .vf_count = 4};
	struct vfpt_settings *all;
	struct vfpt_error err;

	if (vfpt_settings_read(netlink, &pf, &all, &err) < 0) {
		must_tell(&err);
		return;
	}
	for (unsigned vf = 0; vf < pf.vf_count; vf++)
		must_be_settings(&all[vf]);
	free(all);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct vfpt_netlink *netlink;
	const struct ifla_vf_spoofchk spoofchk = {.vf = 1, .setting = 1};
	struct vfpt_error err;

	if (!netlink)
		MUST(vfpt_netlink_open(&netlink, &err) == 0);
	datagram = data;
	datagram_size = size;
	if (size == 0)
		return 0;
	read_settings(netlink);
	datagram_size = size;
	if (vfpt_netlink_set_vf(netlink, 2, IFLA_VF_SPOOFCHK, &spoofchk, sizeof(spoofchk), &err) < 0)
		must_tell(&err);
	return 0;
}
