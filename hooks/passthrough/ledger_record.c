/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ledger_record.h"

#include <ini.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "file.h"

/* --- the table ------------------------------------------------------------------------------- */

enum kind { VM, MAC, PCI, TEXT, FLAG, NUMBER, LONG_NUMBER };

/* What [assignment] has, in the order in which it is written. */
static const struct field {
	const char *name;
	bool needed; /* a record without it is cut off; others came later, or may be empty */
	enum kind kind;
	size_t offset; /* in struct vfpt_assignment */
	uint64_t most; /* of a number; of a text its room */
} fields[] = {
	{"vm", true, VM, offsetof(struct vfpt_assignment, vm), 0},
	{"mac", true, MAC, offsetof(struct vfpt_assignment, mac), 0},
	{"alias", false, TEXT, offsetof(struct vfpt_assignment, alias), VFPT_ALIAS_SIZE},
	{"network", false, TEXT, offsetof(struct vfpt_assignment, network), VFPT_NETWORK_SIZE},
	{"pf", false, TEXT, offsetof(struct vfpt_assignment, pf), IFNAMSIZ},
	{"vf", true, NUMBER, offsetof(struct vfpt_assignment, vf), VFPT_MAX_VFS},
	{"address", true, PCI, offsetof(struct vfpt_assignment, address), 0},
	{"generation", true, LONG_NUMBER, offsetof(struct vfpt_assignment, generation), UINT64_MAX},
	{"run", false, LONG_NUMBER, offsetof(struct vfpt_assignment, run), UINT64_MAX},
	{"macvtap", false, FLAG, offsetof(struct vfpt_assignment, macvtap), 1},
	{"mtu_before", false, NUMBER, offsetof(struct vfpt_assignment, mtu_before), UINT32_MAX},
	{"mtu", false, NUMBER, offsetof(struct vfpt_assignment, mtu), UINT32_MAX},
	{"own_mac", false, MAC, offsetof(struct vfpt_assignment, own_mac), 0},
	{"unfinished", false, FLAG, offsetof(struct vfpt_assignment, unfinished), 1},
};

enum { FIELD_COUNT = sizeof(fields) / sizeof(fields[0]) };

/* --- printing -------------------------------------------------------------------------------- */

static size_t print_field(const struct field *field, const struct vfpt_assignment *a, char *text, size_t size)
{
	const void *at = (const char *)a + field->offset;
	char buffer[VFPT_PCI_SIZE + VFPT_MAC_SIZE];

	switch (field->kind) {
	case VM:
	case TEXT:
		return (size_t)snprintf(text, size, "%s = %s\n", field->name, (const char *)at);
	case MAC:
		return (size_t)snprintf(text, size, "%s = %s\n", field->name, vfpt_mac_format(at, buffer));
	case PCI:
		return (size_t)snprintf(text, size, "%s = %s\n", field->name, vfpt_pci_format(at, buffer));
	case FLAG:
		return (size_t)snprintf(text, size, "%s = %u\n", field->name, *(const bool *)at);
	case NUMBER:
		return (size_t)snprintf(text, size, "%s = %u\n", field->name, *(const unsigned *)at);
	case LONG_NUMBER:
		return (size_t)snprintf(text, size, "%s = %" PRIu64 "\n", field->name, *(const uint64_t *)at);
	}
	return 0;
}

static size_t print_settings(
	const char *section, const struct vfpt_settings *settings, char *text, size_t size)
{
	size_t used = (size_t)snprintf(text, size, "\n[%s]\n", section);
	char value[VFPT_SETTING_SIZE];

	for (int i = 0; i < VFPT_SETTING_COUNT; i++) {
		enum vfpt_setting setting = (enum vfpt_setting)i;

		if (vfpt_settings_have(settings, setting))
			used += (size_t)snprintf(text + used, size - used, "%s = %s\n",
				vfpt_setting_name(setting),
				vfpt_setting_print(setting, settings->value[i], value));
	}
	return used;
}

