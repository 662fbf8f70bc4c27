/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ledger.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <time.h>
#include <unistd.h>

#include "alloc.h"
#include "file.h"
#include "ledger_last.h"
#include "ledger_record.h"
#include "message.h"

#define DIRECTORY "run/vfpt"
#define NEW_FILE  ".new" /* under the lock there is one writer */

struct entry {
	struct vfpt_pci vf;
	char vm[VFPT_VM_SIZE];
	char name[VFPT_RECORD_NAME_SIZE];
	bool told; /* that it cannot be read */
};

struct vfpt_ledger {
	int dir; /* -1: there is none */
	enum vfpt_ledger_mode mode;
	uint64_t generation; /* the last one given out here */
	size_t count;
	struct entry *entries; /* by address */
};

/* --- the directory --------------------------------------------------------------------------- */

static void name_print(const struct vfpt_pci *vf, const char *vm, char name[VFPT_RECORD_NAME_SIZE])
{
	char address[VFPT_PCI_SIZE];

	snprintf(name, VFPT_RECORD_NAME_SIZE, "%s@%s", vfpt_pci_format(vf, address), vm);
}

static int by_address(const void *a, const void *b)
{
	return vfpt_pci_compare(&((const struct entry *)a)->vf, &((const struct entry *)b)->vf);
}

static int add_entry(struct vfpt_ledger *ledger, const struct entry *entry)
{
	struct entry *added = vfpt_array_add(&ledger->entries, &ledger->count, sizeof(*added));

	if (!added)
		return -1;
	*added = *entry;
	return 0;
}

/* A name that starts with an address keeps that VF taken, whatever follows. */
static int add_name(const char *name, void *data)
{
	struct vfpt_error ignored;
	struct entry entry = {.told = false};
	char address[VFPT_PCI_SIZE];
	size_t length = strcspn(name, "@");

	if (strcmp(name, VFPT_LEDGER_LAST) == 0)
		return 0;
	if (length >= sizeof(address))
		length = 0; /* no address is that long */
	memcpy(address, name, length);
	address[length] = '\0';
	if (length == 0 || vfpt_pci_parse(address, &entry.vf, &ignored) < 0) {
		vfpt_warn("ledger: /" DIRECTORY "/%.80s is no record and is ignored; remove it", name);
		return 0;
	}
	if (name[length] == '\0' || vfpt_vm_parse(name + length + 1, entry.vm, &ignored) < 0) {
		vfpt_warn("ledger: /" DIRECTORY
			  "/%.80s names no VM; VF %s counts as taken until it is removed",
			name, address);
		entry.vm[0] = '\0';
	}
	name_print(&entry.vf, entry.vm, entry.name);
	return add_entry(data, &entry) < 0;
}

static int make_directory(int root, struct vfpt_error *err)
{
	autoclose int run = -1;

	/*
	 * A captured tree may have no run at all; on a host, systemd-
	 * tmpfiles makes run/vfpt for user vdsm.
	 */
	(void)mkdirat(root, "run", 0755);
	run = file_open(root, "run", O_PATH | O_DIRECTORY);
	/* Whoever can open it can lock it, for as long as he likes: nobody else may. */
	if (run >= 0 && (mkdirat(run, "vfpt", 0700) == 0 || errno == EEXIST))
		return 0;
	vfpt_error_errno(err, VFPT_SYSTEM, errno, "cannot make the ledger /" DIRECTORY);
	return vfpt_error_remedy(err, "run systemd-tmpfiles --create vfpt.conf as root");
}

/* VDSM's hooks all have one name, in directories that tell them apart. */
static const char *last_two_parts(const char *path)
{
	const char *part = path + strlen(path);

	for (int slashes = 0; part > path && (part[-1] != '/' || ++slashes < 2); part--)
		;
	return part;
}

/*
 * "before_vm_start/50_vfpt (pid 1234)": the kernel knows (proc(5),
 * /proc/locks). Empty when it does not tell.
 */
