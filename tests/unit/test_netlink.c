/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vf_netlink.h"

#include <errno.h>
#include <limits.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "support.h"

static struct vfpt_error err;

/* --- attributes as the kernel writes them, byte by byte */

struct buffer {
	uint8_t *bytes;
	size_t size, room;
};

static void add(struct buffer *buffer, const void *bytes, size_t size)
{
	if (buffer->room < buffer->size + size) {
		buffer->room = 2 * (buffer->size + size);
		buffer->bytes = realloc(buffer->bytes, buffer->room);
		ck_assert_ptr_nonnull(buffer->bytes);
	}
	memcpy(buffer->bytes + buffer->size, bytes, size);
	buffer->size += size;
}

static void add_attribute(struct buffer *buffer, unsigned type, const void *payload, size_t size)
{
	const struct nlattr header = {.nla_len = (uint16_t)(4 + size), .nla_type = (uint16_t)type};

	add(buffer, &header, 4);
	add(buffer, payload, size);
	add(buffer, "\0\0\0", (4 - size % 4) % 4);
}

/* @return where it starts */
static size_t begin(struct buffer *buffer, unsigned type)
{
	add_attribute(buffer, type, "", 0);
	return buffer->size - 4;
}

/* Its length has 16 bits, and the kernel does not care. */
static void end(struct buffer *buffer, size_t start)
{
	const uint16_t length = (uint16_t)(buffer->size - start);

	memcpy(buffer->bytes + start, &length, sizeof(length));
}

enum { NO_PADDING = -1 };

/* One IFLA_VF_INFO, as rtnl_fill_vfinfo() does it; the MAC ends in the VF's number. @padding: bytes of
 * something we do not read. */
static void add_vf(struct buffer *buffer, uint32_t vf, int padding)
{
	size_t info = begin(buffer, IFLA_VF_INFO), list;
	struct ifla_vf_mac mac = {.vf = vf, .mac = {2, 0, 0, 0, (uint8_t)(vf >> 8), (uint8_t)vf}};
	struct ifla_vf_vlan vlan = {.vf = vf, .vlan = vf % 4095};
	struct ifla_vf_vlan_info vlan_info = {.vf = vf, .vlan = vf % 4095, .vlan_proto = 0x0081};

	add_attribute(buffer, IFLA_VF_MAC, &mac, sizeof(mac));
	add_attribute(buffer, IFLA_VF_VLAN, &vlan, sizeof(vlan));
	list = begin(buffer, IFLA_VF_VLAN_LIST);
	add_attribute(buffer, IFLA_VF_VLAN_INFO, &vlan_info, sizeof(vlan_info));
	end(buffer, list);
	if (padding != NO_PADDING) {
		static const uint8_t zeros[1024];

		add_attribute(buffer, IFLA_VF_STATS, zeros, (size_t)padding);
	}
	end(buffer, info);
}

/* What a link message holds for a PF: @told VFs are said to be there (-1: nothing is said), @count are. */
static struct buffer link_of(int64_t told, uint32_t count, int padding)
{
	struct buffer buffer = {0};
	const uint32_t number = (uint32_t)told;
	size_t list;

	add_attribute(&buffer, IFLA_IFNAME, "ens1f0", 7);
	add_attribute(&buffer, IFLA_ADDRESS, "\x02\0\0\0\0\1", 6);
	if (told >= 0)
		add_attribute(&buffer, IFLA_NUM_VF, &number, sizeof(number));
	list = begin(&buffer, IFLA_VFINFO_LIST);
	for (uint32_t vf = 0; vf < count; vf++)
		add_vf(&buffer, vf, padding);
	end(&buffer, list);
	add_attribute(&buffer, IFLA_GROUP, "\0\0\0", 4);
	add_attribute(&buffer, IFLA_QDISC, "mq", 3);
	return buffer;
}

/* --- what is taken of it */

enum { MOST = 2048 };

