/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vf_netlink.h"

#include <errno.h>
#include <linux/if_addr.h>
#include <linux/if_ether.h>
#include <linux/if_link.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <netinet/in.h>
#include <netlink/msg.h>
#include <netlink/netlink.h>
#include <netlink/route/addr.h>
#include <netlink/route/link/vlan.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include "alloc.h"
#include "privilege.h"

enum {
	PAUSE = 50,              /* milliseconds, see vfpt_netlink_wait() */
	WAIT_IN_ALL = 20 * 1000, /* milliseconds, where the caller says nothing */
};

struct vfpt_netlink {
	struct nl_sock *socket;
	bool may_set;     /* it was opened with CAP_NET_ADMIN */
	unsigned to_wait; /* milliseconds that are left */
};

/* The answer to one request. */
struct exchange {
	int (*parse)(struct nlmsghdr *header, void *data); /* @return 0, or an error of libnl */
	void *data;
	int failure; /* the first of these */
	int error;   /* errno value the kernel answered with */
	bool finished;
	uint32_t sequence;
	bool one_answer; /* a message ends it; else an acknowledgement or the end of a dump does */
	char text[160];  /* the kernel's own words (extended acknowledgement) */
};

void vfpt_netlink_kernel_text(const struct nlmsghdr *header, char *text, size_t size)
{
	const struct nlmsgerr *answer = nlmsg_data(header);
	size_t before = NLMSG_HDRLEN + sizeof(*answer);
	struct nlattr *table[NLMSGERR_ATTR_MAX + 1];

	text[0] = '\0';
	if (header->nlmsg_len < before || !(header->nlmsg_flags & NLM_F_ACK_TLVS))
		return;
	if (answer->msg.nlmsg_len < sizeof(answer->msg))
		return;
	if (!(header->nlmsg_flags & NLM_F_CAPPED))
		before += NLMSG_ALIGN(answer->msg.nlmsg_len) - sizeof(answer->msg);
	if (before >= header->nlmsg_len ||
		nla_parse(table, NLMSGERR_ATTR_MAX, (struct nlattr *)((char *)(uintptr_t)header + before),
			(int)(header->nlmsg_len - before), NULL) < 0 ||
		!table[NLMSGERR_ATTR_MSG])
		return;
	snprintf(text, size, "%.*s", nla_len(table[NLMSGERR_ATTR_MSG]),
		(const char *)nla_data(table[NLMSGERR_ATTR_MSG]));
}

/* It cannot be told how the exchange ended. */
static void fail(struct exchange *x, int failure)
{
	x->failure = failure;
	x->finished = true;
}

/* A dump that failed says so at its end: linux/net/netlink/af_netlink.c, netlink_dump_done(). */
static void take_end(struct exchange *x, const struct nlmsghdr *header)
{
	int result = 0;

	if (nlmsg_datalen(header) >= (int)sizeof(result))
		memcpy(&result, nlmsg_data(header), sizeof(result));
	if (result < 0)
		x->error = (int)(0u - (unsigned)result); /* of INT_MIN there is no negative */
	x->finished = true;
}

/* An acknowledgement is error 0. */
static void take_error(struct exchange *x, const struct nlmsghdr *header)
{
	const struct nlmsgerr *answer = nlmsg_data(header);

	if (nlmsg_datalen(header) < (int)sizeof(*answer)) {
		fail(x, -NLE_MSG_TRUNC);
		return;
	}
	x->error = (int)(0u - (unsigned)answer->error);
	x->finished = true;
	if (x->error)
		vfpt_netlink_kernel_text(header, x->text, sizeof(x->text));
}

static void take_object(struct exchange *x, struct nlmsghdr *header)
{
	int r = x->parse ? x->parse(header, x->data) : 0;

	if (r < 0 && x->failure == 0)
		x->failure = r;
	x->finished = x->one_answer;
}

/*
 * That another process changed links or addresses meanwhile (NLM_F_DUMP_INTR) does not matter: what we ask
 * about is one link, which it does not concern.
 */
static void take_message(struct exchange *x, struct nlmsghdr *header)
{
	/* What is left of an earlier exchange, which broke off, is no answer to this one. */
	if (header->nlmsg_seq != x->sequence)
		return;
	switch (header->nlmsg_type) {
	case NLMSG_NOOP:
		break;
	case NLMSG_OVERRUN:
		fail(x, -NLE_MSG_OVERFLOW);
		break;
	case NLMSG_DONE:
		take_end(x, header);
		break;
	case NLMSG_ERROR:
		take_error(x, header);
		break;
	default:
		take_object(x, header);
		break;
	}
}

