/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rank.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support.h"

/* A VF's grade in one letter. */
static unsigned char grade_of(char letter)
{
	switch (letter) {
	case 'o':
		return VFPT_VF_OPENS_GROUP;
	case 'a':
		return VFPT_VF_ALONE;
	case 'u':
		return VFPT_VF_UNSEEN;
	case 'c':
		return VFPT_VF_COMPLETES_GROUP;
	default:
		ck_assert_int_eq(letter, '-');
		return VFPT_VF_OUT;
	}
}

enum { MOST_PFS = 4, MOST_VFS = 16 };

static unsigned char grades[MOST_PFS][MOST_VFS];

/*
 * PFs as they stand in the tables: the grades of its VFs, a letter each ("." is a PF without VFs), and what
 * is said of the PF: "out", "down", "far", "mine N", "free N", "last VF". What is not said is in nobody's
 * favour.
 */
static size_t prepare(const char *const pfs[MOST_PFS], struct vfpt_candidate *candidates)
{
	size_t count = 0;

	for (; count < MOST_PFS && pfs[count]; count++) {
		struct vfpt_candidate *c = &candidates[count];
		char words[64], *save = NULL, *word;

		snprintf(words, sizeof(words), "%s", pfs[count]);
		*c = (struct vfpt_candidate){
			.up = true, .near = true, .last = VFPT_NO_VF_INDEX, .grades = grades[count]};
		for (word = strtok_r(words, " ", &save); *word && *word != '.'; word++)
			grades[count][c->vf_count++] = grade_of(*word);
		while ((word = strtok_r(NULL, " ", &save)) != NULL) {
			if (strcmp(word, "out") == 0)
				c->out = true;
			else if (strcmp(word, "down") == 0)
				c->up = false;
			else if (strcmp(word, "far") == 0)
				c->near = false;
			else if (strcmp(word, "mine") == 0)
				c->mine = (unsigned)atoi(strtok_r(NULL, " ", &save));
			else if (strcmp(word, "free") == 0)
				c->free = (unsigned)atoi(strtok_r(NULL, " ", &save));
			else if (strcmp(word, "last") == 0)
				c->last = (unsigned)atoi(strtok_r(NULL, " ", &save));
			else
				ck_abort_msg("what is %s?", word);
		}
	}
	return count;
}

/* "PF/VF", or "none". */
static const char *chosen(const struct vfpt_candidate *candidates, size_t count, bool pack)
{
	size_t pf = 4711;
	unsigned vf = 4711;

	if (!vfpt_rank_best(candidates, count, pack, &pf, &vf)) {
		ck_assert_uint_eq(vf, VFPT_NO_VF_INDEX);
		return "none";
	}
	ck_assert_uint_lt(pf, count);
	ck_assert_uint_lt(vf, candidates[pf].vf_count);
	ck_assert_uint_ne(candidates[pf].grades[vf], VFPT_VF_OUT);
	return text("%zu/%u", pf, vf);
}

