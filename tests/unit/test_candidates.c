/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which PFs, and which of their VFs: asked by plans for a vNIC that is plugged: what the VM has stays. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plan_support.h"

/* --- which VF -------------------------------------------------------------------------------- */

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
	const struct vfpt_request request = request_of(choices[_i].bridge);

	prepare(choices[_i].before);
	open_session();
	ck_assert_ok(plan_plug(VM_A, &request), err);
	ck_assert_str_eq(planned(0), choices[_i].choice);
	ck_assert_uint_eq(plan->count, 1);
}
END_TEST

START_TEST(vf_of_a_garbage_record_is_not_chosen)
{
	put_file(LEDGER "/0000:01:10.0@x", "x");
	put_file(LEDGER "/0000:01:10.2", "x");
	open_session();
	ck_assert_contains(said, "names no VM");
	ck_assert_str_eq(plug(VM_A, "blue"), "VF 2 of ens1f0");
}
END_TEST

static const char *const spread[] = {"VF 0 of ens2f0", "VF 0 of ens3f0", "VF 1 of ens2f0", "VF 1 of ens3f0",
	"VF 2 of ens2f0", "VF 2 of ens3f0", "VF 3 of ens2f0", "VF 3 of ens3f0", "VF 4 of ens2f0",
	"VF 5 of ens2f0", "VF 6 of ens2f0"};

#define NONE_OF_RED                                                                                          \
	"no free VF: ens2f0 has 7 VFs, 7 assigned to VMs; ens3f0 has 4 VFs, 4 assigned to VMs; make more "   \
	"VFs in the engine (Setup Host Networks) or stop a VM that has one"

START_TEST(vnics_of_one_vm_are_spread_over_the_pfs)
{
	struct vfpt_request list[ARRAY_SIZE(spread) + 1];

	for (size_t i = 0; i < ARRAY_SIZE(list); i++)
		list[i] = request_of("red");
	open_session();
	ck_assert_ok(plan_start(VM_A, list, ARRAY_SIZE(list), NULL), err);
	for (size_t i = 0; i < ARRAY_SIZE(spread); i++)
		ck_assert_str_eq(planned(i), spread[i]);
	ck_assert_str_eq(planned(ARRAY_SIZE(spread)), NONE_OF_RED);
	ck_assert_int_eq(plan->failure.code, VFPT_NO_VF);
}
END_TEST

/* What the VM has counts like what the plan gives it. */
START_TEST(vnics_that_are_plugged_one_by_one_are_spread_too)
{
	const struct vfpt_request request = request_of("red");

	open_session();
	for (size_t i = 0; i < ARRAY_SIZE(spread); i++)
		ck_assert_str_eq(plug(VM_A, "red"), spread[i]);
	ck_assert_str_eq(refusal(VM_A, &request, VFPT_NO_VF), NONE_OF_RED);
}
END_TEST

START_TEST(all_vfs_of_a_host_go_to_vms_and_none_twice)
{
	open_session();
	for (unsigned i = 0; i < 18; i++) {
		const char *vm = text("00000000-0000-0000-0000-%012u", i),
			   *got = plug(vm, i < 7 ? "blue" : "red");

		ck_assert_msg(strncmp(got, "VF ", 3) == 0, "VM %u: %s", i, got);
	}
	for (unsigned pf = 1; pf <= 3; pf++)
		for (unsigned vf = 0; vf < (pf == 3 ? 4 : 7); vf++)
			ck_assert_msg(owner(vf_address(pf, vf)) != NULL, "%s is free", vf_address(pf, vf));
	ck_assert_uint_eq(entries(LEDGER), 18);
}
END_TEST

