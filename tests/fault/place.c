/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "place.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <net/if.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ledger.h"
#include "trace.h"
#include "vfpt/settings.h"

#define LEDGER "run/vfpt"

struct record {
	char name[NAME_MAX + 1];
	char *text;
};

static struct {
	bool captured;
	int root;
	int directory;
	char document[PATH_MAX];
	struct vfpt_netlink *netlink;
	size_t pf_count;
	struct vfpt_pf pfs[8];
	size_t vf_count;
} place;

/* --- files ----------------------------------------------------------------------------------- */

/* All of it, and '\0'; NULL where there is none. */
static char *read_text(int directory, const char *name)
{
	int fd = openat(directory, name, O_RDONLY | O_CLOEXEC);
	struct stat status;
	char *text;

	if (fd < 0)
		return NULL;
	if (fstat(fd, &status) < 0 || !(text = calloc(1, (size_t)status.st_size + 1)) ||
		read(fd, text, (size_t)status.st_size) < 0) /* sysfs has less than it says */
		give_up("cannot read %s", name);
	close(fd);
	return text;
}

static void write_text(int directory, const char *name, const char *text)
{
	size_t size = strlen(text);
	int fd = openat(directory, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	if (fd < 0 || write(fd, text, size) != (ssize_t)size)
		give_up("cannot write %s", name);
	close(fd);
}

static int no_dots(const struct dirent *entry)
{
	return strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
}

static void each(int directory, const char *path, void (*take)(const char *name, void *data), void *data)
{
	struct dirent **entries;
	int count = scandirat(directory, path, &entries, no_dots, alphasort);

	for (int i = 0; i < count; i++) {
		take(entries[i]->d_name, data);
		free(entries[i]);
	}
	if (count >= 0)
		free(entries);
}

/* Beside records, a memory of which VF a vNIC had last time: a directory. */
#define LAST LEDGER "/last"

static void remove_from(const char *name, void *directory)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/%s", (const char *)directory, name);
	unlinkat(place.root, path, 0);
}

static void empty_ledger(void)
{
	each(place.root, LAST, remove_from, (void *)(uintptr_t)LAST);
	unlinkat(place.root, LAST, AT_REMOVEDIR);
	each(place.root, LEDGER, remove_from, (void *)(uintptr_t)LEDGER);
}

static void remove_beside(const char *name, void *data)
{
	(void)data;
	unlinkat(place.directory, name, 0);
}

/* --- the place ------------------------------------------------------------------------------- */

static void take_pf(const char *name, void *data)
{
	struct vfpt_pf *pf = &place.pfs[place.pf_count];
	char path[PATH_MAX], *text;

	(void)data;
	snprintf(path, sizeof(path), "sys/class/net/%s/device/sriov_numvfs", name);
	text = read_text(place.root, path);
	if (!text || strlen(name) >= sizeof(pf->name) || place.pf_count == 8)
		return;
	*pf = (struct vfpt_pf){.ifindex = if_nametoindex(name), .vf_count = (unsigned)atoi(text)};
	memcpy(pf->name, name, strlen(name));
	place.vf_count += pf->vf_count;
	place.pf_count++;
	free(text);
}

