/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The least that any hook must do, as the measure of tests/bench: parse the document with libxml2 and write
 * it back, and ask the kernel once, with libnl, about one network device.
 *
 *     floor NETDEV DOCUMENT
 */
#include <libxml/parser.h>
#include <libxml/tree.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <netlink/msg.h>
#include <netlink/netlink.h>
#include <stdlib.h>

static int ask(const char *netdev)
{
	struct ifinfomsg link = {.ifi_index = (int)if_nametoindex(netdev)};
	struct nl_sock *socket = nl_socket_alloc();
	int r = -1;

	if (socket && nl_connect(socket, NETLINK_ROUTE) == 0)
		r = nl_send_simple(socket, RTM_GETLINK, NLM_F_ACK, &link, sizeof(link));
	if (r >= 0)
		r = nl_recvmsgs_default(socket);
	nl_socket_free(socket);
	return r;
}

int main(int argc, char **argv)
{
	xmlDoc *doc = argc == 3 ? xmlReadFile(argv[2], NULL, XML_PARSE_NONET) : NULL;
	int r = doc && ask(argv[1]) >= 0 && xmlSaveFile(argv[2], doc) > 0 ? 0 : 1;

	xmlFreeDoc(doc);
	return r;
}
