/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the kernel answers, made up: the program is linked with --wrap for libnl's sending and receiving. */
#include <arpa/inet.h>
#include <errno.h>
#include <limits.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <netlink/netlink.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "support.h"
#include "vf_netlink.h"
#include "vfpt/network.h"

static struct vfpt_error err;
static struct vfpt_netlink *netlink;

/* --- the kernel's place: each request gets the next datagram, the last one again and again */

struct datagram {
	size_t size;
	int failure; /* of libnl's, in place of it */
	uint32_t words[256];
};

enum { MOST_DATAGRAMS = 4 };

static struct {
	struct datagram answers[MOST_DATAGRAMS];
	unsigned count;
	unsigned requests;
	unsigned pauses;
	unsigned interruptions; /* to come, of sending */
	bool received;
} kernel;

int __wrap_nl_send_auto(struct nl_sock *socket, struct nl_msg *message);
int __wrap_nl_recv(
	struct nl_sock *socket, struct sockaddr_nl *from, unsigned char **buffer, struct ucred **sender);
int __wrap_nanosleep(const struct timespec *wanted, struct timespec *left);

int __wrap_nl_send_auto(struct nl_sock *socket, struct nl_msg *message)
{
	(void)socket;
	(void)message;
	if (kernel.interruptions > 0) {
		kernel.interruptions--;
		return -NLE_INTR;
	}
	kernel.requests++;
	kernel.received = false;
	return 0;
}

int __wrap_nl_recv(
	struct nl_sock *socket, struct sockaddr_nl *from, unsigned char **buffer, struct ucred **sender)
{
	unsigned number = kernel.requests < kernel.count ? kernel.requests : kernel.count;
	const struct datagram *answer = &kernel.answers[number - 1];

	(void)socket;
	(void)sender;
	ck_assert_msg(!kernel.received, "it waits for an answer that never comes");
	kernel.received = true;
	if (answer->failure)
		return -answer->failure;
	*from = (struct sockaddr_nl){.nl_family = AF_NETLINK};
	*buffer = malloc(answer->size);
	ck_assert_ptr_nonnull(*buffer);
	memcpy(*buffer, answer->words, answer->size);
	return (int)answer->size;
}

int __wrap_nanosleep(const struct timespec *wanted, struct timespec *left)
{
	(void)wanted;
	(void)left;
	kernel.pauses++;
	return 0;
}

static struct datagram *new_answer(void)
{
	ck_assert_uint_lt(kernel.count, MOST_DATAGRAMS);
	return &kernel.answers[kernel.count++];
}

static void *put_bytes_to(struct datagram *datagram, const void *bytes, size_t size)
{
	char *at = (char *)datagram->words + datagram->size;

	ck_assert_uint_le(datagram->size + size, sizeof(datagram->words));
	memcpy(at, bytes, size);
	datagram->size += NLMSG_ALIGN(size);
	return at;
}

/* @return the header, whose length is that of the message so far: see end() */
static struct nlmsghdr *begin(
	struct datagram *datagram, unsigned type, unsigned flags, const void *payload, size_t size)
{
	const struct nlmsghdr header = {.nlmsg_type = (uint16_t)type, .nlmsg_flags = (uint16_t)flags};
	struct nlmsghdr *at = put_bytes_to(datagram, &header, sizeof(header));

	put_bytes_to(datagram, payload, size);
	return at;
}

static void end(const struct datagram *datagram, struct nlmsghdr *header)
{
	header->nlmsg_len = (uint32_t)((const char *)datagram->words + datagram->size - (char *)header);
}

static struct nlattr *put_attribute(
	struct datagram *datagram, unsigned type, const void *payload, size_t size)
{
	const struct nlattr header = {.nla_len = (uint16_t)(4 + size), .nla_type = (uint16_t)type};
	struct nlattr *at = put_bytes_to(datagram, &header, sizeof(header));

	put_bytes_to(datagram, payload, size);
	return at;
}

static void end_nested(const struct datagram *datagram, struct nlattr *nest)
{
	nest->nla_len = (uint16_t)((const char *)datagram->words + datagram->size - (char *)nest);
}

/* It acknowledges, or refuses with that errno value. */
static void answers(int number)
{
	const struct nlmsgerr answer = {.error = -number, .msg.nlmsg_len = sizeof(struct nlmsghdr)};
	struct datagram *datagram = new_answer();

	end(datagram, begin(datagram, NLMSG_ERROR, 0, &answer, sizeof(answer)));
}