/*
 * Take what one datagram says. Not by nl_recvmsgs(), which copies each message: one about hundreds of VFs has
 * a hundred KiB. @return 0, or an error of libnl
 */
static int receive(struct vfpt_netlink *netlink, struct exchange *x)
{
	autofree unsigned char *datagram = NULL;
	struct nlmsghdr *header;
	struct sockaddr_nl from;
	int left = nl_recv(netlink->socket, &from, &datagram, NULL);

	if (left < 0)
		return left;
	for (header = (void *)datagram; !x->finished && nlmsg_ok(header, left);
		header = nlmsg_next(header, &left))
		take_message(x, header);
	return 0;
}

/* Send @message (freed here) and parse what the kernel answers. @return 0, or -1 with @err filled in. */
static int converse(
	struct vfpt_netlink *netlink, struct nl_msg *message, struct exchange *x, struct vfpt_error *err)
{
	int r;

	do
		r = nl_send_auto(netlink->socket, message);
	while (r == -NLE_INTR);
	x->sequence = nlmsg_hdr(message)->nlmsg_seq;
	nlmsg_free(message);
	while (r >= 0 && !x->finished)
		r = receive(netlink, x);
	if (x->error) {
		vfpt_error_errno(err, VFPT_SYSTEM, x->error, "the kernel says");
		return x->text[0] ? vfpt_error_remedy(err, "\"%s\"", x->text) : -1;
	}
	if (r >= 0)
		r = x->failure;
	if (r < 0)
		return vfpt_error_set(err, VFPT_SYSTEM, "route netlink: %s", nl_geterror(r));
	return 0;
}

static int no_memory(struct vfpt_error *err)
{
	return vfpt_error_errno(err, VFPT_SYSTEM, ENOMEM, "route netlink");
}

int vfpt_netlink_open(struct vfpt_netlink **out, struct vfpt_error *err)
{
	struct vfpt_netlink *netlink = calloc(1, sizeof(*netlink));
	struct nl_cb *callbacks = nl_cb_alloc(NL_CB_DEFAULT);
	const int on = 1;
	bool raised;
	int r;

	*out = NULL;
	/* Not nl_socket_alloc(): its callbacks print where the environment (NLCB) says so. */
	if (netlink && callbacks)
		netlink->socket = nl_socket_alloc_cb(callbacks);
	nl_cb_put(callbacks);
	if (!netlink || !netlink->socket) {
		free(netlink);
		return no_memory(err);
	}
	netlink->to_wait = WAIT_IN_ALL;
	raised = privilege_raise();
	netlink->may_set = privilege_is_effective();
	r = nl_connect(netlink->socket, NETLINK_ROUTE);
	privilege_lower(raised);
	if (r < 0) {
		vfpt_netlink_close(netlink);
		return vfpt_error_set(
			err, VFPT_SYSTEM, "cannot open a route netlink socket: %s", nl_geterror(r));
	}
	/*
	 * An answer about hundreds of VFs is larger than the page that libnl offers the kernel, and than the
	 * 32 KiB it lets wait: with kernel 6.1 and libnl's own size, 219 VFs end in ENOBUFS. The kernel caps
	 * this at net.core.rmem_max.
	 */
	nl_socket_disable_auto_ack(netlink->socket);
	nl_socket_enable_msg_peek(netlink->socket);
	(void)nl_socket_set_buffer_size(netlink->socket, 1 << 20, 0);
	/* Both only make answers better; kernels before 4.20 know neither. */
	(void)setsockopt(nl_socket_get_fd(netlink->socket), SOL_NETLINK, NETLINK_EXT_ACK, &on, sizeof(on));
	(void)setsockopt(
		nl_socket_get_fd(netlink->socket), SOL_NETLINK, NETLINK_GET_STRICT_CHK, &on, sizeof(on));
	*out = netlink;
	return 0;
}

void vfpt_netlink_limit_waiting(struct vfpt_netlink *netlink, unsigned milliseconds)
{
	netlink->to_wait = milliseconds;
}

bool vfpt_netlink_wait(struct vfpt_netlink *netlink, unsigned *waited, unsigned most)
{
	const struct timespec pause = {.tv_nsec = PAUSE * 1000L * 1000};

	if (*waited + PAUSE > most || PAUSE > netlink->to_wait)
		return false;
	nanosleep(&pause, NULL);
	*waited += PAUSE;
	netlink->to_wait -= PAUSE;
	return true;
}

