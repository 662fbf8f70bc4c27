/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Many hooks at once on a host of 48 VFs: the programs themselves, with the real ledger and its lock. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "domain.h"
#include "support.h"

enum { PFS = 2, VFS_OF_A_PF = 24, VFS = PFS * VFS_OF_A_PF, HOOKS = 64, MOST = 88, ROUNDS = 4 };

/* --- a host of two PFs in a bond, below the bridge `wide` */

static void make_netdev(const char *name, const char *uevent)
{
	put_file(text("sys/class/net/%s/uevent", name), uevent);
	put_file(text("sys/class/net/%s/ifindex", name), "7\n");
	put_file(text("sys/class/net/%s/mtu", name), "1500\n");
	put_file(text("sys/class/net/%s/operstate", name), "up\n");
}

static void make_vf(unsigned pf, unsigned vf)
{
	const char *address = text("0000:%02x:%02x.%u", pf + 1, 16 + vf / 8, vf % 8);
	const char *device = text("sys/bus/pci/devices/%s", address);
	unsigned group = pf * VFS_OF_A_PF + vf;

	put_link(text("%s/physfn", device), text("../0000:%02x:00.0", pf + 1));
	put_link(text("%s/iommu_group", device), text("../../../../kernel/iommu_groups/%u", group));
	put_link(text("sys/kernel/iommu_groups/%u/devices/%s", group, address),
		text("../../../../bus/pci/devices/%s", address));
	put_file(text("%s/class", device), "0x020000\n");
	put_link(text("sys/bus/pci/devices/0000:%02x:00.0/virtfn%u", pf + 1, vf), text("../%s", address));
}

static void make_pf(unsigned pf)
{
	const char *name = text("ens%uf0", pf + 1);

	make_netdev(name, "INTERFACE=ens\n");
	put_file(text("sys/class/net/%s/address", name), text("02:00:00:00:00:%02x\n", pf));
	put_link(text("sys/class/net/%s/device", name),
		text("../../../bus/pci/devices/0000:%02x:00.0", pf + 1));
	put_file(text("sys/bus/pci/devices/0000:%02x:00.0/sriov_numvfs", pf + 1), text("%u\n", VFS_OF_A_PF));
	put_directory(text("sys/bus/pci/devices/0000:%02x:00.0/net/%s", pf + 1, name));
	for (unsigned vf = 0; vf < VFS_OF_A_PF; vf++)
		make_vf(pf, vf);
	put_link(text("sys/class/net/bond0/lower_%s", name), text("../%s", name));
}

static void wide_setup(void)
{
	empty_setup();
	make_netdev("wide", "DEVTYPE=bridge\n");
	put_link("sys/class/net/wide/brif/bond0", "../../bond0/brport");
	make_netdev("bond0", "DEVTYPE=bond\n");
	for (unsigned pf = 0; pf < PFS; pf++)
		make_pf(pf);
	put_directory(LEDGER);
}

/* --- hooks; number @n has a VM and a vNIC of its own */

static const char *vm_of(unsigned n)
{
	return text("00000000-0000-4000-8000-%012x", n);
}

static const char *mac_of(unsigned n)
{
	return text("56:6f:1a:2b:%02x:%02x", n >> 8, n & 0xff);
}

static const char *document_of(unsigned n)
{
	return text("doc/%u", n);
}

static const char *original_of(unsigned n, bool nic)
{
	const char *interface =
		text("<interface type=\"bridge\"><mac address=\"%s\"/><model type=\"virtio\"/>"
		     "<source bridge=\"wide\"/><alias name=\"ua-%u\"/></interface>\n",
			mac_of(n), n);

	if (nic)
		return interface;
	return text(
		"<domain type=\"kvm\" xmlns:o=\"" VFPT_OVIRT_NAMESPACE "\"><uuid>%s</uuid><metadata><o:vm>"
		"<o:device mac_address=\"%s\"><o:custom><o:passthrough>required</o:passthrough></o:custom>"
		"</o:device></o:vm></metadata><devices>%s</devices></domain>\n",
		vm_of(n), mac_of(n), interface);
}