/* One VF as it was shown. */
struct shown {
	unsigned count; /* attributes */
	int types[4];
	uint8_t mac[6];
};

static const struct buffer *message;
static struct shown shown[MOST];
static unsigned highest; /* of what is shown */

static void add_shown(unsigned vf, const struct nlattr *attribute)
{
	const uint8_t *at = (const void *)attribute, *end = message->bytes + message->size;

	if (at < message->bytes || end - at < 4 || attribute->nla_len < 4 || attribute->nla_len > end - at)
		ck_abort_msg("an attribute of VF %u is not within the message", vf);
	if (vf >= MOST)
		return;
	if (vf > highest)
		highest = vf;
	if (shown[vf].count < ARRAY_SIZE(shown[vf].types))
		shown[vf].types[shown[vf].count] = attribute->nla_type;
	shown[vf].count++;
	if (attribute->nla_type == IFLA_VF_MAC && attribute->nla_len >= 4 + 10)
		memcpy(shown[vf].mac, at + 8, 6);
}

static void add_vf_shown(unsigned vf, const struct nlattr *info, void *data)
{
	const void *end = vfpt_attribute_end(info);
	const struct nlattr *attribute = vfpt_attribute(info + 1, end);

	ck_assert_ptr_eq(data, shown);
	for (; attribute; attribute = vfpt_attribute(vfpt_attribute_next(attribute), end))
		add_shown(vf, attribute);
}

/* Behind the last byte there is nothing that may be read, which a sanitizer sees. */
static unsigned show(const struct buffer *buffer)
{
	struct buffer exact = {.bytes = malloc(buffer->size ? buffer->size : 1), .size = buffer->size};
	unsigned count;

	ck_assert_ptr_nonnull(exact.bytes);
	if (exact.size > 0)
		memcpy(exact.bytes, buffer->bytes, exact.size);
	message = &exact;
	memset(shown, 0, (highest + 1) * sizeof(shown[0]));
	highest = 0;
	count = vfpt_netlink_each_vf(exact.bytes, exact.size, add_vf_shown, shown);
	free(exact.bytes);
	return count;
}

static void ck_assert_shown(unsigned vf)
{
	const struct shown *s = &shown[vf];

	if (s->count < 3 || s->types[0] != IFLA_VF_MAC || s->types[1] != IFLA_VF_VLAN ||
		s->types[2] != IFLA_VF_VLAN_LIST || ((unsigned)s->mac[4] << 8 | s->mac[5]) != vf)
		ck_abort_msg("VF %u is not shown as it is: %u attributes, the first is %d", vf, s->count,
			s->types[0]);
}

/* VFs 0 to @count - 1, each with all that it has, and no other. */
static void ck_assert_shows(const struct buffer *buffer, unsigned count)
{
	ck_assert_uint_eq(show(buffer), count);
	for (unsigned vf = 0; vf < MOST; vf++)
		if (vf < count)
			ck_assert_shown(vf);
		else if (shown[vf].count > 0)
			ck_abort_msg("VF %u is shown", vf);
}

/* --- VFs, few and many */

static const unsigned counts[] = {1, 2, 7, 63, 256};

START_TEST(each_vf_is_shown)
{
	struct buffer buffer = link_of(counts[_i], counts[_i], NO_PADDING);

	ck_assert_shows(&buffer, counts[_i]);
	free(buffer.bytes);
}
END_TEST

/* An entry has 84 bytes, 88 and the padding with that. */
static const struct {
	unsigned count;
	int padding;
	uint16_t length; /* of the list, as it is written */
} wraps[] = {
	{512, NO_PADDING, 43012},
	{512, 40, 4}, /* 512 entries of 128 bytes: 65536, and the list's own 4 */
	{512, 200, (4 + 512 * 288) % 65536},
	{381, 84, 0}, /* 381 entries of 172 bytes: 65532, and 4 */
	{1024, 168, 4},
	{2000, 168, (4 + 2000 * 256) % 65536},
};