void vfpt_record_print(const struct vfpt_assignment *a, char text[VFPT_RECORD_SIZE])
{
	size_t used = (size_t)snprintf(text, VFPT_RECORD_SIZE, "[assignment]\n");

	for (int i = 0; i < FIELD_COUNT; i++)
		used += print_field(&fields[i], a, text + used, VFPT_RECORD_SIZE - used);
	used += print_settings("before", &a->before, text + used, VFPT_RECORD_SIZE - used);
	used += print_settings("wanted", &a->wanted, text + used, VFPT_RECORD_SIZE - used);
	/* The last line shows that none before it is missing. */
	snprintf(text + used, VFPT_RECORD_SIZE - used, "\n[end]\ncomplete = yes\n");
}

/* --- scanning -------------------------------------------------------------------------------- */

struct record_scan {
	struct vfpt_assignment *a;
	unsigned seen; /* a bit for each of fields[], and one for the end */
	struct vfpt_error *err;
};

static int scan_field(
	const struct field *field, struct vfpt_assignment *a, const char *value, struct vfpt_error *err)
{
	void *at = (char *)a + field->offset;
	uint64_t number = 0;

	switch (field->kind) {
	case VM:
		return vfpt_vm_parse(value, at, err);
	case MAC:
		return vfpt_mac_parse(value, at, err);
	case PCI:
		return vfpt_pci_parse(value, at, err);
	case TEXT:
		return snprintf(at, field->most, "%s", value) < (int)field->most ? 0 : -1;
	case FLAG:
	case NUMBER:
	case LONG_NUMBER:
		if (parse_number(value, 10, field->most, &number) < 0)
			return -1;
		break;
	}
	if (field->kind == FLAG)
		*(bool *)at = number;
	else if (field->kind == NUMBER)
		*(unsigned *)at = (unsigned)number;
	else
		*(uint64_t *)at = number;
	return 0;
}

static int scan_assignment(struct record_scan *scan, const char *key, const char *value)
{
	for (int i = 0; i < FIELD_COUNT; i++)
		if (strcmp(key, fields[i].name) == 0) {
			scan->seen |= 1u << i;
			return scan_field(&fields[i], scan->a, value, scan->err);
		}
	return -1;
}

static int scan_settings(
	struct record_scan *scan, struct vfpt_settings *settings, const char *key, const char *value)
{
	for (int i = 0; i < VFPT_SETTING_COUNT; i++)
		if (strcmp(key, vfpt_setting_name((enum vfpt_setting)i)) == 0)
			return vfpt_setting_scan_shown(settings, (enum vfpt_setting)i, value, scan->err);
	return -1;
}

/* inih's handler: non-zero for success. */
static int scan_pair(void *data, const char *section, const char *key, const char *value)
{
	struct record_scan *scan = data;

	if (strcmp(section, "assignment") == 0)
		return scan_assignment(scan, key, value) == 0;
	if (strcmp(section, "before") == 0)
		return scan_settings(scan, &scan->a->before, key, value) == 0;
	if (strcmp(section, "wanted") == 0)
		return scan_settings(scan, &scan->a->wanted, key, value) == 0;
	if (strcmp(section, "end") == 0 && strcmp(key, "complete") == 0 && strcmp(value, "yes") == 0) {
		scan->seen |= 1u << FIELD_COUNT;
		return 1;
	}
	return 0;
}

int vfpt_record_scan(const char *text, struct vfpt_assignment *out, struct vfpt_error *err)
{
	struct record_scan scan = {.a = out, .err = err};
	unsigned needed = 1u << FIELD_COUNT;
	int line;

	for (int i = 0; i < FIELD_COUNT; i++)
		needed |= (unsigned)fields[i].needed << i;
	*out = (struct vfpt_assignment){0};
	line = ini_parse_string(text, scan_pair, &scan);
	if (line != 0)
		return vfpt_error_set(err, VFPT_CORRUPT, "line %d is garbage", line);
	if ((scan.seen & needed) != needed)
		return vfpt_error_set(err, VFPT_CORRUPT, "it is cut off");
	return 0;
}