static struct program start_hook(const char *point, unsigned n)
{
	const char *directory = getenv("VFPT_TEST_HOOKS");
	const char *const argv[] = {text("%s/%s/50_vfpt", directory, point), NULL};
	const char *const env[] = {text("VFPT_ROOT=%s", root), text("vmId=%s", vm_of(n)),
		text("_hook_domxml=%s", in_root(document_of(n))), "passthrough=required", NULL};

	ck_assert_msg(directory != NULL, "VFPT_TEST_HOOKS is not set; run `meson test`");
	return start_program(argv, env);
}

/* The address of the VF that vNIC @n has by its document, NULL when it has none. */
static const char *vf_by_document(unsigned n)
{
	const char *at = strstr(get_file(document_of(n), NULL), "<source><address type=\"pci\"");
	unsigned domain, bus, slot, function;

	if (!at)
		return NULL;
	ck_assert_int_eq(sscanf(at,
				 "<source><address type=\"pci\" domain=\"%x\" bus=\"%x\" slot=\"%x\" "
				 "function=\"%x\"/>",
				 &domain, &bus, &slot, &function),
		4);
	return text("%04x:%02x:%02x.%x", domain, bus, slot, function);
}

static const char *record_of(const char *vf, unsigned n)
{
	return text(LEDGER "/%s@%s", vf, vm_of(n));
}

/* --- the lock, which the test has until all hooks are there */

static int lock_ledger(void)
{
	int dir = open(in_root(LEDGER), O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	ck_assert_int_ge(dir, 0);
	ck_assert_int_eq(flock(dir, LOCK_EX), 0);
	return dir;
}

static void wait_a_moment(void)
{
	const struct timespec moment = {.tv_nsec = 1000 * 1000};

	nanosleep(&moment, NULL);
}

static bool has_ended(pid_t pid)
{
	siginfo_t info = {.si_pid = 0};

	ck_assert_int_eq(waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT), 0);
	return info.si_pid == pid;
}

/* Has the process opened the ledger? Then all that it can do is to wait. */
static bool has_ledger(pid_t pid)
{
	char target[PATH_MAX];

	for (int fd = 3; fd < 16; fd++) {
		ssize_t length = readlink(text("/proc/%d/fd/%d", (int)pid, fd), target, sizeof(target) - 1);

		if (length < 0)
			continue;
		target[length] = '\0';
		if (strcmp(target, in_root(LEDGER)) == 0)
			return true;
	}
	return false;
}

static void wait_until_it_waits(pid_t pid)
{
	while (!has_ledger(pid)) {
		ck_assert_msg(!has_ended(pid), "a hook did not wait for the ledger's lock");
		wait_a_moment();
	}
}

/* Who takes part: hook number n at @point[n] (NULL: not now). It ends with @outcome[n]; it @has its VF. */
struct race {
	bool nic; /* vNICs are plugged, not VMs started */
	const char *point[MOST];
	struct outcome outcome[MOST];
	bool has[MOST];
};

static struct race new_race(int round)
{
	struct race race = {.nic = round & 1};

	for (unsigned n = 0; n < MOST; n++)
		put_file(document_of(n), original_of(n, race.nic));
	return race;
}

static void assign(struct race *race, unsigned n)
{
	race->point[n] = race->nic ? "before_nic_hotplug" : "before_vm_start";
}

static void release(struct race *race, unsigned n)
{
	race->point[n] = race->nic ? "after_nic_hotplug_fail" : "after_vm_destroy";
}