void vfpt_netlink_close(struct vfpt_netlink *netlink)
{
	if (!netlink)
		return;
	nl_socket_free(netlink->socket);
	free(netlink);
}

/* A request about one link; @flags beside NLM_F_REQUEST. NULL when there is no memory. */
static struct nl_msg *link_request(int type, int flags, unsigned ifindex)
{
	struct nl_msg *message = nlmsg_alloc_simple(type, flags);
	struct ifinfomsg link = {.ifi_family = AF_UNSPEC, .ifi_index = (int)ifindex};

	if (message && nlmsg_append(message, &link, sizeof(link), NLMSG_ALIGNTO) < 0) {
		nlmsg_free(message);
		return NULL;
	}
	return message;
}

/* What libnl-route makes of a message, of which it wants a copy. @return 0, or an error of libnl */
static int parse_object(
	struct nlmsghdr *header, void (*take)(struct nl_object *object, void *data), void *data)
{
	struct nl_msg *message = nlmsg_convert(header);
	int r;

	if (!message)
		return -NLE_NOMEM;
	nlmsg_set_proto(message, NETLINK_ROUTE);
	r = nl_msg_parse(message, take, data);
	nlmsg_free(message);
	return r;
}

struct vlan {
	int id; /* 0: it is no VLAN device, or the kernel does not say */
	uint16_t protocol;
};

static void read_vlan(struct nl_object *object, void *data)
{
	struct rtnl_link *link = (struct rtnl_link *)object;
	struct vlan *vlan = data;

	if (!rtnl_link_is_vlan(link))
		return;
	vlan->id = rtnl_link_vlan_get_id(link);
	vlan->protocol = ntohs((uint16_t)rtnl_link_vlan_get_protocol(link));
}

/* The answer has no VFs, as link_request() asks for none: libnl-route misreads those, see vf_netlink.h. */
static int parse_vlan(struct nlmsghdr *header, void *data)
{
	return header->nlmsg_type == RTM_NEWLINK ? parse_object(header, read_vlan, data) : 0;
}

int vfpt_netlink_vlan(struct vfpt_netlink *netlink, unsigned ifindex, uint16_t *id, uint16_t *protocol,
	struct vfpt_error *err)
{
	struct vlan vlan = {.id = 0};
	struct exchange x = {.parse = parse_vlan, .data = &vlan, .one_answer = true};
	struct nl_msg *message = link_request(RTM_GETLINK, 0, ifindex);

	if (!message)
		return no_memory(err);
	if (converse(netlink, message, &x, err) < 0)
		return -1;
	/* Id 0 means a priority tag without a VLAN: no network is behind it. */
	if (vlan.id < 1 || vlan.id > 4094)
		return vfpt_error_set(err, VFPT_SYSTEM,
			"the kernel shows no VLAN id from 1 to 4094 for interface %u", ifindex);
	*id = (uint16_t)vlan.id;
	/* Kernels before 3.10 know 802.1Q only, and show no protocol. */
	*protocol = vlan.protocol ? vlan.protocol : ETH_P_8021Q;
	return 0;
}

struct address_search {
	unsigned ifindex;
	bool found;
};

static void check_address(struct nl_object *object, void *data)
{
	struct rtnl_addr *address = (struct rtnl_addr *)object;
	struct address_search *search = data;

	if (rtnl_addr_get_ifindex(address) != (int)search->ifindex)
		return;
	if (rtnl_addr_get_family(address) == AF_INET6 && rtnl_addr_get_scope(address) == RT_SCOPE_LINK)
		return;
	search->found = true;
}

static int parse_address(struct nlmsghdr *header, void *data)
{
	return header->nlmsg_type == RTM_NEWADDR ? parse_object(header, check_address, data) : 0;
}

int vfpt_netlink_has_address(
	struct vfpt_netlink *netlink, unsigned ifindex, bool *has, struct vfpt_error *err)
{
	struct address_search search = {.ifindex = ifindex};
	struct ifaddrmsg filter = {.ifa_family = AF_UNSPEC, .ifa_index = ifindex};
	struct exchange x = {.parse = parse_address, .data = &search};
	struct nl_msg *message = nlmsg_alloc_simple(RTM_GETADDR, NLM_F_DUMP);