enum { UNTOLD = -1 };

/* What a VLAN device is said to be. Of what is NULL, UNTOLD or 0 (a protocol), nothing is said. */
struct told {
	const char *kind;
	int id;
	uint16_t protocol;
	uint8_t short_id; /* one byte for the id, in place of two */
};

static void tells_in(struct datagram *datagram, const struct told *told)
{
	const struct ifinfomsg link = {.ifi_index = 9};
	struct nlmsghdr *header = begin(datagram, RTM_NEWLINK, 0, &link, sizeof(link));
	struct nlattr *info, *data;
	const uint16_t id = (uint16_t)told->id, protocol = htons(told->protocol);

	put_attribute(datagram, IFLA_IFNAME, "ens1f0.200", sizeof("ens1f0.200"));
	info = put_attribute(datagram, IFLA_LINKINFO, "", 0);
	if (told->kind)
		put_attribute(datagram, IFLA_INFO_KIND, told->kind, strlen(told->kind) + 1);
	data = put_attribute(datagram, IFLA_INFO_DATA, "", 0);
	if (told->id != UNTOLD)
		put_attribute(datagram, IFLA_VLAN_ID, &id, sizeof(id));
	if (told->short_id)
		put_attribute(datagram, IFLA_VLAN_ID, &told->short_id, sizeof(told->short_id));
	if (told->protocol)
		put_attribute(datagram, IFLA_VLAN_PROTOCOL, &protocol, sizeof(protocol));
	end_nested(datagram, data);
	end_nested(datagram, info);
	end(datagram, header);
}

static void tells(const struct told *told)
{
	tells_in(new_answer(), told);
}

static void kernel_setup(void)
{
	memset(&kernel, 0, sizeof(kernel));
	ck_assert_ok(vfpt_netlink_open(&netlink, &err), err);
}

static void kernel_teardown(void)
{
	vfpt_netlink_close(netlink);
}

/* --- VLANs */

static const struct {
	struct told told;
	unsigned id, protocol; /* 0: it is none */
} vlans[] = {
	{{"vlan", 200, 0x8100, 0}, 200, 0x8100},
	{{"vlan", 4094, 0x88a8, 0}, 4094, 0x88a8},
	{{"vlan", 7, 0, 0}, 7, 0x8100},
	{{"vlan", UNTOLD, 0x8100, 0}, 0, 0},
	{{"vlan", 0, 0x8100, 0}, 0, 0},
	{{"vlan", 4095, 0x8100, 0}, 0, 0},
	{{"dummy", 200, 0x8100, 0}, 0, 0},
	{{NULL, 200, 0x8100, 0}, 0, 0},
};

START_TEST(vlan_is_what_the_kernel_tells)
{
	uint16_t id = 1, protocol = 1;

	tells(&vlans[_i].told);
	if (vlans[_i].id) {
		ck_assert_ok(vfpt_netlink_vlan(netlink, 9, &id, &protocol, &err), err);
		ck_assert_uint_eq(id, vlans[_i].id);
		ck_assert_uint_eq(protocol, vlans[_i].protocol);
	} else {
		ck_assert_fails(vfpt_netlink_vlan(netlink, 9, &id, &protocol, &err), err, VFPT_SYSTEM);
		ck_assert_str_eq(err.message, "the kernel shows no VLAN id from 1 to 4094 for interface 9");
	}
}
END_TEST

START_TEST(vlan_that_cannot_be_parsed_is_an_error)
{
	uint16_t id = 1, protocol = 1;

	tells(&(struct told){"vlan", UNTOLD, 0x8100, 7});
	ck_assert_fails(vfpt_netlink_vlan(netlink, 9, &id, &protocol, &err), err, VFPT_SYSTEM);
	ck_assert_str_eq(err.message, "route netlink: Input data out of range");
}
END_TEST

/* An answer to another question: its object is none of a link. */
START_TEST(message_of_another_type_tells_no_vlan)
{
	const struct ifaddrmsg address = {.ifa_family = AF_INET, .ifa_index = 9};
	struct datagram *datagram = new_answer();
	uint16_t id = 1, protocol = 1;

	end(datagram, begin(datagram, RTM_NEWADDR, 0, &address, sizeof(address)));
	ck_assert_fails(vfpt_netlink_vlan(netlink, 9, &id, &protocol, &err), err, VFPT_SYSTEM);
	ck_assert_contains(err.message, "the kernel shows no VLAN id");
}
END_TEST