/* All that have a point are let loose in one moment. */
static void run_at_once(struct race *race)
{
	struct program program[MOST];
	unsigned before = records();
	int lock = lock_ledger();

	for (unsigned n = 0; n < MOST; n++)
		if (race->point[n])
			program[n] = start_hook(race->point[n], n);
	for (unsigned n = 0; n < MOST; n++)
		if (race->point[n])
			wait_until_it_waits(program[n].pid);
	for (unsigned n = 0; n < MOST; n++)
		ck_assert_msg(!race->point[n] || !has_ended(program[n].pid), "hook %u did not wait", n);
	ck_assert_uint_eq(records(), before);
	close(lock);
	for (unsigned n = 0; n < MOST; n++)
		if (race->point[n])
			race->outcome[n] = end_of_program(program[n]);
}

/* It was given a VF, or says in one line why not and left all as it was. */
static void check_assigned(struct race *race, unsigned n)
{
	const struct outcome *outcome = &race->outcome[n];

	race->has[n] = outcome->code == 0;
	if (race->has[n]) {
		ck_assert_msg(vf_by_document(n) != NULL, "hook %u gave no VF: %s", n, outcome->err);
		return;
	}
	ck_assert_msg(outcome->code == 2, "hook %u ended with %d: %s", n, outcome->code, outcome->err);
	ck_assert_uint_eq(count_lines(outcome->err), 1);
	ck_assert_contains(outcome->err, "no free VF: ");
	ck_assert_contains(outcome->err, "ens1f0 has 24 VFs, 24 assigned to VMs");
	ck_assert_contains(outcome->err, "ens2f0 has 24 VFs, 24 assigned to VMs");
	ck_assert_str_eq(get_file(document_of(n), NULL), original_of(n, race->nic));
}

/* Each has a VF of its own, with a record, and there are no other records. @return how many there are */
static unsigned check_all(const struct race *race)
{
	unsigned count = 0;

	for (unsigned n = 0; n < MOST; n++) {
		const char *vf = race->has[n] ? vf_by_document(n) : NULL;

		if (!vf)
			continue;
		count++;
		ck_assert_msg(there_is(record_of(vf, n)), "VF %s of hook %u has no record", vf, n);
		for (unsigned other = 0; other < n; other++)
			ck_assert_msg(!race->has[other] || strcmp(vf, vf_by_document(other)) != 0,
				"VF %s was given to hooks %u and %u", vf, other, n);
	}
	ck_assert_uint_eq(records(), count);
	return count;
}

/* What came of it: whoever was to be released has nothing, all others see check_assigned(). Nobody has a
 * point then. */
static unsigned check_race(struct race *race)
{
	for (unsigned n = 0; n < MOST; n++) {
		const char *point = race->point[n];

		race->point[n] = NULL;
		if (point && strncmp(point, "before_", 7) == 0)
			check_assigned(race, n);
		if (!point || strncmp(point, "after_", 6) != 0)
			continue;
		ck_assert_msg(race->outcome[n].code == 0, "hook %u: %s", n, race->outcome[n].err);
		race->has[n] = false;
	}
	return check_all(race);
}

/* --- many at once; odd rounds plug vNICs, even ones start VMs */

START_TEST(of_64_at_once_48_get_a_vf_of_their_own)
{
	struct race race = new_race(_i);

	for (unsigned n = 0; n < HOOKS; n++)
		assign(&race, n);
	run_at_once(&race);
	ck_assert_uint_eq(check_race(&race), VFS);
	/* Those that got none are told to end too. */
	for (unsigned n = 0; n < HOOKS; n++)
		release(&race, n);
	run_at_once(&race);
	ck_assert_uint_eq(check_race(&race), 0);
}
END_TEST

