/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "assign.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "domain.h"
#include "driver.h"
#include "hook_state.h"
#include "support.h"

#define VM_A "3f0f5d7e-6c1a-4d0e-9a0b-5f6d7c8e9a01"
#define VM_B "b7c5a0de-2f43-4b5e-8a55-0a1b2c3d4e07"

#define LEDGER "run/vfpt"
#define PF_1   "sys/devices/pci0000:00/0000:00:02.0/0000:01:00.0/"
#define PF_2   "sys/devices/pci0000:00/0000:00:03.0/0000:02:00.0/"
#define PF_3   "sys/devices/pci0000:00/0000:00:04.0/0000:03:00.0/"
#define GROUPS "sys/kernel/iommu_groups/"

#define CONFIG "etc/vdsm/vfpt.conf"

static struct vfpt_error err;
static struct vfpt_transaction transaction;
static struct vfpt_config *config;
static struct vfpt_host *host;
static struct vfpt_ledger *ledger;
static struct vfpt_profile profile;   /* what the test's vNICs ask for */
static struct vfpt_assigned assigned; /* by the last vfpt_assign() */

static void forget_profile(void)
{
	profile = (struct vfpt_profile){.passthrough = VFPT_PASSTHROUGH_REQUIRED};
}

static void open_ledger(void)
{
	ck_assert_ok(vfpt_ledger_open(root_fd, VFPT_LEDGER_ASSIGN, 10, &ledger, &err), err);
}

/* Look at the host as it is now. Until then the test can change it. */
static void open_transaction(void)
{
	ck_assert_ok(vfpt_config_read(root_fd, &config, &err), err);
	ck_assert_ok(vfpt_host_open(root_fd, NULL, &host, &err), err);
	open_ledger();
	transaction = (struct vfpt_transaction){.host = host, .ledger = ledger, .config = config};
}

static void close_transaction(void)
{
	vfpt_transaction_commit(&transaction);
	vfpt_ledger_close(ledger);
	vfpt_host_free(host);
	vfpt_config_free(config);
	ledger = NULL;
	host = NULL;
	config = NULL;
}

/* How many VFs are somebody's; what is remembered of last time is none. */
static unsigned records(void)
{
	return entries(LEDGER) - there_is(LEDGER "/last");
}

static struct vfpt_request request_of(const char *vm, const char *bridge)
{
	static uint8_t last;

	return (struct vfpt_request){.vm = vm,
		.bridge = bridge,
		.mac = {{0x56, 0x6f, 0x1a, 0x2b, 0, ++last}},
		.profile = &profile};
}

/* "VF of PF", or the error; what would be set is printed and not of interest. */
static const char *try(const struct vfpt_request *request)
{
	int r;

	catch_stderr();
	r = vfpt_assign(&transaction, request, &assigned, &err);
	caught_stderr();
	if (r < 0)
		return err.message;
	return text("VF %u of %s", assigned.assignment.vf, assigned.assignment.pf);
}

static const char *assign(const char *vm, const char *bridge)
{
	const struct vfpt_request request = request_of(vm, bridge);

	return try(&request);
}

static const char *assign_before(const char *vm, const char *bridge, unsigned more)
{
	struct vfpt_request request = request_of(vm, bridge);

	request.more = more;
	return try(&request);
}

static const char *refusal(const char *vm, const char *bridge, enum vfpt_code code)
{
	const struct vfpt_request request = request_of(vm, bridge);
	size_t count = transaction.count;
	unsigned before = entries(LEDGER);

	catch_stderr();
	ck_assert_fails(vfpt_assign(&transaction, &request, &assigned, &err), err, code);
	caught_stderr();
	ck_assert_uint_eq(transaction.count, count);
	ck_assert_uint_eq(entries(LEDGER), before);
	return err.message;
}

static struct vfpt_pci pci(const char *address)
{
	struct vfpt_pci out;

	ck_assert_ok(vfpt_pci_parse(address, &out, &err), err);
	return out;
}

static const char *owner(const char *address)
{
	struct vfpt_pci vf = pci(address);

	return vfpt_ledger_owner(ledger, &vf);
}

static const char *const bus_of[] = {NULL, "01", "02", "03"};

/* The VF's address: with igb they go by twos. */
static const char *vf_address(unsigned pf, unsigned vf)
{
	return text("0000:%s:%02x.%u", bus_of[pf], 16 + vf / 4, vf % 4 * 2);
}

/* Somebody has the VF already: a name is all that it takes. */
static void give(unsigned pf, unsigned vf, const char *vm)
{
	put_file(text(LEDGER "/%s@%s", vf_address(pf, vf), vm), "");
}

static const char *const pf_paths[] = {NULL, PF_1, PF_2, PF_3};

static void use(unsigned pf, unsigned vf)
{
	static const unsigned first_netdev[] = {0, 0, 7, 14};

	put_link(text("%svirtfn%u/net/eth%u/upper_br0", pf_paths[pf], vf, first_netdev[pf] + vf), "x");
}

static void take_down(unsigned pf)
{
	put_file(text("%snet/ens%uf0/operstate", pf_paths[pf], pf), "down\n");
}

/* --- which VF */

/* VM A has the VF, for a vNIC on that network: there is a whole record, which then may become a memory. */
static void record(unsigned pf, unsigned vf, const char *network, const struct vfpt_mac *mac, bool over)
{
	struct vfpt_assignment a = {.vm = VM_A, .mac = *mac, .vf = vf, .address = pci(vf_address(pf, vf))};

	snprintf(a.pf, sizeof(a.pf), "ens%uf0", pf);
	vfpt_network_name(a.network, network);
	open_ledger();
	ck_assert_ok(vfpt_ledger_put(ledger, &a, &err), err);
	if (over)
		ck_assert_ok(vfpt_ledger_remove(ledger, &a, true, &err), err);
	vfpt_ledger_close(ledger);
	ledger = NULL;
}

static const struct vfpt_mac mac_aa = {{0x56, 0x6f, 0x1a, 0x2b, 0, 0xaa}},
			     mac_bb = {{0x56, 0x6f, 0x1a, 0x2b, 0, 0xbb}};

static void prepare_vf(unsigned pf, unsigned vf, const char *what)
{
	const char *network = pf == 1 ? "blue" : "red";

	if (strcmp(what, "use") == 0)
		use(pf, vf);
	else if (strcmp(what, "last") == 0)
		record(pf, vf, network, &mac_aa, true);
	else if (strcmp(what, "other") == 0)
		record(pf, vf, network, &mac_bb, true);
	else if (what[0] == 'a')
		record(pf, vf, what[1] == '/' ? what + 2 : network, &mac_bb, false);
	else
		give(pf, vf, what[0] == 'b' ? VM_B : "00000000-0000-0000-0000-00000000000c");
}

/*
 * Who has what before: "PF.VF=VM", VM b or c; "PF.VF=a" or "PF.VF=a/NETWORK", with a whole record;
 * "PF.VF=use" for others' use; "PF.VF=last" or "PF.VF=other" for what the vNIC aa or another one of VM A had
 * last time; "PF=down"; "PF=nodeN"; "PF=vfs", a number.
 */
static void prepare(const char *list)
{
	char copy[256], *save = NULL;

	snprintf(copy, sizeof(copy), "%s", list);
	for (char *word = strtok_r(copy, " ", &save); word; word = strtok_r(NULL, " ", &save)) {
		unsigned pf, vf;
		char what[16];

		if (sscanf(word, "%u.%u=%15s", &pf, &vf, what) == 3) {
			prepare_vf(pf, vf, what);
			continue;
		}
		ck_assert_int_eq(sscanf(word, "%u=%15s", &pf, what), 2);
		if (strcmp(what, "down") == 0)
			take_down(pf);
		else if (strncmp(what, "node", 4) == 0)
			put_file(text("%snuma_node", pf_paths[pf]), text("%s\n", what + 4));
		else
			put_file(text("%ssriov_numvfs", pf_paths[pf]), what);
	}
}

/* red has ens2f0 with 7 VFs and ens3f0 with 4. */
static const struct {
	const char *before, *bridge, *choice;
} choices[] = {
	/* one PF: the lowest index that is free */
	{"", "blue", "VF 0 of ens1f0"},
	{"1.0=b", "blue", "VF 1 of ens1f0"},
	{"1.0=b 1.1=b 1.3=b", "blue", "VF 2 of ens1f0"},
	{"1.0=a 1.1=a", "blue", "VF 2 of ens1f0"},
	{"1.0=b 1.1=b 1.2=b 1.3=b 1.4=b 1.5=b", "blue", "VF 6 of ens1f0"},
	{"1=down", "blue", "VF 0 of ens1f0"},
	/* others' use counts too */
	{"1.0=use", "blue", "VF 1 of ens1f0"},
	{"1.0=use 1.1=b 1.2=use", "blue", "VF 3 of ens1f0"},
	/* the PF with the most free VFs */
	{"", "red", "VF 0 of ens2f0"},
	{"2.0=b 2.1=b", "red", "VF 2 of ens2f0"},
	{"2.0=b 2.1=b 2.2=b 2.3=b", "red", "VF 0 of ens3f0"},
	{"2=3", "red", "VF 0 of ens3f0"},
	{"3.0=b", "red", "VF 0 of ens2f0"},
	/* as many on both: the lowest index, then the first by name */
	{"2.0=b 2.1=b 2.2=b", "red", "VF 0 of ens3f0"},
	{"2.0=b 2.1=b 2.2=b 2.3=b 3.0=b", "red", "VF 1 of ens3f0"},
	{"2=4", "red", "VF 0 of ens2f0"},
	{"2=4 2.0=b 3.0=b", "red", "VF 1 of ens2f0"},
	/* where this VM has the fewest, before that */
	{"2.0=a", "red", "VF 0 of ens3f0"},
	{"2.0=a 3.0=a", "red", "VF 1 of ens2f0"},
	{"2.0=a 2.1=a 3.0=a", "red", "VF 1 of ens3f0"},
	{"3.0=a", "red", "VF 0 of ens2f0"},
	{"2.0=b 2.1=b 2.2=b 2.3=b 2.4=b 3.0=a", "red", "VF 5 of ens2f0"},
	/* for the same network; what it has there for others does not count */
	{"2.0=a/other", "red", "VF 1 of ens2f0"},
	{"2.0=a/other 2.1=a/other 3.0=a", "red", "VF 2 of ens2f0"},
	{"2.0=a/other 2.1=a 3.0=a/other", "red", "VF 1 of ens3f0"},
	{"2.0=a/reda 2.1=a/re 2.2=a/RED", "red", "VF 0 of ens3f0"},
	/* nor what another VM has */
	{"2.0=b 2.1=c", "red", "VF 2 of ens2f0"},
	/* link up, before all that */
	{"2=down", "red", "VF 0 of ens3f0"},
	{"2=down 3.0=a 3.1=a", "red", "VF 2 of ens3f0"},
	{"3=down 2.0=a", "red", "VF 1 of ens2f0"},
	{"2=down 3=down", "red", "VF 0 of ens2f0"},
	{"2=down 3=down 2.0=a", "red", "VF 0 of ens3f0"},
	/* where that has none, the other */
	{"2=down 3.0=b 3.1=b 3.2=b 3.3=b", "red", "VF 0 of ens2f0"},
	{"2=down 3.0=use 3.1=use 3.2=use 3.3=use", "red", "VF 0 of ens2f0"},
	{"2=down 3=0", "red", "VF 0 of ens2f0"},
	{"2=0 3.0=b", "red", "VF 1 of ens3f0"},
	{"2.0=use 2.1=use 2.2=use 2.3=use 2.4=use 2.5=use 2.6=use", "red", "VF 0 of ens3f0"},
	/* in use shows only when it is looked at: until then the PF has more free VFs */
	{"2.0=use 2.1=use 2.2=use", "red", "VF 3 of ens2f0"},
};

START_TEST(best_vf_is_chosen)
{
	prepare(choices[_i].before);
	open_transaction();
	ck_assert_str_eq(assign(VM_A, choices[_i].bridge), choices[_i].choice);
	ck_assert_int_eq(assigned.pf_up, strncmp(choices[_i].before, "1=down", 6) != 0 &&
						 (strstr(choices[_i].before, "2=down") == NULL ||
							 strcmp(assigned.assignment.pf, "ens3f0") == 0) &&
						 (strstr(choices[_i].before, "3=down") == NULL ||
							 strcmp(assigned.assignment.pf, "ens2f0") == 0));
	close_transaction();
}
END_TEST

START_TEST(vf_of_a_garbage_record_is_not_chosen)
{
	put_file(LEDGER "/0000:01:10.0@x", "x");
	put_file(LEDGER "/0000:01:10.2", "x");
	catch_stderr();
	open_transaction();
	ck_assert_contains(caught_stderr(), "names no VM");
	ck_assert_str_eq(assign(VM_A, "blue"), "VF 2 of ens1f0");
	close_transaction();
}
END_TEST

START_TEST(vnics_of_one_vm_are_spread_over_the_pfs)
{
	static const char *const order[] = {"VF 0 of ens2f0", "VF 0 of ens3f0", "VF 1 of ens2f0",
		"VF 1 of ens3f0", "VF 2 of ens2f0", "VF 2 of ens3f0", "VF 3 of ens2f0", "VF 3 of ens3f0",
		"VF 4 of ens2f0", "VF 5 of ens2f0", "VF 6 of ens2f0"};

	open_transaction();
	for (size_t i = 0; i < ARRAY_SIZE(order); i++)
		ck_assert_str_eq(assign(VM_A, "red"), order[i]);
	ck_assert_str_eq(refusal(VM_A, "red", VFPT_NO_VF),
		"no free VF: ens2f0 has 7 VFs, 7 assigned to VMs; ens3f0 has 4 VFs, 4 assigned to VMs; make "
		"more VFs in the "
		"engine (Setup Host Networks) or stop a VM that has one");
	close_transaction();
}
END_TEST

START_TEST(all_vfs_of_a_host_go_to_vms_and_none_twice)
{
	open_transaction();
	for (unsigned i = 0; i < 18; i++) {
		const char *vm = text("00000000-0000-0000-0000-%012u", i);

		ck_assert_msg(strncmp(assign(vm, i < 7 ? "blue" : "red"), "VF ", 3) == 0, "VM %u: %s", i,
			err.message);
	}
	for (unsigned pf = 1; pf <= 3; pf++)
		for (unsigned vf = 0; vf < (pf == 3 ? 4 : 7); vf++)
			ck_assert_msg(owner(vf_address(pf, vf)) != NULL, "%s is free", vf_address(pf, vf));
	ck_assert_uint_eq(entries(LEDGER), 18);
	ck_assert_uint_eq(transaction.count, 18);
	close_transaction();
}
END_TEST

/* --- rules: what vfpt.conf, the vNIC's properties and the VM's placement make of the choice */

#define PACK   "[policy]\nplacement = pack\n"
#define SPREAD "[policy]\nplacement = spread\n"