/* --- rules: what vfpt.conf, the vNIC's properties and the VM's placement make of the choice --- */

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
	struct vfpt_request request = request_of(rules[_i].bridge);
	bool finds = strncmp(rules[_i].choice, "VF ", 3) == 0;

	request.mac = mac_aa;
	if (rules[_i].network)
		request.network = rules[_i].network;
	if (rules[_i].nodes) {
		static struct vfpt_set no_cpus;

		nodes = (struct vfpt_set){0};
		requests.nodes = &nodes;
		requests.cpus = &no_cpus;
		if (rules[_i].nodes[0])
			ck_assert_int_eq(vfpt_set_parse(&nodes, rules[_i].nodes), 0);
	}
	if (rules[_i].pfs)
		snprintf(request.profile.pfs, sizeof(request.profile.pfs), "%s", rules[_i].pfs);
	if (rules[_i].config)
		put_file(CONFIG, rules[_i].config);
	if (rules[_i].before)
		prepare(rules[_i].before);
	open_session();
	ck_assert_ok(plan_plug(VM_A, &request), err);
	if (finds)
		ck_assert_str_eq(planned(0), rules[_i].choice);
	else
		ck_assert_contains(planned(0), rules[_i].choice);
	ck_assert_int_eq(plan->vnics[0].outcome, finds ? VFPT_OUTCOME_VF : VFPT_OUTCOME_FAIL);
	ck_assert_int_eq(plan->vnics[0].why.code, finds ? VFPT_OK : VFPT_NO_VF);
}
END_TEST

/* Where the VM's memory is nowhere in particular, its CPUs say where it is. */
START_TEST(cpus_tell_the_node_where_memory_does_not)
{
	struct vfpt_request request = request_of("red");
	struct vfpt_set cpus = {0};

	prepare("2=node0 3=node1");
	put_file("sys/devices/system/node/node0/cpulist", "0-3\n");
	put_file("sys/devices/system/node/node1/cpulist", "4-7\n");
	ck_assert_int_eq(vfpt_set_parse(&cpus, _i ? "2" : "5"), 0);
	nodes = (struct vfpt_set){0};
	requests.nodes = &nodes;
	requests.cpus = &cpus;
	open_session();
	ck_assert_ok(plan_start(VM_A, &request, 1, NULL), err);
	ck_assert_str_eq(planned(0), _i ? "VF 0 of ens2f0" : "VF 0 of ens3f0");
}
END_TEST

/* The same inputs always give the same VF: the ledger and nothing else says what was before. */
START_TEST(vnic_gets_the_vf_of_last_time_again)
{
	struct vfpt_request request = request_of("blue"), other = request_of("blue");

	give(1, 0, VM_C);
	open_session();
	ck_assert_str_eq(plug_request(VM_A, &request), "VF 1 of ens1f0");
	ck_assert_ok(release(), err);
	drop(LEDGER "/0000:01:10.0@" VM_C);
	open_session();
	ck_assert_str_eq(plug_request(VM_B, &other), "VF 0 of ens1f0");
	drop(LEDGER "/0000:01:10.0@" VM_B);
	open_session();
	ck_assert_str_eq(plug_request(VM_A, &request), "VF 1 of ens1f0");
	/* What is undone has never been. */
	undo();
	ck_assert_uint_eq(entries(LEDGER "/last"), 1);
	open_session();
	ck_assert_str_eq(plug_request(VM_A, &request), "VF 1 of ens1f0");
}
END_TEST

