/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "support.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <grp.h>
#include <limits.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sched.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

char root[PATH_MAX];
int root_fd = -1;

/* One directory a program; below it the captured host, unpacked once, and the roots of single tests. It goes
 * in run_suite(), so that nothing stays of a test that failed either. */
static char base[64];

/* --- strings */

static struct string {
	struct string *next;
	char bytes[];
} * strings;

static char *new_string(size_t size)
{
	struct string *string = malloc(sizeof(*string) + size + 1);

	ck_assert_ptr_nonnull(string);
	string->next = strings;
	strings = string;
	string->bytes[size] = '\0';
	return string->bytes;
}

static void free_strings(void)
{
	while (strings) {
		struct string *next = strings->next;

		free(strings);
		strings = next;
	}
}

const char *text(const char *format, ...)
{
	char *printed, *string;
	va_list args;
	int length;

	va_start(args, format);
	length = vasprintf(&printed, format, args);
	va_end(args);
	ck_assert_int_ge(length, 0);
	string = new_string((size_t)length);
	memcpy(string, printed, (size_t)length);
	free(printed);
	return string;
}

const char *replaced(const char *whole, const char *part, const char *by)
{
	const char *at = strstr(whole, part);

	ck_assert_msg(at != NULL, "\"%s\" does not contain \"%s\"", whole, part);
	return text("%.*s%s%s", (int)(at - whole), whole, by, at + strlen(part));
}

unsigned count_lines(const char *lines)
{
	unsigned count = 0;

	for (; *lines; lines++)
		count += *lines == '\n' || lines[1] == '\0';
	return count;
}

const char *in_root(const char *path)
{
	return text("%s/%s", root, path);
}

/* --- reading */

static const char *read_all(int fd, size_t *size)
{
	struct stat status;
	size_t used = 0;
	ssize_t got;
	char *string;

	ck_assert_int_eq(fstat(fd, &status), 0);
	string = new_string((size_t)status.st_size);
	while (used < (size_t)status.st_size &&
		(got = pread(fd, string + used, (size_t)status.st_size - used, (off_t)used)) > 0)
		used += (size_t)got;
	ck_assert_uint_eq(used, (size_t)status.st_size);
	if (size)
		*size = used;
	return string;
}

static const char *read_path(const char *path, size_t *size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	const char *string;

	ck_assert_msg(fd >= 0, "cannot open %s: %s", path, strerror(errno));
	string = read_all(fd, size);
	close(fd);
	return string;
}

const char *get_file(const char *path, size_t *size)
{
	return read_path(in_root(path), size);
}

static const char *data(void)
{
	const char *path = getenv("VFPT_TEST_DATA");

	ck_assert_msg(path != NULL, "VFPT_TEST_DATA is not set; run `meson test`");
	return path;
}

const char *sample(const char *name, size_t *size)
{
	return read_path(text("%s/samples/%s", data(), name), size);
}