static const struct {
	const char *before, *config, *pfs, *nodes, *network, *bridge, *choice; /* or what is said instead */
} rules[] = {
	/* vf_pf: these PFs, whatever serves the network */
	{.pfs = "ens1f0", .bridge = "red", .choice = "VF 0 of ens1f0"},
	{.pfs = "ens2f0", .bridge = "blue", .choice = "VF 0 of ens2f0"},
	{.pfs = "ens3f0", .bridge = "red", .choice = "VF 0 of ens3f0"},
	{.pfs = "ens3f0,ens2f0", .bridge = "blue", .choice = "VF 0 of ens2f0"},
	{.pfs = "ens*", .bridge = "red", .choice = "VF 0 of ens1f0"},
	{.pfs = "ens*", .before = "1.0=b", .bridge = "red", .choice = "VF 0 of ens2f0"},
	{.pfs = "ens[13]f?", .before = "1=down", .bridge = "red", .choice = "VF 0 of ens3f0"},
	{.pfs = "ens[!1]f0", .bridge = "blue", .choice = "VF 0 of ens2f0"},
	{.pfs = "nosuch",
		.bridge = "red",
		.choice = "there is no PF nosuch on this host; see vf_pf and vfpt.conf"},
	{.pfs = "eth0", .bridge = "red", .choice = "there is no PF eth0 on this host; "},
	{.pfs = "ens", .bridge = "red", .choice = "there is no PF ens on this host; "},
	{.pfs = "ens1f0",
		.before = "1=0",
		.bridge = "red",
		.choice = "PF ens1f0 has no VFs; make some in the engine (Setup Host Networks)"},
	{.pfs = "ens1f0,ens3f0", .before = "1=0", .bridge = "blue", .choice = "VF 0 of ens3f0"},
	{.pfs = "ens3f0",
		.before = "3=1 3.0=b",
		.bridge = "red",
		.choice = "no free VF: ens3f0 has 1 VFs, 1 assigned to VMs; make more VFs "},
	/* [network NAME] pfs; the property goes before it */
	{.config = "[network red]\npfs = ens1f0\n", .bridge = "red", .choice = "VF 0 of ens1f0"},
	{.config = "[network red]\npfs = ens3f0\n  ens1f0\n", .bridge = "red", .choice = "VF 0 of ens1f0"},
	{.config = "[network red]\npfs = ens1f0\n",
		.pfs = "ens3f0",
		.bridge = "red",
		.choice = "VF 0 of ens3f0"},
	{.config = "[network other]\npfs = ens1f0\n", .bridge = "red", .choice = "VF 0 of ens2f0"},
	{.config = "[network red]\npfs = nosuch\n",
		.bridge = "red",
		.choice = "there is no PF nosuch on this host; see vf_pf and vfpt.conf"},
	/* a network is known by its name, else by its bridge's */
	{.config = "[network A & B]\npfs = ens1f0\n",
		.network = "A & B",
		.bridge = "red",
		.choice = "VF 0 of ens1f0"},
	{.config = "[network red]\npfs = ens1f0\n",
		.network = "A & B",
		.bridge = "red",
		.choice = "VF 0 of ens1f0"},
	{.config = "[network red]\npfs = ens1f0\n[network A & B]\npfs = ens3f0\n",
		.network = "A & B",
		.bridge = "red",
		.choice = "VF 0 of ens3f0"},
	/* without a bridge on this host */
	{.config = "[network green]\npfs = ens1f0\n", .bridge = "green", .choice = "VF 0 of ens1f0"},
	{.config = "[network green]\npfs = ens[12]f0\n",
		.before = "1.0=b",
		.bridge = "green",
		.choice = "VF 0 of ens2f0"},
	{.pfs = "ens3f0", .bridge = "green", .choice = "VF 0 of ens3f0"},
	{.config = "[network green]\nvlan = 7\n",
		.bridge = "green",
		.choice = "there is no bridge green on this host; "},
	/* [pf NAME] networks: names, patterns, the network's or the bridge's */
	{.config = "[pf ens2f0]\nnetworks = blue\n", .bridge = "red", .choice = "VF 0 of ens3f0"},
	{.config = "[pf ens2f0]\nnetworks = blue, red\n", .bridge = "red", .choice = "VF 0 of ens2f0"},
	{.config = "[pf ens2f0]\nnetworks = r*\n", .bridge = "red", .choice = "VF 0 of ens2f0"},
	{.config = "[pf ens2f0]\nnetworks = re\n", .bridge = "red", .choice = "VF 0 of ens3f0"},
	{.config = "[pf ens2f0]\nnetworks = red\n",
		.network = "DMZ",
		.bridge = "red",
		.choice = "VF 0 of ens2f0"},
	{.config = "[pf ens2f0]\nnetworks = DM?\n",
		.network = "DMZ",
		.bridge = "red",
		.choice = "VF 0 of ens2f0"},
	{.config = "[pf ens2f0]\nnetworks = DMZ\n", .bridge = "red", .choice = "VF 0 of ens3f0"},
	{.config = "[pf ens1f0]\nnetworks = red,DM*\n",
		.bridge = "blue",
		.choice = "no free VF: ens1f0 has 7 VFs, 0 assigned to VMs, vfpt.conf keeps it for the "
			  "networks red,DM*; make more VFs "},
	{.config = "[pf ens1f0]\nnetworks = red\n",
		.pfs = "ens1f0",
		.bridge = "blue",
		.choice = "vfpt.conf keeps it for the networks red; "},
	/* exclude */
	{.config = "[pf ens1f0]\nexclude = 0\n", .bridge = "blue", .choice = "VF 1 of ens1f0"},
	{.config = "[pf ens1f0]\nexclude = 0-2,4\n",
		.before = "1.3=b",
		.bridge = "blue",
		.choice = "VF 5 of ens1f0"},
	{.config = "[pf ens1f0]\nexclude = 6,0-65535,^3\n", .bridge = "blue", .choice = "VF 3 of ens1f0"},
	{.config = "[pf ens1f0]\nexclude = 0-6\n",
		.before = "1.2=b",
		.bridge = "blue",
		.choice = "no free VF: ens1f0 has 7 VFs, 1 assigned to VMs, 6 excluded by vfpt.conf; make "
			  "more "},
	{.config = "[pf ens1f0]\nexclude = 1-6\n",
		.before = "1.0=use",
		.bridge = "blue",
		.choice = "ens1f0 has 7 VFs, 0 assigned to VMs, 6 excluded by vfpt.conf, 1 unusable (VF 0: "},
	/* excluded VFs are not free ones */
	{.config = "[pf ens2f0]\nexclude = 4-6,1\n", .bridge = "red", .choice = "VF 0 of ens3f0"},
	{.config = "[pf ens2f0]\nexclude = 4-6\n", .bridge = "red", .choice = "VF 0 of ens2f0"},
	/* max_vfs_per_vm: this VM's, whatever the network */
	{.config = "[pf ens1f0]\nmax_vfs_per_vm = 1\n",
		.before = "1.0=b 1.1=b",
		.bridge = "blue",
		.choice = "VF 2 of ens1f0"},
	{.config = "[pf ens1f0]\nmax_vfs_per_vm = 1\n",
		.before = "1.0=a/ovirtmgmt",
		.bridge = "blue",
		.choice = "no free VF: ens1f0 has 7 VFs, 1 assigned to VMs, this VM has 1 of its VFs, the "
			  "most that vfpt.conf allows; make more "},
	{.config = "[pf ens1f0]\nmax_vfs_per_vm = 2\n",
		.before = "1.0=a",
		.bridge = "blue",
		.choice = "VF 1 of ens1f0"},
	{.config = "[pf ens1f0]\nmax_vfs_per_vm = 0\n",
		.before = "1.0=a",
		.bridge = "blue",
		.choice = "VF 1 of ens1f0"},
	{.config = "[pf ens2f0]\nmax_vfs_per_vm = 1\n",
		.before = "2.0=a/other",
		.bridge = "red",
		.choice = "VF 0 of ens3f0"},
	/* pack: the PF with the fewest free VFs, after all else */
	{.config = PACK, .bridge = "red", .choice = "VF 0 of ens3f0"},
	{.config = SPREAD, .bridge = "red", .choice = "VF 0 of ens2f0"},
	{.config = PACK, .before = "2.0=b 2.1=b 2.2=b 2.3=b", .bridge = "red", .choice = "VF 4 of ens2f0"},
	{.config = PACK, .before = "3.0=a", .bridge = "red", .choice = "VF 0 of ens2f0"},
	{.config = PACK, .before = "3=down", .bridge = "red", .choice = "VF 0 of ens2f0"},
	{.config = PACK, .before = "3.0=b 3.1=b 3.2=b 3.3=b", .bridge = "red", .choice = "VF 0 of ens2f0"},
	{.config = PACK, .before = "2=4", .bridge = "red", .choice = "VF 0 of ens2f0"},
	/* the NUMA node comes before the spread, and behind the link */
	{.nodes = "1", .before = "2=node0 3=node1", .bridge = "red", .choice = "VF 0 of ens3f0"},
	{.nodes = "0", .before = "2=node0 3=node1", .bridge = "red", .choice = "VF 0 of ens2f0"},
	{.nodes = "0-1", .before = "2=node0 3=node1", .bridge = "red", .choice = "VF 0 of ens2f0"},
	{.nodes = "", .before = "2=node0 3=node1", .bridge = "red", .choice = "VF 0 of ens2f0"},
	{.before = "2=node0 3=node1", .bridge = "red", .choice = "VF 0 of ens2f0"},
	{.nodes = "2", .before = "2=node0 3=node1", .bridge = "red", .choice = "VF 0 of ens2f0"},
	{.nodes = "1", .before = "2=node0 3=node1 3=down", .bridge = "red", .choice = "VF 0 of ens2f0"},
	{.nodes = "1", .before = "2=node0 3=node1 3.0=a", .bridge = "red", .choice = "VF 1 of ens3f0"},
	{.nodes = "1",
		.before = "2=node0 3=node1 3.0=b 3.1=b 3.2=b 3.3=b",
		.bridge = "red",
		.choice = "VF 0 of ens2f0"},
	{.nodes = "1", .before = "2=node0", .bridge = "red", .choice = "VF 0 of ens3f0"},
	{.config = "[policy]\nnuma = prefer\n",
		.nodes = "1",
		.before = "2=node0 3=node1",
		.bridge = "red",
		.choice = "VF 0 of ens3f0"},
	{.config = "[policy]\nnuma = ignore\n",
		.nodes = "1",
		.before = "2=node0 3=node1",
		.bridge = "red",
		.choice = "VF 0 of ens2f0"},
	{.config = "[policy]\nnuma = require\n",
		.nodes = "1",
		.before = "2=node0 3=node1 3=down",
		.bridge = "red",
		.choice = "VF 0 of ens3f0"},
	{.config = "[policy]\nnuma = require\n",
		.nodes = "1",
		.before = "2=node0 3=node1 3=1 3.0=b",
		.bridge = "red",
		.choice = "no free VF: ens2f0 has 7 VFs, 0 assigned to VMs, it is not on the VM's NUMA node, "
			  "as vfpt.conf requires; ens3f0 has 1 VFs, 1 assigned to VMs; make more "},
	/* where nobody is pinned or the machine does not tell, there is nothing to require */
	{.config = "[policy]\nnuma = require\n",
		.nodes = "",
		.before = "2=node0 3=node1",
		.bridge = "red",
		.choice = "VF 0 of ens2f0"},
	{.config = "[policy]\nnuma = require\n", .nodes = "1", .bridge = "red", .choice = "VF 0 of ens2f0"},
	/* the VF of last time, if all else is equal */
	{.before = "1.4=last", .bridge = "blue", .choice = "VF 4 of ens1f0"},
	{.before = "1.4=other", .bridge = "blue", .choice = "VF 0 of ens1f0"},
	{.before = "1.4=last 1.4=use", .bridge = "blue", .choice = "VF 0 of ens1f0"},
	{.before = "1.4=last 1.4=b", .bridge = "blue", .choice = "VF 0 of ens1f0"},
	{.before = "1.4=last 1.2=last", .bridge = "blue", .choice = "VF 2 of ens1f0"},
	{.before = "1.4=last 1=4", .bridge = "blue", .choice = "VF 0 of ens1f0"},
	{.config = "[pf ens1f0]\nexclude = 4\n",
		.before = "1.4=last",
		.bridge = "blue",
		.choice = "VF 0 of ens1f0"},
	{.before = "3.2=last", .bridge = "red", .choice = "VF 0 of ens2f0"},
	{.before = "2.5=last", .bridge = "red", .choice = "VF 5 of ens2f0"},
	{.before = "2=4 3.2=last", .bridge = "red", .choice = "VF 2 of ens3f0"},
	{.before = "2=4 2.3=last", .bridge = "red", .choice = "VF 3 of ens2f0"},
	{.before = "2=4 3.2=last 3=down", .bridge = "red", .choice = "VF 0 of ens2f0"},
	{.config = PACK, .before = "3.2=last", .bridge = "red", .choice = "VF 2 of ens3f0"},
	{.before = "1.4=last", .bridge = "red", .choice = "VF 0 of ens2f0"},
	{.before = "1.4=last", .pfs = "ens[12]f0", .bridge = "red", .choice = "VF 4 of ens1f0"},
};

static struct vfpt_set nodes;

START_TEST(choice_follows_the_rules)
{
	struct vfpt_request request = request_of(VM_A, rules[_i].bridge);
	const char *choice;

	request.mac = mac_aa;
	request.network = rules[_i].network;
	if (rules[_i].nodes) {
		nodes = (struct vfpt_set){0};
		request.nodes = &nodes;
		if (rules[_i].nodes[0])
			ck_assert_int_eq(vfpt_set_parse(&nodes, rules[_i].nodes), 0);
	}
	if (rules[_i].pfs)
		snprintf(profile.pfs, sizeof(profile.pfs), "%s", rules[_i].pfs);
	if (rules[_i].config)
		put_file(CONFIG, rules[_i].config);
	if (rules[_i].before)
		prepare(rules[_i].before);
	open_transaction();
	choice = try(&request);
	if (strncmp(rules[_i].choice, "VF ", 3) == 0) {
		ck_assert_str_eq(choice, rules[_i].choice);
		ck_assert_uint_eq(transaction.count, 1);
	} else {
		ck_assert_contains(choice, rules[_i].choice);
		ck_assert_int_eq(err.code, VFPT_NO_VF);
		ck_assert_uint_eq(transaction.count, 0);
	}
	close_transaction();
}
END_TEST

/* The same inputs always give the same VF: the ledger and nothing else says what was before. */
START_TEST(vnic_gets_the_vf_of_last_time_again)
{
	struct vfpt_request request = request_of(VM_A, "blue"), other = request_of(VM_B, "blue");

	give(1, 0, "00000000-0000-0000-0000-00000000000c");
	open_transaction();
	ck_assert_str_eq(try(&request), "VF 1 of ens1f0");
	catch_stderr();
	ck_assert_ok(vfpt_release(host, ledger, NULL, &assigned.assignment, &err), err);
	caught_stderr();
	close_transaction();
	drop(LEDGER "/0000:01:10.0@00000000-0000-0000-0000-00000000000c");
	open_transaction();
	ck_assert_str_eq(try(&other), "VF 0 of ens1f0");
	close_transaction();
	drop(LEDGER "/0000:01:10.0@" VM_B);
	open_transaction();
	ck_assert_str_eq(try(&request), "VF 1 of ens1f0");
	/* What is undone has never been. */
	catch_stderr();
	vfpt_transaction_undo(&transaction);
	caught_stderr();
	close_transaction();
	ck_assert_uint_eq(entries(LEDGER "/last"), 1);
	open_transaction();
	ck_assert_str_eq(try(&request), "VF 1 of ens1f0");
	close_transaction();
}
END_TEST

/* Two vNICs of one network on two PFs, so that a bond in the guest outlives one; each network for itself. */
START_TEST(vfs_are_counted_for_each_network)
{
	static const struct {
		const char *network, *choice;
	} order[] = {
		{"red", "VF 0 of ens2f0"},
		{"green", "VF 1 of ens2f0"},
		{"red", "VF 0 of ens3f0"},
		{"green", "VF 1 of ens3f0"},
		{"green", "VF 2 of ens2f0"},
		{"red", "VF 3 of ens2f0"},
		{"A&B", "VF 4 of ens2f0"},
		/* the ledger keeps no such characters: these two are one */
		{"A B", "VF 2 of ens3f0"},
	};

	open_transaction();
	for (size_t i = 0; i < ARRAY_SIZE(order); i++) {
		struct vfpt_request request = request_of(VM_A, "red");

		request.network = order[i].network;
		ck_assert_str_eq(try(&request), order[i].choice);
		ck_assert_str_eq(assigned.assignment.network, i < 6 ? order[i].network : "A_B");
	}
	close_transaction();
}
END_TEST

/* A vNIC without a network of its own name has its bridge's. */
START_TEST(bridge_stands_for_the_network)
{
	struct vfpt_request request = request_of(VM_A, "red");

	open_transaction();
	request.network = "red";
	ck_assert_str_eq(try(&request), "VF 0 of ens2f0");
	ck_assert_str_eq(assign(VM_A, "red"), "VF 0 of ens3f0");
	ck_assert_str_eq(assigned.assignment.network, "red");
	close_transaction();
}
END_TEST

/* What a killed hook left is given back in the same run: then the VM does not have it any more. */
START_TEST(what_was_given_back_meanwhile_does_not_count)
{
	prepare("2.0=a");
	open_transaction();
	ck_assert_str_eq(assign(VM_A, "blue"), "VF 0 of ens1f0");
	ck_assert_uint_eq(transaction.held_count, 1);
	catch_stderr();
	ck_assert_ok(vfpt_release(host, ledger, NULL, &transaction.held[0], &err), err);
	caught_stderr();
	ck_assert_str_eq(assign(VM_A, "red"), "VF 0 of ens2f0");
	close_transaction();
}
END_TEST

START_TEST(most_vfs_of_one_vm_are_counted_within_the_transaction_too)
{
	put_file(CONFIG, "[pf ens1f0]\nmax_vfs_per_vm = 2\n");
	open_transaction();
	ck_assert_str_eq(assign(VM_A, "blue"), "VF 0 of ens1f0");
	ck_assert_str_eq(assign(VM_A, "ovirtmgmt"), "VF 1 of ens1f0");
	ck_assert_contains(refusal(VM_A, "blue", VFPT_NO_VF), "this VM has 2 of its VFs, the most that ");
	ck_assert_str_eq(assign(VM_B, "blue"), "VF 2 of ens1f0");
	close_transaction();
}
END_TEST

/* --- none free: each PF is named, with counts and a reason */

static const struct {
	const char *before, *bridge, *reason;
} shortages[] = {
	{"1=2 1.0=b 1.1=a", "blue", "ens1f0 has 2 VFs, 2 assigned to VMs"},
	{"1=2 1.0=b 1.1=use", "blue",
		"ens1f0 has 2 VFs, 1 assigned to VMs, 1 unusable (VF 1: its network device eth1 carries "
		"br0)"},
	{"1=3 1.0=use 1.1=use 1.2=use", "blue",
		"ens1f0 has 3 VFs, 0 assigned to VMs, 3 unusable (VF 0: its network device eth0 carries "
		"br0)"},
	{"2=2 2.0=b 2.1=b 3=1 3.0=use", "red",
		"ens2f0 has 2 VFs, 2 assigned to VMs; ens3f0 has 1 VFs, 0 assigned to VMs, 1 unusable (VF 0: "
		"its network device eth14 carries br0)"},
	{"2=0 3=1 3.0=b", "red", "ens3f0 has 1 VFs, 1 assigned to VMs"},
};

START_TEST(shortage_is_told_for_each_pf)
{
	prepare(shortages[_i].before);
	open_transaction();
	ck_assert_str_eq(refusal(VM_A, shortages[_i].bridge, VFPT_NO_VF),
		text("no free VF: %s; make more VFs in the engine (Setup Host Networks) or stop a VM that "
		     "has one",
			shortages[_i].reason));
	close_transaction();
}
END_TEST

/* A bond of that many PFs, each with one VF that is taken. */
static void put_pfs(unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		const char *device = text("sys/devices/pci0000:00/0000:a0:%02x.0", i),
			   *name = text("enp160s%uf0", i), *vf = text("0000:a1:%02x.0", i);

		put_file(text("%s/sriov_numvfs", device), "1\n");
		put_link(text("%s/virtfn0", device), text("../%s", vf));
		put_file(text("%s/net/%s/ifindex", device, name), text("%u\n", 100 + i));
		put_file(text("%s/net/%s/mtu", device, name), "9000\n");
		put_file(text("%s/net/%s/operstate", device, name), "up\n");
		put_file(text("%s/net/%s/address", device, name), text("02:00:00:00:a0:%02x\n", i));
		put_link(text("%s/net/%s/device", device, name), text("../../../0000:a0:%02x.0", i));
		put_link(text("sys/bus/pci/devices/0000:a0:%02x.0", i),
			text("../../../devices/pci0000:00/0000:a0:%02x.0", i));
		put_link(text("sys/class/net/%s", name),
			text("../../devices/pci0000:00/0000:a0:%02x.0/net/%s", i, name));
		put_link(text("sys/devices/virtual/net/bond0/lower_%s", name), "x");
		put_file(text(LEDGER "/%s@" VM_B, vf), "");
	}
}

START_TEST(shortage_on_many_pfs_is_cut_and_still_says_what_to_do)
{
	prepare("2=0 3=0");
	put_pfs(31);
	open_transaction();
	refusal(VM_A, "red", VFPT_NO_VF);
	ck_assert_int_eq(strncmp(err.message,
				 "no free VF: enp160s0f0 has 1 VFs, 1 assigned to VMs; enp160s1f0 has ", 66),
		0);
	ck_assert_contains(
		err.message, "; make more VFs in the engine (Setup Host Networks) or stop a VM that has one");
	close_transaction();
}
END_TEST

