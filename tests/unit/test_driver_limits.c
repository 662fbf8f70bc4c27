/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "driver_limits.h"

#include <stdio.h>

#include "opened_host.h"

static const char *const drivers[] = {
	"be2net", "bnx2x", "bnxt_en", "i40e", "ice", "igb", "ixgbe", "mlx4_core", "mlx5_core", "qede", "sfc"};

START_TEST(drivers_have_limits)
{
	ck_assert_ptr_nonnull(vfpt_driver_limits("ice"));
	ck_assert_ptr_null(vfpt_driver_limits("netdevsim"));
	ck_assert_ptr_null(vfpt_driver_limits(""));
	for (size_t i = 0; i < ARRAY_SIZE(drivers); i++) {
		const char *const *limits = vfpt_driver_limits(drivers[i]);

		ck_assert_ptr_nonnull(limits);
		ck_assert_ptr_nonnull(limits[0]);
	}
}
END_TEST

static const struct {
	const char *driver;
	uint64_t asked, is;
} rates[] = {
	{"i40e", 0, 0},
	{"i40e", 1, 50},
	{"i40e", 49, 50},
	{"i40e", 50, 50},
	{"i40e", 99, 50},
	{"i40e", 100, 100},
	{"i40e", 170, 150},
	{"ice", 170, 170},
	{"igb", 1, 1},
};

START_TEST(i40e_counts_in_steps)
{
	ck_assert_uint_eq(vfpt_rate_of_driver(rates[_i].driver, rates[_i].asked), rates[_i].is);
}
END_TEST

static const struct {
	const char *driver, *device;
	unsigned pf_mtu, mtu;
	bool off;
} sizes[] = {
	{"ixgbe", "0x10ed\n", 9000, 0, true},
	{"ixgbe", "0x10ed\n", 9000, 1500, true},
	{"ixgbe", "0x10ed\n", 1501, 1500, true},
	{"ixgbe", "0x10ed\n", 9000, 9000, false},
	{"ixgbe", "0x10ed\n", 9000, 1501, false},
	{"ixgbe", "0x10ed\n", 1500, 1500, false},
	{"ixgbe", "0x1515\n", 9000, 1500, false}, /* X540 */
	{"igb", "0x10ed\n", 9000, 1500, false},
	{"ixgbe", NULL, 9000, 1500, false},
};

START_TEST(card_82599_switches_vfs_of_another_size_off)
{
	struct vfpt_pf pf = *pf_named("ens1f0");

	snprintf(pf.driver, sizeof(pf.driver), "%s", sizes[_i].driver);
	pf.mtu = sizes[_i].pf_mtu;
	put_or_drop(PF_1 "virtfn0/device", sizes[_i].device);
	ck_assert_int_eq(vfpt_switches_off(host, &pf, sizes[_i].mtu), sizes[_i].off);
	pf.vf_count = 0;
	ck_assert(!vfpt_switches_off(host, &pf, sizes[_i].mtu));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("driver_limits");
	TCase *tcase = opened_host_case(suite, "limits");

	tcase_add_test(tcase, drivers_have_limits);
	tcase_add_loop_test(tcase, i40e_counts_in_steps, 0, ARRAY_SIZE(rates));
	tcase_add_loop_test(tcase, card_82599_switches_vfs_of_another_size_off, 0, ARRAY_SIZE(sizes));
	return run_suite(suite);
}