/* @return why there are no VFs for network blue, which is VLAN device ens1f0.200; "": there are, in VLAN
 * @id
 */
static const char *why_not(unsigned id)
{
	const struct vfpt_network *network;
	struct vfpt_host *host;
	const char *why = "";

	ck_assert_ok(vfpt_host_open(root_fd, netlink, &host, &err), err);
	if (vfpt_host_network(host, "blue", &network, &err) < 0)
		why = text("%s", err.message);
	else if (network->pf_count == 0)
		why = text("%s", network->why.message);
	else
		ck_assert_uint_eq(network->vlan_id, id);
	vfpt_host_free(host);
	return why;
}

/* proc/net/vlan/config, which is for root only, says 200. */
START_TEST(network_has_the_vlan_that_the_kernel_tells)
{
	tells(&(struct told){"vlan", 300, 0x8100, 0});
	ck_assert_str_eq(why_not(300), "");
}
END_TEST

START_TEST(network_with_tags_that_no_vf_has_gets_none)
{
	tells(&(struct told){"vlan", 200, 0x88a8, 0});
	ck_assert_contains(
		why_not(0), "VLAN device ens1f0.200: it tags with protocol 0x88a8, but a VF's VLAN");
}
END_TEST

START_TEST(vlan_that_the_kernel_does_not_tell_is_an_error)
{
	answers(ENODEV);
	ck_assert_contains(why_not(0), "VLAN device ens1f0.200: the kernel says: No such device");
}
END_TEST

START_TEST(vlan_device_without_index_is_an_error)
{
	tells(&(struct told){"vlan", 200, 0x8100, 0});
	put_file("sys/devices/virtual/net/ens1f0.200/ifindex", "none\n");
	ck_assert_contains(why_not(0), "VLAN device ens1f0.200: cannot read its ifindex: ");
	ck_assert_uint_eq(kernel.requests, 0);
}
END_TEST

/* --- setting */

static int set_spoofchk(void)
{
	const struct ifla_vf_spoofchk spoofchk = {.vf = 1, .setting = 1};

	return vfpt_netlink_set_vf(netlink, 2, IFLA_VF_SPOOFCHK, &spoofchk, sizeof(spoofchk), &err);
}

static const int busy[] = {EBUSY, EAGAIN};

START_TEST(driver_that_is_busy_for_a_moment_is_asked_again)
{
	answers(busy[_i]);
	answers(busy[_i]);
	answers(0);
	ck_assert_ok(set_spoofchk(), err);
	ck_assert_uint_eq(kernel.requests, 3);
	ck_assert_uint_eq(kernel.pauses, 2);
}
END_TEST

START_TEST(driver_that_stays_busy_is_an_error_in_the_end)
{
	answers(busy[_i]);
	ck_assert_fails(set_spoofchk(), err, VFPT_BUSY);
	ck_assert_contains(err.message, strerror(busy[_i]));
	ck_assert_uint_gt(kernel.pauses, 2);
	ck_assert_uint_lt(kernel.pauses, 100);
	ck_assert_uint_eq(kernel.requests, kernel.pauses + 1);
}
END_TEST

/* The kernel asks for CAP_NET_ADMIN; a driver can say the same where we have it. */
START_TEST(refusal_is_not_asked_again)
{
	answers(EPERM);
	ck_assert_int_eq(set_spoofchk(), -1);
	ck_assert_int_eq(err.code, geteuid() == 0 ? VFPT_REFUSED : VFPT_SYSTEM);
	ck_assert_contains(err.message, "Operation not permitted");
	ck_assert_int_eq(strstr(err.message, "CAP_NET_ADMIN") != NULL, geteuid() != 0);
	ck_assert_uint_eq(kernel.requests, 1);
	answers(EOPNOTSUPP);
	ck_assert_fails(set_spoofchk(), err, VFPT_REFUSED);
	ck_assert_uint_eq(kernel.requests, 2);
}
END_TEST

static const struct {
	int number;
	enum vfpt_code code;
	const char *text;
} answered[] = {
	{VFPT_ENOTSUPP, VFPT_REFUSED, "Operation not supported (524)"},
	{EIO, VFPT_REFUSED, "Input/output error"},
	{ENOMEM, VFPT_REFUSED, "Cannot allocate memory"},
	{ENOSPC, VFPT_REFUSED, "No space left on device"},
	{EROFS, VFPT_REFUSED, "Read-only file system"},
	{EACCES, VFPT_REFUSED, "Permission denied"},
	{ENETDOWN, VFPT_BUSY, "Network is down"},
	{ENODEV, VFPT_SYSTEM, "No such device"}, /* here the PF is gone too */
	{ENOBUFS, VFPT_SYSTEM, "No buffer space available"},
};

