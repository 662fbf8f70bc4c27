/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The least that any hook must do, as the measure of tests/bench: parse the document with libxml2 and write
 * it back, and ask the kernel once, with libnl-route-3, about one network device. That is best a VLAN device,
 * as a hook asks for the id of one: of a PF libnl-route would ask for all VFs, and fail where they are many.
 *
 *     floor NETDEV DOCUMENT
 */
#include <libxml/parser.h>
#include <libxml/tree.h>
#include <netlink/netlink.h>
#include <netlink/route/link.h>
#include <stdlib.h>

static int ask(const char *netdev)
{
	struct nl_sock *socket = nl_socket_alloc();
	struct rtnl_link *link = NULL;
	int r = -1;

	if (socket && nl_connect(socket, NETLINK_ROUTE) == 0)
		r = rtnl_link_get_kernel(socket, 0, netdev, &link);
	rtnl_link_put(link);
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