static const struct {
	const char *rule;
	const char *pfs[MOST_PFS];
	const char *spread, *pack; /* what is chosen */
} rules[] = {
	{"no PF, no VF", {NULL}, "none", "none"},
	{"a PF without VFs has none", {"."}, "none", "none"},
	{"what is out is not had", {"---", "-"}, "none", "none"},
	{"nor what is on a PF that is out", {"uac out"}, "none", "none"},
	{"one that was there last time is no exception", {"- last 0", "u out last 0"}, "none", "none"},
	{"the only one", {"-", "--u-", "."}, "1/2", "1/2"},
	{"the only one, on the PF that is not out", {"uuu out", "u down far"}, "1/0", "1/0"},
	{"the lowest index", {"-uuu"}, "0/1", "0/1"},

	/* one PF: grades */
	{"alone before opening a group", {"oao"}, "0/1", "0/1"},
	{"unseen before alone", {"oau"}, "0/2", "0/2"},
	{"completing a group before unseen", {"oauc"}, "0/3", "0/3"},
	{"opening a group rather than none", {"-o"}, "0/1", "0/1"},
	{"the last time's before the lowest index", {"uuu last 2"}, "0/2", "0/2"},
	{"but not when it is out", {"uu- last 2"}, "0/0", "0/0"},
	{"nor when its grade is worse", {"uua last 2"}, "0/0", "0/0"},
	{"its grade can be the best", {"auc last 2"}, "0/2", "0/2"},
	{"one that is not there any more does not count", {"uu last 2"}, "0/0", "0/0"},
	{"nor the greatest number", {"uu last 65535"}, "0/0", "0/0"},
	{"a last time on a PF without VFs", {". last 0"}, "none", "none"},

	/* the grade is above all that is said of PFs */
	{"grade before link", {"u down", "a"}, "0/0", "0/0"},
	{"grade before NUMA", {"a", "u far"}, "1/0", "1/0"},
	{"grade before same network", {"c mine 9", "u"}, "0/0", "0/0"},
	{"grade before spread", {"o free 9", "a free 1"}, "1/0", "1/0"},
	{"grade before pack", {"o free 1", "a free 9"}, "1/0", "1/0"},
	{"grade before last time", {"a last 0", "u"}, "1/0", "1/0"},
	{"grade before lowest index", {"a", "---u"}, "1/3", "1/3"},
	{"completing a group before all", {"u free 9 last 0", "---c down far mine 9"}, "1/3", "1/3"},

	/* link */
	{"link up before down", {"u down", "u"}, "1/0", "1/0"},
	{"down rather than none", {"u down", "-"}, "0/0", "0/0"},
	{"link before NUMA", {"u down", "u far"}, "1/0", "1/0"},
	{"link before same network", {"u down", "u mine 9"}, "1/0", "1/0"},
	{"link before spread and pack", {"u down free 5", "u free 1", "u down"}, "1/0", "1/0"},
	{"link before last time", {"u down last 0", "u"}, "1/0", "1/0"},
	{"link before lowest index", {"u down", "--u"}, "1/2", "1/2"},
	{"both down: the next rule", {"u down far", "u down"}, "1/0", "1/0"},

	/* NUMA */
	{"near before far", {"u far", "u"}, "1/0", "1/0"},
	{"far rather than none", {"u far", "-"}, "0/0", "0/0"},
	{"NUMA before same network", {"u far", "u mine 9"}, "1/0", "1/0"},
	{"NUMA before spread and pack", {"u far free 5", "u free 1", "u far"}, "1/0", "1/0"},
	{"NUMA before last time", {"u far last 0", "u"}, "1/0", "1/0"},
	{"NUMA before lowest index", {"u far", "--u"}, "1/2", "1/2"},
	{"all far: the next rule", {"u far mine 1", "u far"}, "1/0", "1/0"},

	/* same network */
	{"a PF without VFs of this VM", {"u mine 1", "u"}, "1/0", "1/0"},
	{"then the one with the fewest", {"u mine 3", "u mine 1", "u mine 2"}, "1/0", "1/0"},
	{"same network before spread and pack", {"u mine 1 free 5", "u free 1", "u mine 1"}, "1/0", "1/0"},
	{"same network before last time", {"u mine 1 last 0", "u"}, "1/0", "1/0"},
	{"same network before lowest index", {"u mine 1", "--u"}, "1/2", "1/2"},
	{"all with one: the next rule", {"u mine 2 free 1", "u mine 2 free 2"}, "1/0", "0/0"},

	/* spread or pack */
	{"most free VFs, or fewest", {"u free 2", "u free 3", "u free 1"}, "1/0", "2/0"},
	{"spread before last time", {"u free 2 last 0", "u free 3"}, "1/0", "0/0"},
	{"pack before last time", {"u free 3 last 0", "u free 2"}, "0/0", "1/0"},
	{"spread and pack before lowest index", {"--u free 3", "-u free 2", "u free 1"}, "0/2", "2/0"},
	{"and the other way round", {"u free 3", "--u free 1"}, "0/0", "1/2"},
	{"as many free: the next rule", {"u free 2", "u free 2 last 0"}, "1/0", "1/0"},

	/* last time, lowest index, first in the list */
	{"last time before lowest index on another PF", {"uuu", "uuu last 2"}, "1/2", "1/2"},
	{"last time on the first PF", {"uuu last 2", "uuu"}, "0/2", "0/2"},
	{"last time that is gone does not help its PF", {"-u", "-u- last 2"}, "0/1", "0/1"},
	{"last time of a worse grade does not help its PF", {"-u", "-ua last 2"}, "0/1", "0/1"},
	{"the lowest index of all", {"---u", "-u", "--u"}, "1/1", "1/1"},
	{"then the first in the list", {"-u", "-u", "-u"}, "0/1", "0/1"},
	{"also behind one that is not to be had", {"u out", "--", "-u", "-u"}, "2/1", "2/1"},
};