START_TEST(vfs_that_come_back_while_others_start_are_given_once_and_none_is_lost)
{
	struct race race = new_race(_i);

	for (unsigned n = 0; n < VFS; n++)
		assign(&race, n);
	run_at_once(&race);
	ck_assert_uint_eq(check_race(&race), VFS);
	for (unsigned n = 0; n < VFS / 2; n++)
		release(&race, n);
	for (unsigned n = VFS; n < MOST; n++)
		assign(&race, n);
	run_at_once(&race);
	ck_assert_uint_ge(check_race(&race), VFS / 2);
	/* Who came too early gets one now, as long as there are any. */
	for (unsigned n = VFS; n < MOST; n++)
		if (!race.has[n])
			assign(&race, n);
	run_at_once(&race);
	ck_assert_uint_eq(check_race(&race), VFS);
	for (unsigned n = 0; n < MOST; n++)
		release(&race, n);
	run_at_once(&race);
	ck_assert_uint_eq(check_race(&race), 0);
}
END_TEST

/* --- waiting for the lock */

/* What a process was started as; a hook under valgrind is valgrind. */
static const char *name_of(pid_t pid)
{
	char line[4096] = "";
	FILE *file = fopen(text("/proc/%d/cmdline", (int)pid), "r");
	const char *slash;

	ck_assert_ptr_nonnull(file);
	ck_assert_uint_gt(fread(line, 1, sizeof(line) - 1, file), 0);
	fclose(file);
	slash = strrchr(line, '/');
	return text("%s", slash ? slash + 1 : line);
}

static double seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static const struct {
	const char *point;
	int code;
} waiters[] = {{"before_vm_start", 2}, {"after_vm_start", 1}, {"after_vm_destroy", 1}};

START_TEST(hook_that_waits_too_long_names_who_has_the_lock)
{
	struct outcome outcome;
	double began;
	int lock;

	put_file(CONFIG, "[policy]\nlock_timeout = 1\n");
	put_file(document_of(1), original_of(1, false));
	lock = lock_ledger();
	began = seconds();
	outcome = end_of_program(start_hook(waiters[_i].point, 1));
	ck_assert_msg(outcome.code == waiters[_i].code, "exit code %d: %s", outcome.code, outcome.err);
	ck_assert_uint_eq(count_lines(outcome.err), 1);
	ck_assert_contains(outcome.err, text("%s (pid %d)", name_of(getpid()), (int)getpid()));
	ck_assert_msg(seconds() - began >= 0.9, "it gave up after %f s", seconds() - began);
	ck_assert_str_eq(get_file(document_of(1), NULL), original_of(1, false));
	ck_assert_uint_eq(records(), 0);
	close(lock);
}
END_TEST

/* Many short waits are not one long one, and nobody is named who is gone. */
START_TEST(hook_that_gets_the_lock_in_time_goes_on)
{
	struct program waiter;
	struct outcome outcome;
	int lock;

	put_file(CONFIG, "[policy]\nlock_timeout = 600\n");
	put_file(document_of(1), original_of(1, false));
	lock = lock_ledger();
	waiter = start_hook("before_vm_start", 1);
	wait_until_it_waits(waiter.pid);
	for (int i = 0; i < 1500; i++)
		wait_a_moment();
	ck_assert(!has_ended(waiter.pid));
	close(lock);
	outcome = end_of_program(waiter);
	ck_assert_msg(outcome.code == 0, "%s", outcome.err);
	ck_assert_lacks(outcome.err, "pid");
	ck_assert_uint_eq(records(), 1);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("races");
	TCase *tcase = new_case(suite, "many", wide_setup);

	tcase_set_timeout(tcase, 60);
	tcase_add_loop_test(tcase, of_64_at_once_48_get_a_vf_of_their_own, 0, ROUNDS);
	tcase_add_loop_test(
		tcase, vfs_that_come_back_while_others_start_are_given_once_and_none_is_lost, 0, ROUNDS);

	tcase = new_case(suite, "lock", wide_setup);
	tcase_set_timeout(tcase, 60);
	tcase_add_loop_test(tcase, hook_that_waits_too_long_names_who_has_the_lock, 0, ARRAY_SIZE(waiters));
	tcase_add_test(tcase, hook_that_gets_the_lock_in_time_goes_on);
	return run_suite(suite);
}
