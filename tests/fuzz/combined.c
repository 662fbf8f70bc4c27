/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A whole hook on a small host, with all that it reads at once. The input:
 *
 *     POINT [NAME=VALUE...]     the hook point, and what VDSM would put into the environment; blanks are
 * between them LINE...                   sysfs, processes, ledger, vfpt.conf: a tree (tree.h), on top of the
 * host below (an empty line) the document
 */
#include <dirent.h>
#include <fcntl.h>
#include <libxml/xmlerror.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "domain.h"
#include "fuzz.h"
#include "hook_run.h"
#include "tree.h"

/* The VM that runs, and the VF that it has. */
#define RUNS        "b7c5a0de-2f43-4b5e-8a55-0a1b2c3d4e07"
#define RUNS_RECORD "0000:01:10.4@" RUNS

static const char host[] =
	"sys/class/net/blue/mtu=1500;\n"
	"sys/class/net/blue/bridge\n"
	"sys/class/net/blue/brif/e.2>../../../../devices/virtual/net/e.2\n"
	"sys/class/net/e.2>../../devices/virtual/net/e.2\n"
	"sys/devices/virtual/net/e.2/uevent=DEVTYPE=vlan;INTERFACE=e.2;\n"
	"sys/devices/virtual/net/e.2/lower_e>../../../pci0/0000:01:00.0/net/e\n"
	"proc/net/vlan/config=VLAN Dev name    | VLAN ID;Name-Type: VLAN_NAME_TYPE_RAW;e.2  | 200  | e;\n"
	"sys/class/net/e>../../devices/pci0/0000:01:00.0/net/e\n"
	"sys/devices/pci0/0000:01:00.0/net/e/device>../../../0000:01:00.0\n"
	"sys/devices/pci0/0000:01:00.0/net/e/ifindex=2;\n"
	"sys/devices/pci0/0000:01:00.0/net/e/mtu=1500;\n"
	"sys/devices/pci0/0000:01:00.0/net/e/address=52:54:00:12:00:01;\n"
	"sys/devices/pci0/0000:01:00.0/net/e/operstate=up;\n"
	"sys/devices/pci0/0000:01:00.0/net/e/speed=1000;\n"
	"sys/devices/pci0/0000:01:00.0/driver>../../../bus/pci/drivers/igb\n"
	"sys/devices/pci0/0000:01:00.0/sriov_numvfs=3;\n"
	"sys/devices/pci0/0000:01:00.0/virtfn0>../0000:01:10.0\n"
	"sys/devices/pci0/0000:01:00.0/virtfn1>../0000:01:10.2\n"
	"sys/devices/pci0/0000:01:00.0/virtfn2>../0000:01:10.4\n"
	"sys/devices/pci0/0000:01:10.0/physfn>../0000:01:00.0\n"
	"sys/devices/pci0/0000:01:10.0/driver>../../../bus/pci/drivers/igbvf\n"
	"sys/devices/pci0/0000:01:10.0/iommu_group>../../../kernel/iommu_groups/9\n"
	"sys/devices/pci0/0000:01:10.0/net/v/device>../../../0000:01:10.0\n"
	"sys/devices/pci0/0000:01:10.0/net/v/ifindex=5;\n"
	"sys/devices/pci0/0000:01:10.0/net/v/mtu=1500;\n"
	"sys/devices/pci0/0000:01:10.0/net/v/address=52:54:00:12:00:02;\n"
	"sys/class/net/v>../../devices/pci0/0000:01:10.0/net/v\n"
	"sys/devices/pci0/0000:01:10.2/physfn>../0000:01:00.0\n"
	"sys/devices/pci0/0000:01:10.2/iommu_group>../../../kernel/iommu_groups/10\n"
	"sys/devices/pci0/0000:01:10.4/physfn>../0000:01:00.0\n"
	"sys/devices/pci0/0000:01:10.4/iommu_group>../../../kernel/iommu_groups/11\n"
	"sys/devices/pci0/0000:01:10.4/driver>../../../bus/pci/drivers/vfio-pci\n"
	"sys/kernel/iommu_groups/9/devices/0000:01:10.0\n"
	"sys/kernel/iommu_groups/10/devices/0000:01:10.2\n"
	"sys/kernel/iommu_groups/11/devices/0000:01:10.4\n"
	"sys/bus/pci/devices/0000:01:00.0>../../../devices/pci0/0000:01:00.0\n"
	"sys/bus/pci/devices/0000:01:10.0>../../../devices/pci0/0000:01:10.0\n"
	"sys/bus/pci/devices/0000:01:10.2>../../../devices/pci0/0000:01:10.2\n"
	"sys/bus/pci/devices/0000:01:10.4>../../../devices/pci0/0000:01:10.4\n"
	"proc/4711/cmdline=qemu^-uuid^" RUNS "^\n";