static void find_lock_holder(int dir, char *text, size_t size)
{
	struct stat status;
	char line[256], path[64], program[512];
	autofclose FILE *locks = fopen("/proc/locks", "re");
	autoclose int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	unsigned long pid = 0, inode, number;
	unsigned device_major, device_minor;

	text[0] = '\0';
	if (fstat(dir, &status) == 0 && locks)
		while (pid == 0 && fgets(line, sizeof(line), locks))
			if (sscanf(line, "%*u: FLOCK %*s WRITE %lu %x:%x:%lu", &number, &device_major,
				    &device_minor, &inode) == 4 &&
				makedev(device_major, device_minor) == status.st_dev &&
				inode == status.st_ino)
				pid = number;
	if (pid == 0)
		return;
	snprintf(path, sizeof(path), "proc/%lu/cmdline", pid);
	if (root < 0 || file_read_start(root, path, program, sizeof(program)) <= 0 || !program[0] ||
		strlen(program) == sizeof(program) - 1)
		strcpy(program, "a program");
	snprintf(text, size, "%.80s (pid %lu)", last_two_parts(program), pid);
}

static int lock_directory(int dir, unsigned seconds, struct vfpt_error *err)
{
	const struct timespec pause = {.tv_nsec = 10L * 1000 * 1000};
	struct timespec now, end;
	char who[128];

	clock_gettime(CLOCK_MONOTONIC, &end);
	end.tv_sec += seconds;
	while (flock(dir, LOCK_EX | LOCK_NB) < 0) {
		if (errno != EWOULDBLOCK && errno != EINTR)
			return vfpt_error_errno(
				err, VFPT_SYSTEM, errno, "cannot lock the ledger /" DIRECTORY);
		clock_gettime(CLOCK_MONOTONIC, &now);
		if (now.tv_sec > end.tv_sec || (now.tv_sec == end.tv_sec && now.tv_nsec >= end.tv_nsec)) {
			find_lock_holder(dir, who, sizeof(who));
			return vfpt_error_set(err, VFPT_SYSTEM,
				"%s holds the lock of the ledger /" DIRECTORY
				" for more than %u s; see what it waits for, or end it",
				who[0] ? who : "another process", seconds);
		}
		nanosleep(&pause, NULL);
	}
	return 0;
}