	if (!message || nlmsg_append(message, &filter, sizeof(filter), NLMSG_ALIGNTO) < 0) {
		nlmsg_free(message);
		return no_memory(err);
	}
	if (converse(netlink, message, &x, err) < 0)
		return -1;
	*has = search.found;
	return 0;
}

/* Each attribute of a VF starts with its number; a MAC is always there (rtnl_fill_vfinfo()). */
static bool vf_number(const struct nlattr *info, uint32_t *vf)
{
	const struct nlattr *mac = vfpt_attribute_find(info, IFLA_VF_MAC);
	const void *payload = mac ? vfpt_attribute_payload(mac, sizeof(*vf)) : NULL;

	if (!payload)
		return false;
	memcpy(vf, payload, sizeof(*vf));
	return true;
}

/*
 * See vf_netlink.h for why this is not left to libnl-route. The length of the list is never looked at: its
 * entries follow its header, and IFLA_NUM_VF, which is always in front (rtnl_fill_vf()), counts them.
 */
static const struct nlattr *find_list(const char *at, const char *end, uint32_t *count)
{
	*count = 0;
	while (end - at >= (ptrdiff_t)sizeof(struct nlattr)) {
		const struct nlattr *attribute = (const void *)at;
		const void *payload;

		if (vfpt_attribute_type(attribute) == IFLA_VFINFO_LIST)
			return attribute;
		if (!vfpt_attribute(at, end))
			return NULL;
		payload = vfpt_attribute_payload(attribute, sizeof(*count));
		if (vfpt_attribute_type(attribute) == IFLA_NUM_VF && payload)
			memcpy(count, payload, sizeof(*count));
		at = vfpt_attribute_next(attribute);
	}
	return NULL;
}

unsigned vfpt_netlink_each_vf(const void *attributes, size_t size, vfpt_on_vf *on_vf, void *data)
{
	const char *end = (const char *)attributes + size;
	uint32_t count, seen, vf;
	const struct nlattr *list = find_list(attributes, end, &count), *info;
	const void *at;

	if (!list)
		return 0;
	at = list + 1;
	for (seen = 0; seen < count; seen++) {
		info = vfpt_attribute(at, end);
		if (!info || vfpt_attribute_type(info) != IFLA_VF_INFO || !vf_number(info, &vf))
			break;
		on_vf(vf, info, data);
		at = vfpt_attribute_next(info);
	}
	return seen;
}

struct vf_reader {
	vfpt_on_vf *on_vf;
	void *data;
	unsigned count;
};

static int parse_vfs(struct nlmsghdr *header, void *data)
{
	struct vf_reader *reader = data;

	if (header->nlmsg_len >= NLMSG_LENGTH(sizeof(struct ifinfomsg)))
		reader->count = vfpt_netlink_each_vf(nlmsg_attrdata(header, sizeof(struct ifinfomsg)),
			(size_t)nlmsg_attrlen(header, sizeof(struct ifinfomsg)), reader->on_vf, reader->data);
	return 0;
}

int vfpt_netlink_vfs(struct vfpt_netlink *netlink, unsigned pf_ifindex, vfpt_on_vf *on_vf, void *data,
	unsigned *count, struct vfpt_error *err)
{
	struct vf_reader reader = {.on_vf = on_vf, .data = data};
	struct exchange x = {.parse = parse_vfs, .data = &reader, .one_answer = true};
	struct nl_msg *message = link_request(RTM_GETLINK, 0, pf_ifindex);

	/* Counters make each VF several times larger, and nobody here reads them. */
	if (!message || nla_put_u32(message, IFLA_EXT_MASK, RTEXT_FILTER_VF | RTEXT_FILTER_SKIP_STATS) < 0) {
		nlmsg_free(message);
		return no_memory(err);
	}
	if (converse(netlink, message, &x, err) < 0)
		return -1;
	*count = reader.count;
	return 0;
}

/* What the failure of a change means: what the drivers' ndo_set_vf_...() functions answer, Linux 6.1
 * and 6.12. */
static enum vfpt_code code_of(int number, bool may_set)
{
	switch (number) {
	case EAGAIN:
	case EBUSY:
	case ENETDOWN:
		return VFPT_BUSY;
	case EPERM:
		/* Where we have the right the kernel does not say so: it is the driver's word. */
		return may_set ? VFPT_REFUSED : VFPT_SYSTEM;
	case EOPNOTSUPP:
	case VFPT_ENOTSUPP:
	case EPROTONOSUPPORT:
	case EINVAL:
	case ERANGE:
	case EADDRNOTAVAIL:
	case EACCES:
	case EROFS:
	case EIO:
	case ENOSPC:
	case ENOMEM:
		return VFPT_REFUSED;
	default:
		return VFPT_SYSTEM;
	}
}