START_TEST(request_that_the_host_cannot_serve_is_refused)
{
	open_transaction();
	ck_assert_contains(refusal(VM_A, "green", VFPT_NO_VF), "there is no bridge green on this host");
	ck_assert_contains(refusal(VM_A, "../blue", VFPT_BAD_INPUT), "is not a bridge's name");
	ck_assert_contains(refusal(VM_A, "bond0", VFPT_NO_VF), "bond0 is not a bridge on this host");
	/* After that it goes on. */
	ck_assert_str_eq(assign(VM_A, "blue"), "VF 0 of ens1f0");
	close_transaction();
}
END_TEST

START_TEST(broken_host_is_an_error_and_no_shortage)
{
	drop(PF_1 "virtfn0/net");
	put_file(PF_1 "virtfn0/net", "x");
	open_transaction();
	ck_assert_contains(refusal(VM_A, "blue", VFPT_SYSTEM), "VF 0 of ens1f0: ");
	close_transaction();
}
END_TEST

static const struct {
	const char *mac, *refusal;
} macs[] = {
	{"01:00:5e:00:00:01",
		"01:00:5e:00:00:01 is a group or all-zero address, which no interface can have"},
	{"00:00:00:00:00:00",
		"00:00:00:00:00:00 is a group or all-zero address, which no interface can have"},
	{"02:00:00:00:00:fe", "PF ens1f0 itself has this MAC; give the vNIC another one in the engine"},
};

START_TEST(unfit_mac_is_refused)
{
	struct vfpt_request request = request_of(VM_A, "blue");

	put_file(PF_1 "net/ens1f0/address", "02:00:00:00:00:fe\n");
	open_transaction();
	ck_assert_ok(vfpt_mac_parse(macs[_i].mac, &request.mac, &err), err);
	ck_assert_fails(vfpt_assign(&transaction, &request, &assigned, &err), err, VFPT_BAD_INPUT);
	ck_assert_str_eq(err.message, macs[_i].refusal);
	ck_assert_uint_eq(transaction.count, 0);
	close_transaction();
	ck_assert_uint_eq(entries(LEDGER), 0);
}
END_TEST

/* --- MTU */

static const struct {
	const char *bridge;
	unsigned mtu;
	const char *outcome;
} mtus[] = {
	{"blue", 0, "VF 0 of ens1f0"},
	{"blue", 1500, "VF 0 of ens1f0"},
	{"blue", 1501,
		"no free VF: ens1f0 has 7 VFs, 0 assigned to VMs, its MTU 1500 is below the 1501 that the "
		"network or "
		"the vNIC asks for; raise the PF's MTU in the engine (Setup Host Networks) or lower the "
		"vNIC's"},
	{"red", 9000, "VF 0 of ens2f0"},
	{"red", 1280, "VF 0 of ens2f0"},
};

START_TEST(mtu_of_the_vnic_must_fit)
{
	struct vfpt_request request = request_of(VM_A, mtus[_i].bridge);

	request.mtu = mtus[_i].mtu;
	open_transaction();
	ck_assert_str_eq(try(&request), mtus[_i].outcome);
	close_transaction();
}
END_TEST

START_TEST(mtu_of_the_network_must_fit)
{
	put_file("sys/devices/virtual/net/red/mtu", "9000\n");
	put_file(PF_2 "net/ens2f0/mtu", "8999\n");
	open_transaction();
	ck_assert_str_eq(assign(VM_A, "red"), "VF 0 of ens3f0");
	close_transaction();
}
END_TEST

/* --- what it gets */

START_TEST(assignment_says_all)
{
	struct vfpt_request request = request_of(VM_A, "blue");
	struct vfpt_assignment *all;
	size_t count, corrupt;
	char address[VFPT_PCI_SIZE];

	request.alias = "ua-8a1c9c2e-4b0d-4f7c-9a41-0d6d52e4c001";
	give(1, 0, VM_B);
	open_transaction();
	try(&request);
	ck_assert_str_eq(assigned.assignment.vm, VM_A);
	ck_assert_mem_eq(assigned.assignment.mac.octet, request.mac.octet, 6);
	ck_assert_str_eq(assigned.assignment.alias, request.alias);
	ck_assert_str_eq(assigned.assignment.pf, "ens1f0");
	ck_assert_uint_eq(assigned.assignment.vf, 1);
	ck_assert_str_eq(vfpt_pci_format(&assigned.assignment.address, address), "0000:01:10.2");
	ck_assert_uint_gt(assigned.assignment.generation, 0);
	ck_assert_uint_eq(assigned.assignment.before.present, 0);
	ck_assert_uint_eq(assigned.assignment.wanted.value[VFPT_MAC], vfpt_mac_value(&request.mac));
	ck_assert_uint_eq(assigned.assignment.wanted.value[VFPT_VLAN_ID], 200);
	ck_assert_uint_eq(assigned.assignment.wanted.value[VFPT_VLAN_PRIORITY], 0);
	ck_assert_uint_eq(assigned.assignment.wanted.value[VFPT_VLAN_PROTOCOL], VFPT_VLAN_8021Q);
	ck_assert(!vfpt_settings_have(&assigned.assignment.wanted, VFPT_MAX_TX_RATE));
	ck_assert(!vfpt_settings_have(&assigned.assignment.wanted, VFPT_LINK_STATE));
	ck_assert(!assigned.gap);
	ck_assert_ok(vfpt_ledger_of_vm(ledger, VM_A, &all, &count, &corrupt, &err), err);
	ck_assert_uint_eq(count, 1);
	ck_assert_uint_eq(all[0].generation, assigned.assignment.generation);
	ck_assert_str_eq(all[0].alias, request.alias);
	free(all);
	close_transaction();
}
END_TEST

static const struct {
	const char *bridge;
	uint16_t vlan_id;
} vlans[] = {{"blue", 200}, {"red", 100}, {"ovirtmgmt", 0}};

START_TEST(vlan_is_the_networks_unless_the_vnic_asks_for_another)
{
	struct vfpt_request request = request_of(VM_A, vlans[_i].bridge);

	open_transaction();
	try(&request);
	ck_assert(vfpt_settings_have(&assigned.assignment.wanted, VFPT_VLAN_ID));
	ck_assert_uint_eq(assigned.assignment.wanted.value[VFPT_VLAN_ID], vlans[_i].vlan_id);
	request.mac.octet[4]++;
	vfpt_settings_put(&profile.settings, VFPT_VLAN_ID, 7);
	try(&request);
	ck_assert_uint_eq(assigned.assignment.wanted.value[VFPT_VLAN_ID], 7);
	request.mac.octet[4]++;
	vfpt_settings_put(&profile.settings, VFPT_VLAN_ID, 0);
	try(&request);
	ck_assert_uint_eq(assigned.assignment.wanted.value[VFPT_VLAN_ID], 0);
	close_transaction();
}
END_TEST

/* libvirt makes every other alias anew, so it would tell nothing later. */
static const struct {
	const char *alias, *kept;
} aliases[] = {
	{NULL, ""},
	{"", ""},
	{"ua-1", "ua-1"},
	{"net0", "net0"},
	{"ua-AZaz09_-", "ua-AZaz09_-"},
	{"ua 1", ""},
	{"ua-1\n", ""},
	{"ua-1;x", ""},
	{"ua-\xc3\xa9", ""},
	{"123456789-123456789-123456789-123456789-123456789-123456789-123",
		"123456789-123456789-123456789-123456789-123456789-123456789-123"},
	{"123456789-123456789-123456789-123456789-123456789-123456789-1234", ""},
};

START_TEST(alias_is_kept_where_libvirt_keeps_it)
{
	struct vfpt_request request = request_of(VM_A, "blue");

	request.alias = aliases[_i].alias;
	open_transaction();
	ck_assert_str_eq(try(&request), "VF 0 of ens1f0");
	ck_assert_str_eq(assigned.assignment.alias, aliases[_i].kept);
	close_transaction();
}
END_TEST

/* --- which VLAN and MTU: the vNIC's, else vfpt.conf's, else the bridge's */

static const struct {
	const char *config, *pfs, *network, *bridge;
	int vlan_of_vnic; /* -1: it does not say */
	unsigned mtu_of_vnic;
	const char *choice; /* or what is said instead */
	unsigned vlan_id;
} targets[] = {
	/* other PFs, the bridge's VLAN */
	{NULL, "ens1f0", NULL, "red", -1, 0, "VF 0 of ens1f0", 100},
	{NULL, "ens3f0", NULL, "blue", -1, 0, "VF 0 of ens3f0", 200},
	{NULL, "ens3f0", NULL, "ovirtmgmt", -1, 0, "VF 0 of ens3f0", 0},
	{"[network red]\npfs = ens1f0\n", NULL, NULL, "red", -1, 0, "VF 0 of ens1f0", 100},
	/* without a bridge there is none */
	{NULL, "ens3f0", NULL, "green", -1, 0, "VF 0 of ens3f0", 0},
	{"[network green]\npfs = ens1f0\nvlan = 4094\n", NULL, NULL, "green", -1, 0, "VF 0 of ens1f0", 4094},
	{"[network DMZ]\npfs = ens1f0\nvlan = 7\n", NULL, "DMZ", "green", -1, 0, "VF 0 of ens1f0", 7},
	/* said in vfpt.conf, also that there is none; the vNIC's goes before it */
	{"[network red]\nvlan = 7\n", NULL, NULL, "red", -1, 0, "VF 0 of ens2f0", 7},
	{"[network red]\nvlan = 0\n", NULL, NULL, "red", -1, 0, "VF 0 of ens2f0", 0},
	{"[network red]\nvlan = 7\n", NULL, NULL, "red", 8, 0, "VF 0 of ens2f0", 8},
	{"[network red]\nvlan = 7\n", NULL, NULL, "red", 0, 0, "VF 0 of ens2f0", 0},
	{"[network red]\nmtu = 1500\n", NULL, NULL, "red", -1, 0, "VF 0 of ens2f0", 100},
	{"[network blue]\nvlan = 7\n", NULL, NULL, "red", -1, 0, "VF 0 of ens2f0", 100},
	/* the PF's MTU must do, whoever asks for it: ens1f0 has 1500, the others 9000 */
	{"[network blue]\nmtu = 9000\n", NULL, NULL, "blue", -1, 0, "its MTU 1500 is below the 9000 ", 0},
	{"[network blue]\nmtu = 1500\n", NULL, NULL, "blue", -1, 0, "VF 0 of ens1f0", 200},
	{"[network blue]\nmtu = 1000\n", NULL, NULL, "blue", -1, 1501, "its MTU 1500 is below the 1501 ", 0},
	{"[network blue]\nmtu = 9000\n", NULL, NULL, "blue", -1, 1000, "its MTU 1500 is below the 9000 ", 0},
	{"[network green]\npfs = ens*\nmtu = 9000\n", NULL, NULL, "green", -1, 0, "VF 0 of ens2f0", 0},
	{"[network green]\npfs = ens*\nmtu = 1500\n", NULL, NULL, "green", -1, 0, "VF 0 of ens1f0", 0},
	{"[network green]\npfs = ens*\n", NULL, NULL, "green", -1, 0, "VF 0 of ens1f0", 0},
	{"[network green]\npfs = ens*\n", NULL, NULL, "green", -1, 1501, "VF 0 of ens2f0", 0},
	/* where not every PF is too small, it is not only a matter of MTU */
	{NULL, "ens1f0", NULL, "red", -1, 9000, "; raise the PF's MTU in the engine ", 0},
};

START_TEST(vlan_and_mtu_are_the_vnics_or_the_configurations_or_the_bridges)
{
	struct vfpt_request request = request_of(VM_A, targets[_i].bridge);
	const char *choice;

	if (targets[_i].config)
		put_file(CONFIG, targets[_i].config);
	request.network = targets[_i].network;
	request.mtu = targets[_i].mtu_of_vnic;
	if (targets[_i].pfs)
		snprintf(profile.pfs, sizeof(profile.pfs), "%s", targets[_i].pfs);
	if (targets[_i].vlan_of_vnic >= 0)
		vfpt_settings_put(&profile.settings, VFPT_VLAN_ID, (unsigned)targets[_i].vlan_of_vnic);
	open_transaction();
	choice = try(&request);
	if (strncmp(targets[_i].choice, "VF ", 3) == 0) {
		ck_assert_str_eq(choice, targets[_i].choice);
		ck_assert(vfpt_settings_have(&assigned.assignment.wanted, VFPT_VLAN_ID));
		ck_assert_uint_eq(assigned.assignment.wanted.value[VFPT_VLAN_ID], targets[_i].vlan_id);
	} else {
		ck_assert_contains(choice, targets[_i].choice);
		ck_assert_int_eq(err.code, VFPT_NO_VF);
	}
	close_transaction();
}
END_TEST

/* Of a bridge whose bond is made of others' PFs, the VLAN still counts. */
START_TEST(vlan_of_a_bridge_on_a_pf_without_vfs_counts)
{
	struct vfpt_request request = request_of(VM_A, "blue");

	snprintf(profile.pfs, sizeof(profile.pfs), "ens3f0");
	put_file(PF_1 "sriov_numvfs", "0\n");
	open_transaction();
	ck_assert_str_eq(try(&request), "VF 0 of ens3f0");
	ck_assert_uint_eq(assigned.assignment.wanted.value[VFPT_VLAN_ID], 200);
	close_transaction();
}
END_TEST

START_TEST(shortage_of_two_kinds_is_no_matter_of_mtu_alone)
{
	struct vfpt_request request = request_of(VM_A, "red");

	put_file(PF_2 "net/ens2f0/mtu", "1500\n");
	prepare("3=1 3.0=b");
	request.mtu = 9000;
	open_transaction();
	ck_assert_contains(try(&request), "; make more VFs in the engine (Setup Host Networks) ");
	close_transaction();
}
END_TEST

/* --- a rate that the vNIC itself has: a ceiling, so above the link's speed it is none */

static const struct {
	unsigned bandwidth;
	const char *speed; /* of the PF's link */
	int max, min;      /* what vf_rate says; -1: nothing */
	const char *set;   /* of the rates */
} bandwidths[] = {
	{0, "1000\n", -1, -1, ""},
	{1, "1000\n", -1, -1, ", max_tx_rate 1"},
	{999, "1000\n", -1, -1, ", max_tx_rate 999"},
	{1000, "1000\n", -1, -1, ""},
	{1001, "1000\n", -1, -1, ""},
	{4294967295, "1000\n", -1, -1, ""},
	/* nobody knows the speed, or there is no link now */
	{500, "-1\n", -1, -1, ", max_tx_rate 500"},
	{100000, "-1\n", -1, -1, ", max_tx_rate 100000"},
	/* the property goes before it */
	{10, "1000\n", 20, -1, ", max_tx_rate 20"},
	{10, "1000\n", 0, -1, ", max_tx_rate 0"},
	{10, "1000\n", 20, 5, ", max_tx_rate 20, min_tx_rate 5"},
	{0, "1000\n", 20, 5, ", max_tx_rate 20, min_tx_rate 5"},
	/* and is no ceiling */
	{10, "1000\n", 1001, -1, "max_tx_rate 1001 Mbit/s is above the speed of ens1f0, 1000 Mbit/s"},
};

START_TEST(bandwidth_of_the_vnic_is_a_ceiling)
{
	struct vfpt_request request = request_of(VM_A, "blue");
	const char *said;
	int r;

	put_file(PF_1 "net/ens1f0/speed", bandwidths[_i].speed);
	request.bandwidth = bandwidths[_i].bandwidth;
	if (bandwidths[_i].max >= 0)
		vfpt_settings_put(&profile.settings, VFPT_MAX_TX_RATE, (unsigned)bandwidths[_i].max);
	if (bandwidths[_i].min >= 0)
		vfpt_settings_put(&profile.settings, VFPT_MIN_TX_RATE, (unsigned)bandwidths[_i].min);
	open_transaction();
	catch_stderr();
	r = vfpt_assign(&transaction, &request, &assigned, &err);
	said = caught_stderr();
	if (bandwidths[_i].set[0] && bandwidths[_i].set[0] != ',') {
		ck_assert_int_eq(r, -1);
		ck_assert_int_eq(err.code, VFPT_BAD_INPUT);
		ck_assert_contains(err.message, bandwidths[_i].set);
	} else {
		ck_assert_msg(r == 0, "%s", err.message);
		ck_assert_contains(said, text(", vlan_protocol 802.1Q%s\n", bandwidths[_i].set));
	}
	close_transaction();
}
END_TEST

/* --- modes */

/* The switch decides on VLAN and all that: libvirt hands the port profile over. */
START_TEST(port_profile_leaves_the_vlan_to_the_switch)
{
	struct vfpt_request request = request_of(VM_A, "blue");
	const char *said;

	snprintf(profile.port_profile, sizeof(profile.port_profile), "gold");
	profile.mode = _i ? VFPT_MODE_MACVTAP : VFPT_MODE_HOSTDEV;
	vfpt_settings_put(&profile.settings, VFPT_TRUST, 1);
	open_transaction();
	catch_stderr();
	ck_assert_ok(vfpt_assign(&transaction, &request, &assigned, &err), err);
	said = caught_stderr();
	ck_assert_str_eq(said,
		text("would set: VF 0 of ens1f0: mac 56:6f:1a:2b:00:%02x, trust on\n", request.mac.octet[5]));
	ck_assert_uint_eq(assigned.assignment.wanted.present, 1u << VFPT_MAC | 1u << VFPT_TRUST);
	catch_stderr();
	ck_assert_ok(vfpt_assign_finish(host, NULL, &assigned.assignment, &err), err);
	ck_assert_lacks(caught_stderr(), "vlan");
	close_transaction();
}
END_TEST

static const struct {
	const char *config, *pfs, *bridge, *outcome;
} failovers[] = {
	{"", "", "blue", "VF 0 of ens1f0"},
	{"", "ens3f0", "blue", "VF 0 of ens3f0"},
	{"", "ens3f0", "green",
		"passthrough_mode=failover needs a bridge beside the VF, and green has none on this host; "
		"use "
		"hostdev or macvtap"},
	{"[network green]\npfs = ens1f0\n", "", "green",
		"passthrough_mode=failover needs a bridge beside the VF, and green has none on this host; "
		"use "
		"hostdev or macvtap"},
	{"", "ens3f0", "bond0",
		"passthrough_mode=failover needs a bridge beside the VF, and bond0 has none "},
	{"", "", "green", "there is no bridge green on this host; "},
};