START_TEST(what_a_driver_answers_is_told_as_what_it_is)
{
	answers(answered[_i].number);
	ck_assert_fails(set_spoofchk(), err, answered[_i].code);
	ck_assert_str_eq(err.message, text("the kernel says: %s", answered[_i].text));
	ck_assert_int_eq(err.number, answered[_i].number);
}
END_TEST

/* It takes a lock's time from others: all waiting together has an end. */
START_TEST(waiting_of_all_requests_together_is_limited)
{
	unsigned first, waited = 0;

	answers(EBUSY);
	vfpt_netlink_limit_waiting(netlink, 4000);
	ck_assert_fails(set_spoofchk(), err, VFPT_BUSY);
	first = kernel.pauses; /* 3 seconds */
	ck_assert_fails(set_spoofchk(), err, VFPT_BUSY);
	ck_assert_uint_eq(3 * (kernel.pauses - first), first);
	/* From then on each is asked once. */
	first = kernel.pauses;
	ck_assert_fails(set_spoofchk(), err, VFPT_BUSY);
	ck_assert(!vfpt_netlink_wait(netlink, &waited, VFPT_WAIT_BUSY));
	ck_assert_uint_eq(waited, 0);
	ck_assert_uint_eq(kernel.pauses, first);
	ck_assert_uint_eq(kernel.requests, first + 3);
}
END_TEST

START_TEST(socket_waits_twenty_seconds_where_nobody_says_how_long)
{
	unsigned most = 0;

	for (unsigned waited = 0; vfpt_netlink_wait(netlink, &waited, VFPT_WAIT_BUSY); waited = 0)
		most += waited;
	ck_assert_uint_eq(most, 20 * 1000);
	ck_assert_uint_gt(kernel.pauses, 0);
}
END_TEST

START_TEST(wait_says_how_long_it_was_and_never_more_than_asked)
{
	unsigned waited = 0;

	while (vfpt_netlink_wait(netlink, &waited, VFPT_WAIT_SHOWN))
		ck_assert_uint_le(waited, VFPT_WAIT_SHOWN);
	ck_assert_uint_eq(waited, VFPT_WAIT_SHOWN);
	/* Less than a moment is none. */
	waited = 0;
	ck_assert(!vfpt_netlink_wait(netlink, &waited, 1));
	vfpt_netlink_limit_waiting(netlink, 1);
	ck_assert(!vfpt_netlink_wait(netlink, &waited, VFPT_WAIT_BUSY));
	vfpt_netlink_limit_waiting(netlink, 0);
	ck_assert(!vfpt_netlink_wait(netlink, &waited, VFPT_WAIT_BUSY));
	ck_assert_uint_eq(waited, 0);
}
END_TEST

/* The PF is there: it is the VF that its driver does not know (any more). */
START_TEST(no_such_device_is_a_refusal_where_the_link_is_there)
{
	answers(ENODEV);
	tells(&(struct told){"vlan", 7, 0x8100, 0}); /* it is asked whether there is a link */
	ck_assert_fails(set_spoofchk(), err, VFPT_REFUSED);
	ck_assert_str_eq(err.message, "the kernel says: No such device");
	ck_assert_int_eq(err.number, ENODEV);
	ck_assert_uint_eq(kernel.requests, 2);
	ck_assert_uint_eq(kernel.pauses, 0);
}
END_TEST

/* --- answers that are odd */

START_TEST(answer_that_cannot_be_received_is_an_error)
{
	bool has;

	new_answer()->failure = NLE_NOMEM;
	ck_assert_fails(vfpt_netlink_has_address(netlink, 9, &has, &err), err, VFPT_SYSTEM);
	ck_assert_str_eq(err.message, "route netlink: Out of memory");
}
END_TEST

START_TEST(interrupted_request_is_made_again)
{
	kernel.interruptions = 3;
	answers(0);
	ck_assert_ok(set_spoofchk(), err);
	ck_assert_uint_eq(kernel.requests, 1);
}
END_TEST