/* Two vNICs of one network on two PFs, so that a bond in the guest outlives one; each network for itself. */
static const struct {
	const char *network, *choice;
} networks[] = {
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

START_TEST(vfs_are_counted_for_each_network)
{
	struct vfpt_request list[ARRAY_SIZE(networks)];

	for (size_t i = 0; i < ARRAY_SIZE(list); i++) {
		list[i] = request_of("red");
		list[i].network = networks[i].network;
	}
	open_session();
	if (_i)
		ck_assert_ok(plan_start(VM_A, list, ARRAY_SIZE(list), NULL), err);
	for (size_t i = 0; i < ARRAY_SIZE(list); i++) {
		ck_assert_str_eq(_i ? planned(i) : plug_request(VM_A, &list[i]), networks[i].choice);
		ck_assert_str_eq(
			plan->vnics[_i ? i : 0].assignment.network, i < 6 ? networks[i].network : "A_B");
	}
}
END_TEST

/* What a killed hook left is given back first: then the VM does not have it any more. */
START_TEST(what_is_given_back_first_does_not_count)
{
	const struct vfpt_request list[] = {request_of("blue"), request_of("red")};

	prepare("2.0=a");
	open_session();
	ck_assert_ok(plan_start(VM_A, list, 2, NULL), err);
	ck_assert_uint_eq(plan->release_count, 1);
	ck_assert_str_eq(planned(0), "VF 0 of ens1f0");
	ck_assert_str_eq(planned(1), "VF 0 of ens2f0");
}
END_TEST

START_TEST(most_vfs_of_one_vm_are_counted_within_a_plan_too)
{
	const struct vfpt_request list[] = {request_of("blue"), request_of("ovirtmgmt"), request_of("blue")};

	put_file(CONFIG, "[pf ens1f0]\nmax_vfs_per_vm = 2\n");
	open_session();
	ck_assert_ok(plan_start(VM_A, list, 3, NULL), err);
	ck_assert_str_eq(planned(0), "VF 0 of ens1f0");
	ck_assert_str_eq(planned(1), "VF 1 of ens1f0");
	ck_assert_contains(planned(2), "this VM has 2 of its VFs, the most that ");
	ck_assert_str_eq(plug(VM_A, "blue"), "VF 0 of ens1f0");
	ck_assert_str_eq(plug(VM_A, "ovirtmgmt"), "VF 1 of ens1f0");
	ck_assert_contains(refusal(VM_A, &list[2], VFPT_NO_VF), "this VM has 2 of its VFs, the most that ");
	ck_assert_str_eq(plug(VM_B, "blue"), "VF 2 of ens1f0");
}
END_TEST

/* --- none free: each PF is named, with counts and a reason ---------------------------------- */

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
	const struct vfpt_request request = request_of(shortages[_i].bridge);

	prepare(shortages[_i].before);
	open_session();
	ck_assert_str_eq(refusal(VM_A, &request, VFPT_NO_VF),
		text("no free VF: %s; make more VFs in the engine (Setup Host Networks) or stop a VM that "
		     "has one",
			shortages[_i].reason));
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
	const struct vfpt_request request = request_of("red");
	const char *why;

	prepare("2=0 3=0");
	put_pfs(31);
	open_session();
	why = refusal(VM_A, &request, VFPT_NO_VF);
	ck_assert_int_eq(
		strncmp(why, "no free VF: enp160s0f0 has 1 VFs, 1 assigned to VMs; enp160s1f0 has ", 66), 0);
	ck_assert_contains(
		why, "; make more VFs in the engine (Setup Host Networks) or stop a VM that has one");
}
END_TEST

static const struct {
	const char *bridge;
	enum vfpt_code code;
	const char *why;
} unknown[] = {
	{"green", VFPT_NO_VF,
		"there is no bridge green on this host; attach the network to the host in the engine, or give [network green] its pfs in vfpt.conf"},
	{"../blue", VFPT_BAD_INPUT,
		"is not a bridge's name; give the vNIC a network that is attached to the host"},
	{"bond0", VFPT_NO_VF,
		"bond0 is not a bridge on this host; passthrough needs a network with a Linux bridge, or a [network bond0] with pfs in vfpt.conf"},
};

START_TEST(request_that_the_host_cannot_serve_is_refused)
{
	open_session();
	for (size_t i = 0; i < ARRAY_SIZE(unknown); i++) {
		const struct vfpt_request request = request_of(unknown[i].bridge);

		ck_assert_contains(refusal(VM_A, &request, unknown[i].code), unknown[i].why);
	}
	/* After that it goes on. */
	ck_assert_str_eq(plug(VM_A, "blue"), "VF 0 of ens1f0");
}
END_TEST

START_TEST(broken_host_is_an_error_and_no_shortage)
{
	const struct vfpt_request request = request_of("blue");

	drop(PF_1 "virtfn0/net");
	put_file(PF_1 "virtfn0/net", "x");
	open_session();
	ck_assert_contains(refusal(VM_A, &request, VFPT_SYSTEM), "VF 0 of ens1f0: ");
}
END_TEST

/* --- MTU ------------------------------------------------------------------------------------- */

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
	struct vfpt_request request = request_of(mtus[_i].bridge);

	request.mtu = mtus[_i].mtu;
	open_session();
	ck_assert_ok(plan_plug(VM_A, &request), err);
	ck_assert_str_eq(planned(0), mtus[_i].outcome);
}
END_TEST