START_TEST(failover_needs_a_bridge)
{
	struct vfpt_request request = request_of(VM_A, failovers[_i].bridge);

	put_file(CONFIG, failovers[_i].config);
	snprintf(profile.pfs, sizeof(profile.pfs), "%s", failovers[_i].pfs);
	profile.mode = VFPT_MODE_FAILOVER;
	open_transaction();
	ck_assert_contains(try(&request), failovers[_i].outcome);
	ck_assert_uint_eq(transaction.count, strncmp(failovers[_i].outcome, "VF ", 3) == 0);
	close_transaction();
	ck_assert_uint_eq(records(), strncmp(failovers[_i].outcome, "VF ", 3) == 0);
}
END_TEST

START_TEST(macvtap_needs_the_vfs_network_device_and_no_iommu)
{
	struct vfpt_request request = request_of(VM_A, "blue");

	profile.mode = VFPT_MODE_MACVTAP;
	for (unsigned vf = 0; vf < 7; vf++)
		drop(text(PF_1 "virtfn%u/iommu_group", vf));
	/* VF 0 is with no driver. */
	drop(PF_1 "virtfn0/net");
	drop(PF_1 "virtfn0/driver");
	open_transaction();
	ck_assert_str_eq(try(&request), "VF 1 of ens1f0");
	ck_assert(assigned.assignment.macvtap);
	ck_assert_str_eq(assigned.netdev, "eth1");
	ck_assert_contains(get_file(LEDGER "/0000:01:10.2@" VM_A, NULL), "\nmacvtap = 1\n");
	close_transaction();
}
END_TEST

START_TEST(macvtap_on_a_vf_without_network_device_is_told)
{
	struct vfpt_request request = request_of(VM_A, "blue");

	profile.mode = VFPT_MODE_MACVTAP;
	prepare("1=1");
	drop(PF_1 "virtfn0/net");
	drop(PF_1 "virtfn0/driver");
	open_transaction();
	ck_assert_contains(try(&request), "1 unusable (VF 0: it has no network device here: no driver has "
					  "it, and a macvtap needs one); ");
	ck_assert_uint_eq(transaction.count, 0);
	profile.mode = VFPT_MODE_HOSTDEV;
	ck_assert_str_eq(try(&request), "VF 0 of ens1f0");
	ck_assert(!assigned.assignment.macvtap);
	ck_assert_str_eq(assigned.netdev, "");
	close_transaction();
}
END_TEST

START_TEST(network_device_that_cannot_be_read_is_an_error_and_no_shortage)
{
	struct vfpt_request request = request_of(VM_A, "blue");

	profile.mode = VFPT_MODE_MACVTAP;
	put_file(PF_1 "virtfn0/net/eth0/mtu", "x\n");
	open_transaction();
	ck_assert_contains(try(&request), "VF 0 of ens1f0: cannot read /");
	ck_assert_int_eq(err.code, VFPT_SYSTEM);
	close_transaction();
	ck_assert_uint_eq(entries(LEDGER), 0);
}
END_TEST

START_TEST(settings_that_are_asked_for_are_set_and_recorded)
{
	struct vfpt_request request = request_of(VM_A, "blue");
	const char *said;

	vfpt_settings_put(&profile.settings, VFPT_MAX_TX_RATE, 1000);
	vfpt_settings_put(&profile.settings, VFPT_TRUST, 1);
	vfpt_settings_put(&profile.settings, VFPT_LINK_STATE, VFPT_LINK_ENABLE);
	open_transaction();
	catch_stderr();
	ck_assert_ok(vfpt_assign(&transaction, &request, &assigned, &err), err);
	said = caught_stderr();
	ck_assert_str_eq(said, text("would set: VF 0 of ens1f0: mac 56:6f:1a:2b:00:%02x, vlan_id 200, "
				    "vlan_priority 0, vlan_protocol 802.1Q, "
				    "max_tx_rate 1000, trust on, link_state enable\n",
				       request.mac.octet[5]));
	close_transaction();
	said = get_file(LEDGER "/0000:01:10.0@" VM_A, NULL);
	ck_assert_contains(strstr(said, "[wanted]"), "\nmax_tx_rate = 1000\n");
	ck_assert_contains(strstr(said, "[wanted]"), "\ntrust = on\n");
	ck_assert_contains(strstr(said, "[wanted]"), "\nlink_state = enable\n");
}
END_TEST

/* libvirt's start wipes these out: nothing must pass before after_vm_start has put them back. */
START_TEST(link_is_held_where_libvirt_would_open_it_with_a_wrong_tag)
{
	static const struct {
		uint64_t priority, protocol;
		bool asks_for_link;
		const char *said;
	} cases[] = {
		{3, VFPT_VLAN_8021Q, false, "vlan_priority 3, vlan_protocol 802.1Q"},
		{0, VFPT_VLAN_8021AD, false, "vlan_priority 0, vlan_protocol 802.1ad"},
		{7, VFPT_VLAN_8021AD, true, "vlan_priority 7, vlan_protocol 802.1ad"},
	};
	struct vfpt_request request = request_of(VM_A, "blue");
	const char *said;

	vfpt_settings_put(&profile.settings, VFPT_VLAN_PRIORITY, cases[_i].priority);
	vfpt_settings_put(&profile.settings, VFPT_VLAN_PROTOCOL, cases[_i].protocol);
	if (cases[_i].asks_for_link)
		vfpt_settings_put(&profile.settings, VFPT_LINK_STATE, VFPT_LINK_ENABLE);
	open_transaction();
	catch_stderr();
	ck_assert_ok(vfpt_assign(&transaction, &request, &assigned, &err), err);
	said = caught_stderr();
	ck_assert_str_eq(said, text("would set: VF 0 of ens1f0: link_state disable\n"
				    "would set: VF 0 of ens1f0: mac 56:6f:1a:2b:00:%02x, vlan_id 200, %s\n",
				       request.mac.octet[5], cases[_i].said));
	ck_assert(!assigned.gap);
	/* Then it gets what it is to have: what was asked for, or what it was. */
	ck_assert_uint_eq(assigned.assignment.wanted.value[VFPT_LINK_STATE],
		cases[_i].asks_for_link ? VFPT_LINK_ENABLE : VFPT_LINK_AUTO);
	catch_stderr();
	ck_assert_ok(vfpt_assign_finish(host, NULL, &assigned.assignment, &err), err);
	ck_assert_str_eq(
		caught_stderr(), text("would set: VF 0 of ens1f0: vlan_id 200, %s, link_state %s\n",
					 cases[_i].said, cases[_i].asks_for_link ? "enable" : "auto"));
	close_transaction();
}
END_TEST

/* --- the vNIC's MAC on other VFs: what they have is given to the transaction as if it had been read */

static void read_settings(const char *bridge, unsigned pf, unsigned vf, const struct vfpt_mac *mac)
{
	const struct vfpt_network *network;
	struct vfpt_settings *vfs;

	ck_assert_ok(vfpt_host_network(host, bridge, &network, &err), err);
	ck_assert_ok(vfpt_settings_read(NULL, network->pfs[pf], &vfs, &err), err);
	for (unsigned i = 0; i < network->pfs[pf]->vf_count; i++)
		vfpt_settings_put(&vfs[i], VFPT_MAC, 0);
	vfpt_settings_put(&vfs[vf], VFPT_MAC, vfpt_mac_value(mac));
	transaction.pfs = reallocarray(transaction.pfs, transaction.pf_count + 1, sizeof(*transaction.pfs));
	ck_assert_ptr_nonnull(transaction.pfs);
	transaction.pfs[transaction.pf_count++] =
		(struct vfpt_pf_settings){.pf = network->pfs[pf], .vfs = vfs};
}

START_TEST(stale_mac_on_a_free_vf_is_cleared_and_undone)
{
	struct vfpt_request request = request_of(VM_A, "red");
	const char *said, *mac = text("56:6f:1a:2b:00:%02x", request.mac.octet[5]);

	/* On the other PF of the network. */
	open_transaction();
	read_settings("red", 1, 2, &request.mac);
	catch_stderr();
	ck_assert_ok(vfpt_assign(&transaction, &request, &assigned, &err), err);
	said = caught_stderr();
	ck_assert_str_eq(
		text("VF %u of %s", assigned.assignment.vf, assigned.assignment.pf), "VF 0 of ens2f0");
	ck_assert_contains(said, "would set: VF 2 of ens3f0: mac 00:00:00:00:00:00\n");
	ck_assert_contains(said,
		text("vfpt: warning: VF 2 of ens3f0 was free but still had MAC %s, which would swallow the "
		     "vNIC's traffic; it is cleared\n",
			mac));
	ck_assert_contains(said, text("would set: VF 0 of ens2f0: mac %s, ", mac));
	catch_stderr();
	vfpt_transaction_undo(&transaction);
	said = caught_stderr();
	ck_assert_contains(said, text("would set: VF 2 of ens3f0: mac %s\n", mac));
	ck_assert_contains(said, "would set back: VF 0 of ens2f0: ");
	close_transaction();
	ck_assert_uint_eq(entries(LEDGER), 0);
}
END_TEST

/* igb shows a VF's own MAC: it stays there, and needs no clearing. */
START_TEST(mac_that_the_chosen_vf_has_already_is_no_conflict)
{
	struct vfpt_request request = request_of(VM_A, "blue");

	open_transaction();
	read_settings("blue", 0, 0, &request.mac);
	ck_assert_str_eq(try(&request), "VF 0 of ens1f0");
	ck_assert_uint_eq(transaction.cleared_count, 0);
	close_transaction();
}
END_TEST

START_TEST(mac_of_another_vms_vf_is_refused)
{
	struct vfpt_request request = request_of(VM_A, "red");
	const char *vm = _i ? "x" : VM_B;

	give(3, 2, vm);
	catch_stderr();
	open_transaction();
	caught_stderr();
	read_settings("red", 1, 2, &request.mac);
	try(&request);
	ck_assert_int_eq(err.code, VFPT_BAD_INPUT);
	ck_assert_str_eq(err.message,
		text("VF 2 of ens3f0 has this MAC already: it belongs to VM %s; give one of the two another "
		     "MAC in the engine",
			_i ? "(its record is garbage)" : VM_B));
	ck_assert_uint_eq(transaction.count, 0);
	close_transaction();
	ck_assert_uint_eq(entries(LEDGER), 1);
}
END_TEST

START_TEST(mac_of_a_vf_in_use_is_refused)
{
	struct vfpt_request request = request_of(VM_A, "red");

	use(3, 2);
	open_transaction();
	read_settings("red", 1, 2, &request.mac);
	ck_assert_fails(vfpt_assign(&transaction, &request, &assigned, &err), err, VFPT_BAD_INPUT);
	ck_assert_str_eq(err.message,
		"VF 2 of ens3f0 has this MAC already: its network device eth16 carries br0; give one of the "
		"two another MAC in the engine");
	close_transaction();
	ck_assert_uint_eq(entries(LEDGER), 0);
}
END_TEST

/* What no PF shows, its record says: on whatever network. */
START_TEST(mac_of_a_record_is_refused)
{
	struct vfpt_request request = request_of(_i < 2 ? VM_A : VM_B, "blue");

	record(3, 2, "red", &mac_aa, false);
	request.mac = mac_aa;
	open_transaction();
	/* The VM's own is a vNIC that runs, when another is plugged. */
	if (_i)
		transaction.run = VFPT_NEW_RUN;
	if (_i == 2)
		profile.mode = VFPT_MODE_MACVTAP;
	try(&request);
	ck_assert_int_eq(err.code, VFPT_BAD_INPUT);
	ck_assert_str_eq(err.message, "VF 2 of ens3f0 has this MAC already: it belongs to VM " VM_A
				      "; give one of the two another MAC in the engine");
	ck_assert_uint_eq(transaction.count, 0);
	/* What is given back meanwhile is nobody's. */
	catch_stderr();
	ck_assert_ok(vfpt_release(host, ledger, NULL, &transaction.held[0], &err), err);
	caught_stderr();
	ck_assert_str_eq(try(&request), "VF 0 of ens1f0");
	close_transaction();
}
END_TEST

START_TEST(mac_is_given_out_once_whatever_the_network)
{
	struct vfpt_request first = request_of(VM_A, "red"), second = request_of(VM_A, "blue");

	second.mac = first.mac;
	open_transaction();
	ck_assert_str_eq(try(&first), "VF 0 of ens2f0");
	try(&second);
	ck_assert_int_eq(err.code, VFPT_BAD_INPUT);
	ck_assert_contains(err.message, "VF 0 of ens2f0 has this MAC already: it belongs to VM " VM_A "; ");
	ck_assert_uint_eq(transaction.count, 1);
	close_transaction();
}
END_TEST

START_TEST(mac_of_a_vf_by_name_is_another_vms)
{
	const struct vfpt_mac eth0 = {{0x66, 0x5a, 0xd2, 0xbe, 0x9a, 0x6d}};

	record(3, 2, "red", &eth0, false);
	open_transaction();
	ck_assert_fails(vfpt_assign_netdev(&transaction, VM_B, "eth0", &assigned, &err), err, VFPT_BAD_INPUT);
	ck_assert_contains(err.message, "VF 2 of ens3f0 has this MAC already: it belongs to VM " VM_A "; ");
	ck_assert_uint_eq(transaction.count, 0);
	close_transaction();
	ck_assert_uint_eq(records(), 1);
}
END_TEST

START_TEST(mac_of_a_pf_of_another_network_is_refused)
{
	struct vfpt_request request = request_of(VM_A, "blue");

	put_file(PF_3 "net/ens3f0/address", "56:6f:1a:2b:00:aa\n");
	if (_i)
		put_file(PF_3 "sriov_numvfs", "0\n");
	request.mac = mac_aa;
	open_transaction();
	ck_assert_str_eq(
		try(&request), "PF ens3f0 itself has this MAC; give the vNIC another one in the engine");
	close_transaction();
}
END_TEST

/* It is another network's: one line, and the vNIC gets its VF. */
START_TEST(sick_pf_of_another_network_keeps_nobody_from_a_vf)
{
	const struct vfpt_request request = request_of(VM_A, "blue");
	const char *said;

	put_file(PF_2 "sriov_numvfs", "x\n");
	open_transaction();
	catch_stderr();
	ck_assert_ok(vfpt_assign(&transaction, &request, &assigned, &err), err);
	said = caught_stderr();
	ck_assert_contains(said, "vfpt: warning: PF ens2f0: cannot read sriov_numvfs: Invalid argument; the "
				 "vNIC's MAC is looked for on the PFs of its network only\n");
	ck_assert_uint_eq(count_lines(said), 2);
	close_transaction();
}
END_TEST

/* --- with a driver behind it: that of ens1f0, whose interface index is 2 */

#define AT_FIRST 0xfe0000000000

static struct driver driver;

static void open_driven(void)
{
	driver = (struct driver){.ifindex = 2};
	for (unsigned vf = 0; vf < DRIVER_VFS; vf++) {
		vfpt_settings_put(&driver.vfs[vf], VFPT_MAC, AT_FIRST + vf);
		vfpt_settings_put(&driver.vfs[vf], VFPT_VLAN_PROTOCOL, VFPT_VLAN_8021Q);
		for (enum vfpt_setting i = VFPT_SPOOFCHK; i <= VFPT_LINK_STATE; i++)
			vfpt_settings_put(&driver.vfs[vf], i, i == VFPT_SPOOFCHK);
	}
	driver_load(&driver);
	open_transaction();
	transaction.netlink = driver_netlink();
}

static const char *set_since(void)
{
	const char *log = text("%s", driver.log);

	driver.log[0] = '\0';
	return log;
}

/* Every VF of the driver is as it was. */
static void ck_assert_all_back(void)
{
	for (unsigned vf = 0; vf < DRIVER_VFS; vf++) {
		const uint64_t *value = driver.vfs[vf].value;

		ck_assert_uint_eq(value[VFPT_MAC], AT_FIRST + vf);
		ck_assert_uint_eq(value[VFPT_VLAN_ID], 0);
		ck_assert_uint_eq(value[VFPT_VLAN_PRIORITY], 0);
		ck_assert_uint_eq(value[VFPT_VLAN_PROTOCOL], VFPT_VLAN_8021Q);
		ck_assert_uint_eq(value[VFPT_SPOOFCHK], 1);
		ck_assert_uint_eq(value[VFPT_TRUST], 0);
		ck_assert_uint_eq(value[VFPT_LINK_STATE], VFPT_LINK_AUTO);
	}
}

static struct vfpt_request request_for_trust(void)
{
	struct vfpt_request request = request_of(VM_A, "blue");

	request.mac = (struct vfpt_mac){{0x56, 0x6f, 0x1a, 0x2b, 0, 0xaa}};
	vfpt_settings_put(&profile.settings, VFPT_TRUST, 1);
	return request;
}

START_TEST(vf_is_set_and_what_it_was_recorded)
{
	const struct vfpt_request request = request_for_trust();
	const char *record;

	open_driven();
	ck_assert_ok(vfpt_assign(&transaction, &request, &assigned, &err), err);
	ck_assert_str_eq(set_since(), "0 mac 56:6f:1a:2b:00:aa\n0 vlan_id 200\n0 trust on\n");
	record = get_file(LEDGER "/0000:01:10.0@" VM_A, NULL);
	ck_assert_contains(record,
		"[before]\nmac = fe:00:00:00:00:00\nvlan_id = 0\nvlan_priority = 0\nvlan_protocol = "
		"802.1Q\nmax_tx_rate = 0\nmin_tx_rate = 0\nspoofchk = on\ntrust = off\nrss_query = off\n"
		"link_state = auto\n");
	ck_assert_contains(record,
		"[wanted]\nmac = 56:6f:1a:2b:00:aa\nvlan_id = 200\nvlan_priority = 0\nvlan_protocol = "
		"802.1Q\ntrust = on\n");
	/* libvirt changes more while the VM runs. */
	vfpt_settings_put(&driver.vfs[0], VFPT_SPOOFCHK, 0);
	ck_assert_ok(vfpt_release(host, ledger, driver_netlink(), &assigned.assignment, &err), err);
	ck_assert_all_back();
	ck_assert_uint_eq(records(), 0);
	close_transaction();
}
END_TEST