START_TEST(length_that_wraps_hides_no_vf)
{
	struct buffer buffer = link_of(wraps[_i].count, wraps[_i].count, wraps[_i].padding);
	uint16_t length;

	/* behind name (12), address (12) and number of VFs (8) */
	memcpy(&length, buffer.bytes + 32, sizeof(length));
	ck_assert_uint_eq(length, wraps[_i].length);
	ck_assert_shows(&buffer, wraps[_i].count);
	free(buffer.bytes);
}
END_TEST

/* Whatever stands there. */
START_TEST(length_of_the_list_is_not_looked_at)
{
	struct buffer buffer = link_of(7, 7, NO_PADDING);

	for (unsigned length = 0; length <= UINT16_MAX; length += length < 1024 ? 1 : 13) {
		buffer.bytes[32] = (uint8_t)length;
		buffer.bytes[33] = (uint8_t)(length >> 8);
		if (show(&buffer) != 7 || shown[6].mac[5] != 6)
			ck_abort_msg("with length %u not all VFs are shown", length);
	}
	free(buffer.bytes);
}
END_TEST

START_TEST(nested_flag_of_the_types_does_not_matter)
{
	struct buffer buffer = link_of(2, 2, NO_PADDING);

	buffer.bytes[35] |= 0x80;          /* of the list */
	buffer.bytes[36 + 3] |= 0x80;      /* of its first entry */
	buffer.bytes[36 + 84 + 3] |= 0x80; /* of its second entry */
	ck_assert_shows(&buffer, 2);
	free(buffer.bytes);
}
END_TEST

START_TEST(vfs_are_told_by_number_and_not_by_place)
{
	static const uint32_t vfs[] = {5, 0, 300, 2};
	const uint32_t count = ARRAY_SIZE(vfs);
	struct buffer buffer = {0};
	size_t list;

	add_attribute(&buffer, IFLA_NUM_VF, &count, sizeof(count));
	list = begin(&buffer, IFLA_VFINFO_LIST);
	for (size_t i = 0; i < count; i++)
		add_vf(&buffer, vfs[i], NO_PADDING);
	end(&buffer, list);
	ck_assert_uint_eq(show(&buffer), count);
	for (size_t i = 0; i < count; i++)
		ck_assert_shown(vfs[i]);
	ck_assert_uint_eq(shown[1].count, 0);
	ck_assert_uint_eq(shown[3].count, 0);
	free(buffer.bytes);
}
END_TEST

/* --- what the kernel does not write, and a broken one might */

static const struct {
	int64_t told;
	unsigned shown; /* of 7 that are there */
} numbers[] = {{0, 0}, {-1, 0}, {1, 1}, {3, 3}, {8, 7}, {65535, 7}, {UINT32_MAX, 7}};

START_TEST(wrong_number_of_vfs_leads_nowhere_else)
{
	struct buffer buffer = link_of(numbers[_i].told, 7, NO_PADDING);

	ck_assert_shows(&buffer, numbers[_i].shown);
	free(buffer.bytes);
}
END_TEST

START_TEST(link_without_vfs_shows_none)
{
	struct buffer buffer = {0};

	ck_assert_shows(&buffer, 0);
	add_attribute(&buffer, IFLA_IFNAME, "lo", 3);
	ck_assert_shows(&buffer, 0);
	add_attribute(&buffer, IFLA_NUM_VF, "\1\0\0", 4);
	ck_assert_shows(&buffer, 0);
	end(&buffer, begin(&buffer, IFLA_VFINFO_LIST));
	ck_assert_shows(&buffer, 0);
	free(buffer.bytes);
}
END_TEST

START_TEST(number_of_vfs_that_is_too_short_is_none)
{
	struct buffer buffer = {0};
	size_t list;

	add_attribute(&buffer, IFLA_NUM_VF, "\1\0", 2);
	list = begin(&buffer, IFLA_VFINFO_LIST);
	add_vf(&buffer, 0, NO_PADDING);
	end(&buffer, list);
	ck_assert_shows(&buffer, 0);
	free(buffer.bytes);
}
END_TEST