/* One that broke off leaves it behind; ours have sequence number 0 here. */
START_TEST(answer_to_an_earlier_request_is_passed_over)
{
	struct datagram *datagram = new_answer();
	struct nlmsghdr *late;
	uint16_t id, protocol;

	tells_in(datagram, &(struct told){"vlan", 200, 0x8100, 0});
	late = (void *)((char *)datagram->words + datagram->size);
	tells_in(datagram, &(struct told){"vlan", 5, 0x8100, 0});
	late->nlmsg_seq = 77;
	ck_assert_ok(vfpt_netlink_vlan(netlink, 9, &id, &protocol, &err), err);
	ck_assert_uint_eq(id, 200);
}
END_TEST

/* A message that is its header only. */
static void says(struct datagram *datagram, unsigned type)
{
	end(datagram, begin(datagram, type, 0, "", 0));
}

START_TEST(message_that_says_nothing_is_passed_over)
{
	struct datagram *datagram = new_answer();
	uint16_t id, protocol;

	says(datagram, NLMSG_NOOP);
	tells_in(datagram, &(struct told){"vlan", 200, 0x8100, 0});
	ck_assert_ok(vfpt_netlink_vlan(netlink, 9, &id, &protocol, &err), err);
	ck_assert_uint_eq(id, 200);
}
END_TEST

START_TEST(loss_that_the_kernel_reports_is_an_error)
{
	struct datagram *datagram = new_answer();
	uint16_t id, protocol;

	says(datagram, NLMSG_OVERRUN);
	tells_in(datagram, &(struct told){"vlan", 200, 0x8100, 0});
	ck_assert_fails(vfpt_netlink_vlan(netlink, 9, &id, &protocol, &err), err, VFPT_SYSTEM);
	ck_assert_str_eq(err.message, "route netlink: Kernel reported message overflow");
}
END_TEST

START_TEST(error_that_is_cut_off_is_an_error)
{
	const struct nlmsgerr answer = {.error = 0};
	struct datagram *datagram = new_answer();

	end(datagram, begin(datagram, NLMSG_ERROR, 0, &answer, sizeof(answer) - 4));
	ck_assert_fails(set_spoofchk(), err, VFPT_SYSTEM);
	ck_assert_str_eq(err.message, "route netlink: Kernel reported truncated message");
}
END_TEST

/* Its number would be read from behind the datagram. */
START_TEST(end_of_a_list_without_a_number_is_its_end)
{
	struct datagram *datagram = new_answer();
	bool has = true;

	says(datagram, NLMSG_DONE);
	ck_assert_ok(vfpt_netlink_has_address(netlink, 9, &has, &err), err);
	ck_assert(!has);
}
END_TEST

/* What follows it is about something else. */
START_TEST(acknowledgement_ends_an_exchange)
{
	const struct nlmsgerr refusal = {.error = -EINVAL};
	struct datagram *datagram;

	answers(0);
	datagram = &kernel.answers[0];
	end(datagram, begin(datagram, NLMSG_ERROR, 0, &refusal, sizeof(refusal)));
	ck_assert_ok(set_spoofchk(), err);
}
END_TEST

static void ends_with(struct datagram *datagram, int result)
{
	end(datagram, begin(datagram, NLMSG_DONE, NLM_F_MULTI, &result, sizeof(result)));
}

START_TEST(list_that_breaks_off_is_an_error)
{
	bool has;

	ends_with(new_answer(), -ENOBUFS);
	ck_assert_fails(vfpt_netlink_has_address(netlink, 9, &has, &err), err, VFPT_SYSTEM);
	ck_assert_str_eq(err.message, "the kernel says: No buffer space available");
}
END_TEST

/* Of which there is no negative. */
START_TEST(list_that_ends_with_the_least_number_is_an_error)
{
	bool has;

	ends_with(new_answer(), INT_MIN);
	ck_assert_fails(vfpt_netlink_has_address(netlink, 9, &has, &err), err, VFPT_SYSTEM);
	ck_assert_contains(err.message, "the kernel says: ");
}
END_TEST

/* What another process changes meanwhile is not what is asked for. */
START_TEST(list_that_was_interrupted_is_taken)
{
	const struct ifaddrmsg address = {.ifa_family = AF_INET, .ifa_index = 9};
	struct datagram *datagram = new_answer();
	bool has = false;

	end(datagram, begin(datagram, RTM_NEWADDR, NLM_F_MULTI | NLM_F_DUMP_INTR, &address, sizeof(address)));
	ends_with(datagram, 0);
	ck_assert_ok(vfpt_netlink_has_address(netlink, 9, &has, &err), err);
	ck_assert(has);
}
END_TEST