void place_open(const char *directory)
{
	const char *root = getenv("VFPT_ROOT");
	struct vfpt_error err;

	place.captured = root != NULL;
	place.root = open(root ? root : "/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	place.directory = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (place.root < 0 || place.directory < 0)
		give_up("cannot open %s or %s", root ? root : "/", directory);
	snprintf(place.document, sizeof(place.document), "%s/document.xml", directory);
	if (place.captured)
		return;
	if (vfpt_netlink_open(&place.netlink, &err) < 0)
		give_up("%s", err.message);
	each(place.root, "sys/class/net", take_pf, NULL);
}

void place_close(void)
{
	vfpt_netlink_close(place.netlink);
	close(place.directory);
	close(place.root);
}

bool place_is_captured(void)
{
	return place.captured;
}

const char *place_document(void)
{
	return place.document;
}

void put_document(const char *text)
{
	write_text(place.directory, "document.xml", text);
}

/* All VFs, one PF after the other. */
static struct vfpt_settings *read_vfs(void)
{
	struct vfpt_settings *all = calloc(place.vf_count + 1, sizeof(*all)), *vfs;
	struct vfpt_error err;
	size_t count = 0;

	if (!all)
		give_up("memory");
	for (size_t i = 0; i < place.pf_count; i++) {
		if (vfpt_settings_read(place.netlink, &place.pfs[i], &vfs, &err) < 0)
			give_up("%s", err.message);
		memcpy(all + count, vfs, place.pfs[i].vf_count * sizeof(*vfs));
		count += place.pfs[i].vf_count;
		free(vfs);
	}
	return all;
}

void play_libvirt(void)
{
	struct vfpt_settings *all = read_vfs(), *now = all, reset = {0};
	struct vfpt_error err;

	vfpt_settings_put(&reset, VFPT_VLAN_PRIORITY, 0);
	for (size_t i = 0; i < place.pf_count; i++)
		for (unsigned vf = 0; vf < place.pfs[i].vf_count; vf++, now++)
			if (vfpt_settings_apply(place.netlink, &place.pfs[i], vf, &reset, now, &err) < 0)
				give_up("%s", err.message);
	free(all);
}

/* --- state ----------------------------------------------------------------------------------- */

static void print_vf(FILE *out, const char *pf, unsigned vf, const struct vfpt_settings *settings)
{
	char value[VFPT_SETTING_SIZE];

	fprintf(out, "%s vf %u", pf, vf);
	for (int i = 0; i < VFPT_SETTING_COUNT; i++)
		if (vfpt_settings_have(settings, (enum vfpt_setting)i))
			fprintf(out, " %s",
				vfpt_setting_print((enum vfpt_setting)i, settings->value[i], value));
	fprintf(out, "\n");
}

static void print_vfs(FILE *out, const struct vfpt_settings *settings)
{
	for (size_t i = 0; i < place.pf_count; i++)
		for (unsigned vf = 0; vf < place.pfs[i].vf_count; vf++)
			print_vf(out, place.pfs[i].name, vf, settings++);
}

/* One line, without what is another each time. */
static void print_record(FILE *out, const struct record *record)
{
	fprintf(out, "%s", record->name);
	for (const char *line = record->text, *end; *line; line = *end ? end + 1 : end) {
		end = strchrnul(line, '\n');
		if (strncmp(line, "generation = ", 13) != 0 && strncmp(line, "run = ", 6) != 0)
			fprintf(out, "%.*s ", (int)(end - line), line);
	}
	fprintf(out, "\n");
}

/* So is the mark of the run in the document: a time, which has a digit more now and then. */
static void forget_run(char *document)
{
	static const char mark[] = "urn:vfpt:run:1\" start=\"";
	char *at = document ? strstr(document, mark) : NULL;

	if (at) {
		at += strlen(mark);
		memmove(at, at + strcspn(at, "\""), strlen(at) - strcspn(at, "\"") + 1);
	}
}

static void take_record(const char *name, void *data)
{
	struct state *state = data;
	struct record *grown;
	char path[PATH_MAX];

	snprintf(path, sizeof(path), LEDGER "/%s", name);
	if (strcmp(path, LAST) == 0)
		return;
	grown = reallocarray(state->records, state->record_count + 1, sizeof(*grown));
	if (!grown)
		give_up("memory");
	state->records = grown;
	grown = &grown[state->record_count++];
	snprintf(grown->name, sizeof(grown->name), "%s", name);
	grown->text = read_text(place.root, path);
	if (!grown->text)
		give_up("cannot read %s", path);
}

static void print_beside(const char *name, void *out)
{
	if (strcmp(name, "document.xml") != 0)
		fprintf(out, "a file beside the document\n");
}

static void print_mode(FILE *out)
{
	struct stat status;

	if (stat(place.document, &status) == 0)
		fprintf(out, "the document's mode is %o, its owner %u:%u\n", status.st_mode, status.st_uid,
			status.st_gid);
}

struct state *state_take(void)
{
	struct state *state = calloc(1, sizeof(*state));
	FILE *host, *rest;
	size_t size;

	if (!state || !(host = open_memstream(&state->host, &size)) ||
		!(rest = open_memstream(&state->rest, &size)))
		give_up("memory");
	state->document = read_text(place.directory, "document.xml");
	forget_run(state->document);
	each(place.directory, ".", print_beside, rest);
	print_mode(rest);
	state->vfs = read_vfs();
	state->vf_count = place.vf_count;
	print_vfs(host, state->vfs);
	each(place.root, LEDGER, take_record, state);
	for (size_t i = 0; i < state->record_count; i++)
		print_record(state->records[i].name[0] == '.' ? rest : host, &state->records[i]);
	fclose(host);
	fclose(rest);
	return state;
}

void state_free(struct state *state)
{
	for (size_t i = 0; i < state->record_count; i++)
		free(state->records[i].text);
	free(state->records);
	free(state->vfs);
	free(state->document);
	free(state->host);
	free(state->rest);
	free(state);
}

static void put_vfs(const struct vfpt_settings *wanted)
{
	struct vfpt_settings *now = read_vfs();
	struct vfpt_error err;
	size_t n = 0;

	for (size_t i = 0; i < place.pf_count; i++)
		for (unsigned vf = 0; vf < place.pfs[i].vf_count; vf++, n++)
			if (memcmp(&now[n], &wanted[n], sizeof(*now)) != 0 &&
				vfpt_settings_restore(place.netlink, &place.pfs[i], vf, &wanted[n], 0, &err) <
					0)
				give_up("%s", err.message);
	free(now);
}

void state_put(const struct state *state)
{
	char path[PATH_MAX];

	each(place.directory, ".", remove_beside, NULL);
	if (state->document)
		put_document(state->document);
	empty_ledger();
	/* On a captured host the hook makes the directories too; on another, systemd-tmpfiles does. */
	if (place.captured) {
		unlinkat(place.root, LEDGER, AT_REMOVEDIR);
		unlinkat(place.root, "run", AT_REMOVEDIR);
	}
	if (state->record_count > 0) {
		mkdirat(place.root, "run", 0755);
		mkdirat(place.root, LEDGER, 0755);
	}
	for (size_t i = 0; i < state->record_count; i++) {
		snprintf(path, sizeof(path), LEDGER "/%s", state->records[i].name);
		write_text(place.root, path, state->records[i].text);
	}
	put_vfs(state->vfs);
}

static bool same_text(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

bool state_equal(const struct state *a, const struct state *b)
{
	return same_text(a->document, b->document) && same_text(a->host, b->host) &&
	       same_text(a->rest, b->rest);
}

/* The lines of @text that @other lacks. */
static void print_new_lines(const char *sign, const char *text, const char *other)
{
	for (const char *line = text, *end; (end = strchr(line, '\n')); line = end + 1) {
		size_t length = (size_t)(end - line) + 1;
		const char *found = other;

		while (found && strncmp(found, line, length) != 0)
			found = (found = strchr(found, '\n')) && found[1] ? found + 1 : NULL;
		if (!found)
			printf("#       %s %.*s", sign, (int)length, line);
	}
}

void state_explain(const struct state *is, const struct state *expected)
{
	if (!same_text(is->document, expected->document))
		printf("#       the document differs\n");
	print_new_lines("is      ", is->host, expected->host);
	print_new_lines("expected", expected->host, is->host);
	print_new_lines("is      ", is->rest, expected->rest);
	print_new_lines("expected", expected->rest, is->rest);
}

/* --- what holds ------------------------------------------------------------------------------ */

static int read_ledger(struct vfpt_assignment **all, size_t *count, size_t *corrupt)
{
	struct vfpt_ledger *ledger;
	struct vfpt_error err;
	int r = vfpt_ledger_open(place.root, VFPT_LEDGER_RELEASE, 60, &ledger, &err);

	if (r == 0)
		r = vfpt_ledger_of_vm(ledger, VM, all, count, corrupt, &err);
	if (r < 0)
		printf("#     %s\n", err.message);
	vfpt_ledger_close(ledger);
	return r;
}

unsigned count_records(const char *vm, const char *network)
{
	struct vfpt_assignment *all;
	struct vfpt_ledger *ledger;
	struct vfpt_error err;
	size_t count, corrupt;
	unsigned found = 0;

	if (vfpt_ledger_open(place.root, VFPT_LEDGER_RELEASE, 60, &ledger, &err) < 0 ||
		vfpt_ledger_of_vm(ledger, vm, &all, &count, &corrupt, &err) < 0)
		give_up("%s", err.message);
	for (size_t i = 0; i < count; i++)
		found += strcmp(all[i].network, network) == 0;
	free(all);
	vfpt_ledger_close(ledger);
	return found;
}

#define NOBODY "ffffffff-ffff-4fff-8fff-ffffffffffff"

static bool is_record_of(const char *name, const char *address)
{
	return strncmp(name, address, strlen(address)) == 0 && name[strlen(address)] == '@';
}

struct search {
	const char *address;
	bool found;
};

static void look(const char *name, void *data)
{
	struct search *search = data;

	search->found = search->found || is_record_of(name, search->address);
}

static void occupy(const char *address, void *data)
{
	struct search search = {.address = address};
	char path[PATH_MAX];

	(void)data;
	snprintf(path, sizeof(path), "sys/bus/pci/devices/%s/physfn", address);
	if (faccessat(place.root, path, F_OK, AT_SYMLINK_NOFOLLOW) < 0)
		return;
	each(place.root, LEDGER, look, &search);
	snprintf(path, sizeof(path), LEDGER "/%s@" NOBODY, address);
	if (!search.found)
		write_text(place.root, path, "garbage\n");
}

void occupy_free_vfs(void)
{
	mkdirat(place.root, "run", 0755);
	mkdirat(place.root, LEDGER, 0755);
	each(place.root, "sys/bus/pci/devices", occupy, NULL);
}

static void vacate(const char *name, void *data)
{
	char path[PATH_MAX];

	(void)data;
	snprintf(path, sizeof(path), LEDGER "/%s", name);
	if (strstr(name, "@" NOBODY))
		unlinkat(place.root, path, 0);
}

void vacate_vfs(void)
{
	each(place.root, LEDGER, vacate, NULL);
}

bool ledger_is_sound(void)
{
	struct vfpt_assignment *all;
	size_t count, corrupt;

	if (read_ledger(&all, &count, &corrupt) < 0)
		return false;
	free(all);
	return corrupt == 0;
}

/* Is the VF in the document, as libvirt wants it? */
static bool is_in(const char *document, const struct vfpt_assignment *a)
{
	char address[128];

	snprintf(address, sizeof(address),
		"<source><address type=\"pci\" domain=\"0x%04x\" bus=\"0x%02x\" slot=\"0x%02x\" function=\"0x%x\"/>",
		a->address.domain, a->address.bus, a->address.slot, a->address.function);
	return strstr(document, address);
}

/* A link that is held until the VLAN's priority is right for good: after_vm_start lets it up. */
static bool is_held(const struct vfpt_assignment *a, const struct vfpt_settings *now, int setting)
{
	return setting == VFPT_LINK_STATE && a->wanted.value[VFPT_VLAN_PRIORITY] != 0 &&
	       now->value[VFPT_LINK_STATE] == VFPT_LINK_DISABLE;
}

static bool is_set(const struct state *state, const struct vfpt_assignment *a)
{
	const struct vfpt_settings *vfs = state->vfs;

	for (size_t i = 0; i < place.pf_count; vfs += place.pfs[i++].vf_count)
		for (int s = 0; strcmp(place.pfs[i].name, a->pf) == 0 && s < VFPT_SETTING_COUNT; s++)
			if (vfpt_settings_have(&a->wanted, (enum vfpt_setting)s) &&
				vfpt_settings_have(&vfs[a->vf], (enum vfpt_setting)s) &&
				a->wanted.value[s] != vfs[a->vf].value[s] && !is_held(a, &vfs[a->vf], s))
				return false;
	return true;
}

/* The record of the same vNIC. */
static const char *record_like(const struct state *state, const char *record)
{
	const char *mac = strstr(record, "\nmac = ");

	for (size_t i = 0; mac && i < state->record_count; i++)
		if (state->records[i].name[0] != '.' &&
			strncmp(mac, strstr(state->records[i].text, "\nmac = "),
				strlen("\nmac = 56:6f:1a:2b:07:01")) == 0)
			return state->records[i].text;
	return NULL;
}

/* What a VF has to be like does not depend on which one it is. */
static bool is_wanted_alike(const struct state *a, const struct state *b)
{
	for (size_t i = 0; i < a->record_count; i++) {
		const char *other = record_like(b, a->records[i].text);

		if (!other || strcmp(strstr(a->records[i].text, "[wanted]"), strstr(other, "[wanted]")) != 0)
			return false;
	}
	return true;
}

/* Are the documents the same but for the VFs' addresses? */
static bool is_document_alike(const char *a, const char *b)
{
	static const char source[] = "<source><address type=\"pci\"";

	for (; *a && *a == *b; a++, b++)
		if (strncmp(a, source, strlen(source)) == 0 && strncmp(b, source, strlen(source)) == 0) {
			a += strcspn(a, "/");
			b += strcspn(b, "/");
		}
	return *a == *b;
}

bool is_given(const struct state *state, unsigned least, const struct state *model)
{
	struct vfpt_assignment *all;
	size_t count, corrupt, hostdevs = 0;
	bool good = true;

	if (!state->document || read_ledger(&all, &count, &corrupt) < 0)
		return false;
	for (const char *at = state->document; (at = strstr(at, "<interface type=\"hostdev\"")); at++)
		hostdevs++;
	for (size_t i = 0; i < count; i++)
		good = good && is_in(state->document, &all[i]) && is_set(state, &all[i]);
	free(all);
	if (model && (!is_wanted_alike(state, model) ||
			     (state->record_count == model->record_count &&
				     !is_document_alike(state->document, model->document))))
		return false;
	return good && corrupt == 0 && count >= least && hostdevs == count;
}