/* Which VF the others would be is not sure any more. */
START_TEST(entry_that_tells_no_vf_ends_the_list)
{
	struct buffer buffer = {0};
	const uint32_t count = 3;
	size_t list, info;

	add_attribute(&buffer, IFLA_NUM_VF, &count, sizeof(count));
	list = begin(&buffer, IFLA_VFINFO_LIST);
	add_vf(&buffer, 0, NO_PADDING);
	info = begin(&buffer, IFLA_VF_INFO);
	if (_i > 0)
		add_attribute(&buffer, _i == 1 ? IFLA_VF_VLAN : IFLA_VF_MAC, "\1\0\0\0", _i == 1 ? 4 : 3);
	end(&buffer, info);
	add_vf(&buffer, 2, NO_PADDING);
	end(&buffer, list);
	ck_assert_shows(&buffer, 1);
	free(buffer.bytes);
}
END_TEST

START_TEST(entry_of_another_type_ends_the_list)
{
	struct buffer buffer = link_of(3, 3, NO_PADDING);

	buffer.bytes[36 + 84 + 2] = IFLA_VF_INFO + 1;
	ck_assert_shows(&buffer, 1);
	free(buffer.bytes);
}
END_TEST

/* Each VF is shown from the byte on with which its entry is whole, and never is a byte read that is not
 * there: the copy has no room behind it (run with a sanitizer or valgrind this is seen). */
START_TEST(message_cut_off_anywhere_is_read_to_its_end_only)
{
	struct buffer whole = link_of(3, 3, 8);

	for (size_t size = 0; size <= whole.size; size++) {
		struct buffer cut = {.bytes = malloc(size ? size : 1), .size = size};

		ck_assert_ptr_nonnull(cut.bytes);
		memcpy(cut.bytes, whole.bytes, size);
		ck_assert_shows(&cut, size < 36 ? 0 : size < 36 + 3 * 96 ? (unsigned)(size - 36) / 96 : 3);
		free(cut.bytes);
	}
	free(whole.bytes);
}
END_TEST

/* Every byte in turn is set to every value: what is taken lies within the message all the same: take(). */
START_TEST(message_with_a_damaged_byte_is_read_to_its_end_only)
{
	struct buffer whole = link_of(2, 2, 4);
	struct buffer copy = {.bytes = malloc(whole.size), .size = whole.size};

	ck_assert_ptr_nonnull(copy.bytes);
	for (size_t at = 0; at < whole.size; at++)
		for (unsigned value = 0; value < 256; value++) {
			memcpy(copy.bytes, whole.bytes, whole.size);
			copy.bytes[at] = (uint8_t)value;
			if (show(&copy) > 2)
				ck_abort_msg("byte %zu is %#x: more VFs are shown than there are", at, value);
		}
	free(copy.bytes);
	free(whole.bytes);
}
END_TEST

/* --- the socket, with this machine's kernel */

static struct vfpt_netlink *netlink;

static void open_netlink(void)
{
	ck_assert_ok(vfpt_netlink_open(&netlink, &err), err);
	ck_assert_ptr_nonnull(netlink);
}

static void close_netlink(void)
{
	vfpt_netlink_close(netlink);
}

static void expect_no_vf(unsigned vf, const struct nlattr *info, void *data)
{
	(void)info;
	(void)data;
	ck_abort_msg("VF %u is shown", vf);
}

START_TEST(loopback_has_no_vfs)
{
	unsigned count = 77;

	ck_assert_ok(vfpt_netlink_vfs(netlink, 1, expect_no_vf, NULL, &count, &err), err);
	ck_assert_uint_eq(count, 0);
}
END_TEST

