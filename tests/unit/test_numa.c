/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "numa.h"

#include "support.h"

#define NODES "sys/devices/system/node/"

static struct vfpt_error err;

/* The nodes of these CPUs, one by one: "0 10". */
static const char *nodes_of(const char *cpus, const char *before)
{
	static struct vfpt_set of, found;
	const char *list = "";

	of = found = (struct vfpt_set){0};
	if (*cpus)
		ck_assert_int_eq(vfpt_set_parse(&of, cpus), 0);
	if (*before)
		ck_assert_int_eq(vfpt_set_parse(&found, before), 0);
	ck_assert_ok(vfpt_nodes_of_cpus(root_fd, &of, &found, &err), err);
	for (unsigned node = 0; node < VFPT_SET_SIZE; node++)
		if (vfpt_set_has(&found, node))
			list = text("%s%s%u", list, *list ? " " : "", node);
	return list;
}

static void put_nodes(void)
{
	put_file(NODES "node0/cpulist", "0-3,8-11\n");
	put_file(NODES "node1/cpulist", "4-7,12-15\n");
	put_file(NODES "node2/cpulist", "\n"); /* memory only */
	put_file(NODES "node10/cpulist", "64,70-71\n");
	put_file(NODES "node65535/cpulist", "65535\n");
	put_file(NODES "online", "0-2,10,65535\n");
	put_file(NODES "has_cpu", "0-1,10,65535\n");
	put_file(NODES "power/cpulist", "0-65535\n");
}

static const struct {
	const char *cpus, *before, *nodes;
} cpu_nodes[] = {
	{"", "", ""},
	{"0", "", "0"},
	{"3", "", "0"},
	{"4", "", "1"},
	{"11", "", "0"},
	{"12", "", "1"},
	{"0-15", "", "0 1"},
	{"3-4", "", "0 1"},
	{"0,64", "", "0 10"},
	{"70", "", "10"},
	{"65", "", ""},
	{"16-63", "", ""},
	{"63-64", "", "10"},
	{"1000", "", ""},
	{"65534", "", ""},
	{"65535", "", "65535"},
	{"0-65535", "", "0 1 10 65535"},
	/* added to what is there */
	{"4", "0", "0 1"},
	{"4", "1", "1"},
	{"", "7", "7"},
	{"16", "7", "7"},
};

START_TEST(nodes_of_cpus_are_found)
{
	put_nodes();
	ck_assert_str_eq(nodes_of(cpu_nodes[_i].cpus, cpu_nodes[_i].before), cpu_nodes[_i].nodes);
}
END_TEST

static const char *const bad_cpulists[] = {
	"", "x\n", "0-\n", "3-0\n", "0-3,\n", "-1\n", "65536\n", "0 1\n", NULL};

START_TEST(node_whose_cpus_cannot_be_read_has_none)
{
	put_nodes();
	put_or_drop(NODES "node0/cpulist", bad_cpulists[_i]);
	ck_assert_str_eq(nodes_of("0-15", ""), "1");
}
END_TEST

static const char *const no_nodes[] = {"node", "node-1", "nodex", "node1x", "node 3", "node65536",
	"node4294967297", "Node3", "xnode3", "nod3", "nodx3", ".node3"};

START_TEST(what_is_no_node_is_passed_over)
{
	put_nodes();
	put_file(text(NODES "%s/cpulist", no_nodes[_i]), "0-65535\n");
	ck_assert_str_eq(nodes_of("4", ""), "1");
}
END_TEST

START_TEST(host_that_tells_of_no_nodes_has_none)
{
	ck_assert_str_eq(nodes_of("0-15", ""), "");
	put_directory("sys/devices/system/node");
	ck_assert_str_eq(nodes_of("0-15", ""), "");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("numa");
	TCase *tcase = new_case(suite, "nodes of CPUs", host_setup);

	tcase_add_loop_test(tcase, nodes_of_cpus_are_found, 0, ARRAY_SIZE(cpu_nodes));
	tcase_add_loop_test(tcase, node_whose_cpus_cannot_be_read_has_none, 0, ARRAY_SIZE(bad_cpulists));
	tcase_add_loop_test(tcase, what_is_no_node_is_passed_over, 0, ARRAY_SIZE(no_nodes));
	tcase_add_test(tcase, host_that_tells_of_no_nodes_has_none);
	return run_suite(suite);
}