bool there_is(const char *path)
{
	return faccessat(root_fd, path, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

unsigned entries(const char *path)
{
	DIR *dir = opendir(in_root(path));
	unsigned count = 0;

	while (dir && readdir(dir))
		count++;
	if (dir)
		closedir(dir);
	return count > 2 ? count - 2 : 0;
}

unsigned records(void)
{
	return entries(LEDGER) - there_is(LEDGER "/last");
}

static FILE *picture_file;
static bool picture_has_times;

static int picture_entry(const char *path, const struct stat *status, int kind, struct FTW *at)
{
	char target[PATH_MAX] = "";
	unsigned long sum = 0;
	size_t size = 0;

	(void)at;
	if (kind == FTW_SL)
		ck_assert_int_ge(readlink(path, target, sizeof(target) - 1), 0);
	if (S_ISREG(status->st_mode)) {
		const char *bytes = read_path(path, &size);

		while (size > 0)
			sum = sum * 31 + (unsigned char)bytes[--size];
	}
	fprintf(picture_file, "%s inode %lu mode %o size %lld sum %lx -> %s", path,
		(unsigned long)status->st_ino, status->st_mode, (long long)status->st_size, sum, target);
	if (picture_has_times)
		fprintf(picture_file, " changed %ld.%09ld", (long)status->st_ctim.tv_sec,
			status->st_ctim.tv_nsec);
	fprintf(picture_file, "\n");
	return 0;
}

static const char *picture_of(const char *path, bool has_times)
{
	char *bytes = NULL;
	const char *string;
	size_t size;

	picture_file = open_memstream(&bytes, &size);
	picture_has_times = has_times;
	ck_assert_ptr_nonnull(picture_file);
	ck_assert_int_eq(nftw(path, picture_entry, 16, FTW_PHYS), 0);
	fclose(picture_file);
	string = text("%s", bytes);
	free(bytes);
	return string;
}

const char *picture(const char *path)
{
	return picture_of(in_root(path), true);
}

/* --- copying */

static size_t copy_from;

static int copy_entry(const char *path, const struct stat *status, int kind, struct FTW *at)
{
	char copy[PATH_MAX];

	(void)status;
	(void)at;
	snprintf(copy, sizeof(copy), "%.*s%s", (int)(sizeof(copy) / 2), root, path + copy_from);
	return kind == FTW_D ? mkdir(copy, 0755) : link(path, copy);
}

/* With hard links, which takes a third of the time that unpacking takes. */
static void copy_of_host(const char *part)
{
	const char *host = text("%s/host", base), *whole = text("%s/%s", host, part);

	copy_from = strlen(host);
	ck_assert_msg(
		nftw(whole, copy_entry, 16, FTW_PHYS) == 0, "cannot copy %s: %s", whole, strerror(errno));
}

/*
 * The captured host's /sys is lent to one test after the other, until one changes something in it: most do
 * not, and copying it takes longer than they do. Nor can it be linked to, as no link leads out of a root. The
 * link base/lent says which test has it.
 */
static const char *lent_to(void)
{
	char path[PATH_MAX];
	ssize_t length = readlink(text("%s/lent", base), path, sizeof(path) - 1);

	return length < 0 ? NULL : text("%.*s", (int)length, path);
}

/* Also of a test that died. */
static void take_sys_back(void)
{
	const char *at = lent_to();

	if (!at)
		return;
	ck_assert_int_eq(rename(at, text("%s/host/sys", base)), 0);
	ck_assert_int_eq(unlink(text("%s/lent", base)), 0);
}

static void lend_sys(void)
{
	take_sys_back();
	ck_assert_int_eq(symlink(in_root("sys"), text("%s/lent", base)), 0);
	ck_assert_int_eq(rename(text("%s/host/sys", base), in_root("sys")), 0);
}

static void own_sys(const char *path)
{
	const char *at = lent_to();

	if (strncmp(path, "sys", 3) != 0 || (path[3] && path[3] != '/') || !at ||
		strcmp(at, in_root("sys")) != 0)
		return;
	take_sys_back();
	copy_of_host("sys");
}

/* --- writing */

static void make_parents(const char *path)
{
	char part[PATH_MAX];

	own_sys(path);
	for (const char *slash = strchr(path, '/'); slash; slash = strchr(slash + 1, '/')) {
		snprintf(part, sizeof(part), "%.*s", (int)(slash - path), path);
		ck_assert_msg(mkdirat(root_fd, part, 0755) == 0 || errno == EEXIST, "cannot make %s: %s",
			part, strerror(errno));
	}
}

void put_bytes(const char *path, const void *bytes, size_t size)
{
	int fd;

	make_parents(path);
	/* Never written in place: it can be a hard link to the unpacked host that other tests copy. */
	(void)unlinkat(root_fd, path, 0);
	fd = openat(root_fd, path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	ck_assert_msg(fd >= 0, "cannot make %s: %s", path, strerror(errno));
	ck_assert_int_eq(write(fd, bytes, size), (ssize_t)size);
	close(fd);
}

void put_file(const char *path, const char *text)
{
	put_bytes(path, text, strlen(text));
}

void put_link(const char *path, const char *target)
{
	make_parents(path);
	(void)unlinkat(root_fd, path, 0);
	ck_assert_msg(symlinkat(target, root_fd, path) == 0, "cannot make %s: %s", path, strerror(errno));
}

void put_directory(const char *path)
{
	make_parents(path);
	ck_assert_msg(mkdirat(root_fd, path, 0755) == 0, "cannot make %s: %s", path, strerror(errno));
}

void move(const char *from, const char *to)
{
	own_sys(from);
	own_sys(to);
	ck_assert_msg(renameat(root_fd, from, root_fd, to) == 0, "cannot move %s: %s", from, strerror(errno));
}

static int remove_entry(const char *path, const struct stat *status, int kind, struct FTW *at)
{
	(void)status;
	(void)kind;
	(void)at;
	return remove(path);
}

static int remove_tree(const char *path)
{
	return nftw(path, remove_entry, 16, FTW_PHYS | FTW_DEPTH);
}

void drop(const char *path)
{
	own_sys(path);
	ck_assert_msg(remove_tree(in_root(path)) == 0, "cannot remove %s: %s", path, strerror(errno));
}

void put_or_drop(const char *path, const char *text)
{
	if (text)
		put_file(path, text);
	else
		drop(path);
}

/* --- the captured host, and fixtures */

static char host_as_unpacked[1 << 19];

/* Once a program, before its first test; see own_sys(). */
static void unpack_host(void)
{
	const char *archive = text("%s/hosts/three-igb.tar.gz", data()), *host = text("%s/host", base);
	const char *const argv[] = {"/bin/tar", "xzf", archive, "-C", host, NULL};
	const char *picture_now;
	struct outcome outcome;

	if (mkdir(host, 0755) < 0 && errno == EEXIST)
		return;
	outcome = run(argv, (const char *const[]){NULL});
	ck_assert_msg(outcome.code == 0, "cannot unpack %s: %s", archive, outcome.err);
	picture_now = picture_of(host, false);
	ck_assert_uint_lt(strlen(picture_now), sizeof(host_as_unpacked));
	memcpy(host_as_unpacked, picture_now, strlen(picture_now) + 1);
}

/* What all tests share must be as it was. Behind the tests Check knows no failure. */
static void check_host(void)
{
	take_sys_back();
	if (strcmp(picture_of(text("%s/host", base), false), host_as_unpacked) != 0) {
		fprintf(stderr, "a test, or what it ran, changed the /sys that all tests share\n");
		remove_tree(base);
		exit(EXIT_FAILURE);
	}
	free_strings();
}

void empty_setup(void)
{
	snprintf(root, sizeof(root), "%s/XXXXXX", base);
	ck_assert_msg(mkdtemp(root) != NULL, "cannot make %s: %s", root, strerror(errno));
	ck_assert_int_eq(chmod(root, 0755), 0);
	root_fd = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	ck_assert_int_ge(root_fd, 0);
}

void host_setup(void)
{
	empty_setup();
	copy_of_host("proc");
	lend_sys();
}

void root_teardown(void)
{
	const char *at = lent_to();

	close(root_fd);
	root_fd = -1;
	if (at && strcmp(at, in_root("sys")) == 0)
		take_sys_back();
	ck_assert_int_eq(remove_tree(root), 0);
	free_strings();
}

TCase *new_case(Suite *suite, const char *name, SFun setup)
{
	TCase *tcase = tcase_create(name);

	if (setup == host_setup)
		tcase_add_unchecked_fixture(tcase, unpack_host, check_host);
	if (setup)
		tcase_add_checked_fixture(tcase, setup, root_teardown);
	else
		tcase_add_checked_fixture(tcase, NULL, free_strings);
	suite_add_tcase(suite, tcase);
	return tcase;
}

int run_suite(Suite *suite)
{
	const char *directory = getenv("TMPDIR");
	SRunner *runner;
	int failed;

	/* A tree of 2800 entries for each test: in memory that is five times faster. */
	if (!directory || strlen(directory) > sizeof(base) / 2)
		directory = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
	snprintf(base, sizeof(base), "%s/vfpt-unit-XXXXXX", directory);
	if (!mkdtemp(base) || chmod(base, 0755) < 0) {
		perror(base);
		return EXIT_FAILURE;
	}
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	free_strings();
	if (remove_tree(base) < 0) {
		perror(base);
		failed = 1;
	}
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

struct vfpt_pci pci(const char *address)
{
	struct vfpt_error err;
	struct vfpt_pci out;

	ck_assert_ok(vfpt_pci_parse(address, &out, &err), err);
	return out;
}

/* --- what is printed */

static int stderr_before = -1, stderr_caught = -1;

void catch_stderr(void)
{
	fflush(stderr);
	stderr_before = dup(STDERR_FILENO);
	stderr_caught = memfd_create("stderr", MFD_CLOEXEC);
	ck_assert_int_ge(stderr_before, 0);
	ck_assert_int_ge(stderr_caught, 0);
	ck_assert_int_eq(dup2(stderr_caught, STDERR_FILENO), STDERR_FILENO);
}

const char *caught_stderr(void)
{
	const char *printed;

	fflush(stderr);
	ck_assert_int_eq(dup2(stderr_before, STDERR_FILENO), STDERR_FILENO);
	printed = read_all(stderr_caught, NULL);
	close(stderr_caught);
	close(stderr_before);
	return printed;
}

/* Sanitizers and valgrind are told by these what to do. */
static const char *const passed_on[] = {"ASAN_OPTIONS", "LSAN_OPTIONS", "UBSAN_OPTIONS", "LD_LIBRARY_PATH",
	"LD_PRELOAD", "MALLOC_PERTURB_", "PATH"};

/* Not fork(): to copy what a sanitizer has mapped takes longer than most programs run. */
struct program start_program(const char *const *argv, const char *const *env)
{
	static char lines[ARRAY_SIZE(passed_on)][1024];
	struct program program = {
		.out = memfd_create("stdout", MFD_CLOEXEC), .err = memfd_create("stderr", MFD_CLOEXEC)};
	posix_spawn_file_actions_t actions;
	const char *all[64];
	size_t count = 0;

	ck_assert_int_ge(program.out, 0);
	ck_assert_int_ge(program.err, 0);
	while (*env && count < 48)
		all[count++] = *env++;
	for (size_t i = 0; i < ARRAY_SIZE(passed_on); i++) {
		const char *value = getenv(passed_on[i]);

		if (!value)
			continue;
		snprintf(lines[i], sizeof(lines[i]), "%s=%s", passed_on[i], value);
		all[count++] = lines[i];
	}
	all[count] = NULL;
	fflush(NULL);
	ck_assert_int_eq(posix_spawn_file_actions_init(&actions), 0);
	ck_assert_int_eq(posix_spawn_file_actions_adddup2(&actions, program.out, STDOUT_FILENO), 0);
	ck_assert_int_eq(posix_spawn_file_actions_adddup2(&actions, program.err, STDERR_FILENO), 0);
	errno = posix_spawn(&program.pid, argv[0], &actions, NULL, (char *const *)(uintptr_t)argv,
		(char *const *)(uintptr_t)all);
	ck_assert_msg(errno == 0, "cannot run %s: %s", argv[0], strerror(errno));
	posix_spawn_file_actions_destroy(&actions);
	return program;
}

struct outcome end_of_program(struct program program)
{
	struct outcome outcome = {.code = -1};
	int status = -1;

	ck_assert_int_eq(waitpid(program.pid, &status, 0), program.pid);
	outcome.code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
	outcome.out = read_all(program.out, NULL);
	outcome.err = read_all(program.err, NULL);
	close(program.out);
	close(program.err);
	return outcome;
}

struct outcome run(const char *const *argv, const char *const *env)
{
	return end_of_program(start_program(argv, env));
}

/* --- other processes */

enum { CHILD_FINE = 42 };

void need(bool holds, const char *format, ...)
{
	va_list args;

	if (holds)
		return;
	va_start(args, format);
	fprintf(stderr, "does not hold: ");
	vfprintf(stderr, format, args);
	fprintf(stderr, "\n");
	va_end(args);
	_exit(1);
}

void in_child(void (*check)(void))
{
	int status;
	pid_t child;

	fflush(NULL);
	child = fork();
	ck_assert_int_ge(child, 0);
	if (child == 0) {
		check();
		_exit(CHILD_FINE);
	}
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == CHILD_FINE,
		"the child ended with status %#x", status);
}

void become_nobody(void)
{
	if (geteuid() == 0)
		need(setgroups(0, NULL) == 0 && setgid(65534) == 0 && setuid(65534) == 0,
			"root can become nobody");
}

bool enter_own_network(void)
{
	return unshare(CLONE_NEWNET) == 0 || unshare(CLONE_NEWUSER | CLONE_NEWNET) == 0;
}

void address_loopback(void)
{
	struct ifreq request = {.ifr_name = "lo"};
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	memcpy(&request.ifr_addr, &address, sizeof(address));
	need(fd >= 0 && ioctl(fd, SIOCSIFADDR, &request) == 0, "lo can have an address: %s", strerror(errno));
	close(fd);
}