START_TEST(mtu_of_the_network_must_fit)
{
	put_file("sys/devices/virtual/net/red/mtu", "9000\n");
	put_file(PF_2 "net/ens2f0/mtu", "8999\n");
	open_session();
	ck_assert_str_eq(plug(VM_A, "red"), "VF 0 of ens3f0");
}
END_TEST

START_TEST(shortage_of_two_kinds_is_no_matter_of_mtu_alone)
{
	struct vfpt_request request = request_of("red");

	put_file(PF_2 "net/ens2f0/mtu", "1500\n");
	prepare("3=1 3.0=b");
	request.mtu = 9000;
	open_session();
	ck_assert_contains(
		refusal(VM_A, &request, VFPT_NO_VF), "; make more VFs in the engine (Setup Host Networks) ");
}
END_TEST

/* --- switchdev mode -------------------------------------------------------------------------- */

#define SWITCHDEV(pf, address)                                                                               \
	pf " is in switchdev mode, where a VF passes nothing by itself; run devlink dev eswitch set "        \
	   "pci/" address " mode legacy"

static const struct {
	const char *before, *bridge, *outcome;
} switchdev[] = {
	{"1=switchdev", "blue",
		"no free VF: ens1f0 has 7 VFs, 0 assigned to VMs, " SWITCHDEV("ens1f0", "0000:01:00.0")},
	{"2=switchdev", "red", "VF 0 of ens3f0"},
	{"2=switchdev 3=switchdev 3.1=b", "red",
		"no free VF: ens2f0 has 7 VFs, 0 assigned to VMs, " SWITCHDEV("ens2f0",
			"0000:02:00.0") "; ens3f0 has 4 VFs, 1 assigned to VMs, " SWITCHDEV("ens3f0",
			"0000:03:00.0")},
	{"2=switchdev 3=1 3.0=b", "red",
		"no free VF: ens2f0 has 7 VFs, 0 assigned to VMs, " SWITCHDEV("ens2f0",
			"0000:02:00.0") "; ens3f0 has 1 VFs, 1 assigned to VMs; make more VFs in the engine "
					"(Setup Host Networks) or stop a VM that has one"},
};

START_TEST(pf_in_switchdev_mode_gives_no_vf)
{
	const struct vfpt_request request = request_of(switchdev[_i].bridge);

	prepare(switchdev[_i].before);
	open_session();
	ck_assert_ok(plan_plug(VM_A, &request), err);
	ck_assert_str_eq(planned(0), switchdev[_i].outcome);
}
END_TEST

START_TEST(vf_of_a_pf_in_switchdev_mode_is_not_given_by_name)
{
	const struct vfpt_request request = request_by_name("eth3");

	prepare("1=switchdev");
	open_session();
	ck_assert_ok(plan_start(VM_A, &request, 1, NULL), err);
	ck_assert_str_eq(planned(0), SWITCHDEV("ens1f0", "0000:01:00.0"));
}
END_TEST

/* VFIO gives away groups as a whole: a VF that cannot be had is no sibling. */
START_TEST(vf_of_a_pf_in_switchdev_mode_does_not_come_along)
{
	const struct vfpt_request list[] = {request_of("blue"), request_of("red")};

	prepare("2=switchdev 1=1");
	join_group(vf_address(2, 0));
	open_session();
	ck_assert_ok(plan_start(VM_A, list, 2, NULL), err);
	ck_assert_contains(planned(0), "shares iommu group 11 with 0000:02:10.0");
}
END_TEST