static const char state[] =
	"run/vfpt/" RUNS_RECORD "=[assignment];vm = " RUNS
	";mac = 56:6f:1a:2b:07:04;alias = ua-x;network = blue;"
	"pf = e;vf = 2;address = 0000:01:10.4;generation = 1;run = 1;macvtap = 0;mtu_before = 0;mtu = 0;;"
	"[before];;[wanted];mac = 56:6f:1a:2b:07:04;vlan_id = 200;;[end];complete = yes;\n";

static const struct vfpt_hook_point points[] = {
	{.name = "before_vm_start", .document = VFPT_DOMAIN, .step = vfpt_hook_connect},
	{.name = "before_nic_hotplug", .document = VFPT_INTERFACE, .step = vfpt_hook_connect},
	{.name = "before_vm_migrate_source", .document = VFPT_DOMAIN, .step = vfpt_hook_check_migration},
	{.name = "after_vm_start", .document = VFPT_DOMAIN, .after = true, .step = vfpt_hook_finish},
	{.name = "after_vm_destroy", .document = VFPT_DOMAIN, .after = true, .step = vfpt_hook_release},
	{.name = "after_nic_hotplug", .document = VFPT_INTERFACE, .after = true, .step = vfpt_hook_finish},
	{.name = "after_nic_hotunplug", .document = VFPT_INTERFACE, .after = true, .step = vfpt_hook_release},
	{.name = "after_nic_hotplug_fail",
		.document = VFPT_INTERFACE,
		.after = true,
		.step = vfpt_hook_release},
	{.name = "before_vdsm_start", .document = VFPT_NOTHING, .after = true, .step = vfpt_hook_reconcile},
};

enum { POINTS = sizeof(points) / sizeof(points[0]) };

/* All that VDSM would set; nothing else is let in. */
static const char *const variables[] = {"vmId", "sriov", "passthrough", "passthrough_mode", "vf_pf",
	"vf_vlan", "vf_rate", "vf_spoofchk", "vf_trust", "vf_rss_query", "vf_link", "vmfex", "vf_", NULL};

static char top_path[PATH_MAX / 2], root_path[PATH_MAX], run_path[PATH_MAX], document_path[PATH_MAX];
static int top, root = -1;

/* --- what the hook says ---------------------------------------------------------------------- */

static char said[1 << 17];
static size_t said_size;

static ssize_t hear(void *cookie, const char *text, size_t size)
{
	(void)cookie;
	MUST(said_size + size < sizeof(said));
	memcpy(said + said_size, text, size);
	said_size += size;
	said[said_size] = '\0';
	return (ssize_t)size;
}

static bool starts(const char *text, const char *with)
{
	return strncmp(text, with, strlen(with)) == 0;
}

/* @return how many lines say that the hook failed */
static unsigned look_at_lines(void)
{
	unsigned failures = 0;
	char *rest = said, *line;

	MUST(said_size == 0 || said[said_size - 1] == '\n');
	while ((line = strsep(&rest, "\n")) && rest) {
		MUST(line[0] && is_tame(line, strlen(line)));
		failures += starts(line, "vfpt: ") && !starts(line, "vfpt: warning: ");
	}
	return failures;
}