START_TEST(rule_holds)
{
	struct vfpt_candidate candidates[MOST_PFS];
	size_t count = prepare(rules[_i].pfs, candidates);
	const char *spread = chosen(candidates, count, false), *pack = chosen(candidates, count, true);

	ck_assert_msg(strcmp(spread, rules[_i].spread) == 0, "%s: spread: %s, not %s", rules[_i].rule, spread,
		rules[_i].spread);
	ck_assert_msg(strcmp(pack, rules[_i].pack) == 0, "%s: pack: %s, not %s", rules[_i].rule, pack,
		rules[_i].pack);
}
END_TEST

/* Two vNICs of a bond: the second goes to the other PF, the third again to the first, and so on. */
START_TEST(vnics_of_one_network_take_turns_on_its_pfs)
{
	const char *const two[MOST_PFS] = {"uuuu free 4", "uuuu free 4"};
	struct vfpt_candidate candidates[MOST_PFS];
	size_t count = prepare(two, candidates), pf;
	const char *order = "";
	unsigned vf;

	while (vfpt_rank_best(candidates, count, _i, &pf, &vf)) {
		order = text("%s %zu/%u", order, pf, vf);
		candidates[pf].grades[vf] = VFPT_VF_OUT;
		candidates[pf].mine++;
		candidates[pf].free--;
	}
	ck_assert_str_eq(order, " 0/0 1/0 0/1 1/1 0/2 1/2 0/3 1/3");
}
END_TEST

/* Of different networks: spread fills both alike, pack one before the other. */
START_TEST(vms_are_spread_or_packed)
{
	static const char *const orders[] = {
		" 0/0 1/0 0/1 1/1 0/2 1/2 0/3 1/3", " 0/0 0/1 0/2 0/3 1/0 1/1 1/2 1/3"};
	const char *const two[MOST_PFS] = {"uuuu free 4", "uuuu free 4"};
	struct vfpt_candidate candidates[MOST_PFS];
	size_t count = prepare(two, candidates), pf;
	const char *order = "";
	unsigned vf;

	while (vfpt_rank_best(candidates, count, _i, &pf, &vf)) {
		order = text("%s %zu/%u", order, pf, vf);
		candidates[pf].grades[vf] = VFPT_VF_OUT;
		candidates[pf].free--;
	}
	ck_assert_str_eq(order, orders[_i]);
}
END_TEST

/* --- against the rules as they are written down, on everything that chance brings */

static uint64_t state;

static unsigned random_below(unsigned end)
{
	state = state * 6364136223846793005u + 1442695040888963407u;
	return (unsigned)(state >> 33) % end;
}

/* Small numbers, so that there are many ties. */
static size_t prepare_any(struct vfpt_candidate *candidates)
{
	size_t count = random_below(MOST_PFS + 1);

	for (size_t i = 0; i < count; i++) {
		unsigned vfs = random_below(6);

		/* One field after the other: what is compared byte by byte has no padding of chance. */
		memset(&candidates[i], 0, sizeof(candidates[i]));
		candidates[i].out = random_below(6) == 0;
		candidates[i].up = random_below(3);
		candidates[i].near = random_below(3);
		candidates[i].mine = random_below(2);
		candidates[i].free = random_below(3);
		candidates[i].last = random_below(3) ? VFPT_NO_VF_INDEX : random_below(7);
		candidates[i].vf_count = vfs;
		candidates[i].grades = grades[i];
		for (unsigned vf = 0; vf < vfs; vf++)
			grades[i][vf] = (unsigned char)(random_below(3) ? VFPT_VF_UNSEEN : random_below(5));
	}
	return count;
}