START_TEST(loopback_is_no_vlan)
{
	uint16_t id = 77, protocol = 78;

	ck_assert_fails(vfpt_netlink_vlan(netlink, 1, &id, &protocol, &err), err, VFPT_SYSTEM);
	ck_assert_str_eq(err.message, "the kernel shows no VLAN id from 1 to 4094 for interface 1");
	ck_assert_uint_eq(id, 77);
	ck_assert_uint_eq(protocol, 78);
}
END_TEST

START_TEST(interface_that_is_not_there_is_an_error)
{
	uint16_t id, protocol;
	unsigned count;

	ck_assert_fails(
		vfpt_netlink_vfs(netlink, INT_MAX, expect_no_vf, NULL, &count, &err), err, VFPT_SYSTEM);
	ck_assert_str_eq(err.message, "the kernel says: No such device");
	ck_assert_fails(vfpt_netlink_vlan(netlink, INT_MAX, &id, &protocol, &err), err, VFPT_SYSTEM);
	ck_assert_str_eq(err.message, "the kernel says: No such device");
}
END_TEST

START_TEST(socket_serves_after_an_error)
{
	uint16_t id, protocol;

	for (int i = 0; i < 50; i++) {
		ck_assert_fails(vfpt_netlink_vlan(netlink, INT_MAX, &id, &protocol, &err), err, VFPT_SYSTEM);
		ck_assert_str_eq(err.message, "the kernel says: No such device");
		ck_assert_fails(vfpt_netlink_vlan(netlink, 1, &id, &protocol, &err), err, VFPT_SYSTEM);
		ck_assert_str_eq(err.message, "the kernel shows no VLAN id from 1 to 4094 for interface 1");
	}
}
END_TEST

static bool has_address;

static void check_address(void)
{
	bool has = !has_address;

	if (!enter_own_network())
		return; /* not allowed here; the lab has it too */
	if (has_address)
		address_loopback();
	need(vfpt_netlink_open(&netlink, &err) == 0, "netlink opens: %s", err.message);
	need(vfpt_netlink_has_address(netlink, 1, &has, &err) == 0, "it answers: %s", err.message);
	need(has == has_address, "the address is %s", has ? "seen" : "not seen");
	/* Nor is another interface's address this one's. */
	if (vfpt_netlink_has_address(netlink, 2, &has, &err) == 0)
		need(!has, "interface 2 has none");
	vfpt_netlink_close(netlink);
}

START_TEST(address_is_seen_where_there_is_one)
{
	has_address = _i;
	in_child(check_address);
}
END_TEST

static void check_permission(void)
{
	struct ifla_vf_mac mac = {.vf = 0, .mac = {2, 0, 0, 0, 0, 1}};

	become_nobody();
	need(vfpt_netlink_open(&netlink, &err) == 0, "netlink opens: %s", err.message);
	need(vfpt_netlink_set_vf(netlink, INT_MAX, IFLA_VF_MAC, &mac, sizeof(mac), &err) == -1, "it fails");
	need(err.code == VFPT_SYSTEM, "the code is %d", err.code);
	need(strncmp(err.message,
		     "the kernel says: Operation not permitted; setting a VF needs CAP_NET_ADMIN: ", 75) == 0,
		"the message: %s", err.message);
	need(vfpt_netlink_set_mtu(netlink, 1, 1400, &err) == -1, "it fails");
	need(err.code == VFPT_SYSTEM, "the code is %d", err.code);
	need(strncmp(err.message, "the kernel says: Operation not permitted; ", 42) == 0, "the message: %s",
		err.message);
	vfpt_netlink_close(netlink);
}

START_TEST(setting_without_permission_is_no_refusal_of_the_driver)
{
	in_child(check_permission);
}
END_TEST