START_TEST(refused_setting_leaves_vf_and_ledger_as_they_were)
{
	const struct vfpt_request request = request_for_trust();

	open_driven();
	driver.refuses = 1u << VFPT_TRUST;
	ck_assert_fails(vfpt_assign(&transaction, &request, &assigned, &err), err, VFPT_REFUSED);
	ck_assert_contains(err.message,
		"VF 0 of ens1f0 (igb): cannot set trust to on: the kernel says: Operation not supported; ");
	ck_assert_all_back();
	ck_assert_uint_eq(entries(LEDGER), 0);
	ck_assert_ptr_null(owner("0000:01:10.0"));
	ck_assert_uint_eq(transaction.count, 0);
	/* The next one finds it free, and what is known of it is true. */
	driver.refuses = 0;
	ck_assert_ok(vfpt_assign(&transaction, &request, &assigned, &err), err);
	ck_assert_uint_eq(assigned.assignment.vf, 0);
	ck_assert_uint_eq(assigned.assignment.before.value[VFPT_MAC], AT_FIRST);
	close_transaction();
}
END_TEST

START_TEST(undoing_puts_all_vfs_back)
{
	struct vfpt_request request = request_for_trust();

	open_driven();
	for (unsigned i = 0; i < 3; i++) {
		request.mac.octet[5] = (uint8_t)i;
		ck_assert_ok(vfpt_assign(&transaction, &request, &assigned, &err), err);
		ck_assert_uint_eq(driver.vfs[i].value[VFPT_TRUST], 1);
	}
	vfpt_transaction_undo(&transaction);
	ck_assert_all_back();
	ck_assert_uint_eq(entries(LEDGER), 0);
	close_transaction();
}
END_TEST

START_TEST(stale_mac_is_taken_from_its_vf_and_comes_back)
{
	const struct vfpt_request request = request_for_trust();

	open_driven();
	vfpt_settings_put(&driver.vfs[5], VFPT_MAC, vfpt_mac_value(&request.mac));
	catch_stderr();
	ck_assert_ok(vfpt_assign(&transaction, &request, &assigned, &err), err);
	ck_assert_contains(caught_stderr(), "VF 5 of ens1f0 was free but still had MAC 56:6f:1a:2b:00:aa");
	ck_assert_uint_eq(driver.vfs[5].value[VFPT_MAC], 0);
	ck_assert_uint_eq(driver.vfs[0].value[VFPT_MAC], vfpt_mac_value(&request.mac));
	vfpt_transaction_undo(&transaction);
	ck_assert_uint_eq(driver.vfs[5].value[VFPT_MAC], vfpt_mac_value(&request.mac));
	ck_assert_uint_eq(driver.vfs[0].value[VFPT_MAC], AT_FIRST);
	close_transaction();
}
END_TEST

/* Two vNICs with one MAC: the second would take the first one's traffic. */
START_TEST(mac_is_given_out_once)
{
	const struct vfpt_request request = request_for_trust();
	struct vfpt_request other = request;

	other.vm = VM_B;
	open_driven();
	ck_assert_ok(vfpt_assign(&transaction, &request, &assigned, &err), err);
	ck_assert_fails(vfpt_assign(&transaction, &other, &assigned, &err), err, VFPT_BAD_INPUT);
	ck_assert_str_eq(err.message, "VF 0 of ens1f0 has this MAC already: it belongs to VM " VM_A
				      "; give one of the two another MAC "
				      "in the engine");
	ck_assert_uint_eq(entries(LEDGER), 1);
	close_transaction();
}
END_TEST

/* --- what the driver takes and does not show: nobody has it from the VF's last user */

#define HIDDEN (1u << VFPT_SPOOFCHK | 1u << VFPT_TRUST | 1u << VFPT_RSS_QUERY)

/* VF 0 as somebody left it. */
static void open_hidden(void)
{
	open_driven();
	driver.hides = HIDDEN;
	vfpt_settings_put(&driver.vfs[0], VFPT_SPOOFCHK, 0);
	vfpt_settings_put(&driver.vfs[0], VFPT_TRUST, 1);
}

static const struct {
	enum vfpt_setting asks; /* VFPT_MAC: for nothing */
	uint64_t value;
	unsigned refuses;
	const char *set, *released;
} hidden[] = {
	{VFPT_MAC, 0, 0, "0 spoofchk on\n0 trust off\n", ""},
	{VFPT_TRUST, 1, 0, "0 trust on\n0 spoofchk on\n", "0 trust off\n"},
	{VFPT_TRUST, 0, 0, "0 trust off\n0 spoofchk on\n", "0 trust off\n"},
	{VFPT_SPOOFCHK, 0, 0, "0 spoofchk off\n0 trust off\n", "0 spoofchk on\n"},
	{VFPT_SPOOFCHK, 1, 0, "0 spoofchk on\n0 trust off\n", "0 spoofchk on\n"},
	/* no driver takes this one and hides it: it is set where it is asked for only, and goes back all the
	   same */
	{VFPT_RSS_QUERY, 1, 0, "0 rss_query on\n0 spoofchk on\n0 trust off\n", "0 rss_query off\n"},
	/* what it refuses, it does not have */
	{VFPT_MAC, 0, 1u << VFPT_SPOOFCHK, "!0 spoofchk on\n0 trust off\n", ""},
	{VFPT_MAC, 0, 1u << VFPT_TRUST, "0 spoofchk on\n!0 trust off\n", ""},
	{VFPT_MAC, 0, HIDDEN, "!0 spoofchk on\n!0 trust off\n", ""},
};

START_TEST(setting_that_is_not_shown_has_its_default)
{
	struct vfpt_request request = request_of(VM_A, "blue");

	request.mac = mac_aa;
	if (hidden[_i].asks != VFPT_MAC)
		vfpt_settings_put(&profile.settings, hidden[_i].asks, hidden[_i].value);
	open_hidden();
	driver.refuses = hidden[_i].refuses;
	catch_stderr();
	ck_assert_ok(vfpt_assign(&transaction, &request, &assigned, &err), err);
	ck_assert_str_eq(set_since(), text("0 mac 56:6f:1a:2b:00:aa\n0 vlan_id 200\n%s", hidden[_i].set));
	/* That is not the vNIC's: it is not set again. */
	ck_assert_ok(vfpt_assign_finish(host, driver_netlink(), &assigned.assignment, &err), err);
	ck_assert_str_eq(set_since(), "");
	ck_assert_ok(vfpt_release(host, ledger, driver_netlink(), &assigned.assignment, &err), err);
	ck_assert_str_eq(set_since(), text("%s0 vlan_id 0\n0 mac fe:00:00:00:00:00\n", hidden[_i].released));
	ck_assert_str_eq(caught_stderr(), "");
	ck_assert_uint_eq(records(), 0);
	close_transaction();
}
END_TEST

START_TEST(setting_that_is_not_shown_and_does_not_go_back_is_told)
{
	const struct vfpt_request request = request_for_trust();

	open_hidden();
	driver.refuses_back = 1u << VFPT_TRUST;
	ck_assert_ok(vfpt_assign(&transaction, &request, &assigned, &err), err);
	catch_stderr();
	ck_assert_ok(vfpt_release(host, ledger, driver_netlink(), &assigned.assignment, &err), err);
	ck_assert_contains(caught_stderr(), "vfpt: warning: VF 0 of ens1f0 (igb): cannot set trust to off: ");
	ck_assert_uint_eq(records(), 0);
	close_transaction();
}
END_TEST

/* It has what it has, whatever that is. */
START_TEST(vf_by_name_keeps_what_is_not_shown)
{
	open_hidden();
	ck_assert_ok(vfpt_assign_netdev(&transaction, VM_A, "eth0", &assigned, &err), err);
	ck_assert_str_eq(set_since(), "0 mac 66:5a:d2:be:9a:6d\n");
	ck_assert_ok(vfpt_release(host, ledger, driver_netlink(), &assigned.assignment, &err), err);
	ck_assert_str_eq(set_since(), "0 mac fe:00:00:00:00:00\n");
	close_transaction();
}
END_TEST

/* --- with a second driver: that of ens2f0, which does not serve blue */

static struct driver red_driver;

/* VF 3 of ens2f0 has mac_aa. */
static void open_both_driven(void)
{
	open_driven();
	red_driver = (struct driver){.ifindex = 3};
	vfpt_settings_put(&red_driver.vfs[3], VFPT_MAC, vfpt_mac_value(&mac_aa));
	driver.next = &red_driver;
}

static const struct {
	const char *before, *config, *why; /* NULL: nobody has it */
} holders[] = {
	{"2.3=use", "", "its network device eth10 carries br0"},
	{"2.3=b", "", "it belongs to VM " VM_B},
	{"", "[pf ens2f0]\nexclude = 3\n", "vfpt.conf excludes it, so it is left alone"},
	{"2.3=use", "[pf ens2f0]\nexclude = 3\n", "vfpt.conf excludes it, so it is left alone"},
	{"", "[pf ens2f0]\nexclude = 2,4\n", NULL},
	{"2.2=b 2.4=use", "", NULL},
};

START_TEST(mac_is_looked_for_on_all_pfs)
{
	const struct vfpt_request request = request_for_trust();

	prepare(holders[_i].before);
	put_file(CONFIG, holders[_i].config);
	open_both_driven();
	if (!holders[_i].why) {
		ck_assert_str_eq(try(&request), "VF 0 of ens1f0");
		ck_assert_str_eq(red_driver.log, "3 mac 00:00:00:00:00:00\n");
		vfpt_transaction_undo(&transaction);
		ck_assert_str_eq(red_driver.log, "3 mac 00:00:00:00:00:00\n3 mac 56:6f:1a:2b:00:aa\n");
	} else {
		try(&request);
		ck_assert_int_eq(err.code, VFPT_BAD_INPUT);
		ck_assert_str_eq(err.message, text("VF 3 of ens2f0 has this MAC already: %s; give one of the "
						   "two another MAC in the engine",
						      holders[_i].why));
		ck_assert_str_eq(red_driver.log, "");
		ck_assert_uint_eq(transaction.count, 0);
	}
	ck_assert_all_back();
	close_transaction();
}
END_TEST

/* Nor on the vNIC's own PF: it is the administrator's. */
START_TEST(mac_that_an_excluded_vf_has_is_not_wiped_off_it)
{
	const struct vfpt_request request = request_for_trust();

	put_file(CONFIG, "[pf ens1f0]\nexclude = 5\n");
	open_driven();
	vfpt_settings_put(&driver.vfs[5], VFPT_MAC, vfpt_mac_value(&request.mac));
	ck_assert_fails(vfpt_assign(&transaction, &request, &assigned, &err), err, VFPT_BAD_INPUT);
	ck_assert_str_eq(err.message,
		"VF 5 of ens1f0 has this MAC already: vfpt.conf excludes it, so it is left alone; give one "
		"of the two another MAC in the engine");
	ck_assert_str_eq(set_since(), "");
	ck_assert_uint_eq(driver.vfs[5].value[VFPT_MAC], vfpt_mac_value(&request.mac));
	close_transaction();
	ck_assert_uint_eq(entries(LEDGER), 0);
}
END_TEST

/* The ledger knows of the VMs' MACs all the same. */
START_TEST(pf_of_another_network_that_cannot_be_asked_keeps_nobody_from_a_vf)
{
	struct vfpt_request request = request_for_trust();

	open_both_driven();
	red_driver.gone = true;
	catch_stderr();
	ck_assert_ok(vfpt_assign(&transaction, &request, &assigned, &err), err);
	ck_assert_str_eq(caught_stderr(),
		"vfpt: warning: PF ens2f0: cannot read the settings of its VFs: the kernel says: No such "
		"device; whether one of them has MAC 56:6f:1a:2b:00:aa, too, is not known\n");
	/* Its own network's must be. */
	request.bridge = "red";
	request.mac = mac_bb;
	try(&request);
	ck_assert_int_eq(err.code, VFPT_SYSTEM);
	ck_assert_contains(err.message, "PF ens2f0: cannot read the settings of its VFs: ");
	close_transaction();
}
END_TEST

static struct vfpt_request request_for_priority(void)
{
	struct vfpt_request request = request_of(VM_A, "blue");

	request.mac = (struct vfpt_mac){{0x56, 0x6f, 0x1a, 0x2b, 0, 0xaa}};
	vfpt_settings_put(&profile.settings, VFPT_VLAN_PRIORITY, 3);
	return request;
}

START_TEST(link_is_held_before_anything_else_is_set_and_let_up_at_last)
{
	const struct vfpt_request request = request_for_priority();

	open_driven();
	ck_assert_ok(vfpt_assign(&transaction, &request, &assigned, &err), err);
	ck_assert_str_eq(set_since(),
		"0 link_state disable\n0 mac 56:6f:1a:2b:00:aa\n0 vlan_id 200\n0 vlan_priority 3\n");
	ck_assert(!assigned.gap);
	/* libvirt's start of the VM */
	vfpt_settings_put(&driver.vfs[0], VFPT_VLAN_PRIORITY, 0);
	ck_assert_ok(vfpt_assign_finish(host, driver_netlink(), &assigned.assignment, &err), err);
	ck_assert_str_eq(set_since(), "0 vlan_priority 3\n0 link_state auto\n");
	ck_assert_ok(vfpt_release(host, ledger, driver_netlink(), &assigned.assignment, &err), err);
	ck_assert_all_back();
	close_transaction();
}
END_TEST

/* The link was held already, in a message before those that undo themselves. */
START_TEST(setting_refused_behind_a_held_link_lets_it_up_again)
{
	struct vfpt_request request = request_for_priority();

	vfpt_settings_put(&profile.settings, VFPT_TRUST, 1);
	open_driven();
	driver.refuses = 1u << VFPT_TRUST;
	ck_assert_fails(vfpt_assign(&transaction, &request, &assigned, &err), err, VFPT_REFUSED);
	ck_assert_all_back();
	ck_assert_uint_eq(entries(LEDGER), 0);
	/* And the next one holds it anew. */
	driver.refuses = 0;
	set_since();
	ck_assert_ok(vfpt_assign(&transaction, &request, &assigned, &err), err);
	ck_assert_str_eq(set_since(), "0 link_state disable\n0 mac 56:6f:1a:2b:00:aa\n0 vlan_id 200\n0 "
				      "vlan_priority 3\n0 trust on\n");
	close_transaction();
}
END_TEST

START_TEST(driver_that_cannot_hold_the_link_is_refused_or_allowed_the_gap)
{
	const struct vfpt_request request = request_for_priority();

	open_driven();
	driver.refuses = 1u << VFPT_LINK_STATE;
	if (_i == 0) {
		ck_assert_fails(vfpt_assign(&transaction, &request, &assigned, &err), err, VFPT_REFUSED);
		ck_assert_contains(err.message, "VF 0 of ens1f0 (igb): its VLAN priority or protocol can "
						"only be set once the VM runs, ");
		ck_assert_contains(
			err.message, "allow that gap in /etc/vdsm/vfpt.conf ([policy] gap = allow)");
		ck_assert_all_back();
		ck_assert_uint_eq(entries(LEDGER), 0);
	} else {
		config->policy.gap_allowed = true;
		ck_assert_ok(vfpt_assign(&transaction, &request, &assigned, &err), err);
		ck_assert(assigned.gap);
		ck_assert_uint_eq(driver.vfs[0].value[VFPT_VLAN_PRIORITY], 3);
	}
	close_transaction();
}
END_TEST

START_TEST(difference_once_the_vm_runs_is_a_warning)
{
	const struct vfpt_request request = request_for_trust();
	const char *said;

	open_driven();
	ck_assert_ok(vfpt_assign(&transaction, &request, &assigned, &err), err);
	set_since();
	vfpt_settings_put(&driver.vfs[0], VFPT_MAC, 0x020000000002);
	vfpt_settings_put(&driver.vfs[0], VFPT_VLAN_ID, 201);
	catch_stderr();
	ck_assert_ok(vfpt_assign_finish(host, driver_netlink(), &assigned.assignment, &err), err);
	said = caught_stderr();
	ck_assert_str_eq(said,
		"vfpt: warning: vNIC 56:6f:1a:2b:00:aa: VF 0 of ens1f0 has mac 02:00:00:00:00:02, it should "
		"be "
		"56:6f:1a:2b:00:aa\n"
		"vfpt: warning: vNIC 56:6f:1a:2b:00:aa: VF 0 of ens1f0 has vlan_id 201, it should be 200\n");
	/* Not repaired. */
	ck_assert_str_eq(set_since(), "");
	close_transaction();
}
END_TEST

START_TEST(driver_that_takes_an_old_value_no_more_does_not_keep_the_vf)
{
	const struct vfpt_request request = request_for_trust();
	const char *said;

	open_driven();
	driver.refuses_back = 1u << VFPT_TRUST;
	ck_assert_ok(vfpt_assign(&transaction, &request, &assigned, &err), err);
	catch_stderr();
	ck_assert_ok(vfpt_release(host, ledger, driver_netlink(), &assigned.assignment, &err), err);
	said = caught_stderr();
	ck_assert_uint_eq(count_lines(said), 1);
	ck_assert_contains(said, "vfpt: warning: VF 0 of ens1f0 (igb): cannot set trust to off: ");
	ck_assert_contains(said, "; the VF is released as it is\n");
	ck_assert_uint_eq(records(), 0);
	ck_assert_uint_eq(driver.vfs[0].value[VFPT_MAC], AT_FIRST);
	close_transaction();
}
END_TEST

START_TEST(release_that_cannot_reach_the_driver_keeps_the_record)
{
	const struct vfpt_request request = request_for_trust();

	open_driven();
	ck_assert_ok(vfpt_assign(&transaction, &request, &assigned, &err), err);
	driver.gone = true;
	ck_assert_fails(
		vfpt_release(host, ledger, driver_netlink(), &assigned.assignment, &err), err, VFPT_SYSTEM);
	ck_assert_uint_eq(entries(LEDGER), 1);
	driver.gone = false;
	ck_assert_ok(vfpt_release(host, ledger, driver_netlink(), &assigned.assignment, &err), err);
	ck_assert_all_back();
	close_transaction();
}
END_TEST