/* The criteria of rank.h for one VF, the greater the better; the order of the list comes last. */
enum { CRITERIA = 7 };

static void weigh(const struct vfpt_candidate *c, unsigned vf, bool pack, long weights[CRITERIA])
{
	weights[0] = c->grades[vf];
	weights[1] = c->up;
	weights[2] = c->near;
	weights[3] = -(long)c->mine;
	weights[4] = pack ? -(long)c->free : (long)c->free;
	weights[5] = c->last == vf;
	weights[6] = -(long)vf;
}

/* @return < 0, 0, > 0 as @a is worse than, as good as, better than @b */
static int compare(const long a[CRITERIA], const long b[CRITERIA])
{
	for (int i = 0; i < CRITERIA; i++)
		if (a[i] != b[i])
			return a[i] < b[i] ? -1 : 1;
	return 0;
}

static const char *by_the_rules(const struct vfpt_candidate *candidates, size_t count, bool pack)
{
	long best[CRITERIA], weights[CRITERIA];
	const char *found = "none";

	for (size_t pf = 0; pf < count; pf++)
		for (unsigned vf = 0; vf < candidates[pf].vf_count; vf++) {
			if (candidates[pf].out || candidates[pf].grades[vf] == VFPT_VF_OUT)
				continue;
			weigh(&candidates[pf], vf, pack, weights);
			if (strcmp(found, "none") != 0 && compare(weights, best) <= 0)
				continue;
			memcpy(best, weights, sizeof(best));
			found = text("%zu/%u", pf, vf);
		}
	return found;
}

static const char *describe(const struct vfpt_candidate *candidates, size_t count, bool pack)
{
	const char *all = pack ? "pack" : "spread";

	for (size_t i = 0; i < count; i++) {
		const struct vfpt_candidate *c = &candidates[i];

		all = text("%s; %s%s%s mine %u free %u last %d grades ", all, c->out ? "out " : "",
			c->up ? "up " : "", c->near ? "near" : "", c->mine, c->free, (int)c->last);
		for (unsigned vf = 0; vf < c->vf_count; vf++)
			all = text("%s%u", all, c->grades[vf]);
	}
	return all;
}

enum { ROUNDS = 2000 };

START_TEST(choice_is_what_the_rules_say)
{
	state = (uint64_t)_i;
	for (unsigned round = 0; round < ROUNDS; round++) {
		struct vfpt_candidate candidates[MOST_PFS];
		size_t count = prepare_any(candidates);
		bool pack = random_below(2);
		const char *is = chosen(candidates, count, pack),
			   *should = by_the_rules(candidates, count, pack);

		ck_assert_msg(strcmp(is, should) == 0, "%s, not %s: %s", is, should,
			describe(candidates, count, pack));
	}
}
END_TEST

/* Whatever was there before, whatever was asked before; and it leaves its inputs as they are. */
START_TEST(choice_depends_on_nothing_but_its_inputs)
{
	state = (uint64_t)_i;
	for (unsigned round = 0; round < ROUNDS; round++) {
		struct vfpt_candidate candidates[MOST_PFS], other[MOST_PFS], before[MOST_PFS];
		unsigned char grades_before[MOST_PFS][MOST_VFS], other_grades[MOST_PFS][MOST_VFS];
		size_t count = prepare_any(candidates), pf[2] = {0, SIZE_MAX};
		unsigned vf[2] = {0, VFPT_NO_VF_INDEX};
		bool pack = random_below(2), found[2];

		memcpy(before, candidates, sizeof(before));
		memcpy(grades_before, grades, sizeof(grades));
		for (int again = 0; again < 2; again++) {
			found[again] = vfpt_rank_best(candidates, count, pack, &pf[again], &vf[again]);
			ck_assert_mem_eq(candidates, before, count * sizeof(before[0]));
			ck_assert_mem_eq(grades, grades_before, sizeof(grades));
			/* the same things elsewhere, and another question in between */
			memcpy(other, candidates, sizeof(other));
			memcpy(other_grades, grades, sizeof(grades));
			for (size_t i = 0; i < count; i++)
				other[i].grades = other_grades[i];
			(void)chosen(other, count / 2, !pack);
			ck_assert_str_eq(chosen(other, count, pack), chosen(candidates, count, pack));
		}
		ck_assert_int_eq(found[0], found[1]);
		ck_assert_uint_eq(vf[0], vf[1]);
		if (found[0])
			ck_assert_uint_eq(pf[0], pf[1]);
	}
}
END_TEST