/* Root in a network of its own may set what is there: a loopback interface has no VF to set. */
static void check_refusal(void)
{
	struct ifla_vf_mac mac = {.vf = 0, .mac = {2, 0, 0, 0, 0, 1}};

	if (!enter_own_network())
		return;
	need(vfpt_netlink_open(&netlink, &err) == 0, "netlink opens: %s", err.message);
	need(vfpt_netlink_set_vf(netlink, 1, IFLA_VF_MAC, &mac, sizeof(mac), &err) == -1, "it fails");
	need(err.code == VFPT_REFUSED, "the code is %d: %s", err.code, err.message);
	need(strcmp(err.message, "the kernel says: Operation not supported") == 0, "the message: %s",
		err.message);
	vfpt_netlink_close(netlink);
}

START_TEST(setting_that_the_driver_does_not_know_is_a_refusal)
{
	in_child(check_refusal);
}
END_TEST

static int mtu_of_loopback(void)
{
	struct ifreq request = {.ifr_name = "lo"};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	need(fd >= 0 && ioctl(fd, SIOCGIFMTU, &request) == 0, "lo tells its MTU");
	close(fd);
	return request.ifr_mtu;
}

static void check_mtu(void)
{
	if (!enter_own_network())
		return;
	need(vfpt_netlink_open(&netlink, &err) == 0, "netlink opens: %s", err.message);
	for (unsigned mtu = 1400; mtu <= 9000; mtu += 7600) {
		need(vfpt_netlink_set_mtu(netlink, 1, mtu, &err) == 0, "MTU %u is set: %s", mtu, err.message);
		need(mtu_of_loopback() == (int)mtu, "it is %d, not %u", mtu_of_loopback(), mtu);
	}
	/* Only the device is to blame for what it does not take. */
	need(vfpt_netlink_set_mtu(netlink, 1, UINT32_MAX, &err) == -1, "it fails");
	need(err.code == VFPT_REFUSED, "the code is %d: %s", err.code, err.message);
	need(strncmp(err.message, "the kernel says: ", 17) == 0, "the message: %s", err.message);
	need(mtu_of_loopback() == 9000, "it is %d", mtu_of_loopback());
	need(vfpt_netlink_set_mtu(netlink, INT_MAX, 1400, &err) == -1, "it fails");
	need(err.code == VFPT_SYSTEM, "the code is %d", err.code);
	need(strcmp(err.message, "the kernel says: No such device") == 0, "the message: %s", err.message);
	vfpt_netlink_close(netlink);
}

START_TEST(mtu_is_set_or_refused)
{
	in_child(check_mtu);
}
END_TEST

START_TEST(closing_nothing_is_fine)
{
	catch_stderr();
	vfpt_netlink_close(NULL);
	ck_assert_str_eq(caught_stderr(), "");
}
END_TEST

/* --- the kernel's own words */

enum { CAPPED, UNCAPPED, KINDS };

/* An error message: what failed (whole or only its header), then the text. */
static struct buffer refusal(int kind, uint16_t flags)
{
	static const char request[20];
	struct nlmsghdr header = {.nlmsg_type = NLMSG_ERROR, .nlmsg_flags = flags};
	const struct nlmsgerr answer = {
		.error = -EINVAL, .msg.nlmsg_len = sizeof(struct nlmsghdr) + sizeof(request)};
	struct buffer said = {0};

	if (kind == CAPPED)
		header.nlmsg_flags |= NLM_F_CAPPED;
	add(&said, &header, sizeof(header));
	add(&said, &answer, sizeof(answer));
	if (kind == UNCAPPED)
		add(&said, request, sizeof(request));
	add_attribute(&said, NLMSGERR_ATTR_OFFS, "\0\0\0", 4);
	add_attribute(&said, NLMSGERR_ATTR_MSG, "Rate is too high", sizeof("Rate is too high"));
	header.nlmsg_len = (uint32_t)said.size;
	memcpy(said.bytes, &header, sizeof(header));
	return said;
}

START_TEST(words_of_the_kernel_are_found)
{
	struct buffer said = refusal(_i, NLM_F_ACK_TLVS);
	char text[160];

	vfpt_netlink_kernel_text((const void *)said.bytes, text, sizeof(text));
	ck_assert_str_eq(text, "Rate is too high");
	vfpt_netlink_kernel_text((const void *)said.bytes, text, 5);
	ck_assert_str_eq(text, "Rate");
	free(said.bytes);
}
END_TEST