/* As above, but seen by the VF: the new owner's settings are still on it. */
START_TEST(late_release_does_not_touch_the_new_owners_settings)
{
	struct vfpt_request request = request_for_trust();
	struct vfpt_assignment old;

	open_driven();
	ck_assert_ok(vfpt_assign(&transaction, &request, &assigned, &err), err);
	old = assigned.assignment;
	ck_assert_ok(vfpt_release(host, ledger, driver_netlink(), &old, &err), err);
	close_transaction();
	open_transaction();
	transaction.netlink = driver_netlink();
	request.vm = VM_B;
	request.mac.octet[5] = 0xbb;
	ck_assert_ok(vfpt_assign(&transaction, &request, &assigned, &err), err);
	ck_assert_uint_eq(assigned.assignment.vf, old.vf);
	set_since();
	ck_assert_ok(vfpt_release(host, ledger, driver_netlink(), &old, &err), err);
	ck_assert_str_eq(set_since(), "");
	ck_assert_str_eq(owner("0000:01:10.0"), VM_B);
	close_transaction();
}
END_TEST

/* --- the MTU of the VF's network device, which a macvtap has too; eth0 has interface index 5 */

static const char *mtu_file(unsigned vf)
{
	return text(PF_1 "virtfn%u/net/eth%u/mtu", vf, vf);
}

enum { MACVTAP_IFINDEX = 50 };

static void take_mtu(unsigned ifindex, unsigned mtu)
{
	put_file(ifindex == MACVTAP_IFINDEX ? "sys/class/net/macvtap0/mtu" : mtu_file(ifindex - 5),
		text("%u\n", mtu));
}

static void ck_assert_mtu(unsigned vf, unsigned mtu)
{
	ck_assert_str_eq(get_file(mtu_file(vf), NULL), text("%u\n", mtu));
}

/* A macvtap vNIC on blue, which has that MTU, as its PF. */
static struct vfpt_request open_macvtap(unsigned mtu)
{
	struct vfpt_request request = request_of(VM_A, "blue");

	request.mac = mac_aa;
	profile.mode = VFPT_MODE_MACVTAP;
	put_file("sys/devices/virtual/net/blue/mtu", text("%u\n", mtu));
	put_file(PF_1 "net/ens1f0/mtu", "9000\n");
	open_driven();
	driver.take_mtu = take_mtu;
	return request;
}

/* What libvirt does not set in this mode is set through the PF all the same: BZ 848200. */
#define MACVTAP_SET "0 mac 56:6f:1a:2b:00:aa\n0 vlan_id 200\n"

START_TEST(mtu_of_a_macvtap_is_set_recorded_and_put_back)
{
	const struct vfpt_request request = open_macvtap(9000);
	const char *said;

	ck_assert_ok(vfpt_assign(&transaction, &request, &assigned, &err), err);
	ck_assert_str_eq(set_since(), MACVTAP_SET "mtu 5 9000\n");
	ck_assert_mtu(0, 9000);
	said = get_file(LEDGER "/0000:01:10.0@" VM_A, NULL);
	ck_assert_contains(said, "\nmacvtap = 1\nmtu_before = 1500\nmtu = 9000\n");
	ck_assert_str_eq(assigned.netdev, "eth0");
	if (_i == 0)
		ck_assert_ok(vfpt_release(host, ledger, driver_netlink(), &assigned.assignment, &err), err);
	else
		vfpt_transaction_undo(&transaction);
	ck_assert_contains(set_since(), "mtu 5 1500\n");
	ck_assert_mtu(0, 1500);
	ck_assert_all_back();
	ck_assert_uint_eq(records(), 0);
	close_transaction();
}
END_TEST

static const struct {
	unsigned network, vnic, device; /* MTUs */
	enum vfpt_mode mode;
	const char *set, *recorded;
} device_mtus[] = {
	{1500, 0, 1500, VFPT_MODE_MACVTAP, "", "mtu_before = 1500\nmtu = 1500\n"},
	{1500, 0, 9000, VFPT_MODE_MACVTAP, "mtu 5 1500\n", "mtu_before = 9000\nmtu = 1500\n"},
	{9000, 0, 1500, VFPT_MODE_MACVTAP, "mtu 5 9000\n", "mtu_before = 1500\nmtu = 9000\n"},
	{9000, 0, 9000, VFPT_MODE_MACVTAP, "", "mtu_before = 9000\nmtu = 9000\n"},
	/* the vNIC's own goes before the network's, above and below it */
	{1500, 4000, 1500, VFPT_MODE_MACVTAP, "mtu 5 4000\n", "mtu_before = 1500\nmtu = 4000\n"},
	{9000, 4000, 1500, VFPT_MODE_MACVTAP, "mtu 5 4000\n", "mtu_before = 1500\nmtu = 4000\n"},
	/* neither says any: the network has no bridge here */
	{0, 0, 1400, VFPT_MODE_MACVTAP, "", "mtu_before = 0\nmtu = 0\n"},
	{0, 4000, 1400, VFPT_MODE_MACVTAP, "mtu 5 4000\n", "mtu_before = 1400\nmtu = 4000\n"},
	/* where the VF itself is in the guest, that is the guest's */
	{9000, 9000, 1500, VFPT_MODE_HOSTDEV, "", "macvtap = 0\nmtu_before = 0\nmtu = 0\n"},
	{9000, 9000, 1500, VFPT_MODE_FAILOVER, "", "macvtap = 0\nmtu_before = 0\nmtu = 0\n"},
};

START_TEST(mtu_is_set_where_it_is_another)
{
	struct vfpt_request request = open_macvtap(device_mtus[_i].network);

	profile.mode = device_mtus[_i].mode;
	request.mtu = device_mtus[_i].vnic;
	if (device_mtus[_i].network == 0) {
		request.bridge = "green";
		snprintf(profile.pfs, sizeof(profile.pfs), "ens1f0");
		vfpt_settings_put(&profile.settings, VFPT_VLAN_ID, 200);
	}
	put_file(mtu_file(0), text("%u\n", device_mtus[_i].device));
	ck_assert_ok(vfpt_assign(&transaction, &request, &assigned, &err), err);
	ck_assert_str_eq(set_since(), text(MACVTAP_SET "%s", device_mtus[_i].set));
	ck_assert_contains(get_file(LEDGER "/0000:01:10.0@" VM_A, NULL), device_mtus[_i].recorded);
	ck_assert_ok(vfpt_release(host, ledger, driver_netlink(), &assigned.assignment, &err), err);
	ck_assert_mtu(0, device_mtus[_i].device);
	if (!device_mtus[_i].set[0])
		ck_assert_lacks(set_since(), "mtu");
	close_transaction();
}
END_TEST

START_TEST(mtu_that_is_refused_leaves_vf_and_ledger_as_they_were)
{
	const struct vfpt_request request = open_macvtap(9000);

	driver.refuses_mtu = true;
	ck_assert_fails(vfpt_assign(&transaction, &request, &assigned, &err), err, VFPT_REFUSED);
	ck_assert_contains(
		err.message, "cannot set the MTU of eth0 to 9000: the kernel says: Invalid argument");
	ck_assert_contains(set_since(), MACVTAP_SET "!mtu 5 9000\n");
	ck_assert_all_back();
	ck_assert_uint_eq(entries(LEDGER), 0);
	ck_assert_uint_eq(transaction.count, 0);
	close_transaction();
}
END_TEST

START_TEST(mtu_that_libvirt_changed_is_set_again_once_the_vm_runs)
{
	const struct vfpt_request request = open_macvtap(9000);

	ck_assert_ok(vfpt_assign(&transaction, &request, &assigned, &err), err);
	set_since();
	ck_assert_ok(vfpt_assign_finish(host, driver_netlink(), &assigned.assignment, &err), err);
	ck_assert_str_eq(set_since(), "");
	put_file(mtu_file(0), "1500\n");
	ck_assert_ok(vfpt_assign_finish(host, driver_netlink(), &assigned.assignment, &err), err);
	ck_assert_str_eq(set_since(), "mtu 5 9000\n");
	put_file(mtu_file(0), "1500\n");
	driver.refuses_mtu = true;
	ck_assert_fails(
		vfpt_assign_finish(host, driver_netlink(), &assigned.assignment, &err), err, VFPT_REFUSED);
	ck_assert_contains(err.message, "cannot set the MTU of eth0 to 9000: ");
	close_transaction();
}
END_TEST

/* As libvirt makes it, when it plugs or starts. */
static void put_macvtap(unsigned mtu)
{
	put_file("sys/class/net/macvtap0/ifindex", text("%u\n", MACVTAP_IFINDEX));
	put_file("sys/class/net/macvtap0/mtu", text("%u\n", mtu));
	put_file("sys/class/net/macvtap0/address", "56:6f:1a:2b:00:aa\n");
	put_link(PF_1 "virtfn0/net/eth0/upper_macvtap0", "x");
}

START_TEST(mtu_of_the_macvtap_follows)
{
	const struct vfpt_request request = open_macvtap(9000);

	ck_assert_ok(vfpt_assign(&transaction, &request, &assigned, &err), err);
	set_since();
	put_macvtap(_i ? 1500 : 9000);
	ck_assert_ok(vfpt_assign_finish(host, driver_netlink(), &assigned.assignment, &err), err);
	ck_assert_str_eq(set_since(), _i ? "mtu 50 9000\n" : "");
	/* It would be gone by now. If not, it is not larger than what it stands on. */
	ck_assert_ok(vfpt_release(host, ledger, driver_netlink(), &assigned.assignment, &err), err);
	ck_assert_contains(set_since(), "mtu 5 1500\nmtu 50 1500\n");
	ck_assert_mtu(0, 1500);
	close_transaction();
}
END_TEST

START_TEST(mtu_that_the_macvtap_refuses_is_an_error)
{
	const struct vfpt_request request = open_macvtap(9000);

	ck_assert_ok(vfpt_assign(&transaction, &request, &assigned, &err), err);
	put_macvtap(1500);
	driver.refuses_mtu = true;
	ck_assert_fails(
		vfpt_assign_finish(host, driver_netlink(), &assigned.assignment, &err), err, VFPT_REFUSED);
	ck_assert_contains(err.message, "cannot set the MTU of macvtap0 to 9000: the kernel says: ");
	ck_assert_uint_eq(records(), 1);
	close_transaction();
}
END_TEST

START_TEST(mtu_that_cannot_be_put_back_does_not_keep_the_vf)
{
	const struct vfpt_request request = open_macvtap(9000);
	const char *said;

	ck_assert_ok(vfpt_assign(&transaction, &request, &assigned, &err), err);
	if (_i == 0) {
		driver.refuses_mtu = true;
	} else { /* it is with no driver now: then its network device will be as new */
		drop(PF_1 "virtfn0/net");
	}
	catch_stderr();
	ck_assert_ok(vfpt_release(host, ledger, driver_netlink(), &assigned.assignment, &err), err);
	said = caught_stderr();
	if (_i == 0)
		ck_assert_contains(said, "vfpt: warning: cannot set the MTU of eth0 to 1500: ");
	ck_assert_uint_eq(count_lines(said), _i == 0);
	ck_assert_all_back();
	ck_assert_uint_eq(records(), 0);
	close_transaction();
}
END_TEST

START_TEST(mtu_is_only_told_where_nothing_is_set)
{
	const struct vfpt_request request = open_macvtap(9000);

	transaction.netlink = NULL;
	catch_stderr();
	ck_assert_ok(vfpt_assign(&transaction, &request, &assigned, &err), err);
	ck_assert_contains(caught_stderr(), "would set: MTU of eth0 to 9000\n");
	ck_assert_str_eq(set_since(), "");
	ck_assert_mtu(0, 1500);
	close_transaction();
}
END_TEST

/* --- the VF of a network device by name: eth0 to eth6 are ens1f0's */

static const struct {
	const char *before, *netdev;
	enum vfpt_code code;
	const char *outcome; /* VF and MAC, or what is said instead */
} named[] = {
	{"", "eth0", VFPT_NO_VF, "VF 0 of ens1f0, 66:5a:d2:be:9a:6d"},
	{"", "eth6", VFPT_NO_VF, "VF 6 of ens1f0, 86:a8:e5:e0:a2:e5"},
	{"", "eth7", VFPT_NO_VF, "VF 0 of ens2f0, de:34:0e:99:fc:57"},
	{"", "eth17", VFPT_NO_VF, "VF 3 of ens3f0, fe:8e:95:6c:b6:1d"},
	{"1=down", "eth0", VFPT_NO_VF, "VF 0 of ens1f0, 66:5a:d2:be:9a:6d"},
	{"1.1=b", "eth0", VFPT_NO_VF, "VF 0 of ens1f0, 66:5a:d2:be:9a:6d"},
	{"1.0=b", "eth0", VFPT_NO_VF, "it belongs to VM " VM_B},
	{"1.0=a", "eth0", VFPT_NO_VF, "the VM has it already"},
	{"1.0=use", "eth0", VFPT_NO_VF, "its network device eth0 carries br0"},
	{"", "eth18", VFPT_BAD_INPUT,
		"there is no network device eth18 on this host, or someone else has it"},
	{"", "ens1f0", VFPT_BAD_INPUT, "network device ens1f0 is not a VF's"},
	{"", "blue", VFPT_BAD_INPUT, "network device blue is not a VF's"},
	{"", "lo", VFPT_BAD_INPUT, "network device lo is not a VF's"},
	{"", "", VFPT_BAD_INPUT, "\"\" is not a network device's name"},
	{"", "..", VFPT_BAD_INPUT, "\"..\" is not a network device's name"},
	{"", "../eth0", VFPT_BAD_INPUT, "\"../eth0\" is not a network device's name"},
	{"", "eth0/device", VFPT_BAD_INPUT, "\"eth0/device\" is not a network device's name"},
	{"", "eth0123456789012", VFPT_BAD_INPUT, "\"eth0123456789012\" is not a network device's name"},
	{"", " eth0", VFPT_BAD_INPUT, "\" eth0\" is not a network device's name"},
};

START_TEST(vf_is_found_by_the_name_of_its_network_device)
{
	char mac[VFPT_MAC_SIZE];
	unsigned before;
	int r;

	prepare(named[_i].before);
	before = entries(LEDGER);
	open_transaction();
	catch_stderr();
	r = vfpt_assign_netdev(&transaction, VM_A, named[_i].netdev, &assigned, &err);
	caught_stderr();
	if (strncmp(named[_i].outcome, "VF ", 3) != 0) {
		ck_assert_int_eq(r, -1);
		ck_assert_str_eq(err.message, named[_i].outcome);
		ck_assert_int_eq(err.code, named[_i].code);
		ck_assert_uint_eq(transaction.count, 0);
		ck_assert_uint_eq(entries(LEDGER), before);
	} else {
		ck_assert_msg(r == 0, "%s", err.message);
		ck_assert_str_eq(text("VF %u of %s, %s", assigned.assignment.vf, assigned.assignment.pf,
					 vfpt_mac_format(&assigned.assignment.mac, mac)),
			named[_i].outcome);
		ck_assert_int_eq(assigned.pf_up, strcmp(named[_i].before, "1=down") != 0);
		ck_assert_uint_eq(transaction.count, 1);
		ck_assert_uint_eq(entries(LEDGER), before + 1);
	}
	close_transaction();
}
END_TEST

/* What the administrator keeps from us, nobody gets by its name either. */
START_TEST(excluded_vf_is_not_given_by_name)
{
	put_file(CONFIG, "[pf ens1f0]\nexclude = 1-2\n");
	open_transaction();
	ck_assert_fails(vfpt_assign_netdev(&transaction, VM_A, "eth1", &assigned, &err), err, VFPT_NO_VF);
	ck_assert_str_eq(err.message, "vfpt.conf excludes VF 1 of ens1f0 from passthrough");
	catch_stderr();
	ck_assert_ok(vfpt_assign_netdev(&transaction, VM_A, "eth3", &assigned, &err), err);
	ck_assert_ok(vfpt_assign_netdev(&transaction, VM_A, "eth8", &assigned, &err), err);
	caught_stderr();
	close_transaction();
}
END_TEST

/* It is of no network. */
START_TEST(vf_that_is_kept_for_networks_is_not_given_by_name)
{
	static const char *const networks[] = {"blue", "[br]*", "red, green", ""};

	put_file(CONFIG, text("[pf ens1f0]\nnetworks = %s\n[pf ens2f0]\nnetworks = red, *\n", networks[_i]));
	open_transaction();
	ck_assert_fails(vfpt_assign_netdev(&transaction, VM_A, "eth0", &assigned, &err), err, VFPT_NO_VF);
	ck_assert_str_eq(err.message,
		"vfpt.conf keeps the VFs of ens1f0 for certain networks, and a VF that is named has none");
	ck_assert_uint_eq(transaction.count, 0);
	catch_stderr();
	ck_assert_ok(vfpt_assign_netdev(&transaction, VM_A, "eth7", &assigned, &err), err);
	caught_stderr();
	close_transaction();
	ck_assert_uint_eq(records(), 1);
}
END_TEST

/* What the VM has already counts, and what it gets in this transaction, in whichever way. */
START_TEST(vfs_by_name_are_counted_too)
{
	prepare(_i ? "1.5=a" : "");
	put_file(CONFIG, text("[pf ens1f0]\nmax_vfs_per_vm = %u\n", _i ? 3 : 2));
	open_transaction();
	catch_stderr();
	ck_assert_ok(vfpt_assign_netdev(&transaction, VM_A, "eth0", &assigned, &err), err);
	ck_assert_ok(vfpt_assign_netdev(&transaction, VM_A, "eth1", &assigned, &err), err);
	ck_assert_ok(vfpt_assign_netdev(&transaction, VM_B, "eth2", &assigned, &err), err);
	caught_stderr();
	ck_assert_fails(vfpt_assign_netdev(&transaction, VM_A, "eth3", &assigned, &err), err, VFPT_NO_VF);
	ck_assert_str_eq(err.message,
		text("this VM has %u of the VFs of ens1f0, the most that vfpt.conf allows", _i ? 3 : 2));
	ck_assert_contains(
		refusal(VM_A, "blue", VFPT_NO_VF), text("this VM has %u of its VFs, ", _i ? 3 : 2));
	ck_assert_str_eq(assign(VM_B, "blue"), "VF 3 of ens1f0");
	close_transaction();
}
END_TEST

START_TEST(vf_of_a_garbage_record_is_not_given_by_name)
{
	put_file(LEDGER "/0000:01:10.0@x", "x");
	catch_stderr();
	open_transaction();
	caught_stderr();
	ck_assert_fails(vfpt_assign_netdev(&transaction, VM_A, "eth0", &assigned, &err), err, VFPT_NO_VF);
	ck_assert_str_eq(err.message, "it belongs to VM (its record is garbage)");
	close_transaction();
}
END_TEST