/* PFs in another order: the same VF, unless there are equally good ones; of these the first in the list. */
START_TEST(order_of_the_list_breaks_ties_only)
{
	state = (uint64_t)_i;
	for (unsigned round = 0; round < ROUNDS; round++) {
		struct vfpt_candidate candidates[MOST_PFS], shuffled[MOST_PFS];
		size_t count = prepare_any(candidates), from[MOST_PFS] = {0, 1, 2, 3}, pf, pf_shuffled;
		long best[CRITERIA], weights[CRITERIA];
		unsigned vf, vf_shuffled;
		bool pack = random_below(2);

		for (size_t i = count; i > 1; i--) {
			size_t j = random_below((unsigned)i), swapped = from[j];

			from[j] = from[i - 1];
			from[i - 1] = swapped;
		}
		for (size_t i = 0; i < count; i++)
			shuffled[i] = candidates[from[i]];
		if (!vfpt_rank_best(candidates, count, pack, &pf, &vf)) {
			ck_assert(!vfpt_rank_best(shuffled, count, pack, &pf, &vf));
			continue;
		}
		ck_assert(vfpt_rank_best(shuffled, count, pack, &pf_shuffled, &vf_shuffled));
		ck_assert_uint_eq(vf, vf_shuffled);
		weigh(&candidates[pf], vf, pack, best);
		weigh(&shuffled[pf_shuffled], vf_shuffled, pack, weights);
		ck_assert_msg(compare(best, weights) == 0, "%zu/%u and %zu/%u are not alike: %s", pf, vf,
			from[pf_shuffled], vf_shuffled, describe(candidates, count, pack));
		for (size_t i = 0; i < pf_shuffled; i++) {
			/* All are filled in. NOLINTNEXTLINE(clang-analyzer-core.uninitialized.Branch) */
			if (shuffled[i].out || vf >= shuffled[i].vf_count)
				continue;
			weigh(&shuffled[i], vf, pack, weights);
			ck_assert_msg(compare(weights, best) != 0, "%zu/%u is as good and comes first: %s",
				from[i], vf, describe(candidates, count, pack));
		}
	}
}
END_TEST

/* As many VFs as there can be. */
START_TEST(last_vf_of_the_largest_pf_is_found)
{
	enum { COUNT = 65535 };
	unsigned char *all = calloc(COUNT, 1);
	struct vfpt_candidate candidate = {
		.up = true, .vf_count = COUNT, .last = VFPT_NO_VF_INDEX, .grades = all};

	ck_assert_ptr_nonnull(all);
	all[COUNT - 1] = VFPT_VF_OPENS_GROUP;
	ck_assert_str_eq(chosen(&candidate, 1, false), "0/65534");
	memset(all, VFPT_VF_OPENS_GROUP, COUNT);
	candidate.last = COUNT - 1;
	ck_assert_str_eq(chosen(&candidate, 1, false), "0/65534");
	free(all);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("rank");
	TCase *tcase = new_case(suite, "rules", NULL);

	tcase_add_loop_test(tcase, rule_holds, 0, ARRAY_SIZE(rules));
	tcase_add_loop_test(tcase, vnics_of_one_network_take_turns_on_its_pfs, 0, 2);
	tcase_add_loop_test(tcase, vms_are_spread_or_packed, 0, 2);
	tcase_add_test(tcase, last_vf_of_the_largest_pf_is_found);

	tcase = new_case(suite, "chance", NULL);
	tcase_set_timeout(tcase, 60);
	tcase_add_loop_test(tcase, choice_is_what_the_rules_say, 0, 10);
	tcase_add_loop_test(tcase, choice_depends_on_nothing_but_its_inputs, 0, 10);
	tcase_add_loop_test(tcase, order_of_the_list_breaks_ties_only, 0, 10);
	return run_suite(suite);
}
