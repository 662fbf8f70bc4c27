/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A tree that somebody made, captured as `vfpt capture` does: nothing in the archive leads out of the place
 * where it is unpacked, nothing of what is outside the tree is in it. The input is the tree (tree.h), with
 * links to anywhere; it lies on top of a small host, so that there is always something to find.
 */
#include "../../hooks/command/capture.h"

#include <archive.h>
#include <archive_entry.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fuzz.h"
#include "tree.h"

/* In each file that is outside the tree. */
#define SECRET "a-secret-of-this-host"

enum { MOST_ENTRIES = 4096, MOST_STEPS = 40 };

static char root_path[PATH_MAX], archive_path[PATH_MAX];
static int root = -1;
static bool secret_is_known; /* libFuzzer sees what is looked for, and tries it */

/* A host with a PF, a VF and a bridge. */
static const char host[] =
	"sys/class/net/e>../../devices/pci0/0000:01:00.0/net/e\n"
	"sys/class/net/blue/brif/e>../../../../devices/pci0/0000:01:00.0/net/e\n"
	"sys/devices/pci0/0000:01:00.0/net/e/device>../..\n"
	"sys/devices/pci0/0000:01:00.0/net/e/ifindex=2;\n"
	"sys/devices/pci0/0000:01:00.0/net/e/mtu=1500;\n"
	"sys/devices/pci0/0000:01:00.0/net/e/address=52:54:00:12:00:01;\n"
	"sys/devices/pci0/0000:01:00.0/sriov_numvfs=1;\n"
	"sys/devices/pci0/0000:01:00.0/virtfn0>../0000:01:10.0\n"
	"sys/devices/pci0/0000:01:10.0/physfn>../0000:01:00.0\n"
	"sys/devices/pci0/0000:01:10.0/net/v/address=52:54:00:12:00:02;\n"
	"sys/bus/pci/devices/0000:01:00.0>../../../devices/pci0/0000:01:00.0\n"
	"sys/bus/pci/devices/0000:01:10.0>../../../devices/pci0/0000:01:10.0\n"
	"sys/kernel/iommu_groups/9/devices/0000:01:10.0>../../../../devices/pci0/0000:01:10.0\n"
	"proc/4711/cmdline=qemu^-uuid^b7c5a0de-2f43-4b5e-8a55-0a1b2c3d4e07^\n"
	"run/vfpt/0000:01:10.0@b7c5a0de-2f43-4b5e-8a55-0a1b2c3d4e07=[assignment];\n"
	"run/vfpt/last/x=y;\n"
	"etc/vdsm/vfpt.conf=[policy];\n";