/* --- the VF of a network device by name: eth0 to eth6 are ens1f0's --------------------------- */

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
	{"1.0=a", "eth0", VFPT_NO_VF, "it belongs to VM " VM_A},
	{"1.0=use", "eth0", VFPT_NO_VF, "its network device eth0 carries br0"},
	{"", "eth18", VFPT_BAD_INPUT,
		"there is no network device eth18 on this host, or someone else has it"},
	{"", "ens1f0", VFPT_BAD_INPUT, "network device ens1f0 is not a VF's"},
	{"", "blue", VFPT_BAD_INPUT, "network device blue is not a VF's"},
	{"", "lo", VFPT_BAD_INPUT, "network device lo is not a VF's"},
	{"", "..", VFPT_BAD_INPUT, "\"..\" is not a network device's name"},
	{"", "../eth0", VFPT_BAD_INPUT, "\"../eth0\" is not a network device's name"},
	{"", "eth0/device", VFPT_BAD_INPUT, "\"eth0/device\" is not a network device's name"},
	{"", " eth0", VFPT_BAD_INPUT, "\" eth0\" is not a network device's name"},
};

START_TEST(vf_is_found_by_the_name_of_its_network_device)
{
	const struct vfpt_request request = request_by_name(named[_i].netdev);
	bool finds = strncmp(named[_i].outcome, "VF ", 3) == 0;
	char mac[VFPT_MAC_SIZE];
	const char *got;

	prepare(named[_i].before);
	open_session();
	ck_assert_ok(plan_start(VM_C, &request, 1, NULL), err);
	got = planned(0);
	if (finds)
		got = text("%s, %s", got, vfpt_mac_format(&plan->vnics[0].assignment.mac, mac));
	ck_assert_str_eq(got, named[_i].outcome);
	ck_assert_int_eq(plan->vnics[0].outcome, finds ? VFPT_OUTCOME_VF : VFPT_OUTCOME_FAIL);
	if (!finds)
		ck_assert_int_eq(plan->vnics[0].why.code, named[_i].code);
}
END_TEST

START_TEST(vf_that_is_named_twice_is_given_once)
{
	const struct vfpt_request list[] = {request_by_name("eth0"), request_by_name("eth0")};

	open_session();
	ck_assert_ok(plan_start(VM_A, list, 2, NULL), err);
	ck_assert_str_eq(planned(0), "VF 0 of ens1f0");
	ck_assert_str_eq(planned(1), "the VM has it already");
	ck_assert_str_eq(plan->failure.message, "custom property sriov: eth0: the VM has it already");
}
END_TEST

/* What the administrator keeps from us, nobody gets by its name either. */
START_TEST(excluded_vf_is_not_given_by_name)
{
	const struct vfpt_request list[] = {
		request_by_name("eth3"), request_by_name("eth8"), request_by_name("eth1")};

	put_file(CONFIG, "[pf ens1f0]\nexclude = 1-2\n");
	open_session();
	ck_assert_ok(plan_start(VM_A, list, 3, NULL), err);
	ck_assert_str_eq(planned(0), "VF 3 of ens1f0");
	ck_assert_str_eq(planned(1), "VF 1 of ens2f0");
	ck_assert_str_eq(planned(2), "vfpt.conf excludes VF 1 of ens1f0 from passthrough");
}
END_TEST

/* It is of no network. */
START_TEST(vf_that_is_kept_for_networks_is_not_given_by_name)
{
	static const char *const kept_for[] = {"blue", "[br]*", "red, green", ""};
	const struct vfpt_request list[] = {request_by_name("eth7"), request_by_name("eth0")};

	put_file(CONFIG, text("[pf ens1f0]\nnetworks = %s\n[pf ens2f0]\nnetworks = red, *\n", kept_for[_i]));
	open_session();
	ck_assert_ok(plan_start(VM_A, list, 2, NULL), err);
	ck_assert_str_eq(planned(0), "VF 0 of ens2f0");
	ck_assert_str_eq(planned(1),
		"vfpt.conf keeps the VFs of ens1f0 for certain networks, and a VF that is named has none");
	ck_assert_int_eq(plan->vnics[1].why.code, VFPT_NO_VF);
}
END_TEST

