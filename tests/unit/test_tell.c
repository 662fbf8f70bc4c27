/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tell.h"

#include <stdlib.h>
#include <string.h>

#include "support.h"

static unsigned char fine[] = {VFPT_VF_ALONE, VFPT_VF_ALONE, VFPT_VF_OPENS_GROUP};
static struct vfpt_pci addresses[3];

#define ON(has_link, is_near, the_last)                                                                      \
	.up = (has_link), .near = (is_near), .last = (the_last), .vf_count = 3, .grades = fine
#define CANDIDATE ON(true, true, VFPT_NO_VF_INDEX)

/* VF @vf of ens1f0 is the one, or VF 0; why not VF @other_vf of ens2f0? */
static const struct {
	struct vfpt_candidate best, other;
	unsigned vf, other_vf;
	bool pack;
	const char *why;
} choices[] = {
	{{CANDIDATE}, {CANDIDATE}, 0, 2, false,
		"it does not fit as well into the iommu groups that the VM gets"},
	{{CANDIDATE}, {ON(false, true, VFPT_NO_VF_INDEX)}, 0, 0, false, "ens2f0 has no link"},
	{{CANDIDATE}, {ON(true, false, VFPT_NO_VF_INDEX)}, 0, 0, false,
		"ens2f0 is not on the VM's NUMA node"},
	{{CANDIDATE, .mine = 1}, {CANDIDATE, .mine = 2}, 0, 0, false,
		"the VM has more VFs of ens2f0 for this network (2, of ens1f0 1)"},
	{{CANDIDATE, .free = 3}, {CANDIDATE, .free = 2}, 0, 0, false,
		"ens2f0 has fewer free VFs (2, ens1f0 has 3)"},
	{{CANDIDATE, .free = 2}, {CANDIDATE, .free = 3}, 0, 0, true,
		"ens2f0 has more free VFs (3, ens1f0 has 2)"},
	{{ON(true, true, 1)}, {CANDIDATE}, 1, 0, false, "the vNIC had the other one last time"},
	{{CANDIDATE}, {CANDIDATE}, 0, 1, false, "the index is higher"},
	{{CANDIDATE}, {CANDIDATE}, 0, 0, false, "all is equal, and ens1f0 comes first"},
};

START_TEST(each_reason_not_to_take_a_vf_is_told)
{
	const struct vfpt_pf pfs[] = {
		{.name = "ens1f0", .vfs = addresses}, {.name = "ens2f0", .vfs = addresses}};
	/* The order of candidates is that of their addresses. */
	struct vfpt_candidate plain[] = {choices[_i].best, choices[_i].other};
	const struct standing best = {.pf = &pfs[0], .vf = choices[_i].vf, .plain = &plain[0]},
			      other = {.pf = &pfs[1], .vf = choices[_i].other_vf, .plain = &plain[1]};
	struct vfpt_explained vnic = {.count = 0};
	struct vfpt_explanation explanation = {.vnics = &vnic, .vnic_count = 1};
	struct vfpt_error err;

	ck_assert_ok(tell_usable(&explanation, &best, &best, choices[_i].pack, &err), err);
	ck_assert_ok(tell_usable(&explanation, &other, &best, choices[_i].pack, &err), err);
	ck_assert_ok(tell_out(&explanation, &other, "it is bound to vfio-pci", &err), err);
	ck_assert_uint_eq(vnic.count, 3);
	ck_assert(vnic.considered[0].usable && vnic.considered[0].chosen);
	ck_assert_str_eq(vnic.considered[0].why, "");
	ck_assert(vnic.considered[1].usable && !vnic.considered[1].chosen);
	ck_assert_str_eq(vnic.considered[1].pf, "ens2f0");
	ck_assert_uint_eq(vnic.considered[1].vf, choices[_i].other_vf);
	ck_assert_str_eq(vnic.considered[1].why, choices[_i].why);
	ck_assert(!vnic.considered[2].usable && !vnic.considered[2].chosen);
	ck_assert_str_eq(vnic.considered[2].why, "it is bound to vfio-pci");
	tell_pick(&explanation);
	ck_assert_uint_eq(vnic.count, 0);
	free(vnic.considered);
}
END_TEST

START_TEST(first_failure_is_what_vdsm_hears_of)
{
	const struct vfpt_vnic vnics[2] = {{.has_mac = false}, {.network = NULL}};
	struct vfpt_explanation explanation = {.vnic_count = 0};
	char name[96];
	struct vfpt_error err;

	for (size_t i = 0; i < 2; i++) {
		ck_assert_ok(tell_vnic(&explanation, &vnics[i], i, 2, &err), err);
		vfpt_vnic_name(&vnics[i], name, sizeof(name));
		vfpt_error_set(&err, VFPT_NO_VF, "%s: reason %zu", name, i);
		tell_fate(&explanation, NULL, i == 1, &err);
		ck_assert_str_eq(explanation.vnics[i].why, i ? "reason 1" : "reason 0");
		ck_assert_int_eq(explanation.vnics[i].fate, i ? VFPT_FATE_FAIL : VFPT_FATE_STAY);
		ck_assert_int_eq(explanation.fails, i == 1);
	}
	ck_assert_str_eq(explanation.why, err.message);
	vfpt_error_set(&err, VFPT_NO_VF, "another");
	tell_failure(&explanation, &err);
	ck_assert_contains(explanation.why, "reason 1");
	free(explanation.vnics);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("tell");
	TCase *tcase = new_case(suite, "tell", NULL);

	tcase_add_loop_test(tcase, each_reason_not_to_take_a_vf_is_told, 0, ARRAY_SIZE(choices));
	tcase_add_test(tcase, first_failure_is_what_vdsm_hears_of);
	return run_suite(suite);
}