/* Send a request that changes something, with the capability. @message is freed. */
static int change(struct vfpt_netlink *netlink, struct nl_msg *message, struct vfpt_error *err)
{
	struct exchange x = {.parse = NULL};
	bool raised = privilege_raise();
	int r = converse(netlink, message, &x, err);
	bool may_set = x.error == EPERM && netlink->may_set && privilege_is_effective();

	privilege_lower(raised);
	if (x.error)
		err->code = code_of(x.error, may_set);
	if (x.error == EPERM && !may_set)
		vfpt_error_remedy(err,
			"setting a VF needs CAP_NET_ADMIN: run as root, or with the program's file capability in place");
	return r;
}

static int set_vf_once(struct vfpt_netlink *netlink, unsigned pf_ifindex, int attribute, const void *payload,
	size_t size, struct vfpt_error *err)
{
	struct nl_msg *message = link_request(RTM_SETLINK, NLM_F_ACK, pf_ifindex);
	struct nlattr *list = message ? nla_nest_start(message, IFLA_VFINFO_LIST) : NULL;
	struct nlattr *info = list ? nla_nest_start(message, IFLA_VF_INFO) : NULL;

	if (!info || nla_put(message, attribute, (int)size, payload) < 0) {
		nlmsg_free(message);
		return no_memory(err);
	}
	nla_nest_end(message, info);
	nla_nest_end(message, list);
	return change(netlink, message, err);
}

/* A driver can say so of a VF; the kernel says it of a PF that is gone. */
static bool is_link_there(struct vfpt_netlink *netlink, unsigned ifindex)
{
	struct exchange x = {.parse = NULL, .one_answer = true};
	struct nl_msg *message = link_request(RTM_GETLINK, 0, ifindex);
	struct vfpt_error gone;

	return message && converse(netlink, message, &x, &gone) == 0;
}

int vfpt_netlink_set_vf(struct vfpt_netlink *netlink, unsigned pf_ifindex, int attribute, const void *payload,
	size_t size, struct vfpt_error *err)
{
	unsigned waited = 0;
	int r;

	do
		r = set_vf_once(netlink, pf_ifindex, attribute, payload, size, err);
	while (r < 0 && (err->number == EAGAIN || err->number == EBUSY) &&
		vfpt_netlink_wait(netlink, &waited, VFPT_WAIT_BUSY));
	if (r < 0 && err->number == ENODEV && is_link_there(netlink, pf_ifindex))
		err->code = VFPT_REFUSED;
	return r;
}

/* A request to give a link what @changed says, or NULL when there is no memory. */
static struct nl_msg *change_request(unsigned ifindex, struct rtnl_link *changed)
{
	struct rtnl_link *link = rtnl_link_alloc();
	struct nl_msg *message = NULL;

	if (link) {
		rtnl_link_set_ifindex(link, (int)ifindex);
		if (rtnl_link_build_change_request(link, changed, NLM_F_ACK, &message) < 0)
			message = NULL;
	}
	rtnl_link_put(link);
	return message;
}

int vfpt_netlink_set_mtu(struct vfpt_netlink *netlink, unsigned ifindex, unsigned mtu, struct vfpt_error *err)
{
	struct rtnl_link *changed = rtnl_link_alloc();
	struct nl_msg *message;

	if (changed)
		rtnl_link_set_mtu(changed, mtu);
	message = changed ? change_request(ifindex, changed) : NULL;
	rtnl_link_put(changed);
	return message ? change(netlink, message, err) : no_memory(err);
}

int vfpt_netlink_set_mac(
	struct vfpt_netlink *netlink, unsigned ifindex, const struct vfpt_mac *mac, struct vfpt_error *err)
{
	struct rtnl_link *changed = rtnl_link_alloc();
	struct nl_addr *address = nl_addr_build(AF_LLC, mac->octet, sizeof(mac->octet));
	struct nl_msg *message = NULL;

	if (changed && address) {
		rtnl_link_set_addr(changed, address);
		message = change_request(ifindex, changed);
	}
	nl_addr_put(address);
	rtnl_link_put(changed);
	return message ? change(netlink, message, err) : no_memory(err);
}