static int load_entries(struct vfpt_ledger *ledger, int root, unsigned seconds, struct vfpt_error *err)
{
	struct stat status;

	ledger->dir = file_open(root, DIRECTORY, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
	if (ledger->dir < 0 && errno == ENOENT && ledger->mode != VFPT_LEDGER_ASSIGN)
		return 0;
	if (ledger->dir < 0)
		return vfpt_error_errno(err, VFPT_SYSTEM, errno, "cannot open the ledger /" DIRECTORY);
	if (fstat(ledger->dir, &status) < 0 || !file_is_trusted(&status))
		return vfpt_error_set(err, VFPT_SYSTEM,
			"the ledger /" DIRECTORY
			" must belong to root or vdsm, and nobody else may write there; "
			"as root, run systemd-tmpfiles --create vfpt.conf");
	if (ledger->mode != VFPT_LEDGER_LOOK && lock_directory(ledger->dir, seconds, err) < 0)
		return -1;
	if (file_each(ledger->dir, ".", add_name, ledger) != 0)
		return vfpt_error_errno(err, VFPT_SYSTEM, errno, "cannot read the ledger /" DIRECTORY);
	if (ledger->count > 0)
		qsort(ledger->entries, ledger->count, sizeof(*ledger->entries), by_address);
	return 0;
}

int vfpt_ledger_open(int root, enum vfpt_ledger_mode mode, unsigned seconds, struct vfpt_ledger **out,
	struct vfpt_error *err)
{
	struct vfpt_ledger *ledger;

	*out = NULL;
	if (mode == VFPT_LEDGER_ASSIGN && !file_exists(root, DIRECTORY) && make_directory(root, err) < 0)
		return -1;
	ledger = calloc(1, sizeof(*ledger));
	if (!ledger)
		return vfpt_error_errno(err, VFPT_SYSTEM, ENOMEM, "ledger");
	ledger->dir = -1;
	ledger->mode = mode;
	if (load_entries(ledger, root, seconds, err) < 0) {
		vfpt_ledger_close(ledger);
		return -1;
	}
	*out = ledger;
	return 0;
}

void vfpt_ledger_close(struct vfpt_ledger *ledger)
{
	if (!ledger)
		return;
	if (ledger->dir >= 0)
		close(ledger->dir);
	free(ledger->entries);
	free(ledger);
}

static struct entry *find_entry(const struct vfpt_ledger *ledger, const struct vfpt_pci *vf)
{
	const struct entry key = {.vf = *vf};

	return ledger->count == 0
		       ? NULL
		       : bsearch(&key, ledger->entries, ledger->count, sizeof(*ledger->entries), by_address);
}

const char *vfpt_ledger_owner(const struct vfpt_ledger *ledger, const struct vfpt_pci *vf)
{
	const struct entry *entry = find_entry(ledger, vf);

	return entry ? entry->vm : NULL;
}

/* --- records in files ------------------------------------------------------------------------ */

/* A record that nobody can read, later neither. Others (EMFILE, ENOMEM, EIO) say nothing about the record. */
static bool will_stay(int number)
{
	return number == ENOENT || number == EACCES || number == ELOOP;
}

static int read_record(const struct vfpt_ledger *ledger, const struct entry *entry,
	struct vfpt_assignment *out, struct vfpt_error *err)
{
	char text[VFPT_RECORD_SIZE];
	int length;

	length = file_read_trusted(ledger->dir, entry->name, text, sizeof(text));
	if (length < 0 && errno == EPERM)
		return vfpt_error_set(
			err, VFPT_CORRUPT, "it is no file of root or vdsm that nobody else can write");
	if (length < 0 && errno != EOVERFLOW)
		return vfpt_error_errno(
			err, will_stay(errno) ? VFPT_CORRUPT : VFPT_SYSTEM, errno, "cannot read it");
	if (length < 0 || strlen(text) != (size_t)length)
		return vfpt_error_set(err, VFPT_CORRUPT, "it is garbage");
	if (vfpt_record_scan(text, out, err) < 0)
		return -1;
	if (!vfpt_pci_equal(&out->address, &entry->vf) || strcmp(out->vm, entry->vm) != 0)
		return vfpt_error_set(err, VFPT_CORRUPT, "it speaks of another VM or VF than its name");
	return 0;
}

static int write_record(const struct vfpt_ledger *ledger, const struct vfpt_assignment *a, const char *name,
	struct vfpt_error *err)
{
	char text[VFPT_RECORD_SIZE];
	int fd;

	vfpt_record_print(a, text);
	(void)unlinkat(ledger->dir, NEW_FILE, 0); /* a killed hook may have left one */
	fd = openat(ledger->dir, NEW_FILE, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
	if (fd >= 0 && file_write_and_close(fd, text, strlen(text)) == 0 &&
		renameat(ledger->dir, NEW_FILE, ledger->dir, name) == 0)
		return 0;
	vfpt_error_errno(err, VFPT_SYSTEM, errno, "cannot write ledger record /" DIRECTORY "/%s", name);
	if (fd >= 0)
		(void)unlinkat(ledger->dir, NEW_FILE, 0);
	return vfpt_error_remedy(err, "/" DIRECTORY " must be writable by user vdsm and have room");
}

/*
 * Time since boot orders all assignments: the lock lets one writer at a
 * time read it, and run/ is empty at boot.
 */
static uint64_t next_generation(struct vfpt_ledger *ledger)
{
	struct timespec now;
	uint64_t generation;

	clock_gettime(CLOCK_BOOTTIME, &now);
	generation = (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
	if (generation <= ledger->generation)
		generation = ledger->generation + 1;
	return ledger->generation = generation;
}

int vfpt_ledger_put(struct vfpt_ledger *ledger, struct vfpt_assignment *assignment, struct vfpt_error *err)
{
	struct entry entry = {.vf = assignment->address};
	char address[VFPT_PCI_SIZE];

	if (find_entry(ledger, &assignment->address))
		return vfpt_error_set(err, VFPT_SYSTEM, "VF %s is assigned already",
			vfpt_pci_format(&assignment->address, address));
	assignment->generation = next_generation(ledger);
	if (assignment->run == VFPT_NEW_RUN)
		assignment->run = assignment->generation;
	memcpy(entry.vm, assignment->vm, sizeof(entry.vm));
	name_print(&entry.vf, entry.vm, entry.name);
	if (write_record(ledger, assignment, entry.name, err) < 0)
		return -1;
	if (add_entry(ledger, &entry) < 0) {
		(void)unlinkat(ledger->dir, entry.name, 0);
		return vfpt_error_errno(err, VFPT_SYSTEM, ENOMEM, "ledger");
	}
	for (struct entry *e = &ledger->entries[ledger->count - 1];
		e > ledger->entries && by_address(e - 1, e) > 0; e--) {
		e[0] = e[-1];
		e[-1] = entry;
	}
	return 0;
}

/* What cannot be read is said once. */
static void warn_of_corrupt(struct entry *entry, const struct vfpt_error *why)
{
	if (entry->told)
		return;
	entry->told = true;
	vfpt_warn("ledger record /" DIRECTORY
		  "/%s: %s; its VF stays taken: look at the VF's settings (ip link), then remove the file",
		entry->name, why->message);
}

int vfpt_ledger_of_vm(struct vfpt_ledger *ledger, const char *vm, struct vfpt_assignment **out, size_t *count,
	size_t *corrupt, struct vfpt_error *err)
{
	autofree struct vfpt_assignment *all = NULL;

	*out = NULL;
	*count = *corrupt = 0;
	for (size_t i = 0; i < ledger->count; i++) {
		struct entry *entry = &ledger->entries[i];
		struct vfpt_assignment *added;

		if (vm && strcmp(entry->vm, vm) != 0)
			continue;
		added = vfpt_array_add(&all, count, sizeof(*added));
		if (!added)
			return vfpt_error_errno(err, VFPT_SYSTEM, ENOMEM, "ledger");
		if (read_record(ledger, entry, added, err) == 0)
			continue;
		if (err->code != VFPT_CORRUPT)
			return vfpt_error_wrap(err, "ledger record /" DIRECTORY "/%s", entry->name);
		warn_of_corrupt(entry, err);
		--*count;
		++*corrupt;
	}
	*out = all;
	all = NULL;
	return 0;
}

int vfpt_ledger_holds(struct vfpt_ledger *ledger, const struct vfpt_assignment *assignment, bool *holds,
	struct vfpt_error *err)
{
	const struct entry *entry = find_entry(ledger, &assignment->address);
	struct vfpt_assignment current;

	*holds = entry && strcmp(entry->vm, assignment->vm) == 0;
	if (!*holds)
		return 0;
	if (read_record(ledger, entry, &current, err) < 0)
		return vfpt_error_wrap(err, "ledger record /" DIRECTORY "/%s", entry->name);
	*holds = current.generation == assignment->generation;
	return 0;
}

int vfpt_ledger_mark_unfinished(
	struct vfpt_ledger *ledger, const struct vfpt_assignment *assignment, struct vfpt_error *err)
{
	struct vfpt_assignment marked = *assignment;
	bool holds;

	if (vfpt_ledger_holds(ledger, assignment, &holds, err) < 0)
		return -1;
	marked.unfinished = true;
	return holds ? write_record(ledger, &marked, find_entry(ledger, &assignment->address)->name, err) : 0;
}

int vfpt_ledger_remove(struct vfpt_ledger *ledger, const struct vfpt_assignment *assignment, bool remember,
	struct vfpt_error *err)
{
	struct entry *entry = find_entry(ledger, &assignment->address);
	bool holds;

	if (vfpt_ledger_holds(ledger, assignment, &holds, err) < 0)
		return -1;
	if (!holds)
		return 0;
	if ((!remember || vfpt_last_remember(ledger->dir, entry->name, &assignment->mac) < 0) &&
		unlinkat(ledger->dir, entry->name, 0) < 0 && errno != ENOENT)
		return vfpt_error_errno(err, VFPT_SYSTEM, errno,
			"cannot remove ledger record /" DIRECTORY "/%s", entry->name);
	memmove(entry, entry + 1, (size_t)(ledger->entries + ledger->count - (entry + 1)) * sizeof(*entry));
	ledger->count--;
	return 0;
}

bool vfpt_ledger_last(
	const struct vfpt_ledger *ledger, const char *vm, const struct vfpt_mac *mac, struct vfpt_pci *vf)
{
	return ledger->dir >= 0 && vfpt_last_find(ledger->dir, vm, mac, vf);
}