/* What the VM gets in this plan, in whichever way. */
START_TEST(vfs_by_name_are_counted_too)
{
	const struct vfpt_plan_options go_on = {.verdicts = true};
	const struct vfpt_request list[] = {request_by_name("eth0"), request_by_name("eth1"),
		request_by_name("eth3"), request_of("blue")};

	put_file(CONFIG, "[pf ens1f0]\nmax_vfs_per_vm = 2\n");
	prepare("1.5=b");
	open_session();
	ck_assert_ok(plan_start(VM_A, list, 4, &go_on), err);
	ck_assert_str_eq(planned(0), "VF 0 of ens1f0");
	ck_assert_str_eq(planned(1), "VF 1 of ens1f0");
	ck_assert_str_eq(planned(2), "this VM has 2 of the VFs of ens1f0, the most that vfpt.conf allows");
	ck_assert_contains(planned(3), "this VM has 2 of its VFs, the most that vfpt.conf allows");
	ck_assert_ok(plan_start(VM_B, list, 1, &go_on), err);
	ck_assert_str_eq(planned(0), "VF 0 of ens1f0");
}
END_TEST

START_TEST(vf_of_a_garbage_record_is_not_given_by_name)
{
	const struct vfpt_request request = request_by_name("eth0");

	put_file(LEDGER "/0000:01:10.0@x", "x");
	open_session();
	ck_assert_ok(plan_start(VM_A, &request, 1, NULL), err);
	ck_assert_str_eq(planned(0), "it belongs to VM (its record is garbage)");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("candidates");
	TCase *tcase = plan_case(suite, "choice");

	tcase_add_loop_test(tcase, best_vf_is_chosen, 0, ARRAY_SIZE(choices));
	tcase_add_test(tcase, vf_of_a_garbage_record_is_not_chosen);
	tcase_add_test(tcase, vnics_of_one_vm_are_spread_over_the_pfs);
	tcase_add_test(tcase, vnics_that_are_plugged_one_by_one_are_spread_too);
	tcase_add_test(tcase, all_vfs_of_a_host_go_to_vms_and_none_twice);

	tcase = plan_case(suite, "rules");
	tcase_add_loop_test(tcase, choice_follows_the_rules, 0, ARRAY_SIZE(rules));
	tcase_add_loop_test(tcase, cpus_tell_the_node_where_memory_does_not, 0, 2);
	tcase_add_test(tcase, vnic_gets_the_vf_of_last_time_again);
	tcase_add_loop_test(tcase, vfs_are_counted_for_each_network, 0, 2);
	tcase_add_test(tcase, what_is_given_back_first_does_not_count);
	tcase_add_test(tcase, most_vfs_of_one_vm_are_counted_within_a_plan_too);

	tcase = plan_case(suite, "none");
	tcase_add_loop_test(tcase, shortage_is_told_for_each_pf, 0, ARRAY_SIZE(shortages));
	tcase_add_test(tcase, shortage_on_many_pfs_is_cut_and_still_says_what_to_do);
	tcase_add_test(tcase, request_that_the_host_cannot_serve_is_refused);
	tcase_add_test(tcase, broken_host_is_an_error_and_no_shortage);

	tcase = plan_case(suite, "MTU");
	tcase_add_loop_test(tcase, mtu_of_the_vnic_must_fit, 0, ARRAY_SIZE(mtus));
	tcase_add_test(tcase, mtu_of_the_network_must_fit);
	tcase_add_test(tcase, shortage_of_two_kinds_is_no_matter_of_mtu_alone);

	tcase = plan_case(suite, "switchdev");
	tcase_add_loop_test(tcase, pf_in_switchdev_mode_gives_no_vf, 0, ARRAY_SIZE(switchdev));
	tcase_add_test(tcase, vf_of_a_pf_in_switchdev_mode_is_not_given_by_name);
	tcase_add_test(tcase, vf_of_a_pf_in_switchdev_mode_does_not_come_along);

	tcase = plan_case(suite, "by name");
	tcase_add_loop_test(tcase, vf_is_found_by_the_name_of_its_network_device, 0, ARRAY_SIZE(named));
	tcase_add_test(tcase, vf_that_is_named_twice_is_given_once);
	tcase_add_test(tcase, excluded_vf_is_not_given_by_name);
	tcase_add_loop_test(tcase, vf_that_is_kept_for_networks_is_not_given_by_name, 0, 4);
	tcase_add_test(tcase, vfs_by_name_are_counted_too);
	tcase_add_test(tcase, vf_of_a_garbage_record_is_not_given_by_name);
	return run_suite(suite);
}