static void make_surroundings(void)
{
	int dir = own_directory();

	snprintf(root_path, sizeof(root_path), "%s/root", own_path());
	snprintf(archive_path, sizeof(archive_path), "%s/archive", own_path());
	MUST(mkdirat(dir, "root", 0755) == 0 && mkdirat(dir, "out", 0755) == 0);
	write_bytes(dir, "out/address", SECRET, strlen(SECRET));
	write_bytes(dir, "out/shadow", SECRET, strlen(SECRET));
	write_bytes(dir, "shadow", SECRET, strlen(SECRET));
	root = openat(dir, "root", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	MUST(root >= 0);
	MUST(setenv("VFPT_ROOT", root_path, 1) == 0);
	stdout = fopen("/dev/null", "w");
	MUST(stdout);
}

/* --- the archive ----------------------------------------------------------------------------- */

static struct entry {
	char *path, *target; /* target: of a link, else NULL */
} entries[MOST_ENTRIES];
static size_t entry_count;

static void forget_entries(void)
{
	while (entry_count > 0) {
		entry_count--;
		free(entries[entry_count].path);
		free(entries[entry_count].target);
	}
}

static const char *link_at(const char *path, size_t length)
{
	for (size_t i = 0; i < entry_count; i++)
		if (entries[i].target && strncmp(entries[i].path, path, length) == 0 &&
			!entries[i].path[length])
			return entries[i].target;
	return NULL;
}

static void must_only_lead_down(const char *path)
{
	for (const char *name = path;; name = strchr(name, '/') + 1) {
		size_t length = strcspn(name, "/");

		if (!name[0] && name > path)
			return; /* a directory */
		MUST(length > 0 && !(length <= 2 && strncmp(name, "..", length) == 0));
		if (!name[length])
			return;
		MUST(!link_at(path, (size_t)(name - path) + length));
	}
}

/* As the kernel goes there once it is unpacked. @at: where it is, without links; @steps: links so far */
static void must_stay_inside(char at[PATH_MAX], const char *way, unsigned *steps)
{
	while (*way) {
		size_t length = strcspn(way, "/"), old = strlen(at);
		const char *target;

		if (length == 2 && strncmp(way, "..", 2) == 0) {
			MUST(old > 0);
			*(strrchr(at, '/') ? strrchr(at, '/') : at) = '\0';
		} else if (length > 0 && !(length == 1 && way[0] == '.')) {
			MUST(old + length + 2 < PATH_MAX);
			sprintf(at + old, "%s%.*s", old ? "/" : "", (int)length, way);
			target = link_at(at, strlen(at));
			if (target) {
				at[old] = '\0';
				MUST(target[0] != '/');
				if (++*steps > MOST_STEPS)
					return;
				must_stay_inside(at, target, steps);
			}
		}
		way += length + (way[length] == '/');
	}
}

static void take_entry(struct archive *archive, struct archive_entry *entry)
{
	static char bytes[LARGEST + 1];
	const char *target = archive_entry_symlink(entry);
	la_ssize_t size;

	MUST(entry_count < MOST_ENTRIES);
	entries[entry_count].path = strdup(archive_entry_pathname(entry));
	entries[entry_count++].target = target ? strdup(target) : NULL;
	MUST(archive_entry_filetype(entry) == AE_IFREG || archive_entry_filetype(entry) == AE_IFDIR ||
		archive_entry_filetype(entry) == AE_IFLNK);
	size = archive_read_data(archive, bytes, sizeof(bytes));
	MUST(size >= 0 && (size_t)size < sizeof(bytes));
	MUST(secret_is_known || !memmem(bytes, (size_t)size, SECRET, strlen(SECRET)));
}

static void look_at_archive(void)
{
	struct archive *archive = archive_read_new();
	struct archive_entry *entry;
	int r;

	MUST(archive && archive_read_support_format_tar(archive) == ARCHIVE_OK);
	MUST(archive_read_support_filter_gzip(archive) == ARCHIVE_OK);
	MUST(archive_read_open_filename(archive, archive_path, 1 << 16) == ARCHIVE_OK);
	while ((r = archive_read_next_header(archive, &entry)) == ARCHIVE_OK)
		take_entry(archive, entry);
	MUST(r == ARCHIVE_EOF);
	archive_read_free(archive);
	for (size_t i = 0; i < entry_count; i++) {
		char at[PATH_MAX] = "";
		unsigned steps = 0;

		must_only_lead_down(entries[i].path);
		must_stay_inside(at, entries[i].path, &steps);
	}
	forget_entries();
}

/* Nobody but the input makes anything in there. */
static void make_surroundings_once(void)
{
	char *lines = strdup(host);

	if (root < 0) {
		make_surroundings();
		make_tree(root, lines);
	}
	free(lines);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct call call = {.command = &capture_command, .operand = archive_path};
	char *lines = as_string(data, size);
	struct vfpt_error err;

	make_surroundings_once();
	secret_is_known = memmem(data, size, SECRET, strlen(SECRET));
	change_tree(root, lines, true);
	if (capture_command.run(&call, &err) < 0) {
		must_tell(&err);
		MUST(access(archive_path, F_OK) < 0);
	} else {
		struct stat status;

		MUST(stat(archive_path, &status) == 0 && (status.st_mode & 07777) == 0600);
		look_at_archive();
		MUST(unlink(archive_path) == 0);
	}
	MUST(restore_tree(root));
	free(lines);
	return 0;
}