START_TEST(vf_by_name_is_recorded_and_nothing_but_its_mac_is_asked_for)
{
	struct vfpt_assignment *all;
	size_t count, corrupt;
	char address[VFPT_PCI_SIZE];
	const char *said;

	open_transaction();
	catch_stderr();
	ck_assert_ok(vfpt_assign_netdev(&transaction, VM_A, "eth1", &assigned, &err), err);
	said = caught_stderr();
	ck_assert_contains(said, "would set: VF 1 of ens1f0: mac ");
	ck_assert_uint_eq(count_lines(said), 1);
	ck_assert_lacks(said, "vlan");
	ck_assert_str_eq(assigned.netdev, "");
	ck_assert_ok(vfpt_ledger_of_vm(ledger, VM_A, &all, &count, &corrupt, &err), err);
	ck_assert_uint_eq(count, 1);
	ck_assert_str_eq(all[0].vm, VM_A);
	ck_assert_str_eq(all[0].network, "");
	ck_assert_str_eq(all[0].pf, "ens1f0");
	ck_assert_uint_eq(all[0].vf, 1);
	ck_assert_str_eq(vfpt_pci_format(&all[0].address, address), "0000:01:10.2");
	ck_assert(!all[0].macvtap);
	ck_assert_uint_eq(all[0].mtu, 0);
	ck_assert_uint_eq(all[0].wanted.present, 1u << VFPT_MAC);
	ck_assert_uint_eq(all[0].wanted.value[VFPT_MAC], vfpt_mac_value(&all[0].mac));
	ck_assert_str_eq(
		all[0].alias, text("ua-vfpt-%012llx", (unsigned long long)vfpt_mac_value(&all[0].mac)));
	free(all);
	/* It is no vNIC of any network, but it is a VF of this VM. */
	ck_assert_fails(vfpt_assign_netdev(&transaction, VM_A, "eth1", &assigned, &err), err, VFPT_NO_VF);
	ck_assert_uint_eq(transaction.count, 1);
	ck_assert_str_eq(assign(VM_A, "blue"), "VF 0 of ens1f0");
	ck_assert_str_eq(assign(VM_A, "blue"), "VF 2 of ens1f0");
	catch_stderr();
	vfpt_transaction_undo(&transaction);
	caught_stderr();
	ck_assert_uint_eq(entries(LEDGER), 0);
	close_transaction();
}
END_TEST

/* libvirt would set VLAN id 0: what the VF has, it keeps, and comes back to. */
START_TEST(vf_by_name_keeps_its_vlan)
{
	static const struct {
		unsigned id, priority, protocol;
		const char *set, *finished;
	} cases[] = {
		{0, 0, VFPT_VLAN_8021Q, "0 mac 66:5a:d2:be:9a:6d\n", ""},
		{7, 0, VFPT_VLAN_8021Q, "0 mac 66:5a:d2:be:9a:6d\n", ""},
		/* what libvirt resets comes back, and until then nothing passes */
		{7, 3, VFPT_VLAN_8021Q, "0 link_state disable\n0 mac 66:5a:d2:be:9a:6d\n",
			"0 vlan_priority 3\n0 link_state auto\n"},
		{7, 0, VFPT_VLAN_8021AD, "0 link_state disable\n0 mac 66:5a:d2:be:9a:6d\n",
			"0 vlan_protocol 802.1ad\n0 link_state auto\n"},
	};

	open_driven();
	vfpt_settings_put(&driver.vfs[0], VFPT_VLAN_ID, cases[_i].id);
	vfpt_settings_put(&driver.vfs[0], VFPT_VLAN_PRIORITY, cases[_i].priority);
	vfpt_settings_put(&driver.vfs[0], VFPT_VLAN_PROTOCOL, cases[_i].protocol);
	ck_assert_ok(vfpt_assign_netdev(&transaction, VM_A, "eth0", &assigned, &err), err);
	ck_assert_str_eq(set_since(), cases[_i].set);
	ck_assert_uint_eq(assigned.assignment.wanted.value[VFPT_VLAN_ID], cases[_i].id);
	ck_assert_uint_eq(assigned.assignment.wanted.value[VFPT_VLAN_PRIORITY], cases[_i].priority);
	ck_assert(!vfpt_settings_have(&assigned.assignment.wanted, VFPT_SPOOFCHK));
	/* libvirt's start of the VM */
	vfpt_settings_put(&driver.vfs[0], VFPT_VLAN_PRIORITY, 0);
	vfpt_settings_put(&driver.vfs[0], VFPT_VLAN_PROTOCOL, VFPT_VLAN_8021Q);
	ck_assert_ok(vfpt_assign_finish(host, driver_netlink(), &assigned.assignment, &err), err);
	ck_assert_str_eq(set_since(), cases[_i].finished);
	ck_assert_ok(vfpt_release(host, ledger, driver_netlink(), &assigned.assignment, &err), err);
	ck_assert_uint_eq(driver.vfs[0].value[VFPT_MAC], AT_FIRST);
	ck_assert_uint_eq(driver.vfs[0].value[VFPT_VLAN_ID], cases[_i].id);
	ck_assert_uint_eq(driver.vfs[0].value[VFPT_VLAN_PRIORITY], cases[_i].priority);
	ck_assert_uint_eq(driver.vfs[0].value[VFPT_VLAN_PROTOCOL], cases[_i].protocol);
	ck_assert_uint_eq(driver.vfs[0].value[VFPT_LINK_STATE], VFPT_LINK_AUTO);
	ck_assert_uint_eq(records(), 0);
	close_transaction();
}
END_TEST

/* The hook programs that other tests run have no driver to read a VLAN from: so this is the step alone. */
START_TEST(vlan_of_a_vf_by_name_gets_into_the_document)
{
	static const struct vfpt_hook_point point = {.name = "before_vm_start", .document = VFPT_DOMAIN};
	struct vfpt_hook hook = {.point = &point, .vm = VM_A};
	char document[] = "<domain><devices/></domain>", *printed;
	size_t size;

	open_driven();
	vfpt_settings_put(&driver.vfs[0], VFPT_VLAN_ID, 77);
	hook.host = host;
	hook.ledger = ledger;
	hook.transaction = transaction;
	ck_assert_ok(vfpt_domain_parse(document, sizeof(document) - 1, &hook.document, &err), err);
	ck_assert_int_eq(setenv("VFPT_ROOT", root, 1) | setenv("sriov", "eth0,eth1", 1), 0);
	ck_assert_ok(vfpt_hook_connect(&hook, &err), err);
	ck_assert(hook.changed);
	ck_assert_ok(vfpt_domain_print(hook.document, &printed, &size, &err), err);
	ck_assert_contains(printed, "<mac address=\"66:5a:d2:be:9a:6d\"/><source><address type=\"pci\" "
				    "domain=\"0x0000\" bus=\"0x01\" slot=\"0x10\" function=\"0x0\"/></source>"
				    "<driver name=\"vfio\"/><vlan><tag id=\"77\"/></vlan><alias ");
	ck_assert_contains(printed, "function=\"0x2\"/></source><driver name=\"vfio\"/><alias ");
	free(printed);
	unsetenv("sriov");
	unsetenv("VFPT_ROOT");
	vfpt_domain_free(hook.document);
	vfpt_config_free(hook.config);
	close(hook.root);
	transaction = hook.transaction;
	close_transaction();
}
END_TEST

START_TEST(vf_by_name_whose_mac_is_refused_is_left_as_it_was)
{
	open_driven();
	driver.refuses = 1u << VFPT_MAC;
	ck_assert_fails(vfpt_assign_netdev(&transaction, VM_A, "eth0", &assigned, &err), err, VFPT_REFUSED);
	ck_assert_all_back();
	ck_assert_uint_eq(entries(LEDGER), 0);
	ck_assert_uint_eq(transaction.count, 0);
	close_transaction();
}
END_TEST

/* --- all or nothing */

START_TEST(undoing_leaves_the_ledger_empty_newest_first)
{
	const char *said;

	open_transaction();
	for (int i = 0; i < 3; i++)
		assign(VM_A, i == 1 ? "red" : "blue");
	ck_assert_uint_eq(entries(LEDGER), 3);
	catch_stderr();
	vfpt_transaction_undo(&transaction);
	said = caught_stderr();
	ck_assert_str_eq(said, "would set back: VF 1 of ens1f0: what it was before\n"
			       "would set back: VF 0 of ens2f0: what it was before\n"
			       "would set back: VF 0 of ens1f0: what it was before\n");
	ck_assert_uint_eq(entries(LEDGER), 0);
	ck_assert_ptr_null(owner("0000:01:10.0"));
	ck_assert_uint_eq(transaction.count, 0);
	close_transaction();
}
END_TEST

START_TEST(undoing_leaves_what_was_there_before)
{
	give(1, 0, VM_B);
	open_transaction();
	assign(VM_A, "blue");
	catch_stderr();
	vfpt_transaction_undo(&transaction);
	ck_assert_str_eq(caught_stderr(), "would set back: VF 1 of ens1f0: what it was before\n");
	ck_assert_str_eq(owner("0000:01:10.0"), VM_B);
	ck_assert_uint_eq(entries(LEDGER), 1);
	close_transaction();
}
END_TEST

START_TEST(what_is_committed_is_not_undone)
{
	open_transaction();
	assign(VM_A, "blue");
	vfpt_transaction_commit(&transaction);
	catch_stderr();
	vfpt_transaction_undo(&transaction);
	ck_assert_str_eq(caught_stderr(), "");
	ck_assert_str_eq(owner("0000:01:10.0"), VM_A);
	ck_assert_uint_eq(entries(LEDGER), 1);
	close_transaction();
}
END_TEST

START_TEST(one_that_fails_leaves_the_earlier_ones)
{
	open_transaction();
	assign(VM_A, "blue");
	refusal(VM_A, "green", VFPT_NO_VF);
	ck_assert_uint_eq(transaction.count, 1);
	ck_assert_str_eq(owner("0000:01:10.0"), VM_A);
	close_transaction();
}
END_TEST

START_TEST(record_that_cannot_be_written_leaves_the_vf_free)
{
	put_directory(LEDGER "/.new");
	open_transaction();
	ck_assert_contains(refusal(VM_A, "blue", VFPT_SYSTEM),
		"cannot write ledger record /run/vfpt/0000:01:10.0@" VM_A);
	ck_assert_ptr_null(owner("0000:01:10.0"));
	drop(LEDGER "/.new");
	ck_assert_str_eq(assign(VM_A, "blue"), "VF 0 of ens1f0");
	close_transaction();
}
END_TEST

/* --- releasing */

static const char *release(const struct vfpt_assignment *assignment)
{
	int r;
	const char *said;

	catch_stderr();
	r = vfpt_release(host, ledger, NULL, assignment, &err);
	said = caught_stderr();
	ck_assert_msg(r == 0, "%s", err.message);
	return said;
}

START_TEST(release_gives_the_vf_back)
{
	open_transaction();
	assign(VM_A, "blue");
	ck_assert_str_eq(
		release(&assigned.assignment), "would set back: VF 0 of ens1f0: what it was before\n");
	ck_assert_ptr_null(owner("0000:01:10.0"));
	ck_assert_uint_eq(records(), 0);
	close_transaction();
}
END_TEST

START_TEST(release_sets_back_all_that_was)
{
	struct vfpt_assignment a = {
		.vm = VM_A, .pf = "ens1f0", .vf = 6, .address = {.bus = 1, .slot = 17, .function = 4}};

	vfpt_settings_put(&a.before, VFPT_MAC, 0x020000000001);
	vfpt_settings_put(&a.before, VFPT_VLAN_ID, 5);
	vfpt_settings_put(&a.before, VFPT_SPOOFCHK, 1);
	open_transaction();
	ck_assert_ok(vfpt_ledger_put(ledger, &a, &err), err);
	ck_assert_str_eq(release(&a),
		"would set back: VF 6 of ens1f0: mac 02:00:00:00:00:01, vlan_id 5, spoofchk on\n");
	ck_assert_uint_eq(records(), 0);
	close_transaction();
}
END_TEST

/* The VF has another owner by now, or the same VM has it anew: nothing of it is touched. */
START_TEST(late_release_leaves_new_owner_alone)
{
	const char *vm = _i ? VM_A : VM_B, *before;
	struct vfpt_assignment old;

	open_transaction();
	assign(VM_A, "blue");
	old = assigned.assignment;
	release(&old);
	assign(vm, "blue");
	ck_assert_uint_eq(assigned.assignment.vf, old.vf);
	before = picture(LEDGER);
	ck_assert_str_eq(release(&old), "");
	ck_assert_str_eq(picture(LEDGER), before);
	ck_assert_str_eq(owner("0000:01:10.0"), vm);
	close_transaction();
}
END_TEST

START_TEST(second_release_does_nothing)
{
	open_transaction();
	assign(VM_A, "blue");
	release(&assigned.assignment);
	ck_assert_str_eq(release(&assigned.assignment), "");
	close_transaction();
}
END_TEST

START_TEST(release_of_a_vanished_vf_removes_the_record_with_a_warning)
{
	open_transaction();
	assign(VM_A, "blue");
	close_transaction();
	put_file(PF_1 "sriov_numvfs", "0\n");
	if (_i)
		drop(PF_1 "virtfn0/physfn");
	open_transaction();
	ck_assert_str_eq(release(&assigned.assignment), "vfpt: warning: VF 0000:01:10.0 (VF 0 of ens1f0) is "
							"gone from this host; its assignment is removed\n");
	ck_assert_uint_eq(records(), 0);
	close_transaction();
}
END_TEST

/* VFs were made anew and the address is another index now: the address counts. */
START_TEST(release_goes_by_address_and_not_by_index)
{
	open_transaction();
	assign(VM_A, "blue");
	close_transaction();
	put_link(PF_1 "virtfn0", "../0000:01:10.2");
	put_link(PF_1 "virtfn1", "../0000:01:10.0");
	open_transaction();
	ck_assert_str_eq(
		release(&assigned.assignment), "would set back: VF 1 of ens1f0: what it was before\n");
	close_transaction();
}
END_TEST

START_TEST(release_that_fails_keeps_the_record)
{
	open_transaction();
	assign(VM_A, "blue");
	close_transaction();
	put_file(PF_1 "sriov_numvfs", "x\n");
	open_transaction();
	ck_assert_fails(vfpt_release(host, ledger, NULL, &assigned.assignment, &err), err, VFPT_SYSTEM);
	ck_assert_str_eq(
		err.message, "VF 0000:01:10.0: PF ens1f0: cannot read sriov_numvfs: Invalid argument");
	ck_assert_str_eq(owner("0000:01:10.0"), VM_A);
	ck_assert_uint_eq(entries(LEDGER), 1);
	close_transaction();
}
END_TEST

START_TEST(release_with_a_damaged_record_is_an_error)
{
	open_transaction();
	assign(VM_A, "blue");
	put_file(LEDGER "/0000:01:10.0@" VM_A, "garbage");
	ck_assert_fails(vfpt_release(host, ledger, NULL, &assigned.assignment, &err), err, VFPT_CORRUPT);
	ck_assert_contains(err.message, "ledger record /run/vfpt/0000:01:10.0@" VM_A ": ");
	close_transaction();
}
END_TEST

START_TEST(finishing_a_vanished_vf_is_an_error)
{
	open_transaction();
	assign(VM_A, "blue");
	close_transaction();
	drop(PF_1 "virtfn0/physfn");
	open_transaction();
	ck_assert_fails(vfpt_assign_finish(host, NULL, &assigned.assignment, &err), err, VFPT_NO_VF);
	ck_assert_str_eq(err.message, "there is no VF 0000:01:10.0 on this host");
	close_transaction();
}
END_TEST

/* --- iommu groups: VFIO gives them away as a whole */

/* Put the VF into the group of VF 0 of ens1f0, which is 11. */
static void join(const char *function)
{
	put_link(text("sys/bus/pci/devices/%s/iommu_group", function), "../../../../kernel/iommu_groups/11");
	put_link(text(GROUPS "11/devices/%s", function), "../../../../bus/pci/devices/x");
}

START_TEST(vf_that_shares_its_group_with_a_foreign_function_is_not_chosen)
{
	/* a virtio disk, the PF itself, or a VF of another PF that somebody has */
	static const char *const functions[] = {"0000:00:05.0", "0000:01:00.0", "0000:02:10.0"};

	join(functions[_i]);
	if (_i == 2)
		give(2, 0, VM_B);
	open_transaction();
	ck_assert_str_eq(assign_before(VM_A, "blue", 5), "VF 1 of ens1f0");
	ck_assert_uint_eq(transaction.sibling_count, 0);
	close_transaction();
}
END_TEST

START_TEST(bridge_in_the_group_does_not_matter)
{
	join("0000:00:02.0");
	open_transaction();
	ck_assert_str_eq(assign(VM_A, "blue"), "VF 0 of ens1f0");
	ck_assert_ok(vfpt_transaction_check(&transaction, VM_A, &err), err);
	close_transaction();
}
END_TEST

START_TEST(shared_group_is_the_reason_when_no_other_vf_is_left)
{
	prepare("1=1");
	join("0000:00:05.0");
	open_transaction();
	ck_assert_contains(refusal(VM_A, "blue", VFPT_NO_VF),
		"1 unusable (VF 0: it shares iommu group 11 with "
		"0000:00:05.0, which does not go to this VM); ");
	close_transaction();
}
END_TEST

START_TEST(vf_without_group_is_not_chosen)
{
	drop(PF_1 "virtfn0/iommu_group");
	open_transaction();
	ck_assert_str_eq(assign(VM_A, "blue"), "VF 1 of ens1f0");
	close_transaction();
}
END_TEST

START_TEST(unreadable_group_is_an_error)
{
	drop(GROUPS "11/devices");
	open_transaction();
	ck_assert_str_eq(refusal(VM_A, "blue", VFPT_SYSTEM),
		"VF 0 of ens1f0: cannot read iommu group 11: No such file or directory");
	close_transaction();
}
END_TEST

/* VFs 0 and 1 of ens1f0 share a group, and it has no others. */
static void open_siblings(void)
{
	prepare("1=2");
	join("0000:01:10.2");
	open_transaction();
}

START_TEST(sibling_that_goes_to_nobody_makes_a_vf_unusable)
{
	open_siblings();
	ck_assert_contains(refusal(VM_A, "blue", VFPT_NO_VF),
		"2 unusable (VF 0: it shares iommu group 11 with "
		"0000:01:10.2, which does not go to this VM); ");
	ck_assert_uint_eq(transaction.sibling_count, 0);
	close_transaction();
}
END_TEST