/* --- what is in the ledger ------------------------------------------------------------------- */

enum { MOST_RECORDS = 64 };

struct picture {
	size_t count;
	struct {
		char name[NAME_MAX + 1];
		char *text;
		size_t size;
	} records[MOST_RECORDS];
};

static char *read_all(int dir, const char *path, size_t *size)
{
	int fd = openat(dir, path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	char *text = malloc(1 << 16);
	ssize_t got = fd < 0 ? -1 : read(fd, text, 1 << 16);

	if (fd >= 0)
		close(fd);
	*size = got < 0 ? 0 : (size_t)got;
	return text;
}

static void take_picture(struct picture *picture)
{
	int fd = openat(root, "run/vfpt", O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	DIR *directory = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;

	picture->count = 0;
	while (directory && (entry = readdir(directory)))
		if (strchr(entry->d_name, '@') && picture->count < MOST_RECORDS) {
			strcpy(picture->records[picture->count].name, entry->d_name);
			picture->records[picture->count].text =
				read_all(fd, entry->d_name, &picture->records[picture->count].size);
			picture->count++;
		}
	if (directory)
		closedir(directory);
}

static void free_picture(struct picture *picture)
{
	for (size_t i = 0; i < picture->count; i++)
		free(picture->records[i].text);
}

static bool has_record(const struct picture *picture, const char *name)
{
	for (size_t i = 0; i < picture->count; i++)
		if (strcmp(picture->records[i].name, name) == 0)
			return true;
	return false;
}

/* @part has nothing that @whole has not. */
static void must_be_part(const struct picture *part, const struct picture *whole)
{
	for (size_t i = 0; i < part->count; i++) {
		bool is = false;

		for (size_t j = 0; j < whole->count && !is; j++)
			is = strcmp(part->records[i].name, whole->records[j].name) == 0 &&
			     part->records[i].size == whole->records[j].size &&
			     memcmp(part->records[i].text, whole->records[j].text, part->records[i].size) ==
				     0;
		MUST(is);
	}
}

/* --- before, and after ----------------------------------------------------------------------- */

static void make_surroundings(void)
{
	top = own_directory();
	snprintf(top_path, sizeof(top_path), "%s", own_path());
	snprintf(root_path, sizeof(root_path), "%s/root", top_path);
	snprintf(run_path, sizeof(run_path), "%s/root/run", top_path);
	snprintf(document_path, sizeof(document_path), "%s/document", top_path);
	MUST(mkdirat(top, "root", 0755) == 0);
	root = openat(top, "root", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	MUST(root >= 0);
	MUST(setenv("VFPT_ROOT", root_path, 1) == 0 && setenv("_hook_domxml", document_path, 1) == 0);
}

static const struct vfpt_hook_point *read_point(char *line)
{
	const struct vfpt_hook_point *point = NULL;
	char *name = strsep(&line, " "), *word;

	for (int i = 0; i < POINTS; i++)
		if (strcmp(name, points[i].name) == 0)
			point = &points[i];
	if (!point)
		point = &points[(unsigned char)name[0] % POINTS];
	for (int i = 0; variables[i]; i++)
		unsetenv(variables[i]);
	while ((word = strsep(&line, " "))) {
		char *value = strchr(word, '=');

		if (!value)
			continue;
		*value++ = '\0';
		for (int i = 0; variables[i]; i++)
			if (strcmp(word, variables[i]) == 0)
				MUST(setenv(word, value, 1) == 0);
	}
	return point;
}

/* Nothing that was made on the way is left, beside root and document. */
static void must_be_tidy(void)
{
	DIR *directory = opendir(top_path);
	struct dirent *entry;

	MUST(directory);
	while ((entry = readdir(directory)))
		MUST(entry->d_name[0] == '.' || strcmp(entry->d_name, "root") == 0 ||
			strcmp(entry->d_name, "document") == 0);
	closedir(directory);
}

static void must_be_document(const char *text, size_t size)
{
	struct vfpt_domain *document;
	struct vfpt_error err;

	if (vfpt_domain_parse(text, size, &document, &err) < 0)
		broken(__FILE__, __LINE__, err.message);
	vfpt_domain_free(document);
}

/* With a stream of its own: the hook gives it a buffer, which is for the first time only. */
static int run_hook(const struct vfpt_hook_point *point, char **argv)
{
	FILE *other = stderr;
	int code;

	said_size = 0;
	stderr = fopencookie(NULL, "w", (cookie_io_functions_t){.write = hear});
	MUST(stderr);
	code = vfpt_hook_run(point, 1, argv);
	MUST(fclose(stderr) == 0);
	stderr = other;
	return code;
}

static void run(const struct vfpt_hook_point *point, const char *document, size_t size, bool calm)
{
	char name[32], *argv[] = {name, NULL}, *after;
	struct picture before_it, after_it;
	size_t after_size;
	unsigned failures;
	bool same;
	int code;

	snprintf(name, sizeof(name), "%s", point->name);
	take_picture(&before_it);
	code = run_hook(point, argv);
	failures = look_at_lines();
	take_picture(&after_it);
	after = read_all(top, "document", &after_size);
	same = after_size == size && memcmp(after, document, size) == 0;

	MUST(code == VFPT_EXIT_FINE || code == VFPT_EXIT_FAILED || code == VFPT_EXIT_STOP);
	if (code != VFPT_EXIT_FINE) {
		MUST(failures == 1);
		MUST(same);
		/* What this VM's last run left, and VMs that are gone, may have been given back. */
		must_be_part(&after_it, &before_it);
	}
	if (point->after)
		MUST(same);
	if (!same)
		must_be_document(after, after_size);
	if (calm)
		MUST(has_record(&after_it, RUNS_RECORD));
	must_be_tidy();
	free(after);
	free_picture(&before_it);
	free_picture(&after_it);
}

static void make_host(void)
{
	char *lines = strdup(host);

	make_tree(root, lines);
	free(lines);
}

static void make_state(void)
{
	char *lines = strdup(state);

	make_tree(root, lines);
	free(lines);
}

static void remove_what_went_aside(void)
{
	DIR *directory = opendir(top_path);
	struct dirent *entry;
	char path[PATH_MAX];

	MUST(directory);
	while ((entry = readdir(directory)))
		if (starts(entry->d_name, ".aside")) {
			snprintf(path, sizeof(path), "%s/%s", top_path, entry->d_name);
			empty_tree(path);
			MUST(remove(path) == 0);
		}
	closedir(directory);
}

/* The host stays from run to run; what the hook writes is in the ledger, unless that was led elsewhere. */
static void run_on(
	const struct vfpt_hook_point *point, char *lines, const char *document, size_t size, bool calm)
{
	bool leads_away = lines && strstr(lines, "run>");

	if (lines)
		change_tree(root, lines, false);
	run(point, document, size, calm);
	if (restore_tree(root) && !leads_away) {
		empty_tree(run_path);
	} else {
		empty_tree(root_path);
		remove_what_went_aside();
		make_host();
	}
	make_state();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = as_string(data, size), *end = strstr(text, "\n\n"), *lines = text;
	const char *document = end ? end + 2 : text + strlen(text);
	const struct vfpt_hook_point *point;
	size_t document_size = size - (size_t)(document - text);
	bool calm;

	if (root < 0) {
		make_surroundings();
		make_host();
		make_state();
	}
	if (end)
		*end = '\0';
	/* Nobody speaks of the VM that runs, or of the host. */
	calm = !memmem(data, size, RUNS, 8) && !strstr(text, "\nsys") && !strstr(text, "\nproc") &&
	       !strstr(text, "\nrun");
	write_bytes(top, "document", document, document_size);
	point = read_point(strsep(&lines, "\n"));
	run_on(point, lines, document, document_size, calm);
	free(text);
	xmlResetLastError();
	return 0;
}