START_TEST(no_words_are_read_where_there_are_none)
{
	struct buffer said = refusal(_i, 0);
	char text[160] = "old";

	vfpt_netlink_kernel_text((const void *)said.bytes, text, sizeof(text));
	ck_assert_str_eq(text, "");
	free(said.bytes);
}
END_TEST

/* Each cut is a block of its own, so that a read behind it is seen. */
START_TEST(message_of_the_kernel_cut_off_anywhere_is_read_to_its_end_only)
{
	struct buffer said = refusal(_i, NLM_F_ACK_TLVS);
	char text[160];

	for (uint32_t size = sizeof(struct nlmsghdr); size < said.size; size++) {
		struct nlmsghdr *cut = malloc(size);

		ck_assert_ptr_nonnull(cut);
		memcpy(cut, said.bytes, size);
		cut->nlmsg_len = size;
		vfpt_netlink_kernel_text(cut, text, sizeof(text));
		if (strlen(text) > 0)
			ck_assert_str_eq(text, "Rate is too high");
		free(cut);
	}
	free(said.bytes);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("netlink");
	TCase *tcase = new_case(suite, "VFs", NULL);

	tcase_set_timeout(tcase, 60);
	tcase_add_loop_test(tcase, each_vf_is_shown, 0, ARRAY_SIZE(counts));
	tcase_add_loop_test(tcase, length_that_wraps_hides_no_vf, 0, ARRAY_SIZE(wraps));
	tcase_add_test(tcase, length_of_the_list_is_not_looked_at);
	tcase_add_test(tcase, nested_flag_of_the_types_does_not_matter);
	tcase_add_test(tcase, vfs_are_told_by_number_and_not_by_place);

	tcase = new_case(suite, "damage", NULL);
	tcase_set_timeout(tcase, 120);
	tcase_add_loop_test(tcase, wrong_number_of_vfs_leads_nowhere_else, 0, ARRAY_SIZE(numbers));
	tcase_add_test(tcase, link_without_vfs_shows_none);
	tcase_add_test(tcase, number_of_vfs_that_is_too_short_is_none);
	tcase_add_loop_test(tcase, entry_that_tells_no_vf_ends_the_list, 0, 3);
	tcase_add_test(tcase, entry_of_another_type_ends_the_list);
	tcase_add_test(tcase, message_cut_off_anywhere_is_read_to_its_end_only);
	tcase_add_test(tcase, message_with_a_damaged_byte_is_read_to_its_end_only);

	tcase = new_case(suite, "words", NULL);
	tcase_add_loop_test(tcase, words_of_the_kernel_are_found, 0, KINDS);
	tcase_add_loop_test(tcase, no_words_are_read_where_there_are_none, 0, KINDS);
	tcase_add_loop_test(tcase, message_of_the_kernel_cut_off_anywhere_is_read_to_its_end_only, 0, KINDS);

	tcase = new_case(suite, "socket", NULL);
	tcase_add_checked_fixture(tcase, open_netlink, close_netlink);
	tcase_add_test(tcase, loopback_has_no_vfs);
	tcase_add_test(tcase, loopback_is_no_vlan);
	tcase_add_test(tcase, interface_that_is_not_there_is_an_error);
	tcase_add_test(tcase, socket_serves_after_an_error);

	tcase = new_case(suite, "rights", NULL);
	tcase_add_loop_test(tcase, address_is_seen_where_there_is_one, 0, 2);
	tcase_add_test(tcase, setting_without_permission_is_no_refusal_of_the_driver);
	tcase_add_test(tcase, setting_that_the_driver_does_not_know_is_a_refusal);
	tcase_add_test(tcase, mtu_is_set_or_refused);
	tcase_add_test(tcase, closing_nothing_is_fine);
	return run_suite(suite);
}