START_TEST(siblings_that_go_to_one_vm_together_are_fine)
{
	open_siblings();
	ck_assert_str_eq(assign_before(VM_A, "blue", 1), "VF 0 of ens1f0");
	/* Not yet. */
	ck_assert_fails(vfpt_transaction_check(&transaction, VM_A, &err), err, VFPT_NO_VF);
	ck_assert_contains(err.message, "vNIC 56:6f:1a:2b:00:");
	ck_assert_contains(err.message,
		": its VF shares an iommu group with 0000:01:10.2, which does not go to "
		"this VM; use a PCI slot whose bridges support ACS");
	ck_assert_str_eq(assign_before(VM_A, "blue", 0), "VF 1 of ens1f0");
	ck_assert_ok(vfpt_transaction_check(&transaction, VM_A, &err), err);
	close_transaction();
}
END_TEST

START_TEST(sibling_left_behind_fails_the_check)
{
	open_siblings();
	ck_assert_str_eq(assign_before(VM_A, "blue", 1), "VF 0 of ens1f0");
	ck_assert_str_eq(assign_before(VM_A, "red", 0), "VF 0 of ens2f0");
	ck_assert_fails(vfpt_transaction_check(&transaction, VM_A, &err), err, VFPT_NO_VF);
	ck_assert_contains(err.message, "its VF shares an iommu group with 0000:01:10.2");
	catch_stderr();
	vfpt_transaction_undo(&transaction);
	caught_stderr();
	ck_assert_uint_eq(transaction.sibling_count, 0);
	ck_assert_uint_eq(entries(LEDGER), 0);
	close_transaction();
}
END_TEST

START_TEST(vf_that_is_alone_goes_before_one_with_siblings)
{
	prepare("1=3");
	join("0000:01:10.2");
	open_transaction();
	ck_assert_str_eq(assign_before(VM_A, "blue", 2), "VF 2 of ens1f0");
	/* Then there is no other choice, and what is begun is completed. */
	ck_assert_str_eq(assign_before(VM_A, "blue", 1), "VF 0 of ens1f0");
	ck_assert_str_eq(assign_before(VM_A, "blue", 0), "VF 1 of ens1f0");
	ck_assert_ok(vfpt_transaction_check(&transaction, VM_A, &err), err);
	close_transaction();
}
END_TEST

START_TEST(group_that_is_begun_is_completed_first)
{
	prepare("2=1 3=3 2.0=b");
	/* VFs 0 and 2 of ens3f0; VF 1 is alone, but in use for now */
	put_link(PF_3 "virtfn2/iommu_group", "../../../../kernel/iommu_groups/25");
	put_link(GROUPS "25/devices/0000:03:10.4", "x");
	use(3, 1);
	open_transaction();
	ck_assert_str_eq(assign_before(VM_A, "red", 1), "VF 0 of ens3f0");
	drop(PF_3 "virtfn1/net/eth15/upper_br0");
	ck_assert_str_eq(assign_before(VM_A, "red", 0), "VF 2 of ens3f0");
	ck_assert_ok(vfpt_transaction_check(&transaction, VM_A, &err), err);
	close_transaction();
}
END_TEST

/* Plugged one after the other, each in a transaction of its own. */
START_TEST(sibling_that_the_vm_has_already_is_fine)
{
	prepare("1.1=a");
	open_siblings();
	ck_assert_str_eq(assign(VM_A, "blue"), "VF 0 of ens1f0");
	ck_assert_ok(vfpt_transaction_check(&transaction, VM_A, &err), err);
	close_transaction();
}
END_TEST

START_TEST(sibling_of_another_vm_or_in_use_makes_a_vf_unusable)
{
	if (_i)
		use(1, 1);
	else
		give(1, 1, VM_B);
	open_siblings();
	ck_assert_contains(refusal(VM_A, "blue", VFPT_NO_VF),
		"VF 0: it shares iommu group 11 with 0000:01:10.2, which does not go to");
	close_transaction();
}
END_TEST

START_TEST(more_siblings_than_vnics_make_a_vf_unusable)
{
	prepare("1=3");
	join("0000:01:10.2");
	join("0000:01:10.4");
	open_transaction();
	ck_assert_contains(
		assign_before(VM_A, "blue", 1), "3 unusable (VF 0: it shares iommu group 11 with ");
	ck_assert_str_eq(assign_before(VM_A, "blue", 2), "VF 0 of ens1f0");
	ck_assert_uint_eq(transaction.sibling_count, 2);
	close_transaction();
}
END_TEST

/* It is not to be had, so it does not come along. */
START_TEST(sibling_that_is_excluded_makes_a_vf_unusable)
{
	put_file(CONFIG, "[pf ens1f0]\nexclude = 1\n");
	open_siblings();
	ck_assert_contains(assign_before(VM_A, "blue", 5),
		"VF 0: it shares iommu group 11 with 0000:01:10.2, which does not go to this VM); ");
	close_transaction();
}
END_TEST

/* Last time's VF opens a group; one that is alone goes before it. */
START_TEST(vf_that_is_alone_goes_before_that_of_last_time)
{
	struct vfpt_request request = request_of(VM_A, "blue");

	prepare("1=3 1.1=last");
	join("0000:01:10.2");
	request.mac = mac_aa;
	request.more = 1;
	open_transaction();
	ck_assert_str_eq(try(&request), "VF 2 of ens1f0");
	close_transaction();
}
END_TEST

START_TEST(vf_by_name_has_no_siblings)
{
	open_siblings();
	ck_assert_fails(vfpt_assign_netdev(&transaction, VM_A, "eth0", &assigned, &err), err, VFPT_NO_VF);
	ck_assert_str_eq(
		err.message, "it shares iommu group 11 with 0000:01:10.2, which does not go to this VM");
	close_transaction();
}
END_TEST

/* Its network device is all that a macvtap needs: the group is of no interest. */
START_TEST(macvtap_has_no_siblings)
{
	struct vfpt_request request = request_of(VM_A, "blue");

	profile.mode = VFPT_MODE_MACVTAP;
	open_siblings();
	ck_assert_str_eq(try(&request), "VF 0 of ens1f0");
	ck_assert_uint_eq(transaction.sibling_count, 0);
	ck_assert_ok(vfpt_transaction_check(&transaction, VM_A, &err), err);
	close_transaction();
}
END_TEST

/* And where a macvtap has one of the group, the guest cannot have the others, in either order. */
START_TEST(group_is_not_shared_by_guest_and_macvtap)
{
	struct vfpt_request first = request_of(VM_A, "blue"), second = request_of(VM_A, "blue");
	const char *reason = _i ? "its iommu group goes to the guest as a whole"
				: "it shares iommu group 11 with 0000:01:10.0, which does not go to this VM";

	profile.mode = _i ? VFPT_MODE_HOSTDEV : VFPT_MODE_MACVTAP;
	first.more = 1;
	open_siblings();
	ck_assert_str_eq(try(&first), "VF 0 of ens1f0");
	profile.mode = _i ? VFPT_MODE_MACVTAP : VFPT_MODE_HOSTDEV;
	ck_assert_contains(try(&second), reason);
	ck_assert_uint_eq(transaction.count, 1);
	close_transaction();
	if (_i)
		return;
	/* Plugged later, too. */
	open_transaction();
	ck_assert_contains(try(&second), reason);
	close_transaction();
}
END_TEST

static TCase *assign_case(Suite *suite, const char *name)
{
	TCase *tcase = new_case(suite, name, host_setup);

	tcase_add_checked_fixture(tcase, forget_profile, NULL);
	return tcase;
}

int main(void)
{
	Suite *suite = suite_create("assign");
	TCase *tcase = assign_case(suite, "choice");

	tcase_add_loop_test(tcase, best_vf_is_chosen, 0, ARRAY_SIZE(choices));
	tcase_add_test(tcase, vf_of_a_garbage_record_is_not_chosen);
	tcase_add_test(tcase, vnics_of_one_vm_are_spread_over_the_pfs);
	tcase_add_test(tcase, all_vfs_of_a_host_go_to_vms_and_none_twice);

	tcase = assign_case(suite, "rules");
	tcase_add_loop_test(tcase, choice_follows_the_rules, 0, ARRAY_SIZE(rules));
	tcase_add_test(tcase, vnic_gets_the_vf_of_last_time_again);
	tcase_add_test(tcase, vfs_are_counted_for_each_network);
	tcase_add_test(tcase, bridge_stands_for_the_network);
	tcase_add_test(tcase, what_was_given_back_meanwhile_does_not_count);
	tcase_add_test(tcase, most_vfs_of_one_vm_are_counted_within_the_transaction_too);

	tcase = assign_case(suite, "none");
	tcase_add_loop_test(tcase, shortage_is_told_for_each_pf, 0, ARRAY_SIZE(shortages));
	tcase_add_test(tcase, shortage_on_many_pfs_is_cut_and_still_says_what_to_do);
	tcase_add_test(tcase, request_that_the_host_cannot_serve_is_refused);
	tcase_add_test(tcase, broken_host_is_an_error_and_no_shortage);
	tcase_add_loop_test(tcase, unfit_mac_is_refused, 0, ARRAY_SIZE(macs));
	tcase_add_loop_test(tcase, mtu_of_the_vnic_must_fit, 0, ARRAY_SIZE(mtus));
	tcase_add_test(tcase, mtu_of_the_network_must_fit);

	tcase = assign_case(suite, "assignment");
	tcase_add_test(tcase, assignment_says_all);
	tcase_add_loop_test(
		tcase, vlan_is_the_networks_unless_the_vnic_asks_for_another, 0, ARRAY_SIZE(vlans));
	tcase_add_loop_test(tcase, alias_is_kept_where_libvirt_keeps_it, 0, ARRAY_SIZE(aliases));
	tcase_add_loop_test(tcase, vlan_and_mtu_are_the_vnics_or_the_configurations_or_the_bridges, 0,
		ARRAY_SIZE(targets));
	tcase_add_test(tcase, vlan_of_a_bridge_on_a_pf_without_vfs_counts);
	tcase_add_test(tcase, shortage_of_two_kinds_is_no_matter_of_mtu_alone);
	tcase_add_loop_test(tcase, bandwidth_of_the_vnic_is_a_ceiling, 0, ARRAY_SIZE(bandwidths));
	tcase_add_test(tcase, settings_that_are_asked_for_are_set_and_recorded);
	tcase_add_loop_test(tcase, link_is_held_where_libvirt_would_open_it_with_a_wrong_tag, 0, 3);

	tcase = assign_case(suite, "modes");
	tcase_add_loop_test(tcase, port_profile_leaves_the_vlan_to_the_switch, 0, 2);
	tcase_add_loop_test(tcase, failover_needs_a_bridge, 0, ARRAY_SIZE(failovers));
	tcase_add_test(tcase, macvtap_needs_the_vfs_network_device_and_no_iommu);
	tcase_add_test(tcase, macvtap_on_a_vf_without_network_device_is_told);
	tcase_add_test(tcase, network_device_that_cannot_be_read_is_an_error_and_no_shortage);

	tcase = assign_case(suite, "MTU");
	tcase_add_loop_test(tcase, mtu_of_a_macvtap_is_set_recorded_and_put_back, 0, 2);
	tcase_add_loop_test(tcase, mtu_is_set_where_it_is_another, 0, ARRAY_SIZE(device_mtus));
	tcase_add_test(tcase, mtu_that_is_refused_leaves_vf_and_ledger_as_they_were);
	tcase_add_test(tcase, mtu_that_libvirt_changed_is_set_again_once_the_vm_runs);
	tcase_add_loop_test(tcase, mtu_of_the_macvtap_follows, 0, 2);
	tcase_add_test(tcase, mtu_that_the_macvtap_refuses_is_an_error);
	tcase_add_loop_test(tcase, mtu_that_cannot_be_put_back_does_not_keep_the_vf, 0, 2);
	tcase_add_test(tcase, mtu_is_only_told_where_nothing_is_set);

	tcase = assign_case(suite, "by name");
	tcase_add_loop_test(tcase, vf_is_found_by_the_name_of_its_network_device, 0, ARRAY_SIZE(named));
	tcase_add_test(tcase, excluded_vf_is_not_given_by_name);
	tcase_add_loop_test(tcase, vf_that_is_kept_for_networks_is_not_given_by_name, 0, 4);
	tcase_add_loop_test(tcase, vfs_by_name_are_counted_too, 0, 2);
	tcase_add_test(tcase, vf_of_a_garbage_record_is_not_given_by_name);
	tcase_add_test(tcase, vf_by_name_is_recorded_and_nothing_but_its_mac_is_asked_for);
	tcase_add_loop_test(tcase, vf_by_name_keeps_its_vlan, 0, 4);
	tcase_add_test(tcase, vlan_of_a_vf_by_name_gets_into_the_document);
	tcase_add_test(tcase, vf_by_name_whose_mac_is_refused_is_left_as_it_was);

	tcase = assign_case(suite, "MACs");
	tcase_add_test(tcase, stale_mac_on_a_free_vf_is_cleared_and_undone);
	tcase_add_test(tcase, mac_that_the_chosen_vf_has_already_is_no_conflict);
	tcase_add_loop_test(tcase, mac_of_another_vms_vf_is_refused, 0, 2);
	tcase_add_test(tcase, mac_of_a_vf_in_use_is_refused);
	tcase_add_loop_test(tcase, mac_of_a_record_is_refused, 0, 3);
	tcase_add_test(tcase, mac_is_given_out_once_whatever_the_network);
	tcase_add_test(tcase, mac_of_a_vf_by_name_is_another_vms);
	tcase_add_loop_test(tcase, mac_of_a_pf_of_another_network_is_refused, 0, 2);
	tcase_add_test(tcase, sick_pf_of_another_network_keeps_nobody_from_a_vf);

	tcase = assign_case(suite, "driver");
	tcase_add_test(tcase, vf_is_set_and_what_it_was_recorded);
	tcase_add_test(tcase, refused_setting_leaves_vf_and_ledger_as_they_were);
	tcase_add_test(tcase, undoing_puts_all_vfs_back);
	tcase_add_test(tcase, stale_mac_is_taken_from_its_vf_and_comes_back);
	tcase_add_test(tcase, mac_is_given_out_once);
	tcase_add_loop_test(tcase, setting_that_is_not_shown_has_its_default, 0, ARRAY_SIZE(hidden));
	tcase_add_test(tcase, setting_that_is_not_shown_and_does_not_go_back_is_told);
	tcase_add_test(tcase, vf_by_name_keeps_what_is_not_shown);
	tcase_add_loop_test(tcase, mac_is_looked_for_on_all_pfs, 0, ARRAY_SIZE(holders));
	tcase_add_test(tcase, mac_that_an_excluded_vf_has_is_not_wiped_off_it);
	tcase_add_test(tcase, pf_of_another_network_that_cannot_be_asked_keeps_nobody_from_a_vf);
	tcase_add_test(tcase, link_is_held_before_anything_else_is_set_and_let_up_at_last);
	tcase_add_test(tcase, setting_refused_behind_a_held_link_lets_it_up_again);
	tcase_add_loop_test(tcase, driver_that_cannot_hold_the_link_is_refused_or_allowed_the_gap, 0, 2);
	tcase_add_test(tcase, difference_once_the_vm_runs_is_a_warning);
	tcase_add_test(tcase, driver_that_takes_an_old_value_no_more_does_not_keep_the_vf);
	tcase_add_test(tcase, release_that_cannot_reach_the_driver_keeps_the_record);
	tcase_add_test(tcase, late_release_does_not_touch_the_new_owners_settings);

	tcase = assign_case(suite, "all or nothing");
	tcase_add_test(tcase, undoing_leaves_the_ledger_empty_newest_first);
	tcase_add_test(tcase, undoing_leaves_what_was_there_before);
	tcase_add_test(tcase, what_is_committed_is_not_undone);
	tcase_add_test(tcase, one_that_fails_leaves_the_earlier_ones);
	tcase_add_test(tcase, record_that_cannot_be_written_leaves_the_vf_free);

	tcase = assign_case(suite, "release");
	tcase_add_test(tcase, release_gives_the_vf_back);
	tcase_add_test(tcase, release_sets_back_all_that_was);
	tcase_add_loop_test(tcase, late_release_leaves_new_owner_alone, 0, 2);
	tcase_add_test(tcase, second_release_does_nothing);
	tcase_add_loop_test(tcase, release_of_a_vanished_vf_removes_the_record_with_a_warning, 0, 2);
	tcase_add_test(tcase, release_goes_by_address_and_not_by_index);
	tcase_add_test(tcase, release_that_fails_keeps_the_record);
	tcase_add_test(tcase, release_with_a_damaged_record_is_an_error);
	tcase_add_test(tcase, finishing_a_vanished_vf_is_an_error);

	tcase = assign_case(suite, "iommu groups");
	tcase_add_loop_test(tcase, vf_that_shares_its_group_with_a_foreign_function_is_not_chosen, 0, 3);
	tcase_add_test(tcase, bridge_in_the_group_does_not_matter);
	tcase_add_test(tcase, shared_group_is_the_reason_when_no_other_vf_is_left);
	tcase_add_test(tcase, vf_without_group_is_not_chosen);
	tcase_add_test(tcase, unreadable_group_is_an_error);
	tcase_add_test(tcase, sibling_that_goes_to_nobody_makes_a_vf_unusable);
	tcase_add_test(tcase, siblings_that_go_to_one_vm_together_are_fine);
	tcase_add_test(tcase, sibling_left_behind_fails_the_check);
	tcase_add_test(tcase, vf_that_is_alone_goes_before_one_with_siblings);
	tcase_add_test(tcase, group_that_is_begun_is_completed_first);
	tcase_add_test(tcase, sibling_that_the_vm_has_already_is_fine);
	tcase_add_loop_test(tcase, sibling_of_another_vm_or_in_use_makes_a_vf_unusable, 0, 2);
	tcase_add_test(tcase, more_siblings_than_vnics_make_a_vf_unusable);
	tcase_add_test(tcase, sibling_that_is_excluded_makes_a_vf_unusable);
	tcase_add_test(tcase, vf_that_is_alone_goes_before_that_of_last_time);
	tcase_add_test(tcase, vf_by_name_has_no_siblings);
	tcase_add_test(tcase, macvtap_has_no_siblings);
	tcase_add_loop_test(tcase, group_is_not_shared_by_guest_and_macvtap, 0, 2);
	return run_suite(suite);
}