/* It may be the address of this interface, whose VF would then be in use. */
START_TEST(address_that_is_cut_off_is_an_error)
{
	const struct ifaddrmsg address = {.ifa_family = AF_INET, .ifa_index = 9};
	struct datagram *datagram = new_answer();
	bool has;

	end(datagram, begin(datagram, RTM_NEWADDR, NLM_F_MULTI, &address, sizeof(address) - 4));
	ends_with(datagram, 0);
	ck_assert_fails(vfpt_netlink_has_address(netlink, 9, &has, &err), err, VFPT_SYSTEM);
	ck_assert_str_eq(err.message, "route netlink: Netlink message is too short");
}
END_TEST

static void expect_no_vf(unsigned vf, const struct nlattr *info, void *data)
{
	(void)info;
	(void)data;
	ck_abort_msg("VF %u is shown", vf);
}

START_TEST(link_that_is_cut_off_has_no_vfs)
{
	const struct ifinfomsg link = {.ifi_index = 2};
	struct datagram *datagram = new_answer();
	unsigned count = 77;

	end(datagram, begin(datagram, RTM_NEWLINK, 0, &link, sizeof(link) - 4));
	ck_assert_ok(vfpt_netlink_vfs(netlink, 2, expect_no_vf, NULL, &count, &err), err);
	ck_assert_uint_eq(count, 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("kernel");
	TCase *tcase = new_case(suite, "VLANs", host_setup);

	tcase_add_checked_fixture(tcase, kernel_setup, kernel_teardown);
	tcase_add_loop_test(tcase, vlan_is_what_the_kernel_tells, 0, ARRAY_SIZE(vlans));
	tcase_add_test(tcase, vlan_that_cannot_be_parsed_is_an_error);
	tcase_add_test(tcase, message_of_another_type_tells_no_vlan);
	tcase_add_test(tcase, network_has_the_vlan_that_the_kernel_tells);
	tcase_add_test(tcase, network_with_tags_that_no_vf_has_gets_none);
	tcase_add_test(tcase, vlan_that_the_kernel_does_not_tell_is_an_error);
	tcase_add_test(tcase, vlan_device_without_index_is_an_error);

	tcase = new_case(suite, "setting", host_setup);
	tcase_add_checked_fixture(tcase, kernel_setup, kernel_teardown);
	tcase_add_loop_test(tcase, driver_that_is_busy_for_a_moment_is_asked_again, 0, ARRAY_SIZE(busy));
	tcase_add_loop_test(tcase, driver_that_stays_busy_is_an_error_in_the_end, 0, ARRAY_SIZE(busy));
	tcase_add_test(tcase, refusal_is_not_asked_again);
	tcase_add_loop_test(tcase, what_a_driver_answers_is_told_as_what_it_is, 0, ARRAY_SIZE(answered));
	tcase_add_test(tcase, waiting_of_all_requests_together_is_limited);
	tcase_add_test(tcase, socket_waits_twenty_seconds_where_nobody_says_how_long);
	tcase_add_test(tcase, wait_says_how_long_it_was_and_never_more_than_asked);
	tcase_add_test(tcase, no_such_device_is_a_refusal_where_the_link_is_there);

	tcase = new_case(suite, "odd answers", host_setup);
	tcase_add_checked_fixture(tcase, kernel_setup, kernel_teardown);
	tcase_add_test(tcase, answer_that_cannot_be_received_is_an_error);
	tcase_add_test(tcase, interrupted_request_is_made_again);
	tcase_add_test(tcase, answer_to_an_earlier_request_is_passed_over);
	tcase_add_test(tcase, message_that_says_nothing_is_passed_over);
	tcase_add_test(tcase, loss_that_the_kernel_reports_is_an_error);
	tcase_add_test(tcase, error_that_is_cut_off_is_an_error);
	tcase_add_test(tcase, end_of_a_list_without_a_number_is_its_end);
	tcase_add_test(tcase, acknowledgement_ends_an_exchange);
	tcase_add_test(tcase, list_that_breaks_off_is_an_error);
	tcase_add_test(tcase, list_that_ends_with_the_least_number_is_an_error);
	tcase_add_test(tcase, list_that_was_interrupted_is_taken);
	tcase_add_test(tcase, address_that_is_cut_off_is_an_error);
	tcase_add_test(tcase, link_that_is_cut_off_has_no_vfs);
	return run_suite(suite);
}
